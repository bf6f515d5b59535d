#include <string.h>

#include "base/file.h"
#include "base/hex.h"
#include "crypto/digest.h"
#include "keystore/keystore.h"

#define STORE_MAX 16384

static void put_text(struct wr *w, const char *s)
{
	wr_put(w, span_str(s));
}

/* "    NAME: {hex: VALUE}" */
static void put_secret(struct wr *w, const char *name, struct span value)
{
	char hex[HEX_SIZE(KEY_MAX)];

	put_text(w, "    ");
	put_text(w, name);
	put_text(w, ": {hex: ");
	put_text(w, hex_put(value, hex, sizeof(hex)));
	put_text(w, "}\n");
	wipe(hex, sizeof(hex));
}

static void put_public(struct wr *w, struct span value)
{
	char hex[HEX_SIZE(P256_PUBLIC)];

	put_text(w, "    public: ");
	put_text(w, hex_put(value, hex, sizeof(hex)));
	put_text(w, "\n");
}

/* An entry of a random key of n octets; `more` are further lines. */
static bool put_random(struct wr *w, const char *name, const char *more, uint8_t n)
{
	SECRET_KEY(k);

	k.n = n;
	if (!random_bytes(k.b, n))
		return false;
	put_text(w, "  ");
	put_text(w, name);
	put_text(w, ":\n    type: ");
	put_text(w, name);
	put_text(w, "\n    test: true\n");
	put_text(w, more);
	put_secret(w, "value", key_span(&k));
	return true;
}

static bool put_pairs(struct wr *w)
{
	SECRET_KEY(issuer);
	SECRET_KEY(signer);
	uint8_t issuer_public[P256_PUBLIC], signer_public[ED25519_PUBLIC];

	if (!p256_generate(&issuer, issuer_public) || !ed25519_generate(&signer, signer_public))
		return false;
	put_text(w, "  issuer:\n    type: issuer\n    test: true\n");
	put_public(w, SPAN(issuer_public));
	put_secret(w, "private", key_span(&issuer));
	put_text(w, "  signer:\n    type: signer\n    test: true\n");
	put_public(w, SPAN(signer_public));
	put_secret(w, "private", key_span(&signer));
	return true;
}

/* "    NAME: {hex: VALUE}", of certificates. */
static bool put_certs(struct wr *w, const char *name, struct span value)
{
	static const char digits[] = "0123456789ABCDEF";
	struct rd r = rd_of(value);
	uint8_t b;

	put_text(w, "    ");
	put_text(w, name);
	put_text(w, ": {hex: ");
	while (rd_u8(&r, &b)) {
		wr_u8(w, (uint8_t)digits[b >> 4]);
		wr_u8(w, (uint8_t)digits[b & 0x0F]);
	}
	put_text(w, "}\n");
	return wr_ok(w);
}

/* A CA with its private key, for tests. */
static bool put_ca(struct wr *w, const char *name, enum entry_type type, struct ec_private *k)
{
	struct ec_public public;

	if (!ec_generate(EC_P256, k) || !ec_public_of(k, &public))
		return false;
	put_text(w, "  ");
	put_text(w, name);
	put_text(w, ":\n    type: ");
	put_text(w, entry_type_str(type));
	put_text(w, "\n    test: true\n");
	put_public(w, ec_public_span(&public));
	put_secret(w, "private", span_of(k->b, k->n));
	return true;
}

/* For SCP11: a CA that certifies virtual cards; another by which they know those who open them,
 * since whoever is certified by that one may; and one whom it certifies. */
static bool put_scp11(struct wr *w)
{
	enum { FROM = 1577836800, UNTIL = 4102444800 }; /* 2020-01-01, 2100-01-01 */
	SECRET_EC(ca);
	SECRET_EC(oce_ca);
	SECRET_EC(oce);
	struct ec_public oce_public;
	uint8_t room[1024], serial[8];
	struct wr certs = wr_fixed(room, sizeof(room));
	struct x509_make m = { .subject = "cardadm test OCE",
		.issuer = "cardadm test OCE CA",
		.key = &oce_public,
		.signer = &oce_ca,
		.from = FROM,
		.until = UNTIL,
		.role = X509_ROLE_OCE };

	if (!put_ca(w, "ca", ENTRY_CA, &ca) || !put_ca(w, "oce-ca", ENTRY_OCE_CA, &oce_ca) ||
	    !ec_generate(EC_P256, &oce) || !ec_public_of(&oce, &oce_public) ||
	    !random_bytes(serial, sizeof(serial)))
		return false;
	serial[0] = (uint8_t)((serial[0] & 0x7F) | 0x40); /* positive, eight octets */
	m.serial.n = sizeof(serial);
	memcpy(m.serial.b, serial, sizeof(serial));
	if (!x509_put(&certs, &m))
		return false;
	put_text(w, "  oce:\n    type: oce\n    test: true\n");
	put_secret(w, "private", span_of(oce.b, oce.n));
	return put_certs(w, "certificates", wr_span(&certs));
}

/* For content management: keys that everybody knows. P-256 and RSA-1024 are those of RFC 9500. */
static void put_authority(struct wr *w)
{
	static const char text[] =
	    "  dap:\n"
	    "    type: dap\n"
	    "    test: true\n"
	    "    curve: p-256\n"
	    "    private: {hex: E6CB5BDD80AA45AE9C95E8C15476679FFEC953C16851E711E743939589C64FC1}\n"
	    "  token:\n"
	    "    type: token\n"
	    "    test: true\n"
	    "    private: {hex: "
	    "3082025D02010002818100B0D18352A88F53D5516F46C20E7A367D7DE88ACF54A019F6DEF57A"
	    "B9B44CEDDB2242B1BCA0FB1B5CB82B3036176A63903564DEC6EB41DB2F8FC787F4E52E1149E3"
	    "3347572973F660C3C77CA9E0821C2B695BE7AE9D7D30F4079110F48AAE6F8B702D474B290081"
	    "7F2866249BEC12A2B19B8278416808F81AE1FCF9B7778A623F0203010001028180482E9F8FA4"
	    "E42DF30D7581CB42A1BD90E94F7F2B387ECB5AAE9643ED7F9F50127F1FFEF2E43CDE64B18260"
	    "0214F907801D6BFA4DF64842345E5BB432D3444525D8301654C5442B0A5E11B9C7E201FA32F4"
	    "1ABAF4F0A6E03CF0E0CB8266C62AD11D956D53C9466E48995FEA260C8536F041CB3562FAAC51"
	    "1C4D66A8FED111B291024100E9D86E4DC34A985A7EC75A6F54A75CE45139E45240B386AB711D"
	    "B791BCD98718A13BAF218C24493646680756CB50A6CBEE158E2521449912301C0D4149111845"
	    "024100C191FA3B550B391A7CB0728376277295E61C654F0BEF2F58DCE5C962A10B7DD75F0601"
	    "5465E55076E466263EEBCAED20D2EBAB39313E8BC567320FE8B2DC62B3024100E73AE0377CB8"
	    "B25629AEAEBA0F973EBF75A22D27385B4CFB11EB34ADA373E5A67128375090E7008DEEA8C739"
	    "07EA4444BAB40DCEA14AD7A1A878D4928DD19D910240419979161672213E0AB7B97737D99289"
	    "9E5C4D3106B85E715D1B3AAE842962D2544FB2AFA980974E538512BD0C27CF48EA7217AAE037"
	    "7422C8203D27FD4596E5024100B99D7F8F4D4D455F1FBA462D990A2E848C428C1EBEE01DC001"
	    "84C8A76583AD379F69ADAF54755430F63C4253D1BB78CC9BD23264340080B84C1A917DE08B6E"
	    "DB"
	    "}\n"
	    "  receipt:\n"
	    "    type: receipt\n"
	    "    test: true\n"
	    "    value: {hex: 505152535455565758595A5B5C5D5E5F}\n";

	put_text(w, text);
}

/* A key pair by its private half. */
static bool put_pair_of(struct wr *w, const char *name, const char *more)
{
	SECRET_EC(k);

	if (!ec_generate(EC_P256, &k))
		return false;
	put_text(w, "  ");
	put_text(w, name);
	put_text(w, ":\n    type: ");
	put_text(w, name);
	put_text(w, "\n    test: true\n    curve: p-256\n");
	put_text(w, more);
	put_secret(w, "private", span_of(k.b, k.n));
	return true;
}

/* For third parties on the card, and terminals: all of them in one store, as only a test has it. */
static bool put_parties(struct wr *w)
{
	return put_pair_of(w, "grantor", "") && put_pair_of(w, "party", "    form: signing\n") &&
	       put_random(w, "domain-key", "", 16) &&
	       put_random(w, "terminal-master", "    version: 01\n", 16);
}

static int create(const char *path, struct wr *w, struct err *e)
{
	if (!wr_ok(w))
		return err_memory(e);
	return file_create(path, wr_span(w), 0600, e);
}

int keystore_init_test(const char *path, struct err *e)
{
	/* The well-known GlobalPlatform test key. */
	static const char test_entry[] = "# For tests only: the card keys are known to everybody, "
					 "the others lie here in the clear.\n"
					 "# Never bring them to a real card.\n"
					 "cardadm: keystore/1\n"
					 "keys:\n"
					 "  test:\n"
					 "    type: scp03\n"
					 "    test: true\n"
					 "    version: 30\n"
					 "    diversification: kdf3\n"
					 "    master: {hex: 404142434445464748494A4B4C4D4E4F}\n";
	struct wr w = wr_grow(STORE_MAX);
	bool ok = false;
	int rc;

	put_text(&w, test_entry);
	if (put_pairs(&w) && put_random(&w, "bundle-kek", "", 32) &&
	    put_random(&w, "kos", "    version: 01\n", 32) && put_random(&w, "kmac", "", 16) &&
	    put_scp11(&w)) {
		put_authority(&w);
		ok = put_parties(&w);
	}
	rc = ok ? create(path, &w, e)
		: err_set(e, ERR_OTHER, "cannot make new keys: the cryptographic library failed");
	wr_free(&w);
	return rc;
}

/* What stands in a store without keys: how to write some. */
static const char empty_store[] =
    "# A key store: see cardadm-keystore-init(1). A secret value stands in a file of its "
    "own, "
    "mode 0600,\n"
    "# in hex; the file's name is relative to this store.\n"
    "cardadm: keystore/1\n"
    "\n"
    "# How many signers of this store must have signed a bundle:\n"
    "#threshold: 1\n"
    "\n"
    "keys: {}\n"
    "# Instead of {}, entries like these:\n"
    "#  fleet:                     # the cards' keys, here by their master key\n"
    "#    type: scp03\n"
    "#    version: 30              # key version on the card, hex\n"
    "#    diversification: kdf3    # or none: the cards have these very keys\n"
    "#    master: {file: fleet.hex, kcv: 504A77}\n"
    "#  old-fleet:                 # triple DES, for SCP02 and SCP01\n"
    "#    type: scp02\n"
    "#    version: 01\n"
    "#    diversification: visa2   # or visa, emv, none, {template: ...}\n"
    "#    master: {file: old.hex}\n"
    "#  design-house:              # whose bundles are accepted\n"
    "#    type: signer             # Ed25519\n"
    "#    public: 32 octets in hex\n"
    "#    private: {file: signer.hex}   # only where bundles are built\n"
    "#  card-issuer:               # authorizes images\n"
    "#    type: issuer             # ECDSA P-256\n"
    "#    public: 65 octets in hex, 04 first\n"
    "#    private: {file: issuer.hex}\n"
    "#  kos-1:                     # group secret of design house and cards\n"
    "#    type: kos\n"
    "#    version: 01\n"
    "#    value: {file: kos.hex}\n"
    "#  kek:                       # bundle-kek and kmac are alike\n"
    "#    type: bundle-kek\n"
    "#    value: {file: kek.hex}\n"
    "#  us:                        # SCP11: our key and certificates, leaf last\n"
    "#    type: oce\n"
    "#    curve: p-256             # or p-384, brainpoolp256r1\n"
    "#    private: {file: us.hex}\n"
    "#    certificates: {file: us.pem}\n"
    "#  card-maker:                # SCP11: whose cards are genuine\n"
    "#    type: ca\n"
    "#    certificate: {file: maker.pem}\n"
    "#  hosts:                     # SCP11: who certifies us, as cards are told\n"
    "#    type: oce-ca             # never the same key as a ca\n"
    "#    certificate: {file: hosts.pem}\n"
    "#  house:                     # DAP: signs load files; token and receipt are alike\n"
    "#    type: dap\n"
    "#    private: {file: house.pem}   # RSA or EC, PEM; public: {file: ...} to verify "
    "only\n"
    "#  grants:                    # signs grants of third parties on the card\n"
    "#    type: grantor            # P-256; never the same key as a ca or oce-ca\n"
    "#    private: {file: grants.pem}  # public: {file: ...} to verify only\n"
    "#  acme:                      # such a party\n"
    "#    type: party              # P-256\n"
    "#    form: signing            # or agreement: its key is used for SCP11 itself\n"
    "#    public: {file: acme.pub.pem} # private: {file: ...} in the party's own store\n"
    "#  wallet:                    # common to all cards with an application of it\n"
    "#    type: domain-key         # AES\n"
    "#    value: {file: wallet.hex}\n"
    "#  models-2027:               # of a maker of terminals: their keys come from it\n"
    "#    type: terminal-master    # AES\n"
    "#    version: 01\n"
    "#    value: {file: models.hex}\n"
    "#  bank:                      # AES, or triple DES with cipher: des\n"
    "#    type: receipt\n"
    "#    value: {file: bank.hex}\n";

int keystore_init_empty(const char *path, struct err *e)
{
	struct wr w = wr_grow(STORE_MAX);
	int rc;

	put_text(&w, empty_store);
	rc = create(path, &w, e);
	wr_free(&w);
	return rc;
}
