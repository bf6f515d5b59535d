#include "vcard/core/record.h"

#include <string.h>

void chip_init(struct chip *c)
{
	memset(c, 0, sizeof(*c));
	c->isd = aid_isd;
	c->image = wr_grow(MEMORY_MAX);
	c->slot_data = wr_grow(MEMORY_MAX);
}

void chip_wipe(struct chip *c)
{
	wr_free(&c->image);
	wr_free(&c->slot_data);
	objects_wipe(c);
	content_wipe(&c->content);
	wipe(c, sizeof(*c));
}

/* LV of at most cap octets. */
static bool lv_get(struct rd *r, uint8_t *to, size_t cap, uint8_t *n)
{
	struct span s;
	struct rd v;

	if (!rd_lv(r, &s) || s.n > cap)
		return false;
	v = rd_of(s);
	*n = (uint8_t)s.n;
	return rd_copy(&v, to, s.n);
}

static void identity_put(struct wr *w, const struct chip *c)
{
	wr_u8(w, c->i);
	wr_bytes(w, c->kdd, KDD_SIZE);
	wr_bytes(w, c->cplc, CPLC_SIZE);
	wr_bytes(w, c->platform, PLATFORM_SIZE);
	wr_lv(w, aid_span(&c->target));
	wr_bytes(w, c->issuer, sizeof(c->issuer));
	wr_u32(w, c->memory);
	wr_lv(w, span_of(c->algorithms, c->algorithm_n));
	wr_lv(w, span_of(c->forms, c->form_n));
	wr_u8(w, (uint8_t)c->fault);
	wr_u32(w, c->fault_at);
	key_record_put(w, &c->kmac);
	for (size_t i = 0; i < c->kos_n; i++) {
		wr_u8(w, c->kos[i].version);
		key_record_put(w, &c->kos[i].key);
	}
}

static bool identity_get(struct chip *c, struct rd *r)
{
	uint8_t fault;

	if (!rd_u8(r, &c->i) || !rd_copy(r, c->kdd, KDD_SIZE) || !rd_copy(r, c->cplc, CPLC_SIZE) ||
	    !rd_copy(r, c->platform, PLATFORM_SIZE) || !aid_record_get(r, &c->target) ||
	    !rd_copy(r, c->issuer, sizeof(c->issuer)) || !rd_u32(r, &c->memory) ||
	    !lv_get(r, c->algorithms, sizeof(c->algorithms), &c->algorithm_n) ||
	    !lv_get(r, c->forms, sizeof(c->forms), &c->form_n) || !rd_u8(r, &fault) ||
	    !rd_u32(r, &c->fault_at) || !key_record_get(r, &c->kmac))
		return false;
	c->fault = (enum fault)fault;
	c->kos_n = 0;
	while (rd_left(r) > 0) {
		if (c->kos_n == KOS_MAX || !rd_u8(r, &c->kos[c->kos_n].version) ||
		    !key_record_get(r, &c->kos[c->kos_n].key))
			return false;
		c->kos_n++;
	}
	return c->memory <= MEMORY_MAX && fault <= FAULT_TOO_LONG &&
	       scp_i_valid(PROTOCOL_SCP03, c->i);
}

static bool scp02_get(struct chip *c, struct rd *r)
{
	return rd_u8(r, &c->i02) && scp_i_valid(PROTOCOL_SCP02, c->i02);
}

static bool product_get(struct chip *c, struct rd *r)
{
	uint8_t product;

	if (!rd_u8(r, &product) || product >= PRODUCTS || !rd_copy(r, c->iccid, ICCID_SIZE) ||
	    !rd_copy(r, c->imsi, IMSI_SIZE))
		return false;
	c->product = (enum vcard_product)product;
	return true;
}

static bool isd_get(struct chip *c, struct rd *r)
{
	return aid_record_get(r, &c->isd);
}

static bool life_cycle_get(struct chip *c, struct rd *r)
{
	return rd_u8(r, &c->life_cycle);
}

static bool iin_get(struct chip *c, struct rd *r)
{
	c->iin_n = (uint8_t)rd_left(r);
	return rd_left(r) <= sizeof(c->iin) && rd_copy(r, c->iin, c->iin_n);
}

static bool cin_get(struct chip *c, struct rd *r)
{
	c->cin_n = (uint8_t)rd_left(r);
	return rd_left(r) <= sizeof(c->cin) && rd_copy(r, c->cin, c->cin_n);
}

void slot_put(struct wr *w, const struct slot *s)
{
	wr_u8(w, s->state);
	wr_bytes(w, s->campaign, CAMPAIGN_SIZE);
	wr_u32(w, s->package);
	wr_u32(w, s->total);
	wr_u32(w, s->done);
	wr_u32(w, s->length);
	wr_u8(w, s->form);
	wr_u8(w, s->inner);
	wr_u8(w, s->kos_version);
	wr_bytes(w, s->nonce, INNER_NONCE_SIZE);
	wr_bytes(w, s->keys_id, SLOT_KEYS_SIZE);
	wr_bytes(w, s->mcv, sizeof(s->mcv));
}

/* Files of the first version end with the nonce: see chip_settle. */
static bool slot_get(struct chip *c, struct rd *r)
{
	struct slot *s = &c->slot;
	bool ok;

	memset(s, 0, sizeof(*s));
	ok = rd_u8(r, &s->state) && rd_copy(r, s->campaign, CAMPAIGN_SIZE) &&
	     rd_u32(r, &s->package) && rd_u32(r, &s->total) && rd_u32(r, &s->done) &&
	     rd_u32(r, &s->length) && rd_u8(r, &s->form) && rd_u8(r, &s->inner) &&
	     rd_u8(r, &s->kos_version) && rd_copy(r, s->nonce, INNER_NONCE_SIZE);
	if (!ok || rd_left(r) == 0)
		return ok;
	return rd_copy(r, s->keys_id, SLOT_KEYS_SIZE) && rd_copy(r, s->mcv, sizeof(s->mcv));
}

static bool slot_empty_get(struct chip *c, struct rd *r)
{
	(void)r;
	c->slot = (struct slot){ .state = SLOT_EMPTY };
	wr_free(&c->slot_data);
	return true;
}

static bool slot_erase_get(struct chip *c, struct rd *r)
{
	(void)r;
	wr_free(&c->slot_data);
	return true;
}

static bool slot_data_more_get(struct chip *c, struct rd *r)
{
	wr_put(&c->slot_data, rd_rest(r));
	return wr_ok(&c->slot_data);
}

void running_put(struct wr *w, const struct running *r)
{
	wr_u32(w, r->version);
	wr_bytes(w, r->digest, DIGEST_SIZE);
	wr_u8(w, r->has_campaign);
	wr_bytes(w, r->campaign, CAMPAIGN_SIZE);
	wr_u32(w, r->package);
	wr_u8(w, r->algorithm);
	wr_bytes(w, r->code, sizeof(r->code));
}

static bool running_get(struct chip *c, struct rd *r)
{
	struct running *u = &c->running;
	uint8_t has;

	if (!rd_u32(r, &u->version) || !rd_copy(r, u->digest, DIGEST_SIZE) || !rd_u8(r, &has) ||
	    !rd_copy(r, u->campaign, CAMPAIGN_SIZE) || !rd_u32(r, &u->package) ||
	    !rd_u8(r, &u->algorithm) || !rd_copy(r, u->code, sizeof(u->code)))
		return false;
	u->has_campaign = has != 0;
	return true;
}

static bool activate_get(struct chip *c, struct rd *r)
{
	if (!running_get(c, r))
		return false;
	wr_free(&c->image);
	c->image = c->slot_data;
	c->slot_data = wr_grow(MEMORY_MAX);
	c->slot = (struct slot){ .state = SLOT_EMPTY };
	return true;
}

static bool image_get(struct chip *c, struct rd *r)
{
	wr_free(&c->image);
	wr_put(&c->image, rd_rest(r));
	return wr_ok(&c->image);
}

static bool refused_get(struct chip *c, struct rd *r)
{
	return c->refused_n < REFUSED_MAX && rd_copy(r, c->refused[c->refused_n++], CAMPAIGN_SIZE);
}

static bool fault_done_get(struct chip *c, struct rd *r)
{
	(void)r;
	c->fault_done = true;
	return true;
}

bool chip_apply(void *chip, uint8_t type, struct span value)
{
	static bool (*const get[])(struct chip *, struct rd *) = {
		[REC_IDENTITY] = identity_get,
		[REC_LIFE_CYCLE] = life_cycle_get,
		[REC_IIN] = iin_get,
		[REC_CIN] = cin_get,
		[REC_KEYS] = keys_get,
		[REC_KEYS_GONE] = keys_gone_get,
		[REC_SEQUENCE] = sequence_get,
		[REC_TRIES] = tries_get,
		[REC_SLOT] = slot_get,
		[REC_SLOT_EMPTY] = slot_empty_get,
		[REC_SLOT_ERASE] = slot_erase_get,
		[REC_SLOT_DATA] = slot_data_more_get,
		[REC_ACTIVATE] = activate_get,
		[REC_REFUSED] = refused_get,
		[REC_RUNNING] = running_get,
		[REC_IMAGE] = image_get,
		[REC_FAULT_DONE] = fault_done_get,
		[REC_ECKA] = ecka_get,
		[REC_CA] = ca_get,
		[REC_SCP02] = scp02_get,
		[REC_LOAD_FILE] = load_file_record_get,
		[REC_LOAD_FILE_DOMAIN] = load_file_domain_get,
		[REC_LOAD_FILE_GONE] = load_file_gone_get,
		[REC_APP] = app_get,
		[REC_APP_GONE] = app_gone_get,
		[REC_RECEIPTS] = receipts_get,
		[REC_RESTRICTED] = restricted_get,
		[REC_PAGE] = page_get,
		[REC_DOMAIN_KEYS] = domain_keys_get,
		[REC_DOMAIN_KEYS_GONE] = domain_keys_gone_get,
		[REC_DOMAIN_SEQUENCE] = domain_sequence_get,
		[REC_DOMAIN_TRIES] = domain_tries_get,
		[REC_ISD] = isd_get,
		[REC_PUBLIC] = public_get,
		[REC_PUBLIC_GONE] = public_gone_get,
		[REC_OBJECT] = object_get,
		[REC_ECKA_GONE] = ecka_gone_get,
		[REC_CA_GONE] = ca_gone_get,
		[REC_PRODUCT] = product_get,
	};
	struct rd r = rd_of(value);

	if (type >= sizeof(get) / sizeof(get[0]) || get[type] == NULL)
		return false;
	return get[type](chip, &r) && rd_left(&r) == 0;
}

static bool life_cycle_known(uint8_t s)
{
	return s == CARD_OP_READY || s == CARD_INITIALIZED || s == CARD_SECURED ||
	       s == CARD_LOCKED || s == CARD_TERMINATED;
}

static bool slot_state_known(uint8_t s)
{
	return s <= SLOT_VERIFIED || s == SLOT_REJECTED;
}

bool chip_sound(const struct chip *c)
{
	return c->target.n != 0 && life_cycle_known(c->life_cycle) &&
	       slot_state_known(c->slot.state) && c->image.n <= c->memory &&
	       c->slot_data.n <= c->memory && content_sound(c);
}

void chip_settle(struct chip *c)
{
	static const uint8_t none[SLOT_KEYS_SIZE];

	if (c->slot.state != SLOT_RECEIVING || memcmp(c->slot.keys_id, none, sizeof(none)) != 0)
		return;
	c->slot = (struct slot){ .state = SLOT_EMPTY };
	wr_free(&c->slot_data);
}

static void scp11_snapshot(struct wr *w, const struct chip *c)
{
	uint8_t room[ECKA_RECORD_MAX];
	struct wr value = wr_fixed(room, sizeof(room));

	for (size_t i = 0; i < c->ecka_n; i++) {
		wr_reset(&value);
		ecka_put(&value, &c->ecka[i]);
		nvm_record(w, REC_ECKA, wr_span(&value));
	}
	for (size_t i = 0; i < c->ca_n; i++) {
		wr_reset(&value);
		ca_put(&value, &c->ca[i]);
		nvm_record(w, REC_CA, wr_span(&value));
	}
	wipe(room, sizeof(room));
}

void chip_snapshot(struct wr *w, const struct chip *c)
{
	uint8_t room[1024];
	struct wr value = wr_fixed(room, sizeof(room));

	identity_put(&value, c);
	nvm_record(w, REC_IDENTITY, wr_span(&value));
	if (c->i02 != 0)
		nvm_record(w, REC_SCP02, span_of(&c->i02, 1));
	if (c->product != PRODUCT_PLAIN) {
		wr_reset(&value);
		wr_u8(&value, (uint8_t)c->product);
		wr_bytes(&value, c->iccid, ICCID_SIZE);
		wr_bytes(&value, c->imsi, IMSI_SIZE);
		nvm_record(w, REC_PRODUCT, wr_span(&value));
	}
	if (!aid_eq(&c->isd, &aid_isd)) {
		wr_reset(&value);
		wr_lv(&value, aid_span(&c->isd));
		nvm_record(w, REC_ISD, wr_span(&value));
	}
	nvm_record(w, REC_LIFE_CYCLE, span_of(&c->life_cycle, 1));
	nvm_record(w, REC_IIN, span_of(c->iin, c->iin_n));
	nvm_record(w, REC_CIN, span_of(c->cin, c->cin_n));
	for (size_t i = 0; i < c->keys_n; i++)
		key_record_keys(w, c, &c->keys[i]);
	for (size_t i = 0; i < c->publics_n; i++)
		public_record(w, &c->publics[i]);
	for (size_t i = 0; i < c->objects_n; i++)
		object_record(
		    w, &c->objects[i].owner, c->objects[i].tag, wr_span(&c->objects[i].value));
	scp11_snapshot(w, c);
	for (size_t i = 0; i < c->refused_n; i++)
		nvm_record(w, REC_REFUSED, SPAN(c->refused[i]));
	wr_reset(&value);
	running_put(&value, &c->running);
	nvm_record(w, REC_RUNNING, wr_span(&value));
	nvm_record(w, REC_IMAGE, wr_span(&c->image));
	wr_reset(&value);
	slot_put(&value, &c->slot);
	nvm_record(w, REC_SLOT, wr_span(&value));
	nvm_record(w, REC_SLOT_DATA, wr_span(&c->slot_data));
	content_snapshot(w, c);
	if (c->fault_done)
		nvm_record(w, REC_FAULT_DONE, (struct span){ NULL, 0 });
	wipe(room, sizeof(room));
}
