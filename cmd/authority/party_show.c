#include "cmd/authority/party_show.h"

#include <stdio.h>
#include <string.h>

#include "cmd/kit/print.h"
#include "cmd/kit/show.h"

static bool right_from(const char *word, size_t n, uint8_t *rights)
{
	for (size_t i = 0; right_names[i] != NULL; i++)
		if (strlen(right_names[i]) == n && strncmp(right_names[i], word, n) == 0) {
			*rights |= (uint8_t)(1u << i);
			return true;
		}
	return false;
}

int rights_parse(const char *list, uint8_t *rights, struct err *e)
{
	*rights = 0;
	for (const char *p = list;; p++) {
		size_t n = strcspn(p, ",");

		if (!right_from(p, n, rights)) {
			err_set(e, ERR_USAGE, "--rights: there is no right `%.*s`",
			    (int)(n < 40 ? n : 40), p);
			return err_hint(e, "read, write, content, admit and shared, with commas");
		}
		p += n;
		if (*p == '\0')
			return 0;
	}
}

json_t *rights_json(uint8_t rights)
{
	json_t *a = json_array();

	for (size_t i = 0; right_names[i] != NULL; i++)
		if ((rights & 1u << i) != 0)
			show_add(&a, json_text(right_names[i]));
	return a;
}

static void quota_show(json_t **o, const char *name, const struct quota *q)
{
	if (q->given)
		out_set(o, name, json_integer(q->n));
}

void wish_show(json_t **o, const struct party_wish *w)
{
	out_set(o, "rights", rights_json(w->rights));
	quota_show(o, "quota_volatile", &w->quotas->volatile_quota);
	quota_show(o, "quota_data", &w->quotas->data_quota);
	quota_show(o, "reserve_volatile", &w->quotas->volatile_reserve);
	quota_show(o, "reserve_data", &w->quotas->data_reserve);
	if (w->prefix.n > 0)
		out_set(o, "aid_prefix", out_hex(w->prefix));
}

void party_id_show(json_t **o, const char *name, struct span id)
{
	char text[PARTY_ID_TEXT];

	out_set(o, name, json_text(party_id_text(id, text)));
}
