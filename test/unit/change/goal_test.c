/*
 * The goal of a change: all kinds and all their fields are walked, and every other value is another
 * goal, whatever the kind does with it. A field that is added is walked by itself.
 */
#include "change_rig.h"

#include <unistd.h>

enum { GOAL = 4096, TEXT = 1200 };
enum value { NONE, FIRST, SECOND };

static char dir[] = "/tmp/goal_test.XXXXXX";
static struct entry keys[2];

struct goal {
	uint8_t b[GOAL];
	size_t n;
};

static void write_file(const char *name, const char *what, char path[static 64])
{
	FILE *f;

	snprintf(path, 64, "%s/%s", dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(what, f);
	fclose(f);
}

/* Two values of every kind of field, as they are written. */
static const char *text_of(const struct field *f, enum value v, char out[static TEXT])
{
	size_t n = f->min > 0 ? f->min : 1;

	switch (f->kind) {
	case FIELD_FLAG:
		return v == FIRST ? "true" : "false";
	case FIELD_AID:
	case FIELD_AIDS:
		return v == FIRST ? "A00000015100000101" : "A00000015100000102";
	case FIELD_HEX8:
		snprintf(out, TEXT, "%02X", f->min + (v == FIRST ? 0 : 1));
		return out;
	case FIELD_U32:
		snprintf(out, TEXT, "%u", f->min + (v == FIRST ? 0 : 1));
		return out;
	case FIELD_BYTES:
		for (size_t i = 0; i < n; i++)
			snprintf(out + 2 * i, 3, "%s", v == FIRST ? "41" : "42");
		return out;
	case FIELD_CHOICE:
	case FIELD_CHOICES:
		return f->choices[v == FIRST ? 0 : 1];
	case FIELD_PRIVILEGES:
		return v == FIRST ? "card-lock" : "card-reset";
	case FIELD_DATE:
		return v == FIRST ? "2098-12-31" : "2099-12-31";
	case FIELD_AID_NEW:
		return v == FIRST ? "new" : "A00000015100000102";
	case FIELD_TEXT:
		snprintf(out, TEXT, "%0*d", (int)n, v == FIRST ? 1 : 2);
		return out;
	case FIELD_KEYS:
	case FIELD_ENTRY:
	case FIELD_WHERE:
		return v == FIRST ? "one" : "two";
	case FIELD_TIME:
		return v == FIRST ? "30d" : "12h";
	case FIELD_WHEN:
		return v == FIRST ? "+30d" : "2099-12-31";
	case FIELD_FILE:
	case FIELD_FILES:
		write_file(v == FIRST ? "one" : "two", v == FIRST ? "1" : "2", out);
		return out;
	}
	return NULL;
}

/* What the kind's open and the key store do. */
static void complete(const struct field *f, enum value v, void *x)
{
	void *at = (char *)x + f->offset;
	struct err e;

	if (f->kind == FIELD_KEYS || f->kind == FIELD_ENTRY)
		((struct field_keys *)at)->entry = &keys[v == FIRST ? 0 : 1];
	if (f->kind == FIELD_FILE)
		assert_ok(field_file_read(at, FIELD_FILE_MAX, &e), &e);
	if (f->kind == FIELD_FILES)
		assert_ok(
		    field_file_read(((struct field_files *)at)->list, FIELD_FILE_MAX, &e), &e);
}

static void put(const struct field *f, enum value v, void *x)
{
	static const struct field_source here;
	char text[TEXT];
	struct err e;

	if (v == NONE)
		return;
	assert_ok(field_put(f, &here, text_of(f, v, text), x, &e), &e);
	complete(f, v, x);
}

/* Every field has its first value, but for one, which has v. */
static void goal_with(
    const struct change_kind *k, const struct field *one, enum value v, struct goal *to)
{
	struct wr w = wr_fixed(to->b, sizeof(to->b));
	struct change ch;
	struct err e;

	assert_ok(change_new(&ch, k, &e), &e);
	for (size_t i = 0; i < k->field_n; i++)
		put(&k->fields[i], &k->fields[i] == one ? v : FIRST, ch.x);
	assert_true(change_goal(&ch, &w));
	to->n = w.n;
	change_free(&ch);
}

static bool same(const struct goal *a, const struct goal *b)
{
	return span_eq(span_of(a->b, a->n), span_of(b->b, b->n));
}

static void each_field_of_each_kind(void **state)
{
	static struct goal first, again, other, none;

	(void)state;
	assert_true(change_kind_n >= 4);
	for (size_t k = 0; k < change_kind_n; k++)
		for (size_t i = 0; i < change_kinds[k]->field_n; i++) {
			const struct field *f = &change_kinds[k]->fields[i];

			goal_with(change_kinds[k], f, FIRST, &first);
			goal_with(change_kinds[k], f, FIRST, &again);
			goal_with(change_kinds[k], f, SECOND, &other);
			goal_with(change_kinds[k], f, NONE, &none);
			if (!same(&first, &again) || same(&first, &other) || same(&first, &none))
				fail_msg("%s: %s", change_kinds[k]->name, f->name);
			if (f->kind != FIELD_FLAG && same(&other, &none))
				fail_msg("%s: %s given or not", change_kinds[k]->name, f->name);
		}
}

/* lock and unlock have the same fields. */
static void kinds_differ(void **state)
{
	static struct goal all[32];

	(void)state;
	assert_true(change_kind_n <= 32);
	for (size_t k = 0; k < change_kind_n; k++) {
		goal_with(change_kinds[k], NULL, FIRST, &all[k]);
		for (size_t i = 0; i < k; i++)
			assert_false(same(&all[k], &all[i]));
	}
}

/* Names and places are what a goal is made of: they stay as they are for ever. */
static void names(void **state)
{
	(void)state;
	for (size_t k = 0; k < change_kind_n; k++) {
		assert_true(change_kind_find(change_kinds[k]->name) == change_kinds[k]);
		assert_true(change_kinds[k]->field_n <= 64);
		for (size_t i = 0; i < change_kinds[k]->field_n; i++)
			assert_true(
			    field_find(change_kinds[k]->fields, change_kinds[k]->field_n,
				change_kinds[k]->fields[i].name) == &change_kinds[k]->fields[i]);
	}
}

/* What a file is called does not count, nor how its octets are written. */
static void data_count_not_files(void **state)
{
	static const char *const written[] = { "0101 01 AA", "01 01 01 AA # the same", "010101AB" };
	uint8_t goal[3][256];
	size_t n[3];

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct wr w = wr_fixed(goal[i], sizeof(goal[i]));
		char name[16], path[64];
		struct change ch;
		struct err e;

		snprintf(name, sizeof(name), "data%zu", i);
		write_file(name, written[i], path);
		assert_ok(change_new(&ch, &change_store_data, &e), &e);
		assert_ok(change_take(&ch, "file", path, &e), &e);
		assert_ok(change_open(&ch, FROM_STEP, &e), &e);
		assert_true(change_goal(&ch, &w));
		n[i] = w.n;
		change_free(&ch);
	}
	assert_span(span_of(goal[1], n[1]), span_of(goal[0], n[0]));
	assert_false(span_eq(span_of(goal[2], n[2]), span_of(goal[0], n[0])));
}

static void goal_of_keys(const struct entry *t, struct goal *to)
{
	struct wr w = wr_fixed(to->b, sizeof(to->b));
	struct change ch;
	struct field_keys *x;
	struct err e;

	assert_ok(change_new(&ch, &change_put_keys, &e), &e);
	x = change_value(&ch, "keys");
	snprintf(x->name, sizeof(x->name), "new");
	x->entry = t;
	assert_true(change_goal(&ch, &w));
	to->n = w.n;
	change_free(&ch);
}

/* Under one name: other keys, another version, another type, another diversification or template.
 */
static void a_key_set_is_not_its_name(void **state)
{
	static const char *const templates[] = { "$_ 000000 $k 00 $0$1$2",
		"$_ 000000 $k 00 $0$1$3" };
	static struct goal all[8];
	struct entry t = keys[0];
	const char *why;

	(void)state;
	goal_of_keys(&t, &all[0]);
	t.keys.dek = keys[1].keys.dek;
	goal_of_keys(&t, &all[1]);
	t = keys[0];
	t.version = 0x31;
	goal_of_keys(&t, &all[2]);
	t = keys[0];
	t.type = ENTRY_SCP02;
	goal_of_keys(&t, &all[3]);
	t = keys[0];
	t.diversification = DIVERSIFY_KDF3;
	goal_of_keys(&t, &all[4]);
	t.diversification = DIVERSIFY_TEMPLATE;
	for (size_t i = 0; i < 2; i++) {
		assert_true(template_from(templates[i], &t.template, &why));
		goal_of_keys(&t, &all[5 + i]);
	}
	for (size_t i = 0; i < 7; i++)
		for (size_t k = 0; k < i; k++)
			assert_false(same(&all[i], &all[k]));
	t = keys[0];
	snprintf(t.name, sizeof(t.name), "other");
	goal_of_keys(&t, &all[7]);
	assert_true(same(&all[0], &all[7]));
}

static int begin(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(dir));
	for (size_t i = 0; i < 2; i++) {
		const struct key k = unit_key(i == 0 ? "404142434445464748494A4B4C4D4E4F"
						     : "505152535455565758595A5B5C5D5E5F");

		keys[i] =
		    (struct entry){ .type = ENTRY_SCP03, .version = 0x30, .keys = { k, k, k } };
	}
	return 0;
}

static int end(void **state)
{
	char command[64];

	(void)state;
	snprintf(command, sizeof(command), "rm -r %s", dir);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_field_of_each_kind),
		cmocka_unit_test(kinds_differ),
		cmocka_unit_test(names),
		cmocka_unit_test(data_count_not_files),
		cmocka_unit_test(a_key_set_is_not_its_name),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
