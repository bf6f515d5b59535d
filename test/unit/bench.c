#include <unistd.h>

#include "bench.h"
#include "crypto/digest.h"
#include "crypto/kdf.h"
#include "gp/init_update.h"
#include "scp_start.h"

enum { KEY_VERSION = 0x30, KOS_VERSION = 0x01, MEMORY = 1u << 16 };

static struct key counted_key(uint8_t first, uint8_t n)
{
	struct key k = { .n = n };

	for (uint8_t j = 0; j < n; j++)
		k.b[j] = (uint8_t)(first + j);
	return k;
}

void bench_issue(struct bench *b, uint8_t key_n, uint8_t i)
{
	struct vcard_issue *s = &b->issue;

	*b = (struct bench){ 0 };
	s->keys = (struct key_set){ counted_key(0x40, key_n), counted_key(0x60, key_n),
		counted_key(0x80, key_n) };
	s->key_version = KEY_VERSION;
	s->i = i;
	memset(s->kdd, 0x33, sizeof(s->kdd));
	s->cin[0] = 0x11;
	s->cin_n = 1;
	memcpy(s->platform, "PLAT-A01", PLATFORM_SIZE);
	assert_true(aid_from(&s->target, unit_bytes("A000000151000001")));
	s->base = 0x00030000;
	assert_true(p256_generate(&b->issuer_key, s->issuer));
	s->kos[0].version = KOS_VERSION;
	s->kos[0].key = counted_key(0xA0, 32);
	s->kos_n = 1;
	s->kmac = counted_key(0xC0, key_n);
	memcpy(s->algorithms, "\x01\x02\x04\x05", 4);
	s->algorithm_n = 4;
	memcpy(s->forms, "\x00\x01", 2);
	s->form_n = 2;
	s->memory = MEMORY;
}

void bench_on(struct bench *b)
{
	struct err e;
	int fd;

	snprintf(b->path, sizeof(b->path), "/tmp/bench-XXXXXX");
	fd = mkstemp(b->path);
	assert_true(fd >= 0);
	close(fd);
	unlink(b->path);
	assert_ok(vcard_create(b->path, &b->issue, &e), &e);
	assert_ok(vcard_open(b->path, &b->v, &e), &e);
}

void bench_cycle(struct bench *b)
{
	struct err e;

	vcard_close(b->v);
	b->v = NULL;
	b->channel = 0;
	scp_wipe(&b->host);
	assert_ok(vcard_open(b->path, &b->v, &e), &e);
}

void bench_off(struct bench *b)
{
	vcard_close(b->v);
	b->v = NULL;
	scp_wipe(&b->host);
	unlink(b->path);
}

struct span bench_answer(const struct bench *b)
{
	return span_of(b->answer, b->answer_n);
}

uint16_t bench_raw(struct bench *b, struct span command)
{
	struct wr w = wr_fixed(b->answer, sizeof(b->answer));
	struct rapdu r;

	b->answer_n = 0;
	b->how = vcard_transmit(b->v, command, &w);
	if (b->how != VCARD_ANSWER)
		return 0;
	assert_true(wr_ok(&w));
	b->answer_n = w.n;
	assert_true(rapdu_get(bench_answer(b), &r));
	return r.sw;
}

uint16_t bench_plain(struct bench *b, uint8_t ins, uint16_t p1p2, struct span data)
{
	struct capdu c = { cla_with_channel(
			       ins == INS_SELECT || ins == INS_MANAGE_CHANNEL ? 0 : 0x80,
			       b->channel),
		ins, (uint8_t)(p1p2 >> 8), (uint8_t)p1p2, data, LE_MAX_SHORT, false };
	uint8_t buf[300];
	struct wr w = wr_fixed(buf, sizeof(buf));

	capdu_put(&w, &c);
	assert_true(wr_ok(&w));
	return bench_raw(b, wr_span(&w));
}

static void wrap_on(struct scp *s, uint8_t channel, const struct capdu *c, struct wr *out)
{
	struct capdu on = *c;

	on.cla = cla_with_channel(c->cla, channel);
	assert_true(scp_seal_command(s, &on, out));
	assert_true(wr_ok(out));
}

void bench_wrap(struct scp *s, uint8_t ins, uint16_t p1p2, struct span data, struct wr *out)
{
	struct capdu c = { 0x80, ins, (uint8_t)(p1p2 >> 8), (uint8_t)p1p2, data, LE_MAX_SHORT,
		false };

	wrap_on(s, 0, &c, out);
}

uint16_t bench_secure(
    struct bench *b, uint8_t ins, uint16_t p1p2, struct span data, struct span *data_out)
{
	struct capdu c = { 0x80, ins, (uint8_t)(p1p2 >> 8), (uint8_t)p1p2, data, LE_MAX_SHORT,
		false };
	uint8_t buf[300];
	struct wr w = wr_fixed(buf, sizeof(buf)), d = wr_fixed(b->plain, sizeof(b->plain));
	struct rapdu r;
	uint16_t sw;

	wrap_on(&b->host, b->channel, &c, &w);
	sw = bench_raw(b, wr_span(&w));
	if (sw == 0)
		return 0;
	assert_int_equal(scp_open_response(&b->host, bench_answer(b), &r, &d), SCP_OK);
	if (data_out != NULL)
		*data_out = r.data;
	return r.sw;
}

void bench_session(struct bench *b, uint8_t level)
{
	uint8_t m = (b->issue.i & SCP03_I_S16) != 0 ? 16 : 8, cryptogram[16], buf[64];
	struct wr w = wr_fixed(buf, sizeof(buf));
	uint8_t challenge[16];
	struct init_update u;
	struct span host, card;

	memset(challenge, 0x5A, sizeof(challenge));
	host = span_of(challenge, m);
	assert_int_equal(bench_plain(b, INS_INITIALIZE_UPDATE, KEY_VERSION << 8, host), SW_OK);
	assert_true(init_update_get(span_of(b->answer, b->answer_n - 2), m, &u));
	card = span_of(u.card_challenge, m);
	assert_true(scp_begin(&b->host, START(PROTOCOL_SCP03, 0, &b->issue.keys, host, card)));
	assert_true(scp_cryptogram(&b->host, CHALLENGES(host, card), ROLE_CARD, cryptogram));
	assert_memory_equal(cryptogram, u.cryptogram, m);
	assert_true(scp_host_authenticate(&b->host, CHALLENGES(host, card), level, b->channel, &w));
	assert_int_equal(bench_raw(b, wr_span(&w)), SW_OK);
}

struct logical_channel *bench_channel(struct bench *b)
{
	return &b->v->channel[b->channel];
}

/* Inside the channel when one is open, else free. */
static struct span read_data(struct bench *b, uint16_t tag)
{
	struct span data;

	if (bench_channel(b)->session == CHANNEL_UNICAST) {
		assert_int_equal(
		    bench_secure(b, INS_GET_DATA, tag, span_of(NULL, 0), &data), SW_OK);
		return data;
	}
	assert_int_equal(bench_plain(b, INS_GET_DATA, tag, span_of(NULL, 0)), SW_OK);
	return span_of(b->answer, b->answer_n - 2);
}

struct slot_data bench_slot(struct bench *b)
{
	struct slot_data s;

	assert_true(slot_data_get(read_data(b, TAG_SLOTS), &s));
	return s;
}

struct system_data bench_system(struct bench *b)
{
	struct system_data s;

	assert_true(system_data_get(read_data(b, TAG_SYSTEM), &s));
	return s;
}

void package_make(struct package *p, const struct bench *b, char variant, uint8_t key_n, uint8_t m)
{
	*p = (struct package){ .variant = variant,
		.m = m,
		.number = m == 16 ? 2 : 1,
		.total = 3,
		.length = 600,
		.version = 0x00030002,
		.block = m == 16 ? 219 : 235 };
	memset(p->campaign, 0xC5, sizeof(p->campaign));
	p->bk_enc.n = p->bk_mac.n = key_n;
	assert_true(random_bytes(p->bk_enc.b, key_n));
	assert_true(random_bytes(p->bk_mac.b, key_n));
	p->kos = b->issue.kos[0].key;
	p->kmac = b->issue.kmac;
}

/* What the stream carries: the image, under the inner layer in variant B. */
static void package_payload(struct package *p, uint8_t *payload)
{
	SECRET_KEY(key);
	struct aes aes = { 0 };
	uint8_t mac[16];

	memcpy(payload, p->image, p->length);
	if (p->variant != 'b')
		return;
	assert_true(kos_key(&p->kos, KOS_NONCE, p->campaign, p->number, &key));
	assert_true(cmac(&key, span_of(p->image, p->length), mac));
	memcpy(p->nonce, mac, sizeof(p->nonce));
	assert_true(kos_key(&p->kos, KOS_INNER, p->campaign, p->number, &key));
	assert_true(aes_set_key(&aes, &key));
	assert_true(aes_ctr(&aes, p->nonce, span_of(p->image, p->length), payload));
	aes_wipe(&aes);
}

void package_stream(struct package *p)
{
	uint8_t *payload = malloc(p->length + 1), counter[16], back[32];
	struct scp s = { 0 };
	struct wr w;

	p->image = malloc(p->length + 1);
	p->command = calloc(p->total, sizeof(*p->command));
	p->mcv = calloc(p->total + 1, sizeof(*p->mcv));
	assert_true(payload != NULL && p->image != NULL && p->command != NULL && p->mcv != NULL);
	for (uint32_t k = 0; k < p->length; k++)
		p->image[k] = (uint8_t)(k * 7 + k / 256 + 3);
	if (p->head.n > 0)
		memcpy(p->image, p->head.p, p->head.n);
	package_payload(p, payload);
	p->stream = wr_grow(1u << 20);
	broadcast_counter(p->number, 0, counter);
	assert_true(broadcast_start_mcv(&p->bk_mac, p->campaign, p->number, p->total, p->mcv[0]));
	assert_true(scp03_resume(&s, &p->bk_enc, &p->bk_mac,
	    (struct scp03_point){ counter, p->mcv[0], LEVEL_CMAC | LEVEL_CDEC, p->m }));
	for (uint32_t k = 0; k < p->total; k++) {
		uint8_t data[240], wire[300];
		struct wr d = wr_fixed(data, sizeof(data)), out = wr_fixed(wire, sizeof(wire));

		wr_u32(&d, (uint32_t)(k * p->block < p->length ? k * p->block : p->length));
		wr_put(&d, span_sub(span_of(payload, p->length), k * p->block, p->block));
		struct capdu c = { 0x80, INS_WRITE_STAGE, 0, 0, wr_span(&d), LE_NONE, false };
		wrap_on(&s, 0, &c, &out);
		p->command[k][0] = p->stream.n;
		p->command[k][1] = out.n;
		wr_put(&p->stream, wr_span(&out));
		memcpy(p->mcv[k + 1], s.u.scp03.mcv, 16);
	}
	w = wr_fixed(back, sizeof(back));
	wrap_on(&s, 0,
	    &(struct capdu){ 0x80, INS_CHANGE_MODE, CHANGE_MODE_RETURN, CHANGE_MODE_RETURN_P2,
		span_of(NULL, 0), LE_NONE, false },
	    &w);
	memcpy(p->back, back, w.n);
	p->back_n = w.n;
	scp_wipe(&s);
	free(payload);
}

void package_free(struct package *p)
{
	wr_free(&p->stream);
	free(p->image);
	free(p->command);
	free(p->mcv);
}

struct span package_command(const struct package *p, uint32_t k)
{
	return span_sub(wr_span(&p->stream), p->command[k][0], p->command[k][1]);
}

struct span package_return(const struct package *p)
{
	return span_of(p->back, p->back_n);
}

void package_enter(const struct package *p, uint32_t done, struct enter *e)
{
	SECRET_KEY(kek);
	uint8_t both[2 * KEY_MAX];
	size_t n = p->bk_enc.n;

	*e = (struct enter){ .form = p->variant == 'a' ? FORM_KOS : FORM_CLEAR,
		.package = p->number,
		.total = p->total,
		.done = done,
		.length = p->length,
		.inner = p->variant == 'b' ? INNER_KOS : INNER_NONE };
	memcpy(e->campaign, p->campaign, CAMPAIGN_SIZE);
	memcpy(e->mcv, p->mcv[done], 16);
	broadcast_counter(p->number, done, e->counter);
	e->has_kos_version = p->variant != 'p';
	e->kos_version = e->has_kos_version ? KOS_VERSION : 0;
	e->has_nonce = p->variant == 'b';
	if (e->has_nonce)
		memcpy(e->nonce, p->nonce, sizeof(e->nonce));
	if (e->form == FORM_CLEAR) {
		memcpy(e->keys, p->bk_enc.b, n);
		e->keys_n = (uint8_t)n;
		e->bk_mac = p->bk_mac;
		return;
	}
	memcpy(both, p->bk_enc.b, n);
	memcpy(&both[n], p->bk_mac.b, n);
	assert_true(kos_key(&p->kos, KOS_KEK, p->campaign, p->number, &kek));
	assert_true(aes_wrap(&kek, span_of(both, 2 * n), e->keys));
	e->keys_n = (uint8_t)(2 * n + 8);
}

void package_sign(const struct package *p, const struct bench *b, struct authorize *a)
{
	uint8_t digest[32], text[200];
	struct wr w = wr_fixed(text, sizeof(text));

	assert_true(sha256_of(span_of(p->image, p->length), digest));
	authorize_signed_text(&w, a, digest);
	assert_true(wr_ok(&w));
	assert_true(p256_sign(&b->issuer_key, wr_span(&w), a->signature));
	a->has_signature = true;
}

void package_authorize(
    const struct package *p, const struct bench *b, uint8_t algorithm, struct authorize *a)
{
	struct span image = span_of(p->image, p->length);
	uint8_t mac[16];
	SECRET_KEY(kek);

	*a = (struct authorize){ .package = p->number,
		.algorithm = algorithm,
		.length = p->length,
		.version = p->version,
		.target = b->issue.target,
		.base = b->issue.base };
	memcpy(a->campaign, p->campaign, CAMPAIGN_SIZE);
	memcpy(a->platform, b->issue.platform, PLATFORM_SIZE);
	a->code_n = 32;
	if (algorithm == ALG_DIGEST || algorithm == ALG_ISSUER) {
		assert_true(sha256_of(image, a->code));
		if (algorithm == ALG_ISSUER)
			package_sign(p, b, a);
		return;
	}
	a->code_n = 16;
	assert_true(cmac(algorithm == ALG_CMAC_BK ? &p->bk_mac : &p->kmac, image, mac));
	memcpy(a->code, mac, 16);
	if (algorithm == ALG_CMAC_BK && p->variant == 'a') {
		assert_true(kos_key(&p->kos, KOS_CODE, p->campaign, p->number, &kek));
		assert_true(aes_wrap(&kek, SPAN(mac), a->code));
		a->code_n = 24;
		a->wrapped = true;
	}
}

uint16_t bench_enter(struct bench *b, const struct enter *e)
{
	uint8_t data[256];
	struct wr w = wr_fixed(data, sizeof(data));

	enter_put(&w, e);
	assert_true(wr_ok(&w));
	return bench_secure(b, INS_CHANGE_MODE, CHANGE_MODE_ENTER << 8, wr_span(&w), NULL);
}

uint16_t bench_start(struct bench *b, const struct package *p, uint32_t done)
{
	struct enter e;

	package_enter(p, done, &e);
	return bench_enter(b, &e);
}

void bench_stream(struct bench *b, const struct package *p, uint32_t from)
{
	for (uint32_t k = from; k < p->total; k++)
		assert_int_equal(bench_raw(b, package_command(p, k)), SW_OK);
}

uint16_t bench_return(struct bench *b, const struct package *p)
{
	return bench_raw(b, package_return(p));
}

uint16_t bench_authorize(struct bench *b, uint8_t p1, const struct authorize *a, uint8_t *result)
{
	uint8_t data[256];
	struct wr w = wr_fixed(data, sizeof(data));
	struct verdict v;
	struct span answer;
	uint16_t sw;

	*result = 0xFF;
	authorize_put(&w, a);
	assert_true(wr_ok(&w));
	sw = bench_secure(b, INS_AUTHORIZE_ACTION, (uint16_t)(p1 << 8), wr_span(&w), &answer);
	if (sw == SW_OK || sw == SW_AUTH_FAILED) {
		assert_true(verdict_get(answer, &v));
		assert_memory_equal(v.campaign, a->campaign, CAMPAIGN_SIZE);
		*result = v.result;
	}
	return sw;
}

void bench_load(struct bench *b, const struct package *p)
{
	assert_int_equal(bench_start(b, p, 0), SW_OK);
	bench_stream(b, p, 0);
	assert_int_equal(bench_return(b, p), SW_OK);
}

uint8_t bench_activate(struct bench *b, const struct package *p)
{
	struct authorize a;
	uint8_t result;

	package_authorize(p, b, ALG_ISSUER, &a);
	bench_authorize(b, P1_ACTIVATE, &a, &result);
	return result;
}

void insider_begin(struct scp *s, const struct package *p, uint32_t done)
{
	uint8_t counter[16];

	broadcast_counter(p->number, done, counter);
	assert_true(scp03_resume(s, &p->bk_enc, &p->bk_mac,
	    (struct scp03_point){ counter, p->mcv[done], LEVEL_CMAC | LEVEL_CDEC, p->m }));
}

uint16_t insider_sends(struct bench *b, struct scp *s, uint8_t ins, uint16_t p1p2, struct span data)
{
	uint8_t buf[300];
	struct wr w = wr_fixed(buf, sizeof(buf));

	bench_wrap(s, ins, p1p2, data, &w);
	return bench_raw(b, wr_span(&w));
}

void bench_set_up(struct bench *b, struct package *p, char variant, uint8_t key_n, uint8_t m)
{
	bench_issue(b, key_n, m == 16 ? 0x71 : 0x70);
	package_make(p, b, variant, key_n, m);
	package_stream(p);
	bench_on(b);
	bench_session(b, 0x33);
}

void bench_tear_down(struct bench *b, struct package *p)
{
	bench_off(b);
	package_free(p);
}

void bench_assert_active(struct bench *b, const struct package *p)
{
	struct system_data s = bench_system(b);
	uint8_t digest[32];

	assert_true(sha256_of(span_of(p->image, p->length), digest));
	assert_memory_equal(s.digest, digest, 32);
	assert_int_equal(s.version, p->version);
	assert_int_equal(s.length, p->length);
	assert_true(s.has_campaign);
	assert_memory_equal(s.campaign, p->campaign, CAMPAIGN_SIZE);
	assert_span(wr_span(&b->v->chip.image), span_of(p->image, p->length));
	assert_int_equal(bench_slot(b).state, SLOT_EMPTY);
}
