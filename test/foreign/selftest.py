"""Our secure channels against published sessions. No card."""
import io
import json
import os

from cryptography.hazmat.primitives import hashes

from capfile import CapFile
from channel import Scp02, Scp03, authenticate, begin02, begin03, session02, session03
from content import key_field
from crypto import CURVES, digest, kdf03, mac_full_des, point_of, private_of
from scp11 import agree, key_of_certificate, split
from wire import Command, need

VECTORS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "vectors")


def load(name, field):
    with open(os.path.join(VECTORS, name + ".json"), encoding="ascii") as f:
        return json.load(f)[field]


def unhex(value):
    return [bytes.fromhex(v) for v in value] if isinstance(value, list) else bytes.fromhex(value)


def equal(have, want, what):
    if have != want:
        raise AssertionError("%s: %s, not %s" % (what, have.hex().upper(), want.hex().upper()))


def exchange(channel, e, name, names=("wrapped_cmd", "wrapped_rsp")):
    """One command and its answer, through the channel."""
    cmd, rsp = names
    if "plain_cmd" not in e:
        return
    plain = Command.parse(unhex(e["plain_cmd"]))
    equal(channel.wrap(plain).encode(), unhex(e[cmd]), "%s: command %s" % (name, e["plain_cmd"]))
    if rsp in e and "plain_rsp" in e:
        raw = unhex(e[rsp])
        data = channel.unwrap(plain, raw[:-2], int.from_bytes(raw[-2:], "big"))
        equal(data + raw[-2:], unhex(e["plain_rsp"]), "%s: answer to %s" % (name, e["plain_cmd"]))


def session(s, begin):
    """A recorded session from INITIALIZE UPDATE on."""
    host = Command.parse(unhex(s["init_update_cmd"])).data
    authenticate = unhex(s["ext_auth_cmd"]) if "ext_auth_cmd" in s else None
    aid = unhex(s["aid"]) if s.get("aid") else None
    answer = unhex(s["init_update_rsp"])[:-2]
    if not s.get("card_challenge_is_pseudo_random", True):
        aid = None  # as published: the card does not compute it from this AID
    channel, command = begin(unhex(s.get("keys") or s["key"]), host, answer,
                             authenticate[2] if authenticate else 1, aid)
    if authenticate:
        equal(command.encode(), authenticate, "EXTERNAL AUTHENTICATE")
    return channel


def scp03():
    n = 0
    for s in load("scp03_sessions", "sessions"):
        if "init_update_cmd" in s:
            channel = session(s, begin03)
        else:
            host, card = unhex(s["host_challenge"]), unhex(s["card_challenge"])
            keys = session03(unhex(s["keys"]), host, card)
            level = unhex(s["ext_auth_cmd"])[2]
            equal(kdf03(keys[1], 0, host + card, 64), unhex(s["card_cryptogram"]), s["name"])
            channel = Scp03(keys, b"", level)
            command = channel.sign(Command(0x80, 0x82, level, 0),
                                   kdf03(keys[1], 1, host + card, 64))
            equal(command.encode(), unhex(s["ext_auth_cmd"]), s["name"])
        for e in s["exchanges"]:
            exchange(channel, e, s["name"])
            n += 1
    return n


def model():
    n = 0
    for s in load("scp03_model", "sessions"):
        channel = session(s, begin03)
        equal(b"".join((channel.enc, channel.mac, channel.rmac)), b"".join(unhex(s["session_keys"])),
              "session keys")
        for e in s["apdus"]:
            exchange(channel, e, "i %s level %s" % (s["i"], s["level"]), ("cmd", "rsp"))
            n += 1
    return n


def scp02():
    n = 0
    for s in load("scp02_sessions", "sessions"):
        channel = session(s, begin02) if "init_update_cmd" in s else half02(s)
        for e in s["exchanges"]:
            exchange(channel, e, s["name"])
            n += 1
    for v in load("scp02_session_keys", "vectors"):
        keys = [unhex(v.get("static_" + k) or v["static"]) for k in ("enc", "mac", "dek")]
        have = session02(keys, unhex(v["sequence"]))
        for name, key in zip(("s_enc", "s_mac", "s_rmac", "s_dek"), have):
            if name in v:
                equal(key, unhex(v[name]), "session key")
                n += 1
    return n + scp02_primitives()


def half02(s):
    """A session of which only the challenges are published."""
    sequence, card, host = (unhex(s[k]) for k in ("sequence", "card_challenge", "host_challenge"))
    enc, mac, rmac, dek = session02(unhex(s["keys"]), sequence)
    level = unhex(s["ext_auth_cmd"])[2]
    channel = Scp02((enc, mac, rmac), dek, level)
    command = authenticate(channel, mac_full_des(enc, sequence + card + host), level)
    equal(command.encode(), unhex(s["ext_auth_cmd"]), "EXTERNAL AUTHENTICATE")
    return channel


def scp02_primitives():
    n = 0
    for v in load("scp02_primitives", "vectors"):
        if v["kind"] == "rmac":
            keys = session02([unhex(v["static"])] * 3, unhex(v["sequence"]))
            channel = Scp02(keys[:3], keys[3], 0x13)
            channel.ricv = unhex(v["icv"])
            plain = Command.parse(unhex(v["cmd"]))
            data = channel.unwrap(plain, unhex(v["rsp"]) + unhex(v["mac"]), int(v["sw"], 16))
            equal(data, unhex(v["rsp"]), "R-MAC")
        elif v["kind"] == "cmac":
            channel = Scp02((b"", unhex(v["s_mac"]), b""), b"", 0x01)
            channel.icv = unhex(v["previous_mac"]) if "previous_mac" in v else None
            raw = unhex(v["data"])  # as it is authenticated: Lc counts the MAC
            plain = Command(raw[0] & ~4, *raw[1:4], raw[5:])
            equal(channel.wrap(plain).encode()[-8:], unhex(v["mac"]), "C-MAC")
        elif v["kind"] == "host_cryptogram":
            equal(mac_full_des(unhex(v["s_enc"]), unhex(v["seq_card"]) + unhex(v["host"])),
                  unhex(v["out"]), v["kind"])
        elif v["kind"] == "card_cryptogram":
            equal(mac_full_des(unhex(v["s_enc"]), unhex(v["host"]) + unhex(v["seq_card"])),
                  unhex(v["out"]), v["kind"])
        else:
            begin02([unhex(v["static"])] * 3, unhex(v["host"]), unhex(v["init_update_rsp"])[:-2], 1)
        n += 1
    return n


def kdf():
    vectors = load("scp03_kdf", "vectors")
    for v in vectors:
        equal(kdf03(unhex(v["key"]), int(v["constant"], 16), unhex(v["context"]), v["bits"]),
              unhex(v["out"]), "derivation")
    return len(vectors)


def scp11():
    curves = {"P-256": CURVES[0], "P-384": CURVES[1], "brainpoolP256r1": CURVES[3]}
    sessions = load("scp11_sessions", "sessions")
    for s in sessions:
        curve = curves[s["curve"]]
        static, ephemeral = (private_of(curve, unhex(s[k])) for k in ("sk_oce", "esk_oce"))
        certificate = split(need(unhex(s["certificate_store"]), 0xBF21))[-1]
        public = key_of_certificate(certificate)
        equal(point_of(public), unhex(s["pk_sd"]), "the card's public key")
        at = next(i for i, a in enumerate(s["apdus"]) if a["cmd"][2:4] == "82")
        data = Command.parse(unhex(s["apdus"][at]["cmd"])).data
        keys, receipt = agree(s["variant"], data, unhex(s["apdus"][at]["rsp"])[:-2],
                              (static, ephemeral, public))
        for name, key in zip(("receipt_key", "s_enc", "s_mac", "s_rmac", "dek"), keys):
            equal(key, unhex(s["by_us"][name]), name)
        channel = Scp03(keys[1:4], keys[4], 0x33, 16 if s["s16"] else 8, receipt)
        last = s["apdus"][at + 1]
        exchange(channel, {"plain_cmd": s["last_plain_cmd"], "wrapped_cmd": last["cmd"],
                           "wrapped_rsp": last["rsp"], "plain_rsp": s["last_plain_rsp"]}, s["name"])
    return len(sessions)


class Dek(Scp03):
    """No channel, only what encrypts keys."""

    def __init__(self, dek):
        super().__init__((b"", b"", b""), dek, 0)


def put_key():
    """The data of PUT KEY: of live cards, and worked from the rules."""
    vectors = load("put_key", "vectors")
    for v in vectors:
        dek = unhex(v["dek"])
        if v["scp"] == "02":
            keys = session02([dek] * 3, unhex(v["sequence"]))
            channel = Scp02(keys[:3], keys[3], 0x01)
        else:
            channel = Dek(dek)
        fields = [key_field(channel, int(v["type"], 16), k) for k in unhex(v["keys"])]
        equal(unhex(v["kvn"]) + b"".join(fields), Command.parse(unhex(v["cmd"])).data, v["name"])
    return len(vectors)


def cap_files():
    """Load files out of published CAP files."""
    vectors = load("capfile", "vectors")
    for v in vectors:
        cap = CapFile(io.BytesIO(unhex(v["zip_hex"])))
        equal(digest(cap.data, hashes.SHA256()), unhex(v["lfdb_sha256"]), v["source"])
        equal(cap.load_file()[:-len(cap.data)], unhex(v["c4_header"]), v["source"])
    return len(vectors)


def run():
    """All of them; prints how many of each. An AssertionError or Broken: one is wrong."""
    for test in (kdf, scp02, scp03, model, scp11, put_key, cap_files):
        print("%s: %d right" % (test.__name__, test()))
