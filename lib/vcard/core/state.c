/* Changes of the card's persistent state: put into a batch, committed by one write, then applied.
 */
#include "vcard/content/content.h"
#include "vcard/core/record.h"

enum { TIDY_SLACK = 128 << 10 };

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
