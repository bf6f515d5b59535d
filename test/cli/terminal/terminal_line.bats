#!/usr/bin/env bats
# slow: many runs
# A terminal whose line is in somebody else's hand, or breaks: answers made up for the card, another
# SIM behind it, messages changed, and ends before and after every command.

load ../lib
load ../terminals
load ../attack

# What a card would say that has revoked, or for which the key has expired; without an R-MAC.
verdict() {
	echo "A21B9501$1""8304000000018604FFFFFFFF9804FFFFFFFF9A0400000001$2"
}

# state: what the file says of its record.
state() {
	"$CARDADM" terminal status phone.yaml --json | jq -r '.trust[0].state'
}

# both_have: the generation that card and terminal have in common.
both_have() {
	local there here
	there=$("$CARDADM" trust-status --keys test --json 2>/dev/null | jq -r '.records[0].generation')
	here=$("$CARDADM" terminal status phone.yaml --json | jq -r '.trust[0].generation')
	[ "$there" = "$here" ] || {
		echo "card: $there, terminal: $here" >&2
		return 1
	}
	echo "$here"
}

@test "answers that somebody made up: the terminal keeps its keys" {
	phone
	cp -p phone.yaml before.yaml
	# Command, what is answered in the place of the card, status of the program.
	while read -r command answer want; do
		cp -p before.yaml phone.yaml
		attack "$command * answer $answer"
		fails "$want" terminal check phone.yaml
		attacked
		[ "$(keys_in phone.yaml)" -eq 2 ]
		case $(state) in
		active | refused) ;;
		*) false ;;
		esac
		attack
		ok terminal check phone.yaml
		[ "$(state)" = active ]
	done <<-ANSWERS
		8050 6A88 5
		8050 6983 5
		8482 6300 5
		8442 6300 8
		8442 $(verdict 13 6300) 8
		8442 $(verdict 12 6300) 8
		8442 $(verdict 11 6300) 8
		8442 $(verdict 00 9000) 8
	ANSWERS
	# "Revoked, as you wished" is no proof, either.
	attack '844E * answer 9000'
	fails 8 terminal revoke phone.yaml --yes
	attacked 1
	[ "$(keys_in phone.yaml)" -eq 2 ]
}

@test "another SIM: no key for it, or a cryptogram that is none; nothing is sent that costs a try" {
	phone
	ok vcard create other --protocol scp11
	cin=$("$CARDADM" vcard show sim --json | jq -r .cin)
	[ "$cin" != "$("$CARDADM" vcard show other --json | jq -r .cin)" ]
	# The same terminal, network and number of the record.
	ok -r vcard:other trust-init 1 --imei "$IMEI" --key terminal-master --throughput 300 --valid-for 30d \
		--keys test --ticket other.ticket
	fails 5 -r vcard:other terminal check phone.yaml --trace trace
	[[ $stderr == *"no key for card"* ]]
	run ! grep -E '^> 8[04](50|82)' trace
	# One that shows the number of the first.
	attack "80CA0045 * instead 4508${cin}9000"
	fails 5 -r vcard:other terminal check phone.yaml --trace lies
	attacked
	[[ $stderr == *"cryptogram"*"unconfirmed"* ]]
	grep -q '^> 8050' lies
	run ! grep -E '^> 8[04]82' lies
	[ "$(keys_in phone.yaml)" -eq 2 ]
	attack
	ok terminal check phone.yaml
}

@test "a PRESENT that was changed moves no time" {
	phone
	ok terminal check phone.yaml
	ok trust-status --keys test --json
	before=$(jq -c '[.time, .records[0]]' <<<"$output")
	for offset in 5 6 20 30 -2; do
		cp -p phone.yaml kept.yaml
		attack "8442 * spoil $offset 01"
		cardadm terminal check phone.yaml --clock +26d --no-renew
		[ "$status" -ne 0 ]
		attacked 1
		attack
		cp -p kept.yaml phone.yaml
	done
	ok trust-status --keys test --json
	[ "$(jq -c '[.time, .records[0]]' <<<"$output")" = "$before" ]
}

# ends HOW N RULES: check with a renewal that is due ends at its N-th command to the card.
ends() {
	attack ".. $2 $1"
	"$CARDADM" terminal check phone.yaml --clock +26d >out 2>err </dev/null || true
}

@test "a renewal that ends before or after any command, twice in a row: card and terminal go on" {
	phone
	ok terminal check phone.yaml --trace trace
	cp sim kept.sim
	cp -p phone.yaml kept.yaml
	# With RENEW, CONFIRM, and SELECT at the end.
	n=$(($(grep -c '^> ' trace) + 2))
	[ "$n" -ge 10 ]
	for how in before after lost; do
		for ((k = n - 6; k <= n; k++)); do
			for again in $((n - 3)) $((n - 2)) $((n - 1)); do
				cp kept.sim sim
				cp -p kept.yaml phone.yaml
				ends $how $k
				attacked 1
				ends $how "$again"
				attack
				ok terminal check phone.yaml --clock +26d
				[ "$(state)" = active ] && [ "$(keys_in phone.yaml)" -eq 2 ]
				[ "$(both_have)" -ge 2 ]
			done
		done
	done
}
