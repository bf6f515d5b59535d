#include "host/trust.h"

#include <string.h>

#include "crypto/aes.h"
#include "crypto/kdf.h"
#include "crypto/digest.h"
#include "gp/cert.h"
#include "gp/dgi.h"
#include "gp/scp11_data.h"
#include "host/keys.h"
#include "host/scp11.h"

/* An order; an answer to GET DATA: a bound for what comes from a card. */
enum { ORDER_MAX = 1024, ANSWER_MAX = 4096 };

static int session_check(const struct session *s, struct err *e)
{
	return s->mode == SESSION_CLOSED && !s->lost ? 0
						     : session_whole_check(s, "trust records", e);
}

/* ---- FF74 ---- */

int trust_read(struct session *s, struct wr *into, struct trust_state *t, struct err *e)
{
	const struct capdu c = { .cla = 0x80,
		.ins = INS_GET_DATA,
		.p1 = TAG_TRUSTS >> 8,
		.p2 = TAG_TRUSTS & 0xFF,
		.le = LE_MAX_SHORT };
	struct rapdu r;

	if (session_check(s, e) != 0)
		return -1;
	if (session_do(s, &c, "GET DATA FF74", &r, e) != 0)
		return e->sw == 0 ? -1
				  : err_hint(e, "a card without trust records, or this is not its "
						"issuer domain");
	*into = wr_grow(ANSWER_MAX);
	wr_put(into, r.data);
	if (wr_ok(into) && trust_state_get(wr_span(into), t))
		return 0;
	return err_set(e, ERR_CARD, "GET DATA FF74: the answer is malformed");
}

bool trust_find(const struct trust_state *t, uint8_t record, struct trust_record *out)
{
	struct rd r = rd_of(t->records);

	while (trust_record_next(&r, out))
		if (out->record == record)
			return true;
	return false;
}

/* ---- orders ---- */

/* Why a card refuses an order, most of all. */
static void explain(const struct trust_order *o, struct err *e)
{
	bool begins = o->kind == TRUST_INITIALIZE;

	switch (e->sw) {
	case SW_CONDITIONS:
		err_hint(e, "the generation is not above the last one, or by the card's clock the "
			    "key would have expired");
		break;
	case SW_REFERENCE_NOT_FOUND:
		err_hint(e, "%s",
		    begins ? "the card has no number (CIN, tag 45) by which terminals know it"
			   : "the card has no such record");
		break;
	case SW_NO_MEMORY:
		err_hint(e, "the card has no room, or the record has %d objects", TRUST_OBJECTS);
		break;
	case SW_SECURITY_STATUS:
		if (begins)
			err_hint(e, "the key did not arrive as it was sent");
		break;
	}
}

static const char *order_str(enum trust_order_kind k)
{
	static const char *const names[] = { [TRUST_INITIALIZE] = "initialize",
		[TRUST_REVOKE] = "revoke",
		[TRUST_OBJECT] = "object",
		[TRUST_TIME] = "time" };

	return names[k];
}

int trust_send(struct session *s, const struct trust_order *o, bool *unknown, struct err *e)
{
	uint8_t room[ORDER_MAX];
	struct wr w = wr_fixed(room, sizeof(room));

	*unknown = false;
	if (session_check(s, e) != 0)
		return -1;
	trust_order_put(&w, o);
	if (!wr_ok(&w))
		return err_set(e, ERR_OTHER, "the order is too long");
	if (content_store(s, STORE_TLV, wr_span(&w), e) == 0)
		return 0;
	*unknown = e->sw == 0 && s->lost;
	explain(o, e);
	return err_in(e, "%s", order_str(o->kind));
}

int trust_seal(const struct session *s, const struct key *k, uint8_t room[static KEY_MAX],
    struct trust_order *o, struct err *e)
{
	static const uint8_t icv[AES_BLOCK];

	memset(room, 0, KEY_MAX);
	memset(o->kcv, 0, sizeof(o->kcv));
	o->key = span_of(room, k->n);
	if (s->mode == SESSION_CLOSED)
		return 0;
	if (s->dek.n > 0 && aes_cbc_once(&s->dek, ENCRYPT, icv, key_span(k), room) &&
	    key_check_value(k, o->kcv))
		return 0;
	return err_set(e, ERR_OTHER, "the key cannot be encrypted for the card");
}

/* ---- the card's own key ---- */

static int find_key(struct session *s, uint8_t kid, struct key_ref *key, struct err *e)
{
	struct key_infos k;
	bool told;
	size_t n = 0;

	if (keys_read(s, &k, &told, e) != 0)
		return -1;
	for (size_t i = 0; i < k.n; i++)
		if (k.key[i].id == kid) {
			*key = (struct key_ref){ kid, k.key[i].version };
			n++;
		}
	if (n == 1)
		return 0;
	err_set(e, ERR_AUTH, "the card has %s key %02X", n == 0 ? "no" : "more than one", kid);
	return err_hint(e, "by that key of SCP11 the terminal knows the card");
}

/* The last certificate is that of the card's key. */
static bool leaf_point(struct span answer, struct ec_public *key)
{
	struct span certs, one;
	struct cert c = { .key.n = 0 };
	struct rd r;

	if (!cert_store_get(answer, &certs))
		return false;
	r = rd_of(certs);
	while (rd_left(&r) > 0)
		if (!cert_next(&r, &one) || !cert_get(one, &c) || c.has_terms)
			return false;
	*key = c.key;
	return key->n > 0 && key->curve == EC_P256;
}

int trust_card_key(struct session *s, uint8_t kid, uint8_t digest[static 32], struct err *e)
{
	struct key_ref ref;
	struct ec_public key;
	struct rapdu r;

	if (find_key(s, kid, &ref, e) != 0 || scp11_ask_certs(s, ref, &r, e) != 0)
		return -1;
	if (r.sw != SW_OK) {
		err_sw(e, ERR_AUTH, r.sw, "GET DATA BF21");
		return err_hint(e, "the card tells no certificate of its key %02X", kid);
	}
	if (!leaf_point(r.data, &key))
		return err_set(
		    e, ERR_AUTH, "GET DATA BF21: no certificate of a key on P-256 of the card");
	return sha256_of(ec_public_span(&key), digest) ? 0 : err_memory(e);
}
