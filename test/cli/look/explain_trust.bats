#!/usr/bin/env bats
# explain: what network, card and terminal say to each other about trust, recorded by the verbs.

load ../lib

# recorded: net.trace, phone.trace, and the terminal's file as it was before and after its renewal.
recorded() {
	export CARDADM_READER=vcard:sim CARDADM_KEYSTORE=keys.yaml
	ok keystore init --test-keys keys.yaml
	ok vcard create sim --protocol scp11
	ok terminal create phone.yaml --imei 352099001761481 --throughput 300
	ok trust-init 1 --imei 352099001761481 --key terminal-master --throughput 300 --valid-for 30d \
		--keys test --ticket phone.ticket --trace net.trace
	ok terminal import phone.yaml phone.ticket
	printf 'content' >content
	ok trust-put 1 1 content --keys test --trace net.trace
	cp -p phone.yaml before.yaml
	ok terminal check phone.yaml --clock +26d --trace phone.trace
	ok terminal get phone.yaml 1 --clock +26d --trace get.trace
}

@test "the network's order and what it reads back" {
	recorded
	ok explain net.trace --keys test
	for words in 'BF74 order about trust' '80 operation: 01 (initialize)' '82 algorithm: 01 (aes-128)' \
		'88 period of a renewed key: 00278D00 (2592000 seconds)' '81 IMEI: 333532303939303031373631343831 (352099001761481)' \
		'FF74 trust records' '80 state: 02 (active)' '8E ended by: 00 (none)' '80 operation: 03 (object)'; do
		[[ $output == *"$words"* ]] || {
			echo "not told: $words" >&2
			return 1
		}
	done
	[[ $output != *"MAC wrong"* ]]
	# The object may be a secret.
	run ! grep -qi "$(xxd -p content | tr a-f A-F)" <<<"$output"
}

@test "the terminal's session opens with its file; new keys are hidden" {
	recorded
	ok explain phone.trace --terminal before.yaml
	[[ $stderr == *"key set: before.yaml, record 1, generation 1"* ]]
	for words in 'PRESENT record 1' "9A terminal's time:" '95 result: 01 (trusted, renewal is due)' \
		'RENEW record 1' '84 key: ** (16 octets)' 'CONFIRM record 1' '86 proof of receipt' '95 result: 00 (trusted)'; do
		[[ $output == *"$words"* ]] || {
			echo "not told: $words" >&2
			return 1
		}
	done
	key=$(sed -n 's/.*current:.*key: \([0-9A-F]*\)}.*/\1/p' phone.yaml)
	[ "${#key}" -eq 32 ]
	[[ $output$stderr != *"$key"* ]]
	ok explain phone.trace --terminal before.yaml --json
	jq -e '.verified == true' <<<"$output"
	run ! grep -qi "$key" <<<"$output"
	# What the session with the new key fetched.
	ok explain get.trace --terminal phone.yaml
	[[ $output == *"DF01 object of a party or terminal: ** (7 octets)"* ]]
}

@test "other keys open nothing, and an octet that was changed is found" {
	recorded
	fails 5 explain phone.trace --terminal phone.yaml
	[[ $stderr == *"none of the 1 keys fits"* ]]
	fails 3 explain phone.trace --terminal phone.trace
	awk '/^> 84420001/ { print substr($0, 1, 20) "FF" substr($0, 23); next } { print }' phone.trace >changed
	cmp -s changed phone.trace && { echo "nothing was changed" >&2; return 1; }
	fails 8 explain changed --terminal before.yaml
	[[ $stderr == *"MAC wrong"* ]]
}
