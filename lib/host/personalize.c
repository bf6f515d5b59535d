#include "host/personalize.h"

#include "crypto/aes.h"
#include "crypto/des.h"
#include "tlv/tlv.h"

int personalize_check(unsigned format, struct span data, size_t *n, struct err *e)
{
	struct rd r = rd_of(data);
	struct dgi d;
	struct tlv t;

	*n = 0;
	if (data.n == 0)
		return err_set(e, ERR_INPUT, "there are no data");
	while (format != 0 && rd_left(&r) > 0) {
		size_t at = data.n - rd_left(&r);

		if (format == STORE_DGI ? !dgi_next(&r, &d) : !tlv_next(&r, &t))
			return err_set(e, ERR_INPUT,
			    "at octet %zu of %zu stands no %s that ends within the data", at,
			    data.n,
			    format == STORE_DGI ? "data grouping identifier" : "BER-TLV object");
		++*n;
	}
	return 0;
}

/* How values are encrypted. dek NULL: they become zeros. */
struct cipher {
	const struct key *dek;
	bool des;
};

static int put_encrypted(const struct cipher *c, struct span value, struct wr *out, struct err *e)
{
	static const uint8_t icv[AES_BLOCK];
	size_t block = c->des ? DES_BLOCK : AES_BLOCK;
	struct wr clear = wr_grow(value.n + block);
	uint8_t *to;
	bool ok;

	if (value.n == 0)
		return 0;
	wr_put(&clear, value);
	if (value.n % block != 0) {
		wr_u8(&clear, 0x80);
		wr_fill(&clear, 0x00, (block - clear.n % block) % block);
	}
	to = wr_space(out, clear.n);
	ok = wr_ok(&clear) && to != NULL;
	if (ok && c->dek == NULL)
		wipe(to, clear.n);
	else if (ok && c->des)
		ok = des_ecb_once(c->dek, ENCRYPT, wr_span(&clear), to);
	else if (ok)
		ok = aes_cbc_once(c->dek, ENCRYPT, icv, wr_span(&clear), to);
	wr_free(&clear);
	return ok ? 0 : err_set(e, ERR_OTHER, "the data cannot be encrypted");
}

static int encrypt(
    const struct cipher *c, unsigned format, struct span data, struct wr *out, struct err *e)
{
	struct rd r = rd_of(data);
	struct wr one;
	struct dgi d;
	int rc = 0;

	if (format != STORE_DGI)
		return put_encrypted(c, data, out, e);
	while (rc == 0 && dgi_next(&r, &d)) {
		one = wr_grow(d.value.n + AES_BLOCK + 1);
		rc = put_encrypted(c, d.value, &one, e);
		if (rc == 0)
			dgi_put(out, d.id, wr_span(&one));
		wr_free(&one);
	}
	if (rc == 0 && !wr_ok(out))
		rc = err_memory(e);
	return rc;
}

int personalize_encrypt(
    const struct session *s, unsigned format, struct span data, struct wr *out, struct err *e)
{
	const struct cipher c = { &s->dek, scp_protocol(&s->scp) != PROTOCOL_SCP03 };

	if (s->mode == SESSION_UNICAST && s->dek.n > 0)
		return encrypt(&c, format, data, out, e);
	err_set(e, ERR_SAFETY, "data can be encrypted only for an open channel");
	return err_hint(e, VERB("scp-open") " opens one");
}

int personalize_blank(bool des, unsigned format, struct span data, struct wr *out, struct err *e)
{
	const struct cipher c = { NULL, des };

	return encrypt(&c, format, data, out, e);
}
