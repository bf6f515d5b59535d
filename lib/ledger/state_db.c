#include "ledger/state_db.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/file.h"

int state_db_open(const char *name, sqlite3 **db, struct err *e)
{
	const struct state_file file = { O_RDWR, ERR_LEDGER };
	char path[4096];
	int fd;

	*db = NULL;
	/* SQLite would make it with the umask. */
	fd = path_state_open(name, &file, path, sizeof(path), e);
	if (fd < 0)
		return -1;
	/* Before SQLite has locks on it, which closing would drop. */
	close(fd);
	if (sqlite3_open_v2(path, db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK &&
	    sqlite3_busy_timeout(*db, 5000) == SQLITE_OK)
		return 0;
	err_set(e, ERR_LEDGER, "%s: %s", path, *db == NULL ? "out of memory" : sqlite3_errmsg(*db));
	sqlite3_close(*db);
	*db = NULL;
	return -1;
}
