#include "change/ticket.h"

#include <unistd.h>

#include "base/file.h"
#include "crypto/armour.h"

int ticket_read(const char *path, struct ticket_file *f, struct err *e)
{
	struct wr text = { 0 };
	int rc = file_read(path, ARMOUR_TEXT_MAX, &text, e);

	*f = (struct ticket_file){ .there = true, .octets = wr_grow(TRUST_TICKET_MAX) };
	if (rc == 0 &&
	    (!armour_get(wr_span(&text), TRUST_TICKET_PEM, TRUST_TICKET_MAX, &f->octets) ||
		!trust_ticket_get(wr_span(&f->octets), &f->ticket)))
		rc = err_set(e, ERR_INPUT, "%s: not a ticket", path);
	wr_free(&text);
	return rc;
}

int ticket_look(const char *path, struct ticket_file *f, struct err *e)
{
	*f = (struct ticket_file){ .there = access(path, F_OK) == 0 };
	if (!f->there || ticket_read(path, f, e) == 0)
		return 0;
	err_set(e, ERR_SAFETY, "%s is there already, and is no ticket", path);
	return err_hint(e, "choose another name, or remove it");
}

void ticket_free(struct ticket_file *f)
{
	wr_free(&f->octets);
	f->there = false;
}

int ticket_write(
    const char *path, const struct trust_ticket *t, const struct key *mac_key, struct err *e)
{
	uint8_t room[TRUST_TICKET_MAX];
	struct wr w = wr_fixed(room, sizeof(room)), text = wr_grow(ARMOUR_TEXT_MAX);
	int rc = -1;

	if (!trust_ticket_put(&w, t, mac_key) || !wr_ok(&w) ||
	    !armour_put(&text, TRUST_TICKET_PEM, wr_span(&w)))
		err_set(e, ERR_OTHER, "the ticket cannot be made");
	else
		rc = file_write(path, wr_span(&text), 0644, e);
	wr_free(&text);
	return rc;
}
