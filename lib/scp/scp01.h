/*
 * SCP01 (Card Specification 2.1.1 annex D): deprecated, but old cards speak nothing else. i = 05
 * and 15, which encrypts the ICV. The host's side opens channels; the card's side is here to check
 * recordings with.
 *
 * Used through scp.h. There is no R-MAC: answers are bare. The DEK is the static key. Short length
 * only.
 */
#ifndef SCP_SCP01_H
#define SCP_SCP01_H

#include "crypto/des.h"

enum { SCP01_I_ICV_ENCRYPTION = 0x10, SCP01_MAC = 8 };

struct scp01 {
	struct des enc, mac;
	struct key dek; /* static */
	uint8_t icv[8]; /* the last C-MAC */
};

struct scp_ops;
extern const struct scp_ops scp01_ops; /* i: 05, 15; levels: 00, 01, 03 */

#endif
