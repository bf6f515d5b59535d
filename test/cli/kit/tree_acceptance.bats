#!/usr/bin/env bats
# The lists in test/acceptance: every number is there, and the tests that they name exist.

bats_require_minimum_version 1.5.0

top=$BATS_TEST_DIRNAME/../../..

# tests_of DIR: each test in the words of a list.
tests_of() {
	(cd "$1/test" &&
		find unit -name '*_test.c' -exec grep -HoE '\bcmocka_unit_test[a-z_]*\([ ]*[A-Za-z_0-9]+' {} + |
		sed -E 's,^unit/([^:]*):.*[( ]([A-Za-z_0-9]+)$,unit \1 \2,'
		find cli -name '*.bats' -exec grep -HE '^@test "' {} + |
			sed -E 's,^cli/([^:]*):@test (".*") \{$,cli \1 \2,'
		find fuzz -name '*_fuzz.c' | sed -E 's,^fuzz/(.*)_fuzz\.c$,fuzz \1,')
}

# check_list LIST TESTS: what is wrong with a list, by the tests that there are.
check_list() {
	awk '
		FILENAME == ARGV[1] { is[$0]; next }
		/^#/ || /^$/ { next }
		$1 == "numbers" { last = $2; next }
		$1 == "missing" { for (i = 2; i <= NF; i++) missing[$i]; next }
		/^\t/ {
			sub(/^\t/, "")
			if (number == "") print FNR ": of no number: " $0
			else if (!($0 in is)) print number ": no such test: " $0
			shown[number]++
			next
		}
		/^[0-9]+ .* -> ./ {
			number = $1
			if (number in there) print number ": twice"
			if (number + 0 < at + 0) print number ": behind " at
			at = number
			there[number]
			next
		}
		{ print FNR ": neither a number nor a test: " $0 }
		END {
			if (last < 1) print "how many numbers?"
			for (n = 1; n <= last; n++) {
				if (n in there && !shown[n]) print n ": no test"
				if (n in there && n in missing) print n ": not missing"
				if (!(n in there) && !(n in missing)) print n ": not there"
			}
			for (n in there) if (n + 0 > last + 0) print n ": more than " last
		}' "$2" "$1"
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
	tests_of "$top" >tests
}

@test "acceptance: each number is there, each named test exists" {
	[ "$(wc -l <tests)" -gt 1500 ]
	for list in "$top"/test/acceptance/*; do
		check_list "$list" tests >found
		sed "s|^|${list##*/}: |" found >&2
		[ ! -s found ]
	done
}

@test "acceptance: no number is without a test" {
	run ! grep '^missing' "$top"/test/acceptance/*
}

@test "acceptance: what is wrong with a list is found" {
	printf 'unit gp/grant_test.c test_names\ncli kit/man.bats "a title (all of it)"\nfuzz grant\n' >tests
	sed 's/^>/\t/' >list <<-'LIST'
		# a remark
		numbers 9
		missing 2 3
		1 this -> that
		>unit gp/grant_test.c test_names
		>cli kit/man.bats "a title (all of it)"
		>fuzz grant
		3 this -> that
		>unit gp/grant_test.c test_name
		>cli kit/man.bats "a title"
		5 nothing comes of it
		6 this -> that
		6 this -> that
		>fuzz grants
		4 this -> that
		>fuzz grant
		10 this -> that
		>fuzz grant
	LIST
	check_list list tests >found
	sort >wanted <<-'WANTED'
		3: no such test: unit gp/grant_test.c test_name
		3: no such test: cli kit/man.bats "a title"
		11: neither a number nor a test: 5 nothing comes of it
		6: twice
		6: no such test: fuzz grants
		4: behind 6
		3: not missing
		5: not there
		7: not there
		8: not there
		9: not there
		10: more than 9
	WANTED
	sort found | diff - wanted >&2
	# What it says nothing of is good: the numbers 1, 2 and 4, and the list without the rest.
	sed -n '1,7p' list | sed 's/numbers 9/numbers 3/' >good
	[ -z "$(check_list good tests)" ]
	printf '\tfuzz grant\n' >bad
	check_list bad tests | grep -q '^1: of no number: fuzz grant$'
	check_list bad tests | grep -q '^how many numbers?$'
	printf 'numbers 1\n1 this -> that\n' >bad
	[ "$(check_list bad tests)" = "1: no test" ]
}
