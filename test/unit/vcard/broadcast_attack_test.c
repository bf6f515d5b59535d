/*
 * Attacks on broadcast loading by a station that holds the card's keys, and the broadcast keys
 * where they come in form 00, but neither Kos nor the issuer's key (broadcast.md 10.0): it learns
 * nothing of an image, and puts no stream together from two.
 */
#include "bench.h"
#include "crypto/digest.h"
#include "crypto/kdf.h"
#include "vcard/core/record.h"

static const struct span none = { NULL, 0 };

/* AUTHORIZE ACTION with P1 01: the verdict. */
static uint8_t verify(struct bench *b, const struct authorize *a)
{
	uint8_t result;

	bench_authorize(b, P1_VERIFY, a, &result);
	return result;
}

/* ---- the oracle ---- */

/* Wrong signature over the digest of what lies in the slot, over the genuine and over a wrong one.
 */
static void assert_blind(struct bench *b, const struct package *p)
{
	uint8_t state = bench_slot(b).state;
	struct authorize a;

	package_authorize(p, b, ALG_ISSUER, &a);
	a.signature[5] ^= 0x01;
	assert_int_equal(verify(b, &a), RESULT_SIGNATURE);
	assert_true(sha256_of(wr_span(&b->v->chip.slot_data), a.code));
	assert_int_equal(verify(b, &a), RESULT_SIGNATURE);
	a.code[7] ^= 0x20;
	assert_int_equal(verify(b, &a), RESULT_SIGNATURE);
	assert_int_equal(bench_slot(b).state, state);
}

/* Fills the slot with what the holder of BK likes in place of command `own`. */
static void load_own(struct bench *b, const struct package *p, uint32_t own)
{
	struct scp s = { 0 };
	uint8_t data[240];

	assert_int_equal(bench_start(b, p, 0), SW_OK);
	insider_begin(&s, p, 0);
	for (uint32_t k = 0; k < p->total; k++) {
		struct wr w = wr_fixed(data, sizeof(data));
		size_t n =
		    p->length - k * p->block < p->block ? p->length - k * p->block : p->block;

		wr_u32(&w, (uint32_t)(k * p->block));
		wr_fill(&w, k == own ? 0x00 : 0xA5, n);
		assert_int_equal(insider_sends(b, &s, INS_WRITE_STAGE, 0, wr_span(&w)), SW_OK);
	}
	assert_int_equal(insider_sends(b, &s, INS_CHANGE_MODE, 0x0001, none), SW_OK);
	scp_wipe(&s);
}

static void test_signature_before_image(void **state)
{
	struct bench b;
	struct package p;
	struct authorize a;

	(void)state;
	for (const char *variant = "abp"; *variant != '\0'; variant++) {
		bench_set_up(&b, &p, *variant, 16, 8);
		bench_load(&b, &p);
		assert_blind(&b, &p);
		package_authorize(&p, &b, ALG_ISSUER, &a);
		assert_int_equal(verify(&b, &a), RESULT_VERIFIED);
		assert_blind(&b, &p);
		for (uint32_t own = 0; *variant != 'a' && own < p.total; own++) {
			load_own(&b, &p, own);
			assert_blind(&b, &p);
			/* with the genuine signature nothing but a no */
			assert_int_equal(verify(&b, &a), RESULT_CODE);
		}
		bench_tear_down(&b, &p);
	}
}

/* Algorithm 04 has no signature: the inner layer lets nobody ask about octets of his own making. */
static void test_inner_nonce_is_recomputed(void **state)
{
	static const uint8_t algorithms[] = { ALG_CMAC_KMAC, ALG_DIGEST };
	struct bench b;
	struct package p;
	struct authorize a;

	(void)state;
	bench_set_up(&b, &p, 'b', 16, 8);
	for (size_t n = 0; n < sizeof(algorithms); n++) {
		load_own(&b, &p, 1);
		package_authorize(&p, &b, algorithms[n], &a);
		if (algorithms[n] == ALG_DIGEST)
			assert_true(sha256_of(wr_span(&b.v->chip.slot_data), a.code));
		else
			assert_true(cmac(&p.kmac, wr_span(&b.v->chip.slot_data), a.code));
		assert_int_equal(verify(&b, &a), RESULT_CODE);
		assert_int_equal(bench_slot(&b).state, SLOT_COMPLETE);
	}
	bench_load(&b, &p);
	assert_int_equal(verify(&b, &a), RESULT_CODE);
	package_authorize(&p, &b, ALG_DIGEST, &a);
	assert_int_equal(verify(&b, &a), RESULT_VERIFIED);
	bench_tear_down(&b, &p);
}

/* A changed nonce, N or length: 14 or earlier, and only with the issuer's signature. */
static void test_changed_header(void **state)
{
	struct bench b;
	struct package p, q;
	struct authorize a;
	struct enter e;

	(void)state;
	bench_set_up(&b, &p, 'b', 16, 8);
	package_authorize(&p, &b, ALG_ISSUER, &a);
	package_enter(&p, 0, &e);
	e.nonce[0] ^= 0x80;
	assert_int_equal(bench_enter(&b, &e), SW_OK);
	bench_stream(&b, &p, 0);
	assert_int_equal(bench_return(&b, &p), SW_OK);
	assert_int_equal(verify(&b, &a), RESULT_CODE);
	package_enter(&p, 0, &e);
	e.length++;
	assert_int_equal(bench_enter(&b, &e), SW_OK);
	bench_stream(&b, &p, 0);
	assert_int_equal(bench_return(&b, &p), SW_OK);
	assert_int_equal(verify(&b, &a), RESULT_LENGTH);
	/* fewer commands: other start value, so it needs BK-MAC, which form 00 gives */
	q = p;
	q.total--;
	assert_true(broadcast_start_mcv(&q.bk_mac, q.campaign, q.number, q.total, p.mcv[0]));
	load_own(&b, &q, 0);
	assert_int_equal(verify(&b, &a), RESULT_LENGTH);
	bench_tear_down(&b, &p);
}

/* BK-MAC is the station's in form 00: a code made with it carries nothing that Kos protects. */
static void test_code_of_station_and_inner(void **state)
{
	struct bench b;
	struct package p;
	struct authorize a;

	(void)state;
	bench_set_up(&b, &p, 'b', 16, 8);
	bench_load(&b, &p);
	package_authorize(&p, &b, ALG_CMAC_BK, &a);
	assert_int_equal(verify(&b, &a), RESULT_POLICY);
	bench_tear_down(&b, &p);
}

/* ---- what a verdict leaves behind ---- */

static uint8_t settle(struct bench *b, const struct authorize *a, uint8_t slot_state)
{
	uint8_t result;

	bench_authorize(b, P1_ACTIVATE, a, &result);
	assert_int_equal(bench_slot(b).state, slot_state);
	return result;
}

/* Who cannot sign cannot empty the slot either. */
static void test_no_leaves_the_slot(void **state)
{
	struct bench b;
	struct package p;
	struct authorize a;

	(void)state;
	bench_set_up(&b, &p, 'a', 16, 8);
	bench_load(&b, &p);
	package_authorize(&p, &b, ALG_ISSUER, &a);
	a.signature[0] ^= 1;
	assert_int_equal(settle(&b, &a, SLOT_COMPLETE), RESULT_SIGNATURE);
	package_authorize(&p, &b, ALG_ISSUER, &a);
	a.length++;
	assert_int_equal(settle(&b, &a, SLOT_COMPLETE), RESULT_LENGTH);
	assert_int_equal(bench_activate(&b, &p), RESULT_ACTIVE);
	bench_assert_active(&b, &p);
	bench_tear_down(&b, &p);
}

/* VERIFIED is a report: what has changed in the memory since is found. */
static void test_verified_is_no_promise(void **state)
{
	struct bench b;
	struct package p;
	struct authorize a;
	size_t before;

	(void)state;
	bench_set_up(&b, &p, 'b', 16, 8);
	bench_load(&b, &p);
	package_authorize(&p, &b, ALG_ISSUER, &a);
	assert_int_equal(verify(&b, &a), RESULT_VERIFIED);
	before = nvm_size(b.v->nvm);
	for (int n = 0; n < 1000; n++)
		assert_int_equal(verify(&b, &a), RESULT_VERIFIED);
	assert_int_equal(nvm_size(b.v->nvm), before);
	b.v->chip.slot_data.p[5] ^= 0x01;
	assert_int_equal(bench_activate(&b, &p), RESULT_CODE);
	assert_int_equal(bench_slot(&b).state, SLOT_REJECTED);
	bench_tear_down(&b, &p);
}

/* ---- splicing ---- */

/* Of the same name and size as p, but with keys of the station's own. */
static void twin(struct package *q, const struct package *p, const struct bench *b, char variant)
{
	package_make(q, b, variant, p->bk_enc.n, p->m);
	package_stream(q);
}

/* Begins q, one command, and asks whether p goes on there. */
static void assert_no_splice(struct bench *b, const struct package *q, const struct enter *e)
{
	struct card_slot before;

	assert_int_equal(bench_start(b, q, 0), SW_OK);
	assert_int_equal(bench_raw(b, package_command(q, 0)), SW_OK);
	vcard_reset(b->v);
	bench_session(b, 0x33);
	before = b->v->chip.slot;
	assert_int_equal(bench_enter(b, e), SW_CONDITIONS);
	assert_memory_equal(&before, &b->v->chip.slot, sizeof(before));
	assert_int_equal(bench_channel(b)->session, CHANNEL_UNICAST);
}

/* The first part under the station's keys, the rest under those of the design house. */
static void test_splice(void **state)
{
	struct bench b;
	struct package p, q;
	struct enter e;

	(void)state;
	bench_set_up(&b, &p, 'a', 16, 8);
	twin(&q, &p, &b, 'p');
	package_enter(&p, 1, &e);
	assert_no_splice(&b, &q, &e);
	memcpy(e.mcv, q.mcv[1], sizeof(e.mcv)); /* what the slot kept */
	assert_no_splice(&b, &q, &e);
	/* form 00 after form 00, other keys; and after form 01 */
	package_enter(&q, 1, &e);
	e.bk_mac.b[0] ^= 1;
	assert_no_splice(&b, &q, &e);
	package_enter(&q, 1, &e);
	memcpy(e.mcv, p.mcv[1], sizeof(e.mcv));
	assert_no_splice(&b, &p, &e);
	/* the right ones do */
	assert_int_equal(bench_start(&b, &p, 1), SW_OK);
	bench_stream(&b, &p, 1);
	assert_int_equal(bench_return(&b, &p), SW_OK);
	assert_int_equal(bench_activate(&b, &p), RESULT_ACTIVE);
	package_free(&q);
	bench_tear_down(&b, &p);
}

/* The inner layer of a slot is decided by its first enter. */
static void test_splice_inner(void **state)
{
	struct bench b;
	struct package p;
	struct enter e;

	(void)state;
	bench_issue(&b, 16, 0x70);
	b.issue.kos[1] = b.issue.kos[0];
	b.issue.kos[1].version = 2;
	b.issue.kos_n = 2;
	package_make(&p, &b, 'b', 16, 8);
	package_stream(&p);
	bench_on(&b);
	bench_session(&b, 0x33);
	package_enter(&p, 1, &e);
	e.nonce[11] ^= 1;
	assert_no_splice(&b, &p, &e);
	package_enter(&p, 1, &e);
	e.kos_version = 2;
	assert_no_splice(&b, &p, &e);
	assert_int_equal(bench_start(&b, &p, 1), SW_OK);
	bench_tear_down(&b, &p);
}

/* 83 is not believed: the card knows itself where a stream begins, and where it was. */
static void test_chaining_value_is_not_believed(void **state)
{
	struct bench b;
	struct package p;
	struct enter e;

	(void)state;
	for (const char *variant = "abp"; *variant != '\0'; variant++) {
		bench_set_up(&b, &p, *variant, 16, 8);
		for (size_t n = 0; n < 16; n++) {
			package_enter(&p, 0, &e);
			e.mcv[n] ^= 0x01;
			assert_int_equal(bench_enter(&b, &e), SW_WRONG_DATA);
		}
		package_enter(&p, 0, &e);
		e.total--; /* what is left out is missed before anything comes */
		assert_int_equal(bench_enter(&b, &e), SW_WRONG_DATA);
		assert_int_equal(bench_slot(&b).state, SLOT_EMPTY);
		for (size_t n = 0; n < 16; n++) {
			package_enter(&p, 1, &e);
			e.mcv[n] ^= 0x01;
			assert_no_splice(&b, &p, &e);
		}
		bench_tear_down(&b, &p);
	}
}

/* Nothing at all: memory, and BK-MAC that algorithm 01 waits for. */
static void test_refused_enter_changes_nothing(void **state)
{
	struct bench b;
	struct package p, q;
	struct authorize a;
	struct enter e[3];
	size_t size;

	(void)state;
	bench_set_up(&b, &p, 'p', 16, 8);
	twin(&q, &p, &b, 'p');
	bench_load(&b, &p);
	package_authorize(&p, &b, ALG_CMAC_BK, &a);
	size = nvm_size(b.v->nvm);
	package_enter(&q, 1, &e[0]);
	package_enter(&q, 0, &e[1]);
	e[1].mcv[0] ^= 1;
	package_enter(&q, 0, &e[2]);
	e[2].length = 0x00010001;
	for (size_t n = 0; n < 3; n++) {
		assert_int_not_equal(bench_enter(&b, &e[n]), SW_OK);
		assert_int_equal(nvm_size(b.v->nvm), size);
		assert_int_equal(verify(&b, &a), RESULT_VERIFIED);
		size = nvm_size(b.v->nvm);
	}
	package_free(&q);
	bench_tear_down(&b, &p);
}

/* A slot that an older program began keeps nothing to compare with: it begins anew. */
static void test_slot_of_older_file(void **state)
{
	struct bench b;
	struct package p;
	uint8_t old[128];
	struct wr w = wr_fixed(old, sizeof(old));

	(void)state;
	bench_set_up(&b, &p, 'a', 16, 8);
	assert_int_equal(bench_start(&b, &p, 0), SW_OK);
	assert_int_equal(bench_raw(&b, package_command(&p, 0)), SW_OK);
	slot_put(&w, &b.v->chip.slot);
	nvm_record(&b.v->batch, REC_SLOT, span_sub(wr_span(&w), 0, w.n - SLOT_KEYS_SIZE - 16));
	assert_true(chip_commit(b.v));
	bench_cycle(&b);
	assert_int_equal(bench_slot(&b).state, SLOT_EMPTY);
	bench_session(&b, 0x33);
	assert_int_equal(bench_start(&b, &p, 1), SW_CONDITIONS);
	bench_load(&b, &p);
	bench_cycle(&b);
	bench_session(&b, 0x33);
	assert_int_equal(bench_activate(&b, &p), RESULT_ACTIVE);
	bench_tear_down(&b, &p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_signature_before_image),
		cmocka_unit_test(test_inner_nonce_is_recomputed),
		cmocka_unit_test(test_changed_header),
		cmocka_unit_test(test_code_of_station_and_inner),
		cmocka_unit_test(test_no_leaves_the_slot),
		cmocka_unit_test(test_verified_is_no_promise),
		cmocka_unit_test(test_splice),
		cmocka_unit_test(test_splice_inner),
		cmocka_unit_test(test_chaining_value_is_not_believed),
		cmocka_unit_test(test_refused_enter_changes_nothing),
		cmocka_unit_test(test_slot_of_older_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
