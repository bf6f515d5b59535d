/* What GET DATA tells of content: FF21, C2, 2F00 (GPCS 11.3.3.1, ETSI TS 102 226 8.2.1.7). */
#include "tlv/tlv.h"
#include "vcard/broadcast/broadcast.h"
#include "vcard/content/content.h"
#include "vcard/core/card_state.h"
#include "vcard/core/handlers.h"

enum { TAG_APPS = 0x81, TAG_FREE = 0x82, TAG_FREE_VOLATILE = 0x83 };
enum { TAG_APPLICATION = 0x61, TAG_AID = 0x4F };

static void number_put(struct wr *w, uint32_t tag, uint32_t v, size_t octets)
{
	uint8_t b[4];

	put_u32(b, v);
	tlv_put(w, tag, span_sub(SPAN(b), sizeof(b) - octets, octets));
}

/* What who asks may know of (containers.md 6): a party of its container; the issuer in a session of
 * each container as one, and of the memory that is really left; all others of none. */
enum view { OF_CONTAINER, OF_ISSUER, OF_OTHERS };

static enum view view_of(const struct call *c)
{
	if (session_party(c->v, c->ch) != NULL)
		return OF_CONTAINER;
	return c->ch->session == CHANNEL_UNICAST && !c->ch->anonymous && c->secured &&
		       chip_is_isd(c->v, &c->ch->selected)
		   ? OF_ISSUER
		   : OF_OTHERS;
}

static bool is_in_view(const struct call *c, enum view view, const struct card_app *a)
{
	return container_reaches(c->v, c->ch, &a->domain) &&
	       (view != OF_OTHERS || chip_container(c->v, &a->aid) == NULL);
}

static uint32_t free_in_view(const struct call *c, enum view view, bool ram)
{
	if (view == OF_CONTAINER)
		return content_free_inside(c->v, &c->ch->selected, ram);
	if (view == OF_OTHERS)
		return content_free_outside(c->v, ram);
	return ram ? content_free_volatile(c->v) : content_free(c->v);
}

uint16_t get_resources(struct call *c)
{
	const struct card_content *all = &c->v->chip.content;
	size_t mark = tlv_open(c->out, TAG_RESOURCES);
	enum view view = view_of(c);
	struct resident r;
	uint32_t apps = 0;

	/* As many as GET STATUS lists, so that a list that says less is seen to. */
	while (view != OF_CONTAINER && chip_resident(c->v, apps, &r))
		apps++;
	for (size_t i = 0; i < all->app_n; i++)
		apps += is_in_view(c, view, &all->app[i]);
	number_put(c->out, TAG_APPS, apps, 1);
	number_put(c->out, TAG_FREE, free_in_view(c, view, false), 4);
	number_put(c->out, TAG_FREE_VOLATILE, free_in_view(c, view, true), 4);
	tlv_close(c->out, mark);
	return SW_OK;
}

uint16_t get_confirmation_counter(struct call *c)
{
	number_put(c->out, TAG_CONFIRMATION_COUNTER, c->v->chip.content.receipts, 2);
	return SW_OK;
}

static void application_put(struct wr *w, struct span aid)
{
	size_t mark = tlv_open(w, TAG_APPLICATION);

	tlv_put(w, TAG_AID, aid);
	tlv_close(w, mark);
}

/* What can be selected; not one object but a list of them. */
uint16_t get_application_list(struct call *c)
{
	const struct card_content *all = &c->v->chip.content;
	struct resident r;

	enum view view = view_of(c) == OF_CONTAINER ? OF_CONTAINER : OF_OTHERS;

	for (size_t i = 0; view == OF_OTHERS && chip_resident(c->v, i, &r); i++)
		if ((r.state & APP_LOCKED) == 0)
			application_put(c->out, aid_span(&r.aid));
	for (size_t i = 0; i < all->app_n; i++)
		if (is_in_view(c, view, &all->app[i]) && (all->app[i].state & APP_LOCKED) == 0 &&
		    all->app[i].state != APP_INSTALLED)
			application_put(c->out, aid_span(&all->app[i].aid));
	return SW_OK;
}

/* GPCS H.4: what domains and applications may hold, hashes of load files, ciphers with an ICV,
 * signatures of tokens, receipts and DAP blocks. */
void content_capabilities(struct wr *w)
{
	static const uint8_t domains[] = { 0xFF, 0xFF, 0xC0 },
			     applications[] = { 0x1E, 0x1F, 0x00 };
	static const uint8_t hashes[] = { 0x01, 0x02, 0x03, 0x04 }, verified[] = { 0xFF, 0x02 };

	tlv_put(w, 0x81, SPAN(domains));
	tlv_put(w, 0x82, SPAN(applications));
	tlv_put(w, 0x83, SPAN(hashes));
	tlv_put_u8(w, 0x84, 0x8F);
	tlv_put(w, 0x85, SPAN(verified));
	tlv_put_u8(w, 0x86, 0x3C); /* MACs only: it has no private keys for receipts */
	tlv_put(w, 0x87, SPAN(verified));
}
