/* How tests begin sessions; fuzz targets and benchmarks too. */
#ifndef SCP_START_H
#define SCP_START_H

#include "scp/scp.h"

#define START(protocol, i, keys, host_challenge, card_challenge) \
	(&(const struct scp_start){ (protocol), (i), (keys), host_challenge, card_challenge })
/* Where only the challenges matter: cryptograms and EXTERNAL AUTHENTICATE. */
#define CHALLENGES(host_challenge, card_challenge) \
	START(PROTOCOL_NONE, 0, NULL, host_challenge, card_challenge)

/* SCP02 where nobody asks for the challenges: session keys come from the counter alone. */
static inline bool begin_counter(
    struct scp *s, const struct key_set *keys, uint8_t i, const uint8_t sequence[static 2])
{
	static const uint8_t any[8];
	uint8_t card[8] = { sequence[0], sequence[1] };

	return scp_begin(s, START(PROTOCOL_SCP02, i, keys, SPAN(any), SPAN(card)));
}

#endif
