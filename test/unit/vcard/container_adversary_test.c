/*
 * Everybody against a container, with everything: each command there is, as the operator, another
 * party, other domains and a stranger, all of them with grants that operator and authority have
 * signed for them; operator and authority together; a party that was put out. Nothing of what is in
 * the container changes or is told, before and behind a revocation, and who has no part in it hears
 * the same as on a card without it.
 */
#include "container_town.h"

#include "vcard/containers/containers.h"

/* What became of the container. Behind ERASED it is CORP's, whose set has the version of ACME's. */
enum fate { CLAIMED, SEALED, ERASED, FATES };
static const char *const fates[] = { "claimed", "sealed", "somebody else's" };
enum { CORP_FIRST = 0x77 };

/* A key that nobody was granted anything for, with grants for it by whoever can sign one. */
static struct ec_private evil;
static struct ec_public evil_point;

static int open_all(void **state)
{
	assert_true(ec_generate(EC_P256, &evil) && ec_public_of(&evil, &evil_point));
	return party_open_vectors(state);
}

static void claim_for_corp(struct rig *r)
{
	struct ec_private corp;
	struct grant_spec g = { .id = "CORP", .rights = 0x0F, .key = &corp };
	struct rig_claim c = { .party = &corp, .id = "CORP" };

	assert_true(ec_generate(EC_P256, &corp));
	c.grant = grant_of(&g);
	as_operator(r);
	assert_int_equal(place_grant(r, c.grant, 0), SW_OK);
	assert_int_equal(rig_claim_open(r, &c), SW_OK);
	assert_int_equal(put_access(r, 0, 0x30, CORP_FIRST, &c.dek), SW_OK);
	town_furnish(r, CORP_FIRST);
}

static void town_of(struct rig *r, enum fate fate)
{
	town(r);
	if (fate == CLAIMED)
		return;
	as_operator(r);
	assert_int_equal(revoke_party(r, BOX, "ACME", fate == SEALED), SW_OK);
	if (fate == ERASED)
		claim_for_corp(r);
}

/* In the end it opens for its owner as before. */
static void assert_owner_is_in(struct rig *r, enum fate fate)
{
	if (fate == SEALED)
		become_party(r, &town_acme, 0x30);
	assert_int_equal(as_party(r, BOX, 0x30, fate == ERASED ? CORP_FIRST : 0x30), SW_OK);
	assert_int_equal(object_get_is(r, 1, span_str(town_secret)), SW_OK);
}

/* ---- every command ---- */

/* Of P1, beyond what a step of the loop takes: those that mean something somewhere. */
static bool is_of_interest(unsigned p1)
{
	static const uint8_t p1s[] = { 0x00, 0x01, 0x02, 0x04, 0x08, 0x0C, 0x0E, 0x10, 0x20, 0x30,
		0x40, 0x60, 0x74, 0x80, 0x90, 0x91, 0xBF, 0xDF, 0xFF };

	return memchr(p1s, (int)p1, sizeof(p1s)) != NULL;
}

enum { ARGUMENTS = 12 };

static struct span place_order(struct span grant, uint8_t room[static 600])
{
	struct container_order o = { .kind = ORDER_PLACE, .grant.whole = grant };
	struct wr w = wr_fixed(room, 600);

	container_order_put(&w, &o);
	assert_true(wr_ok(&w));
	return wr_span(&w);
}

/* What comes with the commands: names in many forms, objects, and all that operator and authority
 * can sign for somebody: as a stranger, under the owner's name, shared, in form M. */
static void arguments(struct span data[static ARGUMENTS])
{
	static const char *const hex[] = { "", "4F10" BOX, BOX, "000010" BOX "000000",
		"0A" INNER_APP "10" BOX "0A" INNER_APP "010002C90000", "4F09" INNER, "DF0101AA",
		"BF7312800102"
		"4F0D" BOX };
	static uint8_t room[ARGUMENTS][600];
	struct ec_private authority = party_scalar("authority");
	struct grant_spec g[] = {
		{ .id = "EVIL", .rights = 7, .key = &evil },
		{ .id = "ACME", .rights = 0x0F, .key = &evil, .issuer = &authority },
		{ .id = "CORP", .rights = 0x17, .key = &evil, .issuer = &authority },
		{ .id = "EVIL", .rights = 7, .key = &evil, .agreement = true },
	};
	size_t n = 0;

	for (; n < sizeof(hex) / sizeof(hex[0]); n++) {
		struct span s = unit_bytes(hex[n]);

		memcpy(room[n], s.p, s.n);
		data[n] = span_of(room[n], s.n);
	}
	for (size_t i = 0; n < ARGUMENTS; i++, n++)
		data[n] = i % 2 == 0 ? place_order(grant_of(&g[i]), room[n]) : grant_of(&g[i]);
}

/* The operator, and who has the privilege, may lock and unlock it; that is not tried here. Other
 * logical channels are the business of other tests. */
static bool is_theirs(uint8_t ins, unsigned p1)
{
	return (ins == INS_SET_STATUS && (p1 == 0x40 || p1 == 0x60)) || ins == INS_MANAGE_CHANNEL;
}

/* Of P1 of no interest only a sample, of the others one in check-quick. */
static bool is_left_out(unsigned ins, unsigned p1, size_t sample)
{
	size_t step = is_of_interest(p1) ? unit_step(7) : unit_soak(sample);

	return p1 % step != ins % step;
}

/* One command in the session of r->host; what the card says to it. */
static void tried(struct rig *r, const struct capdu *c)
{
	uint8_t room[700];
	struct wr w = wr_fixed(room, sizeof(room)), plain = wr_fixed(r->plain, sizeof(r->plain));
	struct rapdu got = { 0 };

	assert_true(scp_seal_command(&r->host, c, &w));
	rig_raw(r, wr_span(&w));
	assert_nothing_told(rig_answer(r));
	if (scp_open_response(&r->host, span_of(r->answer, r->answer_n), &got, &plain) == SCP_OK)
		assert_nothing_told(got.data);
}

/* Every command, with all that may come with it; who says it, and in between the holdings. */
struct sweep {
	struct rig *r;
	const char *who;
	void (*one)(struct rig *r, const struct capdu *c, const void *ctx);
	const void *ctx;
};

static void sweep(const struct sweep *s)
{
	struct wr before = holdings(s->r);
	struct span data[ARGUMENTS];
	unsigned n = 0;
	char what[32];

	arguments(data);
	for (unsigned ins = 0; ins < 256; ins++)
		for (unsigned p1 = 0; p1 < 256; p1++) {
			if (is_theirs((uint8_t)ins, p1) || is_left_out(ins, p1, 16))
				continue;
			for (size_t i = 0; i < ARGUMENTS; i++) {
				const struct capdu c = { .cla = 0x80,
					.ins = (uint8_t)ins,
					.p1 = (uint8_t)p1,
					.data = data[i],
					.le = LE_MAX_SHORT,
					.extended = data[i].n > 230 };

				s->one(s->r, &c, s->ctx);
			}
			if (n++ % 16 != 0)
				continue;
			snprintf(what, sizeof(what), "by %02X %02X", ins, p1);
			assert_held(s->r, &before, s->who, what);
		}
	assert_held(s->r, &before, s->who, "in the end");
	wr_free(&before);
}

static void in_session(struct rig *r, const struct capdu *c, const void *who)
{
	if (r->v->channel[0].session != CHANNEL_UNICAST)
		enter(r, *(const enum outsider *)who);
	tried(r, c);
}

static void test_every_command_in_sessions(void **state)
{
	char who[64];
	struct rig r;

	(void)state;
	for (enum fate fate = CLAIMED; fate < FATES; fate++) {
		town_of(&r, fate);
		for (enum outsider o = OPERATOR; o < OUTSIDERS; o++) {
			snprintf(who, sizeof(who), "%s, %s", town_names[o], fates[fate]);
			enter(&r, o);
			sweep(&(struct sweep){ &r, who, in_session, &o });
		}
		assert_owner_is_in(&r, fate);
		rig_off(&r);
	}
}

/* Without a session, at this place. INITIALIZE UPDATE moves the sequence counter of a set, and has
 * tests of its own (container_wall_test.c). */
static void in_the_open(struct rig *r, const struct capdu *c, const void *place)
{
	const struct aid at = aid_of(place);
	uint8_t room[700];
	struct wr w = wr_fixed(room, sizeof(room));

	if (c->ins == INS_INITIALIZE_UPDATE)
		return;
	if (!aid_same(&r->v->channel[0].selected, &at) || r->v->channel[0].session != CHANNEL_IDLE)
		assert_int_equal(select_aid(r, place), SW_OK);
	capdu_put(&w, c);
	assert_true(wr_ok(&w));
	rig_raw(r, wr_span(&w));
	assert_nothing_told(rig_answer(r));
}

static void test_every_command_without_session(void **state)
{
	static const char *const places[] = { BOX, ISD, BOX2, INNER_APP };
	struct wr before;
	struct rig r;

	(void)state;
	for (enum fate fate = CLAIMED; fate < FATES; fate++) {
		town_of(&r, fate);
		before = card_file(&r);
		for (size_t i = 0; i < 4; i++) {
			if (fate == SEALED && i == 3)
				continue; /* it cannot be selected */
			sweep(&(struct sweep){ &r, fates[fate], in_the_open, places[i] });
			assert_untouched(&r, &before);
		}
		wr_free(&before);
		assert_owner_is_in(&r, fate);
		rig_off(&r);
	}
}

/* GET DATA of every tag, from outside and in the container itself. */
static void test_every_tag(void **state)
{
	struct wr before;
	struct rig r;

	(void)state;
	for (enum fate fate = CLAIMED; fate < FATES; fate++) {
		town_of(&r, fate);
		for (enum outsider o = OPERATOR; o < OUTSIDERS; o++) {
			enter(&r, o);
			before = card_file(&r);
			for (unsigned tag = 0; tag <= 0xFFFF; tag += (unsigned)unit_soak(7))
				tried(&r, &(struct capdu){ .cla = 0x80,
					      .ins = INS_GET_DATA,
					      .p1 = (uint8_t)(tag >> 8),
					      .p2 = (uint8_t)tag,
					      .le = LE_MAX_SHORT });
			assert_untouched(&r, &before);
			wr_free(&before);
		}
		assert_int_equal(select_aid(&r, BOX), SW_OK);
		for (unsigned tag = 0; tag <= 0xFFFF; tag++) {
			rig_send(&r, 0x80, INS_GET_DATA, (uint16_t)tag, span_of(NULL, 0));
			assert_nothing_told(rig_answer(&r));
			/* objects: whether there or not */
			if (tag >= TAG_OBJECT_FIRST && tag <= TAG_OBJECT_LAST)
				assert_span(span_of(r.answer, r.answer_n), unit_bytes("6A88"));
		}
		rig_off(&r);
	}
}

/* ---- with the container and without ---- */

/* Two cards that are said the same, one of which never lets its container be seen. */
struct pair {
	struct rig with, without;
};

/* What the same command is answered on both, in the session or without one. */
static void same(struct pair *p, const struct capdu *c, bool session, const char *who)
{
	struct rig *const r[2] = { &p->with, &p->without };
	uint8_t heard[2][4096];
	size_t n[2] = { 0, 0 };

	for (int i = 0; i < 2; i++) {
		uint8_t room[700];
		struct wr w = wr_fixed(room, sizeof(room)), out = wr_fixed(heard[i], 4096);
		struct wr plain = wr_fixed(r[i]->plain, sizeof(r[i]->plain));
		struct rapdu got = { 0 };

		if (session)
			assert_true(scp_seal_command(&r[i]->host, c, &w));
		else
			capdu_put(&w, c);
		assert_true(wr_ok(&w));
		rig_raw(r[i], wr_span(&w));
		if (session && scp_open_response(&r[i]->host, span_of(r[i]->answer, r[i]->answer_n),
				   &got, &plain) == SCP_OK) {
			wr_put(&out, got.data);
			wr_u16(&out, got.sw);
		} else {
			wr_bytes(&out, r[i]->answer, r[i]->answer_n);
		}
		assert_true(wr_ok(&out));
		n[i] = out.n;
	}
	if (n[0] != n[1] || memcmp(heard[0], heard[1], n[0]) != 0)
		fail_msg("%s hears it by %02X %02X%02X, %zu octets", who, c->ins, c->p1, c->p2,
		    c->data.n);
	assert_int_equal(r[0]->v->channel[0].session, r[1]->v->channel[0].session);
}

static void pair_on(struct pair *p)
{
	struct aid aid = aid_of(BOX);

	town(&p->with);
	town(&p->without);
	as_operator(&p->with);
	as_operator(&p->without);
	assert_int_equal(delete_aid(&p->without, BOX, DELETE_RELATED), SW_OK);
	assert_null(chip_app(p->without.v, &aid));
}

/* What is random in any case. */
static bool is_random(uint8_t ins)
{
	return ins == INS_MUTUAL_AUTHENTICATE || ins == INS_INTERNAL_AUTHENTICATE ||
	       ins == INS_GENERATE_KEY;
}

/* Names of which BOX begins with some, and none that is whole. */
static const char *const openings[] = { "", "4F00", "4F05F043415244", "F043415244",
	"F0434152440102030405060708090A", "F0434152440102030405060708090A0C", "F0000000A2",
	"F0000000A203010C", "4F08F0000000A203010C", "09A00000006203010C08000000", "DF0101AA" };

enum { OPENINGS = sizeof(openings) / sizeof(openings[0]) };

static void same_of_all(struct pair *p, const char *place, enum outsider who)
{
	static const uint8_t p2s[] = { 0x00, 0x02 };
	struct rig *const r[2] = { &p->with, &p->without };
	const char *name = place != NULL ? place : town_names[who];

	for (unsigned n = 0; n < 256u * 256 * OPENINGS * 2; n++) {
		struct capdu c = { .cla = 0x80,
			.ins = (uint8_t)(n / (256 * OPENINGS * 2)),
			.p1 = (uint8_t)(n / (OPENINGS * 2)),
			.p2 = p2s[n % 2],
			.data = unit_bytes(openings[n / 2 % OPENINGS]),
			.le = LE_MAX_SHORT };
		struct aid at = aid_of(place != NULL ? place : "");

		if (is_random(c.ins) || c.ins == INS_MANAGE_CHANNEL || is_left_out(c.ins, c.p1, 64))
			continue;
		if (c.ins == INS_SELECT)
			c.cla = 0x00;
		for (int i = 0; i < 2; i++) {
			const struct logical_channel *ch = &r[i]->v->channel[0];

			if (place == NULL && ch->session != CHANNEL_UNICAST)
				enter(r[i], who);
			else if (place != NULL && !aid_same(&ch->selected, &at))
				assert_int_equal(select_aid(r[i], place), SW_OK);
		}
		same(p, &c, place == NULL, name);
	}
}

static void test_the_same_in_sessions(void **state)
{
	static struct pair p;

	(void)state;
	for (enum outsider who = PARTY; who < OUTSIDERS; who++) {
		if (who == GLOBAL_DOMAIN)
			continue; /* that one is told of the container itself */
		pair_on(&p);
		same_of_all(&p, NULL, who);
		rig_off(&p.with);
		rig_off(&p.without);
	}
}

static void test_the_same_without_session(void **state)
{
	static const char *const places[] = { ISD, BOX2, PLAIN, OUTER_APP };
	static struct pair p;

	(void)state;
	pair_on(&p);
	for (size_t i = 0; i < 4; i++)
		same_of_all(&p, places[i], OUTSIDERS);
	rig_off(&p.with);
	rig_off(&p.without);
}

/* ---- who signs grants ---- */

enum { TRIED_IDS = 3, TRIED_RIGHTS = 4 };

/* Every grant for the evil key that these three issuers can sign; `each` gets it as octets. */
static void each_forged(struct rig *r, const struct ec_public *card,
    void (*each)(struct rig *r, struct span grant, const struct grant_spec *s))
{
	static const char *const ids[TRIED_IDS] = { "EVIL", "ACME", "CORP" };
	static const uint8_t rights[TRIED_RIGHTS] = { 0x07, 0x17, 0x0F, 0x1F };
	struct ec_private issuers[] = { party_scalar("operator"), party_scalar("authority"), evil };

	for (size_t n = 0; n < 3 * TRIED_IDS * TRIED_RIGHTS * 2; n++) {
		const struct grant_spec s = { .issuer = &issuers[n % 3],
			.id = ids[n / 3 % TRIED_IDS],
			.rights = rights[n / 3 / TRIED_IDS % TRIED_RIGHTS],
			.agreement = n / 3 / TRIED_IDS / TRIED_RIGHTS != 0,
			.card = card,
			.key = &evil };

		each(r, grant_of(&s), &s);
	}
}

/* MUTUAL AUTHENTICATE as a claim has it. */
static struct span key_request(uint8_t room[static 128])
{
	const struct scp11_request q = { .pp = SCP11_PP_OCE,
		.usage = 0x3C,
		.key_type = SCP11_KEY_TYPE,
		.key_n = 16,
		.key = ec_public_span(&evil_point) };
	struct wr w = wr_fixed(room, 128);

	scp11_request_put(&w, &q);
	assert_true(wr_ok(&w));
	return wr_span(&w);
}

/* Wherever a certificate is taken, with every reference that may stand for its issuer. */
static void presented(struct rig *r, struct span grant, const struct grant_spec *s)
{
	static const struct key_ref refs[] = { { 0x01, KVN_GRANT_ISSUER },
		{ 0x02, KVN_GRANT_ISSUER }, { 0x03, KVN_GRANT_ISSUER }, { 0x10, 0x03 },
		{ 0x10, 0x01 }, { 0x12, 0x01 } };
	static const char *const places[] = { BOX, BOX2, ISD };
	uint8_t more = s->agreement ? 0 : 0x80, room[128];

	for (size_t i = 0; i < 3; i++)
		for (size_t k = 0; k < sizeof(refs) / sizeof(refs[0]); k++) {
			assert_int_equal(select_aid(r, places[i]), SW_OK);
			if (present(r, grant, refs[k].kvn, refs[k].kid | more) == SW_OK)
				fail_msg("%s, %02X %02X", places[i], refs[k].kvn, refs[k].kid);
			assert_int_equal(
			    rig_send(r, 0x80, INS_MUTUAL_AUTHENTICATE, 0x0111, key_request(room)),
			    SW_CONDITIONS);
		}
}

/* The authority has no keys of the card: it can sign what it likes, and present it. */
static void test_authority_alone(void **state)
{
	struct wr before;
	struct rig r;

	(void)state;
	for (enum fate fate = CLAIMED; fate < FATES; fate++) {
		town_of(&r, fate);
		before = card_file(&r);
		each_forged(&r, NULL, presented);
		assert_untouched(&r, &before);
		wr_free(&before);
		assert_owner_is_in(&r, fate);
		rig_off(&r);
	}
}

/* Refused, and the file is what it was: 6A80 where the right to admit is in it, which no second
 * party of a claimed container has; in a sealed one everybody is refused by his key. */
static void placed_in_vain(struct rig *r, struct span grant, const struct grant_spec *s)
{
	bool claimed = box(r, BOX)->stage == STAGE_CLAIMED;
	struct wr before = card_file(r);
	uint16_t sw = place_grant(r, grant, 0);

	assert_int_equal(
	    sw, claimed && (s->rights & RIGHT_ADMIT) != 0 ? SW_WRONG_DATA : SW_CONDITIONS);
	assert_untouched(r, &before);
	wr_free(&before);
}

/* A grant for a card's key that somebody knows. */
static void not_of_this_card(struct rig *r, struct span grant, const struct grant_spec *s)
{
	uint16_t sw = place_grant(r, grant, 0);

	if (sw != SW_REFERENCE_NOT_FOUND &&
	    !(sw == SW_WRONG_DATA && (s->rights & RIGHT_ADMIT) != 0))
		fail_msg("%04X", sw);
}

/* In a sealed container: the owner's public key is public, and a grant for it may wait; nobody but
 * the owner comes in with it. */
static void grant_for_the_owner(struct rig *r)
{
	for (int form_m = 0; form_m < 2; form_m++) {
		struct grant_spec g = { .who = "acme", .rights = 0x0F, .agreement = form_m != 0 };
		struct rig_claim c = { .party = &evil, .id = "ACME", .agreement = form_m != 0 };
		struct wr before;

		c.grant = grant_of(&g);
		as_operator(r);
		assert_int_equal(place_grant(r, c.grant, 0), SW_OK);
		before = card_file(r);
		assert_int_equal(
		    rig_claim_open(r, &c), form_m != 0 ? SW_OK : SW_CERTIFICATE_INVALID);
		if (form_m != 0) {
			assert_false(c.receipt_ok);
			assert_int_equal(put_access(r, 0, 0x30, 0x66, &c.dek), SW_SECURITY_STATUS);
		}
		assert_untouched(r, &before);
		wr_free(&before);
		as_operator(r);
		assert_int_equal(revoke_party(r, BOX, NULL, false), SW_OK);
	}
}

static uint16_t put_one(struct rig *r, const struct put_key *put, uint16_t p1p2)
{
	uint8_t room[256];
	struct wr w = wr_fixed(room, sizeof(room));

	assert_true(put_key_put(&w, put, &r->keys.dek));
	return say(r, INS_PUT_KEY, p1p2, wr_span(&w), NULL);
}

/* An issuer of their own, and a key of the card that they know. */
static void bring_keys(struct rig *r)
{
	struct put_key issuer = {
		.n = 1, .version = KVN_GRANT_ISSUER, .type = { KEY_TYPE_EC_PUBLIC }
	};

	assert_true(authority_ec(&issuer.asymmetric, EC_P256, ec_public_span(&evil_point)));
	assert_int_equal(put_one(r, &issuer, 0x0003), SW_OK);
}

static void bring_card_key(struct rig *r)
{
	struct put_key own = { .n = 1, .version = 0x01, .type = { KEY_TYPE_EC_PRIVATE } };

	assert_true(authority_ec(&own.asymmetric, EC_P256, ec_public_span(&evil_point)));
	own.asymmetric.ec_half = evil;
	assert_int_equal(put_one(r, &own, 0x0111), SW_OK);
	assert_int_equal(r->v->chip.ecka[0].origin, ORIGIN_PUT);
}

/* Operator and authority hold all keys of theirs, and help each other. They can destroy it, and let
 * nobody in. */
static void test_operator_and_authority(void **state)
{
	struct card_ca ca = { .ref = { KID_CA_KLOC, 0x03 }, .key = evil_point };
	struct card_ecka genuine;
	struct wr before;
	struct rig r;

	(void)state;
	for (enum fate fate = CLAIMED; fate < FATES; fate++) {
		town_of(&r, fate);
		chip_put_ca(r.v, &ca);
		assert_true(chip_commit(r.v));
		genuine = r.v->chip.ecka[0];
		before = holdings(&r);
		as_operator(&r);
		bring_keys(&r);
		each_forged(&r, NULL, placed_in_vain);
		if (fate == SEALED)
			grant_for_the_owner(&r);
		/* the issuers' keys anew: nothing is forgotten */
		as_operator(&r);
		assert_int_equal(say_hex(&r, INS_DELETE, 0x0000, "D20174"), SW_OK);
		each_forged(&r, NULL, not_of_this_card);
		bring_keys(&r);
		bring_card_key(&r);
		each_forged(&r, &evil_point, not_of_this_card);
		each_forged(&r, NULL, presented);
		assert_held(&r, &before, fates[fate], "by operator and authority");
		wr_free(&before);
		chip_put_ecka(r.v, &genuine);
		for (uint8_t kid = 1; fate == SEALED && kid < 3; kid++) {
			struct ec_public point = party_point(kid == 1 ? "operator" : "authority");
			struct card_public k = { .ref = { kid, KVN_GRANT_ISSUER } };

			assert_true(authority_ec(&k.key, EC_P256, ec_public_span(&point)));
			chip_put_public(r.v, &k);
		}
		assert_true(chip_commit(r.v));
		assert_owner_is_in(&r, fate);
		rig_off(&r);
	}
}

/* ---- who was put out ---- */

/* ACME has its access keys, its grant, and a session that was open; and BOX is sealed, empty, or
 * somebody else's. */
static void test_put_out(void **state)
{
	const struct grant_spec g = { .who = "acme", .rights = 7 };
	struct ec_private acme = party_scalar("acme");
	struct scp session;
	struct rig_claim c;
	uint8_t grant[512];
	struct wr before;
	struct rig r;

	(void)state;
	for (enum fate fate = SEALED; fate < FATES; fate++) {
		box_on(&r, 0x70);
		c = (struct rig_claim){ .party = &acme, .id = "ACME", .grant = grant_of(&g) };
		memcpy(grant, c.grant.p, c.grant.n);
		c.grant.p = grant;
		as_operator(&r);
		assert_int_equal(place_grant(&r, c.grant, 0), SW_OK);
		assert_int_equal(rig_claim_open(&r, &c), SW_OK);
		assert_int_equal(put_access(&r, 0, 0x30, 0x30, &c.dek), SW_OK);
		town_furnish(&r, 0x30);
		assert_int_equal(rig_hex(&r, "0070000100"), SW_OK);
		r.channel = 1;
		assert_int_equal(as_party(&r, BOX, 0x30, 0x30), SW_OK);
		session = r.host;
		memset(&r.host, 0, sizeof(r.host));
		r.channel = 0;
		as_operator(&r);
		assert_int_equal(revoke_party(&r, BOX, "ACME", fate == SEALED), SW_OK);
		if (fate == ERASED)
			claim_for_corp(&r);
		before = holdings(&r);
		scp_wipe(&r.host);
		r.host = session;
		r.channel = 1;
		assert_int_equal(object_put(&r, 1, unit_bytes("AA")), SW_SECURITY_STATUS);
		r.channel = 0;
		for (uint8_t n = 0; n < 3; n++) {
			assert_int_equal(as_party(&r, BOX, 0x30, 0x30),
			    fate == SEALED ? SW_REFERENCE_NOT_FOUND : 1);
			/* though the cryptogram is wrong */
			if (fate == ERASED)
				assert_int_not_equal(rig_authenticate(&r, 0x33), SW_OK);
			assert_int_equal(rig_claim_open(&r, &c), SW_REFERENCE_NOT_FOUND);
			as_operator(&r);
			assert_int_equal(place_grant(&r, c.grant, 0), SW_CERTIFICATE_NOT_ALLOWED);
		}
		assert_held(&r, &before, "ACME", fates[fate]);
		wr_free(&before);
		assert_owner_is_in(&r, fate);
		rig_off(&r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_command_in_sessions),
		cmocka_unit_test(test_every_command_without_session),
		cmocka_unit_test(test_every_tag),
		cmocka_unit_test(test_the_same_in_sessions),
		cmocka_unit_test(test_the_same_without_session),
		cmocka_unit_test(test_authority_alone),
		cmocka_unit_test(test_operator_and_authority),
		cmocka_unit_test(test_put_out),
	};

	return cmocka_run_group_tests(tests, open_all, party_close_vectors);
}
