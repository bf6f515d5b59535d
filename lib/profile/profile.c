#include "profile/profile.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/hex.h"
#include "yaml/bind.h"

enum { PROFILES_MAX = 200, PRODUCTS_MAX = 200, PATTERN_TEXT = 3 * PROFILE_PATTERN_MAX };

struct profiles {
	struct profile *list;
	size_t n;
};

/* A product and a profile as they are written. */
struct product_written {
	char text[100];
	char pattern[PROFILE_BY_ATR + 1][PATTERN_TEXT + 1];
};
struct profile_text {
	struct profile *profile;
	struct bind_bytes isd;
	int protocol, i, s16, load_le, factory_version, factory_p1;
	char name[64], source[400], note[400];
	uint32_t block;
};

static const char *const protocols[] = { "scp01", "scp02", "scp03", "scp11", NULL };
static const int protocol_of[] = { 0x01, 0x02, 0x03, 0x11 };
static const char *const load_les[] = { "always", "last", "never", NULL };
static const char *const no_yes[] = { "false", "true", NULL };

#define PATTERN(key, by) \
	BIND_ROW( \
	    key, BIND_STRING, char *, product_written, pattern[by], .min = 2, .max = PATTERN_TEXT)

static const struct bind_field product_fields[] = {
	PATTERN("atr", PROFILE_BY_ATR),
	PATTERN("historical", PROFILE_BY_HISTORICAL),
	PATTERN("cplc", PROFILE_BY_CPLC),
	PATTERN("card-data", PROFILE_BY_CARD_DATA),
	BIND_STRING("product", product_written, text, .flags = BIND_REQUIRED),
};
static const struct bind_table product_table = BIND_TABLE(product_fields);

static const struct bind_field factory_fields[] = {
	BIND_HEX8("version", profile_text, factory_version, 0x01, 0xFF, .flags = BIND_REQUIRED),
	BIND_HEX8("p1", profile_text, factory_p1, 0x00, 0xFF, .flags = BIND_REQUIRED),
};
static const struct bind_table factory_table = BIND_TABLE(factory_fields);

static bind_each take_product;
static const struct bind_field profile_fields[] = {
	BIND_HEADER_ROW,
	BIND_NAME("name", profile_text, name, .flags = BIND_REQUIRED),
	BIND_STRING("source", profile_text, source, .flags = BIND_REQUIRED),
	BIND_EACH("products", take_product, .flags = BIND_REQUIRED),
	BIND_BYTES("isd", profile_text, isd, AID_MIN, AID_MAX),
	BIND_CHOICE("protocol", profile_text, protocol, protocols),
	BIND_HEX8("i", profile_text, i, 0x00, 0x7F),
	BIND_CHOICE("s16", profile_text, s16, no_yes),
	BIND_U32("block", profile_text, block, 16, 65535),
	BIND_CHOICE("load-le", profile_text, load_le, load_les),
	BIND_MAP("factory", factory_table),
	BIND_STRING("note", profile_text, note),
};
static const struct bind_table profile_table = BIND_TABLE(profile_fields);

const char *profile_load_le_str(enum profile_load_le le)
{
	return le == LOAD_LE_UNKNOWN ? NULL : load_les[le - 1];
}

/* Octets in hex or "..", blanks between them. */
static bool pattern_from(const char *text, struct profile_pattern *p)
{
	memset(p, 0, sizeof(*p));
	for (size_t i = 0; text[i] != '\0';) {
		if (text[i] == ' ') {
			i++;
			continue;
		}
		if (p->n == PROFILE_PATTERN_MAX)
			return false;
		if (text[i] != '.' || text[i + 1] != '.') {
			if (!hex_exact(
				span_of(text + i, text[i + 1] == '\0' ? 1 : 2), &p->value[p->n], 1))
				return false;
			p->mask[p->n] = 0xFF;
		}
		p->n++;
		i += 2;
	}
	return true;
}

static int take_product(const struct doc *d, const struct node *value, void *to, struct err *e)
{
	struct profile *p = ((struct profile_text *)to)->profile;
	struct product_written w = { 0 };
	struct profile_product *t;
	bool any = false;

	if (p->product_n == PRODUCTS_MAX)
		return doc_error(d, value->key, e, "more than %d products", PRODUCTS_MAX);
	if (value->kind != NODE_MAP)
		return doc_error(d, value, e, "a product must be a map of keys and values");
	if (bind_map(d, value, &product_table, &w, e) != 0)
		return -1;
	t = realloc(p->product, (p->product_n + 1) * sizeof(*t));
	if (t == NULL)
		return err_memory(e);
	p->product = t;
	t = &p->product[p->product_n];
	memset(t, 0, sizeof(*t));
	memcpy(t->text, w.text, sizeof(t->text));
	for (size_t k = 0; k < sizeof(product_fields) / sizeof(product_fields[0]) - 1; k++) {
		const char *key = product_fields[k].key;
		const struct node *at = node_get(value, key);
		size_t by = (product_fields[k].offset - offsetof(struct product_written, pattern)) /
			    sizeof(w.pattern[0]);

		if (at == NULL)
			continue;
		if (!pattern_from(at->text, &t->pattern[by]))
			return doc_error(d, at, e,
			    "`%s` must be octets in hex, with .. for any octet, at most %d", key,
			    PROFILE_PATTERN_MAX);
		any = true;
	}
	if (!any)
		return doc_error(d, value, e, "one of atr, historical, cplc, card-data is needed");
	p->product_n++;
	return 0;
}

static int fill(const struct doc *d, struct profile_text *w, struct profile *p, struct err *e)
{
	const struct node *isd = node_get(doc_root(d), "isd");

	if (p->product_n == 0)
		return doc_error(
		    d, node_get(doc_root(d), "products"), e, "`products` names no product");
	memcpy(p->name, w->name, sizeof(p->name));
	memcpy(p->source, w->source, sizeof(p->source));
	memcpy(p->note, w->note, sizeof(p->note));
	if (isd != NULL && !aid_from(&p->isd, span_of(w->isd.b, w->isd.n)))
		return doc_error(d, isd, e, "`isd` is not an AID");
	p->protocol = w->protocol < 0 ? -1 : protocol_of[w->protocol];
	p->i = w->i;
	p->s16 = w->s16;
	p->block = w->block;
	p->load_le = (enum profile_load_le)(w->load_le + 1);
	p->factory_version = w->factory_version;
	p->factory_p1 = w->factory_p1;
	return 0;
}

void profile_wipe(struct profile *p)
{
	free(p->product);
	memset(p, 0, sizeof(*p));
}

int profile_parse(const char *path, struct span text, struct profile *out, struct err *e)
{
	struct profile_text w = { .profile = out,
		.protocol = -1,
		.i = -1,
		.s16 = -1,
		.load_le = -1,
		.factory_version = -1,
		.factory_p1 = -1 };
	struct doc *d;
	int rc = -1;

	memset(out, 0, sizeof(*out));
	if (doc_parse(path, text, &d, e) != 0)
		return -1;
	if (doc_is(d, "profile/1", e) == 0 && bind_map(d, doc_root(d), &profile_table, &w, e) == 0)
		rc = fill(d, &w, out, e);
	doc_free(d);
	if (rc != 0)
		profile_wipe(out);
	return rc;
}

/* ---- a folder of them ---- */

static int is_profile(const struct dirent *entry)
{
	size_t n = strlen(entry->d_name);

	return entry->d_name[0] != '.' && n > 5 && strcmp(entry->d_name + n - 5, ".yaml") == 0;
}

static int load_one(struct profiles *p, const char *folder, const char *file, struct err *e)
{
	struct wr text = wr_grow(DOC_MAX);
	struct profile *at = &p->list[p->n];
	char path[4096];
	int rc = -1;

	if (snprintf(path, sizeof(path), "%s/%s", folder, file) >= (int)sizeof(path)) {
		err_set(e, ERR_INPUT, "%.80s...: name too long", folder);
		goto out;
	}
	if (file_read(path, DOC_MAX, &text, e) != 0 ||
	    profile_parse(path, wr_span(&text), at, e) != 0)
		goto out;
	p->n++;
	snprintf(at->file, sizeof(at->file), "%s", file);
	for (size_t i = 0; i + 1 < p->n; i++)
		if (strcmp(p->list[i].name, at->name) == 0) {
			err_set(e, ERR_INPUT, "%s: a profile called %s is in %s already", path,
			    at->name, p->list[i].file);
			goto out;
		}
	rc = 0;
out:
	wr_free(&text);
	return rc;
}

int profiles_load(const char *folder, struct profiles **out, struct err *e)
{
	struct dirent **names = NULL;
	struct profiles *p = NULL;
	int n = scandir(folder, &names, is_profile, alphasort), rc = -1;

	if (n < 0)
		return err_errno(e, ERR_INPUT, "card profiles: %s", folder);
	if (n > PROFILES_MAX) {
		err_set(e, ERR_INPUT, "%s: more than %d card profiles", folder, PROFILES_MAX);
		goto out;
	}
	p = calloc(1, sizeof(*p));
	if (p == NULL || (p->list = calloc((size_t)n + 1, sizeof(*p->list))) == NULL) {
		err_memory(e);
		goto out;
	}
	for (int i = 0; i < n; i++)
		if (load_one(p, folder, names[i]->d_name, e) != 0)
			goto out;
	*out = p;
	rc = 0;
out:
	for (int i = 0; i < n; i++)
		free(names[i]);
	free(names);
	if (rc != 0)
		profiles_free(p);
	return rc;
}

void profiles_free(struct profiles *p)
{
	if (p == NULL)
		return;
	for (size_t i = 0; i < p->n; i++)
		profile_wipe(&p->list[i]);
	free(p->list);
	free(p);
}

const struct profile *profiles_at(const struct profiles *p, size_t i)
{
	return i < p->n ? &p->list[i] : NULL;
}

void profiles_match(
    const struct profiles *p, const struct profile_facts *f, struct profile_match *m)
{
	profile_match_list(p == NULL ? NULL : p->list, p == NULL ? 0 : p->n, f, m);
}
