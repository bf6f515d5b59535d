#!/usr/bin/env bats
# Campaigns over virtual cards: results, faults, second runs.

load ../lib

@test "a campaign brings the bundle to every card and reports it" {
	fleet 3
	campaign
	ok campaign check campaign.yaml
	[[ $output == *"3 cards"* ]]
	[ "$(report '[.total,.done,.failed,.pending]')" = '[3,0,0,3]' ]
	[ ! -e campaign.ledger ]
	ok campaign run campaign.yaml
	[ "$(report '[.total,.done,.failed,.pending]')" = '[3,3,0,0]' ]
	[ "$(report '[.cards[].file]')" = '["fleet/0001.card","fleet/0002.card","fleet/0003.card"]' ]
	[ "$(report '[.cards[].step]|unique')" = '["confirm"]' ]
	[ "$(report '[.cards[].reason]|unique')" = '[null]' ]
	[ "$(report '[.cards[].id]|unique|length')" = 3 ]
	ok vcard show fleet/0002.card --json
	[ "$(report '.cards[1].id')" = "$(jq -r .cin <<<"$output")" ]
	ok campaign status campaign.yaml --json
	[ "$(jq -c '[.total,.done]' <<<"$output")" = '[3,3]' ]
	ok campaign report campaign.yaml
	[[ $output == *"fleet/0003.card"* ]]
}

@test "a hint names keys of the manifest where a manifest asked for the work, else options" {
	fleet 1
	ok bundle build --image app.img --version 3.2 --keystore keys.yaml --output literal.bundle --algorithm 01 --allow-literal-mac
	campaign
	sed -i 's/app.bundle/literal.bundle/' campaign.yaml
	fails 7 campaign check campaign.yaml
	[[ $stderr == *"literal MAC"*"hint: cardadm bundle show tells why that is weak; \`allow-literal-mac: true\` accepts it" ]]
	echo 'allow-literal-mac: true' >>campaign.yaml
	ok campaign check campaign.yaml
	# The same in an open channel, which no manifest asked for.
	ok -r vcard:fleet/0001.card -k keys.yaml scp-open
	fails 7 -r vcard:fleet/0001.card scp-mode broadcast --bundle literal.bundle
	[[ $stderr == *"literal MAC"*"hint: cardadm bundle show tells why that is weak; --allow-literal-mac accepts it" ]]
	ok -r vcard:fleet/0001.card scp-close
}

@test "cards that fail are named with step and reason and hold up no other" {
	fleet 2
	n=3
	for fault in wrong-keys locked tamper:12 silent:14 removed:16 power-cut:9; do
		ok vcard create fleet --count 1 --first $n --fault $fault -k keys.yaml
		n=$((n + 1))
	done
	ok vcard create fleet --count 2 --first $n -k keys.yaml
	campaign
	cardadm campaign run campaign.yaml
	[ "$status" -eq 9 ]
	[[ $stderr == *"fleet/0003.card: failed at establish: "*cryptogram* ]]
	[ "$(report '[.total,.done,.failed]')" = '[10,4,6]' ]
	[ "$(report '[.cards[]|select(.state=="failed")|.file[6:10]]|join(" ")')" = "0003 0004 0005 0006 0007 0008" ]
	[ "$(report '[.cards[]|select(.state=="failed")|.reason|length>0]|all')" = true ]
	# Those whose fault was passing are brought to the end by a second run, the others stay.
	cardadm campaign run campaign.yaml
	[ "$status" -eq 9 ]
	[ "$(report '[.total,.done,.failed]')" = '[10,8,2]' ]
	[ "$(report '[.cards[]|select(.state=="failed")|.file[6:10]]|join(" ")')" = "0003 0004" ]
	for card in 0005 0006 0007 0008; do
		"$CARDADM" -r vcard:fleet/$card.card info --json | jq -e '.system.version == "3.2"'
	done
}

@test "a bundle for other channels than a card has is named as such" {
	fleet 1
	"$CARDADM" vcard create fleet/s16.card --i 71 -k keys.yaml
	campaign
	fails 9 campaign run campaign.yaml
	[ "$(report '[.total,.done,.failed]')" = '[2,1,1]' ]
	[[ $(report '.cards[]|select(.state=="failed")|.reason') == *"no package for S16, which this channel uses"* ]]
}

@test "a failed authentication is never repeated unless the operator says so" {
	fleet 1
	ok vcard create fleet --count 1 --first 2 --fault wrong-keys -k keys.yaml
	campaign
	fails 9 campaign run campaign.yaml
	before=$("$CARDADM" vcard show fleet/0002.card --json | jq -r '.keys[0].sequence_counter')
	fails 9 campaign run campaign.yaml
	[[ $(report '.cards[1].reason') == "left alone: the keys of test were not those of card "* ]]
	[ "$("$CARDADM" vcard show fleet/0002.card --json | jq -r '.keys[0].sequence_counter')" = "$before" ]
	[ "$(report '.cards[1].state')" = failed ]
	fails 9 campaign run campaign.yaml --retry-authentication
	[ "$("$CARDADM" vcard show fleet/0002.card --json | jq -r '.keys[0].sequence_counter')" != "$before" ]
}

@test "a card in use elsewhere fails as such, and is done when it is free" {
	fleet 2
	campaign
	ok -r vcard:fleet/0001.card -k keys.yaml scp-open
	fails 9 campaign run campaign.yaml
	[ "$(report '.cards[0]|[.state,.step]|join(" ")')" = "failed connect" ]
	[[ $(report '.cards[0].reason') == *"in use"* ]]
	[ "$(report '.cards[1].state')" = "done" ]
	ok -r vcard:fleet/0001.card scp-close
	ok campaign run campaign.yaml
	[ "$(report '[.done,.failed]')" = '[2,0]' ]
}

@test "a half-loaded card is resumed at the block where it stands: no command is sent twice" {
	"$CARDADM" keystore init --test-keys keys.yaml
	"$CARDADM" vcard create fleet --count 1 --fault removed:40 -k keys.yaml
	image app.img 20000
	"$CARDADM" bundle build --image app.img --version 3.2 -k keys.yaml --output app.bundle
	campaign
	fails 9 campaign run campaign.yaml
	[ "$(report '.cards[0].step')" = load ]
	j=$("$CARDADM" -r vcard:fleet/0001.card info --json | jq '.slot.done')
	[ "$j" -gt 10 ]
	ok -r vcard:fleet/0001.card -k keys.yaml --trace t.txt scp-open
	ok -r vcard:fleet/0001.card scp-mode broadcast --bundle app.bundle
	ok -r vcard:fleet/0001.card load app.bundle
	total=$("$CARDADM" bundle show app.bundle --json | jq '.packages[0].commands')
	[ "$(grep -c '^> 845E' t.txt)" -eq $((total - j)) ]
	ok -r vcard:fleet/0001.card scp-mode unicast
	ok -r vcard:fleet/0001.card scp-close
	# The slot is complete now: the campaign only authorizes it.
	ok campaign run campaign.yaml
	[ "$(report '.cards[0]|[.state,.step]|join(" ")')" = "done confirm" ]
}

@test "authorize: later leaves the payload ready, authorize: now puts it to use" {
	fleet 2
	campaign
	echo "authorize: later" >>campaign.yaml
	ok campaign run campaign.yaml
	[ "$(report '[.cards[].step]|unique')" = '["confirm"]' ]
	"$CARDADM" -r vcard:fleet/0001.card info --json | jq -e '.system.version == "0.0" and .slot.state == "complete"'
	sed -i 's/later/now/' campaign.yaml
	ok campaign run campaign.yaml
	"$CARDADM" -r vcard:fleet/0001.card info --json | jq -e '.system.version == "3.2"'
}

@test "limits: stop after so many failures" {
	fleet 1
	ok vcard create fleet --count 5 --first 2 --fault wrong-keys -k keys.yaml
	campaign
	echo "limits: {failures: 2}" >>campaign.yaml
	fails 7 campaign run campaign.yaml
	[ "$(report '[.done,.failed,.pending]')" = '[1,2,3]' ]
}

@test "a dry run sends nothing" {
	fleet 2
	campaign
	ok -n campaign run campaign.yaml
	[[ $output == *"845A0100"*"8028****"*"AUTHORIZE ACTION activate"* ]]
	ok -n -j campaign run campaign.yaml
	[ "$(jq '[.commands[].apdu|select(startswith("845E"))]|length' <<<"$output")" = "$(jq '.packages[0].commands' <<<"$output")" ]
	[ ! -e campaign.ledger ]
	"$CARDADM" -r vcard:fleet/0001.card info --json | jq -e '.system.version == "0.0"'
}

@test "what is wrong in the files ends before the first command" {
	fleet 1
	campaign
	before=$(sha256sum fleet/0001.card)
	cp app.bundle good
	printf '\x00' | dd of=app.bundle bs=1 seek=300 conv=notrunc status=none
	fails 3 campaign run campaign.yaml
	cp good app.bundle
	sed -i 's/^keys: test/keys: nobody/' campaign.yaml
	fails 5 campaign run campaign.yaml
	[[ $stderr == *nobody* ]]
	sed -i 's/^keys: nobody/kyes: test/' campaign.yaml
	fails 3 campaign run campaign.yaml
	[[ $stderr == *"campaign.yaml:4:1"* ]]
	fails 3 campaign run missing.yaml
	[ "$(sha256sum fleet/0001.card)" = "$before" ]
}

@test "ledger that cannot be written: nothing is sent, status 10" {
	fleet 1
	campaign
	before=$(sha256sum fleet/0001.card)
	mkdir campaign.ledger
	fails 10 campaign run campaign.yaml
	[ "$(sha256sum fleet/0001.card)" = "$before" ]
}

@test "a report is there after the last day, a run is not" {
	fleet 2
	campaign
	ok campaign run campaign.yaml
	echo "expires: 2020-01-01" >>campaign.yaml
	fails 7 campaign run campaign.yaml
	[[ $stderr == *"expired on 2020-01-01"* ]]
	fails 7 campaign check campaign.yaml
	ok campaign status campaign.yaml
	# Nor does it need the cards' keys.
	sed -i 's/^keys: test/keys: gone/' campaign.yaml
	[ "$(report '[.total,.done]')" = '[2,2]' ]
}

@test "reports leave nothing beside the ledger" {
	fleet 2
	campaign
	ok campaign run campaign.yaml
	ok campaign report campaign.yaml
	ok campaign status campaign.yaml
	[ "$(echo campaign.ledger*)" = campaign.ledger ]
	chmod 400 campaign.ledger
	ok campaign status campaign.yaml
}

@test "the only key set of a store needs no name, and the choice is told" {
	fleet 1
	campaign
	sed -i '/^keys: test/d' campaign.yaml
	ok campaign run campaign.yaml
	[[ $stderr == *"keys: test, the only card key set in keys.yaml"* ]]
}

@test "a directory without cards is no success" {
	fleet 1
	rm fleet/*.card
	campaign
	fails 3 campaign check campaign.yaml
	fails 3 campaign run campaign.yaml
	[[ $stderr == *"no card file"* ]]
	fails 3 -n campaign run campaign.yaml
	ok campaign report campaign.yaml
}

@test "a bundle KEK that does not fit is found before the first command" {
	fleet 1
	rm app.bundle
	"$CARDADM" bundle build --image app.img --version 3.2 --variant plain -k keys.yaml --output app.bundle
	campaign
	ok campaign check campaign.yaml
	kek=$(sed -n '/bundle-kek:/,/value/s/.*hex: \(..\).*/\1/p' keys.yaml)
	other=$([ "$kek" = 00 ] && echo 11 || echo 00)
	sed -i "/bundle-kek:/,/value/s/hex: ../hex: $other/" keys.yaml
	fails 5 campaign check campaign.yaml
	[[ $stderr == *"does not open the keys"* ]]
}

@test "how the directory is spelled does not make other cards of them" {
	fleet 2
	campaign
	ok campaign run campaign.yaml
	sed -i 's|directory: fleet|directory: ./fleet/|' campaign.yaml
	ok campaign run campaign.yaml
	[ "$(report '[.total,.done,.already]')" = '[2,2,0]' ]
	[ "$(report '.cards[0].file')" = fleet/0001.card ]
}
