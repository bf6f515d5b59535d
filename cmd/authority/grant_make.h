/*
 * Making a grant from a request: what authorize party and authority grant have in common. Whose
 * request it is was made sure of before anything is signed.
 */
#ifndef CMD_AUTHORITY_GRANT_MAKE_H
#define CMD_AUTHORITY_GRANT_MAKE_H

#include "cmd/authority/party_file.h"
#include "cmd/authority/party_keys.h"
#include "cmd/kit/verb.h"

/* What the command line says. */
struct grant_terms {
	const char *request, *container, *party, *rights, *issuer;
	struct opt_bytes fingerprint;
	struct opt_u32 valid_until, quota_data, reserve_data;
	bool shared;
};

#define GRANT_OPERANDS(type, member) \
	WORD_PATH("REQUEST", type, member.request, "What the party sent")
#define GRANT_OPTS(type, member) \
	OPT_STRING("container", "AID|new", type, member.container, \
	    "The container: its AID in hex, or new for one that nobody guesses", \
	    .flags = OPT_REQUIRED), \
	    OPT_STRING("party", "NAME", type, member.party, \
		"Entry of type party in the key store that the request must be of"), \
	    OPT_BYTES("fingerprint", "HEX", type, member.fingerprint, PARTY_NAME, PARTY_NAME, \
		"Fingerprint of its key, as the party said in another way"), \
	    OPT_STRING("rights", "LIST", type, member.rights, \
		"What it may do: read, write, content, admit, shared, with commas (as it asks)"), \
	    OPT_FLAG("shared", type, member.shared, \
		"The container is for several parties, whom the operator chooses"), \
	    OPT_U32("quota-data", "OCTETS", type, member.quota_data, 0, UINT32_MAX, \
		"Non-volatile memory that the container may take (as it asks)"), \
	    OPT_U32("reserve-data", "OCTETS", type, member.reserve_data, 0, UINT32_MAX, \
		"Non-volatile memory that is kept free for it (as it asks)"), \
	    OPT_DATE("valid-until", "DAY", type, member.valid_until, \
		"Last day on which it can be claimed", .flags = OPT_REQUIRED), \
	    OPT_STRING("issuer", "NAME", type, member.issuer, \
		"Entry of type grantor in the key store that signs (the only one)")

/* What is to be signed. All zero, then grant_order_take; grant_order_free in any case. */
struct grant_order {
	struct party_file request;
	struct party_key issuer;
	uint8_t issuer_name[PARTY_NAME];
	struct aid container; /* not set if is_new */
	bool is_new;
	uint8_t rights;
	struct quotas quotas;
	uint32_t until; /* YYYYMMDD */
	bool yes;       /* a serial may run ahead of the clock */
};
/* ERR_INPUT: the request is bad; ERR_SAFETY: nobody has said that it is the party's; ERR_AUTH. */
int grant_order_take(struct grant_order *o, struct ctx *c, const struct keystore *ks,
    const struct grant_terms *t, struct err *e);
void grant_order_free(struct grant_order *o);
/* A container may be made for it where there is none: it has a quota or a reservation. */
bool grant_order_makes(const struct grant_order *o);

/* For which card. */
struct grant_card {
	const struct ec_public *key; /* its key 11 */
	struct span cin;
	uint64_t above; /* last serial of the issuer there; 0: not known, or none */
};
/* Takes a serial, which is in the record then, and signs: appends the grant, o->container is set.
 * ERR_SAFETY, ERR_LEDGER. */
int grant_order_sign(
    const struct grant_order *o, const struct grant_card *card, struct wr *w, struct err *e);

#endif
