/*
 * What a channel is opened with, from what cards tell: card data and capabilities of real cards
 * (tlv_samples.json names their sources), key information, a profile, options.
 */
#include "unit.h"

#include "host/choose.h"

/* Card data of a JCOP 4 (SCP03 i = 70), of an Oberthur card (SCP02 i = 15), of a SCP03 i = 60 with
 * SCP11; capabilities of a SafeNet card (SCP03 00 10 20 30 60 70 and SCP02 15 55) and of one with
 * SCP02 15 35 55 75. */
static const char jcop4[] = "664D734B06072A864886FC6B01600B06092A864886FC6B020203630906072A864886FC"
			    "6B03640B06092A864886FC6B040370650D060B2A864886FC6B0507020000660C060A2B"
			    "060104012A026E0103";
static const char scp02_15[] = "664C734A06072A864886FC6B01600C060A2A864886FC6B02020101630906072A864"
			       "886FC6B03640B06092A864886FC6B040215650B06092B8510864864020103660C06"
			       "0A2B060104012A026E0102";
static const char both_caps[] =
    "6735A00E8001038106001020306070820107A007800102810215558103FF9E0082031E160083010284018F8502FF02"
    "8602FF028702FF02";
static const char scp02_caps[] =
    "6724A0098001028104153555758103E5BEC082031E030083010284010285017B86010C87017B";

struct card_told {
	struct session s;
	struct key_infos k;
};

static void told(struct card_told *t, const char *data, const char *caps, const char *keys)
{
	memset(t, 0, sizeof(*t));
	if (data != NULL)
		assert_true(card_data_get(unit_bytes(data), &t->s.data));
	if (caps != NULL)
		assert_true(capabilities_get(unit_bytes(caps), &t->s.caps));
	if (keys != NULL)
		assert_true(key_infos_get(unit_bytes(keys), &t->k));
}

static const struct choose_asks aes = { .key_version = -1,
	.s16 = -1,
	.keys = "fleet",
	.key_octets = 16,
	.key_set = 0x01,
	.level = -1 };

static struct choose_asks des(void)
{
	struct choose_asks a = aes;

	a.des = true;
	return a;
}

static struct choice chosen(const struct card_told *t, const struct choose_asks *a)
{
	struct err e = { 0 };
	struct choice c;

	assert_ok(choose(&t->s, &t->k, a, &c, &e), &e);
	return c;
}

static void refused(
    const struct card_told *t, const struct choose_asks *a, enum err_code code, const char *text)
{
	struct err e = { 0 };
	struct choice c;

	assert_int_equal(choose(&t->s, &t->k, a, &c, &e), -1);
	assert_int_equal(e.code, code);
	if (strstr(e.text, text) == NULL)
		fail_msg("got: %s", e.text);
	assert_true(e.hint[0] != '\0');
}

static void says(const struct choice *c, const char *text)
{
	for (size_t i = 0; i < c->why.n; i++)
		if (strcmp(c->why.text[i], text) == 0)
			return;
	for (size_t i = 0; i < c->why.n; i++)
		printf("%s\n", c->why.text[i]);
	fail_msg("not said: %s", text);
}

#define KEYS_AES "E012C00401018810C00402018810C00403018810"
#define KEYS_DES "E012C00401018010C00402018010C00403018010"
#define KEYS_FACTORY "E012C00401FF8810C00402FF8810C00403FF8810"

static void keys_and_card_make_the_protocol(void **state)
{
	struct choose_asks d = des();
	struct card_told t;
	struct choice c;

	(void)state;
	told(&t, jcop4, NULL, KEYS_AES);
	c = chosen(&t, &aes);
	assert_int_equal(c.protocol, PROTOCOL_SCP03);
	assert_int_equal(c.i, 0x70);
	assert_int_equal(c.m, 8);
	assert_int_equal(c.key_version, 1);
	assert_int_equal(c.p1, 1);
	says(&c, "protocol SCP03: the keys of fleet are AES, and the card offers it");
	says(&c, "i 70: the card's card data");
	says(&c, "key version 01: of key set fleet, which the card lists");
	refused(&t, &d, ERR_SAFETY, "fleet is for SCP02 and SCP01, which the card does not offer");
	told(&t, scp02_15, NULL, KEYS_DES);
	c = chosen(&t, &d);
	assert_int_equal(c.protocol, PROTOCOL_SCP02);
	assert_int_equal(c.i, 0x15);
	refused(&t, &aes, ERR_SAFETY, "is for SCP03, which the card does not offer");
	/* Capabilities alone; of several i the first. */
	told(&t, NULL, both_caps, NULL);
	assert_int_equal(chosen(&t, &aes).protocol, PROTOCOL_SCP03);
	c = chosen(&t, &d);
	assert_int_equal(c.protocol, PROTOCOL_SCP02);
	assert_int_equal(c.i, 0x15);
	says(&c, "i 15: the card's capabilities, the first of several");
	/* Card data counts before capabilities. */
	told(&t, scp02_15, "6708A006800102810155", NULL);
	assert_int_equal(chosen(&t, &d).i, 0x15);
	told(&t, NULL, scp02_caps, NULL);
	refused(&t, &aes, ERR_SAFETY, "SCP03");
}

static void scp01_only_where_there_is_no_scp02(void **state)
{
	struct choose_asks d = des();
	struct card_told t;
	struct choice c;

	(void)state;
	told(&t, NULL, "6708A006800101810105", NULL);
	c = chosen(&t, &d);
	assert_int_equal(c.protocol, PROTOCOL_SCP01);
	assert_int_equal(c.i, 0x05);
	told(&t, NULL, "6710A006800101810105A006800102810155", NULL);
	assert_int_equal(chosen(&t, &d).protocol, PROTOCOL_SCP02);
}

static void a_silent_card_gets_what_the_keys_are_for(void **state)
{
	struct choose_asks d = des();
	struct card_told t;
	struct choice c;

	(void)state;
	told(&t, NULL, NULL, NULL);
	c = chosen(&t, &aes);
	assert_int_equal(c.protocol, PROTOCOL_SCP03);
	assert_int_equal(c.i, -1);
	assert_int_equal(c.m, 8);
	says(&c, "S8: the card does not tell, and S16 was not asked for");
	says(&c, "key version 01: of key set fleet, the card lists no keys");
	c = chosen(&t, &d);
	assert_int_equal(c.protocol, PROTOCOL_SCP02);
	assert_int_equal(c.i, 0x15);
}

static void what_was_asked_for_decides(void **state)
{
	struct choose_asks a = aes;
	struct card_told t;
	struct choice c;

	(void)state;
	told(&t, jcop4, NULL, KEYS_AES);
	a.protocol = PROTOCOL_SCP02;
	c = chosen(&t, &a);
	assert_int_equal(c.protocol, PROTOCOL_SCP02);
	says(&c, "protocol SCP02: as asked, though the card does not offer it");
	a = aes;
	a.key_version = 0x20;
	c = chosen(&t, &a);
	assert_int_equal(c.p1, 0x20);
	says(&c, "key version 20: as asked, though the card does not list it");
	a.key_version = 0;
	c = chosen(&t, &a);
	assert_int_equal(c.key_version, 0);
	a = aes;
	a.s16 = 1;
	refused(&t, &a, ERR_SAFETY, "S16 was asked for, but the card offers only S8");
	a.s16 = 0;
	assert_int_equal(chosen(&t, &a).m, 8);
	a.s16 = 1;
	a.protocol = PROTOCOL_SCP02;
	{
		struct err e = { 0 };

		assert_int_equal(choose(&t.s, &t.k, &a, &c, &e), -1);
		assert_int_equal(e.code, ERR_SAFETY);
	}
}

static void the_set_must_be_on_the_card_and_of_its_kind(void **state)
{
	struct choose_asks a = aes, d = des();
	struct card_told t;

	(void)state;
	told(&t, NULL, NULL, KEYS_AES);
	a.key_set = 0x30;
	refused(&t, &a, ERR_AUTH, "lists no key set of version 30, which fleet has: 01");
	refused(&t, &d, ERR_SAFETY,
	    "key version 01 of the card is aes of 16 octets, key set fleet is des of 16");
	a = aes;
	a.key_octets = 32;
	refused(&t, &a, ERR_SAFETY, "aes of 16 octets, key set fleet is aes of 32");
	/* A key of version 01 that is none of a secure channel does not count. */
	told(&t, NULL, NULL, "E006C00471018810");
	refused(&t, &aes, ERR_AUTH, "which fleet has: none");
}

static void the_profile_knows_p1_and_s16(void **state)
{
	struct profile p = { .name = "jcop4", .s16 = 1, .factory_version = 0xFF };
	struct choose_asks a = aes;
	struct card_told t;
	struct choice c;

	(void)state;
	a.profile = &p;
	told(&t, NULL, NULL, KEYS_FACTORY);
	a.key_set = 0xFF;
	c = chosen(&t, &a);
	assert_int_equal(c.key_version, 0xFF);
	assert_int_equal(c.p1, 0x00);
	assert_int_equal(c.m, 16);
	says(&c, "P1 00: cards of profile jcop4 are so asked for their version FF");
	says(&c, "S16: of profile jcop4");
	/* What the card says weighs more than its profile. */
	told(&t, jcop4, NULL, KEYS_FACTORY);
	assert_int_equal(chosen(&t, &a).m, 8);
	a.key_version = 0x01;
	assert_int_equal(chosen(&t, &a).p1, 0x01);
	a.key_version = -1;
	p.factory_p1 = 0xFF; /* nothing to say about */
	c = chosen(&t, &a);
	assert_int_equal(c.p1, 0xFF);
	assert_int_equal(c.why.n, 4);
	a.profile = NULL;
	p.factory_p1 = 0x00;
	assert_int_equal(chosen(&t, &a).p1, 0xFF);
}

static void s16_when_the_card_offers_nothing_else(void **state)
{
	struct card_told t;
	struct choice c;

	(void)state;
	told(&t, NULL, "6708A006800103810171", NULL);
	c = chosen(&t, &aes);
	assert_int_equal(c.m, 16);
	says(&c, "S16: the card offers nothing else");
	told(&t, NULL, "6709A00780010381027170", NULL);
	c = chosen(&t, &aes);
	assert_int_equal(c.m, 8);
	says(&c, "S8: the card offers it, and S16");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_and_card_make_the_protocol),
		cmocka_unit_test(scp01_only_where_there_is_no_scp02),
		cmocka_unit_test(a_silent_card_gets_what_the_keys_are_for),
		cmocka_unit_test(what_was_asked_for_decides),
		cmocka_unit_test(the_set_must_be_on_the_card_and_of_its_kind),
		cmocka_unit_test(the_profile_knows_p1_and_s16),
		cmocka_unit_test(s16_when_the_card_offers_nothing_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
