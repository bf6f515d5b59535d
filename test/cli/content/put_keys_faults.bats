#!/usr/bin/env bats
# slow: many runs
# put-keys broken off at every command, in every way: a key set always opens a channel afterwards,
# no try is spent, and the same command line comes to the goal.

load ../lib

prepare() {
	"$CARDADM" -q keystore init --test-keys keys.yaml
	cp keys.yaml old.yaml
	cat >>keys.yaml <<'YAML'
  next:
    type: scp03
    version: 31
    test: true
    diversification: kdf3
    master: {hex: 505152535455565758595A5B5C5D5E5F}
YAML
	export CARDADM_READER=vcard:c.card CARDADM_KEYSTORE=keys.yaml
}

new_card() { # new_card FAULT
	rm -rf c.card "$XDG_STATE_HOME"
	"$CARDADM" -q vcard create c.card -k old.yaml --fault "$1" >/dev/null
}

sets() {
	"$CARDADM" -q keys --json | jq -r '[.keys[].version] | unique | join(" ")'
}

# What went out when the answer was lost may have been an authentication: the operator insists.
opens() { # opens NAME VERSION
	"$CARDADM" -q scp-open --keys "$1" --key-version "$2" --retry-authentication >/dev/null 2>&1 && "$CARDADM" -q scp-close
}

# sweep FAULT SETS VERSION ARGS...: every n, until it comes too late; SETS and VERSION: what is to
# be there in the end.
sweep() {
	local fault=$1 want=$2 version=$3 n
	shift 3
	for ((n = 1; n <= 60; n++)); do
		new_card "$fault:$n"
		cardadm -q put-keys next --keys test "$@" --yes
		if ! "$CARDADM" vcard show c.card --json | jq -e .fault.happened >/dev/null; then
			[ "$status" -eq 0 ] && [ "$n" -gt "$least" ]
			return
		fi
		[[ " 0 4 7 " == *" $status "* ]] || {
			echo "$fault:$n: status $status: $stderr" >&2
			return 1
		}
		opens test 30 || opens next "$version" || { echo "$fault:$n: nothing opens" >&2; return 1; }
		ok -q put-keys next --keys test "$@" --yes --retry-authentication
		[ "$(sets)" = "$want" ]
		opens next "$version"
		[ "$("$CARDADM" vcard show c.card --json | jq '[.keys[].tries_left] | min')" -eq 10 ]
	done
	return 1
}

@test "rotate" {
	prepare
	least=15 sweep silent 31 31 --rotate 30
	least=15 sweep removed 31 31 --rotate 30
	least=3 sweep power-cut 31 31 --rotate 30
}

@test "replace in place" {
	prepare
	least=13 sweep silent 30 30 --as 30 --replace 30
	least=13 sweep removed 30 30 --as 30 --replace 30
	least=2 sweep power-cut 30 30 --as 30 --replace 30
}

@test "add" {
	prepare
	least=8 sweep silent "30 31" 31
	least=8 sweep removed "30 31" 31
	least=1 sweep power-cut "30 31" 31
}

@test "in an open channel: rotate" {
	local n
	prepare
	for ((n = 9; n <= 40; n++)); do
		new_card "silent:$n"
		cardadm -q scp-open --keys test
		[ "$status" -ne 0 ] || cardadm -q put-keys next --rotate 30 --yes
		"$CARDADM" -q scp-close 2>/dev/null || true
		opens test 30 || opens next 31
		ok -q put-keys next --keys test --rotate 30 --yes
		[ "$(sets)" = 31 ]
		"$CARDADM" vcard show c.card --json | jq -e .fault.happened >/dev/null || break
	done
	[ "$n" -gt 15 ] && [ "$n" -lt 40 ]
}

@test "a lost answer is found out in the same run" {
	local n found=0
	prepare
	for ((n = 9; n <= 30; n++)); do
		new_card "silent:$n"
		cardadm -q put-keys next --keys test --rotate 30 --yes
		[[ $output != *"an answer was lost"* ]] || found=$((found + 1))
	done
	# The one to PUT KEY and the one to DELETE.
	[ "$found" -eq 2 ]
}

@test "a set that the card refused before is not tried after a lost answer" {
	local n
	prepare
	for ((n = 9; n <= 30; n++)); do
		new_card "silent:$n"
		cardadm -q put-keys next --keys test --rotate 30 --yes
		[[ $output != *"an answer was lost"* ]] || break
	done
	"$CARDADM" -q vcard create other.card -k old.yaml >/dev/null
	"$CARDADM" -q -r vcard:other.card scp-open --keys test >/dev/null # makes the record
	"$CARDADM" -q -r vcard:other.card scp-close
	command -v sqlite3 >/dev/null || skip "no sqlite3"
	rm c.card
	"$CARDADM" -q vcard create c.card -k old.yaml --fault "silent:$n" >/dev/null
	sqlite3 "$(find "$XDG_STATE_HOME" -name authentications.db)" \
		"INSERT INTO refused(card, key_set, at) VALUES('$("$CARDADM" vcard show c.card --json | jq -r .cin)', '31', 0)"
	fails 7 -q put-keys next --keys test --rotate 30 --yes
	[[ $stderr == *"refused key set 31 before, or somebody on the line did: not tried again"* ]]
}
