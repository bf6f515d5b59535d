/* Files of requests and grants: PEM under a label of ours, or the octets themselves. */
#include "party_vectors.h"

#include "crypto/armour.h"
#include "gp/grant.h"

static struct span grant_file(void)
{
	return unit_hex(party_case("grant file (before PEM)"), "file");
}

/* Reads as a grant; the octets in *out. */
static bool reads(struct span file, struct wr *out)
{
	wr_reset(out);
	return armour_get(file, GRANT_PEM, PARTY_FILE_MAX, out);
}

static void test_round_trip(void **state)
{
	uint8_t b1[ARMOUR_TEXT_MAX], b2[ARMOUR_TEXT_MAX];
	struct wr text = wr_fixed(b1, sizeof(b1)), out = wr_fixed(b2, sizeof(b2));
	static const char begin[] = "-----BEGIN CARDADM GRANT-----\n";
	static const char end[] = "\n-----END CARDADM GRANT-----\n";

	(void)state;
	assert_string_equal(
	    GRANT_PEM, unit_str(party_case("grant file (before PEM)"), "pem_label"));
	assert_true(armour_put(&text, GRANT_PEM, grant_file()));
	assert_true(span_starts(wr_span(&text), span_str(begin)));
	assert_span(span_sub(wr_span(&text), text.n - strlen(end), strlen(end)), span_str(end));
	assert_true(reads(wr_span(&text), &out));
	assert_span(wr_span(&out), grant_file());
	assert_true(reads(grant_file(), &out)); /* without PEM */
	assert_span(wr_span(&out), grant_file());
}

/* People write around it; and it may say BEGIN inside. */
static void test_text_around(void **state)
{
	static const char around[] = "Dear ACME, here it is.\n\n";
	uint8_t b1[ARMOUR_TEXT_MAX], b2[ARMOUR_TEXT_MAX], with[64] = { 0x7F, 0x75, 0x80, 0x00 };
	struct wr text = wr_fixed(b1, sizeof(b1)), out = wr_fixed(b2, sizeof(b2));

	(void)state;
	wr_put(&text, span_str(around));
	assert_true(armour_put(&text, GRANT_PEM, grant_file()));
	wr_put(&text, span_str("Yours\n"));
	assert_true(reads(wr_span(&text), &out));
	assert_span(wr_span(&out), grant_file());
	memcpy(with + 4, "-----BEGIN CARDADM GRANT-----\n", 30);
	assert_true(reads(SPAN(with), &out));
	assert_span(wr_span(&out), SPAN(with));
}

static void test_refused(void **state)
{
	static const char *const texts[] = {
		"",
		"hello\n",
		"-----BEGIN CARDADM GRANT-----\n",
		"-----BEGIN CARDADM GRANT-----\nfwA=\n",
		"-----BEGIN CARDADM GRANT-----\nfwA=\n-----END CARDADM REQUEST-----\n",
		"-----BEGIN CARDADM REQUEST-----\nfwA=\n-----END CARDADM REQUEST-----\n",
		"-----BEGIN CARDADM GRANT-----\n!!!!\n-----END CARDADM GRANT-----\n",
		("-----BEGIN CARDADM GRANT-----\nProc-Type: 4,ENCRYPTED\n\nfwA=\n"
		 "-----END CARDADM GRANT-----\n"),
		("-----BEGIN CARDADM GRANT-----\nfwA=\n-----END CARDADM GRANT-----\n"
		 "-----BEGIN CARDADM GRANT-----\nfwA=\n-----END CARDADM GRANT-----\n"),
		("-----BEGIN CARDADM GRANT-----\nfwA=\n-----END CARDADM GRANT-----\n"
		 "-----BEGIN CARDADM REQUEST-----\nfwA=\n-----END CARDADM REQUEST-----\n"),
	};
	uint8_t b[ARMOUR_TEXT_MAX];
	struct wr out = wr_fixed(b, sizeof(b));

	(void)state;
	assert_true(reads(
	    span_str("-----BEGIN CARDADM GRANT-----\nfwA=\n-----END CARDADM GRANT-----\n"), &out));
	assert_span(wr_span(&out), unit_bytes("7F00"));
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (reads(span_str(texts[i]), &out))
			fail_msg("%s", texts[i]);
}

static void test_size(void **state)
{
	static uint8_t octets[PARTY_FILE_MAX + 1] = { 0x7F }, b1[2 * ARMOUR_TEXT_MAX],
					       b2[ARMOUR_TEXT_MAX];
	struct wr text = wr_fixed(b1, sizeof(b1)), out = wr_fixed(b2, sizeof(b2));

	(void)state;
	assert_true(reads(span_of(octets, PARTY_FILE_MAX), &out));
	assert_false(reads(SPAN(octets), &out));
	assert_true(armour_put(&text, GRANT_PEM, span_of(octets, PARTY_FILE_MAX)));
	assert_true(reads(wr_span(&text), &out));
	wr_reset(&text);
	assert_true(armour_put(&text, GRANT_PEM, SPAN(octets)));
	assert_false(reads(wr_span(&text), &out));
	wr_reset(&text);
	wr_fill(&text, '\n', ARMOUR_TEXT_MAX);
	assert_true(armour_put(&text, GRANT_PEM, grant_file()));
	assert_false(reads(wr_span(&text), &out));
	text = wr_fixed(b1, 100);
	assert_false(armour_put(&text, GRANT_PEM, grant_file()));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_text_around),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_size),
	};

	return cmocka_run_group_tests(tests, party_open_vectors, party_close_vectors);
}
