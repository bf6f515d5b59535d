/*
 * The host's part of broadcast mode against the known answers of test/vectors/broadcast.json:
 * handshake, CHANGE MODE, the stream, the way back and AUTHORIZE ACTION, octet for octet. The card
 * is a replay of what the model says; then one that refuses, and one that lies.
 */
#include "unit.h"

#include <unistd.h>

#include "card/trace.h"
#include "host/choose.h"
#include "host/broadcast.h"
#include "tlv/tlv.h"
#include "scp_start.h"

struct play {
	char path[64];
	FILE *f;
	json_t *o; /* the case */
	struct card card;
	struct session s;
	struct key_set keys;
	struct wr stream; /* '22' TLVs */
	uint32_t done;
	unsigned steps, stop_after;
};

static void add(struct play *p, struct span cmd, struct span rsp)
{
	char a[2048], b[2048];

	fprintf(p->f, "> %s\n< %s\n", hex_put(cmd, a, sizeof(a)), hex_put(rsp, b, sizeof(b)));
}

static void add_hex(struct play *p, const char *cmd, const char *rsp)
{
	add(p, unit_bytes(cmd), unit_bytes(rsp));
}

/* The answer to INITIALIZE UPDATE that fits the case: random challenge, i = 60 or 61. */
static void add_update(struct play *p, struct span hc, struct span cc, uint8_t m)
{
	struct init_update u = {
		.key_version = 0x30, .scp = 3, .i = m == 16 ? 0x61 : 0x60, .m = m
	};
	uint8_t cmd[32], rsp[64];
	struct wr c = wr_fixed(cmd, sizeof(cmd)), r = wr_fixed(rsp, sizeof(rsp));
	struct scp scp = { 0 };

	memcpy(u.card_challenge, cc.p, m);
	assert_true(scp_begin(&scp, START(PROTOCOL_SCP03, 0, &p->keys, hc, cc)));
	assert_true(scp_cryptogram(&scp, CHALLENGES(hc, cc), ROLE_CARD, u.cryptogram));
	scp_wipe(&scp);
	wr_put(&c, unit_bytes("80503000"));
	wr_lv(&c, hc);
	wr_u8(&c, 0);
	init_update_put(&r, &u);
	wr_u16(&r, SW_OK);
	add(p, wr_span(&c), wr_span(&r));
}

static int give_keys(void *ctx, const struct init_update *u, struct key_set *out, struct err *e)
{
	(void)u;
	(void)e;
	*out = ((struct play *)ctx)->keys;
	return 0;
}

/* Up to and with CHANGE MODE. */
static void begin(struct play *p, json_t *o)
{
	json_t *keys = json_object_get(o, "static"), *x;
	size_t i;

	memset(p, 0, sizeof(*p));
	p->o = o;
	p->keys.enc = unit_key(json_string_value(json_array_get(keys, 0)));
	p->keys.mac = unit_key(json_string_value(json_array_get(keys, 1)));
	p->keys.dek = unit_key(json_string_value(json_array_get(keys, 2)));
	snprintf(p->path, sizeof(p->path), "/tmp/host_broadcast_test.%d", (int)getpid());
	p->f = fopen(p->path, "w");
	assert_non_null(p->f);
	add_hex(p, "00A4040008A00000015100000000", "9000");
	add_hex(p, "80CA006600", "6A88");
	add_hex(p, "80CA006700", "6A88");
	add_hex(p, "80CA004500", "6A88");
	add_hex(p, "80CA9F7F00", "6A88");
	add_update(p, unit_hex(o, "host_challenge"), unit_hex(o, "card_challenge"),
	    (uint8_t)json_integer_value(json_object_get(o, "mac_size")));
	add_hex(p, unit_str(o, "external_authenticate"), "9000");
	add_hex(p, unit_str(o, "enter_wrapped"), unit_str(o, "enter_answer"));
	p->stream = wr_grow(1 << 20);
	json_array_foreach(json_object_get(o, "stream"), i, x)
	    tlv_put(&p->stream, 0x22, unit_bytes(json_string_value(x)));
}

static void add_stream(struct play *p, size_t n, const char *last)
{
	for (size_t i = 0; i < n; i++)
		add_hex(p, json_string_value(json_array_get(json_object_get(p->o, "stream"), i)),
		    i + 1 == n ? last : "9000");
}

static struct span data_of(const char *apdu)
{
	struct capdu c;

	assert_true(capdu_get(unit_bytes(apdu), &c));
	return c.data;
}

static void enter(struct play *p)
{
	const struct session_auth auth = { .keys = give_keys, .ctx = p };
	struct choose_asks asks = { .key_version = 0x30 };
	struct enter in;
	struct err e = { 0 };

	fclose(p->f);
	asks.level = unit_hex(p->o, "level").p[0];
	asks.s16 = json_integer_value(json_object_get(p->o, "mac_size")) == 16;
	assert_ok(replay_open(p->path, &p->card, &e), &e);
	session_init(&p->s, &p->card);
	assert_ok(session_begin(&p->s, &asks, &auth, &e), &e);
	assert_true(enter_get(data_of(unit_str(p->o, "enter_plain")), &in));
	assert_ok(broadcast_enter(&p->s, &in, &e), &e);
	assert_int_equal(p->s.mode, SESSION_BROADCAST);
}

static bool step(void *ctx, uint32_t done, uint32_t total)
{
	struct play *p = ctx;

	p->steps++;
	assert_int_equal(done, p->done);
	assert_int_equal(total, 3);
	return p->stop_after == 0 || p->steps < p->stop_after;
}

static int play(struct play *p, struct err *e)
{
	const struct broadcast_progress progress = { step, p };

	return broadcast_play(&p->s, wr_span(&p->stream), 3, &p->done, &progress, e);
}

static void end(struct play *p)
{
	session_wipe(&p->s);
	card_close(&p->card);
	wr_free(&p->stream);
	unlink(p->path);
}

static void each(void (*test)(json_t *o))
{
	json_t *all = unit_json("test/vectors/broadcast.json"), *o;
	size_t i;

	json_array_foreach(json_object_get(all, "cases"), i, o) test(o);
	assert_int_equal(i, 42);
	json_decref(all);
}

static json_t *first_case(json_t **all)
{
	*all = unit_json("test/vectors/broadcast.json");
	return json_array_get(json_object_get(*all, "cases"), 2); /* AES-128, S8, A, level 33 */
}

/* ---- the known answers ---- */

static void whole(json_t *o, json_t *authorize, const char *answer, uint8_t result)
{
	struct authorize a;
	struct verdict v;
	struct err e = { 0 };
	struct play p;

	begin(&p, o);
	add_stream(&p, 3, "9000");
	add_hex(&p, unit_str(o, "return"), "9000");
	add_hex(&p, unit_str(authorize, "wrapped"), unit_str(authorize, answer));
	enter(&p);
	assert_ok(play(&p, &e), &e);
	assert_int_equal(p.steps, 3);
	assert_ok(broadcast_return(&p.s, unit_hex(o, "return"), &e), &e);
	assert_int_equal(p.s.mode, SESSION_UNICAST);
	assert_true(authorize_get(data_of(unit_str(authorize, "plain")), &a));
	assert_ok(broadcast_authorize(&p.s, P1_ACTIVATE, 0, &a, &v, &e), &e);
	assert_int_equal(v.result, result);
	end(&p);
}

static void known(json_t *o)
{
	json_t *x;
	size_t i;

	json_array_foreach(json_object_get(o, "authorize"), i, x)
	{
		whole(o, x, "answer_active", RESULT_ACTIVE);
		whole(o, x, "answer_wrong_code", RESULT_CODE);
	}
}

static void test_known_answers(void **state)
{
	(void)state;
	each(known);
}

/* ---- cards that refuse, hosts that stop ---- */

static void test_refused_block(void **state)
{
	struct err e = { 0 };
	struct play p;
	json_t *all, *o = first_case(&all);

	(void)state;
	begin(&p, o);
	add_stream(&p, 2, "6985");
	enter(&p);
	assert_int_equal(play(&p, &e), -1);
	assert_int_equal(e.code, ERR_CARD);
	assert_int_equal(e.sw, 0x6985);
	assert_string_equal(e.text, "block 2 of 3: 6985 conditions not satisfied");
	assert_int_equal(p.done, 1);
	assert_int_equal(p.s.mode, SESSION_BROADCAST);
	end(&p);
	/* 6982: the card has dropped both contexts, so do we. */
	begin(&p, o);
	add_stream(&p, 1, "6982");
	enter(&p);
	assert_int_equal(play(&p, &e), -1);
	assert_int_equal(p.s.mode, SESSION_CLOSED);
	assert_int_equal(p.s.dek.n, 0);
	assert_int_equal(p.done, 0);
	assert_int_equal(play(&p, &e), -1);
	assert_int_equal(e.code, ERR_SAFETY);
	end(&p);
	/* Data where none belongs. */
	begin(&p, o);
	add_stream(&p, 1, "009000");
	enter(&p);
	assert_int_equal(play(&p, &e), -1);
	assert_int_equal(e.code, ERR_CARD);
	assert_int_equal(p.done, 0);
	end(&p);
	json_decref(all);
}

static void test_silence(void **state)
{
	struct err e = { 0 };
	struct play p;
	json_t *all, *o = first_case(&all);

	(void)state;
	begin(&p, o);
	add_stream(&p, 1, "9000");
	fprintf(p.f, "> %s\n", json_string_value(json_array_get(json_object_get(o, "stream"), 1)));
	enter(&p);
	assert_int_equal(play(&p, &e), -1);
	assert_int_equal(e.code, ERR_READER);
	assert_non_null(strstr(e.text, "block 2 of 3: "));
	assert_int_equal(p.done, 1); /* executed or not: the card is asked, nothing is sent again */
	assert_int_equal(p.s.mode, SESSION_CLOSED);
	assert_true(p.card.gone);
	end(&p);
	json_decref(all);
}

static void test_stop_and_resume(void **state)
{
	struct err e = { 0 };
	struct play p;
	json_t *all;

	(void)state;
	begin(&p, first_case(&all));
	add_stream(&p, 3, "9000");
	enter(&p);
	p.stop_after = 2;
	assert_int_equal(play(&p, &e), -1);
	assert_int_equal(e.code, ERR_INTERRUPTED);
	assert_int_equal(p.done, 2);
	p.stop_after = 0;
	assert_ok(play(&p, &e), &e);
	assert_int_equal(p.done, 3);
	/* All played: nothing more is sent. */
	assert_ok(play(&p, &e), &e);
	p.done = 4;
	assert_int_equal(play(&p, &e), -1);
	assert_int_equal(e.code, ERR_SAFETY);
	end(&p);
	json_decref(all);
}

/* A stream that is not what it says is refused before its first command. */
static void test_bad_stream(void **state)
{
	struct err e = { 0 };
	struct play p;
	json_t *all;
	struct span s;
	uint32_t done = 0;

	(void)state;
	begin(&p, first_case(&all));
	enter(&p);
	s = wr_span(&p.stream);
	assert_int_equal(broadcast_play(&p.s, s, 2, &done, NULL, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	assert_int_equal(broadcast_play(&p.s, s, 4, &done, NULL, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	assert_int_equal(broadcast_play(&p.s, span_sub(s, 0, s.n - 1), 3, &done, NULL, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	assert_int_equal(broadcast_play(&p.s, unit_bytes("2201802300"), 1, &done, NULL, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	assert_int_equal(done, 0);
	assert_false(p.card.gone); /* the replay would have refused any command here */
	end(&p);
	json_decref(all);
}

static void test_modes_are_guarded(void **state)
{
	struct capdu c = { .cla = 0x80, .ins = INS_GET_DATA, .p2 = 0x66, .le = LE_MAX_SHORT };
	struct authorize a = { 0 };
	struct system_data d;
	struct verdict v;
	struct enter in = { 0 };
	struct rapdu r;
	struct err e = { 0 };
	struct play p;
	json_t *all, *o = first_case(&all);

	(void)state;
	begin(&p, o);
	enter(&p);
	assert_int_equal(session_send(&p.s, &c, &r, &e), -1);
	assert_int_equal(e.code, ERR_SAFETY);
	assert_int_equal(broadcast_read_system(&p.s, &d, &e), -1);
	assert_int_equal(e.code, ERR_SAFETY);
	assert_int_equal(broadcast_enter(&p.s, &in, &e), -1);
	assert_int_equal(e.code, ERR_SAFETY);
	assert_int_equal(broadcast_authorize(&p.s, P1_VERIFY, 0, &a, &v, &e), -1);
	assert_int_equal(e.code, ERR_SAFETY);
	session_drop(&p.s);
	assert_int_equal(broadcast_return(&p.s, unit_hex(o, "return"), &e), -1);
	assert_int_equal(e.code, ERR_SAFETY);
	assert_int_equal(broadcast_enter(&p.s, &in, &e), -1);
	assert_int_equal(e.code, ERR_SAFETY);
	assert_false(p.card.gone);
	end(&p);
	json_decref(all);
}

/* ---- verdicts that contradict themselves; level 03, so that they can be written here ---- */

static void verdict(const char *answer, enum err_code want)
{
	json_t *all = unit_json("test/vectors/broadcast.json");
	json_t *o = json_array_get(json_object_get(all, "cases"), 0), *x;
	struct authorize a;
	struct verdict v;
	struct err e = { 0 };
	struct play p;

	x = json_array_get(json_object_get(o, "authorize"), 0);
	begin(&p, o);
	add_stream(&p, 3, "9000");
	add_hex(&p, unit_str(o, "return"), "9000");
	add_hex(&p, unit_str(x, "wrapped"), answer);
	enter(&p);
	assert_ok(play(&p, &e), &e);
	assert_ok(broadcast_return(&p.s, unit_hex(o, "return"), &e), &e);
	assert_true(authorize_get(data_of(unit_str(x, "plain")), &a));
	assert_int_equal(broadcast_authorize(&p.s, P1_ACTIVATE, 0, &a, &v, &e), -1);
	assert_int_equal(e.code, want);
	end(&p);
	json_decref(all);
}

static void test_verdicts(void **state)
{
	(void)state;
	verdict("A21B85100123456789ABCDEF0123456789ABCDEF9501149304000300029000", ERR_INTEGRITY);
	verdict("A21B85100123456789ABCDEF0123456789ABCDEF9501009304000300026300", ERR_INTEGRITY);
	verdict("A21B8510FF23456789ABCDEF0123456789ABCDEF9501009304000300029000", ERR_INTEGRITY);
	verdict("9000", ERR_CARD);
	verdict("6300", ERR_CARD);
	verdict("6A80", ERR_CARD);
}

/* ---- FF70 and its like ---- */

static void test_objects(void **state)
{
	struct system_data d;
	struct slot_data slot;
	struct policy_data policy;
	struct card card;
	struct session s;
	struct err e = { 0 };
	const char *path = "/tmp/host_broadcast_test.objects";
	FILE *f = fopen(path, "w");

	(void)state;
	assert_non_null(f);
	fputs("> 80CAFF7000\n< 6A88\n> 80CAFF7000\n< FF7003800100 9000\n"
	      "> 80CAFF7100\n< FF7108A0068C010081010090 00\n> 80CAFF7200\n< 6982\n",
	    f);
	fclose(f);
	assert_ok(replay_open(path, &card, &e), &e);
	session_init(&s, &card);
	assert_int_equal(broadcast_read_system(&s, &d, &e), -1);
	assert_int_equal(e.code, ERR_CARD);
	assert_non_null(strstr(e.text, "does not know CHANGE MODE"));
	assert_int_equal(broadcast_read_system(&s, &d, &e), -1);
	assert_non_null(strstr(e.text, "malformed"));
	assert_ok(broadcast_read_slot(&s, &slot, &e), &e);
	assert_int_equal(slot.state, SLOT_EMPTY);
	assert_int_equal(broadcast_read_policy(&s, &policy, &e), -1);
	assert_int_equal(e.sw, 0x6982);
	session_wipe(&s);
	card_close(&card);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known_answers),
		cmocka_unit_test(test_refused_block),
		cmocka_unit_test(test_silence),
		cmocka_unit_test(test_stop_and_resume),
		cmocka_unit_test(test_bad_stream),
		cmocka_unit_test(test_modes_are_guarded),
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_objects),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
