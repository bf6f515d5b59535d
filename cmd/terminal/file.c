/* terminal create, import, status: the file of a terminal, without a card. */
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/value.h"
#include "base/hex.h"
#include "change/ticket.h"
#include "cmd/kit/out.h"
#include "cmd/kit/print.h"
#include "cmd/terminal/show.h"
#include "crypto/armour.h"
#include "crypto/authority.h"

/* ---- terminal create ---- */

struct create_args {
	const char *path, *imei, *key, *algorithm, *public_out;
	struct opt_bytes se, removable, thumbprint;
	struct opt_u32 throughput;
};
static const char *const create_algorithms[] = { "aes", "p-256", NULL };
static const struct operand create_operands[] = {
	WORD_PATH("FILE", create_args, path, "The new state file; must not exist"),
};
static const struct opt create_opts[] = {
	OPT_STRING("imei", "IMEI", create_args, imei,
	    "15 digits, the last of which is the check digit: what a card may trust"),
	OPT_BYTES("se", "CARD", create_args, se, 1, TERMINAL_CIN_MAX,
	    "The secure element that is built in: its number (tag 45) in hex"),
	OPT_BYTES("removable", "CARD", create_args, removable, 1, TERMINAL_CIN_MAX,
	    "The card that belongs to it: its number (tag 45) in hex"),
	OPT_STRING("key", "NAME", create_args, key,
	    "Entry of type terminal-master in the key store (the only one)"),
	OPT_CHOICE("algorithm", "ALGORITHM", create_args, algorithm, create_algorithms,
	    "aes: a base key from the maker's; p-256: a pair of keys of its own (aes)"),
	OPT_PATH("public-out", "FILE", create_args, public_out,
	    "A new file for the public key of a pair, in PEM: it goes to the network"),
	OPT_U32("throughput", "KBITS", create_args, throughput, 0, UINT32_MAX,
	    "Its maximum throughput in kbit/s"),
	OPT_BYTES("thumbprint", "HEX", create_args, thumbprint, TRUST_THUMBPRINT, TRUST_THUMBPRINT,
	    "Thumbprint of its software: 32 octets"),
};

static int check_names(const struct create_args *a, struct err *e)
{
	if (a->imei == NULL && a->se.n == 0 && a->removable.n == 0) {
		err_set(e, ERR_USAGE, "a terminal has an IMEI, or a secure element and a card");
		return err_hint(e, "--imei, or --se and --removable");
	}
	if ((a->se.n > 0) != (a->removable.n > 0))
		return err_set(e, ERR_USAGE, "--se and --removable go together");
	if (a->imei != NULL && !imei_ok(span_str(a->imei)))
		return err_set(e, ERR_INPUT,
		    "--imei: no IMEI: 15 digits, the last of which is the check digit");
	return 0;
}

static bool has_pair(const struct create_args *a)
{
	return a->algorithm != NULL && strcmp(a->algorithm, "p-256") == 0;
}

static int check_ways(const struct create_args *a, struct err *e)
{
	if (a->imei == NULL && (a->key != NULL || a->algorithm != NULL || a->public_out != NULL))
		return err_set(e, ERR_USAGE, "--imei is missing: a key is that of an IMEI");
	if (has_pair(a) && a->key != NULL)
		return err_set(e, ERR_USAGE, "--key: a pair of keys comes from no other key");
	if (has_pair(a) && a->public_out == NULL)
		return err_set(
		    e, ERR_USAGE, "--public-out is missing: the network needs the public key");
	if (!has_pair(a) && a->public_out != NULL)
		return err_set(e, ERR_USAGE, "--public-out: only a pair of keys has a public one");
	if (has_pair(a) && strcmp(a->public_out, a->path) == 0)
		return err_set(e, ERR_USAGE, "--public-out names the state file itself");
	return 0;
}

/* Both files, or neither: a public key whose private half is nowhere would go to the network. */
static int create_with_pair(const struct create_args *a, struct terminal *t, struct err *e)
{
	struct authority_key k = { .kind = AUTHORITY_EC };
	struct wr pem = wr_grow(ARMOUR_TEXT_MAX);
	int rc;

	if (!ec_generate(EC_P256, &t->pair) || !ec_public_of(&t->pair, &k.ec) ||
	    !authority_public_pem(&k, &pem)) {
		rc = err_set(e, ERR_OTHER, "no pair of keys can be made");
	} else if ((rc = terminal_create(a->path, t, e)) == 0) {
		rc = file_create(a->public_out, wr_span(&pem), 0644, e);
		if (rc != 0)
			unlink(a->path);
	}
	wr_free(&pem);
	return rc;
}

/* Without an IMEI there is nothing that a key could be of. */
static int take_base_key(
    struct ctx *c, const struct create_args *a, struct terminal *t, struct err *e)
{
	struct keystore *ks = NULL;
	const struct entry *master;
	int rc = ctx_keystore(c, &ks, e);

	if (rc == 0)
		rc = keystore_find(ks, ENTRY_TERMINAL_MASTER, a->key, &master, e);
	if (rc == 0 && !trust_base_key(&master->secret, span_str(a->imei), &t->base_key))
		rc = err_set(e, ERR_OTHER, "`%s`: no base key can be derived", master->name);
	keystore_close(ks);
	return rc;
}

static void take_names(const struct create_args *a, struct terminal *t)
{
	if (a->imei != NULL)
		memcpy(t->imei, a->imei, IMEI_DIGITS);
	memcpy(t->se, a->se.b, t->se_n = (uint8_t)a->se.n);
	memcpy(t->removable, a->removable.b, t->removable_n = (uint8_t)a->removable.n);
	t->has_throughput = a->throughput.given;
	t->throughput = a->throughput.v;
	t->has_thumbprint = a->thumbprint.n > 0;
	memcpy(t->thumbprint, a->thumbprint.b, a->thumbprint.n);
}

/* What it has to authenticate with. */
static json_t *key_json(const struct terminal *t)
{
	if (t->base_key.n > 0)
		return json_text("aes");
	return t->pair.n > 0 ? json_text("p-256") : json_null();
}

static int create_run(struct ctx *c, void *args, struct err *e)
{
	const struct create_args *a = args;
	struct terminal t = { .file.fd = -1 };
	json_t *o;
	int rc = check_names(a, e) != 0 ? -1 : check_ways(a, e);

	take_names(a, &t);
	if (rc == 0 && a->imei != NULL && !has_pair(a))
		rc = take_base_key(c, a, &t, e);
	if (rc == 0)
		rc = has_pair(a) ? create_with_pair(a, &t, e) : terminal_create(a->path, &t, e);
	if (rc == 0) {
		o = json_object();
		out_set_text(&o, "terminal", a->path);
		terminal_show_names(&o, &t);
		out_set(&o, "key", key_json(&t));
		rc = out_result(c, o, e);
	}
	wipe(&t, sizeof(t));
	return rc;
}

const struct verb verb_terminal_create = {
	.name = "terminal create",
	.group = GROUP_TERMINAL,
	.place = 10,
	.summary = "Make the state file of a new terminal",
	.needs = USES_KEYSTORE | HAS_JSON,
	VERB_OPTS(create_opts),
	VERB_OPERANDS(create_operands),
	.args_size = sizeof(struct create_args),
	.run = create_run,
};

/* ---- terminal import ---- */

struct import_args {
	const char *path, *ticket;
};
static const struct operand import_operands[] = {
	WORD_PATH("FILE", import_args, path, "State file of the terminal"),
	WORD_PATH("TICKET", import_args, ticket, "The ticket of the network"),
};

static int import_run(struct ctx *c, void *args, struct err *e)
{
	const struct import_args *a = args;
	struct ticket_file f = { .there = false };
	struct terminal_record *r;
	struct terminal t;
	json_t *o;
	int rc;

	if (ticket_read(a->ticket, &f, e) != 0 || terminal_open(a->path, &t, e) != 0) {
		ticket_free(&f);
		return -1;
	}
	rc = terminal_import(&t, &f.ticket, &r, e);
	if (rc != 0 && e->code == ERR_INPUT)
		rc = err_in(e, "%s", a->ticket);
	if (rc == 0)
		rc = terminal_save(&t, e);
	if (rc == 0) {
		o = json_object();
		terminal_show_record(&o, r);
		out_set(&o, "proven", json_boolean(f.ticket.mac.n > 0 && t.base_key.n > 0));
		rc = out_result(c, o, e);
	}
	if (rc == 0 && (f.ticket.mac.n == 0 || t.base_key.n == 0))
		ctx_note(c, "nothing proves this ticket: it is worth as much as the way it came");
	terminal_close(&t);
	ticket_free(&f);
	return rc;
}

const struct verb verb_terminal_import = {
	.name = "terminal import",
	.group = GROUP_TERMINAL,
	.place = 20,
	.summary = "Take a ticket of the network into a terminal",
	.needs = HAS_JSON,
	VERB_OPERANDS(import_operands),
	.args_size = sizeof(struct import_args),
	.run = import_run,
};

/* ---- terminal status ---- */

struct status_args {
	const char *path, *clock;
};
static const struct operand status_operands[] = {
	WORD_PATH("FILE", status_args, path, "State file of the terminal"),
};
static const struct opt status_opts[] = { CLOCK_OPT(status_args) };

static json_t *status_json(const struct terminal *t, uint32_t now)
{
	json_t *o = json_object(), *rows = json_array();
	char text[TIME_SIZE];

	terminal_show_names(&o, t);
	out_set(&o, "key", key_json(t));
	out_set(&o, "now", json_text(time_str(now > t->last_seen ? now : t->last_seen, text)));
	out_set(&o, "last_seen",
	    t->last_seen == 0 ? json_null() : json_text(time_str(t->last_seen, text)));
	for (size_t i = 0; i < t->n; i++) {
		json_t *row = json_object();

		terminal_show_record(&row, &t->record[i]);
		show_add(&rows, row);
	}
	out_set(&o, "trust", rows);
	return o;
}

static int status_run(struct ctx *c, void *args, struct err *e)
{
	const struct status_args *a = args;
	struct terminal t;
	uint32_t now;
	int rc;

	if (clock_get(a->clock, &now, e) != 0 || terminal_open(a->path, &t, e) != 0)
		return -1;
	rc = out_result(c, status_json(&t, now), e);
	terminal_close(&t);
	return rc;
}

const struct verb verb_terminal_status = {
	.name = "terminal status",
	.group = GROUP_TERMINAL,
	.place = 50,
	.summary = "Show which cards know a terminal, without asking one",
	.needs = HAS_JSON,
	VERB_OPTS(status_opts),
	VERB_OPERANDS(status_operands),
	.args_size = sizeof(struct status_args),
	.run = status_run,
};
