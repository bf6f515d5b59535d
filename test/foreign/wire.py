"""APDUs and TLVs, as ISO 7816-4 has them."""


class Refused(Exception):
    """The card answered with a status word that was not wanted."""

    def __init__(self, what, sw):
        super().__init__("%s: %04X" % (what, sw))
        self.sw = sw


class Broken(Exception):
    """The card answered something that cannot be."""


class Command:
    """One command; le: None, or how much is expected, where 0 is all."""

    def __init__(self, cla, ins, p1, p2, data=b"", le=None, extended=False):
        self.cla, self.ins, self.p1, self.p2 = cla, ins, p1, p2
        self.data, self.le = bytes(data), le
        self.extended = extended or len(self.data) > 255

    @classmethod
    def parse(cls, raw):
        head, body = raw[:4], raw[4:]
        if len(head) < 4:
            raise ValueError("a command has four octets at least")
        if not body:
            return cls(*head)
        if len(body) == 1:
            return cls(*head, le=body[0])
        if body[0] == 0 and len(body) == 3:
            return cls(*head, le=int.from_bytes(body[1:], "big"), extended=True)
        size, at, width = body[0], 1, 1
        if size == 0:
            size, at, width = int.from_bytes(body[1:3], "big"), 3, 2
        data, rest = body[at:at + size], body[at + size:]
        if len(data) != size or len(rest) not in (0, width):
            raise ValueError("length of %s" % raw.hex().upper())
        return cls(*head, data, int.from_bytes(rest, "big") if rest else None, width == 2)

    def lc(self, size):
        """The length field as it stands in the command, and in what is authenticated."""
        return b"\0" + size.to_bytes(2, "big") if self.extended else bytes([size])

    def head(self):
        return bytes([self.cla, self.ins, self.p1, self.p2])

    def encode(self):
        raw = self.head()
        if self.data:
            raw += self.lc(len(self.data)) + self.data
        if self.le is not None:
            if self.extended:
                raw += (b"" if self.data else b"\0") + (self.le & 0xFFFF).to_bytes(2, "big")
            else:
                raw += bytes([self.le & 0xFF])
        return raw


def length(n):
    if n < 0x80:
        return bytes([n])
    octets = n.to_bytes((n.bit_length() + 7) // 8, "big")
    return bytes([0x80 | len(octets)]) + octets


def tag_octets(tag):
    return tag.to_bytes(max(1, (tag.bit_length() + 7) // 8), "big")


def tlv(tag, *values):
    value = b"".join(values)
    return tag_octets(tag) + length(len(value)) + value


def lv(value):
    """A value behind its length; long ones as BER has it."""
    return length(len(value)) + value


def take(raw, n):
    if len(raw) < n:
        raise Broken("%s is cut off" % raw.hex().upper())
    return raw[:n], raw[n:]


def take_length(raw):
    first, raw = take(raw, 1)
    if first[0] < 0x80:
        return first[0], raw
    octets, raw = take(raw, first[0] & 0x7F)
    return int.from_bytes(octets, "big"), raw


def tlvs(raw):
    """All (tag, value) in a row."""
    found = []
    while raw:
        tag, raw = take(raw, 1)
        if tag[0] & 0x1F == 0x1F:
            while True:
                more, raw = take(raw, 1)
                tag += more
                if more[0] & 0x80 == 0:
                    break
        n, raw = take_length(raw)
        value, raw = take(raw, n)
        found.append((int.from_bytes(tag, "big"), value))
    return found


def find(raw, *path):
    """The value behind the tags, each inside of the one before; None: not there."""
    for tag in path:
        raw = next((v for t, v in tlvs(raw) if t == tag), None)
        if raw is None:
            return None
    return raw


def need(raw, *path):
    value = find(raw, *path)
    if value is None:
        raise Broken("no %s in %s" % (" ".join("%X" % t for t in path), raw.hex().upper()))
    return value
