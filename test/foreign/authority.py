"""
What other parties sign: DAP blocks, tokens of delegated management (GPCS annex C). The algorithm
follows from the kind of key.
"""
import secrets

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from capfile import CapFile
from content import blocks, install, key_field
from crypto import CURVES, aes_cmac, digest, mac_retail, point_of
from scp11 import curve_reference, hash_of
from wire import Broken, Command, Refused, length, lv, take, take_length, tlv

DAP_KEY, TOKEN_KEY, RECEIPT_KEY = 0x73, 0x70, 0x71


class Authority:
    """A key of one kind: rsa1024, rsa2048, p256, p384, p521, aes128 ... aes256, des."""

    def __init__(self, kind):
        self.kind = kind
        if kind.startswith("rsa"):
            self.key = rsa.generate_private_key(65537, int(kind[3:]))
        elif kind.startswith("p"):
            self.key = ec.generate_private_key(CURVES[("p256", "p384", "p521").index(kind)])
        else:
            self.key = secrets.token_bytes(16 if kind == "des" else int(kind[3:]) // 8)

    def sign(self, data):
        if self.kind == "rsa1024":
            return self.key.sign(data, padding.PKCS1v15(), hashes.SHA1())
        if self.kind.startswith("rsa"):
            pss = padding.PSS(padding.MGF1(hashes.SHA256()), 32)
            return self.key.sign(data, pss, hashes.SHA256())
        if self.kind.startswith("p"):
            n = (self.key.key_size + 7) // 8
            r, s = decode_dss_signature(self.key.sign(data, ec.ECDSA(hash_of(self.key))))
            return r.to_bytes(n, "big") + s.to_bytes(n, "big")
        return mac_retail(self.key, bytes(8), data) if self.kind == "des" else aes_cmac(self.key, data)

    def field(self, channel):
        """Key field of PUT KEY: public keys in clear and without a check value."""
        if self.kind.startswith("rsa"):
            public = self.key.public_key().public_numbers()
            n = (public.n.bit_length() + 7) // 8
            return (b"\xa1" + length(n) + public.n.to_bytes(n, "big") + b"\xa0\x03" +
                    public.e.to_bytes(3, "big") + b"\0")
        if self.kind.startswith("p"):
            point = point_of(self.key.public_key())
            return (b"\xb0" + length(len(point)) + point + b"\xf0\x01" +
                    bytes([curve_reference(self.key.public_key())]) + b"\0")
        return key_field(channel, 0x80 if self.kind == "des" else 0x88, self.key)

    def put(self, card, version):
        data = bytes([version]) + self.field(card.channel)
        card.must("PUT KEY", Command(0x80, 0xD8, 0, 0x01, data, 0))


def hash_for(kind):
    """The weakest hash of a load file that goes with a key."""
    return {"aes192": hashes.SHA384(), "aes256": hashes.SHA512(), "p384": hashes.SHA384(),
            "p521": hashes.SHA512()}.get(kind, hashes.SHA256())


def token(authority, p1, p2, data):
    """Over P1, P2, the length and the data in front of the token."""
    return authority.sign(bytes([p1, p2]) + (bytes([len(data)]) if len(data) < 256 else
                                             b"\0" + len(data).to_bytes(2, "big")) + data)


def install_signed(card, authority, p1, fields, what):
    """INSTALL with a token; what comes back is the confirmation."""
    signed = token(authority, p1, 0, b"".join(lv(f) for f in fields))
    return install(card, p1, (*fields, signed), what)


def send_load_file(card, load_file):
    answer = b""
    parts = blocks(load_file, card.channel.room)
    for i, part in enumerate(parts):
        last = 0x80 if i + 1 == len(parts) else 0
        answer = card.must("LOAD %d" % i, Command(0x80, 0xE8, last, i, part, 0))
    return answer


def wants(sw, work, *arguments):
    """This has to be refused, with one of these status words."""
    try:
        work(*arguments)
    except Refused as e:
        if e.sw in sw:
            return
        raise
    raise Broken("%s was not refused" % work.__name__)


def load_with_dap(card, cap, domain, algorithm, block):
    h = digest(cap.data, algorithm)
    install(card, 0x02, (cap.package, domain, h, b"", b""), "for load")
    send_load_file(card, block + cap.load_file())


def dap(card, authority, cap, domain):
    """Loads to a domain with DAP verification: without a block, with a wrong one, with the right."""
    algorithm = hash_for(authority.kind)
    h = digest(cap.data, algorithm)
    right = authority.sign(h)
    wrong = right[:-1] + bytes([right[-1] ^ 1])
    refusals = (0x6A80, 0x6982, 0x6985)
    wants(refusals, load_with_dap, card, cap, domain, algorithm, b"")
    wants(refusals, load_with_dap, card, cap, domain, algorithm,
          tlv(0xE2, tlv(0x4F, domain), tlv(0xC3, wrong)))
    load_with_dap(card, cap, domain, algorithm, tlv(0xE2, tlv(0x4F, domain), tlv(0xC3, right)))


def delegated(card, authority, cap, domain):
    """A load, an installation and a deletion by tokens; the confirmations of all of them."""
    h = digest(cap.data, hash_for(authority.kind))
    fields = (cap.package, domain, h, b"")
    wants((0x6982, 0x6985), install, card, 0x02, (*fields, b""), "for load, no token")
    wants((0x6982, 0x6985, 0x6A80), install_signed, card, Authority(authority.kind), 0x02, fields,
          "for load, token of another")
    install_signed(card, authority, 0x02, fields, "for load")
    confirmations = [send_load_file(card, cap.load_file())]
    applet = cap.applets[0]
    confirmations.append(install_signed(card, authority, 0x0C, (
        cap.package, applet, applet, b"\0", tlv(0xC9)), "for install and make selectable"))
    return confirmations + [delete_signed(card, authority, cap.package)]


def delete_signed(card, authority, aid):
    data = tlv(0x4F, aid)
    data += tlv(0x9E, token(authority, 0, 0x80, data))
    return card.must("DELETE", Command(0x80, 0xE4, 0, 0x80, data, 0))


def receipt_of(confirmation):
    """Receipt, and what is confirmed before the names."""
    n, rest = take_length(confirmation)
    body, _ = take(rest, n)
    n, rest = take_length(body)
    return take(rest, n)


def check_receipt(key, confirmation, names):
    """Receipt of one operation: over what is confirmed, and the AIDs it was about."""
    receipt, confirmed = receipt_of(confirmation)
    if receipt != key.sign(confirmed + b"".join(lv(n) for n in names)):
        raise Broken("receipt %s" % receipt.hex().upper())
    return int.from_bytes(confirmed[1:3], "big")


def domain_with(card, aid, privileges):
    """A supplementary domain, PERSONALIZED, entered."""
    card.again(b"")
    install(card, 0x0C, (bytes.fromhex("A0000001515350"), bytes.fromhex("A000000151535041"), aid,
                         privileges, tlv(0xC9), b""), "for install and make selectable")
    card.again(aid)
    card.must("SET STATUS", Command(0x80, 0xF0, 0x40, 0x0F, aid))


def walk_dap(card, kind, path, aid):
    """DAP verification by a domain of its own, and the domain and all of it gone again."""
    authority, aid = Authority(kind), bytes.fromhex(aid)
    domain_with(card, aid, b"\xc0\0\0")
    authority.put(card, DAP_KEY)
    card.again(b"")
    cap = CapFile(path)
    dap(card, authority, cap, aid)
    for name in (cap.package, aid):
        card.must("DELETE", Command(0x80, 0xE4, 0, 0, tlv(0x4F, name), 0))


def walk_delegated(card, kind, path, aid):
    """A domain that loads, installs and deletes by tokens; receipts by an AES key."""
    authority, receipts, aid = Authority(kind), Authority("aes128"), bytes.fromhex(aid)
    domain_with(card, aid, b"\xa0\0\0")
    card.again(b"")
    for key, version in ((authority, TOKEN_KEY), (receipts, RECEIPT_KEY)):
        key.put(card, version)
    card.again(aid)
    cap = CapFile(path)
    applet = cap.applets[0]
    confirmations = delegated(card, authority, cap, aid)
    counters = [check_receipt(receipts, c, names) for c, names in zip(confirmations, (
        (cap.package, aid), (cap.package, applet), (cap.package,)))]
    if counters != list(range(counters[0], counters[0] + 3)):
        raise Broken("confirmation counters %s" % counters)
    card.again(b"")
    card.must("DELETE", Command(0x80, 0xE4, 0, 0, tlv(0x4F, aid), 0))
    for version in (TOKEN_KEY, RECEIPT_KEY):
        card.must("DELETE [key]", Command(0x80, 0xE4, 0, 0, tlv(0xD2, bytes([version])), 0))
    print("receipts %s" % counters)
