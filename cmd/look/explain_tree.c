/* explain: data objects by name. */
#include <stdlib.h>
#include <string.h>

#include "apdu/apdu.h"
#include "base/hex.h"
#include "card/trace.h"
#include "cmd/kit/out.h"
#include "cmd/kit/print.h"
#include "cmd/look/explain.h"
#include "tlv/tlv.h"

enum { TREE_DEPTH = 8, SHOWN = 47, WORDS = 128 };

/* One object: its name, what it says, what is in it. */
struct node {
	struct tag_info info;
	bool inner;
	bool hidden; /* broadcast keys, objects of a party: they may be secrets */
	bool says;
	char words[WORDS];
};

/* What of CHANGE MODE enter holds broadcast keys. */
static bool is_broadcast_key(const struct tree *t, uint32_t tag)
{
	return t->change_mode && t->place == 0xA0 && (tag == 0x80 || tag == 0x81);
}

bool is_tree(struct span s)
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

/* Points and curves of keys have tags of constructed objects and are none (GPCS table B-2). */
static bool has_inner(const struct tree *t, const struct tlv *v, int depth)
{
	return depth < TREE_DEPTH && tlv_constructed(v->tag) && t->place != 0x7F49;
}

static struct node node_of(const struct tree *t, const struct tlv *v, int depth)
{
	struct node n = { .info = tag_info(t->place, v->tag) };

	n.inner = has_inner(t, v, depth);
	n.hidden = n.info.kind == TAG_IS_HIDDEN || is_broadcast_key(t, v->tag);
	n.says = tag_value(n.info.kind, v->val, n.words, sizeof(n.words));
	return n;
}

static void leaf_text(FILE *f, const struct node *n, struct span val)
{
	char hex[HEX_SIZE(SHOWN + 1)];

	if (n->hidden) {
		print_line(f, ": **%s%s%s", n->says ? " (" : "", n->words, n->says ? ")" : "");
		return;
	}
	print_line(f, ": %s%s%s%s%s", hex_put(val, hex, sizeof(hex)), val.n > SHOWN ? "..." : "",
	    n->says ? " (" : "", n->words, n->says ? ")" : "");
}

static void put_text(FILE *f, struct span s, const struct tree *t, int depth)
{
	struct rd r = rd_of(s);
	struct tlv v;

	while (tlv_next(&r, &v)) {
		struct node n = node_of(t, &v, depth);
		struct tree in = { n.info.inside, t->change_mode };

		print_text(f, "        %*s%02X %s", 2 * depth, "", v.tag,
		    n.info.name == NULL ? "?" : n.info.name);
		if (n.inner) {
			print_raw(f, "\n");
			put_text(f, v.val, &in, depth + 1);
		} else {
			leaf_text(f, &n, v.val);
		}
	}
}

void tree_text(FILE *f, struct span s, const struct tree *t)
{
	put_text(f, s, t, 0);
}

static json_t *put_json(struct span s, const struct tree *t, int depth)
{
	json_t *list = json_array();
	struct rd r = rd_of(s);
	struct tlv v;

	while (tlv_next(&r, &v)) {
		struct node n = node_of(t, &v, depth);
		struct tree in = { n.info.inside, t->change_mode };
		json_t *o = json_object();

		out_set(&o, "tag", json_sprintf("%02X", v.tag));
		out_set(&o, "name", n.info.name == NULL ? json_null() : json_text(n.info.name));
		if (n.inner) {
			out_set(&o, "objects", put_json(v.val, &in, depth + 1));
		} else {
			out_set(&o, "value", n.hidden ? json_text("**") : out_hex(v.val));
			out_set(&o, "says", n.says ? json_text(n.words) : json_null());
		}
		if (json_array_append_new(list, o) != 0) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

json_t *tree_json(struct span s, const struct tree *t)
{
	return put_json(s, t, 0);
}

char *command_text(struct span command, bool hide)
{
	struct capdu c;
	char *text = out_masked(command);
	size_t at;

	if (text == NULL || !hide || !capdu_get(command, &c))
		return text;
	at = 2 * (c.extended ? 7u : 5u);
	if (c.data.n > 0 && strlen(text) >= at + 2 * c.data.n)
		memset(text + at, '*', 2 * c.data.n);
	return text;
}
