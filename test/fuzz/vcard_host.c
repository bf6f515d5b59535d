#include "vcard_host.h"

#include <string.h>
#include <unistd.h>

#include "gp/init_update.h"
#include "test/unit/scp_start.h"

static void issue_of(struct vcard_issue *is, uint8_t i, size_t key_n)
{
	static const uint8_t target[] = { 0xA0, 0, 0, 1, 0x51, 0, 0, 1 };

	memset(is, 0, sizeof(*is));
	is->keys =
	    (struct key_set){ fuzz_key(key_n, 0x40), fuzz_key(key_n, 0x60), fuzz_key(key_n, 0x80) };
	is->key_version = 0x30;
	is->i = i;
	memcpy(is->kdd, "KDD-00001.", KDD_SIZE);
	memcpy(is->cin, "\x00\x00\x00\x01", 4);
	is->cin_n = 4;
	memcpy(is->platform, "PLAT-A01", PLATFORM_SIZE);
	CHECK(aid_from(&is->target, SPAN(target)));
	is->issuer[0] = 0x04;
	is->kos_n = 1;
	is->kos[0] = (struct vcard_kos){ 1, fuzz_key(32, 0x11) };
	is->kmac = fuzz_key(16, 0x22);
	is->algorithms[0] = ALG_ISSUER;
	is->algorithms[1] = ALG_DIGEST;
	is->algorithms[2] = ALG_CMAC_BK;
	is->algorithm_n = 3;
	is->forms[0] = FORM_CLEAR;
	is->forms[1] = FORM_KOS;
	is->form_n = 2;
	is->memory = 4096;
}

void host_begin(struct host *h, uint8_t i, size_t key_n)
{
	struct vcard_issue is;
	struct err e;

	memset(h, 0, sizeof(*h));
	issue_of(&is, i, key_n);
	unlink(fuzz_path());
	CHECK(vcard_create(fuzz_path(), &is, &e) == 0);
	CHECK(vcard_open(fuzz_path(), &h->v, &e) == 0);
	model_begin(&h->model);
}

static void forget(struct host *h)
{
	for (size_t i = 0; i < CHANNELS; i++) {
		scp_wipe(&h->channel[i].scp);
		scp_wipe(&h->channel[i].saved);
		h->channel[i].session = CHANNEL_IDLE;
	}
}

void host_end(struct host *h)
{
	forget(h);
	model_end(&h->model);
	vcard_close(h->v);
	unlink(fuzz_path());
}

void host_cycle(struct host *h)
{
	struct wr before = wr_grow(NVM_PAYLOAD_MAX), after = wr_grow(NVM_PAYLOAD_MAX);
	struct err e;

	model_lasting(h->v, &before);
	vcard_close(h->v);
	forget(h);
	CHECK(vcard_open(fuzz_path(), &h->v, &e) == 0);
	model_lasting(h->v, &after);
	CHECK(span_eq(wr_span(&before), wr_span(&after)));
	wr_free(&before);
	wr_free(&after);
}

void host_reset(struct host *h)
{
	vcard_reset(h->v);
	forget(h);
}

/* What the card has ended, the host has ended too. */
static void follow(struct host *h)
{
	for (size_t i = 0; i < CHANNELS; i++) {
		enum channel_state s = h->v->channel[i].session;

		if (s == CHANNEL_IDLE ||
		    (s == CHANNEL_IU_DONE) != (h->channel[i].session == CHANNEL_IU_DONE)) {
			scp_wipe(&h->channel[i].scp);
			scp_wipe(&h->channel[i].saved);
			h->channel[i].session = CHANNEL_IDLE;
		}
	}
}

uint16_t host_raw(struct host *h, struct span command, enum authority who, struct wr *rsp)
{
	struct rapdu r = { .sw = 0 };
	enum vcard_answer how;

	model_take(&h->model, h->v);
	wr_reset(rsp);
	how = vcard_transmit(h->v, command, rsp);
	CHECK(wr_ok(rsp));
	CHECK(how == VCARD_ANSWER ? rapdu_get(wr_span(rsp), &r) : rsp->n == 0);
	model_check(&h->model, h->v, who, command, r.sw);
	if (h->v->gone)
		host_cycle(h);
	if (who == ANYBODY)
		follow(h);
	return r.sw;
}

static uint8_t size_of(const struct host *h)
{
	return (h->v->chip.i & SCP03_I_S16) != 0 ? 16 : 8;
}

void host_initialize(struct host *h, uint8_t channel, uint8_t version)
{
	uint8_t m = size_of(h), wire[32], want[16], *challenge = h->channel[channel].challenge;
	struct wr w = wr_fixed(wire, sizeof(wire)), rsp = wr_grow(512);
	const struct card_keys *k;
	struct init_update u;
	struct capdu c = { .cla = cla_with_channel(0x80, channel),
		.ins = INS_INITIALIZE_UPDATE,
		.p1 = version,
		.data = span_of(challenge, m),
		.le = LE_MAX_SHORT };

	memset(challenge, 0xC0, m);
	capdu_put(&w, &c);
	if (host_raw(h, wr_span(&w), ANYBODY, &rsp) == SW_OK) {
		CHECK(init_update_get(span_sub(wr_span(&rsp), 0, rsp.n - 2), m, &u));
		k = chip_channel_keys(h->v, &h->v->channel[channel].selected, version);
		CHECK(k != NULL && u.key_version == k->version && k->tries > 0);
		memcpy(challenge + m, u.card_challenge, m);
		CHECK(scp_begin(&h->channel[channel].scp,
		    START(PROTOCOL_SCP03, 0, &k->keys, c.data, span_of(challenge + m, m))));
		CHECK(scp_cryptogram(&h->channel[channel].scp,
		    CHALLENGES(c.data, span_of(challenge + m, m)), ROLE_CARD, want));
		CHECK(memcmp(want, u.cryptogram, m) == 0);
		h->channel[channel].session = CHANNEL_IU_DONE;
	}
	wr_free(&rsp);
}

/* What happens to a command on its way. */
static void meddled(struct wr *w, struct rd *in)
{
	uint8_t what = fuzz_u8(in);
	size_t at = w->n == 0 ? 0 : fuzz_u16(in) % w->n;

	if (w->n == 0 || what == 0)
		return;
	if ((what & 3) == 1)
		w->p[at] ^= (uint8_t)(1u << (what >> 5));
	else if ((what & 3) == 2)
		wr_cut(w, at);
	else if ((what & 3) == 3)
		wr_insert(w, at, fuzz_lv(in));
}

/* The class byte's form, the length form and Le are not protected, the rest is. */
static bool means_the_same(struct span a, struct span b)
{
	struct capdu x, y;

	return capdu_get(a, &x) && capdu_get(b, &y) && cla_valid(y.cla) &&
	       cla_mac_form(x.cla) == cla_mac_form(y.cla) && cla_is_sm(y.cla) &&
	       cla_channel(x.cla) == cla_channel(y.cla) && x.ins == y.ins && x.p1 == y.p1 &&
	       x.p2 == y.p2 && span_eq(x.data, y.data);
}

void host_authenticate(struct host *h, uint8_t channel, uint8_t level, struct rd *meddle)
{
	uint8_t m = size_of(h), *challenge = h->channel[channel].challenge;
	struct scp *scp = &h->channel[channel].scp;
	struct wr right = wr_grow(128), w = wr_grow(600), rsp = wr_grow(512);
	enum authority who = AUTHENTICATION;
	uint16_t sw;

	if (h->channel[channel].session != CHANNEL_IU_DONE)
		goto out;
	if (!scp_host_authenticate(scp,
		CHALLENGES(span_of(challenge, m), span_of(challenge + m, m)), level, channel,
		&right))
		goto out;
	wr_put(&w, wr_span(&right));
	meddled(&w, meddle);
	if (!wr_ok(&w) || !means_the_same(wr_span(&right), wr_span(&w)))
		who = ANYBODY;
	sw = host_raw(h, wr_span(&w), who, &rsp);
	if (who == AUTHENTICATION && sw == SW_OK) {
		CHECK(h->v->channel[channel].session == CHANNEL_UNICAST);
		h->channel[channel].session = CHANNEL_UNICAST;
	} else {
		h->channel[channel].session = CHANNEL_IDLE;
	}
out:
	wr_free(&right);
	wr_free(&w);
	wr_free(&rsp);
}

uint16_t host_sealed(
    struct host *h, uint8_t channel, struct capdu *c, struct rd *meddle, struct wr *rsp)
{
	enum channel_state s = h->channel[channel].session;
	struct scp *scp = &h->channel[channel].scp;
	struct wr right = wr_grow(LAST_MAX), w = wr_grow(2 * LAST_MAX);
	enum authority who = s == CHANNEL_BROADCAST ? BROADCAST : UNICAST;
	uint16_t sw = 0;

	c->cla = cla_with_channel(0x80, channel);
	if (s != CHANNEL_UNICAST && s != CHANNEL_BROADCAST)
		goto out;
	if (!scp_seal_command(scp, c, &right))
		goto out;
	wr_put(&w, wr_span(&right));
	meddled(&w, meddle);
	if (!wr_ok(&w) || !means_the_same(wr_span(&right), wr_span(&w)))
		who = ANYBODY;
	/* What never arrived would still be good. */
	if (who != ANYBODY) {
		h->last_n = right.n;
		memcpy(h->last, right.p, right.n);
	}
	sw = host_raw(h, wr_span(&w), who, rsp);
	if (h->channel[channel].session != s) /* lost power */
		sw = 0;
	if (who == ANYBODY || sw == SW_SECURITY_STATUS)
		follow(h);
out:
	wr_free(&right);
	wr_free(&w);
	return sw;
}

void host_entered(struct host *h, uint8_t channel, const struct key *bk, const struct enter *e)
{
	struct scp next = { 0 };

	CHECK(h->v->channel[channel].session == CHANNEL_BROADCAST);
	CHECK(scp03_resume(&next, &bk[0], &bk[1],
	    (struct scp03_point){ e->counter, e->mcv, LEVEL_CMAC | LEVEL_CDEC, size_of(h) }));
	h->channel[channel].saved = h->channel[channel].scp;
	h->channel[channel].scp = next;
	h->channel[channel].session = CHANNEL_BROADCAST;
}

void host_returned(struct host *h, uint8_t channel)
{
	CHECK(h->v->channel[channel].session == CHANNEL_UNICAST);
	scp_wipe(&h->channel[channel].scp);
	h->channel[channel].scp = h->channel[channel].saved;
	memset(&h->channel[channel].saved, 0, sizeof(struct scp));
	h->channel[channel].session = CHANNEL_UNICAST;
}
