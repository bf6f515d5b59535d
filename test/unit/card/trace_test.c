/* Traces: what is written, what is hidden, and that a replay takes exactly what was recorded. */
#include "unit.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "card/trace.h"

static int echo_transmit(void *ctx, struct span command, struct wr *rsp, struct err *e)
{
	unsigned *n = ctx;

	(void)command;
	if (++*n == 4)
		return err_set(e, ERR_READER, "card removed");
	wr_put(rsp, unit_bytes(*n == 1 ? "6F049000" : *n == 2 ? "9000" : "6982"));
	return 0;
}
static void echo_close(void *ctx)
{
	*(unsigned *)ctx = 100;
}
static const struct card_ops echo_ops = { .transmit = echo_transmit, .close = echo_close };

static const char *tmp(void)
{
	static char path[64];

	snprintf(path, sizeof(path), "/tmp/trace_test.%d", (int)getpid());
	return path;
}

static void write_file(const char *text)
{
	FILE *f = fopen(tmp(), "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static int send(struct card *c, const char *hex, struct err *e)
{
	struct wr rsp = wr_grow(APDU_MAX_RESPONSE);
	int rc = card_transmit(c, unit_bytes(hex), &rsp, e);

	wr_free(&rsp);
	return rc;
}

static void expect(struct card *c, const char *hex, const char *answer)
{
	struct wr rsp = wr_grow(APDU_MAX_RESPONSE);
	struct err e = { 0 };

	assert_ok(card_transmit(c, unit_bytes(hex), &rsp, &e), &e);
	assert_span(wr_span(&rsp), unit_bytes(answer));
	wr_free(&rsp);
}

static void record(void)
{
	unsigned n = 0;
	struct card c = {
		.ops = &echo_ops, .ctx = &n, .name = "test", .atr = { 0x3B, 0x80 }, .atr_n = 2
	};
	struct err e = { 0 };

	unlink(tmp());
	assert_ok(trace_wrap(&c, tmp(), &e), &e);
	assert_ok(send(&c, "00A4040008A00000015100000000", &e), &e);
	assert_ok(send(&c, "002000810431323334", &e), &e);
	assert_ok(send(&c,
		      "84CA00660811223344556677880000"
		      "0000",
		      &e),
	    &e);
	assert_int_equal(send(&c, "80F28002024F0000", &e), -1);
	card_close(&c);
	assert_int_equal(n, 100);
}

static void test_text(void **state)
{
	static const char head[] = "# cardadm trace 1\n# reader test\n! 3B80\n"
				   "> 00A4040008A00000015100000000\n"
				   "# SELECT A000000151000000\n< 6F049000\n# 9000 ";
	struct wr got = { 0 };
	struct err e = { 0 };
	struct stat st;

	(void)state;
	record();
	assert_ok(file_read(tmp(), 100000, &got, &e), &e);
	wr_u8(&got, 0);
	/* The wording of status words is lib/apdu's: compare without it. */
	assert_non_null(
	    strstr((char *)got.p, "> 0020008104********\n# VERIFY, 4 octets\n< 9000\n"));
	assert_null(strstr((char *)got.p, "31323334"));
	assert_memory_equal(got.p, head, sizeof(head) - 1);
	assert_non_null(strstr((char *)got.p, "\n# no answer: card removed\n"));
	assert_int_equal(stat(tmp(), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	wr_free(&got);
}

static void test_append(void **state)
{
	struct card c = { 0 };
	struct err e = { 0 };
	struct stat a, b;
	unsigned n = 0;

	(void)state;
	record();
	stat(tmp(), &a);
	c.ops = &echo_ops;
	c.ctx = &n;
	assert_ok(trace_wrap(&c, tmp(), &e), &e);
	card_close(&c);
	stat(tmp(), &b);
	assert_true(b.st_size > a.st_size);
}

static void test_round_trip(void **state)
{
	struct card c;
	struct err e = { 0 };

	(void)state;
	record();
	assert_ok(replay_open(tmp(), &c, &e), &e);
	assert_span(span_of(c.atr, c.atr_n), unit_bytes("3B80"));
	assert_false(c.t0);
	expect(&c, "00A4040008A00000015100000000", "6F049000");
	expect(&c, "002000810439393939", "9000"); /* another PIN: hidden octets are wildcards */
	expect(&c, "84CA006608112233445566778800000000", "6982");
	assert_int_equal(send(&c, "80F28002024F0000", &e), -1);
	assert_int_equal(e.code, ERR_READER);
	card_close(&c);
}

static void test_differs(void **state)
{
	static const char trace[] = "> 00A4040008A00000015100000000\n< 9000\n"
				    "> 80CA006600\n< 6A88\n";
	static const char *const bad[] = { "00A4040008A00000015100000100",
		"00A4040008A000000151000000", "00A4040008A0000001510000000000" };
	struct err e = { 0 };
	struct card c;

	(void)state;
	write_file(trace);
	for (size_t i = 0; i < 3; i++) {
		assert_ok(replay_open(tmp(), &c, &e), &e);
		assert_int_equal(send(&c, bad[i], &e), -1);
		assert_int_equal(e.code, ERR_INPUT);
		assert_non_null(strstr(e.text, bad[i]));
		assert_non_null(strstr(e.text, "00A4040008A00000015100000000"));
		assert_non_null(strstr(e.text, ":1:"));
		card_close(&c);
	}
	/* One command too many; and a PIN that came at the wrong place is not shown. */
	assert_ok(replay_open(tmp(), &c, &e), &e);
	expect(&c, "00A4040008A00000015100000000", "9000");
	assert_int_equal(send(&c, "002000810431323334", &e), -1);
	assert_null(strstr(e.text, "31323334"));
	assert_non_null(strstr(e.text, "0020008104********"));
	card_close(&c);
	assert_ok(replay_open(tmp(), &c, &e), &e);
	expect(&c, "00A4040008A00000015100000000", "9000");
	expect(&c, "80CA006600", "6A88");
	assert_int_equal(send(&c, "80CA006600", &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	card_close(&c);
}

static void test_bad_files(void **state)
{
	static const char *const bad[] = { "> 0\n", "> 0G\n", "hello\n", "< 9000\n",
		"> 00\n< 9000\n< 9000\n", "> 00 *\n",
		"! 00112233445566778899001122334455667788990011223344556677889900112233445566\n" };
	struct err e = { 0 };
	struct card c;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		write_file(bad[i]);
		assert_int_equal(replay_open(tmp(), &c, &e), -1);
		assert_int_equal(e.code, ERR_INPUT);
	}
	unlink(tmp());
	assert_int_equal(replay_open(tmp(), &c, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	card_close(&c);
}

static void test_loose_form(void **state)
{
	struct err e = { 0 };
	struct card c;

	(void)state;
	write_file("# comment\r\n\r\n! 3B 00 T=0\r\n> 80 CA 00 66 00\r\n\n# x\n< 6A 88");
	assert_ok(replay_open(tmp(), &c, &e), &e);
	assert_true(c.t0);
	assert_int_equal(c.atr_n, 2);
	expect(&c, "80CA006600", "6A88");
	card_close(&c);
}

static void test_challenge(void **state)
{
	uint8_t hc[8], hc16[16];
	struct card c, other = { .ops = &echo_ops };
	struct err e = { 0 };

	(void)state;
	write_file("> 80CA006600\n< 6A88\n> 80500000080102030405060708"
		   "00\n< 6A88\n"
		   "> 8050000010010203040506070801020304050607080"
		   "0\n< 6A88\n");
	assert_ok(replay_open(tmp(), &c, &e), &e);
	assert_true(replay_host_challenge(&c, hc, 8));
	assert_span(SPAN(hc), unit_bytes("0102030405060708"));
	assert_false(replay_host_challenge(&c, hc16, 16)); /* the next one has 8 octets */
	expect(&c, "80CA006600", "6A88");
	expect(&c, "8050000008010203040506070800", "6A88");
	assert_true(replay_host_challenge(&c, hc16, 16));
	/* Through a tracer too. */
	assert_ok(trace_wrap(&c, "/dev/null", &e), &e);
	assert_true(replay_host_challenge(&c, hc16, 16));
	card_close(&c);
	assert_false(replay_host_challenge(&other, hc, 8));
}

static void test_full(void **state)
{
	unsigned n = 0;
	struct card c = { .ops = &echo_ops, .ctx = &n };
	struct err e = { 0 };

	(void)state;
	assert_int_equal(trace_wrap(&c, "/dev/full", &e), -1);
	assert_int_equal(e.code, ERR_OTHER);
	assert_ptr_equal(c.ops, &echo_ops);
	assert_int_equal(trace_wrap(&c, "/nonexistent/x", &e), -1);
	assert_int_equal(e.code, ERR_OTHER);
}

static void test_describe(void **state)
{
	static const struct {
		const char *apdu, *what;
	} cases[] = {
		{ "00A4040000", "SELECT" },
		{ "80CA006600", "GET DATA 0066" },
		{ "8050300008010203040506070800", "INITIALIZE UPDATE key version 30, 8 octets" },
		{ "848233000100", "EXTERNAL AUTHENTICATE level 33, 1 octet, protected" },
		{ "808201110100", "MUTUAL AUTHENTICATE key 11 version 01, 1 octet" },
		{ "845A01000201020"
		  "0",
		    "CHANGE MODE enter, 2 octets, protected" },
		{ "845A00010101", "CHANGE MODE return, 1 octet, protected" },
		{ "845E00000101", "WRITE STAGE, 1 octet, protected" },
		{ "845C01000101", "AUTHORIZE ACTION verify, 1 octet, protected" },
		{ "80E60200", "INSTALL for load" },
		{ "80E602001A07D0D1D2D3D4D50108A0000001510000000006EF04C60205E80000",
		    "INSTALL for load of D0D1D2D3D4D501 in A000000151000000, 26 octets" },
		{ "80E60C001C05A00000000307A000000003101007A0000000031010010002C9000000",
		    "INSTALL for install and make selectable of A0000000031010 from A000000003, "
		    "28 octets" },
		{ "80E610001308A0000001510000000005A0000000030000"
		  "0000",
		    "INSTALL for extradition of A000000003 to A000000151000000, 19 octets" },
		{ "80E620000B000005A00000000300000000",
		    "INSTALL for personalization of A000000003, 11 octets" },
		{ "80E68C0005010203040500",
		    "INSTALL for install and make selectable, more follows, 5 octets" },
		{ "84E60C000501020304050"
		  "0",
		    "INSTALL for install and make selectable, 5 octets, protected" },
		{ "80E8000102AABB00", "LOAD block 01, 2 octets" },
		{ "84E8801102AABB00", "LOAD block 11, last, 2 octets, protected" },
		{ "80E40080084F06A0000000031000",
		    "DELETE A00000000310 and what is related, 8 octets" },
		{ "80E4000003D2013000", "DELETE key version 30, 3 octets" },
		{ "80E4000006D00101D2013000", "DELETE key 01 key version 30, 6 octets" },
		{ "80E4800005010203040500", "DELETE, more follows, 5 octets" },
		{ "80F0807F", "SET STATUS card to 7F (locked)" },
		{ "80F0408005A000000003", "SET STATUS lock A000000003, 5 octets" },
		{ "80F0600005A000000003",
		    "SET STATUS unlock domain and all it holds A000000003, 5 octets" },
		{ "80F28002024F0000", "GET STATUS issuer domain, 2 octets" },
		{ "80F24001024F0000", "GET STATUS applications, next, deprecated form, 2 octets" },
		{ "80E2880003AABBCC", "STORE DATA block 00, DGI, last, 3 octets" },
		{ "80E2700103AABBCC", "STORE DATA block 01, TLV, encrypted, 3 octets" },
		{ "80010203", "command 01, P1 02, P2 03" },
		{ "8001", "no well-formed command, 2 octets" },
	};
	char out[200], tiny[6];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(
		    trace_describe(unit_bytes(cases[i].apdu), out, sizeof(out)), cases[i].what);
	assert_string_equal(trace_describe(unit_bytes("80CA006600"), tiny, sizeof(tiny)), "GET D");
}

static void test_hidden(void **state)
{
	static const struct {
		const char *apdu;
		size_t off, n;
	} cases[] = {
		{ "0020008104313233340"
		  "0",
		    5, 4 },
		{ "0020008100000431323334", 7, 4 },
		{ "00200081", 4, 0 },
		{ "002000810531", 4, 2 },
		{ "A024008102AABB", 5, 2 },
		{ "002C008102AABB", 5, 2 },
		{ "0420008102AABB", 5, 2 },
		{ "805A010002AABB00", 5, 2 },
		{ "845A010002AABB00", 0, 0 },
		{ "80D8308102AABB00", 0, 0 },
		{ "80", 0, 0 },
	};
	size_t off, n;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		trace_hidden(unit_bytes(cases[i].apdu), &off, &n);
		assert_int_equal(n, cases[i].n);
		if (n > 0)
			assert_int_equal(off, cases[i].off);
	}
}

static int teardown(void **state)
{
	(void)state;
	unlink(tmp());
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_append),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_differs),
		cmocka_unit_test(test_bad_files),
		cmocka_unit_test(test_loose_form),
		cmocka_unit_test(test_challenge),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_describe),
		cmocka_unit_test(test_hidden),
	};

	return cmocka_run_group_tests(tests, NULL, teardown);
}
