# For dap.bats, token.bats, receipt.bats: a key store with keys of every kind, and a check of what
# they sign that is not the program's own.

# shellcheck disable=SC2034 # for those who load this
KINDS=(rsa1024 rsa2048 p256 p384 p521 aes des)

# key_store TYPE: keys.yaml with an entry of this type for each of KINDS; the public half of the
# asymmetric ones in public.yaml.
key_store() {
	local k file vectors=$TOP/test/vectors/rfc9500
	for k in RSA1024 RSA2048 ECP256 ECP384 ECP521; do
		install -m 600 "$vectors/$k.pem" "$vectors/$k.pub.pem" .
	done
	(umask 077 && echo 404142434445464748494A4B4C4D4E4F >value.hex)
	for file in keys.yaml public.yaml; do printf 'cardadm: keystore/1\nkeys:\n' >$file; done
	for k in rsa1024:RSA1024 rsa2048:RSA2048 p256:ECP256 p384:ECP384 p521:ECP521; do
		echo "  ${k%:*}: {type: $1, private: {file: ${k#*:}.pem}}" >>keys.yaml
		echo "  ${k%:*}: {type: $1, public: {file: ${k#*:}.pub.pem}}" >>public.yaml
	done
	for file in keys.yaml public.yaml; do
		echo "  aes: {type: $1, value: {file: value.hex}}" >>$file
		echo "  des: {type: $1, cipher: des, value: {file: value.hex}}" >>$file
	done
}

# signed KIND MESSAGE SIGNATURE: others say so, too (hex).
signed() {
	local key
	case $1 in
	rsa*) key=${1^^}.pub.pem ;;
	p*) key=EC${1^^}.pub.pem ;;
	*) key=$1:404142434445464748494A4B4C4D4E4F ;;
	esac
	python3 "$TOP/test/cli/authority_check.py" "$key" "$2" "$3"
}

# hex FILE [OFFSET]: its octets, from there on.
hex() {
	tail -c "+$((${2:-0} + 1))" "$1" | od -An -v -tx1 | tr -d ' \n' | tr a-f A-F
}

# flip FILE BIT: one bit turned.
flip() {
	local at=$(($2 / 8)) b
	b=$(od -An -tu1 -j "$at" -N 1 "$1")
	# shellcheck disable=SC2059
	printf "$(printf '\\x%02x' $((b ^ 1 << $2 % 8)))" | dd of="$1" bs=1 seek="$at" conv=notrunc status=none
}
