/*
 * Opening a diversified channel from the words of a command line: key set, discovery, handshake,
 * with the record of refused authentications. scp-open leaves the channel with an agent; the verbs
 * that manage a card open one of their own when none is open, and it ends with them.
 */
#ifndef CMD_CHANNEL_CHANNEL_H
#define CMD_CHANNEL_CHANNEL_H

#include "cmd/look/discovery.h"
#include "cmd/channel/scp11.h"
#include "cmd/kit/verb.h"

/* What the operator says of the channel. All zero: everything is chosen. */
struct channel_args {
	const char *keys, *protocol;
	struct opt_u32 key_version, level, i, ca_version, key_length;
	struct opt_bytes host_id, group;
	bool s16, retry;
	struct aid domain;
};

extern const char *const channel_levels[], *const channel_protocols[], *const channel_parameters[];

/* The rows of a verb's option table; `member` is a struct channel_args in struct `type`. */
#define CHANNEL_OPTS(type, member) \
	OPT_STRING("keys", "NAME", type, member.keys, \
	    "Card key set of the key store to open a channel with (the only one)"), \
	    OPT_AID("sd", "AID", type, member.domain, \
		"Security domain to open the channel with (the issuer's)"), \
	    CHANNEL_OPTS_MORE(type, member)
/* Those that scp-open has as well. */
#define CHANNEL_OPTS_MORE(type, member) \
	OPT_HEX8("key-version", "KVN", type, member.key_version, 0, 0xFF, \
	    "Key version on the card, in hex, instead of the entry's"), \
	    OPT_CHOICE("protocol", "PROTOCOL", type, member.protocol, channel_protocols, \
		"scp03, scp02, scp01, scp11a, scp11b or scp11c, whatever the card offers " \
		"(as the keys are for)"), \
	    OPT_HEX8("i", "I", type, member.i, 0, 0xFF, \
		"Parameter i of SCP02 or SCP01, in hex, instead of the card data's", \
		.choices = channel_parameters), \
	    OPT_HEX8("level", "LEVEL", type, member.level, 0, 0x33, \
		"Security level 00, 01, 03, 10, 11, 13 or 33", .choices = channel_levels), \
	    OPT_FLAG("s16", type, member.s16, "16-octet challenges, cryptograms and MACs (S16)"), \
	    OPT_FLAG("retry-authentication", type, member.retry, \
		"Authenticate although this card refused this key set before")

/* One opening. All zero, then channel_find, channel_begin, channel_end in any case. */
struct channel {
	const struct channel_args *a;
	struct ctx *c;
	struct keystore *ks;
	const struct entry *entry; /* NULL in SCP11b */
	struct session *session;
	struct tries *tries;
	struct discovery found;
	bool terse; /* the reasons of what was chosen are not told */
	bool is_scp11;
	struct scp11_open scp11; /* if is_scp11 */
};

/* Options that do not go together: ERR_USAGE. */
int channel_check(const struct channel_args *a, struct err *e);
/* The channels that `who` ("containers") need, before a card is touched: SCP03 or SCP11 at level
 * 33. ERR_SAFETY. A key set that is not for it is refused as well, where ks is there. */
int channel_whole_check(struct ctx *c, const struct channel_args *a, const struct keystore *ks,
    const char *who, struct err *e);
/* Key store and entry, before anything of the card is touched. Tells which when it was not named.
 */
int channel_find(struct channel *ch, struct ctx *c, const struct channel_args *a, struct err *e);
/* On a card that was just opened: discovery, its reasons told unless `terse`, then the handshake.
 */
int channel_begin(struct channel *ch, struct session *s, struct err *e);
void channel_end(struct channel *ch);
/* Why what was chosen was chosen, as an array of strings. */
json_t *channel_why(const struct channel *ch);

/*
 * The session of a verb that manages a card: the channel that is open, in unicast mode, when it
 * runs in the agent (options that would open one: ERR_USAGE); else a channel opened now on
 * ctx->reader, which ends with the verb. Everything else of the verb has been checked by then.
 */
int channel_session(struct ctx *c, const struct channel_args *a, struct session **s, struct err *e);
/* What a channel was opened with, but for the keys. */
struct channel_kind {
	enum scp_protocol protocol;
	uint8_t i, level, m;
	struct aid domain;
};
void channel_kind_of(const struct session *s, struct channel_kind *k);
/*
 * Ends the channel of `s`, if one is open, and opens one of this kind with the keys of an entry,
 * which have been read. kvn: version on the card, which must answer with it. Compares the card's
 * cryptogram first, so that keys which do not fit (ERR_AUTH) cost no try; a set that this card
 * refused before is not tried (ERR_SAFETY).
 */
int channel_again(struct ctx *c, struct session *s, const struct channel_kind *k,
    const struct entry *entry, uint8_t kvn, struct err *e);
/* Forgets that this card refused set kvn: its keys are others now, or gone. */
void channel_forget(struct ctx *c, const struct session *s, uint8_t kvn);
/* For --dry-run: most octets of plain data in one short command of the channel that is open, or
 * would be opened (without --level: at level 33). */
size_t channel_plan_data(const struct ctx *c, const struct channel_args *a);
/* That channel would be one of triple DES, as far as is known without a card: SCP01, SCP02. */
bool channel_plan_des(const struct ctx *c, const struct channel_args *a);

#endif
