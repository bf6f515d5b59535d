/* What host, builder and card derive alike for broadcast loading (broadcast.md 1, 3, 5). */
#include "gp/broadcast.h"

#include <string.h>

#include "crypto/digest.h"
#include "crypto/kdf.h"

enum { CONTEXT_SIZE = CAMPAIGN_SIZE + 4 };

/* ctx = campaign | package. */
static void put_context(struct wr *w, const uint8_t campaign[static 16], uint32_t package)
{
	wr_bytes(w, campaign, CAMPAIGN_SIZE);
	wr_u32(w, package);
}

bool broadcast_start_mcv(const struct key *bk_mac, const uint8_t campaign[static 16],
    uint32_t package, uint32_t total, uint8_t out[static 16])
{
	enum { START_MCV = 0xB3, COUNTER_SIZE = 8 };
	uint8_t b[CONTEXT_SIZE + 4 + COUNTER_SIZE];
	struct wr context = wr_fixed(b, sizeof(b));
	SECRET_KEY(mcv);

	put_context(&context, campaign, package);
	wr_u32(&context, total);
	wr_u64(&context, (uint64_t)package << 32);
	if (!wr_ok(&context) ||
	    !scp03_kdf_key(bk_mac, START_MCV, wr_span(&context), AES_BLOCK, &mcv))
		return false;
	memcpy(out, mcv.b, AES_BLOCK);
	return true;
}

bool kos_key(const struct key *kos, enum kos_use use, const uint8_t campaign[static 16],
    uint32_t package, struct key *out)
{
	uint8_t b[CONTEXT_SIZE];
	struct wr context = wr_fixed(b, sizeof(b));

	put_context(&context, campaign, package);
	return wr_ok(&context) && scp03_kdf_key(kos, (uint8_t)use, wr_span(&context), kos->n, out);
}

void broadcast_counter(uint32_t package, uint32_t done, uint8_t out[static 16])
{
	struct wr w = wr_fixed(out, AES_BLOCK);

	wr_u64(&w, 0);
	wr_u32(&w, package);
	wr_u32(&w, done);
}

void authorize_signed_text(struct wr *w, const struct authorize *a, const uint8_t digest[static 32])
{
	wr_put(w, span_str("CHM-ATHZ2"));
	wr_put(w, SPAN(a->campaign));
	wr_lv(w, aid_span(&a->target));
	wr_u32(w, a->version);
	wr_u32(w, a->length);
	wr_lv(w, SPAN(a->platform));
	wr_u32(w, a->base);
	wr_bytes(w, digest, DIGEST_SIZE);
}

bool broadcast_keys_id(
    const struct key *enc, const struct key *mac, uint8_t out[static SLOT_KEYS_SIZE])
{
	const struct span parts[] = { span_str("cardadm BK 1"), key_span(enc), key_span(mac) };
	uint8_t digest[DIGEST_SIZE];

	if (!sha256(parts, 3, digest))
		return false;
	memcpy(out, digest, SLOT_KEYS_SIZE);
	return true;
}

bool inner_nonce(const struct key *kos, const uint8_t campaign[static 16], uint32_t package,
    struct span clear, uint8_t out[static INNER_NONCE_SIZE])
{
	SECRET_KEY(key);
	uint8_t mac[16];

	if (!kos_key(kos, KOS_NONCE, campaign, package, &key) || !cmac(&key, clear, mac))
		return false;
	memcpy(out, mac, INNER_NONCE_SIZE);
	return true;
}
