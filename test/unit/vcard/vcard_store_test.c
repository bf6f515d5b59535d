/* STORE DATA on the virtual card: recorded key groups (content_management.json), objects of
 * domains, data of applications; what is refused leaves nothing. */
#include "content_rig.h"

#include "gp/key_dgi.h"
#include "vcard/core/record.h"

static const struct span none = { NULL, 0 };

static uint16_t store(struct rig *r, uint16_t p1p2, const char *hex)
{
	return say_hex(r, INS_STORE_DATA, p1p2, hex);
}

static uint16_t select_aid(struct rig *r, const char *aid)
{
	return rig_send(r, 0x00, INS_SELECT, 0x0400, unit_bytes(aid));
}

static struct span get(struct rig *r, uint16_t tag)
{
	struct span answer;

	assert_int_equal(say(r, INS_GET_DATA, tag, none, &answer), SW_OK);
	return answer;
}

/* ---- recorded key groups ---- */

static void check_recorded(json_t *v)
{
	json_t *keys = json_object_get(v, "keys"), *kids = json_object_get(v, "key_ids");
	struct span data = unit_hex(v, "data"), dek = unit_hex(v, "dek");
	const struct card_keys *set;
	struct rig r;

	rig_issue(&r, dek.n, 0x70);
	assert_true(key_from(&r.issue.keys.dek, dek));
	r.keys = r.issue.keys;
	rig_on(&r);
	content_session(&r);
	assert_int_equal(say(&r, INS_STORE_DATA, 0x8800, data, NULL), SW_OK);
	assert_lasting(&r);
	set = chip_keys(r.v, &aid_isd, unit_hex(v, "kvn").p[0]);
	assert_non_null(set);
	assert_int_equal(set->type, KEY_TYPE_AES);
	for (size_t i = 0; i < json_array_size(keys); i++) {
		const struct key *k[] = { &set->keys.enc, &set->keys.mac, &set->keys.dek };
		uint8_t kid = unit_bytes(json_string_value(json_array_get(kids, i))).p[0];

		assert_span(
		    key_span(k[kid - 1]), unit_bytes(json_string_value(json_array_get(keys, i))));
	}
	rig_off(&r);
}

static void recorded(void **state)
{
	(void)state;
	unit_each_vector("test/vectors/content_management.json", "kind", "store_data_dgi_keys",
	    check_recorded, 4);
}

/* ---- keys of every kind, several groups, several blocks ---- */

static void groups_put(struct wr *w, const struct key_dgi *k, const struct key *dek)
{
	assert_true(key_dgi_put(w, k, dek));
}

static struct key_dgi set_of(uint8_t version, uint8_t n, uint8_t octet)
{
	struct key_dgi k = { .put = { .version = version, .n = n }, .kid = { 1, 2, 3 } };

	for (size_t i = 0; i < n; i++) {
		k.put.key[i].n = 16;
		memset(k.put.key[i].b, octet, 16);
	}
	return k;
}

/* Blocks of n octets, which cut wherever they like. */
static uint16_t store_blocks(struct rig *r, uint8_t p1, struct span data, size_t n)
{
	uint8_t number = 0;
	uint16_t sw = SW_OK;

	for (size_t at = 0; at < data.n && sw == SW_OK; at += n, number++) {
		uint8_t last = at + n >= data.n ? STORE_LAST : 0;

		sw = say(r, INS_STORE_DATA, (uint16_t)((p1 | last) << 8 | number),
		    span_sub(data, at, n), NULL);
	}
	return sw;
}

static void all_at_once(void **state)
{
	struct key_dgi set = set_of(0x31, 3, 0x51), dap = set_of(0x73, 1, 0x52),
		       rsa = { .put = { .version = 0x70, .n = 1, .type = { KEY_TYPE_RSA_MODULUS } },
			       .kid = { 1 } },
		       ec = { .put = { .version = 0x71, .n = 1, .type = { KEY_TYPE_EC_PUBLIC } },
			       .kid = { 1 } };
	struct authority_key a;
	struct wr w = wr_grow(4000);
	struct rig r;

	(void)state;
	assert_true(authority_generate_rsa(&rsa.put.asymmetric, 2048));
	assert_true(authority_generate_ec(&ec.put.asymmetric, EC_P521));
	for (size_t n = 1; n <= 240; n += n < 4 ? 1 : 59) {
		if (n < 3)
			continue; /* 256 blocks are not enough */
		content_on(&r);
		wr_reset(&w);
		groups_put(&w, &set, &r.keys.dek);
		groups_put(&w, &rsa, &r.keys.dek);
		dgi_put(&w, DGI_TLV, unit_bytes("42024142"));
		groups_put(&w, &dap, &r.keys.dek);
		groups_put(&w, &ec, &r.keys.dek);
		assert_int_equal(store_blocks(&r, STORE_DGI, wr_span(&w), n), SW_OK);
		assert_lasting(&r);
		assert_non_null(chip_keys(r.v, &aid_isd, 0x31));
		assert_true(chip_authority(r.v, &aid_isd, 0x70, &a));
		assert_true(authority_same_public(&a, &rsa.put.asymmetric));
		assert_true(chip_authority(r.v, &aid_isd, 0x71, &a));
		assert_true(authority_same_public(&a, &ec.put.asymmetric));
		assert_true(chip_authority(r.v, &aid_isd, 0x73, &a));
		assert_int_equal(a.kind, AUTHORITY_AES);
		r.keys = (struct key_set){ set.put.key[0], set.put.key[1], set.put.key[2] };
		rig_session(&r, 0x31, 0x33);
		rig_off(&r);
	}
	wr_free(&w);
}

/* One group that is wrong, and nothing of the others is there. */
static void all_or_nothing(void **state)
{
	struct key_dgi set = set_of(0x31, 3, 0x51), other = set_of(0x32, 3, 0x61),
		       again = set_of(0x31, 1, 0x71);
	struct wr w = wr_grow(4000);
	struct rig r;

	(void)state;
	content_on(&r);
	groups_put(&w, &set, &r.keys.dek);
	groups_put(&w, &other, &r.keys.dek);
	w.p[w.n - 1] ^= 1; /* a ciphertext: another check value */
	assert_int_equal(store_blocks(&r, STORE_DGI, wr_span(&w), 240), SW_SECURITY_STATUS);
	w.p[w.n - 1] ^= 1;
	dgi_put(&w, 0x1234, none);
	assert_int_equal(store_blocks(&r, STORE_DGI, wr_span(&w), 240), SW_REFERENCE_NOT_FOUND);
	wr_cut(&w, w.n - 3);
	dgi_put(&w, DGI_TLV, unit_bytes("C1020000"));
	assert_int_equal(store_blocks(&r, STORE_DGI, wr_span(&w), 240), SW_WRONG_DATA);
	assert_null(chip_keys(r.v, &aid_isd, 0x31));
	assert_null(chip_keys(r.v, &aid_isd, 0x32));
	/* two groups of one version would not know of each other */
	wr_reset(&w);
	groups_put(&w, &set, &r.keys.dek);
	groups_put(&w, &again, &r.keys.dek);
	assert_int_equal(store_blocks(&r, STORE_DGI, wr_span(&w), 240), SW_WRONG_DATA);
	/* sets more than there is room for */
	for (uint8_t n = 0; n < CHIP_KEY_SETS_MAX - 2; n++) {
		struct key_dgi one = set_of((uint8_t)(0x40 + n), 1, 0x11);

		wr_reset(&w);
		groups_put(&w, &one, &r.keys.dek);
		assert_int_equal(store_blocks(&r, STORE_DGI, wr_span(&w), 240), SW_OK);
	}
	wr_reset(&w);
	groups_put(&w, &set, &r.keys.dek);
	groups_put(&w, &other, &r.keys.dek);
	assert_int_equal(store_blocks(&r, STORE_DGI, wr_span(&w), 240), SW_NO_MEMORY);
	wr_reset(&w);
	groups_put(&w, &set, &r.keys.dek);
	assert_int_equal(store_blocks(&r, STORE_DGI, wr_span(&w), 240), SW_OK);
	groups_put(&w, &other, &r.keys.dek);
	assert_int_equal(store_blocks(&r, STORE_DGI, wr_span(&w), 240), SW_NO_MEMORY);
	assert_lasting(&r);
	assert_int_equal(chip_keys_count(r.v, &aid_isd), CHIP_KEY_SETS_MAX);
	wr_free(&w);
	rig_off(&r);
}

/* What is there is replaced, whole or in part; a whole set starts its counter anew. */
static void replaced(void **state)
{
	struct key_dgi set = set_of(0x30, 3, 0x51), one = set_of(0x30, 1, 0x61);
	struct wr w = wr_grow(400);
	struct rig r;

	(void)state;
	content_on(&r);
	groups_put(&w, &set, &r.keys.dek);
	assert_int_equal(store_blocks(&r, STORE_DGI, wr_span(&w), 240), SW_OK);
	assert_int_equal(chip_keys(r.v, &aid_isd, 0x30)->sequence, 0);
	r.keys = (struct key_set){ set.put.key[0], set.put.key[1], set.put.key[2] };
	content_session(&r);
	one.kid[0] = 2;
	wr_reset(&w);
	groups_put(&w, &one, &r.keys.dek);
	assert_int_equal(store_blocks(&r, STORE_DGI, wr_span(&w), 240), SW_OK);
	r.keys.mac = one.put.key[0];
	content_session(&r);
	assert_span(SPAN(r.u.sequence), unit_bytes("000002"));
	one.put.key[0].n = 24; /* three lengths in one set */
	wr_reset(&w);
	groups_put(&w, &one, &r.keys.dek);
	assert_int_equal(store_blocks(&r, STORE_DGI, wr_span(&w), 240), SW_WRONG_DATA);
	one = set_of(0x30, 1, 0x61);
	one.kid[0] = 4;
	wr_reset(&w);
	groups_put(&w, &one, &r.keys.dek);
	assert_int_equal(store_blocks(&r, STORE_DGI, wr_span(&w), 240), SW_WRONG_DATA);
	wr_free(&w);
	rig_off(&r);
}

/* ---- objects ---- */

#define CARD_DATA_VALUE "730906072A864886FC6B01"

static void objects_of_the_isd(void **state)
{
	struct rig r;

	(void)state;
	content_on(&r);
	assert_int_equal(store(&r, 0x9000, "660B" CARD_DATA_VALUE), SW_OK);
	assert_span(get(&r, TAG_CARD_DATA), unit_bytes("660B" CARD_DATA_VALUE));
	/* a length that runs out, in the second object: the first is not stored either */
	assert_int_equal(store(&r, 0x8800,
			     "00700C"
			     "5F5007687474703A2F78"
			     "670D"),
	    SW_WRONG_DATA);
	assert_int_equal(rig_hex(&r, "80CA5F5000"), SW_SECURITY_STATUS);
	content_session(&r);
	assert_int_equal(store(&r, 0x8800,
			     "007019"
			     "5F5007687474703A2F78"
			     "670D"
			     "A009800103810170820107"
			     "8300"),
	    SW_OK);
	assert_span(get(&r, TAG_MANAGER_URL), unit_bytes("5F5007687474703A2F78"));
	assert_span(get(&r, TAG_CAPABILITIES), unit_bytes("670DA0098001038101708201078300"));
	assert_lasting(&r);
	assert_int_equal(rig_hex(&r, "80CA5F5000"), SW_OK);
	assert_span(rig_answer(&r), unit_bytes("5F5007687474703A2F78"));
	assert_int_equal(rig_hex(&r, "00CA5F5000"), SW_OK);
	assert_span(rig_answer(&r), unit_bytes("687474703A2F78"));
	rig_off(&r);
}

static void refused_objects(void **state)
{
	static const struct {
		const char *data;
		uint16_t sw;
	} rows[] = {
		{ "C1020000", SW_WRONG_DATA }, /* the card's own */
		{ "C2020000", SW_WRONG_DATA },
		{ "D30181", SW_WRONG_DATA },
		{ "2F0000", SW_REFERENCE_NOT_FOUND }, /* as BER-TLV it is tag 2F */
		{ "FF210100", SW_WRONG_DATA },
		{ "6600", SW_WRONG_DATA },
		{ "66027303", SW_WRONG_DATA }, /* no data objects */
		{ "9F7F0100", SW_REFERENCE_NOT_FOUND },
		{ "4203414243"
		  "9F7F0100",
		    SW_REFERENCE_NOT_FOUND },
		{ "4203414243"
		  "45",
		    SW_WRONG_DATA },
		{ "5F5000", SW_WRONG_DATA },
	};
	struct rig r;

	(void)state;
	content_on(&r);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(store(&r, 0x9000, rows[i].data), rows[i].sw);
	assert_span(get(&r, TAG_IIN), unit_bytes("4203424242"));
	/* P1: RFU format, RFU encryption, encrypted TLV, no structure */
	assert_int_equal(store(&r, 0x9800, "42024142"), SW_WRONG_P1P2);
	assert_int_equal(store(&r, 0xC800,
			     "007004"
			     "42024142"),
	    SW_WRONG_P1P2);
	assert_int_equal(store(&r, 0xF000, "42024142"), SW_WRONG_P1P2);
	assert_int_equal(store(&r, 0xA800,
			     "007004"
			     "42024142"),
	    SW_WRONG_P1P2);
	assert_int_equal(store(&r, 0x8000, "42024142"), SW_WRONG_P1P2);
	/* an answer may be asked for; there is none */
	assert_int_equal(store(&r, 0x9100, "42024142"), SW_OK);
	assert_int_equal(store(&r, 0x8800,
			     "007004"
			     "42024142"
			     "007004"
			     "45024142"),
	    SW_WRONG_DATA);
	rig_off(&r);
}

/* Under the DEK, padded; the padding is not taken for data. */
static void encrypted_objects(void **state)
{
	static const uint8_t icv[16];
	static const char *const clear[] = { "42043132333480000000000000000000",
		"420A31323334353637383940"
		"45024142",
		"42043132333480000000000000000000"
		"00000000000000000000000000000000",
		"4299"
		"0000000000000000000000000000" };
	static const uint16_t want[] = { SW_OK, SW_WRONG_DATA, SW_WRONG_DATA, SW_WRONG_DATA };
	struct wr w = wr_grow(200);
	uint8_t ct[64];
	struct rig r;

	(void)state;
	content_on(&r);
	for (size_t i = 0; i < 4; i++) {
		struct span s = unit_bytes(clear[i]);

		assert_int_equal(s.n % 16, 0);
		assert_true(aes_cbc_once(&r.keys.dek, ENCRYPT, icv, s, ct));
		wr_reset(&w);
		dgi_put(&w, DGI_TLV, span_of(ct, s.n));
		assert_int_equal(say(&r, INS_STORE_DATA, 0xE800, wr_span(&w), NULL), want[i]);
	}
	assert_span(get(&r, TAG_IIN), unit_bytes("420431323334"));
	assert_int_equal(store(&r, 0xE800, "0070054203414243"), SW_WRONG_DATA); /* no blocks */
	wr_free(&w);
	rig_off(&r);
}

static void objects_of_domains(void **state)
{
	struct rig r;

	(void)state;
	content_on(&r);
	assert_int_equal(install_domain(&r, DOMAIN, "80"), SW_OK);
	assert_int_equal(select_aid(&r, DOMAIN), SW_OK);
	assert_int_equal(rig_hex(&r, "80CA004200"), SW_REFERENCE_NOT_FOUND);
	content_session(&r);
	assert_int_equal(store(&r, 0x9000,
			     "4202AABB"
			     "4503CCDDEE"
			     "5F5003782F79"
			     "660B" CARD_DATA_VALUE),
	    SW_OK);
	assert_span(get(&r, TAG_IIN), unit_bytes("4202AABB"));
	assert_span(get(&r, TAG_CIN), unit_bytes("4503CCDDEE"));
	assert_span(get(&r, TAG_MANAGER_URL), unit_bytes("5F5003782F79"));
	assert_span(get(&r, TAG_CARD_DATA), unit_bytes("660B" CARD_DATA_VALUE));
	assert_int_equal(store(&r, 0x9000,
			     "A60483021301"
			     "BF2100"),
	    SW_REFERENCE_NOT_FOUND);
	assert_span(get(&r, TAG_SECURITY_LEVEL), unit_bytes("D30181"));
	assert_lasting(&r);
	assert_span(rig_get(&r, TAG_IIN), unit_bytes("4203424242")); /* the ISD's */
	assert_int_equal(rig_hex(&r, "80CA5F5000"), SW_REFERENCE_NOT_FOUND);
	assert_span(rig_get(&r, TAG_SECURITY_LEVEL), unit_bytes("D30100"));
	assert_int_equal(select_aid(&r, DOMAIN), SW_OK);
	assert_span(rig_get(&r, TAG_CIN), unit_bytes("4503CCDDEE"));
	rig_off(&r);
}

/* ---- personalization ---- */

#define APP "A0000000620301AA"

static void app_on(struct rig *r)
{
	static const struct package_of p = { .aid = PACKAGE, .applets = { APPLET }, .major = 1 };

	content_on(r);
	assert_int_equal(load_package(r, &p, ""), SW_OK);
	assert_int_equal(install_applet(r, PACKAGE, APPLET, APP, "00"), SW_OK);
}

static uint16_t personalize(struct rig *r, const char *aid)
{
	struct install i = { .app = aid_of(aid) };

	return do_install_put(r, INSTALL_FOR_PERSONALIZATION, 0, &i);
}

static void applications(void **state)
{
	static const uint8_t icv[16];
	struct key dek;
	uint8_t ct[16];
	struct wr w = wr_grow(100);
	struct rig r;

	(void)state;
	app_on(&r);
	dek = r.keys.dek;
	assert_int_equal(personalize(&r, APP), SW_OK);
	assert_int_equal(store(&r, 0x0800, "010103"), SW_OK); /* a group over two blocks */
	assert_int_equal(store(&r, 0x8801,
			     "AABBCC"
			     "0102021122"),
	    SW_OK);
	/* its last block ended it: this is for the domain */
	assert_int_equal(store(&r, 0x8800, "010103DDEEFF"), SW_REFERENCE_NOT_FOUND);
	assert_int_equal(personalize(&r, APP), SW_OK);
	assert_int_equal(store(&r, 0x9000,
			     "5A0312345F"
			     "9F1A020840"),
	    SW_OK);
	assert_int_equal(personalize(&r, APP), SW_OK);
	assert_int_equal(store(&r, 0x8000, "CAFE"), SW_OK);
	assert_int_equal(personalize(&r, APP), SW_OK);
	assert_true(
	    aes_cbc_once(&dek, ENCRYPT, icv, unit_bytes("000102030405060708090A0B0C0D0E0F"), ct));
	dgi_put(&w, 0x8201, SPAN(ct));
	assert_int_equal(say(&r, INS_STORE_DATA, 0xE800, wr_span(&w), NULL), SW_OK);
	assert_int_equal(personalize(&r, APP), SW_OK);
	assert_int_equal(store(&r, 0x8800, "0101"), SW_WRONG_DATA);
	assert_lasting(&r);
	assert_int_equal(select_aid(&r, APP), SW_OK);
	assert_span(rig_get(&r, 0x0101), unit_bytes("AABBCC"));
	assert_span(rig_get(&r, 0x0102), unit_bytes("1122"));
	assert_span(rig_get(&r, 0x005A), unit_bytes("12345F"));
	assert_span(rig_get(&r, 0x9F1A), unit_bytes("0840"));
	assert_span(rig_get(&r, 0x0000), unit_bytes("CAFE"));
	assert_span(rig_get(&r, 0x8201), unit_bytes("000102030405060708090A0B0C0D0E0F"));
	assert_int_equal(rig_hex(&r, "80CA010300"), SW_REFERENCE_NOT_FOUND);
	assert_int_equal(rig_hex(&r, "80F28002024F0000"), SW_INS_NOT_SUPPORTED);
	assert_int_equal(select_aid(&r, ISD), SW_OK);
	content_session(&r);
	assert_int_equal(delete_aid(&r, APP, DELETE_OBJECT), SW_OK);
	assert_int_equal(r.v->chip.objects_n, 0);
	wr_free(&w);
	rig_off(&r);
}

/* GPCS 11.11.1, 11.11.2.2: what ends a personalization, and a STORE DATA of several blocks. */
static void personalization_ends(void **state)
{
	struct rig r;

	(void)state;
	app_on(&r);
	assert_int_equal(rig_hex(&r, "0070000001"), SW_OK);
	assert_int_equal(personalize(&r, APP), SW_OK);
	assert_int_equal(store(&r, 0x0800, "010101AA"), SW_OK);
	assert_int_equal(rig_hex(&r, "01A4040008" ISD), SW_OK); /* the domain, on another channel */
	assert_int_equal(store(&r, 0x8801, "010201AA"), SW_WRONG_DATA);
	assert_int_equal(store(&r, 0x8800, "010101AA"), SW_REFERENCE_NOT_FOUND);
	/* an application there ends nothing */
	assert_int_equal(personalize(&r, APP), SW_OK);
	assert_int_equal(store(&r, 0x0800, "010101AA"), SW_OK);
	assert_int_equal(rig_hex(&r, "01A4040008" APP), SW_OK);
	assert_int_equal(store(&r, 0x8801, "010201AB"), SW_OK);
	/* a session that begins anew, and a reset */
	assert_int_equal(personalize(&r, APP), SW_OK);
	content_session(&r);
	assert_int_equal(store(&r, 0x8800, "010101AC"), SW_REFERENCE_NOT_FOUND);
	assert_int_equal(store(&r, 0x1000, "4202"), SW_OK);
	vcard_reset(r.v);
	content_session(&r);
	assert_int_equal(store(&r, 0x9001, "4142"), SW_WRONG_DATA);
	/* an error starts the numbering anew, and is not the end */
	assert_int_equal(personalize(&r, APP), SW_OK);
	assert_int_equal(store(&r, 0x0800, "010101AD"), SW_OK);
	assert_int_equal(store(&r, 0x0802, "010101AD"), SW_WRONG_DATA);
	assert_int_equal(store(&r, 0x8800, "010101AE"), SW_OK);
	assert_int_equal(select_aid(&r, APP), SW_OK);
	assert_span(rig_get(&r, 0x0101), unit_bytes("AE"));
	assert_span(rig_get(&r, 0x0102), unit_bytes("AB"));
	rig_off(&r);
}

/* A domain is personalized by its parent: keys and data become its own. */
static void domain_by_its_parent(void **state)
{
	struct key_dgi set = set_of(0x31, 3, 0x51);
	struct aid domain = aid_of(DOMAIN);
	struct wr w = wr_grow(400);
	struct rig r;

	(void)state;
	content_on(&r);
	assert_int_equal(install_domain(&r, DOMAIN, "80"), SW_OK);
	assert_int_equal(personalize(&r, DOMAIN), SW_OK);
	groups_put(&w, &set, &r.keys.dek);
	dgi_put(&w, DGI_TLV, unit_bytes("4202AABB"));
	assert_int_equal(store_blocks(&r, STORE_DGI, wr_span(&w), 200), SW_OK);
	assert_null(chip_keys(r.v, &aid_isd, 0x31));
	assert_non_null(chip_keys(r.v, &domain, 0x31));
	assert_int_equal(chip_app(r.v, &domain)->state, DOMAIN_PERSONALIZED);
	assert_lasting(&r);
	assert_int_equal(select_aid(&r, DOMAIN), SW_OK);
	assert_span(rig_get(&r, TAG_IIN), unit_bytes("4202AABB"));
	r.keys = (struct key_set){ set.put.key[0], set.put.key[1], set.put.key[2] };
	rig_session(&r, 0x31, 0x33);
	wr_free(&w);
	rig_off(&r);
}

/* Two sets take the last two places that the card has for all its domains. */
static void last_places(void **state)
{
	struct key_dgi set = set_of(0x31, 3, 0x51), other = set_of(0x32, 3, 0x61);
	struct wr w = wr_grow(4000);
	struct chip *c;
	struct rig r;

	(void)state;
	content_on(&r);
	c = &r.v->chip;
	for (; c->keys_n < CHIP_KEYS_MAX - 1; c->keys_n++) {
		c->keys[c->keys_n] = c->keys[0];
		assert_true(aid_from(&c->keys[c->keys_n].domain, unit_bytes("A0000001510000EE")));
	}
	groups_put(&w, &set, &r.keys.dek);
	groups_put(&w, &other, &r.keys.dek);
	assert_int_equal(store_blocks(&r, STORE_DGI, wr_span(&w), 240), SW_NO_MEMORY);
	c->keys_n--;
	assert_int_equal(store_blocks(&r, STORE_DGI, wr_span(&w), 240), SW_OK);
	assert_int_equal(c->keys_n, CHIP_KEYS_MAX);
	vcard_reset(r.v); /* goes through all of them */
	assert_int_equal(c->keys_n, CHIP_KEYS_MAX);
	wr_free(&w);
	rig_off(&r);
}

static void too_much(void **state)
{
	struct wr w = wr_grow(40000);
	struct rig r;

	(void)state;
	app_on(&r);
	/* one object too many, in one STORE DATA: none of them is there */
	for (uint16_t n = 0; n <= CHIP_OBJECTS_MAX; n++)
		dgi_put(&w, (uint16_t)(0x0101 + n), unit_bytes("AA"));
	assert_int_equal(personalize(&r, APP), SW_OK);
	assert_int_equal(store_blocks(&r, STORE_DGI, wr_span(&w), 200), SW_NO_MEMORY);
	assert_int_equal(r.v->chip.objects_n, 0);
	wr_cut(&w, w.n - 4);
	assert_int_equal(personalize(&r, APP), SW_OK);
	assert_int_equal(store_blocks(&r, STORE_DGI, wr_span(&w), 200), SW_OK);
	assert_int_equal(r.v->chip.objects_n, CHIP_OBJECTS_MAX);
	assert_int_equal(store(&r, 0x9000, "660B" CARD_DATA_VALUE), SW_NO_MEMORY);
	/* one that is too large */
	wr_reset(&w);
	wr_u16(&w, 0x0101);
	wr_u8(&w, 0xFF);
	wr_u16(&w, OBJECT_SIZE_MAX + 1);
	wr_fill(&w, 0x55, OBJECT_SIZE_MAX + 1);
	assert_int_equal(personalize(&r, APP), SW_OK);
	assert_int_equal(store_blocks(&r, STORE_DGI, wr_span(&w), 240), SW_NO_MEMORY);
	assert_lasting(&r);
	wr_free(&w);
	rig_off(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(recorded),
		cmocka_unit_test(all_at_once),
		cmocka_unit_test(all_or_nothing),
		cmocka_unit_test(replaced),
		cmocka_unit_test(objects_of_the_isd),
		cmocka_unit_test(refused_objects),
		cmocka_unit_test(encrypted_objects),
		cmocka_unit_test(objects_of_domains),
		cmocka_unit_test(applications),
		cmocka_unit_test(personalization_ends),
		cmocka_unit_test(domain_by_its_parent),
		cmocka_unit_test(last_places),
		cmocka_unit_test(too_much),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
