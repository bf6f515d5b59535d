/*
 * The state file of a terminal (trust.md 8): who it is, and for each card that it is known to the
 * keys it has there. It stands for the protected memory of a terminal, as a card file does for a
 * chip: mode 0600, no symbolic link, held by one process at a time, replaced atomically.
 *
 *     cardadm: terminal/1
 *     imei: "352099001761481"
 *     throughput: 300            # kbit/s
 *     thumbprint: 5B1C...        # 32 octets
 *     base-key: 3AC6...          # from the maker's key; or private: the scalar of P-256
 *     last-seen: 1798800000      # what the clock showed last, or a card
 *     trust:
 *       - record: 1
 *         card: AD30...          # 16 octets, from its CIN
 *         cin: 0123456789ABCDEF
 *         algorithm: aes-128
 *         period: 2592000
 *         horizon: 1893456000
 *         state: active
 *         current: {version: 11, generation: 1, expiry: 1801392000, key: 4FBE...}
 *         pending: {...}         # waits to be confirmed
 *
 * What is done with a card is in terminal/talk.h.
 */
#ifndef TERMINAL_TERMINAL_H
#define TERMINAL_TERMINAL_H

#include "base/file.h"
#include "gp/trust_keys.h"

enum { TERMINAL_FILE_MAX = 64 << 10, TERMINAL_RECORDS_MAX = 64, TERMINAL_CIN_MAX = 16 };

enum terminal_state { TERMINAL_ACTIVE, TERMINAL_EXPIRED, TERMINAL_REVOKED, TERMINAL_REFUSED };
const char *terminal_state_str(enum terminal_state s); /* "active", "expired", ... */

struct terminal_key {
	uint8_t version; /* on the card */
	uint32_t generation, expiry;
	struct key k; /* or the private scalar of P-256; n = 0: none */
};

/* A record of a card that knows this terminal. */
struct terminal_record {
	uint8_t record;
	uint8_t card[TRUST_ID];
	uint8_t cin[TERMINAL_CIN_MAX], cin_n;
	uint8_t algorithm; /* enum trust_algorithm */
	uint32_t period, horizon;
	bool has_card_key;
	uint8_t card_key[32]; /* SHA-256 of the point of the card's key */
	enum terminal_state state;
	uint32_t generation; /* the newest that this terminal had: older tickets are refused */
	struct terminal_key current, pending;
};

struct terminal {
	struct held_file file;
	char imei[IMEI_DIGITS + 1]; /* "": none */
	uint8_t se[TERMINAL_CIN_MAX], se_n, removable[TERMINAL_CIN_MAX], removable_n;
	bool has_throughput;
	uint32_t throughput;
	uint8_t thumbprint[TRUST_THUMBPRINT];
	bool has_thumbprint;
	struct key base_key;    /* n = 0: none */
	struct ec_private pair; /* n = 0: none */
	uint32_t last_seen;
	struct terminal_record record[TERMINAL_RECORDS_MAX];
	size_t n;
};

/* Reads and holds it until terminal_close. ERR_INPUT with the place in the file, or for its mode;
 * ERR_SAFETY: another process holds it. */
int terminal_open(const char *path, struct terminal *t, struct err *e);
/* Replaces the file: synced when it returns. */
int terminal_save(struct terminal *t, struct err *e);
/* A new file; path must not exist (ERR_SAFETY). Not held. */
int terminal_create(const char *path, const struct terminal *t, struct err *e);
void terminal_close(struct terminal *t); /* wipes; an empty one is fine */

/* The text of such a file into *t, which must be empty (all zero); path is for what is said of it.
 * ERR_INPUT with the place; what was read until then stays in *t, to be wiped. Nothing is held. */
int terminal_parse(const char *path, struct span text, struct terminal *t, struct err *e);
/* The text of the file, with its keys: wipe it. At most TERMINAL_FILE_MAX octets. */
void terminal_put(struct wr *w, const struct terminal *t);

/* What it shows of itself; spans borrow from t. */
struct trust_traits terminal_traits(const struct terminal *t);
/* The record of this number on this card; NULL: it is not known there. */
struct terminal_record *terminal_record_of(
    struct terminal *t, const uint8_t card[static TRUST_ID], uint8_t record);
/* The keys go, the newest generation is remembered. */
void terminal_forget_keys(struct terminal_record *r);

/*
 * A ticket of the network becomes a record, or a new generation of one. ERR_INPUT: it was changed
 * on its way or is for another terminal; ERR_SAFETY: not newer than what is here, or it lacks what
 * this terminal would need. Not saved. *out: the record.
 */
int terminal_import(struct terminal *t, const struct trust_ticket *ticket,
    struct terminal_record **out, struct err *e);

#endif
