#!/usr/bin/env bats
# What the README says works as it stands there.

load lib

@test "the session of the README, pasted into an empty directory" {
	mkdir bin
	ln -s "$CARDADM" bin/cardadm
	awk '/^```sh$/ {on = 1; next} /^```$/ {on = 0} on' "$BATS_TEST_DIRNAME/../README.md" >session.sh
	grep -q 'campaign run' session.sh
	mkdir empty
	cd empty
	PATH=$BATS_TEST_TMPDIR/bin:$PATH run --separate-stderr bash -eu ../session.sh
	echo "$output" "$stderr" >&2
	[ "$status" -eq 0 ]
	[[ $output == *"3 cards: 3 done (1 already)"* ]]
}

@test "the verbs of the README are the verbs of the program" {
	"$CARDADM" --help >help
	# shellcheck disable=SC2016 # backquotes of Markdown
	sed -n '/^## Verbs/,/^## Build/p' "$BATS_TEST_DIRNAME/../README.md" | grep '^| [a-z]* | `' |
		cut -d'|' -f3 | grep -o '`[^`]*`' | tr -d '`' | sort >readme
	[ "$(wc -l <readme)" -gt 15 ]
	while read -r verb; do
		# shellcheck disable=SC2086 # two words
		ok $verb --help
	done <readme
}
