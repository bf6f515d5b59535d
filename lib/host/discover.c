/* Who the card is: SELECT of the domain and the free GET DATA objects. */
#include "host/session.h"

#include <string.h>

#include "base/hex.h"
#include "tlv/tlv.h"

/* The ways in which cards say that they do not have an object. */
static bool not_there(uint16_t sw)
{
	static const uint16_t words[] = { SW_REFERENCE_NOT_FOUND, SW_INS_NOT_SUPPORTED,
		SW_CLA_NOT_SUPPORTED, SW_FUNCTION_NOT_SUPPORTED, SW_NOT_FOUND, SW_WRONG_P1P2 };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (words[i] == sw)
			return true;
	}
	return false;
}

/* What the containers of third parties tell in a channel only: without one it counts as not told.
 */
static bool is_hidden(uint16_t tag, uint16_t sw)
{
	return sw == SW_SECURITY_STATUS &&
	       (tag == TAG_CIN || tag == TAG_IIN || tag == TAG_KEY_INFORMATION ||
		   tag == TAG_SEQUENCE_COUNTER);
}

int session_get_data(struct session *s, uint16_t tag, struct span *val, bool *found, struct err *e)
{
	struct capdu c = { .cla = 0x80,
		.ins = INS_GET_DATA,
		.p1 = (uint8_t)(tag >> 8),
		.p2 = (uint8_t)tag,
		.le = LE_MAX_SHORT };
	struct rapdu r;
	/* Before it is sent: a channel that the card does not know ends with this answer. */
	bool bare = s->mode == SESSION_CLOSED;

	*found = false;
	*val = span_of(NULL, 0);
	if (session_send(s, &c, &r, e) != 0)
		return err_in(e, "GET DATA %02X%02X", c.p1, c.p2);
	if (not_there(r.sw) || (bare && is_hidden(tag, r.sw)))
		return 0;
	if (r.sw != SW_OK)
		return err_sw(e, ERR_CARD, r.sw, "GET DATA %02X%02X", c.p1, c.p2);
	*found = true;
	*val = r.data;
	return 0;
}

static int select_domain(struct session *s, struct err *e)
{
	struct capdu c = {
		.ins = INS_SELECT, .p1 = 0x04, .data = aid_span(&s->domain), .le = LE_MAX_SHORT
	};
	char hex[HEX_SIZE(AID_MAX)];
	struct rapdu r;

	hex_put(c.data, hex, sizeof(hex));
	if (session_send(s, &c, &r, e) != 0)
		return err_in(e, "SELECT %s", hex);
	/* 6283: the card is locked, but its issuer domain is selected (GPCS 11.9.3.2). */
	if (r.sw == SW_OK || r.sw == SW_SELECTED_LOCKED) {
		s->id.select_sw = r.sw;
		fci_get(r.data, &s->id.fci);
		return 0;
	}
	err_sw(e, ERR_CARD, r.sw, "SELECT %s", hex);
	if (r.sw == SW_NOT_FOUND)
		err_hint(e, "the card has no domain of this AID, or it is locked; the issuer "
			    "domain of some cards has another");
	return -1;
}

int session_enter(struct session *s, const struct aid *app, struct err *e)
{
	session_drop(s);
	s->lost = false;
	s->domain = *app;
	if (select_domain(s, e) == 0)
		return 0;
	s->domain.n = 0;
	return -1;
}

/* 45 is a TLV on most cards and a bare value on some. Longer than an identification can be: none.
 */
static void keep_cin(struct card_identity *id, struct span data)
{
	struct span v;
	struct rd r;

	if (!tlv_find(data, TAG_CIN, &v))
		v = data;
	r = rd_of(v);
	if (v.n <= sizeof(id->cin) && rd_copy(&r, id->cin, v.n))
		id->cin_n = (uint8_t)v.n;
}

static void keep_card_data(struct card_identity *id, struct span data)
{
	struct span cut = span_sub(data, 0, sizeof(id->card_data));
	struct rd r = rd_of(cut);

	if (rd_copy(&r, id->card_data, cut.n))
		id->card_data_n = cut.n;
}

static void keep_cplc(struct card_identity *id, struct span data)
{
	struct span v;
	struct rd r;

	if (!cplc_get(data, &v))
		return;
	r = rd_of(v);
	id->has_cplc = rd_copy(&r, id->cplc, sizeof(id->cplc));
}

/* An object that cannot be read counts as not told: nothing is concluded from it. */
static int read_objects(struct session *s, struct err *e)
{
	static const uint16_t tags[] = { TAG_CARD_DATA, TAG_CAPABILITIES, TAG_CIN, TAG_CPLC };

	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
		struct span v;
		bool found;

		if (session_get_data(s, tags[i], &v, &found, e) != 0)
			return -1;
		if (!found)
			continue;
		if (tags[i] == TAG_CARD_DATA)
			keep_card_data(&s->id, v);
		if (tags[i] == TAG_CARD_DATA && !card_data_get(v, &s->data))
			memset(&s->data, 0, sizeof(s->data));
		if (tags[i] == TAG_CAPABILITIES && !capabilities_get(v, &s->caps))
			memset(&s->caps, 0, sizeof(s->caps));
		if (tags[i] == TAG_CIN)
			keep_cin(&s->id, v);
		if (tags[i] == TAG_CPLC)
			keep_cplc(&s->id, v);
	}
	return 0;
}

int session_cin(struct session *s, uint8_t out[static 16], uint8_t *n, struct err *e)
{
	struct card_identity id = { 0 };
	struct span v;
	bool found;

	if (session_get_data(s, TAG_CIN, &v, &found, e) != 0)
		return -1;
	if (found)
		keep_cin(&id, v);
	memcpy(out, id.cin, sizeof(id.cin));
	*n = id.cin_n;
	return 0;
}

bool session_discovered(const struct session *s, const struct aid *domain)
{
	const struct aid *want = domain == NULL || domain->n == 0 ? &aid_isd : domain;

	return s->domain.n != 0 && aid_same(&s->domain, want) && !s->lost &&
	       s->mode == SESSION_CLOSED;
}

int session_discover(struct session *s, const struct aid *domain, struct err *e)
{
	session_drop(s);
	s->lost = false; /* selection ends what the card may still have of it */
	memset(&s->data, 0, sizeof(s->data));
	memset(&s->caps, 0, sizeof(s->caps));
	memset(&s->id, 0, sizeof(s->id));
	s->domain = domain == NULL || domain->n == 0 ? aid_isd : *domain;
	if (select_domain(s, e) == 0 && read_objects(s, e) == 0)
		return 0;
	s->domain.n = 0;
	return -1;
}
