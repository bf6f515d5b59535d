#!/usr/bin/env bats
# slow
# Real PC/SC as an ordinary user: the tests of pcsc.bats and pcsc_job.bats once more, in namespaces
# of their own, with a pcscd that this user starts. Nothing of it outlives the namespace.

load ../lib
load ../pcscd

teardown() {
	rm -rf "$XDG_RUNTIME_DIR" "${place-}"
}

# Runs a command as an ordinary user in fresh user, mount, network and process namespaces.
as_user() {
	local drop=()
	[ "$(id -u)" -ne 0 ] || drop=(setpriv --reuid=65534 --regid=65534 --clear-groups)
	# --kill-child: whatever still runs in there ends with it.
	# A bats inside of bats must not see the outer one's environment.
	env -i HOME="$place/home" CARDADM="$place/cardadm" PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
		"${drop[@]}" unshare -Urmn -pf --kill-child --mount-proc "$@"
}

@test "the main job through pcscd as an ordinary user" {
	for need in setpriv unshare pcscd; do
		command -v "$need" >/dev/null || skip "$need is not installed"
	done
	# The tree may be closed to this user.
	place=$(mktemp -d /tmp/cardadm-user.XXXXXX)
	mkdir -p "$place/tools" "$place/test/cli/pcsc" "$place/home" "$place/lib/profile"
	cp "$(realpath "$CARDADM")" "$place/cardadm"
	cp "$(activate_path)" "$place/tools/"
	cp -r "$TOP/lib/profile/data" "$place/lib/profile/"
	cp "$TOP"/test/cli/{lib,pcscd,wait}.bash "$place/test/cli/"
	cp "$TOP"/test/cli/pcsc/{pcsc,pcsc_job}.bats "$place/test/cli/pcsc/"
	chmod -R a+rX "$place"
	chmod 1777 "$place/home"
	cd "$place/home"
	as_user mount -t tmpfs tmpfs /run 2>/dev/null || skip "no user namespaces here"
	# shellcheck disable=SC2016 # the inner shell expands them
	run as_user sh -c '
		mount -t tmpfs tmpfs /run && exec "$0/tools/activate" --loopback bats --tap "$0"/test/cli/pcsc/*.bats' "$place"
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$(grep -c '^ok ' <<<"$output")" -ge 16 ]
	run ! grep -q '^ok .*# skip' <<<"$output"
}
