#!/usr/bin/env bats
# slow: every verb
# What was read without R-MAC decides where such a channel is allowed, and is never called proven.

load ../lib

SD=A00000015100000001 HELLO=F04341524441444D01 PAIR=F04341524441444D02

card() {
	"$CARDADM" -q keystore init --test-keys keys.yaml
	cat >>keys.yaml <<-'YAML'
		  sd: {type: scp03, version: 31, test: true, diversification: none,
		    master: {hex: 505152535455565758595A5B5C5D5E5F}}
	YAML
	"$CARDADM" -q vcard create c.card -k keys.yaml --keys test >/dev/null
	cp "$TOP"/examples/*.cap .
	printf '42 03 010203' >data
	export CARDADM_READER=vcard:c.card CARDADM_KEYSTORE=keys.yaml
}

# every LEVEL PROVEN: each verb that manages content, in JSON and, with the card as it was, in words.
every() {
	local line words
	while read -r line; do
		cp c.card before
		read -ra words <<<"$line"
		ok "${words[@]}" --keys test --level "$1" -q --json
		[ "$(jq .proven <<<"$output")" = "$2" ] || {
			echo "$line: $output" >&2
			return 1
		}
		cp c.card after
		cp before c.card
		ok "${words[@]}" --keys test --level "$1" -q
		[ "$(grep -c '^not proven: the card said so without R-MAC$' <<<"$output")" -eq "$([ "$2" = false ] && echo 1 || echo 0)" ]
		cp after c.card
	done <<-VERBS
		load pair.cap
		install hello.cap
		lock ${HELLO}01 --yes
		lock ${HELLO}01 --yes
		unlock ${HELLO}01
		domain create $SD
		domain create $SD
		domain create ${SD}02
		domain personalize $SD --with sd
		domain personalize ${SD}02 --with sd --by store-data
		domain update $SD --privileges card-lock
		domain extradite ${HELLO}01 --to $SD
		store-data data --format tlv
		put-keys sd
		put-keys sd
		delete-keys 31 --yes
		delete-keys 31 --yes
		delete $PAIR --related --yes
	VERBS
}

@test "verbs that manage content: proven with R-MAC only, in JSON and in words" {
	card
	every 33 true
	rm c.card
	"$CARDADM" -q vcard create c.card -k keys.yaml --keys test >/dev/null
	every 03 false
}

@test "keys: only those that are read in a channel with R-MAC are proven" {
	card
	ok keys --json
	[ "$(jq .proven <<<"$output")" = false ]
	for level in 03 33; do
		ok -q scp-open --keys test --level $level
		ok keys --json
		[ "$(jq .proven <<<"$output")" = "$([ $level = 33 ] && echo true || echo false)" ]
		ok -q scp-close
	done
}

@test "the main job by hand: the load is not proven, its authorization is with R-MAC" {
	local level want
	for level in 03 33; do
		rm -rf fleet app.* keys.yaml
		fleet
		want=$([ $level = 33 ] && echo true || echo false)
		export CARDADM_READER=vcard:fleet/0001.card CARDADM_KEYSTORE=keys.yaml
		ok -q scp-open --level $level
		ok -q scp-mode broadcast --bundle app.bundle
		ok -q load app.bundle --json
		[ "$(jq .proven <<<"$output")" = false ]
		ok -q scp-mode unicast
		ok -q authorize load --verify-only --json
		[ "$(jq .proven <<<"$output")" = "$want" ]
		ok -q authorize load --verify-only
		[ $level = 33 ] || [[ $output == *"not proven: the card said so without R-MAC"* ]]
		[ $level = 03 ] || [[ $output != *"not proven"* ]]
		ok -q authorize load --json
		[ "$(jq .proven <<<"$output")" = "$want" ]
		ok -q scp-close
	done
}

@test "a broadcast campaign: cards that are done without R-MAC are counted, and stay so" {
	fleet 2
	campaign
	sed -i 's/^level:.*/level: 03/' campaign.yaml
	ok campaign run campaign.yaml
	[[ $output == *"not proven: 2 of those done, which were not read with R-MAC"* ]]
	[ "$(report '[.unproven, (.cards[] | .proven)]')" = '[2,false,false]' ]
	ok campaign status campaign.yaml --json
	[ "$(jq .unproven <<<"$output")" = 2 ]
	ok campaign report campaign.yaml
	[ "$(grep -c 'not proven: not read with R-MAC' <<<"$output")" -eq 2 ]
	# What is done is not done again, so a higher level says nothing of it. A new card does.
	"$CARDADM" -q vcard create fleet/more.card -k keys.yaml --keys test >/dev/null
	"$CARDADM" -q vcard create fleet/none.card -k keys.yaml --keys test --fault removed:1 >/dev/null
	sed -i 's/^level:.*/level: 33/' campaign.yaml
	fails 9 campaign run campaign.yaml --json
	[ "$(jq -c '[.done, .unproven]' <<<"$output")" = '[3,2]' ]
	[ "$(report '[.cards[] | .proven]')" = '[false,false,true,null]' ]
	rm campaign.ledger
	cardadm -q campaign run campaign.yaml
	[[ $output != *"not proven"* ]]
	[ "$(report '[.cards[:3][] | .proven]')" = '[true,true,true]' ]
}

@test "a campaign of steps: a card is proven when each of its steps is" {
	card
	mkdir fleet && mv c.card fleet
	cat >campaign.yaml <<-YAML
		cardadm: campaign/1
		name: demo
		keystore: keys.yaml
		keys: test
		level: 03
		cards: {directory: fleet}
		mode: unicast
		steps:
		  - install: {file: hello.cap}
		  - lock: {aid: ${PAIR}01}
	YAML
	fails 9 campaign run campaign.yaml
	[ "$(report '.cards[0] | [.proven, (.steps[] | .proven)]')" = '[null,false,null]' ]
	ok -q -r vcard:fleet/c.card install pair.cap --keys test
	sed -i 's/^level:.*/level: 33/' campaign.yaml
	ok campaign run campaign.yaml
	[[ $output == *"not proven: 1 of those done"* ]]
	[ "$(report '[.unproven, (.cards[0] | .proven, (.steps[] | .proven))]')" = '[1,false,false,true]' ]
	rm campaign.ledger
	ok campaign run campaign.yaml
	[ "$(report '[.unproven, (.cards[0] | .proven, (.steps[] | .proven))]')" = '[0,true,true,true]' ]
}
