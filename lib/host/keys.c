#include "host/keys.h"

#include "host/content.h"

enum { SEVERAL_KEYS = 0x80, MORE_COMMANDS = 0x80, SET_KEYS = 3 };
/* Of SCP11: SK.SD.ECKA of a, b, c (Amendment F 5.1). */
enum { KID_SCP11A = 0x11, KID_SCP11B = 0x13, KID_SCP11C = 0x15 };

void keys_from_set(
    struct put_key *k, uint8_t version, enum key_type type, const struct key_set *set)
{
	*k = (struct put_key){ .version = version, .n = SET_KEYS };
	for (size_t i = 0; i < SET_KEYS; i++)
		k->type[i] = (uint8_t)type;
	k->key[0] = set->enc;
	k->key[1] = set->mac;
	k->key[2] = set->dek;
}

/* ---- PUT KEY, DELETE ---- */

static int check_channel(const struct session *s, const char *what, struct err *e)
{
	if (s->mode == SESSION_BROADCAST || s->lost)
		return 0; /* session_send says it */
	if (s->mode != SESSION_UNICAST) {
		err_set(e, ERR_SAFETY, "%s needs an open channel", what);
		return err_hint(e, VERB("scp-open") " opens one");
	}
	if ((s->level & LEVEL_CMAC) != 0)
		return 0;
	err_set(e, ERR_SAFETY, "%s needs a channel with C-MAC, this one has level %02X", what,
	    s->level);
	return err_hint(e, "open the channel with level 01 at least");
}

static int check_put(const struct session *s, uint8_t old, const struct put_key *k, struct err *e)
{
	if (check_channel(s, "PUT KEY", e) != 0)
		return -1;
	if (k->version < 1 || k->version > KEYS_VERSION_MAX)
		return err_set(e, ERR_SAFETY,
		    "PUT KEY cannot bring keys of version %02X, only of 01 to 7F", k->version);
	if (old > KEYS_VERSION_MAX) {
		err_set(e, ERR_SAFETY, "PUT KEY cannot name version %02X to be replaced", old);
		return err_hint(e, "add a set: a factory set goes, or is deleted afterwards");
	}
	return 0;
}

/* Nobody knows what became of a command that was sent and has no status word that can be trusted.
 * What never went out leaves the session as it is. */
static int send(struct session *s, const struct capdu *c, const char *what, struct rapdu *r,
    bool *unknown, struct err *e)
{
	bool was_lost = s->lost;

	if (session_do(s, c, what, r, e) == 0)
		return 0;
	*unknown = !was_lost && s->lost && e->sw == 0;
	return -1;
}

/* In as many commands as the channel needs; the last one's answer is that of all. Nothing changes
 * on the card before it (GPCS 11.8.2.1). */
static int send_keys(struct session *s, struct capdu *c, struct span data, struct rapdu *r,
    bool *unknown, struct err *e)
{
	size_t most = session_joins(s, data.n) ? data.n : content_block(s, false);
	uint8_t p1 = c->p1;

	if (most == 0)
		return err_set(e, ERR_SAFETY, "PUT KEY: no data fit in a command to this card");
	for (size_t at = 0; at < data.n; at += most) {
		c->data = span_sub(data, at, most);
		c->p1 = at + most < data.n ? p1 | MORE_COMMANDS : p1;
		if (send(s, c, "PUT KEY", r, unknown, e) != 0)
			return -1;
	}
	return 0;
}

static int check_answer(const struct rapdu *r, const struct put_key *k, struct err *e)
{
	if (put_key_answer_ok(r->data, k))
		return 0;
	err_set(e, ERR_INTEGRITY,
	    "PUT KEY: the card answers with other check values than those of the keys sent");
	return err_hint(e,
	    "the card may hold keys of version %02X that nobody knows: replace them in this "
	    "session",
	    k->version);
}

int keys_put_set(
    struct session *s, uint8_t old, uint8_t kid, struct put_key *k, bool *unknown, struct err *e)
{
	struct capdu c = { .cla = 0x80,
		.ins = INS_PUT_KEY,
		.p1 = old,
		.p2 = k->n > 1 ? kid | SEVERAL_KEYS : kid,
		.le = LE_MAX_SHORT };
	struct wr w = wr_grow(KEYS_LONGEST);
	struct rapdu r;
	int rc = -1;

	*unknown = false;
	if (check_put(s, old, k, e) != 0)
		goto out;
	k->des = scp_protocol(&s->scp) != PROTOCOL_SCP03;
	if (s->mode == SESSION_UNICAST && !put_key_put(&w, k, &s->dek)) {
		err_set(e, ERR_OTHER, "PUT KEY: the keys cannot be encrypted");
		goto out;
	}
	rc = s->mode == SESSION_UNICAST ? send_keys(s, &c, wr_span(&w), &r, unknown, e)
					: session_do(s, &c, "PUT KEY", &r, e);
	if (rc == 0)
		rc = check_answer(&r, k, e);
out:
	wr_free(&w);
	return rc;
}

int keys_delete(struct session *s, const struct delete_keys *k, bool *unknown, struct err *e)
{
	uint8_t data[8];
	struct wr w = wr_fixed(data, sizeof(data));
	struct capdu c = { .cla = 0x80, .ins = INS_DELETE, .le = LE_MAX_SHORT };
	struct rapdu r;

	*unknown = false;
	delete_keys_put(&w, k);
	c.data = wr_span(&w);
	if (check_channel(s, "DELETE", e) != 0)
		return -1;
	return send(s, &c, "DELETE", &r, unknown, e);
}

/* ---- key information ---- */

int keys_read(struct session *s, struct key_infos *k, bool *told, struct err *e)
{
	struct span v;

	k->n = 0;
	if (session_get_data(s, TAG_KEY_INFORMATION, &v, told, e) != 0)
		return -1;
	if (!*told || key_infos_get(v, k))
		return 0;
	return err_set(e, ERR_CARD, "GET DATA 00E0: the key information is malformed");
}

int keys_prove(struct session *s, struct key_infos *k, struct err *e)
{
	bool told;

	if (keys_read(s, k, &told, e) != 0)
		return -1;
	if (told)
		return 0;
	err_set(e, ERR_INTEGRITY,
	    "GET DATA 00E0: the card gives no key information, so it is not proven which keys it "
	    "has");
	return err_hint(e, "somebody may sit between reader and card");
}

const struct key_info *keys_at(const struct key_infos *k, uint8_t version, uint8_t kid)
{
	for (size_t i = 0; i < k->n; i++)
		if (k->key[i].version == version && (kid == 0 || k->key[i].id == kid))
			return &k->key[i];
	return NULL;
}

/* The key is there and does not go with `gone`. */
static bool stays(
    const struct key_infos *k, uint8_t version, uint8_t kid, const struct delete_keys *gone)
{
	if (keys_at(k, version, kid) == NULL)
		return false;
	return gone == NULL || (gone->kvn >= 0 && gone->kvn != version) ||
	       (gone->kid >= 0 && gone->kid != kid);
}

static bool opens(const struct key_infos *k, uint8_t version, const struct delete_keys *gone)
{
	static const uint8_t scp11[] = { KID_SCP11A, KID_SCP11B, KID_SCP11C };
	const struct key_info *enc = keys_at(k, version, 1);

	if (enc != NULL && (enc->type == KEY_TYPE_DES || enc->type == KEY_TYPE_AES) &&
	    stays(k, version, 1, gone) && stays(k, version, 2, gone) && stays(k, version, 3, gone))
		return true;
	for (size_t i = 0; i < sizeof(scp11); i++)
		if (stays(k, version, scp11[i], gone))
			return true;
	return false;
}

bool keys_open_channel(const struct key_infos *k, uint8_t version)
{
	return opens(k, version, NULL);
}

static bool any_opens(const struct key_infos *k, const struct delete_keys *gone)
{
	for (size_t i = 0; i < k->n; i++)
		if (opens(k, k->key[i].version, gone))
			return true;
	return false;
}

/* Does `what` take the key that the session was opened with? */
static bool in_use(const struct session *s, const struct delete_keys *what)
{
	if (s->mode == SESSION_CLOSED || (what->kvn >= 0 && what->kvn != s->iu.key_version))
		return false;
	if (what->kid < 0)
		return true;
	return s->kid == 0 ? what->kid >= 1 && what->kid <= SET_KEYS : what->kid == s->kid;
}

int keys_may_delete(const struct session *s, const struct key_infos *k,
    const struct delete_keys *what, bool factory, struct err *e)
{
	if (in_use(s, what)) {
		err_set(e, ERR_SAFETY, "the channel was opened with key set %02X: not deleted",
		    s->iu.key_version);
		return err_hint(
		    e, "open a channel with another set, or " VERB("put-keys --rotate KVN"));
	}
	if (what->kvn == KEYS_FACTORY && !factory) {
		err_set(e, ERR_SAFETY, "key set FF is the factory set: not deleted");
		return err_hint(e, FIELD_IS("factory", "true") " says that it is meant");
	}
	if (any_opens(k, what))
		return 0;
	err_set(e, ERR_SAFETY, "no other key set would open a channel any more: not deleted");
	return err_hint(e, VERB("put-keys") " adds a set, " VERB(
			       "put-keys --rotate KVN") " replaces this one with proof");
}
