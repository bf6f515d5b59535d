/*
 * Card content (GPCS 5, 6.4, 9): load files, applications and supplementary security domains as
 * the card's registry has them, what STORE DATA brought to them, and the commands that manage it.
 * The applications of a broadcast image are not among them: they come and go with the image. Nor
 * are keys: keys/ has them. Who may manage what is in manage.h, which only this room includes.
 *
 * All of it is in struct chip, which owns it; what is found is borrowed until the next commit. A
 * domain is named by its AID; n = 0 names the issuer's, whatever its AID is at the time.
 */
#ifndef VCARD_CONTENT_CONTENT_H
#define VCARD_CONTENT_CONTENT_H

#include "gp/install.h"
#include "gp/privilege.h"
#include "gp/status.h"

struct vcard;
struct chip;
struct logical_channel;
struct call;
struct delete_object;

enum {
	HELD_FILES_MAX = 64,
	HELD_APPS_MAX = 128,
	HELD_IMPORTS_MAX = 32,
	HELD_PARAMS_MAX = 512,
	HELD_HASH_MAX = 64,
	CHIP_OBJECTS_MAX = 64 + 16 * 36 + 7 * 15, /* of containers, of trust records, others */
	OBJECT_SIZE_MAX = 4096,                   /* octets of one */
	HELD_DATA_MAX = 6u << 20,                 /* of everything, whatever memory the card has */
	VOLATILE_MEMORY = 16u << 10,              /* octets of RAM that applications share */
	HELD_APP_OVERHEAD = 128, /* what an entry of the registry and an instance take */
	HELD_FILE_OVERHEAD = 64,
	PAGE_DEFAULT = 239 /* octets of an answer of GET STATUS: a short one at every level */
};

/* What another package must be there for: it cannot go before this one does. */
struct card_import {
	struct aid aid;
	uint8_t major, minor;
};

struct card_load_file {
	struct aid aid;
	struct aid domain; /* it is associated with */
	uint8_t major, minor;
	struct aid module[STATUS_MODULES_MAX];
	uint8_t module_n;
	struct card_import import[HELD_IMPORTS_MAX];
	uint8_t import_n;
	uint8_t hash[HELD_HASH_MAX], hash_n; /* of the load file data block */
	struct wr data;                      /* load file data block; owned by the chip */
};

/* An application, or a supplementary domain (PRIV_SECURITY_DOMAIN). */
struct card_app {
	struct aid aid;
	struct aid load_file, module;
	struct aid domain;   /* it is associated with; a domain may be so with itself */
	uint8_t state;       /* APP_*, DOMAIN_PERSONALIZED; | APP_LOCKED */
	uint32_t privileges; /* enum privilege */
	uint8_t implicit[STATUS_IMPLICIT_MAX], implicit_n; /* CF */
	uint8_t restricted;                                /* D9: what is forbidden for good */
	bool has_quota, has_volatile_quota;
	uint32_t quota, volatile_quota; /* C8, C7: the most it and what is under it take; octets */
	uint32_t reserved, reserved_volatile; /* D8, D7: taken from the start */
	uint16_t params_n;
	uint8_t params[HELD_PARAMS_MAX]; /* C9 */
};

/* What is in the chip. */
struct card_content {
	struct card_load_file file[HELD_FILES_MAX]; /* in order of loading */
	size_t file_n;
	struct card_app app[HELD_APPS_MAX]; /* in order of installation */
	size_t app_n;
	uint16_t receipts;  /* confirmation counter: of the last receipt (tag C2) */
	uint8_t restricted; /* D9 for the whole card */
	uint16_t page;      /* octets of one answer of GET STATUS; 0: PAGE_DEFAULT */
};

/* What STORE DATA brought to a domain or to an application, by tag or DGI. */
struct card_object {
	struct aid owner; /* n = 0: the ISD */
	uint16_t tag;
	struct wr value; /* owned by the chip */
};

/* A load file on its way in (load.c): from INSTALL [for load] to the last LOAD, or, when it is
 * combined, to the last INSTALL. */
struct loading {
	bool active, whole; /* whole: all blocks are there */
	bool combined;      /* INSTALL [for load, install and make selectable] */
	uint16_t next;      /* block number expected */
	struct aid load_file, domain;
	uint8_t hash[HELD_HASH_MAX], hash_n;
	bool delegated;  /* a receipt is due */
	struct wr data;  /* so far */
	struct wr first; /* data of the INSTALL that began it */
};

/* Where the next GET STATUS goes on. */
struct paging {
	bool active;
	uint8_t p1;
	bool old;
	size_t at;
};

/* The package and module that supplementary domains are made of: always there. */
extern const struct aid aid_domain_package; /* A0000001515350 */
extern const struct aid aid_domain_module;  /* A000000151535041 */

/* What the system and the running image of the card bring: to be selected and told, and not to be
 * managed. */
struct resident {
	struct aid aid;
	struct span answer;   /* to SELECT; of the image */
	struct aid load_file; /* n = 0: of the system */
	uint8_t state;
};
/* Number i of them; false: there are no more. */
MUST_CHECK bool chip_resident(const struct vcard *v, size_t i, struct resident *r);

/* By AID; NULL: none. Borrowed until the next commit. */
const struct card_app *chip_app(const struct vcard *v, const struct aid *aid);
const struct card_load_file *chip_load_file(const struct vcard *v, const struct aid *aid);
/* It is the issuer's domain (n = 0 or its AID) or a supplementary one. */
bool chip_is_domain(const struct vcard *v, const struct aid *aid);
bool chip_is_isd(const struct vcard *v, const struct aid *aid);
/* n = 0 for the ISD's own AID, else the AID itself: as entries name domains. */
struct aid chip_domain_name(const struct vcard *v, const struct aid *aid);
/* The other way round: the AID that is told for a domain. */
struct aid chip_domain_aid(const struct vcard *v, const struct aid *domain);
/* What a domain may; the ISD has what nobody else holds. */
uint32_t chip_privileges(const struct vcard *v, const struct aid *domain);
/* The domain whose commands a channel executes; NULL: the ISD. */
const struct card_app *channel_domain(const struct vcard *v, const struct logical_channel *ch);
/* `inner` is `outer` or beneath it in the hierarchy of domains. */
bool chip_is_under(const struct vcard *v, const struct aid *inner, const struct aid *outer);

/* Changes, as in card_state.h: put, then commit once. */
void chip_put_load_file(struct vcard *v, const struct card_load_file *f); /* adds; data copied */
void chip_put_load_file_domain(struct vcard *v, const struct aid *file, const struct aid *domain);
void chip_put_load_file_gone(struct vcard *v, const struct aid *file);
void chip_put_app(struct vcard *v, const struct card_app *a); /* adds or replaces */
void chip_put_app_gone(struct vcard *v, const struct aid *aid);
void chip_put_object(/* adds or replaces */
    struct vcard *v, const struct aid *owner, uint16_t tag, struct span value);
void chip_put_object_gone(struct vcard *v, const struct aid *owner, uint16_t tag);
void chip_put_receipts(struct vcard *v, uint16_t counter);
void chip_put_restricted(struct vcard *v, uint8_t restricted); /* of the whole card */

/* What STORE DATA brought under this tag or DGI to a domain or application; false: nothing. */
MUST_CHECK bool chip_object(
    const struct vcard *v, const struct aid *owner, uint16_t tag, struct span *value);

/* Memory: what content takes and what is left, in octets. */
uint32_t content_used(const struct vcard *v);
uint32_t content_free(const struct vcard *v);
/* What a domain and all beneath it take; of a container with its objects. */
uint32_t content_used_under(const struct vcard *v, const struct aid *domain);
uint32_t content_free_volatile(const struct vcard *v);
/* What is free, of RAM or else, as if there were no containers; and what a container has left. */
uint32_t content_free_outside(const struct vcard *v, bool ram);
uint32_t content_free_inside(const struct vcard *v, const struct aid *domain, bool ram);
/* Room for `nv` and `volatile_` octets more in what belongs to this domain: the card's memory and
 * the quotas of the domain and of all above it. */
MUST_CHECK bool content_fits(
    const struct vcard *v, const struct aid *domain, uint32_t nv, uint32_t volatile_);
/* A load file of this size on its way in, of which a part is there: the card's memory alone, with
 * what is reserved for the container that it goes to. */
MUST_CHECK bool content_fits_load(const struct vcard *v, const struct loading *l, size_t octets);
/* The quotas alone, for what moves from one domain to another: those above both do not change. */
MUST_CHECK bool quotas_fit(const struct vcard *v, const struct aid *to, const struct aid *from,
    uint32_t nv, uint32_t volatile_);
uint32_t app_takes(const struct card_app *a);
uint32_t app_takes_volatile(const struct card_app *a);
uint32_t load_file_takes(const struct card_load_file *f);

/* Gives up the LOAD that a channel is in the middle of, and its memory. */
void content_forget_load(struct logical_channel *ch);
/* Gives up the STORE DATA and personalizations that a domain is in the middle of, on all
 * channels: it is selected anew (GPCS 11.11.1). */
void store_forget(struct vcard *v, const struct aid *domain);
/* DELETE of applications, load files and domains. */
uint16_t delete_content(struct call *c, const struct delete_object *o);
void content_capabilities(struct wr *w); /* what 67 tells besides the protocols */

#endif
