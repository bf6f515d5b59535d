/* What a campaign in unicast mode sends to a card, without one. */
#include <string.h>

#include "campaign/unicast.h"
#include "scp/scp.h"

uint8_t unicast_level(const struct campaign *c)
{
	if (c->m.level >= 0)
		return (uint8_t)c->m.level;
	return c->keys->type == ENTRY_SCP02 ? 0x13 : 0x33;
}

size_t unicast_room(const struct campaign *c)
{
	if (c->keys->type == ENTRY_SCP02)
		return scp_max_data_at(PROTOCOL_SCP02, unicast_level(c), 8);
	return scp_max_data_at(PROTOCOL_SCP03, unicast_level(c), c->m.s16 == 1 ? 16 : 8);
}

static int send(struct visit *v, uint8_t ins, uint8_t p1, size_t n, struct err *e)
{
	static const uint8_t zeros[32];
	const struct capdu c = { .cla = ins == INS_EXTERNAL_AUTHENTICATE ? 0x84 : 0x80,
		.ins = ins,
		.p1 = p1,
		.data = span_of(zeros, n),
		.le = ins == INS_EXTERNAL_AUTHENTICATE ? LE_NONE : LE_MAX_SHORT };
	struct rapdu r;

	return session_do(&v->r->s, &c, "the plan", &r, e);
}

int plan_channel(struct visit *v, uint8_t version, bool known, struct err *e)
{
	const struct campaign *c = v->r->c;
	size_t m = c->m.s16 == 1 ? 16 : 8;
	const struct key_infos *k;
	uint8_t cin[16], n;
	bool told;

	if (session_discover(&v->r->s, &c->m.domain, e) != 0)
		return -1;
	change_forget(&v->card);
	if (known && change_keys(&v->card, &k, &told, e) != 0)
		return -1;
	if (send(v, INS_INITIALIZE_UPDATE, version, m, e) != 0 ||
	    send(v, INS_EXTERNAL_AUTHENTICATE, unicast_level(c), 2 * m, e) != 0 ||
	    session_cin(&v->r->s, cin, &n, e) != 0)
		return -1;
	v->r->s.id.fci.max_data = (uint16_t)unicast_room(c);
	return 0;
}

int unicast_plan(const struct campaign *c, struct card *dry, void (*step)(void *ctx, uint32_t i),
    void *ctx, struct err *e)
{
	static const struct campaign_calls none;
	struct ledger_card lc = { 0 };
	struct run r = { .c = c, .calls = &none, .lc = &lc };
	struct visit v;
	int rc;

	session_init(&r.s, dry);
	visit_begin(&v, &r, VISIT_PLAN);
	v.set = &v.u->set[0];
	step(ctx, 0);
	rc = plan_channel(&v, v.set->version, true, e);
	change_forget(&v.card);
	for (uint32_t i = 0; rc == 0 && i < v.u->n; i++) {
		struct change_result result;

		step(ctx, i + 1);
		v.task = &v.u->task[i];
		rc = change_run(&v.card, &v.task->change, &result, e);
		change_result_free(&v.task->change, &result);
	}
	change_card_free(&v.card);
	session_wipe(&r.s);
	return rc;
}
