#include "cmd/kit/print.h"
#include "cmd/content/target.h"

#include <string.h>
#include <strings.h>

#include "cmd/kit/ask.h"
#include "base/file.h"
#include "base/hex.h"
#include "cmd/look/profiles.h"
#include "cmd/kit/show.h"
#include "base/suggest.h"
#include "base/text.h"

enum { OCTETS_MAX = 1 << 16 };

/* ---- the dry card ---- */

/* Takes everything; to GET STATUS it lists nothing, of data objects it has none. */
static int dry_transmit(void *ctx, struct span command, struct wr *rsp, struct err *e)
{
	struct target *t = ctx;
	struct capdu c;

	(void)e;
	dry_apdu(&t->dry, command);
	if (capdu_get(command, &c) && c.ins == INS_GET_DATA)
		wr_u16(rsp, SW_REFERENCE_NOT_FOUND);
	else
		wr_u16(rsp, SW_OK);
	return 0;
}

static void dry_close(void *ctx)
{
	(void)ctx;
}

static const struct card_ops dry_ops = { .transmit = dry_transmit, .close = dry_close };

static int open_dry(struct target *t, const struct channel_args *a)
{
	t->is_dry = true;
	t->dry_des = channel_plan_des(t->c, a);
	t->dry_card = (struct card){ .ops = &dry_ops, .ctx = t };
	session_init(&t->dry_session, &t->dry_card);
	/* Commands go in plain, as long as they may be in the channel. */
	t->dry_session.id.fci.max_data = (uint16_t)channel_plan_data(t->c, a);
	t->s = &t->dry_session;
	dry_begin(&t->dry, t->c, NULL);
	return 0;
}

/* ---- the real one ---- */

int target_open(struct target *t, struct ctx *c, const struct channel_args *a, struct err *e)
{
	struct profiles *p = NULL;
	struct profile_match m = { 0 };

	memset(t, 0, sizeof(*t));
	t->c = c;
	if (channel_check(a, e) != 0)
		return -1;
	if (c->dry_run)
		return open_dry(t, a);
	if (channel_session(c, a, &t->s, e) != 0)
		return -1;
	if (card_profiles(c, &p, e) != 0)
		return -1;
	card_profile(c, p, t->s->card, &t->s->id, &m);
	t->habits = profile_habits(m.profile);
	profiles_free(p);
	return 0;
}

int target_close(struct target *t, int rc, struct err *e)
{
	if (!t->is_dry)
		return rc;
	session_wipe(&t->dry_session);
	if (rc != 0) {
		struct err ignored;

		(void)dry_end(&t->dry, &ignored);
		return rc;
	}
	return dry_end(&t->dry, e);
}

/* ---- words and values ---- */

int aid_parse(const char *text, const char *what, struct aid *out, struct err *e)
{
	uint8_t b[AID_MAX];
	size_t n;

	if (hex_get(span_str(text), b, sizeof(b), &n) && aid_from(out, span_of(b, n)))
		return 0;
	return err_set(e, ERR_USAGE, "%s: %.80s is no AID: 5 to 16 octets in hex", what, text);
}

static int privilege_hint(const char *word, struct err *e)
{
	struct suggest near = suggest_for(word);

	for (uint32_t bit = 0x800000; bit != 0; bit >>= 1)
		suggest_try(&near, privilege_str(bit));
	if (near.best != NULL)
		return err_hint(e, "did you mean `%s`?", near.best);
	return err_hint(e, "cardadm-content(7) lists the privileges");
}

/* One word of the list. */
static int privilege_word(const char *word, size_t n, uint32_t *v, struct err *e)
{
	char name[64];
	uint32_t one;

	snprintf(name, sizeof(name), "%.*s", (int)(n < sizeof(name) ? n : sizeof(name) - 1), word);
	if (!privilege_from(name, &one)) {
		err_set(e, ERR_USAGE, "--privileges: there is no privilege %s", text_quote(name).s);
		return privilege_hint(name, e);
	}
	*v |= one;
	return 0;
}

int privileges_parse(const char *list, uint32_t *v, uint8_t *n, struct err *e)
{
	const char *why;

	*v = 0;
	while (list != NULL && *list != '\0') {
		size_t word = strcspn(list, ",");

		if (privilege_word(list, word, v, e) != 0)
			return -1;
		list += word;
		list += *list == ',';
	}
	*n = (*v & 0xFFFF) == 0 ? 1 : 3;
	why = privileges_wrong(*v);
	return why == NULL ? 0 : err_set(e, ERR_USAGE, "--privileges: %s", why);
}

json_t *show_privileges(uint32_t v)
{
	json_t *a = json_array();

	for (uint32_t bit = 0x800000; bit != 0; bit >>= 1)
		if ((v & bit) != 0 && privilege_str(bit) != NULL)
			show_add(&a, json_text(privilege_str(bit)));
	return a;
}

static json_t *show_modules(const struct status_entry *s)
{
	json_t *a = json_array();

	for (size_t i = 0; i < s->module_n; i++)
		show_add(&a, out_hex(aid_span(&s->module[i])));
	return a;
}

json_t *show_entry(const struct registry_entry *x)
{
	json_t *o = json_object();
	bool file = x->kind == REGISTRY_LOAD_FILE;

	out_set(&o, "aid", out_hex(aid_span(&x->s.aid)));
	out_set(&o, "kind", json_text(entry_kind(x)));
	out_set(&o, "state", json_text(entry_state(x)));
	out_set(&o, "life_cycle", json_text(out_hex8(x->s.state).s));
	out_set(&o, "domain", out_hex(aid_span(&x->s.domain)));
	if (x->s.version_n > 0)
		out_set(&o, "version", json_sprintf("%u.%u", x->s.version[0], x->s.version[1]));
	if (file) {
		out_set(&o, "modules", show_modules(&x->s));
		return o;
	}
	out_set(&o, "package", out_hex(aid_span(&x->s.load_file)));
	out_set(&o, "privileges", show_privileges(x->s.privileges));
	if (x->s.implicit_n > 0)
		out_set(
		    &o, "implicit_selection", show_octets(span_of(x->s.implicit, x->s.implicit_n)));
	return o;
}

void note_entry(struct ctx *c, const struct registry_entry *x)
{
	ask_note(c, "  %s  %s, %s", aid_hex(&x->s.aid).s, entry_kind(x), entry_state(x));
}

int octets_read(const char *path, struct wr *w, struct err *e)
{
	if (file_read(path, OCTETS_MAX, w, e) != 0)
		return -1;
	return w->n > 0 ? 0 : err_set(e, ERR_INPUT, "%s: empty", path);
}
