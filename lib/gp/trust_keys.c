#include "gp/trust_keys.h"

#include <string.h>

#include "crypto/digest.h"
#include "crypto/kdf.h"
#include "gp/strict.h"

/* Constants of the KDF beside those of SCP03. */
enum {
	KDF_FIRST = 0xC0,
	KDF_UPDATE = 0xC3,
	KDF_ENC = 0xC4,
	KDF_MAC = 0xC6,
	KDF_DEK = 0xC8,
	KDF_PROOF = 0xC9,
	KDF_BASE = 0xCA,
	KDF_TICKET = 0xCB
};
enum { CONTEXT_MAX = 64, SID_MAX = 32, HALF = 32 };

bool trust_card_id(struct span cin, uint8_t id[static TRUST_ID])
{
	static const char label[] = "cardadm trust 1";
	const struct span parts[] = { span_str(label), cin };
	uint8_t digest[32];

	if (!sha256(parts, 2, digest))
		return false;
	memcpy(id, digest, TRUST_ID);
	return true;
}

bool trust_base_key(const struct key *km, struct span imei, struct key *kt)
{
	return imei_ok(imei) && scp03_kdf_key(km, KDF_BASE, imei, km->n, kt);
}

bool trust_ticket_key(const struct key *kt, struct span imei, struct key *out)
{
	return imei_ok(imei) && scp03_kdf_key(kt, KDF_TICKET, imei, kt->n, out);
}

static void place_put(struct wr *w, const struct trust_place *p)
{
	wr_u8(w, p->record);
	wr_u32(w, p->generation);
	wr_u32(w, p->expiry);
	wr_bytes(w, p->card, TRUST_ID);
}

bool trust_first_key(
    const struct key *kt, struct span imei, const struct trust_place *p, size_t n, struct key *k)
{
	uint8_t b[CONTEXT_MAX];
	struct wr w = wr_fixed(b, sizeof(b));

	wr_put(&w, imei);
	place_put(&w, p);
	return imei_ok(imei) && wr_ok(&w) && scp03_kdf_key(kt, KDF_FIRST, wr_span(&w), n, k);
}

bool trust_set(const struct key *k, const struct trust_place *p, struct key_set *set)
{
	uint8_t b[CONTEXT_MAX];
	struct wr w = wr_fixed(b, sizeof(b));

	place_put(&w, p);
	return wr_ok(&w) && scp03_kdf_key(k, KDF_ENC, wr_span(&w), k->n, &set->enc) &&
	       scp03_kdf_key(k, KDF_MAC, wr_span(&w), k->n, &set->mac) &&
	       scp03_kdf_key(k, KDF_DEK, wr_span(&w), k->n, &set->dek);
}

/* ---- renewal ---- */

static void update_put(struct wr *w, const struct trust_update *u)
{
	wr_u32(w, u->old_expiry);
	wr_u32(w, u->old_generation);
	wr_u32(w, u->generation);
	wr_u8(w, u->record);
}

bool trust_update_key(const struct key *random, const struct trust_update *u, struct key *k)
{
	uint8_t b[CONTEXT_MAX];
	struct wr w = wr_fixed(b, sizeof(b));

	update_put(&w, u);
	return wr_ok(&w) && scp03_kdf_key(random, KDF_UPDATE, wr_span(&w), random->n, k);
}

bool trust_update_pair(const struct key *random, const struct trust_update *u, struct ec_private *k)
{
	uint8_t b[CONTEXT_MAX], wide[2 * HALF];
	bool ok = random->n == HALF;

	for (uint8_t i = 0; ok && i < 2; i++) {
		struct wr w = wr_fixed(b, sizeof(b));
		SECRET_KEY(half);

		update_put(&w, u);
		wr_u8(&w, (uint8_t)(i + 1));
		ok = wr_ok(&w) && scp03_kdf_key(random, KDF_UPDATE, wr_span(&w), HALF, &half);
		memcpy(wide + i * HALF, half.b, HALF);
	}
	ok = ok && ec_private_reduce(k, EC_P256, SPAN(wide));
	wipe(wide, sizeof(wide));
	return ok;
}

/* ---- proof of receipt ---- */

bool trust_prove(
    const struct key *mac, const struct trust_proof *p, uint8_t out[static TRUST_PROOF_AES])
{
	uint8_t b[CONTEXT_MAX];
	struct wr w = wr_fixed(b, sizeof(b));
	SECRET_KEY(k);

	wr_u32(&w, p->generation);
	wr_u32(&w, p->expiry);
	wr_put(&w, p->sid);
	if (!wr_ok(&w) || p->sid.n > SID_MAX ||
	    !scp03_kdf_key(mac, KDF_PROOF, wr_span(&w), TRUST_PROOF_AES, &k))
		return false;
	memcpy(out, k.b, TRUST_PROOF_AES);
	return true;
}

static bool proof_text(struct wr *w, const struct trust_proof *p)
{
	static const char label[] = "cardadm trust confirm 1";

	wr_put(w, span_str(label));
	wr_u8(w, p->record);
	wr_u32(w, p->generation);
	wr_u32(w, p->expiry);
	wr_put(w, p->sid);
	return wr_ok(w) && p->sid.n <= SID_MAX;
}

bool trust_prove_pair(const struct ec_private *k, const struct trust_proof *p, struct wr *w)
{
	uint8_t b[2 * CONTEXT_MAX];
	struct wr text = wr_fixed(b, sizeof(b));

	return k->curve == EC_P256 && proof_text(&text, p) && ec_sign(k, wr_span(&text), w);
}

bool trust_proven_pair(const struct ec_public *k, const struct trust_proof *p, struct span proof)
{
	uint8_t b[2 * CONTEXT_MAX];
	struct wr text = wr_fixed(b, sizeof(b));

	return k->curve == EC_P256 && proof.n == TRUST_PROOF_P256 && proof_text(&text, p) &&
	       ec_verify(k, wr_span(&text), proof);
}

/* ---- key versions ---- */

bool trust_host_id_get(struct span s, struct trust_host_id *h)
{
	struct rd r = rd_of(s);

	return s.n == TRUST_HOST_ID && rd_u8(&r, &h->version) && rd_u32(&r, &h->generation) &&
	       rd_u32(&r, &h->expiry);
}

void trust_host_id_put(struct wr *w, const struct trust_host_id *h)
{
	wr_u8(w, h->version);
	wr_u32(w, h->generation);
	wr_u32(w, h->expiry);
}

uint8_t trust_record_of(uint8_t version)
{
	uint8_t half = version & 0xF0u, record = version & 0x0Fu;

	return (half == TRUST_VERSION_FIRST || half == TRUST_VERSION_SECOND) && record >= 1 &&
		       record <= TRUST_RECORDS
		   ? record
		   : 0;
}

uint8_t trust_other_version(uint8_t version)
{
	return version ^ (TRUST_VERSION_FIRST ^ TRUST_VERSION_SECOND);
}
