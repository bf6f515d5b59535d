/*
 * Calls that fail: linked in front of the libraries with -Wl,--wrap into a cardadm for tests
 * (build/fault/cardadm, never installed). The product's own code calls these instead of the real
 * ones; what goes on inside the libraries is not touched.
 *
 *	FAULT_AT=K      the K-th wrapped call of a process fails (a child counts on); 0: none
 *	FAULT_FOR=N     and the N - 1 after it; default 1; 0: all after it
 *	FAULT_ONLY=LIST kinds that count, "memory,file"; default all
 *	FAULT_LOG=FILE  each failed call adds a line with its name; with FAULT_AT=0 the process adds
 *	                how many calls there were
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <winscard.h>
#include <yaml.h>
#include <zip.h>

int __real_open(const char *path, int flags, ...);
int __real_close(int fd);
ssize_t __real_write(int fd, const void *p, size_t n);

static void note(const char *text)
{
	const char *path = getenv("FAULT_LOG");
	int fd, was = errno;

	if (path == NULL)
		return;
	fd = __real_open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (fd < 0 || __real_write(fd, text, strlen(text)) < 0 || __real_write(fd, "\n", 1) < 0)
		_exit(98);
	__real_close(fd);
	errno = was;
}

static atomic_ulong calls;

static unsigned long number(const char *name, unsigned long none)
{
	const char *text = getenv(name);

	return text == NULL ? none : strtoul(text, NULL, 10);
}

static bool counts(const char *kind)
{
	const char *only = getenv("FAULT_ONLY");

	return only == NULL || only[0] == '\0' || strstr(only, kind) != NULL;
}

/* Is it the turn of this call to fail? */
static bool fails(const char *kind, const char *name, int error)
{
	unsigned long at = number("FAULT_AT", 0), n = number("FAULT_FOR", 1), call;

	if (!counts(kind))
		return false;
	call = ++calls;
	if (at == 0 || call < at || (n != 0 && call >= at + n))
		return false;
	note(name);
	errno = error;
	return true;
}

__attribute__((destructor)) static void tell_count(void)
{
	char text[32];

	if (getenv("FAULT_AT") == NULL || number("FAULT_AT", 0) != 0)
		return;
	snprintf(text, sizeof(text), "%lu", atomic_load(&calls));
	note(text);
}

/* These take a value over also when they fail. */
static int refused(json_t *v)
{
	json_decref(v);
	return -1;
}

/* One wrapper; the Makefile takes the names from the lines that begin with W(. */
#define W(kind, type, name, params, args, failed, error) \
	type __real_##name params; \
	type __wrap_##name params; \
	type __wrap_##name params \
	{ \
		if (fails(#kind, #name, error)) \
			return failed; \
		return __real_##name args; \
	}

/* clang-format off */
W(memory, void *, malloc, (size_t n), (n), NULL, ENOMEM)
W(memory, void *, calloc, (size_t n, size_t m), (n, m), NULL, ENOMEM)
W(memory, void *, realloc, (void *p, size_t n), (p, n), NULL, ENOMEM)
W(memory, char *, strdup, (const char *s), (s), NULL, ENOMEM)
W(memory, FILE *, fmemopen, (void *p, size_t n, const char *m), (p, n, m), NULL, ENOMEM)
W(memory, FILE *, fdopen, (int fd, const char *m), (fd, m), NULL, ENOMEM)
W(memory, int, mlock, (const void *p, size_t n), (p, n), -1, ENOMEM)
W(memory, int, mlockall, (int flags), (flags), -1, ENOMEM)

W(file, ssize_t, read, (int fd, void *p, size_t n), (fd, p, n), -1, EIO)
W(file, ssize_t, write, (int fd, const void *p, size_t n), (fd, p, n), -1, ENOSPC)
W(file, ssize_t, pwrite, (int fd, const void *p, size_t n, off_t at), (fd, p, n, at), -1, ENOSPC)
W(file, int, fsync, (int fd), (fd), -1, EIO)
W(file, int, ftruncate, (int fd, off_t n), (fd, n), -1, EIO)
W(file, int, rename, (const char *a, const char *b), (a, b), -1, EIO)
W(file, int, renameat, (int a, const char *b, int c, const char *d), (a, b, c, d), -1, EIO)
W(file, int, renameat2, (int a, const char *b, int c, const char *d, unsigned f), (a, b, c, d, f), -1, EIO)
W(file, int, link, (const char *a, const char *b), (a, b), -1, EIO)
W(file, int, unlinkat, (int a, const char *b, int c), (a, b, c), -1, EIO)
W(file, int, mkostemp, (char *name, int flags), (name, flags), -1, ENOSPC)
W(file, int, mkdir, (const char *p, mode_t mode), (p, mode), -1, ENOSPC)
W(file, int, flock, (int fd, int op), (fd, op), -1, ENOLCK)
W(file, int, fchmod, (int fd, mode_t mode), (fd, mode), -1, EPERM)
W(file, int, fstat, (int fd, struct stat *st), (fd, st), -1, EIO)
W(file, int, lstat, (const char *p, struct stat *st), (p, st), -1, EIO)
W(file, int, stat, (const char *p, struct stat *st), (p, st), -1, EIO)
W(file, char *, realpath, (const char *p, char *out), (p, out), NULL, EIO)
W(file, DIR *, opendir, (const char *p), (p), NULL, EMFILE)
W(file, struct dirent *, readdir, (DIR *d), (d), NULL, EIO)
W(file, int, chdir, (const char *p), (p), -1, EIO)
W(file, int, fchdir, (int fd), (fd), -1, EIO)

W(socket, int, socket, (int a, int b, int c), (a, b, c), -1, EMFILE)
W(socket, int, bind, (int fd, const struct sockaddr *a, socklen_t n), (fd, a, n), -1, EADDRINUSE)
W(socket, int, listen, (int fd, int n), (fd, n), -1, ENOBUFS)
W(socket, int, connect, (int fd, const struct sockaddr *a, socklen_t n), (fd, a, n), -1, ENOBUFS)
W(socket, int, accept4, (int fd, struct sockaddr *a, socklen_t *n, int f), (fd, a, n, f), -1, EMFILE)
W(socket, ssize_t, sendmsg, (int fd, const struct msghdr *m, int f), (fd, m, f), -1, ENOBUFS)
W(socket, ssize_t, recvmsg, (int fd, struct msghdr *m, int f), (fd, m, f), -1, ENOMEM)
W(socket, ssize_t, send, (int fd, const void *p, size_t n, int f), (fd, p, n, f), -1, ENOBUFS)
W(socket, ssize_t, recv, (int fd, void *p, size_t n, int f), (fd, p, n, f), -1, ENOMEM)
W(socket, int, pipe2, (int *fd, int f), (fd, f), -1, EMFILE)
W(socket, pid_t, fork, (void), (), -1, EAGAIN)

W(crypto, EVP_CIPHER_CTX *, EVP_CIPHER_CTX_new, (void), (), NULL, ENOMEM)
W(crypto, EVP_CIPHER *, EVP_CIPHER_fetch, (OSSL_LIB_CTX *l, const char *a, const char *p), (l, a, p), NULL, 0)
W(crypto, int, EVP_CipherInit_ex2, (EVP_CIPHER_CTX *c, const EVP_CIPHER *t, const unsigned char *k, const unsigned char *iv, int enc, const OSSL_PARAM *p), (c, t, k, iv, enc, p), 0, 0)
W(crypto, int, EVP_CipherUpdate, (EVP_CIPHER_CTX *c, unsigned char *o, int *on, const unsigned char *i, int n), (c, o, on, i, n), 0, 0)
W(crypto, int, EVP_Digest, (const void *p, size_t n, unsigned char *o, unsigned *on, const EVP_MD *t, ENGINE *e), (p, n, o, on, t, e), 0, 0)
W(crypto, EVP_MD_CTX *, EVP_MD_CTX_new, (void), (), NULL, ENOMEM)
W(crypto, int, EVP_DigestInit_ex, (EVP_MD_CTX *c, const EVP_MD *t, ENGINE *e), (c, t, e), 0, 0)
W(crypto, int, EVP_DigestUpdate, (EVP_MD_CTX *c, const void *p, size_t n), (c, p, n), 0, 0)
W(crypto, int, EVP_DigestFinal_ex, (EVP_MD_CTX *c, unsigned char *o, unsigned *n), (c, o, n), 0, 0)
W(crypto, int, EVP_DigestSignInit, (EVP_MD_CTX *c, EVP_PKEY_CTX **p, const EVP_MD *t, ENGINE *e, EVP_PKEY *k), (c, p, t, e, k), 0, 0)
W(crypto, int, EVP_DigestSign, (EVP_MD_CTX *c, unsigned char *s, size_t *n, const unsigned char *p, size_t pn), (c, s, n, p, pn), 0, 0)
W(crypto, int, EVP_DigestVerifyInit, (EVP_MD_CTX *c, EVP_PKEY_CTX **p, const EVP_MD *t, ENGINE *e, EVP_PKEY *k), (c, p, t, e, k), 0, 0)
W(crypto, int, EVP_DigestVerify, (EVP_MD_CTX *c, const unsigned char *s, size_t n, const unsigned char *p, size_t pn), (c, s, n, p, pn), -1, 0)
W(crypto, EVP_PKEY_CTX *, EVP_PKEY_CTX_new_from_name, (OSSL_LIB_CTX *l, const char *n, const char *p), (l, n, p), NULL, 0)
W(crypto, EVP_PKEY_CTX *, EVP_PKEY_CTX_new_from_pkey, (OSSL_LIB_CTX *l, EVP_PKEY *k, const char *p), (l, k, p), NULL, 0)
W(crypto, int, EVP_PKEY_fromdata_init, (EVP_PKEY_CTX *c), (c), 0, 0)
W(crypto, int, EVP_PKEY_fromdata, (EVP_PKEY_CTX *c, EVP_PKEY **k, int s, OSSL_PARAM *p), (c, k, s, p), 0, 0)
W(crypto, int, EVP_PKEY_public_check, (EVP_PKEY_CTX *c), (c), 0, 0)
W(crypto, EVP_PKEY *, EVP_PKEY_new_raw_private_key, (int t, ENGINE *e, const unsigned char *p, size_t n), (t, e, p, n), NULL, 0)
W(crypto, EVP_PKEY *, EVP_PKEY_new_raw_public_key, (int t, ENGINE *e, const unsigned char *p, size_t n), (t, e, p, n), NULL, 0)
W(crypto, int, EVP_PKEY_get_raw_public_key, (const EVP_PKEY *k, unsigned char *p, size_t *n), (k, p, n), 0, 0)
W(crypto, OSSL_PARAM_BLD *, OSSL_PARAM_BLD_new, (void), (), NULL, ENOMEM)
W(crypto, OSSL_PARAM *, OSSL_PARAM_BLD_to_param, (OSSL_PARAM_BLD *b), (b), NULL, ENOMEM)
W(crypto, BIGNUM *, BN_bin2bn, (const unsigned char *p, int n, BIGNUM *b), (p, n, b), NULL, 0)
W(crypto, int, BN_bn2binpad, (const BIGNUM *b, unsigned char *p, int n), (b, p, n), -1, 0)
W(crypto, BIGNUM *, BN_secure_new, (void), (), NULL, ENOMEM)
W(crypto, int, BN_priv_rand_range, (BIGNUM *b, const BIGNUM *max), (b, max), 0, 0)
W(crypto, EC_GROUP *, EC_GROUP_new_by_curve_name, (int n), (n), NULL, ENOMEM)
W(crypto, EC_POINT *, EC_POINT_new, (const EC_GROUP *g), (g), NULL, ENOMEM)
W(crypto, int, EC_POINT_mul, (const EC_GROUP *g, EC_POINT *r, const BIGNUM *n, const EC_POINT *q, const BIGNUM *m, BN_CTX *c), (g, r, n, q, m, c), 0, 0)
W(crypto, size_t, EC_POINT_point2oct, (const EC_GROUP *g, const EC_POINT *p, point_conversion_form_t f, unsigned char *b, size_t n, BN_CTX *c), (g, p, f, b, n, c), 0, 0)
W(crypto, ECDSA_SIG *, ECDSA_SIG_new, (void), (), NULL, ENOMEM)
W(crypto, ECDSA_SIG *, d2i_ECDSA_SIG, (ECDSA_SIG **s, const unsigned char **p, long n), (s, p, n), NULL, 0)
W(crypto, int, i2d_ECDSA_SIG, (const ECDSA_SIG *s, unsigned char **p), (s, p), -1, 0)
W(crypto, EVP_PKEY *, d2i_PUBKEY, (EVP_PKEY **k, const unsigned char **p, long n), (k, p, n), NULL, 0)
W(crypto, int, i2d_PUBKEY, (const EVP_PKEY *k, unsigned char **p), (k, p), -1, 0)
W(crypto, EVP_PKEY *, d2i_PublicKey, (int t, EVP_PKEY **k, const unsigned char **p, long n), (t, k, p, n), NULL, 0)
W(crypto, EVP_PKEY *, d2i_AutoPrivateKey, (EVP_PKEY **k, const unsigned char **p, long n), (k, p, n), NULL, 0)
W(crypto, BIO *, BIO_new_mem_buf, (const void *p, int n), (p, n), NULL, ENOMEM)
W(crypto, int, PEM_read_bio, (BIO *b, char **n, char **h, unsigned char **p, long *l), (b, n, h, p, l), 0, 0)
W(crypto, int, EVP_PKEY_get_bn_param, (const EVP_PKEY *k, const char *n, BIGNUM **b), (k, n, b), 0, 0)
W(crypto, int, EVP_PKEY_CTX_set_rsa_padding, (EVP_PKEY_CTX *c, int p), (c, p), 0, 0)
W(crypto, int, EVP_PKEY_CTX_set_rsa_pss_saltlen, (EVP_PKEY_CTX *c, int n), (c, n), 0, 0)
W(crypto, int, EVP_PKEY_CTX_set_rsa_mgf1_md, (EVP_PKEY_CTX *c, const EVP_MD *t), (c, t), 0, 0)
W(zip, zip_source_t *, zip_source_buffer_create, (const void *p, zip_uint64_t n, int f, zip_error_t *e), (p, n, f, e), NULL, ENOMEM)
W(zip, zip_t *, zip_open_from_source, (zip_source_t *s, int f, zip_error_t *e), (s, f, e), NULL, ENOMEM)
W(zip, const char *, zip_get_name, (zip_t *z, zip_uint64_t i, zip_flags_t f), (z, i, f), NULL, ENOMEM)
W(zip, int, zip_stat_index, (zip_t *z, zip_uint64_t i, zip_flags_t f, zip_stat_t *s), (z, i, f, s), -1, 0)
W(zip, int, zip_file_get_external_attributes, (zip_t *z, zip_uint64_t i, zip_flags_t f, zip_uint8_t *o, zip_uint32_t *a), (z, i, f, o, a), -1, 0)
W(zip, zip_file_t *, zip_fopen_index, (zip_t *z, zip_uint64_t i, zip_flags_t f), (z, i, f), NULL, ENOMEM)
W(zip, zip_int64_t, zip_fread, (zip_file_t *f, void *p, zip_uint64_t n), (f, p, n), -1, EIO)
W(crypto, ssize_t, getrandom, (void *p, size_t n, unsigned f), (p, n, f), -1, EAGAIN)

W(ledger, int, sqlite3_open_v2, (const char *p, sqlite3 **d, int f, const char *v), (p, d, f, v), SQLITE_NOMEM, 0)
W(ledger, int, sqlite3_prepare_v2, (sqlite3 *d, const char *t, int n, sqlite3_stmt **s, const char **e), (d, t, n, s, e), SQLITE_NOMEM, 0)
W(ledger, int, sqlite3_prepare_v3, (sqlite3 *d, const char *t, int n, unsigned f, sqlite3_stmt **s, const char **e), (d, t, n, f, s, e), SQLITE_NOMEM, 0)
W(ledger, int, sqlite3_step, (sqlite3_stmt *s), (s), SQLITE_FULL, 0)
W(ledger, int, sqlite3_exec, (sqlite3 *d, const char *t, int (*f)(void *, int, char **, char **), void *a, char **e), (d, t, f, a, e), SQLITE_IOERR, 0)
W(ledger, int, sqlite3_busy_timeout, (sqlite3 *d, int ms), (d, ms), SQLITE_MISUSE, 0)
W(ledger, int, sqlite3_bind_blob, (sqlite3_stmt *s, int i, const void *p, int n, void (*f)(void *)), (s, i, p, n, f), SQLITE_NOMEM, 0)
W(ledger, int, sqlite3_bind_text, (sqlite3_stmt *s, int i, const char *p, int n, void (*f)(void *)), (s, i, p, n, f), SQLITE_NOMEM, 0)
W(ledger, int, sqlite3_bind_int, (sqlite3_stmt *s, int i, int v), (s, i, v), SQLITE_NOMEM, 0)
W(ledger, int, sqlite3_bind_int64, (sqlite3_stmt *s, int i, sqlite3_int64 v), (s, i, v), SQLITE_NOMEM, 0)
W(ledger, const unsigned char *, sqlite3_column_text, (sqlite3_stmt *s, int i), (s, i), NULL, 0)

W(json, json_t *, json_object, (void), (), NULL, ENOMEM)
W(json, json_t *, json_array, (void), (), NULL, ENOMEM)
W(json, json_t *, json_string, (const char *s), (s), NULL, ENOMEM)
W(json, json_t *, json_stringn, (const char *s, size_t n), (s, n), NULL, ENOMEM)
W(json, json_t *, json_integer, (json_int_t v), (v), NULL, ENOMEM)
W(json, int, json_object_set_new, (json_t *o, const char *k, json_t *v), (o, k, v), refused(v), 0)
W(json, int, json_array_append_new, (json_t *a, json_t *v), (a, v), refused(v), 0)
W(json, int, json_dumpf, (const json_t *j, FILE *f, size_t flags), (j, f, flags), -1, 0)
W(json, char *, json_dumps, (const json_t *j, size_t flags), (j, flags), NULL, 0)

W(pcsc, LONG, SCardEstablishContext, (DWORD s, LPCVOID a, LPCVOID b, LPSCARDCONTEXT c), (s, a, b, c), SCARD_E_NO_SERVICE, 0)
W(pcsc, LONG, SCardListReaders, (SCARDCONTEXT c, LPCSTR g, LPSTR r, LPDWORD n), (c, g, r, n), SCARD_E_NO_MEMORY, 0)
W(pcsc, LONG, SCardGetStatusChange, (SCARDCONTEXT c, DWORD t, SCARD_READERSTATE *s, DWORD n), (c, t, s, n), SCARD_E_SERVICE_STOPPED, 0)
W(pcsc, LONG, SCardConnect, (SCARDCONTEXT c, LPCSTR r, DWORD m, DWORD p, LPSCARDHANDLE h, LPDWORD a), (c, r, m, p, h, a), SCARD_E_NO_SMARTCARD, 0)
W(pcsc, LONG, SCardDisconnect, (SCARDHANDLE h, DWORD d), (h, d), SCARD_E_INVALID_HANDLE, 0)
W(pcsc, LONG, SCardBeginTransaction, (SCARDHANDLE h), (h), SCARD_W_RESET_CARD, 0)
W(pcsc, LONG, SCardEndTransaction, (SCARDHANDLE h, DWORD d), (h, d), SCARD_E_INVALID_HANDLE, 0)
W(pcsc, LONG, SCardStatus, (SCARDHANDLE h, LPSTR r, LPDWORD n, LPDWORD s, LPDWORD p, LPBYTE a, LPDWORD an), (h, r, n, s, p, a, an), SCARD_F_COMM_ERROR, 0)
W(pcsc, LONG, SCardTransmit, (SCARDHANDLE h, const SCARD_IO_REQUEST *p, LPCBYTE c, DWORD cn, SCARD_IO_REQUEST *q, LPBYTE r, LPDWORD rn), (h, p, c, cn, q, r, rn), SCARD_E_NOT_TRANSACTED, 0)
/* clang-format on */

/* The ones with more to them; the Makefile takes these names too. */
#define X(name)

X(open)
int __wrap_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...)
{
	va_list ap;
	mode_t mode;

	va_start(ap, flags);
	mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? (mode_t)va_arg(ap, int) : 0;
	va_end(ap);
	if (fails("file", "open", (flags & O_CREAT) != 0 ? ENOSPC : EMFILE))
		return -1;
	return __real_open(path, flags, mode);
}

X(openat)
int __real_openat(int dir, const char *path, int flags, ...);
int __wrap_openat(int dir, const char *path, int flags, ...);
int __wrap_openat(int dir, const char *path, int flags, ...)
{
	va_list ap;
	mode_t mode;

	va_start(ap, flags);
	mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? (mode_t)va_arg(ap, int) : 0;
	va_end(ap);
	if (fails("file", "openat", ENOSPC))
		return -1;
	return __real_openat(dir, path, flags, mode);
}

/* Closes, and says that not all has reached the disk. */
X(close)
int __wrap_close(int fd);
int __wrap_close(int fd)
{
	int rc = __real_close(fd);

	return rc == 0 && fails("file", "close", EIO) ? -1 : rc;
}

/* A parser that runs out of memory says so in its own way. */
X(yaml_parser_initialize)
int __real_yaml_parser_initialize(yaml_parser_t *p);
int __wrap_yaml_parser_initialize(yaml_parser_t *p);
int __wrap_yaml_parser_initialize(yaml_parser_t *p)
{
	if (!fails("yaml", "yaml_parser_initialize", ENOMEM))
		return __real_yaml_parser_initialize(p);
	memset(p, 0, sizeof(*p));
	return 0;
}

X(yaml_parser_parse)
int __real_yaml_parser_parse(yaml_parser_t *p, yaml_event_t *e);
int __wrap_yaml_parser_parse(yaml_parser_t *p, yaml_event_t *e);
int __wrap_yaml_parser_parse(yaml_parser_t *p, yaml_event_t *e)
{
	if (!fails("yaml", "yaml_parser_parse", ENOMEM))
		return __real_yaml_parser_parse(p, e);
	memset(e, 0, sizeof(*e));
	p->error = YAML_MEMORY_ERROR;
	p->problem = NULL;
	return 0;
}

X(json_sprintf)
json_t *__wrap_json_sprintf(const char *format, ...);
json_t *__wrap_json_sprintf(const char *format, ...)
{
	va_list ap;
	json_t *j = NULL;

	va_start(ap, format);
	if (!fails("json", "json_sprintf", ENOMEM))
		j = json_vsprintf(format, ap);
	va_end(ap);
	return j;
}

X(json_pack)
json_t *__wrap_json_pack(const char *format, ...);
json_t *__wrap_json_pack(const char *format, ...)
{
	json_error_t error;
	va_list ap;
	json_t *j;

	va_start(ap, format);
	j = json_vpack_ex(&error, 0, format, ap);
	va_end(ap);
	if (!fails("json", "json_pack", ENOMEM))
		return j;
	json_decref(j); /* it takes values over also when it fails */
	return NULL;
}
