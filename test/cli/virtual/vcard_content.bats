#!/usr/bin/env bats
# The virtual card as a card with content: what vcard show tells of it, answers in small pages,
# commands without a host of ours.

load ../lib

HELLO=F04341524441444D01

card() {
	"$CARDADM" keystore init --test-keys keys.yaml -q
	"$CARDADM" vcard create c.card -k keys.yaml -q "$@" >/dev/null
	cp "$TOP"/examples/*.cap .
	export CARDADM_READER=vcard:c.card CARDADM_KEYSTORE=keys.yaml
}

@test "vcard show counts what is on it" {
	card --memory 20000
	ok vcard show c.card --json
	[ "$(jq -c .content <<<"$output")" = '{"load_files":0,"applications":0,"domains":0,"free_memory":20000}' ]
	ok -q install hello.cap
	ok -q domain create A0000001515300AA --keys test
	ok vcard show c.card --json
	[ "$(jq -c '.content | .load_files, .applications, .domains' <<<"$output" | paste -sd' ')" = "1 1 1" ]
	[ "$(jq .content.free_memory <<<"$output")" -lt 19000 ]
	ok -q delete $HELLO --related --yes
	ok -q delete A0000001515300AA --yes
	ok vcard show c.card --json
	[ "$(jq .content.free_memory <<<"$output")" -eq 20000 ]
}

@test "a list in many pages is the list in one" {
	card
	ok -q install hello.cap
	ok -q install pair.cap
	ok -q list
	whole=$output
	rm c.card
	"$CARDADM" vcard create c.card -k keys.yaml -q --page 1 >/dev/null
	ok -q install hello.cap
	ok -q install pair.cap
	ok -q --trace pages list
	[ "$output" = "$whole" ]
	[ "$(grep -c "^< .*6310$" pages)" -ge 4 ]
}

@test "pages have a size" {
	card
	for n in 0 5000; do
		fails 2 vcard create d.card --page $n -k keys.yaml
		[[ $stderr == *"--page"* ]]
		[ ! -e d.card ]
	done
}
