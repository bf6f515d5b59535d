/* A host and a card with one SCP03 session between them, for the tests of scp03. */
#ifndef SCP03_PAIR_H
#define SCP03_PAIR_H

#include "unit.h"

#include "scp/scp.h"

#define LEVELS 6

extern const uint8_t levels[LEVELS]; /* all legal ones */
extern const uint8_t sizes[2];       /* S8, S16 */
extern const size_t key_sizes[3];
extern const uint8_t challenges[32]; /* some octets */

struct pair {
	struct scp host, card;
	struct span hc, cc;
};

void begin(struct pair *p, uint8_t m, size_t key_n);
void open_pair(struct pair *p, uint8_t level, uint8_t m, size_t key_n);
void wipe_pair(struct pair *p);

/* What must stay as it is when something was refused. */
struct state {
	uint8_t mcv[16], counter[16], m, level;
	bool open;
};

struct state state_of(const struct scp *s);
void assert_state(const struct scp *s, const struct state *before);
/* Parses and opens a command; a refused one must leave no data behind. */
enum scp_verdict try_command(struct scp *s, struct span wire, struct capdu *plain);

#endif
