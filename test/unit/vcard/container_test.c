/*
 * Containers on the virtual card against the octets of test/vectors/containers.json, which an
 * independent model made: placing, the orders, the claim, sessions of parties, FF73. And the whole
 * course of a grant, once from its making to the revocation.
 */
#include "container_rig.h"

#include "scp_start.h"
#include "vcard/containers/containers.h"

enum { TIME = 1798800000 };

#define PLACE "place: order, session, wire"

static void assert_played(struct rig *r, struct span command, struct span answer)
{
	rig_raw(r, command);
	assert_span(span_of(r->answer, r->answer_n), answer);
}

/* INITIALIZE UPDATE and EXTERNAL AUTHENTICATE as they stand there. */
static void play_session(struct rig *r, const json_t *session)
{
	assert_played(r, unit_hex(session, "initialize_update"), unit_hex(session, "answer"));
	assert_played(r, unit_hex(session, "external_authenticate"), unit_bytes("9000"));
}

static void receipt_key(struct rig *r)
{
	struct card_keys k = { .version = KVN_PLACE_RECEIPT, .type = KEY_TYPE_AES, .tries = 10 };

	assert_true(key_from(&k.keys.enc, unit_hex(party_case(PLACE), "receipt_key_71")));
	chip_put_keys(r->v, &k);
	assert_true(chip_commit(r->v));
}

static void play_place(struct rig *r)
{
	const json_t *wrapped = json_object_get(party_case(PLACE), "wrapped");
	const json_t *answers = json_object_get(party_case(PLACE), "answers");

	play_session(r, json_object_get(party_case(PLACE), "session"));
	for (size_t i = 0; i < json_array_size(wrapped); i++)
		assert_played(r, unit_bytes(json_string_value(json_array_get(wrapped, i))),
		    unit_bytes(json_string_value(json_array_get(answers, i))));
}

/* The container as it is when ACME has claimed it with the grant of D3. */
static struct card_container claimed(const struct rig *r, uint8_t version)
{
	struct card_container k = *box(r, BOX);

	k.party[0] = k.grant[0].party;
	k.party[0].set[0] = version;
	k.party[0].set_n = 1;
	k.party_n = 1;
	k.grant_n = 0;
	k.stage = STAGE_CLAIMED;
	return k;
}

static void put_box(struct rig *r, const struct card_container *k)
{
	chip_put_container(r->v, k);
	assert_true(chip_commit(r->v));
}

static void test_place_and_orders(void **state)
{
	const json_t *orders = json_object_get(
	    party_case("orders of the operator in the same session, one after the other"),
	    "orders");
	struct card_container granted, owned;
	struct rig r;

	(void)state;
	box_on(&r, 0x70);
	receipt_key(&r);
	play_place(&r);
	assert_int_equal(r.v->chip.containers.time, TIME);
	assert_int_equal(r.v->chip.content.receipts, 1);
	granted = *box(&r, BOX);
	assert_int_equal(granted.stage, STAGE_GRANTED);
	assert_int_equal(granted.grant_n, 1);
	owned = claimed(&r, 0x30);
	for (size_t i = 0; i < json_array_size(orders); i++) {
		const json_t *o = json_array_get(orders, i);

		/* They stand one after the other on the wire; what each is about was there. */
		put_box(&r, i == 1 || i == 2 ? &owned : &granted);
		assert_played(&r, unit_hex(o, "wrapped"), unit_hex(o, "answer"));
		if (i == 0)
			assert_true(r.v->chip.containers.issuer[0].serial == 0x1A2CE8D5AA0);
		if (i == 2)
			assert_int_equal(box(&r, BOX)->stage, STAGE_SEALED);
		if (i == 1 || i == 3)
			assert_null(box(&r, BOX));
	}
	assert_lasting(&r);
	rig_off(&r);
}

/* The claim as the party of the cases makes it; only the card's ephemeral key is its own. */
static void claim_of_cases(struct rig *r)
{
	const json_t *c = party_claim_s(), *pso = json_object_get(c, "pso");
	const json_t *ma = json_object_get(c, "mutual_authenticate");
	struct scp11_terms t = { .variant = SCP11A, .usage = 0x3C, .key_n = 16 };
	struct ec_private oce, eph;
	struct ec_public theirs, card = party_point("card");
	const struct scp11_host_side side = { &eph, &oce, &theirs, &card };
	struct span command = unit_hex(ma, "command"), answer;
	struct scp11_answer a;
	struct scp11_keys keys;
	uint8_t receipt[SCP11_RECEIPT];

	assert_true(ec_private_from(&oce, EC_P256, unit_hex(c, "oce_private")));
	assert_true(ec_private_from(&eph, EC_P256, unit_hex(c, "oce_ephemeral")));
	assert_int_equal(select_aid(r, BOX), SW_OK);
	for (size_t i = 0; i < json_array_size(pso); i++)
		assert_int_equal(rig_hex(r, json_string_value(json_array_get(pso, i))), SW_OK);
	assert_int_equal(rig_raw(r, command), SW_OK);
	assert_true(scp11_answer_get(rig_answer(r), &a));
	assert_true(ec_public_from(&theirs, EC_P256, a.key));
	assert_true(scp11_host_agree(&t, &side, &keys));
	assert_true(
	    scp11_receipt_ok(&keys, span_sub(command, 5, command.p[4]), a.key_tlv, a.receipt));
	memcpy(receipt, a.receipt.p, sizeof(receipt));
	assert_true(scp11_begin(&r->host, &t, &keys, receipt, 8));
	/* The access keys, under the data encryption key of this session. */
	{
		const json_t *access = json_object_get(
		    party_case("claim: PUT KEY of the access keys in that session"), "access");
		struct put_key put = { .version = 0x30, .n = 3 };
		uint8_t room[256];
		struct wr w = wr_fixed(room, sizeof(room));

		assert_true(key_from(&put.key[0], unit_hex(access, "enc")));
		assert_true(key_from(&put.key[1], unit_hex(access, "mac")));
		assert_true(key_from(&put.key[2], unit_hex(access, "dek")));
		assert_true(put_key_put(&w, &put, &keys.dek));
		assert_int_equal(say(r, INS_PUT_KEY, 0x0081, wr_span(&w), &answer), SW_OK);
		assert_span(answer,
		    unit_hex(party_case("claim: PUT KEY of the access keys in that session"),
			"answer_plain"));
	}
}

/* Steps of a session of the cases: `from` up to `n`. */
static void play_steps(struct rig *r, const char *name, size_t from, size_t n)
{
	const json_t *steps = json_object_get(party_case(name), "steps");

	for (size_t i = from; i < n && i < json_array_size(steps); i++) {
		const json_t *s = json_array_get(steps, i);

		assert_played(r, unit_hex(s, "wrapped"), unit_hex(s, "answer"));
	}
}

#define PARTY_SESSION "session of the party with its access keys"
#define ADMIT "admit: the owner places a grant for a second party"

static void test_claim_and_use(void **state)
{
	struct card_container owned;
	struct card_keys keys;
	struct aid aid = aid_of(BOX);
	const json_t *wrapped;
	struct rig r;

	(void)state;
	box_on(&r, 0x70);
	receipt_key(&r);
	play_place(&r);
	claim_of_cases(&r);
	owned = *box(&r, BOX);
	assert_int_equal(owned.stage, STAGE_CLAIMED);
	assert_int_equal(owned.grant_n, 0);
	assert_int_equal(chip_app(r.v, &aid)->state, DOMAIN_PERSONALIZED);
	/* it goes on in the same session */
	assert_int_equal(object_put(&r, 0x11, unit_bytes("CAFE")), SW_OK);
	assert_int_equal(object_get_is(&r, 0x11, unit_bytes("CAFE")), SW_OK);
	assert_int_equal(object_put(&r, 0x11, span_of(NULL, 0)), SW_OK);
	/* and in one with the access keys, octet by octet */
	assert_int_equal(select_aid(&r, BOX), SW_OK);
	play_session(&r, json_object_get(party_case(PARTY_SESSION), "session"));
	play_steps(&r, PARTY_SESSION, 0, 3);
	keys = *chip_keys(r.v, &aid, 0x30);
	play_steps(&r, PARTY_SESSION, 3, 4); /* to leave */
	assert_null(box(&r, BOX));
	assert_int_equal(chip_keys_count(r.v, &aid), 0);
	assert_int_equal(r.v->channel[0].session, CHANNEL_IDLE);
	/* as if it had not left: a second party is admitted */
	chip_put_keys(r.v, &keys);
	put_box(&r, &owned);
	assert_int_equal(select_aid(&r, BOX), SW_OK);
	play_session(&r, json_object_get(party_case(ADMIT), "session"));
	wrapped = json_object_get(party_case(ADMIT), "wrapped");
	for (size_t i = 0; i < json_array_size(wrapped); i++)
		assert_int_equal(rig_hex(&r, json_string_value(json_array_get(wrapped, i))), SW_OK);
	assert_span(span_of(r.answer, r.answer_n), unit_hex(party_case(ADMIT), "answer"));
	assert_int_equal(box(&r, BOX)->grant_n, 1);
	rig_off(&r);
}

/* AES-256, S16. */
static void test_wide_session(void **state)
{
	const json_t *c = party_case("session of a party, AES-256, S16: object, key change");
	const json_t *access = json_object_get(c, "access");
	struct card_keys k = {
		.domain = aid_of(BOX), .version = 0x31, .type = KEY_TYPE_AES, .tries = 10
	};
	struct card_container owned = { .aid = aid_of(BOX), .stage = STAGE_CLAIMED };
	struct rig r;

	(void)state;
	box_on(&r, 0x71);
	owned.party_n = 1;
	owned.party[0] = (struct card_party){
		.id = "ACME", .id_n = 4, .rights = 0x0F, .set = { 0x31 }, .set_n = 1
	};
	assert_true(key_from(&k.keys.enc, unit_hex(access, "enc")));
	assert_true(key_from(&k.keys.mac, unit_hex(access, "mac")));
	assert_true(key_from(&k.keys.dek, unit_hex(access, "dek")));
	chip_put_keys(r.v, &k);
	put_box(&r, &owned);
	assert_int_equal(select_aid(&r, BOX), SW_OK);
	play_session(&r, json_object_get(c, "session"));
	play_steps(&r, "session of a party, AES-256, S16: object, key change", 0, 2);
	assert_int_equal(box(&r, BOX)->party[0].set_n, 2);
	assert_lasting(&r);
	rig_off(&r);
}

/* Form M with a domain key: the receipt is of him alone who has it, too. */
static void test_domain_key(void **state)
{
	const json_t *dk = party_case("domain key for one card");
	struct ec_private bank = party_scalar("bank");
	struct rig_claim c = { .grant = unit_hex(party_d0(), "grant"),
		.party = &bank,
		.id = "BANK",
		.agreement = true,
		.kid = 0x02,
		.container = BOX2 };
	struct container_order o = { .kind = ORDER_PLACE, .has_time = true, .time = TIME };
	struct aid aid = aid_of(BOX2);
	uint8_t grant[512], blob[256];
	struct card_app a;
	struct key key;
	struct rig r;

	(void)state;
	box_on(&r, 0x70);
	assert_true(key_from(&key, unit_hex(dk, "dk")));
	memcpy(grant, c.grant.p, c.grant.n);
	c.grant.p = o.grant.whole.p = grant;
	o.grant.whole.n = c.grant.n;
	o.domain_key.whole = unit_hex(dk, "blob");
	memcpy(blob, o.domain_key.whole.p, o.domain_key.whole.n);
	o.domain_key.whole.p = blob;
	as_operator(&r);
	assert_int_equal(order_put(&r, &o, NULL), SW_NO_MEMORY); /* no RAM is reserved */
	a = *chip_app(r.v, &aid);
	a.reserved_volatile = 0x200;
	chip_put_app(r.v, &a);
	assert_true(chip_commit(r.v));
	assert_int_equal(order_put(&r, &o, NULL), SW_OK);
	assert_int_equal(rig_claim_open(&r, &c), SW_OK);
	assert_false(c.receipt_ok);
	c.dk = &key;
	assert_int_equal(rig_claim_open(&r, &c), SW_OK);
	assert_true(c.receipt_ok);
	assert_int_equal(put_access(&r, 0, 0x3F, 1, &c.dek), SW_OK);
	assert_int_equal(box(&r, BOX2)->grant_n, 0);
	assert_int_equal(box(&r, BOX2)->party[0].prefix_n, 5);
	/* spent: the key is gone from the memory that is in use */
	assert_null(memmem(&r.v->chip.containers, sizeof(r.v->chip.containers), key.b, key.n));
	rig_off(&r);
}

/* FF73 of two containers, as the operator reads it and as the party does. */
static void test_state(void **state)
{
	struct card_load_file f = { .aid = aid_of(PACKAGE), .domain = aid_of(BOX) };
	struct container_order o = { 0 };
	struct card_container owned;
	struct card_app a;
	struct aid aid = aid_of(BOX2);
	uint8_t grant[512], blob[256];
	struct rig r;

	(void)state;
	box_on(&r, 0x70);
	receipt_key(&r);
	play_place(&r);
	claim_of_cases(&r);
	assert_int_equal(object_put(&r, 0x05, span_str("hello")), SW_OK);
	/* what the case has besides */
	f.data = wr_grow(1 << 16);
	wr_fill(&f.data, 0, 0x929 - HELD_APP_OVERHEAD - 15 - HELD_FILE_OVERHEAD);
	chip_put_load_file(r.v, &f);
	wr_free(&f.data);
	a = *chip_app(r.v, &aid);
	a.reserved_volatile = 0x200;
	chip_put_app(r.v, &a);
	assert_true(chip_commit(r.v));
	assert_span(state_get(&r), unit_hex(party_case("FF73 as the party reads it"), "answer"));
	as_operator(&r);
	o.kind = ORDER_PLACE;
	o.grant.whole = unit_hex(party_d0(), "grant");
	memcpy(grant, o.grant.whole.p, o.grant.whole.n);
	o.grant.whole.p = grant;
	o.domain_key.whole = unit_hex(party_case("domain key for one card"), "blob");
	memcpy(blob, o.domain_key.whole.p, o.domain_key.whole.n);
	o.domain_key.whole.p = blob;
	assert_int_equal(order_put(&r, &o, NULL), SW_OK);
	assert_int_equal(
	    order_put(&r, &(struct container_order){ .kind = ORDER_CLOSE }, NULL), SW_OK);
	a.reserved_volatile = 0;
	chip_put_app(r.v, &a);
	assert_true(chip_commit(r.v));
	assert_span(state_get(&r), unit_hex(party_case("FF73 as the operator reads it"), "answer"));
	owned = *box(&r, BOX);
	assert_int_equal(owned.party_n, 1);
	rig_off(&r);
}

/* place, refused: the cases' own. */
static void test_refused(void **state)
{
	const json_t *all = json_object_get(
	    party_case("place, refused (empty container with quota 20000, last serial of the "
		       "operator 1798761600000, card time 1798800000)"),
	    "refusals");
	struct ec_public operator= party_point("operator");
	struct card_issuer i = { .serial = 1798761600000 };
	struct wr before;
	struct rig r;

	(void)state;
	box_on(&r, 0x70);
	assert_true(party_point_digest(&operator, i.digest));
	chip_put_issuer(r.v, &i);
	chip_put_time(r.v, TIME);
	assert_true(chip_commit(r.v));
	as_operator(&r);
	before = card_file(&r);
	assert_int_equal(json_array_size(all), 8);
	for (size_t n = 0; n < json_array_size(all); n++) {
		const json_t *one = json_array_get(all, n);
		struct container_order o = { .kind = ORDER_PLACE };
		uint8_t grant[512];

		o.grant.whole = unit_hex(one, "grant");
		memcpy(grant, o.grant.whole.p, o.grant.whole.n);
		o.grant.whole.p = grant;
		assert_int_equal(order_put(&r, &o, NULL), strtol(unit_str(one, "sw"), NULL, 16));
		assert_untouched(&r, &before);
	}
	wr_free(&before);
	rig_off(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_place_and_orders),
		cmocka_unit_test(test_claim_and_use),
		cmocka_unit_test(test_wide_session),
		cmocka_unit_test(test_domain_key),
		cmocka_unit_test(test_state),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, party_open_vectors, party_close_vectors);
}
