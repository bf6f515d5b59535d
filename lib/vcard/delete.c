/* DELETE of card content (GPCS 11.2, 9.5). */
#include "gp/delete.h"
#include "vcard/handlers.h"

uint16_t delete_content(struct call *c)
{
	struct delete_object d;
	struct delete_keys k;
	bool keys;

	if (!delete_get(c->cmd->data, &d, &k, &keys) || keys)
		return SW_WRONG_DATA;
	return SW_REFERENCE_NOT_FOUND;
}
