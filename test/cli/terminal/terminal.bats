#!/usr/bin/env bats
# A terminal and the card that trusts it, as an operator rehearses it: the state file, tickets,
# checks, renewal, verdicts, clocks. The network's verbs have a file of their own.

load ../lib
load ../terminals

@test "create: the file is for its owner alone, and nothing shows its keys" {
	sim
	ok terminal create phone.yaml --imei "$IMEI" --throughput 300 --json
	jq -e --arg imei "$IMEI" '.imei == $imei and .throughput == 300 and .key == "aes"' <<<"$output"
	[ "$(stat -c %a phone.yaml)" = 600 ]
	base=$(sed -n 's/^base-key: //p' phone.yaml)
	[ "${#base}" -eq 32 ]
	[[ $output$stderr != *"$base"* ]]
	ok terminal status phone.yaml
	[[ $output$stderr != *"$base"* ]]
	[[ $output == *"imei:       $IMEI"*"trust:      -"* ]]
	# Not over one that is there.
	fails 7 terminal create phone.yaml --imei "$IMEI"
	[[ $stderr == *"phone.yaml: exists already"* ]]
}

@test "create: what is no terminal" {
	sim
	fails 3 terminal create x.yaml --imei 352099001761482
	[[ $stderr == *"check digit"* ]]
	fails 3 terminal create x.yaml --imei 35209900176148
	fails 2 terminal create x.yaml
	[[ $stderr == *"--imei, or --se and --removable"* ]]
	fails 2 terminal create x.yaml --se 01
	fails 2 terminal create x.yaml --imei "$IMEI" --algorithm p-256
	[[ $stderr == *"--public-out is missing"* ]]
	fails 2 terminal create x.yaml --imei "$IMEI" --public-out x.pem
	fails 2 terminal create x.yaml --imei "$IMEI" --thumbprint 0011
	fails 5 terminal create x.yaml --imei "$IMEI" --key nobody
	[ ! -e x.yaml ]
	ok terminal create box.yaml --se 0102 --removable 0304
	fails 7 terminal check box.yaml
	[[ $stderr == *"no imei, so no trust"* ]]
}

@test "check: trusted, due, renewed; the network sees the new generation" {
	phone
	ok terminal check phone.yaml --json
	jq -e '.result == "trusted" and .due == false and .renewed == false and .generation == 1' <<<"$output"
	ok terminal check phone.yaml --clock +26d --no-renew --json
	jq -e '.due == true and .renewed == false and .generation == 1' <<<"$output"
	[[ $stderr == *"terminal renew fetches it"* ]]
	ok terminal check phone.yaml --clock +26d --json
	jq -e '.renewed == true and .generation == 2' <<<"$output"
	[ "$(keys_in phone.yaml)" -eq 2 ] # the base key, and one
	ok trust-status --keys test --json
	jq -e '.records[0].generation == 2' <<<"$output"
	# A renewal that is not due.
	ok terminal renew phone.yaml --clock +27d --json
	jq -e '.renewed == true and .generation == 3' <<<"$output"
}

@test "objects: put, get, removed; too long; none" {
	phone
	printf 'rights' >rights
	ok terminal put phone.yaml 2 rights
	ok terminal get phone.yaml 2
	[[ $output == *"value:  726967687473"* ]]
	head -c 400 /dev/urandom >big
	ok terminal put phone.yaml 15 big
	ok terminal get phone.yaml 15 --output back
	cmp big back
	[ "$(stat -c %a back)" = 600 ]
	head -c 401 /dev/urandom >big
	fails 3 terminal put phone.yaml 15 big
	: >none
	ok terminal put phone.yaml 2 none --json
	jq -e '.removed == true' <<<"$output"
	fails 6 terminal get phone.yaml 2
	[[ $stderr == *"record 1 has no object 2"* ]]
	fails 2 terminal get phone.yaml 16
	fails 2 terminal get phone.yaml x
}

@test "each kind of key, cryptograms of 8 and of 16 octets: check, put, get, renew" {
	export CARDADM_READER=vcard:sim CARDADM_KEYSTORE=keys.yaml
	ok keystore init --test-keys keys.yaml
	printf 'rights' >rights
	for i in 70 71; do
		ok vcard create sim --protocol scp11 --i $i
		ok vcard show sim --json
		jq -e --arg i $i '.i == $i' <<<"$output"
		for record in 1 2 3 4; do
			key=(--key terminal-master --algorithm aes-128)
			made=()
			case $record in
			2) key=(--key terminal-master --algorithm aes-256) ;;
			3) key=(--public t.pem) made=(--algorithm p-256 --public-out t.pem) ;;
			4) key=(--open) ;;
			esac
			rm -f t.pem t.yaml t.ticket
			ok terminal create t.yaml --imei "$IMEI" "${made[@]}"
			ok trust-init $record --imei "$IMEI" "${key[@]}" --valid-for 30d --keys test --ticket t.ticket
			ok terminal import t.yaml t.ticket
			[ $record -ne 4 ] || ok terminal join t.yaml --record 4
			ok terminal check t.yaml
			ok terminal put t.yaml 1 rights
			ok terminal renew t.yaml --clock +1d
			ok terminal get t.yaml 1 --clock +1d --output got
			cmp rights got
			rm got
		done
		ok trust-status --keys test --json
		jq -e '.records | map([.state, .algorithm, .generation]) == [["active", "aes-128", 2],
			["active", "aes-256", 2], ["active", "p-256", 2], ["active", "aes-128", 3]]' <<<"$output"
		rm sim
	done
}

@test "another terminal in the record finds nothing of the first one, unless the network keeps it" {
	phone
	printf 'mine' >mine
	for keep in '' --keep-objects; do
		ok terminal put phone.yaml 2 mine
		ok terminal create next.yaml --imei 490154203237518 --throughput 300
		# shellcheck disable=SC2086 # a word or none
		ok trust-init 1 --imei 490154203237518 --key terminal-master --throughput 300 --valid-for 30d \
			$keep --keys test --ticket next.ticket --yes
		ok terminal import next.yaml next.ticket
		if [ -z "$keep" ]; then
			fails 6 terminal get next.yaml 2
			[[ $stderr == *"record 1 has no object 2"* ]]
		else
			ok terminal get next.yaml 2
			[[ $output == *"value:  6D696E65"* ]]
		fi
		# The first one again, for the next turn.
		fails 5 terminal check phone.yaml
		rm next.yaml next.ticket
		ok trust-init 1 --imei "$IMEI" --key terminal-master --throughput 300 --valid-for 30d \
			--keys test --ticket "again$keep.ticket" --yes
		ok terminal import phone.yaml "again$keep.ticket"
	done
}

@test "a PC with the IMEI: no key, no ticket, nothing written" {
	phone
	openssl rand -hex 16 >other.hex
	printf 'cardadm: keystore/1\nkeys:\n  own: {type: terminal-master, version: 01, value: {file: other.hex}}\n' >pc-keys.yaml
	chmod 600 other.hex pc-keys.yaml
	ok -k pc-keys.yaml terminal create pc.yaml --imei "$IMEI" --throughput 300
	cp sim before
	fails 5 terminal check pc.yaml
	[[ $stderr == *"no key for card"* ]]
	fails 3 terminal import pc.yaml phone.ticket
	[[ $stderr == *"phone.ticket: the ticket is not for this terminal"* ]]
	cmp sim before
}

@test "another characteristic: refused, or the end of the record" {
	phone
	sed -i 's/^throughput: 300/throughput: 100/' phone.yaml
	fails 6 terminal check phone.yaml
	[[ $stderr == *"a characteristic differs"* ]]
	[ "$(keys_in phone.yaml)" -eq 2 ]
	sed -i 's/^throughput: 100/throughput: 300/' phone.yaml
	ok terminal check phone.yaml
	ok trust-init 1 --imei "$IMEI" --key terminal-master --throughput 300 --valid-for 30d \
		--on-mismatch revoke --keys test --ticket second.ticket --yes
	ok terminal import phone.yaml second.ticket
	sed -i 's/^throughput: 300/throughput: 100/' phone.yaml
	fails 6 terminal check phone.yaml
	[[ $stderr == *"the record is revoked"* ]]
	[ "$(keys_in phone.yaml)" -eq 1 ]
	ok trust-status --keys test --json
	jq -e '.records[0] | .state == "revoked" and .ended_by == "characteristic"' <<<"$output"
}

@test "revoked by the network: marked, the card tells; erased, nobody proves it" {
	phone
	ok revoke terminal 1 --keys test --yes
	fails 6 terminal check phone.yaml
	[[ $stderr == *"revoked"*"its keys are erased here"* ]]
	[ "$(keys_in phone.yaml)" -eq 1 ]
	ok terminal status phone.yaml --json
	jq -e '.trust[0] | .state == "revoked" and .expires == null' <<<"$output"
	fails 7 terminal check phone.yaml
	ok trust-init 1 --imei "$IMEI" --key terminal-master --throughput 300 --valid-for 30d --keys test --ticket second.ticket --yes
	ok terminal import phone.yaml second.ticket
	ok terminal check phone.yaml
	ok revoke terminal 1 --erase --keys test --yes
	fails 5 terminal check phone.yaml --trace trace
	[ "$(answer trace 8050)" = 6A88 ]
	[[ $stderr == *"unconfirmed: the card says so, or somebody in between"* ]]
	[ "$(keys_in phone.yaml)" -eq 2 ]
	ok terminal status phone.yaml --json
	jq -e '.trust[0].state == "refused"' <<<"$output"
}

@test "revoked by the terminal: asked first, then for good" {
	phone
	fails 7 terminal revoke phone.yaml </dev/null
	cp -p phone.yaml copy.yaml
	ok terminal revoke phone.yaml --yes
	[ "$(keys_in phone.yaml)" -eq 1 ]
	# Its key is gone from the card as well.
	fails 5 terminal check copy.yaml --trace trace
	[ "$(answer trace 8050)" = 6A88 ]
	ok trust-status --keys test --json
	jq -e '.records[0] | .state == "revoked" and .ended_by == "terminal"' <<<"$output"
	fails 7 terminal get phone.yaml 1
}

@test "clocks: past the end nothing is sent, and no clock brings it back" {
	phone
	fails 7 terminal check phone.yaml --clock +31d --trace trace
	[[ $stderr == *"expired by the terminal's clock"* ]]
	[ ! -s trace ]
	fails 7 terminal check phone.yaml --trace trace
	[[ $stderr == *"record 1: expired"* ]]
	[ ! -s trace ]
	fails 2 terminal check phone.yaml --clock tomorrow
	[[ $stderr == *"YYYY-MM-DDTHH:MMZ"* ]]
	fails 2 terminal check phone.yaml --clock +
	fails 2 terminal status phone.yaml --clock 2027-02-30T10:00Z
}

@test "an expiry that was changed in the file: another key, which opens nothing" {
	phone
	sed -i 's/expiry: [0-9]*/expiry: 4000000000/' phone.yaml
	fails 5 terminal check phone.yaml --trace trace
	[[ $stderr == *"cryptogram"* ]]
	run ! grep -E '^> 8[04]82' trace
}

@test "tickets: older ones, the same one, what is none" {
	phone
	fails 7 terminal import phone.yaml phone.ticket
	[[ $stderr == *"of generation 1, this terminal has had 1 already"* ]]
	echo nonsense >none
	fails 3 terminal import phone.yaml none
	[[ $stderr == *"none: not a ticket"* ]]
	sed '3y/ABCDEFGHIJKLMNOPQRSTUVWXYZ/BCDEFGHIJKLMNOPQRSTUVWXYZA/' phone.ticket >changed
	fails 3 terminal import phone.yaml changed
	fails 3 terminal import phone.yaml missing
	fails 3 terminal import missing phone.ticket
}

@test "a copy of the file: who renews first has the key, the other one is refused and keeps its own" {
	phone
	cp -p phone.yaml copy.yaml
	ok terminal renew copy.yaml --clock +1d
	fails 5 terminal check phone.yaml --clock +2d
	[[ $stderr == *"unconfirmed"* ]]
	[ "$(keys_in phone.yaml)" -eq 2 ]
	ok trust-status --keys test --json
	jq -e '.records[0].generation == 2' <<<"$output"
}

@test "the file: for others to read, a link, in use, broken" {
	phone
	chmod 644 phone.yaml
	fails 3 terminal check phone.yaml
	[[ $stderr == *"phone.yaml"*"chmod"* ]]
	chmod 600 phone.yaml
	ln -s phone.yaml link.yaml
	fails 3 terminal check link.yaml
	[[ $stderr == *"link.yaml: a symbolic link"* ]]
	exec 9<phone.yaml
	flock 9
	fails 7 terminal check phone.yaml
	[[ $stderr == *"another process works with it"* ]]
	exec 9<&-
	ok terminal check phone.yaml
	sed -i 's/^    state: active/    state: happy/' phone.yaml
	fails 3 terminal check phone.yaml
	[[ $stderr == *"phone.yaml:"[0-9]*":"* ]]
}

# record_of_another N OCTETS: a record of some other card, with a number of so many octets, as the
# program writes it.
record_of_another() {
	printf '  - record: 1\n    card: %032d\n    cin: %0*d\n    algorithm: aes-128\n' "$1" $((2 * $2)) 0
	printf '    generation: 1\n    period: 60\n    horizon: 0\n    state: refused\n'
}

# grown FILE OCTETS: as long as that, or an octet less, by records of other cards.
grown() {
	local each room rest i more
	each=$(record_of_another 1 1 | wc -c)
	room=$(($2 - $(stat -c %s "$1")))
	rest=$((room % each / 2))
	for ((i = 1; i <= room / each; i++)); do
		more=$((rest < 15 ? rest : 15))
		rest=$((rest - more))
		record_of_another $i $((1 + more)) >>"$1"
	done
}

@test "a full disk where the new key belongs: CONFIRM is not sent, the old one works" {
	phone
	[ "$(id -u)" -eq 0 ] && unshare -m true 2>/dev/null || skip "no mounts may be made here"
	# Without the new key it fills a page of memory, the last free one, and with it two.
	grown phone.yaml $(($(getconf PAGESIZE) - 10))
	[ "$(stat -c %s phone.yaml)" -ge $(($(getconf PAGESIZE) - 11)) ]
	# shellcheck disable=SC2016 # $0 is the inner shell's
	unshare -m sh -euc '
		mkdir small
		mount -t tmpfs -o size=12k,mode=0700 none small
		cp -p phone.yaml small/
		head -c 1 /dev/zero >small/fill
		"$0" terminal check small/phone.yaml --clock +26d --trace trace >out 2>err && exit 1
		rm small/fill
		"$0" terminal check small/phone.yaml --no-renew >>out
		"$0" trust-status --keys test --json >status
	' "$CARDADM"
	cat out err >&2
	grep -q 'small/phone.yaml: .*No space left' err
	# The card made a key, and never heard that it arrived.
	[ "$(answer trace 84460001)" = 9000 ]
	run ! grep '^> 84480001' trace
	jq -e '.records[0] | .generation == 1 and .pending != null' status
}

@test "P-256: a pair of keys, whose public half the network has" {
	sim
	ok terminal create meter.yaml --imei 490154203237518 --algorithm p-256 --public-out meter.pem
	openssl pkey -pubin -in meter.pem -noout -text | grep -q prime256v1
	ok trust-init 3 --imei 490154203237518 --public meter.pem --valid-for 30d --keys test --ticket meter.ticket
	ok terminal import meter.yaml meter.ticket
	[[ $stderr == *"nothing proves this ticket"* ]]
	ok terminal check meter.yaml
	ok terminal renew meter.yaml --clock +1d --json
	jq -e '.generation == 2' <<<"$output"
	# The scalar that the maker gave opens nothing any more.
	old=$(sed -n 's/^private: //p' meter.yaml)
	run ! grep -q "key: $old" meter.yaml
	ok terminal check meter.yaml
}

@test "open: the first terminal that shows the characteristic gets the key" {
	sim
	ok terminal create first.yaml --imei "$IMEI"
	ok terminal create second.yaml --imei "$IMEI"
	ok trust-init 4 --imei "$IMEI" --open --valid-for 10d --keys test --ticket open.ticket
	ok terminal import first.yaml open.ticket
	ok terminal import second.yaml open.ticket
	fails 7 terminal check first.yaml
	[[ $stderr == *"no key yet"*"terminal join"* ]]
	ok terminal join first.yaml --record 4
	ok terminal check first.yaml
	fails 5 terminal join second.yaml --record 4
	fails 7 terminal join first.yaml --record 4
}

@test "plans show no key, and send nothing" {
	phone
	cp sim before
	ok terminal check phone.yaml --dry-run
	[[ $output == *"SELECT"*"PRESENT"* ]]
	[[ $output != *"RENEW"* ]]
	ok terminal renew phone.yaml --dry-run
	[[ $output == *"PRESENT"*"RENEW"*"CONFIRM"* ]]
	ok terminal get phone.yaml 1 --dry-run
	[[ $output == *"PRESENT"*"GET DATA"* ]]
	echo x >x
	ok terminal put phone.yaml 1 x --dry-run
	[[ $output == *"PRESENT"*"STORE DATA"* ]]
	ok terminal revoke phone.yaml --dry-run
	[[ $output == *"REVOKE"* && $output != *"PRESENT"* ]]
	cmp sim before
}
