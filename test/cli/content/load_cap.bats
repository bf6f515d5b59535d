#!/usr/bin/env bats
# slow: check-quick has others of its kind
# load of CAP files: blocks, hashes, DAP blocks, tokens and receipts, extended length, profiles; what
# a bundle still is.

load ../lib

HELLO=F04341524441444D01 PAIR=F04341524441444D02 SD=A00000015100000001

card() {
	"$CARDADM" keystore init --test-keys keys.yaml -q
	"$CARDADM" vcard create c.card -k keys.yaml -q --keys test >/dev/null
	echo '  sd: {type: scp03, test: true, version: 31, diversification: none, master: {hex: 505152535455565758595A5B5C5D5E5F}}' >>keys.yaml
	cp "$TOP"/examples/*.cap .
	export CARDADM_READER=vcard:c.card CARDADM_KEYSTORE=keys.yaml
}

# package AID: state and domain as the card lists it.
package() {
	"$CARDADM" -q list --keys test --json |
		jq -r --arg aid "$1" '.entries[] | select(.aid == $aid) | "\(.state) in \(.domain)"'
}

@test "a package and no application" {
	card
	ok -q load pair.cap --keys test
	[ "$output" = "loaded: $PAIR 1.0, 4174 octets in 18 blocks" ]
	[ "$(package $PAIR)" = "loaded in A000000151000000" ]
	ok -q list --keys test --applications --json
	[ "$(jq -r '.entries[].aid' <<<"$output")" = F0545255535401 ] # what the system brings
	fails 7 load pair.cap --keys test
	[[ $stderr == *"package $PAIR is on the card already; no application uses it"* ]]
	ok -q load pair.cap --keys test --replace --yes --json --hash sha-256
	[ "$(jq -r .hash <<<"$output")" = "$("$CARDADM" cap show pair.cap --json | jq -r '.hash["sha-256"]')" ]
	[ "$(jq -c .modules <<<"$output")" = "[\"${PAIR}01\",\"${PAIR}02\"]" ]
}

@test "with the Descriptor, and its hash" {
	card
	ok -q load pair.cap --keys test --descriptor --hash sha-384
	[[ $output == *"4180 octets"* ]]
}

@test "a wrong file is refused before the card is touched" {
	card
	printf 'PK\003\004' >short.cap
	head -c 600 pair.cap >cut.cap
	for file in short.cap cut.cap; do
		fails 3 load $file --keys test
		[[ $stderr == *"$file"* ]]
		[[ $stderr != *"domain A0"* ]]
	done
	fails 3 load none.cap --keys test
	[[ $stderr == *"none.cap: cannot open"* ]]
}

@test "a file that is no CAP file is a bundle, which needs a channel" {
	card
	echo no bundle >some
	fails 7 load some
	[[ $stderr == *"no channel is open"* ]]
	fails 2 load some --replace
	[[ $stderr == *"some is no CAP file"* ]]
	# Nor does a pipe that nobody writes to hold up an open channel.
	mkfifo pipe
	image app.img 2000
	"$CARDADM" bundle build --image app.img --version 3.2 --keystore keys.yaml --output app.bundle
	ok -q scp-open --keys test
	ok -q scp-mode broadcast --bundle app.bundle
	fails 3 load pipe
	[[ $stderr == *"pipe: not a regular file"* ]]
	fails 3 load some
	[[ $stderr == *"some: not a bundle"* ]]
	ok -q load app.bundle
	ok -q scp-close
}

@test "DAP: the block goes in front, the hash along; a wrong one is told" {
	card
	ok -q domain create $SD --keys test --privileges dap-verification
	ok -q domain personalize $SD --with sd --keys test
	ok -q put-keys dap --keys sd --sd $SD
	ok -q dap sign hello.cap --domain $SD --output hello.dap
	ok -q dap sign pair.cap --domain $SD --output pair.dap
	# One that is missing is found before the first block.
	fails 7 -q load hello.cap --domain $SD --keys test -t trace
	[[ $stderr == *"hello.cap: security domain $SD verifies DAP signatures, and there is none for it"*"--dap FILE"* ]]
	[ "$(grep -c '^> 84E[68]' trace)" -eq 0 ]
	fails 6 load hello.cap --domain $SD --keys test --dap pair.dap
	[[ $stderr == *"stage LOAD: the card took 3 of 4 blocks"*"LOAD block 4 of 4: 6982"* ]]
	[[ $stderr == *"hint: "*"DAP block or the hash is wrong"*"--cleanup"* ]]
	ok -q load hello.cap --domain $SD --keys test --dap hello.dap
	[ "$(package $HELLO)" = "loaded in $SD" ]
	# In a dry run the block is in front of the data, and INSTALL has the hash.
	ok -q -n load hello.cap --dap hello.dap
	grep -q "^80E80000..$(head -c 40 hello.dap | od -An -v -tx1 | tr -d ' \n' | tr a-f A-F)" <<<"$output"
	grep -q "^80E60200.*20$("$CARDADM" cap show hello.cap --json | jq -r '.hash["sha-256"]')0000" <<<"$output"
}

@test "mandated DAP: every load to the card needs a block" {
	card
	ok -q domain create $SD --keys test --privileges mandated-dap-verification
	# Not yet: the domain has no keys.
	ok -q load pair.cap --keys test
	ok -q domain personalize $SD --with sd --keys test
	ok -q put-keys dap --keys sd --sd $SD
	fails 7 -q load hello.cap --keys test
	[[ $stderr == *"$SD verifies DAP signatures of all loads"* ]]
	ok -q dap sign hello.cap --domain $SD --hash sha-512 --output hello.dap
	fails 6 -q load hello.cap --keys test --dap hello.dap
	[[ $stderr == *"with the same --hash"* ]]
	ok -q load hello.cap --keys test --dap hello.dap --hash sha-512
}

@test "the domain that a package is to go to" {
	card
	fails 6 -q load hello.cap --domain $SD --keys test
	[[ $stderr == *"--domain: $SD is not on the card"* ]]
	ok -q install pair.cap --keys test
	fails 7 -q load hello.cap --domain F04341524441444D0201 --keys test
	[[ $stderr == *"--domain: F04341524441444D0201 is no security domain but an application"* ]]
}

@test "tokens and receipts of a delegated domain" {
	card
	ok -q domain create $SD --keys test --privileges delegated-management
	ok -q domain personalize $SD --with sd --keys test
	ok -q put-keys token --keys test
	ok -q put-keys receipt --keys test
	as="--keys sd --sd $SD"
	ok -q token make load pair.cap --domain $SD --output load.token
	ok -q token make install pair.cap --applet ${PAIR}02 --output install.token
	ok -q token make delete $PAIR --related --output delete.token
	# shellcheck disable=SC2086
	fails 7 load pair.cap $as
	[[ $stderr == *"it needs a token"*"--load-token"* ]]
	# shellcheck disable=SC2086
	fails 6 load pair.cap $as --domain $SD --load-token install.token
	[[ $stderr == *"INSTALL [for load]: 6982"*"token"* ]]
	# shellcheck disable=SC2086
	ok -q install pair.cap $as --domain $SD --applet ${PAIR}02 --load-token load.token --token install.token
	[ "$(grep -c ^confirmation <<<"$output")" -eq 2 ]
	# shellcheck disable=SC2086
	ok -q delete $PAIR --related $as --token delete.token --yes --json
	[ "$(jq -r '.deleted[0].confirmation | length' <<<"$output")" -gt 40 ]
	receipt=$(jq -r '.deleted[0].confirmation' <<<"$output")
	ok -q receipt verify delete $PAIR --receipt "$receipt"
}

# habits LINE...: a profile of this card with these lines.
habits() {
	mkdir -p habits
	{
		grep -v load-le "$TOP/lib/profile/data/virtual.yaml"
		printf '%s\n' "$@"
	} >habits/virtual.yaml
	export CARDADM_PROFILES=$PWD/habits
}

@test "block size and Le of the card's profile" {
	card
	habits 'load-le: never' 'block: 100'
	ok -q -t t load hello.cap --keys test --level 01
	[[ $output == *"in 8 blocks"* ]]
	[ "$(grep -c '^> 84E8.*' t)" -eq 8 ]
	# 100 octets and a MAC of 8, and nothing behind them.
	[ "$(sed -n 's/^> \(84E8\)/\1/p' t | head -n 1 | tr -d '\n' | wc -c)" -eq $((2 * (5 + 108))) ]
	habits 'load-le: last'
	ok -q -t u load hello.cap --keys test --level 01 --replace --yes
	[ "$(sed -n 's/^> \(84E8\)/\1/p' u | head -n 1 | tr -d '\n' | wc -c)" -eq $((2 * (5 + 255))) ]
	[ "$(sed -n 's/^> \(84E880\)/\1/p' u | tail -c 3 | tr -d '\n')" = 00 ]
	# The command line decides.
	habits 'block: 100'
	ok -q load hello.cap --keys test --replace --yes --block 200
	[[ $output == *"in 4 blocks" ]]
}

@test "extended length: where it cannot be" {
	card
	fails 7 load pair.cap --keys test --block 3000 --extended
	[[ $stderr == *"--block 3000: at most"* ]]
	echo '  des: {type: scp02, test: true, version: 20, diversification: none, master: {hex: 404142434445464748494A4B4C4D4E4F}}' >>keys.yaml
	ok -q vcard create old.card -k keys.yaml --keys des
	fails 7 -r vcard:old.card load pair.cap --keys des --extended
	[[ $stderr == *"SCP02 has no extended length"* ]]
	ok -q -r vcard:old.card load pair.cap --keys des
}

@test "extended length where the card takes it" {
	card
	ok -q load pair.cap --keys test --extended
	[[ $output == *"in 3 blocks" ]]
	[ "$(package $PAIR)" = "loaded in A000000151000000" ]
}

@test "a package that the file imports has to be there first" {
	card
	make_cap=$TOP/test/cap/make_cap
	"$make_cap" maths.cap --package F0434152440A --name com/example/maths --applet none
	"$make_cap" user.cap --package F0434152440B --name com/example/user \
		--import A0000000620101:1.2 --import F0434152440A:1.0
	fails 6 -q install user.cap --keys test
	[[ $stderr == *"LOAD block"*"6985"*"hint: a package that the file imports is missing"* ]]
	ok -q load maths.cap --keys test
	ok -q install user.cap --keys test
	fails 6 -q delete F0434152440A --yes --keys test
	[[ $stderr == *"DELETE: 6985"*"still refers to it"* ]]
}
