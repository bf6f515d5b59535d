#include "gp/install.h"

#include "gp/lv.h"
#include "gp/privilege.h"
#include "tlv/tlv.h"

enum {
	TAG_APPLICATION = 0xC9,
	TAG_PARAMETERS = 0xEF,
	TAG_TOOLKIT = 0xEA,
	TAG_CONTROL = 0xB6,
	TAG_CODE = 0xC6,
	TAG_VOLATILE = 0xC7,
	TAG_DATA = 0xC8,
	TAG_SIMULATION = 0xCA,
	TAG_SERVICE = 0xCB,
	TAG_FORMAT = 0xCD,
	TAG_IMPLICIT = 0xCF,
	TAG_RESERVED_VOLATILE = 0xD7,
	TAG_RESERVED_DATA = 0xD8,
	TAG_RESTRICT = 0xD9,
	TAG_LFDB = 0xDD
};

/* The layout of the data field by P1 and P2 (GPCS tables 11-41 to 11-48): letters as in field(). */
static const char *layout(uint8_t p1, uint8_t p2)
{
	switch (p1) {
	case INSTALL_FOR_LOAD:
		return "LDhPT";
	case INSTALL_FOR_INSTALL:
	case INSTALL_AND_SELECTABLE:
		return "lmAvPT";
	case INSTALL_ALL:
		return p2 == INSTALL_FIRST ? "LDhPT" : "lmAvPT";
	case INSTALL_FOR_SELECTABLE:
		return "00AvPT";
	case INSTALL_FOR_EXTRADITION:
		return "N0A0PT";
	case INSTALL_FOR_REGISTRY:
		return "D0avPT";
	case INSTALL_FOR_PERSONALIZATION:
		return "00A000";
	}
	return NULL;
}

/* Upper case: an AID that must be there; lower case: may be empty. */
static struct aid *aid_field(struct install *i, char letter)
{
	switch (letter) {
	case 'L':
	case 'l':
		return &i->load_file;
	case 'm':
		return &i->module;
	case 'A':
	case 'a':
		return &i->app;
	case 'D': /* may be empty, too */
	case 'N':
		return &i->domain;
	}
	return NULL;
}

static void privileges_field(struct wr *w, const struct install *i)
{
	wr_u8(w, i->privileges_n);
	privileges_put(w, i->privileges, i->privileges_n);
}

static void fields_put(struct wr *w, const char *fields, const struct install *i)
{
	struct install copy = *i;

	for (; *fields != '\0'; fields++) {
		struct aid *aid = aid_field(&copy, *fields);

		if (aid != NULL)
			wr_lv(w, aid_span(aid));
		else if (*fields == 'h')
			wr_lv(w, i->hash);
		else if (*fields == 'v')
			privileges_field(w, i);
		else if (*fields == 'P')
			ber_lv_put(w, i->params);
		else if (*fields == 'T')
			ber_lv_put(w, i->token);
		else
			wr_u8(w, 0x00);
	}
}

void install_put(struct wr *w, uint8_t p1, uint8_t p2, const struct install *i)
{
	const char *fields = layout(p1, p2);

	if (fields == NULL)
		w->full = true;
	else
		fields_put(w, fields, i);
}

static bool aid_get(struct rd *r, char letter, struct aid *aid)
{
	struct span s;

	if (!rd_lv(r, &s))
		return false;
	if (s.n == 0)
		return letter != 'L' && letter != 'A' && letter != 'N';
	return aid_from(aid, s);
}

static bool field_get(struct rd *r, char letter, struct install *i)
{
	struct aid *aid = aid_field(i, letter);
	struct span s;

	if (aid != NULL)
		return aid_get(r, letter, aid);
	switch (letter) {
	case 'h':
		return rd_lv(r, &i->hash);
	case 'P':
		return ber_lv_get(r, &i->params);
	case 'T':
		return ber_lv_get(r, &i->token);
	case 'v':
		if (!rd_lv(r, &s) || (s.n != 0 && !privileges_get(s, &i->privileges)))
			return false;
		i->privileges_n = (uint8_t)s.n;
		return true;
	}
	return rd_lv(r, &s) && s.n == 0;
}

bool install_get(uint8_t p1, uint8_t p2, struct span data, struct install *i)
{
	const char *fields = layout(p1, p2);
	struct install got = { 0 };
	struct rd r = rd_of(data);

	if (fields == NULL)
		return false;
	for (; *fields != '\0'; fields++)
		if (!field_get(&r, *fields, &got))
			return false;
	if (rd_left(&r) > 0)
		return false;
	*i = got;
	return true;
}

void install_token_input(struct wr *w, uint8_t p1, uint8_t p2, const struct install *i)
{
	uint8_t room[1024];
	struct wr body = wr_fixed(room, sizeof(room));
	struct install bare = *i;

	bare.token = (struct span){ NULL, 0 };
	install_put(&body, p1, p2, &bare);
	if (!wr_ok(&body) || body.n == 0) {
		w->full = true;
		return;
	}
	wr_cut(&body, body.n - 1); /* the token's length */
	token_text_put(w, p1, p2, wr_span(&body));
}

/* ---- parameters ---- */

static void number_put(struct wr *w, uint32_t tag, uint32_t v)
{
	uint8_t b[4];

	put_u32(b, v);
	tlv_put(w, tag, v > 0x7FFF ? SPAN(b) : span_sub(SPAN(b), 2, 2));
}

static void span_put(struct wr *w, uint32_t tag, struct span s)
{
	if (s.n > 0)
		tlv_put(w, tag, s);
}

static void system_put(struct wr *w, const struct install_params *p)
{
	struct rd r = rd_of(p->implicit);
	uint8_t one;

	span_put(w, TAG_SIMULATION, p->simulation);
	if (p->has_code)
		number_put(w, TAG_CODE, p->code);
	if (p->has_volatile)
		number_put(w, TAG_VOLATILE, p->volatile_);
	if (p->has_data)
		number_put(w, TAG_DATA, p->data);
	span_put(w, TAG_SERVICE, p->service);
	span_put(w, TAG_FORMAT, p->format);
	while (rd_u8(&r, &one))
		tlv_put_u8(w, TAG_IMPLICIT, one);
	if (p->has_reserved_volatile)
		number_put(w, TAG_RESERVED_VOLATILE, p->reserved_volatile);
	if (p->has_reserved_data)
		number_put(w, TAG_RESERVED_DATA, p->reserved_data);
	span_put(w, TAG_RESTRICT, p->restrict_);
	span_put(w, TAG_LFDB, p->lfdb);
}

void install_params_put(struct wr *w, const struct install_params *p)
{
	size_t before, mark;

	if (p->has_app)
		tlv_put(w, TAG_APPLICATION, p->app);
	before = w->n;
	mark = tlv_open(w, TAG_PARAMETERS);
	system_put(w, p);
	if (w->n == mark)
		wr_cut(w, before);
	else
		tlv_close(w, mark);
	span_put(w, TAG_TOOLKIT, p->toolkit);
	span_put(w, TAG_CONTROL, p->control);
}

static bool number_get(struct span s, bool *has, uint32_t *v)
{
	struct rd r = rd_of(s);
	uint16_t two;

	*has = true;
	if (s.n == 4)
		return rd_u32(&r, v);
	if (s.n != 2 || !rd_u16(&r, &two))
		return false;
	*v = two;
	return true;
}

static bool system_get(const struct tlv *t, struct install_params *p)
{
	switch (t->tag) {
	case TAG_CODE:
		return number_get(t->val, &p->has_code, &p->code);
	case TAG_VOLATILE:
		return number_get(t->val, &p->has_volatile, &p->volatile_);
	case TAG_DATA:
		return number_get(t->val, &p->has_data, &p->data);
	case TAG_RESERVED_VOLATILE:
		return number_get(t->val, &p->has_reserved_volatile, &p->reserved_volatile);
	case TAG_RESERVED_DATA:
		return number_get(t->val, &p->has_reserved_data, &p->reserved_data);
	case TAG_SERVICE:
		p->service = t->val;
		break;
	case TAG_SIMULATION:
		p->simulation = t->val;
		break;
	case TAG_FORMAT:
		p->format = t->val;
		break;
	case TAG_RESTRICT:
		p->restrict_ = t->val;
		break;
	case TAG_LFDB:
		p->lfdb = t->val;
		break;
	}
	return true;
}

/* Several CF follow each other; the view is of the first, since each has one octet and a head. */
static bool system_all(struct span s, struct install_params *p)
{
	struct rd r = rd_of(s);
	struct tlv t;

	while (rd_left(&r) > 0) {
		if (!tlv_next(&r, &t))
			return false;
		if (t.tag == TAG_IMPLICIT && p->implicit.n == 0)
			p->implicit = t.val;
		else if (t.tag != TAG_IMPLICIT && !system_get(&t, p))
			return false;
	}
	return true;
}

bool install_params_get(struct span params, struct install_params *p)
{
	struct install_params got = { 0 };
	struct rd r = rd_of(params);
	struct tlv t;

	while (rd_left(&r) > 0) {
		if (!tlv_next(&r, &t))
			return false;
		if (t.tag == TAG_APPLICATION) {
			got.has_app = true;
			got.app = t.val;
		} else if (t.tag == TAG_PARAMETERS && !system_all(t.val, &got)) {
			return false;
		} else if (t.tag == TAG_TOOLKIT) {
			got.toolkit = t.val;
		} else if (t.tag == TAG_CONTROL) {
			got.control = t.val;
		}
	}
	*p = got;
	return true;
}
