#!/usr/bin/env bats
# What a newcomer does wrong with the verbs of terminals, and files that somebody has edited: one
# message, nothing sent to the card, nothing half done.

load ../lib
load ../terminals

# page NAME: the examples of a man page as a script.
page() {
	sed -n '/^\.Bd -literal/,/^\.Ed/p' "$TOP/man/$1.1" | sed '/^\./d; s/^\$ //; s/\\e$/\\/'
}

@test "the examples of the man pages, pasted one after the other" {
	local name
	mkdir bin
	ln -s "$CARDADM" bin/cardadm
	PATH=$PWD/bin:$PATH
	for name in "$TOP"/man/cardadm-terminal-*.1 "$TOP"/man/cardadm-trust-*.1 "$TOP"/man/cardadm-revoke-terminal.1; do
		name=$(basename "$name" .1)
		mkdir "$name"
		page "$name" >"$name/pasted"
		[ -s "$name/pasted" ]
		ok keystore init --test-keys "$name/keys.yaml"
		echo "$name" >&2
		(cd "$name" && bash -eu pasted </dev/null)
	done
}
