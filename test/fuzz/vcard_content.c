#include "vcard_content.h"

#include "gp/delete.h"
#include "gp/install.h"
#include "gp/load_file.h"
#include "gp/privilege.h"
#include "gp/status.h"

static const struct aid package = { 7, { 0xA0, 0, 0, 0, 0x62, 0x03, 0x01 } };
static const struct aid applet = { 8, { 0xA0, 0, 0, 0, 0x62, 0x03, 0x01, 0x01 } };

/* That package, with its applet. */
static const uint8_t load_file[] = { 0xC4, 0x7A, 0x01, 0x00, 0x11, 0xDE, 0xCA, 0xFF, 0xED, 0x01,
	0x02, 0x04, 0x00, 0x01, 0x07, 0xA0, 0x00, 0x00, 0x00, 0x62, 0x03, 0x01, 0x02, 0x00, 0x1F,
	0x00, 0x11, 0x00, 0x1F, 0x00, 0x0C, 0x00, 0x0B, 0x00, 0x02, 0x00, 0x04, 0x00, 0x04, 0x00,
	0x0A, 0x00, 0x04, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x01,
	0x00, 0x04, 0x00, 0x0B, 0x01, 0x00, 0x01, 0x07, 0xA0, 0x00, 0x00, 0x00, 0x62, 0x01, 0x01,
	0x03, 0x00, 0x0C, 0x01, 0x08, 0xA0, 0x00, 0x00, 0x00, 0x62, 0x03, 0x01, 0x01, 0x00, 0x01,
	0x06, 0x00, 0x04, 0x00, 0x00, 0x00, 0x00, 0x07, 0x00, 0x04, 0x7A, 0x7A, 0x7A, 0x7A, 0x08,
	0x00, 0x0A, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x05, 0x00, 0x02,
	0x00, 0x00, 0x09, 0x00, 0x04, 0x00, 0x00, 0x00, 0x00 };

/* One of eight names, of domains and applications alike, the package, the ISD. */
static struct aid name_of(struct rd *in)
{
	static const struct aid own = { 8, { 0xA0, 0, 0, 0, 0x62, 0x03, 0x02, 0x00 } };
	uint8_t pick = fuzz_u8(in);
	struct aid a = own;

	if ((pick & 0x0F) == 0x0F)
		return package;
	if ((pick & 0x0F) == 0x0E)
		return aid_isd;
	a.b[7] = pick & 7;
	return a;
}

static uint16_t send(struct host *h, uint8_t channel, uint8_t ins, uint16_t p1p2, struct wr *data,
    struct rd *meddle, struct wr *rsp)
{
	struct capdu c = { .ins = ins,
		.p1 = (uint8_t)(p1p2 >> 8),
		.p2 = (uint8_t)p1p2,
		.data = wr_span(data),
		.le = LE_MAX_SHORT };

	return wr_ok(data) ? host_sealed(h, channel, &c, meddle, rsp) : 0;
}

static uint32_t privileges_of(struct rd *in, bool domain)
{
	return domain ? PRIV_SECURITY_DOMAIN | (fuzz_u32(in) & 0x7FFFF0)
		      : fuzz_u32(in) & (PRIV_CARD_RESET | PRIV_FINAL_APPLICATION);
}

static void load(struct host *h, uint8_t channel, struct rd *in, struct rd *meddle, struct wr *rsp)
{
	uint8_t room[64], pick = fuzz_u8(in);
	struct wr w = wr_fixed(room, sizeof(room)), block;
	struct install i = { .load_file = package, .domain = name_of(in) };
	size_t cut = pick % (sizeof(load_file) - 1) + 1;
	bool combined = pick > 0xC0;

	if (pick > 0x80)
		i.domain.n = 0;
	install_put(&w, combined ? INSTALL_ALL : INSTALL_FOR_LOAD, combined, &i);
	if (send(h, channel, INS_INSTALL, combined ? 0x0E01 : 0x0200, &w, meddle, rsp) != SW_OK)
		return;
	block = wr_grow(sizeof(load_file));
	wr_put(&block, span_sub(SPAN(load_file), 0, cut));
	send(h, channel, INS_LOAD, 0x0000, &block, meddle, rsp);
	wr_reset(&block);
	wr_put(&block, span_sub(SPAN(load_file), cut, sizeof(load_file)));
	send(h, channel, INS_LOAD, 0x8001, &block, meddle, rsp);
	wr_free(&block);
}

/* An instance of the applet, or a domain. */
static void install(
    struct host *h, uint8_t channel, struct rd *in, struct rd *meddle, struct wr *rsp)
{
	static const uint8_t p1[] = { INSTALL_FOR_INSTALL, INSTALL_AND_SELECTABLE, INSTALL_ALL };
	uint8_t room[128], pick = fuzz_u8(in),
			   params[] = { 0xC9, 0x00, 0xEF, 0x04, 0xC8, 0x02, 0, 0 };
	bool domain = (pick & 4) != 0;
	struct wr w = wr_fixed(room, sizeof(room));
	struct install i = { .load_file = domain ? aid_domain_package : package,
		.module = domain ? aid_domain_module : applet,
		.app = name_of(in),
		.privileges_n = 3,
		.params = span_of(params, (pick & 8) != 0 ? sizeof(params) : 2) };
	uint8_t form = p1[pick % 3], p2 = form == INSTALL_ALL ? INSTALL_LAST : INSTALL_ALONE;

	params[6] = fuzz_u8(in);
	i.privileges = privileges_of(in, domain);
	install_put(&w, form, p2, &i);
	send(h, channel, INS_INSTALL, (uint16_t)(form << 8 | p2), &w, meddle, rsp);
}

/* Make selectable, extradition, registry update, personalization. */
static void other_form(
    struct host *h, uint8_t channel, struct rd *in, struct rd *meddle, struct wr *rsp)
{
	static const uint8_t p1[] = { INSTALL_FOR_SELECTABLE, INSTALL_FOR_EXTRADITION,
		INSTALL_FOR_REGISTRY, INSTALL_FOR_PERSONALIZATION };
	static const uint8_t restrict_delete[] = { 0xEF, 0x03, 0xD9, 0x01, 0x01 };
	uint8_t room[128], pick = fuzz_u8(in), form = p1[pick & 3];
	struct wr w = wr_fixed(room, sizeof(room));
	struct install i = { .app = name_of(in), .domain = name_of(in) };

	if (form == INSTALL_FOR_REGISTRY) {
		i.privileges_n = 3;
		i.privileges = privileges_of(in, (pick & 4) != 0);
		if (pick > 0xF0)
			i.params = SPAN(restrict_delete);
	}
	install_put(&w, form, INSTALL_ALONE, &i);
	send(h, channel, INS_INSTALL, (uint16_t)(form << 8), &w, meddle, rsp);
}

static void remove_one(
    struct host *h, uint8_t channel, struct rd *in, struct rd *meddle, struct wr *rsp)
{
	uint8_t room[64];
	struct wr w = wr_fixed(room, sizeof(room));
	struct delete_object d = { .aid = name_of(in) };

	delete_object_put(&w, &d);
	send(h, channel, INS_DELETE, fuzz_u8(in) & DELETE_RELATED, &w, meddle, rsp);
}

static void set_status(
    struct host *h, uint8_t channel, struct rd *in, struct rd *meddle, struct wr *rsp)
{
	struct aid aid = name_of(in);
	uint8_t room[32], pick = fuzz_u8(in);
	struct wr w = wr_fixed(room, sizeof(room));

	wr_put(&w, aid_span(&aid));
	send(h, channel, INS_SET_STATUS,
	    (uint16_t)(((pick & 1) != 0 ? SET_DOMAIN_AND_ALL : SET_APPLICATION) << 8 |
		       ((pick & 2) != 0 ? DOMAIN_PERSONALIZED : pick & APP_LOCKED)),
	    &w, meddle, rsp);
}

/* Without protection: whoever it is selects, and ends the session. */
static void choose(struct host *h, uint8_t channel, struct rd *in, struct wr *rsp)
{
	struct aid aid = name_of(in);
	struct capdu c = { .cla = channel,
		.ins = INS_SELECT,
		.p1 = 0x04,
		.data = aid_span(&aid),
		.le = LE_MAX_SHORT };
	uint8_t room[32];
	struct wr w = wr_fixed(room, sizeof(room));

	capdu_put(&w, &c);
	host_raw(h, wr_span(&w), ANYBODY, rsp);
}

void content_step(struct host *h, uint8_t channel, struct rd *in, struct rd *meddle, struct wr *rsp)
{
	switch (fuzz_u8(in) % 6) {
	case 0:
		load(h, channel, in, meddle, rsp);
		break;
	case 1:
		install(h, channel, in, meddle, rsp);
		break;
	case 2:
		other_form(h, channel, in, meddle, rsp);
		break;
	case 3:
		remove_one(h, channel, in, meddle, rsp);
		break;
	case 4:
		set_status(h, channel, in, meddle, rsp);
		break;
	case 5:
		choose(h, channel, in, rsp);
		break;
	}
}
