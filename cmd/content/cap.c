/* cap show: what is in a CAP file, and what loading it takes. */
#include "cap/archive.h"
#include "cap/cap.h"
#include "crypto/digest.h"
#include "gp/load_file.h"
#include "cmd/kit/print.h"
#include "cmd/kit/out.h"
#include "scp/scp.h"
#include "cmd/kit/show.h"

struct args {
	const char *path;
	bool descriptor;
};

static const struct operand operands[] = {
	WORD_PATH("FILE", args, path, "A CAP file"),
};
static const struct opt opts[] = {
	OPT_FLAG("descriptor", args, descriptor,
	    "Count the Descriptor component in, as some loaders do"),
};

static json_t *version(uint8_t major, uint8_t minor)
{
	return json_sprintf("%u.%u", major, minor);
}

static json_t *applet_rows(const struct cap *c)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < c->applet_n; i++)
		show_add(&rows, out_hex(c->applets[i].aid));
	return rows;
}

static json_t *import_rows(const struct cap *c)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < c->import_n; i++) {
		const struct cap_import *m = &c->imports[i];
		const char *name = cap_package_str(m->aid);
		json_t *o = json_object();

		out_set(&o, "aid", out_hex(m->aid));
		out_set(&o, "version", version(m->major, m->minor));
		out_set(&o, "name", name == NULL ? json_null() : json_text(name));
		show_add(&rows, o);
	}
	return rows;
}

static void component_row(json_t **rows, uint8_t tag, size_t octets, bool loaded)
{
	json_t *o = json_object();

	out_set(&o, "component", json_text(cap_component_name(tag)));
	out_set(&o, "octets", json_integer((json_int_t)octets));
	out_set(&o, "loaded", json_boolean(loaded));
	show_add(rows, o);
}

/* In the order of loading, with tag and size; then what stays in the file. */
static json_t *component_rows(const struct cap *c, bool descriptor)
{
	json_t *rows = json_array();

	for (const uint8_t *tag = cap_load_order; *tag != 0; tag++)
		if (c->component[*tag].n > 0)
			component_row(&rows, *tag, c->component[*tag].n, true);
	if (cap_whole(c).n > c->block.n)
		component_row(&rows, CAP_DESCRIPTOR, cap_whole(c).n - c->block.n, descriptor);
	if (c->size[CAP_DEBUG] > 0)
		component_row(&rows, CAP_DEBUG, 3 + c->size[CAP_DEBUG], false);
	return rows;
}

/* What a short LOAD takes in each kind of channel. R-MAC and R-ENCRYPTION do not matter. */
struct level {
	const char *channel;
	size_t block;
};

static json_t *load_rows(size_t octets)
{
	const struct level levels[] = {
		{ "none", APDU_SHORT_DATA },
		{ "SCP02 01", scp_max_data_at(PROTOCOL_SCP02, LEVEL_CMAC, 8) },
		{ "SCP02 03", scp_max_data_at(PROTOCOL_SCP02, LEVEL_CMAC | LEVEL_CDEC, 8) },
		{ "SCP03 01, 11", scp_max_data_at(PROTOCOL_SCP03, LEVEL_CMAC, 8) },
		{ "SCP03 03, 13, 33", scp_max_data_at(PROTOCOL_SCP03, LEVEL_CMAC | LEVEL_CDEC, 8) },
		{ "SCP03 S16 01, 11", scp_max_data_at(PROTOCOL_SCP03, LEVEL_CMAC, 16) },
		{ "SCP03 S16 03, 13, 33",
		    scp_max_data_at(PROTOCOL_SCP03, LEVEL_CMAC | LEVEL_CDEC, 16) },
	};
	json_t *rows = json_array();

	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
		size_t commands = load_blocks(octets, levels[i].block);
		json_t *o = json_object();

		out_set(&o, "channel", json_text(levels[i].channel));
		out_set(&o, "block", json_integer((json_int_t)levels[i].block));
		out_set(&o, "commands", json_integer((json_int_t)commands));
		out_set(&o, "fits", json_boolean(commands <= LOAD_BLOCKS_MAX));
		show_add(&rows, o);
	}
	return rows;
}

/* NULL: OpenSSL or memory failed. */
static json_t *hashes(struct span block)
{
	json_t *o = json_object();
	uint8_t hash[DIGEST_MAX];

	for (int alg = DIGEST_SHA1; o != NULL && alg < DIGEST_ALGS; alg++)
		out_set(&o, digest_str((enum digest_alg)alg),
		    digest_of((enum digest_alg)alg, block, hash)
			? out_hex(span_of(hash, digest_size((enum digest_alg)alg)))
			: NULL);
	return o;
}

static json_t *describe(const struct args *a, const struct cap *c)
{
	struct span block = a->descriptor ? cap_whole(c) : c->block;
	uint8_t head[8];
	struct wr w = wr_fixed(head, sizeof(head));
	json_t *o = json_object();

	load_file_head_put(&w, NULL, 0, block.n, false, NULL);
	out_set_text(&o, "file", a->path);
	out_set(&o, "package", out_hex(c->package));
	out_set(&o, "version", version(c->major, c->minor));
	out_set(&o, "name", c->name.n > 0 ? json_text(archive_show(c->name).s) : json_null());
	out_set(&o, "format", version(c->format_major, c->format_minor));
	out_set(&o, "applets", applet_rows(c));
	out_set(&o, "imports", import_rows(c));
	out_set(&o, "components", component_rows(c, a->descriptor));
	out_set(&o, "custom_components", json_integer((json_int_t)c->custom_n));
	out_set(&o, "data_block", json_integer((json_int_t)block.n));
	out_set(&o, "load_file", json_integer((json_int_t)(block.n + w.n)));
	out_set(&o, "hash", hashes(block));
	out_set(&o, "load", load_rows(block.n + w.n));
	return o;
}

static int run(struct ctx *c, void *args, struct err *e)
{
	const struct args *a = args;
	struct cap cap;
	int rc = cap_read(a->path, &cap, e);

	if (rc == 0)
		rc = out_result(c, describe(a, &cap), e);
	if (rc == 0 && load_blocks(cap.block.n, APDU_SHORT_DATA) > LOAD_BLOCKS_MAX)
		ctx_note(c, "more than 256 short LOAD commands: only a card that takes extended "
			    "length can load this");
	cap_free(&cap);
	return rc;
}

const struct verb verb_cap_show = {
	.name = "cap show",
	.group = GROUP_CONTENT,
	.place = 140,
	.summary = "Show what is in a CAP file and what loading it takes",
	.needs = HAS_JSON,
	VERB_OPTS(opts),
	VERB_OPERANDS(operands),
	.args_size = sizeof(struct args),
	.run = run,
};
