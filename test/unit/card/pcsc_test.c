/*
 * lib/card/pcsc.c on a PC/SC of our own: the functions of winscard.h are defined here, so that
 * readers can be plugged, cards pulled, and calls hang at will.
 */
#include "unit.h"

#include <pthread.h>
#include <semaphore.h>
#include <unistd.h>
#include <winscard.h>

#include "card/pcsc.h"

/* What winscard.h declares and libpcsclite would define. */
const SCARD_IO_REQUEST g_rgSCardT0Pci = { SCARD_PROTOCOL_T0, sizeof(SCARD_IO_REQUEST) };
const SCARD_IO_REQUEST g_rgSCardT1Pci = { SCARD_PROTOCOL_T1, sizeof(SCARD_IO_REQUEST) };
const SCARD_IO_REQUEST g_rgSCardRawPci = { SCARD_PROTOCOL_RAW, sizeof(SCARD_IO_REQUEST) };

static struct {
	const char *readers; /* names, each with its terminator; ends with an empty one */
	size_t readers_n;
	LONG establish, connect, begin, transmit, change;
	DWORD state, state_later, protocol;
	const char *answer; /* hex */
	bool hang_list, hang_transmit;
	sem_t go_on, ended;
	int contexts, connected, transactions, sent, looks;
	int comes;   /* the card is there from this look on; 0: does not matter */
	DWORD atr_n; /* what is told of it; 0: the truth */
	DWORD share, disposition;
	uint8_t command[300];
	DWORD command_n;
} fake;

static const uint8_t atr[] = { 0x3B, 0x80, 0x01, 0x81 };

LONG SCardEstablishContext(DWORD scope, LPCVOID a, LPCVOID b, LPSCARDCONTEXT context)
{
	(void)scope;
	(void)a;
	(void)b;
	*context = 7;
	fake.contexts += fake.establish == SCARD_S_SUCCESS;
	return fake.establish;
}

LONG SCardReleaseContext(SCARDCONTEXT context)
{
	assert_int_equal(context, 7);
	fake.contexts--;
	if (fake.hang_transmit || fake.hang_list)
		sem_post(&fake.ended);
	return SCARD_S_SUCCESS;
}

LONG SCardListReaders(SCARDCONTEXT context, LPCSTR groups, LPSTR out, LPDWORD n)
{
	(void)context;
	assert_null(groups);
	if (fake.hang_list)
		sem_wait(&fake.go_on);
	if (fake.readers == NULL)
		return SCARD_E_NO_READERS_AVAILABLE;
	assert_true(*n >= fake.readers_n);
	memcpy(out, fake.readers, fake.readers_n);
	*n = fake.readers_n;
	return SCARD_S_SUCCESS;
}

LONG SCardGetStatusChange(SCARDCONTEXT context, DWORD ms, SCARD_READERSTATE *rs, DWORD n)
{
	(void)context;
	assert_int_equal(n, 1);
	if (fake.comes != 0 && ++fake.looks < fake.comes) {
		rs->dwEventState = SCARD_STATE_EMPTY;
		return SCARD_S_SUCCESS;
	}
	rs->dwEventState = ms == 0 ? fake.state : fake.state_later;
	if (ms > 0 && fake.state_later == fake.state)
		return SCARD_E_TIMEOUT;
	if ((rs->dwEventState & SCARD_STATE_PRESENT) != 0) {
		rs->cbAtr = fake.atr_n != 0 ? fake.atr_n : sizeof(atr);
		memcpy(rs->rgbAtr, atr, sizeof(atr));
	}
	return fake.change;
}

LONG SCardConnect(SCARDCONTEXT context, LPCSTR reader, DWORD share, DWORD protocols,
    LPSCARDHANDLE card, LPDWORD protocol)
{
	(void)context;
	assert_non_null(reader);
	assert_int_equal(protocols, SCARD_PROTOCOL_T0 | SCARD_PROTOCOL_T1);
	fake.share = share;
	if (fake.connect != SCARD_S_SUCCESS)
		return fake.connect;
	fake.connected++;
	*card = 9;
	*protocol = fake.protocol;
	return SCARD_S_SUCCESS;
}

LONG SCardDisconnect(SCARDHANDLE card, DWORD disposition)
{
	assert_int_equal(card, 9);
	fake.connected--;
	fake.disposition = disposition;
	return SCARD_S_SUCCESS;
}

LONG SCardBeginTransaction(SCARDHANDLE card)
{
	(void)card;
	fake.transactions += fake.begin == SCARD_S_SUCCESS;
	return fake.begin;
}

LONG SCardEndTransaction(SCARDHANDLE card, DWORD disposition)
{
	(void)card;
	(void)disposition;
	fake.transactions--;
	return SCARD_S_SUCCESS;
}

LONG SCardStatus(SCARDHANDLE card, LPSTR name, LPDWORD name_n, LPDWORD state, LPDWORD protocol,
    LPBYTE out, LPDWORD n)
{
	(void)card;
	(void)name;
	(void)name_n;
	*state = SCARD_SPECIFIC;
	*protocol = fake.protocol;
	assert_true(*n >= sizeof(atr));
	memcpy(out, atr, sizeof(atr));
	*n = sizeof(atr);
	return SCARD_S_SUCCESS;
}

LONG SCardTransmit(SCARDHANDLE card, const SCARD_IO_REQUEST *pci, LPCBYTE cmd, DWORD n,
    SCARD_IO_REQUEST *recv, LPBYTE out, LPDWORD out_n)
{
	struct span answer;

	(void)card;
	(void)recv;
	assert_int_equal(pci->dwProtocol, fake.protocol);
	fake.sent++;
	fake.command_n = n;
	memcpy(fake.command, cmd, n < sizeof(fake.command) ? n : sizeof(fake.command));
	if (fake.hang_transmit)
		sem_wait(&fake.go_on);
	if (fake.transmit != SCARD_S_SUCCESS)
		return fake.transmit;
	answer = unit_bytes(fake.answer);
	assert_true(*out_n >= answer.n);
	memcpy(out, answer.p, answer.n);
	*out_n = answer.n;
	return SCARD_S_SUCCESS;
}

static int setup(void **state)
{
	static const char two[] = "Alpha Reader 00 00\0Beta Reader 00 00\0";

	(void)state;
	memset(&fake, 0, sizeof(fake));
	fake.readers = two;
	fake.readers_n = sizeof(two);
	fake.state = fake.state_later = SCARD_STATE_PRESENT;
	fake.protocol = SCARD_PROTOCOL_T1;
	fake.answer = "9000";
	sem_init(&fake.go_on, 0, 0);
	sem_init(&fake.ended, 0, 0);
	return 0;
}

/* Nothing stays behind: contexts, connections, transactions. */
static int teardown(void **state)
{
	(void)state;
	assert_int_equal(fake.contexts, 0);
	assert_int_equal(fake.connected, 0);
	assert_int_equal(fake.transactions, 0);
	return 0;
}

/* ---- names ---- */

static void test_list(void **state)
{
	struct pcsc_readers r;
	struct err e = { 0 };
	bool none;

	(void)state;
	fake.state = SCARD_STATE_PRESENT | SCARD_STATE_EXCLUSIVE;
	assert_ok(pcsc_list(&r, NULL, &none, &e), &e);
	assert_int_equal(r.n, 2);
	assert_string_equal(r.reader[0].name, "Alpha Reader 00 00");
	assert_string_equal(r.reader[1].name, "Beta Reader 00 00");
	assert_true(r.reader[1].present && r.reader[1].in_use && !r.reader[1].mute);
	assert_span(span_of(r.reader[0].atr, r.reader[0].atr_n), SPAN(atr));
	fake.state = SCARD_STATE_EMPTY;
	assert_ok(pcsc_list(&r, NULL, NULL, &e), &e);
	assert_false(r.reader[0].present);
	fake.readers = NULL;
	assert_ok(pcsc_list(&r, NULL, &none, &e), &e);
	assert_int_equal(r.n, 0);
	assert_false(none);
}

/* As many readers as the list holds, and more; names as long as it takes, and longer; a daemon that
 * fills all the room and ends nothing. */
static void test_list_is_bounded(void **state)
{
	static char many[PCSC_READERS_MAX * PCSC_NAME_SIZE];
	struct pcsc_readers *r = malloc(sizeof(*r)); /* so that writing behind it shows */
	struct err e = { 0 };

	(void)state;
	for (size_t i = 0; i + 1 < sizeof(many); i += 2)
		many[i] = 'a';
	fake.readers = many;
	fake.readers_n = sizeof(many);
	assert_ok(pcsc_list(r, NULL, NULL, &e), &e);
	assert_int_equal(r->n, PCSC_READERS_MAX);
	assert_string_equal(r->reader[PCSC_READERS_MAX - 1].name, "a");
	memset(many, 'b', sizeof(many));
	assert_ok(pcsc_list(r, NULL, NULL, &e), &e);
	assert_int_equal(r->n, 1);
	assert_int_equal(strlen(r->reader[0].name), PCSC_NAME_SIZE - 1);
	free(r);
}

/* An answer to reset that is longer than there is room for is none. */
static void test_long_atr(void **state)
{
	struct pcsc_readers r;
	struct err e = { 0 };

	(void)state;
	fake.atr_n = MAX_ATR_SIZE;
	assert_ok(pcsc_list(&r, NULL, NULL, &e), &e);
	assert_int_equal(r.reader[0].atr_n, MAX_ATR_SIZE);
	fake.atr_n = 200;
	assert_ok(pcsc_list(&r, NULL, NULL, &e), &e);
	assert_int_equal(r.reader[0].atr_n, 0);
}

static void test_no_daemon(void **state)
{
	struct pcsc_readers r;
	struct card c;
	struct err e = { 0 };
	char name[64];
	bool none;

	(void)state;
	fake.establish = SCARD_E_NO_SERVICE;
	assert_int_equal(pcsc_list(&r, NULL, &none, &e), -1);
	assert_int_equal(e.code, ERR_READER);
	assert_true(none);
	assert_int_equal(pcsc_open("Alpha", NULL, &c, &e), -1);
	assert_int_equal(e.code, ERR_READER);
	assert_non_null(strstr(e.text, "Alpha"));
	assert_non_null(strstr(e.hint, "pcscd"));
	/* A name is then taken as it is, so that what was open can be found; a number means
	 * nothing. */
	assert_ok(pcsc_canonical("Alpha Reader 00 00", name, sizeof(name), &e), &e);
	assert_string_equal(name, "Alpha Reader 00 00");
	assert_int_equal(pcsc_canonical("1", name, sizeof(name), &e), -1);
	assert_int_equal(e.code, ERR_READER);
}

static void test_find(void **state)
{
	struct pcsc_readers r = { .n = 4,
		.reader = { { .name = "ACME 00 00" }, { .name = "ACME 00 00 contactless" },
		    { .name = "Other 12" }, { .name = "7" } } };
	static const struct {
		const char *name;
		int at; /* -1: none, -2: several */
	} cases[] = { { "ACME 00 00", 0 }, { "ACME", -2 }, { "contactless", 1 },
		{ "CONTACTLESS", 1 }, { "Other", 2 }, { "1", 0 }, { "3", 2 }, { "4", 3 },
		{ "7", 3 }, { "0", -1 }, { "5", -1 }, { "12", -1 }, { "99999999999999999999", -1 },
		{ "", -1 }, { "acme 00 00", -2 }, { "Nobody", -1 } };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err e = { 0 };
		size_t at = 99;
		int rc = pcsc_find(&r, cases[i].name, &at, &e);

		if (cases[i].at >= 0) {
			assert_ok(rc, &e);
			assert_int_equal(at, cases[i].at);
			continue;
		}
		assert_int_equal(rc, -1);
		assert_int_equal(e.code, ERR_READER);
		if (cases[i].at == -2)
			assert_non_null(strstr(e.text, "ACME 00 00, ACME 00 00 contactless"));
		else
			assert_non_null(strstr(e.text, "no reader is called"));
	}
}

/* Numbers of two digits, and more names that fit than a message holds. */
static void test_find_among_many(void **state)
{
	struct pcsc_readers r = { .n = PCSC_READERS_MAX };
	struct err e = { 0 };
	size_t at;

	(void)state;
	for (size_t i = 0; i < r.n; i++)
		snprintf(r.reader[i].name, sizeof(r.reader[i].name), "reader %c %090d",
		    (char)('a' + i), 0);
	assert_ok(pcsc_find(&r, "12", &at, &e), &e);
	assert_int_equal(at, 11);
	assert_ok(pcsc_find(&r, "32", &at, &e), &e);
	assert_int_equal(at, 31);
	assert_int_equal(pcsc_find(&r, "33", &at, &e), -1);
	assert_int_equal(pcsc_find(&r, "reader", &at, &e), -1);
	assert_non_null(strstr(e.text, "fits more than one reader: reader a "));
}

static void test_canonical(void **state)
{
	char name[64], tiny[4];
	struct err e = { 0 };

	(void)state;
	assert_ok(pcsc_canonical("2", name, sizeof(name), &e), &e);
	assert_string_equal(name, "Beta Reader 00 00");
	assert_ok(pcsc_canonical("alpha", name, sizeof(name), &e), &e);
	assert_string_equal(name, "Alpha Reader 00 00");
	assert_int_equal(pcsc_canonical("Reader", name, sizeof(name), &e), -1);
	assert_int_equal(pcsc_canonical("alpha", tiny, sizeof(tiny), &e), -1);
}

/* ---- a card ---- */

static int send(struct card *c, struct wr *rsp, struct err *e)
{
	return card_transmit(c, unit_bytes("80CA006600"), rsp, e);
}

static void test_card(void **state)
{
	struct wr rsp = wr_grow(APDU_MAX_RESPONSE);
	struct err e = { 0 };
	struct card c;

	(void)state;
	fake.answer = "AABB9000";
	assert_ok(pcsc_open("beta", NULL, &c, &e), &e);
	assert_string_equal(c.name, "Beta Reader 00 00");
	assert_span(span_of(c.atr, c.atr_n), SPAN(atr));
	assert_false(c.t0);
	assert_int_equal(fake.share, SCARD_SHARE_EXCLUSIVE);
	assert_int_equal(fake.transactions, 1);
	for (int i = 0; i < 3; i++) {
		assert_ok(send(&c, &rsp, &e), &e);
		assert_span(wr_span(&rsp), unit_bytes("AABB9000"));
		assert_span(span_of(fake.command, fake.command_n), unit_bytes("80CA006600"));
	}
	card_close(&c);
	assert_int_equal(fake.disposition, SCARD_RESET_CARD);
	wr_free(&rsp);
}

static void test_t0(void **state)
{
	struct wr rsp = wr_grow(APDU_MAX_RESPONSE);
	struct err e = { 0 };
	struct card c;

	(void)state;
	fake.protocol = SCARD_PROTOCOL_T0;
	assert_ok(pcsc_open("1", NULL, &c, &e), &e);
	assert_true(c.t0);
	assert_ok(card_transmit(&c, unit_bytes("00A4040002A00000"), &rsp, &e), &e);
	assert_span(span_of(fake.command, fake.command_n), unit_bytes("00A4040002A000"));
	card_close(&c);
	wr_free(&rsp);
}

static void test_connect_fails(void **state)
{
	static const struct {
		LONG rv;
		const char *text;
	} cases[] = {
		{ SCARD_E_SHARING_VIOLATION, "in use" },
		{ SCARD_E_NO_SMARTCARD, "no card" },
		{ SCARD_W_UNRESPONSIVE_CARD, "answer to reset" },
		{ SCARD_E_READER_UNAVAILABLE, "unplugged" },
		{ SCARD_E_PROTO_MISMATCH, "T=0" },
		{ (LONG)0x80100099, "80100099" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err e = { 0 };
		struct card c;

		fake.connect = cases[i].rv;
		assert_int_equal(pcsc_open("1", NULL, &c, &e), -1);
		assert_int_equal(e.code, ERR_READER);
		assert_non_null(strstr(e.text, cases[i].text));
		assert_non_null(strstr(e.text, "Alpha Reader 00 00"));
		card_close(&c);
	}
	fake.connect = SCARD_S_SUCCESS;
	fake.begin = SCARD_W_RESET_CARD;
	struct err e = { 0 };
	struct card c;

	assert_int_equal(pcsc_open("1", NULL, &c, &e), -1);
	assert_non_null(strstr(e.text, "reset by another program"));
	fake.transactions = 0; /* EndTransaction without a begun one does no harm */
}

static void test_transmit_fails(void **state)
{
	static const struct {
		LONG rv;
		DWORD now, later;
		LONG change;
		const char *text;
	} cases[] = {
		{ SCARD_W_REMOVED_CARD, SCARD_STATE_PRESENT, SCARD_STATE_PRESENT, 0, "removed" },
		{ SCARD_W_RESET_CARD, SCARD_STATE_PRESENT, SCARD_STATE_PRESENT, 0,
		    "reset by another program" },
		{ SCARD_E_NOT_TRANSACTED, SCARD_STATE_EMPTY, SCARD_STATE_EMPTY, 0, "removed" },
		{ SCARD_E_NOT_TRANSACTED, SCARD_STATE_PRESENT, SCARD_STATE_EMPTY, 0, "removed" },
		{ SCARD_E_NOT_TRANSACTED, SCARD_STATE_PRESENT, SCARD_STATE_PRESENT, 0,
		    "transmission failed" },
		{ SCARD_E_NOT_TRANSACTED, SCARD_STATE_PRESENT, SCARD_STATE_UNAVAILABLE, 0,
		    "unplugged" },
		{ SCARD_F_COMM_ERROR, SCARD_STATE_PRESENT, SCARD_STATE_PRESENT,
		    SCARD_E_INVALID_HANDLE, "restarted" },
		{ SCARD_S_SUCCESS, SCARD_STATE_EMPTY, SCARD_STATE_EMPTY, 0, "removed" },
		{ SCARD_S_SUCCESS, SCARD_STATE_PRESENT, SCARD_STATE_PRESENT, 0,
		    "transmission failed" },
		{ SCARD_E_NO_SERVICE, SCARD_STATE_PRESENT, SCARD_STATE_PRESENT, SCARD_E_NO_SERVICE,
		    "pcscd" },
	};
	struct wr rsp = wr_grow(APDU_MAX_RESPONSE);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err e = { 0 };
		struct card c;
		int sent;

		fake.transmit = SCARD_S_SUCCESS;
		fake.change = SCARD_S_SUCCESS;
		fake.state = fake.state_later = SCARD_STATE_PRESENT;
		assert_ok(pcsc_open("1", NULL, &c, &e), &e);
		fake.transmit = cases[i].rv;
		fake.answer = cases[i].rv == SCARD_S_SUCCESS ? "90" : "9000";
		fake.state = cases[i].now;
		fake.state_later = cases[i].later;
		fake.change = cases[i].change;
		assert_int_equal(send(&c, &rsp, &e), -1);
		assert_int_equal(e.code, ERR_READER);
		if (strstr(e.text, cases[i].text) == NULL)
			fail_msg("case %zu: %s", i, e.text);
		sent = fake.sent;
		assert_true(c.gone);
		assert_int_equal(send(&c, &rsp, &e), -1);
		assert_int_equal(fake.sent, sent);
		card_close(&c);
	}
	wr_free(&rsp);
}

/* Asked without a command: pulled, put in again, unplugged, pcscd gone. */
static void test_alive(void **state)
{
	static const struct {
		DWORD state;
		LONG change;
		const char *text;
	} cases[] = {
		{ SCARD_STATE_EMPTY, 0, "Alpha Reader 00 00: the card was removed" },
		{ SCARD_STATE_PRESENT | 5 << 16, 0, "the card was removed" },
		{ SCARD_STATE_UNKNOWN, 0, "unplugged" },
		{ SCARD_STATE_UNAVAILABLE, 0, "unplugged" },
		{ SCARD_STATE_PRESENT, SCARD_E_NO_SERVICE, "pcscd does not run" },
		{ SCARD_STATE_PRESENT, SCARD_E_INVALID_HANDLE, "restarted" },
	};
	struct wr rsp = wr_grow(APDU_MAX_RESPONSE);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err e = { 0 };
		struct card c;

		fake.state = SCARD_STATE_PRESENT | 3 << 16;
		fake.change = SCARD_S_SUCCESS;
		assert_ok(pcsc_open("1", NULL, &c, &e), &e);
		fake.state |= SCARD_STATE_EXCLUSIVE | SCARD_STATE_INUSE;
		fake.sent = 0;
		assert_ok(card_alive(&c, &e), &e);
		assert_ok(card_alive(&c, &e), &e);
		fake.state = cases[i].state;
		fake.change = cases[i].change;
		assert_int_equal(card_alive(&c, &e), -1);
		assert_int_equal(e.code, ERR_READER);
		if (strstr(e.text, cases[i].text) == NULL)
			fail_msg("case %zu: %s", i, e.text);
		/* Whatever comes back is not the card that was open. */
		fake.state = SCARD_STATE_PRESENT | 3 << 16;
		fake.change = SCARD_S_SUCCESS;
		assert_int_equal(send(&c, &rsp, &e), -1);
		assert_int_equal(fake.sent, 0);
		card_close(&c);
	}
	wr_free(&rsp);
}

static void test_too_long(void **state)
{
	struct wr rsp = wr_grow(APDU_MAX_RESPONSE);
	struct err e = { 0 };
	struct card c;

	(void)state;
	assert_ok(pcsc_open("1", NULL, &c, &e), &e);
	fake.transmit = SCARD_E_INSUFFICIENT_BUFFER;
	assert_int_equal(send(&c, &rsp, &e), -1);
	assert_non_null(strstr(e.text, "longer than 65536 octets"));
	card_close(&c);
	wr_free(&rsp);
}

/* ---- waiting ---- */

static void test_wait(void **state)
{
	static const char one[] = "Gamma 00 00\0";
	volatile sig_atomic_t stop = 0;
	struct err e = { 0 };

	(void)state;
	assert_ok(pcsc_wait("alpha", 0, &stop, &e), &e);
	fake.comes = 4; /* two readers are looked at each time */
	assert_ok(pcsc_wait("alpha", 5, &stop, &e), &e);
	fake.comes = 1000;
	fake.looks = 0;
	assert_int_equal(pcsc_wait("alpha", 0, &stop, &e), -1);
	assert_int_equal(fake.looks, 2); /* no time is no second look */
	assert_int_equal(e.code, ERR_READER);
	assert_string_equal(e.text, "Alpha Reader 00 00: no card in the reader");
	assert_non_null(strstr(unit_hint(&e), "; --wait SECONDS waits for it"));
	stop = 1;
	assert_int_equal(pcsc_wait("alpha", 5, &stop, &e), -1);
	assert_int_equal(e.code, ERR_INTERRUPTED);
	/* Two readers: waiting does not make it one. */
	fake.comes = fake.looks = 0;
	assert_int_equal(pcsc_wait("Reader", 1000, NULL, &e), -1);
	assert_non_null(strstr(e.text, "more than one"));
	fake.readers = one;
	fake.readers_n = sizeof(one);
	assert_int_equal(pcsc_wait("alpha", 0, NULL, &e), -1);
	assert_non_null(strstr(e.text, "no reader is called"));
	fake.establish = SCARD_E_NO_SERVICE;
	assert_int_equal(pcsc_wait("gamma", 0, NULL, &e), -1);
	assert_non_null(strstr(e.text, "gamma: pcscd does not run"));
}

/* ---- calls that hang ---- */

static void test_hanging_command(void **state)
{
	const struct pcsc_limits limits = { .command = 50 };
	struct wr rsp = wr_grow(APDU_MAX_RESPONSE);
	struct err e = { 0 };
	struct card c;

	(void)state;
	assert_ok(pcsc_open("1", &limits, &c, &e), &e);
	fake.hang_transmit = true;
	assert_int_equal(send(&c, &rsp, &e), -1);
	assert_int_equal(e.code, ERR_READER);
	assert_non_null(strstr(e.text, "Alpha Reader 00 00: no answer within 0.0"));
	assert_true(c.gone);
	card_close(&c); /* does not hang either, and leaves the card to the thread that does */
	assert_int_equal(fake.connected, 1);
	sem_post(&fake.go_on);
	sem_wait(&fake.ended); /* which cleans up when the call comes back after all */
	assert_int_equal(fake.connected, 0);
	wr_free(&rsp);
}

static void test_hanging_daemon(void **state)
{
	const struct pcsc_limits limits = { .connect = 50 };
	struct pcsc_readers r;
	struct err e = { 0 };
	bool none;

	(void)state;
	fake.hang_list = true;
	assert_int_equal(pcsc_list(&r, &limits, &none, &e), -1);
	assert_int_equal(e.code, ERR_READER);
	assert_non_null(strstr(e.text, "pcscd: no answer within"));
	assert_false(none);
	sem_post(&fake.go_on);
	sem_wait(&fake.ended);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_list, setup, teardown),
		cmocka_unit_test_setup_teardown(test_list_is_bounded, setup, teardown),
		cmocka_unit_test_setup_teardown(test_long_atr, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_daemon, setup, teardown),
		cmocka_unit_test_setup_teardown(test_find, setup, teardown),
		cmocka_unit_test(test_find_among_many),
		cmocka_unit_test_setup_teardown(test_canonical, setup, teardown),
		cmocka_unit_test_setup_teardown(test_card, setup, teardown),
		cmocka_unit_test_setup_teardown(test_t0, setup, teardown),
		cmocka_unit_test_setup_teardown(test_connect_fails, setup, teardown),
		cmocka_unit_test_setup_teardown(test_transmit_fails, setup, teardown),
		cmocka_unit_test_setup_teardown(test_alive, setup, teardown),
		cmocka_unit_test_setup_teardown(test_too_long, setup, teardown),
		cmocka_unit_test_setup_teardown(test_wait, setup, teardown),
		cmocka_unit_test_setup_teardown(test_hanging_command, setup, teardown),
		cmocka_unit_test_setup_teardown(test_hanging_daemon, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
