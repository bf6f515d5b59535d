/* Diversification of card keys: templates, and the schemes that have a name. */
#include <string.h>

#include "base/hex.h"
#include "crypto/des.h"
#include "crypto/kdf.h"

/* Tokens that are not octets. */
enum { TOKEN_KDD = 0x0100, TOKEN_NUMBER = 0x0200, TOKEN_COUNTER, TOKEN_BITS_HIGH, TOKEN_BITS_LOW };

#define DES_KEYS 16

/* ---- templates ---- */

static bool add(struct kdf_template *t, unsigned token)
{
	if (t->n == TEMPLATE_MAX)
		return false;
	t->token[t->n++] = (uint16_t)token;
	return true;
}

/* The token behind a `$`; *text is moved behind it. */
static bool take_dollar(const char **text, struct kdf_template *t)
{
	char c = *(*text)++;

	if (c >= '0' && c <= '9')
		return add(t, TOKEN_KDD + (unsigned)(c - '0'));
	switch (c) {
	case 'k':
		return add(t, TOKEN_NUMBER);
	case '_':
		if (t->counter)
			return false;
		t->counter = true;
		return add(t, TOKEN_COUNTER);
	case 'l':
		if (strncmp(*text, "$l", 2) != 0)
			return false;
		*text += 2;
		return add(t, TOKEN_BITS_HIGH) && add(t, TOKEN_BITS_LOW);
	}
	(*text)--; /* it may have been the end */
	return false;
}

static bool take_octet(const char **text, struct kdf_template *t)
{
	uint8_t octet;

	if ((*text)[1] == '\0' || !hex_exact(span_of(*text, 2), &octet, 1))
		return false;
	*text += 2;
	return add(t, octet);
}

static bool take_all(const char *text, struct kdf_template *t)
{
	while (*text != '\0') {
		if (*text == ' ') {
			text++;
		} else if (*text == '$') {
			text++;
			if (!take_dollar(&text, t))
				return false;
		} else if (!take_octet(&text, t)) {
			return false;
		}
	}
	return true;
}

static bool has(const struct kdf_template *t, unsigned token)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->token[i] == token)
			return true;
	return false;
}

/* The same key for ENC, MAC and DEK, or for all cards, is not what anybody means. */
static const char *fault_of(const struct kdf_template *t)
{
	bool any = false;

	for (unsigned i = 0; i < KDD_OCTETS; i++)
		any = any || has(t, TOKEN_KDD + i);
	if (!has(t, TOKEN_NUMBER))
		return "a template needs the key number, $k";
	if (!any)
		return "a template needs octets of the diversification data, $0 to $9";
	if (!t->counter && t->n != DES_KEYS)
		return "a template without the counter $_ must stand for 16 octets";
	return NULL;
}

bool template_from(const char *text, struct kdf_template *out, const char **why)
{
	struct kdf_template t = { 0 };

	*why = "a template is octets in hex, $0 to $9, $k, $_ once and $l$l, 64 octets at most";
	if (take_all(text, &t))
		*why = fault_of(&t);
	if (*why != NULL)
		memset(&t, 0, sizeof(t));
	*out = t;
	return *why == NULL;
}

struct filling {
	const uint8_t *kdd;
	uint8_t number, counter;
	unsigned bits;
};

static uint8_t octet_of(unsigned token, const struct filling *f)
{
	switch (token) {
	case TOKEN_NUMBER:
		return f->number;
	case TOKEN_COUNTER:
		return f->counter;
	case TOKEN_BITS_HIGH:
		return (uint8_t)(f->bits >> 8);
	case TOKEN_BITS_LOW:
		return (uint8_t)f->bits;
	}
	return token >= TOKEN_KDD ? f->kdd[token - TOKEN_KDD] : (uint8_t)token;
}

static struct span fill(const struct kdf_template *t, const struct filling *f, uint8_t *out)
{
	for (size_t i = 0; i < t->n; i++)
		out[i] = octet_of(t->token[i], f);
	return span_of(out, t->n);
}

/* SP 800-108 in counter mode. */
static bool derive_aes(
    const struct kdf_template *t, const struct key *master, struct filling *f, struct key *out)
{
	uint8_t input[TEMPLATE_MAX], block[AES_BLOCK];
	struct wr w = wr_fixed(out->b, master->n);
	struct aes a = { 0 };
	bool ok = aes_set_key(&a, master);

	while (ok && w.n < master->n) {
		struct span part;

		f->counter++;
		part = fill(t, f, input);
		ok = aes_cmac(&a, &part, 1, block);
		wr_put(&w, span_sub(SPAN(block), 0, master->n - w.n));
	}
	aes_wipe(&a);
	wipe(block, sizeof(block));
	return ok;
}

static bool derive(const struct kdf_template *t, const struct key *master, uint8_t number,
    const uint8_t *kdd, struct key *out)
{
	struct filling f = { .kdd = kdd, .number = number, .bits = master->n * 8u };
	uint8_t input[TEMPLATE_MAX];
	bool ok;

	wipe_key(out);
	if (t->counter)
		ok = derive_aes(t, master, &f, out);
	else
		ok = t->n == DES_KEYS && des_ecb_once(master, ENCRYPT, fill(t, &f, input), out->b);
	out->n = ok ? master->n : 0;
	return ok;
}

bool template_diversify(const struct kdf_template *t, const struct key_set *master,
    const uint8_t kdd[static KDD_OCTETS], struct key_set *out)
{
	return t->n > 0 && derive(t, &master->enc, 1, kdd, &out->enc) &&
	       derive(t, &master->mac, 2, kdd, &out->mac) &&
	       derive(t, &master->dek, 3, kdd, &out->dek);
}

/* ---- schemes with a name ---- */

static const struct {
	const char *name;
	const char *text; /* template; NULL: none of its own */
	bool aes, des;    /* keys that it is for */
} schemes[] = {
	[DIVERSIFY_NONE] = { "none", NULL, true, true },
	[DIVERSIFY_KDF3] = { "kdf3", "$_ 000000 $k 00 $0$1$2$3$4$5$6$7$8$9", true, false },
	[DIVERSIFY_VISA2] = { "visa2", "$0$1$4$5$6$7 F0 $k $0$1$4$5$6$7 0F $k", false, true },
	[DIVERSIFY_VISA] = { "visa", "$0$1$2$3$8$9 F0 $k $0$1$2$3$8$9 0F $k", false, true },
	[DIVERSIFY_EMV] = { "emv", "$4$5$6$7$8$9 F0 $k $4$5$6$7$8$9 0F $k", false, true },
	[DIVERSIFY_TEMPLATE] = { "template", NULL, true, true },
};

bool diversification_from(const char *name, enum diversification *d)
{
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		if (strcmp(name, schemes[i].name) != 0)
			continue;
		*d = (enum diversification)i;
		return true;
	}
	return false;
}

const char *diversification_str(enum diversification d)
{
	return schemes[d].name;
}

bool diversification_is_aes(enum diversification d)
{
	return schemes[d].aes;
}

bool diversification_is_des(enum diversification d)
{
	return schemes[d].des;
}

bool diversify(enum diversification d, const struct key_set *master,
    const uint8_t kdd[static KDD_OCTETS], struct key_set *out)
{
	struct kdf_template t;
	const char *why;

	if (d == DIVERSIFY_NONE) {
		*out = *master;
		return true;
	}
	return schemes[d].text != NULL && template_from(schemes[d].text, &t, &why) &&
	       template_diversify(&t, master, kdd, out);
}
