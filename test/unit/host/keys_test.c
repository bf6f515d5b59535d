/* Keys of a domain: what goes out against published commands, and what the card's answers mean. */
#include "mirror.h"

#include "host/keys.h"
#include "scp_start.h"

/* ---- PUT KEY ---- */

static struct put_key keys_of(const json_t *v)
{
	struct put_key k = { .version = unit_hex(v, "kvn").p[0] };
	json_t *list = json_object_get(v, "keys");

	for (k.n = 0; k.n < json_array_size(list); k.n++)
		k.key[k.n] = unit_key(json_string_value(json_array_get(list, k.n)));
	return k;
}

/* The static Key-DEK, in SCP02 the session key made from it. */
static struct key dek_of(const json_t *v, bool des)
{
	struct key dek = unit_key(unit_str(v, "dek"));
	const struct key_set set = { dek, dek, dek };
	struct scp s = { 0 };

	if (!des)
		return dek;
	assert_true(begin_counter(&s, &set, 0x15, unit_hex(v, "sequence").p));
	dek = s.u.scp02.dek;
	scp_wipe(&s);
	return dek;
}

static void one_vector(const json_t *v, uint8_t level)
{
	bool des = strcmp(unit_str(v, "scp"), "02") == 0, unknown = true;
	struct put_key k = keys_of(v);
	uint8_t p1 = unit_hex(v, "p1").p[0], kid = unit_hex(v, "p2").p[0] & 0x7F;
	const char *rsp = unit_str(v, "rsp");
	char bad[64], cmd[600];
	struct mirror m;

	/* The recorded one left out Le. */
	snprintf(cmd, sizeof(cmd), "%s%s", unit_str(v, "cmd"),
	    json_is_true(json_object_get(v, "generated")) ? "" : "00");
	mirror_open(&m, des ? PROTOCOL_SCP02 : PROTOCOL_SCP03, level);
	m.s.dek = dek_of(v, des);
	mirror_answer(&m, rsp);
	assert_ok(keys_put_set(&m.s, p1, kid, &k, &unknown, &m.e), &m.e);
	assert_false(unknown);
	assert_int_equal(m.n, 1);
	assert_command(&m, 0, cmd);
	snprintf(bad, sizeof(bad), "%s", rsp);
	bad[2] = bad[2] == '0' ? '1' : '0'; /* a check value */
	mirror_answer(&m, bad);
	assert_int_equal(keys_put_set(&m.s, p1, kid, &k, &unknown, &m.e), -1);
	assert_int_equal(m.e.code, ERR_INTEGRITY);
	assert_false(unknown);
	mirror_close(&m);
}

static void put_vectors(void **state)
{
	json_t *j = unit_json("test/vectors/put_key.json"), *v;
	size_t i, n = 0;

	(void)state;
	json_array_foreach(json_object_get(j, "vectors"), i, v)
	{
		one_vector(v, LEVEL_CMAC);
		one_vector(v, LEVEL_CMAC | LEVEL_CDEC);
		n++;
	}
	assert_int_equal(n, 6);
	json_decref(j);
}

static struct put_key some_keys(uint8_t version)
{
	const struct key k = unit_key("505152535455565758595A5B5C5D5E5F");
	const struct key_set set = { k, k, k };
	struct put_key p;

	keys_from_set(&p, version, KEY_TYPE_AES, &set);
	return p;
}

/* What a lost answer is told from. */
static void lost_answers(void **state)
{
	struct put_key k = some_keys(0x31);
	struct delete_keys gone = { -1, 0x31 };
	bool unknown;
	struct mirror m;

	(void)state;
	mirror_open(&m, PROTOCOL_SCP03, 0x33);
	m.silent_at = 1;
	assert_int_equal(keys_put_set(&m.s, 0, 1, &k, &unknown, &m.e), -1);
	assert_int_equal(m.e.code, ERR_READER);
	assert_true(unknown);
	/* Nothing more goes out, so nothing more is unknown. */
	assert_int_equal(keys_put_set(&m.s, 0, 1, &k, &unknown, &m.e), -1);
	assert_int_equal(m.e.code, ERR_SAFETY);
	assert_false(unknown);
	assert_int_equal(m.n, 1);
	mirror_close(&m);

	mirror_open(&m, PROTOCOL_SCP03, 0x33);
	m.refuse_at = 1;
	assert_int_equal(keys_put_set(&m.s, 0, 1, &k, &unknown, &m.e), -1);
	assert_int_equal(m.e.code, ERR_CARD);
	assert_int_equal(m.e.sw, SW_WRONG_DATA);
	assert_false(unknown);
	mirror_close(&m);

	/* An answer whose R-MAC is wrong tells nothing. */
	mirror_open(&m, PROTOCOL_SCP03, 0x33);
	assert_true(aes_set_key(&m.side.u.scp03.rmac, &m.s.dek));
	assert_int_equal(keys_put_set(&m.s, 0, 1, &k, &unknown, &m.e), -1);
	assert_int_equal(m.e.code, ERR_INTEGRITY);
	assert_true(unknown);
	mirror_close(&m);

	mirror_open(&m, PROTOCOL_SCP03, 0x03);
	m.silent_at = 1;
	assert_int_equal(keys_delete(&m.s, &gone, &unknown, &m.e), -1);
	assert_true(unknown);
	mirror_close(&m);
}

static void put_refused(struct mirror *m, uint8_t old, struct put_key *k, const char *why)
{
	bool unknown = true;

	assert_int_equal(keys_put_set(&m->s, old, 1, k, &unknown, &m->e), -1);
	assert_int_equal(m->e.code, ERR_SAFETY);
	if (strstr(m->e.text, why) == NULL)
		fail_msg("got: %s", m->e.text);
	assert_false(unknown);
	assert_int_equal(m->n, 0);
}

/* Checked before anything goes out. */
static void put_guards(void **state)
{
	struct put_key k = some_keys(0x31);
	struct mirror m;

	(void)state;
	mirror_open(&m, PROTOCOL_SCP03, 0);
	put_refused(&m, 0, &k, "needs an open channel");
	m.s.mode = SESSION_UNICAST;
	put_refused(&m, 0, &k, "needs a channel with C-MAC, this one has level 00");
	mirror_close(&m);
	mirror_open(&m, PROTOCOL_SCP03, 0x33);
	put_refused(&m, 0xFF, &k, "cannot name version FF");
	k.version = 0x80;
	put_refused(&m, 0, &k, "cannot bring keys of version 80");
	k.version = 0;
	put_refused(&m, 0, &k, "cannot bring keys of version 00");
	k.version = 0x31;
	m.s.mode = SESSION_BROADCAST;
	put_refused(&m, 0, &k, "broadcast mode");
	mirror_close(&m);
}

/* The form of public keys is that of GPCS 11.8.2.3; what is too long for one command goes on in the
 * next, and nothing counts before the last. (In SCP03 it is protected as a whole:
 * joined_host_test.)
 */
static void long_keys(void **state)
{
	uint8_t n[512], want[600];
	struct wr w = wr_fixed(want, sizeof(want));
	struct put_key k = { .version = 0x73, .n = 1, .type = { KEY_TYPE_RSA_MODULUS } };
	const uint8_t e[3] = { 1, 0, 1 };
	bool unknown;
	struct mirror m;

	(void)state;
	memset(n, 0x5A, sizeof(n));
	n[0] = 0xC3;
	n[511] = 0x01;
	assert_true(authority_rsa(&k.asymmetric, SPAN(n), SPAN(e), span_of(NULL, 0)));
	wr_put(&w, unit_bytes("73A1820200"));
	wr_put(&w, SPAN(n));
	wr_put(&w, unit_bytes("A00301000100"));
	mirror_open(&m, PROTOCOL_SCP02, 0x03);
	mirror_answer(&m, "739000");
	assert_ok(keys_put_set(&m.s, 0x72, 1, &k, &unknown, &m.e), &m.e);
	assert_int_equal(m.n, 3);
	for (size_t i = 0, at = 0; i < 3; i++, at += 239) {
		struct capdu c;

		assert_true(capdu_get(m.command[i], &c));
		assert_int_equal(c.p1, i < 2 ? 0xF2 : 0x72);
		assert_int_equal(c.p2, 0x01);
		assert_span(c.data, span_sub(wr_span(&w), at, 239));
	}
	mirror_close(&m);
	/* Refused on the way, or without an answer. */
	mirror_open(&m, PROTOCOL_SCP02, 0x03);
	m.refuse_at = 2;
	mirror_answer(&m, "739000");
	assert_int_equal(keys_put_set(&m.s, 0, 1, &k, &unknown, &m.e), -1);
	assert_int_equal(m.e.sw, SW_WRONG_DATA);
	assert_false(unknown);
	assert_int_equal(m.n, 2);
	mirror_close(&m);
	mirror_open(&m, PROTOCOL_SCP02, 0x03);
	m.silent_at = 2;
	mirror_answer(&m, "739000");
	assert_int_equal(keys_put_set(&m.s, 0, 1, &k, &unknown, &m.e), -1);
	assert_true(unknown);
	mirror_close(&m);
}

/* ---- DELETE ---- */

static void delete_forms(void **state)
{
	static const struct {
		struct delete_keys k;
		const char *cmd;
	} rows[] = {
		{ { -1, 0x30 }, "80E4000003D2013000" },
		{ { 0x02, 0x30 }, "80E4000006D00102D2013000" },
		{ { 0x02, -1 }, "80E4000003D0010200" },
	};
	bool unknown;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct mirror m;

		mirror_open(&m, PROTOCOL_SCP03, 0x03);
		mirror_answer(&m, "009000");
		assert_ok(keys_delete(&m.s, &rows[i].k, &unknown, &m.e), &m.e);
		assert_command(&m, 0, rows[i].cmd);
		mirror_close(&m);
	}
}

/* ---- what may go ---- */

#define SET(version, type) \
	{ 1, version, type, 16, 0, { 0 }, 0, 0, 0, 0 }, \
	    { 2, version, type, 16, 0, { 0 }, 0, 0, 0, 0 }, \
	{ \
		3, version, type, 16, 0, { 0 }, 0, 0, 0, 0 \
	}
#define ONE(version, kid, type) \
	{ \
		kid, version, type, 16, 0, { 0 }, 0, 0, 0, 0 \
	}

static void may_delete(void **state)
{
	const struct key_infos two = { 7,
		{ SET(0x30, 0x88), SET(0x31, 0x88), ONE(0x73, 1, 0x88) } },
			       factory = { 6, { SET(0xFF, 0x88), SET(0x30, 0x88) } },
			       mixed = { 5, { SET(0x30, 0x88), ONE(0x03, 0x13, 0xB1),
						ONE(0x73, 1, 0xA1) } },
			       last = { 4, { SET(0x31, 0x80), ONE(0x73, 1, 0x80) } };
	const struct {
		const struct key_infos *k;
		struct delete_keys what;
		bool factory;
		const char *why; /* NULL: it may */
	} rows[] = {
		{ &two, { -1, 0x31 }, false, NULL },
		{ &two, { 1, 0x31 }, false, NULL },
		{ &two, { -1, 0x73 }, false, NULL },
		{ &two, { -1, 0x30 }, false, "opened with key set 30" },
		{ &two, { 2, 0x30 }, false, "opened with key set 30" },
		{ &two, { 2, -1 }, false, "opened with key set 30" },
		{ &two, { 0x13, -1 }, false, NULL },
		{ &factory, { -1, 0xFF }, false, "factory set" },
		{ &factory, { -1, 0xFF }, true, NULL },
		{ &mixed, { 0x13, 0x03 }, false, NULL },
		{ &last, { -1, 0x31 }, false, "no other key set" },
		{ &last, { 3, 0x31 }, false, "no other key set" },
		{ &last, { 3, -1 }, true, "opened with key set 30" },
		{ &last, { -1, 0x73 }, false, NULL },
	};
	struct mirror m;

	(void)state;
	mirror_open(&m, PROTOCOL_SCP03, 0x03);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int rc = keys_may_delete(&m.s, rows[i].k, &rows[i].what, rows[i].factory, &m.e);

		if (rc != (rows[i].why == NULL ? 0 : -1) ||
		    (rc != 0 && (m.e.code != ERR_SAFETY || m.e.hint[0] == '\0' ||
				    strstr(m.e.text, rows[i].why) == NULL)))
			fail_msg("row %zu: %d %s", i, rc, m.e.text);
	}
	/* Opened by SCP11: the set of that version is not the key that it was opened with. */
	m.s.kid = 0x13;
	m.s.iu.key_version = 0x03;
	assert_ok(
	    keys_may_delete(&m.s, &mixed, &(struct delete_keys){ -1, 0x30 }, false, &m.e), &m.e);
	assert_int_equal(
	    keys_may_delete(&m.s, &mixed, &(struct delete_keys){ 0x13, 0x03 }, false, &m.e), -1);
	assert_true(keys_open_channel(&mixed, 0x30));
	assert_true(keys_open_channel(&mixed, 0x03));
	assert_false(keys_open_channel(&mixed, 0x73));
	assert_false(keys_open_channel(&mixed, 0x44));
	mirror_close(&m);
}

/* As many keys as there is room for, none of which opens a channel: all of them are looked at, and
 * nothing behind them. */
static void may_delete_of_many(void **state)
{
	const struct delete_keys what = { 1, 0x01 };
	struct key_infos full = { .n = KEY_INFO_MAX };
	struct mirror m;

	(void)state;
	mirror_open(&m, PROTOCOL_SCP03, 0x03);
	for (size_t i = 0; i < KEY_INFO_MAX; i++)
		full.key[i] =
		    (struct key_info)ONE((uint8_t)(i / 3 + 1), (uint8_t)(i % 3 + 1), 0xA1);
	assert_int_equal(keys_may_delete(&m.s, &full, &what, false, &m.e), -1);
	assert_non_null(strstr(m.e.text, "no other key set"));
	/* The last three are a set. */
	for (uint8_t i = 0; i < 3; i++)
		full.key[KEY_INFO_MAX - 3 + i] = (struct key_info)ONE(0x6F, (uint8_t)(i + 1), 0x88);
	assert_ok(keys_may_delete(&m.s, &full, &what, false, &m.e), &m.e);
	mirror_close(&m);
}

static void key_information(void **state)
{
	struct key_infos k;
	bool told;
	struct mirror m;

	(void)state;
	mirror_open(&m, PROTOCOL_SCP03, 0x33);
	mirror_answer(&m, "E00CC00401308810C004023088109000");
	assert_ok(keys_read(&m.s, &k, &told, &m.e), &m.e);
	assert_true(told);
	assert_int_equal(k.n, 2);
	k.key[2] = (struct key_info){ .id = 1, .version = 0x31 }; /* behind them: is not there */
	assert_ptr_equal(keys_at(&k, 0x30, 2), &k.key[1]);
	assert_ptr_equal(keys_at(&k, 0x30, 0), &k.key[0]);
	assert_null(keys_at(&k, 0x30, 3));
	assert_null(keys_at(&k, 0x31, 0));
	assert_command(&m, 0, "80CA00E000");
	mirror_answer(&m, "6A88");
	assert_ok(keys_read(&m.s, &k, &told, &m.e), &m.e);
	assert_false(told);
	assert_int_equal(k.n, 0);
	mirror_answer(&m, "E005C0049000");
	assert_int_equal(keys_read(&m.s, &k, &told, &m.e), -1);
	assert_int_equal(m.e.code, ERR_CARD);
	mirror_close(&m);
}

/* ---- what is to do ---- */

static void plans(void **state)
{
	static const struct key_infos both = { 6, { SET(0x30, 0x88), SET(0x31, 0x88) } },
				      old = { 3, { SET(0x30, 0x88) } },
				      new = { 3, { SET(0x31, 0x88) } },
				      des = { 3, { SET(0x30, 0x80) } }, none = { 0 };
	static const struct {
		const struct key_infos *k;
		struct keys_goal g;
		struct keys_plan p;
		const char *why; /* NULL: there is a plan */
	} rows[] = {
		/* added */
		{ &old, { 0x31, 0, 0, 0x88, 16, true }, { true, 0, false, 0 }, NULL },
		{ &none, { 0x31, 0, 0, 0x88, 16, true }, { true, 0, false, 0 }, NULL },
		{ &both, { 0x31, 0, 0, 0x88, 16, true }, { false, 0, true, 0 }, NULL },
		/* replaced: in place, under another version, done before */
		{ &old, { 0x30, 0x30, 0, 0x88, 16, true }, { true, 0x30, true, 0 }, NULL },
		{ &old, { 0x31, 0x30, 0, 0x88, 16, true }, { true, 0x30, true, 0 }, NULL },
		{ &new, { 0x31, 0x30, 0, 0x88, 16, true }, { false, 0, true, 0 }, NULL },
		{ &both, { 0x31, 0x30, 0, 0x88, 16, true }, { 0 }, "set 31 besides 30" },
		{ &old, { 0x31, 0x40, 0, 0x88, 16, true }, { 0 }, "no key set 40" },
		{ &des, { 0x30, 0x30, 0, 0x88, 16, true }, { 0 }, "cannot be replaced" },
		{ &old, { 0x30, 0x30, 0, 0x88, 32, true }, { 0 }, "cannot be replaced" },
		/* rotated: from the start, from behind PUT KEY, done before */
		{ &old, { 0x31, 0, 0x30, 0x88, 16, true }, { true, 0, true, 0x30 }, NULL },
		{ &des, { 0x31, 0, 0x30, 0x88, 32, true }, { true, 0, true, 0x30 }, NULL },
		{ &both, { 0x31, 0, 0x30, 0x88, 16, true }, { false, 0, true, 0x30 }, NULL },
		{ &new, { 0x31, 0, 0x30, 0x88, 16, true }, { false, 0, true, 0 }, NULL },
		{ &none, { 0x31, 0, 0x30, 0x88, 16, true }, { 0 }, "no key set 30" },
		{ &old, { 0x30, 0, 0x30, 0x88, 16, true }, { 0 }, "version 30 of the old one" },
		/* keys that open no channel cannot be proved */
		{ &old, { 0x73, 0, 0, 0x88, 16, false }, { true, 0, false, 0 }, NULL },
		{ &old, { 0x31, 0x30, 0, 0x88, 16, false }, { true, 0x30, false, 0 }, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct err e = { 0 };
		struct keys_plan p;
		int rc = keys_plan(rows[i].k, &rows[i].g, &p, &e);

		if (rc != (rows[i].why == NULL ? 0 : -1) ||
		    (rc == 0 && memcmp(&p, &rows[i].p, sizeof(p)) != 0) ||
		    (rc != 0 && (e.code != ERR_SAFETY || e.hint[0] == '\0' ||
				    strstr(e.text, rows[i].why) == NULL)))
			fail_msg("row %zu: %d %s; put %d p1 %02X prove %d remove %02X", i, rc,
			    e.text, p.put, p.p1, p.prove, p.remove);
	}
}

/* ---- which of two ---- */

struct opener {
	enum err_code of_new, of_old;
	unsigned asked_new, asked_old;
};

static int open_it(void *ctx, enum keys_set which, enum keys_card card, struct err *e)
{
	struct opener *o = ctx;
	enum err_code code = which == NEW_SET ? o->of_new : o->of_old;

	assert_int_equal(card == CARD_ANEW, which == NEW_SET); /* the card is connected anew once */
	++*(which == NEW_SET ? &o->asked_new : &o->asked_old);
	return code == ERR_NONE ? 0 : err_set(e, code, which == NEW_SET ? "no new" : "no old");
}

static void which_of_two(void **state)
{
	static const struct {
		struct opener o;
		bool is_new;
		enum err_code code;
		const char *text;
	} rows[] = {
		{ { ERR_NONE, ERR_NONE, 1, 0 }, true, ERR_NONE, NULL },
		{ { ERR_AUTH, ERR_NONE, 1, 1 }, false, ERR_NONE, NULL },
		{ { ERR_AUTH, ERR_AUTH, 1, 1 }, false, ERR_AUTH,
		    "neither the new key set (no new) nor the old one (no old) fits" },
		{ { ERR_SAFETY, ERR_NONE, 1, 0 }, true, ERR_SAFETY,
		    "with the new key set: no new" },
		{ { ERR_AUTH, ERR_READER, 1, 1 }, false, ERR_READER,
		    "with the old key set: no old" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct opener o = { rows[i].o.of_new, rows[i].o.of_old, 0, 0 };
		struct err e = { 0 };
		bool is_new;
		int rc = keys_which(open_it, &o, &is_new, &e);

		assert_int_equal(rc, rows[i].code == ERR_NONE ? 0 : -1);
		assert_int_equal(e.code, rows[i].code);
		assert_int_equal(o.asked_new, rows[i].o.asked_new);
		assert_int_equal(o.asked_old, rows[i].o.asked_old);
		if (rc == 0)
			assert_int_equal(is_new, rows[i].is_new);
		else
			assert_string_equal(e.text, rows[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(put_vectors),
		cmocka_unit_test(lost_answers),
		cmocka_unit_test(put_guards),
		cmocka_unit_test(long_keys),
		cmocka_unit_test(delete_forms),
		cmocka_unit_test(may_delete),
		cmocka_unit_test(may_delete_of_many),
		cmocka_unit_test(key_information),
		cmocka_unit_test(plans),
		cmocka_unit_test(which_of_two),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
