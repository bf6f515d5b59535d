/* container put, get, remove, show, list: what lies in a container, and what the card tells of it.
 */
#include <string.h>

#include "base/file.h"
#include "base/hex.h"
#include "base/value.h"
#include "cmd/authority/party_show.h"
#include "cmd/authority/place.h"
#include "cmd/content/container_show.h"
#include "cmd/kit/print.h"
#include "cmd/kit/show.h"

#define CONTAINER_NEEDS (NEED_READER | USES_SESSION | USES_KEYSTORE | HAS_JSON)

/* ---- what is common ---- */

/* Before the card; then the channel. */
static int open_target(struct target *t, struct ctx *c, const struct channel_args *a, struct err *e)
{
	struct keystore *ks = NULL;
	int rc = 0;

	if (c->agent == NULL && !c->dry_run)
		rc = ctx_keystore(c, &ks, e);
	if (rc == 0)
		rc = container_channel_check(c, a, ks, e);
	if (ks != NULL)
		keystore_close(ks);
	return rc == 0 ? container_target_open(t, c, a, e) : -1;
}

static int object_number(const char *text, uint8_t *n, struct err *e)
{
	uint32_t v = 0;
	bool ok = decimal_get(text, &v) && v >= 1 && v <= 0x7F;

	*n = (uint8_t)v;
	return ok ? 0 : err_set(e, ERR_USAGE, "N: the number of an object is from 1 to 127");
}

/* ---- put, get, remove ---- */

struct object_args {
	const char *number, *path, *output;
	struct channel_args channel;
};
static const struct operand put_operands[] = {
	WORD_STRING("N", object_args, number, "Number of the object, 1 to 127"),
	WORD_PATH("FILE", object_args, path, "What is put there, its octets as they are"),
};
static const struct operand one_operands[] = {
	WORD_STRING("N", object_args, number, "Number of the object, 1 to 127"),
};
static const struct opt put_opts[] = { CHANNEL_OPTS(object_args, channel) };
static const struct opt get_opts[] = {
	OPT_PATH(
	    "output", "FILE", object_args, output, "A new file for what is there (shown in hex)"),
	CHANNEL_OPTS(object_args, channel),
};

static int write_object(
    struct ctx *c, const struct object_args *a, struct span value, const char *done, struct err *e)
{
	struct target t;
	uint8_t n;
	json_t *o;

	if (object_number(a->number, &n, e) != 0 || open_target(&t, c, &a->channel, e) != 0)
		return -1;
	if (target_close(&t, container_object_write(t.s, n, value, e), e) != 0)
		return -1;
	if (c->dry_run)
		return 0;
	o = object_json(n, value.n);
	out_set(&o, done, json_true());
	return out_result(c, o, e);
}

static int put_run(struct ctx *c, void *args, struct err *e)
{
	const struct object_args *a = args;
	struct wr value = { 0 };
	int rc = file_read(a->path, CONTAINER_OBJECT_MAX, &value, e);

	if (rc == 0 && value.n == 0) {
		rc = err_set(e, ERR_INPUT, "%s: empty", a->path);
		err_hint(e, "container remove removes an object");
	}
	if (rc == 0)
		rc = write_object(c, a, wr_span(&value), "stored", e);
	wr_free(&value);
	return rc;
}

static int remove_run(struct ctx *c, void *args, struct err *e)
{
	return write_object(c, args, span_of(NULL, 0), "removed", e);
}

/* Octets are no text for a terminal: they go to a file, or are shown in hex. */
static int give(struct ctx *c, const struct object_args *a, uint8_t n, struct span v, struct err *e)
{
	json_t *o;

	if (a->output != NULL && file_create(a->output, v, 0600, e) != 0)
		return -1;
	o = object_json(n, v.n);
	if (a->output != NULL)
		out_set_text(&o, "output", a->output);
	else
		out_set(&o, "value", out_hex(v));
	return out_result(c, o, e);
}

static int get_run(struct ctx *c, void *args, struct err *e)
{
	const struct object_args *a = args;
	struct wr value = wr_grow(CONTAINER_OBJECT_MAX);
	struct target t;
	uint8_t n;
	int rc;

	if (object_number(a->number, &n, e) != 0 || open_target(&t, c, &a->channel, e) != 0)
		return -1;
	rc = target_close(&t, container_object_read(t.s, n, &value, e), e);
	if (rc == 0)
		rc = give(c, a, n, wr_span(&value), e);
	wr_free(&value);
	return rc;
}

const struct verb verb_container_put = {
	.name = "container put",
	.group = GROUP_CONTENT,
	.place = 150,
	.summary = "Put an object into a container",
	.needs = CONTAINER_NEEDS | MUTATES,
	VERB_OPTS(put_opts),
	VERB_OPERANDS(put_operands),
	.args_size = sizeof(struct object_args),
	.run = put_run,
};
const struct verb verb_container_get = {
	.name = "container get",
	.group = GROUP_CONTENT,
	.place = 160,
	.summary = "Get an object from a container",
	.needs = CONTAINER_NEEDS,
	VERB_OPTS(get_opts),
	VERB_OPERANDS(one_operands),
	.args_size = sizeof(struct object_args),
	.run = get_run,
};
const struct verb verb_container_remove = {
	.name = "container remove",
	.group = GROUP_CONTENT,
	.place = 170,
	.summary = "Remove an object from a container",
	.needs = CONTAINER_NEEDS | MUTATES,
	VERB_OPTS(put_opts),
	VERB_OPERANDS(one_operands),
	.args_size = sizeof(struct object_args),
	.run = remove_run,
};

/* ---- show, list ---- */

struct look_args {
	struct channel_args channel;
};
static const struct opt look_opts[] = { CHANNEL_OPTS(look_args, channel) };

static int read_all(struct ctx *c, const struct look_args *a, struct wr *state,
    struct containers *all, struct err *e)
{
	struct target t;
	bool there = false;
	int rc;

	if (open_target(&t, c, &a->channel, e) != 0)
		return -1;
	rc = target_close(&t, containers_read(t.s, NULL, state, all, &there, e), e);
	if (rc == 0 && !there)
		rc = err_set(e, ERR_CARD, "the card tells of no container here");
	return rc;
}

static int show_run(struct ctx *c, void *args, struct err *e)
{
	struct wr state = { 0 };
	struct containers all;
	struct container one;
	struct rd r;
	int rc = read_all(c, args, &state, &all, e);

	if (rc == 0) {
		r = rd_of(all.containers);
		if (all.is_operator || !container_next(&r, &one))
			rc = err_set(e, ERR_SAFETY,
			    "that is the issuer domain: container list shows all of them");
		else
			rc = out_result(c, container_json(&one, false), e);
	}
	wr_free(&state);
	return rc;
}

static int list_run(struct ctx *c, void *args, struct err *e)
{
	struct wr state = { 0 };
	struct containers all;
	int rc = read_all(c, args, &state, &all, e);

	if (rc == 0 && !all.is_operator)
		rc = err_set(
		    e, ERR_SAFETY, "that is a container: container show shows what is in it");
	else if (rc == 0 && c->json)
		rc = out_result(c, containers_json(&all), e);
	else if (rc == 0)
		containers_text(c->out, &all, "");
	wr_free(&state);
	return rc;
}

const struct verb verb_container_show = {
	.name = "container show",
	.group = GROUP_CONTENT,
	.place = 180,
	.summary = "Show what is in a container of one's own",
	.needs = CONTAINER_NEEDS,
	VERB_OPTS(look_opts),
	.args_size = sizeof(struct look_args),
	.run = show_run,
};
const struct verb verb_container_list = {
	.name = "container list",
	.group = GROUP_CONTENT,
	.place = 190,
	.summary = "List the containers of a card and whose they are",
	.needs = CONTAINER_NEEDS,
	VERB_OPTS(look_opts),
	.args_size = sizeof(struct look_args),
	.run = list_run,
};
