#include "cmd/kit/dry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "card/trace.h"
#include "gp/key_dgi.h"
#include "tlv/tlv.h"
#include "cmd/kit/print.h"

void dry_begin(struct dry *d, struct ctx *c, json_t *take_head)
{
	*d = (struct dry){ .c = c };
	if (c->json)
		out_stream_begin(
		    &d->rows, c->out, take_head == NULL ? json_object() : take_head, "commands");
	else
		json_decref(take_head);
	ctx_note(c, "dry run: nothing is sent");
}

int dry_end(struct dry *d, struct err *e)
{
	if (d->c->json)
		return out_stream_end(&d->rows, e);
	return d->rows.failed ? err_memory(e) : 0;
}

void dry_text(struct dry *d, const char *apdu, const char *what)
{
	if (d->c->json)
		out_stream_row(&d->rows, json_pack("{s:s, s:s}", "apdu", apdu, "what", what));
	else
		print_line(d->c->out, "%s  # %s", apdu, what);
}

static void put_hex(FILE *f, struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		print_text(f, "%02X", s.p[i]);
}

static void put_masked(FILE *f, size_t n)
{
	for (size_t i = 0; i < n; i++)
		print_raw(f, "**");
}

/* Clear octets of the data of a command that brings keys, which have just been zeros: SIZE_MAX,
 * all. The parts of a PUT KEY are as the first. */
static size_t clear_of_keys(struct dry *d, const struct capdu *c)
{
	struct rd r = rd_of(c->data);
	uint8_t version = 0, type = 0;
	uint16_t group = 0;
	bool goes_on = d->in_put_key;

	d->in_put_key = c->ins == INS_PUT_KEY && (c->p1 & 0x80) != 0;
	if (c->ins == INS_PUT_KEY && !goes_on)
		d->secret = rd_u8(&r, &version) && rd_u8(&r, &type) && type >= KEY_TYPE_DES &&
			    type < KEY_TYPE_RSA_EXPONENT;
	if (c->ins == INS_PUT_KEY)
		return !d->secret ? SIZE_MAX : goes_on ? 0 : 1;
	if (c->ins == INS_STORE_DATA && (c->p1 & STORE_ENCRYPTED) == 0 && rd_u16(&r, &group) &&
	    (group == DGI_KEYS || group == DGI_SECRET))
		return 0;
	return SIZE_MAX;
}

void dry_masked(struct dry *d, const struct capdu *c, size_t clear, const char *what)
{
	char text[2 * APDU_SHORT_DATA + 16];
	size_t at = (size_t)snprintf(
	    text, sizeof(text), "%02X%02X%02X%02X%02zX", c->cla, c->ins, c->p1, c->p2, c->data.n);

	hex_put(span_sub(c->data, 0, clear), text + at, sizeof(text) - at);
	at += 2 * (clear < c->data.n ? clear : c->data.n);
	for (size_t i = clear; i < c->data.n && at + 2 < sizeof(text); i++, at += 2)
		memcpy(text + at, "**", 3);
	snprintf(text + at, sizeof(text) - at, "%s", c->le == LE_NONE ? "" : "00");
	dry_text(d, text, what);
}

void dry_apdu(struct dry *d, struct span apdu)
{
	char *text, what[160];
	struct capdu c;

	if (capdu_get(apdu, &c)) {
		size_t clear = clear_of_keys(d, &c);

		if (clear != SIZE_MAX && c.data.n <= APDU_SHORT_DATA) {
			dry_masked(d, &c, clear, trace_describe(apdu, what, sizeof(what)));
			return;
		}
	}
	text = out_masked(apdu);

	if (text != NULL)
		dry_text(d, text, trace_describe(apdu, what, sizeof(what)));
	else
		d->rows.failed = true;
	free(text);
}

/* A0 { ... } with the values of 80 and 81, the broadcast keys, masked. */
static void put_enter(FILE *f, struct span data)
{
	struct rd outer = rd_of(data), r;
	struct span inner;
	struct tlv t;

	if (!tlv_expect(&outer, 0xA0, &inner))
		return;
	put_hex(f, span_sub(data, 0, data.n - inner.n));
	r = rd_of(inner);
	for (size_t left = inner.n; tlv_next(&r, &t); left = rd_left(&r)) {
		struct span whole = span_sub(inner, inner.n - left, left - rd_left(&r));

		put_hex(f, span_sub(whole, 0, whole.n - t.val.n));
		if (t.tag == 0x80 || t.tag == 0x81)
			put_masked(f, t.val.n);
		else
			put_hex(f, t.val);
	}
}

int dry_enter(struct dry *d, const struct bundle *b, const struct package *p, uint32_t j,
    const struct keystore *ks, struct err *e)
{
	__attribute__((cleanup(enter_wipe))) struct enter enter = { 0 };
	uint8_t data[ENTER_MAX_DATA];
	struct wr w = wr_fixed(data, sizeof(data));
	char *text = NULL, what[128];
	size_t size;
	FILE *f;

	if (job_enter(b, p, j, ks, &enter, e) != 0)
		return -1;
	enter_put(&w, &enter);
	f = wr_ok(&w) ? open_memstream(&text, &size) : NULL;
	if (f != NULL) {
		print_text(f, "845A0100%02zX", w.n);
		put_enter(f, wr_span(&w));
		print_raw(f, "00");
		fclose(f);
	}
	wipe(data, sizeof(data));
	if (text == NULL)
		return err_memory(e);
	snprintf(what, sizeof(what),
	    "CHANGE MODE enter, before secure messaging; %u of %u are there", j, p->total);
	dry_text(d, text, what);
	free(text);
	return 0;
}

void dry_stream(struct dry *d, const struct package *p, uint32_t done)
{
	struct rd r = rd_of(p->commands);
	struct tlv t;
	uint32_t n = 0;

	while (tlv_next(&r, &t))
		if (++n > done)
			dry_apdu(d, t.val);
}

int dry_authorize(struct dry *d, const struct bundle *b, const struct package *p,
    enum authorize_p1 p1, struct err *e)
{
	static const char *const names[] = { "activate", "verify", "discard" };
	uint8_t data[APDU_SHORT_DATA];
	char text[HEX_SIZE(APDU_SHORT_DATA + 6)], hex[HEX_SIZE(APDU_SHORT_DATA)], what[80];
	struct wr w = wr_fixed(data, sizeof(data));
	struct authorize au;

	if (p1 == P1_DISCARD) {
		discard_put(&w, b->campaign, p->number);
	} else {
		bundle_authorize(b, p, &au);
		authorize_put(&w, &au);
	}
	if (!wr_ok(&w))
		return err_set(e, ERR_OTHER, "AUTHORIZE ACTION: data too long");
	snprintf(text, sizeof(text), "845C%02X%02X%02zX%s00", (unsigned)p1, p->slot, w.n,
	    hex_put(wr_span(&w), hex, sizeof(hex)));
	snprintf(what, sizeof(what), "AUTHORIZE ACTION %s, before secure messaging", names[p1]);
	dry_text(d, text, what);
	return 0;
}
