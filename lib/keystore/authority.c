/* Entries by which content management is authorized: dap, token, receipt. */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/hex.h"
#include "base/text.h"
#include "keystore/kind.h"

static const char *const ciphers[] = { "aes", "des", NULL };

static const struct bind_field half_fields[] = {
	CERTS_HEX,
	CERTS_FILE,
};
const struct bind_table half_table = BIND_TABLE(half_fields);
static const struct bind_field authority_fields[] = {
	FIELD_TYPE,
	FIELD_TEST,
	BIND_CHOICE("cipher", slot_text, cipher, ciphers),
	FIELD_VALUE("value", secret),
	FIELD_HALVES,
};
const struct bind_table authority_table = BIND_TABLE(authority_fields);

static bool from_hex(
    const struct slot *s, struct span octets, bool private_half, struct authority_key *k)
{
	if (!s->on_curve)
		return authority_from_der(k, octets, private_half);
	if (private_half)
		return authority_ec_private(k, s->entry.curve, octets);
	return authority_ec(k, s->entry.curve, octets);
}

/* PEM or hex, by what it looks like. */
static bool decode(
    const struct slot *s, struct span text, bool private_half, struct authority_key *k)
{
	static const char pem[] = "-----BEGIN ";
	struct wr octets = wr_grow(AUTHORITY_PEM_MAX);
	uint8_t *to;
	size_t n;
	bool ok;

	if (text.n == 0)
		return false;
	if (memmem(text.p, text.n, pem, strlen(pem)) != NULL)
		return authority_from_pem(k, text) && authority_signs(k) == private_half;
	to = wr_space(&octets, text.n / 2);
	ok = to != NULL && hex_get(text, to, text.n / 2, &n) &&
	     from_hex(s, span_of(to, n), private_half, k);
	wr_free(&octets);
	return ok;
}

/* from: "" or "PATH: ". */
static int not_a_key(const struct keystore *ks, const struct slot *s, const struct half *h,
    const char *from, struct err *e)
{
	const char *which = h == &s->private_half ? "private" : "public";

	if (s->on_curve)
		doc_error(ks->doc, h->at, e, "%.200snot a %s key on %s, in PEM or hex", from, which,
		    ec_curve_str(s->entry.curve));
	else
		doc_error(ks->doc, h->at, e,
		    "%.200snot a %s RSA or EC key, in PEM or in hex of its DER", from, which);
	return err_hint(e, "RSA of 1024 to 4096 bits, p-256, p-384, p-521, brainpoolp256r1; "
			   "encrypted files are not read");
}

/* ---- taking an entry ---- */

static int take_half(struct keystore *ks, struct slot *s, const struct certs_value *v,
    const struct node *at, struct err *e)
{
	bool private_half = strcmp(at->key->text, "private") == 0;
	struct half *h = private_half ? &s->private_half : &s->public_half;

	if ((v->hex[0] == '\0') == (v->file[0] == '\0'))
		return doc_error(
		    ks->doc, at, e, "`%s` must be {file: NAME} or {hex: VALUE}", at->key->text);
	if (private_half && v->hex[0] != '\0' && !s->entry.test) {
		doc_error(
		    ks->doc, at, e, "a clear value in an entry that is not marked `test: true`");
		return err_hint(
		    e, "put the key into a PEM file of mode 0600 and name it: {file: NAME}");
	}
	h->at = at;
	memcpy(h->file, v->file, sizeof(h->file));
	if (v->file[0] != '\0') {
		s->entry.in_files = true;
		return 0;
	}
	ks->clear = ks->clear || private_half;
	if (!decode(s, span_str(v->hex), private_half, &h->key))
		return not_a_key(ks, s, h, "", e);
	return 0;
}

static int take_cipher_key(struct keystore *ks, struct slot *s, const struct slot_text *w,
    const struct node *map, struct err *e)
{
	static const char *const others[] = { "private", "public", "curve" };

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (node_get(map, others[i]) != NULL)
			return doc_error(ks->doc, node_get(map, others[i])->key, e,
			    "`value` is of a secret key: `%s` does not go with it", others[i]);
	s->entry.des = w->cipher == 1;
	return take_value(ks, s, 0, &w->secret, node_get(map, "value"), e);
}

int authority_take(struct keystore *ks, struct slot *s, const struct slot_text *w,
    const struct node *map, struct err *e)
{
	const struct node *private_at = node_get(map, "private");
	const struct node *public_at = node_get(map, "public");
	const struct node *cipher_at = node_get(map, "cipher");

	if (node_get(map, "value") != NULL)
		return take_cipher_key(ks, s, w, map, e);
	if (private_at == NULL && public_at == NULL)
		return doc_error(
		    ks->doc, map, e, "none of `value`, `private` and `public` is here");
	if (cipher_at != NULL)
		return doc_error(ks->doc, cipher_at->key, e, "`cipher` is for a `value`");
	s->on_curve = node_get(map, "curve") != NULL;
	s->entry.curve = (enum ec_curve)w->curve;
	if ((private_at != NULL && take_half(ks, s, &w->half, private_at, e) != 0) ||
	    (public_at != NULL && take_half(ks, s, &w->certs, public_at, e) != 0))
		return -1;
	return 0;
}

/* ---- reading ---- */

int half_read(const struct keystore *ks, struct slot *s, bool private_half, struct err *e)
{
	struct half *h = private_half ? &s->private_half : &s->public_half;
	const struct node *at = h->at;
	const struct private_asks public_half = { .what = "public key" };
	char path[4096], from[4100];
	struct wr text;
	int rc;

	if (h->file[0] == '\0')
		return 0;
	if (!path_beside(ks->path, h->file, path, sizeof(path)))
		return doc_error(ks->doc, at, e, "the path of the file is too long");
	rc = private_half ? file_read_secret(path, AUTHORITY_PEM_MAX, &text, e)
			  : file_read_private(path, AUTHORITY_PEM_MAX, &public_half, &text, e);
	if (rc != 0) {
		text_hide_key(e, h->file);
		return err_in(
		    e, "%.200s:%u:%u", ks->path, (unsigned)at->line, (unsigned)at->column);
	}
	if (!decode(s, wr_span(&text), private_half, &h->key)) {
		snprintf(from, sizeof(from), "%s: ", path);
		rc = not_a_key(ks, s, h, from, e);
	}
	wr_free(&text);
	return rc;
}

static int read_secret(const struct keystore *ks, struct slot *s, struct err *e)
{
	struct entry *t = &s->entry;

	if (secret_read(ks, s, e) != 0)
		return -1;
	if (authority_secret(
		&t->authority, t->des ? AUTHORITY_DES : AUTHORITY_AES, key_span(&t->secret)))
		return 0;
	return err_set(e, ERR_OTHER, "internal: key of %u octets", t->secret.n);
}

/* Puts entry.authority together, from the secret or from both halves. */
int authority_read(const struct keystore *ks, struct slot *s, struct err *e)
{
	struct entry *t = &s->entry;
	const struct half *private_half = &s->private_half, *public_half = &s->public_half;

	if (s->value[0].at != NULL)
		return read_secret(ks, s, e);
	if (half_read(ks, s, true, e) != 0 || half_read(ks, s, false, e) != 0)
		return -1;
	if (private_half->at != NULL && public_half->at != NULL &&
	    !authority_same_public(&private_half->key, &public_half->key))
		return doc_error(
		    ks->doc, private_half->at, e, "private and public key do not belong together");
	t->authority = private_half->at != NULL ? private_half->key : public_half->key;
	return 0;
}

bool authority_show(const struct entry *t, struct entry_shown *out)
{
	const struct authority_key *k = &t->authority;

	out->bits = authority_bits(k);
	if (k->kind != AUTHORITY_NONE)
		authority_describe(k, out->algorithm, sizeof(out->algorithm));
	if (t->secret.n > 0 && !show_check_value(t, &t->secret, out))
		return false;
	return !authority_is_public(k) || show_fingerprint(t, out);
}
