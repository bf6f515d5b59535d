/* State files of terminals, which whoever has the terminal can change: read or refused with the
 * place; what was read is within its bounds, is written again, and read again as the same. */
#include "fuzz.h"

#include <string.h>

#include "terminal/terminal.h"

static void check_key(const struct terminal_record *r, const struct terminal_key *k)
{
	if (k->k.n == 0)
		return;
	CHECK(k->k.n == trust_key_octets(r->algorithm));
	CHECK(trust_record_of(k->version) == r->record);
}

static void check_record(struct terminal *t, const struct terminal_record *r)
{
	CHECK(r->record >= 1 && r->record <= TRUST_RECORDS);
	CHECK(r->cin_n >= 1 && r->cin_n <= TERMINAL_CIN_MAX);
	CHECK(r->period >= TRUST_PERIOD_MIN && r->state <= TERMINAL_REFUSED);
	check_key(r, &r->current);
	check_key(r, &r->pending);
	/* Each record of a card once: what is found by its number is this one. */
	CHECK(terminal_record_of(t, r->card, r->record) == r);
}

static void check(struct terminal *t)
{
	CHECK(t->imei[0] == '\0' || imei_ok(span_str(t->imei)));
	CHECK(t->base_key.n == 0 || t->base_key.n == 16 || t->base_key.n == 24 ||
	      t->base_key.n == 32);
	CHECK(t->pair.n == 0 || t->pair.n == 32);
	CHECK(t->n <= TERMINAL_RECORDS_MAX);
	for (size_t i = 0; i < t->n; i++)
		check_record(t, &t->record[i]);
}

static void written(const struct terminal *t)
{
	static struct terminal again;
	struct wr text = wr_grow(TERMINAL_FILE_MAX);
	struct err e;

	memset(&again, 0, sizeof(again));
	terminal_put(&text, t);
	CHECK(wr_ok(&text));
	CHECK(terminal_parse("again.yaml", wr_span(&text), &again, &e) == 0);
	/* All but the file itself, which stands in front. */
	CHECK(memcmp(again.imei, t->imei, sizeof(again) - offsetof(struct terminal, imei)) == 0);
	terminal_close(&again);
	wr_free(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct terminal t;
	struct err e;
	int rc;

	memset(&t, 0, sizeof(t));
	rc = terminal_parse("t.yaml", span_of(data, n), &t, &e);
	fuzz_check_err(rc, &e);
	CHECK(rc == 0 || e.code == ERR_INPUT);
	if (rc == 0) {
		check(&t);
		written(&t);
	}
	terminal_close(&t);
	return 0;
}
