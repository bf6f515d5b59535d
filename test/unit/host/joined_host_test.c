/*
 * INSTALL, DELETE and PUT KEY that are longer than a command (GPCS 11.1.5): a session of the host
 * sends them in several. Our host against our card; that has its own test, joined_test.c.
 */
#include "unit.h"

#include <unistd.h>

#include "gp/command.h"
#include "host/choose.h"
#include "host/session.h"
#include "vcard/core/vcard.h"

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
	return (struct capdu){
		.cla = 0x80, .ins = INS_PUT_KEY, .p2 = 0x01, .data = wr_span(&w), .le = LE_MAX_SHORT
	};
}

struct bound {
	char path[64];
	struct vcard_issue issue;
	struct vcard *v;
	struct card card;
	struct session s;
	size_t commands, answer_at; /* command number answer_at is answered so: */
	const char *answer;
	uint8_t p1[8];
	size_t lc[8];
};

static int transmit(void *ctx, struct span command, struct wr *rsp, struct err *e)
{
	struct bound *b = ctx;
	struct capdu c;

	assert_true(capdu_get(command, &c));
	assert_false(c.extended);
	if (c.ins == INS_PUT_KEY) {
		b->p1[b->commands % 8] = c.p1;
		b->lc[b->commands++ % 8] = c.data.n;
		if (b->commands == b->answer_at) {
			wr_put(rsp, unit_bytes(b->answer));
			return 0;
		}
	}
	if (vcard_transmit(b->v, command, rsp) == VCARD_ANSWER)
		return 0;
	return err_set(e, ERR_READER, "no answer");
}

static void nothing(void *ctx)
{
	(void)ctx;
}

static int the_keys(void *ctx, const struct init_update *u, struct key_set *out, struct err *e)
{
	const struct bound *b = ctx;

	(void)u;
	(void)e;
	*out = b->issue.keys;
	return 0;
}

static void issue(struct bound *b, uint8_t i)
{
	struct vcard_issue *is = &b->issue;
	const struct key k = unit_key("404142434445464748494A4B4C4D4E4F");
	struct err e;

	memset(b, 0, sizeof(*b));
	is->keys = (struct key_set){ k, k, k };
	is->key_version = 0x30;
	is->i = i;
	is->iin_n = is->cin_n = 4;
	assert_true(aid_from(&is->target, unit_bytes("A000000151000001")));
	is->issuer[0] = 0x04;
	snprintf(b->path, sizeof(b->path), "/tmp/joined_host_test.%d.card", (int)getpid());
	unlink(b->path);
	assert_ok(vcard_create(b->path, is, &e), &e);
	assert_ok(vcard_open(b->path, &b->v, &e), &e);
}

static void done(struct bound *b)
{
	vcard_close(b->v);
	unlink(b->path);
}

static void bind(struct bound *b, uint8_t level, struct err *e)
{
	static const struct card_ops ops = { .transmit = transmit, .close = nothing };
	const struct choose_asks asks = { .key_version = 0x30, .level = level, .s16 = -1 };
	const struct session_auth auth = { .keys = the_keys, .ctx = b };

	b->commands = b->answer_at = 0;
	b->card = (struct card){ .ops = &ops, .ctx = b };
	session_init(&b->s, &b->card);
	assert_ok(session_begin(&b->s, &asks, &auth, e), e);
}

static void host_sends_them(void **state)
{
	static const uint8_t levels[] = { 0x01, 0x03, 0x11, 0x13, 0x33 };
	struct capdu c = long_command(),
		     gone = { .cla = 0x80, .ins = INS_DELETE, .data = unit_bytes("D20173") };
	static struct bound b;
	struct err e = { 0 };
	struct rapdu r;

	(void)state;
	for (uint8_t i = 0x70; i <= 0x71; i++) {
		issue(&b, i);
		for (size_t n = 0; n < sizeof(levels); n++) {
			bind(&b, levels[n], &e);
			assert_true(session_joins(&b.s, c.data.n));
			assert_ok(session_do(&b.s, &c, "PUT KEY", &r, &e), &e);
			assert_span(r.data, unit_bytes("73"));
			assert_int_equal(b.commands, 2);
			assert_int_equal(b.p1[0], 0x80);
			assert_int_equal(b.p1[1], 0x00);
			assert_int_equal(b.lc[0], 255);
			c.p1 = VERSION; /* once more, in its place */
			b.s.id.fci.max_data = 200;
			assert_ok(session_do(&b.s, &c, "PUT KEY", &r, &e), &e);
			assert_int_equal(b.lc[2], 200);
			c.p1 = 0;
			c.ins = INS_STORE_DATA; /* has blocks of its own */
			assert_int_equal(session_send(&b.s, &c, &r, &e), -1);
			assert_int_equal(e.code, ERR_SAFETY);
			c.ins = INS_PUT_KEY;
			e = (struct err){ 0 };
			assert_ok(session_do(&b.s, &gone, "DELETE", &r, &e), &e);
			session_wipe(&b.s);
		}
		done(&b);
	}
}

static void host_is_refused(void **state)
{
	struct capdu c = long_command();
	static struct bound b;
	struct err e = { 0 };
	struct rapdu r;

	(void)state;
	issue(&b, 0x70);
	bind(&b, 0x33, &e);
	b.answer_at = 1;
	b.answer = "6A84";
	assert_int_equal(session_do(&b.s, &c, "PUT KEY", &r, &e), -1);
	assert_int_equal(e.code, ERR_CARD);
	assert_int_equal(e.sw, 0x6A84);
	assert_int_equal(b.commands, 1);
	assert_true(b.s.lost);
	session_wipe(&b.s);
	/* Nobody sends the rest for this. */
	e = (struct err){ 0 };
	bind(&b, 0x33, &e);
	b.answer_at = 1;
	b.answer = "739000";
	assert_int_equal(session_do(&b.s, &c, "PUT KEY", &r, &e), -1);
	assert_non_null(strstr(e.text, "answer to a part of a command"));
	assert_int_equal(b.commands, 1);
	assert_true(b.s.lost);
	session_wipe(&b.s);
	done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(host_sends_them),
		cmocka_unit_test(host_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
