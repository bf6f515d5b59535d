#include <string.h>

#include "crypto/kdf.h"
#include "scp/scp.h"
#include "scp/secured.h"

/* Derivation constants of cryptograms, challenge and keys (Amendment D table 4-1). */
enum {
	DERIVE_CARD_CRYPTOGRAM = 0x00,
	DERIVE_HOST_CRYPTOGRAM = 0x01,
	DERIVE_CARD_CHALLENGE = 0x02,
	DERIVE_S_ENC = 0x04,
	DERIVE_S_MAC = 0x06,
	DERIVE_S_RMAC = 0x07
};

#define CONTEXT_MAX 32
#define HEADER_MAX 7
#define I_RFU 0x8E
#define I_MOST (SCP03_I_RMAC | SCP03_I_RENC)

static bool i_valid(uint8_t i)
{
	if ((i & I_RFU) != 0)
		return false;
	return (i & SCP03_I_RENC) == 0 || (i & SCP03_I_RMAC) != 0;
}

static bool level_valid(uint8_t level, uint8_t i)
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

static struct span context_put(struct wr *w, const struct scp_start *a)
{
	wr_put(w, a->host_challenge);
	wr_put(w, a->card_challenge);
	return wr_span(w);
}

static bool begin(struct scp *scp, const struct scp_start *a)
{
	struct scp03 *s = &scp->u.scp03;
	uint8_t context[CONTEXT_MAX];
	struct wr w = wr_fixed(context, sizeof(context));

	wipe(s->mcv, sizeof(s->mcv));
	wipe(s->counter, sizeof(s->counter));
	return a->keys->enc.n == a->keys->mac.n && derive_keys(s, a->keys, context_put(&w, a));
}

static bool cryptogram(struct scp *s, const struct scp_start *a, enum scp_role who, uint8_t *out)
{
	uint8_t context[CONTEXT_MAX];
	struct wr w = wr_fixed(context, sizeof(context));

	return scp03_kdf(&s->u.scp03.mac,
	    who == ROLE_CARD ? DERIVE_CARD_CRYPTOGRAM : DERIVE_HOST_CRYPTOGRAM, context_put(&w, a),
	    out, s->m);
}

/* Over what is sent: head as of a command on the basic channel, then the ciphered data (6.2.4). */
static bool command_mac(
    struct scp *scp, const struct capdu *c, struct span body, uint8_t full[static 16])
{
	struct scp03 *s = &scp->u.scp03;
	uint8_t header[HEADER_MAX];
	struct wr w = wr_fixed(header, sizeof(header));
	struct span parts[3] = { SPAN(s->mcv) };

	secured_head_put(&w, cla_mac_form(c->cla), c, body.n + scp->m);
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

/* Appends CBC(pad80(plain)). */
static bool encrypt_put(
    struct scp03 *s, const uint8_t icv[static 16], struct span plain, struct wr *out)
{
	size_t n = (plain.n / AES_BLOCK + 1) * AES_BLOCK;
	uint8_t *p = wr_space(out, n);

	return p != NULL && pad80_put(p, n, plain) &&
	       aes_cbc_encrypt(&s->enc, icv, span_of(p, n), p);
}

/* Appends the plain text without its padding. */
static enum scp_verdict decrypt_put(
    struct scp03 *s, const uint8_t icv[static 16], struct span cipher, struct wr *out)
{
	size_t at = out->n, n;
	uint8_t *p;

	if (cipher.n % AES_BLOCK != 0)
		return SCP_MALFORMED;
	p = wr_space(out, cipher.n);
	if (p == NULL || !aes_cbc_decrypt(&s->enc, icv, cipher, p))
		return SCP_FAILED;
	n = pad80_plain(p, cipher.n);
	if (n == 0)
		return SCP_MALFORMED;
	wr_cut(out, at + n);
	return SCP_OK;
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

/* EXTERNAL AUTHENTICATE is the last command without encryption: the counter counts from here. */
static void opened(struct scp *s, const uint8_t full[static 16])
{
	static const uint8_t zero[16];

	advance(&s->u.scp03, zero, full);
}

bool scp03_resume(
    struct scp *scp, const struct key *enc, const struct key *mac, struct scp03_point at)
{
	struct scp03 *s = &scp->u.scp03;

	scp_become(scp, &scp03_ops, 0, at.m);
	if ((at.m != 8 && at.m != 16) || !level_valid(at.level, 0) || !aes_set_key(&s->enc, enc) ||
	    !aes_set_key(&s->mac, mac)) {
		scp_wipe(scp);
		return false;
	}
	aes_wipe(&s->rmac);
	advance(s, at.counter, at.mcv);
	scp->level = at.level;
	scp->open = true;
	return true;
}

bool scp03_begin_keys(struct scp *scp, const struct scp03_keys *keys, const uint8_t mcv[static 16],
    uint8_t level, uint8_t m)
{
	struct scp03 *s = &scp->u.scp03;

	scp_become(scp, &scp03_ops, 0, m);
	if ((m != 8 && m != 16) || (level & LEVEL_CMAC) == 0 || !level_valid(level, I_MOST) ||
	    !aes_set_key(&s->enc, &keys->enc) || !aes_set_key(&s->mac, &keys->mac) ||
	    !aes_set_key(&s->rmac, &keys->rmac)) {
		scp_wipe(scp);
		return false;
	}
	opened(scp, mcv);
	scp->level = level;
	scp->open = true;
	return true;
}

static bool body_put(struct scp *s, const uint8_t *counter, struct span plain, struct wr *out)
{
	uint8_t icv[16];

	if ((s->level & LEVEL_CDEC) != 0 && plain.n > 0)
		return make_icv(&s->u.scp03, counter, false, icv) &&
		       encrypt_put(&s->u.scp03, icv, plain, out);
	wr_put(out, plain);
	return true;
}

static bool seal_command(struct scp *s, const struct capdu *c, struct wr *out)
{
	size_t body_n = secured_body(s->level, c->data.n, AES_BLOCK), body_at;
	uint8_t next[16], full[16];

	if ((s->level & LEVEL_CMAC) == 0)
		return bare_put(out, c);
	counter_next(s->u.scp03.counter, next);
	secured_head_put(out, cla_add_sm(c->cla), c, body_n + s->m);
	body_at = out->n;
	if (!body_put(s, next, c->data, out) ||
	    !command_mac(s, c, span_sub(wr_span(out), body_at, body_n), full))
		return false;
	wr_bytes(out, full, s->m);
	secured_le_put(out, s->level, c);
	if (!wr_ok(out))
		return false;
	advance(&s->u.scp03, next, full);
	return true;
}

static enum scp_verdict body_get(
    struct scp *s, const uint8_t *counter, bool response, struct span body, struct wr *data)
{
	uint8_t ciphered = response ? LEVEL_RENC : LEVEL_CDEC;
	uint8_t icv[16];

	if ((s->level & ciphered) == 0 || body.n == 0)
		return clear_put(data, body);
	if (!make_icv(&s->u.scp03, counter, response, icv))
		return SCP_FAILED;
	return decrypt_put(&s->u.scp03, icv, body, data);
}

static enum scp_verdict open_command(
    struct scp *s, const struct capdu *c, struct capdu *plain, struct wr *data)
{
	uint8_t next[16], full[16];
	size_t at = data->n;
	enum scp_verdict v;
	struct span body;

	if ((s->level & LEVEL_CMAC) == 0)
		return bare_get(c, plain, data);
	body = span_sub(c->data, 0, c->data.n - s->m);
	if (!command_mac(s, c, body, full))
		return SCP_FAILED;
	if (!ct_equal(span_sub(c->data, body.n, s->m), span_of(full, s->m)))
		return SCP_BAD_MAC;
	counter_next(s->u.scp03.counter, next);
	v = body_get(s, next, false, body, data);
	if (v != SCP_OK)
		return v;
	*plain = *c;
	plain->cla = cla_drop_sm(c->cla);
	plain->data = span_sub(wr_span(data), at, data->n - at);
	advance(&s->u.scp03, next, full);
	return SCP_OK;
}

static bool response_mac(struct scp03 *s, struct span body, uint16_t sw, uint8_t *full)
{
	uint8_t status[2];
	struct wr w = wr_fixed(status, sizeof(status));
	const struct span parts[] = { SPAN(s->mcv), body, SPAN(status) };

	wr_u16(&w, sw);
	return wr_ok(&w) && aes_cmac(&s->rmac, parts, 3, full);
}

/* Data and R-MAC of an answer that is no error. */
static bool protected_put(struct scp *scp, const struct rapdu *r, struct wr *out)
{
	struct scp03 *s = &scp->u.scp03;
	uint8_t icv[16], full[16];
	size_t at = out->n;

	if ((scp->level & LEVEL_RENC) == 0 || r->data.n == 0)
		wr_put(out, r->data);
	else if (!make_icv(s, s->counter, true, icv) || !encrypt_put(s, icv, r->data, out))
		return false;
	if (!response_mac(s, span_sub(wr_span(out), at, out->n - at), r->sw, full))
		return false;
	wr_bytes(out, full, scp->m);
	return true;
}

static bool seal_response(struct scp *s, const struct rapdu *r, struct wr *out)
{
	if ((s->level & LEVEL_RMAC) == 0) {
		rapdu_put(out, r);
		return wr_ok(out);
	}
	if (sw_is_success_or_warning(r->sw) && !protected_put(s, r, out))
		return false;
	wr_u16(out, r->sw);
	return wr_ok(out);
}

static enum scp_verdict open_response(struct scp *s, const struct rapdu *r, struct wr *data)
{
	struct span body = r->data;
	uint8_t full[16];

	if ((s->level & LEVEL_RMAC) != 0 && sw_is_success_or_warning(r->sw)) {
		if (r->data.n < s->m)
			return SCP_MALFORMED;
		body = span_sub(r->data, 0, r->data.n - s->m);
		if (!response_mac(&s->u.scp03, body, r->sw, full))
			return SCP_FAILED;
		if (!ct_equal(span_sub(r->data, body.n, s->m), span_of(full, s->m)))
			return SCP_BAD_MAC;
	} else if ((s->level & LEVEL_RMAC) != 0 && r->data.n > 0) {
		return SCP_MALFORMED;
	}
	return body_get(s, s->u.scp03.counter, true, body, data);
}

static void forget(struct scp *s)
{
	aes_wipe(&s->u.scp03.enc);
	aes_wipe(&s->u.scp03.mac);
	aes_wipe(&s->u.scp03.rmac);
}

const struct scp_ops scp03_ops = {
	.protocol = PROTOCOL_SCP03,
	.extended = true,
	.block = AES_BLOCK,
	.i_valid = i_valid,
	.level_valid = level_valid,
	.i_most = I_MOST,
	.begin = begin,
	.cryptogram = cryptogram,
	.command_mac = command_mac,
	.opened = opened,
	.seal_command = seal_command,
	.open_command = open_command,
	.seal_response = seal_response,
	.open_response = open_response,
	.wipe = forget,
};
