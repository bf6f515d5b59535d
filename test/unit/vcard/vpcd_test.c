/* Virtual cards behind vpcd: the wire, against a vpcd that is this test, friendly and hostile. */
#include "rig.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "vcard/wire/vpcd.h"

#define ATR "3B87016361726461646DFA"
#define SELECT_ISD "00A4040000"

/* vpcd, with the card that serves on another thread. */
struct far {
	struct rig rig;
	int listen_fd, fd; /* fd: the card's connection */
	char address[64];
	int stop[2], events[2];
	struct vpcd_job job;
	const char *path;
	pthread_t thread;
	int rc;
	struct err e;
};

static void tell(void *ctx, enum vpcd_event event, const char *path)
{
	struct far *f = ctx;
	uint8_t b = (uint8_t)event;

	assert_true((path == NULL) == (event == VPCD_READY));
	assert_int_equal(write(f->events[1], &b, 1), 1);
}

static void *serve(void *ctx)
{
	struct far *f = ctx;

	f->rc = vpcd_serve(&f->job, &f->e);
	return NULL;
}

/* The next event; the test fails when none comes. */
static void expect_event(struct far *f, enum vpcd_event want)
{
	struct pollfd p = { .fd = f->events[0], .events = POLLIN };
	uint8_t b;

	assert_int_equal(poll(&p, 1, 5000), 1);
	assert_int_equal(read(f->events[0], &b, 1), 1);
	assert_int_equal(b, want);
}

static void expect_no_event(const struct far *f)
{
	struct pollfd p = { .fd = f->events[0], .events = POLLIN };

	assert_int_equal(poll(&p, 1, 0), 0);
}

static void take(struct far *f)
{
	struct pollfd p = { .fd = f->listen_fd, .events = POLLIN };

	assert_int_equal(poll(&p, 1, 5000), 1);
	f->fd = accept(f->listen_fd, NULL, NULL);
	assert_true(f->fd >= 0);
}

/* A card with this fault; its server does not run yet. */
static void far_prepare(struct far *f, const char *host, enum fault fault, uint32_t at)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t n = sizeof(a);

	memset(f, 0, sizeof(*f));
	rig_issue(&f->rig, 16, 0x70);
	f->rig.issue.fault = fault;
	f->rig.issue.fault_at = at;
	rig_on(&f->rig);
	vcard_close(f->rig.v);
	f->rig.v = NULL;
	f->path = f->rig.path;
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	f->listen_fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(f->listen_fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(f->listen_fd, 4), 0);
	assert_int_equal(getsockname(f->listen_fd, (struct sockaddr *)&a, &n), 0);
	snprintf(f->address, sizeof(f->address), "%s:%u", host, ntohs(a.sin_port));
	assert_int_equal(pipe(f->stop), 0);
	assert_int_equal(pipe(f->events), 0);
	f->job = (struct vpcd_job){ .address = f->address,
		.paths = &f->path,
		.n = 1,
		.wait_ms = 10000,
		.stop_fd = f->stop[0],
		.tell = tell,
		.ctx = f };
	f->fd = -1;
}

static void far_run(struct far *f)
{
	assert_int_equal(pthread_create(&f->thread, NULL, serve, f), 0);
}

static void far_join(struct far *f)
{
	assert_int_equal(pthread_join(f->thread, NULL), 0);
	close(f->listen_fd);
	if (f->fd >= 0)
		close(f->fd);
	for (int i = 0; i < 2; i++) {
		close(f->stop[i]);
		close(f->events[i]);
	}
	rig_off(&f->rig);
}

/* Stops it: that is no error. */
static void far_stop(struct far *f)
{
	assert_int_equal(write(f->stop[1], "", 1), 1);
	far_join(f);
	assert_ok(f->rc, &f->e);
}

static void put(const struct far *f, struct span s)
{
	assert_int_equal(send(f->fd, s.p, s.n, MSG_NOSIGNAL), (ssize_t)s.n);
}

static void put_frame(const struct far *f, struct span content)
{
	uint8_t length[2] = { (uint8_t)(content.n >> 8), (uint8_t)content.n };

	put(f, SPAN(length));
	put(f, content);
}

/* Octets from the card; fewer than n: it closed. */
static size_t get(const struct far *f, uint8_t *p, size_t n)
{
	struct pollfd w = { .fd = f->fd, .events = POLLIN };
	size_t got = 0;

	while (got < n) {
		ssize_t k;

		assert_int_equal(poll(&w, 1, 5000), 1);
		k = recv(f->fd, p + got, n - got, 0);
		if (k <= 0)
			break;
		got += (size_t)k;
	}
	return got;
}

/* The next answer; no octets when the card closed the connection. */
static struct span answer(struct far *f)
{
	uint8_t length[2];
	size_t n;

	if (get(f, length, 2) < 2)
		return (struct span){ NULL, 0 };
	n = (size_t)length[0] << 8 | length[1];
	assert_in_range(n, 1, sizeof(f->rig.answer));
	assert_int_equal(get(f, f->rig.answer, n), n);
	return span_of(f->rig.answer, n);
}

static struct span ask(struct far *f, const char *content)
{
	put_frame(f, unit_bytes(content));
	return answer(f);
}

static void expect_closed(struct far *f)
{
	uint8_t b;

	assert_int_equal(get(f, &b, 1), 0);
	close(f->fd);
	f->fd = -1;
}

/* The card is connected and was asked for its ATR. */
static void far_begin(struct far *f, enum fault fault, uint32_t at)
{
	far_prepare(f, "127.0.0.1", fault, at);
	far_run(f);
	take(f);
	assert_span(ask(f, "04"), unit_bytes(ATR));
	expect_event(f, VPCD_READY);
}

/* ---- tests ---- */

static void controls_and_commands(void **state)
{
	struct far f;

	(void)state;
	far_begin(&f, FAULT_NONE, 0);
	assert_span(ask(&f, SELECT_ISD), unit_bytes("6F108408A000000151000000A5049F6501FF9000"));
	/* No answer to power off, power on, reset. */
	put_frame(&f, unit_bytes("00"));
	put_frame(&f, unit_bytes("01"));
	put_frame(&f, unit_bytes("02"));
	assert_span(ask(&f, "04"), unit_bytes(ATR));
	/* What is no control and no APDU: vpcd passes it on and waits for an answer. */
	assert_span(ask(&f, "07"), unit_bytes("6700"));
	assert_span(ask(&f, "00A4"), unit_bytes("6700"));
	expect_no_event(&f);
	far_stop(&f);
}

static void power_is_lost(void **state)
{
	static const char *const off[] = { "00", "01", "02" };
	struct far f;

	(void)state;
	far_begin(&f, FAULT_NONE, 0);
	assert_span(ask(&f, "0070000001"), unit_bytes("019000"));
	assert_span(ask(&f, "0070000001"), unit_bytes("029000"));
	for (size_t i = 0; i < 3; i++) {
		put_frame(&f, unit_bytes(off[i]));
		assert_span(ask(&f, "0070000001"), unit_bytes("019000"));
	}
	close(f.fd);
	expect_event(&f, VPCD_LOST);
	take(&f);
	assert_span(ask(&f, "0070000001"), unit_bytes("019000"));
	expect_no_event(&f);
	far_stop(&f);
}

static void pieces(void **state)
{
	struct far f;
	struct span s = unit_bytes("000500A404000000010400" SELECT_ISD);

	(void)state;
	far_begin(&f, FAULT_NONE, 0);
	for (size_t i = 0; i < 10; i++)
		put(&f, span_sub(s, i, 1));
	assert_int_equal(answer(&f).n, 20);
	assert_span(answer(&f), unit_bytes(ATR));
	/* Several frames in one go are answered one after the other. */
	put(&f, unit_bytes("000500A4040000000104000500A4040000"));
	assert_int_equal(answer(&f).n, 20);
	assert_span(answer(&f), unit_bytes(ATR));
	assert_int_equal(answer(&f).n, 20);
	far_stop(&f);
}

static void longest_command(void **state)
{
	static uint8_t command[65535] = { 0x00, 0xA4, 0x04, 0x00, 0x00, 0xFF, 0xF8 };
	struct far f;

	(void)state;
	far_begin(&f, FAULT_NONE, 0);
	put_frame(&f, SPAN(command));
	assert_int_equal(answer(&f).n, 2);
	put_frame(&f, span_sub(SPAN(command), 0, 65534));
	assert_span(answer(&f), unit_bytes("6700"));
	assert_int_equal(ask(&f, SELECT_ISD).n, 20);
	far_stop(&f);
}

static void hostile(void **state)
{
	static const char *const cut[] = { "00", "0005", "000500A4", "FFFF00" };
	struct far f;

	(void)state;
	far_begin(&f, FAULT_NONE, 0);
	/* A frame of nothing is no frame. */
	put(&f, unit_bytes("0000"));
	expect_closed(&f);
	expect_event(&f, VPCD_LOST);
	take(&f);
	/* Frames that end in the middle. */
	for (size_t i = 0; i < sizeof(cut) / sizeof(cut[0]); i++) {
		assert_span(ask(&f, "04"), unit_bytes(ATR));
		put(&f, unit_bytes(cut[i]));
		close(f.fd);
		take(&f);
		expect_event(&f, VPCD_LOST);
	}
	expect_no_event(&f);
	assert_int_equal(ask(&f, SELECT_ISD).n, 20);
	far_stop(&f);
}

/* Who asks without listening gets all answers, in order, as soon as he listens. More octets than
 * the kernel keeps: the card must wait in the middle of one. */
static void deaf(void **state)
{
	enum { N = 250000 };
	struct far f;
	struct span frame = unit_bytes("000580CA006600");
	struct timespec pause = { .tv_nsec = 1000000 };
	size_t sent = 0, n;

	(void)state;
	far_begin(&f, FAULT_NONE, 0);
	n = ask(&f, "80CA006600").n;
	assert_true(n > 50);
	for (int idle = 0; idle < 100 && sent < N; idle++) {
		while (sent < N && send(f.fd, frame.p, frame.n, MSG_DONTWAIT | MSG_NOSIGNAL) ==
				       (ssize_t)frame.n) {
			sent++;
			idle = 0;
		}
		nanosleep(&pause, NULL);
	}
	assert_true(sent > 1000);
	/* Of the last request only a part may have gone: no answer to it is waited for. */
	for (size_t i = 0; i < sent; i++)
		assert_int_equal(answer(&f).n, n);
	far_stop(&f);
}

static void faults(void **state)
{
	static const struct {
		enum fault fault;
		enum vpcd_event event;
	} all[] = { { FAULT_REMOVED, VPCD_REMOVED }, { FAULT_SILENT, VPCD_SILENT } };
	struct far f;

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		far_begin(&f, all[i].fault, 2);
		assert_int_equal(ask(&f, SELECT_ISD).n, 20);
		assert_int_equal(ask(&f, SELECT_ISD).n, 0);
		expect_event(&f, all[i].event);
		far_join(&f);
		assert_int_equal(f.rc, -1);
		assert_int_equal(f.e.code, ERR_READER);
		assert_string_equal(f.e.text, "no card is left");
	}
}

static void nobody_there(void **state)
{
	struct far f;

	(void)state;
	/* It was there and is gone. */
	far_prepare(&f, "127.0.0.1", FAULT_NONE, 0);
	f.job.wait_ms = 700;
	far_run(&f);
	take(&f);
	assert_span(ask(&f, "04"), unit_bytes(ATR));
	expect_event(&f, VPCD_READY);
	shutdown(f.listen_fd, SHUT_RDWR);
	close(f.fd);
	f.fd = -1;
	expect_event(&f, VPCD_LOST);
	far_join(&f);
	assert_int_equal(f.e.code, ERR_READER);
	assert_non_null(strstr(f.e.text, "Connection refused"));
	/* Connected, but nobody takes it: the kernel does it alone. */
	far_prepare(&f, "127.0.0.1", FAULT_NONE, 0);
	f.job.wait_ms = 300;
	far_run(&f);
	far_join(&f);
	assert_int_equal(f.e.code, ERR_READER);
	assert_non_null(strstr(f.e.text, "takes no card"));
}

/* Nothing listens on the first address that a name has: the others are tried. */
static void by_name(void **state)
{
	struct far f;

	(void)state;
	far_prepare(&f, "localhost", FAULT_NONE, 0);
	far_run(&f);
	take(&f);
	assert_span(ask(&f, "04"), unit_bytes(ATR));
	far_stop(&f);
}

/* Length and content in two writes, as vpcd sends them: without quick acknowledgements each costs
 * 40 ms. Some may on a machine that has other things to do. */
static void no_waiting(void **state)
{
	enum { N = 40 };
	struct timespec from, to;
	struct far f;
	int late = 0;

	(void)state;
	far_begin(&f, FAULT_NONE, 0);
	for (int i = 0; i < N; i++) {
		clock_gettime(CLOCK_MONOTONIC, &from);
		assert_int_equal(ask(&f, SELECT_ISD).n, 20);
		clock_gettime(CLOCK_MONOTONIC, &to);
		late +=
		    (to.tv_sec - from.tv_sec) * 1000 + (to.tv_nsec - from.tv_nsec) / 1000000 >= 38;
	}
	assert_true(late < N / 2);
	far_stop(&f);
}

static void addresses(void **state)
{
	static const char *const bad[] = { "", ":", "localhost", "localhost:", ":35963",
		"localhost:0", "localhost:65536", "localhost:99999999999", "localhost:+1",
		"localhost:1x", "[]:1" };
	static const char *const two[] = { "a", "b" };
	struct vpcd_job job = { .paths = two, .n = 1, .wait_ms = 100 };
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		job.address = bad[i];
		e = (struct err){ 0 };
		assert_int_equal(vpcd_serve(&job, &e), -1);
		assert_int_equal(e.code, i == 10 ? ERR_READER : ERR_USAGE);
	}
	job.address = "127.0.0.1:65535";
	job.n = 2;
	assert_int_equal(vpcd_serve(&job, &e), -1);
	assert_int_equal(e.code, ERR_USAGE);
	job.address = "[::1]:65534"; /* understood; then there is no card */
	assert_int_equal(vpcd_serve(&job, &e), -1);
	assert_int_equal(e.code, ERR_READER);
	assert_non_null(strstr(e.text, "a: "));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(controls_and_commands),
		cmocka_unit_test(power_is_lost),
		cmocka_unit_test(pieces),
		cmocka_unit_test(longest_command),
		cmocka_unit_test(hostile),
		cmocka_unit_test(deaf),
		cmocka_unit_test(faults),
		cmocka_unit_test(nobody_there),
		cmocka_unit_test(by_name),
		cmocka_unit_test(no_waiting),
		cmocka_unit_test(addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
