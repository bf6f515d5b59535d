/*
 * Sessions against recorded cards: the replay of a trace is the card, its host challenge ours.
 * Then the same cards made hostile. The sources of the recordings are named in the vector files.
 */
#include "unit.h"

#include <unistd.h>

#include "card/trace.h"
#include "host/choose.h"

/* ---- the trace of one session, and what is asked of it ---- */

struct play {
	char path[64], seen[64]; /* the recording that is the card, and a trace of what was sent */
	FILE *f;
	struct card card;
	struct session s;
	struct choose_asks asks;
	struct session_auth auth;
	struct key_set keys;
	unsigned asked, before, after;
	bool accepted, stop_before;
};

static int give_keys(void *ctx, const struct init_update *u, struct key_set *out, struct err *e)
{
	struct play *p = ctx;

	(void)e;
	assert_int_equal(u->scp, 3);
	p->asked++;
	*out = p->keys;
	return 0;
}
static int before(void *ctx, const struct init_update *u, struct err *e)
{
	struct play *p = ctx;

	(void)u;
	p->before++;
	return p->stop_before ? err_set(e, ERR_SAFETY, "stopped") : 0;
}
static void after(void *ctx, const struct init_update *u, bool accepted)
{
	struct play *p = ctx;

	(void)u;
	p->after++;
	p->accepted = accepted;
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

static void begin_with(struct play *p, struct span aid, const char *card_data, const char *caps)
{
	char hex[80];

	memset(p, 0, sizeof(*p));
	snprintf(p->path, sizeof(p->path), "/tmp/session_test.%d", (int)getpid());
	snprintf(p->seen, sizeof(p->seen), "/tmp/session_test.%d.seen", (int)getpid());
	p->f = fopen(p->path, "w");
	assert_non_null(p->f);
	assert_true(aid_from(&p->asks.domain, aid));
	fprintf(p->f, "> 00A40400%02zX%s00\n< 9000\n", aid.n, hex_put(aid, hex, sizeof(hex)));
	add(p, "80CA006600", card_data);
	add(p, "80CA006700", caps);
	add(p, "80CA004500", "4503AABBCC9000");
	add(p, "80CA9F7F00", "6A88");
	p->asks.level = -1;
	p->asks.s16 = -1;
	p->auth.keys = give_keys;
	p->auth.before_auth = before;
	p->auth.after_auth = after;
	p->auth.ctx = p;
}

static void begin(struct play *p, struct span aid)
{
	begin_with(p, aid, "6A88", "6D00");
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

/* How many commands with this instruction (hex) went to the card; "" counts all. */
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

static void refused(struct play *p, enum err_code code, const char *text)
{
	struct err e = { 0 };

	assert_int_equal(open_session(p, &e), -1);
	if (e.code != code || strstr(e.text, text) == NULL)
		fail_msg("got %d: %s", e.code, e.text);
	assert_int_equal(p->s.mode, SESSION_CLOSED);
	assert_int_equal(p->s.dek.n, 0);
}

/* ---- recorded sessions ---- */

static struct key_set keys_of(json_t *k)
{
	struct key_set set;

	if (json_is_string(k)) {
		set.enc = unit_key(json_string_value(k));
		set.mac = set.dek = set.enc;
		return set;
	}
	set.enc = unit_key(json_string_value(json_array_get(k, 0)));
	set.mac = unit_key(json_string_value(json_array_get(k, 1)));
	set.dek = unit_key(json_string_value(json_array_get(k, 2)));
	return set;
}

/* Recorded hosts differ in whether they add Le; ours asks for an answer whenever one can come. */
static struct span with_our_le(struct span wire, bool le)
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

static void add_handshake(struct play *p, json_t *o)
{
	struct span iu = unit_hex(o, "init_update_cmd");
	struct span ea = unit_hex(o, "ext_auth_cmd");

	add_span(p, with_our_le(iu, true), unit_hex(o, "init_update_rsp"));
	add_span(p, with_our_le(ea, false), unit_hex(o, "ext_auth_rsp"));
	p->asks.key_version = iu.p[2];
	p->asks.level = ea.p[2];
	p->asks.s16 = iu.p[4] == 16;
}

static void add_exchange(struct play *p, struct span plain, struct span wire, struct span rsp)
{
	bool rmac = (p->asks.level & LEVEL_RMAC) != 0;
	struct capdu c;

	assert_true(capdu_get(plain, &c));
	add_span(p, with_our_le(wire, rmac || c.le != LE_NONE), rsp);
}

static void exchange(struct play *p, struct span plain, struct span want)
{
	struct err e = { 0 };
	struct capdu c;
	struct rapdu r, w;

	assert_true(capdu_get(plain, &c));
	assert_ok(session_send(&p->s, &c, &r, &e), &e);
	assert_true(rapdu_get(want, &w));
	assert_span(r.data, w.data);
	assert_int_equal(r.sw, w.sw);
}

static const char *aid_in(json_t *o)
{
	const char *name = json_string_value(json_object_get(o, "name"));

	if (json_object_get(o, "aid") != NULL)
		return unit_str(o, "aid");
	/* The eUICC of these recordings: its ISD-R, to which the card challenge fits. */
	if (name != NULL && strncmp(name, "SCP03_Test", 10) == 0)
		return "A0000005591010FFFFFFFF8900000100";
	return "A000000151000000";
}

/* Plays one entry of scp03_sessions.json; true when it was one that has a whole handshake. */
static bool play_vector(json_t *o)
{
	json_t *list = json_object_get(o, "exchanges"), *x;
	struct err e = { 0 };
	struct play p;
	size_t i;

	begin(&p, unit_bytes(aid_in(o)));
	p.keys = keys_of(json_object_get(o, "keys"));
	add_handshake(&p, o);
	json_array_foreach(list, i, x)
	{
		if (json_object_get(x, "wrapped_rsp") == NULL)
			break;
		add_exchange(&p, unit_hex(x, "plain_cmd"), unit_hex(x, "wrapped_cmd"),
		    unit_hex(x, "wrapped_rsp"));
	}
	assert_ok(open_session(&p, &e), &e);
	assert_int_equal(p.before, 1);
	assert_int_equal(p.after, 1);
	assert_true(p.accepted);
	assert_int_equal(p.s.level, p.asks.level);
	assert_span(key_span(&p.s.dek), key_span(&p.keys.dek));
	json_array_foreach(list, i, x)
	{
		if (json_object_get(x, "wrapped_rsp") == NULL)
			break;
		exchange(&p, unit_hex(x, "plain_cmd"), unit_hex(x, "plain_rsp"));
	}
	end(&p);
	return i > 0;
}

static void test_recorded(void **state)
{
	json_t *all = unit_json("test/vectors/scp03_sessions.json"), *o;
	unsigned played = 0;
	size_t i;

	(void)state;
	json_array_foreach(json_object_get(all, "sessions"), i, o)
	{
		const char *name = unit_str(o, "name");

		/* No INITIALIZE UPDATE recorded; an applet with a challenge that no AID explains.
		 */
		if (json_object_get(o, "init_update_cmd") == NULL ||
		    strncmp(name, "Samsung", 7) == 0 || strstr(name, "send_apdu_rmac") != NULL)
			continue;
		played += play_vector(o);
	}
	assert_int_equal(played, 13);
	json_decref(all);
}

/* Real cards, the whole session as it went over the wire. */
static void play_transcript(json_t *o, void *ctx)
{
	json_t *list = json_object_get(o, "further_apdus"), *x;
	struct err e = { 0 };
	struct play p;
	size_t i;

	begin(&p, unit_bytes("A000000151000000"));
	p.keys = keys_of(json_object_get(o, "key"));
	add_handshake(&p, o);
	json_array_foreach(list, i, x)
	    add_exchange(&p, unit_hex(x, "plain_cmd"), unit_hex(x, "cmd"), unit_hex(x, "rsp"));
	assert_ok(open_session(&p, &e), &e);
	json_array_foreach(list, i, x)
	{
		const char *want = json_object_get(x, "plain_rsp") != NULL ? "plain_rsp" : "rsp";

		exchange(&p, unit_hex(x, "plain_cmd"), unit_hex(x, want));
		++*(unsigned *)ctx;
	}
	end(&p);
}

static void test_transcripts(void **state)
{
	unsigned n = 0;

	(void)state;
	unit_jsonl("test/transcripts/scp03-gp4net.jsonl", play_transcript, &n);
	assert_true(n > 100);
}

/* ---- one card (JCOP4, recorded), as it was and made hostile ---- */

static const char jcop_iu[] = "8050000008010203040506070800";
static const char jcop_rsp[] =
    "00003244342976208448010370734ECDCA19E446A30BC253BCE97DB9910004369000";
static const char jcop_ea[] = "8482010010A5E66CD1A836E3A47CD3B3F7B689AE8F";
static const char jcop_cmd[] = "84F280020A4F009F2B339FA4DE0C2400";
static const char jcop_status[] = "E3264F08A0000001510000009F700101C5039AFE80C407A0000001515350CC08"
				  "A0000001510000009000";

static struct key_set test_keys(void)
{
	struct key k = unit_key("404142434445464748494A4B4C4D4E4F");

	return (struct key_set){ k, k, k };
}

static void begin_jcop(struct play *p)
{
	begin(p, unit_bytes("A000000151000000"));
	p->keys = test_keys();
	p->asks.level = 1;
}

static void test_jcop(void **state)
{
	struct err e = { 0 };
	struct play p;

	(void)state;
	begin_jcop(&p);
	add(&p, jcop_iu, jcop_rsp);
	add(&p, jcop_ea, "9000");
	add(&p, jcop_cmd, jcop_status);
	add(&p, "00A4040008A00000015100000000", "9000");
	assert_ok(open_session(&p, &e), &e);
	assert_span(span_of(p.s.id.cin, p.s.id.cin_n), unit_bytes("AABBCC"));
	assert_false(p.s.id.has_cplc);
	exchange(&p, unit_bytes("80F28002024F0000"), unit_bytes(jcop_status));
	session_close(&p.s);
	assert_int_equal(p.s.mode, SESSION_CLOSED);
	assert_int_equal(p.s.dek.n, 0);
	assert_int_equal(sent(&p, "A4"), 2);
	session_close(&p.s);
	assert_int_equal(sent(&p, "A4"), 2);
	end(&p);
}

static void test_wrong_keys(void **state)
{
	struct play p;

	(void)state;
	begin_jcop(&p);
	p.keys.mac.b[0] ^= 1;
	add(&p, jcop_iu, jcop_rsp);
	add(&p, jcop_ea, "9000");
	refused(&p, ERR_AUTH, "cryptogram does not match");
	assert_int_equal(sent(&p, "82"), 0);
	assert_int_equal(p.before + p.after, 0);
	end(&p);
}

/* Each octet of the card's answer changed in turn: no EXTERNAL AUTHENTICATE ever goes out. */
static void test_changed_answer(void **state)
{
	(void)state;
	for (size_t i = 10; i < 32; i++) {
		struct span rsp = unit_bytes(jcop_rsp);
		uint8_t changed[34];
		char hex[80];
		struct err e = { 0 };
		struct play p;

		memcpy(changed, rsp.p, sizeof(changed));
		changed[i] ^= 0x80;
		begin_jcop(&p);
		p.asks.key_version = 1;
		add(&p, "8050010008010203040506070800", hex_put(SPAN(changed), hex, sizeof(hex)));
		add(&p, jcop_ea, "9000");
		assert_int_equal(open_session(&p, &e), -1);
		assert_int_equal(e.code, ERR_AUTH);
		assert_int_equal(sent(&p, "82"), 0);
		end(&p);
	}
}

static void test_wrong_length(void **state)
{
	static const char *const bad[] = { "9000", "009000",
		"00003244342976208448010370734ECDCA19E446A30BC253BCE97DB99000",
		"00003244342976208448010370734ECDCA19E446A30BC253BCE97DB9910004"
		"9000",
		"00003244342976208448010370734ECDCA19E446A30BC253BCE97DB991000436AA9000" };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct play p;

		begin_jcop(&p);
		add(&p, jcop_iu, bad[i]);
		refused(&p, ERR_AUTH, "");
		assert_int_equal(sent(&p, "82"), 0);
		end(&p);
	}
}

static void test_other_version(void **state)
{
	struct play p;

	(void)state;
	begin_jcop(&p);
	p.asks.key_version = 0x30;
	add(&p, "8050300008010203040506070800", jcop_rsp);
	add(&p, jcop_ea, "9000");
	refused(&p, ERR_AUTH, "key version 30 was asked for, the card answers with 01");
	assert_int_equal(p.asked, 0);
	end(&p);
}

static void test_other_protocol(void **state)
{
	struct play p;

	(void)state;
	begin_jcop(&p);
	add(&p, jcop_iu, "00008147580F3D2988D8FF020005BD1A6BE9D3D575BD9E5774FB6A259000");
	refused(&p, ERR_AUTH, "SCP02");
	end(&p);
}

/* A card whose challenge is not the one of its counter, although it has the keys. */
static void test_challenge_not_derived(void **state)
{
	json_t *all = unit_json("test/vectors/scp03_sessions.json"), *o;
	unsigned n = 0;
	size_t i;

	(void)state;
	json_array_foreach(json_object_get(all, "sessions"), i, o)
	{
		struct play p;

		if (strncmp(unit_str(o, "name"), "Samsung", 7) != 0)
			continue;
		begin(&p, unit_bytes("A000000151000000"));
		p.keys = keys_of(json_object_get(o, "keys"));
		add_handshake(&p, o);
		refused(&p, ERR_AUTH, "card challenge is not the one of sequence counter 00082A");
		assert_int_equal(sent(&p, "82"), 0);
		end(&p);
		n++;
	}
	assert_int_equal(n, 6);
	json_decref(all);
}

/* The same cards as if they drew random challenges (i without 10, no counter): S8 and S16. */
static void test_random_challenge(void **state)
{
	json_t *all = unit_json("test/vectors/scp03_sessions.json"), *o;
	size_t i;

	(void)state;
	json_array_foreach(json_object_get(all, "sessions"), i, o)
	{
		struct span rsp;
		uint8_t changed[64];
		struct wr w = wr_fixed(changed, sizeof(changed));
		char hex[160];

		if (strncmp(unit_str(o, "name"), "Samsung", 7) != 0)
			continue;
		rsp = unit_hex(o, "init_update_rsp");
		wr_put(&w, span_sub(rsp, 0, rsp.n - 5));
		wr_u16(&w, SW_OK);
		changed[12] = (uint8_t)(changed[12] & ~SCP03_I_PSEUDO_RANDOM);
		json_object_set_new(
		    o, "init_update_rsp", json_string(hex_put(wr_span(&w), hex, sizeof(hex))));
		assert_true(play_vector(o));
	}
	json_decref(all);
}

static void test_refused_update(void **state)
{
	static const struct {
		const char *sw, *hint;
	} cases[] = { { "6A88", "--key-version" }, { "6983", "locked" }, { "6982", "locked" },
		{ "6700", "--s16" }, { "6985", "counter" }, { "6F00", "" } };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err e = { 0 };
		struct play p;

		begin_jcop(&p);
		add(&p, jcop_iu, cases[i].sw);
		assert_int_equal(open_session(&p, &e), -1);
		assert_int_equal(e.code, ERR_AUTH);
		assert_int_equal(
		    e.sw, unit_bytes(cases[i].sw).p[0] << 8 | unit_bytes(cases[i].sw).p[1]);
		assert_non_null(strstr(unit_hint(&e), cases[i].hint));
		assert_int_equal(sent(&p, "50"), 1); /* no second guess */
		end(&p);
	}
}

static void test_refused_authentication(void **state)
{
	struct play p;

	(void)state;
	begin_jcop(&p);
	add(&p, jcop_iu, jcop_rsp);
	add(&p, jcop_ea, "6300");
	refused(&p, ERR_AUTH, "EXTERNAL AUTHENTICATE");
	assert_int_equal(sent(&p, "82"), 1);
	assert_int_equal(p.after, 1);
	assert_false(p.accepted);
	end(&p);
	/* No answer: nobody knows, so nobody is told. */
	begin_jcop(&p);
	add(&p, jcop_iu, jcop_rsp);
	fprintf(p.f, "> %s\n", jcop_ea);
	refused(&p, ERR_READER, "no answer");
	assert_int_equal(p.before, 1);
	assert_int_equal(p.after, 0);
	end(&p);
	/* Stopped by the caller at the last moment. */
	begin_jcop(&p);
	p.stop_before = true;
	add(&p, jcop_iu, jcop_rsp);
	refused(&p, ERR_SAFETY, "stopped");
	assert_int_equal(sent(&p, "82"), 0);
	end(&p);
}

static void test_level(void **state)
{
	struct play p;

	(void)state;
	/* Demanded, but i = 10 has neither R-MAC nor R-ENC. */
	begin_jcop(&p);
	p.asks.level = 0x33;
	add(&p, jcop_iu, "00003244342976208448010310734ECDCA19E446A30BC253BCE97DB9910004369000");
	refused(&p, ERR_SAFETY, "level 33");
	assert_int_equal(sent(&p, "82"), 0);
	end(&p);
	/* No such level: not even discovered. */
	begin_jcop(&p);
	p.asks.level = 0x30;
	refused(&p, ERR_SAFETY, "no security level 30");
	assert_int_equal(sent(&p, ""), 0);
	end(&p);
}

/* Level -1: the EXTERNAL AUTHENTICATE that goes out names it; the replay then differs. */
static void test_level_by_card(void **state)
{
	static const struct {
		const char *i, *ea;
	} cases[] = { { "70", "848233" }, { "30", "848213" }, { "10", "848203" } };

	(void)state;
	for (size_t k = 0; k < 3; k++) {
		struct err e = { 0 };
		char rsp[100];
		struct play p;

		begin_jcop(&p);
		p.asks.level = -1;
		snprintf(rsp, sizeof(rsp),
		    "000032443429762084480103%s734ECDCA19E446A30BC253BCE97DB9910004369000",
		    cases[k].i);
		add(&p, jcop_iu, rsp);
		add(&p, "8482FF00", "9000");
		assert_int_equal(open_session(&p, &e), -1);
		assert_int_equal(e.code, ERR_INPUT);
		assert_non_null(strstr(e.text, cases[k].ea));
		end(&p);
	}
}

/* S8 or S16 by card data and capabilities; GPCS H.2 and H.4. */
static void test_mac_size(void **state)
{
	static const struct {
		const char *caps;
		int asked;
		const char *lc; /* NULL: refused */
	} cases[] = {
		{ "6A88", -1, "08" },
		{ "6A88", 1, "10" },
		{ "670CA00A80010381017082010700"
		  "9000",
		    -1, "08" }, /* malformed: not told */
		{ "670BA0098001038101708201079000", -1, "08" },
		{ "670BA0098001038101718201079000", -1, "10" },
		{ "670CA00A800103810270718201079000", -1, "08" },
		{ "670CA00A800103810270718201079000", 1, "10" },
		{ "670BA0098001038101708201079000", 1, NULL },
		{ "670BA0098001038101718201079000", 0, NULL },
		{ "670BA0098001038101718201079000", 1, "10" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err e = { 0 };
		struct play p;

		begin_with(&p, unit_bytes("A000000151000000"), "6A88", cases[i].caps);
		p.asks.s16 = cases[i].asked;
		add(&p, "8050", "9000");
		assert_int_equal(open_session(&p, &e), -1);
		if (cases[i].lc == NULL) {
			assert_int_equal(e.code, ERR_SAFETY);
			assert_int_equal(sent(&p, "50"), 0);
		} else {
			char want[12];

			snprintf(want, sizeof(want), "500000%s", cases[i].lc);
			assert_int_equal(sent(&p, want), 1);
		}
		end(&p);
	}
}

/* ---- answers inside an open channel ---- */

/* The recorded level 33 session of a P71, its first protected answer replaced. */
static void begin_rmac(struct play *p, const char *rsp)
{
	begin(p, unit_bytes("A000000151000000"));
	p->keys = test_keys();
	p->asks.level = 0x33;
	add(p, "8050000008A51709B085AF91C100",
	    "03700000000000000000010370BE906A81C79CAF176D073D7EF2F518F300004F9000");
	add(p, "84823300102A233480144D41037D79C57D90E30672", "9000");
	add(p, "84F2800218A7EA1DB31FC2BB6B648E7D0E9C4AE73C8F5117736D54228900", rsp);
	add(p, "00A4040008A00000015100000000", "9000");
}

static void test_bad_answers(void **state)
{
	static const char *const bad[] = { "9000", "11223344556677889000",
		"112233445566778811223344556677889000", "6300",
		"6A8800"
		"6A88" };
	struct capdu c = { 0 };
	struct rapdu r;

	(void)state;
	assert_true(capdu_get(unit_bytes("80F28002024F0000"), &c));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct err e = { 0 };
		struct play p;

		begin_rmac(&p, bad[i]);
		assert_ok(open_session(&p, &e), &e);
		assert_int_equal(session_send(&p.s, &c, &r, &e), -1);
		assert_int_equal(e.code, ERR_INTEGRITY);
		assert_int_equal(p.s.mode, SESSION_CLOSED);
		assert_int_equal(p.s.dek.n, 0);
		assert_false(p.s.scp.open);
		/* What was meant for the channel never goes out in clear. */
		assert_int_equal(session_send(&p.s, &c, &r, &e), -1);
		assert_int_equal(e.code, ERR_SAFETY);
		assert_int_equal(sent(&p, "F2"), 1);
		/* The card is told to forget it as well. */
		session_close(&p.s);
		assert_int_equal(sent(&p, "A4"), 2);
		end(&p);
	}
}

static void test_status_words(void **state)
{
	struct capdu c = { 0 };
	uint8_t big[240] = { 0 };
	struct rapdu r;
	struct err e = { 0 };
	struct play p;

	(void)state;
	assert_true(capdu_get(unit_bytes("80F28002024F0000"), &c));
	begin_rmac(&p, "6985");
	assert_ok(open_session(&p, &e), &e);
	assert_int_equal(session_do(&p.s, &c, "GET STATUS", &r, &e), -1);
	assert_int_equal(e.code, ERR_CARD);
	assert_int_equal(e.sw, 0x6985);
	assert_non_null(strstr(e.text, "GET STATUS: 6985"));
	assert_int_equal(p.s.mode, SESSION_UNICAST);
	end(&p);
	/* 6982: passed up, but the channel counts as gone. */
	begin_rmac(&p, "6982");
	assert_ok(open_session(&p, &e), &e);
	assert_ok(session_send(&p.s, &c, &r, &e), &e);
	assert_int_equal(r.sw, SW_SECURITY_STATUS);
	assert_int_equal(p.s.mode, SESSION_CLOSED);
	assert_true(p.s.lost);
	end(&p);
	/* A card that is gone is not told of the end of the session, which is the end of it all. */
	begin_rmac(&p, "6985");
	assert_ok(open_session(&p, &e), &e);
	p.card.gone = true;
	session_close(&p.s);
	assert_int_equal(p.s.mode, SESSION_CLOSED);
	assert_false(p.s.lost);
	end(&p);
	/* Too much data: refused here, channel as it was. */
	begin_rmac(&p, "6985");
	assert_ok(open_session(&p, &e), &e);
	c.data = SPAN(big);
	assert_int_equal(session_send(&p.s, &c, &r, &e), -1);
	assert_int_equal(e.code, ERR_SAFETY);
	assert_true(capdu_get(unit_bytes("80F28002024F0000"), &c));
	assert_ok(session_send(&p.s, &c, &r, &e), &e);
	assert_int_equal(r.sw, 0x6985);
	end(&p);
}

static void test_locked_and_missing(void **state)
{
	struct card card;
	struct session s;
	struct err e = { 0 };
	const char *path = "/tmp/session_test.domain";
	FILE *f = fopen(path, "w");

	(void)state;
	assert_non_null(f);
	fputs("> 00A4040008A00000015100000000\n< 6283\n> 80CA006600\n< 6E00\n> 80CA006700\n< 6A81\n"
	      "> 80CA004500\n< 45109000\n> 80CA9F7F00\n< 6A86\n"
	      "> 00A4040008A00000015100000000\n< 6A82\n",
	    f);
	fclose(f);
	assert_ok(replay_open(path, &card, &e), &e);
	session_init(&s, &card);
	assert_ok(session_discover(&s, NULL, &e), &e);
	assert_span(aid_span(&s.domain), unit_bytes("A000000151000000"));
	assert_int_equal(session_discover(&s, NULL, &e), -1);
	assert_int_equal(e.code, ERR_CARD);
	assert_int_equal(e.sw, 0x6A82);
	assert_int_equal(s.domain.n, 0);
	session_wipe(&s);
	card_close(&card);
	unlink(path);
}

/* A set of a supplementary domain is not the issuer domain's of the same version. */
static void test_key_set_name(void **state)
{
	struct session s = { 0 };
	char name[SESSION_KEY_SET];

	(void)state;
	assert_string_equal(session_key_set(&s, 0x30, name), "30");
	s.domain = aid_isd;
	assert_string_equal(session_key_set(&s, 0xFF, name), "FF");
	s.domain.n = AID_MAX;
	assert_string_equal(
	    session_key_set(&s, 0x01, name), "01 in A0000001510000000000000000000000");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_recorded),
		cmocka_unit_test(test_transcripts),
		cmocka_unit_test(test_jcop),
		cmocka_unit_test(test_wrong_keys),
		cmocka_unit_test(test_changed_answer),
		cmocka_unit_test(test_wrong_length),
		cmocka_unit_test(test_other_version),
		cmocka_unit_test(test_other_protocol),
		cmocka_unit_test(test_challenge_not_derived),
		cmocka_unit_test(test_random_challenge),
		cmocka_unit_test(test_refused_update),
		cmocka_unit_test(test_refused_authentication),
		cmocka_unit_test(test_level),
		cmocka_unit_test(test_level_by_card),
		cmocka_unit_test(test_mac_size),
		cmocka_unit_test(test_bad_answers),
		cmocka_unit_test(test_status_words),
		cmocka_unit_test(test_locked_and_missing),
		cmocka_unit_test(test_key_set_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
