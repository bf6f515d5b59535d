/* authorize-party: the operator signs a grant for one container of a card and places it there. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hex.h"
#include "change/grant_order.h"
#include "change/kinds.h"
#include "crypto/digest.h"

struct authorize_party {
	struct field_file request;
	struct field_aid_new container;
	struct field_keys party, issuer;
	struct field_bytes fingerprint;
	struct field_bits rights;
	bool shared, no_time;
	struct field_u32 quota_data, reserve_data, valid_until;
	struct field_text address;
	struct field_where output, grants;
	/* what they come to */
	struct grant_terms terms;
	struct grant_order order;
	struct party_anchors anchors;
};

#define ROW(member, ...) FIELD_ROW(struct authorize_party, member, __VA_ARGS__)
static const struct field fields[] = {
	ROW(request, "request", FIELD_FILE, "REQUEST", "What the party sent",
	    .flags = FIELD_REQUIRED | FIELD_OPERAND),
	ROW(container, "container", FIELD_AID_NEW, "AID|new",
	    "The container: its AID in hex, or new for one that nobody guesses",
	    .flags = FIELD_REQUIRED),
	ROW(party, "party", FIELD_ENTRY, "NAME",
	    "Entry of type party in the key store that the request must be of", .min = ENTRY_PARTY),
	ROW(fingerprint, "fingerprint", FIELD_BYTES, "HEX",
	    "Fingerprint of its key, as the party said in another way", .min = PARTY_NAME,
	    .max = PARTY_NAME),
	ROW(rights, "rights", FIELD_CHOICES, "LIST",
	    "What it may do: read, write, content, admit, shared, with commas (as it asks)",
	    .choices = right_names),
	ROW(shared, "shared", FIELD_FLAG, NULL,
	    "The container is for several parties, whom the operator chooses"),
	ROW(quota_data, "quota-data", FIELD_U32, "OCTETS",
	    "Non-volatile memory that the container may take (as it asks)", .max = UINT32_MAX),
	ROW(reserve_data, "reserve-data", FIELD_U32, "OCTETS",
	    "Non-volatile memory that is kept free for it (as it asks)", .max = UINT32_MAX),
	ROW(valid_until, "valid-until", FIELD_DATE, "DAY", "Last day on which it can be claimed",
	    .flags = FIELD_REQUIRED),
	ROW(issuer, "issuer", FIELD_ENTRY, "NAME",
	    "Entry of type grantor in the key store that signs (the only one)",
	    .min = ENTRY_GRANTOR),
	ROW(address, "address", FIELD_TEXT, "TEXT",
	    "Where the party finds the card: vcard:PATH, pcsc:NAME, or words for people", .min = 1,
	    .max = GRANT_ADDRESS_MAX),
	ROW(output, "output", FIELD_WHERE, "FILE", "The grant, for the party",
	    .flags = FIELD_REQUIRED | FIELD_NO_STEP),
	ROW(grants, "grants", FIELD_WHERE, "FOLDER",
	    "Where the grants for the party go, each named after the CIN of its card",
	    .flags = FIELD_NO_OPTION | FIELD_STEP_NEEDS),
	ROW(no_time, "no-time", FIELD_FLAG, NULL, "Leave the card's clock alone"),
};

/* ---- before any card ---- */

static struct quota quota_of(const struct field_u32 *v)
{
	return (struct quota){ v->given, v->v };
}

static const char *name_of(const struct field_keys *v)
{
	return v->name[0] == '\0' ? NULL : v->name;
}

/* It is a folder, or will be one: the one that it is in is there. */
static int check_folder(const struct field_where *v, struct err *e)
{
	char parent[FIELD_PATH];
	struct stat st;

	if (stat(v->path, &st) == 0)
		return S_ISDIR(st.st_mode) ? 0 : err_set(e, ERR_INPUT, "%s: not a folder", v->path);
	if (errno == ENOENT && path_beside(v->path, ".", parent, sizeof(parent)) &&
	    stat(parent, &st) == 0)
		return 0;
	return err_errno(e, ERR_INPUT, "%s", v->path);
}

static int open_authorize(void *x, struct err *e)
{
	struct authorize_party *v = x;

	v->terms = (struct grant_terms){ .party = name_of(&v->party),
		.issuer = name_of(&v->issuer),
		.fingerprint = span_of(v->fingerprint.b, v->fingerprint.n),
		.has_rights = v->rights.v != 0,
		.rights = (uint8_t)v->rights.v,
		.shared = v->shared,
		.data_quota = quota_of(&v->quota_data),
		.data_reserve = quota_of(&v->reserve_data),
		.until = v->valid_until.v };
	if (grant_order_read(&v->order, &v->terms, v->request.path, e) != 0)
		return -1;
	if (!sha256_of(wr_span(&v->order.request.octets), v->request.digest))
		return err_memory(e);
	return v->grants.path[0] == '\0' ? 0 : check_folder(&v->grants, e);
}

static int keyed(void *x, const struct keystore *ks, struct err *e)
{
	struct authorize_party *v = x;

	return grant_order_keyed(&v->order, &v->terms, ks, e) != 0
		   ? -1
		   : party_anchors_take(ks, &v->anchors, e);
}

static void close_authorize(void *x)
{
	struct authorize_party *v = x;

	grant_order_free(&v->order);
}

/* ---- the file for the party ---- */

static int name_file(const struct authorize_party *v, struct placing *w, struct err *e)
{
	char cin[HEX_SIZE(PARTY_CIN_MAX)];
	int n;

	if (v->output.path[0] != '\0')
		n = snprintf(w->path, sizeof(w->path), "%s", v->output.path);
	else
		n = snprintf(w->path, sizeof(w->path), "%s/%s.grant", v->grants.path,
		    hex_put(span_of(w->card.cin, w->card.cin_n), cin, sizeof(cin)));
	return n < (int)sizeof(w->path)
		   ? 0
		   : err_set(e, ERR_INPUT, "%s: too long for a path", v->grants.path);
}

static bool is_for_request(const struct authorize_party *v, const struct grant *g)
{
	const struct party_request *q = &v->order.request.request;

	return ec_public_eq(&g->key, &q->key) && span_eq(g->id, q->id) &&
	       (v->container.is_new || span_eq(g->container, aid_span(&v->container.aid)));
}

/* A file of this name is the grant of a run before, which is gone on with, or nothing that may be
 * written over. */
static int read_former(const struct authorize_party *v, struct placing *w, struct err *e)
{
	const struct grant_file *f = &w->file.grant_file;
	struct err why;

	if (access(w->path, F_OK) != 0)
		return 0;
	if (party_file_read_as(w->path, 1u << PARTY_FILE_PLACED, &w->file, &why) != 0 ||
	    !is_for_request(v, &f->grant)) {
		err_set(e, ERR_SAFETY, "%s is there already, and is no grant for this request",
		    w->path);
		return err_hint(e, "choose another name, or remove it");
	}
	w->has_file = true;
	if (w->card.cin_n == 0 || span_eq(f->cin, span_of(w->card.cin, w->card.cin_n)))
		return 0;
	err_set(e, ERR_SAFETY, "%s is the grant of another card", w->path);
	return err_hint(e, "choose another name");
}

/* ---- what the card shows ---- */

static struct placing_asks asks_of(const struct authorize_party *v, const struct placing *w)
{
	return (struct placing_asks){ .id = v->order.request.request.id,
		.rights = v->order.rights,
		.grant = w->has_file ? &w->file.grant_file.grant : NULL,
		.anywhere = w->container.n == 0,
		.make = v->container.is_new || grant_order_makes(&v->order),
		.no_time = v->no_time };
}

/* The container of the run before, or the one that was named. */
static int look(
    struct change_card *c, const struct authorize_party *v, struct placing *w, struct err *e)
{
	struct placing_asks a;

	if (name_file(v, w, e) != 0 || read_former(v, w, e) != 0)
		return -1;
	if (w->has_file && !aid_from(&w->container, w->file.grant_file.grant.container))
		return err_set(e, ERR_OTHER, "internal: AID");
	if (!w->has_file)
		w->container = v->container.aid;
	a = asks_of(v, w);
	a.anywhere = a.anywhere && !c->by_hand;
	placing_look(c, w, &a);
	/* The grant that waits is another than is asked for now. */
	if (w->is == PLACE_WAITING && !grant_order_gave(&v->order, a.grant))
		w->is = c->by_hand ? PLACE_FREE : PLACE_OTHER;
	return 0;
}

static int is_so(struct change_card *c, const void *x, struct change_so *so, struct err *e)
{
	struct placing w = { .is = PLACE_FREE };
	int rc = 0;

	/* What an operator is told of a grant that is there, check() finds out. */
	if (c->is_dry || c->by_hand)
		return 0;
	if (card_see_identity(c->s, &w.card, e) != 0 || look(c, x, &w, e) != 0)
		rc = -1;
	else if (w.is == PLACE_WAITING || w.is == PLACE_CLAIMED)
		so->is = SO_YES;
	placing_free(&w);
	return rc;
}

/* ---- check and act ---- */

static int check(struct change_card *c, const void *x, void *work, struct err *e)
{
	const struct authorize_party *v = x;
	struct placing *w = work;
	struct placing_asks a;

	if (v->order.known != NULL)
		change_note(
		    c, "party: the key is that of `%s` in %s", v->order.known, v->order.known_in);
	if (v->anchors.n == 0)
		change_note(c, "the key store has no ca: the card's certificates are not checked");
	if (c->is_dry) {
		if (v->output.path[0] != '\0' &&
		    (name_file(v, w, e) != 0 || read_former(v, w, e) != 0))
			return -1;
		return placing_plan(c, e);
	}
	if (card_see(c->s, &v->anchors, &w->card, e) != 0 || look(c, v, w, e) != 0)
		return -1;
	a = asks_of(v, w);
	return placing_check(c, w, &a, e);
}

static int confirm(struct change_card *c, const void *x, void *work, struct err *e)
{
	const struct placing_asks a = asks_of(x, work);

	return placing_confirm(c, work, &a, e);
}

static int sign(
    struct change_card *c, const struct authorize_party *v, struct placing *w, struct err *e)
{
	struct grant_card card = { .key = &w->card.key,
		.cin = span_of(w->card.cin, w->card.cin_n),
		.container = &w->container,
		.rights = v->order.rights,
		.serial = c->calls->serial,
		.ctx = c->ctx };
	struct container in;

	if (!container_issuer_find(&w->card.all, SPAN(v->order.issuer_name), &card.above))
		card.above = 0;
	/* Only the first to claim a container owns it. */
	if (container_find(&w->card.all, aid_span(&w->container), &in) && in.stage == STAGE_CLAIMED)
		card.rights &= (uint8_t)~RIGHT_ADMIT;
	w->own = wr_grow(PARTY_FILE_MAX);
	if (grant_order_sign(&v->order, &card, &w->own, e) != 0)
		return -1;
	return grant_get(wr_span(&w->own), &w->placed.grant)
		   ? 0
		   : err_set(e, ERR_OTHER, "internal: grant");
}

static void complete(const struct authorize_party *v, struct placing *w)
{
	struct grant_file *f = &w->placed;

	f->domain_key = v->order.request.request.domain_key;
	f->cin = span_of(w->card.cin, w->card.cin_n);
	f->iin = span_of(w->card.iin, w->card.iin_n);
	f->certs = wr_span(&w->card.certs);
	f->address = span_str(v->address.s);
}

static int plan_serial(void *ctx, const struct grant_issue *g, uint64_t *serial, struct err *e)
{
	(void)ctx;
	(void)g;
	(void)e;
	*serial = 1;
	return 0;
}

/* Without the card nothing can be signed for it: a grant of the same size, in which what only the
 * card tells and the signature are 00. */
static int plan(
    struct change_card *c, const struct authorize_party *v, struct placing *w, struct err *e)
{
	static const uint8_t zeros[64];
	const struct grant_card card = { .key = &v->order.issuer.key,
		.container = &w->container,
		.rights = v->order.rights,
		.serial = plan_serial };
	const struct placing_asks a = asks_of(v, w);
	struct grant *g = &w->placed.grant;
	struct wr made = wr_grow(PARTY_FILE_MAX);
	size_t to_card, to_end;
	int rc = grant_order_sign(&v->order, &card, &made, e);

	w->own = wr_grow(PARTY_FILE_MAX);
	if (rc == 0 && !grant_get(wr_span(&made), g))
		rc = err_set(e, ERR_OTHER, "internal: grant");
	if (rc == 0) {
		to_card = (size_t)(g->card.p - g->whole.p);
		to_end = (size_t)(g->signature.p - g->whole.p);
		wr_put(&w->own, span_sub(g->whole, 0, to_card));
		wr_bytes(&w->own, zeros, g->card.n);
		wr_put(
		    &w->own, span_sub(g->whole, to_card + g->card.n, to_end - to_card - g->card.n));
		wr_bytes(&w->own, zeros, g->signature.n);
		g->whole = wr_span(&w->own);
		w->placed.domain_key = v->order.request.request.domain_key;
		w->there = !a.make;
		rc = placing_act(c, w, &a, e);
	}
	*g = (struct grant){ .whole = wr_span(&w->own) }; /* the rest goes with it */
	wr_free(&made);
	return rc;
}

static int make_folder(const struct authorize_party *v, struct err *e)
{
	if (v->grants.path[0] == '\0' || mkdir(v->grants.path, 0755) == 0 || errno == EEXIST)
		return 0;
	return err_errno(e, ERR_INPUT, "%s: cannot be made", v->grants.path);
}

static int act(struct change_card *c, const void *x, void *work, struct err *e)
{
	const struct authorize_party *v = x;
	struct placing *w = work;
	struct placing_asks a;

	if (w->is != PLACE_FREE)
		return 0;
	if (c->is_dry) {
		w->container = v->container.aid;
		if (v->container.is_new)
			w->container = (struct aid){ AID_MAX, { 0xF0, 0x43, 0x41, 0x52, 0x44 } };
		return plan(c, v, w, e);
	}
	if ((w->container.n == 0 && container_aid_new(&w->container, e) != 0) ||
	    make_folder(v, e) != 0 || sign(c, v, w, e) != 0)
		return -1;
	complete(v, w);
	a = asks_of(v, w);
	return placing_act(c, w, &a, e);
}

static void describe(const void *x, char *out, size_t cap)
{
	const struct authorize_party *v = x;
	char id[PARTY_ID_TEXT], rights[RIGHTS_TEXT];

	snprintf(out, cap, "%s in %s: %s; grants to %.100s",
	    party_id_text(v->order.request.request.id, id),
	    v->container.is_new ? "a new container" : aid_hex(&v->container.aid).s,
	    rights_text(v->order.rights, rights), v->grants.name);
}

const struct change_kind change_authorize_party = {
	.name = "authorize-party",
	.fields = fields,
	.field_n = sizeof(fields) / sizeof(fields[0]),
	.size = sizeof(struct authorize_party),
	.work_size = sizeof(struct placing),
	.level_33 = true,
	.open = open_authorize,
	.keyed = keyed,
	.close = close_authorize,
	.is_so = is_so,
	.check = check,
	.confirm = confirm,
	.act = act,
	.compare = placing_compare,
	.work_free = placing_free,
	.describe = describe,
};
