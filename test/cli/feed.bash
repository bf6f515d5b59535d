# Campaigns over readers: a run in the background, what it has told so far, and its report.

report() { # JQ-FILTER
	"$CARDADM" campaign report campaign.yaml --json | jq -rc "$1"
}

run_start() { # OPTION...
	: >run.err # what an earlier one said must not count
	# A job in the background of a script ignores SIGINT; what it starts by env does not.
	env --default-signal=INT "$CARDADM" campaign run campaign.yaml "$@" >run.out 2>run.err 3>&- &
	run_pid=$!
	for _ in {1..200}; do
		! grep -q 'put cards into' run.err || return 0
		sleep 0.05
	done
	cat run.err >&2
	return 1
}

# The run has ended by itself: its status in $run_status.
run_wait() {
	run_status=0
	# shellcheck disable=SC2034 # for the test
	wait "$run_pid" || run_status=$?
	run_pid=
}

told() { # COUNT: cards that can be taken out by now
	for _ in {1..400}; do
		[ "$(grep -c 'take it out' run.err)" -lt "$1" ] || return 0
		sleep 0.05
	done
	cat run.err >&2
	return 1
}

cin() { # FILE
	"$CARDADM" vcard show "$1" --json | jq -r .cin
}
