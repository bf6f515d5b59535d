/*
 * One operation of content management from the words of a command line, without a card: what a
 * token allows, what a receipt confirms. The same words as load, install and delete take lead to
 * the same data.
 */
#ifndef CMD_AUTHORITY_OPERATION_H
#define CMD_AUTHORITY_OPERATION_H

#include "cap/cap.h"
#include "gp/token.h"
#include "cmd/kit/out.h"
#include "cmd/kit/verb.h"

struct operation_args {
	const char *kind, *what; /* operands; what: NULL where there is none */
	const char *hash, *privileges, *parameters, *field, *control;
	struct opt_bytes digest;
	struct aid domain, package, applet, instance, old_domain;
	bool descriptor, no_selectable, related;
};

extern const char *const token_kinds[], *const operation_hashes[];

#define OPERATION_OPERANDS(type, member) \
	{ "KIND", OPT_CHOICE, offsetof(struct type, member.kind), false, token_kinds, \
		"load, install, make-selectable, load-install, extradition, registry-update or " \
		"delete" }, \
	{ \
		"FILE|AID", OPT_PATH, offsetof(struct type, member.what), true, NULL, \
		    "A CAP file, or the AID of the package, module or application that it is " \
		    "about" \
	}
#define OPERATION_OPTS(type, member) \
	{ "domain", 0, OPT_AID, "AID", \
		"Security domain: of a load the one that the package goes to, else the new one", \
		offsetof(struct type, member.domain), 0, 0, 0, NULL }, \
	    { "hash", 0, OPT_CHOICE, "ALGORITHM", \
		    "Hash of the load file data block: sha-1, sha-256 (default), sha-384 or " \
		    "sha-512", \
		    offsetof(struct type, member.hash), 0, 0, 0, operation_hashes }, \
	    { "digest", 0, OPT_BYTES, "HEX", "That hash itself, with the AID of a package", \
		    offsetof(struct type, member.digest), 0, 20, 64, NULL }, \
	    { "descriptor", 0, OPT_FLAG, NULL, "The Descriptor component is loaded as well", \
		    offsetof(struct type, member.descriptor), 0, 0, 0, NULL }, \
	    { "package", 0, OPT_AID, "AID", "Package of the module or application", \
		    offsetof(struct type, member.package), 0, 0, 0, NULL }, \
	    { "applet", 0, OPT_AID, "AID", "Applet of the CAP file, where it has several", \
		    offsetof(struct type, member.applet), 0, 0, 0, NULL }, \
	    { "instance", 0, OPT_AID, "AID", "AID of the application (the module's)", \
		    offsetof(struct type, member.instance), 0, 0, 0, NULL }, \
	    { "privileges", 0, OPT_STRING, "LIST", "Privileges by name, with commas between them", \
		    offsetof(struct type, member.privileges), 0, 0, 0, NULL }, \
	    { "parameters", 0, OPT_STRING, "HEX", "Application parameters, the value of C9", \
		    offsetof(struct type, member.parameters), 0, 0, 0, NULL }, \
	    { "field", 0, OPT_STRING, "HEX", \
		    "The whole parameters field of the INSTALL, where another program makes it", \
		    offsetof(struct type, member.field), 0, 0, 0, NULL }, \
	    { "control", 0, OPT_STRING, "HEX", \
		    "Control reference template of a DELETE, the value of B6", \
		    offsetof(struct type, member.control), 0, 0, 0, NULL }, \
	    { "no-selectable", 0, OPT_FLAG, NULL, "Install and do not make selectable", \
		    offsetof(struct type, member.no_selectable), 0, 0, 0, NULL }, \
	{ \
		"related", 0, OPT_FLAG, NULL, "Delete a package with its applications", \
		    offsetof(struct type, member.related), 0, 0, 0, NULL \
	}

/* What they say. All zero, then operation_read; operation_free in any case. Borrows from itself. */
struct operation_read {
	struct operation o;
	const struct operation_args *a;
	struct cap cap;
	struct wr params, control;
	uint8_t hash[DIGEST_MAX];
};
/* Options that do not go with the kind are refused: ERR_USAGE; a bad CAP file: ERR_INPUT. */
int operation_read(struct operation_read *x, const struct operation_args *a, struct err *e);
void operation_free(struct operation_read *x);
/* As a receipt names it, which has AIDs that a command may leave out: ERR_USAGE when one misses. */
int operation_done(const struct operation_read *x, struct done *d, struct err *e);
/* "kind" and the AIDs, by name. */
json_t *operation_show(const struct operation_read *x);

/* The entry that signs (`signs`) or verifies, NULL: the only one of its type. ERR_AUTH. */
int authority_find(const struct keystore *ks, enum entry_type type, const char *name, bool signs,
    const struct authority_key **k, struct err *e);

#endif
