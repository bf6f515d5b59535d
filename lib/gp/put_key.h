/*
 * PUT KEY (GPCS 11.8): the data field of a command, whole, and the answer. Up to three secret keys,
 * or one RSA or EC key, which come alone. Secret values go under the DEK of the session: the static
 * one of SCP03 (Amendment D 7.2) and SCP01, the session DEK of SCP02 (E.4.7) and SCP11.
 */
#ifndef GP_PUT_KEY_H
#define GP_PUT_KEY_H

#include "base/secret.h"
#include "crypto/authority.h"
#include "gp/command.h"

enum { PUT_KEY_KEYS = 3, PUT_KEY_KCV = 3 };

/* How a key may be used, in the extended format only (GPCS 11.1.9, 11.1.10). */
struct put_key_use {
	uint8_t usage_n, usage[2]; /* usage_n = 0: not told */
	uint8_t access_n, access;  /* access_n = 0: not told */
};

struct put_key {
	uint8_t version; /* new key version, 01..7F */
	bool des;        /* the DEK is triple DES, else AES; set by the caller */
	bool bare;       /* put: keys of whole blocks without their clear length, as some cards
			  * want them (88 10, GPCS table 11-71); triple DES keys always are */
	bool extended;   /* types are FF xx, and `use` follows each key */
	size_t n;        /* keys, 1..3 */
	uint8_t type[PUT_KEY_KEYS];   /* enum key_type; put: 0 stands for the kind of the DEK */
	struct key key[PUT_KEY_KEYS]; /* triple DES, AES; wiped by the caller */
	/* type[0] RSA_MODULUS: its public half; EC_PUBLIC: ec; EC_PRIVATE: ec_half. n is 1. Wiped
	 * by the caller. */
	struct authority_key asymmetric;
	uint8_t kcv[PUT_KEY_KEYS][PUT_KEY_KCV]; /* of secret keys; set by put_key_get */
	struct put_key_use use[PUT_KEY_KEYS];
};
/* Host: data field, each secret value encrypted under dek: AES-CBC, ICV zero, padded with 00, or
 * 3DES-ECB; the check values are computed. */
MUST_CHECK bool put_key_put(struct wr *w, const struct put_key *k, const struct key *dek);
enum put_key_verdict { PUT_KEY_OK, PUT_KEY_MALFORMED, PUT_KEY_BAD_KCV };
/* Card: decrypts and compares check values. k->des is given; the rest is set. Malformed as well: a
 * type, size or curve that is not ours, or own curve parameters. */
enum put_key_verdict put_key_get(struct span data, const struct key *dek, struct put_key *k);
/* An RSA or EC key. */
bool put_key_is_asymmetric(const struct put_key *k);

/* The answer: key version and check values, which secret keys have. Host: it must name the keys
 * that were sent. */
void put_key_answer_put(struct wr *w, const struct put_key *k);
MUST_CHECK bool put_key_answer_ok(struct span data, const struct put_key *k);

#endif
