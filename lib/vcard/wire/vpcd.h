/*
 * Virtual cards behind vpcd, the driver of pcscd for readers that are not there: the card's end of
 * the wire. Each card is a TCP client of a port of its own; all of them are served by one loop.
 *
 * The wire, both ways: two octets of length, big-endian, then so many octets. One octet from vpcd
 * is control: 00 power off, 01 power on, 02 reset (no answer), 04 asks for the ATR, about every
 * 400 ms, which is how vpcd sees that the card is still there. Anything else is a command APDU
 * that is answered. A card is taken out by closing the connection.
 */
#ifndef VCARD_WIRE_VPCD_H
#define VCARD_WIRE_VPCD_H

#include "base/bytes.h"
#include "base/err.h"

enum vpcd_event {
	VPCD_READY,   /* all cards have answered their first ATR; path is NULL; told once */
	VPCD_LOST,    /* vpcd closed the connection: the card lost power, and tries again */
	VPCD_REMOVED, /* the card was pulled or lost power, by a fault */
	VPCD_SILENT   /* the card does not answer any more, by a fault: taken out */
};

struct vpcd_job {
	const char *address;      /* "HOST:PORT" or "[HOST]:PORT" of the first card */
	const char *const *paths; /* card files; the others are on the ports that follow */
	size_t n;                 /* 1.. */
	uint32_t wait_ms;         /* how long vpcd may be away, each time */
	int stop_fd;              /* readable: end */
	void (*tell)(void *ctx, enum vpcd_event event, const char *path);
	void *ctx;
};

/*
 * Opens and locks the card files and serves them until stop_fd is readable: 0. ERR_USAGE for the
 * address, errors of vcard_open, ERR_READER when vpcd is not there or no card is left.
 */
int vpcd_serve(const struct vpcd_job *job, struct err *e);

#endif
