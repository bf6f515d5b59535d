#!/usr/bin/env bats
# The command line: verbs, options, errors, exit statuses, what goes where.

load ../lib

@test "alone, and with --help, the verbs are shown by group on standard output" {
	ok
	[[ $output == "usage: cardadm VERB"* ]]
	[ -z "$stderr" ]
	alone=$output
	ok --help
	[ "$output" = "$alone" ]
	ok -h
	[ "$output" = "$alone" ]
	for verb in info scp-open "authorize load" "campaign run" "bundle build" "keystore init" "vcard create"; do
		grep -q "^  $verb  " <<<"$output"
	done
	[ "$(grep -n '^Look' <<<"$output" | cut -d: -f1)" -lt "$(grep -n '^Virtual' <<<"$output" | cut -d: -f1)" ]
}

@test "no verb is left out, and each stands in its place" {
	grep -rhA1 '^const struct verb verb_' "$BATS_TEST_DIRNAME/../../../cmd" |
		sed -n 's/.*\.name = "\(.*\)",.*/\1/p' | sort >defined
	diff defined <(verbs | sort)
	ok
	[ "$(sed -n '/^Key stores:/,/^$/s/^  \(keystore [a-z]*\) .*/\1/p' <<<"$output" | paste -sd,)" = \
		"keystore init,keystore list,keystore check" ]
	[ "$(sed -n '/^Secure channels:/,/^$/s/^  \(scp-[a-z]*\) .*/\1/p' <<<"$output" | paste -sd,)" = \
		"scp-open,scp-mode,scp-status,scp-close" ]
}

@test "each verb has its own help, wherever --help stands" {
	while IFS= read -r verb; do
		read -ra words <<<"$verb"
		ok "${words[@]}" --help
		[[ $output == "usage: cardadm $verb"* ]]
		[ -z "$stderr" ]
		help=$output
		ok --help "${words[@]}"
		[ "$output" = "$help" ]
		echo "$help" >>texts
	done < <(verbs)
	[ "$(awk 'length > 80' texts)" = "" ]
}

@test "a family alone is an error, with --help it lists its verbs" {
	fails 2 bundle
	[[ $stderr == *"hint: cardadm bundle --help"* ]]
	ok bundle --help
	[[ $output == *"bundle verify"* && $output != *"scp-open"* ]]
}

@test "--version" {
	ok --version
	[[ $output =~ ^cardadm\ [0-9.]+$ ]]
}

@test "unknown verbs and options are refused with the nearest one there is" {
	fails 2 scp-opne
	[[ $stderr == *"unknown verb \`scp-opne\`"*"hint: did you mean scp-open?"* ]]
	fails 2 bundle biuld
	[[ $stderr == *"hint: did you mean bundle build?"* ]]
	fails 2 nothing-like-it
	[[ $stderr == *"hint: cardadm --help"* ]]
	fails 2 -r vcard:x scp-open --kyes test
	[[ $stderr == "cardadm: scp-open: unknown option --kyes"*"did you mean --keys?"* ]]
	fails 2 --frobnicate info
	fails 2 -r vcard:x info -x
	[[ $stderr == *"unknown option -x"* ]]
}

@test "an option given twice is refused, before and behind the verb" {
	fails 2 -r vcard:x scp-open --level 03 --level 33
	[[ $stderr == *"--level is given twice"* ]]
	# --keys may be repeated for --probe, and only for it.
	fails 2 -r vcard:x scp-open --keys a --keys b
	[[ $stderr == *"one key set opens a channel"*"hint: --probe"* ]]
	fails 2 -r vcard:x info -r vcard:y
	[[ $stderr == *"--reader is given twice"* ]]
	fails 2 -r vcard:x info -j --json
	fails 2 -r vcard:x -r vcard:x info
}

@test "values: missing, superfluous, out of range, not one of the choices" {
	fails 2 -r vcard:x scp-open --keys
	[[ $stderr == *"--keys needs a value"* ]]
	fails 2 -r vcard:x scp-open --keys --json
	[[ $stderr == *"hint: "*"--keys=--json"* ]]
	fails 2 -r vcard:x info --json=yes
	[[ $stderr == *"takes no value"* ]]
	fails 2 -r vcard:x scp-open --level 34
	[[ $stderr == *"not one of 00, 01, 03, 10, 11, 13, 33"* ]]
	fails 2 -r vcard:x scp-open --key-version 1FF
	fails 2 -r vcard:x scp-open --idle 0
	[[ $stderr == *"not within 1 to 86400"* ]]
	fails 2 -r vcard:x scp-open --idle 99999999999999999999
	fails 2 -r vcard:x scp-open --idle -5
	fails 2 -r vcard:x scp-open --sd A0000000
	fails 2 -r vcard:x scp-open --keys ''
	fails 2 bundle build --image i --output o --version 3.2.1
	fails 2 bundle build --image i --output o --version 3.2 --expires 2031-02-29
	fails 2 bundle build --image i --output o --version 3.2 --campaign 00
	"$CARDADM" keystore init --test-keys keys.yaml
	fails 2 vcard create x -k keys.yaml --i 40
	fails 2 vcard create x -k keys.yaml --platform SHORT
	fails 2 vcard create x -k keys.yaml --fault unknown
	fails 2 vcard create x -k keys.yaml --fault tamper:0
	fails 2 vcard create x -k keys.yaml --fault locked:3
	fails 2 vcard create x -k keys.yaml --algorithms 03
}

@test "operands: missing, one too many, behind --" {
	fails 2 campaign run
	[[ $stderr == *"MANIFEST is missing"* ]]
	fails 2 campaign run a b
	[[ $stderr == *"one word too many: \`b\`"* ]]
	fails 3 campaign check -- --json
	[[ $stderr == *"--json"* ]]
	fails 2 bundle build --image i --output o
	[[ $stderr == *"--version VERSION is missing"* ]]
}

@test "options take their value in every form, common ones before the verb too" {
	fleet
	r=vcard:fleet/0001.card
	ok -r $r info -j
	want=$output
	ok --reader=$r --json info
	[ "$output" = "$want" ]
	ok info -jr $r
	[ "$output" = "$want" ]
	ok info -jr$r
	[ "$output" = "$want" ]
	CARDADM_READER=$r ok info --json
	[ "$output" = "$want" ]
	CARDADM_READER=vcard:nothing ok -r $r info --json
	[ "$output" = "$want" ]
	ok keystore list -k keys.yaml
	want=$output
	CARDADM_KEYSTORE=keys.yaml ok keystore list
	[ "$output" = "$want" ]
}

@test "a verb takes only the common options that it has a use for" {
	fails 2 -r vcard:x keystore list
	[[ $stderr == *"no option --reader"* ]]
	fails 2 info -k keys.yaml
	fails 2 vcard show x --dry-run
}

@test "exit statuses: input, reader, keys, card, safety" {
	fleet
	r=vcard:fleet/0001.card
	fails 2 info
	[[ $stderr == *"no reader is named"*"CARDADM_READER"* ]]
	fails 2 -r $r scp-open
	[[ $stderr == *"no key store is named"* ]]
	fails 3 campaign check missing.yaml
	fails 3 -k missing.yaml -r $r scp-open
	fails 4 -r vcard:fleet/9999.card info
	fails 4 -r "no such reader" info
	fails 5 -r $r -k keys.yaml scp-open --keys nobody
	fails 6 -r $r apdu 80CA5F5000
	[[ $stderr == "cardadm: apdu: command 1: 6A88 "* ]]
	fails 7 -r $r load app.bundle
	[[ $stderr == "cardadm: load: "*"hint: "*"scp-open"* ]]
	fails 7 vcard create fleet/0001.card -k keys.yaml
}

@test "a bad command among several: nothing is sent" {
	fleet
	ok -r vcard:fleet/0001.card info --json
	before=$(jq -r .sequence_counter <<<"$output")
	fails 2 -r vcard:fleet/0001.card -t t.txt apdu 8050300008000000000000000000 80CA00
	[ ! -e t.txt ]
	fails 2 -r vcard:fleet/0001.card apdu 8050300008000000000000000000 =90
	fails 2 -r vcard:fleet/0001.card apdu =9000 80CA006600
	ok -r vcard:fleet/0001.card info --json
	[ "$(jq -r .sequence_counter <<<"$output")" = "$before" ]
	[ "$before" = 000000 ]
}

@test "apdu: answers, expectations, JSON lines, dry run" {
	fleet
	r=vcard:fleet/0001.card
	ok -r $r apdu 80CA00C100 80CA5F5000 =6A88
	[ "${lines[0]}" = C103000000 ]
	[[ ${lines[1]} == "9000 "* && ${lines[2]} == "6A88 "* ]]
	ok -r $r apdu --json "80 CA 00 C1 00" 80CA5F5000 =6A88
	[ "$(jq -r '.sw' <<<"$output" | paste -sd' ')" = "9000 6A88" ]
	[ "$(jq -r '.data' <<<"${lines[0]}")" = C103000000 ]
	fails 6 -r $r apdu 80CA00C100 =6A88
	ok -r $r apdu -n 8050300008000000000000000000
	[[ $output == 8050300008000000000000000000*INITIALIZE* ]]
	cardadm -r $r apdu --json 0020008104FFFFFFFF
	[ "$(jq -r .command <<<"$output")" = "0020008104********" ]
	ok -r $r apdu 80CA00C100
	[ "${lines[0]}" = C103000000 ]
}

@test "info and keys in an open channel say the same as without one" {
	fleet
	r=vcard:fleet/0001.card
	ok -r $r info --json
	before=$(jq 'del(.sequence_counter, .reader)' <<<"$output")
	ok -r $r keys --json
	keys=$(jq 'del(.proven)' <<<"$output")
	[ "$(jq -r '.keys[0] | .version, .type, .length' <<<"$output" | paste -sd' ')" = "30 aes 16" ]
	ok -r $r -k keys.yaml scp-open
	ok -r $r info --json
	[ "$(jq 'del(.sequence_counter, .reader)' <<<"$output")" = "$before" ]
	[ "$(jq -r .sequence_counter <<<"$output")" = 000001 ]
	ok -r $r keys --json
	[ "$(jq 'del(.proven)' <<<"$output")" = "$keys" ]
	ok -r $r apdu 80CA00C100
	[ "${lines[0]}" = C103000001 ]
	fails 2 -r $r apdu 84CA00C100
	ok -r $r scp-close
}

@test "cards are told apart, and vcard options reach the card" {
	ok keystore init --test-keys keys.yaml
	ok vcard create fleet --count 3 --first 7 -k keys.yaml --json
	[ "$(jq -c . <<<"$output")" = '{"created":3,"path":"fleet"}' ]
	[ "$(cd fleet && echo *)" = "0007.card 0008.card 0009.card" ]
	for n in 7 8 9; do "$CARDADM" vcard show fleet/000$n.card -j; done >shown
	[ "$(jq -r .cin shown | sort -u | wc -l)" -eq 3 ]
	[ "$(jq -r .diversification_data shown | sort -u | wc -l)" -eq 3 ]
	ok vcard create one.card -k keys.yaml --platform PLAT-B77 --target A0000001510000FF --base 2.9 \
		--i 61 --algorithms 05,04 --forms 01 --fault silent:12
	ok vcard show one.card --json
	[ "$(jq -r '.system | .platform, .target, .version' <<<"$output" | paste -sd' ')" = "PLAT-B77 A0000001510000FF 2.9" ]
	[ "$(jq -c '.policy | .algorithms, .forms' <<<"$output" | paste -sd' ')" = '["05","04"] ["01"]' ]
	[ "$(jq -c '[.i, .fault.name, .fault.at]' <<<"$output")" = '["61","silent",12]' ]
	[ "$(stat -c %a one.card)" = 600 ]
}

@test "results and remarks never mix" {
	fleet
	"$CARDADM" -r vcard:fleet/0001.card -k keys.yaml scp-open --json 2>/dev/null | jq -e .open
	cardadm -r vcard:fleet/0001.card scp-status -j
	jq -e .open <<<"$output"
	ok -r vcard:fleet/0001.card scp-close
	ok -q -r vcard:fleet/0001.card scp-close
	[ -z "$output" ] && [ -z "$stderr" ]
	fails 4 -r vcard:missing info --json
	[ -z "$output" ]
}

@test "control characters of names do not reach the terminal" {
	fails 4 -r $'vcard:\e[31mx' info
	[[ $stderr != *$'\e'* ]]
}

@test "standard output that cannot be written ends with status 1" {
	run --separate-stderr bash -c "'$CARDADM' --help >/dev/full"
	[ "$status" -eq 1 ]
	[[ $stderr == *"standard output"* ]]
	run --separate-stderr bash -c "'$CARDADM' --help >&-"
	[ "$status" -eq 1 ]
	fleet
	run --separate-stderr bash -c "set -o pipefail; '$CARDADM' -r vcard:fleet/0001.card info | true"
	[ "$status" -le 1 ]
}

@test "no core, no dump, and files that are ours alone" {
	fleet
	"$CARDADM" -r vcard:fleet/0001.card -k keys.yaml -t t.txt scp-open
	pid=$(agent_pids)
	grep -q '^Max core file size *0 *0 ' "/proc/$pid/limits"
	[ "$(stat -c %a t.txt)" = 600 ]
	ok -r vcard:fleet/0001.card scp-close
}

# answer ANSWER ARGS...: runs it on a terminal and types ANSWER.
answer() {
	local typed=$1
	shift
	rm -f shown
	(wait_for grep -qsF '[y/N]' shown; printf '%s\n' "$typed") |
		script -qefc "'$CARDADM' $*; echo status \$?" shown
}

@test "what cannot be undone is asked on the terminal, in an open channel too" {
	fleet
	r=vcard:fleet/0001.card
	"$CARDADM" -r $r -k keys.yaml scp-open
	"$CARDADM" -r $r scp-mode broadcast --bundle app.bundle
	"$CARDADM" -r $r load app.bundle
	"$CARDADM" -r $r scp-mode unicast
	answer n -r $r authorize load --discard >said
	grep -q 'refuse campaign [0-9A-F]* for good? \[y/N\]' said
	grep -q 'nothing was done' said
	grep -q 'status 7' said
	ok -r $r info --json
	[ "$(jq -r .slot.state <<<"$output")" = complete ]
	answer yes -r $r authorize load --discard >said
	grep -q 'status 0' said
	ok -r $r info --json
	[ "$(jq -r .slot.state <<<"$output")" = empty ]
	ok -r $r scp-close
}

@test "a question is left by an interrupt" {
	fleet
	r=vcard:fleet/0001.card
	"$CARDADM" -r $r -k keys.yaml scp-open
	"$CARDADM" -r $r scp-mode broadcast --bundle app.bundle
	"$CARDADM" -r $r load app.bundle
	"$CARDADM" -r $r scp-mode unicast
	# Ctrl-C of the terminal reaches the client, not the agent that asks.
	(wait_for grep -qsF '[y/N]' shown; printf '\003') |
		script -qefc "'$CARDADM' -r $r authorize load --discard" shown >said || echo "status $?" >>said
	grep -q 'status 130' said
	ok -r $r scp-status
	[[ $output == "channel open"* ]]
	ok -r $r scp-close
}

# Each line: exit status, arguments, what the message must name. Every one must have a hint.
@test "messages in an open channel: thing, place, remedy" {
	fleet
	r=vcard:fleet/0001.card
	printf garbage >garbage
	"$CARDADM" -q -r $r -k keys.yaml scp-open
	local want args names words
	while IFS='|' read -r want args names; do
		read -ra words <<<"$args"
		fails "$want" -r $r "${words[@]}"
		[[ $stderr == *"$names"*"hint: "?* ]]
	done <<-'TABLE'
		2|scp-mode broadcast|broadcast mode needs --bundle
		3|scp-mode broadcast --bundle none|none: cannot open
		3|scp-mode broadcast --bundle garbage|garbage: not a bundle
		7|scp-mode unicast|not in broadcast mode
		7|load app.bundle|not in broadcast mode
		2|authorize load|--bundle BUNDLE is needed
		3|authorize load --bundle none|none: cannot open
		2|apdu 84CA006600|class 84
		4|-k keys.yaml scp-open|a channel is open already
	TABLE
	ok -r $r scp-mode broadcast --bundle app.bundle
	for verb in info keys "apdu 80CA006600" "authorize load" "scp-mode broadcast --bundle app.bundle" \
		"scp-mode unicast"; do
		# shellcheck disable=SC2086
		fails 7 -r $r $verb
		[[ $stderr == *"hint: "?* ]]
	done
	ok -r $r scp-close
}

# The verbs as help lists them.
verbs() {
	"$CARDADM" --help | sed -n 's/^  \([a-z]\+\(-[a-z]\+\)*\( [a-z]\+\)\?\)  .*/\1/p'
}

@test "vcard create broken off leaves whole cards only, and says how to make the others" {
	"$CARDADM" keystore init --test-keys keys.yaml
	for signal in KILL INT; do
		"$CARDADM" vcard create fleet.$signal --count 20000 --keystore keys.yaml >out 2>err &
		pid=$!
		wait_for test -e fleet.$signal/0003.card
		kill -$signal $pid
		status=0
		wait $pid || status=$?
		[ "$status" -eq "$([ $signal = INT ] && echo 130 || echo 137)" ]
		last=$(find fleet.$signal -name '*.card' | sort | tail -n 1)
		ok vcard show "$last"
	done
	[ "$(find fleet.INT -type f | wc -l)" -eq "$(find fleet.INT -name '*.card' | wc -l)" ]
	n=$(find fleet.INT -name '*.card' | wc -l)
	grep -q "hint: --first $((n + 1)) --count $((20000 - n)) makes the others" err
}

@test "a new file never takes the name of one that is there" {
	"$CARDADM" keystore init --test-keys keys.yaml
	ok vcard create one.card --keystore keys.yaml
	before=$(sha256sum one.card)
	fails 7 vcard create one.card --keystore keys.yaml
	fails 7 keystore init --test-keys one.card
	ln -s nowhere link.card
	fails 7 vcard create link.card --keystore keys.yaml
	[ "$(sha256sum one.card)" = "$before" ]
	[ "$(find . -name '*.card*' | wc -l)" -eq 2 ]
}
