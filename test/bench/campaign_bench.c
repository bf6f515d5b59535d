/*
 * (c) A campaign over virtual cards with its durable ledger against a bare loop without one, which
 *     sends the same commands to the same cards. Ratio of cards per second. Goal: >= 0.85.
 * (j) The same with a step authorize-party, where the loop too has on the disk what must be there
 *     before a card is changed: two lines of a record, the intent and the serial, and a file with
 *     the grant. The campaign has its record of authentications on the disk beside. Goal: >= 0.3.
 *
 * The commands are recorded from a campaign; the loop compares every status word. Each round begins
 * with the cards as they were before, and with no ledger.
 *
 * Usage: campaign_bench FOLDER [parties]   (campaign.yaml and the cards in fleet/, as
 * test/bench/run makes it; out/ is for grants)
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "measure.h"
#include "cmd/channel/open.h"
#include "record.h"
#include "vcard/core/vcard.h"

enum { ROUNDS = 7, GRANT_ROUNDS = 3, CARDS_MAX = 1000 };

struct fleet {
	struct recorded card[CARDS_MAX];
	size_t n;
	size_t commands;
};

static void fleet_read(struct fleet *f)
{
	DIR *d = opendir("fleet");
	struct dirent *de;
	char path[300];

	need(d != NULL, "opening fleet/");
	while ((de = readdir(d)) != NULL) {
		if (strstr(de->d_name, ".card") == NULL)
			continue;
		need(f->n < CARDS_MAX, "counting the cards");
		snprintf(path, sizeof(path), "./fleet/%s", de->d_name);
		recorded_read(&f->card[f->n++], path);
	}
	closedir(d);
	need(f->n > 0, "finding cards");
}

static void fleet_restore(const struct fleet *f)
{
	for (size_t i = 0; i < f->n; i++)
		recorded_restore(&f->card[i]);
	campaign_forget();
	need(system("rm -rf out") == 0, "removing the grants");
}

static int open_recorded(void *ctx, const char *path, struct card *card, struct err *e)
{
	struct fleet *f = ctx;

	for (size_t i = 0; i < f->n; i++) {
		if (strcmp(f->card[i].path, path) == 0) {
			recorded_open(&f->card[i], card);
			return 0;
		}
	}
	return err_set(e, ERR_READER, "%s: no such card", path);
}

static int open_plain(void *ctx, const char *path, struct card *card, struct err *e)
{
	(void)ctx;
	return open_vcard(path, card, e);
}

static void send_all(const struct recorded *c, size_t *commands)
{
	uint8_t room[512];
	struct rd r = rd_of(wr_span(&c->sent));
	struct wr answer = wr_fixed(room, sizeof(room));
	struct span command, sw;
	struct vcard *v;
	struct err e;

	need(vcard_open(c->path, &v, &e) == 0, "opening a card");
	while (recorded_next(&r, &command, &sw)) {
		answer.n = 0;
		need(vcard_transmit(v, command, &answer) == VCARD_ANSWER, "sending");
		need(span_eq(span_sub(wr_span(&answer), answer.n - 2, 2), sw), "the same answer");
		++*commands;
	}
	vcard_close(v);
}

/* What must be on the disk before a grant is placed. */
static void write_down(int record, size_t card)
{
	static const uint8_t octets[1200];
	char path[64];
	struct err e;

	for (int i = 0; i < 2; i++) {
		need(write(record, octets, 200) == 200, "writing a record");
		need(fdatasync(record) == 0, "syncing a record");
	}
	snprintf(path, sizeof(path), "out/%zu.grant", card);
	need(file_write(path, SPAN(octets), 0644, &e) == 0, "writing a grant");
}

static void run_bare(struct fleet *f, bool grants)
{
	int record = -1;

	f->commands = 0;
	if (grants) {
		need(mkdir("out", 0755) == 0, "making a folder");
		record = open("out/record", O_WRONLY | O_CREAT | O_APPEND, 0600);
		need(record >= 0, "making a record");
	}
	for (size_t i = 0; i < f->n; i++) {
		if (grants)
			write_down(record, i);
		send_all(&f->card[i], &f->commands);
	}
	if (grants)
		close(record);
}

int main(int argc, char **argv)
{
	static struct fleet f;
	double ratio[ROUNDS], ours[ROUNDS], bare[ROUNDS];
	char note[128];
	const bool grants = argc == 3;
	const size_t rounds = grants ? GRANT_ROUNDS : ROUNDS;

	need((argc == 2 || argc == 3) && chdir(argv[1]) == 0, "entering the folder");
	fleet_read(&f);
	campaign_whole(open_recorded, &f, f.n);
	for (size_t i = 0; i < rounds; i++) {
		double t0, t1;

		fleet_restore(&f);
		t0 = now();
		run_bare(&f, grants);
		t1 = now();
		bare[i] = (double)f.n * 1e9 / (t1 - t0);
		fleet_restore(&f);
		t0 = now();
		campaign_whole(open_plain, NULL, f.n);
		t1 = now();
		ours[i] = (double)f.n * 1e9 / (t1 - t0);
		ratio[i] = ours[i] / bare[i];
	}
	snprintf(note, sizeof(note), "%.0f / %.0f cards/s; %zu cards, %.1f commands each",
	    median(ours, rounds), median(bare, rounds), f.n, (double)f.commands / (double)f.n);
	if (grants)
		return goal_line("(j) campaign of grants / bare loop that syncs",
			   median(ratio, rounds), AT_LEAST, 0.3, note)
			   ? 0
			   : 1;
	return goal_line("(c) campaign with ledger / bare loop, cards/s", median(ratio, rounds),
		   AT_LEAST, 0.85, note)
		   ? 0
		   : 1;
}
