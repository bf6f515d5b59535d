/*
 * Loading a CAP file, for the kinds load and install, and for who shows it. A field that both have
 * is a member of struct load_source and a row of LOAD_FIELDS, here; what it does is in load.c.
 */
#ifndef CHANGE_LOAD_H
#define CHANGE_LOAD_H

#include "cap/cap.h"
#include "change/removal.h"
#include "crypto/digest.h"

/* What a load file is loaded with. Below the fields what load_file_open makes of them, which
 * load_file_close releases. */
struct load_source {
	struct field_file file; /* a CAP file; its digest is that of the load file data block */
	struct aid domain;
	struct field_choice hash;
	struct field_files dap;
	struct field_file load_token;
	struct field_bytes load_field;
	struct field_u32 block;
	bool extended, descriptor, replace, cleanup;

	struct cap cap;
	struct aid package, applet[CAP_APPLETS_MAX];
	size_t applet_n;
	struct wr head; /* in front of the data: DAP blocks, tag and length */
	struct span data;
	uint8_t digest[DIGEST_MAX];
	size_t digest_n; /* 0: the card gets none */
};
/* Of one card: what goes first, and how the load went. */
struct load_work {
	struct removals removals;
	bool keep; /* the package is there as asked */
	struct content_load load;
	struct content_outcome outcome;
	uint8_t confirmation[CONFIRMATION_MAX];
	size_t confirmation_n;
};

/* The rows of the fields; `member` is a struct load_source in `type`. */
#define LOAD_FIELDS(type, member) \
	FIELD_ROW(type, member.file, "file", FIELD_FILE, "FILE", "A CAP file", \
	    .flags = FIELD_NO_OPTION), \
	    FIELD_ROW(type, member.domain, "domain", FIELD_AID, "AID", \
		"Security domain that the package is to belong to"), \
	    FIELD_ROW(type, member.replace, "replace", FIELD_FLAG, NULL, \
		"Delete what is on the card under these AIDs first"), \
	    FIELD_ROW(type, member.cleanup, "cleanup", FIELD_FLAG, NULL, \
		"Delete what a load of this file that failed left, before or now"), \
	    FIELD_ROW(type, member.hash, "hash", FIELD_CHOICE, "ALGORITHM", \
		"Load file data block hash: " DIGEST_WORDS " (with dap or load-token what " \
		"goes with it, else none)", \
		.choices = digest_names), \
	    FIELD_ROW( \
		type, member.dap, "dap", FIELD_FILES, "FILE", "DAP block: E2 with 4F and C3"), \
	    FIELD_ROW(type, member.load_field, "load-field", FIELD_BYTES, "HEX", \
		"Whole parameters field of INSTALL [for load] (empty)"), \
	    FIELD_ROW(type, member.load_token, "load-token", FIELD_FILE, "FILE", \
		"Load token, its octets as they are"), \
	    FIELD_ROW(type, member.block, "block", FIELD_U32, "OCTETS", \
		"Octets in one LOAD (as many as fit)", .min = 1, .max = 65535), \
	    FIELD_ROW(type, member.extended, "extended", FIELD_FLAG, NULL, \
		"Use extended length for LOAD"), \
	    FIELD_ROW(type, member.descriptor, "descriptor", FIELD_FLAG, NULL, \
		"Load the Descriptor component as well")

/* Reads the file and what goes with it. ERR_INPUT, ERR_USAGE; load_file_close in any case. */
int load_file_open(struct load_source *l, struct err *e);
void load_file_close(struct load_source *l);
/* A field that is for a CAP file was given, `replace` left out. */
bool load_file_given(const struct load_source *l);
/* The package is there as the fields ask, as far as the card tells; *unproven: bits of `k`. */
bool load_file_is_so(const struct load_source *l, const struct registry *r,
    const struct change_kind *k, uint64_t *unproven);
/* All that speaks against the load; what goes first, or that nothing is to be loaded, is in *w. */
int load_file_check(
    struct change_card *c, const struct load_source *l, struct load_work *w, struct err *e);
/* What goes first, then the load. */
int load_file_send(
    struct change_card *c, const struct load_source *l, struct load_work *w, struct err *e);
int load_file_compare(struct change_card *c, const struct load_source *l, struct err *e);
/* After it failed: what is left, and how it goes. */
void load_file_leftover(
    struct change_card *c, const struct load_source *l, struct load_work *w, struct err *why);
/* "FILE: package AID, version 1.0, 200 octets, 1 applet" */
void load_file_describe(const struct load_source *l, size_t applets, char *out, size_t cap);
void load_work_free(struct load_work *w);

#endif
