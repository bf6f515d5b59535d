"""Content management, as section 11 of the Card Specification has it."""
from crypto import kcv
from wire import Broken, Command, Refused, find, length, lv, need, take, tlv, tlvs

STATES = {  # of applications, domains, load files; the ISD has those of the card
    0x01: "LOADED", 0x03: "INSTALLED", 0x07: "SELECTABLE", 0x0F: "PERSONALIZED",
}
CARD_STATES = {0x01: "OP_READY", 0x07: "INITIALIZED", 0x0F: "SECURED", 0x7F: "CARD_LOCKED",
               0xFF: "TERMINATED"}
ISD, APPLICATIONS, LOAD_FILES, MODULES = 0x80, 0x40, 0x20, 0x10


def pages(card, p1, p2, criteria):
    """All pages of GET STATUS, joined: a page may end anywhere."""
    whole = b""
    for page in range(1000):
        data, sw = card.send(Command(0x80, 0xF2, p1, p2 | (1 if page else 0), criteria, 0))
        if sw == 0x6A88 and page == 0:
            return whole
        if sw not in (0x9000, 0x6310):
            raise Refused("GET STATUS", sw)
        whole += data
        if sw == 0x9000:
            return whole
    raise Broken("GET STATUS does not end")


def entries(card, p1, tags=None):
    """Entries in the TLV form: (AID, state, privileges, rest as TLVs)."""
    criteria = tlv(0x4F) + (tlv(0x5C, tags) if tags else b"")
    found = []
    for tag, value in tlvs(pages(card, p1, 0x02, criteria)):
        if tag == 0xE3:
            found.append((need(value, 0x4F), need(value, 0x9F70)[0], find(value, 0xC5) or b"",
                          tlvs(value)))
    return found


def old_entries(card, p1):
    """Entries in the deprecated form: (AID, state, privileges, modules)."""
    raw, found = pages(card, p1, 0x00, tlv(0x4F)), []
    while raw:
        n, raw = take(raw, 1)
        aid, raw = take(raw, n[0])
        state, raw = take(raw, 2)
        modules = []
        if p1 == MODULES:
            count, raw = take(raw, 1)
            for _ in range(count[0]):
                n, raw = take(raw, 1)
                module, raw = take(raw, n[0])
                modules.append(module)
        found.append((aid, state[0], state[1:], modules))
    return found


def state_name(p1, state):
    if p1 == ISD:
        return CARD_STATES.get(state, "%02X" % state)
    if state & 0x80:
        return "LOCKED"
    return STATES.get(state, "%02X" % state)


def blocks(data, room):
    return [data[i:i + room] for i in range(0, len(data), room)]


def install(card, p1, fields, what):
    """INSTALL with these fields; the last two have lengths as BER has them."""
    data = b"".join(lv(f) for f in fields)
    return card.must("INSTALL [%s]" % what, Command(0x80, 0xE6, p1, 0x00, data, 0))


def load(card, cap, domain=b"", block=None):
    """INSTALL [for load] and LOAD."""
    install(card, 0x02, (cap.package, domain, b"", b"", b""), "for load")
    parts = blocks(cap.load_file(), block or card.channel.room)
    if len(parts) > 256:
        raise Broken("%d blocks" % len(parts))
    for i, part in enumerate(parts):
        last = 0x80 if i + 1 == len(parts) else 0
        card.must("LOAD %d" % i, Command(0x80, 0xE8, last, i, part, 0, len(part) > 255))
    return len(parts)


def install_applet(card, package, module, instance, privileges=b"\0", parameters=b""):
    return install(card, 0x0C, (package, module, instance, privileges, tlv(0xC9, parameters), b""),
                   "for install and make selectable")


def delete(card, aid, related):
    return card.must("DELETE", Command(0x80, 0xE4, 0, 0x80 if related else 0, tlv(0x4F, aid), 0))


def key_field(channel, key_type, key):
    """One key of PUT KEY, with its check value: GPCS 11.8.2.3, Amendment D 7.2."""
    sealed = channel.encrypt_key(key)
    if key_type == 0x88:
        sealed = bytes([len(key)]) + sealed
    return bytes([key_type]) + length(len(sealed)) + sealed + lv(kcv(key_type, key))


def put_keys(card, version, keys, replace=0, key_type=0x88):
    """One PUT KEY for all of them; the answer has to have their check values."""
    data = bytes([version]) + b"".join(key_field(card.channel, key_type, k) for k in keys)
    p2 = 0x01 | (0x80 if len(keys) > 1 else 0)
    answer = card.must("PUT KEY", Command(0x80, 0xD8, replace, p2, data, 0))
    if answer != bytes([version]) + b"".join(kcv(key_type, k) for k in keys):
        raise Broken("check values %s" % answer.hex().upper())


def delete_keys(card, version):
    return card.must("DELETE [key]", Command(0x80, 0xE4, 0, 0, tlv(0xD2, bytes([version])), 0))


def store_data(card, data, p1=0x00):
    """STORE DATA in as many blocks as it takes."""
    parts = blocks(data, card.channel.room) or [b""]
    for i, part in enumerate(parts):
        last = 0x80 if i + 1 == len(parts) else 0
        card.must("STORE DATA", Command(0x80, 0xE2, p1 | last, i, part))


def dgi(name, value):
    """A data group: its length takes three octets from FF on."""
    n = len(value)
    return (name.to_bytes(2, "big") + (bytes([n]) if n < 0xFF else b"\xff" + n.to_bytes(2, "big")) +
            value)


USAGE = (0x18, 0x14, 0x48)  # C-ENC, C-MAC, C-DEK: GPCS 11.1.9


def store_keys(card, version, keys, key_type=0x88):
    """A set by STORE DATA, all groups encrypted: GPCS 11.11.4."""
    templates = b"".join(tlv(0xB9, tlv(0x95, bytes([usage])), tlv(0x80, bytes([key_type])),
                             tlv(0x81, bytes([len(key)])), tlv(0x82, bytes([i + 1])),
                             tlv(0x83, bytes([version])), tlv(0x84, kcv(key_type, key)))
                         for i, (key, usage) in enumerate(zip(keys, USAGE)))
    groups = b"".join(dgi(0x8113, card.channel.encrypt_key(key)) for key in keys)
    store_data(card, dgi(0x00B9, templates) + groups, 0x68)


def personalize(card, aid, data):
    install(card, 0x20, (b"", b"", aid, b"", b"", b""), "for personalization")
    store_data(card, data)


def extradite(card, aid, domain):
    install(card, 0x10, (domain, b"", aid, b"", b"", b""), "for extradition")


def set_status(card, p1, state, aid=b""):
    card.must("SET STATUS", Command(0x80, 0xF0, p1, state, aid))


def get_data(card, tag):
    """The value of a data object."""
    raw = card.must("GET DATA %04X" % tag, Command(0x80, 0xCA, tag >> 8, tag & 0xFF, b"", 0))
    return need(raw, tag)


def card_data(card):
    """Version of GlobalPlatform and channels (scp, i) out of card recognition data."""
    data = need(get_data(card, 0x66), 0x73)
    version = need(data, 0x60, 0x06)[7:]
    channels = []
    for tag, value in tlvs(data):
        if tag == 0x64:
            channels += [oid_end(oid) for t, oid in tlvs(value) if t == 0x06]
    return ".".join(str(v) for v in version), channels


def oid_end(oid):
    """scp and i at the end of an OID 2A864886FC6B 04 scp i; i may take two octets."""
    i = 0
    for octet in oid[8:]:
        i = i << 7 | octet & 0x7F
    return oid[7], i


def key_information(card):
    """(KID, KVN, type, length) of each key."""
    found = []
    for tag, value in tlvs(get_data(card, 0xE0)):
        if tag == 0xC0 and len(value) >= 4:
            found.append((value[0], value[1], value[2], value[3]))
    return found
