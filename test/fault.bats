#!/usr/bin/env bats
# slow: hundreds of runs
# Calls that fail, one after the other, until the verb passes: test/fault/fault.c. Whatever fails, a
# verb ends with a documented status and a message, without harm to memory, and what it left behind
# is good for the next one. FAULT_EVERY=1 tries every call, else some 40 of each verb, spread evenly.

load lib

setup_faulty() {
	local program at
	program=$(realpath "$CARDADM")
	for at in "${FAULTY-}" "${program%/*/*}/san/fault/cardadm" "${program%/*}/build/san/fault/cardadm"; do
		[ ! -x "$at" ] || break
	done
	[ -x "$at" ] || skip "cardadm with calls that fail is not built: make fault"
	export ASAN_OPTIONS=exitcode=99:detect_leaks=1:log_path=$XDG_RUNTIME_DIR/san
	ln -s "$at" "$XDG_RUNTIME_DIR/faulty"
	FAULTY=$XDG_RUNTIME_DIR/faulty
}

# The folder as it is now, for `restore`.
keep() {
	rm -rf ../kept
	cp -a . ../kept
}

restore() {
	find . -mindepth 1 -delete
	cp -a ../kept/. .
}

bad() { # bad TEXT: shows the run
	echo "$1: call $k ($(paste -sd' ' "$log")), status $rc: ${verb[*]}" >&2
	cat out err >&2
	return 1
}

# run_faulty: the verb with its k-th call failing; $rc, out, err.
run_faulty() {
	rm -f "$log"
	rc=0
	FAULT_AT=$k FAULT_LOG=$log "$FAULTY" "${verb[@]}" >out 2>err </dev/null || rc=$?
}

# Every run: no report of a sanitizer (the agent has no stderr); a documented status; a message when
# it is not 0.
check_run() {
	if compgen -G "$XDG_RUNTIME_DIR/san.*" >/dev/null; then
		cat "$XDG_RUNTIME_DIR"/san.* >&2
		bad "sanitizer" || return
	fi
	case $rc in
	0) return ;;
	[1-9] | 10 | 130) ;;
	*) bad "no documented status" || return ;;
	esac
	[[ $(grep -v '^cardadm: hint: ' err | tail -n 1) == "cardadm: "?* ]] || bad "no message"
}

# sweep CHECK VERB...: calls CHECK in the folder that each run leaves.
sweep() {
	local check=$1 n k rc=0 log=$XDG_RUNTIME_DIR/log verb step
	shift
	verb=("$@")
	keep
	k=0
	run_faulty
	[ "$rc" -eq 0 ] || bad "does not even pass"
	n=$(cat "$log")
	cp out ../right
	step=$((n / ${FAULT_POINTS:-40} + 1))
	[ -z "${FAULT_EVERY:-}" ] || step=1
	for ((k = 1; k <= n; k += step)); do
		restore
		run_faulty
		check_run || return
		"$check" || bad "$check" || return
	done
	restore
}

# What a verb shows is right or not there.
shows_right() {
	[ "$rc" -ne 0 ] || cmp out ../right
}

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
