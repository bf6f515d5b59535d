/*
 * A folder of grants, of which each card has its own: they are told apart by the digest of the
 * card's key in them (81). Takes about 100 octets for each file.
 */
#ifndef CHANGE_GRANT_INDEX_H
#define CHANGE_GRANT_INDEX_H

#include "host/party_file.h"

struct grant_index {
	struct grant_place {
		uint8_t card[PARTY_DIGEST], grant[PARTY_DIGEST];
		char *name; /* of the file, in the folder */
	} * list;           /* in order of card */
	size_t n;
};

/*
 * Reads every file of the folder, but for those whose names begin with a dot and what a write that
 * was cut off has left. ERR_INPUT: one of them is no grant, or two are for one card. digest: of all
 * grants in it, whatever their files are called. grant_index_free in any case.
 */
int grant_index_read(
    const char *folder, struct grant_index *x, uint8_t digest[static 32], struct err *e);
void grant_index_free(struct grant_index *x);
/* The file for the card with this digest; NULL: none. */
const char *grant_index_find(const struct grant_index *x, const uint8_t card[static PARTY_DIGEST]);

#endif
