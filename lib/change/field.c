#include "change/field.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/hex.h"
#include "base/suggest.h"
#include "base/text.h"
#include "base/value.h"
#include "crypto/digest.h"
#include "gp/day.h"
#include "gp/put_key.h"
#include "gp/privilege.h"

static const void *at(const struct field *f, const void *base)
{
	return (const char *)base + f->offset;
}

bool field_is_list(const struct field *f)
{
	return f->kind == FIELD_AIDS || f->kind == FIELD_FILES || f->kind == FIELD_PRIVILEGES ||
	       f->kind == FIELD_CHOICES;
}

bool field_needed(const struct field *f, bool step)
{
	if (step && (f->flags & FIELD_NO_STEP) != 0)
		return false;
	return (f->flags & (FIELD_REQUIRED | (step ? FIELD_STEP_NEEDS : 0))) != 0;
}

const struct field *field_find(const struct field *f, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(f[i].name, name) == 0 ||
		    (f[i].former != NULL && strcmp(f[i].former, name) == 0))
			return &f[i];
	return NULL;
}

/* ---- values from text ---- */

static int take_flag(const char *text, bool *to, struct err *e)
{
	*to = strcmp(text, "true") == 0;
	if (*to || strcmp(text, "false") == 0)
		return 0;
	return err_set(e, ERR_USAGE, "must be true or false");
}

static int take_aid(const char *text, struct aid *to, struct err *e)
{
	uint8_t b[AID_MAX];
	size_t n;

	if (hex_get(span_str(text), b, sizeof(b), &n) && aid_from(to, span_of(b, n)))
		return 0;
	return err_set(e, ERR_USAGE, "is not an AID of 5 to 16 octets in hex");
}

static int take_aids(const char *text, struct field_aids *to, struct err *e)
{
	struct aid *a = &to->list[to->n];

	if (to->n == FIELD_LIST)
		return err_set(e, ERR_USAGE, "takes at most %d", FIELD_LIST);
	if (take_aid(text, a, e) != 0)
		return -1;
	to->n++;
	return 0;
}

static int take_hex8(const struct field *f, const char *text, struct field_u32 *to, struct err *e)
{
	bool or_true = (f->flags & FIELD_OR_TRUE) != 0;
	char two[3] = { '0', text[0], '\0' };
	uint8_t b;

	if (or_true && (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)) {
		*to = (struct field_u32){ text[0] == 't', 0 };
		return 0;
	}
	/* One digit will do. */
	if (!hex_exact(span_str(strlen(text) == 1 ? two : text), &b, 1) || b < f->min || b > f->max)
		return err_set(e, ERR_USAGE, "is not one octet in hex, %02X to %02X%s",
		    (unsigned)f->min, (unsigned)f->max, or_true ? ", or true" : "");
	*to = (struct field_u32){ true, b };
	return 0;
}

static int take_u32(const struct field *f, const char *text, struct field_u32 *to, struct err *e)
{
	uint32_t x;

	if (!decimal_get(text, &x) || x < f->min || x > f->max)
		return err_set(e, ERR_USAGE, "is not a number from %u to %u", (unsigned)f->min,
		    (unsigned)f->max);
	*to = (struct field_u32){ true, x };
	return 0;
}

static int take_bytes(
    const struct field *f, const char *text, struct field_bytes *to, struct err *e)
{
	size_t most = f->max == 0 || f->max > FIELD_OCTETS ? FIELD_OCTETS : f->max;

	to->given = hex_get(span_str(text), to->b, most, &to->n) && to->n >= f->min;
	if (to->given)
		return 0;
	to->n = 0;
	if (f->min == most)
		return err_set(e, ERR_USAGE, "is not %zu octets in hex", most);
	return err_set(e, ERR_USAGE, "is not %u to %zu octets in hex", (unsigned)f->min, most);
}

/* The place of a word of n characters; the words there are for the message. */
static int choose(const struct field *f, const char *text, size_t n, size_t *i, struct err *e)
{
	char all[200] = "", word[40];
	struct suggest near;

	snprintf(word, sizeof(word), "%.*s", (int)(n < 39 ? n : 39), text);
	near = suggest_for(word);
	for (*i = 0; f->choices[*i] != NULL; ++*i) {
		size_t used = strlen(all);

		if (strlen(f->choices[*i]) == n && strncmp(f->choices[*i], text, n) == 0)
			return 0;
		suggest_try(&near, f->choices[*i]);
		snprintf(
		    all + used, sizeof(all) - used, "%s%s", used == 0 ? "" : ", ", f->choices[*i]);
	}
	err_set(e, ERR_USAGE, "is not one of %s", all);
	return near.best == NULL ? -1 : err_hint(e, "did you mean `%s`?", near.best);
}

static int take_choice(
    const struct field *f, const char *text, struct field_choice *to, struct err *e)
{
	to->given = choose(f, text, strlen(text), &to->i, e) == 0;
	return to->given ? 0 : -1;
}

static int take_choices(
    const struct field *f, const char *text, struct field_bits *to, struct err *e)
{
	size_t i;

	for (size_t n = 0; *text != '\0'; text += n + (text[n] == ',')) {
		n = strcspn(text, ",");
		if (choose(f, text, n, &i, e) != 0)
			return -1;
		to->v |= 1u << i;
	}
	return 0;
}

static int no_privilege(const char *name, struct err *e)
{
	struct suggest near = suggest_for(name);

	for (uint32_t bit = 0x800000; bit != 0; bit >>= 1)
		suggest_try(&near, privilege_str(bit));
	err_set(e, ERR_USAGE, "cannot be: %s is no privilege", text_quote(name).s);
	if (near.best != NULL)
		return err_hint(e, "did you mean `%s`?", near.best);
	return err_hint(e, "cardadm-content(7) lists the privileges");
}

static int take_privileges(const char *text, struct field_privileges *to, struct err *e)
{
	const char *why;

	to->given = true;
	for (size_t n = 0; *text != '\0'; text += n + (text[n] == ',')) {
		char name[64];
		uint32_t one;

		n = strcspn(text, ",");
		snprintf(name, sizeof(name), "%.*s", (int)(n < 63 ? n : 63), text);
		if (n >= sizeof(name) || !privilege_from(name, &one))
			return no_privilege(name, e);
		to->v |= one;
	}
	to->n = (to->v & 0xFFFF) == 0 ? 1 : 3;
	why = privileges_wrong(to->v);
	return why == NULL ? 0 : err_set(e, ERR_USAGE, "cannot be: %s", why);
}

static int take_text(const struct field *f, const char *text, struct field_text *to, struct err *e)
{
	size_t n = strlen(text);

	if (n < f->min || n > f->max)
		return err_set(e, ERR_USAGE, "must have %u to %u octets", f->min, f->max);
	snprintf(to->s, sizeof(to->s), "%s", text);
	return 0;
}

static int take_keys(const char *text, struct field_keys *to, struct err *e)
{
	if (text[0] == '\0' || strlen(text) >= sizeof(to->name))
		return err_set(
		    e, ERR_USAGE, "is not a name of 1 to %zu characters", sizeof(to->name) - 1);
	snprintf(to->name, sizeof(to->name), "%s", text);
	return 0;
}

/* As it is opened. */
static int take_path(
    const struct field_source *from, const char *text, char to[static FIELD_PATH], struct err *e)
{
	bool fits = from->beside == NULL ? snprintf(to, FIELD_PATH, "%s", text) < FIELD_PATH
					 : path_beside(from->beside, text, to, FIELD_PATH);

	if (text[0] != '\0' && fits && strpbrk(text, "\r\n") == NULL)
		return 0;
	to[0] = '\0';
	return err_set(e, ERR_USAGE,
	    fits ? "is not the name of a file" : "is too long for the path of a file");
}

static int take_time(const char *text, struct field_u32 *to, struct err *e)
{
	to->given = duration_get(text, &to->v);
	return to->given ? 0 : err_set(e, ERR_USAGE, "is not a time: 30d, 12h");
}

/* A day is meant whole. */
static int take_when(const char *text, struct field_when *to, struct err *e)
{
	uint32_t date;

	to->from_now = text[0] == '+';
	to->given = to->from_now ? duration_get(text + 1, &to->v) : date_get(text, &date);
	if (to->given && !to->from_now)
		to->given = day_end(date, &to->v);
	return to->given ? 0 : err_set(e, ERR_USAGE, "is not a day (2030-12-31) or +30d");
}

static int take_files(
    const struct field_source *from, const char *text, struct field_files *to, struct err *e)
{
	if (to->n == FIELD_FILES_MAX)
		return err_set(e, ERR_USAGE, "takes at most %d", FIELD_FILES_MAX);
	if (to->list == NULL)
		to->list = calloc(FIELD_FILES_MAX, sizeof(*to->list));
	if (to->list == NULL)
		return err_memory(e);
	return take_path(from, text, to->list[to->n].path, e) == 0 ? (to->n++, 0) : -1;
}

static int take_date(const char *text, struct field_u32 *to, struct err *e)
{
	to->given = date_get(text, &to->v);
	return to->given ? 0 : err_set(e, ERR_USAGE, "is not a date YYYY-MM-DD");
}

static int take_aid_new(const char *text, struct field_aid_new *to, struct err *e)
{
	uint8_t b[AID_MAX];
	size_t n;

	to->is_new = strcmp(text, "new") == 0;
	if (to->is_new ||
	    (hex_get(span_str(text), b, sizeof(b), &n) && aid_from(&to->aid, span_of(b, n))))
		return 0;
	return err_set(e, ERR_USAGE, "is neither an AID of 5 to 16 octets in hex nor new");
}

static int take_where(
    const struct field_source *from, const char *text, struct field_where *to, struct err *e)
{
	if (take_path(from, text, to->path, e) != 0)
		return -1;
	snprintf(to->name, sizeof(to->name), "%s", text);
	/* "out/" is a folder, and the same as "out". */
	for (size_t n = strlen(to->path); n > 1 && to->path[n - 1] == '/'; n--)
		to->path[n - 1] = '\0';
	return 0;
}

int field_put(const struct field *f, const struct field_source *from, const char *text, void *base,
    struct err *e)
{
	void *to = (char *)base + f->offset;

	switch (f->kind) {
	case FIELD_FLAG:
		return take_flag(text, to, e);
	case FIELD_AID:
		return take_aid(text, to, e);
	case FIELD_AIDS:
		return take_aids(text, to, e);
	case FIELD_HEX8:
		return take_hex8(f, text, to, e);
	case FIELD_U32:
		return take_u32(f, text, to, e);
	case FIELD_BYTES:
		return take_bytes(f, text, to, e);
	case FIELD_CHOICE:
		return take_choice(f, text, to, e);
	case FIELD_CHOICES:
		return take_choices(f, text, to, e);
	case FIELD_PRIVILEGES:
		return take_privileges(text, to, e);
	case FIELD_TEXT:
		return take_text(f, text, to, e);
	case FIELD_KEYS:
		return take_keys(text, to, e);
	case FIELD_FILE:
		return take_path(from, text, ((struct field_file *)to)->path, e);
	case FIELD_FILES:
		return take_files(from, text, to, e);
	case FIELD_DATE:
		return take_date(text, to, e);
	case FIELD_AID_NEW:
		return take_aid_new(text, to, e);
	case FIELD_ENTRY:
		return take_keys(text, to, e);
	case FIELD_WHERE:
		return take_where(from, text, to, e);
	case FIELD_TIME:
		return take_time(text, to, e);
	case FIELD_WHEN:
		return take_when(text, to, e);
	}
	return err_set(e, ERR_OTHER, "is of no kind");
}

/* ---- what was given ---- */

bool field_given(const struct field *f, const void *base)
{
	const void *v = at(f, base);

	switch (f->kind) {
	case FIELD_FLAG:
		return *(const bool *)v;
	case FIELD_AID:
		return ((const struct aid *)v)->n > 0;
	case FIELD_AIDS:
		return ((const struct field_aids *)v)->n > 0;
	case FIELD_HEX8:
	case FIELD_U32:
	case FIELD_DATE:
	case FIELD_TIME:
		return ((const struct field_u32 *)v)->given;
	case FIELD_BYTES:
		return ((const struct field_bytes *)v)->given;
	case FIELD_CHOICE:
		return ((const struct field_choice *)v)->given;
	case FIELD_CHOICES:
		return ((const struct field_bits *)v)->v != 0;
	case FIELD_PRIVILEGES:
		return ((const struct field_privileges *)v)->given;
	case FIELD_TEXT:
		return ((const struct field_text *)v)->s[0] != '\0';
	case FIELD_KEYS:
	case FIELD_ENTRY:
		return ((const struct field_keys *)v)->name[0] != '\0';
	case FIELD_AID_NEW:
		return ((const struct field_aid_new *)v)->is_new ||
		       ((const struct field_aid_new *)v)->aid.n > 0;
	case FIELD_WHERE:
		return ((const struct field_where *)v)->path[0] != '\0';
	case FIELD_FILE:
		return ((const struct field_file *)v)->path[0] != '\0';
	case FIELD_FILES:
		return ((const struct field_files *)v)->n > 0;
	case FIELD_WHEN:
		return ((const struct field_when *)v)->given;
	}
	return false;
}

/* A key set is its type, its version, its check values and how a card's keys come from them:
 * another one under the same name is another goal. */
static bool put_entry(struct wr *w, const struct field_keys *v)
{
	const struct entry *t = v->entry;
	uint8_t shown[FINGERPRINT_SIZE];

	if (t == NULL)
		return false;
	wr_lv(w, span_str(entry_type_str(t->type)));
	wr_u8(w, t->version);
	if (t->type == ENTRY_TERMINAL_MASTER) {
		if (!key_check_value(&t->secret, shown))
			return false;
		wr_bytes(w, shown, PUT_KEY_KCV);
		return true;
	}
	if (!entry_type_is_card(t->type)) {
		if (t->authority.secret.n == 0 ? !entry_fingerprint(t, shown)
					       : !entry_check_value(t, &t->authority.secret, shown))
			return false;
		wr_bytes(w, shown, t->authority.secret.n == 0 ? sizeof(shown) : 3);
		return true;
	}
	for (size_t i = 0; i < 3; i++) {
		const struct key *k = i == 0 ? &t->keys.enc : i == 1 ? &t->keys.mac : &t->keys.dek;

		if (!entry_check_value(t, k, shown))
			return false;
		wr_bytes(w, shown, 3);
	}
	wr_u8(w, (uint8_t)t->diversification);
	for (size_t i = 0; t->diversification == DIVERSIFY_TEMPLATE && i < t->template.n; i++)
		wr_u16(w, t->template.token[i]);
	return true;
}

/* A new AID is none of those that there are. */
static void put_aid_new(struct wr *w, const struct field_aid_new *v)
{
	wr_u8(w, v->is_new);
	wr_put(w, aid_span(&v->aid));
}

static void put_where(struct wr *w, const struct field_where *v)
{
	wr_put(w, v->looked ? SPAN(v->digest) : span_str(v->name));
}

bool field_content(const struct field *f, const void *base, struct wr *w)
{
	const void *v = at(f, base);
	const struct field_aids *aids = v;
	const struct field_files *files = v;

	switch (f->kind) {
	case FIELD_FLAG:
		wr_u8(w, *(const bool *)v);
		break;
	case FIELD_AID:
		wr_put(w, aid_span(v));
		break;
	case FIELD_AIDS:
		for (size_t i = 0; i < aids->n; i++)
			wr_lv(w, aid_span(&aids->list[i]));
		break;
	case FIELD_HEX8:
	case FIELD_U32:
	case FIELD_DATE:
	case FIELD_TIME:
		wr_u32(w, ((const struct field_u32 *)v)->v);
		break;
	case FIELD_BYTES:
		wr_bytes(w, ((const struct field_bytes *)v)->b, ((const struct field_bytes *)v)->n);
		break;
	case FIELD_CHOICE:
		wr_put(w, span_str(f->choices[((const struct field_choice *)v)->i]));
		break;
	case FIELD_CHOICES:
		for (size_t i = 0; f->choices[i] != NULL; i++)
			if ((((const struct field_bits *)v)->v & 1u << i) != 0)
				wr_lv(w, span_str(f->choices[i]));
		break;
	case FIELD_PRIVILEGES:
		wr_u32(w, ((const struct field_privileges *)v)->v);
		break;
	case FIELD_TEXT:
		wr_put(w, span_str(((const struct field_text *)v)->s));
		break;
	case FIELD_KEYS:
	case FIELD_ENTRY:
		return put_entry(w, v);
	case FIELD_AID_NEW:
		put_aid_new(w, v);
		break;
	case FIELD_WHERE:
		put_where(w, v);
		break;
	case FIELD_FILE:
		wr_put(w, SPAN(((const struct field_file *)v)->digest));
		break;
	case FIELD_FILES:
		for (size_t i = 0; i < files->n; i++)
			wr_put(w, SPAN(files->list[i].digest));
		break;
	case FIELD_WHEN:
		wr_u8(w, ((const struct field_when *)v)->from_now);
		wr_u32(w, ((const struct field_when *)v)->v);
		break;
	}
	return true;
}

/* ---- files and keys ---- */

int field_file_read(struct field_file *f, size_t max, struct err *e)
{
	f->octets = wr_grow(max);
	if (file_read(f->path, max, &f->octets, e) != 0)
		return -1;
	if (f->octets.n == 0)
		return err_set(e, ERR_INPUT, "%s: empty", f->path);
	return sha256_of(wr_span(&f->octets), f->digest) ? 0 : err_memory(e);
}

int field_keys_find(struct field_keys *f, const struct keystore *ks, bool authority, struct err *e)
{
	const struct entry *t;

	for (size_t i = 0; authority && (t = keystore_at(ks, i)) != NULL; i++)
		if (strcmp(t->name, f->name) == 0 && entry_type_is_authority(t->type)) {
			f->entry = t;
			return keystore_read(ks, i, e);
		}
	return keystore_find_card(ks, f->name, &f->entry, e);
}

int field_entry_find(
    struct field_keys *f, const struct keystore *ks, enum entry_type type, struct err *e)
{
	return keystore_find(ks, type, f->name, &f->entry, e);
}

void field_hide_key(const struct field *f, const void *base, struct err *e)
{
	const void *v = at(f, base);
	const struct field_files *files = v;

	if (f->kind == FIELD_KEYS || f->kind == FIELD_ENTRY)
		text_hide_key(e, ((const struct field_keys *)v)->name);
	if (f->kind == FIELD_WHERE)
		text_hide_key(e, ((const struct field_where *)v)->name);
	if (f->kind == FIELD_FILE)
		text_hide_key(e, ((const struct field_file *)v)->path);
	for (size_t i = 0; f->kind == FIELD_FILES && i < files->n; i++)
		text_hide_key(e, files->list[i].path);
}

void fields_free(const struct field *f, size_t n, void *base)
{
	for (size_t i = 0; i < n; i++) {
		void *v = (char *)base + f[i].offset;
		struct field_files *files = v;

		if (f[i].kind == FIELD_FILE)
			wr_free(&((struct field_file *)v)->octets);
		if (f[i].kind != FIELD_FILES)
			continue;
		for (size_t k = 0; k < files->n; k++)
			wr_free(&files->list[k].octets);
		free(files->list);
	}
}
