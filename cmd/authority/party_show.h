/* What requests and grants give, as members of JSON, and rights as words of a command line. */
#ifndef CMD_AUTHORITY_PARTY_SHOW_H
#define CMD_AUTHORITY_PARTY_SHOW_H

#include "cmd/kit/out.h"
#include "host/party_file.h"

/* "read,write": ERR_USAGE names the option. */
int rights_parse(const char *list, uint8_t *rights, struct err *e);
json_t *rights_json(uint8_t rights);
/* The members of a request or grant that are wished for or given: rights, quotas, prefix. */
struct party_wish {
	uint8_t rights;
	const struct quotas *quotas;
	struct span prefix;
};
void wish_show(json_t **o, const struct party_wish *w);
/* A party's id as party_id_text has it. */
void party_id_show(json_t **o, const char *name, struct span id);

#endif
