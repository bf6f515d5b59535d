#include "host/audit_grant.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/hex.h"
#include "gp/names.h"

void note(struct party_notes *n, enum finding f, const char *fmt, ...)
{
	va_list ap;

	if (n->n == PARTY_NOTES_MAX)
		return;
	n->v[n->n].finding = f;
	va_start(ap, fmt);
	vsnprintf(n->v[n->n].text, sizeof(n->v[n->n].text), fmt, ap);
	va_end(ap);
	n->n++;
}

static const struct party_key *grantor_of(const struct party_trust *t, struct span name)
{
	uint8_t own[PARTY_NAME];

	for (size_t i = 0; i < t->grantor_n; i++)
		if (party_key_name(&t->grantor[i].key, own) && span_eq(SPAN(own), name))
			return &t->grantor[i];
	return NULL;
}

static void note_signature(
    const struct party_trust *t, const struct grant *g, struct party_notes *n)
{
	const struct party_key *by = grantor_of(t, g->issuer);
	char hex[HEX_SIZE(PARTY_NAME)];

	if (by == NULL)
		note(n, FINDING_NOT_CHECKED, "signature of the grant: no key of issuer %s",
		    hex_put(g->issuer, hex, sizeof(hex)));
	else if (grant_signed_by(g, &by->key))
		note(n, FINDING_OK, "grant signed by grantor %.64s", by->name);
	else
		note(n, FINDING_SIGNATURE, "grant, by grantor %.64s", by->name);
}

static void note_party(const struct party_trust *t, const struct grant *g, struct party_notes *n)
{
	uint8_t digest[PARTY_DIGEST];
	char hex[HEX_SIZE(PARTY_NAME)];

	if (party_key_digest(&g->key, digest))
		note(n, FINDING_NONE, "fingerprint of the party's key: %s",
		    hex_put(span_of(digest, PARTY_NAME), hex, sizeof(hex)));
	for (size_t i = 0; i < t->party_n; i++)
		if (span_eq(ec_public_span(&t->party[i].key), ec_public_span(&g->key)))
			note(n, FINDING_OK, "the party's key is %.64s", t->party[i].name);
}

void note_days(struct party_notes *n, const char *what, bool within, uint32_t time)
{
	char text[40];

	if (time == 0)
		note(n, FINDING_NOT_CHECKED, "days of the %s: the recording tells no card time",
		    what);
	else if (tag_value(TAG_IS_TIME,
		     span_of((uint8_t[]){ (uint8_t)(time >> 24), (uint8_t)(time >> 16),
				 (uint8_t)(time >> 8), (uint8_t)time },
			 4),
		     text, sizeof(text)))
		note(n, within ? FINDING_OK : FINDING_NONE, "%s is %s the days of the %s", text,
		    within ? "within" : "NOT within", what);
}

static void note_card(const struct party_audit *a, const struct grant *g, struct party_notes *n)
{
	if (!a->has_card)
		return;
	if (span_eq(SPAN(a->card), g->card))
		note(n, FINDING_OK, "made for the key in the card's certificate of line %u",
		    a->card_line);
	else
		note(n, FINDING_NOT_CHECKED, "made for another key than the certificate of line %u",
		    a->card_line);
}

void note_grant(
    const struct party_audit *a, const struct grant *g, uint32_t time, struct party_notes *n)
{
	uint8_t digest[PARTY_DIGEST];
	char hex[HEX_SIZE(PARTY_DIGEST)];

	if (grant_digest(g->whole, digest))
		note(n, FINDING_NONE, "digest of the grant: %s",
		    hex_put(SPAN(digest), hex, sizeof(hex)));
	note_signature(a->trust, g, n);
	note_party(a->trust, g, n);
	note_days(n, "grant", grant_in_time(g, time), time);
	note_card(a, g, n);
}
