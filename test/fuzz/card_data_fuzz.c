/*
 * What a card says about itself: ATR, SELECT, 66, 67, E0, FF21, GET STATUS, CPLC. What was
 * understood is written, read again and written again: the same. And it is shown.
 */
#include "fuzz.h"

#include <string.h>

#include "apdu/atr.h"
#include "gp/card_data.h"
#include "gp/selection.h"
#include "gp/status.h"
#include "cmd/kit/show.h"
#include "tlv/tlv.h"

enum { ROOM = 8192 };

static void shown(json_t *j)
{
	char *text;

	CHECK(j != NULL);
	text = json_dumps(j, JSON_ENCODE_ANY);
	CHECK(text != NULL);
	free(text);
	json_decref(j);
}

#define ROUND(type, get, put, s) \
	do { \
		struct type a, b; \
		uint8_t one[ROOM], two[ROOM]; \
		struct wr w1 = wr_fixed(one, ROOM), w2 = wr_fixed(two, ROOM); \
		if (!get(s, &a)) \
			break; \
		put(&w1, &a); \
		CHECK(wr_ok(&w1) && tlv_canonical(wr_span(&w1))); \
		CHECK(get(wr_span(&w1), &b)); \
		put(&w2, &b); \
		CHECK(wr_ok(&w2) && span_eq(wr_span(&w1), wr_span(&w2))); \
	} while (0)

static void card_data(struct span s)
{
	struct card_data d;

	ROUND(card_data, card_data_get, card_data_put, s);
	if (!card_data_get(s, &d))
		return;
	CHECK(d.version_n <= sizeof(d.version) && d.scp_n <= CARD_DATA_SCPS);
	shown(show_card_data_channels(&d));
}

static void capabilities(struct span s)
{
	struct capabilities c;

	ROUND(capabilities, capabilities_get, capabilities_put, s);
	if (!capabilities_get(s, &c))
		return;
	CHECK(c.n <= CARD_DATA_SCPS);
	shown(show_capabilities(&c));
}

static void key_information(struct span s)
{
	struct key_infos k;

	if (!key_infos_get(s, &k))
		return;
	CHECK(k.n <= KEY_INFO_MAX);
	shown(show_keys(&k));
}

static void status(struct span s)
{
	struct rd r = rd_of(s);
	struct status_entry a, b;
	uint8_t room[1024];

	while (status_entry_next(&r, &a)) {
		struct wr w = wr_fixed(room, sizeof(room));
		struct rd again;

		CHECK(a.aid.n >= AID_MIN && a.aid.n <= AID_MAX);
		CHECK(a.privileges_n <= 3);
		status_entry_put(&w, &a);
		CHECK(wr_ok(&w));
		again = rd_of(wr_span(&w));
		CHECK(status_entry_next(&again, &b) && rd_left(&again) == 0);
		CHECK(memcmp(&a, &b, sizeof(a)) == 0);
	}
}

static void selection(struct span s)
{
	struct card_identity id = { .select_sw = 0x9000 };
	struct resources r;

	fci_get(s, &id.fci);
	CHECK(id.fci.aid.n == 0 || (id.fci.aid.n >= AID_MIN && id.fci.aid.n <= AID_MAX));
	CHECK(id.fci.production_n <= sizeof(id.fci.production));
	shown(show_selection(&id));
	if (resources_get(s, &r)) {
		CHECK(r.told);
		shown(show_resources(&r));
	}
}

static void atr(struct span s)
{
	struct atr a;

	if (!atr_get(s, &a))
		return;
	CHECK(s.n <= ATR_MAX && a.protocols != 0 && a.historical.n <= 15);
	CHECK(a.has_check || a.check_ok);
	shown(show_atr(s));
}

static void dates(struct span s)
{
	static const uint32_t days[] = { 20260115, 20240229, 20231231, 20200101 };
	struct cplc_date d;

	for (size_t i = 0; i < sizeof(days) / sizeof(days[0]); i++)
		if (cplc_date_get(span_sub(s, 0, 2), days[i], &d)) {
			CHECK(d.month >= 1 && d.month <= 12 && d.day >= 1 && d.day <= 31);
			CHECK(d.year % 10 == d.digit);
			CHECK(d.year * 10000 + d.month * 100 + d.day <= days[i]);
		}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct span s = span_of(data, n), cplc;

	card_data(s);
	capabilities(s);
	key_information(s);
	status(s);
	selection(s);
	atr(s);
	dates(s);
	if (cplc_get(s, &cplc)) {
		CHECK(cplc.n == CPLC_SIZE);
		shown(show_cplc(cplc));
	}
	shown(show_ascii(span_sub(s, 0, 256)));
	return 0;
}
