/* Files: bounds and refusals of reading, whole files under their names, files of hex. */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hexfile.h"
#include "unit.h"

static char dir[] = "/tmp/cardadm-file.XXXXXX";

/* A name in the directory of the tests, good until the next but three. */
static const char *in(const char *name)
{
	static char path[4][256];
	static size_t next;

	next = (next + 1) % 4;
	snprintf(path[next], sizeof(path[next]), "%s/%s", dir, name);
	return path[next];
}

static void put(const char *name, const char *text, unsigned mode)
{
	struct err e = { 0 };

	unlink(in(name));
	assert_ok(file_create_unsynced(in(name), span_str(text), mode, &e), &e);
}

static void has(const char *name, const char *text, unsigned mode)
{
	struct wr w;
	struct err e = { 0 };
	struct stat st;

	assert_ok(file_read(in(name), 100, &w, &e), &e);
	assert_span(wr_span(&w), span_str(text));
	wr_free(&w);
	assert_int_equal(stat(in(name), &st), 0);
	assert_int_equal(st.st_mode & 07777, mode);
}

/* Files in the directory, without . and .. */
static int files(void)
{
	char command[300], text[16];
	FILE *f;

	snprintf(command, sizeof(command), "ls -A %s | wc -l", dir);
	f = popen(command, "r");
	assert_non_null(f);
	assert_non_null(fgets(text, sizeof(text), f));
	pclose(f);
	return atoi(text);
}

static void reading_has_a_bound(void **state)
{
	struct wr w;
	struct err e = { 0 };

	(void)state;
	put("five", "12345", 0644);
	assert_ok(file_read(in("five"), 5, &w, &e), &e);
	assert_span(wr_span(&w), span_str("12345"));
	wr_free(&w);
	assert_int_equal(file_read(in("five"), 4, &w, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	assert_non_null(strstr(e.text, "larger than 4 octets"));
	assert_int_equal(file_read(in("none"), 5, &w, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	assert_int_equal(file_read(dir, 5, &w, &e), -1);
	assert_non_null(strstr(e.text, "not a regular file"));
	assert_int_equal(mkfifo(in("fifo"), 0600), 0);
	assert_int_equal(file_read(in("fifo"), 5, &w, &e), -1);
	assert_non_null(strstr(e.text, "not a regular file"));
	unlink(in("fifo"));
}

static void secrets_are_for_one(void **state)
{
	static const unsigned open_to_others[] = { 0640, 0620, 0610, 0604, 0602, 0601 };
	struct wr w;
	struct err e = { 0 };

	(void)state;
	put("secret", "x", 0600);
	assert_ok(file_read_secret(in("secret"), 1, &w, &e), &e);
	wr_free(&w);
	for (size_t i = 0; i < sizeof(open_to_others) / sizeof(open_to_others[0]); i++) {
		put("secret", "x", open_to_others[i]);
		assert_int_equal(file_read_secret(in("secret"), 1, &w, &e), -1);
		assert_int_equal(e.code, ERR_INPUT);
	}
	/* Of somebody else: only root can make that. */
	put("secret", "x", 0600);
	if (geteuid() == 0) {
		assert_int_equal(chown(in("secret"), 1, 1), 0);
		assert_int_equal(file_read_secret(in("secret"), 1, &w, &e), -1);
		assert_int_equal(e.code, ERR_INPUT);
	}
	assert_int_equal(file_read_secret(in("none"), 1, &w, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
}

static void written_whole_or_not(void **state)
{
	struct err e = { 0 };
	int before;

	(void)state;
	put("kept", "old", 0644);
	before = files();
	assert_ok(file_write(in("kept"), span_str("new"), 0600, &e), &e);
	has("kept", "new", 0600);
	assert_int_equal(file_create(in("kept"), span_str("newer"), 0600, &e), -1);
	assert_int_equal(e.code, ERR_SAFETY);
	assert_int_equal(file_create_unsynced(in("kept"), span_str("newer"), 0600, &e), -1);
	assert_int_equal(e.code, ERR_SAFETY);
	has("kept", "new", 0600);
	/* A directory cannot be replaced, a missing one not be written in. */
	assert_int_equal(mkdir(in("folder"), 0700), 0);
	assert_int_equal(file_write(in("folder"), span_str("x"), 0600, &e), -1);
	assert_int_equal(rmdir(in("folder")), 0);
	assert_int_equal(file_write(in("none/x"), span_str("x"), 0600, &e), -1);
	assert_non_null(strstr(e.hint, "directory must be there"));
	assert_int_equal(file_create(in("none/x"), span_str("x"), 0600, &e), -1);
	/* Nothing is left beside. */
	assert_int_equal(files(), before);
	unlink(in("fresh"));
	assert_ok(file_create(in("fresh"), span_str("y"), 0640, &e), &e);
	has("fresh", "y", 0640);
}

static void names_that_are_too_long(void **state)
{
	static char longest[5000];
	struct err e = { 0 };

	(void)state;
	memset(longest, 'x', sizeof(longest) - 1);
	assert_int_equal(file_write(longest, span_str("x"), 0600, &e), -1);
	assert_string_equal(e.hint, ""); /* not the one of a missing directory */
	assert_int_equal(file_create(longest, span_str("x"), 0600, &e), -1);
	assert_string_equal(e.hint, "");
}

static void beside(void **state)
{
	char out[8];

	(void)state;
	assert_true(path_beside("a/b/c", "d", out, sizeof(out)));
	assert_string_equal(out, "a/b/d");
	assert_true(path_beside("c", "d", out, sizeof(out)));
	assert_string_equal(out, "d");
	assert_true(path_beside("a/c", "/d", out, sizeof(out)));
	assert_string_equal(out, "/d");
	assert_true(path_beside("a/c", "12345", out, sizeof(out)));
	assert_false(path_beside("a/c", "123456", out, sizeof(out)));
}

static void state_directory(void **state)
{
	char path[300], small[16];
	struct err e = { 0 };
	struct stat st;

	(void)state;
	setenv("XDG_STATE_HOME", in("state/deep"), 1);
	assert_ok(path_state_named("x", path, sizeof(path), &e), &e);
	assert_string_equal(path, in("state/deep/cardadm/x"));
	assert_int_equal(stat(in("state"), &st), -1);
	assert_int_equal(path_state_named("x", small, sizeof(small), &e), -1);
	assert_int_equal(path_state("x", small, sizeof(small), &e), -1);
	assert_int_equal(stat(in("state"), &st), -1);
	/* Made on the way, and found again. */
	for (int i = 0; i < 2; i++)
		assert_ok(path_state("x", path, sizeof(path), &e), &e);
	assert_int_equal(stat(in("state/deep/cardadm"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	/* Not an absolute name: as if it were not there. */
	setenv("XDG_STATE_HOME", "state", 1);
	setenv("HOME", in("home"), 1);
	assert_ok(path_state_named("x", path, sizeof(path), &e), &e);
	assert_string_equal(path, in("home/.local/state/cardadm/x"));
	setenv("XDG_STATE_HOME", in("five/state"), 1);
	put("five", "12345", 0644);
	assert_int_equal(path_state("x", path, sizeof(path), &e), -1);
	assert_non_null(strstr(e.text, "cannot make the state directory"));
}

/* hexfile_read of `content` into at most 4 octets. */
static int octets(const char *content, struct wr *out, struct err *e)
{
	put("hex", content, 0600);
	*out = wr_grow(4);
	return hexfile_read(in("hex"), out, e);
}

static void hex_or_as_it_is(void **state)
{
	static const struct {
		const char *content, *octets; /* octets in hex; NULL: refused with `says` */
		const char *says;
	} row[] = {
		{ "0a0B", "0A0B", NULL },
		{ "0a 0B\t\r\n0c\n", "0A0B0C", NULL },
		{ "#z\n0a # b\n0b#", "0A0B", NULL },
		{ "#\n", "", NULL },
		{ "", "", NULL },
		{ "01020304", "01020304", NULL },
		{ "zz", "7A7A", NULL },
		{ "0a zz", NULL, "more than 4 octets" },
		{ "zzzz", "7A7A7A7A", NULL },
		{ "0102030405", NULL, "more than 4 octets" },
		{ "01\n02\n0", NULL, "line 3: half an octet" },
		{ "0\n1", NULL, "line 1: half an octet" },
		{ "01\n0 1", NULL, "line 2: half an octet" },
		{ "01 0# 1", NULL, "line 1: half an octet" },
		{ "01 # \001 zz\n", "01", NULL },
		{ "0102030405060708 # more than four times as much", NULL,
		    "larger than 16 octets" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct wr out;
		struct err e = { 0 };
		int rc = octets(row[i].content, &out, &e);

		if (row[i].says != NULL) {
			assert_int_equal(rc, -1);
			assert_int_equal(e.code, ERR_INPUT);
			assert_non_null(strstr(e.text, row[i].says));
		} else {
			assert_ok(rc, &e);
			assert_span(wr_span(&out), unit_bytes(row[i].octets));
		}
		wr_free(&out);
	}
}

/* A writer over storage has no limit but its storage. */
static void hex_into_storage(void **state)
{
	uint8_t b[3];
	struct wr out = wr_fixed(b, sizeof(b));
	struct err e = { 0 };

	(void)state;
	put("hex", "010203", 0600);
	assert_ok(hexfile_read(in("hex"), &out, &e), &e);
	assert_span(wr_span(&out), unit_bytes("010203"));
	assert_int_equal(hexfile_read(in("hex"), &out, &e), -1);
	assert_non_null(strstr(e.text, "more than 3 octets"));
}

static int setup(void **state)
{
	(void)state;
	return mkdtemp(dir) == NULL;
}

static int teardown(void **state)
{
	char command[300];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reading_has_a_bound),
		cmocka_unit_test(secrets_are_for_one),
		cmocka_unit_test(written_whole_or_not),
		cmocka_unit_test(names_that_are_too_long),
		cmocka_unit_test(beside),
		cmocka_unit_test(state_directory),
		cmocka_unit_test(hex_or_as_it_is),
		cmocka_unit_test(hex_into_storage),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
