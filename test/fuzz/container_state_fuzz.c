/* FF73 as a host gets it: nothing in it is refused any more once the whole was taken, and it is
 * written again as it was. */
#include "fuzz.h"

#include "gp/container.h"
#include "tlv/tlv.h"

static void again_container(struct wr *w, const struct container *c)
{
	size_t mark = container_open(w, c), n = 0;
	struct container_object object;
	struct container_party party;
	struct container_grant grant;
	struct rd r = rd_of(c->parties);

	for (n = 0; container_party_next(&r, &party); n++)
		container_party_put(w, &party);
	CHECK(rd_left(&r) == 0 && n <= CONTAINER_PARTIES_MAX);
	r = rd_of(c->grants);
	for (n = 0; container_grant_next(&r, &grant); n++)
		container_grant_put(w, &grant);
	CHECK(rd_left(&r) == 0 && n <= CONTAINER_GRANTS_MAX);
	r = rd_of(c->objects);
	for (n = 0; container_object_next(&r, &object); n++)
		container_object_put(w, &object);
	CHECK(rd_left(&r) == 0 && n <= CONTAINER_OBJECTS_MAX);
	tlv_close(w, mark);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct wr w = wr_grow(n + 1);
	struct container_issuer issuer;
	struct containers s;
	struct container c;
	size_t all, count;
	struct rd r;

	if (containers_get(span_of(data, n), &s)) {
		all = tlv_open(&w, TAG_CONTAINERS);
		r = rd_of(s.containers);
		for (count = 0; container_next(&r, &c); count++)
			again_container(&w, &c);
		CHECK(rd_left(&r) == 0 && count <= CONTAINERS_MAX);
		CHECK(s.is_operator || count == 1);
		r = rd_of(s.issuers);
		for (count = 0; container_issuer_next(&r, &issuer); count++)
			container_issuer_put(&w, &issuer);
		CHECK(rd_left(&r) == 0 && count <= ISSUERS_MAX);
		if (s.is_operator)
			containers_end_put(&w, s.closed, s.time);
		tlv_close(&w, all);
		CHECK(wr_ok(&w) && span_eq(wr_span(&w), span_of(data, n)));
	}
	wr_free(&w);
	return 0;
}
