/* Cards that an operator, or a machine, puts into readers one after the other. */
#include "campaign/work.h"

int feed_all(struct run *r, struct campaign_result *res, struct err *e)
{
	char reader[MANIFEST_READER_NAME];
	struct ledger_card lc;
	enum fed how;
	int rc;

	for (;;) {
		rc = r->calls->feed(r->calls->ctx, reader, e);
		if (rc <= 0)
			return rc;
		res->cards_tried++;
		if (work_reader(r, reader, &lc, &how, e) != 0)
			return -1;
		res->duplicates += how == FED_DUPLICATE;
		res->unknown += how == FED_UNKNOWN;
		r->calls->fed(r->calls->ctx, reader, how, &lc);
		if (work_limits(r, e) != 0)
			return -1;
	}
}
