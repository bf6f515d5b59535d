#include "content_rig.h"

#include "cap/cap.h"
#include "vcard/core/record.h"

/* ---- packages ---- */

static void component(struct wr *w, uint8_t tag, const struct wr *body)
{
	wr_u8(w, tag);
	wr_u16(w, (uint16_t)body->n);
	wr_put(w, wr_span(body));
}

static size_t names(const char *const list[4])
{
	size_t n = 0;

	while (n < 4 && list[n] != NULL)
		n++;
	return n;
}

static void header(struct wr *b, const struct package_of *p)
{
	wr_u32(b, 0xDECAFFED);
	wr_u8(b, 1);
	wr_u8(b, 2);
	wr_u8(b, names(p->applets) > 0 ? CAP_APPLETS : 0);
	wr_u8(b, p->minor);
	wr_u8(b, p->major);
	wr_lv(b, unit_bytes(p->aid));
}

static void applets(struct wr *b, const struct package_of *p)
{
	wr_u8(b, (uint8_t)names(p->applets));
	for (size_t i = 0; i < names(p->applets); i++) {
		wr_lv(b, unit_bytes(p->applets[i]));
		wr_u16(b, 1);
	}
}

static void imports(struct wr *b, const struct package_of *p)
{
	wr_u8(b, (uint8_t)(names(p->imports) + p->more_imports));
	for (size_t i = 0; i < names(p->imports); i++) {
		wr_u16(b, 0x0001);
		wr_lv(b, unit_bytes(p->imports[i]));
	}
	for (size_t i = 0; i < p->more_imports; i++) {
		const uint8_t aid[] = { 0xA0, 0x00, 0x00, 0x00, 0x62, (uint8_t)i };

		wr_u16(b, 0x0001);
		wr_lv(b, SPAN(aid));
	}
}

/* Format 2.1: sizes of eleven components, by tag. */
static void directory(struct wr *b, const struct package_of *p, const struct wr *body)
{
	for (uint8_t tag = CAP_HEADER; tag <= CAP_DESCRIPTOR; tag++)
		wr_u16(b, tag == CAP_DIRECTORY ? 31 : (uint16_t)body[tag].n);
	wr_fill(b, 0, 6);
	wr_u8(b, (uint8_t)(names(p->imports) + p->more_imports));
	wr_u8(b, (uint8_t)names(p->applets));
	wr_u8(b, 0);
}

void package_put(struct wr *w, const struct package_of *p)
{
	static const uint8_t order[] = { CAP_HEADER, CAP_DIRECTORY, CAP_IMPORT, CAP_APPLET,
		CAP_CLASS, CAP_METHOD, CAP_STATIC_FIELD, CAP_CONSTANT_POOL, CAP_REF_LOCATION };
	struct wr body[CAP_TAGS];

	for (size_t i = 0; i < CAP_TAGS; i++)
		body[i] = wr_grow(1 << 20);
	header(&body[CAP_HEADER], p);
	if (names(p->applets) > 0)
		applets(&body[CAP_APPLET], p);
	imports(&body[CAP_IMPORT], p);
	wr_fill(&body[CAP_CLASS], 0, 4);
	wr_fill(&body[CAP_METHOD], 0x7A, p->method == 0 ? 8 : p->method);
	wr_fill(&body[CAP_STATIC_FIELD], 0, 10);
	wr_fill(&body[CAP_CONSTANT_POOL], 0, 2);
	wr_fill(&body[CAP_REF_LOCATION], 0, 4);
	directory(&body[CAP_DIRECTORY], p, body);
	for (size_t i = 0; i < sizeof(order); i++)
		if (body[order[i]].n > 0)
			component(w, order[i], &body[order[i]]);
	for (size_t i = 0; i < CAP_TAGS; i++)
		wr_free(&body[i]);
	assert_true(wr_ok(w));
}

/* ---- commands ---- */

void content_session(struct rig *r)
{
	scp_wipe(&r->host);
	rig_session(r, 0x30, LEVEL_CMAC);
}

void content_on(struct rig *r)
{
	rig_issue(r, 16, 0x70);
	rig_on(r);
	content_session(r);
}

/* What a short answer could not carry (ISO 7816-3 12.2.1), all of it in r->answer. */
static void fetch_rest(struct rig *r, uint16_t sw)
{
	struct wr all = wr_grow(sizeof(r->answer));

	while (sw >> 8 == 0x61) {
		wr_put(&all, rig_answer(r));
		sw = rig_hex(r, "00C0000000");
	}
	wr_put(&all, span_of(r->answer, r->answer_n));
	assert_true(wr_ok(&all));
	memcpy(r->answer, all.p, all.n);
	r->answer_n = all.n;
	wr_free(&all);
}

uint16_t say(struct rig *r, uint8_t ins, uint16_t p1p2, struct span data, struct span *answer)
{
	struct capdu c = { cla_with_channel(0x80, r->channel), ins, (uint8_t)(p1p2 >> 8),
		(uint8_t)p1p2, data, LE_MAX_SHORT, data.n > 247 };
	struct wr w = wr_grow(1 << 17), plain = wr_fixed(r->plain, sizeof(r->plain));
	struct rapdu got = { 0 };
	uint16_t sw;

	if (c.extended)
		c.le = LE_MAX_EXTENDED;
	assert_true(scp_seal_command(&r->host, &c, &w));
	sw = rig_raw(r, wr_span(&w));
	wr_free(&w);
	if (sw == 0)
		return 0;
	fetch_rest(r, sw);
	assert_int_equal(
	    scp_open_response(&r->host, span_of(r->answer, r->answer_n), &got, &plain), SCP_OK);
	if (answer != NULL)
		*answer = got.data;
	return got.sw;
}

uint16_t say_hex(struct rig *r, uint8_t ins, uint16_t p1p2, const char *hex)
{
	return say(r, ins, p1p2, unit_bytes(hex), NULL);
}

void assert_broken_off(struct rig *r, uint16_t sw)
{
	assert_int_equal(sw, SW_SECURITY_STATUS);
	assert_int_equal(r->v->channel[r->channel].session, CHANNEL_IDLE);
	content_session(r);
}

struct aid aid_of(const char *hex)
{
	struct aid a = { 0 };

	if (hex[0] != '\0')
		assert_true(aid_from(&a, unit_bytes(hex)));
	return a;
}

uint16_t do_install_put(struct rig *r, uint8_t p1, uint8_t p2, const struct install *i)
{
	struct wr w = wr_grow(4096);
	uint16_t sw;

	install_put(&w, p1, p2, i);
	assert_true(wr_ok(&w));
	sw = say(r, INS_INSTALL, (uint16_t)(p1 << 8 | p2), wr_span(&w), NULL);
	wr_free(&w);
	return sw;
}

uint16_t load_start(struct rig *r, const char *aid, const char *domain, struct span hash)
{
	struct install i = { .load_file = aid_of(aid), .domain = aid_of(domain), .hash = hash };

	return do_install_put(r, INSTALL_FOR_LOAD, INSTALL_ALONE, &i);
}

uint16_t load_blocks_put(struct rig *r, struct span load_file, size_t n)
{
	uint16_t sw = SW_OK;

	for (size_t at = 0, k = 0; sw == SW_OK && at < load_file.n; at += n, k++) {
		bool last = n >= load_file.n - at;

		sw = say(r, INS_LOAD, (uint16_t)((last ? LOAD_LAST : LOAD_MORE) << 8 | (uint8_t)k),
		    span_sub(load_file, at, n), NULL);
	}
	return sw;
}

uint16_t load_package(struct rig *r, const struct package_of *p, const char *domain)
{
	struct wr data = wr_grow(1 << 20), file = wr_grow(1 << 20);
	uint16_t sw;

	package_put(&data, p);
	load_file_head_put(&file, NULL, 0, data.n, false, NULL);
	wr_put(&file, wr_span(&data));
	sw = load_start(r, p->aid, domain, span_of(NULL, 0));
	if (sw == SW_OK)
		sw = load_blocks_put(r, wr_span(&file), 239);
	wr_free(&data);
	wr_free(&file);
	return sw;
}

uint16_t install_applet(
    struct rig *r, const char *package, const char *module, const char *app, const char *privileges)
{
	struct install i = { .load_file = aid_of(package),
		.module = aid_of(module),
		.app = aid_of(app),
		.params = unit_bytes("C900") };

	i.privileges_n = (uint8_t)(strlen(privileges) / 2);
	assert_true(privileges_get(unit_bytes(privileges), &i.privileges));
	return do_install_put(r, INSTALL_AND_SELECTABLE, INSTALL_ALONE, &i);
}

uint16_t install_domain(struct rig *r, const char *aid, const char *privileges)
{
	return install_applet(r, DOMAIN_PACKAGE, DOMAIN_MODULE, aid, privileges);
}

void personal_domain(struct rig *r, const char *aid, const char *privileges)
{
	struct aid a = aid_of(aid);
	struct card_app changed;

	assert_int_equal(install_domain(r, aid, privileges), SW_OK);
	changed = *chip_app(r->v, &a);
	changed.state = DOMAIN_PERSONALIZED;
	chip_put_app(r->v, &changed);
	assert_true(chip_commit(r->v));
}

uint16_t delete_aid(struct rig *r, const char *aid, uint8_t p2)
{
	struct delete_object d = { .aid = aid_of(aid) };
	uint8_t room[64];
	struct wr w = wr_fixed(room, sizeof(room));

	delete_object_put(&w, &d);
	return say(r, INS_DELETE, p2, wr_span(&w), NULL);
}

bool status_of(struct rig *r, uint8_t p1, const char *aid, struct status_entry *s)
{
	struct aid wanted = aid_of(aid);
	uint8_t room[32];
	struct wr w = wr_fixed(room, sizeof(room));
	struct span answer;
	struct rd in;

	status_request_put(&w, aid_span(&wanted), span_of(NULL, 0));
	if (say(r, INS_GET_STATUS, (uint16_t)(p1 << 8 | STATUS_FIRST), wr_span(&w), &answer) !=
	    SW_OK)
		return false;
	in = rd_of(answer);
	while (rd_left(&in) > 0) {
		assert_true(status_entry_next(&in, s));
		if (aid_same(&s->aid, &wanted))
			return true;
	}
	return false;
}

void assert_lasting(struct rig *r)
{
	struct wr before = wr_grow(1 << 24), after = wr_grow(1 << 24);

	assert_true(chip_sound(&r->v->chip));
	chip_snapshot(&before, &r->v->chip);
	rig_cycle(r);
	chip_snapshot(&after, &r->v->chip);
	assert_true(wr_ok(&before) && wr_ok(&after));
	assert_span(wr_span(&after), wr_span(&before));
	wr_free(&before);
	wr_free(&after);
}
