#include "scp/scp03.h"

#include <string.h>

#include "crypto/kdf.h"

/* Derivation constants of keys and challenge (Amendment D table 4-1). */
enum {
	DERIVE_CARD_CHALLENGE = 0x02,
	DERIVE_S_ENC = 0x04,
	DERIVE_S_MAC = 0x06,
	DERIVE_S_RMAC = 0x07
};

#define CLA_EXTERNAL_AUTHENTICATE 0x84
#define CONTEXT_MAX 32
#define HEADER_MAX 7
#define LC_MAX_EXTENDED 65535
#define I_RFU 0x8E

bool scp03_i_valid(uint8_t i)
{
	if ((i & I_RFU) != 0)
		return false;
	return (i & SCP03_I_RENC) == 0 || (i & SCP03_I_RMAC) != 0;
}

bool scp03_level_valid(uint8_t level, uint8_t i)
{
	static const uint8_t legal[] = {
		LEVEL_AUTHENTICATED,
		LEVEL_CMAC,
		LEVEL_CDEC | LEVEL_CMAC,
		LEVEL_RMAC | LEVEL_CMAC,
		LEVEL_RMAC | LEVEL_CDEC | LEVEL_CMAC,
		LEVEL_RENC | LEVEL_RMAC | LEVEL_CDEC | LEVEL_CMAC,
	};

	if (memchr(legal, level, sizeof(legal)) == NULL)
		return false;
	if ((level & LEVEL_RMAC) != 0 && (i & SCP03_I_RMAC) == 0)
		return false;
	return (level & LEVEL_RENC) == 0 || (i & SCP03_I_RENC) != 0;
}

bool scp03_card_challenge(const struct key *key_enc, const uint8_t sequence[static 3],
    struct span aid, uint8_t m, uint8_t *out)
{
	uint8_t context[3 + 16];
	struct wr w = wr_fixed(context, sizeof(context));
	struct aes a = { 0 };
	bool ok;

	if ((m != 8 && m != 16) || aid.n < 5 || aid.n > 16)
		return false;
	wr_bytes(&w, sequence, 3);
	wr_put(&w, aid);
	ok = wr_ok(&w) && aes_set_key(&a, key_enc) &&
	     scp03_kdf(&a, DERIVE_CARD_CHALLENGE, wr_span(&w), out, m);
	aes_wipe(&a);
	return ok;
}

/* host | card challenge, each of m octets. */
static bool context_put(struct wr *w, struct span host, struct span card, uint8_t m)
{
	if (host.n != m || card.n != m)
		return false;
	wr_put(w, host);
	wr_put(w, card);
	return wr_ok(w);
}

static bool derive(struct aes *from, uint8_t constant, struct span context, struct key *out)
{
	out->n = from->key.n;
	return scp03_kdf(from, constant, context, out->b, out->n);
}

/* The objects of the session keys hold the static keys first: made once, rekeyed, overwritten. */
static bool derive_keys(struct scp03 *s, const struct key_set *keys, struct span context)
{
	SECRET_KEY(enc);
	SECRET_KEY(mac);
	SECRET_KEY(rmac);

	return aes_set_key(&s->enc, &keys->enc) && derive(&s->enc, DERIVE_S_ENC, context, &enc) &&
	       aes_set_key(&s->mac, &keys->mac) && derive(&s->mac, DERIVE_S_MAC, context, &mac) &&
	       derive(&s->mac, DERIVE_S_RMAC, context, &rmac) && aes_set_key(&s->enc, &enc) &&
	       aes_set_key(&s->mac, &mac) && aes_set_key(&s->rmac, &rmac);
}

static void start(struct scp03 *s, uint8_t m)
{
	s->m = m;
	s->level = LEVEL_AUTHENTICATED;
	s->open = false;
	wipe(s->mcv, sizeof(s->mcv));
	wipe(s->counter, sizeof(s->counter));
}

bool scp03_begin(struct scp03 *s, const struct key_set *keys, struct span host_challenge,
    struct span card_challenge)
{
	uint8_t context[CONTEXT_MAX];
	struct wr w = wr_fixed(context, sizeof(context));
	uint8_t m = (uint8_t)host_challenge.n;

	start(s, m);
	if ((host_challenge.n == 8 || host_challenge.n == 16) && keys->enc.n == keys->mac.n &&
	    context_put(&w, host_challenge, card_challenge, m) && derive_keys(s, keys, wr_span(&w)))
		return true;
	scp03_wipe(s);
	return false;
}

bool scp03_cryptogram(struct scp03 *s, enum scp03_who who, struct span host_challenge,
    struct span card_challenge, uint8_t *out)
{
	uint8_t context[CONTEXT_MAX];
	struct wr w = wr_fixed(context, sizeof(context));

	return s->m != 0 && context_put(&w, host_challenge, card_challenge, s->m) &&
	       scp03_kdf(&s->mac, (uint8_t)who, wr_span(&w), out, s->m);
}

/* What stands before the data field: as it is sent, or as it enters the C-MAC (6.2.4). */
static void header_put(struct wr *w, uint8_t cla, const struct capdu *c, size_t lc)
{
	wr_u8(w, cla);
	wr_u8(w, c->ins);
	wr_u8(w, c->p1);
	wr_u8(w, c->p2);
	if (c->extended)
		wr_u24(w, (uint32_t)lc); /* 00 hi lo */
	else
		wr_u8(w, (uint8_t)lc);
}

/* The C-MAC does not cover all bits of the class byte, so the others must be as they can only be.
 */
static bool protected_class(uint8_t cla)
{
	return cla_valid(cla) && cla_is_sm(cla);
}

static bool command_mac(struct scp03 *s, const struct capdu *c, struct span body, uint8_t *full)
{
	uint8_t header[HEADER_MAX];
	struct wr w = wr_fixed(header, sizeof(header));
	struct span parts[3] = { SPAN(s->mcv) };

	header_put(&w, cla_mac_form(c->cla), c, body.n + s->m);
	parts[1] = wr_span(&w);
	parts[2] = body;
	return wr_ok(&w) && aes_cmac(&s->mac, parts, 3, full);
}

/* Command: ICV from the counter; response: the same block with its top octet 80 (6.2.6, 6.2.7). */
static bool make_icv(
    struct scp03 *s, const uint8_t counter[static 16], bool response, uint8_t icv[static 16])
{
	memcpy(icv, counter, AES_BLOCK);
	if (response)
		icv[0] = 0x80;
	return aes_block(&s->enc, icv, icv);
}

static size_t padded(size_t n)
{
	return (n / AES_BLOCK + 1) * AES_BLOCK;
}

/* Appends CBC(pad80(plain)) to out. */
static bool encrypt_put(
    struct scp03 *s, const uint8_t icv[static 16], struct span plain, struct wr *out)
{
	size_t n = padded(plain.n);
	uint8_t *p = wr_space(out, n);
	struct wr w;

	if (p == NULL)
		return false;
	w = wr_fixed(p, n);
	wr_put(&w, plain);
	wr_u8(&w, 0x80);
	wr_fill(&w, 0, n - w.n);
	return wr_ok(&w) && aes_cbc_encrypt(&s->enc, icv, wr_span(&w), p);
}

/*
 * Appends the plain text without its padding, 80 and any number of 00 (some senders add more than
 * they must). An empty plain text is refused: where there is no data nothing is encrypted.
 */
static enum scp03_verdict decrypt_put(
    struct scp03 *s, const uint8_t icv[static 16], struct span cipher, struct wr *out)
{
	size_t at = out->n, n = cipher.n;
	uint8_t *p;

	if (n == 0 || n % AES_BLOCK != 0)
		return SCP03_MALFORMED;
	p = wr_space(out, n);
	if (p == NULL || !aes_cbc_decrypt(&s->enc, icv, cipher, p))
		return SCP03_FAILED;
	for (n--; n > 0 && p[n] == 0; n--)
		;
	if (n == 0 || p[n] != 0x80)
		return SCP03_MALFORMED;
	wr_cut(out, at + n);
	return SCP03_OK;
}

static void counter_next(const uint8_t counter[static 16], uint8_t next[static 16])
{
	memcpy(next, counter, AES_BLOCK);
	for (int i = AES_BLOCK - 1; i >= 0 && ++next[i] == 0; i--)
		;
}

static void advance(struct scp03 *s, const uint8_t *counter, const uint8_t *full)
{
	memcpy(s->counter, counter, sizeof(s->counter));
	memcpy(s->mcv, full, sizeof(s->mcv));
}

static void open_session(struct scp03 *s, uint8_t level, const uint8_t *full)
{
	static const uint8_t zero[16];

	advance(s, zero, full);
	s->level = level;
	s->open = true;
}

bool scp03_host_authenticate(struct scp03 *s, uint8_t level, uint8_t channel,
    struct span host_challenge, struct span card_challenge, struct wr *command)
{
	struct capdu c = { .cla = cla_with_channel(CLA_EXTERNAL_AUTHENTICATE, channel),
		.ins = INS_EXTERNAL_AUTHENTICATE,
		.p1 = level };
	uint8_t cryptogram[16], full[16];
	size_t at = command->n;

	if (s->open || !scp03_level_valid(level, SCP03_I_RMAC | SCP03_I_RENC) ||
	    !scp03_cryptogram(s, SCP03_HOST, host_challenge, card_challenge, cryptogram) ||
	    !command_mac(s, &c, span_of(cryptogram, s->m), full))
		return false;
	header_put(command, c.cla, &c, (size_t)2 * s->m);
	wr_bytes(command, cryptogram, s->m);
	wr_bytes(command, full, s->m);
	if (!wr_ok(command)) {
		wr_cut(command, at);
		return false;
	}
	open_session(s, level, full);
	return true;
}

enum scp03_verdict scp03_card_authenticate(
    struct scp03 *s, const struct capdu *c, struct span host_challenge, struct span card_challenge)
{
	struct span cryptogram = span_sub(c->data, 0, s->m), mac = span_sub(c->data, s->m, s->m);
	uint8_t want[16], full[16];

	if (s->open || s->m == 0)
		return SCP03_FAILED;
	if (!protected_class(c->cla) || c->ins != INS_EXTERNAL_AUTHENTICATE || c->p2 != 0 ||
	    c->data.n != (size_t)2 * s->m || !scp03_level_valid(c->p1, SCP03_I_RMAC | SCP03_I_RENC))
		return SCP03_MALFORMED;
	if (!command_mac(s, c, cryptogram, full) ||
	    !scp03_cryptogram(s, SCP03_HOST, host_challenge, card_challenge, want))
		return SCP03_FAILED;
	if (!ct_equal(mac, span_of(full, s->m)))
		return SCP03_BAD_MAC;
	if (!ct_equal(cryptogram, span_of(want, s->m)))
		return SCP03_BAD_CRYPTOGRAM;
	open_session(s, c->p1, full);
	return SCP03_OK;
}

bool scp03_resume(struct scp03 *s, const struct key *enc, const struct key *mac,
    const uint8_t counter[static 16], const uint8_t mcv[static 16], uint8_t level, uint8_t m)
{
	start(s, m);
	if ((m != 8 && m != 16) || !scp03_level_valid(level, 0) || !aes_set_key(&s->enc, enc) ||
	    !aes_set_key(&s->mac, mac)) {
		scp03_wipe(s);
		return false;
	}
	aes_wipe(&s->rmac);
	advance(s, counter, mcv);
	s->level = level;
	s->open = true;
	return true;
}

bool scp03_begin_keys(struct scp03 *s, const struct scp03_keys *keys, const uint8_t mcv[static 16],
    uint8_t level, uint8_t m)
{
	static const uint8_t zero[16] = { 0 };

	start(s, m);
	if ((m != 8 && m != 16) || (level & LEVEL_CMAC) == 0 ||
	    !scp03_level_valid(level, SCP03_I_RMAC | SCP03_I_RENC) ||
	    !aes_set_key(&s->enc, &keys->enc) || !aes_set_key(&s->mac, &keys->mac) ||
	    !aes_set_key(&s->rmac, &keys->rmac)) {
		scp03_wipe(s);
		return false;
	}
	advance(s, zero, mcv);
	s->level = level;
	s->open = true;
	return true;
}

size_t scp03_max_data(uint8_t level, uint8_t m)
{
	size_t room = APDU_SHORT_DATA - (size_t)m;

	if ((level & LEVEL_CMAC) == 0)
		return APDU_SHORT_DATA;
	if ((level & LEVEL_CDEC) == 0)
		return room;
	return room / AES_BLOCK * AES_BLOCK - 1; /* one octet of padding at least */
}

/* Le of the protected command, behind Lc. */
static void le_put(const struct scp03 *s, const struct capdu *c, struct wr *out)
{
	bool most = (s->level & LEVEL_RMAC) != 0;

	if (c->le == LE_NONE)
		return;
	if (c->extended)
		wr_u16(out, most ? 0 : (uint16_t)c->le);
	else
		wr_u8(out, most ? 0 : (uint8_t)c->le);
}

static bool body_put(struct scp03 *s, const uint8_t *counter, struct span plain, struct wr *out)
{
	uint8_t icv[16];

	if ((s->level & LEVEL_CDEC) != 0 && plain.n > 0)
		return make_icv(s, counter, false, icv) && encrypt_put(s, icv, plain, out);
	wr_put(out, plain);
	return true;
}

bool scp03_seal_command(struct scp03 *s, const struct capdu *c, struct wr *out)
{
	bool cdec = (s->level & LEVEL_CDEC) != 0;
	size_t at = out->n, body_n = cdec && c->data.n > 0 ? padded(c->data.n) : c->data.n;
	size_t body_at, lc = body_n + s->m;
	uint8_t next[16], full[16];

	if (!s->open)
		return false;
	if ((s->level & LEVEL_CMAC) == 0) {
		capdu_put(out, c);
		if (!wr_ok(out))
			goto fail;
		return true;
	}
	if (lc > (c->extended ? LC_MAX_EXTENDED : APDU_SHORT_DATA) ||
	    c->le > (c->extended ? LE_MAX_EXTENDED : LE_MAX_SHORT))
		return false;
	counter_next(s->counter, next);
	header_put(out, cla_add_sm(c->cla), c, lc);
	body_at = out->n;
	if (!body_put(s, next, c->data, out) ||
	    !command_mac(s, c, span_sub(wr_span(out), body_at, body_n), full))
		goto fail;
	wr_bytes(out, full, s->m);
	le_put(s, c, out);
	if (!wr_ok(out))
		goto fail;
	advance(s, next, full);
	return true;
fail:
	wr_cut(out, at);
	return false;
}

/* Level 00: nothing to check, but nothing may claim to be protected either. */
static enum scp03_verdict open_bare(const struct capdu *c, struct capdu *plain, struct wr *data)
{
	size_t at = data->n;

	if (cla_is_sm(c->cla))
		return SCP03_MALFORMED;
	wr_put(data, c->data);
	if (!wr_ok(data))
		return SCP03_FAILED;
	*plain = *c;
	plain->data = span_sub(wr_span(data), at, c->data.n);
	return SCP03_OK;
}

static enum scp03_verdict open_body(
    struct scp03 *s, const uint8_t *counter, bool response, struct span body, struct wr *data)
{
	uint8_t icv[16];
	uint8_t ciphered = response ? LEVEL_RENC : LEVEL_CDEC;

	if ((s->level & ciphered) == 0 || body.n == 0) {
		wr_put(data, body);
		return wr_ok(data) ? SCP03_OK : SCP03_FAILED;
	}
	if (!make_icv(s, counter, response, icv))
		return SCP03_FAILED;
	return decrypt_put(s, icv, body, data);
}

enum scp03_verdict scp03_open_command(
    struct scp03 *s, const struct capdu *c, struct capdu *plain, struct wr *data)
{
	uint8_t next[16], full[16];
	enum scp03_verdict v;
	size_t at = data->n;
	struct span body, mac;

	if (!s->open)
		return SCP03_FAILED;
	if ((s->level & LEVEL_CMAC) == 0)
		return open_bare(c, plain, data);
	if (!protected_class(c->cla) || c->data.n < s->m)
		return SCP03_MALFORMED;
	body = span_sub(c->data, 0, c->data.n - s->m);
	mac = span_sub(c->data, body.n, s->m);
	if (!command_mac(s, c, body, full))
		return SCP03_FAILED;
	if (!ct_equal(mac, span_of(full, s->m)))
		return SCP03_BAD_MAC;
	counter_next(s->counter, next);
	v = open_body(s, next, false, body, data);
	if (v != SCP03_OK) {
		wr_cut(data, at);
		return v;
	}
	*plain = *c;
	plain->cla = cla_drop_sm(c->cla);
	plain->data = span_sub(wr_span(data), at, data->n - at);
	advance(s, next, full);
	return SCP03_OK;
}

static bool response_mac(struct scp03 *s, struct span body, uint16_t sw, uint8_t *full)
{
	uint8_t status[2];
	struct wr w = wr_fixed(status, sizeof(status));
	const struct span parts[] = { SPAN(s->mcv), body, SPAN(status) };

	wr_u16(&w, sw);
	return wr_ok(&w) && aes_cmac(&s->rmac, parts, 3, full);
}

bool scp03_seal_response(struct scp03 *s, const struct rapdu *r, struct wr *out)
{
	uint8_t icv[16], full[16];
	size_t at = out->n;
	bool ok = true;

	if (!s->open)
		return false;
	if ((s->level & LEVEL_RMAC) == 0) {
		rapdu_put(out, r);
		if (wr_ok(out))
			return true;
		wr_cut(out, at);
		return false;
	}
	if (sw_is_success_or_warning(r->sw)) {
		if ((s->level & LEVEL_RENC) != 0 && r->data.n > 0)
			ok =
			    make_icv(s, s->counter, true, icv) && encrypt_put(s, icv, r->data, out);
		else
			wr_put(out, r->data);
		ok = ok && response_mac(s, span_sub(wr_span(out), at, out->n - at), r->sw, full);
		if (ok)
			wr_bytes(out, full, s->m);
	}
	wr_u16(out, r->sw);
	if (ok && wr_ok(out))
		return true;
	wr_cut(out, at);
	return false;
}

enum scp03_verdict scp03_open_response(
    struct scp03 *s, struct span response, struct rapdu *plain, struct wr *data)
{
	struct rapdu r;
	struct span body, mac;
	enum scp03_verdict v;
	uint8_t full[16];
	size_t at = data->n;

	if (!s->open)
		return SCP03_FAILED;
	if (!rapdu_get(response, &r))
		return SCP03_MALFORMED;
	body = r.data;
	if ((s->level & LEVEL_RMAC) != 0 && sw_is_success_or_warning(r.sw)) {
		if (r.data.n < s->m)
			return SCP03_MALFORMED;
		body = span_sub(r.data, 0, r.data.n - s->m);
		mac = span_sub(r.data, body.n, s->m);
		if (!response_mac(s, body, r.sw, full))
			return SCP03_FAILED;
		if (!ct_equal(mac, span_of(full, s->m)))
			return SCP03_BAD_MAC;
	} else if ((s->level & LEVEL_RMAC) != 0 && r.data.n > 0) {
		return SCP03_MALFORMED;
	}
	v = open_body(s, s->counter, true, body, data);
	if (v != SCP03_OK) {
		wr_cut(data, at);
		return v;
	}
	plain->sw = r.sw;
	plain->data = span_sub(wr_span(data), at, data->n - at);
	return SCP03_OK;
}

void scp03_wipe(struct scp03 *s)
{
	aes_wipe(&s->enc);
	aes_wipe(&s->mac);
	aes_wipe(&s->rmac);
	wipe(s, sizeof(*s));
}
