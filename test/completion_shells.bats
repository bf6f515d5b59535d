#!/usr/bin/env bats
# zsh and fish completion, in these shells.

load lib

setup_bin() {
	mkdir -p bin fleet && ln -sf "$CARDADM" bin/cardadm
	touch fleet/0001.card app.bundle
}

# in_zsh WORD...: what zsh would offer for the last word. The builtins of completion work in a
# widget only, so they are stood in for by functions that print.
in_zsh() {
	command -v zsh >/dev/null || skip "zsh is not installed"
	# shellcheck disable=SC2016 # zsh expands them
	PATH=$PWD/bin:$PATH zsh -f -c '
		compadd() { [[ $1 == -- ]] && shift; for w in "$@"; do [[ $w == ${PREFIX}* ]] && print -r -- $w; done }
		compset() { PREFIX=${PREFIX##*[=:]}; }
		_files() { for f in ${PREFIX}*(N); do print -r -- $f; done }
		shim=$1; shift
		words=(cardadm "$@"); CURRENT=$#words; PREFIX=$words[CURRENT]
		source $shim' _ "$BATS_TEST_DIRNAME/../completions/_cardadm" "$@"
}

in_fish() {
	command -v fish >/dev/null || skip "fish is not installed"
	# shellcheck disable=SC2016 # fish expands them
	HOME=$PWD XDG_CONFIG_HOME=$PWD/c XDG_DATA_HOME=$PWD/d PATH=$PWD/bin:$PATH fish --no-config -c '
		source $argv[1]; complete -C $argv[2]' "$BATS_TEST_DIRNAME/../completions/cardadm.fish" "$1" | cut -f1
}

@test "zsh: verbs, options, choices, files" {
	setup_bin
	[ "$(in_zsh scp- | paste -sd' ')" = "scp-open scp-mode scp-status scp-close" ]
	[ "$(in_zsh bundle sh)" = show ]
	[ "$(in_zsh scp-open --key-)" = --key-version ]
	[ "$(in_zsh scp-open --level 1 | paste -sd' ')" = "11 13" ]
	[ "$(in_zsh load app.b)" = app.bundle ]
	[ "$(in_zsh -r vcard:fleet/0)" = fleet/0001.card ]
}

@test "fish: verbs, options, choices, files" {
	setup_bin
	[ "$(in_fish 'cardadm scp-' | sort | paste -sd' ')" = "scp-close scp-mode scp-open scp-status" ]
	[ "$(in_fish 'cardadm bundle sh')" = show ]
	[ "$(in_fish 'cardadm scp-open --key-')" = --key-version ]
	[ "$(in_fish 'cardadm scp-open --level 1' | sort | paste -sd' ')" = "11 13" ]
	[ "$(in_fish 'cardadm load app.b')" = app.bundle ]
	[ "$(in_fish 'cardadm -r vcard:fleet/0')" = vcard:fleet/0001.card ]
}
