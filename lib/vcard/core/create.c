/* Issuing a card, and showing what one holds. */
#include <string.h>

#include "crypto/digest.h"
#include "vcard/containers/containers.h"
#include "vcard/content/content.h"
#include "vcard/core/handlers.h"
#include "vcard/core/record.h"
#include "vcard/core/vcard.h"
#include "vcard/keys/keys.h"
#include "vcard/products/product.h"

static bool aes_length(uint8_t n)
{
	return n == 16 || n == 24 || n == 32;
}

static bool kos_ok(const struct vcard_issue *issue)
{
	if (issue->kos_n > KOS_MAX)
		return false;
	for (size_t i = 0; i < issue->kos_n; i++) {
		if (!aes_length(issue->kos[i].key.n))
			return false;
		for (size_t j = 0; j < i; j++)
			if (issue->kos[i].version == issue->kos[j].version)
				return false;
	}
	return true;
}

static bool scp11_ok(const struct vcard_issue *issue)
{
	if (issue->ecka_n > VCARD_ECKA_MAX || issue->ca_n > VCARD_CA_MAX)
		return false;
	for (size_t i = 0; i < issue->ecka_n; i++)
		if (issue->ecka[i].key.n == 0 || issue->ecka[i].certs.n > VCARD_CERTS_MAX ||
		    issue->ecka[i].version == 0 || issue->ecka[i].version > 0x7F)
			return false;
	for (size_t i = 0; i < issue->ca_n; i++)
		if (issue->ca[i].key.n == 0 || issue->ca[i].version == 0 ||
		    issue->ca[i].version > 0x7F)
			return false;
	return true;
}

static int check(const struct vcard_issue *issue, struct err *e)
{
	const struct key_set *k = &issue->keys;

	if (!aes_length(k->enc.n) || k->mac.n != k->enc.n || k->dek.n != k->enc.n)
		return err_set(e, ERR_INPUT, "card keys must be three AES keys of one length");
	if (issue->i02 != 0 && issue->ecka_n + issue->ca_n > 0)
		return err_set(e, ERR_INPUT, "SCP11 goes with SCP03, not with SCP02");
	if (issue->i02 != 0 && issue->grantor_n > 0)
		return err_set(e, ERR_INPUT, "grants go with SCP03, not with SCP02");
	if (issue->grantor_n > VCARD_GRANTORS_MAX)
		return err_set(e, ERR_INPUT, "a card has at most %d keys of issuers of grants",
		    VCARD_GRANTORS_MAX);
	if (issue->i02 != 0 && k->enc.n != DES3_KEY)
		return err_set(e, ERR_INPUT, "keys of SCP02 must have 16 octets");
	if (issue->i02 != 0 &&
	    (!scp_i_valid(PROTOCOL_SCP02, issue->i02) || (issue->i02 & SCP02_I_EXPLICIT) == 0))
		return err_set(e, ERR_INPUT,
		    "parameter i %02X is not one of SCP02 with explicit initiation", issue->i02);
	if (issue->key_version == 0 || (issue->key_version > 0x7F && issue->key_version != 0xFF))
		return err_set(
		    e, ERR_INPUT, "key version %02X is not 01..7F or FF", issue->key_version);
	if (!scp_i_valid(PROTOCOL_SCP03, issue->i))
		return err_set(e, ERR_INPUT, "parameter i %02X is not one of SCP03", issue->i);
	if (issue->iin_n > sizeof(issue->iin) || issue->cin_n > sizeof(issue->cin))
		return err_set(e, ERR_INPUT, "IIN or CIN too long");
	if (issue->target.n < AID_MIN || issue->target.n > AID_MAX)
		return err_set(e, ERR_INPUT, "target AID must have 5 to 16 octets");
	if (!kos_ok(issue) || (issue->kmac.n != 0 && !aes_length(issue->kmac.n)))
		return err_set(
		    e, ERR_INPUT, "Kos and KMAC must be AES keys, Kos versions distinct");
	if (issue->algorithm_n > sizeof(issue->algorithms) || issue->form_n > sizeof(issue->forms))
		return err_set(e, ERR_INPUT, "too many algorithms or forms");
	if (!scp11_ok(issue))
		return err_set(e, ERR_INPUT,
		    "keys of SCP11: too many, without a value or of a version that is not 01..7F, "
		    "or more than %d octets of certificates",
		    VCARD_CERTS_MAX);
	if (issue->product >= PRODUCTS)
		return err_set(e, ERR_INPUT, "there is no such product");
	if (issue->memory > MEMORY_MAX)
		return err_set(
		    e, ERR_INPUT, "a card has at most %u octets for an image", MEMORY_MAX);
	return 0;
}

static bool random_key(struct key *k)
{
	return random_bytes(k->b, k->n);
}

static bool keys_issue(struct chip *c, const struct vcard_issue *issue)
{
	struct card_keys *k = &c->keys[c->keys_n++];

	k->type = key_type(c);
	k->version = issue->key_version;
	k->keys = issue->keys;
	k->tries = issue->fault == FAULT_LOCKED ? 0 : TRIES_MAX;
	if (issue->fault != FAULT_WRONG_KEYS)
		return true;
	return random_key(&k->keys.enc) && random_key(&k->keys.mac) && random_key(&k->keys.dek);
}

static void scp11_issue(struct chip *c, const struct vcard_issue *issue)
{
	for (size_t i = 0; i < issue->ecka_n; i++) {
		const struct vcard_ecka *from = &issue->ecka[i];
		struct card_ecka *to = &c->ecka[c->ecka_n++];

		to->ref = (struct key_ref){ from->kid, from->version };
		to->origin = ORIGIN_ISSUED;
		to->key = from->key;
		to->certs_n = (uint16_t)from->certs.n;
		if (from->certs.n > 0)
			memcpy(to->certs, from->certs.p, from->certs.n);
	}
	for (size_t i = 0; i < issue->ca_n; i++) {
		const struct vcard_ca *from = &issue->ca[i];

		c->ca[c->ca_n++] = (struct card_ca){
			.ref = { from->kid, from->version }, .key = from->key, .id = from->id
		};
	}
}

static bool publics_issue(struct chip *c, const struct vcard_issue *issue)
{
	for (size_t i = 0; i < issue->grantor_n; i++) {
		struct card_public *k = &c->publics[c->publics_n++];

		k->ref =
		    (struct key_ref){ (uint8_t)(KID_GRANT_ISSUER_FIRST + i), KVN_GRANT_ISSUER };
		if (!authority_ec(&k->key, EC_P256, ec_public_span(&issue->grantor[i])))
			return false;
	}
	for (size_t i = 0; i < issue->ecka_n && issue->stored_oce.n > 0; i++) {
		struct card_public *k = &c->publics[c->publics_n];

		if (issue->ecka[i].kid != KID_SCP11A)
			continue;
		k->ref = (struct key_ref){ KID_STORED_OCE, issue->ecka[i].version };
		c->publics_n++;
		return authority_ec(
		    &k->key, issue->stored_oce.curve, ec_public_span(&issue->stored_oce));
	}
	return true;
}

static bool chip_issue(struct chip *c, const struct vcard_issue *issue)
{
	c->i = issue->i;
	c->i02 = issue->i02;
	memcpy(c->kdd, issue->kdd, KDD_SIZE);
	memcpy(c->cplc, issue->cplc, CPLC_SIZE);
	memcpy(c->platform, issue->platform, PLATFORM_SIZE);
	memcpy(c->issuer, issue->issuer, sizeof(c->issuer));
	memcpy(c->kos, issue->kos, sizeof(c->kos));
	memcpy(c->algorithms, issue->algorithms, sizeof(c->algorithms));
	memcpy(c->forms, issue->forms, sizeof(c->forms));
	memcpy(c->iin, issue->iin, sizeof(c->iin));
	memcpy(c->cin, issue->cin, sizeof(c->cin));
	c->target = issue->target;
	c->kos_n = issue->kos_n;
	c->kmac = issue->kmac;
	c->algorithm_n = issue->algorithm_n;
	c->form_n = issue->form_n;
	c->iin_n = issue->iin_n;
	c->cin_n = issue->cin_n;
	c->memory = issue->memory == 0 ? DEFAULT_MEMORY : issue->memory;
	c->content.page = issue->page;
	c->fault = issue->fault;
	c->fault_at = issue->fault_at == 0 ? 1 : issue->fault_at;
	c->fault_done = issue->fault == FAULT_WRONG_KEYS || issue->fault == FAULT_LOCKED;
	c->life_cycle = LIFE_SECURED;
	c->running.version = issue->base;
	scp11_issue(c, issue);
	return publics_issue(c, issue) && product_issue(c, issue) && keys_issue(c, issue) &&
	       sha256_of(wr_span(&c->image), c->running.digest);
}

int vcard_create(const char *path, const struct vcard_issue *issue, struct err *e)
{
	struct wr batch = wr_grow(NVM_PAYLOAD_MAX);
	struct chip c;
	int rc;

	if (check(issue, e) != 0)
		return -1;
	chip_init(&c);
	if (chip_issue(&c, issue)) {
		chip_snapshot(&batch, &c);
		rc = wr_ok(&batch) ? nvm_create(path, wr_span(&batch), e) : err_memory(e);
	} else {
		rc = err_set(e, ERR_OTHER, "%s: cannot make the card: cryptography failed", path);
	}
	wr_free(&batch);
	chip_wipe(&c);
	return rc;
}

_Static_assert(VCARD_KEYS_SHOWN >= CHIP_KEYS_MAX + CHIP_PUBLICS_MAX, "all keys are shown");

static void describe_keys(const struct chip *c, struct vcard_summary *s)
{
	for (size_t n = 0; n < c->keys_n; n++) {
		const struct card_keys *k = &c->keys[n];
		size_t i = s->keys_n;
		uint8_t sequence[4];

		s->keys_n++;
		s->keys[i].domain = k->domain;
		s->keys[i].is_set = true;
		put_u32(sequence, k->sequence);
		s->keys[i].version = k->version;
		s->keys[i].type = k->type;
		s->keys[i].tries = k->tries;
		s->keys[i].length = k->keys.enc.n;
		memcpy(s->keys[i].sequence, sequence + 1, SEQUENCE_SIZE);
	}
	for (size_t n = 0; n < c->publics_n; n++) {
		const struct card_public *k = &c->publics[n];
		bool rsa = k->key.kind == AUTHORITY_RSA;
		size_t i = s->keys_n++;

		s->keys[i].domain = k->domain;
		s->keys[i].version = k->ref.kvn;
		s->keys[i].type = rsa ? KEY_TYPE_RSA_MODULUS : KEY_TYPE_EC_PUBLIC;
		s->keys[i].length =
		    rsa ? k->key.n_octets : (uint16_t)(2 * ec_field(k->key.ec.curve));
	}
}

static void describe_content(const struct vcard *v, struct vcard_summary *s)
{
	const struct card_content *c = &v->chip.content;

	s->load_files = (uint32_t)c->file_n;
	for (size_t i = 0; i < c->app_n; i++)
		if ((c->app[i].privileges & PRIV_SECURITY_DOMAIN) != 0)
			s->domains++;
		else
			s->applications++;
	s->free_memory = content_free(v);
}

static void describe_trust(const struct chip *c, struct vcard_summary *s)
{
	for (size_t i = 0; i < TRUST_RECORDS; i++)
		if (c->trusts.record[i].stage != TRUST_EMPTY)
			s->trust[s->trust_n++] = trust_told(&c->trusts.record[i]);
}

/* What a handler of GET DATA answers. */
static bool told(struct vcard *v, handler *get, struct wr *out)
{
	struct call c = { .v = v, .ch = &v->channel[0], .out = out };

	wr_reset(out);
	return get(&c) == SW_OK && wr_ok(out);
}

static bool describe(struct vcard *v, struct vcard_summary *s)
{
	const struct chip *c = &v->chip;
	struct wr out = wr_fixed(v->answer, sizeof(v->answer));

	memcpy(s->cin, c->cin, sizeof(s->cin));
	memcpy(s->iin, c->iin, sizeof(s->iin));
	memcpy(s->kdd, c->kdd, sizeof(s->kdd));
	s->cin_n = c->cin_n;
	s->iin_n = c->iin_n;
	s->life_cycle = c->life_cycle;
	s->product = c->product;
	s->i = c->i;
	s->i02 = c->i02;
	describe_keys(c, s);
	describe_content(v, s);
	describe_trust(c, s);
	s->fault = c->fault;
	s->fault_at = c->fault_at;
	s->fault_done = c->fault_done;
	return told(v, get_data_system, &out) && system_data_get(wr_span(&out), &s->system) &&
	       told(v, get_data_slots, &out) && slot_data_get(wr_span(&out), &s->slot) &&
	       told(v, get_data_policy, &out) && policy_data_get(wr_span(&out), &s->policy);
}

int vcard_describe(const char *path, struct vcard_summary *s, struct wr *containers, struct err *e)
{
	struct vcard *v;
	int rc = 0;

	memset(s, 0, sizeof(*s));
	if (vcard_open(path, &v, e) != 0)
		return -1;
	if (!describe(v, s))
		rc = err_set(e, ERR_INPUT, "%s: damaged card file (contents)", path);
	containers_told(containers, v);
	if (rc == 0 && !wr_ok(containers))
		rc = err_memory(e);
	vcard_close(v);
	return rc;
}
