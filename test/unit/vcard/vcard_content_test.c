/* Loading into the virtual card: from INSTALL [for load] to the registry, and every way it ends
 * before. */
#include "content_rig.h"

#include "crypto/digest.h"

static const struct span none = { NULL, 0 };
static const struct package_of hello = { .aid = PACKAGE,
	.applets = { APPLET },
	.imports = { "A0000000620101" },
	.major = 1,
	.minor = 2 };

/* The whole load file of a package. */
static struct wr load_file_of(const struct package_of *p, struct wr *data)
{
	struct wr file = wr_grow(1 << 20);

	*data = wr_grow(1 << 20);
	package_put(data, p);
	load_file_head_put(&file, NULL, 0, data->n, false, NULL);
	wr_put(&file, wr_span(data));
	assert_true(wr_ok(&file));
	return file;
}

static bool is_loaded(const struct rig *r, const char *aid)
{
	struct aid a = aid_of(aid);

	return chip_load_file(r->v, &a) != NULL;
}

static void load_and_install(void **state)
{
	struct aid package = aid_of(PACKAGE), app = aid_of("A00000006203010C0102");
	const struct card_load_file *f;
	struct status_entry s;
	uint8_t digest[32];
	struct wr data = wr_grow(1 << 16);
	struct rig r;

	(void)state;
	content_on(&r);
	package_put(&data, &hello);
	assert_int_equal(load_package(&r, &hello, ISD), SW_OK);
	f = chip_load_file(r.v, &package);
	assert_non_null(f);
	assert_span(wr_span(&f->data), wr_span(&data));
	assert_true(sha256_of(wr_span(&data), digest));
	assert_span(span_of(f->hash, f->hash_n), SPAN(digest));
	assert_int_equal(f->domain.n, 0);
	assert_int_equal(f->import_n, 1);
	assert_int_equal(install_applet(&r, PACKAGE, APPLET, "A00000006203010C0102", "00"), SW_OK);
	assert_true(status_of(&r, STATUS_MODULES, PACKAGE, &s));
	assert_int_equal(s.state, ELF_LOADED);
	assert_memory_equal(s.version, "\x01\x02", 2);
	assert_int_equal(s.module_n, 1);
	assert_span(aid_span(&s.module[0]), unit_bytes(APPLET));
	assert_span(aid_span(&s.domain), unit_bytes(ISD));
	assert_true(status_of(&r, STATUS_APPLICATIONS, "A00000006203010C0102", &s));
	assert_int_equal(s.state, APP_SELECTABLE);
	assert_int_equal(s.privileges, 0);
	assert_span(aid_span(&s.load_file), unit_bytes(PACKAGE));
	assert_lasting(&r);
	assert_non_null(chip_app(r.v, &app));
	wr_free(&data);
	rig_off(&r);
}

/* Blocks of every size, so that each octet of the load file's head is cut in front of. */
static void blocks_cut_anywhere(void **state)
{
	struct wr data, file = load_file_of(&hello, &data);
	struct rig r;

	(void)state;
	content_on(&r);
	for (size_t n = 1; n <= 255; n += n < 12 ? 1 : 37) {
		assert_int_equal(load_start(&r, PACKAGE, "", none), SW_OK);
		assert_int_equal(load_blocks_put(&r, wr_span(&file), n), SW_OK);
		assert_true(is_loaded(&r, PACKAGE));
		assert_int_equal(delete_aid(&r, PACKAGE, DELETE_OBJECT), SW_OK);
	}
	/* all of it in one command of extended length */
	assert_int_equal(load_start(&r, PACKAGE, "", none), SW_OK);
	assert_int_equal(load_blocks_put(&r, wr_span(&file), file.n), SW_OK);
	assert_true(is_loaded(&r, PACKAGE));
	wr_free(&data);
	wr_free(&file);
	rig_off(&r);
}

static void block_numbers(void **state)
{
	struct package_of big = hello;
	struct wr data, file;
	struct rig r;

	(void)state;
	content_on(&r);
	big.method = 20000;
	file = load_file_of(&big, &data);
	/* exactly 256 blocks go, 257 do not */
	assert_int_equal(load_start(&r, PACKAGE, "", none), SW_OK);
	assert_int_equal(load_blocks_put(&r, wr_span(&file), (file.n + 255) / 256), SW_OK);
	assert_true(is_loaded(&r, PACKAGE));
	assert_int_equal(delete_aid(&r, PACKAGE, DELETE_OBJECT), SW_OK);
	assert_int_equal(load_start(&r, PACKAGE, "", none), SW_OK);
	assert_int_equal(load_blocks_put(&r, wr_span(&file), 70), SW_CONDITIONS);
	assert_int_equal(r.v->channel[0].loading.active, false);
	/* a number left out, one twice, one before its time: the load is over */
	for (unsigned second = 0; second <= 2; second += 2) {
		assert_int_equal(load_start(&r, PACKAGE, "", none), SW_OK);
		assert_int_equal(
		    say(&r, INS_LOAD, 0x0000, span_sub(wr_span(&file), 0, 100), NULL), SW_OK);
		assert_int_equal(
		    say(&r, INS_LOAD, (uint16_t)second, span_sub(wr_span(&file), 100, 100), NULL),
		    SW_WRONG_P1P2);
		assert_int_equal(
		    say(&r, INS_LOAD, 0x0001, span_sub(wr_span(&file), 100, 100), NULL),
		    SW_CONDITIONS);
	}
	assert_int_equal(load_start(&r, PACKAGE, "", none), SW_OK);
	assert_int_equal(
	    say(&r, INS_LOAD, 0x4000, span_sub(wr_span(&file), 0, 100), NULL), SW_WRONG_P1P2);
	assert_int_equal(say(&r, INS_LOAD, 0x0000, none, NULL), SW_WRONG_LENGTH);
	assert_false(is_loaded(&r, PACKAGE));
	wr_free(&data);
	wr_free(&file);
	rig_off(&r);
}

/* Any command in between ends the load, and its memory is free again. */
static void interrupted(void **state)
{
	static const char *const between[] = {
		"80CA006600",              /* GET DATA */
		"80F28002024F0000",        /* GET STATUS */
		"80E4000006 4F0401020304", /* DELETE, malformed */
		"80E60400020000",          /* INSTALL, malformed */
	};
	struct wr data, file = load_file_of(&hello, &data);
	uint32_t before;
	struct rig r;

	(void)state;
	content_on(&r);
	before = content_free(r.v);
	for (size_t i = 0; i < sizeof(between) / sizeof(between[0]) + 1; i++) {
		struct capdu c;

		assert_int_equal(load_start(&r, PACKAGE, "", none), SW_OK);
		assert_int_equal(
		    say(&r, INS_LOAD, 0x0000, span_sub(wr_span(&file), 0, 50), NULL), SW_OK);
		assert_int_equal(content_free(r.v), before - 50);
		if (i < sizeof(between) / sizeof(between[0])) {
			assert_true(capdu_get(unit_bytes(between[i]), &c));
			say(&r, c.ins, (uint16_t)(c.p1 << 8 | c.p2), c.data, NULL);
		} else {
			rig_hex(&r, "00A4040000");
			content_session(&r);
		}
		assert_int_equal(content_free(r.v), before);
		assert_int_equal(say(&r, INS_LOAD, 0x0001, span_sub(wr_span(&file), 50, 50), NULL),
		    SW_CONDITIONS);
	}
	/* what happens on another channel does not count */
	assert_int_equal(rig_hex(&r, "0070000001"), SW_OK);
	assert_int_equal(load_start(&r, PACKAGE, "", none), SW_OK);
	assert_int_equal(say(&r, INS_LOAD, 0x0000, span_sub(wr_span(&file), 0, 50), NULL), SW_OK);
	assert_int_equal(rig_hex(&r, "81CA006600"), SW_OK);
	assert_int_equal(content_free(r.v), before - 50);
	assert_int_equal(
	    say(&r, INS_LOAD, 0x8001, span_sub(wr_span(&file), 50, file.n - 50), NULL), SW_OK);
	wr_free(&data);
	wr_free(&file);
	rig_off(&r);
}

static void start_refused(void **state)
{
	static const struct {
		const char *data;
		uint16_t sw;
	} bad[] = {
		{ "", SW_WRONG_LENGTH },
		{ "09" PACKAGE "0000000000", SW_WRONG_DATA }, /* an octet more */
		{ "09" PACKAGE "000000", SW_WRONG_DATA },     /* one less */
		{ "0000000000", SW_WRONG_DATA },              /* no AID */
		{ "0401020304 00000000", SW_WRONG_DATA },     /* too short an AID */
		{ "09" PACKAGE "08A000000151000009000000", SW_REFERENCE_NOT_FOUND },
		{ "09" PACKAGE "00 03010203 0000", SW_WRONG_DATA },     /* no such hash */
		{ "09" PACKAGE "0000 04EF02C601 00", SW_WRONG_DATA },   /* parameters cut short */
		{ "09" PACKAGE "0000 05EF03C60101 00", SW_WRONG_DATA }, /* number of one octet */
		{ "09" PACKAGE "0000 08EF06C60400800001 00", SW_NO_MEMORY },
		{ "09" PACKAGE "0000 08EF06C8047FFFFFFF 00", SW_NO_MEMORY },
		{ "09" PACKAGE "0000 08EF06C70400010000 00", SW_NO_MEMORY },
		{ "09" PACKAGE "0000 00 0101", SW_WRONG_DATA }, /* a token nobody asked for */
		{ "08" ISD "00000000", SW_CONDITIONS },
		{ "07" DOMAIN_PACKAGE "00000000", SW_CONDITIONS },
	};
	struct rig r;

	(void)state;
	rig_issue(&r, 16, 0x70);
	r.issue.memory = 0x8000;
	rig_on(&r);
	content_session(&r);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(say_hex(&r, INS_INSTALL, 0x0200, bad[i].data), bad[i].sw);
		assert_int_equal(say_hex(&r, INS_LOAD, 0x8000, "C400"), SW_CONDITIONS);
	}
	assert_int_equal(say_hex(&r, INS_INSTALL, 0x0201, "09" PACKAGE "00000000"), SW_WRONG_P1P2);
	assert_int_equal(say_hex(&r, INS_INSTALL, 0x0100, "09" PACKAGE "00000000"), SW_WRONG_P1P2);
	assert_int_equal(load_package(&r, &hello, ""), SW_OK);
	assert_int_equal(load_start(&r, PACKAGE, "", none), SW_CONDITIONS); /* there already */
	assert_int_equal(install_applet(&r, PACKAGE, APPLET, APPLET, "00"), SW_OK);
	assert_int_equal(load_start(&r, APPLET, "", none), SW_CONDITIONS);
	/* a domain that is not PERSONALIZED, or locked, gets nothing */
	assert_int_equal(install_domain(&r, DOMAIN, "80"), SW_OK);
	assert_int_equal(load_start(&r, LIBRARY, DOMAIN, none), SW_CONDITIONS);
	assert_int_equal(load_start(&r, LIBRARY, APPLET, none), SW_REFERENCE_NOT_FOUND);
	rig_off(&r);
}

/* Load files that are none: each is found out at the latest with its last block. */
static void load_refused(void **state)
{
	static const struct {
		const char *file;
		uint16_t sw;
	} bad[] = {
		{ "C5020102", SW_WRONG_DATA },                    /* no tag of a load file */
		{ "C4020102", SW_WRONG_DATA },                    /* not components */
		{ "C40501020304", SW_WRONG_DATA },                /* shorter than it says */
		{ "C402010203", SW_WRONG_DATA },                  /* longer */
		{ "C480", SW_WRONG_DATA },                        /* indefinite length */
		{ "C48401000000", SW_WRONG_DATA },                /* larger than any */
		{ "C48300FF00", SW_NO_MEMORY },                   /* larger than the memory */
		{ "E2024F00C40101", SW_WRONG_DATA },              /* DAP block of nobody */
		{ "E20D4F08" ISD "C30101C40101", SW_CONDITIONS }, /* DAP block without a hash */
		{ "D30101D40101", SW_WRONG_DATA },                /* ICV of one octet */
	};
	struct wr data, file;
	struct package_of other = hello;
	struct rig r;

	(void)state;
	rig_issue(&r, 16, 0x70);
	r.issue.memory = 0x8000;
	rig_on(&r);
	content_session(&r);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(load_start(&r, PACKAGE, "", none), SW_OK);
		assert_int_equal(load_blocks_put(&r, unit_bytes(bad[i].file), 255), bad[i].sw);
		assert_false(r.v->channel[0].loading.active);
	}
	/* another package than was announced */
	other.aid = LIBRARY;
	file = load_file_of(&other, &data);
	assert_int_equal(load_start(&r, PACKAGE, "", none), SW_OK);
	assert_int_equal(load_blocks_put(&r, wr_span(&file), 200), SW_WRONG_DATA);
	wr_free(&data);
	wr_free(&file);
	/* every octet of a good one may be wrong: refused, or loaded whole and sound */
	file = load_file_of(&hello, &data);
	for (size_t i = 0; i < file.n; i++) {
		uint16_t sw;

		file.p[i] ^= 0x01;
		assert_int_equal(load_start(&r, PACKAGE, "", none), SW_OK);
		sw = load_blocks_put(&r, wr_span(&file), 200);
		assert_true(sw == SW_OK ? is_loaded(&r, PACKAGE) : !is_loaded(&r, PACKAGE));
		if (sw == SW_OK)
			assert_int_equal(delete_aid(&r, PACKAGE, DELETE_RELATED), SW_OK);
		file.p[i] ^= 0x01;
	}
	assert_lasting(&r);
	wr_free(&data);
	wr_free(&file);
	rig_off(&r);
}

static void hash_compared(void **state)
{
	static const enum digest_alg algs[] = { DIGEST_SHA1, DIGEST_SHA256, DIGEST_SHA384,
		DIGEST_SHA512 };
	struct wr data, file = load_file_of(&hello, &data);
	uint8_t hash[DIGEST_MAX];
	struct rig r;

	(void)state;
	content_on(&r);
	for (size_t i = 0; i < sizeof(algs) / sizeof(algs[0]); i++) {
		struct span h = span_of(hash, digest_size(algs[i]));

		assert_true(digest_of(algs[i], wr_span(&data), hash));
		hash[3] ^= 0x10;
		assert_int_equal(load_start(&r, PACKAGE, "", h), SW_OK);
		assert_int_equal(load_blocks_put(&r, wr_span(&file), 200), SW_WRONG_DATA);
		hash[3] ^= 0x10;
		assert_int_equal(load_start(&r, PACKAGE, "", h), SW_OK);
		assert_int_equal(load_blocks_put(&r, wr_span(&file), 200), SW_OK);
		assert_int_equal(delete_aid(&r, PACKAGE, DELETE_OBJECT), SW_OK);
	}
	wr_free(&data);
	wr_free(&file);
	rig_off(&r);
}

/* Power fails in every write of a load, an installation and a deletion. */
static void power_cuts(void **state)
{
	struct aid package = aid_of(PACKAGE), app = aid_of(APPLET);
	struct rig r;

	(void)state;
	content_on(&r);
	for (size_t keep = 0; keep < 400; keep += 23) {
		nvm_cut(r.v->nvm, 1, keep);
		assert_int_equal(load_package(&r, &hello, ""), 0);
		rig_cycle(&r);
		content_session(&r);
		assert_null(chip_load_file(r.v, &package));
		assert_int_equal(load_package(&r, &hello, ""), SW_OK);
		nvm_cut(r.v->nvm, 1, keep);
		assert_int_equal(install_applet(&r, PACKAGE, APPLET, APPLET, "04"), 0);
		rig_cycle(&r);
		content_session(&r);
		assert_null(chip_app(r.v, &app));
		assert_int_equal(install_applet(&r, PACKAGE, APPLET, APPLET, "00"), SW_OK);
		nvm_cut(r.v->nvm, 1, keep);
		assert_int_equal(delete_aid(&r, PACKAGE, DELETE_RELATED), 0);
		rig_cycle(&r);
		content_session(&r);
		/* both, not one of them */
		assert_non_null(chip_load_file(r.v, &package));
		assert_non_null(chip_app(r.v, &app));
		assert_int_equal(delete_aid(&r, PACKAGE, DELETE_RELATED), SW_OK);
		rig_cycle(&r);
		content_session(&r);
		assert_null(chip_load_file(r.v, &package));
		assert_null(chip_app(r.v, &app));
	}
	rig_off(&r);
}

/* As many as there is room for, no matter how long the journal gets. */
static void bounded(void **state)
{
	struct package_of p = hello;
	char aid[32];
	size_t n;
	struct rig r;

	(void)state;
	content_on(&r);
	p.applets[0] = APPLET;
	p.aid = aid;
	for (n = 0; n <= HELD_FILES_MAX; n++) {
		snprintf(aid, sizeof(aid), "A0000000620301%02X", (unsigned)n);
		if (load_package(&r, &p, "") != SW_OK)
			break;
	}
	assert_int_equal(n, HELD_FILES_MAX);
	assert_int_equal(load_start(&r, LIBRARY, "", none), SW_NO_MEMORY);
	snprintf(aid, sizeof(aid), "A000000062030105");
	for (n = 0; n <= HELD_APPS_MAX; n++) {
		char app[32];

		snprintf(app, sizeof(app), "A0000000620302%02X", (unsigned)n);
		if (install_applet(&r, aid, APPLET, app, "00") != SW_OK)
			break;
	}
	assert_int_equal(n, HELD_APPS_MAX);
	assert_lasting(&r);
	content_session(&r);
	for (n = 0; n < 200; n++) {
		struct aid a = aid_of("A000000062030207");

		assert_int_equal(delete_aid(&r, "A000000062030207", DELETE_OBJECT), SW_OK);
		assert_null(chip_app(r.v, &a));
		assert_int_equal(install_applet(&r, aid, APPLET, "A000000062030207", "00"), SW_OK);
	}
	assert_lasting(&r);
	rig_off(&r);
}

static void memory(void **state)
{
	struct package_of big = hello;
	struct rig r;
	uint32_t before;
	struct aid package = aid_of(PACKAGE);

	(void)state;
	rig_issue(&r, 16, 0x70);
	r.issue.memory = 0x4000;
	rig_on(&r);
	before = content_free(r.v);
	assert_int_equal(before, 0x4000);
	assert_span(rig_get(&r, TAG_RESOURCES),
	    unit_bytes("FF210F 810101 820400004000 830400004000")); /* the trust application */
	content_session(&r);
	/* All that is free may be asked for, and no octet more. */
	assert_int_equal(HELD_FILE_OVERHEAD, 0x40);
	assert_int_equal(
	    say_hex(&r, INS_INSTALL, 0x0200, "09" PACKAGE "0000 08EF06C60400003FC0 00"), SW_OK);
	assert_int_equal(
	    say_hex(&r, INS_INSTALL, 0x0200, "09" PACKAGE "0000 08EF06C60400003FC1 00"),
	    SW_NO_MEMORY);
	assert_int_equal(
	    say_hex(&r, INS_INSTALL, 0x0200, "09" PACKAGE "0000 08EF06C70400004000 00"), SW_OK);
	assert_int_equal(
	    say_hex(&r, INS_INSTALL, 0x0200, "09" PACKAGE "0000 08EF06C70400004001 00"),
	    SW_NO_MEMORY);
	big.method = 0x4000;
	assert_int_equal(load_package(&r, &big, ""), SW_NO_MEMORY);
	assert_int_equal(content_free(r.v), before);
	big.method = 0x2000;
	assert_int_equal(load_package(&r, &big, ""), SW_OK);
	assert_int_equal(
	    content_free(r.v), before - load_file_takes(chip_load_file(r.v, &package)));
	assert_int_equal(install_applet(&r, PACKAGE, APPLET, APPLET, "00"), SW_OK);
	assert_int_equal(delete_aid(&r, PACKAGE, DELETE_RELATED), SW_OK);
	assert_int_equal(content_free(r.v), before);
	rig_off(&r);
}

/* A block that does not fit, more imports than are kept, the same package by two ways at once. */
/* Java Card VM 4.5.2: the same major version, and no older. */
static void imported(void **state)
{
	static const char maths[] = "F0434152440A";
	static const struct {
		uint8_t major, minor; /* of the library that is there; 0.0: none */
		uint16_t sw;
	} t[] = { { 0, 0, SW_CONDITIONS }, { 2, 0, SW_WRONG_DATA }, { 1, 0, SW_OK },
		{ 1, 9, SW_OK } };
	struct package_of user = hello, library = { .aid = maths };
	struct rig r;

	(void)state;
	user.imports[1] = maths;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		content_on(&r);
		library.major = t[i].major;
		library.minor = t[i].minor;
		if (t[i].major > 0)
			assert_int_equal(load_package(&r, &library, ""), SW_OK);
		assert_int_equal(load_package(&r, &user, ""), t[i].sw);
		rig_off(&r);
	}
}

static void last_moments(void **state)
{
	struct wr data, file = load_file_of(&hello, &data);
	struct package_of p = hello;
	struct aid package = aid_of(PACKAGE);
	struct scp first;
	struct rig r;

	(void)state;
	rig_issue(&r, 16, 0x70);
	r.issue.memory = 100;
	rig_on(&r);
	content_session(&r);
	/* of a DAP block nobody can tell how long the load file will be */
	assert_int_equal(load_start(&r, PACKAGE, "", none), SW_OK);
	assert_int_equal(
	    load_blocks_put(&r, unit_bytes("E2820200 4F08" ISD "C38201F1"), 100), SW_WRONG_DATA);
	assert_int_equal(load_start(&r, PACKAGE, "", none), SW_OK);
	assert_int_equal(
	    say(&r, INS_LOAD, 0x0000, span_sub(wr_span(&file), 0, 101), NULL), SW_NO_MEMORY);
	rig_off(&r);
	content_on(&r);
	p.more_imports = HELD_IMPORTS_MAX;
	assert_int_equal(load_package(&r, &p, ""), SW_NO_MEMORY);
	p.more_imports--;
	assert_int_equal(load_package(&r, &p, ""), SW_OK);
	assert_int_equal(chip_load_file(r.v, &package)->import_n, HELD_IMPORTS_MAX);
	assert_int_equal(delete_aid(&r, PACKAGE, DELETE_OBJECT), SW_OK);
	assert_int_equal(rig_hex(&r, "0070000001"), SW_OK);
	assert_int_equal(load_start(&r, PACKAGE, "", none), SW_OK);
	first = r.host;
	memset(&r.host, 0, sizeof(r.host));
	r.channel = 1;
	content_session(&r);
	assert_int_equal(load_package(&r, &hello, ""), SW_OK);
	scp_wipe(&r.host);
	r.host = first;
	r.channel = 0;
	assert_int_equal(load_blocks_put(&r, wr_span(&file), 200), SW_CONDITIONS);
	wr_free(&data);
	wr_free(&file);
	rig_off(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(load_and_install),
		cmocka_unit_test(blocks_cut_anywhere),
		cmocka_unit_test(block_numbers),
		cmocka_unit_test(interrupted),
		cmocka_unit_test(start_refused),
		cmocka_unit_test(load_refused),
		cmocka_unit_test(hash_compared),
		cmocka_unit_test(power_cuts),
		cmocka_unit_test(bounded),
		cmocka_unit_test(memory),
		cmocka_unit_test(imported),
		cmocka_unit_test(last_moments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
