#include "crypto/armour.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>

enum { FORM_OF_OURS = 0x7F };

bool armour_put(struct wr *w, const char *label, struct span octets)
{
	BIO *out = BIO_new(BIO_s_mem());
	char *text = NULL;
	long n = 0;
	bool ok;

	ERR_set_mark();
	ok = out != NULL && octets.n <= ARMOUR_TEXT_MAX &&
	     PEM_write_bio(out, label, "", octets.p, (long)octets.n) > 0;
	if (ok)
		n = BIO_get_mem_data(out, &text);
	ok = ok && n > 0;
	if (ok)
		wr_bytes(w, text, (size_t)n);
	BIO_free(out);
	ERR_pop_to_mark();
	return ok && wr_ok(w);
}

/* The next object; false at the end, and at one that is no good: then *whole is false. */
static bool next_object(BIO *in, const char *label, struct wr *octets, bool *whole)
{
	char *name = NULL, *header = NULL;
	unsigned char *data = NULL;
	long n = 0;

	if (PEM_read_bio(in, &name, &header, &data, &n) != 1) {
		*whole = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
		return false;
	}
	*whole = strcmp(name, label) == 0 && header[0] == '\0';
	if (*whole)
		wr_bytes(octets, data, (size_t)n);
	OPENSSL_free(name);
	OPENSSL_free(header);
	OPENSSL_free(data);
	return *whole;
}

static bool from_pem(struct span text, const char *label, struct wr *octets)
{
	BIO *in = BIO_new_mem_buf(text.p, (int)text.n);
	bool whole = in != NULL;
	size_t n = 0;

	ERR_set_mark();
	while (whole && next_object(in, label, octets, &whole))
		n++;
	ERR_pop_to_mark();
	BIO_free(in);
	return whole && n == 1;
}

bool armour_get(struct span file, const char *label, size_t most, struct wr *octets)
{
	size_t from = octets->n;

	if (file.n == 0 || file.n > ARMOUR_TEXT_MAX)
		return false;
	if (file.p[0] == FORM_OF_OURS)
		wr_put(octets, file);
	else if (!from_pem(file, label, octets))
		return false;
	return wr_ok(octets) && octets->n - from <= most;
}
