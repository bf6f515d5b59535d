/*
 * Loading a CAP file: the file, its DAP blocks, hash and token made ready and checked before a card
 * is touched, then INSTALL [for load] and LOAD with what went wrong in words. Shared by load and
 * install.
 */
#ifndef CMD_CONTENT_CAP_LOAD_H
#define CMD_CONTENT_CAP_LOAD_H

#include "cap/cap.h"
#include "crypto/digest.h"
#include "cmd/kit/progress.h"
#include "cmd/content/removal.h"

struct cap_args {
	struct aid domain;
	const char *hash, *token, *field;
	struct opt_strings daps;
	struct opt_u32 block;
	bool extended, descriptor, replace, cleanup;
};

extern const char *const cap_hashes[];

#define CAP_LOAD_OPTS(type, member) \
	OPT_AID("domain", "AID", type, member.domain, \
	    "Security domain that the package is to belong to"), \
	    OPT_FLAG("replace", type, member.replace, \
		"Delete what is on the card under these AIDs first"), \
	    OPT_FLAG("cleanup", type, member.cleanup, \
		"Delete what a load of this file that failed left, before or now"), \
	    OPT_CHOICE("hash", "ALGORITHM", type, member.hash, cap_hashes, \
		"Load file data block hash: sha-1, sha-256, sha-384 or sha-512 (with --dap " \
		"or --load-token what goes with it, else none)"), \
	    OPT_STRINGS("dap", "FILE", type, member.daps, "DAP block, as dap sign writes it"), \
	    OPT_STRING("load-field", "HEX", type, member.field, \
		"Whole parameters field of INSTALL [for load] (empty)"), \
	    OPT_PATH( \
		"load-token", "FILE", type, member.token, "Load token, its octets as they are"), \
	    OPT_U32("block", "OCTETS", type, member.block, 1, 65535, \
		"Octets in one LOAD (as many as fit)"), \
	    OPT_FLAG("extended", type, member.extended, "Use extended length for LOAD"), \
	    OPT_FLAG( \
		"descriptor", type, member.descriptor, "Load the Descriptor component as well")

/* Ready to be loaded. All zero, then cap_load_read; cap_load_free in any case. */
struct cap_load {
	const char *path;
	const struct cap_args *a;
	struct cap cap;
	struct aid package;
	struct aid applet[CAP_APPLETS_MAX];
	size_t applet_n;
	struct wr head, token, field;
	uint8_t hash[DIGEST_MAX];
	size_t hash_n;
	struct content_load l;
	struct content_outcome o;
	json_t *confirmation; /* of the load */
};

/* One of the options was given. */
bool cap_args_given(const struct cap_args *a);
/* A parameters field of INSTALL in hex: well-formed, at most 512 octets. ERR_USAGE, naming `what`.
 */
int field_parse(const char *text, const char *what, struct wr *w, struct err *e);
/* Everything that needs no card. */
int cap_load_read(struct cap_load *x, const char *path, const struct cap_args *a, struct err *e);
/* Blocks, length, and that neither package nor its names are there; what --replace and --cleanup
 * have to delete first is added to *m. */
int cap_load_check(struct cap_load *x, const struct target *t, const struct registry *r,
    struct removals *m, struct err *e);
/* Free memory, then the load itself with its progress. A failure is explained in remarks. */
int cap_load_send(struct cap_load *x, struct target *t, struct err *e);
/* After a failure: what is left on the card, which --cleanup deletes; the remedy goes into the
 * hint.
 */
void cap_load_leftover(struct cap_load *x, struct target *t, struct err *e);
/* The package is there as loaded: ERR_INTEGRITY. */
int cap_load_compare(const struct cap_load *x, const struct registry *after, struct err *e);
json_t *cap_load_show(const struct cap_load *x);
void cap_load_tell(const struct cap_load *x, struct ctx *c);
void cap_load_free(struct cap_load *x);

#endif
