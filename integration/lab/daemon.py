# SPDX-License-Identifier: MIT
"""The daemons under test: vipgossipd, and keepalived beside it with the same verbs."""
import json
import os
import pathlib
import signal
import subprocess

from lab import config, network, paths

STOP_SECONDS = 10


class Daemon:
    """A daemon on one host: started, stopped, killed. Its log is a file."""

    def __init__(self, host, directory):
        self.host = host
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.log = self.directory / "log"
        self.process = None

    def command(self):
        raise NotImplementedError

    def start(self, *extra, env=None):
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.host.ns.command(*self.command(), *extra), stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, start_new_session=True, env=env)
        return self

    def pids(self):
        """The daemon and everything that it started, parents first."""
        if self.process is None or network.gone(self.process.pid):
            return []
        return [self.process.pid, *network.children(self.process.pid)]

    def stop(self):
        """Stops in order; the exit code."""
        self.process.terminate()
        return self.process.wait(STOP_SECONDS)

    def kill(self, number=signal.SIGKILL):
        """The same signal to all of its processes at once."""
        pids = self.pids()
        network.kill(pids, number)
        if number == signal.SIGKILL:
            self.process.wait(STOP_SECONDS)
            network.reap(pids[1:])

    def wait_exit(self, seconds=STOP_SECONDS):
        return self.process.wait(seconds)

    def log_text(self):
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def close(self):
        if self.process is not None:
            self.kill()


class Vipgossip(Daemon):
    """vipgossipd with a file, a key and a control socket of its own."""

    def __init__(self, host, directory):
        super().__init__(host, directory)
        self.file = self.directory / "vipgossip.conf"
        self.key = self.directory / "cluster.key"
        self.socket = self.directory / "control.sock"
        self.state = self.directory / "state"
        self.programs = paths.BUILD  # where vipgossipd and vipgossip are

    def write_key(self, text):
        self.key.touch(mode=0o600)
        self.key.chmod(0o600)
        self.key.write_text(text)

    def write_config(self, data):
        """The cluster's file; only the paths are this host's own."""
        own = {"key_file": str(self.key), "control_socket": str(self.socket),
               "state_dir": str(self.state)}
        self.file.write_text(config.text(config.merge(data, own)))

    def command(self):
        return [str(self.programs / "vipgossipd"), "-c", str(self.file)]

    def engine_pid(self):
        for pid in self.pids()[1:]:
            if os.readlink(f"/proc/{pid}/exe").endswith("vipgossip-engine"):
                return pid
        return None

    def tool(self, command, *arguments):
        """Runs `vipgossip COMMAND --socket ...`; the finished process."""
        return subprocess.run(
            [self.programs / "vipgossip", command, "--socket", self.socket, *arguments],
            capture_output=True, text=True, timeout=20, check=False)

    def status(self):
        """The JSON of `vipgossip status`, or None while nobody answers."""
        done = self.tool("status", "--json")
        if done.returncode > 2 or not done.stdout.strip():
            return None
        return json.loads(done.stdout)

    def vip(self, name="web"):
        status = self.status()
        if status is None:
            return None
        return next(vip for vip in status["vips"] if vip["name"] == name)

    def sees(self, name):
        """What this node says of another, or None."""
        status = self.status()
        if status is None:
            return None
        return next(node for node in status["nodes"] if node["name"] == name)

    def drops(self):
        """Datagrams dropped so far, by reason."""
        return self.status()["counters"]["drops"]


KEEPALIVED = """global_defs {{
    router_id {name}
    vrrp_version 3
}}
vrrp_instance web {{
    state BACKUP
    interface eth0
    virtual_router_id 51
    priority {priority}
    advert_int {seconds}
    unicast_src_ip {source}
    unicast_peer {{
{peers}
    }}
    virtual_ipaddress {{
{first}
    }}
{more}
}}
"""


class Keepalived(Daemon):
    """Debian's keepalived, VRRPv3 over unicast: the yardstick."""

    def write_config(self, priority, addresses, peers, interval_ms):
        """The first 20 addresses travel in the adverts, the others beside them, as its manual
        demands for large sets."""
        lines = [f"        {address}/32 dev eth0" for address in addresses]
        more = ""
        if len(lines) > 20:
            more = "    virtual_ipaddress_excluded {\n" + "\n".join(lines[20:]) + "\n    }"
        (self.directory / "keepalived.conf").write_text(KEEPALIVED.format(
            name=self.host.name, priority=priority, seconds=interval_ms / 1000,
            source=self.host.v4, peers="\n".join(f"        {peer}" for peer in peers),
            first="\n".join(lines[:20]), more=more))

    def command(self):
        here = self.directory
        return ["keepalived", "--dont-fork", "--log-console", "--vrrp",
                "--use-file", str(here / "keepalived.conf"), "--pid", str(here / "pid"),
                "--vrrp_pid", str(here / "vrrp.pid")]
