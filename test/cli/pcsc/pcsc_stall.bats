#!/usr/bin/env bats
# slow: waits for cards that do not answer
# Campaigns over real readers with cards that stall, and with one that becomes another card between
# two commands.

load ../lib
load ../pcscd
load ../feed

teardown() {
	local pid
	for pid in ${run_pid-} ${relay_pid-} ${third_pid-}; do
		kill "$pid" 2>/dev/null || true
		kill -CONT "$pid" 2>/dev/null || true
		wait "$pid" || true
	done
	pcscd_teardown
}

# STEPS on stdin; READER... as YAML.
stores() {
	"$CARDADM" keystore init --test-keys factory.yaml
	{
		cat factory.yaml
		printf '  new: {type: scp03, test: true, version: 31, diversification: kdf3,\n'
		printf '    master: {hex: 00112233445566778899AABBCCDDEEFF}}\n'
	} >keys.yaml
	chmod 600 keys.yaml
	cp "$TOP"/examples/*.cap .
}

unicast() {
	cat >campaign.yaml <<-YAML
		cardadm: campaign/1
		name: bench
		keystore: keys.yaml
		keys: test
		cards: {readers: [$1]}
		mode: unicast
		steps:
		  - install: {file: hello.cap}
		  - put-keys: {keys: new, rotate: true}
	YAML
}

versions() { # FILE
	"$CARDADM" vcard show "$1" --json | jq -c '[.keys[].version] | unique'
}

@test "a card that falls silent in the middle fails, says why, and the others go on" {
	stores
	pcscd_start 4
	"$CARDADM" vcard create one.card --fault silent:17 -k factory.yaml
	"$CARDADM" vcard create two.card -k factory.yaml
	"$CARDADM" vcard create three.card -k factory.yaml
	unicast '"Bench 01 00 00", "Bench 01 00 01", "Bench 02 00 00"'
	serve_start one.card two.card three.card
	run_start --timeout 2 --idle 3
	told 3
	run_wait
	[ "$run_status" -eq 9 ]
	grep -q "^Bench 01 00 00: card $(cin one.card): failed at 1 install: .*take it out" run.err
	[ "$(grep -c 'done in' run.err)" -eq 2 ]
	[ "$(report '[.total,.done,.failed]')" = '[3,2,1]' ]
	[[ $(report '.cards[] | select(.state == "failed") | .reason') == *"LOAD block 3 of 4"* ]]
	serve_end
	[ "$(versions two.card)" = '["31"]' ]
	[ "$(versions one.card)" = '["30"]' ]
	# Put in again it is brought to the end.
	serve_start one.card
	run_start --idle 2
	told 1
	run_wait
	[ "$run_status" -eq 0 ]
	serve_end
	[ "$(versions one.card)" = '["31"]' ]
}

@test "a card that stalls: its command has --timeout SECONDS and no more, in both modes" {
	stores
	image app.img 20000
	"$CARDADM" bundle build --image app.img --version 3.2 -k factory.yaml --output app.bundle
	pcscd_start 4
	for mode in broadcast unicast; do
		rm -rf campaign.ledger* ./*.card
		unicast '"Bench 01 00 00", "Bench 02 00 00"'
		[ $mode = unicast ] || {
			sed -i '/^steps:/,$d; s/unicast/broadcast/' campaign.yaml
			echo 'bundle: app.bundle' >>campaign.yaml
		}
		for card in one two three; do "$CARDADM" vcard create $card.card -k factory.yaml; done
		stalls=$(cin one.card) goes_on=$(cin three.card)
		echo 17 >stall
		"$CARDADM" vcard serve three.card --vpcd "${vpcd%:*}:$((${vpcd##*:} + 2))" >third.out 2>third.err 3>&- &
		third_pid=$!
		wait_for grep -qxs ready third.err
		relay_start one.card two.card
		run_start --timeout 1 --idle 4
		told 2
		rm stall
		run_wait
		cat run.err >&2
		[ "$run_status" -eq 9 ]
		grep -q "card $goes_on: done in" run.err
		[ "$(report '[.total,.done,.failed]')" = '[2,1,1]' ]
		[ "$(report '.cards[] | select(.state == "failed") | .id')" = "$stalls" ]
		[[ $(report '.cards[] | select(.state == "failed") | .reason') == *"no answer within 1.0 s"* ]]
		relay_end
		kill $third_pid
		wait $third_pid || true
		third_pid=
		[ "$(versions one.card)" = '["30"]' ]
	done
}

@test "a card that becomes another card between two commands: noticed, and nothing of the plan reaches it" {
	stores
	pcscd_start 2
	unicast '"Bench 01 00 00"'
	for at in 6 7 9 12 16 20 25 34 8; do
		rm -rf campaign.ledger* state ./*.card
		"$CARDADM" vcard create first.card -k factory.yaml
		"$CARDADM" vcard create second.card -k factory.yaml
		echo $at >swap
		relay_start first.card second.card
		run_start --idle 1
		told 1
		run_wait
		relay_end
		echo "command $at" >&2
		cat run.err >&2
		[ "$run_status" -eq 9 ]
		[ "$(report '.cards | length')" -eq 1 ]
		[ "$(report '.cards[0] | [.id, .state]')" = "[\"$(cin first.card)\",\"failed\"]" ]
		[[ $(report '.cards[0].reason') == "another card than before answers: $(cin first.card) was identified, now it is $(cin second.card)"* ]]
		# It has its keys, and nothing on it.
		[ "$(versions second.card)" = '["30"]' ]
		ok -r vcard:second.card -k factory.yaml list --json
		jq -e '[.. | objects | select(.aid? == "F04341524441444D01")] == []' <<<"$output"
	done
	# The first is put in again, alone: it was not to blame, though EXTERNAL AUTHENTICATE was refused.
	rm swap
	serve_start first.card
	run_start --idle 1
	told 1
	run_wait
	[ "$run_status" -eq 0 ]
	serve_end
	[ "$(versions first.card)" = '["31"]' ]
}
