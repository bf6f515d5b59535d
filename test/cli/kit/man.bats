#!/usr/bin/env bats
# slow
# The manual: a page for every verb and none for a dead one, generated blocks fresh, no complaint
# from the linter, every example runs.

load ../lib

export CARDADM
man=$TOP/man

verbs() {
	"$CARDADM" --help | sed -n 's/^  \([a-z]\+\(-[a-z]\+\)*\( [a-z]\+\)\?\)  .*/\1/p'
}

@test "a page for every verb, and none for a verb that is not there" {
	verbs | tr ' ' '-' | sort >want
	(cd "$man" && ls cardadm-*.1) | sed 's/^cardadm-\(.*\)\.1$/\1/' | sort >have
	[ "$(wc -l <want)" -ge 20 ]
	diff want have
}

@test "the overview refers to every page" {
	verbs | while read -r verb; do
		grep -q "^.Xr cardadm-${verb/ /-} 1" "$man/cardadm.1" || { echo "$verb is missing" >&2; exit 1; }
	done
}

@test "the blocks from the verb table are fresh" {
	"$man/refresh" --check "$man"/cardadm-*.1
}

@test "a stale block is noticed" {
	sed 's/^Print JSON\.$/Print YAML./' "$man/cardadm-info.1" >cardadm-info.1
	run ! cmp -s cardadm-info.1 "$man/cardadm-info.1"
	run "$man/refresh" --check cardadm-info.1
	[ "$status" -eq 1 ]
	"$man/refresh" cardadm-info.1
	cmp cardadm-info.1 "$man/cardadm-info.1"
}

@test "every option of a verb is in its page" {
	verbs | while read -r verb; do
		read -ra words <<<"$verb"
		"$CARDADM" "${words[@]}" --help | grep -o -- '--[a-z0-9-]*' | sort -u | while read -r option; do
			mandoc -Tascii "$man/cardadm-${verb/ /-}.1" | col -b | grep -q -- "$option" || {
				echo "$verb: $option" >&2
				exit 1
			}
		done
	done
}

@test "the linter is silent" {
	# Pages that are not installed here cannot be found: that is no fault of ours.
	mandoc -Tlint -W style "$man"/*.[1-9] 2>/dev/null | grep -v 'referenced manual not found' >lint || true
	cat lint >&2
	[ ! -s lint ]
}

@test "every example runs" {
	for page in "$man"/*.1; do
		mkdir -p "run/$(basename "$page")"
		cd "run/$(basename "$page")"
		image app.img 2000
		cp "$TOP"/examples/*.cap .
		if [ "$(basename "$page")" != cardadm.1 ]; then
			fleet 3
		fi
		campaign
		# Lines "$ command", continued by a backslash at the end.
		awk 'sub(/^\$ /, "") || more { more = sub(/\\e$/, "\\"); print }' "$page" >example
		grep -q cardadm example || { echo "$page has no example" >&2; return 1; }
		mkdir -p bin
		ln -sf "$CARDADM" bin/cardadm
		PATH=$PWD/bin:$PATH bash -eu example >out 2>err </dev/null || {
			echo "$page:" >&2
			cat example err >&2
			return 1
		}
		cd ../..
	done
}
