#!/usr/bin/env bats
# slow: fleets that are large enough to stop a run in the middle.
# Runs that are interrupted, killed or begun twice, and cards that would hold one up for ever.

load ../lib

@test "an interrupted run ends at a safe point with 130, and the next goes on" {
	fleet 300 60000
	campaign
	"$CARDADM" campaign run campaign.yaml >out 2>err &
	pid=$!
	stop_when $pid report_is '.done > 0 and .pending > 0'
	kill -INT $pid
	kill -CONT $pid
	status=0
	wait $pid || status=$?
	[ "$status" -eq 130 ]
	grep -q 'hint: the next run goes on' err
	[ "$(report '.pending > 0')" = true ]
	[ "$(report '[.cards[]|select(.in_doubt)]|length')" = 0 ]
	ok campaign run campaign.yaml
	[ "$(report '[.total,.done]')" = '[300,300]' ]
}

@test "killed in the middle, the next run resumes half-loaded cards" {
	fleet 300 60000
	campaign
	"$CARDADM" campaign run campaign.yaml >out 2>err &
	pid=$!
	stop_when $pid report_is '[.cards[]|select(.in_doubt)]|length > 0'
	kill -KILL $pid
	wait $pid || true
	[ "$(report '.pending > 0')" = true ]
	[ "$(report '[.cards[]|select(.in_doubt)]|length > 0')" = true ]
	# Killed between an authentication and its answer, a card is left alone unless told otherwise.
	ok campaign run campaign.yaml --retry-authentication
	[ "$(report '[.total,.done]')" = '[300,300]' ]
	[ "$(report '[.cards[]|select(.in_doubt)]|length')" = 0 ]
}

@test "two runs of one campaign at once: the second is told so" {
	fleet 300 60000
	campaign
	"$CARDADM" campaign run campaign.yaml >out 2>err &
	pid=$!
	stop_when $pid report_is '.done > 0 and .pending > 0'
	fails 10 campaign run campaign.yaml
	[[ $stderr == *"in use"* ]]
	ok campaign status campaign.yaml
	kill -CONT $pid
	wait $pid
}

@test "hostile cards: a clear reason each, and the other cards go on" {
	fleet 2 20000
	local n=3 fault
	for fault in lies endless:9 one-octet:12 too-long:3 endless:50 removed:40 silent:45; do
		"$CARDADM" vcard create "fleet/000$n.card" --fault "$fault" --keystore keys.yaml
		n=$((n + 1))
	done
	"$CARDADM" vcard create "fleet/9999.card" --keystore keys.yaml
	campaign
	fails 9 campaign run campaign.yaml
	ok campaign report campaign.yaml --json
	[ "$(jq -c '[.total, .done, .failed]' <<<"$output")" = '[10,3,7]' ]
	reason() { jq -r --arg f "fleet/000$1.card" '.cards[] | select(.file == $f) | .reason' <<<"$output"; }
	[[ $(reason 3) == *"said that it is active"* ]]
	[ "$(jq -r '.cards[] | select(.file == "fleet/0003.card") | .step' <<<"$output")" = confirm ]
	[[ $(reason 4) == *"does not come to an end"* ]]
	[[ $(reason 5) == *"no status word"* ]]
	[[ $(reason 6) == *"longer than 65536 octets"* ]]
	[[ $(reason 7) == *"does not come to an end"* ]]
	[[ $(reason 8) == *"removed"* ]]
	[[ $(reason 9) == *"does not answer"* ]]
	[ "$(jq -r '.cards[] | select(.file == "fleet/9999.card") | .state' <<<"$output")" = "done" ]
	# A liar runs what it ran; what it holds is authorized the next time.
	ok vcard show fleet/0003.card --json
	[ "$(jq -r .system.version <<<"$output")" != 3.2 ]
	cardadm campaign run campaign.yaml
	ok vcard show fleet/0003.card --json
	[ "$(jq -r .system.version <<<"$output")" = 3.2 ]
}
