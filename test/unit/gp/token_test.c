/*
 * Tokens, confirmations, receipts, DAP blocks: what is signed against published inputs
 * (content_management.json) and the layouts of GPCS C.4 and C.5, then both ways with each kind of
 * key; what is malformed is refused.
 */
#include "unit.h"

#include "gp/dap.h"
#include "gp/privilege.h"
#include "gp/token.h"

static json_t *vector(json_t *file, const char *kind)
{
	json_t *v;
	size_t i;

	json_array_foreach(json_object_get(file, "vectors"), i,
	    v) if (strcmp(unit_str(v, "kind"), kind) == 0) return v;
	fail_msg("no vector of kind %s", kind);
	return NULL;
}

static struct aid aid_of(struct span s)
{
	struct aid a;

	assert_true(aid_from(&a, s));
	return a;
}

static struct aid aid_hex(const char *hex)
{
	return aid_of(unit_bytes(hex));
}

static void assert_input(const struct operation *o, struct span want)
{
	uint8_t room[1024];
	struct wr w = wr_fixed(room, sizeof(room));

	token_input(&w, o);
	assert_true(wr_ok(&w));
	assert_span(wr_span(&w), want);
}

/* ---- from outside ---- */

static void test_published_load(void **state)
{
	json_t *file = unit_json("test/vectors/content_management.json");
	json_t *v = vector(file, "load_token");
	struct operation o = { .kind = TOKEN_LOAD };
	uint8_t room[128];
	struct wr token = wr_fixed(room, sizeof(room));
	SECRET_AUTHORITY(k);

	(void)state;
	o.install.load_file = aid_of(unit_hex(v, "load_file_aid"));
	o.install.domain = aid_of(unit_hex(v, "sd_aid"));
	o.install.hash = unit_hex(v, "lfdbh");
	o.install.token = unit_bytes("FFFF"); /* not looked at */
	assert_input(&o, unit_hex(v, "token_input"));
	assert_true(authority_rsa(&k, unit_hex(v, "n"), unit_hex(v, "e"), unit_hex(v, "d")));
	assert_true(token_sign(&o, &k, &token));
	assert_span(wr_span(&token), unit_hex(v, "token"));
	assert_true(token_verify(&o, &k, unit_hex(v, "token")));
	o.install.load_file.b[0] ^= 1;
	assert_false(token_verify(&o, &k, unit_hex(v, "token")));
	json_decref(file);
}

static void test_published_others(void **state)
{
	json_t *file = unit_json("test/vectors/content_management.json");
	json_t *v = vector(file, "extradition_token_input"), *aids;
	struct operation o = { .kind = TOKEN_EXTRADITION };
	uint8_t room[256];
	struct wr w = wr_fixed(room, sizeof(room)), all = wr_fixed(&room[128], 128);
	struct span want;

	(void)state;
	o.install.domain = aid_of(unit_hex(v, "sd_aid"));
	o.install.app = aid_of(unit_hex(v, "app_aid"));
	assert_input(&o, unit_hex(v, "token_input"));
	/* Two objects in one DELETE, which GPCS 2.3 no longer has: one after the other it is ours.
	 */
	v = vector(file, "delete_token_input");
	want = unit_hex(v, "token_input");
	aids = json_object_get(v, "aids");
	o = (struct operation){ .kind = TOKEN_DELETE, .p2 = DELETE_RELATED };
	wr_put(&all, span_sub(want, 0, 3));
	for (size_t i = 0; i < 2; i++) {
		o.object.aid = aid_hex(json_string_value(json_array_get(aids, i)));
		wr_reset(&w);
		token_input(&w, &o);
		assert_span(span_sub(wr_span(&w), 0, 2), span_sub(want, 0, 2));
		assert_int_equal(w.p[2], w.n - 3);
		wr_put(&all, span_sub(wr_span(&w), 3, w.n));
	}
	assert_span(wr_span(&all), want);
	json_decref(file);
}

/* ---- the layouts of GPCS C.4 ---- */

static struct install example(void)
{
	return (struct install){ .load_file = aid_hex("A000000151535001"),
		.module = aid_hex("A00000015153500102"),
		.app = aid_hex("A0000001515350010203"),
		.domain = aid_hex("A000000151000000"),
		.privileges = PRIV_CARD_RESET,
		.privileges_n = 1,
		.hash = unit_bytes("0102"),
		.params = unit_bytes("C900") };
}

static void test_inputs(void **state)
{
	struct operation o = { .install = example(), .first = example() };
	static const struct {
		enum token_kind kind;
		uint8_t p1;
		const char *want;
	} rows[] = {
		{ TOKEN_LOAD, 0, "02001808A00000015153500108A00000015100000002010202C900" },
		{ TOKEN_INSTALL, 0x04,
		    "04002308A00000015153500109A000000151535001020AA0000001515350010203010402C90"
		    "0" },
		{ TOKEN_INSTALL, 0x0C,
		    "0C002308A00000015153500109A000000151535001020AA0000001515350010203010402C90"
		    "0" },
		{ TOKEN_SELECTABLE, 0, "08001200000AA0000001515350010203010402C900" },
		{ TOKEN_EXTRADITION, 0,
		    "10001908A000000151000000000AA00000015153500102030002C900" },
		{ TOKEN_REGISTRY, 0, "40001A08A000000151000000000AA0000001515350010203010402C900" },
		{ TOKEN_ALL, 0,
		    "0E011808A00000015153500108A00000015100000002010202C900"
		    "0E032308A00000015153500109A000000151535001020AA0000001515350010203010402"
		    "C900" },
	};
	enum token_kind k;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		o.kind = rows[i].kind;
		o.p1 = rows[i].p1;
		assert_input(&o, unit_bytes(rows[i].want));
		assert_true(token_kind_of(unit_bytes(rows[i].want).p[0], &k));
		assert_int_equal(k, rows[i].kind);
	}
	o = (struct operation){ .kind = TOKEN_DELETE, .p2 = DELETE_OBJECT };
	o.object.aid = aid_hex("A000000151");
	o.object.control = unit_bytes("93020001");
	o.object.token = unit_bytes("FF");
	assert_input(&o, unit_bytes("00000D4F05A000000151B60493020001"));
	for (int i = 0; i < TOKEN_KINDS; i++) {
		assert_true(token_kind_from(token_kind_str((enum token_kind)i), &k));
		assert_int_equal(k, i);
	}
	assert_false(token_kind_from("personalization", &k));
	assert_false(token_kind_of(INSTALL_FOR_PERSONALIZATION, &k));
	assert_string_equal(token_kind_str(TOKEN_KINDS), "unknown");
}

/* Data above 255 octets: the length has three (GPCS C.4). */
static void test_long_input(void **state)
{
	struct operation o = { .kind = TOKEN_REGISTRY };
	static const uint8_t params[300];
	uint8_t room[512];
	struct wr w = wr_fixed(room, sizeof(room));

	(void)state;
	o.install.params = span_of(params, 246);
	token_input(&w, &o);
	assert_span(span_sub(wr_span(&w), 0, 3), unit_bytes("4000FC"));
	o.install.params = SPAN(params);
	wr_reset(&w);
	token_input(&w, &o);
	assert_span(span_sub(wr_span(&w), 0, 5), unit_bytes("4000000133"));
	assert_int_equal(w.n, 5 + 0x133);
}

static void test_no_operation(void **state)
{
	static const uint8_t long_params[2000];
	struct operation o = { .kind = TOKEN_KINDS };
	uint8_t room[64];
	struct wr w = wr_fixed(room, sizeof(room));
	SECRET_AUTHORITY(k);

	(void)state;
	assert_true(
	    authority_secret(&k, AUTHORITY_AES, unit_bytes("404142434445464748494A4B4C4D4E4F")));
	assert_false(token_sign(&o, &k, &w));
	o.kind = TOKEN_INSTALL;
	o.p1 = INSTALL_FOR_SELECTABLE;
	assert_false(token_sign(&o, &k, &w));
	assert_false(token_verify(&o, &k, unit_bytes("00000000000000000000000000000000")));
	o.kind = TOKEN_LOAD;
	o.install.params = SPAN(long_params);
	assert_false(token_sign(&o, &k, &w));
}

static void test_control(void **state)
{
	struct token_control t = { unit_bytes("4142"), unit_bytes("01"), unit_bytes("A0A1"),
		unit_bytes("000007") };
	struct token_control got;
	uint8_t room[64];
	struct wr w = wr_fixed(room, sizeof(room));

	(void)state;
	token_control_put(&w, &t);
	assert_span(wr_span(&w), unit_bytes("420241424501015F2002A0A19303000007"));
	assert_true(token_control_get(wr_span(&w), &got));
	assert_span(got.provider_number, t.provider_number);
	assert_span(got.image_number, t.image_number);
	assert_span(got.application, t.application);
	assert_span(got.id, t.id);
	assert_true(token_control_get(unit_bytes("930107DF0100420101"), &got)); /* any order */
	assert_span(got.id, unit_bytes("07"));
	assert_span(got.provider_number, unit_bytes("01"));
	assert_false(token_control_get(unit_bytes("930107930108"), &got)); /* twice */
	assert_false(token_control_get(unit_bytes("9302"), &got));
	wr_reset(&w);
	token_control_put(&w, &(struct token_control){ 0 });
	assert_int_equal(w.n, 0);
}

/* ---- confirmations ---- */

static void test_confirmation(void **state)
{
	struct receipt r = { .receipt = unit_bytes("1122334455667788"),
		.counter = 0x0102,
		.unique = unit_bytes("41424344") };
	struct receipt got;
	uint8_t room[512];
	struct wr w = wr_fixed(room, sizeof(room));

	(void)state;
	receipt_put(&w, &r);
	assert_span(wr_span(&w), unit_bytes("11081122334455667788020102"
					    "0441424344"));
	assert_int_equal(receipt_get(wr_span(&w), &got), RECEIPT_GOT);
	assert_span(got.receipt, r.receipt);
	assert_int_equal(got.counter, 0x0102);
	assert_span(got.unique, r.unique);
	assert_false(got.has_id || got.has_digest);
	assert_span(got.confirmation, unit_bytes("0201020441424344"));
	r.has_digest = true;
	r.digest = unit_bytes("AABB");
	wr_reset(&w);
	receipt_put(&w, &r);
	assert_span(got.confirmation, unit_bytes("0201020441424344"));
	assert_int_equal(receipt_get(wr_span(&w), &got), RECEIPT_GOT);
	assert_true(got.has_id && got.has_digest);
	assert_int_equal(got.id.n, 0);
	assert_span(got.digest, r.digest);
	r.has_id = true;
	r.has_digest = false;
	r.id = unit_bytes("0007");
	wr_reset(&w);
	receipt_put(&w, &r);
	assert_int_equal(receipt_get(wr_span(&w), &got), RECEIPT_GOT);
	assert_true(got.has_id && !got.has_digest);
	assert_span(got.id, r.id);
}

/* A receipt of RSA-2048 needs lengths of three octets. */
static void test_confirmation_lengths(void **state)
{
	static const uint8_t sizes[] = { 0, 1, 0x7F, 0x80, 0xFF };
	uint8_t value[300] = { 0 }, room[600];
	struct receipt r = { .unique = unit_bytes("41") }, got;
	struct wr w = wr_fixed(room, sizeof(room));

	(void)state;
	for (size_t i = 0; i <= sizeof(sizes); i++) {
		r.receipt = span_of(value, i < sizeof(sizes) ? sizes[i] : sizeof(value));
		wr_reset(&w);
		receipt_put(&w, &r);
		assert_true(wr_ok(&w));
		assert_int_equal(receipt_get(wr_span(&w), &got), RECEIPT_GOT);
		assert_int_equal(got.receipt.n, r.receipt.n);
		/* each cut is malformed, and so is what is left over */
		for (size_t n = 1; n < w.n; n++)
			assert_int_not_equal(receipt_get(span_of(room, n), &got), RECEIPT_GOT);
		assert_int_equal(receipt_get(span_of(room, w.n + 1), &got), RECEIPT_MALFORMED);
	}
	r.unique = SPAN(value); /* has one length octet */
	wr_reset(&w);
	receipt_put(&w, &r);
	assert_false(wr_ok(&w));
}

static enum receipt_got got_of(const char *hex, struct receipt *r)
{
	return receipt_get(unit_bytes(hex), r);
}

static void test_confirmation_malformed(void **state)
{
	static const char *const wrong[] = {
		"01",   /* cut */
		"0000", /* something after nothing */
		"81",
		"8201",
		"8000",
		"83000006000200010141",
	};
	static const char *const bodies[] = {
		"00",           /* no confirmation data */
		"000200",       /* counter cut */
		"0002000102FF", /* unique data cut */
		"0002000100",   /* no unique data */
		"00010001",     /* counter of one octet */
		"0001000141",
		"00010141024142",
		"00030000010141", /* of three */
		"00020001014102FF",
		"0002000101410101FF",       /* digest cut */
		"00020001014101010102FF01", /* a fifth field, cut */
		"0002000101410101010201FF", /* a fifth field */
		"0202000101",               /* receipt takes all but an octet */
		"0900020001014100",         /* receipt longer than all */
		"820001",
	};
	struct receipt got = { .counter = 7 };
	uint8_t room[64];

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(got_of(wrong[i], &got), RECEIPT_MALFORMED);
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		struct wr w = wr_fixed(room, sizeof(room));

		wr_lv(&w, unit_bytes(bodies[i]));
		if (receipt_get(wr_span(&w), &got) != RECEIPT_MALFORMED)
			fail_msg("taken: %s", bodies[i]);
	}
	assert_int_equal(got.counter, 7);
	assert_int_equal(receipt_get(span_of(NULL, 0), &got), RECEIPT_NONE);
	assert_int_equal(got_of("00", &got), RECEIPT_NONE);
	assert_int_equal(got_of("8100", &got), RECEIPT_NONE);
	assert_int_equal(got_of("06000200010141", &got), RECEIPT_GOT);
	assert_int_equal(got_of("0A0002000101410100"
				"0100",
			     &got),
	    RECEIPT_GOT);
}

/* ---- receipts ---- */

static struct done done_example(enum token_kind kind)
{
	return (struct done){ .kind = kind,
		.load_file = aid_hex("A000000151535001"),
		.app = aid_hex("A0000001515350010203"),
		.domain = aid_hex("A000000151000000"),
		.old_domain = aid_hex("A000000151000001"),
		.privileges = PRIV_CARD_RESET,
		.privileges_n = 1,
		.params = unit_bytes("EF00") };
}

static void test_receipt_inputs(void **state)
{
	static const char *const want[TOKEN_KINDS] = {
		[TOKEN_LOAD] = "AA08A00000015153500108A000000151000000",
		[TOKEN_INSTALL] = "AA08A0000001515350010AA0000001515350010203",
		[TOKEN_SELECTABLE] = "AA08A0000001515350010AA0000001515350010203",
		[TOKEN_ALL] = "AA08A0000001515350010AA000000151535001020308A000000151000000",
		[TOKEN_EXTRADITION] =
		    "AA08A0000001510000010AA000000151535001020308A000000151000000",
		[TOKEN_REGISTRY] = "AA08A0000001510000010AA000000151535001020308A000000151000000"
				   "010402EF00",
		[TOKEN_DELETE] = "AA0AA0000001515350010203",
	};
	uint8_t room[128];
	struct wr w = wr_fixed(room, sizeof(room));
	struct done d;

	(void)state;
	for (int i = 0; i < TOKEN_KINDS; i++) {
		d = done_example((enum token_kind)i);
		wr_reset(&w);
		receipt_input(&w, unit_bytes("AA"), &d);
		assert_span(wr_span(&w), unit_bytes(want[i]));
	}
	d.kind = TOKEN_KINDS;
	receipt_input(&w, unit_bytes("AA"), &d);
	assert_false(wr_ok(&w));
}

static size_t make(size_t nth, struct authority_key *k)
{
	switch (nth) {
	case 0:
		assert_true(authority_secret(
		    k, AUTHORITY_DES, unit_bytes("404142434445464748494A4B4C4D4E4F")));
		break;
	case 1:
		assert_true(authority_secret(
		    k, AUTHORITY_AES, unit_bytes("404142434445464748494A4B4C4D4E4F")));
		break;
	case 2:
		assert_true(authority_generate_ec(k, EC_P256));
		break;
	default:
		return false;
	}
	return true;
}

static void test_receipts(void **state)
{
	uint8_t room[512], back[512];
	struct wr w = wr_fixed(room, sizeof(room)), again = wr_fixed(back, sizeof(back));
	struct receipt r = { .counter = 3, .unique = unit_bytes("4142"), .has_id = true }, got;
	SECRET_AUTHORITY(k);

	(void)state;
	for (size_t nth = 0; make(nth, &k); nth++) {
		for (int i = 0; i < TOKEN_KINDS; i++) {
			struct done d = done_example((enum token_kind)i);

			wr_reset(&w);
			assert_true(receipt_sign(&w, &r, &d, &k));
			assert_int_equal(receipt_get(wr_span(&w), &got), RECEIPT_GOT);
			assert_true(receipt_verify(&got, &d, &k));
			d.app.b[0] ^= 1;
			d.load_file.b[0] ^= 1;
			assert_false(receipt_verify(&got, &d, &k));
			/* what the other side wrote is what we would write */
			wr_reset(&again);
			receipt_put(&again, &got);
			assert_span(wr_span(&again), wr_span(&w));
		}
		/* no bit of the answer may change */
		for (size_t bit = 0; bit < 8 * w.n; bit++) {
			struct done d = done_example(TOKEN_DELETE);

			room[bit / 8] ^= (uint8_t)(1u << bit % 8);
			assert_false(receipt_get(wr_span(&w), &got) == RECEIPT_GOT &&
				     receipt_verify(&got, &d, &k));
			room[bit / 8] ^= (uint8_t)(1u << bit % 8);
		}
	}
	/* an unsigned confirmation is none */
	wr_reset(&w);
	r.receipt = span_of(NULL, 0);
	receipt_put(&w, &r);
	assert_int_equal(receipt_get(wr_span(&w), &got), RECEIPT_GOT);
	assert_true(make(1, &k));
	assert_false(receipt_verify(&got, &(struct done){ .kind = TOKEN_DELETE }, &k));
	/* an answer that does not fit */
	w = wr_fixed(room, 10);
	assert_false(receipt_sign(&w, &r, &(struct done){ .kind = TOKEN_DELETE }, &k));
}

/* ---- DAP ---- */

static void test_dap(void **state)
{
	uint8_t room[512], hash[DIGEST_MAX];
	struct wr w = wr_fixed(room, sizeof(room)), head = wr_fixed(&room[256], 256);
	struct aid domain = aid_hex("A000000151000000");
	struct load_file f;
	SECRET_AUTHORITY(k);
	struct dap d;
	struct rd r;

	(void)state;
	assert_true(digest_of(DIGEST_SHA256, span_str("data"), hash));
	for (size_t nth = 0; make(nth, &k); nth++) {
		wr_reset(&w);
		assert_true(dap_sign(&w, &domain, &k, span_of(hash, 32)));
		r = rd_of(wr_span(&w));
		assert_true(dap_next(&r, &d) && rd_left(&r) == 0);
		assert_false(dap_next(&r, &d));
		assert_true(dap_get(wr_span(&w), &d));
		assert_span(aid_span(&d.domain), aid_span(&domain));
		assert_true(dap_verify(&d, &k, span_of(hash, 32)));
		assert_false(dap_verify(&d, &k, span_of(hash, 31)));
		assert_int_equal(dap_digest(&d), DIGEST_SHA256);
		/* in front of a load file it is the same block */
		wr_reset(&head);
		load_file_head_put(&head, &d, 1, 4, false, NULL);
		wr_put(&head, span_str("data"));
		assert_true(span_starts(wr_span(&head), wr_span(&w)));
		assert_true(load_file_get(wr_span(&head), &f));
		assert_int_equal(f.dap_n, 1);
		assert_true(dap_verify(&f.dap[0], &k, span_of(hash, 32)));
		for (size_t bit = 0; bit < 8 * w.n; bit++) {
			room[bit / 8] ^= (uint8_t)(1u << bit % 8);
			assert_false(dap_get(wr_span(&w), &d) && aid_same(&d.domain, &domain) &&
				     dap_verify(&d, &k, span_of(hash, 32)));
			room[bit / 8] ^= (uint8_t)(1u << bit % 8);
		}
	}
	assert_true(authority_generate_ec(&k, EC_P384));
	wr_reset(&w);
	assert_true(dap_sign(&w, &domain, &k, span_of(hash, 48)) && dap_get(wr_span(&w), &d));
	assert_int_equal(dap_digest(&d), DIGEST_SHA384);
	assert_true(authority_generate_ec(&k, EC_P521));
	wr_reset(&w);
	assert_true(dap_sign(&w, &domain, &k, span_of(hash, 64)) && dap_get(wr_span(&w), &d));
	assert_int_equal(dap_digest(&d), DIGEST_SHA512);
	w = wr_fixed(room, 20);
	assert_false(dap_sign(&w, &domain, &k, span_of(hash, 64)));
}

static void test_dap_malformed(void **state)
{
	static const char *const wrong[] = {
		"",
		"E2",
		"E200",
		"E2074F05A000000151",
		"E20A4F05A000000151C30100FF",
		"E20A4F05A000000151C3010000",
		"E2094F05A000000151C300",
		"E20A4F05A000000151C40100",
		"E3"
		"0A4F05A000000151C30100",
		"E2094F04A0000001C30100",
		"E20B4F05A000000151C3010000",
		"E20AC301004F05A000000151",
	};
	struct dap d;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(dap_get(unit_bytes(wrong[i]), &d));
	assert_true(dap_get(unit_bytes("E20A4F05A000000151C30100"), &d));
}

/* A ciphered load file as a card gets it, and back. */
static void test_ciphered(void **state)
{
	static const uint8_t data[100] = { 1, 2, 3 };
	const struct span none = { NULL, 0 };
	uint8_t room[256], back[256];
	struct wr w = wr_fixed(room, sizeof(room)), clear = wr_fixed(back, sizeof(back));
	struct load_file f;
	SECRET_AUTHORITY(k);

	(void)state;
	for (size_t nth = 0; nth < 2; nth++) {
		assert_true(make(nth, &k));
		wr_reset(&w);
		wr_reset(&clear);
		load_file_head_put(
		    &w, NULL, 0, load_file_ciphered_octets(&k, sizeof(data)), true, NULL);
		assert_true(authority_encrypt(&k, none, SPAN(data), &w));
		assert_true(load_file_get(wr_span(&w), &f));
		assert_true(f.ciphered);
		assert_true(authority_decrypt(&k, none, f.data, &clear));
		assert_span(wr_span(&clear), SPAN(data));
	}
	assert_true(make(2, &k));
	assert_int_equal(load_file_ciphered_octets(&k, 5), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_published_load),
		cmocka_unit_test(test_published_others),
		cmocka_unit_test(test_inputs),
		cmocka_unit_test(test_long_input),
		cmocka_unit_test(test_no_operation),
		cmocka_unit_test(test_control),
		cmocka_unit_test(test_confirmation),
		cmocka_unit_test(test_confirmation_lengths),
		cmocka_unit_test(test_confirmation_malformed),
		cmocka_unit_test(test_receipt_inputs),
		cmocka_unit_test(test_receipts),
		cmocka_unit_test(test_dap),
		cmocka_unit_test(test_dap_malformed),
		cmocka_unit_test(test_ciphered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
