#include "scp11_house.h"

void certify(struct wr *w, const struct paper *p)
{
	struct x509_make x = { .subject = p->subject,
		.issuer = p->issuer,
		.key = p->key,
		.signer = p->signer,
		.from = NOW - DAY,
		.until = NOW + DAY,
		.role = p->role };
	struct cert_make g = { .serial = span_str(p->serial),
		.issuer = span_str(p->issuer),
		.subject = span_str(p->subject),
		.usage = p->leaf ? CERT_AGREES : CERT_SIGNS,
		.until = p->until == 0 ? 20301231 : p->until,
		.key = p->key,
		.signer = p->signer };

	if (p->restricted != NULL)
		g.restricted = span_str(p->restricted);
	x.serial.n = (uint8_t)strlen(p->serial);
	memcpy(x.serial.b, p->serial, x.serial.n);
	assert_true(p->x509 ? x509_put(w, &x) : cert_put(w, &g));
}

static void make_keys(struct house *h, enum ec_curve c)
{
	struct ec_private *priv[] = { &h->ca, &h->ka, &h->oce, &h->sd[0], &h->sd[1], &h->sd[2] };
	struct ec_public *pub[] = { &h->ca_pub, &h->ka_pub, &h->oce_pub, &h->sd_pub[0],
		&h->sd_pub[1], &h->sd_pub[2] };

	for (size_t i = 0; i < 6; i++) {
		assert_true(ec_generate(c, priv[i]));
		assert_true(ec_public_of(priv[i], pub[i]));
	}
}

void house_chain(struct house *h, const struct style *st)
{
	h->chain_w = wr_fixed(h->chain, sizeof(h->chain));
	if (st->chain)
		certify(&h->chain_w, &(struct paper){ st->x509, false, X509_ROLE_KA_KLOC,
					 &h->ka_pub, &h->ca, "CA", "KA", "k1", 0, NULL });
	certify(&h->chain_w,
	    &(struct paper){ st->x509, true, X509_ROLE_OCE, &h->oce_pub,
		st->chain ? &h->ka : &h->ca, st->chain ? "KA" : "CA", "OCE", "o1", 0, NULL });
}

void house_make(struct house *h, const struct style *st)
{
	make_keys(h, st->curve);
	house_chain(h, st);
	for (size_t i = 0; i < 3; i++) {
		h->certs_w[i] = wr_fixed(h->certs[i], sizeof(h->certs[i]));
		certify(&h->certs_w[i], &(struct paper){ st->x509, true, X509_ROLE_SD,
					    &h->sd_pub[i], &h->ca, "CA", "group", "s1", 0, NULL });
	}
}

void house_card(const struct house *h, struct vcard_issue *is)
{
	for (size_t i = 0; i < 3; i++)
		is->ecka[i] = (struct vcard_ecka){ scp11_kid((enum scp11_variant)i), 0x01, h->sd[i],
			wr_span(&h->certs_w[i]) };
	is->ecka_n = 3;
	is->ca[0] = (struct vcard_ca){ KID_CA_KLOC, 0x03, h->ca_pub, { 0 } };
	is->ca_n = 1;
}
