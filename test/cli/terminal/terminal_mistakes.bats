#!/usr/bin/env bats
# slow: check-quick has others of its kind
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

@test "get: a file that is there already is seen before the card counts a use of the key" {
	sim
	ok terminal create phone.yaml --imei "$IMEI"
	ok trust-init 1 --imei "$IMEI" --key terminal-master --valid-for 30d --uses 2 --keys test --ticket phone.ticket
	ok terminal import phone.yaml phone.ticket
	printf 'mine' >mine
	ok terminal put phone.yaml 1 mine
	fails 7 terminal get phone.yaml 1 --output mine --trace trace
	[[ $stderr == *"mine: exists already"* ]]
	[ ! -s trace ]
	ok terminal get phone.yaml 1 --output back
	cmp mine back
}

@test "a plan with a clock far ahead leaves the key alive" {
	phone
	cp phone.yaml before.yaml
	fails 7 terminal check phone.yaml --clock +40d --dry-run
	[[ $stderr == *"expired by the terminal's clock"* ]]
	cmp phone.yaml before.yaml
	ok terminal check phone.yaml
}

@test "a record of this card has ended, one of another card lives: it says so, and erases the key" {
	phone
	ok vcard create other --protocol scp11
	ok -r vcard:other trust-init 2 --imei "$IMEI" --key terminal-master --throughput 300 --valid-for 90d --keys test --ticket other.ticket
	ok terminal import phone.yaml other.ticket
	fails 7 terminal check phone.yaml --clock +31d --trace trace
	[[ $stderr == *"record 1: the key has expired by the terminal's clock"* ]]
	run ! grep '^> 8050' trace
	[ "$(keys_in phone.yaml)" -eq 2 ]
	ok -r vcard:other terminal check phone.yaml
}

@test "revoke where the file cannot be written: the card has done it, and that is said" {
	phone
	[ "$(id -u)" -eq 0 ] && unshare -m true 2>/dev/null || skip "no mounts may be made here"
	mkdir small
	# shellcheck disable=SC2016 # $0 is the inner shell's
	unshare -m sh -euc '
		mount -t tmpfs -o size=4k,mode=0700 none small
		cp -p phone.yaml small/
		"$0" terminal revoke small/phone.yaml --yes >out 2>err && exit 1
		[ "$(ls small)" = phone.yaml ]
	' "$CARDADM"
	cat err >&2
	grep -q 'small/phone.yaml: .*No space left' err
	grep -q 'the card has ended record 1; the file has its keys still' err
	fails 5 terminal check phone.yaml
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

@test "times beyond 2106 are said to be that" {
	phone
	fails 2 terminal check phone.yaml --clock 2106-02-07T06:29Z
	[[ $stderr == *"times end at 2106-02-07T06:28Z"* ]]
	fails 2 terminal check phone.yaml --clock +29000d
	[[ $stderr == *"times end at 2106-02-07T06:28Z"* ]]
	fails 2 trust-init 2 --imei "$IMEI" --key terminal-master --valid-for 49000d --keys test --ticket far.ticket --yes --trace trace
	[[ $stderr == *"--valid-for: cards count time up to 2106-02-07"* ]]
	[ ! -s trace ]
	[ ! -e far.ticket ]
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

@test "open: CONFIRM never came, another key has taken the place: join fetches a first one again" {
	sim
	ok terminal create phone.yaml --imei "$IMEI"
	ok trust-init 4 --imei "$IMEI" --open --valid-for 10d --keys test --ticket open.ticket
	ok terminal import phone.yaml open.ticket
	cp sim before
	ok terminal join phone.yaml --record 4
	cp before sim
	sed -i 's/^    current:/    pending:/' phone.yaml
	fails 5 terminal check phone.yaml
	[[ $stderr == *"while the record is open, cardadm terminal join fetches another"* ]]
	# The file is ahead of this card by a generation that it has not given yet: one more.
	fails 6 terminal join phone.yaml --record 4
	ok terminal join phone.yaml --record 4
	ok terminal check phone.yaml
	fails 7 terminal join phone.yaml --record 4
}

@test "explain: a terminal's trace without its file says what to name" {
	phone
	ok terminal check phone.yaml --trace trace
	fails 5 explain trace --keys test
	[[ $stderr == *"a terminal's file with --terminal"* ]]
	ok explain trace --terminal phone.yaml
}
