#!/usr/bin/env bats
# slow: a whole story through pcscd
# A card in a real reader that trusts a phone: the story of examples/trust as it stands, and what
# strangers see of it through the same reader; a terminal whose process is ended while it has keys.

load ../lib
load ../pcscd
load ../secrets
load ../terminals

teardown() {
	pulled
	[ -z "${relay_pid-}" ] || kill "$relay_pid" 2>/dev/null || true
	pcscd_teardown
}

@test "a phone, its network, and a PC with its number, in a reader" {
	pcscd_start 2
	inserts
	run --separate-stderr env CARDADM="$PWD/inserts" "$TOP/examples/trust/phone" "$(reader_name 1)"
	echo "$output" "$stderr" >&2
	[ "$status" -eq 0 ]
	[ "$(grep -c '^status ' <<<"$output")" -eq 5 ]
	[[ $output == *"renewed:      yes"*"status 5: no record"*"status 6: revoked"*"generation:   3"* ]]
	# The application is there for everybody, and tells nobody anything.
	[[ $(witness 1 00A4040007F0545255535401) == 9000* ]]
	[[ $(witness 1 80CAFF7400) == 6982* || $(witness 1 80CAFF7400) == 6A88* ]]
	pulled
	ok vcard show card --json
	jq -e '.trust[0].state == "active"' <<<"$output"
}

# has_sent N: commands, by its trace.
has_sent() {
	[ -e renew.trace ] && [ "$(grep -c '^> ' renew.trace)" -eq "$1" ]
}

@test "a renewal that is aborted leaves no core, and no secret in trace and state directory" {
	phone
	cp sim twin
	secrets=$(sed -nE 's/^base-key: //p; s/.*key: ([0-9A-F]+)\}.*/\1/p' phone.yaml)
	[ "$(wc -w <<<"$secrets")" -eq 2 ]
	unset CARDADM_READER
	# With the channel half open, PRESENT, RENEW, and CONFIRM on the way.
	for n in 8 9 10 11; do
		pcscd_start 2
		relay_start sim twin
		echo "$n" >stall
		rm -f renew.trace
		(ulimit -c unlimited && exec "$CARDADM" -r 1 terminal renew phone.yaml --clock +1d \
			--trace renew.trace) >out 2>err 3>&- &
		pid=$!
		wait_for has_sent "$n"
		grep -q 'Max core file size *0 *0' "/proc/$pid/limits"
		[ "$(id -u)" -ne 0 ] || run ! absent "pid:$pid"
		kill "-$([ "$n" -eq 9 ] && echo SEGV || echo ABRT)" "$pid"
		wait "$pid" || [ $? -gt 128 ]
		grep -q "^> 84$(sed "$((n - 7))!d" <<<$'82\n42\n46\n48')" <<<"$(grep '^> ' renew.trace | tail -n 1)"
		secrets+=$'\n'$(sed -nE 's/.*pending:.* key: ([0-9A-F]+)\}.*/\1/p' phone.yaml)
		# shellcheck disable=SC2046
		absent out err renew.trace phone.ticket $(find "$XDG_STATE_HOME" -type f)
		relay_end
		pcscd_end
	done
	# The last one has left a key that waits.
	grep -q pending phone.yaml
	[ -z "$(find . "$XDG_RUNTIME_DIR" -name '*core*')" ]
	# Whatever became of the last one: the same command again ends well.
	ok -r vcard:sim terminal renew phone.yaml --clock +1d
	[ "$(keys_in phone.yaml)" -eq 2 ]
}
