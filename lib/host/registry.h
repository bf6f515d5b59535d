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
	/* The same, and its word can be trusted: see registry_proven. */
	bool proven[3];
	bool rmac;      /* read in a channel with R-MAC */
	bool issuer;    /* of A000000151000000, or of what lists itself as the issuer domain */
	bool cut;       /* a list ended within an entry, and the card tells no more of it */
	size_t skipped; /* entries that are malformed, such as an AID of one octet */
};

/*
 * In the session as it is. Asks for ISD, applications, load files with modules, and where the card
 * does not know those, load files; in TLV, and where the card does not know that (6A86), in the
 * deprecated form. A card that answers in the other form than was asked for is understood, and one
 * that cuts a long list short without saying so (9000 in the middle of an entry) is asked for the
 * rest. What some cards get wrong does not hide the others: see cut, skipped. A kind that is
 * refused leaves told[] false for it (6982: ERR_CARD at once) and is an error only when nothing at
 * all was told. ERR_CARD: no list at all, endless. registry_free in any case.
 */
int registry_list(struct session *s, struct registry *r, struct err *e);
/* With R-MAC, when nothing but an error word says that there are no applications: asks for the card
 * resources, which count them. */
int registry_prove(struct session *s, struct registry *r, struct err *e);
/* Both. */
int registry_read(struct session *s, struct registry *r, struct err *e);
void registry_free(struct registry *r);
/*
 * Is what the card says of this kind proven? With R-MAC a list is that came to its end in an answer
 * with data. That there
 * is nothing (6A88) is not: an error word carries no R-MAC, so anybody on the wire can put it in
 * the place of a list. It is proven when something protected says it: that no application is
 * installed, the card resources (FF21). The issuer domain lists itself always, a supplementary one
 * does not have to. Without R-MAC nothing is.
 */
bool registry_proven(const struct registry *r, enum registry_kind kind);
/* ERR_INTEGRITY when the channel has R-MAC and yet it is not proven that nothing but what is listed
 * is there, of this kind or of any. In a channel without R-MAC the card's bare word decides: 0. */
int registry_doubt_kind(const struct registry *r, enum registry_kind kind, struct err *e);
int registry_doubt(const struct registry *r, struct err *e);
/* By AID; NULL: not there, as far as registry_doubt knows. Borrowed. */
const struct registry_entry *registry_find(const struct registry *r, const struct aid *aid);
/* Nothing is on the card but what is listed: every kind was told to its end, with R-MAC proven,
 * and with the issuer domain, which a supplementary domain does not list for its own part. */
bool registry_is_whole(const struct registry *r);
/* An entry that is a security domain, the issuer's included. */
bool registry_is_domain(const struct registry_entry *x);
/*
 * What stands or falls with an entry, one by one: of a load file the applications made from it; of
 * a domain all that belongs to it. NULL: no more. *at starts at 0. Load files that import one are
 * not told by cards.
 */
const struct registry_entry *registry_dependent(
    const struct registry *r, const struct registry_entry *of, size_t *at);

#endif
