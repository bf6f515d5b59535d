#!/usr/bin/env bats
# Foreign text: names that drive a terminal, hide or are no UTF-8.

load ../lib

evil=$'caf\xe9 \e[31m\u202e\u200b\n\u009b.card'
shown='caf\xE9 \x1B[31m\u202E\u200B\x0A\u009B.card'

# clean FILE...: nothing in it that a terminal obeys, or that is not seen.
clean() {
	! LC_ALL=C grep -qP '[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\x8b-\x8f\xaa-\xae]|\xe2\x81\xa0|\xc2\xad' "$@"
}

# shows STATUS ARGS...: stdout and stderr are clean, and one of them has the name as it is shown.
shows() {
	local want=$1 got=0
	shift
	"$CARDADM" "$@" >out 2>err </dev/null || got=$?
	[ "$got" -eq "$want" ]
	clean out err
	grep -qF "$shown" out err
}

@test "a card file with a name that drives the terminal" {
	fleet 1
	mv fleet/0001.card "fleet/$evil"
	shows 0 vcard show "fleet/$evil"
	shows 0 -r "vcard:fleet/$evil" info
	ok -r "vcard:fleet/$evil" -k keys.yaml scp-open
	"$CARDADM" -r "vcard:fleet/$evil" scp-status >out 2>err
	clean out err
	shows 4 vcard show "fleet/$evil"
	ok -r "vcard:fleet/$evil" scp-close
	shows 4 -r "vcard:none/$evil" info
	shows 2 list "$evil"
	shows 2 "$evil"
	shows 5 -r "vcard:fleet/$evil" -k keys.yaml list --keys "$evil"
	shows 3 bundle show "$evil"
	shows 3 cap show "$evil"
	shows 3 campaign check "$evil"
	shows 3 -k "$evil" keystore list
}

@test "a campaign over such a card, and its report" {
	fleet 2
	campaign
	mv fleet/0001.card "fleet/$evil"
	ok campaign run campaign.yaml -v
	printf '%s\n' "$stderr" >err
	clean err
	shows 0 campaign report campaign.yaml
	ok campaign report campaign.yaml --json
	clean <(printf '%s\n' "$output")
	[ "$(jq -c '[.total,.done,(.cards|length)]' <<<"$output")" = '[2,2,2]' ]
	# The octets of the name are in the report, and only where text could not carry them.
	[ "$(jq -r '.cards[]|select(.file_hex)|.file_hex' <<<"$output" | xxd -r -p)" = "fleet/$evil" ]
	[ "$(jq '[.cards[]|has("file_hex")]|map(select(.))|length' <<<"$output")" = 1 ]
	[[ $(jq -r '.cards[]|select(.file_hex)|.file' <<<"$output") == 'fleet/caf\xE9'* ]]
}

@test "texts of a ledger" {
	fleet 1
	campaign
	ok campaign run campaign.yaml
	mv fleet/0001.card fleet/0001
	ok vcard create fleet --count 1 --first 2 --keystore keys.yaml
	echo nothing >"fleet/$evil"
	cardadm campaign run campaign.yaml
	[ "$status" -eq 9 ]
	shows 0 campaign report campaign.yaml
	ok campaign report campaign.yaml --json
	clean <(printf '%s\n' "$output")
}

@test "texts of a ledger about the steps of a card" {
	fleet 1
	cp "$TOP/examples/hello.cap" .
	campaign
	sed -i 's/^mode:.*/mode: unicast/; /^bundle:/d' campaign.yaml
	printf 'steps:\n  - install: {file: hello.cap}\n' >>campaign.yaml
	ok campaign run campaign.yaml
	sqlite3 campaign.ledger "UPDATE step SET unproven = CAST(x'611B5BFF2C62' AS TEXT)"
	ok campaign report campaign.yaml
	clean <(printf '%s\n' "$output" "$stderr")
	ok campaign report campaign.yaml --json
	clean <(printf '%s\n' "$output")
	[ "$(jq -c '.cards[0].steps[0].unproven' <<<"$output")" = '["a\u001b[\\xFF","b"]' ]
}

# unicast STEP...: a campaign of these steps over fleet/.
unicast() {
	printf 'cardadm: campaign/1\nname: demo\nkeystore: keys.yaml\nkeys: test\nlevel: 33\n' >steps.yaml
	printf 'cards: {directory: fleet}\nmode: unicast\nsteps:\n' >>steps.yaml
	printf '  - %s\n' "$@" >>steps.yaml
}

@test "file names in steps: shown with escapes in plan, report and errors" {
	local wild='"caf\u00E9 \u2060\u00ADx.cap"' look='\u2060\u00ADx.cap'
	local name=$'caf\u00e9 \u2060\u00adx.cap' step got
	fleet 1
	for step in "install: {file: $wild}" "load: {file: $wild, dap: [$wild]}" "store-data: {file: $wild}" \
		"install: {file: hello.cap, token: $wild}" "delete: {aid: A000000001, token: $wild}"; do
		unicast "$step"
		cp "$TOP/examples/hello.cap" .
		for verb in check "run --json" "run -n"; do
			got=0
			# shellcheck disable=SC2086
			"$CARDADM" campaign ${verb/ / steps.yaml } >out 2>err || got=$?
			[ "$got" -ne 0 ]
			clean out err
		done
		"$CARDADM" campaign check steps.yaml >out 2>err || true
		grep -qF "$look" err
	done
	unicast "install: {file: $wild}"
	cp hello.cap "$name"
	for verb in "campaign check steps.yaml" "campaign run steps.yaml -v" "campaign report steps.yaml"; do
		# shellcheck disable=SC2086
		"$CARDADM" $verb >out 2>err
		clean out err
	done
	"$CARDADM" campaign check steps.yaml >out
	grep -qF "$look" out
	ok campaign check steps.yaml --json
	clean <(printf '%s\n' "$output")
	[[ $(jq -r '.steps[0].file' <<<"$output") == *"$name" ]]
	[ "$(jq '.steps[0] | has("file_hex")' <<<"$output")" = false ]
	rm "$name"
	"$CARDADM" campaign report steps.yaml >out 2>err
	clean out err
	grep -qF "$look" err
	# What a terminal obeys or what turns a line round is no part of a value at all, nor are line
	# ends in names, and octets but UTF-8.
	for step in 'a\nb' 'a\x1B[31m' 'a\x01' 'a\u009B' 'a\u202E' 'a\u200B'; do
		unicast "install: {file: \"$step\"}"
		fails 3 campaign check steps.yaml
	done
	unicast "install: {file: caf"$'\xe9'"}"
	fails 3 campaign check steps.yaml
}

@test "a campaign in a directory whose name is no UTF-8" {
	local dir=$'d\xe9r'
	fleet 1
	mkdir "$dir"
	mv fleet keys.yaml "$dir"
	cp "$TOP/examples/hello.cap" "$dir"
	unicast 'install: {file: hello.cap}'
	mv steps.yaml "$dir"
	ok campaign check "$dir/steps.yaml" --json
	[ "$(jq -r '.steps[0].file_hex' <<<"$output" | xxd -r -p)" = "$dir/hello.cap" ]
	[ "$(jq -r '.steps[0].file' <<<"$output")" = 'd\xE9r/hello.cap' ]
	[ "$(jq -r .directory_hex <<<"$output" | xxd -r -p)" = "$dir/fleet" ]
	ok -q -r "vcard:$dir/fleet/0001.card" -k "$dir/keys.yaml" install "$dir/hello.cap" --json
	[ "$(jq -r .file_hex <<<"$output" | xxd -r -p)" = "$dir/hello.cap" ]
	ok scp-status -r "vcard:$dir/fleet/0001.card" --json
	[ "$(jq -r .reader_hex <<<"$output" | xxd -r -p)" = "vcard:$dir/fleet/0001.card" ]
	ok -q -r "vcard:$dir/fleet/0001.card" -k "$dir/keys.yaml" scp-open
	cp app.bundle "$dir"
	ok -q -r "vcard:$dir/fleet/0001.card" scp-mode broadcast --bundle "$dir/app.bundle"
	ok scp-status -r "vcard:$dir/fleet/0001.card" --json
	[ "$(jq -r .bundle.file_hex <<<"$output" | xxd -r -p)" = "$dir/app.bundle" ]
	ok scp-close -r "vcard:$dir/fleet/0001.card"
}
