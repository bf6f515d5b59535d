/*
 * The registry of scripted cards: those that were recorded (test/transcripts), every form of GET
 * STATUS, pages, and cards that get it wrong.
 */
#include "unit.h"

#include "host/registry.h"

#define ISD "E3264F08A0000001510000009F70010FC5039EFE80C407A0000001515350CC08A000000151000000"
#define APP1 "E30D4F07A00000000310109F700107"
#define APP2 "E30D4F07A00000000310119F700103"

struct step {
	const char *cmd, *rsp; /* rsp NULL: silence; cmd NULL: whatever comes */
};
struct script {
	const struct step *steps;
	size_t n, at;
	const json_t *recorded; /* of further_apdus: the answer to a command, wherever it is */
	bool endless;
	unsigned sent;
};

static const char *plain_command(const json_t *x)
{
	const char *s = json_string_value(json_object_get(x, "plain_cmd"));

	return s == NULL ? "" : s; /* one that could not be unwrapped */
}

static const char *recorded_answer(const json_t *apdus, struct span command)
{
	char hex[1024];
	size_t i;
	json_t *x;

	hex_put(command, hex, sizeof(hex));
	json_array_foreach(apdus, i, x) if (strcmp(plain_command(x), hex) == 0) return unit_str(
	    x, "rsp");
	return "6A86";
}

static int script_transmit(void *ctx, struct span command, struct wr *rsp, struct err *e)
{
	struct script *s = ctx;
	const struct step *x;

	s->sent++;
	if (s->recorded != NULL || s->endless) {
		const char *always = APP1 APP1 APP1 "6310";

		wr_put(
		    rsp, unit_bytes(s->endless ? always : recorded_answer(s->recorded, command)));
		return 0;
	}
	assert_true(s->at < s->n);
	x = &s->steps[s->at++];
	if (x->cmd != NULL)
		assert_span(command, unit_bytes(x->cmd));
	if (x->rsp == NULL)
		return err_set(e, ERR_READER, "no answer");
	wr_put(rsp, unit_bytes(x->rsp));
	return 0;
}

static void script_close(void *ctx)
{
	(void)ctx;
}

static const struct card_ops script_ops = { .transmit = script_transmit, .close = script_close };

static int read_from(struct script *s, struct registry *r, struct err *e)
{
	struct card c = { .ops = &script_ops, .ctx = s };
	struct session session;
	int rc;

	session_init(&session, &c);
	rc = registry_read(&session, r, e);
	session_wipe(&session);
	assert_true(rc != 0 || s->recorded != NULL || s->at == s->n);
	return rc;
}

#define SCRIPT(steps) \
	{ \
		(steps), sizeof(steps) / sizeof((steps)[0]), 0, NULL, false, 0 \
	}

static void ends(const struct step *steps, size_t n, enum err_code code, const char *text)
{
	struct script s = { .steps = steps, .n = n };
	struct registry r;
	struct err e = { 0 };

	assert_int_equal(read_from(&s, &r, &e), -1);
	assert_int_equal(e.code, code);
	if (strstr(e.text, text) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", text, e.text);
	registry_free(&r);
}
#define ENDS(steps, code, text) ends(steps, sizeof(steps) / sizeof((steps)[0]), code, text)

static void test_tlv(void **state)
{
	static const struct step steps[] = {
		{ "80F28002024F0000", ISD "9000" },
		{ "80F24002024F0000", APP1 APP2 "9000" },
		{ "80F21002024F0000",
		    "E31E4F06A000000003109F700101CE0201058408A000000003101000CC00EA009000" },
	};
	struct script s = SCRIPT(steps);
	struct registry r;
	struct err e = { 0 };
	struct aid aid;

	(void)state;
	assert_ok(read_from(&s, &r, &e), &e);
	assert_int_equal(r.n, 4);
	assert_true(r.has_modules && !r.old_form && !r.cut);
	assert_int_equal(r.skipped, 0);
	assert_true(
	    r.told[REGISTRY_ISD] && r.told[REGISTRY_APPLICATION] && r.told[REGISTRY_LOAD_FILE]);
	/* There is no R-MAC that could prove anything: the bare answer decides. */
	assert_false(registry_proven(&r, REGISTRY_ISD) || r.rmac);
	assert_ok(registry_doubt(&r, &e), &e);
	assert_true(registry_is_whole(&r));
	assert_int_equal(r.entry[0].kind, REGISTRY_ISD);
	assert_int_equal(r.entry[0].s.privileges, 0x9EFE80);
	assert_int_equal(r.entry[2].s.state, APP_INSTALLED);
	assert_int_equal(r.entry[3].kind, REGISTRY_LOAD_FILE);
	assert_int_equal(r.entry[3].s.version[1], 5);
	assert_int_equal(r.entry[3].s.module_n, 1);
	assert_true(aid_from(&aid, unit_bytes("A0000000031011")));
	assert_ptr_equal(registry_find(&r, &aid), &r.entry[2]);
	assert_true(aid_from(&aid, unit_bytes("A0000000031012")));
	assert_null(registry_find(&r, &aid));
	registry_free(&r);
	assert_null(r.entry);
}

/* 6310 with pages that end between entries, and within one. */
static void test_pages(void **state)
{
	static const struct step steps[] = {
		{ "80F28002024F0000", ISD "9000" },
		{ "80F24002024F0000", APP1 "6310" },
		{ "80F24003024F0000", "E30D4F07A00000006310" },
		{ "80F24003024F0000", "0310119F700103" APP1 "9000" },
		{ "80F21002024F0000", "6A88" },
		{ "80F22002024F0000", "6A88" },
	};
	struct script s = SCRIPT(steps);
	struct registry r;
	struct err e = { 0 };

	(void)state;
	assert_ok(read_from(&s, &r, &e), &e);
	assert_int_equal(r.n, 4);
	assert_span(aid_span(&r.entry[2].s.aid), unit_bytes("A0000000031011"));
	assert_int_equal(r.entry[2].s.state, 0x03);
	assert_true(r.told[REGISTRY_LOAD_FILE] && !r.has_modules);
	registry_free(&r);
}

/* 9000 in the middle of an entry: the rest is asked for; the card goes on, begins the entry again,
 * or has nothing more to say. */
static void test_cut_unsaid(void **state)
{
	static const struct step goes_on[] = {
		{ NULL, ISD "9000" },
		{ "80F24002024F0000", APP1 "E30D4F07A0009000" },
		{ "80F24003024F0000", "00000310119F7001039000" },
		{ NULL, "6A88" },
		{ NULL, "6A88" },
	};
	static const struct step again[] = {
		{ NULL, ISD "9000" },
		{ "80F24002024F0000", APP1 "E30D4F07A0009000" },
		{ "80F24003024F0000", APP2 "9000" },
		{ NULL, "6A88" },
		{ NULL, "6A88" },
	};
	static const struct step silent[] = {
		{ NULL, ISD "9000" },
		{ "80F24002024F0000", APP1 "E30D4F07A0009000" },
		{ "80F24003024F0000", "6A86" },
		{ NULL, "6A88" },
		{ NULL, "6A88" },
	};
	const struct script all[] = { SCRIPT(goes_on), SCRIPT(again), SCRIPT(silent) };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct script s = all[i];
		struct registry r;
		struct err e = { 0 };

		assert_ok(read_from(&s, &r, &e), &e);
		assert_int_equal(r.n, i == 2 ? 2 : 3);
		assert_int_equal(r.cut, i == 2);
		registry_free(&r);
	}
}

static void test_old_form(void **state)
{
	static const struct step steps[] = {
		{ "80F28002024F0000", "6A86" },
		{ "80F28000024F0000", "08A0000001510000000F9A9000" },
		{ "80F24000024F0000", "07A00000000310100700"
				      "6310" },
		{ "80F24001024F0000", "07A000000003101187049000" },
		{ "80F21000024F0000", "06A0000000031001000207A000000003101007A00000000310119000" },
	};
	struct script s = SCRIPT(steps);
	struct registry r;
	struct err e = { 0 };

	(void)state;
	assert_ok(read_from(&s, &r, &e), &e);
	assert_true(r.old_form && r.has_modules);
	assert_int_equal(r.n, 4);
	assert_int_equal(r.entry[0].s.privileges, 0x9A0000);
	assert_int_equal(r.entry[2].s.state, 0x87);
	assert_int_equal(r.entry[3].s.module_n, 2);
	registry_free(&r);
}

/* Asked in TLV, answered in the old form; P1 10 unknown. */
static void test_other_form(void **state)
{
	static const struct step steps[] = {
		{ "80F28002024F0000", "08A0000001510000000F9A9000" },
		{ "80F24000024F0000", "6A88" },
		{ "80F21000024F0000", "6A86" },
		{ "80F22000024F0000", "06A0000000031001009000" },
	};
	static const struct step no_p1[] = {
		{ "80F28002024F0000", ISD "9000" },
		{ "80F24002024F0000", "6A88" },
		{ "80F21002024F0000", "6A86" },
		{ "80F22002024F0000", "E30C4F06A000000003109F700101"
				      "9000" },
	};
	const struct script all[] = { SCRIPT(steps), SCRIPT(no_p1) };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct script s = all[i];
		struct registry r;
		struct err e = { 0 };

		assert_ok(read_from(&s, &r, &e), &e);
		assert_int_equal(r.n, 2);
		assert_int_equal(r.old_form, i == 0);
		assert_int_equal(r.entry[1].kind, REGISTRY_LOAD_FILE);
		assert_true(r.told[REGISTRY_APPLICATION] && !r.has_modules);
		registry_free(&r);
	}
}

/* A domain that is not the issuer's may not ask for it. */
static void test_refused_kinds(void **state)
{
	static const struct step steps[] = {
		{ NULL, "6985" },
		{ NULL, APP1 "9000" },
		{ NULL, "6A81" },
		{ NULL, "6D00" },
	};
	static const struct step nothing[] = {
		{ NULL, "6D00" },
		{ NULL, "6D00" },
		{ NULL, "6D00" },
		{ NULL, "6D00" },
	};
	static const struct step security[] = { { NULL, "6982" } };
	static const struct step late[] = { { NULL, ISD "6310" }, { NULL, "6985" } };
	static const struct step silence[] = { { NULL, NULL } };
	struct script s = SCRIPT(steps);
	struct registry r;
	struct err e = { 0 };

	(void)state;
	assert_ok(read_from(&s, &r, &e), &e);
	assert_int_equal(r.n, 1);
	assert_false(r.told[REGISTRY_ISD] || r.told[REGISTRY_LOAD_FILE]);
	assert_true(r.told[REGISTRY_APPLICATION]);
	registry_free(&r);
	ENDS(nothing, ERR_CARD, "tells nothing");
	ENDS(security, ERR_CARD, "GET STATUS 80: 6982");
	ENDS(late, ERR_CARD, "GET STATUS 80: 6985");
	ENDS(silence, ERR_READER, "GET STATUS 80: no answer");
}

/* 6A88 after a page that promised more: there is no more. */
static void test_late_end(void **state)
{
	static const struct step steps[] = {
		{ NULL, ISD "6310" },
		{ NULL, "6A88" },
		{ NULL, "6A88" },
		{ NULL, "6A88" },
		{ NULL, "6A88" },
	};
	struct script s = SCRIPT(steps);
	struct registry r;
	struct err e = { 0 };

	(void)state;
	assert_ok(read_from(&s, &r, &e), &e);
	assert_int_equal(r.n, 1);
	assert_false(r.cut);
	registry_free(&r);
}

static void test_malformed(void **state)
{
	static const struct step junk[] = { { NULL, "FFFFFF9000" }, { NULL, "6A86" } };
	static const struct step empty[] = { { NULL, APP1 "6310" }, { NULL, "6310" } };
	static const struct step short_aid[] = {
		{ NULL, ISD "9000" },
		{ NULL, "E3094F01A09F700107C500" APP1 "9000" },
		{ NULL, "6A88" },
		{ NULL, "6A88" },
	};
	struct script s = SCRIPT(short_aid), endless = { .endless = true };
	struct registry r;
	struct err e = { 0 };

	(void)state;
	ENDS(junk, ERR_CARD, "malformed");
	ENDS(empty, ERR_CARD, "malformed");
	assert_ok(read_from(&s, &r, &e), &e);
	assert_int_equal(r.n, 2);
	assert_int_equal(r.skipped, 1);
	registry_free(&r);
	assert_int_equal(read_from(&endless, &r, &e), -1);
	assert_int_equal(e.code, ERR_CARD);
	assert_non_null(strstr(e.text, "more than 2048 entries"));
	assert_true(endless.sent <= REGISTRY_MAX / 3 + 1);
	registry_free(&r);
}

static void test_dependents(void **state)
{
	static const struct step steps[] = {
		{ NULL, ISD "9000" },
		{ NULL, "E31B4F07A00000000310109F700107C406A00000000310CC0455555555"
			"E3264F08A0000001515353419F70010FC503800000C407A0000001515350CC08A000000151"
			"000000"
			"E31C4F07A00000000310119F700107C406A00000000310CC05A0000000049000" },
		{ NULL, "E3164F06A000000003109F700101CC08A000000151000000"
			"9000" },
	};
	struct script s = SCRIPT(steps);
	struct registry r;
	struct err e = { 0 };
	size_t at = 0, n = 0;

	(void)state;
	assert_ok(read_from(&s, &r, &e), &e);
	assert_int_equal(r.skipped, 1); /* a domain AID of four octets */
	assert_int_equal(r.n, 4);
	assert_true(registry_is_domain(&r.entry[0]) && registry_is_domain(&r.entry[1]));
	assert_false(registry_is_domain(&r.entry[2]) || registry_is_domain(&r.entry[3]));
	/* Of the load file: its application. */
	assert_ptr_equal(registry_dependent(&r, &r.entry[3], &at), &r.entry[2]);
	assert_null(registry_dependent(&r, &r.entry[3], &at));
	/* Of the issuer domain: what belongs to it, and not itself. */
	for (at = 0; registry_dependent(&r, &r.entry[0], &at) != NULL;)
		n++;
	assert_int_equal(n, 2);
	at = 0;
	assert_null(registry_dependent(&r, &r.entry[2], &at));
	registry_free(&r);
}

/* Every recorded card whose answers are plain. */
static unsigned recorded_cards, recorded_entries;

static void recorded(json_t *line, void *ctx)
{
	const json_t *apdus = json_object_get(line, "further_apdus");
	struct script s = { .recorded = apdus };
	struct registry r;
	struct err e = { 0 };
	size_t i, lists = 0;
	json_t *x;

	(void)ctx;
	json_array_foreach(apdus, i, x) lists += strncmp(plain_command(x), "80F2", 4) == 0;
	/* Above 0F the answers end in R-MACs. */
	if (lists == 0 || unit_hex(line, "ext_auth_cmd").p[2] > 0x0F)
		return;
	assert_ok(read_from(&s, &r, &e), &e);
	assert_false(r.cut);
	assert_int_equal(r.skipped, 0);
	assert_int_equal(r.entry[0].kind, REGISTRY_ISD);
	recorded_cards++;
	recorded_entries += (unsigned)r.n;
	registry_free(&r);
}

static void test_recorded(void **state)
{
	(void)state;
	recorded_cards = recorded_entries = 0;
	unit_jsonl("test/transcripts/scp03-gp4net.jsonl", recorded, NULL);
	unit_jsonl("test/transcripts/scp03-gppro.jsonl", recorded, NULL);
	unit_jsonl("test/transcripts/scp02-gp4net.jsonl", recorded, NULL);
	unit_jsonl("test/transcripts/scp02-gppro.jsonl", recorded, NULL);
	unit_jsonl("test/transcripts/scp01-gppro.jsonl", recorded, NULL);
	assert_int_equal(recorded_cards, 12);
	assert_int_equal(recorded_entries, 50);
}

/* What was read with R-MAC, one kind of it unproven. */
static void test_doubt(void **state)
{
	struct registry_entry isd = { .kind = REGISTRY_ISD };
	struct err e = { 0 };

	(void)state;
	for (int k = REGISTRY_ISD; k <= REGISTRY_LOAD_FILE; k++) {
		struct registry r = { .entry = &isd,
			.n = 1,
			.told = { true, true, true },
			.proven = { true, true, true },
			.rmac = true,
			.issuer = true };

		assert_ok(registry_doubt(&r, &e), &e);
		assert_true(registry_is_whole(&r));
		r.proven[k] = false;
		assert_false(registry_proven(&r, (enum registry_kind)k));
		assert_int_equal(registry_doubt_kind(&r, (enum registry_kind)k, &e), -1);
		assert_int_equal(e.code, ERR_INTEGRITY);
		assert_int_equal(registry_doubt_kind(&r, (enum registry_kind)((k + 1) % 3), &e), 0);
		assert_int_equal(registry_doubt(&r, &e), -1);
		assert_false(registry_is_whole(&r));
		r.rmac = false;
		assert_int_equal(registry_doubt(&r, &e), 0);
		assert_true(registry_is_whole(&r));
		/* Not all of it was told. */
		r.cut = true;
		assert_false(registry_is_whole(&r));
		r.cut = false;
		r.told[k] = false;
		assert_int_equal(registry_is_whole(&r), k == REGISTRY_ISD);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tlv),
		cmocka_unit_test(test_pages),
		cmocka_unit_test(test_cut_unsaid),
		cmocka_unit_test(test_old_form),
		cmocka_unit_test(test_other_form),
		cmocka_unit_test(test_refused_kinds),
		cmocka_unit_test(test_late_end),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_dependents),
		cmocka_unit_test(test_recorded),
		cmocka_unit_test(test_doubt),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
