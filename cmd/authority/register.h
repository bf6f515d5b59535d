/*
 * The register of an authority: which cards it knows, and the public keys by which parties claim
 * containers on them. A file `authority.jsonl` beside its key store, one JSON object in each line,
 * only ever appended; of one card the last line counts.
 */
#ifndef CMD_AUTHORITY_REGISTER_H
#define CMD_AUTHORITY_REGISTER_H

#include "change/party_keys.h"
#include "cmd/kit/out.h"

enum { REGISTER_CERTS_MAX = 2048 };

/* One card. By value. */
struct registered {
	uint8_t cin[PARTY_CIN_MAX], cin_n, iin[PARTY_IIN_MAX], iin_n;
	uint8_t version;                   /* of its key 11 */
	struct ec_public key;              /* n = 0: not known */
	uint8_t certs[REGISTER_CERTS_MAX]; /* in a row, leaf last */
	size_t certs_n;
	bool revoked;
};
/* ERR_LEDGER. */
int register_put(const struct keystore *ks, const struct registered *card, struct err *e);
/* *found false: never enrolled. ERR_INPUT: its line is damaged. */
int register_find(const struct keystore *ks, struct span cin, struct registered *card, bool *found,
    struct err *e);
/* All cards, in the order in which they were enrolled first: an array of objects. ERR_LEDGER. */
int register_list(const struct keystore *ks, json_t **rows, struct err *e);

/* What is handed from where the card is to where it is certified, its key, and back, its
 * certificates, which parties that bring a domain key take as well: PEM files, written over. */
int card_file_write(const char *path, const struct registered *card, bool certified, struct err *e);
/* Of the key. ERR_INPUT. */
int registered_read(const char *path, struct registered *card, struct err *e);

#endif
