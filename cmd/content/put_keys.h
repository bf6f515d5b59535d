/* Bringing a key set of the key store to a card: put-keys, and domain personalize. */
#ifndef CMD_CONTENT_PUT_KEYS_H
#define CMD_CONTENT_PUT_KEYS_H

#include "cmd/channel/channel.h"

struct put_request {
	struct channel_args channel;
	const char *name;
	struct opt_u32 as, replace, rotate;
	/* It is for a domain that need not have keys of its own yet: then those of the domain that
	 * it belongs to open the channel. The set proves itself in any case. */
	bool domain;
};

int put_keys_run(struct ctx *c, const struct put_request *g, struct err *e);

#endif
