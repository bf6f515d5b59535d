/*
 * Broadcast loading that is interrupted: section 10 of the specification of the method, tests 6 to
 * 8, the card's side. And the running image, which is what it is all for.
 */
#include "bench.h"

/* How far a card is: 0 nothing, 1 entered, 1 + j after command j, then active. */
static uint32_t progress(struct bench *b, const struct package *p)
{
	struct slot_data s;

	if (b->v->chip.running.has_campaign) {
		bench_assert_active(b, p);
		return p->total + 2;
	}
	s = bench_slot(b);
	assert_int_equal(bench_system(b).version, b->issue.base);
	if (s.state == SLOT_EMPTY)
		return 0;
	assert_int_equal(s.state, s.done < p->total ? SLOT_RECEIVING : SLOT_COMPLETE);
	assert_int_equal(s.received, s.done < p->total ? s.done * p->block : p->length);
	assert_span(wr_span(&b->v->chip.slot_data), span_of(p->image, s.received));
	return 1 + s.done;
}

/* What a host does that knows nothing: read, go on, authorize. False: the card fell silent. */
static bool bring_home(struct bench *b, const struct package *p)
{
	uint32_t at = progress(b, p), done = at == 0 ? 0 : at - 1;

	if (at == p->total + 2)
		return true;
	if (done < p->total) {
		if (bench_start(b, p, done) == 0)
			return false;
		for (; done < p->total; done++)
			if (bench_raw(b, package_command(p, done)) == 0)
				return false;
		assert_int_equal(bench_return(b, p), SW_OK);
	}
	if (bench_activate(b, p) == RESULT_ACTIVE)
		return true;
	assert_int_equal(b->how, VCARD_GONE);
	return false;
}

/* 6. Executed but not answered, at every command: the same octets go on where the card stands. */
static void test_06_unanswered(void **state)
{
	struct bench b;
	struct package p;

	(void)state;
	for (uint32_t stop = 0; stop <= 4; stop++) {
		bench_set_up(&b, &p, "ab"[stop % 2], 16, 8);
		assert_int_equal(bench_start(&b, &p, 0), SW_OK);
		for (uint32_t k = 0; k < stop && k < p.total; k++)
			assert_int_equal(bench_raw(&b, package_command(&p, k)), SW_OK);
		if (stop > p.total)
			assert_int_equal(bench_return(&b, &p), SW_OK);
		vcard_reset(b.v);
		assert_int_equal(bench_channel(&b)->bk_mac.n, 0);
		bench_session(&b, 0x33);
		assert_int_equal(progress(&b, &p), 1 + (stop < p.total ? stop : p.total));
		assert_true(bring_home(&b, &p));
		/* the answer to the authorization was lost */
		bench_cycle(&b);
		bench_session(&b, 0x33);
		assert_int_equal(bench_activate(&b, &p), RESULT_ALREADY);
		bench_assert_active(&b, &p);
		bench_tear_down(&b, &p);
	}
}

struct lie {
	uint32_t done;
	int32_t total, number, length;
	bool inner;
};

/* 7. A resume that does not fit what the slot holds changes nothing. */
static void test_07_lies(void **state)
{
	static const struct lie lies[] = {
		{ 2, 0, 0, 0, false },
		{ 0x7FFFFFFF, 0, 0, 0, false },
		{ 3, 0, 0, 0, false },
		{ 1, 1, 0, 0, false },
		{ 1, 0, 1, 0, false },
		{ 1, 0, 0, -1, false },
		{ 1, 0, 0, 0, true },
	};
	struct bench b;
	struct package p;

	(void)state;
	bench_set_up(&b, &p, 'a', 16, 8);
	assert_int_equal(bench_start(&b, &p, 0), SW_OK);
	assert_int_equal(bench_raw(&b, package_command(&p, 0)), SW_OK);
	vcard_reset(b.v);
	bench_session(&b, 0x33);
	for (size_t n = 0; n < sizeof(lies) / sizeof(lies[0]); n++) {
		const struct lie *l = &lies[n];
		struct package q = p;
		struct enter e;
		uint16_t sw;

		q.total += (uint32_t)l->total;
		q.number += (uint32_t)l->number;
		q.length += (uint32_t)l->length;
		package_enter(&q, 1, &e);
		e.done = l->done;
		broadcast_counter(q.number, l->done, e.counter);
		if (l->inner) {
			e.inner = INNER_KOS;
			e.has_nonce = true;
		}
		sw = bench_enter(&b, &e);
		assert_int_equal(sw, l->done >= q.total ? SW_WRONG_DATA : SW_CONDITIONS);
		assert_int_equal(progress(&b, &p), 2);
	}
	assert_true(bring_home(&b, &p));
	bench_tear_down(&b, &p);
}

/* 7, continued: another chaining value, a slot that is COMPLETE; j = 0 starts clean. */
static void test_07_chaining_and_complete(void **state)
{
	struct bench b;
	struct package p, q;
	struct enter e;

	(void)state;
	bench_set_up(&b, &p, 'a', 16, 8);
	assert_int_equal(bench_start(&b, &p, 0), SW_OK);
	assert_int_equal(bench_raw(&b, package_command(&p, 0)), SW_OK);
	assert_int_equal(bench_raw(&b, package_command(&p, 1)), SW_OK);
	vcard_reset(b.v);
	bench_session(&b, 0x33);
	package_enter(&p, 2, &e);
	e.mcv[15] ^= 1;
	assert_int_equal(bench_enter(&b, &e), SW_CONDITIONS);
	assert_int_equal(progress(&b, &p), 3);
	assert_int_equal(bench_start(&b, &p, 2), SW_OK);
	bench_stream(&b, &p, 2);
	assert_int_equal(bench_return(&b, &p), SW_OK);
	for (uint32_t j = 1; j < p.total; j++)
		assert_int_equal(bench_start(&b, &p, j), SW_CONDITIONS);
	/* COMPLETE and of another campaign: only discard makes room */
	package_make(&q, &b, 'a', 16, 8);
	q.campaign[0] ^= 1;
	package_stream(&q);
	assert_int_equal(bench_start(&b, &q, 0), SW_CONDITIONS);
	assert_int_equal(progress(&b, &p), 4);
	/* the same campaign may start again */
	assert_int_equal(bench_start(&b, &p, 0), SW_OK);
	vcard_reset(b.v);
	bench_session(&b, 0x33);
	assert_int_equal(progress(&b, &p), 1);
	/* and another one over a slot that is not complete */
	assert_int_equal(bench_start(&b, &q, 0), SW_OK);
	bench_stream(&b, &q, 0);
	assert_int_equal(bench_return(&b, &q), SW_OK);
	assert_int_equal(bench_activate(&b, &q), RESULT_ACTIVE);
	package_free(&q);
	bench_tear_down(&b, &p);
}

/* Where a card stands that stood at `at` and has made `writes` writes since. */
static uint32_t after(uint32_t at, uint32_t writes)
{
	if (writes > 0 && at <= 1) {
		at = 1;
		writes--;
	}
	return at + writes;
}

/* Powers the card, cuts in write number `write` of what follows; true: home before that. */
static bool run_until_cut(struct bench *b, const struct package *p, uint32_t write, size_t keep)
{
	uint32_t at;
	bool home;

	bench_session(b, 0x33);
	at = progress(b, p);
	nvm_cut(b->v->nvm, write, keep);
	home = bring_home(b, p);
	bench_cycle(b);
	assert_int_equal(progress(b, p), home ? p->total + 2 : after(at, write - 1));
	return home;
}

/* 8. Power is cut at every write from enter to the end of activation, twice in a row. */
static void test_08_power_cut(void **state)
{
	static const size_t keeps[] = { 0, 1, 11, 12, 40, SIZE_MAX };
	enum { KEEPS = sizeof(keeps) / sizeof(keeps[0]), WRITES = 6 };
	struct bench b;
	struct package p;

	(void)state;
	bench_issue(&b, 16, 0x70);
	package_make(&p, &b, 'b', 16, 8);
	package_stream(&p);
	for (uint32_t n = 0; n < WRITES * WRITES * KEEPS; n++) {
		uint32_t first = 1 + n % WRITES, second = 1 + n / WRITES % WRITES;

		bench_on(&b);
		run_until_cut(&b, &p, first, keeps[n % KEEPS]);
		run_until_cut(&b, &p, second, keeps[n / WRITES / WRITES]);
		bench_session(&b, 0x33);
		assert_true(bring_home(&b, &p));
		bench_cycle(&b);
		bench_assert_active(&b, &p);
		bench_off(&b);
	}
	package_free(&p);
}

/* 8, continued: every write is one small one. */
static void test_08_small_writes(void **state)
{
	struct bench b;
	struct package p;
	size_t before;

	(void)state;
	bench_issue(&b, 16, 0x70);
	package_make(&p, &b, 'a', 16, 8);
	p.length = 60000;
	p.total = (p.length + 234) / 235;
	package_stream(&p);
	bench_on(&b);
	bench_session(&b, 0x33);
	assert_int_equal(bench_start(&b, &p, 0), SW_OK);
	for (uint32_t k = 0; k < p.total; k++) {
		before = nvm_size(b.v->nvm);
		assert_int_equal(bench_raw(&b, package_command(&p, k)), SW_OK);
		assert_true(nvm_size(b.v->nvm) < before + p.block + 128);
	}
	assert_int_equal(bench_return(&b, &p), SW_OK);
	before = nvm_size(b.v->nvm);
	assert_int_equal(bench_activate(&b, &p), RESULT_ACTIVE);
	assert_true(nvm_size(b.v->nvm) < before + 256);
	bench_cycle(&b);
	bench_assert_active(&b, &p);
	bench_tear_down(&b, &p);
}

/* Section 6: applications that an image brings answer once it is active, and not before. */
static void test_image_runs(void **state)
{
	static const char apps[] = "7F6E28"
				   "61124F08A0000001510001015306414E53574552"
				   "61124F08A0000001510001025306736563006E64";
	struct bench b;
	struct package p;
	struct span aid = unit_bytes("A000000151000102");

	(void)state;
	bench_issue(&b, 16, 0x70);
	package_make(&p, &b, 'a', 16, 8);
	p.head = unit_bytes(apps);
	package_stream(&p);
	bench_on(&b);
	bench_session(&b, 0x33);
	bench_load(&b, &p);
	vcard_reset(b.v);
	assert_int_equal(bench_plain(&b, INS_SELECT, 0x0400, aid), SW_NOT_FOUND);
	bench_session(&b, 0x33);
	assert_int_equal(bench_activate(&b, &p), RESULT_ACTIVE);
	bench_cycle(&b);
	assert_int_equal(bench_plain(&b, INS_SELECT, 0x0400, aid), SW_OK);
	assert_span(bench_answer(&b), unit_bytes("736563006E649000"));
	bench_tear_down(&b, &p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_06_unanswered),
		cmocka_unit_test(test_07_lies),
		cmocka_unit_test(test_07_chaining_and_complete),
		cmocka_unit_test(test_08_power_cut),
		cmocka_unit_test(test_08_small_writes),
		cmocka_unit_test(test_image_runs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
