/* Domain keys for one card: made by the party, opened by the card, read by nobody between. */
#include <string.h>

#include "crypto/aes.h"
#include "crypto/digest.h"
#include "crypto/ecka.h"
#include "gp/party.h"

enum { TAG_EPHEMERAL = 0x5F49, TAG_WRAPPED = 0x86, WRAP_MORE = 8, KEK_OCTETS = 32 };

static bool length_ok(size_t n)
{
	return n == 16 || n == 24 || n == 32;
}

bool domain_key_get(struct span whole, struct domain_key *out)
{
	struct domain_key d = { .whole = whole };
	struct span body, point;
	struct rd r;

	if (!strict_only(whole, TAG_DOMAIN_KEY, &body))
		return false;
	r = rd_of(body);
	if (!strict_get(&r, TAG_EPHEMERAL, 65, 65, &point) ||
	    !ec_public_from(&d.ephemeral, EC_P256, point) ||
	    !strict_get(&r, TAG_WRAPPED, 16 + WRAP_MORE, DOMAIN_KEY_MAX + WRAP_MORE, &d.wrapped) ||
	    !length_ok(d.wrapped.n - WRAP_MORE) || rd_left(&r) > 0)
		return false;
	*out = d;
	return true;
}

bool domain_key_digest(struct span whole, uint8_t out[static DOMAIN_KEY_DIGEST])
{
	uint8_t h[PARTY_DIGEST];

	if (!sha256_of(whole, h))
		return false;
	memcpy(out, h, DOMAIN_KEY_DIGEST);
	return true;
}

bool domain_key_named(const struct grant *g, struct span whole)
{
	uint8_t h[DOMAIN_KEY_DIGEST];

	if (g->domain_key.n == 0 || whole.n == 0)
		return g->domain_key.n == 0 && whole.n == 0;
	return domain_key_digest(whole, h) && span_eq(SPAN(h), g->domain_key);
}

/* X9.63 over the common point of an ephemeral key and the card's, bound to the party's key. */
static bool kek_of(const struct ec_private *own, const struct ec_public *other,
    const uint8_t party[static PARTY_DIGEST], struct key *kek)
{
	uint8_t secret[EC_FIELD_MAX], info[64], octets[KEK_OCTETS];
	struct wr z = wr_fixed(secret, sizeof(secret)), i = wr_fixed(info, sizeof(info));
	bool ok;

	wr_put(&i, span_str("cardadm DK 1"));
	wr_bytes(&i, party, PARTY_DIGEST);
	ok = own->curve == EC_P256 && wr_ok(&i) && ecka(own, other, &z) &&
	     x963_kdf(KDF_SHA256, wr_span(&z), wr_span(&i), octets, sizeof(octets)) &&
	     key_from(kek, SPAN(octets));
	wipe(secret, sizeof(secret));
	wipe(octets, sizeof(octets));
	return ok;
}

bool domain_key_open(const struct domain_key *d, const struct ec_private *card,
    const uint8_t party[static PARTY_DIGEST], struct key *dk)
{
	uint8_t clear[DOMAIN_KEY_MAX];
	SECRET_KEY(kek);
	bool ok = d->wrapped.n > WRAP_MORE && d->wrapped.n - WRAP_MORE <= sizeof(clear) &&
		  kek_of(card, &d->ephemeral, party, &kek) && aes_unwrap(&kek, d->wrapped, clear) &&
		  key_from(dk, span_of(clear, d->wrapped.n - WRAP_MORE));

	wipe(clear, sizeof(clear));
	if (!ok)
		wipe_key(dk);
	return ok;
}

bool domain_key_put(struct wr *w, const struct domain_key_seal *s)
{
	uint8_t wrapped[DOMAIN_KEY_MAX + WRAP_MORE], party[PARTY_DIGEST];
	struct ec_public ephemeral;
	SECRET_KEY(kek);
	size_t in;

	if (!length_ok(s->dk->n) || !party_key_ok(s->card) || !party_key_ok(s->party) ||
	    !party_key_digest(s->party, party) || !ec_public_of(s->ephemeral, &ephemeral) ||
	    !kek_of(s->ephemeral, s->card, party, &kek) ||
	    !aes_wrap(&kek, key_span(s->dk), wrapped))
		return false;
	in = tlv_open(w, TAG_DOMAIN_KEY);
	tlv_put(w, TAG_EPHEMERAL, ec_public_span(&ephemeral));
	tlv_put(w, TAG_WRAPPED, span_of(wrapped, s->dk->n + WRAP_MORE));
	tlv_close(w, in);
	return wr_ok(w);
}
