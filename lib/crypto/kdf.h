/* Key derivation: the SCP03 KDF, diversification of card keys, key check values. */
#ifndef CRYPTO_KDF_H
#define CRYPTO_KDF_H

#include "crypto/aes.h"

/*
 * The SCP03 KDF (Amendment D 4.1.5): SP 800-108 counter mode with CMAC under `k`, label 00*11 |
 * constant, separator, L in bits, one-octet counter, context (at most 64 octets).
 * n: octets wanted, 8, 16, 24 or 32.
 */
MUST_CHECK bool scp03_kdf(
    struct aes *k, uint8_t constant, struct span context, uint8_t *out, size_t n);
/* The same with a key of its own; the result as a key of n octets. */
MUST_CHECK bool scp03_kdf_key(
    const struct key *k, uint8_t constant, struct span context, size_t n, struct key *out);

#define KDD_OCTETS 10 /* key diversification data of an answer to INITIALIZE UPDATE */

/*
 * How card keys come from a master key. As text a template is a line of octets in hex and of
 *     $0 .. $9   octets of the key diversification data
 *     $k         key number: 01 ENC, 02 MAC, 03 DEK
 *     $_         counter: 01, 02, ...
 *     $l$l       length of the key in bits, two octets
 * with blanks between them as one likes. With $_ it is the input of SP 800-108 in counter mode
 * under CMAC, for AES keys of any length; without, it is one block of 16 octets that two-key
 * triple DES encrypts in ECB mode, for such keys.
 */
#define TEMPLATE_MAX 64 /* octets that it stands for */

struct kdf_template {
	uint8_t n;                    /* 0: none */
	bool counter;                 /* has $_ */
	uint16_t token[TEMPLATE_MAX]; /* an octet, or 0100 and more */
};

/* On false *why says what is wrong, lower case, and out is empty. */
MUST_CHECK bool template_from(const char *text, struct kdf_template *out, const char **why);
/* The three card keys; out is as long as master, wiped by the caller. False as well when the master
 * keys do not go with the template. */
MUST_CHECK bool template_diversify(const struct kdf_template *t, const struct key_set *master,
    const uint8_t kdd[static KDD_OCTETS], struct key_set *out);

/* The schemes that have a name, templates themselves but for none and template. */
enum diversification {
	DIVERSIFY_NONE,
	DIVERSIFY_KDF3,
	DIVERSIFY_VISA2,
	DIVERSIFY_VISA,
	DIVERSIFY_EMV,     /* EMV CPS 1.1 */
	DIVERSIFY_TEMPLATE /* one's own: see template_diversify */
};

/* "none", "kdf3", "visa2", "visa", "emv", "template"; false for any other name. */
MUST_CHECK bool diversification_from(const char *name, enum diversification *d);
const char *diversification_str(enum diversification d);
/* VISA2, VISA and EMV are for triple DES keys, KDF3 is for AES keys; both for none, template. */
bool diversification_is_des(enum diversification d);
bool diversification_is_aes(enum diversification d);

/* template_diversify with the template of a named scheme; none: a copy; template: false. */
MUST_CHECK bool diversify(enum diversification d, const struct key_set *master,
    const uint8_t kdd[static KDD_OCTETS], struct key_set *out);

/* AES key check value: first three octets of AES-ECB(key, 01*16) (Amendment D 4.1.4). */
MUST_CHECK bool key_check_value(const struct key *k, uint8_t out[static 3]);
/* Of a triple DES key: 3DES-ECB(key, 00*8) (GPCS B.6). */
MUST_CHECK bool des_key_check_value(const struct key *k, uint8_t out[static 3]);

#endif
