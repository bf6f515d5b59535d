/*
 * The messages and derivations of broadcast loading against broadcast.json, which an independent
 * model of the specification made: data fields byte for byte, keys, codes, signatures.
 */
#include "unit.h"

#include "apdu/sw.h"
#include "crypto/digest.h"
#include "crypto/kdf.h"
#include "crypto/sign.h"
#include "gp/broadcast.h"
#include "tlv/tlv.h"

struct fixture {
	json_t *all;
	struct span image, issuer, platform, aid;
	uint8_t campaign[16], digest[32];
	uint32_t base, version;
	uint8_t storage[4096];
};

/* Keeps octets out of the ring of unit_bytes for as long as the fixture lives. */
static struct span keep(struct wr *w, struct span s)
{
	size_t at = w->n;

	wr_put(w, s);
	assert_true(wr_ok(w));
	return span_sub(wr_span(w), at, s.n);
}

static void setup(struct fixture *f)
{
	struct wr w = wr_fixed(f->storage, sizeof(f->storage));

	f->all = unit_json("test/vectors/broadcast.json");
	f->image = keep(&w, unit_hex(f->all, "image"));
	f->issuer = keep(&w, unit_hex(f->all, "issuer_public"));
	f->platform = keep(&w, unit_hex(f->all, "platform"));
	f->aid = keep(&w, unit_hex(f->all, "aid"));
	memcpy(f->campaign, unit_hex(f->all, "campaign").p, 16);
	f->base = get_u32(unit_hex(f->all, "base").p);
	f->version = get_u32(unit_hex(f->all, "version").p);
	assert_true(sha256_of(f->image, f->digest));
}

static uint32_t number(const json_t *v, const char *key)
{
	return (uint32_t)json_integer_value(json_object_get(v, key));
}

/* Every message: reads, and writes the same octets. */
static void check_enter(const struct fixture *f, const json_t *v, const char *member, uint32_t done)
{
	uint8_t counter[16];
	struct wr w = wr_grow(1000);
	struct capdu c;
	struct enter e;

	assert_true(capdu_get(unit_hex(v, member), &c));
	assert_int_equal(c.ins, INS_CHANGE_MODE);
	assert_int_equal(c.p1, CHANGE_MODE_ENTER);
	assert_true(enter_get(c.data, &e));
	enter_put(&w, &e);
	assert_span(wr_span(&w), c.data);
	assert_memory_equal(e.campaign, f->campaign, 16);
	assert_int_equal(e.package, number(v, "package"));
	assert_int_equal(e.total, number(v, "N"));
	assert_int_equal(e.done, done);
	assert_int_equal(e.length, f->image.n);
	broadcast_counter(e.package, e.done, counter);
	assert_span(SPAN(e.counter), SPAN(counter));
	assert_span(SPAN(e.mcv),
	    unit_bytes(json_string_value(json_array_get(json_object_get(v, "checkpoints"), done))));
	wr_free(&w);
}

/* The broadcast keys as they travel, and the value the chaining starts with. */
static void check_keys(const struct fixture *f, const json_t *v)
{
	struct key bk_enc = unit_key(unit_str(v, "bk_enc")),
		   bk_mac = unit_key(unit_str(v, "bk_mac"));
	bool variant_a = strcmp(unit_str(v, "variant"), "a") == 0;
	uint32_t package = number(v, "package");
	uint8_t mcv[16], clear[64];
	struct key kos, kek;
	struct capdu c;
	struct enter e;

	assert_true(broadcast_start_mcv(&bk_mac, f->campaign, package, number(v, "N"), mcv));
	assert_span(SPAN(mcv), unit_hex(v, "start_chaining_value"));
	assert_true(capdu_get(unit_hex(v, "enter_plain"), &c) && enter_get(c.data, &e));
	assert_int_equal(e.form, variant_a ? FORM_KOS : FORM_CLEAR);
	if (!variant_a) {
		assert_span(span_of(e.keys, e.keys_n), key_span(&bk_enc));
		assert_span(key_span(&e.bk_mac), key_span(&bk_mac));
		return;
	}
	kos = unit_key(unit_str(v, "kos"));
	assert_true(kos_key(&kos, KOS_KEK, f->campaign, package, &kek));
	assert_span(key_span(&kek), unit_hex(v, "kek_B5"));
	assert_true(aes_unwrap(&kek, span_of(e.keys, e.keys_n), clear));
	assert_span(span_of(clear, bk_enc.n), key_span(&bk_enc));
	assert_span(span_of(clear + bk_enc.n, bk_mac.n), key_span(&bk_mac));
}

/* Variant B: nonce, key and stream of the layer under the broadcast key. */
static void check_inner(const struct fixture *f, const json_t *v)
{
	static uint8_t out[4096];
	struct key kos, inner, nonce_key;
	struct aes a = { 0 };
	uint8_t mac[16];
	struct capdu c;
	struct enter e;

	assert_true(capdu_get(unit_hex(v, "enter_plain"), &c) && enter_get(c.data, &e));
	assert_int_equal(e.inner == INNER_KOS, strcmp(unit_str(v, "variant"), "b") == 0);
	if (e.inner == INNER_NONE)
		return;
	kos = unit_key(unit_str(v, "kos"));
	assert_true(kos_key(&kos, KOS_INNER, f->campaign, e.package, &inner));
	assert_span(key_span(&inner), unit_hex(v, "inner_key_B6"));
	assert_true(kos_key(&kos, KOS_NONCE, f->campaign, e.package, &nonce_key));
	assert_true(cmac(&nonce_key, f->image, mac));
	assert_span(SPAN(e.nonce), span_of(mac, INNER_NONCE_SIZE));
	assert_span(SPAN(e.nonce), unit_hex(v, "inner_nonce"));
	assert_false(inner_nonce(&(struct key){ .n = 5 }, f->campaign, e.package, f->image, mac));
	assert_true(aes_set_key(&a, &inner));
	assert_true(aes_ctr(&a, e.nonce, f->image, out));
	assert_span(span_of(out, f->image.n), unit_hex(v, "inner_ciphertext"));
	aes_wipe(&a);
}

/* The code that the algorithm asks for, from its keys and the image. */
static void expected_code(
    const struct fixture *f, const json_t *v, const struct authorize *a, struct wr *w)
{
	uint8_t code[32], clear[32];
	struct key k, kos;
	struct span got;

	if (a->algorithm == ALG_DIGEST || a->algorithm == ALG_ISSUER) {
		wr_bytes(w, f->digest, 32);
		return;
	}
	k = unit_key(unit_str(v, a->algorithm == ALG_CMAC_BK ? "bk_mac" : "kmac"));
	assert_true(cmac(&k, f->image, code));
	got = span_of(code, 16);
	if (a->wrapped) {
		kos = unit_key(unit_str(v, "kos"));
		assert_true(kos_key(&kos, KOS_CODE, f->campaign, a->package, &k));
		assert_span(key_span(&k), unit_hex(v, "kek_B7"));
		assert_true(aes_unwrap(&k, span_of(a->code, a->code_n), clear));
		assert_span(span_of(clear, 16), got);
		assert_true(aes_wrap(&k, got, clear));
		got = span_of(clear, 24);
	}
	wr_put(w, got);
}

static void check_authorize(const struct fixture *f, const json_t *v, const json_t *row)
{
	struct wr w = wr_grow(1000);
	struct authorize a;
	struct capdu c;

	assert_true(capdu_get(unit_hex(row, "plain"), &c));
	assert_int_equal(c.ins, INS_AUTHORIZE_ACTION);
	assert_int_equal(c.p1, P1_ACTIVATE);
	assert_true(authorize_get(c.data, &a));
	authorize_put(&w, &a);
	assert_span(wr_span(&w), c.data);
	assert_int_equal(a.algorithm, number(row, "algorithm"));
	assert_memory_equal(a.campaign, f->campaign, 16);
	assert_int_equal(a.package, number(v, "package"));
	assert_int_equal(a.length, f->image.n);
	assert_int_equal(a.version, f->version);
	assert_int_equal(a.base, f->base);
	assert_span(aid_span(&a.target), f->aid);
	assert_span(SPAN(a.platform), f->platform);
	assert_int_equal(
	    a.wrapped, a.algorithm == ALG_CMAC_BK && strcmp(unit_str(v, "variant"), "a") == 0);
	wr_reset(&w);
	expected_code(f, v, &a, &w);
	assert_span(span_of(a.code, a.code_n), wr_span(&w));
	if (a.algorithm == ALG_ISSUER) {
		wr_reset(&w);
		authorize_signed_text(&w, &a, f->digest);
		assert_true(p256_verify(f->issuer, wr_span(&w), SPAN(a.signature)));
		a.base++; /* the signature covers the base version too */
		wr_reset(&w);
		authorize_signed_text(&w, &a, f->digest);
		assert_false(p256_verify(f->issuer, wr_span(&w), SPAN(a.signature)));
	}
	wr_free(&w);
}

static void check_verdict(
    const struct fixture *f, const json_t *row, const char *member, uint16_t sw, uint8_t result)
{
	struct wr w = wr_grow(1000);
	struct verdict v;
	struct rapdu r;

	assert_true(rapdu_get(unit_hex(row, member), &r));
	assert_int_equal(r.sw, sw);
	assert_true(verdict_get(r.data, &v));
	assert_int_equal(v.result, result);
	assert_int_equal(v.version, result == RESULT_ACTIVE ? f->version : f->base);
	verdict_put(&w, &v);
	assert_span(wr_span(&w), r.data);
	assert_false(verdict_get(span_sub(r.data, 0, r.data.n - 1), &v));
	wr_free(&w);
}

static void known_answers(void **state)
{
	static struct fixture f;
	size_t i, j, bare = 0;
	json_t *v, *row;

	(void)state;
	setup(&f);
	assert_int_equal(json_array_size(json_object_get(f.all, "cases")), 42);
	json_array_foreach(json_object_get(f.all, "cases"), i, v)
	{
		bool level_03 = strcmp(unit_str(v, "level"), "03") == 0;

		check_enter(&f, v, "enter_plain", 0);
		check_enter(&f, v, "resume_at_2_plain", 2);
		check_keys(&f, v);
		check_inner(&f, v);
		json_array_foreach(json_object_get(v, "authorize"), j, row)
		{
			check_authorize(&f, v, row);
			if (!level_03)
				continue; /* these answers are protected */
			check_verdict(&f, row, "answer_active", SW_OK, RESULT_ACTIVE);
			check_verdict(&f, row, "answer_wrong_code", SW_AUTH_FAILED, RESULT_CODE);
			bare++;
		}
	}
	assert_int_equal(bare, 36);
	json_decref(f.all);
}

typedef bool (*getter)(struct span data);

static bool get_enter(struct span data)
{
	struct enter e;

	return enter_get(data, &e);
}

static bool get_authorize(struct span data)
{
	struct authorize a;

	return authorize_get(data, &a);
}

/* The template again, with its nth TLV damaged in one of several ways. */
static void rebuild(struct span data, size_t nth, int how, struct wr *w)
{
	struct rd outer = rd_of(data), in;
	struct tlv t, field;
	size_t at = 0, mark;

	assert_true(tlv_next(&outer, &t));
	in = rd_of(t.val);
	mark = tlv_open(w, t.tag);
	for (; tlv_next(&in, &field); at++) {
		struct tlv next;

		if (at != nth) {
			tlv_put(w, field.tag, field.val);
			continue;
		}
		switch (how) {
		case 0: /* missing */
			break;
		case 1: /* twice */
			tlv_put(w, field.tag, field.val);
			tlv_put(w, field.tag, field.val);
			break;
		case 2: /* half as long */
			tlv_put(w, field.tag, span_sub(field.val, 0, field.val.n / 2));
			break;
		case 3: /* an unknown tag before it */
			tlv_put_u8(w, 0x9A, 0);
			tlv_put(w, field.tag, field.val);
			break;
		case 4: /* changed places with the next one; the last one with an unknown one */
			if (!tlv_next(&in, &next))
				next = (struct tlv){ 0x99, span_of(NULL, 0), true };
			else
				at++;
			tlv_put(w, next.tag, next.val);
			tlv_put(w, field.tag, field.val);
			break;
		default: /* a length that is not minimal, where there is a short one */
			wr_put(w, unit_bytes(field.tag > 0xFF ? "5F37" : ""));
			if (field.tag <= 0xFF)
				wr_u8(w, (uint8_t)field.tag);
			wr_u8(w, 0x81);
			wr_lv(w, field.val);
		}
	}
	tlv_close(w, mark);
	assert_true(wr_ok(w));
}

static void check_form(struct span data, getter get)
{
	struct rd outer = rd_of(data), in;
	struct tlv t, field;
	size_t fields = 0;

	assert_true(get(data));
	assert_true(tlv_next(&outer, &t));
	for (in = rd_of(t.val); tlv_next(&in, &field);)
		fields++;
	for (size_t nth = 0; nth < fields; nth++)
		for (int how = 0; how < 6; how++) {
			struct wr w = wr_grow(1000);

			rebuild(data, nth, how, &w);
			if (get(wr_span(&w)))
				fail_msg("field %zu damaged in way %d was taken", nth, how);
			wr_free(&w);
		}
	for (size_t n = 0; n < data.n; n++)
		assert_false(get(span_sub(data, 0, n)));
}

/* Order, number, tags and lengths are fixed: any other form is refused. */
static void strict_forms(void **state)
{
	static struct fixture f;
	size_t i, j;
	json_t *v, *row;

	(void)state;
	setup(&f);
	json_array_foreach(json_object_get(f.all, "cases"), i, v)
	{
		struct capdu c;

		assert_true(capdu_get(unit_hex(v, "enter_plain"), &c));
		check_form(c.data, get_enter);
		json_array_foreach(json_object_get(v, "authorize"), j, row)
		{
			assert_true(capdu_get(unit_hex(row, "plain"), &c));
			check_form(c.data, get_authorize);
		}
	}
	json_decref(f.all);
}

/* What is written of this is read back the same. */
static bool enter_survives(const struct enter *e)
{
	struct wr w = wr_grow(1000);
	struct enter got;
	bool ok;

	enter_put(&w, e);
	assert_true(wr_ok(&w));
	ok = enter_get(wr_span(&w), &got);
	if (ok) {
		struct wr again = wr_grow(1000);

		enter_put(&again, &got);
		assert_span(wr_span(&again), wr_span(&w));
		wr_free(&again);
	}
	wr_free(&w);
	return ok;
}

static void enter_combinations(void **state)
{
	static const uint8_t aes[] = { 16, 24, 32 };
	const struct enter plain = { .keys_n = 16, .bk_mac = { .n = 16 }, .total = 1 };
	struct enter e = plain;

	(void)state;
	for (size_t i = 0; i < sizeof(aes); i++) {
		e.keys_n = e.bk_mac.n = aes[i];
		assert_true(enter_survives(&e));
		e.bk_mac.n = aes[(i + 1) % 3]; /* of two lengths */
		assert_false(enter_survives(&e));
		e.bk_mac.n = 0; /* 81 is missing in form 00 */
		assert_false(enter_survives(&e));
	}
	/* 8B exactly when 84 or 89 is 01, 8E exactly when 89 is 01, in all 32 combinations. */
	for (unsigned bits = 0; bits < 32; bits++) {
		bool form = bits & 1, inner = bits & 2, kos = bits & 4, nonce = bits & 8,
		     mac = bits & 16;

		e = plain;
		e.form = form;
		e.inner = inner;
		e.has_kos_version = kos;
		e.has_nonce = nonce;
		e.bk_mac.n = mac ? 16 : 0;
		e.keys_n = form ? 40 : 16;
		assert_int_equal(
		    enter_survives(&e), mac == !form && kos == (form || inner) && nonce == inner);
	}
	for (uint8_t n = 0; n <= WRAPPED_KEYS_MAX; n++) { /* wrapped keys of no AES length */
		e = plain;
		e.form = FORM_KOS;
		e.has_kos_version = true;
		e.bk_mac.n = 0;
		e.keys_n = n;
		assert_int_equal(enter_survives(&e), n == 40 || n == 56 || n == 72);
	}
	e = plain;
	e.form = 2;
	assert_false(enter_survives(&e));
	e = plain;
	e.inner = 2;
	assert_false(enter_survives(&e));
}

static void authorize_combinations(void **state)
{
	(void)state;
	for (unsigned algorithm = 0; algorithm < 8; algorithm++)
		for (unsigned bits = 0; bits < 4; bits++)
			for (uint8_t n = 0; n <= 40; n += 8) {
				struct authorize a = { .algorithm = (uint8_t)algorithm,
					.wrapped = bits & 1,
					.code_n = n,
					.target = aid_isd,
					.has_signature = bits & 2 };
				bool mac = algorithm == ALG_CMAC_BK || algorithm == ALG_CMAC_KMAC;
				bool digest = algorithm == ALG_DIGEST || algorithm == ALG_ISSUER;
				struct wr w = wr_grow(1000);
				struct authorize got;

				authorize_put(&w, &a);
				assert_int_equal(authorize_get(wr_span(&w), &got),
				    a.has_signature == (algorithm == ALG_ISSUER) &&
					(a.wrapped ? algorithm == ALG_CMAC_BK && n == 24
						   : (mac && n == 16) || (digest && n == 32)));
				wr_free(&w);
			}
}

static void discard(void **state)
{
	uint8_t campaign[16], want[16];
	struct wr w = wr_grow(100);
	uint32_t package = 0;

	(void)state;
	memset(want, 0xC5, sizeof(want));
	discard_put(&w, want, 0x01020304);
	assert_span(
	    wr_span(&w), unit_bytes("A118 8510C5C5C5C5C5C5C5C5C5C5C5C5C5C5C5C5 860401020304"));
	assert_true(discard_get(wr_span(&w), campaign, &package));
	assert_memory_equal(campaign, want, 16);
	assert_int_equal(package, 0x01020304);
	assert_false(discard_get(span_sub(wr_span(&w), 0, w.n - 1), campaign, &package));
	wr_u8(&w, 0);
	assert_false(discard_get(wr_span(&w), campaign, &package));
	wr_free(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_answers),
		cmocka_unit_test(strict_forms),
		cmocka_unit_test(enter_combinations),
		cmocka_unit_test(authorize_combinations),
		cmocka_unit_test(discard),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
