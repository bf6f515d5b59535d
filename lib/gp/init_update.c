#include "gp/init_update.h"

#include <string.h>

enum { CHALLENGE_S8 = 8, CHALLENGE_S16 = 16, SCP01_ID = 1, SCP02_ID = 2, SEQUENCE_02 = 2 };

/* SCP01, SCP02: nothing about i, eight octets of challenge, which in SCP02 begin with the counter.
 */
static bool is_old(uint8_t scp)
{
	return scp == SCP01_ID || scp == SCP02_ID;
}

static bool old_get(struct rd *r, struct init_update *u)
{
	if (u->m != CHALLENGE_S8 || !rd_copy(r, u->card_challenge, CHALLENGE_S8) ||
	    !rd_copy(r, u->cryptogram, CHALLENGE_S8) || rd_left(r) > 0)
		return false;
	u->has_sequence = u->scp == SCP02_ID;
	if (u->has_sequence)
		memcpy(&u->sequence[SEQUENCE_SIZE - SEQUENCE_02], u->card_challenge, SEQUENCE_02);
	return true;
}

static bool scp03_get(struct rd *r, struct init_update *u)
{
	if (!rd_u8(r, &u->i) || !rd_copy(r, u->card_challenge, u->m) ||
	    !rd_copy(r, u->cryptogram, u->m))
		return false;
	if (rd_left(r) > 0) {
		if (!rd_copy(r, u->sequence, SEQUENCE_SIZE) || rd_left(r) > 0)
			return false;
		u->has_sequence = true;
	}
	return true;
}

bool init_update_get(struct span data, uint8_t m, struct init_update *u)
{
	struct init_update got = { .m = m };
	struct rd r = rd_of(data);

	if ((m != CHALLENGE_S8 && m != CHALLENGE_S16) || !rd_copy(&r, got.kdd, KDD_SIZE) ||
	    !rd_u8(&r, &got.key_version) || !rd_u8(&r, &got.scp))
		return false;
	if (!(is_old(got.scp) ? old_get(&r, &got) : scp03_get(&r, &got)))
		return false;
	*u = got;
	return true;
}

void init_update_put(struct wr *w, const struct init_update *u)
{
	if (u->m != CHALLENGE_S8 && (u->m != CHALLENGE_S16 || is_old(u->scp))) {
		w->full = true;
		return;
	}
	wr_bytes(w, u->kdd, KDD_SIZE);
	wr_u8(w, u->key_version);
	wr_u8(w, u->scp);
	if (!is_old(u->scp))
		wr_u8(w, u->i);
	wr_bytes(w, u->card_challenge, u->m);
	wr_bytes(w, u->cryptogram, u->m);
	if (u->has_sequence && !is_old(u->scp))
		wr_bytes(w, u->sequence, SEQUENCE_SIZE);
}
