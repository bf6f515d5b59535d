#!/usr/bin/env bats
# slow
# authorize party, container ..., revoke party: a third party on a card of the operator's.
load ../lib
load ../parties

HELLO=$TOP/examples/hello.cap

@test "a party comes, works, and is put out (story D3)" {
	operator
	party acme
	request acme --quota-data 20000
	authorize acme --container new --address "$CARDADM_READER"
	[ "$(jq -c '[.made, .state, .rights, .quota_data]' <<<"$output")" = \
		'[true,"granted",["read","write","content","admit"],20000]' ]
	[ "$(state '[.containers[] | [.container, .state, .grants[0].party]]')" = \
		"[[\"$container\",\"granted\",\"ACME\"]]" ]
	# From here on the operator's store is not needed, nor the other way round.
	claim acme
	[ "$(jq -c '[.state, .already, .version]' <<<"$output")" = '["claimed",false,"30"]' ]
	echo rights >rights.bin
	as acme container put 1 rights.bin
	as acme container get 1 --output got
	cmp got rights.bin
	as acme install "$HELLO"
	as acme container show --json
	[ "$(jq -c '[.parties[0].party, .parties[0].versions, .objects]' <<<"$output")" = \
		'["ACME",["30"],[{"object":1,"octets":7}]]' ]
	# The operator sees whose it is, and nothing of what is in it.
	[ "$(state '.containers[0] | [.state, .parties[0].party, has("objects")]')" = \
		'["claimed","ACME",false]' ]
	op list --json
	run ! grep -q F04341524441444D01 <<<"$output"
	fails 5 -k op/keys.yaml list --sd "$container" --keys test
	fails 6 -k op/keys.yaml -y delete "$container"
	op -y revoke party ACME --container "$container"
	refused 5 acme container get 1
	[ "$(state '.containers')" = '[]' ]
	# The place is as new, for whoever comes next.
	party beta
	request beta
	authorize beta --container "$container"
	claim beta
	refused 6 beta container get 1
}

@test "each file and each store holds only what is its own" {
	operator
	party acme
	request acme --quota-data 5000
	authorize acme --container new
	claim acme --trace claim.trace
	for file in acme.req acme.grant claim.trace "$XDG_STATE_HOME"/cardadm/*.jsonl op/keys.yaml; do
		run ! grep -qi -f acme/access.hex "$file"
		run ! grep -qi "$(openssl ec -in acme/party.pem -outform DER 2>/dev/null | xxd -p -s 7 -l 32 -c 64)" "$file"
	done
	[ -s "$XDG_STATE_HOME/cardadm/grants.jsonl" ]
}

@test "authorize party: nobody has said whose request it is" {
	operator
	party acme
	request acme --quota-data 5000
	fails 7 -k op/keys.yaml authorize party acme.req --container new --valid-until 2099-12-31 --output x
	[[ $stderr == *"nobody has said that this is the request of ACME"*"--fingerprint: $fingerprint"* ]]
	fails 7 -k op/keys.yaml authorize party acme.req --container new --valid-until 2099-12-31 --output x \
		--fingerprint 0011223344556677
	fails 7 -k op/keys.yaml authorize party acme.req --container new --valid-until 2099-12-31 --output x \
		--party party
	[[ $stderr == *"not of \`party\`"* ]]
	[ ! -e x ]
	[ "$(state '.containers')" = '[]' ]
	# A party of the key store needs no fingerprint.
	echo "  acme: {type: party, form: signing, curve: p-256, public: {hex: $(public acme acme)}}" >>op/keys.yaml
	op authorize party acme.req --container new --valid-until 2099-12-31 --output x
	[[ $stderr == *"that of \`acme\` in op/keys.yaml"* ]]
}

@test "authorize party: a request that was changed" {
	operator
	party acme
	request acme --quota-data 5000
	flip_pem acme.req $((8 * 7))
	fails 3 -k op/keys.yaml authorize party acme.req.flip --container new --valid-until 2099-12-31 \
		--output x --fingerprint "$fingerprint"
	[[ $stderr == *"the party's key did not sign it"* ]]
}

@test "authorize party: days that have passed, AIDs that are none, levels that will not do" {
	operator
	party acme
	request acme
	args=(acme.req --fingerprint "$fingerprint" --output x)
	fails 7 -k op/keys.yaml authorize party "${args[@]}" --container new --valid-until 2020-01-01
	fails 2 -k op/keys.yaml authorize party "${args[@]}" --container F00 --valid-until 2099-12-31
	fails 7 -k op/keys.yaml authorize party "${args[@]}" --container new --valid-until 2099-12-31 --level 13
	[[ $stderr == *"containers need level 33"* ]]
	fails 7 -k op/keys.yaml authorize party "${args[@]}" --container new --valid-until 2099-12-31 --protocol scp02
	# Without a quota a domain that is not there is not made.
	fails 7 -k op/keys.yaml authorize party "${args[@]}" --container F0434152440001 --valid-until 2099-12-31
	[[ $stderr == *"F0434152440001 is not on the card"* ]]
	[ ! -e x ]
}

@test "authorize party: the same command again" {
	operator
	party acme
	request acme --quota-data 5000
	authorize acme --container new
	first=$container digest=$(jq -r .digest <<<"$output")
	authorize acme --container new
	[ "$(jq -c '[.made, .state, .digest]' <<<"$output")" = "[false,\"granted\",\"$digest\"]" ]
	[[ $stderr == *"that was done before: the grant is on the card"* ]]
	claim acme
	authorize acme --container new
	[ "$(jq -r '.state' <<<"$output")" = claimed ]
	[ "$container" = "$first" ]
	[ "$(state '.containers | length')" = 1 ]
	# The file was lost: while the grant is not used, a new one takes its place, with --yes.
	party beta
	request beta --quota-data 5000
	authorize beta --container new
	rm beta.grant
	fails 7 -k op/keys.yaml authorize party beta.req --fingerprint "$fingerprint" --container "$container" \
		--valid-until 2099-12-31 --output beta.grant </dev/null
	authorize beta --container "$container" --yes
	claim beta
	rm beta.grant
	fails 7 -k op/keys.yaml authorize party beta.req --fingerprint "$fingerprint" --container "$container" \
		--valid-until 2099-12-31 --output beta.grant --yes
	[[ $stderr == *"BETA is in the container already"* ]]
}

@test "authorize party: a container that is taken, a file that is there" {
	operator
	party acme
	party beta
	request acme --quota-data 5000
	authorize acme --container new
	claim acme
	request beta
	fails 7 -k op/keys.yaml authorize party beta.req --fingerprint "$fingerprint" --container "$container" \
		--valid-until 2099-12-31 --output beta.grant --yes
	[[ $stderr == *"the container is ACME's"* ]]
	[ ! -e beta.grant ]
	fails 7 -k op/keys.yaml authorize party beta.req --fingerprint "$fingerprint" --container new \
		--valid-until 2099-12-31 --output acme.grant
	[[ $stderr == *"acme.grant is there already"* ]]
}

@test "shared containers: both claim, and only who agreed to it" {
	operator
	party acme
	party bank 31
	request acme --quota-data 9000
	authorize acme --container new --shared
	request bank
	authorize bank --container "$container" --shared
	[ "$(state '.containers[0].grants | map(.party)')" = '["ACME","BANK"]' ]
	fails 7 -k bank/keys.yaml container claim bank.grant --access access
	[[ $stderr == *"the container is shared"*"--shared says that this is agreed"* ]]
	claim bank --shared
	claim acme --shared
	echo hello >x
	as acme container put 1 x
	as bank container get 1
	# A third comes only shared, too.
	party corp 32
	request corp
	fails 7 -k op/keys.yaml authorize party corp.req --fingerprint "$fingerprint" --container "$container" \
		--valid-until 2099-12-31 --output corp.grant
	authorize corp --container "$container" --shared
	claim corp --shared
}

@test "container claim: a grant of somebody else, of nobody who is known, too late, changed" {
	operator
	party acme
	party beta
	request acme --quota-data 5000
	authorize acme --container new
	fails 5 -k beta/keys.yaml container claim acme.grant --access access
	[[ $stderr == *"not a grant for \`beta\`"* ]]
	cp acme/keys.yaml kept.yaml
	sed -i '/operator:/d' acme/keys.yaml
	fails 5 -k acme/keys.yaml container claim acme.grant --access access
	[[ $stderr == *"no grantor of the key store has the name"* ]]
	cp kept.yaml acme/keys.yaml
	sed -i "s/maker:.*/maker: {type: ca, public: $(public op oce-ca)}/" acme/keys.yaml
	fails 5 -k acme/keys.yaml container claim acme.grant --access access
	[[ $stderr == *"certificate 1 of the card"* ]]
	cp kept.yaml acme/keys.yaml
	# Its last day is over.
	late 3 -k acme/keys.yaml container claim acme.grant --access access
	# Some bit of the grant: the form, a name, the signature.
	for bit in 100 400 1200 1500; do
		flip_pem acme.grant "$bit"
		cardadm -k acme/keys.yaml container claim acme.grant.flip --access access
		[ "$status" -eq 3 ] || [ "$status" -eq 5 ]
	done
	[ "$(state '.containers[0].state')" = '"granted"' ]
	claim acme
}

@test "container claim: access sets that will not do" {
	operator
	party acme 20
	request acme --quota-data 5000
	authorize acme --container new
	fails 7 -k acme/keys.yaml container claim acme.grant --access access
	[[ $stderr == *"access sets have 30 to 3F"* ]]
	sed -i 's/version: 20, diversification: none/version: 30, diversification: kdf3/' acme/keys.yaml
	fails 7 -k acme/keys.yaml container claim acme.grant --access access
	[[ $stderr == *"is a master key"* ]]
	sed -i 's/kdf3/none/' acme/keys.yaml
	claim acme
	# The same set in another container of this card: who is on the line could lead one astray.
	request acme --quota-data 5000 || true
	rm acme.req
	request acme --quota-data 5000
	rm acme.grant
	authorize acme --container new
	fails 7 -k acme/keys.yaml container claim acme.grant --access access
	[[ $stderr == *"this access set is that of container"* ]]
}

@test "container claim: taken back, replaced, for another card" {
	operator
	party acme
	request acme --quota-data 5000
	authorize acme --container new
	op -y revoke grant --container "$container"
	[ "$(jq -c '.containers' <<<"$(state .)")" = '[]' ]
	fails 5 -k acme/keys.yaml container claim acme.grant --access access
	"$CARDADM" -k op/keys.yaml vcard create other --protocol scp11 --grantor grantor
	rm acme.grant
	authorize acme --container new
	"$CARDADM" -r vcard:other -k op/keys.yaml domain create "$container"
	fails 5 -r vcard:other -k acme/keys.yaml container claim acme.grant --access access
	[[ $stderr == *"this card does not have the key that the grant names"* ]]
	claim acme
}

@test "container claim: an unshared grant takes the place of the one that waited" {
	operator
	party acme
	party beta 31
	request acme --quota-data 5000
	authorize acme --container new
	request beta
	authorize beta --container "$container" --yes
	[ "$(state '.containers[0].grants | map(.party)')" = '["BETA"]' ]
	fails 5 -k acme/keys.yaml container claim acme.grant --access access
	[[ $stderr == *6640*"spent, replaced or taken back"* ]]
	claim beta
	# Spent, it is none that waits.
	rm -r "$XDG_STATE_HOME"
	fails 5 -k acme/keys.yaml container claim acme.grant --access access
	[[ $stderr == *6A88* ]]
	as beta container show
}

@test "container claim: a host whose clock is three days late" {
	operator
	party acme
	request acme --quota-data 5000
	authorize acme --container new
	cp card before
	ASAN_OPTIONS=verify_asan_link_order=0 run --separate-stderr faketime "$(date -d '3 days ago' +'%F %T')" \
		"$CARDADM" -k acme/keys.yaml container claim acme.grant --access access
	echo "$stderr" >&2
	[ "$status" -eq 3 ]
	cmp card before
	claim acme
}

@test "container claim: somebody else's set of that version" {
	operator
	party acme
	party bank
	request acme --quota-data 5000
	authorize acme --container new --shared
	request bank
	authorize bank --container "$container" --shared
	claim acme --shared
	fails 8 -k bank/keys.yaml container claim bank.grant --access access --shared
	[[ $stderr == *"somebody else is in this container"*"nothing was deleted; tell the issuer"* ]]
	sed -i 's/version: 30/version: 33/' bank/keys.yaml
	claim bank --shared
}

@test "container claim: the same command again says that it is ours" {
	operator
	party acme
	request acme --quota-data 5000
	authorize acme --container new
	claim acme
	claim acme
	[ "$(jq .already <<<"$output")" = true ]
	rm -r "$XDG_STATE_HOME"
	claim acme
	[ "$(jq .already <<<"$output")" = true ]
}

@test "container put, get, remove: numbers, quotas, files" {
	operator
	party acme
	request acme --quota-data 1000
	authorize acme --container new
	claim acme
	head -c 400 /dev/zero >x
	as acme container put 127 x
	refused 2 acme container put 0 x
	refused 2 acme container put 128 x
	refused 2 acme container put 1x x
	refused 6 acme container get 5
	[[ $stderr == *"there is no such object"* ]]
	refused 6 acme container remove 5
	head -c 4000 /dev/zero >y
	refused 6 acme container put 2 y
	[[ $stderr == *"quota of the container is used up"* ]]
	head -c 4097 /dev/zero >z
	refused 3 acme container put 2 z
	: >empty
	refused 3 acme container put 2 empty
	as acme container get 127 --output out
	cmp out x
	refused 7 acme container get 127 --output out
	as acme container get 127 --json
	[ "$(jq -r '.value | length' <<<"$output")" = 800 ]
	as acme container remove 127
	as acme container show --json
	[ "$(jq -c .objects <<<"$output")" = '[]' ]
	refused 7 acme container list
	fails 7 -k op/keys.yaml container show
}

@test "rights: who may only read" {
	operator
	party acme
	request acme --quota-data 5000 --rights read
	authorize acme --container new
	claim acme
	echo x >x
	refused 6 acme container put 1 x
	refused 6 acme install "$HELLO"
}

@test "the owner admits another, and expels it" {
	operator
	party acme
	party bank 31
	request acme --quota-data 9000
	authorize acme --container new
	claim acme
	op -y authority enrol --no-close
	card=$("$CARDADM" -k op/keys.yaml authority list --json | jq -r '.cards[0].cin')
	request bank --rights read,write
	op authority grant bank.req --card "$card" --container "$container" --valid-until 2099-12-31 \
		--output bank.grant --fingerprint "$fingerprint"
	# Not the operator, who cannot let anybody in.
	fails 7 -k op/keys.yaml reserve bank.grant
	as acme container admit bank.grant --json
	[ "$(jq -c '[.party, .already]' <<<"$output")" = '["BANK",false]' ]
	as acme container admit bank.grant --json
	[ "$(jq .already <<<"$output")" = true ]
	claim bank
	echo x >x
	as bank container put 2 x
	as acme container show --json
	[ "$(jq -c '.parties | map(.party)' <<<"$output")" = '["ACME","BANK"]' ]
	refused 6 bank container expel ACME --yes
	as acme container expel BANK --yes
	refused 5 bank container get 2
	as acme container get 2
	as acme container expel BANK --yes --json
	[ "$(jq .already <<<"$output")" = true ]
}

@test "container admit: a serial far ahead of the clock burns those below it: only with --yes" {
	operator
	party acme
	party bank 31
	request acme --quota-data 9000
	authorize acme --container new
	last=$(jq .serial <<<"$output")
	claim acme
	op -y authority enrol --no-close
	card=$("$CARDADM" -k op/keys.yaml authority list --json | jq -r '.cards[0].cin')
	ahead=$(($(date +%s%3N) + 864000000))
	jq -c --argjson n "$ahead" 'select(.event == "grant") | .serial = $n' \
		"$XDG_STATE_HOME/cardadm/grants.jsonl" >rows
	cat rows >>"$XDG_STATE_HOME/cardadm/grants.jsonl"
	request bank
	op authority grant bank.req --card "$card" --container "$container" --rights read --yes \
		--valid-until 2099-12-31 --output bank.grant --fingerprint "$fingerprint"
	refused 7 acme container admit bank.grant --trace t
	[[ $stderr == *"serial $((ahead + 1)) is more than a day ahead of the clock"*"hint: "*"--yes"* ]]
	[ ! -e t ]
	[ "$(state '[.issuers[0].serial, (.containers[0].grants | length)]')" = "[$last,0]" ]
	as acme container admit bank.grant --yes
	[ "$(state '[.issuers[0].serial, (.containers[0].grants | length)]')" = "[$((ahead + 1)),1]" ]
}

@test "a party leaves, and what it kept is for the same key alone" {
	operator
	party acme
	request acme --quota-data 9000
	authorize acme --container new
	claim acme
	echo kept >x
	as acme container put 1 x
	refused 7 acme container leave --keep </dev/null
	as acme container leave --keep --yes
	[ "$(state '.containers[0].state')" = '"sealed"' ]
	refused 5 acme container get 1
	party beta
	request beta
	fails 6 -k op/keys.yaml authorize party beta.req --fingerprint "$fingerprint" --container "$container" \
		--valid-until 2099-12-31 --output beta.grant
	rm acme.req acme.grant
	request acme
	authorize acme --container "$container"
	claim acme
	as acme container get 1
	[[ $output == *"value:  6B6570740A"* ]]
	as acme container leave --yes
	[ "$(state '.containers')" = '[]' ]
}

@test "the operator deletes a container, waiting, claimed or sealed: whole, or not at all" {
	operator
	party acme
	request acme --quota-data 20000
	for stage in granted claimed sealed; do
		rm -rf acme.grant "$XDG_STATE_HOME"
		authorize acme --container new
		if [ $stage != granted ]; then
			claim acme
			as acme install "$HELLO"
		fi
		[ $stage != sealed ] || op -y revoke party ACME --container "$container" --keep
		[ "$(state '.containers[0].state')" = "\"$stage\"" ]
		fails 6 -k op/keys.yaml -y delete "$container"
		fails 7 -k op/keys.yaml delete "$container" --related </dev/null
		[[ $stderr == *"$container is a container of third parties"* ]]
		op -y delete "$container" --related --json
		[ "$(jq -c '.deleted | map([.aid, .related])' <<<"$output")" = "[[\"$container\",true]]" ]
		[ "$(state .containers)" = '[]' ]
		op list --json
		run ! grep -q "$container" <<<"$output"
	done
}

@test "revoke: what is not there is so already; serials" {
	operator
	party acme
	op -y revoke party ACME --container F0434152440001 --json
	[ "$(jq .already <<<"$output")" = true ]
	request acme --quota-data 9000
	authorize acme --container new
	claim acme
	fails 7 -k op/keys.yaml revoke party ACME --container "$container" </dev/null
	op -y revoke party ACME --container "$container" --keep --json
	[ "$(jq -c '[.kept, .already]' <<<"$output")" = '[true,false]' ]
	op -y revoke party ACME --container "$container"
	[ "$(state '.containers')" = '[]' ]
	fails 2 -k op/keys.yaml revoke serials --up-to 0
	fails 2 -k op/keys.yaml revoke serials --up-to 99999999999999999999
	fails 7 -k op/keys.yaml revoke serials --up-to 99999999999999
	[[ $stderr == *"more than a day ahead of the clock"* ]]
	now=$(date +%s%3N)
	op -y revoke serials --up-to "$now"
	[ "$(state ".issuers[0].serial")" = "$now" ]
	op -y revoke serials --up-to "$now" --json
	[ "$(jq .already <<<"$output")" = true ]
}

@test "a serial is used once, on whatever card" {
	operator
	party acme
	request acme --quota-data 9000
	authorize acme --container new
	one=$(jq .serial <<<"$output")
	# The station's clock goes back: the next serial is above all the same.
	"$CARDADM" -k op/keys.yaml vcard create other --protocol scp11 --grantor grantor
	jq -c '.serial += 3600000' "$XDG_STATE_HOME/cardadm/grants.jsonl" | grep '"grant"' >rows
	cat rows >>"$XDG_STATE_HOME/cardadm/grants.jsonl"
	rm acme.grant
	CARDADM_READER=vcard:other authorize acme --container new
	[ "$(jq .serial <<<"$output")" -eq $((one + 3600001)) ]
	# One that is far ahead is not followed.
	jq -c '.serial += 864000000' rows >>"$XDG_STATE_HOME/cardadm/grants.jsonl"
	rm acme.grant
	fails 7 -k op/keys.yaml authorize party acme.req --fingerprint "$fingerprint" --container new \
		--valid-until 2099-12-31 --output acme.grant
	[[ $stderr == *"more than a day ahead of the clock"* ]]
}

@test "dry runs send nothing" {
	operator
	party acme
	request acme --quota-data 5000
	cp card before
	op authorize party acme.req --fingerprint "$fingerprint" --container new --valid-until 2099-12-31 \
		--output x --dry-run
	# What only comes to be when it is sent is 00: the new AID, the digest of the card's key, the
	# signature.
	[[ $output == *80CAFF73*80E60C00*F0434152440000000000000000000000*80E21000*BF73*80E29101* ]]
	[ ! -e x ]
	[ ! -e "$XDG_STATE_HOME/cardadm/grants.jsonl" ]
	op revoke party ACME --container F0434152440001 --dry-run
	[[ $output == 80E29000* ]]
	cmp card before
	authorize acme --container new
	cp card before
	ok -k acme/keys.yaml container claim acme.grant --access access --dry-run
	[[ $output == *"MUTUAL AUTHENTICATE"*"PUT KEY: the access keys"* ]]
	as acme container put 1 acme.req --dry-run
	cmp card before
}

@test "a domain key takes part in the claim: who has another is told by the receipt" {
	operator
	op -y authority enrol --no-close
	party bank 31 agreement
	request bank --reserve-data 30000 --domain-key wallet --card "$(echo *.pem)"
	authorize bank --container new
	cp bank/domain-key.hex kept
	(umask 077 && openssl rand -hex 32 >bank/domain-key.hex)
	fails 5 -k bank/keys.yaml container claim bank.grant --access access --trace t
	[[ $stderr == *"the card's receipt is wrong"* ]]
	run ! grep -q '^> ..D8' t
	cp kept bank/domain-key.hex
	claim bank
	run ! grep -qi -f kept t
}

@test "in channels that are open: of the operator, of the party" {
	operator
	party acme
	request acme --quota-data 20000
	op scp-open --keys test
	authorize acme --container new
	ok container list
	[[ $output == *"grant for ACME, not used yet"* ]]
	# A claim opens a channel of its own.
	fails 4 -k acme/keys.yaml container claim acme.grant --access access
	ok scp-close
	claim acme
	ok -k acme/keys.yaml scp-open --sd "$container" --keys access
	ok container put 3 acme.req
	ok container get 3 --output got
	cmp got acme.req
	fails 2 container show --keys access
	[[ $stderr == *"a channel is open"* ]]
	ok container leave --yes
	# The party is nobody any more, in this channel too.
	fails 6 container show
	ok scp-close
}

@test "a party changes its keys in its container" {
	operator
	party acme
	request acme --quota-data 20000
	authorize acme --container new
	claim acme
	(umask 077 && openssl rand -hex 32 >acme/next.hex)
	echo "  next: {type: scp03, version: 31, diversification: none, master: {file: next.hex}}" >>acme/keys.yaml
	as acme put-keys next --rotate true --yes
	refused 5 acme container show
	ok -k acme/keys.yaml container show --sd "$container" --keys next --json
	[ "$(jq -c '.parties[0].versions' <<<"$output")" = '["31"]' ]
}

@test "the clock of the card does not jump over a year unseen" {
	operator
	party acme
	op revoke serials --up-to 1 --yes --no-time
	[ "$(state .time)" = null ]
	# An order with a time of 2004.
	issuer=$(public op grantor | xxd -r -p | sha256sum | head -c 16)
	op scp-open --keys test
	ok apdu "80E2900020BF731D8001034208${issuer^^}9308000000000000000A9A0440000000"
	[[ $output == *9000* ]]
	ok scp-close
	[ "$(state .time)" = 1073741824 ]
	request acme --quota-data 5000
	args=(authorize party acme.req --fingerprint "$fingerprint" --container new --valid-until 2099-12-31
		--output acme.grant)
	fails 7 -k op/keys.yaml "${args[@]}"
	[[ $stderr == *"the clock of the card would jump over more than a year"* ]]
	[ ! -e acme.grant ]
	# By that clock the grant is not good yet.
	fails 6 -k op/keys.yaml "${args[@]}" --no-time
	[[ $stderr == *"6984"*"not one of the days of the grant"* ]]
	op "${args[@]}" --yes
	[ "$(state '.time > 1700000000')" = true ]
	claim acme
}

@test "channels that will not do: a card without R-MAC, keys of SCP02" {
	operator
	"$CARDADM" -k op/keys.yaml vcard create old --i 10
	fails 7 -r vcard:old -k op/keys.yaml container list
	[[ $stderr == *"containers need a channel of SCP03 or SCP11 with level 33"* ]]
	printf '  old: {type: scp02, test: true, version: 01, diversification: none, master: {hex: 404142434445464748494A4B4C4D4E4F}}\n' >>op/keys.yaml
	fails 7 -k op/keys.yaml container list --keys old
	[[ $stderr == *"is for SCP02: containers need SCP03"* ]]
}
