#include "bundle/record.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hex.h"
#include "base/value.h"

enum {
	RECORD_MAX = 64 << 20,
	DATE_N = 10,                      /* "2025-01-31" */
	CAMPAIGN_N = 32,                  /* hex digits */
	LINE_N = DATE_N + CAMPAIGN_N + 12 /* with blanks, ten digits of package; no newline */
};

/* One line is "YYYY-MM-DD HEX NNNNNNNNNN": of one length, so that places can be computed. */
static void line_put(
    char out[static LINE_N + 2], const char *date, const char *campaign, uint32_t package)
{
	snprintf(out, LINE_N + 2, "%.10s %.32s %010u\n", date, campaign, package);
}

static int open_record(char *path, size_t cap, int *fd, struct err *e)
{
	const struct state_file record = { O_RDWR | O_APPEND, ERR_OTHER };
	struct stat st;

	*fd = path_state_open("bundles", &record, path, cap, e);
	if (*fd < 0)
		return err_in(e, "record of bundles");
	if (fstat(*fd, &st) != 0 || !S_ISREG(st.st_mode) || flock(*fd, LOCK_EX) != 0) {
		err_set(e, ERR_OTHER, "%s: cannot lock the record of bundles", path);
		close(*fd);
		return -1;
	}
	return 0;
}

/* Looks for the pairs; *whole: octets of complete lines. */
static int look(const char *path, const char *campaign, uint32_t package, uint32_t count,
    size_t *whole, struct err *e)
{
	struct wr content;
	struct rd r;
	struct span line;
	int rc = 0;

	if (file_read(path, RECORD_MAX, &content, e) != 0)
		return -1;
	r = rd_of(wr_span(&content));
	*whole = 0;
	while (rc == 0 && rd_take(&r, LINE_N + 1, &line)) {
		char date[DATE_N + 1], whose[CAMPAIGN_N + 1], text[LINE_N + 2], back[LINE_N + 2];
		unsigned number;

		memcpy(text, line.p, LINE_N + 1);
		text[LINE_N + 1] = '\0';
		if (sscanf(text, "%10s %32s %10u", date, whose, &number) == 3)
			line_put(back, date, whose, number);
		else
			back[0] = '\0';
		if (strcmp(back, text) != 0) {
			err_set(e, ERR_INPUT, "%s:%zu: not a line of the record of bundles", path,
			    *whole / (LINE_N + 1) + 1);
			rc = err_hint(e, "the record guards against building twice under one name; "
					 "repair the line, do not remove the file");
		} else if (strcmp(whose, campaign) == 0 && number - package < count) {
			err_set(e, ERR_SAFETY, "campaign %s package %u was built before, on %s",
			    whose, number, date);
			rc = err_hint(
			    e, "leave " FIELD("campaign") " out, or use another " FIELD("package"));
		}
		*whole += LINE_N + 1;
	}
	wr_free(&content);
	return rc;
}

int bundle_record_check(
    const uint8_t campaign[static 16], uint32_t package, uint32_t count, struct err *e)
{
	char path[4096], hex[HEX_SIZE(16)];
	size_t whole;
	int fd, rc;

	if (open_record(path, sizeof(path), &fd, e) != 0)
		return -1;
	rc =
	    look(path, hex_put(span_of(campaign, 16), hex, sizeof(hex)), package, count, &whole, e);
	close(fd);
	return rc;
}

static int append(int fd, const char *path, const char *line, struct err *e)
{
	if (write(fd, line, LINE_N + 1) == LINE_N + 1)
		return 0;
	return err_errno(e, ERR_OTHER, "%s: cannot write the record of bundles", path);
}

int bundle_record_add(const uint8_t campaign[static 16], uint32_t package, uint32_t count,
    uint32_t today, struct err *e)
{
	char path[4096], hex[HEX_SIZE(16)], date[DATE_SIZE], line[LINE_N + 2];
	size_t whole;
	int fd, rc;

	if (open_record(path, sizeof(path), &fd, e) != 0)
		return -1;
	hex_put(span_of(campaign, 16), hex, sizeof(hex));
	date_str(today, date);
	rc = look(path, hex, package, count, &whole, e);
	/* A line cut off by a crash belongs to a bundle that was never written. */
	if (rc == 0 && ftruncate(fd, (off_t)whole) != 0)
		rc = err_errno(e, ERR_OTHER, "%s: cannot write the record of bundles", path);
	for (uint32_t i = 0; rc == 0 && i < count; i++) {
		line_put(line, date, hex, package + i);
		rc = append(fd, path, line, e);
	}
	if (rc == 0 && fsync(fd) != 0)
		rc = err_errno(e, ERR_OTHER, "%s: cannot write the record of bundles", path);
	close(fd);
	return rc;
}
