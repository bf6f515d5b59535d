/* What put-keys and domain personalize show of keys that were put. */
#ifndef CMD_CONTENT_KEYS_TELL_H
#define CMD_CONTENT_KEYS_TELL_H

#include "cmd/content/change.h"
#include "cmd/kit/show.h"

/* domain: that they are for, NULL where that goes without saying. */
int keys_tell(struct ctx *c, const struct key_work *w, const struct aid *domain, struct err *e);

#endif
