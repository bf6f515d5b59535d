#include "cmd/authority/card_cert.h"

#include <time.h>

#include "crypto/digest.h"
#include "gp/cert.h"
#include "gp/day.h"

enum { SERIAL_SIZE = 8, YEARS = 20, YEAR_IN_DATE = 10000 };

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
