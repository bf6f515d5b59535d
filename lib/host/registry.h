/*
 * The registry of a card (GET STATUS, GPCS 11.4), read whole: all pages, whichever form the card
 * speaks. Bounded: a hostile card cannot make it grow for ever.
 */
#ifndef HOST_REGISTRY_H
#define HOST_REGISTRY_H

#include "gp/privilege.h"
#include "gp/status.h"
#include "host/session.h"

enum { REGISTRY_MAX = 2048 }; /* entries */

enum registry_kind { REGISTRY_ISD, REGISTRY_APPLICATION, REGISTRY_LOAD_FILE };

struct registry_entry {
	enum registry_kind kind; /* a supplementary domain is an application with the privilege */
	struct status_entry s;
};
struct registry {
	struct registry_entry *entry; /* ISD, applications, load files; in the card's order */
	size_t n;
	bool has_modules; /* load files came with their modules */
	bool old_form;    /* the card knows the deprecated format only */
	bool told[3]; /* by enum registry_kind: the card answered for it (6A88: nothing there) */
};

/*
 * In the session as it is. Asks for ISD, applications, load files with modules, and where the card
 * does not know that (6A86, 6A81) load files; in TLV, and where the card does not know that (6A86)
 * in the deprecated form. A form that is refused otherwise (6982 is ERR_CARD at once) leaves told[]
 * false for it and is an error only when nothing at all was told. ERR_CARD: malformed, endless.
 * registry_free in any case.
 */
int registry_read(struct session *s, struct registry *r, struct err *e);
void registry_free(struct registry *r);
/* By AID; NULL: not there. Borrowed. */
const struct registry_entry *registry_find(const struct registry *r, const struct aid *aid);

#endif
