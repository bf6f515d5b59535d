#!/usr/bin/env bats
# slow: hundreds of runs
# Calls that fail, one after the other, in the verbs that change keys and domains: test/fault/fault.c.
# Each ends with a documented status and a message, without harm to memory; the card never is without
# keys, and the next run comes to the goal.

load ../lib
load ../fault

SD=A00000015100000001

prepare() {
	"$CARDADM" -q keystore init --test-keys keys.yaml
	"$CARDADM" -q vcard create c.card -k keys.yaml >/dev/null
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

# again VERB...: the next run; what looked like a refused authentication, because the card's side
# failed, is repeated only when told so.
again() {
	"$CARDADM" -q "$@" >next.out 2>&1 || "$CARDADM" -q "$@" --retry-authentication >next.out 2>&1 || {
		cat next.out >&2
		return 1
	}
}

key_sets() {
	"$CARDADM" -q keys --json "$@" | jq -r '[.keys[].version] | unique | join(" ")'
}

opens() { # opens NAME
	again list --keys "$1"
}

rotated() {
	[ "$("$CARDADM" vcard show c.card --json | jq '[.keys[].tries_left] | min')" -ge 9 ] || return
	opens test || opens next || return
	again put-keys next --keys test --rotate 30 --yes || return
	[ "$(key_sets)" = 31 ]
}

@test "put-keys: add" {
	setup_faulty
	prepare
	sweep added -q put-keys next --keys test
}

added() {
	opens test && again put-keys next --keys test && [ "$(key_sets)" = "30 31" ] && opens next
}

@test "put-keys: rotate" {
	setup_faulty
	prepare
	FAULT_POINTS=${FAULT_POINTS:-80} sweep rotated -q put-keys next --keys test --rotate 30 --yes
}

@test "delete-keys" {
	setup_faulty
	prepare
	"$CARDADM" -q put-keys next --keys test
	sweep deleted -q delete-keys 31 --keys test --yes
}

deleted() {
	opens test && again delete-keys 31 --keys test --yes && [ "$(key_sets)" = 30 ]
}

@test "store-data" {
	setup_faulty
	prepare
	echo '0070 06 45 04 01020304' >cin.dgi
	sweep stored -q store-data cin.dgi --encrypted --keys test --dry-run
	sweep stored -q store-data cin.dgi --keys test
}

stored() {
	again store-data cin.dgi --keys test && [ "$("$CARDADM" -q info --json | jq -r .cin)" = 01020304 ]
}

@test "domain: create, personalize" {
	setup_faulty
	prepare
	sweep created -q domain create $SD --keys test --quota-data 5000
	"$CARDADM" -q domain create $SD --keys test
	sweep personalized -q domain personalize $SD --with next --keys test
	sweep personalized -q domain personalize $SD --with next --keys test --by store-data
}

created() {
	again domain create $SD --keys test && "$CARDADM" -q info --sd $SD >/dev/null
}

personalized() {
	again domain personalize $SD --with next --keys test && [ "$(key_sets --sd $SD)" = 31 ] &&
		[ "$(key_sets)" = 30 ]
}
