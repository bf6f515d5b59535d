#include "gp/scp11_data.h"

#include "tlv/tlv.h"

enum {
	TAG_SCP = 0x90,
	TAG_KEY_USAGE = 0x95,
	TAG_KEY_TYPE = 0x80,
	TAG_KEY_LENGTH = 0x81,
	TAG_HOST_ID = 0x84,
	TAG_KEY_REFERENCE = 0x83,
	TAG_CA_KIND = 0x80,
	TAG_CA_IDENTIFIER = 0x42,
	TAG_COUNTER = 0x92,
	TAG_ALLOWED = 0x70,
	TAG_CERTIFICATE_SERIAL = 0x93
};

enum { SCP_NUMBER = 0x11, IDENTIFIER_MAX = 20 };

static void reference_put(struct wr *w, struct key_ref k)
{
	const uint8_t v[] = { k.kid, k.kvn };

	tlv_put(w, TAG_KEY_REFERENCE, SPAN(v));
}

static bool reference_get(struct rd *r, struct key_ref *k)
{
	uint8_t v[2];

	if (!tlv_expect_n(r, TAG_KEY_REFERENCE, v, sizeof(v)))
		return false;
	*k = (struct key_ref){ v[0], v[1] };
	return true;
}

void key_ref_put(struct wr *w, struct key_ref k)
{
	size_t mark = tlv_open(w, TAG_CONTROL_REFERENCE);

	reference_put(w, k);
	tlv_close(w, mark);
}

bool key_ref_get(struct span s, struct key_ref *k)
{
	struct rd r = rd_of(s), in;
	struct span v;

	if (!tlv_expect(&r, TAG_CONTROL_REFERENCE, &v) || rd_left(&r) != 0)
		return false;
	in = rd_of(v);
	return reference_get(&in, k) && rd_left(&in) == 0;
}

/* ---- MUTUAL and INTERNAL AUTHENTICATE ---- */

void scp11_request_put(struct wr *w, const struct scp11_request *q)
{
	const uint8_t scp[] = { SCP_NUMBER, q->pp };
	size_t mark = tlv_open(w, TAG_CONTROL_REFERENCE);

	tlv_put(w, TAG_SCP, SPAN(scp));
	tlv_put_u8(w, TAG_KEY_USAGE, q->usage);
	tlv_put_u8(w, TAG_KEY_TYPE, q->key_type);
	tlv_put_u8(w, TAG_KEY_LENGTH, q->key_n);
	if (q->has_host_id)
		tlv_put(w, TAG_HOST_ID, q->host_id);
	tlv_close(w, mark);
	tlv_put(w, TAG_EPHEMERAL_KEY, q->key);
}

bool scp11_request_get(struct span s, struct scp11_request *out)
{
	struct scp11_request q = { 0 };
	struct rd r = rd_of(s), in;
	struct span crt;
	uint8_t scp[2];

	if (!tlv_expect(&r, TAG_CONTROL_REFERENCE, &crt) ||
	    !tlv_expect(&r, TAG_EPHEMERAL_KEY, &q.key) || rd_left(&r) != 0)
		return false;
	in = rd_of(crt);
	if (!tlv_expect_n(&in, TAG_SCP, scp, sizeof(scp)) || scp[0] != SCP_NUMBER ||
	    !tlv_expect_n(&in, TAG_KEY_USAGE, &q.usage, 1) ||
	    !tlv_expect_n(&in, TAG_KEY_TYPE, &q.key_type, 1) ||
	    !tlv_expect_n(&in, TAG_KEY_LENGTH, &q.key_n, 1))
		return false;
	q.pp = scp[1];
	q.has_host_id = tlv_expect(&in, TAG_HOST_ID, &q.host_id);
	if (rd_left(&in) != 0 || q.host_id.n > SCP11_HOST_ID_MAX)
		return false;
	*out = q;
	return true;
}

void scp11_answer_key_put(struct wr *w, struct span key)
{
	tlv_put(w, TAG_EPHEMERAL_KEY, key);
}

void scp11_answer_receipt_put(struct wr *w, struct span receipt)
{
	tlv_put(w, TAG_RECEIPT, receipt);
}

bool scp11_answer_get(struct span s, struct scp11_answer *out)
{
	struct scp11_answer a = { 0 };
	struct rd r = rd_of(s);

	if (!tlv_expect(&r, TAG_EPHEMERAL_KEY, &a.key))
		return false;
	a.key_tlv = span_sub(s, 0, s.n - rd_left(&r));
	if (rd_left(&r) > 0 && (!tlv_expect(&r, TAG_RECEIPT, &a.receipt) || rd_left(&r) != 0))
		return false;
	*out = a;
	return true;
}

/* ---- certificate store ---- */

bool cert_store_get(struct span answer, struct span *certs)
{
	struct rd r = rd_of(answer);
	struct span v;

	if (!tlv_expect(&r, TAG_CERTIFICATE_STORE, &v)) {
		*certs = answer;
		return true;
	}
	if (rd_left(&r) != 0)
		return false;
	*certs = v;
	return true;
}

void cert_store_put(struct wr *w, struct span certs)
{
	tlv_put(w, TAG_CERTIFICATE_STORE, certs);
}

/* ---- STORE DATA ---- */

void scp11_store_put(struct wr *w, const struct scp11_store *s)
{
	size_t mark;

	if (s->kind != SCP11_STORE_CA) {
		key_ref_put(w, s->key);
		if (s->kind == SCP11_STORE_ALLOWED && s->has_counter)
			tlv_put(w, TAG_COUNTER, s->counter);
		tlv_put(w, s->kind == SCP11_STORE_ALLOWED ? TAG_ALLOWED : TAG_CERTIFICATE_STORE,
		    s->value);
		return;
	}
	mark = tlv_open(w, TAG_CONTROL_REFERENCE);
	tlv_put_u8(w, TAG_CA_KIND, s->klcc);
	tlv_put(w, TAG_CA_IDENTIFIER, s->value);
	reference_put(w, s->key);
	tlv_close(w, mark);
}

static bool ca_get(struct span crt, struct scp11_store *s)
{
	struct rd r = rd_of(crt);
	uint8_t kind;

	if (!tlv_expect_n(&r, TAG_CA_KIND, &kind, 1) || kind > 1 ||
	    !tlv_expect(&r, TAG_CA_IDENTIFIER, &s->value) || s->value.n == 0 ||
	    s->value.n > IDENTIFIER_MAX || !reference_get(&r, &s->key) || rd_left(&r) != 0)
		return false;
	s->kind = SCP11_STORE_CA;
	s->klcc = kind == 1;
	return true;
}

static bool allowed_sound(struct span list)
{
	struct rd r = rd_of(list);
	struct span serial;

	while (rd_left(&r) > 0)
		if (!scp11_serial_next(&r, &serial))
			return false;
	return true;
}

bool scp11_store_get(struct span in, struct scp11_store *out)
{
	struct scp11_store s = { 0 };
	struct rd r = rd_of(in);
	struct span crt;

	if (!tlv_expect(&r, TAG_CONTROL_REFERENCE, &crt))
		return false;
	if (rd_left(&r) == 0) {
		if (!ca_get(crt, &s))
			return false;
		*out = s;
		return true;
	}
	if (!key_ref_get(span_sub(in, 0, in.n - rd_left(&r)), &s.key))
		return false;
	s.has_counter = tlv_expect(&r, TAG_COUNTER, &s.counter);
	if (tlv_expect(&r, TAG_ALLOWED, &s.value))
		s.kind = SCP11_STORE_ALLOWED;
	else if (tlv_expect(&r, TAG_CERTIFICATE_STORE, &s.value) && !s.has_counter)
		s.kind = SCP11_STORE_CERTIFICATES;
	else
		return false;
	if (rd_left(&r) != 0 || (s.kind == SCP11_STORE_ALLOWED && !allowed_sound(s.value)))
		return false;
	*out = s;
	return true;
}

bool scp11_serial_next(struct rd *r, struct span *serial)
{
	struct rd ahead = *r;

	if (!tlv_expect(&ahead, TAG_CERTIFICATE_SERIAL, serial) || serial->n == 0 ||
	    serial->n > IDENTIFIER_MAX)
		return false;
	*r = ahead;
	return true;
}
