/* The virtual card: faults, card files, hostile commands. */
#include "rig.h"

#include <sys/stat.h>
#include <unistd.h>

static void start(struct rig *r, size_t key_n)
{
	rig_issue(r, key_n, 0x70);
	rig_on(r);
	rig_session(r, 0x30, 0x33);
}

/* ---- faults ---- */

static void fault_rig(struct rig *r, enum fault f, uint32_t at)
{
	rig_issue(r, 16, 0x70);
	r->issue.fault = f;
	r->issue.fault_at = at;
	rig_on(r);
}

static void faults(void **state)
{
	struct rig r;

	(void)state;
	fault_rig(&r, FAULT_WRONG_KEYS, 0);
	assert_int_equal(rig_initialize(&r, 0x30), 1);
	rig_off(&r);
	fault_rig(&r, FAULT_LOCKED, 0);
	assert_int_equal(rig_initialize(&r, 0x30), SW_AUTH_BLOCKED);
	rig_off(&r);
	fault_rig(&r, FAULT_SILENT, 2);
	assert_int_equal(rig_hex(&r, "80CA006600"), SW_OK);
	assert_int_equal(rig_initialize(&r, 0x30), 0);
	assert_int_equal(r.how, VCARD_SILENT);
	assert_int_equal(
	    chip_keys(r.v, &aid_isd, 0x30)->sequence, 1); /* executed, the answer got lost */
	assert_int_equal(rig_initialize(&r, 0x30), SW_OK);
	rig_off(&r);
	fault_rig(&r, FAULT_REMOVED, 2);
	assert_int_equal(rig_hex(&r, "80CA006600"), SW_OK);
	assert_int_equal(rig_hex(&r, "80CA006600"), 0);
	assert_int_equal(r.how, VCARD_GONE);
	assert_int_equal(rig_hex(&r, "80CA006600"), 0);
	rig_cycle(&r); /* once in the card's life */
	for (int n = 0; n < 3; n++)
		assert_int_equal(rig_hex(&r, "80CA006600"), SW_OK);
	rig_off(&r);
	fault_rig(&r, FAULT_TAMPER, 2);
	assert_int_equal(rig_hex(&r, "80CA006600"), SW_OK);
	assert_int_equal(rig_hex(&r, "80CA006600"), SW_REFERENCE_NOT_FOUND);
	assert_int_equal(rig_hex(&r, "80CA006600"), SW_OK);
	rig_off(&r);
	fault_rig(&r, FAULT_POWER_CUT, 2);
	assert_int_equal(rig_initialize(&r, 0x30), SW_OK);
	assert_int_equal(rig_initialize(&r, 0x30), 0);
	assert_int_equal(r.how, VCARD_GONE);
	rig_cycle(&r);
	assert_int_equal(chip_keys(r.v, &aid_isd, 0x30)->sequence, 1);
	assert_true(r.v->chip.fault_done);
	for (int n = 0; n < 3; n++)
		assert_int_equal(rig_initialize(&r, 0x30), SW_OK);
	rig_off(&r);
}

static void fault_names(void **state)
{
	enum fault f;

	(void)state;
	for (int n = FAULT_WRONG_KEYS; n <= FAULT_POWER_CUT; n++) {
		assert_true(fault_from(fault_str((enum fault)n), &f));
		assert_int_equal(f, n);
	}
	assert_false(fault_from("none", &f));
	assert_false(fault_from("", &f));
}

/* ---- files ---- */

static void card_file(void **state)
{
	struct wr containers = wr_grow(256);
	struct vcard_summary s;
	struct vcard *second;
	struct err e = { 0 };
	struct stat st;
	char link[128];
	struct rig r;

	(void)state;
	umask(0);
	start(&r, 24);
	assert_int_equal(stat(r.path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(vcard_open(r.path, &second, &e), -1);
	assert_int_equal(e.code, ERR_READER);
	assert_non_null(strstr(e.text, "card in use"));
	assert_int_not_equal(e.hint[0], '\0');
	assert_int_equal(vcard_create(r.path, &r.issue, &e), -1);
	assert_int_equal(e.code, ERR_SAFETY);
	vcard_close(r.v);
	r.v = NULL;
	assert_ok(vcard_describe(r.path, &s, &containers, &e), &e);
	assert_span(wr_span(&containers), unit_bytes("FF7309 8C0100 9A0400000000"));
	wr_free(&containers);
	assert_int_equal(s.keys_n, 1);
	assert_int_equal(s.keys[0].version, 0x30);
	assert_int_equal(s.keys[0].length, 24);
	assert_int_equal(s.keys[0].tries, 10);
	assert_span(SPAN(s.keys[0].sequence), unit_bytes("000001"));
	assert_int_equal(s.life_cycle, LIFE_SECURED);
	assert_span(span_of(s.cin, s.cin_n), unit_bytes("00000001"));
	assert_int_equal(s.policy.algorithm_n, 2);
	assert_memory_equal(s.system.platform, "PLAT-A01", 8);
	snprintf(link, sizeof(link), "%s/link", r.dir);
	assert_int_equal(symlink(r.path, link), 0);
	assert_int_equal(vcard_open(link, &second, &e), -1);
	assert_int_equal(e.code, ERR_READER);
	unlink(link);
	assert_int_equal(vcard_open(r.dir, &second, &e), -1);
	assert_int_equal(e.code, ERR_READER);
	assert_int_equal(vcard_open(link, &second, &e), -1);
	assert_int_equal(e.code, ERR_READER);
	rig_off(&r);
}

static void bad_issue(void **state)
{
	struct vcard_issue good, bad;
	struct err e = { 0 };
	struct rig r;

	(void)state;
	rig_issue(&r, 16, 0x70);
	good = r.issue;
#define REFUSED(change) \
	bad = good; \
	change; \
	assert_int_equal(vcard_create("/tmp/vcard_test.never", &bad, &e), -1); \
	assert_int_equal(e.code, ERR_INPUT)
	REFUSED(bad.keys.mac.n = 24);
	REFUSED(bad.keys.enc.n = bad.keys.mac.n = bad.keys.dek.n = 15);
	REFUSED(bad.key_version = 0);
	REFUSED(bad.key_version = 0x80);
	REFUSED(bad.i = 0x40);
	REFUSED(bad.iin_n = 9);
	REFUSED(bad.cin_n = 17);
	REFUSED(bad.target.n = 4);
	REFUSED(bad.kos[0].key.n = 5);
	REFUSED(bad.kos_n = KOS_MAX + 1);
	REFUSED(bad.memory = 0xFFFFFFFF);
#undef REFUSED
	assert_int_equal(access("/tmp/vcard_test.never", F_OK), -1);
}

/* IIN and CIN of all the room that there is. */
static void longest_numbers(void **state)
{
	struct rig r;

	(void)state;
	rig_issue(&r, 16, 0x70);
	r.issue.iin_n = sizeof(r.issue.iin);
	r.issue.cin_n = sizeof(r.issue.cin);
	rig_on(&r);
	assert_int_equal(r.v->chip.iin_n, sizeof(r.issue.iin));
	assert_int_equal(r.v->chip.cin_n, sizeof(r.issue.cin));
	rig_off(&r);
}

/* ---- hostile commands ---- */

static void answered(struct rig *r, struct span command)
{
	struct wr w = wr_fixed(r->answer, sizeof(r->answer));

	assert_int_equal(vcard_transmit(r->v, command, &w), VCARD_ANSWER);
	assert_true(wr_ok(&w));
	assert_true(w.n >= 2);
}

/* All classes and instructions with short tails, in a session and without. */
static void every_header(void **state)
{
	struct rig r;

	(void)state;
	start(&r, 16);
	for (unsigned session = 0; session < 2; session++) {
		for (unsigned cla = 0; cla < 256; cla++) {
			for (unsigned ins = 0; ins < 256; ins++) {
				uint8_t c[] = { (uint8_t)cla, (uint8_t)ins, 0x00, 0x00, 0x02, 0x4F,
					0x00, 0x00 };

				for (size_t n = session == 0 ? 0 : 4; n <= sizeof(c); n++)
					answered(&r, span_of(c, n));
			}
		}
		scp_wipe(&r.host);
		rig_session(
		    &r, 0x30, 0x00); /* commands go through unchecked: the handlers must cope */
	}
	assert_int_equal(chip_keys(r.v, &aid_isd, 0x30)->tries, TRIES_MAX);
	assert_true(r.v->commands > 256 * 256 * 14);
	rig_off(&r);
}

/* Pseudo-random bytes behind the headers of all commands, in a session that lets them in. */
static void noise(void **state)
{
	static const uint8_t ins[] = { INS_SELECT, INS_MANAGE_CHANNEL, INS_INITIALIZE_UPDATE,
		INS_GET_DATA, INS_GET_STATUS, INS_SET_STATUS, INS_PUT_KEY, INS_DELETE,
		INS_STORE_DATA, INS_CHANGE_MODE, INS_AUTHORIZE_ACTION, INS_WRITE_STAGE };
	uint32_t x = 1;
	uint8_t data[239];
	struct rig r;

	(void)state;
	start(&r, 16);
	for (int round = 0; round < 4000; round++) {
		size_t n;

		for (size_t k = 0; k < sizeof(data); k++) {
			x = x * 1664525 + 1013904223;
			data[k] = (uint8_t)(x >> 24);
		}
		if (round % 2 == 0)
			data[1] = (uint8_t)(data[0] % 0x40); /* lengths that often fit */
		n = data[2] % sizeof(data);
		if (r.v->channel[0].session != CHANNEL_UNICAST)
			rig_session(&r, 0x30, 0x03);
		/* nothing that ends the card or its key set */
		if (ins[round % 12] == INS_SET_STATUS && data[4] > 0x7E)
			continue;
		rig_secure(&r, round % 12 < 2 ? 0x00 : 0x80, ins[round % 12],
		    (uint16_t)(data[3] << 8 | data[4]), span_of(data, n), NULL);
	}
	rig_cycle(&r);
	rig_session(&r, 0x30, 0x33);
	rig_off(&r);
}

static void atr(void **state)
{
	struct span a;
	uint8_t check = 0;
	struct rig r;

	(void)state;
	rig_issue(&r, 16, 0x70);
	rig_on(&r);
	a = vcard_atr(r.v);
	assert_true(span_starts(a, unit_bytes("3B")));
	assert_int_equal(a.n, 2 + 1 + 7 + 1);
	for (size_t n = 1; n < a.n; n++)
		check ^= a.p[n];
	assert_int_equal(check, 0);
	rig_off(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(faults),
		cmocka_unit_test(fault_names),
		cmocka_unit_test(card_file),
		cmocka_unit_test(bad_issue),
		cmocka_unit_test(longest_numbers),
		cmocka_unit_test(every_header),
		cmocka_unit_test(noise),
		cmocka_unit_test(atr),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
