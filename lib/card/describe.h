/* Inside of lib/card: descriptions of commands, put together. */
#ifndef CARD_DESCRIBE_H
#define CARD_DESCRIBE_H

#include "apdu/apdu.h"
#include "base/err.h"

/* Text in caller storage; what does not fit is cut. */
struct text {
	char *at;
	size_t left; /* the terminator included */
};
void text_put(struct text *t, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* What stands behind the name of a command that manages content: which form, which object, which
 * block. Of protected data only the header tells. Nothing for other commands. */
void describe_content(struct text *t, const struct capdu *c);

#endif
