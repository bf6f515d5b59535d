/*
 * Bundles: the envelope, and, as if its signatures were good, all behind them. A key whose private
 * half nobody here has verifies nothing.
 */
#include "fuzz.h"

#include <string.h>

#include "cmd/campaign/bundle_out.h"

static void commands(const struct bundle *b, const struct package *p)
{
	struct key kek = fuzz_key(32, 0x70);
	struct authorize a, again;
	struct wr w = wr_grow(1024);
	struct enter enter;
	struct err e;

	for (uint32_t j = 0; j <= p->total && j < 20; j++) {
		int rc = bundle_enter(b, p, j, &kek, &enter, &e);

		fuzz_check_err(rc, &e);
		if (j == p->total || p->form == FORM_CLEAR)
			CHECK(rc != 0);
		if (p->form == FORM_KOS && j < p->total)
			CHECK(rc == 0);
		if (rc == 0) {
			struct enter back;

			wr_reset(&w);
			enter_put(&w, &enter);
			CHECK(wr_ok(&w) && w.n <= ENTER_MAX_DATA && enter_get(wr_span(&w), &back));
		}
		enter_wipe(&enter);
	}
	bundle_authorize(b, p, &a);
	wr_reset(&w);
	authorize_put(&w, &a);
	CHECK(wr_ok(&w) && authorize_get(wr_span(&w), &again));
	CHECK(again.algorithm == b->algorithm && again.length == b->length);
	wr_free(&w);
}

static void shown(const struct bundle *b)
{
	json_t *o = json_object();

	bundle_out_head(&o, b);
	out_set(&o, "packages", bundle_out_packages(b));
	out_set(&o, "signers", bundle_out_signers(b, NULL));
	CHECK(o != NULL);
	json_decref(o);
}

static void opened(const struct bundle *b)
{
	CHECK(b->package_n >= 1 && b->package_n <= BUNDLE_PACKAGES);
	CHECK(b->length <= IMAGE_MAX && memchr(b->name, '\0', sizeof(b->name)) != NULL);
	CHECK(b->target.n >= AID_MIN && b->target.n <= AID_MAX);
	for (size_t i = 0; i < b->package_n; i++) {
		const struct package *p = &b->package[i];

		CHECK(p->m == 8 || p->m == 16);
		CHECK(p->total >= 1 && p->keys.n <= WRAPPED_KEYS_MAX);
		CHECK(bundle_package(b, p->m) != NULL);
		commands(b, p);
	}
	shown(b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const uint8_t nobody[32] = { 0x3D, 0x40, 0x17, 0xC3, 0xE8, 0x43, 0x89, 0x5A, 0x92,
		0xB7, 0x0A, 0xA7, 0x4D, 0x1B, 0x7E, 0xBC, 0x9C, 0x98, 0x2C, 0xCF, 0x2E, 0xC4, 0x96,
		0x8C, 0xC0, 0xCD, 0x55, 0xF1, 0x2A, 0xF4, 0x66, 0x0C };
	struct bundle_trust trust = { .signer = { nobody }, .n = 1, .k = 1 };
	struct wr raw = wr_grow(n + 1);
	struct bundle b;
	struct err e = { 0 };
	int rc;

	wr_bytes(&raw, data, n);
	rc = bundle_take(&raw, &b, &e);
	fuzz_check_err(rc, &e);
	if (rc != 0) {
		CHECK(e.code == ERR_INPUT);
		return 0;
	}
	CHECK(b.signer_n <= BUNDLE_SIGNERS);
	CHECK(bundle_open(&b, &trust, 0, &e) == -1 && e.code == ERR_INPUT);
	rc = bundle_open_unverified(&b, &e);
	fuzz_check_err(rc, &e);
	if (rc == 0)
		opened(&b);
	else
		CHECK(e.code == ERR_INPUT);
	bundle_free(&b);
	return 0;
}
