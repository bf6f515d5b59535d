/*
 * The list of verbs, in the order in which help shows them. Expanded by verbs.c. Whoever lands a
 * verb adds its line: look, channel, content, authority, campaign, keys, virtual.
 */
#define VERBS(X) \
	X(readers) \
	X(info) \
	X(keys) \
	X(apdu) \
	X(explain) \
	X(scp_open) \
	X(scp_mode) \
	X(scp_status) \
	X(scp_close) \
	X(list) \
	X(load) \
	X(install) \
	X(delete) \
	X(lock) \
	X(unlock) \
	X(store_data) \
	X(domain_create) \
	X(domain_extradite) \
	X(domain_update) \
	X(domain_personalize) \
	X(put_keys) \
	X(delete_keys) \
	X(cap_show) \
	X(authorize_load) \
	X(dap_sign) \
	X(dap_verify) \
	X(token_make) \
	X(token_verify) \
	X(receipt_verify) \
	X(campaign_check) \
	X(campaign_run) \
	X(campaign_status) \
	X(campaign_report) \
	X(bundle_build) \
	X(bundle_show) \
	X(bundle_verify) \
	X(keystore_init) \
	X(keystore_list) \
	X(keystore_check) \
	X(vcard_create) \
	X(vcard_show) \
	X(vcard_serve)
