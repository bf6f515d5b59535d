#!/usr/bin/env bats
# slow: two whole stories through pcscd
# Third parties on a card in a real reader: the stories of examples/third-parties as they stand, with
# the card behind a pcscd, and strangers who look at it through the same reader.

load ../lib
load ../pcscd

# The application of examples/hello.cap.
HELLO_SELECT=00A404000AF04341524441444D0101

teardown() {
	pulled
	pcscd_teardown
}

# inserts: a program that is cardadm, except that the card which `vcard create` makes is in the first
# reader when it ends, and nowhere else.
inserts() {
	cat >inserts <<-BASH
		#!/bin/bash
		"$CARDADM" "\$@" || exit
		[ "\$1 \$2" = "vcard create" ] || exit 0
		mv "\$3" "$PWD/card"
		cd "$PWD"
		source "$TOP/test/cli/wait.bash"
		source "$TOP/test/cli/pcscd.bash"
		CARDADM=$CARDADM vpcd=$vpcd
		serve_start card >&2
		echo "\$serve_pid" >serve.pid
	BASH
	chmod +x inserts
}

# pulled: the card leaves the reader. Who serves it is no child of this shell.
pulled() {
	[ -s serve.pid ] || return 0
	kill "$(<serve.pid)" 2>/dev/null || true
	wait_for gone "$(<serve.pid)"
	rm serve.pid
}

# story NAME: in the first reader, by its name. The card stays there; $container is the one in it.
story() {
	pcscd_start 2
	inserts
	run --separate-stderr env CARDADM="$PWD/inserts" "$TOP/examples/third-parties/$1" "$(reader_name 1)"
	echo "$output" "$stderr" >&2
	[ "$status" -eq 0 ]
	container=$(sed -n 's/^container: *//p' <<<"$output" | head -n 1)
	[ "${#container}" -eq 32 ]
}

@test "ACME comes, works, and is put out, in a reader (story D3)" {
	story containers
	[ "$(grep -c '^status 5: refused$' <<<"$output")" -eq 2 ]
	[[ $output == *"claimed"*"ACME: read, write, content, admit"*"open for other issuers" ]]
	# What strangers see: the domain is there, and empty; the application went with its party.
	[[ $(witness 1 "00A4040010$container") == 9000* ]]
	[[ $(script 1 "$HELLO_SELECT") == 6A82 ]]
	[[ $(witness 1 80CAFF7300) == 6982* || $(witness 1 80CAFF7300) == 6A88* ]]
	pulled
	# And what it has learnt is in its file.
	ok vcard show card --json
	jq -e '.content.applications == 0' <<<"$output"
}

@test "authority, operator and bank, in a reader (story D0)" {
	story reservation
	[[ $output == *"claimed, "*" reserved"*"BANK: read"*"closed for other issuers" ]]
	# The application of the bank answers whoever selects it; of the container nothing is told.
	[[ $(witness 1 "$HELLO_SELECT") == 9000* ]]
	[[ $(script 1 "00A4040010$container" 80CAFF7300 80CADF0100 | paste -sd' ') == *9000' 6982 6A88' ]]
	pulled
	ok vcard show card --json
	jq -e '.content.applications == 1' <<<"$output"
}
