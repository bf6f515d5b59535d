/* GET DATA (GPCS 11.3): what the card tells everybody. */
#include "gp/card_data.h"
#include "tlv/tlv.h"
#include "vcard/handlers.h"

enum { ALL_AES_SIZES = 0x07 };

static uint16_t get_iin(struct call *c)
{
	const struct chip *chip = &c->v->chip;

	if (chip->iin_n == 0)
		return SW_REFERENCE_NOT_FOUND;
	tlv_put(c->out, TAG_IIN, span_of(chip->iin, chip->iin_n));
	return SW_OK;
}

static uint16_t get_cin(struct call *c)
{
	const struct chip *chip = &c->v->chip;

	if (chip->cin_n == 0)
		return SW_REFERENCE_NOT_FOUND;
	tlv_put(c->out, TAG_CIN, span_of(chip->cin, chip->cin_n));
	return SW_OK;
}

static uint16_t get_card_data(struct call *c)
{
	struct card_data d = { .version = { 2, 3, 1 }, .version_n = 3, .scp_n = 1 };
	const struct chip *chip = &c->v->chip;
	uint16_t i = scp11_i_of(&c->v->chip);

	d.scp[0] = chip->i02 != 0 ? (struct scp_option){ 0x02, chip->i02 }
				  : (struct scp_option){ 0x03, chip->i };
	if (i != 0)
		d.scp[d.scp_n++] = (struct scp_option){ 0x11, i };
	card_data_put(c->out, &d);
	return SW_OK;
}

static uint16_t get_capabilities(struct call *c)
{
	struct capabilities k = { .n = 1 };
	uint8_t i02 = c->v->chip.i02;

	k.scp[0].scp = i02 != 0 ? 0x02 : 0x03;
	k.scp[0].i_n = 1;
	k.scp[0].i[0] = i02 != 0 ? i02 : c->v->chip.i;
	k.scp[0].key_sizes = i02 != 0 ? 0 : ALL_AES_SIZES;
	capabilities_put(c->out, &k);
	return SW_OK;
}

/* The first component of each; its curve is told by the certificates. */
static void add_scp11(const struct chip *c, struct key_infos *infos)
{
	for (size_t i = 0; i < c->ca_n; i++)
		infos->key[infos->n++] = (struct key_info){ .id = c->ca[i].ref.kid,
			.version = c->ca[i].ref.kvn,
			.type = KEY_TYPE_EC_PUBLIC,
			.length = (uint16_t)(c->ca[i].key.n - 1) };
	for (size_t i = 0; i < c->ecka_n; i++)
		infos->key[infos->n++] = (struct key_info){ .id = c->ecka[i].ref.kid,
			.version = c->ecka[i].ref.kvn,
			.type = KEY_TYPE_EC_PRIVATE,
			.length = c->ecka[i].key.n };
}

uint8_t key_type(const struct chip *c)
{
	return c->i02 != 0 ? KEY_TYPE_DES : KEY_TYPE_AES;
}

static uint16_t get_key_information(struct call *c)
{
	struct aid domain = chip_domain_name(c->v, &c->ch->selected);
	struct key_infos infos = { 0 };

	for (size_t i = 0; i < c->v->chip.keys_n; i++) {
		struct card_keys *set = &c->v->chip.keys[i];

		if (!span_eq(aid_span(&set->domain), aid_span(&domain)))
			continue;
		for (uint8_t kid = 1; kid <= KIDS && infos.n < KEY_INFO_MAX; kid++) {
			uint8_t n = key_of(&set->keys, kid)->n;

			if (n != 0)
				infos.key[infos.n++] = (struct key_info){ .id = kid,
					.version = set->version,
					.type = set->type,
					.length = n };
		}
	}
	_Static_assert(KEY_SETS_MAX * KIDS + VCARD_CA_MAX + VCARD_ECKA_MAX <= KEY_INFO_MAX,
	    "all keys fit the list");
	add_scp11(&c->v->chip, &infos);
	key_infos_put(c->out, &infos);
	return SW_OK;
}

/* The counter of the default key version; SCP03 has it in pseudo-random mode only. */
static uint16_t get_sequence(struct call *c)
{
	const struct card_keys *k = chip_channel_keys(c->v, &c->ch->selected, 0);
	bool old = c->v->chip.i02 != 0;
	uint8_t value[SEQUENCE_SIZE];
	struct wr w = wr_fixed(value, sizeof(value));

	if (k == NULL || (!old && (c->v->chip.i & SCP03_I_PSEUDO_RANDOM) == 0))
		return SW_REFERENCE_NOT_FOUND;
	if (old)
		wr_u16(&w, (uint16_t)k->sequence);
	else
		wr_u24(&w, k->sequence);
	tlv_put(c->out, TAG_SEQUENCE_COUNTER, wr_span(&w));
	return SW_OK;
}

static uint16_t get_kdd(struct call *c)
{
	tlv_put(c->out, TAG_DIVERSIFICATION_DATA, span_of(c->v->chip.kdd, KDD_SIZE));
	return SW_OK;
}

static uint16_t get_cplc(struct call *c)
{
	tlv_put(c->out, TAG_CPLC, span_of(c->v->chip.cplc, CPLC_SIZE));
	return SW_OK;
}

/* With an interindustry class byte the answer is the value alone. */
static uint16_t value_only(struct call *c)
{
	struct rd r = rd_of(wr_span(c->out));
	uint8_t copy[4096];
	struct wr value = wr_fixed(copy, sizeof(copy));
	struct tlv t;

	if (!tlv_next(&r, &t))
		return SW_UNKNOWN;
	wr_put(&value, t.val);
	if (!wr_ok(&value))
		return SW_UNKNOWN;
	wr_reset(c->out);
	wr_put(c->out, wr_span(&value));
	return SW_OK;
}

/* What a card with SCP02, which has no broadcast, does not tell. */
static bool is_broadcast(uint16_t tag)
{
	return tag == TAG_SYSTEM || tag == TAG_SLOTS || tag == TAG_POLICY;
}

uint16_t do_get_data(struct call *c)
{
	static const struct {
		uint16_t tag;
		handler *get;
	} objects[] = {
		{ TAG_IIN, get_iin },
		{ TAG_CIN, get_cin },
		{ TAG_CARD_DATA, get_card_data },
		{ TAG_CAPABILITIES, get_capabilities },
		{ TAG_KEY_INFORMATION, get_key_information },
		{ TAG_SEQUENCE_COUNTER, get_sequence },
		{ TAG_DIVERSIFICATION_DATA, get_kdd },
		{ TAG_CPLC, get_cplc },
		{ TAG_RESOURCES, get_resources },
		{ TAG_CONFIRMATION_COUNTER, get_confirmation_counter },
		{ TAG_APPLICATION_LIST, get_application_list },
		{ TAG_SYSTEM, get_data_system },
		{ TAG_SLOTS, get_data_slots },
		{ TAG_POLICY, get_data_policy },
		{ TAG_CERTIFICATE_STORE, get_certificate_store },
		{ TAG_CA_KLOC_IDENTIFIERS, get_ca_identifiers },
	};
	unsigned tag = (unsigned)c->cmd->p1 << 8 | c->cmd->p2;
	uint16_t sw = SW_REFERENCE_NOT_FOUND;

	if (c->cmd->data.n > 0 && tag != TAG_CERTIFICATE_STORE && tag != TAG_APPLICATION_LIST)
		return SW_WRONG_LENGTH;
	for (size_t i = 0; i < sizeof(objects) / sizeof(objects[0]); i++)
		if (objects[i].tag == tag && (c->v->chip.i02 == 0 || !is_broadcast(objects[i].tag)))
			sw = objects[i].get(c);
	if (sw == SW_OK && (c->cmd->cla & 0x80) == 0 && tag != TAG_APPLICATION_LIST)
		sw = value_only(c);
	return sw;
}
