#include "campaign/unicast.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/text.h"
#include "base/value.h"

/* ---- files ---- */

static int check_expiry(const struct campaign *c, struct err *e)
{
	char last[DATE_SIZE];

	if (c->m.expires == 0 || date_today() <= c->m.expires)
		return 0;
	return err_set(e, ERR_SAFETY, "%s: the campaign expired on %s", c->m.path,
	    date_str(c->m.expires, last));
}

static int name_ledger(struct campaign *c, struct err *e)
{
	const char *dot = strrchr(c->m.path, '.');
	size_t n = dot != NULL && (strcmp(dot, ".yaml") == 0 || strcmp(dot, ".yml") == 0)
		       ? (size_t)(dot - c->m.path)
		       : strlen(c->m.path);

	if (snprintf(c->ledger_path, sizeof(c->ledger_path), "%.*s.ledger", (int)n, c->m.path) >=
	    (int)sizeof(c->ledger_path))
		return err_set(e, ERR_INPUT, "%s: name too long", c->m.path);
	return 0;
}

/* Fields are keys of the manifest; and somebody may have put a key of a card where its name or its
 * file belongs. */
static void word_refusal(const struct campaign *c, struct err *e)
{
	err_word(e, WORDS_KEYS);
	text_hide_key(e, c->m.keystore);
	text_hide_key(e, c->m.bundle);
	text_hide_key(e, c->m.keys);
}

static int cannot_open(struct campaign *c, struct err *e)
{
	word_refusal(c, e);
	campaign_close(c);
	return -1;
}

static int read_manifest(const char *manifest, struct campaign *c, struct err *e)
{
	const struct manifest_steps steps = { unicast_read_step, c };

	memset(c, 0, sizeof(*c));
	if (manifest_load(manifest, &steps, &c->m, e) != 0)
		return -1;
	c->mode = c->m.mode == MODE_UNICAST ? &mode_unicast : &mode_broadcast;
	return name_ledger(c, e);
}

/* today: 0 takes what has expired, too. */
static int open_files(struct campaign *c, uint32_t today, struct err *e)
{
	/* Its path stands in the manifest, so that is where a wrong one is mended. */
	if (keystore_open(c->m.keystore, &c->ks, e) != 0)
		return err_in(e, "%s", c->m.path);
	if (c->mode->open(c, today, e) == 0)
		return 0;
	/* Steps say their own place. */
	return c->mode == &mode_unicast ? -1 : err_in(e, "%s", c->m.path);
}

/* SCP03 says in its answer whether it has R-MAC; most cards of SCP02 have none, and do not say. */
static int check_level(const struct campaign *c, struct err *e)
{
	if (c->m.level >= 0 || c->keys->type != ENTRY_SCP02)
		return 0;
	err_set(e, ERR_SAFETY, "%s: key set %s is for SCP02: the level must be named", c->m.path,
	    c->keys->name);
	return err_hint(e,
	    "`level: 13` has R-MAC; `level: 03` is for cards without, where nothing that a card "
	    "answers is proven");
}

int campaign_open(const char *manifest, struct campaign *c, struct err *e)
{
	if (read_manifest(manifest, c, e) == 0 && open_files(c, date_today(), e) == 0 &&
	    check_expiry(c, e) == 0 && c->mode->ready(c, e) == 0 && check_level(c, e) == 0)
		return 0;
	return cannot_open(c, e);
}

int campaign_open_report(const char *manifest, struct campaign *c, struct err *e)
{
	struct err why;

	if (read_manifest(manifest, c, e) == 0) {
		if (open_files(c, 0, &why) == 0)
			return 0;
		if (why.code == ERR_OTHER) { /* no memory: nothing is wrong with the files */
			*e = why;
			return cannot_open(c, e);
		}
		/* It cannot be told what a run would do; what was done stands in the ledger. */
		word_refusal(c, &why);
		campaign_close(c);
		if (read_manifest(manifest, c, e) == 0) {
			c->unknown = why;
			return 0;
		}
	}
	return cannot_open(c, e);
}

void campaign_close(struct campaign *c)
{
	if (c->mode != NULL)
		c->mode->close(c);
	else
		mode_unicast.close(c); /* steps that were read before the manifest was refused */
	keystore_close(c->ks);
	c->ks = NULL;
	c->keys = NULL;
}

struct ledger_goal campaign_goal(const struct campaign *c)
{
	return (struct ledger_goal){ .name = c->m.name,
		.now = c->unknown.code == ERR_NONE ? c->goal : NULL,
		.former = c->has_former ? c->former_goal : NULL,
		.stop = c->stop,
		.ctx = c->ctx };
}

static int no_directory(const struct campaign *c, struct err *e)
{
	err_errno(
	    e, ERR_INPUT, "%s: %s: cannot read the directory of cards", c->m.path, c->m.cards);
	err_hint(e, "cards: {directory: ...} counts from the manifest; " VERB(
			"vcard create") " makes cards");
	text_hide_key(e, c->m.cards);
	return -1;
}

/* Calls each for every card file of the directory; the names are not kept. */
static int each_card(const struct campaign *c,
    int (*each)(void *ctx, const char *file, struct err *e), void *ctx, struct err *e)
{
	DIR *d = opendir(c->m.cards);
	struct dirent *de;
	int rc = 0;

	if (d == NULL)
		return no_directory(c, e);
	while (rc == 0 && (errno = 0, de = readdir(d)) != NULL) {
		char file[sizeof(((struct ledger_card *)0)->file)];
		const char *dot = strrchr(de->d_name, '.');
		struct stat st;

		if (c->stop != NULL && c->stop(c->ctx)) {
			rc = err_set(e, ERR_INTERRUPTED, "interrupted");
			break;
		}
		if (dot == NULL || strcmp(dot, ".card") != 0 ||
		    fstatat(dirfd(d), de->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
		    !S_ISREG(st.st_mode))
			continue;
		if (snprintf(file, sizeof(file), "%s/%s", c->m.cards_as_written, de->d_name) >=
		    (int)sizeof(file))
			rc = err_set(e, ERR_INPUT, "%s/%s: name too long", c->m.cards, de->d_name);
		else
			rc = each(ctx, file, e);
	}
	if (rc == 0 && errno != 0)
		rc = err_errno(e, ERR_INPUT, "%s: cannot read the directory of cards", c->m.cards);
	closedir(d);
	return rc;
}

static int count_one(void *ctx, const char *file, struct err *e)
{
	uint64_t *n = ctx;

	(void)file;
	(void)e;
	(*n)++;
	return 0;
}

int campaign_count_cards(const struct campaign *c, uint64_t *n, struct err *e)
{
	*n = 0;
	return c->m.readers_n > 0 ? 0 : each_card(c, count_one, n, e);
}

int campaign_need_cards(const struct campaign *c, uint64_t *n, struct err *e)
{
	if (campaign_count_cards(c, n, e) != 0)
		return -1;
	return *n != 0 || c->m.readers_n > 0
		   ? 0
		   : err_set(e, ERR_INPUT, "%s: no card file (*.card) in it", c->m.cards);
}

struct listing {
	const struct campaign *c;
	const struct campaign_calls *calls;
	struct ledger *l;
	struct campaign_listed *n;
};

/* Is a card that was done the one that lies there now? */
static int look_made(const struct listing *to, const char *file, struct err *e)
{
	char path[MANIFEST_PATH], made[33];
	bool remade;

	if (to->calls->made == NULL || !path_beside(to->c->m.path, file, path, sizeof(path)))
		return 0;
	to->calls->made(to->calls->ctx, path, made);
	if (ledger_made(to->l, file, made, &remade, e) != 0)
		return -1;
	to->n->remade += remade;
	return 0;
}

static int list_one(void *ctx, const char *file, struct err *e)
{
	struct listing *to = ctx;

	to->n->n++;
	return ledger_add(to->l, file, e) == 0 ? look_made(to, file, e) : -1;
}

int campaign_list_cards(const struct campaign *c, const struct campaign_calls *calls,
    struct ledger *l, struct campaign_listed *n, struct err *e)
{
	struct listing to = { c, calls, l, n };

	n->n = 0;
	if (c->m.readers_n > 0)
		return 0;
	if (each_card(c, list_one, &to, e) != 0)
		return -1;
	return n->n == 0 ? campaign_need_cards(c, &n->n, e) : ledger_flush(l, e);
}
