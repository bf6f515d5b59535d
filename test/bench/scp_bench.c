/*
 * SCP03 speed as ratios, which hold from machine to machine where times do not.
 *
 * (a) What the host computes per card (session keys, both cryptograms, EXTERNAL AUTHENTICATE, one
 *     command with 64 octets of data at level 03), naively (every CMAC and every cipher fetched
 *     from OpenSSL when it is needed) against lib/scp with one struct for all cards. Goal: >= 4.
 * (b) One sealed command with 240 octets of ciphertext against nothing but AES-CBC and CMAC of the
 *     same octets with OpenSSL objects that are fetched and keyed already. Goal: <= 1.3.
 *
 * Both sides must make the same octets before anything is timed. A ratio is the median over many
 * short rounds in which the two take turns. Status 1 when a goal is missed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>

#include "measure.h"
#include "scp/scp.h"
#include "test/unit/scp_start.h"

enum { ROUNDS = 201, M = 8, PLAIN_A = 64, PLAIN_B = 239, CIPHER_B = 240 };

static const uint8_t host_challenge[M] = { 1, 2, 3, 4, 5, 6, 7, 8 };
static const uint8_t card_challenge[M] = { 9, 10, 11, 12, 13, 14, 15, 16 };
static const uint8_t plain[256] = { 0x4F, 0x00 };

/* One card's worth of work: what is made of it, to compare the two ways. */
struct work {
	uint8_t card_cryptogram[M];
	uint8_t wire[400];
	size_t n;
};

/* ---- naive: everything fetched when needed ---- */

static const char *cipher_name(size_t key_n, bool cbc)
{
	static const char *const names[2][2] = { { "AES-128-ECB", "AES-128-CBC" },
		{ "AES-256-ECB", "AES-256-CBC" } };

	return names[key_n == 32][cbc];
}

static void naive_cmac(struct span key, struct span msg, uint8_t out[16])
{
	EVP_MAC *mac = EVP_MAC_fetch(NULL, "CMAC", NULL);
	EVP_MAC_CTX *ctx = EVP_MAC_CTX_new(mac);
	char name[16];
	OSSL_PARAM params[2] = { OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_CIPHER, name, 0),
		OSSL_PARAM_construct_end() };
	size_t n;

	snprintf(name, sizeof(name), "%s", cipher_name(key.n, true));
	need(EVP_MAC_init(ctx, key.p, key.n, params) == 1, "EVP_MAC_init");
	need(EVP_MAC_update(ctx, msg.p, msg.n) == 1, "EVP_MAC_update");
	need(EVP_MAC_final(ctx, out, &n, 16) == 1, "EVP_MAC_final");
	EVP_MAC_CTX_free(ctx);
	EVP_MAC_free(mac);
}

static void naive_cipher(struct span key, const uint8_t *iv, struct span in, uint8_t *out)
{
	EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, cipher_name(key.n, iv != NULL), NULL);
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int n;

	need(EVP_EncryptInit_ex2(ctx, cipher, key.p, iv, NULL) == 1, "EVP_EncryptInit_ex2");
	need(EVP_CIPHER_CTX_set_padding(ctx, 0) == 1, "set_padding");
	need(EVP_EncryptUpdate(ctx, out, &n, in.p, (int)in.n) == 1, "EVP_EncryptUpdate");
	EVP_CIPHER_CTX_free(ctx);
	EVP_CIPHER_free(cipher);
}

static void naive_kdf(struct span key, uint8_t constant, size_t n, uint8_t *out)
{
	uint8_t b[16 + 2 * M] = {
		[11] = constant, [13] = (uint8_t)(n * 8 >> 8), [14] = (uint8_t)(n * 8)
	};
	uint8_t full[16];

	memcpy(&b[16], host_challenge, M);
	memcpy(&b[24], card_challenge, M);
	for (size_t at = 0; at < n; at += 16) {
		b[15]++;
		naive_cmac(key, SPAN(b), full);
		memcpy(&out[at], full, n - at < 16 ? n - at : 16);
	}
}

static void naive_card(const struct key_set *keys, struct work *w)
{
	uint8_t s_enc[32] = { 0 }, s_mac[32] = { 0 }, s_rmac[32];
	uint8_t mac_in[16 + 5 + 80] = { 0 }, icv[16] = { [15] = 1 };
	size_t n = keys->enc.n;
	struct span enc = span_of(s_enc, n), mac = span_of(s_mac, n);
	uint8_t *p = &w->wire[0];

	naive_kdf(key_span(&keys->enc), 0x04, n, s_enc);
	naive_kdf(key_span(&keys->mac), 0x06, n, s_mac);
	naive_kdf(key_span(&keys->mac), 0x07, n, s_rmac);
	naive_kdf(mac, 0x00, M, w->card_cryptogram);
	memcpy(p, (const uint8_t[]){ 0x84, 0x82, 0x03, 0x00, 0x10 }, 5);
	naive_kdf(mac, 0x01, M, &p[5]);
	memcpy(&mac_in[16], p, 5 + M);
	naive_cmac(mac, span_of(mac_in, 16 + 5 + M), mac_in);
	memcpy(&p[13], mac_in, M);
	p += 21;
	memcpy(p, (const uint8_t[]){ 0x84, 0xE2, 0x80, 0x00, 80 + M }, 5);
	memcpy(&p[5], plain, PLAIN_A);
	memcpy(&p[5 + PLAIN_A], (const uint8_t[16]){ 0x80 }, 16);
	naive_cipher(enc, NULL, SPAN(icv), icv);
	naive_cipher(enc, icv, span_of(&p[5], 80), &p[5]);
	memcpy(&mac_in[16], p, 5 + 80);
	naive_cmac(mac, span_of(mac_in, 16 + 5 + 80), mac_in);
	memcpy(&p[85], mac_in, M);
	w->n = 21 + 5 + 80 + M;
}

/* ---- ours ---- */

static void our_card(struct scp *s, const struct key_set *keys, struct work *w)
{
	struct span hc = SPAN(host_challenge), cc = SPAN(card_challenge);
	struct capdu c = { .cla = 0x80, .ins = 0xE2, .p1 = 0x80, .data = { plain, PLAIN_A } };
	struct wr out = wr_fixed(w->wire, sizeof(w->wire));

	need(scp_begin(s, START(PROTOCOL_SCP03, 0, keys, hc, cc)), "scp_begin");
	need(
	    scp_cryptogram(s, CHALLENGES(hc, cc), ROLE_CARD, w->card_cryptogram), "scp_cryptogram");
	need(scp_host_authenticate(s, CHALLENGES(hc, cc), 0x03, 0, &out), "scp_host_authenticate");
	need(scp_seal_command(s, &c, &out), "scp_seal_command");
	w->n = out.n;
}

/* ---- (b) ---- */

struct raw {
	EVP_CIPHER_CTX *cbc;
	EVP_MAC_CTX *mac;
	uint8_t icv[16], mcv[16];
	uint8_t wire[300];
};

static void raw_new(struct raw *r, struct scp *s)
{
	size_t n = s->u.scp03.enc.key.n;
	EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, cipher_name(n, true), NULL);
	EVP_MAC *mac = EVP_MAC_fetch(NULL, "CMAC", NULL);
	char name[16];
	OSSL_PARAM params[2] = { OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_CIPHER, name, 0),
		OSSL_PARAM_construct_end() };

	snprintf(name, sizeof(name), "%s", cipher_name(n, true));
	r->cbc = EVP_CIPHER_CTX_new();
	r->mac = EVP_MAC_CTX_new(mac);
	need(EVP_EncryptInit_ex2(r->cbc, cipher, s->u.scp03.enc.key.b, NULL, NULL) == 1,
	    "raw cipher");
	need(EVP_MAC_init(r->mac, s->u.scp03.mac.key.b, n, params) == 1, "raw MAC");
	EVP_CIPHER_free(cipher);
	EVP_MAC_free(mac);
}

static void raw_command(struct raw *r)
{
	static const uint8_t header[] = { 0x84, 0xE2, 0x80, 0x00, CIPHER_B + M };
	uint8_t padded[CIPHER_B], full[16];
	size_t mac_n;
	int n;

	memcpy(padded, plain, PLAIN_B);
	padded[PLAIN_B] = 0x80;
	memcpy(r->wire, header, 5);
	if (EVP_EncryptInit_ex2(r->cbc, NULL, NULL, r->icv, NULL) != 1 ||
	    EVP_EncryptUpdate(r->cbc, &r->wire[5], &n, padded, CIPHER_B) != 1 ||
	    EVP_MAC_init(r->mac, NULL, 0, NULL) != 1 || EVP_MAC_update(r->mac, r->mcv, 16) != 1 ||
	    EVP_MAC_update(r->mac, r->wire, 5 + CIPHER_B) != 1 ||
	    EVP_MAC_final(r->mac, full, &mac_n, 16) != 1)
		need(false, "raw command");
	memcpy(&r->wire[5 + CIPHER_B], full, M);
}

static void our_command(struct scp *s, uint8_t *wire)
{
	static const struct capdu c = {
		.cla = 0x80, .ins = 0xE2, .p1 = 0x80, .data = { plain, PLAIN_B }
	};
	struct wr out = wr_fixed(wire, 300);

	need(scp_seal_command(s, &c, &out), "scp_seal_command");
}

/* ---- measuring ---- */

static double bench_card(const struct key_set *keys, double *ns)
{
	static struct work naive, ours;
	double ratio[ROUNDS], time[ROUNDS];
	struct scp s = { 0 };

	naive_card(keys, &naive);
	our_card(&s, keys, &ours);
	need(naive.n == ours.n && memcmp(naive.wire, ours.wire, ours.n) == 0 &&
		 memcmp(naive.card_cryptogram, ours.card_cryptogram, M) == 0,
	    "comparing (a)");
	for (int i = 0; i < ROUNDS; i++) {
		double t0 = now(), t1, t2;

		for (int k = 0; k < 10; k++)
			naive_card(keys, &naive);
		t1 = now();
		for (int k = 0; k < 10; k++)
			our_card(&s, keys, &ours);
		t2 = now();
		ratio[i] = (t1 - t0) / (t2 - t1);
		time[i] = (t2 - t1) / 10;
	}
	scp_wipe(&s);
	*ns = median(time, ROUNDS);
	return median(ratio, ROUNDS);
}

static double bench_command(const struct key_set *keys, double *ns)
{
	static uint8_t ours[300];
	double ratio[ROUNDS], time[ROUNDS];
	struct scp s = { 0 };
	struct raw r = { 0 };
	struct work w;

	our_card(&s, keys, &w);
	raw_new(&r, &s);
	memcpy(r.mcv, s.u.scp03.mcv, 16);
	r.icv[15] = 2;
	need(aes_block(&s.u.scp03.enc, r.icv, r.icv), "ICV");
	raw_command(&r);
	our_command(&s, ours);
	need(memcmp(ours, r.wire, 5 + CIPHER_B + M) == 0, "comparing (b)");
	for (int i = 0; i < ROUNDS; i++) {
		double t0 = now(), t1, t2;

		for (int k = 0; k < 100; k++)
			raw_command(&r);
		t1 = now();
		for (int k = 0; k < 100; k++)
			our_command(&s, ours);
		t2 = now();
		ratio[i] = (t2 - t1) / (t1 - t0);
		time[i] = (t2 - t1) / 100;
	}
	EVP_CIPHER_CTX_free(r.cbc);
	EVP_MAC_CTX_free(r.mac);
	scp_wipe(&s);
	*ns = median(time, ROUNDS);
	return median(ratio, ROUNDS);
}

int main(void)
{
	static const size_t key_sizes[] = { 16, 32 };
	bool met = true;

	for (size_t i = 0; i < 2; i++) {
		struct key_set keys = { .enc.n = (uint8_t)key_sizes[i] };
		size_t bits = key_sizes[i] * 8;
		double card_ns, command_ns, card, command;
		char what[64], note[64];

		for (uint8_t b = 0; b < 32; b++)
			keys.enc.b[b] = 0x40 + b;
		keys.mac = keys.dek = keys.enc;
		card = bench_card(&keys, &card_ns);
		command = bench_command(&keys, &command_ns);
		snprintf(what, sizeof(what), "(a) host work per card, AES-%zu: naive / ours", bits);
		snprintf(note, sizeof(note), "ours: %.1f us", card_ns / 1e3);
		met = goal_line(what, card, AT_LEAST, 4.0, note) && met;
		snprintf(what, sizeof(what), "(b) 240-octet command, AES-%zu: ours / raw", bits);
		snprintf(note, sizeof(note), "ours: %.0f ns", command_ns);
		met = goal_line(what, command, AT_MOST, 1.3, note) && met;
	}
	return met ? 0 : 1;
}
