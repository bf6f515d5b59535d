/* Campaigns in broadcast mode: the main job over all cards. */
#include <stdio.h>

#include "campaign/work.h"
#include "crypto/digest.h"

/* ---- files ---- */

/* Rules that tie manifest, key store and bundle together (broadcast.md 1, DESIGN 3). */
static int check_together(const struct campaign *c, struct err *e)
{
	const struct bundle *b = &c->bundle;

	if ((b->algorithm == ALG_CMAC_BK || b->algorithm == ALG_CMAC_KMAC) &&
	    !c->m.allow_literal_mac) {
		err_set(e, ERR_SAFETY, "%s: authorized by a literal MAC (algorithm %02X)",
		    c->m.bundle, b->algorithm);
		return err_hint(e, VERB("bundle show") " tells why that is weak; " FIELD_IS(
				       "allow-literal-mac", "true") " accepts it");
	}
	for (size_t i = 0; i < b->package_n; i++) {
		const struct package *p = &b->package[i];
		struct enter enter = { 0 };
		int rc;

		if (p->key_n > c->keys->keys.enc.n)
			return err_set(e, ERR_SAFETY,
			    "%s: broadcast keys of %u bits are longer than the %u of key set %s",
			    c->m.bundle, p->key_n * 8u, c->keys->keys.enc.n * 8u, c->keys->name);
		rc = job_enter(b, p, 0, c->ks, &enter, e);
		enter_wipe(&enter);
		if (rc != 0)
			return err_in(e, "%s", c->m.bundle);
	}
	return 0;
}

/* The goal: this bundle, and whether it is to be put to use or only to lie ready. */
static int name_goal(struct campaign *c, struct err *e)
{
	const uint8_t when = (uint8_t)c->m.authorize;
	const struct span parts[] = { SPAN(c->bundle.digest), span_of(&when, 1) };

	return sha256(parts, 2, c->goal) ? 0 : err_memory(e);
}

static int open_bundle(struct campaign *c, uint32_t today, struct err *e)
{
	return job_bundle(c->m.bundle, c->ks, today, &c->bundle, e) == 0 ? name_goal(c, e) : -1;
}

static int ready(struct campaign *c, struct err *e)
{
	const char *name = c->m.keys[0] == '\0' ? NULL : c->m.keys;

	return keystore_find(c->ks, ENTRY_SCP03, name, &c->keys, e) == 0 ? check_together(c, e)
									 : -1;
}

static void close_bundle(struct campaign *c)
{
	bundle_free(&c->bundle);
}

/* ---- one card ---- */

static void enter(struct run *r, enum reached step)
{
	work_step(r, reached_str(step));
}

static bool load_step(void *ctx, uint32_t done, uint32_t total)
{
	struct run *r = ctx;

	work_tell(r, done, total);
	return !work_stopping(r);
}

static int load(struct run *r, struct job_plan *p, struct err *e)
{
	const struct broadcast_progress progress = { load_step, r };
	uint32_t done;

	enter(r, REACHED_SWITCH);
	if (job_switch(&r->s, &r->c->bundle, p, r->c->ks, e) != 0)
		return -1;
	enter(r, REACHED_LOAD);
	done = p->j;
	if (broadcast_play(&r->s, p->package->commands, p->package->total, &done, &progress, e) !=
	    0)
		return -1;
	enter(r, REACHED_RETURN);
	return broadcast_return(&r->s, p->package->return_command, e);
}

static int authorize(struct run *r, const struct job_plan *p, struct err *e)
{
	struct verdict v;

	enter(r, REACHED_AUTHORIZE);
	if (job_authorize(&r->s, &r->c->bundle, p->package, P1_ACTIVATE, &v, e) != 0)
		return -1;
	enter(r, REACHED_CONFIRM);
	return job_confirm(&r->s, &r->c->bundle, e);
}

static int work(struct run *r, struct err *e)
{
	const struct manifest *m = &r->c->m;
	struct job_plan p;

	enter(r, REACHED_ESTABLISH);
	if (work_channel(r, r->c->keys,
		m->key_version >= 0 ? (uint8_t)m->key_version : r->c->keys->version, e) != 0 ||
	    job_plan(&r->s, &r->c->bundle, m->allow_literal_mac, &p, e) != 0)
		return -1;
	if (p.due == DUE_NOTHING || (p.due == DUE_AUTHORIZE && m->authorize == AUTHORIZE_LATER)) {
		enter(r, REACHED_ALREADY);
		return 0;
	}
	if (p.due == DUE_LOAD && load(r, &p, e) != 0)
		return -1;
	if (m->authorize != AUTHORIZE_LATER)
		return authorize(r, &p, e);
	enter(r, REACHED_CONFIRM);
	return job_loaded(&r->s, &r->c->bundle, p.package, e);
}

const struct campaign_mode mode_broadcast = { open_bundle, ready, close_bundle, work };
