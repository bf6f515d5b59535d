#!/usr/bin/env bats
# slow: hundreds of runs
# Calls that fail, one after the other, until the verb passes: test/fault/fault.c. Whatever fails, a
# verb ends with a documented status and a message, without harm to memory, and what it left behind
# is good for the next one. FAULT_EVERY=1 tries every call, else some 40 of each verb, spread evenly.

load ../lib
load ../fault

@test "key stores: init, list, check" {
	setup_faulty
	sweep store_comes keystore init --test-keys keys.yaml
	"$CARDADM" keystore init --test-keys keys.yaml
	sweep shows_right -k keys.yaml keystore list
	sweep shows_right -k keys.yaml keystore list --json
	sweep shows_right -k keys.yaml keystore check
}

# A store that is there is whole; one that is not there can be made.
store_comes() {
	[ "$rc" -eq 0 ] || "$CARDADM" keystore init --test-keys keys.yaml 2>/dev/null || return
	"$CARDADM" -q -k keys.yaml keystore check >/dev/null
}

@test "virtual cards: create, show" {
	setup_faulty
	"$CARDADM" keystore init --test-keys keys.yaml
	sweep cards_whole vcard create fleet --count 2 -k keys.yaml
	"$CARDADM" vcard create fleet --count 2 -k keys.yaml
	sweep shows_right vcard show fleet/0001.card
	sweep shows_right vcard show fleet/0001.card --json
}

cards_whole() {
	local card n=0
	for card in fleet/*.card; do
		[ -e "$card" ] || continue
		"$CARDADM" vcard show "$card" >/dev/null || return
		n=$((n + 1))
	done
	[ "$rc" -ne 0 ] || [ $n -eq 2 ]
}

@test "bundles: build, show, verify" {
	setup_faulty
	"$CARDADM" keystore init --test-keys keys.yaml
	image app.img 600
	sweep bundle_comes bundle build --image app.img --version 3.2 -k keys.yaml --output app.bundle
	"$CARDADM" bundle build --image app.img --version 3.2 -k keys.yaml --output app.bundle
	sweep shows_right bundle show app.bundle
	sweep shows_right bundle show app.bundle --json
	sweep shows_right bundle verify app.bundle -k keys.yaml
}

bundle_comes() {
	[ -e app.bundle ] || [ "$rc" -eq 0 ] || "$CARDADM" bundle build --image app.img --version 3.2 \
		-k keys.yaml --output app.bundle >/dev/null || return
	"$CARDADM" bundle verify app.bundle -k keys.yaml >/dev/null
}

@test "a card: info, keys, apdu" {
	setup_faulty
	fleet 1 600
	sweep shows_right -r vcard:fleet/0001.card info
	sweep shows_right -r vcard:fleet/0001.card info --json
	sweep shows_right -r vcard:fleet/0001.card keys
	sweep shows_right -r vcard:fleet/0001.card apdu 80CA006600
	sweep shows_right -r vcard:fleet/0001.card -t trace info
}

@test "recordings: explain" {
	setup_faulty
	printf '> %s\n< %s\n' 8050000008010203040506070800 \
		00003244342976208448010370734ECDCA19E446A30BC253BCE97DB9910004369000 \
		8482010010A5E66CD1A836E3A47CD3B3F7B689AE8F 9000 >r.txt
	sweep shows_right explain r.txt --probe-well-known
	sweep shows_right explain r.txt --probe-well-known --json
}

@test "campaigns: check, status, report" {
	setup_faulty
	fleet 2 600
	campaign
	sweep shows_right campaign check campaign.yaml
	"$CARDADM" campaign run campaign.yaml
	sweep shows_right campaign status campaign.yaml
	sweep shows_right campaign report campaign.yaml
	sweep shows_right campaign report campaign.yaml --json
}

@test "campaigns: a run that fails is taken up by the next one" {
	setup_faulty
	fleet 2 600
	campaign
	FAULT_POINTS=${FAULT_POINTS:-100} sweep next_run_ends campaign run campaign.yaml
}

# At most one try is spent, and the cards come to their goal. What looked like a refused
# authentication, because the card's side failed, is repeated only when told so.
next_run_ends() {
	local card
	if [ "$rc" -eq 0 ]; then
		[ "$("$CARDADM" campaign report campaign.yaml --json | jq -c '[.done, .failed, .pending]')" = '[2,0,0]' ]
		return
	fi
	for card in fleet/*.card; do
		[ "$("$CARDADM" vcard show "$card" --json | jq '.keys[0].tries_left')" -ge 9 ] || return
	done
	"$CARDADM" campaign run campaign.yaml >next.out 2>&1 ||
		"$CARDADM" campaign run campaign.yaml --retry-authentication >next.out 2>&1 || {
		cat next.out >&2
		return 1
	}
	for card in fleet/*.card; do
		[ "$("$CARDADM" vcard show "$card" --json | jq -r .system.version)" = 3.2 ] || return
	done
}

@test "campaigns: steps on a card of which a call failed are taken to their end by the next run" {
	setup_faulty
	"$CARDADM" keystore init --test-keys keys.yaml
	"$CARDADM" vcard create fleet --count 2 -k keys.yaml
	printf '  new: {type: scp03, test: true, version: 31, diversification: kdf3,\n    master: {hex: 00112233445566778899AABBCCDDEEFF}}\n' >>keys.yaml
	cp "$TOP/examples/hello.cap" .
	cat >campaign.yaml <<-'YAML'
		cardadm: campaign/1
		name: demo
		keystore: keys.yaml
		keys: test
		cards: {directory: fleet}
		mode: unicast
		steps:
		  - install: {file: hello.cap}
		  - put-keys: {keys: new, rotate: true}
		  - lock: {aid: F04341524441444D0101}
	YAML
	sweep shows_right campaign check campaign.yaml --json
	FAULT_POINTS=${FAULT_POINTS:-60} sweep next_run_steps campaign run campaign.yaml
	"$CARDADM" campaign run campaign.yaml
	sweep shows_right campaign report campaign.yaml
	sweep shows_right campaign report campaign.yaml --json
}

# No card is without keys, and a second run ends it.
next_run_steps() {
	local card
	if [ "$rc" -eq 0 ]; then
		[ "$("$CARDADM" campaign report campaign.yaml --json | jq -c '[.done, .failed, .pending]')" = '[2,0,0]' ]
		return
	fi
	for card in fleet/*.card; do
		"$CARDADM" vcard show "$card" --json | jq -e '.keys | length > 0 and all(.tries_left >= 9)' >/dev/null || return
	done
	"$CARDADM" campaign run campaign.yaml >next.out 2>&1 ||
		"$CARDADM" campaign run campaign.yaml --retry-authentication >next.out 2>&1 || {
		cat next.out >&2
		return 1
	}
	for card in fleet/*.card; do
		[ "$("$CARDADM" vcard show "$card" --json | jq -c '[.keys[].version] | unique')" = '["31"]' ] || return
	done
}

# ---- open channels ----

# The main job by single verbs, up to the first that fails. Only scp-open, and with it the agent, is
# told which call is to fail.
agent_job() {
	local r=vcard:fleet/0001.card
	FAULT_AT=$k FAULT_LOG=$log "$FAULTY" -r $r -k keys.yaml scp-open &&
		"$FAULTY" -r $r scp-mode broadcast --bundle app.bundle &&
		"$FAULTY" -r $r load app.bundle &&
		"$FAULTY" -r $r scp-mode unicast &&
		"$FAULTY" -r $r authorize load &&
		"$FAULTY" -r $r scp-close
}

# What is left of the channel can be closed, and the card comes to its goal.
card_recovers() {
	"$CARDADM" -r vcard:fleet/0001.card scp-close >close.out 2>&1 || true
	"$CARDADM" campaign run campaign.yaml >next.out 2>&1 ||
		"$CARDADM" campaign run campaign.yaml --retry-authentication >next.out 2>&1 || {
		cat close.out next.out >&2
		return 1
	}
	[ "$("$CARDADM" vcard show fleet/0001.card --json | jq -r .system.version)" = 3.2 ]
}

@test "calls that fail in the agent" {
	setup_faulty
	# shellcheck disable=SC2034 # bad shows it
	local k log=$XDG_RUNTIME_DIR/log rc verb=(the main job) step=17
	[ -z "${FAULT_EVERY:-}" ] || step=1
	fleet 1 600
	campaign
	keep
	for ((k = 1; ; k += step)); do
		restore
		rm -f "$log"
		rc=0
		agent_job >out 2>err </dev/null || rc=$?
		[ -e "$log" ] || break
		check_run || return
		card_recovers || bad "card_recovers" || return
	done
	[ "$rc" -eq 0 ]
}

@test "calls that fail in the client of an agent: the channel stays" {
	setup_faulty
	local card=$XDG_RUNTIME_DIR/one.card
	"$CARDADM" keystore init --test-keys keys.yaml
	"$CARDADM" vcard create "$card" -k keys.yaml
	"$CARDADM" -r "vcard:$card" -k keys.yaml scp-open
	sweep channel_stays -r "vcard:$card" apdu 80CA006600
	"$CARDADM" -r "vcard:$card" scp-close
}

channel_stays() {
	shows_right && "$CARDADM" -r "vcard:$XDG_RUNTIME_DIR/one.card" scp-status --json | jq -e .open >/dev/null
}
