#include "cmd/channel/probe.h"

#include "apdu/sw.h"
#include "base/hex.h"
#include "cmd/look/discovery.h"
#include "cmd/kit/dry.h"
#include "host/probe.h"
#include "cmd/kit/out.h"
#include "cmd/kit/show.h"
#include "cmd/kit/print.h"

enum { ENTRIES_MAX = 256, VERSIONS_MAX = 32 };

/* One INITIALIZE UPDATE to send. */
struct question {
	uint8_t version, p1, m;
};

struct hunt {
	struct ctx *c;
	const struct probe_asks *asks;
	struct keystore *ks;
	const struct entry *entry[ENTRIES_MAX];
	size_t entry_n;
	struct session *s;
	struct discovery found;
	struct question question[VERSIONS_MAX];
	size_t question_n;
	json_t *asked, *fits; /* arrays of rows */
	size_t fit_n;
};

/* ---- what is tried ---- */

static int take_entry(struct hunt *h, const struct entry *t, struct err *e)
{
	if (h->entry_n == ENTRIES_MAX)
		return err_set(e, ERR_USAGE, "more than %d key sets to try", ENTRIES_MAX);
	h->entry[h->entry_n++] = t;
	return 0;
}

static int take_entries(struct hunt *h, struct err *e)
{
	const struct opt_strings *names = h->asks->keys;
	const struct entry *t;

	for (size_t i = 0; i < names->n; i++)
		if (keystore_find_card(h->ks, names->v[i], &t, e) != 0 || take_entry(h, t, e) != 0)
			return -1;
	for (size_t i = 0; names->n == 0 && (t = keystore_at(h->ks, i)) != NULL; i++)
		if (entry_type_is_card(t->type) &&
		    (keystore_read(h->ks, i, e) != 0 || take_entry(h, t, e) != 0))
			return -1;
	if (h->entry_n > 0)
		return 0;
	return err_set(e, ERR_AUTH, "%s: no card key set", keystore_path(h->ks));
}

/* S16 when that was asked for, or the card offers nothing else; never for triple DES. */
static int mac_size(const struct hunt *h, bool des, uint8_t *m, struct err *e)
{
	struct choose_asks a = { .s16 = h->asks->s16 ? 1 : -1, .profile = h->found.match.profile };
	struct choice c = { .protocol = PROTOCOL_SCP03 };

	*m = 8;
	if (des)
		return 0;
	if (choose_mac_size(h->s, &a, &c, e) != 0)
		return -1;
	*m = c.m;
	return 0;
}

static int take_question(struct hunt *h, uint8_t version, bool des, struct err *e)
{
	const struct profile *p = h->found.match.profile;
	struct question *q = &h->question[h->question_n];

	for (size_t i = 0; i < h->question_n; i++)
		if (h->question[i].version == version)
			return 0;
	if (h->question_n == VERSIONS_MAX)
		return 0;
	h->question_n++;
	q->version = q->p1 = version;
	if (p != NULL && version != 0 && p->factory_version == version)
		q->p1 = (uint8_t)p->factory_p1;
	return mac_size(h, des, &q->m, e);
}

/* Key sets of secure channels have identifiers 01 to 03; 70 to 75 are for signatures. */
static bool is_channel_key(const struct key_info *k)
{
	return k->id >= 1 && k->id <= 3 && (k->version < 0x70 || k->version > 0x75) &&
	       (k->type == KEY_TYPE_AES || k->type == KEY_TYPE_DES);
}

static int take_questions(struct hunt *h, struct err *e)
{
	const struct key_infos *k = &h->found.keys;

	if (h->asks->key_version >= 0) {
		uint8_t version = (uint8_t)h->asks->key_version;
		bool des = false;

		for (size_t i = 0; i < k->n; i++)
			des =
			    des || (k->key[i].version == version && k->key[i].type == KEY_TYPE_DES);
		return take_question(h, version, des, e);
	}
	for (size_t i = 0; i < k->n; i++)
		if (is_channel_key(&k->key[i]) &&
		    take_question(h, k->key[i].version, k->key[i].type == KEY_TYPE_DES, e) != 0)
			return -1;
	/* A card that lists nothing has its default set asked for. */
	return h->question_n > 0 ? 0 : take_question(h, 0, false, e);
}

/* ---- one key version ---- */

static json_t *status_of(uint16_t sw)
{
	return sw == SW_OK ? json_text("9000") : json_sprintf("%04X %s", sw, sw_text(sw));
}

static void tell_question(
    struct hunt *h, const struct question *q, const struct probe *p, uint16_t sw)
{
	json_t *o = json_object();
	bool ok = sw == SW_OK;

	out_set(&o, "key_version", json_text(out_hex8(ok ? p->iu.key_version : q->version).s));
	out_set(&o, "p1", json_text(out_hex8(q->p1).s));
	out_set(&o, "status", status_of(sw));
	out_set(&o, "protocol", ok ? json_text(scp_protocol_str(probe_protocol(p))) : json_null());
	out_set(&o, "i",
	    ok && p->iu.scp == PROTOCOL_SCP03 ? json_text(out_hex8(p->iu.i).s) : json_null());
	out_set(&o, "mac", ok ? json_text(p->iu.m == 16 ? "S16" : "S8") : json_null());
	out_set(&o, "diversification_data", ok ? out_hex(SPAN(p->iu.kdd)) : json_null());
	show_add(&h->asked, o);
}

static void tell_fit(struct hunt *h, const struct probe *p, const struct entry *t,
    enum diversification d, const struct probe_result *r)
{
	json_t *o = json_object();

	out_set(&o, "key_version", json_text(out_hex8(p->iu.key_version).s));
	out_set(&o, "protocol", json_text(scp_protocol_str(probe_protocol(p))));
	out_set(&o, "keys", json_text(t->name));
	out_set(&o, "diversification", json_text(diversification_str(d)));
	out_set(&o, "proven", json_text(probe_proven(r)));
	out_set(&o, "as_the_entry_says",
	    json_boolean(d == t->diversification && p->iu.key_version == t->version &&
			 (t->type == ENTRY_SCP02) == (probe_protocol(p) != PROTOCOL_SCP03)));
	show_add(&h->fits, o);
	h->fit_n++;
}

/* False: the scheme is not for such keys. */
static bool scheme_is_for(enum diversification d, const struct entry *t)
{
	if (d == t->diversification)
		return true;
	return d != DIVERSIFY_TEMPLATE && (diversification_is_aes(d) || t->keys.enc.n == 16);
}

static int try_scheme(struct hunt *h, const struct probe *p, const struct entry *t,
    enum diversification d, struct err *e)
{
	SECRET_KEY_SET(keys);
	struct probe_result r;
	bool ok = d == t->diversification ? entry_card_keys(t, p->iu.kdd, &keys)
					  : diversify(d, &t->keys, p->iu.kdd, &keys);

	if (!ok || !probe_keys(p, &keys, &r))
		return err_set(e, ERR_OTHER, "key set %s: the card's keys cannot be derived by %s",
		    t->name, diversification_str(d));
	if (probe_fits(&r))
		tell_fit(h, p, t, d, &r);
	else if (r.enc == PROOF_RIGHT || r.mac == PROOF_RIGHT)
		ctx_note(h->c, "%s with %s: the %s key of version %02X is right, the other is not",
		    t->name, diversification_str(d), probe_proven(&r), p->iu.key_version);
	return 0;
}

static int try_entries(struct hunt *h, const struct probe *p, struct err *e)
{
	for (size_t i = 0; i < h->entry_n; i++) {
		const struct entry *t = h->entry[i];

		if (try_scheme(h, p, t, t->diversification, e) != 0)
			return -1;
		for (int d = DIVERSIFY_NONE; h->asks->diversifications && d < DIVERSIFY_TEMPLATE;
		     d++)
			if ((enum diversification)d != t->diversification &&
			    scheme_is_for((enum diversification)d, t) &&
			    try_scheme(h, p, t, (enum diversification)d, e) != 0)
				return -1;
	}
	return 0;
}

static int ask_card(struct hunt *h, const struct question *q, struct err *e)
{
	struct probe p;
	uint16_t sw;

	if (probe_card(h->s, q->p1, q->m, &p, &sw, e) != 0)
		return -1;
	tell_question(h, q, &p, sw);
	return sw == SW_OK ? try_entries(h, &p, e) : 0;
}

/* ---- all of it ---- */

static int plan(struct ctx *c, const struct probe_asks *a, struct err *e)
{
	char text[64], aid[HEX_SIZE(AID_MAX)];
	const struct aid *domain = a->aid.n == 0 ? &aid_isd : &a->aid;
	bool one = a->key_version >= 0;
	struct dry d;

	dry_begin(&d, c, NULL);
	snprintf(text, sizeof(text), "00A40400%02X%s00", domain->n,
	    hex_put(aid_span(domain), aid, sizeof(aid)));
	dry_text(&d, text,
	    a->aid.n > 0 ? "SELECT" : "SELECT, or another domain if the card's profile names one");
	dry_text(&d, "80CA00E000", "GET DATA, after those of scp-open");
	snprintf(text, sizeof(text), "8050%s00%s%s00",
	    one ? out_hex8((uint8_t)a->key_version).s : "**", a->s16 ? "10" : "08",
	    a->s16 ? "********************************" : "****************");
	dry_text(&d, text,
	    one ? "INITIALIZE UPDATE, a random host challenge"
		: "INITIALIZE UPDATE, once for each key version that the card lists");
	return dry_end(&d, e);
}

static int hunt_run(struct hunt *h, struct err *e)
{
	json_t *o;

	if (ctx_keystore(h->c, &h->ks, e) != 0 || take_entries(h, e) != 0 ||
	    ctx_session(h->c, &h->s, e) != 0 ||
	    discovery_look(h->c, h->s, &h->asks->aid, &h->found, e) != 0 ||
	    discovery_keys(h->s, &h->found, e) != 0 || take_questions(h, e) != 0)
		return -1;
	for (size_t i = 0; i < h->question_n; i++)
		if (ask_card(h, &h->question[i], e) != 0)
			return -1;
	o = json_object();
	out_set_text(&o, "reader", h->s->card->name);
	out_set(&o, "asked", json_incref(h->asked));
	out_set(&o, "fits", json_incref(h->fits));
	if (out_result(h->c, o, e) != 0)
		return -1;
	if (h->fit_n > 0)
		return 0;
	err_set(e, ERR_AUTH, "none of %zu key set%s fits", h->entry_n, h->entry_n == 1 ? "" : "s");
	return h->asks->diversifications
		   ? -1
		   : err_hint(e, "--probe-diversifications tries every scheme that has a name");
}

int probe_run(struct ctx *c, const struct probe_asks *a, struct err *e)
{
	struct hunt h = { .c = c, .asks = a };
	int rc;

	if (c->dry_run)
		return plan(c, a, e);
	h.asked = json_array();
	h.fits = json_array();
	rc = hunt_run(&h, e);
	json_decref(h.asked);
	json_decref(h.fits);
	discovery_free(&h.found);
	keystore_close(h.ks);
	return rc;
}
