#include "open.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "card/pcsc.h"
#include "card/trace.h"
#include "vcard/vcard.h"

/* ---- a virtual card as a card ---- */

static int transmit(void *ctx, struct span command, struct wr *rsp, struct err *e)
{
	switch (vcard_transmit(ctx, command, rsp)) {
	case VCARD_ANSWER:
		return wr_ok(rsp) ? 0 : err_set(e, ERR_CARD, "the answer is too long");
	case VCARD_SILENT:
		return err_set(e, ERR_READER, "the card does not answer");
	case VCARD_GONE:
		return err_set(e, ERR_READER, "the card was removed, or lost its power");
	}
	return err_set(e, ERR_READER, "the card does not answer");
}

static int reset(void *ctx, struct err *e)
{
	(void)e;
	vcard_reset(ctx);
	return 0;
}

static void close_vcard(void *ctx)
{
	vcard_close(ctx);
}

static const struct card_ops vcard_ops = {
	.transmit = transmit, .reset = reset, .close = close_vcard
};

int open_vcard(const char *path, struct card *card, struct err *e)
{
	struct vcard *v;
	struct span atr;
	struct rd r;

	if (vcard_open(path, &v, e) != 0)
		return -1;
	*card = (struct card){ .ops = &vcard_ops, .ctx = v };
	snprintf(card->name, sizeof(card->name), "vcard:%s", path);
	atr = span_sub(vcard_atr(v), 0, sizeof(card->atr));
	r = rd_of(atr);
	if (rd_copy(&r, card->atr, atr.n))
		card->atr_n = atr.n;
	return 0;
}

/* ---- names ---- */

/* What stands behind "vcard:" or "replay:", NULL for other names. */
static const char *path_of(const char *name, const char *scheme)
{
	size_t n = strlen(scheme);

	return strncmp(name, scheme, n) == 0 ? name + n : NULL;
}

int open_reader(const char *name, struct card *card, struct err *e)
{
	const char *path = path_of(name, "vcard:");

	if (path != NULL)
		return open_vcard(path, card, e);
	path = path_of(name, "replay:");
	if (path != NULL)
		return replay_open(path, card, e);
	return pcsc_open(name, NULL, card, e);
}

int reader_canonical(const char *name, char *out, size_t cap, struct err *e)
{
	static const char *const schemes[] = { "vcard:", "replay:" };

	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		const char *path = path_of(name, schemes[i]);
		char *real;
		int n;

		if (path == NULL)
			continue;
		real = realpath(path, NULL);
		if (real == NULL)
			return err_errno(e, ERR_READER, "%s", name);
		n = snprintf(out, cap, "%s%s", schemes[i], real);
		free(real);
		return n < (int)cap ? 0 : err_set(e, ERR_READER, "%.80s: name too long", name);
	}
	return pcsc_canonical(name, out, cap, e);
}
