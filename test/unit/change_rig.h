/*
 * Changes (lib/change) on a virtual card: the card in a file of its own, a session of lib/host with
 * it, key sets as of a key store, and changes written as words. One at a time.
 */
#ifndef UNIT_CHANGE_RIG_H
#define UNIT_CHANGE_RIG_H

#include "unit.h"

#include "change/kinds.h"

enum { CHANGE_ENTRIES = 3 };
/* test 30, next 31: AES-128; long 32: AES-256. Terminals' keys may come from them as well. */
extern struct entry change_entries[CHANGE_ENTRIES];
extern struct session change_session;

/* A new card with key set 30 and an open channel of level 33 to its issuer domain. */
void change_rig_on(void);
/* The same with a key 11 and an issuer of grants, of the cases of test/vectors/containers.json
 * (party_open_vectors comes first), and from then on a key store for kinds that look into one:
 * `operator` and `authority` of type grantor, `acme` and `bank` of type party. */
void change_rig_on_parties(void);
void change_rig_off(void);
/* The same card, taken out and put in again. */
void change_rig_again(void);
/* A channel with this set, to this domain; NULL: the issuer's. The commands that follow are
 * counted from 0. */
int change_rig_open(
    const struct entry *t, uint8_t version, const struct aid *domain, struct err *e);
/* A change as a step has it: change_words(&ch, "lock", "aid=A0... card=true"). */
void change_words(struct change *ch, const char *kind, const char *text);
/* What the field of that name was given, of the type that its kind fills (change/field.h). */
void *change_value(const struct change *ch, const char *name);
/* Command n from now on, from 1, is carried out and its answer is lost; 0: none. */
void change_rig_silent(unsigned n);
/* From now on somebody on the line answers 6A88 for the card where its key information is asked
 * for.
 */
void change_rig_hide_keys(void);
/* Commands since the channel was opened. */
unsigned change_rig_commands(void);

#endif
