/*
 * Campaigns in unicast mode: the steps of the manifest as changes (lib/change), read and checked,
 * and one card that they are made on. Inside of lib/campaign, and for showing plans.
 */
#ifndef CAMPAIGN_UNICAST_H
#define CAMPAIGN_UNICAST_H

#include "campaign/work.h"
#include "change/kinds.h"

/* One step. */
struct task {
	struct change change;
	char name[48]; /* "1 install" */
};

/* The key set that opens a channel before any step, or behind one that changes it. */
struct channel_set {
	const struct entry *keys;
	uint8_t version;
	uint32_t from; /* the step that brings it; 0: it was there before */
};

struct unicast {
	struct task task[MANIFEST_STEPS];
	uint32_t n;
	/* In their order: a card has the last whose step was done. */
	struct channel_set set[MANIFEST_STEPS + 1];
	size_t set_n;
};

/* For manifest_load, before campaign_mode.open: c->unicast takes the steps. */
int unicast_read_step(
    void *campaign, const struct doc *d, const struct node *v, const char *path, struct err *e);

/* One card at work. */
struct visit {
	struct run *r;
	struct unicast *u;
	const struct channel_set *set; /* the channel was opened with it */
	const struct task *task;       /* at work */
	bool bare;                     /* of a step, as in the ledger: so is the card */
	struct change_card card;
};

/* "manifest.yaml:8:5: ": the place of a step, for messages. Returns -1. */
int task_error(const struct campaign *c, const struct task *t, struct err *e);

/* A card that r is at, whose channel is not open yet; change_card_free of v->card in the end. */
enum visit_kind { VISIT_CARD, VISIT_PLAN };
void visit_begin(struct visit *v, struct run *r, enum visit_kind kind);
/* Opens a channel with the set, which proves it. */
int visit_channel(struct visit *v, const struct channel_set *set, struct err *e);
/* The set of the channel that this step brings; NULL: it brings one beside, or none. */
const struct channel_set *visit_set_of(const struct visit *v, const struct task *t);

/* Callbacks of a change of keys; ctx is the visit. */
enum proof visit_proof(void *ctx, const struct change *ch, uint8_t *own);
int visit_open_set(
    void *ctx, const struct change *ch, enum keys_set which, enum keys_card card, struct err *e);
/* Which steps change the set that opens channels, and to what: c->unicast->set. */
int unicast_chain_keys(struct campaign *c, struct err *e);

/* The commands that open a channel; `known`: to a card that was identified just before. */
int plan_channel(struct visit *v, uint8_t version, bool known, struct err *e);

/*
 * What goes to a card that has nothing of it, in plain, sent to `dry`, which prints or counts it:
 * it answers 9000 and no data; to GET DATA and GET STATUS 6A88. Octets that only come to be when a
 * command is sent, and keys, are 00. step(ctx, i) is called before the commands of step i, counted
 * from 1; 0: of opening the channel.
 */
int unicast_plan(const struct campaign *c, struct card *dry, void (*step)(void *ctx, uint32_t i),
    void *ctx, struct err *e);
/* Most octets of plain data in one command: of the level that the manifest asks for, or 33. */
size_t unicast_room(const struct campaign *c);
uint8_t unicast_level(const struct campaign *c);

/* The goal as versions before named it; false: it has steps that they did not know. */
bool unicast_former_goal(const struct unicast *u, uint8_t goal[static 32]);

#endif
