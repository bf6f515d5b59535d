#!/usr/bin/env bats
# slow
# What a card tells before anybody authenticates: info, profiles.

load ../lib

# A recorded card in card.trace: the lines of the caller, SELECT and GET DATA in the order of info.
# 80CA commands that are not named are answered 6A88.
recorded() { # recorded ATR AID SELECT-ANSWER [TAG=ANSWER...]
	local atr=$1 aid=$2 select=$3 tag answer pair
	shift 3
	{
		echo "! $atr"
		printf '> 00A40400%02X%s00\n< %s\n' $((${#aid} / 2)) "$aid" "$select"
		for tag in 0066 0067 0045 9F7F 0042 00CF 00C1 00C2 FF21 FF70 00E0; do
			answer=6A88
			for pair in "$@"; do
				[ "${pair%%=*}" != $tag ] || answer=${pair#*=}9000
			done
			printf '> 80CA%s00\n< %s\n' $tag "$answer"
		done
	} >card.trace
}

@test "info: the virtual card, its profile and everything in words" {
	fleet
	ok -r vcard:fleet/0001.card info --json
	[ "$(jq -r '.profile | .name, .known_by' <<<"$output" | paste -sd/)" = "virtual/its answer to reset" ]
	[ "$(jq -r '.atr_means | .convention, .protocols[0], .historical, .check' <<<"$output" | paste -sd' ')" = "direct T=1 cardadm right" ]
	[ "$(jq -r '.selection | .status, .aid, .max_command_data' <<<"$output" | paste -sd' ')" = "9000 A000000151000000 255" ]
	[[ $(jq -r .selection.life_cycle <<<"$output") == "not locked"* ]]
	[ "$(jq -c '.channels[0].means' <<<"$output")" = '["S8","pseudo-random challenge","R-MAC","R-ENCRYPTION"]' ]
	[ "$(jq -r '.keys[].usage' <<<"$output" | paste -sd/)" = "ENC, by convention/MAC, by convention/DEK, by convention" ]
	[ "$(jq -r .confirmation_counter <<<"$output")" = 0000 ]
	[ "$(jq -c .memory <<<"$output")" = '{"applications":1,"free_non_volatile":4194304,"free_volatile":16384}' ]
	ok -r vcard:fleet/0001.card info
	[[ $output == *"product:  "*"virtual card of cardadm"* ]]
}

@test "info: a recorded JCOP 4, its CPLC and capabilities" {
	recorded 3BFA1800008131FE4546534A434F503453494480 A000000151000000 6F108408A000000151000000A5049F6501FF9000 \
		0066=664D734B06072A864886FC6B01600B06092A864886FC6B020203630906072A864886FC6B03640B06092A864886FC6B040370650D060B2A864886FC6B0507020000660C060A2B060104012A026E0103 \
		9F7F=9F7F2A4790D6004700000000003244342952208448000000000000000015278234323935320000000000000000 \
		00C2=C2020007 FF21=FF211081020002820400016DB483040000086A \
		00E0=E012C00401018810C00402018810C00403018810
	ok -r replay:card.trace info --json
	[ "$(jq -r '.profile.name, .profile.factory_p1, .profile.protocol' <<<"$output" | paste -sd' ')" = "jcop4 00 SCP03" ]
	[ "$(jq -r .profile.product <<<"$output")" = "NXP JCOP 4 P71, Java Card 3.0.5, GlobalPlatform 2.3" ]
	[[ $(jq -r .cplc.ic_fabrication_date <<<"$output") == 20?3-0[89]-*" (day 244 of a year ending in 3)" ]]
	[ "$(jq -r .cplc.ic_serial_number <<<"$output")" = 34295220 ]
	[ "$(jq -r .cplc.embedding_date <<<"$output")" = null ]
	[ "$(jq -c .memory <<<"$output")" = '{"applications":2,"free_non_volatile":93620,"free_volatile":2154}' ]
	[ "$(jq -r .confirmation_counter <<<"$output")" = 0007 ]
	[ "$(jq -r .atr_means.historical <<<"$output")" = FSJCOP4SID ]
}

@test "info: the profile names the issuer domain, a locked card says so" {
	recorded 3BFF9600008131FE4380318065B0855956FB120FFE82900000 A000000018434D00 \
		6F198408A000000018434D00A50D9F6E061291334903029F6501FF6283 \
		0067=6724A0098001028104153555758103E5BEC082031E030083010284010285017B86010C87017B
	ok -r replay:card.trace info --json
	[ "$(jq -r '.profile.name, .aid, .selection.status, .selection.life_cycle' <<<"$output" | paste -sd' ')" = "safenet A000000018434D00 6283 CARD_LOCKED" ]
	[ "$(jq -r .selection.production_life_cycle <<<"$output")" = 129133490302 ]
	[ "$(jq -r '.capabilities[0] | .protocol, .i[1]' <<<"$output" | paste -sd' ')" = "SCP02 35" ]
	# --sd decides.
	recorded 3BFF9600008131FE4380318065B0855956FB120FFE82900000 A000000151000000 9000
	ok -r replay:card.trace info --sd A000000151000000 --json
	[ "$(jq -r .aid <<<"$output")" = A000000151000000 ]
	# A domain that is not there ends it: no other is tried.
	printf '! 3B00\n> 00A4040008A00000015100000000\n< 6A82\n' >card.trace
	fails 6 -r replay:card.trace info
}

@test "info: every protocol of card data in words" {
	local oids="" scp
	for scp in 0105 0215 0260 0311 119B06 8000 810C; do
		oids+=$(printf '64%02X06%02X2A864886FC6B04%s' $((9 + ${#scp} / 2)) $((7 + ${#scp} / 2)) $scp)
	done
	recorded 3B00 A000000151000000 9000 "0066=73$(printf %02X $((${#oids} / 2)))$oids"
	ok -r replay:card.trace info --json
	jq -r '.channels[] | .protocol + " " + .i + ": " + (.means | join(", "))' <<<"$output" >said
	diff said - <<'TXT'
SCP01 05: 3 keys, explicit initiation, C-MAC on the modified APDU, ICV zero
SCP02 15: 3 keys, explicit initiation, C-MAC on the modified APDU, ICV zero, ICV encryption
SCP02 60: 1 base key, implicit initiation, C-MAC on the modified APDU, ICV zero, R-MAC, pseudo-random challenge
SCP03 11: S16, pseudo-random challenge
SCP11 0D86: SCP11a, SCP11b, SCP11c, S8, certificate chains, X.509 certificates
SCP80 00: secured packets over the air
SCP81 0C: TLS 1.2, TLS 1.3
TXT
}

@test "profiles: from CARDADM_PROFILES, bad ones named with line and column, none where there is none" {
	fleet
	mkdir mine
	cat >mine/lab.yaml <<'YAML'
cardadm: profile/1
name: lab
source: made for this test
products:
  card: {historical: 6361..64, product: "card of the laboratory"}
block: 100
YAML
	CARDADM_PROFILES=$PWD/mine ok -r vcard:fleet/0001.card info --json
	[ "$(jq -c '.profile | .name, .product, .known_by, .block, .isd' <<<"$output" | paste -sd' ')" = '"lab" "card of the laboratory" "its historical octets" 100 null' ]
	sed 's/lab$/lab2/' mine/lab.yaml >mine/other.yaml
	CARDADM_PROFILES=$PWD/mine ok -r vcard:fleet/0001.card info --json
	[ "$(jq -c .profile <<<"$output")" = null ]
	[[ $stderr == *"card profiles lab and lab2 fit equally well: neither is used"* ]]
	echo "blok: 3" >>mine/other.yaml
	CARDADM_PROFILES=$PWD/mine fails 3 -r vcard:fleet/0001.card info
	[[ $stderr == *"other.yaml:7:1: unknown key \`blok\`"* ]]
	CARDADM_PROFILES=$PWD/nowhere fails 3 -r vcard:fleet/0001.card info
}

@test "profiles: installed with the program, found from where it stands" {
	fleet
	mkdir -p prefix/bin prefix/share/cardadm/profiles
	cp "$(realpath "$CARDADM")" prefix/bin/cardadm
	cp "$CARDADM_PROFILES"/*.yaml prefix/share/cardadm/profiles
	unset CARDADM_PROFILES
	run -0 prefix/bin/cardadm -r vcard:fleet/0001.card info --json
	[ "$(jq -r .profile.name <<<"$output")" = virtual ]
	rm prefix/share/cardadm/profiles/virtual.yaml
	run -0 prefix/bin/cardadm -r vcard:fleet/0001.card info --json
	[ "$(jq -r .profile <<<"$output")" = null ]
}

# ---- what scp-open chooses ----

sent() { # sent TRACE INS: how many commands with this instruction went out
	grep -c "^> ..$2" "$1" || true
}

@test "scp-open says what it chose and why, once, in words and in JSON" {
	fleet
	r=vcard:fleet/0001.card
	ok -r $r -k keys.yaml scp-open --json
	[ "$(jq -r .profile <<<"$output")" = virtual ]
	jq -r '.why[]' <<<"$output" >why
	diff why - <<'TXT'
profile virtual: virtual card of cardadm, known by its answer to reset
domain A000000151000000: of the profile
protocol SCP03: the keys of test are AES, and the card offers it
i 70: the card's card data
key version 30: of key set test, which the card lists
S8: the card offers nothing else
TXT
	while read -r line; do [ "$(grep -cxF "cardadm: $line" <<<"$stderr")" -eq 1 ]; done <why
	ok -r $r scp-close
	ok -r $r -k keys.yaml scp-open -q --key-version 30 --sd A000000151000000 --json
	[ "$stderr" = "" ]
	[ "$(jq -r '.why[1], .why[4]' <<<"$output" | paste -sd/)" = "domain A000000151000000: as asked/key version 30: as asked, which the card lists" ]
	ok -r $r scp-close
}

@test "scp-open: S16 and other i come from the card" {
	"$CARDADM" keystore init --test-keys keys.yaml
	for par in 00 10 20 30 60 70 01 31 71; do
		"$CARDADM" vcard create $par.card --keystore keys.yaml --i $par
		ok -r vcard:$par.card -k keys.yaml scp-open --json
		want=S8
		[ "${par#?}" = 0 ] || want=S16
		[ "$(jq -r '.i, .mac' <<<"$output" | paste -sd' ')" = "$par $want" ]
		jq -r '.why[]' <<<"$output" | grep -qx "i $par: the card's card data"
		jq -r '.why[]' <<<"$output" | grep -qx "$want: the card offers nothing else"
		ok -r vcard:$par.card scp-close
	done
}

@test "scp-open: the profile's P1 for the version of the factory, and its answer checked" {
	"$CARDADM" keystore init --test-keys keys.yaml
	sed -i 's/version: 30/version: FF/' keys.yaml
	"$CARDADM" vcard create a.card --keystore keys.yaml
	ok -r vcard:a.card -k keys.yaml -t plain.txt scp-open
	grep -q '^> 8050FF0008' plain.txt
	ok -r vcard:a.card scp-close
	mkdir mine
	sed -e '/^load-le/a factory: {version: FF, p1: 00}' "$CARDADM_PROFILES"/virtual.yaml >mine/virtual.yaml
	export CARDADM_PROFILES=$PWD/mine
	ok -r vcard:a.card -k keys.yaml -t p1.txt scp-open --json
	grep -q '^> 8050000008' p1.txt
	[ "$(jq -r '.why[5]' <<<"$output")" = "P1 00: cards of profile virtual are so asked for their version FF" ]
	ok -r vcard:a.card scp-close
	# Another version is asked for by its number.
	fails 5 -r vcard:a.card -k keys.yaml -t other.txt scp-open --key-version 31
	grep -q '^> 8050310008' other.txt
	[ "$(sent other.txt 82)" -eq 0 ]
	# The card answers P1 00 with another version than FF: nothing more is sent.
	sed -i 's/version: FF/version: 30/' keys.yaml
	"$CARDADM" vcard create b.card --keystore keys.yaml
	fails 5 -r vcard:b.card -k keys.yaml -t b.txt scp-open --key-version FF
	[[ $stderr == *"key version FF was asked for, the card answers with 30"* ]]
	[ "$(sent b.txt 50)" -eq 1 ]
	[ "$(sent b.txt 82)" -eq 0 ]
}

@test "scp-open: keys that are not this card's by what it lists: nothing is sent, --key-version decides" {
	"$CARDADM" keystore init --test-keys keys.yaml
	"$CARDADM" vcard create a.card --keystore keys.yaml
	cat >other.yaml <<'YAML'
cardadm: keystore/1
keys:
  version: {type: scp03, test: true, version: 31, diversification: none, master: {hex: 404142434445464748494A4B4C4D4E4F}}
  length: {type: scp03, test: true, version: 30, diversification: none, master: {hex: 404142434445464748494A4B4C4D4E4F404142434445464748494A4B4C4D4E4F}}
YAML
	chmod 600 other.yaml
	fails 5 -r vcard:a.card -k other.yaml -t t.txt scp-open --keys version
	[[ $stderr == *"lists no key set of version 31, which version has: 30"*"hint: --key-version"* ]]
	fails 7 -r vcard:a.card -k other.yaml -t t.txt scp-open --keys length
	[[ $stderr == *"key version 30 of the card is aes of 16 octets, key set length is aes of 32"* ]]
	[ "$(sent t.txt 50)" -eq 0 ]
	fails 5 -r vcard:a.card -k other.yaml -t t.txt scp-open --keys version --key-version 31
	[[ $stderr == *"though the card does not list it"*"6A88"* ]]
	[ "$(sent t.txt 50)" -eq 1 ]
	[ "$(sent t.txt 82)" -eq 0 ]
}

@test "scp-open: the domain of the profile, and no other when it is not there" {
	fleet
	mkdir mine
	sed 's/^isd: .*/isd: A0000001515555/' "$CARDADM_PROFILES"/virtual.yaml >mine/virtual.yaml
	export CARDADM_PROFILES=$PWD/mine
	fails 6 -r vcard:fleet/0001.card -k keys.yaml -t t.txt scp-open
	[[ $stderr == *"SELECT A0000001515555: 6A82"* ]]
	[ "$(grep -c '^>' t.txt)" -eq 1 ]
	ok -r vcard:fleet/0001.card -k keys.yaml scp-open --sd A000000151000000
	ok -r vcard:fleet/0001.card scp-close
}

@test "keys: the entries of the store that may be it" {
	fleet
	ok -r vcard:fleet/0001.card -k keys.yaml keys --json
	[ "$(jq -c '[.keys[].entries]' <<<"$output")" = '[["test"],["test"],["test"]]' ]
	[[ $stderr == *"tells no key check values"*"--probe"* ]]
	ok -r vcard:fleet/0001.card -k keys.yaml scp-open
	ok -r vcard:fleet/0001.card -k keys.yaml keys --json
	[ "$(jq -c '.keys[0].entries' <<<"$output")" = '["test"]' ]
	ok -r vcard:fleet/0001.card scp-close
	for name in dap token receipt; do
		ok -q -r vcard:fleet/0001.card -k keys.yaml put-keys $name --keys test
	done
	ok -r vcard:fleet/0001.card -k keys.yaml keys --json
	[ "$(jq -c '[.keys[] | select(.version > "6") | [.version, .entries[]]] | sort' <<<"$output")" = \
		'[["70","token"],["71","receipt"],["73","dap"]]' ]
	sed -i 's/version: 30/version: 31/' keys.yaml
	ok -r vcard:fleet/0001.card -k keys.yaml keys --json
	[ "$(jq -c '.keys[0].entries' <<<"$output")" = '[]' ]
}

# ---- --probe ----

# Three card key sets; a.card has the one of `fleet`, by kdf3.
three_sets() {
	cat >probe.yaml <<'YAML'
cardadm: keystore/1
keys:
  wrong: {type: scp03, test: true, version: 30, diversification: kdf3, master: {hex: 000102030405060708090A0B0C0D0E0F}}
  long: {type: scp03, test: true, version: 30, diversification: none, master: {hex: 404142434445464748494A4B4C4D4E4F404142434445464748494A4B4C4D4E4F}}
  fleet: {type: scp03, test: true, version: 30, diversification: kdf3, master: {hex: 404142434445464748494A4B4C4D4E4F}}
YAML
	chmod 600 probe.yaml
	"$CARDADM" keystore init --test-keys keys.yaml
	"$CARDADM" vcard create a.card --keystore keys.yaml "$@"
}

@test "--probe finds the key set of several, with one INITIALIZE UPDATE and no EXTERNAL AUTHENTICATE" {
	three_sets
	ok -r vcard:a.card -k probe.yaml -t t.txt scp-open --probe --keys wrong --keys long --keys fleet --json
	[ "$(jq -c .fits <<<"$output")" = '[{"key_version":"30","protocol":"SCP03","keys":"fleet","diversification":"kdf3","proven":"ENC and MAC","as_the_entry_says":true}]' ]
	[ "$(jq -r '.asked[] | .key_version, .p1, .status, .mac' <<<"$output" | paste -sd' ')" = "30 30 9000 S8" ]
	[ "$(sent t.txt 50)" -eq 1 ]
	[ "$(sent t.txt 82)" -eq 0 ]
	# Without --keys all of the store; no channel is left open; nothing is remembered as refused.
	ok -r vcard:a.card -k probe.yaml scp-open --probe
	[[ $output == *"fleet  kdf3             ENC and MAC  yes"* ]]
	ok -r vcard:a.card scp-status
	[[ $output == "no channel is open"* ]]
	fails 5 -r vcard:a.card -k probe.yaml scp-open --probe --keys nothere
	ok -r vcard:a.card -k probe.yaml scp-open --keys fleet
	fails 4 -r vcard:a.card -k probe.yaml scp-open --probe
	ok -r vcard:a.card scp-close
}

@test "--probe: status 5 when none fits, and the tries of the card untouched" {
	three_sets --fault wrong-keys
	before=$("$CARDADM" vcard show a.card --json | jq -c '.keys[0].tries_left')
	fails 5 -r vcard:a.card -k probe.yaml -t t.txt scp-open --probe --json
	[ "$(jq -c .fits <<<"$output")" = '[]' ]
	[[ $stderr == *"none of 3 key sets fits"*"hint: --probe-diversifications"* ]]
	fails 5 -r vcard:a.card -k probe.yaml -t t.txt scp-open --probe --probe-diversifications
	[ "$(sent t.txt 50)" -eq 2 ]
	[ "$(sent t.txt 82)" -eq 0 ]
	[ "$("$CARDADM" vcard show a.card --json | jq -c '.keys[0].tries_left')" = "$before" ]
}

@test "--probe-diversifications finds the scheme, S16 and other i too" {
	for par in 70 71 00 01; do
		rm -rf a.card keys.yaml
		three_sets --diversification none --i $par
		fails 5 -r vcard:a.card -k probe.yaml scp-open --probe --keys fleet
		ok -r vcard:a.card -k probe.yaml -t t$par.txt scp-open --probe --keys wrong --keys fleet --probe-diversifications --json
		[ "$(jq -r '.fits[] | .keys, .diversification, .as_the_entry_says' <<<"$output" | paste -sd' ')" = "fleet none false" ]
		proven=MAC
		[ "${par%?}" = 0 ] || proven="ENC and MAC"
		[ "$(jq -r '.fits[0].proven' <<<"$output")" = "$proven" ]
		[ "$(sent t$par.txt 50)" -eq 1 ]
		[ "$(sent t$par.txt 82)" -eq 0 ]
	done
}

@test "--probe: half a key set is told, and is no fit" {
	three_sets --diversification none
	cat >half.yaml <<'YAML'
cardadm: keystore/1
keys:
  half:
    type: scp03
    test: true
    version: 30
    diversification: none
    enc: {hex: 000102030405060708090A0B0C0D0E0F}
    mac: {hex: 404142434445464748494A4B4C4D4E4F}
    dek: {hex: 404142434445464748494A4B4C4D4E4F}
YAML
	chmod 600 half.yaml
	fails 5 -r vcard:a.card -k half.yaml scp-open --probe
	[[ $stderr == *"half with none: the MAC key of version 30 is right, the other is not"* ]]
}

@test "--probe: each listed key version once, refusals are rows; recorded cards" {
	three_sets
	"$CARDADM" keystore init --test-keys plain.yaml
	sed -i 's/diversification: kdf3/diversification: none/; s/version: 30/version: 01/' plain.yaml
	# A JCOP 4 as GlobalPlatformPro recorded it: INITIALIZE UPDATE of version 01 by P1 00 is its default.
	{
		printf '! 3BFA1800008131FE4546534A434F503453494480\n'
		printf '> 00A4040008A00000015100000000\n< 6F108408A000000151000000A5049F6501FF9000\n'
		for tag in 0066 0067 0045 9F7F; do printf '> 80CA%s00\n< 6A88\n' $tag; done
		printf '> 80CA00E000\n< 6A88\n'
		printf '> 8050000008010203040506070800\n< 00003244342976208448010370734ECDCA19E446A30BC253BCE97DB9910004369000\n'
	} >jcop4.txt
	ok -r replay:jcop4.txt -k plain.yaml scp-open --probe --json
	[ "$(jq -r '.fits[] | .key_version, .keys, .proven' <<<"$output" | paste -sd' ')" = "01 test ENC and MAC" ]
	# Two sets and one of signatures listed: two questions, the second refused.
	sed -i -e '/^> 80CA00E000/{n;s/.*/< E012C00401018810C00401208810C004017380109000/}' -e 's/^> 8050000008/> 8050010008/' jcop4.txt
	printf '> 8050200008\052\052\052\052\052\052\052\052\052\052\052\052\052\052\052\05200\n< 6982\n' >>jcop4.txt
	ok -r replay:jcop4.txt -k plain.yaml scp-open --probe --json
	[ "$(jq -r '.asked[] | .key_version + " " + .status' <<<"$output" | paste -sd/)" = "01 9000/20 6982 security status not satisfied" ]
	[ "$(jq '.fits | length' <<<"$output")" -eq 1 ]
}

@test "--probe: usage, dry run, help" {
	three_sets
	fails 2 -r vcard:a.card -k probe.yaml scp-open --probe --level 33
	fails 2 -r vcard:a.card -k probe.yaml scp-open --probe-diversifications
	fails 2 -r vcard:a.card -k probe.yaml scp-open --keys fleet --keys long
	ok -r vcard:a.card -k probe.yaml scp-open --probe --dry-run
	[[ $output == *"8050**0008"* ]]
	run ! grep -q '^8482' <<<"$output"
	ok scp-open --help
	[[ $(tr -s ' \n' ' ' <<<"$output") == *"--probe Open nothing, tell which key sets fit; some cards count even that"* ]]
}

@test "--probe: triple DES keys, SCP02 cards, each diversification" {
	cat >des.yaml <<'YAML'
cardadm: keystore/1
keys:
  aes: {type: scp03, test: true, version: 20, diversification: none, master: {hex: 000102030405060708090A0B0C0D0E0F}}
  gemalto: {type: scp02, test: true, version: 20, diversification: visa2, master: {hex: 47454D5850524553534F53414D504C45}}
  old: {type: scp02, test: true, version: 20, diversification: emv, master: {hex: 404142434445464748494A4B4C4D4E4F}}
YAML
	chmod 600 des.yaml
	"$CARDADM" keystore init --test-keys keys.yaml
	sed -n '/^  issuer:/,/private/p' keys.yaml >>des.yaml
	for scheme in none visa2 visa emv; do
		for par in 15 55; do
			"$CARDADM" vcard create $scheme$par.card --keystore des.yaml --keys old --diversification $scheme --i $par
			ok -r vcard:$scheme$par.card -k des.yaml -t t.txt scp-open --probe --probe-diversifications --json
			proven=ENC
			[ $par = 15 ] || proven="ENC and MAC"
			[ "$(jq -r '.fits[] | .protocol, .keys, .diversification, .proven' <<<"$output" | paste -sd' ')" = "SCP02 old $scheme $proven" ]
		done
	done
	[ "$(sent t.txt 50)" -eq 8 ]
	[ "$(sent t.txt 82)" -eq 0 ]
	ok -r vcard:emv55.card -k des.yaml scp-open --probe
	fails 5 -r vcard:visa15.card -k des.yaml scp-open --probe
	# What was found opens it.
	ok -r vcard:emv55.card -k des.yaml scp-open --keys old --json
	[ "$(jq -r '.protocol, .i' <<<"$output" | paste -sd' ')" = "SCP02 55" ]
	jq -r '.why[]' <<<"$output" | grep -qx 'protocol SCP02: the keys of old are triple DES, and the card offers it'
	ok -r vcard:emv55.card scp-close
	fails 7 -r vcard:emv55.card -k des.yaml -t no.txt scp-open --keys aes
	[[ $stderr == *"aes is for SCP03, which the card does not offer"* ]]
	[ "$(sent no.txt 50)" -eq 0 ]
	ok -r vcard:emv55.card -k des.yaml keys --json
	[ "$(jq -c '.keys[0].entries' <<<"$output")" = '["gemalto","old"]' ]
}
