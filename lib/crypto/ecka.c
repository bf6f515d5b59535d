#include "crypto/ecka.h"

#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include "crypto/ec_openssl.h"

bool ecka(const struct ec_private *own, const struct ec_public *other, struct wr *z)
{
	EC_GROUP *group = own->curve == other->curve ? ec_group(own->curve) : NULL;
	EC_POINT *point = group == NULL ? NULL : ec_point(group, other);
	EC_POINT *common = group == NULL ? NULL : EC_POINT_new(group);
	BIGNUM *d = group == NULL ? NULL : ec_scalar(group, own);
	BIGNUM *x = BN_secure_new();
	uint8_t room[EC_FIELD_MAX];
	int field = (int)ec_field(own->curve);
	bool ok;

	/* The curves have cofactor 1, so a point on the curve is in the group; infinity has no
	 * coordinates to be had. */
	ok = point != NULL && common != NULL && d != NULL && x != NULL &&
	     EC_POINT_mul(group, common, NULL, point, d, NULL) == 1 &&
	     EC_POINT_get_affine_coordinates(group, common, x, NULL, NULL) == 1 &&
	     BN_bn2binpad(x, room, field) == field;
	if (ok)
		wr_bytes(z, room, (size_t)field);
	wipe(room, sizeof(room));
	BN_clear_free(x);
	BN_clear_free(d);
	EC_POINT_clear_free(common);
	EC_POINT_free(point);
	EC_GROUP_free(group);
	return ok && wr_ok(z);
}

bool x963_kdf(enum kdf_hash h, struct span z, struct span info, uint8_t *out, size_t n)
{
	static const char *const names[] = {
		[KDF_SHA256] = "SHA256", [KDF_SHA384] = "SHA384", [KDF_SHA512] = "SHA512"
	};
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "X963KDF", NULL);
	EVP_KDF_CTX *ctx = kdf == NULL ? NULL : EVP_KDF_CTX_new(kdf);
	/* OpenSSL's parameters are not const, but it only reads these. */
	const OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)names[h], 0),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)z.p, z.n),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (void *)info.p, info.n),
		OSSL_PARAM_construct_end(),
	};
	bool ok = ctx != NULL && EVP_KDF_derive(ctx, out, n, params) == 1;

	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
	return ok;
}
