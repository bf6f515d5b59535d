/*
 * The trust application (trust.md 4): the ways of SCP11 into it, another card's record, and that it
 * is locked and never deleted. Numbers are those of trust.md 11.
 */
#include "trust_rig.h"

/* trust 49 */
static void test_scp11_ways(void **state)
{
	static const struct {
		uint8_t cla, ins;
		uint16_t p1p2;
	} refused[] = {
		{ 0x80, INS_PERFORM_SECURITY_OPERATION, 0x0110 },
		{ 0x80, INS_PERFORM_SECURITY_OPERATION, 0x7401 },
		{ 0x80, INS_MUTUAL_AUTHENTICATE, 0x0115 },
		{ 0x80, INS_MUTUAL_AUTHENTICATE, 0x0113 },
		{ 0x80, INS_MUTUAL_AUTHENTICATE, 0x0211 },
		{ 0x80, INS_INTERNAL_AUTHENTICATE, 0x0111 },
		{ 0x80, INS_INTERNAL_AUTHENTICATE, 0x0113 }, /* no open record */
	};
	struct phone t;
	struct phone_key k;
	struct rig r;

	(void)state;
	trust_on(&r, 0x70);
	t = initialize(&r, 3, TRUST_P256);
	assert_int_equal(select_aid(&r, TRUST), SW_OK);
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		assert_int_equal(rig_send(&r, refused[i].cla, refused[i].ins, refused[i].p1p2,
				     unit_bytes("A6003000")),
		    SW_REFERENCE_NOT_FOUND);
	for (int i = 0; i < 5; i++) {
		k = t.current;
		k.expiry += i == 0;
		k.generation += i == 1;
		k.version = (uint8_t)(i == 2 ? 0x23 : i == 3 ? 0x11 : i == 4 ? 0x18 : k.version);
		assert_int_equal(phone_open(&r, &t, &k, k.version), SW_REFERENCE_NOT_FOUND);
	}
	/* Who has not the private key can open nothing with the public one. */
	k = t.current;
	k.k.b[5] ^= 0x01;
	assert_int_equal(phone_open(&r, &t, &k, k.version), 1);
	assert_int_equal(rig_hex(&r, "84420003081122334455667788"), SW_SECURITY_STATUS);
	assert_int_equal(terminal_check(&r, &t), TRUST_GRANTED);
	/* A record of AES has no public key, and one of P-256 no set. */
	assert_int_equal(rig_send(&r, 0x80, INS_INITIALIZE_UPDATE, 0x1300, rig_challenge(&r)),
	    SW_REFERENCE_NOT_FOUND);
	t = initialize(&r, 1, TRUST_AES_128);
	t.algorithm = TRUST_P256;
	t.current.k.n = 32;
	assert_int_equal(phone_open(&r, &t, &t.current, 0x11), SW_REFERENCE_NOT_FOUND);
	rig_off(&r);
}

/* trust 49: a session of a terminal has the level 33, and says whose it is. */
static void test_scp11_request(void **state)
{
	static const struct {
		uint8_t pp, usage;
		bool named;
		uint16_t sw;
	} asked[] = { { 0x05, 0x34, true, SW_WRONG_DATA }, { 0x05, 0x14, true, SW_WRONG_DATA },
		{ 0x01, 0x3C, false, SW_REFERENCE_NOT_FOUND }, { 0x05, 0x3C, true, SW_OK } };
	const struct trust_host_id h = { 0x13, 1, TRUST_EXPIRY };
	uint8_t id[TRUST_HOST_ID], room[256];
	struct rig r;

	(void)state;
	trust_on(&r, 0x70);
	(void)initialize(&r, 3, TRUST_P256);
	for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
		struct wr w = wr_fixed(room, sizeof(room)), iw = wr_fixed(id, sizeof(id));
		struct scp11_request q = { .pp = asked[i].pp,
			.usage = asked[i].usage,
			.key_type = SCP11_KEY_TYPE,
			.key_n = 16,
			.has_host_id = asked[i].named,
			.key = ec_public_span(&chip_trust(r.v, 3)->current.point) };

		trust_host_id_put(&iw, &h);
		q.host_id = wr_span(&iw);
		scp11_request_put(&w, &q);
		assert_int_equal(select_aid(&r, TRUST), SW_OK);
		assert_int_equal(
		    rig_send(&r, 0x80, INS_MUTUAL_AUTHENTICATE, 0x0111, wr_span(&w)), asked[i].sw);
	}
	rig_off(&r);
}

/* trust 51: the same record of another card. */
static void test_other_card(void **state)
{
	struct phone t;
	struct rig r;

	(void)state;
	trust_on(&r, 0x70);
	r.v->chip.cin[0] ^= 0x01;
	t = initialize(&r, 1, TRUST_AES_128);
	assert_int_equal(phone_open(&r, &t, &t.current, 0x11), 1); /* it would send nothing */
	rig_off(&r);
}

/* trust 52 */
static void test_application(void **state)
{
	struct scp other = { 0 };
	struct phone t, p;
	struct rig r;

	(void)state;
	trust_on(&r, 0x70);
	t = initialize(&r, 1, TRUST_AES_128);
	p = initialize(&r, 3, TRUST_P256);
	as_operator(&r);
	assert_int_equal(delete_aid(&r, TRUST, DELETE_OBJECT), SW_CONDITIONS);
	assert_int_equal(delete_aid(&r, TRUST, DELETE_RELATED), SW_CONDITIONS);
	assert_int_equal(
	    say_hex(&r, INS_INSTALL, 0x1000, "08" BOX "07" TRUST "00000000"), SW_WRONG_DATA);
	assert_int_not_equal(say_hex(&r, INS_INSTALL, 0x2000, "0000 07" TRUST "000000"), SW_OK);
	open_second(&r);
	assert_int_equal(terminal_check(&r, &t), TRUST_GRANTED);
	turn(&r, &other);
	as_operator(&r);
	assert_int_equal(say_hex(&r, INS_SET_STATUS, 0x4080, TRUST), SW_OK);
	assert_int_equal(say_hex(&r, INS_SET_STATUS, 0x4080, TRUST), SW_CONDITIONS);
	turn(&r, &other);
	assert_int_equal(presented(&r, &t), SW_CONDITIONS); /* selected all the while */
	rig_cycle(&r);
	r.channel = 0;
	assert_int_equal(terminal_check(&r, &t), SW_NOT_FOUND);
	assert_int_equal(terminal_check(&r, &p), SW_NOT_FOUND);
	assert_lasting(&r);
	as_operator(&r);
	assert_int_equal(say_hex(&r, INS_SET_STATUS, 0x4000, TRUST), SW_OK);
	assert_int_equal(say_hex(&r, INS_SET_STATUS, 0x4000, TRUST), SW_CONDITIONS);
	assert_int_equal(terminal_check(&r, &t), TRUST_GRANTED);
	assert_int_equal(terminal_check(&r, &p), TRUST_GRANTED);
	scp_wipe(&other);
	rig_off(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scp11_ways),
		cmocka_unit_test(test_scp11_request),
		cmocka_unit_test(test_other_card),
		cmocka_unit_test(test_application),
	};

	return cmocka_run_group_tests(tests, trust_rig_open, trust_rig_close);
}
