/* Where the agent of a card listens: runtime directory, names, lock. Not for others. */
#ifndef CMD_AGENT_PATH_H
#define CMD_AGENT_PATH_H

#include <sys/un.h>

#include "base/err.h"

struct agent_place {
	char reader[4200]; /* canonical */
	char lock[108];
	struct sockaddr_un addr;
};

/* Makes the runtime directory if needed and checks that it is ours alone: ERR_SAFETY. */
int agent_place_of(const char *reader, struct agent_place *p, struct err *e);
/* Opens and takes the lock. Returns its descriptor, -2 when an agent holds it, -1 on errors. */
int agent_lock(const struct agent_place *p, struct err *e);

enum { AGENT_REQUEST_MAX = 256 * 1024, AGENT_FDS = 4 };
struct agent_reply {
	int status;
	struct err e;
};

#endif
