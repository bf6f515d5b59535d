/*
 * The card that a verb of content management works on: the open channel or one of its own; with
 * --dry-run a card that takes every command, prints it and knows nothing, so that what is shown is
 * what would be sent.
 */
#ifndef CMD_CONTENT_TARGET_H
#define CMD_CONTENT_TARGET_H

#include "cmd/channel/channel.h"
#include "cmd/kit/dry.h"
#include "change/change.h"
#include "host/content.h"

struct target {
	struct ctx *c;
	struct session *s;            /* borrowed; of the dry card with --dry-run */
	bool is_dry, dry_des;         /* the channel would be one of triple DES */
	struct content_habits habits; /* of the product, by its profile */
	struct dry dry;
	struct card dry_card;
	struct session dry_session;
};

/* Everything that can be checked has been. On success target_close in any case. */
int target_open(struct target *t, struct ctx *c, const struct channel_args *a, struct err *e);
/* Ends what target_open began; with --dry-run the output. rc is that of the verb so far, and of
 * the call when ending went well. */
int target_close(struct target *t, int rc, struct err *e);
/* ---- words and values ---- */

/* An AID in hex, 5 to 16 octets. ERR_USAGE, naming `what`. */
int aid_parse(const char *text, const char *what, struct aid *out, struct err *e);
/* "card-lock,global-delete"; *n: octets on the wire, 1 or 3. ERR_USAGE. */
int privileges_parse(const char *list, uint32_t *v, uint8_t *n, struct err *e);
json_t *show_privileges(uint32_t v);
json_t *show_entry(const struct registry_entry *x);
/* "  A0...  application, selectable", of what a question is about. */
void note_entry(struct ctx *c, const struct registry_entry *x);
/* A small file as it is: a token, DAP blocks. ERR_INPUT. Freed with wr_free. */
int octets_read(const char *path, struct wr *w, struct err *e);

#endif
