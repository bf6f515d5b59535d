#!/usr/bin/env bats
# slow: hundreds of channels through pcscd
# A client that shares nothing with the program manages virtual cards through pcscd: test/foreign,
# Python over pyscard with secure channels of its own, written from the specifications.

load ../lib
load ../pcscd

client=$TOP/test/foreign/client.py
key=404142434445464748494A4B4C4D4E4F
new=505152535455565758595A5B5C5D5E5F
newer=$new$new

teardown() {
	pcscd_teardown
}

needs_python() {
	/usr/bin/python3 -c 'import cryptography' 2>/dev/null || skip "python3-cryptography is not installed"
	/usr/bin/python3 -c 'import smartcard' 2>/dev/null || skip "python3-pyscard is not installed"
}

# foreign ARGS...: the client; its answer in $output. strange STATUS ARGS...: one that fails.
foreign() {
	strange 0 "$@"
}

strange() {
	run --separate-stderr "$client" "${@:2}"
	[ "$status" -eq "$1" ] || {
		echo "client ${*:2}: status $status, wanted $1"
		echo "$output"
		echo "$stderr"
		return 1
	} >&2
}

# A card with known keys in the first reader; further arguments to vcard create.
card() {
	needs_python
	[ -e keys.yaml ] || "$CARDADM" keystore init --test-keys keys.yaml -q
	"$CARDADM" vcard create c.card --diversification none -k keys.yaml "$@" >/dev/null
	[ -n "${pcscd_pid-}" ] || pcscd_start 2
	serve_start c.card
}

# store ENTRY: keys.yaml with this set of card keys as well, named mine.
store() {
	[ -e keys.yaml ] || "$CARDADM" keystore init --test-keys keys.yaml -q
	sed -i '/^  mine:/d' keys.yaml
	printf '  mine: {%s, test: true, diversification: none}\n' "$1" >>keys.yaml
}

@test "the client's secure channels agree with published sessions" {
	needs_python
	foreign --self-test
	[ "${#lines[@]}" -eq 7 ]
}

@test "SCP03 at every level: the registry, in both forms" {
	card
	for level in 00 01 03 11 13 33; do
		foreign --level $level info + list
		[ "${lines[0]}" = "globalplatform 2.3.1" ]
		[ "${lines[1]}" = "scp 03 i 70" ]
		[ "${lines[5]}" = "isd A000000151000000 SECURED 9EFE80" ]
	done
	# A wrong key shows on our side of the channel already, and costs the card nothing.
	strange 2 --keys 000102030405060708090A0B0C0D0E0F list
	[[ $stderr == *"card challenge is wrong"* ]]
	serve_end
	[ "$("$CARDADM" vcard show c.card --json | jq '.keys[0].tries_left')" -eq 10 ]
}

@test "SCP03 with AES-192 and AES-256, and S16" {
	card --i 71
	for level in 00 01 03 11 13 33; do
		foreign --s16 --level $level list
		[ "${lines[0]}" = "isd A000000151000000 SECURED 9EFE80" ]
	done
	serve_end
	for size in 24 32; do
		rm c.card
		long=$key${key:0:$((2 * size - 32))}
		store "type: scp03, version: 31, master: {hex: $long}"
		card --keys mine
		for level in 01 33; do
			foreign --kvn 31 --keys "$long" --level $level info + list
			[ "${lines[2]}" = "key 31 01 88 $(printf %02X $size)" ]
		done
		serve_end
	done
}

@test "scriptor and opensc-tool: the commands that need no channel" {
	card
	[ "$(script 1 00A40400 80CA0066 | tail -n 1)" = "$(witness 1 80CA006600 | sed 's/^9000 \(.*\)/\19000/')" ]
	mapfile -t answers < <(script 1 00A4040008A000000151000000 80CA00E0 80CA9F7F 80CA0042 80CA0045 \
		80F28002024F0000 80E400000A4F08A000000151000000 80D80001 80F0807F00 80E2900000 80E602000E09F04341524441444D0100000000 80E8000001C4)
	[ "${answers[0]}" = 6F108408A000000151000000A5049F6501FF9000 ]
	[ "${answers[1]}" = E012C00401308810C00402308810C004033088109000 ]
	[[ ${answers[2]} == 9F7F2A*9000 && ${answers[3]} == 42??*9000 && ${answers[4]} == 45??*9000 ]]
	# Whatever changes or shows content needs a channel.
	for n in {5..11}; do [ "${answers[n]}" = 6982 ]; done
}

@test "SCP02 at every level, i=15 and i=55, and R-MAC where i has it" {
	store "type: scp02, version: 20, master: {hex: $key}"
	for option in 15 55 75; do
		card --keys mine --i $option
		levels=(00 01 03) check=()
		[ $option != 75 ] || levels+=(10)
		[ $option != 75 ] || levels+=(11 13)
		[ $option = 15 ] || check=(--pseudo-random)
		for level in "${levels[@]}"; do
			foreign --scp 02 --level "$level" "${check[@]}" info + list
			[ "${lines[1]}" = "scp 02 i $option" ]
			[[ $output == *"isd A000000151000000 SECURED"* ]]
		done
		[ $option != 15 ] || strange 2 --scp 02 --pseudo-random list
		serve_end
		rm c.card
	done
}

@test "SCP11a and SCP11c with certificates of both formats, in both ways of chaining; SCP11b" {
	card --protocol scp11
	ca=$(sed -n '/type: oce-ca/,/private/s/.*private: {hex: \(.*\)}/\1/p' keys.yaml)
	for variant in a c; do
		for certificates in gp x509; do
			for chaining in iso gp; do
				foreign --scp 11$variant --ca "$ca" --certificates $certificates --chaining $chaining \
					--level 33 list
				[[ $output == "isd A000000151000000 SECURED"* ]]
			done
		done
	done
	for size in 16 24 32; do
		foreign --scp 11a --ca "$ca" --level 11 --key-length $size list
		foreign --scp 11b --level 33 --key-length $size info
	done
	foreign --scp 11c --ca "$ca" --level 03 list
	foreign --scp 11c --ca "$ca" --level 13 list
	for variant in a b c; do
		foreign --scp 11$variant --ca "$ca" --level 33 --host-id 8080808080808080 info
	done
	# A CA that the card does not know.
	strange 1 --scp 11a --ca "$(printf '%064d' 7)" list
	[[ $stderr == *"PERFORM SECURITY OPERATION: 6600"* ]]
	# SCP11b says nothing of who we are.
	strange 1 --scp 11b --level 33 list
	[[ $stderr == *"GET STATUS: 6982"* ]]
}

@test "keys are added, replaced and deleted at every level of SCP03 that has C-MAC" {
	card
	strange 1 --level 00 put-keys 31 $new
	[[ $stderr == *"PUT KEY: 6982"* ]]
	for level in 01 03 11 13 33; do
		foreign --level $level put-keys 31 $new
		foreign --level $level --kvn 31 --keys $new put-keys 31 $key 31
		foreign --level $level --kvn 31 --keys $key put-keys 32 ${newer:0:48} + info
		[ "$(grep -c '^key 3[0-2] 0[1-3] 88 ' <<<"$output")" -eq 9 ]
		foreign --level $level --kvn 32 --keys ${newer:0:48} delete-keys 31 + info
		[ "$(grep -c '^key' <<<"$output")" -eq 6 ]
		# By STORE DATA, in data groups.
		foreign --level $level store-keys 33 $newer + info
		[ "$(grep -c '^key 33 0[1-3] 88 20' <<<"$output")" -eq 3 ]
		foreign --level $level --kvn 33 --keys $newer list + delete-keys 32
		foreign --level $level --kvn 30 delete-keys 33 + put-keys 32 $new
		# The old ones still open; then the card has only these again.
		foreign --level $level --kvn 30 delete-keys 32 + info
		[ "$(grep -c '^key 30' <<<"$output")" -eq 3 ] && [ "$(grep -c '^key' <<<"$output")" -eq 3 ]
	done
	strange 1 --kvn 31 list
	[[ $stderr == *"INITIALIZE UPDATE: 6A88"* ]]
	# What is not there to be replaced; another length in its place; the set that is in use.
	strange 1 put-keys 33 $new 32
	[[ $stderr == *"PUT KEY: 6A88"* ]]
	strange 1 put-keys 30 $newer 30
	[[ $stderr == *"PUT KEY: 6A80"* ]]
	strange 1 delete-keys 30
	[[ $stderr == *"DELETE [key]: 6985"* ]]
}

@test "keys in SCP02 and SCP11" {
	store "type: scp02, version: 20, master: {hex: $key}"
	card --keys mine --i 75
	for level in 01 03 11 13; do
		foreign --scp 02 --level $level put-keys 21 $new 00 80
		foreign --scp 02 --level $level --kvn 21 --keys $new put-keys 21 $key 21 80 + info
		[ "$(grep -c '^key 2[01] 0[1-3] 80 10' <<<"$output")" -eq 6 ]
		foreign --scp 02 --level $level --kvn 20 delete-keys 21
	done
	serve_end
	rm c.card
	card --protocol scp11
	ca=$(sed -n '/type: oce-ca/,/private/s/.*private: {hex: \(.*\)}/\1/p' keys.yaml)
	for variant in a c; do
		foreign --scp 11$variant --ca "$ca" --level 33 put-keys 31 $new
		foreign --kvn 30 --level 33 delete-keys 31
	done
}

# cap N FILE: a published CAP file.
cap() {
	/usr/bin/python3 -c 'import json, sys
v = json.load(open(sys.argv[1]))["vectors"][int(sys.argv[2])]
open(sys.argv[3], "wb").write(bytes.fromhex(v["zip_hex"]))' \
		"$TOP/test/vectors/capfile.json" "$1" "$2"
}

# What list shows of empty.cap.
empty='app 0102030405060708 SELECTABLE 000000 C4=0102030405 CC=A000000151000000
load-file 0102030405 LOADED - CE=0000 84=0102030405060708 CC=A000000151000000'
empty_old='app 0102030405060708 SELECTABLE 00
load-file 0102030405 LOADED 00 84=0102030405060708'

# walk ARGS...: list, install, select, delete, with these options.
walk() {
	foreign "$@" list + install empty.cap + list + list old + select 0102030405060708
	[ "$(grep -e '^app 01' -e '^load-file 01' <<<"$output")" = "$empty"$'\n'"$empty_old" ]
	# With an application in it, it stays unless told otherwise.
	strange 1 "$@" delete 0102030405
	[[ $stderr == *"DELETE: 6985"* ]]
	foreign "$@" delete 0102030405 related + list
	[[ $output == *isd* && $output != *0102030405* ]]
}

@test "list, install, select, delete at every level of SCP03 that has C-MAC, with Le and without" {
	card
	cap 0 empty.cap
	for le in needed always never; do
		for level in 01 03 11 13 33; do
			walk --level $level --le $le
		done
	done
	strange 1 --level 00 install empty.cap
	[[ $stderr == *"INSTALL [for load]: 6982"* ]]
}

@test "list, install, select, delete in S16, with AES-256, in SCP02, SCP11a and SCP11c" {
	card --i 71
	cap 0 empty.cap
	for level in 01 33; do
		walk --s16 --level $level
	done
	serve_end
	rm c.card
	store "type: scp03, version: 31, master: {hex: $newer}"
	card --keys mine
	walk --keys $newer --level 33
	serve_end
	rm c.card
	store "type: scp02, version: 20, master: {hex: $key}"
	card --keys mine --i 75
	for level in 01 03 11 13; do
		walk --scp 02 --level $level
	done
	serve_end
	rm c.card
	card --keys test --protocol scp11
	ca=$(sed -n '/type: oce-ca/,/private/s/.*private: {hex: \(.*\)}/\1/p' keys.yaml)
	for level in 11 33; do
		walk --scp 11a --ca "$ca" --level $level
	done
	for level in 03 13 11 33; do
		walk --scp 11c --ca "$ca" --level $level
	done
}

@test "a load of many blocks; one that is cut off leaves nothing; blocks out of order" {
	card
	"$TOP/test/cap/make_cap" big.cap --method 50000
	foreign --level 33 load big.cap + list
	[[ $output == "210 blocks"*"load-file F04341524441444D01 LOADED"* ]]
	foreign --level 01 delete F04341524441444D01 + load big.cap + delete F04341524441444D01
	[ "${lines[0]}" = "204 blocks" ]
	begin=80E602000E09F04341524441444D0100000000
	strange 1 apdu $begin + apdu 80E8000104C4820100
	[[ $stderr == *80E8000104C4820100:\ 6A86 || $stderr == *80E8000104C4820100:\ 6985 ]]
	# Another command ends it.
	strange 1 apdu $begin + apdu 80E8000004C4820100 + apdu 80F28002024F0000 + apdu 80E8000104DECAFFED
	[[ $stderr == *80E8000104* ]]
	foreign list
	[[ $output != *F04341524441444D01* ]]
}

@test "supplementary domains: many pages of GET STATUS, keys of their own, what belongs to them" {
	card
	cap 0 empty.cap
	make=()
	for n in {10..29}; do
		make+=(instance A0000001515350 A000000151535041 "A0000001510000$n" 80 +)
	done
	for level in 01 33; do
		foreign --level $level "${make[@]}" list
		[ "$(grep -c '^domain .* SELECTABLE 808000 ' <<<"$output")" -eq 20 ]
		for n in {10..29}; do make+=(delete "A0000001510000$n" +); done
		foreign --level $level "${make[@]:120}" list + list old
		[[ $output == *isd* && $output != *domain* ]]
		make=("${make[@]:0:120}")
	done
}

@test "a domain with keys of its own, extradited, installs; personalization; SET STATUS; a locked card" {
	card
	cap 0 empty.cap
	own=(--sd A000000151000010 --keys "$new")
	for level in 01 33; do
		foreign --level $level instance A0000001515350 A000000151535041 A000000151000010 80C000 + list
		[[ $output == *"domain A000000151000010 SELECTABLE 80C000 "*" CC=A000000151000000"* ]]
		# Without keys of its own it is opened with those above it; with them it is its own.
		foreign --level $level --sd A000000151000010 put-keys 40 $new + list
		[ "$output" = "domain A000000151000010 PERSONALIZED 80C000 C4=A0000001515350 CC=A000000151000000" ]
		strange 2 --level $level --sd A000000151000010 list
		foreign --level $level extradite A000000151000010 A000000151000010 + list
		[[ $output == *"domain A000000151000010 PERSONALIZED 80C000 "*" CC=A000000151000010"* ]]
		foreign --level $level "${own[@]}" install empty.cap + list
		[ "$output" = "installed 0102030405060708
domain A000000151000010 PERSONALIZED 80C000 C4=A0000001515350 CC=A000000151000010
${empty//A000000151000000/A000000151000010}" ]
		foreign --level $level "${own[@]}" personalize 0102030405060708 DF1F0401020304
		foreign --level $level state 40 80 0102030405060708 + list
		[[ $output == *"app 0102030405060708 LOCKED 000000 "* ]]
		strange 1 --scp none select 0102030405060708
		[[ $stderr == *"SELECT: 6A82"* ]]
		foreign --level $level state 40 00 0102030405060708 + state 80 7F + list
		[[ $output == "isd A000000151000000 CARD_LOCKED"*"app 0102030405060708 SELECTABLE"* ]]
		[ "$(script 1 00A40400 | tail -n 1)" = 6F108408A000000151000000A5049F6501FF6283 ]
		strange 1 --level $level delete 0102030405060708
		[[ $stderr == *"DELETE: 6A81"* ]]
		foreign --level $level state 80 0F + store 90 4204AABBCC$level + apdu 80CA004200 4204AABBCC${level}9000
		strange 1 --level $level delete A000000151000010
		[[ $stderr == *"DELETE: 6985"* ]]
		foreign --level $level "${own[@]}" delete 0102030405 related
		foreign --level $level delete A000000151000010 + list
		# What is left is the card's own: a domain, the trust application, a package.
		[ "$(cut -d ' ' -f 1 <<<"$output")" = $'isd\napp\nload-file' ]
	done
}

@test "what the habits of other clients need of a card" {
	card
	# gp: SELECT without AID names the domain; Le behind everything; C-MAC alone.
	[[ $(script 1 00A4040000) == 6F*8408A000000151000000*9000 ]]
	foreign --le always --level 01 info + list
	# gpshell: card data has the channel that INITIALIZE UPDATE answers with; all three octets of C5;
	# it asks for domains by the AIDs that are in use until one is there.
	foreign --level 33 info + status 80
	[[ $output == *"isd A000000151000000 SECURED 9EFE80" ]]
	for aid in A000000003000000 A0000001510000AA A000000018434D00; do
		[ "$(script 1 "00A4040008$aid")" = 6A82 ]
	done
	[[ $(script 1 00A4040007A0000001510000) == *9000 ]]
	# pySim-shell: the class of SIMs of the second generation; T=1 alone.
	[ "$(script 1 A0A40000023F00)" = 6E00 ]
	[[ $(opensc-tool -r 0 -a) == 3b:87:01:* ]]
	# scpctl: level 33, card data, key information; tag lists.
	foreign --level 33 info + status 40 4F9F70C5C4CC + apdu 80CA00E000
	# R-MAC goes with commands that have no Le, too.
	foreign --le never --level 33 info + list
	# A command that is wrong says so, and the channel stays.
	foreign --level 33 apdu 80F28002024F0500 6A80 + list
}

@test "DAP, tokens and receipts with every kind of key" {
	card
	cap 0 empty.cap
	for kind in rsa1024 rsa2048 p256 p384 p521 aes128 aes192 aes256 des; do
		foreign --level 01 dap $kind empty.cap A000000151000020 + delegated $kind empty.cap A000000151000021
		[[ $output == receipts* ]]
	done
	foreign --level 33 dap p256 empty.cap A000000151000020 + delegated p256 empty.cap A000000151000021 + list
	[[ $output == "receipts [28, 29, 30]"*isd* && $output != *domain* ]]
	# What is longer than a command comes in extended length, or in several commands.
	for level in 01 03 11 33; do
		foreign --level $level --segments delegated rsa2048 empty.cap A000000151000021
	done
	[ "$(script 1 80CA00C200)" = C202002A9000 ]
}

@test "a UICC: its file system as pySim-shell reads it, its issuer domain, SCP02 and SCP03" {
	card --product uicc
	foreign --scp none uicc
	[[ ${lines[0]} == "iccid 8999"* && ${lines[1]} == "application A0000000871002FF"* && ${lines[2]} == "imsi 00101"* ]]
	[ "${#lines[@]}" -eq 3 ]
	cap 0 empty.cap
	foreign --level 33 info + list + uicc
	[[ $output == *"scp 03 i 70"*"scp 80 i 00"* ]]
	# Under the AID by which pySim-shell looks for the domain.
	[[ $(script 1 00A4040008A000000003000000) == 6F*9000 ]]
	for level in 01 33; do
		foreign --sd A000000003000000 --level $level install empty.cap + list + delete 0102030405 related
		[[ $output == *"load-file 0102030405 LOADED"* ]]
	done
	mapfile -t answers < <(script 1 A0A40000023F00 00A40004023F00 00A40004026FAA 00A4000C027F20 00B0000001)
	[ "${answers[*]:2}" = "6A82 9000 6986" ] && [ "${answers[0]}" = 6E00 ] && [[ ${answers[1]} == 62*8302*9000 ]]
	serve_end
	rm c.card
	store "type: scp02, version: 20, master: {hex: $key}"
	card --keys mine --product uicc
	foreign --scp 02 --level 03 info + list + uicc
	[[ $output == *"scp 02 i "*"imsi 00101"* ]]
}

@test "a card like a JCOP 4 with factory keys, and one like a YubiKey" {
	card --product jcop4
	cap 0 empty.cap
	foreign --level 01 info + install empty.cap + list + delete 0102030405 related
	[[ $output == *"key FF 03 88 10"*"app 0102030405060708 SELECTABLE"* ]]
	# It asks for no C-MAC.
	foreign --level 00 install empty.cap + list + list old + state 40 80 0102030405060708
	[[ $output == *"app 0102030405060708 SELECTABLE"* ]]
	foreign --level 00 delete 0102030405 related + list
	[[ $output != *0102030405* ]]
	# The factory set goes when the first of its owner's comes.
	foreign --level 00 put-keys 01 $new
	foreign --keys $new --level 33 info
	[ "$(grep -c '^key' <<<"$output")" -eq 3 ] && [[ $output == *"key 01 01 88 10"* ]]
	serve_end
	rm c.card
	card --product yubikey
	foreign --level 33 info
	[[ $output == *"scp 11 i "*"key FF 01 88 10"*"key 01 13 B1 20"* ]]
	ca=$(sed -n '/type: oce-ca/,/private/s/.*private: {hex: \(.*\)}/\1/p' keys.yaml)
	foreign --scp 11b --level 33 info
	foreign --scp 11a --ca "$ca" --level 33 list + put-keys 02 $new
	foreign --keys $new --kvn 02 --level 33 info
}

@test "both on one card: each finds what the other did" {
	store "type: scp03, version: 31, master: {hex: $key}"
	printf '  next: {%s}\n' "type: scp03, test: true, version: 32, diversification: none, master: {hex: $new}" >>keys.yaml
	card --keys mine
	cap 0 empty.cap
	ours=(-q -r 1 -k keys.yaml)
	foreign --level 33 install empty.cap + instance A0000001515350 A000000151535041 A000000151000010 80
	ok "${ours[@]}" list --keys mine --json
	[ "$(jq -c '[.entries[] | select(.aid == "0102030405060708" or .aid == "A000000151000010") | .state]' <<<"$output")" = '["selectable","selectable"]' ]
	ok "${ours[@]}" lock 0102030405060708 --yes --keys mine
	ok "${ours[@]}" install "$TOP/examples/hello.cap" --keys mine --level 01
	ok "${ours[@]}" put-keys next --rotate 31 --yes --keys mine
	strange 1 --kvn 31 list
	foreign --keys "$new" --level 33 list
	[[ $output == *"app 0102030405060708 LOCKED"*"app F04341524441444D0101 SELECTABLE"* ]]
	foreign --keys "$new" --level 13 delete F04341524441444D01 related + put-keys 31 $key
	ok "${ours[@]}" delete-keys 32 --yes --keys mine
	foreign list
	[[ $output == *isd* && $output != *F04341524441444D01* ]]
}
