#!/usr/bin/env bats
# What the README says works as it stands there.

load ../lib

@test "the session of the README, pasted into an empty directory" {
	mkdir bin
	ln -s "$CARDADM" bin/cardadm
	awk '/^```sh$/ {on = 1; next} /^```$/ {on = 0} on' "$TOP/README.md" >session.sh
	grep -q 'campaign run' session.sh
	mkdir empty
	cp "$TOP"/examples/*.cap empty
	cd empty
	PATH=$BATS_TEST_TMPDIR/bin:$PATH run --separate-stderr bash -eu ../session.sh
	echo "$output" "$stderr" >&2
	[ "$status" -eq 0 ]
	[[ $output == *"3 cards: 3 done (1 already)"* ]]
	[[ $output == *"3 cards: 3 done (0 already)"* ]]
	[[ $output == *"installed: F04341524441444D0101 from F04341524441444D01"* ]]
}

@test "the verbs of the README are the verbs of the program" {
	"$CARDADM" --help | sed -n 's/^  \([a-z]\+\(-[a-z]\+\)*\( [a-z]\+\)\?\)  .*/\1/p' | sort >program
	# shellcheck disable=SC2016 # backquotes of Markdown
	sed -n '/^## Verbs/,/^## Build/p' "$TOP/README.md" | grep '^| [a-z]* | `' |
		cut -d'|' -f3 | grep -o '`[^`]*`' | tr -d '`' | sort >readme
	[ "$(wc -l <readme)" -gt 15 ]
	diff program readme
}
