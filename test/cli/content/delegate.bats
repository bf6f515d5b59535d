#!/usr/bin/env bats
# slow
# Delegated management and DAP from the key store to the card and back: keys put, a domain of
# somebody else that acts with tokens, receipts checked, load files that must be signed.
load ../lib
load ../authority

CAP=$TOP/examples/hello.cap
PACKAGE=F04341524441444D01
APPLET=F04341524441444D0101
SD=A000000151000001

# card PRIVILEGES: a card with a domain of its own keys and these privileges; keys.yaml with card
# keys test and sd, and token and dap entries of all kinds: token-p256 and so on.
card() {
	local k type
	for k in RSA1024 RSA2048 ECP256 ECP384 ECP521; do
		install -m 600 "$TOP/test/vectors/rfc9500/$k.pem" .
	done
	rm -f c.card keys.yaml
	ok -q keystore init --test-keys keys.yaml
	echo "  sd: {type: scp03, test: true, version: 31, diversification: none, master: {hex: 505152535455565758595A5B5C5D5E5F}}" >>keys.yaml
	for type in token dap; do
		for k in rsa1024:RSA1024 rsa2048:RSA2048 p256:ECP256 p384:ECP384 p521:ECP521; do
			echo "  $type-${k%:*}: {type: $type, private: {file: ${k#*:}.pem}}" >>keys.yaml
		done
		echo "  $type-aes: {type: $type, test: true, value: {hex: 707172737475767778797A7B7C7D7E7F}}" >>keys.yaml
		echo "  $type-des: {type: $type, test: true, cipher: des, value: {hex: 707172737475767778797A7B7C7D7E7F}}" >>keys.yaml
	done
	export CARDADM_KEYSTORE=keys.yaml CARDADM_READER=vcard:c.card
	ok -q vcard create c.card --keys test
	ok -q domain create $SD --keys test --privileges "$1"
	ok -q domain personalize $SD --with sd --keys test
}

# The nth confirmation in $output.
confirmation() {
	jq -r "[.. | .confirmation? // empty] | .[$1]" <<<"$output"
}

@test "a delegated domain loads, installs and deletes with tokens of every kind of key" {
	for k in "${KINDS[@]}"; do
		hash=sha-256
		[ "$k" = p384 ] && hash=sha-384
		[ "$k" = p521 ] && hash=sha-512
		card delegated-management
		ok -q put-keys "token-$k" --as 70 --keys test
		ok -q put-keys receipt --as 71 --keys test
		rm -f ./*.token
		ok -q token make load "$CAP" --key "token-$k" --domain $SD --hash $hash --output load.token
		ok -q token make install "$CAP" --key "token-$k" --output install.token
		ok -q token make delete $PACKAGE --related --key "token-$k" --output delete.token
		ok -q install "$CAP" --keys sd --sd $SD --domain $SD --hash $hash \
			--load-token load.token --token install.token --json
		load=$(confirmation 0) install=$(confirmation 1)
		ok -q receipt verify load "$CAP" --domain $SD --receipt "$load" --counter 1 --hash $hash
		ok -q receipt verify install "$CAP" --receipt "$install" --counter 2
		fails 3 -q receipt verify install "$CAP" --receipt "$load"
		ok -q -y delete $PACKAGE --related --keys sd --sd $SD --token delete.token --json
		ok -q receipt verify delete $PACKAGE --receipt "$(confirmation 0)" --counter 3
	done
}

@test "a delegated domain without a token, with one of another, with one for something else" {
	card delegated-management
	ok -q put-keys token-aes --as 70 --keys test
	fails 7 -q install "$CAP" --keys sd --sd $SD --domain $SD
	[[ $stderr == *"it needs a token for this"*"hint: --load-token FILE, as cardadm token make writes it"* ]]
	ok -q token make load "$CAP" --key token-des --domain $SD --output other.token
	fails 6 -q load "$CAP" --keys sd --sd $SD --domain $SD --load-token other.token
	[[ $stderr == *"INSTALL [for load]: 6982"* ]]
	ok -q token make load "$CAP" --key token-aes --output nowhere.token
	fails 6 -q load "$CAP" --keys sd --sd $SD --domain $SD --load-token nowhere.token
	[[ $stderr == *"INSTALL [for load]: 6982"* ]]
	ok -q token make load "$CAP" --key token-aes --domain $SD --output load.token
	ok -q load "$CAP" --keys sd --sd $SD --domain $SD --load-token load.token
	# without a receipt key nothing is confirmed
	[[ $output != *confirmation* ]]
	ok -q token make install $APPLET --package $PACKAGE --privileges card-lock --key token-aes --output install.token
	fails 6 -q install $APPLET --package $PACKAGE --keys sd --sd $SD --token install.token
	[[ $stderr == *": 6982"* ]]
	ok -q install $APPLET --package $PACKAGE --privileges card-lock --keys sd --sd $SD --token install.token
	# the owner of the card needs none
	ok -q -y delete $PACKAGE --related --keys test
}

@test "a domain with DAP takes what is signed with its key, of every kind, and nothing else" {
	for k in "${KINDS[@]}"; do
		card dap-verification
		ok -q put-keys "dap-$k" --as 73 --keys sd --sd $SD
		rm -f ./*.dap
		ok -q dap sign "$CAP" --key "dap-$k" --domain $SD --output x.dap
		other=dap-aes
		[ "$k" = aes ] && other=dap-des
		options=()
		[ "$k" = p384 ] && options=(--hash sha-384)
		[ "$k" = p521 ] && options=(--hash sha-512)
		ok -q dap sign "$CAP" --key $other --domain $SD "${options[@]}" --output other.dap
		fails 7 -q load "$CAP" --keys test --domain $SD
		[[ $stderr == *"verifies DAP signatures, and there is none for it"* ]]
		fails 6 -q load "$CAP" --keys test --domain $SD --dap other.dap "${options[@]}"
		[[ $stderr == *": LOAD"*" 6982 "* ]] || { echo "$stderr" >&2; return 1; }
		ok -q load "$CAP" --keys test --domain $SD --dap x.dap "${options[@]}" --json
		ok -q -y delete $PACKAGE --keys test
		# the hash that goes with the block is taken by itself
		ok -q load "$CAP" --keys test --domain $SD --dap x.dap
	done
}

@test "mandated DAP: nothing comes to the card unsigned, wherever it goes" {
	card dap-verification,mandated-dap-verification
	ok -q put-keys dap-p256 --as 73 --keys sd --sd $SD
	fails 7 -q load "$CAP" --keys test
	[[ $stderr == *"verifies DAP signatures of all loads, and there is none for it"* ]]
	ok -q dap sign "$CAP" --key dap-p256 --domain $SD --output x.dap
	ok -q load "$CAP" --keys test --dap x.dap
	fails 6 -q load "$TOP/examples/pair.cap" --keys test --dap x.dap
}
