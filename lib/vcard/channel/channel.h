/*
 * Logical channels of the virtual card and the sessions on them: what each has in RAM, opening one
 * by SCP03, SCP02 or SCP11 in the card's role. Not here: which command may come in which state
 * (broadcast/mode.h), taking protection off (core/dispatch.c), the keys (keys/keys.h).
 *
 * A channel owns its writers and its session keys; channel_close releases and wipes. Only lib/vcard
 * and its tests include this.
 */
#ifndef VCARD_CHANNEL_CHANNEL_H
#define VCARD_CHANNEL_CHANNEL_H

#include "gp/broadcast.h"
#include "gp/grant.h"
#include "scp/joined.h"
#include "scp/scp.h"
#include "scp/scp11.h"
#include "vcard/content/content.h"
#include "vcard/trust/trust.h"

struct call;
struct chip;

enum { CHANNELS = 4 };

enum channel_state { CHANNEL_IDLE, CHANNEL_IU_DONE, CHANNEL_UNICAST, CHANNEL_BROADCAST };

/* The off-card entity that PERFORM SECURITY OPERATION is introducing, or has introduced. */
struct oce {
	struct wr block;         /* the certificate so far */
	uint8_t kvn, kid;        /* of the CA's key; kid with the bit of a chain that goes on */
	bool receiving;          /* another block of the certificate is due */
	bool has_issuer;         /* another certificate of the chain is due */
	struct ec_public issuer; /* and must be signed by this */
	struct ec_public key;    /* PK.OCE.ECKA; n = 0: nobody was introduced */
	/* In a container: the grant that was presented, and by form S its party. */
	bool has_grant;
	uint8_t grant[PARTY_DIGEST];
	uint8_t id[PARTY_ID_MAX], id_n;
};

/* What a channel gives up when the answer to the command is out. */
enum leaving { LEAVES_NOTHING, LEAVES_SESSION, LEAVES_DOMAIN };

/* An INSTALL, DELETE or PUT KEY of which more is to come; all zero: none. */
struct chain {
	uint8_t ins, p1, p2; /* P1 without the bit that says so */
	struct wr data;      /* so far */
};

/* What a logical channel has in RAM. */
struct logical_channel {
	bool open;
	bool app;        /* an application is selected, not a domain */
	bool files;      /* it is the file system of a UICC: */
	uint16_t df, ef; /* current directory and file; ef 0: none */
	struct aid selected;
	struct aid alias; /* the ISD was selected by this other name; n = 0: by its own */
	enum channel_state session;
	struct scp scp;        /* the current context: IU_DONE, UNICAST or BROADCAST */
	struct aid key_domain; /* whose keys the diversified channel has, in all states but IDLE;
				* n = 0: the ISD's */
	uint8_t key_version;   /* and of what version */
	uint8_t m; /* 8 or 16; of the diversified channel, and so of the broadcast one */
	uint8_t host_challenge[16], card_challenge[16]; /* m octets, IU_DONE only */
	struct key dek;                                 /* Key-DEK of the diversified channel */
	/* SCP11: */
	struct oce oce;
	bool anonymous; /* session of SCP11b: nobody was authenticated but the card */
	bool group;     /* session of SCP11c */
	/* Containers: */
	bool claiming; /* session of a claim, before PUT KEY; oce.grant says by which grant */
	enum leaving leaving;
	struct trust_session trust; /* of a terminal, in the trust application */
	/* CHANGE MODE: */
	struct scp saved;  /* moved here from scp by enter, moved back by return */
	bool has_saved;    /* cleared before `saved` is used */
	bool failed;       /* a broadcast command was not answered 9000 */
	struct key bk_mac; /* from enter until AUTHORIZE ACTION or session_end: algorithm 01 */
	uint8_t bk_campaign[CAMPAIGN_SIZE]; /* what it belongs to; valid when bk_mac.n != 0 */
	uint32_t bk_package;
	/* STORE DATA: */
	uint8_t store_next; /* block number expected, 00 at the start */
	struct wr store;    /* data so far */
	/* A command that comes in several, each protected for itself, or as a whole (chain.c): */
	struct chain chain;
	struct joined joined;
	/* INSTALL and LOAD: */
	struct loading loading; /* ended by any other command */
	struct paging paging;   /* of GET STATUS; ended by any other command */
	struct aid personalize; /* STORE DATA goes to this application; n = 0: to the domain */
};

/* A channel as it is after power-on (channel 0) or opening: the ISD is selected. */
void channel_open(const struct chip *chip, struct logical_channel *ch);
void channel_close(struct logical_channel *ch);
/* Does what ch->leaving says: the session ends; or the ISD is selected as well. */
void channel_leave(const struct chip *chip, struct logical_channel *ch);
/* What the host calls the domain that is selected. */
const struct aid *channel_name(const struct logical_channel *ch);
/* Ends the session of a channel whatever its state: wipes current and saved context,
 * challenges, BK-MAC, flags; IDLE. The selected application stays. (This is what erases both
 * contexts in broadcast mode.) */
void session_end(struct logical_channel *ch);

/* A command that comes in several is under way, and this one is its next part (of one that is
 * protected as a whole no part gets that far). */
bool chain_open(const struct logical_channel *ch);
bool chain_goes_on(const struct logical_channel *ch, const struct capdu *cmd);
/* Takes a part, or a command that comes alone. !*more: *whole is all of its data, of at most `max`
 * octets, borrowed until the command ends. SW_OK, or why not. */
uint16_t chain_take(struct call *c, size_t max, struct span *whole, bool *more);
/* Done when the last part is through, or one was refused. */
void chain_forget(struct logical_channel *ch);

/* Forgets whom PERFORM SECURITY OPERATION introduced. */
void oce_forget(struct oce *o);
/* Parameter i of SCP11 as this card has it; 0: it has no SCP11. */
uint16_t scp11_i_of(const struct chip *c);
/* STORE DATA: certificates, identifier or allow-list of a key. Not committed. SW_OK,
 * or why not. */
uint16_t scp11_store(struct call *c, struct span data);

#endif
