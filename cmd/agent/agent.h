/*
 * The session agent: a small background process that holds a card exclusively and keeps the keys
 * of its open channel in locked memory; pcscd powers an unused card down, so a session cannot live
 * in a file. `scp-open` starts it; later verbs hand it their command line, directory and standard
 * descriptors over a 0600 socket (intake.h), and it runs them one after the other in its own
 * process with the open session. It ends at scp-close, after an idle limit, on SIGTERM, or when the
 * card goes, and wipes its keys. Nothing of a session ever reaches a file.
 *
 * Runtime directory: $XDG_RUNTIME_DIR/cardadm, or in the state directory, run (0700, owner
 * checked). Per card: HASH.lock (the agent's process id and the reader's name, locked as long as it
 * lives), HASH.sock, and HASH.note when the last channel ended by itself (agent_note.h).
 *
 * About once a second an idle agent looks whether its card is still there.
 */
#ifndef CMD_AGENT_AGENT_H
#define CMD_AGENT_AGENT_H

#include "campaign/job.h"
#include "cmd/kit/verb.h"

struct agent {
	char reader[4200];   /* canonical name */
	char lock[108];      /* path of what lock_fd holds */
	char keystore[4096]; /* absolute path, as given to scp-open; "" if none */
	char keys[ENTRY_NAME_MAX];
	struct card card;
	struct session session;
	bool traced;          /* scp-open was given --trace */
	struct bundle bundle; /* what scp-mode --bundle named */
	bool has_bundle;
	char bundle_name[4096]; /* as it was named */
	struct job_plan plan;   /* of that bundle on this card; package borrows from bundle */
	uint32_t done;          /* broadcast commands answered 9000, those before included */
	uint32_t idle;          /* seconds */
	char note[108];         /* where a note goes when the channel ends by itself */
	int lock_fd, listen_fd;
	int client_fd; /* the request that is being served, -1 */
	bool ending;
};

/*
 * Client: hands this command line to the agent of c->reader. Returns 1 when an agent served it
 * (*status its exit status, e what it had to say), 0 when no channel is open, -1 on errors. With 0
 * c->note tells how the last channel ended, if it ended by itself.
 */
int agent_forward(struct ctx *c, int argc, char **argv, int *status, struct err *e);

/*
 * Starts an agent for c->reader: forks, calls `open` in the child, which fills the agent's card and
 * session or fails; returns in the parent with the child's outcome. ERR_READER when a channel to
 * this card is open already. Must be called before any use of PC/SC or OpenSSL.
 */
int agent_start(struct ctx *c, uint32_t idle,
    int (*open)(struct agent *a, struct ctx *c, void *args, struct err *e), void *args,
    struct err *e);

struct request;
/* In the agent: looks at the card, runs the request and answers. */
void agent_serve(struct agent *a, struct request *q);
/* In the agent: a signal that ends it waits until the verb that runs is done. */
bool agent_told_to_end(void);
/* In the agent: it was told to end, or the client that is being served went away or was
 * interrupted.
 */
bool agent_interrupted(struct agent *a, struct ctx *c);
/* Ends the channel and releases the card, before the answer to the client goes out. */
void agent_end(struct agent *a);
/* The same when nobody asked for it: leaves a note. told: a verb fails with this reason just now.
 */
void agent_end_with(struct agent *a, const char *why, bool told);
/* Forgets the bundle that scp-mode named. */
void agent_forget_bundle(struct agent *a);

#endif
