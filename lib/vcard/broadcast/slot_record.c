/* The slot and the running image in the card's memory: their records. */
#include <string.h>

#include "vcard/broadcast/broadcast.h"
#include "vcard/core/record.h"

enum { SLOT_RECORD_MAX = 96, RUNNING_RECORD_MAX = 128 };

void slot_put(struct wr *w, const struct card_slot *s)
{
	wr_u8(w, s->state);
	wr_bytes(w, s->campaign, CAMPAIGN_SIZE);
	wr_u32(w, s->package);
	wr_u32(w, s->total);
	wr_u32(w, s->done);
	wr_u32(w, s->length);
	wr_u8(w, s->form);
	wr_u8(w, s->inner);
	wr_u8(w, s->kos_version);
	wr_bytes(w, s->nonce, INNER_NONCE_SIZE);
	wr_bytes(w, s->keys_id, SLOT_KEYS_SIZE);
	wr_bytes(w, s->mcv, sizeof(s->mcv));
}

/* Files of the first version end with the nonce: see slot_settle. */
bool slot_get(struct chip *c, struct rd *r)
{
	struct card_slot *s = &c->slot;
	bool ok;

	memset(s, 0, sizeof(*s));
	ok = rd_u8(r, &s->state) && rd_copy(r, s->campaign, CAMPAIGN_SIZE) &&
	     rd_u32(r, &s->package) && rd_u32(r, &s->total) && rd_u32(r, &s->done) &&
	     rd_u32(r, &s->length) && rd_u8(r, &s->form) && rd_u8(r, &s->inner) &&
	     rd_u8(r, &s->kos_version) && rd_copy(r, s->nonce, INNER_NONCE_SIZE);
	if (!ok || rd_left(r) == 0)
		return ok;
	return rd_copy(r, s->keys_id, SLOT_KEYS_SIZE) && rd_copy(r, s->mcv, sizeof(s->mcv));
}

bool slot_empty_get(struct chip *c, struct rd *r)
{
	(void)r;
	c->slot = (struct card_slot){ .state = SLOT_EMPTY };
	wr_free(&c->slot_data);
	return true;
}

bool slot_erase_get(struct chip *c, struct rd *r)
{
	(void)r;
	wr_free(&c->slot_data);
	return true;
}

bool slot_data_more_get(struct chip *c, struct rd *r)
{
	wr_put(&c->slot_data, rd_rest(r));
	return wr_ok(&c->slot_data);
}

static void running_put(struct wr *w, const struct running *r)
{
	wr_u32(w, r->version);
	wr_bytes(w, r->digest, DIGEST_SIZE);
	wr_u8(w, r->has_campaign);
	wr_bytes(w, r->campaign, CAMPAIGN_SIZE);
	wr_u32(w, r->package);
	wr_u8(w, r->algorithm);
	wr_bytes(w, r->code, sizeof(r->code));
}

bool running_get(struct chip *c, struct rd *r)
{
	struct running *u = &c->running;
	uint8_t has;

	if (!rd_u32(r, &u->version) || !rd_copy(r, u->digest, DIGEST_SIZE) || !rd_u8(r, &has) ||
	    !rd_copy(r, u->campaign, CAMPAIGN_SIZE) || !rd_u32(r, &u->package) ||
	    !rd_u8(r, &u->algorithm) || !rd_copy(r, u->code, sizeof(u->code)))
		return false;
	u->has_campaign = has != 0;
	return true;
}

bool activate_get(struct chip *c, struct rd *r)
{
	if (!running_get(c, r))
		return false;
	wr_free(&c->image);
	c->image = c->slot_data;
	c->slot_data = wr_grow(MEMORY_MAX);
	c->slot = (struct card_slot){ .state = SLOT_EMPTY };
	return true;
}

bool image_get(struct chip *c, struct rd *r)
{
	wr_free(&c->image);
	wr_put(&c->image, rd_rest(r));
	return wr_ok(&c->image);
}

bool refused_get(struct chip *c, struct rd *r)
{
	return c->refused_n < REFUSED_MAX && rd_copy(r, c->refused[c->refused_n++], CAMPAIGN_SIZE);
}

void slot_settle(struct chip *c)
{
	static const uint8_t none[SLOT_KEYS_SIZE];

	if (c->slot.state != SLOT_RECEIVING || memcmp(c->slot.keys_id, none, sizeof(none)) != 0)
		return;
	c->slot = (struct card_slot){ .state = SLOT_EMPTY };
	wr_free(&c->slot_data);
}

void broadcast_snapshot(struct wr *w, const struct chip *c)
{
	uint8_t room[RUNNING_RECORD_MAX];
	struct wr value = wr_fixed(room, sizeof(room));

	for (size_t i = 0; i < c->refused_n; i++)
		nvm_record(w, REC_REFUSED, SPAN(c->refused[i]));
	running_put(&value, &c->running);
	nvm_record(w, REC_RUNNING, wr_span(&value));
	nvm_record(w, REC_IMAGE, wr_span(&c->image));
	wr_reset(&value);
	slot_put(&value, &c->slot);
	nvm_record(w, REC_SLOT, wr_span(&value));
	nvm_record(w, REC_SLOT_DATA, wr_span(&c->slot_data));
}

/* ---- changes ---- */

void chip_put_slot(struct vcard *v, const struct card_slot *s)
{
	uint8_t room[SLOT_RECORD_MAX];
	struct wr value = wr_fixed(room, sizeof(room));

	slot_put(&value, s);
	nvm_record(&v->batch, REC_SLOT, wr_span(&value));
}

void chip_put_slot_empty(struct vcard *v)
{
	nvm_record(&v->batch, REC_SLOT_EMPTY, (struct span){ NULL, 0 });
}

void chip_put_slot_erase(struct vcard *v)
{
	nvm_record(&v->batch, REC_SLOT_ERASE, (struct span){ NULL, 0 });
}

void chip_put_slot_data(struct vcard *v, struct span bytes)
{
	/* What is in the journal must be applicable: more than fits never gets there. */
	if (bytes.n > v->chip.memory - v->chip.slot_data.n)
		v->batch.full = true;
	nvm_record(&v->batch, REC_SLOT_DATA, bytes);
}

void chip_put_activate(struct vcard *v, const struct running *r)
{
	uint8_t room[RUNNING_RECORD_MAX];
	struct wr value = wr_fixed(room, sizeof(room));

	running_put(&value, r);
	nvm_record(&v->batch, REC_ACTIVATE, wr_span(&value));
}

void chip_put_refused(struct vcard *v, const uint8_t campaign[static 16])
{
	if (v->chip.refused_n == REFUSED_MAX)
		v->batch.full = true;
	nvm_record(&v->batch, REC_REFUSED, span_of(campaign, CAMPAIGN_SIZE));
}
