/* Grant files: what the operator hands to the party once its grant is on the card. */
#include "gp/party.h"
#include "gp/scp11_data.h"

enum { GRANT_FILE_FORM = 0x01 };

/* At least one, each whole; who reads them is asked later. */
static bool certs_get(struct rd *r, struct span *certs)
{
	struct span one;
	struct rd in;

	if (!strict_get(r, TAG_CERTIFICATE_STORE, 1, PARTY_FILE_MAX, certs))
		return false;
	in = rd_of(*certs);
	while (rd_left(&in) > 0)
		if (!cert_next(&in, &one))
			return false;
	return true;
}

bool grant_file_get(struct span whole, struct grant_file *out)
{
	struct grant_file f = { 0 };
	struct span body, grant;
	struct rd r;
	uint8_t form;

	if (whole.n > PARTY_FILE_MAX || !strict_only(whole, TAG_GRANT_FILE, &body))
		return false;
	r = rd_of(body);
	if (!strict_u8(&r, TAG_PARTY_KIND, &form) || form != GRANT_FILE_FORM ||
	    !strict_whole(&r, TAG_GRANT, &grant) || !grant_get(grant, &f.grant) ||
	    !party_domain_key_get(&r, &f.grant, &f.domain_key) ||
	    !strict_get(&r, TAG_CIN, 1, PARTY_CIN_MAX, &f.cin) ||
	    !strict_get(&r, TAG_IIN, 1, PARTY_IIN_MAX, &f.iin) ||
	    !strict_maybe(&r, TAG_MANAGER_URL, 1, GRANT_ADDRESS_MAX, &f.address) ||
	    !certs_get(&r, &f.certs) || rd_left(&r) > 0)
		return false;
	*out = f;
	return true;
}

void grant_file_put(struct wr *w, const struct grant_file *f)
{
	size_t outer = tlv_open(w, TAG_GRANT_FILE);

	tlv_put_u8(w, TAG_PARTY_KIND, GRANT_FILE_FORM);
	wr_put(w, f->grant.whole);
	wr_put(w, f->domain_key.whole);
	tlv_put(w, TAG_CIN, f->cin);
	tlv_put(w, TAG_IIN, f->iin);
	if (f->address.n > 0)
		tlv_put(w, TAG_MANAGER_URL, f->address);
	cert_store_put(w, f->certs);
	tlv_close(w, outer);
}

bool grant_file_of_card(const struct grant_file *f)
{
	uint8_t digest[PARTY_DIGEST];
	struct rd r = rd_of(f->certs);
	struct span whole = { 0 };
	struct cert leaf;

	while (cert_next(&r, &whole))
		;
	return cert_get(whole, &leaf) && party_point_digest(&leaf.key, digest) &&
	       span_eq(SPAN(digest), f->grant.card);
}
