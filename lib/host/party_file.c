#include "host/party_file.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "base/hex.h"
#include "crypto/armour.h"
#include "tlv/tlv.h"

static const struct {
	const char *name, *label;
	uint32_t tag;
} kinds[] = {
	[PARTY_FILE_REQUEST] = { "request", PARTY_REQUEST_PEM, TAG_PARTY_REQUEST },
	[PARTY_FILE_GRANT] = { "grant", GRANT_PEM, TAG_GRANT },
	[PARTY_FILE_PLACED] = { "grant file", GRANT_PEM, TAG_GRANT_FILE },
};
enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

const char *party_file_kind_str(enum party_file_kind k)
{
	return kinds[k].name;
}

/* ---- reading ---- */

static int take_octets(struct party_file *f, struct span text, struct err *e)
{
	for (size_t i = 0; i < PARTY_FILE_PLACED; i++) {
		wr_reset(&f->octets);
		if (armour_get(text, kinds[i].label, PARTY_FILE_MAX, &f->octets))
			return 0;
	}
	return err_set(e, ERR_INPUT,
	    "%s: neither a request nor a grant nor a grant file: no " PARTY_REQUEST_PEM
	    " or " GRANT_PEM " in PEM of at most %d octets",
	    f->path, PARTY_FILE_MAX);
}

/* 7F21, then 7F76 where the grant names one. */
static bool take_grant(struct span whole, struct grant_file *g)
{
	struct rd r = rd_of(whole);
	struct tlv t;
	size_t n;

	if (!tlv_next(&r, &t))
		return false;
	n = whole.n - rd_left(&r);
	if (!grant_get(span_sub(whole, 0, n), &g->grant))
		return false;
	whole = span_sub(whole, n, whole.n);
	return domain_key_named(&g->grant, whole) &&
	       (whole.n == 0 || domain_key_get(whole, &g->domain_key));
}

static bool take_form(struct party_file *f)
{
	struct span s = wr_span(&f->octets);

	switch (f->kind) {
	case PARTY_FILE_REQUEST:
		return party_request_get(s, &f->request);
	case PARTY_FILE_GRANT:
		return take_grant(s, &f->grant_file);
	case PARTY_FILE_PLACED:
		return grant_file_get(s, &f->grant_file);
	}
	return false;
}

static int take_kind(struct party_file *f, struct err *e)
{
	struct rd r = rd_of(wr_span(&f->octets));
	struct tlv t;

	if (tlv_next(&r, &t))
		for (size_t i = 0; i < KINDS; i++)
			if (t.tag == kinds[i].tag) {
				f->kind = (enum party_file_kind)i;
				if (take_form(f))
					return 0;
				return err_set(e, ERR_INPUT, "%s: the %s in it is malformed",
				    f->path, kinds[i].name);
			}
	return err_set(e, ERR_INPUT, "%s: neither a request nor a grant nor a grant file", f->path);
}

int party_file_read(const char *path, struct party_file *f, struct err *e)
{
	struct wr text = wr_grow(ARMOUR_TEXT_MAX);
	int rc = file_read(path, ARMOUR_TEXT_MAX, &text, e);

	memset(f, 0, sizeof(*f));
	f->path = path;
	f->octets = wr_grow(PARTY_FILE_MAX);
	if (rc == 0)
		rc = take_octets(f, wr_span(&text), e);
	wr_free(&text);
	return rc == 0 ? take_kind(f, e) : -1;
}

int party_file_read_as(const char *path, unsigned as, struct party_file *f, struct err *e)
{
	if (party_file_read(path, f, e) != 0)
		return -1;
	if ((as & 1u << f->kind) != 0)
		return 0;
	for (size_t i = 0; i < KINDS; i++)
		if ((as & 1u << i) != 0)
			return err_set(e, ERR_INPUT, "%s: a %s, not a %s", path,
			    kinds[f->kind].name, kinds[i].name);
	return err_set(e, ERR_OTHER, "internal: no kind of file");
}

void party_file_free(struct party_file *f)
{
	wr_free(&f->octets);
}

/* ---- writing ---- */

typedef int writer(const char *path, struct span content, unsigned mode, struct err *e);

static int write_pem(
    writer *put, const char *path, enum party_file_kind k, struct span octets, struct err *e)
{
	struct wr text = wr_grow(ARMOUR_TEXT_MAX);
	int rc = octets.n <= PARTY_FILE_MAX && armour_put(&text, kinds[k].label, octets)
		     ? 0
		     : err_set(e, ERR_OTHER, "%s: the %s is too long", path, kinds[k].name);

	if (rc == 0)
		rc = put(path, wr_span(&text), 0644, e);
	wr_free(&text);
	return rc;
}

int party_file_write(const char *path, enum party_file_kind k, struct span octets, struct err *e)
{
	return write_pem(file_create, path, k, octets, e);
}

int party_file_replace(const char *path, enum party_file_kind k, struct span octets, struct err *e)
{
	return write_pem(file_write, path, k, octets, e);
}

/* ---- words ---- */

char *rights_text(uint8_t rights, char out[static RIGHTS_TEXT])
{
	size_t at = 0;

	out[0] = '\0';
	for (size_t i = 0; right_names[i] != NULL; i++)
		if ((rights & 1u << i) != 0)
			at += (size_t)snprintf(out + at, RIGHTS_TEXT - at, "%s%s",
			    at == 0 ? "" : ", ", right_names[i]);
	return out;
}

char *fingerprint_text(const struct ec_public *k, char out[static FINGERPRINT_TEXT])
{
	uint8_t digest[PARTY_DIGEST];

	out[0] = '\0';
	if (party_key_digest(k, digest))
		hex_put(span_of(digest, PARTY_NAME), out, FINGERPRINT_TEXT);
	return out;
}

char *party_id_text(struct span id, char out[static PARTY_ID_TEXT])
{
	bool plain = true;

	for (size_t i = 0; i < id.n; i++)
		plain = plain && id.p[i] >= 0x20 && id.p[i] <= 0x7E;
	if (!plain)
		return hex_put(id, out, PARTY_ID_TEXT);
	snprintf(out, PARTY_ID_TEXT, "%.*s", (int)id.n, (const char *)id.p);
	return out;
}

char *day_text(int64_t midnight, char out[static DAY_TEXT])
{
	time_t t = (time_t)midnight;
	struct tm tm;

	if (gmtime_r(&t, &tm) == NULL || strftime(out, DAY_TEXT, "%Y-%m-%d", &tm) == 0)
		snprintf(out, DAY_TEXT, "?");
	return out;
}
