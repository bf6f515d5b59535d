/* The records of a card's memory: a card is what its records say, and a record that is cut short or
 * has an octet too many is none. */
#include "rig.h"

#include "vcard/core/record.h"

/* Records behind those that make the card: what takes away again. */
enum { RECORDS_MAX = 64, CHANGES = 10 };

static struct {
	struct wr octets;
	struct one {
		uint8_t type;
		struct span value;
	} record[RECORDS_MAX];
	size_t n;
} all;

static bool note(void *arg, uint8_t type, struct span value)
{
	(void)arg;
	assert_true(all.n < RECORDS_MAX);
	all.record[all.n++] = (struct one){ type, value };
	return true;
}

/* A card with something of everything, as records, and then what takes it away again. */
static void card_with_everything(struct rig *r)
{
	static const char point[] =
	    "046B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296"
	    "4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5";
	struct card_app app = { .state = APP_SELECTABLE,
		.implicit = { 0x41 },
		.implicit_n = 1,
		.has_quota = true,
		.quota = 77,
		.reserved = 5 };
	struct chip *c = &r->v->chip;
	struct card_container box = { 0 };
	struct card_keys more = c->keys[0];
	char hex[300];
	struct rd rd;

	assert_true(aid_from(&app.aid, unit_bytes("A0000001510000AA01")));
	assert_true(aid_from(&app.load_file, unit_bytes("A0000001510000AA")));
	assert_true(aid_from(&app.module, unit_bytes("A0000001510000AA02")));
	c->content.app[c->content.app_n++] = app;
	more.domain = app.aid;
	c->keys[c->keys_n++] = more;
	snprintf(hex, sizeof(hex), "05A000000151 0173 %02X %02X %s", (unsigned)AUTHORITY_EC,
	    (unsigned)EC_P256, point);
	rd = rd_of(unit_bytes(hex));
	assert_true(public_get(c, &rd));
	snprintf(
	    hex, sizeof(hex), "1073 %02X 41%s 03424242 0007 01 03434343", (unsigned)EC_P256, point);
	rd = rd_of(unit_bytes(hex));
	assert_true(ca_get(c, &rd));
	c->content.receipts = 0x0102;
	c->content.restricted = 5;
	c->content.page = 0x0304;
	chip_put_object(r->v, &app.aid, 0x0101, unit_bytes("AABBCC"));
	box.aid = app.aid;
	box.stage = STAGE_CLAIMED;
	box.party_n = box.grant_n = 1;
	box.party[0] = (struct card_party){
		.id = "ACME", .id_n = 4, .rights = 0x0F, .prefix_n = 5, .set = { 0x30 }, .set_n = 1
	};
	box.grant[0].party = box.party[0];
	box.grant[0].party.set_n = 0;
	box.grant[0].dk.n = 16;
	chip_put_container(r->v, &box);
	chip_put_issuer(r->v, &(struct card_issuer){ .digest = { 1 }, .serial = 7 });
	chip_put_time(r->v, 5);
	chip_put_closed(r->v);
	assert_true(chip_commit(r->v));
	c->refused_n = 1;
	all.n = 0;
	all.octets = wr_grow(1 << 20);
	chip_snapshot(&all.octets, c);
	chip_put_sequence(r->v, &c->keys[0], 7);
	chip_put_tries(r->v, &c->keys[0], 3);
	chip_put_sequence(r->v, &more, 7);
	chip_put_tries(r->v, &more, 3);
	chip_put_keys_gone(r->v, &more.domain, more.version);
	chip_put_object_gone(r->v, &more.domain, 0x0101);
	chip_put_container_gone(r->v, &more.domain, true);
	wr_put(&all.octets, wr_span(&r->v->batch));
	chip_forget(r->v);
	nvm_record(&all.octets, REC_PUBLIC_GONE, unit_bytes("05A000000151 0173"));
	nvm_record(&all.octets, REC_ECKA_GONE, unit_bytes("1173"));
	nvm_record(&all.octets, REC_CA_GONE, unit_bytes("1073"));
	assert_true(wr_ok(&all.octets));
	assert_true(nvm_each(wr_span(&all.octets), note, NULL));
}

/* A chip as it stands in front of record `n`. */
static void chip_before(struct chip *c, size_t n)
{
	chip_init(c);
	for (size_t i = 0; i < n; i++)
		assert_true(chip_apply(c, all.record[i].type, all.record[i].value));
}

/* Takes the record of this many octets, in memory of its own so that reading behind it shows. */
static bool takes(const struct one *o, size_t n)
{
	static struct chip c;
	uint8_t *copy = malloc(n + 1);
	bool ok;

	memset(copy, 0, n + 1);
	memcpy(copy, o->value.p, n < o->value.n ? n : o->value.n);
	copy = realloc(copy, n > 0 ? n : 1);
	chip_before(&c, (size_t)(o - all.record));
	ok = chip_apply(&c, o->type, span_of(copy, n));
	chip_wipe(&c);
	free(copy);
	return ok;
}

/* Those whose last part is as long as it is. */
static bool is_open(uint8_t type)
{
	static const uint8_t open[] = { REC_IIN, REC_CIN, REC_IMAGE, REC_SLOT_DATA, REC_OBJECT,
		REC_APP, REC_ECKA, REC_LOAD_FILE, REC_IDENTITY, REC_CA };

	return memchr(open, type, sizeof(open)) != NULL;
}

/* Up to the part that is as long as it is; 0 where there is no other. */
static size_t fixed_part(const struct one *o, const struct chip *c)
{
	size_t n = o->value.n;

	if (o->type == REC_OBJECT)
		return n - 3;
	if (o->type == REC_APP)
		return n;
	if (o->type == REC_CA)
		return n - 4; /* without the one that is allowed */
	if (o->type != REC_IDENTITY)
		return 0;
	for (size_t i = 0; i < c->kos_n; i++)
		n -= 2u + c->kos[i].key.n;
	return n;
}

static void cut_records(void **state)
{
	struct rig r;
	size_t closed = 0;

	(void)state;
	rig_issue(&r, 16, 0x70);
	rig_on(&r);
	card_with_everything(&r);
	for (size_t i = 0; i < all.n; i++) {
		const struct one *o = &all.record[i];

		assert_true(takes(o, o->value.n));
		for (size_t n = 0; n < fixed_part(o, &r.v->chip); n++)
			assert_false(takes(o, n));
		if (is_open(o->type))
			continue;
		closed++;
		for (size_t n = 0; n < o->value.n; n++)
			/* A slot of an earlier program, see chip_settle. */
			if (takes(o, n) &&
			    (o->type != REC_SLOT || n != o->value.n - SLOT_KEYS_SIZE - 16))
				fail_msg("record %u of %zu octets is taken with %zu", o->type,
				    o->value.n, n);
		if (takes(o, o->value.n + 1))
			fail_msg("record %u is taken with an octet more", o->type);
	}
	assert_true(closed >= 12);
	wr_free(&all.octets);
	rig_off(&r);
}

static void types_that_are_none(void **state)
{
	static const uint8_t none[] = { 0, REC_SCP02 + 1, REC_PAGE + 5, REC_PRODUCT + 1, 0xFF };
	static struct chip c;

	(void)state;
	chip_init(&c);
	for (size_t i = 0; i < sizeof(none); i++)
		assert_false(chip_apply(&c, none[i], span_of(NULL, 0)));
	chip_wipe(&c);
}

/* A reference that no key has, where there are as many as there can be. */
static void full_lists(void **state)
{
	static const struct key_ref none = { 0x7E, 0x7E };
	struct rig r;

	(void)state;
	rig_issue(&r, 16, 0x70);
	rig_on(&r);
	r.v->chip.ca_n = VCARD_CA_MAX;
	r.v->chip.ecka_n = VCARD_ECKA_MAX;
	assert_null(chip_ca(r.v, none));
	assert_null(chip_ecka(r.v, none));
	r.v->chip.ca_n = r.v->chip.ecka_n = 0;
	rig_off(&r);
}

/* What the records of a card make is the card: its records are the same again. */
static void there_and_back(void **state)
{
	static struct chip c;
	struct wr again = wr_grow(1 << 20), first = wr_grow(1 << 20);
	struct rig r;

	(void)state;
	rig_issue(&r, 16, 0x70);
	rig_on(&r);
	card_with_everything(&r);
	chip_before(&c, all.n - CHANGES);
	assert_int_equal(c.content.receipts, 0x0102);
	assert_int_equal(c.content.restricted, 5);
	assert_int_equal(c.content.page, 0x0304);
	chip_snapshot(&first, &r.v->chip);
	chip_snapshot(&again, &c);
	assert_true(wr_ok(&first) && wr_ok(&again));
	assert_span(wr_span(&again), wr_span(&first));
	chip_wipe(&c);
	wr_free(&first);
	wr_free(&again);
	wr_free(&all.octets);
	rig_off(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cut_records),
		cmocka_unit_test(types_that_are_none),
		cmocka_unit_test(full_lists),
		cmocka_unit_test(there_and_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
