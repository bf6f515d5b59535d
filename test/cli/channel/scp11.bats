#!/usr/bin/env bats
# slow: check-quick has others of its kind
# SCP11 as an operator types it: virtual cards that speak it, channels opened by it.

load ../lib

# A key store and card c.card; further arguments to vcard create.
card() {
	"$CARDADM" keystore init --test-keys keys.yaml -q
	"$CARDADM" vcard create c.card --protocol scp11 -k keys.yaml -q "$@"
}

r=vcard:c.card

@test "scp11a, b and c open a channel; in b the card lets nothing be changed" {
	card
	for v in a b c; do
		ok -r $r -k keys.yaml scp-open --protocol scp11$v --json
		[ "$(jq -r '.protocol, .level, .mac, .keys' <<<"$output" | paste -sd' ')" = "SCP11$v 33 S8 $([ $v = b ] && echo null || echo oce)" ]
		[ "$(jq -r '.why[0]' <<<"$output")" = "protocol SCP11$v: as asked" ]
		ok -r $r scp-status
		[[ $output == *"mode unicast, SCP11$v, level 33, S8"* ]]
		ok -r $r apdu 80CA004500
		if [ $v = b ]; then
			fails 6 -r $r apdu 80F28002024F0000
			[[ $stderr == *6982* ]]
		else
			ok -r $r apdu 80F28002024F0000
			[[ $output == E3134F08A000000151000000* ]]
		fi
		ok -r $r scp-close
	done
}

@test "every curve, both formats of certificates, every key length, S16" {
	for curve in p-256 p-384 brainpoolp256r1; do
		for format in gp x509; do
			rm -f keys.yaml c.card
			card --curve $curve --certificates $format
			ok -r $r -k keys.yaml scp-open --protocol scp11b --key-length 256
			[[ $stderr == *"on $curve"* ]]
			ok -r $r apdu 80CA004500
			ok -r $r scp-close
		done
	done
	rm -f keys.yaml c.card
	card --i 71
	for bits in 128 192 256; do
		ok -r $r -k keys.yaml scp-open --protocol scp11a --key-length $bits --json
		[ "$(jq -r .mac <<<"$output")" = S16 ]
		ok -r $r apdu 80CA004500
		ok -r $r scp-close
	done
	fails 2 -r $r -k keys.yaml scp-open --protocol scp11a --key-length 160
}

@test "the whole main job in a channel of scp11a" {
	card
	image app.img 3000
	ok bundle build --image app.img --version 3.2 --keystore keys.yaml --output app.bundle
	ok -r $r -k keys.yaml scp-open --protocol scp11a
	ok -r $r scp-mode broadcast --bundle app.bundle
	ok -r $r load app.bundle
	ok -r $r scp-mode unicast
	ok -r $r authorize load
	[[ $output == *"3.2"* ]]
	ok -r $r scp-close
	ok -r $r info --json
	[ "$(jq -r .system.version <<<"$output")" = 3.2 ]
}

@test "a host identifier binds the keys; of another group's card the receipt is wrong" {
	card
	for v in a b c; do
		ok -r $r -k keys.yaml scp-open --protocol scp11$v --host-id 8080808080808080
		ok -r $r apdu 80CA004500
		ok -r $r scp-close
	done
	fails 5 -r $r -k keys.yaml scp-open --protocol scp11c --host-id 8080808080808080 --card-group 01020304
	[[ $stderr == *"receipt is wrong"* ]]
	fails 2 -r $r -k keys.yaml scp-open --protocol scp11c --card-group 01020304
	fails 2 -r $r -k keys.yaml scp-open --protocol scp11a --host-id 80 --card-group 01
	fails 2 -r $r -k keys.yaml scp-open --host-id 80
}

@test "cards that were made together are a group: one key of scp11c, others each" {
	"$CARDADM" keystore init --test-keys keys.yaml -q
	"$CARDADM" vcard create fleet --count 2 --protocol scp11 -k keys.yaml -q
	for kid in 11 15; do
		for n in 1 2; do
			ok -r vcard:fleet/000$n.card apdu 80CABF2106A6048302${kid}0100
			echo "$output" >$kid.$n
		done
	done
	cmp 15.1 15.2
	run ! cmp -s 11.1 11.2
}

@test "a card whose certificates nobody vouches for is told nothing more" {
	card
	"$CARDADM" keystore init --test-keys other.yaml -q
	fails 5 -r $r -k other.yaml -t trace scp-open --protocol scp11a
	[[ $stderr == *"none of our anchors has signed it; nothing more was sent"* ]]
	[[ $stderr == *"type: ca"* ]]
	run ! grep -q 'PERFORM SECURITY OPERATION\|MUTUAL AUTHENTICATE\|> 8082' trace
	# a store without any CA does not even look at the card
	sed '/^  ca:/,/private/d' keys.yaml >none.yaml
	chmod 600 none.yaml
	fails 5 -r $r -k none.yaml -t nothing scp-open --protocol scp11b
	[[ $stderr == *"no CA to check the card's certificates with"* ]]
	run ! grep -q '^>' nothing
}

@test "a card that does not know us refuses, once, until that is asked for again" {
	card
	"$CARDADM" keystore init --test-keys other.yaml -q
	# their key and certificate, and our CA, so that we know the card and it does not know us
	{
		sed '/^  oce:/,$d' keys.yaml
		sed -n '/^  oce:/,$p' other.yaml
	} >mixed.yaml
	chmod 600 mixed.yaml
	fails 5 -r $r -k mixed.yaml scp-open --protocol scp11a
	[[ $stderr == *"our certificate 1: 6600"* ]]
	[[ $stderr == *"hint: the card's CA key did not sign it"* ]]
	fails 7 -r $r -k mixed.yaml scp-open --protocol scp11a
	[[ $stderr == *"refused key 1101 before"* ]]
	fails 5 -r $r -k mixed.yaml scp-open --protocol scp11a --retry-authentication
	# a success clears it
	ok -r $r -k keys.yaml scp-open --protocol scp11a --retry-authentication
	ok -r $r scp-close
	ok -r $r -k keys.yaml scp-open --protocol scp11a
	ok -r $r scp-close
}

@test "certificates that have expired, our own too, are not used" {
	card
	[ -n "$(command -v faketime)" ] || skip "no faketime"
	ASAN_OPTIONS=verify_asan_link_order=0 run --separate-stderr faketime '2101-01-01' "$CARDADM" -r $r -k keys.yaml scp-open --protocol scp11a
	[ "$status" -eq 5 ]
	[[ $stderr == *"our certificate 1 has expired"* ]]
	ASAN_OPTIONS=verify_asan_link_order=0 run --separate-stderr faketime '2101-01-01' "$CARDADM" -r $r -k keys.yaml scp-open --protocol scp11b
	[ "$status" -eq 5 ]
	[[ $stderr == *"certificate 1 of the card: it has expired"* ]]
}

@test "what does not go together is refused before anything is sent" {
	card
	fails 2 -r $r -k keys.yaml scp-open --protocol scp11b --keys oce
	fails 2 -r $r -k keys.yaml scp-open --protocol scp11b --ca-version 01
	fails 2 -r $r -k keys.yaml scp-open --protocol scp11a --i 55
	fails 2 -r $r -k keys.yaml scp-open --ca-version 01
	fails 5 -r $r -k keys.yaml scp-open --protocol scp11a --keys test
	[[ $stderr == *"type scp03, not oce"* ]]
	fails 7 -r $r -k keys.yaml -t trace scp-open --protocol scp11a --level 13
	run ! grep -q '^>' trace
	[[ $stderr == *"SCP11a has no security level 13"* ]]
	fails 5 -r $r -k keys.yaml scp-open --protocol scp11a --key-version 07
	fails 5 -r $r -k keys.yaml scp-open --protocol scp11a --ca-version 07
	fails 7 -r $r -k keys.yaml scp-open --protocol scp11a --s16
	fails 2 vcard create d.card -k keys.yaml --curve p-384
	[[ $stderr == *"--protocol scp11"* ]]
}

@test "a card without SCP11 says so" {
	"$CARDADM" keystore init --test-keys keys.yaml -q
	"$CARDADM" vcard create c.card -k keys.yaml -q
	fails 5 -r $r -k keys.yaml scp-open --protocol scp11b
	[[ $stderr == *"names no key with identifier 13"* ]]
}

@test "a dry run shows the commands, our certificates whole, and sends nothing" {
	card
	ok -r $r -k keys.yaml scp-open --protocol scp11a --dry-run --key-version 01 --ca-version 01 --json
	[ "$(jq -r '.commands[-4].apdu' <<<"$output")" = 80CABF2106A6048302110100 ]
	blocks=$(jq -r '.commands[].apdu | select(test("^[89]02A"))' <<<"$output" | cut -c11- | tr -d '\n')
	[ "$blocks" = "$(sed -n 's/.*certificates: {hex: \([0-9A-F]*\)}.*/\1/p' keys.yaml)" ]
	[[ $(jq -r '.commands[-1].apdu' <<<"$output") == '80820111**'* ]]
}

@test "keys and certificates from files: hex, PEM" {
	card
	value() { sed -n "/^  $1:/,/^  [a-z-]*:\$/s/^    $2: {hex: \([0-9A-F]*\)}/\1/p" keys.yaml; }
	umask 077
	value oce private >oce.key
	value oce certificates >oce.hex
	{
		echo "-----BEGIN CERTIFICATE-----"
		tr -d '\n' <oce.hex | sed 's/../\\x&/g' | xargs -0 printf | base64
		echo "-----END CERTIFICATE-----"
	} >oce.pem
	for file in oce.hex oce.pem; do
		cat >mine.yaml <<-YAML
			cardadm: keystore/1
			keys:
			  us: {type: oce, private: {file: oce.key}, certificates: {file: $file}}
			  them: {type: ca, public: $(sed -n '/^  ca:/,/private/s/.*public: //p' keys.yaml)}
		YAML
		ok -k mine.yaml keystore check
		ok -r $r -k mine.yaml scp-open --protocol scp11a
		ok -r $r scp-close
	done
	sed -i 's/^-----END.*//' oce.pem
	fails 3 -k mine.yaml keystore check
	[[ $stderr == *"mine.yaml:3:"*"not certificates in PEM, DER or hex"* ]]
	chmod 644 oce.key
	fails 3 -k mine.yaml keystore check
}

# Who certifies cards and who certifies those that open them are two: else each card could show its
# own certificate to all others.
@test "a card's certificate is no key to another card" {
	"$CARDADM" keystore init --test-keys keys.yaml -q
	for format in gp x509; do
		rm -rf fleet
		"$CARDADM" vcard create fleet --count 2 --protocol scp11 --certificates $format -k keys.yaml -q
		ok -r vcard:fleet/0001.card apdu 80CABF2106A6048302110100
		all=${output%9000*}
		[[ $all == BF21* ]]
		case $format in
		gp) certificate=7F21${all#*7F21} ;;
		x509) certificate=3082${all#*3082} ;;
		esac
		blocks=()
		while [ ${#certificate} -gt 510 ]; do
			blocks+=("902A0110FF${certificate:0:510}")
			certificate=${certificate:510}
		done
		blocks+=("802A0110$(printf %02X $((${#certificate} / 2)))$certificate")
		fails 6 -r vcard:fleet/0002.card apdu "${blocks[@]}"
		[[ $stderr == *"command ${#blocks[@]}: 6600"* ]]
	done
}

@test "cards and those who open them are certified by two keys" {
	"$CARDADM" keystore init --test-keys keys.yaml -q
	sed '/^  oce-ca:/,/private/d' keys.yaml >none.yaml
	public=$(sed -n '/^  ca:/,/private/s/.*public: //p' keys.yaml)
	sed "/^  oce-ca:/,/private/{/private/d;s/public: .*/public: $public/}" keys.yaml >same.yaml
	chmod 600 none.yaml same.yaml
	fails 5 vcard create c.card --protocol scp11 -k none.yaml
	[[ $stderr == *"oce-ca"* ]]
	fails 3 vcard create c.card --protocol scp11 -k same.yaml
	[[ $stderr == *"\`ca\` and \`oce-ca\` are the same key"*"hint: "* ]]
	[ ! -e c.card ]
}
