/*
 * One card: who it is, its channel, what is told meanwhile, and how it ended. What is done in the
 * channel is the mode's.
 */
#include "campaign/work.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/hex.h"

enum { ID_SIZE = sizeof(((struct ledger_card *)0)->id) };

void work_tell(struct run *r, uint32_t done, uint32_t total)
{
	if (r->calls->progress != NULL)
		r->calls->progress(r->calls->ctx, r->lc, done, total);
}

void work_step(struct run *r, const char *name)
{
	snprintf(r->lc->step, sizeof(r->lc->step), "%s", name);
	work_tell(r, 0, 0);
}

bool work_stopping(const struct run *r)
{
	return r->calls->stop != NULL && r->calls->stop(r->calls->ctx);
}

/* ---- the channel ---- */

/* The CIN that the card tells now, "": none. */
static int read_id(struct run *r, char id[static ID_SIZE], struct err *e)
{
	uint8_t cin[16], n;

	if (session_cin(&r->s, cin, &n, e) != 0)
		return -1;
	hex_put(span_of(cin, n), id, ID_SIZE);
	return 0;
}

int work_rename(struct run *r, struct err *e)
{
	char id[ID_SIZE];

	if (read_id(r, id, e) != 0)
		return -1;
	if (id[0] != '\0')
		memcpy(r->lc->id, id, sizeof(id));
	return 0;
}

/* Is it still the card that was identified? */
static int compare_card(struct run *r, struct err *e)
{
	char id[ID_SIZE];

	if (read_id(r, id, e) != 0)
		return -1;
	if (strcmp(id, r->lc->id) == 0)
		return 0;
	err_set(e, ERR_SAFETY,
	    "another card than before answers: %s was identified, now it is %s; nothing of the "
	    "campaign was sent to it",
	    r->lc->id, id[0] != '\0' ? id : "one without a CIN");
	return err_hint(e, "leave a card in the reader until it is told to be taken out");
}

/* Diversified keys are those of one card: with those of a card that was worked on, another number
 * is not its own. */
static int check_keys(struct run *r, struct err *e)
{
	const char *kdd = r->opening.kdd;
	char id[ID_SIZE];

	if (kdd[0] == '\0' || strcmp(kdd, r->lc->kdd) == 0)
		return 0;
	if (ledger_others_keys(r->l, r->lc, kdd, id, e) != 0)
		return -1;
	if (id[0] == '\0')
		return 0;
	err_set(e, ERR_SAFETY,
	    "card %s proved itself with the keys of card %s (diversification data %s); nothing of "
	    "the campaign was sent to it",
	    r->lc->id, id, kdd);
	return err_hint(e, "one of the two is not what it says: find out which before going on");
}

/* What the row is to say, and that no later run begins with it again. */
static int channel_failed(struct run *r, struct err *e)
{
	const struct opening *o = &r->opening;

	/* With a status word and no refusal it was INITIALIZE UPDATE, which costs no try: the next
	 * run may ask again. */
	if (o->wrong_keys || o->left_wrong)
		r->lc->auth_failed = CARD_AUTH_WRONG_KEYS;
	else if (o->refused || o->left_alone)
		r->lc->auth_failed = CARD_AUTH_REFUSED;
	return o->left_alone ? err_in(e, "left alone") : -1;
}

int work_channel(struct run *r, const struct entry *keys, uint8_t version, struct err *e)
{
	const struct manifest *m = &r->c->m;
	struct choose_asks asks = { .domain = m->domain,
		.key_version = version,
		.level = m->level,
		.needs_rmac = m->level < 0,
		.s16 = m->s16 };
	int rc;

	opening_asks(keys, r->habits.profile, &asks);
	r->opening.s = &r->s;
	r->opening.tries = r->tries;
	r->opening.entry = keys;
	r->opening.retry = r->calls->retry_authentication;
	r->opening.marks_wrong_keys = true;
	r->opening.limit = m->limit_refusals;
	r->opening.known = r->known_refused ? 1 : 0;
	r->opening.kdd_known = r->lc->kdd[0] != '\0' ? r->lc->kdd : r->kdd_elsewhere;
	rc = opening_begin(&r->opening, &asks, e);
	if (r->opening.unkept.code != ERR_NONE) {
		*e = r->opening.unkept;
		return -1;
	}
	if (rc != 0)
		return channel_failed(r, e);
	r->lc->auth_failed = CARD_AUTH_FINE;
	r->lc->bare = !session_has_rmac(&r->s);
	if (compare_card(r, e) != 0 || check_keys(r, e) != 0)
		return -1;
	if (r->opening.kdd[0] != '\0')
		memcpy(r->lc->kdd, r->opening.kdd, sizeof(r->lc->kdd));
	return 0;
}

/* ---- one card ---- */

/* Opens the card that is called so and learns which it is; nothing is changed on it. */
static int identify(struct run *r, const char *name, struct err *e)
{
	char id[ID_SIZE];

	work_step(r, reached_str(REACHED_CONNECT));
	if (r->calls->open(r->calls->ctx, name, &r->card, e) != 0)
		return -1;
	session_init(&r->s, &r->card);
	work_step(r, reached_str(REACHED_IDENTIFY));
	if (session_discover(&r->s, &r->c->m.domain, e) != 0)
		return -1;
	if (r->s.id.cin_n == 0)
		return err_set(e, ERR_CARD, "the card tells no CIN: it cannot be told from others");
	hex_put(span_of(r->s.id.cin, r->s.id.cin_n), id, sizeof(id));
	if (r->lc->file[0] == '\0') /* in a reader */
		snprintf(r->lc->file, sizeof(r->lc->file), "card:%s", id);
	r->habits = (struct campaign_habits){ 0 };
	if (r->calls->habits != NULL)
		r->calls->habits(r->calls->ctx, &r->s, &r->habits);
	r->other_before = r->lc->id[0] != '\0' && strcmp(r->lc->id, id) != 0;
	if (r->other_before) {
		r->lc->kdd[0] = '\0';
		r->lc->auth_failed = CARD_AUTH_FINE;
	}
	r->known_refused = r->lc->auth_failed == CARD_AUTH_REFUSED;
	memcpy(r->lc->id, id, sizeof(id));
	/* Under another name it may have proved itself before. */
	return ledger_kdd_of(r->l, r->lc, r->kdd_elsewhere, e);
}

/*
 * A card that fails in the middle may have become another one: an operator's hand is quick, and a
 * card without our channel refuses what it gets. Then what was found out about it does not count.
 */
static int who_failed(struct run *r, enum card_auth auth_failed, struct err *e)
{
	struct err now = { 0 };

	if (r->s.card == NULL || r->card.gone || r->lc->id[0] == '\0' || r->ledger_failed ||
	    (e->code != ERR_CARD && e->code != ERR_AUTH && e->code != ERR_INTEGRITY))
		return -1;
	if (session_discover(&r->s, &r->c->m.domain, &now) != 0 || compare_card(r, &now) == 0 ||
	    now.code != ERR_SAFETY)
		return -1;
	*e = now;
	r->lc->auth_failed = auth_failed;
	if (r->opening.refused && opening_forget(&r->opening, &now) != 0) {
		r->ledger_failed = true;
		*e = now;
	}
	return -1;
}

/* To the goal, on the card that was identified. */
static int work_card(struct run *r, struct err *e)
{
	enum card_auth auth_failed = r->lc->auth_failed;

	return r->c->mode->work(r, e) == 0 ? 0 : who_failed(r, auth_failed, e);
}

/* The reason and the remedy of a row, in words of the manifest; why NULL: there is none. */
static void tell_why(struct ledger_card *lc, struct err *why)
{
	if (why != NULL)
		err_word(why, WORDS_KEYS);
	snprintf(lc->reason, sizeof(lc->reason), "%s", why == NULL ? "" : why->text);
	snprintf(lc->hint, sizeof(lc->hint), "%s", why == NULL ? "" : why->hint);
}

/* Wrong keys for one card after the other are wrong keys for all of them. Those that are left alone
 * say nothing new. */
static void count_in_a_row(struct run *r, bool failed)
{
	const struct opening *o = &r->opening;
	bool wrong = failed && o->wrong_keys;
	bool same =
	    wrong && strcmp(r->wrong_set, o->set) == 0 && strcmp(r->wrong_keys, o->keys) == 0;

	if (failed && o->left_alone)
		return;
	r->refused_in_a_row = failed && o->refused ? r->refused_in_a_row + 1 : 0;
	r->wrong_in_a_row = same ? r->wrong_in_a_row + 1 : wrong ? 1 : 0;
	if (wrong) {
		memcpy(r->wrong_set, o->set, sizeof(r->wrong_set));
		memcpy(r->wrong_keys, o->keys, sizeof(r->wrong_keys));
	}
}

/* Writes down how it ended. Returns -1 only for what ends the whole run. */
static int settle(struct run *r, int rc, struct err *e)
{
	struct ledger_card *lc = r->lc;

	lc->in_doubt = false;
	if (rc != 0 && (r->ledger_failed || e->code == ERR_LEDGER))
		return -1;
	if (rc != 0 && e->code == ERR_INTERRUPTED) {
		struct err le;

		return ledger_note(r->l, lc, &le) == 0 ? -1 : (*e = le, -1);
	}
	if (rc != 0)
		err_word(e, WORDS_KEYS);
	lc->state = rc == 0 ? ROW_DONE : ROW_FAILED;
	lc->check_once = lc->check_once && rc != 0;
	tell_why(lc, rc == 0 ? NULL : e);
	r->failures += rc == 0 || r->opening.left_alone ? 0 : 1;
	count_in_a_row(r, rc != 0);
	if (ledger_note(r->l, lc, e) != 0)
		return -1;
	work_tell(r, 0, 0);
	return 0;
}

static void begin_card(struct run *r, struct ledger_card *lc)
{
	r->lc = lc;
	r->opening = (struct opening){ 0 };
	lc->state = ROW_PENDING;
	lc->reason[0] = lc->hint[0] = '\0';
	lc->bare = false;
	memset(&r->card, 0, sizeof(r->card));
	memset(&r->s, 0, sizeof(r->s));
}

static void end_card(struct run *r)
{
	if (r->s.card != NULL) {
		if (!r->card.gone)
			session_close(&r->s);
		session_wipe(&r->s);
	}
	card_close(&r->card);
}

static int identify_file(struct run *r, const char *path, struct err *e)
{
	if (r->calls->made != NULL)
		r->calls->made(r->calls->ctx, path, r->lc->made);
	return identify(r, path, e);
}

int work_file(struct run *r, struct ledger_card *lc, struct err *e)
{
	char path[MANIFEST_PATH];
	int rc;

	begin_card(r, lc);
	lc->in_doubt = true; /* as the claim has written */
	if (!path_beside(r->c->m.path, lc->file, path, sizeof(path)))
		rc = err_set(e, ERR_INPUT, "%s: name too long", lc->file);
	else
		rc = identify_file(r, path, e);
	if (rc == 0)
		rc = work_card(r, e);
	end_card(r);
	return settle(r, rc, e);
}

/* ---- cards in readers ---- */

/*
 * Was it this card that was done under this number? The number is what it says of itself; keys that
 * no longer open a channel say nothing, and nothing is written down of it.
 */
static int check_done(struct run *r, enum fed *how, struct err *e)
{
	const struct manifest *m = &r->c->m;
	const struct entry *keys = r->c->keys;
	const struct ledger_card known = *r->lc;
	struct err why;

	if (known.kdd[0] == '\0' || keys == NULL || keys->diversification == DIVERSIFY_NONE)
		return 0;
	r->lc->state = ROW_PENDING;
	work_step(r, reached_str(REACHED_ESTABLISH));
	if (work_channel(r, keys, m->key_version >= 0 ? (uint8_t)m->key_version : keys->version,
		&why) == 0 ||
	    (!r->opening.other_card && why.code != ERR_LEDGER)) {
		*r->lc = known;
		return 0;
	}
	*how = FED_UNKNOWN;
	*e = why;
	return -1;
}

/* What the ledger knows of the card that was put in; the intent to work on it is durable then. */
static int recall(struct run *r, enum fed *how, struct err *e)
{
	struct ledger_card *lc = r->lc, known;
	bool found;

	if (ledger_get(r->l, lc->file, &known, &found, e) != 0)
		return -1;
	if (found && known.state == ROW_DONE)
		*how = FED_DUPLICATE;
	else if (found && known.auth_failed == CARD_AUTH_REFUSED && !work_retries(r))
		*how = FED_REFUSED;
	else
		*how = FED_FAILED; /* unless it gets better */
	if (*how != FED_FAILED) {
		*lc = known;
		return *how == FED_DUPLICATE ? check_done(r, how, e) : 0;
	}
	lc->auth_failed = found ? known.auth_failed : CARD_AUTH_FINE;
	r->known_refused = lc->auth_failed == CARD_AUTH_REFUSED;
	lc->attempts = found ? known.attempts + 1 : 1;
	lc->check_once = found && known.check_once;
	if (found)
		memcpy(lc->kdd, known.kdd, sizeof(lc->kdd));
	lc->in_doubt = true;
	return ledger_put(r->l, lc, e);
}

/* A card that cannot be told from others has no row; the operator is told. */
static int settle_unknown(struct run *r, struct err *e)
{
	if (r->ledger_failed || e->code == ERR_LEDGER || e->code == ERR_INTERRUPTED)
		return -1;
	err_word(e, WORDS_KEYS);
	r->lc->state = ROW_FAILED;
	tell_why(r->lc, e);
	r->failures++;
	return 0;
}

int work_reader(
    struct run *r, const char *reader, struct ledger_card *lc, enum fed *how, struct err *e)
{
	int rc;

	memset(lc, 0, sizeof(*lc));
	*how = FED_UNKNOWN;
	begin_card(r, lc);
	rc = identify(r, reader, e);
	if (rc == 0)
		rc = recall(r, how, e);
	if (rc == 0 && *how == FED_FAILED)
		rc = work_card(r, e);
	end_card(r);
	if (*how == FED_UNKNOWN)
		return settle_unknown(r, e);
	if (*how != FED_FAILED)
		return 0;
	if (rc == 0)
		*how = FED_DONE;
	if (settle(r, rc, e) != 0)
		return -1;
	/* The next card may be long in coming. */
	return ledger_flush(r->l, e);
}

bool work_retries(const struct run *r)
{
	return r->calls->retry_authentication || r->c->m.limit_refusals > 1;
}

int work_limits(const struct run *r, struct err *e)
{
	const struct manifest *m = &r->c->m;

	if (m->limit_mismatches != 0 && r->wrong_in_a_row >= m->limit_mismatches) {
		err_set(e, ERR_SAFETY,
		    "%u cards in a row do not have key set %s: these are not these cards' keys; "
		    "stopped, no try was spent",
		    r->wrong_in_a_row, r->c->keys->name);
		return err_hint(e,
		    "check key set and diversification: with corrected keys the next run goes on; "
		    "limits: {mismatches: N} changes the limit");
	}

	if (m->limit_authentications != 0 && r->refused_in_a_row >= m->limit_authentications) {
		err_set(e, ERR_SAFETY,
		    "%u cards in a row refused the authentication, or somebody on the line did: "
		    "stopped, since wrong keys cost each card a try",
		    r->refused_in_a_row);
		return err_hint(e,
		    "check key set %s; limits: {authentications: N} changes the limit",
		    r->c->keys->name);
	}
	if (m->limit_failures != 0 && r->failures >= m->limit_failures)
		return err_set(e, ERR_SAFETY,
		    "%u cards failed: stopped, as limits: {failures: %u} asks", r->failures,
		    m->limit_failures);
	return 0;
}
