/* GET STATUS (GPCS 11.4) and SET STATUS (11.10): requests, entries in both formats, life cycle
 * states (GPCS 11.1.1). */
#ifndef GP_STATUS_H
#define GP_STATUS_H

#include "gp/command.h"

enum status_p1 {
	STATUS_ISD = 0x80,
	STATUS_APPLICATIONS = 0x40, /* and supplementary domains */
	STATUS_LOAD_FILES = 0x20,
	STATUS_MODULES = 0x10 /* load files with their modules */
};
enum status_p2 {
	STATUS_FIRST_OLD = 0x00, /* the deprecated format */
	STATUS_NEXT_OLD = 0x01,
	STATUS_FIRST = 0x02,
	STATUS_NEXT = 0x03
};

enum { STATUS_MODULES_MAX = 32, STATUS_IMPLICIT_MAX = 8 };

struct status_entry {
	struct aid aid;
	uint8_t state;
	uint32_t privileges;  /* enum privilege; as privileges_get */
	uint8_t privileges_n; /* 0, 1 or 3 octets */
	struct aid load_file, domain;
	uint8_t version[2], version_n; /* of a load file: major, minor; 0: not told */
	uint8_t implicit[STATUS_IMPLICIT_MAX], implicit_n;
	struct aid module[STATUS_MODULES_MAX];
	uint8_t module_n;
};

/* Data of GET STATUS: AID or its beginning (empty: all), then the tags wanted (empty: none). */
void status_request_put(struct wr *w, struct span aid, struct span tags);
MUST_CHECK bool status_request_get(struct span data, struct span *aid, struct span *tags);

/* Takes the next E3 of an answer; unknown tags inside are skipped, so are modules past the most
 * that fit. */
MUST_CHECK bool status_entry_next(struct rd *r, struct status_entry *s);
void status_entry_put(struct wr *w, const struct status_entry *s);
/* The deprecated format: LV(AID), state, privileges; for P1 10 then count and LV(module)... */
MUST_CHECK bool status_old_next(struct rd *r, uint8_t p1, struct status_entry *s);
void status_old_put(struct wr *w, uint8_t p1, const struct status_entry *s);

/* SET STATUS: P1, and b8 of P2 for applications. */
enum set_status_p1 { SET_ISD = 0x80, SET_APPLICATION = 0x40, SET_DOMAIN_AND_ALL = 0x60 };
enum {
	APP_INSTALLED = 0x03,
	APP_SELECTABLE = 0x07,
	DOMAIN_PERSONALIZED = 0x0F,
	APP_LOCKED = 0x80, /* or-ed to the state before (GPCS 5.3.1.3) */
	ELF_LOADED = 0x01
};
/* "installed", "selectable", "personalized" (domains only), "locked", "loaded", "application
 * specific", "unknown". domain: it is a security domain. */
const char *app_state_str(uint8_t state, bool domain);

#endif
