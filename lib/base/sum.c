#include "base/sum.h"

/* FNV-1a over words of eight octets. Each step is a bijection of the sum, and of the word, so that
 * two inputs that differ in one word never meet again. */
static uint64_t step(uint64_t sum, uint64_t word)
{
	sum = (sum ^ word) * 0x100000001B3u;
	return sum ^ sum >> 29;
}

uint64_t sum64(uint64_t before, struct span s)
{
	uint64_t sum = step(before, s.n), word;
	struct rd r = rd_of(s);
	uint8_t octet;

	while (rd_u64(&r, &word))
		sum = step(sum, word);
	for (word = 0; rd_u8(&r, &octet);)
		word = word << 8 | octet;
	return step(sum, word);
}
