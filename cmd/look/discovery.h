/*
 * What is known of a card before a channel is opened, and what is chosen from it: profile, domain,
 * free data objects, key information; protocol, key version, MAC size, with the reasons in words.
 */
#ifndef CMD_LOOK_DISCOVERY_H
#define CMD_LOOK_DISCOVERY_H

#include "channel/opening.h"
#include "cmd/look/profiles.h"

struct discovery {
	struct profiles *profiles;
	struct profile_match match;
	const char *domain_why; /* "as asked" */
	struct key_infos keys;  /* n = 0: the card does not tell */
	struct choice choice;
};

/*
 * Selects the domain that is asked for (n = 0: none), else the profile's, else
 * A000000151000000, and reads what is free; finds the profile by the ATR before, by everything
 * after. discovery_free in any case.
 */
int discovery_look(
    struct ctx *c, struct session *s, const struct aid *asked, struct discovery *d, struct err *e);
/* GET DATA 00E0. */
int discovery_keys(struct session *s, struct discovery *d, struct err *e);
/* Chooses for the keys of an entry, which have been read. `a` brings what the operator asked for;
 * the rest of it is filled in. */
int discovery_choose(const struct session *s, const struct entry *entry, struct choose_asks *a,
    struct discovery *d, struct err *e);
/* The reasons: as remarks, and as an array of strings. */
void discovery_tell(struct ctx *c, const struct session *s, const struct discovery *d);
json_t *discovery_why(const struct session *s, const struct discovery *d);
void discovery_free(struct discovery *d);

#endif
