#include "gp/privilege.h"

#include <string.h>

enum { DOMAIN_BITS = PRIV_SECURITY_DOMAIN, DAP_BITS = DOMAIN_BITS | PRIV_DAP_VERIFICATION };

/* along: what the bit is always with on the wire (GPCS table 11-7). */
static const struct {
	const char *name;
	uint32_t bit, along;
} privileges[] = {
	{ "security-domain", PRIV_SECURITY_DOMAIN, 0 },
	{ "dap-verification", PRIV_DAP_VERIFICATION, DOMAIN_BITS },
	{ "delegated-management", PRIV_DELEGATED_MANAGEMENT, DOMAIN_BITS },
	{ "card-lock", PRIV_CARD_LOCK, 0 },
	{ "card-terminate", PRIV_CARD_TERMINATE, 0 },
	{ "card-reset", PRIV_CARD_RESET, 0 },
	{ "cvm-management", PRIV_CVM_MANAGEMENT, 0 },
	{ "mandated-dap-verification", PRIV_MANDATED_DAP, DAP_BITS },
	{ "trusted-path", PRIV_TRUSTED_PATH, 0 },
	{ "authorized-management", PRIV_AUTHORIZED_MANAGEMENT, DOMAIN_BITS },
	{ "token-verification", PRIV_TOKEN_VERIFICATION, DOMAIN_BITS },
	{ "global-delete", PRIV_GLOBAL_DELETE, 0 },
	{ "global-lock", PRIV_GLOBAL_LOCK, 0 },
	{ "global-registry", PRIV_GLOBAL_REGISTRY, 0 },
	{ "final-application", PRIV_FINAL_APPLICATION, 0 },
	{ "global-service", PRIV_GLOBAL_SERVICE, 0 },
	{ "receipt-generation", PRIV_RECEIPT_GENERATION, DOMAIN_BITS },
	{ "ciphered-load-file", PRIV_CIPHERED_LOAD_FILE, DOMAIN_BITS },
	{ "contactless-activation", PRIV_CONTACTLESS_ACTIVATION, 0 },
	{ "contactless-self-activation", PRIV_CONTACTLESS_SELF_ACTIVATION, 0 },
};
enum { PRIVILEGES = sizeof(privileges) / sizeof(privileges[0]) };

bool privileges_get(struct span s, uint32_t *v)
{
	struct rd r = rd_of(s);
	uint8_t one;

	if (s.n == 3)
		return rd_u24(&r, v);
	if (s.n != 1 || !rd_u8(&r, &one))
		return false;
	*v = (uint32_t)one << 16;
	return true;
}

void privileges_put(struct wr *w, uint32_t v, uint8_t n)
{
	if (n == 1)
		wr_u8(w, (uint8_t)(v >> 16));
	else if (n == 3)
		wr_u24(w, v);
}

const char *privileges_wrong(uint32_t v)
{
	for (size_t i = 0; i < PRIVILEGES; i++)
		if ((v & privileges[i].bit) != 0 &&
		    (v & privileges[i].along) != privileges[i].along)
			return (privileges[i].along & PRIV_DAP_VERIFICATION) != 0
				   ? "mandated DAP verification without DAP verification"
				   : "a privilege of security domains without being one";
	if ((v & PRIV_DELEGATED_MANAGEMENT) == 0)
		return NULL;
	if ((v & PRIV_AUTHORIZED_MANAGEMENT) != 0)
		return "delegated and authorized management exclude each other";
	if ((v & PRIV_TOKEN_VERIFICATION) != 0)
		return "delegated management and token verification exclude each other";
	if ((v & PRIV_RECEIPT_GENERATION) != 0)
		return "delegated management and receipt generation exclude each other";
	return NULL;
}

const char *privilege_str(uint32_t one)
{
	for (size_t i = 0; i < PRIVILEGES; i++)
		if (privileges[i].bit == one)
			return privileges[i].name;
	return NULL;
}

bool privilege_from(const char *name, uint32_t *v)
{
	for (size_t i = 0; i < PRIVILEGES; i++) {
		if (strcmp(name, privileges[i].name) != 0)
			continue;
		*v = privileges[i].bit | privileges[i].along;
		return true;
	}
	return false;
}
