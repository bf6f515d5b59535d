#!/usr/bin/env bats
# slow
# Answers that are lost, runs that are killed: the same command again ends well, and says what it
# found.
load ../lib
load ../parties
load ../attack

# again VERB...: as the operator; an authentication that was cut off is repeated when one says so.
again() {
	cardadm -k op/keys.yaml "$@"
	if [ "$status" -eq 7 ] && [[ $stderr == *"an authentication of card"*"is not known"* ]]; then
		cardadm -k op/keys.yaml "$@" --retry-authentication
	fi
	[ "$status" -eq 0 ] || {
		echo "$stderr" >&2
		return 1
	}
}

@test "a claim that is killed anywhere is made by the same command again" {
	operator
	party acme
	request acme --quota-data 5000
	authorize acme --container new
	cp card kept.card
	for k in $(seq 1 18); do
		cp kept.card card
		rm -rf "$XDG_STATE_HOME"
		killed "$k" -k acme/keys.yaml container claim acme.grant --access access
		claim acme
		[ "$(state '.containers[0] | [.state, (.parties | length)]')" = '["claimed",1]' ]
		as acme container show
	done
}

@test "an authorization that is killed anywhere is made by the same command again" {
	operator
	party acme
	request acme --quota-data 5000
	cp card kept.card
	args=(authorize party acme.req --fingerprint "$fingerprint" --container new
		--valid-until 2099-12-31 --output acme.grant)
	for k in $(seq 1 2 25); do
		cp kept.card card
		rm -rf "$XDG_STATE_HOME" acme.grant
		killed "$k" -k op/keys.yaml "${args[@]}"
		again "${args[@]}"
		[ "$(state '.containers | map([.state, (.grants | length)])')" = '[["granted",1]]' ]
		claim acme
	done
}

@test "a revocation that is killed anywhere is made by the same command again" {
	operator
	party acme
	request acme --quota-data 5000
	authorize acme --container new
	claim acme
	cp card kept.card
	for k in $(seq 5 2 15); do
		cp kept.card card
		killed "$k" -k op/keys.yaml revoke party ACME --container "$container" --yes
		again revoke party ACME --container "$container" --yes
		[ "$(state .containers)" = '[]' ]
	done
}

# at_each CHECK VERB...: as ACME in its container, from the same card each time: killed before and
# behind each command that changes something, or without the answer to it. The same again does it,
# whatever became of the first. CHECK: is it done?
at_each() {
	local check=$1 k n how
	shift
	cp card real.card
	attack
	rm -f whole # traces go behind what is there
	as acme "$@" --trace whole
	"$check"
	n=$(grep -c '^> 84E[2468]' whole)
	[ "$n" -gt 0 ]
	for k in $(seq 1 "$n"); do
		for how in before after lost drop; do
			cp real.card card
			attack "84E. $k $how"
			cardadm -k acme/keys.yaml "$@" --sd "$container" --keys access
			attacked 1
			attack
			cardadm -k acme/keys.yaml "$@" --sd "$container" --keys access
			"$check"
		done
	done
}

has_object() {
	as acme container get 1 --output got
	cmp got x
	rm got
}

has_hello() {
	as acme list --json
	grep -q F04341524441444D0101 <<<"$output"
}

has_bank() {
	as acme container show --json
	[ "$(jq -c '.grants | map(.party)' <<<"$output")" = '["BANK"]' ]
}

has_no_bank() {
	as acme container show --json
	[ "$(jq -c '[.parties, .grants] | flatten | map(.party)' <<<"$output")" = '["ACME"]' ]
}

is_sealed() {
	[ "$(state '.containers[0].state')" = '"sealed"' ]
}

@test "what a party does, broken off at each command of it, is done by the same command again" {
	operator
	party acme
	party bank 31
	request acme --quota-data 20000
	authorize acme --container new
	claim acme
	head -c 700 /dev/zero >x
	at_each has_object container put 1 x
	at_each has_hello install "$TOP/examples/hello.cap"
	op -y authority enrol --no-close
	card=$("$CARDADM" -k op/keys.yaml authority list --json | jq -r '.cards[0].cin')
	request bank --rights read
	op authority grant bank.req --card "$card" --container "$container" --valid-until 2099-12-31 \
		--output bank.grant --fingerprint "$fingerprint"
	at_each has_bank container admit bank.grant
	claim bank
	at_each has_no_bank container expel BANK --yes
	at_each is_sealed container leave --keep --yes
}

# begun NAME: as if the claim of NAME.grant had been cut off before anybody knew what became of it.
begun() {
	cp card real.card
	claim "$1"
	cp real.card card
	sed -i '/"claimed"/d' "$XDG_STATE_HOME/cardadm/claims.jsonl"
}

@test "the answer to PUT KEY of a claim is lost: the same command says that it is claimed" {
	operator
	party acme
	request acme --quota-data 5000
	authorize acme --container new
	cp card real.card
	for how in lost after drop before; do
		cp real.card card
		rm -rf "$XDG_STATE_HOME"
		attack "84D8 1 $how"
		cardadm -k acme/keys.yaml container claim acme.grant --access access
		attacked 1
		attack
		claim acme
		case $how in
		lost | after) [ "$(jq .already <<<"$output")" = true ] ;;
		before) [ "$(jq .already <<<"$output")" = false ] ;;
		esac
		as acme container show --json
		[ "$(jq -c '[.state, (.parties | map(.versions))]' <<<"$output")" = '["claimed",[["30"]]]' ]
	done
}

@test "the answer to a claim was lost: it is ours" {
	operator
	party acme
	request acme --quota-data 5000
	authorize acme --container new
	claim acme
	sed -i '/"claimed"/d' "$XDG_STATE_HOME/cardadm/claims.jsonl"
	claim acme
	[ "$(jq .already <<<"$output")" = true ]
	[ "$(tail -n 1 "$XDG_STATE_HOME/cardadm/claims.jsonl" | jq -r .event)" = claimed ]
}

@test "the answer to a claim was lost: somebody else is in there" {
	operator
	party acme
	request acme --quota-data 5000
	authorize acme --container new
	begun acme
	# Who stole the key of the party.
	cp -r acme thief
	(umask 077 && openssl rand -hex 16 >thief/access.hex)
	XDG_STATE_HOME=$PWD/elsewhere ok -k thief/keys.yaml container claim acme.grant --access access
	fails 8 -k acme/keys.yaml container claim acme.grant --access access
	[[ $stderr == *"somebody else is in this container"*"nothing was deleted; tell the issuer"* ]]
	# And again: it is not forgotten.
	fails 8 -k acme/keys.yaml container claim acme.grant --access access
}

@test "the power fails at each write of the operator" {
	"$CARDADM" keystore init --test-keys all.yaml
	for n in 1 2 3 4 5 6; do
		mkdir "$n"
		cd "$n"
		mkdir op
		cp ../all.yaml op/keys.yaml
		chmod 600 op/keys.yaml
		"$CARDADM" -k op/keys.yaml vcard create card --protocol scp11 --grantor grantor --fault "power-cut:$n"
		export CARDADM_READER=vcard:card
		{
			echo "  operator: {type: grantor, curve: p-256, public: {hex: $(public op grantor)}}"
			echo "  maker: {type: ca, public: $(public op ca)}"
		} >public.yaml
		party acme
		request acme --quota-data 5000
		args=(authorize party acme.req --fingerprint "$fingerprint" --container new
			--valid-until 2099-12-31 --output acme.grant)
		cardadm -k op/keys.yaml "${args[@]}"
		[ "$status" -eq 0 ] || op "${args[@]}" --yes
		[ "$(state '.containers | map([.state, (.grants | length)])')" = '[["granted",1]]' ]
		claim acme
		cd "$BATS_TEST_TMPDIR"
	done
}
