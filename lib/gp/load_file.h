/*
 * Load files as LOAD carries them (GPCS 11.6.2.3): DAP blocks, then the load file data block in
 * clear (C4) or ciphered (D4, with an ICV D3 before it). What is in the data block is lib/cap's.
 */
#ifndef GP_LOAD_FILE_H
#define GP_LOAD_FILE_H

#include "gp/command.h"

enum { LOAD_MORE = 0x00, LOAD_LAST = 0x80 };       /* P1 of LOAD */
enum { LOAD_BLOCKS_MAX = 256, LOAD_DAPS_MAX = 8 }; /* block numbers are one octet */

/* DAP block E2: the domain that verifies, and its signature over the hash of the data block. */
struct dap {
	struct aid domain;
	struct span signature; /* borrowed */
};
void dap_put(struct wr *w, const struct dap *d);
/* The next block E2; false, cursor unmoved, when there is none. */
MUST_CHECK bool dap_next(struct rd *r, struct dap *d);
/* One whole block E2, which is what a DAP file holds; false also when octets are left. */
MUST_CHECK bool dap_get(struct span block, struct dap *d);

/* Everything in front of the data: DAP blocks, ICV, tag and length of the data block. icv: 16
 * octets or NULL; ciphered without one means an ICV of zeros. */
void load_file_head_put(struct wr *w, const struct dap *dap, size_t dap_n, size_t data_octets,
    bool ciphered, const uint8_t *icv);

struct load_file {
	struct dap dap[LOAD_DAPS_MAX];
	size_t dap_n;
	bool ciphered;
	struct span icv;  /* empty: zeros */
	struct span data; /* of the data block, borrowed */
};
/* A whole load file; octets behind the data block make it false. */
MUST_CHECK bool load_file_get(struct span s, struct load_file *f);
/* How many octets the whole will have, from its beginning; 0: not to be told yet, or malformed
 * (*wrong). For cards that must know when to stop. */
size_t load_file_octets(struct span begin, bool *wrong);

/* LOAD commands that `octets` take in blocks of `block`; above LOAD_BLOCKS_MAX it cannot be done.
 */
size_t load_blocks(size_t octets, size_t block);

#endif
