/*
 * Keys in STORE DATA (GPCS 11.11.4): DGI 00B9 announces them, and the groups that follow at once
 * bring their values: 8113 secret keys, 0010 and 0011 RSA public keys, 0036 and 8137 EC keys.
 * Secret values are encrypted as in PUT KEY, padded, without a length.
 *
 * 00B9 has two forms: that of GPCS table 11-92, where each template B9 says everything, and that of
 * the UICC configuration, for secret keys, where a template B7 in front says what all have in
 * common. Cards take one or the other, or both.
 */
#ifndef GP_KEY_DGI_H
#define GP_KEY_DGI_H

#include "gp/dgi.h"
#include "gp/put_key.h"

enum key_dgi_id {
	DGI_RSA_MODULUS = 0x0010,
	DGI_RSA_EXPONENT = 0x0011,
	DGI_EC_PUBLIC = 0x0036,
	DGI_TLV = 0x0070, /* holds data objects in BER-TLV */
	DGI_KEYS = 0x00B9,
	DGI_SECRET = 0x8113,
	DGI_EC_PRIVATE = 0x8137
};

enum { PURPOSE_SCP02 = 0x0002, PURPOSE_SCP03 = 0x0003, PURPOSE_DAP = 0x7003 };

struct key_dgi {
	/* The keys as PUT KEY has them: up to three secret ones, or one RSA or EC key. `extended`
	 * and `bare` mean nothing; use[i] is what tags 95 and 96 say, in the form with B7 only the
	 * access of the first. put: without usage, that of the key identifier. */
	struct put_key put;
	uint8_t kid[PUT_KEY_KEYS];
	bool common;      /* the form with B7; get: which it was */
	uint16_t purpose; /* 97, in B7 only: enum above; 0: not told */
};

/* Host: group 00B9 and those of the values. */
MUST_CHECK bool key_dgi_put(struct wr *w, const struct key_dgi *k, const struct key *dek);
/* Card: takes one 00B9 and the groups that belong to it; k->put.des is given. The keys of one 00B9
 * are of one version. On failure the cursor is anywhere. */
enum put_key_verdict key_dgi_get(struct rd *groups, const struct key *dek, struct key_dgi *k);

#endif
