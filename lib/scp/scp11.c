#include "scp/scp11.h"

#include <string.h>

enum { SHARED_INFO_MAX = 3 + SCP11_IDENTIFIERS_MAX, KEYS = 5 };

static const struct {
	const char *name;
	uint8_t kid, pp;
} variants[] = {
	[SCP11A] = { "SCP11a", KID_SCP11A, SCP11_PP_OCE },
	[SCP11B] = { "SCP11b", KID_SCP11B, 0 },
	[SCP11C] = { "SCP11c", KID_SCP11C, SCP11_PP_OCE | SCP11_PP_C },
};

const char *scp11_variant_str(enum scp11_variant v)
{
	return variants[v].name;
}

uint8_t scp11_kid(enum scp11_variant v)
{
	return variants[v].kid;
}

bool scp11_variant_from_kid(uint8_t kid, enum scp11_variant *v)
{
	for (size_t i = 0; i < sizeof(variants) / sizeof(variants[0]); i++) {
		if (variants[i].kid == kid) {
			*v = (enum scp11_variant)i;
			return true;
		}
	}
	return false;
}

uint8_t scp11_pp(enum scp11_variant v, bool identifiers)
{
	return (uint8_t)(variants[v].pp | (identifiers ? SCP11_PP_IDS : 0));
}

uint8_t scp11_i_first(uint16_t i)
{
	return (uint8_t)((i > 0x7F ? i >> 7 : i) & 0x7F);
}

uint8_t scp11_i_second(uint16_t i)
{
	return (uint8_t)(i > 0x7F ? i & 0x7F : 0);
}

uint16_t scp11_i(uint8_t first, uint8_t second)
{
	if (second == 0)
		return first & 0x7F;
	return (uint16_t)((first & 0x7F) << 7 | (second & 0x7F));
}

static const struct {
	uint8_t usage, level;
	bool only_c; /* SCP11c scripts may go without answers to check */
} usages[] = {
	{ 0x34, LEVEL_RMAC | LEVEL_CMAC, false },
	{ 0x3C, LEVEL_RENC | LEVEL_RMAC | LEVEL_CDEC | LEVEL_CMAC, false },
	{ 0x1C, LEVEL_CDEC | LEVEL_CMAC, true },
	{ 0x74, LEVEL_RMAC | LEVEL_CDEC | LEVEL_CMAC, true },
};

bool scp11_level_of(enum scp11_variant v, uint8_t usage, uint8_t *level)
{
	for (size_t i = 0; i < sizeof(usages) / sizeof(usages[0]); i++) {
		if (usages[i].usage == usage && (v == SCP11C || !usages[i].only_c)) {
			*level = usages[i].level;
			return true;
		}
	}
	return false;
}

bool scp11_usage_of(enum scp11_variant v, uint8_t level, uint8_t *usage)
{
	for (size_t i = 0; i < sizeof(usages) / sizeof(usages[0]); i++) {
		if (usages[i].level == level && (v == SCP11C || !usages[i].only_c)) {
			*usage = usages[i].usage;
			return true;
		}
	}
	return false;
}

void scp11_identifiers_put(struct wr *w, const struct span *ids, size_t n)
{
	for (size_t i = 0; i < n; i++)
		wr_lv(w, ids[i]);
}

void wipe_scp11_keys(struct scp11_keys *k)
{
	wipe(k, sizeof(*k));
}

static bool take_key(struct rd *r, uint8_t n, struct key *k)
{
	struct span s;

	return rd_take(r, n, &s) && key_from(k, s);
}

bool scp11_derive(const struct scp11_terms *t, struct span secrets, struct scp11_keys *out)
{
	uint8_t info[SHARED_INFO_MAX], data[KEYS * KEY_MAX], level;
	struct wr w = wr_fixed(info, sizeof(info));
	size_t n = (size_t)KEYS * t->key_n;
	struct rd r = rd_of(span_of(data, n));
	bool ok;

	wipe_scp11_keys(out);
	if ((t->key_n != 16 && t->key_n != 24 && t->key_n != 32) ||
	    !scp11_level_of(t->variant, t->usage, &level))
		return false;
	wr_u8(&w, t->usage);
	wr_u8(&w, SCP11_KEY_TYPE);
	wr_u8(&w, t->key_n);
	wr_put(&w, t->identifiers);
	ok = wr_ok(&w) && x963_kdf(t->hash, secrets, wr_span(&w), data, n) &&
	     take_key(&r, t->key_n, &out->receipt) && take_key(&r, t->key_n, &out->session.enc) &&
	     take_key(&r, t->key_n, &out->session.mac) &&
	     take_key(&r, t->key_n, &out->session.rmac) && take_key(&r, t->key_n, &out->dek);
	wipe(data, sizeof(data));
	if (!ok)
		wipe_scp11_keys(out);
	return ok;
}

/* One secret: the key of ours and the key of theirs. */
struct pair {
	const struct ec_private *own;
	const struct ec_public *other;
};

static bool agree(
    const struct scp11_terms *t, const struct pair pairs[static 2], struct scp11_keys *out)
{
	uint8_t secrets[2 * EC_FIELD_MAX + KEY_MAX];
	struct wr z = wr_fixed(secrets, sizeof(secrets));
	bool ok = t->domain_key.n <= KEY_MAX;

	wipe_scp11_keys(out);
	for (size_t i = 0; ok && i < 2; i++)
		ok = pairs[i].own != NULL && pairs[i].other != NULL &&
		     pairs[i].own->curve == pairs[0].own->curve &&
		     ecka(pairs[i].own, pairs[i].other, &z);
	wr_put(&z, t->domain_key);
	ok = ok && wr_ok(&z) && scp11_derive(t, wr_span(&z), out);
	wipe(secrets, sizeof(secrets));
	return ok;
}

bool scp11_host_agree(
    const struct scp11_terms *t, const struct scp11_host_side *side, struct scp11_keys *out)
{
	const struct pair pairs[2] = {
		{ side->ephemeral, t->variant == SCP11C ? side->card : side->card_ephemeral },
		{ t->variant == SCP11B ? side->ephemeral : side->own, side->card },
	};

	return agree(t, pairs, out);
}

bool scp11_card_agree(
    const struct scp11_terms *t, const struct scp11_card_side *side, struct scp11_keys *out)
{
	const struct pair pairs[2] = {
		{ t->variant == SCP11C ? side->own : side->ephemeral, side->oce_ephemeral },
		{ side->own, t->variant == SCP11B ? side->oce_ephemeral : side->oce },
	};

	return agree(t, pairs, out);
}

bool scp11_receipt(const struct scp11_keys *k, struct span command_data, struct span answer_key,
    uint8_t out[static SCP11_RECEIPT])
{
	const struct span parts[] = { command_data, answer_key };
	struct aes a = { 0 };
	bool ok = aes_set_key(&a, &k->receipt) && aes_cmac(&a, parts, 2, out);

	aes_wipe(&a);
	return ok;
}

bool scp11_receipt_ok(const struct scp11_keys *k, struct span command_data, struct span answer_key,
    struct span receipt)
{
	uint8_t want[SCP11_RECEIPT];

	return scp11_receipt(k, command_data, answer_key, want) && ct_equal(SPAN(want), receipt);
}

bool scp11_begin(struct scp *s, const struct scp11_terms *t, const struct scp11_keys *k,
    const uint8_t receipt[static SCP11_RECEIPT], uint8_t m)
{
	uint8_t level;

	return scp11_level_of(t->variant, t->usage, &level) &&
	       scp03_begin_keys(s, &k->session, receipt, level, m);
}
