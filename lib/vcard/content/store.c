/*
 * STORE DATA (GPCS 11.11): data objects and keys of a domain, as BER-TLV or in DGIs, and data for
 * an application that INSTALL [for personalization] named. Blocks are gathered until the last one
 * and then take effect together or not at all.
 */
#include "gp/key_dgi.h"
#include "gp/key_value.h"
#include "tlv/tlv.h"
#include "vcard/channel/channel.h"
#include "vcard/content/content.h"
#include "vcard/content/manage.h"
#include "vcard/core/card_state.h"
#include "vcard/core/handlers.h"
#include "vcard/keys/keys.h"
#include "vcard/products/product.h"

/* In a container and of orders: 4096 octets, and the head of an object that has them. */
enum { CONTAINER_STORE_MAX = 4096 + 5 };
enum { STORE_OCTETS_MAX = 32 << 10, KEY_GROUPS_MAX = 4, RAW_DATA = 0x0000 };

/* Whom the data are for: the application or domain that is being personalized, else the domain
 * itself. */
static struct aid owner_of(const struct call *c)
{
	const struct aid *to = &c->ch->personalize;

	return chip_domain_name(c->v, to->n != 0 ? to : &c->ch->selected);
}

static bool for_domain(const struct call *c)
{
	struct aid owner = owner_of(c);

	return chip_is_domain(c->v, &owner);
}

/* Of `more` objects, all new at worst, or of more groups of keys, none may fail to be stored when
 * the others are: what is in the journal must be applicable. */
static bool objects_fit(const struct vcard *v, size_t more)
{
	return v->chip.objects_n + more <= CHIP_OBJECTS_MAX;
}

static bool keys_fit(const struct vcard *v, const struct aid *domain, size_t more)
{
	const struct chip *c = &v->chip;

	return more <= 1 ||
	       (chip_keys_count(v, domain) + more <= CHIP_KEY_SETS_MAX &&
		   c->keys_n + more <= CHIP_KEYS_MAX && c->publics_n + more <= CHIP_PUBLICS_MAX &&
		   c->ecka_n + more <= VCARD_ECKA_MAX && c->ca_n + more <= VCARD_CA_MAX);
}

static uint16_t object_store(struct call *c, uint16_t tag, struct span value)
{
	struct aid owner = owner_of(c);

	if (value.n > OBJECT_SIZE_MAX)
		return SW_NO_MEMORY;
	chip_put_object(c->v, &owner, tag, value);
	return SW_OK;
}

/* Values under the data encryption key of the session, padded to whole blocks, which remain. */
static bool value_decrypt(const struct call *c, struct span value, struct wr *clear)
{
	bool des = c->v->chip.i02 != 0;
	uint8_t *to =
	    value.n == 0 || value.n % key_value_block(des) != 0 ? NULL : wr_space(clear, value.n);

	return to != NULL && key_value_cipher(des, &c->ch->dek, DECRYPT, value, to);
}

/* ---- objects of a domain (GPCS 11.11.2.3) ---- */

static uint16_t store_isd_aid(struct call *c, struct span value)
{
	struct aid aid;

	if (!aid_from(&aid, value))
		return SW_WRONG_DATA;
	if (!chip_is_isd(c->v, &aid) && aid_taken(c->v, &aid))
		return SW_WRONG_DATA;
	chip_put_isd(c->v, &aid);
	return SW_OK;
}

/* Made by the card itself: cannot be stored. */
static bool is_dynamic(uint32_t tag)
{
	return tag == TAG_CONTAINERS || tag == TAG_CONTAINER_ORDER || tag == TAG_SEQUENCE_COUNTER ||
	       tag == TAG_CONFIRMATION_COUNTER || tag == TAG_SECURITY_LEVEL ||
	       tag == TAG_APPLICATION_LIST || tag == TAG_RESOURCES;
}

/* Octets that a value may have; 0: not an object of a domain. */
static size_t most_of(uint32_t tag)
{
	switch (tag) {
	case TAG_IIN:
		return sizeof(((struct chip *)NULL)->iin);
	case TAG_CIN:
		return sizeof(((struct chip *)NULL)->cin);
	case TAG_CARD_DATA:
	case TAG_CAPABILITIES:
		return 512;
	case TAG_MANAGER_URL:
		return 255;
	}
	return 0;
}

static uint16_t store_object(struct call *c, const struct tlv *t)
{
	struct aid owner = owner_of(c);
	size_t most = most_of(t->tag);

	if (t->tag == TAG_ISD_AID && owner.n == 0)
		return store_isd_aid(c, t->val);
	if (most == 0)
		return is_dynamic(t->tag) ? SW_WRONG_DATA : SW_REFERENCE_NOT_FOUND;
	if (t->val.n == 0 || t->val.n > most)
		return SW_WRONG_DATA;
	if ((t->tag == TAG_CARD_DATA || t->tag == TAG_CAPABILITIES) && !tlv_canonical(t->val))
		return SW_WRONG_DATA;
	if (owner.n == 0 && t->tag == TAG_IIN)
		chip_put_iin(c->v, t->val);
	else if (owner.n == 0 && t->tag == TAG_CIN)
		chip_put_cin(c->v, t->val);
	else
		return object_store(c, (uint16_t)t->tag, t->val);
	return SW_OK;
}

static uint16_t store_tlvs(struct call *c, struct span data)
{
	static const uint8_t reference[] = { TAG_CONTROL_REFERENCE };
	struct aid owner = owner_of(c);
	struct rd r = rd_of(data);
	uint16_t sw = SW_OK;
	struct tlv t;
	size_t n = 0;

	/* What belongs to a key of SCP11 names it first, and comes alone. */
	if (span_starts(data, SPAN(reference)) && owner.n == 0)
		return scp11_store(c, data);
	while (sw == SW_OK && rd_left(&r) > 0) {
		if (!objects_fit(c->v, ++n))
			return SW_NO_MEMORY;
		sw = tlv_next(&r, &t) ? store_object(c, &t) : SW_WRONG_DATA;
	}
	return sw;
}

/* ---- DGIs of a domain ---- */

/* The versions of keys that came already: those of two groups would not know of each other. */
struct key_groups {
	uint8_t version[KEY_GROUPS_MAX];
	size_t n;
};

static bool group_is_new(struct key_groups *g, uint8_t version)
{
	for (size_t i = 0; i < g->n; i++)
		if (g->version[i] == version)
			return false;
	if (g->n == KEY_GROUPS_MAX)
		return false;
	g->version[g->n++] = version;
	return true;
}

static uint16_t store_keys(struct call *c, struct rd *groups, struct key_groups *seen)
{
	struct key_dgi k = { .put.des = c->v->chip.i02 != 0 };
	enum put_key_verdict v = key_dgi_get(groups, &c->ch->dek, &k);
	struct aid owner = owner_of(c);
	uint16_t sw = SW_WRONG_DATA;

	if (v == PUT_KEY_BAD_KCV)
		sw = SW_SECURITY_STATUS;
	else if (v == PUT_KEY_OK && group_is_new(seen, k.put.version))
		sw = keys_fit(c->v, &owner, seen->n) ? keys_put(c->v, &owner, -1, &k.put, k.kid)
						     : SW_NO_MEMORY;
	wipe(&k, sizeof(k));
	return sw;
}

/* The objects in a group; encrypted ones are followed by less than a block of padding. */
static uint16_t store_template(struct call *c, struct span value)
{
	size_t used = 0, block = key_value_block(c->v->chip.i02 != 0);
	struct wr clear = wr_grow(STORE_OCTETS_MAX);
	uint16_t sw = SW_WRONG_DATA;
	struct tlv t;
	struct rd r;

	if ((c->cmd->p1 & STORE_ENCRYPTED) != STORE_ENCRYPTED)
		return store_tlvs(c, value);
	if (!value_decrypt(c, value, &clear))
		goto out;
	r = rd_of(wr_span(&clear));
	while (tlv_next(&r, &t) && t.tag != 0x00 && t.tag != 0x80)
		used = clear.n - rd_left(&r);
	if (used > 0 && clear.n - used <= block)
		sw = store_tlvs(c, span_sub(wr_span(&clear), 0, used));
out:
	wr_free(&clear);
	return sw;
}

static uint16_t store_dgis(struct call *c, struct span data)
{
	struct key_groups seen = { 0 };
	struct rd r = rd_of(data), at;
	uint16_t sw = SW_OK;
	struct dgi d;
	size_t n = 0;

	while (sw == SW_OK && rd_left(&r) > 0) {
		at = r;
		if (!dgi_next(&r, &d))
			return SW_WRONG_DATA;
		if (d.id == DGI_KEYS) {
			sw = store_keys(c, &at, &seen);
			r = at;
		} else if (d.id == DGI_TLV) {
			/* Each counts its own objects only. */
			sw = ++n > 1 ? SW_WRONG_DATA : store_template(c, d.value);
		} else {
			sw = SW_REFERENCE_NOT_FOUND;
		}
	}
	return sw;
}

/* ---- data of an application ---- */

static uint16_t app_value(struct call *c, uint16_t tag, struct span value)
{
	struct wr clear = wr_grow(STORE_OCTETS_MAX);
	uint16_t sw = SW_WRONG_DATA;

	if ((c->cmd->p1 & STORE_ENCRYPTED) != STORE_ENCRYPTED)
		sw = object_store(c, tag, value);
	else if (value_decrypt(c, value, &clear))
		sw = object_store(c, tag, wr_span(&clear));
	wr_free(&clear);
	return sw;
}

static bool app_next(uint8_t format, struct rd *r, uint16_t *tag, struct span *value)
{
	struct dgi d;
	struct tlv t;

	if (format == STORE_DGI) {
		if (!dgi_next(r, &d))
			return false;
		*tag = d.id;
		*value = d.value;
		return true;
	}
	if (!tlv_next(r, &t) || t.tag > 0xFFFF)
		return false;
	*tag = (uint16_t)t.tag;
	*value = t.val;
	return true;
}

/* The application keeps what it is given; what has no structure goes under tag 0000. */
static uint16_t store_for_app(struct call *c, struct span data)
{
	uint8_t format = c->cmd->p1 & STORE_FORMAT;
	struct rd r = rd_of(data);
	uint16_t sw = SW_OK, tag;
	struct span value;
	size_t n = 0;

	if (format == 0)
		return objects_fit(c->v, 1) ? app_value(c, RAW_DATA, data) : SW_NO_MEMORY;
	while (sw == SW_OK && rd_left(&r) > 0) {
		if (!app_next(format, &r, &tag, &value))
			sw = SW_WRONG_DATA;
		else
			sw = objects_fit(c->v, ++n) ? app_value(c, tag, value) : SW_NO_MEMORY;
	}
	return sw;
}

/* ---- blocks ---- */

/* A domain wants to know the structure, and takes encrypted values in DGIs only. */
static bool format_known(const struct call *c)
{
	uint8_t format = c->cmd->p1 & STORE_FORMAT, encrypted = c->cmd->p1 & STORE_ENCRYPTED;

	if (format == STORE_FORMAT || (encrypted != 0 && encrypted != STORE_ENCRYPTED &&
					  encrypted != STORE_APPLICATION_DEPENDENT))
		return false;
	if (!for_domain(c))
		return true;
	if (chip_container(c->v, &c->ch->selected) != NULL)
		return format == STORE_TLV && encrypted == 0;
	return format != 0 && (encrypted == 0 || format == STORE_DGI) &&
	       encrypted != STORE_APPLICATION_DEPENDENT;
}

/* Data of a container itself, and orders about containers, which come alone. */
static bool is_for_containers(const struct call *c, struct span data)
{
	static const uint8_t order[] = { TAG_CONTAINER_ORDER >> 8, TAG_CONTAINER_ORDER & 0xFF };

	return c->ch->personalize.n == 0 && (c->cmd->p1 & STORE_FORMAT) == STORE_TLV &&
	       (chip_container(c->v, &c->ch->selected) != NULL ||
		   (span_starts(data, SPAN(order)) && chip_is_isd(c->v, &c->ch->selected)));
}

/* An order about trust records. */
static bool is_for_trust(const struct call *c, struct span data)
{
	static const uint8_t order[] = { TAG_TRUST_ORDER >> 8, TAG_TRUST_ORDER & 0xFF };

	return c->ch->personalize.n == 0 && (c->cmd->p1 & STORE_FORMAT) == STORE_TLV &&
	       span_starts(data, SPAN(order)) && product_has_trust(&c->v->chip);
}

static uint16_t store_in_container(struct call *c, struct span data)
{
	struct rd r = rd_of(data);
	struct tlv t;

	if (data.n > CONTAINER_STORE_MAX)
		return SW_NO_MEMORY;
	return tlv_next(&r, &t) && t.tag == TAG_CONTAINER_ORDER ? container_order(c, data)
								: container_store(c, data);
}

static uint16_t store_whole(struct call *c, struct span data)
{
	uint16_t sw;

	if (is_for_trust(c, data))
		return chip_is_isd(c->v, &c->ch->selected) ? trust_order(c, data)
							   : SW_SECURITY_STATUS;
	if (is_for_containers(c, data))
		return store_in_container(c, data);
	/* Keys, or a grant, may have come meanwhile, on another channel. */
	if (c->ch->personalize.n != 0 && (chip_opens_itself(c->v, &c->ch->personalize) ||
					     !container_reaches(c->v, c->ch, &c->ch->personalize)))
		sw = SW_CONDITIONS;
	else if (c->ch->personalize.n != 0 && container_right(c, RIGHT_CONTENT) != SW_OK)
		sw = SW_SECURITY_STATUS;
	else if (!for_domain(c))
		sw = store_for_app(c, data);
	else if ((c->cmd->p1 & STORE_FORMAT) == STORE_TLV)
		sw = store_tlvs(c, data);
	else
		sw = store_dgis(c, data);
	return sw;
}

/* The ISD goes on being selected where it is, under its new name. */
static void follow_isd(struct vcard *v, const struct aid *was)
{
	for (size_t i = 0; i < CHANNELS; i++)
		if (v->channel[i].open && aid_same(&v->channel[i].selected, was))
			v->channel[i].selected = v->chip.isd;
}

static size_t store_limit(const struct call *c)
{
	return chip_container(c->v, &c->ch->selected) != NULL ? CONTAINER_STORE_MAX
							      : STORE_OCTETS_MAX;
}

static uint16_t store_block(struct call *c)
{
	struct logical_channel *ch = c->ch;
	struct aid isd = c->v->chip.isd;
	uint16_t sw;

	if (!format_known(c))
		return SW_WRONG_P1P2;
	if (c->cmd->p2 != ch->store_next)
		return SW_WRONG_DATA;
	if (ch->store_next == 0)
		ch->store = wr_grow(store_limit(c));
	wr_put(&ch->store, c->cmd->data);
	if (!wr_ok(&ch->store))
		return SW_NO_MEMORY;
	ch->store_next++;
	if ((c->cmd->p1 & STORE_LAST) == 0)
		return ch->store_next == 0 ? SW_WRONG_DATA : SW_OK;
	sw = store_whole(c, wr_span(&ch->store));
	if (sw == SW_OK && !chip_commit(c->v))
		sw = SW_MEMORY_FAILURE;
	if (sw == SW_OK)
		follow_isd(c->v, &isd);
	return sw;
}

void store_forget(struct vcard *v, const struct aid *domain)
{
	for (size_t i = 0; i < CHANNELS; i++) {
		struct logical_channel *ch = &v->channel[i];

		if (!ch->open || !aid_same(&ch->selected, domain))
			continue;
		wr_free(&ch->store);
		ch->store_next = 0;
		ch->personalize = (struct aid){ 0 };
	}
}

uint16_t do_store_data(struct call *c)
{
	bool last = (c->cmd->p1 & STORE_LAST) != 0;
	uint16_t sw = store_block(c);

	/* The numbering starts anew after the last block and after an error (11.11.2.2). */
	if (sw != SW_OK || last) {
		wr_free(&c->ch->store);
		c->ch->store_next = 0;
	}
	if (last) /* and this was the personalization (11.11.1) */
		c->ch->personalize = (struct aid){ 0 };
	return sw;
}
