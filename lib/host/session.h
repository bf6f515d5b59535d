/*
 * A secure channel session of an administrator with one card: discovery, handshake of SCP03, SCP02
 * or SCP01, protected commands. Knows nothing of files, key stores or campaigns: keys come by a
 * callback.
 *
 * Safety: the card cryptogram is compared before EXTERNAL AUTHENTICATE is sent, so wrong keys cost
 * no try; nothing is tried twice; S8 or S16 is known before the first command.
 */
#ifndef HOST_SESSION_H
#define HOST_SESSION_H

#include "card/card.h"
#include "gp/card_data.h"
#include "gp/init_update.h"
#include "gp/selection.h"
#include "scp/scp.h"

enum session_mode { SESSION_CLOSED, SESSION_UNICAST, SESSION_BROADCAST };

/* Who the card is, from free GET DATA; fields the card does not tell stay empty. */
struct card_identity {
	uint8_t cin[16], cin_n;  /* value of 45 */
	uint8_t cplc[CPLC_SIZE]; /* all zero: not told */
	bool has_cplc;
	/* As the card gave them: the card data (66), cut when very long, and the answer to SELECT.
	 */
	uint8_t card_data[256];
	size_t card_data_n;
	struct fci fci;
	uint16_t select_sw; /* 9000, or 6283: the card is locked */
};

/* Who authenticates: keys and what is remembered of it, by callback. */
struct session_auth {
	/* Gives the static keys for this card once its answer is known; wiped by the session. */
	int (*keys)(void *ctx, const struct init_update *u, struct key_set *out, struct err *e);
	/* Called when the card cryptogram is not the one of these keys. May be NULL. */
	void (*mismatch)(void *ctx, const struct init_update *u);
	/* Called right before EXTERNAL AUTHENTICATE goes out; -1 stops. May be NULL. */
	int (*before_auth)(void *ctx, const struct init_update *u, struct err *e);
	/* Called with the outcome of EXTERNAL AUTHENTICATE (true: 9000); not called when no answer
	 * came, because then nobody knows. May be NULL. */
	void (*after_auth)(void *ctx, const struct init_update *u, bool accepted);
	void *ctx;
};

struct choice;

enum i_from { I_ANSWERED, I_CARD_DATA, I_ASKED, I_ASSUMED };

struct session {
	struct card *card; /* borrowed */
	enum session_mode mode;
	bool lost; /* the channel broke: nothing goes out before it is opened anew */
	struct aid domain;
	struct scp scp; /* the diversified channel; rests while in broadcast mode */
	struct key dek; /* for PUT KEY: static Key-DEK, of SCP02 the session key */
	struct init_update iu;
	enum i_from i_from; /* who says iu.i */
	/* What chance put into this channel: both challenges, in SCP11 the receipt. */
	uint8_t sid[32], sid_n;
	uint8_t kid; /* SCP11: of the card's key it was opened with; else 0, and so is iu.i */
	uint8_t level;
	struct card_data data;
	struct capabilities caps;
	struct card_identity id;
	struct wr wire, answer; /* buffers, growing */
	struct wr plain;
};

/* Makes an empty session on a card that is borrowed until session_wipe. */
void session_init(struct session *s, struct card *card);
/* SELECT of the domain (NULL: the issuer domain; ERR_CARD), then card data, capabilities, CIN,
 * CPLC, unprotected. Ends a channel that is open. */
int session_discover(struct session *s, const struct aid *domain, struct err *e);
/* SELECT of an application that opens channels with keys of its own, on a card that was discovered:
 * what is known of the card stays, and it is where a channel is opened from now on. ERR_CARD. */
int session_enter(struct session *s, const struct aid *app, struct err *e);
/* The domain was selected (n = 0: the issuer's) and nothing happened to the channel since. */
bool session_discovered(const struct session *s, const struct aid *domain);
/* INITIALIZE UPDATE to EXTERNAL AUTHENTICATE on a card that was discovered, with what choose.h
 * chose. Any refusal or mismatch: ERR_AUTH; what the answer does not allow: as choose_by_answer
 * says, nothing more sent. */
int session_open(
    struct session *s, const struct choice *c, const struct session_auth *auth, struct err *e);
/*
 * Sends a plain command (CLA without SM) protected as the session is, and checks the answer;
 * without an open session it goes as it is. *r borrows from s until the next command. An answer
 * whose protection is wrong: ERR_INTEGRITY and the session is closed; so it is, without an error,
 * after 6982 to a protected command. Refused in broadcast mode, and after a channel broke:
 * ERR_SAFETY, nothing sent. A status word other than 9000 is not an error here.
 */
int session_send(struct session *s, const struct capdu *c, struct rapdu *r, struct err *e);
/* An answer in this channel is proven to be the card's (but for error words: those carry no R-MAC).
 */
bool session_has_rmac(const struct session *s);
/* It is one of SCP03 or SCP11 with level 33, as `who` ("containers") need: ERR_SAFETY. */
int session_whole_check(const struct session *s, const char *who, struct err *e);
/* The selected domain is A000000151000000, the issuer's on most cards. */
bool session_is_issuer(const struct session *s);
/* An INSTALL, DELETE or PUT KEY with so many octets of data may be given to session_send although
 * one short command does not take them: it is protected as a whole and goes in several (GPCS
 * 11.1.5). */
bool session_joins(const struct session *s, size_t octets);
/* session_send and ERR_CARD, `what: 6985 ...`, unless the status word is 9000. */
int session_do(
    struct session *s, const struct capdu *c, const char *what, struct rapdu *r, struct err *e);
/* GET DATA; false in *found for 6A88 and its like, other refusals are errors. *val is the whole
 * data field of the answer, tag included, and borrows from s until the next command. */
int session_get_data(struct session *s, uint16_t tag, struct span *val, bool *found, struct err *e);
/* The CIN as the card tells it now, in the channel if there is one; *n = 0: it tells none. */
int session_cin(struct session *s, uint8_t out[static 16], uint8_t *n, struct err *e);
/* What a key set of the selected domain is called where refusals are remembered: "30", in another
 * domain than A000000151000000 "30 in AID". Returns out. */
enum { SESSION_KEY_SET = 2 + 4 + 2 * AID_MAX + 1 };
char *session_key_set(const struct session *s, uint8_t version, char out[static SESSION_KEY_SET]);
/* The channel is gone: wipes the keys and sends nothing more; for lib/host only. */
void session_drop(struct session *s);
/* Ends the channel (SELECT of the domain, so that the card forgets it too) and wipes the keys. */
void session_close(struct session *s);
/* Wipes keys and buffers; sends nothing. */
void session_wipe(struct session *s);

#endif
