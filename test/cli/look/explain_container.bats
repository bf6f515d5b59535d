#!/usr/bin/env bats
# slow: check-quick has others of its kind
# explain: third parties on the card. First the octets of test/vectors/containers.json, made by an
# independent model, as recordings; then sessions of our own card.

load ../lib
load ../parties
load ../secrets

VECTORS=$TOP/test/vectors/containers.json

# of CASE FILTER: out of the case whose name begins so.
of() {
	jq -r --arg name "$1" "first(.cases[]|select(.name|startswith(\$name)))|$2" "$VECTORS"
}

# The keys of the cases, each in an entry of its own, and what they send.
setup_file() {
	jq -r '
		def set($name; $k): "  \($name): {type: scp03, test: true, version: \($k.kvn), diversification: none, " +
			"enc: {hex: \"\($k.enc)\"}, mac: {hex: \"\($k.mac)\"}, dek: {hex: \"\($k.dek)\"}}";
		def point($name; $type; $k): "  \($name): {type: \($type), public: {hex: \"\($k)\"}, curve: p-256}";
		def case($n): first(.cases[]|select(.name|startswith($n)));
		"cardadm: keystore/1\nkeys:",
		set("operator"; case("keys").isd),
		set("acme-access"; case("claim: PUT KEY").access),
		set("bank-access"; case("session of a party, AES-256").access),
		point("op"; "grantor"; case("keys").public.operator),
		point("is"; "grantor"; case("keys").public.authority),
		point("acme"; "party, form: signing"; case("keys").public.acme),
		point("bank"; "party, form: agreement"; case("keys").public.bank),
		"  told: {type: receipt, test: true, value: {hex: \"\(case("place: order").receipt_key_71)\"}}"
	' "$VECTORS" >"$BATS_FILE_TMPDIR/keys.yaml"
	chmod 600 "$BATS_FILE_TMPDIR/keys.yaml"
	cases_course >"$BATS_FILE_TMPDIR/course"
}

vector_keys() { cp "$BATS_FILE_TMPDIR/keys.yaml" .; }

course() { cat "$BATS_FILE_TMPDIR/course"; }

# Lines of a recording.
handshake='"> \(.session.initialize_update)\n< \(.session.answer)\n> \(.session.external_authenticate)\n< 9000"'
blocks='[.wrapped,(.answers // [(.wrapped[:-1][]|"9000"), .answer])]|transpose[]|"> \(.[0])\n< \(.[1])"'
select_isd() { printf '> 00A4040008A000000151000000\n< 9000\n'; }
select_box() { printf '> 00A4040010F0434152440102030405060708090A0B\n< 9000\n'; }

# The course of the cases: place, the other orders, claim, what the party does, admit.
cases_course() {
	select_isd
	of "place: order" "$handshake, ($blocks)"
	select_box
	of "claim, form S" '(.pso[]|"> \(.)\n< 9000"), "> \(.mutual_authenticate.command)\n< \(.mutual_authenticate.answer)"'
	of "claim: PUT KEY" '"> \(.wrapped)\n< \(.answer)"'
	select_box
	of "session of the party" "$handshake, (.steps[]|\"> \\(.wrapped)\\n< \\(.answer)\")"
}

# explained ARGS...: explain ARGS --json ends well; what note and field look into.
explained() {
	local path words
	ok explain "$@" --json
	jq -r '.exchanges[].notes[]?|"\(.check // "")|\(.text)"' <<<"$output" >notes
	declare -gA said=()
	while read -r path words; do said[$path]+="${said[$path]:+;}$words"; done < <(jq -r '
		def all($in): .[]?|($in + .tag) as $path|"\($path) \(.name)=\(.value)=\(.says)", (.objects|all($path + "/"));
		.exchanges[].sent|all("")' <<<"$output")
}

# note TEXT CHECK: the last explanation has notes that begin so, all with this outcome.
note() {
	grep -E "^[^|]*\|$1" notes >noted && ! grep -v "^$2|" noted || {
		cat notes
		return 1
	} >&2
}

# field PATH: value and words of a field of the order in the last explanation, by tags.
field() {
	echo "${said[$1]-}"
}

all_keys=(--keys operator --keys acme-access --keys bank-access --keys op --keys is --keys acme --keys bank --keys told)

@test "the course of the cases: place, claim, objects, leave, with all keys" {
	vector_keys
	course >t.txt
	explained t.txt -k keys.yaml "${all_keys[@]}"
	[ "$(jq -c '[.verified, .mistake]' <<<"$output")" = '[true,null]' ]
	note 'grant signed by grantor op$' ok
	note "the party's key is acme$" ok
	note 'the answer is of this grant$' ok
	note 'receipt by key told$' ok
	note '2027-01-01 10:40:00 UTC is within the days of the grant$' ok
	note 'placed in line 7, octet by octet$' ok
	note "key of this claim, signed by the party's key in the grant$" ok
	note 'claim of container F0434152440102030405060708090A0B by ACME' ''
	note 'receipt and session: .*no recording has$' 'not checked'
	note 'the claim is done if' 'not checked'
	note 'the card has this access set: proves the claim of line 19$' ok
	note 'key set acme-access$' ''
	[ "$(jq -r '[.exchanges[].notes[]?.text|select(startswith("fingerprint"))]|unique|join(",")' <<<"$output")" = \
		"fingerprint of the party's key: $(of "request, signing" .fingerprint)" ]
	[ "$(jq -r '[.exchanges[].notes[]?.text|select(startswith("digest"))]|unique|join(",")' <<<"$output")" = \
		"digest of the grant: $(of "grant of D3" .digest)" ]
}

@test "each field of an order has its name, and says what it says" {
	vector_keys
	{
		select_isd
		of "place: order" "$handshake, ($blocks)"
	} >t.txt
	explained t.txt -k keys.yaml --keys operator
	[ "$(field BF73/80)" = "operation=01=place" ]
	[ "$(field BF73/9A)" = "time=6B378280=2027-01-01 10:40:00 UTC" ]
	[ "$(field BF73/7F21/93)" = "serial=000001A2CE8BD400=1798761600000" ]
	[ "$(field BF73/7F21/42)" = "issuer key=547A349461642C2B=null" ]
	[ "$(field BF73/7F21/5F20)" = "subject, or party=41434D45=ACME" ]
	[ "$(field BF73/7F21/95)" = "use of the key=82=signs" ]
	[ "$(field BF73/7F21/5F25)" = "first day=20270101=2027-01-01" ]
	[ "$(field BF73/7F21/5F24)" = "last day=20271231=2027-12-31" ]
	[ "$(field BF73/7F21/73/4F)" = "container=F0434152440102030405060708090A0B=null" ]
	[[ "$(field BF73/7F21/73/81)" == "digest of the card's key=76585956F7E060F1"* ]]
	[ "$(field BF73/7F21/73/82)" = "rights=0F=read, write, content, admit" ]
	[ "$(field BF73/7F21/73/C8)" = "quota of memory=00004E20=20000" ]
	[[ "$(field BF73/7F21/7F49/B0)" == "point=044452CC"* ]]
	[ "$(field BF73/7F21/7F49/F0)" = "curve=00=p-256" ]
	[[ "$(field BF73/7F21/5F37)" == "signature=319D9F18"* ]]
	# And the answer to it.
	[ "$(jq -r '.exchanges[-1].objects[0].objects|map("\(.name)=\(.says)")|join(";")' <<<"$output")" = \
		"serial=1798761600000;container=null;digest of the card's key=null;quota of memory=20000;confirmation counter=1;receipt=null" ]
	# Without the grantor nothing is said of its signature.
	note 'signature of the grant: no key of issuer 547A349461642C2B$' 'not checked'
	note 'receipt$' 'not checked'
}

@test "revoke, raise, close" {
	vector_keys
	{
		select_isd
		of "place: order" "$handshake, ($blocks)"
		of "orders of the operator" '.orders[]|"> \(.wrapped)\n< \(.answer)"'
		select_isd
		printf '> 80E2900006BF7303800104\n< 6982\n'
	} >t.txt
	ok explain t.txt -k keys.yaml --keys operator
	[[ $output == *"80 operation: 02 (revoke)"* ]]
	[[ $output == *"83 data: 01 (kept)"* ]]
	[[ $output == *"80 operation: 03 (raise the serials)"* ]]
	[[ $output == *"80 operation: 04 (close the issuer keys)"* ]]
}

@test "form M in blocks, with a domain key; a grant that the recording does not place" {
	vector_keys
	{
		printf '> 00A4040010F0434152441112131415161718191A1B\n< 9000\n'
		of "claim, form (M, b)" '(.pso[]|"> \(.)\n< 9000"), "> \(.mutual_authenticate.command)\n< \(.mutual_authenticate.answer)"'
	} >t.txt
	ok explain t.txt -k keys.yaml --keys is --keys bank
	[[ $output == *"PERFORM SECURITY OPERATION key 02 version 74, more of it follows"* ]]
	[[ $output == *"95 use of the key: 0080 (key agreement)"* ]]
	[[ $output == *"C7 quota of volatile memory"*"D7 reserve of volatile memory"*"D8 reserve of memory: 00007530 (30000)"* ]]
	[[ $output == *"84 AID prefix: A000000099"*"8B digest of the domain key: "* ]]
	[[ $output == *"grant signed by grantor is [ok]"*"the party's key is bank [ok]"* ]]
	[[ $output == *"this recording does not show that it was placed [not checked]"* ]]
	[[ $output == *"claim of container F0434152441112131415161718191A1B by BANK"* ]]
	[[ $output == *"95 use of the session keys: 3C (security level 33)"* ]]
}

@test "the state of containers, as operator and party read it" {
	of "FF73 as the operator" '"> \(.get_data)\n< \(.answer)9000"' >t.txt
	ok explain t.txt
	[[ $output == *"A0 container"*"4F AID: F0434152440102030405060708090A0B"* ]]
	[[ $output == *"80 state: 02 (claimed)"*"C8 quota of memory: 00004E20 (20000)"*"8A octets used: 00000929 (2345)"* ]]
	[[ $output == *"A1 party"*"5F20 party: 41434D45 (ACME)"*"82 rights: 0F (read, write, content, admit)"* ]]
	[[ $output == *"80 state: 01 (granted)"*"A2 grant not used yet"*"8D digest of the grant: AA50EAAF"* ]]
	[[ $output == *"A5 issuer of grants"*"93 last serial: 000001A2CE8BD400 (1798761600000)"* ]]
	[[ $output == *"8C issuer keys closed: 01 (yes)"*"9A card time: 6B378280 (2027-01-01 10:40:00 UTC)"* ]]
	of "FF73 as the party" '"> \(.get_data)\n< \(.answer)9000"' >t.txt
	ok explain t.txt
	[[ $output == *"83 versions of its access sets: 30"*"A3 object"*"80 number: 05"*"92 length: 0005 (5)"* ]]
}

@test "objects may be secrets: number and length, never the octets" {
	vector_keys
	course >t.txt
	{
		printf '> 00A4040010F0434152440102030405060708090A0B\n< 9000\n'
		of "session of a party, AES-256" "$handshake, (.steps[]|\"> \\(.wrapped)\\n< \\(.answer)\")"
	} >>t.txt
	for json in '' --json; do
		ok explain t.txt -k keys.yaml "${all_keys[@]}" $json
		run ! grep -qi '68656C6C6F\|hello' <<<"$output"
	done
	ok explain t.txt -k keys.yaml "${all_keys[@]}"
	[[ $output == *"plain 80E2900008****************"* ]]
	[[ $output == *"DF05 object of a party or terminal: ** (5 octets)"* ]]
	[[ $output == *"DF01 object of a party or terminal: ** (100 octets)"* ]]
	[[ $output == *"keys from 01 on of version 32: ENC"* ]]
	# In clear on the line they are left out as well: whole, in blocks, from the middle, and read.
	{
		printf '> 80E2900008DF050568656C6C6F\n< 9000\n> 80E2100005DF05056865\n< 9000\n> 80E29001036C6C6F\n< 9000\n'
		printf '> 84E2900010DF050568656C6C6F0102030405060708\n< 9000\n> 80E29007036C6C6F\n< 9000\n'
		printf '> 80CADF0500\n< DF050568656C6C6F9000\n'
	} >t.txt
	for json in '' --json; do
		ok explain t.txt $json
		run ! grep -qi '6865\|6C6C6F' <<<"$output"
	done
}

@test "a party's own store has the private half of its key alone" {
	vector_keys
	of keys .private.acme >acme.hex
	chmod 600 acme.hex
	sed -i 's/^  acme: .*/  acme: {type: party, form: signing, private: {file: acme.hex}, curve: p-256}/' keys.yaml
	course >t.txt
	ok explain t.txt -k keys.yaml --keys acme-access --keys op --keys acme
	[[ $output == *"the party's key is acme [ok]"* ]]
	run ! grep -qi -f acme.hex <<<"$output$stderr"
	chmod 644 acme.hex
	fails 3 explain t.txt -k keys.yaml --keys acme-access --keys op --keys acme
	rm acme.hex
	fails 3 explain t.txt -k keys.yaml --keys acme-access --keys op --keys acme
}

@test "a wrong signature: 8, with line and who it should be by" {
	vector_keys
	# One bit of the party's id in the first certificate, another last day in the second.
	course | sed '/^> 802A7481/s/41434D45/41434D44/' >t.txt
	fails 8 explain t.txt -k keys.yaml "${all_keys[@]}"
	[[ $stderr == *"t.txt:13: grant, by grantor op: signature wrong"* ]]
	course | sed '/^> 802A7401/s/20270103/20270104/' >t.txt
	fails 8 explain t.txt -k keys.yaml "${all_keys[@]}"
	[[ $stderr == *"t.txt:15: key of this claim, by the party's key in the grant: signature wrong"* ]]
	# Of an issuer whose key was not named nothing is said.
	course >t.txt
	ok explain t.txt -k keys.yaml --keys operator --keys acme-access --keys is
	[[ $output == *"signature of the grant: no key of issuer 547A349461642C2B [not checked]"* ]]
}

@test "refused grants are named all the same; a receipt of another key is wrong" {
	vector_keys
	jq -r '.cases[]|select(.name|startswith("place, refused"))|.refusals[]|
		"> 00A4040010F0434152440102030405060708090A0B\n< 9000\n> 802A7401\((.grant|length/2)|[(./16|floor), .%16]|map("0123456789ABCDEF"[.:.+1])|join(""))\(.grant)\n< \(.sw)"' "$VECTORS" |
		grep -v '^> 802A7401.*7F2182' >t.txt
	cardadm explain t.txt
	[ "$(grep -c 'terms of the grant' <<<"$output")" -ge 4 ]
	course >t.txt
	sed -i '/told/s/hex: "../hex: "FF/' keys.yaml
	fails 8 explain t.txt -k keys.yaml "${all_keys[@]}"
	[[ $stderr == *"t.txt:9: receipt: signature wrong"* ]]
}

@test "sessions of other keys than those given are told, not taken for a mistake" {
	vector_keys
	course >t.txt
	ok explain t.txt -k keys.yaml --keys acme-access --keys op
	[[ $stderr == *"1 session of other keys, not checked"* ]]
	[[ $output == *"proves the claim of line 19 [ok]"* ]]
	[[ $output == *"this recording does not show that it was placed [not checked]"* ]]
	fails 5 explain t.txt -k keys.yaml --keys bank-access
	fails 5 explain t.txt -k keys.yaml --keys nobody
}

@test "issuer keys and the stored key of a host by name, on our own card" {
	vector_keys
	"$CARDADM" keystore init --test-keys store.yaml -q
	ok vcard create c.card -k store.yaml --keys test --protocol scp11 --grantor grantor --store-oce oce
	ok -r vcard:c.card -k store.yaml -t t.txt list --keys test
	ok -r vcard:c.card -k store.yaml -t t.txt keys
	ok explain t.txt
	[[ $output == *"key 01 of version 74: controlling authority (CASD) or issuer of grants"* ]]
	[[ $output == *"key 11 of version"*"SCP11a"* ]]
	[[ $output == *"key 12 of version 01: stored key of an entity (SCP11a)"* ]]
}

# recorded: the verbs of a card's third parties, each with --trace into the same file; all.yaml has
# the keys of everybody, as nobody in life does.
recorded() {
	operator
	op -y authority enrol --no-close
	cert=$(echo *.pem)
	party acme
	party bank 31 agreement
	request acme --quota-data 20000 --domain-key wallet --card "$cert"
	authorize acme --container new --trace t.txt
	claim acme --trace t.txt
	printf 'may enter until 2031' >object
	as acme container put 1 object --trace t.txt
	as acme container get 1 --trace t.txt
	request bank --rights read,write
	op authority grant bank.req --card "${cert%.pem}" --container "$container" --valid-until 2099-12-31 \
		--output bank.grant --fingerprint "$fingerprint"
	as acme container admit bank.grant --trace t.txt
	op -y revoke party ACME --container "$container" --trace t.txt
	{
		cat acme/keys.yaml
		sed -n '/^  test:/,/^  [a-z]*:$/p' op/keys.yaml | sed '$d'
		echo "  bank: {type: party, form: agreement, curve: p-256, public: {hex: $(public bank bank)}}"
	} >acme/all.yaml
	chmod 600 acme/all.yaml
	# shellcheck disable=SC2034 # absent looks for them
	secrets="$(cat acme/{access,domain-key}.hex) $(scalar acme/party.pem) $(xxd -p -c 64 object)"
	theirs=(-k acme/all.yaml --keys test --keys access --keys acme --keys operator --keys bank)
}

@test "the verbs as they were recorded: what was protected, whose the claim was, and no key" {
	recorded
	ok explain t.txt "${theirs[@]}"
	# authorize party
	[[ $output == *"INSTALL for install and make selectable of $container from "*" [ok]"* ]]
	[[ $output == *"80 operation: 01 (place)"*"7F76 domain key for this card"*"86 wrapped key: "* ]]
	placed=$(grep -m 1 '^> 84E210' -n t.txt | cut -d: -f1)
	[[ $output == *"the answer is of this grant [ok]"*"of serial "*" is that of line $placed [ok]"* ]]
	# container claim
	[[ $output == *"placed in line $placed, octet by octet [ok]"*"claim of container $container by ACME"* ]]
	claimed=$(grep -m 1 '^> ..D8' -n t.txt | cut -d: -f1)
	# container put and get, by whoever put the set there
	[[ $output == *"proves the claim of line $claimed [ok]"*"plain 80E2900017"*"DF01 object of a party or terminal: ** (20 octets)"* ]]
	[[ $output == *"GET DATA DF01 [ok]"*"DF01 object of a party or terminal: ** (20 octets)"* ]]
	# container admit, then revoke party
	[[ $output == *"4F container: $container"*"82 rights: 03 (read, write)"*"the party's key is bank [ok]"* ]]
	[[ $output == *"80 operation: 02 (revoke)"*"5F20 party: 41434D45 (ACME)"*"83 data: 00 (erased)"* ]]
	[ "$(grep -c '80 operation: ' <<<"$output")" -eq 3 ]
	printf '%s\n' "$output" "$stderr" >said
	ok explain t.txt "${theirs[@]}" --json
	[ "$(jq -c '[.verified, .mistake]' <<<"$output")" = '[true,null]' ]
	printf '%s\n' "$output" "$stderr" >said.json
	absent said said.json t.txt
}

@test "the verbs as they were recorded, and changed afterwards: 8, with the line" {
	recorded
	# One bit of the claim's grant: not the one that was placed, nor the issuer's.
	line=$(grep -m 1 '^> [89]02A7481' -n t.txt | cut -d: -f1)
	sed "${line}s/41434D45/41434D44/" t.txt >changed
	fails 8 explain changed "${theirs[@]}"
	[[ $stderr == *"changed:"*": grant, by grantor operator: signature wrong"* ]]
	# One of the revocation, which is protected: its last octet.
	line=$(grep '^> 84E2' -n t.txt | tail -n 1 | cut -d: -f1)
	sed "${line}s/..00\$/5A00/" t.txt >changed
	cmp -s t.txt changed && sed "${line}s/..00\$/5B00/" t.txt >changed
	fails 8 explain changed "${theirs[@]}"
	[[ $stderr == *"changed:$line: "* ]]
	# Another set under the version that was claimed: the session shows that it was not ACME's.
	openssl rand -hex 16 >acme/access.hex
	cardadm explain t.txt "${theirs[@]}"
	[ "$status" -eq 0 ]
	[[ $stderr == *"of other keys, not checked"* ]]
	run ! grep -q 'proves the claim' <<<"$output"
}
