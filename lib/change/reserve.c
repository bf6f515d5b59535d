/* reserve: the operator places a grant that an authority signed, with the resources that it gives.
 */
#include <stdio.h>
#include <unistd.h>

#include "base/hex.h"
#include "base/value.h"
#include "change/grant_index.h"
#include "change/grant_order.h"
#include "change/kinds.h"
#include "change/party_keys.h"
#include "crypto/digest.h"

struct reserve {
	struct field_file grant;
	struct field_where output, grants;
	struct field_text address;
	struct field_keys receipt_key;
	bool no_time;
	/* what they come to */
	struct party_file file;    /* of a verb */
	struct grant_index index;  /* of a step */
	const struct keystore *ks; /* borrowed */
	struct party_anchors anchors;
};

#define ROW(member, ...) FIELD_ROW(struct reserve, member, __VA_ARGS__)
static const struct field fields[] = {
	ROW(grant, "grant", FIELD_FILE, "GRANT", "What the authority signed",
	    .flags = FIELD_REQUIRED | FIELD_OPERAND | FIELD_NO_STEP),
	ROW(output, "output", FIELD_WHERE, "FILE",
	    "The file for the party, with certificates and address (in the place of GRANT)",
	    .flags = FIELD_NO_STEP),
	ROW(grants, "grants", FIELD_WHERE, "FOLDER",
	    "What the authority signed, a file for each card, which is completed there",
	    .flags = FIELD_NO_OPTION | FIELD_STEP_NEEDS),
	ROW(address, "address", FIELD_TEXT, "TEXT",
	    "Where the party finds the card: vcard:PATH, pcsc:NAME, or words for people", .min = 1,
	    .max = GRANT_ADDRESS_MAX),
	ROW(receipt_key, "receipt-key", FIELD_ENTRY, "NAME",
	    "Entry of type receipt in the key store: the card must confirm with this key",
	    .min = ENTRY_RECEIPT),
	ROW(no_time, "no-time", FIELD_FLAG, NULL, "Leave the card's clock alone"),
};
enum { GRANTS = 1u << PARTY_FILE_GRANT | 1u << PARTY_FILE_PLACED };

/* ---- before any card ---- */

static int open_reserve(void *x, struct err *e)
{
	struct reserve *v = x;

	if (v->grants.path[0] == '\0') {
		if (party_file_read_as(v->grant.path, GRANTS, &v->file, e) != 0)
			return -1;
		return sha256_of(wr_span(&v->file.octets), v->grant.digest) ? 0 : err_memory(e);
	}
	v->grants.looked = true;
	return grant_index_read(v->grants.path, &v->index, v->grants.digest, e);
}

static void close_reserve(void *x)
{
	struct reserve *v = x;

	party_file_free(&v->file);
	grant_index_free(&v->index);
}

/* The signature is the card's to check; where the store knows the authority, here as well. */
static int check_grant(
    const struct reserve *v, const struct party_file *f, bool *known, struct err *e)
{
	const struct grant *g = &f->grant_file.grant;
	struct party_entry issuer;
	char text[DAY_TEXT];

	if (grantor_named(v->ks, g->issuer, &issuer, e) != 0)
		return -1;
	*known = issuer.name != NULL;
	if (*known && !grant_signed_by(g, &issuer.key))
		return err_set(e, ERR_INPUT, "%s: `%s` did not sign it", f->path, issuer.name);
	if (time_now_ms() / 1000 >= g->until)
		return err_set(
		    e, ERR_INPUT, "%s: good until %s", f->path, day_text(g->until - 1, text));
	return 0;
}

static int keyed(void *x, const struct keystore *ks, struct err *e)
{
	struct reserve *v = x;
	bool known;

	v->ks = ks;
	if (grantors_check(ks, e) != 0 || party_anchors_take(ks, &v->anchors, e) != 0)
		return -1;
	return v->file.path == NULL ? 0 : check_grant(v, &v->file, &known, e);
}

/* ---- the grant of this card ---- */

static int check_card(
    const struct party_file *f, const uint8_t digest[static PARTY_DIGEST], struct err *e)
{
	if (span_eq(span_of(digest, PARTY_DIGEST), f->grant_file.grant.card))
		return 0;
	err_set(e, ERR_AUTH, "%s: for another card, or for another key of this one", f->path);
	return err_hint(e, "a grant is for one card");
}

static int find_file(const struct reserve *v, struct placing *w,
    const uint8_t digest[static PARTY_DIGEST], struct err *e)
{
	const char *name = grant_index_find(&v->index, digest);
	char key[FINGERPRINT_TEXT];

	if (name == NULL) {
		err_set(e, ERR_INPUT, "%s: no grant for this card: none names its key, %s",
		    v->grants.name, hex_put(span_of(digest, PARTY_NAME), key, sizeof(key)));
		return err_hint(e, "the authority signs one for each card");
	}
	if (snprintf(w->path, sizeof(w->path), "%s/%s", v->grants.path, name) >=
	    (int)sizeof(w->path))
		return err_set(e, ERR_INPUT, "%s: too long for a path", v->grants.path);
	return 0;
}

/* The file that was named, or the one for this card; w owns what was read of it. */
static int take_file(const struct reserve *v, struct placing *w, struct err *e)
{
	uint8_t digest[PARTY_DIGEST];
	const char *path = v->grant.path;

	if (!party_point_digest(&w->card.key, digest))
		return err_set(e, ERR_OTHER, "the digest of the card's key cannot be computed");
	if (v->grants.path[0] != '\0' && find_file(v, w, digest, e) != 0)
		return -1;
	if (v->grants.path[0] != '\0')
		path = w->path;
	if (party_file_read_as(path, GRANTS, &w->file, e) != 0 ||
	    check_card(&w->file, digest, e) != 0)
		return -1;
	w->has_file = true;
	if (path != w->path)
		snprintf(w->path, sizeof(w->path), "%s",
		    v->output.path[0] == '\0' ? v->grant.path : v->output.path);
	return aid_from(&w->container, w->file.grant_file.grant.container)
		   ? 0
		   : err_set(e, ERR_OTHER, "internal: AID");
}

static struct placing_asks asks_of(const struct reserve *v, const struct placing *w)
{
	const struct grant *g = &w->file.grant_file.grant;

	return (struct placing_asks){ .id = g->id,
		.rights = g->rights,
		.grant = g,
		.make = true,
		.no_time = v->no_time,
		.receipt_key =
		    v->receipt_key.entry == NULL ? NULL : &v->receipt_key.entry->authority.secret };
}

static int look(struct change_card *c, const struct reserve *v, struct placing *w, struct err *e)
{
	struct placing_asks a;

	if (card_see(c->s, &v->anchors, &w->card, e) != 0 || take_file(v, w, e) != 0)
		return -1;
	a = asks_of(v, w);
	placing_look(c, w, &a);
	return 0;
}

static int is_so(struct change_card *c, const void *x, struct change_so *so, struct err *e)
{
	struct placing w = { .is = PLACE_FREE };
	int rc;

	/* What an operator is told of a grant that is there, check() finds out. */
	if (c->is_dry || c->by_hand)
		return 0;
	rc = look(c, x, &w, e);
	if (rc == 0 && (w.is == PLACE_WAITING || w.is == PLACE_CLAIMED))
		so->is = SO_YES;
	placing_free(&w);
	return rc;
}

/* ---- check and act ---- */

static int check_serial(struct change_card *c, const struct grant *g, struct err *e)
{
	if (grant_serial_check(g->serial, time_now_ms(), e) == 0)
		return 0;
	if (!c->by_hand)
		return -1;
	change_note(c, "%s", e->text);
	err_clear(e);
	return change_ask(c, e, "Is that meant?");
}

static int check(struct change_card *c, const void *x, void *work, struct err *e)
{
	const struct reserve *v = x;
	struct placing *w = work;
	struct placing_asks a;
	bool known = true;

	if (v->anchors.n == 0)
		change_note(c, "the key store has no ca: the card's certificates are not checked");
	if (c->is_dry)
		return placing_plan(c, e);
	if (look(c, v, w, e) != 0)
		return -1;
	a = asks_of(v, w);
	if (w->is == PLACE_FREE &&
	    (check_grant(v, &w->file, &known, e) != 0 || check_serial(c, a.grant, e) != 0))
		return -1;
	if (!known)
		change_note(c, "the key store has no grantor of that name: the card alone checks "
			       "the signature");
	return placing_check(c, w, &a, e);
}

static int confirm(struct change_card *c, const void *x, void *work, struct err *e)
{
	const struct placing_asks a = asks_of(x, work);

	return placing_confirm(c, work, &a, e);
}

/* What the authority may not have known. */
static struct grant_file complete(const struct reserve *v, const struct placing *w)
{
	struct grant_file f = w->file.grant_file;

	f.cin = span_of(w->card.cin, w->card.cin_n);
	f.iin = span_of(w->card.iin, w->card.iin_n);
	f.certs = wr_span(&w->card.certs);
	if (v->address.s[0] != '\0')
		f.address = span_str(v->address.s);
	return f;
}

/* A file of a run before stays as it is, unless there is something to add. */
static bool stays(const struct reserve *v, const struct placing *w)
{
	if (v->address.s[0] != '\0' || access(w->path, F_OK) != 0)
		return false;
	return v->output.path[0] != '\0' || w->file.kind == PARTY_FILE_PLACED;
}

/* A plan has the grant of a verb, and of a step the first of its folder. */
static int plan(struct change_card *c, const struct reserve *v, struct placing *w, struct err *e)
{
	char path[FIELD_PATH];
	struct placing_asks a;

	snprintf(path, sizeof(path), "%s", v->grant.path);
	if (v->grants.path[0] != '\0' && snprintf(path, sizeof(path), "%s/%s", v->grants.path,
					     v->index.list[0].name) >= (int)sizeof(path))
		return err_set(e, ERR_INPUT, "%s: too long for a path", v->grants.path);
	if (party_file_read_as(path, GRANTS, &w->file, e) != 0 ||
	    !aid_from(&w->container, w->file.grant_file.grant.container))
		return -1;
	w->placed = w->file.grant_file;
	a = asks_of(v, w);
	return placing_act(c, w, &a, e);
}

static int act(struct change_card *c, const void *x, void *work, struct err *e)
{
	const struct reserve *v = x;
	struct placing *w = work;
	const struct placing_asks a = asks_of(v, w);
	struct grant_file f;

	if (c->is_dry)
		return plan(c, v, w, e);
	f = complete(v, w);
	if (w->is == PLACE_WAITING && !stays(v, w))
		return placing_write(w, &f, e);
	if (w->is != PLACE_FREE)
		return 0;
	w->placed = f;
	return placing_act(c, w, &a, e);
}

static void describe(const void *x, char *out, size_t cap)
{
	const struct reserve *v = x;

	snprintf(out, cap, "grants of %.100s, %zu of them", v->grants.name, v->index.n);
}

const struct change_kind change_reserve = {
	.name = "reserve",
	.fields = fields,
	.field_n = sizeof(fields) / sizeof(fields[0]),
	.size = sizeof(struct reserve),
	.work_size = sizeof(struct placing),
	.level_33 = true,
	.open = open_reserve,
	.keyed = keyed,
	.close = close_reserve,
	.is_so = is_so,
	.check = check,
	.confirm = confirm,
	.act = act,
	.compare = placing_compare,
	.work_free = placing_free,
	.describe = describe,
};
