# A pcscd of the test's own with virtual readers. Load it after lib.bash (or wait.bash) and end tests with
# pcscd_teardown. It runs as root, and as any user inside of a namespace (as_user).
#
#	pcscd_start READERS     an even number; sets PCSCLITE_CSOCK_NAME, vpcd (HOST:PORT), pcscd_pid
#	serve_start FILE...     cards into the readers, in their order; returns when all are seen
#	serve_end               takes them out
#	inserts, pulled         the same for the card that a script makes

VPCD_DRIVER=/usr/lib/pcsc/drivers/serial/libifdvpcd.so

# The launcher is built beside the program.
activate_path() {
	local program p
	program=$(realpath "$CARDADM")
	for p in "${ACTIVATE-}" "${program%/*}/tools/activate" "${program%/*}/build/release/tools/activate" \
		"${TOP-.}/build/release/tools/activate"; do
		[ -z "$p" ] || [ ! -x "$p" ] || { echo "$p"; return; }
	done
	echo "test/tools/activate is not built: make unit" >&2
	return 1
}

# What must be there; tests that find it missing are skipped with the reason.
pcscd_needs() {
	local need
	[ "$(id -u)" -eq 0 ] || skip "needs root here; as an ordinary user these run in pcsc_user.bats"
	for need in pcscd opensc-tool scriptor; do
		command -v "$need" >/dev/null || skip "$need is not installed"
	done
	[ -e "$VPCD_DRIVER" ] || skip "vsmartcard-vpcd is not installed"
}

# reader_name N: the name of the N-th reader, counted from 1. One driver has two slots.
reader_name() {
	printf 'Bench %02d 00 %02d' $((($1 + 1) / 2)) $((($1 + 1) % 2))
}

# free_ports N: the first of N ports of TCP that follow each other and that nobody has, below those
# that the kernel gives away.
free_ports() {
	local base port used try
	used=$(awk 'NR > 1 { split($2, a, ":"); print a[2] }' /proc/net/tcp /proc/net/tcp6 2>/dev/null)
	for try in {1..200}; do
		base=$((20000 + RANDOM % 750 * 16))
		for ((port = base; port < base + $1; port++)); do
			! grep -qx "$(printf %04X "$port")" <<<"$used" || continue 2
		done
		echo "$base"
		return
	done
	echo "no free ports after $try tries" >&2
	return 1
}

# pcscd_listens BASE N: does our pcscd listen on all of them? Somebody may have been faster.
pcscd_listens() {
	local inodes port
	inodes=$(readlink "/proc/$pcscd_pid/fd/"* 2>/dev/null | sed -n 's/^socket:\[\(.*\)\]$/\1/p')
	for ((port = $1; port < $1 + $2; port++)); do
		awk -v port="$(printf :%04X "$port")" -v inodes="$inodes" '
			BEGIN { n = split(inodes, list, "\n"); for (i = 1; i <= n; i++) ours[list[i]] = 1 }
			$4 == "0A" && substr($2, length($2) - 4) == port && ($10 in ours) { found = 1 }
			END { exit !found }' /proc/net/tcp || return 1
	done
}

# Each driver needs a file of its own: pcscd loads a file once, and vpcd keeps its slots in it.
pcscd_config() { # DIR BASE READERS
	local i name
	rm -rf "$1"
	mkdir -p "$1/conf"
	for ((i = 0; i < $3; i += 2)); do
		cp "$VPCD_DRIVER" "$1/vpcd$i.so"
		name=$(reader_name $((i + 1)))
		printf 'FRIENDLYNAME "%s"\nDEVICENAME /dev/null:%d\nLIBPATH %s\nCHANNELID %d\n\n' \
			"${name% 00 00}" $(($2 + i)) "$1/vpcd$i.so" $(($2 + i))
	done >"$1/conf/readers"
}

# pcscd writes /run/pcscd/pcscd.pid: root gives it a /run of its own where that is allowed, so that
# it leaves a pcscd of the system alone.
pcscd_launch() { # DIR
	local launch=("$activate" "$1/sock" pcscd -f -c "$1/conf")
	if unshare -m true 2>/dev/null; then
		# shellcheck disable=SC2016 # the inner shell expands it
		launch=(unshare -m sh -c 'mount -t tmpfs tmpfs /run && exec "$@"' sh "${launch[@]}")
	fi
	"${launch[@]}" >"$1/log" 2>&1 3>&- &
	pcscd_pid=$!
}

pcscd_settled() { # BASE N: it listens, or it never will
	pcscd_listens "$1" "$2" || gone "$pcscd_pid"
}

pcscd_start() {
	local dir=$XDG_RUNTIME_DIR/pcscd base try
	pcscd_needs
	activate=$(activate_path)
	for try in 1 2 3 4 5; do
		base=$(free_ports "$1")
		pcscd_config "$dir" "$base" "$1"
		pcscd_launch "$dir"
		vpcd=127.0.0.1:$base
		export PCSCLITE_CSOCK_NAME=$dir/sock
		wait_for pcscd_settled "$base" "$1" || true
		! pcscd_listens "$base" "$1" || return 0
		pcscd_end TERM
	done
	echo "pcscd does not start ($try tries)" >&2
	cat "$dir/log" >&2
	return 1
}

pcscd_end() { # [SIGNAL]
	[ -n "${pcscd_pid-}" ] || return 0
	kill "-${1:-TERM}" "$pcscd_pid" 2>/dev/null || true
	wait "$pcscd_pid" 2>/dev/null || true
	pcscd_pid=
	# Where it had no /run of its own.
	rmdir /run/pcscd 2>/dev/null || true
}

# serve_start [OPTION] FILE...: ends when the readers show all cards.
serve_start() {
	local arg cards=0
	for arg in "$@"; do [[ $arg == -* ]] || cards=$((cards + 1)); done
	: >serve.err # what an earlier one said must not count
	"$CARDADM" vcard serve "$@" --vpcd "$vpcd" >serve.out 2>serve.err 3>&- &
	serve_pid=$!
	wait_for ready_or_gone "$serve_pid" serve.err
	grep -qx ready serve.err || { cat serve.err >&2; return 1; }
	wait_for readers_hold "$cards"
}

ready_or_gone() { # PID FILE
	grep -qxs ready "$2" || gone "$1"
}

readers_hold() { # COUNT: so many cards at least, as somebody else sees it
	[ "$(opensc-tool -l 2>/dev/null | grep -c ' Yes ')" -ge "$1" ]
}

reader_has() { # FILTER: it holds of the first reader, as this program sees it
	"$CARDADM" readers --json | jq -e ".readers[0]$1" >/dev/null
}

# serve_end [SIGNAL]: its exit status in $serve_status.
serve_end() {
	# shellcheck disable=SC2034 # tests look at it
	serve_status=
	[ -n "${serve_pid-}" ] || return 0
	kill "-${1:-TERM}" "$serve_pid" 2>/dev/null || true
	serve_wait
}

# Waits until it ends by itself.
serve_wait() {
	serve_status=0
	# shellcheck disable=SC2034 # tests look at it
	wait "$serve_pid" || serve_status=$?
	serve_pid=
}

# relay_start FIRST SECOND: both cards in the first reader, by way of relay.py; relay_end takes them out.
relay_start() {
	local cards
	cards=$(free_ports 2)
	/usr/bin/python3 "$TOP/test/cli/relay.py" "${vpcd##*:}" "$cards" >relay.out 2>relay.err 3>&- &
	relay_pid=$!
	wait_for grep -qs listening relay.out
	: >serve.err
	"$CARDADM" vcard serve "$@" --vpcd "127.0.0.1:$cards" >serve.out 2>serve.err 3>&- &
	# shellcheck disable=SC2034 # serve_end looks at it
	serve_pid=$!
	wait_for grep -qx ready serve.err
	wait_for first_has_card
}

first_has_card() {
	opensc-tool -l 2>/dev/null | grep -q ' Yes .*Bench 01 00 00'
}

relay_end() {
	rm -f stall
	serve_end
	wait "$relay_pid" || true
	relay_pid=
}

pcscd_teardown() {
	local pid
	for pid in $(agent_pids); do
		kill "$pid" 2>/dev/null || true
		wait_for gone "$pid" || true
	done
	# One that a failed test left stopped would never end.
	[ -z "${serve_pid-}" ] || kill -CONT "$serve_pid" 2>/dev/null || true
	serve_end TERM
	pcscd_end TERM
	rm -rf "$XDG_RUNTIME_DIR"
}

# ---- a story of examples/ in a reader ----

# inserts: a program that is cardadm, except that the card which `vcard create` makes is in the first
# reader when it ends, and nowhere else.
inserts() {
	cat >inserts <<-BASH
		#!/bin/bash
		"$CARDADM" "\$@" || exit
		[ "\$1 \$2" = "vcard create" ] || exit 0
		mv "\$3" "$PWD/card"
		cd "$PWD"
		source "$TOP/test/cli/wait.bash"
		source "$TOP/test/cli/pcscd.bash"
		CARDADM=$CARDADM vpcd=$vpcd
		serve_start card >&2
		echo "\$serve_pid" >serve.pid
	BASH
	chmod +x inserts
}

# pulled: the card leaves the reader. Who serves it is no child of this shell.
pulled() {
	[ -s serve.pid ] || return 0
	kill "$(<serve.pid)" 2>/dev/null || true
	wait_for gone "$(<serve.pid)"
	rm serve.pid
}

# ---- the main job, and strangers who look on ----

# witness READER HEX: the answer to one command as opensc-tool sees it, hex with status word in front.
# Readers are counted from 0 there.
witness() {
	opensc-tool -r "$(($1 - 1))" -c default -s "$2" | awk '
		/^Received/ { match($0, /SW1=0x../); sw = substr($0, RSTART + 6, 2)
			match($0, /SW2=0x../); sw = sw substr($0, RSTART + 6, 2); on = 1; next }
		on { for (i = 1; i <= 16; i++) { c = substr($0, 3 * i - 2, 3); if (c ~ /^[0-9A-F][0-9A-F] $/) d = d substr(c, 1, 2) } }
		END { print sw, d }'
}

# script READER HEX...: the same by scriptor, one line for each command.
script() {
	local reader
	reader=$(reader_name "$1")
	shift
	printf '%s\n' "$@" | scriptor -r "$reader" 2>/dev/null | awk '
		/^< / { d = substr($0, 3); on = 1; }
		on && !/^< / { d = d $0 }
		on && / : / { sub(/ : .*/, "", d); gsub(/ /, "", d); print d; on = 0 }'
}

# The lines of the main job on one reader, named in any way.
main_job() { # READER
	ok -r "$1" -k keys.yaml scp-open
	[[ $output == *"level 33"* ]]
	ok -r "$1" scp-mode broadcast --bundle app.bundle
	ok -r "$1" load app.bundle
	ok -r "$1" scp-mode unicast
	ok -r "$1" authorize load --bundle app.bundle
	[[ $output == *"3.2"* ]]
	ok -r "$1" scp-close
}

# What strangers see of the card in READER: the version and the digest in FF70, and the application
# of the image.
runs_image() { # READER-NUMBER
	local digest
	digest=$(sha256sum <app.img | cut -d' ' -f1 | tr a-f A-F)
	[[ $(witness "$1" 80CAFF7000) == "9000 "*"$digest"* ]]
	[[ $(witness "$1" 00A4040008A00000015100007700) == "9000 "*48656C6C6F* ]]
	[[ $(script "$1" 00A40400 80CAFF7000 | tail -n 1) == *"$digest"*9000 ]]
}
