#include "cmd/kit/value.h"

#include <string.h>
#include <strings.h>

#include "base/hex.h"
#include "base/suggest.h"
#include "base/value.h"
#include "change/change.h"

struct value {
	const struct opt *o;
	const char *what, *text;
	struct err *e;
};

static int refuse(const struct value *v, const char *why)
{
	return err_set(v->e, ERR_USAGE, "%s: `%.80s` %.300s", v->what, v->text, why);
}

static int store_u32(const struct value *v, struct opt_u32 *to)
{
	char why[64];
	uint32_t n;

	if (!decimal_get(v->text, &n))
		return refuse(v, "is not a number");
	if (n < v->o->min || n > v->o->max) {
		snprintf(why, sizeof(why), "is not within %u to %u", v->o->min, v->o->max);
		return refuse(v, why);
	}
	*to = (struct opt_u32){ true, n };
	return 0;
}

static int store_hex8(const struct value *v, struct opt_u32 *to)
{
	char two[3] = "0";
	size_t n = strlen(v->text);
	char why[64];
	uint8_t b;

	if (n == 1 || n == 2)
		memcpy(two + (2 - n), v->text, n + 1);
	if (n < 1 || n > 2 || !hex_exact(span_str(two), &b, 1))
		return refuse(v, "is not one octet in hex");
	if (b < v->o->min || b > v->o->max) {
		snprintf(why, sizeof(why), "is not within %02X to %02X", v->o->min, v->o->max);
		return refuse(v, why);
	}
	*to = (struct opt_u32){ true, b };
	return 0;
}

/* "05,04", "05 04" and "0504" are the same octets. */
static bool octets(const char *text, uint8_t *out, size_t cap, size_t *n)
{
	char blank[256];
	size_t len = strlen(text);

	if (len >= sizeof(blank))
		return false;
	for (size_t i = 0; i <= len; i++)
		blank[i] = (char)(text[i] == ',' ? ' ' : text[i]);
	return hex_get(span_str(blank), out, cap, n) && *n > 0;
}

static int store_bytes(const struct value *v, struct opt_bytes *to)
{
	char why[64];
	size_t n;

	if (!octets(v->text, to->b, sizeof(to->b), &n))
		return refuse(v, "is not hex octets");
	if (n < v->o->min || (v->o->max != 0 && n > v->o->max)) {
		if (v->o->min == v->o->max)
			snprintf(why, sizeof(why), "is not %u octets", v->o->min);
		else
			snprintf(why, sizeof(why), "is not %u to %u octets", v->o->min, v->o->max);
		return refuse(v, why);
	}
	to->n = n;
	return 0;
}

static int store_aid(const struct value *v, struct aid *to)
{
	uint8_t b[AID_MAX];
	size_t n;

	if (!hex_get(span_str(v->text), b, sizeof(b), &n) || !aid_from(to, span_of(b, n)))
		return refuse(v, "is not an AID of 5 to 16 octets in hex");
	return 0;
}

static int store_version(const struct value *v, struct opt_u32 *to)
{
	if (!version_get(v->text, &to->v))
		return refuse(v, "is not a version such as 3.2");
	to->given = true;
	return 0;
}

static int store_date(const struct value *v, struct opt_u32 *to)
{
	if (!date_get(v->text, &to->v))
		return refuse(v, "is not a date such as 2031-12-31");
	to->given = true;
	return 0;
}

static int check_choice(const struct value *v, const char **spelled)
{
	struct suggest near = suggest_for(v->text);
	char all[160] = "";
	size_t n = 0;

	for (const char *const *c = v->o->choices; *c != NULL; c++) {
		if (strcasecmp(*c, v->text) == 0) {
			*spelled = *c;
			return 0;
		}
		suggest_try(&near, *c);
		n += (size_t)snprintf(
		    all + n, n < sizeof(all) ? sizeof(all) - n : 0, "%s%s", n > 0 ? ", " : "", *c);
		if (n >= sizeof(all))
			n = sizeof(all) - 1;
	}
	err_set(v->e, ERR_USAGE, "%s: `%.80s` is not one of %s", v->what, v->text, all);
	if (near.best != NULL)
		err_hint(v->e, "did you mean %s?", near.best);
	return -1;
}

static int store_string(const struct value *v, const char **to)
{
	if (v->text[0] == '\0')
		return err_set(v->e, ERR_USAGE, "%s: the value is empty", v->what);
	*to = v->text;
	return 0;
}

static int store_strings(const struct value *v, struct opt_strings *to)
{
	if (to->n == sizeof(to->v) / sizeof(to->v[0]))
		return err_set(v->e, ERR_USAGE, "%s: more than %zu values", v->what, to->n);
	if (store_string(v, &to->v[to->n]) != 0)
		return -1;
	to->n++;
	return 0;
}

bool value_wanted(const struct opt *o)
{
	if (o->kind == OPT_FIELD)
		return o->field->kind != FIELD_FLAG;
	return o->kind != OPT_FLAG && o->kind != OPT_COUNT;
}

static int store_field(const struct value *v, void *to)
{
	static const struct field_source here;
	const struct field *f = v->o->field;
	bool flag = f->kind == FIELD_FLAG;
	char why[sizeof(v->e->text)];

	/* No privileges are all that one is to have, too. */
	if (!flag && f->kind != FIELD_PRIVILEGES && v->text[0] == '\0')
		return err_set(v->e, ERR_USAGE, "%s: the value is empty", v->what);
	if (field_put(f, &here, flag ? "true" : v->text, to, v->e) == 0)
		return 0;
	memcpy(why, v->e->text, sizeof(why));
	snprintf(v->e->text, sizeof(v->e->text), "%s: `%.80s` %.300s", v->what, v->text, why);
	return -1;
}

int value_store(const struct opt *o, const char *what, const char *text, void *base, struct err *e)
{
	struct value v = { o, what, text, e };
	void *to = (char *)base + o->offset;

	if (o->choices != NULL && o->kind != OPT_FIELD && check_choice(&v, &v.text) != 0)
		return -1;
	switch (o->kind) {
	case OPT_FLAG:
		*(bool *)to = true;
		return 0;
	case OPT_COUNT:
		++*(int *)to;
		return 0;
	case OPT_STRING:
	case OPT_PATH:
	case OPT_CHOICE:
		return store_string(&v, to);
	case OPT_U32:
		return store_u32(&v, to);
	case OPT_HEX8:
		return store_hex8(&v, to);
	case OPT_BYTES:
		return store_bytes(&v, to);
	case OPT_AID:
		return store_aid(&v, to);
	case OPT_VERSION:
		return store_version(&v, to);
	case OPT_DATE:
		return store_date(&v, to);
	case OPT_STRINGS:
		return store_strings(&v, to);
	case OPT_FIELD:
		return store_field(&v, ((struct change *)to)->x);
	}
	return err_set(e, ERR_OTHER, "%s: unknown kind of option", what);
}
