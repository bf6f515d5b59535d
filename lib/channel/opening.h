/*
 * Opening a channel with keys of the key store: the keys of this one card, and the memory of
 * refusals, because a wrong key costs a card a try. For verbs, the session agent and campaigns
 * alike. What the channel is opened with is chosen in host/choose.h, the handshake is that of
 * host/session.h and host/scp11.h; the record itself is ledger/ledger.h's.
 *
 * Everything is borrowed: session, record, entry.
 */
#ifndef CHANNEL_OPENING_H
#define CHANNEL_OPENING_H

#include "host/choose.h"
#include "keystore/keystore.h"
#include "ledger/ledger.h"

enum { CHANNEL_CARD_ID = 41, CHANNEL_KEYS = 33 };

/* One opening, or several with other keys one after the other. */
struct opening {
	/* set by the caller */
	struct session *s;
	struct tries *tries;
	const struct entry *entry; /* that has been read; NULL in SCP11 */
	bool retry; /* authenticate although this card refused this set before; the same of wrong */
	bool marks_wrong_keys; /* keys that did not fit this card are not asked about again */
	uint32_t limit;        /* refusals of one card and set to risk; 0: one */
	uint32_t known;        /* refusals of this card known from elsewhere, at least */
	const char
	    *kdd_known; /* the diversification data that this card had; NULL or "": not known */
	/* what came of the last one */
	bool refused;      /* this time: a try is spent */
	bool wrong_keys;   /* this time: the card's cryptogram is not of these keys */
	bool left_alone;   /* for what was before: ERR_SAFETY, nothing was sent */
	bool left_wrong;   /* ... since the same keys were wrong */
	bool other_card;   /* its keys are those of another card than kdd_known: ERR_SAFETY */
	bool kept;         /* it is in the record: it was about to authenticate */
	struct err unkept; /* code set: what became of it could not be written down */
	char card[CHANNEL_CARD_ID], set[SESSION_KEY_SET]; /* as the record calls them */
	char keys[CHANNEL_KEYS];                          /* and the keys: see channel_keys_id */
	char kdd[2 * KDD_SIZE + 1]; /* diversified keys: what they were proven with; else "" */
};

/* Of what was asked, what the keys and the product (NULL: not known) say. */
void opening_asks(const struct entry *entry, const struct profile *p, struct choose_asks *a);
/* session_open, session_begin and session_begin_scp11 (whose `asks` get their callbacks here) with
 * keys and memory. A set that this card refused before: ERR_SAFETY, and left_alone. An
 * authentication that cannot be written down does not go out: ERR_LEDGER. */
int opening_open(struct opening *o, const struct choice *c, struct err *e);
int opening_begin(struct opening *o, const struct choose_asks *a, struct err *e);
int opening_scp11(struct opening *o, struct scp11_asks *a, struct choice11 *c,
    struct scp11_card *card, struct err *e);
/* Takes back that it was refused: it was another card. */
int opening_forget(struct opening *o, struct err *e);

/* The card as it is remembered: CIN, else its diversification data. */
void channel_card_id(const struct session *s, const struct init_update *u, char out[static 33]);
/* Tells keys apart without telling them: by type, diversification and check values. Other master
 * keys under the same name and version are others. */
int channel_keys_id(const struct entry *entry, char out[static CHANNEL_KEYS], struct err *e);
/* The keys of one card: those of the entry, diversified by what the card answered. Wiped by the
 * caller. */
int channel_card_keys(
    const struct entry *entry, const struct init_update *u, struct key_set *out, struct err *e);

#endif
