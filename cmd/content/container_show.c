#include "cmd/content/container_show.h"

#include "base/hex.h"
#include "cmd/authority/grant_record.h"
#include "cmd/authority/party_show.h"
#include "cmd/kit/print.h"
#include "cmd/kit/show.h"

json_t *object_json(uint8_t n, size_t octets)
{
	json_t *o = json_object();

	out_set(&o, "object", json_integer(n));
	out_set(&o, "octets", json_integer((json_int_t)octets));
	return o;
}

static json_t *parties_json(const struct container *c)
{
	struct rd r = rd_of(c->parties);
	struct container_party p;
	json_t *rows = json_array();

	while (container_party_next(&r, &p)) {
		json_t *o = json_object();

		party_id_show(&o, "party", p.id);
		out_set(&o, "rights", rights_json(p.rights));
		out_set(&o, "serial", serial_json(p.serial));
		if (p.versions.n > 0)
			out_set(&o, "versions", show_octets(p.versions));
		show_add(&rows, o);
	}
	return rows;
}

static json_t *grants_json(const struct container *c)
{
	struct rd r = rd_of(c->grants);
	struct container_grant g;
	json_t *rows = json_array();

	while (container_grant_next(&r, &g)) {
		json_t *o = json_object();

		party_id_show(&o, "party", g.id);
		out_set(&o, "serial", serial_json(g.serial));
		out_set(&o, "digest", out_hex(g.digest));
		show_add(&rows, o);
	}
	return rows;
}

static json_t *objects_json(const struct container *c)
{
	struct rd r = rd_of(c->objects);
	struct container_object x;
	json_t *rows = json_array();

	while (container_object_next(&r, &x))
		show_add(&rows, object_json(x.number, x.length));
	return rows;
}

json_t *container_json(const struct container *c, bool is_operator)
{
	json_t *o = json_object();
	const struct {
		const char *name;
		const struct quota *q;
	} quotas[] = { { "quota_volatile", &c->quotas.volatile_quota },
		{ "quota_data", &c->quotas.data_quota },
		{ "reserve_volatile", &c->quotas.volatile_reserve },
		{ "reserve_data", &c->quotas.data_reserve } };

	out_set(&o, "container", out_hex(c->aid));
	out_set(&o, "state", json_text(container_stage_str(c->stage)));
	out_set(&o, "locked", json_boolean(c->locked));
	for (size_t i = 0; i < sizeof(quotas) / sizeof(quotas[0]); i++)
		if (quotas[i].q->given && quotas[i].q->n > 0)
			out_set(&o, quotas[i].name, json_integer(quotas[i].q->n));
	out_set(&o, "used", json_integer(c->used));
	out_set(&o, "parties", parties_json(c));
	out_set(&o, "grants", grants_json(c));
	if (!is_operator)
		out_set(&o, "objects", objects_json(c));
	return o;
}

static json_t *issuers_json(const struct containers *all)
{
	struct rd r = rd_of(all->issuers);
	struct container_issuer i;
	json_t *rows = json_array();

	while (container_issuer_next(&r, &i)) {
		json_t *o = json_object();

		out_set(&o, "issuer", out_hex(i.name));
		out_set(&o, "serial", serial_json(i.serial));
		show_add(&rows, o);
	}
	return rows;
}

json_t *containers_json(const struct containers *all)
{
	struct rd r = rd_of(all->containers);
	json_t *o = json_object(), *rows = json_array();
	struct container one;

	while (container_next(&r, &one))
		show_add(&rows, container_json(&one, true));
	out_set(&o, "containers", rows);
	out_set(&o, "issuers", issuers_json(all));
	out_set(&o, "closed", json_boolean(all->closed));
	out_set(&o, "time", all->time == 0 ? json_null() : json_integer(all->time));
	return o;
}

/* ---- for people ---- */

/* Names with commas: "ACME (read, write)". */
static void list_parties(FILE *out, const struct container *c, const char *indent)
{
	char id[PARTY_ID_TEXT], rights[RIGHTS_TEXT];
	struct rd r = rd_of(c->parties), g = rd_of(c->grants);
	struct container_party p;
	struct container_grant x;

	while (container_party_next(&r, &p))
		print_line(out, "%s  %s: %s; serial %llu", indent, party_id_text(p.id, id),
		    rights_text(p.rights, rights), (unsigned long long)p.serial);
	while (container_grant_next(&g, &x))
		print_line(out, "%s  grant for %s, not used yet; serial %llu", indent,
		    party_id_text(x.id, id), (unsigned long long)x.serial);
}

void containers_text(FILE *out, const struct containers *all, const char *indent)
{
	struct rd r = rd_of(all->containers), i = rd_of(all->issuers);
	char hex[2 * AID_MAX + 1], name[2 * PARTY_NAME + 1];
	struct container one;
	struct container_issuer x;

	while (container_next(&r, &one)) {
		print_text(out, "%s%s  %s%s, %u", indent, hex_put(one.aid, hex, sizeof(hex)),
		    container_stage_str(one.stage), one.locked ? ", locked" : "", one.used);
		if (one.quotas.data_quota.given && one.quotas.data_quota.n > 0)
			print_text(out, " of %u", one.quotas.data_quota.n);
		print_line(out, " octets%s", one.quotas.data_reserve.n > 0 ? ", reserved" : "");
		list_parties(out, &one, indent);
	}
	while (container_issuer_next(&i, &x))
		print_line(out, "%sissuer %s: last serial %llu", indent,
		    hex_put(x.name, name, sizeof(name)), (unsigned long long)x.serial);
	print_line(out, "%s%s", indent,
	    all->closed ? "closed for other issuers" : "open for other issuers");
}
