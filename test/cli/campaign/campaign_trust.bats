#!/usr/bin/env bats
# slow
# Steps of a campaign that are about terminals: trust-init, revoke-terminal, trust-put.
load ../lib
load ../tickets

# terminals COUNT: so many cards in fleet/, and pairs.csv with a terminal for each.
terminals() {
	"$CARDADM" keystore init --test-keys keys.yaml
	"$CARDADM" -k keys.yaml vcard create fleet --count "$1" --keys test "${@:2}"
	for card in fleet/*.card; do "$CARDADM" vcard show "$card" --json | jq -r .cin; done >cins
	python3 - >pairs.csv <<-'PY'
		print("# card, IMEI, throughput")
		for i, cin in enumerate(open("cins").read().split()):
		    digits = "35209900%06d" % i
		    total = 0
		    for k, d in enumerate(reversed(digits)):
		        v = int(d) * (2 if k % 2 == 0 else 1)
		        total += v // 10 + v % 10
		    print("%s,%s%d,%d" % (cin, digits, -total % 10, 100 + i))
	PY
}

# steps: campaign.yaml with the steps of stdin.
steps() {
	unicast_campaign trust keys.yaml
}

# begin: the step most tests are about.
begin() {
	steps <<-YAML
		  - trust-init: {record: 1, terminals: pairs.csv, terminal-key: terminal-master,
		      valid-for: 30d, window: 5d, on-mismatch: revoke, tickets: out/}
	YAML
}

# shown CARD FILTER: what a card tells.
shown() {
	"$CARDADM" -r "vcard:fleet/$1.card" -k keys.yaml trust-status --keys test --json 2>/dev/null | jq -c "$2"
}

# each_once: every card has its record once, with a ticket that says the same.
each_once() {
	local card cin file k=0
	for card in fleet/*.card; do
		k=$((k + 1))
		cin=$(sed -n "${k}p" cins)
		file=out/$cin-1.ticket
		card=${card#fleet/}
		[ "$(shown "${card%.card}" '.records | map([.record,.state,.generation,.last_generation])')" = \
			'[[1,"active",1,1]]' ]
		[ "$(ticket "$file" 83)" = 00000001 ]
		[ "$(ticket "$file" 86)" = "$(printf %08X "$(shown "${card%.card}" '.records[0].expires|fromdate')")" ]
	done
	[ "$(find out -name '*.ticket' | wc -l)" = "$k" ]
}

@test "each card gets its terminal, by its number; what is so is left alone" {
	terminals 3
	begin
	ok campaign check campaign.yaml
	[[ $output == *"1 trust-init"*"record 1, pairs.csv: 3 cards"* ]]
	[ ! -e out ]
	ok campaign run campaign.yaml
	each_once
	[ "$(report '[.cards[].steps[0] | [.state,.proven]] | unique')" = '[["done",true]]' ]
	# The characteristics are those of the line: IMEI and throughput.
	imei=$(sed -n 3p pairs.csv | cut -d , -f 2)
	[ "$(shown 0002 .records[0].characteristics)" = \
		"\"$(echo "810F$(printf %s "$imei" | xxd -p)820400000065" | xxd -r -p | sha256sum | cut -c 1-16 | tr a-f A-F)\"" ]
	# Another ledger: the tickets say what was begun, and the cards that it is so.
	cp -r out kept
	rm campaign.ledger
	rm -rf "$XDG_STATE_HOME"
	ok campaign run campaign.yaml
	diff -r out kept
	[ "$(report '[.cards[].steps[0].state] | unique')" = '["already"]' ]
	[ "$(report '.cards[0].steps[0].unproven')" = '["valid-for","window","on-mismatch"]' ]
	each_once
	# Neither ledger nor tickets: a new key for each.
	rm -r campaign.ledger out "$XDG_STATE_HOME"
	ok campaign run campaign.yaml
	[ "$(shown 0001 '.records | map([.state,.generation])')" = '[["active",2]]' ]
}

@test "fifty cards, killed at random, are done each once" {
	terminals 50
	begin
	for _ in $(seq 12); do
		"$CARDADM" campaign run campaign.yaml >/dev/null 2>&1 &
		pid=$!
		sleep "0.$(printf %02d $((RANDOM % 10 + 1)))"
		kill -9 $pid 2>/dev/null || true
		wait $pid 2>/dev/null || true
	done
	# An authentication that was cut off is repeated only when one says so.
	ok campaign run campaign.yaml --retry-authentication
	[ "$(report '[.total,.done,.failed]')" = '[50,50,0]' ]
	each_once
}

@test "killed between any two commands: the intent in the ledger finds the record again" {
	terminals 1
	begin
	cp fleet/0001.card kept.card
	for k in $(seq 6 15); do
		cp kept.card fleet/0001.card
		rm -rf out campaign.ledger* "$XDG_STATE_HOME"
		mkfifo fifo
		exec 4<>fifo
		"$CARDADM" campaign run campaign.yaml --trace fifo >out.txt 2>err.txt </dev/null 4<&- &
		pid=$!
		left=$k
		while [ "$left" -gt 0 ] && read -r -t 5 line <&4; do
			[[ $line != '> '* ]] || left=$((left - 1))
			kill -0 $pid 2>/dev/null || break
		done
		kill -9 $pid 2>/dev/null || true
		wait $pid 2>/dev/null || true
		exec 4<&-
		rm fifo
		ok campaign run campaign.yaml --retry-authentication
		each_once
		[ "$(report '.cards[0].steps[0].state')" = 'done' ]
	done
}

@test "a card without a line has failed, the others are done" {
	terminals 3
	sed -i 3d pairs.csv
	begin
	fails 9 campaign run campaign.yaml
	[ "$(report '[.total,.done,.failed]')" = '[3,2,1]' ]
	[ "$(report '.cards[1] | [.state, (.reason | test("pairs.csv: no line for card"))]')" = '["failed",true]' ]
	[ "$(shown 0002 .records)" = '[]' ]
	# Once it has one, it is another goal: the others are so already.
	cin=$(sed -n 2p cins)
	echo "$cin,490154203237518" >>pairs.csv
	ok campaign run campaign.yaml
	each_once
	[ "$(report '[.cards[].steps[0].state]')" = '["already","done","already"]' ]
}

@test "the table is checked whole before the first card" {
	terminals 2
	begin
	cp pairs.csv good.csv
	first=$(sed -n 2p good.csv)
	before=$(cat fleet/*.card | sha256sum)
	# LINE TEXT: what stands in the place of that line, and what is said of it.
	while IFS=';' read -r line text want; do
		sed "${line}s/.*/$text/" good.csv >pairs.csv
		for verb in check run; do
			fails 3 campaign $verb campaign.yaml
			[[ $stderr == *"pairs.csv:$line: $want"* ]]
		done
	done <<-LINES
		2;$(cut -d , -f 1 <<<"$first"),352099001761482;an IMEI has 15 digits, of which the last is right
		2;$(cut -d , -f 1 <<<"$first"),35209900176148;an IMEI has 15 digits
		2;XY,352099001761481;the number of a card (CIN) is 1 to 16 octets in hex
		2;,352099001761481;the number of a card
		2;$(cut -d , -f 1 <<<"$first");not CARD,IMEI
		2;$first,,,;not CARD,IMEI
		2;$(cut -d , -f 1,2 <<<"$first"),fast;the throughput is no number
		3;$first;the same IMEI as in line 2
		3;$(cut -d , -f 1 <<<"$first"),490154203237518;the same card as in line 2
	LINES
	: >pairs.csv
	fails 3 campaign check campaign.yaml
	rm pairs.csv
	fails 3 campaign check campaign.yaml
	[ "$(cat fleet/*.card | sha256sum)" = "$before" ] && [ ! -e out ]
}

@test "the step: what is missing, what it does not know, levels and keys that will not do" {
	terminals 1
	for step in "record: 1, terminal-key: terminal-master, valid-for: 30d, tickets: out;\`terminals\` is missing" \
		"record: 1, terminals: pairs.csv, terminal-key: terminal-master, valid-for: 30d;\`tickets\` is missing" \
		"record: 1, terminals: pairs.csv, terminal-key: terminal-master, tickets: out;\`valid-for\` is missing" \
		"record: 9, terminals: pairs.csv, terminal-key: terminal-master, valid-for: 30d, tickets: out;\`record\` is not a number from 1 to 7" \
		"record: 1, imei: 352099001761481, terminals: pairs.csv, valid-for: 30d, tickets: out;unknown key \`imei\`" \
		"record: 1, terminals: pairs.csv, valid-for: 30d, tickets: out;no file of a public key, and neither \`terminal-key\` nor \`open" \
		"record: 1, terminals: pairs.csv, terminal-key: terminal-master, open: true, valid-for: 30d, tickets: out;exclude each other" \
		"record: 1, terminals: pairs.csv, terminal-key: terminal-master, valid-for: 1d, window: 1d, tickets: out;\`window\` must be shorter than \`valid-for\`" \
		"record: 1, terminals: pairs.csv, terminal-key: terminal-master, valid-for: 30d, tickets: keys.yaml;not a folder"; do
		echo "  - trust-init: {${step%%;*}}" | steps
		fails 3 campaign check campaign.yaml
		[[ $stderr == *"${step#*;}"* ]]
	done
	begin
	sed -i s/terminal-key:\ terminal-master/terminal-key:\ nobody/ campaign.yaml
	fails 5 campaign check campaign.yaml
	begin
	echo 'level: 13' >>campaign.yaml
	fails 7 campaign check campaign.yaml
	[[ $stderr == *"trust-init needs channels of SCP03 with level 33"* ]]
	begin
	echo "  old: {type: scp02, version: 01, diversification: none, test: true, master: {hex: 404142434445464748494A4B4C4D4E4F}}" >>keys.yaml
	sed -i 's/^keys: test/keys: old/' campaign.yaml
	fails 7 campaign check campaign.yaml
	echo 'level: 33' >>campaign.yaml
	fails 7 campaign check campaign.yaml
	# A period of more than a year is for a verb, where somebody is asked.
	begin
	sed -i 's/valid-for: 30d/valid-for: 400d/' campaign.yaml
	cardadm campaign run campaign.yaml
	[ "$status" -ne 0 ]
	[ "$(shown 0001 .records)" = '[]' ]
}

@test "a card whose clock is far ahead has failed, and gets nothing" {
	terminals 2
	export CARDADM_KEYSTORE=keys.yaml CARDADM_READER=vcard:fleet/0001.card
	ok scp-open --keys test
	# Orders BF74, time.
	ok apdu 80E290000CBF74098001049A04F0000000
	ok scp-close
	unset CARDADM_READER CARDADM_KEYSTORE
	begin
	fails 9 campaign run campaign.yaml
	[ "$(report '.cards[0] | [.state, (.reason | test("more than a year ahead"))]')" = '["failed",true]' ]
	[ "$(shown 0001 .records)" = '[]' ]
	[ "$(shown 0002 '.records | length')" = 1 ]
	[ "$(find out -name '*.ticket' | wc -l)" = 1 ]
}

@test "public keys of terminals, open records" {
	terminals 3 --protocol scp11
	cp "$TOP/test/vectors/rfc9500/ECP256.pub.pem" one.pem
	sed -i '2s/$/,one.pem/' pairs.csv
	begin
	ok campaign run campaign.yaml
	[ "$(shown 0001 .records[0].algorithm) $(shown 0002 .records[0].algorithm)" = '"p-256" "aes-128"' ]
	sed -i '2s/,one.pem//' pairs.csv
	steps <<-'YAML'
		  - trust-init: {record: 2, terminals: pairs.csv, open: true, valid-for: 12h, tickets: open}
	YAML
	ok campaign run campaign.yaml
	[ "$(shown 0003 '.records[1] | [.record,.state]')" = '[2,"open"]' ]
	[ "$(find open -type f | wc -l)" = 3 ]
	# A file that is not there is that card's failure.
	sed -i '2s/$/,nobody.pem/' pairs.csv
	begin
	fails 9 campaign run campaign.yaml
	[ "$(report '[.done,.failed]')" = '[2,1]' ]
}

@test "revoke-terminal, trust-put: the record of each card" {
	terminals 2
	begin
	echo content >content.key
	echo '  - trust-put: {record: 1, number: 1, file: content.key}' >>campaign.yaml
	ok campaign run campaign.yaml
	ok -r vcard:fleet/0001.card -k keys.yaml revoke terminal 1 --yes
	steps <<<'  - revoke-terminal: {record: 1}'
	ok campaign run campaign.yaml
	[ "$(report '[.cards[].steps[0].state]')" = '["already","done"]' ]
	[ "$(shown 0002 '.records[0] | [.state,.ended_by]')" = '["revoked","network"]' ]
	steps <<<'  - revoke-terminal: {record: 2}'
	ok campaign run campaign.yaml
	[ "$(report '[.cards[].steps[0].state] | unique')" = '["already"]' ]
}
