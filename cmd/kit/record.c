#include "cmd/kit/record.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "base/value.h"
#include "base/file.h"
#include "base/private.h"

struct record {
	int fd;
	int64_t *at; /* where to go on next time; NULL: nobody asks */
	json_t *rows;
};

char *record_now(char out[static RECORD_TIME])
{
	return time_str((int64_t)time(NULL), out);
}

static int open_record(const char *file, int *fd, struct err *e)
{
	const struct state_file s = { O_RDWR | O_APPEND, ERR_LEDGER };
	char path[4096];

	if (strchr(file, '/') == NULL) {
		*fd = path_state_open(file, &s, path, sizeof(path), e);
		return *fd >= 0 ? 0 : -1;
	}
	*fd = open(file, s.flags | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	if (*fd < 0)
		return err_errno(e, ERR_LEDGER, "%s: cannot open", file);
	if (private_check(*fd, file, &(const struct private_asks){ .what = "record" }, e) == 0)
		return 0;
	close(*fd);
	*fd = -1;
	return -1;
}

enum keep { ON_DISK, SOME_TIME };

/* One line, whole: what others append at the same time comes before or behind it. */
static int append(int fd, json_t *take, enum keep keep, struct err *e)
{
	char *text = take == NULL ? NULL : json_dumps(take, JSON_COMPACT), *line = NULL;
	int n = -1, rc = 0;

	json_decref(take);
	if (text != NULL)
		n = asprintf(&line, "%s\n", text);
	free(text);
	if (n < 0)
		return err_memory(e);
	if (write(fd, line, (size_t)n) != n || (keep == ON_DISK && fdatasync(fd) != 0))
		rc =
		    err_errno(e, ERR_LEDGER, "the record in the state directory cannot be written");
	free(line);
	return rc;
}

static int append_to(const char *file, json_t *take, enum keep keep, struct err *e)
{
	int fd, rc;

	if (open_record(file, &fd, e) != 0) {
		json_decref(take);
		return -1;
	}
	rc = append(fd, take, keep, e);
	close(fd);
	return rc;
}

int record_append(const char *file, json_t *take, struct err *e)
{
	return append_to(file, take, ON_DISK, e);
}

int record_note(const char *file, json_t *take, struct err *e)
{
	return append_to(file, take, SOME_TIME, e);
}

static int read_rows(struct record *r, struct err *e)
{
	const int64_t end = lseek(r->fd, 0, SEEK_END);
	FILE *f;
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;

	if (r->at == NULL)
		(void)lseek(r->fd, 0, SEEK_SET);
	else if (*r->at > end || lseek(r->fd, *r->at, SEEK_SET) != *r->at)
		*r->at = lseek(r->fd, 0, SEEK_SET);
	f = fdopen(dup(r->fd), "r");
	r->rows = json_array();
	if (f == NULL || r->rows == NULL) {
		if (f != NULL)
			fclose(f);
		return err_memory(e);
	}
	while ((n = getline(&line, &cap, f)) > 0) {
		json_t *o = json_loadb(line, (size_t)n, 0, NULL);

		if (json_is_object(o))
			(void)json_array_append(r->rows, o);
		json_decref(o);
	}
	free(line);
	fclose(f);
	if (r->at != NULL)
		*r->at = end;
	return 0;
}

int record_lock(const char *file, struct record **out, struct err *e)
{
	return record_lock_behind(file, NULL, out, e);
}

int record_lock_behind(const char *file, int64_t *at, struct record **out, struct err *e)
{
	struct record *r = calloc(1, sizeof(*r));

	*out = r;
	if (r == NULL)
		return err_memory(e);
	r->fd = -1;
	r->at = at;
	if (open_record(file, &r->fd, e) != 0)
		return -1;
	while (flock(r->fd, LOCK_EX) != 0)
		if (errno != EINTR)
			return err_errno(e, ERR_LEDGER, "%s: cannot be locked", file);
	return read_rows(r, e);
}

int record_add(struct record *r, json_t *take, struct err *e)
{
	int rc = append(r->fd, take, ON_DISK, e);

	if (rc == 0 && r->at != NULL)
		*r->at = lseek(r->fd, 0, SEEK_END);
	return rc;
}

const json_t *record_rows(const struct record *r)
{
	return r->rows;
}

void record_unlock(struct record *r)
{
	if (r == NULL)
		return;
	if (r->fd >= 0)
		close(r->fd);
	json_decref(r->rows);
	free(r);
}
