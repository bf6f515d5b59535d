#!/usr/bin/env bats
# slow: a fleet that is large enough to be killed many times.
# A campaign that lets a party onto cards, killed at random until nothing is left to do.
load ../lib
load ../parties

# killed_until_done: runs campaign.yaml, kills it at random moments, and runs it again; at most a few
# hundred times. The number of kills in $kills.
killed_until_done() {
	local pid state
	echo "RANDOM=${SEED:=$((RANDOM * 32768 + RANDOM))}" >&2
	RANDOM=$SEED
	kills=0
	while true; do
		# What was cut off between an authentication and its answer is repeated when one says so.
		"$CARDADM" campaign run campaign.yaml --retry-authentication >out.log 2>err.log &
		pid=$!
		# Early at first, so that a quick machine is not done before; later, so that a slow one gets on.
		sleep "0.$(printf %03d $((RANDOM % (kills < 60 ? 60 : 400))))"
		kill -KILL "$pid" 2>/dev/null || true
		state=0
		wait "$pid" || state=$?
		[ "$state" -ne 0 ] || return 0
		[ "$state" -eq 137 ] || { cat err.log >&2; return 1; }
		kills=$((kills + 1))
		[ "$kills" -lt 400 ]
	done
}

# each_has_one FOLDER: each card has one container with one grant, whose file is there; no other
# domain was left behind, and no serial was used twice.
each_has_one() {
	local card cin
	for card in fleet/*.card; do
		card=$(basename "$card" .card)
		on "$card" container list --json >shown.json
		[ "$(jq -c '.containers | map([.state, (.grants | length), (.parties | length)])' shown.json)" = '[["granted",1,0]]' ]
		jq -r '.containers[0].grants[0].digest' shown.json >>placed
		[ "$(on "$card" list --json | jq -c '[.. | objects | select(.kind? == "security domain")] | length')" -eq 1 ]
	done
	for cin in "$1"/*; do
		# A write that was cut off leaves a file beside the one that it was for.
		[[ $cin =~ \.[A-Za-z0-9]{6}$ && -e ${cin%.*} ]] || grant_digest "$cin" >>filed
	done
	sort placed >placed.sorted
	sort filed >filed.sorted
	cmp placed.sorted filed.sorted
	[ "$(uniq placed.sorted | wc -l)" -eq "$(find fleet -name '*.card' | wc -l)" ]
	jq -r 'select(.event == "grant") | .serial' "$XDG_STATE_HOME/cardadm/grants.jsonl" | sort >serials
	[ -s serials ]
	[ -z "$(uniq -d serials)" ]
}

@test "authorize-party: 50 cards, killed at random and run again: each card has one grant, its file matches" {
	parties_fleet 50
	parties_campaign "authorize-party: {request: acme.req, fingerprint: $fingerprint, container: new, valid-until: 2099-12-31, grants: out/}"
	killed_until_done
	echo "killed $kills times" >&2
	[ "$kills" -ge 3 ]
	[ "$(report '[.total, .done]')" = '[50,50]' ]
	each_has_one out
	for card in fleet/*.card; do
		cin=$("$CARDADM" vcard show "$card" --json | jq -r .cin)
		[ "$(on "$(basename "$card" .card)" container list --json | jq -r '.containers[0].grants[0].digest')" = \
			"$(grant_digest "out/$cin.grant")" ]
	done
}

@test "reserve: killed at random and run again: each card has the grant that was signed for it" {
	parties_fleet 12
	party bank
	request bank --reserve-data 3000
	mkdir in
	for k in $(seq -w 1 12); do
		card=$(on "00$k" authority enrol --yes --no-close --json | jq -r .card)
		"$CARDADM" -k op/keys.yaml authority grant bank.req --card "$card" --container new \
			--fingerprint "$fingerprint" --valid-until 2099-12-31 --output "in/$k" 2>/dev/null
	done
	parties_campaign "reserve: {grants: in}"
	killed_until_done
	echo "killed $kills times" >&2
	[ "$(report '[.total, .done]')" = '[12,12]' ]
	each_has_one in
}

@test "authorize-party: cards that are pulled, fall silent or lose power at each command: the next run ends it" {
	parties_fleet 1
	rm fleet/0001.card
	for k in $(seq 5 24); do
		for fault in removed silent; do
			"$CARDADM" -k op/keys.yaml vcard create "fleet/$fault-$k.card" --protocol scp11 \
				--grantor grantor --fault "$fault:$k"
		done
	done
	for k in 1 2 3 4 5 6; do
		"$CARDADM" -k op/keys.yaml vcard create "fleet/power-cut-$k.card" --protocol scp11 \
			--grantor grantor --fault "power-cut:$k"
	done
	parties_campaign "authorize-party: {request: acme.req, fingerprint: $fingerprint, container: new, valid-until: 2099-12-31, grants: out/}"
	fails 9 campaign run campaign.yaml
	[ "$(report '.failed > 30')" = true ]
	ok campaign run campaign.yaml --retry-authentication
	[ "$(report '[.total, .done]')" = '[46,46]' ]
	each_has_one out
}
