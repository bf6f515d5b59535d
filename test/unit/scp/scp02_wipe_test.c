/* What an SCP02 session leaves behind: nothing. */
#include "scp02_pair.h"
#include "scp_start.h"

enum { I_RMAC = 0x35, I_IMPLICIT = 0x1A, LEVEL = LEVEL_CMAC | LEVEL_CDEC | LEVEL_RMAC };

static const struct scp nothing;

static void is_nothing(const struct scp *s)
{
	assert_memory_equal(s, &nothing, sizeof(nothing));
}

/* A session in which a command and its answer went over. */
static void used(struct pair02 *p)
{
	struct capdu c = { .cla = 0x80, .ins = 0xE2, .data = unit_bytes("010203"), .le = LE_NONE };
	struct rapdu r = { .sw = SW_OK };

	open_pair02(p, I_RMAC, LEVEL);
	exchange02(p, &c, &r);
}

static void command_is_forgotten(void **state)
{
	static const uint8_t zero[sizeof(((struct scp02 *)0)->last)];
	struct pair02 p = { 0 };

	(void)state;
	used(&p);
	assert_memory_equal(p.host.u.scp02.last, zero, sizeof(zero));
	assert_memory_equal(p.card.u.scp02.last, zero, sizeof(zero));
	wipe_pair02(&p);
}

static void wiped(void **state)
{
	struct pair02 p = { 0 };

	(void)state;
	used(&p);
	scp_wipe(&p.host);
	is_nothing(&p.host);
	scp_wipe(&p.card);
	is_nothing(&p.card);
	scp_wipe(&p.card);
	is_nothing(&p.card);
}

/* A beginning that fails ends what was there before. */
static void failed_beginning(void **state)
{
	static const uint8_t sequence[2] = { 0, 9 }, last[2] = { 0xFF, 0xFF };
	struct key_set keys = three_keys02(), odd = keys;
	struct span aid = unit_bytes("A000000151000000");
	struct pair02 p = { 0 };

	(void)state;
	odd.enc.n = 15;
	used(&p);
	assert_false(begin_counter(&p.host, &odd, I_RMAC, sequence));
	is_nothing(&p.host);
	assert_false(begin_counter(&p.card, &keys, I_IMPLICIT, sequence));
	is_nothing(&p.card);
	used(&p);
	assert_false(scp02_begin_implicit(&p.host, &keys, I_RMAC, sequence, aid));
	is_nothing(&p.host);
	assert_false(scp02_begin_implicit(&p.card, &odd, I_IMPLICIT, sequence, aid));
	is_nothing(&p.card);
	assert_false(scp02_begin_implicit(&p.card, &keys, I_IMPLICIT, last, aid));
	is_nothing(&p.card);
	for (size_t n = 0; n <= 17; n++) {
		uint8_t name[17] = { 0xA0 };
		bool ok =
		    scp02_begin_implicit(&p.card, &keys, I_IMPLICIT, sequence, span_of(name, n));

		assert_int_equal(ok, n >= 5 && n <= 16);
		if (!ok)
			is_nothing(&p.card);
	}
	wipe_pair02(&p);
}

/* The next session on the same object chains to nothing of the last one. */
static void next_session(void **state)
{
	static const uint8_t sequence[2] = { 0, 9 };
	struct key_set keys = three_keys02();
	struct pair02 p = { 0 };
	struct scp fresh = { 0 };
	struct state02 want;

	(void)state;
	used(&p);
	assert_true(begin_counter(&fresh, &keys, I_RMAC, sequence));
	want = state_of02(&fresh);
	assert_true(begin_counter(&p.host, &keys, I_RMAC, sequence));
	assert_state02(&p.host, &want);
	scp_wipe(&fresh);
	wipe_pair02(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(command_is_forgotten),
		cmocka_unit_test(wiped),
		cmocka_unit_test(failed_beginning),
		cmocka_unit_test(next_session),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
