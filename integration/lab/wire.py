# SPDX-License-Identifier: MIT
"""Datagrams as an attacker has them: captured on the bridge, changed, sent again."""
import random
import socket
import struct
import time

PORT = 7112
ETH_P_ALL = 0x0003  # a bridge takes what a tap for IP alone would see
ETHERNET_BYTES = 14
UDP_BYTES = 8
IPPROTO_UDP = 17
IPPROTO_VRRP = 112


def payload(frame):
    """(source, target, payload) of a gossip datagram over IPv4, or None."""
    packet = frame[ETHERNET_BYTES:]
    if len(packet) < 28 or packet[9] != IPPROTO_UDP:
        return None
    header_bytes = (packet[0] & 0x0F) * 4
    udp = packet[header_bytes:]
    if struct.unpack("!H", udp[2:4])[0] != PORT:
        return None
    length = struct.unpack("!H", udp[4:6])[0]
    return (socket.inet_ntoa(packet[12:16]), socket.inet_ntoa(packet[16:20]),
            udp[UDP_BYTES:length])


def open_tap(net, host):
    """A socket that sees every frame through this host's port of the bridge."""
    with net.switch.inside():
        tap = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    tap.bind((host, ETH_P_ALL))
    tap.settimeout(1)
    return tap


def wait_beat(net, host, seconds=2):
    """Until a heartbeat (ours, or a VRRP advert) leaves this host."""
    source = socket.inet_aton(net.hosts[host].v4)
    deadline = time.monotonic() + seconds
    with open_tap(net, host) as tap:
        while time.monotonic() < deadline:
            packet = tap.recv(2048)[ETHERNET_BYTES:]
            is_vrrp = len(packet) > 20 and packet[9] == IPPROTO_VRRP
            is_ours = len(packet) > 28 and packet[9] == IPPROTO_UDP \
                and struct.unpack("!H", packet[22:24])[0] == PORT
            if packet[12:16] == source and (is_vrrp or is_ours):
                return
    raise TimeoutError(f"no heartbeat from {host}")


def capture(net, host, count, seconds=10):
    """The next `count` gossip datagrams through this host's port of the bridge."""
    found = []
    deadline = time.monotonic() + seconds
    with open_tap(net, host) as tap:
        while len(found) < count and time.monotonic() < deadline:
            try:
                one = payload(tap.recv(2048))
            except TimeoutError:
                continue
            if one is not None:
                found.append(one)
    return found


def send(host, target, datagrams):
    """Sends each from that host to the gossip port of `target`."""
    with host.ns.inside():
        out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with out:
        for number, datagram in enumerate(datagrams):
            out.sendto(datagram, (target, PORT))
            if number % 50 == 49:
                time.sleep(0.005)  # the receiver's buffer is not what is tested


def noise(count, seed=7112):
    """Random bytes of every length that a datagram may have, and of some that it may not."""
    generator = random.Random(seed)
    return [generator.randbytes(generator.choice((0, 1, 7, 31, 64, 200, 600, 1400, 1401, 4000)))
            for _ in range(count)]


def mutants(datagram, seed=7112):
    """The datagram cut short at every length, longer by a byte, and with single bits turned."""
    generator = random.Random(seed)
    yield from (datagram[:length] for length in range(len(datagram)))
    yield datagram + b"\0"
    for _ in range(200):
        changed = bytearray(datagram)
        changed[generator.randrange(len(changed))] ^= 1 << generator.randrange(8)
        yield bytes(changed)
