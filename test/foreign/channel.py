"""Secure messaging of SCP02 and SCP03, on the side of the host. SCP11 uses that of SCP03."""
import hmac

from crypto import (aes_cbc, aes_cmac, aes_ecb, des_cbc, des_ecb, kdf03, mac_full_des, mac_retail,
                    pad80, unpad80)
from wire import Broken, Command

C_MAC, C_ENC, R_MAC, R_ENC = 0x01, 0x02, 0x10, 0x20


def same(have, want, what):
    if not hmac.compare_digest(have, want):
        raise Broken("%s is wrong" % what)


def bare(cla):
    """The class without logical channel and secure messaging."""
    return cla & 0x80


def with_messaging(cla):
    if cla & 0x40:  # channels 4 to 19
        return cla | 0x20
    return cla | 0x04


def is_error(sw):
    return sw != 0x9000 and sw >> 8 not in (0x62, 0x63)


class Plain:
    """No channel at all."""
    level = 0
    room = 255

    def wrap(self, command):
        return command

    def unwrap(self, _command, data, _sw):
        return data


class Scp03:
    """Amendment D. keys: S-ENC, S-MAC, S-RMAC; dek encrypts keys; m: octets of a MAC."""

    def __init__(self, keys, dek, level, m=8, chaining=bytes(16)):
        self.enc, self.mac, self.rmac = keys
        self.dek, self.level, self.m, self.chaining = dek, level, m, chaining
        self.counter = 0

    @property
    def room(self):
        """Plain octets that a short command takes."""
        if self.level & C_ENC:
            return (255 - self.m) // 16 * 16 - 1
        return 255 - (self.m if self.level & C_MAC else 0)

    def icv(self, response):
        block = self.counter.to_bytes(16, "big")
        return aes_ecb(self.enc, b"\x80" + block[1:] if response else block)

    def seal(self, command):
        data = command.data
        if self.level & C_ENC and data:
            data = aes_cbc(self.enc, self.icv(False), pad80(data, 16))
        return self.sign(command, data)

    def sign(self, command, data):
        c = Command(with_messaging(command.cla), command.ins, command.p1, command.p2, b"",
                    command.le, command.extended)
        head = bytes([bare(command.cla) | 0x04]) + command.head()[1:]
        if len(data) + self.m > 255:
            c.extended = True
        self.chaining = aes_cmac(self.mac, self.chaining + head + c.lc(len(data) + self.m) + data)
        c.data = data + self.chaining[:self.m]
        return c

    def wrap(self, command):
        self.counter += 1
        return self.seal(command) if self.level & C_MAC else command

    def unwrap(self, _command, data, sw):
        if not self.level & R_MAC or is_error(sw):
            return data
        if len(data) < self.m:
            raise Broken("an answer without R-MAC")
        data, mac = data[:-self.m], data[-self.m:]
        want = aes_cmac(self.rmac, self.chaining + data + sw.to_bytes(2, "big"))[:self.m]
        same(mac, want, "R-MAC")
        if self.level & R_ENC and data:
            data = unpad80(aes_cbc(self.enc, self.icv(True), data, True))
        return data

    def encrypt_key(self, key):
        return aes_cbc(self.dek, bytes(16), key + bytes(-len(key) % 16))


class Scp02:
    """GPCS annex E with i = 15 or 55: C-MAC on the modified command, encrypted ICV."""

    def __init__(self, keys, dek, level):
        self.enc, self.mac, self.rmac = keys
        self.dek, self.level = dek, level
        self.icv = self.ricv = None

    @property
    def room(self):
        return 239 if self.level & C_ENC else 255 - (8 if self.level & C_MAC else 0)

    def sign(self, command):
        icv = bytes(8) if self.icv is None else des_ecb(self.mac[:8], self.icv)
        head = bytes([bare(command.cla) | 0x04]) + command.head()[1:]
        lc = command.lc(len(command.data) + 8)
        self.icv = mac_retail(self.mac, icv, head + lc + command.data)
        if self.ricv is None:
            self.ricv = self.icv  # of EXTERNAL AUTHENTICATE: the first ICV of R-MAC
        return self.icv

    def wrap(self, command):
        if not self.level & C_MAC:
            return command
        mac, data = self.sign(command), command.data
        if self.level & C_ENC and data:
            data = des_cbc(self.enc, bytes(8), pad80(data, 8))
        return Command(with_messaging(command.cla), command.ins, command.p1, command.p2,
                       data + mac, command.le, command.extended)

    def unwrap(self, command, data, sw):
        if not self.level & R_MAC:
            return data
        if is_error(sw) and not data:
            # It has no R-MAC with it, but the next one is chained to its (E.4.5).
            self.chain(command, b"", sw)
            return data
        if len(data) < 8:
            raise Broken("an answer without R-MAC")
        data, mac = data[:-8], data[-8:]
        self.chain(command, data, sw)
        same(mac, self.ricv, "R-MAC")
        return data

    def chain(self, command, data, sw):
        head = bytes([bare(command.cla)]) + command.head()[1:]
        self.ricv = mac_retail(self.rmac, self.ricv,
                               head + bytes([len(command.data)]) + command.data +
                               bytes([len(data) & 0xFF]) + data + sw.to_bytes(2, "big"))

    def encrypt_key(self, key):
        return des_ecb(self.dek, key)


def session03(keys, host, card):
    """The session keys of Amendment D 6.2.1."""
    bits = len(keys[0]) * 8
    return [kdf03(key, constant, host + card, bits)
            for key, constant in ((keys[0], 0x04), (keys[1], 0x06), (keys[1], 0x07))]


def session02(keys, sequence):
    """S-ENC, C-MAC, R-MAC and DEK of GPCS E.4.1."""
    return [des_cbc(key, bytes(8), bytes.fromhex(constant) + sequence + bytes(12))
            for key, constant in ((keys[0], "0182"), (keys[1], "0101"), (keys[1], "0102"),
                                  (keys[2], "0181"))]


def authenticate(channel, cryptogram, level):
    """EXTERNAL AUTHENTICATE; the level counts from then on."""
    command = Command(0x80, 0x82, level, 0, cryptogram)
    if isinstance(channel, Scp03):
        return channel.sign(command, cryptogram)
    return Command(0x84, 0x82, level, 0, cryptogram + channel.sign(command))


def begin03(keys, host, answer, level, aid=None):
    """A channel and its EXTERNAL AUTHENTICATE from the answer to INITIALIZE UPDATE."""
    m = len(host)
    if len(answer) not in (13 + 2 * m, 16 + 2 * m) or answer[11] != 0x03:
        raise Broken("answer to INITIALIZE UPDATE: %s" % answer.hex().upper())
    card, cryptogram, sequence = answer[13:13 + m], answer[13 + m:13 + 2 * m], answer[13 + 2 * m:]
    if bool(answer[12] & 0x10) != bool(sequence) or bool(answer[12] & 0x01) != (m == 16):
        raise Broken("i %02X does not fit the answer to INITIALIZE UPDATE" % answer[12])
    if sequence and aid:
        same(card, kdf03(keys[0], 0x02, sequence + aid, 8 * m), "card challenge")
    session = session03(keys, host, card)
    same(cryptogram, kdf03(session[1], 0x00, host + card, 8 * m), "card cryptogram")
    channel = Scp03(session, keys[2], level, m)
    return channel, authenticate(channel, kdf03(session[1], 0x01, host + card, 8 * m), level)


def begin02(keys, host, answer, level, aid=None):
    if len(answer) != 28 or answer[11] != 0x02:
        raise Broken("answer to INITIALIZE UPDATE: %s" % answer.hex().upper())
    sequence, card, cryptogram = answer[12:14], answer[14:20], answer[20:]
    enc, mac, rmac, dek = session02(keys, sequence)
    same(cryptogram, mac_full_des(enc, host + sequence + card), "card cryptogram")
    if aid:
        same(card, mac_retail(mac, bytes(8), aid)[:6], "card challenge")
    channel = Scp02((enc, mac, rmac), dek, level)
    return channel, authenticate(channel, mac_full_des(enc, sequence + card + host), level)
