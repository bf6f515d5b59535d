#!/usr/bin/env bats
# Whom cards trust, by the algorithms and forms that they are issued with: what is remarked, and that
# it is true.

load ../lib

@test "vcard create remarks a policy that trusts the station" {
	"$CARDADM" keystore init --test-keys keys.yaml -q
	for list in 01 04 05,01 04,05; do
		ok vcard create $list.card --algorithms $list -k keys.yaml
		[[ $stderr == *"remark: algorithm 0"[14]" with form 00 trusts the station"*"hint: --forms 01"* ]]
		ok vcard create kos-$list.card --algorithms $list --forms 01 -k keys.yaml
		[[ $stderr != *remark* ]]
	done
	ok vcard create only-00.card --algorithms 01 --forms 00 -k keys.yaml
	[[ $stderr == *"remark: "* && $stderr != *"hint:"* ]]
	ok vcard create quiet.card --algorithms 01 -q -k keys.yaml
	[ -z "$stderr" ]
	for list in 05 02 02,05; do
		ok vcard create $list.card --algorithms $list -k keys.yaml
		[[ $stderr != *remark* ]]
	done
}

@test "campaign check remarks a bundle that trusts the station" {
	fleet
	for v in "plain 01" "plain 04" "b 04" "a 01" "a 05" "b 05" "plain 05" "a 04"; do
		read -r variant algorithm <<<"$v"
		rm -f app.bundle
		ok bundle build --image app.img --version 3.2 -k keys.yaml --output app.bundle \
			--variant "$variant" --algorithm "$algorithm" --allow-literal-mac
		campaign
		echo "allow-literal-mac: true" >>campaign.yaml
		ok campaign check campaign.yaml
		case $v in
		"plain 01" | "plain 04" | "b 04")
			[[ $stderr == *"remark: algorithm $algorithm with form 00 trusts the station"* ]] ;;
		"a 01") [[ $stderr == *"remark: "*"issued with form 01 alone"* ]] ;;
		*) [[ $stderr != *remark* ]] ;;
		esac
	done
}

# A station with the cards' keys, but neither Kos nor the issuer's key nor anybody's leave.
@test "algorithm 01: form 00 takes the station's own image, form 01 alone does not" {
	"$CARDADM" keystore init --test-keys keys.yaml -q
	image app.img 2000
	ok bundle build --image app.img --version 3.2 -k keys.yaml --output own.bundle \
		--variant plain --algorithm 01 --allow-literal-mac
	"$CARDADM" vcard create open.card --algorithms 01 -q -k keys.yaml
	"$CARDADM" vcard create kos.card --algorithms 01 --forms 01 -q -k keys.yaml
	r=vcard:open.card
	ok -r $r -k keys.yaml scp-open
	ok -r $r scp-mode broadcast --bundle own.bundle --allow-literal-mac
	ok -r $r load own.bundle
	ok -r $r scp-mode unicast
	ok -r $r authorize load --allow-literal-mac
	ok -r $r scp-close
	r=vcard:kos.card
	ok -r $r -k keys.yaml scp-open
	fails 7 -r $r scp-mode broadcast --bundle own.bundle --allow-literal-mac
	[[ $stderr == *"does not take broadcast keys in form 00"* ]]
	ok -r $r scp-close
}
