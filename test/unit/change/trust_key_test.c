/*
 * The key that trust-init gives a card is the one that the terminal has by its ticket: with it, and
 * with no other, the trust application of the card opens. The key is made here as a terminal does,
 * out of its base key and what stands in the ticket.
 */
#include "change_rig.h"

#include "change/ticket.h"
#include "gp/trust_keys.h"
#include "scp_start.h"

#define FOLDER "/tmp/trust_key_test"
#define TERMINALS FOLDER ".terminals"
#define IMEI "352099001761481"

static struct err e;

static void write_terminals(void)
{
	FILE *f = fopen(TERMINALS, "w");

	assert_non_null(f);
	fputs("00000001," IMEI "\n", f);
	fclose(f);
}

static void begin_record(const char *words)
{
	struct change_card c = { .s = &change_session };
	struct change_result r;
	struct change ch;
	char text[300];

	snprintf(text, sizeof(text),
	    "record=1 terminals=" TERMINALS " valid-for=30d tickets=" FOLDER " %s", words);
	change_words(&ch, "trust-init", text);
	assert_ok(change_run(&c, &ch, &r, &e), &e);
	assert_false(r.already);
	change_result_free(&ch, &r);
	change_card_free(&c);
	change_free(&ch);
}

/* SELECT of the trust application and INITIALIZE UPDATE: does the card's cryptogram fit the set? */
static bool fits(const struct key_set *set)
{
	static const uint8_t challenge[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	const struct capdu select = {
		.ins = INS_SELECT, .p1 = 0x04, .data = aid_span(&aid_trust), .le = LE_MAX_SHORT
	};
	const struct capdu update = { .cla = 0x80,
		.ins = INS_INITIALIZE_UPDATE,
		.p1 = TRUST_VERSION_FIRST + 1,
		.data = SPAN(challenge),
		.le = LE_MAX_SHORT };
	struct scp host = { 0 };
	struct init_update u;
	struct span cc;
	struct rapdu r;
	uint8_t want[16];

	session_close(&change_session);
	assert_ok(session_do(&change_session, &select, "SELECT", &r, &e), &e);
	assert_ok(session_do(&change_session, &update, "INITIALIZE UPDATE", &r, &e), &e);
	assert_true(init_update_get(r.data, sizeof(challenge), &u));
	cc = span_of(u.card_challenge, sizeof(challenge));
	assert_true(scp_begin(&host, START(PROTOCOL_SCP03, 0, set, SPAN(challenge), cc)));
	assert_true(scp_cryptogram(&host, CHALLENGES(SPAN(challenge), cc), ROLE_CARD, want));
	scp_wipe(&host);
	return span_eq(span_of(want, sizeof(challenge)), span_of(u.cryptogram, sizeof(challenge)));
}

/* With the set that the terminal computes, `later` seconds off in the expiry. */
static bool opens_with(const struct entry *km, const char *imei, uint32_t later)
{
	struct span digits = span_str(imei);
	uint8_t id[TRUST_ID];
	struct ticket_file f;
	struct trust_place p;
	SECRET_KEY(kt);
	SECRET_KEY(k);
	SECRET_KEY_SET(set);

	assert_ok(ticket_look(FOLDER "/00000001-1.ticket", &f, &e), &e);
	assert_true(f.there);
	assert_true(trust_card_id(f.ticket.cin, id));
	p = (struct trust_place){ f.ticket.record, f.ticket.generation, f.ticket.expiry + later,
		id };
	assert_true(trust_base_key(&km->secret, digits, &kt));
	assert_true(trust_first_key(&kt, digits, &p, trust_key_octets(f.ticket.algorithm), &k));
	assert_true(trust_set(&k, &p, &set));
	ticket_free(&f);
	return fits(&set);
}

static void opens(void **state)
{
	static const struct {
		const char *words;
		size_t km;
	} ways[] = { { "terminal-key=test", 0 }, { "terminal-key=test algorithm=aes-256", 0 },
		{ "terminal-key=long", 2 }, { "terminal-key=long algorithm=aes-128", 2 } };

	(void)state;
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		const struct entry *km = &change_entries[ways[i].km];

		change_rig_on();
		assert_int_equal(system("rm -rf " FOLDER), 0);
		begin_record(ways[i].words);
		assert_false(opens_with(km, IMEI, 1));
		assert_false(opens_with(km, "490154203237518", 0));
		assert_false(opens_with(&change_entries[1], IMEI, 0));
		assert_true(opens_with(km, IMEI, 0));
		change_rig_off();
	}
}

static int begin(void **state)
{
	(void)state;
	write_terminals();
	return 0;
}

static int end(void **state)
{
	(void)state;
	return system("rm -r " FOLDER " " TERMINALS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(opens),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
