#include <string.h>

#include "scp/scp.h"
#include "scp/secured.h"

static const uint8_t zero[SCP01_MAC];

static bool i_valid(uint8_t i)
{
	return i == 0x05 || i == 0x15;
}

static bool level_valid(uint8_t level, uint8_t i)
{
	(void)i;
	return level == LEVEL_AUTHENTICATED || level == LEVEL_CMAC ||
	       level == (LEVEL_CDEC | LEVEL_CMAC);
}

/* D.4.1: both halves of a key are static key over halves of both challenges. */
static bool derive(struct des *d, const struct key *from, struct span data)
{
	SECRET_KEY(k);

	k.n = DES3_KEY;
	return data.n == DES3_KEY && des_set_key(d, from) && des_ecb(d, ENCRYPT, data, k.b) &&
	       des_set_key(d, &k);
}

static bool begin(struct scp *scp, const struct scp_start *a)
{
	struct scp01 *s = &scp->u.scp01;
	uint8_t data[DES3_KEY];
	struct wr w = wr_fixed(data, sizeof(data));

	s->dek = a->keys->dek;
	wipe(s->icv, sizeof(s->icv));
	wr_put(&w, span_sub(a->card_challenge, 4, 4));
	wr_put(&w, span_sub(a->host_challenge, 0, 4));
	wr_put(&w, span_sub(a->card_challenge, 0, 4));
	wr_put(&w, span_sub(a->host_challenge, 4, 4));
	return wr_ok(&w) && i_valid(scp->i) && scp->m == SCP01_MAC && s->dek.n == DES3_KEY &&
	       derive(&s->enc, &a->keys->enc, wr_span(&w)) &&
	       derive(&s->mac, &a->keys->mac, wr_span(&w));
}

static bool cryptogram(struct scp *scp, const struct scp_start *a, enum scp_role who, uint8_t *out)
{
	const struct span parts[] = { who == ROLE_CARD ? a->host_challenge : a->card_challenge,
		who == ROLE_CARD ? a->card_challenge : a->host_challenge };

	return des_mac_full(&scp->u.scp01.enc, zero, parts, 2, out);
}

/* Chained to the MAC before; only behind EXTERNAL AUTHENTICATE is there one to encrypt. */
static bool command_mac(
    struct scp *scp, const struct capdu *c, struct span plain, uint8_t full[static 16])
{
	struct scp01 *s = &scp->u.scp01;
	uint8_t header[5], icv[SCP01_MAC];
	struct wr w = wr_fixed(header, sizeof(header));

	secured_head_put(&w, cla_mac_form(c->cla), c, plain.n + SCP01_MAC);
	memcpy(icv, s->icv, sizeof(icv));
	if (scp->open && (scp->i & SCP01_I_ICV_ENCRYPTION) != 0 &&
	    !des_ecb(&s->mac, ENCRYPT, SPAN(icv), icv))
		return false;
	return wr_ok(&w) &&
	       des_mac_full(&s->mac, icv, (const struct span[]){ wr_span(&w), plain }, 2, full);
}

static void advance(struct scp *scp, const uint8_t full[static 16])
{
	memcpy(scp->u.scp01.icv, full, SCP01_MAC);
}

/* Appends CBC(length | plain | padding where it is needed), or plain where nothing is encrypted. */
static bool body_put(struct scp *s, struct span plain, struct wr *out)
{
	size_t n = secured_body(s->level, plain.n, DES_BLOCK);
	uint8_t *p;
	struct wr w;

	if (n == plain.n) {
		wr_put(out, plain);
		return true;
	}
	p = wr_space(out, n);
	if (p == NULL)
		return false;
	w = wr_fixed(p, n);
	wr_lv(&w, plain);
	if (w.n < n)
		wr_u8(&w, 0x80);
	wr_fill(&w, 0, n - w.n);
	return wr_ok(&w) && des_cbc(&s->u.scp01.enc, ENCRYPT, zero, wr_span(&w), p);
}

static bool seal_command(struct scp *s, const struct capdu *c, struct wr *out)
{
	uint8_t mac[16];

	if ((s->level & LEVEL_CMAC) == 0)
		return bare_put(out, c);
	secured_head_put(
	    out, cla_add_sm(c->cla), c, secured_body(s->level, c->data.n, DES_BLOCK) + SCP01_MAC);
	if (!command_mac(s, c, c->data, mac) || !body_put(s, c->data, out))
		return false;
	wr_bytes(out, mac, SCP01_MAC);
	secured_le_put(out, s->level, c);
	if (!wr_ok(out))
		return false;
	advance(s, mac);
	return true;
}

/* Takes length and padding off what body_put made; what it holds goes to `out`. */
static enum scp_verdict body_get(struct scp *s, struct span body, struct wr *out)
{
	uint8_t clear[APDU_SHORT_DATA];
	enum scp_verdict v;
	struct span plain;
	struct rd r;

	if ((s->level & LEVEL_CDEC) == 0 || body.n == 0)
		return clear_put(out, body);
	if (body.n % DES_BLOCK != 0 || body.n > sizeof(clear))
		return SCP_MALFORMED;
	if (!des_cbc(&s->u.scp01.enc, DECRYPT, zero, body, clear))
		return SCP_FAILED;
	r = rd_of(span_of(clear, body.n));
	/* Another key, or another text: the MAC cannot be right. */
	if (!rd_lv(&r, &plain) || secured_body(s->level, plain.n, DES_BLOCK) != body.n)
		v = SCP_BAD_MAC;
	else
		v = clear_put(out, plain);
	wipe(clear, sizeof(clear));
	return v;
}

static enum scp_verdict open_command(
    struct scp *s, const struct capdu *c, struct capdu *plain, struct wr *data)
{
	size_t at = data->n, n = c->data.n;
	enum scp_verdict v;
	struct span clear;
	uint8_t mac[16];

	if ((s->level & LEVEL_CMAC) == 0)
		return bare_get(c, plain, data);
	v = body_get(s, span_sub(c->data, 0, n - SCP01_MAC), data);
	if (v != SCP_OK)
		return v;
	clear = span_sub(wr_span(data), at, data->n - at);
	if (!command_mac(s, c, clear, mac))
		return SCP_FAILED;
	if (!ct_equal(span_of(mac, SCP01_MAC), span_sub(c->data, n - SCP01_MAC, SCP01_MAC)))
		return SCP_BAD_MAC;
	advance(s, mac);
	*plain = *c;
	plain->cla = cla_drop_sm(c->cla);
	plain->data = clear;
	return SCP_OK;
}

/* Nothing protects an answer: it is only taken apart. */
static enum scp_verdict open_response(struct scp *s, const struct rapdu *r, struct wr *data)
{
	(void)s;
	return clear_put(data, r->data);
}

static void forget(struct scp *s)
{
	des_wipe(&s->u.scp01.enc);
	des_wipe(&s->u.scp01.mac);
}

const struct scp_ops scp01_ops = {
	.protocol = PROTOCOL_SCP01,
	.block = DES_BLOCK,
	.i_valid = i_valid,
	.level_valid = level_valid,
	.begin = begin,
	.cryptogram = cryptogram,
	.command_mac = command_mac,
	.opened = advance,
	.seal_command = seal_command,
	.open_command = open_command,
	.open_response = open_response,
	.wipe = forget,
};
