#!/usr/bin/env bats
# slow
# dap sign, dap verify: signatures of load files with every kind of key, checked by others too.
# shellcheck disable=SC2016 # backquotes in messages
load ../lib
load ../authority

CAP=$TOP/examples/hello.cap
OTHER=$TOP/examples/hello-1.1.cap
ISD=A000000151000000

# The octets in a block, behind the AID: 4F 08 AID C3 length.
signature_of() {
	local at=14
	[ "$(hex "$1" 1 | head -c 2)" = 81 ] && at=16
	[ "$(hex "$1" 1 | head -c 2)" = 82 ] && at=18
	hex "$1" "$at"
}

@test "dap sign: every kind of key, as others compute it, and back" {
	key_store dap
	for k in "${KINDS[@]}"; do
		ok -k keys.yaml dap sign "$CAP" --key "$k" --domain $ISD --output "$k.dap" --json
		case $k in
		p384) want=sha-384 ;;
		p521) want=sha-512 ;;
		*) want=sha-256 ;;
		esac
		[ "$(jq -r .algorithm <<<"$output")" = $want ]
		[ "$(jq -r .octets <<<"$output")" = "$(stat -c %s "$k.dap")" ]
		hash=$(jq -r .hash <<<"$output")
		[[ $(hex "$k.dap") == E2*4F08"$ISD"C3* ]]
		signed "$k" "$hash" "$(signature_of "$k.dap")"
		ok -k public.yaml dap verify "$CAP" --key "$k" --dap "$k.dap" --json
		[ "$(jq -c '[.domain, .hash, .ok]' <<<"$output")" = "[\"$ISD\",\"$hash\",true]" ]
		fails 3 -k public.yaml dap verify "$OTHER" --key "$k" --dap "$k.dap"
		[[ $stderr == *"$k.dap: not the signature of this key over $OTHER"* ]]
		[ -z "$output" ]
	done
}

@test "dap sign: the hash is that of the load file data block, with and without Descriptor" {
	key_store dap
	ok cap show "$CAP" --json
	shown=$output
	for alg in sha-1 sha-256 sha-384 sha-512; do
		ok -k keys.yaml dap sign "$CAP" --key aes --domain $ISD --hash $alg --output $alg.dap --json
		[ "$(jq -r .hash <<<"$output")" = "$(jq -r --arg a $alg '.. | objects | select(has($a))[$a]' <<<"$shown")" ]
		ok -k keys.yaml dap verify "$CAP" --key aes --dap $alg.dap --hash $alg
	done
	fails 3 -k keys.yaml dap verify "$CAP" --key aes --dap sha-384.dap
	ok -k keys.yaml dap sign "$CAP" --key aes --domain $ISD --descriptor --output whole.dap
	fails 3 -k keys.yaml dap verify "$CAP" --key aes --dap whole.dap
	[[ $stderr == *"--descriptor"* ]]
	ok -k keys.yaml dap verify "$CAP" --key aes --dap whole.dap --descriptor
	[[ $output == *"ok:"*yes* ]]
}

@test "dap sign: a hash that is too weak for the key is refused before anything is written" {
	key_store dap
	for row in rsa2048:sha-1:sha-256 p256:sha-1:sha-256 p384:sha-256:sha-384 p521:sha-384:sha-512; do
		IFS=: read -r key hash least <<<"$row"
		fails 7 -k keys.yaml dap sign "$CAP" --key "$key" --domain $ISD --hash "$hash" --output x.dap
		[[ $stderr == *"--hash: $hash is too weak for a signature with "*"hint: $least or stronger"* ]]
		[ ! -e x.dap ]
	done
	ok -k keys.yaml dap sign "$CAP" --key rsa1024 --domain $ISD --hash sha-1 --output x.dap
	ok -k keys.yaml dap verify "$CAP" --key rsa1024 --hash sha-1 --dap x.dap
}

@test "dap verify: no octet may differ" {
	key_store dap
	ok -k keys.yaml dap sign "$CAP" --key des --domain $ISD --output good.dap
	[ "$(stat -c %s good.dap)" -eq 22 ]
	for ((bit = 0; bit < 176; bit += 7)); do
		# The AID is shown, and not signed.
		((bit >= 32 && bit < 96)) && continue
		cp good.dap bad.dap
		flip bad.dap $bit
		fails 3 -k keys.yaml dap verify "$CAP" --key des --dap bad.dap
	done
	head -c 21 good.dap >short.dap
	fails 3 -k keys.yaml dap verify "$CAP" --key des --dap short.dap
	[[ $stderr == *"short.dap: not one DAP block (E2 with 4F and C3)"* ]]
	cat good.dap good.dap >two.dap
	fails 3 -k keys.yaml dap verify "$CAP" --key des --dap two.dap
	: >empty.dap
	fails 3 -k keys.yaml dap verify "$CAP" --key des --dap empty.dap
	fails 3 -k keys.yaml dap verify "$CAP" --key aes --dap good.dap
	[[ $stderr == *"hint: a signature with AES-128 has 16 octets, this one 8"* ]]
}

@test "dap sign: what it needs" {
	key_store dap
	fails 2 -k keys.yaml dap sign "$CAP" --key des --output x.dap
	[[ $stderr == *"--domain"* ]]
	fails 2 -k keys.yaml dap sign "$CAP" --key des --domain $ISD
	fails 2 -k keys.yaml dap sign --key des --domain $ISD --output x.dap
	fails 2 dap sign "$CAP" --domain $ISD --output x.dap
	fails 5 -k keys.yaml dap sign "$CAP" --domain $ISD --output x.dap
	[[ $stderr == *"several entries of type dap, name one: rsa1024, rsa2048, "* ]]
	fails 5 -k keys.yaml dap sign "$CAP" --key nobody --domain $ISD --output x.dap
	fails 5 -k public.yaml dap sign "$CAP" --key p256 --domain $ISD --output x.dap
	[[ $stderr == *"dap 'p256': only the public key is in public.yaml"* ]]
	fails 3 -k keys.yaml dap sign nothing.cap --key des --domain $ISD --output x.dap
	fails 3 -k keys.yaml dap sign keys.yaml --key des --domain $ISD --output x.dap
	[ ! -e x.dap ]
	echo mine >x.dap
	fails 7 -k keys.yaml dap sign "$CAP" --key des --domain $ISD --output x.dap
	[ "$(cat x.dap)" = mine ]
	fails 3 -k keys.yaml dap verify "$CAP" --key des --dap nothing.dap
	# an entry of another type
	ok keystore init --test-keys test.yaml
	fails 5 -k test.yaml dap sign "$CAP" --key token --domain $ISD --output y.dap
	[[ $stderr == *'`token` is of type token, not dap'* ]]
	ok -k test.yaml dap sign "$CAP" --domain $ISD --output y.dap
}

@test "no output of dap holds a key" {
	key_store dap
	ok -k keys.yaml dap sign "$CAP" --key aes --domain $ISD --output x.dap -v --json
	[[ $output$stderr != *404142434445* ]]
}
