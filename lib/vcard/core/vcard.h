/*
 * The virtual card: a GlobalPlatform chip in a file.
 *
 * The file is the chip's memory: it holds keys in clear, is created 0600 and locked (flock) while
 * somebody has the card. It is a journal of checksummed records: each change of state is one
 * write, so cutting power at any write leaves the state before or after a command. There is no
 * fsync per command: a crash of this program loses nothing, loss of the machine's power may lose
 * the last commands, never consistency.
 */
#ifndef VCARD_CORE_VCARD_H
#define VCARD_CORE_VCARD_H

#include "base/err.h"
#include "base/secret.h"
#include "gp/broadcast.h"
#include "gp/cert.h"
#include "gp/trust.h"

enum fault {
	FAULT_NONE,
	FAULT_WRONG_KEYS, /* issued with keys that the key store does not have */
	FAULT_LOCKED,     /* key set out of tries */
	FAULT_TAMPER,     /* command n arrives with one bit flipped */
	FAULT_SILENT,     /* no answer to command n */
	FAULT_REMOVED,    /* the card is pulled before command n */
	FAULT_POWER_CUT,  /* power fails in write n: that write is torn */
	FAULT_LIES,       /* says of its first activation that it was done, and does nothing */
	FAULT_ENDLESS,    /* from command n on answers 61xx for ever, until it is reset */
	FAULT_ONE_OCTET,  /* answers one octet to command n */
	FAULT_TOO_LONG    /* answers more than 64 KiB to command n */
};
/* "wrong-keys", "locked", "tamper", "silent", "removed", "power-cut", "lies", "endless",
 * "one-octet", "too-long". */
MUST_CHECK bool fault_from(const char *name, enum fault *f);
const char *fault_str(enum fault f);

/* What a card is like: its answer to reset, the AID of its domain, what SELECT answers, its data
 * and habits. */
enum vcard_product {
	PRODUCT_PLAIN,
	PRODUCT_JCOP4,
	PRODUCT_UICC, /* with a file system */
	PRODUCT_YUBIKEY,
	PRODUCTS
};
/* "plain", "jcop4", "uicc", "yubikey". */
MUST_CHECK bool product_from(const char *name, enum vcard_product *p);
const char *product_str(enum vcard_product p);
enum { ICCID_SIZE = 10, IMSI_SIZE = 9 };

struct vcard_kos {
	uint8_t version;
	struct key key;
};

/* SCP11: a private key of the card, by variant (KID 11, 13, 15), with its certificates. */
struct vcard_ecka {
	uint8_t kid, version;
	struct ec_private key;
	struct span certs; /* in a row, leaf last; borrowed */
};

/* SCP11: whose certificates of off-card entities the card takes. */
struct vcard_ca {
	uint8_t kid, version;
	struct ec_public key;
	struct x509_id id; /* n = 0: none */
};

enum { VCARD_GRANTORS_MAX = 4 };
enum { VCARD_ECKA_MAX = 6, VCARD_CA_MAX = 4, VCARD_ALLOWED_MAX = 16, VCARD_CERTS_MAX = 3072 };

/* What a card is issued with. */
struct vcard_issue {
	enum vcard_product product; /* all but the plain one come without broadcast */
	struct aid isd;             /* of the issuer domain; n = 0: A000000151000000 */
	uint8_t iccid[ICCID_SIZE];  /* UICC: contents of EF_ICCID and EF_IMSI */
	uint8_t imsi[IMSI_SIZE];
	struct key_set keys; /* this card's own */
	uint8_t key_version;
	uint8_t i;   /* parameter i of SCP03: 70 */
	uint8_t i02; /* not 0: the card speaks SCP02 with this i instead, keys are triple DES */
	uint8_t kdd[KDD_SIZE];
	uint8_t iin[8], iin_n, cin[16], cin_n;
	uint8_t cplc[CPLC_SIZE];
	uint8_t platform[PLATFORM_SIZE];
	struct aid target;
	uint32_t base;      /* version it runs */
	uint8_t issuer[65]; /* public key, 04 | X | Y */
	struct vcard_kos kos[KOS_MAX];
	size_t kos_n;
	struct key kmac; /* n = 0: none */
	uint8_t algorithms[8], algorithm_n;
	uint8_t forms[2], form_n;
	struct vcard_ecka ecka[VCARD_ECKA_MAX];
	size_t ecka_n; /* 0: no SCP11 */
	struct vcard_ca ca[VCARD_CA_MAX];
	size_t ca_n;
	struct ec_public grantor[VCARD_GRANTORS_MAX]; /* KVN 74, KID 01 on: issuers of grants */
	size_t grantor_n;
	/* PK.OCE.ECKA, KID 12 with the version of the KID 11 key that it goes with: who has the
	 * private half opens the card without a certificate. n = 0: none */
	struct ec_public stored_oce;
	uint32_t memory; /* octets free for an image, and as many for content; 0: 4 MiB */
	uint16_t page;   /* octets of one answer of GET STATUS; 0: what a short answer can carry */
	enum fault fault;
	uint32_t fault_at; /* n, counted from 1 since power-on; happens once in the card's life */
};

struct vcard;

/* Creates a card file, which must not exist. */
int vcard_create(const char *path, const struct vcard_issue *issue, struct err *e);
/* Locks and powers a card; in use elsewhere or missing: ERR_READER; damaged, or a file that is not
 * the caller's alone: ERR_INPUT. */
int vcard_open(const char *path, struct vcard **v, struct err *e);
/* The diversification data of the card in this file, which may be in use: given to it when it was
 * made, and to no other. false: it is no card file. */
MUST_CHECK bool vcard_kdd(const char *path, uint8_t kdd[static KDD_SIZE]);
void vcard_close(struct vcard *v); /* power off and unlock; NULL is fine */

enum vcard_answer { VCARD_ANSWER, VCARD_SILENT, VCARD_GONE };
/* One APDU; the answer with its status word is appended to rsp. After VCARD_GONE (pulled, or power
 * lost) nothing is answered any more until vcard_open. */
enum vcard_answer vcard_transmit(struct vcard *v, struct span command, struct wr *rsp);
/* Its file is still there, and it has power. */
bool vcard_inserted(const struct vcard *v);
void vcard_reset(struct vcard *v); /* warm reset: volatile state is lost */
struct span vcard_atr(const struct vcard *v);

/* For `vcard show`: what the card holds, no key values. Opens, reads and closes. */
enum { VCARD_KEYS_SHOWN = 198 };

struct vcard_summary {
	enum vcard_product product;
	uint8_t cin[16], cin_n, iin[8], iin_n, kdd[KDD_SIZE], life_cycle, i, i02;
	struct {
		struct aid domain; /* n = 0: the issuer's */
		uint8_t version, type, tries;
		uint16_t length; /* octets; of an EC key those of its point without 04 */
		uint8_t sequence[3];
		bool is_set; /* a set has tries and a sequence counter, a public key none */
	} keys[VCARD_KEYS_SHOWN];
	size_t keys_n;
	struct trust_record trust[TRUST_RECORDS]; /* traits_digest: empty */
	size_t trust_n;
	uint32_t load_files, applications, domains; /* besides what is there from the start */
	uint32_t free_memory;                       /* octets, for content */
	struct system_data system;
	struct slot_data slot;
	struct policy_data policy;
	enum fault fault;
	uint32_t fault_at;
	bool fault_done;
};
/* *containers: FF73 as its issuer is told it is appended (gp/container.h); the caller frees it.
 * ERR_READER, ERR_INPUT. */
int vcard_describe(const char *path, struct vcard_summary *s, struct wr *containers, struct err *e);

#endif
