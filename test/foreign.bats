#!/usr/bin/env bats
# slow: hundreds of channels through pcscd
# A client that shares nothing with the program manages virtual cards through pcscd: test/foreign,
# Python over pyscard with secure channels of its own, written from the specifications.

load lib
load pcscd

client=$BATS_TEST_DIRNAME/foreign/client.py
key=404142434445464748494A4B4C4D4E4F

teardown() {
	pcscd_teardown
}

needs_python() {
	/usr/bin/python3 -c 'import cryptography' 2>/dev/null || skip "python3-cryptography is not installed"
	/usr/bin/python3 -c 'import smartcard' 2>/dev/null || skip "python3-pyscard is not installed"
}

# foreign ARGS...: the client; its answer in $output. strange STATUS ARGS...: one that fails.
foreign() {
	run --separate-stderr -0 "$client" "$@"
}

strange() {
	run --separate-stderr "-$1" "$client" "${@:2}"
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
	[ "${#lines[@]}" -eq 5 ]
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
		80F28002024F0000 80E400000A4F08A000000151000000 80D80001 80F0807F00 80E2900000)
	[ "${answers[0]}" = 6F108408A000000151000000A5049F6501FF9000 ]
	[ "${answers[1]}" = E012C00401308810C00402308810C004033088109000 ]
	[[ ${answers[2]} == 9F7F2A*9000 && ${answers[3]} == 42??*9000 && ${answers[4]} == 45??*9000 ]]
	# Whatever changes or shows content needs a channel.
	for n in {5..9}; do [ "${answers[n]}" = 6982 ]; done
}

@test "SCP02 at every level, i=15 and i=55, and R-MAC where i has it" {
	store "type: scp02, version: 20, master: {hex: $key}"
	for option in 15 55 75; do
		card --keys mine --i $option
		levels=(00 01 03) check=()
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
	ca=$(sed -n '/type: ca/,/private/s/.*private: {hex: \(.*\)}/\1/p' keys.yaml)
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
