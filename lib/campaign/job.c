#include "base/value.h"
#include "campaign/job.h"

#include <stdio.h>
#include <string.h>

const char *reached_str(enum reached s)
{
	static const char *const names[] = { "", "connect", "identify", "establish", "switch",
		"load", "return", "authorize", "confirm", "already" };

	return names[s];
}

int job_trust(const struct keystore *ks, struct bundle_trust *t, struct err *e)
{
	const struct entry *en;

	memset(t, 0, sizeof(*t));
	t->k = keystore_threshold(ks);
	for (size_t i = 0; (en = keystore_at(ks, i)) != NULL; i++)
		if (en->type == ENTRY_SIGNER && en->public_n == ED25519_PUBLIC &&
		    t->n < BUNDLE_SIGNERS)
			t->signer[t->n++] = en->public;
	if (t->n > 0)
		return 0;
	err_set(e, ERR_AUTH, "%s: no bundle signer in this key store", keystore_path(ks));
	return err_hint(e, "add the public key of who signs bundles (type: signer)");
}

int job_bundle(
    const char *path, const struct keystore *ks, uint32_t today, struct bundle *b, struct err *e)
{
	struct bundle_trust trust;

	memset(b, 0, sizeof(*b));
	if (job_trust(ks, &trust, e) != 0 || bundle_read(path, b, e) != 0)
		return -1;
	if (bundle_open(b, &trust, today, e) == 0)
		return 0;
	bundle_free(b);
	return err_in(e, "%s", path);
}

static bool contains(const uint8_t *list, size_t n, uint8_t v)
{
	return n > 0 && memchr(list, v, n) != NULL;
}

static int check_channel(
    const struct session *s, const struct bundle *b, struct job_plan *p, struct err *e)
{
	if (scp_protocol(&s->scp) != PROTOCOL_SCP03)
		return err_set(e, ERR_SAFETY, "a broadcast needs an SCP03 channel, this one is %s",
		    scp_protocol_str(scp_protocol(&s->scp)));
	if ((s->level & (LEVEL_CMAC | LEVEL_CDEC)) != (LEVEL_CMAC | LEVEL_CDEC)) {
		err_set(e, ERR_SAFETY, "level %02X does not encrypt commands", s->level);
		return err_hint(e, "open the channel with level 03, 13 or 33");
	}
	p->package = bundle_package(b, s->iu.m);
	if (p->package == NULL) {
		err_set(e, ERR_SAFETY, "the bundle has no package for %s, which this channel uses",
		    s->iu.m == 16 ? "S16" : "S8");
		return err_hint(
		    e, VERB("bundle build --s16") " makes one for cards with 16-octet MACs");
	}
	if (p->package->key_n > s->scp.u.scp03.enc.key.n)
		return err_set(e, ERR_SAFETY,
		    "broadcast keys of %u bits are longer than the card's %u",
		    p->package->key_n * 8u, s->scp.u.scp03.enc.key.n * 8u);
	return 0;
}

static int check_target(const struct bundle *b, const struct system_data *d, struct err *e)
{
	char have[12], want[12];

	if (memcmp(b->platform, d->platform, PLATFORM_SIZE) != 0)
		return err_set(e, ERR_SAFETY, "the bundle is for platform %.8s, the card is %.8s",
		    (const char *)b->platform, (const char *)d->platform);
	if (!aid_same(&b->target, &d->target))
		return err_set(
		    e, ERR_SAFETY, "the bundle is for another target AID than the card's");
	if (d->version < b->base)
		return err_set(e, ERR_SAFETY,
		    "the bundle needs version %s at least, the card runs %s",
		    version_str(b->base, want), version_str(d->version, have));
	if (b->version <= d->version)
		return err_set(e, ERR_SAFETY,
		    "the card runs version %s, the bundle brings %s: versions "
		    "never go back",
		    version_str(d->version, have), version_str(b->version, want));
	return 0;
}

static int check_policy(const struct bundle *b, const struct package *p,
    const struct policy_data *y, bool allow_literal_mac, struct err *e)
{
	bool kos = p->form == FORM_KOS || p->inner == INNER_KOS;

	if ((b->algorithm == ALG_CMAC_BK || b->algorithm == ALG_CMAC_KMAC) && !allow_literal_mac) {
		err_set(e, ERR_SAFETY, "the bundle is authorized by a literal MAC (algorithm %02X)",
		    b->algorithm);
		return err_hint(e, VERB("bundle show") " tells why that is weak; " FIELD_IS(
				       "allow-literal-mac", "true") " accepts it");
	}
	if (!contains(y->algorithms, y->algorithm_n, b->algorithm))
		return err_set(
		    e, ERR_SAFETY, "the card's policy does not take algorithm %02X", b->algorithm);
	if (!contains(y->forms, y->form_n, p->form))
		return err_set(e, ERR_SAFETY,
		    "the card's policy does not take broadcast keys in form %02X", p->form);
	if (kos && !contains(y->kos_versions, y->kos_n, p->kos_version))
		return err_set(
		    e, ERR_SAFETY, "the card has no Kos of version %02X", p->kos_version);
	return 0;
}

static bool is_ours(const struct slot_data *sl, const struct bundle *b)
{
	return sl->state != SLOT_EMPTY && memcmp(sl->campaign, b->campaign, CAMPAIGN_SIZE) == 0;
}

static bool is_full(const struct slot_data *sl)
{
	return sl->state == SLOT_COMPLETE || sl->state == SLOT_VERIFIED;
}

static bool is_of(const struct slot_data *sl, const struct bundle *b, const struct package *p)
{
	return is_ours(sl, b) && sl->package == p->number && sl->total == p->total &&
	       sl->length == b->length && !sl->has_base;
}

/* What the slot holds decides: authorize it, go on at j, or start over. */
static int plan_slot(const struct bundle *b, struct job_plan *p, struct err *e)
{
	const struct slot_data *sl = &p->slot;
	bool full = is_full(sl), ours = is_ours(sl, b), same = is_of(sl, b, p->package);

	p->due = DUE_LOAD;
	p->j = 0;
	if (full && !ours) {
		err_set(e, ERR_SAFETY, "the card holds a complete payload of another campaign");
		return err_hint(e, "authorize it, or drop it: " VERB(
				       "authorize load --discard") " with its bundle");
	}
	/* Algorithm 01 works only in the session that loaded (broadcast.md 5). */
	if (full && same && b->algorithm != ALG_CMAC_BK)
		p->due = DUE_AUTHORIZE;
	else if (sl->state == SLOT_RECEIVING && same && sl->done < sl->total)
		p->j = sl->done;
	return 0;
}

int job_plan(struct session *s, const struct bundle *b, bool allow_literal_mac, struct job_plan *p,
    struct err *e)
{
	memset(p, 0, sizeof(*p));
	if (check_channel(s, b, p, e) != 0 || broadcast_read_system(s, &p->system, e) != 0)
		return -1;
	if (p->system.version == b->version &&
	    memcmp(p->system.digest, b->image_digest, DIGEST_SIZE) == 0) {
		p->due = DUE_NOTHING;
		return 0;
	}
	if (broadcast_read_slot(s, &p->slot, e) != 0 ||
	    broadcast_read_policy(s, &p->policy, e) != 0 || check_target(b, &p->system, e) != 0 ||
	    check_policy(b, p->package, &p->policy, allow_literal_mac, e) != 0)
		return -1;
	return plan_slot(b, p, e);
}

int job_enter(const struct bundle *b, const struct package *p, uint32_t j,
    const struct keystore *ks, struct enter *out, struct err *e)
{
	const struct entry *kek = NULL;
	char name[ENTRY_NAME_MAX];

	if (p->form == FORM_CLEAR) {
		if (ks == NULL)
			return err_set(e, ERR_AUTH, "a key store with the bundle KEK is needed");
		snprintf(
		    name, sizeof(name), "%.*s", (int)p->kek_name.n, (const char *)p->kek_name.p);
		if (keystore_find(ks, ENTRY_KEK, name, &kek, e) != 0)
			return -1;
	}
	return bundle_enter(b, p, j, kek == NULL ? NULL : &kek->secret, out, e);
}

/* 6A80 to what we made well-formed: the card could not unwrap the keys (broadcast.md 3). */
static int explain_refusal(const struct package *p, struct err *e)
{
	if (e->sw == SW_WRONG_DATA && p->has_kos_version)
		err_hint(e,
		    "Kos %02X of the card may not be the one that the bundle was built with",
		    p->kos_version);
	return -1;
}

static int enter_at(struct session *s, const struct bundle *b, const struct package *p, uint32_t j,
    const struct keystore *ks, struct err *e)
{
	struct enter enter = { 0 };
	int rc = job_enter(b, p, j, ks, &enter, e);

	if (rc == 0 && broadcast_enter(s, &enter, e) != 0)
		rc = explain_refusal(p, e);
	enter_wipe(&enter);
	return rc;
}

int job_switch(struct session *s, const struct bundle *b, struct job_plan *p,
    const struct keystore *ks, struct err *e)
{
	if (enter_at(s, b, p->package, p->j, ks, e) == 0)
		return 0;
	/* The card knows its stream by more than it tells, and a refusal changes nothing. */
	if (p->j == 0 || e->sw != SW_CONDITIONS || s->mode != SESSION_UNICAST)
		return -1;
	*e = (struct err){ 0 };
	p->j = 0;
	return enter_at(s, b, p->package, 0, ks, e);
}

int job_authorize(struct session *s, const struct bundle *b, const struct package *p,
    enum authorize_p1 p1, struct verdict *v, struct err *e)
{
	struct authorize a;

	bundle_authorize(b, p, &a);
	if (broadcast_authorize(s, p1, p->slot, &a, v, e) != 0)
		return -1;
	if (memcmp(v->campaign, b->campaign, CAMPAIGN_SIZE) != 0)
		return err_set(e, ERR_INTEGRITY, "the card's verdict is about another campaign");
	if (v->result == RESULT_ALREADY || (v->result == RESULT_ACTIVE && p1 == P1_ACTIVATE) ||
	    (v->result == RESULT_VERIFIED && p1 == P1_VERIFY))
		return 0;
	err_set(e, ERR_INTEGRITY, "authorization refused: %s", authorize_result_str(v->result));
	e->sw = SW_AUTH_FAILED;
	return -1;
}

/* What the card holds after a command that was answered 9000, but does not tell, is not known. An
 * error word may be anybody's. */
static int unproven(struct err *e)
{
	if (e->code != ERR_CARD)
		return -1;
	e->code = ERR_INTEGRITY;
	return err_in(e, "what the card holds now is not proven");
}

int job_loaded(struct session *s, const struct bundle *b, const struct package *p, struct err *e)
{
	struct slot_data sl;

	if (broadcast_read_slot(s, &sl, e) != 0)
		return unproven(e);
	if (is_full(&sl) && is_of(&sl, b, p) && sl.done == sl.total)
		return 0;
	if (is_ours(&sl, b))
		return err_set(e, ERR_INTEGRITY,
		    "every command was answered 9000, but the card holds %u of %u", sl.done,
		    sl.total);
	return err_set(e, ERR_INTEGRITY,
	    "every command was answered 9000, but the card does not hold the payload");
}

int job_confirm(struct session *s, const struct bundle *b, struct err *e)
{
	struct system_data d;
	char version[12];

	if (broadcast_read_system(s, &d, e) != 0)
		return unproven(e);
	if (d.version != b->version || memcmp(d.digest, b->image_digest, DIGEST_SIZE) != 0)
		return err_set(e, ERR_INTEGRITY,
		    "the card said that it is active, but runs version %s with another digest or "
		    "version",
		    version_str(d.version, version));
	return 0;
}
