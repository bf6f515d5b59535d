"""A UICC as pySim-shell looks at it: file system first, then the card manager."""
from channel import Plain
from wire import Broken, Command, Refused, need, tlvs

MF, EF_DIR, EF_ICCID = 0x3F00, 0x2F00, 0x2FE2
ADF_USIM = bytes.fromhex("A0000000871002")


def select_file(card, file_id):
    """SELECT by file identifier, with FCP."""
    return card.must("SELECT %04X" % file_id,
                     Command(0x00, 0xA4, 0x00, 0x04, file_id.to_bytes(2, "big"), 0))


def read_binary(card, n):
    return card.must("READ BINARY", Command(0x00, 0xB0, 0, 0, b"", n))


def read_record(card, number, n):
    return card.must("READ RECORD", Command(0x00, 0xB2, number, 0x04, b"", n))


def nibbles(raw):
    """Digits with the low one first, until the first F."""
    return "".join("%X%X" % (b & 15, b >> 4) for b in raw).split("F")[0]


def records(card, file_id):
    """All records of a linear file."""
    fcp = select_file(card, file_id)
    descriptor = need(fcp, 0x62, 0x82)
    size, count = int.from_bytes(descriptor[2:4], "big"), descriptor[4]
    return [read_record(card, i + 1, size) for i in range(count)]


def walk(card):
    """What pySim-shell asks of a card before it shows its prompt, and EF_ICCID, EF_DIR, EF_IMSI."""
    card.channel = Plain()  # selecting a file ends what is open
    _, sw = card.transmit(Command(0xA0, 0xA4, 0, 0, b"\x3f\x00"))
    if sw != 0x6E00:
        raise Refused("class A0", sw)
    fcp = select_file(card, MF)
    if need(fcp, 0x62, 0x83) != b"\x3f\x00":
        raise Broken("FCP of the MF: %s" % fcp.hex().upper())
    size = int.from_bytes(need(select_file(card, EF_ICCID), 0x62, 0x80), "big")
    print("iccid %s" % nibbles(read_binary(card, size)))
    adf = None
    for record in records(card, EF_DIR):
        if record[:1] != b"\x61":
            continue
        aid = need(dict(tlvs(record.rstrip(b"\xff")))[0x61], 0x4F)
        print("application %s" % aid.hex().upper())
        if aid.startswith(ADF_USIM):
            adf = aid
    if adf:
        card.must("SELECT ADF", Command(0x00, 0xA4, 0x04, 0x04, adf, 0))
        select_file(card, 0x6F07)
        imsi = read_binary(card, 9)
        print("imsi %s" % nibbles(imsi[1:1 + imsi[0]])[1:])
