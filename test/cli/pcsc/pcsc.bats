#!/usr/bin/env bats
# Real PC/SC: a pcscd of our own with virtual readers (vpcd), and a card in one of them.

load ../lib
load ../pcscd

pcscd_up() {
	pcscd_start 2
	port=${vpcd#*:}
}

# A card at the other end of the wire: two octets of length, then a command or one control octet
# (04 asks for the ATR, the others want no reply).
card() {
	local length frame
	exec 5<>"/dev/tcp/127.0.0.1/$port"
	while length=$(head -c 2 <&5 | od -An -tu1) && [ -n "$length" ]; do
		# shellcheck disable=SC2086
		set -- $length
		frame=$(head -c $(($1 * 256 + $2)) <&5 | od -An -v -tx1 | tr -d ' \n')
		case $frame in
		04) printf '\0\x04\x3b\x80\x01\x81' >&5 ;;
		00 | 01 | 02) ;;
		00a4000c023f00) printf '\0\x02\x90\0' >&5 ;;
		00b0000002) printf '\0\x04\xca\xfe\x90\0' >&5 ;;
		00b0000000) printf '\0\x02\x6c\x02' >&5 ;;
		00aa*) exit ;; # pulled
		*) printf '\0\x02\x6a\x82' >&5 ;;
		esac
	done
}

# The card is inserted when the reader shows it.
card_in() {
	card 3>&- &
	card_pid=$!
	wait_for reader_has .card
}

teardown() {
	[ -z "${card_pid-}" ] || kill "$card_pid" 2>/dev/null || true
	pcscd_teardown
}

@test "without pcscd there are no readers, and that is no error" {
	export PCSCLITE_CSOCK_NAME=$XDG_RUNTIME_DIR/nobody
	ok readers
	[ -z "$output" ]
	[[ $stderr == "cardadm: pcscd does not run"* ]]
	ok readers --json
	[ "$(jq -c .readers <<<"$output")" = "[]" ]
	fails 4 -r somewhere info
	[[ $stderr == *"somewhere: pcscd does not run"*hint* ]]
	fails 4 -r 1 info
}

@test "readers are listed, and found by name, part and number, never by guess" {
	pcscd_up
	ok readers
	[ "${lines[0]}" = "1  Bench 01 00 00  no card" ]
	[ "${lines[1]}" = "2  Bench 01 00 01  no card" ]
	for name in 1 "Bench 01 00 00" "bENCH 01 00 00"; do
		fails 4 -r "$name" info
		[[ $stderr == *"Bench 01 00 00: no card in the reader"* ]]
	done
	fails 4 -r Bench info
	[[ $stderr == *"fits more than one reader: Bench 01 00 00, Bench 01 00 01"* ]]
	fails 4 -r 3 info
	fails 4 -r Other info
	[[ $stderr == *"no reader is called"* ]]
}

@test "a card: its ATR, its answers, a trace that replays" {
	pcscd_up
	card_in
	ok readers
	[ "${lines[0]}" = "1  Bench 01 00 00  card 3B800181" ]
	ok readers --json
	[ "$(jq -r '.readers[0].atr' <<<"$output")" = 3B800181 ]
	[ "$(jq -r '.readers[1].atr' <<<"$output")" = null ]
	ok -r 1 -t trace apdu 00A4000C023F00 00B0000000
	[[ $output == *9000*CAFE* ]]
	first=$output
	grep -q '^# reader Bench 01 00 00$' trace
	grep -q '^! 3B800181$' trace
	[ "$(grep '^[<>]' trace | paste -sd' ')" = "> 00A4000C023F00 < 9000 > 00B0000000 < 6C02 > 00B0000002 < CAFE9000" ]
	ok -r replay:trace apdu 00A4000C023F00 00B0000000
	[ "$output" = "$first" ]
	fails 3 -r replay:trace apdu 00A4000C023F01
	[[ $stderr == *"expected 00A4000C023F00, got 00A4000C023F01"* ]]
	# It is no GlobalPlatform card, and says so.
	fails 6 -r 1 info
	[[ $stderr == *"SELECT A000000151000000: 6A82"* ]]
}

@test "somebody else holds the card" {
	pcscd_up
	card_in
	command -v opensc-tool >/dev/null || skip "opensc is not installed"
	ok -r 1 apdu 00A4000C023F00
	opensc-tool -r 0 -c default -s 00:A4:00:0C:02:3F:00 | grep -q SW1=0x90
	# A transaction of somebody else would only delay us; an exclusive connection refuses.
	"$CARDADM" -r 1 apdu 00A4000C023F00 00A4000C023F00 00A4000C023F00 00A4000C023F00 00A4000C023F00 \
		00A4000C023F00 00A4000C023F00 00A4000C023F00 00A4000C023F00 00A4000C023F00 >/dev/null 3>&- &
	holder=$!
	wait_for reader_has .in_use
	fails 4 -r 1 apdu 00A4000C023F00
	[[ $stderr == *"Bench 01 00 00: the card is in use by another program"* ]]
	wait "$holder"
}

@test "the card is pulled while it is used" {
	pcscd_up
	card_in
	cardadm -r 1 apdu 00A4000C023F00 00AA000000 00A4000C023F00
	[ "$status" -eq 4 ]
	[[ $stderr == *"Bench 01 00 00: the card was removed"* ]]
	ok readers --json
	[ "$(jq '.readers[0].card' <<<"$output")" = false ]
	fails 4 -r 1 apdu 00A4000C023F00
	[[ $stderr == *"no card in the reader"* ]]
}

@test "pcscd ends while the card is used" {
	pcscd_up
	card_in
	"$CARDADM" -r 1 apdu 00A4000C023F00 00A4000C023F00 00A4000C023F00 00A4000C023F00 00A4000C023F00 \
		00A4000C023F00 00A4000C023F00 00A4000C023F00 00A4000C023F00 00A4000C023F00 2>said 3>&- &
	holder=$!
	wait_for reader_has .in_use
	pcscd_end KILL
	rc=0
	wait "$holder" || rc=$?
	[ "$rc" -eq 4 ]
	grep -q 'pcscd' said
}
