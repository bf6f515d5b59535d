/* Data objects of domains and applications in the card's memory: their records, and finding them.
 */
#include <string.h>

#include "vcard/content/content.h"
#include "vcard/core/record.h"

void object_record(struct wr *w, const struct aid *owner, uint16_t tag, struct span value)
{
	struct wr record = wr_grow(OBJECT_SIZE_MAX + 2 * AID_MAX);

	wr_lv(&record, aid_span(owner));
	wr_u16(&record, tag);
	wr_put(&record, value);
	if (wr_ok(&record))
		nvm_record(w, REC_OBJECT, wr_span(&record));
	else
		w->full = true;
	wr_free(&record);
}

bool object_get(struct chip *c, struct rd *r)
{
	struct card_object o = { 0 };
	size_t i = 0;

	if (!domain_record_get(r, &o.owner) || !rd_u16(r, &o.tag) || rd_left(r) > OBJECT_SIZE_MAX)
		return false;
	while (i < c->objects_n &&
	       (c->objects[i].tag != o.tag || !aid_same(&c->objects[i].owner, &o.owner)))
		i++;
	if (i == CHIP_OBJECTS_MAX)
		return false;
	o.value = wr_grow(OBJECT_SIZE_MAX);
	wr_put(&o.value, rd_rest(r));
	if (!wr_ok(&o.value)) {
		wr_free(&o.value);
		return false;
	}
	if (i == c->objects_n)
		c->objects_n++;
	else
		wr_free(&c->objects[i].value);
	c->objects[i] = o;
	return true;
}

bool object_gone_get(struct chip *c, struct rd *r)
{
	struct aid owner;
	uint16_t tag;
	size_t i = 0;

	if (!domain_record_get(r, &owner) || !rd_u16(r, &tag))
		return false;
	while (i < c->objects_n &&
	       (c->objects[i].tag != tag || !aid_same(&c->objects[i].owner, &owner)))
		i++;
	if (i == c->objects_n)
		return true;
	wr_free(&c->objects[i].value);
	c->objects_n--;
	memmove(&c->objects[i], &c->objects[i + 1], (c->objects_n - i) * sizeof(c->objects[0]));
	return true;
}

void objects_wipe(struct chip *c)
{
	for (size_t i = 0; i < c->objects_n; i++)
		wr_free(&c->objects[i].value);
	c->objects_n = 0;
}

void objects_owner_gone(struct chip *c, const struct aid *owner)
{
	size_t kept = 0;

	for (size_t i = 0; i < c->objects_n; i++) {
		if (aid_same(&c->objects[i].owner, owner))
			wr_free(&c->objects[i].value);
		else
			c->objects[kept++] = c->objects[i];
	}
	c->objects_n = kept;
}

bool chip_object(const struct vcard *v, const struct aid *owner, uint16_t tag, struct span *value)
{
	struct aid name = chip_domain_name(v, owner);

	for (size_t i = 0; i < v->chip.objects_n; i++) {
		const struct card_object *o = &v->chip.objects[i];

		if (o->tag == tag && aid_same(&o->owner, &name)) {
			*value = wr_span(&o->value);
			return true;
		}
	}
	return false;
}

void chip_put_object(struct vcard *v, const struct aid *owner, uint16_t tag, struct span value)
{
	struct aid name = chip_domain_name(v, owner);

	object_record(&v->batch, &name, tag, value);
}

void chip_put_object_gone(struct vcard *v, const struct aid *owner, uint16_t tag)
{
	struct aid name = chip_domain_name(v, owner);
	uint8_t room[AID_MAX + 4];
	struct wr value = wr_fixed(room, sizeof(room));

	wr_lv(&value, aid_span(&name));
	wr_u16(&value, tag);
	nvm_record(&v->batch, REC_OBJECT_GONE, wr_span(&value));
}
