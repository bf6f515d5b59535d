# For tests of third parties on the card: an operator with a card, and parties, each with a key
# store of its own in a folder of its own. Loaded after lib.bash.

# operator: op/keys.yaml, the card, and public.yaml, what parties are given of the operator.
operator() {
	mkdir -p op
	"$CARDADM" keystore init --test-keys op/keys.yaml
	"$CARDADM" -k op/keys.yaml vcard create card --protocol scp11 --grantor grantor
	export CARDADM_READER=vcard:card
	{
		echo "  operator: {type: grantor, curve: p-256, public: {hex: $(public op grantor)}}"
		echo "  maker: {type: ca, public: $(public op ca)}"
	} >public.yaml
}

# public WHO ENTRY: a public key.
public() {
	"$CARDADM" -k "$1/keys.yaml" keystore list --json |
		jq -r --arg name "$2" '.keys[] | select(.name == $name) | .public'
}

# party NAME [VERSION [FORM]]: NAME/keys.yaml with a party, an access set and a domain key.
party() {
	mkdir -p "$1"
	(
		umask 077
		openssl ecparam -name prime256v1 -genkey -noout -out "$1/party.pem"
		openssl rand -hex 16 >"$1/access.hex"
		openssl rand -hex 32 >"$1/domain-key.hex"
	)
	cat - public.yaml >"$1/keys.yaml" <<-YAML
		cardadm: keystore/1
		keys:
		  $1: {type: party, form: ${3:-signing}, private: {file: party.pem}}
		  access: {type: scp03, version: ${2:-30}, diversification: none, master: {file: access.hex}}
		  wallet: {type: domain-key, value: {file: domain-key.hex}}
	YAML
}

# request NAME [OPTION...]: NAME.req; its fingerprint in $fingerprint.
request() {
	local name=$1
	shift
	ok -k "$name/keys.yaml" party request --key "$name" --id "${name^^}" --output "$name.req" --json "$@"
	fingerprint=$(jq -r .fingerprint <<<"$output")
}

# authorize NAME [OPTION...]: NAME.grant, placed by the operator; the container in $container.
authorize() {
	local name=$1
	shift
	ok -k op/keys.yaml authorize party "$name.req" --fingerprint "$fingerprint" \
		--valid-until 2099-12-31 --output "$name.grant" --json "$@"
	container=$(jq -r .container <<<"$output")
}

# claim NAME [OPTION...]: the container of NAME.grant.
claim() {
	local name=$1
	shift
	ok -k "$name/keys.yaml" container claim "$name.grant" --party "$name" --access access --json "$@"
	container=$(jq -r .container <<<"$output")
}

# as NAME VERB...: in the container, with the party's access set; expects 0. refused STATUS NAME VERB...
as() {
	local name=$1
	shift
	ok -k "$name/keys.yaml" "$@" --sd "$container" --keys access
}

refused() {
	local status_wanted=$1 name=$2
	shift 2
	fails "$status_wanted" -k "$name/keys.yaml" "$@" --sd "$container" --keys access
}

# op VERB...: as the operator.
op() {
	ok -k op/keys.yaml "$@"
}

# state FILTER: of `container list`.
state() {
	"$CARDADM" -k op/keys.yaml container list --json 2>/dev/null | jq -c "$1"
}

# flip_pem FILE N: bit N of the octets of a PEM file turned, in FILE.flip (binary).
flip_pem() {
	sed '/^-----/d' "$1" | base64 -d >"$1.flip"
	local at=$(($2 / 8)) b
	b=$(od -An -tu1 -j "$at" -N 1 "$1.flip")
	# shellcheck disable=SC2059
	printf "$(printf '\\x%02x' $((b ^ 1 << $2 % 8)))" |
		dd of="$1.flip" bs=1 seek="$at" conv=notrunc status=none
}

# late STATUS ARGUMENT...: cardadm in a century when every grant is over; what it says of the days.
late() {
	local want=$1
	shift
	ASAN_OPTIONS=verify_asan_link_order=0 run --separate-stderr faketime 2101-01-01 "$CARDADM" "$@"
	echo "$stderr" >&2
	[ "$status" -eq "$want" ]
	[[ $stderr == *2099-12-31* ]]
}

# parties_fleet COUNT: the operator's cards fleet/0001.card to COUNT, and ACME with its request.
parties_fleet() {
	mkdir -p op
	"$CARDADM" keystore init --test-keys op/keys.yaml
	"$CARDADM" -k op/keys.yaml vcard create fleet --count "$1" --protocol scp11 --grantor grantor
	{
		echo "  operator: {type: grantor, curve: p-256, public: {hex: $(public op grantor)}}"
		echo "  maker: {type: ca, public: $(public op ca)}"
	} >public.yaml
	party acme
	request acme --quota-data 5000
}

# parties_campaign STEP...: campaign.yaml over them, each step in YAML of one line.
parties_campaign() {
	printf '  - %s\n' "$@" | unicast_campaign parties op/keys.yaml
}

# on CARD VERB...: as the operator, on fleet/CARD.card; what it says on stdout.
on() {
	local card=$1
	shift
	"$CARDADM" -r "vcard:fleet/$card.card" -k op/keys.yaml "$@" 2>/dev/null
}

# grant_digest FILE: of the grant in a grant file.
grant_digest() {
	"$CARDADM" party show "$1" --json 2>/dev/null | jq -r .digest
}
