/*
 * Bundles (broadcast.md 8): the payload, encrypted once for everybody, and what goes with it.
 * bundle.c reads and verifies; build.c makes. The raw bytes stay with the bundle, everything else
 * borrows from them.
 */
#ifndef BUNDLE_BUNDLE_H
#define BUNDLE_BUNDLE_H

#include "base/err.h"
#include "gp/broadcast.h"

#define BUNDLE_MAX (64u << 20)
#define BUNDLE_PACKAGES 4
#define BUNDLE_SIGNERS 8
#define BUNDLE_NAME_MAX 128 /* octets of UTF-8 */
#define IMAGE_MAX (16u << 20)

enum variant { VARIANT_PLAIN = 0x00, VARIANT_A = 0x0A, VARIANT_B = 0x0B };
const char *variant_str(uint8_t v); /* "plain", "a", "b" */

/* Tag A3: one byte string for one MAC size. */
struct package {
	uint32_t number;           /* 86 */
	uint8_t m;                 /* 9F21 */
	uint8_t key_n;             /* 9F22 */
	uint8_t form, inner, slot; /* 84, 89, 8C */
	struct span keys;          /* 80 */
	struct span kek_name;      /* 9E, empty in form 01 */
	bool has_kos_version;
	uint8_t kos_version; /* 8B */
	bool has_nonce;
	uint8_t nonce[INNER_NONCE_SIZE];
	uint8_t counter[16], mcv[16];   /* 82, 83 */
	uint32_t total;                 /* 87 */
	struct span wrapped_code, code; /* 96, 9C: empty if not there */
	struct span commands;       /* value of AA: '22' TLVs, `total` of them (counted at open) */
	struct span return_command; /* the one C-APDU of A6 */
	struct span checkpoints;    /* 9F2B: 8 octets per command but the last; empty in S16 */
};

struct bundle {
	struct wr raw;
	struct span signed_part; /* value octets before the first A4 */
	struct span signatures;  /* the A4s */
	uint8_t digest[32];      /* SHA-256 of the whole file: names this bundle */
	/* Set by bundle_open: */
	uint8_t campaign[16];
	uint8_t variant, algorithm;
	uint32_t version, base, length;
	struct aid target;
	uint8_t platform[PLATFORM_SIZE];
	uint8_t image_digest[32];
	bool has_signature;
	uint8_t signature[64]; /* the issuer's */
	uint32_t expiry;       /* YYYYMMDD, 0: none */
	char name[BUNDLE_NAME_MAX + 1];
	struct package package[BUNDLE_PACKAGES];
	size_t package_n;
	uint8_t signer_id[BUNDLE_SIGNERS][8]; /* of each A4, set by bundle_read */
	bool signer_ok[BUNDLE_SIGNERS];       /* a trusted key of this id has verified it */
	size_t signer_n;
};

/* Whose signatures count: k distinct ones of these public keys must verify. */
struct bundle_trust {
	const uint8_t *signer[BUNDLE_SIGNERS]; /* 32 octets each, borrowed */
	size_t n;
	uint8_t k;
};

/* Reads a file and splits its envelope, nothing more. ERR_INPUT. */
int bundle_read(const char *path, struct bundle *b, struct err *e);
/* The same from bytes that b takes over. */
int bundle_take(struct wr *raw, struct bundle *b, struct err *e);
/* Verifies the signatures, then parses and checks every field, count and length. ERR_INPUT.
 * today (YYYYMMDD): an expired bundle is refused with ERR_SAFETY; 0: not checked. */
int bundle_open(struct bundle *b, const struct bundle_trust *t, uint32_t today, struct err *e);
/* Parses without verifying, for `bundle show` without a key store only. */
int bundle_open_unverified(struct bundle *b, struct err *e);
void bundle_free(struct bundle *b);

/* A day that the calendar has, as YYYYMMDD. */
bool bundle_date_ok(uint32_t date);
/* UTF-8 of 1 to max octets without control characters: it is shown on terminals. */
bool bundle_text_ok(struct span s, size_t max);
/* First 8 octets of SHA-256 of a signer's public key (9F23). */
MUST_CHECK bool bundle_signer_id(const uint8_t public[static 32], uint8_t out[static 8]);

/* The package for this MAC size, NULL if there is none. */
const struct package *bundle_package(const struct bundle *b, uint8_t m);
/* Fills the data of CHANGE MODE enter at j. kek: the bundle KEK for form 00, NULL in form 01.
 * The full chaining value after command j comes from the stream and the checkpoints. */
int bundle_enter(const struct bundle *b, const struct package *p, uint32_t j, const struct key *kek,
    struct enter *out, struct err *e);
/* Fills the data of AUTHORIZE ACTION. */
void bundle_authorize(const struct bundle *b, const struct package *p, struct authorize *out);

/* What to build. All borrowed. */
struct bundle_plan {
	struct span image;
	uint32_t version, base, expiry;
	struct aid target;
	uint8_t platform[PLATFORM_SIZE];
	uint8_t variant, algorithm;
	uint8_t key_n; /* BK: 16, 24, 32 */
	bool s16;      /* a second package for S16 */
	uint8_t campaign[16];
	uint32_t package; /* number of the first package; S16 is the one after it */
	const char *name;
	const struct key *kos; /* variants A, B */
	uint8_t kos_version;
	const struct key *kmac; /* algorithm 02 */
	const struct key *kek;  /* variants B, plain */
	const char *kek_name;
	const struct key *issuer; /* algorithm 05 */
	const struct key *signer[BUNDLE_SIGNERS];
	size_t signer_n;
	bool allow_literal_mac; /* algorithms 01 and 02 */
};
/* Builds with fresh broadcast keys; out is a growing writer that the caller frees. ERR_SAFETY for
 * combinations that section 1 or 2 forbids. */
int bundle_build(const struct bundle_plan *plan, struct wr *out, struct err *e);

#endif
