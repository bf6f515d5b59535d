/* Instruction bytes, GET DATA tags and fixed sizes of GlobalPlatform, once (GPCS 11). */
#ifndef GP_COMMAND_H
#define GP_COMMAND_H

#include "apdu/apdu.h"

enum gp_ins {
	INS_CHANGE_MODE = 0x5A,      /* broadcast.md 3 */
	INS_AUTHORIZE_ACTION = 0x5C, /* broadcast.md 5 */
	INS_WRITE_STAGE = 0x5E,      /* broadcast.md 4 */
	INS_MANAGE_CHANNEL = 0x70,
	INS_SELECT = 0xA4,
	INS_GET_RESPONSE = 0xC0,
	INS_GET_DATA = 0xCA,
	INS_PUT_KEY = 0xD8,
	INS_STORE_DATA = 0xE2,
	INS_DELETE = 0xE4,
	INS_INSTALL = 0xE6,
	INS_LOAD = 0xE8,
	INS_SET_STATUS = 0xF0,
	INS_GENERATE_KEY = 0xF1, /* of YubiKeys */
	INS_GET_STATUS = 0xF2
};

enum gp_tag {
	TAG_IIN = 0x42,
	TAG_CIN = 0x45,
	TAG_ISD_AID = 0x4F,
	TAG_CARD_DATA = 0x66,
	TAG_CAPABILITIES = 0x67,
	TAG_SEQUENCE_COUNTER = 0xC1,
	TAG_CONFIRMATION_COUNTER = 0xC2,
	TAG_DIVERSIFICATION_DATA = 0xCF,
	TAG_SECURITY_LEVEL = 0xD3,
	TAG_KEY_INFORMATION = 0xE0,
	TAG_MANAGER_URL = 0x5F50,
	TAG_CPLC = 0x9F7F,
	TAG_APPLICATION_LIST = 0x2F00,
	TAG_RESOURCES = 0xFF21,
	TAG_SYSTEM = 0xFF70, /* broadcast.md 6 */
	TAG_SLOTS = 0xFF71,
	TAG_POLICY = 0xFF72,
	TAG_CONTAINERS = 0xFF73, /* container.h */
	TAG_TRUSTS = 0xFF74,     /* trust.h */
	TAG_BROADCAST = 0xFF7D   /* the three and 45 in one answer */
};

enum { KDD_SIZE = 10, SEQUENCE_SIZE = 3, AID_MIN = 5, AID_MAX = 16, CPLC_SIZE = 42 };

enum card_life_cycle { /* GPCS table 11-6 */
	LIFE_OP_READY = 0x01,
	LIFE_INITIALIZED = 0x07,
	LIFE_SECURED = 0x0F,
	LIFE_LOCKED = 0x7F,
	LIFE_TERMINATED = 0xFF
};
const char *card_life_cycle_str(uint8_t state);

enum key_type {
	KEY_TYPE_DES = 0x80,
	KEY_TYPE_PSK = 0x85,
	KEY_TYPE_AES = 0x88,
	KEY_TYPE_RSA_EXPONENT = 0xA0,
	KEY_TYPE_RSA_MODULUS = 0xA1, /* a public RSA key begins with this */
	KEY_TYPE_EC_PUBLIC = 0xB0,
	KEY_TYPE_EC_PRIVATE = 0xB1,
	KEY_TYPE_EC_PARAMETER = 0xF0, /* reference of the curve, behind an EC key */
	KEY_TYPE_EXTENDED = 0xFF      /* the type is the octet that follows */
};
const char *key_type_str(uint8_t type);

/* An AID by value, 5 to 16 octets; n = 0: none. */
struct aid {
	uint8_t n;
	uint8_t b[AID_MAX];
};
MUST_CHECK bool aid_from(struct aid *a, struct span s);
struct span aid_span(const struct aid *a);
MUST_CHECK bool aid_same(const struct aid *a, const struct aid *b); /* two of none are the same */
extern const struct aid aid_isd;                                    /* A000000151000000 */

#endif
