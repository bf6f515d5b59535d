/* Inside of lib/ledger: the databases of this station, in its state directory. */
#ifndef LEDGER_STATE_DB_H
#define LEDGER_STATE_DB_H

#include <sqlite3.h>

#include "base/err.h"

/*
 * Opens the database of this name, or makes an empty one, for the caller alone; it waits 5 s for
 * others. ERR_LEDGER where that cannot be; ERR_INPUT where others can write it, see base/private.h.
 * *db is NULL then, else closed by the caller.
 */
int state_db_open(const char *name, sqlite3 **db, struct err *e);

#endif
