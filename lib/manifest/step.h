/*
 * Steps of a campaign in unicast mode, as its manifest lists them: each a map with one key, the
 * name of what is to be done. Files, CAP files and key stores are not opened here.
 */
#ifndef MANIFEST_STEP_H
#define MANIFEST_STEP_H

#include "base/err.h"
#include "gp/command.h"

#define MANIFEST_PATH 4096
enum { MANIFEST_STEPS = 64, MANIFEST_APPLETS = 16, MANIFEST_PARAMETERS = 133 };

enum manifest_action {
	ACTION_INSTALL,
	ACTION_DELETE,
	ACTION_PUT_KEYS,
	ACTION_STORE_DATA,
	ACTION_LOCK,
	ACTION_UNLOCK
};
const char *manifest_action_str(enum manifest_action a); /* "install", ... as in manifests */

enum manifest_format { FORMAT_DGI, FORMAT_TLV, FORMAT_RAW };
const char *manifest_format_str(enum manifest_format f); /* "dgi", "tlv", "raw" */

struct manifest_step {
	enum manifest_action action;
	uint32_t line, column;    /* of its name */
	char file[MANIFEST_PATH]; /* install, store-data: joined to the manifest's folder */
	/* install */
	struct aid applet[MANIFEST_APPLETS];
	size_t applet_n; /* 0: all of the file */
	uint32_t privileges;
	uint8_t parameters[MANIFEST_PARAMETERS]; /* value of C9 */
	size_t parameters_n;
	bool replace;
	char dap[MANIFEST_PATH]; /* file of DAP blocks, joined as above; empty: none */
	int hash;                /* enum digest_alg; -1: as the DAP blocks want it, else none */
	struct aid domain;       /* that the package goes to; n = 0: that of the channel */
	/* delete, lock, unlock: of what; store-data: for which application; n = 0: none */
	struct aid aid;
	bool related; /* delete */
	bool card;    /* lock, unlock */
	/* put-keys */
	char keys[64];
	int version; /* -1: the entry's */
	int old;     /* version that is replaced; -1: none */
	bool rotate;
	/* store-data */
	enum manifest_format format;
	bool encrypted;
};

struct doc;
struct node;
/* From one value of the list; `path`: of the manifest. ERR_INPUT with line and column. */
int manifest_step_read(const struct doc *d, const struct node *v, const char *path,
    struct manifest_step *out, struct err *e);

#endif
