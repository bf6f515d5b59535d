/* Recorded exchanges as other tools print them: gp -d, gpshell3, opensc-tool, plain lines. */
#include "unit.h"

#include <unistd.h>

#include "card/capture.h"

static char path[64];

static int read_text(const char *text, struct capture *c, struct err *e)
{
	FILE *f;
	int rc;

	snprintf(path, sizeof(path), "/tmp/capture_test.%d", (int)getpid());
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	rc = capture_read(path, c, e);
	unlink(path);
	return rc;
}

static void expect(const char *text, const char *const pairs[], size_t n)
{
	struct capture c;
	struct err e;

	assert_ok(read_text(text, &c, &e), &e);
	assert_int_equal(c.n, n);
	for (size_t i = 0; i < n; i++) {
		struct captured x = capture_at(&c, i);

		assert_span(x.command, unit_bytes(pairs[2 * i]));
		assert_span(x.answer, unit_bytes(pairs[2 * i + 1]));
	}
	capture_free(&c);
}

static void test_gp(void **state)
{
	const char *const pairs[] = { "00A4040000", "6F108408A000000151000000A5049F6501FF9000",
		"8482330010690F2EB8D7BA462998642A9D8B54118B00", "9000" };

	(void)state;
	expect("# comment\nA>> T=1 (4+0000) 00A40400 00 \n"
	       "A<< (0018+2) (43ms) 6F108408A000000151000000A5049F6501FF 9000\n"
	       "A>> T=1 (4+0016) 84823300 10 690F2EB8D7BA462998642A9D8B54118B 00\n"
	       "A<< (0000+2) (42ms) 9000\n"
	       "A>> T=1 (4+0024) 84F21002 18 DC5B5FDE3E8C74292ACE8E148987F8139A26286AD7D2A8A6 00\n",
	    pairs, 2);
}

static void test_gpshell(void **state)
{
	const char *const pairs[] = { "80CA006600", "6A88", "84F2400218B97B9C69DF0C", "4D506A88" };

	(void)state;
	expect("Command --> 80CA006600\nWrapped command --> 80CA006600\nResponse <-- 6A88\n"
	       "Unwrapped response <-- 6A88\nCommand --> 80F24002024F0000\n"
	       "Wrapped command --> 84F2400218B97B9C69DF0C\nResponse <-- 4D506A88\n"
	       "Unwrapped response <-- 6A88\n",
	    pairs, 2);
}

static void test_opensc(void **state)
{
	const char *const pairs[] = { "00A4040000", "6F108408A000000151000000A5049F6501FF9000",
		"80CA00E000", "6A88", "80CA004200", "9000" };

	(void)state;
	expect("Using reader with a card: Virtual PCD 00 00\nSending: 00 A4 04 00 00 \n"
	       "Received (SW1=0x90, SW2=0x00):\n"
	       "6F 10 84 08 A0 00 00 01 51 00 00 00 A5 04 9F 65 o.......Q......e\n"
	       "01 FF                                           ..\n"
	       "Sending: 80 CA 00 E0 00 \nReceived (SW1=0x6A, SW2=0x88)\n"
	       "Sending: 80 CA 00 42 00 \nReceived (SW1=0x90, SW2=0x00)\n",
	    pairs, 3);
}

static void test_plain(void **state)
{
	const char *const pairs[] = { "80CA006600", "01029000" };
	struct capture c;
	struct err e;

	(void)state;
	expect("# cardadm trace 1\n! 3B8001\n< 9000\n> 80CA0066 00\r\n# GET DATA\n< 0102 9000\r\n> "
	       "80500000",
	    pairs, 1);
	assert_ok(read_text("> 0020000004********\n< 9000\n", &c, &e), &e);
	assert_true(capture_at(&c, 0).masked);
	assert_int_equal(capture_at(&c, 0).line, 1);
	capture_free(&c);
}

static void test_bad(void **state)
{
	static const char *const bad[] = { "", "nothing\n", "> 80CA\n< 9000\n", "> 80CA0066zz\n",
		"> 80CA006600\n< 9\n", "> 80CA006600\n< 90\n", "> 80CA006600\n",
		"Sending: 00 A4 04 00\nReceived (SW1=)\n" };
	struct capture c;
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(read_text(bad[i], &c, &e), -1);
		assert_int_equal(e.code, ERR_INPUT);
	}
}

/* Each tool's words of its own, and lines that are no recording. */
static void test_forms(void **state)
{
	const char *const pair[] = { "80CA006600", "6A88" };
	static const char *const good[] = { "Command --> 80CA006600\nResponse <-- 6A88\n",
		"Wrapped command --> 80CA006600\nResponse <-- 6A88\n",
		"Sending: 80CA006600\n< 6A88\n", "> 80CA006600\r\n< 6A88\r\n",
		"\n\n> 80CA006600\n\n< 6A88\n\n",
		"A>> T=1 (4+0000) 80CA0066 00\nA<< (0+2) 6A88\n" };
	static const char *const bad[] = { "> 80CA0066zz\n< 6A88\n", "> 80CA006\n< 6A88\n",
		"> 80CA00\n< 6A88\n", "> 80CA006600\n< zz\n", "A>> zz\nA<< 6A88\n" };

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		expect(good[i], pair, 1);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct capture c;
		struct err e = { 0 };

		assert_int_equal(read_text(bad[i], &c, &e), -1);
		assert_int_equal(e.code, ERR_INPUT);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_gp),
		cmocka_unit_test(test_gpshell),
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_opensc),
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
