/*
 * The commands of the virtual card, and which room executes them. dispatch.c has the table of what
 * each needs, data.c that of GET DATA. Nothing else of a room is here: see its own header.
 */
#ifndef VCARD_CORE_HANDLERS_H
#define VCARD_CORE_HANDLERS_H

#include <stdint.h>

struct call;
/* Executes c->cmd, adds what it answers to c->out and returns the status word. */
typedef uint16_t handler(struct call *c);

/* core/ */
handler do_select;
handler do_get_data;
handler do_get_status;

/* channel/ */
handler do_manage_channel;
handler do_initialize_update;
handler do_external_authenticate;
handler do_perform_security_operation;
/* MUTUAL AUTHENTICATE, which has the instruction byte of EXTERNAL AUTHENTICATE, and INTERNAL
 * AUTHENTICATE, which has one of its own. */
handler do_scp11_authenticate;
handler get_certificate_store; /* BF21 */
handler get_ca_identifiers;    /* FF33 */

/* keys/ */
handler do_put_key;
handler do_generate_key;
handler do_delete; /* of keys; calls delete_content for all else */

/* content/ */
handler do_install;
handler do_load;
handler do_set_status;
handler do_store_data;
handler get_resources;            /* FF21 */
handler get_confirmation_counter; /* C2 */
handler get_application_list;     /* 2F00 */

/*
 * broadcast/
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

/* containers/ */
handler get_containers; /* FF73 */

/* trust/ */
handler get_trusts; /* FF74 */

/* products/: the file system of a UICC (ETSI TS 102 221) */
handler files_select;
handler files_command; /* any other command while it is selected on the channel */

#endif
