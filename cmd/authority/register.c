#include "cmd/authority/card_cert.h"
#include "cmd/authority/register.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/hex.h"
#include "cmd/authority/party_show.h"
#include "cmd/kit/print.h"
#include "cmd/kit/record.h"
#include "cmd/kit/show.h"
#include "crypto/armour.h"
#include "gp/scp11_data.h"
#include "tlv/tlv.h"

enum { PATH_MAX_ = 4096, FILE_MAX = 1 << 14, TAG_VERSION = 0x80, TAG_KEY = 0x7F49 };

static const char key_label[] = "CARDADM CARD KEY", cert_label[] = CARD_LABEL;

/* ---- lines ---- */

static int register_path(const struct keystore *ks, char out[static PATH_MAX_], struct err *e)
{
	char name[PATH_MAX_];

	if (!path_beside(keystore_path(ks), "authority.jsonl", name, sizeof(name)))
		return err_set(e, ERR_LEDGER, "the name of the register is too long");
	/* One with a directory in it is not in the state directory. */
	snprintf(out, PATH_MAX_, "%s%.4090s", strchr(name, '/') == NULL ? "./" : "", name);
	return 0;
}

static json_t *line_of(const struct registered *c)
{
	char at[RECORD_TIME];
	json_t *o = json_pack(
	    "{s:s, s:s}", "at", record_now(at), "event", c->revoked ? "revoked" : "enrolled");

	out_set(&o, "cin", out_hex(span_of(c->cin, c->cin_n)));
	out_set(&o, "iin", out_hex(span_of(c->iin, c->iin_n)));
	out_set(&o, "version", json_text(out_hex8(c->version).s));
	out_set(&o, "key", out_hex(ec_public_span(&c->key)));
	out_set(&o, "certificates", out_hex(span_of(c->certs, c->certs_n)));
	return o;
}

static bool octets(const json_t *o, const char *name, uint8_t *out, size_t cap, size_t *n)
{
	const char *s = json_string_value(json_object_get(o, name));

	*n = 0;
	return s == NULL || hex_get(span_str(s), out, cap, n);
}

static bool card_of(const json_t *o, struct registered *c)
{
	const char *event = json_string_value(json_object_get(o, "event"));
	uint8_t point[EC_POINT_MAX];
	size_t cin, iin, version, key;

	memset(c, 0, sizeof(*c));
	if (event == NULL || !octets(o, "cin", c->cin, sizeof(c->cin), &cin) ||
	    !octets(o, "iin", c->iin, sizeof(c->iin), &iin) ||
	    !octets(o, "version", &c->version, 1, &version) ||
	    !octets(o, "key", point, sizeof(point), &key) ||
	    !octets(o, "certificates", c->certs, sizeof(c->certs), &c->certs_n) ||
	    (key > 0 && !ec_public_from(&c->key, EC_P256, span_of(point, key))))
		return false;
	c->cin_n = (uint8_t)cin;
	c->iin_n = (uint8_t)iin;
	c->revoked = strcmp(event, "revoked") == 0;
	return true;
}

int register_put(const struct keystore *ks, const struct registered *card, struct err *e)
{
	char path[PATH_MAX_];

	if (register_path(ks, path, e) != 0)
		return -1;
	return record_append(path, line_of(card), e);
}

static bool is_card(const json_t *o, struct span cin)
{
	const char *s = json_string_value(json_object_get(o, "cin"));
	char hex[HEX_SIZE(PARTY_CIN_MAX)];

	return s != NULL && strcmp(s, hex_put(cin, hex, sizeof(hex))) == 0;
}

int register_find(
    const struct keystore *ks, struct span cin, struct registered *card, bool *found, struct err *e)
{
	const json_t *o, *last = NULL;
	char path[PATH_MAX_];
	struct record *r = NULL;
	size_t i;
	int rc = -1;

	*found = false;
	if (register_path(ks, path, e) != 0 || record_lock(path, &r, e) != 0)
		goto out;
	json_array_foreach(record_rows(r), i, o) if (is_card(o, cin)) last = o;
	*found = last != NULL;
	rc = last == NULL || card_of(last, card)
		 ? 0
		 : err_set(e, ERR_INPUT, "%s: the line of this card is damaged", path);
out:
	record_unlock(r);
	return rc;
}

static json_t *shown(const json_t *line)
{
	struct registered c;
	json_t *o = json_object();
	uint8_t digest[PARTY_DIGEST];

	if (!card_of(line, &c))
		memset(&c, 0, sizeof(c));
	out_set(&o, "cin", out_hex(span_of(c.cin, c.cin_n)));
	out_set(&o, "iin", out_hex(span_of(c.iin, c.iin_n)));
	out_set(&o, "version", json_text(out_hex8(c.version).s));
	out_set(&o, "key",
	    c.key.n > 0 && party_point_digest(&c.key, digest) ? out_hex(span_of(digest, PARTY_NAME))
							      : json_null());
	out_set(&o, "certified", json_boolean(c.certs_n > 0));
	out_set(&o, "state", json_text(c.revoked ? "revoked" : "enrolled"));
	return o;
}

int register_list(const struct keystore *ks, json_t **out, struct err *e)
{
	json_t *last = json_object();
	char path[PATH_MAX_];
	struct record *r = NULL;
	const char *name;
	json_t *o;
	size_t i;
	int rc = -1;

	*out = json_array();
	if (register_path(ks, path, e) == 0 && record_lock(path, &r, e) == 0)
		rc = 0;
	if (rc == 0) {
		json_array_foreach((json_t *)record_rows(r), i, o)
		{
			name = json_string_value(json_object_get(o, "cin"));
			if (name != NULL)
				(void)json_object_set(last, name, o);
		}
		json_object_foreach(last, name, o) show_add(out, shown(o));
	}
	json_decref(last);
	record_unlock(r);
	return rc;
}

/* ---- files ---- */

int card_file_write(const char *path, const struct registered *c, bool certified, struct err *e)
{
	struct wr w = wr_grow(FILE_MAX), text = wr_grow(FILE_MAX);
	size_t key;
	int rc;

	if (certified) {
		cert_store_put(&w, span_of(c->certs, c->certs_n));
	} else {
		tlv_put(&w, TAG_CIN, span_of(c->cin, c->cin_n));
		tlv_put(&w, TAG_IIN, span_of(c->iin, c->iin_n));
		tlv_put_u8(&w, TAG_VERSION, c->version);
		key = tlv_open(&w, TAG_KEY);
		ec_key_put(&w, &c->key);
		tlv_close(&w, key);
	}
	rc = wr_ok(&w) && armour_put(&text, certified ? cert_label : key_label, wr_span(&w))
		 ? file_write(path, wr_span(&text), 0644, e)
		 : err_set(e, ERR_OTHER, "%s: too long", path);
	wr_free(&w);
	wr_free(&text);
	return rc;
}

static bool take(struct span s, struct registered *c)
{
	struct rd r = rd_of(s), in;
	struct span cin, iin, version, key;

	if (!tlv_expect(&r, TAG_CIN, &cin) || !tlv_expect(&r, TAG_IIN, &iin) ||
	    !tlv_expect(&r, TAG_VERSION, &version) || !tlv_expect(&r, TAG_KEY, &key) ||
	    rd_left(&r) > 0 || version.n != 1 || cin.n < 1 || cin.n > sizeof(c->cin) || iin.n < 1 ||
	    iin.n > sizeof(c->iin) || !ec_key_get(key, &c->key) || c->key.curve != EC_P256)
		return false;
	c->version = version.p[0];
	c->cin_n = (uint8_t)cin.n;
	c->iin_n = (uint8_t)iin.n;
	in = rd_of(cin);
	if (!rd_copy(&in, c->cin, cin.n))
		return false;
	in = rd_of(iin);
	return rd_copy(&in, c->iin, iin.n);
}

int registered_read(const char *path, struct registered *c, struct err *e)
{
	struct wr text = wr_grow(FILE_MAX), w = wr_grow(FILE_MAX);
	int rc = file_read(path, FILE_MAX, &text, e);

	memset(c, 0, sizeof(*c));
	if (rc == 0 &&
	    (!armour_get(wr_span(&text), key_label, FILE_MAX, &w) || !take(wr_span(&w), c)))
		rc = err_set(e, ERR_INPUT, "%s: not the key of a card, in PEM", path);
	wr_free(&text);
	wr_free(&w);
	return rc;
}
