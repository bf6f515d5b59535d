#include "host/audit_grant.h"

#include <string.h>

#include "base/hex.h"
#include "base/text.h"
#include "gp/container.h"
#include "gp/names.h"
#include "gp/scp11_data.h"
#include "gp/trust.h"

enum { PUT_KEY_SET = 0x81, KEY_ID = 0x7F, SEVERAL_KEYS = 0x80 };

static const char *id_text(struct span id, char out[static 4 * PARTY_ID_MAX + 1])
{
	return text_clean(id, CLEAN_ALL, out, 4 * PARTY_ID_MAX + 1);
}

void party_audit_init(struct party_audit *a, const struct party_trust *trust)
{
	memset(a, 0, sizeof(*a));
	a->trust = trust;
	gather_init(&a->gather);
}

void party_audit_free(struct party_audit *a)
{
	gather_free(&a->gather);
}

/* ---- what is placed ---- */

static struct party_placed *placed_find(
    struct party_audit *a, const uint8_t digest[static PARTY_DIGEST])
{
	for (size_t i = 0; i < a->placed_n; i++)
		if (memcmp(a->placed[i].digest, digest, PARTY_DIGEST) == 0)
			return &a->placed[i];
	return NULL;
}

static void placed_drop(struct party_audit *a, struct party_placed *p)
{
	size_t at = (size_t)(p - a->placed);

	memmove(p, p + 1, (a->placed_n - at - 1) * sizeof(*p));
	a->placed_n--;
}

static void placed_add(struct party_audit *a, const struct grant *g, unsigned line)
{
	struct party_placed p = { .line = line, .id_n = (uint8_t)g->id.n };

	if (!grant_digest(g->whole, p.digest) || !aid_from(&p.container, g->container))
		return;
	memcpy(p.id, g->id.p, g->id.n);
	if (a->placed_n == PARTY_PLACED_MAX)
		placed_drop(a, a->placed);
	a->placed[a->placed_n++] = p;
}

/* Revoked: the unused grant of this party, or all of them. */
static void placed_revoke(struct party_audit *a, const struct container_order *o)
{
	for (size_t i = a->placed_n; i > 0; i--) {
		struct party_placed *p = &a->placed[i - 1];

		if (span_eq(aid_span(&p->container), o->container) &&
		    (o->party.n == 0 || span_eq(span_of(p->id, p->id_n), o->party)))
			placed_drop(a, p);
	}
}

/* ---- orders ---- */

static void note_answer(const struct party_audit *a, const struct grant *g,
    const struct party_exchange *x, struct party_notes *n)
{
	const struct party_trust *t = a->trust;
	struct placed p;

	if (!x->reply_readable)
		return;
	if (!placed_get(x->reply.data, &p) || !placed_is_of(&p, g)) {
		note(n, FINDING_DIFFERS, "the answer is that of another grant");
		return;
	}
	note(n, FINDING_OK, "the answer is of this grant");
	for (size_t i = 0; p.has_receipt && i < t->receipt_n; i++)
		if (placed_proven(&p, t->receipt[i].key)) {
			note(n, FINDING_OK, "receipt by key %.64s", t->receipt[i].name);
			return;
		}
	if (p.has_receipt)
		note(n, t->receipt_n > 0 ? FINDING_SIGNATURE : FINDING_NOT_CHECKED, "receipt");
}

static void on_place(struct party_audit *a, const struct container_order *o,
    const struct party_exchange *x, struct party_notes *n)
{
	note_grant(a, &o->grant, o->time > a->time ? o->time : a->time, n);
	if (o->domain_key.whole.n > 0)
		note(n,
		    domain_key_named(&o->grant, o->domain_key.whole) ? FINDING_OK : FINDING_DIFFERS,
		    "the domain key is the one that the grant names");
	if (x->reply.sw != SW_OK)
		return;
	note_answer(a, &o->grant, x, n);
	placed_add(a, &o->grant, a->gather.line);
}

static void on_order(
    struct party_audit *a, struct span whole, const struct party_exchange *x, struct party_notes *n)
{
	static const uint8_t begins[] = { TAG_CONTAINER_ORDER >> 8, TAG_CONTAINER_ORDER & 0xFF };
	struct container_order o;

	if (!container_order_get(whole, &o)) {
		if (span_starts(whole, SPAN(begins)))
			note(n, FINDING_NONE, "not a well-formed order");
		return;
	}
	if (o.kind == ORDER_PLACE)
		on_place(a, &o, x, n);
	if (x->reply.sw != SW_OK)
		return;
	if (o.kind == ORDER_REVOKE)
		placed_revoke(a, &o);
	if (o.has_time && o.time > a->time)
		a->time = o.time;
}

/* ---- the claim ---- */

static void end_claim(struct party_audit *a)
{
	a->grant_n = 0;
	a->vouched = a->claiming = false;
}

static void on_grant(
    struct party_audit *a, struct span whole, const struct party_exchange *x, struct party_notes *n)
{
	struct grant g;
	const struct party_placed *p;
	uint8_t digest[PARTY_DIGEST];

	end_claim(a);
	if (!grant_get(whole, &g)) {
		note(n, FINDING_NONE, "not a well-formed grant");
		return;
	}
	note_grant(a, &g, a->time, n);
	p = grant_digest(whole, digest) ? placed_find(a, digest) : NULL;
	if (p != NULL)
		note(n, FINDING_OK, "placed in line %u, octet by octet", p->line);
	else
		note(n, FINDING_NOT_CHECKED, "this recording does not show that it was placed");
	if (x->reply.sw != SW_OK)
		return;
	memcpy(a->grant, whole.p, whole.n);
	a->grant_n = whole.n;
	a->vouched = (x->command.p2 & PSO_MORE_CERTIFICATES) == 0;
}

/* The second certificate of form S: the key of this claim, signed by the party. */
static void on_oce(
    struct party_audit *a, struct span whole, const struct party_exchange *x, struct party_notes *n)
{
	struct grant g;
	struct cert c;
	int64_t t = a->time;

	if (!grant_get(span_of(a->grant, a->grant_n), &g))
		return;
	if (!oce_cert_get(whole, &c)) {
		note(n, FINDING_NONE, "not a certificate in the form of a claim");
		return;
	}
	if (oce_cert_vouched(whole, &c, &g))
		note(n, FINDING_OK, "key of this claim, signed by the party's key in the grant");
	else
		note(n, FINDING_SIGNATURE, "key of this claim, by the party's key in the grant");
	note_days(n, "certificate", t >= c.from && c.has_until && t < c.until, a->time);
	a->vouched = x->reply.sw == SW_OK;
}

static void on_certificate(
    struct party_audit *a, struct span whole, const struct party_exchange *x, struct party_notes *n)
{
	if ((x->command.p1 & ~PSO_MORE_BLOCKS) != KVN_GRANT_ISSUER)
		end_claim(a);
	else if (a->grant_n > 0 && !a->vouched)
		on_oce(a, whole, x, n);
	else
		on_grant(a, whole, x, n);
}

static void on_authenticate(
    struct party_audit *a, const struct party_exchange *x, struct party_notes *n)
{
	char hex[HEX_SIZE(AID_MAX)], id[4 * PARTY_ID_MAX + 1];
	struct grant g;

	if (a->vouched && grant_get(span_of(a->grant, a->grant_n), &g)) {
		note(n, FINDING_NONE, "claim of container %s by %s with the grant presented",
		    hex_put(g.container, hex, sizeof(hex)), id_text(g.id, id));
		a->claiming = x->reply.sw == SW_OK;
	}
	note(n, FINDING_NOT_CHECKED,
	    "receipt and session: their keys come of ephemeral ones, which no recording has");
}

static struct party_claim *claim_of(struct party_audit *a, const struct aid *container)
{
	for (size_t i = 0; i < a->claim_n; i++)
		if (aid_same(&a->claim[i].container, container))
			return &a->claim[i];
	return NULL;
}

static void claim_done(struct party_audit *a, const struct aid *container, unsigned line)
{
	struct party_claim *c = claim_of(a, container);

	if (c == NULL && a->claim_n == PARTY_CLAIMS_MAX) {
		memmove(a->claim, a->claim + 1, sizeof(a->claim) - sizeof(a->claim[0]));
		a->claim_n--;
	}
	if (c == NULL)
		c = &a->claim[a->claim_n++];
	*c = (struct party_claim){ *container, line };
}

/* All in the session of the claim but its headers is closed to us. */
static void on_put_access(
    struct party_audit *a, const struct party_exchange *x, struct party_notes *n)
{
	struct grant g;
	uint8_t digest[PARTY_DIGEST];
	struct party_placed *p;
	struct aid container;

	if (x->reply.sw != SW_OK || !grant_get(span_of(a->grant, a->grant_n), &g) ||
	    !grant_digest(g.whole, digest) || !aid_from(&container, g.container)) {
		note(n, FINDING_NONE, "the claim was refused, the grant is not spent");
		return;
	}
	note(n, FINDING_NOT_CHECKED,
	    "the claim is done if this answer is the card's: the access set is put, the grant "
	    "spent");
	claim_done(a, &container, x->line);
	p = placed_find(a, digest);
	if (p != NULL)
		placed_drop(a, p);
	end_claim(a);
}

static void on_initialize(
    struct party_audit *a, const struct party_exchange *x, struct party_notes *n)
{
	const struct party_claim *c = claim_of(a, &a->selected);
	uint8_t kvn = x->command.p1;

	end_claim(a);
	if (x->initialize == FINDING_OK && c != NULL && kvn >= KVN_ACCESS_FIRST &&
	    kvn <= KVN_ACCESS_LAST)
		note(n, FINDING_OK, "the card has this access set: proves the claim of line %u",
		    c->line);
}

/* ---- what else tells ---- */

/* New version, then type and length of the first key; the extended form names its type behind FF
 * (GPCS 11.8.2.3). */
static void on_put_key(const struct party_exchange *x, struct party_notes *n)
{
	const struct capdu *c = &x->command;
	bool several = (c->p2 & SEVERAL_KEYS) != 0;
	struct rd r = rd_of(c->data);
	uint8_t version, type;
	const char *use;

	if (!x->readable || !rd_u8(&r, &version) || !rd_u8(&r, &type) ||
	    (type == KEY_TYPE_EXTENDED && !rd_u8(&r, &type)))
		return;
	use = key_use_str(c->p2 & KEY_ID, version, type);
	note(n, FINDING_NONE, "%s %02X%s of version %02X%s%s", several ? "keys from" : "key",
	    c->p2 & KEY_ID, several ? " on" : "", version, use == NULL ? "" : ": ",
	    use == NULL ? "" : use);
}

static void on_state(struct party_audit *a, struct span answer, struct party_notes *n)
{
	struct containers all;
	struct container c;
	struct container_grant g;
	struct rd r, in;

	if (!containers_get(answer, &all)) {
		note(n, FINDING_NONE, "not a well-formed state of containers");
		return;
	}
	if (all.is_operator && all.time > a->time)
		a->time = all.time;
	r = rd_of(all.containers);
	while (container_next(&r, &c)) {
		in = rd_of(c.grants);
		while (container_grant_next(&in, &g)) {
			const struct party_placed *p = placed_find(a, g.digest.p);

			if (p != NULL)
				note(n, FINDING_OK, "the grant of serial %llu is that of line %u",
				    (unsigned long long)g.serial, p->line);
		}
	}
}

static void on_certificates(struct party_audit *a, const struct party_exchange *x)
{
	struct span certs, one, leaf = { 0 };
	struct cert c;
	struct rd r;

	if (!cert_store_get(x->reply.data, &certs))
		return;
	r = rd_of(certs);
	while (cert_next(&r, &one))
		leaf = one;
	a->has_card =
	    leaf.n > 0 && cert_get(leaf, &c) && c.key.n > 0 && party_point_digest(&c.key, a->card);
	a->card_line = x->line;
}

static void on_get_data(
    struct party_audit *a, const struct party_exchange *x, struct party_notes *n)
{
	uint16_t tag = (uint16_t)(x->command.p1 << 8 | x->command.p2);

	if (!x->reply_readable || x->reply.sw != SW_OK)
		return;
	if (tag == TAG_CONTAINERS)
		on_state(a, x->reply.data, n);
	else if (tag == TAG_CERTIFICATE_STORE)
		on_certificates(a, x);
}

static void on_select(struct party_audit *a, const struct party_exchange *x)
{
	if (x->command.p1 != 0x04 || x->reply.sw != SW_OK)
		return;
	end_claim(a);
	if (!aid_from(&a->selected, x->command.data))
		a->selected.n = 0;
}

/* ---- all of it ---- */

static void on_command(struct party_audit *a, const struct party_exchange *x, struct party_notes *n)
{
	const struct capdu *c = &x->command;

	switch (c->ins) {
	case INS_SELECT:
		if (x->readable)
			on_select(a, x);
		break;
	case INS_INITIALIZE_UPDATE:
		if (!cla_is_sm(c->cla))
			on_initialize(a, x, n);
		break;
	case INS_MUTUAL_AUTHENTICATE:
		if (c->p2 != 0x00 && !cla_is_sm(c->cla))
			on_authenticate(a, x, n);
		break;
	case INS_INTERNAL_AUTHENTICATE:
		if (!cla_is_sm(c->cla))
			on_authenticate(a, x, n);
		break;
	case INS_PUT_KEY:
		if (a->claiming && c->p1 == 0x00 && c->p2 == PUT_KEY_SET)
			on_put_access(a, x, n);
		else
			on_put_key(x, n);
		break;
	case INS_GET_DATA:
		on_get_data(a, x, n);
		break;
	default:
		break;
	}
}

bool party_exchange_of(struct party_exchange *x, struct span command, struct span answer,
    bool masked, const struct audit_result *r)
{
	bool sm;

	*x = (struct party_exchange){ .command = r->plain, .initialize = r->reply };
	if ((!r->has_plain && !capdu_get(command, &x->command)) || !rapdu_get(answer, &x->reply))
		return false;
	sm = cla_is_sm(x->command.cla);
	x->readable = !masked && (r->has_plain || !sm);
	x->reply_readable = r->has_plain_reply || (!r->has_plain && !sm);
	if (r->has_plain_reply)
		x->reply = r->plain_reply;
	return true;
}

void party_audit_next(struct party_audit *a, const struct party_exchange *x, struct party_notes *n,
    struct span *whole)
{
	*n = (struct party_notes){ 0 };
	*whole = span_of(NULL, 0);
	if (gather_next(&a->gather, &x->command, x->line, whole) && x->readable) {
		if (x->command.ins == INS_STORE_DATA)
			on_order(a, *whole, x, n);
		else
			on_certificate(a, *whole, x, n);
	}
	on_command(a, x, n);
}

bool party_hides_command(const struct party_audit *a, const struct capdu *c)
{
	return c->ins == INS_STORE_DATA && gather_has_object(&a->gather);
}

bool party_hides_answer(const struct capdu *c)
{
	return c->ins == INS_RENEW || (c->ins == INS_GET_DATA && c->p1 == TAG_OBJECT_FIRST >> 8 &&
					  c->p2 >= 0x01 && c->p2 <= 0x7F);
}
