/* delete-keys: a key set of a card, or one key of it; never the last one that opens a channel. */
#include <string.h>

#include "cmd/kit/ask.h"
#include "cmd/kit/dry.h"
#include "cmd/content/key_record.h"
#include "cmd/content/key_ways.h"
#include "cmd/kit/show.h"

struct args {
	struct channel_args channel;
	struct opt_bytes version;
	struct opt_u32 kid;
	bool factory;
};

static const struct operand operands[] = {
	WORD_BYTES("KVN", args, version, "Version of the key set on the card, in hex"),
};
static const struct opt opts[] = {
	OPT_HEX8("key-id", "KID", args, kid, 0, 0xFF, "Only this key of the set, in hex"),
	OPT_FLAG("factory", args, factory, "The factory set FF is meant"),
	CHANNEL_OPTS(args, channel),
};

/* One run. */
struct gone {
	const struct args *g;
	struct key_ways w;
	struct delete_keys what;
	bool deleted, resolved;
};

static bool concerns(const struct gone *d, const struct key_info *k)
{
	return k->version == d->what.kvn && (d->what.kid < 0 || k->id == d->what.kid);
}

static size_t count(const struct gone *d, const struct key_infos *k)
{
	size_t n = 0;

	for (size_t i = 0; i < k->n; i++)
		n += concerns(d, &k->key[i]);
	return n;
}

/* "key set 31" or "key 02 of key set 31" */
static char *name_it(const struct gone *d, char out[static 32])
{
	if (d->what.kid < 0)
		snprintf(out, 32, "key set %02X", (unsigned)d->what.kvn);
	else
		snprintf(out, 32, "key %02X of key set %02X", (unsigned)d->what.kid,
		    (unsigned)d->what.kvn);
	return out;
}

/*
 * A card does not tell check values. Those that keys of this version have in the key store are
 * shown, as what they are.
 */
static void show_check_values(const struct gone *d)
{
	uint8_t kdd[KDD_OCTETS] = { 0 };
	const struct entry *t;
	struct err ignored;

	for (size_t i = 0; (t = keystore_at(d->w.ks, i)) != NULL; i++) {
		char kcv[KCV_TEXT];
		SECRET_KEY_SET(keys);

		if (!entry_type_is_card(t->type) || t->version != d->what.kvn ||
		    keystore_read(d->w.ks, i, &ignored) != 0)
			continue;
		if (t->diversification != DIVERSIFY_NONE &&
		    key_ways_kdd(d->w.session, kdd, &ignored) != 0)
			continue;
		if (entry_card_keys(t, kdd, &keys) && kcv_text(t, &keys, kcv, &ignored) == 0)
			ctx_note(
			    d->w.c, "as %s of the key store its check values are %s", t->name, kcv);
	}
}

static int confirm(const struct gone *d, const struct key_infos *k, struct err *e)
{
	char name[32], text[200];
	size_t at;

	at = (size_t)snprintf(text, sizeof(text), "Delete %s of the card (", name_it(d, name));
	for (size_t i = 0, n = 0; i < k->n && at < sizeof(text); i++)
		if (concerns(d, &k->key[i]))
			at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%02X %s-%u",
			    n++ == 0 ? "" : ", ", k->key[i].id, key_type_str(k->key[i].type),
			    k->key[i].length * 8u);
	if (at < sizeof(text) - 3)
		snprintf(text + at, sizeof(text) - at, ")?");
	show_check_values(d);
	return ask(d->w.c, text, e);
}

/* The answer was lost: the card is connected again, in the channel as before where that is
 * possible, and looked at. */
static int look_again(struct gone *d, struct key_infos *k, struct err *e)
{
	bool told;

	err_clear(e);
	if (d->w.old == NULL) {
		if (ctx_reconnect(d->w.c, e) != 0 ||
		    session_discover(d->w.session, &d->w.kind.domain, e) != 0)
			return err_in(e, "DELETE: no answer came");
	} else if (key_ways_open(&d->w, false, true, e) != 0) {
		return err_in(e, "DELETE: no answer came");
	}
	if (keys_read(d->w.session, k, &told, e) != 0)
		return err_in(e, "DELETE: no answer came");
	d->resolved = true;
	if (told && count(d, k) == 0)
		return 0;
	err_set(e, ERR_READER, "DELETE: no answer came; the card has its keys as before");
	return err_hint(e, "run it again");
}

static int delete_it(struct gone *d, struct err *e)
{
	struct key_infos k;
	bool told, unknown;

	if (keys_delete(d->w.session, &d->what, &unknown, e) != 0 &&
	    (!unknown || look_again(d, &k, e) != 0))
		return -1;
	d->deleted = true;
	if (d->resolved)
		return 0;
	if (keys_read(d->w.session, &k, &told, e) != 0)
		return -1;
	if (told && count(d, &k) > 0)
		return err_set(e, ERR_INTEGRITY,
		    "DELETE was answered 9000, but the key information still shows it");
	return 0;
}

static int delete_recorded(struct gone *d, struct err *e)
{
	struct key_record r = { .fd = -1 };
	json_t *o = json_pack(
	    "{s:s, s:s}", "verb", "delete-keys", "version", out_hex8((uint8_t)d->what.kvn).s);
	int rc;

	out_set(&o, "key_id",
	    d->what.kid < 0 ? json_null() : json_string(out_hex8((uint8_t)d->what.kid).s));
	rc = key_record_begin(&r, d->w.c, d->w.session, o, e);
	if (rc == 0)
		rc = delete_it(d, e);
	if (d->deleted)
		channel_forget(d->w.c, d->w.session, (uint8_t)d->what.kvn);
	return key_record_end(&r, rc, e,
	    json_pack("{s:b, s:b}", "deleted", (int)d->deleted, "resolved", (int)d->resolved));
}

static int work(struct gone *d, struct err *e)
{
	struct key_infos k;
	bool told;

	key_ways_of(&d->w, &d->g->channel);
	if (keys_read(d->w.session, &k, &told, e) != 0)
		return -1;
	if (!told) {
		err_set(e, ERR_SAFETY, "the card does not tell which key sets it has");
		return err_hint(e, "what cannot be seen is not deleted");
	}
	if (count(d, &k) == 0)
		return 0;
	if (keys_may_delete(d->w.session, &k, &d->what, d->g->factory, e) != 0 ||
	    confirm(d, &k, e) != 0)
		return -1;
	return delete_recorded(d, e);
}

static int tell(struct gone *d, struct err *e)
{
	struct key_infos k;
	char name[32];
	bool told;
	json_t *o;

	if (!d->w.c->json) {
		fprintf(d->w.c->out, "%s %s%s\n", name_it(d, name),
		    d->deleted ? "deleted" : "is not on the card, nothing to delete",
		    d->resolved ? "; an answer was lost, and the card was looked at again" : "");
		return 0;
	}
	if (keys_read(d->w.session, &k, &told, e) != 0)
		return -1;
	o = json_pack("{s:s, s:b, s:b}", "version", out_hex8((uint8_t)d->what.kvn).s, "deleted",
	    (int)d->deleted, "resolved", (int)d->resolved);
	out_set(&o, "key_id",
	    d->what.kid < 0 ? json_null() : json_string(out_hex8((uint8_t)d->what.kid).s));
	out_set(&o, "keys", show_keys(&k));
	return out_result(d->w.c, o, e);
}

static int show_plan(struct ctx *c, const struct gone *d, struct err *e)
{
	uint8_t data[8], apdu[16];
	struct wr w = wr_fixed(data, sizeof(data)), a = wr_fixed(apdu, sizeof(apdu));
	struct capdu cmd = { .cla = 0x80, .ins = INS_DELETE, .le = LE_MAX_SHORT };
	struct dry dry;

	delete_keys_put(&w, &d->what);
	cmd.data = wr_span(&w);
	capdu_put(&a, &cmd);
	dry_begin(&dry, c, NULL);
	dry_text(&dry, "80CA00E000", "GET DATA, the key sets before");
	if (wr_ok(&a))
		dry_apdu(&dry, wr_span(&a));
	dry_text(&dry, "80CA00E000", "GET DATA, the key sets after");
	return dry_end(&dry, e);
}

static int run(struct ctx *c, void *args, struct err *e)
{
	const struct args *g = args;
	struct gone d = { .g = g, .w = { .c = c } };
	int rc;

	if (g->version.n != 1 || g->version.b[0] == 0)
		return err_set(e, ERR_USAGE, "KVN: a key version is one octet in hex, 01 to FF");
	d.what = (struct delete_keys){ g->kid.given ? (int)g->kid.v : -1, g->version.b[0] };
	if (c->dry_run)
		return show_plan(c, &d, e);
	if (ctx_keystore(c, &d.w.ks, e) != 0)
		return -1;
	rc = channel_session(c, &g->channel, &d.w.session, e);
	if (rc == 0)
		rc = work(&d, e);
	if (rc == 0)
		rc = tell(&d, e);
	ctx_keystore_done(c, d.w.ks);
	return rc;
}

const struct verb verb_delete_keys = {
	.name = "delete-keys",
	.group = "content",
	.summary = "Delete a key set of a card, or one key of it",
	.needs = NEED_READER | USES_SESSION | USES_KEYSTORE | MUTATES | DESTROYS | HAS_JSON,
	VERB_OPTS(opts),
	VERB_OPERANDS(operands),
	.args_size = sizeof(struct args),
	.run = run,
};
