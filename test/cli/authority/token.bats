#!/usr/bin/env bats
# slow
# token make, token verify: tokens of all kinds, with every kind of key, checked by others too.
load ../lib
load ../authority

CAP=$TOP/examples/hello.cap
PAIR=$TOP/examples/pair.cap
PACKAGE=F04341524441444D01
APPLET=F04341524441444D0101
ISD=A000000151000000

# make WORDS...: a token with the key `aes`; its input in $input.
make() {
	rm -f x.token
	ok -k keys.yaml token make "$@" --key aes --output x.token --json
	input=$(jq -r .input <<<"$output")
	signed aes "$input" "$(hex x.token)"
	ok -k public.yaml token verify "$@" --key aes --token x.token
}

hash_of() {
	"$CARDADM" cap show "$1" --json | jq -r '.. | objects | select(has("sha-256"))["sha-256"]'
}

@test "token make: the published load token" {
	vectors=$TOP/test/vectors
	install -m 600 "$vectors/load_token_rsa1024.pem" .
	printf 'cardadm: keystore/1\nkeys: {owner: {type: token, private: {file: load_token_rsa1024.pem}}}\n' >keys.yaml
	vector=$(jq '.vectors[0]' "$vectors/content_management.json")
	get() { jq -r ".$1" <<<"$vector"; }
	ok -k keys.yaml token make load "$(get load_file_aid)" --domain "$(get sd_aid)" \
		--digest "$(get lfdbh)" --output x.token --json
	[ "$(jq -r .input <<<"$output")" = "$(get token_input)" ]
	[ "$(hex x.token)" = "$(get token)" ]
	[ "$(jq -c '[.kind, .package, .domain, .key, .octets]' <<<"$output")" = '["load","D0D1D2D3D4D501","020202020202","RSA-1024",128]' ]
}

@test "token make: the published extradition" {
	key_store token
	vector=$(jq '.vectors[] | select(.kind == "extradition_token_input")' "$TOP/test/vectors/content_management.json")
	make extradition "$(jq -r .app_aid <<<"$vector")" --domain "$(jq -r .sd_aid <<<"$vector")"
	[ "$input" = "$(jq -r .token_input <<<"$vector")" ]
}

@test "token make: every kind of key, as others compute it, and back" {
	key_store token
	for k in "${KINDS[@]}"; do
		hash=sha-256
		[ "$k" = p384 ] && hash=sha-384
		[ "$k" = p521 ] && hash=sha-512
		ok -k keys.yaml token make load "$CAP" --key "$k" --hash $hash --output "$k.token" --json
		signed "$k" "$(jq -r .input <<<"$output")" "$(hex "$k.token")"
		ok -k public.yaml token verify load "$CAP" --key "$k" --hash $hash --token "$k.token" --json
		[ "$(jq -r .ok <<<"$output")" = true ]
		fails 3 -k public.yaml token verify load "$CAP" --key "$k" --hash $hash --token "$k.token" --domain $ISD
	done
}

@test "token make: what each kind signs" {
	key_store token
	hash=$(hash_of "$CAP")
	make load "$CAP"
	[ "$input" = "02002D09${PACKAGE}0020${hash}00" ]
	make load "$CAP" --domain $ISD
	[ "$input" = "02003509${PACKAGE}08${ISD}20${hash}00" ]
	make install "$CAP"
	[ "$input" = "0C002509${PACKAGE}0A${APPLET}0A${APPLET}010002C900" ]
	make install "$APPLET" --package $PACKAGE
	[ "$input" = "0C002509${PACKAGE}0A${APPLET}0A${APPLET}010002C900" ]
	make install "$CAP" --no-selectable --instance A0000001510102 --privileges card-reset --parameters 0102
	[ "$input" = "04002409${PACKAGE}0A${APPLET}07A0000001510102010404C9020102" ]
	make install "$CAP" --privileges security-domain,global-delete
	[ "$input" = "0C002709${PACKAGE}0A${APPLET}0A${APPLET}0380100002C900" ]
	make install "$CAP" --field EF04C7020100
	[ "$input" = "0C002909${PACKAGE}0A${APPLET}0A${APPLET}010006EF04C7020100" ]
	make make-selectable $APPLET
	[ "$input" = "08001000000A${APPLET}010000" ]
	make load-install "$CAP"
	[ "$input" = "0E012D09${PACKAGE}0020${hash}000E032509${PACKAGE}0A${APPLET}0A${APPLET}010002C900" ]
	make registry-update $APPLET --privileges card-reset
	[ "$input" = "40001000000A${APPLET}010400" ]
	make registry-update $APPLET --domain $ISD
	[ "$input" = "40001708${ISD}000A${APPLET}0000" ]
	make registry-update --field EF03D90101
	[ "$input" = "40000A0000000005EF03D90101" ]
	make delete $APPLET
	[ "$input" = "00000C4F0A$APPLET" ]
	make delete $PACKAGE --related
	[ "$input" = "00800B4F09$PACKAGE" ]
	make delete $PACKAGE --control 93020001
	[ "$input" = "0000114F09${PACKAGE}B60493020001" ]
}

@test "token make: a CAP file with two applets" {
	key_store token
	fails 2 -k keys.yaml token make install "$PAIR" --key aes --output x.token
	[[ $stderr == *"$PAIR has 2 applets, and a token is for one"*"hint: cap show lists them; --applet AID picks one"* ]]
	ok cap show "$PAIR" --json
	second=$(jq -r '.applets[1].aid? // .applets[1]' <<<"$output")
	make install "$PAIR" --applet "$second"
	[[ $input == *"$second"* ]]
	make load-install "$PAIR" --applet "$second"
	fails 2 -k keys.yaml token make install "$PAIR" --applet A0000001510102 --key aes --output y.token
	[[ $stderr == *"--applet: $PAIR has no such applet"* ]]
}

@test "token verify: no octet may differ, no word either" {
	key_store token
	make delete $APPLET
	for ((bit = 0; bit < 128; bit += 5)); do
		cp x.token bad.token
		flip bad.token $bit
		fails 3 -k keys.yaml token verify delete $APPLET --key aes --token bad.token
	done
	[[ $stderr == *"bad.token: not the token of this key for this delete"* ]]
	fails 3 -k keys.yaml token verify delete $APPLET --related --key aes --token x.token
	fails 3 -k keys.yaml token verify delete $PACKAGE --key aes --token x.token
	fails 3 -k keys.yaml token verify delete $APPLET --key des --token x.token
	[[ $stderr == *"hint: a token with triple DES has 8 octets, this one 16"* ]]
	: >empty.token
	fails 3 -k keys.yaml token verify delete $APPLET --key aes --token empty.token
	fails 3 -k keys.yaml token verify delete $APPLET --key aes --token nothing.token
}

@test "token make: a hash that is too weak for the key" {
	key_store token
	fails 7 -k keys.yaml token make load "$CAP" --key p384 --output x.token
	[[ $stderr == *"too weak for a token with EC p-384"*"hint: --hash sha-384 or stronger"* ]]
	fails 7 -k keys.yaml token make load-install "$CAP" --key rsa2048 --hash sha-1 --output x.token
	[ ! -e x.token ]
	ok -k keys.yaml token make delete $APPLET --key p384 --output x.token
}

@test "token make: words that do not go together" {
	key_store token
	refused() { # refused TEXT WORDS...
		local text=$1
		shift
		fails 2 -k keys.yaml token make "$@" --key aes --output x.token
		[[ $stderr == *"$text"* ]] || { echo "$stderr" >&2; return 1; }
		[ ! -e x.token ]
	}
	refused "--related does not go with install" install "$CAP" --related
	refused "--domain does not go with delete" delete $APPLET --domain $ISD
	refused "--hash does not go with extradition" extradition $APPLET --domain $ISD --hash sha-1
	refused "--parameters does not go with load" load "$CAP" --parameters 00
	refused "--field does not go with delete" delete $APPLET --field 00
	refused "--control does not go with load" load "$CAP" --control 00
	refused "--no-selectable does not go with load-install" load-install "$CAP" --no-selectable
	refused "--package does not go with load" load "$CAP" --package $PACKAGE
	refused "--field is all parameters" install "$CAP" --field 00 --parameters 00
	refused "--digest is the hash" load $PACKAGE --digest "$(hash_of "$CAP")" --hash sha-256
	refused "--digest is for an AID" load "$CAP" --digest "$(hash_of "$CAP")"
	refused "--digest: 21 octets are of no hash" load $PACKAGE --digest 000102030405060708090A0B0C0D0E0F1011121314
	refused "load needs a CAP file, or an AID with --digest" load
	refused "load needs a CAP file, or an AID with --digest" load $PACKAGE
	refused "load-install needs a CAP file" load-install $PACKAGE --digest "$(hash_of "$CAP")"
	refused "install needs an AID" install
	refused "install of an AID needs --package" install $APPLET
	refused "--package is for an AID" install "$CAP" --package $PACKAGE
	refused "--applet is for a CAP file" install $APPLET --package $PACKAGE --applet $APPLET
	refused "make-selectable needs an AID" make-selectable
	refused "extradition needs --domain" extradition $APPLET
	refused "registry-update needs an AID, or --field" registry-update
	refused "delete needs an AID" delete
	refused "is no AID: 5 to 16 octets in hex" delete nothing.cap
	refused "--privileges: " install "$CAP" --privileges king
	refused "--parameters: hex octets" install "$CAP" --parameters 0
	refused "--control: hex octets" delete $APPLET --control xy
	refused "is not one of load, install" personalization $APPLET
	fails 2 -k keys.yaml token make delete $APPLET --key aes
	fails 3 -k keys.yaml token make load keys.yaml --key aes --output x.token
	fails 5 -k public.yaml token make delete $APPLET --key p256 --output x.token
	[[ $stderr == *"token 'p256': only the public key is in public.yaml"* ]]
	echo mine >x.token
	fails 7 -k keys.yaml token make delete $APPLET --key aes --output x.token
	[ "$(cat x.token)" = mine ]
}

# sent VERB WORDS...: what the last INSTALL or DELETE of a dry run with the token 0102 has in front of
# the token, as a token signs it: P1, P2, length, data.
sent() {
	local apdu data
	"$CARDADM" -q --dry-run "$@" >plan
	apdu=$(sed -n 's/^80E[46]\([0-9A-F]*\)  #.*/\1/p' plan | tail -n 1)
	data=${apdu:6}
	data=${data%00}
	data=${data%9E020102}
	data=${data%020102}
	printf '%s%02X%s\n' "${apdu:0:4}" $((${#data} / 2)) "$data"
}

@test "what the verbs send is what a token with the same words is for" {
	key_store token
	"$CARDADM" -q keystore init --test-keys test.yaml
	export CARDADM_READER=vcard:c.card CARDADM_KEYSTORE=test.yaml
	"$CARDADM" -q vcard create c.card
	printf '\1\2' >t
	sd=A000000151000001
	words=(--domain "$sd" --hash sha-384)
	make load "$CAP" "${words[@]}"
	[ "$(sent load "$CAP" "${words[@]}" --load-token t | head -n 1)" = "$input" ]
	words=(--privileges "card-reset,card-lock" --parameters 010203 --instance A0000001510102)
	make install "$CAP" "${words[@]}"
	[ "$(sent install "$CAP" "${words[@]}" --load-token t --token t)" = "$input" ]
	make install "$APPLET" --package $PACKAGE --no-selectable
	[ "$(sent install $APPLET --package $PACKAGE --no-selectable --token t)" = "$input" ]
	make delete $PACKAGE --related
	[ "$(sent delete $PACKAGE --related --token t)" = "$input" ]
	make delete $APPLET
	[ "$(sent delete $APPLET --token t)" = "$input" ]
	make extradition $APPLET --domain $sd
	[ "$(sent domain extradite $APPLET --to $sd --token t)" = "$input" ]
	make registry-update $APPLET --privileges card-lock
	[ "$(sent domain update $APPLET --privileges card-lock --token t)" = "$input" ]
	make registry-update $APPLET --field EF03CF01C0
	[ "$(sent domain update $APPLET --implicit C0 --token t)" = "$input" ]
	make install A000000151535041 --package A0000001515350 --instance $sd --privileges security-domain --field C900EF04C80207D0
	[ "$(sent domain create $sd --quota-data 2000 --token t)" = "$input" ]
}
