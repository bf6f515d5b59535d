/*
 * Which keys fit a card: every recorded handshake of test/transcripts and test/vectors is the card,
 * its keys and wrong ones are tried. The files name their sources.
 */
#include "unit.h"

#include "crypto/kdf.h"
#include "host/probe.h"

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

/* The INITIALIZE UPDATE of a recording; false when it has none. */
static bool recorded(json_t *o, struct probe *p)
{
	struct span answer;
	struct capdu c;

	if (json_object_get(o, "init_update_cmd") == NULL)
		return false;
	answer = unit_hex(o, "init_update_rsp");
	assert_true(capdu_get(unit_hex(o, "init_update_cmd"), &c));
	assert_true(probe_get(p, c.data, span_sub(answer, 0, answer.n - 2)));
	return true;
}

static struct key_set card_keys(json_t *o, const struct probe *p)
{
	json_t *k = json_object_get(o, json_object_get(o, "keys") != NULL ? "keys" : "key");
	json_t *scheme = json_object_get(o, "diversification");
	enum diversification d = DIVERSIFY_NONE;
	struct key_set master = keys_of(k), keys;

	if (json_is_string(scheme))
		assert_true(diversification_from(json_string_value(scheme), &d));
	assert_true(diversify(d, &master, p->iu.kdd, &keys));
	return keys;
}

static struct probe_result try(const struct probe *p, const struct key_set *keys)
{
	struct probe_result r;

	assert_true(probe_keys(p, keys, &r));
	return r;
}

/* The key that the card cryptogram is made with. */
static bool cryptogram_is_mac(const struct probe *p)
{
	return p->iu.scp == PROTOCOL_SCP03;
}

struct tally {
	unsigned fit, by_protocol[4], mac_of_scp02;
};

/* Its own keys fit; a bit wrong in the key of the cryptogram, and they do not; in another, and the
 * answer does not tell. */
static void check_handshake(json_t *o, void *ctx)
{
	struct tally *t = ctx;
	struct probe_result r;
	struct key_set keys, off;
	struct probe p;

	if (!recorded(o, &p) || !json_is_true(json_object_get(o, "verified")))
		return;
	keys = card_keys(o, &p);
	r = try(&p, &keys);
	assert_true(probe_fits(&r));
	assert_int_equal(cryptogram_is_mac(&p) ? r.mac : r.enc, PROOF_RIGHT);
	assert_int_equal(cryptogram_is_mac(&p) ? r.enc : r.mac, PROOF_NONE);
	off = keys;
	(cryptogram_is_mac(&p) ? &off.mac : &off.enc)->b[0] ^= 0x80;
	r = try(&p, &off);
	assert_false(probe_fits(&r));
	assert_int_equal(cryptogram_is_mac(&p) ? r.mac : r.enc, PROOF_WRONG);
	off = keys;
	off.dek.b[0] ^= 0x80;
	r = try(&p, &off);
	assert_true(probe_fits(&r));
	p.iu.cryptogram[p.iu.m - 1] ^= 1;
	r = try(&p, &keys);
	assert_false(probe_fits(&r));
	p.iu.cryptogram[p.iu.m - 1] ^= 1;
	p.host_challenge[0] ^= 1;
	r = try(&p, &keys);
	assert_false(probe_fits(&r));
	t->fit++;
	t->by_protocol[p.iu.scp]++;
}

static void every_recorded_handshake_finds_its_keys(void **state)
{
	static const char *const lines[] = { "scp01-gppro", "scp01-opal", "scp02-gp4net",
		"scp02-gppro", "scp02-opal", "scp02-opal-simulated", "scp03-gp4net",
		"scp03-gppro" };
	static const char *const vectors[] = { "scp01_sessions", "scp02_sessions",
		"scp03_sessions" };
	struct tally t = { 0 };
	char path[100];

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		snprintf(path, sizeof(path), "test/transcripts/%s.jsonl", lines[i]);
		unit_jsonl(path, check_handshake, &t);
	}
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		json_t *j, *list, *o;
		size_t k;

		snprintf(path, sizeof(path), "test/vectors/%s.json", vectors[i]);
		j = unit_json(path);
		list = json_object_get(j, "sessions");
		json_array_foreach(list, k, o)
		{
			check_handshake(o, &t);
		}
		json_decref(j);
	}
	assert_int_equal(t.by_protocol[PROTOCOL_SCP01], 28);
	assert_int_equal(t.by_protocol[PROTOCOL_SCP02], 53);
	assert_int_equal(t.by_protocol[PROTOCOL_SCP03], 31);
}

/* ---- what a challenge proves ---- */

static json_t *session_named(json_t *j, const char *name)
{
	json_t *o;
	size_t i;

	json_array_foreach(json_object_get(j, "sessions"), i,
	    o) if (strcmp(unit_str(o, "name"), name) == 0) return o;
	fail_msg("no session %s", name);
	return NULL;
}

static void scp03_challenge_proves_the_enc_key(void **state)
{
	json_t *j = unit_json("test/vectors/scp03_sessions.json");
	json_t *o = session_named(j, "JCOP4 i=70");
	struct key_set keys, off;
	struct probe_result r;
	struct probe p;

	(void)state;
	assert_true(recorded(o, &p));
	keys = card_keys(o, &p);
	assert_true(aid_from(&p.domain, unit_bytes("A000000151000000")));
	r = try(&p, &keys);
	assert_int_equal(r.enc, PROOF_RIGHT);
	assert_int_equal(r.mac, PROOF_RIGHT);
	assert_string_equal(probe_proven(&r), "ENC and MAC");
	off = keys;
	off.enc.b[15] ^= 1;
	r = try(&p, &off);
	assert_int_equal(r.enc, PROOF_WRONG);
	assert_int_equal(r.mac, PROOF_RIGHT);
	assert_false(probe_fits(&r));
	/* Another domain, another challenge. */
	p.domain.b[7] = 1;
	r = try(&p, &keys);
	assert_int_equal(r.enc, PROOF_WRONG);
	/* i says that it is random: nothing is concluded. */
	p.iu.i &= (uint8_t)~SCP03_I_PSEUDO_RANDOM;
	r = try(&p, &keys);
	assert_int_equal(r.enc, PROOF_NONE);
	assert_string_equal(probe_proven(&r), "MAC");
	json_decref(j);
}

/* Recorded cards with i = 55 say it by their challenge. */
static void count_scp02(json_t *o, void *ctx)
{
	struct tally *t = ctx;
	struct probe_result r;
	struct key_set keys, off;
	struct probe p;

	if (!recorded(o, &p) || !json_is_true(json_object_get(o, "verified")))
		return;
	keys = card_keys(o, &p);
	assert_true(aid_from(&p.domain, unit_bytes("A000000003000000")));
	r = try(&p, &keys);
	if (r.mac != PROOF_RIGHT) {
		assert_true(aid_from(&p.domain, unit_bytes("A000000151000000")));
		r = try(&p, &keys);
	}
	assert_int_not_equal(r.mac, PROOF_WRONG);
	if (r.mac == PROOF_NONE)
		return;
	t->mac_of_scp02++;
	off = keys;
	off.mac.b[3] ^= 2;
	r = try(&p, &off);
	assert_int_equal(r.enc, PROOF_RIGHT);
	assert_int_equal(r.mac, PROOF_NONE);
}

static void scp02_challenge_proves_the_mac_key(void **state)
{
	struct tally t = { 0 };

	(void)state;
	unit_jsonl("test/transcripts/scp02-opal.jsonl", count_scp02, &t);
	unit_jsonl("test/transcripts/scp02-gp4net.jsonl", count_scp02, &t);
	assert_true(t.mac_of_scp02 >= 1);
}

/* ---- diversification ---- */

/* A real SCP01 card: of all schemes only VISA2 makes its keys from the master key. */
static void one_answer_tells_the_scheme(void **state)
{
	json_t *j = unit_json("test/vectors/scp01_sessions.json");
	json_t *o = session_named(j, "kaoh mutual_auth_visa2");
	struct key_set master = keys_of(json_object_get(o, "keys")), keys;
	struct probe_result r;
	struct probe p;

	(void)state;
	assert_true(recorded(o, &p));
	for (int d = DIVERSIFY_NONE; d < DIVERSIFY_TEMPLATE; d++) {
		assert_true(diversify((enum diversification)d, &master, p.iu.kdd, &keys));
		r = try(&p, &keys);
		assert_int_equal(probe_fits(&r), d == DIVERSIFY_VISA2);
	}
	json_decref(j);
}

/* ---- what is no answer ---- */

static void keys_of_another_length_are_wrong(void **state)
{
	json_t *j = unit_json("test/vectors/scp01_sessions.json");
	json_t *o = session_named(j, "kaoh mutual_auth_visa2");
	struct key_set keys;
	struct probe_result r;
	struct probe p;

	(void)state;
	assert_true(recorded(o, &p));
	keys = card_keys(o, &p);
	keys.enc.n = keys.mac.n = 24;
	r = try(&p, &keys);
	assert_int_equal(r.enc, PROOF_WRONG);
	p.iu.scp = PROTOCOL_SCP03;
	keys.enc.n = 16;
	r = try(&p, &keys);
	assert_false(probe_fits(&r));
	json_decref(j);
}

static void other_answers_are_refused(void **state)
{
	/* SCP03 of 28, 30, 33 octets; SCP02 with one more, one less; SCP10; nothing */
	static const struct {
		size_t n;
		uint8_t scp;
		bool ok;
	} list[] = { { 28, 3, false }, { 29, 3, true }, { 30, 3, false }, { 32, 3, true },
		{ 33, 3, false }, { 28, 2, true }, { 29, 2, false }, { 27, 2, false },
		{ 28, 1, true }, { 31, 1, false }, { 29, 0x10, false }, { 28, 0, false },
		{ 11, 3, false }, { 0, 3, false } };
	uint8_t answer[60] = { 0 }, hc[16] = { 0 };
	struct probe p;

	(void)state;
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		answer[11] = list[i].scp;
		assert_int_equal(
		    probe_get(&p, span_of(hc, 8), span_of(answer, list[i].n)), list[i].ok);
	}
	answer[11] = 3;
	assert_true(probe_get(&p, SPAN(hc), span_of(answer, 45)));
	assert_int_equal(p.iu.m, 16);
	assert_true(probe_get(&p, SPAN(hc), span_of(answer, 48)));
	assert_true(p.iu.has_sequence);
	assert_false(probe_get(&p, SPAN(hc), span_of(answer, 32)));
	answer[11] = 2;
	assert_false(probe_get(&p, SPAN(hc), span_of(answer, 44)));
	assert_false(probe_get(&p, span_of(hc, 7), span_of(answer, 28)));
	assert_false(probe_get(&p, span_of(hc, 0), span_of(answer, 28)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_recorded_handshake_finds_its_keys),
		cmocka_unit_test(scp03_challenge_proves_the_enc_key),
		cmocka_unit_test(scp02_challenge_proves_the_mac_key),
		cmocka_unit_test(one_answer_tells_the_scheme),
		cmocka_unit_test(keys_of_another_length_are_wrong),
		cmocka_unit_test(other_answers_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
