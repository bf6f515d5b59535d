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
#include "crypto/digest.h"

struct operation_args {
	const char *kind, *what; /* operands; what: NULL where there is none */
	const char *hash, *privileges, *parameters, *field, *control;
	struct opt_bytes digest;
	struct aid domain, package, applet, instance, old_domain;
	bool descriptor, no_selectable, related;
};

extern const char *const token_kinds[];

#define OPERATION_OPERANDS(type, member) \
	WORD_CHOICE("KIND", type, member.kind, token_kinds, \
	    "load, install, make-selectable, load-install, extradition, registry-update or " \
	    "delete"), \
	    WORD_PATH("FILE|AID", type, member.what, \
		"A CAP file, or the AID of the package, module or application that it is " \
		"about", \
		.optional = true)
#define OPERATION_OPTS(type, member) \
	OPT_AID("domain", "AID", type, member.domain, \
	    "Security domain: of a load the one that the package goes to, else the new one"), \
	    OPT_CHOICE("hash", "ALGORITHM", type, member.hash, digest_names, \
		"Hash of the load file data block: " DIGEST_WORDS " (default: sha-256)"), \
	    OPT_BYTES("digest", "HEX", type, member.digest, 20, 64, \
		"That hash itself, with the AID of a package"), \
	    OPT_FLAG("descriptor", type, member.descriptor, \
		"The Descriptor component is loaded as well"), \
	    OPT_AID( \
		"package", "AID", type, member.package, "Package of the module or application"), \
	    OPT_AID("applet", "AID", type, member.applet, \
		"Applet of the CAP file, where it has several"), \
	    OPT_AID("instance", "AID", type, member.instance, \
		"AID of the application (the module's)"), \
	    OPT_STRING("privileges", "LIST", type, member.privileges, \
		"Privileges by name, with commas between them"), \
	    OPT_STRING("parameters", "HEX", type, member.parameters, \
		"Application parameters, the value of C9"), \
	    OPT_STRING("field", "HEX", type, member.field, \
		"The whole parameters field of the INSTALL, where another program makes it"), \
	    OPT_STRING("control", "HEX", type, member.control, \
		"Control reference template of a DELETE, the value of B6"), \
	    OPT_FLAG("no-selectable", type, member.no_selectable, \
		"Install and do not make selectable"), \
	    OPT_FLAG("related", type, member.related, "Delete a package with its applications")

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

/* What a verb does with an operation and the key store; args: the verb's. */
typedef int operation_use(struct ctx *c, const void *args, const struct operation_read *x,
    const struct keystore *ks, struct err *e);
/* Opens the key store, reads the operation of `a`, which is a part of args, and has it used. */
int operation_run(struct ctx *c, const struct operation_args *a, const void *args,
    operation_use *use, struct err *e);

/* The entry that is to sign or to verify; name NULL: the only one of its type. ERR_AUTH. */
enum authority_use { TO_VERIFY, TO_SIGN };
int authority_find(const struct keystore *ks, enum entry_type type, const char *name,
    enum authority_use use, const struct authority_key **k, struct err *e);

#endif
