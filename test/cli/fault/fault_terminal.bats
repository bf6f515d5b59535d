#!/usr/bin/env bats
# slow: hundreds of runs
# Calls that fail (test/fault.bats) in the verbs of terminals and in the network's part: whatever fails,
# card and terminal have a key in common afterwards, and the same command ends what was begun.

load ../lib
load ../fault
load ../terminals

# they_agree: the next check works, with the key that the card has.
they_agree() {
	local there here
	"$CARDADM" terminal check phone.yaml --clock +1d --no-renew >/dev/null 2>&1 || return
	there=$("$CARDADM" trust-status --keys test --json 2>/dev/null | jq .records[0].generation)
	here=$("$CARDADM" terminal status phone.yaml --json | jq .trust[0].generation)
	[ "$there" = "$here" ] && [ "$(keys_in phone.yaml)" -eq 2 ]
}

# takes_ticket: the file has its ticket, or takes it now.
takes_ticket() {
	[ "$rc" -eq 0 ] || "$CARDADM" terminal import phone.yaml phone.ticket >/dev/null 2>&1 ||
		[ "$(keys_in phone.yaml)" -eq 2 ] || return
	they_agree
}

# is_given_up: the record has ended on the card, or does now. Where the card has heard it and the answer
# did not come, its key opens nothing (5); where the file was written and not synced, it is told (7).
is_given_up() {
	local again=$rc
	[ "$rc" -eq 0 ] || { again=0 && "$CARDADM" terminal revoke phone.yaml --yes >/dev/null 2>&1 || again=$?; }
	case $again in
	0 | 5 | 7) ;;
	*) return 1 ;;
	esac
	"$CARDADM" trust-status --keys test --json 2>/dev/null |
		jq -e '.records[0] | .state == "revoked" and .ended_by == "terminal"' >/dev/null
}

# begun_once: trust-init is done by the same command again, which nobody has to be asked for twice; the
# ticket is the card's.
begun_once() {
	[ "$rc" -eq 0 ] || "$CARDADM" "${verb[@]}" --retry-authentication >/dev/null 2>err || return
	"$CARDADM" terminal import phone.yaml phone.ticket >/dev/null 2>&1 || return
	they_agree
}

@test "terminal check, with a renewal that is due" {
	setup_faulty
	phone
	sweep they_agree terminal check phone.yaml --clock +26d --json
}

@test "terminal status, import" {
	setup_faulty
	phone
	sweep shows_right terminal status phone.yaml --clock 2040-01-01T10:40Z --json
	"$CARDADM" trust-init 1 --imei "$IMEI" --key terminal-master --throughput 300 --valid-for 30d \
		--keys test --ticket second.ticket --yes
	mv second.ticket phone.ticket
	sweep takes_ticket terminal import phone.yaml phone.ticket
}

@test "terminal revoke" {
	setup_faulty
	phone
	sweep is_given_up terminal revoke phone.yaml --yes --json
}

@test "trust-init" {
	setup_faulty
	sim
	ok terminal create phone.yaml --imei "$IMEI" --throughput 300
	sweep begun_once trust-init 1 --imei "$IMEI" --key terminal-master --throughput 300 --valid-for 30d \
		--keys test --ticket phone.ticket
}
