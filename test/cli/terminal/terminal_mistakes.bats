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

@test "create: a pair goes into both files or into none" {
	sim
	pair=(--imei "$IMEI" --algorithm p-256 --public-out t.pem)
	touch t.yaml
	fails 7 terminal create t.yaml "${pair[@]}"
	[[ $stderr == *"t.yaml: exists already"* ]]
	[ ! -e t.pem ]
	fails 1 terminal create missing/t.yaml "${pair[@]}"
	[ ! -e t.pem ]
	rm t.yaml
	touch t.pem
	fails 7 terminal create t.yaml "${pair[@]}"
	[[ $stderr == *"t.pem: exists already"* ]]
	[ ! -e t.yaml ]
	[ ! -s t.pem ]
	rm t.pem
	fails 2 terminal create t.pem "${pair[@]}"
	[[ $stderr == *"--public-out names the state file itself"* ]]
	[ ! -e t.pem ]
}

@test "create: a key without an IMEI is not left out in silence" {
	sim
	box=(box.yaml --se 01 --removable 02)
	for way in "--key terminal-master" "--algorithm aes" "--algorithm p-256 --public-out box.pem"; do
		# shellcheck disable=SC2086 # words
		fails 2 terminal create "${box[@]}" $way
		[[ $stderr == *"--imei is missing"* ]]
	done
	[ ! -e box.yaml ]
	[ ! -e box.pem ]
	ok terminal create "${box[@]}"
}

@test "killed while the file is replaced: no copy of its keys stays" {
	phone
	(umask 077 && cp phone.yaml phone.yaml.unfinished)
	ok terminal status phone.yaml
	[ ! -e phone.yaml.unfinished ]
	# A name of its own is no way to somebody else's file.
	echo mine >mine
	ln -s mine phone.yaml.unfinished
	ok terminal renew phone.yaml --clock +1d
	[ ! -e phone.yaml.unfinished ]
	[ "$(cat mine)" = mine ]
	[ "$(echo phone.yaml*)" = phone.yaml ]
}

@test "edited: a pending key in the place of the current one, generations out of order" {
	phone
	cp -p phone.yaml good.yaml
	sed -i 's/^    current: \(.*\)/&\n    pending: \1/' phone.yaml
	fails 3 terminal check phone.yaml --trace trace
	[[ $stderr == *"phone.yaml:16:14: version 11 is that of the current key"* ]]
	cp -p good.yaml phone.yaml
	sed -i 's/generation: 1,/generation: 4294967295,/' phone.yaml
	fails 3 terminal check phone.yaml --trace trace
	[[ $stderr == *"phone.yaml:15:14: generation 4294967295 is above 1"* ]]
	[ ! -s trace ]
}
