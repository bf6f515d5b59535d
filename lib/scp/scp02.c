#include <string.h>

#include "scp/scp.h"
#include "scp/secured.h"

/* Derivation constants of the session keys (E.4.1). */
enum { DERIVE_C_MAC = 0x0101, DERIVE_R_MAC = 0x0102, DERIVE_DEK = 0x0181, DERIVE_C_ENC = 0x0182 };

#define HEADER 5 /* CLA INS P1 P2 Lc: short length only */
#define I_RFU 0x80
#define EXPLICIT_MASK (I_RFU | SCP02_I_EXPLICIT | SCP02_I_UNMODIFIED | SCP02_I_ICV_AID)
#define IMPLICIT_MASK (EXPLICIT_MASK | SCP02_I_PSEUDO_RANDOM)

static const uint8_t zero[SCP02_MAC];

static bool is_explicit(uint8_t i)
{
	return (i & EXPLICIT_MASK) == SCP02_I_EXPLICIT;
}

static bool is_implicit(uint8_t i)
{
	return (i & IMPLICIT_MASK) == (SCP02_I_UNMODIFIED | SCP02_I_ICV_AID);
}

static bool i_valid(uint8_t i)
{
	return is_explicit(i) || is_implicit(i);
}

static bool level_valid(uint8_t level, uint8_t i)
{
	static const uint8_t legal[] = {
		LEVEL_AUTHENTICATED,
		LEVEL_CMAC,
		LEVEL_CDEC | LEVEL_CMAC,
		LEVEL_RMAC,
		LEVEL_RMAC | LEVEL_CMAC,
		LEVEL_RMAC | LEVEL_CDEC | LEVEL_CMAC,
	};

	if (memchr(legal, level, sizeof(legal)) == NULL)
		return false;
	return (level & LEVEL_RMAC) == 0 || (i & SCP02_I_RMAC) != 0;
}

/* ---- keys ---- */

/* 3DES-CBC under the static key; `d` is left with that key. */
static bool derive(struct des *d, const struct key *from, uint16_t constant,
    const uint8_t sequence[static 2], struct key *out)
{
	uint8_t data[DES3_KEY];
	struct wr w = wr_fixed(data, sizeof(data));

	wr_u16(&w, constant);
	wr_bytes(&w, sequence, 2);
	wr_fill(&w, 0, sizeof(data) - w.n);
	out->n = DES3_KEY;
	return wr_ok(&w) && des_set_key(d, from) && des_cbc(d, ENCRYPT, zero, SPAN(data), out->b);
}

static bool derive_into(
    struct des *d, const struct key *from, uint16_t constant, const uint8_t sequence[static 2])
{
	SECRET_KEY(k);

	return derive(d, from, constant, sequence, &k) && des_set_key(d, &k);
}

static const struct key *pick(const struct key_set *keys, const struct key *own, uint8_t i)
{
	return (i & SCP02_I_THREE_KEYS) != 0 ? own : &keys->enc;
}

/* A new session: nothing chained yet. */
static void start(struct scp02 *s)
{
	s->first = true;
	s->last_n = 0;
	wipe(s->icv, sizeof(s->icv));
	wipe(s->ricv, sizeof(s->ricv));
	wipe(s->last, sizeof(s->last));
}

static bool begin(struct scp *scp, const struct scp_start *a)
{
	struct scp02 *s = &scp->u.scp02;
	const struct key_set *keys = a->keys;
	const struct key *mac = pick(keys, &keys->mac, a->i);
	const uint8_t *sequence = a->card_challenge.p;

	start(s);
	/* The object of S-ENC serves for the DEK first: that session key is kept as octets. */
	return is_explicit(a->i) && scp->m == SCP02_MAC &&
	       derive(&s->enc, pick(keys, &keys->dek, a->i), DERIVE_DEK, sequence, &s->dek) &&
	       derive_into(&s->enc, &keys->enc, DERIVE_C_ENC, sequence) &&
	       derive_into(&s->mac, mac, DERIVE_C_MAC, sequence) &&
	       derive_into(&s->rmac, mac, DERIVE_R_MAC, sequence);
}

/* E.3.3: the first ICV is a MAC over the AID; the DEK comes from the counter as it is after the
 * first C-MAC. There is no encryption, and R-MAC only by BEGIN R-MAC SESSION. */
bool scp02_begin_implicit(struct scp *scp, const struct key_set *keys, uint8_t i,
    const uint8_t sequence[static 2], struct span aid)
{
	uint16_t next = (uint16_t)((sequence[0] << 8 | sequence[1]) + 1);
	const uint8_t counted[2] = { (uint8_t)(next >> 8), (uint8_t)next };
	struct scp02 *s = &scp->u.scp02;

	scp_become(scp, &scp02_ops, i, SCP02_MAC);
	start(s);
	if (is_implicit(i) && aid.n >= 5 && aid.n <= 16 && next != 0 &&
	    derive(&s->enc, pick(keys, &keys->dek, i), DERIVE_DEK, counted, &s->dek) &&
	    derive_into(&s->mac, pick(keys, &keys->mac, i), DERIVE_C_MAC, sequence) &&
	    des_mac_retail(&s->mac, zero, &aid, 1, s->icv)) {
		des_wipe(&s->enc);
		des_wipe(&s->rmac);
		scp->level = LEVEL_CMAC;
		scp->open = true;
		return true;
	}
	scp_wipe(scp);
	return false;
}

/* ---- authentication ---- */

bool scp02_card_challenge(struct scp *s, struct span aid, uint8_t out[static 6])
{
	uint8_t mac[SCP02_MAC];

	if (s->ops != &scp02_ops || aid.n < 5 || aid.n > 16 ||
	    !des_mac_retail(&s->u.scp02.mac, zero, &aid, 1, mac))
		return false;
	memcpy(out, mac, 6);
	return true;
}

static bool cryptogram(struct scp *s, const struct scp_start *a, enum scp_role who, uint8_t *out)
{
	const struct span parts[] = { who == ROLE_CARD ? a->host_challenge : a->card_challenge,
		who == ROLE_CARD ? a->card_challenge : a->host_challenge };

	return des_mac_full(&s->u.scp02.enc, zero, parts, 2, out);
}

/* The MAC of a command with ICV and header as they stand at the moment (E.3.4, E.4.4). The class
 * byte of `c` is that of the wire. */
static bool command_mac(
    struct scp *scp, const struct capdu *c, struct span plain, uint8_t full[static 16])
{
	bool modified = (scp->i & SCP02_I_UNMODIFIED) == 0;
	uint8_t cla = modified ? cla_mac_form(c->cla) : cla_with_channel(cla_drop_sm(c->cla), 0);
	uint8_t header[HEADER], icv[SCP02_MAC];
	struct wr w = wr_fixed(header, sizeof(header));
	struct scp02 *s = &scp->u.scp02;

	secured_head_put(&w, cla, c, plain.n + (modified ? SCP02_MAC : 0));
	memcpy(icv, s->icv, sizeof(icv));
	if (!s->first && (scp->i & SCP02_I_ICV_ENCRYPTION) != 0 && !des_single(&s->mac, icv, icv))
		return false;
	return wr_ok(&w) &&
	       des_mac_retail(&s->mac, icv, (const struct span[]){ wr_span(&w), plain }, 2, full);
}

static void advance(struct scp02 *s, const uint8_t *mac)
{
	memcpy(s->icv, mac, sizeof(s->icv));
	s->first = false;
}

/* The C-MAC of EXTERNAL AUTHENTICATE starts the chains of C-MAC and R-MAC (E.3.2). */
static void opened(struct scp *s, const uint8_t full[static 16])
{
	advance(&s->u.scp02, full);
	memcpy(s->u.scp02.ricv, full, SCP02_MAC);
}

/* ---- commands ---- */

/* Appends CBC(pad80(plain)), or plain as it is where the level does not encrypt it (E.4.6). */
static bool body_put(struct scp *s, struct span plain, struct wr *out)
{
	size_t n = secured_body(s->level, plain.n, DES_BLOCK);
	uint8_t *p;

	if (n == plain.n) {
		wr_put(out, plain);
		return true;
	}
	p = wr_space(out, n);
	return p != NULL && pad80_put(p, n, plain) &&
	       des_cbc(&s->u.scp02.enc, ENCRYPT, zero, span_of(p, n), p);
}

/* Keeps the command that an R-MAC will cover: without channel, SM bit and Le (E.4.5). */
static void keep_command(struct scp *scp, const struct capdu *c)
{
	struct scp02 *s = &scp->u.scp02;
	struct wr w = wr_fixed(s->last, sizeof(s->last));

	s->last_n = 0;
	if ((scp->level & LEVEL_RMAC) == 0)
		return;
	wr_u8(&w, cla_with_channel(cla_drop_sm(c->cla), 0));
	wr_u8(&w, c->ins);
	wr_u8(&w, c->p1);
	wr_u8(&w, c->p2);
	wr_lv(&w, c->data);
	if (wr_ok(&w))
		s->last_n = (uint16_t)w.n;
}

static bool seal_with_mac(struct scp *s, const struct capdu *c, struct wr *out)
{
	uint8_t mac[16];

	secured_head_put(
	    out, cla_add_sm(c->cla), c, secured_body(s->level, c->data.n, DES_BLOCK) + SCP02_MAC);
	if (!command_mac(s, c, c->data, mac) || !body_put(s, c->data, out))
		return false;
	wr_bytes(out, mac, SCP02_MAC);
	secured_le_put(out, s->level, c);
	if (!wr_ok(out))
		return false;
	advance(&s->u.scp02, mac);
	return true;
}

static bool seal_command(struct scp *s, const struct capdu *c, struct wr *out)
{
	if (!((s->level & LEVEL_CMAC) != 0 ? seal_with_mac(s, c, out) : bare_put(out, c)))
		return false;
	keep_command(s, c);
	return true;
}

/* Appends the plain data field, decrypted and its padding taken off where the level encrypts. */
static enum scp_verdict body_get(struct scp *s, struct span body, struct wr *data)
{
	size_t at = data->n, n;
	uint8_t *p;

	if ((s->level & LEVEL_CDEC) == 0 || body.n == 0)
		return clear_put(data, body);
	if (body.n % DES_BLOCK != 0)
		return SCP_MALFORMED;
	p = wr_space(data, body.n);
	if (p == NULL || !des_cbc(&s->u.scp02.enc, DECRYPT, zero, body, p))
		return SCP_FAILED;
	/* One block of padding at most: the C-MAC tells the length of the plain text only. */
	n = pad80_plain(p, body.n);
	if (n == 0 || body.n - n > DES_BLOCK)
		return SCP_MALFORMED;
	wr_cut(data, at + n);
	return SCP_OK;
}

/* Decryption first, because the C-MAC covers the plain text (E.4.6). */
static enum scp_verdict open_with_mac(
    struct scp *s, const struct capdu *c, struct capdu *plain, struct wr *data)
{
	size_t at = data->n, body_n = c->data.n - SCP02_MAC;
	enum scp_verdict v = body_get(s, span_sub(c->data, 0, body_n), data);
	struct span clear = span_sub(wr_span(data), at, data->n - at);
	uint8_t mac[16];

	if (v != SCP_OK)
		return v;
	if (!command_mac(s, c, clear, mac))
		return SCP_FAILED;
	if (!ct_equal(span_of(mac, SCP02_MAC), span_sub(c->data, body_n, SCP02_MAC)))
		return SCP_BAD_MAC;
	advance(&s->u.scp02, mac);
	*plain = *c;
	plain->cla = cla_drop_sm(c->cla);
	plain->data = clear;
	return SCP_OK;
}

static enum scp_verdict open_command(
    struct scp *s, const struct capdu *c, struct capdu *plain, struct wr *data)
{
	enum scp_verdict v = (s->level & LEVEL_CMAC) != 0 ? open_with_mac(s, c, plain, data)
							  : bare_get(c, plain, data);

	if (v == SCP_OK)
		keep_command(s, plain);
	return v;
}

/* ---- answers ---- */

/* The R-MAC of an answer to the command kept; an error has no data in it (E.4.5). */
static bool response_mac(struct scp02 *s, struct span data, uint16_t sw, uint8_t *mac)
{
	uint8_t status[2] = { (uint8_t)(sw >> 8), (uint8_t)sw };
	uint8_t li = (uint8_t)data.n;
	const struct span parts[] = { span_of(s->last, s->last_n), span_of(&li, 1), data,
		SPAN(status) };

	return s->last_n > 0 && des_mac_retail(&s->rmac, s->ricv, parts, 4, mac);
}

static void response_done(struct scp02 *s, const uint8_t *mac)
{
	memcpy(s->ricv, mac, sizeof(s->ricv));
	wipe(s->last, s->last_n);
	s->last_n = 0;
}

static bool seal_response(struct scp *s, const struct rapdu *r, struct wr *out)
{
	bool with_mac = (s->level & LEVEL_RMAC) != 0, good = sw_is_success_or_warning(r->sw);
	struct span body = with_mac && !good ? span_of(NULL, 0) : r->data;
	uint8_t mac[SCP02_MAC];

	if (with_mac && !response_mac(&s->u.scp02, body, r->sw, mac))
		return false;
	wr_put(out, body);
	if (with_mac && good)
		wr_bytes(out, mac, sizeof(mac));
	wr_u16(out, r->sw);
	if (!wr_ok(out))
		return false;
	if (with_mac)
		response_done(&s->u.scp02, mac);
	return true;
}

/* Splits the R-MAC from the data and checks it; an error may come without. `mac` is what comes
 * before the next one. */
static enum scp_verdict open_rmac(
    struct scp02 *s, const struct rapdu *r, struct span *body, uint8_t mac[static 8])
{
	size_t mac_n = sw_is_success_or_warning(r->sw) || r->data.n > 0 ? SCP02_MAC : 0;
	struct span got;

	if (r->data.n < mac_n || (!sw_is_success_or_warning(r->sw) && r->data.n > mac_n))
		return SCP_MALFORMED;
	*body = span_sub(r->data, 0, r->data.n - mac_n);
	got = span_sub(r->data, body->n, mac_n);
	if (!response_mac(s, *body, r->sw, mac))
		return SCP_FAILED;
	return mac_n == 0 || ct_equal(got, span_of(mac, SCP02_MAC)) ? SCP_OK : SCP_BAD_MAC;
}

static enum scp_verdict open_response(struct scp *s, const struct rapdu *r, struct wr *data)
{
	uint8_t mac[SCP02_MAC];
	enum scp_verdict v;
	struct span body;

	if ((s->level & LEVEL_RMAC) == 0)
		return clear_put(data, r->data);
	v = open_rmac(&s->u.scp02, r, &body, mac);
	if (v == SCP_OK)
		v = clear_put(data, body);
	if (v == SCP_OK)
		response_done(&s->u.scp02, mac);
	return v;
}

static void forget(struct scp *s)
{
	des_wipe(&s->u.scp02.enc);
	des_wipe(&s->u.scp02.mac);
	des_wipe(&s->u.scp02.rmac);
}

const struct scp_ops scp02_ops = {
	.protocol = PROTOCOL_SCP02,
	.block = DES_BLOCK,
	.i_valid = i_valid,
	.level_valid = level_valid,
	.i_most = SCP02_I_RMAC,
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
