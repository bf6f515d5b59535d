#include "gp/delete.h"

#include "gp/lv.h"
#include "tlv/tlv.h"

enum { TAG_AID = 0x4F, TAG_TOKEN = 0x9E, TAG_CONTROL = 0xB6, TAG_KID = 0xD0, TAG_KVN = 0xD2 };

/* What a token covers: everything but the token (GPCS C.4.9). */
static void body_put(struct wr *w, const struct delete_object *d)
{
	tlv_put(w, TAG_AID, aid_span(&d->aid));
	if (d->control.n > 0)
		tlv_put(w, TAG_CONTROL, d->control);
}

void delete_object_put(struct wr *w, const struct delete_object *d)
{
	body_put(w, d);
	if (d->token.n > 0)
		tlv_put(w, TAG_TOKEN, d->token);
}

void delete_keys_put(struct wr *w, const struct delete_keys *k)
{
	if (k->kid >= 0)
		tlv_put_u8(w, TAG_KID, (uint8_t)k->kid);
	if (k->kvn >= 0)
		tlv_put_u8(w, TAG_KVN, (uint8_t)k->kvn);
}

static bool octet(struct span s, int *v)
{
	struct rd r = rd_of(s);
	uint8_t b;

	if (*v >= 0 || s.n != 1 || !rd_u8(&r, &b))
		return false;
	*v = b;
	return true;
}

bool delete_get(struct span data, struct delete_object *d, struct delete_keys *k, bool *keys)
{
	struct delete_keys some = { -1, -1 };
	struct delete_object one = { 0 };
	struct rd r = rd_of(data);
	struct tlv t;
	bool ok = true;

	while (ok && rd_left(&r) > 0) {
		if (!tlv_next(&r, &t))
			return false;
		if (t.tag == TAG_AID)
			ok = one.aid.n == 0 && aid_from(&one.aid, t.val);
		else if (t.tag == TAG_CONTROL)
			one.control = t.val;
		else if (t.tag == TAG_TOKEN)
			one.token = t.val;
		else if (t.tag == TAG_KID)
			ok = octet(t.val, &some.kid);
		else if (t.tag == TAG_KVN)
			ok = octet(t.val, &some.kvn);
		else
			ok = false;
	}
	*keys = some.kid >= 0 || some.kvn >= 0;
	if (!ok || *keys == (one.aid.n > 0) || (*keys && (one.control.n > 0 || one.token.n > 0)))
		return false;
	*d = one;
	*k = some;
	return true;
}

void delete_token_input(struct wr *w, uint8_t p2, const struct delete_object *d)
{
	uint8_t room[512];
	struct wr body = wr_fixed(room, sizeof(room));

	body_put(&body, d);
	if (!wr_ok(&body)) {
		w->full = true;
		return;
	}
	token_text_put(w, 0x00, p2, wr_span(&body));
}
