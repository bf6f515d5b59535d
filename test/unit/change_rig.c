#include "change_rig.h"

#include <unistd.h>

#include "host/choose.h"
#include "vcard/core/vcard.h"

struct entry change_entries[CHANGE_ENTRIES];
struct session change_session;

static char path[64];
static struct vcard *v;
static struct card card;
static unsigned commands, silent_at;
static bool keys_hidden;

static int transmit(void *ctx, struct span command, struct wr *rsp, struct err *e)
{
	(void)ctx;
	commands++;
	if (keys_hidden && command.p[1] == INS_GET_DATA && command.p[3] == 0xE0) {
		wr_u16(rsp, SW_REFERENCE_NOT_FOUND);
		return 0;
	}
	if (vcard_transmit(v, command, rsp) != VCARD_ANSWER)
		return err_set(e, ERR_READER, "no answer");
	if (silent_at == 0 || --silent_at > 0)
		return 0;
	rsp->n = 0;
	return err_set(e, ERR_READER, "no answer");
}

static void off(void *ctx)
{
	(void)ctx;
	vcard_close(v);
}

static const struct card_ops ops = { .transmit = transmit, .close = off };

static int give_keys(void *ctx, const struct init_update *u, struct key_set *out, struct err *e)
{
	(void)u;
	(void)e;
	*out = ((const struct entry *)ctx)->keys;
	return 0;
}

int change_rig_open(const struct entry *t, uint8_t version, const struct aid *domain, struct err *e)
{
	static const struct aid issuer = { 8, { 0xA0, 0, 0, 1, 0x51, 0, 0, 0 } };
	const struct choose_asks asks = { .domain = domain == NULL ? issuer : *domain,
		.key_version = version,
		.level = 0x33,
		.s16 = -1 };
	const struct session_auth auth = { .keys = give_keys, .ctx = (void *)(uintptr_t)t };
	int rc;

	session_close(&change_session);
	rc = session_begin(&change_session, &asks, &auth, e);
	commands = 0;
	return rc;
}

void change_rig_silent(unsigned n)
{
	silent_at = n;
}

void change_rig_hide_keys(void)
{
	keys_hidden = true;
}

unsigned change_rig_commands(void)
{
	return commands;
}

/* ---- changes in words ---- */

void *change_value(const struct change *ch, const char *name)
{
	const struct field *f = field_find(ch->kind->fields, ch->kind->field_n, name);

	assert_non_null(f);
	return (char *)ch->x + f->offset;
}

static void take(struct change *ch, const char *name, const char *value)
{
	const struct field *f = field_find(ch->kind->fields, ch->kind->field_n, name);
	struct field_keys *keys = change_value(ch, name);
	struct err e;

	assert_ok(change_take(ch, name, value, &e), &e);
	for (size_t i = 0; f->kind == FIELD_KEYS && i < CHANGE_ENTRIES; i++)
		if (strcmp(change_entries[i].name, value) == 0)
			keys->entry = &change_entries[i];
}

void change_words(struct change *ch, const char *kind, const char *text)
{
	char copy[600], *rest = copy, *one;
	struct err e;

	assert_ok(change_new(ch, change_kind_find(kind), &e), &e);
	snprintf(copy, sizeof(copy), "%s", text);
	while ((one = strtok_r(rest, " ", &rest)) != NULL) {
		char *is = strchr(one, '=');

		*is = '\0';
		take(ch, one, is + 1);
	}
	assert_ok(change_open(ch, FROM_STEP, &e), &e);
}

/* ---- the card ---- */

static void name_entry(size_t i, const char *name, uint8_t version, const char *hex)
{
	const struct key k = unit_key(hex);

	change_entries[i] =
	    (struct entry){ .type = ENTRY_SCP03, .version = version, .keys = { k, k, k } };
	snprintf(change_entries[i].name, sizeof(change_entries[i].name), "%s", name);
}

static void issue(void)
{
	struct vcard_issue is = { .keys = change_entries[0].keys,
		.key_version = 0x30,
		.i = 0x70,
		.iin = { 0x42, 0x42, 0x42 },
		.iin_n = 3,
		.cin = { 0, 0, 0, 1 },
		.cin_n = 4,
		.issuer = { 0x04 } };
	struct err e;

	assert_true(aid_from(&is.target, unit_bytes("A000000151000001")));
	assert_ok(vcard_create(path, &is, &e), &e);
	assert_ok(vcard_open(path, &v, &e), &e);
}

void change_rig_on(void)
{
	struct err e;

	snprintf(path, sizeof(path), "/tmp/change_rig.%d.card", (int)getpid());
	unlink(path);
	name_entry(0, "test", 0x30, "404142434445464748494A4B4C4D4E4F");
	name_entry(1, "next", 0x31, "505152535455565758595A5B5C5D5E5F");
	name_entry(
	    2, "long", 0x32, "606162636465666768696A6B6C6D6E6F707172737475767778797A7B7C7D7E7F");
	issue();
	card = (struct card){ .ops = &ops };
	silent_at = 0;
	keys_hidden = false;
	session_init(&change_session, &card);
	assert_ok(change_rig_open(&change_entries[0], 0x30, NULL, &e), &e);
}

void change_rig_again(void)
{
	struct err e;

	session_wipe(&change_session);
	card_close(&card);
	assert_ok(vcard_open(path, &v, &e), &e);
	card = (struct card){ .ops = &ops };
	silent_at = 0;
	session_init(&change_session, &card);
}

void change_rig_off(void)
{
	session_wipe(&change_session);
	card_close(&card);
	unlink(path);
}
