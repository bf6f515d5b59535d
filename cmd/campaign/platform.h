/* A platform as people write it: 8 printable ASCII characters, or 16 hex digits. */
#ifndef CMD_CAMPAIGN_PLATFORM_H
#define CMD_CAMPAIGN_PLATFORM_H

#include "base/err.h"
#include "gp/broadcast.h"

#define PLATFORM_DEFAULT "PLAT-A01"
#define PLATFORM_TEXT (2 * PLATFORM_SIZE + 1)

/* ERR_USAGE naming --platform. */
int platform_from(const char *text, uint8_t out[static PLATFORM_SIZE], struct err *e);
/* Its characters where all are printable, else hex: what platform_from reads back. Returns out. */
char *platform_str(const uint8_t p[static PLATFORM_SIZE], char out[static PLATFORM_TEXT]);

#endif
