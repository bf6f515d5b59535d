/*
 * scp-open by SCP11: what it needs of the key store, of the card and of the options, and what it
 * has to say about it.
 */
#ifndef CMD_CHANNEL_SCP11_H
#define CMD_CHANNEL_SCP11_H

#include "channel/opening.h"
#include "cmd/kit/dry.h"
#include "cmd/kit/verb.h"

enum { SCP11_ANCHORS_MAX = 16 };

struct scp11_open {
	/* set by the caller */
	struct ctx *c;
	const struct keystore *ks;
	enum scp11_variant variant;
	const char *keys; /* name of the oce entry; NULL: the only one */
	int level, s16;   /* as in struct scp11_asks */
	struct opt_u32 key_version, ca_version, key_length;
	struct opt_bytes host_id, group;
	/* found */
	const struct entry *entry; /* NULL in SCP11b */
	struct cert_anchor anchors[SCP11_ANCHORS_MAX];
	size_t anchors_n;
	struct choice11 choice;
	struct scp11_card card;
};

/* "scp11a", "scp11b", "scp11c"; false for anything else. */
MUST_CHECK bool scp11_variant_from(const char *name, enum scp11_variant *v);

/* Our key and the anchors, and what the options say: before the card is touched. */
int scp11_open_prepare(struct scp11_open *o, struct err *e);
/* On a session whose domain is selected and discovered; `opening` has session and record. */
int scp11_open_channel(struct scp11_open *o, struct opening *opening, struct err *e);
/* Why what was chosen was chosen, one after the other; false past the end. */
bool scp11_open_why(const struct scp11_open *o, size_t i, char *out, size_t cap);
/* The commands of the handshake. */
void scp11_open_plan(struct dry *d, const struct scp11_open *o);

#endif
