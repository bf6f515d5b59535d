#!/usr/bin/env bats
# slow
# Planted keys are searched for in everything that leaves the program; card files, key stores and
# key files are theirs to hold them.

load ../lib
load ../secrets

# Key stores whose values are known, so that they can be searched for.
planted() {
	"$CARDADM" keystore init --test-keys keys.yaml
	"$CARDADM" vcard create fleet --count 2 --keystore keys.yaml
	image app.img 9000
	secrets=$(grep -oiE '\b[0-9a-f]{32,64}\b' keys.yaml | sort -u)
	[ "$(wc -l <<<"$secrets")" -ge 5 ]
	# What is public is no secret: issuer and signer keys on `public:` lines.
	public=$(grep -i 'public' keys.yaml | grep -oiE '[0-9a-f]{64,130}' || true)
	for p in $public; do secrets=$(grep -vix "$p" <<<"$secrets"); done
}

@test "no key in output, errors, trace, bundle, ledger, report, state" {
	planted
	r=vcard:fleet/0001.card
	campaign
	{
		"$CARDADM" -v keystore list -k keys.yaml
		"$CARDADM" keystore list -k keys.yaml --json
		"$CARDADM" keystore check -k keys.yaml
		"$CARDADM" -v bundle build --image app.img --version 3.2 -k keys.yaml --output app.bundle
		"$CARDADM" bundle show app.bundle -k keys.yaml --json
		"$CARDADM" -v -t trace.txt -r $r -k keys.yaml scp-open
		"$CARDADM" -n -r $r scp-mode broadcast --bundle app.bundle
		"$CARDADM" -v -r $r scp-mode broadcast --bundle app.bundle
		"$CARDADM" -v -r $r load app.bundle
		"$CARDADM" -v -r $r scp-mode unicast
		"$CARDADM" -v -r $r authorize load --bundle app.bundle
		"$CARDADM" -r $r info --json
		"$CARDADM" -r $r scp-status --json
		"$CARDADM" -r $r scp-close
		"$CARDADM" -v campaign run campaign.yaml
		"$CARDADM" campaign report campaign.yaml --json
		"$CARDADM" vcard show fleet/0001.card --json
	} >everything 2>&1
	[ -s trace.txt ]
	# shellcheck disable=SC2046
	absent everything trace.txt app.bundle campaign.ledger $(find "$XDG_STATE_HOME" "$XDG_RUNTIME_DIR" -type f)
	# The search itself works: the key store holds them, and a planted one is found.
	run ! absent keys.yaml
	head -n 1 <<<"$secrets" >planted.txt
	run ! absent planted.txt
	head -n 1 <<<"$secrets" | sed 's/../\\x&/g' | xargs -0 printf '%b' >raw.txt
	run ! absent raw.txt
}

@test "no key in the arguments, the environment or a core file of the agent" {
	planted
	r=vcard:fleet/0001.card
	ulimit -c unlimited || true
	ok -r $r -k keys.yaml scp-open
	pid=$(agent_pids)
	ps -o args= -p "$pid" >ps.txt
	cat "/proc/$pid/environ" >environ.txt 2>/dev/null || echo unreadable >environ.txt
	absent ps.txt environ.txt
	grep -q 'Max core file size *0 *0' "/proc/$pid/limits"
	kill -SEGV "$pid"
	wait_for gone "$pid"
	[ -z "$(find . -name 'core*')" ]
}

@test "broadcast keys leave no trace: the bundle of variant A shows them to nobody who lacks Kos" {
	planted
	"$CARDADM" bundle build --image app.img --version 3.2 -k keys.yaml --output app.bundle
	absent app.bundle
	# The payload itself is not to be read from the bundle either.
	run ! grep -qaF xxxxxxxxxxxxxxxxxxxxxxxx app.bundle
	run ! grep -qaF Hello app.bundle
}
