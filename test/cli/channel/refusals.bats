#!/usr/bin/env bats
# slow: check-quick has others of its kind
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
	attack "$update 1 answer 6581"
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

@test "somebody on the line makes good cards seem to refuse: told, listed, and tried once more when the manifest says so" {
	fleet 4
	campaign
	attack "$authenticate * answer 6300"
	fails 7 campaign run campaign.yaml
	[[ $stderr == *"3 cards in a row refused the authentication, or somebody on the line did"* ]]
	[ "$(report '[.cards[].authentication]')" = '["refused","refused","refused",null]' ]
	[[ $(report '.cards[0].reason') == *"EXTERNAL AUTHENTICATE with key version 30: 6300"* ]]
	ok campaign report campaign.yaml
	[ "$(grep -c 'authentication: refused, or somebody on the line' <<<"$output")" -eq 3 ]
	ok -r $r scp-status
	[ "$(grep -c '^  card .*, key 30, 20.*, refused, 1 time$' <<<"$output")" -eq 3 ]
	ok -r $r scp-status --json
	[ "$(jq -c '[.left_alone[] | [.key, .outcome, .count]] | unique' <<<"$output")" = '[["30","refused",1]]' ]
	# Nobody there any more: they stay alone, until the manifest gives each one more.
	attack
	fails 9 campaign run campaign.yaml
	[ "$(report '[.done,.failed]')" = '[1,3]' ]
	[ "$(tries 1)" -ge 9 ]
	cp campaign.yaml one.yaml
	echo 'limits: {refusals: 2}' >>campaign.yaml
	attack "$authenticate 1 answer 6300"
	fails 9 campaign run campaign.yaml
	[ "$(report '[.done,.failed]')" = '[3,1]' ]
	# That was the second for this card: two are two.
	attack
	before=$(cksum fleet/0001.card)
	fails 9 campaign run campaign.yaml
	[[ $(report '.cards[0].reason') == *'left alone: card '*', or somebody on the line did'* ]]
	[ "$(cksum fleet/0001.card)" = "$before" ]
	ok -r $r scp-status
	grep -q ', refused, 2 times$' <<<"$output"
	ok campaign run campaign.yaml --retry-authentication
	ok -r $r scp-status --json
	jq -e 'has("left_alone") | not' <<<"$output"
}

@test "wrong keys for the whole fleet: stopped after three, no try spent, and with others it goes on by itself" {
	fleet 1
	rm fleet/0001.card
	sed 's/404142434445464748494A4B4C4D4E4F/F0E0D0C0B0A090807060504030201000/' keys.yaml >right.yaml
	chmod 600 right.yaml
	run ! cmp -s keys.yaml right.yaml
	"$CARDADM" vcard create fleet --count 5 -k right.yaml
	campaign
	updates() { "$CARDADM" vcard show "fleet/000$1.card" --json | jq '[.keys[].sequence_counter]|max'; }
	fails 7 campaign run campaign.yaml
	[[ $stderr == *"3 cards in a row do not have key set test: these are not these cards' keys; stopped, no try was spent"* ]]
	[ "$(report '[.failed,.pending]')" = '[3,2]' ]
	[ "$(report '[.cards[].authentication]')" = '["wrong keys","wrong keys","wrong keys",null,null]' ]
	[ "$(tries 1)" = "$(tries 5)" ]
	# The same keys again: those three are not asked any more.
	before=$(updates 1)
	fails 9 campaign run campaign.yaml
	[ "$(report '.failed')" = 5 ]
	[ "$(updates 1)" = "$before" ]
	[[ $(report '.cards[0].reason') == *'left alone: the keys of test were not those of card '* ]]
	[ "$(record 'SELECT count(*) FROM refused')" = 0 ]
	# A limit of the manifest's own, and an operator who insists.
	cp campaign.yaml without
	echo 'limits: {mismatches: 2}' >>campaign.yaml
	fails 7 campaign run campaign.yaml --retry-authentication
	[[ $stderr == *"2 cards in a row do not have key set test"* ]]
	cp without campaign.yaml
	# The key store is corrected: it goes on by itself.
	cp right.yaml keys.yaml
	ok campaign run campaign.yaml
	[ "$(report .done)" = 5 ]
}

@test "a wrong diversification is wrong keys, and corrected it goes on by itself" {
	fleet 1
	campaign
	sed -i 's/diversification: kdf3/diversification: none/' keys.yaml
	fails 9 campaign run campaign.yaml
	[ "$(report '.cards[0].authentication')" = '"wrong keys"' ]
	sed -i 's/diversification: none/diversification: kdf3/' keys.yaml
	ok campaign run campaign.yaml
}

# Where the state directory is a small disk of its own, with so many KiB left each time: two runs on
# a card that refuses, in a trace for each.
on_small_disk() {
	local left run full=$XDG_STATE_HOME/full
	mount -t tmpfs -o size=512k none "$XDG_STATE_HOME" || exit 99
	for left in 0 4 8 12 16 20 24 32 48 64 96; do
		rm -rf "${XDG_STATE_HOME:?}"/*
		echo >"$CARDADM_ATTACK"
		"$CARDADM" -q -r $r -k keys.yaml list >/dev/null || exit 98
		head -c 512k /dev/zero >"$full" 2>/dev/null
		truncate -s -${left}k "$full"
		echo "$authenticate * answer 6300" >"$CARDADM_ATTACK"
		for run in 1 2; do
			"$CARDADM" -q -r $r -k keys.yaml -t "trace.$left.$run" list 2>>errors && exit 97
		done
	done
	exit 0
}

@test "with a full state disk an authentication goes out once, or not at all" {
	local left sent none=0
	fleet 1
	attack
	mkdir -p "$XDG_STATE_HOME"
	export -f on_small_disk
	export CARDADM r authenticate
	run unshare -rm bash -c on_small_disk
	echo "$status: $output"
	[ "$status" -ne 99 ] || skip "no name space of our own for mounts"
	[ "$status" -eq 0 ]
	for left in 0 4 8 12 16 20 24 32 48 64 96; do
		sent=$(cat trace."$left".? | grep -c '^> 8482' || true)
		echo "$left KiB left: $sent"
		[ "$sent" -le 1 ]
		[ "$sent" -gt 0 ] || none=$((none + 1))
	done
	# Some were too full to write it down, some were not.
	[ $none -gt 0 ] && [ $none -lt 11 ]
	grep -q full errors
}
