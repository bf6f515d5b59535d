/* Tables of terminals by card: what is taken is found again, each card and each IMEI once. */
#include "fuzz.h"

#include <string.h>

#include "change/terminals.h"

static void check(const struct terminals *t, const struct terminal_row *one)
{
	struct span cin = span_of(one->cin, one->cin_n);

	CHECK(one->cin_n >= 1 && one->cin_n <= TERMINAL_CIN && one->line >= 1);
	CHECK(imei_ok(span_of(one->imei, sizeof(one->imei))));
	CHECK(one->has_throughput || one->throughput == 0);
	CHECK(terminals_find(t, cin) == one);
	for (const struct terminal_row *x = t->list; x < one; x++)
		CHECK(memcmp(x->imei, one->imei, sizeof(x->imei)) != 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct terminals t;
	struct err e;
	int rc = terminals_read(&t, "t.csv", span_of(data, n), &e);

	fuzz_check_err(rc, &e);
	if (rc == 0) {
		CHECK(t.n >= 1);
		for (size_t i = 0; i < t.n; i++)
			check(&t, &t.list[i]);
	}
	terminals_free(&t);
	return 0;
}
