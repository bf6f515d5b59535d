/* INSTALL in all its forms but [for load]: what it does to the registry, and what is refused. */
#include "content_rig.h"

#define OTHER "A00000006203010C0109"

static const struct package_of hello = { .aid = PACKAGE,
	.applets = { APPLET },
	.imports = { "A0000000620101" },
	.major = 1,
	.minor = 0 };
static const struct package_of two = { .aid = LIBRARY,
	.applets = { "A00000006203010C0201", "A00000006203010C0202" },
	.major = 1,
	.minor = 0 };

static const struct card_app *app(const struct rig *r, const char *aid)
{
	struct aid a = aid_of(aid);

	return chip_app(r->v, &a);
}

static uint32_t isd_privileges(const struct rig *r)
{
	return chip_privileges(r->v, &r->v->chip.isd);
}

/* Data of INSTALL, in hex, P1 as given; P2 00. */
static uint16_t put(struct rig *r, uint8_t p1, const char *hex)
{
	return say_hex(r, INS_INSTALL, (uint16_t)(p1 << 8), hex);
}

static void install_refused(void **state)
{
	static const struct {
		const char *data;
		uint16_t sw;
	} bad[] = {
		/* no such load file, module, nothing of the kind */
		{ "09" LIBRARY "0A" APPLET "0A" APPLET "0100 02C900 00", SW_REFERENCE_NOT_FOUND },
		{ "09" PACKAGE "0A" OTHER "0A" APPLET "0100 02C900 00", SW_REFERENCE_NOT_FOUND },
		{ "09" PACKAGE "0A" APPLET "00 0100 02C900 00", SW_WRONG_DATA }, /* no instance */
		{ "09" PACKAGE "0A" APPLET "0A" APPLET "00 02C900 00", SW_WRONG_DATA },
		{ "09" PACKAGE "0A" APPLET "0A" APPLET "020000 02C900 00", SW_WRONG_DATA },
		{ "09" PACKAGE "0A" APPLET "0A" APPLET "0100 00 00", SW_WRONG_DATA }, /* no C9 */
		{ "09" PACKAGE "0A" APPLET "0A" APPLET "0100 02C901 00", SW_WRONG_DATA },
		{ "09" PACKAGE "0A" APPLET "0A" APPLET "0100 02C900 0101", SW_WRONG_DATA },
		{ "09" PACKAGE "0A" APPLET "0A" APPLET "0100 02C900 00 00", SW_WRONG_DATA },
		/* names that something has */
		{ "09" PACKAGE "0A" APPLET "09" PACKAGE "0100 02C900 00", SW_CONDITIONS },
		{ "09" PACKAGE "0A" APPLET "08" ISD "0100 02C900 00", SW_CONDITIONS },
		{ "09" PACKAGE "0A" APPLET "07" DOMAIN_PACKAGE "0100 02C900 00", SW_CONDITIONS },
		/* privileges that exclude each other, or are for domains */
		{ "09" PACKAGE "0A" APPLET "0A" APPLET "0180 02C900 00", SW_WRONG_DATA },
		{ "09" PACKAGE "0A" APPLET "0A" APPLET "0140 02C900 00", SW_WRONG_DATA },
		{ "09" PACKAGE "0A" APPLET "0A" APPLET "0120 02C900 00", SW_WRONG_DATA },
		{ "07" DOMAIN_PACKAGE "08" DOMAIN_MODULE "08" DOMAIN "0100 02C900 00",
		    SW_WRONG_DATA },
		{ "07" DOMAIN_PACKAGE "08" DOMAIN_MODULE "08" DOMAIN "0181 02C900 00",
		    SW_WRONG_DATA },
		{ "07" DOMAIN_PACKAGE "08" DOMAIN_MODULE "08" DOMAIN "03A04000 02C900 00",
		    SW_WRONG_DATA },
		{ "07" DOMAIN_PACKAGE "08" DOMAIN_MODULE "08" DOMAIN "03A02000 02C900 00",
		    SW_WRONG_DATA },
		{ "07" DOMAIN_PACKAGE "08" DOMAIN_MODULE "08" DOMAIN "03A00080 02C900 00",
		    SW_WRONG_DATA },
		/* memory: more than there is, more than its own quota */
		{ "09" PACKAGE "0A" APPLET "0A" APPLET "0100 0AC900EF06D80400800000 00",
		    SW_NO_MEMORY },
		{ "09" PACKAGE "0A" APPLET "0A" APPLET "0100 0AC900EF06D70400800000 00",
		    SW_NO_MEMORY },
		{ "09" PACKAGE "0A" APPLET "0A" APPLET "0100 08C900EF04C8020010 00", SW_NO_MEMORY },
		{ "09" PACKAGE "0A" APPLET "0A" APPLET "0100 0CC900EF08C7020010D7020011 00",
		    SW_NO_MEMORY },
	};
	struct rig r;

	(void)state;
	rig_issue(&r, 16, 0x70);
	r.issue.memory = 0x8000;
	rig_on(&r);
	content_session(&r);
	assert_int_equal(load_package(&r, &hello, ""), SW_OK);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(put(&r, INSTALL_AND_SELECTABLE, bad[i].data), bad[i].sw);
		assert_int_equal(put(&r, INSTALL_FOR_INSTALL, bad[i].data), bad[i].sw);
		assert_int_equal(r.v->chip.content.app_n, 0);
	}
	assert_int_equal(put(&r, INSTALL_FOR_INSTALL,
			     "09" PACKAGE "0A" APPLET "0A" APPLET "0100 07C900EF03CF0140 00"),
	    SW_WRONG_DATA); /* implicit selection of what is not selectable */
	assert_int_equal(install_applet(&r, PACKAGE, APPLET, APPLET, "00"), SW_OK);
	assert_int_equal(install_applet(&r, PACKAGE, APPLET, APPLET, "00"), SW_CONDITIONS);
	assert_int_equal(say_hex(&r, INS_INSTALL, 0x0C01, "00"), SW_WRONG_P1P2);
	assert_int_equal(say_hex(&r, INS_INSTALL, 0x0600, "00"), SW_WRONG_P1P2);
	rig_off(&r);
}

/* Without the names where there is no choice. */
static void shortened(void **state)
{
	struct rig r;

	(void)state;
	content_on(&r);
	assert_int_equal(load_package(&r, &hello, ""), SW_OK);
	assert_int_equal(load_package(&r, &two, ""), SW_OK);
	assert_int_equal(
	    put(&r, INSTALL_AND_SELECTABLE, "09" PACKAGE "00 0A" OTHER "0100 02C900 00"), SW_OK);
	assert_span(aid_span(&app(&r, OTHER)->module), unit_bytes(APPLET));
	assert_int_equal(put(&r, INSTALL_AND_SELECTABLE,
			     "00 0A A00000006203010C0202 05 A000000007 0100 02C900 00"),
	    SW_OK);
	assert_span(aid_span(&app(&r, "A000000007")->load_file), unit_bytes(LIBRARY));
	assert_int_equal(
	    put(&r, INSTALL_AND_SELECTABLE, "09" LIBRARY "00 05A000000008 0100 02C900 00"),
	    SW_REFERENCE_NOT_FOUND);
	assert_int_equal(
	    put(&r, INSTALL_AND_SELECTABLE, "07" DOMAIN_PACKAGE "00 08" DOMAIN "0180 02C900 00"),
	    SW_OK);
	/* one octet: Trusted Path is a domain's by default */
	assert_int_equal(app(&r, DOMAIN)->privileges, PRIV_SECURITY_DOMAIN | PRIV_TRUSTED_PATH);
	rig_off(&r);
}

static void make_selectable(void **state)
{
	static const char data[] = "0000 0A" APPLET "0100 00 00";
	struct rig r;

	(void)state;
	content_on(&r);
	assert_int_equal(load_package(&r, &hello, ""), SW_OK);
	assert_int_equal(put(&r, INSTALL_FOR_SELECTABLE, data), SW_REFERENCE_NOT_FOUND);
	assert_int_equal(put(&r, INSTALL_FOR_INSTALL,
			     "09" PACKAGE "0A" APPLET "0A" APPLET "0100 05C903010203 00"),
	    SW_OK);
	assert_int_equal(app(&r, APPLET)->state, APP_INSTALLED);
	assert_span(
	    span_of(app(&r, APPLET)->params, app(&r, APPLET)->params_n), unit_bytes("010203"));
	/* only Card Reset may come with it */
	assert_int_equal(
	    put(&r, INSTALL_FOR_SELECTABLE, "0000 0A" APPLET "0110 00 00"), SW_WRONG_DATA);
	assert_int_equal(
	    put(&r, INSTALL_FOR_SELECTABLE, "0000 0A" APPLET "0100 00 0101"), SW_WRONG_DATA);
	assert_int_equal(
	    put(&r, INSTALL_FOR_SELECTABLE, "0001 01 0A" APPLET "0100 00 00"), SW_WRONG_DATA);
	assert_int_equal(put(&r, INSTALL_FOR_SELECTABLE, "0000 0A" APPLET "0104 00 00"), SW_OK);
	assert_int_equal(app(&r, APPLET)->state, APP_SELECTABLE);
	assert_int_equal(app(&r, APPLET)->privileges, PRIV_CARD_RESET);
	assert_int_equal(put(&r, INSTALL_FOR_SELECTABLE, data), SW_CONDITIONS);
	assert_lasting(&r);
	rig_off(&r);
}

/* What an application is selected by, without anybody asking, and is told. */
static void implicit(void **state)
{
	struct status_entry s;
	struct rig r;

	(void)state;
	content_on(&r);
	assert_int_equal(load_package(&r, &hello, ""), SW_OK);
	assert_int_equal(put(&r, INSTALL_AND_SELECTABLE,
			     "09" PACKAGE "0A" APPLET "0A" APPLET "0104 07C900EF03CF0141 00"),
	    SW_OK);
	assert_true(status_of(&r, STATUS_APPLICATIONS, APPLET, &s));
	assert_int_equal(s.implicit_n, 1);
	assert_int_equal(s.implicit[0], 0x41);
	assert_int_equal(
	    put(&r, INSTALL_FOR_INSTALL, "09" PACKAGE "0A" APPLET "0A" OTHER "0100 02C900 00"),
	    SW_OK);
	assert_int_equal(put(&r, INSTALL_FOR_SELECTABLE, "0000 0A" OTHER "0104 00 00"),
	    SW_CONDITIONS); /* APPLET has Card Reset */
	assert_int_equal(
	    put(&r, INSTALL_FOR_SELECTABLE, "0000 0A" OTHER "0100 05EF03CF0142 00"), SW_OK);
	assert_int_equal(app(&r, OTHER)->implicit[0], 0x42);
	assert_lasting(&r);
	rig_off(&r);
}

/* C9 is kept up to a length. */
static void long_parameters(void **state)
{
	static const uint8_t long_one[HELD_PARAMS_MAX + 1] = { 7 };
	struct wr params = wr_grow(1024);
	struct install i = { .load_file = aid_of(PACKAGE),
		.module = aid_of(APPLET),
		.app = aid_of(APPLET),
		.privileges_n = 1 };
	struct rig r;

	(void)state;
	content_on(&r);
	assert_int_equal(load_package(&r, &hello, ""), SW_OK);
	for (size_t more = 2; more-- > 0;) {
		wr_reset(&params);
		wr_put(&params, unit_bytes(more == 1 ? "C9820201" : "C9820200"));
		wr_put(&params, span_of(long_one, HELD_PARAMS_MAX + more));
		i.params = wr_span(&params);
		assert_int_equal(do_install_put(&r, INSTALL_AND_SELECTABLE, INSTALL_ALONE, &i),
		    more == 1 ? SW_NO_MEMORY : SW_OK);
	}
	assert_int_equal(app(&r, APPLET)->params_n, HELD_PARAMS_MAX);
	assert_lasting(&r);
	wr_free(&params);
	rig_off(&r);
}

/* One holder only: it comes from the ISD and goes back there. */
static void single_holders(void **state)
{
	struct rig r;

	(void)state;
	content_on(&r);
	assert_int_equal(load_package(&r, &hello, ""), SW_OK);
	assert_int_equal(isd_privileges(&r), 0x9EFE80);
	assert_int_equal(install_applet(&r, PACKAGE, APPLET, APPLET, "04"), SW_OK);
	assert_int_equal(isd_privileges(&r), 0x9AFE80);
	assert_int_equal(install_applet(&r, PACKAGE, APPLET, OTHER, "04"), SW_CONDITIONS);
	assert_int_equal(install_applet(&r, PACKAGE, APPLET, OTHER, "000200"), SW_OK);
	assert_int_equal(isd_privileges(&r), 0x9AFC80);
	assert_int_equal(
	    put(&r, INSTALL_FOR_REGISTRY, "0000 0A" OTHER "03040200 00 00"), SW_CONDITIONS);
	/* taken away by registry update, or with its holder */
	assert_int_equal(put(&r, INSTALL_FOR_REGISTRY, "0000 0A" APPLET "0100 00 00"), SW_OK);
	assert_int_equal(isd_privileges(&r), 0x9EFC80);
	assert_int_equal(delete_aid(&r, OTHER, DELETE_OBJECT), SW_OK);
	assert_int_equal(isd_privileges(&r), 0x9EFE80);
	rig_off(&r);
}

/* In several commands, cut anywhere, and what may not come in between. */
static void chained(void **state)
{
	struct span data = unit_bytes("09" PACKAGE "0A" APPLET "0A" APPLET "0100 02C900 00");
	uint8_t copy[64];
	struct rig r;

	(void)state;
	memcpy(copy, data.p, data.n);
	data.p = copy;
	content_on(&r);
	assert_int_equal(load_package(&r, &hello, ""), SW_OK);
	for (size_t cut = 1; cut < data.n; cut++) {
		assert_int_equal(say(&r, INS_INSTALL, 0x8C00, span_sub(data, 0, cut), NULL), SW_OK);
		assert_null(app(&r, APPLET));
		assert_int_equal(
		    say(&r, INS_INSTALL, 0x0C00, span_sub(data, cut, data.n - cut), NULL), SW_OK);
		assert_non_null(app(&r, APPLET));
		assert_int_equal(delete_aid(&r, APPLET, DELETE_OBJECT), SW_OK);
	}
	/* of another form */
	assert_int_equal(say(&r, INS_INSTALL, 0x8C00, span_sub(data, 0, 9), NULL), SW_OK);
	assert_broken_off(&r, say(&r, INS_INSTALL, 0x0400, span_sub(data, 9, data.n - 9), NULL));
	assert_int_equal(
	    say(&r, INS_INSTALL, 0x0C00, span_sub(data, 9, data.n - 9), NULL), SW_WRONG_DATA);
	/* interrupted by another command */
	assert_int_equal(say(&r, INS_INSTALL, 0x8C00, span_sub(data, 0, 9), NULL), SW_OK);
	assert_broken_off(&r, say_hex(&r, INS_GET_DATA, 0x0066, ""));
	assert_int_equal(
	    say(&r, INS_INSTALL, 0x0C00, span_sub(data, 9, data.n - 9), NULL), SW_WRONG_DATA);
	/* without end */
	for (int i = 0; i < 20; i++) {
		uint8_t filler[120] = { 0 };
		uint16_t sw = say(&r, INS_INSTALL, 0x8C00, SPAN(filler), NULL);

		assert_int_equal(sw, i < 17 ? SW_OK : i == 17 ? SW_NO_MEMORY : SW_OK);
	}
	rig_off(&r);
}

/* Load, install and make selectable in one: all of it or nothing. */
static void combined(void **state)
{
	static const char last[] = "09" PACKAGE "0A" APPLET "0A" APPLET "0100 02C900 00";
	struct aid package = aid_of(PACKAGE);
	struct wr data = wr_grow(1 << 16), file = wr_grow(1 << 16);
	struct rig r;

	(void)state;
	content_on(&r);
	package_put(&data, &hello);
	load_file_head_put(&file, NULL, 0, data.n, false, NULL);
	wr_put(&file, wr_span(&data));
	assert_int_equal(say_hex(&r, INS_INSTALL, 0x0E03, last), SW_CONDITIONS);
	/* its token comes with the last command */
	assert_int_equal(
	    say_hex(&r, INS_INSTALL, 0x0E01, "09" PACKAGE "0000000101"), SW_WRONG_DATA);
	assert_int_equal(say_hex(&r, INS_INSTALL, 0x0E01, "09" PACKAGE "00000000"), SW_OK);
	assert_int_equal(say_hex(&r, INS_INSTALL, 0x0E03, last), SW_CONDITIONS); /* not loaded */
	for (int i = 0; i < 4; i++) {
		assert_int_equal(say_hex(&r, INS_INSTALL, 0x0E01, "09" PACKAGE "00000000"), SW_OK);
		assert_int_equal(load_blocks_put(&r, wr_span(&file), 200), SW_OK);
		assert_null(chip_load_file(r.v, &package));
		if (i == 0) /* no such module: the load file is given up, too */
			assert_int_equal(say_hex(&r, INS_INSTALL, 0x0E03,
					     "09" PACKAGE "0A" OTHER "0A" APPLET "0100 02C900 00"),
			    SW_REFERENCE_NOT_FOUND);
		else if (i == 1) /* another command */
			assert_int_equal(
			    say_hex(&r, INS_INSTALL, 0x0C00, last), SW_REFERENCE_NOT_FOUND);
		else if (i == 2) /* the instance has the name of its package */
			assert_int_equal(
			    say_hex(&r, INS_INSTALL, 0x0E03,
				"09" PACKAGE "0A" APPLET "09" PACKAGE "0100 02C900 00"),
			    SW_CONDITIONS);
		else
			nvm_cut(r.v->nvm, 1, 100);
		if (i < 3)
			assert_int_equal(say_hex(&r, INS_INSTALL, 0x0E03, last), SW_CONDITIONS);
		else
			assert_int_equal(say_hex(&r, INS_INSTALL, 0x0E03, last), 0);
	}
	rig_cycle(&r);
	content_session(&r);
	assert_int_equal(r.v->chip.content.file_n + r.v->chip.content.app_n, 0);
	assert_int_equal(say_hex(&r, INS_INSTALL, 0x0E01, "09" PACKAGE "00000000"), SW_OK);
	assert_int_equal(load_blocks_put(&r, wr_span(&file), 200), SW_OK);
	assert_int_equal(
	    say_hex(&r, INS_INSTALL, 0x0E03, "00 00 0A" APPLET "0100 02C900 00"), SW_OK);
	assert_non_null(chip_load_file(r.v, &package));
	assert_int_equal(app(&r, APPLET)->state, APP_SELECTABLE);
	assert_lasting(&r);
	wr_free(&data);
	wr_free(&file);
	rig_off(&r);
}

static void extradition(void **state)
{
	struct rig r;

	(void)state;
	content_on(&r);
	assert_int_equal(load_package(&r, &hello, ""), SW_OK);
	assert_int_equal(install_applet(&r, PACKAGE, APPLET, APPLET, "00"), SW_OK);
	personal_domain(&r, DOMAIN, "80");
	personal_domain(&r, DOMAIN2, "C0"); /* verifies DAP signatures */
	assert_int_equal(
	    put(&r, 0x10, "08" DOMAIN "00 0A" OTHER "00 00 00"), SW_REFERENCE_NOT_FOUND);
	assert_int_equal(
	    put(&r, 0x10, "0A" OTHER "00 0A" APPLET "00 00 00"), SW_REFERENCE_NOT_FOUND);
	assert_int_equal(
	    put(&r, 0x10, "0A" APPLET "00 0A" APPLET "00 00 00"), SW_REFERENCE_NOT_FOUND);
	assert_int_equal(put(&r, 0x10, "08" DOMAIN "00 08" ISD "00 00 00"), SW_CONDITIONS);
	assert_int_equal(put(&r, 0x10, "08" ISD "00 0A" APPLET "00 00 00"), SW_CONDITIONS);
	assert_int_equal(put(&r, 0x10, "08" DOMAIN2 "00 09" PACKAGE "00 00 00"), SW_CONDITIONS);
	assert_int_equal(put(&r, 0x10, "00 00 0A" APPLET "00 00 00"), SW_WRONG_DATA);
	assert_int_equal(put(&r, 0x10, "08" DOMAIN "00 0A" APPLET "00 00 0101"), SW_WRONG_DATA);
	assert_int_equal(put(&r, 0x10, "08" DOMAIN "00 0A" APPLET "00 00 00"), SW_OK);
	assert_span(aid_span(&app(&r, APPLET)->domain), unit_bytes(DOMAIN));
	assert_int_equal(put(&r, 0x10, "08" DOMAIN "00 09" PACKAGE "00 00 00"), SW_OK);
	/* domains go into domains, but not in a circle */
	assert_int_equal(put(&r, 0x10, "08" DOMAIN2 "00 08" DOMAIN "00 00 00"), SW_OK);
	assert_int_equal(put(&r, 0x10, "08" DOMAIN "00 08" DOMAIN2 "00 00 00"), SW_CONDITIONS);
	assert_lasting(&r);
	content_session(&r);
	/* one that is its own is nobody else's any more */
	assert_int_equal(put(&r, 0x10, "08" DOMAIN2 "00 08" DOMAIN2 "00 00 00"), SW_OK);
	assert_int_equal(put(&r, 0x10, "08" ISD "00 08" DOMAIN2 "00 00 00"), SW_CONDITIONS);
	assert_int_equal(put(&r, 0x10, "08" ISD "00 0A" APPLET "00 00 00"), SW_CONDITIONS);
	assert_lasting(&r);
	rig_off(&r);
}

static void not_ready(void **state)
{
	struct rig r;

	(void)state;
	content_on(&r);
	assert_int_equal(load_package(&r, &hello, ""), SW_OK);
	assert_int_equal(install_domain(&r, DOMAIN, "80"), SW_OK);
	assert_int_equal(put(&r, 0x10, "08" DOMAIN "00 09" PACKAGE "00 00 00"), SW_CONDITIONS);
	personal_domain(&r, DOMAIN2, "80");
	assert_int_equal(say_hex(&r, INS_SET_STATUS, 0x4080, DOMAIN2), SW_OK);
	assert_int_equal(put(&r, 0x10, "08" DOMAIN2 "00 09" PACKAGE "00 00 00"), SW_CONDITIONS);
	rig_off(&r);
}

static void registry_update(void **state)
{
	struct rig r;

	(void)state;
	content_on(&r);
	assert_int_equal(load_package(&r, &hello, ""), SW_OK);
	assert_int_equal(install_applet(&r, PACKAGE, APPLET, APPLET, "00"), SW_OK);
	personal_domain(&r, DOMAIN, "80");
	assert_int_equal(put(&r, 0x40, "0000 0A" OTHER "00 00 00"), SW_REFERENCE_NOT_FOUND);
	assert_int_equal(put(&r, 0x40, "0000 08" ISD "0110 00 00"), SW_CONDITIONS);
	assert_int_equal(put(&r, 0x40, "0000 0A" APPLET "0180 00 00"), SW_WRONG_DATA);
	assert_int_equal(put(&r, 0x40, "0000 08" DOMAIN "0100 00 00"), SW_WRONG_DATA);
	assert_int_equal(
	    put(&r, 0x40, "0A" OTHER "00 0A" APPLET "00 00 00"), SW_REFERENCE_NOT_FOUND);
	assert_int_equal(put(&r, 0x40, "0000 0A" APPLET "03100800 00 00"), SW_OK);
	assert_int_equal(app(&r, APPLET)->privileges, PRIV_CARD_LOCK | PRIV_GLOBAL_LOCK);
	assert_int_equal(put(&r, 0x40, "0000 0A" APPLET "0118 00 00"), SW_OK); /* one octet */
	assert_int_equal(
	    app(&r, APPLET)->privileges, PRIV_CARD_LOCK | PRIV_CARD_TERMINATE | PRIV_GLOBAL_LOCK);
	assert_int_equal(put(&r, 0x40, "08" DOMAIN "00 0A" APPLET "00 05EF03CF0141 00"), SW_OK);
	assert_span(aid_span(&app(&r, APPLET)->domain), unit_bytes(DOMAIN));
	assert_int_equal(app(&r, APPLET)->implicit[0], 0x41);
	assert_int_equal(put(&r, 0x40, "0000 0A" APPLET "00 06EF04D9020101 00"), SW_WRONG_DATA);
	/* what is restricted stays so: deletion of it, then loading at all */
	assert_int_equal(put(&r, 0x40, "0000 0A" APPLET "00 05EF03D90101 00"), SW_OK);
	assert_int_equal(delete_aid(&r, APPLET, DELETE_OBJECT), SW_CONDITIONS);
	assert_int_equal(put(&r, 0x40, "0000 0A" APPLET "00 05EF03D90150 00"), SW_OK);
	assert_int_equal(put(&r, 0x10, "08" ISD "00 0A" APPLET "00 00 00"), SW_CONDITIONS);
	assert_int_equal(put(&r, 0x40, "0000 0A" APPLET "0100 00 00"), SW_CONDITIONS);
	assert_int_equal(put(&r, 0x40, "0000 00 0100 05EF03D90102 00"), SW_WRONG_DATA);
	assert_int_equal(put(&r, 0x40, "0000 00 00 00 00"), SW_WRONG_DATA);
	assert_int_equal(put(&r, 0x40, "0000 00 00 05EF03D90106 00"), SW_OK);
	assert_lasting(&r);
	content_session(&r);
	assert_int_equal(load_package(&r, &two, ""), SW_CONDITIONS);
	assert_int_equal(install_applet(&r, PACKAGE, APPLET, OTHER, "00"), SW_CONDITIONS);
	rig_off(&r);
}

static void personalization(void **state)
{
	struct rig r;

	(void)state;
	content_on(&r);
	assert_int_equal(load_package(&r, &hello, ""), SW_OK);
	assert_int_equal(install_applet(&r, PACKAGE, APPLET, APPLET, "00"), SW_OK);
	assert_int_equal(put(&r, 0x20, "0000 0A" OTHER "000000"), SW_REFERENCE_NOT_FOUND);
	assert_int_equal(put(&r, 0x20, "0000 0A" APPLET "0100 0000"), SW_WRONG_DATA);
	assert_int_equal(put(&r, 0x20, "0000 0A" APPLET "000000"), SW_OK);
	assert_span(aid_span(&r.v->channel[0].personalize), unit_bytes(APPLET));
	assert_int_equal(rig_hex(&r, "00A4040000"), SW_OK); /* ends it */
	assert_int_equal(r.v->channel[0].personalize.n, 0);
	content_session(&r);
	assert_int_equal(say_hex(&r, INS_SET_STATUS, 0x4080, APPLET), SW_OK);
	assert_int_equal(put(&r, 0x20, "0000 0A" APPLET "000000"), SW_CONDITIONS);
	rig_off(&r);
}

/* A domain's quota is for itself and all beneath it. */
static void quotas(void **state)
{
	struct package_of p = hello;
	struct rig r;

	(void)state;
	content_on(&r);
	assert_int_equal(put(&r, INSTALL_AND_SELECTABLE,
			     "07" DOMAIN_PACKAGE "08" DOMAIN_MODULE "08" DOMAIN
			     "0180 10C900EF0CC8020800C7020100D70200F0 00"),
	    SW_OK);
	{
		struct card_app a = *app(&r, DOMAIN);

		assert_int_equal(a.quota, 0x800);
		assert_int_equal(a.volatile_quota, 0x100);
		a.state = DOMAIN_PERSONALIZED;
		chip_put_app(r.v, &a);
		assert_true(chip_commit(r.v));
	}
	p.method = 0x700;
	assert_int_equal(load_package(&r, &p, DOMAIN), SW_NO_MEMORY);
	p.method = 0x690;
	assert_int_equal(load_package(&r, &p, DOMAIN), SW_OK);
	assert_int_equal(install_applet(&r, PACKAGE, APPLET, APPLET, "00"), SW_NO_MEMORY);
	assert_int_equal(load_package(&r, &two, ""), SW_OK);
	assert_int_equal(install_applet(&r, LIBRARY, two.applets[0], OTHER, "00"), SW_OK);
	assert_int_equal(put(&r, 0x10, "08" DOMAIN "00 0A" OTHER "00 00 00"), SW_NO_MEMORY);
	assert_int_equal(delete_aid(&r, PACKAGE, DELETE_OBJECT), SW_OK);
	assert_int_equal(put(&r, 0x10, "08" DOMAIN "00 0A" OTHER "00 00 00"), SW_OK);
	/* of volatile memory it has 16 octets left */
	assert_int_equal(put(&r, 0x10, "08" DOMAIN "00 09" LIBRARY "00 00 00"), SW_OK);
	assert_int_equal(put(&r, INSTALL_AND_SELECTABLE,
			     "09" LIBRARY "0AA00000006203010C0201"
			     "0A" APPLET "0100 08C900EF04D7020011 00"),
	    SW_NO_MEMORY);
	assert_int_equal(put(&r, INSTALL_AND_SELECTABLE,
			     "09" LIBRARY "0AA00000006203010C0201"
			     "0A" APPLET "0100 08C900EF04D7020010 00"),
	    SW_OK);
	rig_off(&r);
}

/* A domain that manages content manages its own and what is beneath it. */
static void reach(void **state)
{
	static const char second[] = "09" PACKAGE "0A" APPLET "05A000000007 0100 02C900 00";
	struct rig r;

	(void)state;
	content_on(&r);
	assert_int_equal(load_package(&r, &hello, ""), SW_OK);
	assert_int_equal(load_package(&r, &two, ""), SW_OK);
	assert_int_equal(
	    put(&r, INSTALL_FOR_INSTALL, "09" PACKAGE "0A" APPLET "0A" APPLET "0100 02C900 00"),
	    SW_OK);
	personal_domain(&r, DOMAIN, "804000");
	assert_int_equal(rig_hex(&r, "00A4040008" DOMAIN), SW_OK);
	content_session(&r);
	assert_int_equal(put(&r, INSTALL_FOR_INSTALL, second), SW_CONDITIONS);
	assert_int_equal(
	    put(&r, INSTALL_FOR_SELECTABLE, "0000 0A" APPLET "0100 00 00"), SW_CONDITIONS);
	assert_int_equal(put(&r, 0x10, "08" DOMAIN "00 0A" APPLET "00 00 00"), SW_CONDITIONS);
	assert_int_equal(put(&r, 0x40, "0000 0A" APPLET "0110 00 00"), SW_CONDITIONS);
	assert_int_equal(put(&r, 0x40, "0000 00 00 05EF03D90106 00"), SW_CONDITIONS);
	assert_int_equal(put(&r, 0x20, "0000 0A" APPLET "000000"), SW_CONDITIONS);
	assert_int_equal(install_domain(&r, DOMAIN2, "80"), SW_OK); /* beneath it */
	assert_span(aid_span(&app(&r, DOMAIN2)->domain), unit_bytes(DOMAIN));
	assert_int_equal(rig_hex(&r, "00A4040000"), SW_OK);
	content_session(&r);
	assert_int_equal(put(&r, 0x10, "08" DOMAIN "00 09" PACKAGE "00 00 00"), SW_OK);
	assert_int_equal(put(&r, INSTALL_FOR_INSTALL, second), SW_OK); /* the ISD is above all */
	assert_span(aid_span(&app(&r, "A000000007")->domain), unit_bytes(DOMAIN));
	rig_off(&r);
}

/* Once it is locked, a session that a domain still has is good for nothing. */
static void locked_manager(void **state)
{
	struct rig r;

	(void)state;
	content_on(&r);
	personal_domain(&r, DOMAIN, "804000");
	assert_int_equal(rig_hex(&r, "00A4040008" DOMAIN), SW_OK);
	content_session(&r);
	assert_int_equal(say_hex(&r, INS_SET_STATUS, 0x4080, DOMAIN), SW_OK);
	assert_int_equal(install_domain(&r, DOMAIN2, "80"), SW_CONDITIONS);
	rig_off(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(install_refused),
		cmocka_unit_test(shortened),
		cmocka_unit_test(make_selectable),
		cmocka_unit_test(implicit),
		cmocka_unit_test(long_parameters),
		cmocka_unit_test(single_holders),
		cmocka_unit_test(chained),
		cmocka_unit_test(combined),
		cmocka_unit_test(extradition),
		cmocka_unit_test(not_ready),
		cmocka_unit_test(registry_update),
		cmocka_unit_test(personalization),
		cmocka_unit_test(quotas),
		cmocka_unit_test(reach),
		cmocka_unit_test(locked_manager),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
