#include "unit.h"

#include <time.h>

#include "yaml/bind.h"

struct inner {
	bool flag;
	uint32_t count;
};
struct outer {
	char text[9], name[9];
	uint32_t number, date, version;
	int octet, choice;
	struct bind_bytes bytes;
	struct inner inner;
	char seen[64];
};

static int each(const struct doc *d, const struct node *v, void *to, struct err *e)
{
	struct outer *o = to;
	size_t n;

	if (!name_ok(v->key->text, 8))
		return doc_error(d, v->key, e, "bad name");
	n = strlen(o->seen);
	snprintf(o->seen + n, sizeof(o->seen) - n, "%s,", v->key->text);
	return 0;
}

static const char *const colours[] = { "red", "green", NULL };
static const struct bind_field inner_fields[] = {
	BIND_BOOL("flag", inner, flag, .flags = BIND_REQUIRED),
	BIND_U32("count", inner, count, 0, 9),
};
static const struct bind_table inner_table = BIND_TABLE(inner_fields);
static const struct bind_field fields[] = {
	BIND_HEADER_ROW,
	BIND_STRING("text", outer, text),
	BIND_NAME("name", outer, name),
	BIND_U32("number", outer, number, 3, 100),
	BIND_DATE("date", outer, date),
	BIND_VERSION("version", outer, version),
	BIND_HEX8("octet", outer, octet, 1, 0x7F),
	BIND_CHOICE("colour", outer, choice, colours),
	BIND_BYTES("bytes", outer, bytes, 2, 3),
	BIND_MAP("inner", inner_table, .offset = offsetof(struct outer, inner)),
	BIND_EACH("entries", each),
};
static const struct bind_table table = BIND_TABLE(fields);

static int bind_text(struct span text, struct outer *o, struct err *e)
{
	struct doc *d;
	int rc = -1;

	memset(o, 0, sizeof(*o));
	err_clear(e);
	if (doc_parse("f.yaml", text, &d, e) != 0)
		return -1;
	if (doc_is(d, "thing/1", e) == 0)
		rc = bind_map(d, doc_root(d), &table, o, e);
	doc_free(d);
	return rc;
}

/* The character in UTF-8, with its end. */
static void utf8(uint32_t c, char *out)
{
	if (c >= 0x800)
		*out++ = (char)(0xE0 | c >> 12);
	if (c >= 0x80)
		*out++ = c >= 0x800 ? (char)(0x80 | (c >> 6 & 0x3F)) : (char)(0xC0 | c >> 6);
	*out++ = c >= 0x80 ? (char)(0x80 | (c & 0x3F)) : (char)c;
	*out = '\0';
}

static void test_all_kinds(void **state)
{
	struct outer o;
	struct err e;

	(void)state;
	assert_ok(bind_text(span_str("# comment\n"
				     "cardadm: thing/1\n"
				     "text: 'a: #b'\n"
				     "name: a.B_-9\n"
				     "number: 010\n"
				     "date: 2028-02-29\n"
				     "version: 3.20\n"
				     "octet: 7f\n"
				     "colour: green\n"
				     "bytes: \"01 0A\"\n"
				     "inner: {flag: true, count: 9}\n"
				     "entries:\n"
				     "  one: {}\n"
				     "  two: [x, [y]]\n"),
		      &o, &e),
	    &e);
	assert_string_equal(o.text, "a: #b");
	assert_string_equal(o.name, "a.B_-9");
	assert_int_equal(o.number, 10);
	assert_int_equal(o.date, 20280229);
	assert_int_equal(o.version, 3 << 16 | 20);
	assert_int_equal(o.octet, 0x7F);
	assert_int_equal(o.choice, 1);
	assert_int_equal(o.bytes.n, 2);
	assert_int_equal(o.bytes.b[1], 0x0A);
	assert_true(o.inner.flag);
	assert_int_equal(o.inner.count, 9);
	assert_string_equal(o.seen, "one,two,");
}

static void test_other_line_ends(void **state)
{
	struct outer o;
	struct err e;

	(void)state;
	assert_ok(bind_text(span_str("\xEF\xBB\xBF"
				     "cardadm: thing/1\r\ntext: \xC3\xA4\r\n"),
		      &o, &e),
	    &e);
	assert_string_equal(o.text, "\xC3\xA4");
}

static void test_refused(void **state)
{
	/* text after "cardadm: thing/1\n", so that it begins in line 2 unless `whole` */
	static const struct {
		bool whole;
		const char *text, *want, *hint;
	} bad[] = {
		{ true, "", "f.yaml:1:1: the file is empty", "" },
		{ true, "# only a comment\n", "f.yaml:1:1: the file is empty", "" },
		{ true, "- a\n", "f.yaml:1:1: the file must be a map", "" },
		{ true, "just text\n", "f.yaml:1:1: the file must be a map", "" },
		{ true, "text: a\ncardadm: thing/1\n",
		    "f.yaml:1:1: the first key must be `cardadm: thing/1`", "" },
		{ true, "{}\n", "f.yaml:1:1: the first key must be `cardadm: thing/1`", "" },
		{ true, "cardadm: thing/2\n", "f.yaml:1:10: another version", "" },
		{ true, "cardadm: other/1\n", "f.yaml:1:10: another kind", "" },
		{ true, "cardadm: [thing/1]\n", "f.yaml:1:10: another kind", "" },
		{ true, "%YAML 1.1\n---\ncardadm: thing/1\n", "f.yaml:1:1: directives", "" },
		{ false, "txet: a\n", "f.yaml:2:1: unknown key `txet`", "did you mean `text`?" },
		{ false, "zzz: a\n", "f.yaml:2:1: unknown key `zzz`",
		    "possible here: cardadm, text" },
		{ false, "404142434445464748494A4B4C4D4E4F: a\n", "f.yaml:2:1: unknown key", "" },
		{ false, "inner: {flag: true, cuont: 1}\n", "f.yaml:2:21: unknown key `cuont`",
		    "did you mean `count`?" },
		{ false, "inner: {count: 1}\n", "f.yaml:2:8: `flag` is missing", "" },
		{ false, "inner: x\n", "f.yaml:2:8: `inner` must be a map", "" },
		{ false, "inner: [a]\n", "f.yaml:2:8: `inner` must be a map", "" },
		{ false, "text: a\nname: b\ntext: c\n",
		    "f.yaml:4:1: `text` stands here for the second time, first in line 2", "" },
		{ false, "entries: {a: 1, \"a\": 2}\n",
		    "f.yaml:2:17: `a` stands here for the second time", "" },
		{ false, "text: [a]\n", "f.yaml:2:7: `text` must be a single value", "" },
		{ false, "text: {a: b}\n", "f.yaml:2:7: `text` must be a single value", "" },
		{ false, "text:\n", "f.yaml:2:1: `text` has no value", "" },
		{ false, "text: ''\n", "f.yaml:2:7: `text` must have 1 to 8 octets, and has 0",
		    "" },
		{ false, "text: 123456789\n",
		    "f.yaml:2:7: `text` must have 1 to 8 octets, and has 9", "" },
		{ false, "text: \"a\\nb\"\n", "f.yaml:2:7: `text` must be one line", "" },
		{ false, "text: \"a\\0b\"\n", "f.yaml:2:7: control character", "" },
		{ false, "text: \"a\\e\"\n", "f.yaml:2:7: control character", "" },
		{ false, "name: a/b\n", "f.yaml:2:7: `name` must be a name", "" },
		{ false, "name: ..\n", "f.yaml:2:7: `name` must be a name", "" },
		{ false, "name: abcdefghi\n", "f.yaml:2:7: `name` must be a name of 1 to 8", "" },
		{ false, "entries: {a b: 1}\n", "f.yaml:2:11: bad name", "" },
		{ false, "number: 2\n", "f.yaml:2:9: `number` must be a number from 3 to 100", "" },
		{ false, "number: 101\n", "f.yaml:2:9: `number` must be a number", "" },
		{ false, "number: -5\n", "f.yaml:2:9: `number` must be a number", "" },
		{ false, "number: 5.0\n", "f.yaml:2:9: `number` must be a number", "" },
		{ false, "number: 0x10\n", "f.yaml:2:9: `number` must be a number", "" },
		{ false, "number: 4294967300\n", "f.yaml:2:9: `number` must be a number", "" },
		{ false, "date: 2027-02-29\n", "f.yaml:2:7: `date` must be a date", "" },
		{ false, "date: 2100-02-29\n", "f.yaml:2:7: `date` must be a date", "" },
		{ false, "date: 2027-04-31\n", "f.yaml:2:7: `date` must be a date", "" },
		{ false, "date: 2027-13-01\n", "f.yaml:2:7: `date` must be a date", "" },
		{ false, "date: 2027-1-1\n", "f.yaml:2:7: `date` must be a date", "" },
		{ false, "date: 2027/01/01\n", "f.yaml:2:7: `date` must be a date", "" },
		{ false, "version: 3\n", "f.yaml:2:10: `version` must be a version", "" },
		{ false, "version: 3.2.1\n", "f.yaml:2:10: `version` must be a version", "" },
		{ false, "version: 65536.0\n", "f.yaml:2:10: `version` must be a version", "" },
		{ false, "version: 03.2\n", "f.yaml:2:10: `version` must be a version", "" },
		{ false, "octet: 80\n", "f.yaml:2:8: `octet` must be one octet in hex, 01 to 7F",
		    "" },
		{ false, "octet: 1\n", "f.yaml:2:8: `octet` must be one octet", "" },
		{ false, "octet: 0x30\n", "f.yaml:2:8: `octet` must be one octet", "" },
		{ false, "colour: gren\n", "f.yaml:2:9: `colour` must be one of: red, green",
		    "did you mean `green`?" },
		{ false, "colour: 404142434445464748494A4B4C4D4E4F\n",
		    "f.yaml:2:9: `colour` must be one of", "" },
		{ false, "bytes: 01\n", "f.yaml:2:8: `bytes` must be 2 to 3 octets in hex", "" },
		{ false, "bytes: 010203040506070809\n", "f.yaml:2:8: `bytes` must be 2 to 3", "" },
		{ false, "bytes: 01g2\n", "f.yaml:2:8: `bytes` must be 2 to 3", "" },
		{ false, "inner: {flag: yes}\n", "f.yaml:2:15: `flag` must be true or false", "" },
		{ false, "text: &a b\n", "f.yaml:2:7: anchors", "" },
		{ false, "inner: &a {flag: true}\n", "f.yaml:2:8: anchors", "" },
		{ false, "text: *a\n", "f.yaml:2:7: aliases", "" },
		{ false, "text: !!str b\n", "f.yaml:2:7: tags", "" },
		{ false, "entries: !x {}\n", "f.yaml:2:10: tags", "" },
		{ false, "inner:\n  <<: {flag: true}\n", "f.yaml:3:3: merge keys", "" },
		{ false, "? [a]\n: b\n", "f.yaml:2:3: a key must be", "" },
		{ false, "---\ncardadm: thing/1\n", "f.yaml:2:1: more than one document", "" },
		{ false, "text: a\n\tname: b\n", "f.yaml:3:1: ", "" },
		{ false, "text: 'a\n", "f.yaml:3:1: found unexpected end of stream", "" },
		{ false, "text: \xFF\n", "f.yaml:2:7: not UTF-8", "" },
		{ false, "text: \xC0\xAF\n", "f.yaml:2:7: not UTF-8", "" },
		{ false, "text: \xE0\x80\xAF\n", "f.yaml:2:7: not UTF-8", "" },
		{ false, "text: \xF0\x80\x80\xAF\n", "f.yaml:2:7: not UTF-8", "" },
		{ false, "text: \xF4\x90\x80\x80\n", "f.yaml:2:7: not UTF-8", "" },
		{ false, "text: \xED\xA0\x80\n", "f.yaml:2:7: not UTF-8", "" },
		{ false, "text: \xE2\x82\n", "f.yaml:2:7: not UTF-8", "" },
		{ false, "text: \xC3\xA4\x01\n", "f.yaml:2:8: control character U+0001", "" },
		{ false,
		    "text: a\xE2\x80\xAE"
		    "b\n",
		    "f.yaml:2:8: control character U+202E", "" },
		{ false,
		    "text: a\xC2\x85"
		    "b\n",
		    "f.yaml:2:8: control character U+0085", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char text[512];
		struct outer o;
		struct err e;

		snprintf(text, sizeof(text), "%s%s", bad[i].whole ? "" : "cardadm: thing/1\n",
		    bad[i].text);
		assert_int_equal(bind_text(span_str(text), &o, &e), -1);
		if (e.code != ERR_INPUT || strncmp(e.text, bad[i].want, strlen(bad[i].want)) != 0 ||
		    strncmp(e.hint, bad[i].hint, strlen(bad[i].hint)) != 0)
			fail_msg("%s\n gave:  %s (%s)\n want:  %s (%s)", text, e.text, e.hint,
			    bad[i].want, bad[i].hint);
		/* No message repeats what could be a key. */
		assert_null(strstr(e.text, "40414243"));
		assert_null(strstr(e.hint, "40414243"));
	}
}

static void nul_in_text(void **state)
{
	static const uint8_t text[] = "cardadm: thing/1\ntext: a\0b\n";
	struct outer o;
	struct err e;

	(void)state;
	assert_int_equal(bind_text(span_of(text, sizeof(text) - 1), &o, &e), -1);
	assert_string_equal(e.text, "f.yaml:2:8: control character U+0000");
}

/* Repeats `part` n times between head and tail and wants an error that begins with `want`. */
static void expect_limit(const char *head, const char *part, size_t n, const char *want)
{
	struct wr w = wr_grow(4 << 20);
	struct outer o;
	struct err e;

	wr_put(&w, span_str(head));
	for (size_t i = 0; i < n; i++)
		wr_put(&w, span_str(part));
	assert_true(wr_ok(&w));
	assert_int_equal(bind_text(wr_span(&w), &o, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	if (strncmp(e.text, want, strlen(want)) != 0)
		fail_msg("%s...: %s, not %s", part, e.text, want);
	wr_free(&w);
}

static void test_limits(void **state)
{
	clock_t began = clock();

	(void)state;
	expect_limit("cardadm: thing/1\ntext: ", "a", DOC_MAX, "f.yaml:1:1: larger than 1 MiB");
	expect_limit(
	    "cardadm: thing/1\ntext: ", "a", DOC_SCALAR_MAX + 1, "f.yaml:2:7: value longer");
	expect_limit(
	    "cardadm: thing/1\ntext: ", "a", DOC_SCALAR_MAX, "f.yaml:2:7: `text` must have");
	expect_limit("cardadm: thing/1\ntext: ", "[", DOC_DEPTH - 1, "f.yaml:");
	expect_limit(
	    "cardadm: thing/1\ntext: ", "[", DOC_DEPTH, "f.yaml:2:38: nested more than 32");
	expect_limit("cardadm: thing/1\ntext: ", "[", 500000, "f.yaml:2:38: nested more than 32");
	expect_limit("cardadm: thing/1\ntext: ", "{", 500000, "f.yaml:2:8: a key must be");
	expect_limit(
	    "cardadm: thing/1\ntext: ", "{a: ", 200000, "f.yaml:2:131: nested more than 32");
	expect_limit(
	    "cardadm: thing/1\ntext: ", "[a,", 300000, "f.yaml:2:100: nested more than 32");
	expect_limit("cardadm: thing/1\ntext: ", "[\n", 300000, "f.yaml:");
	expect_limit(
	    "cardadm: thing/1\ntext:\n  ", "- ", 500000, "f.yaml:3:65: nested more than 32");
	expect_limit("cardadm: thing/1\ntext:\n  ", "? ", 500000, "f.yaml:3:5: a key must be");
	/* Of each file 11 events are not values of the list, seven of them before the first. */
	expect_limit(
	    "cardadm: thing/1\ntext:\n", "- a\n", DOC_EVENTS - 11, "f.yaml:3:1: `text` must be");
	expect_limit("cardadm: thing/1\ntext:\n", "- a\n", DOC_EVENTS - 10,
	    "f.yaml:99993:1: more than 100,000");
	expect_limit("cardadm: thing/1\ntext:\n", "- a\n", 200000,
	    "f.yaml:99996:3: more than 100,000 keys, values and brackets");
	/* All of it together in a moment, not in minutes. */
	assert_true((clock() - began) / CLOCKS_PER_SEC < 5);
}

static void test_many_keys(void **state)
{
	struct wr w = wr_grow(1 << 20);
	struct outer o;
	struct err e;
	char line[32];

	(void)state;
	wr_put(&w, span_str("cardadm: thing/1\nentries:\n"));
	for (int i = 0; i <= DOC_MAP_KEYS; i++) {
		snprintf(line, sizeof(line), "  k%d: a\n", i);
		wr_put(&w, span_str(line));
	}
	assert_int_equal(bind_text(wr_span(&w), &o, &e), -1);
	assert_string_equal(e.text, "f.yaml:1027:3: more than 1024 keys in one map");
	wr_free(&w);
}

static void test_long_path(void **state)
{
	char path[600];
	struct doc *d;
	struct err e;

	(void)state;
	memset(path, 'p', sizeof(path));
	memcpy(path + 590, "/end.yaml", 10);
	assert_int_equal(doc_parse(path, span_str("a: &b c\n"), &d, &e), -1);
	assert_non_null(strstr(e.text, "p/end.yaml:1:4: anchors"));
	assert_int_equal(strncmp(e.text, "...ppp", 6), 0);
}

/* Every character on both sides of every border of what is_control refuses. */
static void test_control_characters(void **state)
{
	static const struct {
		uint32_t first, last; /* refused, with all between */
	} row[] = { { 0x01, 0x08 }, { 0x0B, 0x0C }, { 0x0E, 0x1F }, { 0x7F, 0x9F },
		{ 0x2028, 0x202E }, { 0x2066, 0x2069 }, { 0xFEFF, 0xFEFF }, { 0xFFFE, 0xFFFF } };
	struct outer o;
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		for (uint32_t c = row[i].first - 1; c <= row[i].last + 1; c++) {
			bool refused = c >= row[i].first && c <= row[i].last;
			char text[64], want[32];

			if (c == 0 || c == 0x0A || c == 0x0D || c > 0xFFFF)
				continue; /* ends of text or line; four octets */
			snprintf(text, sizeof(text), "cardadm: thing/1\ntext: 'a");
			utf8(c, text + strlen(text));
			strcat(text, "'\n");
			snprintf(want, sizeof(want), "control character U+%04X", c);
			if (!refused) {
				assert_ok(bind_text(span_str(text), &o, &e), &e);
				continue;
			}
			assert_int_equal(bind_text(span_str(text), &o, &e), -1);
			assert_non_null(strstr(e.text, want));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_kinds),
		cmocka_unit_test(test_control_characters),
		cmocka_unit_test(test_other_line_ends),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(nul_in_text),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_many_keys),
		cmocka_unit_test(test_long_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
