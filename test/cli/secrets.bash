# The search for planted secrets. Loaded after lib.bash.

# absent FILE...: none of $secrets (hex, in words) stands there in any form that secrets.py knows;
# pid:N is the memory of a process.
absent() {
	printf "%s\n" "$secrets" | python3 "$TOP/test/cli/secrets.py" "$@"
}

# scalar FILE: hex of the number in a PEM file of a private key on P-256.
scalar() {
	openssl ec -in "$1" -outform DER 2>/dev/null | xxd -p -s 7 -l 32 -c 64
}
