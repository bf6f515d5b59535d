#include "host_rig.h"

#include "host/choose.h"

static int transmit(void *ctx, struct span command, struct wr *rsp, struct err *e)
{
	struct host_rig *h = ctx;
	size_t start = rsp->n;
	struct capdu c;

	assert_true(capdu_get(command, &c));
	h->sent[c.ins]++;
	if (vcard_transmit(h->r.v, command, rsp) != VCARD_ANSWER)
		return err_set(e, ERR_READER, "no answer");
	if (h->line != NULL && !h->line(h, &c, rsp, start))
		return err_set(e, ERR_READER, "the card does not answer");
	return 0;
}

static void no_close(void *ctx)
{
	(void)ctx;
}

static const struct card_ops ops = { .transmit = transmit, .close = no_close };

void host_on(struct host_rig *h)
{
	memset(h, 0, sizeof(*h));
	box_on(&h->r, 0x70);
	h->card = (struct card){ .ops = &ops, .ctx = h, .name = "rig" };
	session_init(&h->s, &h->card);
}

void host_off(struct host_rig *h)
{
	session_wipe(&h->s);
	rig_off(&h->r);
}

static int the_keys(void *ctx, const struct init_update *u, struct key_set *out, struct err *e)
{
	(void)u;
	(void)e;
	*out = *(const struct key_set *)ctx;
	return 0;
}

static void begin(
    struct host_rig *h, const struct aid *domain, uint8_t version, const struct key_set *keys)
{
	struct key_set own = *keys;
	const struct choose_asks asks = {
		.domain = *domain, .key_version = version, .level = 0x33, .s16 = -1
	};
	const struct session_auth auth = { .keys = the_keys, .ctx = &own };

	session_close(&h->s);
	h->card.gone = false;
	assert_ok(session_begin(&h->s, &asks, &auth, &h->e), &h->e);
}

void host_operator(struct host_rig *h)
{
	const struct aid isd = { 0 };

	begin(h, &isd, 0x30, &h->r.issue.keys);
}

void host_party(struct host_rig *h, const char *container, uint8_t version, uint8_t first)
{
	struct aid aid = aid_of(container);
	struct key_set k;

	access_set(&k, first);
	begin(h, &aid, version, &k);
}

void line_says(struct wr *rsp, size_t start, const char *hex)
{
	rsp->n = start;
	wr_put(rsp, unit_bytes(hex));
}
