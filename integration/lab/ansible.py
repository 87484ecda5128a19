# SPDX-License-Identifier: MIT
"""A fleet of hosts with a systemd and an sshd each, and a controller with a real ansible that
reaches them over the network of the laboratory."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import time

from lab import client, config, network, paths, systemd, watch

PLAYBOOKS = paths.ROOT / "scripts" / "ansible"
VIP = "10.77.0.100"
PLAY_SECONDS = 1200
TOOLS = ("ansible-playbook", "ssh", "ssh-keygen", "sshd")
RECAP = re.compile(r"^(\S+) +: ok=(\d+) +changed=(\d+) +unreachable=(\d+) +failed=(\d+)", re.M)


def missing():
    """Why it cannot be had here, or None."""
    for program in TOOLS:
        if shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin") is None:
            return f"{program} is not installed"
    return systemd.missing()


class Host(systemd.Machine):
    """Boots to sshd. Nothing of vipgossip is there."""

    def __init__(self, host, public_key):
        self.public_key = public_key
        super().__init__(host, "ssh.service")

    def fill(self):
        system = self.root / "etc" / "systemd" / "system"
        for wants in system.glob("*.wants"):
            shutil.rmtree(wants)
        (system / "vg.target").write_text(systemd.TARGET.format("ssh.service"))
        (self.root / "etc" / "fstab").write_text("")
        ssh = self.root / "root" / ".ssh"
        ssh.mkdir(mode=0o700, exist_ok=True)
        (ssh / "authorized_keys").write_text(self.public_key)
        subprocess.run(["ssh-keygen", "-A", "-f", self.root], check=True, capture_output=True,
                       timeout=30)

    def is_started(self):
        return self.run("is-active", "ssh").strip() == "active"

    def path(self, name):
        """A file of the host as it is now, /run included."""
        return pathlib.Path(f"/proc/{self.init}/root/{name}")

    def tool(self, *arguments):
        return self.call("vipgossip", *arguments)

    def status(self):
        done = self.tool("status", "--json")
        return json.loads(done.stdout) if done.returncode < 3 else None


class Result:
    """What a playbook did."""

    def __init__(self, done):
        self.code = done.returncode
        self.text = done.stdout
        self.hosts = {name: {"changed": int(changed), "failed": int(failed) + int(gone)}
                      for name, _, changed, gone, failed in RECAP.findall(done.stdout)}

    def changed(self):
        return {name: host["changed"] for name, host in self.hosts.items() if host["changed"]}


class Fleet:
    """Hosts n1..nN, booted; the first `members` of them are in the inventory."""

    def __init__(self, hosts, members):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="vg-ctl-"))
        self.closers = [lambda: shutil.rmtree(self.directory, ignore_errors=True)]
        try:
            self.net = network.Network(hosts)
            self.closers.append(self.net.close)
            self.watch = watch.Watch(self.net)
            self.closers.append(self.watch.close)
            self.closers.append(client.Services(self.net).close)
            netns_key = self.directory / "id"
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", netns_key],
                           check=True, timeout=30)
            public = netns_key.with_suffix(".pub").read_text()
            self.hosts = {}
            for number in range(1, hosts + 1):
                host = Host(self.net.hosts[f"n{number}"], public)
                self.closers.append(host.close)
                self.hosts[f"n{number}"] = host
                host.boot()
            self.inventory = self.first_inventory(members)
        except BaseException:
            self.close()
            raise

    def close(self):
        """Takes everything away, whatever happened; the last thing made goes first."""
        while self.closers:
            try:
                self.closers.pop()()
            except Exception as error:  # the rest has to go all the same
                print(f"fleet: closing: {error}")

    def first_inventory(self, members):
        return {"vipgossip": {
            "hosts": {f"n{number}": self.host_vars(number) for number in range(1, members + 1)},
            "vars": {
                "ansible_user": "root",
                "ansible_ssh_private_key_file": str(self.directory / "id"),
                "ansible_python_interpreter": "/usr/bin/python3",
                "vipgossip_cluster": "lab",
                "vipgossip_vips": [{"name": "web", "address": VIP}],
                "vipgossip_wait": 30,
            }}}

    def host_vars(self, number):
        name = f"n{number}"
        return {"ansible_host": self.net.hosts[name].v4, "vipgossip_priority": 210 - 10 * number}

    def vary(self, hosts=None, **group):
        """The inventory with these variables; `hosts` adds or changes hosts."""
        return config.merge(self.inventory, {"vipgossip": {"vars": group, "hosts": hosts or {}}})

    def play(self, name, *arguments, inventory=None):
        """Runs a playbook of the tree from the controller, which is the host of the client."""
        (self.directory / "hosts.yml").write_text(json.dumps(inventory or self.inventory))
        done = subprocess.run(
            self.net.hosts[network.CLIENT].ns.command(
                "ansible-playbook", "-i", str(self.directory / "hosts.yml"), *arguments,
                str(PLAYBOOKS / f"{name}.yml")),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            timeout=PLAY_SECONDS, check=False, cwd=self.directory,
            env={**os.environ, "HOME": str(self.directory), "LC_ALL": "C.UTF-8",
                 "ANSIBLE_NOCOLOR": "1", "ANSIBLE_HOST_KEY_CHECKING": "False",
                 "ANSIBLE_PIPELINING": "True", "ANSIBLE_FORKS": "8"})
        return Result(done)

    def client(self):
        one = client.Client(self.net, VIP, seconds=1200)
        self.closers.append(one.close)
        return one

    def members(self):
        return list(self.inventory["vipgossip"]["hosts"])

    def preferred(self):
        hosts = self.inventory["vipgossip"]["hosts"]
        return max(hosts, key=lambda name: hosts[name]["vipgossip_priority"])

    def settle(self, nodes=None, seconds=30):
        """Until the preferred host has the VIP, and all nodes say that all is well."""
        holder = self.preferred()
        deadline = time.monotonic() + seconds
        while True:
            verdicts = {name: self.hosts[name].tool("status") for name in nodes or self.members()}
            if self.holders() == {holder} and not any(v.returncode for v in verdicts.values()):
                return
            if time.monotonic() > deadline:
                raise AssertionError("\n".join(v.stdout for v in verdicts.values()))
            self.watch.wait(0.2)

    def key(self):
        """The cluster key on the controller."""
        return (self.directory / "vipgossip-lab.key").read_text()

    def files(self):
        """What is configured on each node of the inventory."""
        return {(name, file): self.hosts[name].path(f"etc/vipgossip/{file}").read_text()
                for name in self.members() for file in ("vipgossip.conf", "cluster.key")}

    def pids(self):
        return {name: self.hosts[name].show("MainPID") for name in self.members()}

    def holders(self):
        return self.watch.holders(VIP)

    def turns(self):
        """Who had the VIP, in their order; who lost it and took it again counts once."""
        taken = [event.host for event in self.watch.of(VIP) if event.added]
        return [host for host, former in zip(taken, [None, *taken]) if host != former]
