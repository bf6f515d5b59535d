#!/usr/bin/env bats
# slow
# Steps of a campaign that are about third parties on the cards.
load ../lib
load ../parties

# Three cards that know the operator's grants, in fleet/; ACME has a container on the first, which is
# claimed, and a grant on the second.
three() {
	operator
	"$CARDADM" -k op/keys.yaml vcard create fleet --count 3 --protocol scp11 --grantor grantor
	party acme
	request acme --quota-data 5000
	CARDADM_READER=vcard:fleet/0001.card authorize acme --container new
	CARDADM_READER=vcard:fleet/0001.card claim acme
	mv acme.grant acme.1.grant
	CARDADM_READER=vcard:fleet/0002.card authorize acme --container new
	cat >campaign.yaml <<-YAML
		cardadm: campaign/1
		name: parties
		keystore: op/keys.yaml
		keys: test
		cards: {directory: fleet}
		mode: unicast
		steps:
		  - revoke-party: {party: ACME}
	YAML
}

@test "revoke-party: wherever the party is, and where it is not it is so already" {
	three
	ok campaign check campaign.yaml
	[[ $output == *"1 revoke-party"* ]]
	ok campaign run campaign.yaml
	ok campaign report campaign.yaml --json
	[ "$(jq -c '[.total, .done, .failed]' <<<"$output")" = '[3,3,0]' ]
	[ "$(jq -c '.cards | map(.steps[0].state)' <<<"$output")" = '["done","done","already"]' ]
	for k in 1 2; do
		export CARDADM_READER=vcard:fleet/000$k.card
		[ "$(state .containers)" = '[]' ]
	done
	CARDADM_READER=vcard:fleet/0002.card fails 5 -k acme/keys.yaml container claim acme.grant --access access
}

@test "revoke-party: what is kept is sealed; levels that will not do are refused before any card" {
	three
	sed -i 's/{party: ACME}/{party: ACME, keep: true}/' campaign.yaml
	ok campaign run campaign.yaml
	export CARDADM_READER=vcard:fleet/0001.card
	[ "$(state '.containers[0].state')" = '"sealed"' ]
	echo 'level: 13' >>campaign.yaml
	fails 7 campaign check campaign.yaml
	[[ $stderr == *"campaign.yaml:8:"*"revoke-party needs channels of SCP03 with level 33"* ]]
	sed -i '/^level/d; s/party: ACME/party: ABCDEFGHIJKLMNOPQ/' campaign.yaml
	fails 3 campaign check campaign.yaml
	[[ $stderr == *"\`party\` must have 1 to 16 octets"* ]]
	sed -i 's/party: ABCDEFGHIJKLMNOPQ, //' campaign.yaml
	fails 3 campaign check campaign.yaml
	[[ $stderr == *"\`party\` is missing"* ]]
}
