/*
 * The wall of containers.md 6, row by row, as the operator, another party, other domains and a
 * stranger meet it: what they are answered, that the card's memory is what it was, and that nothing
 * of the container is in an answer. Every command there is, and who works together:
 * container_adversary_test.c.
 */
#include "container_town.h"

#include "tlv/tlv.h"
#include "vcard/containers/containers.h"
#include "vcard/core/record.h"

static uint16_t try_row(struct rig *r, const struct row *w)
{
	struct span answer = { NULL, 0 };
	uint16_t sw = say(r, w->ins, w->p1p2, unit_bytes(w->data), &answer);

	assert_nothing_told(answer);
	return sw;
}

/* Every row, in the session that is open; the file stays as it is. */
static void try_rows(struct rig *r, const char *who)
{
	struct wr before = card_file(r);

	for (size_t i = 0; i < walled_n; i++) {
		uint16_t sw = try_row(r, &walled[i]);

		if (sw != SW_CONDITIONS && !row_may_miss(&walled[i]))
			fail_msg("%s, %s: %04X", who, walled[i].what, sw);
		assert_untouched(r, &before);
	}
	/* a package that is linked with one of its */
	assert_int_equal(load_package(r, &town_importing, ""), SW_CONDITIONS);
	assert_untouched(r, &before);
	wr_free(&before);
}

static void test_walled(void **state)
{
	struct rig r;

	(void)state;
	town(&r);
	for (enum outsider who = OPERATOR; who < OUTSIDERS; who++) {
		enter(&r, who);
		try_rows(&r, town_names[who]);
	}
	rig_off(&r);
}

/* Nor behind a revocation that kept what was there, while it waits for nobody or for its party. */
static void test_walled_sealed(void **state)
{
	struct rig r;

	(void)state;
	town(&r);
	as_operator(&r);
	assert_int_equal(revoke_party(&r, BOX, "ACME", true), SW_OK);
	for (int waits = 0; waits < 2; waits++) {
		for (enum outsider who = OPERATOR; who < OUTSIDERS; who++) {
			enter(&r, who);
			try_rows(&r, town_names[who]);
		}
		as_operator(&r);
		if (waits == 0)
			assert_int_equal(place_grant(&r, grant_of(&town_acme), 0), SW_OK);
	}
	rig_off(&r);
}

/* Without a session the rows are nobody's, wherever they are sent. */
static void test_walled_without_session(void **state)
{
	static const char *const places[] = { ISD, BOX, BOX2, PLAIN, INNER_APP, OUTER_APP };
	struct wr before;
	struct rig r;

	(void)state;
	town(&r);
	before = card_file(&r);
	for (size_t n = 0; n < sizeof(places) / sizeof(places[0]); n++)
		for (size_t i = 0; i < walled_n; i++) {
			uint16_t sw;

			assert_int_equal(select_aid(&r, places[n]), SW_OK);
			sw = rig_send(
			    &r, 0x80, walled[i].ins, walled[i].p1p2, unit_bytes(walled[i].data));
			if (sw == SW_OK)
				fail_msg("%s: %s", places[n], walled[i].what);
			assert_nothing_told(rig_answer(&r));
		}
	assert_untouched(&r, &before);
	wr_free(&before);
	rig_off(&r);
}

/* It is closed from the placing on, before anybody has claimed it. */
static void test_walled_before_the_claim(void **state)
{
	struct wr before;
	struct rig r;

	(void)state;
	box_on(&r, 0x70);
	town_domains(&r);
	as_operator(&r);
	assert_int_equal(load_package(&r, &town_outer, ""), SW_OK);
	assert_int_equal(install_applet(&r, OUTER, OUTER_APP, OUTER_APP, "00"), SW_OK);
	assert_int_equal(place_grant(&r, grant_of(&town_acme), 0), SW_OK);
	for (enum outsider who = OPERATOR; who < OUTSIDERS; who++) {
		if (who == PARTY)
			continue;
		enter(&r, who);
		before = card_file(&r);
		for (size_t i = 0; i < walled_n; i++) {
			if (strstr(walled[i].data, INNER) != NULL)
				continue;
			if (try_row(&r, &walled[i]) != SW_CONDITIONS)
				fail_msg("%s, %s", town_names[who], walled[i].what);
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
			assert_int_equal(place_grant(&r, grant_of(&town_acme), 0), SW_OK);
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
	assert_int_equal(load_package(&r, &town_inner, ""), SW_CONDITIONS);
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
	assert_nothing_told(wr_span(&heard[1]));
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
		assert_nothing_told(rig_answer(&r));
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
	/* the operator is still outside */
	try_rows(&r, "operator behind the unlocking");
	r.keys = r.issue.keys;
	assert_int_equal(select_aid(&r, BOX), SW_OK);
	assert_int_equal(rig_initialize(&r, 0x30), 1);
	assert_int_equal(rig_initialize(&r, 0x00), SW_REFERENCE_NOT_FOUND);
	assert_int_equal(select_aid(&r, INNER_APP), SW_OK);
	assert_int_equal(as_party(&r, BOX, 0x30, 0x30), SW_OK);
	assert_int_equal(object_get_is(&r, 1, span_str(town_secret)), SW_OK);
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

/* A package of which there is no application is behind the wall all the same. */
static void test_package_alone(void **state)
{
	struct rig r;

	(void)state;
	town(&r);
	assert_int_equal(as_party(&r, BOX, 0x30, 0x30), SW_OK);
	assert_int_equal(delete_aid(&r, INNER_APP, DELETE_OBJECT), SW_OK);
	for (int who = 0; who < OUTSIDERS; who++) {
		enter(&r, (enum outsider)who);
		assert_int_equal(delete_aid(&r, INNER, DELETE_OBJECT), SW_CONDITIONS);
		assert_int_equal(delete_aid(&r, INNER, DELETE_RELATED), SW_CONDITIONS);
	}
	assert_int_equal(as_party(&r, BOX, 0x30, 0x30), SW_OK);
	assert_int_equal(delete_aid(&r, INNER, DELETE_OBJECT), SW_OK);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_walled),
		cmocka_unit_test(test_walled_before_the_claim),
		cmocka_unit_test(test_walled_sealed),
		cmocka_unit_test(test_walled_without_session),
		cmocka_unit_test(test_keys_of_others),
		cmocka_unit_test(test_no_keys_at_all),
		cmocka_unit_test(test_from_inside),
		cmocka_unit_test(test_platform_names),
		cmocka_unit_test(test_prefix),
		cmocka_unit_test(test_nothing_to_hear),
		cmocka_unit_test(test_issuer_hears),
		cmocka_unit_test(test_stranger_reads),
		cmocka_unit_test(test_lock),
		cmocka_unit_test(test_package_alone),
		cmocka_unit_test(test_delete),
	};

	return cmocka_run_group_tests(tests, party_open_vectors, party_close_vectors);
}
