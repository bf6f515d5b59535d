#include <string.h>

#include "base/file.h"
#include "base/hex.h"
#include "crypto/digest.h"
#include "keystore/keystore.h"

#define STORE_MAX 8192

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

/* For SCP11: a CA that virtual cards trust and are certified by, and one whom it certifies. */
static bool put_scp11(struct wr *w)
{
	enum { FROM = 1577836800, UNTIL = 4102444800 }; /* 2020-01-01, 2100-01-01 */
	SECRET_EC(ca);
	SECRET_EC(oce);
	struct ec_public ca_public, oce_public;
	uint8_t room[1024], serial[8];
	struct wr certs = wr_fixed(room, sizeof(room));
	struct x509_make m = { .subject = "cardadm test OCE",
		.issuer = "cardadm test CA",
		.key = &oce_public,
		.signer = &ca,
		.from = FROM,
		.until = UNTIL,
		.role = X509_ROLE_OCE };

	if (!ec_generate(EC_P256, &ca) || !ec_generate(EC_P256, &oce) ||
	    !ec_public_of(&ca, &ca_public) || !ec_public_of(&oce, &oce_public) ||
	    !random_bytes(serial, sizeof(serial)))
		return false;
	serial[0] = (uint8_t)((serial[0] & 0x7F) | 0x40); /* positive, eight octets */
	m.serial.n = sizeof(serial);
	memcpy(m.serial.b, serial, sizeof(serial));
	if (!x509_put(&certs, &m))
		return false;
	put_text(w, "  ca:\n    type: ca\n    test: true\n");
	put_public(w, ec_public_span(&ca_public));
	put_secret(w, "private", span_of(ca.b, ca.n));
	put_text(w, "  oce:\n    type: oce\n    test: true\n");
	put_secret(w, "private", span_of(oce.b, oce.n));
	return put_certs(w, "certificates", wr_span(&certs));
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
	int rc;

	put_text(&w, test_entry);
	if (put_pairs(&w) && put_random(&w, "bundle-kek", "", 32) &&
	    put_random(&w, "kos", "    version: 01\n", 32) && put_random(&w, "kmac", "", 16) &&
	    put_scp11(&w))
		rc = create(path, &w, e);
	else
		rc =
		    err_set(e, ERR_OTHER, "cannot make new keys: the cryptographic library failed");
	wr_free(&w);
	return rc;
}

int keystore_init_empty(const char *path, struct err *e)
{
	static const char text[] =
	    "# A key store: see cardadm-keystore(5). A secret value stands in a file of its own, "
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
	    "#    certificate: {file: maker.pem}\n";
	struct wr w = wr_grow(STORE_MAX);
	int rc;

	put_text(&w, text);
	rc = create(path, &w, e);
	wr_free(&w);
	return rc;
}
