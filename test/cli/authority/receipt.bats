#!/usr/bin/env bats
# slow
# receipt verify: confirmations of cards, for all kinds, made here by others.
load ../lib
load ../authority

CAP=$TOP/examples/hello.cap
PACKAGE=F04341524441444D01
APPLET=F04341524441444D0101
ISD=A000000151000000
SSD=A000000151000001
UNIQUE=0848434D4F01020304

# lv HEX: with its length in front.
lv() {
	printf '%02X%s' $((${#1} / 2)) "$1"
}

# mac HEX: AES-CMAC under the key of value.hex.
mac() {
	python3 -c 'import sys
from cryptography.hazmat.primitives import cmac
from cryptography.hazmat.primitives.ciphers import algorithms
m = cmac.CMAC(algorithms.AES(bytes.fromhex("404142434445464748494A4B4C4D4E4F")))
m.update(bytes.fromhex(sys.argv[1]))
print(m.finalize().hex().upper())' "$1"
}

# confirm COUNTER WHAT [MORE]: $answer, the answer of a card that did WHAT (hex); MORE: token
# identifier and digest, with their lengths.
confirm() {
	local data=02$1$UNIQUE${3:-}
	answer=$(lv "$(lv "$(mac "$data$2")")$data")
}

verified() { # verified WORDS...
	ok -k keys.yaml receipt verify "$@" --key aes --receipt "$answer" --json
	[ "$(jq -c '[.ok, .key, .unique]' <<<"$output")" = '[true,"AES-128","48434D4F01020304"]' ]
}

refused() { # refused TEXT WORDS...
	local text=$1
	shift
	fails 3 -k keys.yaml receipt verify "$@" --key aes --receipt "$answer"
	[[ $stderr == *"$text"* ]] || { echo "$stderr" >&2; return 1; }
}

@test "receipt verify: what each kind confirms" {
	key_store receipt
	confirm 0001 "$(lv $PACKAGE)$(lv $ISD)"
	verified load "$CAP" --domain $ISD
	[ "$(jq -r .counter <<<"$output")" = 1 ]
	refused "not a receipt of this key for this load" load "$CAP" --domain $SSD
	confirm 00FF "$(lv $PACKAGE)$(lv $APPLET)"
	verified install "$CAP"
	verified install $APPLET --package $PACKAGE
	verified make-selectable $APPLET --package $PACKAGE
	refused "for this install" install "$CAP" --instance A0000001510102
	confirm 0002 "$(lv $PACKAGE)$(lv $APPLET)$(lv $ISD)"
	verified load-install "$CAP" --domain $ISD
	confirm FFFF "$(lv $ISD)$(lv $APPLET)$(lv $SSD)"
	verified extradition $APPLET --old-domain $ISD --domain $SSD
	[ "$(jq -r .counter <<<"$output")" = 65535 ]
	refused "for this extradition" extradition $APPLET --old-domain $SSD --domain $ISD
	confirm 0003 "$(lv $ISD)$(lv $APPLET)$(lv $SSD)010403EF0100"
	verified registry-update $APPLET --old-domain $ISD --domain $SSD --privileges card-reset --field EF0100
	confirm 0004 "00$(lv $APPLET)00010400"
	verified registry-update $APPLET --privileges card-reset
	confirm 0005 "$(lv $APPLET)"
	verified delete $APPLET
	# applications that went with a package are not named
	confirm 0005 "$(lv $PACKAGE)"
	verified delete $PACKAGE --related
}

@test "receipt verify: token identifier and digest are shown" {
	key_store receipt
	confirm 0001 "$(lv $APPLET)" 020007
	verified delete $APPLET
	[ "$(jq -c '[.token_id, .token_digest]' <<<"$output")" = '["0007",null]' ]
	confirm 0001 "$(lv $APPLET)" 0002AABB
	verified delete $APPLET
	[ "$(jq -c '[.token_id, .token_digest]' <<<"$output")" = '[null,"AABB"]' ]
	confirm 0001 "$(lv $APPLET)" 02000702AABB
	verified delete $APPLET
	[ "$(jq -c '[.token_id, .token_digest]' <<<"$output")" = '["0007","AABB"]' ]
}

@test "receipt verify: the counter and the card" {
	key_store receipt
	confirm 0102 "$(lv $APPLET)"
	verified delete $APPLET --counter 258 --unique 48434D4F01020304
	refused "the confirmation counter is 258, not 257" delete $APPLET --counter 257
	refused "the receipt is of another card: its unique data are 48434D4F01020304" delete $APPLET --unique 48434D4F01020305
	fails 2 -k keys.yaml receipt verify delete $APPLET --key aes --receipt "$answer" --counter 65536
	ok -k keys.yaml receipt verify delete $APPLET --key aes --receipt "$answer"
	[[ $output == *"counter:"*258* ]]
}

@test "receipt verify: no octet may differ" {
	key_store receipt
	confirm 0001 "$(lv $APPLET)"
	printf '%s' "$answer" | python3 -c 'import sys
sys.stdout.buffer.write(bytes.fromhex(sys.stdin.read()))' >good
	for ((bit = 0; bit < 8 * ${#answer} / 2; bit += 11)); do
		cp good bad
		flip bad $bit
		fails 3 -k keys.yaml receipt verify delete $APPLET --key aes --receipt "$(hex bad)"
	done
	for ((n = 2; n < ${#answer}; n += 6)); do
		fails 3 -k keys.yaml receipt verify delete $APPLET --key aes --receipt "${answer:0:n}"
	done
	answer+=00
	refused "not a confirmation: lengths do not fit, or something is left over" delete $APPLET
}

@test "receipt verify: what is no receipt" {
	key_store receipt
	answer=00
	refused "--receipt: 00, so the card confirmed nothing" delete $APPLET
	answer=$(lv "00020001$UNIQUE")
	refused "--receipt: a confirmation that the card did not sign" delete $APPLET
	answer=$(lv "080102030405060708020001$UNIQUE")
	refused "hint: a receipt with AES-128 has 16 octets, this one 8" delete $APPLET
	fails 2 -k keys.yaml receipt verify delete $APPLET --key aes --receipt 0
	fails 2 -k keys.yaml receipt verify delete $APPLET --key aes --receipt xy
	fails 2 -k keys.yaml receipt verify delete $APPLET --key aes
	fails 2 -k keys.yaml receipt verify delete --key aes --receipt 00
}

@test "receipt verify: domains and packages that the receipt names must be given" {
	key_store receipt
	confirm 0001 "$(lv $PACKAGE)$(lv $ISD)"
	needs() { # needs OPTION WORDS...
		local option=$1
		shift
		fails 2 -k keys.yaml receipt verify "$@" --key aes --receipt "$answer"
		[[ $stderr == *"--$option is missing: the receipt of $1 names it"* ]]
	}
	needs domain load "$CAP"
	needs domain load-install "$CAP"
	needs package make-selectable $APPLET
	needs old-domain extradition $APPLET --domain $SSD
	needs old-domain registry-update $APPLET --domain $SSD
	fails 2 -k keys.yaml receipt verify delete $APPLET --old-domain $SSD --key aes --receipt "$answer"
	[[ $stderr == *"--old-domain does not go with delete"* ]]
}

@test "receipt verify: keys of the store" {
	key_store receipt
	confirm 0001 "$(lv $APPLET)"
	fails 5 -k keys.yaml receipt verify delete $APPLET --receipt "$answer"
	[[ $stderr == *"several entries of type receipt, name one"* ]]
	fails 3 -k public.yaml receipt verify delete $APPLET --key p256 --receipt "$answer"
	fails 5 -k keys.yaml receipt verify delete $APPLET --key nobody --receipt "$answer"
	fails 2 receipt verify delete $APPLET --receipt "$answer"
}
