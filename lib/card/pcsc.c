#include "card/pcsc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <winscard.h>

#include "base/secret.h"
#include "card/worker.h"

enum job { JOB_LIST, JOB_CONNECT, JOB_TRANSMIT, JOB_ALIVE, JOB_CLOSE };
enum { CONNECT_MS = 10000, COMMAND_MS = 60000, SETTLE_MS = 600 };

/* What the thread works on; ours between two jobs. */
struct state {
	SCARDCONTEXT context;
	bool has_context;
	SCARDHANDLE handle;
	bool connected;
	DWORD protocol;
	DWORD events; /* cards put in and taken out, as pcscd counted at connecting */
	char reader[PCSC_NAME_SIZE];
	struct wr command;
	uint8_t answer[APDU_MAX_RESPONSE];
	DWORD answer_n;
	uint8_t atr[MAX_ATR_SIZE];
	DWORD atr_n;
	struct pcsc_readers list;
	LONG rv; /* how the job ended */
};

/* ---- jobs: in the thread ---- */

static LONG reader_state(
    struct state *s, const char *name, DWORD known, DWORD ms, SCARD_READERSTATE *rs)
{
	memset(rs, 0, sizeof(*rs));
	rs->szReader = name;
	rs->dwCurrentState = known;
	return SCardGetStatusChange(s->context, ms, rs, 1);
}

static LONG list_one(struct state *s, const char *name)
{
	struct pcsc_reader *r = &s->list.reader[s->list.n++];
	SCARD_READERSTATE rs;
	LONG rv;

	snprintf(r->name, sizeof(r->name), "%s", name);
	rv = reader_state(s, r->name, SCARD_STATE_UNAWARE, 0, &rs);
	/* A reader that vanishes meanwhile is shown as empty; of any other failure nothing is
	 * known. */
	if (rv == SCARD_E_UNKNOWN_READER || rv == SCARD_E_READER_UNAVAILABLE ||
	    rv == SCARD_E_TIMEOUT)
		return SCARD_S_SUCCESS;
	if (rv != SCARD_S_SUCCESS)
		return rv;
	r->present = (rs.dwEventState & SCARD_STATE_PRESENT) != 0;
	r->in_use = (rs.dwEventState & SCARD_STATE_EXCLUSIVE) != 0;
	r->events = (uint16_t)(rs.dwEventState >> 16);
	r->mute = (rs.dwEventState & SCARD_STATE_MUTE) != 0;
	if (rs.cbAtr <= sizeof(r->atr)) {
		memcpy(r->atr, rs.rgbAtr, rs.cbAtr);
		r->atr_n = rs.cbAtr;
	}
	return SCARD_S_SUCCESS;
}

static LONG list(struct state *s)
{
	char names[PCSC_READERS_MAX * PCSC_NAME_SIZE];
	DWORD n = sizeof(names);
	LONG rv;

	memset(&s->list, 0, sizeof(s->list));
	if (!s->has_context) {
		rv = SCardEstablishContext(SCARD_SCOPE_SYSTEM, NULL, NULL, &s->context);
		if (rv != SCARD_S_SUCCESS)
			return rv;
		s->has_context = true;
	}
	rv = SCardListReaders(s->context, NULL, names, &n);
	if (rv == SCARD_E_NO_READERS_AVAILABLE)
		return SCARD_S_SUCCESS;
	if (rv != SCARD_S_SUCCESS)
		return rv;
	names[sizeof(names) - 1] = '\0';
	/* A list of strings, ended by an empty one. */
	for (DWORD at = 0; at < n && names[at] != '\0' && s->list.n < PCSC_READERS_MAX;) {
		rv = list_one(s, names + at);
		if (rv != SCARD_S_SUCCESS)
			return rv;
		at += (DWORD)strlen(names + at) + 1;
	}
	return SCARD_S_SUCCESS;
}

static void disconnect(struct state *s)
{
	if (!s->connected)
		return;
	SCardEndTransaction(s->handle, SCARD_LEAVE_CARD);
	SCardDisconnect(s->handle, SCARD_RESET_CARD);
	s->connected = false;
}

/* What the reader sees, and the count of cards put in and taken out (upper half of the state). */
static LONG look(struct state *s, DWORD known, DWORD ms, SCARD_READERSTATE *rs)
{
	LONG rv = reader_state(s, s->reader, known, ms, rs);

	if (rv != SCARD_S_SUCCESS)
		return rv;
	if ((rs->dwEventState & (SCARD_STATE_UNKNOWN | SCARD_STATE_UNAVAILABLE)) != 0)
		return SCARD_E_READER_UNAVAILABLE;
	return (rs->dwEventState & SCARD_STATE_EMPTY) != 0 ? SCARD_W_REMOVED_CARD : rv;
}

static LONG read_atr(struct state *s)
{
	DWORD state, name_n = 0;

	s->atr_n = sizeof(s->atr);
	return SCardStatus(s->handle, NULL, &name_n, &state, &s->protocol, s->atr, &s->atr_n);
}

static LONG connect_card(struct state *s)
{
	SCARD_READERSTATE rs = { 0 };
	LONG rv = SCardConnect(s->context, s->reader, SCARD_SHARE_EXCLUSIVE,
	    SCARD_PROTOCOL_T0 | SCARD_PROTOCOL_T1, &s->handle, &s->protocol);

	if (rv != SCARD_S_SUCCESS)
		return rv;
	s->connected = true;
	rv = SCardBeginTransaction(s->handle);
	if (rv == SCARD_S_SUCCESS)
		rv = look(s, SCARD_STATE_UNAWARE, 0, &rs);
	s->events = rs.dwEventState >> 16;
	if (rv == SCARD_S_SUCCESS)
		rv = read_atr(s);
	if (rv != SCARD_S_SUCCESS)
		disconnect(s);
	return rv;
}

/* Asks pcscd and not the card. A card that was taken out and put in again is another one. */
static LONG alive(struct state *s)
{
	SCARD_READERSTATE rs;
	LONG rv = look(s, SCARD_STATE_UNAWARE, 0, &rs);

	return rv == SCARD_S_SUCCESS && rs.dwEventState >> 16 != s->events ? SCARD_W_REMOVED_CARD
									   : rv;
}

/* A driver often only says that the transmission failed; what the reader sees says why. */
static LONG look_closer(struct state *s, LONG rv)
{
	SCARD_READERSTATE rs;
	DWORD known = SCARD_STATE_UNAWARE, ms = 0;
	LONG seen;

	for (int round = 0; round < 2; round++) {
		seen = look(s, known, ms, &rs);
		if (seen == SCARD_E_TIMEOUT)
			return rv;
		if (seen != SCARD_S_SUCCESS)
			return seen;
		/* A removal shows only when the reader is asked the next time. */
		known = rs.dwEventState & ~(DWORD)SCARD_STATE_CHANGED;
		ms = SETTLE_MS;
	}
	return rv;
}

static LONG transmit(struct state *s)
{
	const SCARD_IO_REQUEST *pci =
	    s->protocol == SCARD_PROTOCOL_T0 ? SCARD_PCI_T0 : SCARD_PCI_T1;
	LONG rv;

	s->answer_n = sizeof(s->answer);
	rv = SCardTransmit(
	    s->handle, pci, s->command.p, s->command.n, NULL, s->answer, &s->answer_n);
	wr_reset(&s->command);
	/* Some drivers call it a success when the card went away without an answer. */
	if (rv == SCARD_S_SUCCESS && s->answer_n < 2)
		rv = SCARD_E_NOT_TRANSACTED;
	if (rv == SCARD_S_SUCCESS)
		return rv;
	s->answer_n = 0;
	return rv == SCARD_W_RESET_CARD || rv == SCARD_W_REMOVED_CARD ? rv : look_closer(s, rv);
}

static LONG close_all(struct state *s)
{
	disconnect(s);
	if (s->has_context)
		SCardReleaseContext(s->context);
	s->has_context = false;
	return SCARD_S_SUCCESS;
}

static void run(void *state, int job)
{
	static LONG (*const jobs[])(struct state * s) = {
		[JOB_LIST] = list,
		[JOB_CONNECT] = connect_card,
		[JOB_TRANSMIT] = transmit,
		[JOB_ALIVE] = alive,
		[JOB_CLOSE] = close_all,
	};
	struct state *s = state;

	s->rv = jobs[job](s);
}

static void release(void *state)
{
	struct state *s = state;

	close_all(s);
	wr_free(&s->command);
	wipe(s, sizeof(*s));
	free(s);
}

/* ---- what an error means ---- */

static const struct {
	LONG rv;
	const char *text, *hint;
} meanings[] = {
	{ SCARD_E_NO_SERVICE, "pcscd does not run, or was restarted meanwhile",
	    "start it: systemctl start pcscd.socket" },
	{ SCARD_E_SERVICE_STOPPED, "pcscd was stopped", "start it: systemctl start pcscd.socket" },
	{ SCARD_F_COMM_ERROR, "the connection to pcscd broke: it was stopped or restarted",
	    "begin again" },
	{ SCARD_E_INVALID_HANDLE, "pcscd does not know us any more: it was restarted",
	    "begin again" },
	{ SCARD_E_NO_SMARTCARD, "no card in the reader",
	    "insert a card; " FIELD_IS("wait", "SECONDS") " waits for it" },
	{ SCARD_W_REMOVED_CARD, "the card was removed", "put it in again" },
	{ SCARD_W_RESET_CARD, "the card was reset by another program",
	    "end the other program and begin again" },
	{ SCARD_W_UNRESPONSIVE_CARD, "the card does not answer to reset",
	    "is it the right way round, and is it a smart card" },
	{ SCARD_W_UNPOWERED_CARD, "the card has no power", "take it out and put it in again" },
	{ SCARD_W_UNSUPPORTED_CARD, "the reader cannot talk to this card",
	    "does the card's voltage or protocol fit the reader" },
	{ SCARD_E_PROTO_MISMATCH, "the card talks neither T=0 nor T=1", NULL },
	{ SCARD_E_SHARING_VIOLATION, "the card is in use by another program",
	    "an open channel of ours is one too: " VERB("scp-close") " ends it" },
	{ SCARD_E_READER_UNAVAILABLE, "the reader was unplugged", "plug it in again" },
	{ SCARD_E_UNKNOWN_READER, "the reader was unplugged", "plug it in again" },
	{ SCARD_E_NOT_TRANSACTED, "the card did not answer: the transmission failed",
	    "take it out, clean its contacts, put it in again" },
	{ SCARD_E_COMM_DATA_LOST, "the card did not answer: the transmission failed",
	    "take it out, clean its contacts, put it in again" },
	{ SCARD_E_INSUFFICIENT_BUFFER, "the card's answer is longer than 65536 octets", NULL },
	{ SCARD_E_TIMEOUT, "the card did not answer in time", NULL },
	{ SCARD_E_NO_MEMORY, "pcscd is out of memory", NULL },
	{ SCARD_W_SECURITY_VIOLATION, "pcscd does not let this user in",
	    "a rule of polkit decides who may use smart cards" },
};

static int failed(const char *reader, LONG rv, struct err *e)
{
	const char *sep = reader[0] == '\0' ? "" : ": ";

	for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++) {
		if (meanings[i].rv != rv)
			continue;
		err_set(e, ERR_READER, "%s%s%s", reader, sep, meanings[i].text);
		return meanings[i].hint == NULL ? -1 : err_hint(e, "%s", meanings[i].hint);
	}
	return err_set(
	    e, ERR_READER, "%s%sPC/SC error %08lX", reader, sep, (unsigned long)rv & 0xFFFFFFFF);
}

/* ---- the link: worker and state, or neither when the worker was abandoned ---- */

struct link {
	struct worker *worker;
	struct state *state;
	struct pcsc_limits limits;
	char reader[PCSC_NAME_SIZE];
};

static int link_run(struct link *k, enum job job, struct err *e)
{
	unsigned ms = job == JOB_TRANSMIT ? k->limits.command : k->limits.connect;

	if (k->worker == NULL)
		return err_set(e, ERR_READER, "%s: the reader does not answer any more", k->reader);
	if (!worker_run(k->worker, (int)job, ms)) {
		k->worker = NULL;
		k->state = NULL;
		err_set(e, ERR_READER, "%s: no answer within %u.%u s",
		    k->reader[0] == '\0' ? "pcscd" : k->reader, ms / 1000, ms % 1000 / 100);
		return err_hint(e, job == JOB_TRANSMIT
				       ? FIELD_IS("timeout", "SECONDS") " gives a command more time"
				       : "unplug the reader, or restart pcscd");
	}
	return k->state->rv == SCARD_S_SUCCESS ? 0 : failed(k->reader, k->state->rv, e);
}

static int link_new(struct link *k, const struct pcsc_limits *l, struct err *e)
{
	memset(k, 0, sizeof(*k));
	k->limits.connect = l != NULL && l->connect != 0 ? l->connect : CONNECT_MS;
	k->limits.command = l != NULL && l->command != 0 ? l->command : COMMAND_MS;
	k->state = calloc(1, sizeof(*k->state));
	if (k->state == NULL)
		return err_memory(e);
	k->state->command = wr_grow(APDU_MAX_COMMAND);
	k->worker = worker_new(k->state, run, release);
	if (k->worker != NULL)
		return 0;
	release(k->state);
	return err_set(e, ERR_OTHER, "cannot start a thread");
}

static void link_end(struct link *k)
{
	struct err ignored;

	/* Disconnecting may hang as well; only an idle worker can be waited for. */
	if (k->worker != NULL && link_run(k, JOB_CLOSE, &ignored) == 0)
		worker_free(k->worker);
	k->worker = NULL;
	k->state = NULL;
}

/* ---- the card ---- */

static int card_do(void *ctx, struct span command, struct wr *rsp, struct err *e)
{
	struct link *k = ctx;

	if (k->worker != NULL) {
		wr_put(&k->state->command, command);
		if (!wr_ok(&k->state->command))
			return err_memory(e);
	}
	if (link_run(k, JOB_TRANSMIT, e) != 0)
		return -1;
	wr_bytes(rsp, k->state->answer, k->state->answer_n);
	return 0;
}

static int card_do_alive(void *ctx, struct err *e)
{
	return link_run(ctx, JOB_ALIVE, e);
}

static void card_do_limit(void *ctx, unsigned ms)
{
	struct link *k = ctx;

	k->limits.command = ms;
}

static void card_do_close(void *ctx)
{
	link_end(ctx);
	free(ctx);
}

static const struct card_ops ops = {
	.transmit = card_do,
	.close = card_do_close,
	.alive = card_do_alive,
	.limit = card_do_limit,
};

/* ---- opening ---- */

/* A link with the list of readers taken, and the reader found in it. */
static int link_to(struct link *k, const char *name, const struct pcsc_limits *l, struct err *e)
{
	size_t at;
	int rc;

	if (link_new(k, l, e) != 0)
		return -1;
	rc = link_run(k, JOB_LIST, e);
	if (rc != 0)
		rc = err_in(e, "%.100s", name);
	else
		rc = pcsc_find(&k->state->list, name, &at, e);
	if (rc != 0) {
		link_end(k);
		return -1;
	}
	snprintf(k->reader, sizeof(k->reader), "%s", k->state->list.reader[at].name);
	snprintf(k->state->reader, sizeof(k->state->reader), "%s", k->reader);
	return 0;
}

/* ---- what others call ---- */

int pcsc_list(struct pcsc_readers *out, const struct pcsc_limits *l, bool *no_daemon, struct err *e)
{
	struct link k;
	int rc;

	if (no_daemon != NULL)
		*no_daemon = false;
	if (link_new(&k, l, e) != 0)
		return -1;
	rc = link_run(&k, JOB_LIST, e);
	if (rc == 0)
		*out = k.state->list;
	else if (k.state != NULL && no_daemon != NULL)
		*no_daemon = k.state->rv == SCARD_E_NO_SERVICE;
	link_end(&k);
	return rc;
}

int pcsc_open(const char *name, const struct pcsc_limits *l, struct card *c, struct err *e)
{
	struct link *k = calloc(1, sizeof(*k));

	memset(c, 0, sizeof(*c));
	if (k == NULL)
		return err_memory(e);
	if (link_to(k, name, l, e) != 0) {
		free(k);
		return -1;
	}
	if (link_run(k, JOB_CONNECT, e) != 0) {
		card_do_close(k);
		return -1;
	}
	c->ops = &ops;
	c->ctx = k;
	c->t0 = k->state->protocol == SCARD_PROTOCOL_T0;
	c->limit_ms = k->limits.command;
	snprintf(c->name, sizeof(c->name), "%s", k->reader);
	if (k->state->atr_n <= sizeof(c->atr)) {
		memcpy(c->atr, k->state->atr, k->state->atr_n);
		c->atr_n = k->state->atr_n;
	}
	return 0;
}
