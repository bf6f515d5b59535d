/* GET DATA (GPCS 11.3): what the card and its domains tell everybody. */
#include "gp/cert.h"
#include "tlv/tlv.h"
#include "vcard/channel/channel.h"
#include "vcard/content/content.h"
#include "vcard/core/card_state.h"
#include "vcard/core/handlers.h"
#include "vcard/keys/keys.h"
#include "vcard/products/product.h"

enum { ALL_AES_SIZES = 0x07 };

/* What STORE DATA brought to the selected domain or application. */
static uint16_t get_object(struct call *c, uint16_t tag)
{
	struct span value;

	if (!chip_object(c->v, &c->ch->selected, tag, &value))
		return SW_REFERENCE_NOT_FOUND;
	tlv_put(c->out, tag, value);
	return SW_OK;
}

static uint16_t get_iin(struct call *c)
{
	const struct chip *chip = &c->v->chip;

	if (!chip_is_isd(c->v, &c->ch->selected))
		return get_object(c, TAG_IIN);
	if (chip->iin_n == 0)
		return SW_REFERENCE_NOT_FOUND;
	tlv_put(c->out, TAG_IIN, span_of(chip->iin, chip->iin_n));
	return SW_OK;
}

static uint16_t get_cin(struct call *c)
{
	const struct chip *chip = &c->v->chip;

	if (!chip_is_isd(c->v, &c->ch->selected))
		return get_object(c, TAG_CIN);
	if (chip->cin_n == 0)
		return SW_REFERENCE_NOT_FOUND;
	tlv_put(c->out, TAG_CIN, span_of(chip->cin, chip->cin_n));
	return SW_OK;
}

/* For hosts that want one command where there are four. */
static uint16_t get_data_broadcast(struct call *c)
{
	static handler *const parts[] = { get_data_system, get_data_slots, get_data_policy };
	size_t mark = tlv_open(c->out, TAG_BROADCAST);

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		uint16_t sw = parts[i](c);

		if (sw != SW_OK)
			return sw;
	}
	if (c->v->chip.cin_n > 0)
		tlv_put(c->out, TAG_CIN, span_of(c->v->chip.cin, c->v->chip.cin_n));
	tlv_close(c->out, mark);
	return SW_OK;
}

static uint16_t get_manager_url(struct call *c)
{
	return get_object(c, TAG_MANAGER_URL);
}

void card_data_of(const struct chip *chip, struct card_data *d)
{
	uint16_t i = scp11_i_of(chip);

	*d = (struct card_data){ .version = { 2, 3, 1 }, .version_n = 3, .scp_n = 1 };
	d->scp[0] = chip->i02 != 0 ? (struct scp_option){ 0x02, chip->i02 }
				   : (struct scp_option){ 0x03, chip->i };
	if (i != 0)
		d->scp[d->scp_n++] = (struct scp_option){ 0x11, i };
	if (chip->product == PRODUCT_UICC) /* over the air */
		d->scp[d->scp_n++] = (struct scp_option){ 0x80, 0x00 };
}

static uint16_t get_card_data(struct call *c)
{
	struct card_data d;

	if (get_object(c, TAG_CARD_DATA) == SW_OK)
		return SW_OK;
	card_data_of(&c->v->chip, &d);
	card_data_put(c->out, &d);
	return SW_OK;
}

static uint16_t get_capabilities(struct call *c)
{
	struct capabilities k = { .n = 1 };
	uint8_t i02 = c->v->chip.i02, room[64];
	struct wr protocols = wr_fixed(room, sizeof(room));
	struct span value;
	size_t mark;

	if (get_object(c, TAG_CAPABILITIES) == SW_OK)
		return SW_OK;
	k.scp[0].scp = i02 != 0 ? 0x02 : 0x03;
	k.scp[0].i_n = 1;
	k.scp[0].i[0] = i02 != 0 ? i02 : c->v->chip.i;
	k.scp[0].key_sizes = i02 != 0 ? 0 : ALL_AES_SIZES;
	capabilities_put(&protocols, &k);
	if (!tlv_find(wr_span(&protocols), TAG_CAPABILITIES, &value))
		return SW_UNKNOWN;
	mark = tlv_open(c->out, TAG_CAPABILITIES);
	wr_put(c->out, value);
	content_capabilities(c->out);
	tlv_close(c->out, mark);
	return SW_OK;
}

static void add_ec(struct key_infos *infos, struct key_ref ref, uint8_t type, struct key_info k)
{
	k.id = ref.kid;
	k.version = ref.kvn;
	k.type = type;
	k.second = KEY_TYPE_EC_PARAMETER;
	infos->key[infos->n++] = k;
}

/* Without the first octet of a point; with the reference of the curve (GPCS 11.3.3.1.1). */
static void add_ec_public(struct key_infos *infos, struct key_ref ref, const struct ec_public *k)
{
	add_ec(infos, ref, KEY_TYPE_EC_PUBLIC,
	    (struct key_info){
		.length = (uint16_t)(k->n - 1), .second_length = curve_reference(k->curve) });
}

static void add_public(struct key_infos *infos, const struct card_public *k)
{
	if (k->key.kind == AUTHORITY_EC) {
		add_ec_public(infos, k->ref, &k->key.ec);
		return;
	}
	infos->key[infos->n++] = (struct key_info){ .id = k->ref.kid,
		.version = k->ref.kvn,
		.type = KEY_TYPE_RSA_MODULUS,
		.length = k->key.n_octets,
		.second = KEY_TYPE_RSA_EXPONENT,
		.second_length = k->key.e_octets };
}

static void add_publics(const struct chip *c, const struct aid *domain, struct key_infos *infos)
{
	for (size_t i = 0; i < c->publics_n; i++)
		if (aid_same(&c->publics[i].domain, domain))
			add_public(infos, &c->publics[i]);
	for (size_t i = 0; i < c->ca_n && domain->n == 0; i++)
		add_ec_public(infos, c->ca[i].ref, &c->ca[i].key);
	for (size_t i = 0; i < c->ecka_n && domain->n == 0; i++)
		add_ec(infos, c->ecka[i].ref, KEY_TYPE_EC_PRIVATE,
		    (struct key_info){ .length = c->ecka[i].key.n,
			.second_length = curve_reference(c->ecka[i].key.curve) });
}

static uint16_t get_key_information(struct call *c)
{
	struct aid domain = chip_domain_name(c->v, &c->ch->selected);
	const struct card_party *party = session_party(c->v, c->ch);
	struct key_infos infos = { 0 };

	for (size_t i = 0; i < c->v->chip.keys_n; i++) {
		struct card_keys *set = &c->v->chip.keys[i];

		if (!aid_same(&set->domain, &domain) ||
		    (party != NULL && !party_has_set(party, set->version)))
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
	_Static_assert(
	    CHIP_KEY_SETS_MAX * KIDS + CHIP_PUBLICS_MAX + VCARD_CA_MAX + VCARD_ECKA_MAX <=
		KEY_INFO_MAX,
	    "all keys fit the list");
	add_publics(&c->v->chip, &domain, &infos);
	key_infos_put(c->out, &infos);
	return SW_OK;
}

/* The counter of the default key version; SCP03 has it in pseudo-random mode only. */
static uint16_t get_sequence(struct call *c)
{
	const struct card_party *party = session_party(c->v, c->ch);
	const struct card_keys *k =
	    chip_channel_keys(c->v, &c->ch->selected, party != NULL ? c->ch->key_version : 0);
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

/* GPCS table 10-1; the card cannot say of SCP11b who is on the other side. */
static uint16_t get_security_level(struct call *c)
{
	enum { AUTHENTICATED = 0x80 };
	uint8_t level = c->level;

	if (c->ch->session == CHANNEL_UNICAST && !c->ch->anonymous)
		level |= AUTHENTICATED;
	tlv_put_u8(c->out, TAG_SECURITY_LEVEL, level);
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

/* What a card without broadcast does not tell. */
static bool is_broadcast(uint16_t tag)
{
	return tag == TAG_SYSTEM || tag == TAG_SLOTS || tag == TAG_POLICY || tag == TAG_BROADCAST;
}

/* An application: what it was personalized with, by tag or DGI; the value alone. */
static uint16_t get_app_data(struct call *c, uint16_t tag)
{
	struct span value;

	if (c->cmd->data.n > 0)
		return SW_WRONG_LENGTH;
	if (!chip_object(c->v, &c->ch->selected, tag, &value))
		return SW_REFERENCE_NOT_FOUND;
	wr_put(c->out, value);
	return SW_OK;
}

static bool takes_data(unsigned tag)
{
	return tag == TAG_CERTIFICATE_STORE || tag == TAG_APPLICATION_LIST || tag == TAG_CONTAINERS;
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
		{ TAG_MANAGER_URL, get_manager_url },
		{ TAG_SECURITY_LEVEL, get_security_level },
		{ TAG_RESOURCES, get_resources },
		{ TAG_CONFIRMATION_COUNTER, get_confirmation_counter },
		{ TAG_APPLICATION_LIST, get_application_list },
		{ TAG_SYSTEM, get_data_system },
		{ TAG_SLOTS, get_data_slots },
		{ TAG_POLICY, get_data_policy },
		{ TAG_BROADCAST, get_data_broadcast },
		{ TAG_CERTIFICATE_STORE, get_certificate_store },
		{ TAG_CA_KLOC_IDENTIFIERS, get_ca_identifiers },
		{ TAG_CONTAINERS, get_containers },
		{ TAG_TRUSTS, get_trusts },
	};
	unsigned tag = (unsigned)c->cmd->p1 << 8 | c->cmd->p2;
	bool broadcast = product_has_broadcast(&c->v->chip);
	uint16_t sw = container_tells(c, (uint16_t)tag);

	if (sw != SW_OK)
		return sw;
	if (c->ch->app)
		return get_app_data(c, (uint16_t)tag);
	if (c->cmd->data.n > 0 && !takes_data(tag))
		return SW_WRONG_LENGTH;
	sw = SW_REFERENCE_NOT_FOUND;
	if (tag >= TAG_OBJECT_FIRST && tag <= TAG_OBJECT_LAST)
		sw = get_object(c, (uint16_t)tag);
	for (size_t i = 0; i < sizeof(objects) / sizeof(objects[0]); i++)
		if (objects[i].tag == tag && (broadcast || !is_broadcast(objects[i].tag)))
			sw = objects[i].get(c);
	if (sw == SW_OK && (c->cmd->cla & 0x80) == 0 && tag != TAG_APPLICATION_LIST)
		sw = value_only(c);
	return sw;
}
