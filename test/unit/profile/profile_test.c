/*
 * Card profiles: the ones that come with the program against answers to reset as pcsc-tools lists
 * them (smartcard_list.txt 1.6.2) and a recorded CPLC; the rules of matching; what is refused.
 */
#include "unit.h"

#include <sys/stat.h>
#include <unistd.h>

#include "apdu/atr.h"
#include "profile/profile.h"

#define DATA "lib/profile/data"

static struct profiles *load(const char *folder)
{
	struct profiles *p = NULL;
	struct err e = { 0 };

	assert_ok(profiles_load(folder, &p, &e), &e);
	return p;
}

/* What a person at a reader has: the answer to reset, and what free GET DATA gives. */
static struct profile_match match(
    const struct profiles *p, const char *atr, const char *cplc, const char *card_data)
{
	struct profile_facts f = { 0 };
	struct profile_match m;
	struct atr a;

	f.atr = unit_bytes(atr);
	if (atr_get(f.atr, &a))
		f.historical = a.historical;
	f.cplc = unit_bytes(cplc);
	f.card_data = unit_bytes(card_data);
	profiles_match(p, &f, &m);
	return m;
}

static void known(const struct profiles *p, const char *atr, const char *cplc, const char *name,
    enum profile_by by)
{
	struct profile_match m = match(p, atr, cplc, "");

	if (m.profile == NULL)
		fail_msg("%s: no profile", atr);
	assert_string_equal(m.profile->name, name);
	assert_int_equal(m.by, by);
	assert_non_null(m.product);
}

static void shipped_profiles_know_their_cards(void **state)
{
	struct profiles *p = load(DATA);

	(void)state;
	known(p, "3BFA1800008131FE4546534A434F503453494480", "", "jcop4", PROFILE_BY_ATR);
	known(p, "3BDC96FF8111FE8031C8544356350773FFA1C03C", "", "jcop4", PROFILE_BY_ATR);
	known(p, "3BFD1300008131FE158073C021C057597562694B657940", "", "yubikey", PROFILE_BY_ATR);
	known(p, "3B8D80018073C021C057597562694B6579F9", "", "yubikey", PROFILE_BY_ATR);
	known(p, "3BD518008131FE7D8073C82110F4", "", "safenet", PROFILE_BY_ATR);
	/* The Token JC of docs/safenet-token-jc.md in PeculiarVentures/scp: by wildcards. */
	known(
	    p, "3BFF9600008131FE4380318065B0855956FB120FFE82900000", "", "safenet", PROFILE_BY_ATR);
	/* The same list: ANCEL (Telecommunication). */
	known(p, "3B9F96801FC78031E073FE211B6406858300829000C1", "", "uicc", PROFILE_BY_HISTORICAL);
	known(p, "3B87016361726461646DFA", "", "virtual", PROFILE_BY_ATR);
	/* Recorded CPLC of a JCOP 4 (kaoh/globalplatform, getDataTest.c) behind a foreign ATR. */
	known(p, "3B00",
	    "4790D600470000000000324434295220844800000000000000001527823432393532"
	    "0000000000000000",
	    "jcop4", PROFILE_BY_CPLC);
	profiles_free(p);
}

static void other_cards_have_no_profile(void **state)
{
	static const char *const others[] = { "", "3B00", "3B",
		/* YubiKey 4, YubiKey NEO, JCOP 41, and a YubiKey 5 with one octet too many */
		"3BF81300008131FE15597562696B657934D4", "3BFA1300008131FE15597562696B65794E454FA6",
		"3BFA1300008131FE454A434F50343156323331 97",
		"3BFD1300008131FE158073C021C057597562694B65794000" };
	struct profiles *p = load(DATA);

	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		struct profile_match m = match(p, others[i], "", "");

		assert_null(m.profile);
		assert_int_equal(m.by, PROFILE_BY_NOTHING);
	}
	profiles_free(p);
}

static void shipped_profiles_say_what_was_measured(void **state)
{
	struct profiles *p = load(DATA);
	const struct profile *j, *s;

	(void)state;
	j = match(p, "3BFA1800008131FE4546534A434F503453494480", "", "").profile;
	assert_span(aid_span(&j->isd), unit_bytes("A000000151000000"));
	assert_int_equal(j->protocol, 3);
	assert_int_equal(j->s16, 0);
	assert_int_equal(j->factory_version, 0xFF);
	assert_int_equal(j->factory_p1, 0x00);
	assert_string_equal(profile_load_le_str(j->load_le), "always");
	s = match(p, "3BD518008131FE7D8073C82110F4", "", "").profile;
	assert_span(aid_span(&s->isd), unit_bytes("A000000018434D00"));
	assert_int_equal(s->protocol, -1);
	assert_int_equal(s->s16, -1);
	assert_null(profile_load_le_str(s->load_le));
	profiles_free(p);
}

/* ---- made for the test ---- */

static char folder[64];

static void put(const char *file, const char *products)
{
	char path[128], name[64];
	FILE *f;

	if (folder[0] == '\0') {
		snprintf(folder, sizeof(folder), "/tmp/profile_test.%d", (int)getpid());
		assert_int_equal(mkdir(folder, 0700), 0);
	}
	snprintf(path, sizeof(path), "%s/%s.yaml", folder, file);
	snprintf(name, sizeof(name), "%.60s", file);
	f = fopen(path, "w");
	assert_non_null(f);
	fprintf(f, "cardadm: profile/1\nname: %s\nsource: test\nproducts:\n%s", name, products);
	fclose(f);
}

static void clear(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", folder);
	assert_int_equal(system(command), 0);
	folder[0] = '\0';
}

static void the_more_certain_knowledge_wins(void **state)
{
	struct profiles *p;
	struct profile_match m;

	(void)state;
	put("a", "  x: {atr: 3B02...., product: a}\n");
	put("b", "  x: {atr: 3B0241.., product: b}\n");
	put("c", "  x: {historical: 4142, product: c}\n");
	put("d", "  x: {card-data: 2A86.., product: d}\n");
	put("e", "  x: {cplc: 4790, product: e}\n");
	put("f", "  x: {cplc: 4790, atr: 3B024343, product: f}\n");
	p = load(folder);
	m = match(p, "3B024142", "4790", "73032A8648");
	assert_string_equal(m.profile->name, "b");
	assert_int_equal(m.octets, 3);
	m = match(p, "3B024242", "", "");
	assert_string_equal(m.profile->name, "a");
	m = match(p, "3F024142", "47", "73032A86"); /* one octet short for d */
	assert_string_equal(m.profile->name, "c");
	m = match(p, "3F024142", "", "73032A8648");
	assert_string_equal(m.profile->name, "d");
	m = match(p, "3F024142", "4790D6", "73032A8648");
	assert_string_equal(m.profile->name, "e");
	/* All that a product gives must fit. */
	m = match(p, "3B024343", "", "");
	assert_string_equal(m.profile->name, "a");
	m = match(p, "3B024343", "4790", "");
	assert_string_equal(m.profile->name, "f");
	profiles_free(p);
	clear();
}

static void of_two_that_fit_alike_none_is_used(void **state)
{
	struct profiles *p;
	struct profile_match m;

	(void)state;
	put("a", "  x: {atr: 3B..01, product: a}\n  y: {atr: 3B0201, product: a}\n");
	put("b", "  x: {atr: 3B02.., product: b}\n");
	p = load(folder);
	m = match(p, "3B0301", "", "");
	assert_string_equal(m.profile->name, "a");
	m = match(p, "3B0201", "", ""); /* the exact one settles it */
	assert_string_equal(m.profile->name, "a");
	assert_null(m.tied[0]);
	profiles_free(p);
	put("c", "  x: {atr: 3B02 01, product: c}\n");
	p = load(folder);
	m = match(p, "3B0201", "", "");
	assert_null(m.profile);
	assert_null(m.product);
	assert_string_equal(m.tied[0]->name, "a");
	assert_string_equal(m.tied[1]->name, "c");
	profiles_free(p);
	profiles_match(NULL, &(struct profile_facts){ 0 }, &m);
	assert_null(m.profile);
	clear();
}

static void bad_files_are_refused_with_their_place(void **state)
{
	static const struct {
		const char *text, *want;
	} bad[] = {
		{ "cardadm: profile/2\n", "p.yaml:1" },
		{ "cardadm: profile/1\nname: x\nsource: s\n", "`products` is missing" },
		{ "cardadm: profile/1\nname: x\nsource: s\nproducts: {}\n", "no product" },
		{ "cardadm: profile/1\nname: x\nsource: s\nproducts:\n  a: {product: t}\n",
		    "p.yaml:5:6: one of atr" },
		{ "cardadm: profile/1\nname: x\nsource: s\nproducts:\n  a: {atr: 3B0, product: "
		  "t}\n",
		    "p.yaml:5:12: `atr` must be octets in hex" },
		{ "cardadm: profile/1\nname: x\nsource: s\nproducts:\n  a: {atr: 3B.., prodct: "
		  "t}\n",
		    "unknown key `prodct`" },
		{ "cardadm: profile/1\nname: x\nsource: s\nproducts: {a: {atr: 3B, product: t}}\n"
		  "isd: A0\n",
		    "p.yaml:5:6: `isd`" },
		{ "cardadm: profile/1\nname: x\nsource: s\nproducts: {a: {atr: 3B, product: t}}\n"
		  "protocol: scp10\n",
		    "`protocol` must be one of" },
		{ "cardadm: profile/1\nname: x\nsource: s\nproducts: {a: {atr: 3B, product: t}}\n"
		  "factory: {version: FF}\n",
		    "`p1` is missing" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct profile p;
		struct err e = { 0 };

		assert_int_equal(profile_parse("p.yaml", span_str(bad[i].text), &p, &e), -1);
		assert_int_equal(e.code, ERR_INPUT);
		if (strstr(e.text, bad[i].want) == NULL)
			fail_msg("%zu: got: %s", i, e.text);
		assert_null(p.product);
	}
}

static void a_folder_is_read_whole_or_not_at_all(void **state)
{
	struct profiles *p = NULL;
	struct err e = { 0 };
	char path[128];
	FILE *f;

	(void)state;
	assert_int_equal(profiles_load("/nonexistent/profiles", &p, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	put("a", "  x: {atr: 3B.., product: a}\n");
	put("b", "  x: {atr: 3B01, product: b}\n");
	p = load(folder);
	assert_string_equal(profiles_at(p, 0)->file, "a.yaml");
	assert_string_equal(profiles_at(p, 1)->name, "b");
	assert_null(profiles_at(p, 2));
	profiles_free(p);
	snprintf(path, sizeof(path), "%s/z.yaml", folder);
	f = fopen(path, "w");
	fputs("cardadm: profile/1\nname: a\nsource: s\nproducts: {x: {atr: 3F, product: t}}\n", f);
	fclose(f);
	p = NULL;
	assert_int_equal(profiles_load(folder, &p, &e), -1);
	assert_null(p);
	assert_non_null(strstr(e.text, "a.yaml already"));
	clear();
}

/* ---- the answer to reset ---- */

static void atr_is_taken_apart(void **state)
{
	struct atr a;

	(void)state;
	assert_true(atr_get(unit_bytes("3BFA1800008131FE4546534A434F503453494480"), &a));
	assert_false(a.inverse);
	assert_int_equal(a.protocols, 1u << 1);
	assert_int_equal(a.ta1, 0x18);
	assert_int_equal(atr_fi(0x18), 372);
	assert_int_equal(atr_di(0x18), 12);
	assert_int_equal(atr_fi(0x96) / atr_di(0x96), 16);
	assert_span(a.historical, unit_bytes("46534A434F5034534944"));
	assert_true(a.has_check && a.check_ok);
	/* T=0 and T=15, as SIM cards have it. */
	assert_true(atr_get(unit_bytes("3B9F96801FC78031E073FE211B6406858300829000C1"), &a));
	assert_int_equal(a.protocols, 1u << 0 | 1u << 15);
	assert_int_equal(a.historical.n, 15);
	/* No TD1: T=0, and no TCK. */
	assert_true(atr_get(unit_bytes("3B021450"), &a));
	assert_int_equal(a.protocols, 1);
	assert_false(a.has_ta1 || a.has_check);
	assert_true(a.check_ok);
	assert_true(atr_get(unit_bytes("3B87016361726461646DE6"), &a));
	assert_false(a.check_ok);
}

static void hostile_atrs_are_refused(void **state)
{
	static const char *const bad[] = { "", "3B", "3C00", "3B10", "3B80", "3B8080808080808080",
		"3B02", "3B0241", "3B00E000", "3BF0", "3B0F4142434445464748494A4B4C4D4E",
		"3B8F8001" };
	uint8_t endless[ATR_MAX + 1];
	struct atr a;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(atr_get(unit_bytes(bad[i]), &a));
	/* One octet more than an ATR can have, but in order: 15 TD, 15 historical octets, TCK. */
	memset(endless, 0, sizeof(endless));
	memset(endless, 0x80, 17);
	endless[0] = 0x3B;
	endless[1] = 0x8F;
	assert_false(atr_get(SPAN(endless), &a));
	memset(endless, 0x80, sizeof(endless));
	endless[0] = 0x3B;
	assert_false(atr_get(SPAN(endless), &a));
	assert_false(atr_get(span_of(endless, ATR_MAX), &a));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shipped_profiles_know_their_cards),
		cmocka_unit_test(other_cards_have_no_profile),
		cmocka_unit_test(shipped_profiles_say_what_was_measured),
		cmocka_unit_test(the_more_certain_knowledge_wins),
		cmocka_unit_test(of_two_that_fit_alike_none_is_used),
		cmocka_unit_test(bad_files_are_refused_with_their_place),
		cmocka_unit_test(a_folder_is_read_whole_or_not_at_all),
		cmocka_unit_test(atr_is_taken_apart),
		cmocka_unit_test(hostile_atrs_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
