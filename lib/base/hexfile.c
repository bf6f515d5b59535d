#include "base/hexfile.h"

#include <ctype.h>

#include "base/file.h"
#include "base/hex.h"

/* Hex digits, blanks, and comments from # to the end of the line: then it is text. */
static bool is_text(struct span s)
{
	bool comment = false;

	for (size_t i = 0; i < s.n; i++) {
		int ch = s.p[i];

		if (ch == '#')
			comment = true;
		else if (ch == '\n')
			comment = false;
		else if (!comment && !isxdigit(ch) && !isspace(ch))
			return false;
	}
	return true;
}

static int bad_line(const char *path, size_t line, struct err *e)
{
	return err_set(e, ERR_INPUT, "%s: line %zu: half an octet", path, line);
}

/* Octets never go over the end of a line. */
static int text_read(const char *path, struct span text, struct wr *out, struct err *e)
{
	struct rd r = rd_of(text);
	char two[3] = "";
	bool comment = false;
	size_t n = 0, line = 1;
	uint8_t ch, octet;

	while (rd_u8(&r, &ch)) {
		comment = (comment || ch == '#') && ch != '\n';
		if (!comment && isxdigit(ch)) {
			two[n++] = (char)ch;
		} else if (n == 1) {
			return bad_line(path, line, e);
		}
		if (n == 2 && hex_exact(span_str(two), &octet, 1)) {
			wr_u8(out, octet);
			n = 0;
		}
		line += ch == '\n';
	}
	return n == 0 ? 0 : bad_line(path, line, e);
}

int hexfile_read(const char *path, struct wr *out, struct err *e)
{
	size_t limit = out->limit != 0 ? out->limit : out->cap;
	struct wr file = wr_grow(1);
	int rc = file_read(path, 4 * limit, &file, e);

	if (rc == 0 && is_text(wr_span(&file)))
		rc = text_read(path, wr_span(&file), out, e);
	else if (rc == 0)
		wr_put(out, wr_span(&file));
	if (rc == 0 && !wr_ok(out))
		rc = err_set(e, ERR_INPUT, "%s: more than %zu octets of data", path, limit);
	wr_free(&file);
	return rc;
}
