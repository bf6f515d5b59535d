#!/usr/bin/env bats
# slow
# authority ..., reserve: grants that an authority signs and the operator places.
load ../lib
load ../parties

# house [OPTION...]: is/ the authority with the CA of the cards, op/ the operator with the card keys
# alone, the card, which knows no issuer of grants yet; public.yaml for parties.
house() {
	mkdir -p is op
	"$CARDADM" keystore init --test-keys is/keys.yaml
	"$CARDADM" -k is/keys.yaml vcard create card --protocol scp11 "$@"
	export CARDADM_READER=vcard:card
	sed '/^  issuer:/,$d' is/keys.yaml >op/keys.yaml
	chmod 600 op/keys.yaml
	{
		echo "  authority: {type: grantor, curve: p-256, public: {hex: $(public is grantor)}}"
		echo "  maker: {type: ca, public: $(public is ca)}"
	} >public.yaml
}

is() {
	ok -k is/keys.yaml "$@"
}

enrol() {
	is authority enrol --yes --json "$@"
	card=$(jq -r .card <<<"$output")
}

# grant NAME [OPTION...]: NAME.g
grant() {
	is authority grant "$1.req" --card "$card" --container new --valid-until 2099-12-31 \
		--fingerprint "$fingerprint" --output "$1.g" --json "${@:2}"
}

@test "reserved by the authority, placed by the operator, claimed by the bank (story D0)" {
	house
	enrol
	[ "$(jq -c '[.made, .certified, .issuer_put, .closed]' <<<"$output")" = '[false,true,true,true]' ]
	[ "$("$CARDADM" -k is/keys.yaml authority list --json | jq -c '.cards | map([.cin, .state, .certified])')" = \
		"[[\"$card\",\"enrolled\",true]]" ]
	party bank 31 agreement
	request bank --reserve-data 30000 --domain-key wallet --card "$card.pem"
	grant bank
	# The operator has the keys of the card, and cannot sign; the authority has signed, and is not
	# there any more.
	rm -r is
	op reserve bank.g --output bank.grant --address "vcard:card" --json
	[ "$(jq -c '[.made, .state, .reserve_data]' <<<"$output")" = '[true,"granted",30000]' ]
	op reserve bank.g --output bank.grant --json
	[ "$(jq -c '[.made, .state]' <<<"$output")" = '[false,"granted"]' ]
	ok party show bank.grant -k bank/keys.yaml --json
	[ "$(jq -c '[.address, .signature, .certificates]' <<<"$output")" = '["vcard:card",true,"good"]' ]
	claim bank
	as bank install "$TOP/examples/hello.cap"
	as bank container show --json
	[ "$(jq -c '[.state, .reserve_data]' <<<"$output")" = '["claimed",30000]' ]
	op reserve bank.g --json
	[ "$(jq -r .state <<<"$output")" = claimed ]
}

@test "operator and authority may be one" {
	house
	cp is/keys.yaml op/keys.yaml
	enrol
	party acme
	request acme --quota-data 5000
	grant acme
	op reserve acme.g
	mv acme.g acme.grant
	claim acme
}

@test "enrol: again, without the private key of the CA, and with the certificate" {
	house
	cp is/keys.yaml ca.yaml
	chmod 600 ca.yaml
	sed -i "/^  ca:/,/^  oce-ca:/{/private:/d}" is/keys.yaml
	# A card that was issued without a key of its own makes one.
	"$CARDADM" -k is/keys.yaml -r vcard:card delete-keys 01 --key-id 11 --yes
	enrol --no-close
	[ "$(jq -c '[.made, .certified, .closed]' <<<"$output")" = '[true,false,false]' ]
	[ -s "$card.pub" ]
	# The same key waits.
	key=$(jq -r .key <<<"$output")
	enrol --no-close
	[ "$(jq -c '[.made, .key]' <<<"$output")" = "[false,\"$key\"]" ]
	ok -k ca.yaml authority certify "$card.pub" --output "$card.crt"
	fails 3 -k ca.yaml authority certify "$card.crt"
	enrol --certificate "$card.crt"
	[ "$(jq -c '[.certified, .key, .closed]' <<<"$output")" = "[true,\"$key\",true]" ]
	enrol
	[ "$(jq -c '[.made, .certified, .issuer_put]' <<<"$output")" = '[false,true,false]' ]
	party acme
	request acme --quota-data 5000
	grant acme
	op reserve acme.g --output acme.grant
	claim acme
}

@test "a card that is closed takes no other issuer" {
	house
	enrol
	sed -i "/^  grantor:/,/private:/{s/private: .*/private: {hex: $(openssl rand -hex 32)}/}" is/keys.yaml
	fails 7 -k is/keys.yaml authority enrol --yes
	[[ $stderr == *"the card is closed, and does not know this issuer"* ]]
}

@test "an issuer whose key is gone from the card is put again before it is closed" {
	house
	enrol --no-close
	"$CARDADM" -k is/keys.yaml revoke serials --issuer grantor --up-to 1 --yes
	"$CARDADM" -k is/keys.yaml delete-keys 74 --key-id 01 --yes
	enrol
	[ "$(jq -c '[.issuer_put, .closed]' <<<"$output")" = '[true,true]' ]
	"$CARDADM" -k is/keys.yaml keys --json | jq -e '[.keys[] | select(.version == "74")] | length == 1'
}

@test "a card with the key of another issuer is not closed unseen" {
	# The operator's own, before the authority has the card in its hands.
	house
	mkdir planted
	sed "/^  grantor:/,/private:/{s/private: .*/private: {hex: $(openssl rand -hex 32)}/}" is/keys.yaml >planted/keys.yaml
	chmod 600 planted/keys.yaml
	ok -k planted/keys.yaml authority enrol --no-close
	planted=$(public planted grantor | xxd -r -p | sha256sum | head -c 16)
	fails 7 -k is/keys.yaml authority enrol --yes
	[[ $stderr == *"another issuer of grants: ${planted^^}, last serial 0"* ]]
	[[ $stderr == *"has 1 key of version 74 that may be others'"*"hint: delete-keys 74 "*"--keep-issuers"* ]]
	[ "$(state '[.closed, (.issuers | length)]')" = '[false,1]' ]
	# Left open, it is told, and counted as long as it is there.
	enrol --no-close
	[ "$(jq -c '[.other_issuers, .issuer_put, .closed]' <<<"$output")" = '[1,true,false]' ]
	fails 7 -k is/keys.yaml authority enrol --yes
	cp card both
	# Taken out: only this issuer's is there when the card is closed.
	is delete-keys 74 --yes
	enrol
	[ "$(jq -c '[.other_issuers, .issuer_put, .closed]' <<<"$output")" = '[0,true,true]' ]
	[ "$("$CARDADM" -k is/keys.yaml keys --json | jq '[.keys[] | select(.version == "74")] | length')" = 1 ]
	# Or meant.
	cp both card
	enrol --keep-issuers
	[ "$(jq -c '[.other_issuers, .issuer_put, .closed]' <<<"$output")" = '[1,false,true]' ]
	enrol
	[ "$(jq -c '[.other_issuers, .closed]' <<<"$output")" = '[1,true]' ]
	[[ $stderr == *"another issuer of grants: ${planted^^}"* ]]
}

@test "enrol asks before it closes the card" {
	house
	fails 7 -k is/keys.yaml authority enrol </dev/null
	[ "$(state .closed)" = false ]
	is authority enrol --no-close --no-time
	[ "$(state '[.closed, .time]')" = '[false,null]' ]
	fails 7 -k is/keys.yaml authority enrol --level 13
}

@test "a card whose key was revoked gets no more grants" {
	house
	enrol --no-close
	fails 7 -k is/keys.yaml authority revoke "$card" </dev/null
	fails 7 -k is/keys.yaml authority revoke 00112233 --yes
	is authority revoke "$card" --yes
	is authority revoke "$card" --yes --json
	[ "$(jq .already <<<"$output")" = true ]
	party acme
	request acme --quota-data 5000
	fails 7 -k is/keys.yaml authority grant acme.req --card "$card" --container new \
		--valid-until 2099-12-31 --fingerprint "$fingerprint" --output acme.g
	fails 7 -k is/keys.yaml authority enrol --yes
	[ "$("$CARDADM" -k is/keys.yaml authority list --json | jq -r '.cards[0].state')" = revoked ]
}

@test "reserve: for another card, of another issuer, past its days, behind its serial" {
	house
	enrol
	party acme
	request acme --quota-data 5000
	grant acme
	"$CARDADM" -k is/keys.yaml vcard create other --protocol scp11 --grantor grantor
	fails 5 -k op/keys.yaml -r vcard:other reserve acme.g --output x
	[[ $stderr == *"for another card"* ]]
	late 3 -k op/keys.yaml reserve acme.g --output x
	flip_pem acme.g 1000
	cardadm -k op/keys.yaml reserve acme.g.flip --output x
	[ "$status" -ne 0 ]
	cp public.yaml more
	cat more >>op/keys.yaml
	is revoke serials --up-to "$(jq .serial <("$CARDADM" party show acme.g --json 2>/dev/null))" --yes
	fails 6 -k op/keys.yaml reserve acme.g --output x
	[[ $stderr == *"6640"*"not above the last one of its issuer"*"the new domain"* || $stderr == *"6640"* ]]
	[ "$(state .containers)" = '[]' ]
}

@test "reserve: a grant that was used, behind a deletion of its container and of its issuer's key" {
	house
	enrol --no-close
	party acme
	request acme --quota-data 5000
	grant acme
	op reserve acme.g --output acme.grant --json
	container=$(jq -r .container <<<"$output")
	claim acme
	op -y delete "$container" --related
	[ "$(state .containers)" = '[]' ]
	fails 6 -k op/keys.yaml reserve acme.g --output x
	[[ $stderr == *"6640"*"not above the last one of its issuer"* ]]
	# The issuer's key comes and goes, its last serial stays.
	"$CARDADM" -k is/keys.yaml delete-keys 74 --key-id 01 --yes
	fails 6 -k op/keys.yaml reserve acme.g --output x
	[[ $stderr == *"6A88"* ]]
	enrol
	fails 6 -k op/keys.yaml reserve acme.g --output x
	[[ $stderr == *"6640"* ]]
	[ "$(state .containers)" = '[]' ]
	# The next one is above it.
	rm acme.g acme.grant
	grant acme
	op reserve acme.g --output acme.grant
	[ "$(state '.containers | map(.state)')" = '["granted"]' ]
}

@test "reserve: more than the card has is refused, and nothing stays" {
	house --memory 20000
	enrol
	party acme
	request acme --reserve-data 60000
	grant acme
	fails 6 -k op/keys.yaml reserve acme.g --output x
	[[ $stderr == *"6A84"*"less memory free than is to be reserved"* ]]
	op list --json
	[ "$(jq '[.. | objects | select(.kind? == "security domain")] | length' <<<"$output")" = 0 ]
}

@test "reserve: the receipt" {
	house
	enrol
	(umask 077 && openssl rand -hex 16 >receipt.hex)
	printf '  bank: {type: receipt, value: {file: ../receipt.hex}}\n' | tee -a is/keys.yaml >>op/keys.yaml
	party acme
	request acme --quota-data 5000
	grant acme
	fails 5 -k op/keys.yaml reserve acme.g --output x --receipt-key bank
	[[ $stderr == *"the receipt is missing"* ]]
	op put-keys bank --as 71
	rm acme.req acme.g
	request acme --quota-data 5000
	grant acme
	op reserve acme.g --output acme.grant --receipt-key bank --json
	[ "$(jq -c '[.receipt_proven, .counter]' <<<"$output")" = '[true,1]' ]
	# Others come to the same: CMAC over what stands before it (BF73 with one octet of length).
	answer=$(jq -r .receipt <<<"$output")
	[[ $answer == BF73??93*9002000186* ]]
	key=$(<receipt.hex)
	mac=$(xxd -r -p <<<"${answer:6:-36}" | openssl mac -cipher AES-128-CBC -macopt hexkey:"$key" -in - CMAC)
	[ "$mac" = "${answer: -32}" ]
	# The next one has the next counter.
	rm acme.req acme.g
	request acme --quota-data 5000
	grant acme
	op reserve acme.g --output second.grant --receipt-key bank --json
	[ "$(jq -c '[.receipt_proven, .counter]' <<<"$output")" = '[true,2]' ]
	[[ $(jq -r .receipt <<<"$output") == *9002000286* ]]
}

@test "who signs grants has a key for that alone" {
	house
	enrol --no-close
	sed -i "/^  grantor:/,/private:/d" is/keys.yaml
	echo "  grantor: {type: grantor, test: true, curve: p-256, private: $(sed -n '/^  ca:/,/private:/s/.*private: //p' is/keys.yaml)}" >>is/keys.yaml
	fails 3 -k is/keys.yaml authority enrol --yes
}

@test "a serial that is far ahead of the clock burns those below it: only with --yes" {
	house
	enrol
	party acme
	request acme --quota-data 5000
	grant acme
	ahead=$(($(date +%s%3N) + 864000000))
	jq -c --argjson n "$ahead" '.serial = $n' "$XDG_STATE_HOME/cardadm/grants.jsonl" >rows
	cat rows >>"$XDG_STATE_HOME/cardadm/grants.jsonl"
	rm acme.g
	fails 7 -k is/keys.yaml authority grant acme.req --card "$card" --container new \
		--valid-until 2099-12-31 --fingerprint "$fingerprint" --output acme.g
	[ ! -e acme.g ]
	grant acme --yes
	[ "$(jq .serial <<<"$output")" -eq $((ahead + 1)) ]
	fails 7 -k op/keys.yaml reserve acme.g --output x
	[[ $stderr == *"more than a day ahead of the clock"* ]]
	[ "$(state .containers)" = '[]' ]
	op reserve acme.g --output x --yes
}
