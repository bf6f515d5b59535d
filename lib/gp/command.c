#include "gp/command.h"

const struct aid aid_isd = { 8, { 0xA0, 0x00, 0x00, 0x01, 0x51, 0x00, 0x00, 0x00 } };

const char *card_life_cycle_str(uint8_t state)
{
	switch (state) {
	case LIFE_OP_READY:
		return "op-ready";
	case LIFE_INITIALIZED:
		return "initialized";
	case LIFE_SECURED:
		return "secured";
	case LIFE_LOCKED:
		return "locked";
	case LIFE_TERMINATED:
		return "terminated";
	}
	return "unknown";
}

/* GPCS 11.1.8. */
static const struct {
	uint8_t type;
	const char *text;
} key_types[] = {
	{ KEY_TYPE_DES, "des" },
	{ KEY_TYPE_PSK, "tls-psk" },
	{ KEY_TYPE_AES, "aes" },
	{ 0x90, "hmac-sha1" },
	{ 0x91, "hmac-sha1" },
	{ 0xA0, "rsa-public-exponent" },
	{ 0xA1, "rsa-public-modulus" },
	{ 0xA2, "rsa-private-modulus" },
	{ 0xA3, "rsa-private-exponent" },
	{ KEY_TYPE_EC_PUBLIC, "ec-public" },
	{ KEY_TYPE_EC_PRIVATE, "ec-private" },
};

const char *key_type_str(uint8_t type)
{
	for (size_t i = 0; i < sizeof(key_types) / sizeof(key_types[0]); i++)
		if (key_types[i].type == type)
			return key_types[i].text;
	return "unknown";
}

bool aid_from(struct aid *a, struct span s)
{
	struct aid got = { 0 };
	struct rd r = rd_of(s);

	if (s.n < AID_MIN || s.n > AID_MAX || !rd_copy(&r, got.b, s.n))
		return false;
	got.n = (uint8_t)s.n;
	*a = got;
	return true;
}

struct span aid_span(const struct aid *a)
{
	return span_of(a->b, a->n);
}

bool aid_same(const struct aid *a, const struct aid *b)
{
	return span_eq(aid_span(a), aid_span(b));
}
