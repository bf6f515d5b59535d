#include "cmd/agent/note.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd/kit/print.h"

/* One line of the file: messages come from readers and cards, so nothing may break it. */
static void put_line(FILE *f, const char *s)
{
	char said[sizeof(((struct agent_note *)0)->why)];

	snprintf(said, sizeof(said), "%s", s);
	word_text(said, sizeof(said), WORDS_OPTIONS);
	print_line(f, "%s", said);
}

void agent_note_write(const struct agent_note *n)
{
	int fd = open(n->path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "w");

	if (f == NULL) {
		if (fd >= 0)
			close(fd);
		return;
	}
	put_line(f, n->told ? "told" : "new");
	put_line(f, n->reader);
	put_line(f, n->card);
	put_line(f, n->why);
	put_line(f, n->known);
	put_line(f, n->hint);
	if (fclose(f) != 0)
		unlink(n->path);
}

static bool get_line(FILE *f, char *out, size_t cap)
{
	size_t n;

	if (fgets(out, (int)cap, f) == NULL)
		return false;
	n = strcspn(out, "\n");
	if (out[n] == '\0')
		return false;
	out[n] = '\0';
	return true;
}

void agent_note_read(const char *path, struct agent_note *n)
{
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "r");
	char state[8];

	memset(n, 0, sizeof(*n));
	snprintf(n->path, sizeof(n->path), "%s", path);
	if (f == NULL) {
		if (fd >= 0)
			close(fd);
		return;
	}
	n->there = get_line(f, state, sizeof(state)) && get_line(f, n->reader, sizeof(n->reader)) &&
		   get_line(f, n->card, sizeof(n->card)) && get_line(f, n->why, sizeof(n->why)) &&
		   get_line(f, n->known, sizeof(n->known)) && get_line(f, n->hint, sizeof(n->hint));
	n->told = n->there && strcmp(state, "told") == 0;
	fclose(f);
}

void agent_note_remove(const char *path)
{
	unlink(path);
}

int agent_note_err(const struct agent_note *n, enum err_code code, struct err *e)
{
	err_set(e, code, "the channel%s%s ended: %.300s%s%.120s",
	    n->card[0] == '\0' ? "" : " to card ", n->card, n->why, n->known[0] == '\0' ? "" : "; ",
	    n->known);
	return err_hint(e, "%s", n->hint);
}
