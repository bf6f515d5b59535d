#include "cmd/campaign/feed.h"

#include <stdio.h>
#include <string.h>

#include "card/pcsc.h"
#include "cmd/channel/open.h"
#include "cmd/kit/print.h"

enum {
	LOOK_NS = 200000000, /* between two looks at the readers */
	SETTLE_SECONDS = 2   /* a card just put in: contacts, and others who look at it too */
};

static double since(const struct timespec *from)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - from->tv_sec) + (double)(now.tv_nsec - from->tv_nsec) / 1e9;
}

void habits_find(
    struct ctx *c, const struct profiles *p, const struct session *s, struct campaign_habits *h)
{
	struct profile_match m = { 0 };

	if (p != NULL)
		card_profile(c, p, s->card, &s->id, &m);
	h->load = profile_habits(m.profile);
	h->profile = m.profile;
}

int feed_begin(
    struct feed *f, struct ctx *c, const struct campaign *cp, uint32_t idle, struct err *e)
{
	struct pcsc_readers list;
	size_t at;

	memset(f, 0, sizeof(*f));
	f->c = c;
	f->idle = idle;
	if (pcsc_list(&list, NULL, NULL, e) != 0)
		return -1;
	for (; f->n < cp->m.readers_n; f->n++) {
		if (pcsc_find(&list, cp->m.readers[f->n], &at, e) != 0)
			return err_in(e, "%s", cp->m.path);
		snprintf(
		    f->slots[f->n].name, sizeof(f->slots[f->n].name), "%s", list.reader[at].name);
		for (size_t i = 0; i < f->n; i++)
			if (strcmp(f->slots[i].name, f->slots[f->n].name) == 0)
				return err_set(e, ERR_INPUT, "%s: `%s` and `%s` are one reader",
				    cp->m.path, cp->m.readers[i], cp->m.readers[f->n]);
	}
	f->last = f->n - 1;
	return 0;
}

static const struct pcsc_reader *named(const struct pcsc_readers *list, const char *name)
{
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->reader[i].name, name) == 0)
			return &list->reader[i];
	return NULL;
}

/* A card that was not there before, and that nobody else holds. The search begins behind the reader
 * that was served last, so that none waits for ever. */
static bool find_new(struct feed *f, const struct pcsc_readers *list)
{
	for (size_t k = 1; k <= f->n; k++) {
		size_t i = (f->last + k) % f->n;
		const struct pcsc_reader *r = named(list, f->slots[i].name);

		if (r == NULL || !r->present) {
			f->slots[i].worked = false;
			continue;
		}
		if (r->in_use || (f->slots[i].worked && r->events == f->slots[i].events))
			continue;
		f->slots[i].worked = true;
		f->slots[i].events = r->events;
		f->last = i;
		return true;
	}
	return false;
}

int feed_next(void *ctx, char reader[static MANIFEST_READER_NAME], struct err *e)
{
	const struct timespec pause = { .tv_nsec = LOOK_NS };
	struct feed *f = ctx;
	struct pcsc_readers list;

	clock_gettime(CLOCK_MONOTONIC, &f->waiting);
	for (;;) {
		if (feed_stop(f) || (f->idle != 0 && since(&f->waiting) >= f->idle))
			return 0;
		/* pcscd may come back: each look is a fresh connection. */
		if (pcsc_list(&list, NULL, NULL, e) != 0) {
			if (!f->troubled)
				ctx_note(f->c, "%s; waiting for it", e->text);
			f->troubled = true;
		} else {
			f->troubled = false;
			if (find_new(f, &list))
				break;
		}
		nanosleep(&pause, NULL); /* a signal ends it early */
	}
	snprintf(reader, MANIFEST_READER_NAME, "%s", f->slots[f->last].name);
	clock_gettime(CLOCK_MONOTONIC, &f->began);
	progress_begin(&f->progress, f->c, reader);
	return 1;
}

int feed_open(void *ctx, const char *reader, struct card *card, struct err *e)
{
	const struct timespec pause = { .tv_nsec = LOOK_NS };
	const struct feed *f = ctx;

	while (open_reader(reader, card, e) != 0) {
		if (e->code != ERR_READER || *f->c->stop != 0 || since(&f->began) > SETTLE_SECONDS)
			return -1;
		nanosleep(&pause, NULL);
	}
	card_limit(card, f->timeout_ms);
	if (traces_card(f->traces, card, e) == 0)
		return 0;
	card_close(card);
	return -1;
}

void feed_progress(void *ctx, const struct ledger_card *lc, uint32_t done, uint32_t total)
{
	struct feed *f = ctx;

	(void)lc;
	progress_show(&f->progress, done, total);
}

void feed_told(void *ctx, const char *reader, enum fed how, const struct ledger_card *lc)
{
	struct feed *f = ctx;
	FILE *log = f->c->log;

	traces_write(f->traces, lc);
	progress_end(&f->progress);
	if (f->c->quiet)
		return;
	print_text(log, "%s: ", reader);
	if (lc->id[0] != '\0')
		print_text(log, "card %s: ", lc->id);
	switch (how) {
	case FED_DUPLICATE:
		print_raw(log, "was done before");
		break;
	case FED_DONE:
		print_text(log, "%s in %.1f s",
		    strcmp(lc->step, reached_str(REACHED_ALREADY)) == 0 ? "already at the goal"
									: "done",
		    since(&f->began));
		break;
	case FED_REFUSED:
		print_raw(log, "an authentication failed on it before, not tried again");
		break;
	case FED_UNKNOWN:
	case FED_FAILED:
		print_text(log, "failed at %s: %s", lc->step, lc->reason);
		break;
	}
	print_raw(log, "; take it out\n");
	fflush(log);
}

void feed_remark(void *ctx, const char *text)
{
	const struct feed *f = ctx;

	ctx_note(f->c, "%s", text);
}

void feed_start(void *ctx, const struct ledger_sums *s)
{
	struct feed *f = ctx;

	clock_gettime(CLOCK_MONOTONIC, &f->started);
	if (f->c->quiet)
		return;
	print_text(f->c->log, "%llu card%s done before; put cards into ",
	    (unsigned long long)s->done, s->done == 1 ? "" : "s");
	for (size_t i = 0; i < f->n; i++)
		print_text(f->c->log, "%s%s", i == 0 ? "" : ", ", f->slots[i].name);
	print_raw(f->c->log, "; an interrupt (^C) ends it\n");
	fflush(f->c->log);
}

bool feed_stop(void *ctx)
{
	const struct feed *f = ctx;

	return *f->c->stop != 0 || traces_broken(f->traces);
}

void feed_habits(void *ctx, const struct session *s, struct campaign_habits *h)
{
	const struct feed *f = ctx;

	habits_find(f->c, f->profiles, s, h);
}
