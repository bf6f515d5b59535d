/*
 * Making a grant from a request: what an operator and an authority have in common. Whose request it
 * is was made sure of before anything is signed. No card, no files but the request; which serials
 * were used is the caller's to know.
 */
#ifndef CHANGE_GRANT_ORDER_H
#define CHANGE_GRANT_ORDER_H

#include "change/party_keys.h"
#include "gp/command.h"
#include "host/party_file.h"

/* What is said of the grant beside the request. Borrowed. */
struct grant_terms {
	const char *party, *issuer; /* entries of the key store; NULL: not named */
	struct span fingerprint;    /* PARTY_NAME octets; n = 0: not said */
	bool has_rights;            /* else as the request asks */
	uint8_t rights;
	bool shared;
	struct quota data_quota, data_reserve; /* else as the request asks */
	uint32_t until;                        /* YYYYMMDD */
};
/* What is to be signed. All zero, then _read and _keyed; grant_order_free in any case. */
struct grant_order {
	struct party_file request;
	struct party_entry issuer;
	uint8_t issuer_name[PARTY_NAME];
	/* Entry of the party that nothing but the key store names, and its path; else NULL. */
	const char *known, *known_in;
	uint8_t rights;
	struct quotas quotas;
	uint32_t until; /* YYYYMMDD */
};
/* The request; path lives as long as o. ERR_INPUT: it is bad; ERR_SAFETY: the day has passed. */
int grant_order_read(
    struct grant_order *o, const struct grant_terms *t, const char *path, struct err *e);
/* Whose it is, and who signs. ERR_SAFETY: nobody has said that it is the party's; ERR_AUTH;
 * ERR_INPUT: a key is used for two things. Borrows from ks. */
int grant_order_keyed(
    struct grant_order *o, const struct grant_terms *t, const struct keystore *ks, struct err *e);
void grant_order_free(struct grant_order *o);
/* A container may be made for it where there is none: it has a quota or a reservation. */
bool grant_order_makes(const struct grant_order *o);
/* The grant gives what is asked, by this issuer, until this day, whatever container and card. */
bool grant_order_gave(const struct grant_order *o, const struct grant *g);

/* What is written down of a grant before it is signed. */
struct grant_issue {
	const struct ec_public *issuer;
	uint64_t above; /* its last serial as far as the card tells; 0: not known */
	struct span party, container, card; /* card: CIN; n = 0: not known */
	const struct ec_public *key;        /* of the party */
	int64_t now_ms;
};
/* The serial of the next grant of this issuer, in a record when it returns, so that it is used
 * once. ERR_LEDGER, ERR_SAFETY. */
typedef int grant_serial_taker(
    void *ctx, const struct grant_issue *g, uint64_t *serial, struct err *e);

/* For which card. */
struct grant_card {
	const struct ec_public *key; /* its key 11 */
	struct span cin;
	uint64_t above; /* last serial of the issuer there; 0: not known, or none */
	const struct aid *container;
	uint8_t rights;
	grant_serial_taker *serial;
	void *ctx;
};
/* Takes a serial and signs: appends the grant. ERR_SAFETY, ERR_LEDGER. */
int grant_order_sign(
    const struct grant_order *o, const struct grant_card *card, struct wr *w, struct err *e);
/* ERR_SAFETY: more than a day ahead of the clock. */
int grant_serial_check(uint64_t serial, int64_t now_ms, struct err *e);

/* A new AID for a container: an RID that stands for nobody and 11 octets that nobody guesses. */
int container_aid_new(struct aid *aid, struct err *e);

#endif
