#!/usr/bin/env bats
# slow
# Campaigns over cards that are put into readers, one after the other.

load ../lib
load ../pcscd
load ../feed

teardown() {
	[ -z "${run_pid-}" ] || { kill "$run_pid" 2>/dev/null || true; wait "$run_pid" || true; }
	pcscd_teardown
}

feed_campaign() { # READER...: names in YAML
	cat >campaign.yaml <<-YAML
		cardadm: campaign/1
		name: demo
		keystore: keys.yaml
		keys: test
		cards: {readers: [$1]}
		mode: broadcast
		bundle: app.bundle
	YAML
}

# The reader's slots are empty again, as this program sees it.
taken_out() {
	wait_for slots_empty
}

slots_empty() {
	"$CARDADM" readers --json | jq -e '[.readers[].card] | any | not' >/dev/null
}

@test "cards are fed one after the other; what was done before is recognised" {
	pcscd_start 2
	fleet 3
	feed_campaign '"Bench 01 00 00"'
	ok campaign check campaign.yaml
	[[ $output == *"put into Bench 01 00 00"* ]]
	ok campaign check campaign.yaml --json
	[ "$(jq -c '[.cards,.directory,.readers]' <<<"$output")" = '[null,null,["Bench 01 00 00"]]' ]
	[ "$(report .total)" = 0 ]
	mkdir traces
	run_start --trace traces
	n=0
	for card in 0001 0002 0001 0003; do
		serve_start fleet/$card.card
		n=$((n + 1))
		told $n
		serve_end
		taken_out
	done
	kill -INT "$run_pid"
	run_wait
	[ "$run_status" -eq 0 ]
	grep -q "^3 cards: 3 done (0 already), 0 failed, 0 pending" run.out
	[ "$(grep -c "^Bench 01 00 00: card .*: done in .* s; take it out" run.err)" -eq 3 ]
	grep -q "^Bench 01 00 00: card $(cin fleet/0001.card): was done before; take it out" run.err
	[ "$(report '[.total,.done,.failed]')" = '[3,3,0]' ]
	[ "$(report '[.cards[].id]|sort')" = "$(for n in 1 2 3; do cin fleet/000$n.card; done | jq -Rsc 'split("\n")[:-1]|sort')" ]
	[ "$(report '[.cards[].file]|unique')" = '[null]' ]
	# A block for each time it was put in, the one that was recognised too.
	[ "$(grep -c '^# card .*: done$' "traces/$(cin fleet/0001.card).trace")" -eq 2 ]
	ok explain "traces/$(cin fleet/0003.card).trace" -k keys.yaml --keys test --json
	[ "$(jq .verified <<<"$output")" = true ]
	for n in 1 2 3; do
		"$CARDADM" -r vcard:fleet/000$n.card info --json | jq -e '.system.version == "3.2"'
	done
	# The next day: duplicates again, and nothing is sent to them but questions, in a channel that
	# proves that it is they.
	before=$("$CARDADM" vcard show fleet/0002.card --json | jq -r '.keys[0].sequence_counter')
	serve_start fleet/0002.card
	run_start --idle 2
	told 1
	serve_end
	run_wait
	[ "$run_status" -eq 0 ]
	grep -q 'was done before' run.err
	after=$("$CARDADM" vcard show fleet/0002.card --json | jq -r '.keys[0].sequence_counter')
	[ $((0x$after)) -eq $((0x$before + 1)) ]
	# A card with keys of its own that says it is one of those that were done.
	"$CARDADM" vcard create fake.card -k keys.yaml -q
	number=$(cin fleet/0002.card)
	printf '45 %02X %s\n' $((${#number} / 2)) "$number" >cin.tlv
	ok -q -r vcard:fake.card -k keys.yaml store-data cin.tlv --format tlv
	run_start --idle 2
	serve_start fake.card
	told 1
	serve_end
	run_wait
	[ "$run_status" -eq 9 ]
	grep -q "card $number: failed at establish: card $number proved itself with .*another card under its number" run.err
	[ "$(report '[.total,.done,.failed]')" = '[3,3,0]' ]
	"$CARDADM" -r vcard:fake.card info --json | jq -e '.system.version == "0.0"'
}

@test "several readers; a card that stays in is not worked on twice" {
	pcscd_start 4
	fleet 4
	feed_campaign '1, "Bench 01 00 01", "02 00 00"'
	serve_start fleet/*.card
	run_start --idle 2
	told 3
	run_wait
	[ "$run_status" -eq 0 ]
	[ "$(grep -c 'take it out' run.err)" -eq 3 ]
	[ "$(grep -c 'done in' run.err)" -eq 3 ]
	[ "$(report '[.total,.done]')" = '[3,3]' ]
	serve_end
	"$CARDADM" -r vcard:fleet/0003.card info --json | jq -e '.system.version == "3.2"'
	"$CARDADM" -r vcard:fleet/0004.card info --json | jq -e '.system.version == "0.0"'
}

@test "a card that is pulled fails, and goes on where it stands when it is put in again" {
	pcscd_start 2
	"$CARDADM" keystore init --test-keys keys.yaml
	"$CARDADM" vcard create one.card --fault removed:60 --keystore keys.yaml
	"$CARDADM" vcard create two.card --fault wrong-keys --keystore keys.yaml
	image app.img 60000
	"$CARDADM" bundle build --image app.img --version 3.2 --keystore keys.yaml --output app.bundle
	feed_campaign 1
	run_start
	serve_start one.card
	told 1
	serve_wait
	grep -q "card $(cin one.card): failed at load: .*the card was removed; take it out" run.err
	[ "$(report '.cards[0]|[.state,.step]')" = '["failed","load"]' ]
	taken_out
	serve_start one.card
	told 2
	serve_end
	taken_out
	[ "$(report '[.total,.done,.failed]')" = '[1,1,0]' ]
	# Wrong keys: tried once, and not again however often it is put in.
	for n in 3 4; do
		serve_start two.card
		told $n
		serve_end
		taken_out
	done
	[ "$(grep -c 'failed at establish: .*cryptogram' run.err)" -eq 1 ]
	grep -q 'failed at establish: left alone: the keys of test were not those of card .*; take it out' run.err
	kill -TERM "$run_pid"
	run_wait
	[ "$run_status" -eq 9 ]
	[[ $(tail -n 2 run.err) == *"1 of 2 cards are not done"* ]]
	[ "$(report '[.cards[]|select(.state=="failed")|.reason]|length')" = 1 ]
}

@test "readers are looked for before anything else; --idle goes with readers only" {
	pcscd_start 2
	fleet 1
	for names in 'Bench' '3' '"Bench 01 00 00", Other'; do
		feed_campaign "$names"
		fails 4 campaign run campaign.yaml
		[[ $stderr == *campaign.yaml* ]]
	done
	feed_campaign '"Bench 01 00 01", 2'
	fails 3 campaign run campaign.yaml
	[[ $stderr == *"are one reader"* ]]
	[ ! -e campaign.ledger ]
	campaign
	fails 2 campaign run campaign.yaml --idle 5
	[[ $stderr == *"--idle"* ]]
}

@test "pcscd may be restarted between two cards" {
	pcscd_start 2
	fleet 2
	feed_campaign 1
	run_start
	serve_start fleet/0001.card
	told 1
	serve_end
	pcscd_end KILL
	wait_for grep -q 'waiting for it' run.err
	[ "$(grep -c 'pcscd does not run.*; waiting for it' run.err)" -eq 1 ]
	rm "$PCSCLITE_CSOCK_NAME"
	pcscd_launch "$XDG_RUNTIME_DIR/pcscd"
	serve_start fleet/0002.card
	told 2
	kill -INT "$run_pid"
	run_wait
	[ "$run_status" -eq 0 ]
	[ "$(report '[.total,.done]')" = '[2,2]' ]
}
