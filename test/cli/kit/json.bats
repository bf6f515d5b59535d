#!/usr/bin/env bats
# slow: every verb
# What --json prints: one object, nothing else on stdout, and no member that the page of the verb
# does not name.

load ../lib

SD=A00000015100000001 HELLO=F04341524441444D01 PAIR=F04341524441444D02


# page VERB: its text, one word in each line.
page() {
	mandoc -Tascii "$TOP/man/cardadm-${1/ /-}.1" | col -b | tr -cs 'a-zA-Z0-9_-' '\n'
}

# members: of the object in $output and of the objects in its arrays; what other pages show is left
# to them.
members() {
	jq -r '. as $o | (keys_unsorted[]), (to_entries[] | select(.key | IN("keys", "hash", "entry") | not)
		| .value | arrays[] | objects | keys_unsorted[])' <<<"$output" | sort -u
}

# documented VERB ARGS...: runs it and compares.
documented() {
	local verb=$1 member
	shift
	read -ra words <<<"$verb"
	ok "${words[@]}" -q --json "$@"
	[ -z "$stderr" ]
	jq -e 'type == "object"' <<<"$output" >/dev/null
	page "$verb" >words
	for member in $(members); do
		grep -qxF -- "$member" words || {
			echo "cardadm-${verb/ /-}(1) says nothing of $member" >&2
			return 1
		}
	done
}

card() {
	"$CARDADM" -q keystore init --test-keys keys.yaml
	cat >>keys.yaml <<-'YAML'
		  sd:
		    {type: scp03, version: 31, test: true, diversification: none,
		      master: {hex: 505152535455565758595A5B5C5D5E5F}}
	YAML
	"$CARDADM" -q vcard create c.card -k keys.yaml --keys test >/dev/null
	cp "$TOP"/examples/*.cap .
	printf '42 03 010203' >data
	export CARDADM_READER=vcard:c.card CARDADM_KEYSTORE=keys.yaml
}

@test "every member is in the manual" {
	card
	documented load pair.cap --keys test
	documented install hello.cap --keys test
	documented install ${PAIR}01 --keys test
	documented list --keys test
	documented lock ${HELLO}01 --keys test --yes
	documented unlock ${HELLO}01 --keys test
	documented "domain create" $SD --keys test
	documented "domain create" ${SD}02 --keys test
	documented "domain personalize" $SD --with sd --keys test
	documented "domain personalize" ${SD}02 --with sd --keys test --by store-data
	documented "domain update" $SD --privileges card-lock --keys test
	documented "domain extradite" ${HELLO}01 --to $SD --keys test
	documented store-data data --format tlv --keys test
	documented put-keys sd --keys test
	documented put-keys token --keys test
	documented delete-keys 31 --keys test --yes
	documented delete $PAIR --related --yes --keys test
	[ "$(jq -r '.deleted[0].aid' <<<"$output")" = $PAIR ]
}

@test "every member of verbs without a reader is in the manual" {
	card
	documented "cap show" pair.cap
	documented "cap show" hello.cap
	documented "dap sign" hello.cap --domain $SD --output dap
	documented "dap verify" hello.cap --dap dap
	documented "token make" load hello.cap --domain $SD --output load.tok
	documented "token make" install hello.cap --output install.tok
	documented "token verify" install hello.cap --token install.tok
	"$CARDADM" -q put-keys token --keys test --yes >/dev/null
	"$CARDADM" -q put-keys receipt --keys test --yes >/dev/null
	"$CARDADM" -q domain create $SD --privileges delegated-management --keys test >/dev/null
	"$CARDADM" -q domain personalize $SD --with sd --keys test >/dev/null
	ok install -q --json hello.cap --domain $SD --load-token load.tok --token install.tok --keys sd --sd $SD
	documented "receipt verify" install hello.cap --receipt "$(jq -r '.applications[0].confirmation' <<<"$output")"
	[ "$(jq .counter <<<"$output")" = 2 ]
}

@test "every member of the other verbs is in the manual" {
	fleet 2
	campaign
	cp "$TOP"/examples/hello.cap .
	sed -e '/^bundle:/d' -e 's/broadcast/unicast/' -e 's/^name: .*/name: bench/' campaign.yaml >steps.yaml
	printf 'steps:\n  - install: {file: hello.cap}\n  - put-keys: {keys: test, version: 33}\n' >>steps.yaml
	export CARDADM_READER=vcard:fleet/0001.card CARDADM_KEYSTORE=keys.yaml
	documented "bundle build" --image app.img --version 3.3 --output other.bundle
	documented "bundle show" app.bundle
	documented "bundle verify" app.bundle
	documented readers
	documented info
	documented keys
	documented scp-open -t trace
	documented scp-status
	documented apdu 80CA006600
	documented scp-mode broadcast --bundle app.bundle
	documented load app.bundle
	documented scp-status
	documented scp-mode unicast
	documented "authorize load" --bundle app.bundle
	"$CARDADM" -q scp-close
	documented scp-status
	documented scp-open --probe
	documented explain trace
	documented "campaign check" campaign.yaml
	documented "campaign run" campaign.yaml
	documented "campaign status" campaign.yaml
	documented "campaign report" campaign.yaml
	documented "campaign check" steps.yaml
	documented "campaign run" steps.yaml
	documented "campaign report" steps.yaml
	documented "keystore list"
	documented "keystore check"
	documented "vcard create" x.card
	documented "vcard show" x.card
}

@test "a dry run: commands, each with what it is" {
	card
	for args in "load pair.cap" "install hello.cap" "delete $PAIR" "lock $PAIR" "unlock --card" \
		"domain create $SD" "domain extradite $PAIR --to $SD" "domain update $SD --privileges card-lock" \
		"store-data data --format tlv" "put-keys sd" "put-keys dap" "delete-keys 30" \
		"domain personalize $SD --with sd" "domain personalize $SD --with sd --by store-data"; do
		read -ra words <<<"$args"
		ok "${words[@]}" --keys test -q -n --json -t trace
		jq -e '.commands | length > 0 and all(.apdu | test("^[0-9A-F*]+$")) and all(.what != "")' <<<"$output"
		[ -z "$stderr" ] && [ ! -e trace ]
	done
}
