#include "scp/scp.h"

#include <strings.h>

/* What a protocol does; NULL where it cannot. */
struct scp_ops {
	enum scp_protocol protocol;
	bool (*begin)(struct scp *s, const struct scp_start *a);
	bool (*cryptogram)(
	    struct scp *s, const struct scp_start *a, enum scp03_who who, uint8_t *out);
	bool (*host_authenticate)(struct scp *s, const struct scp_start *a, uint8_t level,
	    uint8_t channel, struct wr *command);
	enum scp03_verdict (*card_authenticate)(
	    struct scp *s, const struct scp_start *a, const struct capdu *c);
	bool (*seal_command)(struct scp *s, const struct capdu *c, struct wr *out);
	enum scp03_verdict (*open_command)(
	    struct scp *s, const struct capdu *c, struct capdu *plain, struct wr *data);
	bool (*seal_response)(struct scp *s, const struct rapdu *r, struct wr *out);
	enum scp03_verdict (*open_response)(
	    struct scp *s, struct span response, struct rapdu *plain, struct wr *data);
	size_t (*max_data)(const struct scp *s);
	uint8_t (*level)(const struct scp *s);
	uint8_t (*mac_size)(const struct scp *s);
	void (*wipe)(struct scp *s);
};

/* ---- SCP01 ---- */

static bool begin01(struct scp *s, const struct scp_start *a)
{
	return scp01_begin(&s->u.scp01, a->keys, a->i, a->host_challenge, a->card_challenge);
}

static bool cryptogram01(struct scp *s, const struct scp_start *a, enum scp03_who who, uint8_t *out)
{
	return scp01_cryptogram(&s->u.scp01, who, a->host_challenge, a->card_challenge, out);
}

static bool host01(
    struct scp *s, const struct scp_start *a, uint8_t level, uint8_t channel, struct wr *command)
{
	return scp01_host_authenticate(
	    &s->u.scp01, level, channel, a->host_challenge, a->card_challenge, command);
}

static enum scp03_verdict card01(struct scp *s, const struct scp_start *a, const struct capdu *c)
{
	return scp01_card_authenticate(&s->u.scp01, c, a->host_challenge, a->card_challenge);
}

static enum scp03_verdict open01(
    struct scp *s, const struct capdu *c, struct capdu *plain, struct wr *data)
{
	return scp01_open_command(&s->u.scp01, c, plain, data);
}

static bool seal01(struct scp *s, const struct capdu *c, struct wr *out)
{
	return scp01_seal_command(&s->u.scp01, c, out);
}

static enum scp03_verdict open_response01(
    struct scp *s, struct span response, struct rapdu *plain, struct wr *data)
{
	return scp01_open_response(&s->u.scp01, response, plain, data);
}

static size_t max_data01(const struct scp *s)
{
	return scp01_max_data(s->u.scp01.level);
}

static uint8_t level01(const struct scp *s)
{
	return s->u.scp01.level;
}

static uint8_t mac_size_des(const struct scp *s)
{
	(void)s;
	return DES_BLOCK;
}

static void wipe01(struct scp *s)
{
	scp01_wipe(&s->u.scp01);
}

/* ---- SCP02 ---- */

static bool begin02(struct scp *s, const struct scp_start *a)
{
	return a->card_challenge.n == SCP02_MAC &&
	       scp02_begin(&s->u.scp02, a->keys, a->i, a->card_challenge.p);
}

static bool cryptogram02(struct scp *s, const struct scp_start *a, enum scp03_who who, uint8_t *out)
{
	return scp02_cryptogram(&s->u.scp02, who, a->host_challenge, a->card_challenge, out);
}

static bool host02(
    struct scp *s, const struct scp_start *a, uint8_t level, uint8_t channel, struct wr *command)
{
	return scp02_host_authenticate(
	    &s->u.scp02, level, channel, a->host_challenge, a->card_challenge, command);
}

static enum scp03_verdict card02(struct scp *s, const struct scp_start *a, const struct capdu *c)
{
	return scp02_card_authenticate(&s->u.scp02, c, a->host_challenge, a->card_challenge);
}

static bool seal02(struct scp *s, const struct capdu *c, struct wr *out)
{
	return scp02_seal_command(&s->u.scp02, c, out);
}

static enum scp03_verdict open02(
    struct scp *s, const struct capdu *c, struct capdu *plain, struct wr *data)
{
	return scp02_open_command(&s->u.scp02, c, plain, data);
}

static bool seal_response02(struct scp *s, const struct rapdu *r, struct wr *out)
{
	return scp02_seal_response(&s->u.scp02, r, out);
}

static enum scp03_verdict open_response02(
    struct scp *s, struct span response, struct rapdu *plain, struct wr *data)
{
	return scp02_open_response(&s->u.scp02, response, plain, data);
}

static size_t max_data02(const struct scp *s)
{
	return scp02_max_data(s->u.scp02.level);
}

static uint8_t level02(const struct scp *s)
{
	return s->u.scp02.level;
}

static void wipe02(struct scp *s)
{
	scp02_wipe(&s->u.scp02);
}

/* ---- SCP03 ---- */

static bool begin03(struct scp *s, const struct scp_start *a)
{
	return scp03_begin(&s->u.scp03, a->keys, a->host_challenge, a->card_challenge);
}

static bool cryptogram03(struct scp *s, const struct scp_start *a, enum scp03_who who, uint8_t *out)
{
	return scp03_cryptogram(&s->u.scp03, who, a->host_challenge, a->card_challenge, out);
}

static bool host03(
    struct scp *s, const struct scp_start *a, uint8_t level, uint8_t channel, struct wr *command)
{
	return scp03_host_authenticate(
	    &s->u.scp03, level, channel, a->host_challenge, a->card_challenge, command);
}

static enum scp03_verdict card03(struct scp *s, const struct scp_start *a, const struct capdu *c)
{
	return scp03_card_authenticate(&s->u.scp03, c, a->host_challenge, a->card_challenge);
}

static bool seal03(struct scp *s, const struct capdu *c, struct wr *out)
{
	return scp03_seal_command(&s->u.scp03, c, out);
}

static enum scp03_verdict open03(
    struct scp *s, const struct capdu *c, struct capdu *plain, struct wr *data)
{
	return scp03_open_command(&s->u.scp03, c, plain, data);
}

static bool seal_response03(struct scp *s, const struct rapdu *r, struct wr *out)
{
	return scp03_seal_response(&s->u.scp03, r, out);
}

static enum scp03_verdict open_response03(
    struct scp *s, struct span response, struct rapdu *plain, struct wr *data)
{
	return scp03_open_response(&s->u.scp03, response, plain, data);
}

static size_t max_data03(const struct scp *s)
{
	return scp03_max_data(s->u.scp03.level, s->u.scp03.m);
}

static uint8_t level03(const struct scp *s)
{
	return s->u.scp03.level;
}

static uint8_t mac_size03(const struct scp *s)
{
	return s->u.scp03.m;
}

static void wipe03(struct scp *s)
{
	scp03_wipe(&s->u.scp03);
}

/* ---- all ---- */

static const struct scp_ops protocols[] = {
	[PROTOCOL_SCP01] = { PROTOCOL_SCP01, begin01, cryptogram01, host01, card01, seal01, open01,
	    NULL, open_response01, max_data01, level01, mac_size_des, wipe01 },
	[PROTOCOL_SCP02] = { PROTOCOL_SCP02, begin02, cryptogram02, host02, card02, seal02, open02,
	    seal_response02, open_response02, max_data02, level02, mac_size_des, wipe02 },
	[PROTOCOL_SCP03] = { PROTOCOL_SCP03, begin03, cryptogram03, host03, card03, seal03, open03,
	    seal_response03, open_response03, max_data03, level03, mac_size03, wipe03 },
};

static const char *const names[] = { "no protocol", "SCP01", "SCP02", "SCP03" };

bool scp_protocol_from(const char *name, enum scp_protocol *p)
{
	for (size_t i = PROTOCOL_SCP01; i <= PROTOCOL_SCP03; i++) {
		if (strcasecmp(name, names[i]) != 0)
			continue;
		*p = (enum scp_protocol)i;
		return true;
	}
	return false;
}

const char *scp_protocol_str(enum scp_protocol p)
{
	return names[p];
}

bool scp_i_valid(enum scp_protocol p, uint8_t i)
{
	switch (p) {
	case PROTOCOL_SCP01:
		return scp01_i_valid(i);
	case PROTOCOL_SCP02:
		return scp02_i_valid(i);
	case PROTOCOL_SCP03:
		return scp03_i_valid(i);
	case PROTOCOL_NONE:
		break;
	}
	return false;
}

bool scp_level_valid(enum scp_protocol p, uint8_t level, uint8_t i)
{
	switch (p) {
	case PROTOCOL_SCP01:
		return scp01_level_valid(level);
	case PROTOCOL_SCP02:
		return scp02_level_valid(level, i);
	case PROTOCOL_SCP03:
		return scp03_level_valid(level, i);
	case PROTOCOL_NONE:
		break;
	}
	return false;
}

/* Makes it a session of this protocol; what another one left behind is wiped. */
static void become(struct scp *s, enum scp_protocol p)
{
	if (s->ops == &protocols[p])
		return;
	scp_wipe(s);
	s->ops = &protocols[p];
}

bool scp_begin(struct scp *s, const struct scp_start *a)
{
	if (a->protocol < PROTOCOL_SCP01 || a->protocol > PROTOCOL_SCP03) {
		scp_wipe(s);
		return false;
	}
	become(s, a->protocol);
	if (s->ops->begin(s, a))
		return true;
	scp_wipe(s);
	return false;
}

bool scp_cryptogram(
    struct scp *s, const struct scp_start *a, enum scp03_who who, uint8_t out[static 16])
{
	return s->ops != NULL && s->ops->cryptogram(s, a, who, out);
}

bool scp_host_authenticate(
    struct scp *s, const struct scp_start *a, uint8_t level, uint8_t channel, struct wr *command)
{
	return s->ops != NULL && s->ops->host_authenticate(s, a, level, channel, command);
}

enum scp03_verdict scp_card_authenticate(
    struct scp *s, const struct scp_start *a, const struct capdu *c)
{
	if (s->ops == NULL || s->ops->card_authenticate == NULL)
		return SCP03_FAILED;
	return s->ops->card_authenticate(s, a, c);
}

enum scp_protocol scp_protocol(const struct scp *s)
{
	return s->ops == NULL ? PROTOCOL_NONE : s->ops->protocol;
}

uint8_t scp_mac_size(const struct scp *s)
{
	return s->ops == NULL ? 0 : s->ops->mac_size(s);
}

uint8_t scp_level(const struct scp *s)
{
	return s->ops == NULL ? LEVEL_AUTHENTICATED : s->ops->level(s);
}

size_t scp_max_data(const struct scp *s)
{
	return s->ops == NULL ? APDU_SHORT_DATA : s->ops->max_data(s);
}

bool scp_seal_command(struct scp *s, const struct capdu *c, struct wr *out)
{
	return s->ops != NULL && s->ops->seal_command(s, c, out);
}

enum scp03_verdict scp_open_command(
    struct scp *s, const struct capdu *c, struct capdu *plain, struct wr *data)
{
	if (s->ops == NULL || s->ops->open_command == NULL)
		return SCP03_FAILED;
	return s->ops->open_command(s, c, plain, data);
}

bool scp_seal_response(struct scp *s, const struct rapdu *r, struct wr *out)
{
	return s->ops != NULL && s->ops->seal_response != NULL && s->ops->seal_response(s, r, out);
}

enum scp03_verdict scp_open_response(
    struct scp *s, struct span response, struct rapdu *plain, struct wr *data)
{
	return s->ops == NULL ? SCP03_FAILED : s->ops->open_response(s, response, plain, data);
}

struct scp03 *scp_as_scp03(struct scp *s)
{
	become(s, PROTOCOL_SCP03);
	return &s->u.scp03;
}

void scp_wipe(struct scp *s)
{
	if (s->ops != NULL)
		s->ops->wipe(s);
	wipe(s, sizeof(*s));
}
