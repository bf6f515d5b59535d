#!/usr/bin/env bats
# slow: the whole job through pcscd, many times
# The main job through pcscd, on virtual cards in virtual readers, with opensc-tool and scriptor as
# witnesses who know nothing of us.

load ../lib
load ../pcscd

teardown() {
	pcscd_teardown
}

@test "the whole main job, one verb after the other, on two readers" {
	pcscd_start 2
	fleet 2 20000
	serve_start fleet/0001.card fleet/0002.card
	run ! runs_image 1
	main_job "$(reader_name 1)"
	ok -r 1 info --json
	[ "$(jq -r .system.version <<<"$output")" = 3.2 ]
	[ "$(jq -r .system.digest <<<"$output")" = "$(sha256sum <app.img | cut -d' ' -f1)" ]
	runs_image 1
	run ! runs_image 2
	main_job "00 01"
	runs_image 2
	serve_end
	[ "$serve_status" -eq 0 ]
	# What the cards have learnt is in their files.
	ok vcard show fleet/0002.card --json
	[ "$(jq -r .system.version <<<"$output")" = 3.2 ]
}

@test "two channels at once, each card gets what is its own" {
	pcscd_start 2
	fleet 2 20000
	serve_start fleet/0001.card fleet/0002.card
	ok -r 1 -k keys.yaml scp-open
	ok -r 2 -k keys.yaml scp-open
	for r in 1 2; do ok -r $r scp-mode broadcast --bundle app.bundle; done
	"$CARDADM" -r 1 load app.bundle >one.out 2>one.err 3>&- &
	one=$!
	ok -r 2 load app.bundle
	wait "$one"
	for r in 2 1; do
		ok -r $r scp-mode unicast
		ok -r $r authorize load
		ok -r $r scp-close
		runs_image $r
	done
}

@test "through pcscd as in the process: the same session, byte for byte" {
	pcscd_start 2
	"$CARDADM" keystore init --test-keys keys.yaml
	"$CARDADM" vcard create fleet --count 1 --keystore keys.yaml
	cp fleet/0001.card twin.card
	image app.img 3000
	"$CARDADM" bundle build --image app.img --version 3.2 --keystore keys.yaml --output app.bundle
	serve_start fleet/0001.card
	for r in vcard:twin.card 1; do
		ok -r $r -k keys.yaml scp-open
		ok -r $r scp-mode broadcast --bundle app.bundle
		ok -t "${r%%:*}.trace" -r $r load app.bundle
		ok -r $r scp-mode unicast
		ok -r $r authorize load
		ok -r $r scp-close
	done
	# The stream is the same for all cards and for all ways to them.
	grep '^[<>]' vcard.trace >want
	grep '^[<>]' 1.trace >have
	[ "$(wc -l <want)" -gt 10 ]
	diff want have
}

@test "levels, S16 and long images, through pcscd" {
	pcscd_start 2
	"$CARDADM" keystore init --test-keys keys.yaml
	"$CARDADM" vcard create s8.card --keystore keys.yaml
	"$CARDADM" vcard create s16.card --i 71 --keystore keys.yaml
	image app.img 200000
	"$CARDADM" bundle build --image app.img --version 3.2 --s16 --keystore keys.yaml --output app.bundle
	serve_start s8.card s16.card
	for level in 00 01 03 11 13 33; do
		ok -r 1 -k keys.yaml scp-open --level $level --json
		[ "$(jq -r .level <<<"$output")" = $level ]
		ok -r 1 apdu 80F28002024F0000
		ok -r 1 scp-close
	done
	main_job 2
	runs_image 2
	main_job 1
	runs_image 1
}

@test "readers are found by exact name, unique part and number, and by nothing else" {
	pcscd_start 4
	fleet 3
	serve_start fleet/*.card
	ok readers
	[ "${#lines[@]}" -eq 4 ]
	for n in 1 2 3; do
		[[ ${lines[n - 1]} == "$n  $(reader_name $n)  card 3B8701"* ]]
	done
	[ "${lines[3]}" = "4  $(reader_name 4)  no card" ]
	ok readers --json
	[ "$(jq -r '[.readers[]|select(.card)|.product]|unique|first' <<<"$output")" = "virtual card of cardadm" ]
	[ "$(jq -c '[.readers[].card]' <<<"$output")" = "[true,true,true,false]" ]
	[ "$(jq -r '.readers[2].name' <<<"$output")" = "$(reader_name 3)" ]
	cin() {
		ok -r "$1" info --json
		jq -r .cin <<<"$output"
	}
	third=$(cin 3)
	[ "$third" != "$(cin 1)" ]
	[ "$third" = "$(cin "Bench 02 00 00")" ]
	[ "$third" = "$(cin "02 00 00")" ]
	fails 4 -r "Bench 01" info
	[[ $stderr == *"more than one"*"Bench 01 00 00"*"Bench 01 00 01"* ]]
	fails 4 -r Tester info
	[[ $stderr == *"no reader"* ]]
	fails 4 -r 5 info
	fails 4 -r 0 info
	fails 4 -r 4 info
	[[ $stderr == *"no card"* ]]
	# The variable names a reader as -r does.
	CARDADM_READER=3 ok info --json
	[ "$(jq -r .cin <<<"$output")" = "$third" ]
}

@test "an open channel keeps strangers out, and strangers keep us out" {
	pcscd_start 2
	fleet 1
	serve_start fleet/0001.card
	ok -r 1 -k keys.yaml scp-open
	run opensc-tool -r 0 -c default -s 00A4040000
	[[ $output != *"SW1=0x90"* ]]
	XDG_RUNTIME_DIR=$BATS_TEST_TMPDIR fails 4 -r 1 info
	[[ $stderr == *"in use by another program"* ]]
	ok -r 1 scp-status --json
	[ "$(jq -r .open <<<"$output")" = true ]
	ok -r 1 scp-close
	[[ $(witness 1 00A4040000) == 9000* ]]
	# scriptor holds the card shared until its input ends. It is told to show each answer at once.
	mkfifo commands
	echo '$| = 1;' >Flush.pm
	PERL5LIB=$PWD PERL5OPT=-MFlush scriptor -r "$(reader_name 1)" <commands >stranger.out 2>&1 3>&- &
	stranger=$!
	exec 6>commands
	echo 00A40400 >&6
	wait_for grep -q '^<' stranger.out
	fails 4 -r 1 -k keys.yaml scp-open
	[[ $stderr == *"in use by another program"* ]]
	exec 6>&-
	wait "$stranger" || true
	ok -r 1 -k keys.yaml scp-open
	ok -r 1 scp-close
	# While they are in the readers, the files are in use.
	fails 4 -r vcard:fleet/0001.card info
	[[ $stderr == *"in use"* ]]
}

@test "the card is pulled during a load, and the load goes on where the card stands" {
	pcscd_start 2
	"$CARDADM" keystore init --test-keys keys.yaml
	"$CARDADM" vcard create one.card --fault removed:60 --keystore keys.yaml
	image app.img 60000
	"$CARDADM" bundle build --image app.img --version 3.2 --keystore keys.yaml --output app.bundle
	serve_start one.card
	r=$(reader_name 1)
	ok -r "$r" -k keys.yaml scp-open
	ok -r "$r" scp-mode broadcast --bundle app.bundle
	fails 4 -r "$r" load app.bundle
	[[ $stderr == *"$r: the card was removed"* ]]
	# No card is left in the readers: serve has ended.
	serve_wait
	[ "$serve_status" -eq 4 ]
	grep -q 'one.card: the card is out of the reader' serve.err
	ok -r "$r" scp-status
	[[ $output == "no channel is open"* ]]
	fails 4 -r "$r" info
	[[ $stderr == *"no card"* ]]
	serve_start one.card
	ok -r "$r" info --json
	done_before=$(jq -r .slot.done <<<"$output")
	[ "$done_before" -gt 20 ]
	ok -r "$r" -k keys.yaml scp-open
	ok -r "$r" scp-mode broadcast --bundle app.bundle
	ok -t rest.trace -r "$r" load app.bundle
	ok -r "$r" scp-mode unicast
	ok -r "$r" authorize load --bundle app.bundle
	ok -r "$r" scp-close
	runs_image 1
}

@test "a card that falls silent is a card that is gone" {
	pcscd_start 2
	"$CARDADM" keystore init --test-keys keys.yaml
	"$CARDADM" vcard create one.card --fault silent:3 --keystore keys.yaml
	"$CARDADM" vcard create two.card --keystore keys.yaml
	serve_start one.card two.card
	fails 4 -r 1 apdu 00A4040000 00A4040000 00A4040000 00A4040000
	[[ $stderr == *"$(reader_name 1): "* ]]
	grep -q 'one.card: the card does not answer any more' serve.err
	# The other card goes on.
	ok -r 2 apdu 00A4040000
	serve_end
	[ "$serve_status" -eq 0 ]
}

@test "pcscd is killed in the middle: the channel is lost, a new pcscd gets the cards back" {
	pcscd_start 2
	fleet 1 60000
	serve_start fleet/0001.card
	r=$(reader_name 1)
	ok -r "$r" -k keys.yaml scp-open
	ok -r "$r" scp-mode broadcast --bundle app.bundle
	pcscd_end KILL
	fails 4 -r "$r" load app.bundle
	[[ $stderr == *pcscd* ]]
	ok -r "$r" scp-status
	[[ $output == "no channel is open"* ]]
	fails 4 -r "$r" info
	[[ $stderr == *"pcscd does not run"* ]]
	grep -q 'fleet/0001.card: vpcd closed the connection, trying again' serve.err
	rm "$PCSCLITE_CSOCK_NAME"
	pcscd_launch "$XDG_RUNTIME_DIR/pcscd"
	wait_for readers_hold 1
	main_job "$r"
	runs_image 1
	serve_end
	[ "$serve_status" -eq 0 ]
}

@test "a session over PC/SC replays" {
	pcscd_start 2
	fleet 1
	serve_start fleet/0001.card
	ok -t one.trace -r 1 info
	first=$output
	serve_end
	ok -r replay:one.trace info
	[ "${output//replay:one.trace/}" = "${first//$(reader_name 1)/}" ]
}
