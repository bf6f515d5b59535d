#include "trust_rig.h"

#include "crypto/kdf.h"
#include "gp/key_value.h"
#include "scp/scp11.h"
#include "scp_start.h"
#include "tlv/tlv.h"

int trust_rig_open(void **state)
{
	return party_open_vectors(state) | trust_open_vectors(state);
}

int trust_rig_close(void **state)
{
	return party_close_vectors(state) | trust_close_vectors(state);
}

static struct ec_private scalar(const char *of, const char *key)
{
	struct ec_private k;

	assert_true(ec_private_from(&k, EC_P256, unit_hex(trust_case(of), key)));
	return k;
}

static struct ec_private card_scalar(void)
{
	return party_scalar("card");
}

/* The key and certificate that the card has for known terminals serve strangers as well. */
void trust_on(struct rig *r, uint8_t i)
{
	struct card_ecka k;

	box_on(r, i);
	k = *chip_ecka(r->v, (struct key_ref){ KID_SCP11A, 0x01 });
	k.ref.kid = KID_SCP11B;
	chip_put_ecka(r->v, &k);
	assert_true(chip_commit(r->v));
}

/* ---- the network ---- */

struct trust_order usual_order(void)
{
	return (struct trust_order){ .kind = TRUST_INITIALIZE,
		.record = 1,
		.algorithm = TRUST_AES_128,
		.generation = 1,
		.terms = { .expiry = TRUST_EXPIRY,
		    .horizon = TRUST_HORIZON,
		    .period = TRUST_PERIOD,
		    .window = TRUST_WINDOW },
		.traits = { .imei = span_str(IMEI), .has_throughput = true, .throughput = 300 },
		.has_time = true,
		.time = TRUST_NOW };
}

uint16_t network_raw(struct rig *r, struct span order)
{
	uint16_t sw = SW_OK;

	for (size_t at = 0, b = 0; sw == SW_OK && at < order.n; at += 239, b++)
		sw = say(r, INS_STORE_DATA,
		    (uint16_t)((order.n - at <= 239 ? 0x90 : 0x10) << 8 | (uint8_t)b),
		    span_sub(order, at, 239), NULL);
	return sw;
}

uint16_t network_order(struct rig *r, struct trust_order *o, const struct key *key)
{
	uint8_t room[1024], sealed[KEY_VALUE_MAX];
	struct wr w = wr_fixed(room, sizeof(room));
	size_t n;

	if (key != NULL) {
		assert_true(
		    key_value_encrypt(false, &r->issue.keys.dek, key_span(key), sealed, &n));
		o->key = span_of(sealed, n);
		assert_true(key_check_value(key, o->kcv));
	}
	trust_order_put(&w, o);
	assert_true(wr_ok(&w));
	return network_raw(r, wr_span(&w));
}

/* The key of a terminal's first generation. */
static struct key first_key(const struct trust_order *o)
{
	struct key kt = unit_key(
	    unit_str(trust_case(o->algorithm == TRUST_AES_256 ? TRUST_KEYS_256 : TRUST_KEYS),
		"terminal_KT"));
	struct span id = unit_hex(trust_case(TRUST_KEYS), "card_id");
	struct trust_place p = { o->record, o->generation, o->terms.expiry, id.p };
	struct key k;

	assert_true(trust_first_key(&kt, span_str(IMEI), &p, trust_key_octets(o->algorithm), &k));
	return k;
}

uint16_t initialize_try(struct rig *r, struct trust_order *o, struct phone *t)
{
	bool pair = o->algorithm == TRUST_P256;
	struct ec_private own =
	    scalar("initialization, P-256, record 3, in the same session", "terminal_private");
	struct ec_public point;
	uint16_t sw;

	*t = (struct phone){ .record = o->record,
		.algorithm = o->algorithm,
		.imei = IMEI,
		.has_throughput = true,
		.throughput = 300,
		.clock = TRUST_NOW };
	if (!o->open)
		t->current = (struct phone_key){ o->generation, o->terms.expiry,
			(uint8_t)(TRUST_VERSION_FIRST + o->record),
			pair ? (struct key){ 0 } : first_key(o) };
	if (pair) {
		assert_true(ec_public_of(&own, &point));
		o->point = ec_public_span(&point);
		assert_true(key_from(&t->current.k, span_of(own.b, own.n)));
	}
	sw = network_order(r, o, o->open || pair ? NULL : &t->current.k);
	o->point = span_of(NULL, 0);
	return sw;
}

struct phone initialize_as(struct rig *r, struct trust_order *o)
{
	struct phone t;

	as_operator(r);
	assert_int_equal(initialize_try(r, o, &t), SW_OK);
	return t;
}

struct phone initialize(struct rig *r, uint8_t record, uint8_t algorithm)
{
	struct trust_order o = usual_order();

	o.record = record;
	o.algorithm = algorithm;
	return initialize_as(r, &o);
}

bool told(struct rig *r, uint8_t record, struct trust_record *t)
{
	struct trust_state s;
	struct span got;
	struct rd in;

	assert_int_equal(say(r, INS_GET_DATA, TAG_TRUSTS, span_of(NULL, 0), &got), SW_OK);
	assert_true(trust_state_get(got, &s));
	for (in = rd_of(s.records); trust_record_next(&in, t);)
		if (t->record == record)
			return true;
	return false;
}

/* ---- the terminal ---- */

static uint16_t open_aes(struct rig *r, struct phone *t, const struct phone_key *k, uint8_t version)
{
	struct span id = unit_hex(trust_case(TRUST_KEYS), "card_id");
	struct trust_place p = { t->record, k->generation, k->expiry, id.p };
	uint16_t sw;
	size_t m;

	assert_true(trust_set(&k->k, &p, &r->keys));
	sw = rig_initialize(r, version);
	if (sw != SW_OK)
		return sw;
	m = r->u.m;
	memcpy(t->sid, rig_challenge(r).p, m);
	memcpy(t->sid + m, r->u.card_challenge, m);
	t->sid_n = (uint8_t)(2 * m);
	return rig_authenticate(r, 0x33);
}

/* MUTUAL AUTHENTICATE by the key, or INTERNAL AUTHENTICATE without. */
static uint16_t agree(
    struct rig *r, struct phone *t, const struct ec_private *own, struct span host_id)
{
	bool known = own != NULL;
	struct scp11_terms terms = {
		.variant = known ? SCP11A : SCP11B, .usage = 0x3C, .key_n = 16
	};
	struct scp11_request q = { .pp = known ? 0x05 : 0x00,
		.usage = 0x3C,
		.key_type = SCP11_KEY_TYPE,
		.key_n = 16,
		.has_host_id = known,
		.host_id = host_id };
	struct ec_private eph, card_key = card_scalar();
	struct ec_public mine, theirs, card;
	const struct scp11_host_side side = { &eph, own, &theirs, &card };
	uint8_t room[256], ids[64];
	struct wr w = wr_fixed(room, sizeof(room)), iw = wr_fixed(ids, sizeof(ids));
	const struct span who[] = { host_id, span_of(r->issue.iin, r->issue.iin_n),
		span_of(r->issue.cin, r->issue.cin_n) };
	struct scp11_answer a;
	struct scp11_keys keys;
	uint16_t sw;

	assert_true(ec_public_of(&card_key, &card) && ec_generate(EC_P256, &eph) &&
		    ec_public_of(&eph, &mine));
	if (known) {
		scp11_identifiers_put(&iw, who, 3);
		terms.identifiers = wr_span(&iw);
	}
	q.key = ec_public_span(&mine);
	scp11_request_put(&w, &q);
	sw = rig_send(r, 0x80, known ? INS_MUTUAL_AUTHENTICATE : INS_INTERNAL_AUTHENTICATE,
	    known ? 0x0111 : 0x0113, wr_span(&w));
	if (sw != SW_OK)
		return sw;
	assert_true(scp11_answer_get(rig_answer(r), &a));
	assert_true(ec_public_from(&theirs, EC_P256, a.key));
	assert_true(scp11_host_agree(&terms, &side, &keys));
	if (!scp11_receipt_ok(&keys, wr_span(&w), a.key_tlv, a.receipt))
		return 1; /* as rig_initialize */
	memcpy(t->sid, a.receipt.p, a.receipt.n);
	t->sid_n = (uint8_t)a.receipt.n;
	scp_wipe(&r->host);
	assert_true(scp11_begin(&r->host, &terms, &keys, t->sid, 8));
	return SW_OK;
}

static uint16_t open_pair(
    struct rig *r, struct phone *t, const struct phone_key *k, uint8_t version)
{
	const struct trust_host_id h = { version, k->generation, k->expiry };
	uint8_t room[TRUST_HOST_ID];
	struct wr w = wr_fixed(room, sizeof(room));
	struct ec_private own;

	trust_host_id_put(&w, &h);
	assert_true(ec_private_from(&own, EC_P256, key_span(&k->k)));
	return agree(r, t, &own, wr_span(&w));
}

uint16_t phone_open(struct rig *r, struct phone *t, const struct phone_key *k, uint8_t version)
{
	uint16_t sw = select_aid(r, TRUST);

	if (sw != SW_OK)
		return sw;
	return t->algorithm == TRUST_P256 ? open_pair(r, t, k, version)
					  : open_aes(r, t, k, version);
}

uint16_t stranger_open(struct rig *r, struct phone *t, const char *aid)
{
	uint16_t sw = select_aid(r, aid);

	return sw == SW_OK ? agree(r, t, NULL, span_of(NULL, 0)) : sw;
}

uint16_t phone_open_anonymous(struct rig *r, struct phone *t)
{
	return stranger_open(r, t, TRUST);
}

void as_phone(struct rig *r, struct phone *t)
{
	assert_int_equal(phone_open(r, t, &t->current, t->current.version), SW_OK);
}

uint16_t phone_present(struct rig *r, struct phone *t)
{
	struct trust_present p = { .time = t->clock,
		.traits = { .imei = t->imei == NULL ? span_of(NULL, 0) : span_str(t->imei),
		    .has_throughput = t->has_throughput,
		    .throughput = t->throughput } };
	uint8_t room[256];
	struct wr w = wr_fixed(room, sizeof(room));
	struct span got;
	uint16_t sw;

	trust_present_put(&w, &p);
	sw = say(r, INS_PRESENT, t->record, wr_span(&w), &got);
	if (sw == SW_OK || sw == SW_AUTH_FAILED)
		assert_true(trust_verdict_get(got, &t->verdict));
	return sw;
}

int presented(struct rig *r, struct phone *t)
{
	uint16_t sw = phone_present(r, t);

	if (sw != SW_OK && sw != SW_AUTH_FAILED)
		return sw == 0 ? -1 : sw;
	/* 9000 or 6300, as the result says. */
	assert_int_equal(sw, t->verdict.result <= TRUST_OPENED ? SW_OK : SW_AUTH_FAILED);
	return (int)t->verdict.result;
}

uint16_t phone_renew(struct rig *r, struct phone *t)
{
	struct trust_renewal v;
	struct span got;
	uint16_t sw = say(r, INS_RENEW, t->record, span_of(NULL, 0), &got);

	if (sw != SW_OK)
		return sw;
	assert_true(trust_renewal_get(got, &v));
	assert_int_equal(v.algorithm, t->algorithm);
	assert_int_equal(trust_record_of(v.version), t->record);
	t->pending = (struct phone_key){ v.generation, v.expiry, v.version, { 0 } };
	assert_true(key_from(&t->pending.k, v.key));
	return sw;
}

void phone_proof(const struct phone *t, struct wr *proof)
{
	const struct phone_key *k = &t->pending;
	struct span id = unit_hex(trust_case(TRUST_KEYS), "card_id");
	struct trust_place p = { t->record, k->generation, k->expiry, id.p };
	const struct trust_proof what = { t->record, k->generation, k->expiry,
		span_of(t->sid, t->sid_n) };
	uint8_t own[TRUST_PROOF_AES];
	struct ec_private pair;
	struct key_set set;

	if (t->algorithm == TRUST_P256) {
		assert_true(ec_private_from(&pair, EC_P256, key_span(&k->k)));
		assert_true(trust_prove_pair(&pair, &what, proof));
		return;
	}
	assert_true(trust_set(&k->k, &p, &set));
	assert_true(trust_prove(&set.mac, &what, own));
	wr_put(proof, SPAN(own));
}

uint16_t phone_confirm_with(struct rig *r, struct phone *t, uint32_t generation, struct span proof)
{
	const struct trust_confirm c = { generation, proof };
	uint8_t room[128];
	struct wr w = wr_fixed(room, sizeof(room));
	struct span got;
	uint16_t sw;

	trust_confirm_put(&w, &c);
	sw = say(r, INS_CONFIRM, t->record, wr_span(&w), &got);
	if (sw == SW_OK || sw == SW_AUTH_FAILED)
		assert_true(trust_verdict_get(got, &t->verdict));
	return sw;
}

uint16_t phone_confirm(struct rig *r, struct phone *t)
{
	uint8_t room[EC_SIGNATURE_MAX];
	struct wr w = wr_fixed(room, sizeof(room));

	phone_proof(t, &w);
	return phone_confirm_with(r, t, t->pending.generation, wr_span(&w));
}

void phone_takes(struct phone *t)
{
	t->current = t->pending;
	t->pending = (struct phone_key){ 0 };
}

/* Of opening a session that did not come about. */
static int outcome(uint16_t sw)
{
	return sw == 0 ? -1 : sw == 1 ? -2 : sw;
}

int terminal_check(struct rig *r, struct phone *t)
{
	uint16_t sw;
	int result;

	if (t->pending.generation != 0) {
		sw = phone_open(r, t, &t->pending, t->pending.version);
		if (sw == SW_OK) {
			result = presented(r, t);
			if (result == TRUST_GRANTED || result == TRUST_DUE)
				phone_takes(t);
			return result;
		}
		if (sw == 0)
			return outcome(sw);
	}
	sw = t->current.generation == 0 ? phone_open_anonymous(r, t)
					: phone_open(r, t, &t->current, t->current.version);
	return sw == SW_OK ? presented(r, t) : outcome(sw);
}

uint16_t phone_put(struct rig *r, uint8_t number, struct span value)
{
	uint8_t room[512];
	struct wr w = wr_fixed(room, sizeof(room));

	tlv_put(&w, TRUST_OBJECT_FIRST - 1u + number, value);
	assert_true(wr_ok(&w));
	return say(r, INS_STORE_DATA, 0x9000, wr_span(&w), NULL);
}

uint16_t phone_get(struct rig *r, uint8_t number, struct span *value)
{
	struct span got;
	uint16_t sw = say(r, INS_GET_DATA, (uint16_t)(0xDF00 | number), span_of(NULL, 0), &got);
	struct rd in = rd_of(got);
	uint8_t n;

	if (sw == SW_OK) {
		assert_true(trust_object_get(&in, &n, value));
		assert_int_equal(n, number);
	}
	return sw;
}

void turn(struct rig *r, struct scp *other)
{
	struct scp now = r->host;

	r->host = *other;
	*other = now;
	r->channel ^= 1;
}

void open_second(struct rig *r)
{
	assert_int_equal(rig_hex(r, "0070000100"), SW_OK);
}
