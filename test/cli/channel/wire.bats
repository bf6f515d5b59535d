#!/usr/bin/env bats
# Somebody on the line who has no keys (test/attack/attack.c) wants the card to look as if it had no
# R-MAC, so that its answers can be made up.

load ../lib
load ../attack

r=vcard:fleet/0001.card
# In the answer to INITIALIZE UPDATE, behind KDD, key version and protocol: i becomes 10.
weaker='8050 * change 12 10'

report() {
	"$CARDADM" campaign report campaign.yaml --json | jq -c "$1"
}

@test "an i that card data do not name is refused: nothing is sent, no try spent" {
	fleet 1
	campaign
	sed -i '/^level/d' campaign.yaml
	attack "$weaker"
	fails 5 -r $r -k keys.yaml -t trace scp-open
	[[ $stderr == *"the card answers with i = 10, but its card data say 70"* ]]
	[[ $stderr == *"hint: somebody may sit between reader and card"* ]]
	run ! grep -q '^> 8482' trace
	fails 5 -q -r $r -k keys.yaml list
	fails 9 campaign run campaign.yaml
	[[ $(report '.cards[0].reason') == *"answers with i = 10, but its card data say 70"* ]]
	# No mark stays: without the hand on the line all is well.
	attack
	ok campaign run campaign.yaml
}

@test "card data dropped as well: the campaign wants R-MAC, the verb says that there is none" {
	fleet 2
	campaign
	sed -i '/^level/d' campaign.yaml
	local silent=('80CA0066 * answer 6A88' '80CA0067 * answer 6A88')
	# What the card runs is made up too: as if the campaign were done.
	attack "$weaker" "${silent[@]}" '.0CAFF70 * answer 9000'
	fails 9 campaign run campaign.yaml
	[ "$(report .done)" = 0 ]
	[[ $(report '.cards[0].reason') == *"the card offers no R-MAC (i = 10)"* ]]
	# A level that is named is kept or refused, and there is no lower one.
	echo 'level: 33' >>campaign.yaml
	fails 9 campaign run campaign.yaml
	[[ $(report '.cards[0].reason') == *"the card cannot do level 33: it reports i = 10"* ]]
	ok -r $r -k keys.yaml scp-open
	[[ $stderr == *"level 03 has no R-MAC: nothing that the card answers is proven"* ]]
	ok -r $r scp-close
	attack
	ok -r $r -k keys.yaml scp-open
	[[ $stderr != *"R-MAC"* ]]
	ok -r $r scp-close
}

@test "what the profile knows counts where card data say nothing" {
	fleet 1
	cp -r "$CARDADM_PROFILES" profiles
	sed -i '/^name:/a i: 70' profiles/virtual.yaml
	export CARDADM_PROFILES=$PWD/profiles
	ok -r $r info --json
	[ "$(jq -r .profile.i <<<"$output")" = 70 ]
	attack "$weaker" '80CA0066 * answer 6A88' '80CA0067 * answer 6A88'
	fails 5 -q -r $r -k keys.yaml list
	[[ $stderr == *"the card answers with i = 10, but "*" has 70"* ]]
	attack
	ok -q -r $r -k keys.yaml list
}

@test "level 03 in the manifest: said by check and run" {
	fleet 1
	campaign
	sed -i 's/^level:.*/level: 03/' campaign.yaml
	ok campaign check campaign.yaml
	[[ $stderr == *"level 03 has no R-MAC: "*"nothing is proven"* ]]
	ok campaign run campaign.yaml
	[[ $stderr == *"level 03 has no R-MAC: "*"nothing is proven"* ]]
}

@test "a card with keys of its own under another one's number is refused, and no try is spent" {
	fleet 2
	campaign
	"$CARDADM" vcard show fleet/0001.card --json | jq -r '"45 04 " + .cin' >cin.tlv
	mv fleet/0002.card fake.card
	sed -i "s/^45 04 /45 $(printf %02X $((($(wc -c <cin.tlv) - 7) / 2))) /" cin.tlv
	ok -q -r vcard:fake.card -k keys.yaml store-data cin.tlv --format tlv
	[ "$("$CARDADM" vcard show fake.card --json | jq -r .cin)" = "$("$CARDADM" vcard show fleet/0001.card --json | jq -r .cin)" ]
	# The first run has the channel, and somebody cuts it off.
	attack '845E 1 lost'
	fails 9 campaign run campaign.yaml
	attack
	mv fleet/0001.card right.card
	cp fake.card fleet/0001.card
	tries=$("$CARDADM" vcard show fake.card --json | jq -c '[.keys[].tries_left]')
	fails 9 campaign run campaign.yaml
	[[ $(report '.cards[0].reason') == *"proved itself with diversification data "*", now with "*"another card under its number"* ]]
	[ "$("$CARDADM" vcard show fleet/0001.card --json | jq -c '[.keys[].tries_left]')" = "$tries" ]
	[ "$("$CARDADM" vcard show fleet/0001.card --json | jq -r .system.version)" != 3.2 ]
	# The right one goes on, with no mark on it.
	mv right.card fleet/0001.card
	ok campaign run campaign.yaml
	[ "$("$CARDADM" -q -r vcard:fleet/0001.card info --json | jq -r .system.version)" = 3.2 ]
}
