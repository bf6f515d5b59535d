/*
 * The engine of campaigns over scripted cards: virtual ones in files, whose exchanges a script
 * breaks at one command. Every outcome of every kind of step, then one more run: refused, lost
 * before and behind the card, an answer that is made up, interrupted, killed between intent and
 * outcome, a ledger that cannot be written or is gone.
 */
#include "unit.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "campaign/campaign.h"
#include "campaign/unicast.h"
#include "vcard/core/vcard.h"

enum { CARDS = 2 };

static char dir[] = "/tmp/engine_test.XXXXXX";
static char manifest[96], keystore[96];

/* ---- a script between host and card ---- */

enum breaks {
	BREAK_NOTHING,
	BREAK_REFUSED,  /* answered 6985, not given to the card */
	BREAK_DROPPED,  /* no answer, not given to the card */
	BREAK_LOST,     /* given to the card, its answer is lost */
	BREAK_MADE_UP,  /* answered 9000 without a MAC, not given to the card */
	BREAK_INTERRUPT /* the operator asks to end; given to the card */
};
static const char *const break_names[] = { "nothing", "refused", "dropped", "lost", "made up",
	"interrupt" };
static struct {
	enum breaks how;
	uint8_t ins; /* of the command at which it happens once */
	bool happened;
	bool stop;       /* what the callback tells */
	unsigned opened; /* cards */
	unsigned sent;   /* commands of this INS that the cards got */
} script;

static void play(enum breaks how, uint8_t ins)
{
	memset(&script, 0, sizeof(script));
	script.how = how;
	script.ins = ins;
}

static int give(void *card, struct span command, struct wr *rsp, struct err *e)
{
	if (vcard_transmit(card, command, rsp) == VCARD_ANSWER)
		return 0;
	return err_set(e, ERR_READER, "the card does not answer");
}

static int transmit(void *card, struct span command, struct wr *rsp, struct err *e)
{
	bool mine = command.n > 1 && command.p[1] == script.ins;
	bool now = mine && !script.happened && script.how != BREAK_NOTHING;
	struct err ignored;

	script.happened = script.happened || now;
	script.sent += mine && (!now || script.how == BREAK_LOST || script.how == BREAK_INTERRUPT);
	if (!now)
		return give(card, command, rsp, e);
	switch (script.how) {
	case BREAK_REFUSED:
		wr_u16(rsp, SW_CONDITIONS);
		return 0;
	case BREAK_MADE_UP:
		wr_u16(rsp, SW_OK);
		return 0;
	case BREAK_LOST:
		(void)give(card, command, rsp, &ignored);
		wr_reset(rsp);
		return err_set(e, ERR_READER, "no answer came");
	case BREAK_DROPPED:
		return err_set(e, ERR_READER, "no answer came");
	case BREAK_INTERRUPT:
		script.stop = true;
		break;
	case BREAK_NOTHING:
		break;
	}
	return give(card, command, rsp, e);
}

static void close_card(void *card)
{
	vcard_close(card);
}

static int open_card(void *ctx, const char *path, struct card *card, struct err *e)
{
	static const struct card_ops ops = { .transmit = transmit, .close = close_card };
	struct vcard *v;

	(void)ctx;
	if (vcard_open(path, &v, e) != 0)
		return -1;
	script.opened++;
	*card = (struct card){ .ops = &ops, .ctx = v };
	return 0;
}

static bool stop(void *ctx)
{
	(void)ctx;
	return script.stop;
}

/* ---- a fleet and its manifest ---- */

static void shell(const char *text)
{
	char line[256];

	snprintf(line, sizeof(line), "cd %s && %s", dir, text);
	assert_int_equal(system(line), 0);
}

static void write_key_set(char *to, size_t cap, const char *name, const char *version, uint8_t from)
{
	char hex[3][33];

	for (unsigned k = 0; k < 3; k++)
		for (unsigned i = 0; i < 16; i++)
			snprintf(hex[k] + 2 * i, 3, "%02X", (from + 0x20 * k + i) & 0xFF);
	snprintf(to + strlen(to), cap - strlen(to),
	    "  %s: {type: scp03, test: true, version: %s, diversification: none,\n"
	    "    enc: {hex: %s}, mac: {hex: %s}, dek: {hex: %s}}\n",
	    name, version, hex[0], hex[1], hex[2]);
}

static void fill(struct key *k, uint8_t from)
{
	k->n = 16;
	for (unsigned i = 0; i < 16; i++)
		k->b[i] = (uint8_t)(from + i);
}

/* With the set `old`. */
static void make_issue(struct vcard_issue *is, unsigned n)
{
	*is = (struct vcard_issue){ .key_version = 0x30, .i = 0x70, .cin_n = 4, .iin_n = 1 };
	fill(&is->keys.enc, 0x40);
	fill(&is->keys.mac, 0x60);
	fill(&is->keys.dek, 0x80);
	is->kdd[9] = is->cin[3] = (uint8_t)n;
	is->iin[0] = 0x42;
	memcpy(is->platform, "PLAT-A01", PLATFORM_SIZE);
	assert_true(aid_from(&is->target, unit_bytes("A000000151000001")));
	is->issuer[0] = 0x04;
	is->algorithms[0] = ALG_DIGEST;
	is->algorithm_n = 1;
	is->forms[0] = FORM_KOS;
	is->form_n = 1;
}

static void new_fleet(void)
{
	struct vcard_issue is;
	struct err e;

	shell("rm -rf fleet campaign.ledger* && mkdir fleet");
	for (unsigned n = 1; n <= CARDS; n++) {
		char path[96];

		make_issue(&is, n);
		snprintf(path, sizeof(path), "%s/fleet/%u.card", dir, n);
		assert_ok(vcard_create(path, &is, &e), &e);
	}
}

static void write_manifest(const char *steps)
{
	char text[1024];
	struct err e;

	snprintf(text, sizeof(text),
	    "cardadm: campaign/1\nname: engine\nkeystore: keys.yaml\nkeys: old\n"
	    "cards: {directory: fleet}\nmode: unicast\nlevel: 33\nsteps:\n%s",
	    steps);
	assert_ok(file_write(manifest, span_str(text), 0600, &e), &e);
}

static int setup(void **state)
{
	char text[1024] = "cardadm: keystore/1\nkeys:\n";
	struct err e;

	(void)state;
	if (mkdtemp(dir) == NULL || setenv("XDG_STATE_HOME", dir, 1) != 0)
		return -1;
	snprintf(manifest, sizeof(manifest), "%s/campaign.yaml", dir);
	snprintf(keystore, sizeof(keystore), "%s/keys.yaml", dir);
	write_key_set(text, sizeof(text), "old", "30", 0x40);
	write_key_set(text, sizeof(text), "new", "31", 0x11);
	assert_ok(file_write(keystore, span_str(text), 0600, &e), &e);
	shell("printf '\\102\\001\\007' >data && cp \"$OLDPWD\"/examples/*.cap .");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	shell("rm -rf fleet campaign.* *.cap keys.yaml data cardadm");
	return rmdir(dir);
}

/* ---- runs ---- */

static struct campaign_result result;

static int run_with(const struct campaign_calls *calls, struct err *e)
{
	static struct campaign c;
	int rc;

	err_clear(e);
	assert_ok(campaign_open(manifest, &c, e), e);
	rc = campaign_run(&c, calls, &result, e);
	campaign_close(&c);
	return rc;
}

static int run(struct err *e)
{
	const struct campaign_calls calls = { .open = open_card, .stop = stop };

	return run_with(&calls, e);
}

static void must_be_done(const char *what)
{
	struct err e;

	play(BREAK_NOTHING, 0);
	if (run(&e) != 0 || result.sums.done != CARDS)
		fail_msg(
		    "%s: the run after it: %s, %u done", what, e.text, (unsigned)result.sums.done);
}

/* What the ledger has of a step of card number n. */
static enum step_state step_of(unsigned n, uint32_t step)
{
	static struct campaign c;
	struct ledger_goal goal;
	struct ledger_step s;
	struct ledger *l;
	char file[32];
	struct err e;

	assert_ok(campaign_open_report(manifest, &c, &e), &e);
	goal = campaign_goal(&c);
	assert_ok(ledger_open(c.ledger_path, &goal, false, &l, &e), &e);
	snprintf(file, sizeof(file), "fleet/%u.card", n);
	assert_ok(ledger_step(l, file, step, &s, &e), &e);
	ledger_close(l);
	campaign_close(&c);
	return s.state;
}

/* ---- every outcome of every kind of step ---- */

static const struct {
	const char *step;
	uint8_t ins; /* of the command that changes the card */
} kinds[] = {
	{ "  - install: {file: hello.cap}\n", INS_INSTALL },
	{ "  - install: {file: hello.cap}\n", INS_LOAD },
	{ "  - load: {file: pair.cap}\n", INS_LOAD },
	{ "  - store-data: {file: data, format: tlv}\n", INS_STORE_DATA },
	{ "  - put-keys: {keys: new}\n", INS_PUT_KEY },
	{ "  - put-keys: {keys: new, rotate: true}\n", INS_PUT_KEY },
	{ "  - put-keys: {keys: new, rotate: true}\n", INS_DELETE },
	{ "  - domain-create: {aid: A00000015100000001}\n", INS_INSTALL },
	{ "  - lock: {card: true}\n", INS_SET_STATUS },
};
/* What the first card's step may be after the command was broken so. */
static const unsigned after[] = { [BREAK_REFUSED] = 1u << STEP_FAILED,
	[BREAK_DROPPED] = 1u << STEP_BEGUN,
	[BREAK_LOST] = 1u << STEP_BEGUN,
	[BREAK_MADE_UP] = 1u << STEP_BEGUN };

static void break_one(size_t k, enum breaks how)
{
	enum step_state s;
	char what[96];
	struct err e;

	snprintf(what, sizeof(what), "%s at %02X of%.40s", break_names[how], kinds[k].ins,
	    kinds[k].step);
	new_fleet();
	write_manifest(kinds[k].step);
	play(how, kinds[k].ins);
	assert_int_equal(run(&e), -1);
	if (e.code != ERR_UNDONE || !script.happened || result.sums.failed != 1 ||
	    result.sums.done != CARDS - 1)
		fail_msg("%s: %s; %u failed", what, e.text, (unsigned)result.sums.failed);
	s = step_of(1, 1);
	if ((after[how] & 1u << s) == 0)
		fail_msg("%s: the step is %s", what, step_state_str(s));
	must_be_done(what);
	assert_int_equal(step_of(1, 1), STEP_DONE);
	assert_int_equal(step_of(2, 1), STEP_DONE);
}

static void test_outcomes(void **state)
{
	(void)state;
	for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++)
		for (enum breaks how = BREAK_REFUSED; how <= BREAK_MADE_UP; how++)
			break_one(k, how);
}

/* Done once: no card is opened again. A ledger that is gone costs questions, and nothing is sent
 * that changes a card, but for what no card shows. */
static void test_again(void **state)
{
	struct err e;

	(void)state;
	for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
		new_fleet();
		write_manifest(kinds[k].step);
		play(BREAK_NOTHING, 0);
		assert_ok(run(&e), &e);
		assert_int_equal(script.opened, CARDS);
		play(BREAK_NOTHING, 0);
		assert_ok(run(&e), &e);
		assert_int_equal(script.opened, 0);
		if (strstr(kinds[k].step, "rotate") != NULL || strstr(kinds[k].step, "card: true"))
			continue; /* these keys open no channel any more; a locked card takes none
				   */
		shell("rm campaign.ledger");
		play(BREAK_NOTHING, kinds[k].ins);
		assert_ok(run(&e), &e);
		assert_int_equal(script.sent, kinds[k].ins == INS_STORE_DATA ? CARDS : 0);
		if (kinds[k].ins != INS_STORE_DATA)
			assert_int_equal(result.sums.already, CARDS);
	}
}

/* ---- ends in between ---- */

static void test_interrupted(void **state)
{
	struct err e;

	(void)state;
	new_fleet();
	write_manifest("  - install: {file: hello.cap}\n  - put-keys: {keys: new}\n");
	/* In the middle of a load: the card drops what it has. */
	play(BREAK_INTERRUPT, INS_LOAD);
	assert_int_equal(run(&e), -1);
	assert_int_equal(e.code, ERR_INTERRUPTED);
	assert_int_equal(result.sums.pending, CARDS);
	assert_int_equal(step_of(1, 1), STEP_BEGUN);
	assert_int_equal(script.opened, 1);
	/* Behind the first step: the second does not begin. */
	play(BREAK_INTERRUPT, INS_INSTALL);
	assert_int_equal(run(&e), -1);
	assert_int_equal(e.code, ERR_INTERRUPTED);
	assert_int_equal(step_of(1, 2), STEP_PENDING);
	must_be_done("interrupted");
}

static unsigned intents;

static int no_record(void *ctx, const struct change_place *at, const void *work, struct err *e)
{
	(void)ctx;
	(void)work;
	assert_non_null(at->card);
	intents++;
	return err_set(e, ERR_LEDGER, "the record of changes cannot be written");
}

/* Neither an intent that cannot be written nor a record that cannot be kept lets a command out. */
static void test_no_intent(void **state)
{
	const struct campaign_calls calls = {
		.open = open_card, .stop = stop, .changing = no_record
	};
	struct err e;

	(void)state;
	new_fleet();
	write_manifest("  - put-keys: {keys: new}\n");
	play(BREAK_NOTHING, INS_PUT_KEY);
	assert_int_equal(run_with(&calls, &e), -1);
	assert_int_equal(e.code, ERR_LEDGER);
	assert_int_equal(intents, 1);
	assert_int_equal(script.sent, 0);
	shell("rm -f campaign.ledger* && mkdir campaign.ledger");
	assert_int_equal(run(&e), -1);
	assert_int_equal(e.code, ERR_LEDGER);
	assert_int_equal(script.opened, 1);
	shell("rmdir campaign.ledger");
	must_be_done("no intent");
}

/* Limits end the run, and cards that it did not come to stay as they were. */
static void test_limits(void **state)
{
	struct err e;

	(void)state;
	new_fleet();
	write_manifest("  - lock: {aid: A000000003}\nlimits: {failures: 1}\n");
	play(BREAK_NOTHING, 0);
	assert_int_equal(run(&e), -1);
	assert_int_equal(e.code, ERR_SAFETY);
	assert_int_equal(script.opened, 1);
	assert_int_equal(result.sums.pending, CARDS - 1);
	assert_int_equal(step_of(1, 1), STEP_FAILED);
}

/* ---- readers ---- */

static unsigned fed_n;
static enum fed fed_how[8];

static int feed(void *ctx, char reader[static MANIFEST_READER_NAME], struct err *e)
{
	/* The first card, the second, the first once more. */
	static const unsigned order[] = { 1, 2, 1 };

	(void)ctx;
	(void)e;
	if (fed_n == sizeof(order) / sizeof(order[0]))
		return 0;
	snprintf(reader, MANIFEST_READER_NAME, "%s/fleet/%u.card", dir, order[fed_n]);
	return 1;
}

static void fed(void *ctx, const char *reader, enum fed how, const struct ledger_card *lc)
{
	(void)ctx;
	assert_non_null(reader);
	assert_true(lc->id[0] != '\0');
	fed_how[fed_n++] = how;
}

static void test_fed(void **state)
{
	const struct campaign_calls calls = {
		.open = open_card, .feed = feed, .fed = fed, .stop = stop
	};
	struct err e;

	(void)state;
	new_fleet();
	write_manifest("  - install: {file: hello.cap}\n");
	shell("sed -i 's/^cards:.*/cards: {readers: [any]}/' campaign.yaml");
	play(BREAK_REFUSED, INS_INSTALL);
	assert_ok(run_with(&calls, &e), &e);
	assert_int_equal(fed_n, 3);
	assert_int_equal(fed_how[0], FED_FAILED);
	assert_int_equal(fed_how[1], FED_DONE);
	assert_int_equal(fed_how[2], FED_DONE); /* the failed one, worked on again */
	assert_int_equal(result.sums.done, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_outcomes),
		cmocka_unit_test(test_again),
		cmocka_unit_test(test_interrupted),
		cmocka_unit_test(test_no_intent),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_fed),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
