# What every bats file loads: a fresh folder with state and runtime directories of its own, and
# the sessions that operators type. Results in $output (stdout), $stderr, $status.
bats_require_minimum_version 1.5.0
# shellcheck source=test/cli/wait.bash
source "${BASH_SOURCE[0]%/*}/wait.bash"
# bats notes each command before it runs; of what stands here that says nothing and takes time.
bats_add_debug_exclude_path "${BASH_SOURCE[0]%/*}"
TOP=${BATS_TEST_DIRNAME%/test/cli/*}
: "${CARDADM:=$TOP/cardadm}"

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
	# Sockets need short names: bats' own folder may be too long for one.
	XDG_RUNTIME_DIR=$(mktemp -d /tmp/cardadm-test.XXXXXX)
	export XDG_RUNTIME_DIR XDG_STATE_HOME=$BATS_TEST_TMPDIR/state
	unset CARDADM_READER CARDADM_KEYSTORE
	export CARDADM_PROFILES=$TOP/lib/profile/data
	# A name of its own for the program: tests run side by side, and none may end another's agent.
	ln -s "$CARDADM" "$XDG_RUNTIME_DIR/prog"
	CARDADM=$XDG_RUNTIME_DIR/prog
}

teardown() {
	local pid
	# CONT: one that a failed test left stopped would not end.
	for pid in $(agent_pids); do kill "$pid" 2>/dev/null && kill -CONT "$pid" 2>/dev/null || true; done
	rm -rf "$XDG_RUNTIME_DIR"
}

# The process ids of this test's agents, dead or alive.
agent_pids() {
	head -qn 1 "$XDG_RUNTIME_DIR"/cardadm/*.lock 2>/dev/null || true
}

# end_agent SIGNAL: sends it to the only agent and waits until it is gone.
end_agent() {
	local pid
	pid=$(agent_pids)
	kill "-$1" "$pid"
	wait_for gone "$pid"
}

# agents_gone: all of this test's agents have ended.
agents_gone() {
	# shellcheck disable=SC2046 # one word each
	gone $(agent_pids)
}

# cardadm ARGS...: runs it; the caller looks at $status, $output and $stderr apart (lines, stderr_lines).
# What "run --separate-stderr" does, at half its cost.
cardadm() {
	local said=$BATS_TEST_TMPDIR.$BASHPID
	output=$("$CARDADM" "$@" 2>"$said") && status=0 || status=$?
	stderr=$(<"$said")
	# shellcheck disable=SC2034 # tests look at it
	mapfile -t lines <<<"$output"
	# shellcheck disable=SC2034
	mapfile -t stderr_lines <<<"$stderr"
}

# ok ARGS...: must end with 0.
ok() {
	cardadm "$@"
	[ "$status" -eq 0 ] || {
		echo "cardadm $*: status $status"
		echo "$output"
		echo "$stderr"
		return 1
	} >&2
}

# unicast_campaign NAME KEYSTORE: campaign.yaml over fleet/, its steps on stdin.
unicast_campaign() {
	{
		printf '%s\n' "cardadm: campaign/1" "name: $1" "keystore: $2" "keys: test" \
			"cards: {directory: fleet}" "mode: unicast" "steps:"
		cat
	} >campaign.yaml
}

# killed K VERB...: runs it, and kills it when K commands have gone to the card.
killed() {
	local k=$1 pid line
	shift
	rm -f fifo
	mkfifo fifo
	exec 4<>fifo
	"$CARDADM" "$@" --trace fifo >out 2>err </dev/null 4<&- &
	pid=$!
	while [ "$k" -gt 0 ] && read -r -t 5 line <&4; do
		[[ $line != '> '* ]] || k=$((k - 1))
		kill -0 "$pid" 2>/dev/null || break
	done
	kill -9 "$pid" 2>/dev/null || true
	wait "$pid" 2>/dev/null || true
	exec 4<&-
}

# fails STATUS ARGS...: must end with STATUS and one message on stderr, behind any progress: a line
# "cardadm: VERB: ...", with or without a hint behind it.
fails() {
	local want=$1
	shift
	cardadm "$@"
	local last
	last=$(grep -v '^cardadm: hint: ' <<<"$stderr" | tail -n 1)
	[ "$status" -eq "$want" ] && [[ $last == "cardadm: "* ]] || {
		echo "cardadm $*: status $status, wanted $want"
		echo "$output"
		echo "$stderr"
		return 1
	} >&2
}

# report FILTER: what the report of the campaign says. report_is FILTER: holds there, no error while it
# cannot be read.
report() {
	"$CARDADM" campaign report campaign.yaml --json | jq -rc "$1"
}

report_is() {
	[ "$(report "$1" 2>/dev/null)" = true ]
}

# all_at_goal: every card of fleet/ says that it runs version 3.2.
all_at_goal() {
	local card
	for card in fleet/*.card; do "$CARDADM" -r "vcard:$card" info --json || return 1; done >cards.json
	jq -es 'length > 0 and all(.[]; .system.version == "3.2")' cards.json
}

# A key store, COUNT cards in fleet/, an image with an application and its bundle.
fleet() {
	"$CARDADM" keystore init --test-keys keys.yaml
	"$CARDADM" vcard create fleet --count "${1:-1}" --keystore keys.yaml
	image app.img "${2:-2000}"
	"$CARDADM" bundle build --image app.img --version 3.2 --keystore keys.yaml --output app.bundle
}

# image FILE OCTETS: starts with 7F6E, an application A0000001510000 77 that answers "Hello".
image() {
	printf '\x7f\x6e\x13\x61\x11\x4f\x08\xa0\x00\x00\x01\x51\x00\x00\x77\x53\x05Hello' >"$1"
	head -c $(($2 - 22)) /dev/zero | tr '\0' 'x' >>"$1"
}

campaign() {
	cat >campaign.yaml <<'YAML'
cardadm: campaign/1
name: demo
keystore: keys.yaml
keys: test
level: 33
cards: {directory: fleet}
mode: broadcast
bundle: app.bundle
YAML
}
