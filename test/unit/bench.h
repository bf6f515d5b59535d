/*
 * A card on the bench: a virtual card in a file of its own, the host's end of the channel made from
 * lib/scp alone, and packages built from lib/gp: what the tests of broadcast mode share.
 */
#ifndef UNIT_BENCH_H
#define UNIT_BENCH_H

#include "crypto/sign.h"
#include "unit.h"
#include "vcard/core/card_state.h"
#include "vcard/core/vcard.h"

struct bench {
	char path[64];
	struct vcard_issue issue;
	struct vcard *v;
	struct key issuer_key;
	/* the host's end */
	struct scp host; /* the diversified channel */
	uint8_t channel;
	uint8_t answer[512]; /* the last one, as it came */
	size_t answer_n;
	uint8_t plain[512];
	enum vcard_answer how;
};

/* AES keys of n octets, i as given, every algorithm and form allowed; change before bench_on. */
void bench_issue(struct bench *b, uint8_t key_n, uint8_t i);
void bench_on(struct bench *b);    /* creates the card and powers it */
void bench_cycle(struct bench *b); /* power off and on */
void bench_off(struct bench *b);   /* power off for good; removes the file */

/* Sends octets as they are; the status word, 0 when the card did not answer. */
uint16_t bench_raw(struct bench *b, struct span command);
struct span bench_answer(const struct bench *b);
/* Unprotected command on the bench's logical channel, Le 00. */
uint16_t bench_plain(struct bench *b, uint8_t ins, uint16_t p1p2, struct span data);
/* Wraps with the host's end into `out` without sending. CLA 80, Le 00. */
void bench_wrap(struct scp *s, uint8_t ins, uint16_t p1p2, struct span data, struct wr *out);
/* Wrapped in the diversified channel, answer checked and opened to *data (may be NULL). */
uint16_t bench_secure(
    struct bench *b, uint8_t ins, uint16_t p1p2, struct span data, struct span *data_out);
/* INITIALIZE UPDATE and EXTERNAL AUTHENTICATE by the front door. */
void bench_session(struct bench *b, uint8_t level);
struct logical_channel *bench_channel(struct bench *b);
struct slot_data bench_slot(struct bench *b);     /* FF71; not in broadcast mode */
struct system_data bench_system(struct bench *b); /* FF70; not in broadcast mode */

/* A package: image, broadcast keys and the stream. */
struct package {
	char variant; /* 'a', 'b', 'p' */
	uint8_t m;
	uint8_t campaign[CAMPAIGN_SIZE];
	uint32_t number, total, length, version;
	size_t block; /* octets of the image in each command */
	struct key bk_enc, bk_mac, kos, kmac;
	uint8_t nonce[INNER_NONCE_SIZE];
	struct span head; /* what the image begins with; the rest is a pattern */
	uint8_t *image;
	struct wr stream;     /* all commands in a row */
	size_t (*command)[2]; /* offset and length of each in it */
	uint8_t (*mcv)[16];   /* chaining value before command k + 1; total + 1 */
	uint8_t back[32];
	size_t back_n;
};
void package_make(struct package *p, const struct bench *b, char variant, uint8_t key_n, uint8_t m);
void package_stream(struct package *p); /* builds the stream for total, block, length as they are */
void package_free(struct package *p);
struct span package_command(const struct package *p, uint32_t k); /* k from 0 */
struct span package_return(const struct package *p);
void package_enter(const struct package *p, uint32_t done, struct enter *e);
void package_authorize(
    const struct package *p, const struct bench *b, uint8_t algorithm, struct authorize *a);
void package_sign(const struct package *p, const struct bench *b, struct authorize *a);

/* Holds BK and wraps what it likes with right MACs, from command `done` on. */
void insider_begin(struct scp *s, const struct package *p, uint32_t done);
uint16_t insider_sends(
    struct bench *b, struct scp *s, uint8_t ins, uint16_t p1p2, struct span data);

/* A card, a package for it and an open diversified channel at level 33; and the end of it. */
void bench_set_up(struct bench *b, struct package *p, char variant, uint8_t key_n, uint8_t m);
void bench_tear_down(struct bench *b, struct package *p);
/* The card runs the image of the package, by FF70 and in its memory; the slot is empty. */
void bench_assert_active(struct bench *b, const struct package *p);

/* One step of the protocol each: */
uint16_t bench_enter(struct bench *b, const struct enter *e);
uint16_t bench_start(struct bench *b, const struct package *p, uint32_t done); /* enter at done */
void bench_stream(struct bench *b, const struct package *p, uint32_t from);    /* all 9000 */
uint16_t bench_return(struct bench *b, const struct package *p);
void bench_load(struct bench *b, const struct package *p); /* enter, stream, return */
/* Algorithm 05, P1 00; the verdict. */
uint8_t bench_activate(struct bench *b, const struct package *p);
/* AUTHORIZE ACTION; the verdict in *result (FF when there is none). */
uint16_t bench_authorize(struct bench *b, uint8_t p1, const struct authorize *a, uint8_t *result);

#endif
