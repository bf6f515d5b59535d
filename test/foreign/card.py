"""A card in a PC/SC reader, with or without a channel."""
import secrets
import sys

from channel import Plain, begin02, begin03
from wire import Broken, Command, Refused, find


SEGMENTED = (0xE4, 0xE6, 0xD8)


class Card:
    """le: "needed", or for all commands with data, as some clients have it, "always" or "never"."""

    def __init__(self, transmit, trace=False, le="needed"):
        self.raw, self.trace, self.le = transmit, trace, le
        self.segments = False  # long commands in parts, not in extended length
        self.channel = Plain()
        self.offer = None  # scp, and i if that is told, of INITIALIZE UPDATE

    def say(self, text):
        if self.trace:
            print(text, file=sys.stderr)

    def once(self, octets):
        self.say("> " + octets.hex().upper())
        data, sw1, sw2 = self.raw(list(octets))
        self.say("< %s%02X%02X" % (bytes(data).hex().upper(), sw1, sw2))
        return bytes(data), sw1 << 8 | sw2

    def transmit(self, command):
        """One command as it is: GET RESPONSE and the right Le come by themselves."""
        if self.segments and len(command.data) > 255 and command.ins in SEGMENTED:
            return self.transmit(self.but_last(command))
        if command.data and self.le != "needed":
            command.le = 0 if self.le == "always" else None
        data, sw = self.once(command.encode())
        if sw >> 8 == 0x6C:
            command.le = sw & 0xFF
            data, sw = self.once(command.encode())
        for _ in range(256):
            if sw >> 8 != 0x61:
                return data, sw
            more, sw = self.once(bytes([command.cla & 0x03, 0xC0, 0, 0, sw & 0xFF]))
            data += more
        raise Broken("61xx for ever")

    def but_last(self, command):
        """
        A command over 255 octets, protected as a whole, goes in several, which b8 of P1 joins
        (GPCS 11.1.5): the last one.
        """
        *first, last = [command.data[i:i + 255] for i in range(0, len(command.data), 255)]
        for part in first:
            data, sw = self.once(Command(command.cla, command.ins, command.p1 | 0x80, command.p2,
                                         part).encode())
            if sw != 0x9000 or data:
                raise Refused("a part of a command", sw)
        return Command(command.cla, command.ins, command.p1, command.p2, last, 0)

    def send(self, command):
        """One command through the channel: data and status word."""
        data, sw = self.transmit(self.channel.wrap(command))
        return self.channel.unwrap(command, data, sw), sw

    def must(self, what, command, *also):
        """One command that has to end with 9000, or with one of `also`."""
        data, sw = self.send(command)
        if sw != 0x9000 and sw not in also:
            raise Refused(what, sw)
        return data

    def select(self, aid=b"", p2=0):
        self.channel = Plain()
        return self.must("SELECT", Command(0x00, 0xA4, 0x04, p2, aid, 0), 0x6283)

    def open(self, scp, keys, level, kvn=0, s16=False, pseudo_random=False):
        """
        SCP02 or SCP03 with the domain of `enter`. pseudo_random: the challenge of SCP02 has to be
        (i of SCP03 says it itself).
        """
        host = secrets.token_bytes(16 if s16 else 8)
        answer = self.must("INITIALIZE UPDATE", Command(0x80, 0x50, kvn, 0, host, 0))
        begin = begin02 if scp == "02" else begin03
        self.offer = tuple(answer[11:13] if begin is begin03 else answer[11:12])
        pseudo_random = answer[12] & 0x10 if begin is begin03 else pseudo_random
        channel, command = begin(keys, host, answer, level, self.domain if pseudo_random else None)
        data, sw = self.transmit(command)
        if sw != 0x9000 or data:
            raise Refused("EXTERNAL AUTHENTICATE", sw)
        self.channel = channel

    def enter(self, aid=b""):
        """SELECT of a domain; its whole AID is what the FCI says."""
        fci = self.select(aid)
        self.domain = find(fci, 0x6F, 0x84)
        if self.domain is None:
            raise Broken("no AID in %s" % fci.hex().upper())
        return fci


def readers():
    from smartcard.System import readers as all_readers
    return [str(r) for r in all_readers()]


def connect(name, trace=False, le="needed"):
    """The card in the reader of this name, or of this number counted from 1."""
    from smartcard.CardConnection import CardConnection
    from smartcard.Exceptions import SmartcardException
    from smartcard.System import readers as all_readers

    found = all_readers()
    if name.isdigit():
        found = found[int(name) - 1:int(name)]
    else:
        found = [r for r in found if str(r) == name]
    if not found:
        raise Broken("no reader %s" % name)
    connection = found[0].createConnection()
    try:
        connection.connect(CardConnection.T1_protocol)
    except SmartcardException as e:
        raise Broken(e)
    card = Card(connection.transmit, trace, le)
    card.connection = connection
    card.atr = bytes(connection.getATR())
    return card
