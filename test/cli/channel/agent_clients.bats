#!/usr/bin/env bats
# slow: clients that the agent waits for until their time is over.
# The agent of an open channel and clients that mean no good.

load ../lib

client() { # client HOW [N]: agent_client.py with the only agent
	python3 "$TOP/test/cli/agent_client.py" "$XDG_RUNTIME_DIR/cardadm/*.sock" "$@"
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
		[ "$(tail -n 1 ready)" = ready ] # not when the time of the last one was over
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

@test "what tells an agent to end stops the verb that runs at a safe point" {
	# Long enough that it is not over before somebody looks.
	fleet 1 3000000
	r=vcard:fleet/0001.card
	for signal in TERM HUP INT; do
		ok -r $r -k keys.yaml scp-open
		agent=$(agent_pids)
		ok -r $r scp-mode broadcast --bundle app.bundle
		rm -f wire
		"$CARDADM" -r $r --trace wire load app.bundle >out 2>err &
		loading=$!
		stop_when "$agent" test -s wire
		kill "-$signal" "$agent"
		kill -CONT "$agent"
		rc=0
		wait $loading || rc=$?
		[ "$rc" -eq 130 ]
		grep -q 'stopped after block' err
		! grep -q 'CAP file' err || return 1
		wait_for gone "$agent"
	done
}

@test "a client that takes no results does not keep an agent that is told to end" {
	fleet 1 100000
	r=vcard:fleet/0001.card
	ok -r $r -k keys.yaml scp-open
	agent=$(agent_pids)
	ok -r $r scp-mode broadcast --bundle app.bundle
	before=$(fds "$agent")
	mkfifo out
	exec 7<>out
	"$CARDADM" -r $r load app.bundle --dry-run >out 2>err 7>&- &
	showing=$!
	wait_for more_fds "$agent" "$before"
	end_agent TERM
	rc=0
	wait $showing || rc=$?
	[ "$rc" -eq 130 ]
	exec 7>&-
	ok -r $r scp-status
	[[ $output == *"its agent was told to end"* ]]
}

more_fds() { # more_fds PID N: it serves somebody
	[ "$(fds "$1")" -gt $(($2 + 1)) ]
}

@test "a request that trickles in does not keep the channel open" {
	# It is there before the agent is, whose second may be over soon.
	client trickle >ready &
	wait_for grep -q waiting ready
	open_one --idle 1
	wait $!
	grep -q ready ready
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
