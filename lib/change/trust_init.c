/*
 * trust-init: a terminal gets a record on a card, with its first key, its characteristics and an
 * expiry, and a ticket that tells it so.
 *
 * The verb is about one card and one terminal, which its fields name; a step about very many, which
 * stand in a table by the number of the card. The ticket is on the disk before the order goes out.
 * What remembers that it was begun is the ledger (intent), or the ticket itself.
 */
#include "change/trust_init.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/value.h"
#include "change/ticket.h"
#include "scp/scp11.h"

#define ROW(member, ...) FIELD_ROW(struct trust_init, member, __VA_ARGS__)
static const char *const mismatches[] = { "refuse", "revoke", NULL };
static const struct field fields[] = {
	ROW(shown.record, "record", FIELD_U32, "RECORD", "Number of the record on the card, 1 to 7",
	    .flags = FIELD_REQUIRED | FIELD_OPERAND, .min = 1, .max = TRUST_RECORDS),
	ROW(shown.imei, "imei", FIELD_TEXT, "IMEI", "The terminal's 15 digits, Luhn's among them",
	    .flags = FIELD_REQUIRED | FIELD_NO_STEP, .min = IMEI_DIGITS, .max = IMEI_DIGITS),
	ROW(key, "key", FIELD_ENTRY, "NAME",
	    "Entry of type terminal-master in the key store that the terminal's key comes from",
	    .flags = FIELD_NO_STEP, .min = ENTRY_TERMINAL_MASTER),
	ROW(public, "public", FIELD_FILE, "FILE", "The terminal's public key on P-256, in PEM",
	    .flags = FIELD_NO_STEP),
	ROW(terminals, "terminals", FIELD_FILE, "FILE",
	    "Which terminal each card gets: lines CARD,IMEI[,THROUGHPUT[,PUBLIC-KEY-FILE]]",
	    .flags = FIELD_NO_OPTION | FIELD_STEP_NEEDS),
	ROW(terminal_key, "terminal-key", FIELD_ENTRY, "NAME",
	    "Entry of type terminal-master that the terminals' keys come from",
	    .flags = FIELD_NO_OPTION, .min = ENTRY_TERMINAL_MASTER),
	ROW(shown.open, "open", FIELD_FLAG, NULL,
	    "No key: the first terminal with these characteristics fetches one"),
	ROW(algorithm, "algorithm", FIELD_CHOICE, "ALGORITHM",
	    "aes-128, aes-256 or p-256 (by the key that is given)", .choices = trust_algorithms),
	ROW(throughput, "throughput", FIELD_U32, "N",
	    "Characteristic: the terminal's maximum throughput in kbit/s", .flags = FIELD_NO_STEP,
	    .max = UINT32_MAX),
	ROW(thumbprint, "thumbprint", FIELD_BYTES, "HEX",
	    "Characteristic: thumbprint of the terminal's software, 32 octets",
	    .min = TRUST_THUMBPRINT, .max = TRUST_THUMBPRINT),
	ROW(valid_for, "valid-for", FIELD_TIME, "TIME",
	    "How long a key is valid, the first and each that follows: 30d, 12h",
	    .flags = FIELD_REQUIRED),
	ROW(window, "window", FIELD_TIME, "TIME",
	    "How long before it expires a key is to be renewed (a sixth of valid-for)"),
	ROW(horizon, "horizon", FIELD_WHEN, "WHEN",
	    "No key lives beyond without the network: a day, or +TIME (twelve times valid-for)"),
	ROW(uses, "uses", FIELD_U32, "N", "How often one key may be shown (unlimited)", .min = 1,
	    .max = UINT32_MAX),
	ROW(max_failures, "max-failures", FIELD_U32, "N",
	    "Wrong authentications that end the record, by whomever (none)", .min = 1, .max = 255),
	ROW(on_mismatch, "on-mismatch", FIELD_CHOICE, "WHAT",
	    "When a characteristic differs: refuse the terminal, or revoke the record (refuse)",
	    .choices = mismatches),
	ROW(keep_objects, "keep-objects", FIELD_FLAG, NULL,
	    "Leave the objects of the record that was there to the new terminal"),
	ROW(shown.ticket, "ticket", FIELD_WHERE, "FILE", "The new ticket, for the terminal",
	    .flags = FIELD_REQUIRED | FIELD_NO_STEP),
	ROW(tickets, "tickets", FIELD_WHERE, "FOLDER",
	    "Where the tickets go: CARD-RECORD.ticket of each card",
	    .flags = FIELD_NO_OPTION | FIELD_STEP_NEEDS),
};

enum { A_YEAR = 366 * 86400 };

const struct field_keys *trust_init_key(const struct trust_init *x)
{
	return x->key.name[0] != '\0' ? &x->key : &x->terminal_key;
}

uint32_t trust_init_window(const struct trust_init *x)
{
	return x->window.given ? x->window.v : x->valid_for.v / 6;
}

/* ---- before any card ---- */

static int check_times(const struct trust_init *x, struct err *e)
{
	const struct field_when *h = &x->horizon;
	int64_t now = time(NULL);

	if (now + (int64_t)x->valid_for.v > UINT32_MAX)
		return err_set(e, ERR_USAGE,
		    FIELD("valid-for") ": cards count time up to 2106-02-07T06:28:15Z");
	if (trust_init_window(x) >= x->valid_for.v)
		return err_set(
		    e, ERR_USAGE, FIELD("window") " must be shorter than " FIELD("valid-for"));
	if (h->given && (int64_t)h->v < (int64_t)x->valid_for.v + (h->from_now ? 0 : now))
		return err_set(e, ERR_USAGE, FIELD("horizon") " lies before the first key expires");
	return 0;
}

/* The algorithm goes with what kind of key there is. */
static int check_algorithm(const struct trust_init *x, bool has_point, struct err *e)
{
	uint8_t asked;

	if (x->algorithm.given && trust_algorithm_from(trust_algorithms[x->algorithm.i], &asked) &&
	    (asked == TRUST_P256) != has_point)
		return err_set(e, ERR_USAGE, "%s",
		    has_point ? "a public key is of " FIELD_IS("algorithm", "p-256")
			      : FIELD_IS("algorithm", "p-256") " needs the terminal's public key");
	return 0;
}

/* One terminal, as the verb names it. */
static int open_one(struct trust_init *x, struct err *e)
{
	struct ticket_file former;
	int ways = (x->key.name[0] != '\0') + (x->public.path[0] != '\0') + x->shown.open;
	int rc;

	if (ways != 1)
		return err_set(e, ERR_USAGE,
		    "one of " FIELD("key") ", " FIELD("public") " and " FIELD(
			"open") " says what the terminal authenticates with");
	if (!imei_ok(span_str(x->shown.imei.s)))
		return err_set(e, ERR_INPUT,
		    FIELD("imei") ": not 15 digits of which the last is right (Luhn)");
	if (check_algorithm(x, x->public.path[0] != '\0', e) != 0 ||
	    (x->public.path[0] != '\0' && trust_point_read(x->public.path, &x->point, e) != 0))
		return -1;
	rc = ticket_look(x->shown.ticket.path, &former, e);
	ticket_free(&former);
	return rc;
}

static int check_lines(const struct trust_init *x, struct err *e)
{
	bool other = x->terminal_key.name[0] != '\0' || x->shown.open;

	for (size_t i = 0; i < x->table.n; i++) {
		const struct terminal_row *t = &x->table.list[i];

		if (t->key_file.n == 0 && !other)
			return err_set(e, ERR_INPUT,
			    "%s:%u: no file of a public key, and neither " FIELD(
				"terminal-key") " nor " FIELD("open") " is there",
			    x->terminals.path, t->line);
		if (check_algorithm(x, t->key_file.n > 0, e) != 0)
			return err_in(e, "%s:%u", x->terminals.path, t->line);
	}
	return 0;
}

static int open_many(struct trust_init *x, struct err *e)
{
	struct stat st;

	if (x->terminal_key.name[0] != '\0' && x->shown.open)
		return err_set(e, ERR_USAGE,
		    FIELD("terminal-key") " and " FIELD("open") " exclude each other");
	if (stat(x->tickets.path, &st) == 0 && !S_ISDIR(st.st_mode))
		return err_set(e, ERR_INPUT, "%s: not a folder", x->tickets.path);
	if (field_file_read(&x->terminals, TERMINALS_OCTETS, e) != 0 ||
	    terminals_read(&x->table, x->terminals.path, wr_span(&x->terminals.octets), e) != 0)
		return -1;
	return check_lines(x, e);
}

static int open_it(void *v, struct err *e)
{
	struct trust_init *x = v;

	if (check_times(x, e) != 0)
		return -1;
	return x->terminals.path[0] != '\0' ? open_many(x, e) : open_one(x, e);
}

static void close_it(void *v)
{
	terminals_free(&((struct trust_init *)v)->table);
}

static void tell_found(struct change_card *c, const struct trust_work *w)
{
	char text[TIME_SIZE];

	change_note(c, "the card has the record of %s: %s, generation %u, until %s", w->told.ticket,
	    trust_stage_str(w->told.stage), w->told.generation, time_str(w->told.expiry, text));
}

static int is_so(struct change_card *c, const void *x, struct change_so *so, struct err *e)
{
	static const size_t shown[] = { offsetof(struct trust_init, shown.record),
		offsetof(struct trust_init, shown.imei), offsetof(struct trust_init, key),
		offsetof(struct trust_init, public), offsetof(struct trust_init, terminals),
		offsetof(struct trust_init, terminal_key), offsetof(struct trust_init, shown.open),
		offsetof(struct trust_init, algorithm), offsetof(struct trust_init, throughput),
		offsetof(struct trust_init, thumbprint), offsetof(struct trust_init, keep_objects),
		offsetof(struct trust_init, shown.ticket), offsetof(struct trust_init, tickets),
		SIZE_MAX };
	struct trust_work w = { .there = false };

	if (c->is_dry)
		return 0;
	if (trust_identify(c, x, &w, e) != 0 || trust_look(c, x, &w, e) != 0)
		return -1;
	so->is = w.is_so ? SO_YES : SO_NO;
	if (w.is_so && c->by_hand)
		tell_found(c, &w);
	so->unproven = change_given_but(&change_trust_init, x, shown);
	return 0;
}

/* ---- what is to be done ---- */

/* Expiry and horizon, by the later of both clocks: before the card's a key would have expired. */
static int set_times(const struct trust_init *x, struct trust_work *w, struct err *e)
{
	uint64_t base, expiry, horizon;

	w->now = (uint32_t)time(NULL);
	base = w->now > w->card_time ? w->now : w->card_time;
	expiry = base + x->valid_for.v;
	horizon = !x->horizon.given     ? base + 12 * (uint64_t)x->valid_for.v
		  : x->horizon.from_now ? base + x->horizon.v
					: x->horizon.v;
	if (horizon > UINT32_MAX)
		horizon = UINT32_MAX;
	if (expiry > horizon)
		return err_set(e, ERR_SAFETY,
		    FIELD("horizon") " lies before the first key expires, by the card's clock");
	w->told.expiry = (uint32_t)expiry;
	w->told.horizon = (uint32_t)horizon;
	w->told.window = trust_init_window(x);
	return 0;
}

static int check_period(struct change_card *c, const struct trust_init *x, struct err *e)
{
	if (x->valid_for.v <= A_YEAR)
		return 0;
	if (c->by_hand)
		return change_ask(c, e,
		    "A key that is valid for more than a year is hardly ever renewed. Is it "
		    "meant?");
	return err_set(e, ERR_SAFETY, FIELD("valid-for") " is more than a year");
}

/* By which key of the card a terminal without a key of its own for it knows the card. */
static int read_card_key(
    struct change_card *c, const struct trust_init *x, struct trust_work *w, struct err *e)
{
	uint8_t kid = x->shown.open ? KID_SCP11B : KID_SCP11A;

	w->has_card_key = x->shown.open || w->point.n > 0;
	return w->has_card_key ? trust_card_key(c->s, kid, w->card_key, e) : 0;
}

static int check_dry(
    struct change_card *c, const struct trust_init *x, struct trust_work *w, struct err *e)
{
	struct wr none = { 0 };
	struct trust_state all;
	struct err ignored;

	change_note(c, "the generation, which only the card tells, and the key are shown as zeros");
	(void)trust_read(c->s, &none, &all, &ignored);
	wr_free(&none);
	return set_times(x, w, e);
}

static int check(struct change_card *c, const void *v, void *work, struct err *e)
{
	const struct trust_init *x = v;
	struct trust_work *w = work;

	if (trust_identify(c, x, w, e) != 0 || check_period(c, x, e) != 0)
		return -1;
	if (c->is_dry)
		return check_dry(c, x, w, e);
	if (trust_look(c, x, w, e) != 0 || change_clock(c, w->card_time, e) != 0 ||
	    set_times(x, w, e) != 0 || read_card_key(c, x, w, e) != 0)
		return -1;
	if (w->last == UINT32_MAX)
		return err_set(e, ERR_CARD, "the card has used every generation of this record");
	w->told.generation = w->last + 1;
	return 0;
}

static int confirm(struct change_card *c, const void *v, void *work, struct err *e)
{
	const struct trust_init *x = v;
	const struct trust_work *w = work;

	if (!w->there || (w->told.stage != TRUST_ACTIVE && w->told.stage != TRUST_OPEN))
		return 0;
	return change_ask(c, e,
	    "Record %u is %s: put another terminal, or another key, in its "
	    "place%s?",
	    x->shown.record.v, trust_stage_str(w->told.stage),
	    x->keep_objects ? "" : ", and erase its objects");
}

static void intent(const void *work, char out[static INTENT_MAX])
{
	const struct trust_work *w = work;

	snprintf(out, INTENT_MAX, "%08X %08X", w->told.generation, w->told.expiry);
}

static int compare(struct change_card *c, const void *v, void *work, struct err *e)
{
	const struct trust_init *x = v;
	struct trust_work *w = work;
	struct wr octets = { 0 };
	struct trust_state all;
	struct trust_record r;
	bool same;

	if (c->is_dry)
		return 0;
	if (trust_read(c->s, &octets, &all, e) != 0) {
		wr_free(&octets);
		return -1;
	}
	same = trust_find(&all, (uint8_t)x->shown.record.v, &r) &&
	       trust_is_as_asked(x, w, &r, w->told.generation) &&
	       r.generation == w->told.generation && r.expiry == w->told.expiry &&
	       r.horizon == w->told.horizon;
	wr_free(&octets);
	if (!same)
		return err_set(
		    e, ERR_INTEGRITY, "the card answered 9000 and does not show what was ordered");
	w->told.stage = r.stage;
	return 0;
}

static void describe(const void *v, char *out, size_t cap)
{
	const struct trust_init *x = v;

	snprintf(out, cap, "record %u, %.160s: %zu card%s", x->shown.record.v, x->terminals.path,
	    x->table.n, x->table.n == 1 ? "" : "s");
}

const struct change_kind change_trust_init = {
	.name = "trust-init",
	.fields = fields,
	.field_n = sizeof(fields) / sizeof(fields[0]),
	.size = sizeof(struct trust_init),
	.work_size = sizeof(struct trust_work),
	.level_33 = true,
	.open = open_it,
	.close = close_it,
	.is_so = is_so,
	.check = check,
	.confirm = confirm,
	.act = trust_act,
	.compare = compare,
	.intent = intent,
	.describe = describe,
};
