/*
 * The card's memory under power cuts: every write of a scripted session torn at several places,
 * twice in a row; torn tails, flipped octets, foreign records, full disks, compaction.
 */
#include "rig.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "crypto/digest.h"
#include "gp/key_dgi.h"
#include "vcard/core/record.h"

/* ---- a session in steps, each of which is at most one write ---- */

static void step_initialize(struct rig *r)
{
	rig_initialize(r, 0x30);
}

static void step_authenticate(struct rig *r)
{
	rig_authenticate(r, 0x33);
}

static void step_fail(struct rig *r)
{
	uint8_t command[21] = { 0x84, 0x82, 0x33, 0x00, 0x10 };

	rig_raw(r, SPAN(command));
}

static void step_put_key(struct rig *r)
{
	struct put_key p = {
		.version = 0x31, .n = 3, .key = { r->keys.mac, r->keys.dek, r->keys.enc }
	};
	uint8_t room[128];
	struct wr w = wr_fixed(room, sizeof(room));

	assert_true(put_key_put(&w, &p, &r->keys.dek));
	rig_secure(r, 0x80, INS_PUT_KEY, 0x0081, wr_span(&w), NULL);
}

static void step_replace_key(struct rig *r)
{
	struct put_key p = {
		.version = 0x32, .n = 3, .key = { r->keys.enc, r->keys.dek, r->keys.mac }
	};
	uint8_t room[128];
	struct wr w = wr_fixed(room, sizeof(room));

	assert_true(put_key_put(&w, &p, &r->keys.dek));
	rig_secure(r, 0x80, INS_PUT_KEY, 0x3181, wr_span(&w), NULL);
}

static void step_store(struct rig *r)
{
	rig_secure(r, 0x80, INS_STORE_DATA, 0x9000, unit_bytes("4203AABBCC4503010203"), NULL);
}

static void step_public_key(struct rig *r)
{
	struct put_key p = { .version = 0x73, .n = 1, .type = { KEY_TYPE_EC_PUBLIC } };
	uint8_t room[128];
	struct wr w = wr_fixed(room, sizeof(room));

	assert_true(authority_generate_ec(&p.asymmetric, EC_P256));
	assert_true(put_key_put(&w, &p, &r->keys.dek));
	rig_secure(r, 0x80, INS_PUT_KEY, 0x0001, wr_span(&w), NULL);
}

/* In two commands, of which the second writes. */
static void step_chained_key(struct rig *r)
{
	struct put_key p = {
		.version = 0x33, .n = 3, .key = { r->keys.mac, r->keys.mac, r->keys.mac }
	};
	uint8_t room[128];
	struct wr w = wr_fixed(room, sizeof(room));

	assert_true(put_key_put(&w, &p, &r->keys.dek));
	rig_secure(r, 0x80, INS_PUT_KEY, 0x8081, span_sub(wr_span(&w), 0, 30), NULL);
	rig_secure(r, 0x80, INS_PUT_KEY, 0x0081, span_sub(wr_span(&w), 30, w.n), NULL);
}

/* Two sets, a public key and two data objects by STORE DATA: one write. */
static void step_store_keys(struct rig *r)
{
	struct key_dgi set = { .put = { .version = 0x34,
				   .n = 3,
				   .key = { r->keys.dek, r->keys.enc, r->keys.mac } },
		.kid = { 1, 2, 3 } };
	struct key_dgi ec = { .put = { .version = 0x70, .n = 1, .type = { KEY_TYPE_EC_PUBLIC } },
		.kid = { 1 } };
	struct wr w = wr_grow(1000);
	size_t half;

	assert_true(authority_generate_ec(&ec.put.asymmetric, EC_P256));
	assert_true(key_dgi_put(&w, &set, &r->keys.dek));
	set.put.version = 0x35;
	assert_true(key_dgi_put(&w, &set, &r->keys.dek));
	assert_true(key_dgi_put(&w, &ec, &r->keys.dek));
	dgi_put(&w, DGI_TLV, unit_bytes("4203DDEEFF5F5003782F79"));
	half = w.n / 2;
	rig_secure(r, 0x80, INS_STORE_DATA, 0x0800, span_sub(wr_span(&w), 0, half), NULL);
	rig_secure(r, 0x80, INS_STORE_DATA, 0x8801, span_sub(wr_span(&w), half, w.n), NULL);
	wr_free(&w);
}

static void step_delete_public(struct rig *r)
{
	rig_secure(r, 0x80, INS_DELETE, 0x0000, unit_bytes("D20170"), NULL);
}

static void step_rename(struct rig *r)
{
	rig_secure(r, 0x80, INS_STORE_DATA, 0x9000, unit_bytes("4F07D2760000850100"), NULL);
}

static void step_lock(struct rig *r)
{
	rig_secure(r, 0x80, INS_SET_STATUS, 0x807F, span_of(NULL, 0), NULL);
}

static void step_unlock(struct rig *r)
{
	rig_secure(r, 0x80, INS_SET_STATUS, 0x800F, span_of(NULL, 0), NULL);
}

static void step_delete(struct rig *r)
{
	rig_secure(r, 0x80, INS_DELETE, 0x0000, unit_bytes("D20132"), NULL);
}

static void step_slot(struct rig *r)
{
	struct card_slot s = { .state = SLOT_RECEIVING,
		.campaign = { 1 },
		.total = 2,
		.length = 300,
		.keys_id = { 1 } };

	chip_put_slot_erase(r->v);
	chip_put_slot(r->v, &s);
	(void)!chip_commit(r->v);
}

static void step_block(struct rig *r)
{
	struct card_slot s = r->v->chip.slot;
	uint8_t block[150] = { 0x7F, 0x6E };

	s.done++;
	s.state = s.done == s.total ? SLOT_COMPLETE : SLOT_RECEIVING;
	chip_put_slot_data(r->v, SPAN(block));
	chip_put_slot(r->v, &s);
	(void)!chip_commit(r->v);
}

static void step_activate(struct rig *r)
{
	struct running run = { .version = 0x00030002, .digest = { 9 }, .has_campaign = true };

	chip_put_activate(r->v, &run);
	(void)!chip_commit(r->v);
}

static void step_refuse(struct rig *r)
{
	static const uint8_t campaign[16] = { 7, 7 };

	chip_put_refused(r->v, campaign);
	chip_put_slot_empty(r->v);
	(void)!chip_commit(r->v);
}

static void (*const script[])(struct rig *) = { step_initialize, step_fail, step_initialize,
	step_authenticate, step_put_key, step_replace_key, step_store, step_public_key,
	step_chained_key, step_store_keys, step_delete_public, step_rename, step_lock, step_unlock,
	step_delete, step_slot, step_block, step_block, step_activate, step_refuse };
enum { STEPS = sizeof(script) / sizeof(script[0]) };

/* What the card holds, as one digest. */
static void fingerprint(const struct vcard *v, uint8_t out[static 32])
{
	struct wr w = wr_grow(1 << 20);

	chip_snapshot(&w, &v->chip);
	assert_true(wr_ok(&w));
	assert_true(sha256_of(wr_span(&w), out));
	wr_free(&w);
}

static void assert_holds(const struct vcard *v, const uint8_t *want)
{
	uint8_t now[32];

	fingerprint(v, now);
	assert_span(SPAN(now), span_of(want, 32));
}

/*
 * Cuts the write-th write from here on after `keep` octets; true when the script came to it. The
 * state after power-on is the one before the command; it stays so through one more power cycle.
 */
static bool cut_once(struct rig *r, uint32_t write, size_t keep)
{
	uint8_t before[32];

	nvm_cut(r->v->nvm, write, keep);
	for (size_t n = 0; n < STEPS; n++) {
		fingerprint(r->v, before);
		script[n](r);
		if (!r->v->gone)
			continue;
		assert_holds(r->v, before); /* not in RAM either */
		assert_int_equal(rig_hex(r, "80CA006600"), 0);
		assert_int_equal(r->how, VCARD_GONE);
		rig_cycle(r);
		assert_holds(r->v, before);
		rig_cycle(r);
		assert_holds(r->v, before);
		return true;
	}
	return false;
}

static void power_cuts(void **state)
{
	static const size_t keeps[] = { 0, 1, 5, 12, 13, 40, (size_t)-1 };
	struct rig r;
	uint32_t write;
	bool cut = true;

	(void)state;
	for (write = 1; cut; write++) {
		for (size_t k = 0; k < sizeof(keeps) / sizeof(keeps[0]); k++) {
			rig_issue(&r, 16, 0x70);
			rig_on(&r);
			cut = cut_once(&r, write, keeps[k]);
			rig_off(&r);
		}
	}
	assert_true(write > 19); /* the script has that many writes, and all were cut */
}

static void cut_twice(void **state)
{
	struct rig r;

	(void)state;
	for (uint32_t first = 1; first <= 19; first++) {
		for (uint32_t second = 1; second <= 3; second++) {
			rig_issue(&r, 16, 0x70);
			rig_on(&r);
			assert_true(cut_once(&r, first, 20));
			assert_true(cut_once(&r, second, 7));
			assert_int_equal(rig_initialize(&r, 0x30), SW_OK);
			rig_off(&r);
		}
	}
}

/* Without a cut the file holds what the RAM held. */
static void whole_script(void **state)
{
	size_t size;
	uint8_t end[32];
	struct rig r;

	(void)state;
	rig_issue(&r, 16, 0x70);
	rig_on(&r);
	for (size_t n = 0; n < STEPS; n++) {
		script[n](&r);
		assert_false(r.v->gone);
	}
	size = nvm_size(r.v->nvm);
	assert_true(chip_commit(r.v)); /* nothing is left to be written */
	assert_int_equal(nvm_size(r.v->nvm), size);
	assert_int_equal(r.v->chip.image.n, 300);
	assert_int_equal(r.v->chip.running.version, 0x00030002);
	assert_int_equal(r.v->chip.refused_n, 1);
	assert_int_equal(r.v->chip.keys_n, 4);
	assert_int_equal(r.v->chip.publics_n, 1);
	assert_int_equal(r.v->chip.objects_n, 1);
	fingerprint(r.v, end);
	rig_cycle(&r);
	assert_holds(r.v, end);
	rig_off(&r);
}

/* ---- damaged files ---- */

/* A card file of a few frames, in memory; and the file size after each. */
struct sample {
	struct rig r;
	struct wr file;
	size_t end[STEPS + 1];
	uint8_t state[STEPS + 1][32];
};

static void sample_make(struct sample *s)
{
	struct err e = { 0 };

	rig_issue(&s->r, 16, 0x70);
	rig_on(&s->r);
	for (size_t n = 0; n <= STEPS; n++) {
		if (n > 0)
			script[n - 1](&s->r);
		s->end[n] = nvm_size(s->r.v->nvm);
		fingerprint(s->r.v, s->state[n]);
	}
	vcard_close(s->r.v);
	s->r.v = NULL;
	assert_ok(file_read(s->r.path, 1 << 20, &s->file, &e), &e);
	assert_int_equal(s->file.n, s->end[STEPS]);
}

static void sample_free(struct sample *s)
{
	wr_free(&s->file);
	rig_off(&s->r);
}

static int sample_open(struct sample *s, struct span content, struct err *e)
{
	assert_ok(file_write(s->r.path, content, 0600, e), e);
	return vcard_open(s->r.path, &s->r.v, e);
}

static void torn_tails(void **state)
{
	struct sample s;
	struct err e = { 0 };
	size_t at = 0;

	(void)state;
	sample_make(&s);
	for (size_t n = 0; n < s.file.n; n += unit_step(17)) {
		while (at < STEPS && s.end[at + 1] <= n)
			at++;
		if (n < s.end[0]) {
			assert_int_equal(sample_open(&s, span_sub(wr_span(&s.file), 0, n), &e), -1);
			assert_int_equal(e.code, ERR_INPUT);
			continue;
		}
		assert_ok(sample_open(&s, span_sub(wr_span(&s.file), 0, n), &e), &e);
		assert_holds(s.r.v, s.state[at]);
		/* and it can be written to again */
		assert_true(rig_initialize(&s.r, 0x30) != 0);
		rig_cycle(&s.r);
		vcard_close(s.r.v);
		s.r.v = NULL;
	}
	sample_free(&s);
}

static void zero_tail(void **state)
{
	struct sample s;
	struct err e = { 0 };

	(void)state;
	sample_make(&s);
	wr_fill(&s.file, 0, 5000);
	assert_ok(sample_open(&s, wr_span(&s.file), &e), &e);
	assert_holds(s.r.v, s.state[STEPS]);
	sample_free(&s);
}

/* One octet wrong anywhere: found, or in the last frame, which then counts as torn. */
static void flipped_octets(void **state)
{
	struct sample s;
	struct err e = { 0 };
	size_t last;

	(void)state;
	sample_make(&s);
	for (last = STEPS; s.end[last - 1] == s.end[STEPS]; last--)
		;
	for (size_t n = 0; n < s.file.n; n += unit_step(17)) {
		s.file.p[n] ^= (uint8_t)(1 << n % 8);
		if (sample_open(&s, wr_span(&s.file), &e) == 0) {
			assert_true(n >= s.end[last - 1]);
			assert_holds(s.r.v, s.state[last - 1]);
			vcard_close(s.r.v);
			s.r.v = NULL;
		} else {
			assert_int_equal(e.code, ERR_INPUT);
			assert_non_null(strstr(e.text, "card file"));
		}
		s.file.p[n] ^= (uint8_t)(1 << n % 8);
	}
	sample_free(&s);
}

/* Well-formed frames with foreign records in them: refused, or a card that can be used. */
static void foreign_records(void **state)
{
	uint8_t value[200];
	uint32_t x = 7;
	struct sample s;
	struct err e = { 0 };
	struct span mine;

	(void)state;
	sample_make(&s);
	/* the records of the first frame, behind magic and head */
	mine = span_sub(wr_span(&s.file), 28, s.end[0] - 28);
	for (int round = 0; round < 3000; round += (int)unit_step(7)) {
		struct wr w = wr_grow(1 << 16);
		size_t n;

		for (size_t k = 0; k < sizeof(value); k++) {
			x = x * 1664525 + 1013904223;
			value[k] = (uint8_t)(x >> 24);
		}
		n = round % 3 == 0 ? value[0] % 4u : value[0] % sizeof(value);
		if (round % 2 == 0)
			value[0] = 0x30; /* a key version that is there */
		wr_put(&w, mine);
		nvm_record(&w, (uint8_t)(round % 20), span_of(value, n));
		if (round % 5 == 0)
			wr_cut(&w, w.n - 1);
		unlink(s.r.path);
		assert_ok(nvm_create(s.r.path, wr_span(&w), &e), &e);
		if (vcard_open(s.r.path, &s.r.v, &e) == 0) {
			rig_hex(&s.r, "80CA00E000");
			rig_hex(&s.r, "80CAFF7000");
			rig_hex(&s.r, "80CAFF7200");
			rig_initialize(&s.r, 0);
			vcard_close(s.r.v);
			s.r.v = NULL;
		} else {
			assert_int_equal(e.code, ERR_INPUT);
		}
		wr_free(&w);
	}
	sample_free(&s);
}

static void not_a_card(void **state)
{
	struct sample s;
	struct err e = { 0 };

	(void)state;
	sample_make(&s);
	assert_int_equal(sample_open(&s, span_of(NULL, 0), &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	assert_int_equal(sample_open(&s, span_str("cardadm vcard 1\n"), &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	assert_int_equal(sample_open(&s, span_str("cardadm: campaign/1\nname: x\n"), &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	assert_non_null(strstr(e.text, "not a card file"));
	sample_free(&s);
}

/* ---- a full disk ---- */

static void full_disk(void **state)
{
	struct rlimit was, now;
	struct card_keys k;
	uint8_t before[32];
	struct rig r;

	(void)state;
	rig_issue(&r, 16, 0x70);
	rig_on(&r);
	fingerprint(r.v, before);
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
	now = was;
	now.rlim_cur = nvm_size(r.v->nvm) + 80; /* of a key set a part goes in */
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &now), 0);
	k = *chip_keys(r.v, &aid_isd, 0x30);
	k.version = 0x31;
	chip_put_keys(r.v, &k);
	chip_put_keys(r.v, &k);
	assert_false(chip_commit(r.v));
	assert_false(r.v->gone);
	assert_holds(r.v, before);
	assert_true(chip_commit(r.v)); /* forgotten, not kept for later */
	assert_holds(r.v, before);
	now.rlim_cur = nvm_size(r.v->nvm) + 6;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &now), 0);
	assert_int_equal(rig_initialize(&r, 0x30), SW_MEMORY_FAILURE);
	assert_holds(r.v, before);
	now.rlim_cur = nvm_size(r.v->nvm) + 80;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &now), 0);
	chip_put_keys(r.v, &k);
	chip_put_keys(r.v, &k);
	assert_false(chip_commit(r.v));
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
	/* nothing is left of it, and the card goes on */
	assert_int_equal(rig_initialize(&r, 0x30), SW_OK);
	assert_span(SPAN(r.u.sequence), unit_bytes("000001"));
	rig_cycle(&r);
	assert_int_equal(chip_keys(r.v, &aid_isd, 0x30)->sequence, 1);
	rig_off(&r);
}

/* ---- compaction ---- */

static void stays_short(void **state)
{
	struct vcard *second;
	struct err e = { 0 };
	size_t longest = 0;
	struct stat st;
	struct rig r;

	(void)state;
	rig_issue(&r, 16, 0x70);
	rig_on(&r);
	for (uint32_t n = 1; n <= 20000; n++) {
		chip_put_sequence(r.v, chip_keys(r.v, &aid_isd, 0x30), n);
		assert_true(chip_commit(r.v));
		if (nvm_size(r.v->nvm) > longest)
			longest = nvm_size(r.v->nvm);
	}
	assert_true(longest < 200000); /* 20,000 frames are more than 400,000 octets */
	assert_int_equal(stat(r.path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal((size_t)st.st_size, nvm_size(r.v->nvm));
	assert_int_equal(vcard_open(r.path, &second, &e), -1); /* the new file is locked too */
	assert_int_equal(e.code, ERR_READER);
	rig_cycle(&r);
	assert_int_equal(chip_keys(r.v, &aid_isd, 0x30)->sequence, 20000);
	rig_off(&r);
}

static void cut_compaction(void **state)
{
	static const size_t keeps[] = { 0, 10, 100, (size_t)-1 };
	struct wr w = wr_grow(1 << 16);
	uint8_t before[32];
	struct rig r;

	(void)state;
	rig_issue(&r, 16, 0x70);
	rig_on(&r);
	for (size_t k = 0; k < sizeof(keeps) / sizeof(keeps[0]); k++) {
		assert_int_equal(rig_initialize(&r, 0x30), SW_OK);
		fingerprint(r.v, before);
		wr_reset(&w);
		chip_snapshot(&w, &r.v->chip);
		nvm_cut(r.v->nvm, 1, keeps[k]);
		assert_false(nvm_compact(r.v->nvm, wr_span(&w)));
		assert_true(nvm_dead(r.v->nvm));
		rig_cycle(&r);
		assert_holds(r.v, before);
		assert_true(
		    nvm_compact(r.v->nvm, wr_span(&w))); /* what was left beside is no hindrance */
		rig_cycle(&r);
		assert_holds(r.v, before);
	}
	wr_free(&w);
	rig_off(&r);
}

/* The card of a process that changes its directory is still its card. */
static void other_directory(void **state)
{
	char cwd[4096], dir[64];
	struct wr w = wr_grow(1 << 16);
	struct err e = { 0 };
	struct rig r;

	(void)state;
	rig_issue(&r, 16, 0x70);
	rig_on(&r);
	vcard_close(r.v);
	r.v = NULL;
	assert_non_null(getcwd(cwd, sizeof(cwd)));
	snprintf(dir, sizeof(dir), "%s", r.dir);
	assert_int_equal(chdir(dir), 0);
	assert_ok(vcard_open("c.card", &r.v, &e), &e);
	assert_int_equal(chdir("/"), 0);
	chip_snapshot(&w, &r.v->chip);
	assert_true(nvm_compact(r.v->nvm, wr_span(&w)));
	assert_int_equal(access("/c.card", F_OK), -1);
	assert_int_equal(chdir(cwd), 0);
	rig_cycle(&r);
	wr_free(&w);
	rig_off(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_script),
		cmocka_unit_test(power_cuts),
		cmocka_unit_test(cut_twice),
		cmocka_unit_test(torn_tails),
		cmocka_unit_test(zero_tail),
		cmocka_unit_test(flipped_octets),
		cmocka_unit_test(foreign_records),
		cmocka_unit_test(not_a_card),
		cmocka_unit_test(full_disk),
		cmocka_unit_test(stays_short),
		cmocka_unit_test(cut_compaction),
		cmocka_unit_test(other_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
