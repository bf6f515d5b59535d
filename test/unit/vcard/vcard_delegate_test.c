/* Delegated management of the virtual card: tokens of every kind, receipts and their counter, DAP
 * signatures, ciphered load files. */
#include "content_rig.h"

#include "gp/token.h"

#define OTHER "A00000006203010C0109"
#define DELEGATED "A00000" /* domain with delegated management */

static const struct span none = { NULL, 0 };
static const struct package_of hello = { .aid = PACKAGE,
	.applets = { APPLET },
	.imports = { "A0000000620101" },
	.major = 1,
	.minor = 0 };

/* A key of the nth kind; false: there are no more. */
static bool key_of_kind(size_t nth, struct authority_key *k)
{
	switch (nth) {
	case 0:
		return authority_secret(
		    k, AUTHORITY_AES, unit_bytes("404142434445464748494A4B4C4D4E4F"));
	case 1:
		return authority_secret(
		    k, AUTHORITY_DES, unit_bytes("404142434445464748494A4B4C4D4E4F"));
	case 2:
		return authority_generate_ec(k, EC_P256);
	case 3:
		return authority_generate_ec(k, EC_P384);
	case 4:
		return authority_generate_rsa(k, 1024);
	case 5:
		return authority_generate_rsa(k, 2048);
	}
	return false;
}

/* What PUT KEY leaves on the card. */
static void put_key(
    struct rig *r, const char *domain, uint8_t version, const struct authority_key *k)
{
	if (authority_is_public(k)) {
		struct card_public p = {
			.domain = aid_of(domain), .ref = { 0x01, version }, .key = *k
		};

		chip_put_public(r->v, &p);
	} else {
		struct card_keys s = { .domain = aid_of(domain),
			.version = version,
			.type = k->kind == AUTHORITY_DES ? KEY_TYPE_DES : KEY_TYPE_AES,
			.keys = { .enc = k->secret },
			.tries = TRIES_MAX };

		chip_put_keys(r->v, &s);
	}
	assert_true(chip_commit(r->v));
}

/* A session with a domain that has delegated management; PACKAGE is its own when told. */
static void set_up(struct rig *r, bool loaded)
{
	content_on(r);
	personal_domain(r, DOMAIN, DELEGATED);
	if (loaded)
		assert_int_equal(load_package(r, &hello, DOMAIN), SW_OK);
	assert_int_equal(rig_hex(r, "00A4040008" DOMAIN), SW_OK);
	content_session(r);
}

static uint16_t tokened(struct rig *r, uint8_t p2, const struct operation *op, struct span token)
{
	uint8_t room[1024];
	struct wr w = wr_fixed(room, sizeof(room));
	struct delete_object d = op->object;
	struct install i = op->install;

	if (op->kind == TOKEN_DELETE) {
		d.token = token;
		delete_object_put(&w, &d);
		return say(r, INS_DELETE, op->p2, wr_span(&w), NULL);
	}
	i.token = token;
	install_put(&w, op->p1, p2, &i);
	assert_true(wr_ok(&w));
	return say(r, INS_INSTALL, (uint16_t)(op->p1 << 8 | p2), wr_span(&w), NULL);
}

/* Without its token, with a wrong one, with the right one. */
static void only_by_token(
    struct rig *r, uint8_t p2, const struct operation *op, const struct authority_key *k)
{
	struct wr token = wr_grow(1024);

	assert_true(token_sign(op, k, &token));
	assert_int_equal(tokened(r, p2, op, none), SW_CONDITIONS);
	token.p[token.n / 2] ^= 0x01;
	assert_int_equal(tokened(r, p2, op, wr_span(&token)), SW_SECURITY_STATUS);
	token.p[token.n / 2] ^= 0x01;
	assert_int_equal(
	    tokened(r, p2, op, span_sub(wr_span(&token), 0, token.n - 1)), SW_SECURITY_STATUS);
	assert_int_equal(tokened(r, p2, op, wr_span(&token)), SW_OK);
	wr_free(&token);
}

/* The last answer is a confirmation: number `counter`, signed, of what was done. */
static void confirmed(
    struct rig *r, uint16_t counter, const struct done *d, const struct authority_key *k)
{
	struct receipt got;

	assert_int_equal(receipt_get(rig_answer(r), &got), RECEIPT_GOT);
	assert_int_equal(got.counter, counter);
	assert_span(got.unique, unit_bytes("42424200000001"));
	assert_true(receipt_verify(&got, d, k));
	assert_int_equal(r->v->chip.content.receipts, counter);
}

static struct operation load_operation(const struct wr *data, uint8_t hash[static DIGEST_MAX])
{
	struct operation op = { .kind = TOKEN_LOAD, .p1 = INSTALL_FOR_LOAD };

	assert_true(digest_of(DIGEST_SHA512, wr_span(data), hash));
	op.install = (struct install){
		.load_file = aid_of(PACKAGE), .domain = aid_of(DOMAIN), .hash = span_of(hash, 64)
	};
	return op;
}

static struct operation install_operation(void)
{
	struct operation op = { .kind = TOKEN_INSTALL, .p1 = INSTALL_FOR_INSTALL };

	op.install = (struct install){ .load_file = aid_of(PACKAGE),
		.module = aid_of(APPLET),
		.app = aid_of(APPLET),
		.privileges_n = 1,
		.params = unit_bytes("C900") };
	return op;
}

/* A token vouches for what is loaded by its hash: without one it is worth nothing. */
static void without_hash(struct rig *r, struct operation op, const struct authority_key *k)
{
	struct wr token = wr_grow(1024);

	op.install.hash = none;
	assert_true(token_sign(&op, k, &token));
	assert_int_equal(tokened(r, INSTALL_ALONE, &op, wr_span(&token)), SW_WRONG_DATA);
	wr_free(&token);
}

/* Everything that a delegated domain does, from loading to deletion, with each kind of key. */
static void tokens_of_all_kinds(void **state)
{
	struct wr data = wr_grow(1 << 16), file = wr_grow(1 << 16);
	uint8_t hash[DIGEST_MAX];
	SECRET_AUTHORITY(k);
	SECRET_AUTHORITY(receipt);

	(void)state;
	package_put(&data, &hello);
	load_file_head_put(&file, NULL, 0, data.n, false, NULL);
	wr_put(&file, wr_span(&data));
	assert_true(key_of_kind(0, &receipt));
	for (size_t nth = 0; key_of_kind(nth, &k); nth++) {
		struct operation op = load_operation(&data, hash);
		struct done d = {
			.kind = TOKEN_LOAD, .load_file = aid_of(PACKAGE), .domain = aid_of(DOMAIN)
		};
		struct rig r;

		set_up(&r, false);
		put_key(&r, "", KVN_TOKEN, &k);
		put_key(&r, "", KVN_RECEIPT, &receipt);
		without_hash(&r, op, &k);
		only_by_token(&r, INSTALL_ALONE, &op, &k);
		assert_int_equal(load_blocks_put(&r, wr_span(&file), 200), SW_OK);
		confirmed(&r, 1, &d, &receipt);
		op = install_operation();
		d = (struct done){
			.kind = TOKEN_INSTALL, .load_file = aid_of(PACKAGE), .app = aid_of(APPLET)
		};
		only_by_token(&r, INSTALL_ALONE, &op, &k);
		confirmed(&r, 2, &d, &receipt);
		op = (struct operation){ .kind = TOKEN_SELECTABLE, .p1 = INSTALL_FOR_SELECTABLE };
		op.install = (struct install){ .app = aid_of(APPLET), .privileges_n = 1 };
		d.kind = TOKEN_SELECTABLE;
		only_by_token(&r, INSTALL_ALONE, &op, &k);
		confirmed(&r, 3, &d, &receipt);
		op = (struct operation){ .kind = TOKEN_DELETE, .p2 = DELETE_RELATED };
		op.object.aid = aid_of(PACKAGE);
		d = (struct done){ .kind = TOKEN_DELETE, .app = aid_of(PACKAGE) };
		only_by_token(&r, INSTALL_ALONE, &op, &k);
		confirmed(&r, 4, &d, &receipt);
		assert_int_equal(r.v->chip.content.file_n, 0);
		rig_hex(&r, "00A4040000");
		assert_span(rig_get(&r, TAG_CONFIRMATION_COUNTER), unit_bytes("C2020004"));
		assert_lasting(&r);
		rig_off(&r);
		wipe_authority_key(&k);
	}
	wr_free(&data);
	wr_free(&file);
}

static void extradition_and_update(void **state)
{
	struct operation op = { .kind = TOKEN_EXTRADITION, .p1 = INSTALL_FOR_EXTRADITION };
	struct done d = { .kind = TOKEN_EXTRADITION,
		.old_domain = aid_of(DOMAIN),
		.app = aid_of(PACKAGE),
		.domain = aid_of(DOMAIN2) };
	SECRET_AUTHORITY(k);
	SECRET_AUTHORITY(receipt);
	struct rig r;

	(void)state;
	content_on(&r);
	personal_domain(&r, DOMAIN, DELEGATED);
	personal_domain(&r, DOMAIN2, "80");
	assert_int_equal(load_package(&r, &hello, DOMAIN), SW_OK);
	assert_int_equal(install_applet(&r, PACKAGE, APPLET, APPLET, "00"), SW_OK);
	assert_int_equal(rig_hex(&r, "00A4040008" DOMAIN), SW_OK);
	content_session(&r);
	assert_true(key_of_kind(2, &k) && key_of_kind(1, &receipt));
	put_key(&r, "", KVN_TOKEN, &k);
	put_key(&r, "", KVN_RECEIPT, &receipt);
	op.install = (struct install){ .domain = aid_of(DOMAIN2), .app = aid_of(PACKAGE) };
	only_by_token(&r, INSTALL_ALONE, &op, &k);
	confirmed(&r, 1, &d, &receipt);
	op = (struct operation){ .kind = TOKEN_REGISTRY, .p1 = INSTALL_FOR_REGISTRY };
	op.install = (struct install){
		.app = aid_of(APPLET), .privileges = PRIV_CVM_MANAGEMENT, .privileges_n = 1
	};
	d = (struct done){ .kind = TOKEN_REGISTRY,
		.old_domain = aid_of(DOMAIN),
		.app = aid_of(APPLET),
		.privileges = PRIV_CVM_MANAGEMENT,
		.privileges_n = 1 };
	only_by_token(&r, INSTALL_ALONE, &op, &k);
	confirmed(&r, 2, &d, &receipt);
	rig_off(&r);
}

/* One token for all: it covers the first command and the last. */
static void combined(void **state)
{
	struct wr data = wr_grow(1 << 16), file = wr_grow(1 << 16);
	struct operation op = { .kind = TOKEN_ALL, .p1 = INSTALL_ALL };
	struct done d = { .kind = TOKEN_ALL,
		.load_file = aid_of(PACKAGE),
		.app = aid_of(APPLET),
		.domain = aid_of(DOMAIN) };
	struct wr token = wr_grow(1024);
	SECRET_AUTHORITY(k);
	struct rig r;

	(void)state;
	set_up(&r, false);
	assert_true(key_of_kind(0, &k));
	put_key(&r, "", KVN_TOKEN, &k);
	put_key(&r, "", KVN_RECEIPT, &k);
	package_put(&data, &hello);
	load_file_head_put(&file, NULL, 0, data.n, false, NULL);
	wr_put(&file, wr_span(&data));
	op.first = (struct install){ .load_file = aid_of(PACKAGE), .domain = aid_of(DOMAIN) };
	op.install = (struct install){ .load_file = aid_of(PACKAGE),
		.module = aid_of(APPLET),
		.app = aid_of(APPLET),
		.privileges_n = 1,
		.params = unit_bytes("C900") };
	assert_true(token_sign(&op, &k, &token));
	for (int i = 0; i < 3; i++) {
		struct install first = op.first;

		assert_int_equal(do_install_put(&r, INSTALL_ALL, INSTALL_FIRST, &first), SW_OK);
		assert_int_equal(load_blocks_put(&r, wr_span(&file), 200), SW_OK);
		assert_span(rig_answer(&r), unit_bytes("00"));
		token.p[0] ^= i == 1 ? 0x80 : 0x00;
		assert_int_equal(tokened(&r, INSTALL_LAST, &op, i == 0 ? none : wr_span(&token)),
		    i == 0   ? SW_CONDITIONS
		    : i == 1 ? SW_SECURITY_STATUS
			     : SW_OK);
		token.p[0] ^= i == 1 ? 0x80 : 0x00;
		assert_int_equal(r.v->chip.content.file_n, i == 2 ? 1 : 0);
	}
	confirmed(&r, 1, &d, &k);
	wr_free(&data);
	wr_free(&file);
	wr_free(&token);
	rig_off(&r);
}

/* Whom a token is for, and its number. */
static void control(void **state)
{
	static const struct {
		const char *control;
		uint16_t sw;
	} references[] = {
		{ "B604 4202 9999", SW_SECURITY_STATUS },
		{ "B605 4503 000002", SW_SECURITY_STATUS },
		{ "B606 9301 05 9301 05", SW_SECURITY_STATUS },
		{ "B60F 4203 424242 4504 00000001 9302 AB07", SW_OK },
	};
	struct operation op = install_operation();
	struct wr params = wr_grow(256);
	SECRET_AUTHORITY(k);
	struct receipt got;
	struct rig r;

	(void)state;
	set_up(&r, true);
	assert_true(key_of_kind(0, &k));
	put_key(&r, "", KVN_TOKEN, &k);
	put_key(&r, "", KVN_RECEIPT, &k);
	for (size_t i = 0; i < sizeof(references) / sizeof(references[0]); i++) {
		struct wr token = wr_grow(64);

		wr_reset(&params);
		wr_put(&params, unit_bytes("C900"));
		wr_put(&params, unit_bytes(references[i].control));
		op.install.params = wr_span(&params);
		assert_true(token_sign(&op, &k, &token));
		assert_int_equal(
		    tokened(&r, INSTALL_ALONE, &op, wr_span(&token)), references[i].sw);
		wr_free(&token);
	}
	assert_int_equal(receipt_get(rig_answer(&r), &got), RECEIPT_GOT);
	assert_true(got.has_id);
	assert_span(got.id, unit_bytes("AB07"));
	wr_free(&params);
	rig_off(&r);
}

static void without_keys(void **state)
{
	struct operation op = install_operation();
	SECRET_AUTHORITY(k);
	struct wr token = wr_grow(64);
	struct rig r;

	(void)state;
	set_up(&r, true);
	assert_true(key_of_kind(0, &k));
	assert_true(token_sign(&op, &k, &token));
	assert_int_equal(tokened(&r, INSTALL_ALONE, &op, wr_span(&token)), SW_CONDITIONS);
	put_key(&r, "", KVN_TOKEN, &k);
	assert_int_equal(tokened(&r, INSTALL_ALONE, &op, wr_span(&token)), SW_OK);
	assert_span(rig_answer(&r), unit_bytes("00")); /* no key, no receipt */
	assert_int_equal(r.v->chip.content.receipts, 0);
	wr_free(&token);
	rig_off(&r);
}

/* The nearest domain above that verifies tokens does it, whoever else could. */
static void verified_above(void **state)
{
	struct operation op = install_operation();
	SECRET_AUTHORITY(k);
	SECRET_AUTHORITY(isd);
	struct rig r;

	(void)state;
	content_on(&r);
	personal_domain(&r, DOMAIN2, "80A080"); /* Token Verification, Receipt Generation */
	personal_domain(&r, DOMAIN, DELEGATED);
	assert_int_equal(
	    say_hex(&r, INS_INSTALL, 0x1000, "08" DOMAIN2 "00 08" DOMAIN "000000"), SW_OK);
	assert_int_equal(load_package(&r, &hello, DOMAIN), SW_OK);
	assert_true(key_of_kind(2, &k) && key_of_kind(3, &isd));
	put_key(&r, "", KVN_TOKEN, &isd);
	put_key(&r, DOMAIN2, KVN_TOKEN, &k);
	assert_int_equal(rig_hex(&r, "00A4040008" DOMAIN), SW_OK);
	content_session(&r);
	only_by_token(&r, INSTALL_ALONE, &op, &k);
	rig_off(&r);
}

/* The counter of receipts never comes back to where it was. */
static void counter_ends(void **state)
{
	struct operation op = install_operation();
	SECRET_AUTHORITY(k);
	struct aid app = aid_of(APPLET);
	struct wr token = wr_grow(64);
	struct rig r;

	(void)state;
	set_up(&r, true);
	assert_true(key_of_kind(0, &k));
	put_key(&r, "", KVN_TOKEN, &k);
	put_key(&r, "", KVN_RECEIPT, &k);
	chip_put_receipts(r.v, 0xFFFF);
	assert_true(chip_commit(r.v));
	assert_true(token_sign(&op, &k, &token));
	assert_int_equal(tokened(&r, INSTALL_ALONE, &op, wr_span(&token)), SW_CONDITIONS);
	assert_null(chip_app(r.v, &app));
	wr_free(&token);
	rig_off(&r);
}

/* ---- DAP signatures ---- */

/* Loads `data` with a signature by k over its hash, of `domain`; flips a bit of it when told. */
static uint16_t load_signed(struct rig *r, const char *domain, const struct authority_key *k,
    enum digest_alg alg, bool spoiled)
{
	struct wr data = wr_grow(1 << 16), file = wr_grow(1 << 16), signature = wr_grow(1024);
	uint8_t hash[DIGEST_MAX];
	struct span h = span_of(hash, digest_size(alg));
	struct dap dap = { .domain = aid_of(DOMAIN2) };
	uint16_t sw;

	package_put(&data, &hello);
	assert_true(digest_of(alg, wr_span(&data), hash));
	assert_true(authority_sign(k, h, &signature));
	signature.p[3] ^= spoiled ? 0x20 : 0x00;
	dap.signature = wr_span(&signature);
	load_file_head_put(&file, &dap, 1, data.n, false, NULL);
	wr_put(&file, wr_span(&data));
	assert_int_equal(load_start(r, PACKAGE, domain, h), SW_OK);
	sw = load_blocks_put(r, wr_span(&file), 200);
	wr_free(&data);
	wr_free(&file);
	wr_free(&signature);
	return sw;
}

static void dap_signatures(void **state)
{
	SECRET_AUTHORITY(k);

	(void)state;
	for (size_t nth = 0; key_of_kind(nth, &k); nth++) {
		struct rig r;

		content_on(&r);
		personal_domain(&r, DOMAIN2, "C0");
		assert_int_equal(
		    load_signed(&r, "", &k, DIGEST_SHA512, false), SW_REFERENCE_NOT_FOUND);
		put_key(&r, DOMAIN2, nth == 2 ? 0x22 : KVN_DAP, &k);
		assert_int_equal(load_signed(&r, "", &k, DIGEST_SHA512, true), SW_SECURITY_STATUS);
		/* what goes to that domain must be signed by it */
		assert_int_equal(load_package(&r, &hello, DOMAIN2), SW_CONDITIONS);
		assert_int_equal(load_signed(&r, DOMAIN2, &k, DIGEST_SHA512, false), SW_OK);
		assert_int_equal(delete_aid(&r, PACKAGE, DELETE_OBJECT), SW_OK);
		/* a hash weaker than the key */
		if (authority_digest(&k, false) > DIGEST_SHA1)
			assert_int_equal(
			    load_signed(&r, "", &k, DIGEST_SHA1, false), SW_CONDITIONS);
		assert_int_equal(load_signed(&r, "", &k, DIGEST_SHA512, false), SW_OK);
		rig_off(&r);
		wipe_authority_key(&k);
	}
}

static void mandated_dap(void **state)
{
	SECRET_AUTHORITY(k);
	struct rig r;

	(void)state;
	content_on(&r);
	assert_true(key_of_kind(2, &k));
	assert_int_equal(install_domain(&r, DOMAIN2, "C1"), SW_OK);
	put_key(&r, DOMAIN2, KVN_DAP, &k);
	/* not before it is PERSONALIZED */
	assert_int_equal(load_package(&r, &hello, ""), SW_OK);
	assert_int_equal(delete_aid(&r, PACKAGE, DELETE_OBJECT), SW_OK);
	assert_int_equal(rig_hex(&r, "00A4040008" DOMAIN2), SW_OK);
	content_session(&r);
	assert_int_equal(say_hex(&r, INS_SET_STATUS, 0x400F, DOMAIN2), SW_OK);
	assert_int_equal(rig_hex(&r, "00A4040000"), SW_OK);
	content_session(&r);
	assert_int_equal(load_package(&r, &hello, ""), SW_CONDITIONS);
	assert_int_equal(load_signed(&r, "", &k, DIGEST_SHA256, true), SW_SECURITY_STATUS);
	assert_int_equal(load_signed(&r, "", &k, DIGEST_SHA256, false), SW_OK);
	rig_off(&r);
}

/* A domain that verifies nothing says nothing of a load file. */
static void dap_by_nobody(void **state)
{
	SECRET_AUTHORITY(k);
	struct rig r;

	(void)state;
	content_on(&r);
	assert_true(key_of_kind(2, &k));
	assert_int_equal(load_signed(&r, "", &k, DIGEST_SHA256, false), SW_REFERENCE_NOT_FOUND);
	personal_domain(&r, DOMAIN2, "80");
	put_key(&r, DOMAIN2, KVN_DAP, &k);
	assert_int_equal(load_signed(&r, "", &k, DIGEST_SHA256, false), SW_CONDITIONS);
	rig_off(&r);
}

/* ---- ciphered load files ---- */

static uint16_t load_ciphered(
    struct rig *r, const struct authority_key *k, const uint8_t *icv, bool hashed)
{
	struct wr data = wr_grow(1 << 16), file = wr_grow(1 << 16), secret = wr_grow(1 << 16);
	uint8_t hash[DIGEST_MAX];
	uint16_t sw;

	package_put(&data, &hello);
	assert_true(digest_of(DIGEST_SHA256, wr_span(&data), hash));
	assert_true(authority_encrypt(
	    k, icv == NULL ? none : span_of(icv, authority_block(k)), wr_span(&data), &secret));
	load_file_head_put(&file, NULL, 0, secret.n, true, icv);
	wr_put(&file, wr_span(&secret));
	assert_int_equal(load_start(r, PACKAGE, DOMAIN, hashed ? span_of(hash, 32) : none), SW_OK);
	sw = load_blocks_put(r, wr_span(&file), 200);
	wr_free(&data);
	wr_free(&file);
	wr_free(&secret);
	return sw;
}

static void ciphered(void **state)
{
	static const uint8_t icv[16] = { 1, 2, 3, 4 };
	struct aid package = aid_of(PACKAGE);
	struct wr data = wr_grow(1 << 16);
	SECRET_AUTHORITY(k);
	SECRET_AUTHORITY(other);
	struct rig r;

	(void)state;
	content_on(&r);
	package_put(&data, &hello);
	assert_true(key_of_kind(0, &k));
	assert_true(authority_secret(
	    &other, AUTHORITY_AES, unit_bytes("505152535455565758595A5B5C5D5E5F")));
	personal_domain(&r, DOMAIN, "80");
	assert_int_equal(load_ciphered(&r, &k, NULL, true), SW_CONDITIONS); /* no privilege */
	assert_int_equal(delete_aid(&r, DOMAIN, DELETE_OBJECT), SW_OK);
	personal_domain(&r, DOMAIN, "800040");
	assert_int_equal(load_ciphered(&r, &k, NULL, true), SW_REFERENCE_NOT_FOUND); /* no key */
	put_key(&r, DOMAIN, KVN_CIPHER, &k);
	assert_int_equal(load_ciphered(&r, &other, NULL, true), SW_WRONG_DATA);
	assert_int_equal(load_ciphered(&r, &k, NULL, false), SW_CONDITIONS); /* no hash */
	/* an ICV for another cipher */
	assert_int_equal(load_start(&r, PACKAGE, DOMAIN, span_of(icv, 0)), SW_OK);
	assert_int_equal(load_blocks_put(&r,
			     unit_bytes("D3080000000000000000D410" /* and one block */
					"00000000000000000000000000000000"),
			     200),
	    SW_WRONG_DATA);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(load_ciphered(&r, &k, i == 0 ? NULL : icv, true), SW_OK);
		assert_span(wr_span(&chip_load_file(r.v, &package)->data), wr_span(&data));
		assert_int_equal(delete_aid(&r, PACKAGE, DELETE_OBJECT), SW_OK);
	}
	wr_free(&data);
	rig_off(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tokens_of_all_kinds),
		cmocka_unit_test(extradition_and_update),
		cmocka_unit_test(combined),
		cmocka_unit_test(control),
		cmocka_unit_test(without_keys),
		cmocka_unit_test(verified_above),
		cmocka_unit_test(counter_ends),
		cmocka_unit_test(dap_signatures),
		cmocka_unit_test(mandated_dap),
		cmocka_unit_test(dap_by_nobody),
		cmocka_unit_test(ciphered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
