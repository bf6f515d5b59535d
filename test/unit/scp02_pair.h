/* A host and a card with one SCP02 session between them, for the tests of scp02. */
#ifndef SCP02_PAIR_H
#define SCP02_PAIR_H

#include "unit.h"

#include "scp/scp.h"

#define EXPLICITS 16
extern const uint8_t explicit_i[EXPLICITS]; /* all there are */
#define IMPLICITS 4
extern const uint8_t implicit_i[IMPLICITS]; /* all there are without R-MAC */
#define LEVELS02 6
extern const uint8_t levels02[LEVELS02]; /* all legal ones */
extern const uint8_t hc[8], cc[8];       /* challenges; the counter is 0009 */

struct pair02 {
	struct scp host, card;
};

struct key_set three_keys02(void);
void begin02(struct pair02 *p, uint8_t i);
void open_pair02(struct pair02 *p, uint8_t i, uint8_t level);
void wipe_pair02(struct pair02 *p);

/* All of a session but its keys. */
struct state02 {
	uint8_t icv[8], ricv[8], last[260], i, level;
	uint16_t last_n;
	bool first, open;
};

struct state02 state_of02(const struct scp *s);
void assert_state02(const struct scp *s, const struct state02 *before);

/* Parses and opens a command; a refused one must leave no data behind. */
enum scp_verdict try_command02(struct scp *card, struct span wire, struct capdu *plain);
/* It must be refused and leave the session as it was. An error alone is an answer, unprotected. */
void refuse_command02(struct scp *card, struct span wire);
void refuse_response02(struct scp *host, struct span wire);
/* Flips every bit and cuts at every octet: all refused. */
void flip_command02(struct scp *card, struct span wire);
void flip_response02(struct scp *host, struct span wire);
/* One command and its answer, there and back; the same with all lengths and some answers. */
void exchange02(struct pair02 *p, const struct capdu *c, const struct rapdu *r);
void exchanges02(struct pair02 *p, uint8_t cla);

#endif
