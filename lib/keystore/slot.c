#include "keystore/kind.h"

#include <string.h>

#include "base/file.h"
#include "base/hex.h"
#include "base/text.h"
#include "crypto/des.h"

#define VALUE_FILE_MAX 1024 /* blanks and line ends included */

static const struct bind_field value_fields[] = {
	VALUE_HEX(16, KEY_MAX),
	VALUE_FILE,
	BIND_BYTES("kcv", slot_value, kcv, KCV_SIZE, KCV_SIZE),
};
const struct bind_table value_table = BIND_TABLE(value_fields);

int take_value(struct keystore *ks, struct slot *s, size_t i, const struct slot_value *v,
    const struct node *at, struct err *e)
{
	if ((v->hex.n == 0) == (v->file[0] == '\0'))
		return doc_error(ks->doc, at, e,
		    "`%s` must be {file: NAME}, or {hex: VALUE} in a test entry", at->key->text);
	if (v->hex.n > 0 && !s->entry.test) {
		doc_error(
		    ks->doc, at, e, "a clear value in an entry that is not marked `test: true`");
		return err_hint(
		    e, "put the value into a file of mode 0600 and name it: {file: NAME}");
	}
	s->value[i] = *v;
	s->value[i].at = at;
	s->entry.in_files = s->entry.in_files || v->hex.n == 0;
	ks->clear = ks->clear || v->hex.n > 0;
	return 0;
}

/* Checks length and check value. */
static int keep_symmetric(const struct keystore *ks, struct slot *s, const struct slot_value *v,
    struct span value, struct key *to, struct err *e)
{
	uint8_t kcv[KCV_SIZE];

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

const struct value_form symmetric_key = { keep_symmetric, KEY_MAX };

static int read_file_value(const struct keystore *ks, struct slot *s, const struct slot_value *v,
    const struct value_form *form, struct key *to, struct err *e)
{
	char path[4096];
	struct wr text;
	uint8_t b[EC_FIELD_MAX];
	size_t n;
	int rc;

	if (!path_beside(ks->path, v->file, path, sizeof(path)))
		return doc_error(ks->doc, v->at, e, "the path of the file is too long");
	if (file_read_secret(path, VALUE_FILE_MAX, &text, e) != 0) {
		text_hide_key(e, v->file); /* somebody may have put the value there */
		return err_in(
		    e, "%.200s:%u:%u", ks->path, (unsigned)v->at->line, (unsigned)v->at->column);
	}
	if (hex_get(wr_span(&text), b, form->most, &n))
		rc = form->keep(ks, s, v, span_of(b, n), to, e);
	else
		rc = doc_error(ks->doc, v->at, e, "%.200s: not a key of up to %zu octets in hex",
		    path, form->most);
	wipe(b, sizeof(b));
	wr_free(&text);
	return rc;
}

int read_value(const struct keystore *ks, struct slot *s, const struct slot_value *v,
    const struct value_form *form, struct key *to, struct err *e)
{
	if (v->hex.n == 0)
		return read_file_value(ks, s, v, form, to, e);
	return form->keep(ks, s, v, span_of(v->hex.b, v->hex.n), to, e);
}

int check_pair(const struct keystore *ks, struct slot *s, struct span pub, struct err *e)
{
	struct entry *t = &s->entry;

	if (pub.n == 0)
		return doc_error(ks->doc, s->value[0].at, e, "not a private key of its curve");
	if (t->public_n == 0) {
		memcpy(t->public, pub.p, pub.n);
		t->public_n = (uint8_t)pub.n;
	}
	if (span_eq(span_of(t->public, t->public_n), pub))
		return 0;
	return doc_error(
	    ks->doc, s->value[0].at, e, "private and public key do not belong together");
}

int slot_read(const struct keystore *ks, struct slot *s, struct err *e)
{
	if (s->read)
		return 0;
	if (kind_of(s->entry.type)->read(ks, s, e) == 0) {
		s->read = true;
		return 0;
	}
	wipe_key(&s->entry.secret);
	wipe_ec_private(&s->entry.ec);
	wipe_authority_key(&s->entry.authority);
	wipe_key_set(&s->entry.keys);
	return -1;
}

bool show_check_value(const struct entry *t, const struct key *k, struct entry_shown *out)
{
	if (!entry_check_value(t, k, out->kcv[out->kcv_n]))
		return false;
	out->kcv_n++;
	return true;
}

bool show_fingerprint(const struct entry *t, struct entry_shown *out)
{
	out->has_fingerprint = entry_fingerprint(t, out->fingerprint);
	return out->has_fingerprint;
}
