#include "record.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "measure.h"
#include "cmd/authority/grant_record.h"
#include "cmd/channel/open.h"

enum { FILE_MAX = 4 << 20 };

void recorded_read(struct recorded *r, const char *path)
{
	struct err e;

	snprintf(r->path, sizeof(r->path), "%s", path);
	r->sent = wr_grow(FILE_MAX);
	need(file_read(path, FILE_MAX, &r->before, &e) == 0, "reading a card");
}

void recorded_restore(const struct recorded *r)
{
	struct span s = wr_span(&r->before);
	int fd = open(r->path, O_WRONLY | O_TRUNC | O_CLOEXEC);

	need(fd >= 0 && write(fd, s.p, s.n) == (ssize_t)s.n, "restoring a card");
	close(fd);
}

struct listener {
	struct card card;
	struct recorded *to;
};

static int listen_transmit(void *ctx, struct span command, struct wr *rsp, struct err *e)
{
	struct listener *l = ctx;
	size_t before = rsp->n;

	if (l->card.ops->transmit(l->card.ctx, command, rsp, e) != 0)
		return -1;
	need(rsp->n - before >= 2, "a status word");
	wr_u32(&l->to->sent, (uint32_t)command.n);
	wr_put(&l->to->sent, command);
	wr_put(&l->to->sent, span_sub(wr_span(rsp), rsp->n - 2, 2));
	return 0;
}

static void listen_close(void *ctx)
{
	struct listener *l = ctx;

	card_close(&l->card);
	free(l);
}

void recorded_open(struct recorded *r, struct card *card)
{
	static const struct card_ops ops = { .transmit = listen_transmit, .close = listen_close };
	struct listener *l = calloc(1, sizeof(*l));
	struct err e;

	need(l != NULL && open_vcard(r->path, &l->card, &e) == 0, "opening a card");
	l->to = r;
	*card = l->card;
	card->ops = &ops;
	card->ctx = l;
}

bool recorded_next(struct rd *r, struct span *command, struct span *sw)
{
	uint32_t n;

	if (rd_left(r) == 0)
		return false;
	need(rd_u32(r, &n) && rd_take(r, n, command) && rd_take(r, 2, sw), "reading the record");
	return true;
}

void campaign_forget(void)
{
	unlink("campaign.ledger");
	unlink("campaign.ledger-wal");
	unlink("campaign.ledger-shm");
	sync(); /* what was written for the next round is not to be synced on the ledger's account
		 */
}

static void tell_failure(void *ctx, const struct ledger_card *c, uint32_t done, uint32_t total)
{
	(void)ctx;
	(void)done;
	(void)total;
	if (c->state == ROW_FAILED)
		fprintf(stderr, "%s: failed at %s: %s\n", c->file, c->step, c->reason);
}

static int take_serial(void *changes, const struct grant_issue *g, uint64_t *serial, struct err *e)
{
	return grant_serial_take(changes, g, serial, e);
}

static void placed(
    void *changes, const struct change_place *at, const void *work, const struct err *why)
{
	struct err e;

	(void)changes;
	need(grant_record_end(at->change, work, why, &e) == 0, "the record of grants");
}

void campaign_whole(int (*open_card)(void *ctx, const char *path, struct card *card, struct err *e),
    void *ctx, uint64_t cards)
{
	struct serials serials = { .yes = false };
	struct campaign_calls calls = { .open = open_card,
		.progress = tell_failure,
		.serial = take_serial,
		.changed = placed,
		.changes = &serials,
		.ctx = ctx };
	static struct campaign c;
	struct campaign_result r;
	struct err e = { 0 };

	if (campaign_open("./campaign.yaml", &c, &e) != 0 || campaign_run(&c, &calls, &r, &e) != 0)
		fprintf(stderr, "campaign: %s\n", e.text);
	need(e.code == ERR_NONE && r.cards_tried == cards, "the campaign");
	campaign_close(&c);
}
