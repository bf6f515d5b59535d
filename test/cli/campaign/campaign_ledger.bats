#!/usr/bin/env bats
# slow: check-quick has others of its kind
# Ledgers that are not what was written.

load ../lib

fleet_sum() { cat fleet/*.card | sha256sum; }

# Two of four cards are done.
half_done() {
	fleet 2
	campaign
	ok campaign run campaign.yaml
	"$CARDADM" vcard create fleet --count 2 --first 3 --keystore keys.yaml
}

@test "a row that is not what was written: 10, no card, and the report marks it" {
	half_done
	sqlite3 campaign.ledger "PRAGMA application_id = 0;
		UPDATE card SET state = 0 WHERE file = 'fleet/0001.card'"
	before=$(fleet_sum)
	fails 10 campaign run campaign.yaml
	[[ $stderr == *"campaign.ledger: damaged: "*"hint: move it away"* ]]
	[ "$(fleet_sum)" = "$before" ]
	ok campaign report campaign.yaml --json
	[ "$(jq -c '[.damaged,.total,.done,[.cards[].state]]' <<<"$output")" = '[true,2,1,["damaged","done"]]' ]
	[[ $stderr == *"campaign.ledger is damaged"* ]]
	ok campaign status campaign.yaml
	[[ $output == *"damaged  1"* ]]
	[[ $stderr == *"campaign.ledger is damaged"* ]]
	# The remedy that the hint names.
	mv campaign.ledger campaign.ledger.damaged
	ok campaign run campaign.yaml --json
	[ "$(jq -c '[.total,.done,.already,.damaged]' <<<"$output")" = '[4,4,2,false]' ]
}

@test "a ledger that is gone, older, or no ledger: it is said, the cards are asked, nothing is done twice" {
	fleet 2
	campaign
	ok campaign run campaign.yaml
	[[ $stderr != *"are asked"* ]]
	cp campaign.ledger old
	"$CARDADM" vcard create fleet --count 1 --first 3 --keystore keys.yaml
	ok campaign run campaign.yaml
	[[ $stderr != *"are asked"* ]]
	for how in older gone unreadable empty; do
		case $how in
		gone) rm campaign.ledger ;;
		older) cp old campaign.ledger ;;
		unreadable) printf '%0200d' 0 >campaign.ledger ;;
		empty) : >campaign.ledger ;;
		esac
		case $how in
		gone | empty | older)
			for verb in status report; do
				ok campaign $verb campaign.yaml
				[[ $stderr == *"remark: campaign.ledger: "*"the next run asks the cards"* ]]
			done
			;;
		esac
		ok campaign run campaign.yaml --json
		[ "$(jq -c '[.total,.done]' <<<"$output")" = '[3,3]' ]
		case $how in
		gone | empty) [[ $stderr == *"campaign.ledger: the ledger that was written here is gone; the cards are asked"* ]] ;;
		older) [[ $stderr == *"campaign.ledger: it is an older copy"*"the cards are asked"* ]] ;;
		unreadable)
			[[ $stderr == *"campaign.ledger: no ledger any more, renamed to *.unreadable-1"* ]]
			[ "$(stat -c %s campaign.ledger.unreadable-1)" -eq 200 ]
			;;
		esac
		ok campaign run campaign.yaml --json
		[[ $stderr != *"are asked"* ]]
		ok campaign status campaign.yaml
		[ -z "$stderr" ]
		all_at_goal
	done
	# Somebody else's file of that name is not touched.
	mkdir other
	cp -r fleet keys.yaml app.bundle campaign.yaml other
	printf '%0200d' 0 >other/campaign.ledger
	fails 10 campaign run other/campaign.yaml
	[ "$(cat other/campaign.ledger)" = "$(printf '%0200d' 0)" ]
}

@test "report and status without bundle, CAP file or key store" {
	fleet 2
	campaign
	ok campaign run campaign.yaml
	for gone in app.bundle keys.yaml; do
		mv $gone hidden
		ok campaign report campaign.yaml --json
		[ "$(jq -c '[.version,.total,.done,.bundle != null,(.cards|length)]' <<<"$output")" = '[null,2,2,true,2]' ]
		[[ $stderr == *"$gone: "*"; shown is the run of demo that was last"* ]]
		ok campaign report campaign.yaml
		[[ $output == *"fleet/0002.card"*done* ]]
		ok campaign status campaign.yaml
		[[ $output == "campaign demo"*"done     2"* ]]
		fails 3 campaign run campaign.yaml
		mv hidden $gone
	done
	ok campaign report campaign.yaml --json
	[ "$(jq -r .version <<<"$output")" = 3.2 ]
	[ "$stderr" = "" ]
	"$TOP"/test/cap/make_cap hello.cap
	sed -e 's/^name:.*/name: steps/; s/^mode:.*/mode: unicast/; /^bundle/d' campaign.yaml >steps.yaml
	printf 'steps:\n  - install: {file: hello.cap}\n' >>steps.yaml
	ok campaign run steps.yaml
	rm hello.cap
	ok campaign report steps.yaml --json
	[ "$(jq -c '[.done,.cards[0].steps]' <<<"$output")" = '[2,[{"step":"install","state":"done","proven":true}]]' ]
	ok campaign report steps.yaml
	[[ $output == *"campaign steps, 1 step"*"steps: done"* ]]
}

# read_only ARGS...: cardadm where nothing can be written.
read_only() {
	# shellcheck disable=SC2016 # the inner shell expands them
	run --separate-stderr unshare -rm sh -c '
		mount --bind . . && mount -o remount,bind,ro . && cd "$PWD" || exit 99
		! touch x 2>/dev/null || exit 99
		exec "$@"' - "$CARDADM" "$@"
	[ "$status" -ne 99 ] || skip "no name space of our own for mounts"
}

@test "report and status from a medium that cannot be written" {
	fleet 2
	campaign
	ok campaign run campaign.yaml
	[ "$(echo campaign.ledger*)" = campaign.ledger ]
	for verb in report status; do
		read_only campaign $verb campaign.yaml --json
		[ "$status" -eq 0 ]
		[ "$(jq -c '[.total,.done,.damaged]' <<<"$output")" = '[2,2,false]' ]
	done
	# Left in the mode of a run, with all of it in the file.
	sqlite3 campaign.ledger 'PRAGMA application_id = 0; PRAGMA journal_mode = WAL' >/dev/null
	read_only campaign status campaign.yaml --json
	[ "$status" -eq 0 ]
	[ "$(jq -c '[.total,.done]' <<<"$output")" = '[2,2]' ]
}

@test "a full disk is told as such" {
	fleet 120
	campaign
	(
		trap '' XFSZ
		ulimit -f 48
		run --separate-stderr "$CARDADM" campaign run campaign.yaml
		[ "$status" -eq 10 ]
		[[ $stderr == *"campaign.ledger: cannot be written: "* ]]
		[[ $stderr != *"transaction"* ]]
	)
	ok campaign run campaign.yaml
	all_at_goal
}

@test "SIGHUP ends a run at a safe point, more than one as well, and not under nohup" {
	fleet 1 60000
	campaign
	"$CARDADM" campaign run campaign.yaml 2>run.err &
	until [ -e campaign.ledger ]; do :; done # before it is there the directory alone is counted
	kill -HUP $! && kill -HUP $! 2>/dev/null || true
	wait $! || true
	ok campaign report campaign.yaml --json
	[ "$(jq -c '[.cards[].in_doubt] | any' <<<"$output")" = false ]
	if [ "$(jq -r '.cards[0].state // "pending"' <<<"$output")" = pending ]; then
		grep -q "cardadm: campaign run: interrupted" run.err
	fi
	(
		trap '' HUP
		"$CARDADM" campaign run campaign.yaml &
		kill -HUP $!
		wait $!
	)
	all_at_goal
}

@test "a report obeys an interrupt" {
	fleet 1
	campaign
	ok campaign run campaign.yaml
	sqlite3 campaign.ledger "PRAGMA application_id = 0;
		WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60000)
		INSERT INTO card(goal, file) SELECT goal, 'x/' || i FROM campaign, n"
	mkfifo out
	exec 7<>out
	"$CARDADM" campaign report campaign.yaml >out 2>err 7>&- &
	local pid=$! reader rc=0 from
	read -r _ <&7
	: >got
	cat <&7 >>got &
	reader=$!
	from=$(date +%s%N)
	kill -INT $pid
	wait $pid || rc=$?
	[ $(($(date +%s%N) - from)) -lt 1000000000 ]
	kill $reader
	[ $rc -eq 130 ]
	grep -q "cardadm: campaign report: interrupted" err
	[ "$(wc -l <got)" -lt 60000 ]
}

@test "the listing of cards obeys an interrupt within a second" {
	local n=20000 pid rc=0 from
	fleet 1
	campaign
	: >fleet/x
	python3 -c "
import os
for i in range($n): os.link('fleet/x', 'fleet/x%06d.card' % i)" # names for one file: files take time
	"$CARDADM" campaign run campaign.yaml 2>err &
	pid=$!
	# Stopped with the first rows written, so that the rest is not listed while this test looks.
	stop_when $pid test -s campaign.ledger
	kill -INT $pid
	from=$(date +%s%N)
	kill -CONT $pid
	wait $pid || rc=$?
	[ $(($(date +%s%N) - from)) -lt 1000000000 ]
	[ $rc -eq 130 ]
	grep -q "cardadm: campaign run: interrupted" err
	# In the middle: not all of them, and none was worked on.
	[ "$(sqlite3 campaign.ledger 'SELECT count(*) FROM card')" -lt $n ]
	[ "$(sqlite3 campaign.ledger 'SELECT count(*) FROM card WHERE attempts > 0')" -eq 0 ]
}
