/* DELETE of content: what depends on what, whose it is, and that all of it goes at once. */
#include "content_rig.h"

#define OTHER "A00000006203010C0109"

static const struct span none = { NULL, 0 };
static const struct package_of library = { .aid = LIBRARY, .major = 1, .minor = 0 };
static const struct package_of hello = {
	.aid = PACKAGE, .applets = { APPLET }, .imports = { LIBRARY }, .major = 1, .minor = 0
};

static size_t entries(const struct rig *r)
{
	return r->v->chip.content.file_n + r->v->chip.content.app_n;
}

static void set_up(struct rig *r)
{
	content_on(r);
	assert_int_equal(load_package(r, &library, ""), SW_OK);
	assert_int_equal(load_package(r, &hello, ""), SW_OK);
	assert_int_equal(install_applet(r, PACKAGE, APPLET, APPLET, "00"), SW_OK);
	assert_int_equal(install_applet(r, PACKAGE, APPLET, OTHER, "00"), SW_OK);
}

static void dependencies(void **state)
{
	struct rig r;

	(void)state;
	set_up(&r);
	assert_int_equal(delete_aid(&r, PACKAGE, DELETE_OBJECT), SW_CONDITIONS); /* instances */
	assert_int_equal(delete_aid(&r, LIBRARY, DELETE_OBJECT), SW_CONDITIONS); /* imported */
	assert_int_equal(delete_aid(&r, LIBRARY, DELETE_RELATED), SW_CONDITIONS);
	assert_int_equal(entries(&r), 4);
	assert_int_equal(delete_aid(&r, APPLET, DELETE_OBJECT), SW_OK);
	assert_int_equal(delete_aid(&r, APPLET, DELETE_OBJECT), SW_REFERENCE_NOT_FOUND);
	assert_int_equal(delete_aid(&r, PACKAGE, DELETE_OBJECT), SW_CONDITIONS);
	assert_int_equal(delete_aid(&r, PACKAGE, DELETE_RELATED), SW_OK);
	assert_span(span_of(r.answer, r.answer_n), unit_bytes("009000"));
	assert_int_equal(delete_aid(&r, LIBRARY, DELETE_OBJECT), SW_OK);
	assert_int_equal(entries(&r), 0);
	assert_lasting(&r);
	rig_off(&r);
}

static void malformed(void **state)
{
	static const struct {
		uint16_t p1p2;
		const char *data;
		uint16_t sw;
	} bad[] = {
		{ 0x0000, "4F00", SW_WRONG_DATA }, { 0x0000, "4F0401020304", SW_WRONG_DATA },
		{ 0x0000, "4F05A00000", SW_WRONG_DATA },
		{ 0x0000, "4F05A000000099 4F05A000000098", SW_WRONG_DATA },
		{ 0x0000, "4F05A000000099 D20101", SW_WRONG_DATA },
		{ 0x0000, "4F05A000000099 5F00", SW_WRONG_DATA },
		{ 0x0000, "4F05A000000099", SW_REFERENCE_NOT_FOUND },
		{ 0x0000, "4F07" DOMAIN_PACKAGE, SW_CONDITIONS },
		{ 0x0000, "4F08" ISD, SW_REFERENCE_NOT_FOUND },
		{ 0x0001, "4F0A" APPLET, SW_WRONG_P1P2 }, { 0x4000, "4F0A" APPLET, SW_WRONG_P1P2 },
		{ 0x0000, "4F0A" APPLET "9E0101", SW_WRONG_DATA }, /* a token nobody asked for */
	};
	struct rig r;

	(void)state;
	set_up(&r);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(say_hex(&r, INS_DELETE, bad[i].p1p2, bad[i].data), bad[i].sw);
	assert_int_equal(entries(&r), 4);
	rig_off(&r);
}

/* In several commands, as a long token needs it; another command in between ends the session. */
static void chained(void **state)
{
	static const uint8_t octets[200];
	struct rig r;

	(void)state;
	set_up(&r);
	assert_int_equal(say_hex(&r, INS_DELETE, 0x8000, "4F0A"), SW_OK);
	assert_int_equal(entries(&r), 4);
	assert_int_equal(say_hex(&r, INS_DELETE, 0x8000, "A0"), SW_OK);
	assert_broken_off(&r, say_hex(&r, INS_GET_STATUS, 0x4002, "4F00"));
	assert_int_equal(say_hex(&r, INS_DELETE, 0x0000, "00"), SW_WRONG_DATA);
	assert_int_equal(say_hex(&r, INS_DELETE, 0x8000, "4F0A"), SW_OK);
	assert_broken_off(&r, say_hex(&r, INS_DELETE, 0x0001, APPLET));
	assert_int_equal(say_hex(&r, INS_DELETE, 0x0000, APPLET), SW_WRONG_DATA);
	/* what is wrong as a part is forgotten, and no part of what comes then */
	assert_int_equal(say_hex(&r, INS_DELETE, 0x8001, "4F0A"), SW_WRONG_P1P2);
	assert_int_equal(say_hex(&r, INS_DELETE, 0x0000, APPLET), SW_WRONG_DATA);
	/* nor does it get into an INSTALL */
	assert_int_equal(say_hex(&r, INS_DELETE, 0x8000, "08" DOMAIN), SW_OK);
	assert_broken_off(&r, say_hex(&r, INS_INSTALL, 0x1000, "00 0A" APPLET "00 00 00"));
	/* what needs no session is executed, without one */
	assert_int_equal(say_hex(&r, INS_DELETE, 0x8000, "4F0A"), SW_OK);
	assert_int_equal(rig_hex(&r, "0070000001"), SW_OK);
	assert_int_equal(r.v->channel[0].session, CHANNEL_IDLE);
	content_session(&r);
	assert_int_equal(say_hex(&r, INS_DELETE, 0x8000, "4F0A"), SW_OK);
	assert_int_equal(say_hex(&r, INS_DELETE, 0x0000, APPLET), SW_OK);
	assert_int_equal(entries(&r), 3);
	/* more than any token takes: 1024 octets */
	for (int i = 0; i < 5; i++)
		assert_int_equal(say(&r, INS_DELETE, 0x8000, SPAN(octets), NULL), SW_OK);
	assert_int_equal(say(&r, INS_DELETE, 0x8000, SPAN(octets), NULL), SW_NO_MEMORY);
	assert_int_equal(say(&r, INS_DELETE, 0x0000, SPAN(octets), NULL), SW_WRONG_DATA);
	assert_int_equal(entries(&r), 3);
	rig_off(&r);
}

static void selected(void **state)
{
	struct rig r;

	(void)state;
	set_up(&r);
	assert_int_equal(rig_hex(&r, "0070000001"), SW_OK);
	assert_int_equal(rig_hex(&r, "01A404000A" APPLET), SW_OK);
	assert_int_equal(delete_aid(&r, APPLET, DELETE_OBJECT), SW_CONDITIONS);
	assert_int_equal(delete_aid(&r, PACKAGE, DELETE_RELATED), SW_CONDITIONS);
	assert_int_equal(delete_aid(&r, OTHER, DELETE_OBJECT), SW_OK);
	assert_int_equal(rig_hex(&r, "0070800100"), SW_OK);
	assert_int_equal(delete_aid(&r, APPLET, DELETE_OBJECT), SW_OK);
	rig_off(&r);
}

/* A domain with what is in it; its keys go, too. */
static void domains(void **state)
{
	struct key_set keys = { 0 };
	struct card_keys set = { .version = 0x31, .type = KEY_TYPE_AES, .tries = TRIES_MAX };
	struct aid domain = aid_of(DOMAIN);
	struct rig r;

	(void)state;
	set_up(&r);
	personal_domain(&r, DOMAIN, "80");
	keys = r.issue.keys;
	set.keys = keys;
	set.domain = domain;
	chip_put_keys(r.v, &set);
	assert_true(chip_commit(r.v));
	assert_int_equal(
	    say_hex(&r, INS_INSTALL, 0x1000, "08" DOMAIN "00 0A" APPLET "00 00 00"), SW_OK);
	assert_int_equal(
	    say_hex(&r, INS_INSTALL, 0x1000, "08" DOMAIN "00 09" PACKAGE "00 00 00"), SW_OK);
	assert_int_equal(delete_aid(&r, DOMAIN, DELETE_OBJECT), SW_CONDITIONS);
	assert_int_equal(delete_aid(&r, DOMAIN, DELETE_RELATED), SW_OK); /* OTHER is of PACKAGE */
	assert_int_equal(entries(&r), 1);
	assert_null(chip_keys(r.v, &domain, 0x31));
	assert_int_equal(install_domain(&r, DOMAIN, "80"), SW_OK);
	assert_int_equal(delete_aid(&r, DOMAIN, DELETE_OBJECT), SW_OK);
	assert_lasting(&r);
	rig_off(&r);
}

/* A domain may delete what is in its reach, and only if it manages content. */
static void reach(void **state)
{
	struct rig r;

	(void)state;
	set_up(&r);
	personal_domain(&r, DOMAIN, "804000");
	personal_domain(&r, DOMAIN2, "80");
	assert_int_equal(
	    say_hex(&r, INS_INSTALL, 0x1000, "08" DOMAIN "00 0A" APPLET "00 00 00"), SW_OK);
	assert_int_equal(
	    say_hex(&r, INS_INSTALL, 0x1000, "08" DOMAIN2 "00 0A" OTHER "00 00 00"), SW_OK);
	assert_int_equal(rig_hex(&r, "00A4040008" DOMAIN2), SW_OK);
	content_session(&r);
	assert_int_equal(delete_aid(&r, OTHER, DELETE_OBJECT), SW_CONDITIONS); /* manages nothing */
	assert_int_equal(rig_hex(&r, "00A4040008" DOMAIN), SW_OK);
	content_session(&r);
	assert_int_equal(delete_aid(&r, OTHER, DELETE_OBJECT), SW_CONDITIONS);
	assert_int_equal(delete_aid(&r, PACKAGE, DELETE_RELATED), SW_CONDITIONS);
	assert_int_equal(delete_aid(&r, DOMAIN, DELETE_RELATED), SW_CONDITIONS); /* itself */
	assert_int_equal(delete_aid(&r, LIBRARY, DELETE_OBJECT), SW_CONDITIONS); /* of the ISD */
	assert_int_equal(delete_aid(&r, APPLET, DELETE_OBJECT), SW_OK);
	rig_off(&r);
}

/* Global Delete goes everywhere, into hierarchies of their own, too. */
static void global_delete(void **state)
{
	struct rig r;

	(void)state;
	set_up(&r);
	personal_domain(&r, DOMAIN, "80");
	assert_int_equal(
	    say_hex(&r, INS_INSTALL, 0x1000, "08" DOMAIN "00 08" DOMAIN "00 00 00"), SW_OK);
	personal_domain(&r, DOMAIN2, "801000");
	assert_int_equal(rig_hex(&r, "00A4040008" DOMAIN2), SW_OK);
	content_session(&r);
	assert_int_equal(delete_aid(&r, APPLET, DELETE_OBJECT), SW_OK);
	assert_int_equal(rig_hex(&r, "00A4040000"), SW_OK);
	content_session(&r);
	assert_int_equal(delete_aid(&r, DOMAIN, DELETE_OBJECT), SW_OK);
	assert_lasting(&r);
	rig_off(&r);
}

/* What is being loaded into a domain that goes meanwhile. */
static void under_a_load(void **state)
{
	struct wr data = wr_grow(1 << 16), file = wr_grow(1 << 16);
	struct scp first;
	struct rig r;

	(void)state;
	content_on(&r);
	personal_domain(&r, DOMAIN, "80");
	package_put(&data, &library);
	load_file_head_put(&file, NULL, 0, data.n, false, NULL);
	wr_put(&file, wr_span(&data));
	assert_int_equal(rig_hex(&r, "0070000001"), SW_OK);
	assert_int_equal(load_start(&r, LIBRARY, DOMAIN, none), SW_OK);
	assert_int_equal(say(&r, INS_LOAD, 0x0000, span_sub(wr_span(&file), 0, 20), NULL), SW_OK);
	first = r.host;
	memset(&r.host, 0, sizeof(r.host));
	r.channel = 1;
	content_session(&r);
	assert_int_equal(delete_aid(&r, DOMAIN, DELETE_OBJECT), SW_OK);
	scp_wipe(&r.host);
	r.host = first;
	r.channel = 0;
	assert_int_equal(say(&r, INS_LOAD, 0x8001, span_sub(wr_span(&file), 20, file.n), NULL),
	    SW_REFERENCE_NOT_FOUND);
	assert_int_equal(entries(&r), 0);
	wr_free(&data);
	wr_free(&file);
	rig_off(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dependencies),
		cmocka_unit_test(malformed),
		cmocka_unit_test(chained),
		cmocka_unit_test(selected),
		cmocka_unit_test(domains),
		cmocka_unit_test(reach),
		cmocka_unit_test(global_delete),
		cmocka_unit_test(under_a_load),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
