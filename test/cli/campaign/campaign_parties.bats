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
	parties_campaign "revoke-party: {party: ACME}"
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

ASKED='container: new, quota-data: 6000, rights: [read, write], valid-until: 2099-12-31, grants: out/'

# to_acme: campaign.yaml lets ACME onto all cards.
to_acme() {
	parties_campaign "authorize-party: {request: acme.req, fingerprint: $fingerprint, $ASKED}"
}

# states: how the step of each card ended.
states() {
	report '.cards | map(.steps[0].state)'
}

# reason N: of card N.
reason() {
	report ".cards[] | select(.file == \"fleet/000$1.card\") | .reason"
}

@test "authorize-party: each card gets a container of its own and a grant in a file of its own" {
	parties_fleet 3
	to_acme
	ok campaign check campaign.yaml
	[[ $output == *"1 authorize-party ACME in a new container: read, write; grants to out/; "* ]]
	[ ! -e out ]
	ok campaign check campaign.yaml --json
	[ "$(jq -c '.steps[0] | [.request, .container, .rights, .["quota-data"], .["valid-until"]]' <<<"$output")" = \
		'["acme.req","new",["read","write"],6000,"2099-12-31"]' ]
	ok campaign run campaign.yaml --dry-run
	[[ $output == *80CAFF73*80E60C00*BF73* ]]
	[ ! -e "$XDG_STATE_HOME/cardadm/grants.jsonl" ]
	ok campaign run campaign.yaml
	[ "$(states)" = '["done","done","done"]' ]
	for k in 1 2 3; do
		cin=$(report ".cards[$k - 1].id")
		[ "$(on 000$k container list --json | jq -c '.containers | map([.state, .quota_data, .grants[0].party])')" = \
			'[["granted",6000,"ACME"]]' ]
		[ "$(on 000$k container list --json | jq -r '.containers[0].grants[0].digest')" = \
			"$(grant_digest "out/$cin.grant")" ]
	done
	[ "$(find out -type f | wc -l)" -eq 3 ]
	# One of them claims; a ledger that is lost is learnt from the cards: nothing is placed twice.
	mv "out/$cin.grant" acme.grant
	CARDADM_READER=vcard:fleet/0003.card claim acme
	rm campaign.ledger
	taken=$(wc -l <"$XDG_STATE_HOME/cardadm/grants.jsonl")
	ok campaign run campaign.yaml
	[ "$(states)" = '["already","already","already"]' ]
	[ "$(wc -l <"$XDG_STATE_HOME/cardadm/grants.jsonl")" -eq "$taken" ]
	[ ! -e "out/$cin.grant" ]
}

@test "authorize-party: a container that is named, which is there empty or is made" {
	parties_fleet 2
	on 0002 domain create F0434152440001
	parties_campaign "authorize-party: {request: acme.req, fingerprint: $fingerprint, container: F0434152440001, valid-until: 2099-12-31, grants: out}"
	ok campaign run campaign.yaml
	for k in 1 2; do
		[ "$(on 000$k container list --json | jq -c '.containers | map([.container, .state])')" = \
			'[["F0434152440001","granted"]]' ]
	done
}

@test "authorize-party: a party of this id in another state is a failed card, never overwritten" {
	parties_fleet 5
	export CARDADM_READER
	# A grant that nobody used, one that was claimed with other rights, one of another in the
	# container, and a file that is the grant of another card.
	CARDADM_READER=vcard:fleet/0001.card authorize acme --container new
	rm acme.grant
	CARDADM_READER=vcard:fleet/0002.card authorize acme --container new --rights read
	CARDADM_READER=vcard:fleet/0002.card claim acme
	to_acme
	mkdir out
	cin=$("$CARDADM" vcard show fleet/0003.card --json | jq -r .cin)
	cp acme.grant "out/$cin.grant"
	before=$(for k in 1 2 3; do on 000$k container list --json | jq -c .containers; done)
	fails 9 campaign run campaign.yaml
	[ "$(states)" = '["failed","failed","failed","done","done"]' ]
	[[ $(reason 1) == *"of ACME waits in F043415244"*"and is another one" ]]
	[[ $(reason 2) == *"ACME is in the container already, under grant "* ]]
	[[ $(reason 3) == *"out/$cin.grant is the grant of another card" ]]
	[ "$before" = "$(for k in 1 2 3; do on 000$k container list --json | jq -c .containers; done)" ]
	cmp acme.grant "out/$cin.grant"
	# What waits is of the file, but is asked for otherwise now: not written over either.
	sed -i 's/2099-12-31/2099-12-30/' campaign.yaml
	fails 9 campaign run campaign.yaml
	[ "$(states)" = '["failed","failed","failed","failed","failed"]' ]
	[[ $(reason 4) == *"and is another one" ]]
}

@test "authorize-party: the unused grant of another party stays" {
	parties_fleet 1
	acme=$fingerprint
	party beta
	request beta --quota-data 5000
	CARDADM_READER=vcard:fleet/0001.card authorize beta --container F0434152440001
	parties_campaign "authorize-party: {request: acme.req, fingerprint: $acme, container: F0434152440001, valid-until: 2099-12-31, grants: out}"
	fails 9 campaign run campaign.yaml
	[[ $(reason 1) == *"the grant of BETA in container F0434152440001 is not used yet, and would go" ]]
	[ "$(on 0001 container list --json | jq -c '.containers[0].grants | map(.party)')" = '["BETA"]' ]
	[ ! -e out ]
}

@test "authorize-party: what is wrong is told before any card" {
	parties_fleet 1
	cat >>op/keys.yaml <<-YAML
		  old: {type: scp02, test: true, version: 20, diversification: none, master: {hex: 404142434445464748494A4B4C4D4E4F}}
	YAML
	wrong() { # wrong STATUS SED TEXT: the manifest changed so
		to_acme
		sed -i "$2" campaign.yaml
		fails "$1" campaign check campaign.yaml
		echo "$stderr" >&2
		[[ $stderr == *"campaign.yaml:"*"$3"* ]]
		fails "$1" campaign run campaign.yaml
		[ ! -e campaign.ledger ]
	}
	wrong 7 '8a level: 13' "8:5: authorize-party needs channels of SCP03 with level 33"
	wrong 7 's/keys: test/keys: old/' "authorize-party needs channels of SCP03 with level 33"
	[[ $stderr == *"\`old\` is a key set for SCP02"* ]]
	wrong 7 's/fingerprint: [0-9A-F]*/fingerprint: 0011223344556677/' "the request has fingerprint $fingerprint, not this one"
	wrong 7 's/fingerprint: [0-9A-F]*, //' "nobody has said that this is the request of ACME"
	[[ $stderr == *"give it with \`fingerprint\`: $fingerprint"* ]]
	wrong 7 's/2099-12-31/2020-12-31/' "\`valid-until\`: that day has passed"
	wrong 3 's/2099-12-31/2099-02-30/' "\`valid-until\` is not a date YYYY-MM-DD"
	wrong 3 's/container: new/container: F0/' "\`container\` is neither an AID of 5 to 16 octets in hex nor new"
	wrong 3 's/\[read, write\]/[read, wrote]/' "\`rights\` is not one of read, write, content, admit, shared"
	wrong 3 's/, grants: out.//' "\`grants\` is missing"
	wrong 3 's/grants: out./output: x/' "unknown key \`output\`"
	wrong 3 's/grants: out./grants: acme.req/' "acme.req: not a folder"
	wrong 3 's/grants: out./grants: no\/where/' "no/where: No such file"
	wrong 3 's/request: acme.req/request: campaign.yaml/' "neither a request nor a grant"
	wrong 5 's/grants: out./&, issuer: nobody/' "nobody"
	[ ! -e out ]
}

# issued K: a grant for BANK on card K, by the operator as an authority; in/K.
issued() {
	local card
	card=$(on "000$1" authority enrol --yes --no-close --json | jq -r .card)
	mkdir -p in
	ok -k op/keys.yaml authority grant bank.req --card "$card" --container new --fingerprint "$fingerprint" \
		--valid-until 2099-12-31 --output "in/$1"
}

to_bank() {
	parties_fleet "$1"
	party bank
	request bank --reserve-data 3000 --rights read
}

@test "reserve: of each card the grant that names its key; a card without one is not changed" {
	to_bank 3
	issued 1
	issued 2
	parties_campaign "reserve: {grants: in/}"
	ok campaign check campaign.yaml
	[[ $output == *"1 reserve "*" grants of in/, 2 of them; "* ]]
	# What a write that was cut off has left is passed over.
	head -c 100 in/1 >in/1.Ab12cd
	fails 9 campaign run campaign.yaml
	[ "$(states)" = '["done","done","failed"]' ]
	[[ $(reason 3) == *"in/: no grant for this card: none names its key, "* ]]
	[ "$(on 0003 container list --json | jq -c .containers)" = '[]' ]
	for k in 1 2; do
		[ "$(on 000$k container list --json | jq -r '.containers[0].grants[0].digest')" = "$(grant_digest in/$k)" ]
		# Completed for the party.
		[ "$("$CARDADM" party show in/$k --json 2>/dev/null | jq -r .kind)" = "grant file" ]
	done
	mv in/2 bank.grant
	CARDADM_READER=vcard:fleet/0002.card claim bank
	mv bank.grant in/other-name
	rm campaign.ledger
	fails 9 campaign run campaign.yaml
	[ "$(states)" = '["already","already","failed"]' ]
	# The missing one comes.
	issued 3
	ok campaign run campaign.yaml
	[ "$(states)" = '["already","already","done"]' ]
}

@test "reserve: under another grant the card has failed; folders that will not do" {
	to_bank 2
	issued 1
	issued 2
	ok -r vcard:fleet/0001.card -k op/keys.yaml reserve in/1 --output first
	container=$("$CARDADM" party show first --json 2>/dev/null | jq -r .container)
	rm in/1
	card=$("$CARDADM" party show first --json 2>/dev/null | jq -r .cin)
	ok -k op/keys.yaml authority grant bank.req --card "$card" --container "$container" --valid-until 2099-12-31 \
		--fingerprint "$fingerprint" --output in/again
	parties_campaign "reserve: {grants: in/}"
	fails 9 campaign run campaign.yaml
	[ "$(states)" = '["failed","done"]' ]
	[[ $(reason 1) == *"of BANK waits in $container, and is another one" ]]
	[ "$(on 0001 container list --json | jq -r '.containers[0].grants[0].digest')" = "$(grant_digest first)" ]
	cp first in/
	fails 3 campaign check campaign.yaml
	[[ $stderr == *"in: "*" and "*" are for one card"* ]]
	echo x >in/first
	fails 3 campaign check campaign.yaml
	[[ $stderr == *"in/first: neither a request nor a grant"* ]]
	rm in/*
	fails 3 campaign check campaign.yaml
	[[ $stderr == *"in: no grants in it"* ]]
	sed -i 's/{grants: in.}/{grants: nowhere}/' campaign.yaml
	fails 3 campaign check campaign.yaml
	[[ $stderr == *"nowhere: no folder of grants"* ]]
	sed -i 's/{grants: nowhere}/{grant: first}/' campaign.yaml
	fails 3 campaign check campaign.yaml
	[[ $stderr == *"unknown key \`grant\`"* ]]
}
