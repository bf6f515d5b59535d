/*
 * The claim of a container and the life of its parties behind it (containers.md 4, 5): what is
 * refused before anything is written, what a claim session takes, access sets, objects, rights.
 */
#include "container_rig.h"

#include "vcard/containers/containers.h"

enum { TIME = 1798800000 };

/* A grant of ACME's placed; *c is the claim of it. */
static void granted(struct rig *r, struct rig_claim *c, const struct grant_spec *s)
{
	static struct ec_private parties[4];
	static uint8_t grants[4][512];
	static size_t at;
	struct ec_private *party = &parties[at % 4];
	uint8_t *grant = grants[at++ % 4];
	struct span g = grant_of(s);

	*party = party_scalar(s->who);
	memcpy(grant, g.p, g.n);
	*c = (struct rig_claim){ .grant = span_of(grant, g.n),
		.party = party,
		.id = strcmp(s->who, "acme") == 0 ? "ACME" : "BANK",
		.agreement = s->agreement,
		.container = s->container };
	as_operator(r);
	assert_int_equal(place_grant(r, c->grant, TIME), SW_OK);
}

static const struct grant_spec acme = { .who = "acme", .rights = 0x0F };

static void test_present(void **state)
{
	struct grant_spec m = { .who = "acme", .rights = 3, .agreement = true }, never = acme;
	struct ec_private bank = party_scalar("bank");
	struct grant_spec elsewhere = { .who = "bank", .container = BOX2 };
	struct rig_claim c, wrong, there;
	struct wr before;
	struct rig r;

	(void)state;
	box_on(&r, 0x70);
	assert_int_equal(select_aid(&r, BOX), SW_OK);
	assert_int_equal(rig_hex(&r, "802A74010101"), SW_REFERENCE_NOT_FOUND); /* nothing placed */
	granted(&r, &c, &acme);
	before = card_file(&r);
	assert_int_equal(select_aid(&r, BOX), SW_OK);
	assert_int_equal(rig_hex(&r, "802A73010101"), SW_REFERENCE_NOT_FOUND);
	assert_int_equal(rig_hex(&r, "802A74020101"), SW_REFERENCE_NOT_FOUND);
	assert_int_equal(rig_hex(&r, "802A03100101"), SW_REFERENCE_NOT_FOUND);
	assert_int_equal(rig_hex(&r, "802A74810101"), SW_CERTIFICATE_NOT_ALLOWED);
	wrong = c;
	wrong.grant = grant_of(&never); /* signed, but never placed */
	assert_int_equal(rig_claim_open(&r, &wrong), SW_CERTIFICATE_NOT_ALLOWED);
	wrong = c;
	wrong.party = &bank; /* stolen */
	assert_int_equal(rig_claim_open(&r, &wrong), SW_CERTIFICATE_INVALID);
	wrong = c;
	wrong.id = "ACNE";
	assert_int_equal(rig_claim_open(&r, &wrong), SW_CERTIFICATE_INVALID);
	wrong = c;
	wrong.agreement = true; /* form S without a second */
	assert_int_equal(rig_claim_open(&r, &wrong), SW_WRONG_DATA);
	wrong = c;
	wrong.container = BOX2;
	assert_int_equal(rig_claim_open(&r, &wrong), SW_REFERENCE_NOT_FOUND);
	wrong.container = ISD;
	assert_int_equal(rig_claim_open(&r, &wrong), SW_REFERENCE_NOT_FOUND);
	assert_untouched(&r, &before);
	wr_free(&before);
	granted(&r, &there, &elsewhere); /* a grant for another container, presented there */
	wrong = c;
	wrong.container = BOX2;
	assert_int_equal(rig_claim_open(&r, &wrong), SW_CERTIFICATE_NOT_ALLOWED);
	assert_int_equal(rig_claim_open(&r, &there), SW_OK);
	granted(&r, &wrong, &m); /* over the unused one */
	assert_int_equal(rig_claim_open(&r, &c), SW_CERTIFICATE_NOT_ALLOWED);
	assert_int_equal(rig_claim_open(&r, &wrong), SW_OK);
	wrong.agreement = false; /* form M with a second */
	assert_int_equal(rig_claim_open(&r, &wrong), SW_WRONG_DATA);
	rig_off(&r);
}

static void test_agree(void **state)
{
	static const char *const refused[][2] = { { "8088011153", "" }, { "8082011353", "" },
		{ "8082011553", "" } };
	struct rig_claim c;
	struct rig r;
	struct card_ecka key;

	(void)state;
	box_on(&r, 0x70);
	granted(&r, &c, &acme);
	assert_int_equal(select_aid(&r, BOX), SW_OK);
	assert_int_equal(rig_hex(&r, "80820111020000"), SW_CONDITIONS); /* nobody was introduced */
	for (size_t i = 0; i < 3; i++) {
		char command[32];

		snprintf(command, sizeof(command), "%.8s020000", refused[i][0]);
		assert_int_equal(rig_hex(&r, command), SW_REFERENCE_NOT_FOUND);
	}
	c.usage = 0x34;
	assert_int_equal(rig_claim_open(&r, &c), SW_WRONG_DATA); /* without C-DEC */
	c.usage = 0;
	assert_int_equal(rig_claim_open(&r, &c), SW_OK);
	/* KID 11 made anew, or put */
	key = r.v->chip.ecka[0];
	as_operator(&r);
	assert_int_equal(say_hex(&r, INS_GENERATE_KEY, 0x0111, "01F00100"), SW_OK);
	assert_int_equal(r.v->chip.ecka[0].origin, ORIGIN_MADE);
	assert_int_equal(rig_claim_open(&r, &c), SW_REFERENCE_NOT_FOUND);
	key.origin = ORIGIN_PUT;
	chip_put_ecka(r.v, &key);
	assert_true(chip_commit(r.v));
	assert_int_equal(rig_claim_open(&r, &c), SW_REFERENCE_NOT_FOUND);
	rig_off(&r);
}

/* What is no set of three AES keys under one version of 30 to 3F, with the check values of them. */
static void put_what_is_no_set(struct rig *r, const struct key *dek)
{
	static const struct {
		const char *what;
		size_t n;
		uint8_t type, version;
		size_t key_n;
		uint16_t p1p2;
		bool kcv; /* one bit of the last check value is wrong */
		uint16_t sw;
	} cases[] = {
		{ "one key", 1, KEY_TYPE_AES, 0x30, 16, 0x0001, false, SW_WRONG_DATA },
		{ "one key as a set", 1, KEY_TYPE_AES, 0x30, 16, 0x0081, false, SW_WRONG_DATA },
		{ "two keys", 2, KEY_TYPE_AES, 0x30, 16, 0x0081, false, SW_WRONG_DATA },
		{ "triple DES", 3, KEY_TYPE_DES, 0x30, 16, 0x0081, false, SW_WRONG_DATA },
		{ "version 20", 3, KEY_TYPE_AES, 0x20, 16, 0x0081, false, SW_WRONG_DATA },
		{ "version 40", 3, KEY_TYPE_AES, 0x40, 16, 0x0081, false, SW_WRONG_DATA },
		{ "version 74", 3, KEY_TYPE_AES, 0x74, 16, 0x0081, false, SW_WRONG_DATA },
		{ "in the place of one", 3, KEY_TYPE_AES, 0x30, 16, 0x3081, false, SW_WRONG_DATA },
		{ "check value", 3, KEY_TYPE_AES, 0x30, 16, 0x0081, true, SW_SECURITY_STATUS },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct put_key put = { .version = cases[i].version, .n = cases[i].n };
		uint8_t room[256];
		struct wr w = wr_fixed(room, sizeof(room));
		uint16_t sw;

		for (size_t k = 0; k < cases[i].n; k++) {
			put.type[k] = cases[i].type;
			put.key[k].n = (uint8_t)cases[i].key_n;
			memset(put.key[k].b, (int)(0x10 + k), cases[i].key_n / 2);
			memset(put.key[k].b + 8, (int)(0x20 + k), cases[i].key_n / 2);
		}
		assert_true(put_key_put(&w, &put, dek));
		w.p[w.n - 1] ^= cases[i].kcv;
		sw = say(r, INS_PUT_KEY, cases[i].p1p2, wr_span(&w), NULL);
		if (sw != cases[i].sw)
			fail_msg("%s: %04X", cases[i].what, sw);
	}
}

/* Nothing but PUT KEY of a whole access set, and what a stranger may read. */
static void test_claim_session(void **state)
{
	static const struct {
		uint8_t ins;
		uint16_t p1p2;
		const char *data;
	} refused[] = {
		{ INS_GET_STATUS, 0x4002, "4F00" },
		{ INS_STORE_DATA, 0x9000, "DF0101AA" },
		{ INS_INSTALL, 0x0400, "00" },
		{ INS_LOAD, 0x8000, "00" },
		{ INS_DELETE, 0x0000, "4F05F000000000" },
		{ INS_SET_STATUS, 0x4080, BOX },
		{ INS_GENERATE_KEY, 0x0011, "01F00100" },
		{ INS_INITIALIZE_UPDATE, 0x3000, "0000000000000000" },
		{ INS_SELECT, 0x0400, BOX },
		{ INS_PERFORM_SECURITY_OPERATION, 0x7401, "01" },
		{ INS_MUTUAL_AUTHENTICATE, 0x0111, "00" },
		{ 0x5A, 0x0000, "00" },
		{ 0x11, 0x0000, "00" },
	};
	static const struct {
		uint16_t p1p2;
		const char *data;
		uint16_t sw;
	} keys[] = {
		{ 0x0001, "30881001010101010101010101010101010101010103000000", SW_WRONG_DATA },
		{ 0x3081, "30", SW_WRONG_DATA },
		{ 0x8081, "30", SW_WRONG_DATA },
		{ 0x0082, "30", SW_WRONG_DATA },
		{ 0x0081, "30", SW_WRONG_DATA },
	};
	struct rig_claim c;
	struct wr before;
	struct rig r;

	(void)state;
	box_on(&r, 0x70);
	granted(&r, &c, &acme);
	assert_int_equal(rig_claim_open(&r, &c), SW_OK);
	before = card_file(&r);
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		uint16_t sw = say_hex(&r, refused[i].ins, refused[i].p1p2, refused[i].data);

		if (sw != SW_CONDITIONS)
			fail_msg("%02X: %04X", refused[i].ins, sw);
	}
	assert_int_equal(say_hex(&r, INS_GET_DATA, TAG_CONTAINERS, ""), SW_SECURITY_STATUS);
	assert_int_equal(say_hex(&r, INS_GET_DATA, TAG_KEY_INFORMATION, ""), SW_SECURITY_STATUS);
	assert_int_equal(say_hex(&r, INS_GET_DATA, 0xDF01, ""), SW_REFERENCE_NOT_FOUND);
	assert_int_equal(say_hex(&r, INS_GET_DATA, TAG_RESOURCES, ""), SW_REFERENCE_NOT_FOUND);
	assert_int_equal(say_hex(&r, INS_GET_DATA, TAG_CARD_DATA, ""), SW_OK);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		assert_int_equal(say_hex(&r, INS_PUT_KEY, keys[i].p1p2, keys[i].data), keys[i].sw);
	put_what_is_no_set(&r, &c.dek);
	assert_untouched(&r, &before);
	assert_int_equal(box(&r, BOX)->stage, STAGE_GRANTED);
	wr_free(&before);
	assert_int_equal(put_access(&r, 0, 0x3F, 1, &c.dek), SW_OK);
	assert_int_equal(box(&r, BOX)->stage, STAGE_CLAIMED);
	assert_int_equal(say_hex(&r, INS_GET_DATA, TAG_CONTAINERS, ""), SW_OK);
	assert_lasting(&r);
	assert_int_equal(rig_claim_open(&r, &c), SW_REFERENCE_NOT_FOUND); /* spent */
	rig_off(&r);
}

/* Two claims on two channels: the second finds its session gone. */
static void test_two_claims(void **state)
{
	struct rig_claim c, d;
	struct scp first;
	struct rig r;

	(void)state;
	box_on(&r, 0x70);
	granted(&r, &c, &acme);
	d = c;
	assert_int_equal(rig_claim_open(&r, &c), SW_OK);
	first = r.host;
	memset(&r.host, 0, sizeof(r.host));
	assert_int_equal(rig_hex(&r, "0070000100"), SW_OK);
	r.channel = 1;
	assert_int_equal(rig_claim_open(&r, &d), SW_OK);
	assert_int_equal(put_access(&r, 0, 0x31, 2, &d.dek), SW_OK);
	scp_wipe(&r.host);
	r.host = first;
	r.channel = 0;
	assert_int_equal(r.v->channel[0].session, CHANNEL_IDLE);
	/* what the first one says now is not protected by anything the card knows */
	assert_int_equal(put_access(&r, 0, 0x32, 3, &c.dek), SW_SECURITY_STATUS);
	assert_int_equal(box(&r, BOX)->party_n, 1);
	assert_int_equal(box(&r, BOX)->party[0].set[0], 0x31);
	rig_off(&r);
}

/* In the ISD a grant is no certificate, not even where its issuer is a CA of those that open it. */
static void test_isd(void **state)
{
	struct grant_spec s = { .who = "acme", .rights = 3 },
			  m = { .who = "acme", .agreement = true };
	struct card_ca ca = { .ref = { KID_CA_KLOC, 0x03 }, .key = party_point("operator") };
	struct card_public stored = { .ref = { KID_STORED_OCE, 0x01 } };
	struct ec_private acme_key = party_scalar("acme"), bank = party_scalar("bank");
	struct ec_public point = party_point("acme");
	struct rig_claim c = {
		.party = &acme_key, .id = "ACME", .agreement = true, .container = ISD
	};
	struct rig r;

	(void)state;
	box_on(&r, 0x70);
	chip_put_ca(r.v, &ca);
	assert_true(chip_commit(r.v));
	assert_int_equal(select_aid(&r, ISD), SW_OK);
	assert_int_equal(present(&r, grant_of(&s), 0x03, 0x90), SW_CERTIFICATE_INVALID);
	assert_int_equal(present(&r, grant_of(&m), 0x03, 0x10), SW_CERTIFICATE_INVALID);
	assert_int_equal(present(&r, grant_of(&m), 0x74, 0x01), SW_REFERENCE_NOT_FOUND);
	/* whose key is stored needs no certificate; without it, or with another key, it is no use
	 */
	assert_int_equal(rig_claim_open(&r, &c), SW_CONDITIONS);
	assert_int_equal(scp11_i_first(scp11_i_of(&r.v->chip)) & SCP11_I_STORED, 0);
	assert_true(authority_ec(&stored.key, EC_P256, ec_public_span(&point)));
	chip_put_public(r.v, &stored);
	assert_true(chip_commit(r.v));
	assert_int_equal(scp11_i_first(scp11_i_of(&r.v->chip)) & SCP11_I_STORED, SCP11_I_STORED);
	assert_int_equal(rig_claim_open(&r, &c), SW_OK);
	assert_true(c.receipt_ok);
	assert_int_equal(say_hex(&r, INS_GET_DATA, TAG_CONTAINERS, ""), SW_OK);
	c.party = &bank;
	assert_int_equal(rig_claim_open(&r, &c), SW_OK);
	assert_false(c.receipt_ok);
	as_operator(&r);
	assert_int_equal(say_hex(&r, INS_DELETE, 0x0000, "D00112D20101"), SW_OK);
	assert_int_equal(rig_claim_open(&r, &c), SW_CONDITIONS);
	rig_off(&r);
}

/* ---- a party ---- */

static void test_access_sets(void **state)
{
	struct aid aid = aid_of(BOX);
	struct rig r;

	(void)state;
	box_on(&r, 0x70);
	become_party(&r, &acme, 0x30);
	assert_int_equal(as_party(&r, BOX, 0x30, 0x30), SW_OK);
	assert_int_equal(put_access(&r, 0, 0x2F, 1, &r.keys.dek), SW_WRONG_DATA);
	assert_int_equal(put_access(&r, 0x31, 0x32, 1, &r.keys.dek), SW_REFERENCE_NOT_FOUND);
	assert_int_equal(say_hex(&r, INS_DELETE, 0x0000, "D20130"), SW_CONDITIONS); /* its last */
	assert_int_equal(put_access(&r, 0, 0x31, 0x31, &r.keys.dek), SW_OK);
	assert_int_equal(put_access(&r, 0, 0x32, 1, &r.keys.dek), SW_NO_MEMORY);
	assert_int_equal(say_hex(&r, INS_DELETE, 0x0000, "D20130"), SW_CONDITIONS); /* in use */
	assert_int_equal(say_hex(&r, INS_DELETE, 0x0000, "D20132"), SW_REFERENCE_NOT_FOUND);
	assert_int_equal(say_hex(&r, INS_DELETE, 0x0000, "D00101"), SW_WRONG_DATA);
	assert_int_equal(as_party(&r, BOX, 0x31, 0x31), SW_OK);
	assert_int_equal(say_hex(&r, INS_DELETE, 0x0000, "D20130"), SW_OK);
	assert_int_equal(chip_keys_count(r.v, &aid), 1);
	assert_int_equal(as_party(&r, BOX, 0x30, 0x30), SW_REFERENCE_NOT_FOUND);
	/* replacing goes on in the same session */
	assert_int_equal(as_party(&r, BOX, 0x31, 0x31), SW_OK);
	assert_int_equal(put_access(&r, 0x31, 0x33, 0x33, &r.keys.dek), SW_OK);
	assert_int_equal(object_put(&r, 1, unit_bytes("AA")), SW_OK);
	assert_int_equal(as_party(&r, BOX, 0x31, 0x31), SW_REFERENCE_NOT_FOUND);
	assert_int_equal(as_party(&r, BOX, 0x33, 0x33), SW_OK);
	assert_int_equal(box(&r, BOX)->party[0].set_n, 1);
	assert_lasting(&r);
	rig_off(&r);
}

static void test_objects(void **state)
{
	uint8_t large[4097] = { 1 };
	struct rig r;

	(void)state;
	box_on(&r, 0x70);
	become_party(&r, &acme, 0x30);
	assert_int_equal(object_put(&r, 0x7F, span_of(large, 4096)), SW_OK);
	assert_int_equal(object_get_is(&r, 0x7F, span_of(large, 4096)), SW_OK);
	assert_int_equal(object_put(&r, 0x7E, span_of(large, 4097)), SW_NO_MEMORY);
	assert_int_equal(object_put(&r, 1, span_of(NULL, 0)), SW_REFERENCE_NOT_FOUND);
	/* several together, or none of them */
	assert_int_equal(say_hex(&r, INS_STORE_DATA, 0x9000, "DF0101AADF0201BB"), SW_OK);
	assert_int_equal(
	    say_hex(&r, INS_STORE_DATA, 0x9000, "DF0100DF0300"), SW_REFERENCE_NOT_FOUND);
	assert_int_equal(object_get_is(&r, 1, unit_bytes("AA")), SW_OK);
	assert_int_equal(say_hex(&r, INS_STORE_DATA, 0x9000, "DF0101CCDF0101DD"), SW_WRONG_DATA);
	assert_int_equal(say_hex(&r, INS_STORE_DATA, 0x9000, "DF8001"), SW_WRONG_DATA);
	assert_int_equal(say_hex(&r, INS_STORE_DATA, 0x9000, "DF0001AA"), SW_WRONG_DATA);
	assert_int_equal(say_hex(&r, INS_STORE_DATA, 0x9000, "6600"), SW_WRONG_DATA);
	assert_int_equal(say_hex(&r, INS_STORE_DATA, 0x8800, "00700000"), SW_WRONG_P1P2);
	assert_int_equal(object_get_is(&r, 1, unit_bytes("AA")), SW_OK);
	/* the quota: 20000 - 128 - 4106 - 2 * 11 are left */
	for (uint8_t i = 3; i < 6; i++)
		assert_int_equal(object_put(&r, i, span_of(large, 4096)), SW_OK);
	assert_int_equal(object_put(&r, 6, span_of(large, 3417)), SW_NO_MEMORY);
	assert_int_equal(object_put(&r, 6, span_of(large, 3416)), SW_OK);
	assert_int_equal(object_put(&r, 7, unit_bytes("AA")), SW_NO_MEMORY);
	assert_int_equal(object_put(&r, 6, span_of(NULL, 0)), SW_OK);
	for (uint8_t i = 6; i < 32; i++)
		assert_int_equal(object_put(&r, i, unit_bytes("AA")), SW_OK);
	assert_int_equal(object_put(&r, 32, unit_bytes("AA")), SW_NO_MEMORY); /* the 33rd */
	/* its own names, which it alone is told */
	assert_int_equal(say_hex(&r, INS_STORE_DATA, 0x9000, "420142450143"), SW_OK);
	assert_int_equal(say_hex(&r, INS_GET_DATA, TAG_CIN, ""), SW_OK);
	assert_lasting(&r);
	assert_int_equal(select_aid(&r, BOX), SW_OK);
	assert_int_equal(rig_hex(&r, "80CA004500"), SW_SECURITY_STATUS);
	rig_off(&r);
}

static void test_rights(void **state)
{
	struct grant_spec g = { .who = "acme" };
	struct rig r;

	(void)state;
	for (uint8_t rights = 0; rights < 8; rights++) {
		box_on(&r, 0x70);
		g.rights = rights;
		become_party(&r, &g, 0x30);
		assert_int_equal(as_party(&r, BOX, 0x30, 0x30), SW_OK);
		assert_int_equal(object_put(&r, 1, unit_bytes("AA")),
		    (rights & RIGHT_WRITE) != 0 ? SW_OK : SW_SECURITY_STATUS);
		assert_int_equal(object_get_is(&r, 1, unit_bytes("AA")),
		    (rights & RIGHT_READ) == 0    ? SW_SECURITY_STATUS
		    : (rights & RIGHT_WRITE) != 0 ? SW_OK
						  : SW_REFERENCE_NOT_FOUND);
		assert_int_equal(delete_aid(&r, PACKAGE, 0),
		    (rights & RIGHT_CONTENT) != 0 ? SW_REFERENCE_NOT_FOUND : SW_SECURITY_STATUS);
		assert_int_equal(load_start(&r, PACKAGE, "", span_of(NULL, 0)),
		    (rights & RIGHT_CONTENT) != 0 ? SW_OK : SW_SECURITY_STATUS);
		assert_int_equal(say_hex(&r, INS_SET_STATUS, 0x4080, PACKAGE),
		    (rights & RIGHT_CONTENT) != 0 ? SW_REFERENCE_NOT_FOUND : SW_SECURITY_STATUS);
		assert_int_equal(say_hex(&r, INS_GET_DATA, TAG_CONTAINERS, ""), SW_OK);
		rig_off(&r);
	}
}

/* What went over the wire once is good for nothing again. */
static void test_replay(void **state)
{
	const struct grant_spec plain = { .who = "acme", .rights = 7 };
	static uint8_t wire[300];
	size_t wire_n;
	struct rig_claim c;
	struct wr before;
	struct rig r;

	(void)state;
	box_on(&r, 0x70);
	granted(&r, &c, &plain);
	as_operator(&r);
	/* an order, wrapped: taken once */
	{
		struct container_order o = { .kind = ORDER_REVOKE, .container = unit_bytes(BOX) };
		uint8_t room[100];
		struct wr data = wr_fixed(room, sizeof(room)), w = wr_fixed(wire, sizeof(wire));
		struct capdu cmd = { .cla = 0x80, .ins = INS_STORE_DATA, .p1 = 0x90, .le = 256 };

		container_order_put(&data, &o);
		cmd.data = wr_span(&data);
		assert_true(scp_seal_command(&r.host, &cmd, &w));
		wire_n = w.n;
	}
	assert_int_equal(rig_raw(&r, span_of(wire, wire_n)), SW_OK);
	assert_null(box(&r, BOX));
	granted(&r, &c, &plain);
	before = card_file(&r);
	assert_int_equal(rig_raw(&r, span_of(wire, wire_n)), SW_SECURITY_STATUS);
	assert_untouched(&r, &before);
	wr_free(&before);
	/* the grant, spent */
	assert_int_equal(rig_claim_open(&r, &c), SW_OK);
	assert_int_equal(put_access(&r, 0, 0x30, 0x30, &c.dek), SW_OK);
	as_operator(&r);
	before = card_file(&r);
	assert_int_equal(place_grant(&r, c.grant, 0), SW_CERTIFICATE_NOT_ALLOWED);
	assert_untouched(&r, &before);
	wr_free(&before);
	assert_int_equal(rig_claim_open(&r, &c), SW_REFERENCE_NOT_FOUND);
	rig_off(&r);
}

/* The command that was recorded last, as it went over the wire. */
static struct span heard(const struct wr *record, uint8_t room[static 300])
{
	const char *text = (const char *)record->p, *line = NULL;
	char hex[600] = "";
	struct span s;

	for (const char *p = text; p < text + record->n; p = strchr(p, '\n') + 1)
		if (*p == '>')
			line = p + 2;
	assert_non_null(line);
	memcpy(hex, line, strcspn(line, "\n"));
	s = unit_bytes(hex);
	memcpy(room, s.p, s.n);
	return span_of(room, s.n);
}

/* PUT KEY of a claim and of a key change, once more: at once, without a session, in the next claim,
 * in a session of the party. The party's keys of today stay. */
static void test_put_key_again(void **state)
{
	uint8_t room[2][300];
	struct span claimed, changed;
	struct wr record = wr_grow(1 << 16), before;
	struct rig_claim c;
	struct rig r;

	(void)state;
	box_on(&r, 0x70);
	granted(&r, &c, &acme);
	assert_int_equal(rig_claim_open(&r, &c), SW_OK);
	r.record = &record;
	assert_int_equal(put_access(&r, 0, 0x30, 0x30, &c.dek), SW_OK);
	claimed = heard(&record, room[0]);
	before = card_file(&r);
	assert_int_equal(rig_raw(&r, claimed), SW_SECURITY_STATUS);
	assert_int_equal(rig_raw(&r, claimed), SW_SECURITY_STATUS); /* and no session any more */
	assert_untouched(&r, &before);
	wr_free(&before);
	assert_int_equal(as_party(&r, BOX, 0x30, 0x30), SW_OK);
	assert_int_equal(put_access(&r, 0x30, 0x30, 0x40, &r.keys.dek), SW_OK);
	changed = heard(&record, room[1]);
	assert_int_equal(as_party(&r, BOX, 0x30, 0x40), SW_OK);
	assert_int_equal(put_access(&r, 0x30, 0x30, 0x50, &r.keys.dek), SW_OK);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(as_party(&r, BOX, 0x30, 0x50), SW_OK);
		before = card_file(&r);
		assert_int_equal(rig_raw(&r, i == 0 ? claimed : changed), SW_SECURITY_STATUS);
		assert_untouched(&r, &before);
		wr_free(&before);
	}
	/* the next claim, after the party was put out */
	as_operator(&r);
	assert_int_equal(revoke_party(&r, BOX, "ACME", false), SW_OK);
	granted(&r, &c, &acme);
	assert_int_equal(rig_claim_open(&r, &c), SW_OK);
	before = card_file(&r);
	assert_int_equal(rig_raw(&r, claimed), SW_SECURITY_STATUS);
	assert_untouched(&r, &before);
	wr_free(&before);
	assert_int_equal(box(&r, BOX)->stage, STAGE_GRANTED);
	wr_free(&record);
	r.record = NULL;
	rig_off(&r);
}

/* The counter of receipts rises with each place by the issuer, by one. */
static void test_receipts(void **state)
{
	struct card_keys k = { .version = KVN_PLACE_RECEIPT, .type = KEY_TYPE_AES, .tries = 10 };
	struct grant_spec b = { .who = "bank", .rights = 1 };
	struct container_order o = { .kind = ORDER_PLACE };
	struct span answer;
	struct placed p;
	struct rig r;

	(void)state;
	box_on(&r, 0x70);
	assert_true(key_from(&k.keys.enc, unit_bytes("000102030405060708090A0B0C0D0E0F")));
	chip_put_keys(r.v, &k);
	assert_true(chip_commit(r.v));
	as_operator(&r);
	for (uint16_t n = 1; n < 4; n++) {
		struct grant g;

		o.grant.whole = grant_of(&acme);
		assert_int_equal(order_put(&r, &o, &answer), SW_OK);
		assert_true(placed_get(answer, &p));
		assert_true(p.has_receipt && placed_proven(&p, &k.keys.enc));
		assert_int_equal(p.counter, n);
		assert_true(grant_get(o.grant.whole, &g) && placed_is_of(&p, &g));
	}
	/* none for a party's */
	become_party(&r, &acme, 0x30);
	assert_int_equal(as_party(&r, BOX, 0x30, 0x30), SW_OK);
	o.grant.whole = grant_of(&b);
	assert_int_equal(order_put(&r, &o, &answer), SW_OK);
	assert_true(placed_get(answer, &p));
	assert_false(p.has_receipt);
	assert_int_equal(r.v->chip.content.receipts, 4);
	rig_off(&r);
}

/* Nobody without keys locks a party out for longer than until the next power-up. */
static void test_tries(void **state)
{
	struct wr before;
	struct rig r;

	(void)state;
	box_on(&r, 0x70);
	become_party(&r, &acme, 0x30);
	for (int i = 0; i < 10; i++) {
		assert_int_equal(select_aid(&r, BOX), SW_OK);
		r.keys.enc.b[0] ^= 1;
		assert_int_equal(rig_initialize(&r, 0x30), 1);
		before = card_file(&r);
		assert_int_not_equal(rig_authenticate(&r, 0x33), SW_OK);
		assert_untouched(&r, &before);
		wr_free(&before);
	}
	assert_int_equal(as_party(&r, BOX, 0x30, 0x30), SW_AUTH_BLOCKED);
	rig_cycle(&r);
	assert_int_equal(as_party(&r, BOX, 0x30, 0x30), SW_OK);
	assert_int_equal(object_put(&r, 1, unit_bytes("AA")), SW_OK);
	/* without C-MAC it is nobody's session */
	assert_int_equal(as_party_at(&r, BOX, 0x30, 0x30, 0x00), SW_OK);
	assert_int_equal(rig_hex(&r, "80CADF0100"), SW_REFERENCE_NOT_FOUND);
	assert_int_equal(rig_hex(&r, "80CAFF7300"), SW_SECURITY_STATUS);
	assert_int_equal(as_party_at(&r, BOX, 0x30, 0x30, 0x13), SW_OK);
	assert_int_equal(
	    say_hex(&r, INS_GET_DATA, TAG_CONTAINERS, ""), SW_SECURITY_STATUS); /* level 13 */
	assert_int_equal(select_aid(&r, ISD), SW_OK);
	r.keys = r.issue.keys;
	rig_session(&r, 0x30, 0x13);
	assert_int_equal(say_hex(&r, INS_GET_DATA, TAG_CONTAINERS, ""), SW_SECURITY_STATUS);
	rig_off(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_present),
		cmocka_unit_test(test_agree),
		cmocka_unit_test(test_claim_session),
		cmocka_unit_test(test_two_claims),
		cmocka_unit_test(test_isd),
		cmocka_unit_test(test_access_sets),
		cmocka_unit_test(test_objects),
		cmocka_unit_test(test_rights),
		cmocka_unit_test(test_replay),
		cmocka_unit_test(test_put_key_again),
		cmocka_unit_test(test_receipts),
		cmocka_unit_test(test_tries),
	};

	return cmocka_run_group_tests(tests, party_open_vectors, party_close_vectors);
}
