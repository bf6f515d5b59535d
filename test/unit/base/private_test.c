/* Who may write, read or replace a file: modes, owners, directories, names that change. */
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "unit.h"

static char dir[] = "/tmp/cardadm-private.XXXXXX";
static char deep[64], file[96], link_to[64];

static const struct private_asks readable_by_all = { .what = "ledger" };
static const struct private_asks secret = { .what = "key file", .secret = true };
static const struct private_asks own = { .what = "ledger", .own = true };

/* dir/deep/file, as a ledger is: all is well. */
static int set_up(void **state)
{
	struct err e = { 0 };

	(void)state;
	umask(0);
	if (mkdtemp(dir) == NULL)
		return -1;
	snprintf(deep, sizeof(deep), "%s/deep", dir);
	snprintf(file, sizeof(file), "%s/file", deep);
	snprintf(link_to, sizeof(link_to), "%s/link", dir);
	return mkdir(deep, 0700) == 0 && file_create(file, span_str("x"), 0600, &e) == 0 ? 0 : -1;
}

static int tear_down(void **state)
{
	char command[100];

	(void)state;
	snprintf(command, sizeof(command), "rm -r %s", dir);
	return system(command);
}

static int judge(const char *path, const struct private_asks *a, struct err *e)
{
	int fd = open(path, O_RDONLY), rc;

	assert_true(fd >= 0);
	*e = (struct err){ 0 };
	rc = private_check(fd, path, a, e);
	close(fd);
	assert_int_equal(e->code, rc == 0 ? ERR_NONE : ERR_INPUT);
	assert_int_equal(e->hint[0] == '\0', rc == 0);
	return rc;
}

#define FINE(path, a) assert_ok(judge(path, a, &e), &e)
#define REFUSED(path, a, said, remedy) \
	do { \
		assert_int_equal(judge(path, a, &e), -1); \
		assert_non_null(strstr(e.text, said)); \
		assert_non_null(strstr(e.hint, remedy)); \
	} while (0)

static void modes(void **state)
{
	struct err readable = { 0 }, e;
	const struct private_asks told = {
		.what = "key store", .secret = true, .readable = &readable
	};

	(void)state;
	assert_int_equal(chmod(file, 0644), 0);
	FINE(file, &readable_by_all);
	REFUSED(file, &secret, "others can read this key file (mode 0644)", "chmod 600 /tmp/");
	FINE(file, &told);
	assert_int_equal(readable.code, ERR_INPUT);
	assert_non_null(strstr(readable.hint, "chmod 600 /tmp/"));
	assert_int_equal(chmod(file, 0620), 0);
	REFUSED(
	    file, &readable_by_all, "others can write this ledger (mode 0620)", "chmod go-w /tmp/");
	REFUSED(file, &told, "others can write this key store", "chmod go-w /tmp/");
	REFUSED(file, &secret, "others can write this key file", "chmod 600 /tmp/");
	assert_int_equal(chmod(file, 0602), 0);
	REFUSED(file, &own, "others can write this ledger (mode 0602)", "chmod go-w /tmp/");
	assert_int_equal(chmod(file, 0600), 0);
	FINE(file, &own);
}

static void owners(void **state)
{
	struct err e;

	(void)state;
	if (geteuid() != 0)
		skip(); /* only root gives files away */
	assert_int_equal(chown(file, 4711, 0), 0);
	REFUSED(file, &secret, "this key file belongs to user 4711, not to you (user 0)", "own");
	/* root's is good enough for keys of somebody else, not for his ledger. */
	assert_int_equal(chown(file, 0, 0), 0);
	assert_int_equal(chmod(file, 0644), 0);
	assert_int_equal(chmod(dir, 0755) | chmod(deep, 0755), 0);
	assert_int_equal(seteuid(4711), 0);
	FINE(file, &readable_by_all);
	REFUSED(file, &own, "belongs to user 0, not to you (user 4711)", "own");
	assert_int_equal(seteuid(0), 0);
	assert_int_equal(chown(deep, 4711, 0), 0);
	REFUSED(file, &own, "others can replace this ledger: directory /tmp/", "yours or root's");
	assert_non_null(strstr(e.text, "deep belongs to user 4711"));
	assert_int_equal(chown(deep, 0, 0), 0);
	assert_int_equal(chmod(file, 0600), 0);
}

/* Of the file, and what leads there. */
static void directories(void **state)
{
	const char *const each[] = { deep, dir };
	char remedy[80];
	struct err e;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		snprintf(remedy, sizeof(remedy), "chmod go-w %s", each[i]);
		assert_int_equal(chmod(each[i], 0777), 0);
		REFUSED(file, &own, "they can write in directory /tmp/", remedy);
		assert_non_null(strstr(e.text, "(mode 0777)"));
		/* What is ours in it stays. */
		assert_int_equal(chmod(each[i], 01777), 0);
		FINE(file, &own);
		/* A group of one's own, as a umask of 002 has it; any other. */
		assert_int_equal(chmod(each[i], 0775), 0);
		FINE(file, &own);
		if (geteuid() == 0) {
			assert_int_equal(chown(each[i], 0, 4711), 0);
			assert_int_equal(chmod(each[i], 0775), 0);
			REFUSED(file, &own, "(mode 0775)", remedy);
			assert_int_equal(chown(each[i], 0, 0), 0);
		}
		assert_int_equal(chmod(each[i], 0700), 0);
	}
	FINE(file, &own);
	assert_ok(private_directory(deep, "state directory", &e), &e);
	assert_int_equal(chmod(deep, 0733), 0);
	assert_int_equal(private_directory(deep, "state directory", &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	assert_non_null(strstr(e.text, "others can replace this state directory"));
	assert_int_equal(chmod(deep, 0700), 0);
	assert_int_equal(private_directory(file, "state directory", &e), -1);
	assert_int_equal(e.code, ERR_OTHER);
}

/* 0: fine, 1: refused; 2: there are no user namespaces to be had here. */
static int judge_in_namespace(const char *uid_map)
{
	struct err e = { 0 };
	int status, map;
	pid_t pid = fork();

	if (pid == 0) {
		alarm(20); /* an endless search in the map is a failure */
		if (unshare(CLONE_NEWUSER) != 0 ||
		    (map = open("/proc/self/uid_map", O_WRONLY)) < 0 ||
		    write(map, uid_map, strlen(uid_map)) < 0)
			_exit(2);
		close(map);
		_exit(private_check(open(file, O_RDONLY), file, &own, &e) == 0 ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* In a user namespace directories of users that it has not, root outside among them, are judged by
 * who can write in them. */
static void outsiders(void **state)
{
	char uid_map[32];
	int rc;

	(void)state;
	snprintf(uid_map, sizeof(uid_map), "%u %u 1\n", (unsigned)geteuid(), (unsigned)geteuid());
	if (geteuid() == 0)
		assert_int_equal(chown(dir, 4711, 0) | chmod(dir, 0755), 0);
	rc = judge_in_namespace(uid_map);
	if (rc != 2)
		assert_int_equal(rc, 0);
	if (rc != 2 && geteuid() == 0) {
		assert_int_equal(chmod(dir, 0757), 0);
		assert_int_equal(judge_in_namespace(uid_map), 1);
		/* The first directory must be one's own all the same. */
		assert_int_equal(chmod(dir, 0755) | chown(deep, 4711, 0) | chmod(deep, 0755), 0);
		assert_int_equal(judge_in_namespace(uid_map), 1);
		assert_int_equal(chown(deep, 0, 0) | chmod(deep, 0700), 0);
	}
	if (geteuid() == 0)
		assert_int_equal(chown(dir, 0, 0) | chmod(dir, 0700), 0);
	if (rc == 2)
		skip();
}

/* What counts is where it lies, and that it still does. */
static void names(void **state)
{
	struct err e = { 0 };
	char other[96];
	int fd;

	(void)state;
	assert_int_equal(symlink(deep, link_to), 0);
	snprintf(other, sizeof(other), "%s/file", link_to);
	FINE(other, &own);
	assert_int_equal(chmod(deep, 0777), 0);
	REFUSED(other, &own, "they can write in directory", "/deep");
	assert_int_equal(chmod(deep, 0700), 0);
	/* Another one by this name since it was opened. */
	fd = open(file, O_RDONLY);
	assert_true(fd >= 0);
	snprintf(other, sizeof(other), "%s/kept", deep);
	assert_int_equal(rename(file, other), 0);
	assert_ok(file_create(file, span_str("y"), 0600, &e), &e);
	assert_int_equal(private_check(fd, file, &own, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	assert_non_null(strstr(e.text, "another ledger came into its place"));
	/* One without a name cannot be replaced. */
	assert_int_equal(unlink(other), 0);
	assert_ok(private_check(fd, file, &own, &e), &e);
	close(fd);
}

/* A record in the state directory: made for us alone, refused when it is not. */
static void records(void **state)
{
	const struct state_file record = { O_RDWR, ERR_LEDGER };
	char path[4096], in_state[80];
	struct err e = { 0 };
	struct stat st;
	int fd;

	(void)state;
	assert_int_equal(setenv("XDG_STATE_HOME", dir, 1), 0);
	fd = path_state_open("log", &record, path, sizeof(path), &e);
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(fchmod(fd, 0666), 0);
	close(fd);
	assert_int_equal(path_state_open("log", &record, path, sizeof(path), &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	assert_non_null(strstr(e.text, "others can write this record"));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(path_state_open("log", &record, path, sizeof(path), &e), -1);
	assert_int_equal(e.code, ERR_LEDGER);
	assert_int_equal(rmdir(path), 0);
	snprintf(in_state, sizeof(in_state), "%s/cardadm", dir);
	assert_int_equal(chmod(in_state, 0777), 0);
	assert_int_equal(path_state("log", path, sizeof(path), &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	assert_non_null(strstr(e.hint, "chmod go-w "));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(modes),
		cmocka_unit_test(owners),
		cmocka_unit_test(directories),
		cmocka_unit_test(outsiders),
		cmocka_unit_test(names),
		cmocka_unit_test(records),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
