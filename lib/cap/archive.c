#include "cap/archive.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	LOCAL = 0x04034B50,
	CENTRAL = 0x02014B50,
	END = 0x06054B50,
	DATA_DESCRIPTOR = 0x08074B50,
	LOCAL_SIZE = 30,
	CENTRAL_SIZE = 46,
	END_SIZE = 22,
	FLAG_DESCRIPTOR = 0x0008 /* sizes stand behind the data */
};

/* One entry as the central directory has it. */
struct member {
	struct span name;
	uint16_t flags, method;
	uint32_t crc, packed, size;
	size_t start, end; /* its octets in the archive */
};

struct archive_name archive_show(struct span name)
{
	struct archive_name out;
	struct rd r = rd_of(span_sub(name, 0, ARCHIVE_NAME_SHOWN));
	size_t n = 0;
	uint8_t ch;

	for (; rd_u8(&r, &ch); n++)
		out.s[n] = ch < 0x20 || ch >= 0x7F ? '?' : (char)ch;
	snprintf(&out.s[n], 4, "%s", n < name.n ? "..." : "");
	return out;
}

/* ---- numbers, the lowest octet first ---- */

static bool le16(struct rd *r, uint16_t *v)
{
	uint16_t swapped;

	if (!rd_u16(r, &swapped))
		return false;
	*v = (uint16_t)(swapped << 8 | swapped >> 8);
	return true;
}

static bool le32(struct rd *r, uint32_t *v)
{
	uint32_t swapped;

	if (!rd_u32(r, &swapped))
		return false;
	*v = __builtin_bswap32(swapped);
	return true;
}

static struct rd at(struct span octets, size_t off)
{
	return rd_of(span_sub(octets, off, SIZE_MAX));
}

static bool is(struct rd *r, uint32_t signature)
{
	uint32_t got;

	return le32(r, &got) && got == signature;
}

/* ---- the end record and the central directory ---- */

static int no_end(struct span octets, struct err *e)
{
	struct rd begin = at(octets, 0);

	/* An end record further ahead: something was added. */
	for (size_t off = octets.n; off-- > 0;) {
		struct rd r = at(octets, off);

		if (is(&r, END) && rd_left(&r) > END_SIZE - 4)
			return err_set(e, ERR_INPUT,
			    "%zu octets stand behind the end of the archive",
			    rd_left(&r) - (END_SIZE - 4));
	}
	if (is(&begin, LOCAL)) {
		err_set(e, ERR_INPUT, "the archive is cut short");
		return err_hint(e, "get the file again");
	}
	err_set(e, ERR_INPUT, "no CAP file: it is not a ZIP archive");
	return err_hint(e, "a CAP file is what the Java Card converter writes, ending in .cap");
}

/* Where the central directory begins, and how many entries it has. */
static int end_get(struct span octets, size_t *central, size_t *count, struct err *e)
{
	size_t end = octets.n < END_SIZE ? octets.n : octets.n - END_SIZE;
	struct rd r = at(octets, end);
	uint16_t disk, first_disk, here, all, comment;
	uint32_t size, offset;

	if (!is(&r, END) || !le16(&r, &disk) || !le16(&r, &first_disk) || !le16(&r, &here) ||
	    !le16(&r, &all) || !le32(&r, &size) || !le32(&r, &offset) || !le16(&r, &comment))
		return no_end(octets, e);
	if (comment != 0)
		return err_set(e, ERR_INPUT, "the archive is cut short in its comment");
	if (disk != 0 || first_disk != 0 || here != all)
		return err_set(e, ERR_INPUT, "the archive is one part of several");
	if (all == UINT16_MAX || size == UINT32_MAX || offset == UINT32_MAX)
		return err_set(
		    e, ERR_INPUT, "the archive has the Zip64 form, no CAP file needs it");
	if (all > ARCHIVE_ENTRIES_MAX)
		return err_set(e, ERR_INPUT, "the archive has %u entries, more than %d", all,
		    (int)ARCHIVE_ENTRIES_MAX);
	if (size > end || offset != end - size)
		return err_set(
		    e, ERR_INPUT, "the central directory is not where the end of the archive says");
	*central = offset;
	*count = all;
	return 0;
}

static bool central_next(struct rd *r, struct member *en)
{
	uint16_t skipped16, name_n, extra_n, comment_n;
	uint32_t skipped32, start;
	struct span skipped;

	if (!is(r, CENTRAL) || !le16(r, &skipped16) || !le16(r, &skipped16) ||
	    !le16(r, &en->flags) || !le16(r, &en->method) || !le32(r, &skipped32) ||
	    !le32(r, &en->crc) || !le32(r, &en->packed) || !le32(r, &en->size) ||
	    !le16(r, &name_n) || !le16(r, &extra_n) || !le16(r, &comment_n) ||
	    !le16(r, &skipped16) || !le16(r, &skipped16) || !le32(r, &skipped32) ||
	    !le32(r, &start) || !rd_take(r, name_n, &en->name) ||
	    !rd_take(r, (size_t)extra_n + comment_n, &skipped))
		return false;
	en->start = start;
	return true;
}

/* ---- each entry ---- */

static int bad(struct err *e, const struct member *en, const char *why)
{
	return err_set(e, ERR_INPUT, "%s: %s", archive_show(en->name).s, why);
}

/* One part of a path: not empty, not "." and not "..". */
static bool part_ok(struct span part)
{
	return part.n > 0 && !span_eq(part, span_str(".")) && !span_eq(part, span_str(".."));
}

/* What no honest archive has: names that lead elsewhere. Nothing is unpacked here, yet whoever
 * gets such a file should know. NULL: the name is sound. */
static const char *name_wrong(struct span name)
{
	struct rd r = rd_of(name);
	size_t part = 0;
	uint8_t ch = 0;

	if (name.n == 0)
		return "an entry without name";
	for (size_t i = 0; rd_u8(&r, &ch); i++) {
		if (ch < 0x20 || ch == 0x7F)
			return "control characters in its name";
		if (ch == '\\' || ch == ':' || (ch == '/' && i == 0))
			return "its name is not a relative path";
		if (ch != '/')
			continue;
		if (!part_ok(span_sub(name, part, i - part)))
			return "its path leads elsewhere";
		part = i + 1;
	}
	/* The name of a folder ends with a slash. */
	return ch != '/' && !part_ok(span_sub(name, part, SIZE_MAX)) ? "its path leads elsewhere"
								     : NULL;
}

/* The header in front of the data says the same as the central directory. */
static int local_check(struct span octets, struct member *en, struct err *e)
{
	struct rd r = at(octets, en->start);
	uint16_t skipped16, flags, method, name_n, extra_n;
	uint32_t skipped32, crc, packed, size;
	struct span name, extra, data;
	bool later;

	if (!is(&r, LOCAL) || !le16(&r, &skipped16) || !le16(&r, &flags) || !le16(&r, &method) ||
	    !le32(&r, &skipped32) || !le32(&r, &crc) || !le32(&r, &packed) || !le32(&r, &size) ||
	    !le16(&r, &name_n) || !le16(&r, &extra_n) || !rd_take(&r, name_n, &name) ||
	    !rd_take(&r, extra_n, &extra))
		return bad(e, en, "the archive has no such entry where it says");
	if (!span_eq(name, en->name))
		return bad(e, en, "has another name in front of its data");
	if (flags != en->flags || method != en->method)
		return bad(e, en, "is described in two ways");
	later = (flags & FLAG_DESCRIPTOR) != 0 && crc == 0 && packed == 0 && size == 0;
	if (!later && (crc != en->crc || packed != en->packed || size != en->size))
		return bad(e, en, "has two sizes or checksums");
	if (!rd_take(&r, en->packed, &data))
		return bad(e, en, "is longer than the archive");
	en->end = octets.n - rd_left(&r);
	return 0;
}

static bool descriptor_is(struct span s, const struct member *en)
{
	struct rd r = rd_of(s);
	uint32_t crc, packed, size;

	if (s.n == 16 && !is(&r, DATA_DESCRIPTOR))
		return false;
	return le32(&r, &crc) && le32(&r, &packed) && le32(&r, &size) && rd_left(&r) == 0 &&
	       crc == en->crc && packed == en->packed && size == en->size;
}

static int by_start(const void *a, const void *b)
{
	const struct member *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

/* Between the data of an entry and `next`: nothing, or its data descriptor. */
static int behind_check(struct span octets, const struct member *en, size_t next, struct err *e)
{
	struct span gap;

	if (next < en->end)
		return bad(e, en, "overlaps what follows in the archive");
	gap = span_sub(octets, en->end, next - en->end);
	if ((en->flags & FLAG_DESCRIPTOR) != 0)
		return descriptor_is(gap, en) ? 0 : bad(e, en, "has two sizes or checksums");
	if (gap.n > 0)
		return err_set(e, ERR_INPUT, "%s: %zu octets behind it belong to no entry",
		    archive_show(en->name).s, gap.n);
	return 0;
}

static int places_check(
    struct span octets, struct member *entries, size_t n, size_t central, struct err *e)
{
	qsort(entries, n, sizeof(entries[0]), by_start);
	if ((n > 0 ? entries[0].start : central) != 0)
		return err_set(e, ERR_INPUT, "octets stand in front of the archive");
	for (size_t i = 0; i < n; i++)
		if (behind_check(
			octets, &entries[i], i + 1 < n ? entries[i + 1].start : central, e) != 0)
			return -1;
	return 0;
}

static int by_name(const void *a, const void *b)
{
	const struct member *x = a, *y = b;
	struct span common = span_sub(x->name, 0, y->name.n);
	int order = memcmp(common.p, y->name.p, common.n);

	return order != 0 ? order : (x->name.n > y->name.n) - (x->name.n < y->name.n);
}

static int names_check(struct member *entries, size_t n, struct err *e)
{
	qsort(entries, n, sizeof(entries[0]), by_name);
	for (size_t i = 1; i < n; i++)
		if (span_eq(entries[i - 1].name, entries[i].name))
			return bad(e, &entries[i], "is there twice");
	return 0;
}

int archive_check(struct span octets, size_t *count, struct err *e)
{
	struct member *entries;
	const char *wrong;
	struct rd r;
	size_t central = 0;
	int rc = -1;

	if (end_get(octets, &central, count, e) != 0)
		return -1;
	entries = calloc(*count + 1, sizeof(entries[0]));
	if (entries == NULL)
		return err_memory(e);
	r = rd_of(span_sub(octets, central, octets.n - END_SIZE - central));
	for (size_t i = 0; i < *count; i++) {
		if (!central_next(&r, &entries[i])) {
			err_set(e, ERR_INPUT, "entry %zu of the central directory is malformed", i);
			goto out;
		}
		wrong = name_wrong(entries[i].name);
		if (wrong != NULL) {
			bad(e, &entries[i], wrong);
			goto out;
		}
		if (local_check(octets, &entries[i], e) != 0)
			goto out;
	}
	if (rd_left(&r) > 0)
		err_set(
		    e, ERR_INPUT, "the central directory has more than its %zu entries", *count);
	else if (places_check(octets, entries, *count, central, e) == 0)
		rc = names_check(entries, *count, e);
out:
	free(entries);
	return rc;
}
