#include "cmd/channel/open.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/hex.h"
#include "card/pcsc.h"
#include "card/trace.h"
#include "vcard/core/vcard.h"

/* ---- a virtual card as a card ---- */

static int transmit(void *ctx, struct span command, struct wr *rsp, struct err *e)
{
	switch (vcard_transmit(ctx, command, rsp)) {
	case VCARD_ANSWER:
		return 0; /* one that was too long shows in rsp */
	case VCARD_SILENT:
		return err_set(e, ERR_READER, "the card does not answer");
	case VCARD_GONE:
		return err_set(e, ERR_READER, "the card was removed, or lost its power");
	}
	return err_set(e, ERR_READER, "the card does not answer");
}

static int alive(void *ctx, struct err *e)
{
	if (vcard_inserted(ctx))
		return 0;
	return err_set(e, ERR_READER, "the card was removed: its file is gone");
}

static void close_vcard(void *ctx)
{
	vcard_close(ctx);
}

static const struct card_ops vcard_ops = {
	.transmit = transmit,
	.close = close_vcard,
	.alive = alive,
};

void vcard_made(const char *path, char out[static 33])
{
	uint8_t kdd[KDD_SIZE];

	out[0] = '\0';
	if (vcard_kdd(path, kdd))
		hex_put(SPAN(kdd), out, 33);
}

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

static int no_file(const char *scheme, const char *path, struct err *e)
{
	bool is_vcard = strcmp(scheme, "vcard:") == 0;

	err_errno(e, ERR_READER, "%s%s", scheme, path);
	return err_hint(e, "%s",
	    is_vcard ? "vcard create makes cards; the path counts from the current directory"
		     : "--trace records what replay: plays; the path counts from the current "
		       "directory");
}

int open_reader(const char *name, struct card *card, struct err *e)
{
	const char *path = path_of(name, "vcard:");

	if (path != NULL && access(path, F_OK) != 0)
		return no_file("vcard:", path, e);
	if (path != NULL)
		return open_vcard(path, card, e);
	path = path_of(name, "replay:");
	if (path != NULL && access(path, F_OK) != 0)
		return no_file("replay:", path, e);
	if (path != NULL)
		return replay_open(path, card, e);
	return pcsc_open(name, NULL, card, e);
}

static int wait_file(
    const char *path, unsigned seconds, const volatile sig_atomic_t *stop, struct err *e)
{
	const struct timespec step = { .tv_nsec = 100000000 };

	for (unsigned tenths = 0; access(path, F_OK) != 0; tenths++) {
		if (tenths >= seconds * 10)
			return no_file("vcard:", path, e);
		nanosleep(&step, NULL); /* a signal ends it early */
		if (stop != NULL && *stop != 0)
			return err_set(e, ERR_INTERRUPTED, "interrupted");
	}
	return 0;
}

int reader_wait(
    const char *name, unsigned seconds, const volatile sig_atomic_t *stop, struct err *e)
{
	const char *path = path_of(name, "vcard:");

	if (path != NULL)
		return wait_file(path, seconds, stop, e);
	return path_of(name, "replay:") != NULL ? 0 : pcsc_wait(name, seconds, stop, e);
}

/* The whole name of a file, which may be missing as long as its directory is there: what was open
 * on it is found by that name. */
static int real_path(const char *path, char *out, size_t cap)
{
	const char *slash = strrchr(path, '/');
	const char *base = slash == NULL ? path : slash + 1;
	char *real = realpath(path, NULL), *dir = NULL;
	int n = -1;

	if (real == NULL && errno == ENOENT && *base != '\0') {
		dir = slash == NULL ? strdup(".") : strndup(path, (size_t)(slash - path) + 1);
		real = dir == NULL ? NULL : realpath(dir, NULL);
		if (real != NULL)
			n = snprintf(out, cap, "%s/%s", strcmp(real, "/") == 0 ? "" : real, base);
	} else if (real != NULL) {
		n = snprintf(out, cap, "%s", real);
	}
	free(dir);
	free(real);
	return n >= 0 && (size_t)n < cap ? 0 : -1;
}

int reader_canonical(const char *name, char *out, size_t cap, struct err *e)
{
	static const char *const schemes[] = { "vcard:", "replay:" };

	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		const char *path = path_of(name, schemes[i]);
		char real[PATH_MAX];

		if (path == NULL)
			continue;
		if (real_path(path, real, sizeof(real)) != 0)
			return no_file(schemes[i], path, e);
		if (snprintf(out, cap, "%s%s", schemes[i], real) < (int)cap)
			return 0;
		return err_set(e, ERR_READER, "%.80s: name too long", name);
	}
	return pcsc_canonical(name, out, cap, e);
}
