#!/usr/bin/python3 -B
"""
A client for GlobalPlatform cards that shares nothing with cardadm but the specifications: it shows
that strangers get along with the virtual cards.

    client.py [OPTIONS] VERB ARGUMENTS [+ VERB ARGUMENTS]...
    client.py --self-test

Exit status: 0; 1 when the card refused; 2 when the card's answer cannot be, or for bad arguments.
"""
import argparse
import shlex
import sys

import authority
import content
import selftest
import uicc
from capfile import CapFile
from card import connect, readers
from crypto import CURVES, private_of
from scp11 import open11
from wire import Broken, Command, Refused


def unhex(text):
    return bytes.fromhex(text) if text != "-" else b""


def options():
    p = argparse.ArgumentParser(usage=__doc__)
    p.add_argument("--self-test", action="store_true")
    p.add_argument("--reader", default="1")
    p.add_argument("--scp", default="03", choices=("none", "02", "03", "11a", "11b", "11c"))
    p.add_argument("--keys", default="404142434445464748494A4B4C4D4E4F")
    p.add_argument("--kvn", type=lambda v: int(v, 16), default=0)
    p.add_argument("--level", type=lambda v: int(v, 16), default=0x01)
    p.add_argument("--s16", action="store_true")
    p.add_argument("--pseudo-random", action="store_true", help="the challenge of SCP02 has to be")
    p.add_argument("--sd", type=unhex, default=b"")
    p.add_argument("--ca", type=unhex, default=b"", help="private key of the CA, for SCP11a and c")
    p.add_argument("--key-length", type=int, default=16)
    p.add_argument("--certificates", default="gp", choices=("gp", "x509"))
    p.add_argument("--chaining", default="iso", choices=("iso", "gp"))
    p.add_argument("--host-id", type=unhex, default=b"")
    p.add_argument("--le", default="needed", choices=("needed", "always", "never"))
    p.add_argument("--segments", action="store_true", help="long commands in several")
    p.add_argument("--trace", action="store_true")
    p.add_argument("words", nargs=argparse.REMAINDER)
    return p.parse_args()


def three(text):
    keys = [unhex(k) for k in text.split(",")]
    return keys * 3 if len(keys) == 1 else keys


# ---- verbs: each takes the card and its arguments ----

def info(card):
    version, channels = content.card_data(card)
    if card.offer and not any(c[:len(card.offer)] == card.offer for c in channels):
        raise Broken("card data and INITIALIZE UPDATE differ")
    print("globalplatform %s" % version)
    for c in channels:
        print("scp %02X i %02X" % c[:2])
    for kid, kvn, key_type, size in content.key_information(card):
        print("key %02X %02X %02X %02X" % (kvn, kid, key_type, size))


def print_entry(p1, aid, state, privileges, rest):
    name = {content.ISD: "isd", content.APPLICATIONS: "app"}.get(p1, "load-file")
    if p1 == content.APPLICATIONS and privileges[0] & 0x80:
        name = "domain"
    words = [name, aid.hex().upper(), content.state_name(p1, state), privileges.hex().upper() or "-"]
    words += ["%X=%s" % (t, v.hex().upper()) for t, v in rest if t in (0x84, 0xC4, 0xCC, 0xCE)]
    print(" ".join(words))


def list_(card, form="tlv"):
    for p1 in (content.ISD, content.APPLICATIONS, content.MODULES):
        if form == "tlv":
            for e in content.entries(card, p1):
                print_entry(p1, *e)
        else:
            for aid, state, privileges, modules in content.old_entries(card, p1):
                print_entry(p1, aid, state, privileges, [(0x84, m) for m in modules])


def status(card, p1, *tags):
    """GET STATUS with a tag list."""
    for e in content.entries(card, int(p1, 16), unhex(tags[0]) if tags else None):
        print_entry(int(p1, 16), *e)


def load(card, path, domain="-"):
    print("%d blocks" % content.load(card, CapFile(path), unhex(domain)))


def install(card, path, privileges="00", parameters="-"):
    """All that is in the file, under the AIDs of the modules."""
    cap = CapFile(path)
    content.load(card, cap)
    for applet in cap.applets:
        content.install_applet(card, cap.package, applet, applet, unhex(privileges),
                               unhex(parameters))
        print("installed %s" % applet.hex().upper())


def instance(card, package, module, aid, privileges="00", parameters="-"):
    content.install_applet(card, *(unhex(v) for v in (package, module, aid, privileges, parameters)))


def delete(card, aid, related=""):
    content.delete(card, unhex(aid), related == "related")


def put_keys(card, version, keys, replace="00", key_type="88"):
    content.put_keys(card, int(version, 16), three(keys), int(replace, 16), int(key_type, 16))


def put_key(card, version, key, replace="00", key_type="88"):
    content.put_keys(card, int(version, 16), [unhex(key)], int(replace, 16), int(key_type, 16))


def delete_keys(card, version):
    content.delete_keys(card, int(version, 16))


def store(card, p1, data):
    content.store_data(card, unhex(data), int(p1, 16))


def store_keys(card, version, keys):
    content.store_keys(card, int(version, 16), three(keys))


def personalize(card, aid, data):
    content.personalize(card, unhex(aid), unhex(data))


def extradite(card, aid, domain):
    content.extradite(card, unhex(aid), unhex(domain))


def state(card, p1, p2, aid="-"):
    content.set_status(card, int(p1, 16), int(p2, 16), unhex(aid))


def apdu(card, command, want="9000"):
    """One command, through the channel; what it has to answer, data and status word, ends with."""
    data, sw = card.send(Command.parse(unhex(command)))
    answer = data.hex().upper() + "%04X" % sw
    print(answer)
    if not answer.endswith(want.upper()):
        raise Refused(command, sw)


def select(card, aid="-"):
    print(card.select(unhex(aid)).hex().upper())


VERBS = {
    "info": info, "list": list_, "status": status, "load": load, "install": install,
    "instance": instance, "delete": delete, "put-keys": put_keys, "put-key": put_key,
    "delete-keys": delete_keys, "store": store, "store-keys": store_keys, "personalize": personalize,
    "extradite": extradite, "state": state, "apdu": apdu, "select": select, "uicc": uicc.walk,
    "dap": authority.walk_dap, "delegated": authority.walk_delegated,
}


def open_channel(card, o):
    card.enter(o.sd)
    if o.scp in ("02", "03"):
        card.open(o.scp, three(o.keys), o.level, o.kvn, o.s16, o.pseudo_random)
    elif o.scp != "none":
        how = {"kvn": o.kvn or 1, "key_length": o.key_length, "m": 16 if o.s16 else 8,
               "ca": private_of(CURVES[0], o.ca) if o.ca else None, "host_id": o.host_id,
               "certificates": o.certificates, "chaining": o.chaining}
        card.channel = open11(card, o.scp[2], o.level, how)


def steps(words):
    step = []
    for w in words:
        if w == "+":
            yield step
            step = []
        else:
            step.append(w)
    yield step


def main():
    o = options()
    if o.self_test:
        selftest.run()
        return
    if o.words == ["readers"]:
        print("\n".join(readers()))
        return
    card = connect(o.reader, o.trace, o.le)
    card.segments = o.segments
    card.again = lambda aid: open_channel(card, argparse.Namespace(**{**vars(o), "sd": aid}))
    try:
        if o.scp != "none":
            open_channel(card, o)
        for step in steps(o.words):
            VERBS[step[0]](card, *step[1:])
    finally:
        card.connection.disconnect()


if __name__ == "__main__":
    try:
        main()
    except Refused as e:
        print("refused: %s" % e, file=sys.stderr)
        sys.exit(1)
    except (Broken, AssertionError, ValueError, KeyError) as e:
        print("client: %s: %s (%s)" % (type(e).__name__, e, shlex.join(sys.argv[1:])), file=sys.stderr)
        sys.exit(2)
