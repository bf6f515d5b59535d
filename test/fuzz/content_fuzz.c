/*
 * The wire forms of content management: what is taken, put and taken again is the same. The first
 * octet of the input says which form, the second is P1 where there is one.
 */
#include "fuzz.h"

#include <string.h>

#include "gp/delete.h"
#include "gp/dgi.h"
#include "gp/install.h"
#include "gp/load_file.h"
#include "gp/privilege.h"
#include "gp/status.h"

static bool same_aid(const struct aid *a, const struct aid *b)
{
	CHECK(a->n <= AID_MAX);
	return aid_same(a, b);
}

/* ---- registry pages ---- */

static void same_entry(const struct status_entry *a, const struct status_entry *b)
{
	CHECK(same_aid(&a->aid, &b->aid) && a->state == b->state);
	CHECK(a->privileges == b->privileges && a->privileges_n == b->privileges_n);
	CHECK(same_aid(&a->load_file, &b->load_file) && same_aid(&a->domain, &b->domain));
	CHECK(a->version_n == b->version_n && memcmp(a->version, b->version, a->version_n) == 0);
	CHECK(
	    a->implicit_n == b->implicit_n && memcmp(a->implicit, b->implicit, a->implicit_n) == 0);
	CHECK(a->module_n == b->module_n && a->module_n <= STATUS_MODULES_MAX);
	for (size_t i = 0; i < a->module_n; i++)
		CHECK(same_aid(&a->module[i], &b->module[i]));
}

static void page(struct span s)
{
	struct rd r = rd_of(s);
	struct status_entry e, again;
	size_t before = rd_left(&r);

	for (; status_entry_next(&r, &e); before = rd_left(&r)) {
		struct wr w = wr_grow(4096);
		struct rd back;

		CHECK(rd_left(&r) < before);
		status_entry_put(&w, &e);
		CHECK(wr_ok(&w));
		back = rd_of(wr_span(&w));
		CHECK(status_entry_next(&back, &again) && rd_left(&back) == 0);
		same_entry(&e, &again);
		CHECK(app_state_str(e.state, true) != NULL);
		wr_free(&w);
	}
	CHECK(rd_left(&r) == before);
}

static void old_page(struct span s, uint8_t p1)
{
	struct rd r = rd_of(s);
	struct wr w = wr_grow(s.n + 16);
	struct status_entry e;

	while (status_old_next(&r, p1, &e) && e.module_n < STATUS_MODULES_MAX)
		status_old_put(&w, p1, &e);
	/* Nothing is optional there: the same octets. */
	CHECK(wr_ok(&w));
	CHECK(span_starts(s, wr_span(&w)));
	wr_free(&w);
}

static void request(struct span s)
{
	struct span about, tags, about2, tags2;
	struct wr w = wr_grow(s.n + 16);

	if (status_request_get(s, &about, &tags)) {
		status_request_put(&w, about, tags);
		CHECK(wr_ok(&w) && status_request_get(wr_span(&w), &about2, &tags2));
		CHECK(span_eq(about, about2) && span_eq(tags, tags2));
	}
	wr_free(&w);
}

/* ---- INSTALL ---- */

static void same_install(const struct install *a, const struct install *b)
{
	CHECK(same_aid(&a->load_file, &b->load_file) && same_aid(&a->module, &b->module));
	CHECK(same_aid(&a->app, &b->app) && same_aid(&a->domain, &b->domain));
	CHECK(a->privileges == b->privileges && a->privileges_n == b->privileges_n);
	CHECK(span_eq(a->hash, b->hash) && span_eq(a->params, b->params));
	CHECK(span_eq(a->token, b->token));
}

static void install(struct span s, uint8_t p1)
{
	uint8_t p2 = (p1 & 1) != 0 ? INSTALL_LAST : INSTALL_FIRST;
	struct wr w = wr_grow(s.n + 16), token = wr_grow(2048);
	struct install i, again;

	p1 &= 0x7E;
	if (install_get(p1, p2, s, &i)) {
		install_put(&w, p1, p2, &i);
		CHECK(wr_ok(&w) && w.n <= s.n + 4);
		CHECK(install_get(p1, p2, wr_span(&w), &again));
		same_install(&i, &again);
		/* A token covers what is sent, but for itself. */
		install_token_input(&token, p1, p2, &i);
		if (wr_ok(&token) && w.n <= 0xFF)
			CHECK(span_starts(span_sub(wr_span(&token), 3, SIZE_MAX),
			    span_sub(wr_span(&w), 0, token.n - 3)));
	}
	wr_free(&token);
	wr_free(&w);
}

static void same_params(const struct install_params *a, const struct install_params *b)
{
	CHECK(a->has_app == b->has_app && span_eq(a->app, b->app));
	CHECK(a->has_code == b->has_code && a->code == b->code);
	CHECK(a->has_volatile == b->has_volatile && a->volatile_ == b->volatile_);
	CHECK(a->has_data == b->has_data && a->data == b->data);
	CHECK(a->reserved_volatile == b->reserved_volatile);
	CHECK(a->reserved_data == b->reserved_data);
	CHECK(span_eq(a->restrict_, b->restrict_) && span_eq(a->service, b->service));
	CHECK(span_eq(a->toolkit, b->toolkit) && span_eq(a->control, b->control));
	CHECK(span_eq(a->format, b->format) && span_eq(a->lfdb, b->lfdb));
	CHECK(span_eq(a->simulation, b->simulation));
	CHECK((a->implicit.n > 0) == (b->implicit.n > 0));
}

static void params(struct span s)
{
	struct wr w = wr_grow(4 * s.n + 64);
	struct install_params p, again;

	if (install_params_get(s, &p)) {
		install_params_put(&w, &p);
		CHECK(wr_ok(&w) && install_params_get(wr_span(&w), &again));
		same_params(&p, &again);
	}
	wr_free(&w);
}

/* ---- DELETE, data groups, privileges, load files ---- */

static void delete_any(struct span s)
{
	struct wr w = wr_grow(s.n + 16);
	struct delete_object d, d2;
	struct delete_keys k, k2;
	bool keys, keys2;

	if (delete_get(s, &d, &k, &keys)) {
		if (keys)
			delete_keys_put(&w, &k);
		else
			delete_object_put(&w, &d);
		CHECK(wr_ok(&w) && w.n <= s.n);
		CHECK(delete_get(wr_span(&w), &d2, &k2, &keys2) && keys2 == keys);
		CHECK(k.kid == k2.kid && k.kvn == k2.kvn && same_aid(&d.aid, &d2.aid));
		CHECK(span_eq(d.control, d2.control) && span_eq(d.token, d2.token));
	}
	wr_free(&w);
}

static void groups(struct span s)
{
	struct wr w = wr_grow(s.n + 16);
	struct rd r = rd_of(s);
	struct dgi d;

	while (dgi_next(&r, &d))
		dgi_put(&w, d.id, d.value);
	CHECK(wr_ok(&w) && w.n <= s.n && dgi_sound(wr_span(&w)));
	CHECK(dgi_sound(s) == (rd_left(&r) == 0));
	wr_free(&w);
}

static void privileges(struct span s)
{
	uint8_t room[3];
	struct wr w = wr_fixed(room, sizeof(room));
	uint32_t v;

	if (!privileges_get(s, &v))
		return;
	privileges_put(&w, v, (uint8_t)s.n);
	CHECK(span_eq(wr_span(&w), s));
	(void)privileges_wrong(v);
}

/* What a card counts block by block is what the whole has. */
static void load_file(struct span s)
{
	struct wr w = wr_grow(s.n + 64);
	struct load_file f, again;
	bool wrong, taken = load_file_get(s, &f);

	for (size_t n = 0; n <= s.n; n += 1 + n / 8) {
		size_t all = load_file_octets(span_sub(s, 0, n), &wrong);

		if (taken)
			CHECK(!wrong && (all == 0 || all == s.n));
	}
	if (taken && (f.icv.n == 0 || f.icv.n == 16)) {
		load_file_head_put(
		    &w, f.dap, f.dap_n, f.data.n, f.ciphered, f.icv.n == 0 ? NULL : f.icv.p);
		wr_put(&w, f.data);
		CHECK(wr_ok(&w) && load_file_get(wr_span(&w), &again));
		CHECK(again.dap_n == f.dap_n && span_eq(again.data, f.data));
		CHECK(span_eq(again.icv, f.icv) && again.ciphered == f.ciphered);
		for (size_t i = 0; i < f.dap_n; i++)
			CHECK(same_aid(&f.dap[i].domain, &again.dap[i].domain) &&
			      span_eq(f.dap[i].signature, again.dap[i].signature));
	}
	wr_free(&w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct rd in = rd_of(span_of(data, n));
	uint8_t form = fuzz_u8(&in), p1 = fuzz_u8(&in);
	struct span s = fuzz_take(&in, 4096);

	switch (form % 9) {
	case 0:
		page(s);
		break;
	case 1:
		old_page(s, (p1 & 1) != 0 ? STATUS_MODULES : STATUS_APPLICATIONS);
		break;
	case 2:
		request(s);
		break;
	case 3:
		install(s, p1);
		break;
	case 4:
		params(s);
		break;
	case 5:
		delete_any(s);
		break;
	case 6:
		groups(s);
		break;
	case 7:
		privileges(s);
		break;
	case 8:
		load_file(s);
		break;
	}
	return 0;
}
