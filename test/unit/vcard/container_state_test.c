/*
 * States of a container (containers.md 7): who gets in, who goes, what stays; that each write is
 * whole or absent; and what the limits are.
 */
#include "container_rig.h"

#include "tlv/tlv.h"
#include "vcard/containers/containers.h"
#include "vcard/content/manage.h"
#include "vcard/core/record.h"

enum { TIME = 1798800000, SHARED = 0x13 };

#define INNER "F0000000A203010C01"
#define INNER_APP "F0000000A203010C0101"

static const struct package_of inner = { INNER, { INNER_APP }, { NULL }, 1, 0, 0, 0 };
static const struct grant_spec acme = { .who = "acme", .rights = 0x0F };

/* A grant, kept; and the claim of it. */
struct kept {
	uint8_t octets[512];
	struct ec_private party;
	struct rig_claim c;
};

static void make(struct kept *k, const struct grant_spec *s)
{
	struct span g = grant_of(s);

	memcpy(k->octets, g.p, g.n);
	k->party = s->key != NULL ? *s->key : party_scalar(s->who);
	k->c = (struct rig_claim){ .grant = span_of(k->octets, g.n),
		.party = &k->party,
		.id = s->id,
		.container = s->container };
}

static uint16_t operator_places(struct rig *r, const struct kept *k)
{
	as_operator(r);
	return place_grant(r, k->c.grant, TIME);
}

static uint16_t claim_with(struct rig *r, struct kept *k, uint8_t version)
{
	uint16_t sw = rig_claim_open(r, &k->c);

	return sw == SW_OK ? put_access(r, 0, version, version, &k->c.dek) : sw;
}

static uint16_t party_says(struct rig *r, uint8_t version)
{
	return as_party(r, BOX, version, version);
}

/* ---- who gets in ---- */

static void test_shared(void **state)
{
	struct grant_spec a = { .who = "acme", .id = "ACME", .rights = SHARED };
	struct grant_spec b = { .who = "bank", .id = "BANK", .rights = SHARED };
	struct grant_spec c = { .id = "THIRD", .rights = SHARED },
			  d = { .id = "FOURTH", .rights = 3 };
	struct ec_private third, fourth;
	struct kept ka, kb, kc, kd;
	struct rig r;

	(void)state;
	assert_true(ec_generate(EC_P256, &third) && ec_generate(EC_P256, &fourth));
	c.key = &third;
	d.key = &fourth;
	for (int order = 0; order < 2; order++) {
		box_on(&r, 0x70);
		make(&ka, &a);
		make(&kb, &b);
		assert_int_equal(operator_places(&r, &ka), SW_OK);
		assert_int_equal(operator_places(&r, &kb), SW_OK);
		assert_int_equal(box(&r, BOX)->grant_n, 2);
		assert_int_equal(claim_with(&r, order == 0 ? &ka : &kb, 0x30), SW_OK);
		assert_int_equal(claim_with(&r, order == 0 ? &kb : &ka, 0x30), SW_WRONG_DATA);
		assert_int_equal(claim_with(&r, order == 0 ? &kb : &ka, 0x31), SW_OK);
		assert_int_equal(box(&r, BOX)->party_n, 2);
		/* the operator lets in another, as all had agreed; not one that does not agree */
		make(&kd, &d);
		assert_int_equal(operator_places(&r, &kd), SW_CONDITIONS);
		make(&kc, &c);
		assert_int_equal(operator_places(&r, &kc), SW_OK);
		assert_int_equal(claim_with(&r, &kc, 0x32), SW_OK);
		assert_lasting(&r);
		rig_off(&r);
	}
}

static void test_unshared(void **state)
{
	struct grant_spec a = { .who = "acme", .id = "ACME", .rights = 3 };
	struct grant_spec b = { .who = "bank", .id = "BANK", .rights = SHARED };
	struct kept ka, kb;
	struct rig r;

	(void)state;
	box_on(&r, 0x70);
	make(&ka, &a);
	make(&kb, &b);
	assert_int_equal(operator_places(&r, &ka), SW_OK);
	assert_int_equal(operator_places(&r, &kb), SW_OK);
	assert_int_equal(box(&r, BOX)->grant_n, 1);
	assert_int_equal(claim_with(&r, &ka, 0x30), SW_CERTIFICATE_NOT_ALLOWED);
	make(&ka, &a);
	assert_int_equal(operator_places(&r, &ka), SW_OK);
	assert_int_equal(claim_with(&r, &ka, 0x30), SW_OK);
	/* from now on it is the owner's */
	make(&kb, &b);
	assert_int_equal(operator_places(&r, &kb), SW_CONDITIONS);
	make(&ka, &a);
	assert_int_equal(operator_places(&r, &ka), SW_CONDITIONS);
	rig_off(&r);
}

static void test_four(void **state)
{
	struct grant_spec g = { .rights = SHARED };
	struct ec_private keys[6], fifth;
	struct kept k[6];
	char ids[6][3];
	struct rig r;

	(void)state;
	box_on(&r, 0x70);
	assert_true(ec_generate(EC_P256, &fifth));
	for (int i = 0; i < 6; i++) {
		assert_true(ec_generate(EC_P256, &keys[i]));
		snprintf(ids[i], sizeof(ids[i]), "P%d", i);
		g.id = ids[i];
		g.key = &keys[i];
		make(&k[i], &g);
		assert_int_equal(operator_places(&r, &k[i]), i < 4 ? SW_OK : SW_CONDITIONS);
	}
	/* the same id with another key replaces the unused one */
	g.id = "P0";
	g.key = &keys[5];
	make(&k[4], &g);
	assert_int_equal(operator_places(&r, &k[4]), SW_OK);
	assert_int_equal(box(&r, BOX)->grant_n, 4);
	for (int i = 1; i < 5; i++)
		assert_int_equal(claim_with(&r, &k[i], (uint8_t)(0x30 + i)), SW_OK);
	assert_int_equal(box(&r, BOX)->party_n, 4);
	make(&k[4], &g); /* claimed */
	assert_int_equal(operator_places(&r, &k[4]), SW_CONDITIONS);
	g.id = "OTHER"; /* the same key */
	make(&k[4], &g);
	assert_int_equal(operator_places(&r, &k[4]), SW_CONDITIONS);
	g.key = &fifth; /* one that nobody here has: the fifth party */
	make(&k[4], &g);
	assert_int_equal(operator_places(&r, &k[4]), SW_CONDITIONS);
	as_operator(&r);
	assert_int_equal(revoke_party(&r, BOX, "P2", false), SW_OK);
	make(&k[4], &g);
	assert_int_equal(operator_places(&r, &k[4]), SW_OK);
	assert_int_equal(claim_with(&r, &k[4], 0x32), SW_OK);
	/* two sets for each of four: there is room */
	for (uint8_t i = 1; i < 5; i++) {
		assert_int_equal(party_says(&r, (uint8_t)(0x30 + i)), SW_OK);
		assert_int_equal(put_access(&r, 0, (uint8_t)(0x38 + i), 1, &r.keys.dek), SW_OK);
	}
	assert_lasting(&r);
	rig_off(&r);
}

/* Spent, taken back, never placed: while another grant waits none of them is the one that was
 * placed; when none waits, no reference leads anywhere. */
static void test_spent_and_revoked(void **state)
{
	struct grant_spec a = { .who = "acme", .id = "ACME", .rights = SHARED };
	struct grant_spec b = { .who = "bank", .id = "BANK", .rights = SHARED };
	struct grant_spec c = { .id = "THIRD", .rights = SHARED };
	struct ec_private third;
	struct kept dead[3], waits;
	struct wr before;
	struct rig r;

	(void)state;
	assert_true(ec_generate(EC_P256, &third));
	c.key = &third;
	box_on(&r, 0x70);
	make(&dead[0], &a);
	make(&dead[1], &b);
	make(&waits, &c);
	make(&dead[2], &a); /* never placed */
	assert_int_equal(operator_places(&r, &dead[0]), SW_OK);
	assert_int_equal(operator_places(&r, &dead[1]), SW_OK);
	assert_int_equal(operator_places(&r, &waits), SW_OK);
	assert_int_equal(claim_with(&r, &dead[0], 0x30), SW_OK);
	as_operator(&r);
	assert_int_equal(revoke_party(&r, BOX, "BANK", false), SW_OK);
	before = card_file(&r);
	for (int i = 0; i < 3; i++)
		assert_int_equal(rig_claim_open(&r, &dead[i].c), SW_CERTIFICATE_NOT_ALLOWED);
	assert_untouched(&r, &before);
	wr_free(&before);
	assert_int_equal(claim_with(&r, &waits, 0x32), SW_OK);
	before = card_file(&r);
	for (int i = 0; i < 3; i++)
		assert_int_equal(rig_claim_open(&r, &dead[i].c), SW_REFERENCE_NOT_FOUND);
	assert_int_equal(rig_claim_open(&r, &waits.c), SW_REFERENCE_NOT_FOUND);
	assert_untouched(&r, &before);
	wr_free(&before);
	rig_off(&r);
}

/* The owner admits BANK; BANK cannot admit, expel, or touch the owner's keys. */
static void test_admit(void **state)
{
	struct grant_spec b = { .who = "bank", .id = "BANK", .rights = 3 };
	struct grant_spec with_08 = { .who = "bank", .id = "BANK", .rights = 0x0B };
	struct grant_spec elsewhere = {
		.who = "bank", .id = "BANK", .rights = 0x0B, .container = BOX2
	};
	struct grant_spec third = { .id = "THIRD", .rights = 3 };
	struct ec_private key;
	struct kept k;
	struct wr before;
	struct rig r;

	(void)state;
	assert_true(ec_generate(EC_P256, &key));
	third.key = &key;
	box_on(&r, 0x70);
	{
		struct grant_spec other = { .who = "acme", .rights = 3, .container = BOX2 };

		become_party(&r, &other, 0x3A);
	}
	become_party(&r, &acme, 0x30);
	assert_int_equal(party_says(&r, 0x30), SW_OK);
	before = card_file(&r);
	make(&k, &b);
	assert_int_equal(place_grant(&r, k.c.grant, TIME), SW_WRONG_DATA); /* a party's T */
	make(&k, &with_08);
	assert_int_equal(place_grant(&r, k.c.grant, 0), SW_WRONG_DATA);
	/* another's container is as good as none, whatever its state */
	make(&k, &elsewhere);
	assert_int_equal(place_grant(&r, k.c.grant, 0), SW_NOT_FOUND);
	assert_untouched(&r, &before);
	wr_free(&before);
	make(&k, &b);
	assert_int_equal(place_grant(&r, k.c.grant, 0), SW_OK);
	assert_int_equal(claim_with(&r, &k, 0x31), SW_OK);
	/* both work, each with its own set */
	assert_int_equal(object_put(&r, 2, unit_bytes("BB")), SW_OK);
	assert_int_equal(party_says(&r, 0x30), SW_OK);
	assert_int_equal(object_get_is(&r, 2, unit_bytes("BB")), SW_OK);
	assert_int_equal(party_says(&r, 0x31), SW_OK);
	make(&k, &third);
	assert_int_equal(place_grant(&r, k.c.grant, 0), SW_SECURITY_STATUS);
	assert_int_equal(revoke_party(&r, BOX, "ACME", false), SW_SECURITY_STATUS);
	assert_int_equal(revoke_party(&r, BOX, NULL, false), SW_SECURITY_STATUS);
	assert_int_equal(revoke_party(&r, BOX2, "ACME", false), SW_NOT_FOUND);
	assert_int_equal(say_hex(&r, INS_DELETE, 0x0000, "D20130"), SW_REFERENCE_NOT_FOUND);
	assert_int_equal(put_access(&r, 0x30, 0x30, 9, &r.keys.dek), SW_REFERENCE_NOT_FOUND);
	assert_int_equal(put_access(&r, 0, 0x30, 9, &r.keys.dek), SW_WRONG_DATA);
	/* FF73: its own alone */
	assert_null(memmem(state_get(&r).p, state_get(&r).n, "ACME", 4));
	assert_int_equal(party_says(&r, 0x30), SW_OK);
	assert_non_null(memmem(state_get(&r).p, state_get(&r).n, "BANK", 4));
	rig_off(&r);
}

/* ---- who goes ---- */

/* ACME owns it, with an object, a package and an application; BANK was admitted. */
static void household(struct rig *r)
{
	struct grant_spec b = { .who = "bank", .id = "BANK", .rights = 3 };
	struct kept k;

	box_on(r, 0x70);
	become_party(r, &acme, 0x30);
	assert_int_equal(party_says(r, 0x30), SW_OK);
	assert_int_equal(object_put(r, 1, unit_bytes("AA")), SW_OK);
	assert_int_equal(load_package(r, &inner, ""), SW_OK);
	assert_int_equal(install_applet(r, INNER, INNER_APP, INNER_APP, "00"), SW_OK);
	make(&k, &b);
	assert_int_equal(place_grant(r, k.c.grant, 0), SW_OK);
	assert_int_equal(claim_with(r, &k, 0x31), SW_OK);
}

/* What a session that was open on a channel says now. */
static void assert_out(struct rig *r, uint8_t channel, struct scp *session)
{
	struct scp keep = r->host;
	uint8_t now = r->channel;

	r->host = *session;
	r->channel = channel;
	assert_int_equal(say_hex(r, INS_GET_DATA, TAG_CONTAINERS, ""), SW_SECURITY_STATUS);
	scp_wipe(&r->host);
	memset(session, 0, sizeof(*session));
	r->host = keep;
	r->channel = now;
}

static void test_later_goes(void **state)
{
	struct scp party;
	struct aid aid = aid_of(BOX);
	struct rig r;

	(void)state;
	for (int how = 0; how < 3; how++) {
		household(&r);
		assert_int_equal(rig_hex(&r, "0070000100"), SW_OK);
		r.channel = 1;
		assert_int_equal(party_says(&r, 0x31), SW_OK);
		party = r.host;
		memset(&r.host, 0, sizeof(r.host));
		r.channel = 0;
		if (how == 0)
			as_operator(&r);
		else
			assert_int_equal(party_says(&r, how == 1 ? 0x30 : 0x31), SW_OK);
		assert_int_equal(revoke_party(&r, BOX, "BANK", how == 0), SW_OK);
		assert_int_equal(r.v->channel[1].session, CHANNEL_IDLE);
		assert_int_equal(r.v->channel[0].session == CHANNEL_IDLE, how == 2);
		assert_int_equal(box(&r, BOX)->stage, STAGE_CLAIMED);
		assert_int_equal(chip_keys_count(r.v, &aid), 1);
		assert_out(&r, 1, &party);
		assert_int_equal(party_says(&r, 0x31), SW_REFERENCE_NOT_FOUND);
		assert_int_equal(party_says(&r, 0x30), SW_OK);
		assert_int_equal(object_get_is(&r, 1, unit_bytes("AA")), SW_OK);
		assert_int_equal(revoke_party(&r, BOX, "BANK", false), SW_REFERENCE_NOT_FOUND);
		assert_lasting(&r);
		rig_off(&r);
	}
}

static void test_erase(void **state)
{
	struct aid aid = aid_of(BOX), app = aid_of(INNER_APP), package = aid_of(INNER);
	struct scp owner, later;
	struct span object;
	struct rig r;

	(void)state;
	for (int how = 0; how < 2; how++) {
		household(&r);
		/* both have sessions on channels of their own */
		assert_int_equal(rig_hex(&r, "0070000100"), SW_OK);
		assert_int_equal(rig_hex(&r, "0070000200"), SW_OK);
		r.channel = 1;
		assert_int_equal(party_says(&r, 0x30), SW_OK);
		owner = r.host;
		memset(&r.host, 0, sizeof(r.host));
		r.channel = 2;
		assert_int_equal(party_says(&r, 0x31), SW_OK);
		later = r.host;
		memset(&r.host, 0, sizeof(r.host));
		r.channel = 0;
		if (how == 0)
			as_operator(&r);
		else
			assert_int_equal(party_says(&r, 0x30), SW_OK);
		assert_int_equal(revoke_party(&r, BOX, "ACME", false), SW_OK);
		assert_out(&r, 1, &owner);
		assert_out(&r, 2, &later);
		assert_null(box(&r, BOX));
		assert_int_equal(chip_keys_count(r.v, &aid), 0);
		assert_false(chip_object(r.v, &aid, 0xDF01, &object));
		assert_null(chip_app(r.v, &app));
		assert_null(chip_load_file(r.v, &package));
		assert_int_equal(chip_app(r.v, &aid)->state, DOMAIN_PERSONALIZED);
		assert_int_equal(party_says(&r, 0x30), 1); /* the ISD's keys open it again */
		assert_lasting(&r);
		become_party(&r, &acme, 0x33); /* and somebody else comes */
		rig_off(&r);
	}
}

static void test_keep(void **state)
{
	struct grant_spec b = { .who = "bank", .id = "ACME", .rights = 3 };
	struct grant_spec again = { .who = "acme", .id = "ACME2", .rights = 0x0F };
	struct kept k;
	struct aid aid = aid_of(BOX);
	struct rig r;

	(void)state;
	household(&r);
	as_operator(&r);
	assert_int_equal(revoke_party(&r, BOX, "ACME", true), SW_OK);
	assert_int_equal(box(&r, BOX)->stage, STAGE_SEALED);
	assert_int_equal(chip_keys_count(r.v, &aid), 0);
	assert_null(memmem(state_get(&r).p, state_get(&r).n, "ACME", 4));
	assert_int_equal(revoke_party(&r, BOX, "ACME", true), SW_REFERENCE_NOT_FOUND);
	assert_int_equal(revoke_party(&r, BOX, NULL, false), SW_REFERENCE_NOT_FOUND);
	assert_int_equal(select_aid(&r, INNER_APP), SW_NOT_FOUND);
	make(&k, &b); /* for another key */
	assert_int_equal(operator_places(&r, &k), SW_CONDITIONS);
	make(&k, &again);
	assert_int_equal(operator_places(&r, &k), SW_OK);
	assert_int_equal(box(&r, BOX)->grant_n, 1);
	assert_int_equal(revoke_party(&r, BOX, NULL, false), SW_OK);
	assert_int_equal(box(&r, BOX)->stage, STAGE_SEALED);
	make(&k, &again);
	assert_int_equal(operator_places(&r, &k), SW_OK);
	assert_int_equal(claim_with(&r, &k, 0x35), SW_OK);
	assert_int_equal(object_get_is(&r, 1, unit_bytes("AA")), SW_OK);
	assert_int_equal(select_aid(&r, INNER_APP), SW_OK);
	assert_int_equal(box(&r, BOX)->party_n, 1);
	/* sealed again, erased under the name of who left */
	as_operator(&r);
	assert_int_equal(revoke_party(&r, BOX, "ACME2", true), SW_OK);
	assert_int_equal(revoke_party(&r, BOX, "ACME2", false), SW_OK);
	assert_null(box(&r, BOX));
	assert_lasting(&r);
	rig_off(&r);
}

static void test_unused(void **state)
{
	struct kept k;
	struct rig r;

	(void)state;
	for (int how = 0; how < 3; how++) {
		box_on(&r, 0x70);
		make(&k, &acme);
		k.c.id = "ACME";
		assert_int_equal(operator_places(&r, &k), SW_OK);
		assert_int_equal(rig_hex(&r, "0070000100"), SW_OK);
		r.channel = 1;
		assert_int_equal(rig_claim_open(&r, &k.c), SW_OK);
		r.channel = 0;
		as_operator(&r);
		assert_int_equal(how == 2 ? delete_aid(&r, BOX, DELETE_RELATED)
					  : revoke_party(&r, BOX, how == 0 ? NULL : "ACME", how),
		    SW_OK);
		assert_null(box(&r, BOX));
		assert_int_equal(r.v->channel[1].session, CHANNEL_IDLE);
		assert_int_equal(
		    rig_claim_open(&r, &k.c), how == 2 ? SW_NOT_FOUND : SW_REFERENCE_NOT_FOUND);
		as_operator(&r);
		assert_int_equal(revoke_party(&r, BOX, NULL, false), SW_NOT_FOUND);
		rig_off(&r);
	}
}

static void test_delete_in_every_state(void **state)
{
	struct kept k;
	struct aid aid = aid_of(BOX);
	struct rig r;

	(void)state;
	for (int stage = STAGE_GRANTED; stage <= STAGE_SEALED; stage++) {
		if (stage == STAGE_GRANTED) {
			box_on(&r, 0x70);
			make(&k, &acme);
			assert_int_equal(operator_places(&r, &k), SW_OK);
		} else {
			household(&r);
		}
		as_operator(&r);
		if (stage == STAGE_SEALED)
			assert_int_equal(revoke_party(&r, BOX, "ACME", true), SW_OK);
		assert_int_equal(box(&r, BOX)->stage, stage);
		assert_int_equal(delete_aid(&r, BOX, DELETE_OBJECT), SW_CONDITIONS);
		assert_int_equal(delete_aid(&r, BOX, DELETE_RELATED), SW_OK);
		assert_null(box(&r, BOX));
		assert_null(chip_app(r.v, &aid));
		assert_int_equal(r.v->chip.containers.issuer_n, 1);
		assert_lasting(&r);
		rig_off(&r);
	}
}

/* A grant that was taken back after PSO opens nothing else, with the card's key that the ISD has.
 */
static void test_no_deputy(void **state)
{
	struct kept k;
	struct rig r;

	(void)state;
	box_on(&r, 0x70);
	make(&k, &acme);
	k.c.id = "ACME";
	k.c.usage = 0x34; /* PSO is through, MUTUAL AUTHENTICATE is refused */
	assert_int_equal(operator_places(&r, &k), SW_OK);
	assert_int_equal(rig_claim_open(&r, &k.c), SW_WRONG_DATA);
	assert_false(r.v->channel[0].oce.has_grant);
	assert_int_equal(select_aid(&r, ISD), SW_OK);
	assert_int_equal(rig_hex(&r, "802A03100101"), SW_REFERENCE_NOT_FOUND);
	assert_int_equal(rig_hex(&r, "802A74010101"), SW_REFERENCE_NOT_FOUND);
	rig_off(&r);
}

/* ---- before and after ---- */

/* LOAD, STORE DATA and an authentication that were begun in time are too late. */
static void test_begun_before(void **state)
{
	struct aid aid = aid_of(BOX);
	struct card_app a;
	struct wr data = wr_grow(1 << 16), file = wr_grow(1 << 16);
	struct scp before, operating;
	struct kept k;
	struct rig r;

	(void)state;
	package_put(&data, &inner);
	load_file_head_put(&file, NULL, 0, data.n, false, NULL);
	wr_put(&file, wr_span(&data));
	for (int what = 0; what < 3; what++) {
		box_on(&r, 0x70);
		a = *chip_app(r.v, &aid);
		a.state = DOMAIN_PERSONALIZED;
		chip_put_app(r.v, &a);
		assert_true(chip_commit(r.v));
		as_operator(&r);
		operating = r.host;
		memset(&r.host, 0, sizeof(r.host));
		assert_int_equal(rig_hex(&r, "0070000100"), SW_OK);
		r.channel = 1;
		if (what == 2) {
			assert_int_equal(select_aid(&r, BOX), SW_OK);
			r.keys = r.issue.keys;
			assert_int_equal(rig_initialize(&r, 0x30), SW_OK);
		} else {
			as_operator(&r);
		}
		if (what == 0)
			assert_int_equal(load_start(&r, INNER, BOX, span_of(NULL, 0)), SW_OK);
		if (what == 1) {
			assert_int_equal(
			    say_hex(&r, INS_INSTALL, 0x2000, "000010" BOX "000000"), SW_OK);
			assert_int_equal(say_hex(&r, INS_STORE_DATA, 0x1000, "4201"), SW_OK);
		}
		before = r.host;
		r.host = operating;
		r.channel = 0;
		make(&k, &acme);
		assert_int_equal(place_grant(&r, k.c.grant, TIME), SW_OK);
		scp_wipe(&r.host);
		r.host = before;
		r.channel = 1;
		if (what == 0)
			assert_int_equal(load_blocks_put(&r, wr_span(&file), 239), SW_CONDITIONS);
		if (what == 1)
			assert_int_equal(say_hex(&r, INS_STORE_DATA, 0x9001, "42"), SW_CONDITIONS);
		if (what == 2)
			assert_int_equal(rig_authenticate(&r, 0x33), SW_CONDITIONS);
		rig_off(&r);
	}
	wr_free(&data);
	wr_free(&file);
}

/* What was put under KVN 74 is for grants only, and stays after `close`. */
static void test_close(void **state)
{
	struct container_order close = { .kind = ORDER_CLOSE };
	struct ec_public point = party_point("bank");
	struct put_key put = { .n = 1, .version = 0x74, .type = { KEY_TYPE_EC_PUBLIC } };
	struct authority_key token;
	uint8_t room[128];
	struct wr w = wr_fixed(room, sizeof(room));
	struct rig r;

	(void)state;
	box_on(&r, 0x70);
	assert_false(verifying_key(r.v, &r.v->chip.isd, KVN_TOKEN, &token));
	as_operator(&r);
	assert_true(authority_ec(&put.asymmetric, EC_P256, ec_public_span(&point)));
	assert_true(put_key_put(&w, &put, &r.keys.dek));
	assert_int_equal(say(&r, INS_PUT_KEY, 0x0005, wr_span(&w), NULL), SW_WRONG_DATA);
	assert_int_equal(say(&r, INS_PUT_KEY, 0x0003, wr_span(&w), NULL), SW_OK);
	assert_int_equal(order_put(&r, &close, NULL), SW_OK);
	assert_int_equal(say(&r, INS_PUT_KEY, 0x0004, wr_span(&w), NULL), SW_CONDITIONS);
	assert_int_equal(say(&r, INS_PUT_KEY, 0x7403, wr_span(&w), NULL), SW_CONDITIONS);
	assert_int_equal(say_hex(&r, INS_DELETE, 0x0000, "D00101D20174"), SW_CONDITIONS);
	assert_int_equal(say_hex(&r, INS_DELETE, 0x0000, "D20174"), SW_CONDITIONS);
	assert_int_equal(say_hex(&r, INS_DELETE, 0x0000, "D00103"), SW_CONDITIONS);
	assert_int_equal(r.v->chip.publics_n, 3);
	assert_lasting(&r);
	rig_off(&r);
}

/* ---- power ---- */

static struct kept power_grant;

static uint16_t do_place(struct rig *r)
{
	return operator_places(r, &power_grant);
}

static uint16_t do_claim(struct rig *r)
{
	return claim_with(r, &power_grant, 0x30);
}

static uint16_t do_admit(struct rig *r)
{
	uint16_t sw = party_says(r, 0x30);

	return sw == SW_OK ? place_grant(r, power_grant.c.grant, 0) : sw;
}

static uint16_t do_revoke(struct rig *r)
{
	as_operator(r);
	return revoke_party(r, BOX, "ACME", false);
}

static uint16_t do_seal(struct rig *r)
{
	as_operator(r);
	return revoke_party(r, BOX, "ACME", true);
}

static uint16_t do_take_back(struct rig *r)
{
	as_operator(r);
	return revoke_party(r, BOX, NULL, false);
}

static uint16_t do_raise(struct rig *r)
{
	struct container_order raise = { .kind = ORDER_RAISE, .serial = UINT64_C(1) << 50 };
	struct ec_public point = party_point("operator");
	uint8_t name[PARTY_NAME];

	as_operator(r);
	assert_true(party_key_name(&point, name));
	raise.issuer = SPAN(name);
	return order_put(r, &raise, NULL);
}

static uint16_t do_close(struct rig *r)
{
	as_operator(r);
	return order_put(r, &(struct container_order){ .kind = ORDER_CLOSE }, NULL);
}

static uint16_t do_leave(struct rig *r)
{
	uint16_t sw = party_says(r, 0x30);

	return sw == SW_OK ? revoke_party(r, BOX, "ACME", false) : sw;
}

static uint16_t do_leave_sealed(struct rig *r)
{
	uint16_t sw = party_says(r, 0x30);

	return sw == SW_OK ? revoke_party(r, BOX, "ACME", true) : sw;
}

static uint16_t do_later_leaves(struct rig *r)
{
	uint16_t sw = party_says(r, 0x31);

	return sw == SW_OK ? revoke_party(r, BOX, "BANK", false) : sw;
}

static uint16_t do_package(struct rig *r)
{
	static const struct package_of more = { "F0000000A203010C02", { "F0000000A203010C0201" },
		{ NULL }, 1, 0, 0, 0 };
	uint16_t sw = party_says(r, 0x30);

	return sw == SW_OK ? load_package(r, &more, "") : sw;
}

static uint16_t do_expel(struct rig *r)
{
	uint16_t sw = party_says(r, 0x30);

	return sw == SW_OK ? revoke_party(r, BOX, "BANK", false) : sw;
}

static uint16_t do_object(struct rig *r)
{
	uint16_t sw = party_says(r, 0x30);

	return sw == SW_OK ? say_hex(r, INS_STORE_DATA, 0x9000, "DF0100DF0201BBDF0301CC") : sw;
}

static uint16_t do_access(struct rig *r)
{
	uint16_t sw = party_says(r, 0x30);

	return sw == SW_OK ? put_access(r, 0, 0x3E, 5, &r->keys.dek) : sw;
}

static uint16_t do_instance(struct rig *r)
{
	uint16_t sw = party_says(r, 0x30);

	return sw == SW_OK ? install_applet(r, INNER, INNER_APP, "F1F1F1F1F1", "00") : sw;
}

static uint16_t do_drop(struct rig *r)
{
	as_operator(r);
	return delete_aid(r, BOX, DELETE_RELATED);
}

static void with_grant(struct rig *r)
{
	box_on(r, 0x70);
	make(&power_grant, &acme);
	power_grant.c.id = "ACME";
}

static void with_placed(struct rig *r)
{
	with_grant(r);
	assert_int_equal(do_place(r), SW_OK);
}

static void with_owner(struct rig *r)
{
	static const struct grant_spec b = { .who = "bank", .id = "BANK", .rights = 3 };

	box_on(r, 0x70);
	become_party(r, &acme, 0x30);
	make(&power_grant, &b);
}

static void with_sealed(struct rig *r)
{
	household(r);
	assert_int_equal(do_seal(r), SW_OK);
}

/* ACME left, and may come back. */
static void with_returning(struct rig *r)
{
	static const struct grant_spec again = { .who = "acme", .id = "ACME", .rights = 0x0F };

	with_sealed(r);
	make(&power_grant, &again);
}

static void with_return(struct rig *r)
{
	with_returning(r);
	assert_int_equal(do_place(r), SW_OK);
}

static const struct {
	const char *what;
	void (*before)(struct rig *r);
	uint16_t (*run)(struct rig *r);
	uint32_t session; /* writes of opening the session: its sequence counter */
	uint16_t again;   /* the answer when it was done already */
} steps[] = {
	{ "place", with_grant, do_place, 1, SW_CERTIFICATE_NOT_ALLOWED },
	{ "place for who returns", with_returning, do_place, 1, SW_CERTIFICATE_NOT_ALLOWED },
	{ "claim", with_placed, do_claim, 0, SW_REFERENCE_NOT_FOUND },
	{ "claim of who returns", with_return, do_claim, 0, SW_REFERENCE_NOT_FOUND },
	{ "admit", with_owner, do_admit, 1, SW_CERTIFICATE_NOT_ALLOWED },
	{ "take back", with_placed, do_take_back, 1, SW_NOT_FOUND },
	{ "take back what was sealed", with_return, do_take_back, 1, SW_REFERENCE_NOT_FOUND },
	{ "revoke", household, do_revoke, 1, SW_NOT_FOUND },
	{ "seal", household, do_seal, 1, SW_REFERENCE_NOT_FOUND },
	{ "erase what was sealed", with_sealed, do_revoke, 1, SW_NOT_FOUND },
	{ "expel", household, do_expel, 1, SW_REFERENCE_NOT_FOUND },
	{ "leave", household, do_leave, 1, 1 },
	{ "leave sealed", household, do_leave_sealed, 1, SW_REFERENCE_NOT_FOUND },
	{ "the later one leaves", household, do_later_leaves, 1, SW_REFERENCE_NOT_FOUND },
	{ "raise", with_placed, do_raise, 1, SW_CONDITIONS },
	{ "close", with_placed, do_close, 1, SW_OK },
	{ "objects", household, do_object, 1, SW_REFERENCE_NOT_FOUND },
	{ "access set", household, do_access, 1, SW_NO_MEMORY },
	{ "load", household, do_package, 1, SW_CONDITIONS },
	{ "install", household, do_instance, 1, SW_CONDITIONS },
	{ "delete", household, do_drop, 1, SW_REFERENCE_NOT_FOUND },
};

/* One write each, and cut anywhere in it: nothing has happened, and the same again does it. */
static void test_power_cuts(void **state)
{
	static const size_t keep[] = { 0, 1, 13, 40, 1u << 20 };

	(void)state;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		for (size_t n = 0; n < sizeof(keep) / sizeof(keep[0]); n++) {
			struct wr before, after;
			uint32_t writes;
			struct rig r;

			steps[i].before(&r);
			before = memory_of(&r);
			nvm_cut(r.v->nvm, steps[i].session + 1, keep[n]);
			assert_int_equal(steps[i].run(&r), 0); /* no answer */
			rig_cycle(&r);
			after = memory_of(&r);
			if (!span_eq(wr_span(&before), wr_span(&after)))
				fail_msg("%s, cut after %zu octets", steps[i].what, keep[n]);
			writes = r.v->writes;
			assert_int_equal(steps[i].run(&r), SW_OK);
			assert_int_equal(r.v->writes, writes + steps[i].session + 1);
			assert_lasting(&r);
			wr_free(&before);
			wr_free(&after);
			rig_off(&r);
		}
	}
}

/* Done, and the answer was lost: it stays done behind the next power-up, and the same again changes
 * nothing any more. */
static void test_lost_answers(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		struct wr before, after;
		uint16_t sw;
		struct rig r;

		steps[i].before(&r);
		assert_int_equal(steps[i].run(&r), SW_OK);
		rig_cycle(&r);
		assert_lasting(&r);
		before = memory_of(&r);
		sw = steps[i].run(&r);
		if (sw != steps[i].again)
			fail_msg("%s, again: %04X", steps[i].what, sw);
		after = memory_of(&r);
		if (!span_eq(wr_span(&before), wr_span(&after)))
			fail_msg("%s, again: it did something", steps[i].what);
		wr_free(&before);
		wr_free(&after);
		rig_off(&r);
	}
}

/* ---- memory ---- */

static void test_reserve(void **state)
{
	struct grant_spec g = { .who = "acme", .rights = 7, .container = BOX2 };
	struct package_of large = inner;
	uint8_t kilobyte[1000] = { 1 };
	uint32_t left;
	struct rig r;

	(void)state;
	box_on(&r, 0x70);
	become_party(&r, &g, 0x30);
	left = content_free(r.v);
	/* the first 30000 octets cost the card nothing */
	assert_int_equal(as_party(&r, BOX2, 0x30, 0x30), SW_OK);
	for (uint8_t i = 1; i < 20; i++)
		assert_int_equal(object_put(&r, i, SPAN(kilobyte)), SW_OK);
	assert_int_equal(content_free(r.v), left);
	large.method = 20000;
	assert_int_equal(load_package(&r, &large, ""), SW_OK);
	assert_true(content_free(r.v) < left && content_free(r.v) > left - 12000);
	large.aid = "F0000000A203010C02";
	large.applets[0] = "F0000000A203010C0201";
	assert_int_equal(load_package(&r, &large, ""), SW_NO_MEMORY); /* the quota */
	rig_off(&r);
}

/* What FF73 tells the party of its container: octets that are used, of how many objects. */
static uint32_t used(struct rig *r)
{
	struct containers all;
	struct container c;
	struct rd rd;

	assert_true(containers_get(state_get(r), &all));
	rd = rd_of(all.containers);
	assert_true(container_next(&rd, &c));
	return c.used;
}

/* Over the quota by an object, by several together, by a load file, by an instance: refused, the
 * memory is what it was, and what fits is still taken. */
static void test_over_quota(void **state)
{
	struct grant_spec g = { .who = "acme", .rights = 7 };
	struct package_of more = inner;
	uint8_t large[4096] = { 1 };
	struct wr before;
	uint32_t was;
	struct rig r;

	(void)state;
	box_on(&r, 0x70);
	become_party(&r, &g, 0x30);
	assert_int_equal(party_says(&r, 0x30), SW_OK);
	more.method = 20000;
	more.aid = "F0000000A203010C02";
	more.applets[0] = "F0000000A203010C0201";
	assert_int_equal(load_package(&r, &inner, ""), SW_OK);
	assert_int_equal(object_put(&r, 1, unit_bytes("AA")), SW_OK);
	was = used(&r);
	before = card_file(&r);
	/* a load file */
	assert_int_equal(load_package(&r, &more, ""), SW_NO_MEMORY);
	assert_untouched(&r, &before);
	assert_int_equal(used(&r), was);
	wr_free(&before);
	/* objects, when there is little left */
	more.method = 17000;
	assert_int_equal(load_package(&r, &more, ""), SW_OK);
	was = used(&r);
	before = card_file(&r);
	assert_int_equal(object_put(&r, 2, SPAN(large)), SW_NO_MEMORY);
	assert_int_equal(object_put(&r, 1, SPAN(large)), SW_NO_MEMORY); /* in the place of one */
	assert_untouched(&r, &before);
	wr_free(&before);
	assert_int_equal(object_get_is(&r, 1, unit_bytes("AA")), SW_OK);
	assert_int_equal(object_get_is(&r, 2, unit_bytes("AA")), SW_REFERENCE_NOT_FOUND);
	assert_int_equal(used(&r), was);
	/* an instance, when there is next to nothing */
	assert_int_equal(object_put(&r, 2, span_of(large, 20000 - was - 10 - 20)), SW_OK);
	was = used(&r);
	assert_int_equal(was, 20000 - 20);
	before = card_file(&r);
	assert_int_equal(install_applet(&r, INNER, INNER_APP, INNER_APP, "00"), SW_NO_MEMORY);
	assert_untouched(&r, &before);
	wr_free(&before);
	assert_false(status_of(&r, 0x40, INNER_APP, &(struct status_entry){ 0 }));
	assert_int_equal(used(&r), was);
	assert_int_equal(object_put(&r, 2, span_of(NULL, 0)), SW_OK);
	assert_int_equal(install_applet(&r, INNER, INNER_APP, INNER_APP, "00"), SW_OK);
	assert_lasting(&r);
	rig_off(&r);
}

/* Over the quota by an instance; and a domain for which more is asked than there is. */
static void test_quota(void **state)
{
	struct grant_spec g = { .who = "acme", .rights = 7 };
	struct package_of p = inner;
	struct wr before;
	struct rig r;

	(void)state;
	box_on(&r, 0x70);
	become_party(&r, &g, 0x30);
	assert_int_equal(party_says(&r, 0x30), SW_OK);
	p.method = 19500;
	assert_int_equal(load_package(&r, &p, ""), SW_OK);
	before = card_file(&r);
	for (int i = 0; i < 2; i++)
		assert_int_equal(install_applet(&r, INNER, INNER_APP, INNER_APP, "00"),
		    i == 0 ? SW_OK : SW_CONDITIONS);
	wr_free(&before);
	before = card_file(&r);
	assert_int_equal(install_applet(&r, INNER, INNER_APP, "F1F1F1F1F1", "00"), SW_NO_MEMORY);
	assert_untouched(&r, &before);
	wr_free(&before);
	as_operator(&r);
	before = card_file(&r);
	assert_int_equal(say_hex(&r, INS_INSTALL, 0x0C00,
			     "07" DOMAIN_PACKAGE "08" DOMAIN_MODULE "08" DOMAIN
			     "0180 0AC900EF06D80400800000 00"),
	    SW_NO_MEMORY);
	assert_untouched(&r, &before);
	wr_free(&before);
	rig_off(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shared),
		cmocka_unit_test(test_unshared),
		cmocka_unit_test(test_four),
		cmocka_unit_test(test_spent_and_revoked),
		cmocka_unit_test(test_admit),
		cmocka_unit_test(test_later_goes),
		cmocka_unit_test(test_erase),
		cmocka_unit_test(test_keep),
		cmocka_unit_test(test_unused),
		cmocka_unit_test(test_delete_in_every_state),
		cmocka_unit_test(test_no_deputy),
		cmocka_unit_test(test_begun_before),
		cmocka_unit_test(test_close),
		cmocka_unit_test(test_power_cuts),
		cmocka_unit_test(test_lost_answers),
		cmocka_unit_test(test_reserve),
		cmocka_unit_test(test_over_quota),
		cmocka_unit_test(test_quota),
	};

	return cmocka_run_group_tests(tests, party_open_vectors, party_close_vectors);
}
