# For tests of terminals: a card and a terminal that it trusts. Load it after lib.bash.

IMEI=352099001761481

# sim: a card, and the keys of network and maker.
sim() {
	export CARDADM_READER=vcard:sim CARDADM_KEYSTORE=keys.yaml
	ok keystore init --test-keys keys.yaml
	ok vcard create sim --protocol scp11
}

# phone: a terminal with a record 1 on the card, for 30 days; its renewal is due 5 days
# before.
phone() {
	sim
	ok terminal create phone.yaml --imei "$IMEI" --throughput 300
	ok trust-init 1 --imei "$IMEI" --key terminal-master --throughput 300 --valid-for 30d --window 5d \
		--keys test --ticket phone.ticket
	ok terminal import phone.yaml phone.ticket
}

# keys_in FILE: how many keys it holds for cards.
keys_in() {
	grep -c 'key: [0-9A-F]\{32\}' "$1" || true
}

# answer TRACE COMMAND: what the card said to the last command that begins so: its status word.
answer() {
	awk -v head="> $2" 'index($0, head) == 1 { on = 1; next }
		on && /^< / { sw = substr($0, length($0) - 3); on = 0 } END { print sw }' "$1"
}
