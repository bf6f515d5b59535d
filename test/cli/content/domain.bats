#!/usr/bin/env bats
# slow: check-quick has others of its kind
# domain create, extradite, update, personalize: supplementary domains.

load ../lib

SD=A00000015100000001
ISD=A000000151000000

card() {
	"$CARDADM" -q keystore init --test-keys keys.yaml
	"$CARDADM" -q vcard create c.card -k keys.yaml >/dev/null
	cat >>keys.yaml <<'YAML'
  sd:
    type: scp03
    version: 31
    test: true
    diversification: none
    master: {hex: 505152535455565758595A5B5C5D5E5F}
YAML
	export CARDADM_READER=vcard:c.card CARDADM_KEYSTORE=keys.yaml
}

# of AID FILTER: of its entry in the registry.
of() {
	"$CARDADM" -q list --keys test --json | jq -c "[.. | objects | select(.aid? == \"$1\")][0] | $2"
}

@test "create: privileges, parameters, quotas; read back" {
	card
	ok -q domain create $SD --keys test
	[ "$output" = "created: $SD" ]
	[ -z "$stderr" ]
	[ "$(of $SD '[.state, .privileges]')" = '["selectable",["security-domain","trusted-path"]]' ]
	ok -q domain create ${SD}02 --keys test --privileges delegated-management,card-lock --json
	[ "$(jq -c '[.aid, .created, .entry.kind]' <<<"$output")" = "[\"${SD}02\",true,\"security domain\"]" ]
	[ "$(jq -c '.entry.privileges' <<<"$output")" = \
		'["security-domain","delegated-management","card-lock","trusted-path"]' ]
}

@test "create: the command" {
	card
	ok -q domain create $SD --parameters 8102037082010A --quota-data 20000 --quota-volatile 40000 \
		--privileges dap-verification,authorized-management --dry-run
	install=$(grep -o '^80E60C.*  #' <<<"$output")
	params=C9078102037082010A
	params=${params}EF0AC70400009C40C8024E20
	[ "$install" = "80E60C003607A000000151535008A00000015153504109${SD}03C0400015${params}0000  #" ]
	ok -q domain create $SD --package A00000022050 --module A0000002205001 --dry-run
	[[ $output == *80E60C00*06A0000002205007A000000220500109${SD}018002C9000000* ]]
}

@test "create: what is there already" {
	card
	ok -q domain create $SD --keys test
	ok -q domain create $SD --keys test
	[ "$output" = "$SD is as asked already" ]
	fails 7 -q domain create $SD --keys test --privileges card-lock
	[[ $stderr == *"$SD is on the card already, as a security domain"*"domain update changes its privileges"* ]]
	ok -q install "$TOP/examples/hello.cap" --keys test
	fails 7 -q domain create F04341524441444D0101 --keys test
	[[ $stderr == *"as an application"*"a domain needs an AID of its own"* ]]
}

@test "create: what cannot be" {
	card
	fails 2 -q domain create 00 --keys test
	fails 2 -q domain create $SD --keys test --privileges king
	fails 2 -q domain create $SD --keys test --privileges delegated-management,authorized-management
	fails 2 -q domain create $SD --keys test --parameters 0
	fails 2 -q domain create $SD --keys test --quota-data many
	fails 6 -q domain create $SD --keys test --package A00000022050 --module A0000002205001
	[[ $stderr == *"INSTALL [for install and make selectable]: 6A88"* ]]
	fails 6 -q domain create $SD --keys test --quota-data 1
	[ "$(of $SD .)" = null ]
}

@test "personalize by a channel: the domain has keys of its own and is personalized" {
	card
	ok -q domain create $SD --keys test
	ok -q domain personalize $SD --with sd --keys test
	[ "${lines[0]}" = "key set 31 put: sd, check values F2A8DF F2A8DF F2A8DF" ]
	[ "${lines[1]}" = "a channel was opened with it" ]
	[ "$(of $SD .state)" = '"personalized"' ]
	[ "$("$CARDADM" -q keys --sd $SD --json | jq -c '[.keys[].version] | unique')" = '["31"]' ]
	[ "$("$CARDADM" -q keys --json | jq -c '[.keys[].version] | unique')" = '["30"]' ]
	ok -q list --sd $SD --keys sd
	fails 5 -q list --sd $SD --keys test
	# Again.
	ok -q domain personalize $SD --with sd --keys test
	[ "${lines[0]}" = "key set 31 of the card is sd already" ]
}

@test "personalize with the key set of the parent: the domain gets keys of its own all the same" {
	card
	ok -q domain create $SD --keys test
	ok -q domain personalize $SD --with test --keys test
	[[ $output == "key set 30 put: test, "* ]]
	ok keys --sd $SD
	[[ $output == *"30       03  aes"* ]]
	ok -q domain personalize $SD --with test --keys test
	[ "$output" = "key set 30 of the card is test already" ]
	ok -q domain create ${SD}00 --keys test
	ok -q put-keys test --sd ${SD}00 --keys test
	[[ $output == "key set 30 put: test, "* ]]
}

@test "personalize through the parent, in both forms" {
	local form
	card
	for form in "" --common; do
		# shellcheck disable=SC2086
		ok -q domain create ${SD}0${#form} --keys test
		# shellcheck disable=SC2086
		ok -q domain personalize ${SD}0${#form} --with sd --keys test --by store-data $form
		[ "${lines[0]}" = "key set 31 put in ${SD}0${#form}: sd, check values F2A8DF F2A8DF F2A8DF" ]
		[ "${lines[1]}" = "a channel was opened with it" ]
		[ "$(of ${SD}0${#form} .state)" = '"personalized"' ]
		ok -q list --sd ${SD}0${#form} --keys sd
	done
	ok -q domain personalize ${SD}00 --with sd --keys test --by store-data --json
	[ "$(jq -c '[.aid, .name, .version, .put, .proved]' <<<"$output")" = "[\"${SD}00\",\"sd\",\"31\",false,true]" ]
	fails 7 -q domain personalize ${SD}00 --with test --as 31 --keys test --by store-data
	[[ $stderr == *"has keys already"*"put-keys --sd ${SD}00"* ]]
	[ "$("$CARDADM" -q keys --json | jq -c '[.keys[].version] | unique')" = '["30"]' ]
}

@test "personalize in an open channel" {
	card
	ok -q scp-open --keys test
	ok -q domain create $SD
	fails 7 -q domain personalize $SD --with sd
	[[ $stderr == *"the open channel is one to another domain"*"--by store-data"* ]]
	ok -q domain personalize $SD --with sd --by store-data
	[ "${#lines[@]}" -eq 1 ]
	ok -q scp-close
	ok -q scp-open --keys sd --sd $SD
	ok -q scp-close
}

@test "personalize: what cannot be" {
	card
	fails 6 -q domain personalize $SD --with sd --keys test --by store-data
	[[ $stderr == *"$SD is not on the card"* ]]
	fails 6 -q domain personalize $SD --with sd --keys test
	fails 7 -q domain personalize $ISD --with sd --keys test --by store-data
	fails 5 -q domain personalize $SD --with nobody --keys test
	fails 2 -q domain personalize $SD --keys test
	fails 2 -q domain personalize $SD --with sd --keys test --common
	fails 2 -q domain personalize $SD --with sd --keys test --sd $ISD
}

@test "personalize --dry-run" {
	card
	ok -q -r vcard:nowhere.card domain personalize $SD --with sd --keys test --dry-run
	[[ $output == *80D800814631\*\** ]]
	ok -q -r vcard:nowhere.card domain personalize $SD --with sd --keys test --by store-data --dry-run
	[[ $output =~ 80E62000.*80E28800[0-9A-F]{2}\*\*\*\* ]]
	[[ $output != *5051525354* ]]
}

@test "keys of a domain are replaced and rotated like the issuer domain's" {
	card
	cat >>keys.yaml <<'YAML'
  sd2:
    type: scp03
    version: 32
    test: true
    diversification: kdf3
    master: {hex: 606162636465666768696A6B6C6D6E6F}
YAML
	ok -q domain create $SD --keys test
	ok -q domain personalize $SD --with sd --keys test
	ok -q put-keys sd2 --sd $SD --keys sd --rotate 31 --yes
	[ "${lines[2]}" = "key set 31 deleted" ]
	ok -q list --sd $SD --keys sd2
	fails 7 -q delete-keys 32 --sd $SD --keys sd2 --yes
}

@test "extradite: application, package, back; what is there already" {
	card
	ok -q domain create $SD --keys test
	ok -q install "$TOP/examples/hello.cap" --keys test
	# A domain without keys takes nothing.
	fails 6 -q domain extradite F04341524441444D0101 --to $SD --keys test
	[[ $stderr == *"6985"*"only a domain that is personalized takes something"* ]]
	ok -q domain personalize $SD --with sd --keys test
	ok -q domain extradite F04341524441444D0101 --to $SD --keys test
	[ "$output" = "extradited: F04341524441444D0101" ]
	[ "$(of F04341524441444D0101 .domain)" = "\"$SD\"" ]
	ok -q domain extradite F04341524441444D0101 --to $SD --keys test --json
	[ "$(jq -c '[.extradited, .entry.domain]' <<<"$output")" = "[false,\"$SD\"]" ]
	ok -q domain extradite F04341524441444D01 --to $SD --keys test
	[ "$(of F04341524441444D01 .domain)" = "\"$SD\"" ]
}

@test "a domain sees what is its own: the card decides about the rest" {
	card
	ok -q domain create $SD --keys test
	ok -q domain personalize $SD --with sd --keys test --json
	[ "$(jq -r .aid <<<"$output")" = $SD ]
	ok -q install "$TOP/examples/hello.cap" --keys test
	ok -q domain extradite F04341524441444D0101 --to $SD --keys test
	for args in "domain extradite F04341524441444D0101 --to $ISD" "delete F04341524441444D01" \
		"lock F04341524441444D0201" "install F04341524441444D0101 --package F04341524441444D01 --instance A0000000031010"; do
		read -ra words <<<"$args"
		fails 6 -q "${words[@]}" --sd $SD --keys sd --yes
		[[ $stderr != *"is not on the card"$'\n'* ]]
		[[ $stderr =~ (INSTALL|DELETE|SET\ STATUS).*:\ 6[9A] ]]
	done
}

@test "extradite: what cannot be" {
	card
	ok -q install "$TOP/examples/hello.cap" --keys test
	fails 6 -q domain extradite $SD --to $ISD --keys test
	[[ $stderr == *"$SD is not on the card"*"cardadm list"* ]]
	fails 6 -q domain extradite F04341524441444D0101 --to $SD --keys test
	fails 7 -q domain extradite F04341524441444D01 --to F04341524441444D0101 --keys test
	[[ $stderr == *"F04341524441444D0101 is no security domain but an application"* ]]
	fails 7 -q domain extradite $ISD --to $ISD --keys test
	fails 2 -q domain extradite $SD --keys test
	ok -q domain extradite $SD --to $ISD --dry-run
	[[ $output == *"80E61000"*"08${ISD}0009${SD}000000"* ]]
}

@test "update: privileges, implicit selection, restrictions" {
	card
	ok -q domain create $SD --keys test
	ok -q domain update $SD --privileges card-lock,trusted-path --keys test
	[ "$output" = "updated: $SD" ]
	[ "$(of $SD .privileges)" = '["security-domain","card-lock","trusted-path"]' ]
	ok -q domain update $SD --privileges card-lock,trusted-path --keys test
	[ "$output" = "$SD is as asked already" ]
	fails 7 -q domain update $SD --restrict delete --keys test
	[[ $stderr == *"there is no terminal to ask on"* ]]
	ok -q domain update $SD --restrict delete,personalize --keys test --yes
	fails 6 -q delete $SD --keys test --yes
	fails 2 -q domain update $SD --keys test
	[[ $stderr == *"nothing to change"* ]]
	fails 2 -q domain update $SD --keys test --restrict breathing
	fails 6 -q domain update ${SD}09 --privileges card-lock --keys test
	ok -q domain update $SD --restrict install,load --implicit 80 --dry-run
	[[ $output == *80E64000*0009${SD}0008EF06CF0180D9010600* ]]
}

@test "vcard show tells the keys of each domain" {
	card
	ok -q domain create $SD --keys test
	ok -q domain personalize $SD --with sd --keys test
	ok -q put-keys token --keys test
	ok -q put-keys dap --sd $SD --keys sd
	ok vcard show c.card --json
	[ "$(jq -c '[.keys[] | [.version, .type, .length, .domain, .tries_left]]' <<<"$output")" = \
		"[[\"30\",\"aes\",16,null,10],[\"31\",\"aes\",16,\"$SD\",10],[\"70\",\"rsa-public-modulus\",128,null,null],[\"73\",\"ec-public\",64,\"$SD\",null]]" ]
}
