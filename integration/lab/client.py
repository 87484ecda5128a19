# SPDX-License-Identifier: MIT
"""A client that asks an address once per millisecond, and the services that answer it."""
import contextlib
import json
import signal
import subprocess

from lab import network, paths

PORT = 9000
NS_PER_MS = 1e6


class Services:
    """An echo service on every node, bound to all addresses as a routing mesh would be."""

    def __init__(self, net):
        self.processes = []
        for name, host in net.hosts.items():
            if name == network.CLIENT:
                continue
            process = subprocess.Popen(
                host.ns.command(paths.tool("vg-echo"), str(PORT), name), text=True,
                stdout=subprocess.PIPE, start_new_session=True)
            self.processes.append(process)
        for process in self.processes:
            if process.stdout.readline() != "ready\n":
                raise RuntimeError("vg-echo does not start")

    def close(self):
        for process in self.processes:
            process.kill()
            process.wait(5)
            process.stdout.close()


class Client:
    """Runs vg-ping from the client's host until stop(), which returns what it saw."""

    def __init__(self, net, address, seconds=600):
        host = net.hosts[network.CLIENT]
        self.process = subprocess.Popen(
            host.ns.command(paths.tool("vg-ping"), address, str(PORT), str(seconds)), text=True,
            stdout=subprocess.PIPE, start_new_session=True)

    def stop(self):
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGTERM)
        text, _ = self.process.communicate(timeout=30)
        return Report(json.loads(text))

    def close(self):
        self.process.kill()
        self.process.wait(5)


class Report:
    """What vg-ping printed, with the questions that tests ask it."""

    def __init__(self, data):
        self.data = data
        self.lost = data["lost"]
        self.sent = data["sent"]
        self.outage_ms = data["outage_ms_max"]
        self.stalls = data["stalls"]
        self.stall_ms_max = data["stall_ms_max"]

    def outages(self, since_ns=0, until_ns=None):
        return [outage for outage in self.data["outages"]
                if outage["end_ns"] > since_ns
                and (until_ns is None or outage["start_ns"] < until_ns)]

    def outage_ms_in(self, since_ns=0, until_ns=None):
        """The longest outage that touches the time given."""
        return max(((o["end_ns"] - o["start_ns"]) / NS_PER_MS
                    for o in self.outages(since_ns, until_ns)), default=0.0)

    def lost_in(self, since_ns=0, until_ns=None):
        return sum(outage["lost"] for outage in self.outages(since_ns, until_ns))

    def served_after_ms(self, since_ns):
        """From that moment to the end of the last outage that had begun before or soon after."""
        return max(((o["end_ns"] - since_ns) / NS_PER_MS for o in self.outages(since_ns)),
                   default=0.0)

    def answered_by(self):
        """Names of those who answered, in the order in which they took over."""
        return [name for _, name in self.data["answers"]]
