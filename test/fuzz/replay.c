/*
 * Runs a fuzz target over the files of a folder, without libFuzzer: NAME_fuzz FOLDER. Prints one
 * TAP line; the comment before it that has no end names the input that did harm.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "fuzz.h"

enum { INPUT_MAX = 4 << 20 };

__attribute__((weak)) int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return 0;
}

static void run(const char *path)
{
	struct wr input;
	struct err e;
	uint8_t *exact;

	printf("# %s\n", path);
	fflush(stdout);
	if (file_read(path, INPUT_MAX, &input, &e) != 0) {
		fprintf(stderr, "%s\n", e.text);
		exit(1);
	}
	/* In memory of its very size, so that sanitizers see a read behind it. */
	exact = malloc(input.n == 0 ? 1 : input.n);
	if (exact == NULL)
		exit(1);
	memcpy(exact, input.p == NULL ? (const uint8_t *)"" : input.p, input.n);
	LLVMFuzzerTestOneInput(exact, input.n);
	free(exact);
	wr_free(&input);
}

static int visible(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

int main(int argc, char **argv)
{
	struct dirent **name;
	char path[4096];
	int n;

	if (argc != 2) {
		fprintf(stderr, "one folder of inputs\n");
		return 2;
	}
	LLVMFuzzerInitialize(&argc, &argv);
	n = scandir(argv[1], &name, visible, alphasort);
	if (n <= 0) {
		printf("not ok 1 - %s: no inputs\n1..1\n", argv[1]);
		return 1;
	}
	LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
	for (int i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s/%s", argv[1], name[i]->d_name);
		run(path);
		free(name[i]);
	}
	free(name);
	printf("ok 1 - %s: %d inputs\n1..1\n", argv[1], n);
	return 0;
}
