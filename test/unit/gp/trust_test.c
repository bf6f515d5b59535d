/*
 * Trust records: test/vectors/trust.json (an independent model of trust.md), read, made again and
 * compared octet by octet; then what is not in form.
 */
#include "trust_vectors.h"

#include "crypto/kdf.h"
#include "gp/command.h"
#include "gp/trust.h"
#include "gp/trust_keys.h"
#include "tlv/tlv.h"

enum { SCRATCH = 1024 };

static uint32_t number(const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);

	assert_true(json_is_integer(v));
	return (uint32_t)json_integer_value(v);
}

/* What a command of a step carries: behind CLA INS P1 P2 Lc, without Le. */
static struct span body(struct span apdu)
{
	assert_true(apdu.n >= 5);
	return span_sub(apdu, 5, apdu.p[4]);
}

/* ---- keys ---- */

static struct key hex_key(const json_t *o, const char *key)
{
	return unit_key(unit_str(o, key));
}

static void same_key(const struct key *got, const json_t *o, const char *key)
{
	assert_span(key_span(got), unit_hex(o, key));
}

static void same_set(const struct key_set *got, const json_t *want)
{
	same_key(&got->enc, want, "enc");
	same_key(&got->mac, want, "mac");
	same_key(&got->dek, want, "dek");
}

static struct span the_imei(void)
{
	return span_str(unit_str(trust_case("IMEI"), "digits"));
}

static struct key check_first(const char *name, uint8_t record)
{
	const json_t *first = trust_case(TRUST_KEYS), *v = trust_case(name);
	struct key km = hex_key(v, "master_KM"), kt, k;
	struct span card = unit_hex(first, "card_id");
	struct trust_place p = { record, number(first, "generation"), number(first, "expiry"),
		card.p };
	struct key_set set;
	uint8_t kcv[3];

	assert_true(trust_base_key(&km, the_imei(), &kt));
	same_key(&kt, v, "terminal_KT");
	assert_true(trust_first_key(&kt, the_imei(), &p, km.n, &k));
	same_key(&k, v, "K");
	assert_true(key_check_value(&k, kcv));
	assert_span(SPAN(kcv), unit_hex(v, "kcv"));
	assert_true(trust_set(&k, &p, &set));
	same_set(&set, json_object_get(v, "set"));
	return kt;
}

static void test_keys(void **state)
{
	const json_t *v = trust_case(TRUST_KEYS), *ticket = trust_case("ticket for the terminal "
								       "(before PEM), MAC under "
								       "KDF(KT, CB, IMEI)");
	uint8_t id[TRUST_ID];
	struct key kt, mac;

	(void)state;
	assert_true(trust_card_id(unit_hex(v, "cin"), id));
	assert_span(SPAN(id), unit_hex(v, "card_id"));
	(void)check_first(TRUST_KEYS_256, 2);
	kt = check_first(TRUST_KEYS, 1);
	assert_true(trust_ticket_key(&kt, the_imei(), &mac));
	same_key(&mac, ticket, "mac_key");
}

static void test_imei(void **state)
{
	char digits[] = "352099001761481";

	(void)state;
	assert_true(imei_ok(the_imei()));
	assert_span(the_imei(), unit_hex(trust_case("IMEI"), "ascii_value_of_81"));
	/* Luhn finds each digit that is wrong. */
	for (size_t i = 0; i < IMEI_DIGITS; i++) {
		for (char c = '0'; c <= '9'; c++) {
			char right = digits[i];

			digits[i] = c;
			assert_int_equal(imei_ok(span_str(digits)), c == right);
			digits[i] = right;
		}
	}
	assert_false(imei_ok(span_str("3520990017614810")));
	assert_false(imei_ok(span_str("35209900176148")));
	assert_false(imei_ok(span_str("35209900176148/")));
	assert_false(imei_ok(span_str("35209900176148\xB1")));
	assert_false(imei_ok(span_str("")));
}

static void test_versions(void **state)
{
	(void)state;
	for (unsigned v = 0; v <= 0xFF; v++) {
		bool is = (v >= 0x11 && v <= 0x17) || (v >= 0x21 && v <= 0x27);

		assert_int_equal(trust_record_of((uint8_t)v), is ? v % 0x10 : 0);
	}
	assert_int_equal(trust_other_version(0x13), 0x23);
	assert_int_equal(trust_other_version(0x23), 0x13);
}

/* ---- orders ---- */

static struct trust_order order_again(struct span whole)
{
	uint8_t b[SCRATCH];
	struct wr w = wr_fixed(b, sizeof(b));
	struct trust_order o;

	assert_true(trust_order_get(whole, &o));
	trust_order_put(&w, &o);
	assert_true(wr_ok(&w));
	assert_span(wr_span(&w), whole);
	return o;
}

static void test_initialize(void **state)
{
	struct trust_order o =
	    order_again(unit_hex(trust_case("initialization by the network"), "order"));
	struct key k = hex_key(trust_case(TRUST_KEYS), "K");
	uint8_t kcv[3];

	(void)state;
	assert_int_equal(o.kind, TRUST_INITIALIZE);
	assert_int_equal(o.record, 1);
	assert_int_equal(o.algorithm, TRUST_AES_128);
	assert_int_equal(o.generation, 1);
	assert_int_equal(o.key.n, 16);
	assert_true(key_check_value(&k, kcv));
	assert_span(SPAN(o.kcv), SPAN(kcv));
	assert_int_equal(o.terms.expiry, 1801392000);
	assert_int_equal(o.terms.horizon, 0x70DBD880);
	assert_int_equal(o.terms.period, 30 * 86400);
	assert_int_equal(o.terms.window, 5 * 86400);
	assert_true(o.terms.revokes);
	assert_false(o.terms.limited || o.open || o.keep);
	assert_span(o.traits.imei, the_imei());
	assert_int_equal(o.traits.throughput, 300);
	assert_int_equal(o.time, 1798800000);
}

static void test_initialize_others(void **state)
{
	struct trust_order o = order_again(
	    unit_hex(trust_case("initialization, P-256, record 3, in the same session"), "order"));

	(void)state;
	assert_int_equal(o.algorithm, TRUST_P256);
	assert_int_equal(o.point.n, 65);
	assert_int_equal(o.key.n, 0);
	assert_false(o.traits.has_throughput);
	o = order_again(unit_hex(trust_case("open initialization, record 4: the first terminal "
					    "with this IMEI gets a key"),
	    "order"));
	assert_true(o.open);
	assert_int_equal(o.key.n, 0);
	assert_int_equal(o.algorithm, TRUST_AES_256);
}

static void test_other_orders(void **state)
{
	const json_t *all =
	    json_object_get(trust_case("other orders of the network, in the same session, one "
				       "after the other"),
		"orders");
	struct trust_order o[4];

	(void)state;
	assert_int_equal(json_array_size(all), 4);
	for (size_t i = 0; i < 4; i++)
		o[i] = order_again(unit_hex(json_array_get(all, i), "order"));
	assert_true(o[0].kind == TRUST_REVOKE && !o[0].erase && !o[0].has_time);
	assert_true(o[1].kind == TRUST_REVOKE && o[1].erase);
	assert_true(o[2].kind == TRUST_OBJECT && o[2].number == 1);
	assert_span(o[2].value, span_str("login"));
	assert_true(o[3].kind == TRUST_TIME && o[3].time == 0x6B379090);
}

#define HEAD \
	"800101" \
	"810101" \
	"820101" \
	"830400000001"
#define KEY \
	"8410000102030405060708090A0B0C0D0E0F" \
	"8503010203"
#define TERMS \
	"8604000000FF" \
	"8704000000FF" \
	"88040000003C" \
	"89040000003B" \
	"8A0100" \
	"8B0100"
#define TRAITS "A90682040000012C"
#define NOW "9A0400000001"

/* Behind BF74 and its length. */
static const struct {
	const char *order;
	bool good;
} orders[] = {
	{ HEAD KEY TERMS TRAITS NOW, true },
	{ HEAD KEY TERMS TRAITS, false },     /* initialize without a time */
	{ HEAD KEY TERMS NOW, false },        /* a key without characteristics */
	{ HEAD KEY TERMS "A900" NOW, false }, /* nor with none in it */
	{ HEAD TERMS TRAITS NOW, false },     /* no key, not open */
	{ HEAD TERMS "8D0101" TRAITS NOW, true },
	{ HEAD KEY TERMS "8D0101" TRAITS NOW, false }, /* a key, open */
	{ HEAD KEY TERMS "8D0102" TRAITS NOW, true },
	{ HEAD KEY TERMS "8D0104" TRAITS NOW, false },
	{ HEAD KEY TERMS "8C0400000003" TRAITS NOW, true },
	{ HEAD KEY TERMS "8D0102"
			 "8C0400000003" TRAITS NOW,
	    false }, /* order */
	{ HEAD KEY TERMS TRAITS NOW NOW, false },
	{ HEAD KEY TERMS TRAITS NOW "9B00", false },
	{ HEAD KEY KEY TERMS TRAITS NOW, false },
	/* H < E, a period under a minute, a window as long as the period, 8B of 2 */
	{ HEAD KEY "8604000000FF"
		   "8704000000FE"
		   "88040000003C"
		   "89040000003B"
		   "8A0100"
		   "8B0100" TRAITS NOW,
	    false },
	{ HEAD KEY "8604000000FF"
		   "8704000000FF"
		   "88040000003B"
		   "89040000003A"
		   "8A0100"
		   "8B0100" TRAITS NOW,
	    false },
	{ HEAD KEY "8604000000FF"
		   "8704000000FF"
		   "88040000003C"
		   "89040000003C"
		   "8A0100"
		   "8B0100" TRAITS NOW,
	    false },
	{ HEAD KEY "8604000000FF"
		   "8704000000FF"
		   "88040000003C"
		   "89040000003B"
		   "8A0100"
		   "8B0102" TRAITS NOW,
	    false },
	/* a key that is too long for its algorithm, no such algorithm, P-256 with 84, open P-256 */
	{ "800101"
	  "810101"
	  "820102"
	  "830400000001" KEY TERMS TRAITS NOW,
	    false },
	{ "800101"
	  "810101"
	  "820103"
	  "830400000001" KEY TERMS TRAITS NOW,
	    false },
	{ "800101"
	  "810101"
	  "820111"
	  "830400000001" KEY TERMS TRAITS NOW,
	    false },
	{ "800101"
	  "810101"
	  "820111"
	  "830400000001" TERMS "8D0101" TRAITS NOW,
	    false },
	{ "800102"
	  "810101"
	  "8D0100",
	    true },
	{ "800102"
	  "8101FF"
	  "8D0101" NOW,
	    true }, /* whether there is such a record is the card's */
	{ "800102"
	  "810101",
	    false },
	{ "800102"
	  "810101"
	  "8D0102",
	    false },
	{ "800103"
	  "810101"
	  "DF0100",
	    true },
	{ "800103"
	  "810101"
	  "DF0F00" NOW,
	    true },
	{ "800103"
	  "810101"
	  "DF1000",
	    false },
	{ "800103"
	  "810101"
	  "DF0100"
	  "DF0200",
	    false },
	{ "800103"
	  "810101",
	    false },
	{ "800104" NOW, true },
	{ "800104"
	  "810101" NOW,
	    false },
	{ "800104", false },
	{ "800105" NOW, false },
	{ "800100" NOW, false },
	{ "", false },
};

static void test_order_form(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
		uint8_t b[SCRATCH];
		struct wr w = wr_fixed(b, sizeof(b));
		struct trust_order o;

		tlv_put(&w, TAG_TRUST_ORDER, unit_bytes(orders[i].order));
		if (trust_order_get(wr_span(&w), &o) != orders[i].good)
			fail_msg("order %zu: %s", i, orders[i].order);
		wr_u8(&w, 0x00);
		assert_false(trust_order_get(wr_span(&w), &o));
	}
}

static void test_object_length(void **state)
{
	uint8_t value[TRUST_OBJECT_MAX + 1] = { 0 };
	struct trust_order o = { .kind = TRUST_OBJECT, .record = 1, .number = 15 }, got;

	(void)state;
	for (size_t n = TRUST_OBJECT_MAX; n <= TRUST_OBJECT_MAX + 1; n++) {
		uint8_t b[SCRATCH];
		struct wr w = wr_fixed(b, sizeof(b));

		o.value = span_of(value, n);
		trust_order_put(&w, &o);
		assert_int_equal(trust_order_get(wr_span(&w), &got), n == TRUST_OBJECT_MAX);
	}
}

/* ---- characteristics ---- */

static const struct {
	const char *value;
	bool good;
} traits[] = {
	{ "", true },
	{ "82040000012C", true },
	{ "8203000012", false },
	{ "840100", true },
	{ "8400", false },
	{ "8420000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F", true },
	{ "8421000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F20", false },
	{ "8320000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F", true },
	{ "831F000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E", false },
	{ "810F333532303939303031373631343831"
	  "82040000012C",
	    true },
	{ "82040000012C"
	  "810F333532303939303031373631343831",
	    false },
	{ "810F333532303939303031373631343832", false }, /* Luhn */
	{ "8100", false },
	{ "850100", false },
};

static void test_traits_form(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(traits) / sizeof(traits[0]); i++) {
		struct trust_traits t;

		if (trust_traits_get(unit_bytes(traits[i].value), &t) != traits[i].good)
			fail_msg("%zu: %s", i, traits[i].value);
	}
}

static const struct {
	const char *want, *shown;
	bool fit;
} fits[] = {
	{ "82040000012C", "82040000012C", true },
	{ "82040000012C", "82040000012D", false },
	{ "82040000012C", "", false },
	{ "82040000012C", "840101", false },
	{ "820400000000", "", false },
	{ "840101",
	    "82040000012C"
	    "840101",
	    true }, /* more than is asked for */
	{ "840101", "84020101", false },
	{ "810F333532303939303031373631343831", "810F343930313534323033323337353138", false },
};

static void test_traits_fit(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(fits) / sizeof(fits[0]); i++) {
		struct trust_traits want, shown;

		assert_true(trust_traits_get(unit_bytes(fits[i].want), &want));
		assert_true(trust_traits_get(unit_bytes(fits[i].shown), &shown));
		if (trust_traits_fit(&want, &shown) != fits[i].fit)
			fail_msg("%zu", i);
	}
}

/* ---- state ---- */

#define STATE "FF74 as the network reads it: record 1 renewing, record 3 revoked by the terminal"

static void test_state(void **state)
{
	struct span whole = unit_hex(trust_case(STATE), "answer");
	struct trust_record one, three, none;
	struct trust_state s;
	uint8_t b[SCRATCH];
	struct wr w = wr_fixed(b, sizeof(b));
	size_t mark;
	struct rd r;

	(void)state;
	assert_true(trust_state_get(whole, &s));
	assert_int_equal(s.time, 0x6B378280);
	r = rd_of(s.records);
	assert_true(trust_record_next(&r, &one) && trust_record_next(&r, &three));
	assert_false(trust_record_next(&r, &none));
	assert_true(one.record == 1 && one.stage == TRUST_ACTIVE && one.cause == TRUST_ENDED_NOT);
	assert_true(one.pending && one.pending_generation == 2 && one.last == 2);
	assert_int_equal(one.pending_expiry, 0x6B82A800);
	assert_int_equal(one.floor, 0x6B5B1B00);
	assert_true(three.record == 3 && three.stage == TRUST_REVOKED && !three.pending);
	assert_int_equal(three.cause, TRUST_ENDED_BY_TERMINAL);
	assert_int_equal(three.last, 1);
	mark = trust_state_open(&w, s.time);
	trust_record_put(&w, &one);
	trust_record_put(&w, &three);
	tlv_close(&w, mark);
	assert_span(wr_span(&w), whole);
}

/* The digests in it are those of the characteristics that were initialized. */
static void test_state_digests(void **state)
{
	struct span whole = unit_hex(trust_case(STATE), "answer");
	struct trust_order o =
	    order_again(unit_hex(trust_case("initialization by the network"), "order"));
	uint8_t digest[TRUST_TRAITS_DIGEST];
	struct trust_record one;
	struct trust_state s;
	struct rd r;

	(void)state;
	assert_true(trust_state_get(whole, &s));
	r = rd_of(s.records);
	assert_true(trust_record_next(&r, &one));
	assert_true(trust_traits_digest(o.traits.whole, digest));
	assert_span(SPAN(digest), one.traits_digest);
}

/* Each octet of it another, each end cut off: read as something else or not, but never past it. */
static void test_state_form(void **state)
{
	struct span whole = unit_hex(trust_case(STATE), "answer");
	uint8_t b[SCRATCH];
	struct trust_state s;
	struct trust_record t;

	(void)state;
	for (size_t n = 0; n < whole.n; n++)
		assert_false(trust_state_get(span_sub(whole, 0, n), &s));
	for (size_t i = 0; i < whole.n; i += unit_step(3)) {
		memcpy(b, whole.p, whole.n);
		for (unsigned v = 0; v <= 0xFF; v++) {
			size_t seen = 0;
			struct rd r;

			b[i] = (uint8_t)v;
			if (!trust_state_get(span_of(b, whole.n), &s))
				continue;
			for (r = rd_of(s.records); trust_record_next(&r, &t); seen++)
				assert_in_range(t.record, 1, TRUST_RECORDS);
			assert_int_equal(rd_left(&r), 0);
			assert_true(seen <= TRUST_RECORDS);
		}
	}
	/* No record at all; two of one number. */
	assert_true(trust_state_get(unit_bytes("FF74069A0400000000"), &s));
	assert_int_equal(s.records.n, 0);
	memcpy(b, whole.p, whole.n);
	assert_true(b[whole.n - 47] == 0x03); /* 81 of the last record */
	b[whole.n - 47] = 0x01;
	assert_false(trust_state_get(span_of(b, whole.n), &s));
}

/* ---- ticket ---- */

static void test_ticket(void **state)
{
	const json_t *v =
	    trust_case("ticket for the terminal (before PEM), MAC under KDF(KT, CB, IMEI)");
	struct span whole = unit_hex(v, "ticket");
	struct key mac = hex_key(v, "mac_key");
	uint8_t b[SCRATCH];
	struct wr w = wr_fixed(b, sizeof(b));
	struct trust_ticket t, got;

	(void)state;
	assert_true(trust_ticket_get(whole, &t));
	assert_true(trust_ticket_proven(&t, &mac));
	assert_int_equal(t.record, 1);
	assert_span(t.cin, unit_hex(trust_case(TRUST_KEYS), "cin"));
	assert_true(trust_ticket_put(&w, &t, &mac));
	assert_span(wr_span(&w), whole);
	/* Each bit of it is proved or is its form. */
	for (size_t i = 0; i < 8 * whole.n; i++) {
		memcpy(b, whole.p, whole.n);
		b[i / 8] ^= (uint8_t)(1u << i % 8);
		assert_false(
		    trust_ticket_get(span_of(b, whole.n), &got) && trust_ticket_proven(&got, &mac));
	}
	/* Without a base key there is no 9E, with a card's key its digest. */
	wr_reset(&w);
	t.card_key = unit_bytes("000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F");
	assert_true(trust_ticket_put(&w, &t, NULL));
	assert_true(trust_ticket_get(wr_span(&w), &got));
	assert_int_equal(got.mac.n, 0);
	assert_int_equal(got.card_key.n, 32);
	assert_false(trust_ticket_proven(&got, &mac));
}

/* ---- the terminal's session ---- */

static void check_present(struct span plain)
{
	uint8_t b[SCRATCH];
	struct wr w = wr_fixed(b, sizeof(b));
	struct trust_present p;

	assert_true(trust_present_get(plain, &p));
	trust_present_put(&w, &p);
	assert_span(wr_span(&w), plain);
}

static struct trust_verdict check_verdict(const json_t *step)
{
	struct span whole = unit_hex(step, "answer_plain");
	uint8_t b[SCRATCH];
	struct wr w = wr_fixed(b, sizeof(b));
	struct trust_verdict v;

	assert_true(trust_verdict_get(whole, &v));
	trust_verdict_put(&w, &v);
	assert_span(wr_span(&w), whole);
	return v;
}

static struct trust_renewal check_renewal(const json_t *talk)
{
	struct span whole = unit_hex(trust_step(talk, "steps", "RENEW"), "answer_plain");
	uint8_t b[SCRATCH];
	struct wr w = wr_fixed(b, sizeof(b));
	struct trust_renewal v;

	assert_true(trust_renewal_get(whole, &v));
	assert_true(trust_renewal_put(&w, &v));
	assert_span(wr_span(&w), whole);
	return v;
}

static struct trust_confirm check_confirm(const json_t *talk)
{
	struct span plain = body(unit_hex(trust_step(talk, "steps", "CONFIRM"), "plain"));
	uint8_t b[SCRATCH];
	struct wr w = wr_fixed(b, sizeof(b));
	struct trust_confirm c;

	assert_true(trust_confirm_get(plain, &c));
	trust_confirm_put(&w, &c);
	assert_span(wr_span(&w), plain);
	return c;
}

/* The renewal of a talk with AES keys: the new key, its set and the proof. */
static void check_aes(const char *name, uint8_t record, uint32_t old_expiry, uint32_t old_n)
{
	const json_t *v = trust_case(name), *session = json_object_get(v, "session");
	struct span card = unit_hex(trust_case(TRUST_KEYS), "card_id"), init;
	struct key random = hex_key(v, "random_R"), k;
	struct trust_renewal got = check_renewal(v);
	struct trust_update u = { record, old_expiry, old_n, got.generation };
	struct trust_place p = { record, got.generation, got.expiry, card.p };
	struct trust_confirm c = check_confirm(v);
	uint8_t sid[32], proof[TRUST_PROOF_AES];
	struct wr w = wr_fixed(sid, sizeof(sid));
	struct trust_proof what = { record, got.generation, got.expiry, { 0 } };
	struct key_set set;

	assert_true(trust_update_key(&random, &u, &k));
	same_key(&k, v, "new_K");
	assert_span(key_span(&k), got.key);
	assert_true(trust_set(&k, &p, &set));
	if (json_object_get(v, "new_set") != NULL)
		same_set(&set, json_object_get(v, "new_set"));
	if (session != NULL) {
		init = body(unit_hex(session, "initialize_update"));
		wr_put(&w, init);
		wr_put(&w, unit_hex(session, "card_challenge"));
	} else {
		struct span answer =
		    unit_hex(json_object_get(v, "internal_authenticate"), "receipt");

		wr_put(&w, answer);
	}
	what.sid = wr_span(&w);
	assert_true(trust_prove(&set.mac, &what, proof));
	assert_span(SPAN(proof), unit_hex(v, "proof"));
	assert_span(SPAN(proof), c.proof);
}

static void test_talk_aes(void **state)
{
	const json_t *v = trust_case(TRUST_TALK);
	struct trust_verdict due =
	    check_verdict(trust_step(v, "steps", "PRESENT: trusted, renewal due"));

	(void)state;
	check_present(
	    body(unit_hex(trust_step(v, "steps", "PRESENT: trusted, renewal due"), "plain")));
	assert_int_equal(due.result, TRUST_DUE);
	assert_int_equal(due.renew_from, due.expiry - 5 * 86400);
	check_aes(TRUST_TALK, 1, due.expiry, 1);
	assert_int_equal(check_verdict(trust_step(v, "steps", "CONFIRM")).result, TRUST_GRANTED);
	check_aes(TRUST_TALK_256, 2, due.expiry, 1);
	/* An open record's old generation and expiry are zero. */
	check_aes(TRUST_TALK_OPEN, 4, 0, 0);
}

static void test_talk_p256(void **state)
{
	const json_t *v = trust_case(TRUST_TALK_P256);
	struct span receipt = unit_hex(json_object_get(v, "mutual_authenticate"), "receipt");
	struct key random = hex_key(v, "random_R");
	struct trust_renewal got = check_renewal(v);
	struct trust_update u = { 3, 1801392000, 1, 2 };
	struct trust_proof what = { 3, 2, got.expiry, receipt };
	struct trust_confirm c = check_confirm(v);
	uint8_t b[SCRATCH];
	struct wr w = wr_fixed(b, sizeof(b));
	struct trust_host_id h;
	struct ec_private d;
	struct ec_public q;

	(void)state;
	assert_true(trust_update_pair(&random, &u, &d));
	assert_span(span_of(d.b, d.n), unit_hex(v, "new_private"));
	assert_span(span_of(d.b, d.n), got.key);
	assert_true(ec_public_of(&d, &q));
	assert_span(ec_public_span(&q), unit_hex(v, "new_public"));
	assert_true(trust_proven_pair(&q, &what, c.proof));
	assert_true(trust_prove_pair(&d, &what, &w));
	assert_true(trust_proven_pair(&q, &what, wr_span(&w)));
	what.generation++;
	assert_false(trust_proven_pair(&q, &what, wr_span(&w)));
	assert_true(trust_host_id_get(unit_hex(v, "host_id"), &h));
	assert_true(h.version == 0x13 && h.generation == 1 && h.expiry == 1801392000);
	wr_reset(&w);
	trust_host_id_put(&w, &h);
	assert_span(wr_span(&w), unit_hex(v, "host_id"));
	assert_false(trust_host_id_get(span_of(b, TRUST_HOST_ID - 1), &h));
}

static void test_verdicts(void **state)
{
	const json_t *v = trust_case("PRESENT refused: 6300 with a verdict that carries an R-MAC "
				     "(each the first command of a session with sequence counter "
				     "2)");
	static const struct {
		const char *what;
		enum trust_result result;
	} rows[] = {
		{ "another IMEI, kept", TRUST_DIFFERS },
		{ "another IMEI, revoked by the card", TRUST_DIFFERS_REVOKED },
		{ "expired", TRUST_IS_EXPIRED },
		{ "revoked", TRUST_IS_REVOKED },
		{ "uses spent", TRUST_USES_SPENT },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const json_t *step = trust_step(v, "verdicts", rows[i].what);

		check_present(body(unit_hex(step, "plain")));
		assert_int_equal(check_verdict(step).result, rows[i].result);
	}
}

/* Each length and each octet of the answers wrong. */
static void test_talk_form(void **state)
{
	const json_t *v = trust_case(TRUST_TALK);
	struct span renewal = unit_hex(trust_step(v, "steps", "RENEW"), "answer_plain"),
		    verdict = unit_hex(trust_step(v, "steps", "CONFIRM"), "answer_plain"),
		    confirm = body(unit_hex(trust_step(v, "steps", "CONFIRM"), "plain"));
	uint8_t b[SCRATCH];
	struct trust_renewal got;
	struct trust_verdict seen;
	struct trust_confirm c;

	(void)state;
	for (size_t n = 0; n < renewal.n; n++)
		assert_false(trust_renewal_get(span_sub(renewal, 0, n), &got));
	for (size_t n = 0; n < verdict.n; n++)
		assert_false(trust_verdict_get(span_sub(verdict, 0, n), &seen));
	for (size_t n = 0; n < confirm.n; n++)
		assert_false(trust_confirm_get(span_sub(confirm, 0, n), &c));
	/* A key that is not the one of the check value is none. */
	memcpy(b, renewal.p, renewal.n);
	b[20] ^= 0x01;
	assert_false(trust_renewal_get(span_of(b, renewal.n), &got));
	/* No such result. */
	memcpy(b, verdict.p, verdict.n);
	assert_int_equal(b[2], 0x95);
	b[4] = 0x03;
	assert_false(trust_verdict_get(span_of(b, verdict.n), &seen));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_imei),
		cmocka_unit_test(test_versions),
		cmocka_unit_test(test_initialize),
		cmocka_unit_test(test_initialize_others),
		cmocka_unit_test(test_other_orders),
		cmocka_unit_test(test_order_form),
		cmocka_unit_test(test_object_length),
		cmocka_unit_test(test_traits_form),
		cmocka_unit_test(test_traits_fit),
		cmocka_unit_test(test_state),
		cmocka_unit_test(test_state_digests),
		cmocka_unit_test(test_state_form),
		cmocka_unit_test(test_ticket),
		cmocka_unit_test(test_talk_aes),
		cmocka_unit_test(test_talk_p256),
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_talk_form),
	};

	return cmocka_run_group_tests(tests, trust_open_vectors, trust_close_vectors);
}
