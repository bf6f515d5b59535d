/*
 * A host for the fuzz target of the virtual card: it has the card's own keys and follows the
 * sessions of its four channels, so that right commands are as likely as wrong ones.
 */
#ifndef VCARD_HOST_H
#define VCARD_HOST_H

#include "vcard_model.h"

enum { LAST_MAX = 600 };

struct host {
	struct vcard *v;
	struct model model;
	struct {
		struct scp scp, saved;
		enum channel_state session;
		uint8_t challenge[32]; /* the host's and the card's */
	} channel[CHANNELS];
	uint8_t last[LAST_MAX]; /* the last sealed command that arrived */
	size_t last_n;
};

void host_begin(struct host *h, uint8_t i, size_t key_n);
void host_end(struct host *h);
/* Power off and on: everything that lasts is as it was. */
void host_cycle(struct host *h);
void host_reset(struct host *h);

/* Sends octets as they are and holds the card against the model. Returns the status word. */
uint16_t host_raw(struct host *h, struct span command, enum authority who, struct wr *rsp);
void host_initialize(struct host *h, uint8_t channel, uint8_t version);
/* EXTERNAL AUTHENTICATE, changed on the way as `meddle` says (none left: unchanged). */
void host_authenticate(struct host *h, uint8_t channel, uint8_t level, struct rd *meddle);
/* A command in the open channel; the status word. */
uint16_t host_sealed(
    struct host *h, uint8_t channel, struct capdu *c, struct rd *meddle, struct wr *rsp);
/* After an enter that was answered 9000, and a return. */
void host_entered(struct host *h, uint8_t channel, const struct key *bk, const struct enter *e);
void host_returned(struct host *h, uint8_t channel);

#endif
