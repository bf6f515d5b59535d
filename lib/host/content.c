#include "host/content.h"

#include <stdio.h>
#include <string.h>

#include "apdu/atr.h"
#include "base/hex.h"

const struct aid content_domain_package = { 7, { 0xA0, 0x00, 0x00, 0x01, 0x51, 0x53, 0x50 } };
const struct aid content_domain_module = { 8, { 0xA0, 0x00, 0x00, 0x01, 0x51, 0x53, 0x50, 0x41 } };

enum { CLA_GP = 0x80, MORE = 0x80, DATA_MAX = 4096 };

/* ---- how much one command takes ---- */

/* Longest plain data whose protected form has at most `wire` octets. */
static size_t plain_room(const struct session *s, size_t wire)
{
	size_t m = scp_mac_size(&s->scp);
	size_t pad = scp_protocol(&s->scp) == PROTOCOL_SCP03 ? 16 : 8;

	if (s->mode != SESSION_UNICAST || (s->level & LEVEL_CMAC) == 0)
		return wire;
	if (wire < m + pad)
		return 0;
	/* Ciphered data are padded to whole blocks by one octet at least. */
	return (s->level & LEVEL_CDEC) == 0 ? wire - m : (wire - m) / pad * pad - 1;
}

size_t content_block(const struct session *s, bool extended)
{
	size_t said = s->id.fci.max_data, wire;

	if (extended)
		wire = said > APDU_SHORT_DATA ? said : CONTENT_EXTENDED_BLOCK;
	else
		wire = said > 0 && said < APDU_SHORT_DATA ? said : APDU_SHORT_DATA;
	return plain_room(s, wire);
}

/* Why extended length cannot be; NULL: it can, if the card takes it. */
static const char *never_extended(const struct session *s)
{
	if (s->card->t0)
		return "T=0";
	if (s->mode == SESSION_UNICAST && scp_protocol(&s->scp) != PROTOCOL_SCP03)
		return scp_protocol_str(scp_protocol(&s->scp));
	return NULL;
}

bool content_extended(const struct session *s)
{
	struct atr a;

	if (never_extended(s) != NULL)
		return false;
	return s->id.fci.max_data > APDU_SHORT_DATA ||
	       (atr_get(span_of(s->card->atr, s->card->atr_n), &a) && atr_extended(a.historical));
}

/* ---- what refusals mean ---- */

const char *content_stage_str(enum content_stage s)
{
	static const char *const names[] = { "nothing was sent", "INSTALL [for load]", "LOAD",
		"INSTALL", "reading the registry" };

	return names[s];
}

enum { ANY_P1 = 0xFF, MAKING = INSTALL_FOR_INSTALL | INSTALL_FOR_SELECTABLE };

#define DAP_IS_WRONG \
	"a DAP block or the hash is wrong: " VERB("dap verify") " tells, with the same " FIELD( \
	    "hash") " and " FIELD("descriptor") "; the channel counts as lost"

static const struct {
	uint8_t ins, p1; /* p1: bits, of which the command has one; ANY_P1 */
	uint16_t sw;
	const char *why;
} refusals[] = {
	{ INS_INSTALL, INSTALL_FOR_LOAD, SW_CONDITIONS,
	    "the AID is on the card already (" VERB("list") " shows it, " FIELD_IS(
		"replace", "true") " deletes it first), or the "
				   "security domain may not load, or only with a token, or is not "
				   "personalized" },
	{ INS_INSTALL, MAKING, SW_CONDITIONS,
	    "the AID is on the card already (" VERB(
		"list") " shows it), or the security domain may not "
			"install, or only with a token" },
	{ INS_INSTALL, INSTALL_FOR_EXTRADITION, SW_CONDITIONS,
	    "a security domain takes nothing before it is personalized, nor while it is locked; "
	    "one with delegated management gives away with a token" },
	{ INS_INSTALL, INSTALL_FOR_PERSONALIZATION, SW_CONDITIONS,
	    "it does not belong to the security domain of the channel, or is locked" },
	{ INS_INSTALL, INSTALL_FOR_REGISTRY, SW_CONDITIONS,
	    "the security domain of the channel may not, or only with a token" },
	{ INS_INSTALL, INSTALL_FOR_LOAD | MAKING, SW_WRONG_DATA,
	    "most often the AID is on the card already, or the application refuses its "
	    "parameters, or there is a token that is not needed" },
	{ INS_INSTALL, INSTALL_FOR_LOAD, SW_REFERENCE_NOT_FOUND,
	    "the card has no such security domain" },
	{ INS_INSTALL, MAKING, SW_REFERENCE_NOT_FOUND,
	    "the card has no such load file or module, or lets another domain have it" },
	{ INS_INSTALL, INSTALL_FOR_EXTRADITION, SW_REFERENCE_NOT_FOUND,
	    "the card has no such application, load file or security domain" },
	{ INS_INSTALL, INSTALL_FOR_PERSONALIZATION | INSTALL_FOR_REGISTRY, SW_REFERENCE_NOT_FOUND,
	    "the card has no such application; " VERB("list") " shows what there is" },
	{ INS_INSTALL, ANY_P1, SW_NO_MEMORY,
	    "the card, or the quota of the security domain, has too little free memory" },
	{ INS_DELETE, ANY_P1, SW_SECURITY_STATUS,
	    "the domain may not do this, or the token is wrong; the channel counts as lost" },
	{ INS_LOAD, ANY_P1, SW_SECURITY_STATUS, DAP_IS_WRONG },
	{ INS_LOAD, ANY_P1, SW_WRONG_DATA,
	    "the card does not accept the file: a package that it imports is missing or of another "
	    "version, or its hash or a DAP block is wrong" },
	{ INS_LOAD, ANY_P1, SW_CONDITIONS,
	    "a package that the file imports is missing, or a DAP block is" },
	{ INS_LOAD, ANY_P1, 0x6438,
	    "the file imports a package in a version that the card does not have" },
	{ INS_LOAD, ANY_P1, SW_NO_MEMORY,
	    "the card, or the quota of the security domain, has too little free memory" },
	{ INS_DELETE, ANY_P1, SW_CONDITIONS,
	    "something still refers to it: delete that first, or use " FIELD_IS(
		"related", "true") "; or the security "
				   "domain of the channel deletes only with a token" },
	{ INS_DELETE, ANY_P1, SW_REFERENCE_NOT_FOUND,
	    "it is not on the card, or belongs to another domain" },
	{ INS_DELETE, ANY_P1, SW_NOT_FOUND, "it is not on the card, or belongs to another domain" },
	{ INS_SET_STATUS, ANY_P1, SW_CONDITIONS,
	    "it is in that state already, may not go from its state to that one, or the domain of "
	    "the channel may not do this" },
	{ INS_SET_STATUS, ANY_P1, SW_REFERENCE_NOT_FOUND, "it is not on the card" },
};

static void explain(const struct capdu *c, struct err *e)
{
	uint8_t p1 = c->ins == INS_INSTALL ? c->p1 & (uint8_t)~MORE : ANY_P1;

	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
		if (e->code == ERR_CARD && refusals[i].ins == c->ins &&
		    (refusals[i].p1 & p1) != 0 && refusals[i].sw == e->sw)
			err_hint(e, "%s", refusals[i].why);
}

/* A refused token is the likelier reason than the channel, which this answer ends as well. */
static int explain_token(struct span token, struct err *e)
{
	if (token.n > 0 && e->code == ERR_CARD && e->sw == SW_SECURITY_STATUS)
		err_hint(e, "a token is for one command, octet for octet: " FIELD(
				"domain") " and all "
					  "the rest as for " VERB("token make"));
	return -1;
}

/* ---- commands in parts ---- */

/* The empty confirmation, 00, is none. */
static void keep_confirmation(struct span answer, struct span *to)
{
	static const uint8_t none[] = { 0x00 };

	if (to != NULL)
		*to = span_eq(answer, SPAN(none)) ? span_of(NULL, 0) : answer;
}

/* Data over what one command takes goes in several, all but the last with b8 of P1 (GPCS 11.2.2,
 * 11.5.2); the session does so itself where they are protected as a whole. */
static int send_parts(
    struct session *s, struct capdu *c, const char *what, struct span *confirmation, struct err *e)
{
	struct span all = c->data;
	size_t room = session_joins(s, all.n) ? all.n : content_block(s, false);
	uint8_t p1 = c->p1;
	struct rapdu r;

	if (room == 0)
		return err_set(e, ERR_SAFETY, "%s: no data fit in a command to this card", what);
	for (size_t off = 0;; off += room) {
		bool last = all.n - off <= room;

		c->data = span_sub(all, off, room);
		c->p1 = last ? p1 : p1 | MORE;
		if (session_do(s, c, what, &r, e) != 0) {
			explain(c, e);
			return -1;
		}
		if (!last)
			continue;
		keep_confirmation(r.data, confirmation);
		return 0;
	}
}

int content_install(struct session *s, uint8_t p1, const struct install *i, const char *what,
    struct span *confirmation, struct err *e)
{
	uint8_t data[DATA_MAX];
	struct wr w = wr_fixed(data, sizeof(data));
	struct capdu c = { .cla = CLA_GP, .ins = INS_INSTALL, .p1 = p1, .le = LE_MAX_SHORT };

	install_put(&w, p1, INSTALL_ALONE, i);
	if (!wr_ok(&w))
		return err_set(e, ERR_SAFETY, "%s: the parameters are too long", what);
	c.data = wr_span(&w);
	if (send_parts(s, &c, what, confirmation, e) != 0)
		return explain_token(i->token, e);
	return 0;
}

int content_delete(struct session *s, uint8_t p2, const struct delete_object *d,
    struct span *confirmation, struct err *e)
{
	uint8_t data[DATA_MAX];
	struct wr w = wr_fixed(data, sizeof(data));
	struct capdu c = { .cla = CLA_GP, .ins = INS_DELETE, .p2 = p2, .le = LE_MAX_SHORT };

	delete_object_put(&w, d);
	if (!wr_ok(&w))
		return err_set(e, ERR_SAFETY, "DELETE: the token is too long");
	c.data = wr_span(&w);
	if (send_parts(s, &c, "DELETE", confirmation, e) != 0)
		return explain_token(d->token, e);
	return 0;
}

int content_set_status(
    struct session *s, uint8_t p1, uint8_t state, const struct aid *aid, struct err *e)
{
	struct capdu c = { .cla = CLA_GP, .ins = INS_SET_STATUS, .p1 = p1, .p2 = state };
	struct rapdu r;

	c.data = aid_span(aid);
	if (session_do(s, &c, "SET STATUS", &r, e) == 0)
		return 0;
	explain(&c, e);
	return -1;
}

int content_resources(struct session *s, struct resources *r, struct err *e)
{
	struct span v;
	bool found;

	memset(r, 0, sizeof(*r));
	if (session_get_data(s, TAG_RESOURCES, &v, &found, e) != 0)
		return -1;
	if (found && !resources_get(v, r))
		memset(r, 0, sizeof(*r));
	return 0;
}

/* ---- LOAD ---- */

static size_t load_block(const struct session *s, const struct content_load *l)
{
	size_t most = content_block(s, l->extended);

	return l->block > 0 && l->block < most ? l->block : most;
}

int content_load_check(
    const struct session *s, const struct content_load *l, uint32_t *blocks, struct err *e)
{
	size_t block = load_block(s, l), n = load_blocks(l->head.n + l->data.n, block);

	*blocks = (uint32_t)n;
	if (l->extended && never_extended(s) != NULL)
		return err_set(e, ERR_SAFETY, "%s has no extended length", never_extended(s));
	if (n > 0 && n <= LOAD_BLOCKS_MAX)
		return 0;
	if (n == 0)
		return err_set(e, ERR_SAFETY, "no block of a load file fits in a command");
	err_set(e, ERR_SAFETY,
	    "%zu octets take %zu blocks of %zu octets, and a card counts to %d (at most %zu octets "
	    "of load file)",
	    l->head.n + l->data.n, n, block, LOAD_BLOCKS_MAX, block * LOAD_BLOCKS_MAX);
	return err_hint(
	    e, l->extended
		   ? "give a larger " FIELD("block") " if the card takes it"
		   : FIELD_IS("extended", "true") " makes blocks longer, if the card takes it; so "
						  "does a lower security level");
}

void content_load_choose(
    const struct session *s, const struct content_habits *h, struct content_load *l)
{
	struct err tried;
	uint32_t blocks;

	l->le = h->le;
	l->extended = l->extended || (s->id.fci.max_data > APDU_SHORT_DATA && content_extended(s));
	l->block = l->extended ? 0 : h->block;
	if (!l->extended && content_extended(s) && content_load_check(s, l, &blocks, &tried) != 0) {
		l->extended = true;
		l->block = 0;
	}
}

/* A card that has more than it can say says 7FFF or FFFF. */
int content_memory_check(struct session *s, size_t least, struct err *e)
{
	struct resources r;

	if (content_resources(s, &r, e) != 0) {
		if (s->lost || e->code != ERR_CARD)
			return -1;
		err_clear(e);
		return 0;
	}
	if (!r.told || r.non_volatile >= least || r.non_volatile == 0x7FFF ||
	    r.non_volatile == 0xFFFF)
		return 0;
	return err_set(e, ERR_SAFETY,
	    "the package takes at least %zu octets, and the card has %u free: nothing was loaded",
	    least, r.non_volatile);
}

static bool has_dap(struct span head, const struct aid *domain)
{
	struct rd r = rd_of(head);
	struct dap d;

	while (dap_next(&r, &d))
		if (aid_same(&d.domain, domain))
			return true;
	return false;
}

/* GPCS C.1.2, C.3: the domain that the package goes to, and those that verify every load. */
int content_dap_check(
    const struct registry *r, const struct aid *to, struct span head, struct err *e)
{
	char hex[HEX_SIZE(AID_MAX)];

	for (size_t i = 0; i < r->n; i++) {
		const struct status_entry *s = &r->entry[i].s;
		bool mandated = (s->privileges & PRIV_MANDATED_DAP) == PRIV_MANDATED_DAP &&
				s->state == DOMAIN_PERSONALIZED;

		if (r->entry[i].kind != REGISTRY_APPLICATION || has_dap(head, &s->aid) ||
		    (s->privileges & PRIV_DAP_VERIFICATION) == 0 ||
		    (!mandated && !aid_same(&s->aid, to)))
			continue;
		return err_set(e, ERR_SAFETY,
		    "security domain %s verifies DAP signatures%s, and there is none for it: "
		    "nothing was loaded",
		    hex_put(aid_span(&s->aid), hex, sizeof(hex)), mandated ? " of all loads" : "");
	}
	return 0;
}

/* Octets off .. off + n - 1 of head and data as one. */
static void put_block(struct wr *w, const struct content_load *l, size_t off, size_t n)
{
	struct span head = span_sub(l->head, off, n);

	wr_put(w, head);
	if (n > head.n)
		wr_put(w, span_sub(l->data, off + head.n - l->head.n, n - head.n));
}

static uint32_t load_le(const struct content_load *l, bool last)
{
	if (l->le == LOAD_LE_NEVER || (l->le == LOAD_LE_LAST && !last))
		return LE_NONE;
	return l->extended ? LE_MAX_EXTENDED : LE_MAX_SHORT;
}

/* Block number o->block. */
static int send_block(struct session *s, const struct content_load *l, struct wr *w,
    struct content_outcome *o, struct err *e)
{
	size_t block = load_block(s, l);
	bool last = o->block + 1 == o->blocks;
	struct capdu c = { .cla = CLA_GP,
		.ins = INS_LOAD,
		.p1 = last ? LOAD_LAST : LOAD_MORE,
		.p2 = (uint8_t)o->block,
		.le = load_le(l, last),
		.extended = l->extended };
	char what[40];
	struct rapdu r;

	wr_reset(w);
	put_block(w, l, o->block * block, block);
	if (!wr_ok(w))
		return err_memory(e);
	c.data = wr_span(w);
	snprintf(what, sizeof(what), "LOAD block %u of %u", o->block + 1, o->blocks);
	if (session_do(s, &c, what, &r, e) != 0) {
		/* DAP blocks and the hash are verified with the last block (GPCS 9.3.5). */
		if (last || e->sw != SW_SECURITY_STATUS)
			explain(&c, e);
		return -1;
	}
	o->block++;
	if (last)
		keep_confirmation(r.data, &o->confirmation);
	return 0;
}

static int send_blocks(struct session *s, const struct content_load *l,
    const struct content_progress *p, struct content_outcome *o, struct err *e)
{
	struct wr w = wr_grow(APDU_MAX_COMMAND);
	int rc = 0;

	while (rc == 0 && o->block < o->blocks) {
		rc = send_block(s, l, &w, o, e);
		if (rc == 0 && p != NULL && o->block < o->blocks &&
		    !p->step(p->ctx, o->block, o->blocks))
			rc = err_set(e, ERR_INTERRUPTED,
			    "stopped after block %u of %u: the card drops what it has", o->block,
			    o->blocks);
	}
	if (rc == 0 && p != NULL)
		(void)p->step(p->ctx, o->block, o->blocks);
	wr_free(&w);
	return rc;
}

int content_load(struct session *s, const struct content_load *l, const struct content_progress *p,
    struct content_outcome *o, struct err *e)
{
	memset(o, 0, sizeof(*o));
	if (content_load_check(s, l, &o->blocks, e) != 0)
		return -1;
	o->stage = STAGE_FOR_LOAD;
	if (content_install(s, INSTALL_FOR_LOAD, &l->install, "INSTALL [for load]", NULL, e) != 0)
		goto failed;
	o->stage = STAGE_LOAD;
	if (send_blocks(s, l, p, o, e) == 0)
		return 0;
failed:
	/* No status word: no answer, or none to be trusted. */
	o->unknown = e->sw == 0 &&
		     (e->code == ERR_READER || e->code == ERR_INTEGRITY || e->code == ERR_CARD);
	return -1;
}
