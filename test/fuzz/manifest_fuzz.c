/* Campaign manifests, and with them YAML: read, or refused with a place. */
#include "fuzz.h"

#include <string.h>

#include "manifest/manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct err e = { 0 };
	struct manifest m;
	int rc;

	fuzz_file(span_of(data, n));
	rc = manifest_load(fuzz_path(), &m, &e);
	fuzz_check_err(rc, &e);
	if (rc != 0) {
		manifest_free(&m);
		CHECK(e.code == ERR_INPUT && strstr(e.text, fuzz_path()) != NULL);
		return 0;
	}
	CHECK(memchr(m.name, '\0', sizeof(m.name)) && m.name[0] != '\0');
	CHECK(memchr(m.keystore, '\0', sizeof(m.keystore)) && m.keystore[0] != '\0');
	CHECK(memchr(m.cards, '\0', sizeof(m.cards)) != NULL);
	CHECK((m.cards[0] != '\0') == (m.readers_n == 0));
	CHECK(memchr(m.bundle, '\0', sizeof(m.bundle)) != NULL);
	CHECK((m.bundle[0] != '\0') == (m.mode == MODE_BROADCAST));
	CHECK((m.step_n > 0) == (m.mode == MODE_UNICAST) && m.step_n <= MANIFEST_STEPS);
	for (size_t i = 0; i < m.step_n; i++)
		CHECK(m.step[i].action <= ACTION_UNLOCK && m.step[i].line > 0);
	CHECK(memchr(m.keys, '\0', sizeof(m.keys)) != NULL);
	CHECK(m.level >= -1 && m.level <= 0x33 && m.key_version >= -1 && m.key_version <= 0xFF);
	CHECK(m.s16 >= -1 && m.s16 <= 1);
	manifest_free(&m);
	return 0;
}
