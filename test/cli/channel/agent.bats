#!/usr/bin/env bats
# The agent of an open channel: where it listens, and where it keeps the session keys.

load ../lib

# Without XDG_RUNTIME_DIR; $short is removed by teardown.
without_runtime_dir() {
	short=$XDG_RUNTIME_DIR
	unset XDG_RUNTIME_DIR
	export XDG_STATE_HOME=$short/state
}

teardown() {
	[ -z "${short-}" ] || XDG_RUNTIME_DIR=$short
	local pid
	for pid in $(agent_pids) $(head -qn 1 "$XDG_RUNTIME_DIR"/state/cardadm/run/*.lock 2>/dev/null); do
		kill "$pid" 2>/dev/null || true
	done
	rm -rf "$XDG_RUNTIME_DIR"
}

@test "without XDG_RUNTIME_DIR agents listen in the state directory" {
	fleet
	r=vcard:fleet/0001.card
	without_runtime_dir
	ok -r $r info
	[ ! -e "$XDG_STATE_HOME/cardadm/run" ]
	ok -r $r -k keys.yaml scp-open
	[ "$(stat -c %a "$XDG_STATE_HOME/cardadm/run")" = 700 ]
	ls "$XDG_STATE_HOME"/cardadm/run/*.sock
	ok -r $r scp-status
	[[ $output == "channel open"* ]]
	ok -r $r scp-close
	[ -z "$(ls "$XDG_STATE_HOME/cardadm/run")" ]
}

@test "XDG_STATE_HOME is taken for it, else the home directory" {
	fleet
	r=vcard:fleet/0001.card
	without_runtime_dir
	unset XDG_STATE_HOME
	mkdir -p "$short/state"
	ln -s "$short/state" "$short/home-state"
	mkdir -p "$short/home/.local"
	ln -s "$short/state" "$short/home/.local/state"
	HOME=$short/home ok -r $r -k keys.yaml scp-open
	ls "$short"/state/cardadm/run/*.sock
	HOME=$short/home ok -r $r scp-close
}

@test "a runtime directory of somebody else stops no verb that needs no agent" {
	[ "$(id -u)" -eq 0 ] || skip "only root can give a directory away"
	fleet
	r=vcard:fleet/0001.card
	mkdir -m 700 "$XDG_RUNTIME_DIR/cardadm"
	chown 65534 "$XDG_RUNTIME_DIR/cardadm"
	ok -r $r info
	ok -r $r scp-status
	[[ $output == "no channel is open"* ]]
	fails 7 -r $r -k keys.yaml scp-open
	[[ $stderr == *"cardadm: not a directory of ours alone"*"hint: "*XDG_RUNTIME_DIR* ]]
	chown 0 "$XDG_RUNTIME_DIR/cardadm"
	chmod 755 "$XDG_RUNTIME_DIR/cardadm"
	# It may hold an agent of ours: looking away is not safe.
	fails 7 -r $r info
	[[ $stderr == *"hint: chmod 700 "* ]]
}

@test "a state directory that cannot be made stops no verb that needs no agent" {
	fleet
	r=vcard:fleet/0001.card
	without_runtime_dir
	XDG_STATE_HOME=/dev/null
	ok -r $r info
	fails 1 -r $r -k keys.yaml scp-open
	[[ $stderr == *"no place for an agent: /dev/null/cardadm"* ]]
}

# Runs cardadm with a limit of locked memory that counts, also for root: limited KIB ARGS...
limited() {
	local kib=$1 drop=()
	shift
	[ "$(id -u)" -ne 0 ] || drop=(setpriv --bounding-set=-ipc_lock --inh-caps=-ipc_lock)
	printf '#!/bin/bash\nulimit -l %s && exec %s %s "$@"\n' "$kib" "${drop[*]}" "$XDG_RUNTIME_DIR/prog" >limited.sh
	chmod +x limited.sh
	CARDADM=$PWD/limited.sh "$@"
}

@test "session keys stand in locked memory only, with a limit as it is usual" {
	[ -z "${SAN:-}" ] || skip "sanitizers lock nothing"
	[ "$(id -u)" -eq 0 ] || skip "only root sees the memory of an agent"
	fleet 1
	r=vcard:fleet/0001.card
	limited 8192 ok -r $r -k keys.yaml -t t.txt scp-open
	count() {
		python3 "$TOP/test/cli/agent_memory.py" "$(agent_pids)" t.txt 404142434445464748494A4B4C4D4E4F
	}
	run -0 count
	[[ $output == "locked "[1-9]*" unlocked 0" ]]
	ok -r $r list
	run -0 count
	[[ $output == "locked "[1-9]*" unlocked 0" ]]
	ok -r $r scp-mode broadcast --bundle app.bundle
	ok -r $r load app.bundle
	run -0 count
	[[ $output == "locked "[1-9]*" unlocked 0" ]]
	ok -r $r scp-mode unicast
	ok -r $r authorize load
	run -0 count
	[[ $output == "locked "[1-9]*" unlocked 0" ]]
	ok -r $r scp-close
}

@test "with too small a limit of locked memory no channel is opened" {
	[ -z "${SAN:-}" ] || skip "sanitizers lock nothing"
	fleet
	r=vcard:fleet/0001.card
	for kib in 64 1100; do
		limited $kib fails 7 -r $r -k keys.yaml scp-open
		[[ $stderr == *"cannot be locked in memory"*"the limit is $kib KiB"*"hint: "*"ulimit -l"*LimitMEMLOCK* ]]
		[ -z "$(agent_pids)" ]
	done
	# What keeps no channel needs none.
	limited 64 ok -r $r list -k keys.yaml --keys test
	# As the man page says it.
	limited 2048 ok -r $r -k keys.yaml scp-open
	ok -r $r scp-mode broadcast --bundle app.bundle
	ok -r $r load app.bundle
	ok -r $r scp-close
}
