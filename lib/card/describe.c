/* What a command is, for the comments in traces; and which of its octets must not be written. */
#include "card/describe.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/hex.h"
#include "card/trace.h"

enum detail {
	PLAIN,
	DETAIL_AID,         /* data is an AID */
	DETAIL_P1P2,        /* P1 P2 name what is meant */
	DETAIL_VERSION,     /* P1 is a key version */
	DETAIL_LEVEL,       /* P1 is a security level */
	DETAIL_P1,          /* P1 by its name */
	DETAIL_RECORD,      /* P2 is a trust record */
	DETAIL_CERTIFICATE, /* P1 and P2 name the key that has signed it (Amendment F 7.5.2) */
	DETAIL_CONTENT      /* describe_content */
};

struct p1_name {
	uint8_t p1;
	const char *name;
};

static const struct p1_name mode_names[] = { { 0x00, "return" }, { 0x01, "enter" }, { 0, NULL } };
static const struct p1_name authorize_names[] = { { 0x00, "activate" }, { 0x01, "verify" },
	{ 0x02, "discard" }, { 0, NULL } };
static const struct p1_name channel_names[] = { { 0x00, "open" }, { 0x80, "close" }, { 0, NULL } };

static const struct {
	uint8_t ins;
	const char *name;
	enum detail detail;
	const struct p1_name *p1;
} commands[] = {
	{ 0x20, "VERIFY", PLAIN, NULL },
	{ 0x24, "CHANGE REFERENCE DATA", PLAIN, NULL },
	{ 0x2A, "PERFORM SECURITY OPERATION", DETAIL_CERTIFICATE, NULL },
	{ 0x2C, "RESET RETRY COUNTER", PLAIN, NULL },
	{ 0x42, "PRESENT", DETAIL_RECORD, NULL },
	{ 0x46, "RENEW", DETAIL_RECORD, NULL },
	{ 0x48, "CONFIRM", DETAIL_RECORD, NULL },
	{ 0x4E, "REVOKE", DETAIL_RECORD, NULL },
	{ 0x50, "INITIALIZE UPDATE", DETAIL_VERSION, NULL },
	{ 0x5A, "CHANGE MODE", DETAIL_P1, mode_names },
	{ 0x5C, "AUTHORIZE ACTION", DETAIL_P1, authorize_names },
	{ 0x5E, "WRITE STAGE", PLAIN, NULL },
	{ 0x70, "MANAGE CHANNEL", DETAIL_P1, channel_names },
	{ 0x78, "END R-MAC SESSION", PLAIN, NULL },
	{ 0x7A, "BEGIN R-MAC SESSION", PLAIN, NULL },
	{ 0x82, "EXTERNAL AUTHENTICATE", DETAIL_LEVEL, NULL },
	{ 0x84, "GET CHALLENGE", PLAIN, NULL },
	{ 0x88, "INTERNAL AUTHENTICATE", PLAIN, NULL },
	{ 0xA4, "SELECT", DETAIL_AID, NULL },
	{ 0xB0, "READ BINARY", PLAIN, NULL },
	{ 0xB2, "READ RECORD", PLAIN, NULL },
	{ 0xC0, "GET RESPONSE", PLAIN, NULL },
	{ 0xCA, "GET DATA", DETAIL_P1P2, NULL },
	{ 0xCB, "GET DATA", DETAIL_P1P2, NULL },
	{ 0xD8, "PUT KEY", DETAIL_VERSION, NULL },
	{ 0xE2, "STORE DATA", DETAIL_CONTENT, NULL },
	{ 0xE4, "DELETE", DETAIL_CONTENT, NULL },
	{ 0xE6, "INSTALL", DETAIL_CONTENT, NULL },
	{ 0xE8, "LOAD", DETAIL_CONTENT, NULL },
	{ 0xF0, "SET STATUS", DETAIL_CONTENT, NULL },
	{ 0xF2, "GET STATUS", DETAIL_CONTENT, NULL },
};

static const char *p1_name(const struct p1_name *names, uint8_t p1)
{
	for (; names->name != NULL; names++) {
		if (names->p1 == p1)
			return names->name;
	}
	return "with unknown P1";
}

void text_put(struct text *t, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(t->at, t->left, fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	if ((size_t)n >= t->left)
		n = (int)t->left - 1;
	t->at += n;
	t->left -= (size_t)n;
}

/* In the class of GlobalPlatform; ISO 7816-8 has other uses for the instruction. */
static void put_certificate(struct text *f, const struct capdu *c)
{
	if ((c->cla & 0x80) == 0)
		return;
	text_put(f, " key %02X version %02X", c->p2 & 0x7F, c->p1 & 0x7F);
	if ((c->p1 & 0x80) != 0)
		text_put(f, ", more of it follows");
	if ((c->p2 & 0x80) != 0)
		text_put(f, ", another follows");
}

static void put_detail(struct text *f, size_t at, const struct capdu *c)
{
	char hex[HEX_SIZE(16)];

	switch (commands[at].detail) {
	case DETAIL_RECORD:
		text_put(f, " record %u", c->p2);
		break;
	case DETAIL_AID:
		/* By name, in clear: P1 04. Protected data would only look like an AID. */
		if (c->p1 == 0x04 && c->data.n > 0 && !cla_is_sm(c->cla))
			text_put(f, " %s", hex_put(span_sub(c->data, 0, 16), hex, sizeof(hex)));
		break;
	case DETAIL_P1P2:
		text_put(f, " %02X%02X", c->p1, c->p2);
		break;
	case DETAIL_VERSION:
		text_put(f, " key version %02X", c->p1);
		break;
	case DETAIL_LEVEL:
		text_put(f, " level %02X", c->p1);
		break;
	case DETAIL_P1:
		text_put(f, " %s", p1_name(commands[at].p1, c->p1));
		break;
	case DETAIL_CERTIFICATE:
		put_certificate(f, c);
		break;
	case DETAIL_CONTENT:
		describe_content(f, c);
		break;
	case PLAIN:
		break;
	}
}

/* SCP11 shares an instruction with EXTERNAL AUTHENTICATE, whose P2 is 00. */
static bool is_mutual_authenticate(const struct capdu *c)
{
	return c->ins == 0x82 && c->p2 != 0x00 && !cla_is_sm(c->cla);
}

static void put_command(struct text *f, const struct capdu *c)
{
	size_t n = sizeof(commands) / sizeof(commands[0]), at = 0;

	while (at < n && commands[at].ins != c->ins)
		at++;
	if (is_mutual_authenticate(c)) {
		text_put(f, "MUTUAL AUTHENTICATE key %02X version %02X", c->p2, c->p1);
	} else if (at < n) {
		text_put(f, "%s", commands[at].name);
		put_detail(f, at, c);
	} else {
		text_put(f, "command %02X, P1 %02X, P2 %02X", c->ins, c->p1, c->p2);
	}
	if (c->data.n > 0 && (at == n || commands[at].detail != DETAIL_AID))
		text_put(f, ", %zu octet%s", c->data.n, c->data.n == 1 ? "" : "s");
	if (cla_is_sm(c->cla))
		text_put(f, "%s", ", protected");
}

char *trace_describe(struct span command, char *out, size_t cap)
{
	struct text t = { out, cap };
	struct capdu c;

	if (cap == 0)
		return out;
	out[0] = '\0';
	if (capdu_get(command, &c))
		put_command(&t, &c);
	else
		text_put(&t, "no well-formed command, %zu octets", command.n);
	return out;
}

/*
 * VERIFY, CHANGE REFERENCE DATA, RESET RETRY COUNTER carry a PIN, at some security levels in clear;
 * a CHANGE MODE outside of secure messaging would carry broadcast keys. Keys of PUT KEY are
 * encrypted in any case (Amendment D 7.2).
 */
static bool has_secret(uint8_t cla, uint8_t ins)
{
	switch (ins) {
	case 0x20:
	case 0x24:
	case 0x2C:
		return true;
	case 0x5A:
		return !cla_is_sm(cla);
	default:
		return false;
	}
}

void trace_hidden(struct span command, size_t *off, size_t *n)
{
	struct rd r = rd_of(command);
	struct capdu c;
	uint8_t cla, ins;

	*off = 0;
	*n = 0;
	if (!rd_u8(&r, &cla) || !rd_u8(&r, &ins) || !has_secret(cla, ins))
		return;
	/* Header and length field stay readable; of a malformed command only the header does. */
	if (capdu_get(command, &c)) {
		*off = c.data.n == 0 ? command.n : c.extended ? 7 : 5;
		*n = c.data.n;
	} else if (command.n > 4) {
		*off = 4;
		*n = command.n - 4;
	}
}
