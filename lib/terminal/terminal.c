/* The state file: read, written, imported into. */
#include "terminal/terminal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/hex.h"
#include "yaml/bind.h"

static const char *const states[] = { "active", "expired", "revoked", "refused", NULL };

const char *terminal_state_str(enum terminal_state s)
{
	return (unsigned)s <= TERMINAL_REFUSED ? states[s] : "unknown";
}

/* ---- as it stands there ---- */

struct key_text {
	int version;
	uint32_t generation, expiry;
	struct bind_bytes key;
};
static const struct bind_field key_fields[] = {
	BIND_HEX8("version", key_text, version, 0x11, 0x27, .flags = BIND_REQUIRED),
	BIND_U32("generation", key_text, generation, 0, UINT32_MAX, .flags = BIND_REQUIRED),
	BIND_U32("expiry", key_text, expiry, 0, UINT32_MAX, .flags = BIND_REQUIRED),
	BIND_BYTES("key", key_text, key, 16, KEY_MAX, .flags = BIND_REQUIRED),
};
static const struct bind_table key_table = BIND_TABLE(key_fields);

struct record_text {
	uint32_t record, generation, period, horizon;
	struct bind_bytes card, cin, card_key;
	int algorithm, state;
	struct key_text current, pending;
};
static const struct bind_field record_fields[] = {
	BIND_U32("record", record_text, record, 1, TRUST_RECORDS, .flags = BIND_REQUIRED),
	BIND_BYTES("card", record_text, card, TRUST_ID, TRUST_ID, .flags = BIND_REQUIRED),
	BIND_BYTES("cin", record_text, cin, 1, TERMINAL_CIN_MAX, .flags = BIND_REQUIRED),
	BIND_CHOICE("algorithm", record_text, algorithm, trust_algorithms, .flags = BIND_REQUIRED),
	BIND_U32("generation", record_text, generation, 0, UINT32_MAX, .flags = BIND_REQUIRED),
	BIND_U32(
	    "period", record_text, period, TRUST_PERIOD_MIN, UINT32_MAX, .flags = BIND_REQUIRED),
	BIND_U32("horizon", record_text, horizon, 0, UINT32_MAX, .flags = BIND_REQUIRED),
	BIND_BYTES("card-key", record_text, card_key, 32, 32),
	BIND_CHOICE("state", record_text, state, states, .flags = BIND_REQUIRED),
	BIND_MAP("current", key_table, .offset = offsetof(struct record_text, current)),
	BIND_MAP("pending", key_table, .offset = offsetof(struct record_text, pending)),
};
static const struct bind_table record_table = BIND_TABLE(record_fields);

struct file_text {
	char imei[IMEI_DIGITS + 1];
	struct bind_bytes se, removable, thumbprint, base_key, private;
	uint32_t throughput, last_seen;
	struct terminal *t;
};

static bind_each record_take;
static const struct bind_field file_fields[] = {
	BIND_HEADER_ROW,
	BIND_STRING("imei", file_text, imei),
	BIND_BYTES("se", file_text, se, 1, TERMINAL_CIN_MAX),
	BIND_BYTES("removable", file_text, removable, 1, TERMINAL_CIN_MAX),
	BIND_U32("throughput", file_text, throughput, 0, UINT32_MAX),
	BIND_BYTES("thumbprint", file_text, thumbprint, TRUST_THUMBPRINT, TRUST_THUMBPRINT),
	BIND_BYTES("base-key", file_text, base_key, 16, KEY_MAX),
	BIND_BYTES("private", file_text, private, 32, 32),
	BIND_U32("last-seen", file_text, last_seen, 0, UINT32_MAX, .flags = BIND_REQUIRED),
	BIND_MAPS("trust", record_take, 0, TERMINAL_RECORDS_MAX),
};
static const struct bind_table file_table = BIND_TABLE(file_fields);

/* ---- read ---- */

static uint8_t octets_take(uint8_t *to, const struct bind_bytes *b)
{
	memcpy(to, b->b, b->n);
	return (uint8_t)b->n;
}

static bool is_scalar(const struct bind_bytes *b)
{
	SECRET_EC(k);

	return ec_private_from(&k, EC_P256, span_of(b->b, b->n));
}

static int key_take(const struct doc *d, const struct node *at, const struct key_text *w,
    const struct terminal_record *r, struct terminal_key *k, struct err *e)
{
	if (trust_record_of((uint8_t)w->version) != r->record)
		return doc_error(
		    d, at, e, "version %02X is none of record %u", (unsigned)w->version, r->record);
	if (w->key.n != trust_key_octets(r->algorithm))
		return doc_error(d, at, e, "a key of %zu octets for %s", w->key.n,
		    trust_algorithm_str(r->algorithm));
	if (w->generation > r->generation)
		return doc_error(d, at, e, "generation %u is above %u, the newest of record %u",
		    w->generation, r->generation, r->record);
	if (r->algorithm == TRUST_P256 && !is_scalar(&w->key))
		return doc_error(d, node_get(at, "key"), e, "not a private key of P-256");
	k->version = (uint8_t)w->version;
	k->generation = w->generation;
	k->expiry = w->expiry;
	return key_from(&k->k, span_of(w->key.b, w->key.n)) ? 0 : err_memory(e);
}

static int record_bind(const struct doc *d, const struct node *at, struct record_text *w,
    struct terminal *t, struct err *e)
{
	struct terminal_record *r = &t->record[t->n];
	const struct node *current = node_get(at, "current"), *pending = node_get(at, "pending");

	if (bind_map(d, at, &record_table, w, e) != 0)
		return -1;
	if (!trust_algorithm_from(trust_algorithms[w->algorithm], &r->algorithm))
		return err_set(e, ERR_OTHER, "internal: algorithm");
	r->record = (uint8_t)w->record;
	r->generation = w->generation;
	r->period = w->period;
	r->horizon = w->horizon;
	r->state = (enum terminal_state)w->state;
	(void)octets_take(r->card, &w->card);
	r->cin_n = octets_take(r->cin, &w->cin);
	r->has_card_key = octets_take(r->card_key, &w->card_key) > 0;
	if (current != NULL && key_take(d, current, &w->current, r, &r->current, e) != 0)
		return -1;
	if (pending != NULL && key_take(d, pending, &w->pending, r, &r->pending, e) != 0)
		return -1;
	/* The card has them side by side. */
	if (r->pending.k.n > 0 && r->pending.version == r->current.version)
		return doc_error(
		    d, pending, e, "version %02X is that of the current key", r->pending.version);
	if (terminal_record_of(t, r->card, r->record) != NULL)
		return doc_error(d, at, e, "record %u of this card stands here twice", r->record);
	t->n++;
	return 0;
}

static int record_take(const struct doc *d, const struct node *at, void *to, struct err *e)
{
	struct file_text *f = to;
	struct record_text w = { 0 };
	int rc = record_bind(d, at, &w, f->t, e);

	wipe(&w, sizeof(w));
	return rc;
}

static int file_take(
    const struct doc *d, const struct file_text *w, struct terminal *t, struct err *e)
{
	const struct node *root = doc_root(d);

	if (w->imei[0] != '\0' && !imei_ok(span_str(w->imei)))
		return doc_error(d, node_get(root, "imei"), e,
		    "no IMEI: 15 digits, the last of which is the check digit");
	memcpy(t->imei, w->imei, sizeof(t->imei));
	t->se_n = octets_take(t->se, &w->se);
	t->removable_n = octets_take(t->removable, &w->removable);
	t->has_throughput = node_get(root, "throughput") != NULL;
	t->throughput = w->throughput;
	t->has_thumbprint = octets_take(t->thumbprint, &w->thumbprint) > 0;
	t->last_seen = w->last_seen;
	if (w->base_key.n > 0 && w->base_key.n != 16 && w->base_key.n != 24 && w->base_key.n != 32)
		return doc_error(d, node_get(root, "base-key"), e, "not an AES key");
	if (w->base_key.n > 0 && !key_from(&t->base_key, span_of(w->base_key.b, w->base_key.n)))
		return err_memory(e);
	if (w->private.n > 0 &&
	    !ec_private_from(&t->pair, EC_P256, span_of(w->private.b, w->private.n)))
		return doc_error(d, node_get(root, "private"), e, "not a private key of P-256");
	return 0;
}

int terminal_parse(const char *path, struct span text, struct terminal *t, struct err *e)
{
	struct file_text w = { .t = t };
	struct doc *d = NULL;
	int rc = doc_parse(path, text, &d, e);

	if (rc == 0)
		rc = doc_is(d, "terminal/1", e);
	if (rc == 0)
		rc = bind_map(d, doc_root(d), &file_table, &w, e);
	if (rc == 0)
		rc = file_take(d, &w, t, e);
	doc_free(d);
	wipe(&w, sizeof(w));
	return rc;
}

int terminal_open(const char *path, struct terminal *t, struct err *e)
{
	static const struct private_asks asks = { .what = "terminal file", .secret = true };
	struct wr text = { 0 };
	int rc;

	memset(t, 0, sizeof(*t));
	t->file.fd = -1;
	if (file_hold(path, TERMINAL_FILE_MAX, &asks, &t->file, &text, e) != 0)
		return -1;
	rc = terminal_parse(path, wr_span(&text), t, e);
	wr_free(&text);
	if (rc != 0)
		terminal_close(t);
	return rc;
}

void terminal_close(struct terminal *t)
{
	if (t->file.path[0] != '\0')
		file_let_go(&t->file);
	wipe(t, sizeof(*t));
}

/* ---- written ---- */

static void line(struct wr *w, const char *fmt, ...) PRINTF_LIKE(2, 3);
static void line(struct wr *w, const char *fmt, ...)
{
	char text[256];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(text))
		w->full = true;
	else
		wr_bytes(w, text, (size_t)n);
	wipe(text, sizeof(text));
}

static void hex_line(struct wr *w, const char *key, struct span value)
{
	char hex[HEX_SIZE(64)];

	if (value.n > 0)
		line(w, "%s: %s\n", key, hex_put(value, hex, sizeof(hex)));
	wipe(hex, sizeof(hex));
}

static void key_line(struct wr *w, const char *name, const struct terminal_key *k)
{
	char hex[HEX_SIZE(KEY_MAX)];

	if (k->k.n > 0)
		line(w, "    %s: {version: %02X, generation: %u, expiry: %u, key: %s}\n", name,
		    k->version, k->generation, k->expiry,
		    hex_put(key_span(&k->k), hex, sizeof(hex)));
	wipe(hex, sizeof(hex));
}

static void record_lines(struct wr *w, const struct terminal_record *r)
{
	char hex[HEX_SIZE(32)];

	line(w, "  - record: %u\n", r->record);
	line(w, "    card: %s\n", hex_put(SPAN(r->card), hex, sizeof(hex)));
	line(w, "    cin: %s\n", hex_put(span_of(r->cin, r->cin_n), hex, sizeof(hex)));
	line(w, "    algorithm: %s\n", trust_algorithm_str(r->algorithm));
	line(w, "    generation: %u\n", r->generation);
	line(w, "    period: %u\n", r->period);
	line(w, "    horizon: %u\n", r->horizon);
	if (r->has_card_key)
		line(w, "    card-key: %s\n", hex_put(SPAN(r->card_key), hex, sizeof(hex)));
	line(w, "    state: %s\n", terminal_state_str(r->state));
	key_line(w, "current", &r->current);
	key_line(w, "pending", &r->pending);
}

void terminal_put(struct wr *w, const struct terminal *t)
{
	line(w, "cardadm: terminal/1\n");
	if (t->imei[0] != '\0')
		line(w, "imei: \"%s\"\n", t->imei);
	hex_line(w, "se", span_of(t->se, t->se_n));
	hex_line(w, "removable", span_of(t->removable, t->removable_n));
	if (t->has_throughput)
		line(w, "throughput: %u\n", t->throughput);
	hex_line(w, "thumbprint", span_of(t->thumbprint, t->has_thumbprint ? TRUST_THUMBPRINT : 0));
	hex_line(w, "base-key", key_span(&t->base_key));
	hex_line(w, "private", span_of(t->pair.b, t->pair.n));
	line(w, "last-seen: %u\n", t->last_seen);
	if (t->n > 0)
		line(w, "trust:\n");
	for (size_t i = 0; i < t->n; i++)
		record_lines(w, &t->record[i]);
}

int terminal_save(struct terminal *t, struct err *e)
{
	struct wr text = wr_grow(TERMINAL_FILE_MAX);
	int rc;

	terminal_put(&text, t);
	rc = wr_ok(&text)
		 ? file_hold_write(&t->file, wr_span(&text), 0600, e)
		 : err_set(e, ERR_OTHER, "%s: it would be larger than 64 KiB", t->file.path);
	wr_free(&text);
	return rc;
}

int terminal_create(const char *path, const struct terminal *t, struct err *e)
{
	struct wr text = wr_grow(TERMINAL_FILE_MAX);
	int rc;

	terminal_put(&text, t);
	rc = wr_ok(&text) ? file_create(path, wr_span(&text), 0600, e) : err_memory(e);
	wr_free(&text);
	return rc;
}

/* ---- what is in it ---- */

struct trust_traits terminal_traits(const struct terminal *t)
{
	return (struct trust_traits){ .imei = span_str(t->imei),
		.has_throughput = t->has_throughput,
		.throughput = t->throughput,
		.thumbprint = span_of(t->thumbprint, t->has_thumbprint ? TRUST_THUMBPRINT : 0) };
}

struct terminal_record *terminal_record_of(
    struct terminal *t, const uint8_t card[static TRUST_ID], uint8_t record)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->record[i].record == record && memcmp(t->record[i].card, card, TRUST_ID) == 0)
			return &t->record[i];
	return NULL;
}

void terminal_forget_keys(struct terminal_record *r)
{
	wipe(&r->current, sizeof(r->current));
	wipe(&r->pending, sizeof(r->pending));
}

/* ---- tickets ---- */

/* With a base key a ticket proves itself; a terminal with a pair takes it on trust. */
static int check_ticket(const struct terminal *t, const struct trust_ticket *k, struct err *e)
{
	SECRET_KEY(mac);

	if (t->imei[0] == '\0')
		return err_set(e, ERR_SAFETY, "%s: no imei, so no trust", t->file.path);
	if (t->base_key.n == 0 || k->mac.n == 0)
		return 0;
	if (!trust_ticket_key(&t->base_key, span_str(t->imei), &mac))
		return err_memory(e);
	if (trust_ticket_proven(k, &mac))
		return 0;
	err_set(e, ERR_INPUT, "the ticket is not for this terminal, or was changed on its way");
	return err_hint(e, "the network makes it for IMEI %s with the maker's key", t->imei);
}

/* The key of the first generation. An open record has none yet. */
static int first_key(const struct terminal *t, const struct trust_ticket *k,
    const struct terminal_record *r, struct terminal_key *out, struct err *e)
{
	const struct trust_place place = { k->record, k->generation, k->expiry, r->card };

	*out = (struct terminal_key){ .version = (uint8_t)(TRUST_VERSION_FIRST + k->record),
		.generation = k->generation,
		.expiry = k->expiry };
	if (k->algorithm == TRUST_P256) {
		if (t->pair.n == 0)
			return err_set(e, ERR_SAFETY,
			    "%s: the ticket is for a terminal with a "
			    "pair of keys, and there is none",
			    t->file.path);
		return key_from(&out->k, span_of(t->pair.b, t->pair.n)) ? 0 : err_memory(e);
	}
	if (k->mac.n == 0)
		return 0;
	if (t->base_key.n == 0)
		return err_set(e, ERR_SAFETY, "%s: the ticket needs a base key", t->file.path);
	return trust_first_key(
		   &t->base_key, span_str(t->imei), &place, trust_key_octets(k->algorithm), &out->k)
		   ? 0
		   : err_memory(e);
}

static int place_for(struct terminal *t, const struct trust_ticket *k,
    const uint8_t card[static TRUST_ID], struct terminal_record **out, struct err *e)
{
	struct terminal_record *r = terminal_record_of(t, card, k->record);

	*out = r;
	if (r != NULL && k->generation <= r->generation) {
		err_set(e, ERR_SAFETY,
		    "the ticket is of generation %u, this terminal has had %u already",
		    k->generation, r->generation);
		return err_hint(e, "it was imported before, or an older one");
	}
	if (r != NULL)
		return 0;
	if (t->n == TERMINAL_RECORDS_MAX)
		return err_set(e, ERR_SAFETY, "%s: it knows %d records already", t->file.path,
		    TERMINAL_RECORDS_MAX);
	*out = &t->record[t->n];
	return 0;
}

int terminal_import(
    struct terminal *t, const struct trust_ticket *k, struct terminal_record **out, struct err *e)
{
	struct terminal_record next = { .record = k->record,
		.algorithm = k->algorithm,
		.period = k->period,
		.horizon = k->horizon,
		.generation = k->generation,
		.state = TERMINAL_ACTIVE,
		.has_card_key = k->card_key.n > 0,
		.cin_n = (uint8_t)k->cin.n };
	int rc;

	if (check_ticket(t, k, e) != 0)
		return -1;
	if (!trust_card_id(k->cin, next.card))
		return err_memory(e);
	memcpy(next.cin, k->cin.p, k->cin.n);
	if (k->card_key.n > 0)
		memcpy(next.card_key, k->card_key.p, k->card_key.n);
	rc = place_for(t, k, next.card, out, e);
	if (rc == 0)
		rc = first_key(t, k, &next, &next.current, e);
	if (rc == 0) {
		t->n += *out == &t->record[t->n];
		**out = next;
	}
	wipe(&next, sizeof(next));
	return rc;
}
