#!/usr/bin/env bats
# slow: installs packages
# make install, uninstall and the Debian package.

load ../lib

top=$TOP

# A tree of its own, so that the tests beside this one keep theirs; what is built comes along.
copy_tree() {
	mkdir tree
	(cd "$top" && tar cf - --exclude=./build/san --exclude=./build/fuzz --exclude=./build/coverage --exclude=./.git .) | tar xf - -C tree
}

@test "install puts everything in its place, uninstall takes all of it away" {
	copy_tree
	make -s -C tree install DESTDIR="$PWD/dest" PREFIX=/opt/x >/dev/null 2>&1
	for f in bin/cardadm share/man/man1/cardadm.1 share/man/man1/cardadm-scp-open.1 share/man/man7/cardadm-security.7 \
		share/bash-completion/completions/cardadm share/zsh/vendor-completions/_cardadm \
		share/fish/vendor_completions.d/cardadm.fish share/cardadm/profiles/jcop4.yaml \
		share/doc/cardadm/examples/campaign.yaml; do
		[ -f "dest/opt/x/$f" ] || { echo "$f is missing" >&2; return 1; }
	done
	# Every page of the tree was installed.
	diff <(cd tree/man && ls -- *.1) <(ls dest/opt/x/share/man/man1)
	dest/opt/x/bin/cardadm --version
	# It finds its profiles beside itself.
	"$CARDADM" keystore init --test-keys keys.yaml
	"$CARDADM" vcard create one.card -k keys.yaml
	env -u CARDADM_PROFILES dest/opt/x/bin/cardadm -r vcard:one.card info --json | jq -e '.profile != null'
	make -s -C tree uninstall DESTDIR="$PWD/dest" PREFIX=/opt/x
	[ -z "$(find dest -type f)" ]
}

@test "the Debian package installs, runs and goes without a trace" {
	[ "$(id -u)" -eq 0 ] || skip "only root installs packages"
	[ ! -e /usr/bin/cardadm ] || skip "a cardadm is installed here"
	copy_tree
	make -s -C tree deb >/dev/null 2>&1
	deb=$(ls tree/build/cardadm_*.deb)
	dpkg-deb -f "$deb" Depends | grep -q 'libssl3 (>= 3'
	dpkg-deb -f "$deb" Depends | grep -q libpcsclite1
	dpkg -i "$deb"
	/usr/bin/cardadm --version
	[ -f /usr/share/man/man1/cardadm.1.gz ]
	/usr/bin/cardadm keystore init --test-keys keys.yaml
	/usr/bin/cardadm vcard create one.card -k keys.yaml
	env -u CARDADM_PROFILES /usr/bin/cardadm -r vcard:one.card info --json | jq -e '.profile != null'
	dpkg -r cardadm
	[ ! -e /usr/bin/cardadm ]
	[ ! -e /usr/share/cardadm ]
}
