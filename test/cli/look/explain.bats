#!/usr/bin/env bats
# explain: recordings of other tools and our own, named and checked.

load ../lib

# A session of a real card (JCOP 4, GlobalPlatform test key) as three tools would print it.
iu=8050000008010203040506070800
iu_rsp=00003244342976208448010370734ECDCA19E446A30BC253BCE97DB9910004369000
ea=8482010010A5E66CD1A836E3A47CD3B3F7B689AE8F
gs=84F280020A4F009F2B339FA4DE0C2400
gs_rsp=E3264F08A0000001510000009F700101C5039AFE80C407A0000001515350CC08A0000001510000009000

recording() {
	printf '> %s\n< %s\n' "$iu" "$iu_rsp" "$ea" 9000 "$gs" "$gs_rsp" >"$1"
}

@test "a recording is named without keys" {
	recording r.txt
	ok explain r.txt
	[[ $output == *"INITIALIZE UPDATE"* ]]
	[[ $output == *"EXTERNAL AUTHENTICATE level 01"* ]]
	[[ $output == *"9F70 life cycle state: 01"* ]]
	[[ $output == *"not checked"* ]]
}

@test "the published test key fits, everything verifies" {
	recording r.txt
	ok explain r.txt --probe-well-known --json
	[ "$(jq -r '.keys, .diversification, .verified' <<<"$output" | paste -sd,)" = "GlobalPlatform test key,none,true" ]
	[ "$(jq -r '.exchanges[2].plain' <<<"$output")" = 80F28002024F0000 ]
	[ "$(jq -r '.exchanges[2].objects[0].name' <<<"$output")" = "registry entry" ]
}

@test "the same as gp, gpshell3 and opensc-tool print it" {
	cat >gp.txt <<-TEXT
		A>> T=1 (4+0008) 80500000 08 0102030405060708 00
		A<< (0032+2) (59ms) ${iu_rsp:0:64} 9000
		A>> T=1 (4+0016) 84820100 10 ${ea:10}
		A<< (0000+2) (42ms) 9000
		A>> T=1 (4+0010) 84F28002 0A ${gs:10:20} 00
		A<< (0040+2) (41ms) ${gs_rsp:0:80} 9000
	TEXT
	printf 'Command --> 00\nWrapped command --> %s\nResponse <-- %s\nUnwrapped response <-- 9000\n' \
		"$iu" "$iu_rsp" "$ea" 9000 "$gs" "$gs_rsp" | grep -v 'Command --> 00' >gpshell.txt
	{
		printf 'Sending: %s\nReceived (SW1=0x90, SW2=0x00):\n%-48s text\n%-48s text\n' \
			"$(sed 's/../& /g' <<<"$iu")" "$(sed 's/../& /g' <<<"${iu_rsp:0:32}")" "$(sed 's/../& /g' <<<"${iu_rsp:32:32}")"
		printf 'Sending: %s\nReceived (SW1=0x90, SW2=0x00)\n' "$(sed 's/../& /g' <<<"$ea")"
	} >opensc.txt
	for f in gp gpshell opensc; do
		ok explain $f.txt --probe-well-known --json
		[ "$(jq -r '.keys, .verified' <<<"$output" | paste -sd,)" = "GlobalPlatform test key,true" ]
	done
}

@test "no key fits: 5; a wrong MAC: 8, with the line of the first mistake" {
	"$CARDADM" keystore init --test-keys keys.yaml
	recording r.txt
	fails 5 explain r.txt -k keys.yaml --keys test
	sed -i 's/DE0C24/DE0C25/' r.txt
	fails 8 explain r.txt --probe-well-known
	[[ $stderr == *"r.txt:5: command: MAC wrong"* ]]
	recording r.txt
	sed -i 's/^> 8482010010A5/> 8482010010A6/' r.txt
	fails 8 explain r.txt --probe-well-known
	[[ $stderr == *"r.txt:3:"* ]]
}

@test "our own trace of a whole job, with both channels" {
	"$CARDADM" keystore init --test-keys keys.yaml
	"$CARDADM" vcard create one.card -k keys.yaml
	image app.img 1000
	for variant in a plain; do
		"$CARDADM" bundle build --image app.img --version 1.$((++n)) -k keys.yaml --output $variant.bundle --variant $variant
		ok -r vcard:one.card -k keys.yaml -t $variant.txt scp-open
		ok -r vcard:one.card scp-mode broadcast --bundle $variant.bundle
		ok -r vcard:one.card load $variant.bundle
		ok -r vcard:one.card scp-mode unicast
		ok -r vcard:one.card authorize load
		ok -r vcard:one.card scp-close
		ok explain $variant.txt -k keys.yaml --keys test --json
		[ "$(jq -r .verified <<<"$output")" = true ]
		[ "$(jq -r '[.exchanges[]|select(.name|startswith("AUTHORIZE ACTION"))|.command_check]|first' <<<"$output")" = ok ]
	done
	# Keys that went in clear let the broadcast commands be checked too.
	[ "$(jq -r '[.exchanges[]|select(.name|startswith("WRITE STAGE"))|.command_check]|unique|first' <<<"$output")" = ok ]
}

@test "what is no recording ends with 3" {
	echo nothing >r.txt
	fails 3 explain r.txt
	fails 3 explain missing.txt
	printf '> 80CA006600\n< 90\n' >r.txt
	fails 3 explain r.txt
	[[ $stderr == *"r.txt:2"* ]]
	recording r.txt
	fails 5 explain r.txt -k "$TOP/examples/keystore/operator.yaml" --keys nobody
}

@test "broadcast keys that came in clear serve to check, and are not shown" {
	"$CARDADM" keystore init --test-keys keys.yaml
	"$CARDADM" vcard create one.card --keystore keys.yaml
	image app.img 1000
	"$CARDADM" bundle build --image app.img --version 3.2 --variant plain -k keys.yaml --output app.bundle
	r=vcard:one.card
	ok -t t.txt -r $r -k keys.yaml scp-open
	ok -r $r scp-mode broadcast --bundle app.bundle
	ok -r $r load app.bundle
	ok -r $r scp-mode unicast
	ok -r $r authorize load
	ok -r $r scp-close
	ok explain t.txt -k keys.yaml --keys test
	[[ $output == *"WRITE STAGE"*"[ok]"* ]]
	[[ $output == *"CHANGE MODE return"*"[ok]"* ]]
	[ "$(grep -c '^ *8[01] .*: \*\*$' <<<"$output")" -eq 2 ]
	grep -q 'plain 805A010[0-9A-F]*\*\*' <<<"$output"
	ok explain t.txt -k keys.yaml --keys test --json
	jq -e '[.exchanges[]|select(.name|startswith("CHANGE MODE enter"))|.plain|test("^805A0100..[*]+00$")]==[true]' <<<"$output"
	[ "$(jq .verified <<<"$output")" = true ]
}

@test "a masked command leaves the rest of its session unchecked, not wrong" {
	fleet
	r=vcard:fleet/0001.card
	ok -t t.txt -r $r -k keys.yaml scp-open --level 01
	ok -r $r apdu 80CA006600
	cardadm -r $r apdu 0020008104FFFFFFFF 80CA006600
	ok -r $r apdu 80CA006600
	ok -r $r scp-close
	grep -q '^> 0420008[0-9A-F]*\*\*' t.txt || grep -q '^> 8420008[0-9A-F]*\*\*' t.txt
	ok explain t.txt -k keys.yaml --keys test --json
	[ "$(jq -c '[.exchanges[]|select(.name|startswith("GET DATA 0066"))|.command_check]' <<<"$output")" = '[null,"ok","not checked"]' ]
	[ "$(jq .mistake <<<"$output")" = null ]
}

@test "a command that comes in several is one: checked and shown with the last of them" {
	"$CARDADM" keystore init --test-keys keys.yaml -q
	cp "$TOP/test/vectors/rfc9500/RSA2048.pub.pem" .
	printf '  big: {type: dap, test: true, public: {file: RSA2048.pub.pem}}\n' >>keys.yaml
	"$CARDADM" vcard create c.card -k keys.yaml --keys test -q >/dev/null
	for level in 01 33; do
		rm -f t.trace
		ok -r vcard:c.card -k keys.yaml -t t.trace put-keys big --as 73 --keys test --level $level
		ok -r vcard:c.card -k keys.yaml -y delete-keys 73 --keys test
		grep -q '^> 84D88001FF' t.trace
		ok explain t.trace -k keys.yaml --keys test
		[[ $output == *"PUT KEY key version 00, 267 octets [ok]"*"plain 80D8000100010B73A1820100"* ]]
		[[ $output != *wrong* ]]
		# One octet of the first part is another one.
		sed 's/^\(> 84D88001FF\)00/\101/; t; s/^\(> 84D88001FF\)../\100/' t.trace >bad.trace
		fails 8 explain bad.trace -k keys.yaml --keys test
		[[ $stderr == *"MAC wrong"* ]]
	done
}
