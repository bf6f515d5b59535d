/* What goes in extended length, and what cards say of it in their historical characters. */
#include "unit.h"

#include "apdu/apdu.h"
#include "apdu/atr.h"

static void put(struct capdu c, const char *want)
{
	uint8_t room[64];
	struct wr w = wr_fixed(room, sizeof(room));

	c.ins = 0xA4;
	c.extended = true;
	capdu_put(&w, &c);
	assert_true(wr_ok(&w));
	assert_span(wr_span(&w), unit_bytes(want));
}

static void forms(void **state)
{
	struct span one = unit_bytes("AA"), two = unit_bytes("AABB");

	(void)state;
	put((struct capdu){ .le = LE_NONE }, "00A40000");
	put((struct capdu){ .le = 1 }, "00A40000 00 0001");
	put((struct capdu){ .le = LE_MAX_EXTENDED }, "00A40000 00 0000");
	put((struct capdu){ .data = one, .le = LE_NONE }, "00A40000 00 0001 AA");
	put((struct capdu){ .data = one, .le = 2 }, "00A40000 00 0001 AA 0002");
	put((struct capdu){ .data = two, .le = LE_NONE }, "00A40000 00 0002 AABB");
}

static void historical(void **state)
{
	static const struct {
		const char *octets;
		bool extended;
	} row[] = {
		{ "80 73 00 00 40", true },
		{ "80 73 00 00 80", false },
		{ "80 73 00 00 BF", false },
		{ "80 73 FF FF 00", false },
		{ "80 31 C0 73 00 00 40", true },
		{ "80 72 00 00", false },
		{ "80 71 40", false },
		{ "80 73 00 00", false },
		{ "80", false },
		{ "", false },
		{ "00 73 00 00 40 05 9000", true },
		{ "00 73 00 00 05 9000", false },
		{ "00 9000", false },
		{ "10 73 00 00 40", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++)
		assert_int_equal(atr_extended(unit_bytes(row[i].octets)), row[i].extended);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(forms),
		cmocka_unit_test(historical),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
