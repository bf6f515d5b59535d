/* APDUs: what is read and written again is the same; class bytes; texts for traces. */
#include "fuzz.h"

#include <string.h>

#include "apdu/apdu.h"
#include "apdu/sw.h"
#include "card/trace.h"

static void check_class(uint8_t cla)
{
	uint8_t channel = cla_channel(cla);

	CHECK(channel <= 19);
	if (!cla_valid(cla))
		return;
	CHECK(cla_with_channel(cla, channel) == cla);
	CHECK(cla_is_sm(cla_add_sm(cla)) || (cla & 0x4C) == 0x0C);
	CHECK(!cla_is_sm(cla_drop_sm(cla)));
	CHECK(cla_channel(cla_add_sm(cla)) == channel && cla_channel(cla_drop_sm(cla)) == channel);
	for (uint8_t c = 0; c <= 19; c++)
		CHECK(cla_channel(cla_with_channel(cla, c)) == c);
}

static void check_command(struct span s)
{
	struct wr w = wr_grow(s.n + 16);
	struct capdu c;
	char text[160];
	size_t off, hidden;

	trace_hidden(s, &off, &hidden);
	CHECK(off <= s.n && hidden <= s.n - off);
	CHECK(strlen(trace_describe(s, text, sizeof(text))) < sizeof(text));
	if (capdu_get(s, &c)) {
		CHECK(c.le <= LE_MAX_EXTENDED && c.data.n <= 65535);
		check_class(c.cla);
		capdu_put(&w, &c);
		CHECK(wr_ok(&w) && span_eq(wr_span(&w), s));
	}
	wr_free(&w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct span s = span_of(data, n);
	struct wr w = wr_grow(n + 2);
	struct rapdu r;

	check_command(s);
	if (rapdu_get(s, &r)) {
		rapdu_put(&w, &r);
		CHECK(wr_ok(&w) && span_eq(wr_span(&w), s));
		CHECK(sw_text(r.sw)[0] != '\0');
	}
	wr_free(&w);
	return 0;
}
