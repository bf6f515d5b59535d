/*
 * Keys of the virtual card: secret sets of any domain, public keys by which content is authorized,
 * the keys of SCP11. What the card has, finding it, and the commands that change it. What a session
 * does with them is not here: channel/ opens with them, content/ verifies with them.
 *
 * All of it is in struct chip, which owns it; what is found is borrowed until the next commit. A
 * domain is named by its AID; n = 0 or its AID names the ISD. Only lib/vcard and its tests include
 * this.
 */
#ifndef VCARD_KEYS_KEYS_H
#define VCARD_KEYS_KEYS_H

#include "crypto/authority.h"
#include "gp/cert.h"
#include "gp/put_key.h"
#include "gp/scp11_data.h"
#include "scp/scp.h"
#include "vcard/core/vcard.h"

struct logical_channel;
struct chip;

enum {
	CHIP_KEY_SETS_MAX = 8, /* of one domain */
	CHIP_KEYS_MAX = 182,   /* of all: 8 each of 16 containers, 2 of 7 trust records, others */
	KIDS = 3,              /* keys of a set: 01 ENC, 02 MAC, 03 DEK */
	CHIP_PUBLICS_MAX = 16,
	TRIES_MAX = 10,
	FACTORY_VERSION = 0xFF,
	SEQUENCE_END = 0xFFFFFF,
	SEQUENCE_END_02 = 0xFFFF /* the counter of SCP02 has two octets and does not wrap (E.1.2) */
};

/* One secure channel key set; a key with n = 0 is absent and the set not usable. */
struct card_keys {
	struct aid domain; /* whose they are; n = 0: the ISD's */
	uint8_t version;
	uint8_t type; /* KEY_TYPE_AES or KEY_TYPE_DES; 0 when put: that of the card's protocol */
	struct key_set keys;
	uint32_t sequence; /* SCP03: of the last INITIALIZE UPDATE; SCP02: of the next session */
	uint8_t tries;     /* failed authentications left; 0: locked */
	uint8_t wrong;     /* of an access set: failed since power-up; in RAM only */
};

/* A public key of RSA or of an elliptic curve, by which tokens or load files are verified. */
struct card_public {
	struct aid domain; /* n = 0: the ISD's */
	struct key_ref ref;
	struct authority_key key;
};

/* Versions of keys by which content is authorized, with key identifier 01 (UICC configuration). */
enum authority_kvn { KVN_TOKEN = 0x70, KVN_RECEIPT = 0x71, KVN_DAP = 0x73, KVN_CIPHER = 0x75 };

/* Who may know a private key of the card: what was put is known to who put it, and so it may be
 * with keys of card files that do not say. */
enum ecka_origin { ORIGIN_PUT, ORIGIN_ISSUED, ORIGIN_MADE };

/* SCP11: a private key of the card (SK.SD.ECKA) with its certificates. */
struct card_ecka {
	struct key_ref ref; /* KID 11, 13 or 15 by variant */
	uint8_t origin;     /* enum ecka_origin */
	struct ec_private key;
	uint16_t certs_n;
	uint8_t certs[VCARD_CERTS_MAX]; /* in a row, leaf last */
};

/* SCP11: a public key that certificates of off-card entities must come from (PK.CA-KLOC.ECDSA), and
 * which of them are let in. */
struct card_ca {
	struct key_ref ref;
	struct ec_public key;
	struct x509_id id; /* n = 0: not told */
	bool has_list;     /* without one every certificate that it signed is let in */
	uint16_t counter;  /* of the list, for those that come in SCP11c sessions */
	uint8_t allowed_n;
	struct x509_id allowed[VCARD_ALLOWED_MAX]; /* serial numbers */
};

/* ---- secret sets ---- */

/* The type that this card's keys have. */
uint8_t key_type(const struct chip *c);
/* Key 01 ENC, 02 MAC, 03 DEK of a set; NULL: no such key identifier. */
struct key *key_of(struct key_set *k, unsigned kid);
/* Three keys of the kind that the card's protocol takes. */
bool set_opens_channel(const struct vcard *v, const struct card_keys *k);
/* The set of this domain with this version, 0: its first; NULL: none. */
const struct card_keys *chip_keys(const struct vcard *v, const struct aid *domain, uint8_t version);
/* That, if it can open a channel: three keys of the kind that the card's protocol takes. A domain
 * without any such set is opened with the keys of the one that it is associated with. */
const struct card_keys *chip_channel_keys(
    const struct vcard *v, const struct aid *domain, uint8_t version);
/* It has a set of its own that opens a channel: what is in it is its own affair. */
bool chip_opens_itself(const struct vcard *v, const struct aid *domain);
/* It is the ISD, or is opened with the ISD's keys for want of its own: so with those of SCP11, too.
 */
bool chip_opened_by_isd(const struct vcard *v, const struct aid *domain);
size_t chip_keys_count(const struct vcard *v, const struct aid *domain);

/* ---- public keys, and those of SCP11 ---- */

const struct card_public *chip_public(
    const struct vcard *v, const struct aid *domain, struct key_ref ref);
/* The key 01 of this version, secret or public, as what authorizes content; false: none. The caller
 * wipes it. */
MUST_CHECK bool chip_authority(
    const struct vcard *v, const struct aid *domain, uint8_t version, struct authority_key *k);
/* By key identifier and version, 0: the first of that identifier; NULL: none. */
const struct card_ecka *chip_ecka(const struct vcard *v, struct key_ref ref);
const struct card_ca *chip_ca(const struct vcard *v, struct key_ref ref);

/* ---- changes, as in card_state.h: put, then commit once ---- */

void chip_put_keys(struct vcard *v, const struct card_keys *k); /* adds or replaces the set */
void chip_put_keys_gone(struct vcard *v, const struct aid *domain, uint8_t version);
void chip_put_ecka(struct vcard *v, const struct card_ecka *k); /* adds or replaces */
void chip_put_ecka_gone(struct vcard *v, struct key_ref ref);
void chip_put_ca(struct vcard *v, const struct card_ca *k);
void chip_put_ca_gone(struct vcard *v, struct key_ref ref);
void chip_put_sequence(struct vcard *v, const struct card_keys *k, uint32_t sequence);
void chip_put_tries(struct vcard *v, const struct card_keys *k, uint8_t tries);
/* One more wrong authentication of an access set, which is one of v's; nothing is written.
 * vcard_reset: all are forgotten.
 */
void chip_count_wrong(struct vcard *v, const struct card_keys *k);
void chip_forget_wrong(struct vcard *v);
void chip_put_public(struct vcard *v, const struct card_public *k); /* adds or replaces */
void chip_put_public_gone(struct vcard *v, const struct aid *domain, struct key_ref ref);

/* ---- what commands bring ---- */

/* Puts the keys of a command, the i-th with identifier kid[i]: `old` > 0 replaces keys of this
 * version, 0 adds, -1 does either, as STORE DATA does. A whole set begins with counter 0 and all
 * tries; the factory set goes when it is the only one and the new one opens channels. Not
 * committed. SW_OK, or why not. */
uint16_t keys_put(struct vcard *v, const struct aid *domain, int old, const struct put_key *put,
    const uint8_t kid[static PUT_KEY_KEYS]);
/* The same for one RSA or EC key. */
uint16_t public_put(
    struct vcard *v, const struct aid *domain, int old, const struct put_key *put, uint8_t kid);
bool public_taken(const struct vcard *v, const struct aid *domain, struct key_ref ref);

#endif
