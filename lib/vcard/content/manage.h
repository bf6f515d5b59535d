/* Who may manage content, what is asked of him, and what he is told (GPCS 9.1, annex C). */
#ifndef VCARD_CONTENT_MANAGE_H
#define VCARD_CONTENT_MANAGE_H

#include "gp/token.h"
#include "vcard/core/card_state.h"

/* D9: what is forbidden for good to an application, or to everybody. */
enum restriction {
	RESTRICT_REGISTRY = 0x40,
	RESTRICT_PERSONALIZATION = 0x20,
	RESTRICT_EXTRADITION = 0x10,
	RESTRICT_SELECTABLE = 0x08,
	RESTRICT_INSTALL = 0x04,
	RESTRICT_LOAD = 0x02,
	RESTRICT_DELETE = 0x01
};

/* The key that a domain verifies tokens or DAP signatures with: the one of that version, else its
 * first public key, whatever its version. The caller wipes it. */
MUST_CHECK bool verifying_key(
    const struct vcard *v, const struct aid *domain, uint8_t version, struct authority_key *k);

/* The domain that a command came to; n = 0: the ISD. */
struct aid manager_of(const struct call *c);
/* That domain has authorized management and no token came, or delegated management and the token is
 * right: *delegated. SW_OK, or why not. */
uint16_t manage_allowed(
    struct call *c, const struct operation *op, struct span token, bool *delegated);
/* What `domain` has is within the reach of the manager: it is his, or of a domain beneath him. */
bool in_reach(const struct call *c, const struct aid *domain);
/* Content may be put into `domain`: it is that of who stands behind the command, or beneath it. Who
 * stands behind it is the manager, or with delegated management the verifier of his token. */
bool may_give_to(const struct call *c, const struct aid *domain);
/* Who stands behind the command may give these privileges: those that he has, those that reach no
 * further than who gets them, and the issuer all (GPCS 9.3.5, 9.3.6). */
bool may_give(const struct call *c, uint32_t privileges);
/* Between the manager and what is in `domain` stands one that has keys of its own, perhaps that
 * domain itself. */
bool is_walled_off(const struct call *c, const struct aid *domain);
bool is_restricted(const struct vcard *v, const struct card_app *a, enum restriction what);
/* It may get content: not locked; a supplementary one is PERSONALIZED (GPCS 9.3.2). SW_OK, or why
 * not. */
uint16_t domain_ready(const struct vcard *v, const struct aid *domain);
/* Something on the card has this AID already. */
bool aid_taken(const struct vcard *v, const struct aid *aid);
/* Answers the last command of an operation: the confirmation when it was delegated and the card
 * gives receipts, else 00 (GPCS 11.1.6); control: value of B6. Puts the counter, commits everything
 * put. */
uint16_t manage_done(struct call *c, bool delegated, const struct done *d, struct span control);

/* One INSTALL, taken apart. */
struct order {
	uint8_t p1, p2;
	struct install i;
	struct install_params params;
	struct span data; /* as it came */
};
/* In a container nothing gets privileges, is selected implicitly, serves the whole card, or gets a
 * name that was not granted (containers.md 6); NULL: it has its name. Elsewhere true. */
bool may_be_inside(const struct call *c, const struct order *o, const struct aid *name);
/* The operation that its token is for. */
struct operation order_operation(const struct order *o);
/* One form of INSTALL each. */
typedef uint16_t installer(struct call *c, const struct order *o);
installer install_load;        /* load.c: [for load] */
installer install_app;         /* install_app.c: [for install], with or without make selectable */
installer install_selectable;  /* [for make selectable] */
installer install_extradition; /* install_move.c */
installer install_registry;
installer install_personalization;

/* A privilege that only one can have is somebody else's than a's (GPCS 6.6.2). */
bool single_taken(const struct vcard *v, uint32_t privileges, const struct aid *holder);

/* load_check.c: checks the load file that is all there and makes an entry of it; not put. SW_OK:
 * the caller wr_frees f->data. */
uint16_t load_check(struct call *c, struct card_load_file *f);

#endif
