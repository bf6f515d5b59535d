/* What the card tells of its SCP11, and what STORE DATA brings: certificates, a CA's identifier, an
 * allow-list. */
#include "tlv/tlv.h"
#include "vcard/channel/channel.h"
#include "vcard/core/card_state.h"
#include "vcard/core/handlers.h"
#include "vcard/keys/keys.h"

enum { TAG_IDENTIFIER = 0x42, TAG_REFERENCE = 0x83 };

static bool has_ecka(const struct chip *c, uint8_t kvn)
{
	for (size_t i = 0; i < c->ecka_n; i++)
		if (c->ecka[i].ref.kid == KID_SCP11A && c->ecka[i].ref.kvn == kvn)
			return true;
	return false;
}

uint16_t scp11_i_of(const struct chip *c)
{
	uint8_t first = 0;

	for (size_t i = 0; i < c->ecka_n; i++)
		first |= c->ecka[i].ref.kid == KID_SCP11A   ? SCP11_I_A
			 : c->ecka[i].ref.kid == KID_SCP11B ? SCP11_I_B
			 : c->ecka[i].ref.kid == KID_SCP11C ? SCP11_I_C
							    : 0;
	if (first == 0)
		return 0;
	for (size_t i = 0; i < c->publics_n; i++)
		if (c->publics[i].domain.n == 0 && c->publics[i].ref.kid == KID_STORED_OCE &&
		    has_ecka(c, c->publics[i].ref.kvn))
			first |= SCP11_I_STORED;
	if ((c->i & SCP03_I_S16) != 0)
		first |= SCP11_I_S16;
	return scp11_i(first | SCP11_I_CHAINS, SCP11_I2_X509);
}

/* In a container the certificate by which a party knows the card. */
static bool may_tell(const struct call *c, struct key_ref ref)
{
	return chip_opened_by_isd(c->v, &c->ch->selected) ||
	       (ref.kid == KID_SCP11A && chip_container(c->v, &c->ch->selected) != NULL);
}

uint16_t get_certificate_store(struct call *c)
{
	const struct card_ecka *k;
	struct key_ref ref;

	if (c->cmd->data.n == 0)
		return SW_WRONG_LENGTH;
	if (!key_ref_get(c->cmd->data, &ref))
		return SW_WRONG_DATA;
	k = chip_ecka(c->v, ref);
	if (k == NULL || k->certs_n == 0 || !may_tell(c, ref))
		return SW_REFERENCE_NOT_FOUND;
	cert_store_put(c->out, span_of(k->certs, k->certs_n));
	return SW_OK;
}

uint16_t get_ca_identifiers(struct call *c)
{
	const struct chip *chip = &c->v->chip;

	for (size_t i = 0; i < chip->ca_n && chip_opened_by_isd(c->v, &c->ch->selected); i++) {
		const uint8_t ref[] = { chip->ca[i].ref.kid, chip->ca[i].ref.kvn };

		if (chip->ca[i].id.n == 0)
			continue;
		tlv_put(c->out, TAG_IDENTIFIER, span_of(chip->ca[i].id.b, chip->ca[i].id.n));
		tlv_put(c->out, TAG_REFERENCE, SPAN(ref));
	}
	return c->out->n > 0 ? SW_OK : SW_REFERENCE_NOT_FOUND;
}

static uint16_t store_certificates(struct call *c, const struct scp11_store *s)
{
	const struct card_ecka *old = chip_ecka(c->v, s->key);
	struct rd r = rd_of(s->value), copy = r;
	struct card_ecka k;
	struct span whole;

	if (old == NULL || s->key.kvn == 0)
		return SW_REFERENCE_NOT_FOUND;
	while (cert_next(&r, &whole))
		;
	if (rd_left(&r) != 0)
		return SW_WRONG_DATA;
	if (s->value.n > sizeof(k.certs))
		return SW_NO_MEMORY;
	k = *old;
	k.certs_n = (uint16_t)s->value.n;
	if (!rd_copy(&copy, k.certs, k.certs_n))
		return SW_WRONG_DATA;
	chip_put_ecka(c->v, &k);
	wipe_ec_private(&k.key);
	return SW_OK;
}

static bool id_from(struct x509_id *id, struct span s)
{
	struct rd r = rd_of(s);

	id->n = (uint8_t)s.n;
	return s.n <= sizeof(id->b) && rd_copy(&r, id->b, s.n);
}

/* A script that every card of a group plays can be played again: its lists are numbered. */
static uint16_t check_counter(const struct call *c, const struct scp11_store *s, struct card_ca *ca)
{
	struct rd r = rd_of(s->counter);
	uint16_t counter;

	if (s->has_counter != c->ch->group)
		return SW_WRONG_DATA;
	if (!s->has_counter)
		return SW_OK;
	if (!rd_u16(&r, &counter) || rd_left(&r) != 0)
		return SW_WRONG_DATA;
	if (counter <= ca->counter)
		return SW_CONDITIONS;
	ca->counter = counter;
	return SW_OK;
}

static uint16_t store_allowed(const struct call *c, const struct scp11_store *s, struct card_ca *ca)
{
	struct rd r = rd_of(s->value);
	struct span serial;
	uint16_t sw = check_counter(c, s, ca);

	ca->allowed_n = 0;
	ca->has_list = s->value.n > 0;
	while (sw == SW_OK && scp11_serial_next(&r, &serial)) {
		if (ca->allowed_n == VCARD_ALLOWED_MAX)
			sw = SW_NO_MEMORY;
		else if (!id_from(&ca->allowed[ca->allowed_n++], serial))
			sw = SW_WRONG_DATA;
	}
	return sw;
}

uint16_t scp11_store(struct call *c, struct span data)
{
	const struct card_ca *old;
	struct scp11_store s;
	struct card_ca ca;
	uint16_t sw = SW_OK;

	if (!scp11_store_get(data, &s))
		return SW_WRONG_DATA;
	if (s.kind == SCP11_STORE_CERTIFICATES)
		return store_certificates(c, &s);
	old = s.key.kvn == 0 ? NULL : chip_ca(c->v, s.key);
	if (old == NULL)
		return SW_REFERENCE_NOT_FOUND;
	ca = *old;
	if (s.kind == SCP11_STORE_ALLOWED)
		sw = store_allowed(c, &s, &ca);
	else if (s.klcc || !id_from(&ca.id, s.value))
		sw = SW_WRONG_DATA;
	if (sw == SW_OK)
		chip_put_ca(c->v, &ca);
	return sw;
}
