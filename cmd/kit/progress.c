#include "cmd/kit/progress.h"
#include "cmd/kit/print.h"

#include <string.h>
#include <unistd.h>

static double since(const struct timespec *from)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - from->tv_sec) + (double)(now.tv_nsec - from->tv_nsec) / 1e9;
}

void progress_begin(struct progress *p, struct ctx *c, const char *what)
{
	memset(p, 0, sizeof(*p));
	p->log = c->log;
	p->terminal = !c->quiet && isatty(fileno(c->log)) == 1;
	snprintf(p->what, sizeof(p->what), "%s", what);
	clock_gettime(CLOCK_MONOTONIC, &p->began);
}

void progress_show(struct progress *p, uint64_t done, uint64_t total)
{
	static const char full[] = "########################";
	double t = since(&p->began);
	double left =
	    done == 0 ? 0
		      : t / (double)done * (double)(total - done + (done < total ? p->tail : 0));
	int n = total == 0 ? 0 : (int)(done * (sizeof(full) - 1) / total);

	if (!p->terminal || total == 0 ||
	    (done != total && p->shown.tv_sec != 0 && since(&p->shown) < 0.1))
		return;
	clock_gettime(CLOCK_MONOTONIC, &p->shown);
	print_raw(p->log, "\r");
	print_text(p->log, "%s [%-*.*s] %3d%% %llu/%llu, %d s left", p->what, (int)sizeof(full) - 1,
	    n, full, (int)(done * 100 / total), (unsigned long long)done, (unsigned long long)total,
	    (int)(left + 0.5));
	print_raw(p->log, "\033[K");
	fflush(p->log);
}

void progress_end(struct progress *p)
{
	if (p->terminal && p->shown.tv_sec != 0)
		print_raw(p->log, "\r\033[K");
}
