#include "base/secret.h"

#include <string.h>

void wipe(void *p, size_t n)
{
	explicit_bzero(p, n);
}

void wipe_key(struct key *k)
{
	explicit_bzero(k, sizeof(*k));
}

void wipe_key_set(struct key_set *k)
{
	explicit_bzero(k, sizeof(*k));
}

bool key_from(struct key *k, struct span s)
{
	if (s.n == 0 || s.n > KEY_MAX)
		return false;
	memcpy(k->b, s.p, s.n);
	k->n = (uint8_t)s.n;
	return true;
}

struct span key_span(const struct key *k)
{
	return span_of(k->b, k->n);
}

bool ct_equal(struct span a, struct span b)
{
	volatile uint8_t d = 0;

	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		d |= a.p[i] ^ b.p[i];
	return d == 0;
}
