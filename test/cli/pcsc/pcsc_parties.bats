#!/usr/bin/env bats
# slow: two whole stories through pcscd
# Third parties on a card in a real reader: the stories of examples/third-parties as they stand, with
# the card behind a pcscd, and strangers who look at it through the same reader.

load ../lib
load ../parties
load ../pcscd
load ../secrets

# The application of examples/hello.cap.
HELLO_SELECT=00A404000AF04341524441444D0101

teardown() {
	pulled
	[ -z "${relay_pid-}" ] || kill "$relay_pid" 2>/dev/null || true
	pcscd_teardown
}

# story NAME: in the first reader, by its name. The card stays there; $container is the one in it.
story() {
	pcscd_start 2
	inserts
	run --separate-stderr env CARDADM="$PWD/inserts" "$TOP/examples/third-parties/$1" "$(reader_name 1)"
	echo "$output" "$stderr" >&2
	[ "$status" -eq 0 ]
	container=$(sed -n 's/^container: *//p' <<<"$output" | head -n 1)
	[ "${#container}" -eq 32 ]
}

@test "ACME comes, works, and is put out, in a reader (story D3)" {
	story containers
	[ "$(grep -c '^status 5: refused$' <<<"$output")" -eq 2 ]
	[[ $output == *"claimed"*"ACME: read, write, content, admit"*"open for other issuers" ]]
	# What strangers see: the domain is there, and empty; the application went with its party.
	[[ $(witness 1 "00A4040010$container") == 9000* ]]
	[[ $(script 1 "$HELLO_SELECT") == 6A82 ]]
	[[ $(witness 1 80CAFF7300) == 6982* || $(witness 1 80CAFF7300) == 6A88* ]]
	pulled
	# And what it has learnt is in its file.
	ok vcard show card --json
	jq -e '.content.applications == 0' <<<"$output"
}

@test "authority, operator and bank, in a reader (story D0)" {
	story reservation
	[[ $output == *"claimed, "*" reserved"*"BANK: read"*"closed for other issuers" ]]
	# The application of the bank answers whoever selects it; of the container nothing is told.
	[[ $(witness 1 "$HELLO_SELECT") == 9000* ]]
	[[ $(script 1 "00A4040010$container" 80CAFF7300 80CADF0100 | paste -sd' ') == *9000' 6982 6A88' ]]
	pulled
	ok vcard show card --json
	jq -e '.content.applications == 1' <<<"$output"
}

# keys_of_acme: a party with three access keys that differ, and a domain key; all in $secrets. The
# container waits for it.
keys_of_acme() {
	local k
	operator
	op -y authority enrol --no-close
	party acme
	for k in enc mac dek; do (umask 077 && openssl rand -hex 32 >acme/$k.hex); done
	sed -i '/^  access:/s/master.*/enc: {file: enc.hex}, mac: {file: mac.hex}, dek: {file: dek.hex}}/' \
		acme/keys.yaml
	request acme --quota-data 20000 --domain-key wallet --card "$(echo ./*.pem)"
	authorize acme --container new
	secrets="$(cat acme/{enc,mac,dek,domain-key}.hex) $(scalar acme/party.pem)"
	unset CARDADM_READER
}

# has_sent N: commands, by its trace.
has_sent() {
	[ -e claim.trace ] && [ "$(grep -c '^> ' claim.trace)" -eq "$1" ]
}

@test "a claim that is aborted leaves no core, and no secret in trace and state directory" {
	keys_of_acme
	cp card twin
	# At the first command, before the grant is presented, with PUT KEY on the way.
	for n in 1 13 17; do
		pcscd_start 2
		relay_start card twin
		echo "$n" >stall
		rm -f claim.trace
		(ulimit -c unlimited && exec "$CARDADM" -r 1 -k acme/keys.yaml container claim acme.grant \
			--access access --trace claim.trace) >out 2>err 3>&- &
		pid=$!
		wait_for has_sent "$n"
		# It holds the keys now, which nobody but the system may see.
		grep -q 'Max core file size *0 *0' "/proc/$pid/limits"
		[ "$(id -u)" -ne 0 ] || run ! absent "pid:$pid"
		kill "-$([ "$n" -eq 13 ] && echo SEGV || echo ABRT)" "$pid"
		wait "$pid" || [ $? -gt 128 ]
		# shellcheck disable=SC2046
		absent out err claim.trace $(find "$XDG_STATE_HOME" -type f)
		relay_end
		pcscd_end
	done
	[ -z "$(find . "$XDG_RUNTIME_DIR" -name '*core*')" ]
	# Whatever became of the last one: the same command again ends well.
	ok -r vcard:card -k acme/keys.yaml container claim acme.grant --access access
}

@test "the agent of a party's channel keeps none of the keys that opened it but the DEK" {
	[ "$(id -u)" -eq 0 ] || skip "only root may read the memory of another process"
	[ -z "${SAN:-}" ] || skip "address sanitizer keeps freed memory"
	pcscd_start 2
	keys_of_acme
	serve_start card
	ok -r 1 -k acme/keys.yaml container claim acme.grant --access access
	ok -r 1 -k acme/keys.yaml scp-open --sd "$container" --keys access
	ok -r 1 container put 1 acme.req
	ok -r 1 container show
	# PUT KEY takes it as it is.
	secrets=$(grep -vxf acme/dek.hex <<<"${secrets// /$'\n'}")
	absent "pid:$(agent_pids)"
	secrets=$(<acme/dek.hex)
	run ! absent "pid:$(agent_pids)"
	ok -r 1 scp-close
}
