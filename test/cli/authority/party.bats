#!/usr/bin/env bats
# slow: check-quick has others of its kind
# party request, party show: what a party asks for, without a card.
load ../lib
load ../parties

@test "party request: the fingerprint in it is that of the key" {
	: >public.yaml
	party acme
	request acme --quota-data 20000 --aid-prefix A000000812
	[ "$(jq -c '[.party, .form, .rights, .quota_data, .aid_prefix, .domain_key]' <<<"$output")" = \
		'["ACME","signing",["read","write","content","admit"],20000,"A000000812",false]' ]
	head -n 1 acme.req | grep -qx -- '-----BEGIN CARDADM REQUEST-----'
	# What is hashed is the value of 7F49: B0 41 point, F0 01 00.
	[ "$fingerprint" = "$({ printf '\xb0\x41'; public acme acme | xxd -r -p; printf '\xf0\x01\x00'; } |
		sha256sum | head -c 16 | tr a-f A-F)" ]
	# keystore list says the same.
	[ "$("$CARDADM" -k acme/keys.yaml keystore list --json |
		jq -r '.keys[] | select(.name == "acme") | .fingerprint')" = "$fingerprint" ]
}

@test "party request: of a key for agreement, with the rights that are named" {
	: >public.yaml
	party bank 31 agreement
	request bank --rights read,shared --reserve-data 30000
	[ "$(jq -c '[.form, .rights, .reserve_data, .quota_data]' <<<"$output")" = \
		'["agreement",["read","shared"],30000,null]' ]
	ok party show bank.req --json -k bank/keys.yaml
	[ "$(jq -c '[.signature, .known_as]' <<<"$output")" = '[null,"bank"]' ]
}

@test "party request: words that are no rights, ids that are none, a file that is there" {
	: >public.yaml
	party acme
	fails 2 -k acme/keys.yaml party request --id ACME --rights read,rule --output x.req
	[[ $stderr == *"there is no right \`rule\`"*"hint: read, write, content, admit and shared"* ]]
	fails 2 -k acme/keys.yaml party request --id ACME --rights read, --output x.req
	fails 2 -k acme/keys.yaml party request --id 12345678901234567 --output x.req
	fails 2 -k acme/keys.yaml party request --id "" --output x.req
	fails 2 -k acme/keys.yaml party request --id A --domain-key wallet --output x.req
	[ ! -e x.req ]
	request acme
	fails 7 -k acme/keys.yaml party request --id ACME --output acme.req
}

@test "party request: a public half is not enough, and no other type will do" {
	: >public.yaml
	party acme
	sed -i "s/private: {file: party.pem}/curve: p-256, public: {hex: $(public acme acme)}/" acme/keys.yaml
	fails 5 -k acme/keys.yaml party request --key acme --id ACME --output x.req
	[[ $stderr == *"of \`acme\` only the public key is here"* ]]
	fails 5 -k acme/keys.yaml party request --key access --id ACME --output x.req
}

@test "party show: the binary form is the same, and no key store is needed" {
	: >public.yaml
	party acme
	request acme
	sed '/^-----/d' acme.req | base64 -d >acme.tlv
	ok party show acme.tlv
	one=$output
	[[ $stderr == *"no key store is named"* ]]
	ok party show acme.req
	[ "$output" = "$one" ]
	[[ $output == *"fingerprint: $fingerprint"* ]]
}

@test "party show: a request that was changed does not prove itself, and ends 0" {
	: >public.yaml
	party acme
	request acme
	# An octet of the id: 7F77 81 A4 5F20 04 'ACME'.
	flip_pem acme.req $((8 * 7))
	ok party show acme.req.flip --json
	[ "$(jq -c '[.party, .signature]' <<<"$output")" = '["@CME",false]' ]
}

@test "party show: what is neither, damaged or too long is refused" {
	: >public.yaml
	party acme
	request acme
	sed '/^-----/d' acme.req | base64 -d >acme.tlv
	n=$(stat -c %s acme.tlv)
	for k in 0 1 3 50 $((n - 1)); do
		head -c "$k" acme.tlv >short
		fails 3 party show short
	done
	cat acme.tlv acme.tlv >twice
	fails 3 party show twice
	echo hello >text
	fails 3 party show text
	[[ $stderr == *"neither a request nor a grant nor a grant file"* ]]
	sed 's/REQUEST/THING/' acme.req >thing
	fails 3 party show thing
	sed '2s/^./!/' acme.req >damaged
	fails 3 party show damaged
	cat acme.req acme.req >two
	fails 3 party show two
	head -c 9000 /dev/zero >long
	fails 3 party show long
	fails 3 party show nowhere
}

@test "party request: a domain key is sealed for the card of these certificates" {
	operator
	party bank
	op -y authority enrol --no-close
	card=$(echo *.pem)
	request bank --domain-key wallet --card "$card"
	[ "$(jq .domain_key <<<"$output")" = true ]
	run ! grep -q -f bank/domain-key.hex bank.req
	# Whose card it is must be said by somebody.
	sed -i '/maker:/d' bank/keys.yaml
	fails 5 -k bank/keys.yaml party request --id B --domain-key wallet --card "$card" --output x.req
	[[ $stderr == *"nobody says that this is the key of a genuine card"* ]]
	fails 3 -k bank/keys.yaml party request --id B --domain-key wallet --card bank.req --output x.req
}
