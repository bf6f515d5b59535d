#!/usr/bin/env bats
# slow
# As many readers as one pcscd can serve: sixteen, each with a card.

load ../lib
load ../pcscd

teardown() {
	pcscd_teardown
}

@test "the main job on sixteen readers, with all channels open at once" {
	pcscd_start 16
	fleet 16 20000
	serve_start fleet/*.card
	ok readers --json
	[ "$(jq -c '[.readers[] | select(.card)] | length' <<<"$output")" = 16 ]
	for n in {1..16}; do ok -r "$(reader_name "$n")" -k keys.yaml scp-open; done
	[ "$(agent_pids | wc -l)" -eq 16 ]
	for n in {1..16}; do ok -r "$n" scp-mode broadcast --bundle app.bundle; done
	pids=()
	for n in {1..16}; do
		"$CARDADM" -r "$n" load app.bundle >"load.$n" 2>&1 3>&- &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do wait "$pid"; done
	for n in {1..16}; do
		ok -r "$n" scp-mode unicast
		ok -r "$n" authorize load
		ok -r "$n" scp-close
		runs_image "$n"
	done
	# Sixteen different cards, each in the reader where its file was put.
	for n in {1..16}; do
		ok -r "$n" info --json
		jq -r .cin <<<"$output"
	done >cins
	serve_end
	for n in {1..16}; do "$CARDADM" vcard show --json "fleet/$(printf %04d "$n").card" | jq -r .cin; done >want
	diff want cins
	[ "$(sort -u cins | wc -l)" -eq 16 ]
}

@test "one card more than there are readers" {
	pcscd_start 2
	fleet 3
	fails 4 vcard serve fleet/*.card --vpcd "$vpcd" --wait 1
	[[ $stderr == *"no vpcd at 127.0.0.1 port $((${vpcd#*:} + 2)): Connection refused"* ]]
	[[ $stderr == *"hint: "*"one slot for each card"* ]]
	ok vcard show fleet/0001.card
}
