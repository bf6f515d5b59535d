#!/usr/bin/env bats
# slow: check-quick has others of its kind
# campaign run --trace: a block for each card, into one file or a file each.

load ../lib

blocks() { # blocks FILE: how many cards it is about
	grep -c '^# card ' "$1"
}

@test "into a file: a block for each card, in the order in which they ended" {
	fleet 3
	campaign
	ok campaign run campaign.yaml --trace wire.txt
	[ "$(stat -c %a wire.txt)" = 600 ]
	[ "$(blocks wire.txt)" -eq 3 ]
	ok campaign report campaign.yaml --json
	want=$(jq -r '.cards[] | "# card \(.id), \(.file): done"' <<<"$output")
	[ "$(grep '^# card ' wire.txt)" = "$want" ]
	# Each is a trace of its own, which explain checks with the keys of all.
	[ "$(grep -c '^# cardadm trace 1$' wire.txt)" -eq 3 ]
	[ "$(grep -c '^# reader vcard:' wire.txt)" -eq 3 ]
	ok explain wire.txt -k keys.yaml --keys test --json
	[ "$(jq -r '.verified, .mistake' <<<"$output" | paste -sd' ')" = "true null" ]
	[ "$(jq '[.exchanges[] | select(.name | startswith("EXTERNAL AUTHENTICATE"))] | length' <<<"$output")" -eq 3 ]
	# What is done already is not asked again, and leaves no block.
	ok campaign run campaign.yaml --trace wire.txt
	[ "$(blocks wire.txt)" -eq 3 ]
	# No key and no clear text.
	run ! grep -qi 404142434445464748494A4B4C4D4E4F wire.txt
}

@test "a block is played back" {
	fleet 2
	campaign
	ok campaign run campaign.yaml --trace wire.txt
	csplit -s -z -f block. wire.txt '/^# card /' '{*}'
	[ "$(find . -name 'block.*' | wc -l)" -eq 2 ]
	ok -r replay:block.01 apdu 00A4040008A00000015100000000
	[[ $output == *9000* ]]
	ok explain block.00 -k keys.yaml --keys test
}

@test "into a directory: a file for each card, named after its CIN" {
	fleet 3
	campaign
	mkdir traces
	ok campaign run campaign.yaml -t traces
	ok campaign report campaign.yaml --json
	while read -r id file; do
		grep -qx "# card $id, $file: done" "traces/$id.trace"
		[ "$(blocks "traces/$id.trace")" -eq 1 ]
		ok explain "traces/$id.trace" -k keys.yaml --keys test
	done < <(jq -r '.cards[] | "\(.id) \(.file)"' <<<"$output")
	[ "$(find traces -type f | wc -l)" -eq 3 ]
}

@test "a card that is given up has its block with the reason; one that told nothing too" {
	"$CARDADM" keystore init --test-keys keys.yaml
	mkdir fleet
	"$CARDADM" vcard create fleet/a.card --fault wrong-keys --keystore keys.yaml
	"$CARDADM" vcard create fleet/b.card --fault removed:2 --keystore keys.yaml
	"$CARDADM" vcard create fleet/c.card --keystore keys.yaml
	image app.img 2000
	"$CARDADM" bundle build --image app.img --version 3.2 --keystore keys.yaml --output app.bundle
	campaign
	mkdir traces
	fails 9 campaign run campaign.yaml --trace traces
	[ "$(find traces -type f | wc -l)" -eq 3 ]
	grep -q '^# card [0-9A-F]*, fleet/a.card: failed: .*cryptogram' traces/*.trace
	grep -q '^# card -, fleet/b.card: failed: .*removed' traces/unidentified.trace
	grep -q '^# no answer: the card was removed' traces/unidentified.trace
	# Tried once more: behind the first block.
	fails 9 campaign run campaign.yaml --trace traces
	[ "$(blocks traces/unidentified.trace)" -ge 1 ]
}

@test "unicast campaigns too" {
	fleet 2
	printf '\x42\x02\x12\x34' >iin.tlv
	cat >campaign.yaml <<-'YAML'
		cardadm: campaign/1
		name: data
		keystore: keys.yaml
		keys: test
		cards: {directory: fleet}
		mode: unicast
		steps:
		  - store-data: {file: iin.tlv, format: tlv}
	YAML
	ok campaign run campaign.yaml --trace wire.txt
	[ "$(blocks wire.txt)" -eq 2 ]
	ok explain wire.txt -k keys.yaml --keys test
}

@test "where no trace can be written nothing is sent; a full disk ends the run and is told" {
	fleet 2
	campaign
	fails 1 campaign run campaign.yaml --trace nowhere/wire.txt
	[[ $stderr == *"nowhere/wire.txt: cannot write traces"*"hint: --trace names a directory"* ]]
	[ ! -e campaign.ledger ] || {
		ok campaign report campaign.yaml --json
		[ "$(jq .done <<<"$output")" -eq 0 ]
	}
	fails 1 campaign run campaign.yaml --trace /dev/full
	[[ $stderr == *"/dev/full: cannot write the trace: No space left"* ]]
	# One card was worked on, and the ledger knows it; the next was not begun.
	ok campaign report campaign.yaml --json
	[ "$(jq -c '[.done, .pending]' <<<"$output")" = '[1,1]' ]
}
