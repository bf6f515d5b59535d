/*
 * Trust records as changes: the table of terminals of very many cards, and cards that answer 9000
 * and do not do what was ordered.
 */
#include "mirror.h"

#include "change/kinds.h"
#include "change/terminals.h"
#include "tlv/tlv.h"

/* ---- the table ---- */

static struct terminals table;
static struct err e;

static int read_table(const char *text)
{
	terminals_free(&table);
	err_clear(&e);
	return terminals_read(&table, "t.csv", span_str(text), &e);
}

static void lines(void **state)
{
	const struct terminal_row *t;

	(void)state;
	assert_ok(read_table("# CARD,IMEI\r\n"
			     "0A0B,352099001761481,300,keys/a b.pem\r\n"
			     "\n"
			     "0a,490154203237518\n"
			     "00,352099001761580,,c.pem"),
	    &e);
	assert_int_equal(table.n, 3);
	t = terminals_find(&table, unit_bytes("0A0B"));
	assert_non_null(t);
	assert_memory_equal(t->imei, "352099001761481", IMEI_DIGITS);
	assert_true(t->has_throughput && t->throughput == 300 && t->line == 2);
	assert_span(t->key_file, span_str("keys/a b.pem"));
	t = terminals_find(&table, unit_bytes("0A"));
	assert_non_null(t);
	assert_true(!t->has_throughput && t->key_file.n == 0 && t->line == 4);
	t = terminals_find(&table, unit_bytes("00"));
	assert_non_null(t);
	assert_true(!t->has_throughput && t->key_file.n == 5);
	/* One that begins like another is another. */
	assert_null(terminals_find(&table, unit_bytes("0A0B00")));
	assert_null(terminals_find(&table, unit_bytes("0000")));
	assert_null(terminals_find(&table, span_of(NULL, 0)));
	terminals_free(&table);
	assert_null(terminals_find(&table, unit_bytes("0A")));
}

static void bad_lines(void **state)
{
	static const struct {
		const char *text, *want;
	} bad[] = {
		{ "", "t.csv: no card" },
		{ "# nothing\n", "t.csv: no card" },
		{ "0A\n", "t.csv:1: not CARD,IMEI" },
		{ "0A,352099001761481,1,f,x\n", "t.csv:1: not CARD,IMEI" },
		{ "0A,352099001761481,1,f,\n", "t.csv:1: not CARD,IMEI" },
		{ "\n0,352099001761481\n", "t.csv:2: the number of a card" },
		{ ",352099001761481\n", "t.csv:1: the number of a card" },
		{ "000102030405060708090A0B0C0D0E0F10,352099001761481\n", "t.csv:1: the number" },
		{ "0A,352099001761482\n", "t.csv:1: an IMEI" },
		{ "0A, 352099001761481\n", "t.csv:1: an IMEI" },
		{ "0A,\n", "t.csv:1: an IMEI" },
		{ "0A,352099001761481,-1\n", "t.csv:1: the throughput" },
		{ "0A,352099001761481,4294967296\n", "t.csv:1: the throughput" },
		{ "0A,352099001761481\n0a,490154203237518\n",
		    "t.csv:2: the same card as in line 1" },
		{ "0B,352099001761481\n\n0A,352099001761481\n",
		    "t.csv:3: the same IMEI as in line 1" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(read_table(bad[i].text), -1);
		if (e.code != ERR_INPUT || strncmp(e.text, bad[i].want, strlen(bad[i].want)) != 0)
			fail_msg("%s gave: %s", bad[i].text, e.text);
	}
	terminals_free(&table);
}

/* ---- a card that says 9000 ---- */

/* FF74 with record 1 in this state; the same answer to whatever comes. */
static void answer(struct mirror *m, enum trust_stage stage)
{
	static const uint8_t digest[TRUST_TRAITS_DIGEST];
	uint8_t room[160];
	char hex[2 * sizeof(room) + 1];
	struct wr w = wr_fixed(room, sizeof(room));
	size_t all = trust_state_open(&w, 0);

	trust_record_put(&w, &(struct trust_record){ .record = 1,
				 .stage = stage,
				 .algorithm = TRUST_AES_128,
				 .generation = 3,
				 .traits_digest = SPAN(digest),
				 .last = 3 });
	tlv_close(&w, all);
	wr_u16(&w, SW_OK);
	assert_true(wr_ok(&w));
	for (size_t i = 0; i < w.n; i++)
		snprintf(hex + 2 * i, 3, "%02X", room[i]);
	mirror_answer(m, hex);
}

static int revoke(struct mirror *m, bool by_hand, const char *erase)
{
	struct change_card c = { .s = &m->s, .by_hand = by_hand };
	struct change_result r;
	struct change ch;
	int rc;

	assert_ok(change_new(&ch, &change_revoke_terminal, &e), &e);
	assert_ok(change_take(&ch, "record", "1", &e), &e);
	assert_ok(change_take(&ch, "erase", erase, &e), &e);
	assert_ok(change_open(&ch, FROM_STEP, &e), &e);
	rc = change_run(&c, &ch, &r, &e);
	change_result_free(&ch, &r);
	change_card_free(&c);
	change_free(&ch);
	return rc;
}

static void read_back_differs(void **state)
{
	struct mirror m;

	(void)state;
	mirror_open(&m, PROTOCOL_SCP03, 0x33);
	answer(&m, TRUST_ACTIVE);
	assert_int_equal(revoke(&m, true, "false"), -1);
	assert_int_equal(e.code, ERR_INTEGRITY);
	/* Looked, looked before it acts, ordered, looked again. */
	assert_int_equal(m.n, 4);
	assert_command(&m, 2, "80E290000CBF74098001028101018D010000");
	mirror_close(&m);
}

/* What is revoked is left alone, unless somebody wants its keys erased. */
static void revoked_already(void **state)
{
	struct mirror m;

	(void)state;
	mirror_open(&m, PROTOCOL_SCP03, 0x33);
	answer(&m, TRUST_REVOKED);
	assert_ok(revoke(&m, true, "false"), &e);
	assert_int_equal(m.n, 1);
	assert_ok(revoke(&m, false, "true"), &e);
	assert_int_equal(m.n, 2);
	assert_ok(revoke(&m, true, "true"), &e);
	assert_command(&m, 4, "80E290000CBF74098001028101018D010100");
	mirror_close(&m);
}

/* No answer to the order: nobody knows, and that is said. */
static void lost(void **state)
{
	struct mirror m;

	(void)state;
	mirror_open(&m, PROTOCOL_SCP03, 0x33);
	answer(&m, TRUST_ACTIVE);
	m.silent_at = 3;
	assert_int_equal(revoke(&m, true, "false"), -1);
	assert_int_equal(e.code, ERR_READER);
	assert_non_null(strstr(e.hint, "the same again finds out"));
	mirror_close(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines),
		cmocka_unit_test(bad_lines),
		cmocka_unit_test(read_back_differs),
		cmocka_unit_test(revoked_already),
		cmocka_unit_test(lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
