/*
 * Uploads to real cards, as they were recorded: the same INSTALL, LOAD and DELETE commands, taken
 * out of their secure channels, are answered 9000 by the virtual card for the whole upload.
 */
#include "content_rig.h"

struct upload {
	struct rig r;
	size_t uploads, blocks;
	struct aid package, app;
	bool running;
};

static bool is_content(uint8_t ins)
{
	return ins == INS_INSTALL || ins == INS_LOAD || ins == INS_DELETE;
}

/* The card's ISD has the name that the recorded one had: [for load] tells it. */
static void begin(struct upload *u, const struct install *i)
{
	rig_issue(&u->r, 16, 0x70);
	rig_on(&u->r);
	if (i->domain.n > 0) {
		chip_put_isd(u->r.v, &i->domain);
		assert_true(chip_commit(u->r.v));
		rig_cycle(&u->r);
	}
	content_session(&u->r);
	u->package = i->load_file;
	u->running = true;
}

static void end(struct upload *u)
{
	struct rig *r = &u->r;
	const struct card_load_file *f = chip_load_file(r->v, &u->package);
	const struct card_app *a = chip_app(r->v, &u->app);

	assert_non_null(f);
	assert_non_null(a);
	assert_true(aid_same(&a->load_file, &f->aid));
	assert_int_equal(f->module_n, 1);
	assert_true(f->import_n > 0);
	assert_int_equal(rig_send(r, 0x00, INS_SELECT, 0x0400, aid_span(&u->app)), SW_OK);
	assert_int_equal(rig_answer(r).n, 0);
	assert_int_equal(rig_hex(r, "80F28002024F0000"), SW_INS_NOT_SUPPORTED);
	assert_lasting(r);
	assert_non_null(chip_app(r->v, &u->app));
	rig_off(r);
	u->running = false;
	u->uploads++;
}

static void command(struct upload *u, const struct capdu *c, const char *rsp)
{
	struct install i;

	if (!is_content(c->ins) || strcmp(rsp + strlen(rsp) - 4, "9000") != 0)
		return;
	if (c->ins == INS_INSTALL && c->p1 == INSTALL_FOR_LOAD) {
		assert_true(install_get(c->p1, c->p2, c->data, &i));
		begin(u, &i);
	}
	if (!u->running)
		return;
	if (c->ins == INS_INSTALL && c->p1 == INSTALL_AND_SELECTABLE) {
		assert_true(install_get(c->p1, c->p2, c->data, &i));
		u->app = i.app;
	}
	assert_int_equal(say(&u->r, c->ins, (uint16_t)(c->p1 << 8 | c->p2), c->data, NULL), SW_OK);
	assert_span(span_of(u->r.answer, u->r.answer_n), unit_bytes("009000"));
	u->blocks += c->ins == INS_LOAD;
	if (c->ins == INS_INSTALL && c->p1 == INSTALL_AND_SELECTABLE)
		end(u);
}

/* What the host meant: as recorded in clear, or taken out of a channel whose keys are known. */
static bool plain_of(const json_t *exchange, struct capdu *c)
{
	const json_t *plain = json_object_get(exchange, "plain_cmd");
	struct span bytes = unit_hex(exchange, plain != NULL ? "plain_cmd" : "cmd");

	return capdu_get(bytes, c) && !cla_is_sm(c->cla);
}

static void session(json_t *line, void *ctx)
{
	struct upload *u = ctx;
	const json_t *exchange;
	struct capdu c;
	size_t k;

	json_array_foreach(json_object_get(line, "further_apdus"), k,
	    exchange) if (plain_of(exchange, &c)) command(u, &c, unit_str(exchange, "rsp"));
	assert_false(u->running);
}

static void recorded(const char *path, size_t uploads, size_t blocks)
{
	struct upload u = { 0 };

	unit_jsonl(path, session, &u);
	assert_int_equal(u.uploads, uploads);
	assert_int_equal(u.blocks, blocks);
}

static void scp01(void **state)
{
	(void)state;
	recorded("test/transcripts/scp01-opal.jsonl", 24, 1040);
}

static void scp02(void **state)
{
	(void)state;
	recorded("test/transcripts/scp02-opal.jsonl", 12, 520);
	recorded("test/transcripts/scp02-gp4net.jsonl", 1, 113);
	recorded("test/transcripts/scp02-opal-simulated.jsonl", 15, 650);
}

static void scp03(void **state)
{
	(void)state;
	recorded("test/transcripts/scp03-gp4net.jsonl", 1, 89);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scp01),
		cmocka_unit_test(scp02),
		cmocka_unit_test(scp03),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
