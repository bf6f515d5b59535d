#!/usr/bin/env bats
# keystore init, list, check: what they show, what they refuse, and that no key is ever shown.
# shellcheck disable=SC2016 # backquotes in messages
load ../lib

MASTER=404142434445464748494A4B4C4D4E4F

# Every value that stands in keys.yaml as a secret.
secrets() {
	sed -n '/certificates:/d; s/.*{hex: \([0-9A-F]*\)}.*/\1/p' keys.yaml
}

# A store of an operator's own, values in files: fleet (AES-128), kek (AES-256).
operator() {
	(umask 077 && echo "$MASTER" >fleet.hex && printf '%064d\n' 7 >kek.hex)
	cat >keys.yaml <<'YAML'
cardadm: keystore/1
keys:
  fleet:
    type: scp03
    version: 31
    diversification: none
    master: {file: fleet.hex, kcv: 504A77}
  kek: {type: bundle-kek, value: {file: kek.hex}}
YAML
	chmod 644 keys.yaml
}

@test "keystore init --test-keys: a 0600 store with one entry of each type" {
	umask 000
	ok keystore init --test-keys keys.yaml
	[ -z "$output" ]
	[ "$(stat -c %a keys.yaml)" = 600 ]
	ok -k keys.yaml keystore list --json
	[ "$(jq -c '[.keys[].type]' <<<"$output")" = '["scp03","issuer","signer","bundle-kek","kos","kmac","ca","oce-ca","oce","dap","token","receipt","grantor","party","domain-key","terminal-master"]' ]
	[ "$(jq -c '[.keys[].bits]' <<<"$output")" = '[128,256,256,256,256,128,256,256,256,256,1024,128,256,256,128,128]' ]
	[ "$(jq -c '[.keys[].test] | all' <<<"$output")" = true ]
	[ "$(jq -c '[.keys[9:12][] | [.algorithm,.kcv,.fingerprint]]' <<<"$output")" = '[["EC p-256",[],"B2B04340CFAEE616"],["RSA-1024",[],"9A9E5B0F404F4E2D"],["AES-128",["F2A8DF"],null]]' ]
	[ "$(jq -c '.keys[0] | [.name,.version,.diversification,.kcv]' <<<"$output")" = '["test","30","kdf3",["504A77"]]' ]
	[ "$(jq -r .threshold <<<"$output")" = 1 ]
}

@test "keystore init: two stores share nothing but the published keys" {
	ok keystore init --test-keys keys.yaml
	secrets | sort >first
	ok keystore init --test-keys other.yaml
	mv other.yaml keys.yaml
	secrets | sort >second
	comm -12 first second >shared
	[ "$(wc -l <shared)" -eq 4 ]
	grep -qx "$MASTER" shared
	ok -k keys.yaml keystore list --json
	[ "$(jq -c '[.keys[] | select(.type == ("dap", "token", "receipt")) | .name]' <<<"$output")" = '["dap","token","receipt"]' ]
	# what is shared are these three and the card keys
	sed -n '/^  dap:/,/^  grantor:/ s/.*{hex: \([0-9A-F]*\)}.*/\1/p' keys.yaml | cat - <(echo "$MASTER") | sort | diff - shared
}

@test "keystore init: an empty store passes its check and has comments" {
	ok keystore init keys.yaml
	[ "$(stat -c %a keys.yaml)" = 600 ]
	ok -k keys.yaml keystore check --json
	[ "$(jq -c '[.ok,.entries]' <<<"$output")" = '[true,0]' ]
	grep -q '^#.*type: scp03' keys.yaml
}

@test "keystore init: the entries that its comments show are good ones" {
	ok keystore init keys.yaml
	(umask 077 && for f in fleet old kos kek bank wallet models; do echo "$MASTER" >$f.hex; done)
	install -m 600 "$TOP/test/vectors/rfc9500/ECP384.pem" house.pem
	install -m 600 "$TOP/test/vectors/rfc9500/ECP256.pem" grants.pem
	install -m 644 "$TOP/test/vectors/rfc9500/ECP256.pub.pem" acme.pub.pem
	sed -i -e 's/^keys: {}/keys:/' -e 's/^#\(threshold\)/\1/' -e 's/^#  /  /' \
		-e 's/public: 32 octets.*/public: 3D4017C3E843895A92B70AA74D1B7EBC9C982CCF2EC4968CC0CD55F12AF4660C/' \
		-e '/signer.hex/d' -e '/card-issuer:/,/issuer.hex/d' -e '/us:/,/hosts.pem/d' keys.yaml
	ok -k keys.yaml keystore check --json
	[ "$(jq -c '[.entries,.test]' <<<"$output")" = '[11,0]' ]
}

@test "keystore init refuses to overwrite" {
	echo mine >keys.yaml
	fails 7 keystore init --test-keys keys.yaml
	[[ $stderr == *"keys.yaml: exists already"* ]]
	fails 7 keystore init keys.yaml
	[ "$(cat keys.yaml)" = mine ]
	ln -s elsewhere link.yaml
	fails 7 keystore init link.yaml
	[ ! -e elsewhere ]
	fails 1 keystore init nowhere/keys.yaml
	fails 2 keystore init
}

@test "keystore list and check never show a key" {
	ok keystore init --test-keys keys.yaml
	for args in "list" "list --json" "check" "check --json" "list -v" "check -v"; do
		# shellcheck disable=SC2086
		ok -k keys.yaml keystore $args
		for value in $(secrets); do
			[[ ${output^^} != *"$value"* ]]
			[[ ${stderr^^} != *"$value"* ]]
		done
	done
	[ "$(secrets | wc -l)" -eq 16 ]
}

@test "keystore check warns of test keys, and only of those" {
	ok keystore init --test-keys keys.yaml
	ok -k keys.yaml keystore check
	[ "$(grep -c 'is a test key' <<<"$stderr")" -eq 16 ]
	operator
	ok -k keys.yaml keystore check
	[ -z "$stderr" ]
}

@test "keystore check: who signs grants is nobody who certifies cards" {
	ok keystore init --test-keys keys.yaml
	for type in ca oce-ca; do
		private=$(sed -n "/^  $type:/,/private/s/.*private: {hex: \(.*\)}/\1/p" keys.yaml)
		sed "/^  grantor:/,/private/s/{hex: .*}/{hex: $private}/" keys.yaml >same.yaml
		chmod 600 same.yaml
		fails 3 -k same.yaml keystore check
		[ -z "$output" ]
		[[ $stderr == *"same.yaml:"*": \`$type\` of type $type has the same public key"*"hint: "* ]]
		[[ $stderr != *"$private"* ]]
	done
}

@test "the key store is named by --keystore or CARDADM_KEYSTORE" {
	operator
	CARDADM_KEYSTORE=keys.yaml ok keystore check
	CARDADM_KEYSTORE=nothing.yaml ok -k keys.yaml keystore check
	fails 2 keystore list
	fails 3 -k nothing.yaml keystore list
	fails 3 -k . keystore check
}

@test "keystore list shows what it can when a value cannot be read, check does not pass" {
	operator
	rm kek.hex
	ok -k keys.yaml keystore list --json
	[ "$(jq -c '[.keys[] | [.name,.bits,.kcv]]' <<<"$output")" = '[["fleet",128,["504A77"]],["kek",null,[]]]' ]
	[[ $stderr == *"keys.yaml:8:34: "*"kek.hex: cannot open"* ]]
	fails 3 -k keys.yaml keystore check
	[[ $stderr == *"keys.yaml:8:34: "*"kek.hex: cannot open"* ]]
}

@test "values are found beside the store, from whatever folder" {
	operator
	mkdir -p elsewhere
	cd elsewhere
	ok -k ../keys.yaml keystore check
}

@test "modes: value files and stores that others can read or write end with 3" {
	operator
	chmod 640 kek.hex
	fails 3 -k keys.yaml keystore check
	[[ $stderr == *"kek.hex: others can read this key file (mode 0640)"* ]]
	[[ $stderr == *"hint: chmod 600 "*kek.hex* ]]
	operator
	chmod 600 kek.hex
	chmod 664 keys.yaml
	fails 3 -k keys.yaml keystore check
	[[ $stderr == *"hint: chmod go-w keys.yaml"* ]]
	rm keys.yaml
	ok keystore init --test-keys keys.yaml
	chmod 644 keys.yaml
	fails 3 -k keys.yaml keystore list
	[[ $stderr == *"hint: chmod 600 keys.yaml"* ]]
}

@test "a value that does not have the stated check value ends with 3" {
	operator
	tr 4 5 <fleet.hex >wrong.hex
	cat wrong.hex >fleet.hex
	fails 3 -k keys.yaml keystore check
	[[ $stderr == *"keys.yaml:7:13: the value has key check value "* ]]
	[[ ${stderr} != *"$(cat wrong.hex)"* ]]
}

@test "dap, token and receipt: PEM of any kind in files, check values and fingerprints shown" {
	for k in RSA1024 RSA2048 ECP256 ECP384 ECP521; do
		install -m 600 "$TOP/test/vectors/rfc9500/$k.pem" .
		install -m 644 "$TOP/test/vectors/rfc9500/$k.pub.pem" .
	done
	(umask 077 && echo "$MASTER" >value.hex)
	cat >keys.yaml <<'YAML'
cardadm: keystore/1
keys:
  a: {type: dap, private: {file: RSA1024.pem}}
  b: {type: dap, private: {file: RSA2048.pem}, public: {file: RSA2048.pub.pem}}
  c: {type: token, public: {file: ECP256.pub.pem}}
  d: {type: token, private: {file: ECP384.pem}}
  e: {type: receipt, public: {file: ECP521.pub.pem}}
  f: {type: receipt, value: {file: value.hex, kcv: 8BAF47}, cipher: des}
YAML
	ok -k keys.yaml keystore check
	[ -z "$stderr" ]
	ok -k keys.yaml keystore list --json
	[ "$(jq -c '[.keys[] | [.algorithm,.bits]]' <<<"$output")" = '[["RSA-1024",1024],["RSA-2048",2048],["EC p-256",256],["EC p-384",384],["EC p-521",521],["triple DES",128]]' ]
	[ "$(jq -r '.keys[5].kcv[0]' <<<"$output")" = 8BAF47 ]
	# openssl pkey -pubin -outform der | sha256sum
	[ "$(jq -r '[.keys[0,3,4].fingerprint] | join(" ")' <<<"$output")" = "9A9E5B0F404F4E2D C4C10105A0BE0ED4 ACB1B8327FEF995E" ]
	chmod 640 ECP384.pem
	fails 3 -k keys.yaml keystore check
	[[ $stderr == *"hint: chmod 600 "*ECP384.pem* ]]
	chmod 600 ECP384.pem
	chmod 666 RSA2048.pub.pem
	fails 3 -k keys.yaml keystore check
	[[ $stderr == *"others can write this public key (mode 0666)"*"hint: chmod go-w "*RSA2048.pub.pem* ]]
	chmod 644 RSA2048.pub.pem
	install -m 600 ECP521.pem ECP384.pem
	sed -i '/^  d:/s/}$/, public: {file: ECP256.pub.pem}}/' keys.yaml
	fails 3 -k keys.yaml keystore check
	[[ $stderr == *"keys.yaml:6:29: private and public key do not belong together"* ]]
}

@test "a malformed store ends with 3, with line, column and remedy" {
	operator
	sed -i 's/diversification: none/diversificaton: none/' keys.yaml
	fails 3 -k keys.yaml keystore list
	[[ $stderr == *'keys.yaml:6:5: unknown key `diversificaton`'* ]]
	[[ $stderr == *'hint: did you mean `diversification`?'* ]]
	operator
	sed -i 's/^  kek/  fleet/' keys.yaml
	fails 3 -k keys.yaml keystore list
	[[ $stderr == *'keys.yaml:8:3: `fleet` stands here for the second time, first in line 3'* ]]
	operator
	sed -i 's/keystore\/1/campaign\/1/' keys.yaml
	fails 3 -k keys.yaml keystore list
	[[ $stderr == *'keys.yaml:1:10: another kind of file; expected here is `cardadm: keystore/1`'* ]]
	operator
	sed -i "s/{file: kek.hex}/{hex: $MASTER}/" keys.yaml
	fails 3 -k keys.yaml keystore list
	[[ $stderr == *'keys.yaml:8:34: a clear value in an entry that is not marked `test: true`'* ]]
	[[ $stderr != *"$MASTER"* ]]
}

@test "hostile YAML is refused at once" {
	for part in '[' '{' '[a,' '{a: '; do
		{
			printf 'cardadm: keystore/1\nkeys: '
			yes "$part" | head -n 8000 | tr -d '\n'
		} >keys.yaml
		chmod 600 keys.yaml
		fails 3 -k keys.yaml keystore check
	done
	head -c 1100000 /dev/zero | tr '\0' '#' >keys.yaml
	fails 3 -k keys.yaml keystore check
	[[ $stderr == *"larger than"* ]]
	printf 'cardadm: keystore/1\nkeys: &a {x: *a}\n' >keys.yaml
	fails 3 -k keys.yaml keystore check
	[[ $stderr == *"keys.yaml:2:7: anchors (&) are not supported"* ]]
}
