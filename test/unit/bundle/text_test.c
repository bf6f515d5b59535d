/* Names and dates of bundles, files of bundles, and a signer that is none. */
#include <unistd.h>

#include "base/file.h"
#include "bundle_house.h"

static void texts(void **state)
{
	static const struct {
		const char *text;
		bool ok;
	} row[] = {
		{ "a", true },
		{ "", false },
		{ "12345678", true },
		{ "123456789", false },
		{ "\xC3\xA4", true },
		{ "\xC3(", false },
		{ "\xC3", false },
		{ "\xC3\xC3", false },
		{ "\xE2\x82\xAC", true },
		{ "\xE2\x82(", false },
		{ "\xE2(\xAC", false },
		{ "\xC0\x80", false },
		{ "\xED\xA0\x80", false },
		{ "\xF4\x90\x80\x80", false },
		{ "\x1F", false },
		{ " ", true },
		{ "\x7F", false },
		{ "\xC2\x9F", false },
		{ "\xC2\xA0", true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++)
		assert_int_equal(bundle_text_ok(span_str(row[i].text), 8), row[i].ok);
}

static void dates(void **state)
{
	static const struct {
		uint32_t date;
		bool ok;
	} row[] = {
		{ 19700101, true },
		{ 19691231, false },
		{ 99991231, true },
		{ 100000101, false },
		{ 20260001, false },
		{ 20260015, false },
		{ 20260101, true },
		{ 20261231, true },
		{ 20261301, false },
		{ 20260100, false },
		{ 20260132, false },
		{ 20260431, false },
		{ 20260228, true },
		{ 20260229, false },
		{ 20280229, true },
		{ 20280230, false },
		{ 21000229, false },
		{ 20000229, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++)
		assert_int_equal(bundle_date_ok(row[i].date), row[i].ok);
}

static void files(void **state)
{
	struct bundle_plan p = small_plan(VARIANT_PLAIN);
	struct bundle_trust trust = trust_of(p.signer_n, 1);
	char path[64];
	struct bundle b;
	struct err e = { 0 };
	struct wr out;

	(void)state;
	p.kek_name = "k"; /* one character is a name */
	build_small(&p, &out);
	snprintf(path, sizeof(path), "/tmp/text_test.%d", (int)getpid());
	assert_ok(file_write(path, wr_span(&out), 0600, &e), &e);
	assert_ok(bundle_read(path, &b, &e), &e);
	assert_ok(bundle_open(&b, &trust, 0, &e), &e);
	assert_span(b.package[0].kek_name, span_str("k"));
	bundle_free(&b);
	assert_ok(file_write(path, span_sub(wr_span(&out), 0, out.n - 1), 0600, &e), &e);
	assert_int_equal(bundle_read(path, &b, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	assert_non_null(strstr(e.text, path));
	unlink(path);
	assert_int_equal(bundle_read(path, &b, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	assert_non_null(strstr(e.text, "cannot open"));
	wr_free(&out);
}

/* A signer whose key is no key: there is no bundle, not one with half a signature. */
static void signer_that_is_none(void **state)
{
	struct bundle_plan p = small_plan(VARIANT_A);
	struct key stub = { .n = 16 };
	struct err e = { 0 };
	struct wr out;

	(void)state;
	p.signer[0] = &stub;
	assert_int_equal(bundle_build(&p, &out, &e), -1);
	assert_int_equal(out.n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts),
		cmocka_unit_test(dates),
		cmocka_unit_test(files),
		cmocka_unit_test(signer_that_is_none),
	};

	return cmocka_run_group_tests(tests, bundle_house, NULL);
}
