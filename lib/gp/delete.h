/* DELETE (GPCS 11.2): of applications and load files, and of keys. */
#ifndef GP_DELETE_H
#define GP_DELETE_H

#include "gp/command.h"

enum { DELETE_OBJECT = 0x00, DELETE_RELATED = 0x80 }; /* P2 */
enum { DELETE_MORE = 0x80 };                          /* P1: the data go on in the next command */

/* Spans are borrowed. */
struct delete_object {
	struct aid aid;
	struct span control; /* value of B6; empty: none */
	struct span token;   /* value of 9E; empty: none */
};
struct delete_keys {
	int kid, kvn; /* -1: not named, at least one is */
};

void delete_object_put(struct wr *w, const struct delete_object *d);
void delete_keys_put(struct wr *w, const struct delete_keys *k);
/* Which of the two it is: *keys true for D0, D2. False when it is neither, or both. */
MUST_CHECK bool delete_get(
    struct span data, struct delete_object *d, struct delete_keys *k, bool *keys);
/* What a delete token signs: 00 | P2 | Lc' | data without 9E (GPCS C.4.9). */
void delete_token_input(struct wr *w, uint8_t p2, const struct delete_object *d);

#endif
