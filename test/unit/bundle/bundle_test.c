/*
 * Bundles against test/vectors/broadcast.json (an independent model of the specification): with
 * its broadcast keys the builder must make its streams, checkpoints, enter and authorize data.
 * Then sizes, resuming, and what the builder refuses.
 */
#include "bundle_house.h"

#include "bundle/internal.h"
#include "crypto/digest.h"
#include "crypto/sign.h"
#include "scp/scp.h"
#include "tlv/tlv.h"

static const char *const vectors = "test/vectors/broadcast.json";

/* Section 10, point 12: over all that is built here, (key, counter) and its text. */
struct use {
	uint8_t where[32], text[32];
};
static struct use uses[20000];
static size_t use_n;

static void use_once(struct span key, struct span counter, struct span text)
{
	struct span where[2] = { key, counter };
	struct use u;

	assert_true(sha256(where, 2, u.where) && sha256_of(text, u.text));
	for (size_t i = 0; i < use_n; i++)
		if (memcmp(uses[i].where, u.where, 32) == 0) {
			assert_memory_equal(uses[i].text, u.text, 32);
			return;
		}
	assert_true(use_n < sizeof(uses) / sizeof(uses[0]));
	uses[use_n++] = u;
}

/* Reads a stream as a card does; what comes out is the payload. */
static void read_stream(
    const struct package *p, const struct broadcast_keys *bk, struct wr *payload)
{
	struct rd r = rd_of(p->commands);
	struct scp s = { 0 };
	struct tlv t;

	assert_true(scp03_resume(
	    &s, &bk->enc, &bk->mac, (struct scp03_point){ p->counter, p->mcv, 0x03, p->m }));
	while (tlv_next(&r, &t)) {
		uint8_t data[256];
		struct wr w = wr_fixed(data, sizeof(data));
		struct capdu c, plain;

		assert_true(capdu_get(t.val, &c));
		assert_int_equal(scp_open_command(&s, &c, &plain, &w), SCP_OK);
		assert_int_equal(get_u32(plain.data.p), payload->n);
		wr_put(payload, span_sub(plain.data, 4, plain.data.n));
		use_once(key_span(&bk->enc), SPAN(s.u.scp03.counter), plain.data);
	}
	assert_true(wr_ok(payload));
	scp_wipe(&s);
}

/* Takes off the inner layer of variant B. */
static void clear_inner(const struct bundle_plan *plan, const struct package *p, struct wr *payload)
{
	struct key inner;
	struct aes a = { 0 };

	assert_true(kos_key(plan->kos, KOS_INNER, plan->campaign, p->number, &inner));
	assert_true(aes_set_key(&a, &inner));
	assert_true(aes_ctr(&a, p->nonce, wr_span(payload), payload->p));
	use_once(key_span(&inner), SPAN(p->nonce), wr_span(payload));
	aes_wipe(&a);
}

static void check_payload(
    const struct bundle_plan *plan, const struct package *p, const struct broadcast_keys *bk)
{
	struct wr payload = wr_grow(IMAGE_MAX);

	read_stream(p, bk, &payload);
	if (p->inner == INNER_KOS)
		clear_inner(plan, p, &payload);
	assert_span(wr_span(&payload), plan->image);
	wr_free(&payload);
}

/* Builds, reads back with all signatures checked, and reads each stream. */
static void build(const struct bundle_plan *plan, const struct broadcast_keys *bk, struct bundle *b)
{
	struct bundle_trust t = trust_of(plan->signer_n, (uint8_t)plan->signer_n);
	struct err e = { 0 };
	struct wr out;

	assert_ok(bundle_build_with(plan, bk, &out, &e), &e);
	assert_ok(bundle_take(&out, b, &e), &e);
	assert_ok(bundle_open(b, &t, 0, &e), &e);
	for (size_t i = 0; i < b->package_n; i++)
		check_payload(plan, &b->package[i], &bk[i]);
}

/* One case of the vectors as a plan, and its broadcast keys. */
struct given {
	struct bundle_plan plan;
	struct broadcast_keys bk[2];
	struct key kos, kmac;
	uint8_t image[1024];
	uint8_t m;
};

static uint8_t variant_of(const char *name)
{
	return strcmp(name, "a") == 0   ? VARIANT_A
	       : strcmp(name, "b") == 0 ? VARIANT_B
					: VARIANT_PLAIN;
}

static void given_from(struct given *g, const json_t *j, const json_t *c)
{
	struct span image = unit_hex(j, "image");

	*g = (struct given){ .m = (uint8_t)json_integer_value(json_object_get(c, "mac_size")) };
	assert_true(image.n <= sizeof(g->image));
	memcpy(g->image, image.p, image.n);
	g->plan = (struct bundle_plan){ .image = span_of(g->image, image.n),
		.version = get_u32(unit_hex(j, "version").p),
		.base = get_u32(unit_hex(j, "base").p),
		.variant = variant_of(unit_str(c, "variant")),
		.algorithm = ALG_ISSUER,
		.key_n = (uint8_t)json_integer_value(json_object_get(c, "key_length")),
		.package = 1,
		.s16 = g->m == 16,
		.name = "vectors",
		.kek = &house.kek,
		.kek_name = "kek",
		.issuer = &house.issuer,
		.signer = { &house.signer[0] },
		.signer_n = 1,
		.allow_literal_mac = true };
	assert_true(aid_from(&g->plan.target, unit_hex(j, "aid")));
	memcpy(g->plan.platform, unit_hex(j, "platform").p, 8);
	memcpy(g->plan.campaign, unit_hex(j, "campaign").p, 16);
	fresh_keys(g->bk, g->plan.key_n);
	g->bk[g->m == 16].enc = unit_key(unit_str(c, "bk_enc"));
	g->bk[g->m == 16].mac = unit_key(unit_str(c, "bk_mac"));
	if (json_object_get(c, "kos") != NULL) {
		g->kos = unit_key(unit_str(c, "kos"));
		g->plan.kos = &g->kos;
		g->plan.kos_version = 1;
	}
	if (json_object_get(c, "kmac") != NULL) {
		g->kmac = unit_key(unit_str(c, "kmac"));
		g->plan.kmac = &g->kmac;
	}
}

static void same_stream(const struct package *p, const json_t *c)
{
	const json_t *stream = json_object_get(c, "stream"),
		     *points = json_object_get(c, "checkpoints");
	struct rd r = rd_of(p->commands), at = rd_of(p->checkpoints);
	struct span v;
	struct tlv t;

	assert_int_equal(p->total, json_integer_value(json_object_get(c, "N")));
	assert_int_equal(p->number, json_integer_value(json_object_get(c, "package")));
	assert_span(SPAN(p->mcv), unit_hex(c, "start_chaining_value"));
	assert_int_equal(json_array_size(stream), p->total);
	for (size_t i = 0; i < p->total; i++) {
		assert_true(tlv_next(&r, &t));
		assert_span(t.val, unit_bytes(json_string_value(json_array_get(stream, i))));
		if (p->m == 8 && i + 1 < p->total) {
			struct span full =
			    unit_bytes(json_string_value(json_array_get(points, i + 1)));

			assert_true(rd_take(&at, 8, &v));
			assert_span(v, span_sub(full, 8, 8));
		}
	}
	assert_int_equal(rd_left(&at), 0);
	assert_span(p->return_command, unit_hex(c, "return"));
}

/* CHANGE MODE enter as the vectors have it before secure messaging: CLA 84, Le 00. */
static void same_enter(
    const struct bundle *b, const struct package *p, uint32_t j, struct span want)
{
	uint8_t apdu[300], data[ENTER_MAX_DATA];
	struct wr w = wr_fixed(apdu, sizeof(apdu)), d = wr_fixed(data, sizeof(data));
	struct capdu c = { .cla = 0x84, .ins = 0x5A, .p1 = 0x01, .le = LE_MAX_SHORT };
	struct enter enter;
	struct err e = { 0 };

	assert_ok(bundle_enter(b, p, j, &house.kek, &enter, &e), &e);
	enter_put(&d, &enter);
	c.data = wr_span(&d);
	capdu_put(&w, &c);
	assert_true(wr_ok(&d) && wr_ok(&w));
	assert_span(wr_span(&w), want);
	enter_wipe(&enter);
}

/* The same for AUTHORIZE ACTION; ECDSA signatures are verified instead of compared. */
static void same_authorize(
    const struct bundle *b, const struct package *p, struct span want, struct span issuer_public)
{
	uint8_t apdu[300], data[255], text[200];
	struct wr w = wr_fixed(apdu, sizeof(apdu)), d = wr_fixed(data, sizeof(data));
	struct wr s = wr_fixed(text, sizeof(text));
	struct capdu c = { .cla = 0x84, .ins = 0x5C, .le = LE_MAX_SHORT };
	struct authorize a;

	bundle_authorize(b, p, &a);
	if (a.has_signature) {
		authorize_signed_text(&s, &a, b->image_digest);
		assert_true(p256_verify(SPAN(house.issuer_pub), wr_span(&s), SPAN(a.signature)));
		memcpy(a.signature, span_sub(want, want.n - 65, 64).p, 64);
		assert_true(p256_verify(issuer_public, wr_span(&s), SPAN(a.signature)));
	}
	authorize_put(&d, &a);
	c.data = wr_span(&d);
	capdu_put(&w, &c);
	assert_true(wr_ok(&d) && wr_ok(&w));
	assert_span(wr_span(&w), want);
}

static void same_as_model(const json_t *j, const json_t *c)
{
	const json_t *authorize = json_object_get(c, "authorize"), *a;
	struct bundle b;
	struct given g;
	size_t i;

	given_from(&g, j, c);
	json_array_foreach(authorize, i, a)
	{
		const struct package *p;

		g.plan.algorithm = (uint8_t)json_integer_value(json_object_get(a, "algorithm"));
		build(&g.plan, g.bk, &b);
		assert_int_equal(b.package_n, g.m == 16 ? 2 : 1);
		p = bundle_package(&b, g.m);
		assert_non_null(p);
		same_stream(p, c);
		same_enter(&b, p, 0, unit_hex(c, "enter_plain"));
		same_enter(&b, p, 2, unit_hex(c, "resume_at_2_plain"));
		same_authorize(&b, p, unit_hex(a, "plain"), unit_hex(j, "issuer_public"));
		bundle_free(&b);
	}
	assert_true(i >= 3);
}

static void model(void **state)
{
	json_t *j = unit_json(vectors);
	const json_t *cases = json_object_get(j, "cases"), *c;
	size_t i;

	(void)state;
	json_array_foreach(cases, i, c) same_as_model(j, c);
	assert_int_equal(i, 42);
	json_decref(j);
}

/* Sizes around the borders of a command, and long streams, in all variants. */
static void sizes(void **state)
{
	static const size_t lengths[] = { 1, 7, 218, 219, 220, 234, 235, 236, 470, 471, 5000 };
	static const uint8_t variants[] = { VARIANT_A, VARIANT_B, VARIANT_PLAIN };
	uint8_t image[5000];

	(void)state;
	assert_true(random_bytes(image, sizeof(image)));
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++)
		for (size_t v = 0; v < 3; v++) {
			struct bundle_plan plan = small_plan(variants[v]);
			struct broadcast_keys bk[2];
			struct bundle b;

			plan.image = span_of(image, lengths[i]);
			plan.key_n = (uint8_t)(16 + 8 * (i % 3));
			plan.s16 = true;
			fresh_keys(bk, plan.key_n);
			build(&plan, bk, &b);
			assert_int_equal(b.length, lengths[i]);
			assert_int_equal(b.package[0].total, (lengths[i] + 234) / 235);
			assert_int_equal(b.package[1].total, (lengths[i] + 218) / 219);
			assert_int_equal(b.package[1].number, 2);
			assert_int_equal(b.package[1].checkpoints.n, 0);
			bundle_free(&b);
		}
}

/* After every command the chaining value that bundle_enter gives continues the stream. */
static void resume_everywhere(void **state)
{
	uint8_t image[2000];

	(void)state;
	assert_true(random_bytes(image, sizeof(image)));
	for (int m = 0; m < 2; m++) {
		struct bundle_plan plan = small_plan(VARIANT_PLAIN);
		struct broadcast_keys bk[2];
		const struct package *p;
		struct enter enter;
		struct err e = { 0 };
		struct bundle b;
		struct rd r;
		struct tlv t;

		plan.image = SPAN(image);
		plan.s16 = true;
		fresh_keys(bk, plan.key_n);
		build(&plan, bk, &b);
		p = &b.package[m];
		r = rd_of(p->commands);
		for (uint32_t j = 0; j < p->total; j++) {
			struct scp s = { 0 };
			uint8_t data[256];
			struct wr w = wr_fixed(data, sizeof(data));
			struct capdu c, plain;

			assert_ok(bundle_enter(&b, p, j, &house.kek, &enter, &e), &e);
			assert_int_equal(enter.done, j);
			assert_true(scp03_resume(&s, &bk[m].enc, &bk[m].mac,
			    (struct scp03_point){ enter.counter, enter.mcv, 0x03, p->m }));
			assert_true(tlv_next(&r, &t) && capdu_get(t.val, &c));
			assert_int_equal(scp_open_command(&s, &c, &plain, &w), SCP_OK);
			scp_wipe(&s);
		}
		assert_int_equal(bundle_enter(&b, p, p->total, &house.kek, &enter, &e), -1);
		assert_int_equal(e.code, ERR_SAFETY);
		bundle_free(&b);
	}
}

static void fresh_each_time(void **state)
{
	struct bundle_plan plan = small_plan(VARIANT_PLAIN);
	struct err e = { 0 };
	struct bundle b[2];

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct wr out;

		assert_ok(bundle_build(&plan, &out, &e), &e);
		assert_ok(bundle_take(&out, &b[i], &e), &e);
		assert_ok(bundle_open_unverified(&b[i], &e), &e);
	}
	assert_false(span_eq(b[0].package[0].commands, b[1].package[0].commands));
	assert_false(span_eq(b[0].package[0].keys, b[1].package[0].keys));
	bundle_free(&b[0]);
	bundle_free(&b[1]);
}

static void wrong_kek(void **state)
{
	struct bundle_plan plan = small_plan(VARIANT_PLAIN);
	struct broadcast_keys bk[2];
	struct key other = house.kek;
	struct enter enter;
	struct err e = { 0 };
	struct bundle b;

	(void)state;
	fresh_keys(bk, 16);
	build(&plan, bk, &b);
	other.b[0] ^= 1;
	assert_int_equal(bundle_enter(&b, &b.package[0], 0, &other, &enter, &e), -1);
	assert_int_equal(e.code, ERR_AUTH);
	assert_int_equal(bundle_enter(&b, &b.package[0], 0, NULL, &enter, &e), -1);
	assert_int_equal(e.code, ERR_AUTH);
	/* a start value that is not that of these keys and this N, which the card would refuse */
	b.package[0].mcv[0] ^= 1;
	assert_int_equal(bundle_enter(&b, &b.package[0], 0, &house.kek, &enter, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	b.package[0].mcv[0] ^= 1;
	bundle_free(&b);
}

static void refused(const struct bundle_plan *plan, enum err_code code)
{
	struct err e = { 0 };
	struct wr out;

	assert_int_equal(bundle_build(plan, &out, &e), -1);
	assert_int_equal(e.code, code);
	assert_true(e.text[0] != '\0');
}

static void refusals(void **state)
{
	static uint8_t big[IMAGE_MAX + 1];
	static const struct {
		uint8_t variant, algorithm;
	} never[] = { { VARIANT_B, 0x01 }, { VARIANT_A, 0x02 }, { VARIANT_PLAIN, 0x02 },
		{ VARIANT_A, 0x03 }, { VARIANT_A, 0x00 }, { 0x0C, 0x05 } };
	struct key short_key = { .n = 16 };
	struct bundle_plan p;

	(void)state;
	for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++) {
		p = small_plan(never[i].variant);
		p.algorithm = never[i].algorithm;
		p.allow_literal_mac = true;
		refused(&p, ERR_SAFETY);
	}
	p = small_plan(VARIANT_A);
	p.algorithm = ALG_CMAC_BK;
	refused(&p, ERR_SAFETY); /* literal code without --allow-literal-mac */
	p = small_plan(VARIANT_A);
	p.image = span_of(big, 0);
	refused(&p, ERR_SAFETY);
	p.image = SPAN(big);
	refused(&p, ERR_SAFETY);
	p = small_plan(VARIANT_A);
	p.key_n = 24;
	p.kos = &short_key;
	refused(&p, ERR_SAFETY);
	p.variant = VARIANT_B;
	refused(&p, ERR_SAFETY);
	p = small_plan(VARIANT_PLAIN);
	p.key_n = 24;
	p.kek = &short_key;
	refused(&p, ERR_SAFETY);
	p = small_plan(VARIANT_PLAIN);
	p.kek_name = NULL;
	refused(&p, ERR_SAFETY);
	p.kek_name = "";
	refused(&p, ERR_SAFETY);
	p.kek_name = "a\nb";
	refused(&p, ERR_SAFETY);
	p = small_plan(VARIANT_PLAIN);
	p.kek = &short_key;
	short_key.n = 17;
	p.key_n = 16;
	refused(&p, ERR_SAFETY);
	p = small_plan(VARIANT_A);
	p.key_n = 20;
	refused(&p, ERR_SAFETY);
	p.key_n = 255;
	refused(&p, ERR_SAFETY);
	p = small_plan(VARIANT_A);
	p.package = 0;
	refused(&p, ERR_SAFETY);
	p.package = UINT32_MAX;
	p.s16 = true;
	refused(&p, ERR_SAFETY);
	p = small_plan(VARIANT_A);
	p.signer[1] = p.signer[0];
	p.signer_n = 2;
	refused(&p, ERR_SAFETY);
	p = small_plan(VARIANT_A);
	p.kos = NULL;
	refused(&p, ERR_AUTH);
	p = small_plan(VARIANT_A);
	p.issuer = NULL;
	refused(&p, ERR_AUTH);
	p = small_plan(VARIANT_A);
	p.signer_n = 0;
	refused(&p, ERR_AUTH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(model),
		cmocka_unit_test(sizes),
		cmocka_unit_test(resume_everywhere),
		cmocka_unit_test(fresh_each_time),
		cmocka_unit_test(wrong_kek),
		cmocka_unit_test(refusals),
	};

	return cmocka_run_group_tests(tests, bundle_house, NULL);
}
