#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""An engine that somebody has taken over: it has what the keeper gave it, and does one deed.

Stands in the place of vipgossip-engine (test_compromised_engine.py). The deed stands
in a file beside it."""
import os
import random
import signal
import socket
import struct
import sys
import time

KEEPER_FD = 3
ADD, REMOVE, DEADLINE, ANNOUNCE, PROBE, VERIFY, STOPPED, WILL = range(1, 9)
FOREVER = 2 ** 63


class Keeper:
    def __init__(self):
        self.socket = socket.socket(fileno=KEEPER_FD)
        self.keys = self.socket.recv(4096)

    def send(self, kind, vip=0, deadline_ns=0, sequence=0, **fields):
        self.socket.send(struct.pack(
            "=HHHHi6s2sIQQ", kind, vip, fields.get("address", 0), fields.get("reason", 0),
            fields.get("error", 0), fields.get("mac", bytes(6)), bytes(2), fields.get("vips", 0),
            deadline_ns, sequence))

    def add(self):
        self.send(ADD, deadline_ns=FOREVER, sequence=1)


def hold_for_ever(keeper):
    """All that it has the right to ask for, for ever."""
    keeper.add()
    keeper.send(DEADLINE, deadline_ns=FOREVER)
    time.sleep(600)


def name_another_vip(keeper):
    keeper.add()
    keeper.send(ADD, vip=1, deadline_ns=FOREVER, sequence=2)
    time.sleep(600)


def say_nonsense(keeper):
    keeper.add()
    time.sleep(1)
    keeper.socket.send(random.Random(7112).randbytes(40))
    time.sleep(600)


def say_too_much(keeper):
    keeper.add()
    time.sleep(1)
    keeper.socket.send(bytes(5000))
    time.sleep(600)


def will_to_nobody(keeper):
    """A last will for a node that is not configured."""
    keeper.socket.send(struct.pack("=HHH250s", WILL, 60, 4, b"evil"))
    time.sleep(600)


def flood(keeper):
    """Valid messages as fast as they go, answers unread."""
    keeper.add()
    while True:
        keeper.send(ANNOUNCE)
        keeper.send(PROBE)
        for address in (0, 1, 65535):  # of which the VIP has one
            keeper.send(VERIFY, address=address)
        keeper.send(DEADLINE, deadline_ns=FOREVER)


def die_of_a_forbidden_call(_keeper):
    """As the kernel ends the real one."""
    os.kill(os.getpid(), signal.SIGSYS)


def say_that_it_stops(keeper):
    """Nobody asked it to, and it holds the address."""
    keeper.add()
    time.sleep(1)
    keeper.send(STOPPED)
    os._exit(3)


def gain(_keeper):
    """Every way to more rights that needs no file; what worked is in the exit code."""
    attempts = (
        lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0),
        lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP),
        lambda: os.setgroups([0]),
        lambda: os.chroot("/"),
        lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1)),
        lambda: open(f"/proc/{os.getppid()}/mem", "rb"),
        lambda: os.open("/dev/mem", os.O_RDONLY),
    )
    for number, attempt in enumerate(attempts, 1):
        try:
            attempt()
        except OSError:
            continue
        os._exit(100 + number)
    os._exit(42)


if __name__ == "__main__":
    with open(sys.argv[0] + ".deed", encoding="ascii") as file:
        deed = file.read()
    globals()[deed](Keeper())
