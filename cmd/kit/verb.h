/*
 * Verbs as data: each is one constant `struct verb`. Parser, --help, completion words and the
 * SYNOPSIS/OPTIONS blocks of the man pages all come from their table, so they cannot drift.
 *
 * To add a verb: write cmd/GROUP/NAME.c with an args struct, an option table, run() and `const
 * struct verb verb_NAME = {`, which the Makefile finds; write man/cardadm-NAME.1 with the two
 * marker blocks and run `make man`.
 */
#ifndef CMD_KIT_VERB_H
#define CMD_KIT_VERB_H

#include <signal.h>
#include <stdio.h>

#include "cmd/agent/note.h"
#include "base/err.h"
#include "card/card.h"
#include "host/session.h"
#include "keystore/keystore.h"

struct agent;
struct change_kind;
struct field;

/* How an option's value is checked and what it becomes in the args struct. */
enum opt_kind {
	OPT_FLAG,    /* bool */
	OPT_STRING,  /* const char * */
	OPT_PATH,    /* const char *; completes file names */
	OPT_U32,     /* struct opt_u32, decimal, min..max */
	OPT_HEX8,    /* struct opt_u32, one octet in hex, min..max: key versions, levels */
	OPT_BYTES,   /* struct opt_bytes: hex octets, min..max of them */
	OPT_AID,     /* struct aid */
	OPT_VERSION, /* struct opt_u32: "3.2" */
	OPT_DATE,    /* struct opt_u32: YYYY-MM-DD as YYYYMMDD */
	OPT_CHOICE,  /* const char *, one of `choices` */
	OPT_STRINGS, /* struct opt_strings: may be given several times */
	OPT_COUNT,   /* int: how often it was given */
	OPT_FIELD    /* `field`, into a struct change: change/field.h */
};
enum { OPT_REQUIRED = 1 };

struct opt_u32 {
	bool given;
	uint32_t v;
};
struct opt_bytes {
	uint8_t b[64];
	size_t n; /* 0: not given */
};
struct opt_strings {
	const char *v[256];
	size_t n;
};

struct opt {
	const char *name; /* "key-version"; long name without dashes */
	char letter;      /* 0: none */
	enum opt_kind kind;
	const char *arg;  /* "KVN": what the value is called in help; NULL for flags */
	const char *help; /* one phrase, capital, no full stop */
	size_t offset;    /* into the args struct */
	unsigned flags;
	uint32_t min, max;
	const char *const *choices; /* NULL-terminated */
	const struct field *field;
};

/*
 * One row of an option table each: the name, what its value is called, the member of `struct type`
 * that it goes to (the compiler checks that it is of the type that the kind fills), limits or
 * choices, the help. What few rows have follows by name:
 *	OPT_PATH("output", "FILE", args, output, "The new token", .flags = OPT_REQUIRED),
 */
#define OPT_AT(is, type, member) \
	_Generic(((struct type *)0)->member, is : offsetof(struct type, member))
#define OPT_ROW(kind_, is, name_, arg_, type, member, ...) \
	{ \
		.name = (name_), .kind = (kind_), .arg = (arg_), \
		.offset = OPT_AT(is, type, member), .help = __VA_ARGS__ \
	}
#define OPT_FLAG(name, type, member, ...) \
	OPT_ROW(OPT_FLAG, bool, name, NULL, type, member, __VA_ARGS__)
#define OPT_COUNT(name, type, member, ...) \
	OPT_ROW(OPT_COUNT, int, name, NULL, type, member, __VA_ARGS__)
#define OPT_STRING(name, arg, type, member, ...) \
	OPT_ROW(OPT_STRING, const char *, name, arg, type, member, __VA_ARGS__)
#define OPT_STRINGS(name, arg, type, member, ...) \
	OPT_ROW(OPT_STRINGS, struct opt_strings, name, arg, type, member, __VA_ARGS__)
#define OPT_PATH(name, arg, type, member, ...) \
	OPT_ROW(OPT_PATH, const char *, name, arg, type, member, __VA_ARGS__)
#define OPT_U32(name, arg, type, member, least, most, ...) \
	OPT_ROW(OPT_U32, struct opt_u32, name, arg, type, member, __VA_ARGS__, .min = (least), \
	    .max = (most))
#define OPT_HEX8(name, arg, type, member, least, most, ...) \
	OPT_ROW(OPT_HEX8, struct opt_u32, name, arg, type, member, __VA_ARGS__, .min = (least), \
	    .max = (most))
#define OPT_BYTES(name, arg, type, member, least, most, ...) \
	OPT_ROW(OPT_BYTES, struct opt_bytes, name, arg, type, member, __VA_ARGS__, .min = (least), \
	    .max = (most))
#define OPT_AID(name, arg, type, member, ...) \
	OPT_ROW(OPT_AID, struct aid, name, arg, type, member, __VA_ARGS__)
#define OPT_VERSION(name, arg, type, member, ...) \
	OPT_ROW(OPT_VERSION, struct opt_u32, name, arg, type, member, __VA_ARGS__)
#define OPT_DATE(name, arg, type, member, ...) \
	OPT_ROW(OPT_DATE, struct opt_u32, name, arg, type, member, __VA_ARGS__)
#define OPT_CHOICE(name, arg, type, member, words, ...) \
	OPT_ROW(OPT_CHOICE, const char *, name, arg, type, member, __VA_ARGS__, .choices = (words))

/* Words after the options: "BUNDLE", "PATH...". */
struct operand {
	const char *arg;
	enum opt_kind kind; /* OPT_PATH, OPT_STRING, OPT_CHOICE, OPT_BYTES, OPT_STRINGS (last, takes
			       the rest) */
	size_t offset;
	bool optional;
	const char *const *choices;
	const char *help;
	const struct field *field;
};
/* Their rows: what the word is called, the member that it goes to, the help, `.optional = true`. */
#define WORD_ROW(kind_, is, arg_, type, member, ...) \
	{ \
		.arg = (arg_), .kind = (kind_), .offset = OPT_AT(is, type, member), \
		.help = __VA_ARGS__ \
	}
#define WORD_STRING(arg, type, member, ...) \
	WORD_ROW(OPT_STRING, const char *, arg, type, member, __VA_ARGS__)
#define WORD_STRINGS(arg, type, member, ...) \
	WORD_ROW(OPT_STRINGS, struct opt_strings, arg, type, member, __VA_ARGS__)
#define WORD_PATH(arg, type, member, ...) \
	WORD_ROW(OPT_PATH, const char *, arg, type, member, __VA_ARGS__)
#define WORD_BYTES(arg, type, member, ...) \
	WORD_ROW(OPT_BYTES, struct opt_bytes, arg, type, member, __VA_ARGS__)
#define WORD_CHOICE(arg, type, member, words, ...) \
	WORD_ROW(OPT_CHOICE, const char *, arg, type, member, __VA_ARGS__, .choices = (words))

enum needs {
	NEED_READER = 1,   /* -r or CARDADM_READER: common option --reader is there */
	USES_SESSION = 2,  /* runs in the agent of an open channel if there is one */
	NEED_SESSION = 4,  /* only with an open channel: status 7 and a hint otherwise */
	USES_KEYSTORE = 8, /* -k or CARDADM_KEYSTORE is there */
	MUTATES = 16,      /* changes a card: --dry-run */
	DESTROYS = 32,     /* asks before it acts, or is the other half of one that does: --yes */
	HAS_JSON = 64,     /* --json */
	TRACES = 128       /* --trace, of cards that -r does not name */
};

/* What a result rests on: nothing that a card told, its bare answers, or answers with R-MAC. */
enum told { TOLD_NOTHING, TOLD_BARE, TOLD_PROVEN };

/* What every verb runs with. Nothing in it is global; the agent makes one per request. */
struct ctx {
	FILE *out; /* results, nothing else */
	FILE *log; /* progress, hints, questions */
	FILE *in;
	const char *reader;   /* as given; NULL */
	const char *keystore; /* as given; NULL */
	const char *trace;    /* path; NULL */
	bool json, dry_run, yes, quiet;
	int verbose;
	uint32_t wait, timeout;      /* seconds, 0: not given */
	volatile sig_atomic_t *stop; /* nonzero: end at a safe point */
	struct agent *agent;         /* in the agent: the open channel; else NULL */
	struct agent_note note;      /* how the last channel to this reader ended by itself */
	struct card card;            /* opened by ctx_card, closed by main */
	struct session session;      /* on that card */
	bool card_open;
	enum told told; /* set by out_told */
};

/* Under which title help shows a verb; in this order, with the titles in doc.c. */
enum verb_group {
	GROUP_LOOK = 1,
	GROUP_CHANNEL,
	GROUP_CONTENT,
	GROUP_AUTHORITY,
	GROUP_TERMINAL,
	GROUP_CAMPAIGN,
	GROUP_KEYS,
	GROUP_VIRTUAL,
	GROUPS
};

struct verb {
	const char *name; /* "scp-open", "authorize load" */
	enum verb_group group;
	unsigned place;      /* in its group, the smallest first: tens leave room between */
	const char *summary; /* one line, capital, no full stop */
	unsigned needs;
	const struct opt *opts;
	size_t opt_n;
	const struct operand *operands;
	size_t operand_n;
	/* A verb that makes a change: the fields of the kind are its options and operands, in front
	 * of those above. They go to the struct change that stands in args at change_at, which is
	 * made with args and freed with them. */
	const struct change_kind *change;
	size_t change_at;
	size_t args_size;
	int (*run)(struct ctx *c, void *args, struct err *e);
};

#define VERB_OPTS(a) .opts = (a), .opt_n = sizeof(a) / sizeof((a)[0])
#define VERB_CHANGE(kind, type, member) \
	.change = &(kind), .change_at = OPT_AT(struct change, type, member), \
	.args_size = sizeof(struct type)
#define VERB_OPERANDS(a) .operands = (a), .operand_n = sizeof(a) / sizeof((a)[0])

/* Options and operands of a verb, those of its change among them; i below the count. */
size_t verb_opts(const struct verb *v);
struct opt verb_opt(const struct verb *v, size_t i);
size_t verb_operands(const struct verb *v);
struct operand verb_operand(const struct verb *v, size_t i);
bool opt_repeats(const struct opt *o); /* may be given several times, each time another value */
bool operand_repeats(const struct operand *d);

/* In no order that means anything, but verbs of one family ("cap") stand together. */
extern const struct verb *const verbs[];
extern const size_t verb_n;

/*
 * The session a verb talks through: the open channel when it runs in the agent, else a session
 * without channel on a card opened now from ctx->reader. Borrowed.
 */
int ctx_session(struct ctx *c, struct session **s, struct err *e);
/*
 * The card of ctx_session anew, after it gave no answer: its reader is opened again. The session is
 * empty then, without a channel. What runs in an agent goes on in the agent.
 */
int ctx_reconnect(struct ctx *c, struct err *e);
/* The key store: -k, else what scp-open was given, else CARDADM_KEYSTORE. Caller closes it. */
int ctx_keystore(struct ctx *c, struct keystore **ks, struct err *e);
/* The user, or in the agent the client's, asked to end: at the next safe point. */
bool ctx_stopped(struct ctx *c);
/* A hint or remark for people: "cardadm: ..." on ctx->log unless quiet. */
void ctx_note(struct ctx *c, const char *fmt, ...) PRINTF_LIKE(2, 3);

#endif
