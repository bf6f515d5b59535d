#!/usr/bin/env bats
# slow
# put-keys and delete-keys: what is shown, what is refused, and what is on the card afterwards.

load ../lib

# A card with key set 30 of `test`, and a set `next`, 31, of the same kind.
keyed() {
	"$CARDADM" -q keystore init --test-keys keys.yaml
	"$CARDADM" -q vcard create fleet --count 1 -k keys.yaml "$@"
	cat >>keys.yaml <<'YAML'
  next:
    type: scp03
    version: 31
    test: true
    diversification: none
    master: {hex: 505152535455565758595A5B5C5D5E5F}
  spread:
    type: scp03
    version: 33
    test: true
    diversification: kdf3
    master: {hex: 505152535455565758595A5B5C5D5E5F}
  long:
    type: scp03
    version: 32
    test: true
    diversification: none
    master: {hex: 606162636465666768696A6B6C6D6E6F707172737475767778797A7B7C7D7E7F}
YAML
	export CARDADM_READER=vcard:fleet/0001.card CARDADM_KEYSTORE=keys.yaml
}

# The key sets of the card, in a row.
sets() {
	"$CARDADM" -q keys --json | jq -r '[.keys[].version] | unique | join(" ")'
}

# opens NAME: a channel opens with it.
opens() {
	"$CARDADM" -q scp-open --keys "$1" >/dev/null && "$CARDADM" scp-close
}

@test "a set is added: its check values are shown, the old one stays" {
	keyed
	ok -q put-keys next --keys test
	[ "$output" = "key set 31 put: next, check values F2A8DF F2A8DF F2A8DF" ]
	[ -z "$stderr" ]
	[ "$(sets)" = "30 31" ]
	opens test
	opens next
}

@test "what is there already is told" {
	keyed
	ok -q put-keys next --keys test
	ok -q put-keys next --keys test
	[ "$output" = "key set 31 of the card is next already" ]
	ok -q put-keys next --keys next
	[ "$output" = "key set 31 of the card is next already" ]
}

@test "another set under that version is not taken for it, nor replaced unasked" {
	keyed
	ok -q put-keys long --keys test --as 31
	fails 7 -q put-keys next --keys test
	[[ ${stderr_lines[0]} == *"the card has a key set 31 already, and it is not this one" ]]
	[[ ${stderr_lines[1]} == *"--replace 31 puts this one in its place" ]]
	fails 7 -q put-keys next --keys test --replace 31 --yes
	[[ $stderr == *"keys of 32 octets, which cannot be replaced by keys of 16"*"--rotate 31"* ]]
	[ "$(sets)" = "30 31" ]
}

@test "a set is replaced in place, and proved" {
	keyed
	ok -q put-keys next --keys test --as 30 --replace 30 --yes
	[ "${lines[0]}" = "key set 30 put: next, check values F2A8DF F2A8DF F2A8DF" ]
	[ "${lines[1]}" = "a channel was opened with it" ]
	[ "$(sets)" = 30 ]
	# Again, although the old keys open nothing any more.
	ok -q put-keys next --keys test --as 30 --replace 30 --yes
	[ "$output" = "key set 30 of the card is next already" ]
	fails 5 -q scp-open --keys test
}

@test "a set is replaced under another version" {
	keyed
	ok -q put-keys next --keys test --replace 30 --yes
	[ "${lines[2]}" = "key set 30 is gone, it was replaced" ]
	[ "$(sets)" = 31 ]
}

@test "rotate: put, proved, the old one deleted" {
	keyed
	ok -q put-keys next --keys test --rotate 30 --yes
	[ "${#lines[@]}" -eq 3 ]
	[ "${lines[0]}" = "key set 31 put: next, check values F2A8DF F2A8DF F2A8DF" ]
	[ "${lines[1]}" = "a channel was opened with it" ]
	[ "${lines[2]}" = "key set 30 deleted" ]
	[ "$(sets)" = 31 ]
	opens next
	ok -q put-keys next --keys test --rotate 30 --yes
	[ "$output" = "key set 31 of the card is next already" ]
	# Whatever version the set of the channel has.
	ok -q put-keys test --keys next --rotate true --yes
	[ "${lines[2]}" = "key set 31 deleted" ]
	[ "$(sets)" = 30 ]
}

@test "rotate to longer keys, and from the factory set" {
	keyed
	ok -q put-keys long --keys test --rotate 30 --yes
	[ "$(sets)" = 32 ]
	sed -n '/^  next:/q; s/version: 30/version: FF/; p' keys.yaml >one.yaml && chmod 600 one.yaml
	sed -i 's/version: 30/version: FF/' keys.yaml
	"$CARDADM" -q vcard create new --count 1 --keystore one.yaml
	ok -q -r vcard:new/0001.card put-keys next --keys test --rotate FF --yes
	[ "${lines[2]}" = "key set FF deleted" ]
	CARDADM_READER=vcard:new/0001.card
	[ "$(sets)" = 31 ]
}

@test "rotate and replace ask first" {
	keyed
	fails 7 -q put-keys next --keys test --rotate 30
	[[ $stderr == *"there is no terminal to ask on"* ]]
	fails 7 -q put-keys next --keys test --as 30 --replace 30
	fails 7 -q delete-keys 31 --keys test || [ "$status" -eq 0 ]
	[ "$(sets)" = 30 ]
}

@test "--json" {
	keyed
	ok -q put-keys next --keys test --rotate 30 --yes --json
	[ "$(jq -c '[.name, .version, .put, .proved, .replaced, .deleted, .resolved, (.keys | length)]' <<<"$output")" = \
		'["next","31",true,true,null,"30",false,3]' ]
	[ "$(jq -r .kcv <<<"$output")" = "F2A8DF F2A8DF F2A8DF" ]
	ok -q delete-keys 30 --keys next --json
	[ "$(jq -c '[.version, .key_id, .deleted, (.keys | length)]' <<<"$output")" = '["30",null,false,3]' ]
}

@test "in an open channel: added, rotated; the channel goes on with the new set" {
	keyed
	ok -q scp-open --keys test
	ok -q put-keys next
	fails 7 -q put-keys next
	[[ $stderr == *"the card has a key set 31 already"*"without an open channel it is told"* ]]
	ok put-keys next --rotate 30 --yes
	[[ $stderr == *"the open channel is one of key set 31 now"* ]]
	ok -q scp-status
	[[ $output == *"key set next version 31"* ]]
	ok -q put-keys next
	[ "$output" = "key set 31 of the card is next already" ]
	fails 2 -q put-keys next --keys test
	ok -q scp-close
	[ "$(sets)" = 31 ]
}

@test "a set with diversification is that of this card" {
	keyed
	ok -q put-keys spread --keys test
	[[ $output =~ ^key\ set\ 33\ put:\ spread,\ check\ values\ ([0-9A-F]{6})\ ([0-9A-F]{6})\ ([0-9A-F]{6})$ ]]
	[ "${BASH_REMATCH[1]}" != "${BASH_REMATCH[2]}" ]
	[[ $output != *F2A8DF* ]]
	opens spread
}

@test "SCP02: triple DES under the session key" {
	"$CARDADM" keystore init keys.yaml
	cat >keys.yaml <<'YAML'
cardadm: keystore/1
keys:
  old: {type: scp02, version: 20, test: true, diversification: visa2, master: {hex: 404142434445464748494A4B4C4D4E4F}}
  new: {type: scp02, version: 21, test: true, diversification: none, master: {hex: 505152535455565758595A5B5C5D5E5F}}
YAML
	chmod 600 keys.yaml
	"$CARDADM" -q vcard create fleet --count 1 -k keys.yaml --keys old
	export CARDADM_READER=vcard:fleet/0001.card CARDADM_KEYSTORE=keys.yaml
	ok -q put-keys new --keys old --rotate 20 --yes
	[ "$(sets)" = 21 ]
	opens new
}

@test "SCP11: under the session key, with the diversification data of the card" {
	keyed --protocol scp11
	ok -q scp-open --protocol scp11a
	ok -q put-keys long
	ok -q put-keys spread
	ok -q scp-close
	opens long
	opens spread
	ok -q delete-keys 32 --keys spread --yes
}

# Public keys as PEM, made here; `keystore init --test-keys` brings one of each type.
@test "keys that authorize content: RSA, EC, AES, under the versions that cards look for" {
	keyed
	ok -q put-keys dap --keys test
	[[ $output =~ ^key\ 73\ put:\ dap,\ fingerprint\ [0-9A-F]{16}$ ]]
	ok -q put-keys token --keys test
	[[ $output == "key 70 put: token, fingerprint "* ]]
	ok -q put-keys receipt --keys test --json
	[ "$(jq -c '[.version, (.kcv | length), .proved]' <<<"$output")" = '["71",6,false]' ]
	ok -q keys --json
	[ "$(jq -c '[.keys[] | select(.version > "6") | [.version, .id, .type]]' <<<"$output")" = \
		'[["71","01","aes"],["73","01","ec-public"],["70","01","rsa-public-modulus"]]' ]
	# Which key it is a card does not tell, so it is replaced only when that is asked for.
	fails 7 -q put-keys dap --keys test
	[[ $stderr == *"the card has a key of version 73 already"*"--replace 73"* ]]
	ok -q put-keys dap --keys test --replace 73 --yes
	fails 2 -q put-keys dap --keys test --rotate 73
	[[ $stderr == *"dap is a key that opens no channel"* ]]
	ok -q delete-keys 73 --keys test --yes
	[ "$output" = "key set 73 deleted" ]
}

@test "a long RSA key goes out in several commands" {
	keyed
	openssl genrsa -out r.pem 4096 2>/dev/null && chmod 600 r.pem
	echo '  long-rsa: {type: dap, private: {file: r.pem}}' >>keys.yaml
	ok -q put-keys long-rsa --keys test --trace trace
	[ "$(grep -c '^> 84D8' trace)" -eq 3 ]
	[[ $(sets) == *73* ]]
	ok -q put-keys long-rsa --dry-run
	[ "$(grep -o '80D8[0-9A-F]\{6\}' <<<"$output" | paste -sd' ')" = "80D88001EF 80D88001EF 80D800012D" ]
	run openssl rsa -in r.pem -noout -modulus
	modulus=${output#Modulus=}
	ok -q put-keys long-rsa --dry-run
	grep '80D8' <<<"$output" | sed 's/ .*//; s/^.\{10\}//; s/00$//' | tr -d '\n' >sent
	grep -q "^73A1820200${modulus}A00301000100" sent
}

@test "versions and options that cannot be" {
	keyed
	fails 7 -q put-keys next --keys test --rotate 31
	[[ $stderr == *"has the version 31 of the old one"*"--as KVN gives it another"* ]]
	fails 7 -q put-keys next --keys test --rotate 44 --yes
	[[ $stderr == *"the card has no key set 44"*"cardadm keys shows which it has"* ]]
	fails 7 -q put-keys next --keys test --replace 44 --yes
	fails 2 -q put-keys next --keys test --replace 30 --rotate 30
	fails 2 -q put-keys next --keys test --as 80
	fails 5 -q put-keys nobody --keys test
	fails 2 -q put-keys
	[ "$(sets)" = 30 ]
}

@test "--dry-run shows the commands, keys masked, and touches no card" {
	keyed
	ok -q -r vcard:nowhere.card put-keys next --rotate 30 --dry-run
	[[ ${lines[1]} == "80D800814631****"*"**00  # PUT KEY"* ]]
	[[ $output != *[0-9A-F]\*\*[0-9A-F]\** ]]
	[[ ${lines[5]} == "80E4000003D2013000  # DELETE"* ]]
	# That of the channel, which the key store tells.
	ok -q -r vcard:nowhere.card put-keys next --rotate true --keys test --dry-run
	[[ ${lines[5]} == "80E4000003D2013000  # DELETE"* ]]
	ok -q delete-keys 31 --key-id 2 --dry-run
	[[ ${lines[1]} == "80E4000006D00102D2013100  # DELETE"* ]]
}

@test "delete-keys: a set, one key of it, what is not there" {
	keyed
	ok -q put-keys next --keys test
	ok delete-keys 31 --key-id 02 --keys test --yes
	[ "$output" = "key 02 of key set 31 deleted" ]
	[[ $stderr == *"as next of the key store its check values are F2A8DF F2A8DF F2A8DF"* ]]
	[ "$("$CARDADM" -q keys --json | jq -c '[.keys[] | select(.version == "31") | .id]')" = '["01","03"]' ]
	ok -q delete-keys 31 --keys test --yes
	[ "$output" = "key set 31 deleted" ]
	ok -q delete-keys 31 --keys test
	[ "$output" = "key set 31 is not on the card, nothing to delete" ]
	[ -z "$stderr" ]
}

@test "delete-keys: neither the last set, nor the one in use, nor the factory's" {
	keyed
	fails 7 -q delete-keys 30 --keys test --yes
	[[ $stderr == *"the channel was opened with key set 30: not deleted"*"put-keys --rotate"* ]]
	ok -q put-keys next --keys test
	ok -q delete-keys 31 --key-id 3 --keys test --yes
	# What is left of 31 opens nothing.
	fails 7 -q delete-keys 30 --keys test --yes
	ok -q delete-keys 31 --keys test --yes
	fails 2 -q delete-keys 3 1 --keys test
	fails 2 -q delete-keys 00 --keys test
	fails 2 -q delete-keys 3031 --keys test
	[ "$(sets)" = 30 ]
}

@test "key changes are recorded: intent first, then the outcome" {
	local record=$XDG_STATE_HOME/cardadm/keys.jsonl
	keyed
	ok -q put-keys next --keys test --rotate 30 --yes
	[ "$(stat -c %a "$record")" = 600 ]
	[ "$(jq -c '[.event, .verb, .name, .version, .kcv, .put, .replace, .delete, .reader, .domain]' <<<"$(head -n 1 "$record")")" = \
		'["intent","put-keys","next","31","F2A8DF F2A8DF F2A8DF",true,null,"30","vcard:fleet/0001.card","A000000151000000"]' ]
	[ "$(tail -n 1 "$record" | jq -c '[.event, .put, .proved, .deleted, .resolved]')" = '["done",true,true,true,false]' ]
	[ "$(jq -s '[.[].id] | unique | length' "$record")" -eq 1 ]
	# Nothing was to be done.
	ok -q put-keys next --keys test --rotate 30 --yes
	[ "$(wc -l <"$record")" -eq 2 ]
	ok -q put-keys test --keys next
	fails 7 -q delete-keys 30 --keys next
	[ "$(wc -l <"$record")" -eq 4 ]
	ok -q delete-keys 30 --keys next --yes
	[ "$(tail -n 2 "$record" | jq -c '[.event, .version, .deleted]' | paste -sd' ')" = \
		'["intent","30",null] ["done",null,true]' ]
	# A refusal of the card: 01 cannot be added to a set that is there.
	rm "$record" && mkdir "$record"
	fails 10 -q put-keys test --keys next
	[[ $stderr == *"keys.jsonl: cannot open"* ]]
	[ "$(sets)" = 31 ]
}

@test "a refusal that was recorded is forgotten with the keys that it was about" {
	keyed
	command -v sqlite3 >/dev/null || skip "no sqlite3"
	ok -q put-keys next --keys test
	ok -q put-keys long --keys test --as 33
	cin=$("$CARDADM" -q info --json | jq -r .cin)
	db=$(find "$XDG_STATE_HOME" -name authentications.db)
	sqlite3 "$db" "INSERT INTO refused(card, key_set, at) VALUES('$cin', '31', 0), ('$cin', '33', 0), ('$cin', '34', 0)"
	fails 7 -q scp-open --keys next
	ok -q put-keys spread --keys test --as 31 --replace 31 --yes
	ok -q delete-keys 33 --keys test --yes
	ok -q put-keys next --keys test --as 34
	[ -z "$(sqlite3 "$db" 'SELECT * FROM refused')" ]
	ok -q scp-open --keys next --key-version 34
	ok -q scp-close
}

@test "a new set that opens no channel: the old one stays" {
	"$CARDADM" -q keystore init keys.yaml
	cat >keys.yaml <<'YAML'
cardadm: keystore/1
keys:
  old: {type: scp02, version: 20, test: true, diversification: none, master: {hex: 404142434445464748494A4B4C4D4E4F}}
  new: {type: scp03, version: 30, test: true, diversification: none, master: {hex: 505152535455565758595A5B5C5D5E5F}}
YAML
	chmod 600 keys.yaml
	"$CARDADM" -q vcard create c.card -k keys.yaml --keys old >/dev/null
	export CARDADM_READER=vcard:c.card CARDADM_KEYSTORE=keys.yaml
	# This card takes AES keys and has no channel for them.
	fails 5 -q put-keys new --keys old --rotate 20 --yes
	[[ $stderr == *"the new key set 30 opens no channel: "*"key set 20 is still there and was not deleted"* ]]
	[[ $(sets) == *20* ]]
	opens old
	[ "$(tail -n 1 "$XDG_STATE_HOME/cardadm/keys.jsonl" | jq -c '[.event, .put, .proved, .deleted]')" = \
		'["failed",true,false,false]' ]
}

@test "no key value appears anywhere" {
	keyed
	ok -v put-keys next --keys test --rotate 30 --yes --trace trace
	run ! grep -qi 5051525354 <<<"$output$stderr$(cat trace)"
	ok -v delete-keys 44 --keys next --json
	run ! grep -qi 5051525354 <<<"$output$stderr"
}

@test "a trace can be played again" {
	keyed
	cp fleet/0001.card copy.card
	ok -q put-keys next --keys test --trace trace
	sed -n 's/^[<>] //p' trace >apdus
	run grep -c '^84D80081' apdus
	[ "$output" = 1 ]
	ok -q -r replay:trace put-keys next --keys test
	[ "$output" = "key set 31 put: next, check values F2A8DF F2A8DF F2A8DF" ]
}
