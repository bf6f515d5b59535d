/*
 * (d) A campaign through pcscd and vpcd, with its durable ledger, against a bare loop of
 *     SCardTransmit, which sends the same commands to the same card. Ratio of commands per second,
 *     connecting and disconnecting included. Goal: >= 0.9.
 *
 * The commands are recorded from a campaign inside this process. Before each pass the card is taken
 * out, becomes what it was before, and is put in again.
 *
 * Usage: pcsc_bench FOLDER CARDADM VPCD-HOST:PORT   (campaign.yaml, one card in fleet/0001.card; a
 * pcscd whose readers are empty)
 */
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <winscard.h>

#include "card/pcsc.h"
#include "measure.h"
#include "record.h"

enum { ROUNDS = 7, WAIT_STEPS = 500 };

struct bench {
	struct recorded card;
	const char *program, *vpcd;
	pid_t serving; /* 0: no card in the reader */
	char reader[PCSC_NAME_SIZE];
};

/* The reader with the card; false: there is none. */
static bool find_card(struct bench *b)
{
	struct pcsc_readers r;
	struct err e;

	need(pcsc_list(&r, NULL, NULL, &e) == 0, "listing the readers");
	for (size_t i = 0; i < r.n; i++) {
		if (r.reader[i].present) {
			memcpy(b->reader, r.reader[i].name, sizeof(b->reader));
			return true;
		}
	}
	return false;
}

static void wait_card(struct bench *b, bool present)
{
	const struct timespec step = { .tv_nsec = 10000000 };

	for (int i = 0; i < WAIT_STEPS; i++) {
		if (find_card(b) == present)
			return;
		nanosleep(&step, NULL);
	}
	need(false, present ? "putting the card in" : "taking the card out");
}

static void take_out(struct bench *b)
{
	int status;

	if (b->serving == 0)
		return;
	need(kill(b->serving, SIGTERM) == 0 && waitpid(b->serving, &status, 0) == b->serving &&
		 status == 0,
	    "ending the card");
	b->serving = 0;
	wait_card(b, false);
}

static void put_in(struct bench *b)
{
	char *argv[] = { (char *)(uintptr_t)b->program, "vcard", "serve", b->card.path, "--vpcd",
		(char *)(uintptr_t)b->vpcd, "--quiet", NULL };
	posix_spawn_file_actions_t files;
	extern char **environ;

	take_out(b);
	recorded_restore(&b->card);
	campaign_forget();
	need(posix_spawn_file_actions_init(&files) == 0 &&
		 posix_spawn_file_actions_addopen(
		     &files, STDERR_FILENO, "serve.err", O_WRONLY | O_CREAT | O_TRUNC, 0600) == 0 &&
		 posix_spawn(&b->serving, b->program, &files, NULL, argv, environ) == 0,
	    "starting the card");
	posix_spawn_file_actions_destroy(&files);
	wait_card(b, true);
}

static int open_recorded(void *ctx, const char *path, struct card *card, struct err *e)
{
	struct bench *b = ctx;

	(void)path;
	(void)e;
	recorded_open(&b->card, card);
	return 0;
}

static int open_reader_of(void *ctx, const char *path, struct card *card, struct err *e)
{
	struct bench *b = ctx;

	(void)path;
	return pcsc_open(b->reader, NULL, card, e);
}

static size_t run_bare(const struct bench *b)
{
	struct rd r = rd_of(wr_span(&b->card.sent));
	struct span command, sw;
	uint8_t answer[512];
	SCARDCONTEXT context;
	SCARDHANDLE card;
	DWORD protocol;
	size_t commands = 0;

	need(SCardEstablishContext(SCARD_SCOPE_SYSTEM, NULL, NULL, &context) == SCARD_S_SUCCESS &&
		 SCardConnect(context, b->reader, SCARD_SHARE_EXCLUSIVE, SCARD_PROTOCOL_T1, &card,
		     &protocol) == SCARD_S_SUCCESS &&
		 SCardBeginTransaction(card) == SCARD_S_SUCCESS,
	    "connecting");
	while (recorded_next(&r, &command, &sw)) {
		DWORD n = sizeof(answer);

		need(SCardTransmit(card, SCARD_PCI_T1, command.p, command.n, NULL, answer, &n) ==
			     SCARD_S_SUCCESS &&
			 span_eq(span_sub(span_of(answer, n), n - 2, 2), sw),
		    "the same answer");
		commands++;
	}
	need(SCardEndTransaction(card, SCARD_LEAVE_CARD) == SCARD_S_SUCCESS &&
		 SCardDisconnect(card, SCARD_RESET_CARD) == SCARD_S_SUCCESS &&
		 SCardReleaseContext(context) == SCARD_S_SUCCESS,
	    "disconnecting");
	return commands;
}

int main(int argc, char **argv)
{
	static struct bench b;
	double ratio[ROUNDS], ours[ROUNDS], bare[ROUNDS];
	char note[128];
	size_t commands = 0;

	need(argc == 4 && chdir(argv[1]) == 0, "usage");
	b.program = argv[2];
	b.vpcd = argv[3];
	recorded_read(&b.card, "./fleet/0001.card");
	campaign_whole(open_recorded, &b, 1);
	for (int i = 0; i < ROUNDS; i++) {
		double t0, t1;

		put_in(&b);
		t0 = now();
		commands = run_bare(&b);
		t1 = now();
		bare[i] = (double)commands * 1e9 / (t1 - t0);
		put_in(&b);
		t0 = now();
		campaign_whole(open_reader_of, &b, 1);
		t1 = now();
		ours[i] = (double)commands * 1e9 / (t1 - t0);
		ratio[i] = ours[i] / bare[i];
	}
	take_out(&b);
	snprintf(note, sizeof(note), "%.0f / %.0f commands/s; one card, %zu commands",
	    median(ours, ROUNDS), median(bare, ROUNDS), commands);
	return goal_line("(d) campaign through pcscd / bare SCardTransmit loop",
		   median(ratio, ROUNDS), AT_LEAST, 0.9, note)
		   ? 0
		   : 1;
}
