/* store-data: STORE DATA to a domain, or through it to an application (GPCS 11.11). */
#include "change/kinds.h"

#include <stdio.h>

#include "base/hexfile.h"
#include "crypto/digest.h"
#include "host/personalize.h"

enum { STORE_DATA_MAX = 1 << 16 };
struct store_data {
	struct store_data_shown shown;
};
BEGINS_WITH(struct store_data_shown, struct store_data, shown);

#define ROW(member, ...) FIELD_ROW(struct store_data, member, __VA_ARGS__)

const char *const store_data_formats[] = { "dgi", "tlv", "raw", NULL };

static const struct field fields[] = {
	ROW(shown.file, "file", FIELD_FILE, "FILE",
	    "The data: hex with comments behind #, or octets as they are",
	    .flags = FIELD_REQUIRED | FIELD_OPERAND),
	ROW(shown.format, "format", FIELD_CHOICE, "FORMAT",
	    "dgi: data grouping identifiers; tlv: BER-TLV; raw: anything (dgi)",
	    .choices = store_data_formats),
	ROW(shown.encrypted, "encrypted", FIELD_FLAG, NULL,
	    "Encrypt under the DEK of the channel: each value with dgi, else all data"),
	ROW(shown.application, "application", FIELD_AID, "AID",
	    "Application of the domain that gets them: INSTALL [for personalization] first"),
};

/* What goes out where it is not what the file holds. */
struct stored {
	struct wr encrypted;
};

static unsigned format_of(const struct store_data *d)
{
	static const unsigned of[] = { STORE_DGI, STORE_TLV, 0 };

	return of[d->shown.format.i];
}

/* The goal knows the data, not how a file writes them. */
static int open_data(void *x, struct err *e)
{
	struct store_data *d = x;

	d->shown.file.octets = wr_grow(STORE_DATA_MAX);
	if (hexfile_read(d->shown.file.path, &d->shown.file.octets, e) != 0)
		return -1;
	if (personalize_check(format_of(d), wr_span(&d->shown.file.octets), &d->shown.objects, e) ==
	    0)
		return sha256_of(wr_span(&d->shown.file.octets), d->shown.file.digest)
			   ? 0
			   : err_memory(e);
	err_in(e, "%s", d->shown.file.path);
	return d->shown.format.given
		   ? -1
		   : err_hint(e, FIELD_IS("format", "tlv") " or raw, if it is that");
}

/* Whatever a card does with data, it does not give them back. */
static int is_so(struct change_card *c, const void *x, struct change_so *so, struct err *e)
{
	(void)c;
	(void)x;
	(void)e;
	so->is = SO_UNSEEN;
	return 0;
}

static struct span octets(const struct store_data *d, const struct stored *s)
{
	return d->shown.encrypted ? wr_span(&s->encrypted) : wr_span(&d->shown.file.octets);
}

static uint8_t p1_of(const struct store_data *d)
{
	return (uint8_t)(format_of(d) | (d->shown.encrypted ? (unsigned)STORE_ENCRYPTED : 0u));
}

/* Under the DEK of this card's channel; in a plan, which has none, as long as it will be. */
static int encrypt(
    struct change_card *c, const struct store_data *d, struct stored *s, struct err *e)
{
	struct span data = wr_span(&d->shown.file.octets);

	s->encrypted = wr_grow(2 * STORE_DATA_MAX);
	if (!c->is_dry)
		return personalize_encrypt(c->s, format_of(d), data, &s->encrypted, e);
	change_note(c, "what is encrypted under the DEK is shown as zeros");
	return personalize_blank(c->dry_des, format_of(d), data, &s->encrypted, e);
}

static int check(struct change_card *c, const void *x, void *work, struct err *e)
{
	const struct store_data *d = x;
	struct stored *s = work;

	if (d->shown.encrypted && encrypt(c, d, s, e) != 0)
		return -1;
	return content_store_check(c->s, p1_of(d), octets(d, s), e);
}

/* Data for the domain itself may give the card another CIN. */
static int act(struct change_card *c, const void *x, void *work, struct err *e)
{
	const struct store_data *d = x;
	const struct install i = { .app = d->shown.application };
	struct span none;

	if (i.app.n > 0 && content_install(c->s, INSTALL_FOR_PERSONALIZATION, &i,
			       "INSTALL [for personalization]", &none, e) != 0)
		return -1;
	if (content_store(c->s, p1_of(d), octets(d, work), e) != 0)
		return -1;
	if (i.app.n > 0 || c->is_dry || c->calls->renamed == NULL)
		return 0;
	return c->calls->renamed(c->ctx, e);
}

static void describe(const void *x, char *out, size_t cap)
{
	const struct store_data *d = x;

	snprintf(out, cap, "%.160s: %zu octets, %s%s%s", d->shown.file.path, d->shown.file.octets.n,
	    store_data_formats[d->shown.format.i], d->shown.application.n > 0 ? ", to " : "",
	    d->shown.application.n > 0 ? aid_hex(&d->shown.application).s : "");
}

static void free_work(void *work)
{
	wr_free(&((struct stored *)work)->encrypted);
}

const struct change_kind change_store_data = {
	.name = "store-data",
	.fields = fields,
	.field_n = sizeof(fields) / sizeof(fields[0]),
	.size = sizeof(struct store_data),
	.work_size = sizeof(struct stored),
	.open = open_data,
	.is_so = is_so,
	.check = check,
	.act = act,
	.work_free = free_work,
	.describe = describe,
};
