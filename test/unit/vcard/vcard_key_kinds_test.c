/* PUT KEY of every kind on the virtual card, over several commands, and DELETE of what it brought.
 * Commands from outside are those of put_key.json. */
#include "content_rig.h"

#include "gp/card_data.h"
#include "gp/put_key.h"
#include "scp/scp11.h"
#include "vcard/core/record.h"

/* ---- recorded and published commands ---- */

static struct key dek_in(json_t *v)
{
	struct key k = { 0 };

	assert_true(key_from(&k, unit_hex(v, "dek")));
	return k;
}

/* The command as it is published, on a card that has its DEK; the answer is the published one. */
static void check_published(json_t *v)
{
	struct span rsp = unit_hex(v, "rsp"), answer;
	json_t *keys = json_object_get(v, "keys");
	uint8_t version = unit_hex(v, "kvn").p[0];
	const struct card_keys *set;
	struct key dek = dek_in(v);
	struct capdu c;
	struct rig r;

	rig_issue(&r, dek.n, 0x70);
	r.issue.keys.dek = dek;
	r.keys = r.issue.keys;
	assert_true(capdu_get(unit_hex(v, "cmd"), &c));
	r.issue.key_version = c.p1 != 0 ? c.p1 : 0x01;
	rig_on(&r);
	rig_session(&r, 0x00, 0x01);
	assert_int_equal(say(&r, c.ins, (uint16_t)(c.p1 << 8 | c.p2), c.data, &answer), SW_OK);
	assert_span(answer, span_sub(rsp, 0, rsp.n - 2));
	set = chip_keys(r.v, &aid_isd, version);
	assert_non_null(set);
	for (size_t i = 0; i < json_array_size(keys); i++) {
		const struct key *k[] = { &set->keys.enc, &set->keys.mac, &set->keys.dek };
		size_t kid = (c.p2 & 0x7Fu) + i;

		assert_span(
		    key_span(k[kid - 1]), unit_bytes(json_string_value(json_array_get(keys, i))));
	}
	assert_lasting(&r);
	rig_off(&r);
}

static void published(void **state)
{
	json_t *j = unit_json("test/vectors/put_key.json"), *v;
	size_t i, seen = 0;

	(void)state;
	json_array_foreach(json_object_get(j, "vectors"), i, v)
	{
		if (strcmp(unit_str(v, "scp"), "03") != 0)
			continue; /* the others: vcard02_test */
		check_published(v);
		seen++;
	}
	assert_int_equal(seen, 4);
	json_decref(j);
}

/* ---- keys that authorize content ---- */

/* Through a power cycle, and a session again. */
static void lasting(struct rig *r)
{
	assert_lasting(r);
	content_session(r);
}

static uint16_t put(struct rig *r, uint16_t p1p2, const struct put_key *k, struct span *answer)
{
	struct wr w = wr_grow(2000);
	uint16_t sw;

	assert_true(put_key_put(&w, k, &r->keys.dek));
	sw = say(r, INS_PUT_KEY, p1p2, wr_span(&w), answer);
	wr_free(&w);
	return sw;
}

static struct put_key rsa_key(uint8_t version, unsigned bits)
{
	struct put_key k = { .version = version, .n = 1, .type = { KEY_TYPE_RSA_MODULUS } };

	assert_true(authority_generate_rsa(&k.asymmetric, bits));
	return k;
}

static struct put_key ec_key(uint8_t version, enum ec_curve curve, uint8_t type)
{
	struct put_key k = { .version = version, .n = 1, .type = { type } };

	assert_true(authority_generate_ec(&k.asymmetric, curve));
	return k;
}

static bool told(struct rig *r, const char *entry)
{
	struct span e0, want = unit_bytes(entry);

	assert_int_equal(
	    say(r, INS_GET_DATA, TAG_KEY_INFORMATION, (struct span){ NULL, 0 }, &e0), SW_OK);
	for (size_t at = 0; at + want.n <= e0.n; at++)
		if (span_eq(span_sub(e0, at, want.n), want))
			return true;
	return false;
}

static void assert_authority(struct rig *r, uint8_t version, const struct authority_key *want)
{
	struct authority_key k;

	assert_true(chip_authority(r->v, &aid_isd, version, &k));
	assert_true(authority_same_public(&k, want));
	lasting(r);
	assert_true(chip_authority(r->v, &aid_isd, version, &k));
	assert_true(authority_same_public(&k, want));
}

static void rsa(void **state)
{
	struct put_key k = rsa_key(0x73, 1024), other = rsa_key(0x73, 1024),
		       large = rsa_key(0x73, 2048), token = rsa_key(0x70, 4096);
	struct authority_key none;
	struct span answer;
	struct rig r;

	(void)state;
	content_on(&r);
	assert_false(chip_authority(r.v, &aid_isd, 0x73, &none));
	assert_int_equal(put(&r, 0x0001, &k, &answer), SW_OK);
	assert_span(answer, unit_bytes("73"));
	assert_authority(&r, 0x73, &k.asymmetric);
	assert_true(told(&r, "C0060173A180A003"));
	assert_int_equal(put(&r, 0x0001, &other, NULL), SW_WRONG_DATA); /* is there */
	assert_int_equal(put(&r, 0x7101, &other, NULL), SW_REFERENCE_NOT_FOUND);
	assert_int_equal(put(&r, 0x7301, &large, NULL), SW_WRONG_DATA); /* another size */
	assert_int_equal(put(&r, 0x7301, &other, NULL), SW_OK);
	assert_authority(&r, 0x73, &other.asymmetric);
	/* another identifier of the same version is another key */
	assert_int_equal(put(&r, 0x0002, &large, NULL), SW_OK);
	assert_true(told(&r, "C0060273A100A003"));
	assert_authority(&r, 0x73, &other.asymmetric);
	assert_int_equal(put(&r, 0x0001, &token, NULL), SW_OK);
	assert_authority(&r, 0x70, &token.asymmetric);
	/* under a new version the old one is gone */
	k.version = 0x72;
	assert_int_equal(put(&r, 0x7301, &k, NULL), SW_OK);
	assert_false(chip_authority(r.v, &aid_isd, 0x73, &none));
	assert_authority(&r, 0x72, &k.asymmetric);
	k.version = 0x70;
	assert_int_equal(put(&r, 0x7201, &k, NULL), SW_WRONG_DATA); /* runs into another */
	k.n = 2;
	assert_int_equal(say_hex(&r, INS_PUT_KEY, 0x0081, "70A003010001"), SW_WRONG_DATA);
	rig_off(&r);
}

static void ec(void **state)
{
	static const enum ec_curve curves[] = { EC_P256, EC_P384, EC_P521, EC_BRAINPOOL_P256R1 };
	static const char *const entries[] = { "C0060170B040F000", "C0060171B060F001",
		"C0060172B084F002", "C0060173B040F003" };
	struct put_key k, other;
	struct rig r;

	(void)state;
	content_on(&r);
	for (uint8_t i = 0; i < 4; i++) {
		k = ec_key((uint8_t)(0x70 + i), curves[i], KEY_TYPE_EC_PUBLIC);
		assert_int_equal(put(&r, 0x0001, &k, NULL), SW_OK);
		assert_authority(&r, (uint8_t)(0x70 + i), &k.asymmetric);
		assert_true(told(&r, entries[i]));
	}
	other = ec_key(0x70, EC_P384, KEY_TYPE_EC_PUBLIC);
	assert_int_equal(put(&r, 0x7001, &other, NULL), SW_WRONG_DATA); /* another curve */
	other = rsa_key(0x70, 1024);
	assert_int_equal(put(&r, 0x7001, &other, NULL), SW_WRONG_DATA); /* another kind */
	other = ec_key(0x70, EC_P256, KEY_TYPE_EC_PUBLIC);
	assert_int_equal(put(&r, 0x7001, &other, NULL), SW_OK);
	assert_authority(&r, 0x70, &other.asymmetric);
	rig_off(&r);
}

/* AES of every length and triple DES for tokens, receipts, DAP, ciphered load files. */
static void secret(void **state)
{
	static const struct {
		uint8_t version, type, n;
		enum authority_kind kind;
	} rows[] = { { 0x70, KEY_TYPE_AES, 16, AUTHORITY_AES },
		{ 0x71, KEY_TYPE_AES, 24, AUTHORITY_AES },
		{ 0x73, KEY_TYPE_AES, 32, AUTHORITY_AES },
		{ 0x75, KEY_TYPE_DES, 16, AUTHORITY_DES } };
	struct authority_key a;
	struct put_key k;
	struct rig r;

	(void)state;
	content_on(&r);
	for (size_t i = 0; i < 4; i++) {
		k = (struct put_key){
			.version = rows[i].version, .n = 1, .type = { rows[i].type }
		};
		k.key[0].n = rows[i].n;
		memset(k.key[0].b, 0x70, rows[i].n);
		assert_int_equal(put(&r, 0x0001, &k, NULL), SW_OK);
		lasting(&r);
		assert_true(chip_authority(r.v, &aid_isd, rows[i].version, &a));
		assert_int_equal(a.kind, rows[i].kind);
		assert_span(key_span(&a.secret), key_span(&k.key[0]));
	}
	assert_true(told(&r, "C00401738820"));
	assert_true(told(&r, "C00401758010"));
	/* none of them opens a channel, a set of triple DES neither: the card has SCP03 */
	k = (struct put_key){
		.version = 0x20, .n = 3, .type = { KEY_TYPE_DES, KEY_TYPE_DES, KEY_TYPE_DES }
	};
	for (size_t i = 0; i < 3; i++)
		k.key[i] = unit_key("000102030405060708090A0B0C0D0E0F");
	assert_int_equal(put(&r, 0x0081, &k, NULL), SW_OK);
	assert_int_equal(put(&r, 0x2081, &k, NULL), SW_OK);
	k.type[0] = k.type[1] = k.type[2] = KEY_TYPE_AES;
	assert_int_equal(put(&r, 0x2081, &k, NULL), SW_WRONG_DATA); /* replacing keeps the type */
	assert_int_equal(rig_initialize(&r, 0x20), SW_REFERENCE_NOT_FOUND);
	assert_int_equal(rig_initialize(&r, 0x70), SW_REFERENCE_NOT_FOUND);
	rig_session(&r, 0x00, 0x01);
	assert_int_equal(r.u.key_version, 0x30);
	/* one version and identifier, one key: not a secret one and a public one */
	k = rsa_key(0x73, 1024);
	assert_int_equal(put(&r, 0x0001, &k, NULL), SW_WRONG_DATA);
	k = rsa_key(0x76, 1024);
	assert_int_equal(put(&r, 0x0001, &k, NULL), SW_OK);
	k = (struct put_key){ .version = 0x76, .n = 1 };
	k.key[0] = unit_key("000102030405060708090A0B0C0D0E0F");
	assert_int_equal(put(&r, 0x0001, &k, NULL), SW_WRONG_DATA);
	assert_int_equal(put(&r, 0x7601, &k, NULL), SW_WRONG_DATA);
	lasting(&r);
	rig_off(&r);
}

/* The factory set goes for a set that opens channels, not for one that does not. */
static void factory_stays(void **state)
{
	struct put_key k = {
		.version = 0x20, .n = 3, .type = { KEY_TYPE_DES, KEY_TYPE_DES, KEY_TYPE_DES }
	};
	struct rig r;

	(void)state;
	rig_issue(&r, 16, 0x70);
	r.issue.key_version = FACTORY_VERSION;
	rig_on(&r);
	rig_session(&r, 0x00, 0x01);
	for (size_t i = 0; i < 3; i++)
		k.key[i] = unit_key("000102030405060708090A0B0C0D0E0F");
	assert_int_equal(put(&r, 0x0081, &k, NULL), SW_OK);
	assert_non_null(chip_keys(r.v, &aid_isd, FACTORY_VERSION));
	rig_session(&r, 0x00, 0x01);
	assert_int_equal(r.u.key_version, FACTORY_VERSION);
	assert_int_equal(say_hex(&r, INS_DELETE, 0x0000, "D201FF"), SW_CONDITIONS);
	rig_off(&r);
}

/* ---- keys of SCP11 (Amendment F 5.1) ---- */

static void scp11_keys(void **state)
{
	struct put_key own = ec_key(0x01, EC_P256, KEY_TYPE_EC_PRIVATE),
		       ca = ec_key(0x01, EC_P256, KEY_TYPE_EC_PUBLIC);
	struct rig r;

	(void)state;
	content_on(&r);
	assert_int_equal(rig_hex(&r, "80880113"
				     "00"),
	    SW_SECURITY_STATUS); /* no SCP11 yet */
	content_session(&r);
	assert_int_equal(put(&r, 0x0001, &own, NULL), SW_WRONG_DATA); /* no use for it */
	assert_int_equal(put(&r, 0x0013, &own, NULL), SW_OK);
	assert_int_equal(put(&r, 0x0010, &ca, NULL), SW_OK);
	assert_int_equal(r.v->chip.ecka_n, 1);
	assert_int_equal(r.v->chip.ca_n, 1);
	assert_true(told(&r, "C0061301B120F000"));
	assert_true(told(&r, "C0061001B040F000"));
	lasting(&r);
	assert_int_equal(put(&r, 0x0013, &own, NULL), SW_WRONG_DATA);
	assert_int_equal(put(&r, 0x0113, &own, NULL), SW_OK);
	assert_int_equal(put(&r, 0x0213, &own, NULL), SW_REFERENCE_NOT_FOUND);
	own.version = 0x02;
	assert_int_equal(put(&r, 0x0113, &own, NULL), SW_OK);
	assert_int_equal(r.v->chip.ecka_n, 1);
	assert_null(chip_ecka(r.v, (struct key_ref){ 0x13, 0x01 }));
	ca = ec_key(0x03, EC_P384, KEY_TYPE_EC_PUBLIC);
	assert_int_equal(put(&r, 0x0110, &ca, NULL), SW_WRONG_DATA);
	assert_int_equal(say_hex(&r, INS_DELETE, 0x0000, "D00113D20102"), SW_OK);
	assert_int_equal(say_hex(&r, INS_DELETE, 0x0000, "D00110"), SW_OK);
	assert_int_equal(r.v->chip.ecka_n, 0);
	assert_int_equal(r.v->chip.ca_n, 0);
	lasting(&r);
	rig_off(&r);
}

/* ---- several commands ---- */

static uint16_t part(struct rig *r, uint8_t p1, uint8_t p2, struct span s, size_t from, size_t n)
{
	struct span answer;
	uint16_t sw = say(r, INS_PUT_KEY, (uint16_t)(p1 << 8 | p2), span_sub(s, from, n), &answer);

	if ((p1 & 0x80) != 0)
		assert_int_equal(answer.n, 0);
	return sw;
}

static void chained(void **state)
{
	struct put_key k = rsa_key(0x73, 2048);
	struct authority_key none;
	struct wr w = wr_grow(1000);
	struct span s;
	struct rig r;

	(void)state;
	content_on(&r);
	assert_true(put_key_put(&w, &k, &r.keys.dek));
	s = wr_span(&w);
	for (size_t cut = 1; cut < s.n; cut += cut < 10 || cut > s.n - 10 ? 1 : 25) {
		if (s.n - cut > 247 || cut > 247)
			continue;
		assert_int_equal(part(&r, 0x80, 0x01, s, 0, cut), SW_OK);
		assert_false(
		    chip_authority(r.v, &aid_isd, 0x73, &none)); /* nothing before the last */
		assert_int_equal(part(&r, 0x00, 0x01, s, cut, s.n), SW_OK);
		assert_authority(&r, 0x73, &k.asymmetric);
		assert_int_equal(say_hex(&r, INS_DELETE, 0x0000, "D20173"), SW_OK);
	}
	/* other keys in the second command */
	assert_int_equal(part(&r, 0x80, 0x01, s, 0, 200), SW_OK);
	assert_broken_off(&r, part(&r, 0x00, 0x02, s, 200, s.n));
	assert_int_equal(part(&r, 0x80, 0x01, s, 0, 200), SW_OK);
	assert_broken_off(&r, part(&r, 0x73, 0x01, s, 200, s.n));
	/* another command in between: the rest is a beginning that makes no sense */
	assert_int_equal(part(&r, 0x80, 0x01, s, 0, 200), SW_OK);
	assert_broken_off(&r, say_hex(&r, INS_GET_STATUS, 0x8002, "4F00"));
	assert_int_equal(part(&r, 0x00, 0x01, s, 200, s.n), SW_WRONG_DATA);
	/* the last one missing, then a key of its own */
	assert_int_equal(part(&r, 0x80, 0x01, s, 0, 200), SW_OK);
	content_session(&r);
	assert_int_equal(put(&r, 0x0001, &k, NULL), SW_OK);
	/* too much */
	for (size_t n = 0; n < 5; n++)
		assert_int_equal(part(&r, 0x80, 0x02, s, 0, 240), n < 4 ? SW_OK : SW_NO_MEMORY);
	assert_authority(&r, 0x73, &k.asymmetric);
	wr_free(&w);
	rig_off(&r);
}

/* ---- DELETE ---- */

static void delete_kinds(void **state)
{
	struct put_key k = rsa_key(0x73, 1024);
	struct put_key set = { .version = 0x31, .n = 3 };
	struct rig r;

	(void)state;
	content_on(&r);
	for (size_t i = 0; i < 3; i++)
		set.key[i] = unit_key("000102030405060708090A0B0C0D0E0F");
	assert_int_equal(put(&r, 0x0081, &set, NULL), SW_OK);
	assert_int_equal(put(&r, 0x0001, &k, NULL), SW_OK);
	k.version = 0x70;
	assert_int_equal(put(&r, 0x0005, &k, NULL), SW_OK);
	/* of every version, that of the session is among them: nothing is done */
	assert_int_equal(say_hex(&r, INS_DELETE, 0x0000, "D00101"), SW_CONDITIONS);
	assert_int_equal(chip_keys(r.v, &aid_isd, 0x31)->keys.enc.n, 16);
	assert_int_equal(r.v->chip.publics_n, 2);
	assert_int_equal(say_hex(&r, INS_DELETE, 0x0000, "D00105"), SW_OK);
	assert_int_equal(r.v->chip.publics_n, 1);
	assert_int_equal(say_hex(&r, INS_DELETE, 0x0000, "D00105"), SW_REFERENCE_NOT_FOUND);
	assert_int_equal(say_hex(&r, INS_DELETE, 0x0000, "D00102D20173"), SW_REFERENCE_NOT_FOUND);
	assert_int_equal(say_hex(&r, INS_DELETE, 0x0000, "D00101D20173"), SW_OK);
	assert_int_equal(say_hex(&r, INS_DELETE, 0x0000, "D20131D20131"), SW_WRONG_DATA);
	assert_int_equal(say_hex(&r, INS_DELETE, 0x0000, "D20131"), SW_OK);
	lasting(&r);
	assert_int_equal(r.v->chip.publics_n, 0);
	assert_int_equal(r.v->chip.keys_n, 1);
	rig_off(&r);
}

/* ---- memory ---- */

static void full(void **state)
{
	struct put_key k = ec_key(0x01, EC_P256, KEY_TYPE_EC_PUBLIC);
	struct rig r;

	(void)state;
	content_on(&r);
	for (uint8_t n = 0; n < CHIP_PUBLICS_MAX; n++, k.version++)
		assert_int_equal(put(&r, 0x0001, &k, NULL), SW_OK);
	assert_int_equal(put(&r, 0x0001, &k, NULL), SW_NO_MEMORY);
	k.version = 0x01;
	assert_int_equal(put(&r, 0x0101, &k, NULL), SW_OK); /* replacing takes none */
	lasting(&r);
	rig_off(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(published),
		cmocka_unit_test(rsa),
		cmocka_unit_test(ec),
		cmocka_unit_test(secret),
		cmocka_unit_test(factory_stays),
		cmocka_unit_test(scp11_keys),
		cmocka_unit_test(chained),
		cmocka_unit_test(delete_kinds),
		cmocka_unit_test(full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
