#include "cmd/channel/scp11.h"

#include <string.h>
#include <time.h>

#include "base/hex.h"
#include "cmd/kit/out.h"

static const char *const names[] = {
	[SCP11A] = "scp11a", [SCP11B] = "scp11b", [SCP11C] = "scp11c"
};

bool scp11_variant_from(const char *name, enum scp11_variant *v)
{
	for (size_t i = 0; name != NULL && i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(name, names[i]) == 0) {
			*v = (enum scp11_variant)i;
			return true;
		}
	}
	return false;
}

/* ---- before the card is touched ---- */

static int check_options(const struct scp11_open *o, struct err *e)
{
	bool c = o->variant == SCP11C, b = o->variant == SCP11B;

	if (b && o->keys != NULL)
		return err_set(e, ERR_USAGE, "--keys: in SCP11b we have no key of ours");
	if (b && o->ca_version.given)
		return err_set(e, ERR_USAGE, "--ca-version: in SCP11b the card does not check us");
	if (o->group.n > 0 && (!c || o->host_id.n == 0))
		return err_set(
		    e, ERR_USAGE, "--card-group goes with --host-id and --protocol scp11c");
	if (o->key_length.given && o->key_length.v != 128 && o->key_length.v != 192 &&
	    o->key_length.v != 256)
		return err_set(e, ERR_USAGE, "--key-length: 128, 192 or 256");
	return 0;
}

/* Every ca of the store is one whom we trust: by its certificate, its key, or both. */
static int take_anchors(struct scp11_open *o, struct err *e)
{
	const struct entry *t;

	for (size_t i = 0; (t = keystore_at(o->ks, i)) != NULL; i++) {
		struct cert_anchor *a = &o->anchors[o->anchors_n];

		if (t->type != ENTRY_CA)
			continue;
		if (o->anchors_n == SCP11_ANCHORS_MAX)
			return err_set(e, ERR_AUTH, "%s: more than %d entries of type ca",
			    keystore_path(o->ks), SCP11_ANCHORS_MAX);
		if (keystore_read(o->ks, i, e) != 0)
			return -1;
		if (!entry_point(t, &a->key))
			a->key.n = 0;
		a->identity = t->identifier;
		a->x509 = t->certs;
		o->anchors_n++;
	}
	return 0;
}

static struct scp11_asks asks_of(struct scp11_open *o)
{
	struct scp11_asks asks = { .variant = o->variant,
		.key_version = o->key_version.given ? (uint8_t)o->key_version.v : 0,
		.ca_version = o->ca_version.given ? (uint8_t)o->ca_version.v : 0,
		.level = o->level,
		.s16 = o->s16,
		.key_n = o->key_length.given ? (uint8_t)(o->key_length.v / 8) : 0,
		.has_host_id = o->host_id.n > 0,
		.host_id = span_of(o->host_id.b, o->host_id.n),
		.group = span_of(o->group.b, o->group.n),
		.anchors = o->anchors,
		.anchors_n = o->anchors_n,
		.now = (int64_t)time(NULL) };

	if (o->entry != NULL) {
		asks.own = &o->entry->ec;
		asks.chain = o->entry->certs;
	}
	return asks;
}

int scp11_open_prepare(struct scp11_open *o, struct err *e)
{
	struct scp11_asks asks;

	if (check_options(o, e) != 0)
		return -1;
	o->anchors_n = 0;
	if (o->variant != SCP11B && keystore_find(o->ks, ENTRY_OCE, o->keys, &o->entry, e) != 0)
		return -1;
	if (take_anchors(o, e) != 0)
		return -1;
	asks = asks_of(o);
	return scp11_asks_check(&asks, e);
}

int scp11_open_channel(struct scp11_open *o, struct opening *opening, struct err *e)
{
	struct scp11_asks asks = asks_of(o);

	asks.domain = opening->s->domain;
	return opening_scp11(opening, &asks, &o->choice, &o->card, e);
}

/* ---- words ---- */

bool scp11_open_why(const struct scp11_open *o, size_t i, char *out, size_t cap)
{
	const struct cert *cert = &o->card.cert;
	char hex[HEX_SIZE(X509_ID_MAX)];

	if (i < o->choice.why.n)
		snprintf(out, cap, "%s", o->choice.why.text[i]);
	else if (i == o->choice.why.n)
		snprintf(out, cap,
		    "card: certificate %s in %s format, on %s, signed by one of ours",
		    hex_put(span_of(cert->serial.b, cert->serial.n), hex, sizeof(hex)),
		    cert->format == CERT_GP ? "GlobalPlatform" : "X.509",
		    ec_curve_str(cert->key.curve));
	return i <= o->choice.why.n;
}

/* One certificate in its blocks; only the version of the CA's key may not be known yet. */
static void plan_certificate(struct dry *d, const struct scp11_open *o, struct span cert, bool more)
{
	char text[600], hex[HEX_SIZE(APDU_SHORT_DATA)];
	struct rd r = rd_of(cert);
	struct span part;

	while (rd_take(&r, rd_left(&r) < APDU_SHORT_DATA ? rd_left(&r) : APDU_SHORT_DATA, &part) &&
	       part.n > 0) {
		snprintf(text, sizeof(text), "%02X2A%s%02X%02zX%s", rd_left(&r) > 0 ? 0x90 : 0x80,
		    o->ca_version.given ? out_hex8((uint8_t)o->ca_version.v).s : "**",
		    KID_CA_KLOC | (more ? PSO_MORE_CERTIFICATES : 0), part.n,
		    hex_put(part, hex, sizeof(hex)));
		dry_text(d, text, "PERFORM SECURITY OPERATION, our certificate");
	}
}

void scp11_open_plan(struct dry *d, const struct scp11_open *o)
{
	char text[80], version[3] = "**";
	uint8_t kid = scp11_kid(o->variant);
	struct rd r = { { NULL, 0 } };
	struct span cert;

	if (o->key_version.given)
		snprintf(version, sizeof(version), "%02X", (uint8_t)o->key_version.v);
	snprintf(text, sizeof(text), "80CABF2106A6048302%02X%s00", kid, version);
	dry_text(d, text, "GET DATA: the card's certificates, which are checked then");
	if (o->entry != NULL)
		r = rd_of(o->entry->certs);
	while (cert_next(&r, &cert))
		plan_certificate(d, o, cert, rd_left(&r) > 0);
	snprintf(text, sizeof(text), "80%02X%s%02X**A6****5F49****00",
	    o->variant == SCP11B ? INS_INTERNAL_AUTHENTICATE : INS_MUTUAL_AUTHENTICATE, version,
	    kid);
	dry_text(d, text,
	    o->variant == SCP11B ? "INTERNAL AUTHENTICATE, a new ephemeral key"
				 : "MUTUAL AUTHENTICATE, a new ephemeral key");
}
