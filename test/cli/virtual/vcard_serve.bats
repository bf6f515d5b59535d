#!/usr/bin/env bats
# slow
# vcard serve: its arguments, its signals, its messages; what it does through pcscd is in pcsc_*.bats.

load ../lib
load ../pcscd

teardown() {
	pcscd_teardown
}

cards() {
	"$CARDADM" keystore init --test-keys keys.yaml
	"$CARDADM" vcard create fleet --count "$1" --keystore keys.yaml
}

@test "what is missing or wrong on the command line is said before anything is opened" {
	cards 2
	fails 2 vcard serve fleet/0001.card
	[[ $stderr == *"--vpcd"* ]]
	fails 2 vcard serve --vpcd localhost:35963
	for address in localhost localhost: :35963 localhost:0 localhost:65536 localhost:http; do
		fails 2 vcard serve fleet/0001.card --vpcd "$address"
		[[ $stderr == *"$address"*"is not"* || $stderr == *"${address#*:}\` is not a port"* ]]
	done
	fails 2 vcard serve fleet/0001.card fleet/0002.card --vpcd localhost:65535
	[[ $stderr == *"2 cards do not fit on the ports from 65535"* ]]
}

@test "files that are no cards, and cards in use" {
	cards 1
	fails 4 vcard serve fleet/0002.card --vpcd 127.0.0.1:9 --wait 0
	echo nothing >bad.card
	fails 3 vcard serve bad.card --vpcd 127.0.0.1:9 --wait 0
	fails 4 vcard serve fleet/0001.card fleet/0001.card --vpcd 127.0.0.1:9 --wait 0
	[[ $stderr == *"in use"* ]]
}

@test "without vpcd it tries for a while, then says what is missing" {
	cards 1
	fails 4 vcard serve fleet/0001.card --vpcd 127.0.0.1:9 --wait 1
	[[ $stderr == *"no vpcd at 127.0.0.1 port 9: Connection refused"* ]]
	[[ $stderr == *"hint: "*"pcscd"*"--wait"* ]]
	[[ $stderr != *ready* ]]
	# The card is free again.
	ok -r vcard:fleet/0001.card info
}

@test "SIGTERM and SIGINT end it with 0, before it is ready too" {
	cards 1
	for signal in TERM INT; do
		# A job in the background of a script ignores SIGINT; what it starts by env does not.
		env --default-signal=INT "$CARDADM" vcard serve fleet/0001.card --vpcd 127.0.0.1:9 --wait 60 \
			>serve.out 2>serve.err 3>&- &
		# shellcheck disable=SC2034 # serve_end uses it
		serve_pid=$!
		wait_for grep -q ":$(stat -c %i fleet/0001.card) " /proc/locks
		serve_end "$signal"
		[ "$serve_status" -eq 0 ]
		[ ! -s serve.out ]
		[ ! -s serve.err ]
		ok -r vcard:fleet/0001.card info
	done
}

no_cards() {
	ok readers
	[[ $output == *"no card"*"no card"* ]]
}

@test "ready is one line, with --quiet too; taken out, the reader is empty" {
	pcscd_start 2
	cards 2
	for quiet in "" -q; do
		# shellcheck disable=SC2086 # none or one word
		serve_start $quiet fleet/0001.card fleet/0002.card
		[ "$(grep -c . serve.err)" -eq 1 ]
		[ "$(cat serve.err)" = ready ]
		ok readers
		[[ ${lines[0]} == *"card 3B8701"* ]]
		serve_end TERM
		[ "$serve_status" -eq 0 ]
		wait_for no_cards
	done
	# Another card in the same reader is another card.
	serve_start fleet/0002.card
	ok -r 1 info --json
	cin=$(jq -r .cin <<<"$output")
	serve_end
	ok vcard show fleet/0002.card --json
	[ "$(jq -r .cin <<<"$output")" = "$cin" ]
}

@test "the host may be a name" {
	pcscd_start 2
	cards 1
	vpcd=localhost:${vpcd#*:}
	serve_start fleet/0001.card
	ok -r 1 info
}

@test "commands do not wait for each other: a thousand in well under their 40 ms" {
	pcscd_start 2
	cards 1
	serve_start fleet/0001.card
	for _ in {1..1000}; do echo 80CAFF7000; done >script
	start=$(date +%s%N)
	scriptor -r "$(reader_name 1)" <script 2>/dev/null >answers
	took=$((($(date +%s%N) - start) / 1000000))
	echo "$took ms"
	[ "$(grep -c '90 00 : Normal' answers)" -eq 1000 ]
	[ "$took" -lt 36000 ]
}
