#!/usr/bin/env bats
# store-data: files, formats, encryption, what goes out, and what the card holds afterwards.

load ../lib

card() {
	"$CARDADM" -q keystore init --test-keys keys.yaml
	"$CARDADM" -q vcard create c.card -k keys.yaml >/dev/null
	export CARDADM_READER=vcard:c.card CARDADM_KEYSTORE=keys.yaml
}

cin() {
	"$CARDADM" -q info --json | jq -r .cin
}

# plain FILE ARGS...: the commands of a dry run.
plain() {
	ok -q store-data "$@" --dry-run
	commands=$(sed 's/ *#.*//' <<<"$output")
}

@test "a data group: text with comments" {
	card
	printf '# the card\n0070 06   # BER-TLV inside\n45 04 01\n020304\n' >cin.dgi
	ok -q store-data cin.dgi
	[ "$output" = "stored: 9 octets, 1 data group" ]
	[ -z "$stderr" ]
	[ "$(cin)" = 01020304 ]
}

@test "the same as BER-TLV, and as octets that are no text" {
	card
	echo '45 04 0A0B0C0D' >cin.tlv
	ok -q store-data cin.tlv --format tlv --json
	[ "$(jq -c . <<<"$output")" = \
		'{"format":"tlv","octets":6,"encrypted":false,"objects":1,"application":null,"proven":true}' ]
	[ "$(cin)" = 0A0B0C0D ]
	printf '\x45\x03\x07\x08\x09' >cin.bin
	ok -q store-data cin.bin --format tlv
	[ "$(cin)" = 070809 ]
}

@test "in an open channel" {
	card
	echo '45 04 0A0B0C0D' >cin.tlv
	ok -q scp-open
	ok -q store-data cin.tlv --format tlv
	fails 2 -q store-data cin.tlv --format tlv --keys test
	ok -q scp-close
	[ "$(cin)" = 0A0B0C0D ]
}

@test "P1, block numbers, whole groups in a command" {
	card
	head -c 150 /dev/zero | od -An -v -tx1 | tr -d ' \n' >zeros
	for id in 0101 0102 0103; do printf '%s 96 ' $id && cat zeros && echo; done >three.dgi
	plain three.dgi
	[ "$(cut -c 1-10 <<<"$commands" | paste -sd' ')" = "80E2080099 80E2080199 80E2880299" ]
	# Levels without encryption leave room for more.
	head -c 60 /dev/zero | od -An -v -tx1 | tr -d ' \n' >zeros
	for id in 0101 0102 0103 0104; do printf '%s 3C ' $id && cat zeros && echo; done >four.dgi
	plain four.dgi --level 01
	[ "$(cut -c 1-10 <<<"$commands" | paste -sd' ')" = "80E20800BD 80E288013F" ]
	plain zeros --format raw
	[[ $commands == 80E280003C00* ]]
	echo '4500' >e.tlv
	plain e.tlv --format tlv
	[ "$commands" = 80E29000024500 ]
}

@test "a group that is longer than a command goes on in the next" {
	card
	{ printf '0101 FF 012C ' && head -c 300 /dev/zero | od -An -v -tx1 | tr -d ' \n'; } >long.dgi
	plain long.dgi
	[ "$(wc -l <<<"$commands")" -eq 2 ]
	[[ $commands == 80E20800*$'\n'80E28801* ]]
}

@test "for an application: it is named first" {
	card
	echo '0101 01 AA' >x.dgi
	plain x.dgi --application A00000015100000101
	[ "$(head -n 1 <<<"$commands")" = 80E620000F000009A0000001510000010100000000 ]
	fails 6 -q store-data x.dgi --application A00000015100000101
	[[ $stderr == *"INSTALL [for personalization]: 6A88"* ]]
	ok -q install "$TOP/examples/hello.cap"
	echo '0070 03 010203  0101 02 AABB' >x.dgi
	ok -q store-data x.dgi --application F04341524441444D0101
	[ "$output" = "stored: 11 octets, 2 data groups, for F04341524441444D0101" ]
	ok -q apdu 00A404000AF04341524441444D010100 80CA007000 80CA010100
	[ "${lines[1]}" = 010203 ] && [ "${lines[3]}" = AABB ]
	# The domain has nothing of it.
	ok -q apdu 80CA010100 =6A88
}

@test "encrypted: P1 says so, a dry run shows no value" {
	card
	echo '8113 10 404142434445464748494A4B4C4D4E4F' >key.dgi
	plain key.dgi --encrypted
	[ "$commands" = "80E2E8001381131000000000000000000000000000000000" ]
	[[ $stderr == "" ]]
	# Under triple DES blocks are half as long.
	echo '0101 05 0102030405' >five.dgi
	plain five.dgi --encrypted --protocol scp02
	[ "$commands" = "80E2E8000B0101080000000000000000" ]
	echo '0102' >raw
	plain raw --encrypted --format raw
	[[ $commands == 80E2E0001000000000* ]]
}

@test "files that are not what they are said to be: nothing is sent" {
	card
	echo '0070 06 45' >short.dgi
	fails 3 -q -r vcard:nowhere.card store-data short.dgi
	[[ ${stderr_lines[0]} == *"short.dgi: at octet 0 of 4 stands no data grouping identifier that ends within the data" ]]
	[[ ${stderr_lines[1]} == *"--format tlv or raw, if it is that" ]]
	fails 3 -q -r vcard:nowhere.card store-data short.dgi --format tlv
	[[ $stderr == *"no BER-TLV object"* ]]
	echo '0070 0' >half
	fails 3 -q -r vcard:nowhere.card store-data half
	[[ $stderr == *"half: line 1: half an octet"* ]]
	: >empty
	fails 3 -q -r vcard:nowhere.card store-data empty --format raw
	[[ $stderr == *"empty: there are no data"* ]]
	fails 3 -q -r vcard:nowhere.card store-data missing
	head -c 70000 /dev/urandom >big
	fails 3 -q -r vcard:nowhere.card store-data big --format raw
	[[ $stderr == *"big: more than 65536 octets of data"* ]]
	fails 2 -q store-data short.dgi --format xml
	fails 2 -q store-data short.dgi --application 00
}

@test "what the card does not want" {
	card
	echo '0070 03 50 01 00' >x.dgi
	fails 6 -q store-data x.dgi
	[[ $stderr == *"STORE DATA block 1 of 1: 6A8"* ]]
	head -c 65000 /dev/zero >zeros
	fails 7 -q store-data zeros --format raw
	[[ $stderr == *"65000 octets take 272 blocks of STORE DATA, at most 256"* ]]
}
