#!/usr/bin/env bats
# slow
# Answers that are lost, runs that are killed: the same command again ends well, and says what it
# found.
load ../lib
load ../parties

# killed K VERB...: runs it, and kills it when K commands have gone to the card.
killed() {
	local k=$1 pid line
	shift
	rm -f fifo
	mkfifo fifo
	exec 4<>fifo
	"$CARDADM" "$@" --trace fifo >out 2>err </dev/null 4<&- &
	pid=$!
	while [ "$k" -gt 0 ] && read -r -t 5 line <&4; do
		[[ $line != '> '* ]] || k=$((k - 1))
		kill -0 "$pid" 2>/dev/null || break
	done
	kill -9 "$pid" 2>/dev/null || true
	wait "$pid" 2>/dev/null || true
	exec 4<&-
}

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

# begun NAME: as if the claim of NAME.grant had been cut off before anybody knew what became of it.
begun() {
	cp card real.card
	claim "$1"
	cp real.card card
	sed -i '/"claimed"/d' "$XDG_STATE_HOME/cardadm/claims.jsonl"
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
