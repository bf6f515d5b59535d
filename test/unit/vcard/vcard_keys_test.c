/* The virtual card: PUT KEY, DELETE, STORE DATA, SET STATUS and what a locked card still does. */
#include "rig.h"

#include "crypto/kdf.h"
#include "gp/put_key.h"

static const struct span none = { NULL, 0 };

static void start(struct rig *r, size_t key_n)
{
	rig_issue(r, key_n, 0x70);
	rig_on(r);
	rig_session(r, 0x30, 0x33);
}

/* ---- PUT KEY ---- */

static void new_keys(struct key_set *k, size_t n, const char *byte)
{
	memset(k, 0, sizeof(*k));
	k->enc.n = k->mac.n = k->dek.n = (uint8_t)n;
	for (size_t i = 0; i < n; i++) {
		k->enc.b[i] = unit_bytes(byte).p[0];
		k->mac.b[i] = (uint8_t)(k->enc.b[i] + 1);
		k->dek.b[i] = (uint8_t)(k->enc.b[i] + 2);
	}
}

static void put_of(struct put_key *p, uint8_t version, const struct key_set *k)
{
	*p = (struct put_key){ .version = version, .n = 3, .key = { k->enc, k->mac, k->dek } };
}

static uint16_t send_put(struct rig *r, uint16_t p1p2, const struct put_key *p,
    const struct key *dek, struct span *answer)
{
	uint8_t room[200];
	struct wr w = wr_fixed(room, sizeof(room));

	assert_true(put_key_put(&w, p, dek));
	return rig_secure(r, 0x80, INS_PUT_KEY, p1p2, wr_span(&w), answer);
}

/* version | KCV 1 | KCV 2 | KCV 3 */
static void assert_confirmed(struct span answer, uint8_t version, const struct key_set *k)
{
	uint8_t want[10] = { version };

	assert_true(key_check_value(&k->enc, want + 1));
	assert_true(key_check_value(&k->mac, want + 4));
	assert_true(key_check_value(&k->dek, want + 7));
	assert_span(answer, SPAN(want));
}

static void add_set(struct rig *r, uint8_t version, const struct key_set *k)
{
	struct put_key p;
	struct span answer;

	put_of(&p, version, k);
	assert_int_equal(send_put(r, 0x0081, &p, &r->keys.dek, &answer), SW_OK);
	assert_confirmed(answer, version, k);
}

static void put_key_adds(void **state)
{
	struct key_set k, old;
	struct rig r;

	(void)state;
	for (size_t n = 16; n <= 32; n += 8) {
		start(&r, 32);
		new_keys(&k, n, "A0");
		add_set(&r, 0x31, &k);
		/* the session goes on; the new set starts its counter at zero */
		assert_int_equal(
		    rig_secure(&r, 0x80, INS_GET_STATUS, 0x8002, unit_bytes("4F00"), NULL), SW_OK);
		old = r.keys;
		r.keys = k;
		rig_session(&r, 0x31, 0x33);
		assert_span(SPAN(r.u.sequence), unit_bytes("000001"));
		rig_cycle(&r);
		rig_session(&r, 0x31, 0x33);
		assert_span(SPAN(r.u.sequence), unit_bytes("000002"));
		r.keys = old;
		rig_session(&r, 0x00, 0x33); /* the first set is still the default */
		assert_int_equal(r.u.key_version, 0x30);
		rig_off(&r);
	}
}

static void put_key_replaces(void **state)
{
	struct key_set k, k24;
	struct put_key p;
	struct span answer;
	struct rig r;

	(void)state;
	start(&r, 16);
	new_keys(&k, 16, "B0");
	new_keys(&k24, 24, "B0");
	put_of(&p, 0x30, &k24); /* another length */
	assert_int_equal(send_put(&r, 0x3081, &p, &r.keys.dek, NULL), SW_WRONG_DATA);
	put_of(&p, 0x30, &k);
	assert_int_equal(send_put(&r, 0x0081, &p, &r.keys.dek, NULL), SW_WRONG_DATA); /* is there */
	assert_int_equal(send_put(&r, 0x3181, &p, &r.keys.dek, NULL), SW_REFERENCE_NOT_FOUND);
	assert_int_equal(send_put(&r, 0x3081, &p, &r.keys.dek, &answer), SW_OK);
	assert_confirmed(answer, 0x30, &k);
	assert_int_equal(rig_initialize(&r, 0x30), 1); /* the old keys are not its keys any more */
	r.keys = k;
	rig_session(&r, 0x30, 0x33);
	assert_span(SPAN(r.u.sequence), unit_bytes("000002")); /* 1 was the attempt above */
	/* under a new version: the old one is gone */
	put_of(&p, 0x33, &k);
	assert_int_equal(send_put(&r, 0x3081, &p, &r.keys.dek, NULL), SW_OK);
	assert_int_equal(rig_initialize(&r, 0x30), SW_REFERENCE_NOT_FOUND);
	rig_session(&r, 0x33, 0x33);
	assert_span(SPAN(r.u.sequence), unit_bytes("000001"));
	rig_off(&r);
}

static void put_key_single(void **state)
{
	struct key_set k;
	struct put_key p = { .version = 0x30, .n = 1 };
	struct rig r;

	(void)state;
	start(&r, 16);
	new_keys(&k, 16, "C0");
	p.key[0] = k.mac;
	assert_int_equal(send_put(&r, 0x3002, &p, &r.keys.dek, NULL), SW_OK);
	r.keys.mac = k.mac;
	rig_session(&r, 0x30, 0x33);
	assert_span(SPAN(r.u.sequence), unit_bytes("000002")); /* not a whole set: goes on */
	p.version = 0x35; /* a set that has one key only cannot open a session */
	assert_int_equal(send_put(&r, 0x0001, &p, &r.keys.dek, NULL), SW_OK);
	assert_int_equal(rig_initialize(&r, 0x35), SW_REFERENCE_NOT_FOUND);
	rig_session(&r, 0x30, 0x33);
	p.n = 2;
	p.key[0] = k.mac;
	p.key[1] = k.dek;
	assert_int_equal(
	    send_put(&r, 0x0002, &p, &r.keys.dek, NULL), SW_WRONG_DATA); /* b8 missing */
	assert_int_equal(send_put(&r, 0x0083, &p, &r.keys.dek, NULL), SW_WRONG_DATA); /* 03, 04 */
	assert_int_equal(send_put(&r, 0x0082, &p, &r.keys.dek, NULL), SW_OK);
	assert_int_equal(send_put(&r, 0x0080, &p, &r.keys.dek, NULL), SW_WRONG_P1P2);
	r.keys = (struct key_set){ p.key[0], k.mac, k.dek };
	rig_session(&r, 0x35, 0x33);
	rig_off(&r);
}

static void put_key_refused(void **state)
{
	struct key other = unit_key("FFEEDDCCBBAA99887766554433221100");
	struct key_set k;
	struct put_key p;
	struct rig r;

	(void)state;
	start(&r, 16);
	new_keys(&k, 16, "D0");
	put_of(&p, 0x31, &k);
	assert_int_equal(send_put(&r, 0x0081, &p, &other, NULL), SW_SECURITY_STATUS); /* KCV */
	assert_int_equal(chip_keys(r.v, &aid_isd, 0x31) == NULL, true);
	p.key[1].n = 24; /* three lengths in one set */
	assert_int_equal(send_put(&r, 0x0081, &p, &r.keys.dek, NULL), SW_WRONG_DATA);
	assert_int_equal(
	    rig_secure(&r, 0x80, INS_PUT_KEY, 0x0081, unit_bytes("31"), NULL), SW_WRONG_DATA);
	assert_int_equal(
	    rig_secure(&r, 0x80, INS_PUT_KEY, 0x0081, unit_bytes("31881110"), NULL), SW_WRONG_DATA);
	for (uint8_t version = 0x31; version < 0x31 + CHIP_KEY_SETS_MAX - 1; version++)
		add_set(&r, version, &k);
	put_of(&p, 0x50, &k);
	assert_int_equal(send_put(&r, 0x0081, &p, &r.keys.dek, NULL), SW_NO_MEMORY);
	assert_int_equal(
	    rig_secure(&r, 0x80, INS_GET_STATUS, 0x8002, unit_bytes("4F00"), NULL), SW_OK);
	rig_off(&r);
}

static void factory_set(void **state)
{
	struct put_key p = { .version = 0x30, .n = 1 };
	struct key_set k;
	struct rig r;

	(void)state;
	rig_issue(&r, 16, 0x70);
	r.issue.key_version = FACTORY_VERSION;
	rig_on(&r);
	rig_session(&r, 0x00, 0x33);
	assert_int_equal(r.u.key_version, FACTORY_VERSION);
	new_keys(&k, 16, "E0");
	p.key[0] = k.enc;
	assert_int_equal(send_put(&r, 0x0001, &p, &r.keys.dek, NULL), SW_OK);
	assert_non_null(
	    chip_keys(r.v, &aid_isd, FACTORY_VERSION)); /* one key does not replace it */
	rig_off(&r);
	rig_issue(&r, 16, 0x70);
	r.issue.key_version = FACTORY_VERSION;
	rig_on(&r);
	rig_session(&r, FACTORY_VERSION, 0x33);
	add_set(&r, 0x01, &k);
	assert_int_equal(rig_initialize(&r, FACTORY_VERSION), SW_REFERENCE_NOT_FOUND);
	r.keys = k;
	rig_session(&r, 0x00, 0x33);
	assert_int_equal(r.u.key_version, 0x01);
	assert_span(SPAN(r.u.sequence), unit_bytes("000001"));
	rig_off(&r);
}

static void delete_keys(void **state)
{
	struct key_set k;
	struct span answer;
	struct rig r;

	(void)state;
	start(&r, 16);
	new_keys(&k, 16, "F0");
	assert_int_equal(
	    rig_secure(&r, 0x80, INS_DELETE, 0x0000, unit_bytes("D20130"), NULL), SW_CONDITIONS);
	add_set(&r, 0x31, &k);
	/* the set of the session stays, the other goes */
	assert_int_equal(
	    rig_secure(&r, 0x80, INS_DELETE, 0x0000, unit_bytes("D20130"), NULL), SW_CONDITIONS);
	assert_int_equal(rig_secure(&r, 0x80, INS_DELETE, 0x0000, unit_bytes("D20132"), NULL),
	    SW_REFERENCE_NOT_FOUND);
	assert_int_equal(rig_secure(&r, 0x80, INS_DELETE, 0x0000, unit_bytes("D00104D20131"), NULL),
	    SW_REFERENCE_NOT_FOUND);
	assert_int_equal(
	    rig_secure(&r, 0x80, INS_DELETE, 0x0000, unit_bytes("D2023131"), NULL), SW_WRONG_DATA);
	assert_int_equal(
	    rig_secure(&r, 0x80, INS_DELETE, 0x0000, unit_bytes("4F08A000000151000000"), NULL),
	    SW_REFERENCE_NOT_FOUND);
	assert_int_equal(
	    rig_secure(&r, 0x80, INS_DELETE, 0x0000, unit_bytes("D00101D20131"), &answer), SW_OK);
	assert_span(answer, unit_bytes("00"));
	assert_int_equal(chip_keys(r.v, &aid_isd, 0x31)->keys.enc.n, 0);
	assert_int_equal(
	    rig_secure(&r, 0x80, INS_DELETE, 0x0000, unit_bytes("D20131"), NULL), SW_OK);
	assert_null(chip_keys(r.v, &aid_isd, 0x31));
	rig_cycle(&r);
	assert_int_equal(rig_initialize(&r, 0x31), SW_REFERENCE_NOT_FOUND);
	rig_off(&r);
}

/* ---- STORE DATA ---- */

static uint16_t store(struct rig *r, uint16_t p1p2, const char *hex)
{
	return rig_secure(r, 0x80, INS_STORE_DATA, p1p2, unit_bytes(hex), NULL);
}

static void store_data(void **state)
{
	struct rig r;

	(void)state;
	start(&r, 16);
	assert_int_equal(store(&r, 0x9000, "4203112233"), SW_OK);
	assert_int_equal(store(&r, 0x1000, "42044455"), SW_OK); /* over two blocks */
	assert_span(SPAN(r.v->chip.iin), unit_bytes("1122330000000000"));
	assert_int_equal(store(&r, 0x9001, "66774502AABB"), SW_OK);
	assert_int_equal(store(&r, 0x8800, "00700645040A0B0C0D"), SW_OK);
	assert_int_equal(store(&r, 0x9001, "4201FF"), SW_WRONG_DATA); /* block 1 is not next */
	assert_int_equal(store(&r, 0x9000, "42094142434445464748494A"), SW_WRONG_DATA);
	assert_int_equal(
	    store(&r, 0x9000, "4201FF6F01AA"), SW_REFERENCE_NOT_FOUND); /* not in part */
	assert_int_equal(store(&r, 0x9000, "4203FF"), SW_WRONG_DATA);
	assert_int_equal(store(&r, 0x8000, "4201FF"), SW_WRONG_P1P2);
	assert_int_equal(store(&r, 0x8800, "0070034201"), SW_WRONG_DATA); /* length runs out */
	assert_int_equal(store(&r, 0x8800, "00710142"), SW_REFERENCE_NOT_FOUND);
	/* nothing of what was refused is written by the next command */
	assert_int_equal(store(&r, 0x9000, "45040A0B0C0D"), SW_OK);
	rig_cycle(&r);
	assert_span(rig_get(&r, TAG_IIN), unit_bytes("420444556677"));
	assert_span(rig_get(&r, TAG_CIN), unit_bytes("45040A0B0C0D"));
	rig_off(&r);
}

static void store_keys(void **state)
{
	static const uint8_t icv[16];
	struct key_set k;
	const struct key *each[] = { &k.enc, &k.mac, &k.dek };
	uint8_t room[220], kcv[3], ct[16];
	struct wr w = wr_fixed(room, sizeof(room));
	struct rig r;

	(void)state;
	start(&r, 16);
	new_keys(&k, 16, "30");
	wr_u16(&w, 0x00B9);
	wr_u8(&w, 3 * 22);
	for (uint8_t n = 1; n <= 3; n++) {
		assert_true(key_check_value(each[n - 1], kcv));
		wr_put(&w, unit_bytes("B914950118800188810110"));
		wr_put(&w, unit_bytes("8201"));
		wr_u8(&w, n);
		wr_put(&w, unit_bytes("8301318403"));
		wr_bytes(&w, kcv, 3);
	}
	for (int n = 0; n < 3; n++) {
		assert_true(aes_cbc_once(&r.keys.dek, ENCRYPT, icv, key_span(each[n]), ct));
		wr_u16(&w, 0x8113);
		wr_lv(&w, SPAN(ct));
	}
	assert_true(wr_ok(&w));
	assert_int_equal(
	    rig_secure(&r, 0x80, INS_STORE_DATA, 0xE800, span_sub(wr_span(&w), 0, w.n - 19), NULL),
	    SW_WRONG_DATA); /* one key is missing */
	room[w.n - 1] ^= 1;
	assert_int_equal(
	    rig_secure(&r, 0x80, INS_STORE_DATA, 0xE800, wr_span(&w), NULL), SW_SECURITY_STATUS);
	room[w.n - 1] ^= 1;
	assert_null(chip_keys(r.v, &aid_isd, 0x31));
	assert_int_equal(rig_secure(&r, 0x80, INS_STORE_DATA, 0xE800, wr_span(&w), NULL), SW_OK);
	r.keys = k;
	rig_session(&r, 0x31, 0x33);
	rig_off(&r);
}

/* ---- life cycle ---- */

static void life_cycle(void **state)
{
	static const uint8_t states[] = { LIFE_OP_READY, LIFE_INITIALIZED, LIFE_SECURED,
		LIFE_LOCKED, LIFE_TERMINATED };
	/* row: from, column: to */
	static const bool allowed[5][5] = { { 0, 1, 0, 0, 1 }, { 0, 0, 1, 0, 1 }, { 0, 0, 0, 1, 1 },
		{ 0, 0, 1, 0, 1 } };
	struct rig r;

	(void)state;
	for (size_t from = 0; from < 4; from++) {
		for (size_t to = 0; to < 5; to++) {
			uint16_t p1p2 = (uint16_t)(0x8000 | states[to]);

			start(&r, 16);
			chip_put_life_cycle(r.v, states[from]);
			assert_true(chip_commit(r.v));
			assert_int_equal(rig_secure(&r, 0x80, INS_SET_STATUS, p1p2, none, NULL),
			    allowed[from][to] ? SW_OK : SW_CONDITIONS);
			assert_int_equal(
			    r.v->chip.life_cycle, allowed[from][to] ? states[to] : states[from]);
			rig_off(&r);
		}
	}
}

static void locked_card(void **state)
{
	struct key_set k;
	struct put_key p;
	struct rig r;

	(void)state;
	start(&r, 16);
	new_keys(&k, 16, "A0");
	put_of(&p, 0x31, &k);
	assert_int_equal(rig_secure(&r, 0x80, INS_SET_STATUS, 0x807F, none, NULL), SW_OK);
	assert_int_equal(send_put(&r, 0x0081, &p, &r.keys.dek, NULL), SW_FUNCTION_NOT_SUPPORTED);
	assert_int_equal(store(&r, 0x9000, "4203112233"), SW_FUNCTION_NOT_SUPPORTED);
	assert_int_equal(rig_secure(&r, 0x80, INS_CHANGE_MODE, 0x0100, unit_bytes("A000"), NULL),
	    SW_FUNCTION_NOT_SUPPORTED);
	rig_cycle(&r);
	assert_int_equal(rig_hex(&r, "00A4040000"), 0x6283);
	assert_span(rig_answer(&r), unit_bytes("6F108408A000000151000000A5049F6501FF"));
	assert_int_equal(rig_hex(&r, "0070000001"), SW_FUNCTION_NOT_SUPPORTED);
	assert_int_equal(rig_hex(&r, "80CA006600"), SW_OK);
	rig_session(&r, 0x30, 0x33);
	assert_int_equal(
	    rig_secure(&r, 0x80, INS_GET_STATUS, 0x8002, unit_bytes("4F00"), NULL), SW_OK);
	assert_int_equal(rig_secure(&r, 0x80, INS_SET_STATUS, 0x800F, none, NULL), SW_OK);
	assert_int_equal(send_put(&r, 0x0081, &p, &r.keys.dek, NULL), SW_OK);
	assert_int_equal(rig_secure(&r, 0x80, INS_SET_STATUS, 0x80FF, none, NULL), SW_OK);
	rig_cycle(&r);
	assert_int_equal(rig_hex(&r, "00A4040000"), SW_FUNCTION_NOT_SUPPORTED);
	assert_int_equal(rig_initialize(&r, 0x30), SW_FUNCTION_NOT_SUPPORTED);
	assert_int_equal(rig_hex(&r, "80CA006600"), SW_OK);
	rig_off(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(put_key_adds),
		cmocka_unit_test(put_key_replaces),
		cmocka_unit_test(put_key_single),
		cmocka_unit_test(put_key_refused),
		cmocka_unit_test(factory_set),
		cmocka_unit_test(delete_keys),
		cmocka_unit_test(store_data),
		cmocka_unit_test(store_keys),
		cmocka_unit_test(life_cycle),
		cmocka_unit_test(locked_card),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
