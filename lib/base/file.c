#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static int read_all(int fd, const char *path, size_t max, struct wr *out, struct err *e)
{
	uint8_t block[16384];
	ssize_t n;

	*out = wr_grow(max);
	while ((n = read(fd, block, sizeof(block))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			err_errno(e, ERR_INPUT, "%s: cannot read", path);
			wr_free(out);
			explicit_bzero(block, sizeof(block));
			return -1;
		}
		if ((size_t)n > max - out->n) {
			wr_free(out);
			explicit_bzero(block, sizeof(block));
			return err_set(e, ERR_INPUT, "%s: larger than %zu octets", path, max);
		}
		wr_bytes(out, block, (size_t)n);
	}
	explicit_bzero(block, sizeof(block));
	if (wr_ok(out))
		return 0;
	wr_free(out);
	return err_memory(e);
}

static int open_regular(const char *path, struct err *e)
{
	struct stat st;
	/* O_NONBLOCK: a fifo must not hang us before we see what it is. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0) {
		err_errno(e, ERR_INPUT, "%s: cannot open", path);
		return -1;
	}
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		err_set(e, ERR_INPUT, "%s: not a regular file", path);
		return -1;
	}
	return fd;
}

int file_read(const char *path, size_t max, struct wr *out, struct err *e)
{
	int fd = open_regular(path, e);
	int rc;

	if (fd < 0)
		return -1;
	rc = read_all(fd, path, max, out, e);
	close(fd);
	return rc;
}

int file_read_private(
    const char *path, size_t max, const struct private_asks *a, struct wr *out, struct err *e)
{
	int fd = open_regular(path, e);
	int rc;

	if (fd < 0)
		return -1;
	rc = private_check(fd, path, a, e);
	if (rc == 0)
		rc = read_all(fd, path, max, out, e);
	close(fd);
	return rc;
}

int file_read_secret(const char *path, size_t max, struct wr *out, struct err *e)
{
	const struct private_asks key = { .what = "key file", .secret = true };

	return file_read_private(path, max, &key, out, e);
}

static int write_all(int fd, struct span s)
{
	struct rd r = rd_of(s);

	while (rd_left(&r) > 0) {
		ssize_t n = write(fd, r.s.p, r.s.n);
		struct span done;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 || !rd_take(&r, (size_t)n, &done))
			return -1;
	}
	return 0;
}

static int sync_directory_of(const char *path)
{
	char dir[4096];
	int fd;

	if (!path_beside(path, ".", dir, sizeof(dir)))
		return -1;
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	fsync(fd); /* some file systems refuse it for directories; the rename stands all the same */
	close(fd);
	return 0;
}

struct new_file {
	unsigned mode;
	bool sync;
};

static int cannot_create(const char *path, struct err *e)
{
	err_errno(e, ERR_OTHER, "%s: cannot create", path);
	return err_hint(e, "its directory must be there, and yours to write in");
}

/* What a held file will be: a name of its own, so that the next who holds it finds what one that
 * was killed has left, and no copy of a secret stays. */
static bool unfinished_name(const char *path, char tmp[static 4096])
{
	return snprintf(tmp, 4096, "%s.unfinished", path) < 4096;
}

static int open_unfinished(const char *tmp)
{
	unlink(tmp);
	return open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
}

/* A new file beside path with this content, not yet under its name; *kept: of a held file, open,
 * unless NULL. */
static int write_beside_kept(const char *path, struct span content, const struct new_file *n,
    char tmp[static 4096], int *kept, struct err *e)
{
	int fd;

	if (kept != NULL ? !unfinished_name(path, tmp)
			 : snprintf(tmp, 4096, "%s.XXXXXX", path) >= 4096)
		return err_set(e, ERR_OTHER, "%s: name too long", path);
	fd = kept != NULL ? open_unfinished(tmp) : mkostemp(tmp, O_CLOEXEC);
	if (fd < 0)
		return cannot_create(path, e);
	if (fchmod(fd, n->mode) != 0 || write_all(fd, content) != 0 ||
	    (n->sync && fsync(fd) != 0)) {
		err_errno(e, ERR_OTHER, "%s: cannot write", path);
		close(fd);
		unlink(tmp);
		return -1;
	}
	if (kept != NULL) {
		*kept = fd;
		return 0;
	}
	if (close(fd) == 0)
		return 0;
	err_errno(e, ERR_OTHER, "%s: cannot write", path);
	unlink(tmp);
	return -1;
}

static int write_beside(const char *path, struct span content, unsigned mode, bool sync,
    char tmp[static 4096], struct err *e)
{
	return write_beside_kept(path, content, &(struct new_file){ mode, sync }, tmp, NULL, e);
}

int file_write(const char *path, struct span content, unsigned mode, struct err *e)
{
	char tmp[4096];

	if (write_beside(path, content, mode, true, tmp, e) != 0)
		return -1;
	if (rename(tmp, path) == 0 && sync_directory_of(path) == 0)
		return 0;
	err_errno(e, ERR_OTHER, "%s: cannot write", path);
	unlink(tmp);
	return -1;
}

/* ---- held files ---- */

/* The lock is on the file; by the time that we have it, another may be under the name. */
static int lock_named(int fd, const char *path, bool *same, struct err *e)
{
	struct stat ours, named;

	if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		if (errno != EWOULDBLOCK)
			return err_errno(e, ERR_OTHER, "%s: cannot lock", path);
		err_set(e, ERR_SAFETY, "%s: another process works with it", path);
		return err_hint(e, "wait until that is done");
	}
	*same = fstat(fd, &ours) == 0 && lstat(path, &named) == 0 && ours.st_ino == named.st_ino &&
		ours.st_dev == named.st_dev;
	return 0;
}

static int open_held(const char *path, const struct private_asks *a, struct err *e)
{
	bool same = false;

	for (int tries = 0; tries < 16; tries++) {
		struct stat st;
		int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);

		if (fd < 0 && errno == ELOOP) {
			err_set(e, ERR_INPUT, "%s: a symbolic link", path);
			return err_hint(
			    e, "name the %s itself: it is replaced by each change", a->what);
		}
		if (fd < 0)
			return err_errno(e, ERR_INPUT, "%s: cannot open", path);
		if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
			close(fd);
			return err_set(e, ERR_INPUT, "%s: not a regular file", path);
		}
		if (private_check(fd, path, a, e) != 0 || lock_named(fd, path, &same, e) != 0) {
			close(fd);
			return -1;
		}
		if (same)
			return fd;
		close(fd);
	}
	return err_set(e, ERR_SAFETY, "%s: it is replaced again and again", path);
}

int file_hold(const char *path, size_t max, const struct private_asks *a, struct held_file *f,
    struct wr *out, struct err *e)
{
	char tmp[4096];

	f->fd = -1;
	if (snprintf(f->path, sizeof(f->path), "%s", path) >= (int)sizeof(f->path))
		return err_set(e, ERR_INPUT, "%s: name too long", path);
	f->fd = open_held(path, a, e);
	if (f->fd < 0)
		return -1;
	if (unfinished_name(path, tmp))
		(void)unlink(tmp);
	if (read_all(f->fd, path, max, out, e) == 0)
		return 0;
	file_let_go(f);
	return -1;
}

int file_hold_write(struct held_file *f, struct span content, unsigned mode, struct err *e)
{
	char tmp[4096];
	int fd;

	if (write_beside_kept(f->path, content, &(struct new_file){ mode, true }, tmp, &fd, e) != 0)
		return -1;
	if (flock(fd, LOCK_EX | LOCK_NB) != 0 || rename(tmp, f->path) != 0) {
		err_errno(e, ERR_OTHER, "%s: cannot write", f->path);
		close(fd);
		unlink(tmp);
		return -1;
	}
	close(f->fd);
	f->fd = fd;
	return sync_directory_of(f->path) == 0
		   ? 0
		   : err_errno(e, ERR_OTHER, "%s: its directory cannot be synced", f->path);
}

void file_let_go(struct held_file *f)
{
	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
}

/* Gives what is written whole its name; never one that is taken. */
static int name_it(const char *tmp, const char *path)
{
	if (renameat2(AT_FDCWD, tmp, AT_FDCWD, path, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL ||
	    link(tmp, path) != 0) /* some file systems know only one of the two */
		return -1;
	return unlink(tmp);
}

static int exists(const char *path, struct err *e)
{
	err_set(e, ERR_SAFETY, "%s: exists already", path);
	return err_hint(e, "name another file, or remove this one first");
}

int file_is_new(const char *path, struct err *e)
{
	struct stat st;

	return lstat(path, &st) != 0 ? 0 : exists(path, e);
}

static int create(const char *path, struct span content, unsigned mode, bool sync, struct err *e)
{
	char tmp[4096];

	if (write_beside(path, content, mode, sync, tmp, e) != 0)
		return -1;
	if (name_it(tmp, path) == 0)
		return 0;
	if (errno == EEXIST)
		exists(path, e);
	else
		cannot_create(path, e);
	unlink(tmp);
	return -1;
}

int file_create(const char *path, struct span content, unsigned mode, struct err *e)
{
	return create(path, content, mode, true, e);
}

int file_create_unsynced(const char *path, struct span content, unsigned mode, struct err *e)
{
	return create(path, content, mode, false, e);
}

bool path_beside(const char *file, const char *name, char *out, size_t cap)
{
	const char *slash = strrchr(file, '/');
	int dir = slash == NULL || name[0] == '/' ? 0 : (int)(slash - file) + 1;

	return snprintf(out, cap, "%.*s%s", dir, file, name) < (int)cap;
}

int path_state_named(const char *name, char *out, size_t cap, struct err *e)
{
	const char *xdg = getenv("XDG_STATE_HOME");
	const char *home = getenv("HOME");
	int n;

	if (home == NULL || home[0] == '\0') {
		const struct passwd *pw = getpwuid(geteuid());

		home = pw == NULL ? "/" : pw->pw_dir;
	}
	n = xdg != NULL && xdg[0] == '/'
		? snprintf(out, cap, "%s/cardadm/%s", xdg, name)
		: snprintf(out, cap, "%s/.local/state/cardadm/%s", home, name);
	return n >= 0 && (size_t)n < cap ? 0
					 : err_set(e, ERR_OTHER, "state directory: name too long");
}

int path_state(const char *name, char *out, size_t cap, struct err *e)
{
	char dir[4096];

	if (path_state_named(name, out, cap, e) != 0 ||
	    path_state_named("", dir, sizeof(dir), e) != 0)
		return -1;
	for (char *p = strchr(dir + 1, '/'); p != NULL; p = strchr(p + 1, '/')) {
		*p = '\0';
		if (mkdir(dir, 0700) != 0 && errno != EEXIST)
			return err_errno(e, ERR_OTHER, "%s: cannot make the state directory", dir);
		*p = '/';
	}
	return private_directory(dir, "state directory", e);
}

int path_state_open(
    const char *name, const struct state_file *s, char *path, size_t cap, struct err *e)
{
	const struct private_asks record = { .what = "record", .own = true };
	int fd;

	if (path_state(name, path, cap, e) != 0) {
		if (e->code != ERR_INPUT)
			e->code = s->code;
		return -1;
	}
	/* It names cards, so it is for us alone, whatever the umask. */
	fd = open(path, s->flags | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	if (fd < 0) {
		err_errno(e, s->code, "%s: cannot open", path);
		return -1;
	}
	if (private_check(fd, path, &record, e) == 0)
		return fd;
	close(fd);
	return -1;
}
