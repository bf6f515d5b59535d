/*
 * Third parties in a recording (containers.md): what was signed by whom, which grant was placed
 * where, presented and claimed, and what of it can be proven with the keys given. Beside audit.h,
 * which opens protected commands; this takes them in clear.
 *
 * The session of a claim itself stays closed: its keys come of two ephemeral ones, which no
 * recording has. What proves a claim is a later session with the access set that it put.
 */
#ifndef HOST_AUDIT_PARTY_H
#define HOST_AUDIT_PARTY_H

#include "gp/grant.h"
#include "host/audit.h"
#include "host/gather.h"

/* Keys to check with, by their names; borrowed. */
struct party_key {
	const char *name;
	struct ec_public key;
};
struct party_receipt_key {
	const char *name;
	const struct key *key;
};
enum { PARTY_TRUST_MAX = 32 };
struct party_trust {
	struct party_key grantor[PARTY_TRUST_MAX], party[PARTY_TRUST_MAX];
	struct party_receipt_key receipt[PARTY_TRUST_MAX];
	size_t grantor_n, party_n, receipt_n;
};

/* One thing found; text for people, in which names are foreign. */
struct party_note {
	enum finding finding; /* FINDING_NONE: told, nothing to check */
	char text[160];
};
enum { PARTY_NOTES_MAX = 12 };
struct party_notes {
	size_t n;
	struct party_note v[PARTY_NOTES_MAX];
};

/* One exchange, opened as far as it could be. */
struct party_exchange {
	unsigned line;
	struct capdu command; /* in clear when `readable` */
	bool readable;
	struct rapdu reply; /* in clear when `reply_readable` */
	bool reply_readable;
	enum finding initialize; /* INITIALIZE UPDATE: what audit_next made of the answer */
};

/* What audit_next has made of an exchange; line is the caller's. False: it is no command with an
 * answer. Borrows from all. */
MUST_CHECK bool party_exchange_of(struct party_exchange *x, struct span command, struct span answer,
    bool masked, const struct audit_result *r);

enum { PARTY_PLACED_MAX = 32, PARTY_CLAIMS_MAX = 16 };
struct party_audit {
	const struct party_trust *trust;
	struct gather gather;
	struct aid selected;
	uint32_t time; /* T, as far as the recording tells; 0: it does not */
	/* the card's key by its certificate */
	bool has_card;
	uint8_t card[PARTY_DIGEST];
	unsigned card_line;
	/* placed grants, the oldest forgotten first */
	struct party_placed {
		unsigned line;
		uint8_t digest[PARTY_DIGEST];
		struct aid container;
		uint8_t id[PARTY_ID_MAX], id_n;
	} placed[PARTY_PLACED_MAX];
	size_t placed_n;
	/* the grant that was presented last, and how far its claim went */
	uint8_t grant[GATHER_MAX];
	size_t grant_n; /* 0: none */
	bool vouched;   /* all certificates were taken */
	bool claiming;  /* MUTUAL AUTHENTICATE was answered */
	/* the last claim of each container that was done, the oldest forgotten first */
	struct party_claim {
		struct aid container;
		unsigned line;
	} claim[PARTY_CLAIMS_MAX];
	size_t claim_n;
};

void party_audit_init(struct party_audit *a, const struct party_trust *trust);
void party_audit_free(struct party_audit *a);
/* The next exchange. *whole lends what the command completed, all blocks of it (n = 0: nothing, or
 * more are to come). */
void party_audit_next(struct party_audit *a, const struct party_exchange *x,
    struct party_notes *notes, struct span *whole);
/* After _next: data of this command may be an object of a party, which may be a secret. */
bool party_hides_command(const struct party_audit *a, const struct capdu *c);
/* The answer of this command may. */
bool party_hides_answer(const struct capdu *c);

#endif
