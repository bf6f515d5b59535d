#include "cmd/campaign/traces.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "card/trace.h"

/* The comment that names a card: all that a row of the ledger says of it. */
enum {
	HEAD_MAX = sizeof(((struct ledger_card *)0)->id) + sizeof(((struct ledger_card *)0)->file) +
		   sizeof(((struct ledger_card *)0)->reason) + 64
};

static int open_file(const char *path)
{
	return open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0600);
}

int traces_begin(struct traces *t, const char *path, struct err *e)
{
	struct stat st;
	int fd;

	*t = (struct traces){ .path = path };
	if (path == NULL)
		return 0;
	t->directory = stat(path, &st) == 0 && S_ISDIR(st.st_mode);
	if (t->directory && access(path, W_OK | X_OK) == 0)
		return 0;
	fd = t->directory ? -1 : open_file(path);
	if (fd >= 0) {
		close(fd);
		return 0;
	}
	err_errno(e, ERR_OTHER, "%s: cannot write traces", path);
	return err_hint(e, "--trace names a directory, or a file in a directory that is there");
}

int traces_card(struct traces *t, struct card *card, struct err *e)
{
	if (t->path == NULL)
		return 0;
	if (t->f == NULL)
		t->f = open_memstream(&t->text, &t->n);
	if (t->f == NULL)
		return err_memory(e);
	return trace_wrap_stream(card, t->f, t->path, e);
}

/* In one write, so that several programs may append. */
static int append(const char *path, const char *head, const char *text, size_t n)
{
	size_t h = strlen(head);
	char *all = malloc(h + n);
	int fd = all == NULL ? -1 : open_file(path), rc = -1;

	if (fd >= 0) {
		memcpy(all, head, h);
		memcpy(all + h, text, n);
		errno = ENOSPC; /* what a part that was written means */
		rc = write(fd, all, h + n) == (ssize_t)(h + n) ? 0 : -1;
		if (close(fd) != 0)
			rc = -1;
	}
	free(all);
	return rc;
}

/* One line, whatever a file is called and a card has said. */
static void name_card(const struct ledger_card *lc, char *out, size_t cap)
{
	const char *state =
	    lc == NULL || lc->state == ROW_PENDING ? "not ended" : row_state_str(lc->state);

	/* What is too long is cut. */
	if (snprintf(out, cap, "# card %s, %s: %s%s%s",
		lc == NULL || lc->id[0] == '\0' ? "-" : lc->id,
		lc == NULL || lc->file[0] == '\0' ? "-" : lc->file, state,
		lc == NULL || lc->reason[0] == '\0' ? "" : ": ", lc == NULL ? "" : lc->reason) < 0)
		out[0] = '\0';
	for (char *p = out; *p != '\0'; p++)
		if ((unsigned char)*p < 0x20 || (unsigned char)*p >= 0x7F)
			*p = '?';
	memcpy(out + strlen(out), "\n", 2);
}

static void put(struct traces *t, const struct ledger_card *lc)
{
	const char *id = lc == NULL || lc->id[0] == '\0' ? "unidentified" : lc->id;
	char path[4096], head[HEAD_MAX];

	if (snprintf(path, sizeof(path), "%s%s%s%s", t->path, t->directory ? "/" : "",
		t->directory ? id : "", t->directory ? ".trace" : "") >= (int)sizeof(path)) {
		err_set(&t->failed, ERR_OTHER, "%s: name too long", t->path);
		return;
	}
	name_card(lc, head, sizeof(head) - 1);
	if (append(path, head, t->text, t->n) != 0)
		err_errno(&t->failed, ERR_OTHER, "%s: cannot write the trace", path);
}

void traces_write(struct traces *t, const struct ledger_card *lc)
{
	if (t->f == NULL)
		return;
	if (fclose(t->f) != 0)
		err_memory(&t->failed);
	else if (t->n > 0 && t->failed.code == ERR_NONE)
		put(t, lc);
	free(t->text);
	t->f = NULL;
	t->text = NULL;
}

bool traces_broken(const struct traces *t)
{
	return t->failed.code != ERR_NONE;
}

int traces_end(struct traces *t, int rc, struct err *e)
{
	traces_write(t, NULL);
	if (!traces_broken(t))
		return rc;
	*e = t->failed;
	return -1;
}
