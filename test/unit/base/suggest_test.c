/* "Did you mean": the nearest word, how near it must be, and what counts as one slip. */
#include "unit.h"

#include "base/suggest.h"

static const char *of(const char *word, const char *const *words, size_t n)
{
	struct suggest s = suggest_for(word);

	for (size_t i = 0; i < n; i++)
		suggest_try(&s, words[i]);
	return s.best;
}

static const char *of_one(const char *word, const char *candidate)
{
	return of(word, &candidate, 1);
}

static void nearest(void **state)
{
	static const char *const verbs[] = { "lock", NULL, "unlock", "load", "list", "load-all" };
	static const struct {
		const char *word, *best;
	} t[] = { { "laod", "load" }, { "lod", "load" }, { "loadd", "load" }, { "liszt", "list" },
		{ "unlok", "unlock" }, { "load-al", "load-all" }, { "keystore", NULL },
		/* The first of those that are as near. */
		{ "loak", "lock" } };

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		const char *best = of(t[i].word, verbs, sizeof(verbs) / sizeof(verbs[0]));

		if (t[i].best == NULL)
			assert_null(best);
		else
			assert_string_equal(best, t[i].best);
	}
	assert_null(of("load", NULL, 0));
}

/* One slip from three letters on, two from six on; a swap is one. */
static void how_near(void **state)
{
	static const struct {
		const char *word, *candidate;
		bool near;
	} t[] = { { "ab", "ab", true }, { "ab", "ac", false }, { "abc", "abd", true },
		{ "abc", "acb", true }, { "abc", "add", false }, { "abcde", "abced", true },
		{ "abcde", "badce", false }, { "abcdef", "badcef", true },
		{ "abcdef", "badcfe", false }, { "abcdef", "abcd", true },
		{ "abcdef", "abc", false }, { "", "a", false } };

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		if ((of_one(t[i].word, t[i].candidate) != NULL) != t[i].near)
			fail_msg("%s, %s", t[i].word, t[i].candidate);
}

/* What is longer than any word of ours resembles none. */
static void long_words(void **state)
{
	char a[60], b[60];

	(void)state;
	for (size_t n = 38; n <= 50; n++) {
		memset(a, 'a', n);
		memset(b, 'a', n);
		a[n] = b[n] = '\0';
		b[0] = 'b';
		assert_int_equal(of_one(a, b) != NULL, n <= 40);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nearest),
		cmocka_unit_test(how_near),
		cmocka_unit_test(long_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
