/* From the keys that a card has to those that are wanted, with proof. */
#include "host/keys.h"

/* ---- what is to do ---- */

/* Replacing keeps type and length (GPCS 11.8.2.3). */
static int check_kind(const struct key_info *old, const struct keys_goal *g, struct err *e)
{
	if (old->type == g->type &&
	    (old->length == g->length || old->length == 0 || g->length == 0))
		return 0;
	if (old->type == g->type)
		err_set(e, ERR_SAFETY,
		    "key set %02X has keys of %u octets, which cannot be replaced by keys of %u",
		    old->version, old->length, g->length);
	else
		err_set(e, ERR_SAFETY,
		    "key set %02X has keys of type %s, which cannot be replaced by type %s",
		    old->version, key_type_str(old->type), key_type_str(g->type));
	if (!g->channel)
		return err_hint(e,
		    VERB("delete-keys %02X") " first, or " FIELD_IS(
			"as", "KVN") " with another version",
		    old->version);
	return err_hint(
	    e, "put the new set as another version, or " FIELD_IS("rotate", "%02X"), old->version);
}

static int missing(uint8_t version, struct err *e)
{
	err_set(e, ERR_SAFETY, "the card has no key set %02X", version);
	return err_hint(e, VERB("keys") " shows which it has");
}

/* Replaced in place, or under another version. */
static int plan_replace(const struct key_info *old, bool taken, const struct keys_goal *g,
    struct keys_plan *p, struct err *e)
{
	if (old == NULL)
		return taken ? 0 : missing(g->replace, e); /* taken: it may have been done before */
	if (taken && g->version != g->replace) {
		err_set(e, ERR_SAFETY, "the card has a key set %02X besides %02X", g->version,
		    g->replace);
		return err_hint(e,
		    FIELD_IS("rotate", "%02X") " deletes that one if this one is the new set",
		    g->replace);
	}
	if (check_kind(old, g, e) != 0)
		return -1;
	p->put = true;
	p->p1 = g->replace;
	return 0;
}

int keys_goal_check(const struct keys_goal *g, struct err *e)
{
	if (g->version < 1 || g->version > KEYS_VERSION_MAX) {
		err_set(e, ERR_SAFETY,
		    "PUT KEY cannot bring keys of version %02X, only of 01 to 7F", g->version);
		return err_hint(e, FIELD_IS("as", "KVN") " gives them another version");
	}
	if (g->rotate == g->version) {
		err_set(e, ERR_SAFETY, "the new key set has the version %02X of the old one",
		    g->version);
		return err_hint(e, FIELD_IS("as", "KVN") " gives it another version, " FIELD_IS(
				       "replace", "KVN") " changes it in one command");
	}
	return 0;
}

int keys_plan(
    const struct key_infos *k, const struct keys_goal *g, struct keys_plan *p, struct err *e)
{
	bool taken = keys_at(k, g->version, 0) != NULL;
	uint8_t before = g->replace != 0 ? g->replace : g->rotate;
	const struct key_info *old = before == 0 ? NULL : keys_at(k, before, 0);

	*p = (struct keys_plan){ .prove = g->channel && (taken || before != 0) };
	if (keys_goal_check(g, e) != 0)
		return -1;
	if (g->replace != 0)
		return plan_replace(old, taken, g, p, e);
	if (g->rotate != 0 && old == NULL && !taken)
		return missing(g->rotate, e);
	p->put = !taken;
	p->remove = old == NULL ? 0 : g->rotate;
	return 0;
}

/* ---- which of two ---- */

int keys_which(keys_opener *open, void *ctx, bool *is_new, struct err *e)
{
	struct err first, second;

	*is_new = true;
	if (open(ctx, NEW_SET, CARD_ANEW, e) == 0)
		return 0;
	if (e->code != ERR_AUTH)
		return err_in(e, "with the new key set");
	first = *e;
	err_clear(e);
	*is_new = false;
	if (open(ctx, OLD_SET, CARD_AS_IT_IS, e) == 0)
		return 0;
	if (e->code != ERR_AUTH)
		return err_in(e, "with the old key set");
	second = *e;
	return err_set(e, ERR_AUTH,
	    "neither the new key set (%.180s) nor the old one (%.180s) fits", first.text,
	    second.text);
}

/* ---- the change ---- */

static int as_before(const char *what, struct err *e)
{
	err_set(e, ERR_READER, "%s: no answer came; the card has its keys as before", what);
	return err_hint(e, "run it again");
}

/* Keys that open no channel show in the key information only when they are new there. */
static int resolve_by_information(struct keys_change *x, struct err *e)
{
	struct key_infos k;

	if (x->open(x->ctx, OLD_SET, CARD_ANEW, e) != 0 || keys_prove(x->s, &k, e) != 0)
		return -1;
	if (x->plan.p1 == x->keys->version) {
		err_set(e, ERR_READER,
		    "PUT KEY: no answer came; whether key set %02X was replaced the card does not "
		    "tell",
		    x->plan.p1);
		return err_hint(e, "run it again: replacing it twice does no harm");
	}
	return keys_at(&k, x->keys->version, x->kid) != NULL ? 0 : as_before("PUT KEY", e);
}

/* The command may have been carried out or not, and is not sent again. */
static int resolve_put(struct keys_change *x, bool channel, struct err *e)
{
	struct err lost = *e;
	bool is_new;

	err_clear(e);
	if (!channel && resolve_by_information(x, e) != 0)
		return -1;
	if (channel && keys_which(x->open, x->ctx, &is_new, e) != 0) {
		err_in(e, "%.120s; which keys the card has", lost.text);
		return err_hint_else(e, "run it again: it looks which keys the card has");
	}
	if (channel && !is_new)
		return as_before("PUT KEY", e);
	x->resolved = true;
	x->proved = channel;
	x->plan.prove = false;
	return 0;
}

static int check_shown(struct keys_change *x, struct err *e)
{
	const struct put_key *k = x->keys;
	struct key_infos now;
	bool told;

	if (keys_read(x->s, &now, &told, e) != 0)
		return -1;
	for (size_t i = 0; told && i < k->n; i++)
		if (keys_at(&now, k->version, (uint8_t)(x->kid + i)) == NULL)
			return err_set(e, ERR_INTEGRITY,
			    "PUT KEY was answered 9000, but the key information shows no key %02X "
			    "of version %02X",
			    (unsigned)(x->kid + i), k->version);
	if (told && x->plan.p1 != 0 && x->plan.p1 != k->version &&
	    keys_at(&now, x->plan.p1, 0) != NULL)
		return err_set(e, ERR_INTEGRITY,
		    "PUT KEY was answered 9000, but key set %02X is still there", x->plan.p1);
	/* A factory set goes by itself when another one has come. */
	if (told && x->plan.remove != 0 && keys_at(&now, x->plan.remove, 0) == NULL) {
		x->plan.remove = 0;
		x->removed = true;
	}
	return 0;
}

static int put(struct keys_change *x, bool channel, struct err *e)
{
	bool unknown;

	if (!x->plan.put)
		return 0;
	if (keys_put_set(x->s, x->plan.p1, x->kid, x->keys, &unknown, e) != 0 &&
	    (!unknown || resolve_put(x, channel, e) != 0))
		return -1;
	x->put = true;
	return check_shown(x, e);
}

static int prove(struct keys_change *x, struct err *e)
{
	if (!x->plan.prove)
		return 0;
	if (x->open(x->ctx, NEW_SET, CARD_AS_IT_IS, e) == 0) {
		x->proved = true;
		return 0;
	}
	err_in(e, "the new key set %02X opens no channel", x->keys->version);
	if (e->code != ERR_AUTH)
		return err_hint_else(e, "run it again: it goes on from what the card has");
	if (x->plan.remove != 0)
		return err_hint(
		    e, "key set %02X is still there and was not deleted", x->plan.remove);
	return -1;
}

static int shows_removed(const struct keys_change *x, bool lost, struct err *e)
{
	struct key_infos now;
	bool told = true;

	/* With an answer to DELETE the card need not tell; without one nothing else proves it. */
	if (lost ? keys_prove(x->s, &now, e) != 0 : keys_read(x->s, &now, &told, e) != 0)
		return -1;
	if (!told || keys_at(&now, x->plan.remove, 0) == NULL)
		return 0;
	if (lost)
		return as_before("DELETE", e);
	return err_set(e, ERR_INTEGRITY,
	    "DELETE was answered 9000, but key set %02X is still there", x->plan.remove);
}

static int remove_old(struct keys_change *x, struct err *e)
{
	struct delete_keys what = { -1, x->plan.remove };
	bool unknown = false;

	if (x->plan.remove == 0)
		return 0;
	if (keys_delete(x->s, &what, &unknown, e) != 0) {
		if (!unknown)
			return -1;
		err_clear(e);
		if (x->open(x->ctx, NEW_SET, CARD_ANEW, e) != 0) {
			err_in(e, "DELETE: no answer came");
			return err_hint_else(e, "run it again: it goes on from what the card has");
		}
		x->resolved = true;
	}
	if (shows_removed(x, unknown, e) != 0)
		return -1;
	x->removed = true;
	return 0;
}

int keys_change(struct keys_change *x, struct err *e)
{
	bool channel = x->kid == 1 && x->keys->n == 3;

	x->put = x->proved = x->removed = x->resolved = false;
	if (put(x, channel, e) != 0 || prove(x, e) != 0)
		return -1;
	return remove_old(x, e);
}
