/*
 * (g) Commands and octets on the wire per KB of payload, of a CAP file loaded by the program, as
 * its trace has them, against what fits at most: take off the MAC, cut down to whole cipher blocks,
 *     leave one octet for padding. Goal: 1.00.
 *
 * A command counts with its header and the Le that its answer needs (GPCS 11.6.2).
 *
 * Usage: cap_stream_bench LABEL TRACE OCTETS WIRE MAC PAD   (OCTETS of the load file data block;
 * the card takes WIRE octets in a command; a MAC of so many; PAD: size of a cipher block, 0: not
 * ciphered)
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "measure.h"

enum { LINE = 1 << 16, SHORT = 255, INS_LOAD_AT = 4 };

struct channel {
	size_t wire, mac, pad;
};

struct cost {
	double commands, octets;
};

static size_t protected_size(const struct channel *c, size_t payload)
{
	return (c->pad == 0 ? payload : payload / c->pad * c->pad + c->pad) + c->mac;
}

static struct cost optimum(const struct channel *c, size_t octets)
{
	size_t room = c->wire - c->mac, head = c->wire > SHORT ? 4 + 3 + 2 : 4 + 1 + 1;
	struct cost best = { 0, 0 };

	if (c->pad > 0)
		room = room / c->pad * c->pad - 1;
	for (size_t left = octets; left > 0; left -= left < room ? left : room) {
		best.commands++;
		best.octets += (double)(head + protected_size(c, left < room ? left : room));
	}
	return best;
}

/* C4 and its length in front of the data block. */
static size_t load_file(size_t data)
{
	return data + (data < 0x80 ? 2 : data < 0x100 ? 3 : data < 0x10000 ? 4 : 5);
}

/* LOAD commands in a trace; a line is "> 80E80000EF...". */
static struct cost sent(const char *trace)
{
	static char line[LINE];
	struct cost is = { 0, 0 };
	FILE *f = fopen(trace, "r");

	need(f != NULL, "opening the trace");
	while (fgets(line, sizeof(line), f) != NULL) {
		if (strncmp(line, "> ", 2) != 0 || strncmp(line + INS_LOAD_AT, "E8", 2) != 0)
			continue;
		is.commands++;
		is.octets += (double)((strcspn(line, "\n") - 2) / 2);
	}
	fclose(f);
	return is;
}

static bool show(const char *label, const char *what, double is, double best)
{
	char name[64], note[64];

	snprintf(name, sizeof(name), "(g) %s per KB, %s", what, label);
	snprintf(note, sizeof(note), "%.3f / %.3f", is, best);
	return goal_line(name, is / best, AT_MOST, 1.0, note);
}

int main(int argc, char **argv)
{
	struct channel c;
	struct cost is, best;
	double kb;
	bool met;

	need(argc == 7, "usage");
	c.wire = strtoul(argv[4], NULL, 10);
	c.mac = strtoul(argv[5], NULL, 10);
	c.pad = strtoul(argv[6], NULL, 10);
	is = sent(argv[2]);
	best = optimum(&c, load_file(strtoul(argv[3], NULL, 10)));
	kb = (double)strtoul(argv[3], NULL, 10) / 1024;
	met = show(argv[1], "commands", is.commands / kb, best.commands / kb);
	return show(argv[1], "octets", is.octets / kb, best.octets / kb) && met ? 0 : 1;
}
