/*
 * Delegated management (GPCS C.4, C.5, 11.1.6): tokens, by which the owner of a card allows one
 * operation, and confirmations with receipts, by which the card says that it was done. Both ways:
 * hosts and cards use the same functions. Spans are borrowed throughout.
 */
#ifndef GP_TOKEN_H
#define GP_TOKEN_H

#include "crypto/authority.h"
#include "gp/delete.h"
#include "gp/install.h"

enum token_kind {
	TOKEN_LOAD,
	TOKEN_INSTALL, /* for install, or for install and make selectable */
	TOKEN_SELECTABLE,
	TOKEN_ALL, /* load, install and make selectable in one */
	TOKEN_EXTRADITION,
	TOKEN_REGISTRY,
	TOKEN_DELETE,
	TOKEN_KINDS
};
/* "load", "install", "make-selectable", "load-install", "extradition", "registry-update",
 * "delete". */
const char *token_kind_str(enum token_kind k);
MUST_CHECK bool token_kind_from(const char *name, enum token_kind *k);
/* Which one goes with an INSTALL; false for P1 of none (personalization). */
MUST_CHECK bool token_kind_of(uint8_t p1, enum token_kind *k);

/* ---- tokens ---- */

/* What is authorized; tokens in it are not looked at. */
struct operation {
	enum token_kind kind;
	uint8_t p1; /* TOKEN_INSTALL: INSTALL_FOR_INSTALL or INSTALL_AND_SELECTABLE; else unused */
	struct install first;   /* TOKEN_ALL: its first command, the [for load] part */
	struct install install; /* the only or the last command; not for TOKEN_DELETE */
	uint8_t p2;             /* TOKEN_DELETE: DELETE_OBJECT or DELETE_RELATED */
	struct delete_object object;
};

/* What the token signs. w->full when it is too long or the operation is none. */
void token_input(struct wr *w, const struct operation *o);
/* Appends authority_signature_size octets. */
MUST_CHECK bool token_sign(
    const struct operation *o, const struct authority_key *k, struct wr *token);
MUST_CHECK bool token_verify(
    const struct operation *o, const struct authority_key *k, struct span token);

/* Value of the control reference template B6, in INSTALL parameters and in DELETE: whom the token
 * is for, and its number. Empty: not there. */
struct token_control {
	struct span provider_number; /* 42: of the domain that verifies */
	struct span image_number;    /* 45 */
	struct span application;     /* 5F20: application provider */
	struct span id;              /* 93: goes into the confirmation */
};
void token_control_put(struct wr *w, const struct token_control *t);
/* Of a value of B6, in any order; false when malformed or when a tag is there twice. */
MUST_CHECK bool token_control_get(struct span value, struct token_control *t);

/* ---- confirmations ---- */

enum { CONFIRMATION_MAX = 1024, CONFIRMATION_COUNTER_MAX = 0xFFFF };

/* What a card answers to the last LOAD, INSTALL or DELETE. */
struct receipt {
	struct span receipt; /* empty: the confirmation is not signed */
	uint16_t counter;
	struct span unique;       /* 42 | 45 of the domain that made it */
	bool has_id, has_digest;  /* a digest comes after an identifier, if an empty one */
	struct span id, digest;   /* of the token */
	struct span confirmation; /* set by receipt_get: what is signed first */
};

/* The confirmation data, which a receipt signs first. w->full when a field is too long. */
void confirmation_put(struct wr *w, const struct receipt *r);
/* The whole answer: length, receipt with its length, confirmation data. */
void receipt_put(struct wr *w, const struct receipt *r);
enum receipt_got { RECEIPT_MALFORMED, RECEIPT_NONE, RECEIPT_GOT };
/* From all of the answer; RECEIPT_NONE when it is empty or 00. */
enum receipt_got receipt_get(struct span answer, struct receipt *r);

/* What was done, as the receipt names it. By kind:
 *   load                      load_file, domain
 *   install, make-selectable  load_file, app
 *   load-install              load_file, app, domain
 *   extradition               old_domain, app (or a load file), domain (the new one)
 *   registry-update           old_domain, app, domain (each may be none), privileges, params
 *   delete                    app (or a load file) */
struct done {
	enum token_kind kind;
	struct aid load_file, app, domain, old_domain;
	uint32_t privileges;
	uint8_t privileges_n; /* 0, 1 or 3 */
	struct span params;
};
/* What is signed: confirmation data, then what was done. */
void receipt_input(struct wr *w, struct span confirmation, const struct done *d);
/* Card: the answer with a receipt; r->receipt is not looked at. */
MUST_CHECK bool receipt_sign(
    struct wr *w, const struct receipt *r, const struct done *d, const struct authority_key *k);
/* Host: of one that receipt_get read. */
MUST_CHECK bool receipt_verify(
    const struct receipt *r, const struct done *d, const struct authority_key *k);

#endif
