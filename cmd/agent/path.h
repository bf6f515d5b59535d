/* Where the agent of a card listens: runtime directory, names, lock. Not for others. */
#ifndef CMD_AGENT_PATH_H
#define CMD_AGENT_PATH_H

#include <stdbool.h>
#include <sys/un.h>

#include "base/err.h"

struct agent_place {
	char reader[4200]; /* canonical */
	char lock[108];
	char note[108]; /* agent_note.h */
	struct sockaddr_un addr;
};

/*
 * AGENT_MAKE is for who starts an agent, AGENT_LOOK for who looks for one and leaves no trace.
 * AGENT_NONE: there is no runtime directory of ours, or no lock in it, so no agent either.
 */
enum agent_use { AGENT_LOOK, AGENT_MAKE };
enum { AGENT_THERE = -2, AGENT_NONE = -3 };

/*
 * Names the files; AGENT_MAKE makes the runtime directory if needed. ERR_SAFETY: it is not ours
 * alone. A reader that is unplugged is still found by its name, or a part of it, when an agent
 * holds a channel there or has left a note.
 */
int agent_place_of(const char *reader, enum agent_use use, struct agent_place *p, struct err *e);
/* Takes the lock and returns its descriptor, -1 on errors, AGENT_THERE when an agent holds it. */
int agent_lock(const struct agent_place *p, enum agent_use use, struct err *e);
/* Has the agent look at its card now, which ends it when the card is gone. False: not reached. */
bool agent_poke(const struct agent_place *p);
/* Removes the lock that is held at this path, and gives it up. */
void agent_unlock(const char *lock, int fd);

/* A request is a command line, which may be as long as the kernel allows. */
enum { AGENT_REQUEST_MAX = 8 << 20, AGENT_WORDS = 512, AGENT_FDS = 4 };
struct agent_reply {
	int status;
	struct err e;
};

#endif
