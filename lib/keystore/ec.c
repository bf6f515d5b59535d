/* Entries of SCP11: oce, ca and oce-ca, their public keys and certificates. */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/hex.h"
#include "base/text.h"
#include "keystore/kind.h"

#define CERTS_FILE_MAX (64 << 10) /* PEM with the text that tools write around it */

const char *const curve_names[] = { "p-256", "p-384", "brainpoolp256r1", "p-521", NULL };

static const struct bind_field certs_fields[] = {
	CERTS_HEX,
	CERTS_FILE,
};
static const struct bind_table certs_table = BIND_TABLE(certs_fields);
static const struct bind_field private_fields[] = {
	VALUE_HEX(32, EC_FIELD_MAX),
	VALUE_FILE,
};
static const struct bind_table private_table = BIND_TABLE(private_fields);

static const struct bind_field oce_fields[] = {
	FIELD_TYPE,
	FIELD_TEST,
	FIELD_CURVE,
	FIELD_SECRET("private", secret, private_table, .flags = BIND_REQUIRED),
	FIELD_CERTS("certificates", certs, certs_table, .flags = BIND_REQUIRED),
};
static const struct bind_field ca_fields[] = {
	FIELD_TYPE,
	FIELD_TEST,
	FIELD_CURVE,
	BIND_BYTES("public", slot_text, public, 65, EC_POINT_MAX),
	BIND_BYTES("identifier", slot_text, identifier, 1, X509_ID_MAX),
	FIELD_CERTS("certificate", certs, certs_table),
	FIELD_SECRET("private", secret, private_table),
};
const struct bind_table oce_table = BIND_TABLE(oce_fields);
const struct bind_table ca_table = BIND_TABLE(ca_fields);

bool entry_point(const struct entry *t, struct ec_public *out)
{
	return entry_type_is_ec(t->type) && t->public_n > 0 &&
	       ec_public_from(out, t->curve, span_of(t->public, t->public_n));
}

static void keep_public(struct entry *t, const struct ec_public *k)
{
	memcpy(t->public, k->b, k->n);
	t->public_n = k->n;
	t->curve = k->curve;
}

static int take_public(struct keystore *ks, struct slot *s, const struct slot_text *w,
    const struct node *map, struct err *e)
{
	struct entry *t = &s->entry;
	struct ec_public k;

	t->curve = (enum ec_curve)w->curve;
	if (w->public.n == 0)
		return 0;
	if (!ec_public_from(&k, t->curve, span_of(w->public.b, w->public.n)))
		return doc_error(ks->doc, node_get(map, "public"), e, "not a public key on %s",
		    ec_curve_str(t->curve));
	keep_public(t, &k);
	return 0;
}

/* Hex at once; files wait until they are asked for. */
static int take_certs(struct keystore *ks, struct slot *s, const struct certs_value *v,
    const struct node *at, struct err *e)
{
	uint8_t *to;
	size_t n;

	s->certs_at = at;
	if ((v->hex[0] == '\0') == (v->file[0] == '\0'))
		return doc_error(
		    ks->doc, at, e, "`%s` must be {file: NAME} or {hex: VALUE}", at->key->text);
	memcpy(s->certs_file, v->file, sizeof(s->certs_file));
	if (v->hex[0] == '\0') {
		s->entry.in_files = true;
		return 0;
	}
	s->certs = wr_grow(CERTS_MAX);
	to = wr_space(&s->certs, strlen(v->hex) / 2);
	if (to == NULL)
		return err_memory(e);
	if (!hex_get(span_str(v->hex), to, s->certs.n, &n) || n != s->certs.n)
		return doc_error(ks->doc, at, e, "`hex` is not an even number of hex digits");
	return 0;
}

/* certs_at: NULL when there are none. */
static int take_key(struct keystore *ks, struct slot *s, const struct slot_text *w,
    const struct node *map, const struct node *certs_at, struct err *e)
{
	const struct node *private_at = node_get(map, "private");

	if (private_at != NULL && take_value(ks, s, 0, &w->secret, private_at, e) != 0)
		return -1;
	if (certs_at == NULL && w->public.n == 0 && private_at == NULL)
		return doc_error(
		    ks->doc, map, e, "none of `public`, `certificate` and `private` is here");
	s->entry.identifier.n = (uint8_t)w->identifier.n;
	memcpy(s->entry.identifier.b, w->identifier.b, w->identifier.n);
	if (take_public(ks, s, w, map, e) != 0)
		return -1;
	return certs_at == NULL ? 0 : take_certs(ks, s, &w->certs, certs_at, e);
}

int oce_take(struct keystore *ks, struct slot *s, const struct slot_text *w, const struct node *map,
    struct err *e)
{
	return take_key(ks, s, w, map, node_get(map, "certificates"), e);
}

int ca_take(struct keystore *ks, struct slot *s, const struct slot_text *w, const struct node *map,
    struct err *e)
{
	return take_key(ks, s, w, map, node_get(map, "certificate"), e);
}

static int keep_private(const struct keystore *ks, struct slot *s, const struct slot_value *v,
    struct span value, struct key *to, struct err *e)
{
	(void)to;
	if (ec_private_from(&s->entry.ec, s->entry.curve, value))
		return 0;
	return doc_error(
	    ks->doc, v->at, e, "not a private key on %s", ec_curve_str(s->entry.curve));
}

static int read_private(const struct keystore *ks, struct slot *s, struct err *e)
{
	static const struct value_form form = { keep_private, EC_FIELD_MAX };
	struct ec_public point;

	if (s->value[0].at == NULL)
		return 0;
	if (read_value(ks, s, &s->value[0], &form, NULL, e) != 0)
		return -1;
	return check_pair(ks, s,
	    ec_public_of(&s->entry.ec, &point) ? ec_public_span(&point) : span_of(NULL, 0), e);
}

/* PEM, DER or hex, by what it looks like. */
static bool decode(struct span text, struct wr *out)
{
	static const char pem[] = "-----BEGIN ";
	uint8_t *to;
	size_t n;

	if (memmem(text.p, text.n, pem, strlen(pem)) != NULL)
		return x509_from_pem(text, out, &n);
	to = wr_space(out, text.n / 2);
	if (to == NULL)
		return false;
	if (hex_get(text, to, text.n / 2, &n) && n > 0) {
		wr_cut(out, n);
		return true;
	}
	wr_reset(out);
	wr_put(out, text);
	return text.n > 0 && wr_ok(out);
}

static int read_file(const struct keystore *ks, struct slot *s, struct err *e)
{
	/* A ca's are trusted. */
	const struct private_asks certs = { .what = "file of certificates" };
	char path[4096];
	struct wr text;
	int rc = 0;

	if (!path_beside(ks->path, s->certs_file, path, sizeof(path)))
		return doc_error(ks->doc, s->certs_at, e, "the path of the file is too long");
	if (file_read_private(path, CERTS_FILE_MAX, &certs, &text, e) != 0) {
		text_hide_key(e, s->certs_file);
		return err_in(e, "%.200s:%u:%u", ks->path, (unsigned)s->certs_at->line,
		    (unsigned)s->certs_at->column);
	}
	wr_free(&s->certs);
	s->certs = wr_grow(CERTS_MAX);
	if (!decode(wr_span(&text), &s->certs))
		rc = doc_error(ks->doc, s->certs_at, e,
		    "%.200s: not certificates in PEM, DER or hex, of %d octets together", path,
		    CERTS_MAX);
	wr_free(&text);
	return rc;
}

/* A ca is trusted by its certificate: that must be one, and of its key. */
static int check_ca(const struct keystore *ks, struct slot *s, struct err *e)
{
	struct entry *t = &s->entry;
	struct x509_info info;

	if (!x509_get(t->certs, &info))
		return doc_error(ks->doc, s->certs_at, e, "not one X.509 certificate");
	if (!info.signs)
		return doc_error(
		    ks->doc, s->certs_at, e, "the certificate is not of one that signs others");
	if (t->public_n == 0 && info.key.n > 0)
		keep_public(t, &info.key);
	if (span_eq(span_of(t->public, t->public_n), ec_public_span(&info.key)))
		return 0;
	return doc_error(ks->doc, s->certs_at, e, "the certificate is of another key");
}

/* The key, then the certificates, if there are any. */
int oce_read(const struct keystore *ks, struct slot *s, struct err *e)
{
	if (read_private(ks, s, e) != 0)
		return -1;
	if (s->certs_at == NULL)
		return 0;
	if (s->certs_file[0] != '\0' && read_file(ks, s, e) != 0)
		return -1;
	s->entry.certs = wr_span(&s->certs);
	return 0;
}

int ca_read(const struct keystore *ks, struct slot *s, struct err *e)
{
	if (oce_read(ks, s, e) != 0)
		return -1;
	return s->certs_at == NULL ? 0 : check_ca(ks, s, e);
}

bool ec_show(const struct entry *t, struct entry_shown *out)
{
	out->bits = t->ec.n == 0 ? 0 : ec_bits(t->ec.curve);
	if (t->public_n == 0)
		return true;
	snprintf(out->algorithm, sizeof(out->algorithm), "EC %s", ec_curve_str(t->curve));
	return show_fingerprint(t, out);
}
