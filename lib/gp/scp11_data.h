/*
 * The wire forms of SCP11 (Amendment F 7): data fields of MUTUAL and INTERNAL AUTHENTICATE and
 * their answer, the certificate store (GET DATA BF21), what STORE DATA brings. Put and get side by
 * side; spans borrow.
 */
#ifndef GP_SCP11_DATA_H
#define GP_SCP11_DATA_H

#include "crypto/ec.h"
#include "gp/command.h"

enum scp11_ins {
	INS_PERFORM_SECURITY_OPERATION = 0x2A,
	INS_MUTUAL_AUTHENTICATE = 0x82,
	INS_INTERNAL_AUTHENTICATE = 0x88
};
enum scp11_tag {
	TAG_CERTIFICATE_STORE = 0xBF21,
	TAG_CA_KLOC_IDENTIFIERS = 0xFF33,
	TAG_CONTROL_REFERENCE = 0xA6,
	TAG_EPHEMERAL_KEY = 0x5F49,
	TAG_RECEIPT = 0x86
};
/* PERFORM SECURITY OPERATION: P2.b8: another certificate follows; P1.b8: another block of this one
 * (cards also know command chaining by the class byte). */
enum { PSO_MORE_CERTIFICATES = 0x80, PSO_MORE_BLOCKS = 0x80 };
enum { SCP11_HOST_ID_MAX = 16 };

/* Status words of their own (table 7-x of PERFORM SECURITY OPERATION). */
enum { SW_CERTIFICATE_INVALID = 0x6600, SW_CERTIFICATE_NOT_ALLOWED = 0x6640 };

/* Which key a card is asked for. */
struct key_ref {
	uint8_t kid, kvn;
};
/* A6 04 83 02 KID KVN */
void key_ref_put(struct wr *w, struct key_ref k);
MUST_CHECK bool key_ref_get(struct span s, struct key_ref *k); /* the whole of s */

/* Data field of MUTUAL and INTERNAL AUTHENTICATE. */
struct scp11_request {
	uint8_t pp;       /* SCP parameters: second octet of 90 */
	uint8_t usage;    /* 95 */
	uint8_t key_type; /* 80: 88 */
	uint8_t key_n;    /* 81 */
	bool has_host_id;
	struct span host_id; /* 84, 0 to 16 octets */
	struct span key;     /* 5F49: ePK.OCE.ECKA, a point, unchecked */
};
void scp11_request_put(struct wr *w, const struct scp11_request *q);
/* Form only: what the values mean is checked by who knows the variant. */
MUST_CHECK bool scp11_request_get(struct span s, struct scp11_request *q);

/* The answer. */
struct scp11_answer {
	struct span key;     /* 5F49 */
	struct span key_tlv; /* the same with tag and length: enters the receipt; set by get */
	struct span receipt; /* 86; n = 0: none, as some old cards do in SCP11b */
};
/* 5F49 first; the receipt over it follows when the card has it. */
void scp11_answer_key_put(struct wr *w, struct span key);
void scp11_answer_receipt_put(struct wr *w, struct span receipt);
MUST_CHECK bool scp11_answer_get(struct span s, struct scp11_answer *a);

/* The answer to GET DATA BF21: with tag and length, or the certificates alone, as cards do. Lends
 * the certificates in a row. */
MUST_CHECK bool cert_store_get(struct span answer, struct span *certs);
void cert_store_put(struct wr *w, struct span certs);

/*
 * STORE DATA, one of:
 *   certificates for a key      A6{83 KID KVN} BF21{certificates, leaf last}
 *   identifier of a CA's key    A6{80 klcc, 42 identifier, 83 KID KVN}
 *   allow-list of a CA's key    A6{83 KID KVN} [92 counter] 70{93 serial ...}; an empty 70: no list
 */
enum scp11_store_kind { SCP11_STORE_CERTIFICATES, SCP11_STORE_CA, SCP11_STORE_ALLOWED };
struct scp11_store {
	enum scp11_store_kind kind;
	struct key_ref key;
	struct span value; /* certificates, identifier, or the value of 70 */
	bool klcc;         /* CA: signs certificates of cards, not of OCEs */
	bool has_counter;
	struct span counter; /* 92, two octets where present */
};
void scp11_store_put(struct wr *w, const struct scp11_store *s);
/* The whole of s is one of the three. */
MUST_CHECK bool scp11_store_get(struct span s, struct scp11_store *out);
/* Serial numbers of an allow-list: the next one. */
MUST_CHECK bool scp11_serial_next(struct rd *r, struct span *serial);

#endif
