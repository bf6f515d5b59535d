#!/usr/bin/env bats
# slow: check-quick has others of its kind
# How a channel ends and what it leaves: closed, idle, killed, the card gone.

load ../lib

@test "a dead agent's leftovers are cleaned up" {
	fleet
	r=vcard:fleet/0001.card
	ok -r $r -k keys.yaml scp-open
	end_agent KILL
	ls "$XDG_RUNTIME_DIR"/cardadm/*.sock
	ok -r $r scp-status
	[[ $output == "no channel is open"* ]]
	[ -z "$(ls "$XDG_RUNTIME_DIR"/cardadm)" ]
	ok -r $r -k keys.yaml scp-open
	ok -r $r scp-close
	[ -z "$(ls "$XDG_RUNTIME_DIR"/cardadm)" ]
}

@test "looking for a channel leaves nothing behind, nor does one that could not be opened" {
	fleet 2
	for card in 0001 0002; do
		ok -r vcard:fleet/$card.card info
		ok -r vcard:fleet/$card.card scp-status
	done
	fails 5 -r vcard:fleet/0001.card -k keys.yaml scp-open --key-version 31
	[ -z "$(ls "$XDG_RUNTIME_DIR"/cardadm)" ]
}

@test "many opened and closed at once: one channel, and no error but that it is open or closed" {
	fleet
	r=vcard:fleet/0001.card
	for i in 1 2 3 4 5 6; do
		(
			for _ in 1 2 3 4 5; do
				"$CARDADM" -q -r $r -k keys.yaml scp-open
				"$CARDADM" -q -r $r scp-close
			done >out.$i 2>err.$i || true
		) &
	done
	wait
	run ! grep -vhE 'hint: |open already|in use|cannot be reached|ended before it answered' err.*
	ok -r $r scp-close
	ok -r $r -k keys.yaml scp-open
	ok -r $r scp-close
	[ -z "$(ls "$XDG_RUNTIME_DIR"/cardadm)" ]
}

@test "SIGTERM ends the agent and frees the card" {
	fleet
	r=vcard:fleet/0001.card
	ok -r $r -k keys.yaml scp-open
	end_agent TERM
	[ -z "$(ls "$XDG_RUNTIME_DIR"/cardadm/*.sock 2>/dev/null)" ]
	ok -r $r info
}

@test "the idle limit ends the agent" {
	fleet
	r=vcard:fleet/0001.card
	ok -r $r -k keys.yaml scp-open --idle 1
	wait_for agents_gone
	ok -r $r scp-status
	[[ $output == "no channel is open"* ]]
}

@test "loss of the card ends the agent and says so" {
	"$CARDADM" keystore init --test-keys keys.yaml
	"$CARDADM" vcard create one.card --fault removed:12 --keystore keys.yaml
	r=vcard:one.card
	ok -r $r -k keys.yaml scp-open
	cardadm -r $r apdu 80CA006600 80CA006600 80CA006600 80CA006600 80CA006600 80CA006600 80CA006600 80CA006600
	[ "$status" -eq 4 ]
	[[ $stderr == *"removed, or lost its power"* ]]
	ok -r $r scp-status
	[[ $output == "no channel is open"* ]]
}

@test "a card whose file is removed is a card that is gone" {
	fleet
	r=vcard:fleet/0001.card
	ok -r $r -k keys.yaml scp-open
	rm fleet/0001.card
	wait_for agents_gone
	ok -r $r scp-status
	[[ ${lines[0]} == "no channel is open to $r" ]]
	[[ ${lines[1]} == "the channel to card "*" ended: the card was removed: its file is gone" ]]
	fails 4 -r $r apdu 80CA006600
	[[ $stderr == *"the channel to card"*"its file is gone"*"hint: scp-open"* ]]
	fails 4 -r $r apdu 80CA006600
	[[ $stderr == *"$r: No such file"*"hint: vcard create"* ]]
	# Another one in its place is another card.
	"$CARDADM" vcard create fleet/0001.card --keystore keys.yaml
	ok -r $r -k keys.yaml scp-open
	ok -r $r scp-status
	[[ $output == "channel open"* ]]
	ok -r $r scp-close
	ok -r $r scp-status
	[ "$output" = "no channel is open to $r" ]
}

@test "how a channel ended is told: idle, the card's own doing, the agent killed politely" {
	fleet
	r=vcard:fleet/0001.card
	ok -r $r -k keys.yaml scp-open --idle 1
	wait_for agents_gone
	ok -r $r scp-status --json
	[ "$(jq -r .ended.reason <<<"$output")" = "no verb used it for 1 s" ]
	fails 7 -r $r load app.bundle
	[[ $stderr == *"no verb used it for 1 s"*"hint: scp-open"* ]]
	# Nothing was lost in the middle: what needs no channel works.
	ok -r $r apdu 80CA006600
	ok -r $r -k keys.yaml scp-open
	end_agent TERM
	ok -r $r scp-status
	[[ $output == *"told to end"* ]]
	"$CARDADM" vcard create even.card --keystore keys.yaml
	ok -t t.txt -r vcard:even.card -k keys.yaml scp-open
	"$CARDADM" vcard create odd.card --fault tamper:$(($(grep -c '^> ' t.txt) + 2)) --keystore keys.yaml
	r=vcard:odd.card
	ok -r $r -k keys.yaml scp-open
	fails 6 -r $r apdu 80CA006600 80CA006600
	[[ $stderr == *6982*"hint: "*scp-open* ]]
	ok -r $r scp-status
	[[ $output == *"ended: command "?": 6982 "* ]]
	fails 7 -r $r load app.bundle
	ok -r $r apdu 80CA006600
}
