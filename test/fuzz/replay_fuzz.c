/* Recorded traces as cards: whatever is in them, the host comes to an end. */
#include "fuzz.h"

#include <string.h>

#include "base/hex.h"
#include "card/trace.h"
#include "host/choose.h"
#include "host/broadcast.h"

static int no_keys(void *ctx, const struct init_update *u, struct key_set *out, struct err *e)
{
	(void)ctx;
	(void)u;
	*out = (struct key_set){ fuzz_key(16, 0x40), fuzz_key(16, 0x40), fuzz_key(16, 0x40) };
	(void)e;
	return 0;
}

static void ask(struct card *card)
{
	const struct choose_asks asks = { .key_version = 0x30, .level = -1, .s16 = -1 };
	const struct session_auth auth = { .keys = no_keys };
	struct system_data system;
	struct session s;
	struct err e;
	int rc;

	session_init(&s, card);
	rc = session_begin(&s, &asks, &auth, &e);
	fuzz_check_err(rc, &e);
	if (rc == 0)
		fuzz_check_err(broadcast_read_system(&s, &system, &e), &e);
	session_close(&s);
	session_wipe(&s);
}

/* The commands as they were recorded, and one more. */
static void play(struct card *card, struct span text)
{
	struct wr rsp = wr_grow(APDU_MAX_RESPONSE);
	struct rd r = rd_of(text);
	uint8_t command[512], challenge[16];
	struct err e;

	(void)!replay_host_challenge(card, challenge, 8);
	while (rd_left(&r) > 0) {
		const uint8_t *nl = memchr(r.s.p, '\n', r.s.n);
		size_t n = nl == NULL ? rd_left(&r) : (size_t)(nl - r.s.p) + 1;
		struct span line = fuzz_take(&r, n);

		if (line.n < 2 || line.p[0] != '>' ||
		    !hex_get(span_sub(line, 1, line.n - 2), command, sizeof(command), &n))
			continue;
		fuzz_check_err(card_transmit(card, span_of(command, n), &rsp, &e), &e);
	}
	wr_free(&rsp);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct span s = span_of(data, n);
	struct card card;
	struct err e = { 0 };
	int rc;

	fuzz_file(s);
	for (int turn = 0; turn < 2; turn++) {
		rc = replay_open(fuzz_path(), &card, &e);
		fuzz_check_err(rc, &e);
		if (rc != 0) {
			CHECK(e.code == ERR_INPUT && card.ops == NULL);
			return 0;
		}
		CHECK(card.atr_n <= sizeof(card.atr));
		if (turn == 0)
			play(&card, s);
		else
			ask(&card);
		card_close(&card);
	}
	return 0;
}
