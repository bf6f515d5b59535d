#!/usr/bin/env bats
# slow
# CAP files: what is in real ones, hundreds of malformed ones, and the examples.

load ../lib

make_cap=$TOP/test/cap/make_cap
vectors=$TOP/test/vectors/capfile.json
examples=$TOP/examples

# vector N FILE: writes the CAP file of the Nth vector.
vector() {
	jq -r ".vectors[$1].zip_hex" "$vectors" | python3 -c 'import sys; sys.stdout.buffer.write(bytes.fromhex(sys.stdin.read()))' >"$2"
}

json() { jq -r "$1" <<<"$output"; }

@test "cap show: real CAP files, octet for octet as others hash them" {
	for nth in 0 1 2; do
		vector $nth v.cap
		ok cap show v.cap --json
		for alg in 1 256; do
			[ "$(json ".hash[\"sha-$alg\"]")" = "$(jq -r ".vectors[$nth].lfdb_sha$alg" "$vectors")" ]
		done
		[ "$(json .data_block)" = "$(jq -r ".vectors[$nth].lfdb_len" "$vectors")" ]
		[ "$(json '[.components[] | select(.loaded) | .component] | join(" ")')" = \
			"$(jq -r ".vectors[$nth].load_order | join(\" \")" "$vectors")" ]
		# "C4" and the length stand in front of the block.
		head=$(jq -r ".vectors[$nth].c4_header" "$vectors")
		[ "$(json .load_file)" -eq $(($(json .data_block) + ${#head} / 2)) ]
		ok cap show v.cap --json --descriptor
		[ "$(json '.hash["sha-256"]')" = "$(jq -r ".vectors[$nth].lfdb_with_descriptor_sha256" "$vectors")" ]
	done
}

@test "cap show: package, applets, imports of a real CAP file" {
	vector 2 v.cap
	ok cap show v.cap --json
	[ "$(json .package)" = D07002CA44 ]
	[ "$(json .version)" = 1.0 ]
	[ "$(json .format)" = 2.1 ]
	[ "$(json '.applets | join(" ")')" = D07002CA44900101 ]
	[ "$(json '.imports[] | "\(.aid) \(.version) \(.name)"')" = "A0000000620101 1.2 javacard.framework
A0000000090003FFFFFFFF8910710002 2.6 uicc.toolkit
A0000000620001 1.0 java.lang" ]
	ok cap show v.cap
	[[ $output == *"package:           D07002CA44"* ]]
	[[ $output == *"  Descriptor    172     no"* ]]
	[ -z "$stderr" ]
}

@test "cap show: how many commands each channel takes, and when 256 are not enough" {
	"$make_cap" big.cap --method 61500
	ok cap show big.cap --json
	n=$(json .load_file)
	[ "$(json '[.load[].block] | unique | join(" ")')" = "223 239 247 255" ]
	[ "$(json '.load[] | "\(.block) \(.commands) \(.fits)"' | sort -u)" = "223 $(((n + 222) / 223)) false
239 $(((n + 238) / 239)) false
247 $(((n + 246) / 247)) true
255 $(((n + 254) / 255)) true" ]
	[ -z "$stderr" ]
	"$make_cap" huge.cap --method 65500
	ok cap show huge.cap
	[[ $stderr == "cardadm: more than 256 short LOAD commands"* ]]
	ok cap show huge.cap -q
	[ -z "$stderr" ]
	# On the border: 255 * 256 octets fit.
	"$make_cap" border.cap --method $((61500 + 65280 - n))
	ok cap show border.cap --json
	[ "$(json .load_file)" -eq 65280 ]
	[ "$(json '.load[0] | "\(.commands) \(.fits)"')" = "256 true" ]
	"$make_cap" border.cap --method $((61501 + 65280 - n))
	ok cap show border.cap --json
	[ "$(json '.load[0] | "\(.commands) \(.fits)"')" = "257 false" ]
}

@test "cap show: all that is sound, however it is packed" {
	"$make_cap" plain.cap
	ok cap show plain.cap --json
	want=$(json .hash)
	for how in --deflate "--deflate --descriptors" --descriptors; do
		# shellcheck disable=SC2086
		"$make_cap" other.cap $how
		run ! cmp -s plain.cap other.cap
		ok cap show other.cap --json
		[ "$(json .hash)" = "$want" ]
	done
	"$make_cap" lib.cap --applet none --name com/example/lib
	ok cap show lib.cap --json
	[ "$(json '.applets | length')" = 0 ]
	[ "$(json '[.components[].component] | index("Export") != null')" = true ]
	"$make_cap" new.cap --format 2.3 --resources 500 --debug --custom 80:7 --name com/example/new
	ok cap show new.cap --json
	[ "$(json .name)" = com/example/new ]
	[ "$(json .custom_components)" = 1 ]
	[ "$(json '.components[] | select(.component == "StaticResources") | "\(.octets) \(.loaded)"')" = "513 true" ]
	[ "$(json '.components[] | select(.component == "Debug") | .loaded')" = false ]
}

@test "cap show: a name that is no text does not reach the terminal" {
	"$make_cap" odd.cap --format 2.2 --name $'com/ex\xc3\xa4mple'
	ok cap show odd.cap
	[[ $output == *"name:              com/ex??mple"* ]]
}

@test "an independent reader of ZIP archives agrees with those that are sound" {
	"$make_cap" a.cap --deflate --descriptors
	"$make_cap" b.cap --format 2.3 --resources 100 --debug
	for file in a.cap b.cap "$examples"/*.cap; do
		python3 - "$file" <<-'PY'
			import sys, zipfile
			assert zipfile.ZipFile(sys.argv[1]).testzip() is None
		PY
	done
}

@test "each malformed CAP file is refused with one message, status 3, nothing written" {
	"$make_cap" --all bad
	"$make_cap" --list >names
	[ "$(wc -l <names)" -ge 200 ]
	mkdir empty
	cd empty
	while read -r name; do
		status=0
		"$CARDADM" cap show "../bad/$name.cap" >../out 2>../err || status=$?
		[ "$status" -eq 3 ] && [ ! -s ../out ] && [ "$(grep -c '' ../err)" -le 2 ] &&
			[ "$(grep -vc '^cardadm: hint: ' ../err)" -eq 1 ] &&
			grep -qF "cardadm: cap show: ../bad/$name.cap: " ../err || {
			echo "$name: status $status" >&2
			cat ../out ../err >&2
			return 1
		}
		# Readable: no control characters, no status of a library.
		! grep -qP '[\x00-\x09\x0b-\x1f\x7f-\xff]|rror' ../err || { cat ../err >&2; return 1; }
	done <../names
	[ -z "$(ls -A)" ]
	[ ! -e /tmp/passwd ]
}

@test "no malformed CAP file gets as far as the card" {
	fleet 1
	"$make_cap" --all bad
	before=$(sha256sum fleet/0001.card)
	files=$(find . -maxdepth 1 | sort)
	for file in bad/*.cap; do
		status=0
		"$CARDADM" -q -r vcard:fleet/0001.card -k keys.yaml -t trace install "$file" --keys test >out 2>err || status=$?
		[ "$status" -eq 3 ] && [ ! -s out ] && grep -qF "cardadm: install: $file: " err || {
			echo "$file: status $status" >&2
			cat out err >&2
			return 1
		}
	done
	[ ! -e trace ]
	[ "$(sha256sum fleet/0001.card)" = "$before" ]
	rm out err
	[ "$(find . -maxdepth 1 | sort)" = "$files" ]
	# The same command takes a sound one.
	ok -r vcard:fleet/0001.card -k keys.yaml -t trace install "$examples/hello.cap" --keys test
	[ -s trace ]
	[ "$(sha256sum fleet/0001.card)" != "$before" ]
}

# says NAME TEXT: what is told of a malformed file.
says() {
	"$make_cap" bad.cap --malformed "$1"
	fails 3 cap show bad.cap
	[[ $stderr == "cardadm: cap show: bad.cap: $2"* ]] || { echo "$1: $stderr" >&2; return 1; }
}

@test "the message names the entry or the component, and what is wrong with it" {
	at=com/example/hello/javacard
	says method-missing "Method component: is missing"
	says class-tag "$at/Class.cap: holds component 07, not 06"
	says header-extended "Header component: this is an extended CAP file"
	[[ $stderr == *"hint: convert the package to the compact format"* ]]
	says capx-method "$at/Method.capx: this is an extended CAP file"
	says header-format-3.0 "Header component: format 3.0 is not supported"
	says directory-says-class+1 "Directory component: says that the Class component has 13 octets, it has 12"
	says directory-says-descriptor+1 "Directory component: says that the Descriptor component has 4 octets, it has 3"
	says directory-applets-2 "Directory component: says 2 applets, the Applet component has 1"
	says directory-imports-3 "Directory component: says 3 imports, the Import component has 2"
	says applet-33 "Applet component: 33 applets, at most 32 are supported"
	says applet-same-aid "Applet component: two applets have one AID"
	says applet-install-outside "Applet component: the install method at 65535 is outside the Method component"
	says name-dotdot "../../etc/passwd: its path leads elsewhere"
	says name-absolute "/etc/passwd: its name is not a relative path"
	says name-control "com/?[2Jx: control characters in its name"
	says class-in-dotdot "../com/example/hello/javacard/Class.cap: its path leads elsewhere"
	says class-directory "$at/Class.cap/: is a directory named like a component"
	says class-twice "$at/Class.cap: is there twice"
	says class-other-folder "two packages in one archive: $at/ and com/example/other/javacard/"
	says class-symlink "$at/Class.cap: is a symbolic link"
	says symlink-beside "com/link: is a symbolic link"
	says class-encrypted "$at/Class.cap: is encrypted"
	says method-compression-12 "$at/Method.cap: is compressed in another way than deflate"
	says bomb-declares-1073741824 "$at/Method.cap: is larger than a component can be"
	says bomb-ratio "$at/Method.cap: is compressed more than any real component"
	says bomb-16m-declares-60000 "$at/Method.cap: is larger than the archive says"
	says declares-4000 "$at/Method.cap: is smaller than the archive says"
	says crc-wrong "$at/Method.cap: its checksum is wrong"
	says deflate-damaged "$at/Method.cap: cannot be decompressed"
	says local-size "$at/Method.cap: has two sizes or checksums"
	says local-flags "$at/Method.cap: is described in two ways"
	says local-name "$at/Method.cap: has another name in front of its data"
	says overlap-same-header "$at/Mexhod.cap: has another name in front of its data"
	says overlap-inside "$at/Method.cap: overlaps what follows in the archive"
	says gap "$at/Import.cap: 6 octets behind it belong to no entry"
	says front-counted-4 "octets stand in front of the archive"
	says behind-16 "16 octets stand behind the end of the archive"
	says cut-10-of-20 "the archive is cut short"
	[[ $stderr == *"hint: get the file again"* ]]
	says end-zip64-count "the archive has the Zip64 form"
	says entries-4097 "the archive has 4108 entries, more than 4096"
	says no-header-file "no CAP file: it has no Header.cap"
	says file-text "no CAP file: it is not a ZIP archive"
	[[ $stderr == *"hint: a CAP file is what the Java Card converter writes"* ]]
}

@test "cap show: more than any card could take" {
	"$make_cap" huge.cap --format 2.3 --resources 1048000 --method 60000
	fails 3 cap show huge.cap
	[[ $stderr == "cardadm: cap show: huge.cap: all components together have more than 1048576 octets"* ]]
	"$make_cap" large.cap --format 2.3 --resources 900000
	ok cap show -q large.cap --json
	[ "$(json .data_block)" -gt 900000 ]
	[ "$(json '[.load[].fits] | any')" = false ]
}

@test "cap show: what is no file at all" {
	fails 3 cap show none.cap
	[[ $stderr == "cardadm: cap show: none.cap: cannot open: No such file or directory"* ]]
	mkdir folder.cap
	fails 3 cap show folder.cap
	[[ $stderr == "cardadm: cap show: folder.cap: not a regular file"* ]]
	mkfifo pipe.cap
	fails 3 cap show pipe.cap
	truncate -s 17M large.cap
	fails 3 cap show large.cap
	[[ $stderr == *"larger than 16777216 octets"* ]]
	fails 2 cap show
	fails 2 cap show a.cap b.cap
}

@test "the examples are what the generator writes" {
	"$make_cap" hello.cap --name hello --method 600
	"$make_cap" hello-1.1.cap --name hello --method 640 --version 1.1 --seed 2
	"$make_cap" pair.cap --name pair --package F04341524441444D02 --applet F04341524441444D0201 \
		--applet F04341524441444D0202 --import A0000000620001:1.0 --import A0000000620101:1.4 \
		--import A00000015100:1.5 --format 2.2 --method 4000 --static 32 --seed 3
	for file in hello.cap hello-1.1.cap pair.cap; do
		cmp "$file" "$examples/$file"
		ok cap show "$file"
	done
	[[ $output == *"F04341524441444D0201, F04341524441444D0202"* ]]
	[[ $output == *"A00000015100    1.5      org.globalplatform"* ]]
}
