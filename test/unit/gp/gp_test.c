/*
 * Wire forms of GlobalPlatform: samples of real cards (tlv_samples.json), PUT KEY (put_key.json),
 * INITIALIZE UPDATE of recorded sessions (scp03_sessions.json). The files name their sources.
 */
#include "unit.h"

#include "crypto/aes.h"
#include "gp/card_data.h"
#include "gp/init_update.h"
#include "gp/put_key.h"
#include "gp/selection.h"
#include "gp/privilege.h"
#include "gp/status.h"
#include "scp/scp.h"
#include "scp_start.h"

static void each_sample(const char *kind, void (*check)(json_t *sample, size_t nth), size_t want)
{
	json_t *j = unit_json("test/vectors/tlv_samples.json"), *v;
	size_t i, nth = 0;

	json_array_foreach(json_object_get(j, "vectors"), i,
	    v) if (strcmp(unit_str(v, "kind"), kind) == 0) check(v, nth++);
	assert_int_equal(nth, want);
	json_decref(j);
}

/* The octets in upper-case hex start the text of the sample. */
static void assert_starts(struct span got, const char *text)
{
	char hex[HEX_SIZE(64)];

	hex_put(got, hex, sizeof(hex));
	if (strncmp(text, hex, strlen(hex)) != 0)
		fail_msg("%s does not start %s", hex, text);
}

static void check_key_infos(json_t *v, size_t nth)
{
	json_t *expect = json_object_get(v, "expect"), *row;
	struct key_infos k, again;
	struct wr w = wr_grow(1000);
	size_t i;

	(void)nth;
	assert_true(key_infos_get(unit_hex(v, "data"), &k));
	assert_int_equal(k.n, json_is_array(expect) ? json_array_size(expect) : 14);
	json_array_foreach(expect, i, row)
	{
		assert_starts(span_of(&k.key[i].id, 1), json_string_value(json_array_get(row, 0)));
		assert_starts(
		    span_of(&k.key[i].version, 1), json_string_value(json_array_get(row, 1)));
		assert_starts(
		    span_of(&k.key[i].type, 1), json_string_value(json_array_get(row, 2)));
		assert_int_equal(k.key[i].length, json_integer_value(json_array_get(row, 3)));
	}
	for (i = 0; i < k.n; i++) { /* what is written is the basic form */
		k.key[i].usage_n = k.key[i].access_n = k.key[i].access = 0;
		memset(k.key[i].usage, 0, sizeof(k.key[i].usage));
	}
	key_infos_put(&w, &k);
	assert_true(key_infos_get(wr_span(&w), &again));
	assert_memory_equal(&k, &again, sizeof(k));
	wr_free(&w);
}

static void key_information(void **state)
{
	struct key_infos k;

	(void)state;
	each_sample("key_information", check_key_infos, 5);
	/* The template without its outer tag, as some cards answer the ISO class. */
	assert_true(key_infos_get(unit_bytes("C00401308810"), &k));
	assert_int_equal(k.n, 1);
	assert_int_equal(k.key[0].version, 0x30);
	assert_string_equal(key_type_str(k.key[0].type), "aes");
	/* Length 00: 256 octets or more. A key without a component. A component cut short. */
	assert_true(
	    key_infos_get(unit_bytes("E010C0040171A100C0020230C0030130FF0500"), &k) == false);
	assert_true(key_infos_get(unit_bytes("E00FC0040171A100C0020230C0030130FF"), &k));
	assert_int_equal(k.n, 2);
	assert_int_equal(k.key[0].length, 256);
	assert_int_equal(k.key[1].type, 0);
	assert_false(key_infos_get(unit_bytes("E007C00401308810C0"), &k));
}

static void check_card_data(json_t *v, size_t nth)
{
	/* The source shows the arcs with the 2 of {GlobalPlatform 2} in front when they are few. */
	static const struct {
		uint8_t version[3], version_n;
		size_t scp_n;
		struct scp_option scp[2];
	} want[] = {
		{ { 2, 1, 1 }, 3, 1, { { 0x02, 0x15 } } },
		{ { 2, 2, 0 }, 2, 2, { { 0x03, 0x70 }, { 0x80, 0x00 } } },
		{ { 2, 3, 0 }, 2, 1, { { 0x03, 0x70 } } },
		{ { 2, 3, 1 }, 3, 2, { { 0x03, 0x60 }, { 0x11, 0x0D86 } } },
	};
	struct span data = unit_hex(v, "data");
	struct card_data d, again;
	struct wr w = wr_grow(1000);

	assert_true(card_data_get(data, &d));
	assert_memory_equal(d.version, want[nth].version, 3);
	assert_int_equal(d.version_n, want[nth].version_n);
	assert_int_equal(d.scp_n, want[nth].scp_n);
	for (size_t i = 0; i < d.scp_n; i++) {
		assert_int_equal(d.scp[i].scp, want[nth].scp[i].scp);
		assert_int_equal(d.scp[i].i, want[nth].scp[i].i);
	}
	card_data_put(&w, &d);
	assert_true(card_data_get(wr_span(&w), &again));
	assert_memory_equal(&d, &again, sizeof(d));
	assert_true(card_data_get(span_sub(data, 2, data.n), &again)); /* without the outer 66 */
	assert_memory_equal(&d, &again, sizeof(d));
	assert_false(card_data_get(span_sub(data, 0, data.n - 1), &again));
	wr_free(&w);
}

static void card_data(void **state)
{
	/* The start of the JCOP4 sample, which has nothing but what we write. */
	static const char want[] =
	    "663D733B06072A864886FC6B01600B06092A864886FC6B020203630906072A8648"
	    "86FC6B03640B06092A864886FC6B040370640B06092A864886FC6B048000";
	struct card_data d = { { 2, 3, 0 }, 2, 2, { { 0x03, 0x70 }, { 0x80, 0x00 } } };
	struct wr w = wr_grow(1000);

	(void)state;
	each_sample("card_data", check_card_data, 4);
	card_data_put(&w, &d);
	assert_span(wr_span(&w), unit_bytes(want));
	wr_free(&w);
	d.scp[1] = (struct scp_option){ 0x11, 0xFFFF };
	card_data_put(&w, &d);
	assert_true(card_data_get(wr_span(&w), &d));
	assert_int_equal(d.scp[1].i, 0xFFFF);
	wr_free(&w);
}

static void check_capabilities(json_t *v, size_t nth)
{
	static const struct {
		size_t n;
		struct capability scp[2];
	} want[] = {
		{ 1, { { 0x02, 4, { 0x15, 0x35, 0x55, 0x75 }, 0 } } },
		{ 2, { { 0x03, 6, { 0x00, 0x10, 0x20, 0x30, 0x60, 0x70 }, 7 },
			 { 0x02, 2, { 0x15, 0x55 }, 0 } } },
		{ 2, { { 0x02, 1, { 0x55 }, 0 }, { 0x03, 2, { 0x00, 0x10 }, 7 } } },
		{ 1, { { 0x03, 5, { 0x00, 0x10, 0x20, 0x60, 0x70 }, 7 } } },
	};
	struct capabilities c, again;
	struct wr w = wr_grow(1000);

	assert_true(capabilities_get(unit_hex(v, "data"), &c));
	assert_int_equal(c.n, want[nth].n);
	for (size_t i = 0; i < c.n; i++)
		assert_memory_equal(&c.scp[i], &want[nth].scp[i], sizeof(c.scp[i]));
	capabilities_put(&w, &c);
	assert_true(capabilities_get(wr_span(&w), &again));
	assert_memory_equal(&c, &again, sizeof(c));
	wr_free(&w);
}

static void capabilities(void **state)
{
	(void)state;
	each_sample("card_capability", check_capabilities, 4);
}

static void check_cplc(json_t *v, size_t nth)
{
	static const struct {
		const char *ours, *theirs;
	} names[] = { { "ic_fabricator", "icFabricator" }, { "ic_type", "icType" },
		{ "os_id", "os" }, { "os_release_date", "osDate" },
		{ "os_release_level", "osLevel" }, { "ic_fabrication_date", "icFabDate" },
		{ "ic_serial_number", "icSerial" }, { "ic_batch_id", "icBatch" },
		{ "prepersonalizer", "prePerso" }, { "prepersonalization_date", "prePersoDate" },
		{ "prepersonalization_equipment", "prePersoEquip" } };
	json_t *expect = json_object_get(v, "expect");
	size_t seen = 0;
	struct span cplc;

	(void)nth;
	assert_true(cplc_get(unit_hex(v, "data"), &cplc));
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		for (size_t f = 0; f < cplc_field_n; f++) {
			if (strcmp(cplc_fields[f].name, names[i].ours) != 0 ||
			    json_object_get(expect, names[i].theirs) == NULL)
				continue;
			assert_span(span_sub(cplc, cplc_fields[f].offset, cplc_fields[f].size),
			    unit_hex(expect, names[i].theirs));
			seen++;
		}
	assert_int_equal(seen, json_object_size(expect));
}

static void cplc(void **state)
{
	struct span s =
	    unit_bytes("9F7F2A4790D60047000000000032443429762084480000000000000000150F823432"
		       "3937360000000000000000");
	struct span bare = span_sub(s, 3, CPLC_SIZE), got;
	size_t at = 0;

	(void)state;
	each_sample("cplc", check_cplc, 2);
	for (size_t f = 0; f < cplc_field_n; f++) {
		assert_int_equal(cplc_fields[f].offset, at);
		at += cplc_fields[f].size;
	}
	assert_int_equal(at, CPLC_SIZE);
	assert_true(cplc_get(s, &got));
	assert_span(got, bare);
	assert_true(cplc_get(bare, &got));
	assert_span(got, bare);
	assert_false(cplc_get(span_sub(s, 0, s.n - 1), &got));
	assert_false(cplc_get(span_sub(bare, 0, 41), &got));
	assert_false(cplc_get(unit_bytes(""), &got));
}

static void check_status(json_t *v, size_t nth)
{
	json_t *expect = json_object_get(v, "expect");
	struct span data = unit_hex(v, "data");
	struct rd r = rd_of(data);
	struct wr w = wr_grow(1000);
	struct status_entry s, again;
	uint8_t privileges[3];
	struct wr p = wr_fixed(privileges, sizeof(privileges));

	(void)nth;
	assert_true(status_entry_next(&r, &s));
	assert_int_equal(rd_left(&r), 0);
	privileges_put(&p, s.privileges, s.privileges_n);
	assert_span(aid_span(&s.aid), unit_hex(expect, "aid"));
	assert_starts(span_of(&s.state, 1), unit_str(expect, "state"));
	assert_starts(wr_span(&p), unit_str(expect, "privs"));
	if (json_object_get(expect, "elf") != NULL) {
		assert_span(aid_span(&s.load_file), unit_hex(expect, "elf"));
		assert_span(aid_span(&s.domain), unit_hex(expect, "sd"));
	} else {
		assert_int_equal(s.load_file.n + s.domain.n, 0);
	}
	status_entry_put(&w, &s);
	r = rd_of(wr_span(&w));
	assert_true(status_entry_next(&r, &again));
	assert_memory_equal(&s, &again, sizeof(s));
	wr_free(&w);
}

static void get_status(void **state)
{
	/* The example of gp-commands: two entries in a row; state of two octets. */
	struct span s =
	    unit_bytes("E3264F08A0000001510000009F700101C5039AFE80C407A0000001515350CC08A00000"
		       "0151000000E30C4F05A0000001519F70020F01");
	static const char *const bad[] = { "E3079F700107C50180", "E3064F04A0000001",
		"E3094F05A000000151C5029EFE", "E30B4F05A000000151C5029EFE", "E3084F05A000000151 9F",
		"E3094F05A000000151 9F7000", "4F05A000000151" };
	struct rd r = rd_of(s);
	struct wr w = wr_grow(1000);
	struct status_entry e;

	(void)state;
	each_sample("get_status_isd", check_status, 2);
	assert_true(status_entry_next(&r, &e));
	status_entry_put(&w, &e);
	assert_span(wr_span(&w), span_sub(s, 0, 40));
	assert_true(status_entry_next(&r, &e));
	assert_int_equal(e.state, LIFE_SECURED);
	assert_int_equal(e.privileges_n, 0);
	assert_false(status_entry_next(&r, &e));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		r = rd_of(unit_bytes(bad[i]));
		assert_false(status_entry_next(&r, &e));
		assert_int_equal(rd_left(&r), unit_bytes(bad[i]).n);
	}
	wr_free(&w);
}

/* What the keys travel under: the static Key-DEK, in SCP02 the session key made from it. */
static struct key dek_of(const json_t *v)
{
	struct key dek = unit_key(unit_str(v, "dek"));
	const struct key_set set = { dek, dek, dek };
	struct scp s = { 0 };

	if (strcmp(unit_str(v, "scp"), "02") == 0) {
		assert_true(begin_counter(&s, &set, 0x15, unit_hex(v, "sequence").p));
		dek = s.u.scp02.dek;
		scp_wipe(&s);
	}
	return dek;
}

/* One command: card reads it, host writes it, the answer fits, damage is seen. */
static void check_put_key(json_t *v)
{
	bool des = strcmp(unit_str(v, "scp"), "02") == 0;
	struct key dek = dek_of(v);
	struct span rsp = unit_hex(v, "rsp"), answer = span_sub(rsp, 0, rsp.n - 2);
	json_t *keys = json_object_get(v, "keys");
	struct put_key k = { .des = !des }, other = { .des = des };
	struct wr w = wr_grow(1000);
	uint8_t b[256];
	struct capdu c;

	assert_true(capdu_get(unit_hex(v, "cmd"), &c));
	assert_int_not_equal(put_key_get(c.data, &dek, &k), PUT_KEY_OK); /* the other cipher */
	k.des = des;
	assert_int_equal(put_key_get(c.data, &dek, &k), PUT_KEY_OK);
	assert_int_equal(k.version, unit_hex(v, "kvn").p[0]);
	assert_int_equal(k.n, json_array_size(keys));
	for (size_t i = 0; i < k.n; i++)
		assert_span(
		    key_span(&k.key[i]), unit_bytes(json_string_value(json_array_get(keys, i))));
	assert_true(put_key_put(&w, &k, &dek));
	assert_span(wr_span(&w), c.data);
	wr_reset(&w);
	put_key_answer_put(&w, &k);
	assert_span(wr_span(&w), answer);
	assert_true(put_key_answer_ok(answer, &k));
	assert_false(put_key_answer_ok(span_sub(answer, 0, answer.n - 1), &k));
	k.key[0].b[0] ^= 0x80; /* not the parity bit of a DES key */
	assert_false(put_key_answer_ok(answer, &k));
	assert_true(c.data.n <= sizeof(b));
	for (size_t n = 0; n < c.data.n;
	     n++) /* cut, or a flipped bit anywhere but in the version */
		if (n == 0 || (n - 1) % ((c.data.n - 1) / k.n) != 0)
			assert_int_equal(
			    put_key_get(span_sub(c.data, 0, n), &dek, &other), PUT_KEY_MALFORMED);
	for (size_t i = 1; i < c.data.n; i++) {
		memcpy(b, c.data.p, c.data.n);
		b[i] ^= 0x04;
		if (put_key_get(span_of(b, c.data.n), &dek, &other) == PUT_KEY_OK)
			/* The padding of 24-octet keys is arbitrary: only there. */
			assert_int_equal(dek.n, 24);
		assert_true(other.n == 0 || dek.n == 24);
	}
	wr_free(&w);
}

static void put_key(void **state)
{
	json_t *j = unit_json("test/vectors/put_key.json"), *v;
	size_t i, scp03 = 0, scp02 = 0;

	(void)state;
	json_array_foreach(json_object_get(j, "vectors"), i, v)
	{
		check_put_key(v);
		scp03 += strcmp(unit_str(v, "scp"), "03") == 0;
		scp02 += strcmp(unit_str(v, "scp"), "02") == 0;
	}
	assert_int_equal(scp03, 4);
	assert_int_equal(scp02, 2);
	json_decref(j);
}

#define BARE_FIELD "8810790ACCDA858B997029FA9AE50C9CD02803013808"

static void put_key_forms(void **state)
{
	static const uint8_t icv[16];
	static const struct {
		const char *data;
		enum put_key_verdict verdict;
	} rows[] = {
		/* The single AES-128 key of put_key.json, as some cards want it: no clear length.
		 */
		{ "30" BARE_FIELD, PUT_KEY_OK },
		{ "308810790ACCDA858B997029FA9AE50C9CD02803013809", PUT_KEY_BAD_KCV },
		/* Without check value, with one of four octets. */
		{ "308810790ACCDA858B997029FA9AE50C9CD02800", PUT_KEY_MALFORMED },
		{ "308810790ACCDA858B997029FA9AE50C9CD0280401380800", PUT_KEY_MALFORMED },
		/* Versions out of range, no key, one that is too many. */
		{ "00" BARE_FIELD, PUT_KEY_MALFORMED },
		{ "80" BARE_FIELD, PUT_KEY_MALFORMED },
		{ "30", PUT_KEY_MALFORMED },
		{ "30" BARE_FIELD BARE_FIELD BARE_FIELD BARE_FIELD, PUT_KEY_MALFORMED },
	};
	struct key dek = unit_key("404142434445464748494A4B4C4D4E4F");
	struct wr w = wr_grow(1000);
	struct put_key k = { 0 };
	uint8_t clear[32];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(put_key_get(unit_bytes(rows[i].data), &dek, &k), rows[i].verdict);
	assert_span(key_span(&k.key[0]), unit_bytes("101112131415161718191A1B1C1D1E1F"));
	k = (struct put_key){ .version = 0x30, .n = 1, .key = { unit_key("0102030405060708") } };
	assert_false(put_key_put(&w, &k, &dek));
	k.n = 0;
	assert_false(put_key_put(&w, &k, &dek));
	assert_int_equal(w.n, 0);
	/* What lies behind a key in its struct does not travel: the padding is 00. */
	k.n = 1;
	memset(&k.key[0], 0x55, sizeof(k.key[0]));
	k.key[0].n = 24;
	assert_true(put_key_put(&w, &k, &dek));
	assert_true(aes_cbc_once(&dek, DECRYPT, icv, span_sub(wr_span(&w), 4, 32), clear));
	assert_span(span_of(clear + 24, 8), unit_bytes("0000000000000000"));
	wr_free(&w);
}

static void init_update(void **state)
{
	json_t *j = unit_json("test/vectors/scp03_sessions.json"), *v;
	size_t i, seen = 0;

	(void)state;
	json_array_foreach(json_object_get(j, "sessions"), i, v)
	{
		uint8_t b[64];
		struct wr w = wr_fixed(b, sizeof(b));
		struct init_update u;
		struct rapdu r;
		struct capdu c;

		if (json_object_get(v, "init_update_rsp") == NULL)
			continue;
		assert_true(capdu_get(unit_hex(v, "init_update_cmd"), &c));
		assert_true(rapdu_get(unit_hex(v, "init_update_rsp"), &r));
		assert_true(init_update_get(r.data, (uint8_t)c.data.n, &u));
		assert_int_equal(u.scp, 0x03);
		assert_int_equal(u.has_sequence, r.data.n == 32 || r.data.n == 48);
		init_update_put(&w, &u);
		assert_true(wr_ok(&w));
		assert_span(wr_span(&w), r.data);
		for (size_t n = 0; n < r.data.n; n++) {
			bool whole = n == 13 + 2 * c.data.n;

			assert_int_equal(
			    init_update_get(span_sub(r.data, 0, n), (uint8_t)c.data.n, &u), whole);
		}
		assert_false(init_update_get(r.data, 4, &u));
		wr_u8(&w, 0); /* one octet too many */
		assert_false(init_update_get(wr_span(&w), (uint8_t)c.data.n, &u));
		seen++;
	}
	assert_true(seen >= 9);
	json_decref(j);
}

/* 28 octets and nothing else, whatever is in them. */
static void init_update_old(void **state)
{
	static const char *const files[] = { "test/vectors/scp01_sessions.json",
		"test/vectors/scp02_sessions.json" };
	size_t i, seen = 0;

	(void)state;
	for (uint8_t scp = 1; scp <= 2; scp++) {
		json_t *j = unit_json(files[scp - 1]), *v;

		json_array_foreach(json_object_get(j, "sessions"), i, v)
		{
			uint8_t b[64];
			struct wr w = wr_fixed(b, sizeof(b));
			struct init_update u;
			struct rapdu r;

			if (json_object_get(v, "init_update_rsp") == NULL)
				continue;
			assert_true(rapdu_get(unit_hex(v, "init_update_rsp"), &r));
			assert_true(init_update_get(r.data, 8, &u));
			assert_int_equal(u.scp, scp);
			assert_int_equal(u.i, 0);
			assert_span(SPAN(u.kdd), span_sub(r.data, 0, 10));
			assert_int_equal(u.key_version, r.data.p[10]);
			assert_span(span_of(u.card_challenge, 8), span_sub(r.data, 12, 8));
			assert_span(span_of(u.cryptogram, 8), span_sub(r.data, 20, 8));
			assert_int_equal(u.has_sequence, scp == 2);
			if (scp == 2)
				assert_span(span_of(&u.sequence[1], 2), span_sub(r.data, 12, 2));
			init_update_put(&w, &u);
			assert_true(wr_ok(&w));
			assert_span(wr_span(&w), r.data);
			for (size_t n = 0; n < r.data.n; n++)
				assert_false(init_update_get(span_sub(r.data, 0, n), 8, &u));
			wr_u8(&w, 0);
			assert_false(init_update_get(wr_span(&w), 8, &u));
			assert_false(init_update_get(r.data, 16, &u));
			u.m = 16;
			wr_reset(&w);
			init_update_put(&w, &u);
			assert_false(wr_ok(&w));
			seen++;
		}
		json_decref(j);
	}
	assert_int_equal(seen, 8);
}

/* By hand: the first session of scp03_sessions.json (pySim's SCP03_Test_AES128_11). */
static void init_update_fields(void **state)
{
	struct init_update u;

	(void)state;
	assert_true(init_update_get(
	    unit_bytes("000000000000000000003003703EB51047495B249F66C484C1D2EF1948000002"), 8, &u));
	assert_int_equal(u.key_version, 0x30);
	assert_int_equal(u.scp, 0x03);
	assert_int_equal(u.i, 0x70);
	assert_span(span_of(u.card_challenge, 8), unit_bytes("3EB51047495B249F"));
	assert_span(span_of(u.cryptogram, 8), unit_bytes("66C484C1D2EF1948"));
	assert_true(u.has_sequence);
	assert_span(SPAN(u.sequence), unit_bytes("000002"));
}

static void aids_and_names(void **state)
{
	struct aid a = { 0 };

	(void)state;
	assert_true(aid_from(&a, unit_bytes("A000000151")));
	assert_span(aid_span(&a), unit_bytes("A000000151"));
	assert_false(aid_from(&a, unit_bytes("A0000001")));
	assert_false(aid_from(&a, unit_bytes("A000000151000000000000000000000001")));
	assert_span(aid_span(&a), unit_bytes("A000000151"));
	assert_true(aid_from(&a, unit_bytes("A0000001510000000000000000000001")));
	assert_span(aid_span(&aid_isd), unit_bytes("A000000151000000"));
	assert_string_equal(card_life_cycle_str(LIFE_SECURED), "secured");
	assert_string_equal(card_life_cycle_str(0x55), "unknown");
	assert_string_equal(key_type_str(0x80), "des");
	assert_string_equal(key_type_str(0x01), "unknown");
}

/* ---- what SELECT, FF21 and CPLC dates tell ---- */

/* Answers of real cards, as transcripts and traces in public repositories have them. */
static void selection_of_a_domain(void **state)
{
	struct fci f;

	(void)state;
	fci_get(unit_bytes("6F108408A000000003000000A5049F6501FF"), &f);
	assert_span(aid_span(&f.aid), unit_bytes("A000000003000000"));
	assert_int_equal(f.max_data, 255);
	assert_int_equal(f.production_n, 0);
	fci_get(unit_bytes("6F198408A000000018434D00A50D9F6E061291334903029F6501FF"), &f);
	assert_span(aid_span(&f.aid), unit_bytes("A000000018434D00"));
	assert_span(span_of(f.production, f.production_n), unit_bytes("129133490302"));
	assert_int_equal(f.max_data, 255);
	/* A YubiKey names no length. */
	fci_get(unit_bytes("6F178408A000000151000000A50B730906072A864886FC6B01"), &f);
	assert_int_equal(f.max_data, 0);
	assert_int_equal(f.aid.n, 8);
	fci_get(unit_bytes("6F0C8408A000000151000000A50B"), &f); /* cut */
	fci_get(unit_bytes("6F128408A000000151000000A5069F6503010001"), &f);
	assert_int_equal(f.max_data, 0); /* 65537 is none */
	fci_get(unit_bytes("6F1484047BCDEFA0A50C9F6E0105"), &f);
	assert_int_equal(f.aid.n, 0);
	fci_get(unit_bytes(""), &f);
	assert_int_equal(f.aid.n, 0);
}

static void check_resources(json_t *v, size_t nth)
{
	json_t *want = json_object_get(v, "expect");
	struct resources r;

	assert_int_equal(nth, 0);
	assert_true(resources_get(unit_hex(v, "data"), &r));
	assert_true(r.told);
	assert_int_equal(r.applications, json_integer_value(json_object_get(want, "apps")));
	assert_int_equal(r.non_volatile, json_integer_value(json_object_get(want, "free_nv")));
	assert_int_equal(r.volatile_, json_integer_value(json_object_get(want, "free_v")));
}

static void extended_card_resources(void **state)
{
	struct resources r;

	(void)state;
	each_sample("extended_card_resources", check_resources, 1);
	assert_true(resources_get(unit_bytes("810100820201008301FF"), &r)); /* without FF21 */
	assert_int_equal(r.non_volatile, 256);
	assert_false(resources_get(unit_bytes("FF210681010082020100"), &r));
	assert_false(resources_get(unit_bytes("FF210D8101008205000000000183010A"), &r));
	assert_false(resources_get(unit_bytes(""), &r));
}

static void cplc_dates(void **state)
{
	struct cplc_date d;

	(void)state;
	/* The JCOP 4 of tlv_samples.json: fabricated on day 244 of ...3. */
	assert_true(cplc_date_get(unit_bytes("3244"), 20260115, &d));
	assert_int_equal(d.year, 2023);
	assert_int_equal(d.month, 9);
	assert_int_equal(d.day, 1);
	assert_true(cplc_date_get(unit_bytes("3244"), 20230901, &d));
	assert_int_equal(d.year, 2023);
	assert_true(cplc_date_get(unit_bytes("3244"), 20230831, &d)); /* that day is to come */
	assert_int_equal(d.year, 2013);
	assert_true(cplc_date_get(unit_bytes("4366"), 20260115, &d));
	assert_int_equal(d.year * 10000 + d.month * 100 + d.day, 20241231);
	assert_true(cplc_date_get(unit_bytes("4060"), 20260115, &d)); /* 29 February */
	assert_int_equal(d.month * 100 + d.day, 229);
	assert_true(cplc_date_get(unit_bytes("6366"), 20260115, &d)); /* 2026 has not, 2016 has */
	assert_int_equal(d.year, 2016);
	assert_true(cplc_date_get(unit_bytes("0366"), 20050101, &d)); /* 2000 was a leap year */
	assert_int_equal(d.year * 10000 + d.month * 100 + d.day, 20001231);
	assert_false(cplc_date_get(unit_bytes("3366"), 20260115, &d)); /* odd years never */
	assert_false(cplc_date_get(unit_bytes("0000"), 20260115, &d));
	assert_false(cplc_date_get(unit_bytes("3367"), 20260115, &d));
	assert_false(cplc_date_get(unit_bytes("32A4"), 20260115, &d));
	assert_false(cplc_date_get(unit_bytes("324412"), 20260115, &d));
}

static void usage_of_keys(void **state)
{
	struct key_infos k;

	(void)state;
	/* From the samples: a DAP key of two components, an AES key with FF 10 behind. */
	assert_true(key_infos_get(unit_bytes("E00FC00D0173FFA10080A0000301840100"), &k));
	assert_int_equal(k.key[0].usage_n, 1);
	assert_int_equal(k.key[0].usage[0], 0x84);
	assert_int_equal(k.key[0].access_n, 1);
	assert_int_equal(k.key[0].access, 0x00);
	assert_true(key_infos_get(unit_bytes("E010C00E0202FF880010FF10000101180101"), &k));
	assert_int_equal(k.key[0].usage[0], 0x18);
	assert_int_equal(k.key[0].access, 0x01);
	assert_true(key_infos_get(unit_bytes("E00CC00A0101FF88001002148000"), &k));
	assert_int_equal(k.key[0].usage_n, 2);
	assert_int_equal(k.key[0].usage[1], 0x80);
	assert_int_equal(k.key[0].access_n, 0);
	/* A basic entry, and tails of no form, tell nothing. */
	assert_true(key_infos_get(unit_bytes("E006C00401308810"), &k));
	assert_int_equal(k.key[0].usage_n, 0);
	assert_true(key_infos_get(unit_bytes("E00CC00A0101FF88001003112233"), &k) == false ||
		    k.key[0].usage_n == 0);
	assert_true(key_infos_get(unit_bytes("E00AC0080101FF8800100118"), &k));
	assert_int_equal(k.key[0].usage_n, 0);
	assert_int_equal(k.key[0].length, 16);
}

static void life_cycles(void **state)
{
	static const struct {
		uint8_t state;
		const char *name;
	} all[] = { { 0x01, "op-ready" }, { 0x07, "initialized" }, { 0x0F, "secured" },
		{ 0x7F, "locked" }, { 0xFF, "terminated" },
		{ 0x02, "unknown" } }; /* GPCS table 11-6 */

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		assert_string_equal(card_life_cycle_str(all[i].state), all[i].name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(key_information),
		cmocka_unit_test(selection_of_a_domain),
		cmocka_unit_test(extended_card_resources),
		cmocka_unit_test(cplc_dates),
		cmocka_unit_test(usage_of_keys),
		cmocka_unit_test(card_data),
		cmocka_unit_test(capabilities),
		cmocka_unit_test(cplc),
		cmocka_unit_test(get_status),
		cmocka_unit_test(put_key),
		cmocka_unit_test(put_key_forms),
		cmocka_unit_test(init_update),
		cmocka_unit_test(init_update_old),
		cmocka_unit_test(init_update_fields),
		cmocka_unit_test(aids_and_names),
		cmocka_unit_test(life_cycles),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
