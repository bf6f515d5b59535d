/* A struct scp that no session was begun on: nothing is sealed, opened or believed. */
#include "unit.h"

#include "scp/scp.h"

static void nothing_begun(void **state)
{
	uint8_t room[300], out[16];
	struct wr w = wr_fixed(room, sizeof(room));
	struct capdu c = { .cla = 0x84, .ins = 0x82 }, plain;
	struct scp_start a = { .protocol = PROTOCOL_NONE };
	struct rapdu r = { .sw = 0x9000 };
	struct scp s = { 0 };

	(void)state;
	assert_false(scp_begin(&s, &a));
	a.protocol = (enum scp_protocol)4;
	assert_false(scp_begin(&s, &a));
	assert_int_equal(scp_protocol(&s), PROTOCOL_NONE);
	assert_int_equal(scp_mac_size(&s), 0);
	assert_int_equal(scp_level(&s), 0);
	assert_int_equal(scp_max_data(&s), 255);
	assert_false(scp_cryptogram(&s, &a, ROLE_CARD, out));
	assert_false(scp_host_authenticate(&s, &a, 0x01, 0, &w));
	assert_int_equal(scp_card_authenticate(&s, &a, &c), SCP_FAILED);
	assert_false(scp_seal_command(&s, &c, &w));
	assert_int_equal(scp_open_command(&s, &c, &plain, &w), SCP_FAILED);
	assert_false(scp_seal_response(&s, &r, &w));
	assert_int_equal(w.n, 0);
	scp_wipe(&s);
}

static void names_and_limits(void **state)
{
	static const char *const names[] = { "scp01", "SCP02", "Scp03" };
	enum scp_protocol p;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		assert_true(scp_protocol_from(names[i], &p));
		assert_int_equal(p, i + 1);
		assert_int_equal(strcasecmp(scp_protocol_str(p), names[i]), 0);
	}
	assert_false(scp_protocol_from("scp10", &p));
	assert_false(scp_protocol_from("no protocol", &p));
	assert_false(scp_i_valid(PROTOCOL_NONE, 0x70));
	assert_false(scp_level_valid(PROTOCOL_NONE, 0x01, 0x70));
	/* Amendment D 7.1.1: i has no bits below 10 but that of S16. */
	assert_true(scp_i_valid(PROTOCOL_SCP03, 0x70));
	assert_false(scp_i_valid(PROTOCOL_SCP03, 0x15));
	assert_true(scp_level_valid(PROTOCOL_SCP03, 0x33, 0x70));
	assert_false(scp_level_valid(PROTOCOL_SCP03, 0x33, 0x10));
	/* GPCS appendix D: i is 05 or 15. */
	assert_true(scp_i_valid(PROTOCOL_SCP01, 0x05));
	assert_true(scp_i_valid(PROTOCOL_SCP01, 0x15));
	assert_false(scp_i_valid(PROTOCOL_SCP01, 0x70));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_begun),
		cmocka_unit_test(names_and_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
