#include "vcard/core/nvm.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/secret.h"

enum { HEAD_SIZE = 12, MAGIC_SIZE = 16, NAME_CAP = 256, FILE_MAX = 256 << 20, PEEK_SIZE = 64 };

static const char magic[MAGIC_SIZE + 1] = "cardadm vcard 1\n";

struct nvm {
	int fd;
	int dir;             /* of the file: compaction must not depend on the working directory */
	char name[NAME_CAP]; /* in dir */
	size_t size;         /* octets of whole frames and the magic */
	struct wr frame;
	uint32_t cut; /* writes until power fails, 0: never */
	size_t keep;
	bool dead;
};

/* CRC-32C (Castagnoli, reflected polynomial 82F63B78), a nibble at a time. */
static uint32_t crc32c(struct span s)
{
	static const uint32_t table[16] = { 0x00000000, 0x105EC76F, 0x20BD8EDE, 0x30E349B1,
		0x417B1DBC, 0x5125DAD3, 0x61C69362, 0x7198540D, 0x82F63B78, 0x92A8FC17, 0xA24BB5A6,
		0xB21572C9, 0xC38D26C4, 0xD3D3E1AB, 0xE330A81A, 0xF36E6F75 };
	uint32_t crc = 0xFFFFFFFF;

	for (size_t i = 0; i < s.n; i++) {
		crc ^= s.p[i];
		crc = crc >> 4 ^ table[crc & 15];
		crc = crc >> 4 ^ table[crc & 15];
	}
	return ~crc;
}

void nvm_record(struct wr *batch, uint8_t type, struct span value)
{
	wr_u8(batch, type);
	wr_u32(batch, (uint32_t)value.n);
	wr_put(batch, value);
}

bool nvm_each(struct span batch, nvm_apply *apply, void *arg)
{
	struct rd r = rd_of(batch);

	while (rd_left(&r) > 0) {
		struct span value;
		uint32_t n;
		uint8_t type;

		if (!rd_u8(&r, &type) || !rd_u32(&r, &n) || !rd_take(&r, n, &value))
			return false;
		if (!apply(arg, type, value))
			return false;
	}
	return true;
}

static void frame_put(struct wr *w, struct span payload)
{
	uint8_t length[4];

	put_u32(length, (uint32_t)payload.n);
	wr_bytes(w, length, sizeof(length));
	wr_u32(w, crc32c(SPAN(length)));
	wr_u32(w, crc32c(payload));
	wr_put(w, payload);
}

enum frame { FRAME_OK, FRAME_END, FRAME_TORN, FRAME_DAMAGED };

static bool all_zero(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] != 0)
			return false;
	return true;
}

/* Takes the next frame; what counts as torn is said in nvm.h. */
static enum frame frame_next(struct rd *r, struct span *payload)
{
	struct rd at = *r;
	struct span head;
	uint32_t n, head_crc, crc;

	if (rd_left(&at) == 0)
		return FRAME_END;
	if (!rd_take(&at, 4, &head) || !rd_u32(&at, &head_crc) || !rd_u32(&at, &crc))
		return FRAME_TORN;
	if (crc32c(head) != head_crc)
		return all_zero(r->s) ? FRAME_TORN : FRAME_DAMAGED;
	n = get_u32(head.p);
	if (n > NVM_PAYLOAD_MAX)
		return FRAME_DAMAGED;
	if (!rd_take(&at, n, payload))
		return FRAME_TORN;
	if (crc32c(*payload) != crc)
		return rd_left(&at) == 0 ? FRAME_TORN : FRAME_DAMAGED;
	*r = at;
	return FRAME_OK;
}

/* Writes all of s at `at`; on failure the file may hold a part of it. */
static bool write_at(int fd, struct span s, size_t at)
{
	struct rd r = rd_of(s);

	while (rd_left(&r) > 0) {
		ssize_t n = pwrite(fd, r.s.p, r.s.n, (off_t)at);
		struct span done;

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0 || !rd_take(&r, (size_t)n, &done))
			return false;
		at += (size_t)n;
	}
	return true;
}

/* One write of the card: all of it, or what power lets through. */
static bool powered_write(struct nvm *n, int fd, struct span s, size_t at)
{
	struct span part = s;

	if (n->cut != 0 && --n->cut == 0) {
		n->dead = true;
		part = span_sub(s, 0, n->keep < s.n ? n->keep : s.n - 1);
	}
	return write_at(fd, part, at) && !n->dead;
}

int nvm_create(const char *path, struct span batch, struct err *e)
{
	struct wr w = wr_grow(MAGIC_SIZE + HEAD_SIZE + (size_t)NVM_PAYLOAD_MAX);
	int rc;

	wr_bytes(&w, magic, MAGIC_SIZE);
	frame_put(&w, batch);
	rc = wr_ok(&w) ? file_create_unsynced(path, wr_span(&w), 0600, e) : err_memory(e);
	wr_free(&w);
	return rc;
}

/* Opens and locks path itself. A file that was renamed over between open and lock is not it. */
static int open_locked(const char *path, struct err *e)
{
	struct stat ours, there;
	int fd;

	for (int attempt = 0; attempt < 8; attempt++) {
		fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
		if (fd < 0 && errno == ELOOP)
			err_set(e, ERR_READER, "%s: a symbolic link, not a card file", path);
		else if (fd < 0)
			err_errno(e, ERR_READER, "%s: cannot open the card", path);
		if (fd < 0)
			return err_hint(e, "name a card file; " VERB("vcard create") " makes them");
		if (fstat(fd, &ours) != 0 || !S_ISREG(ours.st_mode)) {
			close(fd);
			err_set(e, ERR_READER, "%s: not a card file", path);
			return err_hint(e, "name a card file; " VERB("vcard create") " makes them");
		}
		if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
			close(fd);
			err_set(e, ERR_READER, "%s: card in use", path);
			return err_hint(e, "another cardadm, or a session that " VERB(
					       "scp-close") " ends, holds it");
		}
		if (lstat(path, &there) == 0 && there.st_ino == ours.st_ino &&
		    there.st_dev == ours.st_dev)
			return fd;
		close(fd);
	}
	return err_set(e, ERR_READER, "%s: card in use", path);
}

static int read_whole(int fd, const char *path, struct wr *w, struct err *e)
{
	uint8_t block[32768];
	ssize_t n;
	int rc = 0;

	do {
		n = read(fd, block, sizeof(block));
		if (n > 0)
			wr_bytes(w, block, (size_t)n);
	} while (n > 0 || (n < 0 && errno == EINTR));
	if (n < 0)
		rc = err_errno(e, ERR_READER, "%s: cannot read the card", path);
	else if (!wr_ok(w))
		rc = err_set(e, ERR_INPUT, "%s: too large for a card file", path);
	wipe(block, sizeof(block));
	return rc;
}

static int damaged(const char *path, size_t at, struct err *e)
{
	err_set(e, ERR_INPUT, "%s: damaged card file (octet %zu)", path, at);
	return err_hint(e, "it cannot be repaired: create the card anew or restore a copy");
}

static int replay(struct nvm *n, const char *path, nvm_apply *apply, void *arg, struct err *e)
{
	const struct private_asks card = { .what = "card file", .secret = true };
	struct wr file = wr_grow(FILE_MAX);
	enum frame f = FRAME_OK;
	struct span head, payload;
	struct rd r;
	int rc = -1;

	if (read_whole(n->fd, path, &file, e) != 0)
		goto out;
	r = rd_of(wr_span(&file));
	if (!rd_take(&r, MAGIC_SIZE, &head) || !span_eq(head, span_of(magic, MAGIC_SIZE))) {
		err_set(e, ERR_INPUT, "%s: not a card file", path);
		err_hint(e, "name a card file; " VERB("vcard create") " makes them");
		goto out;
	}
	if (private_check(n->fd, path, &card, e) != 0)
		goto out;
	n->size = MAGIC_SIZE;
	while ((f = frame_next(&r, &payload)) == FRAME_OK) {
		if (!nvm_each(payload, apply, arg))
			break;
		n->size = file.n - rd_left(&r);
	}
	if (f == FRAME_OK || f == FRAME_DAMAGED) {
		damaged(path, n->size, e);
		goto out;
	}
	if (f == FRAME_TORN && ftruncate(n->fd, (off_t)n->size) != 0)
		err_errno(e, ERR_READER, "%s: cannot write", path);
	else
		rc = 0;
out:
	wr_free(&file);
	return rc;
}

static int place_of(struct nvm *n, const char *path, struct err *e)
{
	const char *slash = strrchr(path, '/');
	char dir[4096];

	if (!path_beside(path, ".", dir, sizeof(dir)) ||
	    snprintf(n->name, sizeof(n->name), "%s", slash == NULL ? path : slash + 1) >= NAME_CAP)
		return err_set(e, ERR_READER, "%s: name too long", path);
	n->dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (n->dir < 0)
		return err_errno(e, ERR_READER, "%s: cannot open the directory", dir);
	return 0;
}

int nvm_open(const char *path, nvm_apply *apply, void *arg, struct nvm **out, struct err *e)
{
	struct nvm *n = calloc(1, sizeof(*n));

	if (n == NULL)
		return err_memory(e);
	n->dir = -1;
	n->frame = wr_grow(HEAD_SIZE + (size_t)NVM_PAYLOAD_MAX);
	n->fd = open_locked(path, e);
	if (n->fd < 0 || place_of(n, path, e) != 0 || replay(n, path, apply, arg, e) != 0) {
		nvm_close(n);
		return -1;
	}
	*out = n;
	return 0;
}

bool nvm_peek(const char *path, uint8_t type, uint8_t *to, size_t n)
{
	uint8_t head[PEEK_SIZE], first;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	ssize_t got = fd < 0 ? -1 : pread(fd, head, sizeof(head), 0);
	struct span begins, skipped;
	struct rd r = rd_of(span_of(head, got < 0 ? 0 : (size_t)got));
	uint32_t length;
	bool ok;

	if (fd >= 0)
		close(fd);
	ok = rd_take(&r, MAGIC_SIZE, &begins) && span_eq(begins, span_of(magic, MAGIC_SIZE)) &&
	     rd_take(&r, HEAD_SIZE, &skipped) && rd_u8(&r, &first) && first == type &&
	     rd_u32(&r, &length) && length >= n && rd_copy(&r, to, n);
	wipe(head, sizeof(head));
	return ok;
}

void nvm_close(struct nvm *n)
{
	if (n == NULL)
		return;
	if (n->fd >= 0)
		close(n->fd);
	if (n->dir >= 0)
		close(n->dir);
	wr_free(&n->frame);
	free(n);
}

bool nvm_commit(struct nvm *n, struct span batch)
{
	bool ok = false;

	if (n->dead)
		return false;
	frame_put(&n->frame, batch);
	if (wr_ok(&n->frame))
		ok = powered_write(n, n->fd, wr_span(&n->frame), n->size);
	if (ok)
		n->size += n->frame.n;
	else if (!n->dead && ftruncate(n->fd, (off_t)n->size) != 0)
		n->dead = true; /* what follows a half frame would be lost */
	wr_reset(&n->frame);
	return ok;
}

bool nvm_compact(struct nvm *n, struct span batch)
{
	struct wr w = wr_grow(MAGIC_SIZE + HEAD_SIZE + (size_t)NVM_PAYLOAD_MAX);
	char beside[NAME_CAP + 4];
	int fd = -1;
	bool ok = false;

	if (n->dead)
		goto out;
	snprintf(beside, sizeof(beside), "%s.new", n->name);
	wr_bytes(&w, magic, MAGIC_SIZE);
	frame_put(&w, batch);
	if (!wr_ok(&w) || (unlinkat(n->dir, beside, 0) != 0 && errno != ENOENT))
		goto out;
	fd = openat(n->dir, beside, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	/* Locked before it gets the card's name, so that nobody can come between. */
	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) != 0 || !powered_write(n, fd, wr_span(&w), 0))
		goto out;
	if (renameat(n->dir, beside, n->dir, n->name) != 0)
		goto out;
	close(n->fd);
	n->fd = fd;
	n->size = w.n;
	fd = -1;
	ok = true;
out:
	if (fd >= 0) {
		close(fd);
		if (!n->dead)
			unlinkat(n->dir, beside, 0);
	}
	wr_free(&w);
	return ok;
}

bool nvm_orphaned(const struct nvm *n)
{
	struct stat st;

	return fstat(n->fd, &st) != 0 || st.st_nlink == 0;
}

size_t nvm_size(const struct nvm *n)
{
	return n->size;
}

void nvm_cut(struct nvm *n, uint32_t write, size_t keep)
{
	n->cut = write;
	n->keep = keep;
}

bool nvm_dead(const struct nvm *n)
{
	return n->dead;
}
