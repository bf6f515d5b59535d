/* delete: applications, packages and domains. */
#include "change/removal.h"

#include <stdio.h>

#include "host/container.h"

struct delete
{
	struct field_aids aid;
	bool related;
	struct field_file token;
};

#define ROW(member, ...) FIELD_ROW(struct delete, member, __VA_ARGS__)
static const struct field fields[] = {
	ROW(aid, "aid", FIELD_AIDS, "AID", "What is to go, in hex; several go in this order",
	    .flags = FIELD_REQUIRED | FIELD_OPERAND),
	ROW(related, "related", FIELD_FLAG, NULL,
	    "Also what depends on it: applications of a package, all that a domain holds"),
	ROW(token, "token", FIELD_FILE, "FILE", "Delete token, its octets as they are"),
};

static int open_delete(void *x, struct err *e)
{
	struct delete *d = x;

	if (d->token.path[0] == '\0')
		return 0;
	if (d->aid.n > 1)
		return err_set(e, ERR_USAGE, FIELD("token") " is for one AID");
	return field_file_read(&d->token, FIELD_FILE_MAX, e);
}

/* By hand what is not there is a mistake, which check tells. */
static int is_so(struct change_card *c, const void *x, struct change_so *so, struct err *e)
{
	const struct delete *d = x;
	const struct registry *r;

	if (c->by_hand)
		return 0;
	if (change_content(c, &r, e) != 0)
		return -1;
	so->is = c->is_dry ? SO_NO : SO_YES;
	for (size_t i = 0; i < d->aid.n; i++)
		if (registry_find(r, &d->aid.list[i]) != NULL)
			so->is = SO_NO;
	if (so->is != SO_YES)
		return 0;
	/* Gone is what the card proves, not what nobody lists. */
	return registry_prove(c->s, &c->registry, e) == 0 ? registry_doubt(r, e) : -1;
}

/* A domain that is a container of third parties: the issuer is not told what is in it, and deletes
 * it whole or not at all (containers.md 6). A card without containers says so, one way or other. */
static int is_container(
    struct change_card *c, const struct registry_entry *x, bool *is, struct err *e)
{
	struct wr state = { 0 };
	struct containers all;
	struct err no = { 0 };
	int rc;

	*is = false;
	if (!registry_is_domain(x) || x->kind == REGISTRY_ISD ||
	    container_session_check(c->s, &no) != 0)
		return 0;
	rc = containers_read(c->s, &x->s.aid, &state, &all, is, &no);
	wr_free(&state);
	if (rc == 0 || (no.code == ERR_CARD && !c->s->lost))
		return 0;
	*e = no;
	return -1;
}

static int plan_listed(struct change_card *c, const struct delete *d, const struct registry *r,
    const struct registry_entry *x, struct removals *m, struct err *e)
{
	bool whole = false;

	if (d->related && is_container(c, x, &whole, e) != 0)
		return -1;
	if (!whole)
		return removals_add(m, r, x, d->related ? WITH_RELATED : ITSELF_ONLY, e);
	change_note(c, "%s is a container of third parties: what they have in it goes with it",
	    aid_hex(&x->s.aid).s);
	return removals_put(m, &x->s.aid, DELETE_RELATED, e);
}

/* Where the card does not tell what it has, it is sent as asked. */
static int plan_one(struct change_card *c, const struct delete *d, const struct aid *aid,
    struct removals *m, struct err *e)
{
	const struct registry_entry *x;
	const struct registry *r;

	if (change_content(c, &r, e) != 0)
		return -1;
	x = registry_find(r, aid);
	if (x != NULL)
		return plan_listed(c, d, r, x, m, e);
	if (registry_is_whole(r)) {
		if (!c->by_hand)
			return 0;
		err_set(e, ERR_CARD, "%s is not on the card", aid_hex(aid).s);
		return err_hint(e, "nothing was deleted; " VERB("list") " shows what there is");
	}
	/* It tells what it has, and yet that this is not there may be somebody else's word. */
	if (r->issuer && r->told[REGISTRY_APPLICATION] && r->told[REGISTRY_LOAD_FILE] &&
	    registry_doubt(r, e) != 0)
		return err_in(e, "%s is not listed", aid_hex(aid).s);
	return removals_put(m, aid, d->related ? DELETE_RELATED : DELETE_OBJECT, e);
}

static int check(struct change_card *c, const void *x, void *work, struct err *e)
{
	const struct delete *d = x;

	for (size_t i = 0; i < d->aid.n; i++)
		if (plan_one(c, d, &d->aid.list[i], work, e) != 0)
			return -1;
	return change_may_manage(c, true, "token", e);
}

static int confirm(struct change_card *c, const void *x, void *work, struct err *e)
{
	(void)x;
	return removals_confirm(c, work, e);
}

static int act(struct change_card *c, const void *x, void *work, struct err *e)
{
	const struct delete *d = x;

	return removals_do(c, work, wr_span(&d->token.octets), e);
}

static int compare(struct change_card *c, const void *x, void *work, struct err *e)
{
	(void)x;
	return removals_compare(c, work, e);
}

static void describe(const void *x, char *out, size_t cap)
{
	const struct delete *d = x;

	snprintf(out, cap, "%s%s%s", aid_hex(&d->aid.list[0]).s, d->aid.n > 1 ? " and others" : "",
	    d->related ? " and what is made from it" : "");
}

static void free_work(void *work)
{
	removals_free(work);
}

const struct change_kind change_delete = {
	.name = "delete",
	.fields = fields,
	.field_n = sizeof(fields) / sizeof(fields[0]),
	.size = sizeof(struct delete),
	.work_size = sizeof(struct removals),
	.open = open_delete,
	.is_so = is_so,
	.check = check,
	.confirm = confirm,
	.act = act,
	.compare = compare,
	.work_free = free_work,
	.describe = describe,
};
