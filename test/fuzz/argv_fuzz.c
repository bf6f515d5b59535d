/* The command line: words end at line ends. Parsed, refused with a text, or completed. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "cmd/kit/doc.h"
#include "cmd/kit/opt.h"

enum { WORDS = 40 };

static void check(struct line *l, int argc, char **argv)
{
	struct err e = { 0 };
	int rc = line_parse(l, argc, argv, &e);

	fuzz_check_err(rc, &e);
	if (rc != 0)
		CHECK(e.code == ERR_USAGE);
	if (rc == 0 && l->verb != NULL)
		CHECK(l->args != NULL);
	line_free(l);
	line_free(l);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char *text = malloc(n + 1), *argv[WORDS + 1], *rest, *word, *out = NULL;
	struct line l;
	size_t out_n;
	FILE *f;
	int argc = 0;

	CHECK(text != NULL);
	memcpy(text, n == 0 ? (const uint8_t *)"" : data, n);
	text[n] = '\0';
	for (rest = text; argc < WORDS && (word = strsep(&rest, "\n")) != NULL;)
		argv[argc++] = word;
	argv[argc] = NULL;
	check(&l, argc, argv);
	f = open_memstream(&out, &out_n);
	CHECK(f != NULL);
	doc_complete(f, argv, (size_t)argc);
	fclose(f);
	free(out);
	free(text);
	return 0;
}
