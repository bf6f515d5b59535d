/*
 * (k) What a card does for a terminal: MUTUAL AUTHENTICATE with its key, PRESENT, RENEW of a record
 *     with P-256, against the operations in it alone: a key pair, two ECDH, the derivation and the
 *     receipt of SCP11a, opening both commands and sealing both answers, deriving the new key and
 *     its point.
 * (l) The same of PRESENT and RENEW in a session of SCP03, a record with AES-128: opening and
 *     sealing, and the derivation of the new key, its set and its check value.
 *     Ratios of the time that the card spends answering. Goals: >= 0.7; of (l) 0.5, as its 20
 *     microseconds of AES stand beside one write of the journal.
 *
 * The card is the virtual one, with its file and all that it writes there; the host's share does
 * not count. The two take turns; each ratio is the median over the rounds.
 *
 * Run from the top of the tree: the keys are those of test/vectors/trust.json and containers.json.
 */
#include "crypto/kdf.h"
#include "answering.h"
#include "measure.h"
#include "scp/scp11.h"
#include "test/unit/trust_rig.h"

enum { ROUNDS = 101, M = 8 };

/* ---- the card ---- */

/* Each round one second later, or no key would live longer than the one before. */
static double card_round(struct rig *r, struct phone *t, bool pairs)
{
	t->clock++;
	need(phone_open(r, t, &t->current, TRUST_VERSION_FIRST + t->record) == SW_OK, "a channel");
	if (pairs) {
		answering = 0;
		need(phone_open(r, t, &t->current, TRUST_VERSION_FIRST + t->record) == SW_OK,
		    "a channel");
	} else {
		answering = 0;
	}
	need(phone_present(r, t) == SW_OK, "PRESENT");
	need(phone_renew(r, t) == SW_OK, "RENEW");
	return answering;
}

/* ---- the operations alone ---- */

/* Two ends of one channel. */
struct ends {
	struct scp host, card;
};

static void ends_wipe(struct ends *x)
{
	scp_wipe(&x->host);
	scp_wipe(&x->card);
}

/* Opening one command and sealing its answer, as the card does it. */
static double opened(struct ends *x, uint8_t ins, struct span data, struct span answer)
{
	uint8_t room[300], open[300], sealed[300];
	struct wr wire = wr_fixed(room, sizeof(room)), plain = wr_fixed(open, sizeof(open)),
		  out = wr_fixed(sealed, sizeof(sealed));
	struct capdu c, got;
	double from, spent;
	struct rapdu back;

	need(scp_seal_command(&x->host,
		 &(struct capdu){
		     .cla = 0x80, .ins = ins, .p2 = 1, .data = data, .le = LE_MAX_SHORT },
		 &wire),
	    "sealing a command");
	from = now();
	need(
	    capdu_get(wr_span(&wire), &c) && scp_open_command(&x->card, &c, &got, &plain) == SCP_OK,
	    "opening it");
	need(scp_seal_response(&x->card, &(struct rapdu){ .data = answer, .sw = SW_OK }, &out),
	    "sealing its answer");
	spent = now() - from;
	wr_reset(&plain);
	need(scp_open_response(&x->host, wr_span(&out), &back, &plain) == SCP_OK, "the answer");
	return spent;
}

static const uint8_t said[31] = { 0x9A }, verdict[29] = { 0xA2 }, renewal[64] = { 0xA3 };

static double talk(struct ends *x)
{
	return opened(x, INS_PRESENT, SPAN(said), SPAN(verdict)) +
	       opened(x, INS_RENEW, span_of(NULL, 0), SPAN(renewal));
}

static double alone_aes(void)
{
	static const uint8_t receipt[SCP11_RECEIPT], card[TRUST_ID];
	const struct scp11_terms terms = { .variant = SCP11A, .usage = 0x3C, .key_n = 16 };
	const struct trust_update u = { 1, TRUST_EXPIRY, 1, 2 };
	const struct trust_place place = { 1, 2, TRUST_EXPIRY, card };
	struct key random = unit_key("000102030405060708090A0B0C0D0E0F"), k;
	struct scp11_keys keys = { .session = { random, random, random }, .dek = random };
	struct ends x = { 0 };
	uint8_t r[16], kcv[3];
	struct key_set set;
	double from, spent;

	need(scp11_begin(&x.host, &terms, &keys, receipt, M) &&
		 scp11_begin(&x.card, &terms, &keys, receipt, M),
	    "a channel");
	spent = talk(&x);
	from = now();
	need(random_bytes(r, sizeof(r)) && trust_update_key(&random, &u, &k) &&
		 trust_set(&k, &place, &set) && key_check_value(&k, kcv),
	    "a new key");
	spent += now() - from;
	ends_wipe(&x);
	return spent;
}

static double alone_p256(void)
{
	const struct scp11_terms terms = { .variant = SCP11A, .usage = 0x3C, .key_n = 16 };
	const struct trust_update u = { 1, TRUST_EXPIRY, 1, 2 };
	struct key random =
	    unit_key("000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F");
	struct ec_private own = party_scalar("card"), oce = party_scalar("acme"), eph, theirs, next;
	struct ec_public oce_point, theirs_point, point, fresh;
	const struct scp11_card_side side = { &eph, &own, &theirs_point, &oce_point };
	struct ends x = { 0 };
	struct scp11_keys keys;
	uint8_t receipt[SCP11_RECEIPT], tlv[80], request[94] = { 0xA6 };
	struct wr w = wr_fixed(tlv, sizeof(tlv));
	double from, spent;

	need(ec_generate(EC_P256, &theirs) && ec_public_of(&theirs, &theirs_point) &&
		 ec_public_of(&oce, &oce_point),
	    "keys");
	from = now();
	need(ec_generate(EC_P256, &eph) && ec_public_of(&eph, &point) &&
		 scp11_card_agree(&terms, &side, &keys),
	    "agreeing");
	scp11_answer_key_put(&w, ec_public_span(&point));
	need(scp11_receipt(&keys, SPAN(request), wr_span(&w), receipt) &&
		 scp11_begin(&x.card, &terms, &keys, receipt, M),
	    "the receipt");
	spent = now() - from;
	need(scp11_begin(&x.host, &terms, &keys, receipt, M), "the other end");
	spent += talk(&x);
	from = now();
	need(trust_update_pair(&random, &u, &next) && ec_public_of(&next, &fresh), "a new key");
	spent += now() - from;
	ends_wipe(&x);
	return spent;
}

static bool compare(const char *what, uint8_t algorithm, double (*alone)(void), double goal)
{
	bool pairs = algorithm == TRUST_P256;
	double ratio[ROUNDS], time[ROUNDS], one;
	struct phone t;
	struct rig r;
	char note[64];

	trust_on(&r, 0x70);
	t = initialize(&r, 1, algorithm);
	t.clock = TRUST_NOW + 86400;
	for (int i = 0; i < ROUNDS; i++) {
		double of_alone = alone();

		time[i] = card_round(&r, &t, pairs);
		ratio[i] = of_alone / time[i];
	}
	rig_off(&r);
	one = median(time, ROUNDS);
	snprintf(note, sizeof(note), "%.0f/s, %.0f us each", 1e9 / one, one / 1e3);
	return goal_line(what, median(ratio, ROUNDS), AT_LEAST, goal, note);
}

int main(void)
{
	bool ok;

	trust_rig_open(NULL);
	ok = compare("(k) terminals, P-256: MUTUAL AUTHENTICATE, PRESENT, RENEW / operations alone",
	    TRUST_P256, alone_p256, 0.7);
	ok = compare("(l) terminals, AES: PRESENT, RENEW / operations alone", TRUST_AES_128,
		 alone_aes, 0.5) &&
	     ok;
	return ok ? 0 : 1;
}
