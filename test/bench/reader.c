#include "reader.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <winscard.h>

#include "measure.h"

enum { ROUNDS = 11, WAIT_STEPS = 500 };

/* The reader with the card; false: there is none. */
static bool find_card(struct reader *r)
{
	struct pcsc_readers all;
	struct err e;

	need(pcsc_list(&all, NULL, NULL, &e) == 0, "listing the readers");
	for (size_t i = 0; i < all.n; i++) {
		if (all.reader[i].present) {
			memcpy(r->name, all.reader[i].name, sizeof(r->name));
			return true;
		}
	}
	return false;
}

static void wait_card(struct reader *r, bool present)
{
	const struct timespec step = { .tv_nsec = 10000000 };

	for (int i = 0; i < WAIT_STEPS; i++) {
		if (find_card(r) == present)
			return;
		nanosleep(&step, NULL);
	}
	need(false, present ? "putting the card in" : "taking the card out");
}

static void take_out(struct reader *r)
{
	int status;

	if (r->serving == 0)
		return;
	need(kill(r->serving, SIGTERM) == 0 && waitpid(r->serving, &status, 0) == r->serving &&
		 status == 0,
	    "ending the card");
	r->serving = 0;
	wait_card(r, false);
}

static void put_in(struct reader *r)
{
	char *argv[] = { (char *)(uintptr_t)r->program, "vcard", "serve", r->card.path, "--vpcd",
		(char *)(uintptr_t)r->vpcd, "--quiet", NULL };
	posix_spawn_file_actions_t files;
	extern char **environ;

	take_out(r);
	recorded_restore(&r->card);
	if (r->forget != NULL)
		r->forget();
	need(posix_spawn_file_actions_init(&files) == 0 &&
		 posix_spawn_file_actions_addopen(
		     &files, STDERR_FILENO, "serve.err", O_WRONLY | O_CREAT | O_TRUNC, 0600) == 0 &&
		 posix_spawn(&r->serving, r->program, &files, NULL, argv, environ) == 0,
	    "starting the card");
	posix_spawn_file_actions_destroy(&files);
	wait_card(r, true);
}

static size_t run_bare(const struct reader *r)
{
	struct rd sent = rd_of(wr_span(&r->card.sent));
	struct span command, sw;
	uint8_t answer[4096];
	SCARDCONTEXT context;
	SCARDHANDLE card;
	DWORD protocol;
	size_t commands = 0;

	need(SCardEstablishContext(SCARD_SCOPE_SYSTEM, NULL, NULL, &context) == SCARD_S_SUCCESS &&
		 SCardConnect(context, r->name, SCARD_SHARE_EXCLUSIVE, SCARD_PROTOCOL_T1, &card,
		     &protocol) == SCARD_S_SUCCESS &&
		 SCardBeginTransaction(card) == SCARD_S_SUCCESS,
	    "connecting");
	while (recorded_next(&sent, &command, &sw)) {
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

/* The greater rate of `best` and this. */
static double faster(double best, size_t commands, double ns)
{
	double rate = (double)commands * 1e9 / ns;

	return rate > best ? rate : best;
}

bool reader_compare(struct reader *r, const char *what)
{
	double ours = 0, bare = 0;
	size_t commands = 0;
	char note[128];

	for (int i = 0; i < ROUNDS; i++) {
		double t0, t1;

		put_in(r);
		t0 = now();
		commands = run_bare(r);
		t1 = now();
		bare = faster(bare, commands, t1 - t0);
		put_in(r);
		t0 = now();
		r->job(r);
		t1 = now();
		ours = faster(ours, commands, t1 - t0);
	}
	take_out(r);
	snprintf(note, sizeof(note), "%.0f / %.0f commands/s; one card, %zu commands", ours, bare,
	    commands);
	return goal_line(what, ours / bare, AT_LEAST, 0.9, note);
}
