# Somebody on the line: see test/attack/attack.c.

# attack RULE...: from now on $CARDADM is the program with a hand on its line, and these are its
# rules; without any it touches nothing.
attack() {
	local built
	: "${BUILT_CARDADM:=$(readlink -f "$CARDADM")}"
	built=$(dirname "$BUILT_CARDADM")/attack/cardadm
	[ -x "$built" ] || built=$TOP/build/release/attack/cardadm
	[ -x "$built" ] || { echo "attack: make $built first" >&2 && return 1; }
	ln -sf "$built" "$CARDADM"
	export CARDADM_ATTACK=$BATS_TEST_TMPDIR/attack.rules
	printf '%s\n' "$@" >"$CARDADM_ATTACK"
	: >"$CARDADM_ATTACK.log"
}

# attacked [N]: so many things were done to the line since, or any; no attack passes for lack of one.
attacked() {
	local n
	n=$(wc -l <"$CARDADM_ATTACK.log")
	[ "$n" -gt 0 ] && [ "${1:-$n}" -eq "$n" ] || {
		echo "$n things were done, not ${1:-one}:" >&2
		cat "$CARDADM_ATTACK.log" >&2
		return 1
	}
}
