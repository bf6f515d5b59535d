# Waiting for a state, never for a time. lib.bash loads it, and what runs without bats can.

# wait_for COMMAND...: until it succeeds; a state that does not come within a minute never will.
wait_for() {
	local end=$((SECONDS + 60))
	until "$@"; do
		[ "$SECONDS" -lt "$end" ] || { echo "waited in vain for: $*" >&2; return 1; }
		sleep 0.02
	done
}

# running PID: a zombie that waits for its parent does not count.
running() {
	[[ $(sed -n 's/^State:[[:space:]]*//p' "/proc/$1/status" 2>/dev/null) == [!Z]* ]]
}

gone() { # gone PID...
	local pid
	for pid in "$@"; do ! running "$pid" || return 1; done
}

# stop_when PID COMMAND...: stops the process where COMMAND succeeds, and leaves it there. Without
# this the state may have passed by the time that the test does what it came for.
stop_when() {
	wait_for stopped_and "$@"
}

stopped_and() {
	kill -STOP "$1" || return
	! "${@:2}" || return 0
	kill -CONT "$1"
	return 1
}
