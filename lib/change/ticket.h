/* The file of a terminal's ticket (gp/trust.h, 7F78): PEM, which holds no secret. */
#ifndef CHANGE_TICKET_H
#define CHANGE_TICKET_H

#include "base/err.h"
#include "gp/trust.h"

struct ticket_file {
	bool there;
	struct wr octets; /* ticket borrows from it */
	struct trust_ticket ticket;
};
/* One that must be there: ERR_INPUT, also for what is none. ticket_free in any case. */
int ticket_read(const char *path, struct ticket_file *f, struct err *e);
/* What is there under this name. ERR_SAFETY: something else than a ticket, which is not written
 * over. ticket_free in any case. */
int ticket_look(const char *path, struct ticket_file *f, struct err *e);
void ticket_free(struct ticket_file *f);
/* In the place of what is there, on the disk when it returns; with 9E by mac_key unless NULL. */
int ticket_write(
    const char *path, const struct trust_ticket *t, const struct key *mac_key, struct err *e);

#endif
