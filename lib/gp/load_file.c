#include "gp/load_file.h"

#include "tlv/tlv.h"

enum { TAG_DAP = 0xE2, TAG_AID = 0x4F, TAG_SIGNATURE = 0xC3 };
enum { TAG_DATA = 0xC4, TAG_ICV = 0xD3, TAG_CIPHERED = 0xD4, ICV_MAX = 16, DATA_MAX = 1 << 24 };

/* Tag and length of a value that the caller adds. */
static void head_put(struct wr *w, uint8_t tag, size_t n)
{
	wr_u8(w, tag);
	if (n < 0x80) {
		wr_u8(w, (uint8_t)n);
	} else if (n <= 0xFF) {
		wr_u8(w, 0x81);
		wr_u8(w, (uint8_t)n);
	} else if (n <= 0xFFFF) {
		wr_u8(w, 0x82);
		wr_u16(w, (uint16_t)n);
	} else if (n < DATA_MAX) {
		wr_u8(w, 0x83);
		wr_u24(w, (uint32_t)n);
	} else {
		w->full = true;
	}
}

void dap_put(struct wr *w, const struct dap *d)
{
	size_t mark = tlv_open(w, TAG_DAP);

	tlv_put(w, TAG_AID, aid_span(&d->domain));
	tlv_put(w, TAG_SIGNATURE, d->signature);
	tlv_close(w, mark);
}

void load_file_head_put(struct wr *w, const struct dap *dap, size_t dap_n, size_t data_octets,
    bool ciphered, const uint8_t *icv)
{
	for (size_t i = 0; i < dap_n; i++)
		dap_put(w, &dap[i]);
	if (ciphered && icv != NULL)
		tlv_put(w, TAG_ICV, span_of(icv, ICV_MAX));
	head_put(w, ciphered ? TAG_CIPHERED : TAG_DATA, data_octets);
}

/* The value of a DAP block. */
static bool dap_value_get(struct span value, struct dap *d)
{
	struct rd r = rd_of(value);
	struct span aid;

	return tlv_expect(&r, TAG_AID, &aid) && aid_from(&d->domain, aid) &&
	       tlv_expect(&r, TAG_SIGNATURE, &d->signature) && d->signature.n > 0 &&
	       rd_left(&r) == 0;
}

bool dap_next(struct rd *r, struct dap *d)
{
	struct rd at = *r;
	struct dap got;
	struct span value;

	if (!tlv_expect(&at, TAG_DAP, &value) || !dap_value_get(value, &got))
		return false;
	*d = got;
	*r = at;
	return true;
}

bool dap_get(struct span block, struct dap *d)
{
	struct rd r = rd_of(block);
	struct dap got;

	if (!dap_next(&r, &got) || rd_left(&r) > 0)
		return false;
	*d = got;
	return true;
}

bool load_file_get(struct span s, struct load_file *f)
{
	struct load_file got = { 0 };
	struct rd r = rd_of(s);
	struct tlv t;
	bool wrong;

	/* Lengths of more than four octets are no load file's, however short what they tell. */
	if (load_file_octets(s, &wrong) != s.n)
		return false;
	while (tlv_next(&r, &t)) {
		if (t.tag == TAG_DAP && got.icv.n == 0) {
			if (got.dap_n == LOAD_DAPS_MAX ||
			    !dap_value_get(t.val, &got.dap[got.dap_n]))
				return false;
			got.dap_n++;
		} else if (t.tag == TAG_ICV && got.icv.n == 0 && (t.val.n == 8 || t.val.n == 16)) {
			got.icv = t.val;
		} else if (t.tag == TAG_CIPHERED || (t.tag == TAG_DATA && got.icv.n == 0)) {
			got.ciphered = t.tag == TAG_CIPHERED;
			got.data = t.val;
			if (rd_left(&r) > 0)
				return false;
			*f = got;
			return true;
		} else {
			return false;
		}
	}
	return false;
}

/* Tag and length at the head of a TLV that may not be there whole; 0: more octets are needed. */
static size_t tlv_octets(struct rd *r, uint8_t *tag, bool *wrong)
{
	struct rd at = *r;
	uint32_t n = 0;
	uint8_t first, b;

	if (!rd_u8(&at, tag) || !rd_u8(&at, &first))
		return 0;
	if (first < 0x80)
		return 2u + first;
	*wrong = first == 0x80 || first > 0x83;
	for (unsigned i = 0; !*wrong && i < (first & 0x7Fu); i++) {
		if (!rd_u8(&at, &b))
			return 0;
		n = n << 8 | b;
	}
	return *wrong ? 0 : 2u + (first & 0x7Fu) + n;
}

size_t load_file_octets(struct span begin, bool *wrong)
{
	struct rd r = rd_of(begin);
	size_t all = 0, n;
	struct span skipped;
	uint8_t tag;

	*wrong = false;
	for (;;) {
		n = tlv_octets(&r, &tag, wrong);
		if (*wrong || n == 0)
			return 0;
		all += n;
		if (tag == TAG_DATA || tag == TAG_CIPHERED)
			return all;
		*wrong = tag != TAG_DAP && tag != TAG_ICV;
		if (*wrong || !rd_take(&r, n, &skipped))
			return 0;
	}
}

size_t load_blocks(size_t octets, size_t block)
{
	return block == 0 ? 0 : octets / block + (octets % block != 0);
}
