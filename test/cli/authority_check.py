#!/usr/bin/env python3
"""Verifies signatures of content management without the program: python3-cryptography.

authority_check.py KEY MESSAGE SIGNATURE   KEY: a PEM file of a public key, or aes:HEX, des:HEX;
MESSAGE and SIGNATURE: hex. Ends with 0 when the signature is good, else with 1.
"""
import sys

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import cmac, hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, utils
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes


def retail_mac(key, message):
    """ISO 9797-1 MAC algorithm 3, padding method 2; single DES as triple DES of equal thirds."""
    message += b"\x80" + bytes(-(len(message) + 1) % 8)
    single = Cipher(algorithms.TripleDES(key[:8] * 3), modes.CBC(bytes(8))).encryptor()
    chain = (single.update(message[:-8]) + single.finalize())[-8:] if len(message) > 8 else bytes(8)
    last = bytes(a ^ b for a, b in zip(chain, message[-8:]))
    triple = Cipher(algorithms.TripleDES(key + key[:8]), modes.ECB()).encryptor()
    return triple.update(last) + triple.finalize()


def verify_pem(path, message, signature):
    with open(path, "rb") as f:
        text = f.read()
    key = serialization.load_pem_public_key(text[text.index(b"-----BEGIN"):])
    if isinstance(key, ec.EllipticCurvePublicKey):
        digest = {256: hashes.SHA256, 384: hashes.SHA384, 521: hashes.SHA512}[key.key_size]()
        half = len(signature) // 2
        assert half == (key.key_size + 7) // 8 and len(signature) == 2 * half
        der = utils.encode_dss_signature(
            int.from_bytes(signature[:half], "big"), int.from_bytes(signature[half:], "big"))
        key.verify(der, message, ec.ECDSA(digest))
    elif key.key_size == 1024:
        key.verify(signature, message, padding.PKCS1v15(), hashes.SHA1())
    else:
        pss = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=32)
        key.verify(signature, message, pss, hashes.SHA256())


def main(key, message, signature):
    message, signature = bytes.fromhex(message), bytes.fromhex(signature)
    if key.startswith("aes:"):
        mac = cmac.CMAC(algorithms.AES(bytes.fromhex(key[4:])))
        mac.update(message)
        return 0 if mac.finalize() == signature else 1
    if key.startswith("des:"):
        return 0 if retail_mac(bytes.fromhex(key[4:]), message) == signature else 1
    try:
        verify_pem(key, message, signature)
    except (InvalidSignature, AssertionError):
        return 1
    return 0


sys.exit(main(*sys.argv[1:]))
