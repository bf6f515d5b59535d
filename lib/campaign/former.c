/*
 * The goal of a unicast campaign as versions before lib/change named it: kinds by number, key sets
 * by name, and without the fields that they left out. Ledgers of then are recognised by it.
 */
#include "campaign/unicast.h"

enum { FORMER_KINDS = 6 };
static const struct change_kind *const former_kinds[FORMER_KINDS] = { &change_install,
	&change_delete, &change_put_keys, &change_store_data, &change_lock, &change_unlock };

static const void *value(const struct change *ch, const char *name, enum field_kind kind)
{
	static const union {
		bool flag;
		struct aid aid;
		struct field_aids aids;
		struct field_u32 u32;
		struct field_bytes bytes;
		struct field_choice choice;
		struct field_privileges privileges;
		struct field_keys keys;
		struct field_file file;
	} none;
	const struct field *f = field_find(ch->kind->fields, ch->kind->field_n, name);

	return f == NULL || f->kind != kind ? (const void *)&none : (const char *)ch->x + f->offset;
}

static void put_flag(struct wr *w, const struct change *ch, const char *name)
{
	wr_u8(w, *(const bool *)value(ch, name, FIELD_FLAG));
}

static void put_version(struct wr *w, const struct change *ch, const char *name)
{
	const struct field_u32 *v = value(ch, name, FIELD_HEX8);

	wr_u16(w, v->given ? (uint16_t)v->v : 0xFFFF);
}

/* What it was about: delete named one, lock and store-data had a field for it each. */
static void put_subject(struct wr *w, const struct change *ch)
{
	const struct field_aids *many = value(ch, "aid", FIELD_AIDS);
	const struct aid *one = value(ch, "aid", FIELD_AID);
	const struct aid *app = value(ch, "application", FIELD_AID);

	wr_lv(w, aid_span(many->n > 0 ? &many->list[0] : one->n > 0 ? one : app));
}

static bool put_step(struct wr *w, const struct change *ch)
{
	const struct field_aids *applets = value(ch, "applet", FIELD_AIDS);
	const struct field_bytes *parameters = value(ch, "parameters", FIELD_BYTES);
	const struct field_privileges *privileges = value(ch, "privileges", FIELD_PRIVILEGES);
	const struct field_keys *keys = value(ch, "keys", FIELD_KEYS);
	const struct field_choice *format = value(ch, "format", FIELD_CHOICE);
	const struct field_file *file = value(ch, "file", FIELD_FILE);
	const struct field *rotate = field_find(ch->kind->fields, ch->kind->field_n, "rotate");
	uint8_t kind = 0;

	while (kind < FORMER_KINDS && former_kinds[kind] != ch->kind)
		kind++;
	if (kind == FORMER_KINDS)
		return false;
	wr_u8(w, kind);
	wr_put(w, SPAN(file->digest));
	wr_u8(w, (uint8_t)applets->n);
	for (size_t i = 0; i < applets->n; i++)
		wr_lv(w, aid_span(&applets->list[i]));
	wr_u32(w, privileges->v);
	wr_lv(w, span_of(parameters->b, parameters->n));
	put_subject(w, ch);
	put_flag(w, ch, "replace");
	put_flag(w, ch, "related");
	put_flag(w, ch, "card");
	wr_lv(w, span_str(keys->name));
	put_version(w, ch, "as");
	put_version(w, ch, "replace");
	wr_u8(w, rotate != NULL && field_given(rotate, ch->x));
	wr_u8(w, (uint8_t)format->i);
	put_flag(w, ch, "encrypted");
	return wr_ok(w);
}

bool unicast_former_goal(const struct unicast *u, uint8_t goal[static 32])
{
	static const char first[] = "cardadm unicast steps";
	struct wr w = wr_grow(1 << 20);
	bool ok = true;

	wr_put(&w, span_str(first));
	for (uint32_t i = 0; ok && i < u->n; i++)
		ok = put_step(&w, &u->task[i].change);
	ok = ok && sha256_of(wr_span(&w), goal);
	wr_free(&w);
	return ok;
}
