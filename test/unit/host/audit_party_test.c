/*
 * What is found out about third parties in recordings of our own card: place, claim, objects,
 * admit, revocation, with all keys, with some, with forged grants. The same on the octets of an
 * independent model: test/cli/look/explain_container.bats.
 */
#include "container_rig.h"

#include <unistd.h>

#include "card/capture.h"
#include "host/audit_party.h"

enum { TIME = 1798800000, LINES_MAX = 1 << 20, NOTES = 256 };

/* A card whose conversation is recorded, and the keys to look at it with. */
struct house {
	struct rig r;
	struct wr text;
	struct key_set access[3];
	struct candidate keys[4];
	size_t keys_n;
	struct party_trust trust;
};

/* What was found in all exchanges. */
struct found {
	size_t n;
	struct party_note note[NOTES];
	size_t no_key;
	bool hidden_command, hidden_answer;
};

static void add_keys(struct house *h, const char *name, const struct key_set *k)
{
	h->keys[h->keys_n++] =
	    (struct candidate){ .name = name, .diversification = DIVERSIFY_NONE, .master = k };
}

static void add_access(struct house *h, const char *name, uint8_t first)
{
	struct key_set *k = &h->access[h->keys_n - 1];
	struct key *const each[] = { &k->enc, &k->mac, &k->dek };

	for (size_t i = 0; i < 3; i++) {
		each[i]->n = 16;
		memset(each[i]->b, first + (int)i, 16);
	}
	add_keys(h, name, k);
}

static void house_on(struct house *h)
{
	memset(h, 0, sizeof(*h));
	box_on(&h->r, 0x70);
	h->text = wr_grow(LINES_MAX);
	h->r.record = &h->text;
	add_keys(h, "operator", &h->r.issue.keys);
	h->trust.grantor[h->trust.grantor_n++] =
	    (struct party_key){ "op", party_point("operator") };
	h->trust.party[h->trust.party_n++] = (struct party_key){ "acme", party_point("acme") };
}

static void house_off(struct house *h)
{
	wr_free(&h->text);
	rig_off(&h->r);
}

static void look(struct audit *a, struct party_audit *p, const struct captured *c, struct found *f)
{
	struct audit_result r;
	struct party_exchange x;
	struct party_notes n;
	struct span whole;

	audit_next(a, c->command, c->answer, c->masked, &r);
	assert_false(a->failed);
	assert_true(party_exchange_of(&x, c->command, c->answer, c->masked, &r));
	assert_true(r.command <= FINDING_NO_KEY && r.reply <= FINDING_NO_KEY);
	f->no_key += r.reply == FINDING_NO_KEY;
	x.line = c->line;
	party_audit_next(p, &x, &n, &whole);
	f->hidden_command = f->hidden_command || party_hides_command(p, &x.command);
	f->hidden_answer = f->hidden_answer || party_hides_answer(&x.command);
	for (size_t i = 0; i < n.n && f->n < NOTES; i++)
		f->note[f->n++] = n.v[i];
}

static void explain(struct house *h, struct found *f)
{
	struct audit a;
	struct party_audit p;
	struct capture c;
	struct err e;
	char path[64];
	FILE *file;

	memset(f, 0, sizeof(*f));
	snprintf(path, sizeof(path), "/tmp/audit_party_test.%d", (int)getpid());
	file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(h->text.p, 1, h->text.n, file), h->text.n);
	fclose(file);
	assert_ok(capture_read(path, &c, &e), &e);
	unlink(path);
	audit_init(&a, h->keys, h->keys_n);
	party_audit_init(&p, &h->trust);
	for (size_t i = 0; i < c.n; i++) {
		struct captured x = capture_at(&c, i);

		look(&a, &p, &x, f);
	}
	audit_wipe(&a);
	party_audit_free(&p);
	capture_free(&c);
}

/* How many notes begin with this text, all of them of this finding. */
static size_t noted(const struct found *f, const char *text, enum finding want)
{
	size_t n = 0;

	for (size_t i = 0; i < f->n; i++)
		if (strncmp(f->note[i].text, text, strlen(text)) == 0) {
			if (f->note[i].finding != want)
				fail_msg(
				    "%s: %s", f->note[i].text, finding_str(f->note[i].finding));
			n++;
		}
	return n;
}

static void no_mistake(const struct found *f)
{
	for (size_t i = 0; i < f->n; i++)
		if (f->note[i].finding > FINDING_NO_KEY)
			fail_msg("%s: %s", f->note[i].text, finding_str(f->note[i].finding));
}

static const struct grant_spec acme = { .who = "acme", .rights = 0x0F };

static void test_claim(void **state)
{
	static const uint8_t secret[] = "a content key";
	struct house h;
	struct found f;

	(void)state;
	house_on(&h);
	add_access(&h, "access", 0x31);
	assert_int_equal(rig_send(&h.r, 0x80, 0xCA, 0xBF21, unit_bytes("A60483021101")), SW_OK);
	become_party(&h.r, &acme, 0x31);
	assert_int_equal(as_party(&h.r, BOX, 0x31, 0x31), SW_OK);
	explain(&h, &f);
	assert_false(f.hidden_command || f.hidden_answer);
	assert_int_equal(object_put(&h.r, 5, SPAN(secret)), SW_OK);
	assert_int_equal(object_get_is(&h.r, 5, SPAN(secret)), SW_OK);
	explain(&h, &f);
	no_mistake(&f);
	assert_int_equal(f.no_key, 0);
	assert_int_equal(noted(&f, "grant signed by grantor op", FINDING_OK), 2);
	assert_int_equal(noted(&f, "the party's key is acme", FINDING_OK), 2);
	assert_int_equal(noted(&f, "made for the key in the card's certificate", FINDING_OK), 2);
	assert_int_equal(noted(&f, "the answer is of this grant", FINDING_OK), 1);
	assert_int_equal(noted(&f, "placed in line ", FINDING_OK), 1);
	assert_int_equal(noted(&f, "key of this claim, signed by", FINDING_OK), 1);
	assert_int_equal(noted(&f, "claim of container " BOX " by ACME", FINDING_NONE), 1);
	assert_int_equal(noted(&f, "receipt and session", FINDING_NOT_CHECKED), 1);
	assert_int_equal(noted(&f, "the claim is done if", FINDING_NOT_CHECKED), 1);
	assert_int_equal(noted(&f, "the card has this access set: proves", FINDING_OK), 1);
	assert_true(f.hidden_command && f.hidden_answer);
	house_off(&h);
}

/* Each container has its own claim, whatever happened elsewhere since. */
static void test_two_claims(void **state)
{
	const struct grant_spec bank = { .who = "bank", .rights = 3, .container = BOX2 };
	struct house h;
	struct found f;

	(void)state;
	house_on(&h);
	add_access(&h, "access", 0x31);
	become_party(&h.r, &acme, 0x31);
	become_party(&h.r, &bank, 0x31);
	assert_int_equal(as_party(&h.r, BOX, 0x31, 0x31), SW_OK);
	assert_int_equal(as_party(&h.r, BOX2, 0x31, 0x31), SW_OK);
	explain(&h, &f);
	no_mistake(&f);
	assert_int_equal(noted(&f, "the card has this access set: proves", FINDING_OK), 2);
	house_off(&h);
}

/* Form M: the grant alone is presented. */
static void test_claim_form_m(void **state)
{
	const struct grant_spec m = { .who = "acme", .rights = 3, .agreement = true };
	struct house h;
	struct found f;

	(void)state;
	house_on(&h);
	become_party(&h.r, &m, 0x31);
	explain(&h, &f);
	no_mistake(&f);
	assert_int_equal(noted(&f, "claim of container " BOX " by ACME", FINDING_NONE), 1);
	assert_int_equal(noted(&f, "the claim is done if", FINDING_NOT_CHECKED), 1);
	assert_int_equal(noted(&f, "key of this claim", FINDING_OK), 0);
	house_off(&h);
}

/* The access keys were not named, or are others: nothing is proven, and nothing is wrong. */
static void test_other_keys(void **state)
{
	struct house h;
	struct found f;

	(void)state;
	house_on(&h);
	become_party(&h.r, &acme, 0x31);
	assert_int_equal(as_party(&h.r, BOX, 0x31, 0x31), SW_OK);
	h.trust.grantor_n = h.trust.party_n = 0;
	explain(&h, &f);
	no_mistake(&f);
	assert_int_equal(f.no_key, 1);
	assert_int_equal(noted(&f, "the card has this access set", FINDING_OK), 0);
	assert_int_equal(noted(&f, "signature of the grant: no key", FINDING_NOT_CHECKED), 2);
	assert_int_equal(noted(&f, "the party's key is", FINDING_OK), 0);
	house_off(&h);
}

/* A session in the ISD with keys of version 30 proves no claim of a container. */
static void test_other_domain(void **state)
{
	struct house h;
	struct found f;

	(void)state;
	house_on(&h);
	become_party(&h.r, &acme, 0x30);
	as_operator(&h.r);
	explain(&h, &f);
	assert_int_equal(noted(&f, "the claim is done if", FINDING_NOT_CHECKED), 1);
	assert_int_equal(noted(&f, "the card has this access set", FINDING_OK), 0);
	house_off(&h);
}

static void test_refused(void **state)
{
	struct ec_private bank = party_scalar("bank"), party = party_scalar("acme");
	struct grant_spec forged = { .who = "acme", .rights = 1, .issuer = &bank };
	struct grant_spec never = { .who = "acme", .rights = 1 };
	struct rig_claim c = { .party = &party, .id = "ACME" };
	struct house h;
	struct found f;

	(void)state;
	house_on(&h);
	as_operator(&h.r);
	/* Signed by another, and named so: no key of that name was given. */
	assert_int_equal(place_grant(&h.r, grant_of(&forged), TIME), SW_REFERENCE_NOT_FOUND);
	assert_int_equal(place_grant(&h.r, grant_of(&acme), TIME), SW_OK);
	c.grant = grant_of(&never);
	assert_int_not_equal(rig_claim_open(&h.r, &c), SW_OK);
	explain(&h, &f);
	no_mistake(&f);
	assert_int_equal(noted(&f, "signature of the grant: no key", FINDING_NOT_CHECKED), 1);
	assert_int_equal(
	    noted(&f, "this recording does not show that it was placed", FINDING_NOT_CHECKED), 1);
	assert_int_equal(noted(&f, "claim of container", FINDING_NONE), 0);
	house_off(&h);
}

static void test_stolen(void **state)
{
	struct ec_private bank = party_scalar("bank");
	struct rig_claim c = { .grant = grant_of(&acme), .party = &bank, .id = "ACME" };
	struct house h;
	struct found f;

	(void)state;
	house_on(&h);
	as_operator(&h.r);
	assert_int_equal(place_grant(&h.r, c.grant, TIME), SW_OK);
	assert_int_equal(rig_claim_open(&h.r, &c), SW_CERTIFICATE_INVALID);
	explain(&h, &f);
	assert_int_equal(noted(&f, "key of this claim, by the party's key", FINDING_SIGNATURE), 1);
	assert_int_equal(noted(&f, "claim of container", FINDING_NONE), 0);
	house_off(&h);
}

/* Revoked before it was used; the state tells which grant is there. */
static void test_revoked_and_state(void **state)
{
	struct ec_private party = party_scalar("acme");
	struct rig_claim c = { .grant = grant_of(&acme), .party = &party, .id = "ACME" };
	struct house h;
	struct found f;

	(void)state;
	house_on(&h);
	as_operator(&h.r);
	assert_int_equal(place_grant(&h.r, c.grant, TIME), SW_OK);
	state_get(&h.r);
	assert_int_equal(revoke_party(&h.r, BOX, NULL, false), SW_OK);
	state_get(&h.r);
	assert_int_not_equal(rig_claim_open(&h.r, &c), SW_OK);
	explain(&h, &f);
	no_mistake(&f);
	assert_int_equal(noted(&f, "the grant of serial ", FINDING_OK), 1);
	assert_int_equal(noted(&f, "placed in line", FINDING_OK), 0);
	assert_int_equal(
	    noted(&f, "this recording does not show that it was placed", FINDING_NOT_CHECKED), 1);
	house_off(&h);
}

/* What stands where an order, a grant or a certificate should is told as what it is not. */
static void test_malformed(void **state)
{
	static const char *const data[] = { "BF730380017F", "BF73", "BF", "BF7203800104" };
	struct span grant = grant_of(&acme);
	struct house h;
	struct found f;

	(void)state;
	house_on(&h);
	as_operator(&h.r);
	assert_int_equal(place_grant(&h.r, grant, TIME), SW_OK);
	for (size_t i = 0; i < sizeof(data) / sizeof(data[0]); i++)
		assert_int_not_equal(
		    rig_secure(&h.r, 0x80, INS_STORE_DATA, 0x9000, unit_bytes(data[i]), NULL),
		    SW_OK);
	assert_int_equal(rig_send(&h.r, 0x00, INS_SELECT, 0x0400, unit_bytes(BOX)), SW_OK);
	assert_int_not_equal(
	    present(&h.r, unit_bytes("7F21035F2000"), KVN_GRANT_ISSUER, 0x01), SW_OK);
	assert_int_equal(present(&h.r, grant, KVN_GRANT_ISSUER, 0x81), SW_OK);
	assert_int_not_equal(
	    present(&h.r, unit_bytes("7F21035F2000"), KVN_GRANT_ISSUER, 0x01), SW_OK);
	explain(&h, &f);
	no_mistake(&f);
	assert_int_equal(noted(&f, "not a well-formed order", FINDING_NONE), 2);
	assert_int_equal(noted(&f, "not a well-formed grant", FINDING_NONE), 1);
	assert_int_equal(noted(&f, "not a certificate in the form of a claim", FINDING_NONE), 1);
	assert_int_equal(noted(&f, "grant signed by grantor op", FINDING_OK), 2);
	/* There is no domain key, and none is spoken of. */
	assert_int_equal(noted(&f, "the domain key", FINDING_OK), 0);
	house_off(&h);
}

/* Blocks of which the first is not there come to nothing, and are hidden. */
static void test_gather(void **state)
{
	struct gather g;
	struct span whole;
	struct capdu c = { .ins = 0xE2, .p1 = 0x10, .p2 = 0x00, .data = unit_bytes("DF050341") };

	(void)state;
	gather_init(&g);
	assert_false(gather_next(&g, &c, 1, &whole));
	assert_true(gather_has_object(&g));
	c = (struct capdu){ .ins = 0xE2, .p1 = 0x90, .p2 = 0x01, .data = unit_bytes("4243") };
	assert_true(gather_next(&g, &c, 3, &whole));
	assert_span(whole, unit_bytes("DF0503414243"));
	assert_int_equal(g.line, 1);
	assert_false(gather_next(&g, &c, 5, &whole));
	assert_true(gather_has_object(&g));
	c = (struct capdu){ .ins = 0xE2, .p1 = 0x90, .p2 = 0x00, .data = unit_bytes("4F00DF") };
	assert_true(gather_next(&g, &c, 7, &whole));
	assert_true(gather_has_object(&g));
	c.data = unit_bytes("BF7303800104");
	assert_true(gather_next(&g, &c, 9, &whole));
	assert_false(gather_has_object(&g));
	/* More than there is room for. */
	for (unsigned i = 0; i < 0x100; i++) {
		uint8_t block[255] = { 0 };

		c = (struct capdu){ .ins = 0xE2, .p1 = i == 0xFF ? 0x90 : 0x10, .p2 = (uint8_t)i };
		c.data = SPAN(block);
		assert_false(gather_next(&g, &c, i, &whole));
	}
	gather_free(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_claim),
		cmocka_unit_test(test_two_claims),
		cmocka_unit_test(test_claim_form_m),
		cmocka_unit_test(test_other_keys),
		cmocka_unit_test(test_other_domain),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_stolen),
		cmocka_unit_test(test_revoked_and_state),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_gather),
	};

	return cmocka_run_group_tests(tests, party_open_vectors, party_close_vectors);
}
