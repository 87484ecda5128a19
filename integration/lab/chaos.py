# SPDX-License-Identifier: MIT
"""Faults of every kind, one after the other, on a cluster of real daemons.

A node that is `spared` is never killed, frozen for long or stopped: what its processes need may
not grow in all the time.
"""
import contextlib
import os
import signal
import time

from lab import network

EXTRA = {"address": ["10.77.0.103"], "interface": "eth0"}
FREEZE_SECONDS = (0.05, 3.0)
FREEZE_SPARED_SECONDS = (0.05, 0.8)
EXIT_SECONDS = 30


class Chaos:
    """Breaks and repairs; tells the weather before it breaks and after it repaired."""

    def __init__(self, cluster, weather, generator, spared):
        self.cluster = cluster
        self.weather = weather
        self.random = generator
        self.spared = spared
        self.counts = {}
        self.story = []
        self.breaches = []
        self.frozen = {}       # node to the pids that were stopped
        self.hurt = set()      # nodes whose daemon may end of itself
        self.drained = set()
        self.downed = set()
        self.orphans = []
        self.kinds = {"kill engine": self.kill_engine, "kill keeper": self.kill_keeper,
                      "kill both": self.kill_both, "kill checker": self.kill_checker,
                      "freeze engine": self.freeze_engine, "freeze keeper": self.freeze_keeper,
                      "freeze both": self.freeze_both, "stop": self.stop, "start": self.start_one,
                      "cut": self.cut, "one-way cut": self.one_way_cut, "isolate": self.isolate,
                      "interface down": self.interface_down, "loss": self.loss,
                      "heal": self.heal_network, "drain": self.drain, "reload": self.reload,
                      "hang-up": self.hang_up}

    # One fault.

    def fault(self):
        kind = self.random.choice(sorted(self.kinds))
        what = self.kinds[kind]()
        if what is not None:
            self.counts[kind] = self.counts.get(kind, 0) + 1
            self.tell(f"{kind} {what}")

    def tell(self, what):
        self.story.append(f"{time.monotonic_ns() / 1e6:.1f} ms {what}")

    def pick(self, spared=False):
        """A node that runs unharmed, or None."""
        names = [name for name in self.up() if spared or name != self.spared]
        return self.random.choice(names) if names else None

    def up(self):
        return [name for name, node in self.cluster.nodes.items()
                if name not in self.frozen and name not in self.weather.dead
                and node.process.poll() is None]

    def doomed(self, kind, name, dead):
        """This is about to be done to that node; its daemon may end of itself from now on."""
        self.hurt.add(name)
        self.weather.deed(kind, name)
        (self.weather.dead if dead else self.weather.silent).add(name)
        self.weather.note()

    # Processes.

    def of_program(self, name, wanted):
        return [pid for pid in self.cluster[name].pids() if program(pid) == wanted]

    def engine(self, name):
        return self.of_program(name, "vipgossip-engine")

    def kill_engine(self):
        name = self.pick()
        if name is not None:
            pids = self.engine(name)
            self.doomed("kill engine", name, dead=True)
            network.kill(pids)
        return name

    def kill_keeper(self):
        name = self.pick()
        if name is not None:
            node = self.cluster[name]
            pids = node.pids()
            self.doomed("kill keeper", name, dead=False)
            network.kill(pids[:1])
            node.process.wait()
            self.orphans += pids[1:]
        return name

    def kill_both(self):
        name = self.pick()
        if name is not None:
            self.doomed("kill both", name, dead=True)
            self.cluster[name].kill()
        return name

    def kill_checker(self):
        name = self.pick(spared=True)
        if name is not None:
            network.kill(self.of_program(name, "vipgossip-checker"))
        return name

    def freeze(self, kind, pids_of):
        name = self.pick(spared=kind == "freeze engine")
        if name is None:
            return None
        span = FREEZE_SPARED_SECONDS if name == self.spared else FREEZE_SECONDS
        seconds = self.random.uniform(*span)
        pids = pids_of(name)
        self.doomed(kind, name, dead=kind != "freeze keeper")
        self.frozen[name] = (pids, time.monotonic() + seconds)
        network.kill(pids, signal.SIGSTOP)
        return f"{name} for {seconds:.2f} s"

    def freeze_engine(self):
        return self.freeze("freeze engine", self.engine)

    def freeze_keeper(self):
        return self.freeze("freeze keeper", lambda name: [self.cluster[name].process.pid])

    def freeze_both(self):
        return self.freeze("freeze both", lambda name: self.cluster[name].pids())

    def wake(self, name):
        pids, _ = self.frozen.pop(name)
        network.kill(pids, signal.SIGCONT)
        self.weather.dead.discard(name)
        self.weather.note()
        self.tell(f"wake {name}")

    def wake_due(self):
        for name in [name for name, (_, due) in self.frozen.items() if time.monotonic() >= due]:
            self.wake(name)

    def stop(self):
        name = self.pick()
        if name is not None:
            self.weather.dead.add(name)
            self.weather.note()
            self.end_in_order(name)
        return name

    def end_in_order(self, name):
        node = self.cluster[name]
        node.process.terminate()
        code = node.process.wait(EXIT_SECONDS)
        if code != 0 and name not in self.hurt:
            self.breaches.append(f"{name}: exit code {code} after an ordered stop")

    def start_one(self):
        names = [name for name, node in self.cluster.nodes.items()
                 if node.process.poll() is not None]
        return self.start(self.random.choice(names)) if names else None

    def start(self, name):
        """As systemd would: nothing of it is cleaned up first. An engine that its keeper left
        behind may still be there."""
        code = self.cluster[name].process.poll()
        if name not in self.hurt and name not in self.weather.dead:
            self.breaches.append(f"{name}: ended with {code}, and nothing had been done to it")
        self.hurt.discard(name)
        self.cluster[name].start()
        self.weather.dead.discard(name)
        self.weather.silent.add(name)
        self.weather.note()
        return name

    def restart_ended(self):
        for name, node in self.cluster.nodes.items():
            if node.process.poll() is not None:
                self.tell(f"restart {self.start(name)}")

    # The network.

    def pair(self):
        return self.random.sample(sorted(self.cluster.nodes), 2)

    def cut(self):
        a, b = self.pair()
        self.weather.cuts |= {(a, b), (b, a)}
        self.weather.note()
        self.cluster.net.cut(a, b)
        return f"{a} {b}"

    def one_way_cut(self):
        a, b = self.pair()
        self.weather.cuts.add((a, b))
        self.weather.note()
        self.cluster.net.cut(a, b, both=False)
        return f"{a} -> {b}"

    def part(self):
        name, _ = self.pair()
        self.weather.apart.add(name)
        self.weather.note()
        return name

    def isolate(self):
        name = self.part()
        self.cluster.net.isolate(name)
        return name

    def interface_down(self):
        name = self.part()
        self.downed.add(name)
        self.cluster.net.link(name, False)
        return name

    def loss(self):
        percent = self.random.choice([10, 20, 40])
        self.weather.loss = max(self.weather.loss, percent)
        self.weather.note()
        self.cluster.net.loss(percent)
        return f"{percent} %"

    def heal_network(self):
        for name in self.downed:
            self.cluster.net.link(name, True)
        self.cluster.net.heal()
        for name in self.downed:
            self.wait_link(name)
        self.downed.clear()
        self.weather.apart.clear()
        self.weather.cuts.clear()
        self.weather.loss = 0
        self.weather.note()
        return ""

    def wait_link(self, name):
        """A port that comes up passes nothing at first, and ARP asks once per second."""
        host = self.cluster.net.hosts[name]
        for other in self.cluster.nodes:
            host.ns.run("ping", "-q", "-c", "1", "-i", "0.2", "-w", "5",
                        self.cluster.net.hosts[other].v4)

    # The operator.

    def drain(self):
        name = self.pick(spared=True)
        if name is not None and self.ask(name, "drain"):
            self.drained.add(name)
        return name

    def reload(self):
        """Another priority, or one VIP more or less, on every node that listens."""
        config = self.cluster.config
        if self.random.random() < 0.5:
            config["node"][self.random.choice(["n1", "n2"])]["priority"] = \
                self.random.choice([120, 150, 200])
        elif config["vip"].pop("extra", None) is None:
            config["vip"]["extra"] = EXTRA
        else:
            self.weather.deed("unconfigure", "extra")
        for node in self.cluster.nodes.values():
            node.write_config(config)
        for name in self.up():
            self.ask(name, "reload")
        return " ".join(sorted(config["vip"]))

    def hang_up(self):
        name = self.pick(spared=True)
        if name is not None:
            network.kill([self.cluster[name].process.pid], signal.SIGHUP)
        return name

    def ask(self, name, command):
        """Runs the tool; a refusal counts where nothing was done to the node."""
        done = self.cluster[name].tool(command)
        if done.returncode != 0 and name not in self.hurt | self.weather.silent:
            self.breaches.append(f"{name}: {command}: exit {done.returncode}: "
                                 f"{done.stderr.strip()}")
        return done.returncode == 0

    # Repair.

    def repair(self):
        """Everything that is needed for all to be well again, but time."""
        for name in list(self.frozen):
            self.wake(name)
        self.heal_network()
        self.restart_ended()
        self.tell("repaired")

    def mend(self):
        """While waiting: what systemd and a person would do."""
        self.restart_ended()
        for name in sorted(self.drained):
            if self.cluster[name].tool("undrain").returncode == 0:
                self.drained.discard(name)
        for name in self.up():
            if self.differs(name):
                self.cluster[name].tool("reload")

    def differs(self, name):
        status = self.cluster[name].status()
        return status is not None and any(node["config"] == "differs" for node in status["nodes"])

    def calm(self):
        """All is well: what was done to the nodes counts no more."""
        for pid in list(self.orphans):
            with contextlib.suppress(ChildProcessError):
                if os.waitpid(pid, os.WNOHANG)[0] == 0:
                    continue
            self.orphans.remove(pid)
        self.hurt.clear()
        self.weather.silent.clear()
        self.weather.note()
        self.story.clear()


def program(pid):
    with contextlib.suppress(OSError):
        return os.path.basename(os.readlink(f"/proc/{pid}/exe"))
    return None
