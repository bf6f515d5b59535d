"""Clients that an agent would rather not have: agent_client.py SOCKETS HOW [N].
SOCKETS is a pattern; prints "waiting", and takes the first that fits as soon as it listens.

leak N      sends N requests that are no good, each with three descriptors
silent N    connects N times, says nothing, prints "ready", then "gone" when the last one that came
            is hung up on, and stays until all are
trickle     sends one octet of a long request after the other, prints "ready" after the first,
            until it is hung up on
"""
import array
import glob
import os
import socket
import sys
import time


def connect(path):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    while True:
        try:
            s.connect(path)
            return s
        except ConnectionRefusedError:
            time.sleep(0.002)


def send_fds(s, octets, fds):
    s.sendmsg([octets], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))])


def hung_up(s):
    try:
        return s.recv(1) == b""
    except ConnectionResetError:
        return True


def leak(path, n):
    for i in range(n):
        s = connect(path)
        try:
            if i % 3 == 0:  # too few of them
                send_fds(s, b"\0\0\0\4", [0, 1, 2])
            elif i % 3 == 1:  # no request has this length
                send_fds(s, b"\xff\xff\xff\xff", [0, 1, 2, 2])
            else:  # twice
                send_fds(s, b"\0\0\0\4", [0, 1, 2, 2])
                send_fds(s, b"info", [0, 1, 2, 2])
        except BrokenPipeError:
            pass
        assert hung_up(s)
        s.close()


def silent(path, n):
    clients = [connect(path) for _ in range(n)]
    print("ready", flush=True)
    hung_up(clients[-1])
    print("gone", flush=True)
    for s in clients:
        hung_up(s)


def trickle(path):
    s = connect(path)
    send_fds(s, b"\0\1\0\0", [0, 1, 2, os.open(".", os.O_PATH)])
    print("ready", flush=True)
    try:
        while True:
            s.send(b"x")
            time.sleep(0.05)
    except (BrokenPipeError, ConnectionResetError):
        pass


print("waiting", flush=True)
while not glob.glob(sys.argv[1]):
    time.sleep(0.002)
socket_path = glob.glob(sys.argv[1])[0]
if sys.argv[2] == "trickle":
    trickle(socket_path)
else:
    {"leak": leak, "silent": silent}[sys.argv[2]](socket_path, int(sys.argv[3]))
