/*
 * What a command under secure messaging has in common in SCP01, SCP02 and SCP03: class octet, head,
 * Le, length of the data field, padding. No keys and no state: those are the protocols'. For
 * lib/scp only.
 */
#ifndef SCP_SECURED_H
#define SCP_SECURED_H

#include "scp/scp.h"

/* No C-MAC covers all bits of the class octet, so the others must be as they can only be. */
bool secured_class(uint8_t cla);

/* What stands before the data field of `lc` octets: as it is sent, or as it enters the C-MAC. */
void secured_head_put(struct wr *w, uint8_t cla, const struct capdu *c, size_t lc);
/* Le behind the data field. With R-MAC the answer is longer than the plain one: asks for the most.
 */
void secured_le_put(struct wr *w, uint8_t level, const struct capdu *c);

/* Octets of the data field before the C-MAC: what is empty is not encrypted, and what is encrypted
 * has at least one octet more than the plain text. */
size_t secured_body(uint8_t level, size_t n, size_t block);
/* Longest plain data field for which that and m octets of MAC fit into a short command. */
size_t secured_max_data(uint8_t level, uint8_t m, size_t block);

/* Fills p[0..n) with plain | 80 | 00..; false: it is too long for that. */
MUST_CHECK bool pad80_put(uint8_t *p, size_t n, struct span plain);
/* Length of the plain text; 0: bad padding, or there is no plain text, which nobody encrypts. Any
 * number of 00: some senders add more than they must. */
size_t pad80_plain(const uint8_t *p, size_t n);

/* A command without C-MAC: as it is; received, nothing may claim to be protected either. */
MUST_CHECK bool bare_put(struct wr *out, const struct capdu *c);
enum scp_verdict bare_get(const struct capdu *c, struct capdu *plain, struct wr *data);
/* Appends what is not encrypted. */
enum scp_verdict clear_put(struct wr *data, struct span clear);

#endif
