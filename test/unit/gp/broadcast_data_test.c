/* FF70 to FF72 (broadcast.md 6), written out by hand from the specification; version texts. */
#include "unit.h"

#include "gp/broadcast.h"

#define CAMPAIGN "0123456789ABCDEF0123456789ABCDEF"
#define DIGEST "1783F1F6842889FF855D25B6D45D33DD7401FFA94EB93704F6A374C264CDE486"
#define SYSTEM_FIRST \
	"8008504C41542D413031 930400030002 9120" DIGEST " 920400000258 9408A000000151000001"

static void system_data(void **state)
{
	struct span fresh = unit_bytes("FF7042" SYSTEM_FIRST);
	struct span after = unit_bytes("FF705A" SYSTEM_FIRST "8510" CAMPAIGN "860400000001");
	struct system_data s;
	struct wr w = wr_grow(1000);

	(void)state;
	assert_true(system_data_get(fresh, &s));
	assert_false(s.has_campaign);
	assert_int_equal(s.version, 0x00030002);
	assert_int_equal(s.length, 600);
	assert_memory_equal(s.platform, "PLAT-A01", 8);
	assert_span(SPAN(s.digest), unit_bytes(DIGEST));
	assert_span(aid_span(&s.target), unit_bytes("A000000151000001"));
	system_data_put(&w, &s);
	assert_span(wr_span(&w), fresh);
	assert_true(system_data_get(after, &s));
	assert_true(s.has_campaign);
	assert_span(SPAN(s.campaign), unit_bytes(CAMPAIGN));
	assert_int_equal(s.package, 1);
	wr_reset(&w);
	system_data_put(&w, &s);
	assert_span(wr_span(&w), after);
	for (size_t n = 0; n < after.n; n++)
		assert_false(system_data_get(span_sub(after, 0, n), &s));
	/* Campaign without package, an AID of four octets. */
	assert_false(system_data_get(unit_bytes("FF7054" SYSTEM_FIRST "8510" CAMPAIGN), &s));
	assert_false(
	    system_data_get(unit_bytes("FF703E 8008504C41542D413031 930400030002 9120" DIGEST
				       " 920400000258 9404A0000001"),
		&s));
	wr_free(&w);
}

static void slot_data(void **state)
{
	struct span empty = unit_bytes("FF7108 A006 8C0100 810100");
	struct span full =
	    unit_bytes("FF7138 A036 8C0100 810101 8510" CAMPAIGN
		       " 860400000001 870400000003 880400000002 920400000258 8A04000001D6");
	struct span made =
	    unit_bytes("FF715D A05B 8C0100 810101 8510" CAMPAIGN
		       " 860400000001 870400000003 880400000002 920400000258 8D0101 9B20" DIGEST
		       " 8A04000001D6");
	struct slot_data s;
	struct wr w = wr_grow(1000);

	(void)state;
	assert_true(slot_data_get(empty, &s));
	assert_int_equal(s.state, SLOT_EMPTY);
	slot_data_put(&w, &s);
	assert_span(wr_span(&w), empty);
	assert_true(slot_data_get(full, &s));
	assert_int_equal(s.state, SLOT_RECEIVING);
	assert_int_equal(s.package, 1);
	assert_int_equal(s.total, 3);
	assert_int_equal(s.done, 2);
	assert_int_equal(s.length, 600);
	assert_int_equal(s.received, 470);
	assert_span(SPAN(s.campaign), unit_bytes(CAMPAIGN));
	wr_reset(&w);
	slot_data_put(&w, &s);
	assert_span(wr_span(&w), full);
	assert_false(s.has_base);
	for (size_t n = 0; n < full.n; n++)
		assert_false(slot_data_get(span_sub(full, 0, n), &s));
	/* of another kind of payload, which cards of a later day have */
	assert_true(slot_data_get(made, &s));
	assert_true(s.has_base);
	assert_int_equal(s.kind, 1);
	assert_span(SPAN(s.base), unit_bytes(DIGEST));
	wr_reset(&w);
	slot_data_put(&w, &s);
	assert_span(wr_span(&w), made);
	assert_false(slot_data_get(unit_bytes("FF713B A039 8C0100 810101 8510" CAMPAIGN
					      " 860400000001 870400000003 880400000002 "
					      "920400000258 8D0101 8A04000001D6"),
	    &s));
	assert_false(slot_data_get(unit_bytes("FF7100"), &s));
	assert_false(
	    slot_data_get(unit_bytes("FF7108 A006 8C0100 810101"), &s)); /* nothing but state */
	wr_free(&w);
}

/* Each of the fields of a slot in which something is must be there. */
static void slot_data_parts(void **state)
{
	static const char *const part[] = { "8510" CAMPAIGN, "860400000001", "870400000003",
		"880400000002", "920400000258", "8A04000001D6" };
	enum { PARTS = sizeof(part) / sizeof(part[0]) };
	struct slot_data s;

	(void)state;
	for (size_t left_out = 0; left_out <= PARTS; left_out++) {
		char all[200] = "8C0100810101", data[220];

		for (size_t i = 0; i < PARTS; i++)
			if (i != left_out)
				strcat(all, part[i]);
		snprintf(data, sizeof(data), "FF71%02zXA0%02zX%s", strlen(all) / 2 + 2,
		    strlen(all) / 2, all);
		assert_int_equal(slot_data_get(unit_bytes(data), &s), left_out == PARTS);
	}
}

static void policy_data(void **state)
{
	struct span with = unit_bytes("FF722F 900105 84020001 9B20" DIGEST " 8B0401020304");
	struct span without = unit_bytes("FF722A 9003010205 840101 9B20" DIGEST);
	struct span kinds = unit_bytes("FF7230 900105 84020001 9B20" DIGEST " 8B0102 8D020102");
	struct span only = unit_bytes("FF722C 900105 84020001 9B20" DIGEST " 8D0101");
	struct policy_data p;
	struct wr w = wr_grow(1000);

	(void)state;
	assert_true(policy_data_get(kinds, &p));
	assert_int_equal(p.kos_n, 1);
	assert_int_equal(p.kinds_n, 2);
	policy_data_put(&w, &p);
	assert_span(wr_span(&w), kinds);
	assert_true(policy_data_get(only, &p));
	assert_int_equal(p.kos_n, 0);
	assert_int_equal(p.kinds_n, 1);
	wr_reset(&w);
	assert_true(policy_data_get(with, &p));
	assert_int_equal(p.kinds_n, 0);
	assert_int_equal(p.algorithm_n, 1);
	assert_int_equal(p.algorithms[0], ALG_ISSUER);
	assert_int_equal(p.form_n, 2);
	assert_span(SPAN(p.issuer_digest), unit_bytes(DIGEST));
	assert_int_equal(p.kos_n, 4);
	assert_int_equal(p.kos_versions[3], 4);
	policy_data_put(&w, &p);
	assert_span(wr_span(&w), with);
	assert_true(policy_data_get(without, &p));
	assert_int_equal(p.kos_n, 0);
	wr_reset(&w);
	policy_data_put(&w, &p);
	assert_span(wr_span(&w), without);
	for (size_t n = 0; n < with.n; n++)
		assert_false(policy_data_get(span_sub(with, 0, n), &p));
	/* More than there is room for. */
	assert_false(policy_data_get(
	    unit_bytes("FF7230 900105 84020001 9B20" DIGEST " 8B050102030405"), &p));
	assert_false(policy_data_get(unit_bytes("FF722A 900105 8403000102 9B20" DIGEST), &p));
	assert_false(policy_data_get(
	    unit_bytes("FF7230 900105 84020001 9B20" DIGEST " 8D050102030405"), &p));
	wr_free(&w);
}

static void names(void **state)
{
	(void)state;
	assert_string_equal(slot_state_str(SLOT_EMPTY), "empty");
	assert_string_equal(slot_state_str(0x0F), "rejected");
	assert_string_equal(slot_state_str(0x04), "unknown");
	assert_string_equal(authorize_result_str(RESULT_ALREADY), "already active");
	assert_string_equal(authorize_result_str(0x99), "unknown result");
	assert_string_equal(slot_state_str(0x01), "receiving");
	assert_string_equal(slot_state_str(0x02), "complete");
	assert_string_equal(slot_state_str(0x03), "verified");
}

/* Each result of broadcast.md section 5 has words of its own: a report must tell them apart. */
static void results(void **state)
{
	static const uint8_t all[] = { 0x00, 0x01, 0x02, 0x03, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15,
		0x16, 0x17 };

	(void)state;
	for (size_t i = 0; i < sizeof(all); i++) {
		assert_null(strstr(authorize_result_str(all[i]), "unknown"));
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(
			    authorize_result_str(all[i]), authorize_result_str(all[k]));
	}
	assert_non_null(strstr(authorize_result_str(0x14), "integrity code"));
	assert_non_null(strstr(authorize_result_str(0x15), "signature"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(system_data),
		cmocka_unit_test(slot_data),
		cmocka_unit_test(slot_data_parts),
		cmocka_unit_test(policy_data),
		cmocka_unit_test(names),
		cmocka_unit_test(results),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
