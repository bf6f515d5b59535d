/*
 * A terminal with its file and a virtual card: the whole course, and then each place at which it
 * can be cut (trust.md 6), lines that lie (8), clocks that do (5). After every cut the next check
 * must find card and terminal with a key in common.
 */
#include "trust_rig.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/digest.h"
#include "terminal/talk.h"

enum { DAY = 86400 };

/* ---- a card on a line ---- */

struct line {
	struct rig r;
	struct card card;
	struct session s;
	unsigned n;        /* commands so far */
	unsigned lose;     /* the answer to this one is lost, after the card has done it; 0: none */
	uint8_t lose_ins;  /* the same for the first of this instruction */
	uint8_t forge_ins; /* somebody answers for the card: this instruction ... */
	uint16_t forge_sw; /* ... with this */
	bool external;     /* EXTERNAL AUTHENTICATE was sent */
	char path[128];
	struct err e;
};

static int transmit(void *ctx, struct span command, struct wr *rsp, struct err *e)
{
	struct line *l = ctx;
	uint8_t ins = command.p[1];
	size_t start = rsp->n;

	l->n++;
	l->external = l->external || ins == INS_EXTERNAL_AUTHENTICATE;
	if (l->forge_ins != 0 && ins == l->forge_ins) {
		wr_u16(rsp, l->forge_sw);
		return 0;
	}
	if (vcard_transmit(l->r.v, command, rsp) != VCARD_ANSWER)
		return err_set(e, ERR_READER, "gone");
	if (l->n != l->lose && (l->lose_ins == 0 || ins != l->lose_ins))
		return 0;
	l->lose_ins = 0;
	wr_cut(rsp, start);
	return err_set(e, ERR_CARD, "no answer");
}

static void no_close(void *ctx)
{
	(void)ctx;
}

static const struct card_ops ops = { .transmit = transmit, .close = no_close };

/* A new hour: another process, the card powered up anew. */
static void again(struct line *l)
{
	session_wipe(&l->s);
	rig_cycle(&l->r);
	l->card = (struct card){ .ops = &ops, .ctx = l };
	session_init(&l->s, &l->card);
	l->n = l->lose = 0;
	l->lose_ins = l->forge_ins = 0;
	l->external = false;
	err_clear(&l->e);
}

/* ---- the network's part ---- */

static struct span sha_of_card_key(uint8_t out[static 32])
{
	struct ec_public card = party_point("card");

	assert_true(sha256_of(ec_public_span(&card), out));
	return span_of(out, 32);
}

static struct span ticket_of(const struct trust_order *o, struct wr *w)
{
	struct key kt = unit_key(
	    unit_str(trust_case(o->algorithm == TRUST_AES_256 ? TRUST_KEYS_256 : TRUST_KEYS),
		"terminal_KT"));
	uint8_t digest[32];
	struct trust_ticket t = { .generation = o->generation,
		.record = o->record,
		.algorithm = o->algorithm,
		.expiry = o->terms.expiry,
		.horizon = o->terms.horizon,
		.period = o->terms.period,
		.cin = unit_hex(trust_case(TRUST_KEYS), "cin") };
	bool aes = !o->open && o->algorithm != TRUST_P256;
	struct key mac;

	if (!aes)
		t.card_key = sha_of_card_key(digest);
	assert_true(trust_ticket_key(&kt, span_str(IMEI), &mac));
	assert_true(trust_ticket_put(w, &t, aes ? &mac : NULL));
	return wr_span(w);
}

/* What the maker has put into the terminal. */
static void new_terminal(struct line *l, uint8_t algorithm)
{
	struct terminal t = { .file.fd = -1, .has_throughput = true, .throughput = 300 };

	memcpy(t.imei, IMEI, IMEI_DIGITS);
	if (algorithm == TRUST_P256)
		assert_true(ec_private_from(&t.pair, EC_P256,
		    unit_hex(trust_case("initialization, P-256, record 3, in the same session"),
			"terminal_private")));
	else
		t.base_key = unit_key(
		    unit_str(trust_case(algorithm == TRUST_AES_256 ? TRUST_KEYS_256 : TRUST_KEYS),
			"terminal_KT"));
	snprintf(l->path, sizeof(l->path), "%s/phone.yaml", l->r.dir);
	unlink(l->path);
	assert_ok(terminal_create(l->path, &t, &l->e), &l->e);
}

static int import(struct line *l, const struct trust_order *o)
{
	uint8_t room[TRUST_TICKET_MAX];
	struct wr w = wr_fixed(room, sizeof(room));
	struct terminal_record *r;
	struct trust_ticket ticket;
	struct terminal t;
	int rc;

	assert_true(trust_ticket_get(ticket_of(o, &w), &ticket));
	assert_ok(terminal_open(l->path, &t, &l->e), &l->e);
	rc = terminal_import(&t, &ticket, &r, &l->e);
	if (rc == 0)
		assert_ok(terminal_save(&t, &l->e), &l->e);
	terminal_close(&t);
	return rc;
}

static void initialized(struct line *l, struct trust_order *o)
{
	memset(l, 0, sizeof(*l));
	trust_on(&l->r, 0x70);
	initialize_as(&l->r, o);
	new_terminal(l, o->algorithm);
	again(l);
	assert_ok(import(l, o), &l->e);
}

static void usual(struct line *l)
{
	struct trust_order o = usual_order();

	initialized(l, &o);
}

static void off(struct line *l)
{
	session_wipe(&l->s);
	unlink(l->path);
	rig_off(&l->r);
}

/* ---- the terminal's part ---- */

enum act { CHECK, CHECK_AND_RENEW, JOIN, REVOKE };

/* One command of an operator, at this time of the terminal's clock. */
static int act(struct line *l, enum act what, uint32_t clock)
{
	struct terminal t;
	struct talk k = { .s = &l->s, .t = &t, .clock = clock, .only = what == JOIN ? 4 : 0 };
	int rc;

	err_clear(&l->e);
	assert_ok(terminal_open(l->path, &t, &l->e), &l->e);
	rc = talk_check(&k, what == JOIN, &l->e);
	if (rc == 0 && what == JOIN)
		rc = talk_join(&k, &l->e);
	else if (rc == 0)
		rc = talk_open(&k, &l->e);
	if (rc == 0 && what == REVOKE)
		rc = talk_revoke(&k, &l->e);
	else if (rc == 0 && what != JOIN)
		rc = talk_present(&k, &l->e);
	if (rc == 0 && what == CHECK_AND_RENEW)
		rc = talk_renew(&k, &l->e);
	session_close(&l->s);
	terminal_close(&t);
	return rc;
}

static struct terminal_record record_of(const struct line *l)
{
	struct terminal t;
	struct err e;
	struct terminal_record r;

	assert_ok(terminal_open(l->path, &t, &e), &e);
	assert_int_equal(t.n, 1);
	r = t.record[0];
	terminal_close(&t);
	return r;
}

static void assert_course(uint8_t record, uint8_t algorithm)
{
	struct trust_order o = usual_order();
	struct line l;

	o.record = record;
	o.algorithm = algorithm;
	initialized(&l, &o);
	assert_ok(act(&l, CHECK, TRUST_NOW), &l.e);
	for (uint32_t n = 2; n < 5; n++) {
		again(&l);
		assert_ok(act(&l, CHECK_AND_RENEW, TRUST_NOW + n * DAY), &l.e);
		assert_int_equal(record_of(&l).current.generation, n);
		assert_int_equal(record_of(&l).pending.generation, 0);
		again(&l);
		assert_ok(act(&l, CHECK, TRUST_NOW + n * DAY), &l.e);
	}
	off(&l);
}

static void test_courses(void **state)
{
	(void)state;
	assert_course(1, TRUST_AES_128);
	assert_course(7, TRUST_AES_256);
	assert_course(3, TRUST_P256);
}

static void test_join(void **state)
{
	struct trust_order o = usual_order();
	struct line l;

	(void)state;
	o.open = true;
	o.record = 4;
	initialized(&l, &o);
	assert_int_equal(act(&l, CHECK, TRUST_NOW), -1); /* there is no key to check yet */
	assert_int_equal(l.e.code, ERR_SAFETY);
	assert_int_equal(l.n, 0);
	assert_ok(act(&l, JOIN, TRUST_NOW), &l.e);
	again(&l);
	assert_ok(act(&l, CHECK, TRUST_NOW), &l.e);
	assert_int_equal(act(&l, JOIN, TRUST_NOW), -1);
	assert_int_equal(l.e.code, ERR_SAFETY);
	off(&l);
}

/* CONFIRM never arrives: while the record is open another first key is to be had, since somebody
 * else may have fetched one that took the place of ours. */
static void test_join_again(void **state)
{
	struct trust_order o = usual_order();
	struct line l;

	(void)state;
	o.open = true;
	o.record = 4;
	initialized(&l, &o);
	l.forge_ins = INS_CONFIRM; /* it does not reach the card */
	l.forge_sw = 0x6F00;
	assert_int_equal(act(&l, JOIN, TRUST_NOW), -1);
	assert_true(record_of(&l).pending.k.n > 0 && record_of(&l).current.k.n == 0);
	assert_int_equal(chip_trust(l.r.v, 4)->stage, TRUST_OPEN);
	again(&l);
	l.forge_ins = 0;
	assert_ok(act(&l, JOIN, TRUST_NOW), &l.e);
	assert_true(record_of(&l).pending.k.n == 0 && record_of(&l).current.k.n > 0);
	again(&l);
	assert_ok(act(&l, CHECK, TRUST_NOW), &l.e);
	off(&l);
}

/* ---- cut anywhere ---- */

/* The answer to command n of check and renewal is lost, then a second time somewhere in the next
 * one: after that a check works, with a generation that grows. */
static void cut_twice(uint8_t algorithm, unsigned first, unsigned second)
{
	struct trust_order o = usual_order();
	struct line l;
	uint32_t before;

	o.algorithm = algorithm;
	initialized(&l, &o);
	l.lose = first;
	(void)act(&l, CHECK_AND_RENEW, TRUST_NOW + DAY);
	again(&l);
	l.lose = second;
	(void)act(&l, CHECK_AND_RENEW, TRUST_NOW + DAY + 60);
	again(&l);
	before = record_of(&l).generation;
	assert_ok(act(&l, CHECK_AND_RENEW, TRUST_NOW + DAY + 120), &l.e);
	assert_true(record_of(&l).current.generation > before ||
		    record_of(&l).current.generation == record_of(&l).generation);
	assert_int_equal(
	    record_of(&l).current.generation, chip_trust(l.r.v, 1)->current.generation);
	assert_int_equal(chip_trust(l.r.v, 1)->stage, TRUST_ACTIVE);
	off(&l);
}

/* Commands of one check with renewal, the last one's SELECT among them. */
static unsigned commands_of(uint8_t algorithm)
{
	struct trust_order o = usual_order();
	struct line l;
	unsigned n;

	o.algorithm = algorithm;
	initialized(&l, &o);
	assert_ok(act(&l, CHECK_AND_RENEW, TRUST_NOW + DAY), &l.e);
	n = l.n;
	off(&l);
	return n;
}

static void test_cut(void **state)
{
	unsigned n = commands_of(TRUST_AES_128);

	(void)state;
	assert_in_range(n, 8, 40);
	for (unsigned first = 1; first <= n; first++)
		for (unsigned second = 1; second <= n + 2; second += (unsigned)unit_step(3))
			cut_twice(TRUST_AES_128, first, second);
}

static void test_cut_p256(void **state)
{
	unsigned n = commands_of(TRUST_P256);

	(void)state;
	for (unsigned first = 1; first <= n; first++)
		cut_twice(TRUST_P256, first, n - first / 2);
}

/* The rows of section 6, by name. */
static void test_cut_rows(void **state)
{
	struct line l;

	(void)state;
	/* Answer to RENEW lost: n opens; RENEW gives n''. */
	usual(&l);
	l.lose_ins = INS_RENEW;
	assert_int_equal(act(&l, CHECK_AND_RENEW, TRUST_NOW + DAY), -1);
	assert_int_equal(record_of(&l).pending.generation, 0);
	again(&l);
	assert_ok(act(&l, CHECK_AND_RENEW, TRUST_NOW + DAY), &l.e);
	assert_int_equal(record_of(&l).current.generation, 3);
	off(&l);
	/* CONFIRM lost on its way there: n' opens, PRESENT promotes it. */
	usual(&l);
	l.forge_ins = INS_CONFIRM;
	l.forge_sw = 0x6F00;
	assert_int_equal(act(&l, CHECK_AND_RENEW, TRUST_NOW + DAY), -1);
	assert_int_equal(record_of(&l).pending.generation, 2);
	assert_int_equal(chip_trust(l.r.v, 1)->current.generation, 1);
	again(&l);
	assert_ok(act(&l, CHECK, TRUST_NOW), &l.e);
	assert_int_equal(record_of(&l).current.generation, 2);
	assert_int_equal(chip_trust(l.r.v, 1)->current.generation, 2);
	off(&l);
	/* The answer to CONFIRM lost: n' opens, the terminal drops n. */
	usual(&l);
	l.lose_ins = INS_CONFIRM;
	assert_int_equal(act(&l, CHECK_AND_RENEW, TRUST_NOW + DAY), -1);
	assert_int_equal(record_of(&l).current.generation, 1);
	assert_int_equal(chip_trust(l.r.v, 1)->current.generation, 2);
	again(&l);
	assert_ok(act(&l, CHECK, TRUST_NOW), &l.e);
	assert_int_equal(record_of(&l).current.generation, 2);
	off(&l);
}

/* A pending key within its own life may be promoted after the old one's end. */
static void test_pending_outlives(void **state)
{
	struct line l;

	(void)state;
	usual(&l);
	l.lose_ins = INS_CONFIRM;
	assert_int_equal(act(&l, CHECK_AND_RENEW, TRUST_EXPIRY - DAY), -1);
	again(&l);
	assert_ok(act(&l, CHECK, TRUST_EXPIRY + DAY), &l.e);
	assert_int_equal(record_of(&l).current.generation, 2);
	off(&l);
}

/* ---- lines that lie ---- */

static void test_forged(void **state)
{
	static const struct {
		uint8_t ins;
		uint16_t sw;
	} lies[] = { { INS_INITIALIZE_UPDATE, SW_REFERENCE_NOT_FOUND },
		{ INS_INITIALIZE_UPDATE, SW_AUTH_BLOCKED },
		{ INS_EXTERNAL_AUTHENTICATE, SW_AUTH_FAILED } };
	struct line l;

	(void)state;
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		usual(&l);
		l.forge_ins = lies[i].ins;
		l.forge_sw = lies[i].sw;
		assert_int_equal(act(&l, CHECK, TRUST_NOW), -1);
		assert_int_equal(l.e.code, ERR_AUTH);
		assert_non_null(strstr(unit_hint(&l.e), "unconfirmed"));
		assert_int_equal(record_of(&l).state, TERMINAL_REFUSED);
		assert_int_equal(record_of(&l).current.k.n, 16);
		again(&l);
		assert_ok(act(&l, CHECK, TRUST_NOW), &l.e);
		assert_int_equal(record_of(&l).state, TERMINAL_ACTIVE);
		off(&l);
	}
	/* "6300" in the channel, but without an R-MAC: no verdict. */
	usual(&l);
	l.forge_ins = INS_PRESENT;
	l.forge_sw = SW_AUTH_FAILED;
	assert_int_equal(act(&l, CHECK, TRUST_NOW), -1);
	assert_int_equal(record_of(&l).current.k.n, 16);
	assert_int_not_equal(record_of(&l).state, TERMINAL_REVOKED);
	off(&l);
}

/* ---- verdicts ---- */

static void test_revoked(void **state)
{
	struct trust_order o = { .kind = TRUST_REVOKE, .record = 1 };
	struct line l;

	(void)state;
	usual(&l);
	as_operator(&l.r);
	assert_int_equal(network_order(&l.r, &o, NULL), SW_OK);
	again(&l);
	assert_int_equal(act(&l, CHECK, TRUST_NOW), -1);
	assert_int_equal(l.e.code, ERR_CARD);
	assert_int_equal(record_of(&l).state, TERMINAL_REVOKED);
	assert_int_equal(record_of(&l).current.k.n, 0);
	again(&l);
	assert_int_equal(act(&l, CHECK, TRUST_NOW), -1);
	assert_int_equal(l.e.code, ERR_SAFETY);
	assert_int_equal(l.n, 0);
	off(&l);
}

static void test_erased(void **state)
{
	struct trust_order o = { .kind = TRUST_REVOKE, .record = 1, .erase = true };
	struct line l;

	(void)state;
	usual(&l);
	as_operator(&l.r);
	assert_int_equal(network_order(&l.r, &o, NULL), SW_OK);
	again(&l);
	assert_int_equal(act(&l, CHECK, TRUST_NOW), -1);
	assert_int_equal(l.e.code, ERR_AUTH);
	assert_int_equal(record_of(&l).state, TERMINAL_REFUSED);
	assert_int_equal(record_of(&l).current.k.n, 16);
	off(&l);
}

static void test_revokes_itself(void **state)
{
	struct line l;

	(void)state;
	usual(&l);
	assert_ok(act(&l, REVOKE, TRUST_NOW), &l.e);
	assert_int_equal(record_of(&l).state, TERMINAL_REVOKED);
	assert_int_equal(record_of(&l).current.k.n, 0);
	assert_int_equal(chip_trust(l.r.v, 1)->cause, TRUST_ENDED_BY_TERMINAL);
	off(&l);
}

/* A key that is shown in another terminal: T11. */
static void test_copied(void **state)
{
	char copy[160];
	struct wr text = { 0 };
	struct line l;

	(void)state;
	usual(&l);
	assert_ok(file_read(l.path, TERMINAL_FILE_MAX, &text, &l.e), &l.e);
	assert_ok(act(&l, CHECK_AND_RENEW, TRUST_NOW + DAY), &l.e);
	again(&l);
	snprintf(copy, sizeof(copy), "%s/copy.yaml", l.r.dir);
	assert_ok(file_create(copy, wr_span(&text), 0600, &l.e), &l.e);
	unlink(l.path);
	memcpy(l.path, copy, sizeof(l.path) - 1);
	assert_int_equal(act(&l, CHECK, TRUST_NOW), -1);
	assert_int_equal(l.e.code, ERR_AUTH);
	assert_int_equal(record_of(&l).state, TERMINAL_REFUSED);
	assert_int_equal(record_of(&l).current.k.n, 16);
	wr_free(&text);
	off(&l);
}

/* The characters of its own changed: what the terminal derives is another key, and nothing is
 * sent that could cost a try. */
static void test_another_expiry(void **state)
{
	struct terminal t;
	struct line l;

	(void)state;
	usual(&l);
	assert_ok(terminal_open(l.path, &t, &l.e), &l.e);
	t.record[0].current.expiry += 86400;
	assert_ok(terminal_save(&t, &l.e), &l.e);
	terminal_close(&t);
	assert_int_equal(act(&l, CHECK, TRUST_NOW), -1);
	assert_int_equal(l.e.code, ERR_AUTH);
	assert_false(l.external);
	off(&l);
}

/* ---- time ---- */

static void test_clock(void **state)
{
	struct line l;

	(void)state;
	usual(&l);
	assert_ok(act(&l, CHECK, TRUST_NOW), &l.e);
	again(&l);
	/* Past the end: not even asked, and no clock brings it back. */
	assert_int_equal(act(&l, CHECK, TRUST_EXPIRY), -1);
	assert_int_equal(l.e.code, ERR_SAFETY);
	assert_int_equal(l.n, 0);
	assert_int_equal(record_of(&l).state, TERMINAL_EXPIRED);
	assert_int_equal(act(&l, CHECK, TRUST_NOW), -1);
	assert_int_equal(l.e.code, ERR_SAFETY);
	assert_int_equal(l.n, 0);
	off(&l);
}

/* ---- tickets ---- */

static void test_tickets(void **state)
{
	struct trust_order o = usual_order();
	struct line l;

	(void)state;
	usual(&l);
	assert_int_equal(import(&l, &o), -1); /* the same one again */
	assert_int_equal(l.e.code, ERR_SAFETY);
	o.generation = 2;
	assert_ok(import(&l, &o), &l.e);
	assert_int_equal(record_of(&l).current.generation, 2);
	off(&l);
}

static void test_ticket_of_another(void **state)
{
	uint8_t room[TRUST_TICKET_MAX];
	struct wr w = wr_fixed(room, sizeof(room));
	struct trust_order o = usual_order();
	struct terminal_record *r;
	struct trust_ticket ticket;
	struct terminal t;
	struct line l;

	(void)state;
	usual(&l);
	o.generation = 2;
	assert_true(trust_ticket_get(ticket_of(&o, &w), &ticket));
	assert_ok(terminal_open(l.path, &t, &l.e), &l.e);
	memcpy(t.imei, OTHER_IMEI, IMEI_DIGITS);
	assert_int_equal(terminal_import(&t, &ticket, &r, &l.e), -1);
	assert_int_equal(l.e.code, ERR_INPUT);
	assert_int_equal(t.record[0].generation, 1);
	terminal_close(&t);
	off(&l);
}

/* ---- the file ---- */

static void assert_refused(const struct line *l, enum err_code code)
{
	struct terminal t;
	struct err e;

	assert_int_equal(terminal_open(l->path, &t, &e), -1);
	assert_int_equal(e.code, code);
}

static void test_file(void **state)
{
	struct terminal t, other;
	struct line l;
	char link[160];

	(void)state;
	usual(&l);
	assert_int_equal(chmod(l.path, 0644), 0);
	assert_refused(&l, ERR_INPUT);
	assert_int_equal(chmod(l.path, 0600), 0);
	/* Held by one at a time, through every replacement. */
	assert_ok(terminal_open(l.path, &t, &l.e), &l.e);
	assert_refused(&l, ERR_SAFETY);
	assert_ok(terminal_save(&t, &l.e), &l.e);
	assert_refused(&l, ERR_SAFETY);
	terminal_close(&t);
	assert_ok(terminal_open(l.path, &other, &l.e), &l.e);
	assert_int_equal(other.n, 1);
	terminal_close(&other);
	/* One that was killed between writing and renaming leaves no copy of its keys for long. */
	snprintf(link, sizeof(link), "%s.unfinished", l.path);
	assert_ok(file_write(link, span_str("key"), 0600, &l.e), &l.e);
	assert_ok(terminal_open(l.path, &t, &l.e), &l.e);
	assert_int_equal(access(link, F_OK), -1);
	assert_ok(file_write(link, span_str("key"), 0600, &l.e), &l.e);
	assert_ok(terminal_save(&t, &l.e), &l.e);
	assert_int_equal(access(link, F_OK), -1);
	terminal_close(&t);
	snprintf(link, sizeof(link), "%s/link.yaml", l.r.dir);
	assert_int_equal(symlink(l.path, link), 0);
	assert_int_equal(terminal_open(link, &t, &l.e), -1);
	assert_int_equal(l.e.code, ERR_INPUT);
	unlink(link);
	off(&l);
}

static const struct {
	const char *text, *says;
} bad[] = {
	{ "cardadm: terminal/2\nlast-seen: 0\n", "" },
	{ "cardadm: terminal/1\n", "last-seen" },
	{ "cardadm: terminal/1\nimei: \"352099001761482\"\nlast-seen: 0\n", "2:7" },
	{ "cardadm: terminal/1\nlast-seen: 0\nprivate: "
	  "0000000000000000000000000000000000000000000000000000000000000000\n",
	    "3:10" },
	{ "cardadm: terminal/1\nlast-seen: 0\nbase-key: 00112233445566778899AABBCCDDEEFF00\n",
	    "3:11" },
	{ "cardadm: terminal/1\nlast-seen: 0\ntrust:\n"
	  "  - {record: 1, card: 000102030405060708090A0B0C0D0E0F, cin: 01, algorithm: aes-128, "
	  "generation: 1, period: 60, horizon: 9, state: active, current: {version: 12, "
	  "generation: "
	  "1, expiry: 9, key: 000102030405060708090A0B0C0D0E0F}}\n",
	    "version 12" },
	{ "cardadm: terminal/1\nlast-seen: 0\ntrust:\n"
	  "  - {record: 1, card: 000102030405060708090A0B0C0D0E0F, cin: 01, algorithm: aes-256, "
	  "generation: 1, period: 60, horizon: 9, state: active, current: {version: 11, "
	  "generation: "
	  "1, expiry: 9, key: 000102030405060708090A0B0C0D0E0F}}\n",
	    "16 octets" },
	{ "cardadm: terminal/1\nlast-seen: 0\ntrust:\n"
	  "  - {record: 1, card: 000102030405060708090A0B0C0D0E0F, cin: 01, algorithm: aes-128, "
	  "generation: 1, period: 60, horizon: 9, state: active, current: {version: 11, "
	  "generation: "
	  "2, expiry: 9, key: 000102030405060708090A0B0C0D0E0F}}\n",
	    "generation 2 is above 1" },
	{ "cardadm: terminal/1\nlast-seen: 0\ntrust:\n"
	  "  - {record: 1, card: 000102030405060708090A0B0C0D0E0F, cin: 01, algorithm: p-256, "
	  "generation: 1, period: 60, horizon: 9, state: active, current: {version: 11, "
	  "generation: 1, expiry: 9, "
	  "key: 0000000000000000000000000000000000000000000000000000000000000000}}\n",
	    "not a private key of P-256" },
	{ "cardadm: terminal/1\nlast-seen: 0\ntrust:\n"
	  "  - {record: 1, card: 000102030405060708090A0B0C0D0E0F, cin: 01, algorithm: aes-128, "
	  "generation: 2, period: 60, horizon: 9, state: active, current: {version: 11, "
	  "generation: 1, expiry: 9, key: 000102030405060708090A0B0C0D0E0F}, "
	  "pending: {version: 11, generation: 2, expiry: 9, "
	  "key: 000102030405060708090A0B0C0D0E0F}}\n",
	    "version 11 is that of the current key" },
};

static void test_bad_files(void **state)
{
	struct terminal t;
	struct line l;

	(void)state;
	usual(&l);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_ok(file_write(l.path, span_str(bad[i].text), 0600, &l.e), &l.e);
		assert_int_equal(terminal_open(l.path, &t, &l.e), -1);
		assert_int_equal(l.e.code, ERR_INPUT);
		if (strstr(l.e.text, bad[i].says) == NULL)
			fail_msg("%zu: %s", i, l.e.text);
	}
	off(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_courses),
		cmocka_unit_test(test_join),
		cmocka_unit_test(test_join_again),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_cut_p256),
		cmocka_unit_test(test_cut_rows),
		cmocka_unit_test(test_pending_outlives),
		cmocka_unit_test(test_forged),
		cmocka_unit_test(test_revoked),
		cmocka_unit_test(test_erased),
		cmocka_unit_test(test_revokes_itself),
		cmocka_unit_test(test_copied),
		cmocka_unit_test(test_another_expiry),
		cmocka_unit_test(test_clock),
		cmocka_unit_test(test_tickets),
		cmocka_unit_test(test_ticket_of_another),
		cmocka_unit_test(test_file),
		cmocka_unit_test(test_bad_files),
	};

	return cmocka_run_group_tests(tests, trust_rig_open, trust_rig_close);
}
