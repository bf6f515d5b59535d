#!/usr/bin/env bats
# slow
# Terminals and their cards: the maker's key, base keys, the keys of a record, old and new, and
# private keys are searched for in everything that the program leaves, says or sends. Key stores and
# the terminals' files are theirs to hold them. Cores: pcsc_trust.bats.

load ../lib
load ../terminals
load ../secrets

# keys_of FILE: what is secret in it, in words: a terminal's base key or scalar, and its keys.
keys_of() {
	sed -nE 's/^(base-key|private): //p; s/.*(current|pending):.* key: ([0-9A-F]+)\}.*/\2/p' "$1"
}

# learnt FILE: what is secret in it now joins $secrets.
learnt() {
	secrets+=" $(keys_of "$1" | paste -sd' ')"
}

# planted: a card, network and maker with keys of their own, a terminal of AES (phone) and one with a
# pair (meter).
planted() {
	sim
	(umask 077 && openssl rand -hex 16 >models.hex)
	echo '  models: {type: terminal-master, version: 01, value: {file: models.hex}}' >>keys.yaml
	secrets=$(<models.hex)
	printf 'what the network puts' >content
	secrets+=" $(xxd -p content)"
}

# it VERB...: with --verbose, and when it talks to a card with a trace of its own.
runs=0
it() {
	case "$*" in
	"terminal create"* | "terminal import"* | "terminal status"*) "$CARDADM" -v "$@" ;;
	*)
		runs=$((runs + 1))
		"$CARDADM" -v -t "trace.$runs" "$@"
		;;
	esac
}

# run_all: every verb of terminals and of the network's part; a plan of those that have one.
run_all() {
	local r
	it terminal create phone.yaml --imei "$IMEI" --key models --throughput 300 --json
	it terminal create meter.yaml --imei 490154203237518 --algorithm p-256 --public-out meter.pem
	learnt phone.yaml
	learnt meter.yaml
	r=(--valid-for 30d --window 5d --keys test)
	it trust-init 1 --imei "$IMEI" --key models --throughput 300 "${r[@]}" --ticket no.ticket -n
	it trust-init 1 --imei "$IMEI" --key models --throughput 300 "${r[@]}" --ticket phone.ticket --json
	it trust-init 3 --imei 490154203237518 --public meter.pem "${r[@]}" --ticket meter.ticket
	it terminal import phone.yaml phone.ticket --json
	it terminal import meter.yaml meter.ticket
	it trust-put 1 1 content --keys test --json
	it trust-put 3 1 content --keys test
	learnt phone.yaml
	for r in phone meter; do
		cp -p $r.yaml $r.first
		it terminal check $r.yaml --clock +1d --json
		it terminal get $r.yaml 1 --output $r.got
		it terminal put $r.yaml 2 content
		it terminal renew $r.yaml -n
		it terminal renew $r.yaml --clock +2d --json
		learnt $r.yaml
		cp -p $r.yaml $r.second
		it terminal check $r.yaml --clock +31d
		learnt $r.yaml
		it terminal status $r.yaml --json
		it terminal status $r.yaml
		# A copy that was late: its keys are of no use.
		it terminal check $r.first --clock +3d || true
	done
	it trust-status --keys test --json
	it revoke terminal 1 --keys test --yes --json
	it terminal check phone.yaml --clock +32d || true
	it terminal revoke meter.yaml --clock +32d --yes --json
	it terminal check meter.yaml || true
	"$CARDADM" vcard show sim --json
}

@test "no secret in tickets, output, traces, state, or what explain says of them" {
	planted
	run_all >everything 2>&1
	# KM, what was put, KT and the pair, with which the first generation of the meter is one; three
	# generations of the phone, two more of the meter.
	[ "$(tr ' ' '\n' <<<"$secrets" | sort -u | wc -l)" -eq 9 ]
	cmp content phone.got
	cmp content meter.got
	[ "$(grep -c 'renewed' everything)" -ge 4 ]
	for trace in trace.*; do
		for terminal in phone.first phone.second meter.first meter.second; do
			"$CARDADM" explain "$trace" --terminal $terminal || true
			"$CARDADM" explain "$trace" --terminal $terminal --json || true
		done
		"$CARDADM" explain "$trace" --keys test || true
	done >explained 2>explain.err
	grep -q '84 key: \*\* (16 octets)' explained
	files=(everything explained explain.err trace.* phone.ticket meter.ticket meter.pem)
	mapfile -t -O "${#files[@]}" files < <(find "$XDG_STATE_HOME" -type f)
	[ "${#files[@]}" -ge 20 ]
	for file in *.ticket; do sed '/^-/d' "$file" | base64 -d >"$file.der"; done
	absent "${files[@]}" ./*.der
	# It finds what is there.
	run ! absent phone.first
	run ! absent phone.got
}

@test "campaign: table, ledger, report and tickets" {
	planted
	mkdir fleet
	mv sim fleet/0001.card
	unset CARDADM_READER
	cin=$("$CARDADM" vcard show fleet/0001.card --json | jq -r .cin)
	echo "$cin,$IMEI,300" >pairs.csv
	cat >campaign.yaml <<-'YAML'
		cardadm: campaign/1
		name: trust
		keystore: keys.yaml
		keys: test
		cards: {directory: fleet}
		mode: unicast
		steps:
		  - trust-init: {record: 1, terminals: pairs.csv, terminal-key: models, valid-for: 30d, tickets: out/}
		  - trust-put: {record: 1, number: 1, file: content}
	YAML
	{
		"$CARDADM" -v campaign check campaign.yaml
		"$CARDADM" -v campaign run campaign.yaml --trace trace
		"$CARDADM" campaign report campaign.yaml --json
		"$CARDADM" campaign status campaign.yaml --json
	} >said 2>&1
	cat said >&2
	[ "$(report '[.total, .done]')" = '[1,1]' ]
	# The keys that the network has made on the way, as the terminal makes them.
	ok terminal create phone.yaml --imei "$IMEI" --key models --throughput 300
	ok terminal import phone.yaml "out/$cin-1.ticket"
	learnt phone.yaml
	[ "$(wc -w <<<"$secrets")" -eq 4 ]
	# shellcheck disable=SC2046
	absent said trace pairs.csv campaign.yaml campaign.ledger* out/* $(find "$XDG_STATE_HOME" -type f)
}
