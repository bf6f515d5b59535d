/*
 * SCP11: data fields, which are written as they were read, and a host whose card answers what the
 * input says: it must never come to a session, for nobody knows its ephemeral key.
 */
#include "fuzz.h"

#include <string.h>

#include "gp/scp11_data.h"
#include "host/choose.h"
#include "host/scp11.h"
#include "tlv/tlv.h"

static void fields(struct span s)
{
	uint8_t room[8192];
	struct wr w = wr_fixed(room, sizeof(room));
	struct scp11_request q;
	struct scp11_answer a;
	struct scp11_store st;
	struct key_ref ref;
	bool exact = tlv_canonical(s) && s.n < sizeof(room);

	if (scp11_request_get(s, &q)) {
		CHECK(q.host_id.n <= SCP11_HOST_ID_MAX);
		scp11_request_put(&w, &q);
		CHECK(!exact || span_eq(wr_span(&w), s));
	}
	wr_reset(&w);
	if (scp11_answer_get(s, &a)) {
		CHECK(a.key_tlv.n >= a.key.n + 3);
		scp11_answer_key_put(&w, a.key);
		if (a.receipt.n > 0)
			scp11_answer_receipt_put(&w, a.receipt);
		CHECK(!exact || a.receipt.n == 0 || span_eq(wr_span(&w), s));
	}
	wr_reset(&w);
	if (scp11_store_get(s, &st)) {
		scp11_store_put(&w, &st);
		CHECK(!exact || span_eq(wr_span(&w), s));
	}
	wr_reset(&w);
	if (key_ref_get(s, &ref)) {
		key_ref_put(&w, ref);
		CHECK(!exact || span_eq(wr_span(&w), s));
	}
}

/* ---- the card ---- */

struct hostile {
	struct rd in; /* answers: two octets of length each */
	unsigned commands;
};

static int transmit(void *ctx, struct span command, struct wr *rsp, struct err *e)
{
	struct hostile *h = ctx;
	struct span answer = fuzz_take(&h->in, fuzz_u16(&h->in) % 1024);

	(void)command;
	if (++h->commands > 200)
		return err_set(e, ERR_READER, "enough");
	wr_put(rsp, answer);
	/* Mostly they go well, or the handshake ends at once. */
	wr_u16(rsp, fuzz_u8(&h->in) % 8 == 7 ? fuzz_u16(&h->in) : SW_OK);
	return 0;
}

static void no_close(void *ctx)
{
	(void)ctx;
}

static const struct card_ops ops = { .transmit = transmit, .close = no_close };

/* The keys of everybody: fixed, so that the corpus can hold certificates that are good. */
static struct ec_private house, own;
static struct ec_public house_public, own_public;
static uint8_t chain[1024];
static size_t chain_n;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	uint8_t scalar[32];
	struct wr w = wr_fixed(chain, sizeof(chain));
	struct cert_make m = { .serial = span_str("1"),
		.issuer = span_str("CA"),
		.subject = span_str("OCE"),
		.usage = CERT_AGREES,
		.until = 20991231,
		.key = &own_public,
		.signer = &house };

	(void)argc;
	(void)argv;
	memset(scalar, 0x11, sizeof(scalar));
	CHECK(ec_private_from(&house, EC_P256, SPAN(scalar)));
	memset(scalar, 0x22, sizeof(scalar));
	CHECK(ec_private_from(&own, EC_P256, SPAN(scalar)));
	CHECK(ec_public_of(&house, &house_public) && ec_public_of(&own, &own_public));
	CHECK(cert_put(&w, &m));
	chain_n = w.n;
	return 0;
}

static void handshake(struct span s)
{
	struct hostile h = { .in = rd_of(s) };
	struct card card = { .ops = &ops, .ctx = &h };
	const struct cert_anchor anchor = { .key = house_public };
	struct scp11_asks asks = { .level = -1,
		.s16 = -1,
		.own = &own,
		.chain = span_of(chain, chain_n),
		.anchors = &anchor,
		.anchors_n = 1,
		.now = 1795262400 };
	uint8_t how = fuzz_u8(&h.in);
	struct scp11_card seen;
	struct choice11 choice;
	struct session session;
	struct err e = { 0 };
	int rc;

	asks.variant = (enum scp11_variant)(how % 3);
	asks.has_host_id = (how & 0x10) != 0;
	asks.host_id = span_str(asks.has_host_id ? "host" : "");
	asks.key_version = (how & 0x20) != 0 ? 0x01 : 0x00;
	asks.ca_version = asks.key_version;
	session_init(&session, &card);
	rc = session_begin_scp11(&session, &asks, &choice, &seen, &e);
	CHECK(rc == -1);
	fuzz_check_err(rc, &e);
	CHECK(session.mode == SESSION_CLOSED && session.dek.n == 0);
	session_wipe(&session);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	fields(span_of(data, n));
	handshake(span_of(data, n));
	return 0;
}
