#include "cmd/look/profiles.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "apdu/atr.h"
#include "cmd/kit/out.h"
#include "cmd/kit/print.h"

#ifndef CARDADM_PROFILE_DIR
#define CARDADM_PROFILE_DIR "/usr/local/share/cardadm/profiles"
#endif

static bool is_folder(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* `relative` as seen from the folder of this program, if there is such a folder. */
static bool beside_program(const char *relative, char *out, size_t cap)
{
	ssize_t n = readlink("/proc/self/exe", out, cap - 1);
	char *slash;

	if (n <= 0)
		return false;
	out[n] = '\0';
	slash = strrchr(out, '/');
	if (slash == NULL)
		return false;
	cap -= (size_t)(slash + 1 - out);
	return snprintf(slash + 1, cap, "%s", relative) < (int)cap && is_folder(out);
}

int card_profiles(struct ctx *c, struct profiles **p, struct err *e)
{
	const char *named = getenv("CARDADM_PROFILES");
	char path[4096];

	*p = NULL;
	if (named != NULL && named[0] != '\0')
		return profiles_load(named, p, e);
	if (beside_program("lib/profile/data", path, sizeof(path)) ||
	    beside_program("../share/cardadm/profiles", path, sizeof(path)))
		return profiles_load(path, p, e);
	if (is_folder(CARDADM_PROFILE_DIR))
		return profiles_load(CARDADM_PROFILE_DIR, p, e);
	if (c->verbose > 0)
		ctx_note(c, "no card profiles: %s is not there", CARDADM_PROFILE_DIR);
	return 0;
}

void card_profile(struct ctx *c, const struct profiles *p, const struct card *card,
    const struct card_identity *id, struct profile_match *m)
{
	struct profile_facts f = { .atr = span_of(card->atr, card->atr_n) };
	struct atr a;

	if (atr_get(f.atr, &a))
		f.historical = a.historical;
	if (id != NULL && id->has_cplc)
		f.cplc = SPAN(id->cplc);
	if (id != NULL)
		f.card_data = span_of(id->card_data, id->card_data_n);
	profiles_match(p, &f, m);
	if (m->tied[0] != NULL)
		ctx_note(c, "card profiles %s and %s fit equally well: neither is used",
		    m->tied[0]->name, m->tied[1]->name);
}

/* What a profile does not say is missing. */
static void show_quirks(json_t **o, const struct profile *p)
{
	if (p->isd.n > 0)
		out_set(o, "isd", out_hex(aid_span(&p->isd)));
	if (p->protocol >= 0)
		out_set(o, "protocol", json_sprintf("SCP%02X", (unsigned)p->protocol));
	if (p->i >= 0)
		out_set(o, "i", json_text(out_hex8((uint8_t)p->i).s));
	if (p->s16 >= 0)
		out_set(o, "s16", json_boolean(p->s16));
	if (p->block > 0)
		out_set(o, "block", json_integer(p->block));
	if (p->load_le != LOAD_LE_UNKNOWN)
		out_set(o, "load_le", json_text(profile_load_le_str(p->load_le)));
	if (p->factory_version >= 0) {
		out_set(o, "factory_version", json_text(out_hex8((uint8_t)p->factory_version).s));
		out_set(o, "factory_p1", json_text(out_hex8((uint8_t)p->factory_p1).s));
	}
	if (p->note[0] != '\0')
		out_set(o, "note", json_text(p->note));
}

struct content_habits profile_habits(const struct profile *p)
{
	struct content_habits h = { 0 };

	if (p == NULL)
		return h;
	h.block = p->block;
	h.le = p->load_le;
	return h;
}

json_t *show_profile(const struct profile_match *m)
{
	json_t *o;

	if (m->profile == NULL)
		return json_null();
	o = json_object();
	out_set_text(&o, "name", m->profile->name);
	out_set(&o, "product", json_text(m->product->text));
	out_set(&o, "known_by", json_text(profile_by_str(m->by)));
	show_quirks(&o, m->profile);
	return o;
}
