/* Which way a cipher goes. */
#ifndef CRYPTO_WAY_H
#define CRYPTO_WAY_H

enum cipher_way { DECRYPT, ENCRYPT };

#endif
