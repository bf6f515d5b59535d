#include "gp/status.h"

#include "gp/privilege.h"
#include "tlv/tlv.h"

enum {
	TAG_ENTRY = 0xE3,
	TAG_AID = 0x4F,
	TAG_STATE = 0x9F70,
	TAG_PRIVILEGES = 0xC5,
	TAG_LOAD_FILE = 0xC4,
	TAG_DOMAIN = 0xCC,
	TAG_VERSION = 0xCE,
	TAG_IMPLICIT = 0xCF,
	TAG_MODULE = 0x84,
	TAG_LIST = 0x5C
};

void status_request_put(struct wr *w, struct span aid, struct span tags)
{
	tlv_put(w, TAG_AID, aid);
	if (tags.n > 0)
		tlv_put(w, TAG_LIST, tags);
}

bool status_request_get(struct span data, struct span *aid, struct span *tags)
{
	struct rd r = rd_of(data);
	struct tlv t;

	if (!tlv_expect(&r, TAG_AID, aid) || aid->n > AID_MAX)
		return false;
	*tags = (struct span){ NULL, 0 };
	while (rd_left(&r) > 0) {
		if (!tlv_next(&r, &t))
			return false;
		if (t.tag == TAG_LIST)
			*tags = t.val;
	}
	return true;
}

/* Some cards answer with two octets of state; the first one counts. */
static bool state_get(struct span val, uint8_t *state)
{
	struct rd r = rd_of(val);

	return rd_u8(&r, state);
}

static bool privileges_field(struct span val, struct status_entry *s)
{
	s->privileges_n = (uint8_t)val.n;
	return privileges_get(val, &s->privileges);
}

static bool module_get(struct span val, struct status_entry *s)
{
	struct aid aid;

	if (!aid_from(&aid, val))
		return false;
	if (s->module_n < STATUS_MODULES_MAX)
		s->module[s->module_n++] = aid;
	return true;
}

/* Longer or shorter than two octets: not told. */
static bool version_get(struct span val, struct status_entry *s)
{
	struct rd r = rd_of(val);

	s->version[0] = s->version[1] = 0;
	s->version_n = val.n == sizeof(s->version) ? (uint8_t)val.n : 0;
	return s->version_n == 0 || rd_copy(&r, s->version, s->version_n);
}

static bool implicit_get(struct span val, struct status_entry *s)
{
	struct rd r = rd_of(val);
	uint8_t one;

	while (rd_u8(&r, &one))
		if (s->implicit_n < STATUS_IMPLICIT_MAX)
			s->implicit[s->implicit_n++] = one;
	return true;
}

/* An AID that may be empty: a load file of the factory has none. */
static bool aid_or_none(struct span val, struct aid *aid)
{
	return val.n == 0 || aid_from(aid, val);
}

static bool field_get(const struct tlv *t, struct status_entry *s)
{
	switch (t->tag) {
	case TAG_AID:
		return aid_from(&s->aid, t->val);
	case TAG_STATE:
		return state_get(t->val, &s->state);
	case TAG_PRIVILEGES:
		return privileges_field(t->val, s);
	case TAG_LOAD_FILE:
		return aid_or_none(t->val, &s->load_file);
	case TAG_DOMAIN:
		return aid_or_none(t->val, &s->domain);
	case TAG_VERSION:
		return version_get(t->val, s);
	case TAG_IMPLICIT:
		return implicit_get(t->val, s);
	case TAG_MODULE:
		return module_get(t->val, s);
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
	uint8_t privileges[3];
	struct wr p = wr_fixed(privileges, sizeof(privileges));

	tlv_put(w, TAG_AID, aid_span(&s->aid));
	tlv_put_u8(w, TAG_STATE, s->state);
	privileges_put(&p, s->privileges, s->privileges_n);
	if (s->privileges_n > 0)
		tlv_put(w, TAG_PRIVILEGES, wr_span(&p));
	for (size_t i = 0; i < s->implicit_n; i++)
		tlv_put_u8(w, TAG_IMPLICIT, s->implicit[i]);
	if (s->load_file.n > 0)
		tlv_put(w, TAG_LOAD_FILE, aid_span(&s->load_file));
	if (s->version_n > 0)
		tlv_put(w, TAG_VERSION, span_of(s->version, s->version_n));
	for (size_t i = 0; i < s->module_n; i++)
		tlv_put(w, TAG_MODULE, aid_span(&s->module[i]));
	if (s->domain.n > 0)
		tlv_put(w, TAG_DOMAIN, aid_span(&s->domain));
	tlv_close(w, mark);
}

bool status_old_next(struct rd *r, uint8_t p1, struct status_entry *s)
{
	struct status_entry got = { .privileges_n = 1 };
	struct rd at = *r;
	struct span aid, privileges;
	uint8_t n = 0;

	if (!rd_lv(&at, &aid) || !aid_from(&got.aid, aid) || !rd_u8(&at, &got.state) ||
	    !rd_take(&at, 1, &privileges) || !privileges_get(privileges, &got.privileges) ||
	    (p1 == STATUS_MODULES && !rd_u8(&at, &n)))
		return false;
	for (; n > 0; n--)
		if (!rd_lv(&at, &aid) || !module_get(aid, &got))
			return false;
	*r = at;
	*s = got;
	return true;
}

void status_old_put(struct wr *w, uint8_t p1, const struct status_entry *s)
{
	wr_lv(w, aid_span(&s->aid));
	wr_u8(w, s->state);
	privileges_put(w, s->privileges, 1);
	if (p1 != STATUS_MODULES)
		return;
	wr_u8(w, s->module_n);
	for (size_t i = 0; i < s->module_n; i++)
		wr_lv(w, aid_span(&s->module[i]));
}

const char *app_state_str(uint8_t state, bool domain)
{
	if ((state & APP_LOCKED) != 0)
		return "locked";
	switch (state) {
	case ELF_LOADED:
		return "loaded";
	case APP_INSTALLED:
		return "installed";
	case APP_SELECTABLE:
		return "selectable";
	case DOMAIN_PERSONALIZED:
		return domain ? "personalized" : "application specific";
	}
	return (state & 0x07) == 0x07 ? "application specific" : "unknown";
}
