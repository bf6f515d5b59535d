/*
 * (c) A campaign over virtual cards with its durable ledger against a bare loop without one, which
 *     sends the same commands to the same cards. Ratio of cards per second. Goal: >= 0.85.
 *
 * The commands are recorded from a campaign. Challenges of these cards follow from their keys and
 * counters, so that copies of the cards from before that campaign take what was recorded; the loop
 * compares every status word. Each round begins with such copies and with no ledger.
 *
 * Usage: campaign_bench FOLDER   (campaign.yaml and the cards in fleet/, as test/bench/run makes
 * it)
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "campaign/campaign.h"
#include "measure.h"
#include "open.h"
#include "vcard/vcard.h"

enum { ROUNDS = 9, CARDS_MAX = 1000, FILE_MAX = 1 << 20 };

/* ---- the cards: as they were before, and what a campaign sent to each ---- */

struct recorded {
	char path[4096];
	struct wr before; /* the file */
	struct wr sent;   /* length(4), command, status word(2), and so on */
};

struct fleet {
	struct recorded card[CARDS_MAX];
	size_t n;
	size_t commands;
};

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct recorded *)a)->path, ((const struct recorded *)b)->path);
}

static void fleet_read(struct fleet *f)
{
	DIR *d = opendir("fleet");
	struct dirent *de;
	struct err e;

	need(d != NULL, "opening fleet/");
	while ((de = readdir(d)) != NULL) {
		struct recorded *c = &f->card[f->n];

		if (strstr(de->d_name, ".card") == NULL)
			continue;
		need(f->n++ < CARDS_MAX, "counting the cards");
		snprintf(c->path, sizeof(c->path), "./fleet/%s", de->d_name);
		c->sent = wr_grow(FILE_MAX);
		need(file_read(c->path, FILE_MAX, &c->before, &e) == 0, "reading a card");
	}
	closedir(d);
	need(f->n > 0, "finding cards");
	qsort(f->card, f->n, sizeof(f->card[0]), by_path);
}

/* The cards as they were, and a ledger that knows nothing. */
static void fleet_restore(const struct fleet *f)
{
	for (size_t i = 0; i < f->n; i++) {
		struct span s = wr_span(&f->card[i].before);
		int fd = open(f->card[i].path, O_WRONLY | O_TRUNC | O_CLOEXEC);

		need(fd >= 0 && write(fd, s.p, s.n) == (ssize_t)s.n, "restoring a card");
		close(fd);
	}
	unlink("campaign.ledger");
	unlink("campaign.ledger-wal");
	unlink("campaign.ledger-shm");
	sync(); /* what we wrote is not to be synced on the ledger's account */
}

/* ---- a card that is listened to ---- */

struct listener {
	struct card card;
	struct recorded *to;
};

static int listen_transmit(void *ctx, struct span command, struct wr *rsp, struct err *e)
{
	struct listener *l = ctx;
	size_t before = rsp->n;

	if (l->card.ops->transmit(l->card.ctx, command, rsp, e) != 0)
		return -1;
	need(rsp->n - before >= 2, "a status word");
	wr_u32(&l->to->sent, (uint32_t)command.n);
	wr_put(&l->to->sent, command);
	wr_put(&l->to->sent, span_sub(wr_span(rsp), rsp->n - 2, 2));
	return 0;
}

static int listen_reset(void *ctx, struct err *e)
{
	struct listener *l = ctx;

	return card_reset(&l->card, e);
}

static void listen_close(void *ctx)
{
	struct listener *l = ctx;

	card_close(&l->card);
	free(l);
}

static const struct card_ops listen_ops = {
	.transmit = listen_transmit, .reset = listen_reset, .close = listen_close
};

static int open_listened(void *ctx, const char *path, struct card *card, struct err *e)
{
	struct fleet *f = ctx;
	struct listener *l = calloc(1, sizeof(*l));

	need(l != NULL, "allocating");
	for (size_t i = 0; i < f->n; i++)
		if (strcmp(f->card[i].path, path) == 0)
			l->to = &f->card[i];
	need(l->to != NULL, "finding the card that is opened");
	need(open_vcard(path, &l->card, e) == 0, "opening a card");
	*card = l->card;
	card->ops = &listen_ops;
	card->ctx = l;
	return 0;
}

/* ---- the two ways ---- */

static int open_plain(void *ctx, const char *path, struct card *card, struct err *e)
{
	(void)ctx;
	return open_vcard(path, card, e);
}

static void run_campaign(struct fleet *f, bool listen)
{
	struct campaign_calls calls = { .open = listen ? open_listened : open_plain, .ctx = f };
	static struct campaign c;
	struct campaign_result r;
	struct err e = { 0 };

	if (campaign_open("./campaign.yaml", &c, &e) != 0 || campaign_run(&c, &calls, &r, &e) != 0)
		fprintf(stderr, "campaign: %s\n", e.text);
	need(e.code == ERR_NONE && r.cards_tried == f->n, "the campaign");
	campaign_close(&c);
}

static void send_all(const struct recorded *c, size_t *commands)
{
	uint8_t room[512];
	struct rd r = rd_of(wr_span(&c->sent));
	struct wr answer = wr_fixed(room, sizeof(room));
	struct span command, sw;
	struct vcard *v;
	struct err e;
	uint32_t n;

	need(vcard_open(c->path, &v, &e) == 0, "opening a card");
	while (rd_left(&r) > 0) {
		need(rd_u32(&r, &n) && rd_take(&r, n, &command) && rd_take(&r, 2, &sw), "reading");
		answer.n = 0;
		need(vcard_transmit(v, command, &answer) == VCARD_ANSWER, "sending");
		need(span_eq(span_sub(wr_span(&answer), answer.n - 2, 2), sw), "the same answer");
		++*commands;
	}
	vcard_close(v);
}

static void run_bare(struct fleet *f)
{
	f->commands = 0;
	for (size_t i = 0; i < f->n; i++)
		send_all(&f->card[i], &f->commands);
}

int main(int argc, char **argv)
{
	static struct fleet f;
	double ratio[ROUNDS], ours[ROUNDS], bare[ROUNDS];
	char note[128];

	need(argc == 2 && chdir(argv[1]) == 0, "entering the folder");
	fleet_read(&f);
	run_campaign(&f, true);
	for (int i = 0; i < ROUNDS; i++) {
		double t0, t1;

		fleet_restore(&f);
		t0 = now();
		run_bare(&f);
		t1 = now();
		bare[i] = (double)f.n * 1e9 / (t1 - t0);
		fleet_restore(&f);
		t0 = now();
		run_campaign(&f, false);
		t1 = now();
		ours[i] = (double)f.n * 1e9 / (t1 - t0);
		ratio[i] = ours[i] / bare[i];
	}
	snprintf(note, sizeof(note), "%.0f / %.0f cards/s; %zu cards, %.1f commands each",
	    median(ours, ROUNDS), median(bare, ROUNDS), f.n, (double)f.commands / (double)f.n);
	return goal_line("(c) campaign with ledger / bare loop, cards/s", median(ratio, ROUNDS),
		   AT_LEAST, 0.85, note)
		   ? 0
		   : 1;
}
