/*
 * (i) What a card does in a claim of a container (SELECT, PERFORM SECURITY OPERATION with the grant
 *     and the certificate of form S, MUTUAL AUTHENTICATE, PUT KEY of the access set) against the
 *     operations in it alone: one ECDSA verification, one key pair, two ECDH, the derivation and
 *     the receipt of SCP11a, opening PUT KEY and its three keys, sealing the answer. Ratio of
 *     claims per second. Goal: >= 0.7.
 *
 * The card is the virtual one, with its file and all that it writes there; of its time only that
 * counts which it spends answering, not the host's share, nor the placing of the grant before and
 * the revocation behind it. The two take turns; the ratio is the median over the rounds.
 *
 * Run from the top of the tree: the keys are those of test/vectors/containers.json.
 */
#include "answering.h"
#include "measure.h"
#include "scp/scp11.h"
#include "test/unit/container_rig.h"

enum { ROUNDS = 101, TIME = 1798800000, FIRST = 0x31, M = 8 };

/* ---- the card ---- */

static double card_claim(struct rig *r, const struct ec_private *party)
{
	struct rig_claim c = { .party = party, .id = "ACME" };
	double spent;

	c.grant = grant_of(&(struct grant_spec){ .who = "acme", .rights = 0x0F });
	as_operator(r);
	need(place_grant(r, c.grant, TIME) == SW_OK, "place");
	answering = 0;
	need(rig_claim_open(r, &c) == SW_OK && c.receipt_ok, "MUTUAL AUTHENTICATE");
	need(put_access(r, 0, FIRST, FIRST, &c.dek) == SW_OK, "PUT KEY");
	spent = answering;
	as_operator(r);
	need(revoke_party(r, BOX, "ACME", false) == SW_OK, "revoke");
	return spent;
}

/* ---- the operations alone ---- */

/* All that both sides have when the card begins. */
struct alone {
	struct ec_private card, oce, eph;
	struct ec_public card_point, party_point, oce_point, eph_point;
	uint8_t cert[300], command[128];
	struct span whole, request;
	struct cert form;
	struct scp11_terms terms;
};

static void alone_new(struct alone *a, const struct ec_private *party)
{
	struct wr w = wr_fixed(a->cert, sizeof(a->cert)),
		  q = wr_fixed(a->command, sizeof(a->command));

	a->card = party_scalar("card");
	need(ec_generate(EC_P256, &a->oce) && ec_generate(EC_P256, &a->eph) &&
		 ec_public_of(&a->card, &a->card_point) && ec_public_of(party, &a->party_point) &&
		 ec_public_of(&a->oce, &a->oce_point) && ec_public_of(&a->eph, &a->eph_point),
	    "keys");
	need(oce_cert_put(&w, &(struct oce_cert_make){ .id = span_str("ACME"),
				  .from = 20270101,
				  .until = 20301231,
				  .oce = &a->oce_point,
				  .party = party }),
	    "certificate");
	a->whole = wr_span(&w);
	need(oce_cert_get(a->whole, &a->form), "reading the certificate");
	a->terms = (struct scp11_terms){ .variant = SCP11A, .usage = 0x3C, .key_n = 16 };
	scp11_request_put(&q, &(struct scp11_request){ .pp = 0x01,
				  .usage = 0x3C,
				  .key_type = SCP11_KEY_TYPE,
				  .key_n = 16,
				  .key = ec_public_span(&a->eph_point) });
	a->request = wr_span(&q);
}

/* PUT KEY as the host seals it for this session. */
static void host_seals(const struct alone *a, const struct ec_public *card_eph,
    const uint8_t receipt[static SCP11_RECEIPT], struct wr *wire)
{
	const struct scp11_host_side side = { &a->eph, &a->oce, card_eph, &a->card_point };
	struct put_key put = { .version = FIRST, .n = 3 };
	uint8_t room[256];
	struct wr w = wr_fixed(room, sizeof(room));
	struct scp11_keys keys;
	struct scp host = { 0 };

	for (size_t i = 0; i < 3; i++) {
		put.key[i].n = 16;
		memset(put.key[i].b, FIRST + (int)i, 16);
	}
	need(scp11_host_agree(&a->terms, &side, &keys) &&
		 scp11_begin(&host, &a->terms, &keys, receipt, M) &&
		 put_key_put(&w, &put, &keys.dek),
	    "the host's share");
	need(scp_seal_command(&host,
		 &(struct capdu){ .cla = 0x80,
		     .ins = INS_PUT_KEY,
		     .p2 = 0x81,
		     .data = wr_span(&w),
		     .le = LE_MAX_SHORT },
		 wire),
	    "sealing PUT KEY");
	scp_wipe(&host);
}

static double alone_claim(const struct alone *a)
{
	struct ec_private eph;
	struct ec_public point;
	struct scp11_keys keys;
	struct scp card = { 0 };
	struct put_key put = { 0 };
	uint8_t receipt[SCP11_RECEIPT], room[512], open[512], sealed[64], key_tlv[80];
	struct wr wire = wr_fixed(room, sizeof(room)), data = wr_fixed(open, sizeof(open)),
		  out = wr_fixed(sealed, sizeof(sealed)), tlv = wr_fixed(key_tlv, sizeof(key_tlv));
	struct capdu c, plain;
	const struct scp11_card_side side = { &eph, &a->card, &a->eph_point, &a->oce_point };
	double from = now(), spent;

	need(cert_signed_by(a->whole, &a->form, &a->party_point), "the signature");
	need(ec_generate(EC_P256, &eph) && ec_public_of(&eph, &point), "a key pair");
	need(scp11_card_agree(&a->terms, &side, &keys), "agreeing");
	scp11_answer_key_put(&tlv, ec_public_span(&point));
	need(scp11_receipt(&keys, a->request, wr_span(&tlv), receipt) &&
		 scp11_begin(&card, &a->terms, &keys, receipt, M),
	    "the receipt");
	spent = now() - from;
	host_seals(a, &point, receipt, &wire);
	from = now();
	need(capdu_get(wr_span(&wire), &c) &&
		 scp_open_command(&card, &c, &plain, &data) == SCP_OK &&
		 put_key_get(plain.data, &keys.dek, &put) == PUT_KEY_OK,
	    "opening PUT KEY");
	wr_reset(&data);
	put_key_answer_put(&data, &put);
	need(scp_seal_response(&card, &(struct rapdu){ .data = wr_span(&data), .sw = SW_OK }, &out),
	    "sealing the answer");
	spent += now() - from;
	scp_wipe(&card);
	return spent;
}

int main(void)
{
	struct ec_private party;
	double ratio[ROUNDS], time[ROUNDS];
	struct alone a;
	struct rig r;
	char note[64];
	double claim;

	party_open_vectors(NULL);
	party = party_scalar("acme");
	box_on(&r, 0x70);
	alone_new(&a, &party);
	for (int i = 0; i < ROUNDS; i++) {
		double alone = alone_claim(&a);

		time[i] = card_claim(&r, &party);
		ratio[i] = alone / time[i];
	}
	rig_off(&r);
	claim = median(time, ROUNDS);
	snprintf(note, sizeof(note), "%.0f claims/s, %.0f us each", 1e9 / claim, claim / 1e3);
	return goal_line("(i) claims of containers: card / operations alone", median(ratio, ROUNDS),
		   AT_LEAST, 0.7, note)
		   ? 0
		   : 1;
}
