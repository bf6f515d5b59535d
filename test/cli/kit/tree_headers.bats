#!/usr/bin/env bats
# slow: a run of the compiler for each header.
# The tree: headers that need nothing before them.

bats_require_minimum_version 1.5.0

top=$BATS_TEST_DIRNAME/../../..

# alone HEADER: it compiles with nothing before it.
alone() {
	gcc -std=c17 -D_GNU_SOURCE -DCARDADM_VERSION='"x"' -Wall -Wextra -Werror -fsyntax-only \
		-I"$top/lib" -I"$top" -I"$top/${B:-build/release}/lib" -I. -x c - <<<"#include \"$1\""
}

@test "every header compiles alone" {
	cd "$BATS_TEST_TMPDIR"
	(cd "$top" && find lib cmd -name '*.h' | sed 's,^lib/,,' | sort) >headers
	[ "$(wc -l <headers)" -gt 100 ]
	while IFS= read -r header; do
		alone "$header" || { echo "$header does not" >&2; return 1; }
	done <headers
	echo 'int f(uint8_t octet);' >bare.h
	run ! alone bare.h
}
