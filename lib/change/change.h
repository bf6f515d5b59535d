/*
 * A change of a card, as data: what a verb does to one card and a campaign to many. A kind is one
 * constant table: its fields, how it is checked, seen, done, compared and cleaned up. A verb is its
 * fields as options, one card and change_run; a campaign step is its fields as YAML, and change_run
 * with the ledger as callbacks.
 *
 * Not here: who the card is, its channel (lib/channel), what is remembered (lib/ledger), words for
 * a terminal (cmd). Prints nothing.
 *
 * To add a kind: one file here with a struct, its table of fields and `const struct change_kind
 * change_NAME = {`, which the Makefile finds. To add a field: a member and a row in that file.
 */
#ifndef CHANGE_CHANGE_H
#define CHANGE_CHANGE_H

#include "change/field.h"
#include "host/content.h"
#include "host/keys.h"

struct change_card;
struct change;
struct key_order;
struct grant_issue;

enum { INTENT_MAX = 40 };

/* What the card shows of a change. */
enum so {
	SO_NO,
	SO_YES,   /* every field that the card shows is as asked */
	SO_UNSEEN /* the card shows nothing of it: only who did it knows */
};
struct change_so {
	enum so is;
	/* With SO_YES: fields that were given and that the card does not show, bit i for field i.
	 */
	uint64_t unproven;
};

/*
 * One kind. x is its struct, whose fields were taken and which open() has completed; it is the same
 * for all cards. `work` (work_size octets, zero at first) is of one card. All may be NULL but
 * is_so, check and act; -1 with *e as everywhere.
 */
struct change_kind {
	const char *name; /* "install": of the verb and of the step */
	const struct field *fields;
	size_t field_n; /* at most 64 */
	size_t size, work_size;
	bool level_33; /* takes a channel of SCP03 or SCP11 at this level, and no other */
	/* Before any card: what the fields say together, files read and checked. ERR_USAGE,
	 * ERR_INPUT; close() in any case. */
	int (*open)(void *x, struct err *e);
	void (*close)(void *x);
	/* The keys that it brings, of those that change_find_keys has found; false: not found.
	 * NULL: it brings none. Its work is a struct key_work then. */
	bool (*order)(const void *x, struct key_order *o);
	/* Before any card as well: what the key sets say, which change_find_keys has found. */
	int (*keyed)(void *x, const struct keystore *ks, struct err *e);
	/* What the card shows. */
	int (*is_so)(struct change_card *c, const void *x, struct change_so *so, struct err *e);
	/* All that the registry and what else the card tells say against it, before anything that
	 * changes is sent; keeps in `work` what is to be done. */
	int (*check)(struct change_card *c, const void *x, void *work, struct err *e);
	/* Shows what will go, with change_list, and asks, with change_ask. */
	int (*confirm)(struct change_card *c, const void *x, void *work, struct err *e);
	int (*act)(struct change_card *c, const void *x, void *work, struct err *e);
	/* Reads back, with R-MAC where the channel has it: ERR_INTEGRITY. */
	int (*compare)(struct change_card *c, const void *x, void *work, struct err *e);
	/* After act failed with *why: adds the way to clean up to it, and goes it where the fields
	 * say so. */
	void (*undo)(struct change_card *c, const void *x, void *work, struct err *why);
	void (*work_free)(void *work);
	/* What of `work` is to be remembered before act, at most INTENT_MAX - 1 characters: the
	 * next attempt at this card finds it in change_card.intent. NULL: nothing. */
	void (*intent)(const void *work, char out[static INTENT_MAX]);
	/* What it is in a few words, for a plan: "hello.cap: package A0..., 1 applet". */
	void (*describe)(const void *x, char *out, size_t cap);
};
/* All that are defined: change_install, ... */
#define X(name) extern const struct change_kind change_##name;
#include "change/kinds.inc"
#undef X
/* All of them, which campaigns know as steps; n, in no order that means anything. */
extern const struct change_kind *const change_kinds[];
extern const size_t change_kind_n;
const struct change_kind *change_kind_find(const char *name); /* NULL: none */

/* A change to be made: a kind and its struct. All zero: none. */
struct change {
	const struct change_kind *kind;
	void *x;               /* owned, of kind->size octets */
	uint32_t line, column; /* of the step in its manifest; 0: not from one */
};
/* Makes the struct, all zero. */
int change_new(struct change *ch, const struct change_kind *kind, struct err *e);
/* Takes a value for the field of that name, as an operator writes it: field_put. */
int change_take(struct change *ch, const char *name, const char *text, struct err *e);
/* What must be given is, of a step also what a verb gets in another way; then the kind's open(). */
enum change_from { FROM_LINE, FROM_STEP };
int change_open(struct change *ch, enum change_from from, struct err *e);
/* Finds the key sets that the fields name. ERR_AUTH. */
int change_find_keys(struct change *ch, const struct keystore *ks, struct err *e);
/* The goal: the kind and every field that was given, by name and content; two changes that ask the
 * same of a card have the same. False: no room, or check values cannot be computed. */
MUST_CHECK bool change_goal(const struct change *ch, struct wr *w);
void change_free(struct change *ch);
/* Takes out of an error what may be a key that stands where a file or a name belongs. */
void change_hide_keys(const struct change *ch, struct err *e);

/* ---- one card ---- */

/* How the key set that a change brings proves itself. */
enum proof {
	PROOF_DUE,  /* calls->open opens a channel with it */
	PROOF_DONE, /* the channel was opened with it, or with one that took its place later */
	PROOF_NEVER /* it is not for the channels to this card: only key information tells */
};

/* Who is asked and told while a card is changed. All may be NULL: yes, nothing told. */
struct change_calls {
	/* ERR_SAFETY: no. */
	int (*ask)(void *ctx, const char *question, struct err *e);
	/* What the question is about, an entry of the registry. */
	void (*list)(void *ctx, const char *head, const struct registry_entry *x);
	void (*note)(void *ctx, const char *text);
	void (*progress)(void *ctx, const char *what, uint32_t done, uint32_t total);
	bool (*stop)(void *ctx);
	/* The intent, before the first command that changes anything: -1 and nothing is sent. And
	 * the outcome, after begin has been called: how, and *e when it failed. */
	int (*begin)(void *ctx, const struct change *ch, const void *work, struct err *e);
	void (*end)(void *ctx, const struct change *ch, const void *work, const struct err *e);
	/* Data went to the domain of the channel: the card may tell another CIN from now on. */
	int (*renamed)(void *ctx, struct err *e);
	/* The serial of a grant that is about to be signed (grant_serial_taker): in a record when
	 * it returns. NULL: no grant can be signed. */
	int (*serial)(void *ctx, const struct grant_issue *g, uint64_t *serial, struct err *e);
	/* A keys_opener (host/keys.h) with the set that a change of keys brings. */
	int (*open)(void *ctx, const struct change *ch, enum keys_set which, enum keys_card card,
	    struct err *e);
	/* NULL: due where there is `open`. *own, the version of the set that the channel was opened
	 * with, is set; before this change it may have been another. */
	enum proof (*proof)(void *ctx, const struct change *ch, uint8_t *own);
};

/* A card at work, and what it told last. */
struct change_card {
	const struct change *change; /* at work, as its kind; set by change_run */
	const struct change_kind *kind;
	struct session *s;                   /* borrowed, in an open channel */
	const struct content_habits *habits; /* of the product; NULL: nothing known */
	const struct change_calls *calls;
	void *ctx;
	/* A plan: s is on a card that takes every command and knows nothing. */
	bool is_dry;
	bool dry_des; /* and the channel would be one of triple DES */
	/* An operator asks for it now: what is there already is refused where doing it twice is a
	 * mistake, and a card that tells less is left to decide by itself. Else (campaigns) what is
	 * so is done, and nothing is done blindly. */
	bool by_hand;
	/* The channel outlives the change: it is not given up only to look closer. */
	bool stays_open;
	const struct keystore *ks; /* for remarks about keys; NULL: none */
	/* Of the attempt before, whose outcome is not known, what its kind's intent() said; "" and
	 * NULL: nothing. */
	const char *intent;
	struct registry registry;
	struct key_infos keys;
	bool registry_known, keys_known, keys_told;
};
void change_card_free(struct change_card *c);

/* What became of it. */
struct change_result {
	bool already;      /* it was so, nothing was sent that changes anything */
	bool begun;        /* calls->begin was called */
	uint64_t unproven; /* as in struct change_so */
	bool proven;       /* what the card told came with R-MAC, to the end */
	void *work;        /* of the kind, for who shows it; change_result_free */
	/* As the card told it last; NULL: not asked, or not told. Lives as long as the card's. */
	const struct registry *registry;
};
/*
 * Makes it so, where it is not: is_so, check, confirm, begin, act, compare, end; after a failed act
 * undo. r in any case, also on failure; change_result_free in any case.
 */
int change_run(
    struct change_card *c, const struct change *ch, struct change_result *r, struct err *e);
void change_result_free(const struct change *ch, struct change_result *r);
/* Only looks. */
int change_look(
    struct change_card *c, const struct change *ch, struct change_so *so, struct err *e);
/* Bits of all fields that were given. */
uint64_t change_given(const struct change *ch);

/* ---- for the kinds ---- */

/*
 * The registry, read again after something was changed; borrowed. By hand one that cannot be read
 * leaves told[] false, as in a plan, and a note; else it is ERR_CARD.
 */
int change_registry(struct change_card *c, const struct registry **r, struct err *e);
/* The same; not by hand ERR_CARD unless the card tells of applications and load files. */
int change_content(struct change_card *c, const struct registry **r, struct err *e);
/* Key information, the same. *told false: the card gives none, which proves nothing (host/keys.h).
 */
int change_keys(struct change_card *c, const struct key_infos **k, bool *told, struct err *e);
/* Something was changed: what the card told does not count any more. */
void change_forget(struct change_card *c);
/*
 * What the registry says against any change of content: the card is locked, or the domain of the
 * channel has delegated management and there is no token. ERR_SAFETY; field: what gives the token.
 */
int change_may_manage(struct change_card *c, bool token, const char *field, struct err *e);
/*
 * Before an order that sets the card's clock, or takes it for right: it is within a year of ours,
 * or was never set (0). By hand a farther one is asked about, else ERR_SAFETY: it never goes back.
 */
int change_clock(struct change_card *c, uint32_t card_time, struct err *e);
/* "AID is not on the card", with what shows what there is. ERR_CARD. */
int change_not_there(const struct aid *aid, struct err *e);
/* Bit of the field whose member is at `offset`. */
uint64_t change_bit(const struct change_kind *k, size_t offset);
/* Bits of all fields that were given, but for those at these offsets (ended by SIZE_MAX), which the
 * card shows or which say how and not what. */
uint64_t change_given_but(const struct change_kind *k, const void *x, const size_t *offsets);

int change_ask(struct change_card *c, struct err *e, const char *fmt, ...) PRINTF_LIKE(3, 4);
void change_list(struct change_card *c, const char *head, const struct registry_entry *x);
void change_note(struct change_card *c, const char *fmt, ...) PRINTF_LIKE(2, 3);
void change_progress(struct change_card *c, const char *what, uint32_t done, uint32_t total);
bool change_stopped(const struct change_card *c);

struct aid_hex {
	char s[2 * AID_MAX + 1];
};
struct aid_hex aid_hex(const struct aid *a); /* aid_hex(a).s */
/* "selectable", of the issuer domain "secured". */
const char *entry_state(const struct registry_entry *x);
/* "issuer domain", "security domain", "application", "package". */
const char *entry_kind(const struct registry_entry *x);

#endif
