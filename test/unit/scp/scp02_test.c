/*
 * SCP01 and SCP02 against facts from outside: every session of test/vectors/scp01_sessions.json,
 * scp02_sessions.json and test/transcripts/scp01-*.jsonl, scp02-*.jsonl (real cards and
 * independent implementations, sources inside), each under its own name; then single steps and
 * session keys. Host and card for SCP02, the host for SCP01, which has no other side here.
 *
 * The sessions go through struct scp, the primitives through scp02.h.
 */
#include "unit.h"

#include "crypto/kdf.h"
#include "scp/scp.h"
#include "scp_start.h"

/* Commands in those files that sessions with known keys sent; sessions whose card challenge is the
 * pseudo-random one of E.4.2.3 (Oberthur, JCOP 2.1, JCOP 4, the simulated ones made from them). */
enum { CHECKED_01 = 1096, CHECKED_02 = 1446, PSEUDO_RANDOM = 42 };

/* One recorded session, whichever file it comes from. */
struct session {
	struct key_set keys;
	struct scp_start start;
	struct span card_cryptogram, ext_auth;
	const char *wrapped, *wrapped_rsp;
	struct scp host, card;
	bool both; /* the card's side too */
	size_t at; /* exchange, for messages */
	size_t checked;
};

static size_t checked_01, checked_02, pseudo_random;

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

static void read_keys(struct session *s, const json_t *o, const char *member)
{
	const char *scheme = str_or_null(o, "diversification");
	const json_t *keys = json_object_get(o, member);
	enum diversification d = DIVERSIFY_NONE;
	const struct key_set master = { unit_key(key_at(keys, 0)), unit_key(key_at(keys, 1)),
		unit_key(key_at(keys, 2)) };
	struct span rsp = hex_or_none(o, "init_update_rsp");

	s->keys = master;
	if (scheme == NULL)
		return;
	assert_true(diversification_from(scheme, &d));
	assert_true(diversify(d, &master, rsp.p, &s->keys));
}

/* kdd(10) kvn 01/02 | challenge(8), in SCP02 counter(2) and challenge(6) | cryptogram(8) | 9000 */
static void read_init_update(struct session *s, const json_t *o)
{
	struct capdu c;
	struct rapdu r;
	struct span head;
	struct rd rd;

	assert_true(capdu_get(unit_hex(o, "init_update_cmd"), &c));
	assert_true(rapdu_get(unit_hex(o, "init_update_rsp"), &r));
	assert_int_equal(r.sw, SW_OK);
	rd = rd_of(r.data);
	s->start.host_challenge = c.data;
	assert_true(rd_take(&rd, 12, &head));
	assert_true(rd_take(&rd, 8, &s->start.card_challenge));
	assert_true(rd_take(&rd, 8, &s->card_cryptogram));
	assert_int_equal(rd_left(&rd), 0);
	s->start.protocol = (enum scp_protocol)head.p[11];
}

static void begin(struct session *s)
{
	s->both = s->start.protocol == PROTOCOL_SCP02;
	s->start.keys = &s->keys;
	assert_true(scp_i_valid(s->start.protocol, s->start.i));
	assert_true(scp_begin(&s->host, &s->start));
	assert_true(scp_begin(&s->card, &s->start));
}

static void check_session_keys(struct session *s, const json_t *keys)
{
	struct scp02 *p = &s->host.u.scp02;

	if (keys == NULL)
		return;
	same(s, "S-ENC", key_span(&p->enc.key), unit_hex(keys, "enc"));
	same(s, "S-MAC", key_span(&p->mac.key), unit_hex(keys, "mac"));
	same(s, "S-RMAC", key_span(&p->rmac.key), unit_hex(keys, "rmac"));
	same(s, "S-DEK", key_span(&p->dek), unit_hex(keys, "dek"));
}

/* The AIDs of an issuer domain that cards of that time have. */
static void count_pseudo_random(struct session *s)
{
	static const char *const aids[] = { "A000000003000000", "A000000151000000" };
	uint8_t challenge[6];

	for (size_t i = 0; s->both && i < 2; i++) {
		assert_true(scp02_card_challenge(&s->host, unit_bytes(aids[i]), challenge));
		pseudo_random += span_eq(SPAN(challenge), span_sub(s->start.card_challenge, 2, 6));
	}
}

static void authenticate(struct session *s)
{
	uint8_t out[64];
	struct wr w = wr_fixed(out, sizeof(out));
	struct capdu c;

	if (s->card_cryptogram.n > 0) {
		assert_true(scp_cryptogram(&s->host, &s->start, ROLE_CARD, out));
		same(s, "card cryptogram", span_of(out, 8), s->card_cryptogram);
	}
	if (s->ext_auth.n == 0)
		return;
	assert_true(capdu_get(s->ext_auth, &c));
	assert_true(scp_level_valid(s->start.protocol, c.p1, s->start.i | SCP02_I_RMAC));
	assert_true(scp_host_authenticate(&s->host, &s->start, c.p1, 0, &w));
	/* Some hosts send Le, which ours never does. */
	same(s, "EXTERNAL AUTHENTICATE", wr_span(&w), span_sub(s->ext_auth, 0, 5 + 16));
	assert_int_equal(scp_level(&s->host), c.p1);
	assert_int_equal(scp_card_authenticate(&s->card, &s->start, &c), SCP_OK);
}

static void check_command(struct session *s, struct span plain, struct span wrapped)
{
	uint8_t sealed[300], opened[300], data[300];
	struct wr w = wr_fixed(sealed, sizeof(sealed)), o = wr_fixed(opened, sizeof(opened));
	struct wr d = wr_fixed(data, sizeof(data));
	struct capdu c, got;

	assert_true(capdu_get(plain, &c));
	assert_true(scp_seal_command(&s->host, &c, &w));
	same(s, "sealed command", wr_span(&w), wrapped);
	s->checked++;
	assert_true(capdu_get(wrapped, &c));
	assert_int_equal(scp_open_command(&s->card, &c, &got, &d), SCP_OK);
	capdu_put(&o, &got);
	same(s, "opened command", wr_span(&o), plain);
}

/* No recorded session has R-MAC: answers go through as they are. */
static void check_response(struct session *s, struct span rsp)
{
	uint8_t sealed[300], data[300], opened[300];
	struct wr w = wr_fixed(sealed, sizeof(sealed)), o = wr_fixed(opened, sizeof(opened));
	struct wr d = wr_fixed(data, sizeof(data));
	struct rapdu r;

	assert_int_equal(scp_open_response(&s->host, rsp, &r, &d), SCP_OK);
	rapdu_put(&o, &r);
	same(s, "opened response", wr_span(&o), rsp);
	assert_int_equal(scp_seal_response(&s->card, &r, &w), s->both);
	if (s->both)
		same(s, "sealed response", wr_span(&w), rsp);
}

/*
 * Commands of a recording without a plain form were sent unprotected: all of them at level 00, and
 * what follows the session (it ends with SELECT) at the others.
 */
static void play(struct session *s, const json_t *exchanges)
{
	const json_t *e;

	count_pseudo_random(s);
	authenticate(s);
	json_array_foreach(exchanges, s->at, e)
	{
		struct span wrapped = unit_hex(e, s->wrapped), plain = hex_or_none(e, "plain_cmd");

		if (plain.n == 0 && (scp_level(&s->host) & LEVEL_CMAC) != 0)
			break;
		check_command(s, plain.n == 0 ? wrapped : plain, wrapped);
		if (str_or_null(e, s->wrapped_rsp) != NULL)
			check_response(s, unit_hex(e, s->wrapped_rsp));
	}
	for (; s->at < json_array_size(exchanges); s->at++)
		assert_null(json_object_get(json_array_get(exchanges, s->at), "mac_ok"));
	*(s->both ? &checked_02 : &checked_01) += s->checked;
	scp_wipe(&s->host);
	scp_wipe(&s->card);
}

/* scp01_sessions.json, scp02_sessions.json: i = 05 and i = 15 as their sources say. */
static void test_session(void **state)
{
	const json_t *o = *state;
	struct session s = { .wrapped = "wrapped_cmd", .wrapped_rsp = "wrapped_rsp" };
	uint8_t card_challenge[8];
	struct wr w = wr_fixed(card_challenge, sizeof(card_challenge));

	read_keys(&s, o, "keys");
	if (str_or_null(o, "init_update_cmd") != NULL) {
		read_init_update(&s, o);
	} else {
		s.start.protocol = PROTOCOL_SCP02;
		s.start.host_challenge = unit_hex(o, "host_challenge");
		wr_put(&w, unit_hex(o, "sequence"));
		wr_put(&w, unit_hex(o, "card_challenge"));
		s.start.card_challenge = wr_span(&w);
	}
	s.start.i = s.start.protocol == PROTOCOL_SCP01 ? 0x05 : 0x15;
	s.ext_auth = hex_or_none(o, "ext_auth_cmd");
	begin(&s);
	check_session_keys(&s, json_object_get(o, "session_keys_by_us"));
	play(&s, json_object_get(o, "exchanges"));
	assert_int_equal(s.checked, json_array_size(json_object_get(o, "exchanges")));
}

static void test_transcript(void **state)
{
	const json_t *o = *state, *total = json_object_get(o, "wrapped_total");
	struct session s = { .wrapped = "cmd", .wrapped_rsp = "rsp" };

	read_keys(&s, o, "key");
	read_init_update(&s, o);
	s.start.i = unit_hex(o, "i").p[0];
	s.ext_auth = unit_hex(o, "ext_auth_cmd");
	begin(&s);
	play(&s, json_object_get(o, "further_apdus"));
	if (json_integer_value(total) > 0)
		assert_int_equal(s.checked, json_integer_value(total));
	else
		assert_true(s.checked > 0);
}

/* Cards with session keys of their own maker's: standard SCP01 must not verify them. */
static void test_proprietary(void **state)
{
	const json_t *o = *state;
	struct session s = { .wrapped = "cmd", .wrapped_rsp = "rsp" };
	uint8_t out[16];

	read_keys(&s, o, "key");
	read_init_update(&s, o);
	s.start.i = unit_hex(o, "i").p[0];
	begin(&s);
	assert_true(scp_cryptogram(&s.host, &s.start, ROLE_CARD, out));
	assert_false(span_eq(span_of(out, 8), s.card_cryptogram));
	scp_wipe(&s.host);
	scp_wipe(&s.card);
}

/* Runs behind the sessions: none of them was empty by oversight. */
static void test_counts(void **state)
{
	(void)state;
	assert_int_equal(checked_01, CHECKED_01);
	assert_int_equal(checked_02, CHECKED_02);
	assert_int_equal(pseudo_random, PSEUDO_RANDOM);
}

/* ---- single steps: scp02_primitives.json ---- */

/* A session that has these session keys and this ICV. */
static void set(struct scp *s, const char *enc, const char *mac, struct span icv, bool first)
{
	struct key k = unit_key("404142434445464748494A4B4C4D4E4F");
	const struct key_set keys = { k, k, k };

	assert_true(begin_counter(s, &keys, 0x15, (const uint8_t[]){ 0, 0 }));
	k = unit_key(enc != NULL ? enc : "404142434445464748494A4B4C4D4E4F");
	assert_true(des_set_key(&s->u.scp02.enc, &k));
	k = unit_key(mac != NULL ? mac : "404142434445464748494A4B4C4D4E4F");
	assert_true(des_set_key(&s->u.scp02.mac, &k));
	if (icv.n > 0)
		memcpy(s->u.scp02.icv, icv.p, 8);
	s->u.scp02.first = first;
	s->level = LEVEL_CMAC;
	s->open = true;
}

static void check_cryptogram(const json_t *v, enum scp_role who)
{
	struct scp s = { 0 };
	uint8_t out[8];

	set(&s, unit_str(v, "s_enc"), NULL, span_of(NULL, 0), true);
	assert_true(
	    scp_cryptogram(&s, CHALLENGES(unit_hex(v, "host"), unit_hex(v, "seq_card")), who, out));
	assert_span(SPAN(out), unit_hex(v, "out"));
	scp_wipe(&s);
}

static void check_cryptogram_full(const json_t *v)
{
	struct session s = { .start = { .i = 0x15 } };
	struct span rsp = unit_hex(v, "init_update_rsp");

	s.keys.enc = s.keys.mac = s.keys.dek = unit_key(unit_str(v, "static"));
	s.start.protocol = PROTOCOL_SCP02;
	s.start.host_challenge = unit_hex(v, "host");
	s.start.card_challenge = span_sub(rsp, 12, 8);
	s.card_cryptogram = span_sub(rsp, 20, 8);
	begin(&s);
	authenticate(&s);
	scp_wipe(&s.host);
	scp_wipe(&s.card);
}

/* The input of the MAC as a command that has its Lc already. */
static void check_cmac(const json_t *v)
{
	bool first = json_object_get(v, "previous_mac") == NULL;
	struct span data = unit_hex(v, "data"), mac = unit_hex(v, "mac");
	struct capdu c = { .cla = 0x80, .ins = data.p[1], .p1 = data.p[2], .p2 = data.p[3] };
	struct wr w;
	uint8_t out[300];
	struct scp s = { 0 };

	c.data = span_sub(data, 5, data.n);
	assert_int_equal(data.p[4], c.data.n + 8);
	w = wr_fixed(out, sizeof(out));
	set(&s, NULL, unit_str(v, "s_mac"), unit_hex(v, first ? "icv" : "previous_mac"), first);
	assert_true(scp_seal_command(&s, &c, &w));
	assert_span(span_sub(wr_span(&w), 0, data.n), data);
	assert_span(span_sub(wr_span(&w), data.n, 9), mac);
	scp_wipe(&s);
}

/* One answer of a real card at level 13, opened by the host, made by the card. */
static void check_rmac(const json_t *v)
{
	struct span plain = unit_hex(v, "cmd"), rsp = unit_hex(v, "rsp");
	struct key k = unit_key(unit_str(v, "static"));
	const struct key_set keys = { k, k, k };
	uint8_t wire[300], data[300], answer[64];
	struct wr w = wr_fixed(wire, sizeof(wire)), d = wr_fixed(data, sizeof(data));
	struct wr a = wr_fixed(answer, sizeof(answer));
	struct scp s[2] = { { .open = false }, { .open = false } };
	struct capdu c;
	struct rapdu r;

	for (int i = 0; i < 2; i++) {
		assert_true(begin_counter(&s[i], &keys, 0x35, unit_hex(v, "sequence").p));
		memcpy(s[i].u.scp02.icv, unit_hex(v, "icv").p, 8);
		memcpy(s[i].u.scp02.ricv, unit_hex(v, "icv").p, 8);
		s[i].u.scp02.first = false;
		s[i].level = LEVEL_CMAC | LEVEL_CDEC | LEVEL_RMAC;
		s[i].open = true;
	}
	assert_true(capdu_get(plain, &c));
	assert_true(scp_seal_command(&s[0], &c, &w));
	assert_true(capdu_get(wr_span(&w), &c));
	assert_int_equal(scp_open_command(&s[1], &c, &c, &d), SCP_OK);
	r = (struct rapdu){ rsp, SW_OK };
	assert_true(scp_seal_response(&s[1], &r, &a));
	wr_reset(&w);
	wr_put(&w, rsp);
	wr_put(&w, unit_hex(v, "mac"));
	wr_put(&w, unit_hex(v, "sw"));
	assert_span(wr_span(&a), wr_span(&w));
	wr_reset(&d);
	assert_int_equal(scp_open_response(&s[0], wr_span(&w), &r, &d), SCP_OK);
	assert_span(r.data, rsp);
	scp_wipe(&s[0]);
	scp_wipe(&s[1]);
}

static void test_primitives(void **state)
{
	static const char *const kinds[] = { "card_cryptogram", "host_cryptogram",
		"card_cryptogram_full", "cmac", "rmac" };
	json_t *file = unit_json("test/vectors/scp02_primitives.json"), *v;
	size_t i, seen[5] = { 0 };

	(void)state;
	json_array_foreach(json_object_get(file, "vectors"), i, v)
	{
		size_t k = 0;

		while (strcmp(unit_str(v, "kind"), kinds[k]) != 0)
			assert_true(++k < 5);
		seen[k]++;
		if (k < 2)
			check_cryptogram(v, k == 0 ? ROLE_CARD : ROLE_HOST);
		else if (k == 2)
			check_cryptogram_full(v);
		else if (k == 3)
			check_cmac(v);
		else
			check_rmac(v);
	}
	assert_int_equal(seen[0] + seen[1], 16);
	assert_int_equal(seen[2], 1);
	assert_int_equal(seen[3], 5);
	assert_int_equal(seen[4], 1);
	json_decref(file);
}

static struct key static_key(const json_t *v, const char *name)
{
	const char *one = str_or_null(v, "static");

	return unit_key(one != NULL ? one : unit_str(v, name));
}

static void maybe(const json_t *v, const char *name, struct span got)
{
	if (str_or_null(v, name) != NULL)
		assert_span(got, unit_hex(v, name));
}

static void test_session_keys(void **state)
{
	json_t *file = unit_json("test/vectors/scp02_session_keys.json"), *v;
	struct scp s = { 0 }; /* one for all */
	size_t i;

	(void)state;
	json_array_foreach(json_object_get(file, "vectors"), i, v)
	{
		bool dek = str_or_null(v, "static") != NULL || str_or_null(v, "static_dek") != NULL;
		struct key_set keys = { static_key(v, "static_enc"), { 0 }, { 0 } };

		assert_true(dek);
		keys.mac = static_key(v, "static_mac");
		keys.dek = static_key(v, "static_dek");
		assert_true(begin_counter(&s, &keys, 0x15, unit_hex(v, "sequence").p));
		maybe(v, "s_enc", key_span(&s.u.scp02.enc.key));
		maybe(v, "s_mac", key_span(&s.u.scp02.mac.key));
		maybe(v, "s_rmac", key_span(&s.u.scp02.rmac.key));
		maybe(v, "s_dek", key_span(&s.u.scp02.dek));
	}
	assert_int_equal(i, 13);
	scp_wipe(&s);
	json_decref(file);
}

static void check_kcv(const json_t *v, const char *name, const struct key *k)
{
	const json_t *set = json_object_get(v, "kcv");
	uint8_t kcv[3];

	assert_true(des_key_check_value(k, kcv));
	assert_span(SPAN(kcv), unit_hex(set, name));
}

static void test_session_key_kcvs(void **state)
{
	json_t *file = unit_json("test/vectors/session_key_kcvs.json"), *v;
	struct key k = unit_key("404142434445464748494A4B4C4D4E4F");
	const struct key_set keys = { k, k, k };
	static const uint8_t zero[8];
	struct scp one = { 0 };
	struct scp two = { 0 };
	size_t i, seen = 0;

	(void)state;
	assert_true(scp_begin(&one, START(PROTOCOL_SCP01, 0x05, &keys, SPAN(zero), SPAN(zero))));
	assert_true(begin_counter(&two, &keys, 0x15, zero));
	json_array_foreach(json_object_get(file, "vectors"), i, v)
	{
		bool is_one = strcmp(unit_str(v, "proto"), "SCP01") == 0;

		if (!is_one && strcmp(unit_str(v, "proto"), "SCP02") != 0)
			continue;
		check_kcv(v, "enc", is_one ? &one.u.scp01.enc.key : &two.u.scp02.enc.key);
		check_kcv(v, "mac", is_one ? &one.u.scp01.mac.key : &two.u.scp02.mac.key);
		check_kcv(v, "dek", is_one ? &one.u.scp01.dek : &two.u.scp02.dek);
		if (!is_one)
			check_kcv(v, "rmac", &two.u.scp02.rmac.key);
		seen++;
	}
	assert_int_equal(seen, 2);
	scp_wipe(&one);
	scp_wipe(&two);
	json_decref(file);
}

/* Keys under the DEK of a session, as PUT KEY brings them. */
static void test_key_wrap(void **state)
{
	json_t *file = unit_json("test/vectors/key_wrap.json"), *v;
	static const uint8_t zero[8];
	size_t i;

	(void)state;
	json_array_foreach(json_object_get(file, "vectors"), i, v)
	{
		struct key k = unit_key(unit_str(v, "dek"));
		const struct key_set keys = { k, k, k };
		struct scp one = { 0 };
		struct scp two = { 0 };
		bool is_one = strcmp(unit_str(v, "scp"), "01") == 0;
		uint8_t out[16];

		assert_true(
		    scp_begin(&one, START(PROTOCOL_SCP01, 0x05, &keys, SPAN(zero), SPAN(zero))));
		assert_true(begin_counter(&two, &keys, 0x15, zero));
		assert_true(des_ecb_once(is_one ? &one.u.scp01.dek : &two.u.scp02.dek, ENCRYPT,
		    unit_hex(v, "key"), out));
		assert_span(SPAN(out), unit_hex(v, "wrapped"));
		scp_wipe(&one);
		scp_wipe(&two);
	}
	assert_int_equal(i, 2);
	json_decref(file);
}

/* SCP01, the side that checks: nothing with a flipped bit is taken, and the right one still is. */
static void test_scp01_flipped(void **state)
{
	struct key k = unit_key("404142434445464748494A4B4C4D4E4F");
	const struct key_set keys = { k, k, k };
	static const uint8_t levels[] = { 0x01, 0x03 };
	static const uint8_t zero[8];

	(void)state;
	for (size_t l = 0; l < 2 * sizeof(levels); l++) {
		struct scp host = { 0 }, card = { 0 };
		struct capdu c = { 0x80, 0xE2, 0x80, 0x01, SPAN(zero), 0, false }, got;
		uint8_t wire[64], data[64], i = l < 2 ? 0x05 : 0x15;
		struct wr w = wr_fixed(wire, sizeof(wire)), d = wr_fixed(data, sizeof(data));
		struct span sent;

		assert_true(
		    scp_begin(&host, START(PROTOCOL_SCP01, i, &keys, SPAN(zero), SPAN(zero))));
		assert_true(
		    scp_begin(&card, START(PROTOCOL_SCP01, i, &keys, SPAN(zero), SPAN(zero))));
		assert_true(scp_host_authenticate(
		    &host, CHALLENGES(SPAN(zero), SPAN(zero)), levels[l % 2], 0, &w));
		for (size_t bit = 2 * 8; bit < 8 * w.n; bit++) {
			if (bit / 8 == 4)
				continue; /* Lc: another length is another command */
			wire[bit / 8] ^= (uint8_t)(1 << bit % 8);
			assert_true(capdu_get(wr_span(&w), &got));
			assert_int_not_equal(
			    scp_card_authenticate(&card, CHALLENGES(SPAN(zero), SPAN(zero)), &got),
			    SCP_OK);
			wire[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		assert_true(capdu_get(wr_span(&w), &got));
		assert_int_equal(
		    scp_card_authenticate(&card, CHALLENGES(SPAN(zero), SPAN(zero)), &got), SCP_OK);
		wr_reset(&w);
		assert_true(scp_seal_command(&host, &c, &w));
		sent = wr_span(&w);
		for (size_t bit = 8; bit < 8 * sent.n; bit++) {
			if (bit / 8 == 4)
				continue;
			wire[bit / 8] ^= (uint8_t)(1 << bit % 8);
			wr_reset(&d);
			assert_true(capdu_get(sent, &got));
			assert_int_not_equal(scp_open_command(&card, &got, &got, &d), SCP_OK);
			wire[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		wr_reset(&d);
		assert_true(capdu_get(sent, &got));
		assert_int_equal(scp_open_command(&card, &got, &got, &d), SCP_OK);
		assert_span(got.data, SPAN(zero));
		scp_wipe(&host);
		scp_wipe(&card);
	}
}

static struct CMUnitTest tests[150] = {
	cmocka_unit_test(test_primitives),
	cmocka_unit_test(test_session_keys),
	cmocka_unit_test(test_session_key_kcvs),
	cmocka_unit_test(test_key_wrap),
	cmocka_unit_test(test_scp01_flipped),
};
static size_t tests_n = 5;
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
	bool verified = json_is_true(json_object_get(line, "verified"));

	(void)ctx;
	json_array_append(lines, line);
	add(unit_str(line, "id"), verified ? test_transcript : test_proprietary, line);
}

int main(void)
{
	static const struct {
		const char *path;
		size_t n;
	} files[] = {
		{ "test/transcripts/scp01-gppro.jsonl", 1 },
		{ "test/transcripts/scp01-opal.jsonl", 26 },
		{ "test/transcripts/scp02-gppro.jsonl", 1 },
		{ "test/transcripts/scp02-gp4net.jsonl", 6 },
		{ "test/transcripts/scp02-opal.jsonl", 12 },
		{ "test/transcripts/scp02-opal-simulated.jsonl", 30 },
	};
	json_t *one = unit_json("test/vectors/scp01_sessions.json"), *o;
	json_t *two = unit_json("test/vectors/scp02_sessions.json");
	size_t i;
	int failed;

	lines = json_array();
	json_array_foreach(json_object_get(one, "sessions"), i, o)
	    add(unit_str(o, "name"), test_session, o);
	json_array_foreach(json_object_get(two, "sessions"), i, o)
	    add(unit_str(o, "name"), test_session, o);
	if (tests_n != 5 + 4 + 6)
		abort();
	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		size_t before = tests_n;

		unit_jsonl(files[i].path, add_line, NULL);
		if (tests_n - before != files[i].n)
			abort();
	}
	add("commands of all sessions", test_counts, NULL);
	failed = _cmocka_run_group_tests("scp02", tests, tests_n, NULL, NULL);
	json_decref(lines);
	json_decref(one);
	json_decref(two);
	return failed;
}
