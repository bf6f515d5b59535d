#!/usr/bin/env bats
# slow
# Channels of SCP02 to virtual cards, and of SCP01 and SCP02 to recorded ones.

load ../lib

# A store of triple DES keys (the well-known test key), and of AES keys beside them.
store() {
	(
		umask 077
		cat >keys.yaml <<-'EOF'
			cardadm: keystore/1
			keys:
			  old:
			    {type: scp02, test: true, version: 20, diversification: visa2,
			      master: {hex: 404142434445464748494A4B4C4D4E4F, kcv: 8BAF47}}
			  plain:
			    {type: scp02, test: true, version: FF, diversification: none,
			      master: {hex: 404142434445464748494A4B4C4D4E4F}}
			  own:
			    {type: scp02, test: true, version: 21, master: {hex: 404142434445464748494A4B4C4D4E4F},
			      diversification: {template: "$9$8$7$6$5$4 A5 $k $0$1$2$3$4$5 5A $k"}}
			  new:
			    {type: scp03, test: true, version: 30, diversification: kdf3,
			      master: {hex: 404142434445464748494A4B4C4D4E4F}}
		EOF
	)
}

# recorded FILE ID: makes card.txt, a replay of a recorded session that ends with EXTERNAL
# AUTHENTICATE, of a card that tells nothing about itself.
recorded() {
	jq -r --arg id "$2" 'select(.id == $id) | .init_update_cmd[0:26] + "00",
		.init_update_rsp, .ext_auth_cmd[0:42], .ext_auth_rsp' "$TOP/test/transcripts/$1" >lines
	{
		printf '> 00A4040008A00000015100000000\n< 9000\n'
		printf '> %s\n< 6A88\n' 80CA006600 80CA006700 80CA004500 80CA9F7F00 80CA00E000
		sed -e 'n;s/^/< /' lines | sed -e '1~2s/^/> /'
		printf '> 00A4040008A00000015100000000\n< 9000\n'
	} >card.txt
}

@test "SCP02: every level that the card has, commands and answers protected" {
	store
	ok -k keys.yaml vcard create --keys old --i 35 b.card
	for level in 00 01 03 10 11 13; do
		ok -r vcard:b.card -k keys.yaml -t trace.$level scp-open --keys old --level $level --json
		[ "$(jq -r '.protocol, .i, .i_from, .level, .mac' <<<"$output" | paste -sd' ')" = "SCP02 35 card data $level null" ]
		ok -r vcard:b.card apdu 80F28002024F0000
		[[ $output == E3134F08A000000151000000*9000* ]]
		fails 6 -r vcard:b.card apdu 80CA123400
		ok -r vcard:b.card apdu 80CA00E000
		ok -r vcard:b.card scp-close
	done
	grep -q '^> 80F28002024F0000$' trace.00
	grep -Eq '^> 84F280020A4F00[0-9A-F]{16}00$' trace.01
	grep -Eq '^> 84F2800210[0-9A-F]{32}00$' trace.03
	grep -q '^> 80F28002024F0000$' trace.10
	# R-MAC: the same answer, eight octets longer.
	grep -Eq '^< E3134F08A0000001510000009F70010FC5039EFE80[0-9A-F]{16}9000$' trace.10
	grep -Eq '^< E3134F08A0000001510000009F70010FC5039EFE80[0-9A-F]{16}9000$' trace.13
	grep -q '^< E3134F08A0000001510000009F70010FC5039EFE809000$' trace.03
	# The sequence counter moved once for each session.
	ok vcard show b.card --json
	[ "$(jq -r '.protocol, .i, .keys[0].type, .keys[0].sequence_counter' <<<"$output" | paste -sd' ')" = "SCP02 35 des 000006" ]
}

@test "SCP02: a card of i = 15 has no R-MAC, and nothing is sent to see" {
	store
	ok -k keys.yaml vcard create --protocol scp02 --keys old --i 15 a.card
	for level in 11 13 10; do
		fails 7 -r vcard:a.card -k keys.yaml -t trace scp-open --keys old --level $level
		[[ $stderr == *"the card cannot do level $level: it reports i = 15"* ]]
	done
	if grep -q '^> 8482' trace; then false; fi
	for level in 00 01 03; do
		ok -r vcard:a.card -k keys.yaml scp-open --keys old --level $level
		ok -r vcard:a.card apdu 80F28002024F0000
		ok -r vcard:a.card scp-close
	done
	ok -r vcard:a.card -k keys.yaml scp-open --keys old
	[[ $output == *"SCP02 i=15 (card data), level 03, key version 20"* ]]
	ok -r vcard:a.card scp-status
	[[ $output == *"SCP02 i=15 (card data), level 03, key set old"* ]]
	ok -r vcard:a.card scp-close
}

@test "SCP02: every parameter i of explicit initiation" {
	store
	for par in 04 05 14 15 24 25 34 35 44 45 54 55 64 65 74 75; do
		ok -k keys.yaml vcard create --keys plain --i $par $par.card
		ok -r vcard:$par.card -k keys.yaml scp-open --keys plain
		ok -r vcard:$par.card apdu 80F28002024F0000 80CA00E000 80F28002024F0000
		ok -r vcard:$par.card scp-close
	done
	for par in 1A 0A 85 17; do
		fails 2 -k keys.yaml vcard create --keys plain --i $par bad.card
	done
	[ ! -e bad.card ]
}

@test "SCP02: wrong keys cost no try, a protocol that was not asked for is refused" {
	store
	ok -k keys.yaml vcard create --keys old --fault wrong-keys a.card
	fails 5 -r vcard:a.card -k keys.yaml -t trace scp-open --keys old
	[[ $stderr == *"no try spent"* ]]
	ok -k keys.yaml vcard create --keys old b.card
	fails 5 -r vcard:b.card -k keys.yaml -t trace scp-open --keys old --protocol scp01
	[[ $stderr == *"the card answers with SCP02, not SCP01"* ]]
	fails 5 -r vcard:b.card -k keys.yaml -t trace scp-open --keys old --protocol scp03
	[[ $stderr == *"\`old\` is of type scp02, not scp03"* ]]
	fails 7 -r vcard:b.card -k keys.yaml -t trace scp-open --keys new
	fails 7 -r vcard:b.card -k keys.yaml -t trace scp-open --keys old --s16
	fails 7 -r vcard:b.card -k keys.yaml -t trace scp-open --keys old --level 33
	fails 5 -r vcard:b.card -k keys.yaml -t trace scp-open
	[[ $stderr == *"several entries of type scp03 or scp02"* ]]
	if grep -q '^> 8482' trace; then false; fi
	ok vcard show b.card --json
	[ "$(jq -r '.keys[0].tries_left, .keys[0].sequence_counter' <<<"$output" | paste -sd' ')" = "10 000000" ]
}

@test "a template of one's own diversifies, and every scheme by name" {
	store
	ok -k keys.yaml vcard create --keys own a.card
	ok -r vcard:a.card -k keys.yaml scp-open --keys own
	ok -r vcard:a.card scp-close
	ok keystore list -k keys.yaml --json
	[ "$(jq -r '.keys[] | .type + " " + .diversification + " " + .kcv[0]' <<<"$output" | paste -sd,)" = \
		"scp02 visa2 8BAF47,scp02 none 8BAF47,scp02 template 8BAF47,scp03 kdf3 504A77" ]
	for scheme in visa visa2 emv; do
		ok -k keys.yaml vcard create --keys old --diversification $scheme $scheme.card
		sed -e "s/visa2/$scheme/" keys.yaml >$scheme.yaml
		chmod 600 $scheme.yaml
		ok -r vcard:$scheme.card -k $scheme.yaml scp-open --keys old
		ok -r vcard:$scheme.card scp-close
	done
	fails 5 -r vcard:emv.card -k keys.yaml scp-open --keys old
	fails 2 -k keys.yaml vcard create --keys old --diversification kdf3 x.card
}

@test "a broadcast needs SCP03" {
	fleet
	store
	ok -k keys.yaml vcard create --keys old a.card
	ok -r vcard:a.card -k keys.yaml scp-open --keys old
	fails 6 -r vcard:a.card apdu 80100100
	cardadm -r vcard:a.card scp-mode broadcast --bundle app.bundle
	[ "$status" -ne 0 ]
	ok -r vcard:a.card scp-status --json
	[ "$(jq -r .mode <<<"$output")" = unicast ]
}

@test "recorded cards of SCP01 and SCP02, which tell nothing about themselves" {
	store
	recorded scp01-gppro.jsonl gppro-scp01-auth
	ok -r replay:card.txt -k keys.yaml scp-open --keys plain --key-version 00 --level 01
	[[ $output == *"SCP01 i=05 (assumed), level 01, key version FF"* ]]
	ok -r replay:card.txt scp-close
	ok -r replay:card.txt -k keys.yaml scp-open --keys plain --key-version 00 --level 01 --protocol scp01
	ok -r replay:card.txt scp-close
	fails 5 -r replay:card.txt -k keys.yaml scp-open --keys plain --key-version 00 --level 01 --protocol scp02
	recorded scp02-gppro.jsonl gppro-scp02-auth
	ok -r replay:card.txt -k keys.yaml scp-open --keys plain --key-version 00 --level 01 --i 55
	[[ $output == *"SCP02 i=55 (asked for), level 01, key version FF"* ]]
	ok -r replay:card.txt scp-close
}
