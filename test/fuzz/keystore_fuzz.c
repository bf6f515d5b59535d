/* Key stores: read or refused; the entries are what they say; errors repeat no value. */
#include "fuzz.h"

#include <string.h>

#include "keystore/keystore.h"

static bool length_ok(const struct key *k)
{
	return k->n == 0 || k->n == 16 || k->n == 24 || k->n == 32;
}

static void check_entry(const struct entry *t)
{
	uint8_t fingerprint[FINGERPRINT_SIZE];

	CHECK(t->name[0] != '\0' && memchr(t->name, '\0', sizeof(t->name)) != NULL);
	CHECK(t->type < ENTRY_TYPES);
	CHECK(length_ok(&t->secret));
	CHECK(length_ok(&t->keys.enc) && t->keys.enc.n == t->keys.mac.n &&
	      t->keys.enc.n == t->keys.dek.n);
	CHECK(t->public_n == 0 ||
	      t->public_n == (t->type == ENTRY_SIGNER      ? 32
				 : t->type == ENTRY_ISSUER ? 65
							   : 2 * ec_field(t->curve) + 1));
	CHECK(t->authority.kind == AUTHORITY_NONE ||
	      (entry_type_is_authority(t->type) && authority_bits(&t->authority) >= 128));
	if (t->public_n > 0)
		CHECK(entry_fingerprint(t, fingerprint));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct keystore *ks = NULL;
	const struct entry *t;
	struct err e = { 0 };
	int rc;

	fuzz_file(span_of(data, n));
	rc = keystore_open(fuzz_path(), &ks, &e);
	fuzz_check_err(rc, &e);
	CHECK((rc == 0) == (ks != NULL));
	if (rc != 0) {
		CHECK(e.code == ERR_INPUT || e.code == ERR_SAFETY);
		return 0;
	}
	CHECK(keystore_threshold(ks) >= 1);
	for (size_t i = 0; (t = keystore_at(ks, i)) != NULL; i++) {
		const struct entry *found;

		rc = keystore_read(ks, i, &e);
		fuzz_check_err(rc, &e);
		check_entry(t);
		fuzz_check_err(keystore_find(ks, t->type, t->name, &found, &e), &e);
		if (rc == 0)
			CHECK(found == t);
	}
	CHECK(keystore_find(ks, ENTRY_SCP03, "no such name", &t, &e) == -1);
	keystore_close(ks);
	return 0;
}
