/*
 * Data for STORE DATA (GPCS 11.11): checked against the format they are said to have, encrypted for
 * the card that they go to. Sending them is content_store's.
 */
#ifndef HOST_PERSONALIZE_H
#define HOST_PERSONALIZE_H

#include "gp/dgi.h"
#include "host/session.h"

/* format: STORE_DGI, STORE_TLV or 0. *n: groups or data objects on the outer level, for 0 none.
 * ERR_INPUT: they are not of that format; the text says at which octet. */
int personalize_check(unsigned format, struct span data, size_t *n, struct err *e);
/*
 * With DGIs each value, else all data as one, under the DEK: AES-CBC with an ICV of zeros in SCP03
 * and SCP11, triple DES in ECB mode in SCP01 and SCP02. What is not whole blocks is padded with 80
 * 00.. first; lengths count what is encrypted. `out` is appended to. data have been checked.
 */
int personalize_encrypt(
    const struct session *s, unsigned format, struct span data, struct wr *out, struct err *e);
/* The same octets in number, values all zero: for showing what would be sent. */
int personalize_blank(bool des, unsigned format, struct span data, struct wr *out, struct err *e);

#endif
