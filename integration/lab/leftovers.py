# SPDX-License-Identifier: MIT
"""What a daemon could leave on its host: processes, addresses, routes, sockets, files."""
import collections
import json
import os
import time

TABLES = ("udp", "udp6", "raw", "raw6", "packet", "netlink", "unix")
# What is meant to stay: the log is the laboratory's own, an order to drain outlives a restart, and
# so does what a voter promised.
KEPT = ("log", "state/drained", "control.sock.voted")


def sockets(host):
    """One line each, without what counts and without what numbers change."""
    for table in TABLES:
        for line in host.ns.run("cat", f"/proc/net/{table}").splitlines()[1:]:
            fields = line.split()
            if table == "netlink":
                if fields[2] != "0":  # those of the kernel itself
                    yield f"netlink socket, protocol {fields[1]}"
            elif table == "unix":
                yield f"unix socket {fields[7] if len(fields) > 7 else ''}"
            elif fields:
                yield f"{table} socket {fields[1]}"


def addresses(host):
    for link in json.loads(host.ns.run("ip", "-j", "addr")):
        for address in link.get("addr_info", []):
            yield f"address {address['local']}/{address['prefixlen']} on {link['ifname']}"


def files(directory):
    for at, _, names in os.walk(directory):
        for name in names:
            path = os.path.relpath(os.path.join(at, name), directory)
            if path not in KEPT:
                yield f"file {path}"


def of(node):
    """How many of each there are."""
    host = node.host
    return collections.Counter([*(f"process {pid}" for pid in host.pids()), *addresses(host),
                                *sockets(host), *files(node.directory),
                                *host.ns.run("ip", "route", "show", "table", "all").splitlines()])


def wait_none(node, before, seconds=5):
    """Until there is nothing that was not there `before`; what still is after that time."""
    deadline = time.monotonic() + seconds
    while True:
        found = of(node) - before
        if not found or time.monotonic() > deadline:
            return dict(found)
        time.sleep(0.02)
