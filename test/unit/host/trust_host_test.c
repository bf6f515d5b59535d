/* Trust records, as the network orders them and reads them: what goes out, and what answers mean.
 */
#include "mirror.h"

#include "crypto/aes.h"
#include "crypto/kdf.h"
#include "host/trust.h"

static const char *state_of(const char *records)
{
	static char hex[600];
	size_t n = strlen(records) / 2;

	snprintf(hex, sizeof(hex), "FF74%02zX9A045FFFFFFF%s9000", n + 6, records);
	return hex;
}

static char one[200];

static const char *record(uint8_t number, uint8_t stage, uint8_t cause)
{
	uint8_t room[80];
	struct wr w = wr_fixed(room, sizeof(room));

	trust_record_put(&w, &(struct trust_record){ .record = number,
				 .stage = (enum trust_stage)stage,
				 .algorithm = TRUST_AES_128,
				 .generation = 3,
				 .expiry = 0x60000000,
				 .horizon = 0x70000000,
				 .cause = (enum trust_cause)cause,
				 .traits_digest = unit_bytes("1122334455667788"),
				 .last = 3 });
	assert_true(wr_ok(&w));
	for (size_t i = 0; i < w.n; i++)
		snprintf(one + 2 * i, 3, "%02X", room[i]);
	return one;
}

static void read_and_found(void **state)
{
	struct wr octets = { 0 };
	struct trust_state all;
	struct trust_record r;
	struct mirror m;

	(void)state;
	mirror_open(&m, PROTOCOL_SCP03, 0x33);
	mirror_answer(&m, state_of(record(4, TRUST_REVOKED, TRUST_ENDED_BY_NETWORK)));
	assert_ok(trust_read(&m.s, &octets, &all, &m.e), &m.e);
	assert_command(&m, 0, "80CAFF7400");
	assert_int_equal(all.time, 0x5FFFFFFF);
	assert_false(trust_find(&all, 1, &r));
	assert_true(trust_find(&all, 4, &r));
	assert_int_equal(r.stage, TRUST_REVOKED);
	assert_int_equal(r.last, 3);
	wr_free(&octets);
	mirror_close(&m);
}

/* No level but 33, and no other protocol; nothing goes out. */
static void only_whole_channels(void **state)
{
	static const struct {
		enum scp_protocol p;
		uint8_t level;
	} bad[] = { { PROTOCOL_SCP03, 0x13 }, { PROTOCOL_SCP03, 0x11 }, { PROTOCOL_SCP03, 0x03 },
		{ PROTOCOL_SCP02, 0x13 } };
	const struct trust_order o = { .kind = TRUST_REVOKE, .record = 1 };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct wr octets = { 0 };
		struct trust_state all;
		struct mirror m;
		bool unknown;

		mirror_open(&m, bad[i].p, bad[i].level);
		assert_int_equal(trust_read(&m.s, &octets, &all, &m.e), -1);
		assert_int_equal(m.e.code, ERR_SAFETY);
		assert_int_equal(trust_send(&m.s, &o, &unknown, &m.e), -1);
		assert_int_equal(m.e.code, ERR_SAFETY);
		assert_false(unknown);
		assert_int_equal(m.n, 0);
		mirror_close(&m);
	}
}

/* Cut, repeated, of another form; a card without any. */
static void nonsense(void **state)
{
	static const char *const bad[] = { "9000", "FF74009000", "FF74069A0400000000009000",
		"FF730600000000009000" };
	struct wr octets = { 0 };
	struct trust_state all;
	struct mirror m;

	(void)state;
	mirror_open(&m, PROTOCOL_SCP03, 0x33);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		mirror_answer(&m, bad[i]);
		assert_int_equal(trust_read(&m.s, &octets, &all, &m.e), -1);
		assert_int_equal(m.e.code, ERR_CARD);
		assert_non_null(strstr(m.e.text, "malformed"));
		wr_free(&octets);
	}
	mirror_answer(&m, "6A88");
	assert_int_equal(trust_read(&m.s, &octets, &all, &m.e), -1);
	assert_int_equal(m.e.sw, 0x6A88);
	assert_non_null(strstr(m.e.hint, "without trust records"));
	mirror_close(&m);
}

static void orders(void **state)
{
	const struct trust_order revoke = { .kind = TRUST_REVOKE, .record = 2, .erase = true };
	const struct trust_order object = {
		.kind = TRUST_OBJECT, .record = 1, .number = 3, .value = unit_bytes("414243")
	};
	struct mirror m;
	bool unknown;

	(void)state;
	mirror_open(&m, PROTOCOL_SCP03, 0x33);
	mirror_answer(&m, "9000");
	assert_ok(trust_send(&m.s, &revoke, &unknown, &m.e), &m.e);
	assert_command(&m, 0, "80E290000CBF74098001028101028D010100");
	assert_ok(trust_send(&m.s, &object, &unknown, &m.e), &m.e);
	assert_command(&m, 1, "80E290000FBF740C800103810101DF030341424300");
	mirror_close(&m);
}

/* A refusal is known, and says why; of an answer that never came nobody knows. */
static void refused_or_unknown(void **state)
{
	static const struct {
		const char *rsp, *hint;
	} why[] = { { "6985", "not above the last one" }, { "6A88", "no number (CIN" },
		{ "6A84", "no room" }, { "6982", "did not arrive" } };
	const struct trust_order o = { .kind = TRUST_INITIALIZE,
		.record = 1,
		.algorithm = TRUST_AES_128,
		.open = true,
		.terms = { .period = 60 } };
	struct mirror m;
	bool unknown;

	(void)state;
	for (size_t i = 0; i < sizeof(why) / sizeof(why[0]); i++) {
		mirror_open(&m, PROTOCOL_SCP03, 0x33);
		mirror_answer(&m, why[i].rsp);
		assert_int_equal(trust_send(&m.s, &o, &unknown, &m.e), -1);
		assert_false(unknown);
		assert_int_equal(m.e.code, ERR_CARD);
		assert_int_equal(strncmp(m.e.text, "initialize: ", 12), 0);
		if (strstr(m.e.hint, why[i].hint) == NULL)
			fail_msg("%s: %s", why[i].rsp, m.e.hint);
		mirror_close(&m);
	}
	mirror_open(&m, PROTOCOL_SCP03, 0x33);
	mirror_answer(&m, "9000");
	m.silent_at = 1;
	assert_int_equal(trust_send(&m.s, &o, &unknown, &m.e), -1);
	assert_true(unknown);
	mirror_close(&m);
}

/* The key goes under the key encryption key of the session, both lengths, with its check value; in
 * a plan there are zeros. */
static void sealed(void **state)
{
	static const char *const keys[] = { "404142434445464748494A4B4C4D4E4F",
		"606162636465666768696A6B6C6D6E6F707172737475767778797A7B7C7D7E7F" };
	static const uint8_t icv[16], zeros[32];
	struct trust_order o = { .kind = TRUST_INITIALIZE };
	uint8_t room[KEY_MAX], clear[KEY_MAX];
	struct session closed = { 0 };
	struct mirror m;

	(void)state;
	mirror_open(&m, PROTOCOL_SCP03, 0x33);
	m.s.dek = unit_key("000102030405060708090A0B0C0D0E0F");
	for (size_t i = 0; i < 2; i++) {
		struct key k = unit_key(keys[i]);
		uint8_t kcv[3];

		assert_ok(trust_seal(&m.s, &k, room, &o, &m.e), &m.e);
		assert_int_equal(o.key.n, k.n);
		assert_true(aes_cbc_once(&m.s.dek, DECRYPT, icv, o.key, clear));
		assert_memory_equal(clear, k.b, k.n);
		assert_true(key_check_value(&k, kcv));
		assert_memory_equal(o.kcv, kcv, sizeof(kcv));
		assert_ok(trust_seal(&closed, &k, room, &o, &m.e), &m.e);
		assert_span(o.key, span_of(zeros, k.n));
	}
	wipe_key(&m.s.dek);
	assert_int_equal(trust_seal(&m.s, &(struct key){ .n = 16 }, room, &o, &m.e), -1);
	mirror_close(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(read_and_found),
		cmocka_unit_test(only_whole_channels),
		cmocka_unit_test(nonsense),
		cmocka_unit_test(orders),
		cmocka_unit_test(refused_or_unknown),
		cmocka_unit_test(sealed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
