#!/usr/bin/env bats
# slow: some eighty recordings
# explain on all recorded sessions of real cards.

load ../lib

# keystore_of KEYS PROTOCOL: a key store with these keys, "HEX" or ["ENC","MAC","DEK"].
keystore_of() {
	local type=scp03
	[ "$2" = SCP03 ] || type=scp02
	jq -r --arg type $type '
		(if type == "array" then . else [., ., .] end) as $k |
		"cardadm: keystore/1\nkeys:\n  card:\n    type: \($type)\n    test: true\n    version: 01\n" +
		"    diversification: none\n    enc: {hex: \"\($k[0])\"}\n    mac: {hex: \"\($k[1])\"}\n    dek: {hex: \"\($k[2])\"}"
	' <<<"$1" >keys.yaml
	chmod 600 keys.yaml
}

@test "every recorded session of SCP01, SCP02 and SCP03 that is known to be right verifies" {
	n=0
	for f in "$TOP"/test/transcripts/scp0*.jsonl; do
		while read -r line; do
			# Where the source gives a master key, its diversification is named; here the card's own count.
			jq -e '.verified == true and (.diversification // "none") == "none"' <<<"$line" >/dev/null || continue
			jq -r '"> \(.init_update_cmd)\n< \(.init_update_rsp)\n> \(.ext_auth_cmd)\n< \(.ext_auth_rsp)",
				(.further_apdus[]|"> \(.cmd)\n< \(.rsp)")' <<<"$line" >r.txt
			keystore_of "$(jq -c .key <<<"$line")" "$(jq -r .protocol <<<"$line")"
			cardadm explain r.txt -k keys.yaml --keys card --json
			[ "$status" -eq 0 ] && [ "$(jq -r .verified <<<"$output")" = true ] || {
				jq -r '"\(.id) \(.protocol) \(.card)"' <<<"$line"
				echo "$stderr"
				return 1
			} >&2
			# As many commands were protected as the recording says.
			ok=$(jq '[.exchanges[]|select(.command_check == "ok")]|length' <<<"$output")
			want=$(jq '[.further_apdus[]|select(.plain_cmd)]|length + 1' <<<"$line")
			[ "$ok" -ge "$want" ] || {
				jq -r '"\(.id): \(.protocol)"' <<<"$line"
				echo "$ok of $want"
				return 1
			} >&2
			n=$((n + 1))
		done <"$f"
	done
	echo "$n sessions" >&2
	[ "$n" -ge 60 ]
}
