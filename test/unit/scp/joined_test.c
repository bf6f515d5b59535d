/*
 * INSTALL, DELETE and PUT KEY that are longer than a command: protected as a whole, with the length
 * in three octets, and sent in several that b8 of P1 joins (GPCS 11.1.5). The card with a host made
 * of lib/scp alone.
 */
#include "rig.h"

#include "scp/joined.h"

enum { MODULUS = 256, VERSION = 0x73 };

/* PUT KEY of an RSA key of 2048 bits: 267 octets. */
static struct capdu long_command(void)
{
	static uint8_t room[300];
	struct wr w = wr_fixed(room, sizeof(room));

	wr_u8(&w, VERSION);
	wr_put(&w, unit_bytes("A1820100"));
	for (int i = 0; i < MODULUS; i++)
		wr_u8(&w, (uint8_t)(i | 0x81));
	wr_put(&w, unit_bytes("A00301000100"));
	assert_true(wr_ok(&w));
	return (struct capdu){ .cla = 0x80,
		.ins = INS_PUT_KEY,
		.p2 = 0x01,
		.data = wr_span(&w),
		.le = LE_MAX_EXTENDED,
		.extended = true };
}

static struct capdu sealed(struct rig *r, const struct capdu *c)
{
	static uint8_t room[512];
	struct wr w = wr_fixed(room, sizeof(room));
	struct capdu s;

	assert_true(scp_seal_command(&r->host, c, &w));
	assert_true(capdu_get(wr_span(&w), &s));
	return s;
}

static uint16_t send_part(struct rig *r, const struct capdu *whole, size_t at, size_t n)
{
	struct capdu part = *whole;
	uint8_t room[300];
	struct wr w = wr_fixed(room, sizeof(room));
	bool last = whole->data.n - at <= n;

	part.data = span_sub(whole->data, at, n);
	part.extended = false;
	part.p1 = (uint8_t)(last ? whole->p1 : whole->p1 | 0x80);
	part.le = last ? LE_MAX_SHORT : LE_NONE;
	capdu_put(&w, &part);
	assert_true(wr_ok(&w));
	return rig_raw(r, wr_span(&w));
}

/* The status word of the last one; those before are answered 9000 and nothing else. */
static uint16_t send_all(struct rig *r, const struct capdu *whole, size_t n)
{
	for (size_t at = 0;; at += n) {
		uint16_t sw = send_part(r, whole, at, n);

		if (whole->data.n - at <= n)
			return sw;
		assert_int_equal(sw, SW_OK);
		assert_int_equal(r->answer_n, 2);
	}
}

static void card_takes_them(void **state)
{
	static const uint8_t levels[] = { 0x01, 0x03, 0x11, 0x13, 0x33 };
	static const size_t cuts[] = { 255, 254, 100, 5 };
	struct capdu c = long_command(), whole;
	struct rapdu answer;
	struct rig r;

	(void)state;
	for (uint8_t i = 0x70; i <= 0x71; i++) {
		rig_issue(&r, 16, i);
		rig_on(&r);
		for (size_t n = 0; n < sizeof(levels) * 4; n++) {
			struct wr w = wr_fixed(r.plain, sizeof(r.plain));

			rig_session(&r, 0x30, levels[n / 4]);
			whole = sealed(&r, &c);
			assert_int_equal(send_all(&r, &whole, cuts[n % 4]), SW_OK);
			assert_int_equal(
			    scp_open_response(&r.host, span_of(r.answer, r.answer_n), &answer, &w),
			    SCP_OK);
			assert_span(answer.data, unit_bytes("73"));
			/* the session goes on, in step */
			assert_int_equal(
			    rig_secure(&r, 0x80, INS_GET_DATA, 0x00E0, (struct span){ 0 }, NULL),
			    SW_OK);
			assert_int_equal(
			    rig_secure(&r, 0x80, INS_DELETE, 0, unit_bytes("D20173"), NULL), SW_OK);
		}
		rig_off(&r);
	}
}

static void every_octet_counts(void **state)
{
	struct capdu c = long_command(), whole;
	static uint8_t copy[300];
	struct rig r;

	(void)state;
	rig_issue(&r, 16, 0x70);
	rig_on(&r);
	for (size_t at = 0; at < c.data.n + 8; at += 7) {
		rig_session(&r, 0x30, 0x01);
		whole = sealed(&r, &c);
		memcpy(copy, whole.data.p, whole.data.n);
		copy[at] ^= 0x10;
		whole.data.p = copy;
		assert_int_equal(send_all(&r, &whole, 255), SW_SECURITY_STATUS);
		assert_int_equal(r.v->channel[0].session, CHANNEL_IDLE);
	}
	/* none at all; more than the card keeps */
	rig_session(&r, 0x30, 0x01);
	memset(copy, 0, sizeof(copy));
	whole.data = SPAN(copy);
	assert_int_equal(send_all(&r, &whole, 255), SW_SECURITY_STATUS);
	rig_session(&r, 0x30, 0x01);
	for (int i = 0; i < JOINED_MAX / 255; i++)
		assert_int_equal(send_part(&r, &whole, 0, 255), SW_OK);
	assert_int_equal(send_part(&r, &whole, 0, 255), SW_SECURITY_STATUS);
	assert_int_equal(r.v->channel[0].session, CHANNEL_IDLE);
	rig_session(&r, 0x30, 0x01);
	for (int i = 0; i < JOINED_PARTS_MAX; i++)
		assert_int_equal(send_part(&r, &whole, 0, 1), SW_OK);
	assert_int_equal(send_part(&r, &whole, 0, 1), SW_SECURITY_STATUS);
	assert_int_equal(r.v->channel[0].session, CHANNEL_IDLE);
	rig_off(&r);
}

static void others_in_between(void **state)
{
	static const struct {
		uint8_t ins, p2;
	} other[] = { { INS_DELETE, 0x01 }, { INS_PUT_KEY, 0x02 } };
	struct capdu c = long_command(), whole;
	uint8_t mcv[16], counter[16];
	struct rig r;

	(void)state;
	rig_issue(&r, 16, 0x70);
	rig_on(&r);
	/* A command that is whole, and right as if there had been no part, ends the session. */
	rig_session(&r, 0x30, 0x01);
	memcpy(mcv, r.host.u.scp03.mcv, sizeof(mcv));
	memcpy(counter, r.host.u.scp03.counter, sizeof(counter));
	whole = sealed(&r, &c);
	assert_int_equal(send_part(&r, &whole, 0, 255), SW_OK);
	memcpy(r.host.u.scp03.mcv, mcv, sizeof(mcv));
	memcpy(r.host.u.scp03.counter, counter, sizeof(counter));
	assert_int_equal(rig_secure(&r, 0x80, INS_GET_DATA, 0x00E0, (struct span){ 0 }, NULL),
	    SW_SECURITY_STATUS);
	assert_int_equal(r.v->channel[0].session, CHANNEL_IDLE);
	assert_int_equal(send_part(&r, &whole, 255, 255), SW_SECURITY_STATUS);
	for (size_t i = 0; i < 2; i++) {
		rig_session(&r, 0x30, 0x01);
		whole = sealed(&r, &c);
		assert_int_equal(send_part(&r, &whole, 0, 255), SW_OK);
		whole.ins = other[i].ins;
		whole.p2 = other[i].p2;
		assert_int_equal(send_part(&r, &whole, 255, 255), SW_SECURITY_STATUS);
	}
	/* The first part does not outlive its session. */
	rig_session(&r, 0x30, 0x01);
	whole = sealed(&r, &c);
	assert_int_equal(send_part(&r, &whole, 0, 255), SW_OK);
	rig_session(&r, 0x30, 0x01);
	assert_int_equal(send_part(&r, &whole, 255, 255), SW_SECURITY_STATUS);
	rig_off(&r);
}

/* Somebody without keys makes parts up, one first part after the other: the second ends it. */
static void made_up(void **state)
{
	static const uint8_t ins[] = { INS_INSTALL, INS_DELETE, INS_PUT_KEY };
	uint8_t junk[24];
	struct rig r;

	(void)state;
	memset(junk, 0x5C, sizeof(junk));
	rig_issue(&r, 16, 0x70);
	rig_on(&r);
	for (size_t a = 0; a < 9; a++) {
		struct capdu c = { .cla = 0x84, .ins = ins[a / 3], .data = SPAN(junk) };

		rig_session(&r, 0x30, 0x33);
		assert_int_equal(send_part(&r, &c, 0, 20), SW_OK);
		c.ins = ins[a % 3];
		c.p2 ^= 1;
		assert_int_equal(send_part(&r, &c, 0, 20), SW_SECURITY_STATUS);
		assert_int_equal(r.v->channel[0].session, CHANNEL_IDLE);
		assert_int_equal(send_part(&r, &c, 0, 20), SW_SECURITY_STATUS);
	}
	/* nor after a part that was right by itself */
	rig_session(&r, 0x30, 0x33);
	assert_int_equal(rig_secure(&r, 0x80, INS_DELETE, 0x8000, unit_bytes("4F0A"), NULL), SW_OK);
	assert_int_equal(
	    send_part(
		&r, &(struct capdu){ .cla = 0x84, .ins = INS_DELETE, .data = SPAN(junk) }, 0, 20),
	    SW_SECURITY_STATUS);
	assert_int_equal(r.v->channel[0].session, CHANNEL_IDLE);
	/* nor does anything unprotected stand between */
	rig_session(&r, 0x30, 0x33);
	assert_int_equal(
	    send_part(
		&r, &(struct capdu){ .cla = 0x84, .ins = INS_DELETE, .data = SPAN(junk) }, 0, 20),
	    SW_OK);
	assert_int_equal(rig_hex(&r, "0070000001"), SW_OK);
	assert_int_equal(r.v->channel[0].session, CHANNEL_IDLE);
	rig_off(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(card_takes_them),
		cmocka_unit_test(every_octet_counts),
		cmocka_unit_test(others_in_between),
		cmocka_unit_test(made_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
