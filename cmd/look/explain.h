/* Inside of explain: keys to check with, data objects by name, one exchange as it is shown. */
#ifndef CMD_LOOK_EXPLAIN_H
#define CMD_LOOK_EXPLAIN_H

#include <stdio.h>

#include <jansson.h>

#include "cmd/kit/verb.h"
#include "gp/names.h"
#include "host/audit_party.h"
#include "keystore/keystore.h"

/* ---- keys ---- */

enum { CANDIDATES_MAX = 64, WELL_KNOWN = 4, TERMINALS_KEYS = 16 };

struct explain_keys {
	struct candidate candidates[CANDIDATES_MAX]; /* for sessions */
	size_t n;
	struct key_set published[WELL_KNOWN];
	struct party_trust trust; /* for what third parties show */
	struct key_set terminal[TERMINALS_KEYS];
	char terminal_name[TERMINALS_KEYS][96];
	size_t terminal_n;
};
/* The entries of these names: card key sets, grantors, parties, receipt keys. Borrows from ks.
 * ERR_AUTH, ERR_USAGE: more than there is room for. */
int explain_keys_named(struct explain_keys *x, const struct keystore *ks,
    const struct opt_strings *names, struct err *e);
int explain_keys_published(struct explain_keys *x, struct err *e);
/* The keys that a terminal has on cards, current and pending. ERR_INPUT, ERR_SAFETY: its file. */
int explain_keys_terminal(struct explain_keys *x, const char *path, struct err *e);
/* Wipes what is not borrowed. */
void explain_keys_wipe(struct explain_keys *x);

/* ---- data objects ---- */

/* Where the outermost tags of some octets stand, and whether broadcast keys are among them. */
struct tree {
	uint32_t place; /* enum tag_place */
	bool change_mode;
};

/* The octets are TLVs and nothing else. */
bool is_tree(struct span s);
/* One line for each. */
void tree_text(FILE *f, struct span s, const struct tree *t);
/* An array; NULL: no memory. */
json_t *tree_json(struct span s, const struct tree *t);

/* A command in hex, secrets as "**"; with `hide` all of its data. Freed by the caller; NULL: no
 * memory. */
char *command_text(struct span command, bool hide);

/* ---- one exchange ---- */

struct shown {
	unsigned line;
	struct span command;
	struct rapdu answer; /* in clear, if it could be opened */
	struct audit_result r;
	struct party_notes notes;
	struct span plain;  /* the command as it was before protection; n = 0: not known */
	struct capdu clear; /* the same, or the command itself */
	bool readable;
	struct span data; /* objects of the command, all blocks of it; n = 0: none */
	bool hide_plain, hide_command, hide_answer;
};
/* It agrees on keys as in SCP11: MUTUAL AUTHENTICATE, INTERNAL AUTHENTICATE. */
bool is_agreement(const struct capdu *c);
void shown_text(FILE *f, const struct shown *s);
json_t *shown_json(const struct shown *s); /* NULL: no memory */

#endif
