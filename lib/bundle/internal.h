/*
 * What the files of lib/bundle (and their test) share and nobody else uses: tags, the field
 * parser, building with given broadcast keys. bundle.c reads, verifies and hands out, parse.c
 * takes the fields apart, build.c makes the envelope and package.c what is in a package.
 */
#ifndef BUNDLE_INTERNAL_H
#define BUNDLE_INTERNAL_H

#include "bundle/bundle.h"

/* broadcast.md 8 */
enum {
	B_BUNDLE = 0x7F71,
	B_FORMAT = 0x80,
	B_IMAGE = 0xA1,
	B_CAMPAIGN = 0x85,
	B_VARIANT = 0x9A,
	B_VERSION = 0x93,
	B_TARGET = 0x94,
	B_PLATFORM = 0x97,
	B_BASE = 0x98,
	B_LENGTH = 0x92,
	B_DIGEST = 0x91,
	B_ALGORITHM = 0x90,
	B_SIGNATURE = 0x5F37,
	B_EXPIRY = 0x99,
	B_NAME = 0x9D,
	B_PACKAGE = 0xA3,
	B_NUMBER = 0x86,
	B_MAC_SIZE = 0x9F21,
	B_KEY_SIZE = 0x9F22,
	B_FORM = 0x84,
	B_KEYS = 0x80,
	B_KEK_NAME = 0x9E,
	B_KOS_VERSION = 0x8B,
	B_INNER = 0x89,
	B_SLOT = 0x8C,
	B_NONCE = 0x8E,
	B_COUNTER = 0x82,
	B_MCV = 0x83,
	B_TOTAL = 0x87,
	B_WRAPPED_CODE = 0x96,
	B_CODE = 0x9C,
	B_COMMANDS = 0xAA,
	B_RETURN = 0xA6,
	B_CAPDU = 0x22,
	B_CHECKPOINTS = 0x9F2B,
	B_SIGNER = 0xA4,
	B_SIGNER_ID = 0x9F23
};

enum {
	BUNDLE_FORMAT = 1,
	KEK_NAME_MAX = 64,
	CODE_SIZE = 16,         /* an AES-CMAC */
	WRAPPED_CODE_SIZE = 24, /* AES-KW of it */
	PAYLOAD_HEAD = 4        /* the offset in WRITE STAGE */
};

/* What is signed begins with this; the terminating zero belongs to it. */
extern const char bundle_signed_prefix[16 + 1];
#define SIGNED_PREFIX span_of(bundle_signed_prefix, sizeof(bundle_signed_prefix))

/* Takes the next TLV, which must have this tag, a minimal length and min..max octets. ERR_INPUT. */
int field(struct rd *r, uint32_t tag, size_t min, size_t max, struct span *v, struct err *e);
int field_copy(struct rd *r, uint32_t tag, void *to, size_t n, struct err *e);

/* Everything in b->signed_part into b; all or ERR_INPUT. */
int bundle_parse(struct bundle *b, struct err *e);

/* What form, inner layer and literal code a variant goes with (broadcast.md 2). */
struct variant_rule {
	uint8_t variant, form, inner;
	uint8_t literal; /* the algorithm of its literal code */
	bool wrapped;    /* that code is carried in 96 */
	const char *name;
};
const struct variant_rule *variant_rule(uint8_t variant); /* NULL: no such variant */

struct broadcast_keys {
	struct key enc, mac;
};
/* Makes and writes the A3s of a checked plan: package plan->package for S8, then with plan->s16 the
 * next one for S16. false: OpenSSL failed, or out of memory. */
MUST_CHECK bool package_build_all(
    struct wr *w, const struct bundle_plan *plan, const struct broadcast_keys *bk);
/* bundle_build with broadcast keys from the caller, one pair for each package. */
int bundle_build_with(
    const struct bundle_plan *plan, const struct broadcast_keys *bk, struct wr *out, struct err *e);

#endif
