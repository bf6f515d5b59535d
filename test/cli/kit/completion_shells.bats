#!/usr/bin/env bats
# slow
# zsh and fish completion, in the shells themselves.

load ../lib

# In zsh keys are typed at a terminal: tab completes, and the line that is run then is what counts.
zsh_line() { # zsh_line TYPED: prints the command line that comes of it
	cat >type.zsh <<-'ZSH'
		zmodload zsh/zpty
		zpty z "ZDOTDIR=$PWD zsh -i"
		zpty -w z "$1"
		for ((i = 0; i < 1200; i++)); do
			[[ -s line ]] && break
			zpty -rt z out
			sleep 0.05
		done
		zpty -d z
		cat line
	ZSH
	cat >.zshrc <<-ZSH
		PATH=$PWD/bin:\$PATH
		fpath=($TOP/completions \$fpath)
		autoload -Uz compinit && compinit -u -D
		unsetopt beep
		preexec() { print -r -- "\$1" >line.new && mv line.new line; exit; }
	ZSH
	mkdir -p bin
	ln -sf "$CARDADM" bin/cardadm
	rm -f line
	zsh -f type.zsh "$1" | sed 's/ *$//'
}

fish_offers() { # fish_offers LINE: what fish offers for it, without descriptions
	mkdir -p bin
	ln -sf "$CARDADM" bin/cardadm
	# shellcheck disable=SC2016 # fish expands them
	HOME=$PWD PATH=$PWD/bin:$PATH fish --no-config -c '
		source $argv[1]
		complete -C $argv[2]' "$TOP/completions/cardadm.fish" "$1" | cut -f1
}

@test "zsh: verbs, second words, options, choices" {
	[ "$(zsh_line $'cardadm bun\tsh\tx\n')" = "cardadm bundle show x" ]
	[ "$(zsh_line $'cardadm scp-st\t\n')" = "cardadm scp-status" ]
	[ "$(zsh_line $'cardadm scp-open --key-v\t30\n')" = "cardadm scp-open --key-version 30" ]
	[ "$(zsh_line $'cardadm scp-mode b\t\n')" = "cardadm scp-mode broadcast" ]
	[ "$(zsh_line $'cardadm scp-open --level=3\t\n')" = "cardadm scp-open --level=33" ]
}

@test "zsh: file names, behind vcard: and = too" {
	mkdir fleet
	touch fleet/0001.card app.bundle
	[ "$(zsh_line $'cardadm load app.b\t\n')" = "cardadm load app.bundle" ]
	[ "$(zsh_line $'cardadm bundle build --image=app.b\t\n')" = "cardadm bundle build --image=app.bundle" ]
	[ "$(zsh_line $'cardadm -r v\tfl\t0\t info\n')" = "cardadm -r vcard:fleet/0001.card info" ]
}

@test "fish: verbs, second words, options, choices" {
	[ "$(fish_offers 'cardadm scp-' | sort | paste -sd' ')" = "scp-close scp-mode scp-open scp-status" ]
	[ "$(fish_offers 'cardadm bundle ' | sort | paste -sd' ')" = "build show verify" ]
	fish_offers 'cardadm scp-open --' >options
	grep -qx -- --key-version options
	[ "$(fish_offers 'cardadm scp-open --level 1' | paste -sd' ')" = "10 11 13" ]
	[ "$(fish_offers 'cardadm scp-open --level=1' | paste -sd' ')" = "--level=10 --level=11 --level=13" ]
	fish_offers 'cardadm ' >all
	grep -qx campaign all
	run ! grep -q __ all
}

@test "fish: file names, behind vcard: and = too" {
	mkdir fleet
	touch fleet/0001.card app.bundle
	[ "$(fish_offers 'cardadm load app.b')" = app.bundle ]
	[ "$(fish_offers 'cardadm bundle build --image=app.b')" = --image=app.bundle ]
	[ "$(fish_offers 'cardadm -r vcard:fleet/0')" = vcard:fleet/0001.card ]
}
