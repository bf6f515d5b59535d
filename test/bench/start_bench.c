/*
 * (e) How long a verb that needs no card takes to start and end, against a program that is linked
 *     with libcrypto and does nothing. Ratio of times. Goal: <= 3.
 *
 * Usage: start_bench LABEL BASELINE PROGRAM ARGS...
 */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "measure.h"

enum { ROUNDS = 201 };

extern char **environ;

static double run_once(char *const *argv, const posix_spawn_file_actions_t *quiet)
{
	double t0 = now();
	pid_t pid;
	int status;

	need(posix_spawn(&pid, argv[0], quiet, NULL, argv, environ) == 0, "starting a program");
	need(waitpid(pid, &status, 0) == pid && status == 0, "running a program");
	return now() - t0;
}

int main(int argc, char **argv)
{
	double ratio[ROUNDS], ours[ROUNDS], base[ROUNDS];
	posix_spawn_file_actions_t quiet;
	char *baseline[] = { NULL, NULL };
	char what[128], note[128];

	need(argc >= 4, "usage");
	baseline[0] = argv[2];
	need(posix_spawn_file_actions_init(&quiet) == 0 &&
		 posix_spawn_file_actions_addopen(
		     &quiet, STDOUT_FILENO, "/dev/null", O_WRONLY, 0) == 0,
	    "setting up");
	run_once(baseline, &quiet);
	run_once(&argv[3], &quiet);
	for (int i = 0; i < ROUNDS; i++) {
		base[i] = run_once(baseline, &quiet);
		ours[i] = run_once(&argv[3], &quiet);
		ratio[i] = ours[i] / base[i];
	}
	posix_spawn_file_actions_destroy(&quiet);
	snprintf(what, sizeof(what), "(e) start of %s / libcrypto only", argv[1]);
	snprintf(note, sizeof(note), "%.2f / %.2f ms", median(ours, ROUNDS) / 1e6,
	    median(base, ROUNDS) / 1e6);
	return goal_line(what, median(ratio, ROUNDS), AT_MOST, 3.0, note) ? 0 : 1;
}
