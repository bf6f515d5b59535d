#include "host/probe.h"

#include <string.h>

#include "card/trace.h"
#include "crypto/digest.h"

enum { S8 = 8, S16 = 16, SCP01_I = 0x05, SCP02_I = 0x15 };

bool probe_get(struct probe *p, struct span host_challenge, struct span answer)
{
	struct probe got = { 0 };
	struct rd h = rd_of(host_challenge);

	if (host_challenge.n > sizeof(got.host_challenge) ||
	    !init_update_get(answer, (uint8_t)host_challenge.n, &got.iu) ||
	    probe_protocol(&got) == PROTOCOL_NONE ||
	    !rd_copy(&h, got.host_challenge, host_challenge.n))
		return false;
	*p = got;
	return true;
}

enum scp_protocol probe_protocol(const struct probe *p)
{
	switch (p->iu.scp) {
	case PROTOCOL_SCP01:
	case PROTOCOL_SCP02:
	case PROTOCOL_SCP03:
		return (enum scp_protocol)p->iu.scp;
	}
	return PROTOCOL_NONE;
}

static enum proof equal(const uint8_t *want, const uint8_t *got, size_t n)
{
	return ct_equal(span_of(want, n), span_of(got, n)) ? PROOF_RIGHT : PROOF_WRONG;
}

static bool length_fits(const struct probe *p, const struct key_set *k)
{
	bool aes = probe_protocol(p) == PROTOCOL_SCP03;

	if (k->mac.n != k->enc.n)
		return false;
	return k->enc.n == 16 || (aes && (k->enc.n == 24 || k->enc.n == 32));
}

/* The challenge of SCP03 is the ENC key's, when i says that it is pseudo-random (6.2.2.1). */
static bool challenge03(const struct probe *p, const struct key_set *keys, enum proof *enc)
{
	uint8_t want[16];

	if ((p->iu.i & SCP03_I_PSEUDO_RANDOM) == 0 || !p->iu.has_sequence || p->domain.n == 0)
		return true;
	if (!scp03_card_challenge(&keys->enc, p->iu.sequence, aid_span(&p->domain), p->iu.m, want))
		return false;
	*enc = equal(want, p->iu.card_challenge, p->iu.m);
	return true;
}

/* That of SCP02 is the MAC key's (GPCS E.4.2.3); if it is not, it may be random. */
static bool challenge02(const struct probe *p, struct scp *s, enum proof *mac)
{
	enum { COUNTER = 2, SIZE = 6 };
	struct span got = span_sub(SPAN(p->iu.card_challenge), COUNTER, SIZE);
	uint8_t want[SIZE];

	if (p->domain.n == 0)
		return true;
	if (!scp02_card_challenge(s, aid_span(&p->domain), want))
		return false;
	if (ct_equal(SPAN(want), got))
		*mac = PROOF_RIGHT;
	return true;
}

bool probe_keys(const struct probe *p, const struct key_set *keys, struct probe_result *r)
{
	struct scp_start a = { .protocol = probe_protocol(p),
		.i = probe_protocol(p) == PROTOCOL_SCP01 ? SCP01_I : SCP02_I,
		.keys = keys,
		.host_challenge = span_of(p->host_challenge, p->iu.m),
		.card_challenge = span_of(p->iu.card_challenge, p->iu.m) };
	bool aes = probe_protocol(p) == PROTOCOL_SCP03, ok;
	struct scp s = { 0 };
	uint8_t want[16];

	*r = (struct probe_result){ PROOF_WRONG, PROOF_WRONG };
	if (!length_fits(p, keys))
		return true;
	*r = (struct probe_result){ 0 };
	ok = scp_begin(&s, &a) && scp_cryptogram(&s, &a, ROLE_CARD, want);
	if (ok && aes) {
		r->mac = equal(want, p->iu.cryptogram, p->iu.m);
		ok = challenge03(p, keys, &r->enc);
	} else if (ok) {
		r->enc = equal(want, p->iu.cryptogram, p->iu.m);
		ok = probe_protocol(p) == PROTOCOL_SCP01 || challenge02(p, &s, &r->mac);
	}
	scp_wipe(&s);
	wipe(want, sizeof(want));
	return ok;
}

bool probe_fits(const struct probe_result *r)
{
	return r->enc != PROOF_WRONG && r->mac != PROOF_WRONG &&
	       (r->enc == PROOF_RIGHT || r->mac == PROOF_RIGHT);
}

const char *probe_proven(const struct probe_result *r)
{
	if (r->enc == PROOF_RIGHT)
		return r->mac == PROOF_RIGHT ? "ENC and MAC" : "ENC";
	return r->mac == PROOF_RIGHT ? "MAC" : "nothing";
}

int probe_card(
    struct session *s, uint8_t p1, uint8_t m, struct probe *p, uint16_t *sw, struct err *e)
{
	uint8_t hc[S16] = { 0 };
	struct capdu c = { .cla = 0x80,
		.ins = INS_INITIALIZE_UPDATE,
		.p1 = p1,
		.data = span_of(hc, m),
		.le = LE_MAX_SHORT };
	struct rapdu r;

	memset(p, 0, sizeof(*p));
	if (m != S8 && m != S16)
		return err_set(e, ERR_OTHER, "a challenge of %u octets", m);
	if (!replay_host_challenge(s->card, hc, m) && !random_bytes(hc, m))
		return err_set(e, ERR_OTHER, "no random numbers to be had");
	if (session_send(s, &c, &r, e) != 0)
		return err_in(e, "INITIALIZE UPDATE");
	*sw = r.sw;
	if (r.sw != SW_OK)
		return 0;
	if (!probe_get(p, span_of(hc, m), r.data))
		return err_set(e, ERR_AUTH,
		    "INITIALIZE UPDATE: answer of %zu octets, of no protocol that is known",
		    r.data.n);
	p->domain = s->domain;
	return 0;
}
