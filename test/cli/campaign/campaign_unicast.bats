#!/usr/bin/env bats
# slow
# Campaigns in unicast mode: a list of steps over many cards, cut off at every command.

load ../lib

# Stores: factory.yaml makes the cards, keys.yaml has a second set besides. COUNT cards, the steps
# on stdin.
steps_for() {
	"$CARDADM" keystore init --test-keys factory.yaml
	{
		cat factory.yaml
		cat <<-'YAML'
			  new:
			    type: scp03
			    test: true
			    version: 31
			    diversification: kdf3
			    master: {hex: 00112233445566778899AABBCCDDEEFF}
		YAML
	} >keys.yaml
	chmod 600 keys.yaml
	cp "$TOP"/examples/*.cap .
	[ "$1" -eq 0 ] || "$CARDADM" vcard create fleet --count "$1" --keystore factory.yaml
	manifest
}

manifest() {
	unicast_campaign bench keys.yaml
}

# on CARD VERB...: a verb with the keys that the card has now.
on() {
	local card=$1 keys=${KEYS-test}
	shift
	local verb=$1
	shift
	ok -r "vcard:fleet/$card.card" -k keys.yaml "$verb" --keys "$keys" --json "$@"
}

# The key versions on a card.
versions() {
	"$CARDADM" vcard show "fleet/$1.card" --json | jq -c '[.keys[].version] | unique'
}

HELLO=F04341524441444D01
APPLET=F04341524441444D0101

# What GET STATUS tells of AID: nothing, or its state.
state() { # CARD AID
	"$CARDADM" -r "vcard:fleet/$1.card" -k keys.yaml list --keys "${KEYS-test}" --json |
		jq -r --arg aid "$2" '[.. | objects | select(.aid? == $aid) | .state][0] // "absent"'
}

@test "steps are taken in their order, told by check and report, and not taken twice" {
	steps_for 3 <<-'YAML'
		  - install: {file: hello.cap}
		  - put-keys: {keys: new, rotate: true}
		  - lock: {aid: F04341524441444D0101}
	YAML
	ok campaign check campaign.yaml
	[[ $output == *"3 cards in fleet"* ]]
	[[ $output == *"1 install"*"package $HELLO, version 1.0"*"1 applet; 13 commands"* ]]
	[[ $output == *"2 put-keys"*"new as 31, then the set of the channel is deleted; 13 commands"* ]]
	ok campaign check campaign.yaml --json
	[ "$(jq -c '[.steps[].step]' <<<"$output")" = '["install","put-keys","lock"]' ]
	[ "$(jq -c '[.steps[].commands] | add + 9' <<<"$output")" = "$(jq .commands <<<"$output")" ]
	[ "$(report '[.total,.pending,.version,.bundle]')" = '[3,3,null,null]' ]
	ok campaign run campaign.yaml
	[ "$(report '[.total,.done,.already,.failed]')" = '[3,3,0,0]' ]
	[ "$(report '[.cards[].steps[].state] | unique')" = '["done"]' ]
	[ "$(report '.cards[1].steps[1]')" = '{"step":"put-keys","state":"done","proven":true}' ]
	[ "$(report '[.cards[].step] | unique')" = '["3 lock"]' ]
	for card in 0001 0002 0003; do
		[ "$(versions $card)" = '["31"]' ]
		[ "$(KEYS=new state $card $APPLET)" = locked ]
	done
	# The record of key changes has each, with its check values, and none is in doubt.
	[ "$(jq -sc '[.[] | select(.event == "intent" and .campaign == "bench")] | length' "$XDG_STATE_HOME/cardadm/keys.jsonl")" = 3 ]
	[ "$(jq -sc '[.[] | select(.event == "done")] | length' "$XDG_STATE_HOME/cardadm/keys.jsonl")" = 3 ]
	jq -se '.[0] | .version == "31" and (.kcv | length) == 20 and .reader == "fleet/0001.card"' "$XDG_STATE_HOME/cardadm/keys.jsonl"
	ok campaign report campaign.yaml
	[[ $output == *"fleet/0002.card"*"done"*"steps: done,done,done"* ]]
	ok campaign status campaign.yaml
	[[ $output == *"campaign bench, 3 steps"* ]]
	# Once more: no card is touched.
	before=$("$CARDADM" vcard show fleet/0001.card --json)
	ok campaign run campaign.yaml
	[ "$("$CARDADM" vcard show fleet/0001.card --json)" = "$before" ]
}

@test "what is so already is skipped, and the row says so" {
	steps_for 2 <<-'YAML'
		  - install: {file: hello.cap}
		  - delete: {aid: A00000000304}
		  - unlock: {card: true}
		  - put-keys: {keys: new}
	YAML
	on 0001 install hello.cap
	on 0001 put-keys new
	ok campaign run campaign.yaml
	[ "$(report '[.cards[].step]')" = '["already","4 put-keys"]' ]
	[ "$(report '.cards[0].steps | map(.state) | unique')" = '["already"]' ]
	[ "$(report '.cards[1].steps | map(.state)')" = '["done","already","already","done"]' ]
	[ "$(report .already)" = 1 ]
	# A ledger that is lost costs questions, no harm.
	rm campaign.ledger
	ok campaign run campaign.yaml
	[ "$(report '[.cards[].step] | unique')" = '["already"]' ]
}

@test "install with DAP blocks, a hash and a domain" {
	local sd=A00000015100000001 n
	steps_for 2 <<-YAML
		  - install: {file: hello.cap, dap: hello.dap, hash: sha-512, domain: $sd}
	YAML
	fails 3 campaign check campaign.yaml
	[[ $stderr == *"hello.dap: cannot open"* ]]
	echo no block >hello.dap
	fails 3 campaign check campaign.yaml
	[[ $stderr == *"hello.dap: no DAP block"* ]]
	rm hello.dap
	"$CARDADM" -q dap sign hello.cap --domain $sd --hash sha-512 -k keys.yaml --output hello.dap
	ok campaign check campaign.yaml --json
	[ "$(jq -r '.steps[0] | .domain, .hash, .dap[]' <<<"$output" | paste -sd' ')" = "$sd sha-512 hello.dap" ]
	for n in 1 2; do
		ok -r vcard:fleet/000$n.card -k keys.yaml domain create $sd --privileges dap-verification --keys test
		ok -r vcard:fleet/000$n.card -k keys.yaml domain personalize $sd --with new --keys test
		KEYS=new on 000$n put-keys dap --sd $sd
	done
	# Without the block it is found before the first command of the load.
	sed -i 's/, dap: hello.dap//' campaign.yaml
	fails 9 campaign run campaign.yaml
	[[ $(report '.cards[0].reason') == *"security domain $sd verifies DAP signatures, and there is none"* ]]
	sed -i 's/hello.cap,/hello.cap, dap: hello.dap,/' campaign.yaml
	ok campaign run campaign.yaml
	[ "$(report '[.cards[].state]')" = '["done","done"]' ]
	[ "$("$CARDADM" -q -r vcard:fleet/0001.card -k keys.yaml list --keys test --json |
		jq -r '.entries[] | select(.aid == "F04341524441444D01") | .domain')" = $sd ]
	ok campaign run campaign.yaml
}

@test "every step: install with all its options, delete, lock and unlock of the card, store-data" {
	steps_for 1 <<-'YAML'
		  - install: {file: pair.cap}
		  - install: {file: hello.cap, applet: [F04341524441444D0101], privileges: [card-lock],
		      parameters: 010203}
		  - lock: {aid: F04341524441444D0101}
		  - unlock: {aid: F04341524441444D0101}
		  - store-data: {file: iin.tlv, format: tlv}
		  - store-data: {file: cin.txt, encrypted: true}
		  - put-keys: {keys: new, rotate: true}
		  - delete: {aid: F04341524441444D02, related: true}
		  - lock: {card: true}
	YAML
	printf '\x42\x04\x01\x02\x03\x04' >iin.tlv
	echo '0070 06 4504 05060708 # hex, as people write it' >cin.txt
	ok campaign run campaign.yaml
	[ "$(report '.cards[0].steps | map(.state) | unique')" = '["done"]' ]
	ok vcard show fleet/0001.card --json
	[ "$(jq -c '[.iin,.cin]' <<<"$output")" = '["01020304","05060708"]' ]
	# The step gave it another name.
	[ "$(report '.cards[0].id')" = 05060708 ]
	export KEYS=new
	[ "$(state 0001 F04341524441444D02)" = absent ]
	[ "$(state 0001 $APPLET)" = selectable ]
	[ "$("$CARDADM" vcard show fleet/0001.card --json | jq -r .life_cycle)" = locked ]
	on 0001 list
	jq -e --arg aid $APPLET '.. | objects | select(.aid? == $aid) | .privileges | index("card-lock")' <<<"$output"
}

@test "cut off at every command: after one more run everything is done, no card is without keys" {
	steps_for 0 <<-'YAML'
		  - install: {file: hello.cap}
		  - put-keys: {keys: new, rotate: true}
	YAML
	n=1
	mkdir fleet
	for fault in removed silent power-cut; do
		for at in {1..35}; do
			"$CARDADM" vcard create fleet --first $n --count 1 --fault "$fault:$at" -k factory.yaml -q >/dev/null
			n=$((n + 1))
		done
	done
	ok campaign check campaign.yaml --json
	[ "$(jq .commands <<<"$output")" -eq 35 ]
	fails 9 campaign run campaign.yaml
	# Each command was the one that failed once, the last of them too.
	[ "$(report '[.cards[:35][].state] | unique')" = '["failed"]' ]
	[ "$(report '[.cards[35:70][].state] | unique')" = '["failed"]' ]
	[ "$(report '[.cards[] | select(.state == "failed") | .reason | length > 0] | all')" = true ]
	[ "$(report '[.cards[].steps[].state] | unique')" = '["begun","done","pending"]' ]
	for card in fleet/*.card; do
		"$CARDADM" vcard show "$card" --json | jq -c '[.keys[].version] | unique'
	done | sort -u >versions
	[ "$(tr '\n' ' ' <versions)" = '["30","31"] ["30"] ["31"] ' ]
	# All but those where nobody saw what became of an authentication.
	fails 9 campaign run campaign.yaml
	[ "$(report '[.cards[] | select(.state == "failed") | .reason | test("left alone: what became of an authentication")] | [length, all]')" = '[4,true]' ]
	ok campaign run campaign.yaml --retry-authentication
	[ "$(report '[.total,.done,.failed]')" = '[105,105,0]' ]
	[ "$(report '[.cards[].steps[].state] | unique')" = '["done"]' ]
	for card in fleet/*.card; do
		[ "$("$CARDADM" vcard show "$card" --json | jq -c '[.keys[].version] | unique')" = '["31"]' ]
	done
	for n in 0013 0018 0024 0034 0066 0086 0090 0105; do
		[ "$(KEYS=new state $n $APPLET)" = selectable ]
	done
}

@test "the set of the channel replaced in place, cut off at every command" {
	steps_for 0 <<-'YAML'
		  - put-keys: {keys: new, version: 30, replace: 30}
		  - install: {file: hello.cap}
	YAML
	mkdir fleet
	n=1
	for fault in removed silent; do
		for at in {9..24}; do
			"$CARDADM" vcard create fleet --first $n --count 1 --fault "$fault:$at" -k factory.yaml -q >/dev/null
			n=$((n + 1))
		done
	done
	fails 9 campaign run campaign.yaml
	ok campaign run campaign.yaml --retry-authentication
	[ "$(report '[.total,.done,.failed]')" = '[32,32,0]' ]
	[ "$(report '[.cards[].steps[].state] | unique')" = '["done"]' ]
	for n in 0001 0004 0010 0020 0032; do
		[ "$(versions $n)" = '["30"]' ]
		ok -r vcard:fleet/$n.card -k keys.yaml list --keys new --key-version 30
		fails 5 -r vcard:fleet/$n.card -k keys.yaml list --keys test
	done
}

@test "a chain of key sets: behind each the channel goes on with it" {
	steps_for 2 <<-'YAML'
		  - put-keys: {keys: new, rotate: true}
		  - put-keys: {keys: test, version: 32, replace: 31}
		  - put-keys: {keys: new, version: 33}
	YAML
	ok campaign run campaign.yaml
	[ "$(versions 0001)" = '["32","33"]' ]
	[ "$(report '[.cards[].steps[].state] | unique')" = '["done"]' ]
	KEYS=new state 0002 $HELLO
	# The second card, whose row is lost, is asked, and is there already but for what no card tells.
	fails 5 -r vcard:fleet/0002.card -k keys.yaml list --keys test
	ok -r vcard:fleet/0002.card -k keys.yaml list --keys test --key-version 32
}

@test "another version of a package: refused, or replaced with what is made from it" {
	steps_for 2 <<-'YAML'
		  - install: {file: hello.cap}
	YAML
	ok campaign run campaign.yaml
	manifest <<-'YAML'
		  - install: {file: hello-1.1.cap}
	YAML
	fails 9 campaign run campaign.yaml
	[[ $(report '.cards[0].reason') == "package $HELLO of version 1.0 is on the card, 1.1 in the file" ]]
	[ "$(report '.cards[0].steps')" = '[{"step":"install","state":"failed"}]' ]
	manifest <<-'YAML'
		  - install: {file: hello-1.1.cap, replace: true}
	YAML
	ok campaign run campaign.yaml
	on 0001 list
	jq -e --arg aid $HELLO '.. | objects | select(.aid? == $aid and .version? == "1.1")' <<<"$output"
	[ "$(state 0002 $APPLET)" = selectable ]
}

@test "what a card refuses fails the card and says the step; the others go on" {
	steps_for 2 <<-'YAML'
		  - lock: {aid: F04341524441444D0101}
		  - lock: {card: true}
	YAML
	on 0001 install hello.cap
	fails 9 campaign run campaign.yaml
	[ "$(report '[.done,.failed]')" = '[1,1]' ]
	[ "$(report '.cards[1] | [.step,.reason]')" = '["1 lock","F04341524441444D0101 is not on the card"]' ]
	[ "$(report '.cards[1].steps | map(.state)')" = '["failed","pending"]' ]
	manifest <<-'YAML'
		  - put-keys: {keys: new, replace: 44}
	YAML
	fails 9 campaign run campaign.yaml
	[[ $(report '.cards[1].reason') == *"no key set 44"* ]]
}

@test "wrong keys cost no try and are not tried again; limits and retries are those of all campaigns" {
	steps_for 0 <<-'YAML'
		  - put-keys: {keys: new, rotate: true}
		limits: {failures: 2}
	YAML
	"$CARDADM" vcard create fleet --count 3 --fault wrong-keys -k factory.yaml
	fails 7 campaign run campaign.yaml
	[[ $stderr == *"2 cards failed"* ]]
	[ "$(report '[.failed,.pending]')" = '[2,1]' ]
	[[ $(report '.cards[0] | .step + " " + .reason') == "establish "*cryptogram* ]]
	before=$("$CARDADM" vcard show fleet/0001.card --json)
	fails 9 campaign run campaign.yaml
	[ "$("$CARDADM" vcard show fleet/0001.card --json)" = "$before" ]
	[ "$(jq '[.keys[].tries_left] | min' <<<"$before")" -gt 0 ]
	fails 7 campaign run campaign.yaml --retry-authentication
	[ "$("$CARDADM" vcard show fleet/0001.card --json)" != "$before" ]
}

@test "an interrupt ends between two steps; killed, the next run goes on" {
	steps_for 1000 <<-'YAML'
		  - install: {file: hello.cap}
		  - put-keys: {keys: new, rotate: true}
	YAML
	"$CARDADM" campaign run campaign.yaml >out 2>err 3>&- &
	pid=$!
	stop_when $pid report_is '.done > 0 and .pending > 0'
	kill -INT $pid
	kill -CONT $pid
	status=0
	wait $pid || status=$?
	[ "$status" -eq 130 ]
	[ "$(report '[.cards[] | select(.in_doubt)] | length')" = 0 ]
	"$CARDADM" campaign run campaign.yaml >out 2>err 3>&- &
	pid=$!
	stop_when $pid report_is '.done > 3 and .pending > 0'
	kill -KILL $pid
	wait $pid || true
	# Killed in an authentication, perhaps.
	ok campaign run campaign.yaml --retry-authentication
	[ "$(report '[.total,.done]')" = '[1000,1000]' ]
	for n in 0001 0500 1000; do [ "$(versions $n)" = '["31"]' ]; done
}

@test "everything is checked before the first command" {
	steps_for 1 <<-'YAML'
		  - install: {file: hello.cap}
	YAML
	before=$("$CARDADM" vcard show fleet/0001.card --json)
	refuses() { # STATUS TEXT, the steps on stdin
		manifest
		fails "$1" campaign run campaign.yaml
		[[ $stderr == *"campaign.yaml"*"$2"* ]] || { echo "$stderr" >&2; return 1; }
		[ ! -e campaign.ledger ]
	}
	refuses 3 ":8:5: none.cap: cannot open" <<<'  - install: {file: none.cap}'
	refuses 3 "keys.yaml" <<<'  - install: {file: keys.yaml}'
	refuses 3 ":8:5: \`applet\`: hello.cap has no applet A000000003" <<<'  - install: {file: hello.cap, applet: [A000000003]}'
	refuses 5 ":8:5: " <<<'  - put-keys: {keys: nobody}'
	refuses 3 ":8:5: key set 30 is the one that the channel is opened with" <<<'  - put-keys: {keys: test}'
	[[ $stderr == *"hint: \`replace: 30\` replaces it"* ]]
	refuses 3 "rotating needs a version of its own" <<<'  - put-keys: {keys: test, rotate: true}'
	refuses 3 ":8:14: unknown key" <<<'  - delete: {aids: A000000003}'
	printf '\x00\x70\x05\x01' >bad.dgi
	refuses 3 "bad.dgi: " <<<'  - store-data: {file: bad.dgi}'
	[ "$("$CARDADM" vcard show fleet/0001.card --json)" = "$before" ]
}

@test "a dry run shows the commands of one card, keys masked, and sends nothing" {
	steps_for 1 <<-'YAML'
		  - install: {file: hello.cap, parameters: 010203}
		  - put-keys: {keys: new, rotate: true}
		  - store-data: {file: data, format: raw}
	YAML
	echo hello >data
	before=$("$CARDADM" vcard show fleet/0001.card --json)
	ok campaign run campaign.yaml --dry-run
	grep -q '^8050300008\*\*.*INITIALIZE UPDATE' <<<"$output"
	grep -q '^80E602000E09F04341524441444D01' <<<"$output"
	grep -q '^80E88003' <<<"$output"
	grep -q '^80E60C00.*C903010203' <<<"$output"
	grep -q '^80D800814631\(\*\*\)*00 ' <<<"$output"
	grep -q '^80E4000003D20130' <<<"$output"
	grep -q '^80E280000668656C6C6F0A' <<<"$output"
	n=$(grep -c '^80\|^00\|^84' <<<"$output")
	ok campaign run campaign.yaml --dry-run --json
	[ "$(jq '.commands | length' <<<"$output")" = "$n" ]
	ok campaign check campaign.yaml --json
	[ "$(jq .commands <<<"$output")" = "$n" ]
	[ "$("$CARDADM" vcard show fleet/0001.card --json)" = "$before" ]
	[ ! -e campaign.ledger ]
}

@test "other files, other goal: what was done for the old ones is done again where it differs" {
	steps_for 1 <<-'YAML'
		  - store-data: {file: data, format: tlv}
	YAML
	printf '\x42\x01\x01' >data
	ok campaign run campaign.yaml
	[ "$(report '.cards[0].steps[0].state')" = "done" ]
	printf '\x42\x01\x02' >data
	[ "$(report '.cards[0].steps')" = null ]
	ok campaign run campaign.yaml
	[ "$(report '.cards[0].steps[0].state')" = "done" ]
}

@test "a card file that holds another card by now starts over" {
	steps_for 2 <<-'YAML'
		  - install: {file: hello.cap}
		  - lock: {aid: A000000003}
	YAML
	fails 9 campaign run campaign.yaml
	[ "$(report '.cards[0].steps | map(.state)')" = '["done","failed"]' ]
	rm fleet/0002.card
	"$CARDADM" vcard create other --count 1 --first 7 --keystore factory.yaml
	mv other/0007.card fleet/0001.card
	fails 9 campaign run campaign.yaml
	[ "$(report '.cards[0].steps | map(.state)')" = '["done","failed"]' ]
	[ "$(state 0001 $APPLET)" = selectable ]
}

@test "cards of SCP02: steps in their channel, new keys of their kind" {
	cat >factory.yaml <<-'YAML'
		cardadm: keystore/1
		keys:
		  test: {type: scp02, test: true, version: 01, diversification: none,
		    master: {hex: 404142434445464748494A4B4C4D4E4F}}
	YAML
	{
		cat factory.yaml
		echo '  new: {type: scp02, test: true, version: 02, diversification: none,'
		echo '    master: {hex: 101112131415161718191A1B1C1D1E1F}}'
	} >keys.yaml
	chmod 600 factory.yaml keys.yaml
	cp "$TOP"/examples/*.cap .
	"$CARDADM" vcard create fleet --count 2 --keystore factory.yaml
	manifest <<-'YAML'
		  - install: {file: hello.cap}
		  - put-keys: {keys: new, rotate: true}
	YAML
	# Whether such cards have R-MAC nobody says before: the manifest has to.
	fails 7 campaign check campaign.yaml
	[[ $stderr == *"key set test is for SCP02: the level must be named"* ]]
	echo 'level: 03' >>campaign.yaml
	ok campaign check campaign.yaml
	[[ $stderr == *"level 03 has no R-MAC: "*"nothing is proven"* ]]
	ok campaign run campaign.yaml
	[[ $stderr == *"level 03 has no R-MAC: "*"nothing is proven"* ]]
	[ "$(report '[.done,.failed]')" = '[2,0]' ]
	[ "$(versions 0001)" = '["02"]' ]
	[ "$(KEYS=new state 0002 $APPLET)" = selectable ]
}

@test "a dry run for cards of SCP02: what is encrypted is as long as triple DES makes it" {
	cat >keys.yaml <<-'YAML'
		cardadm: keystore/1
		keys:
		  test: {type: scp02, test: true, version: 01, diversification: none,
		    master: {hex: 404142434445464748494A4B4C4D4E4F}}
	YAML
	chmod 600 keys.yaml
	"$CARDADM" vcard create fleet --count 1 --keystore keys.yaml
	echo '8010 08 0102030405060708' >data
	{
		echo '  - store-data: {file: data, encrypted: true}'
		echo 'level: 03'
	} | manifest
	ok campaign run campaign.yaml --dry-run
	grep -q '^80E2E8000B8010080000000000000000 ' <<<"$output"
	# And so it goes to the card, which knows no such group: 11 octets are 16 in the channel, and 8
	# of MAC.
	fails 9 campaign run campaign.yaml --trace trace.txt
	grep -q '^> 84E2E80018' trace.txt
}

@test "cards of products with factory keys: asked for as the product wants it, gone when new ones come" {
	local product at
	steps_for 0 </dev/null
	for product in jcop4 yubikey; do
		rm -rf fleet campaign.ledger
		mkdir fleet
		"$CARDADM" vcard create fleet/$product.card --product $product -k factory.yaml
		for at in {22..26}; do
			# A YubiKey takes keys, no applications: fewer commands.
			[ $product = jcop4 ] || at=$((at - 10))
			"$CARDADM" vcard create "fleet/$product$at.card" --product $product --fault removed:"$at" -k factory.yaml
		done
		{
			[ $product = yubikey ] || echo '  - install: {file: hello.cap}'
			echo '  - put-keys: {keys: new}'
			[ $product = yubikey ] || echo '  - lock: {aid: F04341524441444D0101}'
			echo 'key-version: FF'
		} | manifest
		fails 9 campaign run campaign.yaml
		[ "$(report '[.done,.failed]')" = '[1,5]' ]
		ok campaign run campaign.yaml
		[ "$(report '[.done,.failed]')" = '[6,0]' ]
		for card in fleet/*.card; do
			[ "$("$CARDADM" vcard show "$card" --json | jq -c '[.keys[].version] | unique')" = '["31"]' ]
		done
		[ $product = yubikey ] || [ "$(KEYS=new state jcop424 $APPLET)" = locked ]
	done
}

@test "a card profile says how long blocks are; domain: another issuer domain" {
	steps_for 0 <<-'YAML'
		  - install: {file: hello.cap}
		domain: A000000003000000
	YAML
	mkdir habits fleet
	cp "$CARDADM_PROFILES"/virtual.yaml habits/
	echo 'block: 100' >>habits/virtual.yaml
	"$CARDADM" vcard create fleet/one.card --isd A000000003000000 --fault removed:17 -k factory.yaml
	CARDADM_PROFILES=$PWD/habits fails 9 campaign run campaign.yaml
	[[ $(report '.cards[0].reason') == "hello.cap: LOAD block 3 of 8: "* ]]
	CARDADM_PROFILES=$PWD/nowhere fails 3 campaign run campaign.yaml
	[[ $stderr == *nowhere* ]]
	ok campaign run campaign.yaml
	[ "$(report '.done')" = 1 ]
	sed -i '/^domain/d' campaign.yaml
	rm campaign.ledger
	fails 9 campaign run campaign.yaml
	[[ $(report '.cards[0].reason') == "SELECT A000000151000000: 6A82"* ]]
}

@test "an AID that something else has, keys of another length, versions that cannot be given" {
	steps_for 1 <<-'YAML'
		  - install: {file: hello.cap}
	YAML
	cat >>keys.yaml <<-'YAML'
		  long:
		    type: scp03
		    test: true
		    version: 31
		    diversification: none
		    master: {hex: 000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F}
		  made:
		    type: scp03
		    test: true
		    version: FF
		    diversification: none
		    master: {hex: 404142434445464748494A4B4C4D4E4F}
	YAML
	on 0001 load pair.cap
	on 0001 install F04341524441444D0201 --package F04341524441444D02 --instance $APPLET
	fails 9 campaign run campaign.yaml
	[ "$(report '.cards[0].reason')" = "$APPLET is on the card already, as an application, and not as it is asked for" ]
	[ "$(state 0001 $HELLO)" = absent ]
	on 0001 put-keys long
	manifest <<<'  - put-keys: {keys: new, rotate: true}'
	fails 9 campaign run campaign.yaml
	[ "$(report '.cards[0].reason')" = "key set 31 is on the card with keys of another type or length" ]
	[ "$(versions 0001)" = '["30","31"]' ]
	manifest <<<'  - put-keys: {keys: made}'
	fails 7 campaign run campaign.yaml
	[[ $stderr == *":8:5: PUT KEY cannot bring keys of version FF"*"hint: \`as: KVN\` gives them another version"* ]]
	# Another length, so another set beside: what is there is the old one's.
	manifest <<<'  - put-keys: {keys: long}'
	ok campaign run campaign.yaml
	[ "$(report '.cards[0].step')" = already ]
}

@test "keys that none of the steps knows: the card is left alone" {
	steps_for 2 <<-'YAML'
		  - put-keys: {keys: new, version: 30, replace: 30}
	YAML
	cp keys.yaml other.yaml
	sed -i 's/00112233445566778899AABBCCDDEEFF/F0E0D0C0B0A090807060504030201000/' other.yaml
	ok -r vcard:fleet/0001.card -k other.yaml put-keys new --keys test --as 30 --replace 30 --yes
	ok -r vcard:fleet/0002.card -k other.yaml put-keys new --keys test --as 35 --rotate 30 --yes
	fails 9 campaign run campaign.yaml
	[[ $(report '.cards[0] | .step + ": " + .reason') == "establish: card cryptogram does not match"* ]]
	[[ $(report '.cards[1] | .step + ": " + .reason') == "establish: INITIALIZE UPDATE with key version 30: 6A88"* ]]
	[ "$("$CARDADM" vcard show fleet/0001.card --json | jq '.keys[0].tries_left')" -ge 9 ]
	# Both sets were tried, each once, and no more of it in the next run.
	before=$("$CARDADM" vcard show fleet/0001.card --json)
	fails 9 campaign run campaign.yaml
	[ "$("$CARDADM" vcard show fleet/0001.card --json)" = "$before" ]
}

@test "check tells each step in words, at the level of the manifest" {
	steps_for 1 <<-'YAML'
		  - install: {file: hello-1.1.cap, replace: true}
		  - delete: {aid: F04341524441444D02, related: true}
		  - put-keys: {keys: new, replace: 30}
		  - store-data: {file: data, format: raw, application: F04341524441444D0101, encrypted: true}
		  - lock: {card: true}
		level: "03"
	YAML
	echo 01020304 >data
	ok campaign check campaign.yaml
	[[ $output == *"channel  level 03; 9 commands"*"version 1.1"*"replaces another version"* ]]
	[[ $output == *"2 delete"*"F04341524441444D02 and what is made from it"*"new as 31, replaces 30"* ]]
	[[ $output == *"4 octets, raw, to $APPLET"*"5 lock"*"the card"* ]]
	ok campaign check campaign.yaml --json
	[ "$(jq -c '[.steps[1].related,.steps[2].replace,.steps[3].application]' <<<"$output")" = "[true,\"30\",\"$APPLET\"]" ]
	ok campaign run campaign.yaml --dry-run
	grep -q "^80E62000.*$APPLET" <<<"$output"
	grep -q "^80E2E00010" <<<"$output"
}

@test "the ledger cannot be written: the run ends with 10 before the step" {
	steps_for 1 <<-'YAML'
		  - install: {file: hello.cap}
	YAML
	ok campaign run campaign.yaml
	sqlite3 campaign.ledger "PRAGMA application_id = 0; DELETE FROM step; DELETE FROM card;
		CREATE TRIGGER full BEFORE INSERT ON step BEGIN SELECT RAISE(FAIL, 'no space'); END"
	on 0001 delete $HELLO --related --yes
	fails 10 campaign run campaign.yaml
	[ "$(state 0001 $HELLO)" = absent ]
	sqlite3 campaign.ledger "DROP TRIGGER full"
	ok campaign run campaign.yaml
	[ "$(state 0001 $APPLET)" = selectable ]
}

@test "domains made, given keys, filled, changed; key sets deleted: steps are as the verbs" {
	local sd=A00000015100000001
	steps_for 2 <<-YAML
		  - domain-create: {aid: $sd, privileges: card-lock, quota-data: 20000}
		  - domain-personalize: {aid: $sd, with: new, by: store-data}
		  - install: {file: hello.cap}
		  - domain-extradite: {aid: $APPLET, to: $sd}
		  - domain-update: {aid: $sd, privileges: "card-lock,trusted-path", restrict: load}
		  - delete-keys: {version: 31}
	YAML
	on 0001 put-keys new
	ok campaign check campaign.yaml
	[[ $output == *"1 domain-create"*"6 delete-keys"* ]]
	ok campaign run campaign.yaml
	[ "$(report '[.cards[].steps | map(.state)] | unique | length')" = 2 ]
	[ "$(report '.cards[0].steps | map(.state)')" = '["done","done","done","done","done","done"]' ]
	[ "$(report '.cards[1].steps[5].state')" = already ]
	[ "$(versions 0001)" = "$(versions 0002)" ]
	# Each change of keys is two lines of the record: two domains, one set that went.
	[ "$(jq -sc '[.[] | select(.event == "intent") | [.verb, .version, .into]] | sort' \
		"$XDG_STATE_HOME/cardadm/keys.jsonl")" = "$(jq -c . <<<"[[\"delete-keys\",\"31\",null],[\"domain personalize\",\"31\",\"$sd\"],[\"domain personalize\",\"31\",\"$sd\"],[\"put-keys\",\"31\",null]]")" ]
	[ "$(jq -sc '[.[] | select(.event == "done")] | length' "$XDG_STATE_HOME/cardadm/keys.jsonl")" = 4 ]
	# A ledger that is lost costs questions; what no card tells is said. What was forbidden is
	# forbidden once more.
	rm campaign.ledger
	ok campaign run campaign.yaml
	[ "$(report '.cards[0].steps | map(.state)')" = '["already","already","already","already","done","already"]' ]
	[ "$(report '.cards[0].steps | map(.unproven)')" = '[["quota-data"],["with"],null,null,null,null]' ]
}

@test "the domain that is worked in gets keys of its own: the next step goes through them" {
	local sd=A00000015100000001
	steps_for 2 <<-YAML
		  - domain-personalize: {aid: $sd, with: new}
		  - put-keys: {keys: test, as: 32}
		domain: $sd
	YAML
	for n in 0001 0002; do
		"$CARDADM" -q -r vcard:fleet/$n.card -k keys.yaml domain create $sd --keys test
		# A campaign knows cards by their CIN, which a domain has to tell as well.
		echo "0070 06 45 04 0000$n" >cin.dgi
		on $n store-data cin.dgi --sd $sd
	done
	ok campaign run campaign.yaml
	for n in 0001 0002; do
		[ "$("$CARDADM" -q -r vcard:fleet/$n.card keys --sd $sd --json | jq -c '[.keys[].version] | unique')" = '["31","32"]' ]
	done
	# The ledger is lost, and the keys of before open nothing.
	rm campaign.ledger
	ok campaign run campaign.yaml
	[ "$(report '[.cards[].steps[].state] | unique')" = '["already"]' ]
}

@test "another key set under the same name is another goal, and what the card has is told" {
	steps_for 1 <<<'  - put-keys: {keys: new}'
	ok campaign run campaign.yaml
	sed -i 's/version: 31/version: 32/; s/00112233445566778899AABBCCDDEEFF/FFEEDDCCBBAA99887766554433221100/' keys.yaml
	ok campaign run campaign.yaml
	[ "$(report '.cards[0].steps[0].state')" = "done" ]
	[ "$(versions 0001)" = '["30","31","32"]' ]
}
