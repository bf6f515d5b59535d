#!/usr/bin/env bats
# lock, unlock: applications, domains with what they hold, the card; what is so already is told.

load ../lib

HELLO=F04341524441444D01 PAIR=F04341524441444D02 SD=A00000015100000001

card() {
	"$CARDADM" keystore init --test-keys keys.yaml -q
	"$CARDADM" vcard create c.card -k keys.yaml -q --keys test >/dev/null
	cp "$TOP"/examples/*.cap .
	export CARDADM_READER=vcard:c.card CARDADM_KEYSTORE=keys.yaml
}

state() {
	"$CARDADM" -q list --keys test --json | jq -r --arg aid "$1" '.entries[] | select(.aid == $aid) | .state'
}

@test "an application" {
	card
	ok -q install hello.cap
	fails 7 lock ${HELLO}01
	[[ $stderr == *"not confirmed"* ]]
	ok -q lock ${HELLO}01 --yes
	[ "$output" = "locked: ${HELLO}01" ]
	[ "$(state ${HELLO}01)" = locked ]
	cardadm -q apdu 00A404000A${HELLO}0100
	[ "$status" -eq 6 ]
	# Already so: told, not asked, and well.
	ok -q lock ${HELLO}01
	[ "$output" = "already locked: ${HELLO}01" ]
	ok -q unlock ${HELLO}01
	[ "$output" = "unlocked: ${HELLO}01" ]
	[ "$(state ${HELLO}01)" = selectable ]
	ok -q unlock ${HELLO}01 --json
	[ "$(jq -c '[.aid, .scope, .locked, .changed]' <<<"$output")" = "[\"${HELLO}01\",\"one\",false,false]" ]
}

@test "the card" {
	card
	ok -q install hello.cap
	ok -q lock --card --yes --json
	[ "$(jq -c '[.aid, .scope, .locked, .changed]' <<<"$output")" = '[null,"card",true,true]' ]
	[ "$(state A000000151000000)" = locked ]
	cardadm install pair.cap
	[ "$status" -ne 0 ]
	ok -q lock --card
	[ "$output" = "already locked: the card" ]
	ok -q unlock --card
	[ "$output" = "unlocked: the card" ]
	ok -q unlock --card
	[ "$output" = "already unlocked: the card" ]
}

@test "a domain and all it holds" {
	card
	echo '  sd: {type: scp03, test: true, version: 31, diversification: none, master: {hex: 505152535455565758595A5B5C5D5E5F}}' >>keys.yaml
	ok -q domain create $SD --keys test
	ok -q domain personalize $SD --with sd --keys test
	ok -q install pair.cap --domain $SD --keys test
	ok lock --domain $SD --keys test --yes
	[[ $stderr == *"this locks:"*"$SD  security domain"*"${PAIR}01  application"*"${PAIR}02  application"* ]]
	[ "$(state ${PAIR}02)" = locked ]
	[ "$(state $SD)" = locked ]
	ok -q lock --domain $SD --keys test
	[[ $output == "already locked: "* ]]
	ok -q unlock --domain $SD --keys test
	[ "$(state ${PAIR}01)" = selectable ]
	[ "$(state $SD)" = personalized ]
	# One of them is not the whole.
	ok -q lock ${PAIR}01 --keys test --yes
	ok -q lock --domain $SD --keys test --yes
	[[ $output == "locked: "* ]]
}

@test "what cannot be" {
	card
	ok -q install hello.cap
	fails 2 lock
	fails 2 lock ${HELLO}01 --card
	fails 2 unlock --card --domain $SD
	fails 2 lock zz
	fails 6 lock A0000000031010 --yes
	[[ $stderr == *"A0000000031010 is not on the card"* ]]
	fails 6 unlock --domain A0000000031010
	fails 7 lock $HELLO --yes
	[[ $stderr == *"$HELLO is a package"* ]]
	fails 7 lock --domain ${HELLO}01 --yes
	[[ $stderr == *"${HELLO}01 is no security domain"* ]]
	fails 7 lock A000000151000000 --yes
	[[ $stderr == *"--card"* ]]
}

@test "dry run" {
	card
	rm c.card
	ok -q -n lock --card
	grep -qx '80F0807F  # SET STATUS card to 7F (locked)' <<<"$output"
	ok -q -n lock --domain $SD
	grep -qx "80F0608009$SD  # SET STATUS lock domain and all it holds $SD, 9 octets" <<<"$output"
	ok -q -n unlock ${HELLO}01 --json
	[ "$(jq -r '.commands[3].apdu' <<<"$output")" = "80F040000A${HELLO}01" ]
}

@test "a card that says 9000 and stays as it is, or is not secured, or terminated" {
	card
	ok -q -t t list --level 00
	sed -i '/^> 80F2/,$d' t
	listed() { printf '> 80F28002024F0000\n< E30E4F08A0000001510000009F7001%s9000\n> 80F24002024F0000\n< 6A88\n> 80F21002024F0000\n< 6A88\n> 80F22002024F0000\n< 6A88\n' "$1"; }
	{
		cat t
		listed 0F
		printf '> 80F0807F\n< 9000\n'
		listed 0F
	} >liar
	fails 8 -r replay:liar lock --card --level 00 --yes
	[[ $stderr == *"the card: the card answered 9000 to SET STATUS and lists it as secured"* ]]
	cat t <(listed 07) >young
	fails 7 -r replay:young lock --card --level 00 --yes
	[[ $stderr == *"the card is initialized: only a secured one is locked"* ]]
	cat t <(listed FF) >dead
	fails 7 -r replay:dead lock --card --level 00 --yes
	[[ $stderr == *"terminated, for good"* ]]
	{
		cat t
		listed 0F
		printf '> 80F0807F\n< 6982\n'
	} >refused
	fails 6 -r replay:refused lock --card --level 00 --yes
	[[ $stderr == *"SET STATUS: 6982"* ]]
}

@test "a domain that is locked opens no channel, and says so" {
	card
	ok -q domain create $SD
	ok -q lock $SD --yes
	fails 6 -q list --sd $SD
	[[ $stderr == *"SELECT $SD: 6A82"*"or it is locked"* ]]
	ok -q unlock $SD
	ok -q domain create ${SD}02
	fails 6 -q lock ${SD}02 --yes --sd $SD
	[[ $stderr == *"the domain of the channel may not do this"* ]]
}
