#include "agent_path.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "open.h"

/* FNV-1a: names the socket. Not OpenSSL, since scp-open forks before its first use. */
static uint64_t name_hash(const char *s)
{
	uint64_t h = 0xCBF29CE484222325u;

	for (; *s != '\0'; s++)
		h = (h ^ (uint8_t)*s) * 0x100000001B3u;
	return h;
}

static int runtime_dir(char *dir, size_t cap, struct err *e)
{
	const char *xdg = getenv("XDG_RUNTIME_DIR");
	struct stat st;
	int n;

	n = xdg != NULL && xdg[0] == '/'
		? snprintf(dir, cap, "%s/cardadm", xdg)
		: snprintf(dir, cap, "/tmp/cardadm-%u", (unsigned)geteuid());
	/* The socket's whole name must fit sockaddr_un. */
	if (n < 0 || (size_t)n + sizeof("/0123456789abcdef.sock") > cap) {
		err_set(e, ERR_OTHER, "runtime directory: name too long");
		return err_hint(e, "set XDG_RUNTIME_DIR to a shorter path");
	}
	if (mkdir(dir, 0700) != 0 && errno != EEXIST)
		return err_errno(e, ERR_OTHER, "%s: cannot make the runtime directory", dir);
	if (lstat(dir, &st) != 0)
		return err_errno(e, ERR_OTHER, "%s", dir);
	if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 077) != 0) {
		err_set(e, ERR_SAFETY, "%s: not a directory of ours alone", dir);
		return err_hint(e, "remove it, or set XDG_RUNTIME_DIR to a directory of your own");
	}
	return 0;
}

int agent_place_of(const char *reader, struct agent_place *p, struct err *e)
{
	char dir[sizeof(p->addr.sun_path)];
	uint64_t h;

	memset(p, 0, sizeof(*p));
	if (reader_canonical(reader, p->reader, sizeof(p->reader), e) != 0 ||
	    runtime_dir(dir, sizeof(dir), e) != 0)
		return -1;
	h = name_hash(p->reader);
	p->addr.sun_family = AF_UNIX;
	if (snprintf(p->lock, sizeof(p->lock), "%s/%016" PRIx64 ".lock", dir, h) >=
		(int)sizeof(p->lock) ||
	    snprintf(p->addr.sun_path, sizeof(p->addr.sun_path), "%s/%016" PRIx64 ".sock", dir,
		h) >= (int)sizeof(p->addr.sun_path))
		return err_set(e, ERR_OTHER, "%s: name too long", dir);
	return 0;
}

/* Whether the file that was locked is still the one of that name: who ends unlinks it. */
static bool still_there(int fd, const char *path)
{
	struct stat have, named;

	return fstat(fd, &have) == 0 && lstat(path, &named) == 0 && have.st_ino == named.st_ino &&
	       have.st_dev == named.st_dev;
}

static int locked_by_other(const struct agent_place *p, int fd, struct err *e)
{
	int rc = AGENT_THERE;

	if (errno != EWOULDBLOCK)
		rc = err_errno(e, ERR_OTHER, "%s: cannot lock", p->lock);
	close(fd);
	return rc;
}

int agent_lock(const struct agent_place *p, bool create, struct err *e)
{
	int flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | (create ? O_CREAT : 0);

	for (;;) {
		int fd = open(p->lock, flags, 0600);

		if (fd < 0 && errno == ENOENT && !create)
			return AGENT_NONE;
		if (fd < 0)
			return err_errno(e, ERR_OTHER, "%s: cannot open", p->lock);
		if (flock(fd, LOCK_EX | LOCK_NB) != 0)
			return locked_by_other(p, fd, e);
		if (still_there(fd, p->lock))
			return fd;
		close(fd);
	}
}

void agent_unlock(const char *lock, int fd)
{
	unlink(lock);
	close(fd);
}
