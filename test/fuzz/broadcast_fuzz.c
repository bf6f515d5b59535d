/*
 * The data fields of broadcast.md: what is accepted is what would be written, octet for octet, so
 * that nothing has two forms.
 */
#include "base/value.h"
#include "fuzz.h"

#include "gp/broadcast.h"
#include "gp/put_key.h"
#include "cmd/kit/show.h"

#define EXACT(type, get, put, s) \
	do { \
		struct type x; \
		struct wr w = wr_grow(4096); \
		if (get(s, &x)) { \
			put(&w, &x); \
			CHECK(wr_ok(&w) && same_meaning(wr_span(&w), s)); \
		} \
		wr_free(&w); \
	} while (0)

/* The same octets; or at least not longer, since lengths that are not minimal are taken from
 * cards. */
static bool same_meaning(struct span written, struct span read)
{
	return span_eq(written, read) || written.n < read.n;
}

static void texts(struct span s)
{
	char text[32], back[VERSION_SIZE];
	struct rd r = rd_of(s);
	size_t n = s.n < sizeof(text) ? s.n : sizeof(text) - 1;
	uint32_t v, again;

	if (!rd_copy(&r, text, n))
		return;
	text[n] = '\0';
	if (!version_get(text, &v))
		return;
	CHECK(version_get(version_str(v, back), &again) && v == again);
}

static void shown(struct span s)
{
	struct system_data system;
	struct slot_data slot;
	struct policy_data policy;

	if (system_data_get(s, &system))
		json_decref(show_system(&system));
	if (slot_data_get(s, &slot))
		json_decref(show_slot(&slot));
	if (policy_data_get(s, &policy))
		json_decref(show_policy(&policy));
}

static void put_key(struct span s)
{
	struct key dek = fuzz_key(16, 0x40);
	struct put_key k = { 0 };
	struct wr w = wr_grow(512);

	if (put_key_get(s, &dek, &k) == PUT_KEY_OK) {
		CHECK(k.n >= 1 && k.n <= 3);
		put_key_answer_put(&w, &k);
		CHECK(wr_ok(&w) && put_key_answer_ok(wr_span(&w), &k));
	}
	wr_free(&w);
	wipe(&k, sizeof(k));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct span s = span_of(data, n);
	uint8_t campaign[CAMPAIGN_SIZE];
	uint32_t package;

	EXACT(enter, enter_get, enter_put, s);
	EXACT(authorize, authorize_get, authorize_put, s);
	EXACT(verdict, verdict_get, verdict_put, s);
	EXACT(system_data, system_data_get, system_data_put, s);
	EXACT(policy_data, policy_data_get, policy_data_put, s);
	/* The first of several slots. */
	EXACT(slot_data, slot_data_get, slot_data_put, s);
	if (discard_get(s, campaign, &package)) {
		struct wr w = wr_grow(64);

		discard_put(&w, campaign, package);
		CHECK(wr_ok(&w) && same_meaning(wr_span(&w), s));
		wr_free(&w);
	}
	shown(s);
	texts(s);
	put_key(s);
	return 0;
}
