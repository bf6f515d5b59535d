/*
 * The wall of containers.md 6, row by row, as the operator, another party, a domain with global
 * privileges and a stranger meet it: what they are answered, that the card's memory is what it was,
 * and that nothing of the container is in an answer.
 */
#include "container_rig.h"

#include "tlv/tlv.h"
#include "vcard/containers/containers.h"
#include "vcard/core/record.h"

#define INNER "F0000000A203010C01"
#define INNER_APP "F0000000A203010C0101"
#define OUTER "F0000000B203010C05"
#define OUTER_APP "F0000000B203010C0501"
#define GLOBAL "A0000001515300DD"

static const char secret[] = "the container's own secret";

static const struct package_of inner = { INNER, { INNER_APP }, { NULL }, 1, 0, 0, 0 };
static const struct package_of outer = { OUTER, { OUTER_APP }, { NULL }, 1, 0, 0, 0 };
static const struct package_of importing = { "A00000006203010C07", { NULL }, { INNER }, 1, 0, 0,
	0 };

static const struct grant_spec acme = { .who = "acme", .rights = 0x0F };
static const struct grant_spec bank = { .who = "bank", .rights = 0x0F, .container = BOX2 };

/* Who tries. */
enum outsider { OPERATOR, PARTY, GLOBAL_DOMAIN, OUTSIDERS };
static const char *const names[] = { "operator", "party", "global domain" };

static void global_domain(struct rig *r)
{
	struct card_app a = { .aid = aid_of(GLOBAL),
		.load_file = aid_domain_package,
		.module = aid_domain_module,
		.state = DOMAIN_PERSONALIZED,
		.privileges = PRIV_SECURITY_DOMAIN | PRIV_AUTHORIZED_MANAGEMENT |
			      PRIV_GLOBAL_DELETE | PRIV_GLOBAL_LOCK | PRIV_GLOBAL_REGISTRY };

	chip_put_app(r->v, &a);
	assert_true(chip_commit(r->v));
}

/* BOX is ACME's, with an object, a package and an application in it; BOX2 is BANK's; the operator
 * has a package and an application, too. */
static void town(struct rig *r)
{
	box_on(r, 0x70);
	global_domain(r);
	as_operator(r);
	assert_int_equal(load_package(r, &outer, ""), SW_OK);
	assert_int_equal(install_applet(r, OUTER, OUTER_APP, OUTER_APP, "00"), SW_OK);
	become_party(r, &bank, 0x31);
	become_party(r, &acme, 0x30);
	assert_int_equal(as_party(r, BOX, 0x30, 0x30), SW_OK);
	assert_int_equal(object_put(r, 1, span_str(secret)), SW_OK);
	assert_int_equal(load_package(r, &inner, ""), SW_OK);
	assert_int_equal(install_applet(r, INNER, INNER_APP, INNER_APP, "00"), SW_OK);
}

static void enter(struct rig *r, enum outsider who)
{
	if (who == OPERATOR)
		as_operator(r);
	else if (who == PARTY)
		assert_int_equal(as_party(r, BOX2, 0x31, 0x31), SW_OK);
	else
		assert_int_equal(select_aid(r, GLOBAL), SW_OK);
	if (who != GLOBAL_DOMAIN)
		return;
	r->keys = r->issue.keys; /* for want of its own, those of the ISD open it */
	rig_session(r, 0x30, 0x33);
}

static void assert_nothing_told(const struct rig *r, struct span answer)
{
	static const char *const what[] = { INNER_APP, INNER };

	(void)r;
	if (answer.n == 0)
		return;
	assert_null(memmem(answer.p, answer.n, secret, sizeof(secret) - 1));
	for (size_t i = 0; i < 2; i++) {
		struct span aid = unit_bytes(what[i]);

		assert_null(memmem(answer.p, answer.n, aid.p, aid.n));
	}
}

struct row {
	const char *what;
	uint8_t ins;
	uint16_t p1p2;
	const char *data;
};

/* 6985 to everybody. */
static const struct row walled[] = {
	{ "personalize it", INS_INSTALL, 0x2000, "000010" BOX "000000" },
	{ "personalize what is in it", INS_INSTALL, 0x2000, "00000A" INNER_APP "000000" },
	{ "load into it", INS_INSTALL, 0x0200, "09A00000006203010C0810" BOX "000000" },
	{ "load and install into it", INS_INSTALL, 0x0E01, "09A00000006203010C0810" BOX "000000" },
	{ "install from its package", INS_INSTALL, 0x0C00,
	    "09" INNER "0A" INNER_APP "05F1F1F1F1F1010002C90000" },
	{ "make it selectable", INS_INSTALL, 0x0800, "000010" BOX "01000000" },
	{ "make what is in it selectable", INS_INSTALL, 0x0800, "00000A" INNER_APP "01000000" },
	{ "update it", INS_INSTALL, 0x4000, "000010" BOX "000000" },
	{ "give it privileges", INS_INSTALL, 0x4000, "000010" BOX "03E0C0000000" },
	{ "update what is in it", INS_INSTALL, 0x4000, "00000A" INNER_APP "000000" },
	{ "take an application out of it", INS_INSTALL, 0x1000,
	    "08" ISD "000A" INNER_APP "000000" },
	{ "take a package out of it", INS_INSTALL, 0x1000, "08" ISD "0009" INNER "000000" },
	{ "move an application into it", INS_INSTALL, 0x1000, "10" BOX "000A" OUTER_APP "000000" },
	{ "move a package into it", INS_INSTALL, 0x1000, "10" BOX "0009" OUTER "000000" },
	{ "move it", INS_INSTALL, 0x1000, "08" GLOBAL "0010" BOX "000000" },
	{ "make it its own", INS_INSTALL, 0x1000, "10" BOX "0010" BOX "000000" },
	{ "move one into it by update", INS_INSTALL, 0x4000, "10" BOX "000A" OUTER_APP "000000" },
	{ "delete an application in it", INS_DELETE, 0x0000, "4F0A" INNER_APP },
	{ "delete it with what depends on it", INS_DELETE, 0x0080, "4F0A" INNER_APP },
	{ "delete its package", INS_DELETE, 0x0000, "4F09" INNER },
	{ "and instances", INS_DELETE, 0x0080, "4F09" INNER },
	{ "delete it", INS_DELETE, 0x0000, "4F10" BOX },
	{ "lock what is in it", INS_SET_STATUS, 0x4080, INNER_APP },
	{ "and all of that", INS_SET_STATUS, 0x6080, INNER },
};

static uint16_t try_row(struct rig *r, const struct row *w)
{
	struct span answer = { NULL, 0 };
	uint16_t sw = say(r, w->ins, w->p1p2, unit_bytes(w->data), &answer);

	assert_nothing_told(r, answer);
	return sw;
}

static void test_walled(void **state)
{
	struct wr before;
	struct rig r;

	(void)state;
	town(&r);
	for (enum outsider who = OPERATOR; who < OUTSIDERS; who++) {
		enter(&r, who);
		before = card_file(&r);
		for (size_t i = 0; i < sizeof(walled) / sizeof(walled[0]); i++) {
			uint16_t sw = try_row(&r, &walled[i]);

			/* A name that is no application's is not one to be locked with all in it.
			 */
			if (sw != SW_CONDITIONS && !(walled[i].p1p2 == 0x6080))
				fail_msg("%s, %s: %04X", names[who], walled[i].what, sw);
			assert_untouched(&r, &before);
		}
		wr_free(&before);
		/* a package that is linked with one of its */
		before = card_file(&r);
		assert_int_equal(load_package(&r, &importing, ""), SW_CONDITIONS);
		assert_untouched(&r, &before);
		wr_free(&before);
	}
	rig_off(&r);
}

/* It is closed from the placing on, before anybody has claimed it. */
static void test_walled_before_the_claim(void **state)
{
	struct wr before;
	struct rig r;

	(void)state;
	box_on(&r, 0x70);
	global_domain(&r);
	as_operator(&r);
	assert_int_equal(load_package(&r, &outer, ""), SW_OK);
	assert_int_equal(install_applet(&r, OUTER, OUTER_APP, OUTER_APP, "00"), SW_OK);
	assert_int_equal(place_grant(&r, grant_of(&acme), 0), SW_OK);
	for (enum outsider who = OPERATOR; who < OUTSIDERS; who += 2) {
		enter(&r, who);
		before = card_file(&r);
		for (size_t i = 0; i < sizeof(walled) / sizeof(walled[0]); i++) {
			if (strstr(walled[i].data, INNER) != NULL)
				continue;
			if (try_row(&r, &walled[i]) != SW_CONDITIONS)
				fail_msg("%s, %s", names[who], walled[i].what);
			assert_untouched(&r, &before);
		}
		wr_free(&before);
	}
	rig_off(&r);
}

/* The keys of others open nothing here, whatever version is asked for. */
static void test_keys_of_others(void **state)
{
	struct wr before;
	struct rig r;

	(void)state;
	town(&r);
	r.keys = r.issue.keys;
	for (unsigned version = 0; version <= 0x7F; version++) {
		assert_int_equal(select_aid(&r, BOX), SW_OK);
		assert_int_equal(rig_initialize(&r, (uint8_t)version),
		    version == 0x30 ? 1 : SW_REFERENCE_NOT_FOUND);
	}
	before = card_file(&r);
	/* the ISD's certificates and keys of SCP11 neither */
	assert_int_equal(rig_hex(&r, "802A03100101"), SW_REFERENCE_NOT_FOUND);
	assert_int_equal(rig_hex(&r, "802A74010101"), SW_REFERENCE_NOT_FOUND);
	assert_int_equal(rig_hex(&r, "808201110101"), SW_CONDITIONS);
	assert_int_equal(rig_hex(&r, "808801130101"), SW_REFERENCE_NOT_FOUND);
	assert_untouched(&r, &before);
	wr_free(&before);
	rig_off(&r);
}

/* Nor where nobody has keys: before the claim, and behind a revocation that kept what was there. */
static void test_no_keys_at_all(void **state)
{
	struct wr before;
	struct rig r;

	(void)state;
	for (int sealed = 0; sealed < 2; sealed++) {
		if (sealed) {
			town(&r);
			as_operator(&r);
			assert_int_equal(revoke_party(&r, BOX, "ACME", true), SW_OK);
		} else {
			box_on(&r, 0x70);
			as_operator(&r);
			assert_int_equal(place_grant(&r, grant_of(&acme), 0), SW_OK);
		}
		assert_int_equal(select_aid(&r, BOX), SW_OK);
		before = card_file(&r);
		for (unsigned version = 0; version <= 0x7F; version++)
			assert_int_equal(
			    rig_initialize(&r, (uint8_t)version), SW_REFERENCE_NOT_FOUND);
		assert_int_equal(rig_hex(&r, "80CAFF3300"), SW_REFERENCE_NOT_FOUND);
		assert_int_equal(rig_hex(&r, "80CA00C100"), SW_REFERENCE_NOT_FOUND);
		assert_untouched(&r, &before);
		wr_free(&before);
		rig_off(&r);
	}
}

/* From inside: only into this container, without anything that reaches further. */
static void test_from_inside(void **state)
{
	static const struct row refused[] = {
		{ "load into another", INS_INSTALL, 0x0200,
		    "09A00000006203010C0810" BOX2 "000000" },
		{ "load into the ISD", INS_INSTALL, 0x0200, "09A00000006203010C0808" ISD "000000" },
		{ "into one that is not", INS_INSTALL, 0x0200,
		    "09A00000006203010C0808F0F0F0F0F0F0F0F0000000" },
		{ "load another's name", INS_INSTALL, 0x0200, "09" OUTER "00000000" },
		{ "a domain", INS_INSTALL, 0x0C00,
		    "07" DOMAIN_PACKAGE "08" DOMAIN_MODULE "05F1F1F1F1F1018002C90000" },
		{ "a taken name", INS_INSTALL, 0x0C00,
		    "09" INNER "0A" INNER_APP "0A" OUTER_APP "010002C90000" },
		{ "selected implicitly", INS_INSTALL, 0x0C00,
		    "09" INNER "0A" INNER_APP "05F1F1F1F1F1010007C900EF03CF014000" },
		{ "a global service", INS_INSTALL, 0x0C00,
		    "09" INNER "0A" INNER_APP "05F1F1F1F1F1010008C900EF04CB02A00000" },
		{ "from the operator's package", INS_INSTALL, 0x0C00,
		    "09" OUTER "0A" OUTER_APP "05F1F1F1F1F1010002C90000" },
		{ "a privilege later", INS_INSTALL, 0x4000, "00000A" INNER_APP "01040000" },
		{ "implicitly later", INS_INSTALL, 0x4000, "00000A" INNER_APP "0005EF03CF014000" },
		{ "the card's own restriction", INS_INSTALL, 0x4000, "0000000005EF03D9010200" },
		{ "delete the container", INS_DELETE, 0x0080, "4F10" BOX },
		{ "delete the operator's", INS_DELETE, 0x0080, "4F09" OUTER },
		{ "lock the other", INS_SET_STATUS, 0x4080, BOX2 },
		{ "lock the ISD's", INS_SET_STATUS, 0x4080, OUTER_APP },
		{ "lock the card", INS_SET_STATUS, 0x807F, "" },
		{ "end the card", INS_SET_STATUS, 0x80FF, "" },
	};
	static const uint32_t privileges[] = { 0x400000, 0x200000, 0x100000, 0x080000, 0x040000,
		0x020000, 0x010000, 0x008000, 0x004000, 0x002000, 0x001000, 0x000800, 0x000400,
		0x000200, 0x000100, 0x000080, 0x000040, 0x000020, 0x000010 };
	struct wr before;
	struct rig r;

	(void)state;
	town(&r);
	assert_int_equal(as_party(&r, BOX, 0x30, 0x30), SW_OK);
	before = card_file(&r);
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		uint16_t sw = say_hex(&r, refused[i].ins, refused[i].p1p2, refused[i].data);

		if (sw != SW_CONDITIONS)
			fail_msg("%s: %04X", refused[i].what, sw);
		assert_untouched(&r, &before);
	}
	for (size_t i = 0; i < sizeof(privileges) / sizeof(privileges[0]); i++) {
		char three[7];

		snprintf(three, sizeof(three), "%06X", privileges[i]);
		assert_int_equal(
		    install_applet(&r, INNER, INNER_APP, "F1F1F1F1F1", three), SW_CONDITIONS);
	}
	assert_untouched(&r, &before);
	wr_free(&before);
	assert_int_equal(install_applet(&r, INNER, INNER_APP, "F1F1F1F1F1", "00"), SW_OK);
	assert_int_equal(delete_aid(&r, "F1F1F1F1F1", 0), SW_OK);
	/* a package that is linked with the operator's */
	{
		struct package_of p = { "A00000006203010C09", { NULL }, { OUTER }, 1, 0, 0, 0 };

		assert_int_equal(load_package(&r, &p, ""), SW_CONDITIONS);
		p.imports[0] = INNER;
		assert_int_equal(load_package(&r, &p, ""), SW_OK);
	}
	rig_off(&r);
}

/* A package that a party loads under a name of the platform's stands for nobody else's. */
static void test_platform_names(void **state)
{
	static const char *const framework = "A0000000620101";
	struct package_of p = { framework, { NULL }, { NULL }, 1, 0, 0, 0 };
	struct package_of q = { "F0000000B203010C06", { NULL }, { framework }, 1, 0, 0, 0 };
	struct rig r;

	(void)state;
	town(&r);
	assert_int_equal(load_package(&r, &p, ""), SW_OK);
	as_operator(&r);
	assert_int_equal(load_package(&r, &q, ""), SW_OK);
	rig_off(&r);
}

static void test_prefix(void **state)
{
	struct grant_spec g = { .who = "acme", .rights = 7, .prefix = "A000000062030A" };
	struct package_of p = { "A000000062030A01", { "A000000062030A0101" }, { NULL }, 1, 0, 0,
		0 };
	struct rig r;

	(void)state;
	box_on(&r, 0x70);
	become_party(&r, &g, 0x30);
	assert_int_equal(as_party(&r, BOX, 0x30, 0x30), SW_OK);
	assert_int_equal(load_package(&r, &inner, ""), SW_CONDITIONS);
	assert_int_equal(load_package(&r, &p, ""), SW_OK);
	assert_int_equal(
	    install_applet(&r, p.aid, p.applets[0], "F1F1F1F1F1", "00"), SW_CONDITIONS);
	assert_int_equal(install_applet(&r, p.aid, p.applets[0], p.applets[0], "00"), SW_OK);
	rig_off(&r);
}

/* ---- what is told ---- */

/* Answers of the same commands to the same outsider, one after the other. */
static void listen(struct rig *r, enum outsider who, struct wr *w)
{
	static const uint16_t tags[] = { TAG_APPLICATION_LIST, TAG_RESOURCES, TAG_CARD_DATA,
		TAG_CAPABILITIES, TAG_KEY_INFORMATION, TAG_CONFIRMATION_COUNTER };
	static const uint8_t kinds[] = { 0x80, 0x40, 0x20, 0x10 };
	struct span answer = { NULL, 0 };
	uint16_t sw;

	enter(r, who);
	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
		sw = say(r, INS_GET_DATA, tags[i], span_of(NULL, 0), &answer);
		wr_u16(w, sw);
		if (sw == SW_OK)
			wr_put(w, answer);
	}
	for (size_t i = 0; i < sizeof(kinds); i++) {
		sw = say(
		    r, INS_GET_STATUS, (uint16_t)(kinds[i] << 8 | 2), unit_bytes("4F00"), &answer);
		wr_u16(w, sw);
		if (sw == SW_OK)
			wr_put(w, answer);
	}
}

/* And what anybody hears without keys. */
static void overhear(struct rig *r, struct wr *w)
{
	static const char *const commands[] = { "80CA2F0000", "80CAFF2100", "80CAFF7300",
		"00A4040004F043415200", "00A4040005F0000000A200", "00A4040202F04300",
		"00A4040209F0000000A203010C0100", "00A4040006A0000001515300", "00A40402" };

	assert_int_equal(select_aid(r, ISD), SW_OK);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		rig_hex(r, commands[i]);
		wr_bytes(w, r->answer, r->answer_n);
	}
}

/* The same card with the container and without: nobody outside hears a difference. */
static void test_nothing_to_hear(void **state)
{
	struct wr heard[2] = { wr_grow(1 << 16), wr_grow(1 << 16) };

	(void)state;
	for (int with = 0; with < 2; with++) {
		struct rig r;
		struct aid aid = aid_of(BOX);

		town(&r);
		if (with == 0) {
			as_operator(&r);
			assert_int_equal(delete_aid(&r, BOX, DELETE_RELATED), SW_OK);
			assert_null(chip_app(r.v, &aid));
		}
		listen(&r, PARTY, &heard[with]);
		overhear(&r, &heard[with]);
		rig_off(&r);
	}
	assert_span(wr_span(&heard[1]), wr_span(&heard[0]));
	assert_nothing_told(NULL, wr_span(&heard[1]));
	wr_free(&heard[0]);
	wr_free(&heard[1]);
}

/* The issuer hears of the container itself, and of the memory that is left; nothing of what is in
 * it. So does who has the Global Registry privilege, but for the memory. */
static void test_issuer_hears(void **state)
{
	struct status_entry s;
	struct span answer;
	uint32_t left;
	struct rig r;

	(void)state;
	town(&r);
	left = content_free(r.v);
	for (int who = OPERATOR; who <= GLOBAL_DOMAIN; who += 2) {
		enter(&r, (enum outsider)who);
		assert_true(status_of(&r, 0x40, BOX, &s));
		assert_false(status_of(&r, 0x40, INNER_APP, &s));
		assert_false(status_of(&r, 0x20, INNER, &s));
		assert_true(status_of(&r, 0x20, OUTER, &s));
		assert_int_equal(
		    say(&r, INS_GET_DATA, TAG_RESOURCES, span_of(NULL, 0), &answer), SW_OK);
		assert_int_equal(get_u32(&answer.p[8]) == left, who == OPERATOR);
	}
	/* its own registry is all that a party has */
	assert_int_equal(as_party(&r, BOX, 0x30, 0x30), SW_OK);
	assert_true(status_of(&r, 0x40, BOX, &s));
	assert_true(status_of(&r, 0x40, INNER_APP, &s));
	assert_true(status_of(&r, 0x20, INNER, &s));
	assert_false(status_of(&r, 0x40, BOX2, &s));
	assert_false(status_of(&r, 0x40, OUTER_APP, &s));
	assert_false(status_of(&r, 0x80, ISD, &s));
	assert_int_equal(say(&r, INS_GET_DATA, TAG_RESOURCES, span_of(NULL, 0), &answer), SW_OK);
	assert_int_equal(answer.p[5], 1);
	{
		struct aid aid = aid_of(BOX);

		assert_int_equal(get_u32(&answer.p[8]), 20000 - content_used_under(r.v, &aid));
	}
	rig_off(&r);
}

/* GET DATA in a container without a session. */
static void test_stranger_reads(void **state)
{
	static const struct {
		const char *command;
		uint16_t sw;
	} rows[] = {
		{ "80CA006600", SW_OK },
		{ "80CA006700", SW_OK },
		{ "80CABF2106A60483021101", SW_OK },
		{ "80CABF2106A60483021301", SW_REFERENCE_NOT_FOUND },
		{ "80CAFF7300", SW_SECURITY_STATUS },
		{ "80CA00C100", SW_SECURITY_STATUS },
		{ "80CA00E000", SW_SECURITY_STATUS },
		{ "80CA004200", SW_SECURITY_STATUS },
		{ "80CA004500", SW_REFERENCE_NOT_FOUND },
		{ "80CADF0100", SW_REFERENCE_NOT_FOUND },
		{ "80CADF0200", SW_REFERENCE_NOT_FOUND },
		{ "00CADF0100", SW_REFERENCE_NOT_FOUND },
		{ "80CAFF2100", SW_REFERENCE_NOT_FOUND },
		{ "80CA2F0000", SW_REFERENCE_NOT_FOUND },
		{ "80CA00C200", SW_REFERENCE_NOT_FOUND },
		{ "80CA00CF00", SW_REFERENCE_NOT_FOUND },
		{ "80CAFF3300", SW_REFERENCE_NOT_FOUND },
		{ "80CAFF7000", SW_REFERENCE_NOT_FOUND },
		{ "80F2400202", SW_SECURITY_STATUS },
	};
	struct rig r;

	(void)state;
	town(&r);
	assert_int_equal(say_hex(&r, INS_STORE_DATA, 0x9000, "420142"), SW_OK);
	assert_int_equal(select_aid(&r, BOX), SW_OK);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint16_t sw = rig_hex(&r, rows[i].command);

		if (sw != rows[i].sw && i + 1 < sizeof(rows) / sizeof(rows[0]))
			fail_msg("%s: %04X", rows[i].command, sw);
		assert_nothing_told(&r, rig_answer(&r));
	}
	rig_off(&r);
}

/* ---- lock, SELECT ---- */

static void test_lock(void **state)
{
	struct scp party;
	struct rig r;

	(void)state;
	town(&r);
	/* a session of the party on channel 1, its application on channel 2 */
	assert_int_equal(rig_hex(&r, "0070000100"), SW_OK);
	assert_int_equal(rig_hex(&r, "0070000200"), SW_OK);
	r.channel = 2;
	assert_int_equal(select_aid(&r, INNER_APP), SW_OK);
	r.channel = 1;
	assert_int_equal(as_party(&r, BOX, 0x30, 0x30), SW_OK);
	party = r.host;
	memset(&r.host, 0, sizeof(r.host));
	r.channel = 0;
	as_operator(&r);
	assert_int_equal(say_hex(&r, INS_SET_STATUS, 0x6080, BOX), SW_OK);
	assert_int_equal(r.v->channel[1].session, CHANNEL_IDLE);
	assert_false(r.v->channel[2].app);
	assert_int_equal(select_aid(&r, BOX), SW_NOT_FOUND);
	assert_int_equal(select_aid(&r, INNER_APP), SW_NOT_FOUND);
	as_operator(&r);
	assert_int_equal(say_hex(&r, INS_SET_STATUS, 0x6000, BOX), SW_OK);
	assert_int_equal(select_aid(&r, INNER_APP), SW_OK);
	assert_int_equal(as_party(&r, BOX, 0x30, 0x30), SW_OK);
	assert_int_equal(object_get_is(&r, 1, span_str(secret)), SW_OK);
	/* its own lock is its own, and no unlocking of the container's undoes it */
	assert_int_equal(say_hex(&r, INS_SET_STATUS, 0x4080, INNER_APP), SW_OK);
	assert_int_equal(say_hex(&r, INS_SET_STATUS, 0x6080, BOX), SW_CONDITIONS);
	assert_int_equal(say_hex(&r, INS_SET_STATUS, 0x4080, BOX), SW_OK);
	assert_int_equal(r.v->channel[0].session, CHANNEL_IDLE);
	as_operator(&r);
	assert_int_equal(say_hex(&r, INS_SET_STATUS, 0x6000, BOX), SW_OK);
	assert_int_equal(select_aid(&r, INNER_APP), SW_NOT_FOUND);
	scp_wipe(&party);
	rig_off(&r);
}

/* Who keeps it selected does not keep it: deleting ends that. */
static void test_delete(void **state)
{
	struct aid aid = aid_of(BOX), app = aid_of(INNER_APP);
	struct rig r;

	(void)state;
	town(&r);
	assert_int_equal(rig_hex(&r, "0070000100"), SW_OK);
	r.channel = 1;
	assert_int_equal(as_party(&r, BOX, 0x30, 0x30), SW_OK);
	scp_wipe(&r.host);
	r.channel = 0;
	as_operator(&r);
	assert_int_equal(delete_aid(&r, BOX, DELETE_RELATED), SW_OK);
	assert_null(chip_app(r.v, &aid));
	assert_null(chip_app(r.v, &app));
	assert_null(box(&r, BOX));
	assert_int_equal(chip_keys_count(r.v, &aid), 0);
	assert_int_equal(r.v->channel[1].session, CHANNEL_IDLE);
	assert_int_equal(r.v->chip.containers.issuer_n, 1); /* serials stay */
	assert_lasting(&r);
	rig_off(&r);
}

/* ---- everything there is ---- */

/* What belongs to the container in the card's memory, as records. */
static struct wr holdings(struct rig *r)
{
	struct aid aid = aid_of(BOX), app = aid_of(INNER_APP), package = aid_of(INNER);
	const struct card_load_file *f = chip_load_file(r->v, &package);
	struct wr w = wr_grow(1 << 20);
	struct span object;

	assert_non_null(f);
	assert_non_null(box(r, BOX));
	wr_bytes(&w, box(r, BOX), sizeof(struct card_container));
	wr_bytes(&w, chip_app(r->v, &app), sizeof(struct card_app));
	wr_bytes(&w, chip_app(r->v, &aid), sizeof(struct card_app));
	wr_put(&w, wr_span(&f->data));
	if (chip_keys(r->v, &aid, 0x30) != NULL)
		wr_bytes(&w, &chip_keys(r->v, &aid, 0x30)->keys, sizeof(struct key_set));
	assert_true(chip_object(r->v, &aid, 0xDF01, &object));
	wr_put(&w, object);
	wr_u32(&w, container_objects_take(r->v, &aid));
	assert_true(wr_ok(&w));
	return w;
}

/* The operator may lock and delete it; that is not tried here. */
static bool is_theirs(uint8_t ins, uint8_t p1)
{
	return ins == INS_SET_STATUS && (p1 == 0x40 || p1 == 0x60);
}

static void every_command(bool sealed)
{
	static const uint8_t p1s[] = { 0x00, 0x01, 0x02, 0x04, 0x08, 0x0C, 0x0E, 0x10, 0x20, 0x30,
		0x40, 0x74, 0x80, 0x90, 0xBF, 0xDF, 0xFF };
	static const char *const data[] = { "4F10" BOX, BOX, "000010" BOX "000000",
		"0A" INNER_APP "10" BOX "0A" INNER_APP "010002C90000", "DF0101AA",
		"BF7315800102"
		"4F10" BOX "9A01" };
	struct wr before;
	struct rig r;

	town(&r);
	if (sealed) {
		as_operator(&r);
		assert_int_equal(revoke_party(&r, BOX, "ACME", true), SW_OK);
	}
	before = holdings(&r);
	for (enum outsider who = OPERATOR; who < OUTSIDERS; who++) {
		enter(&r, who);
		for (unsigned n = 0; n < 256 * sizeof(p1s) * 6; n++) {
			uint8_t ins = (uint8_t)(n / 6 / sizeof(p1s)), p1 = p1s[n / 6 % sizeof(p1s)];
			struct span answer = { NULL, 0 };

			if (is_theirs(ins, p1) || ins == INS_MANAGE_CHANNEL)
				continue;
			if (r.v->channel[0].session != CHANNEL_UNICAST)
				enter(&r, who);
			{
				struct capdu c = { .cla = 0x80,
					.ins = ins,
					.p1 = p1,
					.p2 = 0,
					.data = unit_bytes(data[n % 6]),
					.le = 256 };
				uint8_t room[300];
				struct wr w = wr_fixed(room, sizeof(room));
				struct wr plain = wr_fixed(r.plain, sizeof(r.plain));
				struct rapdu got = { 0 };

				assert_true(scp_seal_command(&r.host, &c, &w));
				rig_raw(&r, wr_span(&w));
				if (scp_open_response(&r.host, span_of(r.answer, r.answer_n), &got,
					&plain) == SCP_OK)
					answer = got.data;
				assert_nothing_told(&r, answer);
			}
			if (n % 64 == 0) {
				struct wr now = holdings(&r);

				assert_int_equal(now.n, before.n);
				if (memcmp(now.p, before.p, now.n) != 0)
					fail_msg("%s: by %02X %02X", names[who], ins, p1);
				wr_free(&now);
			}
		}
	}
	/* and a stranger, with the container selected */
	for (unsigned n = 0; n < 256 * sizeof(p1s); n++) {
		uint8_t command[] = { 0x80, (uint8_t)(n / sizeof(p1s)), p1s[n % sizeof(p1s)], 0,
			0 };

		assert_int_equal(select_aid(&r, BOX), SW_OK);
		rig_raw(&r, SPAN(command));
		assert_nothing_told(&r, rig_answer(&r));
	}
	{
		struct wr now = holdings(&r);

		assert_memory_equal(now.p, before.p, now.n);
		wr_free(&now);
	}
	wr_free(&before);
	if (sealed)
		become_party(&r, &acme, 0x30);
	assert_int_equal(as_party(&r, BOX, 0x30, 0x30), SW_OK);
	assert_int_equal(object_get_is(&r, 1, span_str(secret)), SW_OK);
	rig_off(&r);
}

static void test_every_command(void **state)
{
	(void)state;
	every_command(false);
}

/* Behind a revocation that kept what was there. */
static void test_every_command_sealed(void **state)
{
	(void)state;
	every_command(true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_walled),
		cmocka_unit_test(test_walled_before_the_claim),
		cmocka_unit_test(test_keys_of_others),
		cmocka_unit_test(test_no_keys_at_all),
		cmocka_unit_test(test_from_inside),
		cmocka_unit_test(test_platform_names),
		cmocka_unit_test(test_prefix),
		cmocka_unit_test(test_nothing_to_hear),
		cmocka_unit_test(test_issuer_hears),
		cmocka_unit_test(test_stranger_reads),
		cmocka_unit_test(test_lock),
		cmocka_unit_test(test_delete),
		cmocka_unit_test(test_every_command),
		cmocka_unit_test(test_every_command_sealed),
	};

	return cmocka_run_group_tests(tests, party_open_vectors, party_close_vectors);
}
