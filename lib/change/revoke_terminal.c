/* revoke-terminal: the network ends a record, so that its terminal is trusted no more. */
#include <stdio.h>

#include "change/kinds.h"
#include "host/trust.h"

#define ROW(member, ...) FIELD_ROW(struct revoke_terminal_shown, member, __VA_ARGS__)
static const struct field fields[] = {
	ROW(record, "record", FIELD_U32, "RECORD", "Number of the record on the card, 1 to 7",
	    .flags = FIELD_REQUIRED | FIELD_OPERAND, .min = 1, .max = TRUST_RECORDS),
	ROW(erase, "erase", FIELD_FLAG, NULL,
	    "Erase its keys at once: the terminal is told nothing (they stay to tell it)"),
};

/* *t: of the record, where it is there. */
static int look(struct change_card *c, const struct revoke_terminal_shown *x, bool *there,
    struct trust_record *t, struct err *e)
{
	struct wr octets = { 0 };
	struct trust_state all;
	int rc = trust_read(c->s, &octets, &all, e);

	*there = rc == 0 && trust_find(&all, (uint8_t)x->record.v, t);
	wr_free(&octets);
	return rc;
}

/* Whether keys were erased the card does not show; by hand that is done again. */
static int is_so(struct change_card *c, const void *v, struct change_so *so, struct err *e)
{
	const struct revoke_terminal_shown *x = v;
	struct trust_record t;
	bool there;

	if (c->is_dry)
		return 0;
	if (look(c, x, &there, &t, e) != 0)
		return -1;
	if (!there)
		change_note(c, "the card has no record %u", x->record.v);
	so->is = there && (t.stage != TRUST_REVOKED || (x->erase && c->by_hand)) ? SO_NO : SO_YES;
	if (there && x->erase)
		so->unproven = change_bit(c->kind, offsetof(struct revoke_terminal_shown, erase));
	return 0;
}

static int check(struct change_card *c, const void *v, void *work, struct err *e)
{
	const struct revoke_terminal_shown *x = v;
	struct revoke_terminal_work *w = work;
	struct trust_record t;

	if (c->is_dry) {
		struct err ignored;

		(void)look(c, x, &w->there, &t, &ignored);
		return 0;
	}
	return look(c, x, &w->there, &t, e);
}

static int confirm(struct change_card *c, const void *v, void *work, struct err *e)
{
	const struct revoke_terminal_shown *x = v;

	(void)work;
	return change_ask(c, e, "Trust the terminal of record %u no more%s?", x->record.v,
	    x->erase ? ", and erase its keys" : "");
}

static int act(struct change_card *c, const void *v, void *work, struct err *e)
{
	const struct revoke_terminal_shown *x = v;
	const struct trust_order o = {
		.kind = TRUST_REVOKE, .record = (uint8_t)x->record.v, .erase = x->erase
	};
	bool unknown;

	(void)work;
	if (trust_send(c->s, &o, &unknown, e) == 0)
		return 0;
	return unknown ? err_hint(e, "the same again finds out what became of it") : -1;
}

static int compare(struct change_card *c, const void *v, void *work, struct err *e)
{
	struct trust_record t;
	bool there;

	(void)work;
	if (c->is_dry)
		return 0;
	if (look(c, v, &there, &t, e) != 0)
		return -1;
	return there && t.stage == TRUST_REVOKED
		   ? 0
		   : err_set(e, ERR_INTEGRITY,
			 "the card answered 9000 and does not show what was ordered");
}

static void describe(const void *v, char *out, size_t cap)
{
	const struct revoke_terminal_shown *x = v;

	snprintf(out, cap, "record %u%s", x->record.v, x->erase ? ", erase" : "");
}

const struct change_kind change_revoke_terminal = {
	.name = "revoke-terminal",
	.fields = fields,
	.field_n = sizeof(fields) / sizeof(fields[0]),
	.size = sizeof(struct revoke_terminal_shown),
	.work_size = sizeof(struct revoke_terminal_work),
	.level_33 = true,
	.is_so = is_so,
	.check = check,
	.confirm = confirm,
	.act = act,
	.compare = compare,
	.describe = describe,
};
