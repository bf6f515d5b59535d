#include "cmd/authority/grant_record.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "cmd/authority/party_show.h"
#include "cmd/kit/print.h"
#include "cmd/kit/record.h"
#include "gp/container.h"

static const char grants_file[] = "grants.jsonl", claims_file[] = "claims.jsonl";

static const char *text_of(const json_t *o, const char *name)
{
	const char *s = json_string_value(json_object_get(o, name));

	return s == NULL ? "" : s;
}

json_t *serial_json(uint64_t serial)
{
	if (serial <= INT64_MAX)
		return json_integer((json_int_t)serial);
	return json_sprintf("%" PRIu64, serial);
}

/* ---- grants ---- */

static uint64_t serial_of(const json_t *o)
{
	const json_t *v = json_object_get(o, "serial");

	if (json_is_integer(v))
		return (uint64_t)json_integer_value(v);
	return strtoull(text_of(o, "serial"), NULL, 10);
}

/* The highest that is known of this issuer, with what was read before. */
static void see_serials(struct serials *s, const json_t *rows)
{
	const json_t *o;
	size_t i;

	json_array_foreach(rows, i, o) if (strcmp(text_of(o, "issuer"), s->issuer) == 0 &&
					   serial_of(o) > s->last) s->last = serial_of(o);
}

static json_t *issue_line(const struct grant_issue *g, const char *issuer, uint64_t serial)
{
	char at[RECORD_TIME], text[FINGERPRINT_TEXT];
	json_t *o =
	    json_pack("{s:s, s:s, s:s}", "at", record_now(at), "event", "grant", "issuer", issuer);

	out_set(&o, "serial", serial_json(serial));
	party_id_show(&o, "party", g->party);
	out_set(&o, "fingerprint", json_text(fingerprint_text(g->key, text)));
	out_set(&o, "container", out_hex(g->container));
	out_set(&o, "card", out_hex(g->card));
	return o;
}

int grant_serial_allowed(uint64_t serial, int64_t now_ms, bool yes, struct err *e)
{
	if (yes || grant_serial_check(serial, now_ms, e) == 0)
		return 0;
	return err_hint(e, "check the clock and the grant; --yes says that it is meant");
}

/* What is remembered of another issuer, or of a record that is not there any more, does not count.
 */
static int lock_serials(
    struct serials *s, const struct grant_issue *g, struct record **r, struct err *e)
{
	uint8_t name[PARTY_NAME];
	char issuer[HEX_SIZE(PARTY_NAME)];
	int64_t before;

	if (!party_key_name(g->issuer, name))
		return err_set(e, ERR_OTHER, "the name of the issuer cannot be computed");
	hex_put(SPAN(name), issuer, sizeof(issuer));
	if (strcmp(issuer, s->issuer) != 0)
		*s = (struct serials){ .yes = s->yes };
	memcpy(s->issuer, issuer, sizeof(s->issuer));
	before = s->at;
	if (record_lock_behind(grants_file, &s->at, r, e) != 0)
		return -1;
	if (s->at < before)
		s->last = 0;
	see_serials(s, record_rows(*r));
	return 0;
}

int grant_serial_take(
    struct serials *s, const struct grant_issue *g, uint64_t *serial, struct err *e)
{
	struct record *r = NULL;
	int rc = lock_serials(s, g, &r, e);
	uint64_t last = s->last < g->above ? g->above : s->last;

	if (rc == 0 && last == SERIAL_LAST)
		rc = err_set(e, ERR_SAFETY, "issuer %s has used up all serials", s->issuer);
	if (rc == 0) {
		*serial =
		    g->now_ms > 0 && (uint64_t)g->now_ms > last ? (uint64_t)g->now_ms : last + 1;
		rc = grant_serial_allowed(*serial, g->now_ms, s->yes, e);
	}
	if (rc == 0)
		rc = record_add(r, issue_line(g, s->issuer, *serial), e);
	if (rc == 0)
		s->last = *serial;
	record_unlock(r);
	return rc;
}

static int grant_outcome(const struct grant *g, const char *event, struct err *e)
{
	char at[RECORD_TIME];
	json_t *o = json_pack("{s:s, s:s}", "at", record_now(at), "event", event);

	out_set(&o, "issuer", out_hex(g->issuer));
	out_set(&o, "serial", serial_json(g->serial));
	party_id_show(&o, "party", g->id);
	out_set(&o, "container", out_hex(g->container));
	return record_note(grants_file, o, e);
}

int grant_record_end(
    const struct change *ch, const void *work, const struct err *why, struct err *e)
{
	const struct placing *w = work;

	if ((ch->kind != &change_authorize_party && ch->kind != &change_reserve) ||
	    w->placed.grant.whole.n == 0)
		return 0;
	return grant_outcome(&w->placed.grant, why == NULL ? "placed" : "failed", e);
}

/* ---- claims ---- */

static json_t *claim_line(const struct claim_note *n, const char *event)
{
	uint8_t digest[PARTY_DIGEST] = { 0 };
	char at[RECORD_TIME];
	json_t *o = json_pack("{s:s, s:s}", "at", record_now(at), "event", event);

	if (!grant_digest(n->grant->whole, digest)) {
		json_decref(o);
		return NULL;
	}
	out_set(&o, "grant", out_hex(SPAN(digest)));
	out_set(&o, "card", out_hex(n->card));
	out_set(&o, "container", out_hex(n->grant->container));
	out_set(&o, "keys", json_text(n->keys));
	return o;
}

static bool same(const json_t *a, const json_t *b, const char *name)
{
	return strcmp(text_of(a, name), text_of(b, name)) == 0;
}

/* What the lines before say of this claim. A claim that failed before PUT KEY put nothing. */
static int look_back(const json_t *rows, const json_t *now, bool *before, struct err *e)
{
	const json_t *o;
	size_t i;

	*before = false;
	json_array_foreach(rows, i, o)
	{
		if (same(o, now, "grant"))
			*before = strcmp(text_of(o, "event"), "intent") == 0;
		if (!same(o, now, "keys") || !same(o, now, "card") || same(o, now, "container") ||
		    strcmp(text_of(o, "event"), "claimed") != 0)
			continue;
		err_set(e, ERR_SAFETY,
		    "this access set is that of container %s of this card already",
		    text_of(o, "container"));
		return err_hint(e, "who is on the line could lead you from one to the other: an "
				   "access set for each container");
	}
	return 0;
}

int claim_begin(const struct claim_note *n, bool *before, struct err *e)
{
	json_t *line = claim_line(n, "intent");
	struct record *r = NULL;
	int rc = -1;

	if (line == NULL)
		err_memory(e);
	else if (record_lock(claims_file, &r, e) == 0 &&
		 look_back(record_rows(r), line, before, e) == 0)
		rc = record_add(r, json_incref(line), e);
	json_decref(line);
	record_unlock(r);
	return rc;
}

int claim_end(const struct claim_note *n, const char *event, struct err *e)
{
	return record_append(claims_file, claim_line(n, event), e);
}
