#include "scp/scp02.h"

#include <string.h>

/* Derivation constants of the session keys (E.4.1). */
enum { DERIVE_C_MAC = 0x0101, DERIVE_R_MAC = 0x0102, DERIVE_DEK = 0x0181, DERIVE_C_ENC = 0x0182 };

#define CLA_EXTERNAL_AUTHENTICATE 0x84
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

bool scp02_i_valid(uint8_t i)
{
	return is_explicit(i) || is_implicit(i);
}

bool scp02_level_valid(uint8_t level, uint8_t i)
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
	return wr_ok(&w) && des_set_key(d, from) && des_cbc(d, true, zero, SPAN(data), out->b);
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

static void start(struct scp02 *s, uint8_t i)
{
	s->i = i;
	s->level = LEVEL_AUTHENTICATED;
	s->open = false;
	s->first = true;
	s->last_n = 0;
	wipe(s->icv, sizeof(s->icv));
	wipe(s->ricv, sizeof(s->ricv));
	wipe(s->last, sizeof(s->last));
}

bool scp02_begin(
    struct scp02 *s, const struct key_set *keys, uint8_t i, const uint8_t sequence[static 2])
{
	const struct key *mac = pick(keys, &keys->mac, i);

	start(s, i);
	/* The object of S-ENC serves for the DEK first: that session key is kept as octets. */
	if (is_explicit(i) &&
	    derive(&s->enc, pick(keys, &keys->dek, i), DERIVE_DEK, sequence, &s->dek) &&
	    derive_into(&s->enc, &keys->enc, DERIVE_C_ENC, sequence) &&
	    derive_into(&s->mac, mac, DERIVE_C_MAC, sequence) &&
	    derive_into(&s->rmac, mac, DERIVE_R_MAC, sequence))
		return true;
	scp02_wipe(s);
	return false;
}

/* E.3.3: the first ICV is a MAC over the AID; the DEK comes from the counter as it is after the
 * first C-MAC. There is no encryption, and R-MAC only by BEGIN R-MAC SESSION. */
bool scp02_begin_implicit(struct scp02 *s, const struct key_set *keys, uint8_t i,
    const uint8_t sequence[static 2], struct span aid)
{
	uint16_t next = (uint16_t)((sequence[0] << 8 | sequence[1]) + 1);
	const uint8_t counted[2] = { (uint8_t)(next >> 8), (uint8_t)next };

	start(s, i);
	if (is_implicit(i) && aid.n >= 5 && aid.n <= 16 && next != 0 &&
	    derive(&s->enc, pick(keys, &keys->dek, i), DERIVE_DEK, counted, &s->dek) &&
	    derive_into(&s->mac, pick(keys, &keys->mac, i), DERIVE_C_MAC, sequence) &&
	    des_mac_retail(&s->mac, zero, &aid, 1, s->icv)) {
		des_wipe(&s->enc);
		des_wipe(&s->rmac);
		s->level = LEVEL_CMAC;
		s->open = true;
		return true;
	}
	scp02_wipe(s);
	return false;
}

/* ---- authentication ---- */

bool scp02_card_challenge(struct scp02 *s, struct span aid, uint8_t out[static 6])
{
	uint8_t mac[SCP02_MAC];

	if (aid.n < 5 || aid.n > 16 || !des_mac_retail(&s->mac, zero, &aid, 1, mac))
		return false;
	memcpy(out, mac, 6);
	return true;
}

bool scp02_cryptogram(struct scp02 *s, enum scp03_who who, struct span host_challenge,
    struct span card_challenge, uint8_t *out)
{
	const struct span parts[] = { who == SCP03_CARD ? host_challenge : card_challenge,
		who == SCP03_CARD ? card_challenge : host_challenge };

	return host_challenge.n == SCP02_MAC && card_challenge.n == SCP02_MAC &&
	       des_mac_full(&s->enc, zero, parts, 2, out);
}

/* The MAC of a command with ICV and header as they stand at the moment (E.3.4, E.4.4). The class
 * byte of `c` is that of the wire. */
static bool command_mac(struct scp02 *s, const struct capdu *c, struct span plain, uint8_t *mac)
{
	bool modified = (s->i & SCP02_I_UNMODIFIED) == 0;
	uint8_t cla = modified ? cla_mac_form(c->cla) : cla_with_channel(cla_drop_sm(c->cla), 0);
	uint8_t header[HEADER] = { cla, c->ins, c->p1, c->p2,
		(uint8_t)(plain.n + (modified ? SCP02_MAC : 0)) };
	const struct span parts[] = { SPAN(header), plain };
	uint8_t icv[SCP02_MAC];

	memcpy(icv, s->icv, sizeof(icv));
	if (!s->first && (s->i & SCP02_I_ICV_ENCRYPTION) != 0 && !des_single(&s->mac, icv, icv))
		return false;
	return des_mac_retail(&s->mac, icv, parts, 2, mac);
}

static void advance(struct scp02 *s, const uint8_t *mac)
{
	memcpy(s->icv, mac, sizeof(s->icv));
	s->first = false;
}

/* The C-MAC of EXTERNAL AUTHENTICATE starts the chains of C-MAC and R-MAC (E.3.2). */
static void open_session(struct scp02 *s, uint8_t level, const uint8_t *mac)
{
	advance(s, mac);
	memcpy(s->ricv, mac, sizeof(s->ricv));
	s->level = level;
	s->open = true;
}

bool scp02_host_authenticate(struct scp02 *s, uint8_t level, uint8_t channel,
    struct span host_challenge, struct span card_challenge, struct wr *command)
{
	struct capdu c = { .cla = cla_with_channel(CLA_EXTERNAL_AUTHENTICATE, channel),
		.ins = INS_EXTERNAL_AUTHENTICATE,
		.p1 = level };
	uint8_t data[2 * SCP02_MAC];
	size_t at = command->n;

	if (s->open || !is_explicit(s->i) || !scp02_level_valid(level, SCP02_I_RMAC) ||
	    !scp02_cryptogram(s, SCP03_HOST, host_challenge, card_challenge, data) ||
	    !command_mac(s, &c, span_of(data, SCP02_MAC), &data[SCP02_MAC]))
		return false;
	c.data = SPAN(data);
	capdu_put(command, &c);
	if (!wr_ok(command)) {
		wr_cut(command, at);
		return false;
	}
	open_session(s, level, &data[SCP02_MAC]);
	return true;
}

/* The C-MAC does not cover all bits of the class byte, so the others must be as they can only be.
 */
static bool protected_class(uint8_t cla)
{
	return cla_valid(cla) && cla_is_sm(cla);
}

enum scp03_verdict scp02_card_authenticate(
    struct scp02 *s, const struct capdu *c, struct span host_challenge, struct span card_challenge)
{
	struct span cryptogram = span_sub(c->data, 0, SCP02_MAC);
	struct span mac = span_sub(c->data, SCP02_MAC, SCP02_MAC);
	uint8_t want[SCP02_MAC], full[SCP02_MAC];

	if (s->open || !is_explicit(s->i))
		return SCP03_FAILED;
	if (!protected_class(c->cla) || c->ins != INS_EXTERNAL_AUTHENTICATE || c->p2 != 0 ||
	    c->extended || c->data.n != sizeof(want) + sizeof(full) ||
	    !scp02_level_valid(c->p1, SCP02_I_RMAC))
		return SCP03_MALFORMED;
	if (!command_mac(s, c, cryptogram, full) ||
	    !scp02_cryptogram(s, SCP03_HOST, host_challenge, card_challenge, want))
		return SCP03_FAILED;
	if (!ct_equal(mac, SPAN(full)))
		return SCP03_BAD_MAC;
	if (!ct_equal(cryptogram, SPAN(want)))
		return SCP03_BAD_CRYPTOGRAM;
	open_session(s, c->p1, full);
	return SCP03_OK;
}

/* ---- commands ---- */

size_t scp02_max_data(uint8_t level)
{
	size_t room = APDU_SHORT_DATA - SCP02_MAC;

	if ((level & LEVEL_CMAC) == 0)
		return APDU_SHORT_DATA;
	if ((level & LEVEL_CDEC) == 0)
		return room;
	return room / DES_BLOCK * DES_BLOCK - 1; /* one octet of padding at least */
}

/* Length of the data field before the C-MAC (E.4.6): what is empty is not encrypted. */
static size_t body_length(const struct scp02 *s, size_t n)
{
	return (s->level & LEVEL_CDEC) != 0 && n > 0 ? (n / DES_BLOCK + 1) * DES_BLOCK : n;
}

/* Appends CBC(pad80(plain)), or plain as it is where the level does not encrypt it. */
static bool body_put(struct scp02 *s, struct span plain, struct wr *out)
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
	wr_put(&w, plain);
	wr_u8(&w, 0x80);
	wr_fill(&w, 0, n - w.n);
	return wr_ok(&w) && des_cbc(&s->enc, true, zero, wr_span(&w), p);
}

/* Keeps the command that an R-MAC will cover: without channel, SM bit and Le (E.4.5). */
static void keep_command(struct scp02 *s, const struct capdu *c)
{
	struct wr w = wr_fixed(s->last, sizeof(s->last));

	s->last_n = 0;
	if ((s->level & LEVEL_RMAC) == 0)
		return;
	wr_u8(&w, cla_with_channel(cla_drop_sm(c->cla), 0));
	wr_u8(&w, c->ins);
	wr_u8(&w, c->p1);
	wr_u8(&w, c->p2);
	wr_lv(&w, c->data);
	if (wr_ok(&w))
		s->last_n = (uint16_t)w.n;
}

static bool seal_bare(const struct capdu *c, struct wr *out)
{
	size_t at = out->n;

	capdu_put(out, c);
	if (wr_ok(out))
		return true;
	wr_cut(out, at);
	return false;
}

static bool seal_with_mac(struct scp02 *s, const struct capdu *c, struct wr *out)
{
	size_t at = out->n;
	uint8_t mac[SCP02_MAC];

	wr_u8(out, cla_add_sm(c->cla));
	wr_u8(out, c->ins);
	wr_u8(out, c->p1);
	wr_u8(out, c->p2);
	wr_u8(out, (uint8_t)(body_length(s, c->data.n) + SCP02_MAC));
	if (!command_mac(s, c, c->data, mac) || !body_put(s, c->data, out))
		goto fail;
	wr_bytes(out, mac, sizeof(mac));
	/* With R-MAC the answer is longer than the plain one: ask for the most. */
	if (c->le != LE_NONE)
		wr_u8(out, (s->level & LEVEL_RMAC) != 0 ? 0 : (uint8_t)c->le);
	if (!wr_ok(out))
		goto fail;
	advance(s, mac);
	return true;
fail:
	wr_cut(out, at);
	return false;
}

bool scp02_seal_command(struct scp02 *s, const struct capdu *c, struct wr *out)
{
	bool with_mac = (s->level & LEVEL_CMAC) != 0;

	if (!s->open || c->extended || c->data.n > scp02_max_data(s->level) ||
	    c->le > LE_MAX_SHORT || (with_mac && cla_is_sm(c->cla)))
		return false;
	if (!(with_mac ? seal_with_mac(s, c, out) : seal_bare(c, out)))
		return false;
	keep_command(s, c);
	return true;
}

/* Appends the plain data field, decrypted and its padding taken off where the level encrypts. */
static enum scp03_verdict open_body(struct scp02 *s, struct span body, struct wr *data)
{
	size_t at = data->n, n = body.n;
	uint8_t *p;

	if ((s->level & LEVEL_CDEC) == 0 || n == 0) {
		wr_put(data, body);
		return wr_ok(data) ? SCP03_OK : SCP03_FAILED;
	}
	if (n % DES_BLOCK != 0)
		return SCP03_MALFORMED;
	p = wr_space(data, n);
	if (p == NULL || !des_cbc(&s->enc, false, zero, body, p))
		return SCP03_FAILED;
	for (n--; n > 0 && p[n] == 0; n--)
		;
	/* What is empty is not encrypted, and padding is one block at most: the C-MAC tells the
	 * length of the plain text only. */
	if (n == 0 || p[n] != 0x80 || body.n - n > DES_BLOCK)
		return SCP03_MALFORMED;
	wr_cut(data, at + n);
	return SCP03_OK;
}

/* Without C-MAC: nothing to check, but nothing may claim to be protected either. */
static enum scp03_verdict open_bare(
    struct scp02 *s, const struct capdu *c, struct capdu *plain, struct wr *data)
{
	size_t at = data->n;

	if (cla_is_sm(c->cla))
		return SCP03_MALFORMED;
	wr_put(data, c->data);
	if (!wr_ok(data))
		return SCP03_FAILED;
	*plain = *c;
	plain->data = span_sub(wr_span(data), at, c->data.n);
	keep_command(s, plain);
	return SCP03_OK;
}

/* The plain data field stands at the end of `data`; is the MAC that of the command? */
static enum scp03_verdict check_mac(
    struct scp02 *s, const struct capdu *c, struct span clear, struct span mac)
{
	uint8_t want[SCP02_MAC];

	if (!command_mac(s, c, clear, want))
		return SCP03_FAILED;
	if (!ct_equal(mac, SPAN(want)))
		return SCP03_BAD_MAC;
	advance(s, want);
	return SCP03_OK;
}

enum scp03_verdict scp02_open_command(
    struct scp02 *s, const struct capdu *c, struct capdu *plain, struct wr *data)
{
	size_t at = data->n;
	enum scp03_verdict v;
	struct span body, clear;

	if (!s->open)
		return SCP03_FAILED;
	if (c->extended)
		return SCP03_MALFORMED;
	if ((s->level & LEVEL_CMAC) == 0)
		return open_bare(s, c, plain, data);
	if (!protected_class(c->cla) || c->data.n < SCP02_MAC)
		return SCP03_MALFORMED;
	body = span_sub(c->data, 0, c->data.n - SCP02_MAC);
	/* Decryption first, because the C-MAC covers the plain text (E.4.6). */
	v = open_body(s, body, data);
	clear = span_sub(wr_span(data), at, data->n - at);
	if (v == SCP03_OK)
		v = check_mac(s, c, clear, span_sub(c->data, body.n, SCP02_MAC));
	if (v != SCP03_OK) {
		wr_cut(data, at);
		return v;
	}
	*plain = *c;
	plain->cla = cla_drop_sm(c->cla);
	plain->data = clear;
	keep_command(s, plain);
	return SCP03_OK;
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

bool scp02_seal_response(struct scp02 *s, const struct rapdu *r, struct wr *out)
{
	bool with_mac = (s->level & LEVEL_RMAC) != 0, good = sw_is_success_or_warning(r->sw);
	struct span body = with_mac && !good ? span_of(NULL, 0) : r->data;
	uint8_t mac[SCP02_MAC];
	size_t at = out->n;

	if (!s->open || (with_mac && !response_mac(s, body, r->sw, mac)))
		return false;
	wr_put(out, body);
	if (with_mac && good)
		wr_bytes(out, mac, sizeof(mac));
	wr_u16(out, r->sw);
	if (!wr_ok(out)) {
		wr_cut(out, at);
		return false;
	}
	if (with_mac)
		response_done(s, mac);
	return true;
}

/* Splits the R-MAC from the data and checks it; an error may come without. `mac` is what comes
 * before the next one. */
static enum scp03_verdict open_rmac(
    struct scp02 *s, const struct rapdu *r, struct span *body, uint8_t mac[static 8])
{
	size_t mac_n = sw_is_success_or_warning(r->sw) || r->data.n > 0 ? SCP02_MAC : 0;
	struct span got;

	if (r->data.n < mac_n || (!sw_is_success_or_warning(r->sw) && r->data.n > mac_n))
		return SCP03_MALFORMED;
	*body = span_sub(r->data, 0, r->data.n - mac_n);
	got = span_sub(r->data, body->n, mac_n);
	if (!response_mac(s, *body, r->sw, mac))
		return SCP03_FAILED;
	return mac_n == 0 || ct_equal(got, span_of(mac, SCP02_MAC)) ? SCP03_OK : SCP03_BAD_MAC;
}

enum scp03_verdict scp02_open_response(
    struct scp02 *s, struct span response, struct rapdu *plain, struct wr *data)
{
	bool with_mac = (s->level & LEVEL_RMAC) != 0;
	uint8_t mac[SCP02_MAC];
	size_t at = data->n;
	enum scp03_verdict v;
	struct span body;
	struct rapdu r;

	if (!s->open)
		return SCP03_FAILED;
	if (!rapdu_get(response, &r))
		return SCP03_MALFORMED;
	body = r.data;
	v = with_mac ? open_rmac(s, &r, &body, mac) : SCP03_OK;
	if (v != SCP03_OK)
		return v;
	wr_put(data, body);
	if (!wr_ok(data)) {
		wr_cut(data, at);
		return SCP03_FAILED;
	}
	if (with_mac)
		response_done(s, mac);
	plain->sw = r.sw;
	plain->data = span_sub(wr_span(data), at, body.n);
	return SCP03_OK;
}

void scp02_wipe(struct scp02 *s)
{
	des_wipe(&s->enc);
	des_wipe(&s->mac);
	des_wipe(&s->rmac);
	wipe(s, sizeof(*s));
}
