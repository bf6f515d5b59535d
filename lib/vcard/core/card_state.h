/*
 * Core of the virtual card: its whole state, persistent and volatile, made of what each room keeps;
 * how it changes; how one command runs. What a command does is not here but in its room: see
 * handlers.h. Only lib/vcard and its tests include this.
 *
 * struct vcard owns everything below it: chip_wipe and channel_close release.
 *
 * How a command runs (dispatch.c):
 *  1. vcard_transmit counts it, plays faults, parses it (not an APDU: 6700, or 6982 and the end of
 *     the session when one with C-MAC is open on the channel of its class byte).
 *  2. A channel in state BROADCAST (broadcast.md 4, 7):
 *     - unprotected SELECT, MANAGE CHANNEL close, INITIALIZE UPDATE: session_end, then executed;
 *     - anything else unprotected, or a wrong MAC or padding: session_end, 6982;
 *     - good MAC (counter and chaining have advanced): CHANGE MODE -> do_change_mode;
 *       WRITE STAGE, LOAD, STORE DATA -> do_write_stage; all others 6985.
 *  3. Other channels: the table in dispatch.c refuses wrong class, case, life cycle; SM is taken
 *     off when a session is open (its level is required: missing or wrong protection is 6982 and
 *     session_end); what needs a session and has none is 6982; then the handler runs.
 *     CHANGE MODE and AUTHORIZE ACTION reach their handlers at every level of an open session
 *     (level 00 included), because the order of their checks is broadcast.md's. WRITE STAGE
 *     outside of BROADCAST reaches do_write_stage too: 6985.
 *  4. The answer is protected by call.seal, which is the context that verified the command; the
 *     handlers of CHANGE MODE change it (see there). Answers with an error status word lose
 *     whatever the handler wrote.
 *
 * How state changes: a handler puts changes (chip_put_*) and commits them once. The commit is one
 * atomic write to the card file and only then visible in struct chip: handlers never write to
 * struct chip themselves. chip_commit false: nothing has changed, answer SW_MEMORY_FAILURE.
 */
#ifndef VCARD_CORE_CARD_STATE_H
#define VCARD_CORE_CARD_STATE_H

#include "gp/card_data.h"
#include "gp/command.h"
#include "vcard/broadcast/broadcast.h"
#include "vcard/channel/channel.h"
#include "vcard/containers/containers.h"
#include "vcard/content/content.h"
#include "vcard/core/handlers.h"
#include "vcard/core/nvm.h"
#include "vcard/core/vcard.h"
#include "vcard/keys/keys.h"
#include "vcard/trust/trust.h"

enum {
	DEFAULT_MEMORY = 4u << 20,
	MEMORY_MAX = 12u << 20 /* running image and slot together fit one frame of the journal */
};

/* What survives power off. Read it everywhere; only chip_commit and replay write it. */
struct chip {
	/* written at issuance */
	uint8_t i;   /* of SCP03 */
	uint8_t i02; /* of SCP02; not 0: the card speaks that and no SCP03, and its keys are triple
		      * DES; there is no broadcast on it */
	enum vcard_product product;
	uint8_t iccid[ICCID_SIZE], imsi[IMSI_SIZE]; /* of a UICC */
	struct aid isd; /* of its issuer security domain; STORE DATA may change it */
	uint8_t kdd[KDD_SIZE];
	uint8_t cplc[CPLC_SIZE];
	uint8_t platform[PLATFORM_SIZE];
	struct aid target;
	uint8_t issuer[65];
	struct vcard_kos kos[KOS_MAX];
	size_t kos_n;
	struct key kmac;
	uint8_t algorithms[8], algorithm_n;
	uint8_t forms[2], form_n;
	uint32_t memory; /* octets that an image may have */
	enum fault fault;
	uint32_t fault_at;
	/* changes */
	bool fault_done;
	uint8_t life_cycle;
	uint8_t iin[8], iin_n, cin[16], cin_n;
	struct card_keys keys[CHIP_KEYS_MAX]; /* in order of creation */
	size_t keys_n;
	struct card_public publics[CHIP_PUBLICS_MAX];
	size_t publics_n;
	struct card_object objects[CHIP_OBJECTS_MAX];
	size_t objects_n;
	struct card_ecka ecka[VCARD_ECKA_MAX];
	size_t ecka_n;
	struct card_ca ca[VCARD_CA_MAX];
	size_t ca_n;
	uint8_t refused[REFUSED_MAX][CAMPAIGN_SIZE];
	size_t refused_n;
	struct running running;
	struct wr image; /* what it runs; image.n octets */
	struct card_slot slot;
	struct wr slot_data; /* clear image so far; slot_data.n octets are received */
	struct card_content content;
	struct card_containers containers;
	struct card_trusts trusts;
};

struct vcard {
	struct nvm *nvm;
	struct chip chip;
	struct wr batch; /* changes put and not yet committed */
	struct logical_channel channel[CHANNELS];
	uint32_t commands; /* since power-on */
	uint32_t writes;   /* since power-on */
	bool gone;         /* pulled or without power */
	bool endless;      /* FAULT_ENDLESS has struck */
	struct wr rest;    /* of the last answer, for GET RESPONSE, status word at its end */
	size_t rest_at;    /* octets of it that are told */
	uint8_t rest_channel;
	uint8_t plain[65536];  /* data of the command, unwrapped */
	uint8_t answer[65536]; /* data of the answer, before protection */
};

/* A command as a handler sees it. */
struct call {
	struct vcard *v;
	struct logical_channel *ch;
	uint8_t number;          /* of the logical channel */
	const struct capdu *cmd; /* plain: SM taken off, class byte without SM bit */
	bool secured;            /* it came with secure messaging and was verified */
	bool chained;            /* the class byte says that another block follows */
	uint8_t level;           /* of the open session (LEVEL_*); 0 too when there is none */
	struct scp *seal;        /* context that protects the answer; NULL: bare */
	struct wr *out;          /* response data */
};

/* state.c: changes. Put, then commit once; a put that does not fit makes the commit fail. */
void chip_put_life_cycle(struct vcard *v, uint8_t state);
void chip_put_iin(struct vcard *v, struct span iin);
void chip_put_cin(struct vcard *v, struct span cin);
void chip_put_isd(struct vcard *v, const struct aid *aid); /* another AID for the ISD */
/* One write; then struct chip is as the changes say. false: nothing happened and the changes are
 * forgotten (power cut: v->gone). Nothing put: true without a write. */
MUST_CHECK bool chip_commit(struct vcard *v);
void chip_forget(struct vcard *v); /* drops changes put */
/* Says once and for all that the fault has happened; not counted as a write of the card. */
MUST_CHECK bool chip_fault_done(struct vcard *v);
/* Shortens the journal when most of it is history. */
void chip_tidy(struct vcard *v);

/* dispatch.c: runs one parsed command on its channel; the answer as it goes out is added to rsp. */
void dispatch(struct vcard *v, struct span command, struct wr *rsp);
/* select.c: what is selected on a channel that was just opened, without anybody asking (GPCS
 * 6.4.1): in place of the ISD. */
void select_implicit(struct vcard *v, uint8_t number);
/* data.c: what the card says of itself where nobody stored something else. */
void card_data_of(const struct chip *c, struct card_data *d);

#endif
