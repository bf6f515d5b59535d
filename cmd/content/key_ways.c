#include "cmd/content/key_ways.h"

#include <string.h>

#include "cmd/agent/agent.h"
#include "base/hex.h"
#include "host/content.h"
#include "tlv/tlv.h"

/* The card key set that the channel was opened with. */
static const struct entry *old_entry(const struct key_ways *w, const struct channel_args *a)
{
	const char *name = w->c->agent != NULL ? w->c->agent->keys : a->keys;
	const struct entry *t;
	struct err none;

	if (w->session->kid != 0 || keystore_find_card(w->ks, name, &t, &none) != 0)
		return NULL;
	return t;
}

void key_ways_of(struct key_ways *w, const struct channel_args *a)
{
	channel_kind_of(w->session, &w->kind);
	w->old = old_entry(w, a);
	w->old_version = w->session->iu.key_version;
}

/* From triple DES to AES and back: what the keys are for decides, with what both have. */
static void kind_for(const struct entry *t, struct channel_kind *k)
{
	bool aes = t->type == ENTRY_SCP03;

	if (aes == (k->protocol == PROTOCOL_SCP03))
		return;
	k->protocol = aes ? PROTOCOL_SCP03 : PROTOCOL_SCP02;
	k->i = 0;
	k->m = 8;
	k->level &= LEVEL_CMAC | LEVEL_CDEC;
}

int key_ways_open(void *ctx, bool new_set, bool anew, struct err *e)
{
	struct key_ways *w = ctx;
	const struct entry *t = new_set ? w->fresh : w->old;
	uint8_t version = new_set ? w->fresh_version : w->old_version;
	struct channel_kind kind = w->kind;

	if (anew && ctx_reconnect(w->c, e) != 0)
		return -1;
	if (t == NULL)
		return err_set(
		    e, ERR_AUTH, "the key store has no set that this channel was opened with");
	/* What the card refused under this version were other keys. */
	if (new_set && w->put != NULL && *w->put)
		channel_forget(w->c, w->session, version);
	kind_for(t, &kind);
	return channel_again(w->c, w->session, &kind, t, version, e);
}

int key_ways_personalized(struct session *s, struct err *e)
{
	const struct registry_entry *x;
	struct registry r;
	struct err ignored;
	int rc = 0;

	if (registry_read(s, &r, &ignored) == 0) {
		x = registry_find(&r, &s->domain);
		if (x != NULL && x->s.state == APP_SELECTABLE)
			rc = content_set_status(
			    s, SET_APPLICATION, DOMAIN_PERSONALIZED, &s->domain, e);
	}
	registry_free(&r);
	return rc;
}

int key_ways_kdd(struct session *s, uint8_t kdd[static KDD_OCTETS], struct err *e)
{
	struct span v, inner;
	struct rd r;
	bool found;

	if (s->kid == 0) {
		memcpy(kdd, s->iu.kdd, KDD_OCTETS);
		return 0;
	}
	if (session_get_data(s, TAG_DIVERSIFICATION_DATA, &v, &found, e) != 0)
		return -1;
	if (found && tlv_find(v, TAG_DIVERSIFICATION_DATA, &inner))
		v = inner;
	r = rd_of(v);
	if (found && v.n == KDD_OCTETS && rd_copy(&r, kdd, KDD_OCTETS))
		return 0;
	err_set(e, ERR_SAFETY,
	    "in an SCP11 channel the card does not tell what its keys are diversified with");
	return err_hint(e, "open the channel with a card key set");
}

int kcv_text(
    const struct entry *t, const struct key_set *k, char out[static KCV_TEXT], struct err *e)
{
	const struct key *keys[3] = { &k->enc, &k->mac, &k->dek };
	size_t at = 0;

	for (size_t i = 0; i < 3; i++) {
		uint8_t kcv[3];

		if (!entry_check_value(t, keys[i], kcv))
			return err_set(e, ERR_OTHER, "check values cannot be computed");
		if (i > 0)
			out[at++] = ' ';
		hex_put(SPAN(kcv), out + at, KCV_TEXT - at);
		at += 2 * sizeof(kcv);
	}
	return 0;
}
