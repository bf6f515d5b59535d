/*
 * PUT KEY (GPCS 11.8): the data field of a command that brings the three keys of a set, and the
 * answer. AES keys under the static Key-DEK of SCP03 (Amendment D 7.2); triple DES keys under the
 * session DEK of SCP02 (E.4.7), or the static one of SCP01.
 */
#ifndef GP_PUT_KEY_H
#define GP_PUT_KEY_H

#include "base/secret.h"
#include "gp/command.h"

struct put_key {
	uint8_t version;   /* new key version, 01..7F */
	bool des;          /* keys and dek are triple DES; set by the caller */
	size_t n;          /* keys, 1..3 */
	struct key key[3]; /* wiped by the caller */
	uint8_t kcv[3][3]; /* set by put_key_get */
};
/* Host: data field, each key encrypted under dek: AES-CBC, ICV zero, 24-octet keys padded with 00,
 * or 3DES-ECB; the check values are computed. */
MUST_CHECK bool put_key_put(struct wr *w, const struct put_key *k, const struct key *dek);
enum put_key_verdict { PUT_KEY_OK, PUT_KEY_MALFORMED, PUT_KEY_BAD_KCV };
/* Card: decrypts and compares check values. Keys of another type than k->des says: malformed. */
enum put_key_verdict put_key_get(struct span data, const struct key *dek, struct put_key *k);

/* The answer: key version and check values. Host: it must name the keys that were sent. */
void put_key_answer_put(struct wr *w, const struct put_key *k);
MUST_CHECK bool put_key_answer_ok(struct span data, const struct put_key *k);

#endif
