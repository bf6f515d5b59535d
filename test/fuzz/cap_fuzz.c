/*
 * CAP files: what begins with PK is a whole archive; all else is taken for a load file data block,
 * alone and packed component by component into an archive that is sound.
 */
#include "fuzz.h"

#include <stdio.h>

#include "cap/cap.h"

enum { ENTRIES_MAX = 16 };

static bool inside(struct span part, struct span whole)
{
	return part.n == 0 || (part.p >= whole.p && part.n <= whole.n &&
				  (size_t)(part.p - whole.p) <= whole.n - part.n);
}

/* What holds of every package that was taken. */
static void check(const struct cap *c)
{
	size_t sum = 0;

	CHECK(c->block.n > 0 && c->block.n <= CAP_DATA_MAX);
	CHECK(c->format_major == 2 && (c->flags & CAP_EXTENDED) == 0);
	CHECK(inside(c->package, c->block) && c->package.n >= 5 && c->package.n <= 16);
	CHECK(inside(c->name, c->block));
	CHECK(c->applet_n <= CAP_APPLETS_MAX && c->import_n <= CAP_IMPORTS_MAX);
	CHECK((c->applet_n > 0) == ((c->flags & CAP_APPLETS) != 0));
	for (size_t i = 0; i < c->applet_n; i++) {
		CHECK(inside(c->applets[i].aid, c->component[CAP_APPLET]));
		CHECK(c->applets[i].aid.n >= 5 && c->applets[i].aid.n <= 16);
		CHECK(c->applets[i].install_offset < c->component[CAP_METHOD].n);
	}
	for (size_t i = 0; i < c->import_n; i++)
		CHECK(inside(c->imports[i].aid, c->component[CAP_IMPORT]));
	for (uint8_t tag = CAP_HEADER; tag < CAP_TAGS; tag++) {
		CHECK(inside(c->component[tag], c->block));
		sum += c->component[tag].n;
	}
	CHECK(c->custom_n > 0 ? sum <= c->block.n : sum == c->block.n);
}

/* The block alone says the same as what it came in. */
static void parse_again(const struct cap *c)
{
	struct cap again;
	struct err e = { 0 };

	CHECK(cap_parse(c->block, &again, &e) == 0);
	check(&again);
	CHECK(span_eq(again.package, c->package) && again.applet_n == c->applet_n);
	CHECK(again.major == c->major && again.minor == c->minor);
	CHECK(again.import_n == c->import_n);
}

static int archive(struct span s)
{
	struct cap c;
	struct err e = { 0 };
	int rc = cap_read_octets(s, "input", &c, &e);

	fuzz_check_err(rc, &e);
	if (rc == 0) {
		check(&c);
		parse_again(&c);
		CHECK(span_starts(cap_whole(&c), c.block));
	} else {
		CHECK(e.code == ERR_INPUT);
	}
	cap_free(&c);
	cap_free(&c);
	return rc;
}

/* ---- an archive around the components of a block ---- */

static uint32_t crc32_of(struct span s)
{
	struct rd r = rd_of(s);
	uint32_t crc = 0xFFFFFFFF;
	uint8_t b;

	while (rd_u8(&r, &b)) {
		crc ^= b;
		for (int i = 0; i < 8; i++)
			crc = crc >> 1 ^ (0xEDB88320 & (0 - (crc & 1)));
	}
	return ~crc;
}

static void le16(struct wr *w, size_t v)
{
	wr_u8(w, (uint8_t)v);
	wr_u8(w, (uint8_t)(v >> 8));
}

static void le32(struct wr *w, size_t v)
{
	le16(w, v);
	le16(w, v >> 16);
}

/* What both headers of an entry have in common. */
static void entry_put(struct wr *w, const char *name, struct span data)
{
	le16(w, 0); /* flags */
	le16(w, 0); /* stored */
	le32(w, 0);
	le32(w, crc32_of(data));
	le32(w, data.n);
	le32(w, data.n);
	le16(w, span_str(name).n);
	le16(w, 0);
}

static void pack(const struct span *component, const uint8_t *tag, size_t n, struct wr *w)
{
	struct wr central = wr_grow(1 << 16);
	size_t end;

	for (size_t i = 0; i < n; i++) {
		char name[64];
		size_t start = w->n;

		snprintf(name, sizeof(name), "p/javacard/%s.cap", cap_component_name(tag[i]));
		le32(w, 0x04034B50);
		le16(w, 10);
		entry_put(w, name, component[i]);
		wr_put(w, span_str(name));
		wr_put(w, component[i]);
		le32(&central, 0x02014B50);
		le16(&central, 10);
		le16(&central, 10);
		entry_put(&central, name, component[i]);
		wr_fill(&central, 0, 10);
		le32(&central, start);
		wr_put(&central, span_str(name));
	}
	end = w->n;
	wr_put(w, wr_span(&central));
	le32(w, 0x06054B50);
	le32(w, 0);
	le16(w, n);
	le16(w, n);
	le32(w, central.n);
	le32(w, end);
	le16(w, 0);
	wr_free(&central);
}

/* Packs what looks like components. A block that is sound is sound in the archive, in whatever
 * order its components are. */
static void packed(struct span block, bool sound)
{
	struct span component[ENTRIES_MAX];
	uint8_t tag[ENTRIES_MAX];
	struct wr w = wr_grow(1 << 20);
	struct rd r = rd_of(block);
	size_t n = 0;

	while (n < ENTRIES_MAX && rd_left(&r) >= 3) {
		struct rd at = r;
		uint16_t size;
		uint32_t size32;
		size_t head = 3;

		CHECK(rd_u8(&at, &tag[n]) && rd_u16(&at, &size));
		if (tag[n] == CAP_STATIC_RESOURCES) {
			at = r;
			head = 5;
			if (!rd_u8(&at, &tag[n]) || !rd_u32(&at, &size32) || size32 > rd_left(&at))
				break;
			size = (uint16_t)size32;
			if (size != size32)
				break;
		}
		if (!rd_take(&r, head + size, &component[n]))
			break;
		if (tag[n] > 0 && tag[n] < CAP_TAGS && tag[n] != CAP_DEBUG)
			n++;
	}
	pack(component, tag, n, &w);
	CHECK(wr_ok(&w));
	CHECK(archive(wr_span(&w)) == 0 || !sound);
	wr_free(&w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct span s = span_of(data, n);
	struct cap c;
	struct err e = { 0 };
	int rc;

	if (n >= 2 && data[0] == 'P' && data[1] == 'K') {
		archive(s);
		return 0;
	}
	rc = cap_parse(s, &c, &e);
	fuzz_check_err(rc, &e);
	if (rc == 0)
		check(&c);
	else
		CHECK(e.code == ERR_INPUT);
	packed(s, rc == 0);
	return 0;
}
