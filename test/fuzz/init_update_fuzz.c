/* The answer to INITIALIZE UPDATE: only whole answers fit, and they are written as they were. */
#include "fuzz.h"

#include "gp/init_update.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct span s = span_of(data, n);

	for (unsigned m = 0; m <= 24; m += 4) {
		struct init_update u;
		uint8_t room[64];
		struct wr w = wr_fixed(room, sizeof(room));

		if (!init_update_get(s, (uint8_t)m, &u))
			continue;
		CHECK(m == 8 || m == 16);
		CHECK(u.m == m);
		CHECK(u.has_sequence == (n == 32 || n == 48 || (n == 28 && u.scp == 2)));
		init_update_put(&w, &u);
		CHECK(wr_ok(&w) && span_eq(wr_span(&w), s));
	}
	return 0;
}
