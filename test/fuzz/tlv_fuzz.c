/* BER-TLV: readers against each other and against the writer. */
#include "fuzz.h"

#include "tlv/tlv.h"

/* What was read and is written again is the same, where lengths are minimal. */
static void walk(struct span s, int depth)
{
	struct rd r = rd_of(s);
	struct tlv t;
	size_t before = rd_left(&r);

	while (tlv_next(&r, &t)) {
		struct span here = span_sub(s, s.n - before, before - rd_left(&r)), found;
		struct wr w = wr_grow(here.n + 8);

		CHECK(rd_left(&r) < before && t.val.n < here.n);
		CHECK(tlv_find(s, t.tag, &found));
		tlv_put(&w, t.tag, t.val);
		CHECK(wr_ok(&w));
		CHECK(w.n <= here.n && (w.n == here.n) == t.minimal);
		if (t.minimal)
			CHECK(span_eq(wr_span(&w), here));
		wr_free(&w);
		if (depth < 20)
			walk(t.val, depth + 1);
		before = rd_left(&r);
	}
	CHECK(rd_left(&r) == before);
	if (depth == 0 && tlv_canonical(s))
		CHECK(before == 0);
}

/* Templates that nest as the input says, closed in order. */
static void build(struct rd *in, struct wr *w, int depth)
{
	while (rd_left(in) > 0) {
		uint8_t what = fuzz_u8(in);

		if (what < 0x40 && depth < 8) {
			size_t mark = tlv_open(w, 0xE0u | (what & 0x0F));

			build(in, w, depth + 1);
			tlv_close(w, mark);
		} else if (what < 0x80) {
			return;
		} else {
			tlv_put(w, (what & 0x1F) == 0x1F ? 0x9F7Fu : what & 0xDFu, fuzz_lv(in));
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct span s = span_of(data, n);
	struct rd in = rd_of(s);
	struct wr w = wr_grow(4 * n + 64);

	walk(s, 0);
	build(&in, &w, 1);
	if (wr_ok(&w))
		CHECK(tlv_canonical(wr_span(&w)));
	wr_free(&w);
	return 0;
}
