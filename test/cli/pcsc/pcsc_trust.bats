#!/usr/bin/env bats
# slow: a whole story through pcscd
# A card in a real reader that trusts a phone: the story of examples/trust as it stands, and what
# strangers see of it through the same reader.

load ../lib
load ../pcscd

teardown() {
	pulled
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
