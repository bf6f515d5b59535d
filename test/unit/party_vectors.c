#include "party_vectors.h"

#include "tlv/tlv.h"

static json_t *file;

int party_open_vectors(void **state)
{
	(void)state;
	file = unit_json("test/vectors/containers.json");
	return 0;
}

int party_close_vectors(void **state)
{
	(void)state;
	json_decref(file);
	return 0;
}

const json_t *party_case(const char *name)
{
	const json_t *cases = json_object_get(file, "cases");

	for (size_t i = 0; i < json_array_size(cases); i++)
		if (strcmp(unit_str(json_array_get(cases, i), "name"), name) == 0)
			return json_array_get(cases, i);
	fail_msg("no case %s", name);
	return NULL;
}

const json_t *party_d3(void)
{
	return party_case("grant of D3: the operator is the issuer");
}

const json_t *party_d0(void)
{
	return party_case("grant of D0: authority, resources, (M, b), domain key");
}

const json_t *party_claim_s(void)
{
	return party_case("claim, form S: PSO of grant and OCE certificate, MUTUAL AUTHENTICATE");
}

struct span party_card_cert(void)
{
	return unit_hex(
	    party_case("certificate of the card: no 73, so never a grant"), "certificate");
}

struct ec_public party_point(const char *who)
{
	const json_t *keys = json_object_get(party_case("keys"), "public");
	struct ec_public k;

	assert_true(ec_public_from(&k, EC_P256, unit_hex(keys, who)));
	return k;
}

struct ec_private party_scalar(const char *who)
{
	const json_t *keys = json_object_get(party_case("keys"), "private");
	struct ec_private k;

	assert_true(ec_private_from(&k, EC_P256, unit_hex(keys, who)));
	return k;
}

struct span party_changed(struct wr *w, struct span body, const struct party_change *c)
{
	struct rd r = rd_of(body);
	size_t from = w->n;
	struct tlv t;

	while (tlv_next(&r, &t)) {
		if (t.tag == c->tag)
			wr_put(w, unit_bytes(c->with));
		if (t.tag != c->tag || c->in_front)
			tlv_put(w, t.tag, t.val);
	}
	assert_true(wr_ok(w));
	return span_sub(wr_span(w), from, w->n - from);
}

struct span party_value(struct span s)
{
	struct rd r = rd_of(s);
	struct tlv t;

	assert_true(tlv_next(&r, &t));
	return t.val;
}
