/*
 * --dry-run: the commands that would go out, one per line, what each is behind it; with --json one
 * object {..., "commands": [{"apdu", "what"}]}. Octets that are keys or other secrets, and those
 * that only come to be when the command is sent, are written as "**", as in traces.
 */
#ifndef CMD_KIT_DRY_H
#define CMD_KIT_DRY_H

#include "campaign/job.h"
#include "cmd/kit/out.h"

struct dry {
	struct ctx *c;
	struct out_stream rows;  /* with --json */
	bool in_put_key, secret; /* the next part of a PUT KEY comes; it brings secret keys */
};

/* take_head: members before the commands, for --json; NULL: none. */
void dry_begin(struct dry *d, struct ctx *c, json_t *take_head);
int dry_end(struct dry *d, struct err *e);

/* A command as it stands there. */
void dry_text(struct dry *d, const char *apdu, const char *what);
/* A short one with only so many octets of its data in clear. */
void dry_masked(struct dry *d, const struct capdu *c, size_t clear, const char *what);
/* Its secrets masked, described by what it is. Keys in a dry run are zeros: masked as well. */
void dry_apdu(struct dry *d, struct span apdu);

/* The commands of a bundle. CHANGE MODE enter and AUTHORIZE ACTION before secure messaging. */
int dry_enter(struct dry *d, const struct bundle *b, const struct package *p, uint32_t j,
    const struct keystore *ks, struct err *e);
/* The stream behind command `done`. */
void dry_stream(struct dry *d, const struct package *p, uint32_t done);
int dry_authorize(struct dry *d, const struct bundle *b, const struct package *p,
    enum authorize_p1 p1, struct err *e);

#endif
