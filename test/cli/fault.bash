# Runs of verbs in which one call fails: what the files of failing calls load, after lib.bash.

setup_faulty() {
	local program at
	program=$(realpath "$CARDADM")
	for at in "${FAULTY-}" "${program%/*/*}/san/fault/cardadm" "${program%/*}/build/san/fault/cardadm"; do
		[ ! -x "$at" ] || break
	done
	[ -x "$at" ] || skip "cardadm with calls that fail is not built: make fault"
	export ASAN_OPTIONS=exitcode=99:detect_leaks=1:log_path=$XDG_RUNTIME_DIR/san
	ln -s "$at" "$XDG_RUNTIME_DIR/faulty"
	FAULTY=$XDG_RUNTIME_DIR/faulty
}

# The folder as it is now, for `restore`.
keep() {
	rm -rf ../kept
	cp -a . ../kept
}

restore() {
	find . -mindepth 1 -delete
	cp -a ../kept/. .
}

bad() { # bad TEXT: shows the run
	echo "$1: call $k ($(paste -sd' ' "$log")), status $rc: ${verb[*]}" >&2
	cat out err >&2
	return 1
}

# run_faulty: the verb with its k-th call failing; $rc, out, err.
run_faulty() {
	rm -f "$log"
	rc=0
	FAULT_AT=$k FAULT_LOG=$log "$FAULTY" "${verb[@]}" >out 2>err </dev/null || rc=$?
}

# Every run: no report of a sanitizer (the agent has no stderr); a documented status; a message when
# it is not 0.
check_run() {
	if compgen -G "$XDG_RUNTIME_DIR/san.*" >/dev/null; then
		cat "$XDG_RUNTIME_DIR"/san.* >&2
		bad "sanitizer" || return
	fi
	case $rc in
	0) return ;;
	[1-9] | 10 | 130) ;;
	*) bad "no documented status" || return ;;
	esac
	[[ $(grep -v '^cardadm: hint: ' err | tail -n 1) == "cardadm: "?* ]] || bad "no message"
}

# sweep CHECK VERB...: calls CHECK in the folder that each run leaves.
sweep() {
	local check=$1 n k rc=0 log=$XDG_RUNTIME_DIR/log verb step
	shift
	verb=("$@")
	keep
	k=0
	run_faulty
	[ "$rc" -eq 0 ] || bad "does not even pass"
	n=$(cat "$log")
	cp out ../right
	step=$((n / ${FAULT_POINTS:-40} + 1))
	[ -z "${FAULT_EVERY:-}" ] || step=1
	for ((k = 1; k <= n; k += step)); do
		restore
		run_faulty
		check_run || return
		"$check" || bad "$check" || return
	done
	restore
}

# What a verb shows is right or not there.
shows_right() {
	[ "$rc" -ne 0 ] || cmp out ../right || grep -q 'shown is the run of .* that was last' err
}
