#include "cmd/authority/card_cert.h"

#include <time.h>

#include "base/file.h"
#include "crypto/armour.h"
#include "crypto/digest.h"
#include "gp/cert.h"
#include "gp/day.h"
#include "gp/scp11_data.h"

enum { SERIAL_SIZE = 8, YEARS = 20, YEAR_IN_DATE = 10000, FILE_MAX = ARMOUR_TEXT_MAX };

int card_cert_make(
    const struct entry *ca, const struct registered *card, struct wr *certs, struct err *e)
{
	uint8_t serial[SERIAL_SIZE];
	uint32_t today = day_of((int64_t)time(NULL));
	struct x509_id id = ca->identifier;
	struct ec_public key;
	struct cert_make m = { .serial = SPAN(serial),
		.subject = span_of(card->cin, card->cin_n),
		.usage = CERT_AGREES,
		.from = today,
		.key = &card->key,
		.signer = &ca->ec };

	/* The last day of a February is in no other year. */
	m.until = (today - (today % 100 == 29 ? 1 : 0)) + YEARS * YEAR_IN_DATE;
	if (ca->ec.n == 0)
		return err_set(e, ERR_AUTH, "of `%s` only the public half is here", ca->name);
	if (!entry_point(ca, &key) || (id.n == 0 && !x509_key_id(&key, &id)) ||
	    !random_bytes(serial, sizeof(serial)))
		return err_set(e, ERR_AUTH, "`%s` cannot certify cards", ca->name);
	serial[0] = (uint8_t)((serial[0] & 0x7F) | 0x40); /* positive, eight octets */
	m.issuer = span_of(id.b, id.n);
	return cert_put(certs, &m) ? 0 : err_set(e, ERR_OTHER, "the certificate cannot be made");
}

/* ---- files ---- */

/* BF21, or bare. */
static bool certs_in_row(struct span s, struct wr *certs)
{
	struct span inner, one;
	struct rd r;

	if (!cert_store_get(s, &inner) || inner.n == 0)
		return false;
	r = rd_of(inner);
	while (cert_next(&r, &one))
		;
	wr_put(certs, inner);
	return rd_left(&r) == 0 && wr_ok(certs);
}

/* Certificates in a row out of what stands in a file: PEM of ours or of X.509, or their octets. */
static bool certs_of(struct span file, struct wr *certs)
{
	struct wr octets = wr_grow(FILE_MAX);
	size_t n;
	bool ok;

	if (armour_get(file, CARD_LABEL, FILE_MAX, &octets))
		ok = certs_in_row(wr_span(&octets), certs);
	else
		ok = x509_from_pem(file, certs, &n) || certs_in_row(file, certs);
	wr_free(&octets);
	return ok;
}

int card_certs_read(const char *path, struct wr *certs, struct err *e)
{
	struct wr file = wr_grow(FILE_MAX);
	int rc = file_read(path, FILE_MAX, &file, e);

	if (rc == 0 && !certs_of(wr_span(&file), certs))
		rc = err_set(e, ERR_INPUT, "%s: no certificates of a card", path);
	wr_free(&file);
	return rc;
}

int card_file_read(const char *path, const struct party_anchors *a, struct ec_public *key,
    bool *proven, struct err *e)
{
	struct wr certs = wr_grow(FILE_MAX);
	int rc = card_certs_read(path, &certs, e);

	if (rc == 0 && (rc = card_certs_check(wr_span(&certs), a, key, proven, e)) != 0)
		err_in(e, "%s", path);
	wr_free(&certs);
	return rc;
}
