/*
 * Checks a recorded session exchange by exchange: which keys fit, whether cryptograms and MACs are
 * right, and what commands and answers were before protection. Sends nothing, holds candidate keys
 * only as long as the caller does.
 */
#ifndef HOST_AUDIT_H
#define HOST_AUDIT_H

#include "crypto/kdf.h"
#include "gp/command.h"
#include "gp/init_update.h"
#include "scp/joined.h"
#include "scp/scp.h"

/* Keys to try: master keys with one diversification. Borrowed. */
struct candidate {
	const char *name;
	enum diversification diversification;
	const struct kdf_template *template; /* DIVERSIFY_TEMPLATE */
	bool des;                            /* keys of SCP01 and SCP02, else of SCP03 */
	const struct key_set *master;
};

enum finding {
	FINDING_NONE, /* nothing to check: not protected, no session */
	FINDING_OK,
	FINDING_NOT_CHECKED, /* protected by keys that nobody gave, or masked in the recording */
	FINDING_NO_KEY,      /* INITIALIZE UPDATE: no candidate makes this card cryptogram */
	FINDING_HOST_CRYPTOGRAM, /* EXTERNAL AUTHENTICATE: MAC right, cryptogram wrong */
	FINDING_MAC,             /* C-MAC or R-MAC wrong */
	FINDING_MALFORMED,       /* not protected as the session's level asks */
	FINDING_SIGNATURE,       /* a signature or a receipt is wrong */
	FINDING_DIFFERS          /* two things that belong together do not fit */
};
const char *finding_str(enum finding f);

struct audit {
	const struct candidate *candidates;
	size_t n;
	bool failed; /* memory or cryptography failed: what was found since counts for nothing */
	uint8_t told_i[8], told_n; /* parameters i of SCP02 and SCP01 that card data (66) named */
	/* of the session at hand */
	const struct candidate *fits; /* NULL: none */
	struct init_update iu;
	struct key_set keys; /* of this card, those that fit */
	uint8_t host_challenge[16];
	uint8_t authenticate[64]; /* EXTERNAL AUTHENTICATE, to begin again with another i */
	size_t authenticate_n;
	bool open;       /* and EXTERNAL AUTHENTICATE was right */
	bool challenged; /* INITIALIZE UPDATE was answered, EXTERNAL AUTHENTICATE is due */
	bool i_certain;  /* iu.i is the card's or was proven by a MAC */
	bool broadcast, broadcast_known;
	struct scp scp;         /* the diversified channel */
	struct joined joined;   /* a command of it that comes in several */
	struct scp bc;          /* broadcast, if its keys came in clear */
	struct wr data, answer; /* storage of the plain forms */
};

struct audit_result {
	enum finding command, reply;
	bool has_plain; /* the command was unwrapped: `plain`, borrowed until the next */
	struct capdu plain;
	bool has_plain_reply;
	struct rapdu plain_reply;
};

/* Candidates are borrowed until audit_wipe. */
void audit_init(struct audit *a, const struct candidate *candidates, size_t n);
/* Takes the next exchange, whole answers only (61xx collected); masked: not to be verified. */
void audit_next(
    struct audit *a, struct span command, struct span answer, bool masked, struct audit_result *r);
void audit_wipe(struct audit *a);

#endif
