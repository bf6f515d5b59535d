/* lock, unlock: applications, domains with all they hold, the card. */
#include "cmd/kit/ask.h"
#include "cmd/content/target.h"

struct args {
	const char *aid;
	struct aid domain;
	bool card;
	struct channel_args channel;
};

static const struct opt opts[] = {
	{ "domain", 0, OPT_AID, "AID", "A security domain and all applications that it holds",
	    offsetof(struct args, domain), 0, 0, 0, NULL },
	{ "card", 0, OPT_FLAG, NULL, "The whole card: only its issuer domain answers",
	    offsetof(struct args, card), 0, 0, 0, NULL },
	CHANNEL_OPTS(args, channel),
};
static const struct operand operands[] = {
	{ "AID", OPT_STRING, offsetof(struct args, aid), true, NULL,
	    "An application or a security domain by itself, in hex" },
};

/* One SET STATUS, and what it is meant to bring. */
struct change {
	uint8_t p1, state;
	struct aid aid; /* n = 0: the card */
	bool lock;
	char name[64]; /* "application A0..." */
};

static int take_args(const struct args *g, bool lock, struct change *x, struct err *e)
{
	int n = (g->aid != NULL) + (g->domain.n > 0) + g->card;

	*x = (struct change){ .p1 = SET_APPLICATION, .lock = lock };
	if (n != 1)
		return err_set(e, ERR_USAGE, "one of AID, --domain AID and --card is needed");
	x->state = lock ? APP_LOCKED : 0x00;
	if (g->card) {
		x->p1 = SET_ISD;
		x->state = lock ? CARD_LOCKED : CARD_SECURED;
		snprintf(x->name, sizeof(x->name), "the card");
		return 0;
	}
	x->aid = g->domain;
	if (g->domain.n > 0)
		x->p1 = SET_DOMAIN_AND_ALL;
	else if (aid_parse(g->aid, "AID", &x->aid, e) != 0)
		return -1;
	snprintf(x->name, sizeof(x->name), "%s", aid_text(&x->aid).s);
	return 0;
}

static bool is_locked(const struct registry_entry *x)
{
	return x->kind == REGISTRY_ISD ? x->s.state == CARD_LOCKED : (x->s.state & APP_LOCKED) != 0;
}

static const struct registry_entry *issuer(const struct registry *r)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->entry[i].kind == REGISTRY_ISD)
			return &r->entry[i];
	return NULL;
}

static const struct registry_entry *subject(const struct registry *r, const struct change *x)
{
	return x->p1 == SET_ISD ? issuer(r) : registry_find(r, &x->aid);
}

/* All that the change is about is as asked. */
static bool is_so(const struct registry *r, const struct change *x)
{
	const struct registry_entry *of = subject(r, x), *d;
	size_t at = 0;

	if (of == NULL || is_locked(of) != x->lock)
		return false;
	while (x->p1 == SET_DOMAIN_AND_ALL && (d = registry_dependent(r, of, &at)) != NULL)
		if (d->kind == REGISTRY_APPLICATION && is_locked(d) != x->lock)
			return false;
	return true;
}

/* What is known speaks against it. */
static int check(const struct registry *r, const struct change *x, struct err *e)
{
	const struct registry_entry *of = subject(r, x);

	if (of == NULL && (x->p1 == SET_ISD || !registry_is_whole(r)))
		return 0;
	if (of == NULL) {
		err_set(e, ERR_CARD, "%s is not on the card", x->name);
		return err_hint(e, "cardadm list shows what there is");
	}
	if (of->kind == REGISTRY_LOAD_FILE)
		return err_set(e, ERR_SAFETY,
		    "%s is a package: only applications, domains and "
		    "the card are locked",
		    x->name);
	if (of->kind == REGISTRY_ISD && x->p1 != SET_ISD) {
		err_set(e, ERR_SAFETY, "%s is the issuer domain", x->name);
		return err_hint(e, "--card locks and unlocks the card");
	}
	if (x->p1 == SET_DOMAIN_AND_ALL && !registry_is_domain(of))
		return err_set(e, ERR_SAFETY, "%s is no security domain", x->name);
	if (x->p1 != SET_ISD || is_locked(of) == x->lock)
		return 0;
	if (of->s.state == CARD_TERMINATED)
		return err_set(e, ERR_SAFETY, "the card is terminated, for good");
	if (x->lock && of->s.state != CARD_SECURED) {
		err_set(e, ERR_SAFETY, "the card is %s: only a secured one is locked",
		    card_life_cycle_str(of->s.state));
		return err_hint(e, "cardadm apdu 80F0800F00 makes it secured, for good");
	}
	return 0;
}

static int confirm(struct ctx *c, const struct registry *r, const struct change *x, struct err *e)
{
	const struct registry_entry *of = subject(r, x), *d;
	char question[120];
	size_t at = 0;

	if (!x->lock)
		return 0;
	if (x->p1 == SET_DOMAIN_AND_ALL && of != NULL) {
		ask_note(c, "this locks:");
		note_entry(c, of);
		while ((d = registry_dependent(r, of, &at)) != NULL)
			if (d->kind == REGISTRY_APPLICATION)
				note_entry(c, d);
	}
	snprintf(question, sizeof(question), "Lock %s%s?", x->name,
	    x->p1 == SET_DOMAIN_AND_ALL ? " with all that it holds" : "");
	return ask(c, question, e);
}

static int tell(struct ctx *c, const struct change *x, bool changed, struct err *e)
{
	json_t *o;

	if (!c->json) {
		fprintf(c->out, "%s%s: %s\n", changed ? "" : "already ",
		    x->lock ? "locked" : "unlocked", x->name);
		return 0;
	}
	o = json_object();
	out_set(&o, "aid", out_hex(aid_span(&x->aid)));
	out_set(&o, "scope",
	    json_string(x->p1 == SET_ISD           ? "card"
			: x->p1 == SET_APPLICATION ? "one"
						   : "all"));
	out_set(&o, "locked", json_boolean(x->lock));
	out_set(&o, "changed", json_boolean(changed));
	return out_result(c, o, e);
}

/* A card that is locked lists itself to few: silence is no proof. */
static int compare(struct target *t, const struct change *x, struct err *e)
{
	struct registry after;
	int rc = 0;

	if (target_reread(t, &after) && subject(&after, x) != NULL && !is_so(&after, x))
		rc = err_set(e, ERR_INTEGRITY,
		    "%s: the card answered 9000 to SET STATUS and lists it as %s", x->name,
		    entry_state(subject(&after, x)));
	registry_free(&after);
	return rc;
}

static int change(struct target *t, const struct change *x, struct err *e)
{
	struct registry r;
	bool so;
	int rc = target_registry(t, &r, e);

	so = rc == 0 && is_so(&r, x);
	if (rc == 0 && !so)
		rc = check(&r, x, e);
	if (rc == 0 && !so && !t->is_dry)
		rc = confirm(t->c, &r, x, e);
	registry_free(&r);
	if (rc == 0 && !so)
		rc = content_set_status(t->s, x->p1, x->state, &x->aid, e);
	if (rc == 0 && !so)
		rc = compare(t, x, e);
	return rc != 0 || t->is_dry ? rc : tell(t->c, x, !so, e);
}

static int run(struct ctx *c, const struct args *g, bool lock, struct err *e)
{
	struct change x;
	struct target t;

	if (take_args(g, lock, &x, e) != 0 || target_open(&t, c, &g->channel, e) != 0)
		return -1;
	return target_close(&t, change(&t, &x, e), e);
}

static int run_lock(struct ctx *c, void *args, struct err *e)
{
	return run(c, args, true, e);
}

static int run_unlock(struct ctx *c, void *args, struct err *e)
{
	return run(c, args, false, e);
}

const struct verb verb_lock = {
	.name = "lock",
	.group = "content",
	.summary = "Lock an application, a domain with all it holds, or the card",
	.needs = NEED_READER | USES_SESSION | USES_KEYSTORE | MUTATES | DESTROYS | HAS_JSON,
	VERB_OPTS(opts),
	VERB_OPERANDS(operands),
	.args_size = sizeof(struct args),
	.run = run_lock,
};

const struct verb verb_unlock = {
	.name = "unlock",
	.group = "content",
	.summary = "Unlock what was locked",
	.needs = NEED_READER | USES_SESSION | USES_KEYSTORE | MUTATES | DESTROYS | HAS_JSON,
	VERB_OPTS(opts),
	VERB_OPERANDS(operands),
	.args_size = sizeof(struct args),
	.run = run_unlock,
};
