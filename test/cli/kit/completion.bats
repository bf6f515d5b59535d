#!/usr/bin/env bats
# bash completion, in a real bash, with the line as readline hands it over.

load ../lib

# complete LINE: sets COMP_* as bash does for the cursor at the end of LINE, calls the function that
# the shim has registered, prints the candidates.
complete_line() {
	mkdir -p bin && ln -sf "$CARDADM" bin/cardadm
	PATH=$PWD/bin:$PATH bash --norc -c '
		source "$1"
		COMP_LINE=$2 COMP_POINT=${#2}
		# Words are split at blanks and at the characters of COMP_WORDBREAKS.
		read -ra COMP_WORDS <<<"$(sed "s/[=:]/ & /g" <<<"$2")"
		[[ $2 == *[[:space:]] ]] && COMP_WORDS+=("")
		COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
		function=$(complete -p cardadm | sed "s/.*-F \([^ ]*\).*/\1/")
		compopt() { :; } # only allowed while readline completes
		"$function" cardadm "${COMP_WORDS[COMP_CWORD]}" "" || exit
		printf "%s\n" "${COMPREPLY[@]}"
	' _ "$TOP/completions/cardadm.bash" "$1"
}

@test "verbs, their second words, and no hidden ones" {
	[ "$(complete_line 'cardadm scp-' | sort | paste -sd' ')" = "scp-close scp-mode scp-open scp-status" ]
	[ "$(complete_line 'cardadm bundle ' | sort | paste -sd' ')" = "build show verify" ]
	[ "$(complete_line 'cardadm bundle sh')" = show ]
	[ "$(complete_line 'cardadm bun')" = bundle ]
	complete_line 'cardadm ' >all
	grep -qx campaign all
	run ! grep -q __ all
	[ "$(sort all | uniq -d)" = "" ]
}

@test "options of the verb, its choices, common options before the verb" {
	complete_line 'cardadm scp-open --' >options
	grep -qx -- --key-version options
	grep -qx -- --keystore options
	run ! grep -qx -- --version options
	[ "$(complete_line 'cardadm -r vcard:x -k keys.yaml scp-open --key-v')" = --key-version ]
	[ "$(complete_line 'cardadm scp-open --level 1' | paste -sd' ')" = "10 11 13" ]
	[ "$(complete_line 'cardadm scp-open --level=1' | paste -sd' ')" = "10 11 13" ]
	[ "$(complete_line 'cardadm scp-mode b')" = broadcast ]
	[ "$(complete_line 'cardadm --read')" = --reader ]
}

@test "file names where they fit, behind vcard: too" {
	mkdir fleet
	touch fleet/0001.card app.bundle app.img
	[ "$(complete_line 'cardadm load app.b')" = app.bundle ]
	[ "$(complete_line 'cardadm load ' | sort | paste -sd' ')" = "app.bundle app.img bin fleet" ]
	[ "$(complete_line 'cardadm bundle build --image=app.i')" = app.img ]
	[ "$(complete_line 'cardadm -r vcard:fleet/0')" = fleet/0001.card ]
	[ "$(complete_line 'cardadm -r v')" = vcard: ]
	[ "$(complete_line 'cardadm info app')" = "" ]
}

@test "what the program offers ends with no message and status 0, whatever is typed" {
	for line in 'cardadm --no-such ' 'cardadm nothing ' 'cardadm bundle nothing ' 'cardadm -' 'cardadm -- '; do
		read -ra words <<<"$line"
		run --separate-stderr -0 "$CARDADM" __complete "${words[@]:1}" ''
		[ -z "$stderr" ]
	done
	run --separate-stderr -0 "$CARDADM" __complete
}
