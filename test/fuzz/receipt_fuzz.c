/* What cards and other people's programs hand over for content management: confirmations, DAP
 * blocks, beginnings of load files, commands with tokens, keys in PEM and DER. What is taken is
 * what is written again; nothing forged is good. */
#include "fuzz.h"

#include <string.h>

#include "gp/dap.h"
#include "gp/token.h"

static const uint8_t key_value[16] = { 0x50, 0x51 };

static bool same(struct span a, struct span b)
{
	return span_eq(a, b);
}

static void confirmation(struct span s, const struct authority_key *k)
{
	uint8_t room[2 * CONFIRMATION_MAX];
	struct wr w = wr_fixed(room, sizeof(room));
	struct receipt r = { 0 }, again;
	struct done d = { .kind = TOKEN_DELETE };

	if (receipt_get(s, &r) != RECEIPT_GOT)
		return;
	CHECK(r.unique.n > 0 && r.confirmation.n >= 5 && r.receipt.n + r.confirmation.n < s.n);
	CHECK(!r.has_digest || r.has_id);
	/* Nobody has the key. */
	CHECK(!receipt_verify(&r, &d, k));
	receipt_put(&w, &r);
	if (!wr_ok(&w))
		return; /* longer than ours get */
	CHECK(receipt_get(wr_span(&w), &again) == RECEIPT_GOT);
	CHECK(same(again.receipt, r.receipt) && same(again.confirmation, r.confirmation));
	CHECK(again.counter == r.counter && same(again.unique, r.unique));
	CHECK(same(again.id, r.id) && same(again.digest, r.digest));
}

static void dap(struct span s, const struct authority_key *k)
{
	struct wr w = wr_grow(1 << 17);
	struct rd r = rd_of(s);
	struct dap d, again;
	size_t n = 0;

	while (dap_next(&r, &d))
		n++;
	CHECK(!dap_get(s, &d) || (n == 1 && rd_left(&r) == 0));
	if (n == 1 && rd_left(&r) == 0) {
		CHECK(!dap_verify(&d, k, span_str("hash")));
		CHECK(dap_digest(&d) >= DIGEST_SHA256);
		dap_put(&w, &d);
		CHECK(wr_ok(&w) && dap_get(wr_span(&w), &again));
		CHECK(same(aid_span(&again.domain), aid_span(&d.domain)));
		CHECK(same(again.signature, d.signature));
	}
	wr_free(&w);
}

/* A card knows from any beginning either nothing or the right length. */
static void load_file(struct span s, const struct authority_key *k)
{
	const struct span none = { NULL, 0 };
	struct wr clear = wr_grow(1 << 17);
	struct load_file f;
	bool wrong;

	if (load_file_get(s, &f)) {
		CHECK(f.dap_n <= LOAD_DAPS_MAX && f.data.n <= s.n);
		for (size_t n = 0; n <= s.n && n < 600; n++) {
			size_t told = load_file_octets(span_sub(s, 0, n), &wrong);

			CHECK(!wrong && (told == 0 || told == s.n));
		}
		if (f.ciphered && authority_decrypt(k, none, f.data, &clear))
			CHECK(clear.n < f.data.n);
	}
	if (load_file_octets(s, &wrong) != 0)
		CHECK(!wrong);
	wr_free(&clear);
}

/* What is signed is what is sent, without the token. */
static void token(struct span s, const struct authority_key *k)
{
	static const struct {
		enum token_kind kind;
		uint8_t p1;
	} rows[] = {
		{ TOKEN_LOAD, INSTALL_FOR_LOAD },
		{ TOKEN_INSTALL, INSTALL_FOR_INSTALL },
		{ TOKEN_INSTALL, INSTALL_AND_SELECTABLE },
		{ TOKEN_SELECTABLE, INSTALL_FOR_SELECTABLE },
		{ TOKEN_EXTRADITION, INSTALL_FOR_EXTRADITION },
		{ TOKEN_REGISTRY, INSTALL_FOR_REGISTRY },
	};
	uint8_t input_room[8192], data_room[8192];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct wr input = wr_fixed(input_room, sizeof(input_room));
		struct wr data = wr_fixed(data_room, sizeof(data_room));
		struct operation o = { .kind = rows[i].kind, .p1 = rows[i].p1 };
		size_t head;

		if (!install_get(rows[i].p1, INSTALL_ALONE, s, &o.install))
			continue;
		CHECK(!token_verify(&o, k, o.install.token));
		token_input(&input, &o);
		o.install.token = span_of(NULL, 0);
		install_put(&data, rows[i].p1, INSTALL_ALONE, &o.install);
		if (!wr_ok(&input) || !wr_ok(&data))
			continue;
		head = data.n - 1 > 0xFF ? 5 : 3;
		CHECK(input.n == head + data.n - 1 && input.p[0] == rows[i].p1);
		CHECK(same(span_sub(wr_span(&input), head, data.n),
		    span_sub(wr_span(&data), 0, data.n - 1)));
	}
}

static void control(struct span s)
{
	uint8_t room[8192];
	struct wr w = wr_fixed(room, sizeof(room));
	struct token_control t, again;

	if (!token_control_get(s, &t))
		return;
	token_control_put(&w, &t);
	if (!wr_ok(&w))
		return;
	CHECK(token_control_get(wr_span(&w), &again));
	CHECK(same(t.id, again.id) && same(t.application, again.application));
	CHECK(same(t.provider_number, again.provider_number) &&
	      same(t.image_number, again.image_number));
}

static void key(struct span s)
{
	SECRET_AUTHORITY(k);
	uint8_t f[8];

	if (s.n == 0 || (s.p[0] != '-' && s.p[0] != 0x30 && s.p[0] != 'R'))
		return; /* what OpenSSL makes of it takes long */
	for (int i = 0; i < 3; i++) {
		bool ok = i == 0 ? authority_from_pem(&k, s) : authority_from_der(&k, s, i == 1);

		CHECK(ok == (k.kind != AUTHORITY_NONE));
		CHECK(!ok || (authority_is_public(&k) && authority_fingerprint(&k, f)));
		CHECK(!ok || i == 0 || authority_signs(&k) == (i == 1));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct span s = span_of(data, n);
	SECRET_AUTHORITY(k);

	CHECK(authority_secret(&k, AUTHORITY_AES, SPAN(key_value)));
	confirmation(s, &k);
	dap(s, &k);
	load_file(s, &k);
	token(s, &k);
	control(s);
	key(s);
	return 0;
}
