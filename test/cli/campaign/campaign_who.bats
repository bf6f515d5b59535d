#!/usr/bin/env bats
# slow: check-quick has others of its kind
# Who a card is: a number is what a card says, keys are what it proves.

load ../lib

cin() { "$CARDADM" vcard show "$1" --json | jq -r .cin; }
version() { "$CARDADM" -q -r "vcard:$1" info --json | jq -r .system.version; }

# says_it_is FILE OTHER: a card with keys of its own says that it is OTHER.
says_it_is() {
	local number
	number=$(cin "$2")
	printf '45 %02X %s\n' $((${#number} / 2)) "$number" >cin.tlv
	"$CARDADM" -q -r "vcard:$1" -k keys.yaml store-data cin.tlv --format tlv >/dev/null
	[ "$(cin "$1")" = "$number" ]
}

@test "a card file made anew under an old name is a new card" {
	fleet 3
	campaign
	ok campaign run campaign.yaml
	old=$(cin fleet/0002.card)
	rm fleet/0002.card
	"$CARDADM" vcard create fleet --count 1 --first 2 --keystore keys.yaml -q
	[ "$(version fleet/0002.card)" != 3.2 ]
	ok campaign run campaign.yaml -v
	[[ $stderr == *"1 card file is not the one that was done: new card"* ]]
	[[ $stderr != *"fleet/0001.card: "* ]]
	[ "$(version fleet/0002.card)" = 3.2 ]
	[ "$(report '[.total,.done,.already]')" = '[3,3,0]' ]
	[ "$(report '.cards[1].id')" = "$(cin fleet/0002.card)" ]
	[ "$(cin fleet/0002.card)" != "$old" ]
	# As it is from then on, also when its file grew or was copied.
	cp -p fleet/0002.card kept && rm fleet/0002.card && cp -p kept fleet/0002.card
	ok campaign run campaign.yaml
	[[ $output == *"0 in this run"* || $stderr == *"3 done before"* ]]
	[[ $stderr != *"not the one"* ]]
}

@test "a list of steps begins anew on a card file made anew" {
	"$CARDADM" keystore init --test-keys keys.yaml -q
	"$CARDADM" vcard create fleet --count 2 --keystore keys.yaml -q
	cat >campaign.yaml <<'YAML'
cardadm: campaign/1
name: steps
keystore: keys.yaml
keys: test
level: 33
cards: {directory: fleet}
mode: unicast
steps:
  - domain-create: {aid: A000000151000042}
YAML
	ok campaign run campaign.yaml
	rm fleet/0001.card
	"$CARDADM" vcard create fleet --count 1 --keystore keys.yaml -q
	ok campaign run campaign.yaml
	[[ $stderr == *"1 card file is not the one that was done"* ]]
	ok -r vcard:fleet/0001.card -k keys.yaml list
	[[ $output == *A000000151000042* ]]
}

@test "a fake card in the file of one that was done: refused, and the right one is done again" {
	fleet 2
	campaign
	mv fleet/0002.card fake.card
	ok campaign run campaign.yaml
	says_it_is fake.card fleet/0001.card
	mv fleet/0001.card right.card
	cp -p fake.card fleet/0001.card
	fails 9 campaign run campaign.yaml
	[[ $(report '.cards[0].reason') == *"proved itself with diversification data "*"another card under its number"* ]]
	[ "$(version fleet/0001.card)" != 3.2 ]
	mv right.card fleet/0001.card
	ok campaign run campaign.yaml
	[ "$(report '[.total,.done]')" = '[1,1]' ]
}

@test "a fake card beside the right one, under the same number: refused, whichever comes later" {
	fleet 2
	campaign
	mv fleet/0002.card fake.card
	ok campaign run campaign.yaml
	says_it_is fake.card fleet/0001.card
	mv fake.card fleet/0002.card
	fails 9 campaign run campaign.yaml
	[ "$(report '[.cards[].state]')" = '["done","failed"]' ]
	[[ $(report '.cards[1].reason') == *"another card under its number"* ]]
	[ "$(version fleet/0002.card)" != 3.2 ]
	# The other way round it is the right one that is told.
	rm campaign.ledger
	mv fleet/0001.card right.card
	ok campaign run campaign.yaml
	mv right.card fleet/0003.card
	fails 9 campaign run campaign.yaml
	[[ $(report '.cards[] | select(.file == "fleet/0003.card") | .reason') == *"another card under its number"* ]]
}

@test "the keys of a card that was done, under the number of one that was not: refused" {
	fleet 2
	campaign
	mv fleet/0002.card later.card
	ok campaign run campaign.yaml
	# Somebody has the keys of the first card: a copy of it.
	cp -p fleet/0001.card fleet/0002.card
	says_it_is fleet/0002.card later.card
	tries=$("$CARDADM" vcard show fleet/0002.card --json | jq -c '[.keys[].tries_left]')
	fails 9 campaign run campaign.yaml
	[[ $(report '.cards[1].reason') == "card $(cin later.card) proved itself with the keys of card $(cin fleet/0001.card) "* ]]
	[ "$(report '[.cards[].state]')" = '["done","failed"]' ]
	[ "$("$CARDADM" vcard show fleet/0002.card --json | jq -c '[.keys[].tries_left]')" = "$tries" ]
	mv later.card fleet/0002.card
	ok campaign run campaign.yaml
	[ "$(report '[.total,.done]')" = '[2,2]' ]
	# A copy under its own number is the same card.
	cp -p fleet/0001.card fleet/0003.card
	ok campaign run campaign.yaml
}
