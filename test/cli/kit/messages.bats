#!/usr/bin/env bats
# slow: a run for each message.
# What is said of files, readers, cards and operands that are not there or not right.

load ../lib

@test "messages of all verbs: thing, place, remedy" {
	fleet
	export PCSCLITE_CSOCK_NAME=$XDG_RUNTIME_DIR/nobody
	printf 'no key, no bundle, no card\001' >garbage
	: >empty
	mkdir dir
	campaign
	sed 's/app.bundle/none.bundle/' campaign.yaml >nobundle.yaml
	sed 's/fleet/nofleet/' campaign.yaml >nofleet.yaml
	sed 's/keys.yaml/none.yaml/' campaign.yaml >nokeys.yaml
	sed 's/keys: test/keys: nobody/' campaign.yaml >wrongkeys.yaml
	local bad=0 want args names words
	while IFS='|' read -r want args names; do
		read -ra words <<<"$args"
		cardadm "${words[@]}" </dev/null
		[ "$status" = "$want" ] && [[ $stderr == *"cardadm: "*"$names"* && $stderr == *"cardadm: hint: "?* ]] && continue
		echo "cardadm $args: status $status, wanted $want with \`$names' and a hint:" "$stderr" >&2
		bad=1
	done <<-'TABLE'
		2|info|no reader is named
		4|-r vcard:none info|vcard:none: No such file
		4|-r vcard:none keys|vcard:none: No such file
		4|-r vcard:none apdu 00A40400|vcard:none: No such file
		4|-r vcard:dir info|dir: cannot open the card: Is a directory
		3|-r vcard:garbage info|garbage: not a card file
		3|-r vcard:empty info|empty: not a card file
		4|-r replay:none info|replay:none: No such file
		3|-r replay:garbage info|garbage:1: neither a command
		3|-r replay:empty info|SELECT A000000151000000: empty:0: the trace ends here
		3|-r replay:dir info|dir: not a regular file
		4|-r nobody info|nobody: pcscd does not run
		4|-r 1 keys|1: pcscd does not run
		4|-r 1 --wait 1 info|1: pcscd does not run
		2|-r vcard:fleet/0001.card apdu|APDU is missing
		2|-r vcard:fleet/0001.card apdu ZZ|ZZ: not hex octets
		2|-r vcard:fleet/0001.card apdu 00A4|00A4: not a command
		2|-r vcard:fleet/0001.card apdu =9000|=9000: no command stands before it
		1|-r vcard:fleet/0001.card -t dir apdu 80CA006600|dir: cannot write the trace
		1|-r vcard:fleet/0001.card -t no/such apdu 80CA006600|no/such: cannot write the trace
		2|-r vcard:fleet/0001.card scp-open|no key store is named
		3|-r vcard:fleet/0001.card -k none scp-open|none: cannot open
		3|-r vcard:fleet/0001.card -k garbage scp-open|garbage:1:
		3|-r vcard:fleet/0001.card -k empty scp-open|empty:1:1: the file is empty
		3|-r vcard:fleet/0001.card -k dir scp-open|dir: not a regular file
		3|-r vcard:fleet/0001.card -k campaign.yaml scp-open|campaign.yaml:1:10: another kind of file
		5|-r vcard:fleet/0001.card -k keys.yaml scp-open --keys nobody|keys.yaml: no scp03
		5|-r vcard:fleet/0001.card -k keys.yaml scp-open --keys signer|`signer` is of type signer
		4|-r vcard:none -k keys.yaml scp-open|vcard:none: No such file
		6|-r vcard:fleet/0001.card -k keys.yaml scp-open --sd A000000001|SELECT A000000001: 6A82
		5|-r vcard:fleet/0001.card -k keys.yaml scp-open --key-version 31|key version 31: 6A88
		7|-r vcard:fleet/0001.card -k keys.yaml scp-open --s16|S16 was asked for
		2|-r vcard:fleet/0001.card scp-mode|broadcast|unicast is missing
		2|-r vcard:fleet/0001.card scp-mode sideways|`sideways` is not one of
		7|-r vcard:fleet/0001.card scp-mode broadcast|no channel is open to vcard:fleet/0001.card
		2|-r vcard:fleet/0001.card load|FILE is missing
		3|-r vcard:fleet/0001.card load none|none: cannot open
		7|-r vcard:fleet/0001.card load app.bundle|no channel is open to vcard:fleet/0001.card
		7|-r vcard:fleet/0001.card authorize load|no channel is open to vcard:fleet/0001.card
		2|campaign run|MANIFEST is missing
		3|campaign run none.yaml|none.yaml: cannot open
		3|campaign check garbage|garbage:1:
		3|campaign check empty|empty:1:1: the file is empty
		3|campaign status dir|dir: not a regular file
		3|campaign report keys.yaml|another kind of file; expected here is `cardadm: campaign/1`
		3|campaign check nobundle.yaml|nobundle.yaml: none.bundle: cannot open
		3|campaign run nofleet.yaml|nofleet.yaml: nofleet: cannot read the directory of cards
		3|campaign check nokeys.yaml|nokeys.yaml: none.yaml: cannot open
		5|campaign run wrongkeys.yaml|keys.yaml: no scp03 entry called `nobody`
		2|bundle build|option --image FILE is missing
		3|bundle build --image none --version 1.0 -k keys.yaml --output o|none: cannot open
		7|bundle build --image empty --version 1.0 -k keys.yaml --output o|empty: the image is empty
		1|bundle build --image app.img --version 1.0 -k keys.yaml --output no/such|no/such: cannot create
		7|bundle build --image app.img --version 1.0 -k keys.yaml --output dir|dir: exists already
		2|bundle build --image app.img --version 1.0 --output o|no key store is named
		3|bundle show none|none: cannot open
		3|bundle show garbage|garbage: not a bundle
		3|bundle show dir|dir: not a regular file
		3|bundle verify empty -k keys.yaml|empty: not a bundle
		2|bundle verify app.bundle|no key store is named
		3|bundle verify app.bundle -k none|none: cannot open
		2|keystore init|FILE is missing
		7|keystore init keys.yaml|keys.yaml: exists already
		1|keystore init no/such|no/such: cannot create
		3|keystore list -k none|none: cannot open
		3|keystore check -k garbage|garbage:1:
		2|vcard create|PATH is missing
		2|vcard create x|no key store is named
		7|vcard create fleet/0001.card -k keys.yaml|fleet/0001.card: exists already
		1|vcard create no/such -k keys.yaml|no/such: cannot create
		5|vcard create x -k keys.yaml --keys nobody|keys.yaml: no scp03
		2|vcard create x -k keys.yaml --count 0|--count: `0` is not within 1 to
		4|vcard show none|none: cannot open the card
		3|vcard show garbage|garbage: not a card file
		4|vcard show dir|dir: cannot open the card
		4|vcard serve none --vpcd 127.0.0.1:1 --wait 0|none: cannot open the card
		2|vcard serve fleet/0001.card --vpcd nonsense|`nonsense` is not HOST:PORT
		2|vcard serve fleet/0001.card|option --vpcd HOST:PORT is missing
		4|vcard serve fleet/0001.card --vpcd 127.0.0.1:1 --wait 0|no vpcd at 127.0.0.1 port 1
		2|explain|FILE is missing
		3|explain none|none: cannot open
		3|explain garbage|garbage: no command with its answer
		3|explain dir|dir: not a regular file
	TABLE
	[ "$bad" -eq 0 ]
}
