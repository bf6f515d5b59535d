/* Campaign manifests, and with them YAML: read, or refused with a place. */
#include "fuzz.h"

#include <string.h>

#include "change/step.h"
#include "manifest/manifest.h"

/* Each step is read and released again. */
static int take_step(
    void *ctx, const struct doc *d, const struct node *v, const char *path, struct err *e)
{
	struct change ch;

	(void)ctx;
	if (change_step_read(d, v, path, &ch, e) != 0)
		return -1;
	CHECK(change_kind_find(ch.kind->name) == ch.kind && ch.line > 0);
	change_free(&ch);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const struct manifest_steps steps = { take_step, NULL };
	struct err e = { 0 };
	struct manifest m;
	int rc;

	fuzz_file(span_of(data, n));
	rc = manifest_load(fuzz_path(), &steps, &m, &e);
	fuzz_check_err(rc, &e);
	if (rc != 0) {
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
	CHECK(memchr(m.keys, '\0', sizeof(m.keys)) != NULL);
	CHECK(m.level >= -1 && m.level <= 0x33 && m.key_version >= -1 && m.key_version <= 0xFF);
	CHECK(m.s16 >= -1 && m.s16 <= 1);
	return 0;
}
