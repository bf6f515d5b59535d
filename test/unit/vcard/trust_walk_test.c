/*
 * Walks over everything that can happen to a trust record, with an oracle for what must hold after
 * each step whatever came before (trust.md 2, T1 to T11): orders, checks with right and wrong
 * characteristics and clocks, renewals whose answers are lost, copies of the terminal's file,
 * strangers, power that fails. Every sequence of three events, and longer ones at random; sampled,
 * whole in the soak.
 */
#include "trust_rig.h"

#include "vcard/keys/keys.h"

#define DAY 86400u
enum { GENERATIONS = 4096 };

struct walk {
	struct rig r;
	uint64_t random;
	struct phone t, copy;
	bool has_copy;
	/* Somebody else renewed the key, or the network wrote the record and the terminal has not
	 * heard of it: the two need not share a key any more. */
	bool foreign;
	bool open;               /* the network waits for the first terminal that comes */
	bool initialized;        /* in this step */
	uint32_t issued;         /* the highest generation that anybody was given a key of */
	bool done[GENERATIONS];  /* a verdict said that the key of this generation is expired */
	struct card_trust was;   /* before the step */
	struct card_trust other; /* record 2, which nothing here touches */
	uint32_t time;
};

static uint32_t dice(struct walk *w, uint32_t n)
{
	w->random = w->random * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(w->random >> 33) % n;
}

static const struct card_trust *record(const struct walk *w)
{
	return chip_trust(w->r.v, 1);
}

static bool is_trusted(int result)
{
	return result == TRUST_GRANTED || result == TRUST_DUE;
}

/* It may ask for a key. */
static bool may_renew(int result)
{
	return is_trusted(result) || result == TRUST_OPENED;
}

/* Nobody was given a key yet, or it was erased. */
static bool has_no_key(const struct walk *w)
{
	const struct card_trust *c = record(w);

	return c->algorithm == TRUST_P256
		   ? c->current.point.n == 0
		   : chip_keys(w->r.v, &aid_trust, c->current.version) == NULL;
}

/* ---- what must hold ---- */

/* T2, T3, T7, T11: of a verdict that was given. */
static void judge_verdict(struct walk *w, const struct phone *t, int result)
{
	const struct trust_verdict *v = &t->verdict;

	assert_true(v->generation < GENERATIONS || result < 0 || result > TRUST_PROOF_WRONG);
	if (result == TRUST_IS_EXPIRED) {
		w->done[v->generation] = true;
		assert_int_not_equal(record(w)->stage, TRUST_ACTIVE);
	}
	if (result == TRUST_OPENED)
		assert_int_equal(record(w)->stage, TRUST_OPEN);
	if (!is_trusted(result))
		return;
	assert_false(w->done[v->generation]);
	assert_true(v->now < v->expiry);
	assert_int_equal(record(w)->stage, TRUST_ACTIVE);
	assert_int_equal(record(w)->current.generation, v->generation);
	assert_string_equal(t->imei, IMEI);
}

/* T6: of what the terminal has, one key is the card's. */
static bool share_a_key(const struct walk *w)
{
	const struct card_trust *c = record(w);
	const struct phone_key *has[] = { &w->t.current, &w->t.pending };

	for (size_t i = 0; i < 2; i++)
		if (has[i]->generation != 0 &&
		    (has[i]->generation == c->current.generation ||
			(c->pending.version != 0 && has[i]->generation == c->pending.generation)))
			return true;
	return false;
}

static void judge(struct walk *w)
{
	const struct card_trust *c = record(w);

	/* T7: no number comes back, no key is of one that was not counted. */
	assert_true(c->last >= w->was.last && c->last >= w->issued);
	assert_true(c->current.generation <= c->last && c->pending.generation <= c->last);
	if (c->current.generation != w->was.current.generation && !w->initialized)
		assert_true(c->current.generation == w->was.pending.generation ||
			    c->current.generation > w->was.last);
	/* T7: only the network starts a record again; a key in time that waits starts an expired
	 * one. */
	if (!w->initialized && w->was.stage == TRUST_REVOKED)
		assert_int_equal(c->stage, TRUST_REVOKED);
	if (!w->initialized && w->was.stage == TRUST_EXPIRED && c->stage == TRUST_ACTIVE)
		assert_int_not_equal(c->current.generation, w->was.current.generation);
	/* T3, T4: time does not go back. */
	assert_true(w->r.v->chip.containers.time >= w->time);
	assert_true(w->initialized || c->floor >= w->was.floor);
	/* T9 */
	assert_true(c->traits_n > 0);
	assert_true(c->stage != TRUST_ACTIVE || !has_no_key(w));
	/* T6 */
	if (!w->foreign && !has_no_key(w))
		assert_true(share_a_key(w));
	/* T4: the record of somebody else. */
	assert_memory_equal(chip_trust(w->r.v, 2), &w->other, sizeof(w->other));
}

/* ---- what can happen ---- */

static int check(struct walk *w, struct phone *t)
{
	int result = terminal_check(&w->r, t);

	judge_verdict(w, t, result);
	return result;
}

static void do_check(struct walk *w)
{
	struct span got;
	int result = check(w, &w->t);

	/* T10 */
	if (result >= 0 && result <= TRUST_PROOF_WRONG)
		assert_true((phone_get(&w->r, 1, &got) == SW_OK) <= is_trusted(result));
}

/* RENEW by who is trusted; false: nothing came of it. The card may have a new key all the same. */
static bool renew(struct walk *w, struct phone *t)
{
	if (!may_renew(check(w, t)) || phone_renew(&w->r, t) != SW_OK)
		return false;
	assert_true(t->pending.generation > w->issued); /* T7 */
	w->issued = t->pending.generation;
	return true;
}

static void do_renew(struct walk *w)
{
	(void)renew(w, &w->t);
}

static void do_renew_lost(struct walk *w)
{
	struct phone kept = w->t;

	if (may_renew(check(w, &kept))) {
		w->t = kept;
		if (renew(w, &kept)) /* nobody heard */
			w->issued = record(w)->last;
	}
}

/* The terminal's half is written before CONFIRM is sent. */
static void confirm(struct walk *w, bool heard)
{
	if (renew(w, &w->t) && phone_confirm(&w->r, &w->t) == SW_OK && heard)
		phone_takes(&w->t);
}

static void do_confirm(struct walk *w)
{
	confirm(w, true);
}

static void do_confirm_lost(struct walk *w)
{
	confirm(w, false);
}

static void do_confirm_wrong(struct walk *w)
{
	uint16_t sw;

	if (!renew(w, &w->t))
		return;
	w->t.sid[0] ^= 0x01;
	sw = phone_confirm(&w->r, &w->t);
	assert_true(sw == SW_AUTH_FAILED || sw == 0);
	assert_true(record(w)->pending.version == 0 || sw == 0);
}

static void do_later(struct walk *w)
{
	w->t.clock += 1 + dice(w, 7200);
}

static void do_much_later(struct walk *w)
{
	w->t.clock += dice(w, 22 * DAY);
}

static void do_clock_back(struct walk *w)
{
	w->t.clock -= w->t.clock > TRUST_NOW ? dice(w, w->t.clock - TRUST_NOW) : 0;
}

static void do_copy(struct walk *w)
{
	w->copy = w->t;
	w->has_copy = true;
}

/* Who has the file goes on with it: as good as the terminal, until one of them renews. */
static void do_copy_renews(struct walk *w)
{
	struct card_trust before = *record(w);

	if (!w->has_copy)
		return;
	if (renew(w, &w->copy) && phone_confirm(&w->r, &w->copy) == SW_OK)
		phone_takes(&w->copy);
	/* What it did to the card may have cost the terminal its keys. */
	w->foreign |= memcmp(&before.current, &record(w)->current, sizeof(before.current)) != 0 ||
		      memcmp(&before.pending, &record(w)->pending, sizeof(before.pending)) != 0;
}

static void do_copy_in_another(struct walk *w)
{
	struct phone thief = w->t;
	int result;

	thief.imei = OTHER_IMEI;
	result = terminal_check(&w->r, &thief);
	assert_false(may_renew(result)); /* T2 */
	if (result >= 0 && result <= TRUST_PROOF_WRONG)
		judge_verdict(w, &thief, result);
}

/* T1, T4: no key, and nothing that lasts has moved. */
static void do_stranger(struct walk *w)
{
	struct phone_key k = w->t.current;
	struct phone liar = w->t;
	struct wr before = memory_of(&w->r), after;
	uint16_t sw;

	if (k.k.n == 0) {
		wr_free(&before);
		return;
	}
	k.k.b[dice(w, k.k.n)] ^= 0x01;
	liar.clock = 0xFFFFFFFF;
	sw = phone_open(&w->r, &liar, &k, k.version);
	assert_int_not_equal(sw, SW_OK);
	if (sw == 1 && w->t.algorithm != TRUST_P256)
		assert_int_not_equal(rig_authenticate(&w->r, 0x33), SW_OK);
	rig_hex(&w->r, "80420001089A04FFFFFFFFA90000");
	rig_hex(&w->r, "84420001109A04FFFFFFFFA9000011223344556600");
	after = memory_of(&w->r);
	assert_true(span_eq(wr_span(&before), wr_span(&after)));
	wr_free(&before);
	wr_free(&after);
}

static void do_network_time(struct walk *w)
{
	struct trust_order o = { .kind = TRUST_TIME, .has_time = true };

	o.time = w->r.v->chip.containers.time - DAY + dice(w, 4 * DAY);
	as_operator(&w->r);
	assert_int_equal(network_order(&w->r, &o, NULL), SW_OK);
}

static void do_old_order(struct walk *w)
{
	struct trust_order o = usual_order();
	struct phone t;

	o.generation = dice(w, record(w)->last + 1);
	o.terms.expiry = o.terms.horizon;
	as_operator(&w->r);
	assert_int_equal(initialize_try(&w->r, &o, &t), SW_CONDITIONS);
}

static struct trust_order order_of(struct walk *w, uint8_t algorithm)
{
	struct trust_order o = usual_order();

	o.algorithm = algorithm;
	o.open = w->open && algorithm != TRUST_P256;
	o.generation = record(w)->last + 1 + dice(w, 3);
	o.terms.expiry = w->r.v->chip.containers.time + 30 * DAY;
	o.terms.horizon = w->r.v->chip.containers.time + 300 * DAY;
	o.terms.revokes = dice(w, 4) == 0;
	o.time = TRUST_NOW;
	return o;
}

static void initialize_anew(struct walk *w, bool imported)
{
	struct trust_order o = order_of(w, w->t.algorithm);
	struct phone t;

	as_operator(&w->r);
	assert_int_equal(initialize_try(&w->r, &o, &t), SW_OK);
	t.clock = w->t.clock < TRUST_NOW ? TRUST_NOW : w->t.clock;
	w->initialized = true;
	w->issued = o.generation;
	w->foreign = !imported;
	if (imported)
		w->t = t;
}

static void do_initialize(struct walk *w)
{
	initialize_anew(w, true);
}

static void do_initialize_unheard(struct walk *w)
{
	initialize_anew(w, false);
}

static void do_network_revokes(struct walk *w)
{
	struct trust_order o = { .kind = TRUST_REVOKE, .record = 1 };

	as_operator(&w->r);
	assert_int_equal(network_order(&w->r, &o, NULL), SW_OK);
}

static void do_terminal_revokes(struct walk *w)
{
	if (is_trusted(check(w, &w->t)) && dice(w, 4) == 0)
		say_hex(&w->r, INS_REVOKE, 0x0001, "");
}

static void do_reset(struct walk *w)
{
	vcard_reset(w->r.v);
}

static void do_cut(struct walk *w);

static void (*const events[])(struct walk *) = { do_check, do_renew, do_renew_lost, do_confirm,
	do_confirm_lost, do_confirm_wrong, do_later, do_much_later, do_clock_back, do_copy,
	do_copy_renews, do_copy_in_another, do_stranger, do_network_time, do_old_order, do_reset,
	do_cut, do_cut, do_initialize, do_initialize_unheard, do_network_revokes,
	do_terminal_revokes };
enum { EVENTS = sizeof(events) / sizeof(events[0]), CUTTABLE = 6 };

/* Power fails in one of the next writes, while the terminal does something. The file of the
 * terminal is as far as it had come. */
static void do_cut(struct walk *w)
{
	nvm_cut(w->r.v->nvm, 1 + dice(w, 4), dice(w, 200));
	events[dice(w, CUTTABLE)](w);
	rig_cycle(&w->r);
}

/* ---- walks ---- */

/* Every eighth with P-256, every fourth with an open record. */
static void begin(struct walk *w, uint64_t seed)
{
	static const uint8_t algorithms[] = { TRUST_AES_128, TRUST_AES_256 };
	struct trust_order o;

	memset(w, 0, sizeof(*w));
	w->random = seed * 2654435761u + 1;
	trust_on(&w->r, 0x70);
	(void)initialize(&w->r, 2, TRUST_AES_128);
	w->other = *chip_trust(w->r.v, 2);
	w->open = seed % 4 == 1;
	o = order_of(w, seed % 8 == 0 ? TRUST_P256 : algorithms[seed / 8 % 2]);
	w->t = initialize_as(&w->r, &o);
	w->issued = o.generation;
}

/* What card and terminal are in together, as far as the sheet has names for it: the record's stage
 * and why it ended, its pending key and whose, the terminal's keys, who else has one. */
static bool seen[1 << 13];

static void note_state(const struct walk *w)
{
	const struct card_trust *t = record(w);
	unsigned same = t->current.generation == w->t.current.generation,
		 waits = t->pending.version != 0,
		 known = waits && t->pending.generation == w->t.pending.generation;
	unsigned at = t->stage;

	at = at << 3 | t->cause;
	at = at << 1 | same;
	at = at << 1 | waits;
	at = at << 1 | known;
	at = at << 1 | (w->t.pending.generation != 0);
	at = at << 1 | w->has_copy;
	at = at << 1 | w->foreign;
	at = at << 1 | w->open;
	seen[at] = true;
}

static int tell_states(void **state)
{
	unsigned n = 0;

	for (size_t i = 0; i < sizeof(seen); i++)
		n += seen[i];
	print_message("# %u states of card and terminal\n", n);
	return trust_rig_close(state);
}

static void step(struct walk *w, size_t event)
{
	w->was = *record(w);
	w->time = w->r.v->chip.containers.time;
	w->initialized = false;
	events[event](w);
	judge(w);
	note_state(w);
}

/* Whatever happened: the network can start again, and then both trust each other. */
static void end(struct walk *w)
{
	assert_lasting(&w->r);
	w->was = *record(w);
	w->time = w->r.v->chip.containers.time;
	w->open = false;
	do_initialize(w);
	judge(w);
	w->t.clock = 0;
	assert_true(is_trusted(check(w, &w->t)));
	rig_off(&w->r);
}

static void test_three(void **state)
{
	static struct walk w;
	size_t n = EVENTS * EVENTS * EVENTS;

	(void)state;
	for (size_t i = 0; i < n; i += unit_soak(41)) {
		begin(&w, i);
		for (size_t at = i, k = 0; k < 3; k++, at /= EVENTS)
			step(&w, at % EVENTS);
		end(&w);
	}
}

/* Ends are rare, so that a walk comes far. */
static void test_long(void **state)
{
	static struct walk w;

	(void)state;
	for (size_t seed = 0; seed < 2000; seed += unit_soak(51)) {
		begin(&w, seed);
		for (int i = 0; i < 60; i++)
			step(&w, dice(&w, dice(&w, 6) == 0 ? EVENTS : EVENTS - 4));
		end(&w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_three),
		cmocka_unit_test(test_long),
	};

	return cmocka_run_group_tests(tests, trust_rig_open, tell_states);
}
