#!/usr/bin/env bats
# slow: several runs for each place where a key may be typed.
# Keys typed where a name, a file or a number belongs: never repeated on a terminal or in a report.

load ../lib

key=404142434445464748494A4B4C4D4E4F

# Each line: what is typed; the key stands where a name, a file or a number belongs.
@test "a key that is typed where a name, a file or a number belongs is not repeated" {
	fleet 1
	r="vcard:$PWD/fleet/0001.card"
	n=0
	while read -ra args; do
		cardadm "${args[@]}" </dev/null
		[ "$status" -ne 0 ]
		if [[ $output$stderr == *404142434445* || $stderr != *"hint: "*key* ]]; then
			echo "cardadm ${args[*]}: $output $stderr" >&2
			return 1
		fi
		n=$((n + 1))
	done <<-EOF
		-r $r -k keys.yaml list --keys $key
		-r $r -k keys.yaml scp-open --keys $key$key
		-r $r -k keys.yaml scp-open --keys $key --key-version 30
		-r $r -k keys.yaml scp-open --key-version $key
		-r $r -k keys.yaml scp-open --level $key
		-r $r -k $key list
		-r $key info
		-r vcard:$key info
		-r $r -k keys.yaml put-keys $key
		-r $r -k keys.yaml put-keys ${key}5051525354555657
		bundle build --image app.img --version 3.2 -k keys.yaml --output o --kos $key
		bundle show $key
		keystore list -k $key
		keystore list $key
		campaign check $key
		cap show $key
		vcard create cards --keys $key -k keys.yaml
		$key
		list --$key
	EOF
	[ "$n" -eq 19 ]
}

@test "the same in a file of ours" {
	fleet 1
	campaign
	for line in "s/app.bundle/$key/" "s/keys.yaml/$key/" "s/keys: test/keys: $key/"; do
		sed "$line" campaign.yaml >other.yaml
		cardadm campaign check other.yaml
		[ "$status" -ne 0 ]
		[[ $stderr != *404142434445* && $stderr == *"hint: "*key* ]]
	done
	printf 'cardadm: keystore/1\nkeys:\n  fleet: {type: scp03, version: 30, diversification: none, master: {file: %s}}\n' $key >slip.yaml
	chmod 600 slip.yaml
	cardadm -k slip.yaml keystore check
	[[ $output$stderr != *404142434445* ]]
	cardadm -r vcard:fleet/0001.card -k slip.yaml list
	[ "$status" -ne 0 ]
	[[ $stderr != *404142434445* && $stderr == *"hint: "*key* ]]
}

@test "an AID as long as a key is shown where an AID belongs" {
	fleet 1
	cardadm -r vcard:fleet/0001.card -k keys.yaml list --sd $key
	[ "$status" -ne 0 ]
	[[ $stderr == *$key* ]]
	cardadm -r vcard:fleet/0001.card -k keys.yaml delete $key
	[[ $output$stderr == *$key* ]]
}

# unicast STEP...: a campaign of these steps over fleet/.
unicast() {
	printf 'cardadm: campaign/1\nname: demo\nkeystore: keys.yaml\nkeys: test\nlevel: 33\n' >steps.yaml
	printf 'cards: {directory: fleet}\nmode: unicast\nsteps:\n' >>steps.yaml
	printf '  - %s\n' "$@" >>steps.yaml
}

@test "a key where a file or a name of keys belongs in a step is not repeated" {
	local step long=${key}${key} mid=${key}5051525354555657
	fleet 1
	for step in "install: {file: $key}" "install: {file: $mid}" "load: {file: $long}" "load: {file: app.img, dap: [$key]}" \
		"store-data: {file: $long}" "install: {file: hello.cap, token: $key}" "delete: {aid: A000000001, token: $key}" \
		"put-keys: {keys: $key}" "put-keys: {keys: $mid}" "domain-personalize: {aid: A000000001, with: $key}" \
		"domain-create: {aid: A000000001, privileges: [$mid]}" "store-data: {$key: x}" "$key: {}"; do
		unicast "$step"
		cp "$TOP/examples/hello.cap" .
		for verb in check report run; do
			cardadm campaign $verb steps.yaml
			[ "$verb" = report ] || [ "$status" -ne 0 ]
			[[ $output$stderr != *404142434445* && $stderr == *steps.yaml* ]] || {
				echo "$verb, $step: $stderr" >&2
				return 1
			}
		done
	done
	# Where an AID belongs it is.
	unicast "lock: {aid: $key}"
	fails 9 campaign run steps.yaml
	[[ $("$CARDADM" campaign report steps.yaml) == *"$key"* ]]
	campaign
	for line in "s/app.bundle/$key/" "s/keys.yaml/$key/" "s/keys: test/keys: $key/" "s/fleet/$key/"; do
		sed "$line" campaign.yaml >other.yaml
		cardadm campaign report other.yaml
		[[ $output$stderr != *404142434445* ]]
		cardadm campaign check other.yaml
		[[ $status -ne 0 && $output$stderr != *404142434445* ]]
	done
}
