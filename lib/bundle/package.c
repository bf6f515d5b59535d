#include <stdlib.h>
#include <string.h>

#include "bundle/internal.h"
#include "crypto/aes.h"
#include "scp/scp.h"
#include "tlv/tlv.h"

enum { BROADCAST_LEVEL = LEVEL_CMAC | LEVEL_CDEC };

/* A package in the making, and the storage that its spans point to. */
struct making {
	struct package p;
	uint8_t keys[WRAPPED_KEYS_MAX];
	uint8_t code[WRAPPED_CODE_SIZE];
	uint8_t ret[4 + 1 + AES_BLOCK];
	struct wr commands, checkpoints;
};

static bool wrap_keys(
    const struct bundle_plan *plan, const struct broadcast_keys *bk, struct making *k)
{
	SECRET_KEY(hidden);
	const struct key *kek = plan->kek;
	uint8_t clear[2 * KEY_MAX];
	struct wr w = wr_fixed(clear, sizeof(clear));
	bool ok;

	if (k->p.form == FORM_KOS) {
		if (!kos_key(plan->kos, KOS_KEK, plan->campaign, k->p.number, &hidden))
			return false;
		kek = &hidden;
	}
	wr_put(&w, key_span(&bk->enc));
	wr_put(&w, key_span(&bk->mac));
	ok = wr_ok(&w) && aes_wrap(kek, wr_span(&w), k->keys);
	k->p.keys = span_of(k->keys, w.n + 8);
	wipe(clear, sizeof(clear));
	return ok;
}

/* The literal code, if the algorithm has one (section 5). */
static bool make_code(const struct bundle_plan *plan, const struct broadcast_keys *bk,
    const struct variant_rule *rule, struct making *k)
{
	SECRET_KEY(hidden);
	uint8_t code[CODE_SIZE];

	if (plan->algorithm != rule->literal)
		return true;
	if (!cmac(plan->algorithm == ALG_CMAC_KMAC ? plan->kmac : &bk->mac, plan->image, code))
		return false;
	if (!rule->wrapped) {
		memcpy(k->code, code, sizeof(code));
		k->p.code = span_of(k->code, sizeof(code));
		return true;
	}
	k->p.wrapped_code = SPAN(k->code);
	return kos_key(plan->kos, KOS_CODE, plan->campaign, k->p.number, &hidden) &&
	       aes_wrap(&hidden, SPAN(code), k->code);
}

/* Variant B: the image under Kos, nonce from its CMAC (section 1). out: as long as the image. */
static bool inner_encrypt(const struct bundle_plan *plan, struct making *k, uint8_t *out)
{
	SECRET_KEY(inner);
	struct aes a = { 0 };
	bool ok;

	if (!kos_key(plan->kos, KOS_INNER, plan->campaign, k->p.number, &inner) ||
	    !inner_nonce(plan->kos, plan->campaign, k->p.number, plan->image, k->p.nonce))
		return false;
	ok = aes_set_key(&a, &inner) && aes_ctr(&a, k->p.nonce, plan->image, out);
	aes_wipe(&a);
	return ok;
}

static bool seal_write(struct scp *s, const struct package *p, uint32_t offset, struct span octets,
    struct wr *commands)
{
	uint8_t data[APDU_SHORT_DATA], apdu[4 + 1 + APDU_SHORT_DATA + 1];
	struct wr d = wr_fixed(data, sizeof(data)), w = wr_fixed(apdu, sizeof(apdu));
	struct capdu c = { .cla = 0x80, .ins = INS_WRITE_STAGE, .p2 = p->slot };
	bool ok;

	wr_u32(&d, offset);
	wr_put(&d, octets);
	c.data = wr_span(&d);
	ok = wr_ok(&d) && scp_seal_command(s, &c, &w) && wr_ok(&w);
	tlv_put(commands, B_CAPDU, wr_span(&w));
	wipe(data, sizeof(data));
	return ok;
}

/* The return command, behind the last of the stream. */
static bool seal_return(struct scp *s, struct making *k)
{
	struct capdu c = { .cla = 0x80,
		.ins = INS_CHANGE_MODE,
		.p1 = CHANGE_MODE_RETURN,
		.p2 = CHANGE_MODE_RETURN_P2 };
	struct wr w = wr_fixed(k->ret, sizeof(k->ret));
	bool ok = scp_seal_command(s, &c, &w) && wr_ok(&w);

	k->p.return_command = wr_span(&w);
	return ok;
}

/* All commands under BK (section 4), the checkpoints of S8 (section 8), and the return. */
static bool make_stream(const struct broadcast_keys *bk, struct span payload, struct making *k)
{
	size_t chunk = scp_max_data_at(PROTOCOL_SCP03, BROADCAST_LEVEL, k->p.m) - PAYLOAD_HEAD;
	struct scp s = { 0 };
	bool ok = scp03_resume(&s, &bk->enc, &bk->mac,
	    (struct scp03_point){ k->p.counter, k->p.mcv, BROADCAST_LEVEL, k->p.m });

	for (size_t at = 0; ok && at < payload.n; at += chunk) {
		ok =
		    seal_write(&s, &k->p, (uint32_t)at, span_sub(payload, at, chunk), &k->commands);
		if (k->p.m == 8 && payload.n - at > chunk)
			wr_put(&k->checkpoints, span_sub(SPAN(s.u.scp03.mcv), 8, 8));
	}
	ok = ok && seal_return(&s, k) && wr_ok(&k->commands) && wr_ok(&k->checkpoints);
	k->p.commands = wr_span(&k->commands);
	k->p.checkpoints = wr_span(&k->checkpoints);
	scp_wipe(&s);
	return ok;
}

static bool make_package(
    const struct bundle_plan *plan, const struct broadcast_keys *bk, struct making *k)
{
	const struct variant_rule *rule = variant_rule(plan->variant);
	struct span payload = plan->image;
	uint8_t *under_kos = NULL;
	size_t chunk = scp_max_data_at(PROTOCOL_SCP03, BROADCAST_LEVEL, k->p.m) - PAYLOAD_HEAD;
	bool ok = false;

	k->p.key_n = plan->key_n;
	k->p.form = rule->form;
	k->p.inner = rule->inner;
	k->p.has_kos_version = rule->form == FORM_KOS || rule->inner == INNER_KOS;
	k->p.kos_version = plan->kos_version;
	k->p.has_nonce = rule->inner == INNER_KOS;
	if (rule->form == FORM_CLEAR)
		k->p.kek_name = span_str(plan->kek_name);
	k->p.total = (uint32_t)((plan->image.n + chunk - 1) / chunk);
	broadcast_counter(k->p.number, 0, k->p.counter);
	if (!broadcast_start_mcv(&bk->mac, plan->campaign, k->p.number, k->p.total, k->p.mcv) ||
	    !wrap_keys(plan, bk, k) || !make_code(plan, bk, rule, k))
		return false;
	if (rule->inner == INNER_KOS) {
		under_kos = malloc(plan->image.n);
		if (under_kos == NULL || !inner_encrypt(plan, k, under_kos))
			goto out;
		payload = span_of(under_kos, plan->image.n);
	}
	ok = make_stream(bk, payload, k);
out:
	free(under_kos);
	return ok;
}

/* Tag A3. */
static void put_package(struct wr *w, const struct package *p)
{
	size_t a3 = tlv_open(w, B_PACKAGE), a6;

	tlv_put_u32(w, B_NUMBER, p->number);
	tlv_put_u8(w, B_MAC_SIZE, p->m);
	tlv_put_u8(w, B_KEY_SIZE, p->key_n);
	tlv_put_u8(w, B_FORM, p->form);
	tlv_put(w, B_KEYS, p->keys);
	if (p->kek_name.n > 0)
		tlv_put(w, B_KEK_NAME, p->kek_name);
	if (p->has_kos_version)
		tlv_put_u8(w, B_KOS_VERSION, p->kos_version);
	tlv_put_u8(w, B_INNER, p->inner);
	tlv_put_u8(w, B_SLOT, p->slot);
	if (p->has_nonce)
		tlv_put(w, B_NONCE, SPAN(p->nonce));
	tlv_put(w, B_COUNTER, SPAN(p->counter));
	tlv_put(w, B_MCV, SPAN(p->mcv));
	tlv_put_u32(w, B_TOTAL, p->total);
	if (p->wrapped_code.n > 0)
		tlv_put(w, B_WRAPPED_CODE, p->wrapped_code);
	if (p->code.n > 0)
		tlv_put(w, B_CODE, p->code);
	tlv_put(w, B_COMMANDS, p->commands);
	a6 = tlv_open(w, B_RETURN);
	tlv_put(w, B_CAPDU, p->return_command);
	tlv_close(w, a6);
	if (p->checkpoints.n > 0)
		tlv_put(w, B_CHECKPOINTS, p->checkpoints);
	tlv_close(w, a3);
}

bool package_build_all(
    struct wr *w, const struct bundle_plan *plan, const struct broadcast_keys *bk)
{
	bool ok = true;

	for (uint32_t i = 0; ok && i < (plan->s16 ? 2u : 1u); i++) {
		struct making k = { .p = { .number = plan->package + i, .m = i == 0 ? 8 : 16 },
			.commands = wr_grow(BUNDLE_MAX),
			.checkpoints = wr_grow(BUNDLE_MAX) };

		ok = make_package(plan, &bk[i], &k);
		if (ok)
			put_package(w, &k.p);
		wr_free(&k.commands);
		wr_free(&k.checkpoints);
	}
	return ok;
}
