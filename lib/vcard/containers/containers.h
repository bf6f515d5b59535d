/*
 * Containers of third parties on the virtual card (containers.md): a supplementary security domain
 * that a grant has closed. What the card remembers of containers, their parties and the issuers of
 * grants; the orders that change it; how a party claims its container and what it may do in it; and
 * the one question that everybody else asks: what a session reaches (container_reaches).
 *
 * Not here: the forms of grants and orders (gp/grant.h, gp/container.h), domains and what is in
 * them (content/), keys and sets (keys/), opening sessions (channel/): those rooms ask this one.
 *
 * All of it is in struct chip, which owns it; what is found is borrowed until the next commit.
 * Tries of access sets and whatever belongs to a claim that is under way are in RAM. A domain is
 * named by its AID; n = 0 or its AID names the ISD. Only lib/vcard and its tests include this.
 */
#ifndef VCARD_CONTAINERS_CONTAINERS_H
#define VCARD_CONTAINERS_CONTAINERS_H

#include "gp/container.h"

struct vcard;
struct chip;
struct call;
struct logical_channel;
struct card_ecka;
struct put_key;
struct oce;
struct delete_keys;

/* A party, or what the holder of a grant becomes. */
struct card_party {
	uint8_t id[PARTY_ID_MAX], id_n;
	uint64_t serial; /* of its grant */
	uint8_t rights;  /* enum party_right */
	uint8_t key[PARTY_DIGEST];
	uint8_t prefix[PARTY_PREFIX_MAX], prefix_n;
	uint8_t set[CONTAINER_SETS_MAX], set_n; /* versions of its access sets */
};

/* A grant that was placed and is not used yet. Its key and days come with the octets themselves,
 * which its digest fixes. */
struct card_grant {
	struct card_party party; /* without sets */
	uint8_t issuer[PARTY_NAME];
	uint8_t digest[PARTY_DIGEST];
	uint8_t card[PARTY_DIGEST]; /* 81 */
	struct key dk;              /* n = 0: none */
};

struct card_container {
	struct aid aid;
	uint8_t stage; /* enum container_stage */
	/* The first is the owner. SEALED: it alone, without sets, for whom the seal waits. */
	struct card_party party[CONTAINER_PARTIES_MAX];
	size_t party_n;
	struct card_grant grant[CONTAINER_GRANTS_MAX];
	size_t grant_n;
};

/* The last serial of an issuer, by the digest of its point; never forgotten. */
struct card_issuer {
	uint8_t digest[PARTY_DIGEST];
	uint64_t serial;
};

/* What is in the chip. */
struct card_containers {
	struct card_container container[CONTAINERS_MAX];
	size_t n;
	struct card_issuer issuer[ISSUERS_MAX];
	size_t issuer_n;
	uint32_t time; /* T: seconds since 1970; 0: unknown */
	bool closed;   /* no grant issuer key comes, changes or goes */
};

/* ---- what there is ---- */

/* By AID; NULL: that is no container. */
const struct card_container *chip_container(const struct vcard *v, const struct aid *aid);
/* The container that the chain of domains from this one upwards meets first; NULL: none. */
const struct card_container *chip_home(const struct vcard *v, const struct aid *domain);
/* The wall: what `domain` has is within the home of the channel's session. */
bool container_reaches(
    const struct vcard *v, const struct logical_channel *ch, const struct aid *domain);
/* The container, or an entry in `domain`, is there for nobody: it is locked or sealed. */
bool container_shut(const struct vcard *v, const struct aid *domain);
/* Whose session it is, of a level with C-MAC; NULL: it is no session of a party. */
const struct card_party *session_party(const struct vcard *v, const struct logical_channel *ch);
/* The access set of this version is the party's. */
bool party_has_set(const struct card_party *p, uint8_t version);
/* SW_OK where the selected domain is no container, else whether the session has this right. */
uint16_t container_right(const struct call *c, enum party_right right);

/* ---- commands ---- */

/* dispatch.c, before anything else is looked at: a claim that is under way takes nothing but PUT
 * KEY and GET DATA; content management needs its right. SW_OK, or why not. */
uint16_t container_gate(const struct call *c);
/* The channels on which a container or something in it is selected; asked before a change. */
unsigned container_visitors(const struct vcard *v, const struct aid *aid);
/* After a change: sessions that lean on what is gone end on all channels, and visitors of what
 * cannot be selected any more are back at the ISD. */
void container_settle(struct call *c, unsigned visitors);

/* The claim, in a container (containers.md 5). PERFORM SECURITY OPERATION: is the reference one of
 * an issuer whose grant waits here; and one whole certificate, which goes to ch->oce. */
uint16_t claim_reference(const struct call *c);
uint16_t claim_certificate(const struct call *c, struct span whole);
/* MUTUAL AUTHENTICATE, by who was introduced: *own is the card's key, *domain_key the third secret
 * or empty, both borrowed. */
uint16_t claim_check(const struct call *c, const struct oce *introduced,
    const struct card_ecka **own, struct span *domain_key);
/* The session is open: it is one of a claim. */
void claim_opened(struct logical_channel *ch, const struct oce *introduced);

/* PUT KEY of an access set, in a claim or by a party: is it one, before its data are read; may it
 * be put; what changes besides the keys, not committed; and what follows once it is. */
uint16_t access_form(const struct call *c);
uint16_t access_check(const struct call *c, const struct put_key *put);
void access_put(struct call *c, const struct put_key *put);
void access_done(struct call *c, const struct put_key *put);
/* DELETE of an access set by its party. Commits. */
uint16_t access_delete(struct call *c, const struct delete_keys *what);

/* ---- what it stores and tells ---- */

/* STORE DATA: an order, BF73 (SW_OK: it is done and committed). */
uint16_t container_order(struct call *c, struct span data);
/* STORE DATA of a party: objects. Not committed. */
uint16_t container_store(struct call *c, struct span data);
/* FF73 with all that the issuer is told. */
void containers_told(struct wr *w, const struct vcard *v);
/* GET DATA: may the object of this tag be told here? SW_OK where the selected domain is no
 * container. */
uint16_t container_tells(const struct call *c, uint16_t tag);
/* Octets that its objects take of its quota. */
uint32_t container_objects_take(const struct vcard *v, const struct aid *container);

/* ---- changes, as in card_state.h: put, then commit once ---- */

void chip_put_container(struct vcard *v, const struct card_container *k); /* adds or replaces */
/* It is an ordinary domain again; emptied: its keys and objects are gone, too. */
void chip_put_container_gone(struct vcard *v, const struct aid *aid, bool emptied);
void chip_put_issuer(struct vcard *v, const struct card_issuer *i); /* adds or replaces */
void chip_put_time(struct vcard *v, uint32_t time);
void chip_put_closed(struct vcard *v);

#endif
