/*
 * INSTALL in all its forms (GPCS 11.5.2): the data field as fields and back, what tokens are
 * computed over, and the parameters inside.
 */
#ifndef GP_INSTALL_H
#define GP_INSTALL_H

#include "gp/command.h"

enum install_p1 {
	INSTALL_FOR_LOAD = 0x02,
	INSTALL_FOR_INSTALL = 0x04,
	INSTALL_FOR_SELECTABLE = 0x08,
	INSTALL_AND_SELECTABLE = 0x0C,
	INSTALL_ALL = 0x0E, /* load, install, make selectable; P2 01 first, 03 last command */
	INSTALL_FOR_EXTRADITION = 0x10,
	INSTALL_FOR_PERSONALIZATION = 0x20,
	INSTALL_FOR_REGISTRY = 0x40,
	INSTALL_MORE = 0x80 /* or-ed: the data go on in the next command */
};
enum install_p2 { INSTALL_ALONE = 0x00, INSTALL_FIRST = 0x01, INSTALL_LAST = 0x03 };

/*
 * One INSTALL. Which fields there are depends on P1 and P2; the others stay empty. Spans are
 * borrowed.
 *   load (02; 0E 01)         load_file, domain (n = 0: the one of the session), hash, params, token
 *   install (04 0C; 0E 03)   load_file, module, app, privileges, params, token
 *   selectable (08)          app, privileges, params, token
 *   extradition (10)         domain: the new one; app: application or load file; params, token
 *   registry update (40)     domain and app (n = 0: none), privileges (none, 1 or 3), params, token
 *   personalization (20)     app
 */
struct install {
	struct aid load_file, module, app, domain;
	uint32_t privileges;  /* enum privilege */
	uint8_t privileges_n; /* 0, 1 or 3 octets */
	struct span hash, params, token;
};

/* The whole data field, without the token when that is empty (one octet 00). P1 without
 * INSTALL_MORE. Does not split: more than 255 octets are for the caller to send in parts. */
void install_put(struct wr *w, uint8_t p1, uint8_t p2, const struct install *i);
/* From whole data; lenient where cards are: BER or one-octet lengths of params and token. False
 * when a field is missing, has a wrong length, or octets are left. */
MUST_CHECK bool install_get(uint8_t p1, uint8_t p2, struct span data, struct install *i);
/* What a token signs (GPCS C.4): P1 | P2 | Lc' | data up to the parameters. */
void install_token_input(struct wr *w, uint8_t p1, uint8_t p2, const struct install *i);

/* Parameters (GPCS table 11-49). Quotas and minimums in octets. */
struct install_params {
	bool has_app; /* C9 */
	struct span app;
	bool has_code, has_volatile, has_data; /* EF: C6 minimum code; C7, C8: minimum or quota */
	uint32_t code, volatile_, data;
	bool has_reserved_volatile, has_reserved_data; /* EF: D7, D8 */
	uint32_t reserved_volatile, reserved_data;
	struct span implicit;     /* EF: CF, one octet each; of several _get keeps the first */
	struct span restrict_;    /* EF: D9 */
	struct span service;      /* EF: CB */
	struct span toolkit;      /* EA, value: TS 102 226 */
	struct span control;      /* B6, value: control reference template of tokens */
	struct span format, lfdb; /* EF: CD, DD */
	struct span simulation;   /* EF: CA: TS 102 226 SIM parameters */
};
/* C9 before EF; EF only when something is in it. Numbers up to 32767 in two octets, else four. */
void install_params_put(struct wr *w, const struct install_params *p);
/* Unknown tags are skipped; false when malformed or a number has another length than 2 or 4. */
MUST_CHECK bool install_params_get(struct span params, struct install_params *p);

#endif
