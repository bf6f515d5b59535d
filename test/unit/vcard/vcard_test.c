/*
 * The virtual card as a host sees it: sessions at all levels, tries, counters, life cycles, what
 * GET DATA tells, key management, and the rules of a session. A recorded session of a real card
 * (JCOP4, test/vectors/scp03_sessions.json) pins the card's role from outside; the rest is our
 * host against our card.
 */
#include "rig.h"

#include <sys/stat.h>
#include <unistd.h>

#include "crypto/digest.h"
#include "crypto/kdf.h"
#include "gp/card_data.h"
#include "gp/put_key.h"
#include "gp/status.h"
#include "tlv/tlv.h"
#include "scp_start.h"

static const uint8_t all_levels[] = { 0x00, 0x01, 0x03, 0x11, 0x13, 0x33 };
static const struct span none = { NULL, 0 };

/* ---- sessions ---- */

/*
 * GlobalPlatformPro nextgen/src/test/resources/scp03-auth-jcop4.dump: a JCOP4 with the well-known
 * test keys. Issued alike and with the counter where it stood, our card gives the same answers.
 */
static void recorded_session(void **state)
{
	struct key k = unit_key("404142434445464748494A4B4C4D4E4F");
	struct rig r;

	(void)state;
	rig_issue(&r, 16, 0x70);
	r.issue.keys = (struct key_set){ k, k, k };
	r.issue.key_version = 0x01;
	memcpy(r.issue.kdd, unit_bytes("00003244342976208448").p, KDD_SIZE);
	rig_on(&r);
	chip_put_sequence(r.v, chip_keys(r.v, &aid_isd, 0x01), 0x000435);
	assert_true(chip_commit(r.v));
	assert_int_equal(rig_hex(&r, "8050000008010203040506070800"), SW_OK);
	assert_span(rig_answer(&r),
	    unit_bytes("00003244342976208448010370734ECDCA19E446A30BC253BCE97DB991000436"));
	assert_int_equal(rig_hex(&r, "8482010010A5E66CD1A836E3A47CD3B3F7B689AE8F"), SW_OK);
	assert_int_equal(rig_hex(&r, "84F280020A4F009F2B339FA4DE0C2400"), SW_OK);
	assert_true(span_starts(rig_answer(&r), unit_bytes("E3")));
	/* The same bytes again are no longer right. */
	assert_int_equal(rig_hex(&r, "84F280020A4F009F2B339FA4DE0C2400"), SW_SECURITY_STATUS);
	rig_off(&r);
}

static void one_session(size_t key_n, uint8_t i, uint8_t level)
{
	struct status_entry entry;
	struct span answer;
	struct rig r;
	struct rd rd;

	rig_issue(&r, key_n, i);
	rig_on(&r);
	assert_int_equal(rig_initialize(&r, 0x00), SW_OK);
	assert_int_equal(r.u.key_version, 0x30);
	assert_int_equal(r.u.i, i);
	assert_span(SPAN(r.u.kdd), SPAN(r.issue.kdd));
	assert_int_equal(r.u.has_sequence, (i & SCP03_I_PSEUDO_RANDOM) != 0);
	if (!scp_level_valid(PROTOCOL_SCP03, level, i)) {
		assert_int_equal(rig_authenticate(&r, level), SW_WRONG_P1P2);
		rig_off(&r);
		return;
	}
	assert_int_equal(rig_authenticate(&r, level), SW_OK);
	for (int n = 0; n < 3; n++) { /* counters and chaining go on */
		assert_int_equal(
		    rig_secure(&r, 0x80, INS_GET_STATUS, 0x8002, unit_bytes("4F00"), &answer),
		    SW_OK);
		rd = rd_of(answer);
		assert_true(status_entry_next(&rd, &entry));
		assert_span(aid_span(&entry.aid), aid_span(&aid_isd));
		assert_int_equal(entry.state, LIFE_SECURED);
		/* an error in between does not end the session */
		assert_int_equal(
		    rig_secure(&r, 0x80, INS_GET_DATA, 0x1234, none, NULL), SW_REFERENCE_NOT_FOUND);
	}
	rig_off(&r);
}

static void sessions(void **state)
{
	static const uint8_t is[] = { 0x00, 0x10, 0x20, 0x30, 0x60, 0x70, 0x01, 0x11, 0x71 };

	(void)state;
	for (size_t key_n = 16; key_n <= 32; key_n += 8)
		for (size_t i = 0; i < sizeof(is); i++)
			for (size_t l = 0; l < sizeof(all_levels); l++)
				one_session(key_n, is[i], all_levels[l]);
}

static void initialize_refused(void **state)
{
	struct rig r;

	(void)state;
	rig_issue(&r, 16, 0x70);
	rig_on(&r);
	assert_int_equal(rig_initialize(&r, 0x31), SW_REFERENCE_NOT_FOUND);
	assert_int_equal(
	    rig_hex(&r, "80500000100102030405060708010203040506070800"), SW_WRONG_LENGTH);
	assert_int_equal(rig_hex(&r, "80500000070102030405060700"), SW_WRONG_LENGTH);
	assert_int_equal(rig_hex(&r, "8050000100"), SW_WRONG_LENGTH);
	assert_int_equal(rig_hex(&r, "8050000108010203040506070800"), SW_WRONG_P1P2);
	assert_int_equal(rig_hex(&r, "0050000008010203040506070800"), SW_CLA_NOT_SUPPORTED);
	/* none of these moved the counter */
	assert_int_equal(rig_initialize(&r, 0x30), SW_OK);
	assert_span(SPAN(r.u.sequence), unit_bytes("000001"));
	rig_off(&r);
	rig_issue(&r, 16, 0x71);
	rig_on(&r);
	assert_int_equal(rig_hex(&r, "8050000008010203040506070800"), SW_WRONG_LENGTH);
	rig_off(&r);
}

static void counter(void **state)
{
	struct rig r;

	(void)state;
	rig_issue(&r, 16, 0x70);
	rig_on(&r);
	assert_span(rig_get(&r, TAG_SEQUENCE_COUNTER), unit_bytes("C103000000"));
	for (uint8_t n = 1; n <= 3; n++) {
		assert_int_equal(rig_initialize(&r, 0x30), SW_OK);
		assert_int_equal(r.u.sequence[2], n);
		rig_cycle(&r); /* kept without power, used or not */
	}
	assert_span(rig_get(&r, TAG_SEQUENCE_COUNTER), unit_bytes("C103000003"));
	chip_put_sequence(r.v, chip_keys(r.v, &aid_isd, 0x30), 0xFFFFFE);
	assert_true(chip_commit(r.v));
	assert_int_equal(rig_initialize(&r, 0x30), SW_OK);
	assert_span(SPAN(r.u.sequence), unit_bytes("FFFFFF"));
	assert_int_equal(rig_initialize(&r, 0x30), SW_CONDITIONS);
	rig_off(&r);
}

static void random_challenge(void **state)
{
	uint8_t first[8];
	struct rig r;

	(void)state;
	rig_issue(&r, 16, 0x60);
	rig_on(&r);
	assert_int_equal(rig_initialize(&r, 0x30), SW_OK);
	memcpy(first, r.u.card_challenge, sizeof(first));
	assert_int_equal(rig_initialize(&r, 0x30), SW_OK);
	assert_memory_not_equal(first, r.u.card_challenge, sizeof(first));
	assert_int_equal(
	    rig_send(&r, 0x80, INS_GET_DATA, TAG_SEQUENCE_COUNTER, none), SW_REFERENCE_NOT_FOUND);
	rig_off(&r);
}

/* ---- tries ---- */

static uint8_t tries_of(struct rig *r)
{
	return chip_keys(r->v, &aid_isd, 0x30)->tries;
}

/* Sends EXTERNAL AUTHENTICATE with one octet of cryptogram (0..7) or MAC (8..15) changed. */
static uint16_t authenticate_broken(struct rig *r, size_t octet)
{
	uint8_t room[64];
	struct wr w = wr_fixed(room, sizeof(room));

	assert_int_equal(rig_initialize(r, 0x30), SW_OK);
	assert_true(scp_host_authenticate(&r->host,
	    CHALLENGES(unit_bytes("C0C1C2C3C4C5C6C7"), span_of(r->u.card_challenge, 8)), 0x03, 0,
	    &w));
	room[5 + octet] ^= 0x01;
	return rig_raw(r, wr_span(&w));
}

static void tries(void **state)
{
	struct rig r;

	(void)state;
	rig_issue(&r, 16, 0x70);
	rig_on(&r);
	assert_int_equal(authenticate_broken(&r, 12), SW_SECURITY_STATUS);
	assert_int_equal(tries_of(&r), 9);
	/* a changed cryptogram makes the MAC wrong too */
	assert_int_equal(authenticate_broken(&r, 0), SW_SECURITY_STATUS);
	assert_int_equal(tries_of(&r), 8);
	/* no second attempt on one INITIALIZE UPDATE */
	assert_int_equal(rig_hex(&r, "8482030010A5E66CD1A836E3A47CD3B3F7B689AE8F"), SW_CONDITIONS);
	assert_int_equal(tries_of(&r), 8);
	rig_cycle(&r);
	assert_int_equal(tries_of(&r), 8);
	rig_session(&r, 0x30, 0x33);
	assert_int_equal(tries_of(&r), TRIES_MAX);
	for (int n = 0; n < TRIES_MAX; n++)
		assert_int_equal(authenticate_broken(&r, 15), SW_SECURITY_STATUS);
	assert_int_equal(tries_of(&r), 0);
	assert_int_equal(rig_initialize(&r, 0x30), SW_AUTH_BLOCKED);
	rig_cycle(&r);
	assert_int_equal(rig_initialize(&r, 0x30), SW_AUTH_BLOCKED);
	assert_int_equal(rig_initialize(&r, 0x00), SW_AUTH_BLOCKED);
	rig_off(&r);
}

/* Wrong cryptogram under a right MAC: the host has the right Key-MAC, but hashes other text. */
static void wrong_cryptogram(void **state)
{
	static const uint8_t zero[16];
	uint8_t text[16 + 5 + 8] = { 0 }, full[16],
			      command[5 + 16] = { 0x84, 0x82, 0x03, 0x00, 0x10 };
	struct key smac = { .n = 16 };
	uint8_t context[16];
	struct rig r;

	(void)state;
	rig_issue(&r, 16, 0x70);
	rig_on(&r);
	assert_int_equal(rig_initialize(&r, 0x30), SW_OK);
	memcpy(context, unit_bytes("C0C1C2C3C4C5C6C7").p, 8);
	memcpy(context + 8, r.u.card_challenge, 8);
	assert_true(scp03_kdf_key(&r.keys.mac, 0x06, SPAN(context), 16, &smac));
	memcpy(text, zero, 16);
	memcpy(text + 16, command, 5);
	assert_true(cmac(&smac, SPAN(text), full));
	memcpy(command + 13, full, 8);
	assert_int_equal(rig_raw(&r, SPAN(command)), SW_AUTH_FAILED);
	assert_int_equal(tries_of(&r), 9);
	rig_off(&r);
}

static void level_refused(void **state)
{
	static const uint8_t bad[] = { 0x02, 0x10, 0x20, 0x30, 0x31, 0x23, 0x80, 0xFF };
	struct rig r;

	(void)state;
	rig_issue(&r, 16, 0x70);
	rig_on(&r);
	for (size_t n = 0; n < sizeof(bad); n++) {
		uint8_t command[5 + 16] = { 0x84, 0x82, bad[n], 0x00, 0x10 };

		assert_int_equal(rig_initialize(&r, 0x30), SW_OK);
		assert_int_equal(rig_raw(&r, SPAN(command)), SW_WRONG_P1P2);
	}
	assert_int_equal(tries_of(&r), TRIES_MAX);
	rig_off(&r);
}

/* ---- the rules of a session ---- */

static void unprotected_ends(void **state)
{
	struct rig r;

	(void)state;
	rig_issue(&r, 16, 0x70);
	rig_on(&r);
	for (size_t l = 1; l < sizeof(all_levels); l++) {
		rig_session(&r, 0x30, all_levels[l]);
		assert_int_equal(rig_hex(&r, "80CA006600"), SW_SECURITY_STATUS);
		/* the keys are gone: the next protected command finds no session */
		assert_int_equal(
		    rig_secure(&r, 0x80, INS_GET_STATUS, 0x8002, unit_bytes("4F00"), NULL),
		    SW_SECURITY_STATUS);
		assert_int_equal(rig_hex(&r, "80CA006600"), SW_OK);
		rig_session(&r, 0x30, all_levels[l]);
		assert_int_equal(rig_hex(&r, "80CA00"), SW_SECURITY_STATUS); /* not even an APDU */
		assert_int_equal(r.v->channel[0].session, CHANNEL_IDLE);
	}
	rig_session(&r, 0x30, 0x00); /* authenticated only: processed without checks */
	assert_int_equal(rig_hex(&r, "80CA006600"), SW_OK);
	assert_int_equal(rig_hex(&r, "80F28002024F0000"), SW_OK);
	assert_int_equal(rig_hex(&r, "84F280020A4F009F2B339FA4DE0C2400"), SW_SECURITY_STATUS);
	assert_int_equal(rig_hex(&r, "80F28002024F0000"), SW_SECURITY_STATUS);
	rig_off(&r);
}

static void wrong_mac_ends(void **state)
{
	uint8_t room[64];
	struct wr w;
	struct capdu c = { 0x80, INS_GET_STATUS, 0x80, 0x02, none, LE_MAX_SHORT, false };
	struct rig r;

	(void)state;
	c.data = unit_bytes("4F00");
	rig_issue(&r, 16, 0x70);
	rig_on(&r);
	for (size_t bit = 0; bit < 8 * 29; bit++) {
		rig_session(&r, 0x30, 0x33);
		w = wr_fixed(room, sizeof(room));
		assert_true(scp_seal_command(&r.host, &c, &w));
		assert_int_equal(w.n, 5 + 16 + 8 + 1);
		room[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_not_equal(rig_raw(&r, wr_span(&w)), SW_OK);
		/* logical channel and class go elsewhere; everything else ended the session */
		if (bit >= 8)
			assert_int_equal(r.v->channel[0].session, CHANNEL_IDLE);
	}
	rig_off(&r);
}

static void session_ends(void **state)
{
	static const char *const ends[] = { "00A4040000", "00A4040008A000000151000000",
		"00A40400050102030405", "8050000008010203040506070800",
		"8050310008010203040506070800" };
	struct rig r;

	(void)state;
	rig_issue(&r, 16, 0x70);
	rig_on(&r);
	for (size_t n = 0; n < sizeof(ends) / sizeof(ends[0]); n++) {
		rig_session(&r, 0x30, 0x33);
		rig_hex(&r, ends[n]);
		assert_int_not_equal(r.v->channel[0].session, CHANNEL_UNICAST);
		assert_int_equal(
		    rig_secure(&r, 0x80, INS_GET_STATUS, 0x8002, unit_bytes("4F00"), NULL),
		    SW_SECURITY_STATUS);
	}
	rig_session(&r, 0x30, 0x33);
	vcard_reset(r.v);
	assert_int_equal(r.v->channel[0].session, CHANNEL_IDLE);
	/* SELECT under secure messaging is executed too; it took the keys, so its answer is bare.
	 */
	rig_session(&r, 0x30, 0x03);
	assert_int_equal(rig_secure(&r, 0x00, INS_SELECT, 0x0400, none, NULL), SW_OK);
	assert_int_equal(r.v->channel[0].session, CHANNEL_IDLE);
	rig_off(&r);
}

static void minimum_security(void **state)
{
	static const struct {
		uint8_t ins;
		bool at_00;
	} guarded[] = {
		{ INS_GET_STATUS, true },
		{ INS_SET_STATUS, false },
		{ INS_PUT_KEY, false },
		{ INS_STORE_DATA, false },
		{ INS_DELETE, false },
	};
	struct rig r;
	uint16_t sw;

	(void)state;
	rig_issue(&r, 16, 0x70);
	rig_on(&r);
	for (size_t n = 0; n < sizeof(guarded) / sizeof(guarded[0]); n++) {
		sw = rig_send(&r, 0x80, guarded[n].ins, 0x8002, unit_bytes("4F00"));
		assert_int_equal(sw, SW_SECURITY_STATUS);
	}
	rig_session(&r, 0x30, 0x00);
	for (size_t n = 0; n < sizeof(guarded) / sizeof(guarded[0]); n++) {
		sw = rig_send(&r, 0x80, guarded[n].ins, 0x8002, unit_bytes("4F00"));
		assert_int_equal(sw == SW_SECURITY_STATUS, !guarded[n].at_00);
		assert_int_equal(r.v->channel[0].session, CHANNEL_UNICAST);
	}
	assert_int_equal(rig_hex(&r, "80A4040000"), SW_CLA_NOT_SUPPORTED);
	assert_int_equal(rig_hex(&r, "80010000"), SW_INS_NOT_SUPPORTED);
	assert_int_equal(rig_hex(&r, "10A4040000"), SW_CLA_NOT_SUPPORTED);
	assert_int_equal(rig_hex(&r, "0CA4040000"), SW_SM_NOT_SUPPORTED);
	rig_off(&r);
}

static void logical_channels(void **state)
{
	struct rig r;

	(void)state;
	rig_issue(&r, 16, 0x70);
	rig_on(&r);
	assert_int_equal(rig_hex(&r, "01A4040000"), SW_CHANNEL_NOT_SUPPORTED);
	rig_session(&r, 0x30, 0x13);
	for (uint8_t n = 1; n <= 3; n++) {
		assert_int_equal(rig_hex(&r, "0070000001"), SW_OK);
		assert_span(rig_answer(&r), span_of(&n, 1));
	}
	assert_int_equal(rig_hex(&r, "0070000001"), SW_CHANNEL_NOT_SUPPORTED);
	/* the session of channel 0 is not touched by what happens on others */
	assert_int_equal(rig_hex(&r, "0270800200"), SW_OK);
	assert_int_equal(rig_hex(&r, "0070800200"), 0x6200);
	assert_int_equal(rig_hex(&r, "0070000200"), SW_OK);
	assert_int_equal(rig_answer(&r).n, 0);
	assert_int_equal(rig_hex(&r, "0070800000"), SW_WRONG_P1P2);
	assert_int_equal(rig_hex(&r, "0070800400"), SW_CHANNEL_NOT_SUPPORTED);
	assert_int_equal(rig_hex(&r, "01CA006600"), SW_OK);
	assert_int_equal(
	    rig_secure(&r, 0x80, INS_GET_STATUS, 0x8002, unit_bytes("4F00"), NULL), SW_OK);
	r.channel = 1; /* a session of its own there */
	scp_wipe(&r.host);
	rig_session(&r, 0x30, 0x33);
	assert_int_equal(
	    rig_secure(&r, 0x80, INS_GET_STATUS, 0x8002, unit_bytes("4F00"), NULL), SW_OK);
	assert_int_equal(r.v->channel[0].session, CHANNEL_UNICAST);
	assert_int_equal(rig_hex(&r, "0070800100"), SW_OK);
	assert_int_equal(r.v->channel[1].session, CHANNEL_IDLE);
	rig_off(&r);
}

static void select_answers(void **state)
{
	static const char fci[] = "6F108408A000000151000000A5049F6501FF";
	struct rig r;

	(void)state;
	rig_issue(&r, 16, 0x70);
	rig_on(&r);
	assert_int_equal(rig_hex(&r, "00A4040000"), SW_OK);
	assert_span(rig_answer(&r), unit_bytes(fci));
	assert_int_equal(rig_hex(&r, "00A4040008A00000015100000000"), SW_OK);
	assert_span(rig_answer(&r), unit_bytes(fci));
	assert_int_equal(rig_hex(&r, "00A4040005A00000015100"), SW_OK);
	assert_span(rig_answer(&r), unit_bytes(fci));
	assert_int_equal(rig_hex(&r, "00A4040009A0000001510000000100"), SW_NOT_FOUND);
	assert_int_equal(rig_hex(&r, "00A4040205A00000015100"), SW_NOT_FOUND); /* no second one */
	assert_int_equal(rig_hex(&r, "00A4000000"), SW_WRONG_P1P2);
	assert_int_equal(rig_hex(&r, "00A4040004A000000100"), SW_WRONG_LENGTH);
	rig_off(&r);
}

/* ---- what it tells ---- */

/* FF7D: what FF70, FF71, FF72 and 45 say, in that order. */
static void all_in_one(struct rig *r)
{
	static const uint16_t tags[] = { TAG_SYSTEM, TAG_SLOTS, TAG_POLICY, TAG_CIN };
	struct wr inside = wr_grow(1000), want = wr_grow(1000);

	for (size_t i = 0; i < 4; i++)
		wr_put(&inside, rig_get(r, tags[i]));
	tlv_put(&want, TAG_BROADCAST, wr_span(&inside));
	assert_span(rig_get(r, TAG_BROADCAST), wr_span(&want));
	wr_free(&inside);
	wr_free(&want);
}

static void data_objects(void **state)
{
	struct key_infos infos;
	struct capabilities caps;
	struct card_data data;
	struct span cplc;
	struct system_data system;
	struct slot_data slot;
	struct policy_data policy;
	uint8_t digest[32];
	struct rig r;

	(void)state;
	rig_issue(&r, 32, 0x71);
	r.issue.base = 0x00030001;
	rig_on(&r);
	assert_span(rig_get(&r, TAG_IIN), unit_bytes("4203424242"));
	assert_span(rig_get(&r, TAG_CIN), unit_bytes("450400000001"));
	assert_true(card_data_get(rig_get(&r, TAG_CARD_DATA), &data));
	assert_int_equal(data.scp_n, 1);
	assert_int_equal(data.scp[0].scp, 3);
	assert_int_equal(data.scp[0].i, 0x71);
	assert_int_equal(data.version_n, 3);
	assert_memory_equal(data.version, "\x02\x03\x01", 3);
	assert_true(capabilities_get(rig_get(&r, TAG_CAPABILITIES), &caps));
	assert_int_equal(caps.n, 1);
	assert_int_equal(caps.scp[0].i[0], 0x71);
	assert_int_equal(caps.scp[0].key_sizes, 0x07);
	assert_true(key_infos_get(rig_get(&r, TAG_KEY_INFORMATION), &infos));
	assert_int_equal(infos.n, 3);
	for (uint8_t k = 0; k < 3; k++) {
		assert_int_equal(infos.key[k].id, k + 1);
		assert_int_equal(infos.key[k].version, 0x30);
		assert_int_equal(infos.key[k].type, KEY_TYPE_AES);
		assert_int_equal(infos.key[k].length, 32);
	}
	assert_true(cplc_get(rig_get(&r, TAG_CPLC), &cplc));
	assert_span(cplc, SPAN(r.issue.cplc));
	assert_span(rig_get(&r, TAG_DIVERSIFICATION_DATA), unit_bytes("CF0A4B44442D30303030312E"));
	assert_true(system_data_get(rig_get(&r, TAG_SYSTEM), &system));
	assert_int_equal(system.version, 0x00030001);
	assert_int_equal(system.length, 0);
	assert_false(system.has_campaign);
	assert_true(sha256_of(none, digest));
	assert_span(SPAN(system.digest), SPAN(digest));
	assert_true(slot_data_get(rig_get(&r, TAG_SLOTS), &slot));
	assert_int_equal(slot.state, SLOT_EMPTY);
	assert_true(policy_data_get(rig_get(&r, TAG_POLICY), &policy));
	all_in_one(&r);
	assert_int_equal(policy.algorithm_n, 2);
	/* the interindustry class gives the value alone */
	assert_int_equal(rig_hex(&r, "00CA004500"), SW_OK);
	assert_span(rig_answer(&r), unit_bytes("00000001"));
	assert_int_equal(rig_hex(&r, "80CA123400"), SW_REFERENCE_NOT_FOUND);
	assert_int_equal(rig_hex(&r, "80CA00660101"), SW_WRONG_LENGTH);
	rig_off(&r);
}

static void get_status(void **state)
{
	struct rig r;
	struct span answer;

	(void)state;
	rig_issue(&r, 16, 0x70);
	rig_on(&r);
	rig_session(&r, 0x30, 0x33);
	assert_int_equal(
	    rig_secure(&r, 0x80, INS_GET_STATUS, 0x8002, unit_bytes("4F00"), &answer), SW_OK);
	assert_span(answer, unit_bytes("E3134F08A0000001510000009F70010FC5039EFE80"));
	assert_int_equal(
	    rig_secure(&r, 0x80, INS_GET_STATUS, 0x8002, unit_bytes("4F03A000005C014F"), &answer),
	    SW_OK);
	assert_int_equal(rig_secure(&r, 0x80, INS_GET_STATUS, 0x8002, unit_bytes("4F01B0"), NULL),
	    SW_REFERENCE_NOT_FOUND);
	/* of applications the one that the system brings (trust.md 4) */
	assert_int_equal(
	    rig_secure(&r, 0x80, INS_GET_STATUS, 0x4002, unit_bytes("4F00"), &answer), SW_OK);
	assert_span(answer, unit_bytes("E31C4F07"
				       "F0545255535401"
				       "9F700107C503000000CC08A000000151000000"));
	/* what supplementary domains are made of is there from the start */
	assert_int_equal(
	    rig_secure(&r, 0x80, INS_GET_STATUS, 0x2002, unit_bytes("4F00"), &answer), SW_OK);
	assert_span(
	    answer, unit_bytes("E31B4F07A00000015153509F700101CE020100CC08A000000151000000"));
	assert_int_equal(
	    rig_secure(&r, 0x80, INS_GET_STATUS, 0x0102, unit_bytes("4F00"), NULL), SW_WRONG_P1P2);
	assert_int_equal(
	    rig_secure(&r, 0x80, INS_GET_STATUS, 0x8004, unit_bytes("4F00"), NULL), SW_WRONG_P1P2);
	assert_int_equal(
	    rig_secure(&r, 0x80, INS_GET_STATUS, 0x8003, unit_bytes("4F00"), NULL), SW_CONDITIONS);
	assert_int_equal(
	    rig_secure(&r, 0x80, INS_GET_STATUS, 0x8002, unit_bytes("5C00"), NULL), SW_WRONG_DATA);
	rig_off(&r);
}

/* Two applications in the running image: selected by name, by part of it, one after the other. */
static void image_applications(void **state)
{
	struct running run = { .version = 0x00030002, .has_campaign = true };
	struct span answer;
	struct rig r;

	(void)state;
	rig_issue(&r, 16, 0x70);
	rig_on(&r);
	chip_put_slot_data(r.v, unit_bytes("7F6E1F"
					   "610D4F07A0000001510A015302CAFE"
					   "610E4F07A0000001510A025303BEEF00"));
	chip_put_activate(r.v, &run);
	assert_true(chip_commit(r.v));
	assert_int_equal(rig_hex(&r, "00A4040007A0000001510A0200"), SW_OK);
	assert_span(rig_answer(&r), unit_bytes("BEEF00"));
	assert_int_equal(rig_hex(&r, "80CA006600"), SW_INS_NOT_SUPPORTED);
	assert_int_equal(rig_hex(&r, "8050000008010203040506070800"), SW_INS_NOT_SUPPORTED);
	assert_int_equal(rig_hex(&r, "00A4040006A0000001510A00"), SW_OK);
	assert_span(rig_answer(&r), unit_bytes("CAFE"));
	assert_int_equal(rig_hex(&r, "00A4040206A0000001510A00"), SW_OK);
	assert_span(rig_answer(&r), unit_bytes("BEEF00"));
	assert_int_equal(rig_hex(&r, "00A4040206A0000001510A00"), SW_NOT_FOUND);
	assert_int_equal(rig_hex(&r, "00A4040005A00000015100"), SW_OK); /* the ISD comes first */
	rig_session(&r, 0x30, 0x33);
	assert_int_equal(
	    rig_secure(&r, 0x80, INS_GET_STATUS, 0x4002, unit_bytes("4F00"), &answer), SW_OK);
	assert_true(span_starts(answer, unit_bytes("E3")));
	assert_true(answer.n > 40);
	assert_int_equal(
	    rig_secure(&r, 0x80, INS_SET_STATUS, 0x4080, unit_bytes("A0000001510A01"), NULL),
	    SW_CONDITIONS);
	assert_int_equal(
	    rig_secure(&r, 0x80, INS_SET_STATUS, 0x4080, unit_bytes("A0000001510A03"), NULL),
	    SW_REFERENCE_NOT_FOUND);
	assert_int_equal(rig_secure(&r, 0x80, INS_SET_STATUS, 0x807F, none, NULL), SW_OK);
	assert_int_equal(rig_hex(&r, "00A4040007A0000001510A0200"), SW_NOT_FOUND);
	rig_off(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(recorded_session),
		cmocka_unit_test(sessions),
		cmocka_unit_test(initialize_refused),
		cmocka_unit_test(counter),
		cmocka_unit_test(random_challenge),
		cmocka_unit_test(tries),
		cmocka_unit_test(wrong_cryptogram),
		cmocka_unit_test(level_refused),
		cmocka_unit_test(unprotected_ends),
		cmocka_unit_test(wrong_mac_ends),
		cmocka_unit_test(session_ends),
		cmocka_unit_test(minimum_security),
		cmocka_unit_test(logical_channels),
		cmocka_unit_test(select_answers),
		cmocka_unit_test(data_objects),
		cmocka_unit_test(get_status),
		cmocka_unit_test(image_applications),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
