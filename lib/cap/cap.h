/*
 * CAP files of Java Card: the load file data block, its components in the order of loading, taken
 * apart and cross-checked (Java Card VM specification, chapter 6; formats 2.1, 2.2 and compact
 * 2.3). No bytecode is looked at.
 */
#ifndef CAP_CAP_H
#define CAP_CAP_H

#include "base/bytes.h"
#include "base/err.h"

enum cap_tag {
	CAP_HEADER = 1,
	CAP_DIRECTORY,
	CAP_APPLET,
	CAP_IMPORT,
	CAP_CONSTANT_POOL,
	CAP_CLASS,
	CAP_METHOD,
	CAP_STATIC_FIELD,
	CAP_REF_LOCATION,
	CAP_EXPORT,
	CAP_DESCRIPTOR,
	CAP_DEBUG,
	CAP_STATIC_RESOURCES, /* since format 2.3; the only one whose size has four octets */
	CAP_TAGS
};
enum cap_flag { CAP_INT = 0x01, CAP_EXPORTS = 0x02, CAP_APPLETS = 0x04, CAP_EXTENDED = 0x08 };
enum {
	CAP_APPLETS_MAX = 32,
	CAP_IMPORTS_MAX = 128, /* package tokens are 0 to 127 */
	CAP_CUSTOM_MAX = 127,
	CAP_DATA_MAX = 1 << 20,    /* octets of a load file data block */
	CAP_ARCHIVE_MAX = 16 << 20 /* octets of a CAP file */
};

struct cap_applet {
	struct span aid;
	uint16_t install_offset; /* into the Method component */
};
struct cap_import {
	struct span aid;
	uint8_t major, minor;
};

/* All spans are borrowed from the block, which cap_read puts in `data`. */
struct cap {
	struct span block; /* the load file data block: what is loaded, hashed and signed */
	uint8_t format_major, format_minor, flags;
	struct span package;  /* AID */
	uint8_t major, minor; /* of the package */
	struct span name;     /* of the package, "com/example/hello"; empty: not told */
	struct cap_applet applets[CAP_APPLETS_MAX];
	size_t applet_n;
	struct cap_import imports[CAP_IMPORTS_MAX];
	size_t import_n;
	struct span component[CAP_TAGS]; /* by tag, with tag and size; n = 0: not loaded */
	uint32_t size[CAP_TAGS];         /* of the component bodies, as the Directory has them */
	uint16_t static_image;           /* octets that static fields take on the card */
	size_t custom_n;                 /* proprietary components */
	struct wr
	    data; /* owned: the block, then the Descriptor if the file has one; cap_read only */
};

/*
 * Takes a load file data block apart: whole components, the Header first, each once, those that
 * every package has all there, sizes and counts as the Directory says. ERR_INPUT names component
 * and reason.
 */
int cap_parse(struct span load_file_data_block, struct cap *c, struct err *e);

/*
 * Reads a CAP file: the components of the one package in it in the order of loading, nothing
 * written anywhere. Debug is left out. The Descriptor, which cards do not need, is not in c->block;
 * cap_whole has it too. ERR_INPUT names file, entry and reason. Ended by cap_free, also when it
 * fails.
 */
int cap_read(const char *path, struct cap *c, struct err *e);
/* The same from the octets of a CAP file; `name` is for messages. */
int cap_read_octets(struct span archive, const char *name, struct cap *c, struct err *e);
/* The load file data block with the Descriptor at its end, for cards that want it. */
struct span cap_whole(const struct cap *c);
void cap_free(struct cap *c); /* may be called twice */
/* Octets that stay on a card for certain: code, classes, exports and static fields; the rest may go
 * when the package is linked. */
size_t cap_least_memory(const struct cap *c);

/* The octets are an archive, so may be a CAP file. */
bool cap_is_archive(struct span begin);

/* "Header", "Directory", ... "?" */
const char *cap_component_name(uint8_t tag);
/* The tags in the order of loading: those of the block, then the Descriptor; ends with 0. */
extern const uint8_t cap_load_order[];
/* "javacard.framework", ...; NULL: not a well-known package. */
const char *cap_package_str(struct span aid);

#endif
