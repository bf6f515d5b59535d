/* `place`: an order that closes a domain with a grant, or lets somebody else into a container. Its
 * checks stand in the order of containers.md 5; the first that fails answers. */
#include <string.h>

#include "gp/token.h"
#include "vcard/containers/internal.h"
#include "vcard/keys/keys.h"

/* An order on its way through the checks. */
struct placing {
	const struct container_order *o;
	const struct grant *g;
	const struct card_container *was; /* the container that the grant names; NULL: none yet */
	const struct card_app *app;       /* its entry in the registry */
	const struct card_ecka *key;      /* 81 */
	const struct ec_public *issuer;
	bool inside; /* it comes from the owner */
	struct card_container next;
	struct card_issuer counter;
};
typedef uint16_t check(const struct call *c, struct placing *p);

/* 2, as far as it is not the form of the octets. A party's look at another container than its own
 * must tell nothing: there is none. */
static uint16_t check_form(const struct call *c, struct placing *p)
{
	struct aid aid;

	if (!aid_from(&aid, p->g->container) || (p->inside && p->o->has_time))
		return SW_WRONG_DATA;
	p->app = chip_app(c->v, &aid);
	p->was = chip_container(c->v, &aid);
	if (p->inside && !aid_same(&aid, &c->ch->selected))
		p->was = NULL;
	return p->was != NULL && p->was->stage == STAGE_CLAIMED && (p->g->rights & RIGHT_ADMIT) != 0
		   ? SW_WRONG_DATA
		   : SW_OK;
}

/* 3 */
static uint16_t check_issuer(const struct call *c, struct placing *p)
{
	uint8_t kid;

	p->issuer = grant_issuer(c->v, p->g->issuer, &kid);
	return p->issuer != NULL ? SW_OK : SW_REFERENCE_NOT_FOUND;
}

/* 4 */
static uint16_t check_signature(const struct call *c, struct placing *p)
{
	(void)c;
	return grant_signed_by(p->g, p->issuer) ? SW_OK : SW_CERTIFICATE_INVALID;
}

/* 5 */
static uint16_t check_card(const struct call *c, struct placing *p)
{
	for (size_t i = 0; i < c->v->chip.ecka_n; i++)
		if (card_key_is(&c->v->chip.ecka[i], p->g->card.p))
			p->key = &c->v->chip.ecka[i];
	return p->key != NULL ? SW_OK : SW_REFERENCE_NOT_FOUND;
}

/* 6 */
static uint16_t check_domain(const struct call *c, struct placing *p)
{
	if (p->app == NULL || (p->app->privileges & PRIV_SECURITY_DOMAIN) == 0 ||
	    p->app->domain.n != 0)
		return SW_NOT_FOUND;
	return !p->inside || aid_same(&p->app->aid, &c->ch->selected) ? SW_OK : SW_NOT_FOUND;
}

/* 7 */
static uint16_t check_serial(const struct call *c, struct placing *p)
{
	const struct card_containers *all = &c->v->chip.containers;
	size_t at;

	if (!party_point_digest(p->issuer, p->counter.digest))
		return SW_UNKNOWN;
	at = issuer_at(c->v, p->counter.digest);
	p->counter.serial = p->g->serial;
	return at == all->issuer_n || p->g->serial > all->issuer[at].serial
		   ? SW_OK
		   : SW_CERTIFICATE_NOT_ALLOWED;
}

/* 8 */
static uint16_t check_days(const struct call *c, struct placing *p)
{
	return grant_in_time(p->g, order_time(c->v, p->o)) ? SW_OK : SW_DATA_INVALIDATED;
}

/* ---- 9: the state ---- */

/* What a container may be besides a domain. It is never selected but by its name. */
static bool is_plain(const struct card_app *a)
{
	static const uint32_t may = PRIV_SECURITY_DOMAIN | PRIV_TRUSTED_PATH |
				    PRIV_AUTHORIZED_MANAGEMENT | PRIV_DELEGATED_MANAGEMENT;
	static const uint32_t manages = PRIV_AUTHORIZED_MANAGEMENT | PRIV_DELEGATED_MANAGEMENT;

	return (a->privileges & ~may) == 0 && (a->privileges & manages) != manages &&
	       a->implicit_n == 0 && a->state != APP_INSTALLED;
}

static bool is_empty(const struct vcard *v, const struct aid *domain)
{
	const struct chip *chip = &v->chip;
	bool empty = chip_keys_count(v, domain) == 0;

	for (size_t i = 0; empty && i < chip->publics_n; i++)
		empty = !aid_same(&chip->publics[i].domain, domain);
	for (size_t i = 0; empty && i < chip->objects_n; i++)
		empty = !aid_same(&chip->objects[i].owner, domain);
	for (size_t i = 0; empty && i < chip->content.app_n; i++)
		empty = !aid_same(&chip->content.app[i].domain, domain);
	for (size_t i = 0; empty && i < chip->content.file_n; i++)
		empty = !aid_same(&chip->content.file[i].domain, domain);
	return empty;
}

/* One that is only on its way (INITIALIZE UPDATE) takes no keys to make: it ends instead. */
static bool has_session(const struct vcard *v, const struct aid *domain)
{
	for (size_t i = 0; i < CHANNELS; i++)
		if (v->channel[i].open && aid_same(&v->channel[i].selected, domain) &&
		    (v->channel[i].session == CHANNEL_UNICAST ||
			v->channel[i].session == CHANNEL_BROADCAST))
			return true;
	return false;
}

static void grant_of(const struct grant *g, struct card_grant *out)
{
	struct card_party *p = &out->party;

	*out = (struct card_grant){ .party = { .serial = g->serial, .rights = g->rights } };
	p->id_n = (uint8_t)g->id.n;
	memcpy(p->id, g->id.p, g->id.n);
	p->prefix_n = (uint8_t)g->prefix.n;
	if (g->prefix.n > 0)
		memcpy(p->prefix, g->prefix.p, g->prefix.n);
	memcpy(out->issuer, g->issuer.p, PARTY_NAME);
	memcpy(out->card, g->card.p, PARTY_DIGEST);
}

static bool is_like(const struct card_party *a, const struct card_party *b)
{
	return span_eq(span_of(a->id, a->id_n), span_of(b->id, b->id_n)) ||
	       memcmp(a->key, b->key, sizeof(a->key)) == 0;
}

/* All that wait here, and the new one, agree to others. */
static bool all_shared(const struct card_container *k, const struct card_grant *g)
{
	bool shared = (g->party.rights & RIGHT_SHARED) != 0;

	for (size_t i = 0; i < k->grant_n; i++)
		shared = shared && (k->grant[i].party.rights & RIGHT_SHARED) != 0;
	return shared;
}

/* One of the same id or key is replaced. */
static uint16_t grant_add(struct card_container *k, const struct card_grant *g)
{
	size_t kept = 0;

	for (size_t i = 0; i < k->grant_n; i++)
		if (!is_like(&k->grant[i].party, &g->party))
			k->grant[kept++] = k->grant[i];
	k->grant_n = kept;
	if (k->party_n + k->grant_n >= CONTAINER_PARTIES_MAX)
		return SW_CONDITIONS;
	k->grant[k->grant_n++] = *g;
	return SW_OK;
}

static uint16_t grant_alone(struct card_container *k, const struct card_grant *g)
{
	k->grant[0] = *g;
	k->grant_n = 1;
	return SW_OK;
}

static uint16_t into_claimed(
    const struct placing *p, struct card_container *k, const struct card_grant *g)
{
	if (!p->inside && (k->party[0].rights & g->party.rights & RIGHT_SHARED) == 0)
		return SW_CONDITIONS;
	for (size_t i = 0; i < k->party_n; i++)
		if (is_like(&k->party[i], &g->party))
			return SW_CONDITIONS;
	return grant_add(k, g);
}

static uint16_t next_stage(const struct placing *p, struct card_container *k, struct card_grant *g)
{
	switch (k->stage) {
	case STAGE_GRANTED:
		return all_shared(k, g) ? grant_add(k, g) : grant_alone(k, g);
	case STAGE_CLAIMED:
		return into_claimed(p, k, g);
	}
	/* A sealed one waits for the key that it was left by. */
	return memcmp(k->party[0].key, g->party.key, PARTY_DIGEST) == 0 ? grant_alone(k, g)
									: SW_CONDITIONS;
}

static uint16_t check_state(const struct call *c, struct placing *p)
{
	struct card_grant g;
	uint16_t sw;

	if ((p->app->state & APP_LOCKED) != 0)
		return SW_CONDITIONS;
	if (p->was == NULL &&
	    (!is_plain(p->app) || !is_empty(c->v, &p->app->aid) || has_session(c->v, &p->app->aid)))
		return SW_CONDITIONS;
	p->next = p->was != NULL
		      ? *p->was
		      : (struct card_container){ .aid = p->app->aid, .stage = STAGE_GRANTED };
	grant_of(p->g, &g);
	if (!grant_digest(p->g->whole, g.digest) || !party_key_digest(&p->g->key, g.party.key))
		return SW_UNKNOWN;
	sw = next_stage(p, &p->next, &g);
	wipe(&g, sizeof(g));
	return sw;
}

/* 10 */
static uint16_t check_resources(const struct call *c, struct placing *p)
{
	const struct card_app *a = p->app;
	const struct quotas *q = &p->g->quotas;

	(void)c;
	if ((a->has_volatile_quota && a->volatile_quota < q->volatile_quota.n) ||
	    (a->has_quota && a->quota < q->data_quota.n) ||
	    a->reserved_volatile < q->volatile_reserve.n || a->reserved < q->data_reserve.n)
		return SW_NO_MEMORY;
	return SW_OK;
}

/* 11 */
static uint16_t check_domain_key(const struct call *c, struct placing *p)
{
	const struct domain_key *d = &p->o->domain_key;
	struct card_grant *g = &p->next.grant[p->next.grant_n - 1];

	(void)c;
	if (!domain_key_named(p->g, d->whole))
		return SW_WRONG_DATA;
	return d->whole.n == 0 || domain_key_open(d, &p->key->key, g->party.key, &g->dk)
		   ? SW_OK
		   : SW_WRONG_DATA;
}

/* The issuer's receipt key, if it has one. */
static bool receipt_key(const struct call *c, const struct placing *p, struct authority_key *k)
{
	const struct aid isd = { 0 };

	return !p->inside && chip_authority(c->v, &isd, KVN_PLACE_RECEIPT, k) &&
	       k->kind == AUTHORITY_AES;
}

/* 12 */
static uint16_t check_room(const struct call *c, struct placing *p)
{
	const struct card_containers *all = &c->v->chip.containers;
	SECRET_AUTHORITY(k);

	if (issuer_at(c->v, p->counter.digest) == ISSUERS_MAX ||
	    (p->was == NULL && all->n == CONTAINERS_MAX))
		return SW_NO_MEMORY;
	if (receipt_key(c, p, &k) && c->v->chip.content.receipts == CONFIRMATION_COUNTER_MAX)
		return SW_CONDITIONS;
	return SW_OK;
}

/* ---- 13 ---- */

static uint16_t answer(struct call *c, const struct placing *p)
{
	const struct card_container *k = &p->next;
	struct placed d = { .serial = p->g->serial,
		.container = aid_span(&k->aid),
		.card = p->g->card,
		.data_quota = p->g->quotas.data_quota,
		.data_reserve = p->g->quotas.data_reserve };
	SECRET_AUTHORITY(key);

	d.has_receipt = receipt_key(c, p, &key);
	if (d.has_receipt) {
		d.counter = (uint16_t)(c->v->chip.content.receipts + 1);
		chip_put_receipts(c->v, d.counter);
	}
	return placed_put(c->out, &d, d.has_receipt ? &key.secret : NULL) ? SW_OK : SW_UNKNOWN;
}

/* What was begun while it was an ordinary domain ends, on all channels. STORE DATA of who fills it
 * from outside is refused when it is all there (content/store.c), rather than go to somebody else.
 */
static void forget_begun(struct vcard *v, const struct aid *aid)
{
	for (size_t i = 0; i < CHANNELS; i++) {
		struct logical_channel *ch = &v->channel[i];

		if (ch->loading.active && aid_same(&ch->loading.domain, aid))
			content_forget_load(ch);
		if (ch->open && aid_same(&ch->selected, aid))
			session_end(ch);
	}
}

static uint16_t write_all(struct call *c, struct placing *p)
{
	bool is_new = p->was == NULL;
	unsigned visitors = container_visitors(c->v, &p->next.aid);
	uint16_t sw;

	chip_put_container(c->v, &p->next);
	chip_put_issuer(c->v, &p->counter);
	put_order_time(c->v, p->o);
	sw = answer(c, p);
	if (sw == SW_OK && !chip_commit(c->v))
		sw = SW_MEMORY_FAILURE;
	if (sw != SW_OK)
		return sw;
	if (is_new)
		forget_begun(c->v, &p->next.aid);
	container_settle(c, visitors);
	return SW_OK;
}

uint16_t place(struct call *c, const struct container_order *o)
{
	static check *const checks[] = { check_form, check_issuer, check_signature, check_card,
		check_domain, check_serial, check_days, check_state, check_resources,
		check_domain_key, check_room };
	struct placing p = {
		.o = o, .g = &o->grant, .inside = !chip_is_isd(c->v, &c->ch->selected)
	};
	uint16_t sw = SW_OK;

	for (size_t i = 0; sw == SW_OK && i < sizeof(checks) / sizeof(checks[0]); i++)
		sw = checks[i](c, &p);
	if (sw == SW_OK)
		sw = write_all(c, &p);
	wipe(&p, sizeof(p));
	return sw;
}
