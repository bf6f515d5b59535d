#!/usr/bin/env bats
# slow: a pcscd of its own
# Keys and domains through pcscd; a card that is taken out in the middle, and comes back.

load ../lib
load ../pcscd

teardown() {
	pcscd_teardown
}

prepare() { # prepare ARGS...: to vcard create
	"$CARDADM" -q keystore init --test-keys keys.yaml
	"$CARDADM" -q vcard create c.card -k keys.yaml "$@" >/dev/null
	cat >>keys.yaml <<'YAML'
  next: {type: scp03, version: 31, test: true, diversification: kdf3, master: {hex: 505152535455565758595A5B5C5D5E5F}}
YAML
	export CARDADM_KEYSTORE=keys.yaml
	CARDADM_READER=$(reader_name 1)
	export CARDADM_READER
}

sets() {
	"$CARDADM" -q keys --json | jq -r '[.keys[].version] | unique | join(" ")'
}

@test "rotate, delete, a domain with keys of its own" {
	pcscd_start 2
	prepare
	serve_start c.card
	ok -q put-keys next --keys test --rotate 30 --yes
	[ "${lines[2]}" = "key set 30 deleted" ]
	[ "$(sets)" = 31 ]
	ok -q scp-open --keys next
	ok -q domain create A00000015100000001
	ok -q put-keys dap
	ok -q scp-close
	ok -q domain personalize A00000015100000001 --with test --keys next
	ok -q list --sd A00000015100000001 --keys test
}

@test "the card goes at every command of a rotation, and comes back" {
	local n
	pcscd_start 2
	for n in 8 9 10 11 12 13 14 15; do
		rm -rf c.card keys.yaml
		prepare --fault "removed:$n"
		serve_start c.card
		fails 4 -q put-keys next --keys test --rotate 30 --yes
		serve_end
		serve_start c.card
		ok -q put-keys next --keys test --rotate 30 --yes --retry-authentication
		[ "$(sets)" = 31 ]
		serve_end
	done
}
