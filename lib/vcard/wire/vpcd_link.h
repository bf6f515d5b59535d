/*
 * One virtual card and its connection to vpcd: connecting, frames, commands. Inside of vpcd.c.
 */
#ifndef VCARD_WIRE_VPCD_LINK_H
#define VCARD_WIRE_VPCD_LINK_H

#include <netdb.h>

#include "vcard/core/vcard.h"
#include "vcard/wire/vpcd.h"

enum link_stage { WAITING, CONNECTING, SERVING, OUT };

struct vpcd_link {
	const struct vpcd_job *job; /* borrowed, like path and host */
	const char *path, *host;
	unsigned port;
	struct vcard *card; /* NULL when OUT */
	struct addrinfo *addresses, *next_address;
	int fd; /* -1: none */
	enum link_stage stage;
	bool heard;        /* vpcd sent something on this connection */
	bool answered_atr; /* on any connection */
	int64_t deadline;  /* not heard by then: vpcd is not there */
	int64_t next_try;  /* WAITING */
	int error;         /* errno of the last try */
	struct wr in;      /* what is received: length of a frame, then its content */
	size_t want;       /* octets that `in` waits for */
	bool content;      /* they are content */
	struct wr out;     /* frame being sent; empty: none */
	size_t sent;
};

/* An all-zero link becomes one that link_close takes. */
void link_init(struct vpcd_link *l);
/* Opens and locks the card; path, host and port are set. */
int link_open(struct vpcd_link *l, struct err *e);
void link_close(struct vpcd_link *l);
/* Goes on with what poll reported, 0: nothing. ERR_READER: vpcd was away for too long. */
int link_step(struct vpcd_link *l, short events, struct err *e);
/* Milliseconds of a clock that is never set back. */
int64_t link_now(void);

#endif
