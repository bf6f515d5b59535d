/*
 * What tests of trust records share: the cases of test/vectors/trust.json, made by an independent
 * model of trust.md (its signatures are verified, not made again).
 */
#ifndef TRUST_VECTORS_H
#define TRUST_VECTORS_H

#include "unit.h"

/* Set-up and tear-down of a group. */
int trust_open_vectors(void **state);
int trust_close_vectors(void **state);
/* The case of this name. */
const json_t *trust_case(const char *name);
/* The step of a case, or verdict, that is called so. */
const json_t *trust_step(const json_t *of, const char *list, const char *what);

#define TRUST_KEYS "keys: maker, terminal, record, set"
#define TRUST_KEYS_256 "the same with AES-256, record 2"
#define TRUST_TALK "check, use, renew and confirm in one session of SCP03"
#define TRUST_TALK_256 "AES-256, S16, record 2: check, renew, confirm"
#define TRUST_TALK_P256 \
	"P-256, record 3: SCP11a without certificates, HostID = KVN | generation | expiry; " \
	"renewal"
#define TRUST_TALK_OPEN "open record 4: SCP11b, first key"

#endif
