#!/usr/bin/env bats
# The trust application of a virtual card: listed, locked, never deleted; its records shown.

load ../lib

TRUST=F0545255535401

card() {
	"$CARDADM" keystore init --test-keys keys.yaml -q
	"$CARDADM" vcard create c.card -k keys.yaml --keys test "$@" -q >/dev/null
	export CARDADM_READER=vcard:c.card CARDADM_KEYSTORE=keys.yaml
}

@test "it is the card's: locked and unlocked, neither deleted nor given away" {
	card
	ok -q lock $TRUST --yes
	ok -q list --applications
	[ "$output" = "$TRUST  application  locked  in A000000151000000  trust application" ]
	fails 6 apdu 00A4040007$TRUST
	[[ $output == *6A82* ]]
	ok -q unlock $TRUST --yes
	ok apdu 00A4040007$TRUST
	[[ $output == *6F098407$TRUST* ]]
	fails 6 -q delete $TRUST --yes
	[[ $stderr == *"$TRUST: DELETE: 6985"* ]]
	fails 6 -q delete $TRUST --related --yes
	ok -q list --applications
	[ "$output" = "$TRUST  application  selectable  in A000000151000000  trust application" ]
}

@test "cards of other products have it not" {
	card --product jcop4
	fails 6 apdu 00A4040007$TRUST
	[[ $output == *6A82* ]]
	ok vcard show c.card --json
	[ "$(jq -c .trust <<<"$output")" = '[]' ]
}

@test "records are shown, with the time of their keys" {
	card
	ok vcard show c.card --json
	[ "$(jq -c .trust <<<"$output")" = '[]' ]
	# An open record: test/vectors/trust.json, number 4, which no key has to be made for.
	jq -r '.cases[] | select(.name | startswith("open initialization")) | .order' \
		"$TOP/test/vectors/trust.json" >order
	ok -q store-data order --format tlv --level 33
	ok vcard show c.card --json
	[ "$(jq -c .trust <<<"$output")" = '[{"generation":1,"expires":"2027-01-02T10:40:00Z","record":4,"state":"open","algorithm":"aes-256","pending":null}]' ]
	ok vcard show c.card
	[[ $output == *"2027-01-02T10:40:00Z"*"open"* ]]
	fails 6 -q store-data order --format tlv --level 33 # the same generation
	[[ $stderr == *6985* ]]
	fails 6 -q store-data order --format tlv --level 01
	[[ $stderr == *6982* ]]
}
