/* Linked with libcrypto and nothing else; tells its version when asked. */
#include <stdio.h>

#include <openssl/crypto.h>

int main(int argc, char **argv)
{
	const char *version = OpenSSL_version(OPENSSL_VERSION);

	(void)argv;
	return argc > 1 ? puts(version) < 0 : version == NULL;
}
