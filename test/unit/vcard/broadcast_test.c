/*
 * The card's side of broadcast loading against known answers: every case of
 * test/vectors/broadcast.json, octet for octet, through vcard_transmit.
 */
#include <unistd.h>

#include "crypto/digest.h"
#include "unit.h"
#include "vcard/core/card_state.h"
#include "scp_start.h"

enum { KEY_VERSION = 0x30 };

struct known {
	const json_t *all, *c;
	char path[64];
	struct vcard *v;
	uint8_t answer[300];
};

static void issue_for(const struct known *t, struct vcard_issue *s)
{
	const json_t *keys = json_object_get(t->c, "static");
	struct key *to[3] = { &s->keys.enc, &s->keys.mac, &s->keys.dek };

	*s = (struct vcard_issue){ .key_version = KEY_VERSION, .cin_n = 1 };
	for (size_t n = 0; n < 3; n++)
		*to[n] = unit_key(json_string_value(json_array_get(keys, n)));
	/* Random challenges: the cases name their own. */
	s->i = SCP03_I_RMAC | SCP03_I_RENC;
	if (json_integer_value(json_object_get(t->c, "mac_size")) == 16)
		s->i |= SCP03_I_S16;
	memcpy(s->platform, unit_hex(t->all, "platform").p, sizeof(s->platform));
	assert_true(aid_from(&s->target, unit_hex(t->all, "aid")));
	s->base = get_u32(unit_hex(t->all, "base").p);
	memcpy(s->issuer, unit_hex(t->all, "issuer_public").p, sizeof(s->issuer));
	if (json_object_get(t->c, "kos") != NULL) {
		s->kos[0].version = 1;
		s->kos[0].key = unit_key(unit_str(t->c, "kos"));
		s->kos_n = 1;
	}
	if (json_object_get(t->c, "kmac") != NULL)
		s->kmac = unit_key(unit_str(t->c, "kmac"));
	memcpy(s->algorithms, "\x01\x02\x04\x05", 4);
	s->algorithm_n = 4;
	memcpy(s->forms, "\x00\x01", 2);
	s->form_n = 2;
}

static struct span send(struct known *t, struct span command)
{
	struct wr w = wr_fixed(t->answer, sizeof(t->answer));

	assert_int_equal(vcard_transmit(t->v, command, &w), VCARD_ANSWER);
	assert_true(wr_ok(&w));
	return wr_span(&w);
}

/* INITIALIZE UPDATE for the host challenge of the case; then the card's challenge becomes that of
 * the case, and EXTERNAL AUTHENTICATE must fit. */
static void open_session(struct known *t)
{
	struct span host = unit_hex(t->c, "host_challenge"),
		    card = unit_hex(t->c, "card_challenge");
	struct capdu iu = { 0x80, INS_INITIALIZE_UPDATE, KEY_VERSION, 0, host, LE_MAX_SHORT,
		false };
	struct logical_channel *ch = &t->v->channel[0];
	uint8_t buf[40];
	struct wr w = wr_fixed(buf, sizeof(buf));
	struct span rsp;

	capdu_put(&w, &iu);
	rsp = send(t, wr_span(&w));
	assert_int_equal(rsp.n, 13 + 2 * host.n + 2);
	assert_int_equal(ch->session, CHANNEL_IU_DONE);
	memcpy(ch->card_challenge, card.p, card.n);
	assert_true(
	    scp_begin(&ch->scp, START(PROTOCOL_SCP03, 0, &t->v->chip.keys[0].keys, host, card)));
	assert_span(send(t, unit_hex(t->c, "external_authenticate")), unit_bytes("9000"));
	assert_int_equal(ch->session, CHANNEL_UNICAST);
}

static void card_on(struct known *t)
{
	struct vcard_issue issue;
	struct err e;
	int fd;

	issue_for(t, &issue);
	snprintf(t->path, sizeof(t->path), "/tmp/broadcast-XXXXXX");
	fd = mkstemp(t->path);
	assert_true(fd >= 0);
	close(fd);
	unlink(t->path);
	assert_ok(vcard_create(t->path, &issue, &e), &e);
	assert_ok(vcard_open(t->path, &t->v, &e), &e);
}

static void card_off(struct known *t)
{
	vcard_close(t->v);
	unlink(t->path);
}

static void play_stream(struct known *t, size_t from)
{
	const json_t *stream = json_object_get(t->c, "stream"),
		     *points = json_object_get(t->c, "checkpoints");
	const struct logical_channel *ch = &t->v->channel[0];

	for (size_t k = from; k < json_array_size(stream); k++) {
		assert_span(SPAN(ch->scp.u.scp03.mcv),
		    unit_bytes(json_string_value(json_array_get(points, k))));
		assert_span(send(t, unit_bytes(json_string_value(json_array_get(stream, k)))),
		    unit_bytes("9000"));
	}
	assert_span(SPAN(ch->scp.u.scp03.mcv),
	    unit_bytes(json_string_value(json_array_get(points, json_array_size(stream)))));
	assert_int_equal(t->v->chip.slot.state, SLOT_COMPLETE);
	assert_span(wr_span(&t->v->chip.slot_data), unit_hex(t->all, "image"));
	assert_span(send(t, unit_hex(t->c, "return")), unit_bytes("9000"));
	assert_int_equal(ch->session, CHANNEL_UNICAST);
}

static void load(struct known *t)
{
	const struct logical_channel *ch = &t->v->channel[0];
	uint8_t counter[16] = { 0 };

	open_session(t);
	assert_span(send(t, unit_hex(t->c, "enter_wrapped")), unit_hex(t->c, "enter_answer"));
	assert_int_equal(ch->session, CHANNEL_BROADCAST);
	assert_span(SPAN(ch->saved.u.scp03.mcv), unit_hex(t->c, "saved_chaining_value"));
	put_u64(&counter[8], (uint64_t)json_integer_value(json_object_get(t->c, "saved_counter")));
	assert_span(SPAN(ch->saved.u.scp03.counter), SPAN(counter));
	play_stream(t, 0);
	assert_span(SPAN(ch->scp.u.scp03.mcv), unit_hex(t->c, "saved_chaining_value"));
	assert_span(SPAN(ch->scp.u.scp03.counter), SPAN(counter));
	assert_false(ch->has_saved);
}

static void check_running(const struct known *t, bool updated)
{
	const struct running *r = &t->v->chip.running;
	uint8_t digest[32];

	assert_int_equal(r->version, get_u32(unit_hex(t->all, updated ? "version" : "base").p));
	if (!updated)
		return;
	assert_span(wr_span(&t->v->chip.image), unit_hex(t->all, "image"));
	assert_true(sha256_of(unit_hex(t->all, "image"), digest));
	assert_span(SPAN(r->digest), SPAN(digest));
	assert_int_equal(t->v->chip.slot.state, SLOT_EMPTY);
}

static void check_authorize(struct known *t, const json_t *auth, bool good)
{
	card_on(t);
	load(t);
	if (!good)
		t->v->chip.slot_data.p[5] ^= 0x01;
	assert_span(send(t, unit_hex(auth, "wrapped")),
	    unit_hex(auth, good ? "answer_active" : "answer_wrong_code"));
	check_running(t, good);
	if (!good) {
		assert_int_equal(t->v->chip.slot.state, SLOT_REJECTED);
		assert_int_equal(t->v->chip.slot_data.n, 0);
	}
	card_off(t);
}

static void check_resume(struct known *t)
{
	const json_t *stream = json_object_get(t->c, "stream");
	struct span rsp;

	card_on(t);
	open_session(t);
	assert_span(send(t, unit_hex(t->c, "enter_wrapped")), unit_hex(t->c, "enter_answer"));
	for (size_t k = 0; k < 2; k++)
		assert_span(send(t, unit_bytes(json_string_value(json_array_get(stream, k)))),
		    unit_bytes("9000"));
	vcard_reset(t->v);
	assert_int_equal(t->v->channel[0].session, CHANNEL_IDLE);
	open_session(t);
	rsp = send(t, unit_hex(t->c, "resume_at_2_wrapped"));
	assert_span(span_sub(rsp, rsp.n - 2, 2), unit_bytes("9000"));
	play_stream(t, 2);
	card_off(t);
}

static void each_case(void (*check)(struct known *t))
{
	json_t *all = unit_json("test/vectors/broadcast.json");
	const json_t *cases = json_object_get(all, "cases");
	struct known t = { .all = all };

	assert_int_equal(json_array_size(cases), 42);
	for (size_t n = 0; n < json_array_size(cases); n++) {
		t.c = json_array_get(cases, n);
		check(&t);
	}
	json_decref(all);
}

static void authorize_each(struct known *t, bool good)
{
	const json_t *list = json_object_get(t->c, "authorize");

	for (size_t k = 0; k < json_array_size(list); k++)
		check_authorize(t, json_array_get(list, k), good);
}

static void authorize_good(struct known *t)
{
	authorize_each(t, true);
}

static void authorize_wrong(struct known *t)
{
	authorize_each(t, false);
}

static void test_active(void **state)
{
	(void)state;
	each_case(authorize_good);
}

static void test_wrong_code(void **state)
{
	(void)state;
	each_case(authorize_wrong);
}

static void test_resume(void **state)
{
	(void)state;
	each_case(check_resume);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_active),
		cmocka_unit_test(test_wrong_code),
		cmocka_unit_test(test_resume),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
