#include "host/registry.h"

#include <stdlib.h>
#include <string.h>

#include "host/content.h"
#include "tlv/tlv.h"

enum { PAGES_MAX = 1024, PAGE_MAX = 65536 };

/* One list being read. */
struct listing {
	struct session *s;
	struct registry *r;
	enum registry_kind kind;
	uint8_t p1;
	bool old;      /* asks for the deprecated form */
	struct wr cut; /* of the last entry so far, when an answer ended within it */
	size_t before; /* entries of other kinds */
	size_t pages;
	bool bare; /* that there is no more was told by an error word alone */
};

static int add(struct listing *l, const struct status_entry *s, struct err *e)
{
	struct registry *r = l->r;
	struct registry_entry *more;

	if (r->n == REGISTRY_MAX)
		return err_set(
		    e, ERR_CARD, "the card lists more than %d entries, without end", REGISTRY_MAX);
	if ((r->n & (r->n - 1)) == 0) { /* grows at powers of two */
		more = realloc(r->entry, (r->n == 0 ? 1 : 2 * r->n) * sizeof(*more));
		if (more == NULL)
			return err_memory(e);
		r->entry = more;
	}
	r->entry[r->n++] = (struct registry_entry){ l->kind, *s };
	return 0;
}

/* E3 begins an entry in TLV; the deprecated form begins with the length of an AID. */
static bool is_tlv(struct span page)
{
	struct rd r = rd_of(page);
	uint8_t first;

	return rd_u8(&r, &first) && first == 0xE3;
}

/* A whole E3 that holds no entry is left out. */
static bool skip_malformed(struct rd *r)
{
	struct span ignored;

	return tlv_expect(r, 0xE3, &ignored);
}

/* Takes all whole entries; what is left of the page goes to l->cut. */
static int take_page(struct listing *l, struct span page, struct err *e)
{
	bool tlv = is_tlv(page);
	struct rd r = rd_of(page);
	struct status_entry s;

	l->r->old_form = l->r->old_form || (page.n > 0 && !tlv);
	for (;;) {
		if (tlv ? status_entry_next(&r, &s) : status_old_next(&r, l->p1, &s)) {
			if (add(l, &s, e) != 0)
				return -1;
		} else if (tlv && skip_malformed(&r)) {
			l->r->skipped++;
		} else {
			break;
		}
	}
	wr_reset(&l->cut);
	wr_put(&l->cut, rd_rest(&r));
	return wr_ok(&l->cut) ? 0 : err_memory(e);
}

/* An answer that follows: the rest of an entry that was cut, or that entry once more. */
static int take_answer(struct listing *l, struct span answer, struct err *e)
{
	struct span cut = wr_span(&l->cut);
	struct wr both;
	int rc;

	if (cut.n == 0 || span_starts(answer, cut))
		return take_page(l, answer, e);
	both = wr_grow(2 * PAGE_MAX);
	wr_put(&both, cut);
	wr_put(&both, answer);
	rc = wr_ok(&both) ? take_page(l, wr_span(&both), e) : err_memory(e);
	wr_free(&both);
	return rc;
}

static int send_request(struct listing *l, struct rapdu *r, struct err *e)
{
	uint8_t data[2 + AID_MAX], next = l->pages > 0 ? STATUS_NEXT_OLD : 0;
	struct wr w = wr_fixed(data, sizeof(data));
	struct capdu c = { .cla = 0x80, .ins = INS_GET_STATUS, .p1 = l->p1, .le = LE_MAX_SHORT };

	c.p2 = (l->old ? STATUS_FIRST_OLD : STATUS_FIRST) | next;
	status_request_put(&w, span_of(NULL, 0), span_of(NULL, 0));
	c.data = wr_span(&w);
	if (session_send(l->s, &c, r, e) != 0)
		return err_in(e, "GET STATUS %02X", l->p1);
	return 0;
}

static int malformed(const struct listing *l, struct err *e)
{
	return err_set(e, ERR_CARD, "GET STATUS %02X: the card's answer is malformed", l->p1);
}

/* The card told no more, be it because there is no more or because it cannot. */
static int read_end(struct listing *l, uint16_t sw, struct err *e)
{
	if (sw == SW_SECURITY_STATUS || (l->cut.n == 0 && sw != SW_REFERENCE_NOT_FOUND))
		return err_sw(e, ERR_CARD, sw, "GET STATUS %02X", l->p1);
	if (l->r->n + l->r->skipped == l->before)
		return malformed(l, e);
	l->r->cut = l->r->cut || l->cut.n > 0;
	l->bare = l->cut.n == 0;
	return 0;
}

/* Goes on after a first answer of 9000 or 6310 until the list is whole. */
static int read_pages(struct listing *l, struct rapdu *r, struct err *e)
{
	for (;;) {
		size_t before = l->r->n + l->r->skipped, cut = l->cut.n;

		if (take_answer(l, r->data, e) != 0)
			return err_in(e, "GET STATUS %02X", l->p1);
		if (r->sw == SW_OK && l->cut.n == 0)
			return 0;
		/* An answer that brings nothing would come for ever. */
		if (l->r->n + l->r->skipped == before && l->cut.n <= cut)
			return err_set(
			    e, ERR_CARD, "GET STATUS %02X: the card's answer is malformed", l->p1);
		if (++l->pages == PAGES_MAX)
			return err_set(e, ERR_CARD, "GET STATUS %02X: the list has no end", l->p1);
		if (send_request(l, r, e) != 0)
			return -1;
		if (r->sw != SW_OK && r->sw != SW_MORE_DATA)
			return read_end(l, r->sw, e);
	}
}

/* Reads one kind in one form. *sw: 9000 when it was told, 6A88 when nothing is there. */
static int read_form(struct listing *l, bool old, uint16_t *sw, struct err *e)
{
	struct rapdu r;
	int rc;

	l->old = old;
	l->bare = false;
	l->pages = 0;
	l->before = l->r->n + l->r->skipped;
	if (send_request(l, &r, e) != 0)
		return -1;
	*sw = r.sw;
	if (r.sw == SW_SECURITY_STATUS) {
		err_sw(e, ERR_CARD, r.sw, "GET STATUS %02X", l->p1);
		return err_hint(
		    e, "the registry is told in a channel that authenticates us: not in SCP11b");
	}
	if (r.sw != SW_OK && r.sw != SW_MORE_DATA)
		return 0;
	l->cut = wr_grow(PAGE_MAX);
	rc = read_pages(l, &r, e);
	wr_free(&l->cut);
	*sw = SW_OK;
	return rc;
}

/* Which of the two octets a 6A86 is about nobody says; a form that went well before is known. */
static int read_kind(struct session *s, struct registry *r, enum registry_kind kind, uint8_t p1,
    uint16_t *sw, struct err *e)
{
	struct listing l = { .s = s, .r = r, .kind = kind, .p1 = p1 };
	bool known = r->n > 0;

	if (read_form(&l, r->old_form, sw, e) != 0)
		return -1;
	if (*sw == SW_WRONG_P1P2 && !r->old_form && !known && read_form(&l, true, sw, e) != 0)
		return -1;
	if (*sw == SW_OK || *sw == SW_REFERENCE_NOT_FOUND || *sw == SW_NOT_FOUND)
		r->told[kind] = true;
	r->proven[kind] = *sw == SW_OK && r->rmac && !l.bare;
	return 0;
}

int registry_prove(struct session *s, struct registry *r, struct err *e)
{
	struct resources n;

	if (!r->rmac || r->proven[REGISTRY_APPLICATION] || !r->told[REGISTRY_APPLICATION])
		return 0;
	if (content_resources(s, &n, e) != 0)
		return -1;
	r->proven[REGISTRY_APPLICATION] = n.told && n.applications == 0;
	return 0;
}

int registry_list(struct session *s, struct registry *r, struct err *e)
{
	uint16_t isd, apps, modules, files;

	memset(r, 0, sizeof(*r));
	r->rmac = session_has_rmac(s);
	if (read_kind(s, r, REGISTRY_ISD, STATUS_ISD, &isd, e) != 0 ||
	    read_kind(s, r, REGISTRY_APPLICATION, STATUS_APPLICATIONS, &apps, e) != 0 ||
	    read_kind(s, r, REGISTRY_LOAD_FILE, STATUS_MODULES, &modules, e) != 0)
		return -1;
	r->has_modules = modules == SW_OK;
	/* 6A88 may also mean that there are no modules to tell. */
	if (modules != SW_OK &&
	    read_kind(s, r, REGISTRY_LOAD_FILE, STATUS_LOAD_FILES, &files, e) != 0)
		return -1;
	r->issuer = isd == SW_OK || session_is_issuer(s);
	/* Only the issuer domain has to list one. */
	if (r->rmac && !r->issuer)
		r->proven[REGISTRY_ISD] = true;
	if (r->told[REGISTRY_ISD] || r->told[REGISTRY_APPLICATION] || r->told[REGISTRY_LOAD_FILE])
		return 0;
	err_sw(e, ERR_CARD, apps, "GET STATUS: the card tells nothing of its registry");
	return err_hint(
	    e, "the registry is told in a channel that authenticates us: not in SCP11b");
}

int registry_read(struct session *s, struct registry *r, struct err *e)
{
	return registry_list(s, r, e) == 0 ? registry_prove(s, r, e) : -1;
}

void registry_free(struct registry *r)
{
	free(r->entry);
	memset(r, 0, sizeof(*r));
}

bool registry_proven(const struct registry *r, enum registry_kind kind)
{
	return r->proven[kind];
}

int registry_doubt_kind(const struct registry *r, enum registry_kind kind, struct err *e)
{
	static const char *const names[] = { "issuer domain", "application", "package" };

	if (!r->rmac || r->proven[kind])
		return 0;
	err_set(e, ERR_INTEGRITY,
	    "that there is no other %s on the card is not proven: the card's word for it is an "
	    "error, which carries no R-MAC",
	    names[kind]);
	return err_hint(e,
	    "somebody may sit between reader and card, or the card cannot tell it in this channel");
}

int registry_doubt(const struct registry *r, struct err *e)
{
	for (int k = REGISTRY_ISD; k <= REGISTRY_LOAD_FILE; k++)
		if (registry_doubt_kind(r, (enum registry_kind)k, e) != 0)
			return -1;
	return 0;
}

bool registry_is_whole(const struct registry *r)
{
	struct err ignored;

	if (registry_doubt(r, &ignored) != 0)
		return false;
	for (size_t i = 0; i < r->n; i++)
		if (r->entry[i].kind == REGISTRY_ISD)
			return r->told[REGISTRY_APPLICATION] && r->told[REGISTRY_LOAD_FILE] &&
			       !r->cut;
	return false;
}

static bool same(const struct aid *a, const struct aid *b)
{
	return a->n > 0 && aid_same(a, b);
}

const struct registry_entry *registry_find(const struct registry *r, const struct aid *aid)
{
	for (size_t i = 0; i < r->n; i++)
		if (same(&r->entry[i].s.aid, aid))
			return &r->entry[i];
	return NULL;
}

bool registry_is_domain(const struct registry_entry *x)
{
	return x->kind == REGISTRY_ISD ||
	       (x->kind == REGISTRY_APPLICATION && (x->s.privileges & PRIV_SECURITY_DOMAIN) != 0);
}

const struct registry_entry *registry_dependent(
    const struct registry *r, const struct registry_entry *of, size_t *at)
{
	while (*at < r->n) {
		const struct registry_entry *x = &r->entry[(*at)++];

		if (x == of || same(&x->s.aid, &of->s.aid))
			continue;
		if (of->kind == REGISTRY_LOAD_FILE && x->kind == REGISTRY_APPLICATION &&
		    same(&x->s.load_file, &of->s.aid))
			return x;
		if (registry_is_domain(of) && x->kind != REGISTRY_ISD &&
		    same(&x->s.domain, &of->s.aid))
			return x;
	}
	return NULL;
}
