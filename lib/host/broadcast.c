#include "host/broadcast.h"

#include "tlv/tlv.h"

enum { TAG_C_APDU = 0x22, BROADCAST_LEVEL = LEVEL_CMAC | LEVEL_CDEC };

/* ---- FF70, FF71, FF72 ---- */

static int read_object(struct session *s, uint16_t tag, struct span *v, struct err *e)
{
	bool found;

	if (session_get_data(s, tag, v, &found, e) != 0)
		return -1;
	if (found)
		return 0;
	return err_set(
	    e, ERR_CARD, "the card does not know CHANGE MODE: it has no data object %04X", tag);
}

static int malformed(uint16_t tag, struct err *e)
{
	return err_set(e, ERR_CARD, "GET DATA %04X: the answer is malformed", tag);
}

int broadcast_read_system(struct session *s, struct system_data *d, struct err *e)
{
	struct span v;

	if (read_object(s, TAG_SYSTEM, &v, e) != 0)
		return -1;
	return system_data_get(v, d) ? 0 : malformed(TAG_SYSTEM, e);
}

int broadcast_read_slot(struct session *s, struct slot_data *d, struct err *e)
{
	struct span v;

	if (read_object(s, TAG_SLOTS, &v, e) != 0)
		return -1;
	return slot_data_get(v, d) ? 0 : malformed(TAG_SLOTS, e);
}

int broadcast_read_policy(struct session *s, struct policy_data *d, struct err *e)
{
	struct span v;

	if (read_object(s, TAG_POLICY, &v, e) != 0)
		return -1;
	return policy_data_get(v, d) ? 0 : malformed(TAG_POLICY, e);
}

/* ---- enter ---- */

static int check_unicast(const struct session *s, const char *what, struct err *e)
{
	if (s->mode != SESSION_UNICAST)
		return err_set(e, ERR_SAFETY, "%s needs an open channel in unicast mode", what);
	if (scp_protocol(&s->scp) != PROTOCOL_SCP03)
		return err_set(e, ERR_SAFETY, "%s needs an SCP03 channel, this one is %s", what,
		    scp_protocol_str(scp_protocol(&s->scp)));
	if ((s->level & BROADCAST_LEVEL) == BROADCAST_LEVEL)
		return 0;
	return err_set(e, ERR_SAFETY, "%s needs encrypted commands, the channel has level %02X",
	    what, s->level);
}

int broadcast_enter(struct session *s, const struct enter *enter, struct err *e)
{
	struct capdu c = {
		.cla = 0x80, .ins = INS_CHANGE_MODE, .p1 = CHANGE_MODE_ENTER, .le = LE_MAX_SHORT
	};
	uint8_t data[APDU_SHORT_DATA];
	struct wr w = wr_fixed(data, ENTER_MAX_DATA);
	struct rapdu r;
	int rc;

	if (check_unicast(s, "CHANGE MODE", e) != 0)
		return -1;
	enter_put(&w, enter);
	c.data = wr_span(&w);
	rc = wr_ok(&w) ? session_do(s, &c, "CHANGE MODE enter", &r, e)
		       : err_set(e, ERR_OTHER, "CHANGE MODE: more than %d octets", ENTER_MAX_DATA);
	wipe(data, sizeof(data)); /* form 00 has the broadcast keys in clear in it */
	if (rc == 0)
		s->mode = SESSION_BROADCAST;
	return rc;
}

/* ---- the shared stream ---- */

/* Exactly `total` TLVs '22', each a command: a bad stream is found before the first is sent. */
static int check_stream(struct span commands, uint32_t total, struct err *e)
{
	struct rd r = rd_of(commands);
	struct capdu c;
	struct span apdu;
	uint32_t n = 0;

	while (rd_left(&r) > 0) {
		if (!tlv_expect(&r, TAG_C_APDU, &apdu) || !capdu_get(apdu, &c))
			return err_set(
			    e, ERR_INPUT, "command %u of the stream is malformed", n + 1);
		if (n++ == total)
			break;
	}
	if (n != total)
		return err_set(
		    e, ERR_INPUT, "the stream has not the %u commands it should have", total);
	return 0;
}

/* Sends wire bytes. The answer to a broadcast command is bare: 9000, or what went wrong. 6982 is
 * the end of the channel (broadcast.md 4). */
static int play_one(struct session *s, struct span apdu, uint16_t *sw, struct err *e)
{
	struct rapdu r;

	if (card_transmit(s->card, apdu, &s->answer, e) != 0) {
		session_drop(s);
		return -1;
	}
	if (!rapdu_get(wr_span(&s->answer), &r))
		return err_set(e, ERR_CARD, "answer has no status word");
	if (r.data.n > 0)
		return err_set(
		    e, ERR_CARD, "answered with %zu octets that nobody asked for", r.data.n);
	*sw = r.sw;
	if (r.sw == SW_SECURITY_STATUS)
		session_drop(s);
	return 0;
}

static int check_broadcast(const struct session *s, struct err *e)
{
	if (s->mode == SESSION_BROADCAST)
		return 0;
	err_set(e, ERR_SAFETY, "the channel is not in broadcast mode");
	return err_hint(e, VERB("scp-mode broadcast --bundle BUNDLE") " switches it");
}

static int skip(struct rd *r, uint32_t n)
{
	struct span apdu;

	for (uint32_t i = 0; i < n; i++) {
		if (!tlv_expect(r, TAG_C_APDU, &apdu))
			return -1;
	}
	return 0;
}

int broadcast_play(struct session *s, struct span commands, uint32_t total, uint32_t *done,
    const struct broadcast_progress *p, struct err *e)
{
	struct rd r = rd_of(commands);
	struct span apdu;
	uint16_t sw;

	if (check_broadcast(s, e) != 0 || check_stream(commands, total, e) != 0)
		return -1;
	if (*done > total || skip(&r, *done) != 0)
		return err_set(
		    e, ERR_SAFETY, "%u commands are done, but the stream has %u", *done, total);
	while (*done < total) {
		if (!tlv_expect(&r, TAG_C_APDU, &apdu))
			return err_set(
			    e, ERR_INPUT, "command %u of the stream is malformed", *done + 1);
		if (play_one(s, apdu, &sw, e) != 0)
			return err_in(e, "block %u of %u", *done + 1, total);
		if (sw != SW_OK)
			return err_sw(e, ERR_CARD, sw, "block %u of %u", *done + 1, total);
		++*done;
		if (p != NULL && p->step != NULL && !p->step(p->ctx, *done, total))
			return err_set(
			    e, ERR_INTERRUPTED, "stopped after block %u of %u", *done, total);
	}
	return 0;
}

int broadcast_return(struct session *s, struct span command, struct err *e)
{
	uint16_t sw;

	if (check_broadcast(s, e) != 0)
		return -1;
	if (play_one(s, command, &sw, e) != 0)
		return err_in(e, "CHANGE MODE return");
	if (sw != SW_OK)
		return err_sw(e, ERR_CARD, sw, "CHANGE MODE return");
	s->mode = SESSION_UNICAST; /* keys, counter and chaining value rested meanwhile */
	return 0;
}

/* ---- AUTHORIZE ACTION ---- */

/* 9000 goes with results 00-0F, 6300 with those from 10 on (broadcast.md 5). */
static int check_verdict(
    const struct rapdu *r, const uint8_t campaign[static 16], struct verdict *v, struct err *e)
{
	bool good;

	if (r->sw != SW_OK && r->sw != SW_AUTH_FAILED)
		return err_sw(e, ERR_CARD, r->sw, "AUTHORIZE ACTION");
	if (!verdict_get(r->data, v))
		return err_set(e, ERR_CARD, "AUTHORIZE ACTION: the answer is no verdict");
	good = v->result < RESULT_NOT_COMPLETE;
	if (!span_eq(SPAN(v->campaign), span_of(campaign, CAMPAIGN_SIZE)))
		return err_set(
		    e, ERR_INTEGRITY, "AUTHORIZE ACTION: the verdict is for another campaign");
	if (good != (r->sw == SW_OK))
		return err_set(e, ERR_INTEGRITY,
		    "AUTHORIZE ACTION: result %02X contradicts status %04X", v->result, r->sw);
	return 0;
}

static int authorize_send(struct session *s, struct capdu *c, const uint8_t campaign[static 16],
    struct verdict *v, struct err *e)
{
	struct rapdu r;

	c->cla = 0x80;
	c->ins = INS_AUTHORIZE_ACTION;
	c->le = LE_MAX_SHORT;
	if (check_unicast(s, "AUTHORIZE ACTION", e) != 0)
		return -1;
	if (session_send(s, c, &r, e) != 0)
		return err_in(e, "AUTHORIZE ACTION");
	return check_verdict(&r, campaign, v, e);
}

int broadcast_authorize(struct session *s, enum authorize_p1 p1, uint8_t slot,
    const struct authorize *a, struct verdict *v, struct err *e)
{
	uint8_t data[APDU_SHORT_DATA];
	struct wr w = wr_fixed(data, sizeof(data));
	struct capdu c = { .p1 = (uint8_t)p1, .p2 = slot };

	authorize_put(&w, a);
	if (!wr_ok(&w))
		return err_set(e, ERR_OTHER, "AUTHORIZE ACTION: data too long");
	c.data = wr_span(&w);
	return authorize_send(s, &c, a->campaign, v, e);
}

int broadcast_discard(struct session *s, uint8_t slot, const uint8_t campaign[static 16],
    uint32_t package, struct verdict *v, struct err *e)
{
	uint8_t data[64];
	struct wr w = wr_fixed(data, sizeof(data));
	struct capdu c = { .p1 = P1_DISCARD, .p2 = slot };

	discard_put(&w, campaign, package);
	if (!wr_ok(&w))
		return err_set(e, ERR_OTHER, "AUTHORIZE ACTION: data too long");
	c.data = wr_span(&w);
	return authorize_send(s, &c, campaign, v, e);
}
