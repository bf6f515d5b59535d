#!/usr/bin/python3
"""A reader's cable with a hand on it: a card that stalls, or becomes another one, between two
commands.

    relay.py VPCD_PORT CARDS_PORT

Stands between vpcd, which listens on VPCD_PORT, and two `vcard serve` that come to CARDS_PORT and
the port behind it. Both cards get what a reader does to them: power, reset, the question for the
ATR. Commands go to the first. Files in the working folder say otherwise, each a number, counted
from when the card was powered: from command `swap` on all go to the second card; command `stall` is
answered when that file is gone. pcscd sees none of it.
"""
import os
import socket
import struct
import sys
import time

OFF, ATR = 0, 4


def receive(sock):
    head, body = b"", b""
    while len(head) < 2:
        part = sock.recv(2 - len(head))
        if not part:
            sys.exit(0)
        head += part
    length = struct.unpack(">H", head)[0]
    while len(body) < length:
        part = sock.recv(length - len(body))
        if not part:
            sys.exit(0)
        body += part
    return body


def send(sock, body):
    sock.sendall(struct.pack(">H", len(body)) + body)


def number(name):
    try:
        with open(name, encoding="ascii") as f:
            return int(f.read())
    except (FileNotFoundError, ValueError):
        return 0


def main():
    vpcd_port, cards_port = int(sys.argv[1]), int(sys.argv[2])
    servers = [socket.create_server(("127.0.0.1", cards_port + i)) for i in (0, 1)]
    print("listening", flush=True)
    cards = [server.accept()[0] for server in servers]
    vpcd = socket.create_connection(("127.0.0.1", vpcd_port))
    for sock in cards + [vpcd]:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    commands = 0
    while True:
        body = receive(vpcd)
        if len(body) == 1:
            for card in cards:
                send(card, body)
            if body[0] == OFF:
                commands = 0
            if body[0] == ATR:
                answers = [receive(card) for card in cards]
                send(vpcd, answers[0])
            continue
        commands += 1
        while commands == number("stall"):
            time.sleep(0.05)
        swap = number("swap")
        card = cards[1 if swap and commands >= swap else 0]
        send(card, body)
        send(vpcd, receive(card))


if __name__ == "__main__":
    main()
