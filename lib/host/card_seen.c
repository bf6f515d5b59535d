#include "host/card_seen.h"

#include <string.h>
#include <time.h>

#include "gp/card_data.h"
#include "gp/scp11_data.h"
#include "host/scp11.h"
#include "tlv/tlv.h"

enum { CERTS_MAX = 1 << 14 };

/* ---- certificates ---- */

/* Without an anchor: the forms, and no grant among them. */
static int leaf_of(struct span certs, struct cert *leaf, struct err *e)
{
	struct rd r = rd_of(certs);
	struct span one;

	leaf->key.n = 0;
	while (rd_left(&r) > 0) {
		if (!cert_next(&r, &one) || !cert_get(one, leaf))
			return err_set(e, ERR_AUTH, "certificates of the card: malformed");
		if (leaf->has_terms)
			return err_set(e, ERR_AUTH, "certificates of the card: %s",
			    cert_verdict_str(CERT_OF_PARTY));
	}
	return 0;
}

int card_certs_check(struct span certs, const struct party_anchors *a, struct ec_public *key,
    bool *proven, struct err *e)
{
	const struct cert_check check = { a->list, a->n, (int64_t)time(NULL), X509_ROLE_SD };
	struct cert leaf;
	size_t at = 0;

	*proven = a->n > 0;
	if (*proven) {
		enum cert_verdict v = cert_chain_check(certs, &check, &leaf, &at);

		if (v != CERT_OK)
			return err_set(e, ERR_AUTH, "certificate %zu of the card: %s", at,
			    cert_verdict_str(v));
	} else if (leaf_of(certs, &leaf, e) != 0) {
		return -1;
	}
	if (leaf.key.n == 0 || leaf.key.curve != EC_P256)
		return err_set(e, ERR_AUTH, "the key of the card is not on P-256");
	*key = leaf.key;
	return 0;
}

int card_read_certs(
    struct session *s, uint8_t version, struct wr *certs, bool *found, struct err *e)
{
	struct span got;
	struct rapdu r;

	if (scp11_ask_certs(s, (struct key_ref){ KID_SCP11A, version }, &r, e) != 0)
		return -1;
	*found = r.sw == SW_OK;
	if (!*found)
		return 0;
	if (!cert_store_get(r.data, &got))
		return err_set(e, ERR_CARD, "GET DATA BF21: the answer is malformed");
	wr_put(certs, got);
	return wr_ok(certs) ? 0 : err_memory(e);
}

/* ---- the card ---- */

static int read_iin(struct session *s, struct card_seen *seen, struct err *e)
{
	struct span data, v;
	struct rd r;
	bool found;

	if (session_get_data(s, TAG_IIN, &data, &found, e) != 0)
		return -1;
	if (found) {
		if (!tlv_find(data, TAG_IIN, &v))
			v = data;
		r = rd_of(v);
		if (v.n <= sizeof(seen->iin) && rd_copy(&r, seen->iin, v.n))
			seen->iin_n = (uint8_t)v.n;
	}
	if (seen->iin_n > 0 && seen->cin_n > 0)
		return 0;
	err_set(e, ERR_CARD, "the card tells no IIN or no CIN");
	return err_hint(e, "a grant names the card by both: STORE DATA of 42 and 45");
}

/* The one key of SCP11a that has certificates. */
static int read_key(
    struct session *s, const struct party_anchors *a, struct card_seen *seen, struct err *e)
{
	struct key_infos k;
	bool told, found = false, proven;
	size_t n = 0;

	if (keys_read(s, &k, &told, e) != 0)
		return -1;
	for (size_t i = 0; i < k.n; i++) {
		if (k.key[i].id != KID_SCP11A)
			continue;
		if (card_read_certs(s, k.key[i].version, &seen->certs, &found, e) != 0)
			return -1;
		n += found;
		if (found)
			seen->key_version = k.key[i].version;
	}
	if (n == 1)
		return card_certs_check(wr_span(&seen->certs), a, &seen->key, &proven, e);
	err_set(e, ERR_AUTH, "the card has %s key 11 with certificates",
	    n == 0 ? "no" : "more than one");
	return err_hint(e, "a party claims its container with that key of the card (SCP11a)");
}

int card_see_identity(struct session *session, struct card_seen *s, struct err *e)
{
	bool there;

	memset(s, 0, sizeof(*s));
	s->certs = wr_grow(CERTS_MAX);
	if (container_session_check(session, e) != 0)
		return -1;
	if (session_cin(session, s->cin, &s->cin_n, e) != 0 || read_iin(session, s, e) != 0)
		return -1;
	if (containers_read(session, NULL, &s->state, &s->all, &there, e) != 0)
		return -1;
	if (there && s->all.is_operator)
		return 0;
	return err_set(e, ERR_CARD, "GET DATA FF73: not what an issuer domain is told");
}

int card_see(
    struct session *session, const struct party_anchors *a, struct card_seen *s, struct err *e)
{
	return card_see_identity(session, s, e) != 0 ? -1 : read_key(session, a, s, e);
}

void card_seen_free(struct card_seen *s)
{
	wr_free(&s->certs);
	wr_free(&s->state);
}
