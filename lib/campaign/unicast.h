/*
 * Campaigns in unicast mode: the steps of the manifest with all that they name, read and checked,
 * and one card that they are taken on. Inside of lib/campaign, and for showing plans.
 */
#ifndef CAMPAIGN_UNICAST_H
#define CAMPAIGN_UNICAST_H

#include "campaign/work.h"
#include "cap/cap.h"
#include "crypto/digest.h"
#include "host/content.h"
#include "host/keys.h"

struct task_kind;

/* One step, ready to be taken. */
struct task {
	const struct manifest_step *m; /* borrowed from the manifest */
	const struct task_kind *kind;
	char name[24];            /* "1 install" */
	struct cap cap;           /* install */
	struct wr data;           /* store-data: what the file holds; install: what stands in
				   * front of the data block: DAP blocks, tag and length */
	uint8_t hash[DIGEST_MAX]; /* install: of the data block, for the card */
	size_t hash_n;            /* 0: it gets none */
	uint8_t digest[32];       /* of what the file brings; zeros without one */
	const struct entry *keys; /* put-keys, for a run: read; borrowed from the key store */
	uint8_t version;          /* put-keys: on the card */
	bool unseen;              /* what it did cannot be read back: only the ledger knows */
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

/* One card at work, and what it told last. */
struct visit {
	struct run *r;
	struct unicast *u;
	const struct channel_set *set; /* the channel was opened with it */
	struct registry registry;
	struct key_infos keys;
	bool registry_known, keys_known;
	bool keys_told; /* the card has key information */
};

/* What the steps of one kind are. */
struct task_kind {
	/* Reads what the step names; may be NULL, as ready and close. */
	int (*open)(struct campaign *c, struct task *t, struct err *e);
	/* What only a run needs. */
	int (*ready)(struct campaign *c, struct task *t, struct err *e);
	void (*close)(struct task *t);
	/* It is so on the card already. */
	int (*is_so)(struct visit *v, const struct task *t, bool *so, struct err *e);
	/* Makes it so, where it is not. */
	int (*act)(struct visit *v, const struct task *t, struct err *e);
	/* For unicast_plan, where act needs more than a card that knows nothing; may be NULL. */
	int (*plan)(struct visit *v, const struct task *t, struct err *e);
};
extern const struct task_kind task_install, task_delete, task_put_keys, task_store_data, task_lock;

/* "manifest.yaml:8:5: ": the place of a step, for messages. Returns -1. */
int task_error(const struct campaign *c, const struct task *t, struct err *e);

/* The registry, read again after something was changed; borrowed. */
int visit_registry(struct visit *v, const struct registry **reg, struct err *e);
/* Key information, the same. *told false: the card has none. */
int visit_keys(struct visit *v, const struct key_infos **keys, bool *told, struct err *e);
/* Something was changed. */
void visit_changed(struct visit *v);
/* Opens a channel with the set, which proves it. */
int visit_channel(struct visit *v, const struct channel_set *set, struct err *e);

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

#endif
