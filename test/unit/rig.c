#include "rig.h"

#include <unistd.h>

#include "crypto/digest.h"
#include "scp_start.h"

static const uint8_t host_challenge[16] = { 0xC0, 0xC1, 0xC2, 0xC3, 0xC4, 0xC5, 0xC6, 0xC7, 0xC8,
	0xC9, 0xCA, 0xCB, 0xCC, 0xCD, 0xCE, 0xCF };

static void fill(struct key *k, size_t n, uint8_t first)
{
	k->n = (uint8_t)n;
	for (size_t i = 0; i < n; i++)
		k->b[i] = (uint8_t)(first + i);
}

void rig_issue(struct rig *r, size_t key_n, uint8_t i)
{
	struct vcard_issue *is = &r->issue;

	memset(r, 0, sizeof(*r));
	fill(&is->keys.enc, key_n, 0x40);
	fill(&is->keys.mac, key_n, 0x60);
	fill(&is->keys.dek, key_n, 0x80);
	is->key_version = 0x30;
	is->i = i;
	memcpy(is->kdd, "KDD-00001.", KDD_SIZE);
	memcpy(is->iin, "\x42\x42\x42", 3);
	is->iin_n = 3;
	memcpy(is->cin, "\x00\x00\x00\x01", 4);
	is->cin_n = 4;
	for (size_t k = 0; k < CPLC_SIZE; k++)
		is->cplc[k] = (uint8_t)k;
	memcpy(is->platform, "PLAT-A01", PLATFORM_SIZE);
	assert_true(aid_from(&is->target, unit_bytes("A000000151000001")));
	is->issuer[0] = 0x04;
	is->kos_n = 1;
	is->kos[0].version = 1;
	fill(&is->kos[0].key, 32, 0x11);
	fill(&is->kmac, 16, 0x22);
	is->algorithms[0] = ALG_ISSUER;
	is->algorithms[1] = ALG_DIGEST;
	is->algorithm_n = 2;
	is->forms[0] = FORM_CLEAR;
	is->forms[1] = FORM_KOS;
	is->form_n = 2;
	r->keys = is->keys;
}

void rig_on(struct rig *r)
{
	struct err e = { 0 };

	strcpy(r->dir, "/tmp/vcard_test.XXXXXX");
	assert_non_null(mkdtemp(r->dir));
	snprintf(r->path, sizeof(r->path), "%s/c.card", r->dir);
	assert_ok(vcard_create(r->path, &r->issue, &e), &e);
	assert_ok(vcard_open(r->path, &r->v, &e), &e);
}

void rig_cycle(struct rig *r)
{
	struct err e = { 0 };

	vcard_close(r->v);
	r->v = NULL;
	scp_wipe(&r->host);
	assert_ok(vcard_open(r->path, &r->v, &e), &e);
}

void rig_off(struct rig *r)
{
	char beside[128];

	vcard_close(r->v);
	r->v = NULL;
	scp_wipe(&r->host);
	snprintf(beside, sizeof(beside), "%s.new", r->path);
	unlink(beside);
	unlink(r->path);
	rmdir(r->dir);
}

struct span rig_answer(const struct rig *r)
{
	return span_of(r->answer, r->answer_n < 2 ? 0 : r->answer_n - 2);
}

static void record(struct rig *r, const char *side, struct span octets)
{
	char hex[HEX_SIZE(sizeof(r->answer))];

	if (r->record == NULL)
		return;
	wr_put(r->record, span_str(side));
	wr_put(r->record, span_str(hex_put(octets, hex, sizeof(hex))));
	wr_u8(r->record, '\n');
}

uint16_t rig_raw(struct rig *r, struct span command)
{
	struct wr w = wr_fixed(r->answer, sizeof(r->answer));

	r->how = vcard_transmit(r->v, command, &w);
	assert_true(wr_ok(&w));
	r->answer_n = w.n;
	if (r->how != VCARD_ANSWER) {
		assert_int_equal(w.n, 0);
		return 0;
	}
	assert_true(w.n >= 2);
	record(r, "> ", command);
	record(r, "< ", span_of(r->answer, w.n));
	return (uint16_t)(r->answer[w.n - 2] << 8 | r->answer[w.n - 1]);
}

uint16_t rig_hex(struct rig *r, const char *command)
{
	return rig_raw(r, unit_bytes(command));
}

static struct capdu command_of(
    const struct rig *r, uint8_t cla, uint8_t ins, uint16_t p1p2, struct span data)
{
	return (struct capdu){ .cla = cla_with_channel(cla, r->channel),
		.ins = ins,
		.p1 = (uint8_t)(p1p2 >> 8),
		.p2 = (uint8_t)p1p2,
		.data = data,
		.le = LE_MAX_SHORT };
}

uint16_t rig_send(struct rig *r, uint8_t cla, uint8_t ins, uint16_t p1p2, struct span data)
{
	struct capdu c = command_of(r, cla, ins, p1p2, data);
	uint8_t room[300];
	struct wr w = wr_fixed(room, sizeof(room));

	capdu_put(&w, &c);
	assert_true(wr_ok(&w));
	return rig_raw(r, wr_span(&w));
}

uint16_t rig_secure(
    struct rig *r, uint8_t cla, uint8_t ins, uint16_t p1p2, struct span data, struct span *answer)
{
	struct capdu c = command_of(r, cla, ins, p1p2, data);
	uint8_t room[300];
	struct wr w = wr_fixed(room, sizeof(room)), plain = wr_fixed(r->plain, sizeof(r->plain));
	struct rapdu got = { 0 };

	assert_true(scp_seal_command(&r->host, &c, &w));
	if (rig_raw(r, wr_span(&w)) == 0)
		return 0;
	assert_int_equal(
	    scp_open_response(&r->host, span_of(r->answer, r->answer_n), &got, &plain), SCP_OK);
	if (answer != NULL)
		*answer = got.data;
	return got.sw;
}

struct span rig_get(struct rig *r, uint16_t tag)
{
	assert_int_equal(rig_send(r, 0x80, INS_GET_DATA, tag, span_of(NULL, 0)), SW_OK);
	return rig_answer(r);
}

struct span rig_challenge(const struct rig *r)
{
	return span_of(host_challenge, (r->issue.i & SCP03_I_S16) != 0 ? 16 : 8);
}

uint16_t rig_initialize(struct rig *r, uint8_t version)
{
	struct span hc = rig_challenge(r), cc;
	uint8_t want[16];
	uint16_t sw;

	sw = rig_send(r, 0x80, INS_INITIALIZE_UPDATE, (uint16_t)(version << 8), hc);
	if (sw != SW_OK)
		return sw;
	assert_true(init_update_get(rig_answer(r), (uint8_t)hc.n, &r->u));
	cc = span_of(r->u.card_challenge, hc.n);
	assert_true(scp_begin(&r->host, START(PROTOCOL_SCP03, 0, &r->keys, hc, cc)));
	assert_true(scp_cryptogram(&r->host, CHALLENGES(hc, cc), ROLE_CARD, want));
	/* A card with other keys goes on, so that a wrong EXTERNAL AUTHENTICATE can be sent to it.
	 */
	return span_eq(span_of(want, hc.n), span_of(r->u.cryptogram, hc.n)) ? SW_OK : 1;
}

uint16_t rig_authenticate(struct rig *r, uint8_t level)
{
	struct span hc = rig_challenge(r);
	uint8_t room[64];
	struct wr w = wr_fixed(room, sizeof(room));

	assert_true(scp_host_authenticate(
	    &r->host, CHALLENGES(hc, span_of(r->u.card_challenge, hc.n)), level, r->channel, &w));
	return rig_raw(r, wr_span(&w));
}

void rig_session(struct rig *r, uint8_t version, uint8_t level)
{
	assert_int_equal(rig_initialize(r, version), SW_OK);
	assert_int_equal(rig_authenticate(r, level), SW_OK);
}
