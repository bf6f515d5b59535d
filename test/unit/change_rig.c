#include "change_rig.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/choose.h"
#include "base/hex.h"
#include "party_vectors.h"
#include "vcard/core/vcard.h"

struct entry change_entries[CHANGE_ENTRIES];
struct session change_session;

static char path[64], store_path[64];
static struct keystore *store; /* NULL: none */
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
	for (size_t i = 0; (f->kind == FIELD_KEYS || f->kind == FIELD_ENTRY) && i < CHANGE_ENTRIES;
	     i++)
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
	if (ch->kind == &change_authorize_party || ch->kind == &change_reserve)
		assert_ok(change_find_keys(ch, store, &e), &e);
}

/* ---- the card ---- */

static void name_entry(size_t i, const char *name, uint8_t version, const char *hex)
{
	const struct key k = unit_key(hex);

	change_entries[i] = (struct entry){
		.type = ENTRY_SCP03, .version = version, .keys = { k, k, k }, .secret = k
	};
	snprintf(change_entries[i].name, sizeof(change_entries[i].name), "%s", name);
}

static void issue(bool parties)
{
	static uint8_t cert[512];
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
	if (parties) {
		memcpy(cert, party_card_cert().p, party_card_cert().n);
		is.ecka[0] = (struct vcard_ecka){ KID_SCP11A, 0x01, party_scalar("card"),
			span_of(cert, party_card_cert().n) };
		is.ecka_n = 1;
		is.grantor[0] = party_point("operator");
		is.grantor_n = 1;
	}
	assert_ok(vcard_create(path, &is, &e), &e);
	assert_ok(vcard_open(path, &v, &e), &e);
}

static void rig_on(bool parties)
{
	struct err e;

	snprintf(path, sizeof(path), "/tmp/change_rig.%d.card", (int)getpid());
	unlink(path);
	name_entry(0, "test", 0x30, "404142434445464748494A4B4C4D4E4F");
	name_entry(1, "next", 0x31, "505152535455565758595A5B5C5D5E5F");
	name_entry(
	    2, "long", 0x32, "606162636465666768696A6B6C6D6E6F707172737475767778797A7B7C7D7E7F");
	issue(parties);
	card = (struct card){ .ops = &ops };
	silent_at = 0;
	keys_hidden = false;
	session_init(&change_session, &card);
	assert_ok(change_rig_open(&change_entries[0], 0x30, NULL, &e), &e);
}

void change_rig_on(void)
{
	rig_on(false);
}

static void write_entry(FILE *f, const char *name, const char *type)
{
	struct ec_private k = party_scalar(name);
	char hex[HEX_SIZE(EC_FIELD_MAX)];

	fprintf(f, "  %s: {type: %s, curve: p-256, test: true, private: {hex: %s}}\n", name, type,
	    hex_put(span_of(k.b, k.n), hex, sizeof(hex)));
}

void change_rig_on_parties(void)
{
	FILE *f;
	struct err e;

	rig_on(true);
	snprintf(store_path, sizeof(store_path), "/tmp/change_rig.%d.yaml", (int)getpid());
	unlink(store_path);
	umask(077);
	f = fopen(store_path, "w");
	assert_non_null(f);
	fputs("cardadm: keystore/1\nkeys:\n", f);
	write_entry(f, "operator", "grantor");
	write_entry(f, "authority", "grantor");
	write_entry(f, "acme", "party, form: signing");
	write_entry(f, "bank", "party, form: signing");
	fclose(f);
	assert_ok(keystore_open(store_path, &store, &e), &e);
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
	keystore_close(store);
	store = NULL;
	if (store_path[0] != '\0')
		unlink(store_path);
}
