#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include <zip.h>

#include "base/file.h"
#include "cap/archive.h"
#include "cap/cap.h"

enum { RATIO_MAX = 200, COMPONENT_MAX = 0xFFFF + 3 };

/* An archive, and what is known of it so far. */
struct archive {
	zip_t *zip;
	const char *folder; /* of the components; NULL: none seen */
	size_t folder_n;
	zip_uint64_t index[CAP_TAGS]; /* of each component */
	bool there[CAP_TAGS];
};

static int bad(struct err *e, const char *name, const char *why)
{
	return err_set(e, ERR_INPUT, "%s: %s", archive_show(span_str(name)).s, why);
}

/* ---- names ---- */

/* The component that an entry of this base name holds. 0: none. */
static uint8_t component_of(const char *base, size_t n, const char *ending, bool exact)
{
	for (uint8_t tag = CAP_HEADER; tag < CAP_TAGS; tag++) {
		char want[32];
		int len = snprintf(want, sizeof(want), "%s%s", cap_component_name(tag), ending);

		if ((size_t)len == n &&
		    (exact ? memcmp(base, want, n) : strncasecmp(base, want, n)) == 0)
			return tag;
	}
	return 0;
}

static int not_component(const char *name, const char *base, struct err *e)
{
	size_t n = strlen(base);

	if (component_of(base, n, ".capx", false) != 0) {
		bad(e, name, "this is an extended CAP file; only compact ones are supported");
		return err_hint(e, "convert the package to the compact format");
	}
	if (component_of(base, n, ".cap", false) != 0)
		return bad(e, name, "named almost like a component");
	return 0;
}

/* ---- entries ---- */

static int entry_kind(zip_t *zip, zip_uint64_t i, const char *name, bool component, struct err *e)
{
	zip_uint8_t system;
	zip_uint32_t attributes;
	mode_t kind;

	if (zip_file_get_external_attributes(zip, i, 0, &system, &attributes) != 0)
		return bad(e, name, "no attributes");
	kind = system == ZIP_OPSYS_UNIX || system == ZIP_OPSYS_OS_X ? attributes >> 16 & S_IFMT : 0;
	if (kind == S_IFLNK)
		return bad(e, name, "is a symbolic link");
	if (kind != 0 && kind != S_IFREG && (kind != S_IFDIR || component))
		return bad(e, name, "is not a file");
	return 0;
}

/* Of a component, before it is read. */
static int entry_stat(const zip_stat_t *st, const char *name, uint8_t tag, struct err *e)
{
	zip_uint64_t most = tag == CAP_STATIC_RESOURCES ? CAP_DATA_MAX : COMPONENT_MAX;
	zip_uint64_t need =
	    ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD | ZIP_STAT_ENCRYPTION_METHOD;

	if ((st->valid & need) != need)
		return bad(e, name, "its size is not told");
	if (st->encryption_method != ZIP_EM_NONE)
		return bad(e, name, "is encrypted");
	if (st->comp_method != ZIP_CM_STORE && st->comp_method != ZIP_CM_DEFLATE)
		return bad(e, name, "is compressed in another way than deflate");
	if (st->size > most)
		return bad(e, name, "is larger than a component can be");
	if (st->size < 3)
		return bad(e, name, "is too short for a component");
	if (st->size / RATIO_MAX > st->comp_size)
		return bad(e, name, "is compressed more than any real component");
	return 0;
}

static int folder_check(struct archive *a, const char *name, size_t n, struct err *e)
{
	if (a->folder == NULL) {
		a->folder = name;
		a->folder_n = n;
	} else if (n != a->folder_n || memcmp(name, a->folder, n) != 0) {
		err_set(e, ERR_INPUT, "two packages in one archive: %s and %s",
		    archive_show(span_of(a->folder, a->folder_n)).s,
		    archive_show(span_of(name, n)).s);
		return err_hint(e, "a CAP file holds one package; take them apart");
	}
	return 0;
}

static int entry_note(struct archive *a, zip_uint64_t i, struct err *e)
{
	const char *name = zip_get_name(a->zip, i, ZIP_FL_ENC_RAW);
	const char *base;
	size_t n;
	uint8_t tag;

	if (name == NULL)
		return err_set(e, ERR_INPUT, "entry %llu has no name", (unsigned long long)i);
	n = strlen(name);
	if (name[n - 1] == '/')
		n--;
	base = memrchr(name, '/', n);
	base = base == NULL ? name : base + 1;
	tag = component_of(base, n - (size_t)(base - name), ".cap", true);
	if (tag != 0 && name[n] == '/')
		return bad(e, name, "is a directory named like a component");
	if (entry_kind(a->zip, i, name, tag != 0, e) != 0)
		return -1;
	if (tag == 0)
		return not_component(name, base, e);
	a->there[tag] = true;
	a->index[tag] = i;
	return folder_check(a, name, (size_t)(base - name), e);
}

static int entries_note(struct archive *a, size_t expected, struct err *e)
{
	zip_int64_t n = zip_get_num_entries(a->zip, 0);

	if (n < 0 || (size_t)n != expected)
		return err_set(e, ERR_INPUT, "the archive can be read in two ways");
	for (zip_int64_t i = 0; i < n; i++)
		if (entry_note(a, (zip_uint64_t)i, e) != 0)
			return -1;
	if (a->there[CAP_HEADER])
		return 0;
	err_set(e, ERR_INPUT, "no CAP file: it has no Header.cap");
	return err_hint(
	    e, "a CAP file is what the Java Card converter writes, with the ending .cap");
}

/* ---- components ---- */

/* Exactly the declared octets, whose checksum is right. */
static int entry_inflate(zip_file_t *f, const zip_stat_t *st, struct wr *to, struct err *e)
{
	uint8_t *room = wr_space(to, (size_t)st->size);
	size_t done = 0;
	uint8_t more;
	zip_int64_t got = 1;

	if (room == NULL)
		return err_memory(e);
	while (done < st->size && got > 0) {
		got = zip_fread(f, &room[done], st->size - done);
		done += got > 0 ? (size_t)got : 0;
	}
	/* Only at its end the checksum is known. */
	if (done == st->size)
		got = zip_fread(f, &more, 1);
	if (got < 0)
		return bad(e, st->name,
		    zip_error_code_zip(zip_file_get_error(f)) == ZIP_ER_CRC
			? "its checksum is wrong"
			: "cannot be decompressed");
	if (got > 0)
		return bad(e, st->name, "is larger than the archive says");
	if (done < st->size)
		return bad(e, st->name, "is smaller than the archive says");
	return 0;
}

/* The tag and size that a component begins with are those of its file. */
static int component_check(struct span octets, const char *name, uint8_t tag, struct err *e)
{
	struct rd r = rd_of(octets);
	uint32_t size;
	uint16_t size16 = 0;
	uint8_t got;
	bool ok = rd_u8(&r, &got);

	if (ok && got != tag)
		return err_set(e, ERR_INPUT, "%s: holds component %02X, not %02X",
		    archive_show(span_str(name)).s, got, tag);
	if (tag == CAP_STATIC_RESOURCES) {
		ok = ok && rd_u32(&r, &size);
	} else {
		ok = ok && rd_u16(&r, &size16);
		size = size16;
	}
	if (!ok || size != rd_left(&r))
		return bad(e, name, "its length is not the size that the component begins with");
	return 0;
}

static int component_read(struct archive *a, uint8_t tag, struct wr *to, struct err *e)
{
	zip_stat_t st;
	zip_file_t *f;
	size_t at = to->n;
	int rc;

	zip_stat_init(&st);
	if (zip_stat_index(a->zip, a->index[tag], ZIP_FL_ENC_RAW, &st) != 0)
		return err_set(e, ERR_INPUT, "%s", zip_strerror(a->zip));
	if (entry_stat(&st, st.name, tag, e) != 0)
		return -1;
	if (st.size > CAP_DATA_MAX - to->n)
		return err_set(e, ERR_INPUT, "all components together have more than %d octets",
		    (int)CAP_DATA_MAX);
	f = zip_fopen_index(a->zip, a->index[tag], 0);
	if (f == NULL)
		return bad(e, st.name, zip_strerror(a->zip));
	rc = entry_inflate(f, &st, to, e);
	zip_fclose(f);
	return rc != 0 ? -1 : component_check(span_sub(wr_span(to), at, SIZE_MAX), st.name, tag, e);
}

/* All that are loaded, in their order; *loaded: octets before the Descriptor. */
static int components_read(struct archive *a, struct wr *to, size_t *loaded, struct err *e)
{
	for (const uint8_t *tag = cap_load_order; *tag != 0; tag++) {
		if (*tag == CAP_DESCRIPTOR)
			*loaded = to->n;
		if (a->there[*tag] && component_read(a, *tag, to, e) != 0)
			return -1;
	}
	return 0;
}

static int archive_open(struct archive *a, struct span octets, struct err *e)
{
	zip_error_t why;
	zip_source_t *source;
	int rc = 0;

	zip_error_init(&why);
	source = zip_source_buffer_create(octets.p, octets.n, 0, &why);
	if (source == NULL) {
		zip_error_fini(&why);
		return err_memory(e);
	}
	a->zip = zip_open_from_source(source, ZIP_RDONLY | ZIP_CHECKCONS, &why);
	if (a->zip == NULL) {
		zip_source_free(source);
		rc = err_set(e, ERR_INPUT, "%s", zip_error_strerror(&why));
	}
	zip_error_fini(&why);
	return rc;
}

static int archive_read(struct span octets, struct cap *c, struct err *e)
{
	struct archive a = { .zip = NULL };
	struct wr data = wr_grow(CAP_DATA_MAX);
	size_t loaded = 0, entries;
	int rc = -1;

	if (archive_check(octets, &entries, e) == 0 && archive_open(&a, octets, e) == 0 &&
	    entries_note(&a, entries, e) == 0 && components_read(&a, &data, &loaded, e) == 0)
		rc = cap_parse(span_sub(wr_span(&data), 0, loaded), c, e);
	if (rc == 0 && data.n > loaded && data.n - loaded - 3 != c->size[CAP_DESCRIPTOR])
		rc = err_set(e, ERR_INPUT,
		    "Directory component: says that the Descriptor component has %u octets, it has "
		    "%zu",
		    c->size[CAP_DESCRIPTOR], data.n - loaded - 3);
	if (a.zip != NULL)
		zip_discard(a.zip);
	c->data = data;
	return rc;
}

int cap_read_octets(struct span archive, const char *name, struct cap *c, struct err *e)
{
	*c = (struct cap){ .block = { NULL, 0 } };
	if (archive_read(archive, c, e) != 0)
		return err_in(e, "%s", name);
	return 0;
}

int cap_read(const char *path, struct cap *c, struct err *e)
{
	struct wr octets;
	int rc;

	*c = (struct cap){ .block = { NULL, 0 } };
	if (file_read(path, CAP_ARCHIVE_MAX, &octets, e) != 0)
		return -1;
	rc = cap_read_octets(wr_span(&octets), path, c, e);
	wr_free(&octets);
	return rc;
}

struct span cap_whole(const struct cap *c)
{
	return c->data.n > 0 ? wr_span(&c->data) : c->block;
}

void cap_free(struct cap *c)
{
	wr_free(&c->data);
	*c = (struct cap){ .block = { NULL, 0 } };
}

bool cap_is_archive(struct span begin)
{
	static const uint8_t magic[] = { 'P', 'K', 3, 4 };

	return span_starts(begin, SPAN(magic));
}
