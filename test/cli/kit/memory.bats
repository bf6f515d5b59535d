#!/usr/bin/env bats
# slow: fleets large enough to see growth
# Peak memory of a campaign does not grow with the number of cards.

load ../lib

peak() { # peak COMMAND...: peak resident set in KiB
	/usr/bin/time -f %M -o peak "$@" >out 2>err
	cat peak
}

@test "peak memory of run and report is the same for 20 and for 600 cards" {
	case ${SAN:-} in "") ;; *) skip "address sanitizer keeps freed memory" ;; esac
	fleet 20 3000
	campaign
	small=$(peak "$CARDADM" campaign run campaign.yaml)
	"$CARDADM" vcard create fleet --count 580 --first 21 -k keys.yaml
	large=$(peak "$CARDADM" campaign run campaign.yaml)
	echo "run: $small KiB, $large KiB" >&2
	[ "$large" -le $((small + small / 10)) ]
	report=$(peak "$CARDADM" campaign report campaign.yaml --json)
	[ "$(jq .done out)" = 600 ]
	[ "$report" -le $((small + small / 10)) ]
}
