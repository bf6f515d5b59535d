/* Changes of the card's persistent state: put into a batch, committed by one write, then applied.
 */
#include "vcard/core/record.h"

enum { TIDY_SLACK = 128 << 10 };

void chip_put_keys(struct vcard *v, const struct card_keys *k)
{
	key_record_keys(&v->batch, &v->chip, k);
}

void chip_put_keys_gone(struct vcard *v, const struct aid *domain, uint8_t version)
{
	struct aid name = chip_domain_name(v, domain);

	key_record_gone(&v->batch, &name, version);
}

void chip_put_sequence(struct vcard *v, const struct card_keys *k, uint32_t sequence)
{
	key_record_sequence(&v->batch, k, sequence);
}

void chip_put_tries(struct vcard *v, const struct card_keys *k, uint8_t tries)
{
	key_record_tries(&v->batch, k, tries);
}

void chip_put_public(struct vcard *v, const struct card_public *k)
{
	public_record(&v->batch, k);
}

void chip_put_public_gone(struct vcard *v, const struct aid *domain, struct key_ref ref)
{
	struct aid name = chip_domain_name(v, domain);
	uint8_t room[AID_MAX + 4];
	struct wr value = wr_fixed(room, sizeof(room));

	wr_lv(&value, aid_span(&name));
	wr_u8(&value, ref.kid);
	wr_u8(&value, ref.kvn);
	nvm_record(&v->batch, REC_PUBLIC_GONE, wr_span(&value));
}

void chip_put_object(struct vcard *v, const struct aid *owner, uint16_t tag, struct span value)
{
	struct aid name = chip_domain_name(v, owner);

	object_record(&v->batch, &name, tag, value);
}

void chip_put_isd(struct vcard *v, const struct aid *aid)
{
	uint8_t room[AID_MAX + 1];
	struct wr value = wr_fixed(room, sizeof(room));

	wr_lv(&value, aid_span(aid));
	nvm_record(&v->batch, REC_ISD, wr_span(&value));
}

void chip_put_life_cycle(struct vcard *v, uint8_t state)
{
	nvm_record(&v->batch, REC_LIFE_CYCLE, span_of(&state, 1));
}

void chip_put_iin(struct vcard *v, struct span iin)
{
	nvm_record(&v->batch, REC_IIN, iin);
}

void chip_put_cin(struct vcard *v, struct span cin)
{
	nvm_record(&v->batch, REC_CIN, cin);
}

void chip_put_slot(struct vcard *v, const struct slot *s)
{
	uint8_t room[96];
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
	uint8_t room[128];
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

void chip_forget(struct vcard *v)
{
	wr_reset(&v->batch);
}

bool chip_fault_done(struct vcard *v)
{
	uint8_t room[8];
	struct wr batch = wr_fixed(room, sizeof(room));

	nvm_record(&batch, REC_FAULT_DONE, (struct span){ NULL, 0 });
	v->chip.fault_done = true;
	if (nvm_commit(v->nvm, wr_span(&batch)))
		return true;
	v->gone = true;
	return false;
}

void chip_tidy(struct vcard *v)
{
	size_t live = v->chip.image.n + v->chip.slot_data.n + content_used(v);
	struct wr w;

	if (v->gone || nvm_size(v->nvm) <= 2 * live + TIDY_SLACK)
		return;
	w = wr_grow(NVM_PAYLOAD_MAX);
	chip_snapshot(&w, &v->chip);
	/* When it does not work the long journal stays in use, which is as good. */
	if (wr_ok(&w) && !nvm_compact(v->nvm, wr_span(&w)))
		v->gone = nvm_dead(v->nvm);
	wr_free(&w);
}

/* One write of the card; fails under the fault "power-cut" when its turn has come. */
static bool write_batch(struct vcard *v)
{
	v->writes++;
	if (v->chip.fault == FAULT_POWER_CUT && !v->chip.fault_done &&
	    v->writes == v->chip.fault_at) {
		if (!chip_fault_done(v))
			return false;
		nvm_cut(v->nvm, 1, v->batch.n / 2);
	}
	if (nvm_commit(v->nvm, wr_span(&v->batch)))
		return true;
	v->gone = nvm_dead(v->nvm);
	return false;
}

bool chip_commit(struct vcard *v)
{
	bool ok = false;

	if (v->gone || !wr_ok(&v->batch))
		goto out;
	if (v->batch.n == 0)
		return true;
	if (!write_batch(v))
		goto out;
	/* The file has it: if memory fails now, only a new power-on brings both together again. */
	ok = nvm_each(wr_span(&v->batch), chip_apply, &v->chip);
	v->gone = !ok;
	if (ok)
		chip_tidy(v);
out:
	chip_forget(v);
	return ok;
}
