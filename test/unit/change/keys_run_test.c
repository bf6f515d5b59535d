/*
 * Changes of keys as campaigns make them, on a virtual card: proof by the channel, what is known of
 * it before, answers that are lost, intents that cannot be written, and plans without a card.
 */
#include "change_rig.h"

/* ---- who looks on ---- */

struct watch {
	enum proof proof;
	unsigned begun, ended, opened;
	bool ledger_full, next_run; /* begin fails; what is lost is asked at the next run */
	bool anew, hidden;          /* a lost card is connected again; and tells no keys then */
	enum err_code why;          /* of the last end */
	struct keys_plan plan;      /* as begin saw it */
	struct key_work work;       /* as end saw it, without keys */
	struct keys_gone gone;
};
static struct watch w;
static struct err e;

static int begin(void *ctx, const struct change *ch, const void *work, struct err *err)
{
	(void)ctx;
	w.begun++;
	if (ch->kind != &change_delete_keys)
		w.plan = ((const struct key_work *)work)->change.plan;
	return w.ledger_full ? err_set(err, ERR_LEDGER, "disk full") : 0;
}

static void end(void *ctx, const struct change *ch, const void *work, const struct err *why)
{
	(void)ctx;
	w.ended++;
	w.why = why == NULL ? ERR_NONE : why->code;
	if (ch->kind == &change_delete_keys)
		w.gone = *(const struct keys_gone *)work;
	else
		w.work = *(const struct key_work *)work;
	wipe(&w.work.keys, sizeof(w.work.keys));
}

static int open_set(
    void *ctx, const struct change *ch, enum keys_set which, enum keys_card card, struct err *err)
{
	struct key_order o;

	(void)ctx;
	if (w.anew && which == OLD_SET && card == CARD_ANEW) {
		change_rig_again();
		if (w.hidden)
			change_rig_hide_keys();
		return change_rig_open(&change_entries[0], 0x30, NULL, err);
	}
	if (which != NEW_SET || card == CARD_ANEW || w.next_run)
		return err_set(err, ERR_READER, "at the next run");
	w.opened++;
	assert_true(key_order_of(ch, &o));
	return change_rig_open(o.entry, o.version, &change_session.domain, err);
}

static enum proof proof(void *ctx, const struct change *ch, uint8_t *own)
{
	(void)ctx;
	(void)ch;
	(void)own;
	return w.proof;
}

static const struct change_calls calls = {
	.begin = begin, .end = end, .open = open_set, .proof = proof
};

/* One run; what it told is in w, and whether it was so already. */
static int run(const char *kind, const char *text, bool *already)
{
	struct change_card c = { .s = &change_session, .calls = &calls };
	struct change_result r;
	struct change ch;
	int rc;

	change_words(&ch, kind, text);
	err_clear(&e);
	rc = change_run(&c, &ch, &r, &e);
	*already = r.already;
	change_result_free(&ch, &r);
	change_card_free(&c);
	change_free(&ch);
	return rc;
}

static void fresh(enum proof p)
{
	memset(&w, 0, sizeof(w));
	w.proof = p;
}

static bool has(uint8_t version)
{
	struct key_infos k;
	bool told;

	assert_ok(keys_read(&change_session, &k, &told, &e), &e);
	return keys_at(&k, version, 0) != NULL;
}

/* ---- put-keys ---- */

static void rotated_with_proof(void **state)
{
	bool already;

	(void)state;
	fresh(PROOF_DUE);
	assert_ok(run("put-keys", "keys=next rotate=true", &already), &e);
	assert_false(already);
	assert_true(w.plan.put && w.plan.prove);
	assert_int_equal(w.plan.remove, 0x30);
	assert_int_equal(w.begun, 1);
	assert_int_equal(w.ended, 1);
	assert_int_equal(w.opened, 1);
	assert_true(w.work.change.put && w.work.change.proved && w.work.change.removed);
	assert_string_equal(w.work.kcv, "F2A8DF F2A8DF F2A8DF");
	assert_true(has(0x31) && !has(0x30));
	/* It is so, and the channel says so. */
	fresh(PROOF_DONE);
	assert_ok(run("put-keys", "keys=next rotate=30", &already), &e);
	assert_true(already);
	assert_int_equal(w.begun, 0);
}

/* The keys are there and opened nothing yet: that is all that is left to do. */
static void proved_later(void **state)
{
	bool already;

	(void)state;
	fresh(PROOF_NEVER);
	assert_ok(run("put-keys", "keys=next", &already), &e);
	assert_int_equal(w.opened, 0);
	fresh(PROOF_DUE);
	assert_ok(run("put-keys", "keys=next", &already), &e);
	assert_false(already || w.plan.put);
	assert_int_equal(w.opened, 1);
	assert_ok(change_rig_open(&change_entries[0], 0x30, NULL, &e), &e);
	fresh(PROOF_DUE);
	assert_ok(run("put-keys", "keys=next rotate=30", &already), &e);
	assert_false(w.plan.put);
	assert_true(w.work.change.proved && w.work.change.removed && !w.work.change.put);
	assert_true(has(0x31) && !has(0x30));
}

/* What is there under this version is not what was meant: nothing is begun. */
static void other_keys_are_left_alone(void **state)
{
	bool already;

	(void)state;
	fresh(PROOF_NEVER);
	assert_ok(run("put-keys", "keys=long as=31", &already), &e);
	fresh(PROOF_DUE);
	assert_int_equal(run("put-keys", "keys=next rotate=30", &already), -1);
	assert_int_equal(e.code, ERR_SAFETY);
	assert_string_equal(
	    e.text, "key set 31 is on the card with keys of another type or length");
	assert_int_equal(w.begun, 0);
	/* The same kind, and other values: the channel tells, and the old set stays. */
	fresh(PROOF_NEVER);
	assert_ok(run("put-keys", "keys=test as=35", &already), &e);
	fresh(PROOF_DUE);
	assert_int_equal(run("put-keys", "keys=next as=35 rotate=30", &already), -1);
	assert_int_equal(e.code, ERR_AUTH);
	assert_int_equal(w.why, ERR_AUTH);
	assert_ok(change_rig_open(&change_entries[0], 0x30, NULL, &e), &e);
}

/* A domain without keys of its own is opened with its parent's: that proves nothing. */
static void a_channel_of_the_parent_proves_nothing(void **state)
{
	bool already;

	(void)state;
	fresh(PROOF_DONE);
	assert_ok(run("put-keys", "keys=next", &already), &e);
	assert_true(w.plan.put && w.work.change.put && !w.work.proved_before);
}

static void an_intent_that_cannot_be_written(void **state)
{
	bool already;

	(void)state;
	fresh(PROOF_DUE);
	w.ledger_full = true;
	assert_int_equal(run("put-keys", "keys=next rotate=30", &already), -1);
	assert_int_equal(e.code, ERR_LEDGER);
	assert_int_equal(w.ended, 0);
	assert_false(has(0x31));
	assert_int_equal(run("delete-keys", "version=30", &already), -1);
	assert_int_equal(e.code, ERR_SAFETY);
}

/* Each answer once, from the first to the last: the card is never without keys, and the next run
 * comes to the goal. */
static void lost_answers(void **state)
{
	bool already, lost = true;
	unsigned n;

	(void)state;
	change_rig_off();
	for (n = 1; lost; n++) {
		change_rig_on();
		fresh(PROOF_DUE);
		change_rig_silent(n);
		lost = run("put-keys", "keys=next rotate=30", &already) != 0;
		change_rig_again();
		if (lost)
			assert_int_equal(e.code, ERR_READER);
		if (change_rig_open(&change_entries[0], 0x30, NULL, &e) != 0) {
			assert_ok(change_rig_open(&change_entries[1], 0x31, NULL, &e), &e);
			fresh(PROOF_DONE);
		} else {
			assert_true(lost);
			fresh(PROOF_DUE);
		}
		assert_ok(run("put-keys", "keys=next rotate=30", &already), &e);
		assert_true(has(0x31) && !has(0x30));
		change_rig_off();
	}
	assert_true(n > 6);
	change_rig_on();
}

/* ---- delete-keys ---- */

static void deleted(void **state)
{
	bool already;

	(void)state;
	fresh(PROOF_NEVER);
	assert_ok(run("put-keys", "keys=next", &already), &e);
	assert_ok(run("delete-keys", "version=31 key-id=02", &already), &e);
	assert_true(w.gone.deleted);
	assert_true(has(0x31));
	assert_ok(run("delete-keys", "version=31", &already), &e);
	assert_false(already || has(0x31));
	fresh(PROOF_NEVER);
	assert_ok(run("delete-keys", "version=31", &already), &e);
	assert_true(already);
	assert_int_equal(w.begun, 0);
	assert_int_equal(run("delete-keys", "version=30", &already), -1);
	assert_int_equal(e.code, ERR_SAFETY);
	assert_true(has(0x30));
}

/* Without an answer to DELETE the key information decides, where the card tells it. */
static void deletion_without_answer(void **state)
{
	bool already;

	(void)state;
	for (int hidden = 0; hidden < 2; hidden++) {
		fresh(PROOF_NEVER);
		assert_ok(run("put-keys", "keys=next", &already), &e);
		w.anew = true;
		w.hidden = hidden != 0;
		change_rig_silent(2); /* behind GET DATA */
		assert_int_equal(run("delete-keys", "version=31", &already), -hidden);
		assert_int_equal(w.begun, 2);
	}
	assert_int_equal(e.code, ERR_INTEGRITY);
	assert_non_null(strstr(e.text, "not proven"));
}

/* Where no channel can be opened again the card is not asked: who answers then is not known. */
static void deletion_without_answer_nor_channel(void **state)
{
	bool already;

	(void)state;
	fresh(PROOF_NEVER);
	assert_ok(run("put-keys", "keys=next", &already), &e);
	change_rig_silent(2);
	assert_int_equal(run("delete-keys", "version=31", &already), -1);
	assert_int_equal(e.code, ERR_READER);
	assert_string_equal(e.text, "DELETE: no answer came: at the next run");
	assert_false(w.gone.deleted);
}

/* ---- plans ---- */

struct plan {
	char hex[12][2 * 261];
	unsigned n;
};

static int note_command(void *ctx, struct span command, struct wr *rsp, struct err *err)
{
	struct plan *p = ctx;

	(void)err;
	assert_true(p->n < 12);
	hex_put(command, p->hex[p->n++], sizeof(p->hex[0]));
	wr_u16(rsp, command.p[1] == INS_GET_DATA ? SW_REFERENCE_NOT_FOUND : SW_OK);
	return 0;
}

static void nothing(void *ctx)
{
	(void)ctx;
}

static void plan_of(const char *kind, const char *text, struct plan *p)
{
	static const struct card_ops ops = { .transmit = note_command, .close = nothing };
	static const struct change_calls none;
	struct card card = { .ops = &ops, .ctx = p };
	struct session s;
	struct change_card c = { .s = &s, .calls = &none, .is_dry = true };
	struct change_result r;
	struct change ch;

	memset(p, 0, sizeof(*p));
	session_init(&s, &card);
	change_words(&ch, kind, text);
	assert_ok(change_run(&c, &ch, &r, &e), &e);
	change_result_free(&ch, &r);
	change_card_free(&c);
	change_free(&ch);
	session_wipe(&s);
}

static void plans_have_no_keys(void **state)
{
	static struct plan p;
	unsigned put = 0, gone = 0;

	(void)state;
	plan_of("put-keys", "keys=next rotate=30", &p);
	for (unsigned i = 0; i < p.n; i++) {
		assert_null(strstr(p.hex[i], "505152535455"));
		put += strncmp(p.hex[i], "80D8008146318810", 12) == 0 &&
		       strlen(p.hex[i]) == 2 * (5 + 0x46 + 1);
		gone += strcmp(p.hex[i], "80E4000003D2013000") == 0;
	}
	assert_int_equal(put, 1);
	assert_int_equal(gone, 1);
	plan_of("delete-keys", "version=31 key-id=02", &p);
	for (unsigned i = 0, n = 0; i <= p.n;
	     n += strncmp(p.hex[i++], "80E4000006D00102D20131", 22) == 0)
		assert_true(i < p.n || n == 1);
	plan_of("domain-personalize", "aid=A00000015100000001 with=next by=store-data", &p);
	for (unsigned i = 0; i < p.n; i++)
		assert_null(strstr(p.hex[i], "505152535455"));
}

/* A plan for a key that opens no channel is the same whatever the key is: it has nothing of it. */
static void plan_tells_no_secret(void **state)
{
	static struct plan p[2];
	const char *const secrets[] = { "505152535455565758595A5B5C5D5E5F",
		"606162636465666768696A6B6C6D6E6F" };
	unsigned put = 0;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct entry *t = &change_entries[1];

		t->type = ENTRY_RECEIPT;
		assert_true(authority_secret(&t->authority, AUTHORITY_AES, unit_bytes(secrets[i])));
		t->secret = t->authority.secret;
		plan_of("put-keys", "keys=next", &p[i]);
	}
	assert_int_equal(p[0].n, p[1].n);
	for (unsigned i = 0; i < p[0].n; i++) {
		put += strncmp(p[0].hex[i], "80D8", 4) == 0;
		assert_string_equal(p[0].hex[i], p[1].hex[i]);
	}
	assert_int_equal(put, 1);
}

static int on(void **state)
{
	(void)state;
	change_rig_on();
	return 0;
}

static int off(void **state)
{
	(void)state;
	change_rig_off();
	return 0;
}

#define ON_A_CARD(f) cmocka_unit_test_setup_teardown(f, on, off)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_A_CARD(rotated_with_proof),
		ON_A_CARD(proved_later),
		ON_A_CARD(other_keys_are_left_alone),
		ON_A_CARD(a_channel_of_the_parent_proves_nothing),
		ON_A_CARD(an_intent_that_cannot_be_written),
		ON_A_CARD(lost_answers),
		ON_A_CARD(deleted),
		ON_A_CARD(deletion_without_answer),
		ON_A_CARD(deletion_without_answer_nor_channel),
		ON_A_CARD(plans_have_no_keys),
		ON_A_CARD(plan_tells_no_secret),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
