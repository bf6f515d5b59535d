/*
 * What parties, operators and authorities send to each other: requests, grants, grant files, and
 * what is known of the key of a card. Files are PEM, or the octets themselves; whoever reads one
 * has looked at all of it before anything is done with it.
 */
#ifndef HOST_PARTY_FILE_H
#define HOST_PARTY_FILE_H

#include "base/err.h"
#include "gp/grant.h"

enum party_file_kind {
	PARTY_FILE_REQUEST, /* 7F77 */
	PARTY_FILE_GRANT,   /* 7F21, and 7F76 behind it where it names one: nobody placed it yet */
	PARTY_FILE_PLACED   /* 7F75: for the party */
};
const char *party_file_kind_str(enum party_file_kind k);

/* One file. The structs borrow from `octets`. */
struct party_file {
	const char *path; /* borrowed */
	enum party_file_kind kind;
	struct wr octets;
	struct party_request request; /* PARTY_FILE_REQUEST */
	struct grant_file grant_file; /* both others; of PARTY_FILE_GRANT the first two members */
};
/* ERR_INPUT: anything but one of the three, in its whole form. party_file_free in any case. */
int party_file_read(const char *path, struct party_file *f, struct err *e);
/* The same, where only one or two of them will do: bits 1u << kind. */
int party_file_read_as(const char *path, unsigned kinds, struct party_file *f, struct err *e);
void party_file_free(struct party_file *f);
/* Writes a new PEM file; refuses one that is there: ERR_SAFETY. */
int party_file_write(const char *path, enum party_file_kind k, struct span octets, struct err *e);
/* The same over a file that is there, whole or not at all. */
int party_file_replace(const char *path, enum party_file_kind k, struct span octets, struct err *e);

/* "read, write", for people; returns out. */
enum { RIGHTS_TEXT = 48 };
char *rights_text(uint8_t rights, char out[static RIGHTS_TEXT]);
/* "5B1C...": first 8 octets of the key digest; returns out, empty when it cannot be computed. */
enum { FINGERPRINT_TEXT = 2 * PARTY_NAME + 1 };
char *fingerprint_text(const struct ec_public *k, char out[static FINGERPRINT_TEXT]);
/* A party's id, which is any octets: as it is when it is printable ASCII, else in hex. Returns
 * out. */
enum { PARTY_ID_TEXT = 2 * PARTY_ID_MAX + 1 };
char *party_id_text(struct span id, char out[static PARTY_ID_TEXT]);
/* The last day of a grant, "2027-12-31"; `until` is the midnight behind it. Returns out. */
enum { DAY_TEXT = 16 };
char *day_text(int64_t midnight, char out[static DAY_TEXT]);

#endif
