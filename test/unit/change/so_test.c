/*
 * What a card shows of each kind of change: all kinds and all their fields are walked. Each field
 * is given another value on a card where the change is so; what the card shows is another answer,
 * what it does not show is named as not proven. A field that is added needs its case here, or a
 * reason.
 */
#include "change_rig.h"

#include <sys/stat.h>
#include <unistd.h>

#include "change/grant_order.h"
#include "gp/container.h"
#include "party_vectors.h"

#define HELLO "F04341524441444D01"
#define APPLET "F04341524441444D0101"
#define SD "A00000015100000001"
#define SD2 "A00000015100000002"
#define NOBODY "A0000000031010"
#define ACME_REQ "so_test.acme.req"
#define OUT "so_test.out"
#define NEW "so_test.new"
#define ASKED "request=" ACME_REQ " valid-until=2099-12-31 issuer=operator "
#define FOR "container=new valid-until=2099-12-31 issuer=operator "
/* Two terminals for this card, and where tickets are. */
#define TERMINALS "so_test.terminals"
#define TERMINALS2 "so_test.terminals2"
#define TICKETS "so_test.tickets"
#define TRUST \
	"record=1 terminals=" TERMINALS " terminal-key=test valid-for=30d tickets=" TICKETS " "

static struct err e;

static int open_again(
    void *ctx, const struct change *ch, enum keys_set which, enum keys_card card, struct err *r)
{
	struct key_order o;

	(void)ctx;
	assert_true(which == NEW_SET && card != CARD_ANEW && key_order_of(ch, &o));
	return change_rig_open(
	    o.entry, o.version, o.into.n > 0 ? &o.into : &change_session.domain, r);
}

static enum proof never(void *ctx, const struct change *ch, uint8_t *own)
{
	(void)ctx;
	(void)ch;
	(void)own;
	return PROOF_NEVER;
}

static int one_more(void *ctx, const struct grant_issue *g, uint64_t *serial, struct err *r)
{
	static uint64_t last = 100;

	(void)ctx;
	(void)g;
	(void)r;
	*serial = ++last;
	return 0;
}

static void make_so(const char *kind, const char *text)
{
	static const struct change_calls calls = { .open = open_again, .serial = one_more };
	struct change_card c = { .s = &change_session, .calls = &calls };
	struct change_result r;
	struct change ch;

	change_words(&ch, kind, text);
	assert_ok(change_run(&c, &ch, &r, &e), &e);
	assert_false(r.already);
	change_result_free(&ch, &r);
	change_card_free(&c);
	change_free(&ch);
	assert_ok(change_rig_open(&change_entries[0], 0x30, NULL, &e), &e);
}

/* ---- cases ---- */

/* With `base` it is so, or with nothing it can be; then `field` is as it says. */
static const struct {
	const char *kind, *base, *field, *value;
	enum so is;
	bool unproven; /* `field` is among what is not proven */
} cases[] = {
	{ "install", "file=examples/hello.cap", NULL, NULL, SO_YES, false },
	{ "install", "", "file", "examples/hello-1.1.cap", SO_NO, false },
	{ "install", "", "file", "examples/pair.cap", SO_NO, false },
	{ "install", "file=examples/hello.cap", "privileges", "card-lock", SO_NO, false },
	{ "install", "file=examples/hello.cap", "instance", NOBODY, SO_NO, false },
	{ "install", "file=examples/hello.cap", "applet", APPLET, SO_YES, false },
	{ "install", "file=examples/pair.cap", "applet", "F04341524441444D0201", SO_NO, false },
	{ "install", "file=examples/hello.cap", "domain", SD2, SO_NO, false },
	{ "install", "file=examples/hello.cap", "parameters", "01", SO_YES, true },
	{ "install", "file=examples/hello.cap", "field", "C90101", SO_YES, true },
	{ "install", "file=examples/hello.cap", "hash", "sha-256", SO_YES, true },
	{ "install", "file=examples/hello.cap", "load-field", "EF00", SO_YES, true },
	{ "install", "package=" HELLO, "module", APPLET, SO_YES, false },
	{ "install", "package=" HELLO, "module", NOBODY, SO_NO, false },
	{ "install", "module=" APPLET, "package", NOBODY, SO_NO, false },
	{ "load", "", "file", "examples/hello.cap", SO_YES, false },
	{ "load", "", "file", "examples/hello-1.1.cap", SO_NO, false },
	{ "load", "file=examples/hello.cap", "domain", SD2, SO_NO, false },
	{ "load", "file=examples/hello.cap", "hash", "sha-256", SO_YES, true },
	{ "load", "file=examples/hello.cap", "load-field", "EF00", SO_YES, true },
	{ "delete", "", "aid", NOBODY, SO_YES, false },
	{ "delete", "", "aid", APPLET, SO_NO, false },
	{ "lock", "", "aid", APPLET, SO_YES, false },
	{ "lock", "", "aid", SD, SO_NO, false },
	{ "lock", "", "domain", SD, SO_NO, false },
	{ "lock", "", "card", "true", SO_NO, false },
	{ "unlock", "", "aid", APPLET, SO_NO, false },
	{ "unlock", "", "aid", SD, SO_YES, false },
	{ "unlock", "", "domain", SD2, SO_YES, false },
	{ "unlock", "", "domain", SD, SO_NO, false },
	{ "unlock", "", "card", "true", SO_YES, false },
	{ "store-data", "format=tlv", "file", "examples/iin.hex", SO_UNSEEN, false },
	{ "store-data", "file=examples/iin.hex", "format", "raw", SO_UNSEEN, false },
	{ "store-data", "file=examples/iin.hex format=tlv", "encrypted", "true", SO_UNSEEN, false },
	{ "store-data", "file=examples/iin.hex format=tlv", "application", APPLET, SO_UNSEEN,
	    false },
	{ "put-keys", "", "keys", "next", SO_YES, true },
	{ "put-keys", "", "keys", "long", SO_NO, false },
	{ "put-keys", "keys=long", "as", "31", SO_NO, false }, /* of another length */
	{ "put-keys", "keys=next", "as", "35", SO_NO, false },
	{ "put-keys", "keys=next", "replace", "30", SO_NO, false },
	{ "put-keys", "keys=next", "replace", "31", SO_UNSEEN, false },
	{ "put-keys", "keys=next", "replace", "44", SO_YES, false },
	{ "put-keys", "keys=next", "rotate", "30", SO_NO, false },
	{ "put-keys", "keys=next", "rotate", "true", SO_NO, false },
	{ "delete-keys", "", "version", "44", SO_YES, false },
	{ "delete-keys", "", "version", "31", SO_NO, false },
	{ "delete-keys", "version=31", "key-id", "02", SO_NO, false },
	{ "delete-keys", "version=31", "key-id", "09", SO_YES, false },
	{ "domain-create", "", "aid", SD, SO_YES, false },
	{ "domain-create", "", "aid", NOBODY, SO_NO, false },
	{ "domain-create", "", "aid", APPLET, SO_NO, false },
	{ "domain-create", "aid=" SD, "privileges", "card-lock", SO_YES, false },
	{ "domain-create", "aid=" SD, "privileges", "card-terminate", SO_NO, false },
	{ "domain-create", "aid=" SD, "package", "A0000001515350", SO_YES, false },
	{ "domain-create", "aid=" SD, "package", NOBODY, SO_NO, false },
	{ "domain-create", "aid=" SD, "module", NOBODY, SO_YES, true },
	{ "domain-create", "aid=" SD, "parameters", "01", SO_YES, true },
	{ "domain-create", "aid=" SD, "quota-data", "0", SO_YES, true },
	{ "domain-create", "aid=" SD, "quota-volatile", "0", SO_YES, true },
	{ "domain-extradite", "to=" SD, "aid", APPLET, SO_YES, false },
	{ "domain-extradite", "to=" SD, "aid", HELLO, SO_NO, false },
	{ "domain-extradite", "aid=" APPLET, "to", SD2, SO_NO, false },
	{ "domain-update", "privileges=card-lock,trusted-path", "aid", SD, SO_YES, false },
	{ "domain-update", "privileges=card-lock,trusted-path", "aid", SD2, SO_NO, false },
	{ "domain-update", "aid=" SD, "privileges", "card-terminate", SO_NO, false },
	{ "domain-update", "aid=" SD2, "implicit", "80", SO_YES, false },
	{ "domain-update", "aid=" SD2, "implicit", "81", SO_NO, false },
	{ "domain-update", "aid=" SD, "implicit", "80", SO_NO, false },
	{ "domain-update", "aid=" SD, "restrict", "delete", SO_UNSEEN, true },
	{ "domain-update", "aid=" SD2 " implicit=80", "restrict", "delete", SO_UNSEEN, true },
	{ "domain-update", "aid=" SD2 " implicit=81", "restrict", "delete", SO_NO, false },
	{ "domain-personalize", "with=next by=store-data", "aid", SD, SO_YES, false },
	{ "domain-personalize", "with=next by=store-data", "aid", SD2, SO_NO, false },
	{ "domain-personalize", "aid=" SD " by=store-data", "with", "long", SO_YES, true },
	{ "domain-personalize", "aid=" SD " with=next by=store-data", "as", "35", SO_YES, true },
	{ "domain-personalize", "aid=" SD " with=long", "by", "channel", SO_NO, false },
	{ "domain-personalize", "aid=" SD " with=long", "by", "store-data", SO_YES, false },
	{ "revoke-party", "", "party", "ACME", SO_NO, false },
	{ "revoke-party", "", "party", "CORP", SO_YES, false },
	{ "revoke-party", "party=ACME", "container", SD, SO_YES, false },
	{ "authorize-party", FOR "grants=" OUT, "request", ACME_REQ, SO_YES, false },
	{ "authorize-party", FOR "grants=" NEW, "request", "so_test.bank.req", SO_NO, false },
	{ "authorize-party", ASKED "grants=" OUT, "container", "new", SO_YES, false },
	{ "authorize-party", ASKED "grants=" NEW, "container", NOBODY, SO_NO, false },
	{ "authorize-party", FOR "request=" ACME_REQ, "grants", NEW, SO_NO, false },
	{ "authorize-party", FOR "request=" ACME_REQ " grants=" OUT, "rights",
	    "read,write,content,admit", SO_YES, false },
	{ "authorize-party", FOR "request=" ACME_REQ " grants=" OUT, "rights", "read", SO_NO,
	    false },
	{ "authorize-party", FOR "request=" ACME_REQ " grants=" OUT, "shared", "true", SO_NO,
	    false },
	{ "authorize-party", FOR "request=" ACME_REQ " grants=" OUT, "quota-data", "9000", SO_YES,
	    false },
	{ "authorize-party", FOR "request=" ACME_REQ " grants=" OUT, "quota-data", "9001", SO_NO,
	    false },
	{ "authorize-party", FOR "request=" ACME_REQ " grants=" OUT, "reserve-data", "1", SO_NO,
	    false },
	{ "authorize-party", "request=" ACME_REQ " container=new issuer=operator grants=" OUT,
	    "valid-until", "2099-12-30", SO_NO, false },
	{ "authorize-party",
	    "request=" ACME_REQ " container=new valid-until=2099-12-31 grants=" OUT, "issuer",
	    "authority", SO_NO, false },
	{ "reserve", "", "grants", "so_test.in", SO_YES, false },
	{ "reserve", "", "grants", "so_test.in2", SO_NO, false },
	{ "trust-init", "terminals=" TERMINALS " terminal-key=test valid-for=30d tickets=" TICKETS,
	    "record", "1", SO_YES, false },
	{ "trust-init", "terminals=" TERMINALS " terminal-key=test valid-for=30d tickets=" TICKETS,
	    "record", "2", SO_NO, false },
	{ "trust-init", "record=1 terminal-key=test valid-for=30d tickets=" TICKETS, "terminals",
	    TERMINALS, SO_YES, false },
	{ "trust-init", "record=2 terminal-key=test valid-for=30d tickets=" TICKETS, "terminals",
	    TERMINALS2, SO_NO, false },
	{ "trust-init", "record=1 terminals=" TERMINALS " valid-for=30d tickets=" TICKETS,
	    "terminal-key", "test", SO_YES, false },
	{ "trust-init", "record=1 terminals=" TERMINALS " valid-for=30d tickets=" TICKETS, "open",
	    "true", SO_YES, false }, /* it has been fetched since */
	{ "trust-init", "record=1 terminals=" TERMINALS " terminal-key=test tickets=" TICKETS,
	    "valid-for", "20d", SO_YES, true },
	{ "trust-init", "record=1 terminals=" TERMINALS " terminal-key=test valid-for=30d",
	    "tickets", TICKETS ".2", SO_NO, false },
	{ "trust-init", TRUST, "algorithm", "aes-128", SO_YES, false },
	{ "trust-init", TRUST, "algorithm", "aes-256", SO_NO, false },
	{ "trust-init", TRUST, "thumbprint",
	    "000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F", SO_NO, false },
	{ "trust-init", TRUST, "window", "12h", SO_YES, true },
	{ "trust-init", TRUST, "horizon", "+365d", SO_YES, true },
	{ "trust-init", TRUST, "uses", "5", SO_YES, true },
	{ "trust-init", TRUST, "max-failures", "5", SO_YES, true },
	{ "trust-init", TRUST, "on-mismatch", "revoke", SO_YES, true },
	{ "revoke-terminal", "", "record", "2", SO_YES, false },
	{ "revoke-terminal", "", "record", "1", SO_NO, false },
	{ "revoke-terminal", "record=3", "erase", "true", SO_YES, true },
	{ "trust-put", "number=1 file=examples/iin.hex", "record", "1", SO_UNSEEN, false },
	{ "trust-put", "record=1 file=examples/iin.hex", "number", "1", SO_UNSEEN, false },
	{ "trust-put", "record=1 number=1", "file", "examples/iin.hex", SO_UNSEEN, false },
};
enum { CASES = sizeof(cases) / sizeof(cases[0]) };

/* They say how, not what; or need files that are signed, which the bats tests have. */
static const char *const how[] = { "token", "load-token", "block", "extended", "replace", "cleanup",
	"descriptor", "dap", "no-selectable", "related", "factory", "common", "keep", "no-time",
	"fingerprint", "party", "address", "output", "grant", "receipt-key", "keep-objects" };

static bool says_how(const char *kind, const char *name)
{
	if (strcmp(kind, "revoke-party") == 0 && strcmp(name, "party") == 0)
		return false;
	if (strcmp(kind, "put-keys") == 0)
		return false;
	for (size_t i = 0; i < sizeof(how) / sizeof(how[0]); i++)
		if (strcmp(how[i], name) == 0)
			return true;
	return false;
}

static void every_field_has_its_case(void **state)
{
	(void)state;
	for (size_t k = 0; k < change_kind_n; k++)
		for (size_t i = 0; i < change_kinds[k]->field_n; i++) {
			const char *kind = change_kinds[k]->name;
			const char *name = change_kinds[k]->fields[i].name;
			bool found = says_how(kind, name) ||
				     (change_kinds[k]->fields[i].flags & FIELD_NO_STEP) != 0;

			for (size_t n = 0; n < CASES; n++)
				found = found || (strcmp(cases[n].kind, kind) == 0 &&
						     cases[n].field != NULL &&
						     strcmp(cases[n].field, name) == 0);
			if (!found)
				fail_msg("%s: %s has no case here", kind, name);
		}
}

static void each_case(void **state)
{
	static const struct change_calls calls = { .proof = never };

	(void)state;
	for (size_t i = 0; i < CASES; i++) {
		struct change_card c = { .s = &change_session, .calls = &calls };
		struct change_so so = { SO_NO, 0 };
		const struct field *f = NULL;
		char text[600];
		struct change ch;

		snprintf(text, sizeof(text), "%s %s%s%s", cases[i].base,
		    cases[i].field == NULL ? "" : cases[i].field, cases[i].field == NULL ? "" : "=",
		    cases[i].field == NULL ? "" : cases[i].value);
		change_words(&ch, cases[i].kind, text);
		c.change = &ch;
		c.kind = ch.kind;
		assert_ok(ch.kind->is_so(&c, ch.x, &so, &e), &e);
		if (so.is != cases[i].is)
			fail_msg("%s %s: %d", cases[i].kind, text, so.is);
		if (cases[i].field != NULL)
			f = field_find(ch.kind->fields, ch.kind->field_n, cases[i].field);
		if (so.is != SO_NO && f != NULL &&
		    ((so.unproven & 1ull << (f - ch.kind->fields)) != 0) != cases[i].unproven)
			fail_msg("%s %s: unproven %llx", cases[i].kind, text,
			    (unsigned long long)so.unproven);
		change_card_free(&c);
		change_free(&ch);
	}
}

/* What is so is not sent: no command changes anything. */
static void what_is_so_is_left_alone(void **state)
{
	(void)state;
	for (size_t i = 0; i < CASES; i++) {
		struct change_card c = { .s = &change_session };
		struct change_result r;
		char text[600];
		struct change ch;

		if (cases[i].is != SO_YES || cases[i].field == NULL ||
		    strcmp(cases[i].kind, "put-keys") == 0)
			continue;
		snprintf(
		    text, sizeof(text), "%s %s=%s", cases[i].base, cases[i].field, cases[i].value);
		change_words(&ch, cases[i].kind, text);
		assert_ok(change_run(&c, &ch, &r, &e), &e);
		assert_true(r.already && !r.begun && r.proven);
		assert_int_equal(r.unproven != 0,
		    cases[i].unproven || strcmp(cases[i].kind, "domain-personalize") == 0 ||
			strcmp(cases[i].kind, "trust-init") == 0);
		change_result_free(&ch, &r);
		change_card_free(&c);
		change_free(&ch);
	}
}

/* ---- files of third parties ---- */

static void write_request(const char *who, const char *id, const char *name)
{
	const struct ec_private key = party_scalar(who);
	const struct ec_public public = party_point(who);
	struct wr w = wr_grow(PARTY_FILE_MAX);

	assert_true(party_request_put(
	    &w, &(struct party_request_make){ .id = span_str(id),
		    .rights = RIGHT_READ | RIGHT_WRITE | RIGHT_CONTENT | RIGHT_ADMIT,
		    .quotas = { .data_quota = { true, 9000 } },
		    .key = &public,
		    .sign = &key }));
	assert_ok(party_file_replace(name, PARTY_FILE_REQUEST, wr_span(&w), &e), &e);
	wr_free(&w);
}

/* As an authority signs it, whose key the card knows. */
static void write_grant(const char *name, const char *container, uint64_t serial)
{
	const struct ec_private issuer = party_scalar("operator");
	const struct ec_public card = party_point("card"), key = party_point("bank");
	struct wr w = wr_grow(PARTY_FILE_MAX);

	assert_true(grant_put(&w, &(struct grant_make){ .serial = serial,
				      .id = span_str("BANK"),
				      .form = PARTY_SIGNING,
				      .from = 20200101,
				      .until = 20991231,
				      .container = unit_bytes(container),
				      .card = &card,
				      .rights = RIGHT_READ,
				      .quotas = { .data_quota = { true, 1000 } },
				      .key = &key,
				      .issuer = &issuer }));
	assert_ok(party_file_replace(name, PARTY_FILE_GRANT, wr_span(&w), &e), &e);
	wr_free(&w);
}

static void write_files(void)
{
	write_request("acme", "ACME", ACME_REQ);
	write_request("bank", "BANK2", "so_test.bank.req");
	assert_int_equal(mkdir("so_test.in", 0700), 0);
	assert_int_equal(mkdir("so_test.in2", 0700), 0);
	write_grant("so_test.in/one", "F0434152440102030405060708090A0B", 1000);
	write_grant("so_test.in2/one", "F0434152441112131415161718191A1B", 1001);
}

static char dir[] = "/tmp/so_test.XXXXXX", top[4096];

/* Cases name files beside the program's sources. */
static int symlink_examples(void)
{
	char to[4200];

	snprintf(to, sizeof(to), "%s/examples", top);
	return symlink(to, "examples");
}

static int remove_all(const char *path)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -rf %s", path);
	return system(command);
}

static void write_terminals(const char *path, const char *line)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fprintf(f, "# card, IMEI, throughput\n%s\n", line);
	fclose(f);
}

static int begin(void **state)
{
	assert_int_equal(party_open_vectors(state), 0);
	assert_non_null(getcwd(top, sizeof(top)));
	assert_non_null(mkdtemp(dir));
	assert_int_equal(chdir(dir), 0);
	assert_int_equal(symlink_examples(), 0);
	change_rig_on_parties();
	write_files();
	make_so("authorize-party", FOR "request=" ACME_REQ " grants=" OUT);
	make_so("reserve", "grants=so_test.in");
	write_terminals(TERMINALS, "00000001,352099001761481,300");
	write_terminals(TERMINALS2, "00000001,352099001761481,301");
	make_so("put-keys", "keys=next");
	make_so("install", "file=examples/hello.cap");
	make_so("domain-create", "aid=" SD " privileges=card-lock");
	make_so("domain-create", "aid=" SD2);
	make_so("domain-update", "aid=" SD2 " implicit=80");
	make_so("domain-personalize", "aid=" SD " with=next by=store-data");
	make_so("domain-extradite", "aid=" APPLET " to=" SD);
	make_so("lock", "aid=" APPLET);
	make_so("trust-init", TRUST);
	make_so("trust-init",
	    "record=3 terminals=" TERMINALS " terminal-key=test valid-for=30d tickets=" TICKETS);
	make_so("revoke-terminal", "record=3");
	return 0;
}

static int end(void **state)
{
	change_rig_off();
	assert_int_equal(chdir(top), 0);
	return remove_all(dir) | party_close_vectors(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_field_has_its_case),
		cmocka_unit_test(each_case),
		cmocka_unit_test(what_is_so_is_left_alone),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
