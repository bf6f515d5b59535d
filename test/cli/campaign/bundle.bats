#!/usr/bin/env bats
# slow
# bundle build, show, verify: what a design house and its customers type.
# shellcheck disable=SC2154 # bats sets stderr
load ../lib

store() {
	"$CARDADM" keystore init --test-keys keys.yaml 2>/dev/null
	image app.img "${1:-1000}"
}

# build OUTPUT ARGS...
build() {
	local to=$1
	shift
	ok bundle build --image app.img --version 3.2 --keystore keys.yaml --output "$to" "$@"
}

refuses() { # refuses STATUS ARGS...: a build that fails and leaves no file behind
	local want=$1
	shift
	fails "$want" bundle build --image app.img --version 3.2 --keystore keys.yaml \
		--output no.bundle "$@"
	[ ! -e no.bundle ]
}

# flip FILE OFFSET: the lowest bit of one octet
flip() {
	local was
	was=$(od -An -tu1 -j "$2" -N 1 "$1")
	printf '%b' "\\x$(printf %02x $((was ^ 1)))" |
		dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

# field FILE JQ: one value of bundle show --json
field() {
	"$CARDADM" bundle show "$1" --json | jq -r "$2"
}

@test "build tells campaign, packages, commands, size, digest and code" {
	store 1000
	build a.bundle --json
	[ "$(jq -r .digest <<<"$output")" = "$(sha256sum app.img | cut -d' ' -f1)" ]
	[ "$(jq -r .bundle <<<"$output")" = "$(sha256sum a.bundle | cut -d' ' -f1)" ]
	[ "$(jq -r .size <<<"$output")" = "$(stat -c %s a.bundle)" ]
	[ "$(jq -r .campaign <<<"$output" | wc -c)" -eq 33 ]
	[ "$(jq -r '[.version, .base, .platform, .target, .variant, .algorithm, .name] | join(" ")' \
		<<<"$output")" = "3.2 0.0 PLAT-A01 A000000151000001 a 05 app.img" ]
	[ "$(jq -c '.packages | map([.package, .mac, .key_bits, .commands])' <<<"$output")" = \
		'[[1,"S8",128,5]]' ]
	build b.bundle
	[[ $output == *"campaign:"* && $output == *"commands"* && $output == *"digest:"* ]]
	[ "$(field a.bundle .campaign)" != "$(field b.bundle .campaign)" ]
}

@test "all variants, key sizes and algorithms build and verify" {
	store
	for bits in 128 192 256; do
		for v in "a 01" "a 04" "a 05" "b 02" "b 04" "b 05" "plain 01" "plain 04" "plain 05"; do
			read -r variant algorithm <<<"$v"
			f=$variant-$algorithm-$bits.bundle
			run --separate-stderr "$CARDADM" bundle build --image app.img --version 3.2 \
				-k keys.yaml --output "$f" --s16 --variant "$variant" \
				--algorithm "$algorithm" --key-size "$bits" --allow-literal-mac
			# The test store's Kos and KEK may be shorter than the broadcast keys.
			[ "$status" -eq 0 ] || { [ "$status" -eq 7 ] && [[ $stderr == *shorter* ]]; }
			[ "$status" -eq 0 ] || continue
			ok bundle verify "$f" -k keys.yaml
			[ "$(field "$f" '.packages | map(.mac) | join(" ")')" = "S8 S16" ]
		done
	done
	[ -e a-05-128.bundle ] && [ -e b-05-128.bundle ] && [ -e plain-05-128.bundle ]
}

@test "options reach the bundle" {
	store
	build x.bundle --name "Zähler 3" --expires 2099-12-31 --base 2.1 --target A0000001510002 \
		--platform 0001020304050607 --campaign 000102030405060708090A0B0C0D0E0F --package 7
	ok bundle show x.bundle --json
	[ "$(jq -r '[.name, .expires, .base, .target, .platform, .campaign,
		(.packages[0].package | tostring)] | join(" ")' <<<"$output")" = \
		"Zähler 3 2099-12-31 2.1 A0000001510002 0001020304050607 000102030405060708090A0B0C0D0E0F 7" ]
}

@test "literal codes are refused without consent, and show says why" {
	store
	refuses 7 --algorithm 01
	[[ $stderr == *--allow-literal-mac* ]]
	refuses 7 --variant b --algorithm 02
	refuses 7 --variant b --algorithm 01 --allow-literal-mac
	refuses 7 --variant a --algorithm 02 --allow-literal-mac
	refuses 7 --variant plain --algorithm 02 --allow-literal-mac
	build w.bundle --algorithm 01 --allow-literal-mac
	[[ $(field w.bundle .weakness) == *"another image with the same code"* ]]
	build v.bundle --variant b --algorithm 02 --allow-literal-mac
	[[ $(field v.bundle .weakness) == *KMAC* ]]
	build u.bundle
	[ "$(field u.bundle .weakness)" = null ]
}

@test "other refusals" {
	store
	: >app.img
	refuses 7
	truncate -s 16777217 app.img
	refuses 7
	image app.img 500
	refuses 2 --algorithm 03
	refuses 2 --key-size 100
	refuses 2 --variant c
	refuses 2 --platform short
	refuses 2 --campaign 00
	refuses 2 --package 0
	refuses 2 --expires 2020-02-02
	refuses 2 --expires 2099-02-30
	refuses 2 --kek bundle-kek
	refuses 2 --kmac kmac
	refuses 2 --variant plain --kos kos
	refuses 2 --algorithm 04 --issuer issuer
	refuses 5 --issuer nobody
	refuses 5 --signer nobody
	refuses 7 --signer signer --signer signer
	rm app.img
	refuses 3
	fails 2 bundle build --image app.img --keystore keys.yaml --output no.bundle
	fails 2 bundle build --image app.img --version 3.2 --output no.bundle
}

@test "an existing file is not overwritten, and burns no package" {
	store
	echo mine >app.bundle
	id=00112233445566778899AABBCCDDEEFF
	fails 7 bundle build --image app.img --version 3.2 -k keys.yaml --output app.bundle \
		--campaign $id
	[ "$(cat app.bundle)" = mine ]
	build other.bundle --campaign $id
}

@test "a package of a campaign is built once" {
	store
	id=00112233445566778899AABBCCDDEEFF
	build 1.bundle --campaign $id
	refuses 7 --campaign $id
	[[ $stderr == *"$(date +%Y-%m-%d)"* && $stderr == *--package* ]]
	refuses 7 --campaign $id --package 1 --s16
	build 2.bundle --campaign $id --package 2 --s16
	refuses 7 --campaign $id --package 3
	build 4.bundle --campaign $id --package 4
	[ "$(stat -c %a "$XDG_STATE_HOME/cardadm/bundles")" = 600 ]
}

@test "a flipped bit anywhere ends with 3" {
	store 300
	build app.bundle
	size=$(stat -c %s app.bundle)
	for ((at = 0; at < size; at += 1 + size / 40)); do
		cp app.bundle bad.bundle
		flip bad.bundle $at
		fails 3 bundle verify bad.bundle -k keys.yaml
		[[ $stderr == *bad.bundle* ]]
	done
	head -c $((size - 1)) app.bundle >bad.bundle
	fails 3 bundle verify bad.bundle -k keys.yaml
	cp app.bundle bad.bundle && printf x >>bad.bundle
	fails 3 bundle verify bad.bundle -k keys.yaml
	fails 3 bundle verify missing.bundle -k keys.yaml
	fails 3 bundle show keys.yaml
}

@test "another store's signer does not count; show says so and ends 0" {
	store
	build app.bundle
	"$CARDADM" keystore init --test-keys others.yaml 2>/dev/null
	fails 3 bundle verify app.bundle -k others.yaml
	ok bundle show app.bundle -k others.yaml --json
	[ "$(jq -r '[.verified, .signers[0].verified, .signers[0].name] | join(" ")' <<<"$output")" = \
		"false false " ]
	ok bundle show app.bundle -k keys.yaml --json
	[ "$(jq -r '[.verified, .signers[0].verified] | join(" ")' <<<"$output")" = "true true" ]
	ok bundle show app.bundle
	[[ $output == *"verified:"*"no"*"no key store is named"* ]]
	CARDADM_KEYSTORE=keys.yaml ok bundle verify app.bundle
}

@test "nothing that was built shows a key value of the store" {
	store
	build app.bundle --json
	build plain.bundle --variant plain
	ok bundle show plain.bundle -k keys.yaml
	shown=$output$stderr
	mapfile -t secrets < <(grep -o 'hex: [0-9A-F]*' keys.yaml | cut -d' ' -f2)
	[ ${#secrets[@]} -ge 5 ]
	cat app.bundle plain.bundle | od -An -v -tx1 | tr -d ' \n' | tr a-f A-F >hex
	for secret in "${secrets[@]}"; do
		[[ $shown != *"$secret"* ]]
		run grep -c "$secret" hex
		[ "$output" = 0 ]
	done
}

@test "a version that no card could take is refused" {
	"$CARDADM" keystore init --test-keys keys.yaml
	image app.img 500
	fails 2 bundle build --image app.img --version 3.2 --base 3.2 -k keys.yaml --output app.bundle
	fails 2 bundle build --image app.img --version 3.2 --base 9.9 -k keys.yaml --output app.bundle
	[[ $stderr == *"--version 3.2 is not above the base 9.9"* ]]
	fails 2 bundle build --image app.img --version 0.0 -k keys.yaml --output app.bundle
	[ ! -e app.bundle ]
	ok bundle build --image app.img --version 3.2 --base 3.1 -k keys.yaml --output app.bundle
}
