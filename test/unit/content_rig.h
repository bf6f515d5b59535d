/*
 * Content management of a virtual card from a host made of lib/scp and lib/gp alone: commands of
 * any length in a session, load file data blocks as small as they may be, and the steps that most
 * tests begin with.
 */
#ifndef UNIT_CONTENT_RIG_H
#define UNIT_CONTENT_RIG_H

#include "gp/delete.h"
#include "gp/install.h"
#include "gp/load_file.h"
#include "gp/privilege.h"
#include "gp/status.h"
#include "rig.h"

/* Names in hex. */
#define PACKAGE "A00000006203010C01"
#define APPLET "A00000006203010C0101"
#define LIBRARY "A00000006203010C02"
#define DOMAIN "A0000001515300AA"
#define DOMAIN2 "A0000001515300BB"
#define DOMAIN_PACKAGE "A0000001515350"
#define DOMAIN_MODULE "A000000151535041"
#define ISD "A000000151000000"
#define TRUST "F0545255535401" /* the trust application, which the system brings */

/* A package that has nothing but what the virtual machine asks of every package. */
struct package_of {
	const char *aid;        /* in hex */
	const char *applets[4]; /* in hex; NULL: no more */
	const char *imports[4]; /* of version 1.0 */
	uint8_t major, minor;
	size_t method;       /* octets of the Method component: what makes it large */
	size_t more_imports; /* of packages of the platform */
};
void package_put(struct wr *w, const struct package_of *p);

/* A card with a session of level 01 on its basic channel. */
void content_on(struct rig *r);
void content_session(struct rig *r); /* after power-on or SELECT */
/* Any command in the session; extended length where a short one cannot carry it. */
uint16_t say(struct rig *r, uint8_t ins, uint16_t p1p2, struct span data, struct span *answer);
uint16_t say_hex(struct rig *r, uint8_t ins, uint16_t p1p2, const char *hex);

/* A command that came between the parts of another one was answered so: the session is over, and a
 * new one begins. */
void assert_broken_off(struct rig *r, uint16_t sw);

struct aid aid_of(const char *hex); /* "": none */
uint16_t do_install_put(struct rig *r, uint8_t p1, uint8_t p2, const struct install *i);
/* INSTALL [for load] and LOAD of a whole load file in blocks of n octets; the status word of the
 * first command that was refused, else of the last. */
uint16_t load_start(struct rig *r, const char *aid, const char *domain, struct span hash);
uint16_t load_blocks_put(struct rig *r, struct span load_file, size_t n);
/* All of that for data in clear without a hash. */
uint16_t load_package(struct rig *r, const struct package_of *p, const char *domain);
/* INSTALL [for install and make selectable]; privileges in one or three octets, hex. */
uint16_t install_applet(struct rig *r, const char *package, const char *module, const char *app,
    const char *privileges);
uint16_t install_domain(struct rig *r, const char *aid, const char *privileges);
/* The same, and it is PERSONALIZED. */
void personal_domain(struct rig *r, const char *aid, const char *privileges);
uint16_t delete_aid(struct rig *r, const char *aid, uint8_t p2);
/* GET STATUS in TLV, all pages; entries of aid (a whole AID) in hex; false: not told. */
bool status_of(struct rig *r, uint8_t p1, const char *aid, struct status_entry *s);
/* What a replay of the journal gives is what is in memory, and it is sound. */
void assert_lasting(struct rig *r);

#endif
