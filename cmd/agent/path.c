#include "cmd/agent/path.h"

#include <dirent.h>
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

#include "base/file.h"
#include "card/pcsc.h"
#include "cmd/channel/open.h"

/* FNV-1a: names the socket. Not OpenSSL, since scp-open forks before its first use. */
static uint64_t name_hash(const char *s)
{
	uint64_t h = 0xCBF29CE484222325u;

	for (; *s != '\0'; s++)
		h = (h ^ (uint8_t)*s) * 0x100000001B3u;
	return h;
}

/* Where agents listen. $XDG_RUNTIME_DIR is made by the system at login; the state directory is the
 * user's own, whoever else there is. Never /tmp, where somebody else may have taken the name. */
static int name_dir(char *dir, size_t cap, bool *in_state, struct err *e)
{
	const char *xdg = getenv("XDG_RUNTIME_DIR");
	size_t most = cap - sizeof("/0123456789abcdef.sock"); /* must fit sockaddr_un with it */
	char name[4096];

	*in_state = xdg == NULL || xdg[0] != '/';
	if (!*in_state && snprintf(name, sizeof(name), "%s/cardadm", xdg) >= (int)sizeof(name))
		name[0] = '\0';
	if (*in_state && path_state_named("run", name, sizeof(name), e) != 0)
		name[0] = '\0';
	if (name[0] != '\0' && strlen(name) <= most) {
		memcpy(dir, name, strlen(name) + 1);
		return 0;
	}
	err_set(e, ERR_OTHER, "runtime directory: name too long");
	return err_hint(e, "set XDG_RUNTIME_DIR to a shorter path");
}

/* Ours alone: who can write in it could put another agent's socket there. */
static int check_dir(const char *dir, const struct stat *st, struct err *e)
{
	if (S_ISDIR(st->st_mode) && st->st_uid == geteuid() && (st->st_mode & 077) == 0)
		return 0;
	err_set(e, ERR_SAFETY, "%s: not a directory of ours alone", dir);
	if (S_ISDIR(st->st_mode) && st->st_uid == geteuid())
		return err_hint(e, "chmod 700 %s", dir);
	return err_hint(e, "remove it, or set XDG_RUNTIME_DIR to a directory of your own");
}

static int make_dir(const char *dir, bool in_state, struct err *e)
{
	char state[4096];
	struct stat st;

	if (in_state && path_state("run", state, sizeof(state), e) != 0)
		return err_in(e, "no place for an agent");
	if (mkdir(dir, 0700) != 0 && errno != EEXIST)
		return err_errno(e, ERR_OTHER, "%s: cannot make the runtime directory", dir);
	if (lstat(dir, &st) != 0)
		return err_errno(e, ERR_OTHER, "%s", dir);
	return check_dir(dir, &st, e);
}

/* Who only looks for an agent needs no directory: none of ours is where we could not make one. */
static int find_dir(const char *dir, struct err *e)
{
	struct stat st;

	if (lstat(dir, &st) != 0 || !S_ISDIR(st.st_mode) || st.st_uid != geteuid())
		return AGENT_NONE;
	return check_dir(dir, &st, e);
}

static int runtime_dir(char *dir, size_t cap, enum agent_use use, struct err *e)
{
	bool in_state;
	int rc = name_dir(dir, cap, &in_state, e);

	if (use == AGENT_MAKE)
		return rc == 0 ? make_dir(dir, in_state, e) : -1;
	if (rc == 0)
		rc = find_dir(dir, e);
	else
		rc = AGENT_NONE;
	if (rc == AGENT_NONE)
		err_clear(e);
	return rc;
}

static int name_files(const char *dir, struct agent_place *p, struct err *e)
{
	uint64_t h = name_hash(p->reader);
	const struct {
		char *to;
		size_t cap;
		const char *end;
	} files[] = {
		{ p->lock, sizeof(p->lock), "lock" },
		{ p->note, sizeof(p->note), "note" },
		{ p->addr.sun_path, sizeof(p->addr.sun_path), "sock" },
	};

	p->addr.sun_family = AF_UNIX;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (snprintf(files[i].to, files[i].cap, "%s/%016" PRIx64 ".%s", dir, h,
			files[i].end) >= (int)files[i].cap)
			return err_set(e, ERR_OTHER, "%s: name too long", dir);
	return 0;
}

/* The reader that a lock or a note is for: its second line. */
static bool reader_of(const char *dir, const char *file, char *out, size_t cap)
{
	const char *dot = strrchr(file, '.');
	char path[512], first[16];
	size_t n = 0;
	FILE *f;

	if (dot == NULL || (strcmp(dot, ".lock") != 0 && strcmp(dot, ".note") != 0) ||
	    snprintf(path, sizeof(path), "%s/%s", dir, file) >= (int)sizeof(path))
		return false;
	f = fopen(path, "re");
	if (f == NULL)
		return false;
	if (fgets(first, sizeof(first), f) != NULL && fgets(out, (int)cap, f) != NULL)
		n = strcspn(out, "\n");
	fclose(f);
	if (n == 0 || out[n] == '\0')
		return false;
	out[n] = '\0';
	return true;
}

static bool is_in(const struct pcsc_readers *r, const char *name)
{
	for (size_t i = 0; i < r->n; i++)
		if (strcmp(r->reader[i].name, name) == 0)
			return true;
	return false;
}

/* A reader that is not there now, by the names of those with agents. Never by number, which counts
 * those that are there. */
static bool find_known(const char *dir, const char *name, char *out, size_t cap)
{
	struct pcsc_readers known = { 0 };
	DIR *d = opendir(dir);
	struct err ignored;
	struct dirent *de;
	size_t at;

	if (d == NULL)
		return false;
	while ((de = readdir(d)) != NULL && known.n < PCSC_READERS_MAX) {
		struct pcsc_reader *r = &known.reader[known.n];

		if (reader_of(dir, de->d_name, r->name, sizeof(r->name)) && !is_in(&known, r->name))
			known.n++;
	}
	closedir(d);
	return strspn(name, "0123456789") != strlen(name) &&
	       pcsc_find(&known, name, &at, &ignored) == 0 &&
	       snprintf(out, cap, "%s", known.reader[at].name) < (int)cap;
}

int agent_place_of(const char *reader, enum agent_use use, struct agent_place *p, struct err *e)
{
	char dir[sizeof(p->addr.sun_path)];
	struct err in_dir;
	int rc = 0;

	memset(p, 0, sizeof(*p));
	if (reader_canonical(reader, p->reader, sizeof(p->reader), e) != 0) {
		if (runtime_dir(dir, sizeof(dir), use, &in_dir) != 0 ||
		    !find_known(dir, reader, p->reader, sizeof(p->reader)))
			return -1;
		err_clear(e);
	} else {
		rc = runtime_dir(dir, sizeof(dir), use, e);
	}
	return rc == 0 ? name_files(dir, p, e) : rc;
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

int agent_lock(const struct agent_place *p, enum agent_use use, struct err *e)
{
	int make = use == AGENT_MAKE ? O_CREAT : 0;
	int flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | make;

	for (;;) {
		int fd = open(p->lock, flags, 0600);

		if (fd < 0 && errno == ENOENT && use == AGENT_LOOK)
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

bool agent_poke(const struct agent_place *p)
{
	const struct timeval limit = { .tv_sec = 3 };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char b;
	bool ok;

	if (fd < 0)
		return false;
	/* A connection without a request; the agent hangs up. One that is at work lets us wait. */
	ok = setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) == 0 &&
	     connect(fd, (const struct sockaddr *)&p->addr, sizeof(p->addr)) == 0 &&
	     shutdown(fd, SHUT_WR) == 0 && recv(fd, &b, 1, 0) == 0;
	close(fd);
	return ok;
}
