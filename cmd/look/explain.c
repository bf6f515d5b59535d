/* explain: reads a captured exchange, names what is in it, and checks it with keys. */
#include <stdlib.h>
#include <string.h>

#include "apdu/sw.h"
#include "base/hex.h"
#include "card/capture.h"
#include "card/trace.h"
#include "gp/command.h"
#include "gp/names.h"
#include "host/audit.h"
#include "cmd/kit/out.h"
#include "tlv/tlv.h"
#include "cmd/kit/print.h"

enum { CANDIDATES_MAX = 64, TREE_DEPTH = 8 };

struct args {
	const char *file;
	struct opt_strings keys;
	bool well_known;
};

static const struct operand operands[] = {
	WORD_PATH("FILE", args, file, "The recording"),
};
static const struct opt opts[] = {
	OPT_STRINGS("keys", "NAME", args, keys, "Check with this card key set of the key store"),
	OPT_FLAG("probe-well-known", args, well_known, "Try the published test keys as well"),
};

/* Published test keys; here they can open nothing, only explain what was recorded with them. */
static const struct {
	const char *name, *hex;
} well_known[] = {
	{ "GlobalPlatform test key", "404142434445464748494A4B4C4D4E4F" },
	{ "GemXpresso sample key", "47454D5850524553534F53414D504C45" },
	{ "GlobalPlatform test key, 192 bits", "404142434445464748494A4B4C4D4E4F5051525354555657" },
	{ "GlobalPlatform test key, 256 bits",
	    "404142434445464748494A4B4C4D4E4F505152535455565758595A5B5C5D5E5F" },
};
enum { WELL_KNOWN = sizeof(well_known) / sizeof(well_known[0]) };

struct explain {
	struct ctx *c;
	struct candidate candidates[CANDIDATES_MAX];
	size_t n;
	struct key_set published[WELL_KNOWN];
	struct audit audit;
	struct capture cap;
	struct out_stream rows;
	bool failed; /* memory or cryptography failed */
	/* what came out */
	bool verified; /* something was checked and right */
	const struct candidate *fits;
	bool no_key;
	unsigned mistake_line; /* the first mistake, 0: none */
	enum finding mistake;
	const char *mistake_side;
};

/* ---- keys ---- */

static int add(struct explain *x, const struct candidate *c, struct err *e)
{
	if (x->n == CANDIDATES_MAX)
		return err_set(e, ERR_USAGE, "more than %d key sets to try", CANDIDATES_MAX);
	x->candidates[x->n++] = *c;
	return 0;
}

static int add_named(
    struct explain *x, const struct keystore *ks, const struct args *g, struct err *e)
{
	for (size_t i = 0; i < g->keys.n; i++) {
		const struct entry *en;
		struct candidate c = { 0 };

		if (keystore_find_card(ks, g->keys.v[i], &en, e) != 0)
			return -1;
		c.name = en->name;
		c.diversification = en->diversification;
		c.template = en->diversification == DIVERSIFY_TEMPLATE ? &en->template : NULL;
		c.des = en->type == ENTRY_SCP02;
		c.master = &en->keys;
		if (add(x, &c, e) != 0)
			return -1;
	}
	return 0;
}

/* Each with every diversification that goes with keys of its kind. */
static int add_published(struct explain *x, struct err *e)
{
	for (size_t i = 0; i < WELL_KNOWN; i++) {
		struct key_set *k = &x->published[i];

		k->enc.n = (uint8_t)(strlen(well_known[i].hex) / 2);
		if (!hex_exact(span_str(well_known[i].hex), k->enc.b, k->enc.n))
			return err_set(e, ERR_OTHER, "published key %zu is malformed", i);
		k->mac = k->dek = k->enc;
		for (int d = DIVERSIFY_NONE; d < DIVERSIFY_TEMPLATE; d++)
			for (int des = 0; des <= (k->enc.n == 16); des++) {
				struct candidate c = { .name = well_known[i].name,
					.diversification = (enum diversification)d,
					.des = des == 1,
					.master = k };

				if ((des ? diversification_is_des(c.diversification)
					 : diversification_is_aes(c.diversification)) &&
				    add(x, &c, e) != 0)
					return -1;
			}
	}
	return 0;
}

/* ---- words ---- */

static void put_command(FILE *f, const char *before, struct span command)
{
	char *text = out_masked(command);

	print_line(f, "%s%.128s%s", before, text == NULL ? "" : text, command.n > 64 ? "..." : "");
	free(text);
}

/* What of CHANGE MODE enter holds broadcast keys. */
static bool is_broadcast_key(uint32_t parent, uint32_t tag)
{
	return parent == 0xA0 && (tag == 0x80 || tag == 0x81);
}

/* The TLV tree of some octets, one line each, if they are one. */
static void tree_text(FILE *f, struct span s, uint32_t parent, int depth, bool change_mode)
{
	struct rd r = rd_of(s);
	struct tlv t;

	while (tlv_next(&r, &t)) {
		const char *name = tag_name(parent, t.tag);
		char hex[HEX_SIZE(48)];
		bool inner = depth < TREE_DEPTH && tlv_constructed(t.tag);

		print_text(
		    f, "        %*s%02X %s", 2 * depth, "", t.tag, name == NULL ? "?" : name);
		if (inner) {
			print_raw(f, "\n");
			tree_text(f, t.val, t.tag, depth + 1, change_mode);
		} else if (change_mode && is_broadcast_key(parent, t.tag)) {
			print_raw(f, ": **\n");
		} else {
			print_line(f, ": %s%s", hex_put(t.val, hex, sizeof(hex)),
			    t.val.n > 47 ? "..." : "");
		}
	}
}

static bool is_tree(struct span s)
{
	struct rd r = rd_of(s);
	struct tlv t;

	if (s.n < 2)
		return false;
	while (rd_left(&r) > 0)
		if (!tlv_next(&r, &t))
			return false;
	return true;
}

static json_t *tree_json(struct span s, uint32_t parent, int depth)
{
	json_t *list = json_array();
	struct rd r = rd_of(s);
	struct tlv t;

	while (tlv_next(&r, &t)) {
		const char *name = tag_name(parent, t.tag);
		json_t *o = json_object();
		bool inner = depth < TREE_DEPTH && tlv_constructed(t.tag);

		out_set(&o, "tag", json_sprintf("%02X", t.tag));
		out_set(&o, "name", name == NULL ? json_null() : json_text(name));
		out_set(&o, inner ? "objects" : "value",
		    inner ? tree_json(t.val, t.tag, depth + 1) : out_hex(t.val));
		if (json_array_append_new(list, o) != 0) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

/* The command as it was before protection, as octets. */
static struct span plain_octets(const struct audit_result *r, struct wr *w)
{
	wr_reset(w);
	capdu_put(w, &r->plain);
	return wr_span(w);
}

static void note_finding(struct explain *x, unsigned line, enum finding f, const char *side)
{
	if (f == FINDING_OK)
		x->verified = true;
	if (f == FINDING_NO_KEY)
		x->no_key = true;
	if (f <= FINDING_NOT_CHECKED || x->mistake_line != 0)
		return;
	x->mistake_line = line;
	x->mistake = f;
	x->mistake_side = side;
}

static void show_text(struct explain *x, struct span cmd, const struct rapdu *ans,
    const struct audit_result *r, unsigned line)
{
	FILE *f = x->c->out;
	struct wr w = wr_grow(APDU_MAX_COMMAND);
	struct span plain = r->has_plain ? plain_octets(r, &w) : span_of(NULL, 0);
	const struct rapdu *shown = r->has_plain_reply ? &r->plain_reply : ans;
	struct span data = r->has_plain ? r->plain.data : span_of(NULL, 0);
	bool change_mode = r->has_plain && r->plain.ins == INS_CHANGE_MODE;
	char words[200], hex[HEX_SIZE(64)];
	size_t off, hidden;

	print_line(f, "%5u  %s%s%s%s", line,
	    trace_describe(r->has_plain ? plain : cmd, words, sizeof(words)),
	    r->command != FINDING_NONE ? " [" : "", finding_str(r->command),
	    r->command != FINDING_NONE ? "]" : "");
	put_command(f, "     > ", cmd);
	if (r->has_plain)
		put_command(f, "       plain ", plain);
	trace_hidden(plain, &off, &hidden);
	if (is_tree(data) && (hidden == 0 || change_mode))
		tree_text(f, data, 0, 0, change_mode);
	print_text(f, "     < %04X %s%s%s%s", ans->sw, sw_text(ans->sw),
	    r->reply != FINDING_NONE ? " [" : "", finding_str(r->reply),
	    r->reply != FINDING_NONE ? "]" : "");
	print_line(f, "%s%s%s", shown->data.n > 0 ? ": " : "",
	    hex_put(span_sub(shown->data, 0, 63), hex, sizeof(hex)),
	    shown->data.n > 63 ? "..." : "");
	if (is_tree(shown->data))
		tree_text(f, shown->data, 0, 0, false);
	x->failed = x->failed || !wr_ok(&w);
	wr_free(&w);
}

static void show_json(struct explain *x, struct span cmd, const struct rapdu *ans,
    const struct audit_result *r, unsigned line)
{
	struct wr w = wr_grow(APDU_MAX_COMMAND);
	struct span plain = r->has_plain ? plain_octets(r, &w) : span_of(NULL, 0);
	const struct rapdu *shown = r->has_plain_reply ? &r->plain_reply : ans;
	char words[200];
	json_t *o = json_object();

	out_set(&o, "line", json_integer(line));
	out_set(&o, "name",
	    json_text(trace_describe(r->has_plain ? plain : cmd, words, sizeof(words))));
	out_set(&o, "command", out_command(cmd));
	out_set(&o, "plain", r->has_plain ? out_command(plain) : json_null());
	out_set(&o, "command_check",
	    r->command == FINDING_NONE ? json_null() : json_text(finding_str(r->command)));
	out_set(&o, "sw", json_sprintf("%04X", ans->sw));
	out_set(&o, "status", json_text(sw_text(ans->sw)));
	out_set(&o, "answer", shown->data.n > 0 ? out_hex(shown->data) : json_null());
	out_set(&o, "answer_check",
	    r->reply == FINDING_NONE ? json_null() : json_text(finding_str(r->reply)));
	if (is_tree(shown->data))
		out_set(&o, "objects", tree_json(shown->data, 0, 0));
	out_stream_row(&x->rows, o);
	x->failed = x->failed || !wr_ok(&w);
	wr_free(&w);
}

/* ---- the recording ---- */

/* Answer i whole: what GET RESPONSE fetched is added, a command repeated with another Le counts
 * once. Returns the index behind what was used. */
static size_t join(const struct capture *cap, size_t i, struct captured *first, struct wr *answer)
{
	struct captured x = capture_at(cap, i);
	struct capdu c, next;
	struct rapdu r;

	*first = x;
	wr_reset(answer);
	wr_put(answer, x.answer);
	while (rapdu_get(wr_span(answer), &r) && i + 1 < cap->n) {
		struct captured y = capture_at(cap, i + 1);
		bool more = r.sw >> 8 == 0x61, again = r.sw >> 8 == 0x6C;

		if (!capdu_get(y.command, &next) || !capdu_get(first->command, &c))
			break;
		if (!(more && next.ins == 0xC0) && !(again && next.ins == c.ins && next.p1 == c.p1))
			break;
		wr_cut(answer, more ? answer->n - 2 : 0);
		wr_put(answer, y.answer);
		if (again)
			first->command = y.command;
		i++;
	}
	return i + 1;
}

/* Goes through the recording: once to judge it as a whole, once to show it. */
static void explain_all(struct explain *x, bool show)
{
	struct wr answer = wr_grow(APDU_MAX_RESPONSE);

	audit_init(&x->audit, x->candidates, x->n);
	for (size_t i = 0; i < x->cap.n;) {
		struct captured ex;
		struct audit_result r;
		struct rapdu ans;

		i = join(&x->cap, i, &ex, &answer);
		x->failed = x->failed || !wr_ok(&answer);
		if (!rapdu_get(wr_span(&answer), &ans))
			continue;
		audit_next(&x->audit, ex.command, wr_span(&answer), ex.masked, &r);
		if (x->audit.fits != NULL)
			x->fits = x->audit.fits;
		note_finding(x, ex.line, r.command, "command");
		note_finding(x, ex.line, r.reply, "answer");
		if (!show)
			continue;
		if (x->c->json)
			show_json(x, ex.command, &ans, &r, ex.line);
		else
			show_text(x, ex.command, &ans, &r, ex.line);
	}
	x->failed = x->failed || x->audit.failed;
	audit_wipe(&x->audit);
	wr_free(&answer);
}

static json_t *head_json(const struct explain *x, const char *file)
{
	const struct candidate *f = x->fits;
	json_t *o = json_object();

	out_set_text(&o, "file", file);
	out_set(&o, "keys", f == NULL ? json_null() : json_text(f->name));
	out_set(&o, "diversification",
	    f == NULL ? json_null() : json_text(diversification_str(f->diversification)));
	out_set(&o, "verified", json_boolean(x->verified && x->mistake_line == 0));
	out_set(&o, "mistake",
	    x->mistake_line == 0 ? json_null()
				 : json_pack("{s:I, s:s, s:s}", "line", (json_int_t)x->mistake_line,
				       "side", x->mistake_side, "what", finding_str(x->mistake)));
	return o;
}

static void sum_up(struct explain *x)
{
	if (x->fits != NULL)
		ctx_note(x->c, "key set: %s, diversification %s", x->fits->name,
		    diversification_str(x->fits->diversification));
	if (x->mistake_line != 0)
		ctx_note(x->c, "first mistake: line %u, %s: %s", x->mistake_line, x->mistake_side,
		    finding_str(x->mistake));
}

static int outcome(const struct explain *x, const char *file, struct err *e)
{
	if (x->no_key && x->fits == NULL) {
		err_set(e, ERR_AUTH, "%s: none of the %zu keys fits", file, x->n);
		return err_hint(e, "name other key sets with --keys, or try --probe-well-known");
	}
	if (x->mistake_line != 0)
		return err_set(e, ERR_INTEGRITY, "%s:%u: %s: %s", file, x->mistake_line,
		    x->mistake_side, finding_str(x->mistake));
	return 0;
}

static int run_with(struct explain *x, const struct args *g, struct err *e)
{
	int rc = 0;

	if (capture_read(g->file, &x->cap, e) != 0)
		return err_hint_else(e, "--trace records what a verb sends and gets");
	explain_all(x, false);
	if (!x->failed && x->c->json)
		out_stream_begin(&x->rows, x->c->out, head_json(x, g->file), "exchanges");
	if (!x->failed) {
		explain_all(x, true);
		if (x->c->json)
			rc = out_stream_end(&x->rows, e);
		sum_up(x);
	}
	capture_free(&x->cap);
	if (x->failed)
		return err_memory(e);
	return rc == 0 ? outcome(x, g->file, e) : -1;
}

static int run(struct ctx *c, void *args, struct err *e)
{
	const struct args *g = args;
	struct explain x = { .c = c };
	struct keystore *ks = NULL;
	int rc = -1;

	if ((g->keys.n > 0 && (ctx_keystore(c, &ks, e) != 0 || add_named(&x, ks, g, e) != 0)) ||
	    (g->well_known && add_published(&x, e) != 0))
		goto out;
	rc = run_with(&x, g, e);
out:
	keystore_close(ks);
	return rc;
}

const struct verb verb_explain = {
	.name = "explain",
	.group = GROUP_LOOK,
	.place = 50,
	.summary = "Name and check what is in a captured exchange",
	.needs = USES_KEYSTORE | HAS_JSON,
	VERB_OPTS(opts),
	VERB_OPERANDS(operands),
	.args_size = sizeof(struct args),
	.run = run,
};
