/*
 * Load files and GET STATUS, both forms, and the commands that real hosts sent to real cards
 * (test/transcripts): each is taken apart and put together again to the same octets, each load
 * file holds a package.
 */
#include "unit.h"

#include "cap/cap.h"
#include "gp/delete.h"
#include "gp/install.h"
#include "gp/load_file.h"
#include "gp/privilege.h"
#include "gp/status.h"
#include "tlv/tlv.h"

static struct aid aid(const char *hex)
{
	struct aid a = { 0 };

	assert_true(aid_from(&a, unit_bytes(hex)));
	return a;
}

/* ---- load files ---- */

static void load_lengths(void **state)
{
	static const struct {
		size_t octets;
		const char *head;
	} known[] = { { 0, "C400" }, { 127, "C47F" }, { 128, "C48180" }, { 255, "C481FF" },
		{ 256, "C4820100" }, { 0xFFFF, "C482FFFF" }, { 0x10000, "C483010000" },
		{ 0xFFFFFF, "C483FFFFFF" } };
	uint8_t room[16];
	struct wr w;

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		w = wr_fixed(room, sizeof(room));
		load_file_head_put(&w, NULL, 0, known[i].octets, false, NULL);
		assert_true(wr_ok(&w));
		assert_span(wr_span(&w), unit_bytes(known[i].head));
	}
	w = wr_fixed(room, sizeof(room));
	load_file_head_put(&w, NULL, 0, 0x1000000, false, NULL);
	assert_false(wr_ok(&w));
}

/* Two DAP blocks, an ICV and ciphered data. */
static struct span whole_load_file(uint8_t *room, size_t n)
{
	static const uint8_t icv[16] = { 1, 2, 3 }, data[200] = { 4, 5 };
	struct dap dap[2] = { { aid("A000000151000000"), unit_bytes("0102030405060708") },
		{ aid("A0000001510001"), unit_bytes("AA") } };
	struct wr w = wr_fixed(room, n);

	load_file_head_put(&w, dap, 2, sizeof(data), true, icv);
	assert_span(wr_span(&w), unit_bytes("E2144F08A000000151000000C3080102030405060708"
					    "E20C4F07A0000001510001C301AA"
					    "D31001020300000000000000000000000000D481C8"));
	wr_put(&w, SPAN(data));
	assert_true(wr_ok(&w));
	return wr_span(&w);
}

static void load_whole(void **state)
{
	uint8_t room[300], more[301] = { 0 };
	struct span s = whole_load_file(room, sizeof(room));
	struct load_file f, was = { .dap_n = 7 };
	bool wrong;

	(void)state;
	assert_true(load_file_get(s, &f));
	assert_int_equal(f.dap_n, 2);
	assert_span(aid_span(&f.dap[1].domain), unit_bytes("A0000001510001"));
	assert_span(f.dap[0].signature, unit_bytes("0102030405060708"));
	assert_true(f.ciphered);
	assert_int_equal(f.icv.n, 16);
	assert_int_equal(f.data.n, 200);
	memcpy(more, s.p, s.n);
	f = was;
	assert_false(load_file_get(span_of(more, s.n + 1), &f));
	/* Block by block: not known, then known, never wrong. */
	for (size_t n = 0; n <= s.n; n++) {
		size_t all = load_file_octets(span_sub(s, 0, n), &wrong);

		assert_false(wrong);
		assert_true(all == 0 || all == s.n);
		assert_true(n < s.n - 200 || all == s.n);
		if (n < s.n)
			assert_false(load_file_get(span_sub(s, 0, n), &f));
	}
	assert_int_equal(f.dap_n, 7);
}

static void load_malformed(void **state)
{
	static const char *const bad[] = { "", "C4", "C401", "C40100AA", "D000", "E200C400",
		"E2024F00C400", "E2094F050102030405C300C400",
		"E2094F050102030405C301AA"
		"00C400",
		"E20A4F050102030405C301AAC400"
		"00",
		"E2034F0101C400", "D30101D400", "D3080000000000000000C400",
		"D3080000000000000000D3080000000000000000D400", "D3080000000000000000",
		"E20A4F050102030405C301AA", "C4020102C400" };
	/* Nine DAP blocks: more than are kept. */
	static const char one[] = "E20A4F050102030405C301AA";
	char nine[9 * sizeof(one) + 8] = "";
	struct load_file f;
	bool wrong;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (load_file_get(unit_bytes(bad[i]), &f))
			fail_msg("taken: %s", bad[i]);
	for (int i = 0; i < LOAD_DAPS_MAX; i++)
		strcat(nine, one);
	strcat(nine, "C400");
	assert_true(load_file_get(unit_bytes(nine), &f));
	nine[strlen(nine) - 4] = '\0';
	strcat(strcat(nine, one), "C400");
	assert_false(load_file_get(unit_bytes(nine), &f));

	assert_int_equal(load_file_octets(unit_bytes("C5"), &wrong), 0);
	assert_false(wrong);
	assert_int_equal(load_file_octets(unit_bytes("C500"), &wrong), 0);
	assert_true(wrong);
	assert_int_equal(load_file_octets(unit_bytes("C480"), &wrong), 0);
	assert_true(wrong);
	assert_int_equal(load_file_octets(unit_bytes("C484"), &wrong), 0);
	assert_true(wrong);
	assert_int_equal(load_file_octets(unit_bytes("C483FFFFFF"), &wrong), 5 + 0xFFFFFF);
	assert_false(wrong);
}

static void load_in_blocks(void **state)
{
	(void)state;
	assert_int_equal(load_blocks(0, 247), 0);
	assert_int_equal(load_blocks(1, 247), 1);
	assert_int_equal(load_blocks(247, 247), 1);
	assert_int_equal(load_blocks(248, 247), 2);
	/* the most that fits without a channel, and one octet more */
	assert_int_equal(load_blocks(65280, 255), LOAD_BLOCKS_MAX);
	assert_int_equal(load_blocks(65281, 255), LOAD_BLOCKS_MAX + 1);
	assert_int_equal(load_blocks(5, 0), 0);
}

/* ---- GET STATUS ---- */

static void status_requests(void **state)
{
	static const char *const bad[] = { "", "4F", "4F02A0", "5C00",
		"4F11"
		"0102030405060708091011121314151617",
		"4F005C", "4F005C014F5C" };
	uint8_t room[64];
	struct wr w = wr_fixed(room, sizeof(room));
	struct span about, tags;

	(void)state;
	status_request_put(&w, unit_bytes(""), unit_bytes(""));
	assert_span(wr_span(&w), unit_bytes("4F00"));
	wr_reset(&w);
	status_request_put(&w, unit_bytes("A000"), unit_bytes("4F9F70C5C4CCCF"));
	assert_span(wr_span(&w), unit_bytes("4F02A0005C074F9F70C5C4CCCF"));
	assert_true(status_request_get(wr_span(&w), &about, &tags));
	assert_span(about, unit_bytes("A000"));
	assert_span(tags, unit_bytes("4F9F70C5C4CCCF"));
	/* Criteria that this program does not have are passed over. */
	assert_true(status_request_get(unit_bytes("4F009F7001075C014F"), &about, &tags));
	assert_span(tags, unit_bytes("4F"));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (status_request_get(unit_bytes(bad[i]), &about, &tags))
			fail_msg("taken: %s", bad[i]);
}

/* The deprecated form: an issuer domain as recorded, load files, load files with modules. */
static void status_old(void **state)
{
	static const struct {
		uint8_t p1;
		const char *page;
		size_t entries, modules;
	} pages[] = {
		{ STATUS_ISD, "08A0000001510000000F9A", 1, 0 },
		{ STATUS_LOAD_FILES,
		    "050102030405010005010203040601"
		    "00",
		    2, 0 },
		{ STATUS_MODULES,
		    "05010203040501000205010203040605010203040705010203040801"
		    "0000",
		    2, 2 },
	};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct span s = unit_bytes(pages[i].page);
		struct rd r = rd_of(s);
		uint8_t room[64];
		struct wr w = wr_fixed(room, sizeof(room));
		struct status_entry e;
		size_t n = 0, modules = 0;

		for (; status_old_next(&r, pages[i].p1, &e); n++) {
			status_old_put(&w, pages[i].p1, &e);
			modules += e.module_n;
		}
		assert_int_equal(rd_left(&r), 0);
		assert_int_equal(n, pages[i].entries);
		assert_int_equal(modules, pages[i].modules);
		assert_span(wr_span(&w), s);
		for (size_t cut = 1; cut < s.n; cut++) {
			r = rd_of(span_sub(s, 0, cut));
			for (size_t k = 0; k < pages[i].entries - 1; k++)
				(void)!status_old_next(&r, pages[i].p1, &e);
			n = rd_left(&r);
			assert_false(status_old_next(&r, pages[i].p1, &e));
			assert_int_equal(rd_left(&r), n);
		}
	}
}

static void status_isd(void **state)
{
	struct rd r = rd_of(unit_bytes("08A0000001510000000F9A"));
	struct status_entry e;

	(void)state;
	assert_true(status_old_next(&r, STATUS_ISD, &e));
	assert_span(aid_span(&e.aid), aid_span(&aid_isd));
	assert_int_equal(e.state, LIFE_SECURED);
	assert_int_equal(e.privileges, 0x9A0000);
	assert_int_equal(e.privileges_n, 1);
}

/* What cards do that the specification does not have. */
static void status_odd(void **state)
{
	struct rd r;
	struct status_entry e, was = { .state = 0x55 };
	uint8_t room[2000];
	struct wr w = wr_fixed(room, sizeof(room));
	size_t mark = tlv_open(&w, 0xE3);

	(void)state;
	/* two octets of state, tags that nobody knows, an empty AID of the load file */
	r = rd_of(unit_bytes("E3184F05010203040"
			     "59F70020F01C50100EA02AABBC400CE0101"));
	assert_true(status_entry_next(&r, &e));
	assert_int_equal(e.state, 0x0F);
	assert_int_equal(e.load_file.n, 0);
	assert_int_equal(e.version_n, 0);
	/* more modules than are kept */
	tlv_put(&w, 0x4F, unit_bytes("0102030405"));
	for (int i = 0; i < STATUS_MODULES_MAX + 5; i++)
		tlv_put(&w, 0x84, unit_bytes("010203040506"));
	for (int i = 0; i < STATUS_IMPLICIT_MAX + 5; i++)
		tlv_put_u8(&w, 0xCF, 0x80);
	tlv_close(&w, mark);
	r = rd_of(wr_span(&w));
	assert_true(status_entry_next(&r, &e));
	assert_int_equal(e.module_n, STATUS_MODULES_MAX);
	assert_int_equal(e.implicit_n, STATUS_IMPLICIT_MAX);
	/* no AID, another tag, an AID of four octets, privileges of two: refused, cursor unmoved */
	static const char *const bad[] = { "E3039F7000", "E3049F700107", "4F050102030405",
		"E3064F0401020304", "E30B4F050102030405C5020000", "E3", "E305",
		"E3084F0501020304058405", "E3084F05010203040584", "E3084F050102030405CE" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		e = was;
		r = rd_of(unit_bytes(bad[i]));
		if (status_entry_next(&r, &e))
			fail_msg("taken: %s", bad[i]);
		assert_int_equal(rd_left(&r), strlen(bad[i]) / 2);
		assert_int_equal(e.state, 0x55);
	}
}

static void status_all_fields(void **state)
{
	struct status_entry e = { .aid = aid("0102030405"),
		.state = 0x87,
		.privileges = 0x9EFE80,
		.privileges_n = 3,
		.load_file = aid("0102030406"),
		.domain = aid("0102030407"),
		.version = { 1, 2 },
		.version_n = 2,
		.implicit = { 0x80, 0x41 },
		.implicit_n = 2,
		.module = { aid("0102030408"), aid("0102030409") },
		.module_n = 2 };
	struct status_entry got;
	uint8_t room[128];
	struct wr w = wr_fixed(room, sizeof(room));
	struct rd r;

	(void)state;
	status_entry_put(&w, &e);
	assert_span(wr_span(&w),
	    unit_bytes("E3364F0501020304059F700187C5039EFE80CF0180CF0141C4050102030406CE020102"
		       "8405010203040884050102030409CC050102030407"));
	r = rd_of(wr_span(&w));
	assert_true(status_entry_next(&r, &got));
	assert_memory_equal(&got, &e, sizeof(e));
}

static void states(void **state)
{
	(void)state;
	assert_string_equal(app_state_str(0x01, false), "loaded");
	assert_string_equal(app_state_str(0x03, false), "installed");
	assert_string_equal(app_state_str(0x07, false), "selectable");
	assert_string_equal(app_state_str(0x0F, true), "personalized");
	assert_string_equal(app_state_str(0x0F, false), "application specific");
	assert_string_equal(app_state_str(0x7F, false), "application specific");
	assert_string_equal(app_state_str(0x83, false), "locked");
	assert_string_equal(app_state_str(0x8F, true), "locked");
	assert_string_equal(app_state_str(0x00, false), "unknown");
	assert_string_equal(app_state_str(0x05, true), "unknown");
}

/* ---- recordings ---- */

struct seen {
	size_t install, delete, status, entries, load, load_files;
	struct wr load_file;
};

static void recorded_load_file(struct seen *seen)
{
	struct load_file f;
	struct cap c;
	struct err e;
	bool wrong;

	assert_true(load_file_get(wr_span(&seen->load_file), &f));
	assert_int_equal(f.dap_n, 0);
	assert_int_equal(
	    load_file_octets(span_sub(wr_span(&seen->load_file), 0, 4), &wrong), seen->load_file.n);
	assert_ok(cap_parse(f.data, &c, &e), &e);
	/* One application in each, in the package of which it is. */
	assert_int_equal(c.applet_n, 1);
	assert_true(span_starts(c.applets[0].aid, c.package));
	assert_true(c.import_n >= 1);
	seen->load_files++;
	wr_reset(&seen->load_file);
}

static void recorded_load(struct seen *seen, const struct capdu *c)
{
	if (c->p2 == 0)
		wr_reset(&seen->load_file);
	assert_true(c->p1 == LOAD_MORE || c->p1 == LOAD_LAST);
	wr_put(&seen->load_file, c->data);
	seen->load++;
	if (c->p1 == LOAD_LAST)
		recorded_load_file(seen);
}

static void recorded_command(struct seen *seen, const struct capdu *c)
{
	uint8_t room[300];
	struct wr w = wr_fixed(room, sizeof(room));
	struct delete_object d;
	struct delete_keys k;
	struct span about, tags;
	struct install i;
	bool keys;

	if (c->ins == INS_INSTALL) {
		assert_true(install_get(c->p1, c->p2, c->data, &i));
		install_put(&w, c->p1, c->p2, &i);
		seen->install++;
	} else if (c->ins == INS_DELETE) {
		assert_true(delete_get(c->data, &d, &k, &keys));
		assert_false(keys);
		delete_object_put(&w, &d);
		seen->delete ++;
	} else {
		assert_true(status_request_get(c->data, &about, &tags));
		status_request_put(&w, about, tags);
		seen->status++;
	}
	assert_span(wr_span(&w), c->data);
}

/* Registry entries come back as they were; a page of a card with response protection is passed
 * over, it begins with something else. */
static void recorded_page(struct seen *seen, struct span rsp)
{
	uint8_t room[1024];
	struct wr w = wr_fixed(room, sizeof(room));
	struct status_entry e;
	struct rapdu a;
	struct rd r;

	if (!rapdu_get(rsp, &a) || a.sw != 0x9000)
		return;
	r = rd_of(a.data);
	for (; status_entry_next(&r, &e); seen->entries++)
		status_entry_put(&w, &e);
	if (w.n > 0)
		assert_span(wr_span(&w), span_sub(a.data, 0, w.n));
}

static void recorded_line(json_t *line, void *ctx)
{
	struct seen *seen = ctx;
	size_t n;
	json_t *x;

	json_array_foreach(json_object_get(line, "further_apdus"), n, x)
	{
		struct capdu c;

		/* What could not be opened has no plain form. */
		if (json_object_get(x, "plain_cmd") == NULL)
			continue;
		assert_true(capdu_get(unit_hex(x, "plain_cmd"), &c));
		if (c.ins == INS_LOAD)
			recorded_load(seen, &c);
		else if (c.ins == INS_INSTALL || c.ins == INS_DELETE || c.ins == INS_GET_STATUS)
			recorded_command(seen, &c);
		if (c.ins == INS_GET_STATUS)
			recorded_page(seen, unit_hex(x, "rsp"));
	}
}

static void recordings(void **state)
{
	static const char *const files[] = { "scp01-gppro", "scp01-opal", "scp02-gp4net",
		"scp02-gppro", "scp02-opal", "scp02-opal-simulated", "scp03-gp4net",
		"scp03-gppro" };
	struct seen seen = { .load_file = wr_grow(1 << 20) };

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		char path[80];

		snprintf(path, sizeof(path), "test/transcripts/%s.jsonl", files[i]);
		unit_jsonl(path, recorded_line, &seen);
	}
	wr_free(&seen.load_file);
	/* As many as there are: nothing was passed over in silence. */
	assert_int_equal(seen.install, 72);
	assert_int_equal(seen.delete, 22);
	assert_int_equal(seen.status, 51);
	assert_int_equal(seen.load, 1970);
	assert_int_equal(seen.load_files, 36);
	assert_true(seen.entries >= 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(load_lengths),
		cmocka_unit_test(load_whole),
		cmocka_unit_test(load_malformed),
		cmocka_unit_test(load_in_blocks),
		cmocka_unit_test(status_requests),
		cmocka_unit_test(status_old),
		cmocka_unit_test(status_isd),
		cmocka_unit_test(status_odd),
		cmocka_unit_test(status_all_fields),
		cmocka_unit_test(states),
		cmocka_unit_test(recordings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
