/* The ground everything stands on: bytes, hex, secrets, errors, files. */
#include "unit.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

static void spans(void **state)
{
	struct span s = span_str("abcdef");

	(void)state;
	assert_span(span_sub(s, 1, 3), span_str("bcd"));
	assert_span(span_sub(s, 4, 9), span_str("ef"));
	assert_int_equal(span_sub(s, 7, 1).n, 0);
	assert_int_equal(span_sub(s, 2, SIZE_MAX).n, 4);
	assert_int_equal(span_sub(span_of(NULL, 0), 0, 5).n, 0);
	assert_true(span_eq(s, span_str("abcdef")));
	assert_false(span_eq(s, span_str("abcdeg")));
	assert_false(span_eq(s, span_str("abcde")));
	assert_true(span_eq(span_of(NULL, 0), span_str("")));
	assert_true(span_starts(s, span_str("abc")));
	assert_true(span_starts(s, span_str("")));
	assert_false(span_starts(s, span_str("abcdefg")));
	assert_false(span_starts(s, span_str("b")));
}

static void reader(void **state)
{
	struct rd r = rd_of(unit_bytes("01 0203 040506 0708090A 0102030405060708 03AABBCC 1122"));
	uint8_t two[2];
	struct span v;
	uint64_t u64;
	uint32_t u32;
	uint16_t u16;
	uint8_t u8;

	(void)state;
	assert_true(rd_u8(&r, &u8) && u8 == 0x01);
	assert_true(rd_u16(&r, &u16) && u16 == 0x0203);
	assert_true(rd_u24(&r, &u32) && u32 == 0x040506);
	assert_true(rd_u32(&r, &u32) && u32 == 0x0708090A);
	assert_true(rd_u64(&r, &u64) && u64 == 0x0102030405060708);
	assert_true(rd_lv(&r, &v));
	assert_span(v, unit_bytes("AABBCC"));
	assert_int_equal(rd_left(&r), 2);
	assert_true(rd_copy(&r, two, 2));
	assert_span(SPAN(two), unit_bytes("1122"));
	assert_int_equal(rd_left(&r), 0);
	assert_int_equal(rd_rest(&r).n, 0);
}

/* Every getter fails on one octet too few, with cursor and output as they were. */
static void reader_short(void **state)
{
	struct span s = unit_bytes("07020304050607");
	struct rd r = rd_of(s);
	struct span v = span_str("was");
	uint64_t u64 = 9;
	uint32_t u32 = 9;
	uint16_t u16 = 9;
	uint8_t u8 = 9, eight[8];

	(void)state;
	assert_false(rd_u64(&r, &u64));
	assert_false(rd_take(&r, 8, &v));
	assert_false(rd_take(&r, SIZE_MAX, &v));
	assert_false(rd_copy(&r, eight, 8));
	assert_false(rd_lv(&r, &v)); /* says 7, has 6 */
	assert_int_equal(rd_left(&r), 7);
	assert_ptr_equal(r.s.p, s.p);
	r = rd_of(span_sub(s, 0, 3));
	assert_false(rd_u32(&r, &u32));
	r = rd_of(span_sub(s, 0, 2));
	assert_false(rd_u24(&r, &u32));
	r = rd_of(span_sub(s, 0, 1));
	assert_false(rd_u16(&r, &u16));
	assert_int_equal(rd_left(&r), 1);
	r = rd_of(span_of(NULL, 0));
	assert_false(rd_u8(&r, &u8));
	assert_false(rd_lv(&r, &v));
	assert_true(u64 == 9 && u32 == 9 && u16 == 9 && u8 == 9);
	assert_span(v, span_str("was"));
	r = rd_of(s);
	assert_span(rd_rest(&r), s);
	assert_int_equal(rd_left(&r), 0);
}

static void write_all_kinds(struct wr *w)
{
	wr_u8(w, 0x01);
	wr_u16(w, 0x0203);
	wr_u24(w, 0x040506);
	wr_u32(w, 0x0708090A);
	wr_u64(w, 0x0102030405060708);
	wr_lv(w, span_str("abc"));
	wr_fill(w, 0xEE, 2);
	wr_bytes(w, "z", 1);
	wr_put(w, span_of(NULL, 0));
}

static void writer(void **state)
{
	struct span want = unit_bytes("01 0203 040506 0708090A 0102030405060708 03616263 EEEE 7A");
	uint8_t b[25];

	(void)state;
	for (size_t cap = 1; cap <= sizeof(b); cap++) {
		struct wr w = wr_fixed(b, cap), grow = wr_grow(cap);

		write_all_kinds(&w);
		assert_int_equal(wr_ok(&w), cap >= want.n);
		assert_true(w.n <= cap);
		write_all_kinds(&grow);
		assert_int_equal(wr_ok(&grow), cap >= want.n);
		assert_true(grow.n <= cap);
		if (cap >= want.n) {
			assert_span(wr_span(&w), want);
			assert_span(wr_span(&grow), want);
		}
		wr_free(&grow);
		wr_free(&grow);
		assert_null(grow.p);
	}
}

/* Once full, always full: nothing shorter slips in behind what was lost. */
static void writer_sticky(void **state)
{
	uint8_t b[4], large[256] = { 0 };
	struct wr w = wr_fixed(b, sizeof(b));

	(void)state;
	wr_u16(&w, 0x0102);
	wr_u32(&w, 0);
	wr_u8(&w, 0x03);
	assert_false(wr_ok(&w));
	assert_span(wr_span(&w), unit_bytes("0102"));
	wr_reset(&w);
	assert_true(wr_ok(&w));
	assert_int_equal(w.n, 0);
	assert_int_equal(b[0], 0); /* wiped */
	w = wr_grow(1000);
	wr_lv(&w, SPAN(large)); /* 256 does not fit in one length octet */
	assert_false(wr_ok(&w));
	wr_free(&w);
}

static void writer_edits(void **state)
{
	uint8_t b[8];
	struct wr w = wr_fixed(b, sizeof(b));

	(void)state;
	wr_put(&w, span_str("adef"));
	wr_insert(&w, 1, span_str("bc"));
	assert_span(wr_span(&w), span_str("abcdef"));
	wr_insert(&w, 6, span_str("g"));
	wr_insert(&w, 0, span_str("_"));
	assert_span(wr_span(&w), span_str("_abcdefg"));
	assert_true(wr_ok(&w));
	wr_cut(&w, 3);
	assert_span(wr_span(&w), span_str("_ab"));
	assert_int_equal(b[3], 0); /* wiped */
	wr_cut(&w, 100);
	assert_int_equal(w.n, 3);
	wr_insert(&w, 4, span_str("x")); /* behind the end */
	assert_false(wr_ok(&w));
}

static void writer_large(void **state)
{
	struct wr w = wr_grow(1 << 20);

	(void)state;
	for (uint32_t i = 0; i < (1 << 20) / 4; i++)
		wr_u32(&w, i);
	assert_true(wr_ok(&w));
	assert_int_equal(w.n, 1 << 20);
	for (uint32_t i = 0; i < (1 << 20) / 4; i += 997)
		assert_int_equal(get_u32(w.p + 4 * (size_t)i), i);
	wr_u8(&w, 0);
	assert_false(wr_ok(&w));
	wr_free(&w);
}

static void hex(void **state)
{
	static const char *const bad[] = { "A", "0", "0 1", "0G", "G0", "0x01", "01,02", "0\t1" };
	uint8_t b[4];
	char text[HEX_SIZE(4)];
	size_t n = 77;

	(void)state;
	assert_true(hex_get(span_str(" 00 a1\tB2\n"), b, sizeof(b), &n));
	assert_span(span_of(b, n), unit_bytes("00A1B2"));
	assert_string_equal(hex_put(span_of(b, n), text, sizeof(text)), "00A1B2");
	assert_string_equal(hex_put_lower(span_of(b, n), text, sizeof(text)), "00a1b2");
	assert_string_equal(hex_put(span_of(b, n), text, 4), "00"); /* whole octets only */
	assert_string_equal(hex_put(span_of(b, n), text, 1), "");
	n = 77;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(hex_get(span_str(bad[i]), b, sizeof(b), &n));
	assert_false(hex_get(span_str("0102030405"), b, sizeof(b), &n)); /* no room */
	assert_int_equal(n, 77);
	assert_true(hex_get(span_str(""), b, sizeof(b), &n) && n == 0);
	assert_true(hex_exact(span_str("01020304"), b, 4));
	assert_false(hex_exact(span_str("010203"), b, 4));
	assert_false(hex_exact(span_str("0102030405"), b, 4));
}

static void secrets(void **state)
{
	struct key_set set = { { 1, { 1 } }, { 1, { 2 } }, { 1, { 3 } } };
	static const struct key_set none;
	uint8_t large[33] = { 0 };
	struct key k = { .n = 5 };
	SECRET_KEY(fresh);

	(void)state;
	assert_int_equal(fresh.n, 0);
	assert_false(key_from(&k, SPAN(large)));
	assert_false(key_from(&k, span_of(large, 0)));
	assert_int_equal(k.n, 5);
	assert_true(key_from(&k, span_of(large, 32)));
	assert_int_equal(k.n, 32);
	assert_true(key_from(&k, span_str("abc")));
	assert_span(key_span(&k), span_str("abc"));
	wipe_key(&k);
	assert_int_equal(k.n + k.b[0] + k.b[1] + k.b[2], 0);
	wipe_key_set(&set);
	assert_memory_equal(&set, &none, sizeof(set));
	assert_true(ct_equal(span_str("abc"), span_str("abc")));
	assert_false(ct_equal(span_str("abc"), span_str("abd")));
	assert_false(ct_equal(span_str("abc"), span_str("Abc")));
	assert_false(ct_equal(span_str("abc"), span_str("ab")));
	assert_false(ct_equal(span_str("abc"), span_sub(span_str("abc"), 0, 2)));
	assert_true(ct_equal(span_str(""), span_of(NULL, 0)));
}

static void errors(void **state)
{
	char large[1000];
	struct err e;

	(void)state;
	assert_int_equal(err_set(&e, ERR_INPUT, "line %d", 3), -1);
	assert_int_equal(e.code, 3);
	assert_int_equal(err_hint(&e, "look at %s", "it"), -1);
	assert_int_equal(err_in(&e, "%s", "file"), -1);
	assert_string_equal(e.text, "file: line 3");
	assert_string_equal(e.hint, "look at it");
	errno = ENOENT;
	err_errno(&e, ERR_READER, "card");
	assert_int_equal(e.code, ERR_READER);
	assert_string_equal(e.text, "card: No such file or directory");
	assert_string_equal(e.hint, "");
	memset(large, 'x', sizeof(large) - 1);
	large[sizeof(large) - 1] = '\0';
	err_set(&e, ERR_OTHER, "%s", large); /* cut, never past the end */
	err_in(&e, "%s", large);
	err_hint(&e, "%s", large);
	assert_int_equal(strlen(e.text), sizeof(e.text) - 1);
	assert_int_equal(strlen(e.hint), sizeof(e.hint) - 1);
	err_memory(&e);
	assert_int_equal(e.code, ERR_OTHER);
	err_clear(&e);
	assert_int_equal(e.code, ERR_NONE);
}

static char dir[] = "/tmp/cardadm-unit.XXXXXX";

static char *in_dir(const char *name)
{
	static char path[4][4096];
	static unsigned next;
	char *p = path[next++ % 4];

	snprintf(p, sizeof(path[0]), "%s/%s", dir, name);
	return p;
}

static unsigned mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_mode & 07777;
}

static void files(void **state)
{
	const char *path = in_dir("a"), *fifo = in_dir("fifo");
	mode_t mask = umask(0077);
	struct err e;
	struct wr w;

	(void)state;
	/* Written whole, with the mode asked for whatever the mask is; replaced whole. */
	assert_ok(file_write(path, span_str("one"), 0644, &e), &e);
	assert_int_equal(mode_of(path), 0644);
	assert_ok(file_write(path, span_str("second"), 0600, &e), &e);
	assert_int_equal(mode_of(path), 0600);
	umask(mask);
	assert_ok(file_read(path, 6, &w, &e), &e);
	assert_span(wr_span(&w), span_str("second"));
	wr_free(&w);
	assert_int_equal(file_read(path, 5, &w, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	assert_non_null(strstr(e.text, path));
	/* Never over what is there. */
	assert_int_equal(file_create(path, span_str("third"), 0600, &e), -1);
	assert_int_equal(e.code, ERR_SAFETY);
	assert_int_equal(unlink(path), 0);
	assert_ok(file_create(path, span_str("third"), 0640, &e), &e);
	assert_int_equal(mode_of(path), 0640);
	unlink(path);
	/* Not there, a directory, a fifo, no directory to write into. */
	assert_int_equal(file_read(path, 5, &w, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	assert_int_equal(file_read(dir, 5, &w, &e), -1);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_int_equal(file_read(fifo, 5, &w, &e), -1);
	assert_non_null(strstr(e.text, "not a regular file"));
	unlink(fifo);
	assert_int_equal(file_write(in_dir("none/a"), span_str("x"), 0600, &e), -1);
	assert_int_equal(e.code, ERR_OTHER);
	assert_int_equal(file_create(in_dir("none/a"), span_str("x"), 0600, &e), -1);
	/* An empty file is a file. */
	assert_ok(file_write(path, span_of(NULL, 0), 0600, &e), &e);
	assert_ok(file_read(path, 5, &w, &e), &e);
	assert_int_equal(w.n, 0);
	wr_free(&w);
	unlink(path);
	assert_int_equal(rmdir(dir), 0); /* no temporary file is left */
	assert_int_equal(mkdir(dir, 0700), 0);
}

static void secret_files(void **state)
{
	static const struct {
		unsigned mode;
		bool ok;
	} rows[] = { { 0600, true }, { 0400, true }, { 0700, true }, { 0640, false },
		{ 0604, false }, { 0620, false }, { 0601, false }, { 0666, false } };
	const char *path = in_dir("key");
	struct err e;
	struct wr w;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_ok(file_write(path, span_str("00"), rows[i].mode, &e), &e);
		assert_int_equal(file_read_secret(path, 10, &w, &e), rows[i].ok ? 0 : -1);
		if (rows[i].ok) {
			wr_free(&w);
			continue;
		}
		assert_int_equal(e.code, ERR_INPUT);
		assert_non_null(strstr(e.hint, "chmod 600"));
	}
	unlink(path);
	assert_int_equal(file_read_secret(path, 10, &w, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
}

static void paths(void **state)
{
	char out[64], small[8], path[4096];
	struct err e;

	(void)state;
	assert_true(path_beside("dir/campaign.yaml", "keys.yaml", out, sizeof(out)));
	assert_string_equal(out, "dir/keys.yaml");
	assert_true(path_beside("campaign.yaml", "keys.yaml", out, sizeof(out)));
	assert_string_equal(out, "keys.yaml");
	assert_true(path_beside("/a/b/c", "../k", out, sizeof(out)));
	assert_string_equal(out, "/a/b/../k");
	assert_true(path_beside("/a/b", "/k", out, sizeof(out)));
	assert_string_equal(out, "/k");
	assert_false(path_beside("dir/x", "abcd", small, sizeof(small)));
	assert_true(path_beside("dir/x", "abc", small, sizeof(small)));

	setenv("XDG_STATE_HOME", in_dir("deep/state"), 1);
	assert_ok(path_state_named("run", path, sizeof(path), &e), &e);
	assert_string_equal(path, in_dir("deep/state/cardadm/run"));
	assert_int_equal(rmdir(in_dir("deep")), -1); /* it only names */
	assert_int_equal(path_state_named("run", path, 8, &e), -1);
	assert_ok(path_state("spent", path, sizeof(path), &e), &e);
	assert_string_equal(path, in_dir("deep/state/cardadm/spent"));
	assert_int_equal(mode_of(in_dir("deep/state/cardadm")), 0700);
	assert_ok(path_state("spent", path, sizeof(path), &e), &e); /* it may be there */
	rmdir(in_dir("deep/state/cardadm"));
	rmdir(in_dir("deep/state"));
	rmdir(in_dir("deep"));
	unsetenv("XDG_STATE_HOME");
	setenv("HOME", in_dir("home"), 1);
	assert_ok(path_state("spent", path, sizeof(path), &e), &e);
	assert_string_equal(path, in_dir("home/.local/state/cardadm/spent"));
	rmdir(in_dir("home/.local/state/cardadm"));
	rmdir(in_dir("home/.local/state"));
	rmdir(in_dir("home/.local"));
	rmdir(in_dir("home"));
	setenv("XDG_STATE_HOME", "/dev/null", 1);
	assert_int_equal(path_state("spent", path, sizeof(path), &e), -1);
	assert_int_equal(e.code, ERR_OTHER);
}

static int make_dir(void **state)
{
	(void)state;
	return mkdtemp(dir) == NULL;
}

static int remove_dir(void **state)
{
	(void)state;
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(spans),
		cmocka_unit_test(reader),
		cmocka_unit_test(reader_short),
		cmocka_unit_test(writer),
		cmocka_unit_test(writer_sticky),
		cmocka_unit_test(writer_edits),
		cmocka_unit_test(writer_large),
		cmocka_unit_test(hex),
		cmocka_unit_test(secrets),
		cmocka_unit_test(errors),
		cmocka_unit_test(files),
		cmocka_unit_test(secret_files),
		cmocka_unit_test(paths),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
