/* The commands of broadcast mode that fill the slot (broadcast.md 4). */
#include <string.h>

#include "vcard/broadcast/broadcast.h"
#include "vcard/broadcast/mode.h"
#include "vcard/broadcast/stage.h"
#include "vcard/core/card_state.h"
#include "vcard/core/handlers.h"

/* Takes the inner layer off `buf`, which begins at `offset` of the image: AES-CTR, whose block
 * number is the image's, so that any command can be decrypted by itself (section 1). */
static bool inner_decrypt(const struct chip *chip, uint32_t offset, uint8_t *buf, size_t n)
{
	const struct card_slot *s = &chip->slot;
	const struct vcard_kos *kos = card_kos(chip, s->kos_version);
	uint8_t block[AES_BLOCK], stream[AES_BLOCK];
	struct aes aes = { 0 };
	SECRET_KEY(key);
	bool ok;

	ok = kos != NULL && kos_key(&kos->key, KOS_INNER, s->campaign, s->package, &key) &&
	     aes_set_key(&aes, &key);
	memcpy(block, s->nonce, sizeof(s->nonce));
	for (size_t k = 0; ok && k < n; k++, offset++) {
		if (k == 0 || offset % AES_BLOCK == 0) {
			put_u32(&block[INNER_NONCE_SIZE], offset / AES_BLOCK);
			ok = aes_block(&aes, block, stream);
		}
		buf[k] ^= stream[offset % AES_BLOCK];
	}
	wipe(stream, sizeof(stream));
	aes_wipe(&aes);
	return ok;
}

/* One write to the memory: the octets, the index that counts them, and where the chain is then. */
static uint16_t append(struct call *c, struct span bytes)
{
	struct vcard *v = c->v;
	const struct chip *chip = &v->chip;
	struct card_slot s = chip->slot;
	struct wr clear;
	bool ok;

	if (bytes.n > s.length - chip->slot_data.n)
		return SW_NO_MEMORY;
	clear = wr_grow(bytes.n + 1);
	wr_put(&clear, bytes);
	ok = wr_ok(&clear);
	if (ok && s.inner == INNER_KOS)
		ok = inner_decrypt(chip, (uint32_t)chip->slot_data.n, clear.p, clear.n);
	if (!ok) {
		wr_free(&clear);
		return SW_UNKNOWN;
	}
	s.done++;
	memcpy(s.mcv, c->ch->scp.u.scp03.mcv, sizeof(s.mcv));
	if (s.done == s.total)
		s.state = SLOT_COMPLETE;
	chip_put_slot_data(v, wr_span(&clear));
	chip_put_slot(v, &s);
	wr_free(&clear);
	return chip_commit(v) ? SW_OK : SW_MEMORY_FAILURE;
}

static uint16_t write_stage(struct call *c)
{
	const struct chip *chip = &c->v->chip;
	struct rd r = rd_of(c->cmd->data);
	uint32_t offset;

	if (c->ch->failed || chip->slot.state != SLOT_RECEIVING || (c->cmd->cla & 0x80) == 0)
		return SW_CONDITIONS;
	/* LOAD and STORE DATA are not interpreted. */
	if (c->cmd->ins != INS_WRITE_STAGE)
		return append(c, c->cmd->data);
	if (c->cmd->p1 != 0)
		return SW_WRONG_P1P2;
	if (c->cmd->p2 != 0)
		return SW_REFERENCE_NOT_FOUND;
	if (!rd_u32(&r, &offset))
		return SW_WRONG_DATA;
	if (offset != chip->slot_data.n)
		return SW_WRONG_P1P2;
	return append(c, rd_rest(&r));
}

uint16_t do_write_stage(struct call *c)
{
	uint16_t sw = SW_CONDITIONS;

	if (c->ch->session == CHANNEL_BROADCAST)
		sw = write_stage(c);
	return mode_step(c->ch, sw == SW_OK ? EVENT_WRITTEN : EVENT_WRITE_REFUSED, sw);
}
