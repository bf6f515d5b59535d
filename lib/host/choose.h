/*
 * What a channel is opened with: protocol, parameter i, key version and P1, MAC size, chosen from
 * what the card tells, what is known of its product, and what the keys are; with the reasons, for
 * people. What was asked for decides. Pure: nothing is sent here, and nothing chosen is a second
 * try.
 */
#ifndef HOST_CHOOSE_H
#define HOST_CHOOSE_H

#include "host/session.h"
#include "scp/scp.h"

enum { CHOICE_REASONS = 6, CHOICE_REASON_MAX = 160 };

struct choose_asks {
	/* asked for by the operator; PROTOCOL_NONE, -1: not */
	enum scp_protocol protocol;
	int key_version; /* as the card lists it */
	int s16;
	uint8_t i; /* of SCP02 and SCP01; 0: not */
	/* the keys */
	const char *keys;   /* name, for the reasons */
	bool des;           /* triple DES, else AES */
	uint8_t key_octets; /* length of one key; 0: not known */
	uint8_t key_set;    /* version that the entry has */
	/* the product; name NULL: not known */
	const char *profile;
	int profile_s16, factory_version, factory_p1; /* -1: not said */
};

struct choice {
	enum scp_protocol protocol;
	bool silent;         /* nothing but the keys says so */
	int i;               /* -1: the card does not tell before INITIALIZE UPDATE */
	uint8_t key_version; /* that the card must answer with */
	uint8_t p1;
	uint8_t m; /* 8 or 16 */
	size_t why_n;
	char why[CHOICE_REASONS][CHOICE_REASON_MAX];
};

/*
 * s: discovered, in lib/host/session.h's sense; k: the key information, n = 0: not told.
 * ERR_SAFETY when the card cannot what the keys are for, or the set of this version is of another
 * kind; ERR_AUTH when it lists no set of this version. Not when that was asked for: then it is a
 * reason. Strings are copied.
 */
int choose(const struct session *s, const struct key_infos *k, const struct choose_asks *a,
    struct choice *c, struct err *e);
/* Only the MAC size, for c->protocol; of `a` what was asked for and the profile. */
int choose_mac_size(
    const struct session *s, const struct choose_asks *a, struct choice *c, struct err *e);

#endif
