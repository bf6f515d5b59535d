#!/usr/bin/env bats
# slow: a run for each bit that is flipped.
# Ledgers in which one bit is not what was written.

load ../lib

# flip FILE BIT: changes one bit.
flip() {
	local was
	was=$(od -An -tu1 -j$(($2 / 8)) -N1 "$1")
	# shellcheck disable=SC2059 # the format is the octet
	printf "\\x$(printf %02x $((was ^ 1 << $2 % 8)))" |
		dd of="$1" bs=1 seek=$(($2 / 8)) conv=notrunc status=none
}

fleet_sum() { cat fleet/*.card | sha256sum; }

# Two of four cards are done.
half_done() {
	fleet 2
	campaign
	ok campaign run campaign.yaml
	"$CARDADM" vcard create fleet --count 2 --first 3 --keystore keys.yaml
}

# As a run leaves its ledger that is killed: nothing says that it ended.
unsealed() { sqlite3 campaign.ledger 'PRAGMA application_id = 0'; }

# attack: the run either ends well, with all cards, or with 10, with none.
attack() {
	before=$(fleet_sum)
	run --separate-stderr timeout 20 "$CARDADM" campaign run campaign.yaml
	if [ "$status" -eq 0 ]; then
		[ "$(jq -c '[.total,.done]' <<<"$("$CARDADM" campaign status campaign.yaml --json)")" = '[4,4]' ]
		all_at_goal
	else
		[ "$status" -eq 10 ]
		[ "$(fleet_sum)" = "$before" ]
		run --separate-stderr timeout 20 "$CARDADM" campaign report campaign.yaml
		[ "$status" -eq 0 ] || [ "$status" -eq 10 ]
		[[ $stderr == *damaged* || $status -eq 10 ]]
	fi
}

@test "one flipped bit in a ledger: a run is refused before the first card, a report says it" {
	half_done
	cp campaign.ledger good
	tar cf fleet.tar fleet
	bits=$(($(stat -c %s good) * 8))
	for ((bit = 3; bit < bits; bit += bits / 24 | 1)); do
		cp good campaign.ledger
		flip campaign.ledger $bit
		attack
		[ "$status" -eq 10 ] || [ "$status" -eq 0 ]
		rm -rf campaign.ledger* fleet
		tar xf fleet.tar
	done
	cp good campaign.ledger
	attack
	[ "$status" -eq 0 ]
}

@test "one flipped bit behind a run that was killed: refused, or no card is left out" {
	half_done
	unsealed
	cp campaign.ledger good
	tar cf fleet.tar fleet
	bits=$(($(stat -c %s good) * 8))
	for ((bit = 5; bit < bits; bit += bits / 24 | 1)); do
		cp good campaign.ledger
		flip campaign.ledger $bit
		attack
		rm -rf campaign.ledger* fleet
		tar xf fleet.tar
	done
}
