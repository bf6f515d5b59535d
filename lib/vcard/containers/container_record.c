/* Containers in the card's memory: their records, and what is left when a domain goes. */
#include <string.h>

#include "vcard/containers/containers.h"
#include "vcard/core/record.h"

enum { CONTAINER_RECORD_MAX = 2048, EMPTIED = 0x01 };

/* ---- one container ---- */

static void party_record(struct wr *w, const struct card_party *p)
{
	wr_lv(w, span_of(p->id, p->id_n));
	wr_u64(w, p->serial);
	wr_u8(w, p->rights);
	wr_bytes(w, p->key, sizeof(p->key));
	wr_lv(w, span_of(p->prefix, p->prefix_n));
	wr_lv(w, span_of(p->set, p->set_n));
}

/* LV of at most cap octets. */
static bool lv_get(struct rd *r, uint8_t *to, size_t cap, uint8_t *n)
{
	struct span s;
	struct rd v;

	if (!rd_lv(r, &s) || s.n > cap)
		return false;
	v = rd_of(s);
	*n = (uint8_t)s.n;
	return rd_copy(&v, to, s.n);
}

static bool party_get(struct rd *r, struct card_party *p)
{
	return lv_get(r, p->id, sizeof(p->id), &p->id_n) && rd_u64(r, &p->serial) &&
	       rd_u8(r, &p->rights) && rd_copy(r, p->key, sizeof(p->key)) &&
	       lv_get(r, p->prefix, sizeof(p->prefix), &p->prefix_n) &&
	       lv_get(r, p->set, sizeof(p->set), &p->set_n) && (p->rights & ~RIGHTS_ALL) == 0;
}

static void grant_record(struct wr *w, const struct card_grant *g)
{
	party_record(w, &g->party);
	wr_bytes(w, g->issuer, sizeof(g->issuer));
	wr_bytes(w, g->digest, sizeof(g->digest));
	wr_bytes(w, g->card, sizeof(g->card));
	key_record_put(w, &g->dk);
}

static bool grant_record_get(struct rd *r, struct card_grant *g)
{
	return party_get(r, &g->party) && rd_copy(r, g->issuer, sizeof(g->issuer)) &&
	       rd_copy(r, g->digest, sizeof(g->digest)) && rd_copy(r, g->card, sizeof(g->card)) &&
	       key_record_get(r, &g->dk);
}

static void container_record(struct wr *w, const struct card_container *k)
{
	uint8_t room[CONTAINER_RECORD_MAX];
	struct wr value = wr_fixed(room, sizeof(room));

	wr_lv(&value, aid_span(&k->aid));
	wr_u8(&value, k->stage);
	wr_u8(&value, (uint8_t)k->party_n);
	for (size_t i = 0; i < k->party_n; i++)
		party_record(&value, &k->party[i]);
	wr_u8(&value, (uint8_t)k->grant_n);
	for (size_t i = 0; i < k->grant_n; i++)
		grant_record(&value, &k->grant[i]);
	w->full = w->full || !wr_ok(&value);
	nvm_record(w, REC_CONTAINER, wr_span(&value));
	wipe(room, sizeof(room));
}

static bool container_read(struct rd *r, struct card_container *k)
{
	uint8_t n;

	if (!aid_record_get(r, &k->aid) || !rd_u8(r, &k->stage) || k->stage < STAGE_GRANTED ||
	    k->stage > STAGE_SEALED || !rd_u8(r, &n) || n > CONTAINER_PARTIES_MAX)
		return false;
	for (k->party_n = 0; k->party_n < n; k->party_n++)
		if (!party_get(r, &k->party[k->party_n]))
			return false;
	if (!rd_u8(r, &n) || n > CONTAINER_GRANTS_MAX)
		return false;
	for (k->grant_n = 0; k->grant_n < n; k->grant_n++)
		if (!grant_record_get(r, &k->grant[k->grant_n]))
			return false;
	return (k->stage == STAGE_GRANTED) == (k->party_n == 0);
}

static size_t container_at(const struct card_containers *all, const struct aid *aid)
{
	size_t i = 0;

	while (i < all->n && !aid_same(&all->container[i].aid, aid))
		i++;
	return i;
}

bool container_record_get(struct chip *c, struct rd *r)
{
	struct card_containers *all = &c->containers;
	struct card_container k = { 0 };
	bool ok = container_read(r, &k);
	size_t at = container_at(all, &k.aid);

	ok = ok && at < CONTAINERS_MAX;
	if (ok)
		all->container[at] = k;
	if (ok && at == all->n)
		all->n++;
	wipe(&k, sizeof(k));
	return ok;
}

void container_owner_gone(struct chip *c, const struct aid *aid)
{
	struct card_containers *all = &c->containers;
	size_t at = container_at(all, aid);

	if (at == all->n)
		return;
	all->n--;
	memmove(&all->container[at], &all->container[at + 1],
	    (all->n - at) * sizeof(all->container[0]));
	wipe(&all->container[all->n], sizeof(all->container[0]));
}

bool container_gone_get(struct chip *c, struct rd *r)
{
	struct aid aid;
	uint8_t how;

	if (!aid_record_get(r, &aid) || !rd_u8(r, &how) || how > EMPTIED)
		return false;
	container_owner_gone(c, &aid);
	if (how == EMPTIED) {
		keys_owner_gone(c, &aid);
		objects_owner_gone(c, &aid);
	}
	return true;
}

/* ---- the card ---- */

bool issuer_get(struct chip *c, struct rd *r)
{
	struct card_containers *all = &c->containers;
	struct card_issuer i;
	size_t at = 0;

	if (!rd_copy(r, i.digest, sizeof(i.digest)) || !rd_u64(r, &i.serial))
		return false;
	while (
	    at < all->issuer_n && memcmp(all->issuer[at].digest, i.digest, sizeof(i.digest)) != 0)
		at++;
	if (at == ISSUERS_MAX)
		return false;
	all->issuer[at] = i;
	if (at == all->issuer_n)
		all->issuer_n++;
	return true;
}

bool time_get(struct chip *c, struct rd *r)
{
	return rd_u32(r, &c->containers.time);
}

bool closed_get(struct chip *c, struct rd *r)
{
	(void)r;
	c->containers.closed = true;
	return true;
}

static void issuer_record(struct wr *w, const struct card_issuer *i)
{
	uint8_t room[PARTY_DIGEST + 8];
	struct wr value = wr_fixed(room, sizeof(room));

	wr_bytes(&value, i->digest, sizeof(i->digest));
	wr_u64(&value, i->serial);
	nvm_record(w, REC_ISSUER, wr_span(&value));
}

static void time_record(struct wr *w, uint32_t time)
{
	uint8_t room[4];

	put_u32(room, time);
	nvm_record(w, REC_TIME, SPAN(room));
}

void containers_snapshot(struct wr *w, const struct chip *c)
{
	const struct card_containers *all = &c->containers;

	for (size_t i = 0; i < all->n; i++)
		container_record(w, &all->container[i]);
	for (size_t i = 0; i < all->issuer_n; i++)
		issuer_record(w, &all->issuer[i]);
	if (all->time != 0)
		time_record(w, all->time);
	if (all->closed)
		nvm_record(w, REC_CLOSED, (struct span){ NULL, 0 });
}

/* ---- changes ---- */

void chip_put_container(struct vcard *v, const struct card_container *k)
{
	/* What is in the journal must be applicable. */
	if (container_at(&v->chip.containers, &k->aid) == CONTAINERS_MAX)
		v->batch.full = true;
	container_record(&v->batch, k);
}

void chip_put_container_gone(struct vcard *v, const struct aid *aid, bool emptied)
{
	uint8_t room[AID_MAX + 2];
	struct wr value = wr_fixed(room, sizeof(room));

	wr_lv(&value, aid_span(aid));
	wr_u8(&value, emptied ? EMPTIED : 0);
	nvm_record(&v->batch, REC_CONTAINER_GONE, wr_span(&value));
}

void chip_put_issuer(struct vcard *v, const struct card_issuer *i)
{
	issuer_record(&v->batch, i);
}

void chip_put_time(struct vcard *v, uint32_t time)
{
	time_record(&v->batch, time);
}

void chip_put_closed(struct vcard *v)
{
	nvm_record(&v->batch, REC_CLOSED, (struct span){ NULL, 0 });
}

/* ---- the whole ---- */

/* Each container is a domain of the issuer's. */
bool containers_sound(const struct chip *c)
{
	for (size_t i = 0; i < c->containers.n; i++) {
		const struct aid *aid = &c->containers.container[i].aid;
		bool found = false;

		for (size_t n = 0; n < c->content.app_n; n++)
			found = found ||
				(aid_same(&c->content.app[n].aid, aid) &&
				    c->content.app[n].domain.n == 0 &&
				    (c->content.app[n].privileges & PRIV_SECURITY_DOMAIN) != 0);
		if (!found)
			return false;
	}
	return true;
}
