/*
 * Sessions of SCP02 and SCP01 against recorded cards (test/transcripts, sources inside): the replay
 * of a trace is the card. Then one of them made hostile, and what is asked for against what the
 * card says.
 */
#include "unit.h"

#include <unistd.h>

#include "card/trace.h"
#include "host/choose.h"

struct play {
	char path[64], seen[64]; /* the recording that is the card, and a trace of what was sent */
	FILE *f;
	struct card card;
	struct session s;
	struct choose_asks asks;
	struct session_auth auth;
	struct key_set keys;
	unsigned after;
};

static int give_keys(void *ctx, const struct init_update *u, struct key_set *out, struct err *e)
{
	const struct play *p = ctx;

	(void)e;
	assert_true(u->scp == 1 || u->scp == 2);
	*out = p->keys;
	return 0;
}

static void after(void *ctx, const struct init_update *u, bool accepted)
{
	struct play *p = ctx;

	(void)u;
	p->after += accepted;
}

static void add(struct play *p, const char *cmd, const char *rsp)
{
	fprintf(p->f, "> %s\n< %s\n", cmd, rsp);
}

static void add_span(struct play *p, struct span cmd, struct span rsp)
{
	char a[2048], b[2048];

	add(p, hex_put(cmd, a, sizeof(a)), hex_put(rsp, b, sizeof(b)));
}

static void begin(struct play *p, const char *card_data)
{
	memset(p, 0, sizeof(*p));
	snprintf(p->path, sizeof(p->path), "/tmp/session02_test.%d", (int)getpid());
	snprintf(p->seen, sizeof(p->seen), "/tmp/session02_test.%d.seen", (int)getpid());
	p->f = fopen(p->path, "w");
	assert_non_null(p->f);
	add(p, "00A4040008A00000015100000000", "9000");
	add(p, "80CA006600", card_data);
	add(p, "80CA006700", "6A88");
	add(p, "80CA004500", "6A88");
	add(p, "80CA9F7F00", "6A88");
	p->asks.keys = "fleet";
	p->asks.des = true;
	p->asks.level = -1;
	p->asks.s16 = -1;
	p->auth.keys = give_keys;
	p->auth.after_auth = after;
	p->auth.ctx = p;
}

static int open_session(struct play *p, struct err *e)
{
	fclose(p->f);
	unlink(p->seen);
	assert_ok(replay_open(p->path, &p->card, e), e);
	assert_ok(trace_wrap(&p->card, p->seen, e), e);
	session_init(&p->s, &p->card);
	return session_begin(&p->s, &p->asks, &p->auth, e);
}

/* How many commands with this instruction (hex) went to the card. */
static unsigned sent(const struct play *p, const char *ins)
{
	FILE *f = fopen(p->seen, "r");
	char line[8192];
	unsigned n = 0;

	assert_non_null(f);
	while (fgets(line, sizeof(line), f) != NULL)
		n += line[0] == '>' && strncmp(line + 4, ins, strlen(ins)) == 0;
	fclose(f);
	return n;
}

static void end(struct play *p)
{
	session_wipe(&p->s);
	card_close(&p->card);
	unlink(p->path);
	unlink(p->seen);
}

/* Recorded hosts differ in whether they add Le to the commands of the handshake. */
static struct span with_le(struct span wire, bool le)
{
	static uint8_t b[300];
	struct wr w = wr_fixed(b, sizeof(b));
	struct capdu c;

	assert_true(capdu_get(wire, &c));
	c.le = le ? LE_MAX_SHORT : LE_NONE;
	capdu_put(&w, &c);
	assert_true(wr_ok(&w));
	return wr_span(&w);
}

static const char *key_at(const json_t *keys, size_t i)
{
	return json_string_value(json_is_array(keys) ? json_array_get(keys, i) : keys);
}

static void take_handshake(struct play *p, const json_t *o)
{
	const json_t *keys = json_object_get(o, "key");
	struct span iu = unit_hex(o, "init_update_cmd"), ea = unit_hex(o, "ext_auth_cmd");

	p->keys.enc = unit_key(key_at(keys, 0));
	p->keys.mac = unit_key(key_at(keys, 1));
	p->keys.dek = unit_key(key_at(keys, 2));
	add_span(p, with_le(iu, true), unit_hex(o, "init_update_rsp"));
	add_span(p, with_le(ea, false), unit_hex(o, "ext_auth_rsp"));
	p->asks.key_version = iu.p[2];
	p->asks.level = ea.p[2];
	p->asks.i = unit_hex(o, "i").p[0];
}

static void exchange(struct play *p, const json_t *x)
{
	struct span plain = unit_hex(x, "plain_cmd"), want = unit_hex(x, "rsp");
	struct err e = { 0 };
	struct capdu c;
	struct rapdu r;

	assert_true(capdu_get(plain, &c));
	assert_ok(session_send(&p->s, &c, &r, &e), &e);
	assert_span(r.data, span_sub(want, 0, want.n - 2));
}

struct counts {
	unsigned sessions, commands, opened_02;
};

/* The whole session as it went over the wire. */
static void play_transcript(json_t *o, void *ctx)
{
	json_t *list = json_object_get(o, "further_apdus"), *x;
	struct counts *n = ctx;
	struct err e = { 0 };
	struct play p;
	size_t i;

	if (!json_is_true(json_object_get(o, "verified")))
		return;
	begin(&p, "6A88");
	take_handshake(&p, o);
	json_array_foreach(list, i, x) if (json_object_get(x, "plain_cmd") != NULL)
	    add_span(&p, unit_hex(x, "cmd"), unit_hex(x, "rsp"));
	assert_ok(open_session(&p, &e), &e);
	assert_int_equal(p.after, 1);
	assert_int_equal(p.s.i_from, I_ASKED);
	assert_int_equal(p.s.level, p.asks.level);
	if (scp_protocol(&p.s.scp) == PROTOCOL_SCP02)
		assert_span(key_span(&p.s.dek), key_span(&p.s.scp.u.scp02.dek));
	else
		assert_span(key_span(&p.s.dek), key_span(&p.keys.dek));
	json_array_foreach(list, i, x)
	{
		if (json_object_get(x, "plain_cmd") == NULL)
			continue;
		exchange(&p, x);
		n->commands++;
	}
	n->sessions++;
	n->opened_02 += scp_protocol(&p.s.scp) == PROTOCOL_SCP02;
	end(&p);
}

static void test_transcripts(void **state)
{
	static const char *const files[] = { "test/transcripts/scp01-gppro.jsonl",
		"test/transcripts/scp01-opal.jsonl", "test/transcripts/scp02-gppro.jsonl",
		"test/transcripts/scp02-gp4net.jsonl", "test/transcripts/scp02-opal.jsonl",
		"test/transcripts/scp02-opal-simulated.jsonl" };
	struct counts n = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		unit_jsonl(files[i], play_transcript, &n);
	assert_int_equal(n.sessions, 1 + 23 + 1 + 6 + 12 + 30);
	assert_int_equal(n.opened_02, 1 + 6 + 12 + 30);
	assert_true(n.commands > 1900);
}

/* ---- one card of SCP02 (Oberthur, recorded) ---- */

static json_t *line; /* of scp02-gppro.jsonl */

static void keep_line(json_t *o, void *ctx)
{
	(void)ctx;
	line = json_incref(o);
}

static void begin_card(struct play *p, const char *card_data)
{
	begin(p, card_data);
	take_handshake(p, line);
	p->asks.i = 0;
}

static void refused(struct play *p, enum err_code code, const char *text)
{
	struct err e = { 0 };

	assert_int_equal(open_session(p, &e), -1);
	if (e.code != code || strstr(e.text, text) == NULL)
		fail_msg("got %d: %s", e.code, e.text);
	assert_int_equal(p->s.mode, SESSION_CLOSED);
	assert_int_equal(p->s.dek.n, 0);
	assert_int_equal(p->after, 0);
	assert_int_equal(sent(p, "82"), 0);
	end(p);
}

#define CARD_DATA(scp, i) \
	"6631732F06072A864886FC6B01600C060A2A864886FC6B02020301630906072A864886FC6B03640B0609" \
	"2A864886FC6B04" scp i "9000"

static void test_i(void **state)
{
	static const struct {
		const char *card_data;
		uint8_t asked, want;
		enum i_from from;
		enum scp_protocol protocol;
	} rows[] = {
		{ "6A88", 0, 0x15, I_ASSUMED, PROTOCOL_NONE },
		{ "6A88", 0x55, 0x55, I_ASKED, PROTOCOL_NONE },
		{ CARD_DATA("02", "55"), 0, 0x55, I_CARD_DATA, PROTOCOL_NONE },
		{ CARD_DATA("02", "55"), 0x15, 0x15, I_ASKED, PROTOCOL_NONE },
		{ CARD_DATA("02", "1A"), 0, 0x15, I_ASSUMED,
		    PROTOCOL_SCP02 }, /* implicit initiation */
		{ CARD_DATA("03", "70"), 0, 0x15, I_ASSUMED, PROTOCOL_SCP02 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct err e = { 0 };
		struct play p;

		begin_card(&p, rows[i].card_data);
		p.asks.i = rows[i].asked;
		p.asks.protocol = rows[i].protocol;
		assert_ok(open_session(&p, &e), &e);
		assert_int_equal(p.s.iu.i, rows[i].want);
		assert_int_equal(p.s.scp.i, rows[i].want);
		assert_int_equal(p.s.i_from, rows[i].from);
		assert_int_equal(p.s.level, 1);
		end(&p);
	}
}

static void test_refused(void **state)
{
	struct play p;

	(void)state;
	begin_card(&p, "6A88");
	p.keys.mac.b[0] ^= 0x80; /* shows in no cryptogram of SCP02: the C-MAC is for the card */
	p.keys.enc.b[0] ^= 0x80;
	refused(&p, ERR_AUTH, "no try spent");
	begin_card(&p, "6A88");
	p.asks.protocol = PROTOCOL_SCP01;
	refused(&p, ERR_AUTH, "the card answers with SCP02, not SCP01");
	begin_card(&p, "6A88");
	p.asks.protocol = PROTOCOL_SCP03;
	refused(&p, ERR_AUTH, "the card answers with SCP02, not SCP03");
	begin_card(&p, "6A88");
	p.asks.s16 = 1;
	refused(&p, ERR_SAFETY, "S16");
	begin_card(&p, "6A88");
	p.asks.level = 0x33;
	refused(&p, ERR_SAFETY, "no security level 33");
	begin_card(&p, "6A88");
	p.asks.i = 0x17;
	refused(&p, ERR_SAFETY, "no parameter i = 17");
	begin_card(&p, "6A88");
	p.asks.i = 0x1A;
	refused(&p, ERR_SAFETY, "does not begin with INITIALIZE UPDATE");
	begin_card(&p, CARD_DATA("02", "15"));
	p.asks.level = 0x11;
	refused(&p, ERR_SAFETY, "the card cannot do level 11: it reports i = 15");
}

/* Nothing is sent that the protocol cannot carry; the session stays open. */
static void test_limits(void **state)
{
	uint8_t data[APDU_SHORT_DATA] = { 0 };
	struct capdu c = { .cla = 0x80, .ins = 0xE2, .extended = true };
	struct err e = { 0 };
	struct rapdu r;
	struct play p;

	(void)state;
	begin_card(&p, "6A88");
	assert_ok(open_session(&p, &e), &e);
	c.data = span_of(data, 10);
	assert_int_equal(session_send(&p.s, &c, &r, &e), -1);
	assert_int_equal(e.code, ERR_SAFETY);
	assert_non_null(strstr(e.text, "SCP02 has no extended length"));
	c.extended = false;
	c.data = span_of(data, 248);
	assert_int_equal(session_send(&p.s, &c, &r, &e), -1);
	assert_int_equal(e.code, ERR_SAFETY);
	assert_int_equal(p.s.mode, SESSION_UNICAST);
	assert_int_equal(sent(&p, "E2"), 0);
	end(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_transcripts),
		cmocka_unit_test(test_i),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_limits),
	};
	int failed;

	unit_jsonl("test/transcripts/scp02-gppro.jsonl", keep_line, NULL);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	json_decref(line);
	return failed;
}
