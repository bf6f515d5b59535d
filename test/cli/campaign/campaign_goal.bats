#!/usr/bin/env bats
# slow
# What a campaign is to reach: every field of every step counts, "already" is what the card shows, and
# a step refuses what the verb refuses.

load ../lib

HELLO=F04341524441444D01
AA=A00000015100000001
BB=A00000015100000002

setup_fleet() { # COUNT
	"$CARDADM" -q keystore init --test-keys factory.yaml
	key_set 31 00112233445566778899AABBCCDDEEFF
	cp "$TOP"/examples/*.cap .
	"$CARDADM" -q vcard create fleet --count "$1" --keystore factory.yaml
}

key_set() { # VERSION MASTER: the set `new` of keys.yaml
	{
		cat factory.yaml
		printf '  new:\n    type: scp03\n    test: true\n    version: %s\n    diversification: kdf3\n    master: {hex: %s}\n' "$1" "$2"
	} >keys.yaml
	chmod 600 keys.yaml
}

steps() { # the steps on stdin
	{
		printf 'cardadm: campaign/1\nname: goal\nkeystore: keys.yaml\nkeys: test\ncards: {directory: fleet}\nmode: unicast\nsteps:\n'
		cat
	} >campaign.yaml
}

on() { # CARD VERB...
	local card=$1
	shift
	ok -q -r "vcard:fleet/$card.card" -k keys.yaml "$@" --keys test
}

report() {
	"$CARDADM" campaign report campaign.yaml --json | jq -rc "$1"
}

domain_of() { # CARD AID
	"$CARDADM" -q -r "vcard:fleet/$1.card" -k keys.yaml list --keys test --json |
		jq -r --arg aid "$2" '.entries[] | select(.aid == $aid) | .domain'
}

@test "another domain in a step is another goal: the card is asked, and what is elsewhere is no done" {
	local n
	setup_fleet 1
	for n in $AA $BB; do
		on 0001 domain create "$n"
		on 0001 domain personalize "$n" --with new
	done
	steps <<<"  - install: {file: hello.cap, domain: $AA}"
	ok campaign run campaign.yaml
	[ "$(domain_of 0001 $HELLO)" = $AA ]
	steps <<<"  - install: {file: hello.cap, domain: $BB}"
	[ "$(report .done)" = 0 ]
	fails 9 campaign run campaign.yaml
	[[ $(report '.cards[0].reason') == "package $HELLO is on the card, in domain $AA" ]]
	[ "$(domain_of 0001 $HELLO)" = $AA ]
	steps <<<"  - install: {file: hello.cap, domain: $BB, replace: true}"
	ok campaign run campaign.yaml
	[ "$(domain_of 0001 $HELLO)" = $BB ]
}

@test "another hash, DAP block, parameter, domain of the channel: each is another goal" {
	setup_fleet 1
	local first='  - install: {file: hello.cap}' step
	steps <<<"$first"
	ok campaign run campaign.yaml
	[ "$(report .done)" = 1 ]
	"$CARDADM" -q dap sign hello.cap --domain $AA -k keys.yaml --output hello.dap
	for step in '{file: hello.cap, hash: sha-256}' '{file: hello.cap, dap: hello.dap}' \
		'{file: hello.cap, parameters: "01"}' '{file: hello.cap, block: 100}'; do
		steps <<<"  - install: $step"
		[ "$(report .done)" = 0 ] || { echo "$step counts as done" >&2; return 1; }
	done
	steps <<<"$first"
	[ "$(report .done)" = 1 ]
	echo "sd: A000000151000000" >>campaign.yaml
	[ "$(report .done)" = 0 ]
}

@test "a key set of the same name with another version or other keys is another goal" {
	setup_fleet 2
	steps <<<'  - put-keys: {keys: new}'
	ok campaign run campaign.yaml
	[ "$(report .done)" = 2 ]
	key_set 32 00112233445566778899AABBCCDDEEFF
	[ "$(report .done)" = 0 ]
	ok campaign run campaign.yaml
	[ "$("$CARDADM" vcard show fleet/0002.card --json | jq -c '[.keys[].version] | unique')" = '["30","31","32"]' ]
	# Other keys of the same version: they are another set, which the card cannot show.
	key_set 32 FFEEDDCCBBAA99887766554433221100
	[ "$(report .done)" = 0 ]
}

@test "already is what the card shows: other privileges are not, what it does not show is unproven" {
	setup_fleet 2
	on 0001 install hello.cap --privileges card-lock
	on 0002 install hello.cap --parameters 0102
	steps <<<'  - install: {file: hello.cap, privileges: [card-reset], parameters: "0102"}'
	fails 9 campaign run campaign.yaml
	[[ $(report '.cards[0].reason') == "${HELLO}01 is on the card already, as an application, and not as it is asked for" ]]
	[ "$(report '.cards[0].steps[0].state')" = failed ]
	# The second has no privileges at all.
	[ "$(report '.cards[1].steps[0].state')" = failed ]
	steps <<<'  - install: {file: hello.cap, parameters: "0102"}'
	ok campaign run campaign.yaml
	[ "$(report '[.cards[].steps[0] | [.state, .unproven]] | unique')" = '[["already",["parameters"]]]' ]
	[[ $("$CARDADM" campaign report campaign.yaml) == *"already (unproven)"* ]]
	before=$(sha256sum fleet/*.card)
	ok campaign run campaign.yaml
	[ "$(sha256sum fleet/*.card)" = "$before" ]
}

@test "what the verb refuses before it sends anything the step refuses too, with its hint" {
	setup_fleet 2
	on 0001 install hello.cap
	on 0002 install hello.cap
	before=$(for n in 1 2; do "$CARDADM" vcard show fleet/000$n.card --json | jq .load_files; done)
	steps <<<"  - lock: {aid: $HELLO}"
	fails 9 campaign run campaign.yaml
	[[ $(report '.cards[0].reason') == "$HELLO is a package: only applications, domains and the card are locked" ]]
	fails 7 -r vcard:fleet/0001.card -k keys.yaml lock $HELLO --keys test --yes
	[[ $stderr == *"$HELLO is a package: only applications, domains and the card are locked"* ]]
	steps <<<"  - delete: {aid: $HELLO}"
	fails 9 campaign run campaign.yaml
	[[ $(report '.cards[0].reason') == "package $HELLO: made from it is ${HELLO}01"* ]]
	[ "$(report '.cards[0].hint')" = "\`related: true\` deletes them as well" ]
	[[ $("$CARDADM" campaign report campaign.yaml) == *"hint: \`related: true\` deletes them as well"* ]]
	[ "$(for n in 1 2; do "$CARDADM" vcard show fleet/000$n.card --json | jq .load_files; done)" = "$before" ]
	steps <<<"  - delete: {aid: $HELLO, related: true}"
	ok campaign run campaign.yaml
}

# A ledger as version 0.1 wrote it for these three steps: its schema, its goal, two cards done.
former_ledger() {
	local goal=3ebe01f79904884dcdf43666a5e2dc982f95b94c13a11af9c86562eef95ff105 n card
	rm -f campaign.ledger
	{
		echo "CREATE TABLE campaign(goal BLOB PRIMARY KEY, name TEXT NOT NULL, begun INTEGER NOT NULL) WITHOUT ROWID;
			INSERT INTO campaign VALUES(X'$goal','goal',1796024582);
			CREATE TABLE card(goal BLOB NOT NULL, file TEXT NOT NULL, id TEXT NOT NULL DEFAULT '',
				state INTEGER NOT NULL DEFAULT 0, step TEXT NOT NULL DEFAULT '', reason TEXT NOT NULL DEFAULT '',
				auth_failed INTEGER NOT NULL DEFAULT 0, attempts INTEGER NOT NULL DEFAULT 0,
				updated INTEGER NOT NULL DEFAULT 0, in_doubt INTEGER NOT NULL DEFAULT 0,
				PRIMARY KEY(goal, file)) WITHOUT ROWID;
			CREATE TABLE step(goal BLOB NOT NULL, file TEXT NOT NULL, n INTEGER NOT NULL, state INTEGER NOT NULL,
				updated INTEGER NOT NULL, PRIMARY KEY(goal, file, n)) WITHOUT ROWID;
			PRAGMA user_version = 3;"
		for card in fleet/0001.card fleet/0002.card; do
			echo "INSERT INTO card VALUES(X'$goal','$card','$("$CARDADM" vcard show $card --json | jq -r .cin)',
				1,'3 put-keys','',0,1,1796024582,0);"
			for n in 1 2 3; do echo "INSERT INTO step VALUES(X'$goal','$card',$n,2,1796024582);"; done
		done
	} | sqlite3 campaign.ledger
	chmod 600 campaign.ledger
}

@test "a ledger under the former form of the goal: done cards are asked once, nothing is sent blindly" {
	local n
	setup_fleet 2
	printf '\x42\x01\x01' >data
	steps <<-'YAML'
		  - install: {file: hello.cap}
		  - store-data: {file: data, format: tlv}
		  - put-keys: {keys: new}
	YAML
	ok campaign run campaign.yaml
	former_ledger
	# One of the two has lost its applet meanwhile.
	on 0001 delete ${HELLO}01 --yes
	ok campaign run campaign.yaml --trace trace.txt
	[ "$(report '[.cards[].state] | unique')" = '["done"]' ]
	[ "$(report '[.cards[].steps[1] | [.state, .unproven]] | unique')" = '[["already",["file","format"]]]' ]
	[ "$(report '[.cards[].steps[0].state]')" = '["done","done"]' ]
	[ "$(domain_of 0001 ${HELLO}01)" = A000000151000000 ]
	# STORE DATA went to neither.
	grep -q '^> 84E60C' trace.txt || grep -qi '84E60C' trace.txt
	run ! grep -qi '84E2[08]0' trace.txt
	ok campaign run campaign.yaml
}
