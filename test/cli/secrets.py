"""
Says in which files a secret stands: secrets.py FILE... < SECRETS, one in hex on each line

Each secret whole, its first 8 and its last 8 octets; as they are, in hex of either case, with or
without spaces and colons between, and in base64 wherever it begins there. Prints what was found and
ends 1; 0: nothing was.
"""
import base64
import re
import sys


def parts(secret):
    """Of one that is not longer than half of it would be, the whole."""
    return {secret, secret[:8], secret[-8:]}


def in_base64(octets):
    """The letters that depend on nothing beside it, for each place in a group of three."""
    for before in range(3):
        text = base64.b64encode(bytes(before) + octets)
        first = (8 * before + 5) // 6
        yield text[first:8 * (before + len(octets)) // 6]


def forms(secret):
    for part in parts(secret):
        yield "raw", "raw", part
        yield "hex", "lower", part.hex().encode()
        for text in in_base64(part):
            yield "base64", "joined", text


def readings(path):
    """pid:N is the memory of a process."""
    raw = memory(path[4:]) if path.startswith("pid:") else open(path, "rb").read()
    joined = re.sub(rb"[\s:]+", b"", raw)
    return {"raw": raw, "lower": joined.lower(), "joined": joined}


def memory(pid):
    """What can be read of it."""
    all_of_it = []
    with open("/proc/%s/mem" % pid, "rb", 0) as mem:
        for line in open("/proc/%s/maps" % pid, encoding="ascii", errors="replace"):
            start, end, may = re.match(r"([0-9a-f]+)-([0-9a-f]+) (\S)", line).groups()
            if may != "r":
                continue
            try:
                mem.seek(int(start, 16))
                all_of_it.append(mem.read(int(end, 16) - int(start, 16)))
            except (OSError, ValueError):  # [vvar]
                continue
    assert sum(map(len, all_of_it)) > 1 << 16, "the memory cannot be read"
    return b"".join(all_of_it)


def main(paths):
    secrets = [bytes.fromhex(line) for line in sys.stdin.read().split()]
    assert secrets and all(len(s) >= 16 for s in secrets), "no secrets to look for"
    assert paths, "no files to look in"
    found = False
    for path in paths:
        octets = readings(path)
        for n, secret in enumerate(secrets, 1):
            for name, reading, form in forms(secret):
                if form in octets[reading]:
                    found = True
                    print("secret %d stands in %s in %s" % (n, name, path), file=sys.stderr)
    sys.exit(1 if found else 0)


main(sys.argv[1:])
