/* container admit, expel, leave: who is in a container, by those who are in it. */
#include <time.h>

#include "cmd/authority/grant_record.h"
#include "cmd/authority/party_show.h"
#include "cmd/authority/place.h"
#include "cmd/kit/ask.h"
#include "cmd/kit/print.h"

#define PARTY_NEEDS (NEED_READER | USES_SESSION | USES_KEYSTORE | MUTATES | HAS_JSON)

struct args {
	const char *grant, *id;
	bool keep;
	struct channel_args channel;
};

static const struct operand admit_operands[] = {
	WORD_PATH("GRANT", args, grant, "The grant of the party to let in"),
};
static const struct opt admit_opts[] = { CHANNEL_OPTS(args, channel) };
static const struct operand expel_operands[] = {
	WORD_STRING("ID", args, id, "Name of the party to put out, as in its grant"),
};
static const struct opt leave_opts[] = {
	OPT_FLAG("keep", args, keep,
	    "Leave what lies in the container, for a new grant with the same key"),
	CHANNEL_OPTS(args, channel),
};

/* One run. */
struct work {
	struct ctx *c;
	const struct args *a;
	struct target t;
	struct party_file file;
	struct wr state;
	struct container own; /* as the card told it last */
	struct container_order order;
	bool done;
};
typedef int worker(struct work *w, struct err *e);

static int look(struct work *w, struct err *e)
{
	struct containers all;
	struct rd r;
	bool there;

	wr_free(&w->state);
	if (containers_read(w->t.s, NULL, &w->state, &all, &there, e) != 0)
		return -1;
	r = rd_of(all.containers);
	if (there && !all.is_operator && container_next(&r, &w->own))
		return 0;
	err_set(e, ERR_SAFETY, "the channel is not one with a container");
	return err_hint(e, "--sd AID --keys NAME: the container and its access set");
}

static int give(struct work *w, struct err *e)
{
	struct span answer;
	bool unknown;

	if (container_send(w->t.s, &w->order, &answer, &unknown, e) != 0)
		return unknown ? err_hint(e, "container show finds out what became of it") : -1;
	w->done = true;
	return 0;
}

static int run(struct work *w, worker *work, json_t *take, struct err *e)
{
	struct keystore *ks = NULL;
	int rc = 0;

	if (w->c->agent == NULL && !w->c->dry_run)
		rc = ctx_keystore(w->c, &ks, e);
	if (rc == 0)
		rc = container_channel_check(w->c, &w->a->channel, ks, e);
	if (ks != NULL)
		keystore_close(ks);
	if (rc == 0)
		rc = container_target_open(&w->t, w->c, &w->a->channel, e);
	if (rc == 0)
		rc = target_close(&w->t, work(w, e), e);
	if (rc == 0 && !w->c->dry_run) {
		out_set(&take, "already", json_boolean(!w->done));
		rc = out_result(w->c, take, e);
	} else {
		json_decref(take);
	}
	wr_free(&w->state);
	party_file_free(&w->file);
	return rc;
}

/* ---- admit ---- */

static bool waits(const struct work *w)
{
	struct container_grant g;
	uint8_t digest[PARTY_DIGEST];

	return container_grant_find(&w->own, w->order.grant.id, &g) &&
	       grant_digest(w->order.grant.whole, digest) && span_eq(SPAN(digest), g.digest);
}

static int check_admit(const struct work *w, struct err *e)
{
	const struct grant *g = &w->order.grant;
	char id[PARTY_ID_TEXT];
	struct container_party p;

	if (!span_eq(g->container, w->own.aid))
		return err_set(e, ERR_SAFETY, "%s: for another container", w->file.path);
	if ((g->rights & RIGHT_ADMIT) != 0)
		return err_set(e, ERR_SAFETY, "%s: lets others in itself, which only the owner can",
		    w->file.path);
	if (!container_party_find(&w->own, g->id, &p))
		return 0;
	return err_set(e, ERR_SAFETY, "%s is in the container already", party_id_text(g->id, id));
}

static int admit(struct work *w, struct err *e)
{
	if (w->t.is_dry)
		return give(w, e);
	if (look(w, e) != 0)
		return -1;
	if (waits(w))
		return 0;
	if (check_admit(w, e) != 0 || give(w, e) != 0 || look(w, e) != 0)
		return -1;
	return waits(w)
		   ? 0
		   : err_set(e, ERR_INTEGRITY, "the card does not show the grant that was placed");
}

static int admit_run(struct ctx *c, void *args, struct err *e)
{
	const struct args *a = args;
	struct work w = { .c = c, .a = a, .order = { .kind = ORDER_PLACE } };
	json_t *o = json_object();
	struct grant *g = &w.order.grant;
	char text[FINGERPRINT_TEXT];

	if (party_file_read_as(
		a->grant, 1u << PARTY_FILE_GRANT | 1u << PARTY_FILE_PLACED, &w.file, e) != 0 ||
	    grant_serial_allowed(
		w.file.grant_file.grant.serial, (int64_t)time(NULL) * 1000, c->yes, e) != 0) {
		json_decref(o);
		party_file_free(&w.file);
		return -1;
	}
	*g = w.file.grant_file.grant;
	w.order.domain_key = w.file.grant_file.domain_key;
	party_id_show(&o, "party", g->id);
	out_set(&o, "fingerprint", json_text(fingerprint_text(&g->key, text)));
	out_set(&o, "container", out_hex(g->container));
	wish_show(&o, &(struct party_wish){ g->rights, &g->quotas, g->prefix });
	out_set(&o, "admitted", json_true());
	return run(&w, admit, o, e);
}

/* ---- expel, leave ---- */

/* The party whose set the channel was opened with. */
static int find_own(struct work *w, struct container_party *p, struct err *e)
{
	struct rd r = rd_of(w->own.parties);

	while (container_party_next(&r, p))
		for (size_t i = 0; i < p->versions.n; i++)
			if (p->versions.p[i] == w->t.s->iu.key_version)
				return 0;
	return err_set(
	    e, ERR_CARD, "the card does not tell whose set %02X is", w->t.s->iu.key_version);
}

static bool is_out(const struct work *w)
{
	struct container_party p;
	struct container_grant g;

	return !container_party_find(&w->own, w->order.party, &p) &&
	       !container_grant_find(&w->own, w->order.party, &g);
}

static int expel(struct work *w, struct err *e)
{
	struct container_party own;
	char question[80];

	if (w->t.is_dry) {
		w->order.container = aid_span(&w->a->channel.domain);
		return give(w, e);
	}
	snprintf(question, sizeof(question), "Put %.40s out of the container?", w->a->id);
	w->order.container = aid_span(&w->t.s->domain);
	if (look(w, e) != 0 || find_own(w, &own, e) != 0)
		return -1;
	/* Who may not let others in is not told of them either: the card says no. */
	if ((own.rights & RIGHT_ADMIT) != 0 && is_out(w))
		return 0;
	if (ask(w->c, question, e) != 0 || give(w, e) != 0 || look(w, e) != 0)
		return -1;
	return is_out(w) ? 0 : err_set(e, ERR_INTEGRITY, "the card still shows the party");
}

static int expel_run(struct ctx *c, void *args, struct err *e)
{
	const struct args *a = args;
	struct work w = { .c = c, .a = a, .order = { .kind = ORDER_REVOKE } };
	json_t *o = json_object();

	w.order.party = span_str(a->id);
	if (w.order.party.n < 1 || w.order.party.n > PARTY_ID_MAX) {
		json_decref(o);
		return err_set(e, ERR_USAGE, "ID: 1 to %d octets", PARTY_ID_MAX);
	}
	if (c->dry_run && a->channel.domain.n == 0) {
		json_decref(o);
		return err_set(e, ERR_USAGE, "--dry-run: --sd names the container");
	}
	party_id_show(&o, "party", w.order.party);
	out_set(&o, "expelled", json_true());
	return run(&w, expel, o, e);
}

/* The session ends with it, so that the card cannot be asked any more: its answer, with R-MAC, is
 * what there is. */
static int leave(struct work *w, struct err *e)
{
	struct container_party own;

	if (look(w, e) != 0 || find_own(w, &own, e) != 0)
		return -1;
	w->order.party = own.id;
	w->order.container = w->own.aid;
	w->order.keep = w->a->keep;
	if (ask(w->c,
		w->a->keep ? "Leave the container, and what is in it for a new grant?"
			   : "Leave the container, deleting what one owns there?",
		e) != 0)
		return -1;
	return give(w, e);
}

static int leave_run(struct ctx *c, void *args, struct err *e)
{
	const struct args *a = args;
	struct work w = { .c = c, .a = a, .order = { .kind = ORDER_REVOKE } };
	json_t *o;

	if (c->dry_run)
		return err_set(e, ERR_USAGE, "--dry-run: who leaves, only the card can tell");
	o = json_object();
	out_set(&o, "left", json_true());
	out_set(&o, "kept", json_boolean(a->keep));
	return run(&w, leave, o, e);
}

const struct verb verb_container_admit = {
	.name = "container admit",
	.group = GROUP_CONTENT,
	.place = 200,
	.summary = "Let another party into a container of one's own",
	.needs = PARTY_NEEDS | DESTROYS,
	VERB_OPTS(admit_opts),
	VERB_OPERANDS(admit_operands),
	.args_size = sizeof(struct args),
	.run = admit_run,
};
const struct verb verb_container_expel = {
	.name = "container expel",
	.group = GROUP_CONTENT,
	.place = 210,
	.summary = "Put another party out of a container of one's own",
	.needs = PARTY_NEEDS | DESTROYS,
	VERB_OPTS(admit_opts),
	VERB_OPERANDS(expel_operands),
	.args_size = sizeof(struct args),
	.run = expel_run,
};
const struct verb verb_container_leave = {
	.name = "container leave",
	.group = GROUP_CONTENT,
	.place = 220,
	.summary = "Leave a container",
	.needs = (PARTY_NEEDS & ~MUTATES) | DESTROYS,
	VERB_OPTS(leave_opts),
	.args_size = sizeof(struct args),
	.run = leave_run,
};
