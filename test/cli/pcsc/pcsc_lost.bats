#!/usr/bin/env bats
# slow: waits for cards and readers to go
# Cards and readers that come late, go, stall or come back, through a pcscd of our own.

load ../lib
load ../pcscd

teardown() {
	pcscd_teardown
}

# open_channel CARDS...: pcscd, the cards in its readers, a channel to the first.
open_channel() {
	serve_start "$@"
	r=$(reader_name 1)
	ok -r "$r" -k keys.yaml scp-open
}

@test "--wait: the card comes, none comes, an interrupt ends it" {
	pcscd_start 2
	fleet
	"$CARDADM" -r 1 --wait 60 info --json >got 2>said 3>&- &
	waiting=$!
	wait_for grep -q "^cardadm: $(reader_name 1): no card in the reader; waiting 60 s at most" said
	serve_start fleet/0001.card
	wait "$waiting"
	[ "$(jq -r .reader got)" = "$(reader_name 1)" ]
	# It is there: nothing to wait for, nothing to say.
	ok -r 1 --wait 20 info
	[ -z "$stderr" ]
	fails 4 -r 2 --wait 1 info
	[[ $stderr == *"$(reader_name 2): no card in the reader"* ]]
	fails 4 -r 3 --wait 1 -k keys.yaml scp-open
	[[ $stderr == *"no reader is called"* ]]
	"$CARDADM" -r 2 --wait 60 info 2>said 3>&- &
	waiting=$!
	wait_for grep -q waiting said
	kill -INT "$waiting"
	rc=0
	wait "$waiting" || rc=$?
	[ "$rc" -eq 130 ]
	fails 2 -r 1 --wait 0 info
}

@test "--wait: until pcscd is there, and over a restart of it" {
	pcscd_start 2
	fleet
	serve_start fleet/0001.card
	pcscd_end KILL
	rm "$PCSCLITE_CSOCK_NAME"
	"$CARDADM" -r 1 --wait 60 info >got 2>said 3>&- &
	waiting=$!
	wait_for grep -q 'pcscd does not run.*waiting' said
	pcscd_launch "$XDG_RUNTIME_DIR/pcscd"
	wait "$waiting"
	grep -q "$(reader_name 1)" got
}

@test "the card is pulled while nobody uses it: the agent ends, the next verbs say so" {
	pcscd_start 2
	fleet 1 20000
	open_channel fleet/0001.card
	ok -r "$r" scp-mode broadcast --bundle app.bundle
	serve_end
	wait_for agents_gone
	ok -r 1 scp-status
	[ "${lines[0]}" = "no channel is open to 1" ]
	[[ ${lines[1]} == "the channel to card "*" ended: $r: the card was removed; the card took 0 of "*" commands of app.bundle and runs what it ran" ]]
	ok -r 1 scp-status --json
	[ "$(jq -r .ended.reason <<<"$output")" = "$r: the card was removed" ]
	# What was meant for the channel fails with it once, and goes nowhere.
	serve_start fleet/0001.card
	fails 4 -t none.trace -r "$r" apdu 80CA006600
	[[ $stderr == *"the channel to card"*"the card was removed"*"hint: scp-open, then scp-mode broadcast --bundle app.bundle goes on"* ]]
	[ ! -e none.trace ]
	fails 7 -r "$r" load app.bundle
	[[ $stderr == *"the card was removed"* ]]
	main_job "$r"
	runs_image 1
	ok -r "$r" scp-status
	[ "$output" = "no channel is open to $r" ]
}

@test "the card is pulled and put in again: it is not the card with the channel" {
	pcscd_start 2
	fleet 2
	open_channel fleet/0001.card
	serve_end
	serve_start fleet/0002.card
	fails 4 -r "$r" apdu 80CA006600
	[[ $stderr == *"the card was removed"* ]]
	ok -r "$r" apdu 80CA006600
	# Looking at the card is not held up, and remarks it.
	ok -r "$r" -k keys.yaml scp-open
	serve_end
	serve_start fleet/0001.card
	wait_for agents_gone
	ok -r "$r" info
	[[ $stderr == *"the channel to card"*"the card was removed"* ]]
	ok -r "$r" scp-close
	[[ $stderr == *"the card was removed"* ]]
	ok -r "$r" scp-status
	[ "$output" = "no channel is open to $r" ]
}

@test "a channel is opened on the next card as soon as it is in" {
	pcscd_start 2
	fleet 2
	open_channel fleet/0001.card
	first=$output
	serve_end
	serve_start fleet/0002.card
	ok -r "$r" -k keys.yaml scp-open
	[ "$output" != "$first" ]
	fails 4 -r "$r" -k keys.yaml scp-open
	[[ $stderr == *"a channel is open already"* ]]
	ok -r "$r" scp-close
}

wakes() { # how often the agent has gone to sleep so far
	cat "/proc/$(agent_pids)/task/"*/status | awk '/^voluntary/ { n += $2 } END { print n }'
}

woken() { # COUNT: since $begun
	[ "$(wakes)" -ge $((begun + $1)) ]
}

@test "an idle channel is not disturbed by being looked after" {
	pcscd_start 2
	fleet
	open_channel fleet/0001.card
	begun=$(wakes)
	wait_for woken 3
	ok -r 1 apdu 80CA006600
	ok -r 1 scp-close
}

@test "pcscd is restarted: the agent ends; a reader that is gone is still known by its name" {
	pcscd_start 4
	fleet
	open_channel fleet/0001.card
	pcscd_end KILL
	wait_for agents_gone
	rm "$PCSCLITE_CSOCK_NAME"
	sed -i 1,5d "$XDG_RUNTIME_DIR/pcscd/conf/readers"
	pcscd_launch "$XDG_RUNTIME_DIR/pcscd"
	ok readers
	[[ $output != *"$r"* ]]
	for name in "$r" "bench 01 00 00"; do
		ok -r "$name" scp-status
		[[ $output == *"ended: $r: pcscd does not run, or was restarted"* ]]
	done
	# Its number now means another one.
	fails 4 -r 3 scp-status
	fails 4 -r "$r" apdu 80CA006600
	[[ $stderr == *"pcscd does not run, or was restarted"* ]]
	fails 4 -r "$r" apdu 80CA006600
	[[ $stderr == *"no reader is called"* ]]
	ok -r "$r" scp-close
	fails 4 -r "$r" scp-status
}

@test "a card that stalls: each command has its time, and no more" {
	pcscd_start 2
	fleet 2
	serve_start fleet/0001.card
	first=$serve_pid
	ok -r 1 apdu 80CA006600
	kill -STOP "$first"
	begun=$SECONDS
	fails 4 -r 1 --timeout 1 apdu 80CA006600
	[[ $stderr == *"$(reader_name 1): no answer within 1.0 s"*"hint: --timeout"* ]]
	[ $((SECONDS - begun)) -lt 8 ]
	kill -CONT "$first"
}
