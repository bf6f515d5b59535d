/*
 * Loading, installing, deleting against scripted cards: recorded uploads of real cards played
 * again (test/transcripts), block sizes of every channel, refusals at each command, silence.
 */
#include "unit.h"

#include "gp/dgi.h"
#include "gp/load_file.h"
#include "host/content.h"

enum { COMMANDS_MAX = 600 };

static const uint8_t some_data[1000] = { 0xDE };

struct script {
	char *cmd[COMMANDS_MAX], *rsp[COMMANDS_MAX]; /* rsp "": silence */
	size_t n, at;
	struct card card;
	struct session s;
	struct wr seen;         /* all data of LOAD and STORE DATA */
	uint16_t refuse_at, sw; /* that command, from 1, is answered so */
	size_t blocks[COMMANDS_MAX];
};

static int script_transmit(void *ctx, struct span command, struct wr *rsp, struct err *e)
{
	struct script *s = ctx;
	struct capdu c;

	s->at++;
	assert_true(capdu_get(command, &c));
	if (s->n > 0) {
		assert_true(s->at <= s->n);
		assert_span(command, unit_bytes(s->cmd[s->at - 1]));
	}
	if (c.ins == INS_LOAD || c.ins == INS_STORE_DATA)
		wr_put(&s->seen, c.data);
	if (s->at < COMMANDS_MAX)
		s->blocks[s->at] = c.data.n;
	if (s->refuse_at == s->at && s->sw == 0)
		return err_set(e, ERR_READER, "no answer");
	if (s->refuse_at == s->at)
		wr_u16(rsp, s->sw);
	else
		wr_put(rsp, unit_bytes(s->n > 0 ? s->rsp[s->at - 1] : "009000"));
	return 0;
}

static void script_close(void *ctx)
{
	(void)ctx;
}

static const struct card_ops script_ops = { .transmit = script_transmit, .close = script_close };

static void begin(struct script *s)
{
	memset(s, 0, sizeof(*s));
	s->card = (struct card){ .ops = &script_ops, .ctx = s };
	s->seen = wr_grow(1 << 20);
	session_init(&s->s, &s->card);
}

static void end(struct script *s)
{
	for (size_t i = 0; i < s->n; i++) {
		free(s->cmd[i]);
		free(s->rsp[i]);
	}
	wr_free(&s->seen);
	session_wipe(&s->s);
}

static struct aid aid(const char *hex)
{
	struct aid a;

	assert_true(aid_from(&a, unit_bytes(hex)));
	return a;
}

/* ---- recorded uploads ---- */

static unsigned uploads, commands;

static void add(struct script *s, const char *cmd, const char *rsp)
{
	assert_true(s->n < COMMANDS_MAX);
	s->cmd[s->n] = strdup(cmd);
	s->rsp[s->n++] = strdup(rsp);
}

/* INSTALL [for load], LOAD..., INSTALL as they are in one recording. */
static size_t take_upload(struct script *s, const json_t *apdus)
{
	size_t i, loads = 0;
	json_t *x;

	json_array_foreach(apdus, i, x)
	{
		const char *cmd = json_string_value(json_object_get(x, "plain_cmd"));

		if (cmd == NULL || (strncmp(cmd, "80E6", 4) != 0 && strncmp(cmd, "80E8", 4) != 0))
			continue;
		loads += strncmp(cmd, "80E8", 4) == 0;
		add(s, cmd, unit_str(x, "rsp"));
	}
	return loads;
}

static void parse_upload(struct script *s, struct content_load *l, size_t loads, struct wr *file)
{
	static uint8_t first_data[256];
	struct wr w = wr_fixed(first_data, sizeof(first_data));
	struct load_file f;
	struct capdu c;

	assert_true(capdu_get(unit_bytes(s->cmd[0]), &c));
	wr_put(&w, c.data);
	assert_true(install_get(c.p1, c.p2, wr_span(&w), &l->install));
	for (size_t i = 0; i < loads; i++) {
		assert_true(capdu_get(unit_bytes(s->cmd[1 + i]), &c));
		wr_put(file, c.data);
		if (i == 0)
			l->block = c.data.n;
		if (i == 0)
			l->le = c.le > 0 ? LOAD_LE_ALWAYS : LOAD_LE_NEVER;
		else if (i + 1 == loads && c.le > 0 && l->le == LOAD_LE_NEVER)
			l->le = LOAD_LE_LAST;
	}
	assert_true(load_file_get(wr_span(file), &f));
	l->data = f.data;
	l->head = span_sub(wr_span(file), 0, file->n - f.data.n);
}

/* Some of those hosts sent commands that have answers without Le. */
static void with_le(struct script *s, size_t i)
{
	uint8_t b[300];
	struct wr w = wr_fixed(b, sizeof(b));
	char hex[HEX_SIZE(300)];
	struct capdu c;

	assert_true(capdu_get(unit_bytes(s->cmd[i]), &c));
	c.le = LE_MAX_SHORT;
	capdu_put(&w, &c);
	assert_true(wr_ok(&w));
	free(s->cmd[i]);
	s->cmd[i] = strdup(hex_put(wr_span(&w), hex, sizeof(hex)));
}

static void replay_install(struct script *s, struct err *e)
{
	struct install i;
	struct capdu c;
	uint8_t data[256];
	struct wr w = wr_fixed(data, sizeof(data));

	assert_true(capdu_get(unit_bytes(s->cmd[s->at]), &c));
	wr_put(&w, c.data);
	assert_true(install_get(c.p1, c.p2, wr_span(&w), &i));
	assert_ok(content_install(&s->s, c.p1, &i, "INSTALL", NULL, e), e);
}

static void upload(json_t *line, void *ctx)
{
	struct content_load l = { 0 };
	struct content_outcome o;
	struct script s;
	struct wr file = wr_grow(1 << 20), rebuilt = wr_grow(1 << 20);
	struct err e = { 0 };
	size_t loads;

	(void)ctx;
	begin(&s);
	loads = take_upload(&s, json_object_get(line, "further_apdus"));
	if (loads > 0) {
		parse_upload(&s, &l, loads, &file);
		/* What is in front of the data is what we would write. */
		load_file_head_put(&rebuilt, NULL, 0, l.data.n, false, NULL);
		assert_span(wr_span(&rebuilt), l.head);
		with_le(&s, 0);
		for (size_t i = 1 + loads; i < s.n; i++)
			with_le(&s, i);
		assert_ok(content_load(&s.s, &l, NULL, &o, &e), &e);
		assert_int_equal(o.block, loads);
		assert_int_equal(o.stage, STAGE_LOAD);
		while (s.at < s.n)
			replay_install(&s, &e);
		uploads++;
		commands += (unsigned)s.n;
	}
	wr_free(&file);
	wr_free(&rebuilt);
	end(&s);
}

static void test_uploads(void **state)
{
	(void)state;
	uploads = commands = 0;
	unit_jsonl("test/transcripts/scp01-opal.jsonl", upload, NULL);
	unit_jsonl("test/transcripts/scp02-opal.jsonl", upload, NULL);
	unit_jsonl("test/transcripts/scp02-opal-simulated.jsonl", upload, NULL);
	unit_jsonl("test/transcripts/scp02-gp4net.jsonl", upload, NULL);
	unit_jsonl("test/transcripts/scp03-gp4net.jsonl", upload, NULL);
	assert_int_equal(uploads, 36);
	assert_int_equal(commands, 2042);
}

/* ---- block sizes ---- */

static void open_channel(struct session *s, enum scp_protocol p, uint8_t level, uint8_t m)
{
	uint8_t room[300], host[16] = { 1 }, card[16] = { 2 };
	struct key_set keys = { .enc = unit_key("404142434445464748494A4B4C4D4E4F"),
		.mac = unit_key("404142434445464748494A4B4C4D4E4F"),
		.dek = unit_key("404142434445464748494A4B4C4D4E4F") };
	struct scp_start a = { p, p == PROTOCOL_SCP01 ? 0x05 : 0x15, &keys, span_of(host, m),
		span_of(card, m) };
	struct wr w = wr_fixed(room, sizeof(room));

	assert_true(scp_begin(&s->scp, &a));
	assert_true(scp_host_authenticate(&s->scp, &a, level, 0, &w));
	s->mode = SESSION_UNICAST;
	s->level = level;
}

static void test_blocks(void **state)
{
	/* peers: the short-APDU optimum of each channel. */
	static const struct {
		enum scp_protocol p;
		uint8_t level, m;
		size_t block;
	} t[] = {
		{ PROTOCOL_SCP01, 0x01, 8, 247 },
		{ PROTOCOL_SCP01, 0x03, 8, 239 },
		{ PROTOCOL_SCP02, 0x00, 8, 255 },
		{ PROTOCOL_SCP02, 0x01, 8, 247 },
		{ PROTOCOL_SCP02, 0x03, 8, 239 },
		{ PROTOCOL_SCP03, 0x01, 8, 247 },
		{ PROTOCOL_SCP03, 0x03, 8, 239 },
		{ PROTOCOL_SCP03, 0x33, 8, 239 },
		{ PROTOCOL_SCP03, 0x01, 16, 239 },
		{ PROTOCOL_SCP03, 0x33, 16, 223 },
	};
	struct script s;

	(void)state;
	begin(&s);
	assert_int_equal(content_block(&s.s, false), 255);
	s.s.id.fci.max_data = 254;
	assert_int_equal(content_block(&s.s, false), 254);
	assert_int_equal(content_block(&s.s, true), CONTENT_EXTENDED_BLOCK);
	end(&s);
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		begin(&s);
		open_channel(&s.s, t[i].p, t[i].level, t[i].m);
		assert_int_equal(content_block(&s.s, false), t[i].block);
		assert_int_equal(content_block(&s.s, false), scp_max_data(&s.s.scp));
		s.s.id.fci.max_data = 5;
		assert_int_equal(content_block(&s.s, false), t[i].level == 0 ? 5 : 0);
		end(&s);
	}
}

/* A block of the size named fits in what the card says, and one octet more does not. */
static void test_card_limit(void **state)
{
	uint8_t data[4096] = { 0 };
	struct script s;

	(void)state;
	begin(&s);
	open_channel(&s.s, PROTOCOL_SCP03, 0x33, 8);
	for (unsigned said = 32; said <= 2000; said += said < 256 ? 1 : 97) {
		bool extended = said > 255;
		struct wr w;
		struct capdu c = { .cla = 0x80, .ins = 0xE8, .extended = extended }, back;

		s.s.id.fci.max_data = (uint16_t)said;
		for (size_t more = 0; more <= 1; more++) {
			c.data = span_of(data, content_block(&s.s, extended) + more);
			w = wr_grow(8192);
			assert_true(scp_seal_command(&s.s.scp, &c, &w) || more);
			if (w.n > 0) {
				assert_true(capdu_get(wr_span(&w), &back));
				assert_int_equal(back.data.n > said, more);
			}
			wr_free(&w);
		}
	}
	end(&s);
}

/* Are blocks of extended length chosen for a small file? */
static bool chosen(const struct session *s)
{
	const struct content_habits habits = { .block = 100 };
	struct content_load l = { .data = SPAN(some_data) };

	content_load_choose(s, &habits, &l);
	assert_int_equal(l.block, l.extended ? 0 : 100);
	return l.extended;
}

static void test_extended(void **state)
{
	struct content_load l = { .data = SPAN(some_data), .extended = true };
	struct script s;
	struct span atr;
	struct err e = { 0 };
	uint32_t blocks;

	(void)state;
	begin(&s);
	assert_false(content_extended(&s.s));
	s.s.id.fci.max_data = 2000;
	assert_true(content_extended(&s.s));
	assert_true(chosen(&s.s));
	s.card.t0 = true;
	assert_false(content_extended(&s.s));
	assert_false(chosen(&s.s));
	s.card.t0 = false;
	s.s.id.fci.max_data = 0;
	/* Historical octets 80 | 73 C0 21 C0: extended length, as of a real token. */
	atr = unit_bytes("3BFD1300008131FE158073C021C057597562694B657940");
	memcpy(s.card.atr, atr.p, atr.n);
	s.card.atr_n = atr.n;
	assert_true(content_extended(&s.s));
	assert_false(chosen(&s.s)); /* it could, but nothing says how long: short ones will do */
	open_channel(&s.s, PROTOCOL_SCP02, 0x01, 8);
	assert_false(content_extended(&s.s));
	assert_int_equal(content_load_check(&s.s, &l, &blocks, &e), -1);
	assert_non_null(strstr(e.text, "SCP02 has no extended length"));
	end(&s);
}

/* ---- loads that fail ---- */

static struct content_load a_load(const uint8_t *head, size_t n)
{
	struct content_load l = { .head = span_of(head, n), .data = SPAN(some_data) };

	l.install.load_file = aid("A00000000310");
	return l;
}

static const uint8_t head[] = { 0xC4, 0x82, 0x03, 0xE8 };

struct steps {
	uint32_t last, stop_at;
};

static bool step(void *ctx, uint32_t block, uint32_t blocks)
{
	struct steps *s = ctx;

	assert_int_equal(blocks, 4);
	assert_int_equal(block, s->last + 1);
	s->last = block;
	return block != s->stop_at;
}

static void test_load(void **state)
{
	struct content_load l = a_load(head, sizeof(head));
	struct steps steps = { 0 };
	const struct content_progress p = { step, &steps };
	struct content_outcome o;
	struct script s;
	struct err e = { 0 };
	uint32_t blocks;

	(void)state;
	begin(&s);
	l.block = 253;
	assert_ok(content_load_check(&s.s, &l, &blocks, &e), &e);
	assert_int_equal(blocks, 4);
	assert_ok(content_load(&s.s, &l, &p, &o, &e), &e);
	assert_int_equal(steps.last, 4);
	assert_int_equal(o.confirmation.n, 0);
	assert_int_equal(s.seen.n, 1004);
	assert_span(span_sub(wr_span(&s.seen), 0, 4), SPAN(head));
	assert_span(span_sub(wr_span(&s.seen), 4, 1000), SPAN(some_data));
	end(&s);
}

static void test_load_fails(void **state)
{
	static const struct {
		uint16_t at, sw;
		enum err_code code;
		enum content_stage stage;
		uint32_t block;
		const char *text, *hint;
	} t[] = {
		{ 1, 0x6985, ERR_CARD, STAGE_FOR_LOAD, 0, "INSTALL [for load]: 6985",
		    "on the card already" },
		{ 1, 0, ERR_READER, STAGE_FOR_LOAD, 0, "INSTALL [for load]: no answer", "" },
		{ 2, 0x6A84, ERR_CARD, STAGE_LOAD, 0, "LOAD block 1 of 4: 6A84", "free memory" },
		{ 4, 0x6581, ERR_CARD, STAGE_LOAD, 2, "LOAD block 3 of 4: 6581", "" },
		{ 5, 0x6438, ERR_CARD, STAGE_LOAD, 3, "LOAD block 4 of 4: 6438", "version" },
		{ 5, 0, ERR_READER, STAGE_LOAD, 3, "LOAD block 4 of 4: no answer", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct content_load l = a_load(head, sizeof(head));
		struct content_outcome o;
		struct script s;
		struct err e = { 0 };

		begin(&s);
		l.block = 255;
		s.refuse_at = t[i].at;
		s.sw = t[i].sw;
		assert_int_equal(content_load(&s.s, &l, NULL, &o, &e), -1);
		assert_int_equal(e.code, t[i].code);
		assert_int_equal(o.stage, t[i].stage);
		assert_int_equal(o.block, t[i].block);
		assert_int_equal(o.unknown, t[i].sw == 0);
		assert_int_equal(s.at, t[i].at); /* nothing is sent after a failure */
		assert_non_null(strstr(e.text, t[i].text));
		assert_non_null(strstr(e.hint, t[i].hint));
		end(&s);
	}
}

static void test_stop(void **state)
{
	struct content_load l = a_load(head, sizeof(head));
	struct steps steps = { 0, 2 };
	const struct content_progress p = { step, &steps };
	struct content_outcome o;
	struct script s;
	struct err e = { 0 };

	(void)state;
	begin(&s);
	assert_int_equal(content_load(&s.s, &l, &p, &o, &e), -1);
	assert_int_equal(e.code, ERR_INTERRUPTED);
	assert_int_equal(o.block, 2);
	assert_false(o.unknown);
	assert_int_equal(s.at, 3);
	end(&s);
}

/* 256 blocks go, 257 do not, and nothing is sent. */
static void test_too_many_blocks(void **state)
{
	static uint8_t big[256 * 255 + 1];
	struct content_load l = { .data = span_of(big, 256 * 255) };
	struct content_outcome o;
	struct script s;
	struct err e = { 0 };
	uint32_t blocks;

	(void)state;
	begin(&s);
	l.install.load_file = aid("A00000000310");
	assert_ok(content_load_check(&s.s, &l, &blocks, &e), &e);
	assert_int_equal(blocks, 256);
	assert_ok(content_load(&s.s, &l, NULL, &o, &e), &e);
	assert_int_equal(s.at, 257);
	s.at = 0;
	l.data.n++;
	assert_int_equal(content_load(&s.s, &l, NULL, &o, &e), -1);
	assert_int_equal(e.code, ERR_SAFETY);
	assert_int_equal(o.stage, STAGE_NONE);
	assert_int_equal(s.at, 0);
	l.extended = true;
	assert_ok(content_load_check(&s.s, &l, &blocks, &e), &e);
	assert_int_equal(blocks, 32);
	l.data.n = 0;
	assert_int_equal(content_load_check(&s.s, &l, &blocks, &e), -1);
	end(&s);
}

/* ---- the other commands ---- */

static void test_parts(void **state)
{
	static uint8_t token[256];
	struct install i = { .load_file = aid("A00000000310"),
		.module = aid("A0000000031010"),
		.app = aid("A0000000031010"),
		.privileges_n = 1,
		.token = SPAN(token) };
	struct delete_object d = { .aid = aid("A00000000310"), .token = SPAN(token) };
	struct span confirmation;
	struct script s;
	struct err e = { 0 };

	(void)state;
	begin(&s);
	assert_ok(content_install(&s.s, INSTALL_AND_SELECTABLE, &i, "INSTALL", NULL, &e), &e);
	assert_int_equal(s.at, 2);
	assert_int_equal(s.blocks[1], 255);
	assert_ok(content_delete(&s.s, DELETE_RELATED, &d, &confirmation, &e), &e);
	assert_int_equal(s.at, 4);
	assert_int_equal(s.blocks[4], 8 + 4 + 256 - 255);
	assert_int_equal(confirmation.n, 0);
	/* Refused in the first part: the second is not sent. */
	s.refuse_at = 5;
	s.sw = 0x6A88;
	assert_int_equal(content_delete(&s.s, DELETE_OBJECT, &d, NULL, &e), -1);
	assert_int_equal(s.at, 5);
	assert_non_null(strstr(e.text, "DELETE: 6A88"));
	assert_non_null(strstr(e.hint, "not on the card"));
	end(&s);
}

static void test_commands(void **state)
{
	struct delete_object d = { .aid = aid("A00000000310") };
	struct aid app = aid("A0000000031010");
	struct span confirmation;
	struct resources r;
	struct script s;
	struct err e = { 0 };

	(void)state;
	begin(&s);
	add(&s, "80E40080084F06A0000000031000", "05AABBCCDDEE9000");
	add(&s, "80F0408007A0000000031010", "9000");
	add(&s, "80F0400007A0000000031010", "6985");
	add(&s, "80CAFF2100", "FF210D81010282040000FFFF830204009000");
	add(&s, "80CAFF2100", "6A88");
	assert_ok(content_delete(&s.s, DELETE_RELATED, &d, &confirmation, &e), &e);
	assert_span(confirmation, unit_bytes("05AABBCCDDEE"));
	assert_ok(content_set_status(&s.s, SET_APPLICATION, APP_LOCKED, &app, &e), &e);
	assert_int_equal(content_set_status(&s.s, SET_APPLICATION, 0, &app, &e), -1);
	assert_non_null(strstr(e.hint, "in that state already"));
	assert_ok(content_resources(&s.s, &r, &e), &e);
	assert_true(r.told);
	assert_int_equal(r.non_volatile, 0xFFFF);
	assert_ok(content_resources(&s.s, &r, &e), &e);
	assert_false(r.told);
	end(&s);
}

static void test_store(void **state)
{
	struct wr w = wr_grow(8192);
	uint8_t value[600] = { 7 };
	struct script s;
	struct err e = { 0 };

	(void)state;
	/* 103 and 153 octets do not fit together in 255; 605 take three blocks, the last of which
	 * has room for the 13 behind them. */
	dgi_put(&w, 0x0101, span_of(value, 100));
	dgi_put(&w, 0x0102, span_of(value, 150));
	dgi_put(&w, 0x0103, span_of(value, 600));
	dgi_put(&w, 0x0104, span_of(value, 10));
	begin(&s);
	assert_ok(content_store(&s.s, STORE_DGI, wr_span(&w), &e), &e);
	assert_int_equal(s.at, 5);
	assert_int_equal(s.blocks[1], 103);
	assert_int_equal(s.blocks[2], 153);
	assert_int_equal(s.blocks[3], 255);
	assert_int_equal(s.blocks[5], 605 - 510 + 13);
	assert_span(wr_span(&s.seen), wr_span(&w));
	end(&s);

	/* Without groups it is cut anywhere. */
	begin(&s);
	assert_ok(content_store(&s.s, STORE_TLV, wr_span(&w), &e), &e);
	assert_int_equal(s.at, 4);
	assert_int_equal(s.blocks[1], 255);
	assert_span(wr_span(&s.seen), wr_span(&w));
	end(&s);

	begin(&s);
	assert_int_equal(content_store(&s.s, STORE_DGI, span_sub(wr_span(&w), 0, w.n - 1), &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	assert_int_equal(s.at, 0);
	s.refuse_at = 2;
	s.sw = 0x6A80;
	assert_int_equal(content_store(&s.s, STORE_TLV, wr_span(&w), &e), -1);
	assert_int_equal(s.at, 2);
	assert_non_null(strstr(e.text, "STORE DATA block 2 of 4: 6A80"));
	end(&s);
	wr_free(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_uploads),
		cmocka_unit_test(test_blocks),
		cmocka_unit_test(test_card_limit),
		cmocka_unit_test(test_extended),
		cmocka_unit_test(test_load),
		cmocka_unit_test(test_load_fails),
		cmocka_unit_test(test_stop),
		cmocka_unit_test(test_too_many_blocks),
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_commands),
		cmocka_unit_test(test_store),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
