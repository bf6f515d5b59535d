/*
 * What fuzz targets share. A target is one file NAME_fuzz.c with LLVMFuzzerTestOneInput; it is
 * linked with libFuzzer (make fuzz) or with replay.c, which runs it over corpus/NAME.
 *
 * Beyond what sanitizers see, targets check what must hold with CHECK. A structured target takes
 * its choices from the input through fuzz_*; they give zeros once it is used up.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/secret.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
/* Optional, called once before the first input. */
int LLVMFuzzerInitialize(int *argc, char ***argv);

#define CHECK(what) \
	do { \
		if (!(what)) \
			fuzz_fail(__FILE__, __LINE__, #what); \
	} while (0)
_Noreturn void fuzz_fail(const char *file, int line, const char *what);
/* The call went wrong as calls do: a code that is an exit status, and a text. */
void fuzz_check_err(int rc, const struct err *e);

uint8_t fuzz_u8(struct rd *in);
uint16_t fuzz_u16(struct rd *in);
uint32_t fuzz_u32(struct rd *in);
/* Up to n octets of what is left. */
struct span fuzz_take(struct rd *in, size_t n);
/* One length octet and that much, or less. */
struct span fuzz_lv(struct rd *in);
struct key fuzz_key(size_t n, uint8_t first);

/* A file of one's own for this process, in memory where the system has such a place. */
const char *fuzz_path(void);
/* Its content, mode 0600. */
void fuzz_file(struct span content);

#endif
