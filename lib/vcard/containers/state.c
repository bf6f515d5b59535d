/* GET DATA in a container and of containers (containers.md 3, 6): what is told, and FF73. */
#include <string.h>

#include "tlv/tlv.h"
#include "vcard/containers/internal.h"
#include "vcard/core/handlers.h"
#include "vcard/keys/keys.h"

/* ---- what a container tells ---- */

static bool is_object(uint16_t tag)
{
	return tag >= TAG_OBJECT_FIRST && tag <= TAG_OBJECT_LAST;
}

/* Told to anybody; is there, but a party's; all others are not there. */
static uint16_t told_to_strangers(const struct call *c, uint16_t tag)
{
	struct span value;

	switch (tag) {
	case TAG_CARD_DATA:
	case TAG_CAPABILITIES:
	case TAG_CERTIFICATE_STORE:
		return SW_OK;
	case TAG_CONTAINERS:
	case TAG_KEY_INFORMATION:
		return SW_SECURITY_STATUS;
	case TAG_SEQUENCE_COUNTER:
		return chip_keys_count(c->v, &c->ch->selected) > 0 ? SW_SECURITY_STATUS
								   : SW_REFERENCE_NOT_FOUND;
	case TAG_IIN:
	case TAG_CIN:
		return chip_object(c->v, &c->ch->selected, tag, &value) ? SW_SECURITY_STATUS
									: SW_REFERENCE_NOT_FOUND;
	}
	return SW_REFERENCE_NOT_FOUND;
}

uint16_t container_tells(const struct call *c, uint16_t tag)
{
	if (chip_container(c->v, &c->ch->selected) == NULL || c->ch->app)
		return SW_OK;
	if (session_party(c->v, c->ch) == NULL)
		return told_to_strangers(c, tag);
	return is_object(tag) ? container_right(c, RIGHT_READ) : SW_OK;
}

/* ---- FF73 ---- */

static void party_put(struct wr *w, const struct card_party *p, bool versions)
{
	container_party_put(w, &(struct container_party){ .id = span_of(p->id, p->id_n),
				   .serial = p->serial,
				   .rights = p->rights,
				   .versions = span_of(p->set, versions ? p->set_n : 0) });
}

static void objects_put(struct wr *w, const struct vcard *v, const struct aid *aid)
{
	for (uint16_t tag = TAG_OBJECT_FIRST; tag <= TAG_OBJECT_LAST; tag++) {
		struct span value;

		if (chip_object(v, aid, tag, &value))
			container_object_put(w, &(struct container_object){
						    .number = (uint8_t)(tag - TAG_OBJECT_FIRST + 1),
						    .length = (uint16_t)value.n });
	}
}

/* reader: the party that asks; NULL: the issuer. */
static bool sees_all(const struct card_container *k, const struct card_party *reader)
{
	return reader == NULL || (reader == &k->party[0] && (reader->rights & RIGHT_ADMIT) != 0);
}

static size_t head_open(struct wr *w, const struct vcard *v, const struct card_container *k)
{
	const struct card_app *a = chip_app(v, &k->aid);

	return container_open(
	    w, &(struct container){ .aid = aid_span(&k->aid),
		   .stage = (enum container_stage)k->stage,
		   .locked = (a->state & APP_LOCKED) != 0,
		   .quotas = { .volatile_quota = { a->has_volatile_quota, a->volatile_quota },
		       .data_quota = { a->has_quota, a->quota },
		       .volatile_reserve = { a->reserved_volatile > 0, a->reserved_volatile },
		       .data_reserve = { a->reserved > 0, a->reserved } },
		   .used = content_used_under(v, &k->aid) });
}

static void container_put(struct wr *w, const struct vcard *v, const struct card_container *k,
    const struct card_party *reader)
{
	size_t mark = head_open(w, v, k);

	for (size_t i = 0; i < k->party_n && k->stage == STAGE_CLAIMED; i++)
		if (&k->party[i] == reader || sees_all(k, reader))
			party_put(w, &k->party[i], &k->party[i] == reader);
	for (size_t i = 0; i < k->grant_n && sees_all(k, reader); i++)
		container_grant_put(
		    w, &(struct container_grant){
			   .id = span_of(k->grant[i].party.id, k->grant[i].party.id_n),
			   .serial = k->grant[i].party.serial,
			   .digest = SPAN(k->grant[i].digest) });
	if (reader != NULL && (reader->rights & RIGHT_READ) != 0)
		objects_put(w, v, &k->aid);
	tlv_close(w, mark);
}

/* Those that have had a grant placed, then those that could. */
static void issuers_put(struct wr *w, const struct vcard *v)
{
	const struct card_containers *all = &v->chip.containers;
	uint8_t digest[PARTY_DIGEST];

	for (size_t i = 0; i < all->issuer_n; i++)
		container_issuer_put(
		    w, &(struct container_issuer){
			   span_of(all->issuer[i].digest, PARTY_NAME), all->issuer[i].serial });
	for (size_t i = 0; i < v->chip.publics_n; i++) {
		const struct card_public *k = &v->chip.publics[i];

		if (k->domain.n == 0 && k->ref.kvn == KVN_GRANT_ISSUER &&
		    k->key.kind == AUTHORITY_EC && party_point_digest(&k->key.ec, digest) &&
		    issuer_at(v, digest) == all->issuer_n)
			container_issuer_put(
			    w, &(struct container_issuer){ span_of(digest, PARTY_NAME), 0 });
	}
}

/* The one that the issuer names. */
static uint16_t named_put(struct call *c)
{
	const struct card_containers *all = &c->v->chip.containers;
	struct rd r = rd_of(c->cmd->data);
	struct span wanted;

	if (!tlv_expect(&r, TAG_ISD_AID, &wanted) || rd_left(&r) != 0)
		return SW_WRONG_DATA;
	for (size_t i = 0; i < all->n; i++)
		if (span_eq(aid_span(&all->container[i].aid), wanted)) {
			container_put(c->out, c->v, &all->container[i], NULL);
			return SW_OK;
		}
	return SW_REFERENCE_NOT_FOUND;
}

void containers_told(struct wr *w, const struct vcard *v)
{
	const struct card_containers *all = &v->chip.containers;
	size_t mark = tlv_open(w, TAG_CONTAINERS);

	for (size_t i = 0; i < all->n; i++)
		container_put(w, v, &all->container[i], NULL);
	issuers_put(w, v);
	containers_end_put(w, all->closed, all->time);
	tlv_close(w, mark);
}

uint16_t get_containers(struct call *c)
{
	const struct card_container *k = chip_container(c->v, &c->ch->selected);
	const struct card_party *reader = session_party(c->v, c->ch);
	bool isd = c->ch->session == CHANNEL_UNICAST && !c->ch->anonymous &&
		   chip_is_isd(c->v, &c->ch->selected);
	uint16_t sw = SW_OK;
	size_t mark;

	if (!c->secured || c->level != LEVEL_WHOLE || (!isd && reader == NULL))
		return SW_SECURITY_STATUS;
	if (reader != NULL && c->cmd->data.n > 0)
		return SW_WRONG_LENGTH;
	if (reader == NULL && c->cmd->data.n == 0) {
		containers_told(c->out, c->v);
		return SW_OK;
	}
	mark = tlv_open(c->out, TAG_CONTAINERS);
	if (reader != NULL) {
		container_put(c->out, c->v, k, reader);
	} else {
		sw = named_put(c);
		containers_end_put(
		    c->out, c->v->chip.containers.closed, c->v->chip.containers.time);
	}
	tlv_close(c->out, mark);
	return sw;
}
