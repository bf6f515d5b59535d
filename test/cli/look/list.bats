#!/usr/bin/env bats
# list: the registry as a tree and as JSON; every form of GET STATUS by recorded cards.

load ../lib

r=vcard:c.card
PAIR=F04341524441444D02

card() {
	"$CARDADM" keystore init --test-keys keys.yaml -q
	"$CARDADM" vcard create c.card -k keys.yaml -q >/dev/null
	cp "$TOP"/examples/*.cap .
	export CARDADM_READER=$r CARDADM_KEYSTORE=keys.yaml
}

@test "a tree: domains, applications, packages, modules, states, privileges" {
	card
	ok -q install hello.cap
	ok -q install pair.cap --applet ${PAIR}02 --privileges card-lock,global-lock
	ok -q list
	[ -z "$stderr" ]
	cat >want <<-'END'
		A000000151000000  issuer domain  secured
		  F0545255535401  application  selectable  trust application
		  F04341524441444D0101  application  selectable  from F04341524441444D01
		  F04341524441444D0202  application  selectable  from F04341524441444D02
		    privileges: card-lock, global-lock
		  A0000001515350  package 1.0  loaded
		    A000000151535041  module
		  F04341524441444D01  package 1.0  loaded
		    F04341524441444D0101  module
		  F04341524441444D02  package 1.0  loaded
		    F04341524441444D0201  module
		    F04341524441444D0202  module
	END
	# The issuer domain has very many privileges.
	grep -v '^  privileges: security-domain, card-lock, card-terminate,' <<<"$output" | diff want -
	[ "$(wc -l <<<"$output")" -eq 13 ]
}

@test "a domain and what it holds are one branch" {
	card
	cat >>keys.yaml <<-'YAML'
		  sd: {type: scp03, test: true, version: 31, diversification: none, master: {hex: 505152535455565758595A5B5C5D5E5F}}
	YAML
	ok -q domain create A00000015100000001 --keys test
	fails 6 -q load pair.cap --domain A00000015100000001 --keys test
	[[ $stderr == *"INSTALL [for load]: 6985"*"not personalized"* ]]
	ok -q domain personalize A00000015100000001 --with sd --keys test
	ok -q load pair.cap --domain A00000015100000001 --keys test --level 01
	ok -q list --keys test
	grep -qx '  A00000015100000001  security domain  .*' <<<"$output"
	grep -qx '    F04341524441444D02  package 1.0  loaded' <<<"$output"
	grep -qx '      F04341524441444D0201  module' <<<"$output"
}

@test "kinds" {
	card
	ok -q install hello.cap
	ok -q list --applications
	cat >want <<-'END'
		F0545255535401  application  selectable  in A000000151000000  trust application
		F04341524441444D0101  application  selectable  from F04341524441444D01  in A000000151000000
	END
	diff want - <<<"$output"
	ok -q list --isd
	[[ $output == "A000000151000000  issuer domain  secured"* ]]
	[ "$(wc -l <<<"$output")" -eq 2 ]
	ok -q list --load-files
	[ "$(grep -c package <<<"$output")" -eq 2 ]
	ok -q list --load-files --isd --json
	[ "$(jq -c '[.entries[].kind]' <<<"$output")" = '["issuer domain","package","package"]' ]
}

@test "JSON" {
	card
	ok -q install hello.cap
	ok -q list --json
	jq -e '.form == "tlv" and .complete' <<<"$output"
	jq -e '.entries[0] | .state == "secured" and .life_cycle == "0F" and (.privileges | length) > 5' <<<"$output"
	[ "$(jq -c '.entries[] | select(.kind == "application" and .package != null) | [.aid, .state, .package, .domain]' <<<"$output")" = \
		'["F04341524441444D0101","selectable","F04341524441444D01","A000000151000000"]' ]
	[ "$(jq -c '.entries[] | select(.aid == "F04341524441444D01") | [.version, .modules]' <<<"$output")" = \
		'["1.0",["F04341524441444D0101"]]' ]
}

@test "in a channel that is open, and not with options for opening one" {
	card
	ok -q scp-open
	ok -q list
	[[ $output == A000000151000000* ]]
	fails 2 list --level 01
	[[ $stderr == *"a channel is open"*"leave them out"* ]]
	fails 2 list --keys test
	ok -q scp-close
}

# trace_of FILE ARGS...: list with a trace.
trace_of() {
	ok -q -t "$1" list "${@:2}"
}

@test "an endless list, a list cut short, an old form: as recorded" {
	card
	# In a channel at level 00 nothing is protected, so that answers can be written by hand.
	trace_of t --level 00
	sed -i '/^> 80F2/,$d' t
	{
		cat t
		printf '> 80F28002024F0000\n< 6A86\n> 80F28000024F0000\n< 08A0000001510000000F9E9000\n'
		printf '> 80F24000024F0000\n< 07A000000003101007006310\n> 80F24001024F0000\n< 07A000000003101183009000\n'
		printf '> 80F21000024F0000\n< 6A86\n> 80F22000024F0000\n< 06A0000000031001009000\n'
	} >old
	ok -q -r replay:old list --level 00 --retry-authentication
	[ "$(wc -l <<<"$output")" -eq 5 ]
	grep -qx 'A0000000031011  application  locked' <<<"$output"
	ok -q -r replay:old list --level 00 --json
	[ "$(jq -r .form <<<"$output")" = deprecated ]

	{
		cat t
		printf '> 80F28002024F0000\n< 6A88\n'
		printf '> 80F24002024F0000\n< E30D4F07A00000000310109F700107E30D4F079000\n> 80F24003024F0000\n< 6A86\n'
		printf '> 80F21002024F0000\n< 6A88\n> 80F22002024F0000\n< 6985\n'
	} >short
	ok -r replay:short list --level 00
	[ "$output" = "A0000000031010  application  selectable" ]
	[[ $stderr == *"cuts its list short"* ]]
	ok -q -r replay:short list --level 00 --json
	jq -e '.complete == false' <<<"$output"

	{
		cat t
		printf '> 80F28002024F0000\n< 6310\n'
	} >empty
	fails 6 -r replay:empty list --level 00
	[[ $stderr == *"GET STATUS 80: the card's answer is malformed"* ]]
}

@test "refusals: security, nothing told" {
	card
	trace_of t --level 00
	sed -i '/^> 80F2/,$d' t
	{
		cat t
		printf '> 80F28002024F0000\n< 6982\n'
	} >no
	fails 6 -r replay:no list --level 00
	[[ $stderr == *"GET STATUS 80: 6982"*"hint: "*"channel that authenticates"* ]]
	{
		cat t
		printf '> 80F28002024F0000\n< 6D00\n> 80F24002024F0000\n< 6D00\n'
		printf '> 80F21002024F0000\n< 6D00\n> 80F22002024F0000\n< 6D00\n'
	} >none
	fails 6 -r replay:none list --level 00
	[[ $stderr == *"tells nothing of its registry"* ]]
}

@test "no key store, no such card" {
	card
	unset CARDADM_KEYSTORE
	fails 2 list
	[[ $stderr == *"no key store is named"* ]]
	fails 4 -r vcard:none -k keys.yaml list
	fails 2 -k keys.yaml list --sd A0
}
