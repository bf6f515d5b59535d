#include "container_town.h"

#include "vcard/containers/containers.h"

const char town_secret[] = "the container's own secret";

const struct package_of town_inner = { INNER, { INNER_APP }, { NULL }, 1, 0, 0, 0 };
const struct package_of town_outer = { OUTER, { OUTER_APP }, { NULL }, 1, 0, 0, 0 };
const struct package_of town_importing = { "A00000006203010C07", { NULL }, { INNER }, 1, 0, 0, 0 };

const struct grant_spec town_acme = { .who = "acme", .rights = 0x0F };
const struct grant_spec town_bank = { .who = "bank", .rights = 0x0F, .container = BOX2 };

const char *const town_names[OUTSIDERS] = { "operator", "party", "global domain", "plain domain" };

void town_domains(struct rig *r)
{
	static const struct {
		const char *aid;
		uint32_t more;
	} domains[] = {
		{ GLOBAL, PRIV_GLOBAL_DELETE | PRIV_GLOBAL_LOCK | PRIV_GLOBAL_REGISTRY },
		{ PLAIN, 0 },
	};

	for (size_t i = 0; i < 2; i++) {
		struct card_app a = { .aid = aid_of(domains[i].aid),
			.load_file = aid_domain_package,
			.module = aid_domain_module,
			.state = DOMAIN_PERSONALIZED,
			.privileges =
			    PRIV_SECURITY_DOMAIN | PRIV_AUTHORIZED_MANAGEMENT | domains[i].more };

		chip_put_app(r->v, &a);
	}
	assert_true(chip_commit(r->v));
}

void town_furnish(struct rig *r, uint8_t first)
{
	assert_int_equal(as_party(r, BOX, 0x30, first), SW_OK);
	assert_int_equal(object_put(r, 1, span_str(town_secret)), SW_OK);
	assert_int_equal(load_package(r, &town_inner, ""), SW_OK);
	assert_int_equal(install_applet(r, INNER, INNER_APP, INNER_APP, "00"), SW_OK);
}

void town(struct rig *r)
{
	box_on(r, 0x70);
	town_domains(r);
	as_operator(r);
	assert_int_equal(load_package(r, &town_outer, ""), SW_OK);
	assert_int_equal(install_applet(r, OUTER, OUTER_APP, OUTER_APP, "00"), SW_OK);
	become_party(r, &town_bank, 0x31);
	become_party(r, &town_acme, 0x30);
	town_furnish(r, 0x30);
}

void enter(struct rig *r, enum outsider who)
{
	if (who == OPERATOR) {
		as_operator(r);
		return;
	}
	if (who == PARTY) {
		assert_int_equal(as_party(r, BOX2, 0x31, 0x31), SW_OK);
		return;
	}
	assert_int_equal(select_aid(r, who == GLOBAL_DOMAIN ? GLOBAL : PLAIN), SW_OK);
	r->keys = r->issue.keys; /* for want of its own, those of the ISD open it */
	rig_session(r, 0x30, 0x33);
}

void assert_nothing_told(struct span answer)
{
	static const char *const what[] = { INNER_APP, INNER };

	if (answer.n == 0)
		return;
	assert_null(memmem(answer.p, answer.n, town_secret, strlen(town_secret)));
	for (size_t i = 0; i < 2; i++) {
		struct span aid = unit_bytes(what[i]);

		assert_null(memmem(answer.p, answer.n, aid.p, aid.n));
	}
}

const struct row walled[] = {
	{ "personalize it", INS_INSTALL, 0x2000, "000010" BOX "000000" },
	{ "personalize what is in it", INS_INSTALL, 0x2000, "00000A" INNER_APP "000000" },
	{ "load into it", INS_INSTALL, 0x0200, "09A00000006203010C0810" BOX "000000" },
	{ "load and install into it", INS_INSTALL, 0x0E01, "09A00000006203010C0810" BOX "000000" },
	{ "install from its package", INS_INSTALL, 0x0C00,
	    "09" INNER "0A" INNER_APP "05F1F1F1F1F1010002C90000" },
	{ "make it selectable", INS_INSTALL, 0x0800, "000010" BOX "01000000" },
	{ "make what is in it selectable", INS_INSTALL, 0x0800, "00000A" INNER_APP "01000000" },
	{ "update it", INS_INSTALL, 0x4000, "000010" BOX "000000" },
	{ "give it privileges", INS_INSTALL, 0x4000, "000010" BOX "03E0C0000000" },
	{ "update what is in it", INS_INSTALL, 0x4000, "00000A" INNER_APP "000000" },
	{ "take an application out of it", INS_INSTALL, 0x1000,
	    "08" ISD "000A" INNER_APP "000000" },
	{ "take a package out of it", INS_INSTALL, 0x1000, "08" ISD "0009" INNER "000000" },
	{ "move an application into it", INS_INSTALL, 0x1000, "10" BOX "000A" OUTER_APP "000000" },
	{ "move a package into it", INS_INSTALL, 0x1000, "10" BOX "0009" OUTER "000000" },
	{ "move it", INS_INSTALL, 0x1000, "08" GLOBAL "0010" BOX "000000" },
	{ "make it its own", INS_INSTALL, 0x1000, "10" BOX "0010" BOX "000000" },
	{ "move one into it by update", INS_INSTALL, 0x4000, "10" BOX "000A" OUTER_APP "000000" },
	{ "delete an application in it", INS_DELETE, 0x0000, "4F0A" INNER_APP },
	{ "delete it with what depends on it", INS_DELETE, 0x0080, "4F0A" INNER_APP },
	{ "delete its package", INS_DELETE, 0x0000, "4F09" INNER },
	{ "and instances", INS_DELETE, 0x0080, "4F09" INNER },
	{ "delete it", INS_DELETE, 0x0000, "4F10" BOX },
	{ "lock what is in it", INS_SET_STATUS, 0x4080, INNER_APP },
	{ "and all of that", INS_SET_STATUS, 0x6080, INNER },
};
const size_t walled_n = sizeof(walled) / sizeof(walled[0]);

bool row_may_miss(const struct row *w)
{
	return w->p1p2 == 0x6080;
}

struct wr holdings(struct rig *r)
{
	struct aid aid = aid_of(BOX), app = aid_of(INNER_APP), package = aid_of(INNER);
	const struct card_load_file *f = chip_load_file(r->v, &package);
	const struct card_keys *k = chip_keys(r->v, &aid, 0x30);
	const struct card_containers *all = &r->v->chip.containers;
	struct wr w = wr_grow(1 << 20);
	struct span object;

	assert_non_null(f);
	assert_non_null(box(r, BOX));
	wr_bytes(&w, box(r, BOX), sizeof(struct card_container));
	wr_bytes(&w, chip_app(r->v, &app), sizeof(struct card_app));
	wr_bytes(&w, chip_app(r->v, &aid), sizeof(struct card_app));
	wr_put(&w, wr_span(&f->data));
	wr_u8(&w, (uint8_t)chip_keys_count(r->v, &aid));
	if (k != NULL)
		wr_bytes(&w, &k->keys, sizeof(struct key_set));
	assert_true(chip_object(r->v, &aid, 0xDF01, &object));
	wr_put(&w, object);
	wr_u32(&w, container_objects_take(r->v, &aid));
	for (size_t i = 0; i < all->issuer_n; i++)
		wr_bytes(&w, all->issuer[i].digest, sizeof(all->issuer[i].digest));
	assert_true(wr_ok(&w));
	return w;
}

void assert_held(struct rig *r, const struct wr *before, const char *who, const char *what)
{
	struct wr now = holdings(r);

	if (!span_eq(wr_span(&now), wr_span(before)))
		fail_msg("%s: %s", who, what);
	wr_free(&now);
}
