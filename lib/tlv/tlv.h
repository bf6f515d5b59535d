/*
 * BER-TLV as cards and bundles use it (ISO 7816-4 annex E, GPCS 11.1.5): tags of 1 to 3 octets,
 * definite lengths of 1 to 5 octets. Readers borrow; nothing here allocates.
 */
#ifndef TLV_TLV_H
#define TLV_TLV_H

#include "base/bytes.h"

struct tlv {
	uint32_t tag;    /* the tag octets as a number: 0x9F7F */
	struct span val; /* borrowed */
	bool minimal;    /* the length was in its shortest form */
};

/* Takes the next TLV; false, cursor unmoved, at the end of data or when it is malformed. */
MUST_CHECK bool tlv_next(struct rd *r, struct tlv *t);
/* The first TLV with this tag on this level of s; false when absent or s is malformed before it. */
MUST_CHECK bool tlv_find(struct span s, uint32_t tag, struct span *val);
/* The next TLV, which must have this tag. */
MUST_CHECK bool tlv_expect(struct rd *r, uint32_t tag, struct span *val);
/* The same and exactly n octets, copied. */
MUST_CHECK bool tlv_expect_n(struct rd *r, uint32_t tag, void *to, size_t n);
/* Bit 6 of the first tag octet (ISO 7816-4 5.2.2.1): the value is TLVs itself. Not so for 22 and
 * 23, which hold whole APDUs (ETSI TS 102 226 5.2.1). */
bool tlv_constructed(uint32_t tag);
/* All of s is a sequence of well-formed TLVs with minimal lengths, constructed ones looked into,
 * to a depth of 8. */
MUST_CHECK bool tlv_canonical(struct span s);

void tlv_put(struct wr *w, uint32_t tag, struct span val);
void tlv_put_u8(struct wr *w, uint32_t tag, uint8_t v);
void tlv_put_u32(struct wr *w, uint32_t tag, uint32_t v);
/* tlv_open writes the tag and returns a mark; tlv_close puts the length in front of all that was
 * written since. Nests. */
size_t tlv_open(struct wr *w, uint32_t tag);
void tlv_close(struct wr *w, size_t mark);

#endif
