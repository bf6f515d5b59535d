/*
 * Privileges of applications and security domains (GPCS 6.6.1, tables 11-7 to 11-9): the three
 * octets as one number, the first octet highest.
 */
#ifndef GP_PRIVILEGE_H
#define GP_PRIVILEGE_H

#include "base/bytes.h"

enum privilege {
	PRIV_SECURITY_DOMAIN = 0x800000,
	PRIV_DAP_VERIFICATION = 0x400000, /* on the wire always with SECURITY_DOMAIN */
	PRIV_DELEGATED_MANAGEMENT = 0x200000,
	PRIV_CARD_LOCK = 0x100000,
	PRIV_CARD_TERMINATE = 0x080000,
	PRIV_CARD_RESET = 0x040000, /* default selected */
	PRIV_CVM_MANAGEMENT = 0x020000,
	PRIV_MANDATED_DAP = 0x010000, /* with SECURITY_DOMAIN and DAP_VERIFICATION */
	PRIV_TRUSTED_PATH = 0x008000,
	PRIV_AUTHORIZED_MANAGEMENT = 0x004000,
	PRIV_TOKEN_VERIFICATION = 0x002000,
	PRIV_GLOBAL_DELETE = 0x001000,
	PRIV_GLOBAL_LOCK = 0x000800,
	PRIV_GLOBAL_REGISTRY = 0x000400,
	PRIV_FINAL_APPLICATION = 0x000200,
	PRIV_GLOBAL_SERVICE = 0x000100,
	PRIV_RECEIPT_GENERATION = 0x000080,
	PRIV_CIPHERED_LOAD_FILE = 0x000040,
	PRIV_CONTACTLESS_ACTIVATION = 0x000020,
	PRIV_CONTACTLESS_SELF_ACTIVATION = 0x000010
};

/* One or three octets; of one octet the other two are 00: what they are by default depends on what
 * holds them (GPCS 11.1.2). False for another length. */
MUST_CHECK bool privileges_get(struct span s, uint32_t *privileges);
/* n octets, 1 or 3; what does not fit in one octet is not written. */
void privileges_put(struct wr *w, uint32_t privileges, uint8_t n);
/* A combination that GPCS 6.6.2 and 6.6.3 exclude: why, in words; NULL: it is legal. */
const char *privileges_wrong(uint32_t privileges);

/* "security-domain", "dap-verification", ... "card-reset": one privilege. NULL: no such bit. */
const char *privilege_str(uint32_t one);
/* The same from a name; with what it is always with on the wire. */
MUST_CHECK bool privilege_from(const char *name, uint32_t *privileges);

#endif
