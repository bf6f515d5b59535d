#include "host/enrol.h"

#include "gp/cert.h"
#include "gp/dgi.h"
#include "gp/scp11_data.h"
#include "host/content.h"
#include "scp/scp11.h"
#include "tlv/tlv.h"

enum { CERTS_MAX = 4096 };

int enrol_make_key(
    struct session *s, uint8_t old, uint8_t version, struct ec_public *key, struct err *e)
{
	const uint8_t ask[] = { version, KEY_TYPE_EC_PARAMETER, 0x01, curve_reference(EC_P256) };
	struct capdu c = { .cla = 0x80,
		.ins = INS_GENERATE_KEY,
		.p1 = old,
		.p2 = KID_SCP11A,
		.data = SPAN(ask),
		.le = LE_MAX_SHORT };
	struct span point;
	struct rapdu r;

	if (session_do(s, &c, "GENERATE KEY", &r, e) != 0)
		return e->sw == SW_INS_NOT_SUPPORTED
			   ? err_hint(e, "the card cannot make the key itself: it has to be "
					 "issued with one")
			   : -1;
	if (tlv_find(r.data, KEY_TYPE_EC_PUBLIC, &point) && ec_public_from(key, EC_P256, point))
		return 0;
	return err_set(e, ERR_CARD, "GENERATE KEY: the answer is no public key on P-256");
}

int enrol_certify(struct session *s, uint8_t version, struct span certs, struct err *e)
{
	const struct scp11_store x = {
		.kind = SCP11_STORE_CERTIFICATES, .key = { KID_SCP11A, version }, .value = certs
	};
	struct wr w = wr_grow(CERTS_MAX);
	int rc;

	scp11_store_put(&w, &x);
	rc = wr_ok(&w) ? content_store(s, STORE_TLV, wr_span(&w), e)
		       : err_set(e, ERR_SAFETY, "the certificates are too long");
	wr_free(&w);
	return rc;
}

int enrol_put_issuer(
    struct session *s, const struct key_infos *k, const struct ec_public *issuer, struct err *e)
{
	struct put_key p = { .version = KVN_GRANT_ISSUER, .n = 1, .type = { KEY_TYPE_EC_PUBLIC } };
	uint8_t kid = KID_GRANT_ISSUER_FIRST;
	bool unknown;
	int rc;

	while (keys_at(k, KVN_GRANT_ISSUER, kid) != NULL)
		kid++;
	if (kid > KID_GRANT_ISSUER_LAST)
		return err_set(
		    e, ERR_SAFETY, "the card has %d issuers of grants already", ISSUER_KEYS_MAX);
	if (!authority_ec(&p.asymmetric, issuer->curve, ec_public_span(issuer)))
		return err_set(e, ERR_OTHER, "internal: key");
	rc = keys_put_set(s, 0, kid, &p, &unknown, e);
	wipe_authority_key(&p.asymmetric);
	if (rc != 0 && e->sw == SW_CONDITIONS)
		err_hint(e, "the card is closed: it takes no more issuers of grants");
	return rc;
}
