/* delete: applications, packages and domains. */
#include <stdlib.h>

#include "cmd/content/removal.h"

struct args {
	struct opt_strings aids;
	bool related;
	const char *token;
	struct channel_args channel;
};

static const struct opt opts[] = {
	{ "related", 0, OPT_FLAG, NULL,
	    "Also what depends on it: applications of a package, all that a domain holds",
	    offsetof(struct args, related), 0, 0, 0, NULL },
	{ "token", 0, OPT_PATH, "FILE", "Delete token, its octets as they are",
	    offsetof(struct args, token), 0, 0, 0, NULL },
	CHANNEL_OPTS(args, channel),
};
static const struct operand operands[] = {
	{ "AID", OPT_STRINGS, offsetof(struct args, aids), false, NULL,
	    "What is to go, in hex; several go in this order" },
};

static int check_args(
    const struct args *g, struct aid aid[static REMOVALS_MAX], struct wr *token, struct err *e)
{
	if (g->aids.n > REMOVALS_MAX)
		return err_set(e, ERR_USAGE, "at most %d AIDs", REMOVALS_MAX);
	for (size_t i = 0; i < g->aids.n; i++)
		if (aid_parse(g->aids.v[i], "AID", &aid[i], e) != 0)
			return -1;
	if (g->token == NULL)
		return 0;
	if (g->aids.n > 1)
		return err_set(e, ERR_USAGE, "--token is for one AID");
	return octets_read(g->token, token, e);
}

/* One AID of the command line. Where the card does not tell what it has, it is sent as asked. */
static int add(struct removals *m, const struct registry *r, const struct aid *aid, bool related,
    struct err *e)
{
	const struct registry_entry *x = registry_find(r, aid);

	if (x != NULL)
		return removals_add(m, r, x, related, e);
	if (registry_is_whole(r)) {
		err_set(e, ERR_CARD, "%s is not on the card", aid_text(aid).s);
		return err_hint(e, "nothing was deleted; cardadm list shows what there is");
	}
	if (m->n == REMOVALS_MAX)
		return err_set(e, ERR_USAGE, "at most %d AIDs", REMOVALS_MAX);
	m->list[m->n++] = (struct removal){ *aid, related ? DELETE_RELATED : DELETE_OBJECT };
	return 0;
}

static int delete_all(
    struct target *t, const struct removals *m, struct span token, json_t *done, struct err *e)
{
	struct registry after;
	int rc = removals_do(t, m, token, done, e);

	if (rc != 0)
		return -1;
	if (target_reread(t, &after))
		rc = removals_check(m, &after, e);
	registry_free(&after);
	return rc;
}

static int tell(struct ctx *c, json_t *take_done, struct err *e)
{
	json_t *row, *o;
	size_t i;

	if (c->json) {
		o = json_object();
		out_set(&o, "deleted", take_done);
		return out_result(c, o, e);
	}
	json_array_foreach(take_done, i, row)
	{
		const json_t *confirmation = json_object_get(row, "confirmation");

		fprintf(c->out, "deleted: %s%s\n", json_string_value(json_object_get(row, "aid")),
		    json_is_true(json_object_get(row, "related")) ? " and what is made from it"
								  : "");
		if (json_is_string(confirmation))
			fprintf(c->out, "confirmation: %s\n", json_string_value(confirmation));
	}
	json_decref(take_done);
	return 0;
}

static int run_target(
    struct target *t, const struct args *g, const struct aid *aid, struct span token, struct err *e)
{
	struct removals *m = calloc(1, sizeof(*m));
	struct registry r = { 0 };
	json_t *done = json_array();
	int rc = m == NULL || done == NULL ? err_memory(e) : target_registry(t, &r, e);

	for (size_t i = 0; rc == 0 && i < g->aids.n; i++)
		rc = add(m, &r, &aid[i], g->related, e);
	if (rc == 0)
		rc = target_may_manage(t, &r, true, NULL, e);
	if (rc == 0 && !t->is_dry)
		rc = removals_ask(t->c, m, &r, e);
	if (rc == 0)
		rc = delete_all(t, m, token, done, e);
	if (rc == 0 && !t->is_dry)
		rc = tell(t->c, json_incref(done), e);
	json_decref(done);
	registry_free(&r);
	free(m);
	return rc;
}

static int run(struct ctx *c, void *args, struct err *e)
{
	const struct args *g = args;
	struct aid aid[REMOVALS_MAX];
	struct wr token = wr_grow(1);
	struct target t;
	int rc = check_args(g, aid, &token, e);

	if (rc == 0)
		rc = target_open(&t, c, &g->channel, e);
	if (rc == 0)
		rc = target_close(&t, run_target(&t, g, aid, wr_span(&token), e), e);
	wr_free(&token);
	return rc;
}

const struct verb verb_delete = {
	.name = "delete",
	.group = "content",
	.summary = "Delete applications, packages or domains from a card",
	.needs = NEED_READER | USES_SESSION | USES_KEYSTORE | MUTATES | DESTROYS | HAS_JSON,
	VERB_OPTS(opts),
	VERB_OPERANDS(operands),
	.args_size = sizeof(struct args),
	.run = run,
};
