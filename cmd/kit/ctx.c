/* What verbs share while they run: remarks, the session they talk through, the key store. */
#include <stdarg.h>
#include <stdlib.h>

#include "cmd/agent/agent.h"
#include "card/trace.h"
#include "cmd/channel/open.h"
#include "cmd/kit/verb.h"
#include "cmd/kit/print.h"

void ctx_note(struct ctx *c, const char *fmt, ...)
{
	va_list ap;

	if (c->quiet)
		return;
	va_start(ap, fmt);
	print_note(c->log, fmt, ap);
	va_end(ap);
}

bool ctx_stopped(struct ctx *c)
{
	return c->agent != NULL ? agent_interrupted(c->agent, c) : *c->stop != 0;
}

int ctx_session(struct ctx *c, struct session **s, struct err *e)
{
	if (c->agent != NULL) {
		*s = &c->agent->session;
		return 0;
	}
	*s = &c->session;
	if (c->card_open)
		return 0;
	if (c->note.there && !c->note.told) {
		agent_note_err(&c->note, ERR_READER, e);
		ctx_note(c, "%s", e->text);
		err_clear(e);
	}
	if (open_reader(c->reader, &c->card, e) != 0)
		return -1;
	card_limit(&c->card, c->timeout * 1000);
	if (c->trace != NULL && trace_wrap(&c->card, c->trace, e) != 0) {
		card_close(&c->card);
		return -1;
	}
	session_init(&c->session, &c->card);
	c->card_open = true;
	return 0;
}

int ctx_reconnect(struct ctx *c, struct err *e)
{
	struct session *s = c->agent == NULL ? &c->session : &c->agent->session;
	struct card *card = c->agent == NULL ? &c->card : &c->agent->card;
	const char *name = c->agent == NULL ? c->reader : c->agent->reader;
	/* With a channel open the trace of all its verbs is that of scp-open, and its name is not
	 * known here. */
	bool traced = c->trace != NULL && (c->agent == NULL || !c->agent->traced);
	unsigned limit = card->limit_ms;

	session_wipe(s);
	card_close(card);
	session_init(s, card);
	card->gone = true;
	if (c->wait > 0 && reader_wait(name, c->wait, c->stop, e) != 0)
		return -1;
	if (open_reader(name, card, e) != 0) {
		card->gone = true;
		return -1;
	}
	card_limit(card, limit);
	if (c->agent != NULL && c->agent->traced)
		ctx_note(c, "the card was connected again; what follows is not in the trace");
	return traced ? trace_wrap(card, c->trace, e) : 0;
}

int ctx_keystore(struct ctx *c, struct keystore **ks, struct err *e)
{
	const char *path = c->keystore;

	if (path == NULL && c->agent != NULL && c->agent->keystore[0] != '\0')
		path = c->agent->keystore;
	if (path == NULL)
		path = getenv("CARDADM_KEYSTORE");
	if (path == NULL || path[0] == '\0') {
		err_set(e, ERR_USAGE, "no key store is named");
		return err_hint(e, "-k FILE or CARDADM_KEYSTORE; keystore init makes one");
	}
	return keystore_open(path, ks, e);
}
