#!/usr/bin/env bats
# vcard create --product: virtual cards that are like products, as hosts see them.

load ../lib

# products: a key store whose card keys are of version 30, one of version FF, and a card of each kind.
products() {
	local p
	"$CARDADM" keystore init --test-keys keys.yaml 2>/dev/null
	sed '/^ *version: 30/s/30/FF/' keys.yaml >factory.yaml
	chmod 600 factory.yaml
	for p in plain jcop4 uicc yubikey; do
		"$CARDADM" -q vcard create $p.card --product $p -k keys.yaml >out 2>&1 || return 1
	done
}

# field QUERY: of the last JSON.
field() {
	jq -r "$1" <<<"$output"
}

@test "every product is known by its profile, and shown" {
	local p
	products
	for p in jcop4 uicc yubikey; do
		ok -r vcard:$p.card info --json
		[ "$(field .profile.name)" = $p ]
		[ "$(field .selection.aid)" = A000000151000000 ]
		ok vcard show $p.card --json
		[ "$(field .product)" = $p ]
	done
	ok vcard show plain.card --json
	[ "$(field .product)" = plain ]
	ok -r vcard:plain.card info --json
	[ "$(field .profile.name)" = virtual ]
}

@test "a JCOP 4: factory set FF asked for with P1 00, its CPLC, its card data" {
	products
	ok -r vcard:jcop4.card info --json
	[ "$(field '.keys | map(.version) | unique | join(" ")')" = FF ]
	[ "$(field '.cplc.ic_fabricator, .cplc.ic_type, .cplc.os_id' | paste -sd' ')" = "4790 D600 4700" ]
	[ "$(field .system)" = null ]
	# the entry of the key store says another version: told, and there is a way
	fails 5 -r vcard:jcop4.card scp-open -k keys.yaml
	[[ $stderr == *"lists no key set of version 30"*"--key-version"* ]]
	ok -r vcard:jcop4.card scp-open -k factory.yaml
	[[ $stderr == *"P1 00: cards of profile jcop4"* ]]
	[[ $output == *"key version FF"* ]]
	ok -r vcard:jcop4.card scp-close
	ok -r vcard:jcop4.card scp-open -k keys.yaml --key-version FF --level 01
	ok -r vcard:jcop4.card list
	ok -r vcard:jcop4.card scp-close
}

@test "a YubiKey: level 33 only, no maximum length, SCP11 with the CA of the store" {
	products
	ok -r vcard:yubikey.card info --json
	[ "$(field .selection.max_command_data)" = null ]
	[ "$(field '.channels | map(.protocol) | join(" ")')" = "SCP03 SCP11" ]
	[ "$(field '[.keys[] | select(.version == "01") | .id] | join(" ")')" = "10 11 13 15" ]
	fails 5 -r vcard:yubikey.card scp-open -k factory.yaml --level 13
	[[ $stderr == *6A86* ]]
	ok -r vcard:yubikey.card scp-open -k factory.yaml --retry-authentication
	ok -r vcard:yubikey.card scp-close
	ok -r vcard:yubikey.card scp-open -k keys.yaml --protocol scp11b
	ok -r vcard:yubikey.card scp-close
	# a store without a CA, or a protocol that is asked for: no SCP11
	ok vcard create without.card --product yubikey --protocol scp03 -k keys.yaml
	ok -r vcard:without.card info --json
	[ "$(field '.channels | map(.protocol) | join(" ")')" = SCP03 ]
}

@test "a UICC: its files, its domain under two names, key versions of its configuration" {
	products
	ok -q -r vcard:uicc.card apdu 00A40004023F00 00A40004022FE2 00B000000A
	[ "${lines[0]:0:4}" = 6218 ]
	[ "${lines[4]}" = 989909100000000010F2 ]
	ok -q -r vcard:uicc.card apdu 00A4080C047FFF6F07 00B0000009 00A4080C022F00 00B2010426
	[[ $output == *080910100000000010*A0000000871002* ]]
	ok -q -r vcard:uicc.card apdu 00A4040408A000000003000000 =9000
	[[ $output == *8408A000000003000000* ]]
	fails 6 -q -r vcard:uicc.card apdu A0A40000023F00 =9000
	[[ $stderr == *6E00* ]]
	ok -r vcard:uicc.card scp-open -k keys.yaml
	[[ $output == *"key version 30"* ]]
	ok -r vcard:uicc.card scp-close
	ok -r vcard:uicc.card scp-open -k keys.yaml --sd A000000003000000
	ok -r vcard:uicc.card scp-close
	# each card has numbers of its own
	ok vcard create more --product uicc --count 2 --first 12 -k keys.yaml
	ok -q -r vcard:more/0013.card apdu 00A4080C022FE2 00B000000A
	[ "${lines[1]}" = 989909100000000031F7 ]
}

@test "SCP02 and products; versions of keys" {
	products
	cat >des.yaml <<-Y
		cardadm: keystore/1
		keys:
		  old: {type: scp02, version: 01, test: true, diversification: none, master: {hex: 404142434445464748494A4B4C4D4E4F}}
	Y
	chmod 600 des.yaml
	ok vcard create sim.card --product uicc -k des.yaml
	[[ $stderr == *"old has version 01, on the card it is 20"* ]]
	ok -r vcard:sim.card scp-open -k des.yaml --key-version 20
	ok -r vcard:sim.card list
	ok -r vcard:sim.card scp-close
	ok vcard create 31.card --product jcop4 --key-version 31 -k keys.yaml
	ok -r vcard:31.card info --json
	[ "$(field '.keys | map(.version) | unique | join(" ")')" = 31 ]
	ok vcard create other.card --isd A000000018434D00 -k keys.yaml
	ok -r vcard:other.card scp-open -k keys.yaml --sd A000000018434D00
	ok -r vcard:other.card scp-close
}

@test "what is wrong is said" {
	products
	fails 2 vcard create x.card --product simcard -k keys.yaml
	[[ $stderr == *"simcard"*"plain"* ]]
	fails 2 vcard create x.card --key-version 00 -k keys.yaml
	fails 3 vcard create x.card --key-version 80 -k keys.yaml
	[[ $stderr == *"key version 80"* ]]
	fails 2 vcard create x.card --isd A000 -k keys.yaml
	[ ! -e x.card ]
}
