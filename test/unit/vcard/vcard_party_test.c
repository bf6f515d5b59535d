/*
 * Several parties on one card: what a domain with authorized management, and what the issuer,
 * cannot do in a domain of somebody else (GPCS 9.3.5, 9.3.6, 9.4.1, 7.3.3).
 */
#include "content_rig.h"

#include "gp/put_key.h"

#define MANAGER "80C000" /* security domain, trusted path, authorized management */
#define OWN_APPLET "A00000006203010C01AA"

static const struct key_set acme = { { 16, { 0xA0 } }, { 16, { 0xB0 } }, { 16, { 0xC0 } } };
static const struct key_set bank = { { 16, { 0xA1 } }, { 16, { 0xB1 } }, { 16, { 0xC1 } } };
static const struct package_of hello = { .aid = PACKAGE, .applets = { APPLET } };
static const struct package_of library = { .aid = LIBRARY };

/* Selects a domain and opens a session in it. */
static void be(struct rig *r, const char *domain, uint8_t version, const struct key_set *keys)
{
	assert_int_equal(rig_send(r, 0x00, INS_SELECT, 0x0400, unit_bytes(domain)), SW_OK);
	r->keys = *keys;
	rig_session(r, version, 0x01);
}

static void be_issuer(struct rig *r)
{
	be(r, ISD, 0x30, &r->issue.keys);
}

/* A domain with keys of its own, put under those of the issuer. */
static void party(
    struct rig *r, const char *domain, const char *privileges, const struct key_set *keys)
{
	struct put_key p = { .version = 0x31, .n = 3, .key = { keys->enc, keys->mac, keys->dek } };
	uint8_t room[200];
	struct wr w = wr_fixed(room, sizeof(room));

	be_issuer(r);
	assert_int_equal(install_domain(r, domain, privileges), SW_OK);
	be(r, domain, 0x30, &r->issue.keys);
	assert_true(put_key_put(&w, &p, &r->keys.dek));
	assert_int_equal(say(r, INS_PUT_KEY, 0x0081, wr_span(&w), NULL), SW_OK);
}

static void two_parties(struct rig *r)
{
	content_on(r);
	party(r, DOMAIN, MANAGER, &acme);
	party(r, DOMAIN2, "80", &bank);
	be(r, DOMAIN, 0x31, &acme);
}

/* Neither straight, nor by loading first and handing over then. */
static void load_into_another(void **state)
{
	struct install move = { .domain = aid_of(DOMAIN2), .app = aid_of(PACKAGE) };
	struct install update = { .domain = aid_of(DOMAIN2), .app = aid_of(APPLET) };
	struct rig r;

	(void)state;
	two_parties(&r);
	assert_int_equal(load_package(&r, &library, DOMAIN2), SW_CONDITIONS);
	assert_int_equal(load_package(&r, &library, ISD), SW_CONDITIONS);
	assert_int_equal(load_package(&r, &hello, DOMAIN), SW_OK);
	assert_int_equal(install_applet(&r, PACKAGE, APPLET, APPLET, "00"), SW_OK);
	assert_int_equal(do_install_put(&r, INSTALL_FOR_EXTRADITION, 0, &move), SW_CONDITIONS);
	move.app = update.app;
	assert_int_equal(do_install_put(&r, INSTALL_FOR_EXTRADITION, 0, &move), SW_CONDITIONS);
	assert_int_equal(do_install_put(&r, INSTALL_FOR_REGISTRY, 0, &update), SW_CONDITIONS);
	/* the issuer may, and into what is beneath itself everybody */
	be_issuer(&r);
	assert_int_equal(load_package(&r, &library, DOMAIN2), SW_OK);
	assert_lasting(&r);
	rig_off(&r);
}

/* INSTALL [for load] and [for install] in one is no way around. */
static void load_into_another_combined(void **state)
{
	struct install first = { .load_file = aid_of(LIBRARY), .domain = aid_of(DOMAIN2) };
	struct rig r;

	(void)state;
	two_parties(&r);
	assert_int_equal(do_install_put(&r, INSTALL_ALL, INSTALL_FIRST, &first), SW_CONDITIONS);
	rig_off(&r);
}

/* A privilege is never more than the giver may give. */
static void give_what_one_has_not(void **state)
{
	static const char *const too_much[] = { "100000", "080000", "040000", "020000", "001000",
		"000800", "000400", "000200", "000100", "000020", "000010" };
	static const char *const domains[] = { "C18000", "80D000", "80C080", "80E000", "90C000" };
	struct rig r;

	(void)state;
	two_parties(&r);
	assert_int_equal(load_package(&r, &hello, ""), SW_OK);
	for (size_t i = 0; i < sizeof(too_much) / sizeof(too_much[0]); i++) {
		struct install up = { .app = aid_of(APPLET), .privileges_n = 3 };

		assert_int_equal(
		    install_applet(&r, PACKAGE, APPLET, APPLET, too_much[i]), SW_CONDITIONS);
		assert_int_equal(install_applet(&r, PACKAGE, APPLET, APPLET, "000000"), SW_OK);
		assert_true(privileges_get(unit_bytes(too_much[i]), &up.privileges));
		assert_int_equal(do_install_put(&r, INSTALL_FOR_REGISTRY, 0, &up), SW_CONDITIONS);
		assert_int_equal(delete_aid(&r, APPLET, DELETE_OBJECT), SW_OK);
	}
	for (size_t i = 0; i < sizeof(domains) / sizeof(domains[0]); i++)
		assert_int_equal(install_domain(&r, OWN_APPLET, domains[i]), SW_CONDITIONS);
	/* what it has itself, and what reaches no further than the domain that gets it */
	assert_int_equal(install_domain(&r, OWN_APPLET, MANAGER), SW_OK);
	assert_int_equal(delete_aid(&r, OWN_APPLET, DELETE_OBJECT), SW_OK);
	assert_int_equal(install_domain(&r, OWN_APPLET, "E08040"), SW_OK);
	/* nor does one that is only selectable later get more then */
	{
		struct install i = { .load_file = aid_of(PACKAGE),
			.module = aid_of(APPLET),
			.app = aid_of(APPLET),
			.privileges_n = 1,
			.params = unit_bytes("C900") };
		struct install select = {
			.app = aid_of(APPLET), .privileges_n = 1, .privileges = PRIV_CARD_RESET
		};

		assert_int_equal(do_install_put(&r, INSTALL_FOR_INSTALL, INSTALL_ALONE, &i), SW_OK);
		assert_int_equal(do_install_put(&r, INSTALL_FOR_SELECTABLE, INSTALL_ALONE, &select),
		    SW_CONDITIONS);
	}
	assert_lasting(&r);
	rig_off(&r);
}

/* Once a domain has keys of its own, its data are its own affair. */
static void issuer_stores_in_a_domain(void **state)
{
	struct install i = { .app = aid_of(DOMAIN2) };
	struct rig r;

	(void)state;
	two_parties(&r);
	be_issuer(&r);
	assert_int_equal(
	    do_install_put(&r, INSTALL_FOR_PERSONALIZATION, INSTALL_ALONE, &i), SW_CONDITIONS);
	/* one without is personalized by its parent; not any more when keys came meanwhile */
	assert_int_equal(delete_aid(&r, DOMAIN2, DELETE_OBJECT), SW_OK);
	assert_int_equal(install_domain(&r, DOMAIN2, "80"), SW_OK);
	assert_int_equal(do_install_put(&r, INSTALL_FOR_PERSONALIZATION, INSTALL_ALONE, &i), SW_OK);
	assert_int_equal(say_hex(&r, INS_STORE_DATA, 0x9000, "4203AABBCC"), SW_OK);
	assert_int_equal(do_install_put(&r, INSTALL_FOR_PERSONALIZATION, INSTALL_ALONE, &i), SW_OK);
	chip_put_keys(r.v, &(struct card_keys){ .domain = i.app,
			       .version = 0x31,
			       .type = KEY_TYPE_AES,
			       .keys = bank,
			       .tries = TRIES_MAX });
	assert_true(chip_commit(r.v));
	assert_int_equal(say_hex(&r, INS_STORE_DATA, 0x9000, "4203DDEEFF"), SW_CONDITIONS);
	assert_lasting(&r);
	rig_off(&r);
}

/* What lies in such a domain leaves it by its own hand only. */
static void issuer_takes_out(void **state)
{
	struct install move = { .domain = aid_of(ISD), .app = aid_of(PACKAGE) };
	struct install update = { .domain = aid_of(ISD), .app = aid_of(APPLET) };
	struct rig r;

	(void)state;
	two_parties(&r);
	assert_int_equal(load_package(&r, &hello, ""), SW_OK);
	assert_int_equal(install_applet(&r, PACKAGE, APPLET, APPLET, "00"), SW_OK);
	be_issuer(&r);
	assert_int_equal(do_install_put(&r, INSTALL_FOR_EXTRADITION, 0, &move), SW_CONDITIONS);
	assert_int_equal(do_install_put(&r, INSTALL_FOR_REGISTRY, 0, &update), SW_CONDITIONS);
	move.app = update.app;
	assert_int_equal(do_install_put(&r, INSTALL_FOR_EXTRADITION, 0, &move), SW_CONDITIONS);
	/* deleting is another thing: the issuer has global delete */
	assert_int_equal(delete_aid(&r, PACKAGE, DELETE_RELATED), SW_OK);
	rig_off(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(load_into_another),
		cmocka_unit_test(load_into_another_combined),
		cmocka_unit_test(give_what_one_has_not),
		cmocka_unit_test(issuer_stores_in_a_domain),
		cmocka_unit_test(issuer_takes_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
