#include "crypto/digest.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include <openssl/evp.h>

bool sha256(const struct span *parts, size_t count, uint8_t out[static 32])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok = ctx != NULL && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1;

	for (size_t i = 0; ok && i < count; i++)
		ok = parts[i].n == 0 || EVP_DigestUpdate(ctx, parts[i].p, parts[i].n) == 1;
	ok = ok && EVP_DigestFinal_ex(ctx, out, NULL) == 1;
	EVP_MD_CTX_free(ctx);
	return ok;
}

bool sha256_of(struct span s, uint8_t out[static 32])
{
	return sha256(&s, 1, out);
}

bool random_bytes(void *p, size_t n)
{
	uint8_t *to = p;
	size_t done = 0;

	while (done < n) {
		ssize_t got = getrandom(&to[done], n - done, 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return false;
		done += (size_t)got;
	}
	return true;
}

/* ---- of whatever strength ---- */

const char *const digest_names[DIGEST_ALGS + 1] = {
	[DIGEST_SHA1] = "sha-1",
	[DIGEST_SHA256] = "sha-256",
	[DIGEST_SHA384] = "sha-384",
	[DIGEST_SHA512] = "sha-512",
};

static const struct {
	uint8_t size;
	const EVP_MD *(*md)(void);
} digests[DIGEST_ALGS] = {
	[DIGEST_SHA1] = { 20, EVP_sha1 },
	[DIGEST_SHA256] = { 32, EVP_sha256 },
	[DIGEST_SHA384] = { 48, EVP_sha384 },
	[DIGEST_SHA512] = { 64, EVP_sha512 },
};

bool digest_from(const char *name, enum digest_alg *alg)
{
	for (int i = 0; i < DIGEST_ALGS; i++) {
		if (strcmp(name, digest_names[i]) == 0) {
			*alg = (enum digest_alg)i;
			return true;
		}
	}
	return false;
}

const char *digest_str(enum digest_alg alg)
{
	return (unsigned)alg < DIGEST_ALGS ? digest_names[alg] : "unknown";
}

size_t digest_size(enum digest_alg alg)
{
	return (unsigned)alg < DIGEST_ALGS ? digests[alg].size : 0;
}

bool digest_by_size(size_t n, enum digest_alg *alg)
{
	for (int i = 0; i < DIGEST_ALGS; i++) {
		if (digests[i].size == n) {
			*alg = (enum digest_alg)i;
			return true;
		}
	}
	return false;
}

bool digest_of(enum digest_alg alg, struct span s, uint8_t out[static DIGEST_MAX])
{
	return (unsigned)alg < DIGEST_ALGS &&
	       EVP_Digest(s.p, s.n, out, NULL, digests[alg].md(), NULL) == 1;
}
