#!/usr/bin/env bats
# slow: hundreds of runs
# Calls that fail (test/fault.bats) in the verbs that manage content and keys: whatever fails, the card
# is in a state that it tells, it is never without keys, and the next run of the same work ends well.

load lib
load fault

r=vcard:c.card
package=F04341524441444D01
applet=F04341524441444D0101

# A card, a CAP file, and a key store with a second set of card keys.
content_card() {
	"$CARDADM" keystore init --test-keys keys.yaml -q
	printf '  new: {%s}\n' "type: scp03, test: true, version: 31, diversification: kdf3, \
master: {hex: 505152535455565758595A5B5C5D5E5F}" >>keys.yaml
	"$CARDADM" vcard create c.card -k keys.yaml --keys test -q >/dev/null
	cp "$BATS_TEST_DIRNAME/../examples/hello.cap" .
}

# adm VERB...: a verb on this card. What looked like a refused authentication, because the card's side
# failed, is told again.
adm() {
	"$CARDADM" -r $r -k keys.yaml "$@" >adm.out 2>adm.err ||
		"$CARDADM" -r $r -k keys.yaml "$@" --retry-authentication >adm.out 2>adm.err || {
		cat adm.err >&2
		return 1
	}
}

# state_of AID: as list has it; empty: not there.
state_of() {
	adm list --keys test --json
	jq -r --arg aid "$1" '.entries[] | select(.aid == $aid) | .state' adm.out
}

# No more than one try of any key set was spent.
tries_left() {
	[ "$("$CARDADM" vcard show c.card --json | jq '[.keys[].tries_left] | min')" -ge 9 ]
}

# ---- without a card ----

@test "a CAP file: cap show" {
	setup_faulty
	content_card
	sweep shows_right cap show hello.cap
	sweep shows_right cap show hello.cap --json
}

# ---- content ----

@test "a card that is looked at: list, in both forms" {
	setup_faulty
	content_card
	adm install hello.cap --keys test
	sweep shows_right -r $r -k keys.yaml list --keys test
	sweep shows_right -r $r -k keys.yaml list --keys test --json
}

# Whatever is there: a load takes it out and brings it in.
loaded() {
	tries_left || return
	if [ "$rc" -eq 0 ]; then
		[ "$(state_of $package)" = loaded ]
		return
	fi
	adm install hello.cap --replace --yes --keys test && [ "$(state_of $applet)" = selectable ]
}

installed() {
	tries_left || return
	if [ "$rc" -eq 0 ]; then
		[ "$(state_of $applet)" = selectable ]
		return
	fi
	adm install hello.cap --replace --yes --keys test && [ "$(state_of $applet)" = selectable ]
}

@test "load" {
	setup_faulty
	content_card
	sweep loaded -r $r -k keys.yaml load hello.cap --keys test
}

@test "install, and install --replace" {
	setup_faulty
	content_card
	sweep installed -r $r -k keys.yaml install hello.cap --keys test
	adm install hello.cap --keys test
	sweep installed -r $r -k keys.yaml install hello.cap --keys test --replace --yes
}

# All of it is there, or nothing.
deleted() {
	local there
	tries_left || return
	there=$(state_of $package)/$(state_of $applet)
	[ "$there" = / ] || { [ "$rc" -ne 0 ] && [ "$there" = loaded/selectable ]; }
}

@test "delete" {
	setup_faulty
	content_card
	adm install hello.cap --keys test
	sweep deleted -r $r -k keys.yaml delete $package --related --yes --keys test
}

@test "lock and unlock" {
	setup_faulty
	content_card
	adm install hello.cap --keys test
	sweep is_locked -r $r -k keys.yaml lock $applet --yes --keys test
	adm lock $applet --yes --keys test
	sweep is_unlocked -r $r -k keys.yaml unlock $applet --keys test
}

is_locked() {
	tries_left || return
	[ "$rc" -ne 0 ] || [[ $(state_of $applet) == *locked* ]] || return
	adm lock $applet --yes --keys test && [[ $(state_of $applet) == *locked* ]]
}

is_unlocked() {
	tries_left || return
	[ "$rc" -ne 0 ] || [ "$(state_of $applet)" = selectable ] || return
	adm unlock $applet --keys test && [ "$(state_of $applet)" = selectable ]
}

# ---- keys ----

versions() {
	"$CARDADM" vcard show c.card --json | jq -r '[.keys[].version] | join(" ")'
}

# One of the sets opens a channel, and the next run ends with the new one alone.
rotated() {
	tries_left || return
	if [ "$rc" -ne 0 ]; then
		if [[ $(versions) == *30* ]]; then
			adm put-keys new --rotate 30 --yes --keys test
		else
			adm list --keys new
		fi || return
	fi
	[ "$(versions)" = 31 ]
}

@test "put-keys, rotation with proof" {
	setup_faulty
	content_card
	sweep keys_added -r $r -k keys.yaml put-keys new --yes --keys test
	sweep rotated -r $r -k keys.yaml put-keys new --rotate 30 --yes --keys test
}

keys_added() {
	tries_left && adm list --keys test || return
	case $(versions) in
	30) [ "$rc" -ne 0 ] && adm put-keys new --yes --keys test ;;
	"30 31") ;;
	*) return 1 ;;
	esac && adm list --keys new
}

@test "delete-keys" {
	setup_faulty
	content_card
	adm put-keys new --yes --keys test
	sweep keys_deleted -r $r -k keys.yaml delete-keys 31 --yes --keys test
}

keys_deleted() {
	tries_left && adm list --keys test || return
	[ "$(versions)" = 30 ] || { [ "$rc" -ne 0 ] && [ "$(versions)" = "30 31" ] && adm list --keys new; }
}
