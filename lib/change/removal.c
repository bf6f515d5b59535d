#include "change/removal.h"

#include <stdlib.h>

/* ---- plan ---- */

struct plan {
	struct removals *m;
	const struct registry *r;
	bool *seen; /* by entry; a card may say that two domains hold each other */
};

static bool planned(const struct removals *m, const struct aid *aid)
{
	for (size_t i = 0; i < m->n; i++)
		if (aid_same(&m->list[i].aid, aid))
			return true;
	return false;
}

/* Goes along with a package that goes. */
static bool goes_along(
    const struct removals *m, const struct registry *r, const struct registry_entry *x)
{
	for (size_t i = 0; i < m->n; i++) {
		const struct registry_entry *of = registry_find(r, &m->list[i].aid);

		if (of != NULL && of->kind == REGISTRY_LOAD_FILE &&
		    m->list[i].p2 == DELETE_RELATED && x->kind == REGISTRY_APPLICATION &&
		    aid_same(&x->s.load_file, &of->s.aid))
			return true;
	}
	return false;
}

int removals_put(struct removals *m, const struct aid *aid, uint8_t p2, struct err *e)
{
	if (m->n == REMOVALS_MAX)
		return err_set(
		    e, ERR_SAFETY, "more than %d deletions at once: name fewer", REMOVALS_MAX);
	m->list[m->n++] = (struct removal){ *aid, p2 };
	return 0;
}

static int plan(struct plan *p, const struct registry_entry *x, bool itself, struct err *e)
{
	size_t me = (size_t)(x - p->r->entry), at = 0;
	const struct registry_entry *d;

	if (p->seen[me])
		return 0;
	p->seen[me] = true;
	if (x->kind == REGISTRY_ISD)
		return err_set(e, ERR_SAFETY, "%s is the issuer domain, which stays on a card",
		    aid_hex(&x->s.aid).s);
	/* The applications of a package go with it, but what domains among them hold does not. */
	while ((d = registry_dependent(p->r, x, &at)) != NULL)
		if (plan(p, d, x->kind != REGISTRY_LOAD_FILE, e) != 0)
			return -1;
	if (!itself || planned(p->m, &x->s.aid) || goes_along(p->m, p->r, x))
		return 0;
	return removals_put(
	    p->m, &x->s.aid, x->kind == REGISTRY_LOAD_FILE ? DELETE_RELATED : DELETE_OBJECT, e);
}

static int refuse_dependents(const struct removals *m, const struct registry *r,
    const struct registry_entry *x, struct err *e)
{
	const struct registry_entry *d, *first = NULL;
	size_t at = 0, n = 0;

	while ((d = registry_dependent(r, x, &at)) != NULL) {
		if (planned(m, &d->s.aid) || goes_along(m, r, d))
			continue;
		first = n++ == 0 ? d : first;
	}
	if (n == 0)
		return 0;
	err_set(e, ERR_SAFETY, "%s %s: %s %s%s", entry_kind(x), aid_hex(&x->s.aid).s,
	    x->kind == REGISTRY_LOAD_FILE ? "made from it is" : "it holds",
	    aid_hex(&first->s.aid).s, n > 1 ? " and others" : "");
	return err_hint(e, FIELD_IS("related", "true") " deletes them as well");
}

int removals_add(struct removals *m, const struct registry *r, const struct registry_entry *x,
    enum with_related related, struct err *e)
{
	struct plan p = { m, r, calloc(r->n + 1, sizeof(bool)) };
	int rc;

	if (p.seen == NULL)
		return err_memory(e);
	if (related || x->kind == REGISTRY_ISD) {
		rc = plan(&p, x, true, e);
	} else {
		rc = refuse_dependents(m, r, x, e);
		if (rc == 0 && !planned(m, &x->s.aid))
			rc = removals_put(m, &x->s.aid, DELETE_OBJECT, e);
	}
	free(p.seen);
	return rc;
}

/* ---- show and ask ---- */

static size_t list_one(struct change_card *c, const struct removal *x, const struct registry *r)
{
	const struct registry_entry *of = registry_find(r, &x->aid), *d;
	struct registry_entry named = { .kind = REGISTRY_APPLICATION, .s = { .aid = x->aid } };
	size_t at = 0, n = 1;

	change_list(c, NULL, of == NULL ? &named : of);
	if (of == NULL || x->p2 != DELETE_RELATED)
		return n;
	while ((d = registry_dependent(r, of, &at)) != NULL) {
		change_list(c, NULL, d);
		n++;
	}
	return n;
}

int removals_confirm(struct change_card *c, const struct removals *m, struct err *e)
{
	const struct registry *r;
	size_t n = 0;

	if (m->n == 0)
		return 0;
	if (change_content(c, &r, e) != 0)
		return -1;
	change_list(c, "this deletes from the card:", NULL);
	for (size_t i = 0; i < m->n; i++)
		n += list_one(c, &m->list[i], r);
	if (n == 1)
		return change_ask(c, e, "Delete %s?", aid_hex(&m->list[0].aid).s);
	return change_ask(c, e, "Delete these %zu?", n);
}

/* ---- do ---- */

static int delete_one(struct change_card *c, struct removals *m, const struct removal *x,
    struct span token, struct err *e)
{
	struct delete_object d = { .aid = x->aid, .token = token };
	struct span confirmation;

	if (content_delete(c->s, x->p2, &d, &confirmation, e) != 0)
		return err_in(e, "%s", aid_hex(&x->aid).s);
	confirmation_add(&m->confirmations, confirmation);
	m->done++;
	return wr_ok(&m->confirmations) ? 0 : err_memory(e);
}

int removals_do(struct change_card *c, struct removals *m, struct span token, struct err *e)
{
	if (m->n == 0)
		return 0;
	for (size_t i = 0; i < m->n; i++) {
		if (change_stopped(c))
			return err_set(
			    e, ERR_INTERRUPTED, "stopped after %zu of %zu deletions", i, m->n);
		if (delete_one(c, m, &m->list[i], token, e) == 0)
			continue;
		if (m->n > 1)
			change_note(c, "%zu of %zu deletions were done before this", i, m->n);
		return -1;
	}
	change_forget(c);
	return 0;
}

int removals_compare(struct change_card *c, const struct removals *m, struct err *e)
{
	const struct registry *after;

	if (change_content(c, &after, e) != 0)
		return -1;
	for (size_t i = 0; i < m->n; i++)
		if (registry_find(after, &m->list[i].aid) != NULL)
			return err_set(e, ERR_INTEGRITY,
			    "%s: the card answered 9000 to DELETE and still lists it",
			    aid_hex(&m->list[i].aid).s);
	return 0;
}

struct span removals_confirmation(const struct removals *m, size_t i)
{
	return confirmation_at(&m->confirmations, i);
}

void confirmation_add(struct wr *confirmations, struct span confirmation)
{
	if (confirmations->limit == 0)
		*confirmations = wr_grow(1 << 20);
	wr_u16(confirmations, (uint16_t)confirmation.n);
	wr_put(confirmations, confirmation);
}

struct span confirmation_at(const struct wr *confirmations, size_t i)
{
	struct rd r = rd_of(wr_span(confirmations));
	struct span s = { NULL, 0 };
	uint16_t n;

	for (size_t k = 0; k <= i; k++)
		if (!rd_u16(&r, &n) || !rd_take(&r, n, &s))
			return span_of(NULL, 0);
	return s;
}

void removals_free(struct removals *m)
{
	wr_free(&m->confirmations);
}
