#include "gp/init_update.h"

enum { CHALLENGE_S8 = 8, CHALLENGE_S16 = 16 };

bool init_update_get(struct span data, uint8_t m, struct init_update *u)
{
	struct init_update got = { .m = m };
	struct rd r = rd_of(data);

	if ((m != CHALLENGE_S8 && m != CHALLENGE_S16) || !rd_copy(&r, got.kdd, KDD_SIZE) ||
	    !rd_u8(&r, &got.key_version) || !rd_u8(&r, &got.scp) || !rd_u8(&r, &got.i) ||
	    !rd_copy(&r, got.card_challenge, m) || !rd_copy(&r, got.cryptogram, m))
		return false;
	if (rd_left(&r) > 0) {
		if (!rd_copy(&r, got.sequence, SEQUENCE_SIZE) || rd_left(&r) > 0)
			return false;
		got.has_sequence = true;
	}
	*u = got;
	return true;
}

void init_update_put(struct wr *w, const struct init_update *u)
{
	if (u->m != CHALLENGE_S8 && u->m != CHALLENGE_S16) {
		w->full = true;
		return;
	}
	wr_bytes(w, u->kdd, KDD_SIZE);
	wr_u8(w, u->key_version);
	wr_u8(w, u->scp);
	wr_u8(w, u->i);
	wr_bytes(w, u->card_challenge, u->m);
	wr_bytes(w, u->cryptogram, u->m);
	if (u->has_sequence)
		wr_bytes(w, u->sequence, SEQUENCE_SIZE);
}
