/* Virtual cards that are like products: what each answers, and the file system of the UICC (ETSI
 * TS 102 221, commands worked by hand from its tables). */
#include "content_rig.h"

#include "gp/card_data.h"
#include "gp/selection.h"
#include "tlv/tlv.h"

static void product_on(struct rig *r, enum vcard_product product)
{
	rig_issue(r, 16, 0x70);
	r->issue.product = product;
	memcpy(r->issue.iccid, "\x98\x99\x09\x10\x00\x00\x00\x00\x10\xF2", ICCID_SIZE);
	memcpy(r->issue.imsi, "\x08\x09\x10\x10\x00\x00\x00\x00\x10", IMSI_SIZE);
	rig_on(r);
}

static void names(void **state)
{
	enum vcard_product p;

	(void)state;
	for (int i = 0; i < PRODUCTS; i++) {
		assert_true(product_from(product_str((enum vcard_product)i), &p));
		assert_int_equal(p, i);
	}
	assert_false(product_from("none", &p));
	assert_string_equal(product_str(PRODUCTS), "unknown");
}

static void answers_to_reset(void **state)
{
	static const char *const atrs[] = { "3B87016361726461646DFA",
		"3BFA1800008131FE4546534A434F503453494480",
		"3B8F018031E073FE211357636172646164"
		"6D4B",
		"3BFD1300008131FE158073C021C057597562694B657940" };
	struct rig r;

	(void)state;
	for (int i = 0; i < PRODUCTS; i++) {
		struct span atr;
		uint8_t check = 0;

		product_on(&r, (enum vcard_product)i);
		atr = vcard_atr(r.v);
		assert_span(atr, unit_bytes(atrs[i]));
		for (size_t k = 1; k < atr.n; k++)
			check ^= atr.p[k];
		assert_int_equal(check, 0); /* ISO 7816-3 8.2.5 */
		assert_lasting(&r);
		assert_span(vcard_atr(r.v), unit_bytes(atrs[i]));
		rig_off(&r);
	}
}

/* Answers to SELECT; those of JCOP and YubiKey as recorded from cards. */
static void selections(void **state)
{
	static const char *const answers[] = { "6F108408A000000151000000A5049F6501FF",
		"6F108408A000000151000000A5049F6501FF", NULL,
		"6F178408A000000151000000A50B730906072A864886FC6B01" };
	struct span inner, part;
	uint8_t challenge[8];
	struct fci f;
	struct rig r;

	(void)state;
	for (int i = 0; i < PRODUCTS; i++) {
		product_on(&r, (enum vcard_product)i);
		assert_int_equal(rig_hex(&r, "00A4040000"), SW_OK);
		if (answers[i] != NULL)
			assert_span(rig_answer(&r), unit_bytes(answers[i]));
		rig_off(&r);
	}
	product_on(&r, PRODUCT_UICC);
	assert_int_equal(rig_hex(&r, "00A4040000"), SW_OK);
	fci_get(rig_answer(&r), &f);
	assert_span(aid_span(&f.aid), unit_bytes(ISD));
	assert_int_equal(f.max_data, 255);
	assert_int_equal(f.production_n, 6);
	assert_true(tlv_find(rig_answer(&r), 0x6F, &inner) && tlv_find(inner, 0xA5, &part) &&
		    tlv_find(part, 0x73, &inner));
	assert_true(span_starts(inner, unit_bytes("06072A864886FC6B01")));
	/* where SIM tools look for the issuer domain, and with their P2 */
	assert_int_equal(rig_hex(&r, "00A4040408A000000003000000"), SW_OK);
	fci_get(rig_answer(&r), &f);
	assert_span(aid_span(&f.aid), unit_bytes("A000000003000000"));
	content_session(&r);
	assert_true(scp03_card_challenge(
	    &r.keys.enc, r.u.sequence, unit_bytes("A000000003000000"), 8, challenge));
	assert_span(span_of(r.u.card_challenge, 8), SPAN(challenge));
	assert_int_equal(say_hex(&r, INS_GET_STATUS, 0x8002, "4F00"), SW_OK);
	rig_off(&r);
	product_on(&r, PRODUCT_JCOP4);
	assert_int_equal(rig_hex(&r, "00A4040408A000000151000000"), SW_WRONG_P1P2);
	assert_int_equal(rig_hex(&r, "00A4040008A000000003000000"), SW_NOT_FOUND);
	rig_off(&r);
}

/* Ordinary cards: no broadcast, whatever else. */
static void without_broadcast(void **state)
{
	struct rig r;

	(void)state;
	for (int i = PRODUCT_JCOP4; i < PRODUCTS; i++) {
		product_on(&r, (enum vcard_product)i);
		assert_int_equal(rig_hex(&r, "80CAFF7000"), SW_REFERENCE_NOT_FOUND);
		rig_session(&r, 0x30, 0x33);
		assert_int_equal(
		    rig_secure(&r, 0x80, INS_CHANGE_MODE, 0, (struct span){ NULL, 0 }, NULL),
		    SW_INS_NOT_SUPPORTED);
		assert_int_equal(
		    rig_secure(&r, 0x80, INS_WRITE_STAGE, 0, (struct span){ NULL, 0 }, NULL),
		    SW_INS_NOT_SUPPORTED);
		rig_off(&r);
	}
}

static void habits_of_jcop(void **state)
{
	struct span data;
	struct card_data d;
	struct rig r;

	(void)state;
	rig_issue(&r, 16, 0x70);
	r.issue.product = PRODUCT_JCOP4;
	r.issue.key_version = FACTORY_VERSION;
	rig_on(&r);
	data = rig_get(&r, TAG_CARD_DATA);
	assert_int_equal(data.n, 2 + 0x4D);
	assert_true(card_data_get(data, &d));
	assert_int_equal(d.scp_n, 1);
	assert_int_equal(d.scp[0].i, 0x70);
	assert_int_equal(rig_initialize(&r, FACTORY_VERSION), SW_WRONG_P1P2);
	rig_session(&r, 0x00, 0x01);
	assert_int_equal(r.u.key_version, FACTORY_VERSION);
	assert_int_equal(say(&r, INS_GET_STATUS, 0x8002, unit_bytes("4F00"), &data), SW_OK);
	assert_span(data, unit_bytes("E3114F08A0000001510000009F70010FC5019E"));
	assert_int_equal(install_domain(&r, DOMAIN, "80"), SW_OK);
	assert_int_equal(delete_aid(&r, DOMAIN, DELETE_RELATED), SW_WRONG_P1P2);
	assert_int_equal(delete_aid(&r, DOMAIN, DELETE_OBJECT), SW_OK);
	assert_int_equal(say_hex(&r, INS_DELETE, 0, "D00101D20131"), SW_WRONG_DATA);
	assert_int_equal(say_hex(&r, INS_DELETE, 0, "D20131"), SW_REFERENCE_NOT_FOUND);
	/* no C-MAC is asked for, but a session is */
	rig_session(&r, 0x00, 0x00);
	assert_int_equal(
	    rig_send(&r, 0x80, INS_DELETE, 0, unit_bytes("D20131")), SW_REFERENCE_NOT_FOUND);
	assert_int_equal(rig_hex(&r, "00A4040000"), SW_OK);
	assert_int_equal(
	    rig_send(&r, 0x80, INS_DELETE, 0, unit_bytes("D20131")), SW_SECURITY_STATUS);
	rig_off(&r);
}

static void habits_of_yubikey(void **state)
{
	static const uint8_t levels[] = { 0x00, 0x01, 0x03, 0x11, 0x13 };
	struct rig r;

	(void)state;
	product_on(&r, PRODUCT_YUBIKEY);
	for (size_t i = 0; i < sizeof(levels); i++) {
		assert_int_equal(rig_initialize(&r, 0x30), SW_OK);
		assert_int_equal(rig_authenticate(&r, levels[i]), SW_WRONG_P1P2);
	}
	rig_session(&r, 0x30, 0x33);
	rig_off(&r);
}

/* Keys that the card makes itself: KVN | F0 01 curve, answered B0 and the point. */
static void yubikey_makes_keys(void **state)
{
	const struct card_ecka *k;
	struct ec_public pub;
	struct span answer;
	struct rig r;

	(void)state;
	product_on(&r, PRODUCT_YUBIKEY);
	rig_session(&r, 0x30, 0x33);
	assert_int_equal(
	    rig_secure(&r, 0x80, INS_GENERATE_KEY, 0x0013, unit_bytes("01F00100"), &answer), SW_OK);
	k = chip_ecka(r.v, (struct key_ref){ 0x13, 0x01 });
	assert_non_null(k);
	assert_true(ec_public_of(&k->key, &pub));
	assert_span(span_sub(answer, 0, 2), unit_bytes("B041"));
	assert_span(span_sub(answer, 2, 65), ec_public_span(&pub));
	/* is there, is not there, another curve, no such use, no such curve, malformed */
	assert_int_equal(say_hex(&r, INS_GENERATE_KEY, 0x0013, "01F00100"), SW_WRONG_DATA);
	assert_int_equal(say_hex(&r, INS_GENERATE_KEY, 0x0213, "03F00100"), SW_REFERENCE_NOT_FOUND);
	assert_int_equal(say_hex(&r, INS_GENERATE_KEY, 0x0113, "02F00101"), SW_WRONG_DATA);
	assert_int_equal(say_hex(&r, INS_GENERATE_KEY, 0x0001, "01F00100"), SW_WRONG_DATA);
	assert_int_equal(say_hex(&r, INS_GENERATE_KEY, 0x0011, "01F00107"), SW_WRONG_DATA);
	assert_int_equal(say_hex(&r, INS_GENERATE_KEY, 0x0011, "80F00100"), SW_WRONG_DATA);
	assert_int_equal(say_hex(&r, INS_GENERATE_KEY, 0x0011, "01F0010000"), SW_WRONG_DATA);
	assert_int_equal(say_hex(&r, INS_GENERATE_KEY, 0x0113, "02F00100"), SW_OK);
	assert_lasting(&r);
	assert_int_equal(r.v->chip.ecka_n, 1);
	assert_int_equal(rig_hex(&r, "80F1001304"
				     "01F0010000"),
	    SW_SECURITY_STATUS);
	rig_session(&r, 0x30, 0x33);
	assert_int_equal(say_hex(&r, INS_INSTALL, 0x2000, "0000"), SW_INS_NOT_SUPPORTED);
	assert_int_equal(say_hex(&r, INS_LOAD, 0x8000, "C400"), SW_INS_NOT_SUPPORTED);
	rig_off(&r);
	/* cards of cardadm do, too, and others do not */
	product_on(&r, PRODUCT_PLAIN);
	content_session(&r);
	assert_int_equal(say_hex(&r, INS_GENERATE_KEY, 0x0013, "01F00100"), SW_OK);
	rig_off(&r);
	product_on(&r, PRODUCT_UICC);
	content_session(&r);
	assert_int_equal(say_hex(&r, INS_GENERATE_KEY, 0x0013, "01F00100"), SW_INS_NOT_SUPPORTED);
	rig_off(&r);
}

/* ---- the file system ---- */

#define USIM "A0000000871002FFFFFFFF8906190000"
#define FCP_MF "62188202782183023F00A5038001718A0105C606900100830101"
#define FCP_ICCID "62168202412183022FE28A01058C0201008002000A880110"

static void expect(struct rig *r, const char *command, uint16_t sw, const char *answer)
{
	assert_int_equal(rig_hex(r, command), sw);
	assert_span(rig_answer(r), unit_bytes(answer == NULL ? "" : answer));
}

static void files_are_read(void **state)
{
	struct rig r;

	(void)state;
	product_on(&r, PRODUCT_UICC);
	expect(&r, "00A40004023F00", SW_OK, FCP_MF);
	expect(&r, "00A40000023F00", SW_OK, FCP_MF);
	expect(&r, "00A40004022FE200", SW_OK, FCP_ICCID);
	expect(&r, "00B000000A", SW_OK, "989909100000000010F2");
	expect(&r, "00B0000000", SW_OK, "989909100000000010F2");
	expect(&r, "00B0000802", SW_OK, "10F2");
	expect(&r, "00B0000803", 0x6C02, NULL);
	expect(&r, "00B0000A01", 0x6B00, NULL);
	expect(&r, "00B2010426", 0x6981, NULL);
	expect(&r, "00A40004022F00", SW_OK,
	    "62198205422100260183022F008A01058C02010080020026880"
	    "1F0");
	expect(&r, "00B2010426", SW_OK,
	    "61184F10" USIM "50045553494D"
	    "FFFFFFFFFFFFFFFFFFFFFFFF");
	expect(&r, "00B2020426", 0x6A83, NULL);
	expect(&r, "00B2010226", SW_WRONG_P1P2, NULL);
	expect(&r, "00B0000001", 0x6981, NULL);
	/* the USIM by its AID, by part of it, and its IMSI by short identifier and by path */
	assert_int_equal(rig_hex(&r, "00A4040C10" USIM), SW_OK);
	expect(&r, "00B0870009", SW_OK, "080910100000000010");
	expect(&r, "00B0830004", SW_OK, "00000002");
	expect(&r, "00B09E0001", SW_NOT_FOUND, NULL);
	assert_int_equal(rig_hex(&r, "00A4040C07A0000000871002"), SW_OK);
	expect(&r, "00A4000C026F07", SW_OK, NULL);
	expect(&r, "00B0000009", SW_OK, "080910100000000010");
	expect(&r, "00A4080C047F206F07", SW_OK, NULL);
	expect(&r, "00B0000009", SW_OK, "080910100000000010");
	expect(&r, "00A4090C026FAD", SW_OK, NULL);
	expect(&r, "00A40304", SW_OK, FCP_MF);
	expect(&r, "80F2000000", SW_OK, FCP_MF);
	expect(&r, "80F2000C", SW_OK, NULL);
	rig_off(&r);
}

static void files_are_not_there(void **state)
{
	static const struct {
		const char *command;
		uint16_t sw;
	} rows[] = {
		{ "00A40008023F00", SW_WRONG_P1P2 }, { "00A40004021234", SW_NOT_FOUND },
		{ "00A40004026F07", SW_NOT_FOUND }, /* not in MF */
		{ "00A40804047FFF6F99", SW_NOT_FOUND },
		{ "00A40804062FE27FFF6F07", SW_NOT_FOUND }, /* an EF holds nothing */
		{ "00A4080403"
		  "7FFF6F",
		    SW_WRONG_LENGTH },
		{ "00A4000401"
		  "3F",
		    SW_WRONG_LENGTH },
		{ "00A4030400", SW_NOT_FOUND }, /* above MF */
		{ "00A40104023F00", SW_WRONG_P1P2 }, { "00A40014023F00", SW_WRONG_P1P2 },
		{ "00B0000000", 0x6986 }, { "00B2010400", 0x6986 },
		{ "80B0000000", SW_CLA_NOT_SUPPORTED }, { "00F2000000", SW_CLA_NOT_SUPPORTED },
		{ "80F2030000", SW_WRONG_P1P2 }, { "0020000100", SW_INS_NOT_SUPPORTED },
		{ "8050000008C0C1C2C3C4C5C6C700",
		    SW_INS_NOT_SUPPORTED }, /* no domain is selected */
		{ "80CA006600", SW_INS_NOT_SUPPORTED },
		{ "A0A40000023F00", SW_CLA_NOT_SUPPORTED }, /* that of GSM cards */
	};
	struct rig r;

	(void)state;
	product_on(&r, PRODUCT_UICC);
	assert_int_equal(rig_hex(&r, "00A4000C023F00"), SW_OK);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(rig_hex(&r, rows[i].command), rows[i].sw);
	expect(&r, "00A40004023F00", SW_OK, FCP_MF); /* nothing of that went anywhere */
	assert_int_equal(rig_hex(&r, "00A4040000"), SW_OK);
	assert_int_equal(rig_hex(&r, "00B0000000"), SW_INS_NOT_SUPPORTED);
	rig_off(&r);
	/* other products have no files */
	product_on(&r, PRODUCT_YUBIKEY);
	assert_int_equal(rig_hex(&r, "00A40004023F00"), SW_WRONG_P1P2);
	assert_int_equal(rig_hex(&r, "00A4040C10" USIM), SW_WRONG_P1P2);
	rig_off(&r);
}

/* Selecting a file ends the session of the domain; channels have their own place in the files. */
static void files_and_sessions(void **state)
{
	struct rig r;

	(void)state;
	product_on(&r, PRODUCT_UICC);
	content_session(&r);
	assert_int_equal(rig_hex(&r, "0070000001"), SW_OK);
	assert_int_equal(rig_hex(&r, "01A4080C047FFF6F07"), SW_OK);
	assert_int_equal(say_hex(&r, INS_GET_STATUS, 0x8002, "4F00"), SW_OK);
	assert_int_equal(rig_hex(&r, "00A4000C022FE2"), SW_OK);
	assert_int_equal(r.v->channel[0].session, CHANNEL_IDLE);
	expect(&r, "00B0000001", SW_OK, "98");
	expect(&r, "01B0000001", SW_OK, "08");
	assert_int_equal(rig_hex(&r, "00A4040000"), SW_OK);
	assert_int_equal(rig_hex(&r, "80F28002024F0000"), SW_SECURITY_STATUS);
	/* in a channel that is opened anew no file is selected, nor after reset */
	assert_int_equal(rig_hex(&r, "00708001"), SW_OK);
	assert_int_equal(rig_hex(&r, "0070000101"), SW_OK);
	assert_int_equal(rig_hex(&r, "01B0000001"), SW_INS_NOT_SUPPORTED);
	assert_int_equal(rig_hex(&r, "00A4000C023F00"), SW_OK);
	chip_put_life_cycle(r.v, LIFE_TERMINATED);
	assert_true(chip_commit(r.v));
	assert_int_equal(rig_hex(&r, "80F2000000"), SW_FUNCTION_NOT_SUPPORTED);
	vcard_reset(r.v);
	assert_int_equal(rig_hex(&r, "80CA006600"), SW_OK);
	rig_off(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
		cmocka_unit_test(answers_to_reset),
		cmocka_unit_test(selections),
		cmocka_unit_test(without_broadcast),
		cmocka_unit_test(habits_of_jcop),
		cmocka_unit_test(habits_of_yubikey),
		cmocka_unit_test(yubikey_makes_keys),
		cmocka_unit_test(files_are_read),
		cmocka_unit_test(files_are_not_there),
		cmocka_unit_test(files_and_sessions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
