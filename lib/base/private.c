#include "base/private.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What is asked for, and how messages begin. */
struct place {
	const char *path, *what;
};

/* ---- the file ---- */

static int check_owner(
    const struct place *p, const struct stat *st, const struct private_asks *a, struct err *e)
{
	if (st->st_uid == geteuid() || (!a->own && st->st_uid == 0))
		return 0;
	err_set(e, ERR_INPUT, "%.300s: this %s belongs to user %u, not to you (user %u)", p->path,
	    p->what, (unsigned)st->st_uid, (unsigned)geteuid());
	return err_hint(e, "use one of your own; who owns a file can change it at any time");
}

static int check_mode(
    const struct place *p, const struct stat *st, const struct private_asks *a, struct err *e)
{
	unsigned mode = st->st_mode & 07777;
	struct err *to = e;

	if ((mode & 022) != 0) {
		err_set(e, ERR_INPUT, "%.300s: others can write this %s (mode %04o)", p->path,
		    p->what, mode);
		return err_hint(
		    e, "chmod %s %s", a->secret && a->readable == NULL ? "600" : "go-w", p->path);
	}
	if (!a->secret || (mode & 077) == 0)
		return 0;
	if (a->readable != NULL)
		to = a->readable;
	err_set(
	    to, ERR_INPUT, "%.300s: others can read this %s (mode %04o)", p->path, p->what, mode);
	err_hint(to, "chmod 600 %s", p->path);
	return to == e ? -1 : 0;
}

/* ---- the directories ---- */

/* In a user namespace whoever does not belong to it, root outside included, shows as one user that
 * is nobody's: whether this is he. */
static bool is_outsider(uid_t uid)
{
	unsigned from, outside, n;
	bool mapped = false;
	FILE *f = uid == 0 || uid == geteuid() ? NULL : fopen("/proc/self/uid_map", "re");

	if (f == NULL)
		return false;
	while (!mapped && fscanf(f, "%u %u %u", &from, &outside, &n) == 3)
		mapped = uid >= from && uid - from < n;
	fclose(f);
	return !mapped;
}

static int check_owner_of(
    const struct place *p, const char *dir, const struct stat *st, struct err *e)
{
	if (st->st_uid == geteuid() || st->st_uid == 0)
		return 0;
	err_set(e, ERR_INPUT,
	    "%.160s: others can replace this %s: directory %.160s belongs to user %u", p->path,
	    p->what, dir, (unsigned)st->st_uid);
	return err_hint(e, "keep it where every directory is yours or root's");
}

static int check_writers_of(
    const struct place *p, const char *dir, const struct stat *st, struct err *e)
{
	unsigned mode = st->st_mode & 07777;

	if ((mode & S_ISVTX) != 0 ||
	    ((mode & 002) == 0 && ((mode & 020) == 0 || st->st_gid == getegid())))
		return 0;
	err_set(e, ERR_INPUT,
	    "%.160s: others can replace this %s: they can write in directory %.160s (mode %04o)",
	    p->path, p->what, dir, mode);
	return err_hint(e, "chmod go-w %s", dir);
}

static int check_directory(
    const struct place *p, const char *dir, const struct stat *st, struct err *e)
{
	return check_owner_of(p, dir, st, e) == 0 ? check_writers_of(p, dir, st, e) : -1;
}

static bool same(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_dev == b->st_dev;
}

static int cannot_tell(const struct place *p, struct err *e)
{
	return err_errno(
	    e, ERR_INPUT, "%.300s: who can replace this %s cannot be told", p->path, p->what);
}

static int open_directory(const char *real)
{
	return open(real, O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
}

/* Cuts the last name off a real path. */
static void cut(char *real)
{
	char *slash = strrchr(real, '/');

	slash[slash == real] = '\0';
}

/* From the open directory d, whose real path is dir, up to the root. Closes d; dir is cut. */
static int check_upwards(const struct place *p, int d, char *dir, struct err *e)
{
	struct stat here, above = { 0 };
	int rc = fstat(d, &here) == 0 ? check_directory(p, dir, &here, e) : cannot_tell(p, e);

	while (rc == 0) {
		int up = openat(d, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);

		close(d);
		d = up;
		if (d < 0 || fstat(d, &above) != 0) {
			rc = cannot_tell(p, e);
			break;
		}
		if (same(&here, &above))
			break;
		/* Only for the message: what is judged is what is open. */
		cut(dir);
		here = above;
		rc = here.st_uid != 0 && is_outsider(here.st_uid)
			 ? check_writers_of(p, dir, &here, e)
			 : check_directory(p, dir, &here, e);
	}
	if (d >= 0)
		close(d);
	return rc;
}

int private_check(int fd, const char *path, const struct private_asks *a, struct err *e)
{
	const struct place p = { path, a->what };
	struct stat st, there;
	char real[PATH_MAX];
	int d;

	if (fstat(fd, &st) != 0)
		return cannot_tell(&p, e);
	if (check_owner(&p, &st, a, e) != 0 || check_mode(&p, &st, a, e) != 0)
		return -1;
	if (st.st_nlink == 0)
		return 0;
	if (realpath(path, real) == NULL || lstat(real, &there) != 0)
		return cannot_tell(&p, e);
	if (!same(&st, &there)) {
		err_set(e, ERR_INPUT, "%.300s: another %s came into its place while it was opened",
		    path, a->what);
		return err_hint(e, "try again");
	}
	cut(real);
	d = open_directory(real);
	return d < 0 ? cannot_tell(&p, e) : check_upwards(&p, d, real, e);
}

int private_directory(const char *path, const char *what, struct err *e)
{
	const struct place p = { path, what };
	char real[PATH_MAX];
	int d;

	if (realpath(path, real) == NULL || (d = open_directory(real)) < 0)
		return err_errno(e, ERR_OTHER, "%.300s: cannot open the %s", path, what);
	return check_upwards(&p, d, real, e);
}
