/*
 * Content management in an open session: load, install, delete, states, domains, STORE DATA. What
 * goes out is checked before the first command; nothing is tried twice. Knows no files: CAP files
 * are lib/cap's, and tokens come ready.
 *
 * Confirmations (GPCS 11.1.6): what a card answered to the last LOAD, INSTALL or DELETE, for
 * gp/token.h to read and verify; it borrows from the session until its next command.
 */
#ifndef HOST_CONTENT_H
#define HOST_CONTENT_H

#include "gp/delete.h"
#include "gp/install.h"
#include "gp/load_file.h"
#include "host/registry.h"
#include "profile/profile.h"

/* What nearly all cards have their supplementary domains made from. */
extern const struct aid content_domain_package, content_domain_module;

/* Octets in an extended LOAD to a card that takes extended length and does not say how much. */
enum { CONTENT_EXTENDED_BLOCK = 2048 };

/*
 * Most octets of data that one command takes in this session: what secure messaging leaves of a
 * short command, or, when `extended`, of an extended one, and of the card's own limit (9F65 counts
 * what is on the wire). 255 down to 223 in short ones; 0: none fits.
 */
size_t content_block(const struct session *s, bool extended);
/* The card says that it takes extended length: 9F65 above 255, or its ATR (ISO 7816-4 8.1.1.2.7,
 * historical octets); never with T=0, nor in SCP01 and SCP02, which have none. */
bool content_extended(const struct session *s);

enum content_stage {
	STAGE_NONE, /* nothing was sent */
	STAGE_FOR_LOAD,
	STAGE_LOAD,
	STAGE_INSTALL,
	STAGE_CONFIRM /* reading back */
};
const char *content_stage_str(enum content_stage s);

struct content_load {
	struct install install; /* for load: load_file, domain, hash, params, token */
	struct span head;       /* in front of the data: load_file_head_put */
	struct span data;       /* load file data block */
	size_t block;           /* 0: content_block */
	bool extended;
	enum profile_load_le le; /* of LOAD; not known: always */
};
/* What is known of how a product takes LOAD. All zero: nothing. */
struct content_habits {
	size_t block; /* octets of a short one that it is sure to take; 0: as many as fit */
	enum profile_load_le le;
};
/* Sets le, block and extended of `l`, whose head and data are there: extended length where the
 * domain itself says that it takes it, and where short blocks cannot do and the answer to reset
 * says so; or where l->extended asks for it. */
void content_load_choose(
    const struct session *s, const struct content_habits *h, struct content_load *l);
/* ERR_SAFETY when the card tells that it has less than `least` octets free. */
int content_memory_check(struct session *s, size_t least, struct err *e);

struct content_progress {
	/* After each block; false: stop. The card drops what it has at the next command that is no
	 * LOAD, at the latest when the channel closes. */
	bool (*step)(void *ctx, uint32_t block, uint32_t blocks);
	void *ctx;
};
struct content_outcome {
	enum content_stage stage; /* reached */
	uint32_t block, blocks;   /* LOAD commands answered 9000, of how many */
	bool unknown; /* no answer came to the last command: the card may have done it */
	struct span confirmation; /* empty: none */
};

/* Blocks that a load takes; ERR_SAFETY when more than 256, and for extended length where there is
 * none. */
int content_load_check(
    const struct session *s, const struct content_load *l, uint32_t *blocks, struct err *e);
/*
 * A card finds that a DAP block is missing when it has the whole file: the registry tells before.
 * ERR_SAFETY when a domain in it has to verify a load into domain `to` and `head`, which is what
 * stands in front of the data, has no block for it.
 */
int content_dap_check(
    const struct registry *r, const struct aid *to, struct span head, struct err *e);
/* INSTALL [for load] and every LOAD. *o tells how far it came, also on failure. */
int content_load(struct session *s, const struct content_load *l, const struct content_progress *p,
    struct content_outcome *o, struct err *e);
/* One INSTALL of whatever form, sent in parts when it is long. what: "INSTALL [for install]". */
int content_install(struct session *s, uint8_t p1, const struct install *i, const char *what,
    struct span *confirmation, struct err *e);
/* DELETE; p2 DELETE_OBJECT or DELETE_RELATED. */
int content_delete(struct session *s, uint8_t p2, const struct delete_object *d,
    struct span *confirmation, struct err *e);
/* SET STATUS. */
int content_set_status(
    struct session *s, uint8_t p1, uint8_t state, const struct aid *aid, struct err *e);
/* STORE DATA of `data` in as many blocks as needed; p1: STORE_* without STORE_LAST. With DGIs each
 * command takes whole groups where they fit. */
int content_store(struct session *s, uint8_t p1, struct span data, struct err *e);
/* What speaks against it before the first command: ERR_SAFETY, ERR_INPUT. content_store looks, too.
 */
int content_store_check(const struct session *s, uint8_t p1, struct span data, struct err *e);
/* Free memory, FF21 or as a card tells it; told = false: it does not. */
int content_resources(struct session *s, struct resources *r, struct err *e);

#endif
