#include "change/grant_index.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crypto/digest.h"

enum { PATH = 4096, RANDOM = 7 /* ".XXXXXX" of file_write */ };

void grant_index_free(struct grant_index *x)
{
	for (size_t i = 0; i < x->n; i++)
		free(x->list[i].name);
	free(x->list);
	*x = (struct grant_index){ .n = 0 };
}

/* "x.g.Ab12cd" beside x.g: what file_write writes until it has its name. */
static bool is_leftover(const char *path)
{
	size_t n = strlen(path);
	char of[PATH];

	if (n <= RANDOM || path[n - RANDOM] != '.')
		return false;
	snprintf(of, sizeof(of), "%.*s", (int)(n - RANDOM), path);
	return access(of, F_OK) == 0;
}

/* One more place at the end. */
static int grow(struct grant_index *x, struct err *e)
{
	struct grant_place *more;

	if ((x->n & (x->n - 1)) != 0) /* room for the next power of two */
		return 0;
	more = realloc(x->list, (x->n == 0 ? 1 : 2 * x->n) * sizeof(*more));
	if (more == NULL)
		return err_memory(e);
	x->list = more;
	return 0;
}

static int add(struct grant_index *x, const char *path, const char *name, struct err *e)
{
	struct party_file f;
	struct grant_place *at;
	int rc = party_file_read_as(path, 1u << PARTY_FILE_GRANT | 1u << PARTY_FILE_PLACED, &f, e);

	if (rc == 0)
		rc = grow(x, e);
	if (rc == 0) {
		at = &x->list[x->n];
		memcpy(at->card, f.grant_file.grant.card.p, PARTY_DIGEST);
		at->name = strdup(name);
		if (at->name == NULL || !grant_digest(f.grant_file.grant.whole, at->grant)) {
			free(at->name);
			rc = err_memory(e);
		} else {
			x->n++;
		}
	}
	party_file_free(&f);
	return rc;
}

static int read_all(DIR *d, const char *folder, struct grant_index *x, struct err *e)
{
	const struct dirent *de;
	char path[PATH];

	while ((de = readdir(d)) != NULL) {
		if (de->d_name[0] == '.')
			continue;
		if (snprintf(path, sizeof(path), "%s/%s", folder, de->d_name) >= (int)sizeof(path))
			return err_set(e, ERR_INPUT, "%s: too long for a path", folder);
		if (!is_leftover(path) && add(x, path, de->d_name, e) != 0)
			return -1;
	}
	return 0;
}

static int by_card(const void *a, const void *b)
{
	return memcmp(((const struct grant_place *)a)->card, ((const struct grant_place *)b)->card,
	    PARTY_DIGEST);
}

static int check_single(const char *folder, const struct grant_index *x, struct err *e)
{
	for (size_t i = 1; i < x->n; i++)
		if (by_card(&x->list[i - 1], &x->list[i]) == 0)
			return err_set(e, ERR_INPUT, "%s: %s and %s are for one card", folder,
			    x->list[i - 1].name, x->list[i].name);
	return 0;
}

static int name_content(const struct grant_index *x, uint8_t digest[static 32], struct err *e)
{
	struct wr all = wr_grow(x->n * PARTY_DIGEST + 1);
	bool ok;

	for (size_t i = 0; i < x->n; i++)
		wr_bytes(&all, x->list[i].grant, PARTY_DIGEST);
	ok = wr_ok(&all) && sha256_of(wr_span(&all), digest);
	wr_free(&all);
	return ok ? 0 : err_memory(e);
}

int grant_index_read(
    const char *folder, struct grant_index *x, uint8_t digest[static 32], struct err *e)
{
	DIR *d = opendir(folder);
	int rc;

	*x = (struct grant_index){ .n = 0 };
	if (d == NULL)
		return err_errno(e, ERR_INPUT, "%s: no folder of grants", folder);
	rc = read_all(d, folder, x, e);
	closedir(d);
	if (rc == 0 && x->n == 0)
		rc = err_set(e, ERR_INPUT, "%s: no grants in it", folder);
	if (rc != 0)
		return -1;
	qsort(x->list, x->n, sizeof(*x->list), by_card);
	return check_single(folder, x, e) == 0 ? name_content(x, digest, e) : -1;
}

const char *grant_index_find(const struct grant_index *x, const uint8_t card[static PARTY_DIGEST])
{
	struct grant_place key;
	const struct grant_place *found;

	memcpy(key.card, card, PARTY_DIGEST);
	found = x->n == 0 ? NULL : bsearch(&key, x->list, x->n, sizeof(*x->list), by_card);
	return found == NULL ? NULL : found->name;
}
