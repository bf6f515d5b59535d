/* The card from outside: power, reset, commands, and the faults that it was issued with. */
#include "vcard/core/vcard.h"

#include <string.h>

#include "base/locked.h"
#include "vcard/channel/channel.h"
#include "vcard/core/record.h"
#include "vcard/keys/keys.h"
#include "vcard/products/product.h"

static const char *const fault_names[] = {
	[FAULT_WRONG_KEYS] = "wrong-keys",
	[FAULT_LOCKED] = "locked",
	[FAULT_TAMPER] = "tamper",
	[FAULT_SILENT] = "silent",
	[FAULT_REMOVED] = "removed",
	[FAULT_POWER_CUT] = "power-cut",
	[FAULT_LIES] = "lies",
	[FAULT_ENDLESS] = "endless",
	[FAULT_ONE_OCTET] = "one-octet",
	[FAULT_TOO_LONG] = "too-long",
};

bool fault_from(const char *name, enum fault *f)
{
	for (size_t i = FAULT_WRONG_KEYS; i <= FAULT_TOO_LONG; i++) {
		if (strcmp(name, fault_names[i]) == 0) {
			*f = (enum fault)i;
			return true;
		}
	}
	return false;
}

const char *fault_str(enum fault f)
{
	return f >= FAULT_WRONG_KEYS && f <= FAULT_TOO_LONG ? fault_names[f] : "none";
}

int vcard_open(const char *path, struct vcard **out, struct err *e)
{
	struct vcard *v = locked_alloc(sizeof(*v));

	if (v == NULL)
		return err_memory(e);
	chip_init(&v->chip);
	v->batch = wr_grow(NVM_PAYLOAD_MAX);
	if (nvm_open(path, chip_apply, &v->chip, &v->nvm, e) != 0)
		goto bad;
	if (!chip_sound(&v->chip)) {
		err_set(e, ERR_INPUT, "%s: damaged card file (incomplete)", path);
		err_hint(e, "it cannot be repaired: create the card anew or restore a copy");
		goto bad;
	}
	slot_settle(&v->chip);
	chip_tidy(v);
	vcard_reset(v);
	*out = v;
	return 0;
bad:
	vcard_close(v);
	return -1;
}

bool vcard_kdd(const char *path, uint8_t kdd[static KDD_SIZE])
{
	uint8_t identity[1 + KDD_SIZE]; /* i comes first: see record.c */
	struct rd r = rd_of(SPAN(identity));
	uint8_t i;

	return nvm_peek(path, REC_IDENTITY, identity, sizeof(identity)) && rd_u8(&r, &i) &&
	       rd_copy(&r, kdd, KDD_SIZE);
}

void vcard_close(struct vcard *v)
{
	if (v == NULL)
		return;
	for (size_t i = 0; i < CHANNELS; i++)
		channel_close(&v->channel[i]);
	nvm_close(v->nvm);
	chip_wipe(&v->chip);
	wr_free(&v->batch);
	wr_free(&v->rest);
	/* plain and answer are wiped after each command; wiping all 128 KiB here too would cost a
	 * campaign more than the commands do. */
	locked_free(v);
}

bool vcard_inserted(const struct vcard *v)
{
	return !v->gone && !nvm_orphaned(v->nvm);
}

void vcard_reset(struct vcard *v)
{
	for (size_t i = 0; i < CHANNELS; i++)
		channel_close(&v->channel[i]);
	wr_free(&v->rest);
	chip_forget_wrong(v);
	trust_forget_strangers(v);
	channel_open(&v->chip, &v->channel[0]);
	select_implicit(v, 0);
	v->endless = false;
}

struct span vcard_atr(const struct vcard *v)
{
	return product_atr(v->chip.product);
}

/* Is it the turn of this fault? Then that is written down before it takes effect. */
static bool fault_strikes(struct vcard *v, enum fault f)
{
	if (v->chip.fault != f || v->chip.fault_done || v->commands != v->chip.fault_at)
		return false;
	return chip_fault_done(v);
}

/* The command with one bit flipped in its middle. */
static void tampered(struct vcard *v, struct span command, struct wr *rsp)
{
	struct wr copy = wr_grow(APDU_MAX_COMMAND);

	wr_put(&copy, span_sub(command, 0, command.n / 2));
	if (command.n > 0)
		wr_u8(&copy, command.p[command.n / 2] ^ 0x01);
	wr_put(&copy, span_sub(command, command.n / 2 + 1, command.n));
	if (wr_ok(&copy))
		dispatch(v, wr_span(&copy), rsp);
	else
		v->gone = true;
	wr_free(&copy);
}

/* Answers that no card gives which keeps to ISO 7816. */
static bool misbehaves(struct vcard *v, struct wr *rsp)
{
	v->endless = v->endless || fault_strikes(v, FAULT_ENDLESS);
	if (v->endless)
		wr_u16(rsp, 0x6110);
	else if (fault_strikes(v, FAULT_ONE_OCTET))
		wr_u8(rsp, 0x90);
	else if (fault_strikes(v, FAULT_TOO_LONG))
		wr_fill(rsp, 0x00, 65536 + 3);
	else
		return false;
	return true;
}

enum vcard_answer vcard_transmit(struct vcard *v, struct span command, struct wr *rsp)
{
	size_t start = rsp->n;
	bool silent;

	if (v->gone)
		return VCARD_GONE;
	v->commands++;
	if (fault_strikes(v, FAULT_REMOVED))
		v->gone = true;
	silent = fault_strikes(v, FAULT_SILENT);
	if (v->gone)
		return VCARD_GONE;
	if (misbehaves(v, rsp))
		return VCARD_ANSWER;
	if (fault_strikes(v, FAULT_TAMPER))
		tampered(v, command, rsp);
	else
		dispatch(v, command, rsp);
	if (v->gone || silent)
		wr_cut(rsp, start);
	if (v->gone)
		return VCARD_GONE;
	return silent ? VCARD_SILENT : VCARD_ANSWER;
}
