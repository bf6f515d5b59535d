#!/usr/bin/env bats
# slow
# trust-init, trust-status, trust-put, revoke terminal: which terminals a card trusts, from the
# network's side.
load ../lib
load ../tickets

IMEI=352099001761481
# PEM of a terminal's key pair.
KEY=$TOP/test/vectors/rfc9500/ECP256.pem
PUB=$TOP/test/vectors/rfc9500/ECP256.pub.pem

# sim [OPTION...]: keys.yaml, and a card in CARDADM_READER.
sim() {
	export CARDADM_KEYSTORE=keys.yaml CARDADM_READER=vcard:sim.card
	"$CARDADM" keystore init --test-keys keys.yaml
	"$CARDADM" vcard create sim.card --keys test "$@"
}

# status FILTER: what the card shows.
status() {
	"$CARDADM" trust-status --json 2>/dev/null | jq -c "$1"
}

# init FILE [OPTION...]: record 1 for the terminal, as most tests want it.
init() {
	local file=$1
	shift
	[[ " $* " == *" --valid-for "* ]] || set -- --valid-for 30d "$@"
	ok trust-init 1 --imei $IMEI --key terminal-master --ticket "$file" --json "$@"
}

# cmac KEY: of stdin. kdf KEY CONSTANT: the KDF of SCP03 with it, the IMEI as the context.
cmac() {
	openssl mac -macopt "hexkey:$1" -cipher AES-128-CBC -in /dev/stdin CMAC
}

kdf() {
	echo "0000000000000000000000${2}00008001$(printf %s "$IMEI" | xxd -p)" | xxd -r -p | cmac "$1"
}

# sha FILE: of its octets.
sha() {
	sha256sum <"$1"
}

@test "a record is begun, looked at, given an object, revoked, and begun again" {
	sim
	[ "$(status '[.time, .records]')" = '[null,[]]' ]
	init phone.ticket --throughput 300 --window 5d --on-mismatch revoke
	[ "$(jq -c '[.record,.imei,.already,.state,.algorithm,.generation,.ticket,.proven]' <<<"$output")" = \
		"[1,\"$IMEI\",false,\"active\",\"aes-128\",1,\"phone.ticket\",true]" ]
	# Twelve periods, and a window of five days, from one and the same time.
	[ "$(jq '(.horizon | fromdate) - (.expires | fromdate)' <<<"$output")" = $((11 * 30 * 86400)) ]
	[ "$(jq '(.expires | fromdate) - (.renewal_from | fromdate)' <<<"$output")" = $((5 * 86400)) ]
	expires=$(jq '.expires | fromdate' <<<"$output")
	[ $((expires - 30 * 86400 - $(date +%s))) -le 0 ]
	[ "$(ticket phone.ticket 81) $(ticket phone.ticket 82) $(ticket phone.ticket 83)" = '01 01 00000001' ]
	[ "$(ticket phone.ticket 86)" = "$(printf %08X "$expires")" ]
	[ "$(ticket phone.ticket 88)" = 00278D00 ]
	[ "$(ticket phone.ticket 45)" = "$("$CARDADM" info --json | jq -r .cin)" ]
	[ -z "$(ticket phone.ticket 8B)" ]
	[ "$(ticket phone.ticket 9E | wc -c)" = 33 ]
	[ "$(status '.records | map([.record,.state,.algorithm,.generation,(.expires|fromdate),.failures])')" = \
		"[[1,\"active\",\"aes-128\",1,$expires,0]]" ]
	# SHA-256 of the IMEI and the throughput, as the card has them.
	[ "$(status .records[0].characteristics)" = \
		"\"$(echo "810F$(printf %s "$IMEI" | xxd -p)82040000012C" | xxd -r -p | sha256sum | cut -c 1-16 | tr a-f A-F)\"" ]
	ok trust-status
	[[ $output == *"record 1: active, aes-128"*"generation 1, until "*"; horizon "* ]]
	echo content >content.key
	ok trust-put 1 1 content.key --json
	[ "$(jq -c '[.record,.object,.octets,.stored]' <<<"$output")" = '[1,1,8,true]' ]
	ok revoke terminal 1 --yes --json
	[ "$(jq -c '[.record,.revoked,.erased,.already]' <<<"$output")" = '[1,true,false,false]' ]
	[ "$(status '.records[0] | [.state,.ended_by]')" = '["revoked","network"]' ]
	ok revoke terminal 1 --yes --json
	[ "$(jq .already <<<"$output")" = true ]
	ok revoke terminal 1 --yes --erase --json
	[ "$(jq -c '[.erased,.already]' <<<"$output")" = '[true,false]' ]
	ok revoke terminal 5 --yes --json
	[ "$(jq .already <<<"$output")" = true ]
	[[ $stderr == *"the card has no record 5"* ]]
	init again.ticket
	[ "$(status '.records[0] | [.state,.generation,.ended_by]')" = '["active",2,null]' ]
}

@test "an IMEI with a wrong digit: nothing is sent, nothing is written" {
	sim
	before=$(sha sim.card)
	for imei in 352099001761482 35209900176148x; do
		fails 3 trust-init 1 --imei $imei --key terminal-master --valid-for 30d --ticket t --trace trace
		[[ $stderr == *"--imei: not 15 digits of which the last is right"* ]]
	done
	fails 2 trust-init 1 --imei 35209900176148 --key terminal-master --valid-for 30d --ticket t
	[ ! -s trace ] && [ ! -e t ] && [ "$(sha sim.card)" = "$before" ]
}

@test "what does not go together is refused before the card" {
	sim
	before=$(sha sim.card)
	base=(trust-init 1 --imei "$IMEI" --ticket t --trace trace)
	fails 2 "${base[@]}" --valid-for 30d
	[[ $stderr == *"one of --key, --public and --open"* ]]
	fails 2 "${base[@]}" --valid-for 30d --key terminal-master --open
	fails 2 "${base[@]}" --key terminal-master
	[[ $stderr == *"--valid-for"* ]]
	fails 2 "${base[@]}" --valid-for 30 --key terminal-master
	[[ $stderr == *"is not a time: 30d, 12h"* ]]
	fails 2 "${base[@]}" --valid-for 30d --window 30d --key terminal-master
	[[ $stderr == *"--window must be shorter than --valid-for"* ]]
	fails 2 "${base[@]}" --valid-for 30d --horizon +29d --key terminal-master
	fails 2 "${base[@]}" --valid-for 30d --horizon 2020-01-01 --key terminal-master
	[[ $stderr == *"--horizon lies before the first key expires"* ]]
	fails 2 "${base[@]}" --valid-for 30d --public "$PUB" --algorithm aes-128
	fails 2 "${base[@]}" --valid-for 30d --key terminal-master --algorithm p-256
	[[ $stderr == *"needs the terminal's public key"* ]]
	fails 2 trust-init 8 --imei $IMEI --key terminal-master --valid-for 30d --ticket t
	fails 5 "${base[@]}" --valid-for 30d --key nobody
	fails 5 "${base[@]}" --valid-for 30d --key test # of another type
	fails 3 "${base[@]}" --valid-for 30d --public "$KEY"
	[[ $stderr == *"a private key, which is the terminal's alone"* ]]
	fails 3 "${base[@]}" --valid-for 30d --public keys.yaml
	fails 3 "${base[@]}" --valid-for 30d --public nobody.pem
	head -c 401 /dev/zero >long
	fails 3 trust-put 1 1 long
	: >empty
	fails 3 trust-put 1 1 empty
	fails 2 trust-put 1 16 keys.yaml
	[ ! -s trace ] && [ ! -e t ] && [ "$(sha sim.card)" = "$before" ]
	fails 6 trust-put 1 1 "$PUB"
	[[ $stderr == *"the card has no record 1"*"trust-init begins one"* ]]
}

@test "only channels of SCP03 and SCP11 at level 33" {
	sim
	before=$(sha sim.card)
	for verb in "trust-init 1 --imei $IMEI --key terminal-master --valid-for 30d --ticket t" trust-status \
		"trust-put 1 1 keys.yaml" "revoke terminal 1 --yes"; do
		# shellcheck disable=SC2086 # words
		fails 7 $verb --level 13 --trace trace
		[[ $stderr == *"--level: trust records need level 33"* ]]
		# shellcheck disable=SC2086
		fails 7 $verb --protocol scp02
	done
	echo "  old: {type: scp02, version: 01, diversification: none, test: true, master: {hex: 404142434445464748494A4B4C4D4E4F}}" >>keys.yaml
	fails 7 trust-status --keys old
	[[ $stderr == *"\`old\` is for SCP02"* ]]
	[ ! -s trace ] && [ "$(sha sim.card)" = "$before" ]
	ok scp-open --keys test --level 13
	fails 7 trust-status
	ok scp-close
	"$CARDADM" vcard create old.card --keys test --product jcop4
	CARDADM_READER=vcard:old.card cardadm trust-status
	[ "$status" -ne 0 ]
}

@test "with a channel open, the orders go through it" {
	sim
	ok scp-open --keys test
	init phone.ticket
	[ "$(status '.records | length')" = 1 ]
	ok revoke terminal 1 --yes
	ok scp-close
}

@test "more than a year: a period, the clock of the card" {
	sim
	fails 7 trust-init 1 --imei $IMEI --key terminal-master --valid-for 400d --ticket t
	[[ $stderr == *"--yes does it"* ]]
	[ ! -e t ] && [ "$(status .records)" = '[]' ]
	init t --valid-for 400d --yes
	ok scp-open --keys test
	# Orders BF74, time: far ahead.
	ok apdu 80E290000CBF74098001049A04F0000000
	ok scp-close
	fails 7 trust-init 2 --imei $IMEI --key terminal-master --valid-for 30d --ticket u
	[ ! -e u ]
	ok trust-init 2 --imei $IMEI --key terminal-master --valid-for 30d --ticket u --yes --json
	# By the card's clock, or the key would have expired already.
	[ "$(jq '.expires | fromdate' <<<"$output")" = $((0xF0000000 + 30 * 86400)) ]
}

@test "a ticket that is there is not written over" {
	sim
	echo mine >mine
	fails 7 trust-init 1 --imei $IMEI --key terminal-master --valid-for 30d --ticket mine
	[[ $stderr == *"mine is there already, and is no ticket"* ]]
	[ "$(cat mine)" = mine ]
	init phone.ticket
	before=$(sha phone.ticket)
	# The same once more: it is so.
	init phone.ticket
	[ "$(jq .already <<<"$output")" = true ]
	[[ $stderr == *"the card has the record of phone.ticket: active, generation 1"* ]]
	# Another record, another terminal, another card, other characteristics.
	fails 7 trust-init 2 --imei $IMEI --key terminal-master --valid-for 30d --ticket phone.ticket
	fails 7 trust-init 1 --imei 490154203237518 --key terminal-master --valid-for 30d --ticket phone.ticket
	[[ $stderr == *"phone.ticket is there already, the ticket of another card, record or terminal"* ]]
	fails 7 trust-init 1 --imei $IMEI --key terminal-master --valid-for 30d --throughput 1 --ticket phone.ticket
	[[ $stderr == *"the record that it is for is another by now"* ]]
	"$CARDADM" vcard create fleet --count 1 --first 2 --keys test
	fails 7 -r vcard:fleet/0002.card trust-init 1 --imei $IMEI --key terminal-master --valid-for 30d --ticket phone.ticket
	ok revoke terminal 1 --yes
	fails 7 trust-init 1 --imei $IMEI --key terminal-master --valid-for 30d --ticket phone.ticket
	[ "$(sha phone.ticket)" = "$before" ]
	# Another terminal in the place of one: that is asked.
	init second.ticket
	fails 7 trust-init 1 --imei 490154203237518 --key terminal-master --valid-for 30d --ticket third.ticket
	[ ! -e third.ticket ]
	ok trust-init 1 --imei 490154203237518 --key terminal-master --valid-for 30d --ticket third.ticket --yes
	[ "$(status '.records[0].generation')" = 3 ]
}

@test "one that is killed anywhere is made by the same command again, once" {
	sim
	cp sim.card kept.card
	args=(trust-init 1 --imei "$IMEI" --key terminal-master --valid-for 30d --ticket phone.ticket --json)
	for k in $(seq 5 14); do
		cp kept.card sim.card
		rm -rf "$XDG_STATE_HOME" phone.ticket
		killed "$k" "${args[@]}"
		cardadm "${args[@]}"
		if [ "$status" -eq 7 ] && [[ $stderr == *"is not known"* ]]; then
			cardadm "${args[@]}" --retry-authentication
		fi
		[ "$status" -eq 0 ]
		[ "$(status '.records | map([.record,.state,.generation])')" = '[[1,"active",1]]' ]
		[ "$(ticket phone.ticket 83)" = 00000001 ]
		[ "$(ticket phone.ticket 86)" = "$(printf %08X "$(status '.records[0].expires|fromdate')")" ]
	done
}

@test "no ticket, no order" {
	sim
	fails 1 trust-init 1 --imei $IMEI --key terminal-master --valid-for 30d --ticket nowhere/t
	[[ $stderr == *"nowhere/t"* ]]
	[ "$(status .records)" = '[]' ]
}

@test "algorithms: AES-256, a public key, an open record" {
	sim --protocol scp11
	init a --algorithm aes-256
	[ "$(status .records[0].algorithm)" = '"aes-256"' ]
	ok trust-init 2 --imei $IMEI --public "$PUB" --valid-for 30d --ticket b --json
	[ "$(jq -c '[.algorithm,.state]' <<<"$output")" = '["p-256","active"]' ]
	ok trust-init 3 --imei $IMEI --open --valid-for 12h --ticket c --json
	[ "$(jq -c '[.algorithm,.state]' <<<"$output")" = '["aes-128","open"]' ]
	[ "$(status '.records | map(.state)')" = '["active","active","open"]' ]
	ok trust-status
	[[ $output == *"record 3: open"*"waiting until"* ]]
	# By which key the terminal knows the card, and no proof without a key of its own.
	[ -z "$(ticket b 9E)$(ticket c 9E)$(ticket a 8B)" ]
	[ "$(ticket b 8B | wc -c) $(ticket c 8B | wc -c)" = '65 65' ]
	[ "$(ticket b 8B)" != "$(ticket c 8B)" ]
	# The same again.
	ok trust-init 3 --imei $IMEI --open --valid-for 12h --ticket c --json
	[ "$(jq .already <<<"$output")" = true ]
	# A card that has no such key.
	"$CARDADM" vcard create plain.card --keys test
	fails 5 -r vcard:plain.card trust-init 1 --imei $IMEI --open --valid-for 12h --ticket d
	[[ $stderr == *"the card has no key 13"* ]]
	[ ! -e d ]
}

@test "through SCP11 as well: the key goes under that session's key" {
	sim --protocol scp11
	ok trust-init 1 --imei $IMEI --key terminal-master --valid-for 30d --ticket t --protocol scp11a
	[ "$(status '.records | length')" = 1 ]
}

@test "a plan shows what would go out, and nothing happens" {
	sim
	before=$(sha sim.card)
	ok trust-init 1 --imei $IMEI --key terminal-master --valid-for 30d --ticket t --dry-run
	[[ $output == *"80CAFF7400"*"80E29000"*"BF74"* ]]
	[[ $stderr == *"the generation, which only the card tells, and the key are shown as zeros"* ]]
	ok revoke terminal 1 --dry-run
	[[ $output == *"80E290000CBF74098001028101018D0100"* ]]
	ok trust-put 1 2 "$PUB" --dry-run
	[ ! -e t ] && [ "$(sha sim.card)" = "$before" ]
}

@test "no secret is in what is written or shown" {
	sim
	master=000102030405060708090A0B0C0D0E0F
	echo "  models: {type: terminal-master, version: 01, test: true, value: {hex: $master}}" >>keys.yaml
	ok trust-init 1 --imei $IMEI --key models --valid-for 30d --ticket t --json --trace trace -v
	echo "$output$stderr" >said
	sed '/^-/d' t | base64 -d | xxd -p -c 1000 >ticket
	# KT = KDF(KM, CA, IMEI), KB = KDF(KT, CB, IMEI), as the page of the method has them.
	kt=$(kdf $master CA) kb=$(kdf "$kt" CB)
	for secret in $master "$kt" "$kb"; do
		run ! grep -qi "$secret" said ticket trace
	done
	# 9E proves what stands before it.
	[ "$(ticket t 9E)" = "$(head -c $(($(wc -c <ticket) - 1 - 36)) ticket | cut -c 7- | xxd -r -p | cmac "$kb")" ]
	fails 2 trust-init 1 --imei $IMEI --key terminal-master --valid-for 30d --public $master
	run ! grep -qi $master <<<"$stderr"
}
