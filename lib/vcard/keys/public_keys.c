/* PUT KEY of RSA and EC keys: those by which content is authorized, and those of SCP11, which the
 * ISD has (GPCS 11.8.2.3.5, 11.8.2.3.6; Amendment F 5.1). */
#include "gp/cert.h"
#include "scp/scp11.h"
#include "tlv/tlv.h"
#include "vcard/content/content.h"
#include "vcard/core/card_state.h"
#include "vcard/core/handlers.h"
#include "vcard/keys/keys.h"

bool public_taken(const struct vcard *v, const struct aid *domain, struct key_ref ref)
{
	if (ref.kvn == 0)
		return false;
	if (chip_public(v, domain, ref) != NULL)
		return true;
	return chip_is_isd(v, domain) && (chip_ecka(v, ref) != NULL || chip_ca(v, ref) != NULL);
}

/* Replacing keeps kind and size (GPCS 11.8.2.3.3). */
static bool is_like(const struct authority_key *a, const struct authority_key *b)
{
	if (a->kind != b->kind)
		return false;
	return a->kind == AUTHORITY_RSA ? a->n_octets == b->n_octets : a->ec.curve == b->ec.curve;
}

static uint16_t authority_put(struct vcard *v, const struct aid *domain, struct key_ref old,
    struct key_ref ref, const struct put_key *put)
{
	const struct card_public *was = old.kvn == 0 ? NULL : chip_public(v, domain, old);
	struct card_public k = { .domain = chip_domain_name(v, domain), .ref = ref };

	if (old.kvn != 0 && was == NULL)
		return SW_REFERENCE_NOT_FOUND;
	if (was != NULL && !is_like(&was->key, &put->asymmetric))
		return SW_WRONG_DATA;
	if (was == NULL && v->chip.publics_n == CHIP_PUBLICS_MAX)
		return SW_NO_MEMORY;
	k.key = put->asymmetric;
	if (old.kvn != 0 && old.kvn != ref.kvn)
		chip_put_public_gone(v, domain, old);
	chip_put_public(v, &k);
	return SW_OK;
}

/* SK.SD.ECKA. Certificates were for the key that was. */
static uint16_t ecka_put_key(struct vcard *v, struct key_ref old, struct key_ref ref,
    const struct put_key *put, enum ecka_origin origin)
{
	const struct card_ecka *was = old.kvn == 0 ? NULL : chip_ecka(v, old);
	struct card_ecka k = {
		.ref = ref, .origin = (uint8_t)origin, .key = put->asymmetric.ec_half
	};

	if (old.kvn != 0 && was == NULL)
		return SW_REFERENCE_NOT_FOUND;
	if (was != NULL && was->key.curve != k.key.curve)
		return SW_WRONG_DATA;
	if (was == NULL && v->chip.ecka_n == VCARD_ECKA_MAX)
		return SW_NO_MEMORY;
	if (old.kvn != 0 && old.kvn != ref.kvn)
		chip_put_ecka_gone(v, old);
	chip_put_ecka(v, &k);
	wipe_ec_private(&k.key);
	return SW_OK;
}

/* PK.CA-KLOC.ECDSA. Identifier and list were those of the CA that was. */
static uint16_t ca_put_key(
    struct vcard *v, struct key_ref old, struct key_ref ref, const struct put_key *put)
{
	const struct card_ca *was = old.kvn == 0 ? NULL : chip_ca(v, old);
	struct card_ca k = { .ref = ref, .key = put->asymmetric.ec };

	if (old.kvn != 0 && was == NULL)
		return SW_REFERENCE_NOT_FOUND;
	if (was != NULL && was->key.curve != k.key.curve)
		return SW_WRONG_DATA;
	if (was == NULL && v->chip.ca_n == VCARD_CA_MAX)
		return SW_NO_MEMORY;
	if (old.kvn != 0 && old.kvn != ref.kvn)
		chip_put_ca_gone(v, old);
	chip_put_ca(v, &k);
	return SW_OK;
}

/* A secret key has this version and identifier. */
static bool secret_taken(const struct card_keys *set, uint8_t kid)
{
	if (set == NULL)
		return false;
	return (kid == 1 && set->keys.enc.n != 0) || (kid == 2 && set->keys.mac.n != 0) ||
	       (kid == 3 && set->keys.dek.n != 0);
}

/* Keys of issuers of grants (containers.md 1) are the ISD's: on P-256, KID 01 to 04, and after the
 * order `close` they are what they are. */
static uint16_t grant_issuer_check(
    const struct vcard *v, const struct put_key *put, struct key_ref ref)
{
	if (v->chip.containers.closed)
		return SW_CONDITIONS;
	if (ref.kvn != KVN_GRANT_ISSUER)
		return SW_OK;
	return put->type[0] == KEY_TYPE_EC_PUBLIC && put->asymmetric.ec.curve == EC_P256 &&
		       ref.kid >= KID_GRANT_ISSUER_FIRST && ref.kid <= KID_GRANT_ISSUER_LAST
		   ? SW_OK
		   : SW_WRONG_DATA;
}

static uint16_t put_from(struct vcard *v, const struct aid *domain, int old,
    const struct put_key *put, uint8_t kid, enum ecka_origin origin)
{
	struct key_ref ref = { kid, put->version }, was = { kid, 0 };
	bool scp11 = chip_is_isd(v, domain) && v->chip.i02 == 0;
	enum scp11_variant variant;

	if (old > 0 && !public_taken(v, domain, (struct key_ref){ kid, (uint8_t)old }))
		return SW_REFERENCE_NOT_FOUND;
	if (old > 0 || public_taken(v, domain, ref))
		was.kvn = old > 0 ? (uint8_t)old : put->version;
	if (scp11 && (ref.kvn == KVN_GRANT_ISSUER || was.kvn == KVN_GRANT_ISSUER)) {
		uint16_t sw = grant_issuer_check(v, put, ref);

		if (sw != SW_OK)
			return sw;
	}
	/* Added, or under a new version, it must not run into another key. */
	if (secret_taken(chip_keys(v, domain, put->version), kid) ||
	    (old >= 0 && old != put->version && public_taken(v, domain, ref)))
		return SW_WRONG_DATA;
	if (put->type[0] == KEY_TYPE_EC_PRIVATE)
		return scp11 && scp11_variant_from_kid(kid, &variant)
			   ? ecka_put_key(v, was, ref, put, origin)
			   : SW_WRONG_DATA;
	if (put->type[0] == KEY_TYPE_EC_PUBLIC && kid == KID_CA_KLOC && scp11)
		return ca_put_key(v, was, ref, put);
	return authority_put(v, domain, was, ref, put);
}

uint16_t public_put(
    struct vcard *v, const struct aid *domain, int old, const struct put_key *put, uint8_t kid)
{
	return put_from(v, domain, old, put, kid, ORIGIN_PUT);
}

/* KVN | F0 01 curve: the card makes a key of SCP11 itself, and tells its public half. */
static bool generate_get(struct span data, uint8_t *version, enum ec_curve *curve)
{
	struct rd r = rd_of(data);
	uint8_t reference;

	return rd_u8(&r, version) && *version >= 1 && *version <= 0x7F &&
	       tlv_expect_n(&r, KEY_TYPE_EC_PARAMETER, &reference, 1) && rd_left(&r) == 0 &&
	       curve_from_reference(reference, curve);
}

uint16_t do_generate_key(struct call *c)
{
	struct put_key k = { .n = 1, .type = { KEY_TYPE_EC_PRIVATE } };
	enum ec_curve curve;
	uint16_t sw = SW_WRONG_DATA;

	if (generate_get(c->cmd->data, &k.version, &curve))
		sw = authority_generate_ec(&k.asymmetric, curve)
			 ? put_from(c->v, &c->ch->selected, c->cmd->p1, &k, c->cmd->p2, ORIGIN_MADE)
			 : SW_UNKNOWN;
	if (sw == SW_OK && !chip_commit(c->v))
		sw = SW_MEMORY_FAILURE;
	if (sw == SW_OK)
		tlv_put(c->out, KEY_TYPE_EC_PUBLIC, ec_public_span(&k.asymmetric.ec));
	wipe(&k, sizeof(k));
	return sw;
}
