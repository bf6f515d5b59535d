/*
 * What a channel is opened with: protocol, parameter i, key version and P1, MAC size, level. The
 * one place that decides, from what was asked for, what the card tells, what is known of its
 * product and what the keys are; with the reasons, for people. What was asked for decides. Pure:
 * nothing is sent here, and nothing chosen is a second try.
 *
 * What only the answer to INITIALIZE UPDATE tells is decided when it is there: choose_by_answer.
 */
#ifndef HOST_CHOOSE_H
#define HOST_CHOOSE_H

#include "host/scp11.h"
#include "host/session.h"
#include "profile/profile.h"

/* Why what was chosen was chosen, in words. */
enum { REASONS_MAX = 6, REASON_MAX = 160 };
struct reasons {
	size_t n;
	char text[REASONS_MAX][REASON_MAX];
};
/* One more; those that are too many are left out. */
void reasons_add(struct reasons *r, const char *fmt, ...) PRINTF_LIKE(2, 3);

struct choose_asks {
	struct aid domain; /* n = 0: A000000151000000 */
	/* asked for by the operator; PROTOCOL_NONE, -1: not */
	enum scp_protocol protocol;
	int key_version; /* as the card lists it */
	int s16;
	uint8_t i; /* of SCP02 and SCP01, which do not answer with it; 0: not */
	int level; /* one of its protocol, or -1: the highest that the card says it can, in SCP03
		    * 33, 13 or 03, in SCP02 13 or 03, in SCP01 03 */
	bool needs_rmac; /* ... and that must have R-MAC: what has none must be asked for */
	/* the keys */
	const char *keys;   /* name, for the reasons */
	bool des;           /* triple DES, else AES */
	uint8_t key_octets; /* length of one key; 0: not known */
	uint8_t key_set;    /* version that the entry has */
	/* the product; NULL: not known. Borrowed. */
	const struct profile *profile;
};

struct choice {
	enum scp_protocol protocol;
	unsigned protocols;  /* 1u << PROTOCOL_SCP02 and so on that the card may answer with */
	bool silent;         /* nothing but the keys says so */
	int i;               /* -1: the card does not tell before INITIALIZE UPDATE */
	bool i_asked;        /* i of SCP02 or SCP01: it was asked for */
	uint8_t key_version; /* that the card must answer with; 0: any */
	uint8_t p1;
	uint8_t m; /* 8 or 16 */
	int level; /* as it was asked for */
	bool needs_rmac;
	const struct profile *profile; /* borrowed; NULL: not known */
	struct reasons why;
};

/* Levels and parameters i that do not exist: ERR_SAFETY, before the card is touched. */
int choose_check(const struct choose_asks *a, struct err *e);
/*
 * s: discovered, in lib/host/session.h's sense; k: the key information, n = 0: not told.
 * ERR_SAFETY when the card cannot what the keys are for, what was asked for does not exist or is
 * not offered, or the set of this version is of another kind; ERR_AUTH when it lists no set of this
 * version. Not when that was asked for: then it is a reason. Strings are copied.
 */
int choose(const struct session *s, const struct key_infos *k, const struct choose_asks *a,
    struct choice *c, struct err *e);
/* Only the MAC size, for c->protocol; of `a` what was asked for and the profile. */
int choose_mac_size(
    const struct session *s, const struct choose_asks *a, struct choice *c, struct err *e);
/*
 * With the answer s->iu: the version must be the chosen one, and the i of SCP03 one that card data,
 * capabilities and profile have named, where they name any (ERR_AUTH): somebody on the line could
 * make it say that the card has no R-MAC. Fills the i of SCP02 and SCP01 and s->i_from; *level is
 * one that the card can (ERR_SAFETY).
 */
int choose_by_answer(struct session *s, const struct choice *c, uint8_t *level, struct err *e);

/* Of SCP11: with what it is opened. */
struct choice11 {
	struct key_ref key; /* SK.SD.ECKA */
	struct key_ref ca;  /* PK.CA-KLOC.ECDSA; not in SCP11b */
	uint8_t m;          /* 8 or 16 */
	struct reasons why;
};
/* A version of key or CA was left open: it takes the card's key information to choose. */
bool choose_scp11_needs_keys(const struct scp11_asks *a);
/* The same for SCP11. k: NULL: the card does not tell which keys it has, or was not asked. */
int choose_scp11(const struct session *s, const struct key_infos *k, const struct scp11_asks *a,
    struct choice11 *c, struct err *e);

/* Looks at the card, unless that was just done, and chooses. */
int session_look(struct session *s, const struct choose_asks *a, const struct key_infos *k,
    struct choice *c, struct err *e);
/*
 * All three steps where nobody wants to see the choice first: looks at the card (unless that was
 * just done), chooses without key information, shakes hands.
 */
int session_begin(
    struct session *s, const struct choose_asks *a, const struct session_auth *auth, struct err *e);
/* The same for SCP11, with key information where it needs that. *c and *card are filled as far as
 * it came. */
int session_begin_scp11(struct session *s, const struct scp11_asks *a, struct choice11 *c,
    struct scp11_card *card, struct err *e);

#endif
