#include "cmd/run.h"

#include <stdlib.h>
#include <string.h>

#include "cmd/agent/agent.h"
#include "card/trace.h"
#include "cmd/kit/doc.h"
#include "cmd/kit/print.h"

static void keep_common(struct ctx *c, const struct common *o)
{
	if (o->reader != NULL)
		c->reader = o->reader;
	if (o->keystore != NULL)
		c->keystore = o->keystore;
	if (o->trace != NULL)
		c->trace = o->trace;
	c->json |= o->json;
	c->dry_run |= o->dry_run;
	c->yes |= o->yes;
	c->quiet |= o->quiet;
	c->verbose += o->verbose;
	if (o->wait.given)
		c->wait = o->wait.v;
	if (o->timeout.given)
		c->timeout = o->timeout.v;
}

/* The reader of a verb that needs one: -r, else the variable. In the agent the card is there. */
static int find_reader(struct ctx *c, const struct verb *v, struct err *e)
{
	const char *env = getenv("CARDADM_READER");

	if ((v->needs & (NEED_READER | USES_SESSION | NEED_SESSION)) == 0 || c->agent != NULL)
		return 0;
	if (c->reader == NULL && env != NULL && env[0] != '\0')
		c->reader = env;
	if (c->reader != NULL || (v->needs & NEED_READER) == 0)
		return 0;
	err_set(e, ERR_USAGE, "no reader is named");
	return err_hint(e, "-r READER or CARDADM_READER; cardadm readers lists them");
}

int run_parse(struct line *l, struct ctx *c, int argc, char **argv, struct err *e)
{
	if (line_parse(l, argc, argv, e) != 0)
		return -1;
	keep_common(c, &l->common);
	if (l->verb == NULL || l->common.help)
		return 0;
	return find_reader(c, l->verb, e);
}

static void close_card(struct ctx *c)
{
	if (!c->card_open)
		return;
	session_wipe(&c->session);
	card_close(&c->card);
	c->card_open = false;
}

int run_no_channel(const struct ctx *c, struct err *e)
{
	const char *reader = c->reader == NULL ? "READER" : c->reader;

	if (c->note.there)
		return agent_note_err(&c->note, ERR_SAFETY, e);
	err_set(e, ERR_SAFETY, "no channel is open to %s", c->reader == NULL ? "a card" : reader);
	return err_hint(e, "open one with cardadm -r %s scp-open", reader);
}

/*
 * A channel was lost and no verb has said so yet: one that would change the card fails with it
 * once, so that nothing goes out unprotected which was meant for the channel. Others remark it
 * (ctx_session).
 */
static int tell_lost(const struct verb *v, struct ctx *c, struct err *e)
{
	if (!c->note.there || c->note.told || (v->needs & (NEED_SESSION | MUTATES)) == 0)
		return 0;
	c->note.told = true;
	agent_note_write(&c->note);
	return agent_note_err(&c->note, ERR_READER, e);
}

/* In the agent, with a limit of its own for this verb. */
static int run_timed(const struct line *l, struct ctx *c, struct err *e)
{
	struct card *card = &c->agent->card;
	unsigned was = card->limit_ms;
	int rc;

	card_limit(card, c->timeout * 1000);
	rc = l->verb->run(c, l->args, e);
	card_limit(card, was);
	card->limit_ms = was;
	return rc;
}

int run_line(const struct line *l, struct ctx *c, struct err *e)
{
	const struct verb *v = l->verb;
	bool traced;
	int rc;

	if (l->common.version) {
		print_line(c->out, "cardadm %s", CARDADM_VERSION);
		return 0;
	}
	if (v == NULL && !l->common.help && c->reader == NULL && c->keystore == NULL) {
		doc_all(c->out, NULL);
		return 0;
	}
	if (v == NULL && !l->common.help) {
		err_set(e, ERR_USAGE, "no verb is named");
		return err_hint(e, "cardadm --help shows the verbs");
	}
	if (v == NULL) {
		doc_all(c->out, l->family);
		return 0;
	}
	if (l->common.help) {
		doc_verb(c->out, v);
		return 0;
	}
	if (tell_lost(v, c, e) != 0)
		return -1;
	if ((v->needs & NEED_SESSION) != 0 && c->agent == NULL)
		return run_no_channel(c, e);
	/* With a channel open the agent writes the trace, for this verb only unless scp-open asked.
	 */
	traced = c->agent != NULL && c->trace != NULL && !c->agent->traced;
	if (traced && trace_wrap(&c->agent->card, c->trace, e) != 0)
		return -1;
	rc = c->agent != NULL && c->timeout != 0 ? run_timed(l, c, e) : v->run(c, l->args, e);
	if (rc != 0 && e->code == ERR_USAGE)
		err_hint_else(e, "cardadm %s --help shows what it takes", v->name);
	if (traced)
		trace_unwrap(&c->agent->card);
	close_card(c);
	return rc;
}

int verb_run(struct ctx *c, int argc, char **argv, struct err *e)
{
	struct line l;
	int rc = run_parse(&l, c, argc, argv, e);

	if (rc == 0)
		rc = run_line(&l, c, e);
	line_free(&l);
	return rc;
}
