/* Campaign manifests (`cardadm: campaign/1`): which cards get what, and how. */
#ifndef MANIFEST_MANIFEST_H
#define MANIFEST_MANIFEST_H

#include "base/err.h"
#include "gp/command.h"

#define MANIFEST_PATH 4096
enum { MANIFEST_READERS = 32, MANIFEST_READER_NAME = 128, MANIFEST_STEPS = 64 };

struct doc;
struct node;

enum manifest_mode { MODE_BROADCAST, MODE_UNICAST };
enum manifest_when { AUTHORIZE_NOW, AUTHORIZE_LATER };

struct manifest {
	char path[MANIFEST_PATH]; /* of the manifest itself */
	char name[128];
	uint32_t serial;              /* 0: none */
	uint32_t expires;             /* YYYYMMDD, last valid day; 0: none */
	char keystore[MANIFEST_PATH]; /* as seen from here: already joined to the manifest's folder
				       */
	char keys[64];                /* card key set; empty: the only one */
	struct aid domain;            /* that the channel is opened with; n = 0: the issuer's */
	int key_version;              /* -1: the entry's */
	int level;                    /* -1: by what the card can */
	int s16;                      /* -1: by card data */
	char cards[MANIFEST_PATH]; /* cards: {directory: ...}, joined; empty: there are readers */
	char cards_as_written[MANIFEST_PATH];
	char readers[MANIFEST_READERS][MANIFEST_READER_NAME]; /* cards: {readers: [...]} */
	size_t readers_n;                                     /* 0: there is a directory */
	enum manifest_mode mode;
	/* broadcast */
	char bundle[MANIFEST_PATH]; /* joined */
	enum manifest_when authorize;
	bool allow_literal_mac;
	/* unicast */
	size_t step_n;           /* at least 1, MANIFEST_STEPS at most */
	uint32_t limit_failures; /* stop after so many failed cards; 0: no limit */
	/* ... refused EXTERNAL AUTHENTICATEs in a row, and cryptograms in a row that do not match;
	 * default 3, 0: off */
	uint32_t limit_authentications, limit_mismatches;
	uint32_t limit_refusals; /* that one card may give to a key set; default 1 */
};

/*
 * Reads one of the steps, in their order: a value of the list, of whatever form. What steps there
 * are is not known here. `path`: of the manifest. ERR_INPUT with the place (doc_error).
 */
struct manifest_steps {
	int (*read)(
	    void *ctx, const struct doc *d, const struct node *v, const char *path, struct err *e);
	void *ctx;
};
/* Reads and checks: ERR_INPUT "campaign.yaml:3:7: unknown key `bundel`" with a hint where we know.
 * steps may be NULL: counted. */
int manifest_load(
    const char *path, const struct manifest_steps *steps, struct manifest *m, struct err *e);

#endif
