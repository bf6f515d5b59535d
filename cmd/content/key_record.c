#include "cmd/content/key_record.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cmd/agent/agent.h"
#include "base/file.h"
#include "cmd/channel/channel.h"
#include "cmd/kit/out.h"

static int open_record(struct key_record *r, struct err *e)
{
	char path[4096];

	if (path_state("keys.jsonl", path, sizeof(path), e) != 0) {
		e->code = ERR_LEDGER;
		return -1;
	}
	r->fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	return r->fd >= 0 ? 0 : err_errno(e, ERR_LEDGER, "%s: cannot open", path);
}

static void now_text(char *out, size_t cap)
{
	time_t now = time(NULL);
	struct tm tm;

	if (gmtime_r(&now, &tm) == NULL || strftime(out, cap, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		snprintf(out, cap, "unknown");
}

/* One line, whole: what others append at the same time comes before or behind it. */
static int append(const struct key_record *r, json_t *take, struct err *e)
{
	char *text = take == NULL ? NULL : json_dumps(take, JSON_COMPACT), *line = NULL;
	int n = -1, rc = -1;

	json_decref(take);
	if (text != NULL)
		n = asprintf(&line, "%s\n", text);
	if (n < 0)
		err_memory(e);
	else if (write(r->fd, line, (size_t)n) != n || fdatasync(r->fd) != 0)
		err_errno(e, ERR_LEDGER, "the record of key changes cannot be written");
	else
		rc = 0;
	if (n >= 0)
		free(line);
	free(text);
	return rc;
}

static json_t *line_of(const struct key_record *r, const char *event)
{
	char at[32];

	now_text(at, sizeof(at));
	return json_pack("{s:s, s:s, s:s}", "id", r->id, "at", at, "event", event);
}

static void add_members(json_t **o, json_t *take)
{
	if (*o == NULL || (take != NULL && json_object_update(*o, take) != 0)) {
		json_decref(*o);
		*o = NULL;
	}
	json_decref(take);
}

int key_record_begin(
    struct key_record *r, struct ctx *c, const struct session *s, json_t *take, struct err *e)
{
	struct timespec t = { 0 };
	char card[33];
	json_t *o;

	*r = (struct key_record){ .c = c, .fd = -1 };
	clock_gettime(CLOCK_REALTIME, &t);
	snprintf(
	    r->id, sizeof(r->id), "%lld.%09ld-%ld", (long long)t.tv_sec, t.tv_nsec, (long)getpid());
	if (open_record(r, e) != 0) {
		json_decref(take);
		return -1;
	}
	channel_card_id(s, &s->iu, card);
	o = line_of(r, "intent");
	out_set(&o, "uid", json_integer((json_int_t)getuid()));
	out_set(&o, "reader", json_string(c->agent != NULL ? c->agent->reader : c->reader));
	out_set(&o, "card", json_string(card));
	out_set(&o, "domain", out_hex(aid_span(&s->domain)));
	add_members(&o, take);
	return append(r, o, e);
}

int key_record_end(struct key_record *r, int rc, const struct err *e, json_t *take)
{
	struct err why;
	json_t *o;

	if (r->fd < 0) {
		json_decref(take);
		return rc;
	}
	o = line_of(r, rc == 0 ? "done" : "failed");
	if (rc != 0)
		out_set(&o, "error", json_string(e->text));
	add_members(&o, take);
	if (append(r, o, &why) != 0)
		ctx_note(r->c, "%s", why.text);
	close(r->fd);
	r->fd = -1;
	return rc;
}
