#!/usr/bin/env bats
# slow: many runs
# install: CAP files from loading to selectable, applications of packages on the card; what is
# refused before the first command; what is left when something fails, and how it is cleaned up.

load ../lib

HELLO=F04341524441444D01 PAIR=F04341524441444D02

card() {
	"$CARDADM" keystore init --test-keys keys.yaml -q
	"$CARDADM" vcard create c.card -k keys.yaml -q "$@" >/dev/null
	cp "$TOP"/examples/*.cap .
	export CARDADM_READER=vcard:c.card CARDADM_KEYSTORE=keys.yaml
}

# state AID: as the card lists it; empty: not there.
state() {
	"$CARDADM" -q list --json | jq -r --arg aid "$1" '.entries[] | select(.aid == $aid) | .state'
}

@test "a file: loaded, installed, selectable, and told" {
	card
	ok -q install hello.cap
	[ "$output" = "loaded: $HELLO 1.0, 745 octets in 4 blocks
installed: ${HELLO}01 from $HELLO" ]
	[ -z "$stderr" ]
	[ "$(state ${HELLO}01)" = selectable ]
	ok -q apdu 00A404000A${HELLO}0100
	[[ $output == *9000* ]]
}

@test "several applets, one of them, one under another AID" {
	card
	ok -q install pair.cap
	[ "$(grep -c ^installed <<<"$output")" -eq 2 ]
	ok -q delete $PAIR --related --yes
	ok -q install pair.cap --applet ${PAIR}02 --instance A0000000031010 --json
	[ "$(jq -c '[.package, .version, .blocks, .selectable, .deleted, .applications[0].aid, .applications[0].module]' <<<"$output")" = \
		"[\"$PAIR\",\"1.0\",18,true,[],\"A0000000031010\",\"${PAIR}02\"]" ]
	[ -z "$(state ${PAIR}01)" ]
	[ "$(state A0000000031010)" = selectable ]
	# The other applet later, from the package on the card: found by its module, or named.
	ok -q install ${PAIR}01
	[ "$output" = "installed: ${PAIR}01 from $PAIR" ]
	ok -q install ${PAIR}01 --package $PAIR --instance A0000000031011 --no-selectable
	[ "$output" = "installed: A0000000031011 from $PAIR, not selectable" ]
	[ "$(state A0000000031011)" = installed ]
}

@test "privileges and parameters" {
	card
	ok -q install hello.cap --privileges card-lock --parameters 010203 --no-selectable
	ok -q list --applications --json
	[ "$(jq -c '.entries[] | select(.aid == "F04341524441444D0101") | [.state, .privileges]' <<<"$output")" = '["installed",["card-lock"]]' ]
	ok -q -n install hello.cap --privileges card-lock --parameters 0102
	[[ $output == *"0110"04C9020102000\ * || $output == *0110*C9020102* ]]
	ok -q -n install hello.cap --privileges global-lock
	[[ $output == *0300080002C90000* ]]
}

@test "whole parameters fields: quotas, toolkits" {
	card
	ok -q -n install hello.cap --load-field EF04C60202E9 --field C9020102EF04C7020100EA028000
	grep -q "^80E602.*0006EF04C60202E90000 " <<<"$output"
	grep -q '^80E60C.*01000EC9020102EF04C7020100EA0280000000 ' <<<"$output"
	ok -q install hello.cap --load-field EF04C60202E9 --field C900EF04C8021000
	[ "$(state ${HELLO}01)" = selectable ]
}

@test "replace: shown, asked for, deleted first" {
	card
	ok -q install hello.cap
	fails 7 install hello-1.1.cap
	[[ $stderr == *"package $HELLO is on the card already, with applications"*"hint: --replace"* ]]
	fails 7 install hello-1.1.cap --replace
	[[ $stderr == *"this deletes from the card:"*"$HELLO  package, loaded"*"${HELLO}01  application, selectable"* ]]
	[[ $stderr == *"not confirmed"*"--yes"* ]]
	[ "$(state ${HELLO}01)" = selectable ]
	ok -q install hello-1.1.cap --replace --yes --json
	[ "$(jq -c '[.version, .deleted[0].aid]' <<<"$output")" = "[\"1.1\",\"$HELLO\"]" ]
	# An application of another package that has the AID.
	ok -q load pair.cap
	fails 7 install ${PAIR}01 --instance ${HELLO}01
	[[ $stderr == *"${HELLO}01 is on the card already, as an application"* ]]
	ok -q install ${PAIR}01 --instance ${HELLO}01 --replace --yes
	[ "$(state $HELLO)" = loaded ]
	# A package is not replaced by an application.
	fails 7 install ${PAIR}01 --instance $HELLO --replace --yes
}

@test "the command line is checked before the card is touched" {
	card
	ok -q install pair.cap
	sum=$(sha256sum <c.card)
	printf x >tok
	: >nothing
	printf 'PK\003\004 no more' >bad.cap
	while IFS='|' read -r want args names; do
		read -ra words <<<"$args"
		fails "$want" -q install "${words[@]}"
		[[ $stderr == *"$names"* ]] || { echo "$args: $stderr" >&2; return 1; }
	done <<-TABLE
		2||FILE|AID is missing
		3|none.cap|none.cap: no such file, and no AID
		3|bad.cap|bad.cap
		3|keys.yaml|keys.yaml
		2|hello.cap --applet ${PAIR}01|hello.cap has no applet ${PAIR}01
		2|hello.cap --applet zz|--applet: \`zz\` is not an AID
		2|pair.cap --applet ${PAIR}01 --applet ${PAIR}01|is there twice
		2|pair.cap --instance A000000003|--instance is for one applet
		2|pair.cap --token tok|--token is for one applet
		2|hello.cap --privileges nonsense|\`nonsense\` is no privilege
		2|hello.cap --privileges cvm-managment|did you mean \`cvm-management\`
		2|hello.cap --privileges delegated-management,authorized-management|exclude each other
		2|hello.cap --parameters 012|--parameters: \`012\` is not 0 to 512 octets in hex
		2|hello.cap --field zz|--field: \`zz\` is not 1 to 512 octets in hex
		2|hello.cap --field C905|--field: not TLVs
		2|hello.cap --field EF04C7020100 --parameters 01|is a part of --field
		2|hello.cap --load-field EF03C60101|--load-field: not TLVs
		2|$PAIR --load-field C900|are for files
		2|hello.cap --package $PAIR|--package is for a module
		2|hello.cap --hash md5|not one of
		3|hello.cap --dap nothing|nothing: empty
		3|hello.cap --dap tok|tok: no DAP block
		3|hello.cap --load-token none|none: cannot open
		3|hello.cap --token nothing|nothing: empty
		2|hello.cap --block 0|is not a number from 1 to 65535
		7|hello.cap --block 250|at most 239 octets fit
		2|$PAIR --dap tok|are for files
		6|A0000000031010|no package on the card has module A0000000031010
		6|A0000000031010 --package A000000003|package A000000003 is not on the card
		7|pair.cap|is on the card already
	TABLE
	[ "$(sha256sum <c.card)" != "$sum" ] || true
	[ "$(state $HELLO)" = "" ]
}

@test "a card that is locked: refused before anything is changed" {
	card
	ok -q install hello.cap
	ok -q lock --card --yes
	for args in "install pair.cap" "load pair.cap" "delete $HELLO --related" \
		"domain create A00000015100000001"; do
		read -ra words <<<"$args"
		rm -f trace
		fails 7 -q "${words[@]}" --yes -t trace
		[[ $stderr == *"the card is locked"*"hint: cardadm unlock --card unlocks it" ]]
		[ "$(grep -c '^> 84E[468]' trace)" -eq 0 ]
	done
	printf '0070 01 00' >data
	fails 6 -q store-data data
	[[ $stderr == *"6A81"*"hint: the card is locked; cardadm unlock --card unlocks it" ]]
	ok -q unlock --card
	ok -q install pair.cap
}

@test "a domain with delegated management: refused without tokens" {
	card
	sd=A00000015100000001
	cat >>keys.yaml <<-'YAML'
		  sd:
		    {type: scp03, version: 31, test: true, diversification: none,
		      master: {hex: 505152535455565758595A5B5C5D5E5F}}
	YAML
	ok -q domain create $sd --privileges delegated-management --keys test
	ok -q domain personalize $sd --with sd --keys test --yes
	printf x >tok
	for args in "--load-token|" "--token|--load-token tok"; do
		read -ra words <<<"${args#*|}"
		rm -f trace
		fails 7 -q install hello.cap --keys sd --sd $sd "${words[@]}" -t trace
		[[ $stderr == *"$sd has delegated management: it needs a token"*"hint: ${args%|*} FILE"* ]]
		[ "$(grep -c '^> 84E6' trace)" -eq 0 ]
	done
	# A token for something else; the card has the key that verifies it.
	ok -q put-keys token --keys test --yes
	ok -q token make load hello.cap --domain $sd --output load.tok
	ok -q token make install hello.cap --output install.tok
	fails 6 -q install hello.cap --keys sd --sd $sd --load-token load.tok --token install.tok
	[[ $stderr == *"INSTALL [for load]: 6982"*"hint: a token is for one command, octet for octet: --domain"* ]]
	ok -q install hello.cap --domain $sd --keys sd --sd $sd --load-token load.tok --token install.tok
	fails 6 -q delete $HELLO --related --yes --keys sd --sd $sd
	[[ $stderr == *"DELETE: 6985"*"only with a token"* ]]
}

@test "what a question is about is shown with --quiet, too" {
	card
	ok -q install hello.cap
	# Nobody is there to answer.
	fails 7 -q install hello-1.1.cap --replace
	[[ $stderr == *"this deletes from the card:"*"${HELLO}01  application, selectable"*"not confirmed"* ]]
	fails 7 -q delete $HELLO --related
	[[ $stderr == *"$HELLO  package, loaded"*"${HELLO}01  application, selectable"*"not confirmed"* ]]
	ok -q delete $HELLO --related --yes
	[ -z "$stderr" ]
}

@test "a dry run of --replace shows the DELETE" {
	card
	ok -n install hello.cap --replace
	[[ $output == *"80E400800B4F09${HELLO}00  # DELETE"*"# INSTALL"* ]]
	[[ $stderr == *"DELETE goes out for what is on the card only"* ]]
	ok -n load hello.cap --replace
	[[ $output == *"80E400800B4F09${HELLO}00  # DELETE"*"# INSTALL"* ]]
	ok -n install ${HELLO}01 --package $HELLO --replace
	[[ $output == *"80E400000C4F0A${HELLO}0100  # DELETE"*"# INSTALL"* ]]
}

@test "dry run: every command, nothing sent, no card needed" {
	card
	rm c.card
	ok -n install hello.cap
	[ "$(grep -c '# LOAD block' <<<"$output")" -eq 4 ]
	[ "$(grep -c '# GET STATUS' <<<"$output")" -eq 6 ]
	[ "$(sed -n 5p <<<"$output" | cut -d' ' -f1)" = 80E602000E09${HELLO}0000000000 ]
	[ "$(grep '# INSTALL .*selectable' <<<"$output" | cut -d' ' -f1)" = \
		80E60C002609${HELLO}0A${HELLO}010A${HELLO}01010002C9000000 ]
	[[ $stderr == *"dry run: nothing is sent"* ]]
	# What is in the blocks is the load file, whatever their size.
	for args in "--level 01" "--level 33" "--level 33 --s16" "--block 17" "--extended"; do
		read -ra words <<<"$args"
		ok -q -n install pair.cap "${words[@]}" --json
		jq -r '.commands[] | select(.apdu | startswith("80E8")) | .apdu' <<<"$output" |
			sed -E 's/^80E8....00....(.*)0000$/\1/; t; s/^80E8......(.*)00$/\1/' | tr -d '\n' | sha256sum
	done >sums
	[ "$(sort -u sums | wc -l)" -eq 1 ]
	ok -q -n install ${PAIR}01 --package $PAIR
	[ "$(grep -c '# INSTALL' <<<"$output")" -eq 1 ]
	fails 2 -q -n install ${PAIR}01
	[[ $stderr == *"--package is needed"* ]]
}

@test "blocks are as large as the channel allows" {
	card
	while read -r level blocks; do
		ok -q install pair.cap --level "$level" --replace --yes
		[[ $output == *"octets in $blocks blocks"* ]] || { echo "$level: $output" >&2; return 1; }
	done <<-'END'
		01 17
		03 18
		33 18
	END
	ok -q install pair.cap --block 100 --replace --yes
	[[ $output == *"octets in 42 blocks"* ]]
	fails 7 install pair.cap --replace --yes --block 16
	[[ $stderr == *"take 261 blocks of 16 octets"*"256"*"hint: "* ]]
	[ "$(state $PAIR)" = loaded ]
}

@test "too little memory is found before the first block" {
	card --memory 1000
	fails 7 install pair.cap
	[[ $stderr == *"takes at least"*"nothing was loaded"* ]]
	[ -z "$(state $PAIR)" ]
}

@test "in an open channel" {
	card
	ok -q scp-open
	ok -q install hello.cap
	ok -q install pair.cap --applet ${PAIR}02
	ok -q list
	ok -q delete $HELLO --related --yes
	ok -q scp-close
	[ "$(state ${PAIR}02)" = selectable ]
	[ -z "$(state $HELLO)" ]
}

# broken FAULT COMMANDS LOADS: the command at which a fault ends install, for all of them; then the card has all or
# nothing of the package, and the next run, told to clean up, comes to the goal.
broken() {
	local n least=0
	"$CARDADM" -q vcard create -k keys.yaml probe.card >/dev/null
	for ((n = 1; n < 60; n++)); do
		rm -rf c.card "$XDG_STATE_HOME"
		"$CARDADM" -q vcard create c.card -k keys.yaml --fault "$1:$n" >/dev/null
		cardadm install hello.cap --cleanup
		"$CARDADM" vcard show c.card --json | jq -e .fault.happened >/dev/null || break
		[ "$status" -eq 4 ] || [ "$status" -eq 0 ] || {
			echo "$1:$n: status $status: $stderr" >&2
			return 1
		}
		if [[ $stderr == *"stage LOAD"* ]]; then least=$((least + 1)); fi
		# The answer to an authentication may have been lost: whether a try was spent is not known.
		[ "$status" -eq 0 ] || ok -q install hello.cap --cleanup --replace --yes --retry-authentication
		[ "$(state ${HELLO}01)" = selectable ]
	done
	[ "$n" -ge "$2" ] && [ "$n" -lt 60 ] && [ "$status" -eq 0 ] && [ "$least" -ge "$3" ]
}

@test "power cut at every command" {
	card
	broken power-cut 4 1 # the card is cut off when it writes
}

@test "the card taken out at every command" {
	card
	broken removed 16 3
}

@test "what a failed load left" {
	card
	ok -q load hello.cap
	# A package without applications is what a failed run leaves.
	fails 7 install hello.cap
	[[ $stderr == *"no application uses it"* ]]
	ok -q install hello.cap --cleanup --yes
	[ "$(state ${HELLO}01)" = selectable ]
	# One that is in use is not cleaned up.
	fails 7 install hello.cap --cleanup --yes
	# Refused applications: the package stays, or goes with --cleanup.
	fails 6 install pair.cap --applet ${PAIR}01 --privileges final-application,card-terminate,mandated-dap-verification
	[[ $stderr == *"stage INSTALL: the package is loaded, 0 of 1 applications are installed"* ]]
	[[ $stderr == *"package $PAIR is left on the card"*"--cleanup"* ]]
	[ "$(state $PAIR)" = loaded ]
	fails 6 install pair.cap --replace --yes --cleanup --applet ${PAIR}01 --privileges final-application,card-terminate,mandated-dap-verification
	[[ $stderr == *"cleaned up: package $PAIR is deleted again"* ]]
	[ -z "$(state $PAIR)" ]
}
