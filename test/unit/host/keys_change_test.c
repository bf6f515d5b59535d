/*
 * A change of keys broken off at every command, in every way: the card is never without keys that
 * open a channel, no try is spent, and the next run comes to the goal. Our host against our card,
 * which share lib/gp and lib/scp; those are pinned to facts from outside elsewhere.
 */
#include "unit.h"

#include <unistd.h>

#include "host/choose.h"
#include "host/keys.h"
#include "vcard/core/vcard.h"

struct bench {
	char path[64];
	struct vcard_issue issue;
	struct key_set set[2]; /* old, new */
	uint8_t version[2];
	struct vcard *v;
	struct card card;
	struct session s;
	unsigned connects, opened[2];
	struct err e;
};

static int transmit(void *ctx, struct span command, struct wr *rsp, struct err *e)
{
	struct bench *b = ctx;

	if (vcard_transmit(b->v, command, rsp) == VCARD_ANSWER)
		return 0;
	return err_set(e, ERR_READER, "no answer");
}

static void off(void *ctx)
{
	struct bench *b = ctx;

	vcard_close(b->v);
	b->v = NULL;
}

static const struct card_ops ops = { .transmit = transmit, .close = off };

static void connect_card(struct bench *b)
{
	session_wipe(&b->s);
	card_close(&b->card);
	assert_ok(vcard_open(b->path, &b->v, &b->e), &b->e);
	b->card = (struct card){ .ops = &ops, .ctx = b };
	session_init(&b->s, &b->card);
	b->connects++;
}

static void issue(struct bench *b, enum fault fault, uint32_t at)
{
	struct vcard_issue *is = &b->issue;
	const struct key a = unit_key("404142434445464748494A4B4C4D4E4F"),
			 n = unit_key("505152535455565758595A5B5C5D5E5F");

	memset(b, 0, sizeof(*b));
	b->set[0] = (struct key_set){ a, a, a };
	b->set[1] = (struct key_set){ n, n, n };
	b->version[0] = 0x30;
	b->version[1] = 0x31;
	is->keys = b->set[0];
	is->key_version = 0x30;
	is->i = 0x70;
	memcpy(is->iin, "\x42\x42\x42", 3);
	is->iin_n = 3;
	memcpy(is->cin, "\x00\x00\x00\x01", 4);
	is->cin_n = 4;
	assert_true(aid_from(&is->target, unit_bytes("A000000151000001")));
	is->issuer[0] = 0x04;
	is->fault = fault;
	is->fault_at = at;
	snprintf(b->path, sizeof(b->path), "/tmp/keys_change_test.%d.card", (int)getpid());
	unlink(b->path);
	assert_ok(vcard_create(b->path, is, &b->e), &b->e);
}

static void done(struct bench *b)
{
	session_wipe(&b->s);
	card_close(&b->card);
	unlink(b->path);
}

/* ---- one run, as a verb does it ---- */

struct which {
	struct bench *b;
	unsigned k;
};

static int give_keys(void *ctx, const struct init_update *u, struct key_set *out, struct err *e)
{
	const struct which *w = ctx;

	(void)u;
	(void)e;
	*out = w->b->set[w->k];
	return 0;
}

static void after_auth(void *ctx, const struct init_update *u, bool accepted)
{
	(void)ctx;
	(void)u;
	assert_true(accepted); /* else a try was spent */
}

static int open_set(struct bench *b, unsigned k, struct err *e)
{
	struct which w = { b, k };
	const struct choose_asks asks = { .key_version = b->version[k], .level = 0x33, .s16 = -1 };
	const struct session_auth auth = { .keys = give_keys, .after_auth = after_auth, .ctx = &w };

	session_close(&b->s);
	b->opened[k]++;
	return session_begin(&b->s, &asks, &auth, e);
}

static int opener(void *ctx, enum keys_set which, enum keys_card card, struct err *e)
{
	struct bench *b = ctx;

	if (card == CARD_ANEW)
		connect_card(b);
	return open_set(b, which == NEW_SET, e);
}

/* Opens with the old set, else with the new one, plans, and does it. */
static int run(struct bench *b, const struct keys_goal *g, struct keys_change *x, struct err *e)
{
	struct put_key put;
	struct key_infos k;
	bool told, is_new = false;
	int rc;

	*x = (struct keys_change){ .s = &b->s, .keys = &put, .kid = 1, .open = opener, .ctx = b };
	connect_card(b);
	rc = open_set(b, 0, e);
	if (rc != 0 && e->code == ERR_AUTH) {
		is_new = true;
		rc = open_set(b, 1, e);
	}
	if (rc != 0 || keys_read(&b->s, &k, &told, e) != 0 || keys_plan(&k, g, &x->plan, e) != 0)
		return -1;
	if (is_new)
		x->plan = (struct keys_plan){ .remove = x->plan.remove };
	keys_from_set(&put, g->version, KEY_TYPE_AES, &b->set[1]);
	return keys_change(x, e);
}

static unsigned sets_that_open(struct bench *b)
{
	unsigned n = 0;

	for (unsigned k = 0; k < 2; k++) {
		connect_card(b);
		n += open_set(b, k, &b->e) == 0;
	}
	return n;
}

static void assert_goal(struct bench *b, const struct keys_goal *g)
{
	struct key_infos k;
	bool told;

	connect_card(b);
	assert_ok(open_set(b, 1, &b->e), &b->e);
	assert_ok(keys_read(&b->s, &k, &told, &b->e), &b->e);
	assert_int_equal(k.n, 3 + 3 * (g->replace == 0 && g->rotate == 0));
	assert_non_null(keys_at(&k, g->version, 3));
	assert_int_equal(b->s.iu.key_version, g->version);
}

static const struct keys_goal add = { 0x31, 0, 0, KEY_TYPE_AES, 16, true },
			      in_place = { 0x30, 0x30, 0, KEY_TYPE_AES, 16, true },
			      replace = { 0x31, 0x30, 0, KEY_TYPE_AES, 16, true },
			      rotate = { 0x31, 0, 0x30, KEY_TYPE_AES, 16, true };
static const struct keys_goal *const goals[] = { &add, &in_place, &replace, &rotate };

static void whole(void **state)
{
	struct keys_change x;
	struct bench b;

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		issue(&b, FAULT_NONE, 0);
		b.version[1] = goals[i]->version;
		assert_ok(run(&b, goals[i], &x, &b.e), &b.e);
		assert_true(x.put);
		assert_int_equal(x.proved, goals[i] != &add);
		assert_int_equal(x.removed, goals[i] == &rotate);
		assert_false(x.resolved);
		assert_int_equal(b.opened[0], 1);
		assert_int_equal(b.opened[1], goals[i] != &add);
		assert_goal(&b, goals[i]);
		done(&b);
	}
}

/* The factory set goes by itself. */
static void from_the_factory(void **state)
{
	static const struct keys_goal g = { 0x31, 0, 0xFF, KEY_TYPE_AES, 16, true };
	struct keys_change x;
	struct bench b;

	(void)state;
	issue(&b, FAULT_NONE, 0);
	unlink(b.path);
	b.issue.key_version = b.version[0] = 0xFF;
	assert_ok(vcard_create(b.path, &b.issue, &b.e), &b.e);
	assert_ok(run(&b, &g, &x, &b.e), &b.e);
	assert_true(x.put && x.proved && x.removed);
	assert_goal(&b, &g);
	done(&b);
}

/* A run in which a fault strikes, and the next; false: it comes too late to strike. */
static bool broken(
    enum fault fault, uint32_t at, const struct keys_goal *g, uint32_t least, unsigned *resolved)
{
	struct keys_change x;
	struct bench b;
	int rc;

	issue(&b, fault, at);
	b.version[1] = g->version;
	rc = run(&b, g, &x, &b.e);
	if (rc == 0 && !x.resolved) {
		assert_true(at > least);
		done(&b);
		return false;
	}
	if (rc == 0)
		++*resolved;
	else
		assert_int_equal(b.e.code, ERR_READER);
	assert_true(sets_that_open(&b) >= 1);
	assert_ok(run(&b, g, &x, &b.e), &b.e);
	assert_goal(&b, g);
	done(&b);
	return true;
}

static void broken_at_every_command(void **state)
{
	static const enum fault faults[] = { FAULT_REMOVED, FAULT_SILENT };

	(void)state;
	for (size_t f = 0; f < 2; f++)
		for (size_t i = 0; i < 4; i++) {
			unsigned resolved = 0;

			for (uint32_t at = 1; broken(faults[f], at, goals[i], 8, &resolved); at++)
				;
			/* PUT KEY, and DELETE where there is one; a card that was pulled before
			 * them has not done them. */
			assert_int_equal(resolved, faults[f] == FAULT_REMOVED ? 0
						   : goals[i] == &rotate      ? 2
									      : 1);
		}
}

/* The power fails in every write of the card, so in PUT KEY and DELETE too. */
static void power_cut_in_every_write(void **state)
{
	unsigned resolved = 0;

	(void)state;
	for (size_t i = 0; i < 4; i++)
		for (uint32_t at = 1; broken(FAULT_POWER_CUT, at, goals[i], 2, &resolved); at++)
			;
	assert_int_equal(resolved, 0); /* a torn write is none */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole),
		cmocka_unit_test(from_the_factory),
		cmocka_unit_test(broken_at_every_command),
		cmocka_unit_test(power_cut_in_every_write),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
