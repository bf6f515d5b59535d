/* trust-put: an object for the terminal of a record, which its trusted session alone reads. */
#include <stdio.h>

#include "change/kinds.h"
#include "host/trust.h"

#define ROW(member, ...) FIELD_ROW(struct trust_put_shown, member, __VA_ARGS__)
static const struct field fields[] = {
	ROW(record, "record", FIELD_U32, "RECORD", "Number of the record on the card, 1 to 7",
	    .flags = FIELD_REQUIRED | FIELD_OPERAND, .min = 1, .max = TRUST_RECORDS),
	ROW(number, "number", FIELD_U32, "N", "Number of the object, 1 to 15",
	    .flags = FIELD_REQUIRED | FIELD_OPERAND, .min = 1, .max = TRUST_OBJECTS),
	ROW(file, "file", FIELD_FILE, "FILE", "What it is to be, its octets as they are, up to 400",
	    .flags = FIELD_REQUIRED | FIELD_OPERAND),
};

static int open_file(void *v, struct err *e)
{
	struct trust_put_shown *x = v;

	return field_file_read(&x->file, TRUST_OBJECT_MAX, e);
}

/* Nobody but the terminal is told what objects there are. */
static int is_so(struct change_card *c, const void *x, struct change_so *so, struct err *e)
{
	(void)c;
	(void)x;
	(void)e;
	so->is = SO_UNSEEN;
	return 0;
}

static int check(struct change_card *c, const void *v, void *work, struct err *e)
{
	const struct trust_put_shown *x = v;
	struct wr octets = { 0 };
	struct trust_state all;
	struct trust_record t;
	struct err ignored;
	int rc = trust_read(c->s, &octets, &all, c->is_dry ? &ignored : e);

	(void)work;
	if (c->is_dry)
		rc = 0;
	else if (rc == 0 && !trust_find(&all, (uint8_t)x->record.v, &t)) {
		rc = err_set(e, ERR_CARD, "the card has no record %u", x->record.v);
		err_hint(e, VERB("trust-init") " begins one");
	}
	wr_free(&octets);
	return rc;
}

static int act(struct change_card *c, const void *v, void *work, struct err *e)
{
	const struct trust_put_shown *x = v;
	const struct trust_order o = { .kind = TRUST_OBJECT,
		.record = (uint8_t)x->record.v,
		.number = (uint8_t)x->number.v,
		.value = wr_span(&x->file.octets) };
	bool unknown;

	(void)work;
	if (trust_send(c->s, &o, &unknown, e) == 0)
		return 0;
	return unknown ? err_hint(e, "the same again does no harm") : -1;
}

static void describe(const void *v, char *out, size_t cap)
{
	const struct trust_put_shown *x = v;

	snprintf(out, cap, "record %u, object %u, %.160s: %zu octets", x->record.v, x->number.v,
	    x->file.path, x->file.octets.n);
}

const struct change_kind change_trust_put = {
	.name = "trust-put",
	.fields = fields,
	.field_n = sizeof(fields) / sizeof(fields[0]),
	.size = sizeof(struct trust_put_shown),
	.level_33 = true,
	.open = open_file,
	.is_so = is_so,
	.check = check,
	.act = act,
	.describe = describe,
};
