#include "cmd/content/removal.h"

#include <stdlib.h>

#include "cmd/kit/ask.h"

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

int old_removals_put(struct removals *m, const struct aid *aid, uint8_t p2, struct err *e)
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
		    aid_text(&x->s.aid).s);
	/* The applications of a package go with it, but what domains among them hold does not. */
	while ((d = registry_dependent(p->r, x, &at)) != NULL)
		if (plan(p, d, x->kind != REGISTRY_LOAD_FILE, e) != 0)
			return -1;
	if (!itself || planned(p->m, &x->s.aid) || goes_along(p->m, p->r, x))
		return 0;
	return old_removals_put(
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
	err_set(e, ERR_SAFETY, "%s %s: %s %s%s", entry_kind(x), aid_text(&x->s.aid).s,
	    x->kind == REGISTRY_LOAD_FILE ? "made from it is" : "it holds",
	    aid_text(&first->s.aid).s, n > 1 ? " and others" : "");
	return err_hint(e, "--related deletes them as well, after showing which");
}

int old_removals_add(struct removals *m, const struct registry *r, const struct registry_entry *x,
    bool related, struct err *e)
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
			rc = old_removals_put(m, &x->s.aid, DELETE_OBJECT, e);
	}
	free(p.seen);
	return rc;
}

/* ---- show and ask ---- */

static size_t note_one(struct ctx *c, const struct removal *x, const struct registry *r)
{
	const struct registry_entry *of = registry_find(r, &x->aid), *d;
	size_t at = 0, n = 1;

	if (of == NULL) {
		ask_note(c, "  %s", aid_text(&x->aid).s);
		return n;
	}
	note_entry(c, of);
	if (x->p2 != DELETE_RELATED)
		return n;
	while ((d = registry_dependent(r, of, &at)) != NULL) {
		note_entry(c, d);
		n++;
	}
	return n;
}

int old_removals_ask(
    struct ctx *c, const struct removals *m, const struct registry *r, struct err *e)
{
	char question[120];
	size_t n = 0;

	ask_note(c, "this deletes from the card:");
	for (size_t i = 0; i < m->n; i++)
		n += note_one(c, &m->list[i], r);
	if (n == 1)
		snprintf(question, sizeof(question), "Delete %s?", aid_text(&m->list[0].aid).s);
	else
		snprintf(question, sizeof(question), "Delete these %zu?", n);
	return ask(c, question, e);
}

/* ---- do ---- */

static int delete_one(
    struct target *t, const struct removal *x, struct span token, json_t *done, struct err *e)
{
	struct delete_object d = { .aid = x->aid, .token = token };
	struct span confirmation;
	json_t *o;

	if (content_delete(t->s, x->p2, &d, &confirmation, e) != 0)
		return err_in(e, "%s", aid_text(&x->aid).s);
	if (done == NULL)
		return 0;
	o = json_object();
	out_set(&o, "aid", out_hex(aid_span(&x->aid)));
	out_set(&o, "related", json_boolean(x->p2 == DELETE_RELATED));
	out_set(&o, "confirmation", out_hex(confirmation));
	return json_array_append_new(done, o) == 0 ? 0 : err_memory(e);
}

int old_removals_do(
    struct target *t, const struct removals *m, struct span token, json_t *done, struct err *e)
{
	for (size_t i = 0; i < m->n; i++) {
		if (ctx_stopped(t->c)) {
			err_set(e, ERR_INTERRUPTED, "stopped after %zu of %zu deletions", i, m->n);
			return -1;
		}
		if (delete_one(t, &m->list[i], token, done, e) == 0)
			continue;
		if (m->n > 1)
			ctx_note(t->c, "%zu of %zu deletions were done before this", i, m->n);
		return -1;
	}
	return 0;
}

int old_removals_check(const struct removals *m, const struct registry *after, struct err *e)
{
	for (size_t i = 0; i < m->n; i++)
		if (registry_find(after, &m->list[i].aid) != NULL)
			return err_set(e, ERR_INTEGRITY,
			    "%s: the card answered 9000 to DELETE and still lists it",
			    aid_text(&m->list[i].aid).s);
	return 0;
}
