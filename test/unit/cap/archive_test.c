/* The directory of a ZIP archive: what an honest one says in two places agrees, and every octet
 * belongs to something. Archives are made here field by field, so that each can lie. */
#include "unit.h"

#include "cap/archive.h"

enum { ENTRIES = 3, DESCRIPTOR = 8 };

struct member {
	const char *name, *local_name; /* NULL: the same */
	const char *gap;               /* octets behind its data */
	uint16_t flags, local_flags, method, local_method;
	uint32_t crc, local_crc, packed, local_packed, size, local_size;
	uint32_t start_more; /* added to where the directory says that it begins */
	bool no_local, no_central;
};

/* What the end record says; the right values are added. */
struct archive {
	struct member m[ENTRIES];
	size_t n;
	const char *front;
	uint16_t disk, first_disk, here_more, all_more, comment;
	uint32_t size_more, offset_more;
	const char *behind_central;
};

static void put16(struct wr *w, unsigned v)
{
	wr_u8(w, (uint8_t)v);
	wr_u8(w, (uint8_t)(v >> 8));
}

static void put32(struct wr *w, uint32_t v)
{
	put16(w, v & 0xFFFF);
	put16(w, v >> 16);
}

static void put_text(struct wr *w, const char *text)
{
	if (text != NULL)
		wr_put(w, span_str(text));
}

static void put_local(struct wr *w, const struct member *m)
{
	const char *name = m->local_name != NULL ? m->local_name : m->name;

	put32(w, m->no_local ? 0x04034B51 : 0x04034B50);
	put16(w, 20);
	put16(w, (unsigned)(m->flags ^ m->local_flags));
	put16(w, (unsigned)(m->method ^ m->local_method));
	put32(w, 0);
	put32(w, m->crc ^ m->local_crc);
	put32(w, m->packed ^ m->local_packed);
	put32(w, m->size ^ m->local_size);
	put16(w, (unsigned)strlen(name));
	put16(w, 2);
	put_text(w, name);
	wr_u16(w, 0xEEEE); /* an extra field */
	for (uint32_t i = 0; i < m->packed && i < 64; i++)
		wr_u8(w, 'd');
	put_text(w, m->gap);
}

static void put_central(struct wr *w, const struct member *m, size_t start)
{
	put32(w, m->no_central ? 0x02014B51 : 0x02014B50);
	put16(w, 20);
	put16(w, 20);
	put16(w, m->flags);
	put16(w, m->method);
	put32(w, 0);
	put32(w, m->crc);
	put32(w, m->packed);
	put32(w, m->size);
	put16(w, (unsigned)strlen(m->name));
	put16(w, 1);
	put16(w, 3);
	put16(w, 0);
	put16(w, 0);
	put32(w, 0);
	put32(w, (uint32_t)start + m->start_more);
	put_text(w, m->name);
	put_text(w, "xccc");
}

static struct wr made(const struct archive *a)
{
	struct wr w = wr_grow(1 << 20);
	size_t start[ENTRIES], central;

	put_text(&w, a->front);
	for (size_t i = 0; i < a->n; i++) {
		start[i] = w.n;
		put_local(&w, &a->m[i]);
	}
	central = w.n;
	for (size_t i = 0; i < a->n; i++)
		put_central(&w, &a->m[i], start[i]);
	put_text(&w, a->behind_central);
	size_t size = w.n - central;
	put32(&w, 0x06054B50);
	put16(&w, a->disk);
	put16(&w, a->first_disk);
	put16(&w, (unsigned)(a->n + a->here_more));
	put16(&w, (unsigned)(a->n + a->all_more));
	put32(&w, (uint32_t)size + a->size_more);
	put32(&w, (uint32_t)central + a->offset_more);
	put16(&w, a->comment);
	assert_true(wr_ok(&w));
	return w;
}

/* Two members that are sound. */
static struct archive sound(void)
{
	return (struct archive){ .n = 2,
		.m = { { .name = "a/b", .packed = 5, .size = 7, .crc = 0x11223344, .method = 8 },
		    { .name = "a/c.cap", .packed = 3, .size = 3, .crc = 0x55667788 },
		    { .name = "d" } } };
}

static void takes(const struct archive *a)
{
	struct wr w = made(a);
	struct err e = { 0 };
	size_t count;

	assert_ok(archive_check(wr_span(&w), &count, &e), &e);
	assert_int_equal(count, a->n);
	wr_free(&w);
}

static void refuses(const struct archive *a, const char *why)
{
	struct wr w = made(a);
	struct err e = { 0 };
	size_t count;

	assert_int_equal(archive_check(wr_span(&w), &count, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	if (strstr(e.text, why) == NULL)
		fail_msg("\"%s\" instead of \"%s\"", e.text, why);
	wr_free(&w);
}

static void honest(void **state)
{
	struct archive a = sound();

	(void)state;
	takes(&a);
	a.n = 3;
	takes(&a);
	a.n = 1;
	takes(&a);
	a.n = 0;
	takes(&a);
}

/* Every shorter file is refused, and the one with an octet more. */
static void cut_and_more(void **state)
{
	struct archive a = sound();
	struct wr w = made(&a);
	struct err e = { 0 };
	size_t count;

	(void)state;
	for (size_t n = 0; n < w.n; n++) {
		uint8_t *copy = malloc(n + 1); /* so that reading behind it shows */

		memcpy(copy, w.p, n);
		assert_int_equal(archive_check(span_of(copy, n), &count, &e), -1);
		assert_non_null(strstr(e.text, n < 4 ? "not a ZIP archive" : "cut short"));
		free(copy);
	}
	wr_u8(&w, 0);
	assert_int_equal(archive_check(wr_span(&w), &count, &e), -1);
	assert_string_equal(e.text, "1 octets stand behind the end of the archive");
	w.p[0] = 'x';
	wr_cut(&w, w.n - 2);
	assert_int_equal(archive_check(wr_span(&w), &count, &e), -1);
	assert_non_null(strstr(e.text, "not a ZIP archive"));
	wr_free(&w);
}

#define LIE(field, value, why) \
	do { \
		struct archive lie = sound(); \
		lie.field = value; \
		refuses(&lie, why); \
	} while (0)

static void end_record(void **state)
{
	(void)state;
	LIE(disk, 1, "one part of several");
	LIE(first_disk, 1, "one part of several");
	LIE(here_more, 1, "one part of several");
	LIE(comment, 1, "cut short in its comment");
	LIE(size_more, 1, "not where the end");
	LIE(size_more, (uint32_t)-1, "not where the end");
	LIE(size_more, 0x7FFFFFFF, "not where the end");
	LIE(offset_more, 1, "not where the end");
	LIE(behind_central, "x", "more than its 2 entries");
	LIE(front, "x", "in front of the archive");
	struct archive a = sound();

	a.all_more = a.here_more = UINT16_MAX - 2;
	refuses(&a, "Zip64");
	a.all_more = a.here_more = ARCHIVE_ENTRIES_MAX - 1;
	refuses(&a, "more than");
	a.all_more = a.here_more = ARCHIVE_ENTRIES_MAX - 2;
	refuses(&a, "entry 2 of the central directory is malformed");
	a.all_more = a.here_more = (uint16_t)-1;
	refuses(&a, "more than its 1 entries");
	a = (struct archive){ .front = "x" };
	refuses(&a, "in front of the archive");
	a = (struct archive){ .size_more = UINT32_MAX };
	refuses(&a, "Zip64");
	a = (struct archive){ .offset_more = UINT32_MAX };
	refuses(&a, "Zip64");
}

static void two_places(void **state)
{
	(void)state;
	LIE(m[0].no_central, true, "entry 0 of the central directory is malformed");
	LIE(m[1].no_central, true, "entry 1 of the central directory is malformed");
	LIE(m[1].no_local, true, "a/c.cap: the archive has no such entry where it says");
	LIE(m[0].start_more, 1, "a/b: the archive has no such entry where it says");
	LIE(m[1].start_more, 100000, "a/c.cap: the archive has no such entry where it says");
	LIE(m[0].local_name, "a/d", "another name in front of its data");
	LIE(m[0].local_flags, 1, "described in two ways");
	LIE(m[0].local_method, 8, "described in two ways");
	LIE(m[0].local_crc, 1, "two sizes or checksums");
	LIE(m[0].local_packed, 1, "two sizes or checksums");
	LIE(m[0].local_size, 1, "two sizes or checksums");
	LIE(m[1].packed, 5000, "longer than the archive");
	LIE(m[0].gap, "x", "a/b: 1 octets behind it belong to no entry");
	LIE(m[1].gap, "xy", "a/c.cap: 2 octets behind it belong to no entry");
	LIE(m[1].name, "a/b", "is there twice");
}

/* The data of the first reaches into the second, or to the same place. */
static void overlap(void **state)
{
	struct archive a = sound();
	struct wr w;
	struct err e = { 0 };
	size_t count;

	(void)state;
	a.m[0].packed = 20;
	a.m[1] = a.m[0];
	w = made(&a);
	/* The second entry of the directory begins where the first does. */
	for (size_t i = 0; i < 4; i++)
		w.p[w.n - 22 - 7 - 4 + i] = 0;
	assert_int_equal(archive_check(wr_span(&w), &count, &e), -1);
	assert_non_null(strstr(e.text, "overlaps what follows"));
	wr_free(&w);
}

static void descriptors(void **state)
{
	struct archive a = sound();

	(void)state;
	/* Sizes behind the data, with and without a signature; zeros in front of it, or all twice.
	 */
	a.m[1].flags = DESCRIPTOR;
	a.m[1].gap = "\x88\x77\x66\x55\x03";
	refuses(&a, "two sizes or checksums");
	a.m[1].packed = a.m[1].size = 0x01010101;
	refuses(&a, "longer than the archive");
	a = sound();
	a.m[1] = (struct member){ .name = "z", .flags = DESCRIPTOR, .crc = 0x01010101 };
	a.m[1].gap = "PK\x07\x08";
	refuses(&a, "two sizes or checksums");
	a.m[1].gap = NULL;
	refuses(&a, "two sizes or checksums");
}

/* Octets with zeros cannot be a string: the descriptor is put together by hand. */
static void descriptor_values(void **state)
{
	static const struct {
		size_t n;  /* octets of the descriptor */
		int wrong; /* octet that is changed, -1: none */
	} row[] = { { 16, -1 }, { 12, -1 }, { 15, -1 }, { 16, 0 }, { 16, 4 }, { 16, 8 }, { 16, 12 },
		{ 12, 0 }, { 12, 4 }, { 12, 8 }, { 11, -1 }, { 17, -1 } };

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct member m = { .name = "z",
			.flags = DESCRIPTOR,
			.crc = 0x55667788,
			.local_crc = 0x55667788,
			.packed = 3,
			.size = 9 };
		uint8_t parts[17] = { 0x50, 0x4B, 0x07, 0x08, 0x88, 0x77, 0x66, 0x55, 3, 0, 0, 0,
			9 };
		struct wr w = wr_grow(1000);
		struct err e = { 0 };
		size_t count, central, from = row[i].n < 16 ? 16 - row[i].n : 0;
		bool right = row[i].wrong < 0 && (row[i].n == 16 || row[i].n == 12);

		if (row[i].wrong >= 0)
			parts[from + (size_t)row[i].wrong] ^= 1;
		m.local_packed = 3; /* zeros in front of the data */
		m.local_size = 9;
		put_local(&w, &m);
		wr_bytes(&w, parts + from, row[i].n);
		central = w.n;
		put_central(&w, &m, 0);
		put32(&w, 0x06054B50);
		put32(&w, 0);
		put16(&w, 1);
		put16(&w, 1);
		put32(&w, (uint32_t)(w.n - 12 - central));
		put32(&w, (uint32_t)central);
		put16(&w, 0);
		assert_int_equal(archive_check(wr_span(&w), &count, &e), right ? 0 : -1);
		if (!right)
			assert_non_null(strstr(e.text, "two sizes or checksums"));
		wr_free(&w);
	}
}

static void names(void **state)
{
	static const struct {
		const char *name, *why;
	} row[] = {
		{ "", "an entry without name" },
		{ "a\x1f", "control characters" },
		{ "a\x7f", "control characters" },
		{ "a\\b", "not a relative path" },
		{ "c:b", "not a relative path" },
		{ "/a", "not a relative path" },
		{ "/", "not a relative path" },
		{ "..", "leads elsewhere" },
		{ ".", "leads elsewhere" },
		{ "../a", "leads elsewhere" },
		{ "a/../b", "leads elsewhere" },
		{ "a/./b", "leads elsewhere" },
		{ "a//b", "leads elsewhere" },
		{ "a//", "leads elsewhere" },
		{ "a/..", "leads elsewhere" },
		{ "a/../", "leads elsewhere" },
		{ "a b/\xC3\xA4/", NULL },
		{ "...", NULL },
		{ "a/.b", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct archive a = sound();

		a.m[1].name = row[i].name;
		if (row[i].why != NULL)
			refuses(&a, row[i].why);
		else
			takes(&a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(honest),
		cmocka_unit_test(cut_and_more),
		cmocka_unit_test(end_record),
		cmocka_unit_test(two_places),
		cmocka_unit_test(overlap),
		cmocka_unit_test(descriptors),
		cmocka_unit_test(descriptor_values),
		cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
