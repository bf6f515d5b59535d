/* What `bundle build`, `bundle show` and `bundle verify` tell of a bundle in the same words. */
#ifndef CMD_CAMPAIGN_BUNDLE_OUT_H
#define CMD_CAMPAIGN_BUNDLE_OUT_H

#include "bundle/bundle.h"
#include "cmd/kit/out.h"

/* YYYYMMDD as "YYYY-MM-DD"; null for 0. */
json_t *bundle_out_date(uint32_t date);
/* Name, campaign, versions, target, variant, image, code. */
void bundle_out_head(json_t **o, const struct bundle *b);
/* One row for each package: commands, octets on the wire, keys. */
json_t *bundle_out_packages(const struct bundle *b);
/* One row for each signature: id, name in the store (ks may be NULL), verified. */
json_t *bundle_out_signers(const struct bundle *b, const struct keystore *ks);
/* Why algorithms 01 and 02 are weak; NULL for the others. */
const char *bundle_weakness(uint8_t algorithm);

#endif
