#include "cmd/virtual/scp11.h"

#include <string.h>

#include "crypto/digest.h"
#include "gp/cert.h"
#include "scp/scp11.h"

enum { KEY_VERSION = 0x01, SERIAL_SIZE = 8, GROUP_ID_SIZE = 8 };
/* Virtual cards do not wear out: 2020-01-01 to 2099-12-31. */
enum { GP_FROM = 20200101, GP_UNTIL = 20991231, X509_FROM = 1577836800, X509_UNTIL = 4102444800 };

static bool certify(
    const struct vcard_maker *m, const struct ec_private *key, struct span subject, struct wr *w)
{
	uint8_t serial[SERIAL_SIZE];
	struct x509_make x = { .subject = "cardadm virtual card",
		.issuer = m->ca->name,
		.signer = &m->ca->ec,
		.from = X509_FROM,
		.until = X509_UNTIL,
		.role = X509_ROLE_SD };
	struct cert_make g = { .serial = SPAN(serial),
		.issuer = span_of(m->ca_id.b, m->ca_id.n),
		.subject = subject,
		.usage = CERT_AGREES,
		.from = GP_FROM,
		.until = GP_UNTIL,
		.signer = &m->ca->ec };
	struct ec_public pub;

	if (!ec_public_of(key, &pub) || !random_bytes(serial, sizeof(serial)))
		return false;
	serial[0] = (uint8_t)((serial[0] & 0x7F) | 0x40); /* positive, eight octets */
	x.key = g.key = &pub;
	x.serial.n = sizeof(serial);
	memcpy(x.serial.b, serial, sizeof(serial));
	return m->x509 ? x509_put(w, &x) : cert_put(w, &g);
}

static int make(struct vcard_maker *m, size_t i, struct span subject, struct err *e)
{
	struct wr w = wr_fixed(m->certs[i], sizeof(m->certs[i]));
	struct vcard_ecka *k = &m->ecka[i];

	k->kid = scp11_kid((enum scp11_variant)i);
	k->version = KEY_VERSION;
	if (!ec_generate(m->curve, &k->key) || !certify(m, &k->key, subject, &w))
		return err_set(e, ERR_OTHER, "the card's keys for SCP11 cannot be made");
	k->certs = wr_span(&w);
	return 0;
}

/* The public key of a CA, and what certificates call it by. */
static int take_ca(const struct entry *ca, struct ec_public *key, struct x509_id *id, struct err *e)
{
	if (!entry_point(ca, key))
		return err_set(e, ERR_AUTH, "`%s` has no public key for cards", ca->name);
	*id = ca->identifier;
	if (id->n == 0 && !x509_key_id(key, id))
		return err_set(e, ERR_OTHER, "the CA's key identifier cannot be computed");
	return 0;
}

int vcard_maker_begin(struct vcard_maker *m, const struct vcard_cas *cas, enum ec_curve curve,
    bool x509, struct err *e)
{
	uint8_t group[GROUP_ID_SIZE];

	memset(m, 0, sizeof(*m));
	m->ca = cas->ca;
	m->curve = curve;
	m->x509 = x509;
	if (m->ca->ec.n == 0) {
		err_set(
		    e, ERR_AUTH, "`%s` has no private key to make certificates with", m->ca->name);
		return err_hint(e, "keystore init --test-keys makes a store with such a CA");
	}
	if (take_ca(m->ca, &m->ca_public, &m->ca_id, e) != 0 ||
	    take_ca(cas->oce_ca, &m->oce_ca_public, &m->oce_ca_id, e) != 0)
		return -1;
	if (ec_public_eq(&m->ca_public, &m->oce_ca_public)) {
		err_set(
		    e, ERR_INPUT, "`%s` and `%s` are the same key", m->ca->name, cas->oce_ca->name);
		return err_hint(e, "whoever has one of these cards could open all others with its "
				   "certificate: two CAs, two keys");
	}
	if (!random_bytes(group, sizeof(group)))
		return err_set(e, ERR_OTHER, "no random numbers");
	return make(m, SCP11C, SPAN(group), e);
}

int vcard_maker_card(struct vcard_maker *m, struct vcard_issue *issue, struct err *e)
{
	struct span cin = span_of(issue->cin, issue->cin_n);

	if (make(m, SCP11A, cin, e) != 0 || make(m, SCP11B, cin, e) != 0)
		return -1;
	for (size_t i = 0; i < SCP11_VARIANTS; i++)
		issue->ecka[i] = m->ecka[i];
	issue->ecka_n = SCP11_VARIANTS;
	issue->ca[0] =
	    (struct vcard_ca){ KID_CA_KLOC, KEY_VERSION, m->oce_ca_public, m->oce_ca_id };
	issue->ca_n = 1;
	return 0;
}

void vcard_maker_wipe(struct vcard_maker *m)
{
	wipe(m, sizeof(*m));
}
