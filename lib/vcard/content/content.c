/* The registry of the card: who is there, who belongs to whom, what memory is left. */
#include "vcard/content/content.h"

#include "vcard/broadcast/broadcast.h"
#include "vcard/core/card_state.h"

const struct aid aid_domain_package = { 7, { 0xA0, 0x00, 0x00, 0x01, 0x51, 0x53, 0x50 } };
const struct aid aid_domain_module = { 8, { 0xA0, 0x00, 0x00, 0x01, 0x51, 0x53, 0x50, 0x41 } };

/* GPCS 11.1.2: what the ISD has by default, and what of it only one can have (6.6.2.6, 6.6.2.10).
 */
enum { ISD_PRIVILEGES = 0x9EFE80, SINGLE = PRIV_CARD_RESET | PRIV_FINAL_APPLICATION };

const struct card_app *chip_app(const struct vcard *v, const struct aid *aid)
{
	const struct card_content *c = &v->chip.content;

	for (size_t i = 0; i < c->app_n; i++)
		if (aid_same(&c->app[i].aid, aid))
			return &c->app[i];
	return NULL;
}

const struct card_load_file *chip_load_file(const struct vcard *v, const struct aid *aid)
{
	const struct card_content *c = &v->chip.content;

	for (size_t i = 0; i < c->file_n; i++)
		if (aid_same(&c->file[i].aid, aid))
			return &c->file[i];
	return NULL;
}

bool chip_resident(const struct vcard *v, size_t i, struct resident *r)
{
	bool system = trust_resident(v, r);
	struct span aid;

	if (system && i == 0)
		return true;
	*r = (struct resident){ .load_file = v->chip.target, .state = APP_SELECTABLE };
	return image_app(v, i - system, &aid, &r->answer) && aid_from(&r->aid, aid);
}

/* The supplementary domain of that name; NULL: none, or the ISD. */
static const struct card_app *domain_app(const struct vcard *v, const struct aid *aid)
{
	const struct card_app *a = aid->n == 0 ? NULL : chip_app(v, aid);

	return a != NULL && (a->privileges & PRIV_SECURITY_DOMAIN) != 0 ? a : NULL;
}

bool chip_is_isd(const struct vcard *v, const struct aid *aid)
{
	return aid->n == 0 || aid_same(aid, &v->chip.isd);
}

bool chip_is_domain(const struct vcard *v, const struct aid *aid)
{
	return chip_is_isd(v, aid) || domain_app(v, aid) != NULL;
}

struct aid chip_domain_name(const struct vcard *v, const struct aid *aid)
{
	return chip_is_isd(v, aid) ? (struct aid){ 0 } : *aid;
}

struct aid chip_domain_aid(const struct vcard *v, const struct aid *domain)
{
	return chip_is_isd(v, domain) ? v->chip.isd : *domain;
}

uint32_t chip_privileges(const struct vcard *v, const struct aid *domain)
{
	const struct card_content *c = &v->chip.content;
	const struct card_app *a = domain_app(v, domain);
	uint32_t held = 0;

	if (a != NULL)
		return a->privileges;
	if (!chip_is_isd(v, domain))
		return 0;
	for (size_t i = 0; i < c->app_n; i++)
		held |= c->app[i].privileges & SINGLE;
	return ISD_PRIVILEGES & ~held;
}

const struct card_app *channel_domain(const struct vcard *v, const struct logical_channel *ch)
{
	return domain_app(v, &ch->selected);
}

bool chip_is_under(const struct vcard *v, const struct aid *inner, const struct aid *outer)
{
	struct aid at = chip_domain_name(v, inner);
	struct aid top = chip_domain_name(v, outer);

	/* A domain that is its own is the root of its hierarchy; the bound is for damaged files. */
	for (size_t i = 0; i <= HELD_APPS_MAX; i++) {
		const struct card_app *a = domain_app(v, &at);

		if (aid_same(&at, &top))
			return true;
		if (a == NULL || aid_same(&a->domain, &at))
			return false;
		at = a->domain;
	}
	return false;
}

/* ---- memory ---- */

static uint32_t larger(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

uint32_t app_takes(const struct card_app *a)
{
	return larger(HELD_APP_OVERHEAD + (uint32_t)a->params_n, a->reserved);
}

uint32_t app_takes_volatile(const struct card_app *a)
{
	return a->reserved_volatile;
}

uint32_t load_file_takes(const struct card_load_file *f)
{
	return HELD_FILE_OVERHEAD + (uint32_t)f->data.n;
}

/* ---- memory that domains and what is in them take together ----
 *
 * What is reserved for a domain is its own; what is reserved for a container is for all that is in
 * it, too. */

static uint32_t used(const struct vcard *v, const struct card_app *a, bool ram);

static uint32_t reserve(const struct vcard *v, const struct card_app *a, bool ram)
{
	if (chip_container(v, &a->aid) == NULL)
		return 0;
	return ram ? a->reserved_volatile : a->reserved;
}

static uint32_t whole(const struct vcard *v, const struct card_app *a, bool ram)
{
	return larger(used(v, a, ram), reserve(v, a, ram));
}

/* Directly in it and beneath. */
static uint32_t inside(const struct vcard *v, const struct aid *domain, bool ram)
{
	const struct card_content *c = &v->chip.content;
	uint32_t n = 0;

	for (size_t i = 0; i < c->file_n && !ram; i++)
		if (aid_same(&c->file[i].domain, domain))
			n += load_file_takes(&c->file[i]);
	for (size_t i = 0; i < c->app_n; i++)
		if (aid_same(&c->app[i].domain, domain) && !aid_same(&c->app[i].aid, domain))
			n += whole(v, &c->app[i], ram);
	return n;
}

static uint32_t own(const struct vcard *v, const struct card_app *a, bool ram)
{
	if (chip_container(v, &a->aid) == NULL)
		return ram ? app_takes_volatile(a) : app_takes(a);
	return ram ? 0
		   : HELD_APP_OVERHEAD + (uint32_t)a->params_n + container_objects_take(v, &a->aid);
}

static uint32_t used(const struct vcard *v, const struct card_app *a, bool ram)
{
	return own(v, a, ram) +
	       ((a->privileges & PRIV_SECURITY_DOMAIN) != 0 ? inside(v, &a->aid, ram) : 0);
}

/* What belongs to the ISD, and domains that are their own. */
static uint32_t used_by_all(const struct vcard *v, bool ram)
{
	const struct card_content *c = &v->chip.content;
	const struct aid isd = { 0 };
	uint32_t n = inside(v, &isd, ram);

	for (size_t i = 0; i < c->app_n; i++)
		if (aid_same(&c->app[i].domain, &c->app[i].aid))
			n += whole(v, &c->app[i], ram);
	return n;
}

static uint32_t used_by_containers(const struct vcard *v, bool ram)
{
	const struct card_containers *all = &v->chip.containers;
	uint32_t n = 0;

	for (size_t i = 0; i < all->n; i++)
		n += whole(v, chip_app(v, &all->container[i].aid), ram);
	return n;
}

/* With what is on its way in, on whatever channel. */
uint32_t content_used(const struct vcard *v)
{
	uint32_t n = used_by_all(v, false);

	for (size_t i = 0; i < CHANNELS; i++)
		n += (uint32_t)v->channel[i].loading.data.n;
	return n;
}

static uint32_t left_of(uint32_t all, uint32_t taken)
{
	return taken < all ? all - taken : 0;
}

static uint32_t memory_of(const struct vcard *v)
{
	return v->chip.memory < HELD_DATA_MAX ? v->chip.memory : HELD_DATA_MAX;
}

uint32_t content_free(const struct vcard *v)
{
	return left_of(memory_of(v), content_used(v));
}

uint32_t content_free_volatile(const struct vcard *v)
{
	return left_of(VOLATILE_MEMORY, used_by_all(v, true));
}

uint32_t content_used_under(const struct vcard *v, const struct aid *domain)
{
	return used(v, chip_app(v, domain), false);
}

uint32_t content_free_outside(const struct vcard *v, bool ram)
{
	uint32_t all = ram ? VOLATILE_MEMORY : memory_of(v);
	uint32_t taken = ram ? used_by_all(v, true) : content_used(v);

	return left_of(all, taken - used_by_containers(v, ram));
}

uint32_t content_free_inside(const struct vcard *v, const struct aid *domain, bool ram)
{
	const struct card_app *a = chip_app(v, domain);
	bool limited = ram ? a->has_volatile_quota : a->has_quota;
	uint32_t most = ram ? a->volatile_quota : a->quota;

	return left_of(limited ? most : content_free_outside(v, ram), used(v, a, ram));
}

static bool within(uint32_t taken, uint32_t more, uint32_t most)
{
	return taken <= most && more <= most - taken;
}

static bool quota_holds(
    const struct vcard *v, const struct card_app *a, uint32_t nv, uint32_t volatile_)
{
	if (a->has_quota && !within(used(v, a, false), nv, a->quota))
		return false;
	return !a->has_volatile_quota || within(used(v, a, true), volatile_, a->volatile_quota);
}

/* Upwards from a domain: what is reserved for one and not yet used costs those above nothing. *nv
 * and *ram become what is asked of the card. */
static bool climb(const struct vcard *v, const struct aid *to, const struct aid *from, uint32_t *nv,
    uint32_t *ram)
{
	struct aid at = *to;

	for (size_t i = 0; i <= HELD_APPS_MAX; i++) {
		const struct card_app *a = domain_app(v, &at);

		if (a == NULL)
			return true;
		if ((from == NULL || !chip_is_under(v, from, &at)) && !quota_holds(v, a, *nv, *ram))
			return false;
		*nv = left_of(*nv, left_of(reserve(v, a, false), used(v, a, false)));
		*ram = left_of(*ram, left_of(reserve(v, a, true), used(v, a, true)));
		if (aid_same(&a->domain, &at))
			return true;
		at = a->domain;
	}
	return true;
}

bool quotas_fit(const struct vcard *v, const struct aid *to, const struct aid *from, uint32_t nv,
    uint32_t volatile_)
{
	return climb(v, to, from, &nv, &volatile_);
}

bool content_fits(const struct vcard *v, const struct aid *domain, uint32_t nv, uint32_t volatile_)
{
	return climb(v, domain, NULL, &nv, &volatile_) && nv <= content_free(v) &&
	       volatile_ <= content_free_volatile(v);
}

bool content_fits_load(const struct vcard *v, const struct loading *l, size_t octets)
{
	const struct card_container *home = chip_home(v, &l->domain);
	const struct card_app *a = home == NULL ? NULL : chip_app(v, &home->aid);
	size_t kept = a == NULL ? 0 : left_of(reserve(v, a, false), used(v, a, false));

	return octets <= content_free(v) + l->data.n + kept;
}

void content_forget_load(struct logical_channel *ch)
{
	wr_free(&ch->loading.data);
	wr_free(&ch->loading.first);
	ch->loading = (struct loading){ 0 };
}
