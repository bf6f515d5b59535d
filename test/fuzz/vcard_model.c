#include "vcard_model.h"

#include <string.h>

#include "crypto/digest.h"
#include "vcard/core/record.h"

void model_begin(struct model *m)
{
	memset(m, 0, sizeof(*m));
	m->image = wr_grow(MEMORY_MAX);
	m->slot_data = wr_grow(MEMORY_MAX);
}

void model_end(struct model *m)
{
	wr_free(&m->image);
	wr_free(&m->slot_data);
}

void model_take(struct model *m, const struct vcard *v)
{
	m->chip = v->chip;
	wr_reset(&m->image);
	wr_reset(&m->slot_data);
	wr_put(&m->image, wr_span(&v->chip.image));
	wr_put(&m->slot_data, wr_span(&v->chip.slot_data));
	CHECK(wr_ok(&m->image) && wr_ok(&m->slot_data));
	for (size_t i = 0; i < CHANNELS; i++) {
		m->session[i] = v->channel[i].session;
		m->level[i] = scp_level(&v->channel[i].scp);
	}
}

void model_lasting(const struct vcard *v, struct wr *w)
{
	wr_reset(w);
	chip_snapshot(w, &v->chip);
	CHECK(wr_ok(w));
}

#define SAME(field) (memcmp(&a->field, &b->field, sizeof(a->field)) == 0)

/* Written at issuance; nobody changes it. */
static void check_issued(const struct chip *a, const struct chip *b)
{
	CHECK(a->i == b->i && SAME(kdd) && SAME(cplc) && SAME(platform) && SAME(target));
	CHECK(SAME(issuer) && a->kos_n == b->kos_n && SAME(kos) && SAME(kmac));
	CHECK(a->algorithm_n == b->algorithm_n && SAME(algorithms) && a->form_n == b->form_n &&
	      SAME(forms) && a->memory == b->memory);
}

static bool same_keys(const struct chip *a, const struct chip *b)
{
	if (a->keys_n != b->keys_n)
		return false;
	for (size_t i = 0; i < a->keys_n; i++)
		if (a->keys[i].version != b->keys[i].version || !SAME(keys[i].keys))
			return false;
	return true;
}

static bool same_slot(const struct model *m, const struct chip *b)
{
	const struct chip *a = &m->chip;

	return SAME(slot) && span_eq(wr_span(&m->slot_data), wr_span(&b->slot_data));
}

static bool same_running(const struct model *m, const struct chip *b)
{
	const struct chip *a = &m->chip;

	return SAME(running) && span_eq(wr_span(&m->image), wr_span(&b->image));
}

/* The data of a load file never change, and go with its entry. */
static bool same_content(const struct chip *a, const struct chip *b)
{
	const struct card_content *x = &a->content, *y = &b->content;

	if (x->file_n != y->file_n || x->app_n != y->app_n || x->receipts != y->receipts ||
	    x->restricted != y->restricted)
		return false;
	for (size_t i = 0; i < x->file_n; i++)
		if (!aid_same(&x->file[i].aid, &y->file[i].aid) ||
		    !aid_same(&x->file[i].domain, &y->file[i].domain) ||
		    x->file[i].data.n != y->file[i].data.n)
			return false;
	return SAME(content.app);
}

/* Who may be told to change it, in a channel of his own. */
static void check_content(const struct chip *a, const struct chip *b, const struct capdu *c)
{
	const struct card_content *x = &a->content, *y = &b->content;

	CHECK(c->ins == INS_INSTALL || c->ins == INS_LOAD || c->ins == INS_DELETE ||
	      c->ins == INS_SET_STATUS || c->ins == INS_PUT_KEY || c->ins == INS_STORE_DATA);
	CHECK((x->restricted & ~y->restricted) == 0 && y->receipts >= x->receipts);
	if (y->file_n > x->file_n)
		CHECK(c->ins == INS_LOAD || (c->ins == INS_INSTALL && c->p1 == INSTALL_ALL));
	if (y->app_n > x->app_n)
		CHECK(c->ins == INS_INSTALL && y->app_n == x->app_n + 1);
	if (y->file_n < x->file_n || y->app_n < x->app_n)
		CHECK(c->ins == INS_DELETE);
}

/* Counters move with INITIALIZE UPDATE, by one; tries with EXTERNAL AUTHENTICATE. */
static void check_counters(
    const struct chip *a, const struct chip *b, enum authority who, uint8_t ins, uint16_t sw)
{
	unsigned moved = 0, spent = 0;

	for (size_t i = 0; i < a->keys_n; i++) {
		const struct card_keys *x = &a->keys[i], *y = &b->keys[i];

		if (x->sequence != y->sequence) {
			CHECK(y->sequence == x->sequence + 1 && ins == INS_INITIALIZE_UPDATE);
			moved++;
		}
		if (y->tries < x->tries) {
			CHECK(y->tries == x->tries - 1 && ins == INS_EXTERNAL_AUTHENTICATE);
			CHECK(who == ANYBODY && sw != SW_OK);
			spent++;
		}
		if (y->tries > x->tries)
			CHECK(y->tries == TRIES_MAX && who == AUTHENTICATION && sw == SW_OK);
	}
	CHECK(moved + spent <= 1);
}

static void check_sound(const struct chip *b)
{
	uint8_t digest[DIGEST_SIZE];

	CHECK(chip_sound(b) && b->keys_n >= 1 && b->keys_n <= CHIP_KEY_SETS_MAX);
	CHECK(sha256_of(wr_span(&b->image), digest));
	CHECK(memcmp(digest, b->running.digest, sizeof(digest)) == 0);
	if (b->slot.state == SLOT_EMPTY) {
		CHECK(b->slot_data.n == 0);
		return;
	}
	CHECK(b->slot.length <= b->memory && b->slot_data.n <= b->slot.length);
	CHECK(b->slot.done <= b->slot.total && b->slot.total >= 1);
	if (b->slot.state == SLOT_COMPLETE || b->slot.state == SLOT_VERIFIED)
		CHECK(b->slot.done == b->slot.total);
}

static void check_unicast(
    const struct model *m, const struct chip *b, const struct capdu *c, uint16_t sw)
{
	const struct chip *a = &m->chip;

	if (!same_keys(a, b))
		CHECK(sw == SW_OK &&
		      (c->ins == INS_PUT_KEY || c->ins == INS_DELETE || c->ins == INS_STORE_DATA));
	if (!same_content(a, b)) {
		CHECK(sw == SW_OK);
		check_content(a, b, c);
	}
	if (a->life_cycle != b->life_cycle)
		CHECK(sw == SW_OK && c->ins == INS_SET_STATUS);
	if (!SAME(iin) || !SAME(cin))
		CHECK(sw == SW_OK && c->ins == INS_STORE_DATA);
	if (!same_slot(m, b))
		CHECK(((c->ins == INS_CHANGE_MODE || c->ins == INS_AUTHORIZE_ACTION) &&
			  sw == SW_OK) ||
		      (c->ins == INS_AUTHORIZE_ACTION && sw == SW_AUTH_FAILED));
	if (!same_running(m, b)) {
		CHECK(sw == SW_OK && c->ins == INS_AUTHORIZE_ACTION && c->p1 == P1_ACTIVATE);
		CHECK(b->running.version > a->running.version && b->slot.state == SLOT_EMPTY);
		CHECK(span_eq(wr_span(&m->slot_data), wr_span(&b->image)));
	}
	if (!SAME(refused))
		CHECK(sw == SW_OK && c->ins == INS_AUTHORIZE_ACTION && c->p1 == P1_DISCARD &&
		      b->refused_n == a->refused_n + 1);
}

/* Secure messaging that nobody vouches for ends the session it claims; at once, or when all of a
 * command that comes in several is there. */
static void check_unverified(
    const struct model *m, const struct vcard *v, const struct capdu *c, uint16_t sw)
{
	uint8_t n = cla_channel(c->cla);

	if (!cla_valid(c->cla) || n >= CHANNELS || !cla_is_sm(c->cla))
		return;
	if (m->session[n] == CHANNEL_UNICAST && v->channel[n].joined.open)
		CHECK(sw == SW_OK && (c->p1 & 0x80) != 0 && v->channel[n].session == m->session[n]);
	else if (m->session[n] == CHANNEL_BROADCAST ||
		 (m->session[n] == CHANNEL_UNICAST && m->level[n] != LEVEL_AUTHENTICATED))
		CHECK(sw == SW_SECURITY_STATUS && v->channel[n].session == CHANNEL_IDLE);
}

static void check_anybody(
    const struct model *m, const struct vcard *v, const struct capdu *c, uint16_t sw)
{
	const struct chip *a = &m->chip, *b = &v->chip;

	CHECK(same_slot(m, b) && SAME(refused) && a->refused_n == b->refused_n);
	CHECK(a->life_cycle == b->life_cycle && SAME(iin) && SAME(cin));
	for (size_t i = 0; i < CHANNELS; i++)
		if (m->session[i] != v->channel[i].session)
			CHECK(v->channel[i].session == CHANNEL_IDLE ||
			      (v->channel[i].session == CHANNEL_IU_DONE && sw == SW_OK &&
				  c->ins == INS_INITIALIZE_UPDATE));
	check_unverified(m, v, c, sw);
}

/* Nothing but the slot, by somebody who has the broadcast keys. */
static void check_broadcast(const struct model *m, const struct chip *b, uint16_t sw)
{
	const struct chip *a = &m->chip;

	CHECK(SAME(refused) && a->life_cycle == b->life_cycle && SAME(iin) && SAME(cin));
	if (!same_slot(m, b)) {
		CHECK(sw == SW_OK && m->chip.slot.state == SLOT_RECEIVING);
		CHECK(b->slot.done == a->slot.done + 1 && b->slot_data.n >= m->slot_data.n);
		CHECK(memcmp(a->slot.campaign, b->slot.campaign, CAMPAIGN_SIZE) == 0);
		CHECK(a->slot.total == b->slot.total && a->slot.length == b->slot.length);
	}
}

void model_check(const struct model *m, const struct vcard *v, enum authority who,
    struct span command, uint16_t sw)
{
	const struct chip *a = &m->chip, *b = &v->chip;
	struct capdu c = { 0 };

	if (v->gone) /* power failed: what is in memory is looked at after the next power-on */
		return;
	check_issued(a, b);
	check_sound(b);
	CHECK(content_used(v) <= b->memory);
	CHECK(b->running.version >= a->running.version);
	if (!capdu_get(command, &c)) /* not an APDU */
		c.ins = 0;
	if (who != UNICAST) {
		CHECK(same_keys(a, b) && same_running(m, b) && same_content(a, b));
		check_counters(a, b, who, c.ins, sw);
	}
	if (who == ANYBODY || who == AUTHENTICATION)
		CHECK(same_slot(m, b));
	if (who == ANYBODY && c.ins != 0)
		check_anybody(m, v, &c, sw);
	else if (who == UNICAST)
		check_unicast(m, b, &c, sw);
	else if (who == BROADCAST)
		check_broadcast(m, b, sw);
}
