/*
 * Placing a grant on a card: what authorize party and reserve have in common. The operator looks at
 * the card, makes the container where there is none, gives the order, reads back what became of it,
 * and has the file for the party on the disk before the card is changed.
 */
#ifndef CMD_AUTHORITY_PLACE_H
#define CMD_AUTHORITY_PLACE_H

#include "cmd/authority/party_file.h"
#include "cmd/authority/party_keys.h"
#include "cmd/content/target.h"
#include "host/container.h"

/* The channels that containers need, before a card is touched: SCP03 or SCP11 at level 33.
 * ERR_SAFETY. A key set that is not for it is refused as well. */
int container_channel_check(
    struct ctx *c, const struct channel_args *a, const struct keystore *ks, struct err *e);
/* target_open, and the session is one of level 33. On success target_close in any case. */
int container_target_open(
    struct target *t, struct ctx *c, const struct channel_args *a, struct err *e);

/* A card as its issuer domain sees it. card_seen_free in any case. */
struct card_seen {
	uint8_t cin[PARTY_CIN_MAX], cin_n, iin[PARTY_IIN_MAX], iin_n;
	uint8_t key_version;  /* of its key 11 */
	struct ec_public key; /* and its public half */
	struct wr certs;      /* certificates of it in a row */
	struct wr state;      /* FF73 */
	struct containers all;
};
/* ERR_AUTH: the certificates do not hold. A store without a ca is told so on stderr. */
int card_see(struct target *t, const struct keystore *ks, struct card_seen *s, struct err *e);
/* Who it is and its containers only: no key. */
int card_see_identity(struct target *t, struct card_seen *s, struct err *e);
/* GET DATA BF21: appends certificates of key 11 of this version. *found false: it has none. */
int card_read_certs(
    struct session *s, uint8_t version, struct wr *certs, bool *found, struct err *e);
void card_seen_free(struct card_seen *s);

/* Time of an order: the station's clock, unless `none`. T of the card jumps over more than a year:
 * ERR_SAFETY without --yes. */
struct order_time {
	bool given;
	uint32_t v;
};
int order_time_of(
    struct ctx *c, const struct card_seen *s, bool none, struct order_time *t, struct err *e);

/* "new", or an AID. A new one has an RID that stands for nobody and 11 octets that nobody guesses.
 */
int container_aid_parse(const char *text, struct aid *aid, bool *is_new, struct err *e);
int container_aid_new(struct aid *aid, struct err *e);

/* What FF73 says of a party in a container, before a grant is placed for it. */
enum place_state {
	PLACE_FREE,    /* the grant may be placed */
	PLACE_WAITING, /* the very grant is there, unused */
	PLACE_CLAIMED  /* the very grant was claimed */
};
struct place {
	struct ctx *c;
	struct target *t;
	const struct card_seen *card;
	struct aid container;
	struct order_time time;
	const char *output, *address;    /* address: NULL: none */
	const struct entry *receipt_key; /* NULL: receipts are not looked at */
	bool make; /* the container may be made, with the quotas of the grant */
	/* happened */
	bool made, waiting, claimed;
	bool has_receipt, receipt_proven;
	uint16_t counter;
	uint8_t answer[64];
	size_t answer_n;
};
/* What the card says of the container: is it there, and whose? ERR_SAFETY: it is somebody else's,
 * or this party's under another grant. Asks before an unused grant of another is replaced. `grant`:
 * as far as it is known; whole.n = 0: not made yet. */
int place_look(
    struct place *p, const struct grant *grant, enum place_state *is, bool *there, struct err *e);
/* All the rest: file, container, order, reading back. The grant is whole. ERR_CARD, ERR_INTEGRITY.
 */
int place_grant(struct place *p, const struct grant_file *f, bool there, struct err *e);
/* Only the file for the party. */
int place_write(const struct place *p, const struct grant_file *f, struct err *e);
/* It is not free: nothing is to be done, and the operator is told why. */
void place_was_done(struct place *p, enum place_state is);
/* What became of it, as members of the result. */
void place_show(const struct place *p, const struct grant *g, json_t **o);

#endif
