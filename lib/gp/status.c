#include "gp/status.h"

#include "tlv/tlv.h"

enum {
	TAG_ENTRY = 0xE3,
	TAG_AID = 0x4F,
	TAG_STATE = 0x9F70,
	TAG_PRIVILEGES = 0xC5,
	TAG_LOAD_FILE = 0xC4,
	TAG_DOMAIN = 0xCC
};

/* Some cards answer with two octets of state; the first one counts. */
static bool state_get(struct span val, uint8_t *state)
{
	struct rd r = rd_of(val);

	return rd_u8(&r, state);
}

static bool privileges_get(struct span val, struct status_entry *s)
{
	struct rd r = rd_of(val);

	if ((val.n != 1 && val.n != 3) || !rd_copy(&r, s->privileges, val.n))
		return false;
	s->privileges_n = (uint8_t)val.n;
	return true;
}

static bool field_get(const struct tlv *t, struct status_entry *s)
{
	switch (t->tag) {
	case TAG_AID:
		return aid_from(&s->aid, t->val);
	case TAG_STATE:
		return state_get(t->val, &s->state);
	case TAG_PRIVILEGES:
		return privileges_get(t->val, s);
	case TAG_LOAD_FILE:
		return aid_from(&s->load_file, t->val);
	case TAG_DOMAIN:
		return aid_from(&s->domain, t->val);
	}
	return true;
}

bool status_entry_next(struct rd *r, struct status_entry *s)
{
	struct status_entry got = { 0 };
	struct rd at = *r, in;
	struct span entry;
	struct tlv t;

	if (!tlv_expect(&at, TAG_ENTRY, &entry))
		return false;
	in = rd_of(entry);
	while (rd_left(&in) > 0)
		if (!tlv_next(&in, &t) || !field_get(&t, &got))
			return false;
	if (got.aid.n == 0)
		return false;
	*r = at;
	*s = got;
	return true;
}

void status_entry_put(struct wr *w, const struct status_entry *s)
{
	size_t mark = tlv_open(w, TAG_ENTRY);

	tlv_put(w, TAG_AID, aid_span(&s->aid));
	tlv_put_u8(w, TAG_STATE, s->state);
	if (s->privileges_n > 0)
		tlv_put(w, TAG_PRIVILEGES, span_of(s->privileges, s->privileges_n));
	if (s->load_file.n > 0)
		tlv_put(w, TAG_LOAD_FILE, aid_span(&s->load_file));
	if (s->domain.n > 0)
		tlv_put(w, TAG_DOMAIN, aid_span(&s->domain));
	tlv_close(w, mark);
}
