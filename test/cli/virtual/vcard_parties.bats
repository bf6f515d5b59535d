#!/usr/bin/env bats
# vcard create --grantor, --store-oce: whom cards know besides those that open them; vcard show: who has
# containers on them.

load ../lib
load ../parties

store() {
	"$CARDADM" keystore init --test-keys keys.yaml 2>/dev/null
}

@test "a card knows whose grants it takes" {
	store
	ok vcard create c.card --protocol scp11 --grantor grantor -k keys.yaml
	ok -r vcard:c.card keys --json
	[ "$(jq -r '.keys[] | select(.version == "74" and .id == "01") | .usage' <<<"$output")" = "controlling authority (CASD) or issuer of grants, by convention" ]
	ok -r vcard:c.card info --json
	[ "$(jq -r '.channels[] | select(.protocol == "SCP11") | .i' <<<"$output")" = 0D82 ]
	ok vcard create without.card --protocol scp11 -k keys.yaml
	ok -r vcard:without.card keys --json
	[ "$(jq -r '[.keys[] | select(.version == "74")] | length' <<<"$output")" -eq 0 ]
}

@test "a stored key goes with the key of SCP11a, and card data say so" {
	store
	ok vcard create c.card --protocol scp11 --store-oce oce -k keys.yaml
	ok -r vcard:c.card keys --json
	[ "$(jq -r '.keys[] | select(.id == "12") | .version, .usage' <<<"$output" | paste -sd/)" = "01/stored key of an entity (SCP11a), by convention" ]
	ok -r vcard:c.card info --json
	[ "$(jq -r '.channels[] | select(.protocol == "SCP11") | .i' <<<"$output")" = 0F82 ]
}

@test "what is wrong is said, and no card is made" {
	store
	fails 5 vcard create c.card --protocol scp11 --grantor nobody -k keys.yaml
	[[ $stderr == *nobody* ]]
	fails 5 vcard create c.card --protocol scp11 --grantor oce -k keys.yaml
	fails 2 vcard create c.card --store-oce oce -k keys.yaml
	[[ $stderr == *"--store-oce goes with --protocol scp11"* ]]
	fails 5 vcard create c.card --protocol scp11 --curve p-384 --store-oce oce -k keys.yaml
	[[ $stderr == *"on the curve of the cards' keys"* ]]
	[ ! -e c.card ]
}

@test "vcard show: containers, whose they are, what waits for whom, and no key" {
	operator
	party acme
	ok vcard show card --json
	[ "$(jq -c '.third_parties | [.containers, (.issuers | map(.serial)), .closed, .time]' <<<"$output")" = \
		'[[],[0],false,null]' ]
	request acme --quota-data 20000
	authorize acme --container new
	one=$container
	ok vcard show card --json
	[ "$(jq -c '.third_parties.containers | map([.container, .state, .quota_data, .parties, .grants[0].party])' <<<"$output")" = \
		"[[\"$one\",\"granted\",20000,[],\"ACME\"]]" ]
	claim acme
	party bank 31
	request bank --reserve-data 3000
	authorize bank --container new
	op -y lock "$one"
	ok vcard show card --json
	# What the card tells the operator, without a key and without the card knowing.
	[ "$(jq -c .third_parties <<<"$output")" = "$(state .)" ]
	[ "$(jq -c '.third_parties.containers | map([.state, .locked, .parties[].party, .grants[].party])' <<<"$output")" = \
		'[["claimed",true,"ACME"],["granted",false,"BANK"]]' ]
	run ! grep -qi -f acme/access.hex <<<"$output"
	ok vcard show card
	[[ $output == *"third parties:"*"  $one  claimed, locked, "*" of 20000 octets"*"    ACME: read, write, "* ]]
	[[ $output == *"  $container  granted, "*", reserved"*"    grant for BANK, not used yet; serial "* ]]
	[[ $output == *"  open for other issuers" ]]
	# Of a card that knows no issuer there is nothing to say.
	ok -q vcard create plain.card -k op/keys.yaml
	ok vcard show plain.card
	[[ $output != *"third parties"* ]]
}
