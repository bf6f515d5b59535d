#include "cap/cap.h"

enum { MAGIC = (int)0xDECAFFED, AID_LEAST = 5, AID_MOST = 16, CUSTOM_FIRST = 128 };

static int bad(struct err *e, uint8_t tag, const char *why)
{
	return err_set(e, ERR_INPUT, "%s component: %s", cap_component_name(tag), why);
}

static bool aid_get(struct rd *r, struct span *aid)
{
	return rd_lv(r, aid) && aid->n >= AID_LEAST && aid->n <= AID_MOST;
}

/* A component without its tag and size. */
static struct rd body(const struct cap *c, uint8_t tag)
{
	size_t head = tag == CAP_STATIC_RESOURCES ? 5 : 3;

	return rd_of(span_sub(c->component[tag], head, SIZE_MAX));
}

static uint32_t body_size(const struct cap *c, uint8_t tag)
{
	struct rd r = body(c, tag);

	return (uint32_t)rd_left(&r);
}

/* ---- the block as components ---- */

/* What was taken of the components with tags of their own: the Directory must list each. */
struct custom {
	uint8_t tag[CAP_CUSTOM_MAX];
	uint16_t size[CAP_CUSTOM_MAX];
	size_t n;
};

static bool component_next(struct rd *r, uint8_t *tag, struct span *whole)
{
	struct rd at = *r;
	uint32_t size;
	uint16_t size16 = 0;
	size_t head;

	if (!rd_u8(&at, tag))
		return false;
	if (*tag == CAP_STATIC_RESOURCES) {
		if (!rd_u32(&at, &size))
			return false;
	} else {
		if (!rd_u16(&at, &size16))
			return false;
		size = size16;
	}
	head = rd_left(r) - rd_left(&at);
	return size <= rd_left(&at) && rd_take(r, head + size, whole);
}

static int custom_add(struct custom *custom, uint8_t tag, struct span whole, struct err *e)
{
	for (size_t i = 0; i < custom->n; i++)
		if (custom->tag[i] == tag)
			return err_set(e, ERR_INPUT, "custom component %02X is there twice", tag);
	/* One of each tag from 80 to FE at most fits. */
	if (custom->n == CAP_CUSTOM_MAX)
		return err_set(e, ERR_INPUT, "more than %d custom components", (int)CAP_CUSTOM_MAX);
	custom->tag[custom->n] = tag;
	custom->size[custom->n++] = (uint16_t)(whole.n - 3);
	return 0;
}

static int components_get(struct cap *c, struct custom *custom, struct err *e)
{
	struct rd r = rd_of(c->block);

	while (rd_left(&r) > 0) {
		size_t at = c->block.n - rd_left(&r);
		struct span whole;
		uint8_t tag;

		if (!component_next(&r, &tag, &whole))
			return err_set(
			    e, ERR_INPUT, "the component at octet %zu is longer than the data", at);
		if (at == 0 && tag != CAP_HEADER)
			return err_set(e, ERR_INPUT, "does not begin with the Header component");
		if (tag >= CUSTOM_FIRST) {
			if (custom_add(custom, tag, whole, e) != 0)
				return -1;
			continue;
		}
		if (tag == 0 || tag >= CAP_TAGS)
			return err_set(
			    e, ERR_INPUT, "unknown component %02X at octet %zu", tag, at);
		if (c->component[tag].n > 0)
			return bad(e, tag, "is there twice");
		c->component[tag] = whole;
	}
	return 0;
}

/* What every package has. */
static int required(const struct cap *c, struct err *e)
{
	static const uint8_t tags[] = { CAP_HEADER, CAP_DIRECTORY, CAP_IMPORT, CAP_CONSTANT_POOL,
		CAP_CLASS, CAP_METHOD, CAP_STATIC_FIELD, CAP_REF_LOCATION };

	for (size_t i = 0; i < sizeof(tags); i++)
		if (c->component[tags[i]].n == 0)
			return bad(e, tags[i], "is missing");
	return 0;
}

/* ---- Header ---- */

static int format_check(const struct cap *c, struct err *e)
{
	if ((c->flags & CAP_EXTENDED) != 0) {
		bad(e, CAP_HEADER, "this is an extended CAP file; only compact ones are supported");
		return err_hint(e, "convert the package to the compact format");
	}
	if (c->format_major != 2 || c->format_minor < 1 || c->format_minor > 3)
		return err_set(e, ERR_INPUT, "Header component: format %u.%u is not supported",
		    c->format_major, c->format_minor);
	return 0;
}

static int header_get(struct cap *c, struct err *e)
{
	struct rd r = body(c, CAP_HEADER);
	uint32_t magic;

	if (!rd_u32(&r, &magic) || magic != (uint32_t)MAGIC)
		return bad(e, CAP_HEADER, "does not begin with DECAFFED");
	if (!rd_u8(&r, &c->format_minor) || !rd_u8(&r, &c->format_major) || !rd_u8(&r, &c->flags))
		return bad(e, CAP_HEADER, "is too short");
	if (format_check(c, e) != 0)
		return -1;
	if (!rd_u8(&r, &c->minor) || !rd_u8(&r, &c->major))
		return bad(e, CAP_HEADER, "is too short");
	if (!aid_get(&r, &c->package))
		return bad(e, CAP_HEADER, "the package AID is cut short, or not 5 to 16 octets");
	/* Since 2.2; converters leave it out where nothing needs it. */
	if (rd_left(&r) > 0 && (c->format_minor < 2 || !rd_lv(&r, &c->name) || rd_left(&r) > 0))
		return bad(e, CAP_HEADER, "is longer than what is in it");
	return 0;
}

/* ---- Directory ---- */

static int directory_sizes(struct cap *c, struct rd *r, struct err *e)
{
	size_t n = c->format_minor >= 2 ? CAP_DEBUG : CAP_DESCRIPTOR;

	for (size_t tag = CAP_HEADER; tag <= n; tag++) {
		uint16_t size;

		if (!rd_u16(r, &size))
			return bad(e, CAP_DIRECTORY, "is too short");
		c->size[tag] = size;
	}
	if (c->format_minor >= 3 && !rd_u32(r, &c->size[CAP_STATIC_RESOURCES]))
		return bad(e, CAP_DIRECTORY, "is too short");
	for (uint8_t tag = CAP_HEADER; tag < CAP_TAGS; tag++) {
		/* Descriptor and Debug are in the file, and need not be in what is loaded. */
		bool may_lack = tag == CAP_DESCRIPTOR || tag == CAP_DEBUG;

		if (c->component[tag].n == 0 ? !may_lack && c->size[tag] != 0
					     : c->size[tag] != body_size(c, tag))
			return err_set(e, ERR_INPUT,
			    "Directory component: says that the %s component has %u octets, it has "
			    "%u",
			    cap_component_name(tag), c->size[tag],
			    c->component[tag].n == 0 ? 0 : body_size(c, tag));
	}
	return 0;
}

/* Each of the custom components that is there must be listed; not all that are listed are there. */
static int directory_custom(
    struct cap *c, struct rd *r, uint8_t count, const struct custom *custom, struct err *e)
{
	bool listed[CAP_CUSTOM_MAX] = { false };

	if (count > CAP_CUSTOM_MAX)
		return bad(e, CAP_DIRECTORY, "lists more than 127 custom components");
	c->custom_n = count;
	for (uint8_t i = 0; i < count; i++) {
		struct span aid;
		uint16_t size;
		uint8_t tag;

		if (!rd_u8(r, &tag) || !rd_u16(r, &size) || !aid_get(r, &aid))
			return bad(e, CAP_DIRECTORY, "the list of custom components is malformed");
		for (size_t k = 0; k < custom->n; k++)
			if (custom->tag[k] == tag && custom->size[k] == size)
				listed[k] = true;
	}
	for (size_t k = 0; k < custom->n; k++)
		if (!listed[k])
			return err_set(e, ERR_INPUT,
			    "Directory component: does not list custom component %02X of %u octets",
			    custom->tag[k], custom->size[k]);
	return 0;
}

/* Behind the counts of imports and applets, which are checked here too. */
static int directory_get(struct cap *c, const struct custom *custom, struct err *e)
{
	struct rd r = body(c, CAP_DIRECTORY);
	uint8_t imports, applets, count;
	uint16_t array_count, array_size;

	if (directory_sizes(c, &r, e) != 0)
		return -1;
	if (!rd_u16(&r, &c->static_image) || !rd_u16(&r, &array_count) ||
	    !rd_u16(&r, &array_size) || !rd_u8(&r, &imports) || !rd_u8(&r, &applets) ||
	    !rd_u8(&r, &count))
		return bad(e, CAP_DIRECTORY, "is too short");
	if (directory_custom(c, &r, count, custom, e) != 0)
		return -1;
	if (rd_left(&r) > 0)
		return bad(e, CAP_DIRECTORY, "is longer than what is in it");
	if (imports != c->import_n)
		return err_set(e, ERR_INPUT,
		    "Directory component: says %u imports, the Import component has %zu", imports,
		    c->import_n);
	if (applets != c->applet_n)
		return err_set(e, ERR_INPUT,
		    "Directory component: says %u applets, the Applet component has %zu", applets,
		    c->applet_n);
	return 0;
}

/* ---- Applet, Import ---- */

static int applet_get(struct cap *c, struct rd *r, struct err *e)
{
	struct cap_applet *a = &c->applets[c->applet_n];

	if (!aid_get(r, &a->aid))
		return bad(
		    e, CAP_APPLET, "the AID of an applet is cut short, or not 5 to 16 octets");
	if (!rd_u16(r, &a->install_offset))
		return bad(e, CAP_APPLET, "is too short");
	if (a->install_offset == 0 || a->install_offset >= body_size(c, CAP_METHOD))
		return err_set(e, ERR_INPUT,
		    "Applet component: the install method at %u is outside the Method component",
		    a->install_offset);
	for (size_t i = 0; i < c->applet_n; i++)
		if (span_eq(a->aid, c->applets[i].aid))
			return bad(e, CAP_APPLET, "two applets have one AID");
	c->applet_n++;
	return 0;
}

static int applets_get(struct cap *c, struct err *e)
{
	struct rd r = body(c, CAP_APPLET);
	bool there = c->component[CAP_APPLET].n > 0;
	uint8_t count;

	if (there != ((c->flags & CAP_APPLETS) != 0))
		return bad(e, CAP_APPLET,
		    there ? "is there, though the Header says there are no applets"
			  : "is missing, though the Header says there are applets");
	if (!there)
		return 0;
	if (!rd_u8(&r, &count) || count == 0)
		return bad(e, CAP_APPLET, "has no applets");
	if (count > CAP_APPLETS_MAX)
		return err_set(e, ERR_INPUT,
		    "Applet component: %u applets, at most %d are supported", count,
		    (int)CAP_APPLETS_MAX);
	for (uint8_t i = 0; i < count; i++)
		if (applet_get(c, &r, e) != 0)
			return -1;
	return rd_left(&r) == 0 ? 0 : bad(e, CAP_APPLET, "is longer than what is in it");
}

static int imports_get(struct cap *c, struct err *e)
{
	struct rd r = body(c, CAP_IMPORT);
	uint8_t count;

	if (!rd_u8(&r, &count))
		return bad(e, CAP_IMPORT, "is too short");
	if (count > CAP_IMPORTS_MAX)
		return bad(e, CAP_IMPORT, "more than 128 packages");
	for (uint8_t i = 0; i < count; i++) {
		struct cap_import *m = &c->imports[i];

		if (!rd_u8(&r, &m->minor) || !rd_u8(&r, &m->major))
			return bad(e, CAP_IMPORT, "is too short");
		if (!aid_get(&r, &m->aid))
			return bad(e, CAP_IMPORT,
			    "the AID of a package is cut short, or not 5 to 16 octets");
	}
	c->import_n = count;
	return rd_left(&r) == 0 ? 0 : bad(e, CAP_IMPORT, "is longer than what is in it");
}

int cap_parse(struct span load_file_data_block, struct cap *c, struct err *e)
{
	struct custom custom = { .n = 0 };

	*c = (struct cap){ .block = load_file_data_block };
	if (load_file_data_block.n == 0)
		return err_set(e, ERR_INPUT, "the load file data block is empty");
	if (load_file_data_block.n > CAP_DATA_MAX)
		return err_set(e, ERR_INPUT, "the load file data block is larger than %d octets",
		    (int)CAP_DATA_MAX);
	if (components_get(c, &custom, e) != 0)
		return -1;
	/* The format first: of another one, the rest is not what it seems. */
	if (header_get(c, e) != 0 || required(c, e) != 0 || applets_get(c, e) != 0 ||
	    imports_get(c, e) != 0 || directory_get(c, &custom, e) != 0)
		return -1;
	return 0;
}

size_t cap_least_memory(const struct cap *c)
{
	return c->component[CAP_METHOD].n + c->component[CAP_CLASS].n + c->component[CAP_EXPORT].n +
	       c->static_image;
}
