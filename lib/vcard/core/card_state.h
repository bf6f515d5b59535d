/*
 * Inside of the virtual card: its persistent and volatile state, and the handler interface.
 *
 * Only lib/vcard and its tests include this.
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

#include "crypto/authority.h"
#include "gp/broadcast.h"
#include "gp/cert.h"
#include "gp/command.h"
#include "gp/scp11_data.h"
#include "scp/joined.h"
#include "scp/scp.h"
#include "scp/scp11.h"
#include "vcard/content/content.h"
#include "vcard/core/nvm.h"
#include "vcard/core/vcard.h"

enum {
	CHANNELS = 4,
	KEY_SETS_MAX = 8,   /* of one domain */
	CARD_KEYS_MAX = 40, /* of all of them */
	KIDS = 3,           /* keys of a set: 01 ENC, 02 MAC, 03 DEK */
	CARD_PUBLICS_MAX = 16,
	CARD_OBJECTS_MAX = 64,
	OBJECT_SIZE_MAX = 4096, /* octets of one */
	TRIES_MAX = 10,
	FACTORY_VERSION = 0xFF,
	SEQUENCE_END = 0xFFFFFF,
	SEQUENCE_END_02 =
	    0xFFFF, /* the counter of SCP02 has two octets and does not wrap (E.1.2) */
	DEFAULT_MEMORY = 4u << 20,
	MEMORY_MAX = 12u << 20 /* running image and slot together fit one frame of the journal */
};

/* One secure channel key set; a key with n = 0 is absent and the set not usable. */
struct card_keys {
	struct aid domain; /* whose they are; n = 0: the ISD's */
	uint8_t version;
	uint8_t type; /* KEY_TYPE_AES or KEY_TYPE_DES; 0 when put: that of the card's protocol */
	struct key_set keys;
	uint32_t sequence; /* SCP03: of the last INITIALIZE UPDATE; SCP02: of the next session */
	uint8_t tries;     /* failed authentications left; 0: locked */
};

/* A public key of RSA or of an elliptic curve, by which tokens or load files are verified. */
struct card_public {
	struct aid domain; /* n = 0: the ISD's */
	struct key_ref ref;
	struct authority_key key;
};

/* What STORE DATA brought to a domain or to an application, by tag or DGI. */
struct card_object {
	struct aid owner; /* n = 0: the ISD */
	uint16_t tag;
	struct wr value; /* owned by the chip */
};

/* Versions of keys by which content is authorized, with key identifier 01 (UICC configuration). */
enum authority_kvn {
	AUTHORITY_KVN_TOKEN = 0x70,
	AUTHORITY_KVN_RECEIPT = 0x71,
	AUTHORITY_KVN_DAP = 0x73,
	AUTHORITY_KVN_CIPHER = 0x75
};

/* SCP11: a private key of the card (SK.SD.ECKA) with its certificates. */
struct card_ecka {
	struct key_ref ref; /* KID 11, 13 or 15 by variant */
	struct ec_private key;
	uint16_t certs_n;
	uint8_t certs[VCARD_CERTS_MAX]; /* in a row, leaf last */
};

/* SCP11: a public key that certificates of off-card entities must come from (PK.CA-KLOC.ECDSA), and
 * which of them are let in. */
struct card_ca {
	struct key_ref ref;
	struct ec_public key;
	struct x509_id id; /* n = 0: not told */
	bool has_list;     /* without one every certificate that it signed is let in */
	uint16_t counter;  /* of the list, for those that come in SCP11c sessions */
	uint8_t allowed_n;
	struct x509_id allowed[VCARD_ALLOWED_MAX]; /* serial numbers */
};

/* The one slot, 00. An EMPTY slot has all other fields zero. */
struct slot {
	uint8_t state; /* enum slot_state */
	uint8_t campaign[CAMPAIGN_SIZE];
	uint32_t package, total, done; /* 86 87 88 */
	uint32_t length;               /* 92, as announced */
	uint8_t form, inner;
	uint8_t kos_version;             /* 8B when inner is 01 */
	uint8_t nonce[INNER_NONCE_SIZE]; /* 8E when inner is 01 */
	/* What only the same stream goes on with (broadcast.md 3); never told. */
	uint8_t keys_id[SLOT_KEYS_SIZE]; /* of BK */
	uint8_t mcv[16];                 /* chaining value after command `done` */
};

/* What the card runs. */
struct running {
	uint32_t version;
	uint8_t digest[DIGEST_SIZE]; /* of the image */
	bool has_campaign;           /* false: as issued, never updated */
	uint8_t campaign[CAMPAIGN_SIZE];
	uint32_t package;
	uint8_t algorithm; /* it was authorized with */
	uint8_t code[16];  /* literal code of algorithms 01 and 02, else zeros */
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
	struct card_keys keys[CARD_KEYS_MAX]; /* in order of creation */
	size_t keys_n;
	struct card_public publics[CARD_PUBLICS_MAX];
	size_t publics_n;
	struct card_object objects[CARD_OBJECTS_MAX];
	size_t objects_n;
	struct card_ecka ecka[VCARD_ECKA_MAX];
	size_t ecka_n;
	struct card_ca ca[VCARD_CA_MAX];
	size_t ca_n;
	uint8_t refused[REFUSED_MAX][CAMPAIGN_SIZE];
	size_t refused_n;
	struct running running;
	struct wr image; /* what it runs; image.n octets */
	struct slot slot;
	struct wr slot_data; /* clear image so far; slot_data.n octets are received */
	struct card_content content;
};

enum session { SESSION_IDLE, SESSION_IU_DONE, SESSION_UNICAST, SESSION_BROADCAST };

/* The off-card entity that PERFORM SECURITY OPERATION is introducing, or has introduced. */
struct oce {
	struct wr block;         /* the certificate so far */
	uint8_t kvn, kid;        /* of the CA's key; kid with the bit of a chain that goes on */
	bool receiving;          /* another block of the certificate is due */
	bool has_issuer;         /* another certificate of the chain is due */
	struct ec_public issuer; /* and must be signed by this */
	struct ec_public key;    /* PK.OCE.ECKA; n = 0: nobody was introduced */
};

/* A load file on its way in (load.c): from INSTALL [for load] to the last LOAD, or, when it is
 * combined, to the last INSTALL. */
struct loading {
	bool active, whole; /* whole: all blocks are there */
	bool combined;      /* INSTALL [for load, install and make selectable] */
	uint16_t next;      /* block number expected */
	struct aid load_file, domain;
	uint8_t hash[CONTENT_HASH_MAX], hash_n;
	bool delegated;  /* a receipt is due */
	struct wr data;  /* so far */
	struct wr first; /* data of the INSTALL that began it */
};

/* An INSTALL, DELETE or PUT KEY of which more is to come; all zero: none. */
struct chain {
	uint8_t ins, p1, p2; /* P1 without the bit that says so */
	struct wr data;      /* so far */
};

/* Where the next GET STATUS goes on. */
struct paging {
	bool active;
	uint8_t p1;
	bool old;
	size_t at;
};

/* What a logical channel has in RAM. */
struct channel {
	bool open;
	bool app;        /* an application is selected, not a domain */
	bool files;      /* it is the file system of a UICC: */
	uint16_t df, ef; /* current directory and file; ef 0: none */
	struct aid selected;
	struct aid alias; /* the ISD was selected by this other name; n = 0: by its own */
	enum session session;
	struct scp scp;        /* the current context: IU_DONE, UNICAST or BROADCAST */
	struct aid key_domain; /* whose keys the diversified channel has, in all states but IDLE;
				* n = 0: the ISD's */
	uint8_t key_version;   /* and of what version */
	uint8_t m; /* 8 or 16; of the diversified channel, and so of the broadcast one */
	uint8_t host_challenge[16], card_challenge[16]; /* m octets, IU_DONE only */
	struct key dek;                                 /* Key-DEK of the diversified channel */
	/* SCP11 (scp11.c): */
	struct oce oce;
	bool anonymous; /* session of SCP11b: nobody was authenticated but the card */
	bool group;     /* session of SCP11c */
	/* CHANGE MODE (broadcast.c): */
	struct scp saved;  /* moved here from scp by enter, moved back by return */
	bool has_saved;    /* cleared before `saved` is used */
	bool failed;       /* a broadcast command was not answered 9000 */
	struct key bk_mac; /* from enter until AUTHORIZE ACTION or session_end: algorithm 01 */
	uint8_t bk_campaign[CAMPAIGN_SIZE]; /* what it belongs to; valid when bk_mac.n != 0 */
	uint32_t bk_package;
	/* STORE DATA (data.c): */
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

struct vcard {
	struct nvm *nvm;
	struct chip chip;
	struct wr batch; /* changes put and not yet committed */
	struct channel channel[CHANNELS];
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
	struct channel *ch;
	uint8_t number;          /* of the logical channel */
	const struct capdu *cmd; /* plain: SM taken off, class byte without SM bit */
	bool secured;            /* it came with secure messaging and was verified */
	bool chained;            /* the class byte says that another block follows */
	uint8_t level;           /* of the open session (LEVEL_*); 0 too when there is none */
	struct scp *seal;        /* context that protects the answer; NULL: bare */
	struct wr *out;          /* response data */
};
typedef uint16_t handler(struct call *c); /* returns the status word */

/* state.c: changes. Put, then commit once; a put that does not fit makes the commit fail. */
void chip_put_keys(struct vcard *v, const struct card_keys *k); /* adds or replaces the set */
void chip_put_keys_gone(struct vcard *v, const struct aid *domain, uint8_t version);
void chip_put_ecka(struct vcard *v, const struct card_ecka *k); /* adds or replaces */
void chip_put_ecka_gone(struct vcard *v, struct key_ref ref);
void chip_put_ca(struct vcard *v, const struct card_ca *k);
void chip_put_ca_gone(struct vcard *v, struct key_ref ref);
void chip_put_sequence(struct vcard *v, const struct card_keys *k, uint32_t sequence);
void chip_put_tries(struct vcard *v, const struct card_keys *k, uint8_t tries);
void chip_put_life_cycle(struct vcard *v, uint8_t state);
void chip_put_iin(struct vcard *v, struct span iin);
void chip_put_cin(struct vcard *v, struct span cin);
void chip_put_slot(struct vcard *v, const struct slot *s);        /* header; data stay */
void chip_put_slot_empty(struct vcard *v);                        /* EMPTY, data erased */
void chip_put_slot_erase(struct vcard *v);                        /* data erased, header stays */
void chip_put_slot_data(struct vcard *v, struct span bytes);      /* added to slot_data */
void chip_put_activate(struct vcard *v, const struct running *r); /* runs slot_data; slot EMPTY */
void chip_put_refused(struct vcard *v, const uint8_t campaign[static 16]); /* adds one */
/* One write; then struct chip is as the changes say. false: nothing happened and the changes are
 * forgotten (power cut: v->gone). Nothing put: true without a write. */
MUST_CHECK bool chip_commit(struct vcard *v);
void chip_forget(struct vcard *v); /* drops changes put */
/* domain_keys.c, and changes: a domain by its AID, n = 0 or its AID for the ISD. */
/* The set of this domain with this version, 0: its first; NULL: none. */
const struct card_keys *chip_keys(const struct vcard *v, const struct aid *domain, uint8_t version);
/* That, if it can open a channel: three keys of the kind that the card's protocol takes. A domain
 * without any such set is opened with the keys of the one that it is associated with. */
const struct card_keys *chip_channel_keys(
    const struct vcard *v, const struct aid *domain, uint8_t version);
/* It has a set of its own that opens a channel: what is in it is its own affair. */
bool chip_opens_itself(const struct vcard *v, const struct aid *domain);
/* It is the ISD, or is opened with the ISD's keys for want of its own: so with those of SCP11, too.
 */
bool chip_opened_by_isd(const struct vcard *v, const struct aid *domain);
size_t chip_keys_count(const struct vcard *v, const struct aid *domain);
const struct card_public *chip_public(
    const struct vcard *v, const struct aid *domain, struct key_ref ref);
/* The key 01 of this version, secret or public, as what authorizes content; false: none. The caller
 * wipes it. */
MUST_CHECK bool chip_authority(
    const struct vcard *v, const struct aid *domain, uint8_t version, struct authority_key *k);
void chip_put_public(struct vcard *v, const struct card_public *k); /* adds or replaces */
void chip_put_public_gone(struct vcard *v, const struct aid *domain, struct key_ref ref);
/* What STORE DATA brought under this tag or DGI to a domain or application; false: nothing. */
MUST_CHECK bool chip_object(
    const struct vcard *v, const struct aid *owner, uint16_t tag, struct span *value);
/* Adds or replaces. */
void chip_put_object(struct vcard *v, const struct aid *owner, uint16_t tag, struct span value);
void chip_put_isd(struct vcard *v, const struct aid *aid); /* another AID for the ISD */
/* By key identifier and version, 0: the first of that identifier; NULL: none. */
const struct card_ecka *chip_ecka(const struct vcard *v, struct key_ref ref);
const struct card_ca *chip_ca(const struct vcard *v, struct key_ref ref);
/* Says once and for all that the fault has happened; not counted as a write of the card. */
MUST_CHECK bool chip_fault_done(struct vcard *v);
/* Shortens the journal when most of it is history. */
void chip_tidy(struct vcard *v);

/* channel.c: ends the session of a channel whatever its state: wipes current and saved context,
 * challenges, BK-MAC, flags; IDLE. The selected application stays. (This is what erases both
 * contexts in broadcast mode.) */
void session_end(struct channel *ch);

/*
 * broadcast.c implements these.
 *
 * do_change_mode: called in UNICAST and BROADCAST. Enter moves ch->scp to ch->saved, makes the
 * broadcast context in ch->scp, session BROADCAST, and sets c->seal = &ch->saved so that the answer
 * is protected by the diversified channel. Return moves ch->saved back, session UNICAST, and sets
 * c->seal = NULL: its answer is bare.
 * do_write_stage: WRITE STAGE, and LOAD and STORE DATA in BROADCAST (c->cmd->ins tells).
 * do_authorize_action: called in UNICAST.
 */
handler do_change_mode;
handler do_write_stage;
handler do_authorize_action;
handler get_data_system; /* FF70: the whole TLV to c->out */
handler get_data_slots;  /* FF71 */
handler get_data_policy; /* FF72 */
/* Application number `index` (from 0) of the running image, when that starts with 7F6E
 * (broadcast.md 6): its AID (5..16 octets) and what SELECT answers; false: no more. SELECT and GET
 * STATUS are built on it. */
MUST_CHECK bool image_app(
    const struct vcard *v, size_t index, struct span *aid, struct span *answer);

#endif
