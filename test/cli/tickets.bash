# For tests of trust between cards and terminals: what stands in a ticket.

# ticket FILE TAG: a value of it, in hex.
ticket() {
	sed '/^-/d' "$1" | base64 -d | xxd -p -c 1000 | tr a-f A-F | python3 -c '
import sys
b = bytes.fromhex(sys.stdin.read())
assert b[:2] == b"\x7f\x78"
at = 3
while at < len(b):
    tag, n = b[at], b[at + 1]
    if "%02X" % tag == sys.argv[1]:
        print(b[at + 2 : at + 2 + n].hex().upper())
    at += 2 + n
' "$2"
}
