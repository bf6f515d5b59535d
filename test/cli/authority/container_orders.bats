#!/usr/bin/env bats
# slow
# What orders of parties leave on the card, octet by octet, and what keys of grant issuers are no
# keys for.

load ../lib
load ../parties

# tlv TAG HEX...
tlv() {
	local tag=$1 value
	value=$(printf %s "${@:2}")
	[ ${#value} -lt 256 ] || tag+=81
	printf '%s%02X%s' "$tag" $((${#value} / 2)) "$value"
}

# quota TAG OCTETS|null: as FF73 has it; the volatile ones are left out where there is none.
quota() {
	[ "$2" != null ] || [[ $1 != ?7 ]] || return 0
	tlv "$1" "$(printf %08X "${2/null/0}")"
}

# text WORD: its octets.
text() {
	printf %s "$1" | xxd -p -u
}

# rights LIST: with commas.
rights() {
	local r n=0
	for r in ${1//,/ }; do
		case $r in read) n=$((n + 1)) ;; write) n=$((n + 2)) ;; content) n=$((n + 4)) ;;
		admit) n=$((n + 8)) ;; shared) n=$((n + 16)) ;; *) return 1 ;; esac
	done
	printf %02X $n
}

# rows ARRAY FILTER: the lines of a member of the container in $one, as words.
rows() {
	jq -r ".$1 // [] | .[] | $2 | @tsv" <<<"$one"
}

# container_octets JSON: A0 with what `container list` or `container show` says of one.
container_octets() {
	local one=$1 a b c d parts state
	state=$(jq -r '.state' <<<"$one")
	case $state in granted) state=1 ;; claimed) state=2 ;; sealed) state=3 ;; esac
	[ "$(jq .locked <<<"$one")" = false ] || state=$((state + 128))
	parts=$(tlv 4F "$(jq -r .container <<<"$one")")$(tlv 80 "$(printf %02X "$state")")
	parts+=$(quota C7 "$(jq .quota_volatile <<<"$one")")$(quota C8 "$(jq .quota_data <<<"$one")")
	parts+=$(quota D7 "$(jq .reserve_volatile <<<"$one")")$(quota D8 "$(jq .reserve_data <<<"$one")")
	parts+=$(tlv 8A "$(printf %08X "$(jq .used <<<"$one")")")
	while read -r a b c d; do
		parts+=$(tlv A1 "$(tlv 5F20 "$(text "$a")")" "$(tlv 93 "$(printf %016X "$b")")" \
			"$(tlv 82 "$(rights "$c")")" "${d:+$(tlv 83 "$d")}")
	done < <(rows parties '[.party, .serial, (.rights | join(",")), (.versions // [] | join(""))]')
	while read -r a b c; do
		parts+=$(tlv A2 "$(tlv 5F20 "$(text "$a")")" "$(tlv 93 "$(printf %016X "$b")")" "$(tlv 8D "$c")")
	done < <(rows grants '[.party, .serial, .digest]')
	while read -r a b; do
		parts+=$(tlv A3 "$(tlv 80 "$(printf %02X "$a")")" "$(tlv 92 "$(printf %04X "$b")")")
	done < <(rows objects '[.object, .octets]')
	tlv A0 "$parts"
}

# list_octets JSON: FF73 with what `container list` says.
list_octets() {
	local line parts='' a b
	while read -r line; do
		parts+=$(container_octets "$line")
	done < <(jq -c '.containers[]' <<<"$1")
	while read -r a b; do
		parts+=$(tlv A5 "$(tlv 42 "$a")" "$(tlv 93 "$(printf %016X "$b")")")
	done < <(jq -r '.issuers[] | [.issuer, .serial] | @tsv' <<<"$1")
	parts+=$(tlv 8C "$(jq -r 'if .closed then "01" else "00" end' <<<"$1")")
	parts+=$(tlv 9A "$(printf %08X "$(jq .time <<<"$1")")")
	tlv FF73 "$parts"
}

# raw: FF73 in the channel that is open.
raw() {
	ok apdu 80CAFF7300
	[ "${lines[1]}" = "9000 done" ]
	raw=${lines[0]}
}

# operator_sees FILTER: holds of `container list`, which says what FF73 says, and nothing else.
operator_sees() {
	op -q scp-open --keys test
	raw
	ok container list --json
	list=$output
	ok scp-close
	[ "$(list_octets "$list")" = "$raw" ]
	jq -e "$1" <<<"$list" || { echo "$list" && false; } >&2
}

# party_sees NAME FILTER: of `container show`.
party_sees() {
	ok -q -k "$1/keys.yaml" scp-open --sd "$container" --keys access
	raw
	ok container show --json
	show=$output
	ok scp-close
	[ "$(tlv FF73 "$(container_octets "$show")")" = "$raw" ]
	jq -e "$2" <<<"$show" || { echo "$show" && false; } >&2
}

# two_parties: ACME, the owner, and BANK in one container, with an object of each.
two_parties() {
	operator
	op -y authority enrol --no-close
	card=$("$CARDADM" -k op/keys.yaml authority list --json | jq -r '.cards[0].cin')
	party acme
	party bank 31 agreement
	request acme --quota-data 9000
	authorize acme --container new
	operator_sees '.containers[0] | .state == "granted" and .parties == [] and (.grants | length) == 1'
	claim acme
	printf 12345 >five
	as acme container put 1 five
	request bank --rights read,write
	op authority grant bank.req --card "$card" --container "$container" --valid-until 2099-12-31 \
		--output bank.grant --fingerprint "$fingerprint" --json
	serial=$(jq .serial <<<"$output")
	as acme container admit bank.grant
	operator_sees '.containers[0] | .grants[0].party == "BANK" and (.parties | length) == 1'
	# With BANK's object, and without its keys.
	used=$(($(jq '.containers[0].used' <<<"$list") + 10 + 5))
	party_sees acme '.grants[0].party == "BANK"'
	claim bank
	as bank container put 2 five
	operator_sees '[.containers[0].parties[].party] == ["ACME", "BANK"]'
	# Who may not let others in sees himself alone; versions of sets are told to whose they are.
	party_sees bank '[.parties[] | .party, .versions] == ["BANK", ["31"]]'
	party_sees acme '[.parties[].versions] == [["30"], null] and [.objects[].object] == [1, 2]'
}

@test "expel: the party is gone from FF73, its object is the owner's, the serial stays" {
	two_parties
	as acme container expel BANK --yes
	operator_sees "[.containers[0].parties[].party] == [\"ACME\"] and .containers[0].grants == [] and
		.containers[0].used == $used and .issuers[0].serial == $serial"
	run ! grep -q 42414E4B <<<"$raw"
	party_sees acme '[.parties[].party] == ["ACME"] and [.objects[].object] == [1, 2]'
	run ! grep -q 42414E4B <<<"$raw"
}

@test "leave: of a later party, of the owner who keeps, of the owner" {
	two_parties
	as bank container leave --yes
	operator_sees "[.containers[0].parties[].party] == [\"ACME\"] and .containers[0].used == $used"
	party_sees acme '[.parties[].party] == ["ACME"] and [.objects[].object] == [1, 2]'
	cp card kept.card
	as acme container leave --keep --yes
	operator_sees "[.containers[0] | .state, .parties, .grants] == [\"sealed\", [], []]"
	run ! grep -q 41434D45 <<<"$raw"
	mv kept.card card
	as acme container leave --yes
	operator_sees ".containers == [] and .issuers[0].serial == $serial"
}

@test "a token by the key of a grant issuer opens nothing: key 74 is no token key" {
	cap=$TOP/examples/hello.cap sd=A000000151000001
	operator
	# The key of the issuer as if it were one for tokens.
	sed -n '/^  grantor:/,/private:/p' op/keys.yaml | sed 's/^  grantor:/  forged:/; s/type: grantor/type: token/' >forged.yaml
	cat forged.yaml >>op/keys.yaml
	echo "  sd: {type: scp03, test: true, version: 31, diversification: none, master: {hex: 505152535455565758595A5B5C5D5E5F}}" \
		>>op/keys.yaml
	op keys --json
	[ "$(jq -c '[.keys[] | select(.version == "74" or .version == "70")] | map(.version)' <<<"$output")" = '["74"]' ]
	op domain create "$sd" --keys test --privileges delegated-management
	op domain personalize "$sd" --with sd --keys test
	op token make load "$cap" --key forged --domain "$sd" --output load.token
	op token make install "$cap" --key forged --output install.token
	loads=(-k op/keys.yaml install "$cap" --keys sd --sd "$sd" --domain "$sd" --load-token load.token
		--token install.token)
	fails 6 "${loads[@]}"
	[[ $stderr == *"INSTALL [for load]: 6985"* ]]
	op list --keys test --json
	run ! grep -q F04341524441444D <<<"$output"
	# Another token key does not make it one either.
	echo '  real: {type: token, test: true, value: {hex: 707172737475767778797A7B7C7D7E7F}}' >>op/keys.yaml
	op put-keys real --as 70 --keys test
	fails 6 "${loads[@]}"
	[[ $stderr == *"INSTALL [for load]: 6982"* ]]
	# The tokens are good: where that very key is at 70 they open the card.
	op delete-keys 70 --keys test --yes
	op put-keys forged --as 70 --keys test
	ok "${loads[@]}"
}
