/* GET STATUS in all forms and by pages, SET STATUS, SELECT of what is in the registry. */
#include "content_rig.h"

#define OTHER "A00000006203010C0109"

static const struct span none = { NULL, 0 };
static const struct package_of hello = { .aid = PACKAGE,
	.applets = { APPLET },
	.imports = { "A0000000620101" },
	.major = 1,
	.minor = 2 };

static uint8_t state_of(const struct rig *r, const char *aid)
{
	struct aid a = aid_of(aid);

	return chip_app(r->v, &a)->state;
}

static void set_up(struct rig *r)
{
	content_on(r);
	assert_int_equal(load_package(r, &hello, ""), SW_OK);
	assert_int_equal(install_applet(r, PACKAGE, APPLET, APPLET, "00"), SW_OK);
	personal_domain(r, DOMAIN, "80");
}

static void forms(void **state)
{
	static const struct {
		uint16_t p1p2;
		const char *data, *answer; /* NULL: 6A88 */
	} asked[] = {
		{ 0x8000, "4F00", "08" ISD "0F9E" },
		{ 0x4000, "4F00",
		    "07" TRUST "0700"
		    "0A" APPLET "0700"
		    "08" DOMAIN "0F80" },
		{ 0x2000, "4F00",
		    "07" DOMAIN_PACKAGE "0100"
		    "09" PACKAGE "0100" },
		{ 0x1000, "4F09" PACKAGE,
		    "09" PACKAGE "0100"
		    "01"
		    "0A" APPLET },
		{ 0xC000, "4F00",
		    "08" ISD "0F9E"
		    "07" TRUST "0700"
		    "0A" APPLET "0700"
		    "08" DOMAIN "0F80" },
		{ 0x4002, "4F08" DOMAIN,
		    "E3264F08" DOMAIN "9F70010FC503808000C407" DOMAIN_PACKAGE "CC08" ISD },
		{ 0x4002, "4F0A" APPLET "5C05 4F9F70C5C4",
		    "E3204F0A" APPLET "9F700107C503000000C409" PACKAGE },
		{ 0x4002, "4F0A" APPLET "5C014F", "E3154F0A" APPLET "9F700107C503000000" },
		{ 0x1002, "4F09" PACKAGE "5C0184", "E31B4F09" PACKAGE "9F700101840A" APPLET },
		{ 0x3002, "4F09" PACKAGE "5C02CE84",
		    "E31F4F09" PACKAGE "9F700101CE020102840A" APPLET },
		{ 0x2002, "4F09" PACKAGE "5C02CE84", "E3134F09" PACKAGE "9F700101CE020102" },
		{ 0x8002, "4F01B0", NULL },
		{ 0x4002, "4F0A" OTHER, NULL },
		/* by other criteria */
		{ 0x4002, "4F00 9F70010F 5C00", NULL },
		{ 0x4002, "4F00 9F70010F 5C014F", "E3134F08" DOMAIN "9F70010FC503808000" },
		{ 0x4002, "4F00 C50180 5C014F", "E3134F08" DOMAIN "9F70010FC503808000" },
		{ 0x4002, "4F00 C409" PACKAGE "5C014F", "E3154F0A" APPLET "9F700107C503000000" },
		{ 0x4002, "4F00 CC08" DOMAIN, NULL },
	};
	struct span answer;
	struct rig r;

	(void)state;
	set_up(&r);
	for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
		uint16_t sw =
		    say(&r, INS_GET_STATUS, asked[i].p1p2, unit_bytes(asked[i].data), &answer);

		if (i == 13) /* an empty list is none: everything is told */
			assert_int_equal(sw, SW_OK);
		else if (asked[i].answer == NULL)
			assert_int_equal(sw, SW_REFERENCE_NOT_FOUND);
		else
			assert_span(answer, unit_bytes(asked[i].answer));
	}
	assert_int_equal(say_hex(&r, INS_GET_STATUS, 0x8802, "4F00"), SW_WRONG_P1P2);
	assert_int_equal(say_hex(&r, INS_GET_STATUS, 0x0002, "4F00"), SW_WRONG_P1P2);
	assert_int_equal(say_hex(&r, INS_GET_STATUS, 0x8004, "4F00"), SW_WRONG_P1P2);
	assert_int_equal(say_hex(&r, INS_GET_STATUS, 0x8002, "5C014F"), SW_WRONG_DATA);
	assert_int_equal(say_hex(&r, INS_GET_STATUS, 0x8002, "4F00 5C05"), SW_WRONG_DATA);
	assert_int_equal(say_hex(&r, INS_GET_STATUS, 0x8002, "4F11" ISD ISD "00"), SW_WRONG_DATA);
	assert_int_equal(say_hex(&r, INS_GET_STATUS, 0x8002, ""), SW_WRONG_LENGTH);
	rig_off(&r);
}

/* Everything, page by page; entries counted; the number of commands in *pages. */
static size_t walk(struct rig *r, uint8_t p1, uint8_t p2, size_t *pages)
{
	struct status_entry s;
	struct span answer;
	size_t n = 0;
	uint16_t sw;

	*pages = 0;
	do {
		struct rd in;

		sw = say(r, INS_GET_STATUS, (uint16_t)(p1 << 8 | p2 | (*pages > 0)),
		    unit_bytes("4F00"), &answer);
		assert_true(sw == SW_OK || sw == SW_MORE_DATA);
		assert_true(answer.n > 0);
		in = rd_of(answer);
		while (rd_left(&in) > 0) {
			if ((p2 & STATUS_FIRST) != 0)
				assert_true(status_entry_next(&in, &s));
			else
				assert_true(status_old_next(&in, p1, &s));
			n++;
		}
		(*pages)++;
	} while (sw == SW_MORE_DATA);
	return n;
}

static void pages(void **state)
{
	static const uint16_t sizes[] = { 0, 1, 40, 100, 2000 };
	char app[32];
	size_t n;
	struct rig r;

	(void)state;
	for (size_t k = 0; k < sizeof(sizes) / sizeof(sizes[0]); k++) {
		rig_issue(&r, 16, 0x70);
		r.issue.page = sizes[k];
		rig_on(&r);
		content_session(&r);
		assert_int_equal(load_package(&r, &hello, ""), SW_OK);
		for (unsigned i = 0; i < 25; i++) {
			snprintf(app, sizeof(app), "A0000000620302%02X", i);
			assert_int_equal(install_applet(&r, PACKAGE, APPLET, app, "00"), SW_OK);
		}
		assert_int_equal(walk(&r, STATUS_APPLICATIONS, STATUS_FIRST, &n), 26);
		assert_true(sizes[k] == 1 || sizes[k] == 40 ? n == 26
			    : sizes[k] == 2000              ? n == 1
							    : n > 1 && n < 26);
		assert_int_equal(walk(&r, STATUS_APPLICATIONS, STATUS_FIRST_OLD, &n), 26);
		assert_int_equal(walk(&r, 0xF0, STATUS_FIRST, &n), 29);
		/* the option lasts */
		assert_lasting(&r);
		assert_int_equal(r.v->chip.content.page, sizes[k]);
		rig_off(&r);
	}
}

static void next_without_first(void **state)
{
	struct rig r;

	(void)state;
	rig_issue(&r, 16, 0x70);
	r.issue.page = 1;
	rig_on(&r);
	content_session(&r);
	assert_int_equal(say_hex(&r, INS_GET_STATUS, 0xF003, "4F00"), SW_CONDITIONS);
	assert_int_equal(say_hex(&r, INS_GET_STATUS, 0xF002, "4F00"), SW_MORE_DATA);
	assert_int_equal(say_hex(&r, INS_GET_STATUS, 0xC003, "4F00"), SW_CONDITIONS);
	assert_int_equal(say_hex(&r, INS_GET_STATUS, 0xF003, "4F00"), SW_CONDITIONS);
	assert_int_equal(say_hex(&r, INS_GET_STATUS, 0xF002, "4F00"), SW_MORE_DATA);
	assert_int_equal(say_hex(&r, INS_GET_STATUS, 0xF001, "4F00"), SW_CONDITIONS);
	assert_int_equal(say_hex(&r, INS_GET_STATUS, 0xF002, "4F00"), SW_MORE_DATA);
	assert_int_equal(say_hex(&r, INS_GET_DATA, 0x0066, ""), SW_OK);
	assert_int_equal(say_hex(&r, INS_GET_STATUS, 0xF003, "4F00"), SW_CONDITIONS);
	assert_int_equal(say_hex(&r, INS_GET_STATUS, 0xF002, "4F00"), SW_MORE_DATA);
	assert_int_equal(say_hex(&r, INS_GET_STATUS, 0xF003, "4F00"), SW_MORE_DATA);
	assert_int_equal(say_hex(&r, INS_GET_STATUS, 0xF003, "4F00"), SW_OK);
	assert_int_equal(say_hex(&r, INS_GET_STATUS, 0xF003, "4F00"), SW_CONDITIONS);
	rig_off(&r);
}

/* A domain sees itself and what is beneath it; one with Global Registry sees all. */
static void visibility(void **state)
{
	struct status_entry s;
	struct rig r;

	(void)state;
	set_up(&r);
	personal_domain(&r, DOMAIN2, "800400");
	assert_int_equal(install_applet(&r, PACKAGE, APPLET, OTHER, "00"), SW_OK);
	assert_int_equal(
	    say_hex(&r, INS_INSTALL, 0x1000, "08" DOMAIN "00 0A" OTHER "00 00 00"), SW_OK);
	assert_int_equal(rig_hex(&r, "00A4040008" DOMAIN), SW_OK);
	assert_span(rig_answer(&r), unit_bytes("6F108408" DOMAIN "A5049F6501FF"));
	content_session(&r);
	assert_true(status_of(&r, STATUS_APPLICATIONS, DOMAIN, &s));
	assert_true(status_of(&r, STATUS_APPLICATIONS, OTHER, &s));
	assert_span(aid_span(&s.domain), unit_bytes(DOMAIN));
	assert_false(status_of(&r, STATUS_APPLICATIONS, APPLET, &s));
	assert_false(status_of(&r, STATUS_APPLICATIONS, DOMAIN2, &s));
	assert_false(status_of(&r, STATUS_ISD, ISD, &s));
	assert_false(status_of(&r, STATUS_LOAD_FILES, PACKAGE, &s));
	assert_false(status_of(&r, STATUS_LOAD_FILES, DOMAIN_PACKAGE, &s));
	assert_int_equal(rig_hex(&r, "00A4040008" DOMAIN2), SW_OK);
	content_session(&r);
	assert_true(status_of(&r, STATUS_APPLICATIONS, APPLET, &s));
	assert_true(status_of(&r, STATUS_ISD, ISD, &s));
	assert_true(status_of(&r, STATUS_LOAD_FILES, PACKAGE, &s));
	rig_off(&r);
}

static void lock_application(void **state)
{
	struct rig r;

	(void)state;
	set_up(&r);
	assert_int_equal(
	    say_hex(&r, INS_SET_STATUS, 0x4000, APPLET), SW_CONDITIONS); /* is not locked */
	assert_int_equal(say_hex(&r, INS_SET_STATUS, 0x4080, APPLET), SW_OK);
	assert_int_equal(state_of(&r, APPLET), APP_SELECTABLE | APP_LOCKED);
	assert_int_equal(say_hex(&r, INS_SET_STATUS, 0x4083, APPLET), SW_CONDITIONS);
	assert_lasting(&r);
	assert_int_equal(rig_hex(&r, "00A404000A" APPLET), SW_NOT_FOUND);
	content_session(&r);
	assert_int_equal(say_hex(&r, INS_SET_STATUS, 0x4007, APPLET), SW_OK);
	assert_int_equal(state_of(&r, APPLET), APP_SELECTABLE);
	/* a domain keeps that it is PERSONALIZED */
	assert_int_equal(say_hex(&r, INS_SET_STATUS, 0x4080, DOMAIN), SW_OK);
	assert_int_equal(rig_hex(&r, "00A4040008" DOMAIN), SW_NOT_FOUND);
	content_session(&r);
	assert_int_equal(say_hex(&r, INS_SET_STATUS, 0x4000, DOMAIN), SW_OK);
	assert_int_equal(state_of(&r, DOMAIN), DOMAIN_PERSONALIZED);
	assert_int_equal(say_hex(&r, INS_SET_STATUS, 0x4080, OTHER), SW_REFERENCE_NOT_FOUND);
	assert_int_equal(say_hex(&r, INS_SET_STATUS, 0x4080, "A0000001"), SW_WRONG_DATA);
	assert_int_equal(say_hex(&r, INS_SET_STATUS, 0x4080, ISD), SW_CONDITIONS);
	assert_int_equal(say_hex(&r, INS_SET_STATUS, 0x2080, APPLET), SW_WRONG_P1P2);
	/* what is to work when nothing else does cannot be locked */
	assert_int_equal(install_applet(&r, PACKAGE, APPLET, OTHER, "000200"), SW_OK);
	assert_int_equal(say_hex(&r, INS_SET_STATUS, 0x4080, OTHER), SW_CONDITIONS);
	rig_off(&r);
}

static void lock_domain(void **state)
{
	struct rig r;

	(void)state;
	set_up(&r);
	assert_int_equal(install_applet(&r, PACKAGE, APPLET, OTHER, "00"), SW_OK);
	assert_int_equal(
	    say_hex(&r, INS_INSTALL, 0x1000, "08" DOMAIN "00 0A" OTHER "00 00 00"), SW_OK);
	assert_int_equal(say_hex(&r, INS_SET_STATUS, 0x6080, APPLET), SW_WRONG_DATA);
	assert_int_equal(say_hex(&r, INS_SET_STATUS, 0x6080, ISD), SW_CONDITIONS);
	assert_int_equal(say_hex(&r, INS_SET_STATUS, 0x6080, "A000000009"), SW_REFERENCE_NOT_FOUND);
	assert_int_equal(say_hex(&r, INS_SET_STATUS, 0x6000, DOMAIN), SW_CONDITIONS);
	assert_int_equal(say_hex(&r, INS_SET_STATUS, 0x6080, DOMAIN), SW_OK);
	assert_int_equal(state_of(&r, DOMAIN), DOMAIN_PERSONALIZED | APP_LOCKED);
	assert_int_equal(state_of(&r, OTHER), APP_SELECTABLE | APP_LOCKED);
	assert_int_equal(state_of(&r, APPLET), APP_SELECTABLE);
	assert_int_equal(say_hex(&r, INS_SET_STATUS, 0x6080, DOMAIN), SW_CONDITIONS);
	/* one that was unlocked by itself stays so */
	assert_int_equal(say_hex(&r, INS_SET_STATUS, 0x4000, OTHER), SW_OK);
	assert_int_equal(say_hex(&r, INS_SET_STATUS, 0x6000, DOMAIN), SW_OK);
	assert_int_equal(state_of(&r, OTHER), APP_SELECTABLE);
	assert_int_equal(state_of(&r, DOMAIN), DOMAIN_PERSONALIZED);
	/* a Final Application inside: none of it is */
	assert_int_equal(say_hex(&r, INS_INSTALL, 0x4000, "0000 0A" OTHER "03000200 00 00"), SW_OK);
	assert_int_equal(say_hex(&r, INS_SET_STATUS, 0x6080, DOMAIN), SW_CONDITIONS);
	assert_int_equal(state_of(&r, DOMAIN), DOMAIN_PERSONALIZED);
	rig_off(&r);
}

/* What a domain does to itself and to others. */
static void by_domains(void **state)
{
	struct rig r;

	(void)state;
	content_on(&r);
	assert_int_equal(load_package(&r, &hello, ""), SW_OK);
	assert_int_equal(install_applet(&r, PACKAGE, APPLET, APPLET, "00"), SW_OK);
	assert_int_equal(install_domain(&r, DOMAIN, "80"), SW_OK);
	personal_domain(&r, DOMAIN2, "800800"); /* Global Lock */
	assert_int_equal(rig_hex(&r, "00A4040008" DOMAIN), SW_OK);
	content_session(&r);
	assert_int_equal(say_hex(&r, INS_SET_STATUS, 0x4080, APPLET), SW_CONDITIONS);
	assert_int_equal(say_hex(&r, INS_SET_STATUS, 0x6080, DOMAIN2), SW_CONDITIONS);
	assert_int_equal(say_hex(&r, INS_SET_STATUS, 0x4007, DOMAIN), SW_WRONG_DATA);
	assert_int_equal(say_hex(&r, INS_SET_STATUS, 0x400F, DOMAIN), SW_OK);
	assert_int_equal(state_of(&r, DOMAIN), DOMAIN_PERSONALIZED);
	assert_int_equal(say_hex(&r, INS_SET_STATUS, 0x400F, DOMAIN), SW_CONDITIONS);
	assert_int_equal(say(&r, INS_SET_STATUS, 0x807F, none, NULL), SW_CONDITIONS);
	assert_int_equal(say_hex(&r, INS_SET_STATUS, 0x4080, DOMAIN), SW_OK); /* itself */
	assert_int_equal(rig_hex(&r, "00A4040008" DOMAIN), SW_NOT_FOUND);
	assert_int_equal(rig_hex(&r, "00A4040008" DOMAIN2), SW_OK);
	content_session(&r);
	assert_int_equal(say_hex(&r, INS_SET_STATUS, 0x4080, APPLET), SW_OK);
	assert_int_equal(say_hex(&r, INS_SET_STATUS, 0x4000, DOMAIN), SW_OK);
	rig_off(&r);
}

/* By name, by its beginning, the next one; what is not selectable is not there. */
static void select_entries(void **state)
{
	struct rig r;

	(void)state;
	set_up(&r);
	assert_int_equal(install_applet(&r, PACKAGE, APPLET, OTHER, "00"), SW_OK);
	assert_int_equal(say_hex(&r, INS_INSTALL, 0x0400,
			     "09" PACKAGE "0A" APPLET "0AA00000006203010C0107 0100 02C900 00"),
	    SW_OK);
	assert_int_equal(rig_hex(&r, "00A4040009A00000006203010C01"), SW_OK);
	assert_int_equal(rig_answer(&r).n, 0);
	assert_span(aid_span(&r.v->channel[0].selected), unit_bytes(APPLET));
	assert_int_equal(rig_hex(&r, "80F28002024F0000"), SW_INS_NOT_SUPPORTED);
	assert_int_equal(rig_hex(&r, "0001000000"), SW_INS_NOT_SUPPORTED);
	assert_int_equal(rig_hex(&r, "80500000080102030405060708"), SW_INS_NOT_SUPPORTED);
	assert_int_equal(rig_hex(&r, "00A4040209A00000006203010C01"), SW_OK);
	assert_span(aid_span(&r.v->channel[0].selected), unit_bytes(OTHER));
	assert_int_equal(rig_hex(&r, "00A4040209A00000006203010C01"), SW_NOT_FOUND);
	assert_span(aid_span(&r.v->channel[0].selected), unit_bytes(OTHER)); /* stays */
	assert_int_equal(
	    rig_hex(&r, "00A404000AA00000006203010C0107"), SW_NOT_FOUND); /* INSTALLED */
	assert_int_equal(rig_hex(&r, "00A4040009" PACKAGE "00"), SW_OK);
	assert_int_equal(rig_hex(&r, "00A4040006A00000015153"), SW_OK); /* begins like the domain */
	assert_span(aid_span(&r.v->channel[0].selected), unit_bytes(DOMAIN));
	assert_int_equal(rig_hex(&r, "00A4040000"), SW_OK);
	assert_int_equal(rig_hex(&r, "80CA2F00025C0000"), SW_OK);
	assert_span(rig_answer(&r),
	    unit_bytes("61094F07" TRUST "610C4F0A" APPLET "610A4F08" DOMAIN "610C4F0A" OTHER));
	rig_off(&r);
}

static void implicit(void **state)
{
	struct rig r;

	(void)state;
	set_up(&r);
	assert_int_equal(install_applet(&r, PACKAGE, APPLET, OTHER, "04"), SW_OK); /* Card Reset */
	assert_int_equal(
	    say_hex(&r, INS_INSTALL, 0x4000, "0000 0A" APPLET "00 05EF03CF0142 00"), SW_OK);
	rig_cycle(&r);
	assert_span(aid_span(&r.v->channel[0].selected), unit_bytes(OTHER));
	assert_int_equal(rig_hex(&r, "80F28002024F0000"), SW_INS_NOT_SUPPORTED);
	assert_int_equal(rig_hex(&r, "0070000001"), SW_OK);
	assert_span(aid_span(&r.v->channel[1].selected), unit_bytes(OTHER));
	assert_int_equal(rig_hex(&r, "0070000200"), SW_OK);
	assert_span(aid_span(&r.v->channel[2].selected), unit_bytes(APPLET));
	assert_int_equal(rig_hex(&r, "00A4040000"), SW_OK);
	content_session(&r);
	assert_int_equal(say_hex(&r, INS_SET_STATUS, 0x4080, OTHER), SW_OK);
	rig_cycle(&r);
	assert_span(aid_span(&r.v->channel[0].selected), unit_bytes(ISD));
	rig_off(&r);
}

static void card_locked(void **state)
{
	struct rig r;

	(void)state;
	set_up(&r);
	personal_domain(&r, DOMAIN2, "90"); /* Card Lock */
	assert_int_equal(rig_hex(&r, "00A4040008" DOMAIN2), SW_OK);
	content_session(&r);
	assert_int_equal(say(&r, INS_SET_STATUS, 0x80FF, none, NULL), SW_CONDITIONS);
	assert_int_equal(say(&r, INS_SET_STATUS, 0x807F, none, NULL), SW_OK);
	/* it may lock the card, but is then as good as gone itself */
	assert_int_equal(say(&r, INS_SET_STATUS, 0x800F, none, NULL), SW_FUNCTION_NOT_SUPPORTED);
	assert_int_equal(rig_hex(&r, "00A4040008" DOMAIN2), SW_NOT_FOUND);
	assert_int_equal(rig_hex(&r, "00A404000A" APPLET), SW_NOT_FOUND);
	assert_int_equal(rig_hex(&r, "00A4040000"), 0x6283);
	content_session(&r);
	assert_int_equal(say_hex(&r, INS_GET_STATUS, 0x8002, "4F00"), SW_OK);
	assert_int_equal(say_hex(&r, INS_DELETE, 0x0000, "4F0A" APPLET), SW_FUNCTION_NOT_SUPPORTED);
	assert_int_equal(
	    say_hex(&r, INS_INSTALL, 0x0200, "09" LIBRARY "00000000"), SW_FUNCTION_NOT_SUPPORTED);
	assert_int_equal(say_hex(&r, INS_LOAD, 0x8000, "C400"), SW_FUNCTION_NOT_SUPPORTED);
	assert_int_equal(say(&r, INS_SET_STATUS, 0x800F, none, NULL), SW_OK);
	/* with the Final Application privilege elsewhere, that one is what is left */
	assert_int_equal(install_applet(&r, PACKAGE, APPLET, OTHER, "000200"), SW_OK);
	assert_int_equal(say(&r, INS_SET_STATUS, 0x807F, none, NULL), SW_OK);
	rig_cycle(&r);
	assert_span(aid_span(&r.v->channel[0].selected), unit_bytes(OTHER));
	assert_int_equal(rig_hex(&r, "00A4040000"), SW_NOT_FOUND);
	assert_int_equal(rig_hex(&r, "00A404000A" OTHER), 0x6283);
	rig_off(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(forms),
		cmocka_unit_test(pages),
		cmocka_unit_test(next_without_first),
		cmocka_unit_test(visibility),
		cmocka_unit_test(lock_application),
		cmocka_unit_test(lock_domain),
		cmocka_unit_test(by_domains),
		cmocka_unit_test(select_entries),
		cmocka_unit_test(implicit),
		cmocka_unit_test(card_locked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
