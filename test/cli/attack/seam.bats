#!/usr/bin/env bats
# slow: many runs
# Somebody without keys on the line between host and card, who changes, drops or makes up messages:
# through the main job by hand and by campaign, and through the verbs that manage content. He may
# make everything fail; he must not make anything look done, gone or empty that is not.

load ../lib
load ../attack

HELLO=F04341524441444D01
WORDS="6A88 6A82 6D00 6985 6F00"

report() { # report [MANIFEST]: state and step of the first card
	"$CARDADM" campaign report "${1:-campaign.yaml}" --json | jq -r '.cards[0] | "\(.state) \(.step)"'
}

# runs_to STATE STEP [MANIFEST]: a campaign over a fresh card, with the rules as they are.
runs_to() {
	rm -rf fleet ./*.ledger* "$XDG_STATE_HOME"
	"$CARDADM" -q vcard create fleet --count 1 -k keys.yaml >/dev/null
	: >"$CARDADM_ATTACK.log"
	cardadm -q campaign run "${3:-campaign.yaml}"
	attacked
	[ "$(report "${3:-campaign.yaml}")" = "$1 $2" ] || {
		cat "$CARDADM_ATTACK"
		"$CARDADM" campaign report "${3:-campaign.yaml}" --json
		return 1
	} >&2
	if [ "$1" = "done" ]; then [ "$status" -eq 0 ]; else [ "$status" -eq 9 ]; fi
}

# The version that the card runs, asked with nobody on the line.
runs() {
	attack
	"$CARDADM" -q -r vcard:fleet/0001.card info --json | jq -r '.system.version'
}

main_job() {
	fleet
	campaign
	sed 's/^bundle:.*/&\nauthorize: later/' campaign.yaml >later.yaml
	sed 's/^bundle:.*/&\nlevel: 03/' campaign.yaml >bare.yaml
}

managed() { # a card with HELLO on it
	"$CARDADM" -q keystore init --test-keys keys.yaml
	"$CARDADM" -q vcard create c.card -k keys.yaml --keys test >/dev/null
	cat >>keys.yaml <<-'YAML'
		  next:
		    type: scp03
		    version: 31
		    test: true
		    diversification: none
		    master: {hex: 505152535455565758595A5B5C5D5E5F}
	YAML
	cp "$TOP"/examples/hello.cap .
	export CARDADM_READER=vcard:c.card CARDADM_KEYSTORE=keys.yaml
	attack
	ok -q install hello.cap --keys test
}

# ---- campaigns ----

@test "campaign: bare 9000 in the place of any answer of the diversified channel is not believed" {
	main_job
	attack "84CAFF70 * instead 9000" && runs_to failed establish
	attack "84CAFF70 2 instead 9000" && runs_to failed confirm
	attack "84CAFF71 * instead 9000" && runs_to failed establish
	attack "845A01 * answer 9000" && runs_to failed switch
	attack "845C * answer 9000" && runs_to failed authorize
	attack "845C * instead 9000" && runs_to failed authorize
}

@test "campaign: error words make it fail, and nothing done" {
	main_job
	for sw in $WORDS; do
		attack "84CAFF70 1 instead $sw" && runs_to failed establish
		attack "84CAFF71 1 instead $sw" && runs_to failed establish
		attack "84CAFF72 1 instead $sw" && runs_to failed establish
		attack "84CAFF70 2 instead $sw" && runs_to failed confirm
		attack "84CAFF71 2 instead $sw" && runs_to failed confirm later.yaml
		attack "845C * instead $sw" && runs_to failed authorize
	done
	# What the card did is found by the next run, which reads it.
	attack
	ok campaign run campaign.yaml
	[ "$(report)" = "done already" ]
	[ "$(runs)" = 3.2 ]
}

@test "campaign: WRITE STAGE dropped and answered 9000 is not done, now or later" {
	main_job
	attack "845E * answer 9000" && runs_to failed return
	attack "845E * answer 9000" "845A00 * answer 9000" && runs_to failed authorize
	[ "$(runs)" != 3.2 ]
	attack "845E * answer 9000" && runs_to failed return later.yaml
	attack "845E * answer 9000" "845A00 * answer 9000" && runs_to failed confirm later.yaml
	[[ $("$CARDADM" campaign report later.yaml --json | jq -r '.cards[0].reason') == *"not proven"* ]]
	# One of many is missed at once; one that is changed too.
	attack "845E 3 answer 9000" && runs_to failed load later.yaml
	attack "845E 3 spoil -1 01" && runs_to failed load later.yaml
	# Nobody on the line: later is done when the slot is read.
	attack "845E 99 drop" "84CAFF71 2 flip -3 00" && runs_to "done" confirm later.yaml
}

@test "campaign: every bit of the last answer before done counts" {
	main_job
	for at in 0 5 20 -3 -10; do
		attack "84CAFF70 2 flip $at 01" && runs_to failed confirm
		attack "84CAFF71 2 flip $at 80" && runs_to failed confirm later.yaml
	done
}

@test "campaign: with a level that is named, another i does not take the R-MAC away" {
	main_job
	grep -qx 'level: 33' campaign.yaml
	cp campaign.yaml level.yaml
	# i 70 is 10 on the line: a card without R-MAC, by what it seems to say.
	attack "8050 * flip 12 60" && runs_to failed establish level.yaml
	[ "$(runs)" != 3.2 ]
}

@test "campaign: EXTERNAL AUTHENTICATE changed on the line is no authentication, and not repeated" {
	main_job
	attack "8482 * instead 6300" && runs_to failed establish
	: >"$CARDADM_ATTACK.log"
	fails 9 -q campaign run campaign.yaml
	[ ! -s "$CARDADM_ATTACK.log" ]
	attack "8482 * answer 9000" && runs_to failed establish
	attack "8482 * spoil -2 01" && runs_to failed establish
}

@test "campaign: unicast steps are not already done by an error word" {
	managed
	mkdir fleet && mv c.card fleet/
	cat >steps.yaml <<-'YAML'
		cardadm: campaign/1
		name: away
		keystore: keys.yaml
		keys: test
		cards: {directory: fleet}
		mode: unicast
		steps:
		  - delete: {aid: F04341524441444D0101}
	YAML
	unset CARDADM_READER
	for sw in $WORDS; do
		for rule in "84F240 * instead" "84F2 * instead" "84E4 * instead" "84E4 * answer"; do
			rm -f steps.ledger*
			cp fleet/c.card before
			attack "$rule $sw"
			fails 9 -q campaign run steps.yaml
			attacked
			[ "$(report steps.yaml | cut -d' ' -f1)" = failed ]
			cp before fleet/c.card
		done
	done
	attack
	ok campaign run steps.yaml
}

# ---- list, delete, install ----

@test "list: what is kept back on the line is not taken for absent" {
	managed
	for sw in $WORDS; do
		for what in 84F2 84F240 84F280; do
			attack "$what * instead $sw"
			cardadm -q list --keys test
			attacked
			[ "$status" -eq 8 ] || [ "$status" -eq 6 ] || { echo "$what $sw: $status" && return 1; } >&2
		done
	done
	for what in 84F2 84F240 84F280; do
		for sw in 6A88 6A82; do
			attack "$what * instead $sw"
			fails 8 -q list --keys test
			[[ $stderr == *"not proven"*"hint: somebody may sit between"* ]]
			# With an open channel as well.
			attack
			ok -q scp-open --keys test
			attack "$what * instead $sw"
			fails 8 -q list
			attacked
			attack
			ok -q scp-close
		done
	done
	attack "84F240 * instead 9000"
	fails 8 -q list --keys test
	# In the middle of a list too.
	attack "84F2 * flip 3 01"
	fails 8 -q list --keys test
	attack
	ok list --keys test --json
	[ "$(jq .proven <<<"$output")" = true ]
	# Only what is shown has to be proven.
	attack "84F240 * instead 6A88"
	ok -q list --keys test --load-files --json
	[ "$(jq .proven <<<"$output")" = true ]
	fails 8 -q list --keys test --applications
}

@test "list: no application is believed of a card alone that counts none, with R-MAC" {
	"$CARDADM" -q keystore init --test-keys keys.yaml
	"$CARDADM" -q vcard create c.card -k keys.yaml --keys test >/dev/null
	export CARDADM_READER=vcard:c.card CARDADM_KEYSTORE=keys.yaml
	attack
	ok -q list --keys test --json
	[ "$(jq .proven <<<"$output")" = true ]
	# It counts the trust application, which the system brings.
	attack "84F240 * instead 6A88"
	fails 8 -q list --keys test
	attacked 1
	for sw in 6A88 9000; do
		attack "84F240 * instead 6A88" "84CAFF21 * instead $sw"
		fails 8 -q list --keys test
		attacked 2
	done
}

@test "list: without R-MAC the bare answer decides, and that is said" {
	managed
	ok -q list --keys test --level 03 --json
	[ "$(jq .proven <<<"$output")" = false ]
	attack "84F240 * instead 6A88"
	ok -q list --keys test --level 03 --json
	attacked
	[ "$(jq -c '[.proven, [.entries[] | select(.kind == "application")]]' <<<"$output")" = '[false,[]]' ]
}

@test "delete: what is not listed is in doubt; what is answered is not believed bare" {
	managed
	app=${HELLO}01
	for sw in 6A88 6A82; do
		for what in 84F2 84F240; do
			attack "$what * instead $sw"
			fails 8 -q delete $app --keys test --yes
			[[ $stderr == *"$app is not listed: "*"not proven"* ]]
			[ "$(grep -c '^84E4' "$CARDADM_ATTACK.log")" -eq 0 ]
		done
	done
	for sw in $WORDS; do
		attack "84E4 * answer $sw"
		fails 6 -q delete $app --keys test --yes
		attacked
	done
	attack "84E4 * answer 9000"
	fails 8 -q delete $app --keys test --yes
	attack "84E4 * drop"
	fails 4 -q delete $app --keys test --yes
	attack
	ok -q list --keys test
	[[ $output == *"$app"* ]]
	ok -q delete $app --keys test --yes
	fails 6 -q delete $app --keys test --yes
	[[ $stderr == *"$app is not on the card"* ]]
}

@test "install: neither block nor installation is made up" {
	managed
	ok -q delete $HELLO --related --keys test --yes
	for what in 84E602 84E8 84E60C; do
		for sw in $WORDS; do
			attack "$what * answer $sw"
			fails 6 -q install hello.cap --keys test --cleanup --yes
			attacked
		done
		attack "$what * answer 9000"
		fails 8 -q install hello.cap --keys test --cleanup --yes
		attack "$what 1 spoil -2 01"
		fails 6 -q install hello.cap --keys test --cleanup --yes
		attacked
	done
	attack
	ok -q install hello.cap --keys test --cleanup --yes
	ok -q list --keys test
	[[ $output == *"${HELLO}01"* ]]
}

# ---- keys ----

@test "put-keys: nothing is put, there or gone by an error word or a bare 9000" {
	managed
	for sw in $WORDS 9000; do
		attack "84CA00E0 * instead $sw"
		cardadm -q put-keys next --keys test
		attacked
		[ "$status" -ne 0 ]
		attack "84D8 * answer $sw"
		cardadm -q put-keys next --keys test
		attacked
		[ "$status" -ne 0 ]
		attack
		ok -q keys --json
		[ "$(jq -c '[.keys[].version] | unique' <<<"$output")" = '["30"]' ]
	done
}

@test "put-keys: an answer that was lost is no proof that the old set is gone" {
	managed
	attack
	cat >>keys.yaml <<-'YAML'
		  after:
		    type: scp03
		    version: 32
		    test: true
		    diversification: none
		    master: {hex: 606152535455565758595A5B5C5D5E5F}
	YAML
	ok -q put-keys next --keys test
	# The command never reaches the card, the key information is kept back afterwards.
	for sw in 6A88 6A82 6D00; do
		cp c.card before
		attack "84E4 * drop" "84CA00E0 3- instead $sw"
		fails 8 -q put-keys after --keys next --rotate 31 --yes
		[[ $stderr == *"not proven which keys it has"* ]]
		attacked 2
		attack
		ok -q keys --json
		[[ $(jq -c '[.keys[].version] | unique' <<<"$output") == *'"31"'* ]]
		cp before c.card
	done
}

# ---- verb by verb ----

@test "session: the main job by hand" {
	fleet
	r=vcard:fleet/0001.card
	attack
	ok -q -r $r -k keys.yaml scp-open --level 33
	attack "845A01 1 answer 9000"
	fails 8 -q -r $r scp-mode broadcast --bundle app.bundle
	attacked
	# The channel is gone with it.
	fails 7 -q -r $r scp-mode broadcast --bundle app.bundle
	attack
	ok -q -r $r -k keys.yaml scp-open --level 33
	ok -q -r $r scp-mode broadcast --bundle app.bundle
	# He can make the station believe in a load, and in the way back ...
	attack "845E * answer 9000" "845A00 * answer 9000"
	ok -q -r $r load app.bundle
	ok -q -r $r scp-mode unicast
	attacked
	# ... but not in what the card is asked then.
	cardadm -q -r $r authorize load --bundle app.bundle --verify-only
	[ "$status" -ne 0 ]
	attack
	cardadm -q -r $r scp-close
	ok -r $r info --json
	[ "$(jq -r .system.version <<<"$output")" != 3.2 ]
	for rule in "845C * answer 9000" "845C * instead 9000" "845C * instead 6A88" "845C * instead 6985" "845C * drop"; do
		rm -rf fleet
		attack
		"$CARDADM" -q vcard create fleet --count 1 -k keys.yaml
		ok -q -r $r -k keys.yaml scp-open --level 33
		ok -q -r $r scp-mode broadcast --bundle app.bundle
		ok -q -r $r load app.bundle
		ok -q -r $r scp-mode unicast
		attack "$rule"
		cardadm -q -r $r authorize load --bundle app.bundle
		attacked 1
		[ "$status" -eq 8 ] || [ "$status" -eq 6 ] || [ "$status" -eq 4 ]
		attack
		cardadm -q -r $r scp-close
	done
}

@test "session: every answer with R-MAC that is changed ends the channel" {
	fleet
	r=vcard:fleet/0001.card
	for rule in "84F280 * flip 0 01" "84F280 * flip -3 01" "84F280 * instead 9000" "84F280 * instead 6310"; do
		attack
		ok -q -r $r -k keys.yaml scp-open
		attack "$rule"
		fails 8 -q -r $r list
		attacked 1
		fails 7 -q -r $r load app.bundle
		[[ $stderr == *"not to be trusted"* ]]
	done
}
