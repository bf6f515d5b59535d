#include "scp/scp01.h"

#include <string.h>

#define CLA_EXTERNAL_AUTHENTICATE 0x84
#define HEADER 5 /* CLA INS P1 P2 Lc: short length only */

static const uint8_t zero[SCP01_MAC];

bool scp01_i_valid(uint8_t i)
{
	return i == 0x05 || i == 0x15;
}

bool scp01_level_valid(uint8_t level)
{
	return level == LEVEL_AUTHENTICATED || level == LEVEL_CMAC ||
	       level == (LEVEL_CDEC | LEVEL_CMAC);
}

/* D.4.1: both halves of a key are static key over halves of both challenges. */
static bool derive(struct des *d, const struct key *from, struct span data)
{
	SECRET_KEY(k);

	k.n = DES3_KEY;
	return data.n == DES3_KEY && des_set_key(d, from) && des_ecb(d, true, data, k.b) &&
	       des_set_key(d, &k);
}

bool scp01_begin(struct scp01 *s, const struct key_set *keys, uint8_t i, struct span host_challenge,
    struct span card_challenge)
{
	uint8_t data[DES3_KEY];
	struct wr w = wr_fixed(data, sizeof(data));

	s->i = i;
	s->level = LEVEL_AUTHENTICATED;
	s->open = false;
	s->dek = keys->dek;
	wipe(s->icv, sizeof(s->icv));
	wr_put(&w, span_sub(card_challenge, 4, 4));
	wr_put(&w, span_sub(host_challenge, 0, 4));
	wr_put(&w, span_sub(card_challenge, 0, 4));
	wr_put(&w, span_sub(host_challenge, 4, 4));
	if (wr_ok(&w) && scp01_i_valid(i) && host_challenge.n == SCP01_MAC &&
	    card_challenge.n == SCP01_MAC && keys->dek.n == DES3_KEY &&
	    derive(&s->enc, &keys->enc, wr_span(&w)) && derive(&s->mac, &keys->mac, wr_span(&w)))
		return true;
	scp01_wipe(s);
	return false;
}

bool scp01_cryptogram(struct scp01 *s, enum scp03_who who, struct span host_challenge,
    struct span card_challenge, uint8_t *out)
{
	const struct span parts[] = { who == SCP03_CARD ? host_challenge : card_challenge,
		who == SCP03_CARD ? card_challenge : host_challenge };

	return host_challenge.n == SCP01_MAC && card_challenge.n == SCP01_MAC &&
	       des_mac_full(&s->enc, zero, parts, 2, out);
}

/* Chained to the MAC before; only behind EXTERNAL AUTHENTICATE is there one to encrypt. */
static bool command_mac(struct scp01 *s, const struct capdu *c, uint8_t *mac)
{
	uint8_t header[HEADER] = { cla_mac_form(c->cla), c->ins, c->p1, c->p2,
		(uint8_t)(c->data.n + SCP01_MAC) };
	const struct span parts[] = { SPAN(header), c->data };
	uint8_t icv[SCP01_MAC];

	memcpy(icv, s->icv, sizeof(icv));
	if (s->open && (s->i & SCP01_I_ICV_ENCRYPTION) != 0 &&
	    !des_ecb(&s->mac, true, SPAN(icv), icv))
		return false;
	return des_mac_full(&s->mac, icv, parts, 2, mac);
}

bool scp01_host_authenticate(struct scp01 *s, uint8_t level, uint8_t channel,
    struct span host_challenge, struct span card_challenge, struct wr *command)
{
	struct capdu c = { .cla = cla_with_channel(CLA_EXTERNAL_AUTHENTICATE, channel),
		.ins = INS_EXTERNAL_AUTHENTICATE,
		.p1 = level };
	uint8_t data[2 * SCP01_MAC];
	size_t at = command->n;

	c.data = span_of(data, SCP01_MAC);
	if (s->open || !scp01_level_valid(level) ||
	    !scp01_cryptogram(s, SCP03_HOST, host_challenge, card_challenge, data) ||
	    !command_mac(s, &c, &data[SCP01_MAC]))
		return false;
	c.data = SPAN(data);
	capdu_put(command, &c);
	if (!wr_ok(command)) {
		wr_cut(command, at);
		return false;
	}
	memcpy(s->icv, &data[SCP01_MAC], sizeof(s->icv));
	s->level = level;
	s->open = true;
	return true;
}

size_t scp01_max_data(uint8_t level)
{
	size_t room = APDU_SHORT_DATA - SCP01_MAC;

	if ((level & LEVEL_CMAC) == 0)
		return APDU_SHORT_DATA;
	if ((level & LEVEL_CDEC) == 0)
		return room;
	return room / DES_BLOCK * DES_BLOCK - 1; /* one octet of length in front */
}

/* Length of the data field before the C-MAC; what is empty is not encrypted. */
static size_t body_length(const struct scp01 *s, size_t n)
{
	return (s->level & LEVEL_CDEC) != 0 && n > 0 ? (n / DES_BLOCK + 1) * DES_BLOCK : n;
}

/* Appends CBC(length | plain | padding where it is needed), or plain where nothing is encrypted. */
static bool body_put(struct scp01 *s, struct span plain, struct wr *out)
{
	size_t n = body_length(s, plain.n);
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
	return wr_ok(&w) && des_cbc(&s->enc, true, zero, wr_span(&w), p);
}

bool scp01_seal_command(struct scp01 *s, const struct capdu *c, struct wr *out)
{
	bool with_mac = (s->level & LEVEL_CMAC) != 0;
	size_t at = out->n;
	uint8_t mac[SCP01_MAC];

	if (!s->open || c->extended || c->data.n > scp01_max_data(s->level) ||
	    c->le > LE_MAX_SHORT || (with_mac && cla_is_sm(c->cla)))
		return false;
	if (!with_mac) {
		capdu_put(out, c);
	} else {
		wr_u8(out, cla_add_sm(c->cla));
		wr_u8(out, c->ins);
		wr_u8(out, c->p1);
		wr_u8(out, c->p2);
		wr_u8(out, (uint8_t)(body_length(s, c->data.n) + SCP01_MAC));
		if (!command_mac(s, c, mac) || !body_put(s, c->data, out))
			goto fail;
		wr_bytes(out, mac, sizeof(mac));
		if (c->le != LE_NONE)
			wr_u8(out, (uint8_t)c->le);
	}
	if (!wr_ok(out))
		goto fail;
	if (with_mac)
		memcpy(s->icv, mac, sizeof(s->icv));
	return true;
fail:
	wr_cut(out, at);
	return false;
}

enum scp03_verdict scp01_card_authenticate(
    struct scp01 *s, const struct capdu *c, struct span host_challenge, struct span card_challenge)
{
	struct capdu bare = *c;
	uint8_t mac[SCP01_MAC], want[SCP01_MAC];

	if (s->open)
		return SCP03_FAILED;
	if (c->data.n != 2 * SCP01_MAC || !scp01_level_valid(c->p1))
		return SCP03_MALFORMED;
	bare.data = span_sub(c->data, 0, SCP01_MAC);
	if (!command_mac(s, &bare, mac) ||
	    !scp01_cryptogram(s, SCP03_HOST, host_challenge, card_challenge, want))
		return SCP03_FAILED;
	if (!ct_equal(SPAN(mac), span_sub(c->data, SCP01_MAC, SCP01_MAC)))
		return SCP03_BAD_MAC;
	if (!ct_equal(SPAN(want), bare.data))
		return SCP03_BAD_CRYPTOGRAM;
	memcpy(s->icv, mac, sizeof(s->icv));
	s->level = c->p1;
	s->open = true;
	return SCP03_OK;
}

/* Takes length and padding off what body_put made; what it holds goes to `out`. */
static enum scp03_verdict body_get(
    struct scp01 *s, struct span body, struct wr *out, struct span *plain)
{
	uint8_t clear[APDU_SHORT_DATA];
	size_t at = out->n;
	struct rd r;

	*plain = body;
	if ((s->level & LEVEL_CDEC) != 0 && body.n > 0) {
		if (body.n % DES_BLOCK != 0 || body.n > sizeof(clear))
			return SCP03_MALFORMED;
		if (!des_cbc(&s->enc, false, zero, body, clear))
			return SCP03_FAILED;
		r = rd_of(span_of(clear, body.n));
		if (!rd_lv(&r, plain) || body_length(s, plain->n) != body.n)
			return SCP03_BAD_MAC; /* another key, or another text: the MAC cannot be
						 right */
	}
	wr_put(out, *plain);
	*plain = span_sub(wr_span(out), at, plain->n);
	wipe(clear, sizeof(clear));
	return wr_ok(out) ? SCP03_OK : SCP03_FAILED;
}

enum scp03_verdict scp01_open_command(
    struct scp01 *s, const struct capdu *c, struct capdu *plain, struct wr *data)
{
	size_t n = c->data.n;
	struct capdu bare = *c;
	enum scp03_verdict v;
	uint8_t mac[SCP01_MAC];

	if (!s->open)
		return SCP03_FAILED;
	if ((s->level & LEVEL_CMAC) == 0) {
		v = body_get(s, c->data, data, &bare.data);
		*plain = bare;
		return v;
	}
	if (!cla_is_sm(c->cla) || n < SCP01_MAC || c->extended)
		return SCP03_MALFORMED;
	v = body_get(s, span_sub(c->data, 0, n - SCP01_MAC), data, &bare.data);
	if (v != SCP03_OK)
		return v;
	if (!command_mac(s, &bare, mac))
		return SCP03_FAILED;
	if (!ct_equal(SPAN(mac), span_sub(c->data, n - SCP01_MAC, SCP01_MAC)))
		return SCP03_BAD_MAC;
	memcpy(s->icv, mac, sizeof(s->icv));
	bare.cla = cla_drop_sm(c->cla);
	*plain = bare;
	return SCP03_OK;
}

enum scp03_verdict scp01_open_response(
    struct scp01 *s, struct span response, struct rapdu *plain, struct wr *data)
{
	size_t at = data->n;
	struct rapdu r;

	if (!s->open)
		return SCP03_FAILED;
	if (!rapdu_get(response, &r))
		return SCP03_MALFORMED;
	wr_put(data, r.data);
	if (!wr_ok(data)) {
		wr_cut(data, at);
		return SCP03_FAILED;
	}
	plain->sw = r.sw;
	plain->data = span_sub(wr_span(data), at, r.data.n);
	return SCP03_OK;
}

void scp01_wipe(struct scp01 *s)
{
	des_wipe(&s->enc);
	des_wipe(&s->mac);
	wipe(s, sizeof(*s));
}
