"""
Counts the session keys in the memory of an agent: agent_memory.py PID TRACE MASTER

TRACE begins with an SCP03 handshake by keys diversified from MASTER by KDF3. Prints how many copies
of its session keys stand in locked pages and how many do not. Also of their expanded forms, of
which every 16 octets tell the key: by the last round key of AES-128.
"""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "foreign"))
from crypto import aes_cmac, kdf03  # noqa: E402 pylint: disable=wrong-import-position


def session_keys(trace, master):
    text = open(trace, encoding="ascii").read()
    match = re.search(r"^> 8050\w{4}08(\w{16})00\n#.*\n< (\w+)9000", text, re.M)
    host, answer = (bytes.fromhex(m) for m in match.groups())
    static = [aes_cmac(master, bytes([1, 0, 0, 0, n, 0]) + answer[:10]) for n in (1, 2)]
    context = host + answer[13:21]
    # That these are the keys of this session: the card's cryptogram.
    mac = kdf03(static[1], 6, context, 128)
    assert kdf03(mac, 0, context, 64) == answer[21:29], "these are not the session's keys"
    return [kdf03(static[0], 4, context, 128), mac, kdf03(static[1], 7, context, 128)]


def inverse(a):
    r = 1
    for _ in range(254):  # a to the 254th in GF(2^8)
        p, x, y = 0, r, a
        while y:
            p ^= x if y & 1 else 0
            x = x << 1 ^ (0x11B if x & 0x80 else 0)
            y >>= 1
        r = p
    return r if a else 0


def sbox(a):
    b = inverse(a)
    return (b ^ b << 1 ^ b >> 7 ^ b << 2 ^ b >> 6 ^ b << 3 ^ b >> 5 ^ b << 4 ^ b >> 4 ^ 0x63) & 0xFF


def last_round_key(key):
    w, rcon = [key[i:i + 4] for i in range(0, 16, 4)], 1
    for i in range(4, 44):
        t = w[-1]
        if i % 4 == 0:
            t = bytes(sbox(b) for b in t[1:] + t[:1])
            t = bytes([t[0] ^ rcon]) + t[1:]
            rcon = rcon << 1 ^ (0x11B if rcon & 0x80 else 0)
        w.append(bytes(x ^ y for x, y in zip(w[-4], t)))
    return b"".join(w[-4:])


def mappings(pid):
    """(start, end, locked) of what can be read."""
    where = None
    for line in open("/proc/%s/smaps" % pid, encoding="ascii", errors="replace"):
        m = re.match(r"([0-9a-f]+)-([0-9a-f]+) (\S)", line)
        if m:
            where = int(m[1], 16), int(m[2], 16), m[3] == "r"
        elif line.startswith("VmFlags:") and where[2]:
            yield where[0], where[1], "lo" in line.split()


def main(pid, trace, master):
    keys = session_keys(trace, bytes.fromhex(master))
    assert last_round_key(bytes.fromhex("2b7e151628aed2a6abf7158809cf4f3c")).hex() == \
        "d014f9a8c9ee2589e13f0cc8b6630ca6"  # FIPS 197, annex A.1
    wanted = keys + [last_round_key(k) for k in keys]
    count = {True: 0, False: 0}
    with open("/proc/%s/mem" % pid, "rb", 0) as mem:
        for start, end, locked in mappings(pid):
            try:
                mem.seek(start)
                octets = mem.read(end - start)
            except (OSError, ValueError):  # [vvar]
                continue
            n = sum(octets.count(w) for w in wanted)
            count[locked] += n
            if n and not locked:
                print("%x-%x: %d" % (start, end, n), file=sys.stderr)
    print("locked %d unlocked %d" % (count[True], count[False]))


main(*sys.argv[1:])
