/*
 * A card on which several live: BOX is ACME's container, with an object, a package and an
 * application; BOX2 is BANK's; the operator has content of its own; one domain has global
 * privileges, one has none of note. And who tries to get at what is in BOX.
 */
#ifndef UNIT_CONTAINER_TOWN_H
#define UNIT_CONTAINER_TOWN_H

#include "container_rig.h"

#define INNER "F0000000A203010C01"
#define INNER_APP "F0000000A203010C0101"
#define OUTER "F0000000B203010C05"
#define OUTER_APP "F0000000B203010C0501"
#define GLOBAL "A0000001515300DD"
#define PLAIN "A0000001515300EE"

extern const char town_secret[]; /* the value of ACME's object 1 */
extern const struct package_of town_inner, town_outer, town_importing;
extern const struct grant_spec town_acme, town_bank;

void town(struct rig *r);
void town_domains(struct rig *r); /* GLOBAL and PLAIN alone, on a card of box_on */
/* As the party whose set 30 of BOX begins with `first`: the object, the package, the application.
 */
void town_furnish(struct rig *r, uint8_t first);

/* Who tries; each with a session of its own. */
enum outsider { OPERATOR, PARTY, GLOBAL_DOMAIN, PLAIN_DOMAIN, OUTSIDERS };
extern const char *const town_names[OUTSIDERS];
void enter(struct rig *r, enum outsider who);

/* Nothing of what is in BOX is in this answer. */
void assert_nothing_told(struct span answer);

/* What is refused to everybody (containers.md 6), with 6985 to who has a session. */
struct row {
	const char *what;
	uint8_t ins;
	uint16_t p1p2;
	const char *data;
};
extern const struct row walled[];
extern const size_t walled_n;
/* A name that is no application's is not one to be locked with all in it: 6A88. */
bool row_may_miss(const struct row *w);

/* What belongs to BOX in the card's memory, as octets that the caller frees: its record, registry,
 * package, keys, object; and the last serials of issuers. */
struct wr holdings(struct rig *r);
void assert_held(struct rig *r, const struct wr *before, const char *who, const char *what);

#endif
