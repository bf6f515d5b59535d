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

bool aid_record_get(struct rd *r, struct aid *a)
{
	struct span s;

	return rd_lv(r, &s) && aid_from(a, s);
}

bool domain_record_get(struct rd *r, struct aid *domain)
{
	struct span s;

	*domain = (struct aid){ 0 };
	return rd_lv(r, &s) && (s.n == 0 || aid_from(domain, s));
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
		[REC_CONTAINER] = container_record_get,
		[REC_CONTAINER_GONE] = container_gone_get,
		[REC_ISSUER] = issuer_get,
		[REC_TIME] = time_get,
		[REC_CLOSED] = closed_get,
		[REC_OBJECT_GONE] = object_gone_get,
		[REC_TRUST] = trust_record_get,
		[REC_TRUST_LOCKED] = trust_locked_get,
	};
	struct rd r = rd_of(value);

	if (type >= sizeof(get) / sizeof(get[0]) || get[type] == NULL)
		return false;
	return get[type](chip, &r) && rd_left(&r) == 0;
}

static bool life_cycle_known(uint8_t s)
{
	return s == LIFE_OP_READY || s == LIFE_INITIALIZED || s == LIFE_SECURED ||
	       s == LIFE_LOCKED || s == LIFE_TERMINATED;
}

static bool slot_state_known(uint8_t s)
{
	return s <= SLOT_VERIFIED || s == SLOT_REJECTED;
}

bool chip_sound(const struct chip *c)
{
	return c->target.n != 0 && life_cycle_known(c->life_cycle) &&
	       slot_state_known(c->slot.state) && c->image.n <= c->memory &&
	       c->slot_data.n <= c->memory && content_sound(c) && containers_sound(c);
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
	if (!aid_same(&c->isd, &aid_isd)) {
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
	ecka_snapshot(w, c);
	broadcast_snapshot(w, c);
	content_snapshot(w, c);
	containers_snapshot(w, c);
	trusts_snapshot(w, c);
	if (c->fault_done)
		nvm_record(w, REC_FAULT_DONE, (struct span){ NULL, 0 });
	wipe(room, sizeof(room));
}
