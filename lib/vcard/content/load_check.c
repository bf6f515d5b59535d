/* What is asked of a load file before it enters the registry (GPCS 9.3.5, 9.3.6, C.2, C.3, C.6). */
#include <string.h>

#include "cap/cap.h"
#include "crypto/authority.h"
#include "gp/load_file.h"
#include "vcard/content/content.h"
#include "vcard/content/manage.h"
#include "vcard/core/card_state.h"
#include "vcard/keys/keys.h"

/* DAP signatures are over the hash that INSTALL [for load] brought. */
static uint16_t hash_check(
    const struct loading *l, const struct load_file *f, struct span data, struct card_load_file *to)
{
	enum digest_alg alg = DIGEST_SHA256;

	if (l->hash_n == 0 && f->dap_n > 0)
		return SW_CONDITIONS;
	if (l->hash_n != 0 && !digest_by_size(l->hash_n, &alg))
		return SW_WRONG_DATA;
	to->hash_n = (uint8_t)digest_size(alg);
	if (!digest_of(alg, data, to->hash))
		return SW_UNKNOWN;
	if (l->hash_n != 0 && memcmp(to->hash, l->hash, l->hash_n) != 0)
		return SW_WRONG_DATA;
	return SW_OK;
}

/* One DAP block: by a domain that verifies, over the hash of the data block. */
static uint16_t dap_check(const struct call *c, const struct dap *d, struct span hash)
{
	SECRET_AUTHORITY(k);
	enum digest_alg alg;

	if (!chip_is_domain(c->v, &d->domain) || !verifying_key(c->v, &d->domain, KVN_DAP, &k))
		return SW_REFERENCE_NOT_FOUND;
	if ((chip_privileges(c->v, &d->domain) & PRIV_DAP_VERIFICATION) == 0)
		return SW_CONDITIONS;
	if (!digest_by_size(hash.n, &alg) || alg < authority_digest(&k, false))
		return SW_CONDITIONS;
	return authority_verify(&k, hash, d->signature) ? SW_OK : SW_SECURITY_STATUS;
}

static bool has_dap(const struct call *c, const struct load_file *f, const struct aid *domain)
{
	for (size_t i = 0; i < f->dap_n; i++) {
		struct aid name = chip_domain_name(c->v, &f->dap[i].domain);

		if (aid_same(&name, domain))
			return true;
	}
	return false;
}

/* The domain it goes to, and every PERSONALIZED one with mandated DAP verification, must have
 * signed (GPCS 9.2.1). */
static uint16_t daps_check(
    const struct call *c, const struct loading *l, const struct load_file *f, struct span hash)
{
	const struct card_content *all = &c->v->chip.content;
	uint16_t sw;

	for (size_t i = 0; i < f->dap_n; i++) {
		sw = dap_check(c, &f->dap[i], hash);
		if (sw != SW_OK)
			return sw;
	}
	if ((chip_privileges(c->v, &l->domain) & PRIV_DAP_VERIFICATION) != 0 &&
	    !has_dap(c, f, &l->domain))
		return SW_CONDITIONS;
	for (size_t i = 0; i < all->app_n; i++)
		if ((all->app[i].privileges & PRIV_MANDATED_DAP) != 0 &&
		    all->app[i].state == DOMAIN_PERSONALIZED && !has_dap(c, f, &all->app[i].aid))
			return SW_CONDITIONS;
	return SW_OK;
}

/* The data block in clear, appended to `clear`. */
static uint16_t decipher(
    const struct call *c, const struct loading *l, const struct load_file *f, struct wr *clear)
{
	SECRET_AUTHORITY(k);
	enum digest_alg alg;
	size_t block;

	if (!f->ciphered) {
		wr_put(clear, f->data);
		return wr_ok(clear) ? SW_OK : SW_NO_MEMORY;
	}
	if (!chip_is_isd(c->v, &l->domain) &&
	    (chip_privileges(c->v, &l->domain) & PRIV_CIPHERED_LOAD_FILE) == 0)
		return SW_CONDITIONS;
	if (!chip_authority(c->v, &l->domain, KVN_CIPHER, &k))
		return SW_REFERENCE_NOT_FOUND;
	block = authority_block(&k);
	if (block == 0 || (f->icv.n != 0 && f->icv.n != block))
		return SW_WRONG_DATA;
	if (!digest_by_size(l->hash_n, &alg) || alg < authority_digest(&k, true))
		return SW_CONDITIONS;
	return authority_decrypt(&k, f->icv, f->data, clear) ? SW_OK : SW_WRONG_DATA;
}

static bool imports_copy(struct card_load_file *to, const struct cap *cap)
{
	for (size_t i = 0; i < cap->import_n; i++) {
		if (!aid_from(&to->import[i].aid, cap->imports[i].aid))
			return false;
		to->import[i].major = cap->imports[i].major;
		to->import[i].minor = cap->imports[i].minor;
	}
	to->import_n = (uint8_t)cap->import_n;
	return true;
}

/* Registered application providers whose packages are of the platform: Java Card, GlobalPlatform,
 * ETSI, 3GPP. They are taken for there, in every version. */
static bool of_platform(const struct aid *a)
{
	static const uint8_t providers[][5] = { { 0xA0, 0x00, 0x00, 0x00, 0x62 },
		{ 0xA0, 0x00, 0x00, 0x01, 0x51 }, { 0xA0, 0x00, 0x00, 0x00, 0x09 },
		{ 0xA0, 0x00, 0x00, 0x00, 0x87 } };

	for (size_t i = 0; i < sizeof(providers) / sizeof(providers[0]); i++)
		if (span_eq(span_sub(aid_span(a), 0, sizeof(providers[i])), SPAN(providers[i])))
			return true;
	return false;
}

/* What it is linked with is there: of the same major version, and no older (JCVM 4.5.2). */
static uint16_t imports_check(const struct call *c, const struct card_load_file *to)
{
	for (size_t i = 0; i < to->import_n; i++) {
		const struct card_import *want = &to->import[i];
		const struct card_load_file *has = chip_load_file(c->v, &want->aid);

		/* What is behind a wall is not there to be linked with. */
		if (has != NULL && !container_reaches(c->v, c->ch, &has->domain))
			has = NULL;
		if (has == NULL && of_platform(&want->aid))
			continue;
		if (has == NULL)
			return SW_CONDITIONS;
		if (has->major != want->major || has->minor < want->minor)
			return SW_WRONG_DATA;
	}
	return SW_OK;
}

/* Taken apart: its name is the one announced, its applets are its modules. */
static uint16_t package_check(const struct loading *l, struct card_load_file *to)
{
	struct err e;
	struct cap cap;

	if (cap_parse(wr_span(&to->data), &cap, &e) != 0)
		return SW_WRONG_DATA;
	if (!span_eq(cap.package, aid_span(&l->load_file)))
		return SW_WRONG_DATA;
	if (cap.applet_n > STATUS_MODULES_MAX || cap.import_n > HELD_IMPORTS_MAX)
		return SW_NO_MEMORY;
	to->major = cap.major;
	to->minor = cap.minor;
	to->module_n = (uint8_t)cap.applet_n;
	for (size_t i = 0; i < cap.applet_n; i++)
		if (!aid_from(&to->module[i], cap.applets[i].aid))
			return SW_WRONG_DATA;
	return imports_copy(to, &cap) ? SW_OK : SW_WRONG_DATA;
}

/* What was right at INSTALL [for load] may have changed on another channel. */
static uint16_t still_possible(const struct call *c, const struct loading *l, uint32_t octets)
{
	uint16_t sw;

	if (!container_reaches(c->v, c->ch, &l->domain))
		return SW_CONDITIONS;
	sw = domain_ready(c->v, &l->domain);
	if (sw != SW_OK)
		return sw;
	if (aid_taken(c->v, &l->load_file) || !may_give_to(c, &l->domain))
		return SW_CONDITIONS;
	if (c->v->chip.content.file_n == HELD_FILES_MAX ||
	    !content_fits(c->v, &l->domain, octets, 0))
		return SW_NO_MEMORY;
	return SW_OK;
}

static uint16_t check(
    struct call *c, const struct loading *l, struct span whole, struct card_load_file *to)
{
	struct load_file f;
	uint16_t sw;

	if (!load_file_get(whole, &f))
		return SW_WRONG_DATA;
	sw = decipher(c, l, &f, &to->data);
	if (sw == SW_OK)
		sw = hash_check(l, &f, wr_span(&to->data), to);
	if (sw == SW_OK)
		sw = daps_check(c, l, &f, span_of(to->hash, to->hash_n));
	if (sw == SW_OK)
		sw = package_check(l, to);
	if (sw == SW_OK)
		sw = imports_check(c, to);
	if (sw == SW_OK)
		sw = still_possible(c, l, load_file_takes(to));
	return sw;
}

uint16_t load_check(struct call *c, struct card_load_file *f)
{
	struct loading *l = &c->ch->loading;
	struct wr whole = l->data;
	uint16_t sw;

	*f = (struct card_load_file){
		.aid = l->load_file, .domain = l->domain, .data = wr_grow(HELD_DATA_MAX)
	};
	/* It takes its memory once. */
	l->data = (struct wr){ 0 };
	sw = check(c, l, wr_span(&whole), f);
	l->data = whole;
	if (sw != SW_OK)
		wr_free(&f->data);
	return sw;
}
