/* Content management for the fuzz target of the virtual card: right commands about a handful of
 * names, so that what follows on them is reached. */
#ifndef VCARD_CONTENT_FUZZ_H
#define VCARD_CONTENT_FUZZ_H

#include "vcard_host.h"

void content_step(
    struct host *h, uint8_t channel, struct rd *in, struct rd *meddle, struct wr *rsp);

#endif
