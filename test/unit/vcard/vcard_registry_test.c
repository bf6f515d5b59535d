/* The registry in the card file: what does not hold together is found when the card is powered, and
 * the file does not grow with what was deleted. */
#include <sys/stat.h>
#include <unistd.h>

#include "content_rig.h"

#include "vcard/core/record.h"

static const struct package_of hello = { .aid = PACKAGE,
	.applets = { APPLET },
	.imports = { "A0000000620101" },
	.major = 1,
	.minor = 0 };

static void set_up(struct rig *r)
{
	content_on(r);
	assert_int_equal(load_package(r, &hello, ""), SW_OK);
	assert_int_equal(install_applet(r, PACKAGE, APPLET, APPLET, "04"), SW_OK);
	personal_domain(r, DOMAIN, "80");
}

/* The card is powered again and must not start. */
static void assert_damaged(struct rig *r)
{
	struct err e;

	vcard_close(r->v);
	assert_int_equal(vcard_open(r->path, &r->v, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	assert_non_null(strstr(e.text, "damaged card file"));
	r->v = NULL;
	rig_off(r);
}

/* An application that cannot be, by one field of a good one. */
static void impossible_applications(void **state)
{
	(void)state;
	for (int i = 0; i < 9; i++) {
		struct card_app a;
		struct aid app = aid_of(APPLET);
		struct rig r;

		set_up(&r);
		a = *chip_app(r.v, &app);
		a.aid = aid_of("A000000099");
		a.privileges = 0;
		if (i == 0)
			a.load_file = aid_of(LIBRARY);
		else if (i == 1)
			a.module = aid_of(DOMAIN_MODULE);
		else if (i == 2)
			a.domain = aid_of(APPLET);
		else if (i == 3)
			a.domain = aid_of(DOMAIN2);
		else if (i == 4)
			a.state = 0x02;
		else if (i == 5)
			a.privileges = PRIV_CARD_RESET; /* APPLET has it */
		else if (i == 6)
			a.privileges = PRIV_MANDATED_DAP;
		else if (i == 7)
			a.load_file = aid_of(DOMAIN_PACKAGE);
		else
			a.state = DOMAIN_PERSONALIZED; /* of an application: is one of its own */
		chip_put_app(r.v, &a);
		assert_true(chip_commit(r.v));
		if (i < 8) {
			assert_damaged(&r);
			continue;
		}
		assert_lasting(&r);
		rig_off(&r);
	}
}

static void lost_owners(void **state)
{
	struct aid package = aid_of(PACKAGE), domain = aid_of(DOMAIN), nobody = aid_of(DOMAIN2);

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct rig r;

		set_up(&r);
		if (i == 0)
			chip_put_load_file_gone(r.v, &package);
		else
			chip_put_load_file_domain(r.v, &package, i == 1 ? &nobody : &domain);
		if (i == 2)
			chip_put_app_gone(r.v, &domain);
		assert_true(chip_commit(r.v));
		assert_damaged(&r);
	}
}

/* Records that are none. */
static void malformed_records(void **state)
{
	static const struct {
		uint8_t type;
		const char *value;
	} bad[] = {
		{ REC_LOAD_FILE, "" },
		{ REC_LOAD_FILE, "09" LIBRARY "00 0100 01AA 21" }, /* 33 modules */
		{ REC_LOAD_FILE, "09" LIBRARY "00 0100 01AA 01 0401020304" },
		{ REC_LOAD_FILE, "09" LIBRARY "00 0100 01AA 00 21" }, /* 33 imports */
		{ REC_LOAD_FILE, "09" LIBRARY "00 0100 01AA 00 01 09" PACKAGE "01" },
		{ REC_LOAD_FILE, "09" PACKAGE "00 0100 01AA 00 00" }, /* there already */
		{ REC_LOAD_FILE, "00 00 0100 01AA 00 00" },
		{ REC_LOAD_FILE_DOMAIN, "09" LIBRARY "00" },
		{ REC_LOAD_FILE_DOMAIN, "09" PACKAGE },
		{ REC_LOAD_FILE_GONE, "09" LIBRARY },
		{ REC_LOAD_FILE_GONE, "09" PACKAGE "00" },
		{ REC_APP, "0A" APPLET },
		{ REC_APP_GONE, "08" DOMAIN2 },
		{ REC_APP_GONE, "" },
		{ REC_RECEIPTS, "01" },
		{ REC_RESTRICTED, "" },
		{ REC_RESTRICTED, "0101" },
		{ REC_PAGE, "010101" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct rig r;

		set_up(&r);
		nvm_record(&r.v->batch, bad[i].type, unit_bytes(bad[i].value));
		assert_false(chip_commit(r.v));
		assert_damaged(&r);
	}
}

/* More than fits never gets into the file. */
static void too_many(void **state)
{
	struct card_load_file f = { .aid = aid_of(LIBRARY) };
	struct aid package = aid_of(PACKAGE);
	struct rig r;

	(void)state;
	set_up(&r);
	f.module_n = STATUS_MODULES_MAX + 1;
	chip_put_load_file(r.v, &f);
	assert_false(chip_commit(r.v));
	f.module_n = 0;
	f.aid = package;
	chip_put_load_file(r.v, &f);
	assert_false(chip_commit(r.v));
	f.aid = aid_of(LIBRARY);
	chip_put_load_file(r.v, &f);
	assert_true(chip_commit(r.v));
	assert_lasting(&r);
	rig_off(&r);
}

static void file_stays_small(void **state)
{
	struct package_of big = hello;
	struct stat st;
	struct rig r;

	(void)state;
	content_on(&r);
	big.method = 40000;
	for (int i = 0; i < 30; i++) {
		assert_int_equal(load_package(&r, &big, ""), SW_OK);
		assert_int_equal(install_applet(&r, PACKAGE, APPLET, APPLET, "00"), SW_OK);
		assert_int_equal(delete_aid(&r, PACKAGE, DELETE_RELATED), SW_OK);
	}
	assert_int_equal(stat(r.path, &st), 0);
	assert_true(st.st_size < 300000);
	assert_int_equal(load_package(&r, &big, ""), SW_OK);
	assert_int_equal(install_applet(&r, PACKAGE, APPLET, APPLET, "00"), SW_OK);
	assert_lasting(&r);
	rig_off(&r);
}

/* Applications of a broadcast image and those that were loaded, side by side. */
static void beside_an_image(void **state)
{
	struct running run = { .version = 0x00030002, .has_campaign = true };
	struct status_entry s;
	struct rig r;

	(void)state;
	set_up(&r);
	chip_put_slot_data(r.v, unit_bytes("7F6E0F 610D4F07A0000001510A015302CAFE"));
	chip_put_activate(r.v, &run);
	assert_true(chip_commit(r.v));
	assert_true(status_of(&r, STATUS_APPLICATIONS, "A0000001510A01", &s));
	assert_true(status_of(&r, STATUS_APPLICATIONS, APPLET, &s));
	assert_int_equal(
	    install_applet(&r, PACKAGE, APPLET, "A0000001510A01", "00"), SW_CONDITIONS);
	assert_int_equal(delete_aid(&r, "A0000001510A01", DELETE_OBJECT), SW_REFERENCE_NOT_FOUND);
	assert_int_equal(say_hex(&r, INS_SET_STATUS, 0x4080, "A0000001510A01"), SW_CONDITIONS);
	assert_int_equal(rig_hex(&r, "00A4040007A0000001510A0100"), SW_OK);
	assert_span(rig_answer(&r), unit_bytes("CAFE"));
	assert_int_equal(rig_hex(&r, "00A404000A" APPLET), SW_OK);
	assert_int_equal(rig_hex(&r, "00A4040000"), SW_OK);
	assert_int_equal(rig_hex(&r, "00CA2F00025C0000"), SW_OK);
	assert_span(rig_answer(&r),
	    unit_bytes(
		"61094F07" TRUST "61094F07A0000001510A01 610C4F0A" APPLET "610A4F08" DOMAIN));
	assert_lasting(&r);
	rig_off(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(impossible_applications),
		cmocka_unit_test(lost_owners),
		cmocka_unit_test(malformed_records),
		cmocka_unit_test(too_many),
		cmocka_unit_test(file_stays_small),
		cmocka_unit_test(beside_an_image),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
