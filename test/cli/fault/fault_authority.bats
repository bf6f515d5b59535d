#!/usr/bin/env bats
# slow: hundreds of runs
# Calls that fail (test/fault.bats) in the verbs that sign and verify: what they leave is a good
# signature or none, and nothing is called good that is not.

load ../lib
load ../fault

isd=A000000151000000
applet=F04341524441444D0101
receipt=1D101CC1631D1804F864E275B779EBE71B710200010848434D4F01020304

prepare() {
	"$CARDADM" keystore init --test-keys keys.yaml -q
	printf '  p521: {%s}\n' "type: dap, private: {file: ECP521.pem}, public: {file: ECP521.pub.pem}" >>keys.yaml
	install -m 600 "$TOP"/test/vectors/rfc9500/ECP521{,.pub}.pem .
	cp "$TOP"/examples/{hello,hello-1.1}.cap .
}

# The file is there, then it is whole, or it can be made.
dap_comes() {
	[ -e x.dap ] || { [ "$rc" -ne 0 ] && "$CARDADM" "${verb[@]}" >/dev/null 2>&1; } || return
	"$CARDADM" dap verify hello.cap --key "${1:-dap}" --dap x.dap -k keys.yaml >/dev/null
}
dap_comes_pem() {
	dap_comes p521
}

@test "dap sign, dap verify" {
	setup_faulty
	prepare
	sweep dap_comes dap sign hello.cap --key dap --domain $isd --output x.dap -k keys.yaml
	sweep dap_comes_pem dap sign hello.cap --key p521 --domain $isd --output x.dap -k keys.yaml
	"$CARDADM" dap sign hello.cap --key dap --domain $isd --output x.dap -k keys.yaml
	sweep shows_right dap verify hello.cap --key dap --dap x.dap -k keys.yaml --json
	sweep shows_right keystore check -k keys.yaml
}

@test "no call that fails makes a wrong signature good" {
	setup_faulty
	prepare
	"$CARDADM" dap sign hello.cap --key dap --domain $isd --output x.dap -k keys.yaml
	"$CARDADM" token make delete $applet --output x.token -k keys.yaml
	for words in "dap verify hello-1.1.cap --key dap --dap x.dap" \
		"token verify delete $applet --related --token x.token" \
		"receipt verify delete F04341524441444D01 --receipt $receipt"; do
		read -ra verb <<<"$words"
		verb+=(-k keys.yaml)
		# shellcheck disable=SC2034 # for run_faulty
		log=$XDG_RUNTIME_DIR/log
		for ((k = 1; k <= 400; k += 7)); do
			run_faulty
			check_run
			[ "$rc" -ne 0 ] || bad "good"
		done
	done
}

token_comes() {
	[ -e x.token ] || { [ "$rc" -ne 0 ] && "$CARDADM" "${verb[@]}" >/dev/null 2>&1; } || return
	"$CARDADM" token verify load-install hello.cap --token x.token -k keys.yaml >/dev/null
}

@test "token make, token verify, receipt verify" {
	setup_faulty
	prepare
	sweep token_comes token make load-install hello.cap --output x.token -k keys.yaml --json
	"$CARDADM" token make load-install hello.cap --output x.token -k keys.yaml
	sweep shows_right token verify load-install hello.cap --token x.token -k keys.yaml
	sweep shows_right receipt verify delete $applet --receipt $receipt --counter 1 -k keys.yaml
}
