/*
 * SCP11 (GlobalPlatform Amendment F): key agreement, derivation and receipt of SCP11a, b and c, for
 * both roles. It ends in session keys; what follows is SCP03 (scp03_begin_keys with the receipt as
 * MAC chaining value).
 *
 * Bytes in, bytes out: no transport, no files, no clock, no randomness; ephemeral keys are
 * arguments. Who the other side is, is not known here: whoever calls has checked its certificate.
 *
 *   variant  first secret                   second secret
 *   a        both ephemeral keys            both static keys
 *   b        both ephemeral keys            OCE ephemeral, card static
 *   c        OCE ephemeral, card static     both static keys
 *
 * OCE: the off-card entity, the host. Keys of all four must be on one curve.
 *
 * A third secret may follow the two: the domain key of a grant, when a container is claimed. It is
 * ours and takes part like the others, so that only who has it comes to the same receipt.
 */
#ifndef SCP_SCP11_H
#define SCP_SCP11_H

#include "crypto/ecka.h"
#include "scp/scp.h"

enum scp11_variant { SCP11A, SCP11B, SCP11C };

/* Key identifiers by which cards know the parts (KID). */
enum scp11_kid { KID_CA_KLOC = 0x10, KID_SCP11A = 0x11, KID_SCP11B = 0x13, KID_SCP11C = 0x15 };

/* SCP parameters, second octet of tag 90: what takes part. Others are RFU. */
enum scp11_pp {
	SCP11_PP_OCE = 0x01, /* the OCE is authenticated: a, c */
	SCP11_PP_C = 0x02,
	SCP11_PP_IDS = 0x04 /* HostID and card identifiers enter the derivation */
};

/*
 * Parameter i of Card Data. It stands there as an arc of an object identifier, so with a second
 * octet the first counts 128-fold: 9B 02 is 0D82.
 */
enum scp11_i_first {
	SCP11_I_A = 0x01,
	SCP11_I_B = 0x02,
	SCP11_I_STORED = 0x04, /* a public key of an OCE is stored */
	SCP11_I_CHAINS = 0x08,
	SCP11_I_C = 0x10,
	SCP11_I_S16 = 0x40
};
enum scp11_i_second { SCP11_I2_X509 = 0x02, SCP11_I2_NO_GP = 0x04 };
uint8_t scp11_i_first(uint16_t i);
uint8_t scp11_i_second(uint16_t i);
uint16_t scp11_i(uint8_t first, uint8_t second); /* second 00: one octet */

enum { SCP11_KEY_TYPE = 0x88, SCP11_ID_MAX = 16, SCP11_RECEIPT = 16 };
/* HostID, SIN and SDIN, or HostID and card group identifier, each with its length octet; group
 * identifiers have up to 20 octets. */
enum { SCP11_IDENTIFIERS_MAX = 3 * (1 + 20) };

const char *scp11_variant_str(enum scp11_variant v); /* "SCP11a" */
uint8_t scp11_kid(enum scp11_variant v);
MUST_CHECK bool scp11_variant_from_kid(uint8_t kid, enum scp11_variant *v);
uint8_t scp11_pp(enum scp11_variant v, bool identifiers);

/*
 * The key usage qualifier (tag 95) is the security level: 34 is 11, 3C is 33; with SCP11c also 1C
 * is 03 and 74 is 13. false for every other.
 */
MUST_CHECK bool scp11_level_of(enum scp11_variant v, uint8_t usage, uint8_t *level);
MUST_CHECK bool scp11_usage_of(enum scp11_variant v, uint8_t level, uint8_t *usage);

/* What both sides have agreed on, in clear, before keys are derived. */
struct scp11_terms {
	enum scp11_variant variant;
	uint8_t usage; /* key usage qualifier */
	uint8_t key_n; /* 16, 24 or 32 */
	enum kdf_hash hash;
	/* Empty unless bit SCP11_PP_IDS is agreed on: a, b: HostID, SIN, SDIN; c: HostID, card
	 * group identifier; each with its length in front (scp11_identifiers_put). Borrowed. */
	struct span identifiers;
	struct span domain_key; /* the third secret, up to KEY_MAX octets; n = 0: none; borrowed */
};
/* Appends each with its length octet. */
void scp11_identifiers_put(struct wr *w, const struct span *ids, size_t n);

struct scp11_keys {
	struct key receipt;
	struct scp03_keys session;
	struct key dek; /* stands for Key-DEK in this session */
};
void wipe_scp11_keys(struct scp11_keys *k);
#define SECRET_SCP11_KEYS(name) \
	__attribute__((cleanup(wipe_scp11_keys))) struct scp11_keys name = { 0 }

/* The private keys of one side and the public keys of the other. Which are read depends on variant
 * and side; the others may be NULL. Borrowed. */
struct scp11_host_side {
	const struct ec_private *ephemeral;
	const struct ec_private *own;           /* static: a, c */
	const struct ec_public *card_ephemeral; /* a, b */
	const struct ec_public *card;           /* static */
};
struct scp11_card_side {
	const struct ec_private *ephemeral; /* a, b */
	const struct ec_private *own;       /* static */
	const struct ec_public *oce_ephemeral;
	const struct ec_public *oce; /* static: a, c */
};
/* Session keys; false, and *out wiped, when a key is missing, the curves differ, key_n is no AES
 * length, the usage is not one of the variant, or OpenSSL fails. */
MUST_CHECK bool scp11_host_agree(
    const struct scp11_terms *t, const struct scp11_host_side *side, struct scp11_keys *out);
MUST_CHECK bool scp11_card_agree(
    const struct scp11_terms *t, const struct scp11_card_side *side, struct scp11_keys *out);
/* What both do once they have the secrets, first | second | domain key: t->domain_key is not read.
 */
MUST_CHECK bool scp11_derive(
    const struct scp11_terms *t, struct span secrets, struct scp11_keys *out);

/* The receipt: CMAC over the data field of the command and the 5F49 TLV of the answer. */
MUST_CHECK bool scp11_receipt(const struct scp11_keys *k, struct span command_data,
    struct span answer_key, uint8_t out[static SCP11_RECEIPT]);
/* Compares in constant time; `receipt` must have 16 octets. */
MUST_CHECK bool scp11_receipt_ok(const struct scp11_keys *k, struct span command_data,
    struct span answer_key, struct span receipt);
/* Opens the SCP03 session that SCP11 ends in; m: 8 (S8) or 16 (S16). */
MUST_CHECK bool scp11_begin(struct scp *s, const struct scp11_terms *t, const struct scp11_keys *k,
    const uint8_t receipt[static SCP11_RECEIPT], uint8_t m);

#endif
