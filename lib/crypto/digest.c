#include "crypto/digest.h"

#include <errno.h>
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
