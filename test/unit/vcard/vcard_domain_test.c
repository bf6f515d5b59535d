/* Supplementary domains of the virtual card: whose keys open them, what is whose, when sessions
 * end. */
#include "content_rig.h"

#include "gp/put_key.h"
#include "vcard/core/record.h"

static const struct key_set mine = { { 16, { 0xA0 } }, { 16, { 0xB0 } }, { 16, { 0xC0 } } };

static void domains_on(struct rig *r)
{
	content_on(r);
	assert_int_equal(install_domain(r, DOMAIN, "80"), SW_OK);
	assert_int_equal(install_domain(r, DOMAIN2, "80"), SW_OK);
}

static uint16_t select_aid(struct rig *r, const char *aid)
{
	return rig_send(r, 0x00, INS_SELECT, 0x0400, unit_bytes(aid));
}

/* PUT KEY of a whole set with the keys of the session's owner as DEK. */
static uint16_t put_set(struct rig *r, uint8_t version, const struct key_set *k)
{
	struct put_key p = { .version = version, .n = 3, .key = { k->enc, k->mac, k->dek } };
	uint8_t room[200];
	struct wr w = wr_fixed(room, sizeof(room));

	assert_true(put_key_put(&w, &p, &r->keys.dek));
	return say(r, INS_PUT_KEY, 0x0081, wr_span(&w), NULL);
}

/* The card's challenge is over the AID of the domain that is selected (Amendment D 6.2.2.1). */
static void assert_challenge(const struct rig *r, const char *aid)
{
	uint8_t want[8];

	assert_true(scp03_card_challenge(&r->keys.enc, r->u.sequence, unit_bytes(aid), 8, want));
	assert_span(span_of(r->u.card_challenge, 8), SPAN(want));
}

/* A domain without keys is opened with those of its parent, until it has its own. */
static void keys_of_the_parent(void **state)
{
	struct aid domain = aid_of(DOMAIN);
	struct key_set issuer;
	struct rig r;

	(void)state;
	domains_on(&r);
	issuer = r.keys;
	assert_int_equal(select_aid(&r, DOMAIN), SW_OK);
	assert_span(rig_get(&r, TAG_KEY_INFORMATION), unit_bytes("E000"));
	assert_int_equal(rig_initialize(&r, 0x00), SW_OK);
	assert_int_equal(r.u.key_version, 0x30);
	assert_challenge(&r, DOMAIN);
	assert_int_equal(rig_initialize(&r, 0x31), SW_REFERENCE_NOT_FOUND);
	rig_session(&r, 0x30, 0x01);
	assert_challenge(&r, DOMAIN);
	assert_int_equal(chip_app(r.v, &domain)->state, APP_SELECTABLE);
	assert_int_equal(put_set(&r, 0x31, &mine), SW_OK);
	assert_int_equal(chip_app(r.v, &domain)->state, DOMAIN_PERSONALIZED);
	/* the last one of its own does not go again, though the session is the parent's */
	assert_int_equal(say_hex(&r, INS_DELETE, 0x0000, "D20131"), SW_CONDITIONS);
	assert_int_equal(select_aid(&r, DOMAIN), SW_OK);
	assert_int_equal(rig_initialize(&r, 0x30), SW_REFERENCE_NOT_FOUND);
	r.keys = mine;
	rig_session(&r, 0x00, 0x01);
	assert_int_equal(r.u.key_version, 0x31);
	assert_span(SPAN(r.u.sequence), unit_bytes("000001"));
	assert_challenge(&r, DOMAIN);
	assert_lasting(&r);
	/* neither the issuer nor the other domain has it */
	assert_int_equal(select_aid(&r, ISD), SW_OK);
	assert_int_equal(rig_initialize(&r, 0x31), SW_REFERENCE_NOT_FOUND);
	r.keys = issuer;
	rig_session(&r, 0x30, 0x01);
	assert_challenge(&r, ISD);
	assert_int_equal(select_aid(&r, DOMAIN2), SW_OK);
	rig_session(&r, 0x30, 0x01);
	rig_off(&r);
}

/* A domain beneath another asks that one first. */
static void keys_of_the_nearest(void **state)
{
	struct install i = { .app = aid_of(DOMAIN2), .domain = aid_of(DOMAIN) };
	struct rig r;

	(void)state;
	content_on(&r);
	personal_domain(&r, DOMAIN, "80");
	assert_int_equal(install_domain(&r, DOMAIN2, "80"), SW_OK);
	assert_int_equal(do_install_put(&r, INSTALL_FOR_EXTRADITION, 0, &i), SW_OK);
	assert_int_equal(select_aid(&r, DOMAIN), SW_OK);
	rig_session(&r, 0x30, 0x01);
	assert_int_equal(put_set(&r, 0x35, &mine), SW_OK);
	assert_int_equal(select_aid(&r, DOMAIN2), SW_OK);
	assert_int_equal(rig_initialize(&r, 0x30), SW_REFERENCE_NOT_FOUND);
	r.keys = mine;
	rig_session(&r, 0x35, 0x01);
	assert_challenge(&r, DOMAIN2);
	rig_off(&r);
}

/* Two sets of one version: counters, tries, deletion are apart. */
static void sets_are_apart(void **state)
{
	struct aid domain = aid_of(DOMAIN);
	struct key_set issuer;
	struct rig r;

	(void)state;
	domains_on(&r);
	issuer = r.keys;
	assert_int_equal(select_aid(&r, DOMAIN), SW_OK);
	rig_session(&r, 0x30, 0x01);
	assert_int_equal(put_set(&r, 0x30, &mine), SW_OK);
	assert_int_equal(put_set(&r, 0x31, &mine), SW_OK);
	assert_int_equal(select_aid(&r, DOMAIN), SW_OK);
	for (unsigned n = 1; n <= 4; n++) {
		assert_int_equal(rig_initialize(&r, 0x30), 1); /* the issuer's are others */
		assert_int_equal(rig_authenticate(&r, 0x01), SW_SECURITY_STATUS);
		assert_int_equal(chip_keys(r.v, &domain, 0x30)->tries, TRIES_MAX - n);
		assert_int_equal(chip_keys(r.v, &domain, 0x30)->sequence, n);
	}
	assert_int_equal(chip_keys(r.v, &aid_isd, 0x30)->tries, TRIES_MAX);
	assert_int_equal(chip_keys(r.v, &domain, 0x31)->tries, TRIES_MAX);
	assert_lasting(&r);
	assert_int_equal(select_aid(&r, DOMAIN), SW_OK);
	r.keys = mine;
	rig_session(&r, 0x31, 0x01);
	assert_int_equal(say_hex(&r, INS_DELETE, 0x0000, "D20130"), SW_OK);
	assert_null(chip_keys(r.v, &domain, 0x30));
	assert_non_null(chip_keys(r.v, &aid_isd, 0x30));
	assert_int_equal(say_hex(&r, INS_DELETE, 0x0000, "D20131"), SW_CONDITIONS);
	assert_lasting(&r);
	assert_int_equal(select_aid(&r, ISD), SW_OK);
	r.keys = issuer;
	rig_session(&r, 0x30, 0x01);
	rig_off(&r);
}

/* Keys and data go with the domain: one of the same name later begins with nothing. */
static void gone_with_the_domain(void **state)
{
	struct aid domain = aid_of(DOMAIN);
	struct span value;
	struct rig r;

	(void)state;
	domains_on(&r);
	assert_int_equal(select_aid(&r, DOMAIN), SW_OK);
	rig_session(&r, 0x30, 0x01);
	assert_int_equal(put_set(&r, 0x31, &mine), SW_OK);
	assert_int_equal(say_hex(&r, INS_STORE_DATA, 0x9000,
			     "42024142"
			     "5F5003782F79"),
	    SW_OK);
	assert_true(chip_object(r.v, &domain, TAG_MANAGER_URL, &value));
	assert_int_equal(select_aid(&r, ISD), SW_OK);
	rig_session(&r, 0x30, 0x01);
	assert_int_equal(delete_aid(&r, DOMAIN, DELETE_OBJECT), SW_OK);
	assert_null(chip_keys(r.v, &domain, 0x31));
	assert_false(chip_object(r.v, &domain, TAG_MANAGER_URL, &value));
	assert_int_equal(install_domain(&r, DOMAIN, "80"), SW_OK);
	assert_lasting(&r);
	assert_int_equal(select_aid(&r, DOMAIN), SW_OK);
	rig_session(&r, 0x30, 0x01);
	rig_off(&r);
}

/* A session ends with SELECT on its channel and with the channel, and with nothing on another
 * (GPCS 10.2.3). */
static void sessions(void **state)
{
	struct scp of_basic;
	struct rig r;

	(void)state;
	domains_on(&r);
	assert_int_equal(rig_hex(&r, "0070000001"), SW_OK);
	assert_span(rig_answer(&r), unit_bytes("01"));
	of_basic = r.host;
	r.host = (struct scp){ 0 };
	r.channel = 1;
	assert_int_equal(select_aid(&r, DOMAIN), SW_OK);
	rig_session(&r, 0x30, 0x01);
	assert_int_equal(say_hex(&r, INS_GET_STATUS, 0x2002, "4F00"), SW_REFERENCE_NOT_FOUND);
	/* what is selected on the basic channel ends nothing here, and the other way round */
	assert_int_equal(rig_hex(&r, "01A4040008A0000001515300BB"), SW_OK);
	assert_int_equal(r.v->channel[1].session, CHANNEL_IDLE);
	assert_int_equal(r.v->channel[0].session, CHANNEL_UNICAST);
	scp_wipe(&r.host);
	r.host = of_basic;
	r.channel = 0;
	assert_int_equal(say_hex(&r, INS_GET_STATUS, 0x8002, "4F00"), SW_OK);
	assert_int_equal(rig_hex(&r, "01A4040008A0000001515300AA"), SW_OK);
	assert_int_equal(rig_hex(&r, "00708001"), SW_OK);
	assert_int_equal(rig_hex(&r, "01A4040000"), SW_CHANNEL_NOT_SUPPORTED);
	assert_int_equal(rig_hex(&r, "0070000101"), SW_OK);
	assert_int_equal(rig_hex(&r, "8150300008C0C1C2C3C4C5C6C700"), SW_OK);
	/* a channel begins with the ISD, whatever was selected on it before */
	assert_span(aid_span(&r.v->channel[1].selected), unit_bytes(ISD));
	assert_int_equal(say_hex(&r, INS_GET_STATUS, 0x8002, "4F00"), SW_OK);
	assert_int_equal(select_aid(&r, ISD), SW_OK);
	assert_int_equal(rig_hex(&r, "80F28002024F0000"), SW_SECURITY_STATUS);
	rig_off(&r);
}

/* What the card runs is its issuer's: no domain enters broadcast mode. */
static void no_broadcast(void **state)
{
	struct rig r;

	(void)state;
	domains_on(&r);
	assert_int_equal(select_aid(&r, DOMAIN), SW_OK);
	rig_session(&r, 0x30, 0x33);
	assert_int_equal(say_hex(&r, INS_CHANGE_MODE, 0x0100, ""), SW_INS_NOT_SUPPORTED);
	assert_int_equal(say_hex(&r, INS_AUTHORIZE_ACTION, 0x0000, ""), SW_INS_NOT_SUPPORTED);
	rig_off(&r);
}

/* A set that another channel opened a session with is not deleted (GPCS 11.2). */
static void set_in_use(void **state)
{
	struct rig r;

	(void)state;
	domains_on(&r);
	assert_int_equal(put_set(&r, 0x31, &mine), SW_OK);
	assert_int_equal(rig_hex(&r, "0070000001"), SW_OK);
	assert_int_equal(rig_hex(&r, "8150310008C0C1C2C3C4C5C6C700"), SW_OK);
	assert_int_equal(say_hex(&r, INS_DELETE, 0x0000, "D20131"), SW_CONDITIONS);
	assert_int_equal(rig_hex(&r, "00708001"), SW_OK);
	assert_int_equal(say_hex(&r, INS_DELETE, 0x0000, "D20131"), SW_OK);
	rig_off(&r);
}

/* A card that has no supplementary domain keeps to the records of the first cards. */
static bool note_kind(void *arg, uint8_t type, struct span value)
{
	unsigned *kinds = arg;

	(void)value;
	kinds[0] += type == REC_KEYS;
	kinds[1] += type >= REC_DOMAIN_KEYS;
	return true;
}

static void first_records(void **state)
{
	struct wr w = wr_grow(1 << 20);
	unsigned kinds[2] = { 0 };
	struct rig r;

	(void)state;
	content_on(&r);
	assert_int_equal(put_set(&r, 0x31, &mine), SW_OK);
	chip_snapshot(&w, &r.v->chip);
	assert_true(nvm_each(wr_span(&w), note_kind, kinds));
	assert_int_equal(kinds[0], 2);
	assert_int_equal(kinds[1], 0);
	wr_free(&w);
	rig_off(&r);
}

/* The ISD under another name, from the factory or by STORE DATA: its keys, its data, its session
 * stay. */
static void other_isd(void **state)
{
	struct rig r;

	(void)state;
	rig_issue(&r, 16, 0x70);
	r.issue.isd = aid_of("A000000018434D00");
	rig_on(&r);
	assert_int_equal(rig_hex(&r, "00A4040000"), SW_OK);
	assert_span(rig_answer(&r), unit_bytes("6F108408A000000018434D00A5049F6501FF"));
	assert_int_equal(select_aid(&r, ISD), SW_NOT_FOUND);
	assert_int_equal(select_aid(&r, "A000000018434D00"), SW_OK);
	rig_session(&r, 0x30, 0x01);
	assert_challenge(&r, "A000000018434D00");
	assert_int_equal(install_domain(&r, DOMAIN, "80"), SW_OK);
	assert_int_equal(say_hex(&r, INS_STORE_DATA, 0x9000, "4F08" DOMAIN), SW_WRONG_DATA);
	assert_int_equal(say_hex(&r, INS_STORE_DATA, 0x9000, "4F04A0000000"), SW_WRONG_DATA);
	assert_int_equal(say_hex(&r, INS_STORE_DATA, 0x9000, "4F07D2760000850100"), SW_OK);
	assert_int_equal(say_hex(&r, INS_GET_STATUS, 0x8002, "4F00"), SW_OK);
	assert_int_equal(say_hex(&r, INS_STORE_DATA, 0x9000, "42024142"), SW_OK);
	assert_lasting(&r);
	assert_int_equal(select_aid(&r, "A000000018434D00"), SW_NOT_FOUND);
	assert_int_equal(select_aid(&r, "D2760000850100"), SW_OK);
	assert_span(rig_get(&r, TAG_IIN), unit_bytes("42024142"));
	rig_session(&r, 0x30, 0x01);
	assert_challenge(&r, "D2760000850100");
	assert_int_equal(select_aid(&r, DOMAIN), SW_OK);
	rig_session(&r, 0x30, 0x01); /* its parent is still the ISD */
	assert_int_equal(say(&r, INS_STORE_DATA, 0x9000, unit_bytes("4F07D2760000850101"), NULL),
	    SW_REFERENCE_NOT_FOUND);
	rig_off(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_of_the_parent),
		cmocka_unit_test(keys_of_the_nearest),
		cmocka_unit_test(sets_are_apart),
		cmocka_unit_test(gone_with_the_domain),
		cmocka_unit_test(sessions),
		cmocka_unit_test(no_broadcast),
		cmocka_unit_test(set_in_use),
		cmocka_unit_test(first_records),
		cmocka_unit_test(other_isd),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
