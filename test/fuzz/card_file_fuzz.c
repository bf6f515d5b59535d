/*
 * Files of virtual cards: the input as it stands, and as records behind a right checksum. A file is
 * refused, or it is a card that answers and whose state lasts.
 */
#include "fuzz.h"

#include <unistd.h>

#include "vcard/core/card_state.h"
#include "vcard/core/record.h"

static void use(void)
{
	static const uint8_t commands[][13] = {
		{ 0x80, 0x50, 0x00, 0x00, 0x08, 1, 2, 3, 4, 5, 6, 7, 8 },
		{ 0x80, 0xCA, 0xFF, 0x70, 0x00, 0, 0, 0, 0, 0, 0, 0, 0 },
		{ 0x00, 0xA4, 0x04, 0x00, 0x07, 0xA0, 0, 0, 1, 0x51, 0, 0, 0 },
		{ 0x00, 0xA4, 0x04, 0x02, 0x07, 0xA0, 0, 0, 1, 0x51, 0, 0, 0 },
		{ 0x80, 0xCA, 0xFF, 0x71, 0x00, 0, 0, 0, 0, 0, 0, 0, 0 },
		{ 0x80, 0xCA, 0xFF, 0x72, 0x00, 0, 0, 0, 0, 0, 0, 0, 0 },
		{ 0x80, 0xCA, 0xFF, 0x21, 0x00, 0, 0, 0, 0, 0, 0, 0, 0 },
		{ 0x80, 0xCA, 0x2F, 0x00, 0x00, 0, 0, 0, 0, 0, 0, 0, 0 },
		{ 0x80, 0xCA, 0x00, 0xE0, 0x00, 0, 0, 0, 0, 0, 0, 0, 0 },
		{ 0x84, 0x82, 0x33, 0x00, 0x08, 1, 2, 3, 4, 5, 6, 7, 8 },
	};
	struct wr rsp = wr_grow(APDU_MAX_RESPONSE);
	struct vcard_summary summary;
	struct vcard *v;
	struct err e = { 0 };
	int rc = vcard_open(fuzz_path(), &v, &e);

	fuzz_check_err(rc, &e);
	if (rc == 0) {
		CHECK(chip_sound(&v->chip) && v->chip.keys_n <= CHIP_KEYS_MAX);
		for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
			size_t n = commands[i][1] == 0xCA ? 5 : sizeof(commands[i]);

			wr_reset(&rsp);
			vcard_transmit(v, span_of(commands[i], n), &rsp);
		}
		vcard_close(v);
		wr_reset(&rsp);
		fuzz_check_err(vcard_describe(fuzz_path(), &summary, &rsp, &e), &e);
	} else {
		CHECK(e.code == ERR_INPUT || e.code == ERR_READER);
	}
	wr_free(&rsp);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct wr batch = wr_grow(NVM_PAYLOAD_MAX);
	struct rd in = rd_of(span_of(data, n));
	struct err e;

	fuzz_file(span_of(data, n));
	use();
	/* type(1), length(2), value */
	while (rd_left(&in) > 0 && batch.n < 1 << 20) {
		uint8_t type = fuzz_u8(&in);

		nvm_record(&batch, type, fuzz_take(&in, fuzz_u16(&in)));
	}
	unlink(fuzz_path());
	CHECK(wr_ok(&batch) && nvm_create(fuzz_path(), wr_span(&batch), &e) == 0);
	use();
	wr_free(&batch);
	return 0;
}
