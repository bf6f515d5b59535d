/* What a party stores in its container and reads (containers.md 3): objects DFnn. */
#include "tlv/tlv.h"
#include "vcard/containers/internal.h"

uint32_t container_objects_take(const struct vcard *v, const struct aid *container)
{
	uint32_t n = 0;

	for (size_t i = 0; i < v->chip.objects_n; i++)
		if (aid_same(&v->chip.objects[i].owner, container))
			n += CONTAINER_OBJECT_COST + (uint32_t)v->chip.objects[i].value.n;
	return n;
}

/* Several that take effect together: how they change what is there. */
struct storing {
	bool seen[2 * (TAG_OBJECT_LAST - TAG_OBJECT_FIRST + 2)];
	int64_t octets; /* more than before */
	int objects, numbered;
};

/* One of them; besides the numbered ones a container has names of its own, as every domain. */
struct storable {
	uint16_t tag;
	size_t place; /* in `seen` */
	size_t most;
	bool numbered;
	struct span value;
};

static bool storable_next(struct rd *r, struct storable *o)
{
	struct rd ahead = *r;
	struct tlv t;
	uint8_t number;

	if (party_object_next(r, &number, &o->value)) {
		o->tag = (uint16_t)(TAG_OBJECT_FIRST - 1 + number);
		o->place = number;
		o->most = CONTAINER_OBJECT_MAX;
		return o->numbered = true;
	}
	if (!tlv_next(&ahead, &t) || !t.minimal || (t.tag != TAG_IIN && t.tag != TAG_CIN))
		return false;
	*r = ahead;
	*o = (struct storable){ (uint16_t)t.tag, 0x80 | t.tag,
		t.tag == TAG_IIN ? PARTY_IIN_MAX : PARTY_CIN_MAX, false, t.val };
	return true;
}

static int64_t cost_of(const struct vcard *v, const struct aid *aid, uint16_t tag)
{
	struct span old;

	return chip_object(v, aid, tag, &old) ? CONTAINER_OBJECT_COST + (int64_t)old.n : 0;
}

static uint16_t take_object(struct call *c, struct storing *s, const struct storable *o)
{
	const struct aid *aid = &c->ch->selected;
	int64_t was = cost_of(c->v, aid, o->tag);
	int more = (o->value.n > 0) - (was > 0);

	if (s->seen[o->place])
		return SW_WRONG_DATA;
	s->seen[o->place] = true;
	if (o->value.n > o->most)
		return SW_NO_MEMORY;
	if (o->value.n == 0 && was == 0)
		return SW_REFERENCE_NOT_FOUND;
	s->objects += more;
	s->numbered += o->numbered ? more : 0;
	s->octets += (o->value.n > 0 ? CONTAINER_OBJECT_COST + (int64_t)o->value.n : 0) - was;
	if (o->value.n > 0)
		chip_put_object(c->v, aid, o->tag, o->value);
	else
		chip_put_object_gone(c->v, aid, o->tag);
	return SW_OK;
}

static int numbered_of(const struct vcard *v, const struct aid *aid)
{
	int n = 0;

	for (size_t i = 0; i < v->chip.objects_n; i++)
		n += aid_same(&v->chip.objects[i].owner, aid) &&
		     v->chip.objects[i].tag >= TAG_OBJECT_FIRST &&
		     v->chip.objects[i].tag <= TAG_OBJECT_LAST;
	return n;
}

static bool storing_fits(const struct call *c, const struct storing *s)
{
	const struct aid *aid = &c->ch->selected;

	return numbered_of(c->v, aid) + s->numbered <= CONTAINER_OBJECTS_MAX &&
	       (int)c->v->chip.objects_n + s->objects <= CHIP_OBJECTS_MAX &&
	       (s->octets <= 0 || content_fits(c->v, aid, (uint32_t)s->octets, 0));
}

uint16_t container_store(struct call *c, struct span data)
{
	uint16_t sw = container_right(c, RIGHT_WRITE);
	struct rd r = rd_of(data);
	struct storing s = { 0 };
	struct storable o;

	while (sw == SW_OK && rd_left(&r) > 0)
		sw = storable_next(&r, &o) ? take_object(c, &s, &o) : SW_WRONG_DATA;
	return sw == SW_OK && !storing_fits(c, &s) ? SW_NO_MEMORY : sw;
}
