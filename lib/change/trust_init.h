/*
 * Inside of the step trust-init (trust_init.c): what it was asked, and its work on one card. Who
 * the terminal of this card is, and what the card has of it, is found out in trust_look.c; keys,
 * ticket and order are made in trust_act.c.
 */
#ifndef CHANGE_TRUST_INIT_H
#define CHANGE_TRUST_INIT_H

#include "change/kinds.h"
#include "change/terminals.h"
#include "host/trust.h"

struct trust_init {
	struct trust_init_shown shown;
	struct field_keys key, terminal_key;
	struct field_file public, terminals;
	struct field_choice algorithm, on_mismatch;
	struct field_u32 throughput, valid_for, window, uses, max_failures;
	struct field_bytes thumbprint;
	struct field_when horizon;
	bool keep_objects;
	struct field_where tickets;
	/* by open() */
	struct ec_public point;
	struct terminals table;
};
BEGINS_WITH(struct trust_init_shown, struct trust_init, shown);

/* Of one card. */
struct trust_work {
	struct trust_told told;
	uint8_t cin[16], cin_n, id[TRUST_ID];
	char imei[IMEI_DIGITS];
	struct ec_public point;
	struct trust_traits traits; /* its spans are in here, or in the fields */
	uint8_t digest[TRUST_TRAITS_DIGEST];
	uint8_t card_key[32];
	bool has_card_key;
	uint32_t now, card_time, last;
	bool there, is_so; /* the record; and it is as asked */
};
BEGINS_WITH(struct trust_told, struct trust_work, told);

/* The maker's key, of the verb or of the step; its entry is NULL where there is none. */
const struct field_keys *trust_init_key(const struct trust_init *x);
uint32_t trust_init_window(const struct trust_init *x);
/* A public key on P-256 in PEM. ERR_INPUT, also for a private one. */
int trust_point_read(const char *path, struct ec_public *to, struct err *e);

/* ---- trust_look.c ---- */

/* The card's number, its terminal, characteristics, algorithm; in a plan as far as they are known.
 * ERR_INPUT: no terminal for this card; ERR_CARD. */
int trust_identify(
    struct change_card *c, const struct trust_init *x, struct trust_work *w, struct err *e);
/* What the card has, and whether that is so; ERR_SAFETY: the ticket's file is something else. */
int trust_look(
    struct change_card *c, const struct trust_init *x, struct trust_work *w, struct err *e);
/* The card shows a record of these characteristics, of generation `from` or a later one. */
bool trust_is_as_asked(const struct trust_init *x, const struct trust_work *w,
    const struct trust_record *r, uint32_t from);
/* Its terminal has a key from the maker's, so that the ticket carries a proof. */
bool trust_is_keyed(const struct trust_init *x, const struct trust_work *w);
/* The terminal's base key, and the one that proves a ticket; wiped by the caller. */
MUST_CHECK bool trust_ticket_keys(
    const struct trust_init *x, const struct trust_work *w, struct key *kt, struct key *mac);

/* ---- trust_act.c ---- */

/* As change_kind.act. */
int trust_act(struct change_card *c, const void *v, void *work, struct err *e);

#endif
