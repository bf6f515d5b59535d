"""The primitives of secure channels, over python3-cryptography."""
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.cmac import CMAC

CURVES = {  # parameter reference: GPCS table B-2
    0x00: ec.SECP256R1(),
    0x01: ec.SECP384R1(),
    0x02: ec.SECP521R1(),
    0x03: ec.BrainpoolP256R1(),
    0x05: ec.BrainpoolP384R1(),
    0x07: ec.BrainpoolP512R1(),
}


def pad80(data, block):
    return data + b"\x80" + bytes(-(len(data) + 1) % block)


def unpad80(data):
    stripped = data.rstrip(b"\0")
    if not stripped.endswith(b"\x80"):
        raise ValueError("padding")
    return stripped[:-1]


def xor(a, b):
    return bytes(x ^ y for x, y in zip(a, b))


def run(cipher, mode, data, decrypt=False):
    c = Cipher(cipher, mode)
    c = c.decryptor() if decrypt else c.encryptor()
    return c.update(data) + c.finalize()


def aes_ecb(key, data):
    return run(algorithms.AES(key), modes.ECB(), data)


def aes_cbc(key, iv, data, decrypt=False):
    return run(algorithms.AES(key), modes.CBC(iv), data, decrypt)


def aes_cmac(key, data):
    c = CMAC(algorithms.AES(key))
    c.update(data)
    return c.finalize()


def des_ecb(key, data):
    """Triple DES; with a key of 8 octets DES, which is triple DES with three times the same."""
    return run(algorithms.TripleDES(key), modes.ECB(), data)


def des_cbc(key, iv, data, decrypt=False):
    return run(algorithms.TripleDES(key), modes.CBC(iv), data, decrypt)


def mac_full_des(key, data):
    """GPCS B.1.2.1."""
    return des_cbc(key, bytes(8), pad80(data, 8))[-8:]


def mac_retail(key, icv, data):
    """GPCS B.1.2.2: DES with the first half but for the last block."""
    data = pad80(data, 8)
    head, last = data[:-8], data[-8:]
    if head:
        icv = des_cbc(key[:8], icv, head)[-8:]
    return des_ecb(key, xor(last, icv))


def kdf03(key, constant, context, bits):
    """Amendment D 4.1.5: SP 800-108 in counter mode, the counter in the middle."""
    out = b""
    for i in range(1, 3 if bits > 128 else 2):
        out += aes_cmac(key, bytes(11) + bytes([constant, 0]) + bits.to_bytes(2, "big") +
                        bytes([i]) + context)
    return out[:bits // 8]


def kdf_x963(secret, info, size):
    out, counter = b"", 0
    while len(out) < size:
        counter += 1
        h = hashes.Hash(hashes.SHA256())
        h.update(secret + counter.to_bytes(4, "big") + info)
        out += h.finalize()
    return out[:size]


def digest(data, algorithm):
    h = hashes.Hash(algorithm)
    h.update(data)
    return h.finalize()


def kcv(key_type, key):
    if key_type == 0x88:
        return aes_ecb(key, b"\1" * 16)[:3]
    return des_ecb(key, bytes(8))[:3]


def private_of(curve, raw):
    return ec.derive_private_key(int.from_bytes(raw, "big"), curve)


def public_of(curve, point):
    return ec.EllipticCurvePublicKey.from_encoded_point(curve, point)


def point_of(public):
    n = (public.key_size + 7) // 8
    p = public.public_numbers()
    return b"\4" + p.x.to_bytes(n, "big") + p.y.to_bytes(n, "big")


def ecdh(private, public):
    return private.exchange(ec.ECDH(), public)
