/*
 * SCP03 against facts from outside, as host and as card: every session of
 * test/vectors/scp03_sessions.json, test/transcripts/scp03-*.jsonl (real cards and independent
 * implementations, sources inside) and test/vectors/scp03_model.json (an independent model), each
 * under its own name; then single steps and session keys.
 *
 * Two things that our seal functions never do are only opened, not compared: the Le that one
 * recorded host sends behind EXTERNAL AUTHENTICATE, and five answers with a block of padding more
 * than it takes (Samsung, counted).
 */
#include "unit.h"

#include "crypto/kdf.h"
#include "scp/scp.h"
#include "scp_start.h"

/* One recorded session, whichever file it comes from. */
struct session {
	struct key_set keys;
	struct span host_challenge, card_challenge, card_cryptogram, ext_auth;
	struct span sequence, aid; /* empty: the card challenge cannot be recomputed */
	const json_t *session_keys, *exchanges;
	const char *wrapped, *wrapped_rsp;
	struct scp host, card;
	size_t at; /* exchange, for messages */
};

static size_t padded_more;

static void same(const struct session *s, const char *what, struct span got, struct span want)
{
	if (!span_eq(got, want))
		print_error("exchange %zu, %s:\n", s->at, what);
	assert_span(got, want);
}

static const char *str_or_null(const json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

static struct span hex_or_none(const json_t *o, const char *key)
{
	return str_or_null(o, key) == NULL ? span_of(NULL, 0) : unit_hex(o, key);
}

static const char *key_at(const json_t *keys, size_t i)
{
	return json_string_value(json_is_array(keys) ? json_array_get(keys, i) : keys);
}

/* kdd(10) kvn 03 i | challenge | cryptogram | [sequence] | 9000 */
static void read_init_update(struct session *s, const json_t *o)
{
	struct capdu c;
	struct rapdu r;
	struct rd rd;
	struct span head;

	assert_true(capdu_get(unit_hex(o, "init_update_cmd"), &c));
	assert_true(rapdu_get(unit_hex(o, "init_update_rsp"), &r));
	rd = rd_of(r.data);
	s->host_challenge = c.data;
	assert_true(rd_take(&rd, 13, &head));
	assert_true(rd_take(&rd, c.data.n, &s->card_challenge));
	assert_true(rd_take(&rd, c.data.n, &s->card_cryptogram));
	assert_int_equal(head.p[11], 0x03);
	assert_true(scp_i_valid(PROTOCOL_SCP03, head.p[12]));
	if ((head.p[12] & SCP03_I_PSEUDO_RANDOM) != 0)
		assert_true(rd_take(&rd, 3, &s->sequence));
	assert_int_equal(rd_left(&rd), 0);
}

static void open_both(struct session *s)
{
	uint8_t out[64], challenge[16];
	struct wr w = wr_fixed(out, sizeof(out));
	uint8_t m = (uint8_t)s->host_challenge.n;
	struct capdu c;

	if (s->sequence.n == 3 && s->aid.n > 0) {
		assert_true(
		    scp03_card_challenge(&s->keys.enc, s->sequence.p, s->aid, m, challenge));
		same(s, "card challenge", span_of(challenge, m), s->card_challenge);
	}
	assert_true(scp_begin(
	    &s->host, START(PROTOCOL_SCP03, 0, &s->keys, s->host_challenge, s->card_challenge)));
	assert_true(scp_begin(
	    &s->card, START(PROTOCOL_SCP03, 0, &s->keys, s->host_challenge, s->card_challenge)));
	assert_true(scp_cryptogram(
	    &s->card, CHALLENGES(s->host_challenge, s->card_challenge), ROLE_CARD, out));
	same(s, "card cryptogram", span_of(out, m), s->card_cryptogram);
	if (json_is_array(s->session_keys)) {
		same(s, "S-ENC", key_span(&s->host.u.scp03.enc.key),
		    unit_bytes(key_at(s->session_keys, 0)));
		same(s, "S-MAC", key_span(&s->host.u.scp03.mac.key),
		    unit_bytes(key_at(s->session_keys, 1)));
		same(s, "S-RMAC", key_span(&s->host.u.scp03.rmac.key),
		    unit_bytes(key_at(s->session_keys, 2)));
	}
	assert_true(capdu_get(s->ext_auth, &c));
	assert_true(scp_host_authenticate(
	    &s->host, CHALLENGES(s->host_challenge, s->card_challenge), c.p1, 0, &w));
	same(s, "EXTERNAL AUTHENTICATE", wr_span(&w), span_sub(s->ext_auth, 0, 5 + (size_t)2 * m));
	assert_int_equal(
	    scp_card_authenticate(&s->card, CHALLENGES(s->host_challenge, s->card_challenge), &c),
	    SCP_OK);
	assert_int_equal(s->card.level, c.p1);
}

static void check_command(struct session *s, struct span plain, struct span wrapped)
{
	static uint8_t sealed[APDU_MAX_COMMAND], opened[APDU_MAX_COMMAND], data[APDU_MAX_COMMAND];
	struct wr w = wr_fixed(sealed, sizeof(sealed)), o = wr_fixed(opened, sizeof(opened));
	struct wr d = wr_fixed(data, sizeof(data));
	struct capdu c, got;

	assert_true(capdu_get(plain, &c));
	assert_true(scp_seal_command(&s->host, &c, &w));
	same(s, "sealed command", wr_span(&w), wrapped);
	assert_true(capdu_get(wrapped, &c));
	assert_int_equal(scp_open_command(&s->card, &c, &got, &d), SCP_OK);
	capdu_put(&o, &got);
	same(s, "opened command", wr_span(&o), plain);
}

static void check_response(struct session *s, struct span plain, struct span wrapped)
{
	static uint8_t sealed[APDU_MAX_RESPONSE], opened[APDU_MAX_RESPONSE],
	    data[APDU_MAX_RESPONSE];
	struct wr w = wr_fixed(sealed, sizeof(sealed)), o = wr_fixed(opened, sizeof(opened));
	struct wr d = wr_fixed(data, sizeof(data));
	struct rapdu r;

	assert_true(rapdu_get(plain, &r));
	assert_true(scp_seal_response(&s->card, &r, &w));
	if ((s->host.level & LEVEL_RENC) != 0 && wrapped.n == w.n + AES_BLOCK)
		padded_more++;
	else
		same(s, "sealed response", wr_span(&w), wrapped);
	assert_int_equal(scp_open_response(&s->host, wrapped, &r, &d), SCP_OK);
	rapdu_put(&o, &r);
	same(s, "opened response", wr_span(&o), plain);
}

static void play(struct session *s)
{
	const json_t *e;

	open_both(s);
	json_array_foreach(s->exchanges, s->at, e)
	{
		struct span wrapped_rsp = hex_or_none(e, s->wrapped_rsp);
		struct span plain_rsp = hex_or_none(e, "plain_rsp");

		check_command(s, unit_hex(e, "plain_cmd"), unit_hex(e, s->wrapped));
		/* Without R-MAC some recordings hold the answer once. */
		if (wrapped_rsp.n > 0 && plain_rsp.n == 0 && (s->host.level & LEVEL_RMAC) == 0)
			plain_rsp = wrapped_rsp;
		if (wrapped_rsp.n > 0 && plain_rsp.n > 0)
			check_response(s, plain_rsp, wrapped_rsp);
	}
	assert_memory_equal(s->host.u.scp03.counter, s->card.u.scp03.counter, 16);
	assert_memory_equal(s->host.u.scp03.mcv, s->card.u.scp03.mcv, 16);
	scp_wipe(&s->host);
	scp_wipe(&s->card);
}

static void read_keys(struct session *s, const json_t *keys)
{
	s->keys.enc = unit_key(key_at(keys, 0));
	s->keys.mac = unit_key(key_at(keys, 1));
	s->keys.dek = unit_key(key_at(keys, 2));
}

static void test_session(void **state)
{
	const json_t *o = *state;
	struct session s = { .wrapped = "wrapped_cmd", .wrapped_rsp = "wrapped_rsp" };

	read_keys(&s, json_object_get(o, "keys"));
	s.ext_auth = unit_hex(o, "ext_auth_cmd");
	s.session_keys = json_object_get(o, "session_keys_by_us");
	s.exchanges = json_object_get(o, "exchanges");
	if (str_or_null(o, "init_update_cmd") != NULL) {
		read_init_update(&s, o);
	} else {
		s.host_challenge = unit_hex(o, "host_challenge");
		s.card_challenge = unit_hex(o, "card_challenge");
		s.card_cryptogram = unit_hex(o, "card_cryptogram");
		s.sequence = hex_or_none(o, "sequence");
	}
	/* The others do not say which AID was selected, or their challenge was made up. */
	if (json_is_true(json_object_get(o, "card_challenge_is_pseudo_random")))
		s.aid = unit_hex(o, "aid");
	play(&s);
}

/* Runs behind the sessions. */
static void test_padded_more(void **state)
{
	(void)state;
	assert_int_equal(padded_more, 5);
}

static void test_model(void **state)
{
	const json_t *o = *state;
	struct session s = { .wrapped = "cmd", .wrapped_rsp = "rsp" };

	read_keys(&s, json_object_get(o, "key"));
	read_init_update(&s, o);
	s.aid = unit_hex(o, "aid");
	s.ext_auth = unit_hex(o, "ext_auth_cmd");
	s.session_keys = json_object_get(o, "session_keys");
	s.exchanges = json_object_get(o, "apdus");
	assert_true(
	    scp_level_valid(PROTOCOL_SCP03, unit_hex(o, "level").p[0], unit_hex(o, "i").p[0]));
	play(&s);
}

static void test_transcript(void **state)
{
	const json_t *o = *state;
	struct session s = { .wrapped = "cmd", .wrapped_rsp = "rsp" };

	assert_string_equal(unit_str(o, "diversification"), "none");
	read_keys(&s, json_object_get(o, "key"));
	read_init_update(&s, o);
	s.aid = unit_bytes("A000000151000000");
	s.ext_auth = unit_hex(o, "ext_auth_cmd");
	s.exchanges = json_object_get(o, "further_apdus");
	play(&s);
}

/* Single steps (scp03_primitives.json), each with a session set to the state that it needs. */
static void test_primitives(void **state)
{
	json_t *file = unit_json("test/vectors/scp03_primitives.json");
	const json_t *v = json_object_get(file, "vectors"), *chain = json_array_get(v, 0);
	const json_t *rmac = json_array_get(v, 1), *cenc = json_array_get(v, 2);
	const json_t *renc = json_array_get(v, 3);
	struct key any = unit_key("404142434445464748494A4B4C4D4E4F");
	struct key k = unit_key(unit_str(cenc, "key")), rk = unit_key(unit_str(rmac, "key"));
	uint8_t counter[16] = { 0 }, full[16], out[64], data[64];
	struct wr w = wr_fixed(out, sizeof(out)), d = wr_fixed(data, sizeof(data));
	struct capdu c = { .cla = 0x80, .ins = 0xE2 };
	struct span mac = unit_hex(chain, "mac");
	struct aes alone = { 0 };
	struct scp s = { 0 };
	struct rapdu r;

	(void)state;
	/* The source keeps CLA 00 in the MAC, which no card does: only the chain can be compared.
	 */
	const struct span parts[] = { unit_hex(chain, "mcv"), unit_hex(chain, "cmd") };

	assert_true(aes_set_key(&alone, &any));
	assert_true(aes_cmac(&alone, parts, 2, full));
	aes_wipe(&alone);
	assert_span(span_of(full, mac.n), mac);

	counter[15] = 93;
	assert_int_equal(json_integer_value(json_object_get(cenc, "counter")), 94);
	assert_true(scp03_resume(&s, &k, &any, (struct scp03_point){ counter, counter, 0x03, 8 }));
	c.data = unit_hex(cenc, "plain");
	assert_true(scp_seal_command(&s, &c, &w));
	assert_span(span_sub(wr_span(&w), 5, 32), unit_hex(cenc, "cipher"));

	/* R-MAC and R-ENCRYPTION of one answer: data of the one is cipher of the other. */
	assert_string_equal(unit_str(rmac, "data"), unit_str(renc, "cipher"));
	k = unit_key(unit_str(renc, "key"));
	memset(counter, 0, sizeof(counter));
	counter[15] = 1;
	assert_true(scp03_resume(
	    &s, &k, &any, (struct scp03_point){ counter, unit_hex(rmac, "mcv").p, 0x03, 8 }));
	assert_true(aes_set_key(&s.u.scp03.rmac, &rk));
	s.level = 0x33;
	wr_reset(&w);
	wr_put(&w, unit_hex(rmac, "data"));
	wr_put(&w, unit_hex(rmac, "mac"));
	wr_put(&w, unit_hex(rmac, "sw"));
	assert_int_equal(scp_open_response(&s, wr_span(&w), &r, &d), SCP_OK);
	assert_span(r.data, unit_hex(renc, "plain"));
	assert_int_equal(r.sw, SW_OK);
	scp_wipe(&s);
	json_decref(file);
}

static void test_session_keys(void **state)
{
	json_t *file = unit_json("test/vectors/scp03_session_keys.json"), *v;
	struct scp s = { 0 }; /* one for all: rekeyed with every key length */
	uint8_t out[16];
	size_t i;

	(void)state;
	json_array_foreach(json_object_get(file, "vectors"), i, v)
	{
		struct span host = unit_hex(v, "host"), card = unit_hex(v, "card"), want;
		const struct key_set keys = { unit_key(unit_str(v, "enc")),
			unit_key(unit_str(v, "mac")), { 0 } };

		assert_true(scp_begin(&s, START(PROTOCOL_SCP03, 0, &keys, host, card)));
		assert_span(key_span(&s.u.scp03.enc.key), unit_hex(v, "s_enc"));
		assert_span(key_span(&s.u.scp03.mac.key), unit_hex(v, "s_mac"));
		want = hex_or_none(v, "s_rmac");
		if (want.n > 0)
			assert_span(key_span(&s.u.scp03.rmac.key), want);
		want = hex_or_none(v, "card_cryptogram");
		assert_true(scp_cryptogram(&s, CHALLENGES(host, card), ROLE_CARD, out));
		if (want.n > 0)
			assert_span(span_of(out, s.m), want);
		want = hex_or_none(v, "host_cryptogram");
		assert_true(scp_cryptogram(&s, CHALLENGES(host, card), ROLE_HOST, out));
		if (want.n > 0)
			assert_span(span_of(out, s.m), want);
	}
	assert_int_equal(i, 10);
	scp_wipe(&s);
	json_decref(file);
}

/* The source derives with a context of ten octets, so this goes through the KDF itself. */
static void test_session_key_kcvs(void **state)
{
	static const struct {
		const char *name;
		uint8_t constant;
	} keys[] = { { "enc", 0x04 }, { "mac", 0x06 }, { "rmac", 0x07 } };
	json_t *file = unit_json("test/vectors/session_key_kcvs.json"), *v;
	struct key k = unit_key("404142434445464748494A4B4C4D4E4F"), out;
	size_t i, seen = 0;
	uint8_t kcv[3];

	(void)state;
	json_array_foreach(json_object_get(file, "vectors"), i, v)
	{
		if (strcmp(unit_str(v, "proto"), "SCP03") != 0)
			continue;
		for (size_t n = 0; n < 3; n++, seen++) {
			assert_true(scp03_kdf_key(
			    &k, keys[n].constant, unit_bytes("00010203040506070809"), 16, &out));
			assert_true(key_check_value(&out, kcv));
			assert_span(SPAN(kcv), unit_hex(json_object_get(v, "kcv"), keys[n].name));
		}
	}
	assert_int_equal(seen, 3);
	json_decref(file);
}

static struct CMUnitTest tests[200] = {
	cmocka_unit_test(test_primitives),
	cmocka_unit_test(test_session_keys),
	cmocka_unit_test(test_session_key_kcvs),
};
static size_t tests_n = 3;
static json_t *lines; /* of the transcripts */

static void add(const char *name, CMUnitTestFunction run, json_t *o)
{
	struct CMUnitTest t = { .name = name, .test_func = run, .initial_state = o };

	if (tests_n == sizeof(tests) / sizeof(tests[0]))
		abort();
	tests[tests_n++] = t;
}

static void add_line(json_t *line, void *ctx)
{
	(void)ctx;
	json_array_append(lines, line);
	add(unit_str(line, "id"), test_transcript, line);
}

int main(void)
{
	static char names[150][48];
	json_t *sessions = unit_json("test/vectors/scp03_sessions.json");
	json_t *model = unit_json("test/vectors/scp03_model.json"), *o;
	size_t i, before;
	int failed;

	lines = json_array();
	json_array_foreach(json_object_get(sessions, "sessions"), i, o)
	    add(unit_str(o, "name"), test_session, o);
	add("answers padded more than needed", test_padded_more, NULL);
	before = tests_n;
	unit_jsonl("test/transcripts/scp03-gp4net.jsonl", add_line, NULL);
	unit_jsonl("test/transcripts/scp03-gppro.jsonl", add_line, NULL);
	if (i != 28 || tests_n - before != 9 ||
	    json_array_size(json_object_get(model, "sessions")) != 130)
		abort();
	json_array_foreach(json_object_get(model, "sessions"), i, o)
	{
		snprintf(names[i], sizeof(names[i]), "model %zu: i=%s level %s AES-%zu", i,
		    unit_str(o, "i"), unit_str(o, "level"),
		    strlen(key_at(json_object_get(o, "key"), 0)) * 4);
		add(names[i], test_model, o);
	}
	failed = _cmocka_run_group_tests("scp03", tests, tests_n, NULL, NULL);
	json_decref(lines);
	json_decref(sessions);
	json_decref(model);
	return failed;
}
