#!/usr/bin/env bats
# The main job, verb by verb, as an operator types it.

load ../lib

@test "the whole main job, one verb after the other" {
	ok keystore init --test-keys keys.yaml
	ok vcard create fleet --count 3 --keystore keys.yaml
	image app.img 5000
	ok bundle build --image app.img --version 3.2 --keystore keys.yaml --output app.bundle
	ok bundle verify app.bundle --keystore keys.yaml
	ok -r vcard:fleet/0001.card -k keys.yaml scp-open
	[[ $output == *"level 33"* ]]
	ok -r vcard:fleet/0001.card scp-mode broadcast --bundle app.bundle
	ok -r vcard:fleet/0001.card load app.bundle
	ok -r vcard:fleet/0001.card scp-mode unicast
	ok -r vcard:fleet/0001.card authorize load --bundle app.bundle
	[[ $output == *"3.2"* ]]
	ok -r vcard:fleet/0001.card scp-close
	ok -r vcard:fleet/0001.card info --json
	[ "$(jq -r .system.version <<<"$output")" = 3.2 ]
	[ "$(jq -r .system.digest <<<"$output")" = "$(sha256sum <app.img | cut -d' ' -f1)" ]
	campaign
	ok campaign run campaign.yaml
	ok campaign report campaign.yaml --json
	[ "$(jq -c '[.total, .done, .failed]' <<<"$output")" = '[3,3,0]' ]
	[ "$(jq -r '.cards[0] | .file, .state, .step' <<<"$output" | paste -sd' ')" = "fleet/0001.card done already" ]
	[ "$(jq -r '.cards[1].reason' <<<"$output")" = null ]
	# The application in the image answers once the image is active.
	ok -r vcard:fleet/0002.card apdu 00A4040008A00000015100007700
	[[ $output == *48656C6C6F* ]]
}

@test "the agent keeps the channel between verbs, status tells where it stands" {
	fleet
	r=vcard:fleet/0001.card
	ok -r $r scp-status
	[[ $output == "no channel is open"* ]]
	ok -r $r -k keys.yaml scp-open --level 13
	ok -r $r scp-status --json
	[ "$(jq -r '.mode, .level' <<<"$output" | paste -sd' ')" = "unicast 13" ]
	ok -r $r scp-mode broadcast --bundle app.bundle
	ok -r $r scp-status --json
	[ "$(jq -r '.mode, .bundle.done' <<<"$output" | paste -sd' ')" = "broadcast 0" ]
	fails 7 -r $r info
	fails 7 -r $r apdu 80CA006600
	fails 7 -r $r authorize load
	ok -r $r load app.bundle
	ok -r $r scp-mode unicast
	ok -r $r authorize load
	ok -r $r info --json
	[ "$(jq -r .system.version <<<"$output")" = 3.2 ]
	ok -r $r scp-close
}

@test "a reader may be written in several ways and is still the same card" {
	fleet
	ok -r vcard:fleet/0001.card -k keys.yaml scp-open
	ok -r "vcard:$PWD/fleet/../fleet/0001.card" scp-status --json
	[ "$(jq -r .open <<<"$output")" = true ]
	ok -r vcard:fleet/0001.card scp-close
}

@test "verbs that need a channel end with 7 and a hint without one" {
	fleet
	r=vcard:fleet/0001.card
	for verb in "scp-mode broadcast --bundle app.bundle" "load app.bundle" "authorize load --bundle app.bundle"; do
		# shellcheck disable=SC2086
		fails 7 -r $r $verb
		[[ $stderr == *"hint: "*scp-open* ]]
	done
	ok -r $r scp-close
	[[ $stderr == *"no channel is open"* ]]
}

@test "a card with an open channel is in use for everybody else" {
	fleet
	r=vcard:fleet/0001.card
	ok -r $r -k keys.yaml scp-open
	fails 4 -r $r -k keys.yaml scp-open
	XDG_RUNTIME_DIR=$BATS_TEST_TMPDIR fails 4 -r $r info
	[[ $stderr == *"in use"* ]]
	ok -r $r scp-close
	ok -r $r info
}

@test "order is guarded: early return, load of another bundle, load outside broadcast mode" {
	fleet 1
	r=vcard:fleet/0001.card
	"$CARDADM" bundle build --image app.img --version 3.3 --keystore keys.yaml --output other.bundle
	ok -r $r -k keys.yaml scp-open
	fails 7 -r $r scp-mode unicast
	fails 7 -r $r load app.bundle
	fails 8 -r $r authorize load --bundle app.bundle
	[[ $stderr == *"not complete"* ]]
	ok -r $r scp-mode broadcast --bundle app.bundle
	fails 7 -r $r scp-mode broadcast --bundle app.bundle
	fails 7 -r $r scp-mode unicast
	fails 7 -r $r load other.bundle
	ok -r $r load app.bundle
	ok -r $r scp-mode unicast
	ok -r $r scp-close
	# authorize later, in another session
	ok -r $r -k keys.yaml scp-open
	ok -r $r authorize load --bundle app.bundle --verify-only
	[[ $output == *"verified"* ]]
	fails 7 -r $r scp-mode broadcast --bundle app.bundle
	ok -r $r authorize load --bundle app.bundle
	ok -r $r authorize load --bundle app.bundle
	[[ $output == *"already"* ]]
	ok -r $r scp-close
}

@test "discard drops the slot and refuses the campaign for good" {
	fleet
	r=vcard:fleet/0001.card
	ok -r $r -k keys.yaml scp-open
	ok -r $r scp-mode broadcast --bundle app.bundle
	ok -r $r load app.bundle
	ok -r $r scp-mode unicast
	fails 7 -r $r authorize load --bundle app.bundle --discard </dev/null
	[[ $stderr == *"no terminal to ask on"*"hint: --yes"* ]]
	ok -r $r authorize load --bundle app.bundle --discard --yes
	[[ $output == *"discarded"* ]]
	fails 6 -r $r scp-mode broadcast --bundle app.bundle
	[[ $stderr == *6985* ]]
	ok -r $r scp-close
}

@test "a load that was broken off goes on at the block where the card stands" {
	fleet 1 400000
	r=vcard:fleet/0001.card
	# Nobody reads the trace: when it is full, in the middle of the load, the agent gives up.
	mkfifo trace
	exec 7<>trace
	ok -t trace -r $r -k keys.yaml scp-open 7>&-
	ok -r $r scp-mode broadcast --bundle app.bundle
	fails 1 -r $r load app.bundle
	[[ $stderr == *"cannot write the trace, the command was not sent"* ]]
	exec 7>&-
	wait_for agents_gone
	ok -r $r info --json
	done_before=$(jq -r '.slot.done // 0' <<<"$output")
	[ "$done_before" -gt 0 ]
	[ "$done_before" -lt "$("$CARDADM" bundle show app.bundle --json | jq '.packages[0].commands')" ]
	ok -r $r -k keys.yaml scp-open
	ok -r $r scp-mode broadcast --bundle app.bundle
	[[ $stderr == *"$done_before of "* ]]
	ok -r $r load app.bundle
	ok -r $r scp-mode unicast
	ok -r $r authorize load --bundle app.bundle
	ok -r $r scp-close
}

# Somebody who holds the cards' keys, but no Kos, began the slot with broadcast keys of his own, under
# the same campaign, package, number and length of commands: nothing is put together from two streams.
@test "a slot that was begun with other broadcast keys is not continued" {
	"$CARDADM" keystore init --test-keys keys.yaml
	image app.img 20000
	id=000102030405060708090A0B0C0D0E0F
	ok bundle build --image app.img --version 3.2 -k keys.yaml --campaign $id --output app.bundle
	XDG_STATE_HOME=$PWD/other ok bundle build --image app.img --version 3.2 -k keys.yaml \
		--campaign $id --variant plain --output own.bundle
	"$CARDADM" vcard create one.card --fault removed:40 -k keys.yaml
	r=vcard:one.card
	ok -r $r -k keys.yaml scp-open
	ok -r $r scp-mode broadcast --bundle own.bundle
	fails 4 -r $r load own.bundle
	j=$("$CARDADM" -r $r info --json | jq '.slot.done')
	[ "$j" -gt 10 ]
	cp one.card two.card
	ok -r $r -k keys.yaml scp-open
	ok -r $r scp-mode broadcast --bundle app.bundle
	[[ $stderr == *"$j of "*"not of this stream: load begins anew"* ]]
	ok -r $r scp-status
	[[ $output == *" 0 of "* ]]
	ok -r $r load app.bundle
	ok -r $r scp-mode unicast
	ok -r $r authorize load --bundle app.bundle
	ok -r $r scp-close
	# The same by a campaign.
	mkdir fleet
	mv two.card fleet
	campaign
	ok campaign run campaign.yaml
	ok campaign report campaign.yaml --json
	[ "$(jq -c '[.total, .done, .failed]' <<<"$output")" = '[1,1,0]' ]
}

# The wrong signature is told, whatever was loaded; who cannot sign cannot empty the slot either.
@test "an image that another issuer signed is refused and stays where it is, inert" {
	"$CARDADM" keystore init --test-keys keys.yaml
	"$CARDADM" vcard create one.card -k keys.yaml
	"$CARDADM" keystore init --test-keys other.yaml
	{
		sed '/^  issuer:/,/private/d' keys.yaml
		sed -n '/^  issuer:/,/private/p' other.yaml
	} >mixed.yaml
	chmod 600 mixed.yaml
	image app.img 3000
	ok bundle build --image app.img --version 3.2 -k mixed.yaml --output own.bundle
	r=vcard:one.card
	ok -r $r -k keys.yaml scp-open
	ok -r $r scp-mode broadcast --bundle own.bundle
	ok -r $r load own.bundle
	ok -r $r scp-mode unicast
	for args in --verify-only ""; do
		# shellcheck disable=SC2086
		fails 8 -r $r authorize load $args
		[[ $stderr == *"signature"* ]]
		ok -r $r info --json
		[ "$(jq -c '[.system.version, .slot.state, .slot.received]' <<<"$output")" = '["0.0","complete",3000]' ]
	done
	ok -r $r scp-close
}

@test "a command line as long as the kernel takes reaches the agent" {
	fleet
	r=vcard:fleet/0001.card
	ok -r $r -k keys.yaml scp-open --level 03
	long=80CA9F7F006000$(printf '%*s' $((2 * 0x6000)) '' | tr ' ' 0)
	words=()
	for _ in $(seq 12); do words+=("$long" "=6A80"); done
	cardadm -r $r apdu "${words[@]}"
	echo "$output$stderr" >&2
	[ "$status" -eq 6 ]
	[[ $stderr == *"command 1: 6700"* ]]
	ok -r $r scp-close
}

@test "--wait: the card's file appears" {
	"$CARDADM" keystore init --test-keys keys.yaml
	"$CARDADM" -r vcard:late.card --wait 20 info --json >got 2>said 3>&- &
	waiting=$!
	wait_for grep -q waiting said
	"$CARDADM" vcard create other.card --keystore keys.yaml
	mv other.card late.card
	wait "$waiting"
	[ "$(jq -r .reader got)" = vcard:late.card ]
}

@test "two verbs at once are served one after the other" {
	fleet 1 60000
	r=vcard:fleet/0001.card
	ok -r $r -k keys.yaml scp-open
	ok -r $r scp-mode broadcast --bundle app.bundle
	"$CARDADM" -r $r load app.bundle >a.out 2>a.err &
	one=$!
	"$CARDADM" -r $r load app.bundle >b.out 2>b.err &
	two=$!
	wait $one
	wait $two
	ok -r $r scp-mode unicast
	ok -r $r authorize load
	ok -r $r scp-close
}

@test "wrong keys: the cryptogram is compared, no try is spent" {
	"$CARDADM" keystore init --test-keys keys.yaml
	"$CARDADM" vcard create one.card --fault wrong-keys --keystore keys.yaml
	ok vcard show one.card --json
	tries=$(jq -r '.keys[0].tries_left' <<<"$output")
	fails 5 -r vcard:one.card -k keys.yaml --trace t.txt scp-open
	[[ $stderr == *cryptogram* ]]
	run ! grep -q '^> 8482' t.txt
	ok vcard show one.card --json
	[ "$(jq -r '.keys[0].tries_left' <<<"$output")" = "$tries" ]
}

@test "levels: what is asked is what is opened" {
	fleet
	r=vcard:fleet/0001.card
	for level in 00 01 03 11 13 33; do
		ok -r $r -k keys.yaml scp-open --level $level --json
		[ "$(jq -r .level <<<"$output")" = $level ]
		ok -r $r apdu 80F28002024F0000
		ok -r $r scp-close
	done
	fails 2 -r $r -k keys.yaml scp-open --level 12
	fails 7 -r $r -k keys.yaml scp-open --level 10
	[[ $stderr == *"no security level 10 in SCP03"* ]]
	"$CARDADM" vcard create old.card --i 00 --keystore keys.yaml
	ok -r vcard:old.card -k keys.yaml scp-open --json
	[ "$(jq -r .level <<<"$output")" = 03 ]
	ok -r vcard:old.card scp-close
	fails 7 -r vcard:old.card -k keys.yaml scp-open --level 33
}

@test "S16 cards" {
	"$CARDADM" keystore init --test-keys keys.yaml
	"$CARDADM" vcard create one.card --i 71 --keystore keys.yaml
	image app.img 3000
	"$CARDADM" bundle build --image app.img --version 1.0 --s16 --keystore keys.yaml --output app.bundle
	r=vcard:one.card
	ok -r $r -k keys.yaml scp-open
	[[ $output == *S16* ]]
	ok -r $r scp-mode broadcast --bundle app.bundle
	ok -r $r load app.bundle
	ok -r $r scp-mode unicast
	ok -r $r authorize load
	ok -r $r scp-close
	"$CARDADM" bundle build --image app.img --version 1.1 --keystore keys.yaml --output s8.bundle
	ok -r $r -k keys.yaml scp-open
	fails 7 -r $r scp-mode broadcast --bundle s8.bundle
	[[ $stderr == *"S16"* ]]
	ok -r $r scp-close
}

@test "a bundle whose KEK the key store has not: nothing is sent" {
	fleet
	"$CARDADM" bundle build --image app.img --version 3.2 --variant plain -k keys.yaml --output plain.bundle
	sed -i 's/^  bundle-kek:/  other-kek:/' keys.yaml
	r=vcard:fleet/0001.card
	ok -t t.txt -r $r -k keys.yaml scp-open
	fails 5 -r $r scp-mode broadcast --bundle plain.bundle
	[[ $stderr == *"bundle-kek"* ]]
	[ "$(grep -c '^> 8[0-9A-F]5A' t.txt)" -eq 0 ]
	ok -r $r scp-status --json
	[ "$(jq -r .mode <<<"$output")" = unicast ]
	ok -r $r scp-close
}

@test "dry runs send nothing, show the exact commands and no key" {
	fleet
	r=vcard:fleet/0001.card
	ok -n -r $r -k keys.yaml scp-open --sd A0000001510000 --level 13
	[[ $output == *"00A4040007A000000151000000  #"* ]]
	[[ $output == *"8050300008"*"8482130010"* ]]
	[[ $stderr == *"nothing is sent"* ]]
	fails 5 -n -r $r -k keys.yaml scp-open --keys nobody
	ok -r $r scp-status
	[[ $output == "no channel is open"* ]]
	ok -t t.txt -r $r -k keys.yaml scp-open
	ok -n -r $r scp-mode broadcast --bundle app.bundle
	# 80 holds the keys; 82, 83 and 85 stand there
	[[ $output =~ ^845A0100[0-9A-F]{2}A0([0-9A-F]{2}){1,2}8028\*{80}8210.*8310.*8401.*8510 ]]
	# What is only shown is not yet the agent's bundle.
	ok -r $r scp-status --json
	[ "$(jq -c '[.mode, .bundle]' <<<"$output")" = '["unicast",null]' ]
	ok -n -r $r authorize load --bundle app.bundle
	[[ $output == *"845C0000"* ]]
	ok -r $r scp-mode broadcast --bundle app.bundle
	ok -n -j -r $r load app.bundle
	jq -r '.commands[].apdu' <<<"$output" >planned
	[ "$(grep -c '^845E' planned)" -gt 5 ]
	ok -r $r load app.bundle
	ok -n -r $r scp-mode unicast
	cut -d' ' -f1 <<<"$output" >>planned
	ok -r $r scp-mode unicast
	ok -r $r scp-close
	sed -n 's/^> \(845E.*\|845A0001.*\)/\1/p' t.txt >sent
	diff planned sent
	ok -n -r $r apdu 0020008104FFFFFFFF
	[[ $output == "0020008104********  # VERIFY"* ]]
}

@test "in an open channel: what would end it is refused before anything goes out" {
	fleet
	r=vcard:fleet/0001.card
	ok -t t.txt -r $r -k keys.yaml scp-open
	before=$(wc -l <t.txt)
	fails 7 -r $r apdu 80CA006600 00A4040000
	[[ $stderr == *"command 2 would end"*"hint: scp-close"* ]]
	fails 7 -r $r apdu 80503000080000000000000000
	fails 2 -r $r apdu 80CA006600 84CA006600
	[ "$(wc -l <t.txt)" -eq "$before" ]
	ok -r $r apdu 80CA006600
	ok -r $r scp-close
}

@test "status and authorize follow a switch that found everything loaded" {
	fleet
	r=vcard:fleet/0001.card
	campaign
	echo "authorize: later" >>campaign.yaml
	ok campaign run campaign.yaml
	ok -r $r -k keys.yaml scp-open
	fails 7 -r $r scp-mode broadcast --bundle app.bundle
	[[ $stderr == *"hint: cardadm -r vcard:"*"authorize load --bundle app.bundle"* ]]
	ok -r $r scp-status --json
	jq -e '.bundle.done == .bundle.total and .mode == "unicast"' <<<"$output"
	ok -r $r authorize load
	ok -r $r scp-close
}

@test "a trace of the open channel holds the wire" {
	fleet
	r=vcard:fleet/0001.card
	ok -t t.txt -r $r -k keys.yaml scp-open
	ok -r $r apdu 80CA006600
	ok -r $r scp-close
	grep -q '^> 8050' t.txt
	grep -q '^> 8482' t.txt
	grep -q '^> 84CA0066' t.txt
	[ "$(stat -c %a t.txt)" = 600 ]
	ok -r $r -k keys.yaml scp-open
	ok -t one.txt -r $r apdu 80CA006600
	ok -r $r apdu 80CA006700
	[ "$(grep -c '^> ' one.txt)" -eq 1 ]
	ok -r $r scp-close
}

# heard_signal PID: no signal is on its way to it any more, and it sleeps again.
heard_signal() {
	[ "$(sed -nE 's/^(State|SigPnd|ShdPnd):\t([0-9A-Z]+).*/\2/p' "/proc/$1/status" | tr -d '0\n')" = S ]
}

@test "an interrupt reaches the agent: apdu stops before its next command" {
	fleet
	r=vcard:fleet/0001.card
	ok -t t.txt -r $r -k keys.yaml scp-open
	before=$(wc -l <t.txt)
	pid=$(agent_pids)
	kill -STOP "$pid"
	"$CARDADM" -r $r apdu 80CA006600 80CA006700 >out 2>err &
	client=$!
	# It waits for its answer: in recv, as the kernel names it.
	wait_for grep -qsE 'wait|recv|read' "/proc/$client/wchan"
	kill -INT $client
	wait_for heard_signal $client
	kill -CONT "$pid"
	status=0
	wait $client || status=$?
	[ "$status" -eq 130 ]
	grep -q 'stopped before command 1' err
	[ "$(wc -l <t.txt)" -eq "$before" ]
	ok -r $r apdu 80CA006600
	ok -r $r scp-close
}
