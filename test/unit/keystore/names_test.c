/* What entries of a key store are called, and what is shown of them before they are read. */
#include "unit.h"

#include <string.h>

#include "keystore/keystore.h"

static const char *const names[ENTRY_TYPES] = {
	[ENTRY_SCP03] = "scp03",
	[ENTRY_SCP02] = "scp02",
	[ENTRY_ISSUER] = "issuer",
	[ENTRY_SIGNER] = "signer",
	[ENTRY_KEK] = "bundle-kek",
	[ENTRY_KOS] = "kos",
	[ENTRY_KMAC] = "kmac",
	[ENTRY_OCE] = "oce",
	[ENTRY_CA] = "ca",
	[ENTRY_OCE_CA] = "oce-ca",
	[ENTRY_DAP] = "dap",
	[ENTRY_TOKEN] = "token",
	[ENTRY_RECEIPT] = "receipt",
	[ENTRY_GRANTOR] = "grantor",
	[ENTRY_PARTY] = "party",
	[ENTRY_TERMINAL_MASTER] = "terminal-master",
	[ENTRY_DOMAIN_KEY] = "domain-key",
};

static void kinds(void **state)
{
	(void)state;
	for (enum entry_type t = 0; t < ENTRY_TYPES; t++) {
		assert_string_equal(entry_type_str(t), names[t]);
		assert_int_equal(entry_type_is_card(t), t == ENTRY_SCP03 || t == ENTRY_SCP02);
		assert_int_equal(entry_type_is_ec(t), t == ENTRY_OCE || t == ENTRY_CA ||
							  t == ENTRY_OCE_CA || t == ENTRY_GRANTOR ||
							  t == ENTRY_PARTY);
		assert_int_equal(entry_type_is_authority(t),
		    t == ENTRY_DAP || t == ENTRY_TOKEN || t == ENTRY_RECEIPT);
	}
	assert_string_equal(entry_type_str(ENTRY_TYPES), "unknown");
}

/* A store is listed by those who may not read its keys, too. */
static void unread(void **state)
{
	struct entry_shown x;

	(void)state;
	for (enum entry_type t = 0; t < ENTRY_TYPES; t++) {
		const struct entry en = { .type = t, .version = 0x30 };

		memset(&x, 0xA5, sizeof(x));
		assert_true(entry_show(&en, &x));
		assert_int_equal(x.versioned,
		    entry_type_is_card(t) || t == ENTRY_KOS || t == ENTRY_TERMINAL_MASTER);
		assert_int_equal(x.diversification != NULL, entry_type_is_card(t));
		assert_int_equal(x.bits, 0);
		assert_string_equal(x.algorithm, "");
		assert_int_equal(x.kcv_n, 0);
		assert_false(x.has_fingerprint);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kinds),
		cmocka_unit_test(unread),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
