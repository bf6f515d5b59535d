/*
 * DELETE of card content (GPCS 11.2, 9.5): an application, a load file, a domain; with P2 80 also
 * what depends on it: the instances of a load file, everything in a domain and beneath it. All of
 * it goes with one write, or nothing does.
 */
#include "gp/delete.h"
#include "vcard/content/content.h"
#include "vcard/content/manage.h"
#include "vcard/core/card_state.h"

/* What goes: by index into the registry. */
struct doomed {
	bool app[HELD_APPS_MAX], file[HELD_FILES_MAX];
};

static bool app_doomed(const struct vcard *v, const struct doomed *d, const struct aid *aid)
{
	for (size_t i = 0; i < v->chip.content.app_n; i++)
		if (d->app[i] && aid_same(&v->chip.content.app[i].aid, aid))
			return true;
	return false;
}

static bool file_doomed(const struct vcard *v, const struct doomed *d, const struct aid *aid)
{
	for (size_t i = 0; i < v->chip.content.file_n; i++)
		if (d->file[i] && aid_same(&v->chip.content.file[i].aid, aid))
			return true;
	return false;
}

/* Takes along what depends on what goes already; true when that was more. */
static bool spread(const struct vcard *v, struct doomed *d)
{
	const struct card_content *all = &v->chip.content;
	bool more = false;

	for (size_t i = 0; i < all->app_n; i++) {
		const struct card_app *a = &all->app[i];

		if (!d->app[i] &&
		    (file_doomed(v, d, &a->load_file) || app_doomed(v, d, &a->domain)))
			more = d->app[i] = true;
	}
	for (size_t i = 0; i < all->file_n; i++)
		if (!d->file[i] && app_doomed(v, d, &all->file[i].domain))
			more = d->file[i] = true;
	return more;
}

/* Marks the object, and with `related` all that depends on it. */
static bool doom(const struct vcard *v, const struct aid *aid, bool related, struct doomed *d)
{
	const struct card_content *all = &v->chip.content;
	bool found = false;

	*d = (struct doomed){ 0 };
	for (size_t i = 0; i < all->app_n; i++)
		found |= d->app[i] = aid_same(&all->app[i].aid, aid);
	for (size_t i = 0; i < all->file_n; i++)
		found |= d->file[i] = aid_same(&all->file[i].aid, aid);
	while (found && related && spread(v, d))
		;
	return found;
}

/* A load file that stays imports one that goes. */
static bool still_imported(const struct vcard *v, const struct doomed *d)
{
	const struct card_content *all = &v->chip.content;

	for (size_t i = 0; i < all->file_n; i++)
		for (size_t j = 0; !d->file[i] && j < all->file[i].import_n; j++)
			if (file_doomed(v, d, &all->file[i].import[j].aid))
				return true;
	return false;
}

/* Something that stays is an instance of, or in a domain among, what goes. */
static bool still_needed(const struct vcard *v, const struct doomed *d)
{
	struct doomed more = *d;

	/* A domain that is its own holds nobody but itself. */
	return spread(v, &more) || still_imported(v, d);
}

/* What a container has is no reason to spare it: who selects it must not keep it. */
static bool is_selected(const struct vcard *v, const struct doomed *d, const struct aid *container)
{
	for (size_t i = 0; i < CHANNELS; i++)
		if (v->channel[i].open && container == NULL &&
		    app_doomed(v, d, &v->channel[i].selected))
			return true;
	return false;
}

/* Behind no wall but the one that goes itself. */
static bool any_walled(const struct call *c, const struct doomed *d, const struct aid *container)
{
	const struct card_content *all = &c->v->chip.content;
	const struct card_container *home;

	for (size_t i = 0; i < all->app_n; i++) {
		home = chip_home(c->v, &all->app[i].domain);
		if (d->app[i] && home != chip_home(c->v, &c->ch->selected) &&
		    (home == NULL || container == NULL || !aid_same(&home->aid, container)))
			return true;
	}
	for (size_t i = 0; i < all->file_n; i++) {
		home = chip_home(c->v, &all->file[i].domain);
		if (d->file[i] && home != chip_home(c->v, &c->ch->selected) &&
		    (home == NULL || container == NULL || !aid_same(&home->aid, container)))
			return true;
	}
	return false;
}

/* All that goes is the manager's or of a domain beneath him, or he may delete everywhere; what is
 * in a container goes with the container. */
static bool all_in_reach(const struct call *c, const struct doomed *d, const struct aid *container)
{
	const struct card_content *all = &c->v->chip.content;
	struct aid me = manager_of(c);

	if (any_walled(c, d, container))
		return false;
	if ((chip_privileges(c->v, &me) & PRIV_GLOBAL_DELETE) != 0)
		return true;
	for (size_t i = 0; i < all->app_n; i++)
		if (d->app[i] && !chip_is_under(c->v, &all->app[i].domain, &me))
			return false;
	for (size_t i = 0; i < all->file_n; i++)
		if (d->file[i] && !chip_is_under(c->v, &all->file[i].domain, &me))
			return false;
	return true;
}

static bool any_restricted(const struct vcard *v, const struct doomed *d)
{
	for (size_t i = 0; i < v->chip.content.app_n; i++)
		if (d->app[i] && is_restricted(v, &v->chip.content.app[i], RESTRICT_DELETE))
			return true;
	return is_restricted(v, NULL, RESTRICT_DELETE);
}

/* Keys and data go with whom they belonged to: see app_gone_get. */
static void doomed_put(struct vcard *v, const struct doomed *d)
{
	const struct card_content *all = &v->chip.content;

	for (size_t i = 0; i < all->app_n; i++)
		if (d->app[i])
			chip_put_app_gone(v, &all->app[i].aid);
	for (size_t i = 0; i < all->file_n; i++)
		if (d->file[i])
			chip_put_load_file_gone(v, &all->file[i].aid);
}

static uint16_t delete_check(const struct call *c, const struct delete_object *o, struct doomed *d)
{
	const struct card_container *k = chip_container(c->v, &o->aid);
	const struct aid *container = k == NULL ? NULL : &k->aid;
	bool related = c->cmd->p2 == DELETE_RELATED;

	/* What is there from the start stays, and what an image brings goes with it only. */
	if (!doom(c->v, &o->aid, related, d))
		return aid_same(&o->aid, &aid_domain_package) || trust_is(c->v, &o->aid)
			   ? SW_CONDITIONS
			   : SW_REFERENCE_NOT_FOUND;
	if (any_restricted(c->v, d) || !all_in_reach(c, d, container) || still_needed(c->v, d) ||
	    (container != NULL && !related) || is_selected(c->v, d, container))
		return SW_CONDITIONS;
	return SW_OK;
}

/* Global Delete stands on its own (GPCS 6.6.2.9); everybody else manages. */
static uint16_t delete_allowed(struct call *c, const struct delete_object *o, bool *delegated)
{
	struct operation op = { .kind = TOKEN_DELETE, .p2 = c->cmd->p2, .object = *o };
	struct aid me = manager_of(c);

	*delegated = false;
	if (o->token.n == 0 && (chip_privileges(c->v, &me) & PRIV_GLOBAL_DELETE) != 0)
		return SW_OK;
	return manage_allowed(c, &op, o->token, delegated);
}

uint16_t delete_content(struct call *c, const struct delete_object *o)
{
	struct done done = { .kind = TOKEN_DELETE };
	struct doomed d;
	bool delegated;
	unsigned visitors = container_visitors(c->v, &o->aid);
	uint16_t sw = container_right(c, RIGHT_CONTENT);

	if (sw == SW_OK)
		sw = delete_check(c, o, &d);
	if (sw == SW_OK)
		sw = delete_allowed(c, o, &delegated);
	if (sw != SW_OK)
		return sw;
	done.app = o->aid;
	doomed_put(c->v, &d);
	sw = manage_done(c, delegated, &done, o->control);
	if (sw == SW_OK)
		container_settle(c, visitors);
	return sw;
}
