/* What PUT KEY and the key groups of STORE DATA have in common: key values, clear and encrypted.
 */
#ifndef GP_KEY_VALUE_H
#define GP_KEY_VALUE_H

#include "crypto/way.h"
#include "gp/put_key.h"

enum { KEY_VALUE_MAX = 80, KEY_VERSION_MAX = 0x7F }; /* a scalar of P-521, padded */

bool key_value_is_secret(uint8_t type);
/* The type of key i; 0 stands for the kind of the DEK. */
uint8_t key_value_type(const struct put_key *k, size_t i);
/* Of a secret key. False, too: keys of its type are never as long as this. */
MUST_CHECK bool key_value_check(uint8_t type, const struct key *k, uint8_t kcv[static PUT_KEY_KCV]);

size_t key_value_block(bool des);
size_t key_value_padded(bool des, size_t n);
/* Whole blocks, from in to out: AES-CBC with ICV zero, 3DES-ECB. */
MUST_CHECK bool key_value_cipher(
    bool des, const struct key *dek, enum cipher_way way, struct span in, uint8_t *out);
/* Pads with 00 and encrypts; *n: octets of ct. */
MUST_CHECK bool key_value_encrypt(bool des, const struct key *dek, struct span value,
    uint8_t ct[static KEY_VALUE_MAX], size_t *n);
/* Decrypts exactly as many blocks as n octets take. */
MUST_CHECK bool key_value_decrypt(
    bool des, const struct key *dek, struct span ct, size_t n, uint8_t clear[static KEY_VALUE_MAX]);

#endif
