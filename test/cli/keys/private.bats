#!/usr/bin/env bats
# Files that others could read, write or replace: card files, key stores, ledgers, records.

load ../lib

# refused SAID REMEDY ARGS...: ends with 3, and says what is wrong and what to do.
refused() {
	local said=$1 remedy=$2
	shift 2
	fails 3 "$@"
	[[ $stderr == *"$said"* ]]
	[[ $stderr == *"cardadm: hint: $remedy"* ]]
	[ -z "$output" ]
}

as_root() { [ "$(id -u)" -eq 0 ] || skip "only root gives files to others"; }

@test "a card file that others can read or write is refused; vcard create makes it 0600" {
	umask 000
	fleet 1
	[ "$(stat -c %a fleet/*.card)" = 600 ]
	chmod go-w fleet
	card=$(echo fleet/*.card)
	for mode in 644 640 606 666; do
		chmod $mode "$card"
		refused "$card: others can " "chmod 600 $card" -r "vcard:$card" info
		refused "(mode 0$mode)" "chmod 600 $card" vcard show "$card"
		fails 3 -r "vcard:$card" -k keys.yaml scp-open
	done
	chmod 600 "$card"
	ok -r "vcard:$card" info
	campaign
	chmod 644 "$card"
	fails 9 campaign run campaign.yaml
	report_is '.cards[0] | .state == "failed" and (.reason | contains("others can read this card file"))
		and (.hint | startswith("chmod 600 "))'
}

@test "a directory in which others can replace a file: refused, unless it is sticky" {
	fleet 1
	card=$(echo fleet/*.card)
	chmod 777 fleet
	refused "others can replace this card file: they can write in directory $PWD/fleet (mode 0777)" \
		"chmod go-w $PWD/fleet" -r "vcard:$card" info
	chmod 1777 fleet
	ok -r "vcard:$card" info
	chmod 755 fleet
	mkdir store && cp -p keys.yaml store/ && chmod 777 store
	refused "store/keys.yaml: others can replace this key store" "chmod go-w $PWD/store" \
		-k store/keys.yaml keystore list
	# By whatever way it is named.
	ln -s store/keys.yaml link.yaml
	refused "link.yaml: others can replace this key store" "chmod go-w $PWD/store" \
		-k link.yaml keystore list
	chmod 755 store
	ok -k link.yaml keystore list
}

@test "a directory of one's own group is safe, of another group or user it is not" {
	as_root
	fleet 1
	card=$(echo fleet/*.card)
	chmod 775 fleet
	ok -r "vcard:$card" info
	chgrp 65534 fleet
	refused "(mode 0775)" "chmod go-w $PWD/fleet" -r "vcard:$card" info
	chmod 755 fleet
	ok -r "vcard:$card" info
	chown 65534 fleet
	refused "directory $PWD/fleet belongs to user 65534" "keep it where" -r "vcard:$card" info
	chown 0 fleet
	chown 65534 "$card"
	refused "this card file belongs to user 65534, not to you (user 0)" "use one of your own" \
		-r "vcard:$card" info
	chown 65534 keys.yaml
	refused "this key store belongs to user 65534" "use one of your own" -k keys.yaml keystore list
}

@test "a ledger that others can write: no run, and the report says so" {
	fleet 2
	campaign
	ok campaign run campaign.yaml
	before=$(report '[.total, .done]')
	chmod 666 campaign.ledger
	sum=$(sha256sum campaign.ledger fleet/*.card)
	refused "campaign.ledger: others can write this ledger (mode 0666)" "chmod go-w campaign.ledger" \
		campaign run campaign.yaml
	[ "$(sha256sum campaign.ledger fleet/*.card)" = "$sum" ]
	for verb in report status; do
		ok campaign $verb campaign.yaml --json
		[ "$(jq -c '[.total, .done]' <<<"$output")" = "$before" ]
		[[ $stderr == *"remark: campaign.ledger: others can write this ledger (mode 0666); what is shown"* ]]
	done
	# A log beside it would be taken for its last changes.
	chmod 600 campaign.ledger
	touch campaign.ledger-journal && chmod 606 campaign.ledger-journal
	refused "campaign.ledger-journal: others can write this ledger" "chmod go-w campaign.ledger-journal" \
		campaign run campaign.yaml
	rm campaign.ledger-journal
	ok campaign run campaign.yaml
	ok campaign report campaign.yaml
	[ -z "$stderr" ]
}

@test "a ledger of somebody else, or where he can replace it: no run, and the report says so" {
	as_root
	fleet 1
	campaign
	ok campaign run campaign.yaml
	chown 65534 campaign.ledger
	refused "campaign.ledger: this ledger belongs to user 65534, not to you (user 0)" \
		"use one of your own" campaign run campaign.yaml
	ok campaign report campaign.yaml
	[[ $stderr == *"remark: campaign.ledger: this ledger belongs to user 65534"* ]]
	chown 0 campaign.ledger
	ok campaign run campaign.yaml
	# The key store is refused in such a directory as well, so it is elsewhere.
	mkdir -m 755 elsewhere && mv keys.yaml elsewhere/
	mkdir shared && mv campaign.yaml campaign.ledger app.bundle fleet shared/
	sed -i 's:keys.yaml:../elsewhere/keys.yaml:' shared/campaign.yaml
	chown 65534 shared
	refused "others can replace this ledger: directory $PWD/shared belongs to user 65534" \
		"keep it where" campaign run shared/campaign.yaml
	ok campaign report shared/campaign.yaml
	[[ $stderr == *"remark: "*"shared belongs to user 65534"* ]]
}

@test "a state directory, or a record in it, that others can write: refused before the card" {
	fleet 1
	card=$(echo fleet/*.card)
	ok -r "vcard:$card" -k keys.yaml list
	before=$(sha256sum "$card")
	chmod 777 "$XDG_STATE_HOME/cardadm"
	refused "others can replace this state directory" "chmod go-w $XDG_STATE_HOME/cardadm" \
		-r "vcard:$card" -k keys.yaml list
	refused "others can replace this state directory" "chmod go-w $XDG_STATE_HOME/cardadm" \
		bundle build --image app.img --version 3.3 -k keys.yaml --output next.bundle
	chmod 700 "$XDG_STATE_HOME/cardadm"
	chmod 666 "$XDG_STATE_HOME/cardadm/authentications.db"
	refused "others can write this record (mode 0666)" "chmod go-w " -r "vcard:$card" -k keys.yaml list
	[ "$(sha256sum "$card")" = "$before" ]
	chmod 600 "$XDG_STATE_HOME/cardadm/authentications.db"
	ok -r "vcard:$card" -k keys.yaml list
	chmod 666 "$XDG_STATE_HOME/cardadm/bundles"
	refused "others can write this record" "chmod go-w " \
		bundle build --image app.img --version 3.3 -k keys.yaml --output next.bundle
	touch "$XDG_STATE_HOME/cardadm/keys.jsonl" && chmod 666 "$XDG_STATE_HOME/cardadm/keys.jsonl"
	cat >>keys.yaml <<'YAML'
  next: {type: scp03, version: 31, test: true, diversification: none, master: {hex: 505152535455565758595A5B5C5D5E5F}}
YAML
	fails 3 -r "vcard:$card" -k keys.yaml put-keys next --keys test
	[[ $stderr == *"keys.jsonl: others can write this record (mode 0666)"*"hint: chmod go-w "* ]]
	ok -r "vcard:$card" keys --json
	[ "$(jq -c '[.keys[].version] | unique' <<<"$output")" = '["30"]' ]
}
