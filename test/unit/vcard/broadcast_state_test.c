/* The state table of broadcast loading, walked on the wire: every state, every event. */
#include "bench.h"
#include "vcard/broadcast/mode.h"
#include "scp_start.h"

static const struct span none = { NULL, 0 };

static void go_to(struct bench *b, const struct package *p, enum channel_state state)
{
	bench_cycle(b);
	if (state == CHANNEL_IDLE)
		return;
	if (state == CHANNEL_IU_DONE) {
		assert_int_equal(
		    bench_plain(b, INS_INITIALIZE_UPDATE, 0x3000, unit_bytes("0102030405060708")),
		    SW_OK);
		return;
	}
	bench_session(b, 0x33);
	if (state == CHANNEL_BROADCAST)
		assert_int_equal(bench_start(b, p, 0), SW_OK);
}

/* As the state allows: protected by the channel that is open, else bare. */
static uint16_t say(
    struct bench *b, const struct package *p, uint8_t ins, uint16_t p1p2, struct span data)
{
	struct scp s = { 0 };
	uint16_t sw;

	switch (bench_channel(b)->session) {
	case CHANNEL_UNICAST:
		return bench_secure(b, ins, p1p2, data, NULL);
	case CHANNEL_BROADCAST:
		insider_begin(&s, p, 0);
		sw = insider_sends(b, &s, ins, p1p2, data);
		scp_wipe(&s);
		return sw;
	default:
		return bench_plain(b, ins, p1p2, data);
	}
}

static uint16_t say_enter(struct bench *b, const struct package *p, bool right)
{
	uint8_t data[256];
	struct wr w = wr_fixed(data, sizeof(data));
	struct enter e;

	package_enter(p, 0, &e);
	if (!right)
		e.keys[3] ^= 0x10; /* unwrap fails */
	enter_put(&w, &e);
	return say(b, p, INS_CHANGE_MODE, 0x0100, wr_span(&w));
}

/* EXTERNAL AUTHENTICATE for the INITIALIZE UPDATE of go_to; in states that have none, any. */
static uint16_t say_authenticate(struct bench *b, enum mode_event event)
{
	struct logical_channel *ch = bench_channel(b);
	struct span host = unit_bytes("0102030405060708"), card = SPAN(ch->card_challenge);
	struct scp s = { 0 };
	uint8_t buf[64];
	struct wr w = wr_fixed(buf, sizeof(buf));
	uint16_t sw;

	card = span_sub(card, 0, 8);
	assert_true(scp_begin(&s, START(PROTOCOL_SCP03, 0, &b->issue.keys, host, card)));
	if (event == EVENT_AUTH_CRYPTOGRAM)
		host = unit_bytes("0102030405060709");
	assert_true(scp_host_authenticate(&s, CHALLENGES(host, card), 0x33, 0, &w));
	if (event == EVENT_AUTH_MAC)
		buf[w.n - 1] ^= 1;
	sw = bench_raw(b, wr_span(&w));
	scp_wipe(&s);
	return sw;
}

static uint16_t happen(struct bench *b, const struct package *p, enum mode_event event)
{
	switch (event) {
	case EVENT_INITIALIZE:
		return bench_plain(
		    b, INS_INITIALIZE_UPDATE, 0x3000, unit_bytes("0102030405060708"));
	case EVENT_AUTH_MAC:
	case EVENT_AUTH_CRYPTOGRAM:
	case EVENT_AUTH_OK:
		return say_authenticate(b, event);
	case EVENT_UNVERIFIED:
		return bench_raw(b, unit_bytes("845C0000080011223344556677"));
	case EVENT_ENTER:
		return say_enter(b, p, true);
	case EVENT_ENTER_REFUSED:
		return say_enter(b, p, false);
	case EVENT_RETURN:
		return say(b, p, INS_CHANGE_MODE, 0x0001, none);
	case EVENT_AUTHORIZE:
		return say(b, p, INS_AUTHORIZE_ACTION, 0x0000, unit_bytes("A100"));
	case EVENT_WRITTEN:
		return say(b, p, INS_WRITE_STAGE, 0x0000, unit_bytes("00000000AABB"));
	case EVENT_WRITE_REFUSED:
		return say(b, p, INS_WRITE_STAGE, 0x0000, unit_bytes("00000001AABB"));
	case EVENT_OTHER:
		return say(b, p, INS_GET_DATA, TAG_SYSTEM, none);
	default:
		return bench_plain(b, INS_SELECT, 0x0400, aid_span(&aid_isd));
	}
}

struct expect {
	enum channel_state next;
	uint16_t sw;
};

#define IDLE CHANNEL_IDLE
#define DONE CHANNEL_IU_DONE
#define UNI CHANNEL_UNICAST
#define BRO CHANNEL_BROADCAST

/* Columns: IDLE, IU_DONE, UNICAST, BROADCAST. An EXTERNAL AUTHENTICATE where none is due has a MAC
 * that is wrong for the session that is open. */
static const struct expect walk[EVENTS][4] = {
	[EVENT_INITIALIZE] = { { DONE, 0x9000 }, { DONE, 0x9000 }, { DONE, 0x9000 },
	    { DONE, 0x9000 } },
	[EVENT_AUTH_MAC] = { { IDLE, 0x6985 }, { IDLE, 0x6982 }, { IDLE, 0x6982 },
	    { IDLE, 0x6982 } },
	[EVENT_AUTH_CRYPTOGRAM] = { { IDLE, 0x6985 }, { IDLE, 0x6300 }, { IDLE, 0x6982 },
	    { IDLE, 0x6982 } },
	[EVENT_AUTH_OK] = { { IDLE, 0x6985 }, { UNI, 0x9000 }, { IDLE, 0x6982 }, { IDLE, 0x6982 } },
	[EVENT_UNVERIFIED] = { { IDLE, 0x6982 }, { IDLE, 0x6982 }, { IDLE, 0x6982 },
	    { IDLE, 0x6982 } },
	[EVENT_ENTER] = { { IDLE, 0x6982 }, { DONE, 0x6982 }, { BRO, 0x9000 }, { BRO, 0x6985 } },
	[EVENT_ENTER_REFUSED] = { { IDLE, 0x6982 }, { DONE, 0x6982 }, { UNI, 0x6A80 },
	    { BRO, 0x6985 } },
	[EVENT_RETURN] = { { IDLE, 0x6982 }, { DONE, 0x6982 }, { UNI, 0x6985 }, { UNI, 0x9000 } },
	[EVENT_AUTHORIZE] = { { IDLE, 0x6982 }, { DONE, 0x6982 }, { UNI, 0x6A80 },
	    { BRO, 0x6985 } },
	[EVENT_WRITTEN] = { { IDLE, 0x6982 }, { DONE, 0x6982 }, { UNI, 0x6985 }, { BRO, 0x9000 } },
	[EVENT_WRITE_REFUSED] = { { IDLE, 0x6982 }, { DONE, 0x6982 }, { UNI, 0x6985 },
	    { BRO, 0x6A86 } },
	[EVENT_OTHER] = { { IDLE, 0x9000 }, { DONE, 0x9000 }, { UNI, 0x9000 }, { BRO, 0x6985 } },
	[EVENT_END] = { { IDLE, 0x9000 }, { IDLE, 0x9000 }, { IDLE, 0x9000 }, { IDLE, 0x9000 } },
};

static void test_state_table(void **state)
{
	struct bench b;
	struct package p;

	(void)state;
	bench_set_up(&b, &p, 'a', 16, 8);
	for (unsigned s = CHANNEL_IDLE; s <= CHANNEL_BROADCAST; s++) {
		for (unsigned event = 0; event < EVENTS; event++) {
			const struct expect *want = &walk[event][s];
			struct logical_channel *ch;

			go_to(&b, &p, (enum channel_state)s);
			ch = bench_channel(&b);
			assert_int_equal(ch->session, s);
			assert_int_equal(happen(&b, &p, (enum mode_event)event), want->sw);
			assert_int_equal(ch->session, want->next);
			assert_int_equal(ch->has_saved, want->next == CHANNEL_BROADCAST);
			if (want->next != CHANNEL_BROADCAST)
				assert_int_equal(ch->saved.u.scp03.mac.key.n, 0);
			if (want->next == CHANNEL_IDLE) {
				assert_int_equal(ch->scp.u.scp03.mac.key.n, 0);
				assert_int_equal(ch->bk_mac.n, 0);
			}
			/* a broadcast command that was refused is the last that counts */
			assert_int_equal(ch->failed, want->next == CHANNEL_BROADCAST &&
							 s == CHANNEL_BROADCAST &&
							 want->sw != SW_OK);
		}
	}
	/* the table itself has no hole: each row is a state of its own or 9000 moves */
	for (unsigned s = CHANNEL_IDLE; s <= CHANNEL_BROADCAST; s++)
		for (unsigned event = 0; event < EVENTS; event++) {
			const struct mode_row *row = mode_row((enum channel_state)s, event);

			assert_true(row->next == s || row->sw == SW_OK || row->act != NULL ||
				    event == EVENT_INITIALIZE);
		}
	bench_tear_down(&b, &p);
}

/* Wrong cryptograms and MACs cost a try each and lock the set; success restores. */
static void test_state_tries(void **state)
{
	struct bench b;
	struct package p;

	(void)state;
	bench_set_up(&b, &p, 'a', 16, 8);
	for (int n = 1; n < TRIES_MAX; n++) {
		go_to(&b, &p, CHANNEL_IU_DONE);
		happen(&b, &p, n % 2 ? EVENT_AUTH_MAC : EVENT_AUTH_CRYPTOGRAM);
		assert_int_equal(b.v->chip.keys[0].tries, TRIES_MAX - n);
	}
	bench_session(&b, 0x33);
	assert_int_equal(b.v->chip.keys[0].tries, TRIES_MAX);
	for (int n = 0; n < TRIES_MAX; n++) {
		go_to(&b, &p, CHANNEL_IU_DONE);
		happen(&b, &p, EVENT_AUTH_MAC);
	}
	assert_int_equal(happen(&b, &p, EVENT_INITIALIZE), SW_AUTH_BLOCKED);
	bench_tear_down(&b, &p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_state_table),
		cmocka_unit_test(test_state_tries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
