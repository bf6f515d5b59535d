/* vcard create, vcard show: virtual cards in files. */
#include "vcard/core/vcard.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "crypto/digest.h"
#include "crypto/kdf.h"
#include "cmd/kit/out.h"
#include "scp/scp.h"
#include "cmd/kit/show.h"
#include "cmd/virtual/product.h"
#include "cmd/virtual/scp11.h"
#include "cmd/kit/print.h"

struct args {
	const char *path, *keys, *issuer, *diversification, *platform, *fault;
	const char *protocol, *ca, *oce_ca, *curve, *certificates, *product, *grantor, *store_oce;
	struct opt_u32 count, first, base, i, memory, page, key_version;
	struct aid target, isd;
	struct opt_bytes algorithms, forms;
};

static const char *const diversifications[] = { "none", "kdf3", "visa2", "visa", "emv", NULL };
static const char *const protocols[] = { "scp02", "scp03", "scp11", NULL };
static const char *const curves[] = { "p-256", "p-384", "brainpoolp256r1", NULL };
static const char *const formats[] = { "gp", "x509", NULL };
static const char *const products[] = { "plain", "jcop4", "uicc", "yubikey", NULL };

static const struct opt opts[] = {
	OPT_U32("count", "N", args, count, 1, 10000000,
	    "Make a directory of so many cards, 0001.card and so on"),
	OPT_U32("first", "N", args, first, 1, 10000000, "Number of the first card (1)"),
	OPT_CHOICE("product", "PRODUCT", args, product, products,
	    "What the card is like: plain, jcop4, uicc or yubikey (plain)"),
	OPT_AID("isd", "AID", args, isd, "AID of the issuer security domain (A000000151000000)"),
	OPT_STRING("keys", "NAME", args, keys, "Card key set of the key store (the only one)"),
	OPT_HEX8("key-version", "KVN", args, key_version, 1, 0xFF,
	    "Version of the keys on the card, in hex (as the product has it, or the entry)"),
	OPT_CHOICE("diversification", "SCHEME", args, diversification, diversifications,
	    "How a card's keys come from it: none, kdf3, visa2, visa or emv (as the entry says)"),
	OPT_STRING("issuer", "NAME", args, issuer, "Issuer key of the key store (the only one)"),
	OPT_STRING("platform", "NAME", args, platform, "Platform, 8 ASCII characters (PLAT-A01)"),
	OPT_AID("target", "AID", args, target, "AID of the system on the card (A000000151000001)"),
	OPT_VERSION("base", "VERSION", args, base, "Version that the card runs (0.0)"),
	OPT_HEX8("i", "I", args, i, 0, 0xFF, "Parameter i of SCP03 (70) or SCP02 (15), in hex"),
	OPT_CHOICE("protocol", "PROTOCOL", args, protocol, protocols,
	    "scp02, scp03, or scp11: scp03 and that as well, a, b and c, with keys and "
	    "certificates (as the type of the key set)"),
	OPT_STRING(
	    "ca", "NAME", args, ca, "CA of the key store that certifies the cards (the only one)"),
	OPT_STRING("oce-ca", "NAME", args, oce_ca,
	    "CA of the key store by which the cards know who may open them (the only one)"),
	OPT_STRING("store-oce", "NAME", args, store_oce,
	    "Key of the key store whose holder opens the cards without a certificate (none)"),
	OPT_STRING("grantor", "NAME", args, grantor,
	    "Key of the key store by which the cards know grants to third parties (none)"),
	OPT_CHOICE("curve", "CURVE", args, curve, curves,
	    "Curve of the cards' keys: p-256, p-384 or brainpoolp256r1 (p-256)"),
	OPT_CHOICE("certificates", "FORMAT", args, certificates, formats,
	    "Format of their certificates: gp or x509 (gp)"),
	OPT_BYTES("algorithms", "LIST", args, algorithms, 1, 8,
	    "Algorithms that the card takes, in hex (05)"),
	OPT_BYTES("forms", "LIST", args, forms, 1, 2,
	    "Forms of broadcast keys that the card takes (00,01)"),
	OPT_U32("memory", "OCTETS", args, memory, 1, 64u << 20,
	    "Free memory for an image, and as much for load files and applications (4194304)"),
	OPT_U32("page", "OCTETS", args, page, 1, 4096,
	    "Most that one answer of GET STATUS carries before it says that there is more (239)"),
	OPT_STRING("fault", "NAME[:n]", args, fault,
	    "Fault to have: wrong-keys, locked, tamper, silent, removed, power-cut, lies, "
	    "endless, one-octet, too-long"),
};

static const struct operand create_operands[] = {
	WORD_PATH("PATH", args, path, "Card file; with --count the directory"),
};

/* ---- what all cards of one call have in common ---- */

static int take_fault(const char *text, struct vcard_issue *issue, struct err *e)
{
	const char *colon = strchr(text, ':');
	size_t n = colon == NULL ? strlen(text) : (size_t)(colon - text);
	bool numbered;
	char name[24];

	snprintf(name, sizeof(name), "%.*s", (int)(n < sizeof(name) ? n : sizeof(name) - 1), text);
	if (!fault_from(name, &issue->fault)) {
		err_set(e, ERR_USAGE, "--fault: `%.40s` is not a fault", name);
		return err_hint(e, "wrong-keys, locked, tamper, silent, removed, power-cut, lies, "
				   "endless, one-octet, too-long");
	}
	numbered = issue->fault != FAULT_WRONG_KEYS && issue->fault != FAULT_LOCKED &&
		   issue->fault != FAULT_LIES;
	issue->fault_at = numbered ? 1 : 0;
	if (colon == NULL)
		return 0;
	if (!numbered)
		return err_set(e, ERR_USAGE, "--fault: %s has no number", name);
	if (colon[1] < '1' || colon[1] > '9' || strlen(colon + 1) > 9 ||
	    strspn(colon + 1, "0123456789") != strlen(colon + 1))
		return err_set(e, ERR_USAGE, "--fault: `%.20s` is not a number from 1", colon + 1);
	issue->fault_at = 0;
	for (const char *p = colon + 1; *p != '\0'; p++)
		issue->fault_at = issue->fault_at * 10 + (uint32_t)(*p - '0');
	return 0;
}

static int take_policy(const struct args *g, struct vcard_issue *issue, struct err *e)
{
	static const uint8_t algorithms[] = { ALG_CMAC_BK, ALG_CMAC_KMAC, ALG_DIGEST, ALG_ISSUER };

	issue->algorithms[0] = ALG_ISSUER;
	issue->algorithm_n = 1;
	issue->forms[0] = FORM_CLEAR;
	issue->forms[1] = FORM_KOS;
	issue->form_n = 2;
	for (size_t i = 0; i < g->algorithms.n; i++)
		if (memchr(algorithms, g->algorithms.b[i], sizeof(algorithms)) == NULL)
			return err_set(e, ERR_USAGE, "--algorithms: there is no algorithm %02X",
			    g->algorithms.b[i]);
	if (g->algorithms.n > 0) {
		memcpy(issue->algorithms, g->algorithms.b, g->algorithms.n);
		issue->algorithm_n = (uint8_t)g->algorithms.n;
	}
	for (size_t i = 0; i < g->forms.n; i++)
		if (g->forms.b[i] > FORM_KOS)
			return err_set(
			    e, ERR_USAGE, "--forms: there is no form %02X", g->forms.b[i]);
	if (g->forms.n > 0) {
		memcpy(issue->forms, g->forms.b, g->forms.n);
		issue->form_n = (uint8_t)g->forms.n;
	}
	return 0;
}

static int take_options(const struct args *g, struct vcard_issue *issue, struct err *e)
{
	static const struct aid target = { 8, { 0xA0, 0, 0, 1, 0x51, 0, 0, 1 } };
	static const uint8_t iin[] = { 0x99, 0x99, 0x00, 0x01 };
	const char *platform = g->platform == NULL ? "PLAT-A01" : g->platform;

	if (strlen(platform) != PLATFORM_SIZE)
		return err_set(e, ERR_USAGE, "--platform: `%.40s` is not 8 characters", platform);
	for (const char *p = platform; *p != '\0'; p++)
		if (*p < 0x20 || *p > 0x7E)
			return err_set(e, ERR_USAGE, "--platform: ASCII characters only");
	memcpy(issue->platform, platform, PLATFORM_SIZE);
	memcpy(issue->iin, iin, sizeof(iin));
	issue->iin_n = sizeof(iin);
	issue->target = g->target.n > 0 ? g->target : target;
	issue->base = g->base.v;
	issue->memory = g->memory.v;
	issue->page = (uint16_t)g->page.v;
	/* Which of the two it must be, the keys say later. */
	if (g->i.given && !scp_i_valid(PROTOCOL_SCP02, (uint8_t)g->i.v) &&
	    !scp_i_valid(PROTOCOL_SCP03, (uint8_t)g->i.v))
		return err_set(e, ERR_USAGE, "--i: %02X is not a parameter i of SCP03 or SCP02",
		    (unsigned)g->i.v);
	if (take_policy(g, issue, e) != 0)
		return -1;
	return g->fault == NULL ? 0 : take_fault(g->fault, issue, e);
}

/* Issuer key, every Kos, and KMAC if the store has one. */
static int take_keys(
    const struct args *g, const struct keystore *ks, struct vcard_issue *issue, struct err *e)
{
	const struct entry *t;

	if (keystore_find(ks, ENTRY_ISSUER, g->issuer, &t, e) != 0)
		return -1;
	memcpy(issue->issuer, t->public, sizeof(issue->issuer));
	for (size_t i = 0; (t = keystore_at(ks, i)) != NULL; i++) {
		if (t->type != ENTRY_KOS && t->type != ENTRY_KMAC)
			continue;
		if (keystore_read(ks, i, e) != 0)
			return -1;
		if (t->type == ENTRY_KMAC && issue->kmac.n > 0)
			return err_set(e, ERR_AUTH, "%s: more than one KMAC", keystore_path(ks));
		if (t->type == ENTRY_KMAC) {
			issue->kmac = t->secret;
			continue;
		}
		if (issue->kos_n == KOS_MAX)
			return err_set(
			    e, ERR_AUTH, "%s: more than %d Kos", keystore_path(ks), KOS_MAX);
		issue->kos[issue->kos_n++] = (struct vcard_kos){ t->version, t->secret };
	}
	return 0;
}

/* ---- one card ---- */

/* KDD, CIN and CPLC of its own: random octets, so that no two cards are alike anywhere, and the
 * number, so that people can tell them apart. */
static int take_identity(uint32_t number, struct vcard_issue *issue, struct err *e)
{
	struct wr kdd = wr_fixed(issue->kdd, sizeof(issue->kdd));
	struct wr cin = wr_fixed(issue->cin, sizeof(issue->cin));
	struct wr cplc = wr_fixed(issue->cplc, sizeof(issue->cplc));
	uint8_t r[6];

	if (!random_bytes(r, sizeof(r)))
		return err_set(e, ERR_OTHER, "no random numbers");
	wr_bytes(&kdd, r, 6);
	wr_u32(&kdd, number);
	wr_bytes(&cin, r, 4);
	wr_u32(&cin, number);
	issue->cin_n = (uint8_t)cin.n;
	/* fabricator, type, system, its date and level, IC date, serial number, batch; the rest
	 * is not set (offsets in gp/card_data.c) */
	wr_u16(&cplc, 0xCADA);
	wr_u16(&cplc, 0x0001);
	wr_u16(&cplc, 0x0001);
	wr_u16(&cplc, 0x5001);
	wr_u16(&cplc, 0x0001);
	wr_u16(&cplc, 0x5001);
	wr_u32(&cplc, number);
	wr_bytes(&cplc, r, 2);
	wr_fill(&cplc, 0, CPLC_SIZE - cplc.n);
	return wr_ok(&kdd) && wr_ok(&cin) && wr_ok(&cplc)
		   ? 0
		   : err_set(e, ERR_OTHER, "card identity does not fit");
}

struct source {
	const struct entry *keys;
	enum vcard_product product;
	uint8_t key_version;
	enum diversification diversification;
	bool as_entry; /* diversification as it says, which may be a template */
	bool scp11;
	struct vcard_maker maker; /* if scp11 */
};

static int find_keys(
    const struct args *g, const struct keystore *ks, const struct entry **keys, struct err *e)
{
	if (g->protocol == NULL)
		return keystore_find_card(ks, g->keys, keys, e);
	return keystore_find(
	    ks, strcmp(g->protocol, "scp02") == 0 ? ENTRY_SCP02 : ENTRY_SCP03, g->keys, keys, e);
}

/* The card speaks what its keys are for. */
static int take_protocol(
    const struct args *g, const struct source *src, struct vcard_issue *issue, struct err *e)
{
	bool old = src->keys->type == ENTRY_SCP02;
	uint8_t i = g->i.given ? (uint8_t)g->i.v : old ? 0x15 : 0x70;

	if (old ? !scp_i_valid(PROTOCOL_SCP02, i) || (i & SCP02_I_EXPLICIT) == 0
		: !scp_i_valid(PROTOCOL_SCP03, i))
		return err_set(e, ERR_USAGE, "--i: %02X is not a parameter i of %s%s", i,
		    old ? "SCP02" : "SCP03", old ? " with explicit initiation" : "");
	issue->i = old ? 0x70 : i;
	issue->i02 = old ? i : 0;
	return 0;
}

static int take_diversification(const struct args *g, struct source *src, struct err *e)
{
	bool old = src->keys->type == ENTRY_SCP02;
	enum diversification *d = &src->diversification;

	src->as_entry = g->diversification == NULL;
	if (src->as_entry)
		return 0;
	if (!diversification_from(g->diversification, d))
		return err_set(
		    e, ERR_USAGE, "--diversification: unknown scheme %s", g->diversification);
	if (old ? diversification_is_des(*d) : diversification_is_aes(*d))
		return 0;
	return err_set(e, ERR_USAGE, "--diversification: %s is not for keys of type %s",
	    g->diversification, entry_type_str(src->keys->type));
}

static bool card_keys(const struct source *src, struct vcard_issue *issue)
{
	if (src->as_entry)
		return entry_card_keys(src->keys, issue->kdd, &issue->keys);
	return diversify(src->diversification, &src->keys->keys, issue->kdd, &issue->keys);
}

static int take_scp11(
    const struct args *g, const struct keystore *ks, struct source *src, struct err *e)
{
	enum ec_curve curve = EC_P256;
	struct vcard_cas cas;

	src->scp11 = g->protocol != NULL
			 ? strcmp(g->protocol, "scp11") == 0
			 : src->keys->type == ENTRY_SCP03 && vcard_product_scp11(src->product, ks);
	if (!src->scp11 &&
	    (g->ca != NULL || g->oce_ca != NULL || g->curve != NULL || g->certificates != NULL))
		return err_set(e, ERR_USAGE,
		    "--ca, --oce-ca, --curve and --certificates go with --protocol scp11");
	if (!src->scp11)
		return 0;
	if (g->curve != NULL && !ec_curve_from(g->curve, &curve))
		return err_set(e, ERR_USAGE, "--curve: unknown curve %s", g->curve);
	if (keystore_find(ks, ENTRY_CA, g->ca, &cas.ca, e) != 0)
		return -1;
	if (keystore_find(ks, ENTRY_OCE_CA, g->oce_ca, &cas.oce_ca, e) != 0)
		return err_hint_else(e,
		    "cards know those who open them by another CA than their own: an entry of type "
		    "oce-ca");
	return vcard_maker_begin(&src->maker, &cas, curve,
	    g->certificates != NULL && strcmp(g->certificates, "x509") == 0, e);
}

/* Who signs grants to third parties, and who needs no certificate. */
static int take_parties(const struct args *g, const struct keystore *ks, const struct source *src,
    struct vcard_issue *issue, struct err *e)
{
	const struct entry *t;

	if (g->grantor != NULL && issue->i02 != 0)
		return err_set(e, ERR_USAGE, "--grantor: cards of SCP02 take no grants");
	if (g->store_oce != NULL && !src->scp11)
		return err_set(e, ERR_USAGE, "--store-oce goes with --protocol scp11");
	if (g->grantor != NULL) {
		if (keystore_find(ks, ENTRY_GRANTOR, g->grantor, &t, e) != 0)
			return -1;
		if (!entry_point(t, &issue->grantor[0]))
			return err_set(e, ERR_AUTH, "`%s` has no public key for cards", t->name);
		issue->grantor_n = 1;
	}
	if (g->store_oce != NULL) {
		if (keystore_find(ks, ENTRY_OCE, g->store_oce, &t, e) != 0)
			return -1;
		if (!entry_point(t, &issue->stored_oce) ||
		    issue->stored_oce.curve != src->maker.curve)
			return err_set(e, ERR_AUTH,
			    "`%s` has no public key on the curve of the cards' keys", t->name);
	}
	return 0;
}

/* The version that the keys have on the card, and which product it is like. */
static int take_product(struct ctx *c, const struct args *g, struct source *src,
    struct vcard_issue *issue, struct err *e)
{
	const char *name = g->product == NULL ? "plain" : g->product;

	if (!product_from(name, &src->product))
		return err_set(e, ERR_USAGE, "--product: unknown product %s", name);
	issue->product = src->product;
	issue->isd = g->isd;
	src->key_version = g->key_version.given ? (uint8_t)g->key_version.v
						: vcard_product_version(src->product, src->keys);
	if (src->key_version != src->keys->version)
		ctx_note(c, "keys: %s has version %02X, on the card it is %02X", src->keys->name,
		    src->keys->version, src->key_version);
	return 0;
}

static int create_one(
    struct source *src, const char *path, uint32_t number, struct vcard_issue *issue, struct err *e)
{
	if (take_identity(number, issue, e) != 0)
		return -1;
	if (!vcard_product_numbers(number, issue))
		return err_set(e, ERR_OTHER, "the card's numbers do not fit");
	if (!card_keys(src, issue))
		return err_set(e, ERR_OTHER, "the card's keys cannot be derived");
	issue->key_version = src->key_version;
	if (src->scp11 && vcard_maker_card(&src->maker, issue, e) != 0)
		return -1;
	return vcard_create(path, issue, e);
}

static int create_many(struct ctx *c, const struct args *g, struct source *src,
    struct vcard_issue *issue, struct err *e)
{
	uint32_t first = g->first.given ? g->first.v : 1;
	char path[4096];

	if (mkdir(g->path, 0777) != 0 && errno != EEXIST)
		return err_errno(e, ERR_OTHER, "%s: cannot make the directory", g->path);
	for (uint32_t i = 0; i < g->count.v; i++) {
		if (*c->stop != 0) {
			err_set(
			    e, ERR_INTERRUPTED, "stopped after %u card%s", i, i == 1 ? "" : "s");
			return err_hint(
			    e, "--first %u --count %u makes the others", first + i, g->count.v - i);
		}
		if (snprintf(path, sizeof(path), "%s/%04u.card", g->path, first + i) >=
		    (int)sizeof(path))
			return err_set(e, ERR_USAGE, "%.80s...: name too long", g->path);
		if (create_one(src, path, first + i, issue, e) != 0)
			return -1;
	}
	return 0;
}

static int tell(struct ctx *c, const struct args *g, struct err *e)
{
	uint32_t n = g->count.given ? g->count.v : 1;
	json_t *o;

	if (!c->json) {
		print_line(c->out, "created %u card%s: %s", n, n == 1 ? "" : "s", g->path);
		return 0;
	}
	o = json_object();
	out_set(&o, "created", json_integer(n));
	out_set_text(&o, "path", g->path);
	return out_result(c, o, e);
}

/* That is what the policy says; who says it may not know. */
static void remark_policy(struct ctx *c, const struct vcard_issue *issue)
{
	bool form_01 = memchr(issue->forms, FORM_KOS, issue->form_n) != NULL;

	for (size_t i = 0; i < issue->algorithm_n; i++)
		for (size_t k = 0; k < issue->form_n; k++) {
			if (!pair_trusts_station(issue->algorithms[i], issue->forms[k]))
				continue;
			ctx_note(c,
			    "remark: algorithm %02X with form 00 trusts the station: these cards "
			    "take any image from whoever has their keys",
			    issue->algorithms[i]);
			if (form_01)
				ctx_note(c, "hint: --forms 01 makes cards that ask for Kos, too");
			return;
		}
}

static int run_create(struct ctx *c, void *args, struct err *e)
{
	const struct args *g = args;
	struct vcard_issue issue = { 0 };
	struct source src = { 0 };
	struct keystore *ks = NULL;
	int rc = -1;

	if (g->first.given && !g->count.given)
		return err_set(e, ERR_USAGE, "--first goes with --count");
	if (take_options(g, &issue, e) != 0 || ctx_keystore(c, &ks, e) != 0)
		return -1;
	if (find_keys(g, ks, &src.keys, e) != 0 || take_product(c, g, &src, &issue, e) != 0 ||
	    take_protocol(g, &src, &issue, e) != 0 || take_diversification(g, &src, e) != 0 ||
	    take_scp11(g, ks, &src, e) != 0 || take_parties(g, ks, &src, &issue, e) != 0)
		goto out;
	/* What authorizes images is of no use on a card that takes none. */
	if (issue.i02 == 0 && issue.product == PRODUCT_PLAIN && take_keys(g, ks, &issue, e) != 0)
		goto out;
	if (g->keys == NULL)
		ctx_note(
		    c, "keys: %s, the only card key set in %s", src.keys->name, keystore_path(ks));
	if (issue.i02 == 0 && issue.product == PRODUCT_PLAIN)
		remark_policy(c, &issue);
	rc = g->count.given ? create_many(c, g, &src, &issue, e)
			    : create_one(&src, g->path, 1, &issue, e);
	if (rc == 0)
		rc = tell(c, g, e);
out:
	wipe(&issue, sizeof(issue));
	vcard_maker_wipe(&src.maker);
	keystore_close(ks);
	return rc;
}

const struct verb verb_vcard_create = {
	.name = "vcard create",
	.group = GROUP_VIRTUAL,
	.place = 10,
	.summary = "Make virtual cards",
	.needs = USES_KEYSTORE | HAS_JSON,
	VERB_OPTS(opts),
	VERB_OPERANDS(create_operands),
	.args_size = sizeof(struct args),
	.run = run_create,
};
