/*
 * The memory of a virtual card: a journal of checksummed frames in one file.
 *
 * A frame is one change of state, made of one or several typed records, and is appended with one
 * write: after a cut at any octet it is there as a whole or not at all. The state is what replaying
 * all records in order gives; nvm does not know what they mean. The file is locked (flock) from
 * open to close. There is no fsync: see vcard.h.
 *
 * File: 16 octets of magic, then frames { length(4), CRC-32C of these 4 (4), CRC-32C of the
 * payload (4), payload }, payload = records { type(1), length(4), value }. An incomplete last
 * frame, one with a wrong payload checksum at the very end, or a tail of zeros was torn by a power
 * cut and is dropped; any other disagreement means that the file is damaged.
 */
#ifndef VCARD_CORE_NVM_H
#define VCARD_CORE_NVM_H

#include "base/bytes.h"
#include "base/err.h"

#define NVM_PAYLOAD_MAX (32u << 20)

struct nvm;

/* Adds one record to a batch. */
void nvm_record(struct wr *batch, uint8_t type, struct span value);
/* One record of a replay; false: its value is malformed, the file is damaged. */
typedef bool nvm_apply(void *arg, uint8_t type, struct span value);
/* Calls apply for each record of a batch; false when one refuses or the batch is malformed. */
MUST_CHECK bool nvm_each(struct span batch, nvm_apply *apply, void *arg);

/* Creates the file (0600, must not exist) with one frame. Exists already: ERR_SAFETY. */
int nvm_create(const char *path, struct span batch, struct err *e);
/* Opens, locks and replays. Missing, not a regular file (symbolic links are not followed) or
 * locked by somebody else: ERR_READER; damaged, or not for the caller alone (see base/private.h):
 * ERR_INPUT. */
int nvm_open(const char *path, nvm_apply *apply, void *arg, struct nvm **n, struct err *e);
/* The first octets of the first record, of a file that may be in use: n of them. false: it is no
 * card file, or begins with another record. Sums are not compared: for telling files apart. */
MUST_CHECK bool nvm_peek(const char *path, uint8_t type, uint8_t *to, size_t n);
void nvm_close(struct nvm *n); /* NULL is fine */

/* Appends one frame with one write. false: nothing of it is there, and if nvm_dead no later one
 * will be. */
MUST_CHECK bool nvm_commit(struct nvm *n, struct span batch);
/* Replaces the whole journal by one frame: written beside and renamed over. false: the old one
 * stays in use. Counts as one write. */
MUST_CHECK bool nvm_compact(struct nvm *n, struct span batch);
/* Somebody removed the file, or put another in its place. */
bool nvm_orphaned(const struct nvm *n);
size_t nvm_size(const struct nvm *n); /* octets of the file */

/* Test and fault hook: power fails in the write-th write from now (1: the next): its first `keep`
 * octets (at most all but one) reach the file, and nothing is written any more. 0: no cut. */
void nvm_cut(struct nvm *n, uint32_t write, size_t keep);
bool nvm_dead(const struct nvm *n); /* power was cut, or a torn write could not be undone */

#endif
