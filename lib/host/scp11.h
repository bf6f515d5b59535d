/*
 * Opening a session by SCP11 (Amendment F): the card's certificates are read and checked against
 * our anchors, then SCP11a and c introduce us by ours, then both sides agree on keys and the card's
 * receipt is compared. From then on it is a session like any other.
 *
 * Safety: a card whose certificates do not hold is sent nothing more; nothing is tried twice; what
 * can be checked of our own keys and certificates is checked before the first command; S8 or S16
 * is known before the handshake. A card that gives no receipt is not trusted.
 */
#ifndef HOST_SCP11_H
#define HOST_SCP11_H

#include "gp/cert.h"
#include "gp/scp11_data.h"
#include "host/session.h"
#include "scp/scp11.h"

/* Which keys of the card it is about. */
struct scp11_card {
	struct key_ref key; /* SK.SD.ECKA */
	struct key_ref ca;  /* PK.CA-KLOC.ECDSA; not in SCP11b */
	struct cert cert;   /* the checked certificate of the first; its spans are empty */
	uint8_t m;          /* 8 or 16 */
};

struct scp11_asks {
	struct aid domain; /* n = 0: A000000151000000 */
	enum scp11_variant variant;
	uint8_t key_version; /* of the card's key; 0: the only one that it has for the variant */
	uint8_t ca_version; /* a, c: of the CA's key by which the card checks us; 0: the only one */
	int level;          /* 33 or 11, SCP11c also 13 and 03; -1: 33 */
	int s16;            /* 1: S16, 0: S8, -1: as card data says, S8 if it does not */
	uint8_t key_n;      /* session keys: 16, 24 or 32 octets; 0: 16 */
	enum kdf_hash hash;
	bool has_host_id;    /* binds the keys to it and to the card, or in SCP11c to its group */
	struct span host_id; /* up to 16 octets */
	struct span iin; /* value of 42, where the card does not tell it here; n = 0: it is asked */
	struct span group; /* SCP11c: n = 0: the subject identifier of the card's certificate */
	/* Ours, a and c; chain: certificates in a row, leaf last, without the card's CA. Borrowed.
	 */
	const struct ec_private *own;
	struct span chain;
	/* Whom we trust to have signed the card's certificates. Borrowed. */
	const struct cert_anchor *anchors;
	size_t anchors_n;
	int64_t now; /* seconds since 1970 */
	/*
	 * To claim a container (host/claim.h): the card's key is known from a grant, which is the
	 * first certificate of our chain and names it, so the card is asked for none and nothing of
	 * the chain is looked at here; and the key of the application takes part. Borrowed.
	 */
	const struct ec_public *card; /* NULL: the card's certificates tell */
	struct span domain_key;       /* n = 0: none */
	/* The ephemeral key; NULL: a new one from the system. */
	int (*ephemeral)(void *ctx, enum ec_curve c, struct ec_private *out, struct err *e);
	/* Right before the first command that the card could count as a try; -1 stops. May be NULL.
	 */
	int (*before_auth)(void *ctx, const struct scp11_card *card, struct err *e);
	/* With the outcome; not called when no answer came. May be NULL. */
	void (*after_auth)(void *ctx, const struct scp11_card *card, bool accepted);
	void *ctx;
};

/* Everything that can be checked before the card is touched; session_open_scp11 does it too. */
int scp11_asks_check(const struct scp11_asks *asks, struct err *e);
/* GET DATA BF21 for this key (Amendment F): the answer as it comes, for cert_store_get, with
 * whatever status word; it lives as long as that of any command. Nothing in it is checked. */
int scp11_ask_certs(struct session *s, struct key_ref key, struct rapdu *r, struct err *e);
/* The card's certificates of this key (*key: the last one's) are of the key with this digest,
 * SHA-256 of its point. Nothing in them is checked: what a stranger says leads to a card that
 * cannot make the receipt. */
enum { SCP11_KEY_DIGEST = 32 };
int scp11_card_key_is(struct session *s, struct key_ref ref,
    const uint8_t digest[static SCP11_KEY_DIGEST], struct ec_public *key, bool *is, struct err *e);
struct choice11;

/* On a card that was discovered, with what choose.h chose. ERR_AUTH: certificates that do not hold,
 * any refusal, a wrong receipt. *card is filled as far as it came. */
int session_open_scp11(struct session *s, const struct choice11 *c, const struct scp11_asks *asks,
    struct scp11_card *card, struct err *e);

#endif
