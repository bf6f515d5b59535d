#!/usr/bin/env bats
# What a card tells before anybody authenticates: info, profiles.

load lib

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
	[ "$(jq -c '.confirmation_counter, .memory' <<<"$output" | paste -sd' ')" = "null null" ]
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
	# --aid decides.
	recorded 3BFF9600008131FE4380318065B0855956FB120FFE82900000 A000000151000000 9000
	ok -r replay:card.trace info --aid A000000151000000 --json
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
