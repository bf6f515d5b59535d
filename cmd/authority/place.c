#include "cmd/authority/place.h"

#include <string.h>
#include <time.h>

#include "cmd/authority/grant_record.h"
#include "cmd/authority/party_show.h"
#include "cmd/kit/print.h"

enum { LEVEL_33 = 0x33, YEAR = 366 * 86400 };

/* ---- the channel ---- */

int container_channel_check(
    struct ctx *c, const struct channel_args *a, const struct keystore *ks, struct err *e)
{
	return channel_whole_check(c, a, ks, "containers", e);
}

int container_target_open(
    struct target *t, struct ctx *c, const struct channel_args *a, struct err *e)
{
	if (target_open(t, c, a, e) != 0)
		return -1;
	if (t->is_dry || container_session_check(t->s, e) == 0)
		return 0;
	return target_close(t, -1, e);
}

/* ---- the card ---- */

int order_time_of(
    struct ctx *c, const struct card_seen *s, bool none, struct order_time *t, struct err *e)
{
	time_t now = time(NULL);

	*t = (struct order_time){ !none, (uint32_t)now };
	if (none || c->yes || s == NULL || s->all.time == 0 || t->v <= s->all.time ||
	    t->v - s->all.time <= YEAR)
		return 0;
	err_set(e, ERR_SAFETY,
	    "the clock of the card would jump over more than a year, and never goes back");
	return err_hint(e, "check the station's clock; --yes says that it is right, --no-time "
			   "leaves the card's alone");
}

/* ---- the AID ---- */

int container_aid_parse(const char *text, struct aid *aid, bool *is_new, struct err *e)
{
	*is_new = strcmp(text, "new") == 0;
	return *is_new ? 0 : aid_parse(text, "--container", aid, e);
}

/* ---- what became of it ---- */

void place_show(const struct placing *w, json_t **o)
{
	const struct grant *g = placing_grant(w);
	uint8_t digest[PARTY_DIGEST];
	char text[FINGERPRINT_TEXT];

	party_id_show(o, "party", g->id);
	out_set(o, "fingerprint", json_text(fingerprint_text(&g->key, text)));
	out_set(o, "container", out_hex(g->container));
	out_set(o, "made", json_boolean(w->made));
	out_set(o, "state", json_text(w->is == PLACE_CLAIMED ? "claimed" : "granted"));
	wish_show(o, &(struct party_wish){ g->rights, &g->quotas, g->prefix });
	out_set(o, "serial", serial_json(g->serial));
	if (grant_digest(g->whole, digest))
		out_set(o, "digest", out_hex(SPAN(digest)));
	out_set(o, "card", out_hex(span_of(w->card.cin, w->card.cin_n)));
	if (w->has_receipt) {
		out_set(o, "receipt", out_hex(span_of(w->answer, w->answer_n)));
		out_set(o, "counter", json_integer(w->counter));
	}
	out_set_text(o, "grant", w->path);
}

int place_verb(struct ctx *c, struct change_args *a, change_teller *tell, struct err *e)
{
	struct keystore *ks = NULL;
	int rc = 0;

	if (c->agent == NULL && !c->dry_run)
		rc = ctx_keystore(c, &ks, e);
	if (rc == 0)
		rc = container_channel_check(c, &a->channel, ks, e);
	if (ks != NULL)
		keystore_close(ks);
	return rc == 0 ? change_verb(c, a, tell, e) : -1;
}

void place_was_done(struct ctx *c, const struct placing *w)
{
	if (w->is == PLACE_WAITING || w->is == PLACE_CLAIMED)
		ctx_note(c, "that was done before: the grant %s",
		    w->is == PLACE_CLAIMED ? "was claimed" : "is on the card");
}
