/* What commands of content management are about (GPCS 11), as far as it can be seen. */
#include "card/describe.h"

#include "base/hex.h"

enum { DELETE = 0xE4, INSTALL = 0xE6, LOAD = 0xE8, STORE_DATA = 0xE2 };
enum { SET_STATUS = 0xF0, GET_STATUS = 0xF2, MORE = 0x80, LAST = 0x80, ID_MAX = 16 };

static void put_id(struct text *t, const char *before, struct span id)
{
	char hex[HEX_SIZE(ID_MAX)];

	if (id.n > 0)
		text_put(t, "%s%s", before, hex_put(id, hex, sizeof(hex)));
}

/* ---- INSTALL ---- */

static const char *install_form(uint8_t p1)
{
	switch (p1 & 0x7F) {
	case 0x02:
		return "for load";
	case 0x04:
		return "for install";
	case 0x08:
		return "for make selectable";
	case 0x0C:
		return "for install and make selectable";
	case 0x0E:
		return "for load, install and make selectable";
	case 0x10:
		return "for extradition";
	case 0x20:
		return "for personalization";
	case 0x40:
		return "for registry update";
	}
	return "with unknown P1";
}

/* A length in BER, then so many octets. */
static bool skip_ber(struct rd *r)
{
	struct span s;
	uint16_t two;
	uint8_t n;

	if (!rd_u8(r, &n))
		return false;
	if (n == 0x82)
		return rd_u16(r, &two) && rd_take(r, two, &s);
	if (n == 0x81 && !rd_u8(r, &n))
		return false;
	return rd_take(r, n, &s);
}

/* Load file, module, application; or domain, nothing, application. False for a part of longer
 * data, which does not end where its fields do. */
static bool install_fields(struct span data, struct span f[static 3])
{
	struct rd r = rd_of(data);
	struct span privileges;

	for (size_t i = 0; i < 3; i++)
		if (!rd_lv(&r, &f[i]) || f[i].n > ID_MAX)
			return false;
	return rd_lv(&r, &privileges) && skip_ber(&r) && skip_ber(&r) && rd_left(&r) == 0;
}

/* [for load]: load file and domain, then a hash. */
static bool load_fields(struct span data, struct span f[static 2])
{
	struct rd r = rd_of(data);
	struct span hash;

	return rd_lv(&r, &f[0]) && f[0].n <= ID_MAX && rd_lv(&r, &f[1]) && f[1].n <= ID_MAX &&
	       rd_lv(&r, &hash) && skip_ber(&r) && skip_ber(&r) && rd_left(&r) == 0;
}

static void put_install(struct text *t, const struct capdu *c, bool clear)
{
	struct span f[3];

	text_put(t, " %s", install_form(c->p1));
	if (clear && (c->p1 == 0x02 || (c->p1 == 0x0E && c->p2 == 0x01))) {
		if (load_fields(c->data, f)) {
			put_id(t, " of ", f[0]);
			put_id(t, " in ", f[1]);
		}
	} else if (clear && (c->p1 & MORE) == 0 && install_fields(c->data, f)) {
		put_id(t, " of ", f[2]);
		put_id(t, (c->p1 & 0x50) != 0 ? " to " : " from ", f[0]);
	}
	if ((c->p1 & MORE) != 0)
		text_put(t, ", more follows");
}

/* ---- the others ---- */

static void put_delete(struct text *t, const struct capdu *c, bool clear)
{
	struct rd r = rd_of(c->data);
	struct span val;
	uint8_t tag;

	while (clear && (c->p1 & MORE) == 0 && rd_u8(&r, &tag) && rd_lv(&r, &val)) {
		if (tag == 0x4F && val.n <= ID_MAX)
			put_id(t, " ", val);
		else if (tag == 0xD0)
			put_id(t, " key ", val);
		else if (tag == 0xD2)
			put_id(t, " key version ", val);
	}
	if (c->p2 == 0x80)
		text_put(t, " and what is related");
	if ((c->p1 & MORE) != 0)
		text_put(t, ", more follows");
}

static const char *card_state(uint8_t p2)
{
	switch (p2) {
	case 0x01:
		return "op-ready";
	case 0x07:
		return "initialized";
	case 0x0F:
		return "secured";
	case 0x7F:
		return "locked";
	case 0xFF:
		return "terminated";
	}
	return "unknown";
}

static void put_set_status(struct text *t, const struct capdu *c, bool clear)
{
	if (c->p1 == 0x80) {
		text_put(t, " card to %02X (%s)", c->p2, card_state(c->p2));
		return;
	}
	text_put(t, (c->p2 & 0x80) != 0 ? " lock" : c->p2 == 0x0F ? " personalized" : " unlock");
	if (c->p1 == 0x60)
		text_put(t, " domain and all it holds");
	if (clear && c->data.n <= ID_MAX)
		put_id(t, " ", c->data);
}

static const char *status_kind(uint8_t p1)
{
	switch (p1) {
	case 0x80:
		return "issuer domain";
	case 0x40:
		return "applications";
	case 0x20:
		return "load files";
	case 0x10:
		return "load files and modules";
	}
	return "with unknown P1";
}

static void put_get_status(struct text *t, const struct capdu *c)
{
	text_put(t, " %s", status_kind(c->p1));
	if ((c->p2 & 0x01) != 0)
		text_put(t, ", next");
	if ((c->p2 & 0x02) == 0)
		text_put(t, ", deprecated form");
}

static void put_store(struct text *t, const struct capdu *c)
{
	text_put(t, " block %02X", c->p2);
	if ((c->p1 & 0x18) != 0)
		text_put(t, (c->p1 & 0x08) != 0 ? ", DGI" : ", TLV");
	if ((c->p1 & 0x60) == 0x60)
		text_put(t, ", encrypted");
	if ((c->p1 & LAST) != 0)
		text_put(t, ", last");
}

void describe_content(struct text *t, const struct capdu *c)
{
	bool clear = !cla_is_sm(c->cla);

	switch (c->ins) {
	case INSTALL:
		put_install(t, c, clear);
		break;
	case DELETE:
		put_delete(t, c, clear);
		break;
	case LOAD:
		text_put(t, " block %02X%s", c->p2, (c->p1 & LAST) != 0 ? ", last" : "");
		break;
	case STORE_DATA:
		put_store(t, c);
		break;
	case SET_STATUS:
		put_set_status(t, c, clear);
		break;
	case GET_STATUS:
		put_get_status(t, c);
		break;
	default:
		break;
	}
}
