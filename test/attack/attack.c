/*
 * Somebody on the line: `cardadm` linked with a hand between host and virtual card. Every command
 * that goes to a virtual card of this process passes here (--wrap=vcard_transmit).
 *
 * The file that CARDADM_ATTACK names says what happens, a rule in each line, the first that fits.
 * It may change while an agent holds the card: all is counted anew then.
 *
 *     PATTERN  WHICH  ACTION [ARGUMENT...]
 *
 * PATTERN is the beginning of the command in hex, with `.` for any digit; WHICH counts the commands
 * of this process that fit it, from 1, `*` stands for each, `3-` for the third and all behind it.
 * Actions:
 *     answer HEX        the card never sees the command; this is its answer
 *     instead HEX       the card gets the command; this comes back in place of its answer
 *     change OFFSET HEX the card's answer, with these octets from OFFSET on
 *     flip OFFSET HEX   the card's answer, with these bits from OFFSET on turned round
 *     spoil OFFSET HEX  the same with the command: so the card gets it
 *     pass              nothing: for the rules behind it
 *     before            this process is killed before the card gets the command
 *     after             ... once the card has answered
 *     lost              the card gets the command; its answer does not come
 *     drop              the card never sees the command; no answer comes
 * OFFSET counts from 0, a negative one from the end. What was done is added to the file with .log
 * behind its name, a line each.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hex.h"
#include "vcard/core/vcard.h"

enum { RULES = 32, COMMAND_HEX = 2 * 4096, TEXT = 16384 };

struct rule {
	char pattern[80], which[12], action[12], a[600], b[600];
	unsigned seen;
};

enum vcard_answer __real_vcard_transmit(struct vcard *v, struct span command, struct wr *rsp);
enum vcard_answer __wrap_vcard_transmit(struct vcard *v, struct span command, struct wr *rsp);

static struct rule rules[RULES];
static size_t rules_n;
static char loaded[TEXT];
static pid_t loaded_by; /* an agent is another process: it counts anew */

static void parse(char *text)
{
	char *rest = NULL;

	rules_n = 0;
	for (char *line = strtok_r(text, "\n", &rest); line != NULL && rules_n < RULES;
	     line = strtok_r(NULL, "\n", &rest)) {
		struct rule *r = &rules[rules_n];

		memset(r, 0, sizeof(*r));
		if (sscanf(line, "%79s %11s %11s %599s %599s", r->pattern, r->which, r->action,
			r->a, r->b) >= 3)
			rules_n++;
	}
}

static void load(void)
{
	const char *path = getenv("CARDADM_ATTACK");
	FILE *f = path == NULL ? NULL : fopen(path, "r");
	char text[TEXT] = "";

	if (f != NULL) {
		text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
		fclose(f);
	}
	if (loaded_by == getpid() && strcmp(text, loaded) == 0)
		return;
	loaded_by = getpid();
	memcpy(loaded, text, sizeof(loaded));
	parse(text);
}

static void note(const struct rule *r, const char *hex)
{
	char path[4096];
	FILE *f;

	snprintf(path, sizeof(path), "%s.log", getenv("CARDADM_ATTACK"));
	f = fopen(path, "a");
	if (f == NULL)
		abort();
	fprintf(f, "%.10s %s\n", hex, r->action);
	fclose(f);
}

static bool fits(const struct rule *r, const char *hex)
{
	for (size_t i = 0; r->pattern[i] != '\0'; i++)
		if (hex[i] == '\0' || (r->pattern[i] != '.' && r->pattern[i] != hex[i]))
			return false;
	return true;
}

static bool is_turn(const struct rule *r)
{
	char *end;
	unsigned long n = strtoul(r->which, &end, 10);

	return r->which[0] == '*' || n == r->seen || (*end == '-' && n < r->seen);
}

/* The rule for this command; NULL: it passes. All that fit count it. */
static const struct rule *find(struct span command)
{
	static char hex[COMMAND_HEX];
	const struct rule *found = NULL;

	load();
	if (2 * command.n >= sizeof(hex))
		return NULL;
	hex_put(command, hex, sizeof(hex));
	for (size_t i = 0; i < rules_n; i++) {
		struct rule *r = &rules[i];

		if (!fits(r, hex))
			continue;
		r->seen++;
		if (found == NULL && is_turn(r))
			found = r;
	}
	if (found == NULL || strcmp(found->action, "pass") == 0)
		return NULL;
	note(found, hex);
	return found;
}

static void put_hex(struct wr *rsp, const char *hex)
{
	uint8_t octets[300];
	size_t n = strlen(hex) / 2;

	if (n > sizeof(octets) || !hex_exact(span_str(hex), octets, n))
		abort();
	wr_reset(rsp);
	wr_put(rsp, span_of(octets, n));
}

/* Puts octets in place of those from an offset on, or turns their bits round. */
static void change(uint8_t *p, size_t n, const struct rule *r, bool flip)
{
	uint8_t octets[300];
	size_t k = strlen(r->b) / 2;
	long at = strtol(r->a, NULL, 10);

	at += at < 0 ? (long)n : 0;
	if (at < 0 || (size_t)at + k > n || !hex_exact(span_str(r->b), octets, k))
		abort();
	for (size_t i = 0; i < k; i++)
		p[(size_t)at + i] = flip ? p[(size_t)at + i] ^ octets[i] : octets[i];
}

static enum vcard_answer spoil(
    struct vcard *v, const struct rule *r, struct span command, struct wr *rsp)
{
	uint8_t copy[COMMAND_HEX / 2];

	memcpy(copy, command.p, command.n); /* find: it is not longer */
	change(copy, command.n, r, true);
	return __real_vcard_transmit(v, span_of(copy, command.n), rsp);
}

/* What needs no card, or not the command as it is. False: the card is to be asked. */
static bool ahead(struct vcard *v, const struct rule *r, struct span command, struct wr *rsp,
    enum vcard_answer *rc)
{
	*rc = VCARD_ANSWER;
	if (strcmp(r->action, "before") == 0)
		raise(SIGKILL);
	if (strcmp(r->action, "answer") == 0)
		put_hex(rsp, r->a);
	else if (strcmp(r->action, "spoil") == 0)
		*rc = spoil(v, r, command, rsp);
	else if (strcmp(r->action, "drop") == 0)
		*rc = VCARD_SILENT;
	else
		return false;
	return true;
}

enum vcard_answer __wrap_vcard_transmit(struct vcard *v, struct span command, struct wr *rsp)
{
	const struct rule *r = find(command);
	enum vcard_answer rc;

	if (r != NULL && ahead(v, r, command, rsp, &rc))
		return rc;
	rc = __real_vcard_transmit(v, command, rsp);
	if (r == NULL || rc != VCARD_ANSWER)
		return rc;
	if (strcmp(r->action, "after") == 0)
		raise(SIGKILL);
	if (strcmp(r->action, "lost") == 0)
		return VCARD_SILENT;
	if (strcmp(r->action, "instead") == 0)
		put_hex(rsp, r->a);
	else if (strcmp(r->action, "change") == 0)
		change(rsp->p, rsp->n, r, false);
	else if (strcmp(r->action, "flip") == 0)
		change(rsp->p, rsp->n, r, true);
	else
		abort();
	return VCARD_ANSWER;
}
