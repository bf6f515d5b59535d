/* The commands of the card that are not broadcast.c's, and who implements them. */
#ifndef VCARD_CORE_HANDLERS_H
#define VCARD_CORE_HANDLERS_H

#include "gp/card_data.h"
#include "gp/delete.h"
#include "gp/put_key.h"
#include "vcard/core/card_state.h"

/* select.c */
handler do_select;
/* What is selected on a channel that was just opened, without anybody asking (GPCS 6.4.1): in place
 * of the ISD. */
void select_implicit(struct vcard *v, uint8_t number);
/* channel.c */
handler do_manage_channel;
handler do_initialize_update;
handler do_external_authenticate;
/* scp11.c; MUTUAL AUTHENTICATE has the instruction byte of EXTERNAL AUTHENTICATE, INTERNAL
 * AUTHENTICATE one of its own */
handler do_perform_security_operation;
handler do_scp11_authenticate;
/* scp11_store.c */
handler get_certificate_store; /* BF21 */
handler get_ca_identifiers;    /* FF33 */
/* keys.c */
handler do_put_key;
handler do_generate_key; /* public_keys.c */
/* keys_delete.c */
handler do_delete; /* of keys; calls */
/* delete.c: of applications and load files */
uint16_t delete_content(struct call *c, const struct delete_object *o);
/* data.c */
handler do_get_data;
/* store.c */
handler do_store_data;
/* install.c, load.c */
handler do_install;
handler do_load;
/* content_data.c */
void content_capabilities(struct wr *w); /* what 67 tells besides the protocols */
handler get_resources;                   /* FF21 */
handler get_confirmation_counter;        /* C2 */
handler get_application_list;            /* 2F00 */
/* registry.c */
handler do_get_status;
/* status.c */
handler do_set_status;

/* dispatch.c: runs one parsed command on its channel; the answer as it goes out is added to rsp. */
void dispatch(struct vcard *v, struct span command, struct wr *rsp);

/* channel.c: a channel as it is after power-on (channel 0) or opening: the ISD is selected. */
void channel_open(const struct chip *chip, struct channel *ch);
void channel_close(struct channel *ch);
/* What the host calls the domain that is selected. */
const struct aid *channel_name(const struct channel *ch);
/* scp11.c: forgets whom PERFORM SECURITY OPERATION introduced. */
void oce_forget(struct oce *o);
/* Parameter i of SCP11 as this card has it; 0: it has no SCP11. */
uint16_t scp11_i_of(const struct chip *c);
/* The same file. STORE DATA: certificates, identifier or allow-list of a key. Not committed. SW_OK,
 * or why not. */
uint16_t scp11_store(struct call *c, struct span data);
/* data.c: what the card says of itself where nobody stored something else. */
void card_data_of(const struct chip *c, struct card_data *d);
/* The same file: the type that this card's keys have. */
uint8_t key_type(const struct chip *c);
/* keys.c: key 01 ENC, 02 MAC, 03 DEK of a set; NULL: no such key identifier. */
struct key *key_of(struct key_set *k, unsigned kid);
/* domain_keys.c: three keys of the kind that the card's protocol takes. */
bool set_opens_channel(const struct vcard *v, const struct card_keys *k);
/* Puts the keys of a command, the i-th with identifier kid[i]: `old` > 0 replaces keys of this
 * version, 0 adds, -1 does either, as STORE DATA does. A whole set begins with counter 0 and all
 * tries; the factory set goes when it is the only one and the new one opens channels. Not
 * committed. SW_OK, or why not. */
uint16_t keys_put(struct vcard *v, const struct aid *domain, int old, const struct put_key *put,
    const uint8_t kid[static PUT_KEY_KEYS]);
/* public_keys.c: the same for one RSA or EC key. */
uint16_t public_put(
    struct vcard *v, const struct aid *domain, int old, const struct put_key *put, uint8_t kid);
bool public_taken(const struct vcard *v, const struct aid *domain, struct key_ref ref);
/* store.c: gives up the STORE DATA and personalizations that a domain is in the middle of, on all
 * channels: it is selected anew (GPCS 11.11.1). */
void store_forget(struct vcard *v, const struct aid *domain);
/* chain.c: a command that comes in several is under way, and this one is its next part (of one that
 * is protected as a whole no part gets that far). */
bool chain_open(const struct channel *ch);
bool chain_goes_on(const struct channel *ch, const struct capdu *cmd);
/* Takes a part, or a command that comes alone. !*more: *whole is all of its data, of at most `max`
 * octets, borrowed until the command ends. SW_OK, or why not. */
uint16_t chain_take(struct call *c, size_t max, struct span *whole, bool *more);
/* dispatch.c does so when the last part is through, or one was refused. */
void chain_forget(struct channel *ch);

#endif
