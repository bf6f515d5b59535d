#include "unit.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "keystore/keystore.h"

#define HEAD "cardadm: keystore/1\nkeys:\n"
/* The GlobalPlatform test key and its check value (GPCS B, seen on real cards). */
#define MASTER "404142434445464748494A4B4C4D4E4F"
#define MASTER_KCV "504A77"
/* RFC 8032 7.1, test 1 and 2. */
#define ED_PRIVATE "9D61B19DEFFD5A60BA844AF492EC2CC44449C5697B326919703BAC031CAE7F60"
#define ED_PUBLIC "D75A980182B10AB7D54BFED3C964073A0EE172F3DAA62325AF021A68F707511A"
#define ED_PUBLIC_2 "3D4017C3E843895A92B70AA74D1B7EBC9C982CCF2EC4968CC0CD55F12AF4660C"
/* RFC 6979 A.2.5. */
#define P256_PRIVATE_KEY "C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721"
#define P256_X "60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6"
#define P256_Y "7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299"

static char dir[] = "/tmp/keystore_test.XXXXXX";
static char path[64];

static int setup(void **state)
{
	(void)state;
	if (mkdtemp(dir) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/keys.yaml", dir);
	return 0;
}

static char *beside(const char *name)
{
	static char p[128];

	snprintf(p, sizeof(p), "%s/%s", dir, name);
	return p;
}

static void put_file(const char *name, const char *text, unsigned mode)
{
	struct err e;

	assert_ok(file_write(beside(name), span_str(text), mode, &e), &e);
}

static int teardown(void **state)
{
	const char *const names[] = { "keys.yaml", "value.hex", "other.hex", "new.yaml" };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unlink(beside(names[i]));
	return rmdir(dir);
}

static int open_text(const char *text, unsigned mode, struct keystore **ks, struct err *e)
{
	err_clear(e);
	assert_ok(file_write(path, span_str(text), mode, e), e);
	return keystore_open(path, ks, e);
}

static void test_clear_values(void **state)
{
	const struct entry *t;
	struct keystore *ks;
	struct err e;

	(void)state;
	assert_ok(
	    open_text("cardadm: keystore/1\n"
		      "threshold: 2\n"
		      "keys:\n"
		      "  a: {type: scp03, test: true, version: 30, diversification: kdf3,\n"
		      "      master: {hex: " MASTER ", kcv: " MASTER_KCV "}}\n"
		      "  b:\n"
		      "    type: scp03\n"
		      "    test: true\n"
		      "    version: ff\n"
		      "    diversification: none\n"
		      "    enc: {hex: 000102030405060708090A0B0C0D0E0F1011121314151617}\n"
		      "    mac: {hex: 000102030405060708090A0B0C0D0E0F1011121314151618}\n"
		      "    dek: {hex: 000102030405060708090A0B0C0D0E0F1011121314151619}\n"
		      "  c: {type: signer, test: true, private: {hex: " ED_PRIVATE "}}\n"
		      "  d: {type: signer, public: " ED_PUBLIC_2 "}\n"
		      "  e: {type: issuer, test: true, private: {hex: " P256_PRIVATE_KEY "}}\n"
		      "  f: {type: kos, test: true, version: 01, value: {hex: " MASTER "}}\n"
		      "  g: {type: kos, test: true, version: 02, value: {hex: " MASTER "}}\n",
		0600, &ks, &e),
	    &e);
	assert_int_equal(keystore_threshold(ks), 2);
	assert_string_equal(keystore_path(ks), path);
	t = keystore_at(ks, 0);
	assert_string_equal(t->name, "a");
	assert_int_equal(t->line, 4);
	assert_int_equal(t->version, 0x30);
	assert_int_equal(t->diversification, DIVERSIFY_KDF3);
	assert_true(t->test);
	assert_false(t->in_files);
	assert_span(key_span(&t->keys.enc), unit_bytes(MASTER));
	assert_span(key_span(&t->keys.mac), unit_bytes(MASTER));
	assert_span(key_span(&t->keys.dek), unit_bytes(MASTER));
	t = keystore_at(ks, 1);
	assert_int_equal(t->version, 0xFF);
	assert_int_equal(t->diversification, DIVERSIFY_NONE);
	assert_int_equal(t->keys.enc.n, 24);
	assert_int_equal(t->keys.enc.b[23], 0x17);
	assert_int_equal(t->keys.mac.b[23], 0x18);
	assert_int_equal(t->keys.dek.b[23], 0x19);
	t = keystore_at(ks, 2);
	assert_span(span_of(t->public, t->public_n), unit_bytes(ED_PUBLIC));
	assert_span(key_span(&t->secret), unit_bytes(ED_PRIVATE));
	t = keystore_at(ks, 3);
	assert_span(span_of(t->public, t->public_n), unit_bytes(ED_PUBLIC_2));
	assert_int_equal(t->secret.n, 0);
	t = keystore_at(ks, 4);
	assert_span(span_of(t->public, t->public_n), unit_bytes("04" P256_X P256_Y));
	assert_non_null(keystore_at(ks, 6));
	assert_null(keystore_at(ks, 7));
	assert_ok(keystore_kos(ks, 0x02, &t, &e), &e);
	assert_string_equal(t->name, "g");
	assert_int_equal(keystore_kos(ks, 0x03, &t, &e), -1);
	assert_int_equal(e.code, ERR_AUTH);
	keystore_close(ks);
}

static void test_find(void **state)
{
	const struct entry *t;
	struct keystore *ks;
	struct err e;

	(void)state;
	assert_ok(open_text(HEAD "  a: {type: signer, public: " ED_PUBLIC "}\n"
				 "  b: {type: signer, public: " ED_PUBLIC_2 "}\n"
				 "  c: {type: issuer, public: 04" P256_X P256_Y "}\n",
		      0644, &ks, &e),
	    &e);
	assert_int_equal(keystore_threshold(ks), 1);
	assert_ok(keystore_find(ks, ENTRY_SIGNER, "b", &t, &e), &e);
	assert_string_equal(t->name, "b");
	assert_ok(keystore_find(ks, ENTRY_ISSUER, NULL, &t, &e), &e);
	assert_string_equal(t->name, "c");
	assert_int_equal(keystore_find(ks, ENTRY_SIGNER, NULL, &t, &e), -1);
	assert_int_equal(e.code, ERR_AUTH);
	assert_non_null(strstr(e.text, "name one: a, b"));
	assert_int_equal(keystore_find(ks, ENTRY_SIGNER, "x", &t, &e), -1);
	assert_int_equal(e.code, ERR_AUTH);
	assert_non_null(strstr(e.text, "`x`"));
	assert_string_equal(e.hint, "there is: a, b");
	assert_int_equal(keystore_find(ks, ENTRY_SIGNER, "c", &t, &e), -1);
	assert_int_equal(e.code, ERR_AUTH);
	assert_non_null(strstr(e.text, "`c` is of type issuer, not signer"));
	assert_int_equal(keystore_find(ks, ENTRY_KOS, NULL, &t, &e), -1);
	assert_int_equal(e.code, ERR_AUTH);
	keystore_close(ks);
}

static void test_files(void **state)
{
	static const char store[] = HEAD "  a: {type: scp03, version: 01, diversification: kdf3,\n"
					 "      master: {file: value.hex, kcv: " MASTER_KCV "}}\n"
					 "  b: {type: kmac, value: {file: other.hex}}\n";
	const struct entry *t;
	struct keystore *ks;
	struct err e;

	(void)state;
	put_file("value.hex", "40414243 44454647\n48494A4B4C4D4E4F\n", 0600);
	unlink(beside("other.hex"));
	assert_ok(open_text(store, 0644, &ks, &e), &e);
	/* Nothing is read before it is asked for, nor what is not asked for. */
	assert_true(keystore_at(ks, 0)->in_files);
	assert_int_equal(keystore_at(ks, 0)->keys.enc.n, 0);
	assert_ok(keystore_find(ks, ENTRY_SCP03, NULL, &t, &e), &e);
	assert_span(key_span(&t->keys.dek), unit_bytes(MASTER));
	assert_int_equal(keystore_read(ks, 1, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	assert_non_null(strstr(e.text, "keys.yaml:5:26: "));
	assert_non_null(strstr(e.text, "other.hex: cannot open"));
	put_file("other.hex", MASTER, 0640);
	assert_int_equal(keystore_read(ks, 1, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	assert_non_null(strstr(e.hint, "chmod 600 "));
	put_file("other.hex", "4041424344454647", 0600);
	assert_int_equal(keystore_read(ks, 1, &e), -1);
	assert_non_null(
	    strstr(e.text, "keys.yaml:5:26: an AES key has 16, 24 or 32 octets, this one 8"));
	put_file("other.hex", MASTER "4Z", 0600);
	assert_int_equal(keystore_read(ks, 1, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	assert_non_null(strstr(e.text, "not a key"));
	assert_null(strstr(e.text, "40414243"));
	assert_int_equal(keystore_at(ks, 1)->secret.n, 0);
	put_file("other.hex", MASTER, 0600);
	assert_ok(keystore_read(ks, 1, &e), &e);
	assert_int_equal(keystore_at(ks, 1)->secret.n, 16);
	keystore_close(ks);
	put_file("value.hex", "40414243444546474849 4A4B4C4D4E40\n", 0600);
	assert_ok(open_text(store, 0600, &ks, &e), &e);
	assert_int_equal(keystore_find(ks, ENTRY_SCP03, NULL, &t, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	assert_non_null(strstr(e.text, "keys.yaml:4:15: the value has key check value"));
	assert_int_equal(keystore_at(ks, 0)->keys.enc.n, 0);
	keystore_close(ks);
}

static void test_private_files(void **state)
{
	const struct entry *t;
	struct keystore *ks;
	struct err e;

	(void)state;
	put_file("value.hex", ED_PRIVATE "\n", 0600);
	assert_ok(open_text(HEAD "  a: {type: signer, public: " ED_PUBLIC
				 ", private: {file: value.hex}}\n",
		      0644, &ks, &e),
	    &e);
	assert_int_equal(keystore_at(ks, 0)->public_n, 32);
	assert_int_equal(keystore_at(ks, 0)->secret.n, 0);
	assert_ok(keystore_find(ks, ENTRY_SIGNER, NULL, &t, &e), &e);
	assert_int_equal(t->secret.n, 32);
	keystore_close(ks);
	/* Without `public`, it comes from the private key. */
	assert_ok(
	    open_text(HEAD "  a: {type: signer, private: {file: value.hex}}\n", 0644, &ks, &e), &e);
	assert_span(span_of(keystore_at(ks, 0)->public, keystore_at(ks, 0)->public_n),
	    unit_bytes(ED_PUBLIC));
	keystore_close(ks);
	assert_int_equal(
	    open_text(HEAD "  a: {type: signer, private: {file: none.hex}}\n", 0644, &ks, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	assert_ok(open_text(HEAD "  a: {type: signer, public: " ED_PUBLIC_2
				 ", private: {file: value.hex}}\n",
		      0644, &ks, &e),
	    &e);
	assert_int_equal(keystore_find(ks, ENTRY_SIGNER, NULL, &t, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	assert_non_null(strstr(e.text, "private and public key do not belong together"));
	assert_int_equal(keystore_at(ks, 0)->secret.n, 0);
	keystore_close(ks);
}

static void test_modes(void **state)
{
	static const char clear[] =
	    HEAD "  a: {type: kmac, test: true, value: {hex: " MASTER "}}\n";
	static const struct {
		const char *text;
		unsigned mode;
		enum err_code code;
	} cases[] = {
		{ clear, 0600, ERR_NONE },
		{ clear, 0400, ERR_NONE },
		{ clear, 0640, ERR_INPUT },
		{ clear, 0604, ERR_INPUT },
		{ HEAD "  a: {type: signer, public: " ED_PUBLIC "}\n", 0644, ERR_NONE },
		{ HEAD "  a: {type: signer, public: " ED_PUBLIC "}\n", 0664, ERR_INPUT },
		{ HEAD "  a: {type: signer, public: " ED_PUBLIC "}\n", 0646, ERR_INPUT },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct keystore *ks;
		struct err e;
		int rc = open_text(cases[i].text, cases[i].mode, &ks, &e);

		assert_int_equal(e.code, cases[i].code);
		assert_int_equal(rc, cases[i].code == ERR_NONE ? 0 : -1);
		if (rc == 0)
			keystore_close(ks);
		else
			assert_int_not_equal(e.hint[0], 0);
	}
}

#define S03 "type: scp03, test: true, version: 30, diversification: kdf3"

static void test_refused(void **state)
{
	/* After "keys:", so from line 3 on, unless it begins with "cardadm". */
	static const struct {
		const char *text, *want, *hint;
	} bad[] = {
		{ "cardadm: campaign/1\n", "1:10: another kind of file", "" },
		{ "cardadm: keystore/1\n", "1:1: `keys` is missing", "" },
		{ "cardadm: keystore/1\nkeys:\n", "2:1: `keys` has no value", "" },
		{ "cardadm: keystore/1\nkeys: [a]\n", "2:7: `keys` must be a map", "" },
		{ "cardadm: keystore/1\nthreshold: 0\nkeys: {}\n",
		    "2:12: `threshold` must be a number", "" },
		{ "cardadm: keystore/1\nthreshold: 2\nkeys: {s: {type: signer, public: " ED_PUBLIC
		  "}}\n",
		    "2:12: threshold 2 with 1 signers", "" },
		{ "cardadm: keystore/1\ntreshold: 1\nkeys: {}\n", "2:1: unknown key `treshold`",
		    "did you mean `threshold`?" },
		{ "  a b: {}\n", "3:3: the name of an entry has", "" },
		{ "  a: x\n", "3:6: `a` must be a map", "" },
		{ "  a: {}\n", "3:6: `type` is missing", "" },
		{ "  a: {type: scp04}\n", "3:13: `type` must be one of: scp03,",
		    "did you mean `scp03`?" },
		{ "  a: {type: [x]}\n", "3:13: `type` must be a single value", "" },
		{ "  a: {type: kmac, test: true, value: {hex: " MASTER "}}\n"
		  "  a: {type: kmac, test: true, value: {hex: " MASTER "}}\n",
		    "4:3: `a` stands here for the second time, first in line 3", "" },
		{ "  a: {type: kmac, value: {hex: " MASTER "}}\n",
		    "3:26: a clear value in an entry", "put the value into a file" },
		{ "  a: {type: kmac, value: " MASTER "}\n", "3:26: `value` must be a map", "" },
		{ "  a: {type: kmac, value: {" MASTER "}}\n", "3:27: unknown key", "" },
		{ "  a: {type: kmac, test: true, value: {}}\n",
		    "3:38: `value` must be {file: NAME}", "" },
		{ "  a: {type: kmac, test: true, value: {hex: " MASTER ", file: f}}\n",
		    "3:38: `value` must be {file: NAME}", "" },
		{ "  a: {type: kmac, test: true}\n", "3:6: `value` is missing", "" },
		{ "  a: {type: kmac, master: {file: x}}\n", "3:19: unknown key `master`",
		    "possible here: type" },
		{ "  a: {type: kmac, test: true, value: {hex: 4041424344454647}}\n",
		    "3:44: `hex` must be 16 to 32 octets", "" },
		{ "  a: {type: kmac, test: true, value: {hex: "
		  "404142434445464748494A4B4C4D4E4F50}}\n",
		    "3:38: an AES key has 16, 24 or 32 octets, this one 17", "" },
		{ "  a: {type: kmac, test: true, value: {hex: " MASTER ", kcv: 504A78}}\n",
		    "3:38: the value has key check value 504A77", "" },
		{ "  a: {type: kmac, test: true, value: {hex: " MASTER ", kcv: 50}}\n",
		    "3:83: `kcv` must be 3 octets in hex", "" },
		{ "  a: {type: kos, test: true, value: {hex: " MASTER "}}\n",
		    "3:6: `version` is missing", "" },
		{ "  a: {type: kos, test: true, version: 1, value: {hex: " MASTER "}}\n",
		    "3:39: `version` must be one octet in hex", "" },
		{ "  a: {type: kos, test: true, version: 01, value: {hex: " MASTER "}}\n"
		  "  b: {type: kos, test: true, version: 01, value: {hex: " MASTER "}}\n",
		    "4:3: `a` has this kos version already", "" },
		{ "  a: {" S03 "}\n", "3:6: `enc` is missing, or `master` for all three", "" },
		{ "  a: {" S03 ", enc: {hex: " MASTER "}}\n", "3:6: `mac` is missing", "" },
		{ "  a: {" S03 ", master: {file: x}, dek: {file: y}}\n",
		    "3:87: `master` stands for", "" },
		{ "  a: {" S03 ",\n    enc: {hex: " MASTER "},\n    mac: {hex: " MASTER "},\n"
		  "    dek: {hex: " MASTER MASTER "}}\n",
		    "6:10: enc, mac and dek differ in length", "" },
		{ "  a: {type: scp03, version: 00, diversification: none, master: {file: x}}\n",
		    "3:29: `version` must be one octet in hex, 01 to FF", "" },
		{ "  a: {type: scp03, version: 30, master: {file: x}}\n",
		    "3:6: `diversification` is missing", "" },
		{ "  a: {type: scp03, version: 30, diversification: kdf1, master: {file: x}}\n",
		    "3:50: `diversification` must be one of: none, kdf3", "did you mean `kdf3`?" },
		{ "  a: {type: scp03, version: 30, diversification: emv, master: {file: x}}\n",
		    "3:50: `diversification` must be one of: none, kdf3", "" },
		{ "  a: {type: scp02, version: 30, diversification: kdf3, master: {file: x}}\n",
		    "3:50: `diversification` must be one of: none, visa2, visa, emv", "" },
		{ "  a: {type: scp02, test: true, version: 30, diversification: none,\n"
		  "      master: {hex: " MASTER MASTER "}}\n",
		    "4:15: a triple DES key has 16 octets, this one 32", "" },
		{ "  a: {type: scp02, test: true, version: 30, diversification: none,\n"
		  "      master: {hex: " MASTER ", kcv: " MASTER_KCV "}}\n",
		    "4:15: the value has key check value 8BAF47, not the kcv stated", "" },
		{ "  a: {type: scp03, version: 30, diversification: {template: $_ $k},\n"
		  "      master: {file: x}}\n",
		    "3:61: a template needs octets of the diversification data", "" },
		{ "  a: {type: scp03, version: 30, diversification: {template: $_ $k $0 $x},\n"
		  "      master: {file: x}}\n",
		    "3:61: a template is octets in hex", "" },
		{ "  a: {type: scp02, version: 30, diversification: {template: $_ $k $0},\n"
		  "      master: {file: x}}\n",
		    "3:61: a template with the counter $_ is for keys of type scp03", "" },
		{ "  a: {type: scp03, version: 30, master: {file: x},\n    diversification:\n"
		  "      {template: $0$1$2$3$4$5$6$7$8$9 $k 00 00 00 00 00}}\n",
		    "5:18: a template without the counter $_ is for keys of type scp02", "" },
		{ "  a: {type: scp03, version: 30, diversification: {}, master: {file: x}}\n",
		    "3:50: `template` is missing", "" },
		{ "  a: {type: scp03, version: 30, diversification: {kdf: 3}, master: {file: x}}\n",
		    "3:51: unknown key `kdf`", "possible here: template" },
		{ "  a: {type: scp03, version: 30, diversification: [kdf3], master: {file: x}}\n",
		    "3:50: `diversification` must be a single value", "" },
		{ "  a: {type: signer}\n", "3:6: neither `private` nor `public`", "" },
		{ "  a: {type: signer, public: " ED_PUBLIC "00}\n",
		    "3:29: `public` must be 32 octets", "" },
		{ "  a: {type: signer, test: true, private: {hex: " ED_PRIVATE
		  "}, public: " ED_PUBLIC_2 "}\n",
		    "3:42: private and public key do not belong together", "" },
		{ "  a: {type: signer, test: true, private: {hex: " MASTER "}}\n",
		    "3:42: a private key has 32 octets, this one 16", "" },
		{ "  a: {type: signer, test: true, private: {hex: " ED_PRIVATE ", kcv: 504A77}}\n",
		    "3:114: unknown key `kcv`", "" },
		{ "  a: {type: signer, public: " ED_PUBLIC
		  "}\n  b: {type: signer, public: " ED_PUBLIC "}\n",
		    "4:3: `a` has the same public key", "" },
		{ "  a: {type: issuer, public: 04" P256_X P256_X "}\n",
		    "3:29: not a public key on P-256", "" },
		{ "  a: {type: issuer, public: " P256_X "}\n", "3:29: `public` must be 65 octets",
		    "" },
		{ "  a: {type: issuer, test: true, private: {hex: " MASTER MASTER "},\n"
		  "      public: 04" P256_X P256_Y "}\n",
		    "3:42: private and public key do not belong together", "" },
		{ "  a: {type: issuer, test: true, private: {hex: "
		  "0000000000000000000000000000000000000000000000"
		  "000000000000000000}}\n",
		    "3:42: not a private key of its curve", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		bool whole = strncmp(bad[i].text, "cardadm", 7) == 0;
		char text[1024], want[256];
		struct keystore *ks;
		struct err e;

		snprintf(text, sizeof(text), "%s%s", whole ? "" : HEAD, bad[i].text);
		snprintf(want, sizeof(want), "%s:%s", path, bad[i].want);
		assert_int_equal(open_text(text, 0600, &ks, &e), -1);
		assert_null(ks);
		if (e.code != ERR_INPUT || strncmp(e.text, want, strlen(want)) != 0 ||
		    strncmp(e.hint, bad[i].hint, strlen(bad[i].hint)) != 0)
			fail_msg("%s\n gave: %s (%s)\n want: %s (%s)", text, e.text, e.hint, want,
			    bad[i].hint);
		assert_null(strstr(e.text, "40414243"));
		assert_null(strstr(e.text, "9D61B19D"));
	}
}

/* Triple DES sets and templates; what fits the keys of one card is in kdf_test. */
static void test_card_types(void **state)
{
	static const uint8_t kdd[KDD_OCTETS] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 };
	static const char store[] =
	    HEAD "  a: {type: scp02, test: true, version: 01, diversification: visa2,\n"
		 "      master: {hex: " MASTER ", kcv: 8BAF47}}\n"
		 "  b: {type: scp03, test: true, version: 30, diversification: {template: \n"
		 "      $_ 000000 $k 00 $0$1$2$3$4$5$6$7$8$9}, master: {hex: " MASTER "}}\n"
		 "  c: {type: scp02, test: true, version: 02, master: {hex: " MASTER "},\n"
		 "      diversification: {template: $4$5$6$7$8$9F0$k$4$5$6$7$8$90F$k}}\n"
		 "  d: {type: kos, test: true, version: 02, value: {hex: " MASTER "}}\n";
	struct key_set keys = { 0 }, want = { 0 };
	const struct entry *t;
	struct keystore *ks;
	uint8_t kcv[3];
	struct err e;

	(void)state;
	assert_ok(open_text(store, 0600, &ks, &e), &e);
	assert_ok(keystore_find_card(ks, "a", &t, &e), &e);
	assert_int_equal(t->type, ENTRY_SCP02);
	assert_int_equal(t->diversification, DIVERSIFY_VISA2);
	assert_true(entry_check_value(t, &t->keys.enc, kcv));
	assert_span(SPAN(kcv), unit_bytes("8BAF47"));
	assert_true(entry_card_keys(t, kdd, &keys));
	assert_span(key_span(&keys.enc), unit_bytes("8510FC973208218CA86888BCEC203635"));
	assert_ok(keystore_find_card(ks, "b", &t, &e), &e);
	assert_int_equal(t->diversification, DIVERSIFY_TEMPLATE);
	assert_true(entry_check_value(t, &t->keys.enc, kcv));
	assert_span(SPAN(kcv), unit_bytes(MASTER_KCV));
	assert_true(entry_card_keys(t, kdd, &keys));
	assert_true(diversify(DIVERSIFY_KDF3, &t->keys, kdd, &want));
	assert_memory_equal(&keys, &want, sizeof(keys));
	assert_ok(keystore_find_card(ks, "c", &t, &e), &e);
	assert_true(entry_card_keys(t, kdd, &keys));
	assert_true(diversify(DIVERSIFY_EMV, &t->keys, kdd, &want));
	assert_memory_equal(&keys, &want, sizeof(keys));
	assert_ok(keystore_find(ks, ENTRY_SCP03, NULL, &t, &e), &e);
	assert_string_equal(t->name, "b");
	assert_int_equal(keystore_find_card(ks, NULL, &t, &e), -1);
	assert_non_null(
	    strstr(e.text, "several entries of type scp03 or scp02, name one: a, b, c"));
	assert_int_equal(keystore_find_card(ks, "d", &t, &e), -1);
	assert_non_null(strstr(e.text, "`d` is of type kos, not scp03 or scp02"));
	assert_int_equal(keystore_find_card(ks, "x", &t, &e), -1);
	assert_string_equal(e.hint, "there is: a, b, c");
	keystore_close(ks);
}

static void test_many(void **state)
{
	struct wr w = wr_grow(1 << 20);
	struct keystore *ks;
	struct err e;
	char line[128];

	(void)state;
	wr_put(&w, span_str(HEAD));
	for (int i = 0; i <= 256; i++) {
		snprintf(line, sizeof(line), "  k%d: {type: kmac, value: {file: f%d}}\n", i, i);
		wr_put(&w, span_str(line));
	}
	wr_u8(&w, 0);
	assert_int_equal(open_text((const char *)wr_span(&w).p, 0600, &ks, &e), -1);
	assert_non_null(strstr(e.text, "more than 256 entries"));
	wr_free(&w);
	wr_put(&w, span_str(HEAD));
	for (int i = 0; i <= 8; i++) {
		snprintf(line, sizeof(line), "  s%d: {type: signer, public: %062d%02d}\n", i, 0, i);
		wr_put(&w, span_str(line));
	}
	wr_u8(&w, 0);
	assert_int_equal(open_text((const char *)wr_span(&w).p, 0600, &ks, &e), -1);
	assert_non_null(strstr(e.text, "more than 8 signers"));
	wr_free(&w);
}

static void test_init(void **state)
{
	static const enum entry_type types[] = { ENTRY_SCP03, ENTRY_ISSUER, ENTRY_SIGNER, ENTRY_KEK,
		ENTRY_KOS, ENTRY_KMAC };
	static const uint8_t lengths[] = { 0, 32, 32, 32, 32, 16 };
	char new_path[128];
	const struct entry *t;
	struct keystore *ks;
	struct stat st;
	struct err e;

	(void)state;
	snprintf(new_path, sizeof(new_path), "%s", beside("new.yaml"));
	assert_ok(keystore_init_test(new_path, &e), &e);
	assert_int_equal(stat(new_path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_ok(keystore_open(new_path, &ks, &e), &e);
	for (size_t i = 0; i < 6; i++) {
		assert_ok(keystore_find(ks, types[i], NULL, &t, &e), &e);
		assert_true(t->test);
		assert_int_equal(t->secret.n, lengths[i]);
	}
	assert_ok(keystore_find(ks, ENTRY_SCP03, "test", &t, &e), &e);
	assert_span(key_span(&t->keys.mac), unit_bytes(MASTER));
	assert_int_equal(t->version, 0x30);
	assert_int_equal(t->diversification, DIVERSIFY_KDF3);
	assert_ok(keystore_kos(ks, 0x01, &t, &e), &e);
	keystore_close(ks);
	assert_int_equal(keystore_init_test(new_path, &e), -1);
	assert_int_equal(e.code, ERR_SAFETY);
	assert_int_equal(keystore_init_empty(new_path, &e), -1);
	assert_int_equal(e.code, ERR_SAFETY);
	unlink(new_path);
	assert_ok(keystore_init_empty(new_path, &e), &e);
	assert_ok(keystore_open(new_path, &ks, &e), &e);
	assert_null(keystore_at(ks, 0));
	keystore_close(ks);
}

static void test_fingerprint(void **state)
{
	struct entry t = { .public_n = 32 };
	uint8_t f[FINGERPRINT_SIZE];

	(void)state;
	/* sha256sum of the octets of ED_PUBLIC */
	memcpy(t.public, unit_bytes(ED_PUBLIC).p, 32);
	assert_true(entry_fingerprint(&t, f));
	assert_span(SPAN(f), unit_bytes("21FE31DFA154A261"));
	t.public_n = 0;
	assert_false(entry_fingerprint(&t, f));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_clear_values),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_private_files),
		cmocka_unit_test(test_modes),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_card_types),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_init),
		cmocka_unit_test(test_fingerprint),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
