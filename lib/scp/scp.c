#include "scp/scp.h"

#include <strings.h>

#include "scp/secured.h"

enum { CLA_EXTERNAL_AUTHENTICATE = 0x84, LC_MAX_EXTENDED = 65535 };

static const struct scp_ops *const protocols[] = {
	[PROTOCOL_SCP01] = &scp01_ops,
	[PROTOCOL_SCP02] = &scp02_ops,
	[PROTOCOL_SCP03] = &scp03_ops,
};

static const char *const names[] = { "no protocol", "SCP01", "SCP02", "SCP03" };

bool scp_protocol_from(const char *name, enum scp_protocol *p)
{
	for (size_t i = PROTOCOL_SCP01; i <= PROTOCOL_SCP03; i++) {
		if (strcasecmp(name, names[i]) != 0)
			continue;
		*p = (enum scp_protocol)i;
		return true;
	}
	return false;
}

const char *scp_protocol_str(enum scp_protocol p)
{
	return names[p];
}

/* NULL: no such protocol. */
static const struct scp_ops *ops_of(enum scp_protocol p)
{
	return (size_t)p < sizeof(protocols) / sizeof(protocols[0]) ? protocols[p] : NULL;
}

bool scp_i_valid(enum scp_protocol p, uint8_t i)
{
	return ops_of(p) != NULL && ops_of(p)->i_valid(i);
}

bool scp_level_valid(enum scp_protocol p, uint8_t level, uint8_t i)
{
	return ops_of(p) != NULL && ops_of(p)->level_valid(level, i);
}

size_t scp_max_data_at(enum scp_protocol p, uint8_t level, uint8_t m)
{
	return ops_of(p) == NULL ? APDU_SHORT_DATA : secured_max_data(level, m, ops_of(p)->block);
}

/* ---- opening ---- */

void scp_become(struct scp *s, const struct scp_ops *ops, uint8_t i, uint8_t m)
{
	if (s->ops != ops)
		scp_wipe(s);
	s->ops = ops;
	s->i = i;
	s->m = m;
	s->level = LEVEL_AUTHENTICATED;
	s->open = false;
}

bool scp_begin(struct scp *s, const struct scp_start *a)
{
	const struct scp_ops *ops = ops_of(a->protocol);
	size_t m = a->host_challenge.n;

	if (ops != NULL && (m == 8 || m == 16) && a->card_challenge.n == m) {
		scp_become(s, ops, a->i, (uint8_t)m);
		if (ops->begin(s, a))
			return true;
	}
	scp_wipe(s);
	return false;
}

bool scp_cryptogram(struct scp *s, const struct scp_start *a, enum scp_role who, uint8_t *out)
{
	return s->ops != NULL && a->host_challenge.n == s->m && a->card_challenge.n == s->m &&
	       s->ops->cryptogram(s, a, who, out);
}

static void open_session(struct scp *s, uint8_t level, const uint8_t *full)
{
	s->ops->opened(s, full);
	s->level = level;
	s->open = true;
}

bool scp_host_authenticate(
    struct scp *s, const struct scp_start *a, uint8_t level, uint8_t channel, struct wr *command)
{
	struct capdu c = { .cla = cla_with_channel(CLA_EXTERNAL_AUTHENTICATE, channel),
		.ins = INS_EXTERNAL_AUTHENTICATE,
		.p1 = level };
	uint8_t cryptogram[16], full[16];
	size_t at = command->n;

	if (s->ops == NULL || s->open || !s->ops->level_valid(level, s->ops->i_most) ||
	    !scp_cryptogram(s, a, ROLE_HOST, cryptogram) ||
	    !s->ops->command_mac(s, &c, span_of(cryptogram, s->m), full))
		return false;
	secured_head_put(command, c.cla, &c, (size_t)2 * s->m);
	wr_bytes(command, cryptogram, s->m);
	wr_bytes(command, full, s->m);
	if (!wr_ok(command)) {
		wr_cut(command, at);
		return false;
	}
	open_session(s, level, full);
	return true;
}

enum scp_verdict scp_card_authenticate(
    struct scp *s, const struct scp_start *a, const struct capdu *c)
{
	struct span cryptogram = span_sub(c->data, 0, s->m), mac = span_sub(c->data, s->m, s->m);
	uint8_t want[16], full[16];

	if (s->ops == NULL || s->open)
		return SCP_FAILED;
	if (!secured_class(c->cla) || c->ins != INS_EXTERNAL_AUTHENTICATE || c->p2 != 0 ||
	    (c->extended && !s->ops->extended) || c->data.n != (size_t)2 * s->m ||
	    !s->ops->level_valid(c->p1, s->ops->i_most))
		return SCP_MALFORMED;
	if (!s->ops->command_mac(s, c, cryptogram, full) || !scp_cryptogram(s, a, ROLE_HOST, want))
		return SCP_FAILED;
	if (!ct_equal(mac, span_of(full, s->m)))
		return SCP_BAD_MAC;
	if (!ct_equal(cryptogram, span_of(want, s->m)))
		return SCP_BAD_CRYPTOGRAM;
	open_session(s, c->p1, full);
	return SCP_OK;
}

/* ---- what a session is ---- */

enum scp_protocol scp_protocol(const struct scp *s)
{
	return s->ops == NULL ? PROTOCOL_NONE : s->ops->protocol;
}

uint8_t scp_mac_size(const struct scp *s)
{
	return s->m;
}

uint8_t scp_level(const struct scp *s)
{
	return s->level;
}

size_t scp_max_data(const struct scp *s)
{
	return scp_max_data_at(scp_protocol(s), s->level, s->m);
}

/* ---- messages ---- */

/* A plain command that is one still when it is protected. */
static bool can_seal(const struct scp *s, const struct capdu *c)
{
	bool with_mac = (s->level & LEVEL_CMAC) != 0;
	size_t lc = c->data.n;

	if (with_mac)
		lc = secured_body(s->level, lc, s->ops->block) + s->m;
	if (with_mac && cla_is_sm(c->cla))
		return false;
	if (c->extended)
		return s->ops->extended && lc <= LC_MAX_EXTENDED && c->le <= LE_MAX_EXTENDED;
	return lc <= APDU_SHORT_DATA && c->le <= LE_MAX_SHORT;
}

bool scp_seal_command(struct scp *s, const struct capdu *c, struct wr *out)
{
	size_t at = out->n;

	if (!s->open || !can_seal(s, c))
		return false;
	if (s->ops->seal_command(s, c, out))
		return true;
	wr_cut(out, at);
	return false;
}

enum scp_verdict scp_open_command(
    struct scp *s, const struct capdu *c, struct capdu *plain, struct wr *data)
{
	bool with_mac = (s->level & LEVEL_CMAC) != 0;
	size_t at = data->n;
	enum scp_verdict v;

	if (!s->open)
		return SCP_FAILED;
	if ((c->extended && !s->ops->extended) ||
	    (with_mac && (!secured_class(c->cla) || c->data.n < s->m)))
		return SCP_MALFORMED;
	v = s->ops->open_command(s, c, plain, data);
	if (v != SCP_OK)
		wr_cut(data, at);
	return v;
}

bool scp_seal_response(struct scp *s, const struct rapdu *r, struct wr *out)
{
	size_t at = out->n;

	if (!s->open || s->ops->seal_response == NULL)
		return false;
	if (s->ops->seal_response(s, r, out))
		return true;
	wr_cut(out, at);
	return false;
}

enum scp_verdict scp_open_response(
    struct scp *s, struct span response, struct rapdu *plain, struct wr *data)
{
	size_t at = data->n;
	enum scp_verdict v;
	struct rapdu r;

	if (!s->open)
		return SCP_FAILED;
	if (!rapdu_get(response, &r))
		return SCP_MALFORMED;
	v = s->ops->open_response(s, &r, data);
	if (v != SCP_OK) {
		wr_cut(data, at);
		return v;
	}
	plain->sw = r.sw;
	plain->data = span_sub(wr_span(data), at, data->n - at);
	return SCP_OK;
}

void scp_wipe(struct scp *s)
{
	if (s->ops != NULL)
		s->ops->wipe(s);
	wipe(s, sizeof(*s));
}
