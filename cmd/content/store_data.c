/* store-data: STORE DATA to a domain, or through it to an application. */
#include <string.h>

#include "base/hexfile.h"
#include "host/personalize.h"
#include "cmd/content/target.h"

enum { DATA_MAX = 1 << 16 };

struct args {
	const char *file, *format;
	bool encrypted;
	struct aid application;
	struct channel_args channel;
};

static const char *const formats[] = { "dgi", "tlv", "raw", NULL };

static const struct operand operands[] = {
	WORD_PATH(
	    "FILE", args, file, "The data: hex with comments behind #, or octets as they are"),
};
static const struct opt opts[] = {
	OPT_CHOICE("format", "FORMAT", args, format, formats,
	    "dgi: data grouping identifiers; tlv: BER-TLV; raw: anything (dgi)"),
	OPT_FLAG("encrypted", args, encrypted,
	    "Encrypt under the DEK of the channel: each value with dgi, else all data"),
	OPT_AID("application", "AID", args, application,
	    "Application of the domain that gets them: INSTALL [for personalization] first"),
	CHANNEL_OPTS(args, channel),
};

/* ---- the run ---- */

struct job {
	const struct args *g;
	unsigned format; /* STORE_DGI, STORE_TLV, 0 */
	struct wr data;
	size_t n; /* groups or objects */
};

static int prepare(struct job *j, struct err *e)
{
	const char *f = j->g->format;

	j->format = f == NULL || strcmp(f, "dgi") == 0 ? STORE_DGI
		    : strcmp(f, "tlv") == 0            ? STORE_TLV
						       : 0u;
	if (hexfile_read(j->g->file, &j->data, e) != 0)
		return -1;
	if (personalize_check(j->format, wr_span(&j->data), &j->n, e) == 0)
		return 0;
	err_in(e, "%s", j->g->file);
	return f != NULL ? -1 : err_hint(e, "--format tlv or raw, if it is that");
}

static int for_application(struct target *t, const struct aid *app, struct err *e)
{
	const struct install i = { .app = *app };
	struct span none;

	if (app->n == 0)
		return 0;
	return content_install(
	    t->s, INSTALL_FOR_PERSONALIZATION, &i, "INSTALL [for personalization]", &none, e);
}

static int send(struct job *j, struct target *t, struct err *e)
{
	struct wr out = wr_grow(2 * DATA_MAX);
	unsigned p1 = j->format;
	struct span data = wr_span(&j->data);
	int rc = 0;

	if (j->g->encrypted) {
		p1 |= STORE_ENCRYPTED;
		rc = t->is_dry ? personalize_blank(false, j->format, data, &out, e)
			       : personalize_encrypt(t->s, j->format, data, &out, e);
		data = wr_span(&out);
		if (t->is_dry)
			ctx_note(t->c, "what is encrypted under the DEK is shown as zeros");
	}
	if (rc == 0)
		rc = for_application(t, &j->g->application, e);
	if (rc == 0)
		rc = content_store(t->s, (uint8_t)p1, data, e);
	wr_free(&out);
	return rc;
}

static int tell(struct job *j, struct ctx *c, struct err *e)
{
	const struct aid *app = &j->g->application;
	const char *format = j->g->format == NULL ? "dgi" : j->g->format;
	json_t *o;

	if (c->json) {
		o = json_pack("{s:s, s:I, s:b}", "format", format, "octets", (json_int_t)j->data.n,
		    "encrypted", (int)j->g->encrypted);
		out_set(
		    &o, "objects", j->format == 0 ? json_null() : json_integer((json_int_t)j->n));
		out_set(&o, "application", out_hex(aid_span(app)));
		return out_result(c, o, e);
	}
	fprintf(c->out, "stored: %zu octets", j->data.n);
	if (j->format != 0)
		fprintf(c->out, ", %zu %s%s", j->n,
		    j->format == STORE_DGI ? "data group" : "data object", j->n == 1 ? "" : "s");
	if (j->g->encrypted)
		fprintf(c->out, ", encrypted");
	if (app->n > 0)
		fprintf(c->out, ", for %s", aid_text(app).s);
	fputc('\n', c->out);
	return 0;
}

static int run(struct ctx *c, void *args, struct err *e)
{
	struct job j = { .g = args, .data = wr_grow(DATA_MAX) };
	struct target t;
	int rc = prepare(&j, e);

	if (rc == 0)
		rc = target_open(&t, c, &j.g->channel, e);
	if (rc == 0)
		rc = target_close(&t, send(&j, &t, e), e);
	if (rc == 0 && !c->dry_run)
		rc = tell(&j, c, e);
	wr_free(&j.data);
	return rc;
}

const struct verb verb_store_data = {
	.name = "store-data",
	.group = "content",
	.summary = "Store data in a domain or an application",
	.needs = NEED_READER | USES_SESSION | USES_KEYSTORE | MUTATES | DESTROYS | HAS_JSON,
	VERB_OPTS(opts),
	VERB_OPERANDS(operands),
	.args_size = sizeof(struct args),
	.run = run,
};
