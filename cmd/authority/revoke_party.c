/* revoke party: a third party is put out of its container. */
#include "cmd/authority/party_show.h"
#include "cmd/authority/place.h"
#include "cmd/kit/print.h"
#include "cmd/kit/show.h"

static const struct opt opts[] = { CHANNEL_OPTS(change_args, channel) };

static int tell(
    struct ctx *c, const struct change *ch, const struct change_result *r, struct err *e)
{
	const struct revoke_party_shown *x = ch->x;
	const struct revoke_work *w = r->work;
	json_t *o = json_object(), *list = json_array();

	for (size_t i = 0; i < w->done; i++)
		show_add(&list, out_hex(aid_span(&w->list[i])));
	party_id_show(&o, "party", span_str(x->party.s));
	out_set(&o, "containers", list);
	out_set(&o, "revoked", json_true());
	out_set(&o, "kept", json_boolean(x->keep));
	out_set(&o, "already", json_boolean(r->already));
	return out_result(c, o, e);
}

static int run(struct ctx *c, void *args, struct err *e)
{
	return place_verb(c, args, tell, e);
}

const struct verb verb_revoke_party = {
	.name = "revoke party",
	.group = GROUP_AUTHORITY,
	.place = 130,
	.summary = "Put a party out of its container",
	.needs = CHANGE_NEEDS,
	VERB_CHANGE(change_revoke_party, change_args, change),
	VERB_OPTS(opts),
	.run = run,
};
