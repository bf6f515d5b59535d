/*
 * What a registry says of loads and deletions: registries made here, as a card may tell them that
 * tells less than all, or that lies.
 */
#include "unit.h"

#include "change/load.h"
#include "gp/privilege.h"

#define ISD "A000000151000000"
#define PACKAGE "A00000006203010C01"
#define APP "A00000006203010C0101"
#define DOMAIN "A0000001515300AA"

enum { ISD_AT, PACKAGE_AT, APP_AT, DOMAIN_AT, ENTRIES };

static struct registry_entry entries[ENTRIES];

static struct aid aid(const char *hex)
{
	struct aid a;

	assert_true(aid_from(&a, unit_bytes(hex)));
	return a;
}

/* An application of the package in a domain of its own; nothing is missing. */
static struct registry all(void)
{
	memset(entries, 0, sizeof(entries));
	entries[ISD_AT] = (struct registry_entry){ REGISTRY_ISD, { .aid = aid(ISD) } };
	entries[PACKAGE_AT] = (struct registry_entry){ REGISTRY_LOAD_FILE,
		{ .aid = aid(PACKAGE), .domain = aid(ISD) } };
	entries[APP_AT] = (struct registry_entry){ REGISTRY_APPLICATION,
		{ .aid = aid(APP), .load_file = aid(PACKAGE), .domain = aid(DOMAIN) } };
	entries[DOMAIN_AT] = (struct registry_entry){ REGISTRY_APPLICATION,
		{ .aid = aid(DOMAIN), .domain = aid(ISD), .privileges = PRIV_SECURITY_DOMAIN } };
	return (struct registry){
		.entry = entries, .n = ENTRIES, .told = { true, true, true }, .issuer = true
	};
}

/* ---- loads ---- */

static int compare(struct registry r, const char *domain, struct err *e)
{
	struct load_source l = { .package = aid(PACKAGE) };
	struct change_card c = { .registry = r, .registry_known = true };

	*e = (struct err){ 0 };
	snprintf(l.file.path, sizeof(l.file.path), "hello.cap");
	if (domain != NULL)
		l.domain = aid(domain);
	return load_file_compare(&c, &l, e);
}

/* The card said 9000 to the last block and does not list the package: only where it went to a
 * domain that is not this one, which may see less than all, is that no contradiction. */
static void loaded_and_not_listed(void **state)
{
	struct registry r = all();
	struct err e;

	(void)state;
	assert_ok(compare(r, NULL, &e), &e);
	entries[PACKAGE_AT].s.aid = aid("A00000006203010C02");
	assert_int_equal(compare(r, NULL, &e), -1);
	assert_int_equal(e.code, ERR_INTEGRITY);
	assert_non_null(strstr(e.text, "does not list package " PACKAGE));
	assert_int_equal(compare(r, DOMAIN, &e), -1);
	/* As a domain sees it that is not the issuer's. */
	r.entry = &entries[PACKAGE_AT];
	r.n = ENTRIES - PACKAGE_AT;
	r.issuer = false;
	assert_ok(compare(r, DOMAIN, &e), &e);
	assert_int_equal(compare(r, NULL, &e), -1);
	assert_int_equal(e.code, ERR_INTEGRITY);
	/* A card that does not tell, or not all. */
	r.cut = true;
	assert_ok(compare(r, NULL, &e), &e);
}

/* ---- deletions ---- */

/* What goes along with a package that goes is not in the way of its domain. */
static void domain_of_what_goes(void **state)
{
	const struct registry r = all();
	struct removals m = { .n = 0 };
	struct err e = { 0 };

	(void)state;
	assert_int_equal(removals_add(&m, &r, &entries[DOMAIN_AT], ITSELF_ONLY, &e), -1);
	assert_int_equal(e.code, ERR_SAFETY);
	assert_non_null(strstr(e.text, "it holds " APP));
	assert_ok(removals_add(&m, &r, &entries[PACKAGE_AT], WITH_RELATED, &e), &e);
	assert_int_equal(m.n, 1);
	assert_ok(removals_add(&m, &r, &entries[DOMAIN_AT], ITSELF_ONLY, &e), &e);
	assert_int_equal(m.n, 2);
	removals_free(&m);
}

/* No room for what a domain holds: it is said, though the domain itself is named already. */
static void more_than_there_is_room_for(void **state)
{
	const struct registry r = all();
	struct removals m = { .n = 0 };
	struct err e = { 0 };

	(void)state;
	for (unsigned i = 1; i < REMOVALS_MAX; i++) {
		uint8_t octets[] = { 0xA0, 0, 0, 0, 0x99, (uint8_t)(i >> 8), (uint8_t)i };
		struct aid other;

		assert_true(aid_from(&other, SPAN(octets)));
		assert_ok(removals_put(&m, &other, DELETE_OBJECT, &e), &e);
	}
	assert_ok(removals_put(&m, &entries[DOMAIN_AT].s.aid, DELETE_OBJECT, &e), &e);
	assert_int_equal(removals_add(&m, &r, &entries[DOMAIN_AT], WITH_RELATED, &e), -1);
	assert_int_equal(e.code, ERR_SAFETY);
	assert_int_equal(m.n, REMOVALS_MAX);
	removals_free(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(loaded_and_not_listed),
		cmocka_unit_test(domain_of_what_goes),
		cmocka_unit_test(more_than_there_is_room_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
