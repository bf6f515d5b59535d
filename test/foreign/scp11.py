"""SCP11 (Amendment F) on the side of the host: certificates, key agreement, receipt."""
import datetime
import secrets

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.x509.oid import NameOID, ObjectIdentifier

from channel import Scp03, same
from crypto import CURVES, aes_cmac, ecdh, kdf_x963, point_of, public_of
from wire import Command, lv, need, tlv

KID = {"a": 0x11, "b": 0x13, "c": 0x15}
PARAMETER = {"a": 0x01, "b": 0x00, "c": 0x03}
USAGE = {0x11: 0x34, 0x33: 0x3C}  # security level: key usage qualifier
USAGE_C = {0x03: 0x1C, 0x13: 0x74, **USAGE}


def curve_reference(public):
    return next(r for r, c in CURVES.items() if c.name == public.curve.name)


def key_template(public):
    return tlv(0x7F49, tlv(0xB0, point_of(public)), tlv(0xF0, bytes([curve_reference(public)])))


def hash_of(key):
    if key.key_size < 384:
        return hashes.SHA256()
    return hashes.SHA384() if key.key_size < 512 else hashes.SHA512()


def certify_gp(ca, identifier, public):
    """A certificate in the format of GlobalPlatform (7F21) for an off-card entity."""
    n = (ca.key_size + 7) // 8
    body = (tlv(0x93, b"foreign " + secrets.token_bytes(4)) + tlv(0x42, identifier) +
            tlv(0x5F20, b"foreign client") + tlv(0x95, b"\0\x80") +
            tlv(0x5F25, bytes.fromhex("20200101")) + tlv(0x5F24, bytes.fromhex("20991231")) +
            key_template(public))
    r, s = decode_dss_signature(ca.sign(body, ec.ECDSA(hash_of(ca))))
    return tlv(0x7F21, body, tlv(0x5F37, r.to_bytes(n, "big") + s.to_bytes(n, "big")))


def certify_x509(ca, identifier, public):
    """The same in X.509."""
    policy = x509.PolicyInformation(ObjectIdentifier("1.2.840.114283.100.0.10.2.1.0"), None)
    usage = x509.KeyUsage(digital_signature=False, content_commitment=False, key_encipherment=False,
                          data_encipherment=False, key_agreement=True, key_cert_sign=False,
                          crl_sign=False, encipher_only=False, decipher_only=False)
    builder = (x509.CertificateBuilder()
               .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "foreign client")]))
               .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "foreign CA")]))
               .public_key(public).serial_number(x509.random_serial_number())
               .not_valid_before(datetime.datetime(2020, 1, 1))
               .not_valid_after(datetime.datetime(2099, 12, 31))
               .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), False)
               .add_extension(x509.AuthorityKeyIdentifier(identifier, None, None), False)
               .add_extension(usage, True)
               .add_extension(x509.CertificatePolicies([policy]), True))
    return builder.sign(ca, hash_of(ca)).public_bytes(serialization.Encoding.DER)


def key_of_certificate(raw):
    """The public key of a certificate in either format."""
    if raw[:2] == b"\x7f\x21":
        template = need(raw, 0x7F21, 0x7F49)
        return public_of(CURVES[need(template, 0xF0)[0]], need(template, 0xB0))
    return x509.load_der_x509_certificate(raw).public_key()


def split(raw):
    """Certificates in a row; their TLVs are all of one or two octets of tag."""
    found = []
    while raw:
        at = 2 if raw[0] & 0x1F == 0x1F else 1
        n, head = raw[at], at + 1
        if n >= 0x80:
            head += n & 0x7F
            n = int.from_bytes(raw[at + 1:head], "big")
        found.append(raw[:head + n])
        raw = raw[head + n:]
    return found


def perform_security_operation(card, kvn, kid, certificate, chaining="iso"):
    """The certificate in blocks, in one of the two ways that are in use."""
    blocks = [certificate[i:i + 255] for i in range(0, len(certificate), 255)]
    for i, block in enumerate(blocks):
        more = i + 1 < len(blocks)
        cla = 0x90 if more and chaining == "iso" else 0x80
        p1 = kvn | 0x80 if more and chaining == "gp" else kvn
        card.must("PERFORM SECURITY OPERATION",
                  Command(cla, 0x2A, p1, kid, block, None if more else 0))


def question(variant, level, key_length, ephemeral, host_id=None):
    """The data of MUTUAL and INTERNAL AUTHENTICATE."""
    usage = (USAGE_C if variant == "c" else USAGE)[level]
    parts = [tlv(0x90, bytes([0x11, PARAMETER[variant] | (4 if host_id else 0)])),
             tlv(0x95, bytes([usage])), tlv(0x80, b"\x88"), tlv(0x81, bytes([key_length]))]
    if host_id:
        parts.append(tlv(0x84, host_id))
    return tlv(0xA6, *parts) + tlv(0x5F49, point_of(ephemeral.public_key()))


def agree(variant, data, answer, secrets_of, identifiers=b""):
    """
    The keys that both sides have now: receipt key, S-ENC, S-MAC, S-RMAC, S-DEK; and the receipt,
    which is right. secrets_of: the private keys (static, ephemeral) and the card's public key.
    """
    static, ephemeral, public = secrets_of
    point = need(answer, 0x5F49)
    theirs = public_of(ephemeral.curve, point)
    if variant == "a":
        z = ecdh(ephemeral, theirs) + ecdh(static, public)
    elif variant == "b":
        z = ecdh(ephemeral, theirs) + ecdh(ephemeral, public)
    else:
        same(point, point_of(public), "the card's key")
        z = ecdh(ephemeral, public) + ecdh(static, public)
    control = need(data, 0xA6)
    n = need(control, 0x81)[0]
    info = need(control, 0x95) + b"\x88" + bytes([n]) + identifiers
    stream = kdf_x963(z, info, 5 * n)
    keys = [stream[i * n:i * n + n] for i in range(5)]
    receipt = need(answer, 0x86)
    same(receipt, aes_cmac(keys[0], data + tlv(0x5F49, point)), "receipt")
    return keys, receipt


def open11(card, variant, level, how):
    """
    Opens SCP11. how: ca (private key of the CA), kvn of both keys, key_length, m, certificates
    ("gp" or "x509"), chaining, host_id.
    """
    kid = KID[variant]
    stored = card.must("GET DATA BF21", Command(
        0x80, 0xCA, 0xBF, 0x21, tlv(0xA6, tlv(0x83, bytes([kid, how["kvn"]]))), 0))
    certificate = split(need(stored, 0xBF21))[-1]
    public = key_of_certificate(certificate)
    static = ec.generate_private_key(public.curve)
    ephemeral = ec.generate_private_key(public.curve)
    if variant != "b":
        offer(card, static, how)
    data = question(variant, level, how["key_length"], ephemeral, how.get("host_id"))
    identifiers = b""
    if how.get("host_id"):
        identifiers = lv(how["host_id"]) + group_of(card, variant, certificate)
    answer = card.must("AUTHENTICATE", Command(0x80, 0x88 if variant == "b" else 0x82, how["kvn"],
                                               kid, data, 0))
    keys, receipt = agree(variant, data, answer, (static, ephemeral, public), identifiers)
    return Scp03(keys[1:4], keys[4], level, how["m"], receipt)


def offer(card, static, how):
    """Shows the card a fresh certificate of ours, by the CA that it knows."""
    known = card.must("GET DATA FF33", Command(0x80, 0xCA, 0xFF, 0x33, b"", 0))
    if known[:2] == b"\xff\x33":
        known = need(known, 0xFF33)
    identifier, reference = need(known, 0x42), need(known, 0x83)
    make = certify_gp if how["certificates"] == "gp" else certify_x509
    certificate = make(how["ca"], identifier, static.public_key())
    perform_security_operation(card, reference[1], reference[0], certificate, how["chaining"])


def group_of(card, variant, certificate):
    """What the card brings into the keys when a host identifier does."""
    if variant == "c":
        return lv(need(certificate, 0x7F21, 0x5F20))
    found = [card.must("GET DATA", Command(0x80, 0xCA, 0, tag, b"", 0)) for tag in (0x42, 0x45)]
    return lv(need(found[0], 0x42)) + lv(need(found[1], 0x45))
