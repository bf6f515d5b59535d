/*
 * (f) Commands and octets on the wire per KB of payload, of streams as `bundle build` makes them,
 *     against what fits at most: a short command holds 255 octets; take off the MAC, cut down to
 *     whole cipher blocks, leave one octet for padding and four for the offset. Goal: 1.00.
 *
 * Usage: stream_bench BUNDLE IMAGE-LENGTH   (a bundle with a package for S8 and one for S16)
 */
#include <stdio.h>
#include <stdlib.h>

#include "bundle/bundle.h"
#include "measure.h"
#include "tlv/tlv.h"

enum { HEADER = 5, DATA_MAX = 255, BLOCK = 16, OFFSET = 4 };

struct cost {
	double commands, octets;
};

static size_t sealed(size_t payload, size_t m)
{
	return HEADER + (payload + OFFSET) / BLOCK * BLOCK + BLOCK + m;
}

static struct cost optimum(size_t length, size_t m)
{
	size_t fits = (DATA_MAX - m) / BLOCK * BLOCK - 1 - OFFSET;
	size_t full = length / fits, rest = length % fits;

	need(fits == (m == 8 ? 235u : 219u), "the optimum");
	return (struct cost){ (double)(full + (rest > 0)),
		(double)(full * sealed(fits, m) + (rest > 0 ? sealed(rest, m) : 0)) };
}

static struct cost built(const struct package *p)
{
	struct rd r = rd_of(p->commands);
	struct cost c = { 0, 0 };
	struct tlv t;

	while (rd_left(&r) > 0) {
		need(tlv_next(&r, &t), "reading the stream");
		c.commands++;
		c.octets += (double)t.val.n;
	}
	return c;
}

int main(int argc, char **argv)
{
	static struct bundle b;
	struct err e;
	size_t length;
	bool met = true;

	need(argc == 3, "usage");
	length = (size_t)strtoul(argv[2], NULL, 10);
	need(bundle_read(argv[1], &b, &e) == 0 && bundle_open_unverified(&b, &e) == 0 &&
		 b.length == length && b.package_n == 2,
	    "reading the bundle");
	for (size_t i = 0; i < b.package_n; i++) {
		size_t m = b.package[i].m;
		struct cost is = built(&b.package[i]), best = optimum(length, m);
		double kb = (double)length / 1024;
		char what[64], note[64];

		snprintf(what, sizeof(what), "(f) commands per KB, S%zu: stream / optimum", m);
		snprintf(note, sizeof(note), "%.3f / %.3f", is.commands / kb, best.commands / kb);
		met = goal_line(what, is.commands / best.commands, AT_MOST, 1.0, note) && met;
		snprintf(what, sizeof(what), "(f) octets per KB, S%zu: stream / optimum", m);
		snprintf(note, sizeof(note), "%.1f / %.1f", is.octets / kb, best.octets / kb);
		met = goal_line(what, is.octets / best.octets, AT_MOST, 1.0, note) && met;
	}
	bundle_free(&b);
	return met ? 0 : 1;
}
