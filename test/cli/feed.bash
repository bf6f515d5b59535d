# Campaigns over readers: a run in the background, what it has told so far, and what cards it did.

run_start() { # OPTION...
	: >run.err # what an earlier one said must not count
	# A job in the background of a script ignores SIGINT; what it starts by env does not.
	env --default-signal=INT "$CARDADM" campaign run campaign.yaml "$@" >run.out 2>run.err 3>&- &
	run_pid=$!
	wait_for grep -q 'put cards into' run.err || { cat run.err >&2; return 1; }
}

# The run has ended by itself: its status in $run_status.
run_wait() {
	run_status=0
	# shellcheck disable=SC2034 # for the test
	wait "$run_pid" || run_status=$?
	run_pid=
}

told() { # COUNT: cards that can be taken out by now
	wait_for told_so "$1" || { cat run.err >&2; return 1; }
}

told_so() {
	[ "$(grep -c 'take it out' run.err)" -ge "$1" ]
}

cin() { # FILE
	"$CARDADM" vcard show "$1" --json | jq -r .cin
}
