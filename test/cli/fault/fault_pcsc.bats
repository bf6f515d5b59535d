#!/usr/bin/env bats
# slow: hundreds of runs
# Calls that fail, one after the other, of the verbs that talk to a real pcscd: those of PC/SC among
# them. See fault.bats.

load ../lib
load ../pcscd
load ../fault

teardown() {
	pcscd_teardown
}

# A card in the first of two readers; its file is not in the folder that is swept.
setup_reader() {
	setup_faulty
	pcscd_start 2
	"$CARDADM" keystore init --test-keys keys.yaml
	"$CARDADM" vcard create "$XDG_RUNTIME_DIR/one.card" -k keys.yaml
	(cd "$XDG_RUNTIME_DIR" && : >serve.err)
	serve_start "$XDG_RUNTIME_DIR/one.card"
}

@test "readers, info, keys and apdu through a reader" {
	setup_reader
	sweep readers_right readers
	sweep readers_right readers --json
	sweep shows_right -r 1 info
	sweep shows_right -r 1 keys --json
	sweep shows_right -r 1 apdu 80CA006600
}

# Where pcscd seems not to run there are no readers, which is no error.
readers_right() {
	shows_right || grep -q 'pcscd does not run' err
}

@test "a campaign over a reader" {
	setup_reader
	image app.img 600
	"$CARDADM" -q bundle build --image app.img --version 3.2 -k keys.yaml --output app.bundle
	campaign
	sed -i 's|^cards: .*|cards: {readers: ["1"]}|' campaign.yaml
	sweep shows_right campaign check campaign.yaml
}

# vcard serve ends when it is told to: a run of it is a start, "ready" or an end, and SIGTERM.
run_faulty() {
	local pid _
	rm -f "$log"
	# shellcheck disable=SC2034 # sweep looks at it
	rc=0
	FAULT_AT=$k FAULT_LOG=$log "$FAULTY" "${verb[@]}" >out 2>err </dev/null 3>&- &
	pid=$!
	if [[ "${verb[*]}" == "vcard serve"* ]]; then
		wait_for ready_or_gone "$pid" err
		kill -TERM "$pid" 2>/dev/null || true
	fi
	# shellcheck disable=SC2034
	wait "$pid" || rc=$?
}

@test "vcard serve" {
	setup_faulty
	pcscd_start 2
	"$CARDADM" keystore init --test-keys keys.yaml
	"$CARDADM" vcard create one.card -k keys.yaml
	FAULT_POINTS=12 sweep card_stays vcard serve one.card --vpcd "$vpcd" --wait 1
}

card_stays() {
	"$CARDADM" vcard show one.card >/dev/null
}
