/* What a card says about itself: Card Data (66), capabilities (67), key information (E0), CPLC. */
#ifndef GP_CARD_DATA_H
#define GP_CARD_DATA_H

#include "gp/command.h"

#define CARD_DATA_SCPS 8
#define CAPABILITY_IS 16
#define KEY_INFO_MAX 64

struct scp_option {
	uint8_t scp;
	uint16_t i;
};

/* Card Data, GPCS H.2. */
struct card_data {
	uint8_t version[3]; /* 2 3 1; zeros where the card names fewer */
	uint8_t version_n;  /* how many parts it names, 0: none */
	size_t scp_n;
	struct scp_option scp[CARD_DATA_SCPS];
};
MUST_CHECK bool card_data_get(
    struct span data, struct card_data *d);                  /* with or without the outer 66 */
void card_data_put(struct wr *w, const struct card_data *d); /* with the outer 66 */

/* One SCP of Card Capability Information, GPCS H.4. */
struct capability {
	uint8_t scp;
	size_t i_n;
	uint8_t i[CAPABILITY_IS];
	uint8_t key_sizes; /* bits 01 AES-128, 02 AES-192, 04 AES-256; 0: not told */
};
struct capabilities {
	size_t n;
	struct capability scp[CARD_DATA_SCPS];
};
MUST_CHECK bool capabilities_get(struct span data, struct capabilities *c);
void capabilities_put(struct wr *w, const struct capabilities *c);

/* Key Information Template, GPCS 11.3.3.1: one entry per key. Of the components the first; in the
 * basic form of a key of two, the second as well. */
struct key_info {
	uint8_t id, version, type;
	uint16_t length;           /* octets */
	uint8_t usage_n, usage[2]; /* extended form only (GPCS 11.1.9); usage_n = 0: not told */
	uint8_t access_n, access;  /* GPCS 11.1.10 */
	uint8_t second;            /* type of the second component; 0: not told */
	uint16_t second_length; /* octets; of KEY_TYPE_EC_PARAMETER the curve's reference itself */
};
struct key_infos {
	size_t n;
	struct key_info key[KEY_INFO_MAX];
};
MUST_CHECK bool key_infos_get(struct span data, struct key_infos *k); /* lenient, see the sheet */
void key_infos_put(struct wr *w, const struct key_infos *k);

/* CPLC, 42 octets, field by field (offsets in the .c table). */
struct cplc_field {
	const char *name; /* "ic_serial_number" */
	uint8_t offset, size;
	bool date;
};
extern const struct cplc_field cplc_fields[];
extern const size_t cplc_field_n;
/* The 42 octets out of an answer with or without the tag; false when the length is wrong. */
MUST_CHECK bool cplc_get(struct span data, struct span *cplc);

#endif
