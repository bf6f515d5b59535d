#!/usr/bin/env bats
# An authentication that a card did not take, or whose end nobody saw, is not repeated: by verbs,
# SCP11 and campaigns alike. Somebody on the line (test/attack/attack.c) makes it happen.

load ../lib
load ../attack

r=vcard:fleet/0001.card
update=8050 authenticate=8482

# How many tries the card of this number still has.
tries() {
	"$CARDADM" vcard show "fleet/000$1.card" --json | jq '[.keys[].tries_left]|min'
}

record() {
	sqlite3 "$XDG_STATE_HOME/cardadm/authentications.db" "$1"
}

report() {
	"$CARDADM" campaign report campaign.yaml --json | jq -c "$1"
}

@test "verbs: killed when the authentication went out, before or behind the card, it is not repeated" {
	fleet 2
	attack "$authenticate 1 after"
	cardadm -q -r $r -k keys.yaml list
	[ "$status" -eq 137 ]
	attack
	fails 7 -q -r $r -k keys.yaml list
	[[ $stderr == *"what became of an authentication of card "*" with key set 30 is not known: not tried again"* ]]
	fails 7 -q -r $r -k keys.yaml -t trace scp-open
	run ! grep -q '^> 8482' trace
	# The operator may, and when the card takes it, it is as if nothing had been.
	ok -q -r $r -k keys.yaml list --retry-authentication
	ok -q -r $r -k keys.yaml list
	attack "$authenticate 1 before"
	cardadm -q -r vcard:fleet/0002.card -k keys.yaml list
	[ "$status" -eq 137 ]
	attack
	fails 7 -q -r vcard:fleet/0002.card -k keys.yaml list
}

@test "verbs: refused, it is not repeated; what cannot be written down does not go out" {
	fleet 2
	attack "$authenticate 1 answer 6300"
	fails 5 -q -r $r -k keys.yaml list
	attack
	fails 7 -q -r $r -k keys.yaml list
	[[ $stderr == *"refused key set 30 before"* ]]
	[ "$(tries 1)" -ge 9 ]
	record "CREATE TRIGGER full BEFORE INSERT ON refused BEGIN SELECT RAISE(ABORT, 'disk full'); END"
	fails 10 -q -r vcard:fleet/0002.card -k keys.yaml -t trace list
	grep -q '^> 8050' trace
	run ! grep -q '^> 8482' trace
	# Taken by the card, but that could not be written: it counts as not known.
	record "DROP TRIGGER full; CREATE TRIGGER full BEFORE DELETE ON refused BEGIN SELECT RAISE(ABORT, 'disk full'); END"
	ok -r vcard:fleet/0002.card -k keys.yaml list
	[[ $stderr == *"that the card took the authentication could not be written down"*"disk full"* ]]
	fails 7 -q -r vcard:fleet/0002.card -k keys.yaml list
}

@test "SCP11: killed behind our certificates, it is not repeated" {
	"$CARDADM" keystore init --test-keys keys.yaml
	"$CARDADM" vcard create fleet --count 1 --protocol scp11 -k keys.yaml
	attack "802A 1 after"
	cardadm -q -r $r -k keys.yaml list --protocol scp11a
	[ "$status" -eq 137 ]
	attack
	fails 7 -q -r $r -k keys.yaml list --protocol scp11a
	[[ $stderr == *"what became of an authentication of card "*" with key 1101 is not known"* ]]
	ok -q -r $r -k keys.yaml list --protocol scp11a --retry-authentication
	ok -q -r $r -k keys.yaml list --protocol scp11a
}

@test "campaigns: killed when the authentication went out, the card is left alone, the others are done" {
	fleet 3
	campaign
	attack "$authenticate 2 after"
	cardadm campaign run campaign.yaml
	[ "$status" -eq 137 ]
	attack
	fails 9 campaign run campaign.yaml
	[ "$(report '[.done,.failed]')" = '[2,1]' ]
	[[ $(report '.cards[1].reason') == *'left alone: what became of an authentication of card '* ]]
	ok campaign run campaign.yaml --retry-authentication
	[ "$(report .done)" = 3 ]
	# Nothing stays behind of those that took it.
	[ "$(record 'SELECT count(*) FROM refused')" = 0 ]
}

@test "campaigns: a card that refused a verb is left alone; one transient 6581 is no refusal" {
	fleet 3
	campaign
	attack "$authenticate 1 answer 6300"
	fails 5 -q -r $r -k keys.yaml list
	attack "$update 2 answer 6581"
	fails 9 campaign run campaign.yaml
	[ "$(report '[.done,.failed]')" = '[1,2]' ]
	[[ $(report '.cards[0].reason') == *'left alone: card '*' refused key set 30 before'* ]]
	[[ $(report '.cards[1].reason') == *6581* ]]
	before=$(cksum fleet/0001.card)
	attack
	fails 9 campaign run campaign.yaml
	[ "$(report '[.done,.failed]')" = '[2,1]' ]
	[ "$(cksum fleet/0001.card)" = "$before" ]
}
