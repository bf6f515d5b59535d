/*
 * Runs of a campaign as the ledger remembers them: killed, stopped, with another card under an old
 * name, with a ledger that another station wrote in. On virtual cards, one file each.
 */
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "campaign/campaign.h"
#include "crypto/kdf.h"
#include "unit.h"
#include "vcard/core/vcard.h"

static char dir[32];
static struct err e;

/* ---- the cards ---- */

static char *at(const char *name)
{
	static char path[2][80];
	static unsigned turn;

	turn ^= 1;
	snprintf(path[turn], sizeof(path[0]), "%s/%s", dir, name);
	return path[turn];
}

#define OLD_KEY "404142434445464748494A4B4C4D4E4F"
#define NEW_KEY "505152535455565758595A5B5C5D5E5F"

static struct key_set set_of(const char *key)
{
	const struct key k = unit_key(key);

	return (struct key_set){ k, k, k };
}

/* Its diversification data are zeros. */
static void make_card_with(const char *name, uint8_t number, struct key_set keys)
{
	struct vcard_issue is = { .keys = keys,
		.key_version = 0x30,
		.i = 0x70,
		.iin = { 0x42, 0x42, 0x42 },
		.iin_n = 3,
		.cin = { number },
		.cin_n = 1,
		.issuer = { 0x04 } };

	assert_true(aid_from(&is.target, unit_bytes("A000000151000001")));
	unlink(at(name));
	assert_ok(vcard_create(at(name), &is, &e), &e);
}

static void make_card(const char *name, uint8_t number)
{
	make_card_with(name, number, set_of(OLD_KEY));
}

/* ---- who looks on ---- */

struct watch {
	unsigned steps;      /* that were begun */
	unsigned killed_at;  /* the process ends when so many were */
	unsigned stop_after; /* cards that ended; 0: never */
	unsigned ended;
	unsigned channels; /* INITIALIZE UPDATE that were sent */
	bool gone_early;   /* cards are taken out before INITIALIZE UPDATE */
	unsigned fed;      /* cards that are still to come */
	const char *made;  /* what card files were made as */
};
static struct watch w;

static int transmit(void *ctx, struct span command, struct wr *rsp, struct err *err)
{
	w.channels += command.p[1] == 0x50;
	if ((w.gone_early && command.p[1] == 0x50) ||
	    vcard_transmit(ctx, command, rsp) != VCARD_ANSWER)
		return err_set(err, ERR_READER, "taken out");
	return 0;
}

static void off(void *ctx)
{
	vcard_close(ctx);
}

static const struct card_ops ops = { .transmit = transmit, .close = off };

static int open_card(void *ctx, const char *name, struct card *card, struct err *err)
{
	struct vcard *v;

	(void)ctx;
	if (vcard_open(strchr(name, '/') == NULL ? at(name) : name, &v, err) != 0)
		return -1;
	*card = (struct card){ .ops = &ops, .ctx = v };
	return 0;
}

static void made(void *ctx, const char *path, char out[static 33])
{
	(void)ctx;
	(void)path;
	snprintf(out, 33, "%s", w.made);
}

static int changing(void *ctx, const struct change_place *p, const void *work, struct err *err)
{
	(void)ctx;
	(void)p;
	(void)work;
	(void)err;
	if (++w.steps == w.killed_at)
		_exit(0);
	return 0;
}

static void progress(void *ctx, const struct ledger_card *c, uint32_t done, uint32_t total)
{
	(void)ctx;
	(void)done;
	(void)total;
	w.ended += c->state != ROW_PENDING;
}

static bool stop(void *ctx)
{
	(void)ctx;
	return w.stop_after != 0 && w.ended >= w.stop_after;
}

static int feed(void *ctx, char reader[static MANIFEST_READER_NAME], struct err *err)
{
	(void)ctx;
	(void)err;
	if (w.fed == 0)
		return 0;
	w.fed--;
	snprintf(reader, MANIFEST_READER_NAME, "1.card");
	return 1;
}

static void fed(void *ctx, const char *reader, enum fed how, const struct ledger_card *lc)
{
	(void)ctx;
	(void)reader;
	(void)how;
	(void)lc;
}

/* ---- one run ---- */

static struct campaign c;

static void write_file(const char *name, const char *text)
{
	FILE *f = fopen(at(name), "w");

	assert_non_null(f);
	assert_int_equal(fchmod(fileno(f), 0600), 0);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

/* cards: the value of the key. */
static void open_campaign_of(const char *cards, const char *steps)
{
	char text[512];

	snprintf(text, sizeof(text),
	    "cardadm: campaign/1\nname: runs\nkeystore: keys.yaml\nkeys: test\ncards: %s\n"
	    "mode: unicast\nsteps:\n%s",
	    cards, steps);
	write_file("c.yaml", text);
	assert_ok(campaign_open(at("c.yaml"), &c, &e), &e);
}

static void open_campaign(const char *cards)
{
	open_campaign_of(cards, "  - store-data: {file: a, format: tlv}\n"
				"  - store-data: {file: b, format: tlv}\n");
}

static int run(bool retry)
{
	const struct campaign_calls calls = { .open = open_card,
		.made = made,
		.changing = changing,
		.progress = progress,
		.stop = stop,
		.feed = feed,
		.fed = fed,
		.retry_authentication = retry };
	struct campaign_result r;

	err_clear(&e);
	return campaign_run(&c, &calls, &r, &e);
}

static struct ledger *ledger(bool write)
{
	const struct ledger_goal goal = campaign_goal(&c);
	struct ledger *l;

	assert_ok(ledger_open(c.ledger_path, &goal, write, &l, &e), &e);
	return l;
}

static void put_row(struct ledger_card row)
{
	struct ledger *l = ledger(true);

	assert_ok(ledger_put(l, &row, &e), &e);
	ledger_close(l);
}

static struct ledger_card row(const char *file)
{
	struct ledger *l = ledger(false);
	struct ledger_card lc;
	bool found;

	assert_ok(ledger_get(l, file, &lc, &found, &e), &e);
	assert_true(found);
	ledger_close(l);
	return lc;
}

/* ---- tests ---- */

/* What was done on the card that came into its place is known after a kill, and not done again. */
static void killed_on_another_card(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	make_card("1.card", 1);
	open_campaign("{directory: .}");
	assert_ok(run(false), &e);
	assert_int_equal(w.steps, 2);
	make_card("1.card", 2);
	w = (struct watch){ .killed_at = 2, .made = "B" };
	pid = fork();
	if (pid == 0) {
		(void)run(false);
		_exit(1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_true(row("./1.card").in_doubt);
	w = (struct watch){ .made = "B" };
	assert_ok(run(false), &e);
	assert_int_equal(w.steps, 1);
}

/* What is known of a refusal is not another card's. */
static void refused_was_another_card(void **state)
{
	(void)state;
	make_card("1.card", 2);
	open_campaign("{directory: .}");
	put_row((struct ledger_card){ .file = "./1.card",
	    .id = "01",
	    .state = ROW_FAILED,
	    .auth_failed = CARD_AUTH_REFUSED });
	w.gone_early = true;
	assert_int_equal(run(true), -1);
	assert_int_equal(row("./1.card").auth_failed, CARD_AUTH_FINE);
	w.gone_early = false;
	assert_ok(run(false), &e);
}

/* A refusal that another station wrote down stays until the card took an authentication. */
static void refusals_of_cards_in_readers(void **state)
{
	(void)state;
	make_card("1.card", 1);
	open_campaign("{readers: [R]}");
	put_row((struct ledger_card){
	    .file = "card:01", .id = "01", .state = ROW_FAILED, .auth_failed = CARD_AUTH_REFUSED });
	w = (struct watch){ .fed = 1, .gone_early = true, .made = "" };
	assert_int_equal(run(true), -1);
	assert_int_equal(row("card:01").auth_failed, CARD_AUTH_REFUSED);
	w = (struct watch){ .fed = 1, .made = "" };
	assert_int_equal(run(false), -1);
	assert_int_equal(w.steps, 0);
	w = (struct watch){ .fed = 1, .made = "" };
	assert_ok(run(true), &e);
	assert_int_equal(row("card:01").auth_failed, CARD_AUTH_FINE);
}

/* Cards that a stopped run did not come to are as they were: in doubt, where a kill left them so.
 */
static void stopped_before_cards_in_doubt(void **state)
{
	static const char *const files[] = { "1.card", "2.card", "3.card" };

	(void)state;
	for (uint8_t i = 0; i < 3; i++)
		make_card(files[i], i);
	open_campaign("{directory: .}");
	put_row((struct ledger_card){ .file = "./2.card", .attempts = 4, .in_doubt = true });
	w.stop_after = 1;
	assert_int_equal(run(false), -1);
	assert_int_equal(e.code, ERR_INTERRUPTED);
	assert_int_equal(row("./1.card").state, ROW_DONE);
	assert_true(row("./2.card").in_doubt && row("./2.card").attempts == 4);
	assert_true(!row("./3.card").in_doubt && row("./3.card").attempts == 0);
	w.stop_after = 0;
	assert_ok(run(false), &e);
	assert_false(row("./2.card").in_doubt);
}

/* Old keys and new ones have one version number, so that only trying tells which a card has: the
 * old ones are likelier at the first visit, the new ones at every later one. */
static void likelier_keys_first(void **state)
{
	(void)state;
	make_card("1.card", 1);
	open_campaign_of("{directory: .}", "  - put-keys: {keys: new, replace: 30}\n");
	assert_ok(run(false), &e);
	assert_int_equal(w.channels, 2); /* the second proves the new keys */
	assert_int_equal(row("./1.card").state, ROW_DONE);
	make_card_with("2.card", 2, set_of(NEW_KEY));
	put_row((struct ledger_card){ .file = "./2.card", .attempts = 1 });
	w.channels = 0;
	assert_ok(run(false), &e);
	assert_int_equal(row("./2.card").state, ROW_DONE);
	assert_int_equal(w.channels, 1);
}

/* What a card in a reader proved itself with is known behind a failure: another one that tells the
 * same number is refused. */
static void another_card_behind_a_failure(void **state)
{
	const struct key_set master = set_of(OLD_KEY);
	const uint8_t kdd[KDD_SIZE] = { 0 };
	struct key_set own;

	(void)state;
	assert_true(diversify(DIVERSIFY_KDF3, &master, kdd, &own));
	make_card_with("1.card", 1, own);
	write_file("keys.yaml",
	    "cardadm: keystore/1\nkeys:\n  test: {type: scp03, test: true, version: 30,\n"
	    "    diversification: kdf3, master: {hex: " OLD_KEY "}}\n");
	open_campaign("{readers: [R]}");
	for (int same = 0; same < 2; same++) {
		struct ledger_card was = { .file = "card:01",
			.id = "01",
			.state = ROW_FAILED,
			.kdd = "00000000000000000001" };

		if (same)
			memset(was.kdd, '0', 2 * KDD_SIZE);
		put_row(was);
		w = (struct watch){ .fed = 1, .made = "" };
		assert_int_equal(run(false), same ? 0 : -1);
		assert_int_equal(w.steps, same ? 2 : 0);
		if (!same)
			assert_non_null(
			    strstr(row("card:01").reason, "this is another card under its number"));
	}
}

static int begin(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/runs_test.XXXXXX");
	if (mkdtemp(dir) == NULL)
		return -1;
	w = (struct watch){ .made = "A" };
	write_file("keys.yaml",
	    "cardadm: keystore/1\nkeys:\n  test: {type: scp03, test: true, version: 30,\n"
	    "    diversification: none, master: {hex: " OLD_KEY "}}\n"
	    "  new: {type: scp03, test: true, version: 30,\n"
	    "    diversification: none, master: {hex: " NEW_KEY "}}\n");
	write_file("a", "42 01 01\n");
	write_file("b", "42 01 02\n");
	return setenv("XDG_STATE_HOME", dir, 1);
}

static int end(void **state)
{
	char command[64];

	(void)state;
	campaign_close(&c);
	snprintf(command, sizeof(command), "rm -r %s", dir);
	return system(command);
}

#define RUN(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN(killed_on_another_card),
		RUN(refused_was_another_card),
		RUN(refusals_of_cards_in_readers),
		RUN(stopped_before_cards_in_doubt),
		RUN(likelier_keys_first),
		RUN(another_card_behind_a_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
