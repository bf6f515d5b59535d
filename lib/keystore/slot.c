#include "keystore/slot.h"

#include <string.h>

#include "base/file.h"
#include "base/hex.h"
#include "base/text.h"
#include "crypto/des.h"

#define VALUE_FILE_MAX 1024 /* blanks and line ends included */

bool is_asymmetric(enum entry_type t)
{
	return t == ENTRY_ISSUER || t == ENTRY_SIGNER || entry_type_is_ec(t);
}

/* Checks length and check value of one value and keeps it in `to`. */
static int keep_value(const struct keystore *ks, struct slot *s, const struct slot_value *v,
    struct span value, struct key *to, struct err *e)
{
	uint8_t kcv[KCV_SIZE];

	if (entry_type_is_ec(s->entry.type)) {
		if (ec_private_from(&s->entry.ec, s->entry.curve, value))
			return 0;
		return doc_error(
		    ks->doc, v->at, e, "not a private key on %s", ec_curve_str(s->entry.curve));
	}

	if (is_asymmetric(s->entry.type) && value.n != 32)
		return doc_error(
		    ks->doc, v->at, e, "a private key has 32 octets, this one %zu", value.n);
	if ((s->entry.type == ENTRY_SCP02 || s->entry.des) && value.n != DES3_KEY)
		return doc_error(
		    ks->doc, v->at, e, "a triple DES key has 16 octets, this one %zu", value.n);
	if (value.n != 16 && value.n != 24 && value.n != 32)
		return doc_error(
		    ks->doc, v->at, e, "an AES key has 16, 24 or 32 octets, this one %zu", value.n);
	if (!key_from(to, value))
		return err_set(e, ERR_OTHER, "internal: key of %zu octets", value.n);
	if (v->kcv.n == 0)
		return 0;
	if (!entry_check_value(&s->entry, to, kcv))
		return err_set(e, ERR_OTHER, "cannot compute a key check value");
	if (span_eq(SPAN(kcv), span_of(v->kcv.b, v->kcv.n)))
		return 0;
	wipe_key(to);
	return doc_error(ks->doc, v->at, e,
	    "the value has key check value %02X%02X%02X, not the kcv stated", kcv[0], kcv[1],
	    kcv[2]);
}

static int read_file_value(const struct keystore *ks, struct slot *s, const struct slot_value *v,
    struct key *to, struct err *e)
{
	char path[4096];
	struct wr text;
	uint8_t b[EC_FIELD_MAX];
	size_t n, most = entry_type_is_ec(s->entry.type) ? EC_FIELD_MAX : KEY_MAX;
	int rc;

	if (!path_beside(ks->path, v->file, path, sizeof(path)))
		return doc_error(ks->doc, v->at, e, "the path of the file is too long");
	if (file_read_secret(path, VALUE_FILE_MAX, &text, e) != 0) {
		text_hide_key(e, v->file); /* somebody may have put the value there */
		return err_in(
		    e, "%.200s:%u:%u", ks->path, (unsigned)v->at->line, (unsigned)v->at->column);
	}
	if (hex_get(wr_span(&text), b, most, &n))
		rc = keep_value(ks, s, v, span_of(b, n), to, e);
	else
		rc = doc_error(
		    ks->doc, v->at, e, "%.200s: not a key of up to %zu octets in hex", path, most);
	wipe(b, sizeof(b));
	wr_free(&text);
	return rc;
}

static int read_value(const struct keystore *ks, struct slot *s, const struct slot_value *v,
    struct key *to, struct err *e)
{
	if (v->hex.n == 0)
		return read_file_value(ks, s, v, to, e);
	return keep_value(ks, s, v, span_of(v->hex.b, v->hex.n), to, e);
}

static int read_card_keys(const struct keystore *ks, struct slot *s, struct err *e)
{
	struct key *to[VALUES] = { &s->entry.keys.enc, &s->entry.keys.mac, &s->entry.keys.dek };

	for (size_t i = 0; i < VALUES; i++) {
		if (i > 0 && s->value[i].at == s->value[0].at) { /* master */
			*to[i] = *to[0];
			continue;
		}
		if (read_value(ks, s, &s->value[i], to[i], e) != 0)
			return -1;
		if (to[i]->n != to[0]->n)
			return doc_error(
			    ks->doc, s->value[i].at, e, "enc, mac and dek differ in length");
	}
	return 0;
}

static bool public_of(const struct entry *t, uint8_t pub[static EC_POINT_MAX], uint8_t *n)
{
	struct ec_public point;

	*n = t->type == ENTRY_ISSUER ? P256_PUBLIC : ED25519_PUBLIC;
	if (t->type == ENTRY_ISSUER)
		return p256_public(&t->secret, pub);
	if (!entry_type_is_ec(t->type))
		return ed25519_public(&t->secret, pub);
	if (!ec_public_of(&t->ec, &point))
		return false;
	*n = point.n;
	memcpy(pub, point.b, point.n);
	return true;
}

/* The private key is there now: does it go with the public one? Without one, that is computed. */
static int check_pair(const struct keystore *ks, struct slot *s, struct err *e)
{
	struct entry *t = &s->entry;
	uint8_t pub[EC_POINT_MAX], n;

	if (!public_of(t, pub, &n))
		return doc_error(ks->doc, s->value[0].at, e, "not a private key of its curve");
	if (t->public_n == 0) {
		memcpy(t->public, pub, n);
		t->public_n = n;
	}
	if (span_eq(span_of(t->public, t->public_n), span_of(pub, n)))
		return 0;
	return doc_error(
	    ks->doc, s->value[0].at, e, "private and public key do not belong together");
}

int slot_read(const struct keystore *ks, struct slot *s, struct err *e)
{
	int rc = 0;

	if (s->read)
		return 0;
	if (entry_type_is_card(s->entry.type))
		rc = read_card_keys(ks, s, e);
	else if (s->value[0].at != NULL)
		rc = read_value(ks, s, &s->value[0], &s->entry.secret, e);
	if (rc == 0 && is_asymmetric(s->entry.type) && s->value[0].at != NULL)
		rc = check_pair(ks, s, e);
	if (rc == 0 && entry_type_is_ec(s->entry.type))
		rc = ec_read(ks, s, e);
	if (rc == 0 && entry_type_is_authority(s->entry.type))
		rc = authority_read(ks, s, e);
	s->read = rc == 0;
	if (rc != 0) {
		wipe_key(&s->entry.secret);
		wipe_ec_private(&s->entry.ec);
		wipe_authority_key(&s->entry.authority);
		wipe_key_set(&s->entry.keys);
	}
	return rc;
}
