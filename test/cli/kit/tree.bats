#!/usr/bin/env bats
# The tree: who may include whom, libraries only in their places, sizes.

bats_require_minimum_version 1.5.0

top=$BATS_TEST_DIRNAME/../../..

# Layers, and what each may name; what stands below those it names comes along.
rules='
base
crypto base
tlv base
apdu base
yaml base
scp crypto tlv apdu
gp crypto tlv apdu
card apdu
cap crypto tlv
host gp scp card profile
vcard gp scp cap
keystore crypto yaml
manifest yaml gp
profile yaml gp
bundle gp scp
ledger base
channel host keystore ledger profile
change host keystore ledger cap yaml
terminal host yaml
campaign change channel host manifest bundle ledger keystore cap
'

# check_layers DIR: prints each #include of DIR/lib that the rules do not allow.
check_layers() {
	(cd "$1" && grep -rHn '^#include "' lib) | awk -v rules="$rules" '
		BEGIN {
			n = split(rules, row, "\n")
			for (i = 1; i <= n; i++) {
				k = split(row[i], w, " ")
				if (k == 0) continue
				known[w[1]] = may[w[1], w[1]] = 1
				for (j = 2; j <= k; j++) may[w[1], w[j]] = 1
			}
			do { # closure
				more = 0
				for (a in known) for (b in known) for (c in known)
					if ((a, b) in may && (b, c) in may && !((a, c) in may)) {
						may[a, c] = 1
						more = 1
					}
			} while (more)
		}
		{
			split($0, part, ":")
			split(part[1], path, "/")
			split($0, quote, "\"")
			to = quote[2]
			sub("/.*", "", to)
			if (!(path[2] in known)) print part[1] ": no such layer: " path[2]
			else if (index(quote[2], "/") == 0) print part[1] ": include it as \"" path[2] "/" quote[2] "\""
			else if (!((path[2], to) in may)) print part[1] ":" part[2] ": " path[2] " must not use " to
		}'
}

# check_foreign DIR: prints each #include of a library outside its place.
check_foreign() {
	(cd "$1" && grep -rHnE '^#include <(openssl/|yaml\.h|sqlite3\.h|winscard\.h|zip\.h|libpq-fe\.h|p11-kit/)' lib cmd) |
		grep -vE '^lib/crypto/[^:]*:[0-9]+:#include <openssl/' |
		grep -vE '^lib/yaml/[^:]*:[0-9]+:#include <yaml\.h' |
		grep -vE '^lib/ledger/[^:]*:[0-9]+:#include <sqlite3\.h' |
		grep -vE '^lib/card/pcsc\.c:[0-9]+:#include <winscard\.h' |
		grep -vE '^lib/cap/zip\.c:[0-9]+:#include <zip\.h' || true
}

# check_sizes DIR: prints files and lines of the program that are too long.
check_sizes() {
	(cd "$1" && find lib cmd -name '*.[ch]' -exec awk '
		{ last[FILENAME] = FNR }
		length($0) > 0 { line = $0; gsub(/\t/, "        ", line); if (length(line) > 100) print FILENAME ":" FNR ": " length(line) " columns" }
		END { for (f in last) if (last[f] > 600) print f ": " last[f] " lines" }' {} +)
}

# literals DIR: "FILE: LITERAL" of each string literal of DIR/lib, those that stand side by side as one;
# a name that is given as data (FIELD, FIELD_IS, VERB of base/err.h) is @ in them. One compiler takes
# the comments out of all files: behind a literal that starts with @file stands what is of that file.
literals() {
	(cd "$1" && find lib -name '*.[ch]' -exec awk 'FNR == 1 { print "\n;\"@file " FILENAME "\";" } 1' {} +) |
		gcc -w -fpreprocessed -dD -E -P - | grep -vE '^#(include|define (FIELD|VERB))' | tr '\n\t' '  ' |
		sed -E 's/;"@file /\n&/g' |
		sed -E 's/\b(FIELD|VERB)\( *"[^"]*" *\)/"@"/g; s/\bFIELD_IS\( *"[^"]*", *"[^"]*" *\)/"@"/g; s/" *"//g' |
		grep -oE '"([^"\\]|\\.)*"' | awk '/^"@file / { file = substr($2, 1, length($2) - 1); next } { print file ": " $0 }'
}

# check_words DIR: prints each text of DIR/lib that names an option or a verb of the command line, and
# leaves the verbs in the file names. Who finds an error says as data what would help. The name of a
# kind of change is no such text.
check_words() {
	grep -rhA1 '^const struct verb verb_' "$1/cmd" | sed -n 's/.*\.name = "\(.*\)",.*/\1/p' >names
	local long short
	long=$(grep '[ -]' names | paste -sd '|')
	short=$(grep -v '[ -]' names | paste -sd '|')
	literals "$1" | grep -E -- "^[^ ]* .*(--[a-z]|\\b($long)\\b|\\bcardadm ($short)\\b|\\b($short) (shows|lists|tells|makes|opens|adds|gives)\\b)" |
		grep -vE "^[^ ]* \"($long)\"\$" || true
}

# check_named DIR: prints each VERB of DIR/lib that is none.
check_named() {
	grep -rhoE '\bVERB\("[^"]*"' "$1/lib" | sed 's/VERB("//; s/"$//' | sort -u |
		awk 'NR == FNR { is[$0]; next } !($1 in is) && !(($1 " " $2) in is)' names -
}

# check_print DIR: prints each line of DIR/cmd that writes to a terminal past cmd/kit/print.h, which
# makes foreign text fit to be shown. Left out: what prints only texts of the program's own tables.
check_print() {
	(cd "$1" && grep -rnE '\b(v?f?printf|f?puts|f?putc|fputc|putchar|fwrite|perror|json_string)\(' cmd --include='*.[ch]') |
		grep -vE '^cmd/(kit/(print|doc|mdoc|complete)\.[ch]:|main\.c:.*"cardadm: (cannot protect|standard output))' || true
}

# functions DIR: "lines parameters file:line head" of each function of the program. Lines are those
# between the braces, -1 where it is only declared; the head is all from the last name in the first
# column up to "{" there or to ";".
functions() {
	(cd "$1" && find lib cmd -name '*.[ch]' -exec awk '
		function params(   i, c, depth, n) {
			n = 1
			for (i = 1; i <= length(head); i++) {
				c = substr(head, i, 1)
				if (c == "(") depth++
				else if (c == ")") { if (--depth == 0) break } # PRINTF_LIKE behind it
				else if (c == "," && depth == 1) n++
			}
			return n
		}
		function row(lines) { print lines, params(), FILENAME ":" begin, head }
		FNR == 1 { head = ""; reading = begin = 0 }
		/^[A-Za-z_]/ { head = ""; begin = FNR; reading = 1 }
		/^[}#]/ { reading = 0 }
		reading && !/^\{/ { sub(/^[ \t]+/, ""); head = head (head == "" ? "" : " ") $0 }
		reading && /[;={]$/ && !/^\{/ { if (/;$/ && head ~ /\(/) row(-1); reading = 0 }
		/^\{/ && reading { start = FNR; reading = 0; inside = 1 }
		/^\}/ && inside { row(FNR - start - 1); inside = 0 }' {} +)
}

# check_functions DIR: prints functions that are too long or take too much, and what is wrong with
# all of them together.
check_functions() {
	functions "$1" | sort -n | awk '
		$1 > 60 { print $3 ": " $1 " lines: " $0 }
		$2 > 6 { print $3 ": " $2 " parameters: " $0 }
		$1 >= 0 { lines[++n] = $1 }
		END {
			median = lines[int((n + 1) / 2)]
			most = lines[int((9 * n + 9) / 10)] # that nine of ten have
			if (n < 100) print "only " n " functions found"
			if (median > 12) print "half of the functions have " median " lines or more"
			if (most > 25) print "a tenth of the functions has " most " lines or more"
		}'
}

plant() { # plant FILE TEXT: a copy of the tree in which FILE ends with TEXT
	[ -d copy ] || { mkdir copy && cp -r "$top/lib" "$top/cmd" copy/; }
	printf '%s\n' "$2" >>"copy/$1"
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
}

@test "layers: no include goes up or aside" {
	check_layers "$top" >found
	cat found >&2
	[ ! -s found ]
	# The check sees something: hundreds of includes, all layers that exist.
	[ "$(grep -rh '^#include "' "$top/lib" | wc -l)" -gt 100 ]
}

@test "layers: planted violations are found" {
	plant lib/vcard/core/vcard.c '#include "host/session.h"'
	check_layers copy | grep -q 'lib/vcard/core/vcard.c:[0-9]*: vcard must not use host'
	plant lib/base/hex.c '#include "tlv/tlv.h"'
	check_layers copy | grep -q 'base must not use tlv'
	plant lib/gp/command.c '#include "command.h"'
	check_layers copy | grep -q 'lib/gp/command.c: include it as "gp/command.h"'
	[ "$(check_layers copy | wc -l)" -eq 3 ]
}

# not_told README DIR: prints each rule and each room of DIR/cmd that "How it is built" leaves out.
not_told() {
	# shellcheck disable=SC2016 # the words of sed
	sed -n '/^## How it is built/,$p' "$1" | sed -n '/^```$/,/^```$/p' | sed -E 's/^lib\// /' | tr -s ' ' >picture
	while read -r name may; do
		[ -z "$may" ] || grep -qE "(^| )([a-z]+, )*$name(, [a-z]+)* -> $may( |\$)" picture || echo "$name -> $may"
	done <<<"$rules"
	for room in "$2"/cmd/*/; do
		grep -q " $(basename "$room")/" picture || echo "cmd/$(basename "$room")/"
	done
}

@test "README shows the layers and rooms as they are" {
	not_told "$top/README.md" "$top" >found
	cat found >&2
	[ ! -s found ]
	sed 's/host -> gp scp card/host -> gp card/; s,agent/,,' "$top/README.md" >changed
	[ "$(not_told changed "$top" | paste -sd' ')" = "host -> gp scp card profile cmd/agent/" ]
}

@test "libraries of others are included in one place each" {
	check_foreign "$top" >found
	cat found >&2
	[ ! -s found ]
}

@test "a library in another place is found" {
	plant lib/scp/scp03.h '#include <openssl/evp.h>'
	check_foreign copy | grep -q '^lib/scp/scp03.h:'
	plant cmd/channel/open.c '#include <winscard.h>'
	check_foreign copy | grep -q '^cmd/channel/open.c:'
}

# check_guards DIR: prints headers without a guard that is named after them.
check_guards() {
	(cd "$1" && find lib cmd -name '*.h' -exec awk '
		FNR == 1 { name = FILENAME; sub(/^lib\//, "", name); gsub(/[\/.]/, "_", name); want[FILENAME] = "#ifndef " toupper(name) }
		$0 == want[FILENAME] { found[FILENAME] }
		END { for (f in want) if (!(f in found)) print f ": no " want[f] }' {} +)
}

@test "every header has a guard named after it" {
	check_guards "$top" >found
	cat found >&2
	[ ! -s found ]
	mkdir -p few/lib/base few/cmd
	sed 's/BASE_HEX_H/HEX_H/' "$top/lib/base/hex.h" >few/lib/base/hex.h
	[ "$(check_guards few)" = "lib/base/hex.h: no #ifndef BASE_HEX_H" ]
}

@test "files up to 600 lines, lines up to 100 columns" {
	check_sizes "$top" >found
	cat found >&2
	[ ! -s found ]
}

@test "functions: half of them up to 12 lines, nine of ten up to 25, none over 60; up to 6 parameters" {
	check_functions "$top" >found
	cat found >&2
	[ ! -s found ]
	# The check sees them all: those of which objects are made, and what headers declare.
	[ "$(functions "$top" | awk '$1 >= 0' | wc -l)" -gt 1000 ]
	functions "$top" | grep -q '^-1 6 lib/host/probe.h:'
}

@test "kinds of changes and verbs are found where they are defined, however many makes look" {
	unset MAKEFLAGS MAKELEVEL SAN
	mkdir -p copy && cp -r "$top"/{Makefile,lib,cmd,.ci} copy/
	cd copy
	make -s build/release/cmd/verbs.inc build/release/lib/change/kinds.inc
	cmp build/release/cmd/verbs.inc "$top/${B:-build/release}/cmd/verbs.inc"
	cmp build/release/lib/change/kinds.inc "$top/${B:-build/release}/lib/change/kinds.inc"
	touch -d '1 hour ago' build/release/cmd/verbs.inc
	before=$(stat -c %Y build/release/cmd/verbs.inc)
	make -s build/release/cmd/verbs.inc
	[ "$(stat -c %Y build/release/cmd/verbs.inc)" = "$before" ]
	printf 'const struct verb verb_aaa = {\n};\n' >cmd/look/aaa.c
	for _ in 1 2 3 4; do make -s build/release/cmd/verbs.inc & done
	wait
	[ "$(head -n 1 build/release/cmd/verbs.inc)" = 'X(aaa)' ]
	rm cmd/look/aaa.c
	make -s build/release/cmd/verbs.inc
	cmp build/release/cmd/verbs.inc "$top/${B:-build/release}/cmd/verbs.inc"
	[ "$(ls build/release/cmd)" = verbs.inc ]
}

@test "what is too large is found" {
	plant cmd/kit/ask.h "$(yes '/* */' | head -n 600)"
	check_sizes copy | grep -q '^cmd/kit/ask.h: 6[0-9]* lines'
	plant cmd/kit/doc.h "/* $(printf '%0100d' 0) */"
	check_sizes copy | grep -q '^cmd/kit/doc.h:[0-9]*: 106 columns'
}

@test "text goes to the terminal by one way" {
	check_print "$top" >found
	cat found >&2
	[ ! -s found ]
	plant cmd/look/list.c 'void f(void) { fprintf(stdout, "%s", name); }'
	plant cmd/kit/ask.c 'json_t *f(void) { return json_string(name); }'
	[ "$(check_print copy | wc -l)" -eq 2 ]
}

@test "no text of the library names an option or a verb" {
	check_words "$top" >found
	cat found >&2
	[ ! -s found ]
	[ "$(wc -l <names)" -eq "$(wc -l <"$top/${B:-build/release}/cmd/verbs.inc")" ]
	check_named "$top" >found
	cat found >&2
	[ ! -s found ]
}

@test "a text that names an option or a verb is found" {
	plant lib/base/hex.c 'const char *const a = "use --force", *const b = "dap "
	"sign makes one", *const c = VERB("lists") " them";'
	plant lib/gp/dgi.c 'const char *const a = "see list: list shows it"; /* not: list */'
	plant lib/gp/dgi.c 'const char *const b = "scp-open opens one", *const c = "cardadm info";'
	check_words copy >found
	check_named copy >>found
	cat found >&2
	grep -q '^lib/base/hex.c: "use --force"$' found
	grep -q '^lib/base/hex.c: "dap sign makes one"$' found
	grep -q '^lib/gp/dgi.c: "see list: list shows it"$' found
	grep -q '^lib/gp/dgi.c: "scp-open opens one"$' found
	grep -q '^lib/gp/dgi.c: "cardadm info"$' found
	grep -qx 'lists' found
}

@test "functions that are too large are found" {
	plant cmd/kit/ask.c "$(printf 'MUST_CHECK int f(void)\n{\n'; yes '	g();' | head -n 61; printf '}\n')"
	plant lib/base/hex.c "$(printf 'int h(int a, int b, int c,\n    int d, int (*e)(int, int), int f,\n    int g)\n{\n}\n')"
	plant lib/base/hex.h 'int i(int a, int b, int c, int d, int e, int f, int g);'
	check_functions copy >found
	cat found >&2
	grep -q '^cmd/kit/ask.c:[0-9]*: 61 lines: .* MUST_CHECK int f(void)' found
	grep -q '^lib/base/hex.c:[0-9]*: 7 parameters: .* int h(int a,' found
	grep -q '^lib/base/hex.h:[0-9]*: 7 parameters: .* int i(int a,' found
	[ "$(wc -l <found)" -eq 3 ]
}

@test "functions that are large together are found" {
	mkdir -p wide/lib wide/cmd
	awk 'BEGIN {
		for (n = 1; n <= 200; n++) {
			printf "int f%d(void)\n{\n", n
			for (i = n > 170 ? 26 : n > 90 ? 13 : 3; i > 0; i--) print "\tg();"
			print "}"
		}
	}' >wide/lib/wide.c
	check_functions wide >found
	cat found >&2
	grep -q '^half of the functions have 13 lines or more' found
	grep -q '^a tenth of the functions has 26 lines or more' found
	[ "$(wc -l <found)" -eq 2 ]
}

# objects FOLDER...: their names in a build, by the sources that are there: a build keeps older ones.
objects() {
	(cd "$top" && find "$@" -name '*.c' | sed 's/c$/o/')
}

# check_rooms DIR OBJECTS: prints what a room of the virtual card gives to other files and does not
# declare in a header of its own. Commands, records and the card from outside have one header each.
check_rooms() {
	(cd "$2" && objects lib/vcard | xargs nm -A -g --defined-only) |
		awk '
			FILENAME ~ /\.h$/ {
				room = FILENAME ~ /core\/(handlers|record|vcard)\.h$/ ? "" : FILENAME
				sub(/\/[^\/]*$/, "", room)
				sub(/.*\//, "", room)
				for (rest = $0; match(rest, /[A-Za-z_0-9]+[(;,]/); rest = substr(rest, RSTART + RLENGTH))
					declared[room, substr(rest, RSTART, RLENGTH - 1)]
				next
			}
			{
				room = $1
				sub(/\/[^\/]*$/, "", room)
				sub(/.*\//, "", room)
				if ($3 !~ /^_/ && !((room, $3) in declared) && !(("", $3) in declared)) print "lib/vcard/" room ": " $3
			}' "$1"/lib/vcard/*/*.h -
}

@test "each room of the virtual card declares what it gives to others" {
	[ -z "${SAN:-}" ] || skip "sanitizers add symbols of their own"
	check_rooms "$top" "$top/${B:-build/release}" >found
	cat found >&2
	[ ! -s found ]
	for room in "$top"/lib/vcard/*/; do ls "$room"*.h >/dev/null; done
	mkdir -p copy && cp -r "$top/lib" copy/
	sed -i '/session_end(/d' copy/lib/vcard/channel/channel.h
	echo 'void session_end(struct channel *ch);' >>copy/lib/vcard/keys/keys.h
	[ "$(check_rooms copy "$top/${B:-build/release}")" = "lib/vcard/channel: session_end" ]
}

@test "no mutable variable of file scope but the stop flag and the locked memory" {
	[ -z "${SAN:-}" ] || skip "sanitizers add variables of their own"
	(cd "$top/${B:-build/release}" && objects cmd lib | xargs objdump -t) >symbols
	# "address l O section size name": constants with addresses in them are in .data.rel.ro.
	awk '/file format/ { sub(":", "", $1); file = $1 }
		/ O / { split($0, part, / O /); split(part[2], w, /[ \t]+/); if (w[1] ~ /^\.(data|bss)(\.|$)/ && w[1] !~ /^\.data\.rel\.ro/) print file ": " w[3] }' symbols >found
	cat found >&2
	# OpenSSL calls its allocator without anything that would lead to the store.
	[ "$(sort found | paste -sd' ')" = "cmd/main.o: stop lib/base/locked.o: store" ]
}
