#include "container_rig.h"

#include <ctype.h>

#include "base/file.h"
#include "scp/scp11.h"
#include "scp_start.h"
#include "vcard/containers/containers.h"
#include "vcard/core/record.h"

enum { TIME = 1798800000 }; /* 2027-01-01 10:40 */

static void set_key(struct key *k, const char *hex)
{
	assert_true(key_from(k, unit_bytes(hex)));
}

static void issuer_key(struct rig *r, uint8_t kid, const char *who)
{
	struct ec_public point = party_point(who);
	struct card_public k = { .ref = { kid, KVN_GRANT_ISSUER } };

	assert_true(authority_ec(&k.key, EC_P256, ec_public_span(&point)));
	chip_put_public(r->v, &k);
}

void box_domain(struct rig *r, const char *aid, uint32_t quota, uint32_t reserve)
{
	struct card_app a = { .aid = aid_of(aid),
		.load_file = aid_domain_package,
		.module = aid_domain_module,
		.state = APP_SELECTABLE,
		.privileges = PRIV_SECURITY_DOMAIN | PRIV_AUTHORIZED_MANAGEMENT,
		.has_quota = quota != 0,
		.quota = quota,
		.reserved = reserve };

	chip_put_app(r->v, &a);
	assert_true(chip_commit(r->v));
}

void box_on(struct rig *r, uint8_t i)
{
	static uint8_t cert[512];
	struct span whole = party_card_cert();

	rig_issue(r, 16, i);
	set_key(&r->issue.keys.enc, "404142434445464748494A4B4C4D4E4F");
	set_key(&r->issue.keys.mac, "505152535455565758595A5B5C5D5E5F");
	set_key(&r->issue.keys.dek, "606162636465666768696A6B6C6D6E6F");
	r->keys = r->issue.keys;
	memcpy(r->issue.kdd, "\x00\x00\x0A\x11\x22\x33\x44\x55\x66\x77", KDD_SIZE);
	memcpy(r->issue.iin, "\x42\x01\x23\x45", r->issue.iin_n = 4);
	memcpy(r->issue.cin, "\x01\x23\x45\x67\x89\xAB\xCD\xEF", r->issue.cin_n = 8);
	memcpy(cert, whole.p, whole.n);
	r->issue.ecka[0] =
	    (struct vcard_ecka){ KID_SCP11A, 0x01, party_scalar("card"), span_of(cert, whole.n) };
	r->issue.ecka_n = 1;
	rig_on(r);
	issuer_key(r, 0x01, "operator");
	issuer_key(r, 0x02, "authority");
	box_domain(r, BOX, 20000, 0);
	box_domain(r, BOX2, 50000, 30000);
}

/* ---- grants and orders ---- */

static const struct ec_private *private_of(const char *who, struct ec_private *room)
{
	*room = party_scalar(who);
	return room;
}

struct span grant_of(const struct grant_spec *s)
{
	static uint8_t room[16][512];
	static size_t at;
	static uint64_t last = 5;
	struct wr w = wr_fixed(room[at++ % 16], 512);
	struct ec_private operator, party;
	struct ec_public card = party_point("card"), key;
	char id[PARTY_ID_MAX + 1] = "";
	struct grant_make m = { .serial = s->serial != 0 ? s->serial : ++last,
		.form = s->agreement ? PARTY_AGREEMENT : PARTY_SIGNING,
		.from = s->from != 0 ? s->from : 20270101,
		.until = s->until != 0 ? s->until : 20301231,
		.container = unit_bytes(s->container != NULL ? s->container : BOX),
		.card = s->card != NULL ? s->card : &card,
		.rights = s->rights,
		.quotas = s->quotas,
		.domain_key = s->domain_key,
		.key = &key,
		.issuer = s->issuer != NULL ? s->issuer : private_of("operator", &operator) };

	for (size_t i = 0; s->who != NULL && s->who[i] != '\0'; i++)
		id[i] = (char)toupper(s->who[i]);
	m.id = span_str(s->id != NULL ? s->id : id);
	if (s->prefix != NULL)
		m.prefix = unit_bytes(s->prefix);
	assert_true(ec_public_of(s->key != NULL ? s->key : private_of(s->who, &party), &key));
	if (s->serial > last)
		last = s->serial;
	assert_true(grant_put(&w, &m));
	return wr_span(&w);
}

/* STORE DATA in blocks of 239 octets. */
static uint16_t store(struct rig *r, struct span data, uint8_t last, struct span *answer)
{
	uint16_t sw = SW_OK;

	for (size_t at = 0, n = 0; sw == SW_OK && at < data.n; at += 239, n++) {
		bool end = data.n - at <= 239;

		sw = say(r, INS_STORE_DATA, (uint16_t)((end ? last : 0x10) << 8 | (uint8_t)n),
		    span_sub(data, at, 239), answer);
	}
	return sw;
}

uint16_t order_put(struct rig *r, const struct container_order *o, struct span *answer)
{
	uint8_t room[2048];
	struct wr w = wr_fixed(room, sizeof(room));

	container_order_put(&w, o);
	assert_true(wr_ok(&w));
	return store(r, wr_span(&w), o->kind == ORDER_PLACE ? 0x91 : 0x90, answer);
}

uint16_t place_grant(struct rig *r, struct span grant, uint32_t time)
{
	struct container_order o = {
		.kind = ORDER_PLACE, .grant.whole = grant, .has_time = time != 0, .time = time
	};

	return order_put(r, &o, NULL);
}

uint16_t revoke_party(struct rig *r, const char *container, const char *id, bool keep)
{
	struct container_order o = { .kind = ORDER_REVOKE,
		.container = unit_bytes(container),
		.party = id == NULL ? span_of(NULL, 0) : span_str(id),
		.keep = keep };

	return order_put(r, &o, NULL);
}

/* ---- who talks to the card ---- */

uint16_t select_aid(struct rig *r, const char *aid)
{
	scp_wipe(&r->host);
	return rig_send(r, 0x00, INS_SELECT, 0x0400, unit_bytes(aid));
}

void as_operator(struct rig *r)
{
	assert_int_equal(select_aid(r, ISD), SW_OK);
	r->keys = r->issue.keys;
	rig_session(r, 0x30, 0x33);
}

uint16_t present(struct rig *r, struct span cert, uint8_t kvn, uint8_t kid)
{
	uint16_t sw = SW_OK;

	for (size_t at = 0; sw == SW_OK && at < cert.n; at += 255) {
		bool more = cert.n - at > 255;

		sw = rig_send(r, 0x80, INS_PERFORM_SECURITY_OPERATION,
		    (uint16_t)((more ? kvn | 0x80 : kvn) << 8 | kid), span_sub(cert, at, 255));
	}
	return sw;
}

static uint16_t agree(
    struct rig *r, struct rig_claim *c, const struct ec_private *own, const struct ec_private *eph)
{
	struct scp11_terms t = { .variant = SCP11A,
		.usage = c->usage != 0 ? c->usage : 0x3C,
		.key_n = 16,
		.domain_key = c->dk == NULL ? span_of(NULL, 0) : key_span(c->dk) };
	struct ec_public mine, theirs, card = party_point("card");
	struct scp11_request q = { .pp = 0x01, .key_type = SCP11_KEY_TYPE, .key_n = 16 };
	const struct scp11_host_side side = { eph, own, &theirs, &card };
	struct scp11_answer a;
	struct scp11_keys keys;
	uint8_t room[128], receipt[SCP11_RECEIPT];
	struct wr w = wr_fixed(room, sizeof(room));
	uint16_t sw;

	q.usage = t.usage;
	assert_true(ec_public_of(eph, &mine));
	q.key = ec_public_span(&mine);
	scp11_request_put(&w, &q);
	sw = rig_send(r, 0x80, INS_MUTUAL_AUTHENTICATE, 0x0111, wr_span(&w));
	if (sw != SW_OK)
		return sw;
	assert_true(scp11_answer_get(rig_answer(r), &a));
	assert_true(ec_public_from(&theirs, EC_P256, a.key));
	assert_true(scp11_host_agree(&t, &side, &keys));
	c->receipt_ok = scp11_receipt_ok(&keys, wr_span(&w), a.key_tlv, a.receipt);
	memcpy(receipt, a.receipt.p, sizeof(receipt));
	scp_wipe(&r->host);
	assert_true(scp11_begin(&r->host, &t, &keys, receipt, 8));
	c->dek = keys.dek;
	return SW_OK;
}

uint16_t rig_claim_open(struct rig *r, struct rig_claim *c)
{
	uint8_t kid = c->kid != 0 ? c->kid : 0x01, room[300];
	struct wr w = wr_fixed(room, sizeof(room));
	struct ec_private oce, eph;
	struct ec_public point;
	uint16_t sw = select_aid(r, c->container != NULL ? c->container : BOX);

	assert_true(ec_generate(EC_P256, &oce) && ec_generate(EC_P256, &eph));
	assert_true(ec_public_of(&oce, &point));
	assert_true(oce_cert_put(&w, &(struct oce_cert_make){ .id = span_str(c->id),
					 .from = c->oce_from != 0 ? c->oce_from : 20270101,
					 .until = c->oce_until != 0 ? c->oce_until : 20301231,
					 .oce = &point,
					 .party = c->party }));
	if (sw == SW_OK && c->grant.n > 0)
		sw = present(r, c->grant, KVN_GRANT_ISSUER, c->agreement ? kid : kid | 0x80);
	if (sw == SW_OK && !c->agreement)
		sw = present(r, wr_span(&w), KVN_GRANT_ISSUER, kid);
	return sw == SW_OK ? agree(r, c, c->agreement ? c->party : &oce, &eph) : sw;
}

void access_set(struct key_set *k, uint8_t first)
{
	struct key *const keys[] = { &k->enc, &k->mac, &k->dek };

	for (size_t i = 0; i < 3; i++) {
		keys[i]->n = 16;
		memset(keys[i]->b, first + (int)i, 16);
	}
}

uint16_t put_access(
    struct rig *r, uint8_t old, uint8_t version, uint8_t first, const struct key *dek)
{
	struct put_key put = { .version = version, .n = 3 };
	struct key_set set;
	uint8_t room[256];
	struct wr w = wr_fixed(room, sizeof(room));

	access_set(&set, first);
	put.key[0] = set.enc;
	put.key[1] = set.mac;
	put.key[2] = set.dek;
	assert_true(put_key_put(&w, &put, dek));
	return say(r, INS_PUT_KEY, (uint16_t)(old << 8 | 0x81), wr_span(&w), NULL);
}

void become_party(struct rig *r, const struct grant_spec *s, uint8_t version)
{
	struct ec_private party = s->key != NULL ? *s->key : party_scalar(s->who);
	struct rig_claim c = { .grant = grant_of(s),
		.party = &party,
		.id = s->id,
		.agreement = s->agreement,
		.container = s->container };
	char id[PARTY_ID_MAX + 1] = "";

	for (size_t i = 0; s->who != NULL && s->who[i] != '\0'; i++)
		id[i] = (char)toupper(s->who[i]);
	if (s->id == NULL)
		c.id = id;
	as_operator(r);
	assert_int_equal(place_grant(r, c.grant, TIME), SW_OK);
	assert_int_equal(rig_claim_open(r, &c), SW_OK);
	assert_true(c.receipt_ok);
	assert_int_equal(put_access(r, 0, version, version, &c.dek), SW_OK);
}

uint16_t as_party_at(
    struct rig *r, const char *container, uint8_t version, uint8_t first, uint8_t level)
{
	uint16_t sw = select_aid(r, container);

	access_set(&r->keys, first);
	if (sw == SW_OK)
		sw = rig_initialize(r, version);
	return sw == SW_OK ? rig_authenticate(r, level) : sw;
}

uint16_t as_party(struct rig *r, const char *container, uint8_t version, uint8_t first)
{
	return as_party_at(r, container, version, first, 0x33);
}

uint16_t object_put(struct rig *r, uint8_t number, struct span value)
{
	struct wr w = wr_grow(8192);
	uint16_t sw;

	party_object_put(&w, number, value);
	assert_true(wr_ok(&w));
	sw = store(r, wr_span(&w), 0x90, NULL);
	wr_free(&w);
	return sw;
}

uint16_t object_get_is(struct rig *r, uint8_t number, struct span value)
{
	struct wr w = wr_grow(8192);
	struct span got;
	uint16_t sw = say(r, INS_GET_DATA, (uint16_t)(0xDF00 | number), span_of(NULL, 0), &got);

	party_object_put(&w, number, value);
	if (sw == SW_OK)
		assert_span(got, wr_span(&w));
	wr_free(&w);
	return sw;
}

struct span state_get(struct rig *r)
{
	struct span got;

	assert_int_equal(say(r, INS_GET_DATA, TAG_CONTAINERS, span_of(NULL, 0), &got), SW_OK);
	return got;
}

const struct card_container *box(const struct rig *r, const char *aid)
{
	struct aid a = aid_of(aid);

	return chip_container(r->v, &a);
}

struct wr memory_of(const struct rig *r)
{
	static struct chip copy;
	struct wr w = wr_grow(1 << 22);

	copy = r->v->chip;
	for (size_t i = 0; i < copy.keys_n; i++)
		copy.keys[i].sequence = 0;
	chip_snapshot(&w, &copy);
	assert_true(wr_ok(&w));
	return w;
}

struct wr card_file(const struct rig *r)
{
	struct wr w = wr_grow(1 << 24);
	FILE *f = fopen(r->path, "rb");
	uint8_t block[4096];
	size_t n;

	assert_non_null(f);
	while ((n = fread(block, 1, sizeof(block), f)) > 0)
		wr_bytes(&w, block, n);
	fclose(f);
	assert_true(wr_ok(&w));
	return w;
}

void assert_untouched(const struct rig *r, const struct wr *before)
{
	struct wr now = card_file(r);

	assert_int_equal(now.n, before->n);
	assert_memory_equal(now.p, before->p, now.n);
	wr_free(&now);
}
