/*
 * (d) A campaign through pcscd and vpcd, with its durable ledger, against a bare loop of
 *     SCardTransmit, which sends the same commands to the same card. Ratio of commands per second,
 *     connecting and disconnecting included. Goal: >= 0.9.
 *
 * The commands are recorded from a campaign inside this process.
 *
 * Usage: pcsc_bench FOLDER CARDADM VPCD-HOST:PORT   (campaign.yaml, one card in fleet/0001.card; a
 * pcscd whose readers are empty)
 */
#include <unistd.h>

#include "measure.h"
#include "reader.h"

static int open_recorded(void *ctx, const char *path, struct card *card, struct err *e)
{
	struct reader *r = ctx;

	(void)path;
	(void)e;
	recorded_open(&r->card, card);
	return 0;
}

static int open_reader_of(void *ctx, const char *path, struct card *card, struct err *e)
{
	struct reader *r = ctx;

	(void)path;
	return pcsc_open(r->name, NULL, card, e);
}

static void run_campaign(struct reader *r)
{
	campaign_whole(open_reader_of, r, 1);
}

int main(int argc, char **argv)
{
	static struct reader r;

	need(argc == 4 && chdir(argv[1]) == 0, "usage");
	r.program = argv[2];
	r.vpcd = argv[3];
	r.job = run_campaign;
	r.forget = campaign_forget;
	recorded_read(&r.card, "./fleet/0001.card");
	campaign_whole(open_recorded, &r, 1);
	return reader_compare(&r, "(d) campaign through pcscd / bare SCardTransmit loop") ? 0 : 1;
}
