/*
 * GET STATUS (GPCS 11.4): the ISD, what system and image bring, applications and domains, load
 * files; in both formats, by pages: what does not fit one answer is told with 6310 and fetched by
 * the next command.
 */
#include "tlv/tlv.h"
#include "vcard/broadcast/broadcast.h"
#include "vcard/content/content.h"
#include "vcard/core/card_state.h"
#include "vcard/core/handlers.h"

enum { TAG_AID = 0x4F, TAG_STATE = 0x9F70, TAG_PRIVILEGES = 0xC5, TAG_LIST = 0x5C };
enum { TAG_LOAD_FILE = 0xC4, TAG_DOMAIN = 0xCC, TAG_VERSION = 0xCE, TAG_IMPLICIT = 0xCF };
enum { TAG_MODULE = 0x84, P1_LOAD_FILES = STATUS_LOAD_FILES | STATUS_MODULES };

/* One GET STATUS. */
struct query {
	uint8_t p1;
	bool old; /* the deprecated format */
	struct span prefix, tags, criteria;
	const struct logical_channel *ch;
	struct aid viewer; /* the domain that asks */
	bool sees_all;
};

/* ---- entries ---- */

/* JCOP tells the first octet only. */
static uint8_t privilege_octets(const struct vcard *v)
{
	return v->chip.product == PRODUCT_JCOP4 ? 1 : 3;
}

static void app_entry(const struct vcard *v, const struct card_app *a, struct status_entry *s)
{
	*s = (struct status_entry){ .aid = a->aid,
		.state = a->state,
		.privileges = a->privileges,
		.privileges_n = privilege_octets(v),
		.load_file = a->load_file,
		.domain = chip_domain_aid(v, &a->domain),
		.implicit_n = a->implicit_n };
	for (size_t i = 0; i < a->implicit_n; i++)
		s->implicit[i] = a->implicit[i];
}

static void file_entry(
    const struct vcard *v, const struct card_load_file *f, bool modules, struct status_entry *s)
{
	*s = (struct status_entry){ .aid = f->aid,
		.state = ELF_LOADED,
		.version = { f->major, f->minor },
		.version_n = 2,
		.domain = chip_domain_aid(v, &f->domain),
		.module_n = modules ? f->module_n : 0 };
	for (size_t i = 0; i < s->module_n; i++)
		s->module[i] = f->module[i];
}

/* The package of supplementary domains, which was never loaded. */
static void domain_package_entry(const struct vcard *v, bool modules, struct status_entry *s)
{
	*s = (struct status_entry){ .aid = aid_domain_package,
		.state = ELF_LOADED,
		.version = { 1, 0 },
		.version_n = 2,
		.domain = v->chip.isd,
		.module = { aid_domain_module },
		.module_n = modules ? 1 : 0 };
}

static void isd_entry(const struct vcard *v, struct status_entry *s)
{
	*s = (struct status_entry){ .aid = v->chip.isd,
		.state = v->chip.life_cycle,
		.privileges = chip_privileges(v, &v->chip.isd),
		.privileges_n = privilege_octets(v) };
}

static size_t residents(const struct vcard *v)
{
	struct resident r;
	size_t n = 0;

	while (chip_resident(v, n, &r))
		n++;
	return n;
}

static bool resident_entry(const struct vcard *v, size_t i, struct status_entry *s)
{
	struct resident r;

	if (!chip_resident(v, i, &r))
		return false;
	*s = (struct status_entry){ .aid = r.aid,
		.state = r.state,
		.privileges_n = privilege_octets(v),
		.load_file = r.load_file,
		.domain = v->chip.isd };
	return true;
}

/* Number i of everything that P1 asks for: ISD, then applications, then load files. *there: it has
 * an entry and the domain that asks may see it. False: there are no more. */
static bool entry_at(
    const struct vcard *v, const struct query *q, size_t i, struct status_entry *s, bool *there)
{
	const struct card_content *all = &v->chip.content;
	size_t system = residents(v);
	const struct aid *owner;

	*there = q->sees_all;
	if (i == 0) {
		*there = *there && (q->p1 & STATUS_ISD) != 0;
		isd_entry(v, s);
		return true;
	}
	i--;
	if (i < system) {
		*there = *there && (q->p1 & STATUS_APPLICATIONS) != 0 && resident_entry(v, i, s);
		return true;
	}
	i -= system;
	if (i < all->app_n) {
		owner = &all->app[i].domain;
		*there = (q->p1 & STATUS_APPLICATIONS) != 0 &&
			 ((container_reaches(v, q->ch, owner) &&
			      (*there || chip_is_under(v, owner, &q->viewer))) ||
			     aid_same(&all->app[i].aid, &q->viewer));
		app_entry(v, &all->app[i], s);
		return true;
	}
	i -= all->app_n;
	if (i == 0) {
		*there = *there && (q->p1 & P1_LOAD_FILES) != 0;
		domain_package_entry(v, (q->p1 & STATUS_MODULES) != 0, s);
		return true;
	}
	i--;
	if (i >= all->file_n)
		return false;
	*there = (q->p1 & P1_LOAD_FILES) != 0 &&
		 container_reaches(v, q->ch, &all->file[i].domain) &&
		 (*there || chip_is_under(v, &all->file[i].domain, &q->viewer));
	file_entry(v, &all->file[i], (q->p1 & STATUS_MODULES) != 0, s);
	return true;
}

/* ---- criteria and tag list ---- */

static bool criterion_met(const struct tlv *t, const struct status_entry *s)
{
	struct rd r = rd_of(t->val);
	uint32_t privileges;
	uint8_t state;

	switch (t->tag) {
	case TAG_STATE:
		return rd_u8(&r, &state) && state == s->state;
	case TAG_PRIVILEGES:
		return privileges_get(t->val, &privileges) &&
		       (s->privileges & privileges) == privileges;
	case TAG_LOAD_FILE:
		return span_eq(t->val, aid_span(&s->load_file));
	case TAG_DOMAIN:
		return span_eq(t->val, aid_span(&s->domain));
	}
	return true;
}

static bool is_asked_for(const struct query *q, const struct status_entry *s)
{
	struct rd r = rd_of(q->criteria);
	struct tlv t;

	if (!span_starts(aid_span(&s->aid), q->prefix))
		return false;
	while (rd_left(&r) > 0)
		if (!tlv_next(&r, &t) || !criterion_met(&t, s))
			return false;
	return true;
}

/* 5C is tags in a row, of one or two octets. */
static bool is_listed(struct span tags, uint16_t tag)
{
	struct rd r = rd_of(tags);
	uint8_t first, second;

	if (tags.n == 0)
		return true;
	while (rd_u8(&r, &first)) {
		uint16_t one = first;

		if ((first & 0x1F) == 0x1F && rd_u8(&r, &second))
			one = (uint16_t)(first << 8 | second);
		if (one == tag)
			return true;
	}
	return false;
}

/* AID, state and privileges are always there (11.4.3.1). */
static void keep_listed(struct span tags, struct status_entry *s)
{
	if (!is_listed(tags, TAG_LOAD_FILE))
		s->load_file.n = 0;
	if (!is_listed(tags, TAG_DOMAIN))
		s->domain.n = 0;
	if (!is_listed(tags, TAG_VERSION))
		s->version_n = 0;
	if (!is_listed(tags, TAG_IMPLICIT))
		s->implicit_n = 0;
	if (!is_listed(tags, TAG_MODULE))
		s->module_n = 0;
}

/* ---- the command ---- */

static bool query_get(struct call *c, struct query *q)
{
	struct rd r = rd_of(c->cmd->data);
	struct aid me = chip_domain_name(c->v, &c->ch->selected);
	struct tlv t;

	*q = (struct query){ .p1 = c->cmd->p1, .old = (c->cmd->p2 & STATUS_FIRST) == 0 };
	q->ch = c->ch;
	q->viewer = me;
	q->sees_all = (chip_privileges(c->v, &me) & PRIV_GLOBAL_REGISTRY) != 0;
	if (!tlv_expect(&r, TAG_AID, &q->prefix) || q->prefix.n > AID_MAX)
		return false;
	q->criteria = span_sub(c->cmd->data, c->cmd->data.n - rd_left(&r), rd_left(&r));
	while (rd_left(&r) > 0) {
		if (!tlv_next(&r, &t))
			return false;
		if (t.tag == TAG_LIST)
			q->tags = t.val;
	}
	return true;
}

static size_t page_size(const struct vcard *v)
{
	return v->chip.content.page != 0 ? v->chip.content.page : PAGE_DEFAULT;
}

/* One page from entry *at on; *at moves to where the next page begins. Every page has an entry,
 * however long it is. */
static uint16_t page_put(struct call *c, const struct query *q, size_t *at)
{
	struct status_entry s;
	bool there;

	for (; entry_at(c->v, q, *at, &s, &there); (*at)++) {
		size_t before = c->out->n;

		if (!there || !is_asked_for(q, &s))
			continue;
		keep_listed(q->tags, &s);
		if (q->old)
			status_old_put(c->out, q->p1, &s);
		else
			status_entry_put(c->out, &s);
		if (before > 0 && c->out->n > page_size(c->v)) {
			wr_cut(c->out, before);
			return SW_MORE_DATA;
		}
	}
	return SW_OK;
}

uint16_t do_get_status(struct call *c)
{
	struct paging *p = &c->ch->paging;
	bool next = (c->cmd->p2 & STATUS_NEXT_OLD) != 0;
	struct paging before = *p;
	struct query q;
	uint16_t sw;

	*p = (struct paging){ 0 };
	if (c->cmd->p2 > STATUS_NEXT || (c->cmd->p1 & 0x0F) != 0 || c->cmd->p1 == 0)
		return SW_WRONG_P1P2;
	if (next && (!before.active || before.p1 != c->cmd->p1 ||
			before.old != ((c->cmd->p2 & STATUS_FIRST) == 0)))
		return SW_CONDITIONS; /* nothing is left of a first one like that */
	if (!query_get(c, &q))
		return SW_WRONG_DATA;
	before.at = next ? before.at : 0;
	sw = page_put(c, &q, &before.at);
	if (sw == SW_MORE_DATA)
		*p = (struct paging){ .active = true, .p1 = q.p1, .old = q.old, .at = before.at };
	else if (c->out->n == 0)
		return SW_REFERENCE_NOT_FOUND;
	return sw;
}
