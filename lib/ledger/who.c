/* Who a card is: rows whose card is another one now, and what other rows know of a card. */
#include "ledger/store.h"

#include <stdio.h>

int ledger_made(struct ledger *l, const char *file, const char *made, bool *remade, struct err *e)
{
	sqlite3_stmt *st;

	*remade = false;
	/* First those of before: what they were done with is not known. */
	for (int which = ST_MADE; which <= ST_REMADE; which++) {
		st = rows_begin(l, (enum statement)which, file, e);
		if (st == NULL)
			return -1;
		if (sqlite3_bind_text(st, 3, made, -1, SQLITE_STATIC) != SQLITE_OK)
			return store_fail(l, "cannot be used", e);
		if (rows_finish(l, st, e) != 0)
			return -1;
		*remade = which == ST_REMADE && sqlite3_changes(l->db) != 0;
	}
	return 0;
}

/* The text that another row has, "": there is none. */
static int ask(struct ledger *l, sqlite3_stmt *st, char *out, size_t cap, struct err *e)
{
	int rc = sqlite3_step(st);
	const unsigned char *text = rc == SQLITE_ROW ? sqlite3_column_text(st, 0) : NULL;

	snprintf(out, cap, "%s", text == NULL ? "" : (const char *)text);
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		store_fail(l, "cannot be read", e);
	sqlite3_reset(st);
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : -1;
}

int ledger_kdd_of(struct ledger *l, const struct ledger_card *c, char kdd[static 21], struct err *e)
{
	sqlite3_stmt *st = rows_begin(l, ST_KDD_OF, c->file, e);

	if (st == NULL)
		return -1;
	if (sqlite3_bind_text(st, 3, c->id, -1, SQLITE_STATIC) != SQLITE_OK)
		return store_fail(l, "cannot be read", e);
	return ask(l, st, kdd, sizeof(c->kdd), e);
}

int ledger_others_keys(struct ledger *l, const struct ledger_card *c, const char *kdd,
    char id[static 33], struct err *e)
{
	sqlite3_stmt *st = rows_begin(l, ST_ID_OF, c->file, e);

	if (st == NULL)
		return -1;
	if (sqlite3_bind_text(st, 3, kdd, -1, SQLITE_STATIC) != SQLITE_OK ||
	    sqlite3_bind_text(st, 4, c->id, -1, SQLITE_STATIC) != SQLITE_OK)
		return store_fail(l, "cannot be read", e);
	return ask(l, st, id, sizeof(c->id), e);
}
