/*
 * (h) A CAP file loaded through pcscd and vpcd, in a channel of SCP03 with level 33, deleted and
 *     loaded again some times, against a bare loop of SCardTransmit. Ratio of commands per second,
 *     from connecting and opening the channel to disconnecting. Goal: >= 0.9.
 *
 * The commands are recorded from the same load inside this process.
 *
 * Usage: cap_pcsc_bench FOLDER CARDADM VPCD-HOST:PORT   (plain.card with the keys 40..4F, big.cap;
 * a pcscd whose readers are empty)
 */
#include <stdio.h>
#include <unistd.h>

#include "cap/cap.h"
#include "host/choose.h"
#include "host/content.h"
#include "measure.h"
#include "reader.h"

enum { LOADS = 10 };

static int test_keys(void *ctx, const struct init_update *u, struct key_set *out, struct err *e)
{
	struct key k = { .n = 16 };

	(void)ctx;
	(void)u;
	(void)e;
	for (uint8_t i = 0; i < k.n; i++)
		k.b[i] = (uint8_t)(0x40 + i);
	out->enc = out->mac = out->dek = k;
	return 0;
}

static void load_and_delete(struct session *s, const struct content_load *l, struct err *e)
{
	const struct delete_object gone = { .aid = l->install.load_file };
	struct content_outcome o;

	for (int i = 0; i < LOADS; i++)
		if (content_load(s, l, NULL, &o, e) != 0 ||
		    content_delete(s, DELETE_OBJECT, &gone, NULL, e) != 0)
			return;
}

static void load_cap(struct card *card)
{
	const struct choose_asks asks = { .level = 0x33, .s16 = -1 };
	const struct session_auth auth = { .keys = test_keys };
	struct content_load l = { 0 };
	struct err e = { 0 };
	struct session s;
	struct cap cap;
	uint8_t head[8];
	struct wr w = wr_fixed(head, sizeof(head));

	need(cap_read("big.cap", &cap, &e) == 0, "reading the CAP file");
	load_file_head_put(&w, NULL, 0, cap.block.n, false, NULL);
	l.head = wr_span(&w);
	l.data = cap.block;
	need(aid_from(&l.install.load_file, cap.package), "the package");
	session_init(&s, card);
	if (session_begin(&s, &asks, &auth, &e) == 0)
		load_and_delete(&s, &l, &e);
	if (e.code != ERR_NONE)
		fprintf(stderr, "load: %s\n", e.text);
	need(e.code == ERR_NONE, "loading");
	session_close(&s);
	session_wipe(&s);
	cap_free(&cap);
	card_close(card);
}

static void load_through(struct reader *r)
{
	struct card card;
	struct err e;

	need(pcsc_open(r->name, NULL, &card, &e) == 0, "connecting");
	load_cap(&card);
}

int main(int argc, char **argv)
{
	static struct reader r;
	struct card card;

	need(argc == 4 && chdir(argv[1]) == 0, "usage");
	r.program = argv[2];
	r.vpcd = argv[3];
	r.job = load_through;
	recorded_read(&r.card, "./plain.card");
	recorded_open(&r.card, &card);
	load_cap(&card);
	return reader_compare(&r, "(h) CAP load through pcscd / bare SCardTransmit loop") ? 0 : 1;
}
