#!/usr/bin/env bats
# delete: what depends on it is shown and asked for, what is not there is told before anything goes.

load ../lib

HELLO=F04341524441444D01 PAIR=F04341524441444D02 SD=A00000015100000001

card() {
	"$CARDADM" keystore init --test-keys keys.yaml -q
	"$CARDADM" vcard create c.card -k keys.yaml -q --keys test >/dev/null
	cp "$TOP"/examples/*.cap .
	export CARDADM_READER=vcard:c.card CARDADM_KEYSTORE=keys.yaml
}

# aids: all that is on the card beside what it came with.
aids() {
	"$CARDADM" -q list --keys test --json | jq -r '[.entries[].aid | select(startswith("F043") or startswith("A00000015100000001"))] | join(" ")'
}

@test "an application, then its package" {
	card
	ok -q install hello.cap
	ok delete ${HELLO}01 --yes
	[ "$output" = "deleted: ${HELLO}01" ]
	[[ $stderr == *"this deletes from the card:"*"${HELLO}01  application, selectable"* ]]
	ok -q delete $HELLO --yes --json
	[ "$(jq -c '.deleted' <<<"$output")" = "[{\"aid\":\"$HELLO\",\"related\":false,\"confirmation\":null}]" ]
	[ -z "$(aids)" ]
}

@test "both at once, in their order" {
	card
	ok -q install hello.cap
	fails 7 delete $HELLO ${HELLO}01 --yes
	[[ $stderr == *"package $HELLO: made from it is ${HELLO}01"*"--related"* ]]
	[ "$(aids)" = "${HELLO}01 $HELLO" ]
	ok -q delete ${HELLO}01 $HELLO --yes
	[ -z "$(aids)" ]
}

@test "related: shown with the package, gone in one command" {
	card
	ok -q install pair.cap
	fails 7 delete $PAIR --related
	[[ $stderr == *"$PAIR  package, loaded"*"${PAIR}01  application"*"${PAIR}02  application"* ]]
	[[ $stderr == *"not confirmed: there is no terminal"* ]]
	ok -q -t t delete $PAIR --related --yes
	grep -q 'DELETE.* and what is related' t
	[ "$(grep -c '# DELETE' t)" -eq 1 ]
	[ -z "$(aids)" ]
	# Named twice, and by its application as well: once.
	ok -q install pair.cap
	ok -q delete $PAIR ${PAIR}01 $PAIR --related --yes
	[ -z "$(aids)" ]
}

@test "a domain with what it holds" {
	card
	echo '  sd: {type: scp03, test: true, version: 31, diversification: none, master: {hex: 505152535455565758595A5B5C5D5E5F}}' >>keys.yaml
	ok -q domain create $SD --keys test
	ok -q domain personalize $SD --with sd --keys test
	ok -q install pair.cap --domain $SD --keys test
	fails 7 delete $SD --keys test --yes
	[[ $stderr == *"security domain $SD: it holds"*"--related"* ]]
	ok delete $SD --related --keys test --yes
	[[ $stderr == *"$SD  security domain"* ]]
	[ -z "$(aids)" ]
}

@test "what is not there, before anything goes" {
	card
	ok -q install hello.cap
	fails 6 delete ${HELLO}01 A0000000031010 --yes
	[[ $stderr == *"A0000000031010 is not on the card"*"nothing was deleted"* ]]
	[ "$(aids)" = "${HELLO}01 $HELLO" ]
	fails 7 delete A000000151000000 --yes
	[[ $stderr == *"issuer domain, which stays"* ]]
	fails 7 delete A000000151000000 --related --yes
	fails 2 delete
	fails 2 delete A0
	[[ $stderr == *"A0\` is not an AID"* ]]
	printf x >tok
	fails 2 delete ${HELLO}01 $HELLO --token tok --yes
	fails 3 delete ${HELLO}01 --token none --yes
	[ "$(aids)" = "${HELLO}01 $HELLO" ]
}

@test "dry run" {
	card
	rm c.card
	ok -q -n delete $HELLO --related
	grep -qx "80E400800B4F09${HELLO}00  # DELETE $HELLO and what is related, 11 octets" <<<"$output"
	head -c 300 /dev/zero >tok
	ok -q -n delete $HELLO --token tok
	[ "$(grep -c '# DELETE' <<<"$output")" -eq 2 ]
	[[ $output == *"# DELETE, more follows"* ]]
}

@test "a card whose registry cannot be read decides" {
	card
	ok -q -t t list --level 00
	sed -i '/^> 80F2/,$d' t
	lists='> 80F28002024F0000\n< 6D00\n> 80F24002024F0000\n< 6D00\n> 80F21002024F0000\n< 6D00\n> 80F22002024F0000\n< 6D00\n'
	{
		cat t
		# shellcheck disable=SC2059
		printf "$lists"
		printf '> 80E400000B4F09%s00\n< 6985\n' $HELLO
	} >refused
	fails 6 -r replay:refused delete $HELLO --level 00 --yes
	[[ $stderr == *"the registry cannot be read: the card decides"*"DELETE: 6985"*"--related"* ]]
	{
		sed '/^> 80E4/,$d' refused
		printf '> 80E400000B4F09%s00\n< 009000\n' $HELLO
		# shellcheck disable=SC2059
		printf "$lists"
	} >taken
	ok -r replay:taken delete $HELLO --level 00 --yes
	[ "$output" = "deleted: $HELLO
not proven: the card said so without R-MAC" ]
}

@test "a card that says 9000 and keeps it" {
	card
	ok -q -t t list --level 00
	sed -i '/^> 80F2/,$d' t
	list='> 80F28002024F0000\n< 6A88\n> 80F24002024F0000\n< 6A88\n> 80F21002024F0000\n< E30F4F09F04341524441444D019F7001019000\n'
	{
		cat t
		# shellcheck disable=SC2059
		printf "$list"
		printf '> 80E400000B4F09%s00\n< 9000\n' $HELLO
		# shellcheck disable=SC2059
		printf "$list"
	} >liar
	fails 8 -r replay:liar delete $HELLO --level 00 --yes
	[[ $stderr == *"answered 9000 to DELETE and still lists it"* ]]
}

@test "in an open channel, with a question on a terminal" {
	card
	ok -q install hello.cap
	ok -q scp-open
	fails 7 delete ${HELLO}01
	ok -q delete ${HELLO}01 --yes
	ok -q scp-close
	run -7 script -qec "printf 'n\n' | '$CARDADM' delete $HELLO" /dev/null </dev/null
}
