#!/usr/bin/env bats
# slow: hundreds of runs
# Calls that fail (test/fault.bats) in the verbs that manage content: whatever fails, the card is in a
# state that it tells, and the next run of the same work ends well. Keys: test/fault_keys.bats.

load ../lib
load ../fault

r=vcard:c.card
package=F04341524441444D01
applet=F04341524441444D0101

# A card, a CAP file, and a key store with a second set of card keys.
content_card() {
	"$CARDADM" keystore init --test-keys keys.yaml -q
	printf '  new: {%s}\n' "type: scp03, test: true, version: 31, diversification: kdf3, \
master: {hex: 505152535455565758595A5B5C5D5E5F}" >>keys.yaml
	"$CARDADM" vcard create c.card -k keys.yaml --keys test -q >/dev/null
	cp "$TOP/examples/hello.cap" .
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

# ---- without a card: authority ----

@test "dap sign and verify, token make and verify, receipt verify" {
	setup_faulty
	content_card
	local isd=A000000151000000 load=(token make load hello.cap -k keys.yaml --output load.token)
	sweep block_whole dap sign hello.cap --domain $isd -k keys.yaml --output hello.dap
	sweep token_whole "${load[@]}"
	"$CARDADM" -q dap sign hello.cap --domain $isd -k keys.yaml --output hello.dap
	"$CARDADM" -q "${load[@]}"
	sweep shows_right dap verify hello.cap --dap hello.dap -k keys.yaml
	sweep shows_right token verify load hello.cap --token load.token -k keys.yaml --json
	sweep shows_right receipt verify delete F04341524441444D0101 -k keys.yaml --counter 1 \
		--receipt 1D101CC1631D1804F864E275B779EBE71B710200010848434D4F01020304
}

# What is there is whole; what is not there can be made.
block_whole() {
	[ "$rc" -eq 0 ] || [ -e hello.dap ] || "${FAULTY%/*}/prog" -q "${verb[@]}" || return
	"$CARDADM" -q dap verify hello.cap --dap hello.dap -k keys.yaml >/dev/null
}

token_whole() {
	[ "$rc" -eq 0 ] || [ -e load.token ] || "${FAULTY%/*}/prog" -q "${verb[@]}" || return
	"$CARDADM" -q token verify load hello.cap --token load.token -k keys.yaml >/dev/null
}

# ---- domains ----

domain=A000000151000010

# The verb again, when it failed.
again() {
	tries_left || return
	[ "$rc" -eq 0 ] || "$CARDADM" "${verb[@]}" >next.out 2>&1 ||
		"$CARDADM" "${verb[@]}" --retry-authentication >next.out 2>&1 || {
		cat next.out >&2
		return 1
	}
}

# field AID NAME: of its entry in list.
field() {
	adm list --keys test --json
	jq -r --arg aid "$1" ".entries[] | select(.aid == \$aid) | .$2" adm.out
}

extradited() {
	again && [ "$(field $package domain)" = $domain ]
}

updated() {
	again && [ "$(field $domain 'privileges | index("card-lock")')" != null ]
}

@test "domain extradite, update" {
	setup_faulty
	content_card
	adm domain create $domain --keys test
	sweep updated -r $r -k keys.yaml domain update $domain --privileges card-lock,trusted-path \
		--yes --keys test
	adm domain personalize $domain --with new --keys test
	adm load hello.cap --keys test
	sweep extradited -r $r -k keys.yaml domain extradite $package --to $domain --keys test
}

# ---- campaigns of steps ----

@test "a campaign of steps that fails is taken up by the next run" {
	setup_faulty
	content_card
	"$CARDADM" vcard create fleet --count 2 -k keys.yaml --keys test -q >/dev/null
	cat >campaign.yaml <<-'YAML'
		cardadm: campaign/1
		name: steps
		keystore: keys.yaml
		keys: test
		cards: {directory: fleet}
		mode: unicast
		steps:
		  - install: {file: hello.cap}
		  - put-keys: {keys: new}
		  - lock: {aid: F04341524441444D0101}
	YAML
	"$CARDADM" campaign check campaign.yaml
	sweep steps_taken campaign run campaign.yaml
}

steps_taken() {
	local card
	if [ "$rc" -ne 0 ]; then
		"$CARDADM" campaign run campaign.yaml >next.out 2>&1 ||
			"$CARDADM" campaign run campaign.yaml --retry-authentication >next.out 2>&1 || {
			cat next.out >&2
			return 1
		}
	fi
	for card in fleet/*.card; do
		"$CARDADM" -r "vcard:$card" -k keys.yaml list --keys new --json >list.json 2>/dev/null || return
		[[ $(jq -r ".entries[] | select(.aid == \"$applet\") | .state" list.json) == *locked* ]] || return
	done
}
