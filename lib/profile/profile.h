/*
 * Card profiles: the quirks of a product as data, one YAML file for each.
 *
 *     cardadm: profile/1
 *     name: jcop4
 *     source: where the facts come from
 *     products:                  # how the product is known; each entry by all that it gives
 *       secid: {atr: 3BFA1800008131FE454653..80, product: NXP JCOP 4}
 *       chip: {cplc: 4790....4700, product: NXP JCOP 4 by its CPLC}
 *     isd: A000000151000000      # AID of the issuer domain
 *     protocol: scp03            # that an administrator uses: scp01, scp02, scp03, scp11
 *     i: 70                      # parameter i of SCP03; another in its answer is refused
 *     s16: false
 *     block: 247                 # most octets of a load file in one LOAD
 *     load-le: always            # Le of LOAD: always, last, never
 *     factory: {version: FF, p1: 00}   # key version of the factory's keys, asked for by P1
 *     note: what else an operator should know
 *
 * Patterns are hex with .. for any octet: `atr` is the whole answer to reset, `historical` and
 * `cplc` begin so, `card-data` (value of 66) contains it. What a profile says is used where nobody
 * asked for something else; nothing in it is ever tried after something failed.
 */
#ifndef PROFILE_PROFILE_H
#define PROFILE_PROFILE_H

#include "base/err.h"
#include "gp/command.h"

#define PROFILE_PATTERN_MAX 64

struct profile_pattern {
	size_t n; /* 0: none */
	uint8_t value[PROFILE_PATTERN_MAX], mask[PROFILE_PATTERN_MAX];
};

/* In the order of what they weigh: of two profiles that fit, the later kind of knowing wins. */
enum profile_by {
	PROFILE_BY_NOTHING,
	PROFILE_BY_HISTORICAL,
	PROFILE_BY_CARD_DATA,
	PROFILE_BY_CPLC,
	PROFILE_BY_ATR
};
const char *profile_by_str(enum profile_by by); /* "its answer to reset" */

enum profile_load_le { LOAD_LE_UNKNOWN, LOAD_LE_ALWAYS, LOAD_LE_LAST, LOAD_LE_NEVER };
const char *profile_load_le_str(enum profile_load_le le); /* "always"; NULL: unknown */

struct profile_product {
	char text[100];
	struct profile_pattern pattern[PROFILE_BY_ATR + 1]; /* by enum profile_by */
};

struct profile {
	char name[64], source[400], note[400];
	char file[256]; /* its name without the folder */
	struct aid isd; /* n = 0: not said */
	int protocol;   /* 01, 02, 03, 11 in hex as on the wire; -1: not said */
	int i;          /* of SCP03; -1: not said */
	int s16;        /* 1, 0; -1: not said */
	uint32_t block; /* 0: not said */
	enum profile_load_le load_le;
	int factory_version, factory_p1; /* -1: not said */
	struct profile_product *product;
	size_t product_n;
};

struct profiles;

/* All *.yaml of a folder, by name. A folder that cannot be read, a file that is wrong, two profiles
 * of one name: ERR_INPUT. Freed by the caller. */
int profiles_load(const char *folder, struct profiles **p, struct err *e);
void profiles_free(struct profiles *p);                                /* NULL is fine */
const struct profile *profiles_at(const struct profiles *p, size_t i); /* NULL past the end */
int profile_parse(const char *path, struct span text, struct profile *out, struct err *e);
void profile_wipe(struct profile *p);

/* What is known of a card; empty: not told, or not yet. */
struct profile_facts {
	struct span atr, historical, cplc, card_data; /* card_data: what GET DATA 66 answered */
};
struct profile_match {
	const struct profile *profile; /* NULL: none fits, or two fit equally well */
	const struct profile_product *product;
	const struct profile *tied[2]; /* those two: neither is used */
	enum profile_by by;
	size_t octets; /* that a pattern compared */
};
/* The profile that fits best: by the kind of knowing, then by octets compared. p may be NULL. */
void profile_match_list(
    const struct profile *list, size_t n, const struct profile_facts *f, struct profile_match *m);
void profiles_match(
    const struct profiles *p, const struct profile_facts *f, struct profile_match *m);

#endif
