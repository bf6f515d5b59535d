#!/usr/bin/env bats
# slow
# Third parties on the card: access keys, domain keys and private keys that were planted are searched
# for in everything that the program leaves, says or sends. Key stores, key files and card files are
# theirs to hold them. Memory and cores: pcsc_parties.bats.

load ../lib
load ../parties
load ../secrets

# planted: an operator who has enrolled the card, and the parties acme and bank, each with three
# access keys that differ and a second set; all their secrets in $secrets.
planted() {
	local name k version=30
	operator
	op -y authority enrol --no-close
	for name in acme bank; do
		party "$name" $version "$([ $name = bank ] && echo agreement || echo signing)"
		(
			umask 077
			for k in enc mac dek; do openssl rand -hex 32 >"$name/$k.hex"; done
			openssl rand -hex 16 >"$name/next.hex"
		)
		sed -i '/^  access:/s/master.*/enc: {file: enc.hex}, mac: {file: mac.hex}, dek: {file: dek.hex}}/' \
			"$name/keys.yaml"
		echo "  next: {type: scp03, version: $((version + 1)), diversification: none, master: {file: next.hex}}" \
			>>"$name/keys.yaml"
		version=$((version + 2))
		secrets+=" $(cat "$name"/{enc,mac,dek,next,domain-key}.hex) $(scalar "$name/party.pem")"
	done
	(umask 077 && openssl rand -hex 16 >receipt.hex)
	echo '  told: {type: receipt, value: {file: ../receipt.hex}}' >>op/keys.yaml
	# The operator's own. Its key sets are random, too, except the one of everybody.
	secrets+=" $(cat receipt.hex) $(grep -v public op/keys.yaml | grep -oE 'hex: [0-9A-F]{32,64}\b' |
		cut -d' ' -f2)"
	# What ACME puts there is its own as well.
	head -c 24 /dev/urandom >object
	object=$(xxd -p -c 64 object)
	secrets+=" $object"
	[ "$(wc -w <<<"$secrets")" -ge 17 ]
	cert=$(echo *.pem)
}

# member FILE FILTER: of a request or a grant.
member() {
	"$CARDADM" party show "$1" --json 2>/dev/null | jq -r "$2"
}

# run_all: every verb of third parties, with --verbose, --json and a trace of its own; what it says
# goes to "everything", what it plans as well.
run_all() {
	local n=0
	# it WHO VERB...: as WHO
	it() {
		local who=$1
		shift
		n=$((n + 1))
		"$CARDADM" -k "$who/keys.yaml" -v "$@"
		[ ! -s "trace" ] || mv trace "trace.$n"
	}
	in_it() {
		it "$1" -t trace "${@:2}" --sd "$container" --keys access --json
	}
	it acme party request --key acme --id ACME --quota-data 20000 --domain-key wallet --card "$cert" \
		--output acme.req --json
	it bank party request --key bank --id BANK --rights read,write --domain-key wallet --card "$cert" \
		--output bank.req
	it op put-keys told --as 71 -t trace
	for who in acme bank; do it $who party show $who.req --json; done
	fingerprint=$(member acme.req .fingerprint)
	args=(authorize party acme.req --container new --fingerprint "$fingerprint" --valid-until 2099-12-31
		--output acme.grant --json)
	it op -n "${args[@]}"
	it op -t trace "${args[@]}"
	container=$(member acme.grant .container)
	claim=(container claim acme.grant --party acme --access access --json)
	it acme -n "${claim[@]}"
	it acme -t trace "${claim[@]}"
	it acme -t trace "${claim[@]}"
	in_it acme container put 1 object
	# A plan shows what would be sent, and only keys in it are nobody's business.
	it acme -n container put 2 object --sd "$container" --keys access >planned 2>&1
	in_it acme container get 1 --output got
	in_it acme install "$TOP/examples/hello.cap"
	in_it acme container show
	in_it acme list
	in_it acme put-keys next --rotate false --yes
	fingerprint=$(member bank.req .fingerprint)
	it op authority grant bank.req --card "${cert%.pem}" --container "$container" --output bank.grant \
		--fingerprint "$fingerprint" --valid-until 2099-12-31 --json
	in_it acme container admit bank.grant
	it bank -t trace container claim bank.grant --party bank --access access
	in_it bank container get 1 --output got.bank
	in_it bank container leave --yes
	in_it acme container expel BANK --yes
	it op -t trace container list --json
	it op -t trace list --sd "$container" --keys test || true
	it op -t trace -y revoke party ACME --container "$container" --keep --json
	it op -t trace -y revoke serials --up-to "$(date +%s%3N)" --json
	"$CARDADM" vcard show card --json
	it op authority list --json
}

@test "no secret in requests, grants, output, traces, state, or what explain says of them" {
	planted
	run_all >everything 2>&1
	keys=(--keys test --keys access --keys acme --keys operator)
	# ACME's own keys open its sessions: what it put there is in none of the explanations.
	sed -n '/^  test:/,/^  [a-z]*:$/p' op/keys.yaml | sed '$d' >>acme/keys.yaml
	chmod 600 acme/keys.yaml
	for trace in trace.*; do
		"$CARDADM" explain "$trace" -k acme/keys.yaml "${keys[@]}" || true
		"$CARDADM" explain "$trace" -k acme/keys.yaml "${keys[@]}" --json || true
	done >explained 2>explain.err
	grep -q 'object of a party or terminal: \*\* (24 octets)' explained
	grep -q 'keys from 01 on of version 31: ENC' explained
	files=(everything explained explain.err trace.* acme.req bank.req acme.grant bank.grant "$cert")
	mapfile -t -O "${#files[@]}" files < <(find "$XDG_STATE_HOME" -type f)
	[ "${#files[@]}" -ge 25 ]
	absent "${files[@]}"
	secrets=${secrets% *}
	absent planned
	[ "$(xxd -p -c 64 got)" = "$object" ]
}

@test "the search finds what is there, in every form" {
	planted
	one=$(head -n 1 acme/enc.hex)
	secrets=$one
	absent op/keys.yaml acme/keys.yaml "$cert"
	run ! absent acme/enc.hex
	tr a-f A-F <acme/enc.hex >upper
	run ! absent upper
	sed 's/../&:/g' acme/enc.hex >colons
	run ! absent colons
	for before in '' x xx; do
		{ printf %s "$before" && xxd -r -p acme/enc.hex && echo after; } >raw
		run ! absent raw
		base64 -w 20 raw >lines
		run ! absent lines
	done
	# Half of it is enough.
	xxd -r -p acme/enc.hex | tail -c 9 >half
	run ! absent half
	xxd -r -p acme/enc.hex | head -c 12 | base64 >half
	run ! absent half
}

@test "campaign: manifest, ledger and report" {
	planted
	run_all >everything 2>&1
	mkdir fleet
	cp card fleet/0001.card
	cat >campaign.yaml <<-YAML
		cardadm: campaign/1
		name: demo
		keystore: op/keys.yaml
		keys: test
		level: 33
		cards: {directory: fleet}
		mode: unicast
		steps:
		  - revoke-party: {party: ACME, container: $container}
	YAML
	{
		"$CARDADM" -v campaign check campaign.yaml
		"$CARDADM" -v campaign run campaign.yaml
		"$CARDADM" campaign report campaign.yaml --json
		"$CARDADM" campaign status campaign.yaml --json
	} >said 2>&1
	[ "$(report '[.total, .done]')" = '[1,1]' ]
	# shellcheck disable=SC2046
	absent said campaign.yaml campaign.ledger* $(find "$XDG_STATE_HOME" -type f)
}
