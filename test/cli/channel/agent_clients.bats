#!/usr/bin/env bats
# slow: clients that the agent waits for until their time is over.
# The agent of an open channel and clients that mean no good.

load ../lib

client() { # client HOW [N]: agent_client.py with the only agent
	python3 "$TOP/test/cli/agent_client.py" "$(echo "$XDG_RUNTIME_DIR"/cardadm/*.sock)" "$@"
}

open_one() {
	fleet
	r=vcard:fleet/0001.card
	ok -r $r -k keys.yaml scp-open "$@"
	agent=$(agent_pids)
}

fds() { # fds PID: how many it has
	find "/proc/$1/fd" -type l | wc -l
}

@test "bad requests leave no descriptors behind" {
	open_one
	before=$(fds "$agent")
	client leak 300
	ok -r $r scp-status
	[[ $output == "channel open"* ]]
	[ "$(fds "$agent")" -eq "$before" ]
}

@test "silent clients hold up nobody, not even more of them than are heard at once" {
	open_one
	for n in 18 100; do
		client silent $n >ready &
		silent=$!
		wait_for grep -q ready ready
		ok -r $r apdu 80CA006600
		[ "$(cat ready)" = ready ] # not when the time of the last one was over
		wait $silent
	done
	ok -r $r scp-close
}

@test "SIGTERM ends an agent at once, whoever is half way through a request" {
	open_one
	client silent 3 >ready &
	client trickle >ready2 &
	wait_for grep -q ready ready
	wait_for grep -q ready ready2
	begun=$(date +%s%N)
	end_agent TERM
	[ $((($(date +%s%N) - begun) / 1000000)) -lt 4000 ]
	wait
	ok -r $r scp-status
	[[ $output == *"its agent was told to end"* ]]
}

@test "a request that trickles in does not keep the channel open" {
	open_one --idle 1
	client trickle >ready
	wait_for gone "$agent"
	ok -r $r scp-status
	[[ $output == *"no verb used it for 1 s"* ]]
}

@test "a request as a whole has a deadline" {
	open_one
	begun=$(date +%s)
	client trickle >ready
	[ $(($(date +%s) - begun)) -lt 60 ]
	ok -r $r scp-status
	[[ $output == "channel open"* ]]
	ok -r $r scp-close
}
