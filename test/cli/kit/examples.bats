#!/usr/bin/env bats
# The files in examples/ as they stand: three parties, three key stores, one campaign.
load ../lib

EXAMPLES=$TOP/examples

# Runs the commands that a store's comments give for its values, inside keystore/.
make_values() {
	(cd keystore && eval "$(sed -n 's/^#     \(umask\|od\)/\1/p' "$1")")
}

# Puts a public key of the design house into another store, as its comments ask.
bring() { # bring NAME STORE
	local public
	public=$("$CARDADM" -k keystore/design-house.yaml keystore list --json |
		jq -r --arg name "$1" '.keys[] | select(.name == $name) | .public')
	[ -n "$public" ]
	sed -i "/^  $1:/,/public:/s/public: .*/public: $public/" "keystore/$2"
}

copies() {
	cp -r "$EXAMPLES/." .
	chmod 644 keystore/*.yaml
}

@test "examples/keystore: the stores are good before any value is there" {
	copies
	for store in operator factory; do
		ok -k keystore/$store.yaml keystore list --json
		[ "$(jq '.keys | length' <<<"$output")" -ge 2 ]
		fails 3 -k keystore/$store.yaml keystore check
	done
	fails 3 -k keystore/design-house.yaml keystore check
	[[ $stderr == *"secret/issuer.hex: cannot open"* ]]
}

@test "examples: build, make cards, run the campaign, each with its own store" {
	copies
	make_values design-house.yaml
	make_values operator.yaml
	bring issuer-2027 factory.yaml
	bring lab-1 operator.yaml
	for store in design-house operator factory; do
		ok -k keystore/$store.yaml keystore check
		[ -z "$stderr" ]
	done
	ok vcard create fleet --count 3 --keystore keystore/factory.yaml
	image app.img 3000
	ok bundle build --image app.img --version 3.2 --keystore keystore/design-house.yaml \
		--output app.bundle
	# From here on nothing of the design house or the factory is there.
	rm keystore/design-house.yaml keystore/factory.yaml keystore/secret/{issuer,signer,kos}.hex
	ok campaign check campaign.yaml
	ok campaign run campaign.yaml
	ok campaign report campaign.yaml --json
	[ "$(jq -c '[.total,.done,.failed]' <<<"$output")" = '[3,3,0]' ]
	ok -r vcard:fleet/0002.card info --json
	[ "$(jq -r .system.version <<<"$output")" = 3.2 ]
	[ "$(jq -r .system.digest <<<"$output")" = "$(sha256sum app.img | cut -d' ' -f1)" ]
}

@test "examples/campaign.yaml: what is commented out may be put in" {
	copies
	sed -i 's/^#\(key-version\|level\|s16\|allow-literal-mac\)/\1/' campaign.yaml
	# Every key of the manifest is good: what is missing is the bundle.
	fails 3 campaign check campaign.yaml
	[[ $stderr == *"app.bundle: cannot open"* ]]
}

@test "examples/unicast.yaml: an application, data and new keys for every card" {
	copies
	make_values design-house.yaml
	make_values operator.yaml
	bring issuer-2027 factory.yaml
	ok vcard create fleet --count 3 --keystore keystore/factory.yaml
	ok -r vcard:fleet/0002.card -k keystore/factory.yaml install pair.cap
	ok campaign check unicast.yaml
	[[ $output == *"3 cards in "*"1 install"*"2 store-data"*"3 delete"*"4 put-keys"*"5 lock"* ]]
	ok campaign run unicast.yaml
	ok campaign report unicast.yaml --json
	[ "$(jq -c '[.total,.done,.failed]' <<<"$output")" = '[3,3,0]' ]
	[ "$(jq -c '.cards | map(.steps[2].state)' <<<"$output")" = '["already","done","already"]' ]
	# What the factory knows opens nothing any more.
	fails 5 -r vcard:fleet/0002.card -k keystore/factory.yaml list
	ok -r vcard:fleet/0002.card -k keystore/operator.yaml list --keys fleet-2028 --json
	jq -e '.. | objects | select(.aid? == "F04341524441444D0101" and .state == "locked")' <<<"$output"
	jq -e '[.. | objects | select(.aid? == "F04341524441444D02")] == []' <<<"$output"
	ok -r vcard:fleet/0003.card apdu 80CA004200
	[[ $output == *420449150200* ]]
}

@test "examples/unicast.yaml: what is commented out may be put in" {
	copies
	make_values operator.yaml
	sed -i 's/^#\(key-version\|level\|domain\)/\1/; s/^  #-/  -/; s/^  - put-keys: .*rotate.*//' unicast.yaml
	mkdir fleet
	# Every key of the manifest is good: what is missing are cards.
	fails 3 campaign check unicast.yaml
	[[ $stderr == *"no card file"* ]]
	sed -i 's/^cards:.*//; s/^#cards/cards/' unicast.yaml
	ok campaign check unicast.yaml
	[[ $output == *"put into ACS ACR40T, 2"* ]]
}

@test "examples/third-parties/containers: ACME comes, works, and is put out" {
	run --separate-stderr env CARDADM="$CARDADM" "$EXAMPLES/third-parties/containers"
	echo "$output" "$stderr" >&2
	[ "$status" -eq 0 ]
	[ "$(grep -c '^status 5: refused$' <<<"$output")" -eq 2 ]
	[[ $output == *"claimed"*"ACME: read, write, content, admit"*"open for other issuers" ]]
}

@test "examples/trust/phone: a phone, its network, and a PC with its number" {
	run --separate-stderr env CARDADM="$CARDADM" "$EXAMPLES/trust/phone"
	echo "$output" "$stderr" >&2
	[ "$status" -eq 0 ]
	[ "$(grep -c '^status ' <<<"$output")" -eq 5 ]
	[[ $output == *"result:       trusted"*"renewed:      yes"*"status 5: no record"*"status 6: revoked"*"generation:   3"* ]]
}

@test "examples/third-parties/reservation: authority, operator and bank" {
	run --separate-stderr env CARDADM="$CARDADM" "$EXAMPLES/third-parties/reservation"
	echo "$output" "$stderr" >&2
	[ "$status" -eq 0 ]
	[[ $output == *"claimed, "*" reserved"*"BANK: read"*"closed for other issuers" ]]
}

@test "examples/third-parties/fleet.yaml: ACME and BANK on every card" {
	load ../parties
	mkdir op
	"$CARDADM" keystore init --test-keys op/keys.yaml
	cp "$EXAMPLES/third-parties/fleet.yaml" op/
	"$CARDADM" -k op/keys.yaml vcard create op/fleet --count 3 --protocol scp11 --grantor grantor
	: >public.yaml
	party acme
	party bank
	request bank --reserve-data 3000
	mkdir op/in
	for k in 1 2 3; do
		card=$("$CARDADM" -r vcard:op/fleet/000$k.card -k op/keys.yaml authority enrol --yes --no-close --json 2>/dev/null | jq -r .card)
		op authority grant bank.req --card "$card" --container new --fingerprint "$fingerprint" \
			--valid-until 2099-12-31 --output "op/in/bank-$k.grant"
	done
	request acme
	mv acme.req op/
	# As the file stands, nobody has told whose request it is.
	fails 7 campaign check op/fleet.yaml
	[[ $stderr == *"op/fleet.yaml:"*": the request has fingerprint $fingerprint, not this one"* ]]
	sed -i "s/fingerprint: 0*/fingerprint: $fingerprint/" op/fleet.yaml
	ok campaign check op/fleet.yaml
	[[ $output == *"1 reserve "*"grants of in/, 3 of them; "*"2 authorize-party ACME in a new container: read, write, content; "* ]]
	ok campaign run op/fleet.yaml
	for k in 1 2 3; do
		[ "$("$CARDADM" -r vcard:op/fleet/000$k.card -k op/keys.yaml container list --json 2>/dev/null |
			jq -c '.containers | map([.grants[0].party, .state]) | sort')" = '[["ACME","granted"],["BANK","granted"]]' ]
	done
	[ "$(find op/grants -name "*.grant" | wc -l)" -eq 3 ]
}
