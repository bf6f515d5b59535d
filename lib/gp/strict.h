/*
 * Inside lib/gp: fields of forms that are strict, tag after tag: a length in its shortest form and
 * within bounds. Each is false, cursor unmoved, when the next TLV is another or is not like that.
 */
#ifndef GP_STRICT_H
#define GP_STRICT_H

#include "tlv/tlv.h"

/* The next TLV has this tag. */
bool strict_ahead(const struct rd *r, uint32_t tag);
/* Its value has `least` to `most` octets. */
MUST_CHECK bool strict_get(
    struct rd *r, uint32_t tag, size_t least, size_t most, struct span *value);
/* The same if it is there; else *value is empty. least >= 1. */
MUST_CHECK bool strict_maybe(
    struct rd *r, uint32_t tag, size_t least, size_t most, struct span *value);
/* Lends it with tag and length. */
MUST_CHECK bool strict_whole(struct rd *r, uint32_t tag, struct span *whole);
/* Numbers of exactly 1, 2, 4 and 8 octets. */
MUST_CHECK bool strict_u8(struct rd *r, uint32_t tag, uint8_t *v);
MUST_CHECK bool strict_u16(struct rd *r, uint32_t tag, uint16_t *v);
MUST_CHECK bool strict_u32(struct rd *r, uint32_t tag, uint32_t *v);
MUST_CHECK bool strict_u64(struct rd *r, uint32_t tag, uint64_t *v);
/* All of s is one TLV of this tag; lends its value. */
MUST_CHECK bool strict_only(struct span s, uint32_t tag, struct span *value);

void strict_put_u16(struct wr *w, uint32_t tag, uint16_t v);
void strict_put_u64(struct wr *w, uint32_t tag, uint64_t v);

#endif
